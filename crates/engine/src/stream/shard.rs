//! Stream shards: what parts a stream has, which of them are closed, what follows what.
//!
//! Not here: reading their records (`read`).
//!
//! Every four hours of the Unix epoch are a generation, and each generation of a stream is one shard: it has the changes whose hour is
//! one of the four. Its parent is the shard of the generation before. Nothing is stored about shards; they follow from the hours in
//! which the stream was on, the hour of streams, and the trim horizon.
//!
//! A shard is closed when the hour of streams has left its generation: then every row that it will ever have is published (`stored`).
//! A row is not seen as long as the hour of streams is of an older generation: its shard is not there yet.
//! A stream that was switched off has no open shard.
//!
//! Source of the lifetimes: the Developer Guide's "Change data capture for DynamoDB Streams": stream records are kept for 24 hours, and
//! shards are replaced by their children every few hours.

use super::sequence_number::SequenceNumber;
use super::stored::{self, StoredStream};
use super::{StreamName, StreamProblem};
use crate::derived::StreamView;
use crate::error::Error;
use crate::hour::hour_of;
use bytes::Bytes;
use shale_item::{KeySchema, hash64};
use shale_storage::{Role, Snapshot, StorageError};
use std::ops::RangeInclusive;

/// Hours of a generation.
const GENERATION_HOURS: u32 = 4;
/// Whole hours for which records are kept.
pub(crate) const RETENTION_HOURS: u32 = 24;
const HOUR_MILLIS: u64 = 3_600_000;

/// A part of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamShard {
    /// Its name: `shardId-`, the time of its first hour in milliseconds with 20 digits, `-`, 8 hexadecimal digits.
    pub id: String,
    /// The shard that it continues; it may have been trimmed.
    pub parent: Option<String>,
    /// The lowest number that a record in it can have.
    pub first: SequenceNumber,
    /// The highest one, if no record will be added.
    pub last: Option<SequenceNumber>,
    pub(crate) generation: u32,
    /// The highest number of its hours, open or closed.
    pub(crate) end: SequenceNumber,
}

/// A stream at a snapshot.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) name: StreamName,
    pub(crate) id: u32,
    pub(crate) view: StreamView,
    pub(crate) key_schema: KeySchema,
    /// Hours in which it was or is switched on, as far as the hour of streams.
    hours: RangeInclusive<u32>,
    pub(crate) enabled: bool,
    /// Whether it is kept for a destination only.
    pub(crate) hidden: bool,
    /// The hour of streams.
    pub(crate) now: u32,
}

/// The oldest hour whose rows are kept, by the hour of streams.
pub(crate) fn horizon_of(now: u32) -> u32 {
    now.saturating_sub(RETENTION_HOURS)
}

impl Stream {
    /// The stream of that name that readers may know of.
    ///
    /// # Errors
    /// [`StreamProblem::NotFound`], also if the last of it was trimmed.
    pub(crate) fn load(snapshot: &Snapshot, name: &StreamName) -> Result<Stream, Error> {
        match Stream::load_any(snapshot, name)? {
            stream if stream.hidden => Err(Error::Stream(StreamProblem::NotFound)),
            stream => Ok(stream),
        }
    }

    /// The stream of that name.
    ///
    /// # Errors
    /// As [`Stream::load`].
    pub(crate) fn load_any(snapshot: &Snapshot, name: &StreamName) -> Result<Stream, Error> {
        let row = snapshot.get(Role::Catalog, &stored::stream_key(name))?;
        let found = row.map(|row| Stream::from_row(snapshot, name, &row));
        let not_found = || Error::Stream(StreamProblem::NotFound);
        found.transpose()?.flatten().ok_or_else(not_found)
    }

    /// The stream of a row; none if the last of it was trimmed.
    pub(crate) fn from_row(
        snapshot: &Snapshot,
        name: &StreamName,
        row: &[u8],
    ) -> Result<Option<Stream>, Error> {
        let (stored, stamp) = StoredStream::decode(row).map_err(StorageError::Corrupt)?;
        let now = stored::time_of(snapshot)?;
        let now = now.ok_or_else(|| StorageError::Corrupt("a stream without time".to_owned()))?;
        let hours = match stored.opened_micros {
            None => hour_of(stamp)..=now,
            Some(opened) => hour_of(opened)..=hour_of(stamp),
        };
        if *hours.end() < horizon_of(now) {
            return Ok(None);
        }
        Ok(Some(Stream {
            name: name.clone(),
            id: stored.id,
            view: stored.view,
            key_schema: stored.key_schema,
            hours,
            enabled: stored.opened_micros.is_none(),
            hidden: stored.hidden,
            now,
        }))
    }

    /// The hour in which it was switched on.
    pub(crate) fn opened(&self) -> u32 {
        *self.hours.start()
    }

    /// The oldest hour that can be read.
    pub(crate) fn horizon(&self) -> u32 {
        horizon_of(self.now)
    }

    /// Its shards, oldest first.
    pub(crate) fn shards(&self) -> impl Iterator<Item = StreamShard> {
        let first = (*self.hours.start()).max(self.horizon()) / GENERATION_HOURS;
        let last = *self.hours.end() / GENERATION_HOURS;
        (first..=last).map(|generation| self.shard(generation))
    }

    /// The shard of a generation.
    ///
    /// # Errors
    /// [`StreamProblem::Trimmed`], [`StreamProblem::ShardNotFound`].
    pub(crate) fn shard_of(&self, generation: u32) -> Result<StreamShard, Error> {
        let (first, last) = (*self.hours.start(), *self.hours.end());
        if !(first / GENERATION_HOURS..=last / GENERATION_HOURS).contains(&generation) {
            return Err(Error::Stream(StreamProblem::ShardNotFound));
        }
        let shard = self.shard(generation);
        match shard.end.hour < self.horizon() {
            true => Err(Error::Stream(StreamProblem::Trimmed)),
            false => Ok(shard),
        }
    }

    fn shard(&self, generation: u32) -> StreamShard {
        let (opened, last) = (*self.hours.start(), *self.hours.end());
        let start = generation.saturating_mul(GENERATION_HOURS);
        let mut end = start.saturating_add(GENERATION_HOURS - 1);
        if !self.enabled {
            end = end.min(last);
        }
        let closed = !self.enabled || generation < last / GENERATION_HOURS;
        let end = SequenceNumber::last_of(end);
        StreamShard {
            id: self.shard_id(generation),
            parent: (opened < start).then(|| self.shard_id(generation - 1)),
            first: SequenceNumber::first_of(start.max(opened)),
            last: closed.then_some(end),
            generation,
            end,
        }
    }

    fn shard_id(&self, generation: u32) -> String {
        let start = generation
            .saturating_mul(GENERATION_HOURS)
            .max(*self.hours.start());
        let millis = u64::from(start) * HOUR_MILLIS;
        // Different for every stream, so that a shard of another one is noticed.
        let mark = hash64(&[self.id.to_be_bytes(), generation.to_be_bytes()].concat()) as u32;
        format!("shardId-{millis:020}-{mark:08x}")
    }
}

/// Names of the streams that can be read, in order.
pub(crate) fn list(
    snapshot: &Snapshot,
    table: Option<&str>,
    after: Option<&StreamName>,
    limit: usize,
) -> Result<Vec<StreamName>, Error> {
    let mut names = Vec::new();
    let rows = snapshot.range(Role::Catalog, stored::rows_behind(table, after));
    for row in rows {
        if names.len() >= limit {
            break;
        }
        let (key, value): (Bytes, Bytes) = row?;
        let name = stored::name_of(&key);
        let name = name.ok_or_else(|| StorageError::Corrupt("key of a stream".to_owned()))?;
        if Stream::from_row(snapshot, &name, &value)?.is_some_and(|stream| !stream.hidden) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shale_item::{KeyAttribute, KeyType};

    fn stream(hours: RangeInclusive<u32>, enabled: bool, now: u32) -> Stream {
        let partition = KeyAttribute {
            name: "id".to_owned(),
            key_type: KeyType::S,
        };
        Stream {
            name: StreamName {
                table: "t".to_owned(),
                created_millis: 1,
            },
            id: 7,
            view: StreamView::KeysOnly,
            key_schema: KeySchema {
                partition,
                sort: None,
            },
            hours,
            enabled,
            hidden: false,
            now,
        }
    }

    #[test]
    fn a_shard_follows_the_other_every_four_hours() {
        let shards: Vec<StreamShard> = stream(101..=110, true, 110).shards().collect();
        assert_eq!(shards.len(), 3);
        assert_eq!(shards[0].parent, None);
        assert_eq!(shards[1].parent.as_ref(), Some(&shards[0].id));
        assert_eq!(shards[2].parent.as_ref(), Some(&shards[1].id));
        let hours: Vec<_> = shards.iter().map(|s| (s.first.hour, s.end.hour)).collect();
        assert_eq!(hours, [(101, 103), (104, 107), (108, 111)]);
        assert_eq!(shards[0].last, Some(SequenceNumber::last_of(103)));
        assert_eq!(shards[2].last, None);
        assert!(shards.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert_eq!(shards[0].id.len(), 37);
        assert!(shards[0].id.starts_with("shardId-00000000000363600000-"));
    }

    #[test]
    fn trimmed_shards_are_not_listed_but_named_as_parents() {
        let stream = stream(100..=140, true, 140);
        assert_eq!(stream.horizon(), 116);
        let shards: Vec<StreamShard> = stream.shards().collect();
        assert_eq!(shards[0].first.hour, 116);
        assert!(shards[0].parent.is_some());
        let trimmed = stream.shard_of(28);
        assert!(matches!(
            trimmed,
            Err(Error::Stream(StreamProblem::Trimmed))
        ));
        for unknown in [0, 24, 36] {
            let unknown = stream.shard_of(unknown);
            assert!(matches!(
                unknown,
                Err(Error::Stream(StreamProblem::ShardNotFound))
            ));
        }
    }

    #[test]
    fn a_stream_that_is_off_has_no_open_shard() {
        let off = stream(100..=105, false, 120);
        let shards: Vec<StreamShard> = off.shards().collect();
        assert_eq!(shards.len(), 2);
        assert_eq!(shards[1].last, Some(SequenceNumber::last_of(105)));
        assert_eq!(shards[1].parent.as_ref(), Some(&shards[0].id));
    }

    #[test]
    fn ids_of_shards_differ_between_streams() {
        let mut other = stream(100..=105, true, 105);
        let first = other.shards().next();
        other.id = 8;
        assert_ne!(first, other.shards().next());
    }
}
