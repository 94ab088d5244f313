//! Values from and to attributes.
//!
//! Reading is lenient: an attribute whose type does not fit the column is cast if nothing is lost, else it reads as NULL (and stays
//! visible in `_item`). Writing is strict.

use super::{json, number, text, time};
use crate::{Datum, SqlError, SqlType};
use shale_item::{AttributeValue, ItemView, Number, ValueView};

/// Reads an attribute as a value of a column's type.
pub fn value_to_datum(value: ValueView<'_>, sql_type: &SqlType) -> Datum {
    match (value, sql_type) {
        (ValueView::Null, SqlType::Json | SqlType::Jsonb) => Datum::Null,
        (ValueView::Null, _) => Datum::Null,
        (_, SqlType::Json | SqlType::Jsonb) => Datum::Json(value_to_json(value)),
        (ValueView::S(text), _) => string_to_datum(text, sql_type),
        (ValueView::N(number), _) => number_to_datum(number, sql_type),
        (ValueView::Bool(value), SqlType::Bool) => Datum::Bool(value),
        (ValueView::B(bytes), SqlType::Bytea) => Datum::Bytes(bytes.to_vec().into()),
        (ValueView::L(list), SqlType::Array(element)) => elements(list.iter(), element),
        (ValueView::Ss(set) | ValueView::Ns(set) | ValueView::Bs(set), SqlType::Array(element)) => {
            elements(set.iter(), element)
        }
        (ValueView::B(_), _) => Datum::Null,
        (ValueView::Bool(value), other) if other.is_text() => {
            lenient_text(value.to_string(), other)
        }
        (_, SqlType::Text | SqlType::Unknown) => Datum::Text(value_to_json(value)),
        _ => Datum::Null,
    }
}

fn elements<'a>(values: impl Iterator<Item = ValueView<'a>>, element: &SqlType) -> Datum {
    let mut out = Vec::new();
    for value in values {
        let datum = value_to_datum(value, element);
        if matches!(datum, Datum::Null) && !matches!(value, ValueView::Null) {
            return Datum::Null;
        }
        out.push(datum);
    }
    Datum::Array(out)
}

fn lenient_text(value: String, sql_type: &SqlType) -> Datum {
    text::fit_text(value, sql_type, false).unwrap_or(Datum::Null)
}

fn string_to_datum(value: &str, sql_type: &SqlType) -> Datum {
    match sql_type {
        SqlType::Text | SqlType::Unknown | SqlType::Name | SqlType::SingleChar => {
            Datum::Text(value.to_owned())
        }
        SqlType::Varchar(_) | SqlType::Char(_) => lenient_text(value.to_owned(), sql_type),
        SqlType::Numeric(modifier) => match value.trim().parse::<Number>() {
            Ok(number) => exact_numeric(number, *modifier),
            Err(_) => Datum::Null,
        },
        SqlType::Bytea | SqlType::Array(_) | SqlType::Vector(_) => Datum::Null,
        other => text::parse_text(other, value).unwrap_or(Datum::Null),
    }
}

fn exact_numeric(number: Number, modifier: Option<(u8, u8)>) -> Datum {
    match number::fit_numeric(number, modifier) {
        Ok(fitted) if fitted == number => Datum::Numeric(number),
        _ => Datum::Null,
    }
}

fn number_to_datum(number: Number, sql_type: &SqlType) -> Datum {
    match sql_type {
        SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Oid => match number.to_i64() {
            Some(value) => text::coerce(Datum::Int(value), sql_type).unwrap_or(Datum::Null),
            None => Datum::Null,
        },
        SqlType::Float8 => Datum::Float(number.to_f64()),
        SqlType::Float4 => Datum::Float(f64::from(number.to_f64() as f32)),
        SqlType::Numeric(modifier) => exact_numeric(number, *modifier),
        other if other.is_text() || *other == SqlType::Unknown => {
            lenient_text(number::format_number(number, 0), other)
        }
        _ => Datum::Null,
    }
}

/// The attribute that stores a value in a column of that type; `None` for NULL, which is an absent attribute. With
/// [`SqlType::Unknown`] the value's own type decides.
///
/// # Errors
/// 22003, 22001, 22P02 as [`super::coerce`]; 22003 for NaN and infinities; 0A000 for intervals.
pub fn datum_to_attribute(
    datum: &Datum,
    sql_type: &SqlType,
) -> Result<Option<AttributeValue>, SqlError> {
    // The two that every key is made of need neither cast nor copy.
    match (datum, sql_type) {
        (Datum::Null, _) => return Ok(None),
        (Datum::Text(value), SqlType::Text | SqlType::Unknown) => {
            return Ok(Some(AttributeValue::S(value.clone())));
        }
        (Datum::Int(value), SqlType::Int8 | SqlType::Unknown | SqlType::Numeric(None)) => {
            return Ok(Some(AttributeValue::N(Number::from(*value))));
        }
        _ => {}
    }
    let fitted = text::coerce(datum.clone(), sql_type)?;
    store(fitted, sql_type).map(Some)
}

fn store(datum: Datum, sql_type: &SqlType) -> Result<AttributeValue, SqlError> {
    let out_of_range = || SqlError::OutOfRange {
        type_name: sql_type.base_name().into(),
    };
    Ok(match datum {
        Datum::Null => AttributeValue::Null,
        Datum::Bool(value) => AttributeValue::Bool(value),
        Datum::Int(value) => AttributeValue::N(Number::from(value)),
        Datum::Float(value) if *sql_type == SqlType::Float4 && value.is_finite() => {
            // The shortest digits of the single, not those of the double that it widens to.
            let shortest = (value as f32).to_string();
            AttributeValue::N(shortest.parse().map_err(|_| out_of_range())?)
        }
        Datum::Float(value) => {
            AttributeValue::N(Number::from_f64(value).map_err(|_| out_of_range())?)
        }
        Datum::Numeric(value) => AttributeValue::N(value),
        // char(n) is stored without its padding: so the order of keys is that of PostgreSQL's comparison.
        Datum::Text(value) if matches!(sql_type, SqlType::Char(_)) => {
            AttributeValue::S(value.trim_end_matches(' ').to_owned())
        }
        Datum::Text(value) => AttributeValue::S(value),
        Datum::Bytes(value) => AttributeValue::B(value),
        Datum::Date(days) => AttributeValue::S(time::date_to_iso(days)),
        Datum::Time(micros) => AttributeValue::S(fixed_time(micros)),
        Datum::Timestamp(micros) if time::in_range(micros) => {
            AttributeValue::S(time::timestamp_to_iso(micros))
        }
        Datum::Timestamp(_) => return Err(out_of_range()),
        Datum::Interval { .. } => {
            return Err(SqlError::NotSupported {
                feature: "storing an interval".into(),
                hint: Some("Store a number of seconds, or two timestamps.".into()),
            });
        }
        Datum::Json(value) => json::json_to_attribute(&value)?,
        Datum::Array(elements) => {
            let element = match sql_type {
                SqlType::Array(element) => element.as_ref().clone(),
                _ => SqlType::Unknown,
            };
            AttributeValue::L(
                elements
                    .into_iter()
                    .map(|datum| store(datum, &element))
                    .collect::<Result<_, _>>()?,
            )
        }
    })
}

/// The stored form of a time: six fraction digits, so that order holds.
fn fixed_time(micros: i64) -> String {
    let mut out = time::format_time(micros - micros % 1_000_000);
    out.push_str(&format!(".{:06}", micros % 1_000_000));
    out
}

/// A value as PostgreSQL prints jsonb: spaces behind `:` and `,`, shorter keys first; B as base64, sets as arrays.
pub fn value_to_json(value: ValueView<'_>) -> String {
    let mut out = String::new();
    write_json(value, &mut out);
    out
}

/// A whole item as [`value_to_json`] prints a map: the column `_item`.
pub fn item_to_json(item: ItemView<'_>) -> String {
    let mut out = String::new();
    write_members(item.iter().collect(), &mut out);
    out
}

fn write_json(value: ValueView<'_>, out: &mut String) {
    match value {
        ValueView::S(text) => write_string(text, out),
        ValueView::N(number) => out.push_str(&number::format_number(number, 0)),
        ValueView::B(bytes) => {
            out.push('"');
            write_base64(bytes, out);
            out.push('"');
        }
        ValueView::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        ValueView::Null => out.push_str("null"),
        ValueView::M(map) => write_members(map.iter().collect(), out),
        ValueView::L(list) => write_elements(list.iter(), out),
        ValueView::Ss(set) | ValueView::Ns(set) | ValueView::Bs(set) => {
            write_elements(set.iter(), out);
        }
    }
}

fn write_members(mut members: Vec<(&str, ValueView<'_>)>, out: &mut String) {
    members.sort_by(|(left, _), (right, _)| (left.len(), left).cmp(&(right.len(), right)));
    out.push('{');
    for (position, (name, value)) in members.into_iter().enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        write_string(name, out);
        out.push_str(": ");
        write_json(value, out);
    }
    out.push('}');
}

fn write_elements<'a>(values: impl Iterator<Item = ValueView<'a>>, out: &mut String) {
    out.push('[');
    for (position, value) in values.enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        write_json(value, out);
    }
    out.push(']');
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn write_base64(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        for position in 0..4 {
            if position <= chunk.len() {
                let digit = bits >> (18 - 6 * position) & 63;
                out.push(char::from(DIGITS[digit as usize]));
            } else {
                out.push('=');
            }
        }
    }
}
