//! `to_char` of numbers and `to_number`: patterns of digits, as PostgreSQL fills and reads them.
//!
//! `V`, `L`, `PL`, `TH` and `th` are refused.

use super::typed::data_exception;
use shale_item::Number;
use shale_sql::SqlError;

/// Width of a Roman number that is not shortened.
const ROMAN_WIDTH: usize = 15;

const ROMAN: [(i64, &str); 13] = [
    (1_000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// `9`
    Digit,
    /// `0`
    Zero,
    Point,
    Comma,
    /// `S`
    Sign,
    /// `MI`
    Minus,
    /// `SG`
    Both,
    /// `PR`
    Brackets,
    Literal(char),
}

#[derive(Debug, Default)]
struct Pattern {
    parts: Vec<Part>,
    /// `FM`: without blanks and zeros that only fill.
    short: bool,
    /// `RN`
    roman: bool,
    /// `EEEE`
    scientific: bool,
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, SqlError> {
        let mut pattern = Pattern::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(quoted) = rest.strip_prefix('"') {
                let (literal, behind) = quoted.split_once('"').unwrap_or((quoted, ""));
                pattern.parts.extend(literal.chars().map(Part::Literal));
                rest = behind;
                continue;
            }
            let upper: String = rest
                .chars()
                .take(4)
                .collect::<String>()
                .to_ascii_uppercase();
            let known: [(&str, Option<Part>); 12] = [
                ("EEEE", None),
                ("FM", None),
                ("RN", None),
                ("MI", Some(Part::Minus)),
                ("SG", Some(Part::Both)),
                ("PR", Some(Part::Brackets)),
                ("S", Some(Part::Sign)),
                ("9", Some(Part::Digit)),
                ("0", Some(Part::Zero)),
                (".", Some(Part::Point)),
                (",", Some(Part::Comma)),
                ("G", Some(Part::Comma)),
            ];
            let refused = ["PL", "TH", "V", "L"];
            if upper.starts_with('D') {
                pattern.parts.push(Part::Point);
                rest = &rest[1..];
            } else if let Some((name, part)) =
                known.into_iter().find(|(name, _)| upper.starts_with(name))
            {
                match (name, part) {
                    ("EEEE", _) => pattern.scientific = true,
                    ("FM", _) => pattern.short = true,
                    ("RN", _) => pattern.roman = true,
                    (_, Some(part)) => pattern.parts.push(part),
                    _ => {}
                }
                rest = &rest[name.len()..];
            } else if let Some(name) = refused.into_iter().find(|name| upper.starts_with(name)) {
                return Err(SqlError::NotSupported {
                    feature: format!("the pattern {name} of a number"),
                    hint: None,
                });
            } else {
                pattern.parts.push(Part::Literal(first));
                rest = &rest[first.len_utf8()..];
            }
        }
        if pattern
            .parts
            .iter()
            .filter(|part| **part == Part::Point)
            .count()
            > 1
        {
            return Err(data_exception("42601", "multiple decimal points"));
        }
        Ok(pattern)
    }

    fn point(&self) -> usize {
        let point = self.parts.iter().position(|part| *part == Part::Point);
        point.unwrap_or(self.parts.len())
    }

    fn digits_of(parts: &[Part]) -> usize {
        let digit = |part: &&Part| matches!(part, Part::Digit | Part::Zero);
        parts.iter().filter(digit).count()
    }

    /// Digits before and behind the point.
    fn digits(&self) -> (usize, usize) {
        let (before, behind) = self.parts.split_at(self.point());
        (Pattern::digits_of(before), Pattern::digits_of(behind))
    }
}

/// A number in a pattern. `written` is the number as PostgreSQL prints it; a double is rounded as the double that it is.
pub(super) fn format(
    written: &str,
    double: Option<f64>,
    pattern: &str,
) -> Result<String, SqlError> {
    let pattern = Pattern::parse(pattern)?;
    let (_, behind) = pattern.digits();
    let exact = |digits: usize| -> Result<String, SqlError> {
        if let Some(double) = double {
            return Ok(format!("{double:.digits$}"));
        }
        let number: Number = written
            .parse()
            .map_err(|_| data_exception("22003", "a number of too many digits"))?;
        let scale = u8::try_from(digits).unwrap_or(u8::MAX);
        let rounded = number.rounded(scale);
        Ok(shale_sql::datum::format_number(rounded, digits))
    };
    if pattern.roman {
        return Ok(roman(&exact(0)?, pattern.short));
    }
    if pattern.scientific {
        return Ok(scientific(written, behind));
    }
    let rounded = exact(behind)?;
    let (negative, unsigned) = match rounded.strip_prefix('-') {
        Some(unsigned) => (
            unsigned.contains(|c: char| ('1'..='9').contains(&c)),
            unsigned,
        ),
        None => (false, rounded.as_str()),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    Ok(fill(&pattern, negative, whole, fraction))
}

fn roman(whole: &str, short: bool) -> String {
    let mut rest = whole.parse::<i64>().unwrap_or(0);
    if !(1..4_000).contains(&rest) {
        return "#".repeat(ROMAN_WIDTH);
    }
    let mut out = String::new();
    for (value, letters) in ROMAN {
        while rest >= value {
            out.push_str(letters);
            rest -= value;
        }
    }
    match short {
        true => out,
        false => format!("{out:>ROMAN_WIDTH$}"),
    }
}

fn scientific(written: &str, digits: usize) -> String {
    let value: f64 = written.parse().unwrap_or(0.0);
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    let space = if value < 0.0 { "" } else { " " };
    format!("{space}{mantissa}e{sign}{exponent:0>2}")
}

/// The digits put into the pattern.
fn fill(pattern: &Pattern, negative: bool, whole: &str, fraction: &str) -> String {
    let point = pattern.point();
    let (before, behind) = pattern.digits();
    let first_zero = pattern.parts[..point]
        .iter()
        .filter(|part| matches!(part, Part::Digit | Part::Zero))
        .position(|part| *part == Part::Zero);
    let whole = match whole {
        "0" if before == 0 => "",
        whole => whole,
    };
    let overflow = whole.len() > before;
    let blanks = before.saturating_sub(whole.len());
    let shown_fraction = match pattern.short && !overflow {
        true => relevant(&pattern.parts[point..], fraction),
        false => behind,
    };
    // A zero before a point is left out, but for one that would leave nothing.
    let hides_zero = whole == "0" && first_zero.is_none() && behind > 0;
    let mut out = String::new();
    let (mut place, mut digit, mut first) = (0, 0, None);
    for (at, part) in pattern.parts.iter().enumerate() {
        let in_fraction = at > point;
        let blank = |out: &mut String| {
            if !pattern.short {
                out.push(' ');
            }
        };
        match part {
            Part::Digit | Part::Zero if in_fraction => {
                if digit < shown_fraction {
                    let shown = if overflow {
                        "#"
                    } else {
                        fraction.get(digit..=digit).unwrap_or("0")
                    };
                    out.push_str(shown);
                }
                digit += 1;
            }
            Part::Digit | Part::Zero => {
                let filled = first_zero.is_some_and(|zero| place >= zero);
                if overflow {
                    first.get_or_insert(out.len());
                    out.push('#');
                } else if place < blanks {
                    if filled {
                        first.get_or_insert(out.len());
                        out.push('0');
                    } else {
                        blank(&mut out);
                    }
                } else if hides_zero {
                    match pattern.short && shown_fraction == 0 {
                        true => {
                            first.get_or_insert(out.len());
                            out.push('0');
                        }
                        false => blank(&mut out),
                    }
                } else {
                    first.get_or_insert(out.len());
                    out.push_str(whole.get(place - blanks..=place - blanks).unwrap_or("0"));
                }
                place += 1;
            }
            Part::Point => {
                first.get_or_insert(out.len());
                out.push('.');
            }
            Part::Comma => match first.is_some() {
                true => out.push(','),
                false => blank(&mut out),
            },
            Part::Minus => match (negative, pattern.short) {
                (true, _) => out.push('-'),
                (false, true) => {}
                (false, false) => out.push(' '),
            },
            Part::Both => out.push(if negative { '-' } else { '+' }),
            Part::Literal(character) => out.push(*character),
            Part::Sign | Part::Brackets => {}
        }
    }
    with_sign(pattern, out, first.unwrap_or(0), negative)
}

/// Digits of the fraction that are not zeros at its end; a `0` in the pattern keeps its digit.
fn relevant(parts: &[Part], fraction: &str) -> usize {
    let kept = parts
        .iter()
        .filter(|part| matches!(part, Part::Digit | Part::Zero))
        .enumerate()
        .filter(|(_, part)| **part == Part::Zero)
        .map(|(place, _)| place + 1)
        .last();
    fraction.trim_end_matches('0').len().max(kept.unwrap_or(0))
}

/// Puts the sign where it belongs: `first` is where the number begins.
fn with_sign(pattern: &Pattern, mut out: String, first: usize, negative: bool) -> String {
    let has = |wanted: Part| pattern.parts.contains(&wanted);
    if has(Part::Minus) || has(Part::Both) {
        return out;
    }
    if has(Part::Brackets) {
        let (open, close) = match (negative, pattern.short) {
            (true, _) => ("<", ">"),
            (false, false) => (" ", " "),
            (false, true) => ("", ""),
        };
        out.insert_str(first, open);
        out.push_str(close);
        return out;
    }
    if has(Part::Sign) {
        let sign = if negative { '-' } else { '+' };
        let leading = pattern
            .parts
            .iter()
            .position(|part| matches!(part, Part::Sign | Part::Digit | Part::Zero))
            .is_some_and(|place| pattern.parts[place] == Part::Sign);
        match leading {
            true => out.insert(first, sign),
            false => out.push(sign),
        }
        return out;
    }
    match (negative, pattern.short) {
        (true, _) => out.insert(first, '-'),
        (false, false) => out.insert(first, ' '),
        (false, true) => {}
    }
    out
}

/// Reads a number that was written in a pattern: digits, points and signs where the pattern has them, everything else skipped.
pub(super) fn read(written: &str, pattern: &str) -> Result<Number, SqlError> {
    let pattern = Pattern::parse(pattern)?;
    let (before, behind) = pattern.digits();
    let (mut whole, mut fraction) = (String::new(), String::new());
    let (mut negative, mut in_fraction) = (false, false);
    for character in written.chars() {
        match character {
            '-' | '<' => negative = true,
            '.' if behind > 0 => in_fraction = true,
            '0'..='9' if in_fraction && fraction.len() < behind => fraction.push(character),
            '0'..='9' if !in_fraction && whole.len() < before => whole.push(character),
            _ => {}
        }
    }
    let invalid = || SqlError::InvalidText {
        type_name: "numeric".to_owned(),
        value: " ".to_owned(),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let sign = if negative { "-" } else { "" };
    format!("{sign}{whole:0>1}.{fraction:0>1}")
        .parse()
        .map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected texts are those of PostgreSQL 15.
    #[test]
    fn numbers_fill_patterns_as_in_postgres() {
        for (number, pattern, expected) in [
            ("485", "999", " 485"),
            ("-485", "999", "-485"),
            ("-12", "9999", "  -12"),
            ("485", "9,999", "   485"),
            ("1485", "9,999", " 1,485"),
            ("148.5", "999.999", " 148.500"),
            ("148.5", "FM999.999", "148.5"),
            ("148.5", "FM999.990", "148.500"),
            ("0.1", "0.9", " 0.1"),
            ("0.1", "99.99", "   .10"),
            ("-0.1", "99.99", "  -.10"),
            ("0.1", "FM9.99", ".1"),
            ("0", "FM9.99", "0."),
            ("0", "9.99", "  .00"),
            ("0", "999", "   0"),
            ("12", "FM999.99", "12."),
            ("12", "9990999.9", "    0012.0"),
            ("12", "FM9990999.9", "0012."),
            ("485", "999MI", "485 "),
            ("-485", "999MI", "485-"),
            ("485", "FM999MI", "485"),
            ("485", "SG999", "+485"),
            ("-485", "999PR", "<485>"),
            ("485", "999PR", " 485 "),
            ("485", "S999", "+485"),
            ("485", "RN", "        CDLXXXV"),
            ("5.2", "FMRN", "V"),
            ("485", "99", " ##"),
            ("1234.5", "9.99EEEE", " 1.23e+03"),
            ("1234567", "FM9,999,999", "1,234,567"),
            ("5", "00000", " 00005"),
            ("12.3", "\"Good: \"99.9", "Good:  12.3"),
        ] {
            assert_eq!(
                format(number, None, pattern).unwrap(),
                expected,
                "{number} {pattern}"
            );
        }
    }

    #[test]
    fn numbers_are_read_from_patterns() {
        for (written, pattern, expected) in [
            ("1,234.50", "9,999.99", "1234.5"),
            ("-12", "S99", "-12"),
            ("12.454.8-", "99G999D9S", "-12"),
        ] {
            let number = read(written, pattern).unwrap();
            assert!(
                number.to_string().starts_with(expected),
                "{written}: {number}"
            );
        }
        assert!(read("x", "999").is_err());
    }
}
