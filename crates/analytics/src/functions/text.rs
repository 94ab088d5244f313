//! Functions over texts: quoting, and `to_char` with PostgreSQL's patterns.

use super::catalog::name_parts;
use super::{Call, Definition, Kind, MANY, Value};
use crate::catalog::quote_identifier;
use crate::error::carry;
use crate::types::sql_type;
use datafusion::common::Result;
use shale_sql::datum::parse_timestamp;
use shale_sql::{SqlError, SqlType};

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new("quote_ident", &[Kind::Text], Kind::Text, |_, arguments| {
        Ok(Value::from(quote_identifier(arguments[0].text())))
    })
    .immutable(),
    Definition::new(
        "quote_literal",
        &[Kind::Text],
        Kind::Text,
        |_, arguments| Ok(Value::from(quote_literal(arguments[0].text()))),
    )
    .immutable(),
    Definition::new(
        "quote_nullable",
        &[Kind::Text],
        Kind::Text,
        |_, arguments| {
            Ok(match &arguments[0] {
                Value::Null => Value::from("NULL"),
                value => Value::from(quote_literal(value.text())),
            })
        },
    )
    .takes_nulls()
    .immutable(),
    Definition::new(
        "parse_ident",
        &[Kind::Text, Kind::Bool],
        Kind::TextArray,
        |_, arguments| Ok(Value::Texts(name_parts(arguments[0].text()))),
    )
    .required(1)
    .immutable(),
    Definition::new("pg_typeof", &[Kind::Any], Kind::Text, |call, _| {
        Ok(Value::from(
            call.argument_types
                .first()
                .map(|data_type| sql_type(data_type).base_name()),
        ))
    })
    .takes_nulls()
    .immutable(),
    Definition::new(
        "begins_with",
        &[Kind::Text, Kind::Text],
        Kind::Bool,
        |_, arguments| {
            Ok(Value::Bool(
                arguments[0].text().starts_with(arguments[1].text()),
            ))
        },
    )
    .immutable(),
    Definition::new(
        "shale_like_pattern",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, arguments| {
            Ok(Value::from(with_backslash_escapes(
                arguments[0].text(),
                arguments[1].text(),
            )))
        },
    )
    .immutable(),
    Definition::new("format", MANY, Kind::Text, |_, arguments| {
        format_text(arguments).map(Value::from)
    })
    .required(1)
    .takes_nulls()
    .immutable(),
    Definition::new("concat", MANY, Kind::Text, |_, arguments| {
        Ok(Value::from(
            arguments.iter().filter_map(shown).collect::<String>(),
        ))
    })
    .required(1)
    .takes_nulls()
    .immutable(),
    Definition::new("concat_ws", MANY, Kind::Text, |_, arguments| {
        let Some((separator, parts)) = arguments.split_first() else {
            return Ok(Value::Null);
        };
        let parts: Vec<String> = parts.iter().filter_map(shown).collect();
        Ok(Value::from(
            shown(separator).map(|separator| parts.join(&separator)),
        ))
    })
    .required(2)
    .takes_nulls()
    .immutable(),
    Definition::new("to_char", &[Kind::Any, Kind::Text], Kind::Text, to_char).immutable(),
];

/// A value as text, in PostgreSQL's form; `None` for NULL.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Int(value) => Some(value.to_string()),
        Value::Bool(value) => Some(if *value { "t" } else { "f" }.to_owned()),
        Value::Texts(texts) => Some(format!("{{{}}}", texts.join(","))),
        // Only results are such lists.
        Value::NullableTexts(_) => None,
        Value::Text(text) => Some(text.clone()),
    }
}

fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

/// A LIKE pattern with another escape character as one with backslashes; an empty one escapes nothing.
fn with_backslash_escapes(pattern: &str, escape: &str) -> String {
    let escape = escape.chars().next();
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if Some(character) == escape {
            out.push('\\');
            out.extend(characters.next());
        } else {
            if character == '\\' {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out
}

/// `format`: `%s`, `%I`, `%L`, `%%`, also with a position as in `%2$s`.
fn format_text(arguments: &[Value]) -> Result<Option<String>> {
    let Some((Value::Text(pattern), arguments)) = arguments.split_first() else {
        return Ok(None);
    };
    let wrong = |message: &str| {
        carry(SqlError::Other {
            sqlstate: "22023",
            message: message.to_owned(),
            hint: None,
        })
    };
    let mut out = String::new();
    let mut rest = pattern.as_str();
    let mut next = 0;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
        let mut behind = behind;
        if let Ok(position) = digits.parse::<usize>()
            && let Some(positioned) = behind[digits.len()..].strip_prefix('$')
        {
            next = position
                .checked_sub(1)
                .ok_or_else(|| wrong("format specifies argument 0"))?;
            behind = positioned;
        }
        let kind = behind
            .chars()
            .next()
            .ok_or_else(|| wrong("unterminated format() type specifier"))?;
        rest = &behind[kind.len_utf8()..];
        if kind == '%' {
            out.push('%');
            continue;
        }
        let argument = arguments
            .get(next)
            .ok_or_else(|| wrong("too few arguments for format()"))?;
        next += 1;
        let text = shown(argument);
        match (kind, text) {
            ('s', text) => out.push_str(&text.unwrap_or_default()),
            ('I', Some(text)) => out.push_str(&quote_identifier(&text)),
            ('I', None) => {
                return Err(wrong(
                    "null values cannot be formatted as an SQL identifier",
                ));
            }
            ('L', Some(text)) => out.push_str(&quote_literal(&text)),
            ('L', None) => out.push_str("NULL"),
            _ => return Err(wrong("unrecognized format() type specifier")),
        }
    }
    out.push_str(rest);
    Ok(Some(out))
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

fn to_char(call: &Call<'_>, arguments: &[Value]) -> Result<Value> {
    let kind = call.argument_types.first().map(sql_type);
    match kind {
        Some(SqlType::Timestamp | SqlType::TimestampTz | SqlType::Date) => {}
        Some(SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Numeric(_)) => {
            let written = match &arguments[0] {
                Value::Int(number) => number.to_string(),
                other => other.text().to_owned(),
            };
            let formatted = super::number_format::format(&written, None, arguments[1].text());
            return formatted.map(Value::from).map_err(carry);
        }
        Some(SqlType::Float4 | SqlType::Float8) => {
            let written = arguments[0].text();
            let double = written.parse().ok();
            let formatted = super::number_format::format(written, double, arguments[1].text());
            return formatted.map(Value::from).map_err(carry);
        }
        other => {
            let type_name = other.map_or("unknown", |sql_type| sql_type.base_name());
            return Err(carry(SqlError::NotSupported {
                feature: format!("to_char of {type_name}"),
                hint: Some("to_char formats numbers, date, timestamp and timestamptz.".to_owned()),
            }));
        }
    }
    let text = arguments[0].text();
    let micros = parse_timestamp(text, true).map_err(carry)?;
    Ok(Value::from(format_timestamp(
        Moment::new(micros),
        arguments[1].text(),
    )))
}

/// A point in time, in its civil parts.
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    day_of_year: i64,
    /// From Sunday, 0.
    weekday: i64,
    micros_of_day: i64,
}

impl Moment {
    /// From microseconds since 2000-01-01.
    fn new(micros: i64) -> Moment {
        const DAY: i64 = 86_400_000_000;
        let days = micros.div_euclid(DAY);
        let (year, month, day) = civil(days + 10_957);
        Moment {
            year,
            month,
            day,
            day_of_year: days + 10_957 - days_to(year) + 1,
            // 2000-01-01 was a Saturday.
            weekday: (days + 6).rem_euclid(7),
            micros_of_day: micros.rem_euclid(DAY),
        }
    }

    /// ISO 8601 year and week.
    fn iso_week(&self) -> (i64, i64) {
        let weekday = (self.weekday + 6) % 7 + 1;
        let week = (self.day_of_year - weekday + 10) / 7;
        if week < 1 {
            return (self.year - 1, weeks_of(self.year - 1));
        }
        if week > weeks_of(self.year) {
            (self.year + 1, 1)
        } else {
            (self.year, week)
        }
    }
}

/// Days from 1970-01-01 to the first of January of a year.
fn days_to(year: i64) -> i64 {
    let before = year - 1;
    365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

fn weeks_of(year: i64) -> i64 {
    let last_weekday = |year: i64| {
        (year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)).rem_euclid(7)
    };
    if last_weekday(year) == 4 || last_weekday(year - 1) == 3 {
        53
    } else {
        52
    }
}

/// Year, month and day of days since 1970-01-01.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let mut year = 1970 + days.div_euclid(366);
    while days_to(year + 1) <= days {
        year += 1;
    }
    let leap = days_to(year + 1) - days_to(year) == 366;
    let mut rest = days - days_to(year);
    let lengths = [
        31,
        if leap { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    for (month, length) in lengths.into_iter().enumerate() {
        if rest < length {
            return (year, month as i64 + 1, rest + 1);
        }
        rest -= length;
    }
    (year, 12, 31)
}

/// Days of a month.
pub(super) fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if days_to(year + 1) - days_to(year) == 366 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Longest patterns first.
const PATTERNS: &[&str] = &[
    "MONTH", "Month", "month", "HH24", "HH12", "YYYY", "IYYY", "DDD", "DAY", "Day", "day", "MON",
    "Mon", "mon", "AM", "PM", "am", "pm", "A.M.", "P.M.", "CC", "DD", "DY", "Dy", "dy", "HH", "ID",
    "IW", "MI", "MM", "MS", "SS", "TZH", "TZ", "tz", "OF", "US", "WW", "YY", "D", "Q", "W", "Y",
    "J",
];

fn format_timestamp(moment: Moment, pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (literal, behind) = rest[1..].split_once('"').unwrap_or((&rest[1..], ""));
            out.push_str(literal);
            rest = behind;
            continue;
        }
        let (fill, named) = match rest.strip_prefix("FM").or_else(|| rest.strip_prefix("fm")) {
            Some(behind) => (false, behind),
            None => (true, rest),
        };
        let found = PATTERNS.iter().find(|name| {
            named.get(..name.len()).is_some_and(|start| {
                // Names of months, days and halves keep their case; numbers are written in any.
                let lettered = name.chars().any(|c| c.is_lowercase()) || is_word(name);
                if lettered {
                    start == **name
                } else {
                    start.eq_ignore_ascii_case(name)
                }
            })
        });
        match found {
            Some(name) => {
                out.push_str(&field(&moment, name, fill));
                rest = &named[name.len()..];
                // Ordinal suffixes.
                if let Some(behind) = rest.strip_prefix("th").or_else(|| rest.strip_prefix("TH")) {
                    let upper = rest.starts_with("TH");
                    out.push_str(&ordinal(&out, upper));
                    rest = behind;
                }
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

fn is_word(name: &str) -> bool {
    matches!(
        name,
        "MONTH" | "MON" | "DAY" | "DY" | "AM" | "PM" | "A.M." | "P.M." | "TZ"
    )
}

fn ordinal(number: &str, upper: bool) -> String {
    let digits: Vec<u8> = number
        .bytes()
        .rev()
        .take_while(u8::is_ascii_digit)
        .collect();
    let teen = digits.get(1) == Some(&b'1');
    let suffix = match digits.first() {
        Some(b'1') if !teen => "st",
        Some(b'2') if !teen => "nd",
        Some(b'3') if !teen => "rd",
        _ => "th",
    };
    if upper {
        suffix.to_uppercase()
    } else {
        suffix.to_owned()
    }
}

fn field(moment: &Moment, name: &str, fill: bool) -> String {
    let number = |value: i64, width: usize| match fill {
        true => format!("{value:0width$}"),
        false => value.to_string(),
    };
    let word = |value: &str, width: usize| match fill {
        true => format!("{value:width$}"),
        false => value.to_owned(),
    };
    let month = MONTHS[(moment.month - 1).clamp(0, 11) as usize];
    let day = DAYS[moment.weekday.clamp(0, 6) as usize];
    let hour = moment.micros_of_day / 3_600_000_000;
    let half = |upper: bool, dots: bool| {
        let text = match (hour < 12, dots) {
            (true, false) => "AM",
            (false, false) => "PM",
            (true, true) => "A.M.",
            (false, true) => "P.M.",
        };
        if upper {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    match name {
        "MONTH" => word(&month.to_uppercase(), 9),
        "Month" => word(month, 9),
        "month" => word(&month.to_lowercase(), 9),
        "MON" => month[..3].to_uppercase(),
        "Mon" => month[..3].to_owned(),
        "mon" => month[..3].to_lowercase(),
        "DAY" => word(&day.to_uppercase(), 9),
        "Day" => word(day, 9),
        "day" => word(&day.to_lowercase(), 9),
        "DY" => day[..3].to_uppercase(),
        "Dy" => day[..3].to_owned(),
        "dy" => day[..3].to_lowercase(),
        "AM" | "PM" => half(true, false),
        "am" | "pm" => half(false, false),
        "A.M." | "P.M." => half(true, true),
        "YYYY" => number(moment.year, 4),
        "YY" => number(moment.year.rem_euclid(100), 2),
        "Y" => number(moment.year.rem_euclid(10), 1),
        "IYYY" => number(moment.iso_week().0, 4),
        "CC" => number((moment.year - 1).div_euclid(100) + 1, 2),
        "Q" => number((moment.month - 1) / 3 + 1, 1),
        "MM" => number(moment.month, 2),
        "DD" => number(moment.day, 2),
        "DDD" => number(moment.day_of_year, 3),
        "D" => number(moment.weekday + 1, 1),
        "ID" => number((moment.weekday + 6) % 7 + 1, 1),
        "W" => number((moment.day - 1) / 7 + 1, 1),
        "WW" => number((moment.day_of_year - 1) / 7 + 1, 2),
        "IW" => number(moment.iso_week().1, 2),
        "J" => number(days_to(moment.year) + moment.day_of_year - 1 + 2_440_588, 1),
        "HH24" => number(hour, 2),
        "HH" | "HH12" => number(if hour % 12 == 0 { 12 } else { hour % 12 }, 2),
        "MI" => number(moment.micros_of_day / 60_000_000 % 60, 2),
        "SS" => number(moment.micros_of_day / 1_000_000 % 60, 2),
        "MS" => number(moment.micros_of_day / 1_000 % 1_000, 3),
        "US" => number(moment.micros_of_day % 1_000_000, 6),
        "TZ" => "UTC".to_owned(),
        "tz" => "utc".to_owned(),
        "TZH" | "OF" => "+00".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(timestamp: &str, pattern: &str, expected: &str) {
        let micros = parse_timestamp(timestamp, false).unwrap();
        assert_eq!(format_timestamp(Moment::new(micros), pattern), expected);
    }

    /// Expected texts are those of PostgreSQL 15.
    #[test]
    fn to_char_prints_as_postgres_prints() {
        check(
            "2013-01-31 18:05:09.123456",
            "YYYY-MM-DD HH24:MI:SS.US",
            "2013-01-31 18:05:09.123456",
        );
        check(
            "2013-01-31 18:05:09.123456",
            "yyyy-mm-dd hh12:mi am",
            "2013-01-31 06:05 pm",
        );
        check(
            "2013-01-31 18:05:09",
            "FMMonth DDth, YYYY",
            "January 31st, 2013",
        );
        check(
            "2013-05-02 00:00:00",
            "Day|Month|Dy|Mon",
            "Thursday |May      |Thu|May",
        );
        check("2013-05-02 00:00:00", "DDD IW IYYY Q D", "122 18 2013 2 5");
        check(
            "2021-01-03 00:00:00",
            "IYYY-IW \"Year\" YY",
            "2020-53 Year 21",
        );
        check("2000-02-29 00:00:00", "J CC WW", "2451604 20 09");
        check(
            "1969-12-31 23:59:59.999999",
            "YYYY-MM-DD MS",
            "1969-12-31 999",
        );
    }
}
