//! Streams: the changes of a table's items, in order, for 24 hours.
//!
//! Not here: what a change leaves in the log record (`change`, `record`), how streams are written on a wire (the front doors).
//!
//! * `row`: rows of the streams tree, one per change; `sequence_number`: where they stand.
//! * `stored`: the catalog's rows about streams and their time; `switch`: writing them.
//! * `destination`: changes that are sent elsewhere.
//! * `shard`: the shards of a stream; `read`: iterators and records; `retention`: time passes.
//!
//! Invariants:
//! * A stream has exactly the changes of its table from the record that switched it on to the one that switched it off, each once, in
//!   the order of the log: rows are made by `apply`, from the record of the change.
//! * A write that leaves an item as it is leaves no row.
//! * Reading takes a snapshot and no latch, gate or lock that a writer takes.

mod destination;
mod read;
mod retention;
mod row;
mod sequence_number;
mod shard;
mod stored;
mod switch;

pub(crate) use destination::change as change_destination;
pub use destination::{ChangesToSend, DestinationProblem, SendingTable};
pub use read::{ShardIterator, StreamPage, StreamRecord, StreamStart};
pub(crate) use retention::{Schedule, carry, note, reclaim, step};
pub use row::StreamEvent;
pub(crate) use row::{Written, encode};
pub use sequence_number::{NotASequenceNumber, SequenceNumber};
pub use shard::StreamShard;
pub(crate) use stored::name_of;
pub(crate) use switch::{adopt, change, rows};

use crate::derived::StreamView;
use crate::engine::Engine;
use crate::error::Error;
use crate::read::again;
use shale_item::KeySchema;
use shard::Stream;

/// Name of a stream: its table's name as it was, and its label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    /// The table.
    pub table: String,
    /// The label: when it was switched on, milliseconds since the Unix epoch.
    pub created_millis: u64,
}

/// A stream as it is now.
#[derive(Clone, Debug)]
pub struct StreamDescription {
    /// Its name.
    pub name: StreamName,
    /// Whether changes are still added.
    pub enabled: bool,
    /// What its records hold.
    pub view: StreamView,
    /// The table's key.
    pub key_schema: KeySchema,
    /// Its shards that are not trimmed, oldest first.
    pub shards: Vec<StreamShard>,
}

/// Why a request about a stream is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamProblem {
    /// No such stream, or the last of it was trimmed.
    NotFound,
    /// The stream has no such shard.
    ShardNotFound,
    /// The place is older than what is kept.
    Trimmed,
    /// The iterator is older than 15 minutes.
    IteratorExpired {
        /// When it was given out, microseconds since the Unix epoch.
        issued_micros: u64,
        /// When it was used.
        now_micros: u64,
    },
    /// The number is none of the shard's.
    InvalidSequenceNumber,
    /// The time has not come yet.
    FutureTime,
    /// The table's stream is on already.
    Enabled {
        /// The table.
        table: String,
    },
    /// The table has no stream to switch off.
    NotEnabled {
        /// The table.
        table: String,
    },
}

impl Engine {
    /// Streams that can be read, of all tables or one, in order of table and label, behind `after`, at most `limit`. The table need not
    /// be there any more.
    ///
    /// # Errors
    /// The shard's.
    pub fn list_streams(
        &self,
        table: Option<&str>,
        after: Option<&StreamName>,
        limit: usize,
    ) -> Result<Vec<StreamName>, Error> {
        shard::list(&self.inner.shard.snapshot(), table, after, limit)
    }

    /// Describes a stream.
    ///
    /// # Errors
    /// [`StreamProblem::NotFound`], or the shard's.
    pub fn describe_stream(&self, name: &StreamName) -> Result<StreamDescription, Error> {
        let stream = Stream::load(&self.inner.shard.snapshot(), name)?;
        let shards = stream.shards().collect();
        Ok(StreamDescription {
            shards,
            enabled: stream.enabled,
            view: stream.view,
            key_schema: stream.key_schema,
            name: stream.name,
        })
    }

    /// GetShardIterator.
    ///
    /// # Errors
    /// [`StreamProblem::NotFound`], [`StreamProblem::ShardNotFound`], [`StreamProblem::InvalidSequenceNumber`],
    /// [`StreamProblem::Trimmed`], [`StreamProblem::FutureTime`], or the shard's.
    pub fn shard_iterator(
        &self,
        name: &StreamName,
        shard_id: &str,
        start: StreamStart,
    ) -> Result<ShardIterator, Error> {
        read::iterator(self, name, shard_id, start)
    }

    /// GetRecords: at most `limit` records (one or more) and 1 MB.
    ///
    /// # Errors
    /// [`StreamProblem::IteratorExpired`], [`StreamProblem::NotFound`], [`StreamProblem::ShardNotFound`], [`StreamProblem::Trimmed`],
    /// or the shard's.
    pub fn stream_records(
        &self,
        iterator: &ShardIterator,
        limit: usize,
    ) -> Result<StreamPage, Error> {
        again(|| read::records(self, iterator, limit))
    }
}
