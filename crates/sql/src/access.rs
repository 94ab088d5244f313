//! Access paths: how the items that a condition may select are found.
//!
//! Used by the fast path, by UPDATE and DELETE, and by the analytic executor's tables. Not here: reading (`run`), predicates (`bind`).
//!
//! Invariant: every item that satisfies the condition is reached by the path, and satisfies the residual; every item that the path reaches
//! and that satisfies the residual satisfies the condition.

use crate::plan::explain::{Details, lines};
use shale_engine::TableDescription;
use shale_expression::{Comparison, Condition, Operand, Path, SortCondition};
use shale_item::{AttributeValue, Item, KeyAttribute, KeySchema, KeyValue};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most keys (or partition keys) that one statement looks up; above it, a scan with a filter is planned.
pub const KEYS_MAX: usize = 10_000;

/// Longest partition key and sort key in bytes; nothing longer is stored.
const PARTITION_KEY_BYTES_MAX: usize = 2_048;
const SORT_KEY_BYTES_MAX: usize = 1_024;

/// How items are found.
#[derive(Clone, Debug, PartialEq)]
pub enum AccessPath {
    /// No item can satisfy the condition.
    Nothing,
    /// The items with these keys (exactly the key attributes, no key twice).
    KeyLookup {
        /// The keys.
        keys: Vec<Item>,
    },
    /// The items of these partition keys, by sort key.
    RangeScan {
        /// Values of HASH, none twice.
        partitions: Vec<AttributeValue>,
        /// Condition on RANGE.
        sort: Option<SortCondition>,
    },
    /// All items.
    Scan,
}

/// A path, and what of the condition is left to check on each item.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The path.
    pub path: AccessPath,
    /// The rest of the condition.
    pub residual: Option<Condition>,
}

/// The lines of EXPLAIN for a table read on a path: the path, then what belongs to it, indented.
pub fn explain(table: &TableDescription, access: &Access) -> Vec<String> {
    let details = Details {
        limit: None,
        order: None,
        writes: false,
    };
    lines(table, access, &details)
}

/// Chooses the cheapest path for a condition.
pub fn choose(schema: &KeySchema, condition: Option<Condition>) -> Access {
    let mut terms = match condition {
        None | Some(Condition::Constant(true)) => {
            return Access {
                path: AccessPath::Scan,
                residual: None,
            };
        }
        Some(Condition::Constant(false)) => return nothing(),
        Some(Condition::And(terms)) => flatten(terms),
        Some(other) => vec![other],
    };
    let Some(partitions) = take_values(&mut terms, &schema.partition, PARTITION_KEY_BYTES_MAX)
    else {
        return Access {
            path: AccessPath::Scan,
            residual: residual(terms),
        };
    };
    if partitions.is_empty() {
        return nothing();
    }
    let Some(sort) = &schema.sort else {
        let keys = partitions.into_iter().map(|value| {
            let mut key = Item::new();
            key.insert(schema.partition.name.clone(), value.into());
            key
        });
        return Access {
            path: AccessPath::KeyLookup {
                keys: keys.collect(),
            },
            residual: residual(terms),
        };
    };
    if let Some(position) = find_values(&terms, sort, SORT_KEY_BYTES_MAX) {
        let values = values_of(&terms[position], sort, SORT_KEY_BYTES_MAX).unwrap_or_default();
        if values.len() * partitions.len() <= KEYS_MAX {
            terms.remove(position);
            return Access {
                path: lookup(schema, sort, &partitions, &values),
                residual: residual(terms),
            };
        }
    }
    let sort = take_sort_condition(&mut terms, sort);
    if let Some(SortCondition::Between(low, high)) = &sort
        && is_above(low, high)
    {
        return nothing();
    }
    Access {
        path: AccessPath::RangeScan {
            partitions: partitions.into_iter().map(AttributeValue::from).collect(),
            sort,
        },
        residual: residual(terms),
    }
}

fn nothing() -> Access {
    Access {
        path: AccessPath::Nothing,
        residual: None,
    }
}

fn flatten(terms: Vec<Condition>) -> Vec<Condition> {
    if !terms.iter().any(|term| matches!(term, Condition::And(_))) {
        return terms;
    }
    let mut flat = Vec::with_capacity(terms.len());
    for term in terms {
        match term {
            Condition::And(inner) => flat.extend(flatten(inner)),
            other => flat.push(other),
        }
    }
    flat
}

fn residual(mut terms: Vec<Condition>) -> Option<Condition> {
    match terms.len() {
        0 => None,
        1 => terms.pop(),
        _ => Some(Condition::And(terms)),
    }
}

fn lookup(
    schema: &KeySchema,
    sort: &KeyAttribute,
    partitions: &[KeyValue],
    values: &[KeyValue],
) -> AccessPath {
    if values.is_empty() {
        return AccessPath::Nothing;
    }
    let mut keys = Vec::with_capacity(partitions.len() * values.len());
    for partition in partitions {
        for value in values {
            let mut key = Item::new();
            key.insert(schema.partition.name.clone(), partition.clone().into());
            key.insert(sort.name.clone(), value.clone().into());
            keys.push(key);
        }
    }
    AccessPath::KeyLookup { keys }
}

fn names(path: &Path, attribute: &KeyAttribute) -> bool {
    path.steps.is_empty() && path.root == attribute.name
}

/// `attribute op value`, whichever side it was written on.
fn comparison<'a>(
    term: &'a Condition,
    attribute: &KeyAttribute,
) -> Option<(Comparison, &'a AttributeValue)> {
    match term {
        Condition::Compare(Operand::Path(path), op, Operand::Value(value))
            if names(path, attribute) =>
        {
            Some((*op, &**value))
        }
        Condition::Compare(Operand::Value(value), op, Operand::Path(path))
            if names(path, attribute) =>
        {
            Some((crate::bind::mirrored(*op), &**value))
        }
        _ => None,
    }
}

/// The values that a term restricts a key attribute to, without those that no stored key has; `None` if the term is no such restriction.
fn values_of(term: &Condition, attribute: &KeyAttribute, limit: usize) -> Option<Vec<KeyValue>> {
    let candidates: Vec<&AttributeValue> = match term {
        Condition::In(Operand::Path(path), list) if names(path, attribute) => list
            .iter()
            .map(|operand| match operand {
                Operand::Value(value) => Some(&**value),
                _ => None,
            })
            .collect::<Option<_>>()?,
        Condition::Or(alternatives) => alternatives
            .iter()
            .map(|alternative| match comparison(alternative, attribute) {
                Some((Comparison::Eq, value)) => Some(value),
                _ => None,
            })
            .collect::<Option<_>>()?,
        other => match comparison(other, attribute) {
            Some((Comparison::Eq, value)) => vec![value],
            _ => return None,
        },
    };
    if candidates.len() > KEYS_MAX {
        return None;
    }
    if let [only] = candidates.as_slice() {
        return Some(attribute.value_of(only, limit).into_iter().collect());
    }
    let mut seen = BTreeSet::new();
    let mut values = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        if let Ok(value) = attribute.value_of(candidate, limit)
            && seen.insert(value.clone())
        {
            values.push(value);
        }
    }
    Some(values)
}

/// The term that restricts the attribute to the fewest values.
fn find_values(terms: &[Condition], attribute: &KeyAttribute, limit: usize) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for (position, term) in terms.iter().enumerate() {
        if let Some(values) = values_of(term, attribute, limit)
            && best.is_none_or(|(count, _)| values.len() < count)
        {
            best = Some((values.len(), position));
        }
    }
    best.map(|(_, position)| position)
}

fn take_values(
    terms: &mut Vec<Condition>,
    attribute: &KeyAttribute,
    limit: usize,
) -> Option<Vec<KeyValue>> {
    let position = find_values(terms, attribute, limit)?;
    let term = terms.remove(position);
    values_of(&term, attribute, limit)
}

fn is_above(low: &AttributeValue, high: &AttributeValue) -> bool {
    match (low, high) {
        (AttributeValue::S(low), AttributeValue::S(high)) => low > high,
        (AttributeValue::N(low), AttributeValue::N(high)) => low > high,
        (AttributeValue::B(low), AttributeValue::B(high)) => low > high,
        _ => true,
    }
}

/// Takes the terms that one sort condition can express: BETWEEN, or two inclusive bounds, or a prefix, or one bound.
fn take_sort_condition(
    terms: &mut Vec<Condition>,
    attribute: &KeyAttribute,
) -> Option<SortCondition> {
    let usable = |value: &AttributeValue| attribute.value_of(value, SORT_KEY_BYTES_MAX).is_ok();
    for position in 0..terms.len() {
        if let Condition::Between(Operand::Path(path), Operand::Value(low), Operand::Value(high)) =
            &terms[position]
            && names(path, attribute)
            && usable(low)
            && usable(high)
        {
            let between =
                SortCondition::Between(AttributeValue::clone(low), AttributeValue::clone(high));
            terms.remove(position);
            return Some(between);
        }
    }
    let bound = |terms: &[Condition], wanted: &[Comparison]| {
        terms.iter().position(|term| {
            comparison(term, attribute)
                .is_some_and(|(op, value)| wanted.contains(&op) && usable(value))
        })
    };
    let value_at = |terms: &[Condition], position: usize| {
        comparison(&terms[position], attribute).map(|(op, value)| (op, value.clone()))
    };
    if let (Some(low), Some(high)) = (
        bound(terms, &[Comparison::Ge]),
        bound(terms, &[Comparison::Le]),
    ) && let (Some((_, low_value)), Some((_, high_value))) =
        (value_at(terms, low), value_at(terms, high))
    {
        terms.remove(low.max(high));
        terms.remove(low.min(high));
        return Some(SortCondition::Between(low_value, high_value));
    }
    let prefix = terms.iter().position(|term| {
        matches!(term, Condition::BeginsWith(Operand::Path(path), Operand::Value(value))
            if names(path, attribute)
                && usable(value)
                && !matches!(**value, AttributeValue::N(_)))
    });
    if let Some(position) = prefix
        && let Condition::BeginsWith(_, Operand::Value(value)) = terms.remove(position)
    {
        return Some(SortCondition::BeginsWith(Arc::unwrap_or_clone(value)));
    }
    // An upper and an exclusive lower bound: the lower one is the sort condition, the other stays as a filter.
    let position = bound(terms, &[Comparison::Gt, Comparison::Ge])
        .or_else(|| bound(terms, &[Comparison::Lt, Comparison::Le]))?;
    let (op, value) = value_at(terms, position)?;
    terms.remove(position);
    Some(match op {
        Comparison::Lt => SortCondition::Lt(value),
        Comparison::Le => SortCondition::Le(value),
        Comparison::Gt => SortCondition::Gt(value),
        _ => SortCondition::Ge(value),
    })
}
