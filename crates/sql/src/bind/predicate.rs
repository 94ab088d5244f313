//! WHERE clauses as predicates over attributes and constants.

use super::comparison::comparison_of;
use super::{Attribute, Binder, Scalar};
use crate::syntax::{expand_row_comparison, expr_position};
use crate::{Datum, SqlError, SqlType};
use shale_expression::Comparison;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

/// A predicate of three values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Predicate {
    /// True, false, or unknown.
    Constant(Option<bool>),
    /// A boolean constant whose value the arguments tell.
    Scalar(Scalar),
    Compare(Term, Comparison, Term),
    In(Attribute, Vec<Scalar>),
    /// `attribute = ANY (array)`
    InArray(Attribute, Scalar),
    BeginsWith(Attribute, Scalar),
    Contains(Attribute, Scalar),
    /// The scalar is a descriptor: S, N …
    TypeIs(Attribute, Scalar),
    IsNull(Attribute),
    IsMissing(Attribute),
    /// `IS NOT DISTINCT FROM`
    Same(Attribute, Scalar),
    /// `IS TRUE`, `IS FALSE`
    Is(Box<Predicate>, bool),
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Attribute(Attribute),
    /// `size(path)`
    Size(Attribute),
    Scalar(Scalar),
}

impl Binder<'_> {
    /// The predicate; `None` if `shale-expression` has no equal of it.
    ///
    /// # Errors
    /// Unknown columns (42703), operators between types that have none (42883), constants that are no values (22P02 …).
    pub(crate) fn predicate(&mut self, expr: &Expr) -> Result<Option<Predicate>, SqlError> {
        match expr {
            Expr::Nested(inner) => self.predicate(inner),
            Expr::BinaryOp {
                op: BinaryOperator::And | BinaryOperator::Or,
                ..
            } => self.junction(expr),
            Expr::BinaryOp { .. } | Expr::InList { .. }
                if let Some(expanded) = expand_row_comparison(expr)? =>
            {
                self.predicate(&expanded)
            }
            Expr::BinaryOp { left, op, right } => match comparison_of(op) {
                Some(op) => self.comparison(expr, left, op, right),
                None => Ok(None),
            },
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => Ok(self
                .predicate(expr)?
                .map(|inner| Predicate::Not(Box::new(inner)))),
            Expr::IsNull(inner) => self.is_null(inner, false),
            Expr::IsNotNull(inner) => self.is_null(inner, true),
            Expr::IsTrue(inner) => self.is_truth(inner, true, false),
            Expr::IsNotTrue(inner) => self.is_truth(inner, true, true),
            Expr::IsFalse(inner) => self.is_truth(inner, false, false),
            Expr::IsNotFalse(inner) => self.is_truth(inner, false, true),
            Expr::IsNotDistinctFrom(left, right) => self.same(left, right, false),
            Expr::IsDistinctFrom(left, right) => self.same(left, right, true),
            Expr::Between {
                expr: operand,
                negated,
                low,
                high,
            } => {
                let Some(above) = self.comparison(expr, operand, Comparison::Ge, low)? else {
                    return Ok(None);
                };
                let Some(below) = self.comparison(expr, operand, Comparison::Le, high)? else {
                    return Ok(None);
                };
                Ok(Some(negate_if(
                    *negated,
                    Predicate::And(vec![above, below]),
                )))
            }
            Expr::InList {
                expr: operand,
                list,
                negated,
            } => self.in_list(expr, operand, list, *negated),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => self.any(left, right),
            Expr::Like {
                negated,
                any: false,
                expr: operand,
                pattern,
                escape_char: None,
            } => self.like(operand, pattern, *negated),
            Expr::Function(function) => self.function(function),
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::CompoundFieldAccess { .. } => self.boolean_attribute(expr),
            Expr::Value(_) | Expr::Cast { .. } => match self.scalar(expr, &SqlType::Bool)? {
                Some(Scalar::Typed(Datum::Bool(value), _)) => {
                    Ok(Some(Predicate::Constant(Some(value))))
                }
                Some(Scalar::Null) => Ok(Some(Predicate::Constant(None))),
                Some(scalar @ (Scalar::Parameter(_) | Scalar::Untyped(_))) => {
                    Ok(Some(Predicate::Scalar(scalar)))
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// AND and OR, flattened without recursion: such chains are long.
    fn junction(&mut self, expr: &Expr) -> Result<Option<Predicate>, SqlError> {
        let Expr::BinaryOp { op: junction, .. } = expr else {
            return Ok(None);
        };
        let mut leaves = Vec::new();
        let mut open = vec![expr];
        while let Some(next) = open.pop() {
            match next {
                Expr::BinaryOp { left, op, right } if op == junction => {
                    open.push(right);
                    open.push(left);
                }
                Expr::Nested(inner) if matches!(inner.as_ref(), Expr::BinaryOp { op, .. } if op == junction) =>
                {
                    open.push(inner);
                }
                leaf => leaves.push(leaf),
            }
        }
        let mut predicates = Vec::with_capacity(leaves.len());
        let mut lowered = true;
        for leaf in leaves {
            // All leaves are bound even if one cannot be lowered: unknown columns are reported and parameters get their types.
            match self.predicate(leaf)? {
                Some(Predicate::And(inner)) if *junction == BinaryOperator::And => {
                    predicates.extend(inner);
                }
                Some(predicate) => predicates.push(predicate),
                None => lowered = false,
            }
        }
        Ok(lowered.then_some(if *junction == BinaryOperator::And {
            Predicate::And(predicates)
        } else {
            Predicate::Or(predicates)
        }))
    }

    fn boolean_attribute(&mut self, expr: &Expr) -> Result<Option<Predicate>, SqlError> {
        let Some(attribute) = self.comparable(expr)? else {
            return Ok(None);
        };
        if !matches!(attribute.compared_as, SqlType::Bool | SqlType::Unknown) {
            return Err(SqlError::DatatypeMismatch {
                message: format!(
                    "argument of WHERE must be type boolean, not type {}",
                    attribute.sql_type.name()
                ),
                position: expr_position(self.text, expr),
            });
        }
        Ok(Some(Predicate::Compare(
            Term::Attribute(attribute),
            Comparison::Eq,
            Term::Scalar(Scalar::Typed(Datum::Bool(true), SqlType::Bool)),
        )))
    }

    /// An attribute whose stored values compare as the column's do.
    pub(super) fn comparable(&mut self, expr: &Expr) -> Result<Option<Attribute>, SqlError> {
        Ok(self
            .attribute(expr)?
            .filter(|attribute| attribute.homogeneous && !attribute.whole_item))
    }

    fn in_list(
        &mut self,
        whole: &Expr,
        operand: &Expr,
        list: &[Expr],
        negated: bool,
    ) -> Result<Option<Predicate>, SqlError> {
        let Some(attribute) = self.comparable(operand)? else {
            return Ok(None);
        };
        let mut scalars = Vec::with_capacity(list.len());
        let mut lowered = true;
        for element in list {
            match self.comparison(whole, operand, Comparison::Eq, element)? {
                Some(Predicate::Compare(_, _, Term::Scalar(scalar))) => scalars.push(scalar),
                Some(Predicate::Constant(None)) => scalars.push(Scalar::Null),
                _ => lowered = false,
            }
        }
        Ok(lowered.then(|| negate_if(negated, Predicate::In(attribute, scalars))))
    }

    fn any(&mut self, left: &Expr, right: &Expr) -> Result<Option<Predicate>, SqlError> {
        let Some(attribute) = self.comparable(left)? else {
            return Ok(None);
        };
        match right {
            Expr::Array(array) => self.in_list(right, left, &array.elem, false),
            Expr::Nested(inner) => self.any(left, inner),
            _ => {
                let element = match &attribute.compared_as {
                    SqlType::Unknown => SqlType::Text,
                    other => other.clone(),
                };
                let array = SqlType::Array(Box::new(element));
                Ok(match self.scalar(right, &array)? {
                    Some(
                        scalar @ (Scalar::Parameter(_) | Scalar::Cast(..) | Scalar::Typed(..)),
                    ) => Some(Predicate::InArray(attribute, scalar)),
                    Some(Scalar::Untyped(text)) => {
                        let value = crate::datum::parse_text(&array, &text)?;
                        let typed = Scalar::Typed(value, array);
                        Some(Predicate::InArray(attribute, typed))
                    }
                    _ => None,
                })
            }
        }
    }

    fn is_null(&mut self, expr: &Expr, negated: bool) -> Result<Option<Predicate>, SqlError> {
        Ok(self
            .comparable(expr)?
            .map(|attribute| negate_if(negated, Predicate::IsNull(attribute))))
    }

    fn is_truth(
        &mut self,
        expr: &Expr,
        truth: bool,
        negated: bool,
    ) -> Result<Option<Predicate>, SqlError> {
        Ok(self
            .predicate(expr)?
            .map(|inner| negate_if(negated, Predicate::Is(Box::new(inner), truth))))
    }

    fn same(
        &mut self,
        left: &Expr,
        right: &Expr,
        negated: bool,
    ) -> Result<Option<Predicate>, SqlError> {
        Ok(match self.comparison(left, left, Comparison::Eq, right)? {
            Some(Predicate::Compare(Term::Attribute(attribute), _, Term::Scalar(scalar))) => {
                Some(negate_if(negated, Predicate::Same(attribute, scalar)))
            }
            Some(Predicate::Constant(None)) => self
                .comparable(left)?
                .map(|attribute| negate_if(negated, Predicate::IsNull(attribute))),
            _ => None,
        })
    }

    pub(super) fn is_excluded(&self, expr: &Expr) -> bool {
        self.excluded
            && matches!(expr, Expr::CompoundIdentifier(idents)
                if idents.len() == 2 && idents[0].value.eq_ignore_ascii_case("excluded"))
    }

    /// The attribute of `EXCLUDED.x`, where that has a meaning.
    pub(crate) fn excluded_column(&self, expr: &Expr) -> Result<Option<String>, SqlError> {
        if !self.is_excluded(expr) {
            return Ok(None);
        }
        let Expr::CompoundIdentifier(idents) = expr else {
            return Ok(None);
        };
        let column = Expr::Identifier(idents[1].clone());
        Ok(self.target(&column)?.map(|attribute| attribute.path.root))
    }
}

pub(super) fn negate_if(negated: bool, predicate: Predicate) -> Predicate {
    if negated {
        Predicate::Not(Box::new(predicate))
    } else {
        predicate
    }
}
