//! A shard: one commit log and the LSM trees that are views of it. Keys and values are bytes.
//!
//! Not here: items, tables, expressions; which log it is.
//!
//! Invariants:
//! * Nothing is readable (but through [`Shard::latest`]) or acknowledged before its record is durable.
//! * The trees are a pure function of the log prefix up to `applied`, in log order.
//! * `trimmed <= flushed <= applied == published <= durable <= sequenced`, always.
//!
//! The way of a write:
//! 1. the caller holds latches on the keys it writes, reads them through [`Shard::latest`] and builds one record;
//! 2. [`Shard::sequence_in`] gives it an LSN, asks [`Apply`] what it means, makes that visible to later writers, and
//!    hands the record to the log (`shard::sequencer`);
//! 3. the log tells that it is durable; the applier inserts its writes into the trees, publishes its LSN and wakes
//!    whoever waits for it (`shard::applier`);
//! 4. memtables are flushed and files compacted in the background, and the log is trimmed behind them
//!    (`shard::maintenance`).

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

mod error;
mod options;
mod read_set;
mod shard;
pub mod tree;

pub use error::StorageError;
pub use options::ShardOptions;
pub use read_set::ReadSet;
pub use shale_commitlog::Lsn;
pub use shard::{ActiveTransaction, Generation, Shard, ShardHandle, ShardStats, Snapshot, Step};
pub use tree::lsm::{LsmOptions, LsmStore};
pub use tree::memory::MemoryStore;
pub use tree::{OrderedTree, TreeStore};

use bytes::Bytes;

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

impl Role {
    /// How many there are.
    pub const COUNT: usize = 5;
    /// All of them, in order.
    pub const ALL: [Role; Role::COUNT] = [
        Role::Catalog,
        Role::Items,
        Role::Indexes,
        Role::Streams,
        Role::History,
    ];

    /// Name of the tree, which is also its directory.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Catalog => "catalog",
            Role::Items => "items",
            Role::Indexes => "indexes",
            Role::Streams => "streams",
            Role::History => "history",
        }
    }
}

/// The writes that one record means for the trees. Each (role, key) at most once; the last one put wins.
#[derive(Debug, Default)]
pub struct TreeBatch {
    /// Role, key (1 to 65,535 bytes), value (`None` deletes). A value that shares its bytes with something larger keeps that in memory.
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
    /// Everything up to `lsn` is durable and applied; as soon as this returns it is readable, and those who wait for it go on.
    /// In LSN order; a replayed record is reported too, after its apply.
    /// LSNs of rolled-back writes are left out. Called between the log and the waiting writers: it must be quick,
    /// and it must not write to the shard.
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

/// Key and value.
pub type Entry = (Bytes, Bytes);

/// A scan in key order, from either end.
pub type Scan = Box<dyn DoubleEndedIterator<Item = Result<Entry, StorageError>> + Send>;
