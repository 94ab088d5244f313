//! PostgreSQL's type names, and how SQL types map to attribute types.
//!
//! Not here: values (`datum`), wire OIDs (`pg-server`).
//!
//! Invariant: [`SqlType::parse`] reads every name that [`SqlType::name`] writes; the catalog stores columns that way.

use crate::{SqlError, SqlType};
use shale_item::{AttributeType, KeyType};
use sqlparser::ast::{
    ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, ObjectName, TimezoneInfo,
};

/// Most digits of a numeric, as DynamoDB's N has them.
pub const NUMERIC_DIGITS_MAX: u8 = 38;

/// Longest `n` of varchar(n) and char(n), as in PostgreSQL.
const CHARACTERS_MAX: u64 = 10_485_760;

impl SqlType {
    /// PostgreSQL's `format_type`: the name with its modifier, such as `numeric(10,2)`.
    pub fn name(&self) -> String {
        match self {
            SqlType::Numeric(Some((0, _))) => "numeric".into(),
            SqlType::Numeric(Some((precision, scale))) => format!("numeric({precision},{scale})"),
            SqlType::Varchar(Some(length)) => format!("character varying({length})"),
            SqlType::Char(Some(length)) => format!("character({length})"),
            SqlType::Array(element) => format!("{}[]", element.name()),
            other => other.base_name().to_owned(),
        }
    }

    /// The name without modifier, as PostgreSQL's messages have it.
    pub fn base_name(&self) -> &'static str {
        match self {
            SqlType::Unknown => "unknown",
            SqlType::Bool => "boolean",
            SqlType::Int2 => "smallint",
            SqlType::Int4 => "integer",
            SqlType::Int8 => "bigint",
            SqlType::Float4 => "real",
            SqlType::Float8 => "double precision",
            SqlType::Numeric(_) => "numeric",
            SqlType::Text => "text",
            SqlType::Varchar(_) => "character varying",
            SqlType::Char(_) => "character",
            SqlType::Name => "name",
            SqlType::SingleChar => "\"char\"",
            SqlType::Oid => "oid",
            SqlType::Bytea => "bytea",
            SqlType::Uuid => "uuid",
            SqlType::Date => "date",
            SqlType::Time => "time without time zone",
            SqlType::Timestamp => "timestamp without time zone",
            SqlType::TimestampTz => "timestamp with time zone",
            SqlType::Interval => "interval",
            SqlType::Json => "json",
            SqlType::Jsonb => "jsonb",
            SqlType::Array(_) => "array",
            SqlType::Vector(element) => match element.as_ref() {
                SqlType::Int2 => "int2vector",
                _ => "oidvector",
            },
        }
    }

    /// Reads a name that [`SqlType::name`] wrote.
    pub fn parse(name: &str) -> Option<SqlType> {
        if let Some(element) = name.strip_suffix("[]") {
            return SqlType::parse(element).map(|element| SqlType::Array(Box::new(element)));
        }
        let (base, modifier) = match name.split_once('(') {
            Some((base, rest)) => (base, Some(rest.strip_suffix(')')?)),
            None => (name, None),
        };
        let length = |text: Option<&str>| match text {
            Some(text) => text.parse().ok().map(Some),
            None => Some(None),
        };
        Some(match base {
            "unknown" => SqlType::Unknown,
            "boolean" => SqlType::Bool,
            "smallint" => SqlType::Int2,
            "integer" => SqlType::Int4,
            "bigint" => SqlType::Int8,
            "real" => SqlType::Float4,
            "double precision" => SqlType::Float8,
            "numeric" => SqlType::Numeric(match modifier {
                Some(text) => {
                    let (precision, scale) = text.split_once(',')?;
                    Some((precision.parse().ok()?, scale.parse().ok()?))
                }
                None => None,
            }),
            "text" => SqlType::Text,
            "character varying" => SqlType::Varchar(length(modifier)?),
            "character" => SqlType::Char(length(modifier)?),
            "name" => SqlType::Name,
            "\"char\"" => SqlType::SingleChar,
            "oid" => SqlType::Oid,
            "bytea" => SqlType::Bytea,
            "uuid" => SqlType::Uuid,
            "date" => SqlType::Date,
            "time without time zone" => SqlType::Time,
            "timestamp without time zone" => SqlType::Timestamp,
            "timestamp with time zone" => SqlType::TimestampTz,
            "interval" => SqlType::Interval,
            "json" => SqlType::Json,
            "jsonb" => SqlType::Jsonb,
            _ => return None,
        })
    }

    /// The attribute type that values of this type are stored as; `None` for json, whose values choose theirs, and for what is not stored.
    pub fn attribute_type(&self) -> Option<AttributeType> {
        Some(match self {
            SqlType::Bool => AttributeType::Bool,
            SqlType::Int2
            | SqlType::Int4
            | SqlType::Int8
            | SqlType::Oid
            | SqlType::Float4
            | SqlType::Float8
            | SqlType::Numeric(_) => AttributeType::N,
            SqlType::Text
            | SqlType::Varchar(_)
            | SqlType::Char(_)
            | SqlType::Name
            | SqlType::SingleChar
            | SqlType::Uuid
            | SqlType::Date
            | SqlType::Time
            | SqlType::Timestamp
            | SqlType::TimestampTz => AttributeType::S,
            SqlType::Bytea => AttributeType::B,
            SqlType::Array(_) | SqlType::Vector(_) => AttributeType::L,
            SqlType::Unknown | SqlType::Interval | SqlType::Json | SqlType::Jsonb => return None,
        })
    }

    /// The type of a key attribute that holds such values, if keys can.
    pub fn key_type(&self) -> Option<KeyType> {
        match self.attribute_type()? {
            AttributeType::S => Some(KeyType::S),
            AttributeType::N => Some(KeyType::N),
            AttributeType::B => Some(KeyType::B),
            _ => None,
        }
    }

    /// Whether values are numbers.
    pub fn is_number(&self) -> bool {
        self.attribute_type() == Some(AttributeType::N)
    }

    /// Whether values are character strings that a text literal fits as it is.
    pub fn is_text(&self) -> bool {
        matches!(
            self,
            SqlType::Text
                | SqlType::Varchar(_)
                | SqlType::Char(_)
                | SqlType::Name
                | SqlType::SingleChar
        )
    }

    /// Whether values are JSON documents.
    pub fn is_json(&self) -> bool {
        matches!(self, SqlType::Json | SqlType::Jsonb)
    }

    /// The type that a statement names.
    ///
    /// # Errors
    /// 42704 for a name that is no type, 0A000 for a type of PostgreSQL's that is not here, 22023 for modifiers out of bounds.
    pub fn from_ast(data_type: &DataType) -> Result<SqlType, SqlError> {
        Ok(match data_type {
            DataType::Bool | DataType::Boolean => SqlType::Bool,
            DataType::SmallInt(None) | DataType::Int2(None) => SqlType::Int2,
            DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => SqlType::Int4,
            DataType::BigInt(None) | DataType::Int8(None) => SqlType::Int8,
            DataType::Real | DataType::Float4 => SqlType::Float4,
            DataType::DoublePrecision
            | DataType::Float8
            | DataType::Double(ExactNumberInfo::None) => SqlType::Float8,
            DataType::Float(info) => match info {
                ExactNumberInfo::None => SqlType::Float8,
                ExactNumberInfo::Precision(1..=24) => SqlType::Float4,
                ExactNumberInfo::Precision(25..=53) => SqlType::Float8,
                _ => return Err(unsupported_type(data_type)),
            },
            DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => {
                SqlType::Numeric(numeric_modifier(info)?)
            }
            DataType::Text => SqlType::Text,
            DataType::Varchar(length)
            | DataType::CharacterVarying(length)
            | DataType::CharVarying(length) => SqlType::Varchar(character_length(length, None)?),
            DataType::Char(length) | DataType::Character(length) => {
                SqlType::Char(character_length(length, Some(1))?)
            }
            DataType::Uuid => SqlType::Uuid,
            DataType::Bytea => SqlType::Bytea,
            DataType::Date => SqlType::Date,
            DataType::Time(None | Some(6), TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
                SqlType::Time
            }
            DataType::Timestamp(None | Some(6), zone) => match zone {
                TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => SqlType::Timestamp,
                TimezoneInfo::WithTimeZone | TimezoneInfo::Tz => SqlType::TimestampTz,
            },
            DataType::Interval {
                fields: None,
                precision: None,
            } => SqlType::Interval,
            DataType::JSON => SqlType::Json,
            DataType::JSONB => SqlType::Jsonb,
            DataType::Array(
                ArrayElemTypeDef::SquareBracket(element, _)
                | ArrayElemTypeDef::AngleBracket(element)
                | ArrayElemTypeDef::Parenthesis(element),
            ) => match SqlType::from_ast(element)? {
                SqlType::Array(_) => return Err(unsupported_type(data_type)),
                element => SqlType::Array(Box::new(element)),
            },
            DataType::Custom(name, modifiers) => return custom_type(data_type, name, modifiers),
            _ => return Err(unsupported_type(data_type)),
        })
    }
}

fn custom_type(
    data_type: &DataType,
    name: &ObjectName,
    modifiers: &[String],
) -> Result<SqlType, SqlError> {
    let last = name.0.last().and_then(|part| part.as_ident());
    let text = last.map(|ident| match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    });
    if !modifiers.is_empty() {
        return Err(unsupported_type(data_type));
    }
    match text.as_deref() {
        Some("name") => Ok(SqlType::Name),
        Some("oid") => Ok(SqlType::Oid),
        Some("char") => Ok(SqlType::SingleChar),
        Some("bpchar") => Ok(SqlType::Char(None)),
        Some("serial" | "bigserial" | "smallserial" | "serial4" | "serial8" | "serial2") => {
            Err(SqlError::NotSupported {
                feature: "a serial column".into(),
                hint: Some("There are no sequences; use uuid DEFAULT gen_random_uuid().".into()),
            })
        }
        Some(
            "money" | "inet" | "cidr" | "macaddr" | "xml" | "point" | "tsvector" | "hstore"
            | "citext" | "int4range" | "int8range" | "tsrange" | "daterange" | "timetz" | "bit"
            | "varbit",
        ) => Err(unsupported_type(data_type)),
        _ => Err(SqlError::Other {
            sqlstate: "42704",
            message: format!("type \"{name}\" does not exist"),
            hint: None,
        }),
    }
}

fn unsupported_type(data_type: &DataType) -> SqlError {
    SqlError::NotSupported {
        feature: format!("type {data_type}"),
        hint: None,
    }
}

fn numeric_modifier(info: &ExactNumberInfo) -> Result<Option<(u8, u8)>, SqlError> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => return Ok(None),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    if precision == 0 || precision > u64::from(NUMERIC_DIGITS_MAX) {
        return Err(SqlError::InvalidParameter {
            name: "numeric precision (1 to 38)".into(),
            value: precision.to_string(),
        });
    }
    match u8::try_from(scale) {
        Ok(scale) if u64::from(scale) <= precision => Ok(Some((precision as u8, scale))),
        _ => Err(SqlError::InvalidParameter {
            name: "numeric scale (0 to the precision)".into(),
            value: scale.to_string(),
        }),
    }
}

fn character_length(
    length: &Option<CharacterLength>,
    default: Option<u32>,
) -> Result<Option<u32>, SqlError> {
    match length {
        None => Ok(default),
        Some(CharacterLength::IntegerLength { length, unit: None })
            if (1..=CHARACTERS_MAX).contains(length) =>
        {
            Ok(Some(*length as u32))
        }
        Some(other) => Err(SqlError::InvalidParameter {
            name: "length of a character type".into(),
            value: other.to_string(),
        }),
    }
}
