//! Times and intervals from their parts, between zones, and what PostgreSQL asks of them.

use super::numbers::{float, integer, text};
use super::typed::{Type, Typed, data_exception, typed, variant};
use super::zone::Zone;
use shale_sql::datum::{MICROS_PER_DAY, days_of};
use shale_sql::{Datum, SqlError};

use Type::{Bool, Date, Float8, Int4, Interval, Text, Time, Timestamp, TimestampTz};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAYS_PER_MONTH: i64 = 30;

pub(super) static FUNCTIONS: &[Typed] = &[
    typed(
        "make_time",
        &[variant(&[Int4, Int4, Float8], Time, |row| {
            time_of(row).map(Datum::Time)
        })],
    ),
    typed(
        "make_timestamp",
        &[variant(
            &[Int4, Int4, Int4, Int4, Int4, Float8],
            Timestamp,
            |row| timestamp_of(row).map(Datum::Timestamp),
        )],
    ),
    typed(
        "make_timestamptz",
        &[
            variant(
                &[Int4, Int4, Int4, Int4, Int4, Float8],
                TimestampTz,
                |row| timestamp_of(row).map(Datum::Timestamp),
            ),
            variant(
                &[Int4, Int4, Int4, Int4, Int4, Float8, Text],
                TimestampTz,
                |row| {
                    let local = timestamp_of(row)?;
                    Zone::parse(text(&row[6]))?
                        .to_utc(local)
                        .map(Datum::Timestamp)
                },
            ),
        ],
    ),
    typed(
        "make_interval",
        &[variant(
            &[Int4, Int4, Int4, Int4, Int4, Int4, Float8],
            Interval,
            |row| {
                let months = integer(&row[0]) * 12 + integer(&row[1]);
                let days = integer(&row[2]) * 7 + integer(&row[3]);
                let clock = integer(&row[4]) * HOUR + integer(&row[5]) * 60 * SECOND;
                interval(
                    months,
                    days,
                    clock + (float(&row[6]) * SECOND as f64).round() as i64,
                )
            },
        )],
    ),
    typed(
        "justify_days",
        &[variant(&[Interval], Interval, |row| {
            let (months, days, micros) = parts(&row[0]);
            interval(
                months + days / DAYS_PER_MONTH,
                days % DAYS_PER_MONTH,
                micros,
            )
            .and_then(|settled| same_sign(&settled, false, true))
        })],
    ),
    typed(
        "justify_hours",
        &[variant(&[Interval], Interval, |row| {
            let (months, days, micros) = parts(&row[0]);
            interval(
                months,
                days + micros / MICROS_PER_DAY,
                micros % MICROS_PER_DAY,
            )
            .and_then(|settled| same_sign(&settled, true, false))
        })],
    ),
    typed(
        "justify_interval",
        &[variant(&[Interval], Interval, |row| {
            let (months, days, micros) = parts(&row[0]);
            let days = days + micros / MICROS_PER_DAY;
            interval(
                months + days / DAYS_PER_MONTH,
                days % DAYS_PER_MONTH,
                micros % MICROS_PER_DAY,
            )
            .and_then(|settled| same_sign(&settled, true, true))
        })],
    ),
    // There is no infinity here.
    typed(
        "isfinite",
        &[
            variant(&[Date], Bool, |_| Ok(Datum::Bool(true))),
            variant(&[Timestamp], Bool, |_| Ok(Datum::Bool(true))),
            variant(&[TimestampTz], Bool, |_| Ok(Datum::Bool(true))),
            variant(&[Interval], Bool, |_| Ok(Datum::Bool(true))),
        ],
    ),
    typed(
        "shale_timestamp_difference",
        &[
            variant(&[Timestamp, Timestamp], Interval, |row| {
                difference(&row[0], &row[1])
            }),
            variant(&[TimestampTz, TimestampTz], Interval, |row| {
                difference(&row[0], &row[1])
            }),
        ],
    ),
    // A year has 365.25 days here, a month outside of whole years 30.
    typed(
        "shale_interval_epoch",
        &[variant(&[Text, Interval], Float8, |row| {
            let (months, days, micros) = parts(&row[1]);
            let of_years = (months / 12) * 31_557_600 * SECOND;
            let of_days = (months % 12 * DAYS_PER_MONTH + days) * MICROS_PER_DAY;
            Ok(Datum::Float(
                (of_years + of_days + micros) as f64 / SECOND as f64,
            ))
        })],
    ),
    typed(
        "shale_at_zone",
        &[
            variant(&[Timestamp, Text], TimestampTz, |row| {
                Zone::parse(text(&row[1]))?
                    .to_utc(micros(&row[0]))
                    .map(Datum::Timestamp)
            }),
            variant(&[TimestampTz, Text], Timestamp, |row| {
                Zone::parse(text(&row[1]))?
                    .to_local(micros(&row[0]))
                    .map(Datum::Timestamp)
            }),
            variant(&[Timestamp, Interval], TimestampTz, |row| {
                Zone::of_interval(&row[1])?
                    .to_utc(micros(&row[0]))
                    .map(Datum::Timestamp)
            }),
            variant(&[TimestampTz, Interval], Timestamp, |row| {
                Zone::of_interval(&row[1])?
                    .to_local(micros(&row[0]))
                    .map(Datum::Timestamp)
            }),
        ],
    ),
    typed(
        "shale_overlaps",
        &[
            variant(&[Timestamp, Timestamp, Timestamp, Timestamp], Bool, |row| {
                let row = [0, 1, 2, 3].map(|place| micros(&row[place]));
                Ok(Datum::Bool(overlaps(&row)))
            }),
            variant(
                &[TimestampTz, TimestampTz, TimestampTz, TimestampTz],
                Bool,
                |row| {
                    let row = [0, 1, 2, 3].map(|place| micros(&row[place]));
                    Ok(Datum::Bool(overlaps(&row)))
                },
            ),
        ],
    ),
    typed(
        "shale_round_time",
        &[
            variant(&[Timestamp, Int4], Timestamp, |row| {
                Ok(Datum::Timestamp(rounded(micros(&row[0]), integer(&row[1]))))
            }),
            variant(&[TimestampTz, Int4], TimestampTz, |row| {
                Ok(Datum::Timestamp(rounded(micros(&row[0]), integer(&row[1]))))
            }),
            variant(&[Time, Int4], Time, |row| match row[0] {
                Datum::Time(micros) => Ok(Datum::Time(rounded(micros, integer(&row[1])))),
                _ => Ok(Datum::Null),
            }),
        ],
    ),
];

fn micros(value: &Datum) -> i64 {
    match value {
        Datum::Timestamp(micros) => *micros,
        _ => 0,
    }
}

/// Months, days, microseconds.
fn parts(value: &Datum) -> (i64, i64, i64) {
    match value {
        Datum::Interval {
            months,
            days,
            micros,
        } => (i64::from(*months), i64::from(*days), *micros),
        _ => (0, 0, 0),
    }
}

fn interval(months: i64, days: i64, micros: i64) -> Result<Datum, SqlError> {
    match (i32::try_from(months), i32::try_from(days)) {
        (Ok(months), Ok(days)) => Ok(Datum::Interval {
            months,
            days,
            micros,
        }),
        _ => Err(data_exception("22008", "interval out of range")),
    }
}

/// To microseconds behind that many digits of a second, half away from zero.
fn rounded(micros: i64, digits: i64) -> i64 {
    let unit = 10_i64.pow(u32::try_from(6 - digits.clamp(0, 6)).unwrap_or(0));
    let half = unit / 2;
    (micros + if micros < 0 { -half } else { half }) / unit * unit
}

/// The time of hour, minute and second in the last three of a row's numbers.
fn clock(hour: i64, minute: i64, second: f64, shown: &str) -> Result<i64, SqlError> {
    let valid =
        (0..=24).contains(&hour) && (0..60).contains(&minute) && (0.0..=60.0).contains(&second);
    let micros = (hour * 60 + minute) * 60 * SECOND + (second * SECOND as f64).round() as i64;
    match valid && micros <= MICROS_PER_DAY {
        true => Ok(micros),
        false => Err(data_exception(
            "22008",
            format!("{shown} field value out of range"),
        )),
    }
}

fn time_of(row: &[Datum]) -> Result<i64, SqlError> {
    clock(integer(&row[0]), integer(&row[1]), float(&row[2]), "time")
}

fn timestamp_of(row: &[Datum]) -> Result<i64, SqlError> {
    let days = days_of(integer(&row[0]), integer(&row[1]), integer(&row[2]));
    let days = days.ok_or_else(|| data_exception("22008", "date field value out of range"))?;
    let clock = clock(integer(&row[3]), integer(&row[4]), float(&row[5]), "time")?;
    Ok(days * MICROS_PER_DAY + clock)
}

/// Gives days and months, or the time and days, the same sign.
fn same_sign(settled: &Datum, of_time: bool, of_days: bool) -> Result<Datum, SqlError> {
    let (mut months, mut days, mut micros) = parts(settled);
    if of_time && of_days {
        if months > 0 && (days < 0 || (days == 0 && micros < 0)) {
            days += DAYS_PER_MONTH;
            months -= 1;
        } else if months < 0 && (days > 0 || (days == 0 && micros > 0)) {
            days -= DAYS_PER_MONTH;
            months += 1;
        }
    }
    if of_time {
        if days > 0 && micros < 0 {
            micros += MICROS_PER_DAY;
            days -= 1;
        } else if days < 0 && micros > 0 {
            micros -= MICROS_PER_DAY;
            days += 1;
        }
    }
    if of_days && !of_time {
        if months > 0 && days < 0 {
            days += DAYS_PER_MONTH;
            months -= 1;
        } else if months < 0 && days > 0 {
            days -= DAYS_PER_MONTH;
            months += 1;
        }
    }
    interval(months, days, micros)
}

fn difference(later: &Datum, earlier: &Datum) -> Result<Datum, SqlError> {
    let between = micros(later) - micros(earlier);
    interval(0, between / MICROS_PER_DAY, between % MICROS_PER_DAY)
}

/// Whether two spans of time have a moment in common; an end may stand before its beginning.
fn overlaps(row: &[i64; 4]) -> bool {
    let ordered = |from: i64, to: i64| (from.min(to), from.max(to));
    let (first, second) = (ordered(row[0], row[1]), ordered(row[2], row[3]));
    // A span without length is a moment; others leave their end out.
    first.0 == second.0 || (first.0 < second.1 && second.0 < first.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_overlap_but_at_their_ends() {
        for (row, expected) in [
            ([1, 5, 4, 9], true),
            ([1, 4, 4, 9], false),
            ([4, 1, 3, 3], true),
            ([1, 1, 1, 1], true),
            ([1, 1, 1, 5], true),
            ([5, 5, 1, 5], false),
            ([1, 5, 7, 9], false),
        ] {
            assert_eq!(overlaps(&row), expected, "{row:?}");
        }
    }

    #[test]
    fn seconds_are_rounded_half_away_from_zero() {
        assert_eq!(rounded(1_500_000, 0), 2_000_000);
        assert_eq!(rounded(-1_500_000, 0), -2_000_000);
        assert_eq!(rounded(123_456, 2), 120_000);
        assert_eq!(rounded(123_456, 6), 123_456);
    }
}
