//! Time zones: `AT TIME ZONE` between what clocks show somewhere and moments.
//!
//! Moments count in microseconds since 2000-01-01 00:00 UTC. Rules come from the time zone database that is compiled in.

use super::typed::data_exception;
use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use shale_sql::{Datum, SqlError};
use std::str::FromStr;

/// Seconds from 1970-01-01 to 2000-01-01.
const EPOCH_SECONDS: i64 = 946_684_800;
const SECOND: i64 = 1_000_000;

/// Abbreviations with a fixed distance from UTC, in hours, as PostgreSQL's default set has them.
const ABBREVIATIONS: &[(&str, i64)] = &[
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("zulu", 0),
    ("uct", 0),
    ("wet", 0),
    ("bst", 1),
    ("cet", 1),
    ("west", 1),
    ("cest", 2),
    ("eet", 2),
    ("eest", 3),
    ("msk", 3),
    ("jst", 9),
    ("kst", 9),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// A time zone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Zone {
    /// With the rules of a place.
    Place(Tz),
    /// Always that many seconds east of UTC.
    Fixed(i64),
}

impl Zone {
    /// Reads a name, an abbreviation, or hours and minutes west of UTC, which is how POSIX counts.
    ///
    /// # Errors
    /// 22023 for a zone that there is not.
    pub(super) fn parse(name: &str) -> Result<Zone, SqlError> {
        let folded = name.trim().to_ascii_lowercase();
        if let Some((_, hours)) = ABBREVIATIONS.iter().find(|(known, _)| *known == folded) {
            return Ok(Zone::Fixed(hours * 3_600));
        }
        if let Some(west) = posix_seconds(&folded) {
            return Ok(Zone::Fixed(-west));
        }
        let exact = Tz::from_str(name.trim()).ok();
        exact
            .or_else(|| {
                let mut all = chrono_tz::TZ_VARIANTS.iter();
                all.find(|zone| zone.name().eq_ignore_ascii_case(&folded))
                    .copied()
            })
            .map(Zone::Place)
            .ok_or_else(|| data_exception("22023", format!("time zone \"{name}\" not recognized")))
    }

    /// An interval east of UTC.
    ///
    /// # Errors
    /// 22023 for one with months or days.
    pub(super) fn of_interval(interval: &Datum) -> Result<Zone, SqlError> {
        match interval {
            Datum::Interval {
                months: 0,
                days: 0,
                micros,
            } => Ok(Zone::Fixed(micros / SECOND)),
            _ => Err(data_exception(
                "22023",
                "interval time zone must not include months or days",
            )),
        }
    }

    /// What clocks show at a moment.
    ///
    /// # Errors
    /// 22008 out of range.
    pub(super) fn to_local(self, utc: i64) -> Result<i64, SqlError> {
        let east = match self {
            Zone::Fixed(east) => east,
            Zone::Place(zone) => {
                let moment = civil(utc)?;
                i64::from(
                    zone.offset_from_utc_datetime(&moment)
                        .fix()
                        .local_minus_utc(),
                )
            }
        };
        utc.checked_add(east * SECOND).ok_or_else(out_of_range)
    }

    /// The moment at which clocks show a time. Of two, the later; where clocks were put forward over it, as if they had not been yet.
    ///
    /// # Errors
    /// 22008 out of range.
    pub(super) fn to_utc(self, local: i64) -> Result<i64, SqlError> {
        let east = match self {
            Zone::Fixed(east) => east,
            Zone::Place(zone) => {
                let shown = civil(local)?;
                let found = zone.offset_from_local_datetime(&shown).latest();
                let offset = found.or_else(|| {
                    (1..=24).find_map(|hours| {
                        let before = shown.checked_sub_signed(TimeDelta::hours(hours))?;
                        zone.offset_from_local_datetime(&before).latest()
                    })
                });
                i64::from(offset.ok_or_else(out_of_range)?.fix().local_minus_utc())
            }
        };
        local.checked_sub(east * SECOND).ok_or_else(out_of_range)
    }
}

fn out_of_range() -> SqlError {
    data_exception("22008", "timestamp out of range")
}

fn civil(micros: i64) -> Result<NaiveDateTime, SqlError> {
    let since_1970 = micros
        .checked_add(EPOCH_SECONDS * SECOND)
        .ok_or_else(out_of_range)?;
    DateTime::from_timestamp_micros(since_1970)
        .map(|moment| moment.naive_utc())
        .ok_or_else(out_of_range)
}

/// `+05:30`, `-8` and the like, perhaps behind letters: seconds west of UTC.
fn posix_seconds(text: &str) -> Option<i64> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let (sign, digits) = match rest.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, rest.strip_prefix('+').unwrap_or(rest)),
    };
    let mut parts = digits.split(':');
    let mut number = |most: i64| match parts.next() {
        Some(part) => {
            let number: i64 = part.parse().ok()?;
            (0..=most).contains(&number).then_some(number)
        }
        None => Some(0),
    };
    if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes, seconds) = (number(167)?, number(59)?, number(59)?);
    Some(sign * (hours * 3_600 + minutes * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shale_sql::datum::{format_timestamp, parse_timestamp};

    #[track_caller]
    fn check(zone: &str, local: &str, utc: &str) {
        let zone = Zone::parse(zone).unwrap();
        let local = parse_timestamp(local, false).unwrap();
        let moment = zone.to_utc(local).unwrap();
        assert_eq!(format_timestamp(moment, true), utc);
    }

    #[test]
    fn clocks_show_what_their_zone_says() {
        check(
            "America/New_York",
            "2024-01-15 08:30:00",
            "2024-01-15 13:30:00+00",
        );
        check(
            "america/new_york",
            "2024-07-15 08:30:00",
            "2024-07-15 12:30:00+00",
        );
        check("+05:30", "2024-01-15 08:30:00", "2024-01-15 14:00:00+00");
        check("EST", "2024-01-15 08:30:00", "2024-01-15 13:30:00+00");
        // The hour that is skipped, and the one that comes twice.
        check(
            "Europe/Berlin",
            "2024-03-31 02:30:00",
            "2024-03-31 01:30:00+00",
        );
        check(
            "Europe/Berlin",
            "2024-10-27 02:30:00",
            "2024-10-27 01:30:00+00",
        );
        assert!(Zone::parse("Mars/Base").is_err());
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let moment = parse_timestamp("2024-03-31 01:30:00+00", true).unwrap();
        assert_eq!(
            format_timestamp(berlin.to_local(moment).unwrap(), false),
            "2024-03-31 03:30:00"
        );
    }
}
