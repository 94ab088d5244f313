//! A tree on disk: `lsm-tree`, and the only file that knows its sequence numbers.
//!
//! `lsm-tree` draws sequence numbers for its own flushes and compactions from the counter that versions its entries.
//! So `seqno = LSN << 16`, which leaves 65,535 numbers between two records, under five rules:
//! * (a) one counter per tree, never shared: a shared one would mix the trees' numbers;
//! * (b) the counter is raised to at least `(applied << 16) + 1` before each flush and compaction and after recovery:
//!   an installed version of the tree must be younger than everything in its files, because readers choose by number;
//! * (c) a reader at LSN x asks with the exclusive bound `(x + 1) << 16`, which lets it see versions installed at x;
//! * (d) a tree is written in strictly rising LSN: a write at or below an installed version's number would vanish
//!   from readers once its memtable is sealed, and `get` takes the first entry it meets for the newest;
//! * (e) what is readable is decided by the shard's published LSN; `lsm-tree`'s own `visible_seqno` is not consulted.
//!
//! What is durable is read from the files: the highest number in them, shifted back, is the newest durable write,
//! because memtables are flushed whole and in order.

mod filter;
mod store;

#[cfg(test)]
mod tests;

pub use store::{LsmOptions, LsmStore};

use super::{OrderedTree, TreeMemory, TreeScan};
use crate::StorageError;
use bytes::Bytes;
use filter::{DeadRangeFilterFactory, DeadRanges};
use lsm_tree::compaction::Leveled;
use lsm_tree::{
    AbstractTree, AnyTree, InternalValue, Memtable, SeqNo, SequenceNumberCounter, Tree, ValueType,
};
use parking_lot::Mutex;
use shale_commitlog::Lsn;
use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// Numbers between two records, as a shift.
const SEQNO_SHIFT: u32 = 16;
/// Numbers that are kept free below the next record's: one operation draws a few.
const SEQNO_RESERVE: u64 = 16;
/// Runs in the youngest level that start its compaction.
const YOUNG_RUNS_COMPACT: u8 = 4;

const fn seqno_of(lsn: Lsn) -> SeqNo {
    lsn.0 << SEQNO_SHIFT
}

/// Exclusive bound of a reader at `lsn` (rule c).
const fn bound_of(lsn: Lsn) -> SeqNo {
    (lsn.0 + 1) << SEQNO_SHIFT
}

const fn lsn_of(seqno: SeqNo) -> Lsn {
    Lsn(seqno >> SEQNO_SHIFT)
}

/// One tree in its directory.
pub(crate) struct LsmTree {
    tree: Tree,
    path: PathBuf,
    /// The tree's counter (rule a).
    seqno: SequenceNumberCounter,
    /// The memtable that takes writes: spares each insert a copy of the tree's version.
    active: Mutex<Arc<Memtable>>,
    /// Highest LSN written (rule d).
    written: AtomicU64,
    /// Memtables that no longer take writes, as long as anyone holds them.
    /// Counted here, because the sum that `lsm-tree` offers counts a memtable once per version that shows it.
    retired: Mutex<Vec<Retired>>,
    dead: Arc<DeadRanges>,
    strategy: Arc<Leveled>,
    file_bytes: u64,
    /// Held by a flush, and by a cleanup.
    flushing: Mutex<()>,
    /// Held by a compaction, and by a cleanup.
    compacting: Mutex<()>,
    /// Files that the tree no longer has, as long as they are on disk.
    superseded: Mutex<Vec<Superseded>>,
    /// File numbers drawn by operations that failed: what they left behind is deleted before the next one.
    leftovers: Mutex<Vec<Range<u64>>>,
}

/// A memtable that no longer takes writes.
struct Retired {
    memtable: Weak<Memtable>,
    /// In the files too: whoever holds it is an old reader.
    flushed: bool,
}

/// A file whose entries are in other files, or gone: whoever keeps it is an old reader.
struct Superseded {
    id: u64,
    bytes: u64,
}

impl std::fmt::Debug for LsmTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LsmTree").field("path", &self.path).finish()
    }
}

impl LsmTree {
    fn open(
        config: impl FnOnce(lsm_tree::Config) -> lsm_tree::Config,
        path: PathBuf,
        file_bytes: u64,
    ) -> Result<LsmTree, StorageError> {
        let seqno = SequenceNumberCounter::default();
        let dead = Arc::new(DeadRanges::default());
        let base = lsm_tree::Config::new(&path, seqno.clone(), SequenceNumberCounter::default())
            .with_compaction_filter_factory(Some(Arc::new(DeadRangeFilterFactory::new(
                dead.clone(),
            ))));
        let opened = config(base)
            .open()
            .map_err(|error| tree_error(&path, "open", &error))?;
        let AnyTree::Standard(tree) = opened else {
            return Err(StorageError::Corrupt(format!(
                "{}: not a standard tree",
                path.display()
            )));
        };
        let durable = tree.get_highest_persisted_seqno().map_or(Lsn::ZERO, lsn_of);
        seqno.fetch_max(seqno_of(durable) + 1);
        Ok(LsmTree {
            active: Mutex::new(tree.active_memtable()),
            tree,
            path,
            seqno,
            written: AtomicU64::new(durable.0),
            retired: Mutex::default(),
            dead,
            strategy: Arc::new(
                Leveled::default()
                    .with_l0_threshold(YOUNG_RUNS_COMPACT)
                    .with_table_target_size(file_bytes),
            ),
            file_bytes,
            flushing: Mutex::default(),
            compacting: Mutex::default(),
            superseded: Mutex::default(),
            leftovers: Mutex::default(),
        })
    }

    /// Rule (b). False if the numbers before the next record are used up: the operation waits for that record.
    fn raise(&self, applied: Lsn) -> bool {
        self.seqno.fetch_max(seqno_of(applied) + 1);
        let next = self.seqno.get();
        lsn_of(next + SEQNO_RESERVE) == lsn_of(next)
    }

    /// Runs an operation that writes files; what a failed one leaves behind is noted.
    fn with_files<T>(
        &self,
        what: &'static str,
        operation: impl FnOnce() -> lsm_tree::Result<T>,
    ) -> Result<T, StorageError> {
        let before = self.tree.next_table_id();
        operation().map_err(|error| {
            self.leftovers
                .lock()
                .push(before..self.tree.next_table_id());
            tree_error(&self.path, what, &error)
        })
    }

    /// Runs a compaction or its like, after which the tree no longer has some of its files. The caller holds the lock of compactions.
    fn superseding<T>(
        &self,
        what: &'static str,
        operation: impl FnOnce() -> lsm_tree::Result<T>,
    ) -> Result<T, StorageError> {
        let before = self.tree.current_version();
        let done = self.with_files(what, operation)?;
        let after = self.tree.current_version();
        if before.id() != after.id() {
            let kept: HashSet<u64> = after.iter_tables().map(lsm_tree::Table::id).collect();
            let gone = before
                .iter_tables()
                .filter(|table| !kept.contains(&table.id()));
            let gone = gone.map(|table| Superseded {
                id: table.id(),
                bytes: table.metadata.file_size,
            });
            self.superseded.lock().extend(gone);
        }
        Ok(done)
    }

    fn file(&self, id: u64) -> PathBuf {
        self.path.join("tables").join(id.to_string())
    }

    /// Deletes the files that failed operations left behind: on a full disk they would hold the space that a retry needs.
    /// The caller holds both locks, so a noted number is either in the current version or in no version at all.
    fn clean(&self) {
        let mut leftovers = self.leftovers.lock();
        if leftovers.is_empty() {
            return;
        }
        let version = self.tree.current_version();
        let live: Vec<u64> = version.iter_tables().map(lsm_tree::Table::id).collect();
        for id in leftovers
            .drain(..)
            .flatten()
            .filter(|id| !live.contains(id))
        {
            let file = self.file(id);
            match std::fs::remove_file(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "a leftover file could not be deleted")
                }
            }
        }
    }

    /// The lock of a compaction, after a cleanup if one is due.
    fn compaction(&self) -> parking_lot::MutexGuard<'_, ()> {
        let guard = self.compacting.lock();
        if !self.leftovers.lock().is_empty() {
            let _flushing = self.flushing.lock();
            self.clean();
        }
        guard
    }
}

impl OrderedTree for LsmTree {
    fn get_newest(&self, key: &[u8]) -> Result<Option<(Lsn, Bytes)>, StorageError> {
        match self.tree.get_internal_entry(key, SeqNo::MAX) {
            Ok(entry) => Ok(entry.map(|entry| (lsn_of(entry.key.seqno), entry.value.into()))),
            Err(error) => Err(tree_error(&self.path, "read", &error)),
        }
    }

    fn get(&self, key: &[u8], at: Lsn) -> Result<Option<Bytes>, StorageError> {
        match self.tree.get(key, bound_of(at)) {
            Ok(value) => Ok(value.map(Bytes::from)),
            Err(error) => Err(tree_error(&self.path, "read", &error)),
        }
    }

    fn range(&self, range: Range<Bytes>, at: Lsn) -> TreeScan {
        let path = self.path.clone();
        Box::new(
            self.tree
                .create_range(&range, bound_of(at), None)
                .map(move |entry| match entry {
                    Ok((key, value)) => Ok((key.into(), value.into())),
                    Err(error) => Err(tree_error(&path, "scan", &error)),
                }),
        )
    }

    fn insert(&self, lsn: Lsn, key: Bytes, value: Option<Bytes>) -> u64 {
        let written = self.written.swap(lsn.0, Ordering::AcqRel);
        assert!(
            written <= lsn.0,
            "a tree is written in rising LSN: {written}, then {}",
            lsn.0
        );
        // The key may be a slice of its record: the memtable must not hold the whole record for it.
        let key = Bytes::copy_from_slice(&key);
        let entry = match value {
            Some(value) => {
                InternalValue::from_components(key, value, seqno_of(lsn), ValueType::Value)
            }
            None => InternalValue::new_tombstone(key, seqno_of(lsn)),
        };
        self.active.lock().insert(entry).0
    }

    fn seal(&self, applied: Lsn) -> bool {
        let mut active = self.active.lock();
        if active.is_empty() {
            return false;
        }
        assert!(
            self.written.load(Ordering::Acquire) <= applied.0,
            "sealed behind a write"
        );
        self.seqno.fetch_max(seqno_of(applied) + 1);
        self.retired.lock().push(Retired {
            memtable: Arc::downgrade(&active),
            flushed: false,
        });
        self.tree.rotate_memtable();
        *active = self.tree.active_memtable();
        true
    }

    fn flush(&self, oldest: Lsn) -> Result<(), StorageError> {
        let _flushing = self.flushing.lock();
        if !self.leftovers.lock().is_empty()
            && let Some(_compacting) = self.compacting.try_lock()
        {
            self.clean();
        }
        if self.tree.sealed_memtable_count() == 0 {
            return Ok(());
        }
        let lock = self.tree.get_flush_lock();
        self.with_files("flush", || self.tree.flush(&lock, bound_of(oldest)))?;
        for retired in self.retired.lock().iter_mut() {
            retired.flushed = true;
        }
        Ok(())
    }

    fn compact(&self, oldest: Lsn, applied: Lsn) -> Result<bool, StorageError> {
        let _compacting = self.compaction();
        if !self.raise(applied) {
            return Ok(false);
        }
        let before = self.tree.current_version().id();
        self.superseding("compact", || {
            self.tree.compact(self.strategy.clone(), bound_of(oldest))
        })?;
        // A flush in between looks like progress too: the caller asks once more than needed.
        Ok(self.tree.current_version().id() != before)
    }

    fn release(&self, oldest: Lsn) -> Result<(), StorageError> {
        self.tree
            .get_version_history_lock()
            .maintenance(&self.path, bound_of(oldest))
            .map_err(|error| tree_error(&self.path, "forget old versions", &error))
    }

    fn durable(&self) -> Lsn {
        self.tree
            .get_highest_persisted_seqno()
            .map_or(Lsn::ZERO, lsn_of)
    }

    fn set_dead_ranges(&self, ranges: Vec<Range<Bytes>>) {
        self.dead.set(ranges);
    }

    fn drop_files(
        &self,
        range: &Range<Bytes>,
        oldest: Lsn,
        applied: Lsn,
    ) -> Result<(), StorageError> {
        let _compacting = self.compaction();
        // Even dropping nothing would install and sync a version.
        let version = self.tree.current_version();
        let whole = version.iter_tables().any(|table| {
            let keys = &table.metadata.key_range;
            range.start <= keys.min()[..] && range.end > keys.max()[..]
        });
        drop(version);
        if !whole || !self.raise(applied) {
            return Ok(());
        }
        self.superseding("drop files", || {
            self.tree
                .drop_range::<&[u8], _>(&range.start[..]..&range.end[..])
        })?;
        self.release(oldest)
    }

    fn rewrite(&self, oldest: Lsn, applied: Lsn) -> Result<(), StorageError> {
        let _compacting = self.compaction();
        if !self.raise(applied) {
            return Ok(());
        }
        self.superseding("rewrite", || {
            self.tree.major_compact(self.file_bytes, bound_of(oldest))
        })
    }

    fn memory(&self) -> TreeMemory {
        let mut memory = TreeMemory {
            active: self.active.lock().size(),
            ..TreeMemory::default()
        };
        self.retired.lock().retain(|retired| {
            let Some(memtable) = retired.memtable.upgrade() else {
                return false;
            };
            *if retired.flushed {
                &mut memory.pinned
            } else {
                &mut memory.sealed
            } += memtable.size();
            true
        });
        memory
    }

    fn disk_bytes(&self) -> u64 {
        self.tree.disk_space()
    }

    fn superseded_bytes(&self) -> u64 {
        let mut superseded = self.superseded.lock();
        // The last reader that lets go of a file deletes it.
        superseded.retain(|file| self.file(file.id).exists());
        superseded.iter().map(|file| file.bytes).sum()
    }

    fn young_runs(&self) -> usize {
        self.tree.l0_run_count()
    }
}

/// Corruption is told apart from a failing disk, and a full disk from both.
fn tree_error(path: &std::path::Path, what: &str, error: &lsm_tree::Error) -> StorageError {
    match error {
        lsm_tree::Error::Io(error) => {
            StorageError::io(format!("{what} of tree {}", path.display()), error)
        }
        other => StorageError::Corrupt(format!("{what} of tree {}: {other}", path.display())),
    }
}
