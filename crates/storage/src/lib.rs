//! A shard: one commit log and the LSM trees that are views of it. Keys and values are bytes.
//!
//! Not here: items, tables, expressions; which log it is.
//!
//! Invariants:
//! * Nothing is readable (but through [`Shard::latest`]) or acknowledged before its record is durable.
//! * The trees are a pure function of the log prefix up to `applied`, in log order.
//! * `trimmed <= flushed <= applied == published <= durable <= sequenced`, always.

use bytes::Bytes;
pub use shale_commitlog::Lsn;
use std::ops::Range;

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

impl Shard {
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
