//! Why the engine refuses, as data; sentences for users are made at the edges.

use crate::stream::{DestinationProblem, StreamProblem};
use shale_expression::EvaluationError;
use shale_item::Item;
use shale_storage::StorageError;
use std::sync::Arc;

/// Which number a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Item above 400 KB.
    ItemSize,
    /// Nested deeper than 32.
    Nesting,
    /// Items of one atomic insert above 16 MB together.
    InsertSize,
    /// More than 65,536 items in one atomic insert.
    InsertRows,
    /// More than 100 actions or keys in one transaction.
    TransactionActions,
    /// Items of one transaction above 4 MB together.
    TransactionSize,
    /// Items written by one interactive transaction above 16 MB together.
    StagedSize,
    /// More than 65,536 items written by one interactive transaction.
    StagedRows,
    /// What one interactive transaction keeps in memory (its items, their index entries, what savepoints need) above 48 MB.
    StagedMemory,
    /// What all interactive transactions together keep in memory above 512 MB.
    StagedTogether,
    /// One write, of many items, of which the stream keeps so many replaced images that no log record holds them (56 MB).
    StreamImages,
}

/// Why an index cannot be as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexProblem {
    /// The table has one of that name.
    Exists,
    /// The table has as many of that kind as it may.
    TooMany {
        /// Local or global.
        kind: crate::derived::IndexKind,
        /// How many a table may have.
        limit: usize,
    },
    /// More than 100 attributes are named in the projections of the table's indexes.
    TooManyProjected,
    /// The attribute is a key of another type in the table or in another index.
    TypeConflict {
        /// The attribute.
        attribute: String,
    },
    /// A number of key attributes that the kind does not take, one attribute twice, or a local index under another HASH attribute.
    KeyShape,
    /// A local index of a table without sort key.
    NoSortKey,
    /// Local indexes come and go with their table.
    LocalLater,
}

/// What is wrong about reading in the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryProblem {
    /// The table keeps no history.
    Off {
        /// The table.
        table: String,
    },
    /// The history of the table does not reach back that far.
    Floor {
        /// The table.
        table: String,
        /// The oldest LSN that can be read.
        lsn: u64,
        /// The oldest time that can be read, microseconds since the Unix epoch.
        micros: u64,
    },
    /// The position is not there yet.
    Future {
        /// The newest LSN that can be read.
        lsn: u64,
        /// The newest time that can be read, microseconds since the Unix epoch.
        micros: u64,
    },
    /// Indexes cannot be read in the past.
    Index {
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
    /// History for less than a second or more than 7 days.
    Retention {
        /// What was asked for.
        seconds: u64,
        /// The most that can be.
        max: u64,
    },
}

/// What callers do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Table or resource is not there.
    NotFound,
    /// Exists already, in use, condition failed.
    Conflict,
    /// The request is wrong.
    Invalid,
    /// Slow down.
    Throttled,
    /// Try again later.
    Unavailable,
    /// Ours.
    Internal,
}

/// Why the engine refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No such table.
    #[error("table {name} not found")]
    TableNotFound {
        /// Name asked for.
        name: String,
    },
    /// The name is taken.
    #[error("table {name} exists")]
    TableExists {
        /// Name asked for.
        name: String,
    },
    /// DeletionProtectionEnabled.
    #[error("table {name} is protected from deletion")]
    DeletionProtected {
        /// Name asked for.
        name: String,
    },
    /// The condition does not hold.
    #[error("the conditional request failed")]
    ConditionFailed {
        /// The item, if asked for.
        item: Option<Item>,
        /// Write capacity units consumed all the same.
        capacity: f64,
    },
    /// The key of an insert exists.
    #[error("the item exists")]
    ItemExists {
        /// Its key attributes.
        key: Item,
    },
    /// Two items of one insert have the same key and would both be written, or two actions of a transaction name one item.
    #[error("two items of the request have the same key")]
    SameKeyTwice,
    /// Key attributes are missing, of the wrong type, empty or too large.
    #[error(transparent)]
    Key(#[from] shale_item::KeyError),
    /// A key attribute of an index is of the wrong type, empty or too large.
    #[error("index {index}: {error}")]
    IndexKey {
        /// The index.
        index: String,
        /// What is wrong.
        error: shale_item::KeyError,
    },
    /// No such index.
    #[error("table {table} has no index {index}")]
    IndexNotFound {
        /// The table.
        table: String,
        /// Name asked for.
        index: String,
    },
    /// The index is still being filled.
    #[error("index {index} is being created")]
    IndexNotReady {
        /// The index.
        index: String,
    },
    /// Asynchronous indexes are too far behind for a consistent read; it can be tried again.
    #[error("indexes are {records} records behind")]
    IndexLag {
        /// Records that are not in the indexes yet.
        records: usize,
    },
    /// The index cannot be created or dropped.
    #[error("index {index}: {problem:?}")]
    IndexRefused {
        /// The index.
        index: String,
        /// Why.
        problem: IndexProblem,
    },
    /// Settings of the table are not as expected: another change came first.
    #[error("the settings of the table are not as expected")]
    SettingsChanged,
    /// Expiry is switched on already, for that attribute, or off already.
    #[error("expiry is as it is: {attribute:?}")]
    TimeToLive {
        /// The attribute with the expiry now.
        attribute: Option<String>,
    },
    /// Something about a stream.
    #[error("stream: {0:?}")]
    Stream(StreamProblem),
    /// Something about a Kinesis destination.
    #[error("destination: {0:?}")]
    Destination(DestinationProblem),
    /// Something about reading in the past.
    #[error("history: {0:?}")]
    History(HistoryProblem),
    /// An update writes a key attribute.
    #[error("attribute {name} is part of the key")]
    UpdatesKey {
        /// The attribute.
        name: String,
    },
    /// The update does not fit the item.
    #[error(transparent)]
    Evaluation(EvaluationError),
    /// Too large or too deep.
    #[error("{kind:?} {actual} is above {limit}")]
    Limit {
        /// Which.
        kind: LimitKind,
        /// Found.
        actual: usize,
        /// Allowed.
        limit: usize,
    },
    /// A collection of items under one partition key, with their entries in local indexes, would grow above
    /// [`crate::EngineOptions::item_collection_bytes`]; one that is above it can still shrink.
    #[error("the item collection would have {bytes} bytes, the limit is {limit}")]
    ItemCollectionTooLarge {
        /// Bytes that it would have.
        bytes: u64,
        /// Bytes that it may have.
        limit: u64,
    },
    /// The start key does not belong to the query.
    #[error("the start key is outside the query")]
    InvalidStartKey,
    /// A sort condition on a table without sort key, or of the wrong type.
    #[error("the sort condition does not fit the table")]
    InvalidSortCondition,
    /// Other writers held a key of this write for longer than [`crate::EngineOptions::latch_wait`].
    #[error("a key of the write was held by other writes for too long")]
    KeyContention,
    /// What the transaction has read was written by others since it began, or it lasted too long to tell. Nothing of it was written;
    /// running it again is right.
    #[error("the transaction conflicts with concurrent writes")]
    SerializationConflict,
    /// The transaction was committed or given up before.
    #[error("the transaction has ended")]
    TransactionEnded,
    /// A write in a transaction that only reads.
    #[error("the transaction is read-only")]
    ReadOnlyTransaction,
    /// The name of a new table is empty or longer than 255 bytes.
    #[error("table name {name:?} is empty or too long")]
    InvalidTableName {
        /// Name asked for.
        name: String,
    },
    /// A segment number at or above the number of segments, or a number of segments outside 1 to 1,000,000.
    #[error("segment {segment} of {total} does not exist")]
    InvalidSegment {
        /// Segment.
        segment: u32,
        /// TotalSegments.
        total: u32,
    },
    /// A transaction was not done, because at least one of its actions could not be.
    #[error("the transaction was canceled")]
    TransactionCanceled {
        /// For each action in order what is wrong with it, if something is.
        reasons: Vec<Option<Error>>,
    },
    /// The token of a transaction was used for another one within the last 10 minutes.
    #[error("the request token was used for another transaction")]
    IdempotentParameterMismatch,
    /// Another transaction with the same token was at work for longer than [`crate::EngineOptions::latch_wait`].
    #[error("a transaction with the same request token is in progress")]
    TransactionInProgress,
    /// The log could not be opened.
    #[error("commit log: {0}")]
    Log(Arc<shale_commitlog::LogError>),
    /// The shard.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A rule of ours was broken; the message is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<EvaluationError> for Error {
    fn from(error: EvaluationError) -> Error {
        match error {
            // The limit of an item, met before the item was made.
            EvaluationError::TooLarge { bytes, limit } => Error::Limit {
                kind: LimitKind::ItemSize,
                actual: bytes,
                limit,
            },
            other => Error::Evaluation(other),
        }
    }
}

impl Error {
    /// What callers do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::TableNotFound { .. }
            | Error::IndexNotFound { .. }
            | Error::Stream(StreamProblem::NotFound | StreamProblem::ShardNotFound) => {
                ErrorKind::NotFound
            }
            Error::TableExists { .. }
            | Error::ConditionFailed { .. }
            | Error::ItemExists { .. }
            | Error::KeyContention
            | Error::TransactionCanceled { .. }
            | Error::TransactionInProgress
            | Error::SettingsChanged
            | Error::SerializationConflict => ErrorKind::Conflict,
            Error::DeletionProtected { .. }
            | Error::SameKeyTwice
            | Error::IdempotentParameterMismatch
            | Error::Key(_)
            | Error::UpdatesKey { .. }
            | Error::IndexKey { .. }
            | Error::IndexNotReady { .. }
            | Error::IndexRefused { .. }
            | Error::TimeToLive { .. }
            | Error::Stream(_)
            | Error::Destination(_)
            | Error::History(_)
            | Error::Evaluation(_)
            | Error::Limit { .. }
            | Error::ItemCollectionTooLarge { .. }
            | Error::InvalidStartKey
            | Error::InvalidSortCondition
            | Error::TransactionEnded
            | Error::ReadOnlyTransaction
            | Error::InvalidTableName { .. }
            | Error::InvalidSegment { .. } => ErrorKind::Invalid,
            Error::IndexLag { .. } => ErrorKind::Unavailable,
            Error::Storage(error) => storage_kind(error),
            Error::Log(_) | Error::Internal(_) => ErrorKind::Internal,
        }
    }
}

fn storage_kind(error: &StorageError) -> ErrorKind {
    match error {
        StorageError::DiskFull
        | StorageError::Fenced
        | StorageError::Poisoned(_)
        | StorageError::RolledBack
        | StorageError::SnapshotTooOld
        | StorageError::Closed => ErrorKind::Unavailable,
        StorageError::Conflict { written: _ } => ErrorKind::Conflict,
        StorageError::Invalid(_) => ErrorKind::Invalid,
        // A retry could repeat a write that is there.
        StorageError::OutcomeUnknown(_)
        | StorageError::Locked(_)
        | StorageError::Corrupt(_)
        | StorageError::Io { .. } => ErrorKind::Internal,
    }
}
