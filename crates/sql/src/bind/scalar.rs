//! Constants of a statement: literals, parameters, casts of them, the clock, new UUIDs, documents.

use super::{Binder, PARAMETERS_MAX};
use crate::datum::{coerce, datum_to_attribute, parse_text, unix_micros_to_timestamp};
use crate::syntax::dialect::BAG_FUNCTION;
use crate::{Datum, Dialect, SqlError, SqlType, datum};
use shale_engine::ReadView;
use shale_item::{AttributeValue, Item, Number};
use sqlparser::ast::{
    DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The function that tells the position that is read.
pub(crate) const CURRENT_LSN: &str = "shale_current_lsn";

/// A constant expression; its value is known once the statement's arguments are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Null,
    /// PartiQL's NULL: a value of the type NULL.
    NullValue,
    /// A string literal without a type: what it is used for decides.
    Untyped(String),
    /// A literal with a type.
    Typed(Datum, SqlType),
    /// `$n`, from 0.
    Parameter(usize),
    Cast(Box<Scalar>, SqlType),
    /// now() and its like, as this type.
    Now(SqlType),
    /// gen_random_uuid()
    Uuid,
    /// shale_current_lsn()
    CurrentLsn,
    /// A column of the statement's constant query (see [`super::super::plan::ConstantQuery`]).
    Computed(usize, SqlType),
    /// EXCLUDED.x: the attribute of the row that was to be inserted.
    Excluded(String),
    Map(Vec<(String, Scalar)>),
    List(Vec<Scalar>),
    Set(Vec<Scalar>),
}

/// Values of `$n`.
#[derive(Clone, Copy)]
pub(crate) enum Parameters<'a> {
    /// From the wire.
    Datums(&'a [Datum]),
    /// From ExecuteStatement.
    Attributes(&'a [AttributeValue]),
}

/// Bytes of all values that one statement writes and compares with. A parameter that is named often is copied as often.
const VALUES_BYTES_MAX: usize = 256 << 20;

/// What a statement runs with.
pub(crate) struct Arguments<'a> {
    pub parameters: Parameters<'a>,
    /// Row of the constant query.
    pub computed: &'a [Datum],
    /// now(), microseconds since the Unix epoch.
    pub now_micros: u64,
    /// shale_current_lsn()
    pub current_lsn: u64,
    pub rand: &'a dyn shale_env::Rand,
    /// The row that was to be inserted, for EXCLUDED.
    pub excluded: Option<&'a Item>,
    /// Bytes of the values that the statement has made so far.
    pub made: Arc<AtomicUsize>,
}

impl Arguments<'_> {
    /// The same with other computed values: those of a row.
    pub(crate) fn with_computed<'b>(&'b self, computed: &'b [Datum]) -> Arguments<'b> {
        Arguments {
            parameters: self.parameters,
            computed,
            now_micros: self.now_micros,
            current_lsn: self.current_lsn,
            rand: self.rand,
            excluded: self.excluded,
            made: Arc::clone(&self.made),
        }
    }

    /// The same for a statement that reads in a view.
    pub(crate) fn reading(self, view: &ReadView) -> Self {
        Arguments {
            current_lsn: view.lsn(),
            ..self
        }
    }

    /// Counts a value that the statement makes.
    fn count(&self, value: Option<AttributeValue>) -> Result<Option<AttributeValue>, SqlError> {
        let bytes = value.as_ref().map_or(0, AttributeValue::size);
        let made = self.made.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if made > VALUES_BYTES_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!(
                    "the values of the statement have more than {VALUES_BYTES_MAX} bytes together"
                ),
            });
        }
        Ok(value)
    }
}

/// A new random UUID, as text.
pub(crate) fn new_uuid(rand: &dyn shale_env::Rand) -> String {
    let mut bytes = [0; 16];
    rand.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}

impl Scalar {
    /// The type that the constant has by itself.
    pub(crate) fn sql_type(&self, parameter_types: &[SqlType]) -> SqlType {
        match self {
            Scalar::Null | Scalar::NullValue | Scalar::Untyped(_) | Scalar::Excluded(_) => {
                SqlType::Unknown
            }
            Scalar::Typed(_, sql_type)
            | Scalar::Cast(_, sql_type)
            | Scalar::Now(sql_type)
            | Scalar::Computed(_, sql_type) => sql_type.clone(),
            Scalar::Parameter(index) => parameter_types
                .get(*index)
                .cloned()
                .unwrap_or(SqlType::Unknown),
            Scalar::Uuid => SqlType::Uuid,
            Scalar::CurrentLsn => SqlType::Int8,
            Scalar::Map(_) | Scalar::List(_) | Scalar::Set(_) => SqlType::Jsonb,
        }
    }

    /// The value as a datum of its own type; documents have none.
    pub(crate) fn datum<'a>(&'a self, with: &Arguments<'a>) -> Result<Cow<'a, Datum>, SqlError> {
        Ok(match self {
            Scalar::Null | Scalar::NullValue => Cow::Owned(Datum::Null),
            Scalar::Untyped(text) => Cow::Owned(Datum::Text(text.clone())),
            Scalar::Typed(value, _) => Cow::Borrowed(value),
            Scalar::Parameter(index) => match with.parameters {
                Parameters::Datums(values) => {
                    Cow::Borrowed(values.get(*index).ok_or_else(|| no_parameter(*index))?)
                }
                Parameters::Attributes(_) => return Err(no_datum("a document parameter")),
            },
            Scalar::Cast(inner, sql_type) => {
                Cow::Owned(cast(inner.datum(with)?.into_owned(), sql_type)?)
            }
            Scalar::Now(sql_type) => {
                let now = Datum::Timestamp(unix_micros_to_timestamp(with.now_micros));
                Cow::Owned(coerce(now, sql_type)?)
            }
            Scalar::Uuid => Cow::Owned(Datum::Text(new_uuid(with.rand))),
            Scalar::CurrentLsn => {
                let lsn = i64::try_from(with.current_lsn).unwrap_or(i64::MAX);
                Cow::Owned(Datum::Int(lsn))
            }
            Scalar::Computed(column, _) => Cow::Borrowed(
                with.computed
                    .get(*column)
                    .ok_or_else(|| no_datum("an expression that was not computed"))?,
            ),
            Scalar::Excluded(_) => return Err(no_datum("EXCLUDED")),
            Scalar::Map(_) | Scalar::List(_) | Scalar::Set(_) => {
                return Err(no_datum("a document literal"));
            }
        })
    }

    /// The value as an attribute that a column of that type stores; `None` for NULL. `Unknown` keeps the value's own type.
    pub(crate) fn attribute(
        &self,
        with: &Arguments<'_>,
        target: &SqlType,
    ) -> Result<Option<AttributeValue>, SqlError> {
        with.count(self.uncounted_attribute(with, target)?)
    }

    fn uncounted_attribute(
        &self,
        with: &Arguments<'_>,
        target: &SqlType,
    ) -> Result<Option<AttributeValue>, SqlError> {
        match self {
            Scalar::Parameter(index) => match with.parameters {
                Parameters::Attributes(values) => values
                    .get(*index)
                    .cloned()
                    .map(Some)
                    .ok_or_else(|| no_parameter(*index)),
                Parameters::Datums(_) => datum_to_attribute(&*self.datum(with)?, target),
            },
            Scalar::NullValue => Ok(Some(AttributeValue::Null)),
            Scalar::Excluded(name) => Ok(with.excluded.and_then(|item| item.get(name)).cloned()),
            Scalar::Map(_) | Scalar::List(_) | Scalar::Set(_) => {
                let value = self.document(with)?;
                match target {
                    SqlType::Unknown | SqlType::Json | SqlType::Jsonb => Ok(Some(value)),
                    SqlType::Array(_) if matches!(value, AttributeValue::L(_)) => Ok(Some(value)),
                    other => Err(SqlError::DatatypeMismatch {
                        message: format!(
                            "column is of type {} but expression is a document",
                            other.name()
                        ),
                        position: None,
                    }),
                }
            }
            _ => datum_to_attribute(&*self.datum(with)?, target),
        }
    }

    /// The value as it is compared with a column of that type: numbers exactly, texts without length limits.
    pub(crate) fn comparand(
        &self,
        with: &Arguments<'_>,
        target: &SqlType,
    ) -> Result<Option<AttributeValue>, SqlError> {
        if let Scalar::Parameter(_) = self
            && matches!(with.parameters, Parameters::Attributes(_))
        {
            return self.attribute(with, target);
        }
        if matches!(
            self,
            Scalar::NullValue
                | Scalar::Excluded(_)
                | Scalar::Map(_)
                | Scalar::List(_)
                | Scalar::Set(_)
        ) {
            return self.attribute(with, &SqlType::Unknown);
        }
        let value = self.datum(with)?;
        let exact = match value.as_ref() {
            Datum::Int(_) | Datum::Numeric(_) if target.is_number() => SqlType::Numeric(None),
            Datum::Float(_) if target.is_number() => SqlType::Float8,
            _ => super::without_modifier(target),
        };
        with.count(datum_to_attribute(&value, &exact)?)
    }

    fn document(&self, with: &Arguments<'_>) -> Result<AttributeValue, SqlError> {
        match self {
            Scalar::Null | Scalar::NullValue => Ok(AttributeValue::Null),
            Scalar::Map(members) => {
                let mut map = BTreeMap::new();
                for (name, value) in members {
                    map.insert(name.clone(), value.document(with)?);
                }
                Ok(AttributeValue::M(map))
            }
            Scalar::List(elements) => elements
                .iter()
                .map(|element| element.document(with))
                .collect::<Result<_, _>>()
                .map(AttributeValue::L),
            Scalar::Set(elements) => {
                let elements = elements
                    .iter()
                    .map(|element| element.document(with))
                    .collect::<Result<Vec<_>, _>>()?;
                set_of(elements)
            }
            other => Ok(other
                .uncounted_attribute(with, &SqlType::Unknown)?
                .unwrap_or(AttributeValue::Null)),
        }
    }
}

fn set_of(elements: Vec<AttributeValue>) -> Result<AttributeValue, SqlError> {
    match elements.first() {
        Some(AttributeValue::S(_)) => collect_set(elements, |value| match value {
            AttributeValue::S(text) => Some(text),
            _ => None,
        })
        .map(AttributeValue::Ss),
        Some(AttributeValue::N(_)) => collect_set(elements, |value| match value {
            AttributeValue::N(number) => Some(number),
            _ => None,
        })
        .map(AttributeValue::Ns),
        Some(AttributeValue::B(_)) => collect_set(elements, |value| match value {
            AttributeValue::B(bytes) => Some(bytes),
            _ => None,
        })
        .map(AttributeValue::Bs),
        _ => Err(mixed_set()),
    }
}

fn mixed_set() -> SqlError {
    SqlError::Other {
        sqlstate: "42804",
        message: "a set holds at least one element, and all are strings, or numbers, or binary"
            .into(),
        hint: None,
    }
}

fn collect_set<T: Ord>(
    elements: Vec<AttributeValue>,
    pick: impl Fn(AttributeValue) -> Option<T>,
) -> Result<BTreeSet<T>, SqlError> {
    // The service lists the elements of string sets only.
    let texts = elements.iter().map(|element| match element {
        AttributeValue::S(text) => Some(text.as_str()),
        _ => None,
    });
    let texts: Option<Vec<&str>> = texts.collect();
    let what = texts.map_or_else(
        || "Input collection contains duplicates".to_owned(),
        |texts| {
            format!(
                "Input collection [{}] contains duplicates.",
                texts.join(", ")
            )
        },
    );
    let mut set = BTreeSet::new();
    let mut duplicates = false;
    for element in elements {
        duplicates |= !set.insert(pick(element).ok_or_else(mixed_set)?);
    }
    if duplicates {
        return Err(SqlError::Other {
            sqlstate: "22023",
            message: format!("One or more parameter values were invalid: {what}"),
            hint: None,
        });
    }
    Ok(set)
}

fn no_parameter(index: usize) -> SqlError {
    SqlError::Other {
        sqlstate: "08P01",
        message: format!("there is no value for parameter {}", index + 1),
        hint: None,
    }
}

fn no_datum(what: &str) -> SqlError {
    SqlError::NotSupported {
        feature: format!("{what} here"),
        hint: None,
    }
}

/// An explicit cast: like an assignment, but texts that are too long are cut, and between booleans and integers there is one.
fn cast(value: Datum, sql_type: &SqlType) -> Result<Datum, SqlError> {
    match (value, sql_type) {
        (Datum::Text(text), SqlType::Varchar(_) | SqlType::Char(_)) => {
            datum::fit_text(text, sql_type, true)
        }
        (Datum::Bool(value), SqlType::Int2 | SqlType::Int4 | SqlType::Int8) => {
            Ok(Datum::Int(i64::from(value)))
        }
        (Datum::Int(value), SqlType::Bool) => Ok(Datum::Bool(value != 0)),
        (Datum::Timestamp(micros), SqlType::Text) => {
            Ok(Datum::Text(datum::format_timestamp(micros, true)))
        }
        (value, sql_type) => coerce(value, sql_type),
    }
}

impl Binder<'_> {
    /// A constant; `None` if the expression is none, or none that is evaluated here. `expected` is what the place wants: parameters
    /// without a type take it.
    ///
    /// # Errors
    /// 42P02 for a parameter number out of bounds, 42704 for an unknown type in a cast.
    pub(crate) fn scalar(
        &mut self,
        expr: &Expr,
        expected: &SqlType,
    ) -> Result<Option<Scalar>, SqlError> {
        Ok(match expr {
            Expr::Value(value) => self.literal(&value.value, expected)?,
            Expr::Nested(inner) => self.scalar(inner, expected)?,
            Expr::UnaryOp {
                op: op @ (UnaryOperator::Minus | UnaryOperator::Plus),
                expr,
            } => match self.scalar(expr, expected)? {
                Some(Scalar::Typed(value, sql_type)) if *op == UnaryOperator::Minus => {
                    negated(value).map(|value| Scalar::Typed(value, sql_type))
                }
                Some(scalar @ Scalar::Typed(..)) => Some(scalar),
                _ => None,
            },
            Expr::Cast {
                expr,
                data_type,
                array: false,
                format: None,
                ..
            } => self.cast(expr, data_type)?,
            Expr::TypedString(typed) => {
                let sql_type = SqlType::from_ast(&typed.data_type)?;
                match &typed.value.value {
                    Value::SingleQuotedString(text) => {
                        Some(Scalar::Typed(parse_text(&sql_type, text)?, sql_type))
                    }
                    _ => None,
                }
            }
            Expr::Function(function) => self.constant_function(function, expected)?,
            Expr::Dictionary(fields) => {
                let mut members = Vec::with_capacity(fields.len());
                for field in fields {
                    match self.scalar(&field.value, &SqlType::Unknown)? {
                        Some(value) => members.push((field.key.value.clone(), value)),
                        None => return Ok(None),
                    }
                }
                Some(Scalar::Map(members))
            }
            Expr::Array(array) if !array.named => self.scalars(&array.elem)?.map(Scalar::List),
            _ => None,
        })
    }

    fn scalars(&mut self, exprs: &[Expr]) -> Result<Option<Vec<Scalar>>, SqlError> {
        let mut scalars = Vec::with_capacity(exprs.len());
        for expr in exprs {
            match self.scalar(expr, &SqlType::Unknown)? {
                Some(scalar) => scalars.push(scalar),
                None => return Ok(None),
            }
        }
        Ok(Some(scalars))
    }

    fn cast(&mut self, expr: &Expr, data_type: &DataType) -> Result<Option<Scalar>, SqlError> {
        // regclass and its like are the analytic executor's, and times that are rounded.
        if matches!(
            data_type,
            DataType::Regclass
                | DataType::Custom(..)
                | DataType::Timestamp(Some(0..=5), _)
                | DataType::Time(Some(0..=5), _)
        ) {
            return Ok(None);
        }
        let sql_type = SqlType::from_ast(data_type)?;
        Ok(match self.scalar(expr, &sql_type)? {
            Some(Scalar::Untyped(text)) if names_a_moment(&text, &sql_type) => {
                match text.trim().eq_ignore_ascii_case("now") {
                    true => Some(Scalar::Now(sql_type)),
                    // The analytic executor knows the others.
                    false => None,
                }
            }
            Some(Scalar::Untyped(text)) => {
                let value = cast(Datum::Text(text), &sql_type)?;
                Some(Scalar::Typed(value, sql_type))
            }
            Some(inner @ (Scalar::Map(_) | Scalar::List(_) | Scalar::Set(_))) => {
                sql_type.is_json().then_some(inner)
            }
            Some(inner) => Some(Scalar::Cast(Box::new(inner), sql_type)),
            None => None,
        })
    }

    fn literal(&mut self, value: &Value, expected: &SqlType) -> Result<Option<Scalar>, SqlError> {
        Ok(match value {
            Value::Number(digits, false) => Some(number_literal(digits)?),
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text) => Some(Scalar::Untyped(text.clone())),
            Value::DollarQuotedString(quoted) => Some(Scalar::Untyped(quoted.value.clone())),
            Value::Boolean(value) => Some(Scalar::Typed(Datum::Bool(*value), SqlType::Bool)),
            Value::Null if self.dialect == Dialect::PartiQl => Some(Scalar::NullValue),
            Value::Null => Some(Scalar::Null),
            Value::Placeholder(name) => {
                let index = parameter_index(name)?;
                self.infer_parameter(index, expected);
                Some(Scalar::Parameter(index))
            }
            _ => None,
        })
    }

    fn constant_function(
        &mut self,
        function: &Function,
        _expected: &SqlType,
    ) -> Result<Option<Scalar>, SqlError> {
        if function.over.is_some() || function.filter.is_some() {
            return Ok(None);
        }
        let name = function.name.to_string().to_lowercase();
        let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
        let arguments = plain_arguments(function);
        Ok(match (name, arguments.as_deref()) {
            (
                "now" | "current_timestamp" | "transaction_timestamp" | "statement_timestamp",
                Some([]),
            ) => Some(Scalar::Now(SqlType::TimestampTz)),
            ("localtimestamp", Some([])) => Some(Scalar::Now(SqlType::Timestamp)),
            ("current_date", Some([])) => Some(Scalar::Now(SqlType::Date)),
            ("localtime", Some([])) => Some(Scalar::Now(SqlType::Time)),
            ("gen_random_uuid", Some([])) => Some(Scalar::Uuid),
            (CURRENT_LSN, Some([])) => Some(Scalar::CurrentLsn),
            (BAG_FUNCTION, Some(elements)) => {
                let elements: Vec<Expr> = elements.iter().map(|expr| (*expr).clone()).collect();
                self.scalars(&elements)?.map(Scalar::Set)
            }
            _ => None,
        })
    }
}

/// Whether a text is one of PostgreSQL's words for a time, such as `now`.
fn names_a_moment(text: &str, sql_type: &SqlType) -> bool {
    let with_date = matches!(
        sql_type,
        SqlType::Date | SqlType::Timestamp | SqlType::TimestampTz
    );
    match text.trim().to_ascii_lowercase().as_str() {
        "now" => with_date || *sql_type == SqlType::Time,
        "today" | "tomorrow" | "yesterday" | "epoch" => with_date,
        _ => false,
    }
}

/// The arguments of a call without names, wildcards or clauses.
pub(crate) fn plain_arguments(function: &Function) -> Option<Vec<&Expr>> {
    match &function.args {
        FunctionArguments::None => Some(vec![]),
        FunctionArguments::Subquery(_) => None,
        FunctionArguments::List(list) => {
            if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                return None;
            }
            list.args
                .iter()
                .map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                    _ => None,
                })
                .collect()
        }
    }
}

pub(crate) fn parameter_index(name: &str) -> Result<usize, SqlError> {
    let number = name
        .strip_prefix('$')
        .and_then(|digits| digits.parse().ok());
    match number {
        Some(number @ 1..=PARAMETERS_MAX) => Ok(number - 1),
        _ => Err(SqlError::Other {
            sqlstate: "42P02",
            message: format!("there is no parameter {name}"),
            hint: None,
        }),
    }
}

fn number_literal(digits: &str) -> Result<Scalar, SqlError> {
    let digits: Cow<'_, str> = if digits.contains('_') {
        digits.replace('_', "").into()
    } else {
        digits.into()
    };
    if let Ok(value) = digits.parse::<i64>() {
        let sql_type = if i32::try_from(value).is_ok() {
            SqlType::Int4
        } else {
            SqlType::Int8
        };
        return Ok(Scalar::Typed(Datum::Int(value), sql_type));
    }
    match digits.parse::<Number>() {
        Ok(value) => Ok(Scalar::Typed(Datum::Numeric(value), SqlType::Numeric(None))),
        Err(_) => Err(SqlError::OutOfRange {
            type_name: "numeric".into(),
        }),
    }
}

fn negated(value: Datum) -> Option<Datum> {
    Some(match value {
        Datum::Int(value) => Datum::Int(value.checked_neg()?),
        Datum::Numeric(value) => {
            let value = value.negated();
            value.to_i64().map_or(Datum::Numeric(value), Datum::Int)
        }
        Datum::Float(value) => Datum::Float(-value),
        _ => return None,
    })
}
