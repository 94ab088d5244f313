//! Binary values as PostgreSQL prints them, so that both protocols give the same lines.

use std::error::Error;
use tokio_postgres::types::{FromSql, Kind, Type};

/// A value's bytes, whatever its type.
pub struct Raw(pub Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Raw, Box<dyn Error + Sync + Send>> {
        Ok(Raw(bytes.to_vec()))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The text of a binary value; `<malformed …>` if its length does not fit its type.
pub fn render(column_type: &Type, bytes: &[u8]) -> String {
    try_render(column_type, bytes)
        .unwrap_or_else(|| format!("<malformed {column_type}: {bytes:02x?}>"))
}

fn try_render(column_type: &Type, bytes: &[u8]) -> Option<String> {
    if let Kind::Array(element) = column_type.kind() {
        return array(element, bytes);
    }
    Some(match *column_type {
        Type::BOOL => if *bytes.first()? == 0 { "f" } else { "t" }.to_owned(),
        Type::INT2 => i16::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::INT4 => i32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::INT8 => i64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::OID => u32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::FLOAT4 => float(
            f64::from(f32::from_be_bytes(bytes.try_into().ok()?)),
            format!("{}", f32::from_be_bytes(bytes.try_into().ok()?)),
            format!("{:e}", f32::from_be_bytes(bytes.try_into().ok()?)),
        ),
        Type::FLOAT8 => float(
            f64::from_be_bytes(bytes.try_into().ok()?),
            format!("{}", f64::from_be_bytes(bytes.try_into().ok()?)),
            format!("{:e}", f64::from_be_bytes(bytes.try_into().ok()?)),
        ),
        Type::NUMERIC => numeric(bytes)?,
        Type::BYTEA => format!("\\x{}", hex(bytes)),
        Type::UUID => {
            let digits = hex(bytes);
            [
                digits.get(..8)?,
                digits.get(8..12)?,
                digits.get(12..16)?,
                digits.get(16..20)?,
                digits.get(20..)?,
            ]
            .join("-")
        }
        Type::DATE => date(i64::from(i32::from_be_bytes(bytes.try_into().ok()?))),
        Type::TIME => time(i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::TIMESTAMP => timestamp(i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::TIMESTAMPTZ => format!(
            "{}+00",
            timestamp(i64::from_be_bytes(bytes.try_into().ok()?))
        ),
        Type::INTERVAL => interval(
            i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?),
            i64::from(i32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?)),
            i64::from(i32::from_be_bytes(bytes.get(12..16)?.try_into().ok()?)),
        ),
        Type::JSONB => String::from_utf8(bytes.strip_prefix(&[1])?.to_vec()).ok()?,
        _ => String::from_utf8(bytes.to_vec()).ok()?,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Rust prints floats as PostgreSQL does (shortest form) but for exponents, which begin at 1e15.
fn float(value: f64, shortest: String, scientific: String) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e15).contains(&magnitude) {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let (sign, digits) = exponent
            .strip_prefix('-')
            .map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    shortest
}

/// Groups of four digits, weight of the first, sign, digits behind the point.
fn numeric(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| {
        Some(u16::from_be_bytes(
            bytes.get(2 * at..2 * at + 2)?.try_into().ok()?,
        ))
    };
    let (groups, weight, sign, scale) = (
        usize::from(word(0)?),
        i32::from(word(1)?.cast_signed()),
        word(2)?,
        usize::from(word(3)?),
    );
    if sign == 0xC000 {
        return Some("NaN".to_owned());
    }
    let group = |index: i32| -> u16 {
        usize::try_from(index)
            .ok()
            .filter(|index| *index < groups)
            .and_then(|index| word(4 + index))
            .unwrap_or(0)
    };
    let mut text = if sign == 0x4000 {
        "-".to_owned()
    } else {
        String::new()
    };
    if weight < 0 {
        text.push('0');
    }
    for index in 0..=weight {
        let digits = if index == 0 {
            group(index).to_string()
        } else {
            format!("{:04}", group(index))
        };
        text.push_str(&digits);
    }
    if scale > 0 {
        let behind = (weight + 1..)
            .map(|index| format!("{:04}", group(index)))
            .take(scale.div_ceil(4))
            .collect::<String>();
        text.push('.');
        text.push_str(behind.get(..scale)?);
    }
    Some(text)
}

/// Days since 2000-01-01 as a civil date (the era algorithm: 400 years have 146,097 days).
fn date(days: i64) -> String {
    let shifted = days + 730_425;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn time(micros: i64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    if fraction == 0 {
        return clock;
    }
    format!("{clock}.{}", format!("{fraction:06}").trim_end_matches('0'))
}

fn timestamp(micros: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    format!(
        "{} {}",
        date(micros.div_euclid(DAY)),
        time(micros.rem_euclid(DAY))
    )
}

/// Microseconds, days and months, each with its own sign.
fn interval(micros: i64, days: i64, months: i64) -> String {
    let counted = |count: i64, unit: &str| match count {
        0 => None,
        1 => Some(format!("1 {unit}")),
        _ => Some(format!("{count} {unit}s")),
    };
    let clock = match micros {
        0 if days != 0 || months != 0 => None,
        0.. => Some(time(micros)),
        _ => Some(format!("-{}", time(-micros))),
    };
    let parts = [
        counted(months / 12, "year"),
        counted(months % 12, "mon"),
        counted(days, "day"),
        clock,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// One dimension: flags, element type, length, lower bound, then length-prefixed elements.
fn array(element: &Type, bytes: &[u8]) -> Option<String> {
    let int = |at: usize| Some(i32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if int(0)? == 0 {
        return Some("{}".to_owned());
    }
    let (mut elements, mut at) = (Vec::new(), 20);
    for _ in 0..int(12)? {
        let length = int(at)?;
        at += 4;
        let Ok(length) = usize::try_from(length) else {
            elements.push("NULL".to_owned());
            continue;
        };
        elements.push(quoted(&try_render(element, bytes.get(at..at + length)?)?));
        at += length;
    }
    Some(format!("{{{}}}", elements.join(",")))
}

fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.eq_ignore_ascii_case("null")
        && !text.contains(|c: char| "{},\"\\".contains(c) || c.is_whitespace());
    if plain {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_values_print_as_postgresql_prints_them() {
        let cases: [(Type, Vec<u8>, &str); 11] = [
            (
                Type::NUMERIC,
                vec![0, 2, 0, 0, 0, 0, 0, 2, 0, 12, 0x0d, 0x48],
                "12.34",
            ),
            (
                Type::NUMERIC,
                vec![0, 1, 0xff, 0xff, 0x40, 0, 0, 2, 0x01, 0xf4],
                "-0.05",
            ),
            (Type::NUMERIC, vec![0, 1, 0, 1, 0, 0, 0, 0, 0, 1], "10000"),
            (Type::DATE, 0_i32.to_be_bytes().to_vec(), "2000-01-01"),
            (Type::DATE, 4_808_i32.to_be_bytes().to_vec(), "2013-03-01"),
            (
                Type::TIMESTAMP,
                (-1_500_000_i64).to_be_bytes().to_vec(),
                "1999-12-31 23:59:58.5",
            ),
            (
                Type::INTERVAL,
                [
                    45_296_500_000_i64.to_be_bytes().as_slice(),
                    &(-1_i32).to_be_bytes(),
                    &14_i32.to_be_bytes(),
                ]
                .concat(),
                "1 year 2 mons -1 days 12:34:56.5",
            ),
            (Type::FLOAT4, 1e20_f32.to_be_bytes().to_vec(), "1e+20"),
            (Type::FLOAT8, 1e21_f64.to_be_bytes().to_vec(), "1e+21"),
            (Type::FLOAT8, 0.1_f64.to_be_bytes().to_vec(), "0.1"),
            (Type::INT4, vec![0], "<malformed int4: [00]>"),
        ];
        for (column_type, bytes, expected) in cases {
            assert_eq!(render(&column_type, &bytes), expected);
        }
    }
}
