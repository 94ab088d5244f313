//! The binary format of `numeric`: base-10,000 digits (PostgreSQL's `numeric_send` and `numeric_recv`).
//!
//! Not here: its text (`shale_sql::datum`).
//!
//! Layout, big-endian: `digits: u16 | weight: i16 | sign: u16 | display scale: u16 | digit: u16 …`,
//! value = ± Σ digit[i] · 10000^(weight − i).

use bytes::{BufMut, BytesMut};
use shale_item::{Number, NumberError};

/// Decimal digits in one digit of the format.
const GROUP_DIGITS: i32 = 4;
/// The base.
const GROUP: u128 = 10_000;
/// A coefficient of 38 digits that starts anywhere in a group touches at most 11 groups.
const GROUPS_MAX: usize = 11;
/// Digits after the point that `numeric` can display (14 bits of the format).
const DISPLAY_SCALE_MAX: u16 = 0x3fff;

const SIGN_POSITIVE: u16 = 0x0000;
const SIGN_NEGATIVE: u16 = 0x4000;
const SIGN_NAN: u16 = 0xc000;
const SIGN_INFINITY: u16 = 0xd000;
const SIGN_MINUS_INFINITY: u16 = 0xf000;

/// Why bytes are not a [`Number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumericError {
    /// Not the format.
    Malformed,
    /// NaN, infinite, more than 38 significant digits, or a magnitude that a number cannot have.
    OutOfRange,
}

/// Digits after the point: of the value, at least those of the declared type.
fn display_scale(exponent: i16, declared: Option<(u8, u8)>) -> u16 {
    let own = exponent.min(0).unsigned_abs();
    own.max(declared.map_or(0, |(_, scale)| u16::from(scale)))
}

/// Appends the binary format.
pub(crate) fn put_binary(output: &mut BytesMut, number: Number, declared: Option<(u8, u8)>) {
    let (negative, coefficient, exponent) = number.parts();
    let scale = display_scale(exponent, declared);
    if coefficient == 0 {
        output.put_slice(&[0; 6]);
        output.put_u16(scale);
        return;
    }
    // The lowest group holds the digits below the first multiple of four, the others four each.
    let exponent = i32::from(exponent);
    let shift = exponent.rem_euclid(GROUP_DIGITS).unsigned_abs();
    let mut groups = [0; GROUPS_MAX];
    let mut count = 0;
    let low = 10_u128.pow(GROUP_DIGITS.unsigned_abs() - shift);
    groups[count] = (coefficient % low * 10_u128.pow(shift)) as u16;
    let mut rest = coefficient / low;
    count += 1;
    while rest > 0 {
        groups[count] = (rest % GROUP) as u16;
        rest /= GROUP;
        count += 1;
    }
    let weight = exponent.div_euclid(GROUP_DIGITS) + count as i32 - 1;
    output.put_u16(count as u16);
    output.put_i16(weight as i16);
    output.put_u16(if negative {
        SIGN_NEGATIVE
    } else {
        SIGN_POSITIVE
    });
    output.put_u16(scale);
    for group in groups[..count].iter().rev() {
        output.put_u16(*group);
    }
}

/// Reads the binary format.
///
/// # Errors
/// See [`NumericError`].
pub(crate) fn read_binary(bytes: &[u8]) -> Result<Number, NumericError> {
    let words = || {
        bytes
            .chunks_exact(2)
            .map(|w| u16::from_be_bytes([w[0], w[1]]))
    };
    let mut header = words();
    let (Some(count), Some(weight), Some(sign), Some(scale)) =
        (header.next(), header.next(), header.next(), header.next())
    else {
        return Err(NumericError::Malformed);
    };
    if bytes.len() != 8 + 2 * usize::from(count) || scale > DISPLAY_SCALE_MAX {
        return Err(NumericError::Malformed);
    }
    let negative = match sign {
        SIGN_POSITIVE => false,
        SIGN_NEGATIVE => true,
        SIGN_NAN | SIGN_INFINITY | SIGN_MINUS_INFINITY => return Err(NumericError::OutOfRange),
        _ => return Err(NumericError::Malformed),
    };
    if header.any(|group| u128::from(group) >= GROUP) {
        return Err(NumericError::Malformed);
    }

    // Zero groups at either end say nothing; without them a valid number is short.
    let mut last = words().skip(4).enumerate().filter(|(_, group)| *group != 0);
    let Some((last_index, last_group)) = last.next_back() else {
        return Ok(Number::ZERO);
    };
    let mut coefficient = 0_u128;
    let grow = |coefficient: u128, factor: u128, digits: u128| {
        let grown = coefficient.checked_mul(factor)?;
        grown.checked_add(digits)
    };
    for group in words().skip(4).take(last_index) {
        coefficient =
            grow(coefficient, GROUP, u128::from(group)).ok_or(NumericError::OutOfRange)?;
    }
    let mut last_group = u128::from(last_group);
    let mut zeros = 0;
    while last_group.is_multiple_of(10) {
        last_group /= 10;
        zeros += 1;
    }
    let factor = 10_u128.pow(GROUP_DIGITS.unsigned_abs() - zeros);
    coefficient = grow(coefficient, factor, last_group).ok_or(NumericError::OutOfRange)?;
    let weight = i32::from(weight as i16) - last_index as i32;
    let exponent = weight * GROUP_DIGITS + zeros as i32;
    Number::normalized(negative, coefficient, i64::from(exponent)).map_err(|error| match error {
        NumberError::Invalid => NumericError::Malformed,
        NumberError::TooManyDigits | NumberError::Overflow | NumberError::Underflow => {
            NumericError::OutOfRange
        }
    })
}

#[cfg(test)]
mod tests;
