//! Evaluates conditions on encoded items, in place.
//!
//! Nothing is decoded but the numbers that are compared, and nothing is allocated.

use crate::{Comparison, Condition, Operand, Path, Step};
use shale_item::{AttributeValue, ItemView, Number, ValueView};
use std::cmp::Ordering;

#[cfg(test)]
mod tests;

impl Condition {
    /// Whether the item satisfies the condition. An absent item is [`ItemView::EMPTY`].
    pub fn evaluate(&self, item: ItemView<'_>) -> bool {
        match self {
            Condition::Constant(value) => *value,
            Condition::Compare(left, comparison, right) => {
                compare(resolve(left, item), *comparison, resolve(right, item))
            }
            Condition::Between(operand, low, high) => {
                let operand = resolve(operand, item);
                compare(operand, Comparison::Ge, resolve(low, item))
                    && compare(operand, Comparison::Le, resolve(high, item))
            }
            Condition::In(operand, candidates) => {
                let operand = resolve(operand, item);
                candidates
                    .iter()
                    .any(|c| compare(operand, Comparison::Eq, resolve(c, item)))
            }
            Condition::AttributeExists(path) => lookup(item, path).is_some(),
            Condition::AttributeNotExists(path) => lookup(item, path).is_none(),
            Condition::AttributeType(path, expected) => {
                lookup(item, path).is_some_and(|value| value.attribute_type() == *expected)
            }
            Condition::BeginsWith(operand, prefix) => {
                match (resolve(operand, item), resolve(prefix, item)) {
                    (Some(operand), Some(prefix)) => begins_with(operand, prefix),
                    _ => false,
                }
            }
            Condition::Contains(operand, part) => {
                match (resolve(operand, item), resolve(part, item)) {
                    (Some(operand), Some(part)) => contains(operand, part),
                    _ => false,
                }
            }
            Condition::And(conditions) => conditions.iter().all(|c| c.evaluate(item)),
            Condition::Or(conditions) => conditions.iter().any(|c| c.evaluate(item)),
            Condition::Not(condition) => !condition.evaluate(item),
        }
    }
}

/// An operand's value: of the item, or a constant. Scalar constants are views too.
#[derive(Clone, Copy)]
enum Resolved<'a> {
    View(ValueView<'a>),
    /// A map, list or set.
    Constant(&'a AttributeValue),
}

/// The value at a path.
pub(crate) fn lookup<'a>(item: ItemView<'a>, path: &Path) -> Option<ValueView<'a>> {
    path.steps
        .iter()
        .try_fold(item.get(&path.root)?, |value, step| match (value, step) {
            (ValueView::M(map), Step::Field(name)) => map.get(name),
            (ValueView::L(list), Step::Index(index)) => list.get(*index),
            _ => None,
        })
}

fn resolve<'a>(operand: &'a Operand, item: ItemView<'a>) -> Option<Resolved<'a>> {
    match operand {
        Operand::Path(path) => lookup(item, path).map(Resolved::View),
        Operand::Value(value) => Some(constant(value)),
        Operand::Size(inner) => {
            let size = size(resolve(inner, item)?)?;
            Some(Resolved::View(ValueView::N(Number::from(size as u64))))
        }
    }
}

fn constant(value: &AttributeValue) -> Resolved<'_> {
    Resolved::View(match value {
        AttributeValue::S(text) => ValueView::S(text),
        AttributeValue::N(number) => ValueView::N(*number),
        AttributeValue::B(bytes) => ValueView::B(bytes),
        AttributeValue::Bool(value) => ValueView::Bool(*value),
        AttributeValue::Null => ValueView::Null,
        document => return Resolved::Constant(document),
    })
}

fn compare(
    left: Option<Resolved<'_>>,
    comparison: Comparison,
    right: Option<Resolved<'_>>,
) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return comparison == Comparison::Ne;
    };
    match comparison {
        Comparison::Eq => equal(left, right),
        Comparison::Ne => !equal(left, right),
        Comparison::Lt => order(left, right) == Some(Ordering::Less),
        Comparison::Le => order(left, right).is_some_and(Ordering::is_le),
        Comparison::Gt => order(left, right) == Some(Ordering::Greater),
        Comparison::Ge => order(left, right).is_some_and(Ordering::is_ge),
    }
}

/// Types differ: not equal. Sets and maps have no order, lists have.
fn equal(left: Resolved<'_>, right: Resolved<'_>) -> bool {
    match (left, right) {
        (Resolved::View(left), Resolved::View(right)) => left == right,
        (Resolved::View(view), Resolved::Constant(value))
        | (Resolved::Constant(value), Resolved::View(view)) => view.equals(value),
        (Resolved::Constant(left), Resolved::Constant(right)) => left == right,
    }
}

fn order(left: Resolved<'_>, right: Resolved<'_>) -> Option<Ordering> {
    match (left, right) {
        (Resolved::View(left), Resolved::View(right)) => left.compare(&right),
        _ => None,
    }
}

/// A string's length in UTF-16 code units (what DynamoDB has been seen to count), a binary's bytes, the elements of a set, list or map;
/// other types have no size.
fn size(value: Resolved<'_>) -> Option<usize> {
    match value {
        Resolved::View(view) => match view {
            ValueView::S(text) => Some(utf16_length(text)),
            ValueView::B(bytes) => Some(bytes.len()),
            ValueView::M(map) => Some(map.len()),
            ValueView::L(list) => Some(list.len()),
            ValueView::Ss(set) | ValueView::Ns(set) | ValueView::Bs(set) => Some(set.len()),
            ValueView::N(_) | ValueView::Bool(_) | ValueView::Null => None,
        },
        Resolved::Constant(value) => match value {
            AttributeValue::M(members) => Some(members.len()),
            AttributeValue::L(elements) => Some(elements.len()),
            AttributeValue::Ss(elements) => Some(elements.len()),
            AttributeValue::Ns(elements) => Some(elements.len()),
            AttributeValue::Bs(elements) => Some(elements.len()),
            _ => None,
        },
    }
}

/// Characters, those beyond the basic plane twice. Counting bytes by their class needs no decoding.
fn utf16_length(text: &str) -> usize {
    let units = |byte: u8| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0);
    text.bytes().map(units).sum()
}

fn begins_with(operand: Resolved<'_>, prefix: Resolved<'_>) -> bool {
    match (operand, prefix) {
        (Resolved::View(ValueView::S(text)), Resolved::View(ValueView::S(prefix))) => {
            text.starts_with(prefix)
        }
        (Resolved::View(ValueView::B(bytes)), Resolved::View(ValueView::B(prefix))) => {
            bytes.starts_with(prefix)
        }
        _ => false,
    }
}

fn contains(operand: Resolved<'_>, part: Resolved<'_>) -> bool {
    match (operand, part) {
        (Resolved::View(ValueView::S(text)), Resolved::View(ValueView::S(part))) => {
            memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()
        }
        (Resolved::View(ValueView::B(bytes)), Resolved::View(ValueView::B(part))) => {
            memchr::memmem::find(bytes, part).is_some()
        }
        (Resolved::View(ValueView::L(list)), part) => list
            .iter()
            .any(|element| equal(Resolved::View(element), part)),
        (
            Resolved::View(ValueView::Ss(set) | ValueView::Ns(set) | ValueView::Bs(set)),
            Resolved::View(part),
        ) => set.contains(&part),
        (Resolved::Constant(AttributeValue::L(elements)), part) => elements
            .iter()
            .any(|element| equal(constant(element), part)),
        (Resolved::Constant(AttributeValue::Ss(set)), Resolved::View(ValueView::S(part))) => {
            set.contains(part)
        }
        (Resolved::Constant(AttributeValue::Ns(set)), Resolved::View(ValueView::N(part))) => {
            set.contains(&part)
        }
        (Resolved::Constant(AttributeValue::Bs(set)), Resolved::View(ValueView::B(part))) => {
            set.contains(part)
        }
        _ => false,
    }
}
