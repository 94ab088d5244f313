//! Functions over numbers, and bits of bytes, that DataFusion lacks or gives another type.
//!
//! Roots, powers and logarithms of numerics are computed as doubles and have 15 significant digits; PostgreSQL has more.

use super::number_format;
use super::typed::{Type, Typed, Variant, data_exception, typed, variant};
use shale_item::Number;
use shale_sql::{Datum, SqlError, SqlType};

use Type::{Any, Bytea, Float8, Int4, Int8, Numeric, Text};

/// Digits behind the point that quotients are cut from.
const SCALE: u8 = 16;
/// Digits of a double that are not rounding.
const SIGNIFICANT_DIGITS: usize = 15;
/// Largest argument of `factorial` whose result has no more than 38 digits.
const FACTORIAL_MAX: i64 = 33;

pub(super) static FUNCTIONS: &[Typed] = &[
    typed(
        "sign",
        &[
            variant(&[Float8], Float8, |row| {
                let value = float(&row[0]);
                let sign = if value == 0.0 { 0.0 } else { value.signum() };
                Ok(Datum::Float(sign))
            }),
            variant(&[Numeric], Numeric, |row| {
                let value = number(&row[0]);
                let sign = match (value.is_zero(), value.is_negative()) {
                    (true, _) => 0,
                    (_, true) => -1,
                    _ => 1,
                };
                Ok(Datum::Numeric(Number::from(sign)))
            }),
        ],
    ),
    typed("div", &[variant(&[Numeric, Numeric], Numeric, div)]),
    typed(
        "gcd",
        &[
            variant(&[Int4, Int4], Int4, greatest_divisor),
            variant(&[Int8, Int8], Int8, greatest_divisor),
        ],
    ),
    typed(
        "lcm",
        &[
            variant(&[Int4, Int4], Int4, |row| {
                least_multiple(row, i64::from(i32::MAX), SqlType::Int4)
            }),
            variant(&[Int8, Int8], Int8, |row| {
                least_multiple(row, i64::MAX, SqlType::Int8)
            }),
        ],
    ),
    typed("factorial", &[variant(&[Int8], Numeric, factorial)]),
    typed(
        "min_scale",
        &[variant(&[Numeric], Int4, |row| {
            let (_, fraction) = number(&row[0]).digits();
            Ok(Datum::Int(fraction.into()))
        })],
    ),
    // A value without zeros at its end is what is stored anyway.
    typed(
        "trim_scale",
        &[variant(&[Numeric], Numeric, |row| Ok(row[0].clone()))],
    ),
    typed(
        "width_bucket",
        &[
            variant(&[Numeric, Numeric, Numeric, Int4], Int4, width_bucket),
            variant(&[Float8, Float8, Float8, Int4], Int4, width_bucket),
        ],
    ),
    typed(
        "shale_round",
        &[variant(&[Float8], Float8, |row| {
            Ok(Datum::Float(float(&row[0]).round_ties_even()))
        })],
    ),
    typed(
        "to_number",
        &[variant(&[Text, Text], Numeric, |row| {
            number_format::read(text(&row[0]), text(&row[1])).map(Datum::Numeric)
        })],
    ),
    typed(
        "shale_exp",
        &[variant(&[Float8], Float8, |row| {
            finite(float(&row[0]).exp(), &row[..1])
        })],
    ),
    typed(
        "shale_ln",
        &[variant(&[Float8], Float8, |row| {
            Ok(Datum::Float(positive(&row[0])?.ln()))
        })],
    ),
    typed(
        "shale_log",
        &[variant(&[Float8], Float8, |row| {
            Ok(Datum::Float(positive(&row[0])?.log10()))
        })],
    ),
    typed(
        "shale_power",
        &[variant(&[Float8, Float8], Float8, |row| {
            check_power(float(&row[0]), float(&row[1]))?;
            finite(float(&row[0]).powf(float(&row[1])), row)
        })],
    ),
    typed(
        "shale_numeric_sqrt",
        &[variant(&[Numeric], Numeric, |row| {
            let value = float(&row[0]);
            if value < 0.0 {
                return Err(data_exception(
                    "2201F",
                    "cannot take square root of a negative number",
                ));
            }
            numeric(value.sqrt())
        })],
    ),
    typed(
        "shale_numeric_exp",
        &[variant(&[Numeric], Numeric, |row| {
            numeric(float(&row[0]).exp())
        })],
    ),
    typed(
        "shale_numeric_ln",
        &[variant(&[Numeric], Numeric, |row| {
            numeric(positive(&row[0])?.ln())
        })],
    ),
    typed("shale_numeric_log", LOGARITHMS),
    typed(
        "shale_numeric_power",
        &[variant(&[Numeric, Numeric], Numeric, power)],
    ),
    typed(
        "shale_bit_not",
        &[
            variant(&[Int4], Int4, |row| Ok(Datum::Int(!integer(&row[0])))),
            variant(&[Int8], Int8, |row| Ok(Datum::Int(!integer(&row[0])))),
        ],
    ),
    typed(
        "shale_bit_xor",
        &[
            variant(&[Int4, Int4], Int4, |row| {
                Ok(Datum::Int(integer(&row[0]) ^ integer(&row[1])))
            }),
            variant(&[Int8, Int8], Int8, |row| {
                Ok(Datum::Int(integer(&row[0]) ^ integer(&row[1])))
            }),
        ],
    ),
    typed(
        "bit_count",
        &[variant(&[Bytea], Int8, |row| {
            let ones: u32 = bytes(&row[0]).iter().map(|byte| byte.count_ones()).sum();
            Ok(Datum::Int(ones.into()))
        })],
    ),
    typed(
        "octet_length",
        &[
            variant(&[Text], Int4, |row| {
                Ok(Datum::Int(text(&row[0]).len() as i64))
            }),
            variant(&[Bytea], Int4, |row| {
                Ok(Datum::Int(bytes(&row[0]).len() as i64))
            }),
        ],
    ),
    typed(
        "bit_length",
        &[
            variant(&[Text], Int4, |row| {
                Ok(Datum::Int(text(&row[0]).len() as i64 * 8))
            }),
            variant(&[Bytea], Int4, |row| {
                Ok(Datum::Int(bytes(&row[0]).len() as i64 * 8))
            }),
        ],
    ),
    typed(
        "convert_to",
        &[variant(&[Text, Text], Bytea, |row| {
            unicode_only(text(&row[1]))?;
            Ok(Datum::Bytes(text(&row[0]).as_bytes().to_vec().into()))
        })],
    ),
    typed(
        "convert_from",
        &[variant(&[Bytea, Text], Text, |row| {
            unicode_only(text(&row[1]))?;
            let decoded = String::from_utf8(bytes(&row[0]).to_vec());
            decoded
                .map(Datum::Text)
                .map_err(|_| data_exception("22021", "invalid byte sequence for encoding \"UTF8\""))
        })],
    ),
    typed(
        "get_byte",
        &[variant(&[Bytea, Int4], Int4, |row| {
            let place = byte_place(&row[0], &row[1])?;
            Ok(Datum::Int(bytes(&row[0])[place].into()))
        })],
    ),
    typed(
        "set_byte",
        &[variant(&[Bytea, Int4, Int4], Bytea, |row| {
            let place = byte_place(&row[0], &row[1])?;
            let mut changed = bytes(&row[0]).to_vec();
            changed[place] = integer(&row[2]) as u8;
            Ok(Datum::Bytes(changed.into()))
        })],
    ),
    Typed {
        name: "num_nulls",
        variants: &[variant(&[Any], Int4, |row| {
            let nulls = row.iter().filter(|value| **value == Datum::Null);
            Ok(Datum::Int(nulls.count() as i64))
        })],
        counts_arguments: true,
    },
    Typed {
        name: "num_nonnulls",
        variants: &[variant(&[Any], Int4, |row| {
            let values = row.iter().filter(|value| **value != Datum::Null);
            Ok(Datum::Int(values.count() as i64))
        })],
        counts_arguments: true,
    },
];

const LOGARITHMS: &[Variant] = &[
    variant(&[Numeric], Numeric, |row| {
        numeric(positive(&row[0])?.log10())
    }),
    variant(&[Numeric, Numeric], Numeric, |row| {
        let (base, value) = (positive(&row[0])?, positive(&row[1])?);
        if base == 1.0 {
            return Err(division_by_zero());
        }
        numeric(value.ln() / base.ln())
    }),
];

pub(super) fn float(value: &Datum) -> f64 {
    match value {
        Datum::Float(value) => *value,
        Datum::Numeric(value) => value.to_f64(),
        Datum::Int(value) => *value as f64,
        _ => 0.0,
    }
}

fn number(value: &Datum) -> Number {
    match value {
        Datum::Numeric(value) => *value,
        Datum::Int(value) => Number::from(*value),
        _ => Number::from(0),
    }
}

pub(super) fn integer(value: &Datum) -> i64 {
    match value {
        Datum::Int(value) => *value,
        _ => 0,
    }
}

pub(super) fn text(value: &Datum) -> &str {
    match value {
        Datum::Text(value) | Datum::Json(value) => value,
        _ => "",
    }
}

pub(super) fn bytes(value: &Datum) -> &[u8] {
    match value {
        Datum::Bytes(value) => value,
        _ => &[],
    }
}

pub(super) fn division_by_zero() -> SqlError {
    data_exception("22012", "division by zero")
}

fn out_of_range(sql_type: &SqlType) -> SqlError {
    SqlError::OutOfRange {
        type_name: sql_type.base_name().to_owned(),
    }
}

/// A double as the numeric of its significant digits.
fn numeric(value: f64) -> Result<Datum, SqlError> {
    let rounded = format!("{value:.*e}", SIGNIFICANT_DIGITS - 1);
    let number: Number = rounded
        .parse()
        .map_err(|_| out_of_range(&SqlType::Numeric(None)))?;
    Ok(Datum::Numeric(number.rounded(SCALE)))
}

/// A result that is too large for a double is an error, unless an argument was infinite.
fn finite(result: f64, arguments: &[Datum]) -> Result<Datum, SqlError> {
    match result.is_infinite() && arguments.iter().all(|value| float(value).is_finite()) {
        true => Err(data_exception("22003", "value out of range: overflow")),
        false => Ok(Datum::Float(result)),
    }
}

fn check_power(base: f64, exponent: f64) -> Result<(), SqlError> {
    if base == 0.0 && exponent < 0.0 {
        let message = "zero raised to a negative power is undefined";
        return Err(data_exception("2201F", message));
    }
    if base < 0.0 && exponent.fract() != 0.0 {
        let message = "a negative number raised to a non-integer power yields a complex result";
        return Err(data_exception("2201F", message));
    }
    Ok(())
}

fn positive(value: &Datum) -> Result<f64, SqlError> {
    let value = float(value);
    match value {
        0.0 => Err(data_exception("2201E", "cannot take logarithm of zero")),
        ..0.0 => Err(data_exception(
            "2201E",
            "cannot take logarithm of a negative number",
        )),
        _ => Ok(value),
    }
}

/// The quotient without its fraction.
fn div(row: &[Datum]) -> Result<Datum, SqlError> {
    let (dividend, divisor) = (number(&row[0]), number(&row[1]));
    if divisor.is_zero() {
        return Err(division_by_zero());
    }
    let scale = dividend.digits().1.max(divisor.digits().1);
    let quotient = match (dividend.to_decimal128(scale), divisor.to_decimal128(scale)) {
        (Some(dividend), Some(divisor)) => dividend / divisor,
        _ => return Err(out_of_range(&SqlType::Numeric(None))),
    };
    let quotient = Number::from_decimal128(quotient, 0);
    quotient
        .map(Datum::Numeric)
        .map_err(|_| out_of_range(&SqlType::Numeric(None)))
}

fn divisor_of(left: i64, right: i64) -> u64 {
    let (mut left, mut right) = (left.unsigned_abs(), right.unsigned_abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn greatest_divisor(row: &[Datum]) -> Result<Datum, SqlError> {
    let divisor = divisor_of(integer(&row[0]), integer(&row[1]));
    let divisor = i64::try_from(divisor);
    divisor
        .map(Datum::Int)
        .map_err(|_| out_of_range(&SqlType::Int8))
}

fn least_multiple(row: &[Datum], most: i64, sql_type: SqlType) -> Result<Datum, SqlError> {
    let (left, right) = (integer(&row[0]), integer(&row[1]));
    let divisor = divisor_of(left, right);
    if divisor == 0 {
        return Ok(Datum::Int(0));
    }
    let multiple = (left.unsigned_abs() / divisor).checked_mul(right.unsigned_abs());
    multiple
        .and_then(|multiple| i64::try_from(multiple).ok())
        .filter(|multiple| *multiple <= most)
        .map(Datum::Int)
        .ok_or_else(|| out_of_range(&sql_type))
}

fn factorial(row: &[Datum]) -> Result<Datum, SqlError> {
    let of = integer(&row[0]);
    match of {
        ..0 => Err(data_exception(
            "22003",
            "factorial of a negative number is undefined",
        )),
        0..=FACTORIAL_MAX => {
            let product: i128 = (1..=i128::from(of)).product();
            Number::from_decimal128(product, 0)
                .map(Datum::Numeric)
                .map_err(|_| out_of_range(&SqlType::Numeric(None)))
        }
        _ => Err(out_of_range(&SqlType::Numeric(None))),
    }
}

/// The bucket of `count` equal ones between two bounds; 0 below the first, `count + 1` from the last bound on.
fn width_bucket(row: &[Datum]) -> Result<Datum, SqlError> {
    let (value, low, high) = (float(&row[0]), float(&row[1]), float(&row[2]));
    let count = integer(&row[3]);
    if count <= 0 {
        return Err(data_exception("2201G", "count must be greater than zero"));
    }
    if low == high {
        return Err(data_exception(
            "2201G",
            "lower bound cannot equal upper bound",
        ));
    }
    let (from, width) = match low < high {
        true => (value - low, high - low),
        false => (low - value, low - high),
    };
    let bucket = if from < 0.0 {
        0
    } else if from >= width {
        count + 1
    } else {
        (from * count as f64 / width).floor() as i64 + 1
    };
    Ok(Datum::Int(bucket))
}

/// Exact for whole exponents as long as 38 digits hold it.
fn power(row: &[Datum]) -> Result<Datum, SqlError> {
    let (base, exponent) = (number(&row[0]), number(&row[1]));
    check_power(float(&row[0]), float(&row[1]))?;
    let scale = base.digits().1;
    if let Some(times) = exponent
        .to_i64()
        .and_then(|times| u32::try_from(times).ok())
        && let Some(power) = base
            .to_decimal128(scale)
            .and_then(|base| base.checked_pow(times))
        && let Some(scale) = u32::from(scale).checked_mul(times)
        && let Ok(scale) = i8::try_from(scale)
        && let Ok(power) = Number::from_decimal128(power, scale)
    {
        return Ok(Datum::Numeric(power.rounded(SCALE)));
    }
    numeric(float(&row[0]).powf(float(&row[1])))
}

fn unicode_only(encoding: &str) -> Result<(), SqlError> {
    match encoding.to_ascii_lowercase().as_str() {
        "utf8" | "utf-8" | "unicode" => Ok(()),
        other => Err(SqlError::NotSupported {
            feature: format!("the encoding {other}"),
            hint: Some("Texts are UTF-8.".to_owned()),
        }),
    }
}

fn byte_place(of: &Datum, place: &Datum) -> Result<usize, SqlError> {
    let (length, place) = (bytes(of).len(), integer(place));
    let found = usize::try_from(place).ok().filter(|place| *place < length);
    found.ok_or_else(|| {
        let last = length as i64 - 1;
        data_exception(
            "2202E",
            format!("index {place} out of valid range, 0..{last}"),
        )
    })
}
