//! Functions over values of SQL types, with several variants by the types of their arguments.
//!
//! The variant whose parameters are reached by the least conversions is taken, as PostgreSQL does. A text may be a constant without a type
//! of its own, which every type reads.
//!
//! Not here: functions of one variant over texts, integers and lists of texts (the row functions of `super`), which need no values built.

use super::no_match;
use crate::error::carry;
use crate::rows::{array_to_datums, datum_to_scalar};
use crate::types::{arrow_type, sql_type};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use shale_sql::{Datum, SqlError, SqlType};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The type of a parameter or result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int4,
    Int8,
    Numeric,
    Float8,
    Text,
    Bytea,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Jsonb,
    /// Any type, as it is.
    Any,
}

impl Type {
    fn sql_type(self) -> SqlType {
        match self {
            Type::Bool => SqlType::Bool,
            Type::Int4 => SqlType::Int4,
            Type::Int8 => SqlType::Int8,
            Type::Numeric => SqlType::Numeric(None),
            Type::Float8 => SqlType::Float8,
            Type::Text | Type::Any => SqlType::Text,
            Type::Bytea => SqlType::Bytea,
            Type::Date => SqlType::Date,
            Type::Time => SqlType::Time,
            Type::Timestamp => SqlType::Timestamp,
            Type::TimestampTz => SqlType::TimestampTz,
            Type::Interval => SqlType::Interval,
            Type::Jsonb => SqlType::Jsonb,
        }
    }

    /// Steps of conversion from an argument; `None` if there is no implicit one.
    fn distance(self, argument: &DataType) -> Option<usize> {
        const NUMBERS: [SqlType; 6] = [
            SqlType::Int2,
            SqlType::Int4,
            SqlType::Int8,
            SqlType::Numeric(None),
            SqlType::Float4,
            SqlType::Float8,
        ];
        const MOMENTS: [SqlType; 3] = [SqlType::Date, SqlType::Timestamp, SqlType::TimestampTz];
        if self == Type::Any || argument.is_null() {
            return Some(0);
        }
        let (from, to) = (sql_type(argument), self.sql_type());
        if from == to || (from == SqlType::Text && self == Type::Jsonb) {
            return Some(0);
        }
        let within = |ladder: &[SqlType]| {
            let place = |wanted: &SqlType| ladder.iter().position(|step| step == wanted);
            place(&to)?.checked_sub(place(&from)?)
        };
        // Of numeric and double precision, an integer becomes a double, which PostgreSQL prefers.
        let detour = match self {
            Type::Numeric if argument.is_integer() => NUMBERS.len(),
            _ => 0,
        };
        within(&NUMBERS)
            .map(|steps| steps + detour)
            .or_else(|| within(&MOMENTS))
            // A bigint constant may be an integer: they are narrowed later.
            .or_else(|| (from == SqlType::Int8 && self == Type::Int4).then_some(1))
            .or_else(|| (from == SqlType::Text).then_some(10))
    }

    fn coerced(self, argument: &DataType) -> DataType {
        match (self, argument) {
            (Type::Any, _) | (Type::Numeric, DataType::Decimal128(..)) => argument.clone(),
            _ => arrow_type(&self.sql_type()),
        }
    }
}

type Body = fn(&[Datum]) -> Result<Datum, SqlError>;

/// One variant of a function.
pub(super) struct Variant {
    parameters: &'static [Type],
    result: Type,
    body: Body,
}

/// A variant.
pub(super) const fn variant(parameters: &'static [Type], result: Type, body: Body) -> Variant {
    Variant {
        parameters,
        result,
        body,
    }
}

/// A function with its variants. NULL for any NULL argument, unless it counts them.
pub(super) struct Typed {
    pub(super) name: &'static str,
    pub(super) variants: &'static [Variant],
    /// Whether its last parameter stands for any number of arguments, which may be NULL.
    pub(super) counts_arguments: bool,
}

/// A strict function.
pub(super) const fn typed(name: &'static str, variants: &'static [Variant]) -> Typed {
    Typed {
        name,
        variants,
        counts_arguments: false,
    }
}

impl Typed {
    /// The function as DataFusion has them.
    pub(super) fn function(&'static self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(TypedFunction {
            typed: self,
            signature: Signature::one_of(
                vec![TypeSignature::Nullary, TypeSignature::UserDefined],
                Volatility::Immutable,
            ),
        }))
    }

    /// The SQL type of its result, where all variants have the same and Arrow has no type for it.
    pub(super) fn result_type(&self) -> Option<SqlType> {
        let all_json = self
            .variants
            .iter()
            .all(|variant| variant.result == Type::Jsonb);
        all_json.then_some(SqlType::Jsonb)
    }

    fn choose(&self, arguments: &[DataType]) -> Option<&'static Variant> {
        let distance = |variant: &Variant| -> Option<usize> {
            if self.counts_arguments {
                return Some(0);
            }
            if variant.parameters.len() != arguments.len() {
                return None;
            }
            let pairs = variant.parameters.iter().zip(arguments);
            pairs.map(|(own, given)| own.distance(given)).sum()
        };
        self.variants
            .iter()
            .filter_map(|variant| Some((distance(variant)?, variant)))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, variant)| variant)
    }
}

struct TypedFunction {
    typed: &'static Typed,
    signature: Signature,
}

impl std::fmt::Debug for TypedFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.typed.name)
    }
}

impl PartialEq for TypedFunction {
    fn eq(&self, other: &TypedFunction) -> bool {
        self.typed.name == other.typed.name
    }
}

impl Eq for TypedFunction {}

impl Hash for TypedFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.typed.name.hash(state);
    }
}

impl TypedFunction {
    fn variant(&self, arguments: &[DataType]) -> Result<&'static Variant> {
        self.typed
            .choose(arguments)
            .ok_or_else(|| no_match(self.typed.name, arguments))
    }
}

impl ScalarUDFImpl for TypedFunction {
    fn name(&self) -> &str {
        self.typed.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let variant = self.variant(arguments)?;
        if self.typed.counts_arguments {
            return Ok(arguments.to_vec());
        }
        let pairs = variant.parameters.iter().zip(arguments);
        Ok(pairs.map(|(own, given)| own.coerced(given)).collect())
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arrow_type(&self.variant(arguments)?.result.sql_type()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types: Vec<DataType> = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let variant = self.variant(&types)?;
        let constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let columns = args
            .args
            .into_iter()
            .map(|value| {
                let array = value.to_array(rows)?;
                array_to_datums(&array, &sql_type(array.data_type())).map_err(carry)
            })
            .collect::<Result<Vec<_>>>()?;
        let target = args.return_field.data_type();
        let mut row = vec![Datum::Null; columns.len()];
        let mut results = Vec::with_capacity(rows);
        for index in 0..rows {
            for (value, column) in row.iter_mut().zip(&columns) {
                value.clone_from(&column[index]);
            }
            let null = !self.typed.counts_arguments && row.contains(&Datum::Null);
            let result = match null {
                true => Datum::Null,
                false => (variant.body)(&row).map_err(carry)?,
            };
            results.push(datum_to_scalar(&result, target)?);
        }
        if constant && let Some(result) = results.pop() {
            return Ok(ColumnarValue::Scalar(result));
        }
        let array: ArrayRef = match results.is_empty() {
            true => arrow::array::new_empty_array(target),
            false => ScalarValue::iter_to_array(results)?,
        };
        Ok(ColumnarValue::Array(array))
    }
}

/// An error of the class 22, data exceptions.
pub(super) fn data_exception(sqlstate: &'static str, message: impl Into<String>) -> SqlError {
    SqlError::Other {
        sqlstate,
        message: message.into(),
        hint: None,
    }
}
