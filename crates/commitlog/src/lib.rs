//! The commit log of one shard: dense positions, groups that become durable together, checksums and a hash chain.
//!
//! * [`FileLog`]: segment files in a directory;
//! * [`SimulatedLog`]: memory, driven step by step, with faults from a seed;
//! * [`conformance`]: what every backend must do, as one suite.
//!
//! Not here: what a record means; who leads the shard; exclusive use of the directory (the shard locks its data directory).
//!
//! Words: a *record* has one LSN; a *batch* is what one `append` hands over; a *group* is what one write makes durable together,
//! one batch or many; a *frame* is the part of a group that has its own checksum: records of one batch, or a fragment of a long one.
//!
//! Invariants:
//! * LSNs are dense: record n + 1 follows record n, in the file and in every reading of it.
//! * Acknowledged (`on_durable`) means written and synced; what a reopened log shows is a prefix of what was handed over that
//!   contains everything acknowledged.
//! * A group is found whole or not at all.
//! * After a write or sync of unknown outcome nothing more is written until the log is opened again.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod conformance;
mod file_log;
mod format;
mod queue;
mod reader;
mod recovery;
mod segment;
mod simulated;
mod walk;
mod writer;

pub use file_log::{Drive, FileLog, FileLogOptions, SEGMENT_BYTES_DEFAULT};
pub use simulated::{Fault, FaultRates, SimulatedDisk, SimulatedLog, Step};

use bytes::Bytes;
use std::sync::Arc;

/// Most bytes that the payloads of one batch may have together, and so the longest record. Bounds what a reader must hold.
pub const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

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

/// Under which leadership a log is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One above the highest epoch that the log has seen: the only user of the log takes it over.
    Next,
    /// This one, as decided elsewhere. If the log has seen a higher one, appends under it are fenced.
    Epoch(Epoch),
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
    /// LSN of the first record; must follow the last one handed over (the expected tail), or be the first one refused.
    pub first: Lsn,
    /// As in [`Record`]; must not be below that of the batch before, see [`Log::last_timestamp_micros`].
    pub timestamp_micros: u64,
    /// One or more payloads, together at most [`BATCH_BYTES_MAX`].
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
    /// The payloads have more than [`BATCH_BYTES_MAX`] bytes.
    TooLarge,
}

/// Told by the log what became of appends, in LSN order, from one thread at a time.
pub trait AppendSink: Send + Sync {
    /// Every record up to and including `upto` is durable.
    fn on_durable(&self, upto: Lsn);
    /// No record from `from` on, of those handed over so far, will be acknowledged.
    /// After [`AppendFailure::Refused`] the next batch begins at `from` again.
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
    /// A segment file between two others is gone; starting would lose acknowledged writes.
    #[error("{file} follows a segment that begins at {missing:?}, and that file is missing")]
    MissingSegment {
        /// The file after the gap.
        file: String,
        /// First LSN of the segment that should be before it.
        missing: Lsn,
    },
    /// The file was written by a version that knows another format.
    #[error("{file}: format version {found}, this version reads {supported}")]
    UnsupportedVersion {
        /// Segment file.
        file: String,
        /// Its version.
        found: u32,
        /// What can be read.
        supported: u32,
    },
    /// The file belongs to another shard.
    #[error("{file}: belongs to {found:?}, not to {expected:?}")]
    WrongShard {
        /// Segment file.
        file: String,
        /// Whose it is.
        found: ShardId,
        /// Whose log is being opened.
        expected: ShardId,
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

impl LogError {
    fn io(context: impl Into<String>) -> impl FnOnce(std::io::Error) -> LogError {
        move |source| LogError::Io {
            context: context.into(),
            source,
        }
    }
}

/// The durable records of a log, in order.
pub type Records<'a> = Box<dyn Iterator<Item = Result<Record, LogError>> + Send + 'a>;

/// A commit log. Appends are pipelined: `append` only queues, the sink hears of the outcome.
pub trait Log: Send + Sync + 'static {
    /// Names the one listener; called once, before the first append.
    fn set_sink(&self, sink: Arc<dyn AppendSink>);
    /// Queues a batch. Never waits for the disk. Calls come in LSN order: the caller numbers records and appends them under
    /// one lock, and takes the same lock when it is told of a failure.
    ///
    /// # Errors
    /// The batch was not queued, and the sink will not hear of it:
    /// * `Fenced`, `Unknown`: the failure that stopped the log (or fences this epoch);
    /// * `Refused(DiskFull)`: its predecessors have just been refused, the sink is about to be told; it shares their fate;
    /// * `Refused(TooLarge)`: its LSNs are free.
    ///
    /// # Panics
    /// If the batch is empty or leaves a gap: going on would write a log that cannot be read.
    fn append(&self, batch: Batch) -> Result<(), AppendFailure>;
    /// LSN of the last durable record.
    fn tail(&self) -> Lsn;
    /// LSN of the first record that can be read (of the next one to come, if there is none).
    fn oldest(&self) -> Lsn;
    /// The leadership under which records are taken.
    fn epoch(&self) -> Epoch;
    /// Timestamp of the last durable record, trimmed or not; 0 before the first.
    fn last_timestamp_micros(&self) -> u64;
    /// The durable records from `from` on, up to the tail at the time of the call.
    ///
    /// # Errors
    /// [`LogError::Trimmed`] below the oldest record; [`Lsn::ZERO`] means "from the beginning" and fails likewise.
    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError>;
    /// Forgets records up to and including `upto`, as far as its units (segments) allow.
    ///
    /// # Errors
    /// The disk's; what was not removed stays readable.
    fn trim(&self, upto: Lsn) -> Result<(), LogError>;
    /// Bytes held on disk.
    fn disk_bytes(&self) -> u64;
}
