//! Predicates to conditions of `shale-expression`, once the arguments are known.
//!
//! SQL's predicates are true, false or unknown, and a row counts only where the predicate is true. A condition is true or false. So a
//! predicate is lowered to the condition that holds exactly where the predicate is true, and NOT is pushed down: its operand is lowered to
//! the condition that holds exactly where the operand is *false*. Absent attributes (and the NULL type) make comparisons unknown, which
//! neither of the two includes.

use super::functions::attribute_type;
use super::predicate::{Predicate, Term};
use super::{Arguments, Attribute, Scalar};
use crate::{Datum, SqlError, SqlType};
use shale_expression::{Comparison, Condition, Operand, Path};
use shale_item::{AttributeType, AttributeValue};

/// Whose rules an absent attribute follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Semantics {
    /// SQL: unknown.
    ThreeValued,
    /// DynamoDB: as its condition expressions.
    Dynamo,
}

/// The condition that holds where the predicate is true.
///
/// # Errors
/// Arguments that are no values of their columns.
pub(crate) fn lower(
    predicate: &Predicate,
    with: &Arguments<'_>,
    semantics: Semantics,
) -> Result<Condition, SqlError> {
    Lowering { with, semantics }.holds(predicate, true)
}

struct Lowering<'a> {
    with: &'a Arguments<'a>,
    semantics: Semantics,
}

const NEVER: Condition = Condition::Constant(false);
const ALWAYS: Condition = Condition::Constant(true);

impl Lowering<'_> {
    /// The condition that holds where the predicate is `truth`.
    fn holds(&self, predicate: &Predicate, truth: bool) -> Result<Condition, SqlError> {
        if self.semantics == Semantics::Dynamo && !truth {
            return Ok(negation(self.holds(predicate, true)?));
        }
        Ok(match predicate {
            Predicate::Constant(value) => Condition::Constant(*value == Some(truth)),
            Predicate::Scalar(scalar) => self.boolean(scalar, truth)?,
            Predicate::Not(inner) => self.holds(inner, !truth)?,
            Predicate::And(parts) => self.parts(parts, truth, truth)?,
            Predicate::Or(parts) => self.parts(parts, truth, !truth)?,
            Predicate::Is(inner, wanted) => {
                let exactly = self.holds(inner, *wanted)?;
                if truth { exactly } else { negation(exactly) }
            }
            Predicate::Compare(left, op, right) => {
                let op = if truth { *op } else { opposite(*op) };
                self.compare(left, op, right)?
            }
            Predicate::In(attribute, list) => self.within(attribute, list, truth)?,
            Predicate::InArray(attribute, array) => match array.datum(self.with)?.as_ref() {
                Datum::Null => NEVER,
                Datum::Array(elements) => {
                    let list: Vec<Scalar> = elements.iter().map(constant).collect();
                    self.within(attribute, &list, truth)?
                }
                Datum::Text(text) => {
                    let array = SqlType::Array(Box::new(attribute.compared_as.clone()));
                    let value = crate::datum::parse_text(&array, text)?;
                    let typed = Scalar::Typed(value, array);
                    self.holds(&Predicate::InArray(attribute.clone(), typed), truth)?
                }
                other => {
                    return Err(SqlError::DatatypeMismatch {
                        message: format!(
                            "op ANY/ALL (array) requires array on right side, not {}",
                            crate::datum::natural_type(other).name()
                        ),
                        position: None,
                    });
                }
            },
            Predicate::BeginsWith(attribute, prefix) => {
                let Some(prefix) = prefix.comparand(self.with, &attribute.compared_as)? else {
                    return Ok(NEVER);
                };
                let test = Condition::BeginsWith(path(attribute), Operand::constant(prefix));
                self.tested(attribute, test, truth)
            }
            Predicate::Contains(attribute, part) => {
                let part_type = match &attribute.compared_as {
                    SqlType::Array(element) => element.as_ref(),
                    SqlType::Json | SqlType::Jsonb => &SqlType::Unknown,
                    other => other,
                };
                let Some(part) = part.comparand(self.with, part_type)? else {
                    return Ok(NEVER);
                };
                let test = Condition::Contains(path(attribute), Operand::constant(part));
                self.tested(attribute, test, truth)
            }
            Predicate::TypeIs(attribute, descriptor) => {
                let found = match descriptor.attribute(self.with, &SqlType::Text)? {
                    None => return Ok(NEVER),
                    Some(AttributeValue::S(text)) => attribute_type(&text)?,
                    Some(other) => {
                        return Err(SqlError::DatatypeMismatch {
                            message: format!(
                                "attribute_type() takes the name of a type, not a value of type {}",
                                other.attribute_type().descriptor()
                            ),
                            position: None,
                        });
                    }
                };
                let test = Condition::AttributeType(attribute.path.clone(), found);
                if truth { test } else { negation(test) }
            }
            Predicate::IsMissing(attribute) => {
                if truth {
                    Condition::AttributeNotExists(attribute.path.clone())
                } else {
                    Condition::AttributeExists(attribute.path.clone())
                }
            }
            Predicate::IsNull(attribute) => self.is_null(attribute, truth),
            Predicate::Same(attribute, scalar) => {
                match scalar.comparand(self.with, &attribute.compared_as)? {
                    None => self.is_null(attribute, truth),
                    Some(value) => {
                        let equal = both(
                            self.present(attribute),
                            Condition::Compare(
                                path(attribute),
                                Comparison::Eq,
                                Operand::constant(value),
                            ),
                        );
                        if truth { equal } else { negation(equal) }
                    }
                }
            }
        })
    }

    fn parts(&self, parts: &[Predicate], truth: bool, all: bool) -> Result<Condition, SqlError> {
        let mut conditions = Vec::with_capacity(parts.len());
        for part in parts {
            match (self.holds(part, truth)?, all) {
                (Condition::Constant(true), true) | (Condition::Constant(false), false) => {}
                (Condition::Constant(value), _) => return Ok(Condition::Constant(value)),
                (Condition::And(inner), true) | (Condition::Or(inner), false) => {
                    conditions.extend(inner);
                }
                (condition, _) => conditions.push(condition),
            }
        }
        Ok(match (conditions.len(), all) {
            (0, _) => Condition::Constant(all),
            (1, _) => conditions.remove(0),
            (_, true) => Condition::And(conditions),
            (_, false) => Condition::Or(conditions),
        })
    }

    fn boolean(&self, scalar: &Scalar, truth: bool) -> Result<Condition, SqlError> {
        Ok(match scalar.attribute(self.with, &SqlType::Bool)? {
            None => NEVER,
            Some(AttributeValue::Bool(value)) => Condition::Constant(value == truth),
            Some(_) => {
                return Err(SqlError::DatatypeMismatch {
                    message: "argument of WHERE must be type boolean".into(),
                    position: None,
                });
            }
        })
    }

    /// What makes a comparison of the attribute known: it is there, and of its column's type.
    fn present(&self, attribute: &Attribute) -> Condition {
        if attribute.key || self.semantics == Semantics::Dynamo {
            return ALWAYS;
        }
        match attribute.compared_as.attribute_type() {
            Some(AttributeType::L) | None => both(
                Condition::AttributeExists(attribute.path.clone()),
                negation(Condition::AttributeType(
                    attribute.path.clone(),
                    AttributeType::Null,
                )),
            ),
            Some(expected) => Condition::AttributeType(attribute.path.clone(), expected),
        }
    }

    fn is_null(&self, attribute: &Attribute, truth: bool) -> Condition {
        if self.semantics == Semantics::Dynamo {
            return Condition::AttributeType(attribute.path.clone(), AttributeType::Null);
        }
        if attribute.key {
            return Condition::Constant(!truth);
        }
        let present = self.present(attribute);
        if truth { negation(present) } else { present }
    }

    fn tested(&self, attribute: &Attribute, test: Condition, truth: bool) -> Condition {
        if truth {
            test
        } else {
            both(self.present(attribute), negation(test))
        }
    }

    fn operand(&self, term: &Term, other: &Term) -> Result<Option<Operand>, SqlError> {
        Ok(match term {
            Term::Attribute(attribute) => Some(path(attribute)),
            Term::Size(attribute) => Some(Operand::Size(Box::new(path(attribute)))),
            Term::Scalar(scalar) => {
                let own;
                let target = match other {
                    Term::Attribute(attribute) => &attribute.compared_as,
                    Term::Size(_) => &SqlType::Int8,
                    Term::Scalar(other) => {
                        own = match other {
                            Scalar::Typed(_, sql_type) | Scalar::Cast(_, sql_type) => {
                                sql_type.clone()
                            }
                            _ => SqlType::Unknown,
                        };
                        &own
                    }
                };
                scalar.comparand(self.with, target)?.map(Operand::constant)
            }
        })
    }

    fn compare(&self, left: &Term, op: Comparison, right: &Term) -> Result<Condition, SqlError> {
        let (Some(left_operand), Some(right_operand)) =
            (self.operand(left, right)?, self.operand(right, left)?)
        else {
            return Ok(NEVER);
        };
        let compared = Condition::Compare(left_operand, op, right_operand);
        if op != Comparison::Ne || self.semantics == Semantics::Dynamo {
            // An absent operand, or one of another type, makes every comparison but `<>` false.
            return Ok(compared);
        }
        let guard = |term: &Term| match term {
            Term::Attribute(attribute) => self.present(attribute),
            Term::Size(attribute) => Condition::AttributeExists(attribute.path.clone()),
            Term::Scalar(_) => ALWAYS,
        };
        Ok(both(both(guard(left), guard(right)), compared))
    }

    fn within(
        &self,
        attribute: &Attribute,
        list: &[Scalar],
        truth: bool,
    ) -> Result<Condition, SqlError> {
        let mut values = Vec::with_capacity(list.len());
        for scalar in list {
            match scalar.comparand(self.with, &attribute.compared_as)? {
                Some(value) => values.push(Operand::constant(value)),
                // `a NOT IN (…, NULL)` is never true.
                None if !truth => return Ok(NEVER),
                None => {}
            }
        }
        if values.is_empty() {
            return Ok(if truth { NEVER } else { ALWAYS });
        }
        let test = Condition::In(path(attribute), values);
        Ok(self.tested(attribute, test, truth))
    }
}

fn constant(datum: &Datum) -> Scalar {
    match datum {
        Datum::Null => Scalar::Null,
        other => Scalar::Typed(other.clone(), crate::datum::natural_type(other)),
    }
}

fn path(attribute: &Attribute) -> Operand {
    Operand::Path(Path::clone(&attribute.path))
}

fn opposite(op: Comparison) -> Comparison {
    match op {
        Comparison::Eq => Comparison::Ne,
        Comparison::Ne => Comparison::Eq,
        Comparison::Lt => Comparison::Ge,
        Comparison::Ge => Comparison::Lt,
        Comparison::Gt => Comparison::Le,
        Comparison::Le => Comparison::Gt,
    }
}

fn negation(condition: Condition) -> Condition {
    match condition {
        Condition::Constant(value) => Condition::Constant(!value),
        Condition::Not(inner) => *inner,
        Condition::AttributeExists(path) => Condition::AttributeNotExists(path),
        Condition::AttributeNotExists(path) => Condition::AttributeExists(path),
        other => Condition::Not(Box::new(other)),
    }
}

pub(crate) fn both(left: Condition, right: Condition) -> Condition {
    match (left, right) {
        (Condition::Constant(true), other) | (other, Condition::Constant(true)) => other,
        (Condition::Constant(false), _) | (_, Condition::Constant(false)) => NEVER,
        (Condition::And(mut parts), Condition::And(more)) => {
            parts.extend(more);
            Condition::And(parts)
        }
        (Condition::And(mut parts), other) => {
            parts.push(other);
            Condition::And(parts)
        }
        (other, Condition::And(mut parts)) => {
            parts.insert(0, other);
            Condition::And(parts)
        }
        (left, right) => Condition::And(vec![left, right]),
    }
}
