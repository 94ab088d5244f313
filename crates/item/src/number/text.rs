//! Decimal text to [`Number`] and back.

use super::{NUMBER_DIGITS_MAX, Number, NumberError, POW10};
use std::fmt;
use std::str::FromStr;

/// Explicit exponents are clamped here: far beyond any valid number, far from overflowing the sums made with them.
const EXPONENT_CLAMP: i64 = 1 << 40;
/// Bytes of the longest plain text: `-0.` and 167 digits.
const TEXT_BYTES_MAX: usize = 170;
/// Digits that always fit a `u64`.
const U64_DIGITS: usize = 19;

impl FromStr for Number {
    type Err = NumberError;

    /// Reads an optional sign, digits with at most one decimal point and at least one digit, and an optional exponent (`e` or `E`).
    /// Zeros in front and at the end are not significant digits.
    fn from_str(text: &str) -> Result<Number, NumberError> {
        let bytes = text.as_bytes();
        let (negative, digits) = match bytes.first() {
            Some(b'-') => (true, &bytes[1..]),
            Some(b'+') => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        if let Some(value) = small_integer(digits) {
            return Ok(Number::from_u64(negative, value));
        }
        parse_decimal(negative, digits)
    }
}

/// The value of 1 to 18 digits and nothing else.
fn small_integer(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() >= U64_DIGITS {
        return None;
    }
    digits.iter().try_fold(0u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u64::from(digit))
    })
}

fn parse_decimal(negative: bool, text: &[u8]) -> Result<Number, NumberError> {
    let mut coefficient: u128 = 0;
    // Digits of the coefficient, zeros read behind it that become digits only if another digit follows, digits behind the point.
    let (mut digits, mut zeros, mut scale) = (0u32, 0u32, 0i64);
    let (mut any_digit, mut point) = (false, false);
    let mut position = 0;
    while let Some(&byte) = text.get(position) {
        match byte {
            b'0'..=b'9' => {
                any_digit = true;
                scale += i64::from(point);
                if byte == b'0' {
                    zeros = zeros.saturating_add(u32::from(coefficient != 0));
                } else {
                    let shift = zeros.saturating_add(1);
                    digits = digits.saturating_add(shift);
                    if digits > NUMBER_DIGITS_MAX {
                        return too_many_digits(text);
                    }
                    coefficient = coefficient * POW10[shift as usize] + u128::from(byte - b'0');
                    zeros = 0;
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' => break,
            _ => return Err(NumberError::Invalid),
        }
        position += 1;
    }
    if !any_digit {
        return Err(NumberError::Invalid);
    }
    let explicit = match text.get(position) {
        None => 0,
        Some(_) => parse_exponent(&text[position + 1..])?,
    };
    if coefficient == 0 {
        return Ok(Number::ZERO);
    }
    Number::in_range(negative, coefficient, explicit - scale + i64::from(zeros))
}

/// More than 38 digits, unless what follows is no number at all.
fn too_many_digits(text: &[u8]) -> Result<Number, NumberError> {
    let split = text.iter().position(|b| matches!(b, b'e' | b'E'));
    let (mantissa, exponent) = match split {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let points = mantissa.iter().filter(|b| **b == b'.').count();
    let valid = points <= 1 && mantissa.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    if !valid {
        return Err(NumberError::Invalid);
    }
    exponent.map_or(Ok(0), parse_exponent)?;
    Err(NumberError::TooManyDigits)
}

fn parse_exponent(text: &[u8]) -> Result<i64, NumberError> {
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Invalid);
    }
    let magnitude = digits.iter().fold(0i64, |value, byte| {
        (value * 10 + i64::from(byte - b'0')).min(EXPONENT_CLAMP)
    });
    Ok(if negative { -magnitude } else { magnitude })
}

impl fmt::Display for Number {
    /// Plain decimal notation without an exponent, as DynamoDB answers numbers: `1E+3` prints as `1000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; TEXT_BYTES_MAX];
        f.write_str(self.format(&mut buffer))
    }
}

impl Number {
    /// Appends the text of [`Display`](fmt::Display) without the cost of a formatter.
    pub fn write_to(self, out: &mut String) {
        let mut buffer = [0; TEXT_BYTES_MAX];
        out.push_str(self.format(&mut buffer));
    }

    fn format(self, buffer: &mut [u8; TEXT_BYTES_MAX]) -> &str {
        let mut reversed = [0u8; NUMBER_DIGITS_MAX as usize];
        let count = digits_reversed(self.coefficient, &mut reversed);
        let digits = reversed[..count].iter().rev();
        let mut at = 0;
        let mut push = |byte: u8| {
            buffer[at] = byte;
            at += 1;
        };
        if self.negative {
            push(b'-');
        }
        let before = count as i32 + i32::from(self.exponent);
        if before <= 0 {
            if self.coefficient == 0 {
                push(b'0');
            } else {
                push(b'0');
                push(b'.');
                (0..-before).for_each(|_| push(b'0'));
                digits.for_each(|digit| push(*digit));
            }
        } else {
            for (index, digit) in digits.enumerate() {
                if index as i32 == before {
                    push(b'.');
                }
                push(*digit);
            }
            (0..self.exponent).for_each(|_| push(b'0'));
        }
        // Only ASCII was written.
        std::str::from_utf8(&buffer[..at]).unwrap_or_default()
    }
}

/// Writes the digits of a coefficient, last digit first; nothing for zero. Returns how many.
fn digits_reversed(coefficient: u128, out: &mut [u8; NUMBER_DIGITS_MAX as usize]) -> usize {
    let mut count = 0;
    let mut chunk = |mut value: u64, width: usize| {
        let end = count + width;
        while value != 0 || count < end {
            out[count] = b'0' + (value % 10) as u8;
            value /= 10;
            count += 1;
        }
        count
    };
    if let Ok(small) = u64::try_from(coefficient) {
        return chunk(small, 0);
    }
    let power = POW10[U64_DIGITS];
    chunk((coefficient % power) as u64, U64_DIGITS);
    chunk((coefficient / power) as u64, 0)
}
