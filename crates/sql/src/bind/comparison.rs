//! Comparisons: their operands, and whether PostgreSQL has an operator for them.

use super::predicate::{Predicate, Term};
use super::scalar::plain_arguments;
use super::{Attribute, Binder, Scalar};
use crate::{Dialect, SqlError, SqlType};
use shale_expression::Comparison;
use sqlparser::ast::{BinaryOperator, Expr};

/// An operand class, for PostgreSQL's type check of comparisons.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Family {
    Number,
    Text,
    Bool,
    Bytes,
    Time,
    Other,
}

fn family(sql_type: &SqlType) -> Option<Family> {
    Some(match sql_type {
        SqlType::Unknown | SqlType::Json | SqlType::Jsonb => return None,
        number if number.is_number() => Family::Number,
        text if text.is_text() => Family::Text,
        SqlType::Bool => Family::Bool,
        SqlType::Bytea => Family::Bytes,
        SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz => Family::Time,
        _ => Family::Other,
    })
}

impl Binder<'_> {
    fn term(&mut self, expr: &Expr, expected: &SqlType) -> Result<Option<Term>, SqlError> {
        if let Some(name) = self.excluded_column(expr)? {
            return Ok(Some(Term::Scalar(Scalar::Excluded(name))));
        }
        if let Some(attribute) = self.attribute(expr)? {
            let usable = attribute.homogeneous && !attribute.whole_item;
            return Ok(usable.then_some(Term::Attribute(attribute)));
        }
        match expr {
            Expr::Nested(inner) => return self.term(inner, expected),
            Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("size") => {
                let arguments = plain_arguments(function).unwrap_or_default();
                if let [argument] = arguments.as_slice()
                    && let Some(attribute) = self.attribute(argument)?
                {
                    return Ok((!attribute.whole_item).then_some(Term::Size(attribute)));
                }
                return Ok(None);
            }
            _ => {}
        }
        Ok(self.scalar(expr, expected)?.map(Term::Scalar))
    }

    pub(super) fn comparison(
        &mut self,
        whole: &Expr,
        left: &Expr,
        op: Comparison,
        right: &Expr,
    ) -> Result<Option<Predicate>, SqlError> {
        // The side that is an attribute tells the type of a parameter on the other.
        let left_type = self.type_hint(left)?;
        let right_type = self.type_hint(right)?;
        let left_term = self.term(left, &right_type)?;
        let right_term = self.term(right, &left_type)?;
        let (Some(left_term), Some(right_term)) = (left_term, right_term) else {
            return Ok(None);
        };
        let (left_term, op, right_term) = match (&left_term, &right_term) {
            (Term::Scalar(_), Term::Attribute(_) | Term::Size(_)) => {
                (right_term, mirrored(op), left_term)
            }
            _ => (left_term, op, right_term),
        };
        self.check_comparison(whole, &left_term, op, &right_term)?;
        if let (Term::Attribute(attribute), Term::Scalar(scalar)) = (&left_term, &right_term)
            && !self.compares_exactly(attribute, scalar, op)
        {
            return Ok(None);
        }
        if let (Term::Attribute(left), Term::Attribute(right)) = (&left_term, &right_term) {
            let same_form = left.compared_as == right.compared_as
                || (left.compared_as.is_number() && right.compared_as.is_number())
                || (left.compared_as.is_text() && right.compared_as.is_text());
            if !same_form || left.compared_as.is_json() {
                return Ok(None);
            }
        }
        Ok(Some(match (&left_term, &right_term) {
            (Term::Scalar(Scalar::Null), _) | (_, Term::Scalar(Scalar::Null))
                if self.dialect == Dialect::Postgres =>
            {
                Predicate::Constant(None)
            }
            _ => Predicate::Compare(left_term, op, right_term),
        }))
    }

    fn type_hint(&mut self, expr: &Expr) -> Result<SqlType, SqlError> {
        Ok(match expr {
            Expr::Nested(inner) => return self.type_hint(inner),
            Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("size") => {
                SqlType::Int8
            }
            _ if self.is_excluded(expr) => SqlType::Unknown,
            _ => self
                .attribute(expr)?
                .map_or(SqlType::Unknown, |attribute| attribute.compared_as),
        })
    }

    /// Whether comparing the stored values with the constant in the column's type means what SQL says.
    fn compares_exactly(&self, attribute: &Attribute, scalar: &Scalar, op: Comparison) -> bool {
        let ordering = !matches!(op, Comparison::Eq | Comparison::Ne);
        if attribute.compared_as.is_json() || matches!(attribute.compared_as, SqlType::Array(_)) {
            return !ordering;
        }
        // A date column against a timestamp: a cast to the column's type would lose the time of day.
        let constant = scalar.sql_type(&self.parameter_types);
        !(attribute.compared_as == SqlType::Date
            && matches!(constant, SqlType::Timestamp | SqlType::TimestampTz))
    }

    /// 42883 for operands that PostgreSQL has no operator for.
    fn check_comparison(
        &self,
        whole: &Expr,
        left: &Term,
        op: Comparison,
        right: &Term,
    ) -> Result<(), SqlError> {
        if self.dialect == Dialect::PartiQl {
            return Ok(());
        }
        let of = |term: &Term| match term {
            Term::Attribute(attribute) => attribute.compared_as.clone(),
            Term::Size(_) => SqlType::Int8,
            Term::Scalar(scalar) => scalar.sql_type(&self.parameter_types),
        };
        let (left_type, right_type) = (of(left), of(right));
        let (Some(left_family), Some(right_family)) = (family(&left_type), family(&right_type))
        else {
            return Ok(());
        };
        // Drivers send texts as text for every type; a parameter is cast like a literal.
        let lenient = |term: &Term| matches!(term, Term::Scalar(Scalar::Parameter(_)));
        if left_family == right_family || lenient(left) || lenient(right) {
            return Ok(());
        }
        if left_type == SqlType::Uuid || right_type == SqlType::Uuid {
            let other = if left_type == SqlType::Uuid {
                &right_type
            } else {
                &left_type
            };
            if other.is_text() {
                return Ok(());
            }
        }
        Err(SqlError::Other {
            sqlstate: "42883",
            message: format!(
                "operator does not exist: {} {} {} (in \"{whole}\")",
                left_type.name(),
                symbol(op),
                right_type.name()
            ),
            hint: Some("You might need to add an explicit type cast.".into()),
        })
    }
}

pub(super) fn comparison_of(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Eq,
        BinaryOperator::NotEq => Comparison::Ne,
        BinaryOperator::Lt => Comparison::Lt,
        BinaryOperator::LtEq => Comparison::Le,
        BinaryOperator::Gt => Comparison::Gt,
        BinaryOperator::GtEq => Comparison::Ge,
        _ => return None,
    })
}

/// The operator for swapped sides.
pub(crate) fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        same => same,
    }
}

/// The operator as SQL writes it.
pub(crate) fn symbol(op: Comparison) -> &'static str {
    match op {
        Comparison::Eq => "=",
        Comparison::Ne => "<>",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
    }
}
