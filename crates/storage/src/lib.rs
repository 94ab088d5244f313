//! A shard: one commit log and the LSM trees that are views of it. Keys and values are bytes.
//!
//! Not here: items, tables, expressions; which log it is.
//!
//! Invariants:
//! * Nothing is readable (but through [`Shard::latest`]) or acknowledged before its record is durable.
//! * The trees are a pure function of the log prefix up to `applied`, in log order.
//! * `trimmed <= flushed <= applied == published <= durable <= sequenced`, always.

mod options;
mod tree;

pub use options::ShardOptions;
pub use tree::lsm::{LsmOptions, LsmStore};
pub use tree::memory::MemoryStore;
pub use tree::{OrderedTree, TreeStore};

use bytes::Bytes;
use shale_commitlog::Log;
pub use shale_commitlog::Lsn;
use shale_env::Clock;
use std::ops::Range;
use std::sync::Arc;

/// The trees of a shard, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// Definitions of tables, users, settings.
    Catalog,
    /// Current items.
    Items,
    /// Entries of local and global secondary indexes.
    Indexes,
    /// Stream rows.
    Streams,
    /// Replaced images, for reads in the past.
    History,
}

/// The writes that one record means for the trees. Each (role, key) at most once; the last one put wins.
#[derive(Debug, Default)]
pub struct TreeBatch {
    /// Role, key, value (`None` deletes).
    pub writes: Vec<(Role, Bytes, Option<Bytes>)>,
}

/// What a record means: a pure function, called once when the record is sequenced and again when it is replayed.
pub trait Apply: Send + Sync + 'static {
    /// Adds the record's writes to the batch.
    ///
    /// # Errors
    /// A record that cannot be read: the shard refuses to go on.
    fn apply(
        &self,
        lsn: Lsn,
        timestamp_micros: u64,
        record: &Bytes,
        batch: &mut TreeBatch,
    ) -> Result<(), String>;
    /// Everything up to `lsn` is durable, applied and readable. In LSN order; a replayed record is reported too, after its apply.
    fn on_published(&self, lsn: Lsn, record: &Bytes);
}

/// The newest state of a key, including writes that are sequenced but not yet durable.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The value, if there is one.
    pub value: Option<Bytes>,
    /// The LSN that must be durable before an answer based on `value` may leave, if it is not yet.
    pub pending: Option<Lsn>,
}

/// Why the shard could not do something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// No space left; nothing was written, reads go on, writes go on when there is space.
    #[error("no space left on the data disk")]
    DiskFull,
    /// A write or sync failed: whether the write survives is known after the next start. The shard takes no writes any more.
    #[error("the outcome of the write is unknown: {0}")]
    OutcomeUnknown(String),
    /// Another leadership owns the log.
    #[error("this server no longer leads the shard")]
    Fenced,
    /// The shard stopped taking writes after an earlier failure.
    #[error("the shard takes no writes: {0}")]
    Poisoned(String),
    /// The snapshot is older than the history that is kept.
    #[error("snapshot too old")]
    SnapshotTooOld,
    /// Another process has the directory open.
    #[error("{0} is in use by another process")]
    Locked(String),
    /// Damaged data.
    #[error("corrupt data: {0}")]
    Corrupt(String),
    /// The disk failed.
    #[error("{context}: {message}")]
    Io {
        /// What was being done.
        context: String,
        /// What the system said.
        message: String,
    },
    /// The shard is closing.
    #[error("the shard is closed")]
    Closed,
}

/// One shard.
#[derive(Debug)]
pub struct Shard {}

/// A point in the log at which reads see all trees; short-lived, registered with the shard.
#[derive(Debug)]
pub struct Snapshot {}

/// Key and value.
pub type Entry = (Bytes, Bytes);

/// A scan in key order, from either end.
pub type Scan = Box<dyn DoubleEndedIterator<Item = Result<Entry, StorageError>> + Send>;

/// How often sequenced writes have been rolled back (a full disk does that).
/// What was read from [`Shard::latest`] holds within one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u64);

/// Figures of a shard, for metrics.
#[derive(Clone, Debug, Default)]
pub struct ShardStats {
    /// LSN of the last record that was given one.
    pub sequenced: Lsn,
    /// LSN of the last durable record.
    pub durable: Lsn,
    /// LSN of the last readable record.
    pub published: Lsn,
    /// Bytes of all memtables: active, sealed, and pinned by snapshots.
    pub memtable_bytes: u64,
    /// Bytes of writes that are sequenced and not yet applied.
    pub pending_bytes: u64,
    /// Bytes of the trees' files.
    pub tree_bytes: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// How often a writer had to wait for memory.
    pub stalls: u64,
    /// Open snapshots.
    pub snapshots: u64,
}

impl Shard {
    /// Opens a shard: replays what the log has and the trees do not, then takes writes.
    /// Open the tree store before the log: it holds the lock of the data directory.
    pub fn open(
        _options: ShardOptions,
        _log: Arc<dyn Log>,
        _trees: Box<dyn TreeStore>,
        _apply: Arc<dyn Apply>,
        _clock: Arc<dyn Clock>,
    ) -> Result<Arc<Shard>, StorageError> {
        todo!()
    }
    /// The current generation; taken before the first [`Shard::latest`] of a write, handed to [`Shard::sequence_in`].
    pub fn generation(&self) -> Generation {
        todo!()
    }
    /// As [`Shard::sequence`], for a record that was computed from [`Shard::latest`]:
    /// refused with the rolled-back writes' error if the generation has passed.
    pub fn sequence_in(
        &self,
        _generation: Generation,
        _record: Bytes,
    ) -> Result<Lsn, StorageError> {
        todo!()
    }
    /// Keeps the log from being trimmed above `upto` on behalf of a consumer that has durably done its work up to there.
    /// A consumer is known from its first call on; register before the first write.
    pub fn set_consumer_floor(&self, _name: &'static str, _upto: Lsn) {
        todo!()
    }
    /// Whether nothing of a range handed to [`Shard::reclaim`] is left on disk.
    pub fn reclaimed(&self, _role: Role, _range: &Range<Bytes>) -> Result<bool, StorageError> {
        todo!()
    }
    /// Figures for metrics.
    pub fn stats(&self) -> ShardStats {
        todo!()
    }
    /// Waits until memory allows another write, or says why no write is taken.
    pub async fn admit(&self) -> Result<(), StorageError> {
        todo!()
    }
    /// Gives the record its LSN, makes its writes visible to [`Shard::latest`], and hands it to the log. Does not wait.
    /// The caller holds latches on the keys that it writes.
    pub fn sequence(&self, _record: Bytes) -> Result<Lsn, StorageError> {
        todo!()
    }
    /// Waits until the record is durable, applied and readable. An LSN at or below the published one returns at once.
    pub async fn wait_published(&self, _lsn: Lsn) -> Result<(), StorageError> {
        todo!()
    }
    /// Newest state of a key, for writers that hold its latch.
    pub fn latest(&self, _role: Role, _key: &[u8]) -> Result<Latest, StorageError> {
        todo!()
    }
    /// Up to where everything is readable.
    pub fn published(&self) -> Lsn {
        todo!()
    }
    /// A key's value at the published LSN.
    pub fn get(&self, _role: Role, _key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        todo!()
    }
    /// Opens a snapshot at the published LSN.
    pub fn snapshot(&self) -> Snapshot {
        todo!()
    }
    /// Reclaims the space of a key range that no record will touch again (a dropped table), once no older snapshot remains.
    pub fn reclaim(&self, _role: Role, _range: Range<Bytes>) {
        todo!()
    }
    /// Flushes everything, stops background work and closes the log.
    pub async fn close(&self) -> Result<(), StorageError> {
        todo!()
    }
}

impl Snapshot {
    /// Its position.
    pub fn lsn(&self) -> Lsn {
        todo!()
    }
    /// A key's value.
    pub fn get(&self, _role: Role, _key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        todo!()
    }
    /// The entries of a key range (start inclusive, end exclusive).
    pub fn range(&self, _role: Role, _range: Range<Bytes>) -> Scan {
        todo!()
    }
}
