//! Functions over times that are written as texts in between: `age`, `to_date` and `to_timestamp`, intervals times numbers.
//!
//! The rewrite of the statement puts the cast to the result's type around them.

use super::{Definition, Kind, Value};
use crate::error::carry;
use datafusion::common::{DataFusionError, Result};
use shale_sql::datum::{format_timestamp, parse_text, parse_timestamp};
use shale_sql::{Datum, SqlError, SqlType};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Seconds from 1970-01-01 to 2000-01-01.
const EPOCH_SECONDS: i64 = 946_684_800;

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new(
        "shale_age",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, arguments| {
            let moment = |value: &Value| parse_timestamp(value.text(), true).map_err(carry);
            let (months, days, micros) = age(moment(&arguments[0])?, moment(&arguments[1])?);
            Ok(Value::from(interval_text(months, days, micros)))
        },
    )
    .immutable(),
    Definition::new(
        "shale_interval_multiply",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, arguments| scaled(arguments, |part, factor| part * factor),
    )
    .immutable(),
    Definition::new(
        "shale_interval_divide",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, arguments| {
            if arguments[1].text().parse() == Ok(0.0) {
                return Err(carry(SqlError::Other {
                    sqlstate: "22012",
                    message: "division by zero".to_owned(),
                    hint: None,
                }));
            }
            scaled(arguments, |part, divisor| part / divisor)
        },
    )
    .immutable(),
    Definition::new(
        "shale_to_timestamp",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, arguments| {
            let micros = read(arguments[0].text(), arguments[1].text())?;
            Ok(Value::from(format_timestamp(micros, true)))
        },
    )
    .immutable(),
    Definition::new(
        "shale_to_date",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, arguments| {
            let micros = read(arguments[0].text(), arguments[1].text())?;
            let text = format_timestamp(micros, false);
            Ok(Value::from(text.split_once(' ').map(|(date, _)| date)))
        },
    )
    .immutable(),
    Definition::new(
        "shale_epoch_to_timestamp",
        &[Kind::Text],
        Kind::Text,
        |_, arguments| {
            let seconds: f64 = arguments[0].text().parse().map_err(|_| {
                carry(SqlError::InvalidText {
                    type_name: "double precision".to_owned(),
                    value: arguments[0].text().to_owned(),
                })
            })?;
            let micros = ((seconds - EPOCH_SECONDS as f64) * SECOND as f64).round();
            // The years 1 to 9999.
            if !(-6.4e16..2.6e17).contains(&micros) {
                return Err(carry(SqlError::Other {
                    sqlstate: "22008",
                    message: "timestamp out of range".to_owned(),
                    hint: None,
                }));
            }
            Ok(Value::from(format_timestamp(micros as i64, true)))
        },
    )
    .immutable(),
];

/// An interval as Arrow reads it.
fn interval_text(months: i64, days: i64, micros: i64) -> String {
    let nanoseconds = i128::from(micros) * 1_000;
    format!("{months} months {days} days {nanoseconds} nanoseconds")
}

/// Each part of an interval by itself; what is left of months goes to days, what is left of days to the time.
fn scaled(arguments: &[Value], scale: impl Fn(f64, f64) -> f64) -> Result<Value> {
    let interval = parse_text(&SqlType::Interval, arguments[0].text()).map_err(carry)?;
    let factor = parse_text(&SqlType::Float8, arguments[1].text()).map_err(carry)?;
    let (
        Datum::Interval {
            months,
            days,
            micros,
        },
        Datum::Float(factor),
    ) = (interval, factor)
    else {
        return Ok(Value::Null);
    };
    let settled = |value: f64| (value * 1e6).round() / 1e6;
    let all_months = scale(months.into(), factor);
    let all_days = scale(days.into(), factor);
    let month_days = settled((all_months - all_months.trunc()) * 30.0);
    let day_seconds =
        settled((all_days - all_days.trunc() + month_days - month_days.trunc()) * 86_400.0);
    let carried = (day_seconds / 86_400.0).trunc();
    let days = all_days.trunc() + month_days.trunc() + carried;
    let time = (scale(micros as f64, factor) + (day_seconds - carried * 86_400.0) * SECOND as f64)
        .round_ties_even();
    let fits = |value: f64| value.abs() < f64::from(i32::MAX);
    if !fits(all_months) || !fits(days) || time.abs() >= i64::MAX as f64 / 1_000.0 {
        return Err(carry(SqlError::Other {
            sqlstate: "22008",
            message: "interval out of range".to_owned(),
            hint: None,
        }));
    }
    Ok(Value::from(interval_text(
        all_months.trunc() as i64,
        days as i64,
        time as i64,
    )))
}

/// Months, days and microseconds from the second moment to the first, as PostgreSQL counts them: in the calendar's units.
fn age(later: i64, earlier: i64) -> (i64, i64, i64) {
    if later < earlier {
        let (months, days, micros) = age(earlier, later);
        return (-months, -days, -micros);
    }
    let (late_year, late_month, late_day) = super::text::civil(later.div_euclid(DAY) + 10_957);
    let (year, month, day) = super::text::civil(earlier.div_euclid(DAY) + 10_957);
    let mut micros = later.rem_euclid(DAY) - earlier.rem_euclid(DAY);
    let mut days = late_day - day;
    let mut months = (late_year - year) * 12 + late_month - month;
    if micros < 0 {
        micros += DAY;
        days -= 1;
    }
    if days < 0 {
        // The month that the earlier moment lies in.
        days += super::text::days_of_month(year, month);
        months -= 1;
    }
    (months, days, micros)
}

fn out_of_range(text: &str) -> DataFusionError {
    carry(SqlError::Other {
        sqlstate: "22008",
        message: format!("date/time field value out of range: \"{text}\""),
        hint: None,
    })
}

/// Patterns that are read, longest first.
const PATTERNS: &[&str] = &[
    "HH24", "HH12", "YYYY", "MONTH", "A.M.", "P.M.", "DDD", "DAY", "MON", "AM", "PM", "DD", "DY",
    "HH", "MI", "MM", "MS", "SS", "US", "YY", "FM",
];

/// Letters of patterns that PostgreSQL has and that are not read here.
const REFUSED: &[&str] = &[
    "SSSS", "IYYY", "TZH", "TZ", "OF", "IW", "WW", "BC", "AD", "CC", "RM", "FF", "FX", "TM", "Q",
    "J", "W", "D", "I", "Y",
];

/// What has been read of a moment.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    afternoon: Option<bool>,
}

/// Microseconds since 2000-01-01 of a text by a pattern.
fn read(text: &str, pattern: &str) -> Result<i64> {
    let mut fields = Fields::default();
    let mut input = text;
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (literal, behind) = rest[1..].split_once('"').unwrap_or((&rest[1..], ""));
            let skipped = input.char_indices().nth(literal.chars().count());
            input = skipped.map_or("", |(at, _)| &input[at..]);
            rest = behind;
            continue;
        }
        let starts = |name: &&&str| {
            let start = rest.get(..name.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        if let Some(name) = PATTERNS.iter().find(starts) {
            input = field(name, input.trim_start(), &mut fields, text)?;
            rest = &rest[name.len()..];
            continue;
        }
        if let Some(name) = REFUSED.iter().find(starts) {
            return Err(carry(SqlError::NotSupported {
                feature: format!("the pattern {name} in to_date and to_timestamp"),
                hint: None,
            }));
        }
        if first.is_alphanumeric() {
            let mut characters = input.chars();
            characters.next();
            input = characters.as_str();
        } else {
            // Separators match any separators.
            input =
                input.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '-' && c != '+');
            if let Some(behind) = input.strip_prefix(['-', '+']) {
                input = behind;
            }
        }
        rest = &rest[first.len_utf8()..];
    }
    fields.micros_since_2000(text)
}

/// Reads one field; what is behind it.
fn field<'a>(name: &str, input: &'a str, fields: &mut Fields, whole: &str) -> Result<&'a str> {
    let number = |most: usize| -> Result<(i64, usize)> {
        let length = input
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        match input[..length].parse() {
            Ok(value) => Ok((value, length)),
            Err(_) => {
                let written: String = input.chars().take(most).collect();
                Err(carry(SqlError::Other {
                    sqlstate: "22007",
                    message: format!("invalid value \"{written}\" for \"{name}\""),
                    hint: Some("Value must be an integer.".to_owned()),
                }))
            }
        }
    };
    let word = input.bytes().take_while(u8::is_ascii_alphabetic).count();
    let length = match name {
        "FM" => 0,
        "YYYY" => {
            let (value, length) = number(4)?;
            fields.year = Some(value);
            length
        }
        "YY" => {
            let (value, length) = number(2)?;
            fields.year = Some(value + if value < 70 { 2000 } else { 1900 });
            length
        }
        "MM" => {
            let (value, length) = number(2)?;
            fields.month = Some(value);
            length
        }
        "DD" => {
            let (value, length) = number(2)?;
            fields.day = Some(value);
            length
        }
        "DDD" => {
            let (value, length) = number(3)?;
            fields.day_of_year = Some(value);
            length
        }
        "HH24" | "HH12" | "HH" => {
            let (value, length) = number(2)?;
            let most = if name == "HH24" { 23 } else { 12 };
            if value > most || (name != "HH24" && value == 0) {
                return Err(out_of_range(whole));
            }
            fields.hour = value;
            if name != "HH24" {
                fields.afternoon.get_or_insert(false);
            }
            length
        }
        "MI" | "SS" => {
            let (value, length) = number(2)?;
            if value > 59 {
                return Err(out_of_range(whole));
            }
            let part = if name == "MI" {
                &mut fields.minute
            } else {
                &mut fields.second
            };
            *part = value;
            length
        }
        "MS" | "US" => {
            let digits = if name == "MS" { 3 } else { 6 };
            let (value, length) = number(digits)?;
            fields.micros = value * 10_i64.pow((6 - length) as u32);
            length
        }
        "AM" | "PM" | "A.M." | "P.M." => {
            let length = name.len().min(input.len());
            let written = input.get(..length).unwrap_or_default().to_ascii_lowercase();
            fields.afternoon = Some(match written.as_str() {
                "am" | "a.m." => false,
                "pm" | "p.m." => true,
                _ => return Err(invalid_word(&written, name)),
            });
            length
        }
        "MONTH" | "MON" => {
            let written = input[..word].to_ascii_lowercase();
            let months = super::text::MONTHS.iter().zip(1..);
            let found = months
                .filter_map(|(month, number)| {
                    let month = month.to_ascii_lowercase();
                    let full = name == "MONTH" && written.starts_with(&month);
                    let length = if full { month.len() } else { 3 };
                    (full || written.starts_with(&month[..3])).then_some((number, length))
                })
                .next();
            let (month, length) = found.ok_or_else(|| invalid_word(&written, name))?;
            fields.month = Some(month);
            length
        }
        // The date tells the weekday.
        _ => word,
    };
    Ok(&input[length..])
}

fn invalid_word(written: &str, name: &str) -> DataFusionError {
    carry(SqlError::Other {
        sqlstate: "22007",
        message: format!("invalid value \"{written}\" for \"{name}\""),
        hint: Some(
            "The given value did not match any of the allowed values for this field.".to_owned(),
        ),
    })
}

impl Fields {
    fn micros_since_2000(&self, whole: &str) -> Result<i64> {
        let year = self.year.ok_or_else(|| {
            carry(SqlError::NotSupported {
                feature: "to_date and to_timestamp without a year".to_owned(),
                hint: Some(
                    "Without one, PostgreSQL gives the year 1 BC, which has no form here."
                        .to_owned(),
                ),
            })
        })?;
        let hour = match self.afternoon {
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        let date = match self.day_of_year {
            Some(_) => format!("{year:04}-01-01"),
            None => format!("{year:04}-{month:02}-{day:02}"),
        };
        let midnight = parse_timestamp(&date, false).map_err(|_| out_of_range(whole))?;
        let day_of_year = self.day_of_year.unwrap_or(1);
        if !(1..=366).contains(&day_of_year) {
            return Err(out_of_range(whole));
        }
        let seconds = (hour * 60 + self.minute) * 60 + self.second;
        Ok(midnight + (day_of_year - 1) * DAY + seconds * SECOND + self.micros)
    }
}
