//! The catalog's rows about streams: one per stream that can be read, and how far the time of streams is.
//!
//! ```text
//! key                            value
//! 'm' "stream_time"              stamp
//! 'v' table name 0 label u64     JSON, its member "format" first; stamp
//! ```
//!
//! A stamp is the timestamp of the log record that wrote the row (u64, big-endian, microseconds); `apply` adds it. So hours that are
//! compared with those of stream rows come from the same timestamps, and a clock that is set cannot separate them. The label is the
//! time of the stream's creation in milliseconds.
//!
//! Invariants:
//! * The row of a stream is written when it is switched on and when it is switched off, each while the table's gate is held alone: no
//!   change of the table is in the stream before the first or behind the second.
//! * Every record that switches a stream on carries the time of streams, and so does one in every hour in which there is a stream
//!   (`retention`). All rows that will come are of its hour or a later one.

use super::StreamName;
use crate::definition::{KeyRow, STREAM, STREAM_TIME, key_attribute, key_row};
use crate::derived::{StreamDefinition, StreamView};
use crate::error::Error;
use crate::hour::hour_of;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shale_item::KeySchema;
use shale_storage::{Role, Snapshot, StorageError};
use std::ops::Range;

/// Format of the rows that this code writes, the only one it reads.
const FORMAT: u32 = 1;
const STAMP_BYTES: usize = 8;

/// A stream as it is stored, without the stamp of its row.
#[derive(Clone, Debug)]
pub(crate) struct StoredStream {
    pub(crate) id: u32,
    pub(crate) view: StreamView,
    pub(crate) key_schema: KeySchema,
    /// When it was switched on, once it is off: the stamp that its row had before.
    pub(crate) opened_micros: Option<u64>,
    /// Whether it is kept for a destination only, and no reader of streams knows of it.
    pub(crate) hidden: bool,
}

#[derive(Serialize, Deserialize)]
struct StreamRow {
    format: u32,
    id: u32,
    view: StreamView,
    partition: KeyRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort: Option<KeyRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened_micros: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hidden: bool,
}

impl StoredStream {
    /// A stream that is switched on.
    pub(crate) fn opened(
        definition: &StreamDefinition,
        key_schema: &KeySchema,
        hidden: bool,
    ) -> StoredStream {
        StoredStream {
            id: definition.id,
            view: definition.view,
            key_schema: key_schema.clone(),
            opened_micros: None,
            hidden,
        }
    }

    /// The row's value without its stamp.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let row = StreamRow {
            format: FORMAT,
            id: self.id,
            view: self.view,
            partition: key_row(&self.key_schema.partition),
            sort: self.key_schema.sort.as_ref().map(key_row),
            opened_micros: self.opened_micros,
            hidden: self.hidden,
        };
        serde_json::to_vec(&row).expect("strings and numbers are JSON")
    }

    /// Reads the row's value: the stream and the stamp.
    pub(crate) fn decode(value: &[u8]) -> Result<(StoredStream, u64), String> {
        let (json, stamp) = value
            .split_last_chunk::<STAMP_BYTES>()
            .ok_or("a stream's row without a stamp")?;
        let row: StreamRow =
            serde_json::from_slice(json).map_err(|error| format!("stream: {error}"))?;
        if row.format != FORMAT {
            return Err(format!("stream of unknown format {}", row.format));
        }
        let stored = StoredStream {
            id: row.id,
            view: row.view,
            key_schema: KeySchema {
                partition: key_attribute(row.partition)?,
                sort: row.sort.map(key_attribute).transpose()?,
            },
            opened_micros: row.opened_micros,
            hidden: row.hidden,
        };
        Ok((stored, u64::from_be_bytes(*stamp)))
    }
}

/// Key of a stream's row.
pub(crate) fn stream_key(name: &StreamName) -> Vec<u8> {
    let mut key = table_prefix(&name.table);
    key.extend_from_slice(&name.created_millis.to_be_bytes());
    key
}

fn table_prefix(table: &str) -> Vec<u8> {
    [&[STREAM], table.as_bytes(), &[0]].concat()
}

/// The stream that a row's key is of.
pub(crate) fn name_of(key: &[u8]) -> Option<StreamName> {
    let (table, label) = key.strip_prefix(&[STREAM])?.split_last_chunk()?;
    let table = std::str::from_utf8(table.strip_suffix(&[0])?).ok()?;
    Some(StreamName {
        table: table.to_owned(),
        created_millis: u64::from_be_bytes(*label),
    })
}

/// The rows of all streams, or of those of one table, behind `after`.
pub(crate) fn rows_behind(table: Option<&str>, after: Option<&StreamName>) -> Range<Bytes> {
    let (start, end) = match table {
        None => (vec![STREAM], vec![STREAM + 1]),
        Some(table) => {
            let start = table_prefix(table);
            let mut end = start.clone();
            end.extend_from_slice(&[0xff; 9]);
            (start, end)
        }
    };
    let behind = after.map(|after| {
        let mut key = stream_key(after);
        key.push(0);
        key
    });
    let start = behind.map_or(start.clone(), |behind| behind.max(start));
    start.into()..end.into()
}

/// The hour of streams at a snapshot: what is older is complete. None if there never was a stream.
pub(crate) fn time_of(snapshot: &Snapshot) -> Result<Option<u32>, Error> {
    let Some(stamp) = snapshot.get(Role::Catalog, STREAM_TIME)? else {
        return Ok(None);
    };
    let stamp = stamp.as_ref().try_into().map(u64::from_be_bytes);
    let stamp = stamp.map_err(|_| StorageError::Corrupt("the time of streams".to_owned()))?;
    Ok(Some(hour_of(stamp)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use shale_item::{KeyAttribute, KeyType};

    fn stored() -> StoredStream {
        StoredStream {
            id: 9,
            view: StreamView::NewAndOldImages,
            key_schema: KeySchema {
                partition: KeyAttribute {
                    name: "artist".to_owned(),
                    key_type: KeyType::S,
                },
                sort: Some(KeyAttribute {
                    name: "year".to_owned(),
                    key_type: KeyType::N,
                }),
            },
            opened_micros: Some(5),
            hidden: false,
        }
    }

    #[test]
    fn format_1_stays_readable_and_is_what_is_written() {
        let mut value = stored().encode();
        expect![[r#"{"format":1,"id":9,"view":"new_and_old_images","partition":{"name":"artist","type":"S"},"sort":{"name":"year","type":"N"},"opened_micros":5}"#]]
            .assert_eq(std::str::from_utf8(&value).unwrap());
        assert!(StoredStream::decode(&value).is_err(), "no stamp");
        value.extend_from_slice(&77u64.to_be_bytes());
        let (read, stamp) = StoredStream::decode(&value).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", stored()));
        assert_eq!(stamp, 77);
        let unknown = [
            br#"{"format":2,"id":9,"view":"keys_only","partition":{"name":"a","type":"S"}}"#,
            &[0; 8][..],
        ]
        .concat();
        assert_eq!(
            StoredStream::decode(&unknown).unwrap_err(),
            "stream of unknown format 2"
        );
    }

    #[test]
    fn rows_are_ordered_by_table_and_label() {
        let name = |table: &str, created_millis| StreamName {
            table: table.to_owned(),
            created_millis,
        };
        let names = [
            name("a", 1),
            name("a", u64::MAX),
            name("a.b", 0),
            name("b", 0),
        ];
        for pair in names.windows(2) {
            assert!(stream_key(&pair[0]) < stream_key(&pair[1]), "{pair:?}");
        }
        for (n, stream) in names.iter().enumerate() {
            let key = Bytes::from(stream_key(stream));
            assert_eq!(name_of(&key).as_ref(), Some(stream));
            assert!(rows_behind(None, None).contains(&key));
            assert_eq!(rows_behind(Some("a"), None).contains(&key), n < 2);
            assert_eq!(rows_behind(None, Some(&names[1])).contains(&key), n > 1);
            assert_eq!(
                rows_behind(Some("a"), Some(&names[0])).contains(&key),
                n == 1
            );
            assert!(!rows_behind(Some("a"), Some(&names[3])).contains(&key));
        }
        assert_eq!(name_of(b"v"), None);
        assert_eq!(name_of(b"vtable12345678"), None);
    }
}
