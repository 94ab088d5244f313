//! [`Number`] from and to machine numbers and Arrow's Decimal128.

use super::{Number, NumberError, POW10, digit_count, strip_trailing_zeros};
use std::fmt::Write;

/// Doubles hold every integer up to here exactly.
const F64_EXACT_INTEGER: u128 = 1 << 53;
/// Powers of ten that doubles hold exactly.
const F64_EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// Digits of a Decimal128.
const DECIMAL128_DIGITS: u32 = 38;

impl Number {
    /// The value if it is an integer that fits.
    pub fn to_i64(self) -> Option<i64> {
        let exponent = usize::try_from(self.exponent).ok()?;
        let magnitude = self.coefficient.checked_mul(*POW10.get(exponent)?)?;
        let value = i128::try_from(magnitude).ok()?;
        i64::try_from(if self.negative { -value } else { value }).ok()
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        let magnitude = self.magnitude_f64();
        if self.negative { -magnitude } else { magnitude }
    }

    fn magnitude_f64(self) -> f64 {
        let power = F64_EXACT_POWERS.get(usize::from(self.exponent.unsigned_abs()));
        if let (true, Some(power)) = (self.coefficient <= F64_EXACT_INTEGER, power) {
            // Both operands are exact, so IEEE arithmetic rounds once: the nearest double.
            let coefficient = self.coefficient as f64;
            return if self.exponent < 0 {
                coefficient / power
            } else {
                coefficient * power
            };
        }
        let mut text = TextBuffer::new();
        // 39 digits, E and four characters fit the buffer, and the text is a float's.
        let _ = write!(text, "{}E{}", self.coefficient, self.exponent);
        text.as_str().parse().unwrap_or(f64::NAN)
    }

    /// `(unscaled, scale)` with `self == unscaled * 10^-scale`, scale ≥ 0, if the unscaled value fits 38 digits (Arrow's Decimal128).
    pub fn to_decimal128(self, scale: u8) -> Option<i128> {
        let shift = usize::try_from(i32::from(self.exponent) + i32::from(scale)).ok();
        if self.coefficient == 0 {
            return Some(0);
        }
        let unscaled = self.coefficient.checked_mul(*POW10.get(shift?)?)?;
        if digit_count(unscaled) > DECIMAL128_DIGITS {
            return None;
        }
        let value = unscaled as i128;
        Some(if self.negative { -value } else { value })
    }

    /// `unscaled * 10^-scale`.
    ///
    /// # Errors
    /// `TooManyDigits` for more than 38 significant digits (trailing zeros do not count), `Overflow` and `Underflow` outside the range.
    pub fn from_decimal128(unscaled: i128, scale: i8) -> Result<Number, NumberError> {
        Number::normalized(unscaled < 0, unscaled.unsigned_abs(), -i64::from(scale))
    }

    /// The shortest decimal that reads back as `value`.
    ///
    /// # Errors
    /// `Invalid` for NaN and infinities, `Overflow` and `Underflow` outside the range.
    pub fn from_f64(value: f64) -> Result<Number, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::Invalid);
        }
        let mut text = TextBuffer::new();
        // Rust prints the shortest decimal that reads back, at most 24 bytes in this notation.
        write!(text, "{value:e}").map_err(|_| NumberError::Invalid)?;
        text.as_str().parse()
    }

    /// `±value`.
    pub(super) fn from_u64(negative: bool, value: u64) -> Number {
        let (coefficient, zeros) = strip_trailing_zeros(u128::from(value));
        Number {
            negative: negative && value != 0,
            coefficient,
            exponent: zeros as i16,
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number::from_u64(value < 0, value.unsigned_abs())
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Number {
        Number::from(i64::from(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Number {
        Number::from_u64(false, value)
    }
}

/// A text of at most 48 bytes on the stack.
struct TextBuffer {
    bytes: [u8; 48],
    length: usize,
}

impl TextBuffer {
    fn new() -> TextBuffer {
        TextBuffer {
            bytes: [0; 48],
            length: 0,
        }
    }
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for TextBuffer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let target = self
            .bytes
            .get_mut(self.length..end)
            .ok_or(std::fmt::Error)?;
        target.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
