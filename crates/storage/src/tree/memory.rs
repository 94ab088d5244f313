//! Trees in memory, for simulation and tests: a flush makes a prefix durable, a crash loses the rest.
//!
//! It keeps every version until compaction, answers only what a tree on disk could answer (a read below the
//! released history is a bug and panics), and can be told to fail its next flush.

use super::{Floors, OrderedTree, TreeMemory, TreeScan, TreeStore};
use crate::{Role, StorageError};
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use shale_commitlog::Lsn;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::Arc;

/// Ordered by key, newest version first.
type Versions = BTreeMap<(Bytes, Reverse<u64>), Option<Bytes>>;

/// What survives a crash.
#[derive(Debug, Default)]
struct Disk {
    trees: [Arc<Versions>; Role::COUNT],
    floors: Floors,
    full: bool,
    failing: bool,
}

/// Trees in memory. Clones share what is durable, so that a shard opened on a clone after a crash finds exactly that.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    disk: Arc<Mutex<Disk>>,
}

impl MemoryStore {
    /// Makes flushes and compactions fail for want of space, or lets them succeed again.
    pub fn set_full(&self, full: bool) {
        self.disk.lock().full = full;
    }
    /// Makes flushes and compactions fail, or lets them succeed again.
    pub fn set_failing(&self, failing: bool) {
        self.disk.lock().failing = failing;
    }
    /// What the durable part of a tree shows to a reader of everything in it.
    pub fn durable_entries(&self, role: Role) -> BTreeMap<Bytes, Bytes> {
        let versions = self.durable_versions(role);
        visible(versions.iter(), Lsn(u64::MAX)).collect()
    }
    fn durable_versions(&self, role: Role) -> Arc<Versions> {
        self.disk
            .lock()
            .trees
            .get(role as usize)
            .cloned()
            .unwrap_or_default()
    }
}

impl TreeStore for MemoryStore {
    fn open_tree(&self, role: Role) -> Result<Box<dyn OrderedTree>, StorageError> {
        Ok(Box::new(MemoryTree {
            disk: self.disk.clone(),
            role,
            state: RwLock::new(State {
                versions: Versions::clone(&self.durable_versions(role)),
                ..State::default()
            }),
        }))
    }

    fn load_floors(&self) -> Result<Floors, StorageError> {
        Ok(self.disk.lock().floors)
    }

    fn store_floors(&self, floors: &Floors) -> Result<(), StorageError> {
        let mut disk = self.disk.lock();
        disk.check()?;
        disk.floors = *floors;
        Ok(())
    }
}

impl Disk {
    fn check(&self) -> Result<(), StorageError> {
        if self.full {
            return Err(StorageError::DiskFull);
        }
        if self.failing {
            return Err(StorageError::Io {
                context: "write".into(),
                message: "simulated failure".into(),
            });
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct State {
    /// Everything: durable, sealed, active.
    versions: Versions,
    written: Lsn,
    sealed_to: Option<Lsn>,
    active_bytes: u64,
    sealed_bytes: u64,
    released: Lsn,
    runs: usize,
    dead: Vec<Range<Bytes>>,
}

#[derive(Debug)]
struct MemoryTree {
    disk: Arc<Mutex<Disk>>,
    role: Role,
    state: RwLock<State>,
}

impl MemoryTree {
    /// Durably replaces the versions up to `upto`, after dropping those that no reader at or after `oldest` sees.
    fn write_disk(&self, upto: Lsn, oldest: Lsn) -> Result<(), StorageError> {
        let mut disk = self.disk.lock();
        disk.check()?;
        let mut state = self.state.write();
        state.released = state.released.max(oldest);
        let dead = std::mem::take(&mut state.dead);
        let mut last: Option<(Bytes, u64)> = None;
        state.versions.retain(|(key, Reverse(lsn)), _| {
            let shadowed = last
                .as_ref()
                .is_some_and(|(k, newer)| k == key && *newer <= oldest.0);
            last = Some((key.clone(), *lsn));
            !shadowed && !dead.iter().any(|range| range.contains(key))
        });
        state.dead = dead;
        let durable = state
            .versions
            .iter()
            .filter(|((_, Reverse(lsn)), _)| *lsn <= upto.0);
        let durable = durable
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if let Some(tree) = disk.trees.get_mut(self.role as usize) {
            *tree = Arc::new(durable);
        }
        Ok(())
    }
}

/// The entries that a reader at `at` sees, in key order.
fn visible<'a>(
    versions: impl Iterator<Item = (&'a (Bytes, Reverse<u64>), &'a Option<Bytes>)>,
    at: Lsn,
) -> impl Iterator<Item = (Bytes, Bytes)> {
    let mut last: Option<Bytes> = None;
    versions.filter_map(move |((key, Reverse(lsn)), value)| {
        if *lsn > at.0 || last.as_ref() == Some(key) {
            return None;
        }
        last = Some(key.clone());
        value.clone().map(|value| (key.clone(), value))
    })
}

impl OrderedTree for MemoryTree {
    fn get_newest(&self, key: &[u8]) -> Result<Option<(Lsn, Bytes)>, StorageError> {
        let state = self.state.read();
        let from = (Bytes::copy_from_slice(key), Reverse(u64::MAX));
        let newest = state
            .versions
            .range(from..)
            .next()
            .filter(|((k, _), _)| k == key);
        Ok(newest.and_then(|((_, Reverse(lsn)), value)| Some((Lsn(*lsn), value.clone()?))))
    }

    fn get(&self, key: &[u8], at: Lsn) -> Result<Option<Bytes>, StorageError> {
        let state = self.state.read();
        assert!(
            at >= state.released,
            "read at {at:?} below the released {:?}",
            state.released
        );
        let from = (Bytes::copy_from_slice(key), Reverse(at.0));
        Ok(state
            .versions
            .range(from..)
            .next()
            .filter(|((k, _), _)| k == key)
            .and_then(|(_, value)| value.clone()))
    }

    fn range(&self, range: Range<Bytes>, at: Lsn) -> TreeScan {
        let state = self.state.read();
        assert!(
            at >= state.released,
            "scan at {at:?} below the released {:?}",
            state.released
        );
        let bounds = (
            Bound::Included((range.start, Reverse(u64::MAX))),
            Bound::Excluded((range.end, Reverse(u64::MAX))),
        );
        let entries: Vec<_> = visible(state.versions.range(bounds), at).map(Ok).collect();
        Box::new(entries.into_iter())
    }

    fn insert(&self, lsn: Lsn, key: Bytes, value: Option<Bytes>) -> u64 {
        let mut state = self.state.write();
        assert!(lsn >= state.written, "a tree is written in rising LSN");
        state.written = lsn;
        let bytes = (key.len() + value.as_ref().map_or(0, Bytes::len)) as u64 + 64;
        state.active_bytes += bytes;
        state.versions.insert((key, Reverse(lsn.0)), value);
        bytes
    }

    fn seal(&self, applied: Lsn) -> bool {
        let mut state = self.state.write();
        if state.active_bytes == 0 {
            return false;
        }
        assert!(state.written <= applied, "sealed behind a write");
        state.sealed_to = Some(state.written);
        state.sealed_bytes += std::mem::take(&mut state.active_bytes);
        true
    }

    fn flush(&self, oldest: Lsn) -> Result<(), StorageError> {
        let sealed = self.state.read().sealed_to;
        let Some(upto) = sealed else { return Ok(()) };
        self.write_disk(upto, oldest)?;
        let mut state = self.state.write();
        state.sealed_to = None;
        state.sealed_bytes = 0;
        state.runs += 1;
        Ok(())
    }

    fn compact(&self, oldest: Lsn, _: Lsn) -> Result<bool, StorageError> {
        if self.state.read().runs < 2 {
            return Ok(false);
        }
        self.rewrite(oldest, oldest)?;
        self.state.write().runs = 1;
        Ok(true)
    }

    fn release(&self, oldest: Lsn) -> Result<(), StorageError> {
        let mut state = self.state.write();
        state.released = state.released.max(oldest);
        Ok(())
    }

    fn durable(&self) -> Lsn {
        let disk = self.disk.lock();
        let versions = disk.trees.get(self.role as usize).map(Arc::as_ref);
        Lsn(versions
            .into_iter()
            .flatten()
            .map(|((_, Reverse(lsn)), _)| *lsn)
            .max()
            .unwrap_or_default())
    }

    fn set_dead_ranges(&self, ranges: Vec<Range<Bytes>>) {
        self.state.write().dead = ranges;
    }

    fn drop_files(&self, _: &Range<Bytes>, _: Lsn, _: Lsn) -> Result<(), StorageError> {
        Ok(())
    }

    fn rewrite(&self, oldest: Lsn, _: Lsn) -> Result<(), StorageError> {
        self.write_disk(self.durable(), oldest)
    }

    fn memory(&self) -> TreeMemory {
        let state = self.state.read();
        TreeMemory {
            active: state.active_bytes,
            sealed: state.sealed_bytes,
            pinned: 0,
        }
    }

    fn disk_bytes(&self) -> u64 {
        let disk = self.disk.lock();
        let versions = disk.trees.get(self.role as usize).map(Arc::as_ref);
        versions
            .into_iter()
            .flatten()
            .map(|((key, _), value)| (key.len() + value.as_ref().map_or(0, Bytes::len)) as u64)
            .sum()
    }

    fn superseded_bytes(&self) -> u64 {
        0
    }

    fn young_runs(&self) -> usize {
        self.state.read().runs
    }
}
