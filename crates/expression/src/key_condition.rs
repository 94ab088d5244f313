//! Key conditions of queries: an equality on the partition key, and at most one term on the sort key, in either order.
//!
//! The text is parsed as a condition, with all of its checks, and then taken apart.

use crate::{
    Comparison, Condition, ExpressionError, KeyCondition, KeyConditionError, Operand, Path,
    Placeholders, SortCondition, parse_condition,
};
use shale_item::{AttributeValue, KeySchema};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Parses a KeyConditionExpression: `pk = :v`, or with AND and one of `sk = :v`, `<`, `<=`, `>`, `>=`, `sk BETWEEN :a AND :b`,
/// `begins_with(sk, :v)`.
///
/// # Errors
/// The [`ExpressionError`] of the text as a condition, or `KeyCondition` with what is not a key condition about it.
pub fn parse_key_condition(
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<KeyCondition, ExpressionError> {
    let mut terms = Vec::new();
    collect_terms(parse_condition(text, placeholders)?, &mut terms)?;
    if terms.len() > 2 {
        return Err(KeyConditionError::TooManyConditions.into());
    }
    let mut terms = terms.into_iter();
    let (first, second) = (terms.next(), terms.next());
    let (first, second) = match (first, second) {
        (Some(first), Some(second)) if first.0 == second.0 => {
            return Err(KeyConditionError::OneConditionPerKey.into());
        }
        (Some(first), Some(second)) if !is_equality(&first) => (second, Some(first)),
        (Some(first), second) => (first, second),
        (None, _) => return Err(KeyConditionError::NoAttribute.into()),
    };
    match first {
        (name, SortCondition::Eq(value)) => Ok(KeyCondition {
            partition: (name, value),
            sort: second,
        }),
        _ => Err(KeyConditionError::NoEquality.into()),
    }
}

type Term = (String, SortCondition);

fn is_equality(term: &Term) -> bool {
    matches!(term.1, SortCondition::Eq(_))
}

impl KeyCondition {
    /// The partition key's value and the sort key's condition under a schema, whichever order the terms were written in.
    ///
    /// # Errors
    /// `MissingKey` if a term is about another attribute, `PartitionNotEqual` if the partition key's term is no equality.
    pub fn for_schema(
        self,
        schema: &KeySchema,
    ) -> Result<(AttributeValue, Option<SortCondition>), KeyConditionError> {
        let missing = |name: &str| KeyConditionError::MissingKey {
            name: name.to_string(),
        };
        let partition = &schema.partition.name;
        let (value, other) = match (self.partition, self.sort) {
            ((name, value), other) if name == *partition => (value, other),
            ((name, value), Some((other, condition))) if other == *partition => match condition {
                SortCondition::Eq(other) => (other, Some((name, SortCondition::Eq(value)))),
                _ => return Err(KeyConditionError::PartitionNotEqual),
            },
            _ => return Err(missing(partition)),
        };
        match (other, &schema.sort) {
            (None, _) => Ok((value, None)),
            (Some((name, condition)), Some(sort)) if name == sort.name => {
                Ok((value, Some(condition)))
            }
            (Some(_), Some(sort)) => Err(missing(&sort.name)),
            (Some((name, _)), None) => Err(missing(&name)),
        }
    }
}

fn collect_terms(condition: Condition, terms: &mut Vec<Term>) -> Result<(), KeyConditionError> {
    let operator = match condition {
        Condition::And(conditions) => {
            return conditions
                .into_iter()
                .try_for_each(|condition| collect_terms(condition, terms));
        }
        Condition::Compare(left, comparison, right) => {
            terms.push(comparison_term(left, comparison, right)?);
            return Ok(());
        }
        Condition::Between(operand, low, high) => {
            let name = attribute(operand)?;
            let bounds = (constant(low)?, constant(high)?);
            terms.push((name, SortCondition::Between(bounds.0, bounds.1)));
            return Ok(());
        }
        Condition::BeginsWith(operand, prefix) => {
            let name = attribute(operand)?;
            terms.push((name, SortCondition::BeginsWith(constant(prefix)?)));
            return Ok(());
        }
        Condition::In(..) => "IN",
        Condition::AttributeExists(_) => "attribute_exists",
        Condition::AttributeNotExists(_) => "attribute_not_exists",
        Condition::AttributeType(..) => "attribute_type",
        Condition::Contains(..) => "contains",
        Condition::Or(_) => "OR",
        Condition::Not(_) => "NOT",
        // The parser makes none.
        Condition::Constant(_) => return Err(KeyConditionError::NoAttribute),
    };
    Err(KeyConditionError::Operator { operator })
}

fn comparison_term(
    left: Operand,
    comparison: Comparison,
    right: Operand,
) -> Result<Term, KeyConditionError> {
    let condition: fn(AttributeValue) -> SortCondition = match comparison {
        Comparison::Eq => SortCondition::Eq,
        Comparison::Lt => SortCondition::Lt,
        Comparison::Le => SortCondition::Le,
        Comparison::Gt => SortCondition::Gt,
        Comparison::Ge => SortCondition::Ge,
        Comparison::Ne => return Err(KeyConditionError::Operator { operator: "<>" }),
    };
    let name = attribute(left)?;
    Ok((name, condition(constant(right)?)))
}

fn attribute(operand: Operand) -> Result<String, KeyConditionError> {
    match operand {
        Operand::Path(Path { root, steps }) if steps.is_empty() => Ok(root),
        Operand::Path(_) => Err(KeyConditionError::NestedAttribute),
        Operand::Value(_) => Err(KeyConditionError::NoAttribute),
        Operand::Size(_) => Err(KeyConditionError::NestedOperation),
    }
}

fn constant(operand: Operand) -> Result<AttributeValue, KeyConditionError> {
    match operand {
        Operand::Value(value) => Ok(Arc::unwrap_or_clone(value)),
        Operand::Path(_) => Err(KeyConditionError::MultipleAttributes),
        Operand::Size(_) => Err(KeyConditionError::NestedOperation),
    }
}
