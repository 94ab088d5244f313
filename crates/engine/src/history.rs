//! History: what was under the keys of a table before, for reads in the past.
//!
//! Opt-in per table. Every write of an item of such a table leaves a row in the history tree with the image that it replaced.
//!
//! ```text
//! key   = history u32 | hour u32 | tree key of the item without its table id | LSN u64 | microseconds of the hour u32
//! value = the encoded item that was there before that LSN; empty if there was none
//! ```
//!
//! Integers are big-endian. `history` is the number of the history, from the sequence of tables and indexes: one that is switched on again
//! is another one. Hour and microseconds are the timestamp of the record at that LSN. Tree keys end themselves, so what follows them does
//! not disturb their order.
//!
//! What was under a key at a position is the image in its first row above the position, or, if there is none, the current item: timestamps
//! never go back with rising LSN, so the first hour that has such a row holds the right one (`past`).
//!
//! Invariants:
//! * A history is complete from its beginning on: a row of the catalog, written by the record that switches it on. The beginning is moved
//!   on before anything is given back (`retention`), so a snapshot that shows a beginning has everything above it.
//! * Hours before the beginning are never written again.
//!
//! Not here: which images are replaced (`change`), who may read where (the front doors).

mod boundaries;
mod past;
mod retention;

pub(crate) use boundaries::Boundaries;
pub(crate) use past::{Past, PastItems, TablePast};
pub(crate) use retention::{Forgetting, forget_step, reclaim_again};

use crate::api::CreateTable;
use crate::definition::{DROPPED, HISTORY, table_key};
use crate::derived::HistoryDefinition;
use crate::error::{Error, HistoryProblem};
use crate::hour::{HOUR_MICROS, hour_of};
use crate::index_ddl::Ids;
use crate::limits::HISTORY_SECONDS_MAX;
use crate::record::RecordBuilder;
use bytes::{BufMut, Bytes, BytesMut};
use shale_item::TableId;
use shale_storage::Lsn;
use std::ops::Range;

/// Bytes of the numbers in front of the item's key.
const PREFIX_BYTES: usize = 8;
/// Bytes of LSN and microseconds behind it.
const SUFFIX_BYTES: usize = 12;
/// Bytes of the number in front of a key of the record's operation.
const ID_BYTES: usize = 4;

/// A position in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Everything up to that LSN.
    Lsn(u64),
    /// Everything up to that time, microseconds since the Unix epoch.
    Micros(u64),
}

/// The key of the row of a replaced image; `key` is that of the record's operation.
pub(crate) fn row_key(key: &[u8], lsn: Lsn, timestamp_micros: u64) -> Result<Bytes, String> {
    let parts = key.split_first_chunk::<ID_BYTES>();
    let (history, rest) = parts.ok_or("a replaced image without history")?;
    let mut row = BytesMut::with_capacity(PREFIX_BYTES + rest.len() + SUFFIX_BYTES);
    row.put_slice(history);
    row.put_u32(hour_of(timestamp_micros));
    row.put_slice(rest);
    row.put_u64(lsn.0);
    row.put_u32((timestamp_micros % HOUR_MICROS) as u32);
    Ok(row.freeze())
}

/// The value of the row of a replaced image.
pub(crate) fn row_value(image: Option<&[u8]>) -> Bytes {
    // Copied: it must not keep its whole record in memory.
    image.map(Bytes::copy_from_slice).unwrap_or_default()
}

/// The rows of hours of a history.
fn hours_range(history: u32, hours: Range<u32>) -> Range<Bytes> {
    let bound = |hour: u32| Bytes::copy_from_slice(&prefix(history, hour).to_be_bytes());
    bound(hours.start)..bound(hours.end)
}

/// What the rows of an hour begin with, as a number.
fn prefix(history: u32, hour: u32) -> u64 {
    u64::from(history) << 32 | u64::from(hour)
}

/// From where on a history is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    lsn: Lsn,
    micros: u64,
}

impl Beginning {
    /// It begins with that record.
    pub(crate) fn new(lsn: Lsn, micros: u64) -> Beginning {
        Beginning { lsn, micros }
    }

    /// The row's value.
    pub(crate) fn encode(self) -> Bytes {
        let mut value = BytesMut::with_capacity(16);
        value.put_u64(self.lsn.0);
        value.put_u64(self.micros);
        value.freeze()
    }

    fn decode(value: &[u8]) -> Result<Beginning, String> {
        let parts = value.split_first_chunk();
        let parts = parts.and_then(|(lsn, micros)| Some((*lsn, micros.try_into().ok()?)));
        let (lsn, micros) = parts.ok_or("a beginning of history of unknown format")?;
        Ok(Beginning {
            lsn: Lsn(u64::from_be_bytes(lsn)),
            micros: u64::from_be_bytes(micros),
        })
    }

    /// The beginning that the retention allows now, if it is later.
    fn floor(self, seconds: u64, now_micros: u64, boundaries: &Boundaries) -> Beginning {
        let oldest = now_micros.saturating_sub(seconds.saturating_mul(1_000_000));
        let hour = hour_of(oldest);
        let lsn = match hour > hour_of(self.micros) {
            true => self.lsn.max(boundaries.below(hour)),
            false => self.lsn,
        };
        Beginning {
            lsn,
            micros: self.micros.max(oldest),
        }
    }
}

/// The key of the row that says where a history begins.
pub(crate) fn beginning_key(history: u32) -> [u8; 5] {
    table_key(HISTORY, TableId(history))
}

/// Whether a row of a record says that a history begins with that very record.
pub(crate) fn begins_here(key: &[u8], value: &[u8]) -> bool {
    value.is_empty() && key.first() == Some(&HISTORY)
}

/// Has a history begin with the record.
pub(crate) fn write_beginning(history: u32, record: &mut RecordBuilder) {
    record.catalog(&beginning_key(history), Some(&[]));
}

/// Writes the rows of the end of a history. Its space is given back as that of a dropped table.
pub(crate) fn write_drop(history: u32, record: &mut RecordBuilder) {
    record.catalog(&table_key(DROPPED, TableId(history)), Some(&[]));
    record.catalog(&beginning_key(history), None);
}

/// Switches history on or off, or changes for how long it is kept.
pub(crate) fn change(
    definition: &mut CreateTable,
    seconds: Option<u64>,
    ids: &mut Ids,
    record: &mut RecordBuilder,
) -> Result<(), Error> {
    let current = &mut definition.derived.history;
    match (seconds, &mut *current) {
        (None, None) => {}
        (None, Some(history)) => {
            write_drop(history.id, record);
            *current = None;
        }
        (Some(seconds), Some(history)) => {
            check_seconds(seconds)?;
            history.seconds = seconds;
        }
        (Some(seconds), None) => {
            check_seconds(seconds)?;
            let id = ids.next()?;
            write_beginning(id, record);
            *current = Some(HistoryDefinition { id, seconds });
        }
    }
    Ok(())
}

/// Whether history can be kept for so long.
///
/// # Errors
/// [`HistoryProblem::Retention`].
pub(crate) fn check_seconds(seconds: u64) -> Result<(), Error> {
    match (1..=HISTORY_SECONDS_MAX).contains(&seconds) {
        true => Ok(()),
        false => Err(Error::History(HistoryProblem::Retention {
            seconds,
            max: HISTORY_SECONDS_MAX,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_by_hour_key_and_lsn() {
        let row = |key: &[u8], lsn, micros| row_key(key, Lsn(lsn), micros).unwrap();
        let hour = HOUR_MICROS;
        let rows = [
            row(b"\0\0\0\x09a\0\0", 7, 5 * hour),
            row(b"\0\0\0\x09a\0\0", 300, 5 * hour + 1),
            row(b"\0\0\0\x09b\0\0", 8, 5 * hour),
            row(b"\0\0\0\x09a\0\0", 301, 6 * hour),
            row(b"\0\0\0\x0aa\0\0", 9, 5 * hour),
        ];
        assert!(rows.is_sorted());
        assert_eq!(
            rows[1][..],
            *b"\0\0\0\x09\0\0\0\x05a\0\0\0\0\0\0\0\0\x01\x2c\0\0\0\x01"
        );
        let hours = hours_range(9, 5..6);
        let within: Vec<bool> = rows.iter().map(|row| hours.contains(row)).collect();
        assert_eq!(within, [true, true, true, false, false]);
        assert!(row_key(b"abc", Lsn(1), 0).is_err());
    }

    #[test]
    fn beginnings_are_read_back() {
        let beginning = Beginning::new(Lsn(17), 1_700_000_000_000_000);
        assert_eq!(Beginning::decode(&beginning.encode()), Ok(beginning));
        assert!(Beginning::decode(&beginning.encode()[1..]).is_err());
        assert!(Beginning::decode(&[]).is_err());
    }
}
