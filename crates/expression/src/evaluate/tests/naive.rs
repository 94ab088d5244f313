//! The same semantics again, on decoded items, written for clearness only: what the evaluator is compared with.

use super::*;

pub(super) fn evaluate(condition: &Condition, item: &Item) -> bool {
    let value = |operand: &Operand| value_of(operand, item);
    match condition {
        Condition::Constant(value) => *value,
        Condition::Compare(left, comparison, right) => {
            compare(&value(left), *comparison, &value(right))
        }
        Condition::Between(operand, low, high) => {
            compare(&value(operand), Comparison::Ge, &value(low))
                && compare(&value(operand), Comparison::Le, &value(high))
        }
        Condition::In(operand, list) => list
            .iter()
            .any(|candidate| compare(&value(operand), Comparison::Eq, &value(candidate))),
        Condition::AttributeExists(path) => at(path, item).is_some(),
        Condition::AttributeNotExists(path) => at(path, item).is_none(),
        Condition::AttributeType(path, expected) => {
            at(path, item).map(|value| value.attribute_type()) == Some(*expected)
        }
        Condition::BeginsWith(operand, prefix) => match (value(operand), value(prefix)) {
            (Some(AttributeValue::S(text)), Some(AttributeValue::S(prefix))) => {
                text.starts_with(&prefix)
            }
            (Some(AttributeValue::B(bytes)), Some(AttributeValue::B(prefix))) => {
                bytes.starts_with(&prefix)
            }
            _ => false,
        },
        Condition::Contains(operand, part) => match (value(operand), value(part)) {
            (Some(operand), Some(part)) => contains(operand, part),
            _ => false,
        },
        Condition::And(conditions) => conditions.iter().all(|c| evaluate(c, item)),
        Condition::Or(conditions) => conditions.iter().any(|c| evaluate(c, item)),
        Condition::Not(condition) => !evaluate(condition, item),
    }
}

fn at(path: &Path, item: &Item) -> Option<AttributeValue> {
    let mut value = item.get(&path.root)?.clone();
    for step in &path.steps {
        value = match (value, step) {
            (AttributeValue::M(members), Step::Field(name)) => members.get(name)?.clone(),
            (AttributeValue::L(elements), Step::Index(index)) => elements.get(*index)?.clone(),
            _ => return None,
        };
    }
    Some(value)
}

fn value_of(operand: &Operand, item: &Item) -> Option<AttributeValue> {
    match operand {
        Operand::Path(path) => at(path, item),
        Operand::Value(value) => Some(AttributeValue::clone(value)),
        Operand::Size(inner) => {
            let size = match value_of(inner, item)? {
                AttributeValue::S(text) => text.encode_utf16().count(),
                AttributeValue::B(bytes) => bytes.len(),
                AttributeValue::M(members) => members.len(),
                AttributeValue::L(elements) => elements.len(),
                AttributeValue::Ss(elements) => elements.len(),
                AttributeValue::Ns(elements) => elements.len(),
                AttributeValue::Bs(elements) => elements.len(),
                AttributeValue::N(_) | AttributeValue::Bool(_) | AttributeValue::Null => {
                    return None;
                }
            };
            Some(AttributeValue::N(Number::from(size as u64)))
        }
    }
}

fn compare(
    left: &Option<AttributeValue>,
    comparison: Comparison,
    right: &Option<AttributeValue>,
) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return comparison == Comparison::Ne;
    };
    let order = match (left, right) {
        (AttributeValue::N(left), AttributeValue::N(right)) => Some(left.cmp(right)),
        (AttributeValue::S(left), AttributeValue::S(right)) => {
            Some(left.as_bytes().cmp(right.as_bytes()))
        }
        (AttributeValue::B(left), AttributeValue::B(right)) => Some(left.cmp(right)),
        _ => None,
    };
    match comparison {
        Comparison::Eq => left == right,
        Comparison::Ne => left != right,
        Comparison::Lt => order == Some(Ordering::Less),
        Comparison::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Gt => order == Some(Ordering::Greater),
        Comparison::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn contains(operand: AttributeValue, part: AttributeValue) -> bool {
    match (operand, part) {
        (AttributeValue::S(text), AttributeValue::S(part)) => text.contains(&part),
        (AttributeValue::B(bytes), AttributeValue::B(part)) => {
            part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
        }
        (AttributeValue::L(elements), part) => elements.contains(&part),
        (AttributeValue::Ss(elements), AttributeValue::S(part)) => elements.contains(&part),
        (AttributeValue::Ns(elements), AttributeValue::N(part)) => elements.contains(&part),
        (AttributeValue::Bs(elements), AttributeValue::B(part)) => elements.contains(&part),
        _ => false,
    }
}
