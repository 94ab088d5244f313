//! DynamoDB's N: 38 significant decimal digits, 1E-130 to 9.99…E+125 in magnitude, and zero.
//!
//! Not here: byte formats (`codec` for items, `key` for keys); multiplication and rounding, which DynamoDB does not have.
//!
//! Invariants of every [`Number`], which make the derived `Eq` and `Hash` right:
//! * `value == ±coefficient × 10^exponent`, and the coefficient does not end in the digit 0;
//! * the coefficient has at most 38 digits;
//! * the exponent of the first digit is within `-130..=125`;
//! * zero is coefficient 0, exponent 0, not negative.

mod convert;
mod text;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

/// Significant decimal digits of a number at most.
pub const NUMBER_DIGITS_MAX: u32 = 38;
/// Smallest exponent of the first digit: 1E-130.
pub(crate) const LEADING_EXPONENT_MIN: i64 = -130;
/// Largest exponent of the first digit: 9.99…E+125.
pub(crate) const LEADING_EXPONENT_MAX: i64 = 125;

/// Powers of ten that a `u128` holds.
pub(crate) const POW10: [u128; 39] = {
    let mut powers = [1u128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// An exact decimal number as DynamoDB's type N defines it; trailing zeros are not kept.
///
/// ```
/// use shale_item::Number;
/// let price: Number = "12.50".parse().unwrap();
/// assert_eq!(price.to_string(), "12.5");
/// assert_eq!(price, "1.25e1".parse().unwrap());
/// ```
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
    ///
    /// # Errors
    /// `TooManyDigits` if the exact sum needs more than 38 digits: DynamoDB documents that exceeding its precision is an exception,
    /// so nothing is rounded. `Overflow` and `Underflow` outside the range of N.
    pub fn checked_add(self, other: Number) -> Result<Number, NumberError> {
        if self.coefficient == 0 {
            return Ok(other);
        }
        if other.coefficient == 0 {
            return Ok(self);
        }
        let (high, low) = if self.exponent >= other.exponent {
            (self, other)
        } else {
            (other, self)
        };
        // Where the alignment leaves u128, the sum is above 2.4E38 units of its last digit, and that digit is `low`'s, not 0.
        let shift = (i32::from(high.exponent) - i32::from(low.exponent)) as usize;
        let aligned = POW10
            .get(shift)
            .and_then(|power| high.coefficient.checked_mul(*power))
            .ok_or(NumberError::TooManyDigits)?;
        let (negative, coefficient) = if high.negative == low.negative {
            let sum = aligned
                .checked_add(low.coefficient)
                .ok_or(NumberError::TooManyDigits)?;
            (high.negative, sum)
        } else if aligned >= low.coefficient {
            (high.negative, aligned - low.coefficient)
        } else {
            (low.negative, low.coefficient - aligned)
        };
        Number::normalized(negative, coefficient, i64::from(low.exponent))
    }

    /// Exact difference; errors as [`Number::checked_add`].
    pub fn checked_sub(self, other: Number) -> Result<Number, NumberError> {
        self.checked_add(other.negated())
    }

    /// The same number with the other sign.
    pub fn negated(self) -> Number {
        Number {
            negative: !self.negative && self.coefficient != 0,
            ..self
        }
    }

    /// The nearest number with at most `scale` digits behind the decimal point, halves away from zero.
    pub fn rounded(self, scale: u8) -> Number {
        let dropped = -i32::from(self.exponent) - i32::from(scale);
        let Ok(dropped @ 1..) = u32::try_from(dropped) else {
            return self;
        };
        // A coefficient has at most 38 digits: with more of them dropped, less than half is left.
        let Some(unit) = 10_u128.checked_pow(dropped) else {
            return Number::ZERO;
        };
        let (kept, rest) = (self.coefficient / unit, self.coefficient % unit);
        let kept = if rest >= unit - rest { kept + 1 } else { kept };
        // Fewer digits than before, or a power of ten.
        Number::normalized(self.negative, kept, -i64::from(scale)).unwrap_or(self)
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.coefficient == 0
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// Whether it has no digits behind the decimal point.
    pub fn is_integer(self) -> bool {
        self.exponent >= 0
    }

    /// Digits before and after the decimal point, without leading or trailing zeros: `1200` has (4, 0), `0.05` has (0, 2).
    pub fn digits(self) -> (u8, u8) {
        if self.coefficient == 0 {
            return (0, 0);
        }
        let before = (self.leading_exponent() + 1).max(0);
        let after = (-i32::from(self.exponent)).max(0);
        // At most 126 and 167 by the invariants.
        (before as u8, after as u8)
    }

    /// Size in bytes as DynamoDB counts it: one byte, one for each two significant digits before the decimal point and one for each
    /// two behind it (either rounded up), one for a minus sign. Zeros at either end of the number do not count.
    ///
    /// The documentation says "approximately 1 byte per two significant digits + 1 byte"; the halves and the sign byte are what
    /// measurements of the 400 KB limit have shown.
    pub fn size(self) -> usize {
        let digits = digit_count(self.coefficient) as i32;
        let before = if self.exponent >= 0 {
            digits
        } else {
            (digits + i32::from(self.exponent)).max(0)
        };
        let pairs = (before as usize).div_ceil(2) + ((digits - before) as usize).div_ceil(2);
        1 + pairs + usize::from(self.negative)
    }

    /// `(negative, coefficient, exponent)`, the number being `± coefficient · 10^exponent`; no trailing zeros, zero is `(false, 0, 0)`.
    pub fn parts(self) -> (bool, u128, i16) {
        (self.negative, self.coefficient, self.exponent)
    }

    /// The number of stored parts; `None` unless they fulfil the invariants (so that corrupt bytes never make a malformed number).
    pub(crate) fn from_parts(negative: bool, coefficient: u128, exponent: i16) -> Option<Number> {
        if coefficient == 0 {
            return (!negative && exponent == 0).then_some(Number::ZERO);
        }
        let ends_in_zero = match u64::try_from(coefficient) {
            Ok(small) => small.is_multiple_of(10),
            Err(_) => coefficient.is_multiple_of(10),
        };
        if ends_in_zero {
            return None;
        }
        Number::in_range(negative, coefficient, i64::from(exponent)).ok()
    }

    /// Exponent of the first digit; the number is not zero.
    pub(crate) fn leading_exponent(self) -> i32 {
        i32::from(self.exponent) + digit_count(self.coefficient) as i32 - 1
    }

    /// `± coefficient · 10^exponent`, in any spelling of it: strips trailing zeros and checks the range.
    ///
    /// # Errors
    /// More than 38 significant digits, or a magnitude out of range.
    pub fn normalized(
        negative: bool,
        coefficient: u128,
        exponent: i64,
    ) -> Result<Number, NumberError> {
        if coefficient == 0 {
            return Ok(Number::ZERO);
        }
        let (coefficient, zeros) = strip_trailing_zeros(coefficient);
        Number::in_range(
            negative,
            coefficient,
            exponent.saturating_add(i64::from(zeros)),
        )
    }

    /// Checks digits and range of a coefficient without trailing zeros.
    fn in_range(negative: bool, coefficient: u128, exponent: i64) -> Result<Number, NumberError> {
        let digits = digit_count(coefficient);
        if digits > NUMBER_DIGITS_MAX {
            return Err(NumberError::TooManyDigits);
        }
        let leading = exponent.saturating_add(i64::from(digits) - 1);
        if leading > LEADING_EXPONENT_MAX {
            return Err(NumberError::Overflow);
        }
        if leading < LEADING_EXPONENT_MIN {
            return Err(NumberError::Underflow);
        }
        Ok(Number {
            negative,
            coefficient,
            exponent: exponent as i16,
        })
    }

    fn cmp_magnitude(self, other: Number) -> Ordering {
        if self.exponent == other.exponent {
            return self.coefficient.cmp(&other.coefficient);
        }
        match (self.coefficient, other.coefficient) {
            (0, 0) => return Ordering::Equal,
            (0, _) => return Ordering::Less,
            (_, 0) => return Ordering::Greater,
            _ => {}
        }
        let leading = self.leading_exponent().cmp(&other.leading_exponent());
        // With equal first digits' exponents the one with the smaller exponent has more digits: at most 38, so the scaled one fits.
        leading.then_with(|| {
            let shift = i32::from(self.exponent) - i32::from(other.exponent);
            if shift > 0 {
                (self.coefficient * POW10[shift as usize]).cmp(&other.coefficient)
            } else {
                self.coefficient
                    .cmp(&(other.coefficient * POW10[-shift as usize]))
            }
        })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_magnitude(*other),
            (true, true) => other.cmp_magnitude(*self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Decimal digits of a coefficient; 0 for zero.
pub(crate) fn digit_count(coefficient: u128) -> u32 {
    if let Ok(small) = u64::try_from(coefficient) {
        return small.checked_ilog10().map_or(0, |log| log + 1);
    }
    // 1233 / 4096 is log10(2) rounded down closely enough for 128 bits: the estimate is right or one too small.
    let bits = 128 - coefficient.leading_zeros();
    let estimate = (bits * 1233) >> 12;
    estimate
        + u32::from(
            POW10
                .get(estimate as usize)
                .is_some_and(|p| coefficient >= *p),
        )
}

/// The coefficient without its trailing zeros, and how many they were.
fn strip_trailing_zeros(mut coefficient: u128) -> (u128, u32) {
    let mut zeros = 0;
    while coefficient > u128::from(u64::MAX) {
        if !coefficient.is_multiple_of(10) {
            return (coefficient, zeros);
        }
        coefficient /= 10;
        zeros += 1;
    }
    let mut small = coefficient as u64;
    while small.is_multiple_of(10) && small != 0 {
        small /= 10;
        zeros += 1;
    }
    (u128::from(small), zeros)
}
