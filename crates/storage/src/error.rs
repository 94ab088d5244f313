//! Why a shard could not do something.

use shale_commitlog::Lsn;
use std::io;

/// Why the shard could not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// What the write was computed from has been rolled back; nothing was written. Read again and retry.
    #[error("the write depends on writes that were rolled back")]
    RolledBack,
    /// What the transaction has read was written by others since its snapshot, or that is too long ago to tell; nothing was written.
    #[error("the transaction's reads are no longer current")]
    Conflict {
        /// The newest record that has written it; an answer that tells of the conflict tells of that record.
        written: Option<Lsn>,
    },
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
    /// A record or write that no shard can take.
    #[error("not a valid write: {0}")]
    Invalid(&'static str),
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

impl StorageError {
    /// An I/O error with what was being done; no space left is its own variant, because it passes.
    pub(crate) fn io(context: impl Into<String>, error: &io::Error) -> StorageError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::DiskFull,
            _ => StorageError::Io {
                context: context.into(),
                message: error.to_string(),
            },
        }
    }
}
