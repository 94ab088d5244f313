//! Casts that are more than a change of representation: to oid types, json, uuid, limited strings, arrays and times written as text.

use super::arrays::{array_literal, string_literal};
use super::compat::{strip_schema, take};
use super::{call, function_name, text};
use crate::functions::{REG_IN, REG_OUT};
use crate::types::DECIMAL_DIGITS_MAX;
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CastKind, CharacterLength, DataType, ExactNumberInfo, Expr,
    Interval, TimezoneInfo, Value,
};
use shale_item::Number;
use shale_sql::datum::{format_number, parse_text, to_text};
use shale_sql::{Datum, SqlError, SqlType};

/// The type of an interval without fields.
pub(super) const INTERVAL: DataType = DataType::Interval {
    fields: None,
    precision: None,
};

/// A constant of a type whose text form Arrow does not read as PostgreSQL does: read here, and written as Arrow does.
pub(super) fn constant(value: &Expr, data_type: &DataType) -> Result<Option<Expr>, SqlError> {
    if let Some(digits) = number_literal(value)
        && matches!(data_type, DataType::Real | DataType::Float4)
        && digits.parse::<f32>().is_ok_and(f32::is_infinite)
    {
        return Err(out_of_range(&SqlType::Float4));
    }
    let Some(written) = string_literal(value) else {
        return Ok(None);
    };
    let sql_type = match data_type {
        DataType::Bytea => SqlType::Bytea,
        DataType::Boolean | DataType::Bool => SqlType::Bool,
        DataType::SmallInt(None) | DataType::Int2(None) => SqlType::Int2,
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => SqlType::Int4,
        DataType::BigInt(None) | DataType::Int8(None) => SqlType::Int8,
        DataType::Real | DataType::Float4 => SqlType::Float4,
        DataType::DoublePrecision | DataType::Float8 => SqlType::Float8,
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => {
            SqlType::from_ast(data_type)?
        }
        DataType::Date => SqlType::Date,
        DataType::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => SqlType::Time,
        DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            SqlType::Timestamp
        }
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            SqlType::TimestampTz
        }
        DataType::Interval { .. } => SqlType::Interval,
        _ => return Ok(None),
    };
    if let Some(moment) = special_moment(written, &sql_type) {
        return Ok(Some(plain_cast(moment, data_type.clone())));
    }
    let parsed = parse_text(&sql_type, written)?;
    let canonical = match &parsed {
        Datum::Bytes(_) => {
            let written = to_text(&parsed, &sql_type);
            let digits = written.strip_prefix("\\x").unwrap_or_default();
            return Ok(Some(call("decode", [text(digits), text("hex")])));
        }
        Datum::Numeric(number) if sql_type == SqlType::Numeric(None) => {
            return plain_number(&format_number(*number, 0)).map(Some);
        }
        Datum::Interval {
            months,
            days,
            micros,
        } => {
            let nanoseconds = i128::from(*micros) * 1_000;
            let value = format!("{months} months {days} days {nanoseconds} nanoseconds");
            return Ok(Some(Expr::Interval(Interval {
                value: Box::new(text(value)),
                leading_field: None,
                leading_precision: None,
                last_field: None,
                fractional_seconds_precision: None,
            })));
        }
        other => to_text(other, &sql_type),
    };
    Ok(Some(plain_cast(text(canonical), data_type.clone())))
}

/// `'now'` and its like, which are read when the statement runs.
fn special_moment(written: &str, sql_type: &SqlType) -> Option<Expr> {
    let word = written.trim().to_ascii_lowercase();
    let now = || call("now", []);
    let with_date = matches!(
        sql_type,
        SqlType::Date | SqlType::Timestamp | SqlType::TimestampTz
    );
    let days = match word.as_str() {
        "now" if with_date || *sql_type == SqlType::Time => return Some(now()),
        "epoch" if with_date => return Some(plain_cast(text("1970-01-01"), DataType::Date)),
        "today" => 0,
        "tomorrow" => 1,
        "yesterday" => -1,
        _ => return None,
    };
    with_date.then(|| Expr::BinaryOp {
        left: Box::new(plain_cast(now(), DataType::Date)),
        op: BinaryOperator::Plus,
        right: Box::new(super::compat::number(&days.to_string())),
    })
}

/// The type of timestamps, with time zone or without.
fn timestamp(zone: TimezoneInfo) -> DataType {
    DataType::Timestamp(None, zone)
}

/// `localtimestamp`, `current_timestamp(0)` and the like; `None` for what DataFusion has.
///
/// # Errors
/// 0A000 for a precision that is no number of digits behind the second.
pub(super) fn current_moment(
    name: &str,
    precision: Option<&Expr>,
) -> Result<Option<Expr>, SqlError> {
    let data_type = match name {
        "current_timestamp" if precision.is_some() => timestamp(TimezoneInfo::WithTimeZone),
        "localtimestamp" => timestamp(TimezoneInfo::None),
        "localtime" => DataType::Time(None, TimezoneInfo::None),
        _ => return Ok(None),
    };
    let now = plain_cast(call("now", []), data_type);
    Ok(Some(match precision.map(ToString::to_string).as_deref() {
        None | Some("6") => now,
        // PostgreSQL rounds to the precision.
        Some(digits @ ("0" | "1" | "2" | "3" | "4" | "5")) => {
            call("shale_round_time", [now, super::compat::number(digits)])
        }
        Some(other) => {
            return Err(SqlError::NotSupported {
                feature: format!("{name}({other})"),
                hint: Some("The precision is 0 to 6.".to_owned()),
            });
        }
    }))
}

/// A number that is no bigint: exact where a decimal holds it, else as double precision.
///
/// # Errors
/// 22003 where neither does.
pub(super) fn plain_number(number: &str) -> Result<Expr, SqlError> {
    let digits_max = usize::from(DECIMAL_DIGITS_MAX);
    match number.parse::<Number>() {
        Ok(parsed)
            if usize::from(parsed.digits().0) + usize::from(parsed.digits().1) <= digits_max =>
        {
            let digits = format_number(parsed, 0);
            if digits.contains('.') || digits.parse::<i64>().is_ok() {
                return Ok(Expr::Value(Value::Number(digits, false).with_empty_span()));
            }
            // DataFusion would take it for an unsigned integer.
            let whole = ExactNumberInfo::PrecisionAndScale(u64::from(DECIMAL_DIGITS_MAX), 0);
            Ok(plain_cast(text(digits), DataType::Numeric(whole)))
        }
        Ok(_) => Ok(plain_cast(text(number), DataType::DoublePrecision)),
        Err(_) => Err(out_of_range(&SqlType::Numeric(None))),
    }
}

fn out_of_range(sql_type: &SqlType) -> SqlError {
    SqlError::OutOfRange {
        type_name: sql_type.name(),
    }
}

/// The digits of a number.
fn number_literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(digits),
            _ => None,
        },
        Expr::Nested(inner) => number_literal(inner),
        _ => None,
    }
}

/// Casts that are not a change of representation: to oid types, json, uuid, limited strings, arrays written as text.
pub(super) fn cast(inner: &mut Box<Expr>, data_type: &mut DataType) -> Option<Expr> {
    if let Some(kind) = registered_type(data_type) {
        let (_, function) = REG_IN.iter().find(|(name, _)| *name == kind)?;
        return Some(call(function, [take(inner)]));
    }
    match data_type {
        DataType::JSONB => Some(call("shale_jsonb_in", [take(inner)])),
        DataType::JSON => Some(call("shale_json_in", [take(inner)])),
        DataType::Uuid => Some(call("shale_uuid_in", [take(inner)])),
        DataType::Varchar(Some(length))
        | DataType::CharacterVarying(Some(length))
        | DataType::CharVarying(Some(length))
        | DataType::Char(Some(length))
        | DataType::Character(Some(length)) => {
            let CharacterLength::IntegerLength { length, .. } = length else {
                return None;
            };
            let length = Expr::Value(Value::Number(length.to_string(), false).with_empty_span());
            Some(call(
                "left",
                [plain_cast(take(inner), DataType::Text), length],
            ))
        }
        DataType::Array(element) => {
            let array = array_literal(inner)?;
            strip_element_schema(element);
            Some(plain_cast(array, data_type.clone()))
        }
        _ if is_text(data_type) && is_registered(inner) => {
            let mut printed = take(inner);
            print_registered(&mut printed);
            Some(printed)
        }
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            strip_schema(name);
            // Qualified names of types come as custom types.
            let name = name.0.first().and_then(|part| part.as_ident())?;
            let builtin = match name.value.to_lowercase().as_str() {
                "jsonb" => DataType::JSONB,
                "json" => DataType::JSON,
                "uuid" => DataType::Uuid,
                _ => return None,
            };
            let mut builtin = builtin;
            cast(inner, &mut builtin)
        }
        _ => None,
    }
}

pub(super) fn plain_cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

fn strip_element_schema(element: &mut ArrayElemTypeDef) {
    if let ArrayElemTypeDef::SquareBracket(element, _) | ArrayElemTypeDef::AngleBracket(element) =
        element
        && let DataType::Custom(name, _) = element.as_mut()
    {
        strip_schema(name);
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) => true,
        DataType::Custom(name, _) => {
            name.0
                .last()
                .and_then(|part| part.as_ident())
                .is_some_and(|ident| {
                    matches!(
                        ident.value.to_lowercase().as_str(),
                        "text" | "varchar" | "name"
                    )
                })
        }
        _ => false,
    }
}

/// `regclass` and its relatives.
fn registered_type(data_type: &DataType) -> Option<&'static str> {
    let name = match data_type {
        DataType::Regclass => "regclass".to_owned(),
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            name.0.last()?.as_ident()?.value.to_lowercase()
        }
        _ => return None,
    };
    REG_IN
        .iter()
        .find(|(kind, _)| *kind == name)
        .map(|(kind, _)| *kind)
}

/// `to_regclass` and its like: the kind of oid that a function gives.
fn looks_up(name: &str) -> Option<&'static str> {
    let kind = name.strip_prefix("to_")?;
    let found = REG_IN.iter().find(|(known, _)| *known == kind);
    found.map(|(kind, _)| *kind)
}

fn is_registered(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            let name = function_name(function);
            REG_IN.iter().any(|(_, reader)| *reader == name) || looks_up(&name).is_some()
        }
        Expr::Nested(inner) => is_registered(inner),
        _ => false,
    }
}

/// Where a value of an oid type is shown, its name is.
pub(super) fn print_registered(expr: &mut Expr) {
    if let Expr::Nested(inner) = expr {
        return print_registered(inner);
    }
    let Expr::Function(function) = &*expr else {
        return;
    };
    let name = function_name(function);
    let position = REG_IN
        .iter()
        .position(|(kind, reader)| *reader == name || looks_up(&name) == Some(*kind));
    let Some(position) = position else {
        return;
    };
    let inner = std::mem::replace(expr, Expr::Value(Value::Null.with_empty_span()));
    *expr = call(REG_OUT[position].1, [inner]);
}
