//! SQL types and Arrow types.
//!
//! Not here: the conversion of values (`rows`, `table::columns`).

use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType as SqlDataType, ExactNumberInfo, ObjectNamePart, TimezoneInfo,
};
use shale_sql::SqlType;
use std::sync::Arc;

/// Time zone of every timestamptz: values are UTC.
pub(crate) const UTC: &str = "+00:00";

/// Digits and scale of `numeric` without a precision in casts.
pub(crate) const PLAIN_NUMERIC: (u8, i8) = (38, 16);

/// Most digits an Arrow decimal of ours has.
pub(crate) const DECIMAL_DIGITS_MAX: u8 = 38;

/// The Arrow type of a column of that SQL type; numeric without precision is [`PLAIN_NUMERIC`].
pub(crate) fn arrow_type(sql_type: &SqlType) -> DataType {
    match sql_type {
        SqlType::Bool => DataType::Boolean,
        SqlType::Int2 => DataType::Int16,
        SqlType::Int4 => DataType::Int32,
        SqlType::Int8 => DataType::Int64,
        // Nothing else is unsigned, so that oids stay oids wherever they go.
        SqlType::Oid => DataType::UInt32,
        SqlType::Float4 => DataType::Float32,
        SqlType::Float8 => DataType::Float64,
        SqlType::Numeric(Some((precision, scale)))
            if (1..=DECIMAL_DIGITS_MAX).contains(precision) =>
        {
            DataType::Decimal128(*precision, *scale as i8)
        }
        SqlType::Numeric(_) => DataType::Decimal128(PLAIN_NUMERIC.0, PLAIN_NUMERIC.1),
        SqlType::Unknown
        | SqlType::Text
        | SqlType::Varchar(_)
        | SqlType::Char(_)
        | SqlType::Name
        | SqlType::SingleChar
        | SqlType::Uuid
        | SqlType::Json
        | SqlType::Jsonb => DataType::Utf8View,
        SqlType::Bytea => DataType::Binary,
        SqlType::Date => DataType::Date32,
        SqlType::Time => DataType::Time64(TimeUnit::Microsecond),
        SqlType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        SqlType::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        SqlType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        SqlType::Array(element) | SqlType::Vector(element) => {
            let element = match arrow_type(element) {
                DataType::Utf8View => DataType::Utf8,
                other => other,
            };
            DataType::List(Arc::new(Field::new_list_field(element, true)))
        }
    }
}

/// The SQL type of a computed column.
pub(crate) fn sql_type(data_type: &DataType) -> SqlType {
    match data_type {
        DataType::Boolean => SqlType::Bool,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => SqlType::Int2,
        DataType::Int32 | DataType::UInt16 => SqlType::Int4,
        DataType::Int64 | DataType::UInt64 => SqlType::Int8,
        DataType::UInt32 => SqlType::Oid,
        DataType::Float16 | DataType::Float32 => SqlType::Float4,
        DataType::Float64 => SqlType::Float8,
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => SqlType::Numeric(None),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => SqlType::Bytea,
        DataType::Date32 | DataType::Date64 => SqlType::Date,
        DataType::Time32(_) | DataType::Time64(_) => SqlType::Time,
        DataType::Timestamp(_, None) => SqlType::Timestamp,
        DataType::Timestamp(_, Some(_)) => SqlType::TimestampTz,
        DataType::Interval(_) | DataType::Duration(_) => SqlType::Interval,
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            match sql_type(field.data_type()) {
                // PostgreSQL has no array of arrays as a type of its own.
                nested @ SqlType::Array(_) => nested,
                element => SqlType::Array(Box::new(element)),
            }
        }
        DataType::Dictionary(_, value) => sql_type(value),
        _ => SqlType::Text,
    }
}

/// The Arrow type that a parameter of that SQL type is bound as; `None` leaves the choice to the statement.
pub(crate) fn parameter_type(sql_type: &SqlType) -> Option<DataType> {
    match sql_type {
        SqlType::Unknown => None,
        other => Some(arrow_type(other)),
    }
}

/// Teaches DataFusion's SQL planner PostgreSQL's type names.
#[derive(Debug)]
pub(crate) struct PostgresTypes;

impl TypePlanner for PostgresTypes {
    fn plan_type_field(&self, sql_type: &SqlDataType) -> Result<Option<FieldRef>> {
        Ok(cast_type(sql_type).map(|data_type| Arc::new(Field::new("", data_type, true))))
    }
}

fn cast_type(sql_type: &SqlDataType) -> Option<DataType> {
    Some(match sql_type {
        SqlDataType::Timestamp(_, zone) => {
            let zone = matches!(zone, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone);
            DataType::Timestamp(TimeUnit::Microsecond, zone.then(|| UTC.into()))
        }
        SqlDataType::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            DataType::Time64(TimeUnit::Microsecond)
        }
        SqlDataType::Numeric(ExactNumberInfo::None)
        | SqlDataType::Decimal(ExactNumberInfo::None)
        | SqlDataType::Dec(ExactNumberInfo::None) => {
            DataType::Decimal128(PLAIN_NUMERIC.0, PLAIN_NUMERIC.1)
        }
        // float(1) to float(24) is real, float and float(25) to float(53) double precision.
        SqlDataType::Float(ExactNumberInfo::Precision(1..=24)) => DataType::Float32,
        SqlDataType::Float(_) => DataType::Float64,
        SqlDataType::Text
        | SqlDataType::Varchar(_)
        | SqlDataType::CharacterVarying(_)
        | SqlDataType::CharVarying(_)
        | SqlDataType::Char(_)
        | SqlDataType::Character(_)
        | SqlDataType::JSON
        | SqlDataType::JSONB
        | SqlDataType::Uuid => DataType::Utf8View,
        SqlDataType::Array(
            ArrayElemTypeDef::SquareBracket(element, _) | ArrayElemTypeDef::AngleBracket(element),
        ) => {
            let element = match cast_type(element).or_else(|| plain_type(element))? {
                DataType::Utf8View => DataType::Utf8,
                other => other,
            };
            DataType::List(Arc::new(Field::new_list_field(element, true)))
        }
        SqlDataType::Custom(name, arguments) => {
            let name = match name.0.last()? {
                ObjectNamePart::Identifier(name) => name.value.to_ascii_lowercase(),
                ObjectNamePart::Function(_) => return None,
            };
            named_type(&name, arguments)?
        }
        _ => return None,
    })
}

fn plain_type(sql_type: &SqlDataType) -> Option<DataType> {
    named_type(&sql_type.to_string().to_ascii_lowercase(), &[])
}

/// Types by their names in pg_type, which sqlparser leaves as custom types when they are qualified.
fn named_type(name: &str, arguments: &[String]) -> Option<DataType> {
    let sql_type = match name {
        "bool" | "boolean" => SqlType::Bool,
        "int2" | "smallint" => SqlType::Int2,
        "int4" | "int" | "integer" => SqlType::Int4,
        "int8" | "bigint" => SqlType::Int8,
        "float4" | "real" => SqlType::Float4,
        "float8" | "double precision" => SqlType::Float8,
        "numeric" | "decimal" => match arguments {
            [precision] => SqlType::Numeric(Some((precision.parse().ok()?, 0))),
            [precision, scale] => {
                SqlType::Numeric(Some((precision.parse().ok()?, scale.parse().ok()?)))
            }
            _ => SqlType::Numeric(None),
        },
        "text" | "varchar" | "character varying" | "bpchar" | "char" | "name" | "uuid" | "json"
        | "jsonb" | "cstring" | "pg_node_tree" | "unknown" | "aclitem" | "refcursor" | "xml"
        | "sql_identifier" | "character_data" | "yes_or_no" | "inet" => SqlType::Text,
        "oid" | "xid" | "cid" | "regclass" | "regtype" | "regproc" | "regprocedure"
        | "regnamespace" | "regrole" | "regoper" | "regoperator" | "regconfig"
        | "regdictionary" | "regcollation" => SqlType::Oid,
        "cardinal_number" => SqlType::Int4,
        "bytea" => SqlType::Bytea,
        "date" => SqlType::Date,
        "time" => SqlType::Time,
        "timestamp" | "time_stamp" => SqlType::Timestamp,
        "timestamptz" => SqlType::TimestampTz,
        "interval" => SqlType::Interval,
        "int2vector" => SqlType::Array(Box::new(SqlType::Int2)),
        "oidvector" => SqlType::Array(Box::new(SqlType::Oid)),
        _ => return None,
    };
    Some(arrow_type(&sql_type))
}
