//! The dates of signed requests, as seconds since the Unix epoch.

/// Reads `YYYYMMDDTHHMMSSZ` or, as a Date header may be, `Sun, 30 Aug 2015 12:36:00 GMT`.
pub(super) fn parse(text: &str) -> Option<u64> {
    parse_basic(text).or_else(|| parse_http(text))
}

fn parse_basic(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    seconds(
        number(bytes, 0, 4)?,
        number(bytes, 4, 2)?,
        number(bytes, 6, 2)?,
        [
            number(bytes, 9, 2)?,
            number(bytes, 11, 2)?,
            number(bytes, 13, 2)?,
        ],
    )
}

fn parse_http(text: &str) -> Option<u64> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let bytes = text.as_bytes();
    if bytes.len() != 29 || !text.ends_with(" GMT") {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == &bytes[8..11])?;
    seconds(
        number(bytes, 12, 4)?,
        month as u64 + 1,
        number(bytes, 5, 2)?,
        [
            number(bytes, 17, 2)?,
            number(bytes, 20, 2)?,
            number(bytes, 23, 2)?,
        ],
    )
}

/// `YYYYMMDDTHHMMSSZ`.
pub(super) fn format(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let second = seconds % 86_400;
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

fn number(bytes: &[u8], start: usize, len: usize) -> Option<u64> {
    bytes.get(start..start + len)?.iter().try_fold(0, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0'))
    })
}

fn seconds(year: u64, month: u64, day: u64, [hour, minute, second]: [u64; 3]) -> Option<u64> {
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap(year) => 29,
        2 => 28,
        _ => return None,
    };
    let valid = (1970..=9999).contains(&year)
        && (1..=days_in_month).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    valid.then(|| days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days from 1970-01-01. Years begin in March here, so that the leap day is the last of a year.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// The inverse of [`days`].
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
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
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}
