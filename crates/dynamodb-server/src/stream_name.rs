//! How streams and their iterators are written: ARNs with labels, opaque iterators.
//!
//! Not here: what an iterator means (`engine`).
//!
//! ```text
//! ARN      = arn:aws:dynamodb:<region>:<account>:table/<table>/stream/<label>
//! label    = the time at which the stream was switched on, UTC: 2026-11-23T12:00:00.000
//! iterator = ARN | "|1|" | base64 of: the engine's bytes, CRC-32 (big-endian) of the ARN and those bytes
//! ```
//!
//! The checksum finds what was cut or mistyped. It is no signature: whoever makes an iterator up gets nothing that GetShardIterator would
//! not give.

use crate::service::Service;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use shale_engine::{ShardIterator, StreamName};

const MILLIS_PER_DAY: u64 = 86_400_000;
/// Between an iterator's ARN and the rest; also its version.
const ITERATOR_MARK: &str = "|1|";
const CHECKSUM_BYTES: usize = 4;

impl Service {
    /// The ARN of a stream.
    pub(crate) fn stream_arn(&self, stream: &StreamName) -> String {
        let table = self.table_arn(&stream.table);
        format!("{table}/stream/{}", label(stream.created_millis))
    }

    /// The stream of an ARN; none if it cannot be one of this server's.
    pub(crate) fn stream_of_arn(&self, arn: &str) -> Option<StreamName> {
        let (table, label) = parts_of_arn(arn)?;
        let stream = StreamName {
            table: table.to_owned(),
            created_millis: millis(label)?,
        };
        (self.stream_arn(&stream) == arn).then_some(stream)
    }

    /// An iterator as text.
    pub(crate) fn iterator_text(&self, iterator: &ShardIterator) -> String {
        let arn = self.stream_arn(&iterator.stream);
        let mut bytes = iterator.to_bytes().to_vec();
        let checksum = checksum(&arn, &bytes);
        bytes.extend_from_slice(&checksum);
        format!(
            "{arn}{ITERATOR_MARK}{}",
            BASE64_URL_SAFE_NO_PAD.encode(bytes)
        )
    }

    /// The iterator of a text; none if this server did not write it.
    pub(crate) fn iterator_of(&self, text: &str) -> Option<ShardIterator> {
        let (arn, rest) = text.split_once(ITERATOR_MARK)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(rest).ok()?;
        let (bytes, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        if *sum != checksum(arn, bytes) {
            return None;
        }
        ShardIterator::from_bytes(self.stream_of_arn(arn)?, bytes)
    }
}

/// Table and label of an ARN that has the form of a stream's.
pub(crate) fn parts_of_arn(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.strip_prefix("arn:aws:dynamodb:")?.splitn(3, ':');
    let (_region, _account) = (parts.next()?, parts.next()?);
    let (table, label) = parts
        .next()?
        .strip_prefix("table/")?
        .split_once("/stream/")?;
    (!table.is_empty() && !label.is_empty()).then_some((table, label))
}

fn checksum(arn: &str, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(arn.as_bytes());
    hasher.update(bytes);
    hasher.finalize().to_be_bytes()
}

/// A time as label: ISO 8601 with milliseconds, UTC.
pub(crate) fn label(millis: u64) -> String {
    let (days, rest) = (millis / MILLIS_PER_DAY, millis % MILLIS_PER_DAY);
    let (year, month, day) = date_of(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}")
}

/// The time of a label; whoever asks compares with what is written for it.
fn millis(label: &str) -> Option<u64> {
    let (date, time) = label.split_once('T')?;
    let number = |text: &str| text.parse::<u64>().ok();
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (number(time.next()?)?, number(time.next()?)?);
    let (second, milli) = time.next()?.split_once('.')?;
    let clock = [hour, minute, number(second)?, number(milli)?];
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && clock
            .iter()
            .zip([24, 60, 60, 1000])
            .all(|(value, end)| *value < end);
    let [hour, minute, second, milli] = clock;
    in_range.then(|| {
        days_of(year, month, day) * MILLIS_PER_DAY
            + ((hour * 60 + minute) * 60 + second) * 1000
            + milli
    })
}

/// Days of a 400-year cycle of the Gregorian calendar.
const CYCLE_DAYS: u64 = 146_097;
/// Days from the first of March of the year 0 to the Unix epoch.
const EPOCH_DAYS: u64 = 719_468;

/// Year, month and day of a day since the Unix epoch. Years are counted from March, so that the leap day is a year's last.
fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH_DAYS;
    let (cycle, of_cycle) = (days / CYCLE_DAYS, days % CYCLE_DAYS);
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (cycle * 400 + year + u64::from(month <= 2), month, day)
}

/// The day since the Unix epoch of a date from 1970 on.
fn days_of(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, of_cycle) = (year / 400, year % 400);
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    cycle * CYCLE_DAYS + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - EPOCH_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_iso_times() {
        for (time, text) in [
            (0, "1970-01-01T00:00:00.000"),
            (951_782_400_001, "2000-02-29T00:00:00.001"),
            (1_432_155_070_252, "2015-05-20T20:51:10.252"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999"),
        ] {
            assert_eq!(label(time), text);
            assert_eq!(millis(text), Some(time));
        }
        for text in [
            "",
            "T",
            "2015-05-20",
            "2015-13-20T20:51:10.252",
            "2015-05-20T24:51:10.252",
            "1969-12-31T23:59:59.999",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn arns_come_apart() {
        let arn =
            "arn:aws:dynamodb:us-east-1:000000000000:table/music/stream/2015-05-20T20:51:10.252";
        assert_eq!(
            parts_of_arn(arn),
            Some(("music", "2015-05-20T20:51:10.252"))
        );
        for bad in [
            "",
            "arn:aws:dynamodb:us-east-1:0:table/music",
            "arn:aws:s3:::table/music/stream/x",
            "arn:aws:dynamodb:us-east-1:0:table//stream/x",
        ] {
            assert_eq!(parts_of_arn(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_time_reads_back(time in 0u64..253_402_300_800_000) {
            prop_assert_eq!(millis(&label(time)), Some(time));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = (millis(&text), parts_of_arn(&text));
        }
    }
}
