//! Rows of the streams tree: one per change of an item, made by `apply` from the log record.
//!
//! Not here: which changes are kept (`change`), which rows a stream shard has (`shard`).
//!
//! ```text
//! key   = hour u32 since the Unix epoch | stream u32 | part u32 | LSN u64 | n u32
//! value = format u8 (1) | flags u8 | timestamp u64, microseconds since the Unix epoch | tree key length u16 | tree key
//!         | new image length u32 | new image | old image
//! flags = 0 insert, 1 modify, 2 remove; + 4: by the service; + 8: has the new image; + 16: has the old image
//! ```
//!
//! Integers are big-endian. `n` counts the changes of one record. `part` numbers the stream shards that are open at the same time; there
//! is one, 0.
//!
//! Invariants:
//! * Hour and timestamp are those of the log record, and the timestamps of records never fall: within a stream the order of keys is the
//!   order of the log.
//! * Rows of an hour lie together, so that their space is given back at once.

use super::sequence_number::SequenceNumber;
use crate::hour::hour_of;
use crate::record::StreamChange;
use bytes::{BufMut, Bytes};
use shale_item::EncodedItem;
use std::ops::Range;

/// Format of values that this code writes, the only one it reads.
const FORMAT: u8 = 1;
const KEY_BYTES: usize = 24;
const VALUE_OVERHEAD: usize = 16;
const EVENT: u8 = 3;
const BY_SERVICE: u8 = 4;
const HAS_NEW: u8 = 8;
const HAS_OLD: u8 = 16;
/// The only stream shard that is open at a time.
const PART: u32 = 0;

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// It was not there before.
    Insert,
    /// It was there and is.
    Modify,
    /// It is gone.
    Remove,
}

/// The write of an item that a change in a record belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'a> {
    pub(crate) tree_key: &'a [u8],
    pub(crate) existed: bool,
    /// None: it is gone.
    pub(crate) new: Option<&'a [u8]>,
}

impl Written<'_> {
    fn event(&self) -> StreamEvent {
        match (self.existed, self.new) {
            (_, None) => StreamEvent::Remove,
            (false, Some(_)) => StreamEvent::Insert,
            (true, Some(_)) => StreamEvent::Modify,
        }
    }
}

/// Key and value of the row of a change.
pub(crate) fn encode(
    timestamp_micros: u64,
    lsn: u64,
    n: u32,
    written: &Written<'_>,
    change: &StreamChange<'_>,
) -> (Bytes, Bytes) {
    let hour = hour_of(timestamp_micros);
    let number = SequenceNumber { hour, lsn, n };
    let new = written.new.filter(|_| change.keep_new).unwrap_or_default();
    let mut flags = written.event() as u8;
    for (set, flag) in [
        (change.by_service, BY_SERVICE),
        (!new.is_empty(), HAS_NEW),
        (!change.old.is_empty(), HAS_OLD),
    ] {
        if set {
            flags |= flag;
        }
    }
    let bytes = VALUE_OVERHEAD + written.tree_key.len() + new.len() + change.old.len();
    let mut value = Vec::with_capacity(bytes);
    value.put_u8(FORMAT);
    value.put_u8(flags);
    value.put_u64(timestamp_micros);
    // Tree keys are bounded, see `record`.
    value.put_u16(written.tree_key.len() as u16);
    value.put_slice(written.tree_key);
    value.put_u32(new.len() as u32);
    value.put_slice(new);
    value.put_slice(change.old);
    (key(change.stream, number).into(), value.into())
}

fn key(stream: u32, number: SequenceNumber) -> Vec<u8> {
    let SequenceNumber { hour, lsn, n } = number;
    let mut key = Vec::with_capacity(KEY_BYTES);
    key.put_u32(hour);
    key.put_u32(stream);
    key.put_u32(PART);
    key.put_u64(lsn);
    key.put_u32(n);
    key
}

/// The keys of a stream's rows in the number's hour from that number on.
pub(crate) fn range_from(stream: u32, from: SequenceNumber) -> Range<Bytes> {
    let mut end = key(stream, SequenceNumber::first_of(from.hour));
    end.truncate(8);
    end.put_u32(PART + 1);
    key(stream, from).into()..end.into()
}

/// The keys of all rows from one hour on and before another.
pub(crate) fn hours(from: u32, before: u32) -> Range<Bytes> {
    let bound = |hour: u32| Bytes::copy_from_slice(&hour.to_be_bytes());
    bound(from)..bound(before)
}

/// The number in a row's key.
pub(crate) fn number_of(key: &[u8]) -> Option<SequenceNumber> {
    let (hour, rest) = key.split_first_chunk()?;
    let (lsn, n) = rest.get(8..)?.split_first_chunk()?;
    Some(SequenceNumber {
        hour: u32::from_be_bytes(*hour),
        lsn: u64::from_be_bytes(*lsn),
        n: u32::from_be_bytes(n.try_into().ok()?),
    })
}

/// A row's value, read.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) event: StreamEvent,
    pub(crate) by_service: bool,
    pub(crate) timestamp_micros: u64,
    pub(crate) tree_key: Bytes,
    pub(crate) new: Option<EncodedItem>,
    pub(crate) old: Option<EncodedItem>,
}

impl Row {
    /// Reads a value; the images share its bytes.
    pub(crate) fn decode(value: &Bytes) -> Result<Row, String> {
        let parts = || {
            let (&[format, flags], rest) = value.split_first_chunk()?;
            let (timestamp, rest) = rest.split_first_chunk()?;
            let (key_length, rest) = rest.split_first_chunk()?;
            let (tree_key, rest) =
                rest.split_at_checked(usize::from(u16::from_be_bytes(*key_length)))?;
            let (new_length, rest) = rest.split_first_chunk()?;
            let (new, old) = rest.split_at_checked(u32::from_be_bytes(*new_length) as usize)?;
            let event = match flags & EVENT {
                0 => StreamEvent::Insert,
                1 => StreamEvent::Modify,
                2 => StreamEvent::Remove,
                _ => return None,
            };
            let image = |flag, bytes: &[u8]| match flags & flag {
                0 => Some(None),
                _ => EncodedItem::from_bytes(value.slice_ref(bytes))
                    .ok()
                    .map(Some),
            };
            (format == FORMAT).then_some(())?;
            Some(Row {
                event,
                by_service: flags & BY_SERVICE != 0,
                timestamp_micros: u64::from_be_bytes(*timestamp),
                tree_key: value.slice_ref(tree_key),
                new: image(HAS_NEW, new)?,
                old: image(HAS_OLD, old)?,
            })
        };
        parts().ok_or_else(|| "a stream row of unknown format".to_owned())
    }
}

/// The timestamp in a row's value.
pub(crate) fn timestamp_of(value: &[u8]) -> Option<u64> {
    let timestamp = value.get(2..)?.first_chunk()?;
    Some(u64::from_be_bytes(*timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shale_item::{AttributeValue, Item};

    fn image(text: &str) -> EncodedItem {
        let id = ("id".to_owned(), AttributeValue::S(text.to_owned()));
        EncodedItem::encode(&Item::from([id]))
    }

    fn change(old: &[u8], keep_new: bool, by_service: bool) -> StreamChange<'_> {
        StreamChange {
            stream: 0x0a0b0c0d,
            by_service,
            keep_new,
            old,
        }
    }

    #[test]
    fn a_row_reads_back_and_its_bytes_are_these() {
        let (new, old) = (image("new"), image("old"));
        let written = Written {
            tree_key: b"key",
            existed: true,
            new: Some(new.as_bytes()),
        };
        let micros = 2 * 3_600_000_000 + 5;
        let (key, value) = encode(micros, 7, 3, &written, &change(old.as_bytes(), true, false));
        assert_eq!(
            key,
            &b"\0\0\0\x02\x0a\x0b\x0c\x0d\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0\x03"[..]
        );
        let mut expected = vec![1, 1 + 8 + 16];
        expected.extend_from_slice(&micros.to_be_bytes());
        expected.extend_from_slice(b"\0\x03key");
        expected.extend_from_slice(&(new.as_bytes().len() as u32).to_be_bytes());
        expected.extend_from_slice(new.as_bytes());
        expected.extend_from_slice(old.as_bytes());
        assert_eq!(value, expected);

        assert_eq!(timestamp_of(&value), Some(micros));
        let number = number_of(&key).unwrap();
        assert_eq!((number.hour, number.lsn, number.n), (2, 7, 3));
        let row = Row::decode(&value).unwrap();
        assert_eq!((row.event, row.by_service), (StreamEvent::Modify, false));
        assert_eq!(row.tree_key, &b"key"[..]);
        assert_eq!((row.new, row.old), (Some(new), Some(old)));
        assert!(range_from(0x0a0b0c0d, number).contains(&key));
        assert!(!range_from(0x0a0b0c0d, number.next()).contains(&key));
        assert!(!range_from(0x0a0b0c0c, SequenceNumber::first_of(2)).contains(&key));
        assert!(hours(2, 3).contains(&key) && !hours(0, 2).contains(&key));
    }

    #[test]
    fn events_follow_from_the_images() {
        let new = image("new");
        let event = |existed, new: Option<&[u8]>| {
            let tree_key = b"key";
            let written = Written {
                tree_key,
                existed,
                new,
            };
            let (_, value) = encode(1, 1, 0, &written, &change(b"", false, true));
            let row = Row::decode(&value).unwrap();
            assert!(row.by_service && row.new.is_none() && row.old.is_none());
            row.event
        };
        assert_eq!(event(false, Some(new.as_bytes())), StreamEvent::Insert);
        assert_eq!(event(true, Some(new.as_bytes())), StreamEvent::Modify);
        assert_eq!(event(true, None), StreamEvent::Remove);
    }

    #[test]
    fn other_bytes_are_refused_and_never_panic() {
        let new = image("new");
        let written = Written {
            tree_key: b"key",
            existed: false,
            new: Some(new.as_bytes()),
        };
        let (key, value) = encode(1, 1, 0, &written, &change(b"", true, false));
        for length in 0..value.len() {
            assert!(Row::decode(&value.slice(..length)).is_err(), "{length}");
        }
        for length in 0..key.len() {
            assert!(number_of(&key[..length]).is_none(), "{length}");
        }
        let mut unknown = value.to_vec();
        unknown[0] = 2;
        assert!(Row::decode(&unknown.into()).is_err());
        let mut unknown = value.to_vec();
        unknown[1] |= EVENT;
        assert!(Row::decode(&unknown.into()).is_err());
    }
}
