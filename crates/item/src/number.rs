//! DynamoDB's N: 38 significant decimal digits, 1E-130 to 9.99…E+125 in magnitude, and zero.

use std::fmt;
use std::str::FromStr;

/// An exact decimal number as DynamoDB's type N defines it; trailing zeros are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    coefficient: u128,
    exponent: i16,
}

/// Why a text or a result is not a [`Number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not the text of a decimal number.
    #[error("not a number")]
    Invalid,
    /// More than 38 significant digits.
    #[error("more than 38 significant digits")]
    TooManyDigits,
    /// Magnitude above 9.99…E+125.
    #[error("magnitude too large")]
    Overflow,
    /// Magnitude below 1E-130 and not zero.
    #[error("magnitude too small")]
    Underflow,
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number {
        negative: false,
        coefficient: 0,
        exponent: 0,
    };

    /// Exact sum.
    pub fn checked_add(self, _other: Number) -> Result<Number, NumberError> {
        todo!()
    }
    /// Exact difference.
    pub fn checked_sub(self, _other: Number) -> Result<Number, NumberError> {
        todo!()
    }
    /// The same number with the other sign.
    pub fn negated(self) -> Number {
        todo!()
    }
    /// The value if it is an integer that fits.
    pub fn to_i64(self) -> Option<i64> {
        todo!()
    }
    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        todo!()
    }
    /// `(unscaled, scale)` with `self == unscaled * 10^-scale`, scale ≥ 0, if the unscaled value fits 38 digits (Arrow's Decimal128).
    pub fn to_decimal128(self, _scale: u8) -> Option<i128> {
        todo!()
    }
    /// `unscaled * 10^-scale`.
    pub fn from_decimal128(_unscaled: i128, _scale: i8) -> Result<Number, NumberError> {
        todo!()
    }
    /// The shortest decimal that reads back as `value`; NaN and infinities are `Invalid`.
    pub fn from_f64(_value: f64) -> Result<Number, NumberError> {
        todo!()
    }
    /// Digits before and after the decimal point, without leading or trailing zeros.
    pub fn digits(self) -> (u8, u8) {
        todo!()
    }
}

impl From<i64> for Number {
    fn from(_value: i64) -> Number {
        todo!()
    }
}

impl FromStr for Number {
    type Err = NumberError;
    fn from_str(_text: &str) -> Result<Number, NumberError> {
        todo!()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl Ord for Number {
    fn cmp(&self, _other: &Number) -> std::cmp::Ordering {
        todo!()
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
