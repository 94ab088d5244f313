//! What a shard needs from its trees: ordered maps with versions, of which a prefix of the log is durable.
//!
//! Not here: the log, visibility, snapshots, when to flush. A tree knows LSNs only as version numbers.
//!
//! Invariants (the shard keeps them, the trees assert what they can):
//! * A tree is written in strictly rising LSN, by one thread at a time (the applier, which holds the *gate*).
//! * `seal` is called with the gate held, so that a memtable holds whole records.
//! * One thread at a time seals and flushes.
//! * No read is at an LSN below the `oldest` that was last handed to `flush`, `compact` or `release`.

pub mod lsm;
pub mod memory;

use crate::{Role, StorageError};
use bytes::Bytes;
use shale_commitlog::Lsn;
use std::ops::Range;

/// A tree's own scan; the shard's `Scan` adds the checks of a snapshot.
pub type TreeScan =
    Box<dyn DoubleEndedIterator<Item = Result<(Bytes, Bytes), StorageError>> + Send>;

/// Bytes of a tree's memtables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeMemory {
    /// In the memtable that takes writes.
    pub active: u64,
    /// In memtables that wait for their flush.
    pub sealed: u64,
    /// In flushed memtables that old snapshots still read.
    pub pinned: u64,
}

impl TreeMemory {
    /// All of it.
    pub fn total(self) -> u64 {
        self.active + self.sealed + self.pinned
    }
}

/// An ordered map with versions, of which a prefix of the log is durable.
pub trait OrderedTree: Send + Sync + 'static {
    /// The newest version of a key and the LSN that wrote it; a deleted key has none.
    fn get_newest(&self, key: &[u8]) -> Result<Option<(Lsn, Bytes)>, StorageError>;
    /// The version of a key that a reader at `at` sees.
    fn get(&self, key: &[u8], at: Lsn) -> Result<Option<Bytes>, StorageError>;
    /// The entries that a reader at `at` sees; `range` is not empty.
    fn range(&self, range: Range<Bytes>, at: Lsn) -> TreeScan;
    /// Adds a version (`None` deletes). Returns the bytes that the memtable grew by.
    fn insert(&self, lsn: Lsn, key: Bytes, value: Option<Bytes>) -> u64;

    /// Closes the active memtable, which holds everything up to `applied`. False if there was nothing in it.
    fn seal(&self, applied: Lsn) -> bool;
    /// Makes the sealed memtables durable, as a whole, in order. `oldest`: the oldest LSN anyone reads at.
    fn flush(&self, oldest: Lsn) -> Result<(), StorageError>;
    /// One step of compaction; false if there is none to do. `applied`: the published LSN.
    fn compact(&self, oldest: Lsn, applied: Lsn) -> Result<bool, StorageError>;
    /// Forgets versions of the tree that nobody reads any more, with the memory and the files they pin.
    fn release(&self, oldest: Lsn) -> Result<(), StorageError>;
    /// LSN of the newest write in the files: every write of this tree up to it is durable.
    fn durable(&self) -> Lsn;

    /// Names the ranges that no one reads or writes any more; compaction drops their entries.
    fn set_dead_ranges(&self, ranges: Vec<Range<Bytes>>);
    /// Drops the files that lie wholly in the range.
    fn drop_files(
        &self,
        range: &Range<Bytes>,
        oldest: Lsn,
        applied: Lsn,
    ) -> Result<(), StorageError>;
    /// Rewrites every file, which drops the entries of all dead ranges.
    fn rewrite(&self, oldest: Lsn, applied: Lsn) -> Result<(), StorageError>;

    /// Bytes of the memtables.
    fn memory(&self) -> TreeMemory;
    /// Bytes of the files.
    fn disk_bytes(&self) -> u64;
    /// Bytes of files that are on disk for old snapshots only: others have taken their place.
    fn superseded_bytes(&self) -> u64;
    /// Sorted runs that a read may have to visit in the youngest level.
    fn young_runs(&self) -> usize;
}

/// The trees of a shard and the LSNs kept beside them.
pub trait TreeStore: Send + Sync + 'static {
    /// Opens a tree, empty if it is new.
    fn open_tree(&self, role: Role) -> Result<Box<dyn OrderedTree>, StorageError>;
    /// The stored floors; zeros if none were stored.
    fn load_floors(&self) -> Result<Floors, StorageError>;
    /// Stores the floors durably and atomically.
    fn store_floors(&self, floors: &Floors) -> Result<(), StorageError>;
}

/// Per tree, the LSN up to which everything it ever had to hold is in its files.
/// It can exceed the newest write in the files: later records had nothing for the tree, or what they had is gone again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floors(pub [Lsn; Role::COUNT]);

impl Floors {
    /// One tree's floor.
    pub fn of(&self, role: Role) -> Lsn {
        self.0.get(role as usize).copied().unwrap_or_default()
    }
    /// Raises one tree's floor.
    pub fn raise(&mut self, role: Role, to: Lsn) {
        if let Some(floor) = self.0.get_mut(role as usize) {
            *floor = (*floor).max(to);
        }
    }
    /// The lowest: the log up to it is needed by no tree.
    pub fn lowest(&self) -> Lsn {
        self.0.iter().copied().min().unwrap_or_default()
    }
}
