//! Numbers as PostgreSQL prints and rounds them.

use crate::{SqlError, SqlType};
use shale_item::Number;

/// A number in plain decimal notation, with at least `scale` digits behind the point.
pub fn format_number(number: Number, scale: usize) -> String {
    let (negative, digits, point) = decompose(number);
    let mut out = String::with_capacity(digits.len() + 8);
    if negative {
        out.push('-');
    }
    let length = digits.len() as i32;
    if point <= 0 {
        out.push('0');
    } else {
        let whole = point.min(length) as usize;
        out.push_str(&digits[..whole]);
        out.extend(std::iter::repeat_n('0', (point - whole as i32) as usize));
    }
    let mut fraction = String::new();
    if point < length {
        fraction.extend(std::iter::repeat_n('0', (-point).max(0) as usize));
        fraction.push_str(&digits[point.max(0) as usize..]);
    }
    while fraction.len() < scale {
        fraction.push('0');
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(&fraction);
    }
    out
}

/// Sign, significant digits (none for zero) and the position of the decimal point counted from the first digit.
fn decompose(number: Number) -> (bool, String, i32) {
    let (negative, coefficient, exponent) = number.parts();
    if coefficient == 0 {
        return (false, String::new(), 0);
    }
    let digits = coefficient.to_string();
    let point = digits.len() as i32 + i32::from(exponent);
    (negative, digits, point)
}

/// Rounds to the scale of `numeric(p, s)` and checks the precision.
///
/// # Errors
/// 22003 if the rounded number has more than `p - s` digits before the point.
pub fn fit_numeric(number: Number, modifier: Option<(u8, u8)>) -> Result<Number, SqlError> {
    let Some((precision @ 1.., scale)) = modifier else {
        return Ok(number);
    };
    let rounded = number.rounded(scale);
    let (_, digits, point) = decompose(rounded);
    if !digits.is_empty() && point > i32::from(precision) - i32::from(scale) {
        return Err(SqlError::OutOfRange {
            type_name: SqlType::Numeric(modifier).name(),
        });
    }
    Ok(rounded)
}

/// A double (or, with `single`, a float4) as PostgreSQL prints it: the shortest digits that read back, in scientific notation outside
/// 1E-4 … 1E15 (float4: 1E6).
pub(crate) fn format_float(value: f64, single: bool) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.into();
    }
    let scientific = if single {
        format!("{:e}", value as f32)
    } else {
        format!("{value:e}")
    };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let fixed_below = if single { 6 } else { 15 };
    if !(-4..fixed_below).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    if single {
        format!("{}", value as f32)
    } else {
        format!("{value}")
    }
}
