//! LIKE, and PartiQL's functions, as predicates.

use super::predicate::{Predicate, Term, negate_if};
use super::scalar::plain_arguments;
use super::{Binder, Scalar};
use crate::syntax::dialect::IS_MISSING_FUNCTION;
use crate::{SqlError, SqlType};
use shale_expression::Comparison;
use shale_item::AttributeType;
use sqlparser::ast::{Expr, Function};

impl Binder<'_> {
    /// LIKE with a literal whose wildcards are `%` at its ends.
    pub(super) fn like(
        &mut self,
        operand: &Expr,
        pattern: &Expr,
        negated: bool,
    ) -> Result<Option<Predicate>, SqlError> {
        let Some(attribute) = self.comparable(operand)? else {
            return Ok(None);
        };
        let Some(Scalar::Untyped(pattern)) = self.scalar(pattern, &SqlType::Text)? else {
            return Ok(None);
        };
        let text = matches!(
            attribute.compared_as,
            SqlType::Text | SqlType::Varchar(_) | SqlType::Name
        );
        let (open_start, rest) = match pattern.strip_prefix('%') {
            Some(rest) => (true, rest),
            None => (false, pattern.as_str()),
        };
        let (open_end, middle) = match rest.strip_suffix('%') {
            Some(middle) if !middle.ends_with('\\') => (true, middle),
            Some(_) => return Ok(None),
            None => (false, rest),
        };
        if !text || middle.contains(['%', '_', '\\']) {
            return Ok(None);
        }
        let needle = Scalar::Untyped(middle.to_owned());
        let predicate = match (open_start, open_end) {
            (false, false) => Predicate::Compare(
                Term::Attribute(attribute),
                Comparison::Eq,
                Term::Scalar(needle),
            ),
            _ if middle.is_empty() => Predicate::Compare(
                Term::Attribute(attribute.clone()),
                Comparison::Eq,
                Term::Attribute(attribute),
            ),
            (false, true) => Predicate::BeginsWith(attribute, needle),
            (true, true) => Predicate::Contains(attribute, needle),
            (true, false) => return Ok(None),
        };
        Ok(Some(negate_if(negated, predicate)))
    }

    pub(super) fn function(&mut self, function: &Function) -> Result<Option<Predicate>, SqlError> {
        let name = function.name.to_string().to_lowercase();
        let arguments = plain_arguments(function).unwrap_or_default();
        Ok(match (name.as_str(), arguments.as_slice()) {
            (IS_MISSING_FUNCTION, [path]) => self
                .attribute(path)?
                .filter(|attribute| !attribute.whole_item)
                .map(Predicate::IsMissing),
            ("begins_with", [path, prefix]) => {
                let Some(attribute) = self.comparable(path)? else {
                    return Ok(None);
                };
                let expected = part_type(&attribute.compared_as);
                self.scalar(prefix, &expected)?
                    .map(|prefix| Predicate::BeginsWith(attribute, prefix))
            }
            ("contains", [path, part]) => {
                let Some(attribute) = self.comparable(path)? else {
                    return Ok(None);
                };
                let expected = part_type(&attribute.compared_as);
                self.scalar(part, &expected)?
                    .map(|part| Predicate::Contains(attribute, part))
            }
            ("attribute_type", [path, descriptor]) => {
                let attribute = self.attribute(path)?;
                match (attribute, self.scalar(descriptor, &SqlType::Text)?) {
                    (Some(attribute), Some(Scalar::Untyped(descriptor))) => {
                        attribute_type(&descriptor)?;
                        Some(Predicate::TypeIs(attribute, Scalar::Untyped(descriptor)))
                    }
                    (Some(attribute), Some(parameter @ Scalar::Parameter(_))) => {
                        Some(Predicate::TypeIs(attribute, parameter))
                    }
                    _ => None,
                }
            }
            ("attribute_exists", [path]) => self
                .attribute(path)?
                .map(|attribute| negate_if(true, Predicate::IsMissing(attribute))),
            ("attribute_not_exists", [path]) => self.attribute(path)?.map(Predicate::IsMissing),
            _ => None,
        })
    }
}

/// The type of a part of such values.
fn part_type(whole: &SqlType) -> SqlType {
    match whole {
        SqlType::Array(element) => element.as_ref().clone(),
        SqlType::Json | SqlType::Jsonb => SqlType::Unknown,
        other => other.clone(),
    }
}

/// The type that a descriptor names (S, N …).
pub(super) fn attribute_type(descriptor: &str) -> Result<AttributeType, SqlError> {
    Ok(match descriptor {
        "S" => AttributeType::S,
        "N" => AttributeType::N,
        "B" => AttributeType::B,
        "BOOL" => AttributeType::Bool,
        "NULL" => AttributeType::Null,
        "M" => AttributeType::M,
        "L" => AttributeType::L,
        "SS" => AttributeType::Ss,
        "NS" => AttributeType::Ns,
        "BS" => AttributeType::Bs,
        _ => {
            return Err(SqlError::InvalidParameter {
                name: "attribute type".into(),
                value: descriptor.to_owned(),
            });
        }
    })
}
