//! Values of result rows in PostgreSQL's text and binary formats.
//!
//! Not here: how rows travel (`rows`), the text of dates, floats and arrays (`shale_sql::datum`).
//!
//! Invariant: a value is appended with its length in front, or nothing is appended and an error tells why.

use crate::numeric;
use crate::types::type_oid;
use bytes::{BufMut, BytesMut};
use shale_sql::{Datum, SqlType};

/// How a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// PostgreSQL's text, code 0.
    Text,
    /// The type's `typsend` form, code 1.
    Binary,
}

impl Format {
    /// The code in messages.
    pub(crate) fn code(self) -> i16 {
        match self {
            Format::Text => 0,
            Format::Binary => 1,
        }
    }

    /// The format of a code.
    pub(crate) fn of_code(code: i16) -> Option<Format> {
        match code {
            0 => Some(Format::Text),
            1 => Some(Format::Binary),
            _ => None,
        }
    }
}

/// A value that is none of its column's type: a fault of the server's, not of the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value does not have the type of its column")]
pub(crate) struct TypeConfusion;

/// Appends the value with its length (-1 for NULL) in front, as DataRow and array elements carry it.
pub(crate) fn put_value(
    output: &mut BytesMut,
    datum: &Datum,
    sql_type: &SqlType,
    format: Format,
) -> Result<(), TypeConfusion> {
    if matches!(datum, Datum::Null) {
        output.put_i32(-1);
        return Ok(());
    }
    let start = output.len();
    output.put_i32(0);
    let put = match format {
        Format::Text => {
            put_text(output, datum, sql_type);
            Ok(())
        }
        Format::Binary => put_binary(output, datum, sql_type),
    };
    if put.is_err() {
        output.truncate(start);
        return put;
    }
    let length = (output.len() - start - 4) as i32;
    output[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn put_text(output: &mut BytesMut, datum: &Datum, sql_type: &SqlType) {
    match datum {
        Datum::Bool(value) => output.put_u8(if *value { b't' } else { b'f' }),
        Datum::Int(value) => output.put_slice(itoa::Buffer::new().format(*value).as_bytes()),
        Datum::Text(value) | Datum::Json(value) => output.put_slice(value.as_bytes()),
        Datum::Bytes(value) => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            output.reserve(2 + 2 * value.len());
            output.put_slice(b"\\x");
            for byte in value {
                output.put_u8(DIGITS[usize::from(byte >> 4)]);
                output.put_u8(DIGITS[usize::from(byte & 15)]);
            }
        }
        Datum::Null
        | Datum::Float(_)
        | Datum::Numeric(_)
        | Datum::Date(_)
        | Datum::Time(_)
        | Datum::Timestamp(_)
        | Datum::Interval { .. }
        | Datum::Array(_) => {
            output.put_slice(shale_sql::datum::to_text(datum, sql_type).as_bytes());
        }
    }
}

/// Puts an integer in the width of a type, if it fits.
macro_rules! put_narrowed {
    ($output:ident, $value:ident, $width:ty) => {
        $output.put_slice(
            &<$width>::try_from(*$value)
                .map_err(|_| TypeConfusion)?
                .to_be_bytes(),
        )
    };
}

fn put_binary(
    output: &mut BytesMut,
    datum: &Datum,
    sql_type: &SqlType,
) -> Result<(), TypeConfusion> {
    match (sql_type, datum) {
        (SqlType::Bool, Datum::Bool(value)) => output.put_u8(u8::from(*value)),
        (SqlType::Int2, Datum::Int(value)) => put_narrowed!(output, value, i16),
        (SqlType::Int4, Datum::Int(value)) => put_narrowed!(output, value, i32),
        (SqlType::Int8, Datum::Int(value)) => output.put_i64(*value),
        (SqlType::Oid, Datum::Int(value)) => put_narrowed!(output, value, u32),
        (SqlType::Float4, Datum::Float(value)) => output.put_f32(*value as f32),
        (SqlType::Float8, Datum::Float(value)) => output.put_f64(*value),
        (SqlType::Numeric(declared), Datum::Numeric(value)) => {
            numeric::put_binary(output, *value, *declared);
        }
        (
            SqlType::Unknown
            | SqlType::Text
            | SqlType::Varchar(_)
            | SqlType::Char(_)
            | SqlType::Name,
            Datum::Text(value),
        ) => output.put_slice(value.as_bytes()),
        // "char" is one byte; PostgreSQL sends the first of a longer text.
        (SqlType::SingleChar, Datum::Text(value)) => {
            output.put_u8(value.as_bytes().first().copied().unwrap_or(0));
        }
        (SqlType::Uuid, Datum::Text(value)) => {
            output.put_slice(&uuid_bytes(value).ok_or(TypeConfusion)?);
        }
        (SqlType::Bytea, Datum::Bytes(value)) => output.put_slice(value),
        (SqlType::Date, Datum::Date(days)) => output.put_i32(*days),
        (SqlType::Time, Datum::Time(micros)) => output.put_i64(*micros),
        (SqlType::Timestamp | SqlType::TimestampTz, Datum::Timestamp(micros)) => {
            output.put_i64(*micros);
        }
        (
            SqlType::Interval,
            Datum::Interval {
                months,
                days,
                micros,
            },
        ) => {
            output.put_i64(*micros);
            output.put_i32(*days);
            output.put_i32(*months);
        }
        (SqlType::Json, Datum::Json(value)) => output.put_slice(value.as_bytes()),
        (SqlType::Jsonb, Datum::Json(value)) => {
            output.put_u8(JSONB_VERSION);
            output.put_slice(value.as_bytes());
        }
        (SqlType::Array(element), Datum::Array(values)) => put_array(output, element, values, 1)?,
        (SqlType::Vector(element), Datum::Array(values)) => put_array(output, element, values, 0)?,
        // Whatever a column of no type holds is sent as its text, which is the binary form of text.
        (SqlType::Unknown, _) => put_text(output, datum, sql_type),
        _ => return Err(TypeConfusion),
    }
    Ok(())
}

/// The first byte of binary jsonb.
pub(crate) const JSONB_VERSION: u8 = 1;

/// `dimensions | has NULL | element OID | (length | lower bound) per dimension | elements`
fn put_array(
    output: &mut BytesMut,
    element: &SqlType,
    values: &[Datum],
    lower_bound: i32,
) -> Result<(), TypeConfusion> {
    let has_null = values.iter().any(|value| matches!(value, Datum::Null));
    output.put_i32(i32::from(!values.is_empty()));
    output.put_i32(i32::from(has_null));
    output.put_u32(type_oid(element));
    if values.is_empty() {
        return Ok(());
    }
    output.put_i32(values.len() as i32);
    output.put_i32(lower_bound);
    for value in values {
        put_value(output, value, element, Format::Binary)?;
    }
    Ok(())
}

/// The bytes of a canonical UUID.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let high = char::from(digits.next()?).to_digit(16)?;
        let low = char::from(digits.next()?).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    digits.next().is_none().then_some(bytes)
}
