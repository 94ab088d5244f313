//! WHERE clauses as predicates over attributes and constants.

use super::scalar::plain_arguments;
use super::{Attribute, Binder, Scalar};
use crate::syntax::dialect::IS_MISSING_FUNCTION;
use crate::syntax::expr_position;
use crate::{Datum, Dialect, SqlError, SqlType};
use shale_expression::Comparison;
use shale_item::AttributeType;
use sqlparser::ast::{BinaryOperator, Expr, Function, UnaryOperator};

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
    TypeIs(Attribute, AttributeType),
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
            Expr::BinaryOp { left, op, right } => match comparison(op) {
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
    fn comparable(&mut self, expr: &Expr) -> Result<Option<Attribute>, SqlError> {
        Ok(self
            .attribute(expr)?
            .filter(|attribute| attribute.homogeneous && !attribute.whole_item))
    }

    fn term(&mut self, expr: &Expr, expected: &SqlType) -> Result<Option<Term>, SqlError> {
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
            Expr::CompoundIdentifier(_) => {}
            _ => {}
        }
        if let Some(name) = self.excluded_column(expr)? {
            return Ok(Some(Term::Scalar(Scalar::Excluded(name))));
        }
        Ok(self.scalar(expr, expected)?.map(Term::Scalar))
    }

    fn comparison(
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

    /// LIKE with a literal whose wildcards are `%` at its ends.
    fn like(
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

    fn function(&mut self, function: &Function) -> Result<Option<Predicate>, SqlError> {
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
                        let found = attribute_type(&descriptor).ok_or_else(|| {
                            SqlError::InvalidParameter {
                                name: "attribute type".into(),
                                value: descriptor.clone(),
                            }
                        })?;
                        Some(Predicate::TypeIs(attribute, found))
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

    fn is_excluded(&self, expr: &Expr) -> bool {
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

/// The type of a part of such values.
fn part_type(whole: &SqlType) -> SqlType {
    match whole {
        SqlType::Array(element) => element.as_ref().clone(),
        SqlType::Json | SqlType::Jsonb => SqlType::Unknown,
        other => other.clone(),
    }
}

fn attribute_type(descriptor: &str) -> Option<AttributeType> {
    Some(match descriptor {
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
        _ => return None,
    })
}

fn negate_if(negated: bool, predicate: Predicate) -> Predicate {
    if negated {
        Predicate::Not(Box::new(predicate))
    } else {
        predicate
    }
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
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
