//! Values of parameters from PostgreSQL's text and binary formats.
//!
//! Not here: the grammar of text forms (`shale_sql::datum`), Bind itself (`extended`).
//!
//! Bytes come from clients: nothing here panics, and nothing is allocated by a length that the bytes do not back.

use crate::encode::{Format, JSONB_VERSION};
use crate::numeric::{self, NumericError};
use crate::types::type_of_oid;
use bytes::Bytes;
use shale_sql::datum::MICROS_PER_DAY;
use shale_sql::{Datum, SqlError, SqlType};
use std::ops::RangeInclusive;

/// Years 1 to 9999 in days since 2000-01-01: what the stored form of dates can order.
const DAYS: RangeInclusive<i32> = -730_119..=2_921_939;
/// The same in microseconds, to the last one of the year 9999.
const TIMESTAMPS: RangeInclusive<i64> =
    *DAYS.start() as i64 * MICROS_PER_DAY..=(*DAYS.end() as i64 + 1) * MICROS_PER_DAY - 1;

/// Why a parameter is no value of its type.
#[derive(Clone, Debug)]
pub(crate) enum ParameterError {
    /// 22P03
    MalformedBinary,
    /// 22021: bytes of a text that are not UTF-8, or a zero byte, which PostgreSQL's text cannot hold.
    NotText(Vec<u8>),
    /// A text that is no value of the type, or a value outside the type's range.
    Value(Box<SqlError>),
}

impl From<SqlError> for ParameterError {
    fn from(error: SqlError) -> ParameterError {
        ParameterError::Value(Box::new(error))
    }
}

/// Checks a text of a client's.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, ParameterError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let bad = &bytes[error.valid_up_to()..];
            let length = error.error_len().unwrap_or(bad.len()).min(bad.len());
            return Err(ParameterError::NotText(bad[..length].to_vec()));
        }
    };
    if memchr::memchr(0, bytes).is_some() {
        return Err(ParameterError::NotText(vec![0]));
    }
    Ok(text)
}

/// Reads one parameter.
///
/// # Errors
/// See [`ParameterError`].
pub(crate) fn value(
    bytes: &[u8],
    sql_type: &SqlType,
    format: Format,
) -> Result<Datum, ParameterError> {
    match format {
        Format::Text => Ok(shale_sql::datum::parse_text(sql_type, text(bytes)?)?),
        Format::Binary => binary(bytes, sql_type),
    }
}

/// The error for a date or time that cannot be stored, as the text forms give it.
fn outside(type_name: &str, infinite: bool) -> SqlError {
    if infinite {
        SqlError::NotSupported {
            feature: "infinity as a date or timestamp".into(),
            hint: None,
        }
    } else {
        SqlError::Other {
            sqlstate: "22008",
            message: format!("{type_name} out of range"),
            hint: None,
        }
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], ParameterError> {
    bytes
        .try_into()
        .map_err(|_| ParameterError::MalformedBinary)
}

fn binary(bytes: &[u8], sql_type: &SqlType) -> Result<Datum, ParameterError> {
    Ok(match sql_type {
        SqlType::Bool => match fixed::<1>(bytes)? {
            [0] => Datum::Bool(false),
            [_] => Datum::Bool(true),
        },
        SqlType::Int2 => Datum::Int(i16::from_be_bytes(fixed(bytes)?).into()),
        SqlType::Int4 => Datum::Int(i32::from_be_bytes(fixed(bytes)?).into()),
        SqlType::Int8 => Datum::Int(i64::from_be_bytes(fixed(bytes)?)),
        SqlType::Oid => Datum::Int(u32::from_be_bytes(fixed(bytes)?).into()),
        SqlType::Float4 => Datum::Float(f32::from_be_bytes(fixed(bytes)?).into()),
        SqlType::Float8 => Datum::Float(f64::from_be_bytes(fixed(bytes)?)),
        SqlType::Numeric(declared) => {
            let number = numeric::read_binary(bytes).map_err(|error| match error {
                NumericError::Malformed => ParameterError::MalformedBinary,
                NumericError::OutOfRange => SqlError::OutOfRange {
                    type_name: sql_type.base_name().into(),
                }
                .into(),
            })?;
            Datum::Numeric(shale_sql::datum::fit_numeric(number, *declared)?)
        }
        // The binary form of a text is the text, so that lengths are checked and padded in one place.
        SqlType::Unknown
        | SqlType::Text
        | SqlType::Varchar(_)
        | SqlType::Char(_)
        | SqlType::Name
        | SqlType::Json => shale_sql::datum::parse_text(sql_type, text(bytes)?)?,
        SqlType::SingleChar => {
            let byte = fixed::<1>(bytes)?;
            Datum::Text(text(&byte)?.to_owned())
        }
        SqlType::Bytea => Datum::Bytes(Bytes::copy_from_slice(bytes)),
        SqlType::Uuid => Datum::Text(uuid_text(&fixed(bytes)?)),
        SqlType::Date => {
            let days = i32::from_be_bytes(fixed(bytes)?);
            if !DAYS.contains(&days) {
                return Err(outside("date", matches!(days, i32::MIN | i32::MAX)).into());
            }
            Datum::Date(days)
        }
        SqlType::Time => {
            let micros = i64::from_be_bytes(fixed(bytes)?);
            if !(0..=MICROS_PER_DAY).contains(&micros) {
                return Err(outside("time", false).into());
            }
            Datum::Time(micros)
        }
        SqlType::Timestamp | SqlType::TimestampTz => {
            let micros = i64::from_be_bytes(fixed(bytes)?);
            if !TIMESTAMPS.contains(&micros) {
                return Err(outside("timestamp", matches!(micros, i64::MIN | i64::MAX)).into());
            }
            Datum::Timestamp(micros)
        }
        SqlType::Interval => {
            let [
                m0,
                m1,
                m2,
                m3,
                m4,
                m5,
                m6,
                m7,
                d0,
                d1,
                d2,
                d3,
                n0,
                n1,
                n2,
                n3,
            ] = fixed::<16>(bytes)?;
            Datum::Interval {
                micros: i64::from_be_bytes([m0, m1, m2, m3, m4, m5, m6, m7]),
                days: i32::from_be_bytes([d0, d1, d2, d3]),
                months: i32::from_be_bytes([n0, n1, n2, n3]),
            }
        }
        SqlType::Jsonb => match bytes.split_first() {
            Some((&JSONB_VERSION, json)) => shale_sql::datum::parse_text(sql_type, text(json)?)?,
            _ => return Err(ParameterError::MalformedBinary),
        },
        SqlType::Array(element) | SqlType::Vector(element) => array(bytes, element)?,
    })
}

/// Takes the first `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ParameterError> {
    let (first, rest) = bytes
        .split_first_chunk()
        .ok_or(ParameterError::MalformedBinary)?;
    *bytes = rest;
    Ok(*first)
}

fn array(mut bytes: &[u8], element: &SqlType) -> Result<Datum, ParameterError> {
    let bytes = &mut bytes;
    let dimensions = i32::from_be_bytes(take(bytes)?);
    let _has_null = take::<4>(bytes)?;
    // The element's type may be a relative of the declared one (text for varchar); its values must be readable as declared.
    let sent = type_of_oid(u32::from_be_bytes(take(bytes)?));
    let fits = match &sent {
        Some(SqlType::Unknown) | None => false,
        Some(sent) if sent.is_text() => element.is_text(),
        Some(sent) => std::mem::discriminant(sent) == std::mem::discriminant(element),
    };
    if !fits && dimensions != 0 {
        return Err(ParameterError::MalformedBinary);
    }
    let count = match dimensions {
        0 => 0,
        1 => {
            let count = i32::from_be_bytes(take(bytes)?);
            let _lower_bound = take::<4>(bytes)?;
            usize::try_from(count).map_err(|_| ParameterError::MalformedBinary)?
        }
        2..=6 => {
            return Err(SqlError::NotSupported {
                feature: "an array with more than one dimension".into(),
                hint: Some("Use a jsonb value.".into()),
            }
            .into());
        }
        _ => return Err(ParameterError::MalformedBinary),
    };
    // Each element has at least its length: a count beyond that is a lie.
    if count > bytes.len() / 4 {
        return Err(ParameterError::MalformedBinary);
    }
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        let length = i32::from_be_bytes(take(bytes)?);
        values.push(match usize::try_from(length) {
            Ok(length) => {
                let (value, rest) = bytes
                    .split_at_checked(length)
                    .ok_or(ParameterError::MalformedBinary)?;
                *bytes = rest;
                binary(value, element)?
            }
            Err(_) if length == -1 => Datum::Null,
            Err(_) => return Err(ParameterError::MalformedBinary),
        });
    }
    if bytes.is_empty() {
        Ok(Datum::Array(values))
    } else {
        Err(ParameterError::MalformedBinary)
    }
}

/// The canonical text of a UUID.
fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests;
