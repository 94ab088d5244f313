//! Key conditions of queries: an equality on each partition key attribute, and terms on sort key attributes, in any order.
//!
//! The text is parsed as a condition, with all of its checks, and then taken apart.

use crate::{
    Comparison, Condition, ExpressionError, KeyCondition, KeyConditionError, Operand, Path,
    Placeholders, ResolvedKeyCondition, SortCondition, parse_condition,
};
use shale_item::{AttributeValue, KeyAttribute};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Parses a KeyConditionExpression: `pk = :v`, or with AND and (for one attribute of the key each) one of `sk = :v`, `<`, `<=`, `>`, `>=`, `sk BETWEEN :a AND :b`,
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
    Ok(KeyCondition::new(terms)?)
}

type Term = (String, SortCondition);

/// Terms of a key condition at most: a key has up to four HASH and four RANGE attributes.
const TERMS_MAX: usize = 8;

impl KeyCondition {
    /// A condition of those terms.
    ///
    /// # Errors
    /// `TooManyConditions` above 8, `OneConditionPerKey`, `NoEquality`.
    pub fn new(terms: Vec<(String, SortCondition)>) -> Result<KeyCondition, KeyConditionError> {
        if terms.len() > TERMS_MAX {
            return Err(KeyConditionError::TooManyConditions);
        }
        let repeated = |n: usize| terms[..n].iter().any(|(name, _)| *name == terms[n].0);
        if (1..terms.len()).any(repeated) {
            return Err(KeyConditionError::OneConditionPerKey);
        }
        let is_equality = |(_, condition): &Term| matches!(condition, SortCondition::Eq(_));
        match terms.iter().any(is_equality) {
            true => Ok(KeyCondition { terms }),
            false if terms.is_empty() => Err(KeyConditionError::NoAttribute),
            false => Err(KeyConditionError::NoEquality),
        }
    }

    /// What the terms say about a key, in whichever order they were written: an equality for every HASH attribute, then RANGE attributes
    /// from the left, of which only the last named may have another condition.
    ///
    /// # Errors
    /// `TooManyConditions` if there are more terms than a key of at most two attributes takes, `MissingKey` if a term is about another
    /// attribute or a RANGE attribute to the left of one is not named, `PartitionNotEqual` if a HASH attribute's term is no equality,
    /// `SortPrefixNotEqual`.
    pub fn for_key(
        self,
        partition: &[KeyAttribute],
        sort: &[KeyAttribute],
    ) -> Result<ResolvedKeyCondition, KeyConditionError> {
        if self.terms.len() > (partition.len() + sort.len()).max(2) {
            return Err(KeyConditionError::TooManyConditions);
        }
        let missing = |name: &str| KeyConditionError::MissingKey {
            name: name.to_owned(),
        };
        let mut terms = self.terms;
        let mut take = |name: &str| {
            let position = terms.iter().position(|(of, _)| of == name)?;
            Some(terms.remove(position).1)
        };
        let mut resolved = ResolvedKeyCondition {
            partition: Vec::with_capacity(partition.len()),
            sort_prefix: Vec::new(),
            sort: None,
        };
        for attribute in partition {
            match take(&attribute.name) {
                Some(SortCondition::Eq(value)) => resolved.partition.push(value),
                Some(_) => return Err(KeyConditionError::PartitionNotEqual),
                None => return Err(missing(&attribute.name)),
            }
        }
        let mut not_named = None;
        for attribute in sort {
            let Some(condition) = take(&attribute.name) else {
                not_named = Some(&attribute.name);
                break;
            };
            match resolved.sort.replace(condition) {
                None => {}
                Some(SortCondition::Eq(value)) => resolved.sort_prefix.push(value),
                Some(_) => return Err(KeyConditionError::SortPrefixNotEqual),
            }
        }
        match (terms.first(), not_named) {
            (None, _) => Ok(resolved),
            (Some(_), Some(name)) => Err(missing(name)),
            (Some((name, _)), None) => Err(missing(name)),
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
