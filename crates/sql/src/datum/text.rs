//! Values from and to PostgreSQL's text formats.

use super::{array, json, number, time};
use crate::{Datum, SqlError, SqlType};
use bytes::Bytes;
use shale_item::{Number, NumberError};

fn invalid(sql_type: &SqlType, value: &str) -> SqlError {
    SqlError::InvalidText {
        type_name: sql_type.base_name().into(),
        value: value.into(),
    }
}

fn out_of_range(sql_type: &SqlType) -> SqlError {
    SqlError::OutOfRange {
        type_name: sql_type.base_name().into(),
    }
}

/// Parses the text form of a value.
///
/// # Errors
/// 22P02 (22007 for dates and times) for text that is no value of the type, 22003 out of range, 22001 too long.
pub fn parse_text(sql_type: &SqlType, text: &str) -> Result<Datum, SqlError> {
    Ok(match sql_type {
        SqlType::Bool => Datum::Bool(parse_bool(text).ok_or_else(|| invalid(sql_type, text))?),
        SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Oid => {
            Datum::Int(parse_int(sql_type, text)?)
        }
        SqlType::Float4 | SqlType::Float8 => Datum::Float(parse_float(sql_type, text)?),
        SqlType::Numeric(modifier) => match text.trim().parse::<Number>() {
            Ok(value) => Datum::Numeric(number::fit_numeric(value, *modifier)?),
            Err(NumberError::Invalid) if !is_not_finite(text) => {
                return Err(invalid(sql_type, text));
            }
            Err(_) => return Err(out_of_range(sql_type)),
        },
        SqlType::Unknown | SqlType::Text => Datum::Text(text.to_owned()),
        SqlType::Name | SqlType::SingleChar => Datum::Text(text.to_owned()),
        SqlType::Varchar(_) | SqlType::Char(_) => {
            return fit_text(text.to_owned(), sql_type, false);
        }
        SqlType::Bytea => Datum::Bytes(parse_bytea(text)?),
        SqlType::Uuid => match parse_uuid(text) {
            Some(value) => Datum::Text(value),
            None => return Err(invalid(sql_type, text)),
        },
        SqlType::Date => Datum::Date(time::parse_date(text)?),
        SqlType::Time => Datum::Time(time::parse_time(text)?),
        SqlType::Timestamp => Datum::Timestamp(time::parse_timestamp(text, false)?),
        SqlType::TimestampTz => Datum::Timestamp(time::parse_timestamp(text, true)?),
        SqlType::Interval => time::parse_interval(text)?,
        SqlType::Json | SqlType::Jsonb => Datum::Json(json::normalize_json(text)?),
        SqlType::Array(element) => array::parse(element, text)?,
        SqlType::Vector(element) => {
            let elements = text.split_whitespace();
            let elements = elements.map(|text| parse_text(element, text));
            Datum::Array(elements.collect::<Result<_, _>>()?)
        }
    })
}

/// The text form of a value; empty for NULL, which has none.
pub fn to_text(datum: &Datum, sql_type: &SqlType) -> String {
    match datum {
        Datum::Null => String::new(),
        Datum::Bool(value) => if *value { "t" } else { "f" }.to_owned(),
        Datum::Int(value) => value.to_string(),
        Datum::Float(value) => number::format_float(*value, *sql_type == SqlType::Float4),
        Datum::Numeric(value) => {
            let scale = match sql_type {
                SqlType::Numeric(Some((_, scale))) => usize::from(*scale),
                _ => 0,
            };
            number::format_number(*value, scale)
        }
        Datum::Text(value) | Datum::Json(value) => value.clone(),
        Datum::Bytes(value) => {
            let mut out = String::with_capacity(2 + 2 * value.len());
            out.push_str("\\x");
            for byte in value {
                out.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
                out.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
            }
            out
        }
        Datum::Date(days) => time::format_date(*days),
        Datum::Time(micros) => time::format_time(*micros),
        Datum::Timestamp(micros) => {
            time::format_timestamp(*micros, *sql_type == SqlType::TimestampTz)
        }
        Datum::Interval {
            months,
            days,
            micros,
        } => time::format_interval(*months, *days, *micros),
        Datum::Array(elements) => match sql_type {
            SqlType::Vector(element) => {
                let texts: Vec<String> = elements.iter().map(|one| to_text(one, element)).collect();
                texts.join(" ")
            }
            other => array::format(other.element().unwrap_or(&SqlType::Text), elements),
        },
    }
}

/// Casts a value to a type as an assignment does: numbers are rounded and checked for range, texts are parsed, lengths are checked.
///
/// # Errors
/// As [`parse_text`]; 42804 where PostgreSQL has no assignment cast.
pub fn coerce(datum: Datum, sql_type: &SqlType) -> Result<Datum, SqlError> {
    Ok(match (datum, sql_type) {
        (Datum::Null, _) => Datum::Null,
        (datum, SqlType::Unknown) => datum,
        (Datum::Bool(value), SqlType::Bool) => Datum::Bool(value),
        (Datum::Int(value), SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Oid) => {
            check_int(sql_type, value)?;
            Datum::Int(value)
        }
        (Datum::Int(value), SqlType::Float4 | SqlType::Float8) => Datum::Float(value as f64),
        (Datum::Int(value), SqlType::Numeric(modifier)) => {
            Datum::Numeric(number::fit_numeric(Number::from(value), *modifier)?)
        }
        (Datum::Numeric(value), SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Oid) => {
            let rounded = value.rounded(0).to_i64();
            let rounded = rounded.ok_or_else(|| out_of_range(sql_type))?;
            check_int(sql_type, rounded)?;
            Datum::Int(rounded)
        }
        (Datum::Numeric(value), SqlType::Float4 | SqlType::Float8) => {
            Datum::Float(fit_float(value.to_f64(), sql_type)?)
        }
        (Datum::Numeric(value), SqlType::Numeric(modifier)) => {
            Datum::Numeric(number::fit_numeric(value, *modifier)?)
        }
        (Datum::Float(value), SqlType::Float4 | SqlType::Float8) => {
            Datum::Float(fit_float(value, sql_type)?)
        }
        (Datum::Float(value), SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Oid) => {
            let rounded = value.round_ties_even();
            if !(-9.2e18..9.2e18).contains(&rounded) {
                return Err(out_of_range(sql_type));
            }
            check_int(sql_type, rounded as i64)?;
            Datum::Int(rounded as i64)
        }
        (Datum::Float(value), SqlType::Numeric(modifier)) => match Number::from_f64(value) {
            Ok(value) => Datum::Numeric(number::fit_numeric(value, *modifier)?),
            Err(_) => return Err(out_of_range(sql_type)),
        },
        (Datum::Text(text), SqlType::Varchar(_) | SqlType::Char(_)) => {
            fit_text(text, sql_type, false)?
        }
        (Datum::Text(text), SqlType::Text | SqlType::Name | SqlType::SingleChar) => {
            Datum::Text(text)
        }
        (Datum::Text(text), other) => parse_text(other, &text)?,
        (Datum::Json(text), SqlType::Json | SqlType::Jsonb) => Datum::Json(text),
        (Datum::Bytes(bytes), SqlType::Bytea) => Datum::Bytes(bytes),
        (Datum::Date(days), SqlType::Date) => Datum::Date(days),
        (Datum::Date(days), SqlType::Timestamp | SqlType::TimestampTz) => {
            Datum::Timestamp(i64::from(days) * time::MICROS_PER_DAY)
        }
        (Datum::Timestamp(micros), SqlType::Timestamp | SqlType::TimestampTz) => {
            Datum::Timestamp(micros)
        }
        (Datum::Timestamp(micros), SqlType::Date) => {
            Datum::Date(micros.div_euclid(time::MICROS_PER_DAY) as i32)
        }
        (Datum::Timestamp(micros), SqlType::Time) => {
            Datum::Time(micros.rem_euclid(time::MICROS_PER_DAY))
        }
        (Datum::Time(micros), SqlType::Time) => Datum::Time(micros),
        (datum @ Datum::Interval { .. }, SqlType::Interval) => datum,
        (Datum::Array(elements), SqlType::Array(element) | SqlType::Vector(element)) => {
            Datum::Array(
                elements
                    .into_iter()
                    .map(|datum| coerce(datum, element))
                    .collect::<Result<_, _>>()?,
            )
        }
        (datum, text) if text.is_text() => {
            let own = natural_type(&datum);
            let printed = match datum {
                Datum::Bool(value) => value.to_string(),
                _ => to_text(&datum, &own),
            };
            fit_text(printed, text, false)?
        }
        (datum, other) => {
            return Err(SqlError::DatatypeMismatch {
                message: format!(
                    "a value of type {} cannot be assigned to type {}",
                    natural_type(&datum).name(),
                    other.name()
                ),
                position: None,
            });
        }
    })
}

/// The type that a value shows by itself.
pub(crate) fn natural_type(datum: &Datum) -> SqlType {
    match datum {
        Datum::Null => SqlType::Unknown,
        Datum::Bool(_) => SqlType::Bool,
        Datum::Int(_) => SqlType::Int8,
        Datum::Float(_) => SqlType::Float8,
        Datum::Numeric(_) => SqlType::Numeric(None),
        Datum::Text(_) => SqlType::Text,
        Datum::Bytes(_) => SqlType::Bytea,
        Datum::Date(_) => SqlType::Date,
        Datum::Time(_) => SqlType::Time,
        Datum::Timestamp(_) => SqlType::TimestampTz,
        Datum::Interval { .. } => SqlType::Interval,
        Datum::Json(_) => SqlType::Jsonb,
        Datum::Array(elements) => SqlType::Array(Box::new(
            elements
                .iter()
                .map(natural_type)
                .find(|sql_type| *sql_type != SqlType::Unknown)
                .unwrap_or(SqlType::Text),
        )),
    }
}

/// Checks varchar(n) and char(n): spaces beyond the length are cut, other characters are an error (with `cut`, as an explicit cast does,
/// they are cut as well). char(n) is padded.
pub(crate) fn fit_text(text: String, sql_type: &SqlType, cut: bool) -> Result<Datum, SqlError> {
    let (length, pad) = match sql_type {
        SqlType::Varchar(Some(length)) => (*length as usize, false),
        SqlType::Char(Some(length)) => (*length as usize, true),
        _ => return Ok(Datum::Text(text)),
    };
    let mut text = text;
    // Bytes are never fewer than characters, so that most texts need no count.
    if text.len() > length
        && let Some((end, _)) = text.char_indices().nth(length)
    {
        if !cut && text[end..].chars().any(|character| character != ' ') {
            return Err(SqlError::TooLong {
                type_name: sql_type.name(),
            });
        }
        text.truncate(end);
    }
    if pad {
        let missing = length.saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n(' ', missing));
    }
    Ok(Datum::Text(text))
}

fn check_int(sql_type: &SqlType, value: i64) -> Result<(), SqlError> {
    let fits = match sql_type {
        SqlType::Int2 => i16::try_from(value).is_ok(),
        SqlType::Int4 => i32::try_from(value).is_ok(),
        SqlType::Oid => u32::try_from(value).is_ok(),
        _ => true,
    };
    if fits {
        Ok(())
    } else {
        Err(out_of_range(sql_type))
    }
}

/// NaN and the infinities, which PostgreSQL's numeric has.
fn is_not_finite(text: &str) -> bool {
    text.trim()
        .parse::<f64>()
        .is_ok_and(|value| !value.is_finite())
}

fn parse_int(sql_type: &SqlType, text: &str) -> Result<i64, SqlError> {
    let trimmed = text.trim();
    match trimmed.parse::<i64>() {
        Ok(value) => {
            check_int(sql_type, value)?;
            Ok(value)
        }
        Err(_) => {
            let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                Err(out_of_range(sql_type))
            } else {
                Err(invalid(sql_type, text))
            }
        }
    }
}

fn parse_float(sql_type: &SqlType, text: &str) -> Result<f64, SqlError> {
    let trimmed = text.trim();
    let value: f64 = trimmed.parse().map_err(|_| invalid(sql_type, text))?;
    let named_infinity = trimmed.to_ascii_lowercase().contains("inf");
    if value.is_infinite() && !named_infinity {
        return Err(out_of_range(sql_type));
    }
    fit_float(value, sql_type)
}

fn fit_float(value: f64, sql_type: &SqlType) -> Result<f64, SqlError> {
    if *sql_type != SqlType::Float4 {
        return Ok(value);
    }
    let single = value as f32;
    if single.is_infinite() && value.is_finite() {
        return Err(out_of_range(sql_type));
    }
    Ok(f64::from(single))
}

/// PostgreSQL takes every unambiguous beginning of true, false, yes, no, on, off, and 1 and 0.
fn parse_bool(text: &str) -> Option<bool> {
    let word = text.trim().to_ascii_lowercase();
    let begins = |full: &str, least: usize| word.len() >= least && full.starts_with(&word);
    if word == "1" || begins("true", 1) || begins("yes", 1) || word == "on" {
        Some(true)
    } else if word == "0" || begins("false", 1) || begins("no", 1) || begins("off", 2) {
        Some(false)
    } else {
        None
    }
}

fn parse_uuid(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let braced = trimmed
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    uuid::Uuid::try_parse(braced.unwrap_or(trimmed))
        .ok()
        .map(|value| value.hyphenated().to_string())
}

/// `\\x` and hexadecimal digits, or text in which `\\ooo` is a byte and `\\\\` a backslash.
fn parse_bytea(text: &str) -> Result<Bytes, SqlError> {
    match text.strip_prefix("\\x") {
        Some(digits) => parse_hex(digits).map(Bytes::from),
        None => parse_escaped(text)
            .map(Bytes::from)
            .ok_or_else(|| invalid(&SqlType::Bytea, text)),
    }
}

fn parse_hex(digits: &str) -> Result<Vec<u8>, SqlError> {
    let wrong = |message: String| SqlError::Other {
        sqlstate: "22023",
        message,
        hint: None,
    };
    let mut nibbles = Vec::with_capacity(digits.len());
    for digit in digits.chars().filter(|c| !c.is_ascii_whitespace()) {
        match digit.to_digit(16) {
            Some(nibble) => nibbles.push(nibble as u8),
            None => return Err(wrong(format!("invalid hexadecimal digit: \"{digit}\""))),
        }
    }
    if !nibbles.len().is_multiple_of(2) {
        return Err(wrong(
            "invalid hexadecimal data: odd number of digits".into(),
        ));
    }
    Ok(nibbles
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

fn parse_escaped(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'\\' => out.push(b'\\'),
            first @ b'0'..=b'3' => {
                let octal = |digit: u8| (b'0'..=b'7').contains(&digit).then(|| digit - b'0');
                let second = octal(bytes.next()?)?;
                let third = octal(bytes.next()?)?;
                out.push((first - b'0') << 6 | second << 3 | third);
            }
            _ => return None,
        }
    }
    Some(out)
}
