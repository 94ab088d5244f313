//! Reading streams: iterators and pages of records.
//!
//! Everything that one request needs comes from one snapshot: the stream, the hour of streams, the records. So a reader sees a prefix of
//! the log, and of a closed shard all of it.

use super::row::{Row, StreamEvent, number_of, range_from, timestamp_of};
use super::sequence_number::SequenceNumber;
use super::shard::{self, Stream, StreamShard};
use super::{StreamName, StreamProblem};
use crate::derived::StreamView;
use crate::engine::{Engine, ReadView};
use crate::error::Error;
use crate::hour::hour_of;
use bytes::{Buf, BufMut, Bytes};
use shale_item::{EncodedItem, Item, KeySchema, decode_key, item_size};
use shale_storage::{Role, Snapshot, StorageError};

/// "A shard iterator expires 15 minutes after it is retrieved".
const ITERATOR_MICROS: u64 = 15 * 60 * 1_000_000;
/// "GetRecords can retrieve a maximum of 1 MB of data or 1000 stream records, whichever comes first."
const PAGE_BYTES_MAX: usize = 1 << 20;

/// Where an iterator begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStart {
    /// At the oldest record that is kept when it is read.
    TrimHorizon,
    /// Behind the newest record.
    Latest,
    /// At the record of that number.
    At(SequenceNumber),
    /// Behind it.
    After(SequenceNumber),
    /// At the first record that was made at that time or later, microseconds since the Unix epoch.
    Time(u64),
}

/// A place in a stream shard, good for 15 minutes. The front door decides how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIterator {
    /// The stream.
    pub stream: StreamName,
    /// The number of the stream, which no other stream has.
    pub stream_id: u32,
    /// Which of its shards.
    pub generation: u32,
    /// The number at or behind which to go on; none for the oldest record.
    pub position: Option<SequenceNumber>,
    /// When it was given out, microseconds since the Unix epoch.
    pub issued_micros: u64,
}

/// Bytes of an iterator without its stream's name.
const ITERATOR_BYTES: usize = 33;

impl ShardIterator {
    /// Everything but the stream's name, to be written down: stream u32, generation u32, whether there is a position u8, hour u32, LSN u64,
    /// n u32, microseconds u64, big-endian.
    pub fn to_bytes(&self) -> [u8; ITERATOR_BYTES] {
        let SequenceNumber { hour, lsn, n } = self.position.unwrap_or(SequenceNumber::first_of(0));
        let mut bytes = [0; ITERATOR_BYTES];
        let mut out = &mut bytes[..];
        out.put_u32(self.stream_id);
        out.put_u32(self.generation);
        out.put_u8(u8::from(self.position.is_some()));
        out.put_u32(hour);
        out.put_u64(lsn);
        out.put_u32(n);
        out.put_u64(self.issued_micros);
        bytes
    }

    /// Reads back what [`ShardIterator::to_bytes`] wrote; none if it is something else. What it says is checked when it is used.
    pub fn from_bytes(stream: StreamName, bytes: &[u8]) -> Option<ShardIterator> {
        let mut rest: &[u8] = bytes
            .try_into()
            .map(|bytes: &[u8; ITERATOR_BYTES]| &bytes[..])
            .ok()?;
        let (stream_id, generation) = (rest.get_u32(), rest.get_u32());
        let has_position = rest.get_u8();
        let (hour, lsn, n) = (rest.get_u32(), rest.get_u64(), rest.get_u32());
        let position = match has_position {
            0 => None,
            _ => Some(SequenceNumber { hour, lsn, n }),
        };
        Some(ShardIterator {
            stream,
            stream_id,
            generation,
            position,
            issued_micros: rest.get_u64(),
        })
    }
}

/// A change of an item.
#[derive(Clone, Debug)]
pub struct StreamRecord {
    /// Different for every change.
    pub id: u128,
    /// Its place.
    pub number: SequenceNumber,
    /// What happened.
    pub event: StreamEvent,
    /// Whether the service did it on its own: an expired item was deleted.
    pub by_service: bool,
    /// When, microseconds since the Unix epoch.
    pub timestamp_micros: u64,
    /// The key attributes.
    pub keys: Item,
    /// The item after, if the stream keeps it and there is one.
    pub new: Option<EncodedItem>,
    /// The item before, if the stream keeps it and there was one.
    pub old: Option<EncodedItem>,
}

impl StreamRecord {
    /// Bytes of keys and images, counted as DynamoDB counts items.
    pub fn size(&self) -> usize {
        let images = self.new.iter().chain(&self.old).map(EncodedItem::size);
        item_size(&self.keys) + images.sum::<usize>()
    }
}

/// Records of a stream shard in order, at most 1 MB of them.
#[derive(Clone, Debug)]
pub struct StreamPage {
    /// The records.
    pub records: Vec<StreamRecord>,
    /// What the records hold.
    pub view: StreamView,
    /// Where the next page begins; none at the end of a closed shard.
    pub next: Option<ShardIterator>,
}

/// An iterator on a shard.
pub(super) fn iterator(
    engine: &Engine,
    name: &StreamName,
    shard_id: &str,
    start: StreamStart,
) -> Result<ShardIterator, Error> {
    let snapshot = engine.inner.shard.snapshot();
    let stream = Stream::load(&snapshot, name)?;
    let shard = stream.shards().find(|shard| shard.id == shard_id);
    let shard = shard.ok_or(Error::Stream(StreamProblem::ShardNotFound))?;
    let now_micros = engine.inner.clock.now_micros();
    let reach = reach_of(&snapshot, &stream, &shard);
    let position = match start {
        StreamStart::TrimHorizon => None,
        StreamStart::Latest => Some(reach),
        StreamStart::At(number) => Some(check(&stream, &shard, number, reach)?),
        StreamStart::After(number) => Some(check(&stream, &shard, number, reach)?.next()),
        StreamStart::Time(micros) if micros > now_micros => {
            return Err(Error::Stream(StreamProblem::FutureTime));
        }
        StreamStart::Time(micros) => position_at(&snapshot, &stream, &shard, micros)?,
    };
    Ok(ShardIterator {
        stream: name.clone(),
        stream_id: stream.id,
        generation: shard.generation,
        position,
        issued_micros: now_micros,
    })
}

/// The place behind everything that the snapshot has of a shard, and before everything that will come.
fn reach_of(snapshot: &Snapshot, stream: &Stream, shard: &StreamShard) -> SequenceNumber {
    shard.last.unwrap_or(SequenceNumber {
        hour: stream.now.max(shard.first.hour),
        lsn: snapshot.lsn().0 + 1,
        n: 0,
    })
}

fn check(
    stream: &Stream,
    shard: &StreamShard,
    number: SequenceNumber,
    reach: SequenceNumber,
) -> Result<SequenceNumber, Error> {
    // Records may be of an hour that the hour of streams has not reached; none has an LSN that the snapshot has not.
    let behind = match shard.last {
        Some(last) => number > last,
        None => number > shard.end || number.lsn >= reach.lsn,
    };
    if behind || number < shard.first {
        Err(Error::Stream(StreamProblem::InvalidSequenceNumber))
    } else if number.hour < stream.horizon() {
        Err(Error::Stream(StreamProblem::Trimmed))
    } else {
        Ok(number)
    }
}

/// The place of the first record that is not older than that time: timestamps rise with LSNs, so it is found by halves.
fn position_at(
    snapshot: &Snapshot,
    stream: &Stream,
    shard: &StreamShard,
    micros: u64,
) -> Result<Option<SequenceNumber>, Error> {
    let hour = hour_of(micros);
    if hour < shard.first.hour.max(stream.horizon()) {
        return Ok(None);
    }
    if hour > shard.end.hour {
        return Ok(Some(shard.end));
    }
    let at = |lsn| SequenceNumber { hour, lsn, n: 0 };
    let (mut low, mut high) = (0, snapshot.lsn().0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let row = snapshot.range(Role::Streams, range_from(stream.id, at(middle)));
        let older = match row.into_iter().next().transpose()? {
            Some((key, value)) => {
                let place = number_of(&key).zip(timestamp_of(&value));
                let (number, timestamp) = place.ok_or_else(corrupt)?;
                (timestamp < micros).then_some(number)
            }
            None => None,
        };
        match older {
            Some(number) => low = number.lsn + 1,
            None => high = middle,
        }
    }
    Ok(Some(at(low)))
}

/// One page.
pub(super) fn records(
    engine: &Engine,
    iterator: &ShardIterator,
    limit: usize,
) -> Result<StreamPage, Error> {
    let now_micros = engine.inner.clock.now_micros();
    let issued_micros = iterator.issued_micros;
    if now_micros > issued_micros.saturating_add(ITERATOR_MICROS) {
        return Err(Error::Stream(StreamProblem::IteratorExpired {
            issued_micros,
            now_micros,
        }));
    }
    let snapshot = engine.inner.shard.snapshot();
    let stream = Stream::load(&snapshot, &iterator.stream)?;
    if stream.id != iterator.stream_id {
        return Err(Error::Stream(StreamProblem::NotFound));
    }
    let shard = stream.shard_of(iterator.generation)?;
    let oldest = shard.first.max(SequenceNumber::first_of(stream.horizon()));
    let from = match iterator.position {
        None => oldest,
        Some(position) if position.hour < stream.horizon() => {
            return Err(Error::Stream(StreamProblem::Trimmed));
        }
        Some(position) => position.max(oldest),
    };
    let mut taking = Taking::new(limit);
    let mut next = shard
        .last
        .is_none()
        .then(|| reach_of(&snapshot, &stream, &shard));
    for row in Rows::new(&snapshot, stream.id, from, shard.end.hour) {
        let record = to_record(row?, stream.id, &stream.key_schema)?;
        if let Some(behind) = taking.take(record) {
            next = Some(behind);
            break;
        }
    }
    Ok(StreamPage {
        records: taking.records,
        view: stream.view,
        next: next.map(|position| ShardIterator {
            position: Some(position),
            issued_micros: now_micros,
            ..iterator.clone()
        }),
    })
}

impl ReadView {
    /// The newest stream of a table, or of tables of that name that are gone.
    ///
    /// # Errors
    /// [`StreamProblem::NotEnabled`]; [`Error::TableNotFound`] if there is no table either.
    pub fn newest_stream(&self, table: &str) -> Result<StreamName, Error> {
        let streams = shard::list(&self.snapshot, Some(table), None, usize::MAX)?;
        match streams.into_iter().next_back() {
            Some(newest) => Ok(newest),
            None => {
                let name = self.describe_table(table)?.definition.name.clone();
                Err(Error::Stream(StreamProblem::NotEnabled { table: name }))
            }
        }
    }

    /// Records of a stream over all its shards, at most `limit` and 1 MB, from that number on or else from the oldest. Also the number
    /// from which the next ones begin; none after the last.
    ///
    /// # Errors
    /// [`StreamProblem::NotFound`], or the shard's.
    pub fn stream_records(
        &self,
        stream: &StreamName,
        from: Option<SequenceNumber>,
        limit: usize,
    ) -> Result<(Vec<StreamRecord>, Option<SequenceNumber>), Error> {
        let stream = Stream::load(&self.snapshot, stream)?;
        all_records(&self.snapshot, &stream, from, limit)
    }
}

/// Records over all shards, see [`ReadView::stream_records`].
pub(super) fn all_records(
    snapshot: &Snapshot,
    stream: &Stream,
    from: Option<SequenceNumber>,
    limit: usize,
) -> Result<(Vec<StreamRecord>, Option<SequenceNumber>), Error> {
    let oldest = SequenceNumber::first_of(stream.horizon());
    let from = from.map_or(oldest, |from| from.max(oldest));
    let last_hour = stream.shards().last().map_or(0, |shard| shard.end.hour);
    let mut taking = Taking::new(limit);
    for row in Rows::new(snapshot, stream.id, from, last_hour) {
        let record = to_record(row?, stream.id, &stream.key_schema)?;
        if let Some(next) = taking.take(record) {
            return Ok((taking.records, Some(next)));
        }
    }
    Ok((taking.records, None))
}

/// A page that is being filled.
struct Taking {
    records: Vec<StreamRecord>,
    bytes: usize,
    limit: usize,
}

impl Taking {
    fn new(limit: usize) -> Taking {
        let records = Vec::new();
        Taking {
            records,
            bytes: 0,
            limit,
        }
    }

    /// Takes a record, or says where the next page begins. A record alone is never above 1 MB.
    fn take(&mut self, record: StreamRecord) -> Option<SequenceNumber> {
        self.bytes += record.size();
        if self.records.len() == self.limit || self.bytes > PAGE_BYTES_MAX {
            return Some(record.number);
        }
        self.records.push(record);
        None
    }
}

/// Rows of a stream in order.
struct Rows<'a> {
    snapshot: &'a Snapshot,
    stream: u32,
    /// The hour that is read, and the LSN at which to begin in it.
    from: SequenceNumber,
    last_hour: u32,
    rows: Option<shale_storage::Scan>,
}

impl<'a> Rows<'a> {
    fn new(snapshot: &'a Snapshot, stream: u32, from: SequenceNumber, last_hour: u32) -> Rows<'a> {
        Rows {
            snapshot,
            stream,
            from,
            last_hour,
            rows: None,
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<(Bytes, Bytes), StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.from.hour <= self.last_hour {
            let rows = self.rows.get_or_insert_with(|| {
                // LSNs rise over the hours, so that the same bound holds in the next one.
                let range = range_from(self.stream, self.from);
                self.snapshot.range(Role::Streams, range)
            });
            if let Some(row) = rows.next() {
                return Some(row);
            }
            self.rows = None;
            self.from.hour = self.from.hour.checked_add(1)?;
        }
        None
    }
}

fn to_record(
    (key, value): (Bytes, Bytes),
    stream: u32,
    schema: &KeySchema,
) -> Result<StreamRecord, Error> {
    let number = number_of(&key).ok_or_else(corrupt)?;
    let row = Row::decode(&value).map_err(StorageError::Corrupt)?;
    let (_, primary_key) = decode_key(&row.tree_key, schema).map_err(|_| corrupt())?;
    let SequenceNumber { lsn, n, .. } = number;
    Ok(StreamRecord {
        id: u128::from(stream) << 96 | u128::from(lsn) << 32 | u128::from(n),
        number,
        event: row.event,
        by_service: row.by_service,
        timestamp_micros: row.timestamp_micros,
        keys: schema.to_attributes(&primary_key),
        new: row.new,
        old: row.old,
    })
}

fn corrupt() -> StorageError {
    StorageError::Corrupt("a row of a stream".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterators_read_back() {
        let stream = StreamName {
            table: "t".to_owned(),
            created_millis: 7,
        };
        for position in [
            None,
            Some(SequenceNumber::first_of(0)),
            Some(SequenceNumber::last_of(9)),
        ] {
            let iterator = ShardIterator {
                stream: stream.clone(),
                stream_id: 3,
                generation: 4,
                position,
                issued_micros: u64::MAX - 1,
            };
            let bytes = iterator.to_bytes();
            assert_eq!(
                ShardIterator::from_bytes(stream.clone(), &bytes),
                Some(iterator)
            );
            assert_eq!(ShardIterator::from_bytes(stream.clone(), &bytes[1..]), None);
        }
    }
}
