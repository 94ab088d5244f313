//! Dates, times and timestamps: proleptic Gregorian calendar, years 1 to 9999, UTC, microseconds.
//!
//! Infinity is refused: there is no stored form whose order would hold.

use crate::{Datum, SqlError, SqlType};

/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Days from 1970-01-01 to 2000-01-01, where PostgreSQL counts from.
const EPOCH_DAYS: i64 = 10_957;

/// Microseconds since the Unix epoch as microseconds since 2000-01-01.
pub fn unix_micros_to_timestamp(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX) - EPOCH_DAYS * MICROS_PER_DAY
}

/// Microseconds since 2000-01-01 as microseconds since the Unix epoch; 0 for times before that.
pub(crate) fn timestamp_to_unix_micros(micros: i64) -> u64 {
    let micros = micros.saturating_add(EPOCH_DAYS * MICROS_PER_DAY);
    u64::try_from(micros).unwrap_or(0)
}

fn syntax(type_name: &str, value: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "22007",
        message: format!("invalid input syntax for type {type_name}: \"{value}\""),
        hint: None,
    }
}

fn field_overflow(value: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "22008",
        message: format!("date/time field value out of range: \"{value}\""),
        hint: None,
    }
}

/// Days since 2000-01-01 of a civil date (Howard Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 - EPOCH_DAYS
}

/// Days since 2000-01-01 of a date of the years 1 to 9999; `None` if there is no such date.
pub fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let valid = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_from_civil(year, month, day))
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A cursor over ASCII text.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }
    fn digits(&mut self, most: usize) -> &'a str {
        let start = self.at;
        while self.at - start < most && self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }
    fn number(&mut self, most: usize) -> Option<i64> {
        self.digits(most).parse().ok()
    }
    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }
    fn done(&self) -> bool {
        self.at >= self.text.len()
    }
}

fn refuse_infinity(text: &str) -> Result<(), SqlError> {
    let word = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if word == "infinity" || word == "inf" {
        return Err(SqlError::NotSupported {
            feature: "infinity as a date or timestamp".into(),
            hint: None,
        });
    }
    Ok(())
}

/// `None`: not the syntax of a date; `Some(Err(()))`: a field is out of range.
fn scan_date(scanner: &mut Scanner<'_>) -> Option<Result<i64, ()>> {
    let year_digits = scanner.digits(8);
    let (year, month, day) = if year_digits.len() == 8 && scanner.peek() != Some(b'-') {
        let all: i64 = year_digits.parse().ok()?;
        (all / 10_000, all / 100 % 100, all % 100)
    } else {
        if year_digits.len() < 4 || year_digits.len() > 5 {
            return None;
        }
        let year = year_digits.parse().ok()?;
        let separator = scanner.peek().filter(|byte| b"-/.".contains(byte))?;
        scanner.at += 1;
        let month = scanner.number(2)?;
        if !scanner.eat(separator) {
            return None;
        }
        (year, month, scanner.number(2)?)
    };
    Some(days_of(year, month, day).ok_or(()))
}

/// Microseconds since midnight; 24:00:00 is allowed.
fn scan_time(scanner: &mut Scanner<'_>) -> Option<Result<i64, ()>> {
    let hour = scanner.number(2)?;
    if !scanner.eat(b':') {
        return None;
    }
    let minute = scanner.number(2)?;
    let mut second = 0;
    let mut micros = 0;
    if scanner.eat(b':') {
        second = scanner.number(2)?;
        if scanner.eat(b'.') {
            let fraction = scanner.digits(usize::MAX);
            let kept = &fraction[..fraction.len().min(6)];
            micros = format!("{kept:0<6}").parse::<i64>().ok()?;
            if fraction.as_bytes().get(6).is_some_and(|&next| next >= b'5') {
                micros += 1;
            }
        }
    }
    let half = scan_half(scanner);
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return Some(Err(())),
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        None => hour,
    };
    let total = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
    let valid = hour <= 24 && minute < 60 && second <= 60 && total <= MICROS_PER_DAY;
    Some(if valid { Ok(total) } else { Err(()) })
}

/// AM or PM behind a time; whether it is the afternoon.
fn scan_half(scanner: &mut Scanner<'_>) -> Option<bool> {
    let rest = scanner.text.get(scanner.at..)?;
    let word = rest.trim_start();
    let afternoon = match word.get(..2)?.to_ascii_lowercase().as_str() {
        "am" => false,
        "pm" => true,
        _ => return None,
    };
    if word[2..].starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    scanner.at += rest.len() - word.len() + 2;
    Some(afternoon)
}

/// A date with the name of a month in it as one of numbers: `Jan 5, 2024`, `5 January 2024`, `2024-Jan-05`. `None` for other texts.
fn numbered_month(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = text.to_ascii_lowercase();
    if !lower.is_ascii() || !lower.contains(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    // Three parts of letters or digits, whatever stands between them; then the time.
    let (mut parts, mut rest) = (Vec::new(), lower.as_str());
    while parts.len() < 3 {
        rest = rest.trim_start_matches([' ', ',', '-']);
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    let month_of = |part: &str| {
        let known = |month: &&str| part.len() >= 3 && month.starts_with(part);
        MONTHS.iter().position(known)
    };
    let place = parts.iter().position(|part| month_of(part).is_some())?;
    let month = month_of(parts.remove(place))? + 1;
    let [first, second] = parts.as_slice() else {
        return None;
    };
    let (year, day) = match first.len() == 4 {
        true => (first, second),
        false => (second, first),
    };
    if year.len() != 4 || !(1..=2).contains(&day.len()) {
        return None;
    }
    Some(format!("{year}-{month:02}-{day}{rest}"))
}

/// Seconds east of UTC; `Some(None)` if there is no zone.
fn scan_zone(scanner: &mut Scanner<'_>) -> Option<Option<i64>> {
    scanner.skip_spaces();
    if scanner.done() {
        return Some(None);
    }
    let rest = scanner.text[scanner.at..].to_ascii_lowercase();
    if matches!(rest.as_str(), "z" | "utc" | "gmt" | "zulu") {
        scanner.at = scanner.text.len();
        return Some(Some(0));
    }
    let sign = match scanner.peek()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    scanner.at += 1;
    let digits = scanner.digits(4);
    let (hours, mut minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i64>().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    let mut seconds = 0;
    if scanner.eat(b':') {
        minutes = scanner.number(2)?;
        if scanner.eat(b':') {
            seconds = scanner.number(2)?;
        }
    }
    if hours > 15 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(Some(sign * (hours * 3600 + minutes * 60 + seconds)))
}

/// Days since 2000-01-01. A time behind the date is cut off, as PostgreSQL does.
///
/// # Errors
/// 22007 for other syntax, 22008 for a field out of range, 0A000 for infinity.
pub fn parse_date(text: &str) -> Result<i32, SqlError> {
    if let Some(days) = iso_date(text) {
        return Ok(days);
    }
    let micros = parse_timestamp_as(text, "date", true)?;
    Ok(micros.div_euclid(MICROS_PER_DAY) as i32)
}

/// A date in the form that is stored, `YYYY-MM-DD`, which is most of them: it needs no scanner.
fn iso_date(text: &str) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i64, |number, digit| {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
            Some(number * 10 + i64::from(digit))
        })
    };
    let year = number(&[y1, y2, y3, y4]).filter(|year| *year > 0)?;
    let month = number(&[m1, m2]).filter(|month| (1..=12).contains(month))?;
    let day = number(&[d1, d2]).filter(|day| (1..=days_in_month(year, month)).contains(day))?;
    i32::try_from(days_from_civil(year, month, day)).ok()
}

/// Microseconds since midnight.
///
/// # Errors
/// As [`parse_date`].
pub fn parse_time(text: &str) -> Result<i64, SqlError> {
    let trimmed = text.trim();
    let mut scanner = Scanner {
        text: trimmed,
        at: 0,
    };
    let name = SqlType::Time.base_name();
    let micros = scan_time(&mut scanner)
        .ok_or_else(|| syntax(name, text))?
        .map_err(|()| field_overflow(text))?;
    if !scanner.done() {
        return Err(syntax(name, text));
    }
    Ok(micros)
}

/// Microseconds since 2000-01-01 00:00 UTC. With `zoned` an offset in the text counts (none is UTC); otherwise it is skipped, as
/// PostgreSQL does for timestamp without time zone.
///
/// # Errors
/// As [`parse_date`].
pub fn parse_timestamp(text: &str, zoned: bool) -> Result<i64, SqlError> {
    let name = if zoned {
        SqlType::TimestampTz.base_name()
    } else {
        SqlType::Timestamp.base_name()
    };
    parse_timestamp_as(text, name, !zoned)
}

fn parse_timestamp_as(text: &str, name: &str, skip_zone: bool) -> Result<i64, SqlError> {
    let trimmed = text.trim();
    refuse_infinity(trimmed)?;
    let numbered = numbered_month(trimmed);
    let mut scanner = Scanner {
        text: numbered.as_deref().unwrap_or(trimmed),
        at: 0,
    };
    let days = scan_date(&mut scanner)
        .ok_or_else(|| syntax(name, text))?
        .map_err(|()| field_overflow(text))?;
    let mut micros = days * MICROS_PER_DAY;
    if !scanner.done() {
        if matches!(scanner.peek(), Some(b'T' | b't')) {
            scanner.at += 1;
        } else {
            // A zone may follow the date at once, as JDBC sends dates.
            scanner.skip_spaces();
        }
        if scanner.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            micros += scan_time(&mut scanner)
                .ok_or_else(|| syntax(name, text))?
                .map_err(|()| field_overflow(text))?;
        }
        let offset = scan_zone(&mut scanner).ok_or_else(|| syntax(name, text))?;
        if !scanner.done() {
            return Err(syntax(name, text));
        }
        if !skip_zone {
            micros -= offset.unwrap_or(0) * 1_000_000;
        }
    }
    if !in_range(micros) {
        return Err(field_overflow(text));
    }
    Ok(micros)
}

/// Whether a timestamp lies in the years 1 to 9999.
pub(crate) fn in_range(micros: i64) -> bool {
    let (year, _, _) = civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    (1..=9999).contains(&year)
}

/// `YYYY-MM-DD`.
pub fn format_date(days: i32) -> String {
    let (year, month, day) = civil_from_days(i64::from(days));
    if year <= 0 {
        format!("{:04}-{month:02}-{day:02} BC", 1 - year)
    } else {
        format!("{year:04}-{month:02}-{day:02}")
    }
}

/// `HH:MM:SS[.ffffff]`, the fraction without trailing zeros.
pub fn format_time(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let mut out = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    push_fraction(&mut out, micros % 1_000_000);
    out
}

fn push_fraction(out: &mut String, micros: i64) {
    if micros != 0 {
        let digits = format!("{micros:06}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]`, with `zoned` followed by `+00`.
pub fn format_timestamp(micros: i64, zoned: bool) -> String {
    let date = format_date(micros.div_euclid(MICROS_PER_DAY) as i32);
    let (date, era) = match date.strip_suffix(" BC") {
        Some(date) => (date, " BC"),
        None => (date.as_str(), ""),
    };
    let time = format_time(micros.rem_euclid(MICROS_PER_DAY));
    let zone = if zoned { "+00" } else { "" };
    format!("{date} {time}{zone}{era}")
}

/// The stored form: `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub fn timestamp_to_iso(micros: i64) -> String {
    let (year, month, day) = civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    let time = micros.rem_euclid(MICROS_PER_DAY);
    let seconds = time / 1_000_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        time % 1_000_000
    )
}

/// The stored form of a date: `YYYY-MM-DD`.
pub fn date_to_iso(days: i32) -> String {
    format_date(days)
}

/// An interval in PostgreSQL's style: `1 year 2 mons 3 days 04:05:06.5`, with any of the units' usual names.
///
/// # Errors
/// 22007 for other syntax, 22008 for overflow.
pub fn parse_interval(text: &str) -> Result<Datum, SqlError> {
    let name = SqlType::Interval.base_name();
    let mut totals = IntervalTotals::default();
    let lower = text.trim().to_ascii_lowercase();
    let (body, ago) = match lower.strip_suffix("ago") {
        Some(body) => (body.trim_end(), true),
        None => (lower.as_str(), false),
    };
    if body.starts_with('p') && !ago {
        return iso_interval(body).ok_or_else(|| syntax(name, text));
    }
    let mut words = body.split_whitespace().peekable();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        if word == "@" {
            continue;
        }
        // `1-2` is a year and two months, as the standard writes them.
        if let Some((years, months)) = word.get(1..).and_then(|rest| rest.split_once('-'))
            && !months.is_empty()
            && let (Ok(years), Ok(months)) =
                (word[..1 + years.len()].parse::<i32>(), months.parse::<u8>())
        {
            let sign = if word.starts_with('-') { -1.0 } else { 1.0 };
            totals.months += f64::from(years) * 12.0 + sign * f64::from(months);
            continue;
        }
        if word.contains(':') {
            let (sign, clock) = match word.strip_prefix('-') {
                Some(rest) => (-1, rest),
                None => (1, word.strip_prefix('+').unwrap_or(word)),
            };
            totals
                .clock(sign, clock)
                .ok_or_else(|| syntax(name, text))?;
            continue;
        }
        let split = word
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(word.len());
        let (amount, unit) = word.split_at(split);
        let amount: f64 = amount.parse().map_err(|_| syntax(name, text))?;
        let unit = match unit {
            // A number before a time counts days.
            "" if words.peek().is_some_and(|next| next.contains(':')) => "days",
            "" => words.next().unwrap_or("seconds"),
            unit => unit,
        };
        totals.add(amount, unit).ok_or_else(|| syntax(name, text))?;
    }
    if !any {
        return Err(syntax(name, text));
    }
    totals.finish(ago).ok_or_else(|| field_overflow(text))
}

/// `p1y2m3dt4h5m6s`, ISO 8601's form with designators.
fn iso_interval(text: &str) -> Option<Datum> {
    let mut totals = IntervalTotals::default();
    let mut rest = text.strip_prefix('p')?;
    let (mut of_time, mut any) = (false, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('t') {
            of_time = true;
            rest = time;
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let amount: f64 = rest[..end].parse().ok()?;
        let unit = match (&rest[end..=end], of_time) {
            ("y", false) => "years",
            ("m", false) => "months",
            ("w", false) => "weeks",
            ("d", false) => "days",
            ("h", true) => "hours",
            ("m", true) => "minutes",
            ("s", true) => "seconds",
            _ => return None,
        };
        totals.add(amount, unit)?;
        any = true;
        rest = &rest[end + 1..];
    }
    any.then(|| totals.finish(false)).flatten()
}

#[derive(Default)]
struct IntervalTotals {
    months: f64,
    days: f64,
    micros: f64,
}

impl IntervalTotals {
    fn add(&mut self, amount: f64, unit: &str) -> Option<()> {
        match unit.trim_end_matches(',') {
            "microsecond" | "microseconds" | "us" => self.micros += amount,
            "millisecond" | "milliseconds" | "ms" => self.micros += amount * 1e3,
            "second" | "seconds" | "sec" | "secs" | "s" => self.micros += amount * 1e6,
            "minute" | "minutes" | "min" | "mins" | "m" => self.micros += amount * 60e6,
            "hour" | "hours" | "hr" | "hrs" | "h" => self.micros += amount * 3600e6,
            "day" | "days" | "d" => self.add_days(amount),
            "week" | "weeks" | "w" => self.add_days(amount * 7.0),
            "month" | "months" | "mon" | "mons" => self.months += amount,
            "year" | "years" | "yr" | "yrs" | "y" => self.months += amount * 12.0,
            _ => return None,
        }
        Some(())
    }

    fn add_days(&mut self, amount: f64) {
        self.days += amount.trunc();
        self.micros += amount.fract() * MICROS_PER_DAY as f64;
    }

    fn clock(&mut self, sign: i32, clock: &str) -> Option<()> {
        let mut parts = clock.split(':');
        let hours: f64 = parts.next()?.parse().ok()?;
        let minutes: f64 = parts.next()?.parse().ok()?;
        let seconds: f64 = match parts.next() {
            Some(text) => text.parse().ok()?,
            None => 0.0,
        };
        if parts.next().is_some() || minutes >= 60.0 || seconds >= 60.0 {
            return None;
        }
        self.micros += f64::from(sign) * ((hours * 60.0 + minutes) * 60.0 + seconds) * 1e6;
        Some(())
    }

    fn finish(mut self, ago: bool) -> Option<Datum> {
        let whole_months = self.months.trunc();
        self.add_days((self.months - whole_months) * 30.0);
        let sign = if ago { -1.0 } else { 1.0 };
        let micros = (self.micros * sign).round();
        let fits = whole_months.abs() < f64::from(i32::MAX)
            && self.days.abs() < f64::from(i32::MAX)
            && micros.abs() < 9.0e18;
        fits.then_some(Datum::Interval {
            months: (whole_months * sign) as i32,
            days: (self.days * sign) as i32,
            micros: micros as i64,
        })
    }
}

pub(crate) fn format_interval(months: i32, days: i32, micros: i64) -> String {
    let mut parts = Vec::new();
    let mut unit = |value: i32, one: &str, many: &str| {
        if value != 0 {
            parts.push(format!("{value} {}", if value == 1 { one } else { many }));
        }
    };
    unit(months / 12, "year", "years");
    unit(months % 12, "mon", "mons");
    unit(days, "day", "days");
    if micros != 0 || parts.is_empty() {
        let sign = if micros < 0 { "-" } else { "" };
        let absolute = i64::try_from(micros.unsigned_abs()).unwrap_or(i64::MAX);
        parts.push(format!("{sign}{}", format_time(absolute)));
    }
    parts.join(" ")
}
