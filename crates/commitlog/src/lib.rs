//! The commit log of one shard: dense positions, groups that become durable together, checksums and a hash chain.
//!
//! Not here: what a record means.
//!
//! Words: a *record* has one LSN; a *batch* is what one `append` hands over; a *group* is what one write makes durable together,
//! one batch or many.

use bytes::Bytes;
use std::sync::Arc;

/// Number of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u32);

/// Number of a leadership; a claim with a higher one fences the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// Dense ordinal of a record in a shard's log; the first record has 1, 0 is "before everything".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Before the first record.
    pub const ZERO: Lsn = Lsn(0);
    /// The LSN after this one.
    pub fn next(self) -> Lsn {
        Lsn(self.0 + 1)
    }
}

/// A record as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its position.
    pub lsn: Lsn,
    /// The leadership that wrote it.
    pub epoch: Epoch,
    /// Microseconds since the Unix epoch when it was sequenced; never falls along the log.
    pub timestamp_micros: u64,
    /// Its content.
    pub payload: Bytes,
}

/// What is handed over in one append.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The writer's leadership.
    pub epoch: Epoch,
    /// LSN of the first record; must follow the last one handed over (the expected tail).
    pub first: Lsn,
    /// As in [`Record`].
    pub timestamp_micros: u64,
    /// One or more payloads.
    pub payloads: Vec<Bytes>,
}

/// Why records were not acknowledged. Everything from the named LSN on shares the fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendFailure {
    /// Certainly not written; the LSNs are free again and the log goes on (disk full, too large).
    Refused {
        /// Why.
        reason: RefusedReason,
    },
    /// Another leadership owns the log now; the log takes nothing more from this one.
    Fenced {
        /// Last LSN of the log.
        tail: Lsn,
    },
    /// The outcome is unknown: the write may or may not be found at the next start. The log takes nothing more.
    Unknown {
        /// What the disk or broker said.
        message: String,
    },
}

/// Why an append was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedReason {
    /// No space to extend the log.
    DiskFull,
}

/// Told by the log what became of appends, in LSN order, from one thread at a time.
pub trait AppendSink: Send + Sync {
    /// Every record up to and including `upto` is durable.
    fn on_durable(&self, upto: Lsn);
    /// No record from `from` on, of those handed over so far, will be acknowledged.
    fn on_failed(&self, from: Lsn, failure: AppendFailure);
}

/// Why the log cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A frame below the last synced offset is damaged; starting would lose acknowledged writes.
    #[error("{file}: damaged at byte {offset}, below the synced offset {synced}: {reason}")]
    Corrupt {
        /// Segment file.
        file: String,
        /// Where.
        offset: u64,
        /// What is known to have been synced.
        synced: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The records asked for were trimmed away.
    #[error("records below {oldest:?} have been trimmed")]
    Trimmed {
        /// First LSN that is still there.
        oldest: Lsn,
    },
    /// The disk or broker failed.
    #[error("{context}: {source}")]
    Io {
        /// What was being done.
        context: String,
        /// The cause.
        source: std::io::Error,
    },
}

/// A commit log. Appends are pipelined: `append` only queues, the sink hears of the outcome.
pub trait Log: Send + Sync + 'static {
    /// Names the one listener; called once, before the first append.
    fn set_sink(&self, sink: Arc<dyn AppendSink>);
    /// Queues a batch. Never waits for the disk. Calls come in LSN order.
    ///
    /// # Errors
    /// The failure that stopped the log, if it takes nothing any more.
    fn append(&self, batch: Batch) -> Result<(), AppendFailure>;
    /// LSN of the last durable record.
    fn tail(&self) -> Lsn;
    /// LSN of the first record that can be read.
    fn oldest(&self) -> Lsn;
    /// The durable records from `from` on.
    fn read(
        &self,
        from: Lsn,
    ) -> Result<Box<dyn Iterator<Item = Result<Record, LogError>> + Send + '_>, LogError>;
    /// Forgets records up to and including `upto`, as far as its units (segments) allow.
    fn trim(&self, upto: Lsn) -> Result<(), LogError>;
    /// Bytes held on disk.
    fn disk_bytes(&self) -> u64;
}
