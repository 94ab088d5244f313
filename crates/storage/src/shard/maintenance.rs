//! Background work: flushes under the memory budget, compaction, trimming of the log, cancelling of snapshots,
//! recovery from a full disk.
//!
//! Not here: reclaiming dropped ranges (`reclaim`), which the compaction thread calls.
//!
//! Two threads: one flushes (writers wait for it when memory runs out), one compacts (it may take long).
//! A full disk pauses them, they try again; any other failure of the disk stops writes, reads go on.

use super::Core;
use crate::tree::{Floors, TreeMemory};
use crate::{Role, StorageError};
use parking_lot::{Condvar, Mutex};
use shale_commitlog::Lsn;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the threads look without being woken; also the pause before another try on a full disk.
const TICK: Duration = Duration::from_millis(100);
/// Runs in a tree's youngest level from which on writers wait for the compaction.
const YOUNG_RUNS_STALL: usize = 24;

/// A piece of background work, for tests that drive every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Applies what is durable.
    Apply,
    /// Fills the LSNs of rolled-back writes, after which writes are taken again.
    FillVoids,
    /// Flushes a tree.
    Flush(Role),
    /// Compacts a tree.
    Compact(Role),
    /// Trims the log.
    Trim,
    /// Goes on with reclaiming dropped ranges.
    Reclaim,
    /// Cancels snapshots that are too old or pin too much, and flushes what the budget asks for.
    Budget,
}

/// State of the background work.
#[derive(Debug)]
pub(super) struct Maintenance {
    /// Per tree: everything up to here is in its files.
    floors: Mutex<Floors>,
    /// Floors as last stored, and the LSN up to which the log was trimmed.
    stored: Mutex<(Floors, Lsn)>,
    consumers: Mutex<BTreeMap<&'static str, Lsn>>,
    /// Bytes of records applied in all, and what that was when each tree was last flushed.
    log_bytes: AtomicU64,
    log_bytes_flushed: Mutex<[u64; Role::COUNT]>,
    /// Held from a tree's seal to the end of its flush.
    flushing: [Mutex<()>; Role::COUNT],
    /// Trees whose flush or compaction found the disk full when it was last tried.
    flush_waits_for_space: RoleFlags,
    compaction_waits_for_space: RoleFlags,
    compaction_lags: AtomicBool,
    cancelled: AtomicU64,
    flushes: AtomicU64,
    signal: Mutex<Signal>,
    signalled: Condvar,
}

#[derive(Debug, Default)]
struct Signal {
    stop: bool,
    flush: bool,
    compact: bool,
}

/// A flag per tree.
#[derive(Debug, Default)]
struct RoleFlags([AtomicBool; Role::COUNT]);

impl RoleFlags {
    /// Says whether that changed it.
    fn set(&self, role: Role, value: bool) -> bool {
        let flag = self.0.get(role as usize);
        flag.is_some_and(|flag| flag.swap(value, Ordering::AcqRel) != value)
    }

    fn any(&self) -> bool {
        self.0.iter().any(|flag| flag.load(Ordering::Acquire))
    }
}

impl Maintenance {
    pub(super) fn new(floors: Floors, consumers: &[&'static str]) -> Maintenance {
        Maintenance {
            floors: Mutex::new(floors),
            stored: Mutex::default(),
            consumers: Mutex::new(consumers.iter().map(|name| (*name, Lsn::ZERO)).collect()),
            log_bytes: AtomicU64::new(0),
            log_bytes_flushed: Mutex::default(),
            flushing: Default::default(),
            flush_waits_for_space: RoleFlags::default(),
            compaction_waits_for_space: RoleFlags::default(),
            compaction_lags: AtomicBool::new(false),
            cancelled: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            signal: Mutex::default(),
            signalled: Condvar::new(),
        }
    }

    pub(super) fn floors(&self) -> Floors {
        *self.floors.lock()
    }

    pub(super) fn set_consumer_floor(&self, name: &'static str, upto: Lsn) {
        let mut consumers = self.consumers.lock();
        let floor = consumers.entry(name).or_default();
        *floor = upto.max(*floor);
    }

    fn consumer_floor(&self) -> Lsn {
        self.consumers
            .lock()
            .values()
            .copied()
            .min()
            .unwrap_or(Lsn(u64::MAX))
    }

    /// Whether what writers wait for itself waits for space on the disk.
    pub(super) fn waits_for_space(&self) -> bool {
        self.flush_waits_for_space.any()
            || self.compaction_lags() && self.compaction_waits_for_space.any()
    }

    pub(super) fn compaction_lags(&self) -> bool {
        self.compaction_lags.load(Ordering::Acquire)
    }

    pub(super) fn cancelled(&self) -> u64 {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }

    /// Bytes of log that were applied.
    pub(super) fn count_applied(&self, bytes: u64) {
        self.log_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Wakes the flushing thread.
    pub(super) fn wake(&self) {
        self.signal(|signal| &mut signal.flush);
    }

    /// Wakes the compacting thread.
    pub(super) fn wake_compaction(&self) {
        self.signal(|signal| &mut signal.compact);
    }

    pub(super) fn stop(&self) {
        self.signal(|signal| &mut signal.stop);
    }

    fn signal(&self, which: impl FnOnce(&mut Signal) -> &mut bool) {
        let mut signal = self.signal.lock();
        let flag = which(&mut signal);
        if !*flag {
            *flag = true;
            self.signalled.notify_all();
        }
    }

    fn stopped(&self) -> bool {
        self.signal.lock().stop
    }

    /// Waits until it is told or the tick is over; false when it is time to end.
    fn wait(&self, which: impl Fn(&mut Signal) -> &mut bool) -> bool {
        let mut signal = self.signal.lock();
        if !signal.stop && !*which(&mut signal) {
            self.signalled.wait_for(&mut signal, TICK);
        }
        *which(&mut signal) = false;
        !signal.stop
    }
}

pub(super) fn start_threads(core: &Arc<Core>) -> Result<Vec<JoinHandle<()>>, StorageError> {
    let start = |name: &str, run: fn(&Arc<Core>)| {
        let core = core.clone();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&core))
            .map_err(|error| StorageError::io(format!("start thread {name}"), &error))
    };
    Ok(vec![
        start("shale-flush", flush_loop)?,
        start("shale-compact", compact_loop)?,
    ])
}

fn flush_loop(core: &Arc<Core>) {
    loop {
        core.settle();
        core.apply_durable();
        core.fill_voids();
        // Errors have been dealt with where they arose; what was paused is tried again at the next tick.
        let _ = core.keep_budget();
        if !core.maintenance.wait(|signal| &mut signal.flush) {
            return;
        }
    }
}

fn compact_loop(core: &Arc<Core>) {
    while core.maintenance.wait(|signal| &mut signal.compact) {
        for role in Role::ALL {
            while !core.maintenance.stopped() && core.compact_tree(role) == Ok(true) {}
        }
        let _ = core.reclaim_step();
    }
}

impl Core {
    pub(super) fn step(self: &Arc<Self>, step: Step) -> Result<bool, StorageError> {
        match step {
            Step::Apply => Ok(self.apply_durable()),
            Step::FillVoids => Ok(self.fill_voids()),
            Step::Flush(role) => self.flush_tree(role),
            Step::Compact(role) => self.compact_tree(role),
            Step::Trim => self.trim(),
            Step::Reclaim => self.reclaim_step(),
            Step::Budget => self.keep_budget(),
        }
    }

    /// The oldest LSN that anyone reads at.
    pub(super) fn oldest(&self) -> Lsn {
        self.snapshots.oldest(&self.published)
    }

    /// Flushes what the budgets of memory and log ask for. Says whether something was flushed.
    fn keep_budget(&self) -> Result<bool, StorageError> {
        let mut flushed = false;
        loop {
            let memory = self.release_snapshots(self.count_memory())?;
            let Some(role) = self.pick_flush(&memory) else {
                return Ok(flushed);
            };
            self.flush_tree(role)?;
            self.maintenance.wake_compaction();
            self.trim()?;
            flushed = true;
            if self.maintenance.stopped() {
                return Ok(flushed);
            }
        }
    }

    /// Looks at the memtables anew.
    pub(super) fn count_memory(&self) -> Vec<(Role, TreeMemory)> {
        let memory = self.with_gate(|| {
            let memory: Vec<_> = self
                .trees
                .all()
                .map(|(role, tree)| (role, tree.memory()))
                .collect();
            let total = memory.iter().map(|(_, memory)| memory.total()).sum();
            self.memtable_bytes.store(total, Ordering::Release);
            memory
        });
        self.make_room();
        memory
    }

    /// Frees what no reader needs any more, and cancels snapshots that are too old, or the oldest if they pin too much.
    fn release_snapshots(
        &self,
        memory: Vec<(Role, TreeMemory)>,
    ) -> Result<Vec<(Role, TreeMemory)>, StorageError> {
        let memory = self.release(memory)?;
        let pinned: u64 = memory.iter().map(|(_, memory)| memory.pinned).sum();
        let superseded = self.superseded_bytes();
        let too_old = self
            .clock
            .monotonic()
            .saturating_sub(self.options.snapshot_age_max);
        let too_much = pinned > self.options.memory_budget / 2 || self.is_above_share(superseded);
        let cancelled = self.snapshots.cancel(too_old, too_much);
        if cancelled == 0 {
            return Ok(memory);
        }
        tracing::warn!(cancelled, pinned, superseded, "snapshots were cancelled");
        self.maintenance
            .cancelled
            .fetch_add(cancelled as u64, Ordering::Relaxed);
        self.release(memory)
    }

    /// Bytes of files that are there for snapshots only.
    pub(super) fn superseded_bytes(&self) -> u64 {
        self.trees
            .all()
            .map(|(_, tree)| tree.superseded_bytes())
            .sum()
    }

    /// Whether snapshots keep more files than they may.
    fn is_above_share(&self, superseded: u64) -> bool {
        let trees = || -> u64 { self.trees.all().map(|(_, tree)| tree.disk_bytes()).sum() };
        superseded > self.options.superseded_bytes_max && superseded > trees() / 2
    }

    fn release(
        &self,
        memory: Vec<(Role, TreeMemory)>,
    ) -> Result<Vec<(Role, TreeMemory)>, StorageError> {
        let pins = |(role, memory): &(Role, TreeMemory)| {
            memory.pinned > 0 || self.trees.of(*role).superseded_bytes() > 0
        };
        let pinning: Vec<Role> = memory
            .iter()
            .filter(|entry| pins(entry))
            .map(|(role, _)| *role)
            .collect();
        if pinning.is_empty() {
            return Ok(memory);
        }
        for role in pinning {
            let released = self.trees.of(role).release(self.oldest());
            self.or_poison("release old versions of", role, released)?;
        }
        Ok(self.count_memory())
    }

    fn pick_flush(&self, memory: &[(Role, TreeMemory)]) -> Option<Role> {
        let budget = self.options.memory_budget;
        let total: u64 = memory.iter().map(|(_, memory)| memory.total()).sum();
        let (largest, bytes) = memory
            .iter()
            .map(|(role, memory)| (*role, memory.active + memory.sealed))
            .max_by_key(|(_, bytes)| *bytes)?;
        if bytes > 0 && (total > budget / 2 || bytes > budget / 4) {
            return Some(largest);
        }
        let written = self.maintenance.log_bytes.load(Ordering::Relaxed);
        let flushed = *self.maintenance.log_bytes_flushed.lock();
        memory
            .iter()
            .zip(flushed)
            .find_map(|((role, memory), flushed)| {
                // A sealed memtable is left from a flush that failed.
                let holds_log = memory.active > 0 && written - flushed > self.options.log_bytes_max;
                (memory.sealed > 0 || holds_log).then_some(*role)
            })
    }

    /// Flushes one tree: afterwards everything published before is in its files.
    pub(super) fn flush_tree(&self, role: Role) -> Result<bool, StorageError> {
        let tree = self.trees.of(role);
        let _flushing = self
            .maintenance
            .flushing
            .get(role as usize)
            .map(Mutex::lock);
        let written = self.maintenance.log_bytes.load(Ordering::Relaxed);
        let (upto, sealed) = self.with_gate(|| {
            let applied = Lsn(self.published.load(Ordering::Acquire));
            (applied, tree.seal(applied))
        });
        let result = tree.flush(self.oldest());
        let full = result == Err(StorageError::DiskFull);
        self.note_space(&self.maintenance.flush_waits_for_space, role, full);
        self.or_poison("flush", role, result)?;
        self.maintenance.floors.lock().raise(role, upto);
        if let Some(flushed) = self
            .maintenance
            .log_bytes_flushed
            .lock()
            .get_mut(role as usize)
        {
            *flushed = written;
        }
        self.maintenance
            .flushes
            .fetch_add(u64::from(sealed), Ordering::Relaxed);
        self.look_at_compaction();
        Ok(sealed)
    }

    fn compact_tree(&self, role: Role) -> Result<bool, StorageError> {
        // Read before `oldest`, so that it is not above what is published when the files are chosen.
        let applied = Lsn(self.published.load(Ordering::Acquire));
        let result = self.trees.of(role).compact(self.oldest(), applied);
        let full = result == Err(StorageError::DiskFull);
        self.note_space(&self.maintenance.compaction_waits_for_space, role, full);
        let progress = self.or_poison("compact", role, result)?;
        if progress {
            self.reclaims.on_compacted();
        }
        self.look_at_compaction();
        Ok(progress)
    }

    /// Whether writers must wait for the compaction.
    fn look_at_compaction(&self) {
        let lags = self
            .trees
            .all()
            .any(|(_, tree)| tree.young_runs() >= YOUNG_RUNS_STALL);
        self.maintenance
            .compaction_lags
            .store(lags, Ordering::Release);
        self.make_room();
    }

    /// Notes whether a tree's background work waits for space. Writers that wait for that work are told of a change.
    fn note_space(&self, waits: &RoleFlags, role: Role, full: bool) {
        if waits.set(role, full) {
            self.wake_stalled();
        }
    }

    /// Trims the log below what all trees have in their files and all consumers have done. Says whether it did.
    pub(super) fn trim(&self) -> Result<bool, StorageError> {
        let upto = self
            .idle_floors()
            .lowest()
            .min(self.maintenance.consumer_floor());
        if upto <= self.maintenance.stored.lock().1 {
            return Ok(false);
        }
        // Before the trim: after it, only the floors say that idle trees do not need the trimmed records.
        self.store_floors()?;
        let trimmed = self.log.trim(upto).map_err(super::replay::log_error);
        match trimmed {
            Ok(()) => {}
            // What could not be deleted now is deleted later; nothing is lost by it.
            Err(error) => {
                tracing::warn!(%error, "the log could not be trimmed");
                return Err(error);
            }
        }
        self.maintenance.stored.lock().1 = upto;
        Ok(true)
    }

    /// Trees without unflushed writes count as flushed up to what is published.
    fn idle_floors(&self) -> Floors {
        self.with_gate(|| {
            let applied = Lsn(self.published.load(Ordering::Acquire));
            let mut floors = self.maintenance.floors.lock();
            for (role, tree) in self.trees.all() {
                let memory = tree.memory();
                if memory.active == 0 && memory.sealed == 0 {
                    floors.raise(role, applied);
                }
            }
            *floors
        })
    }

    /// Stores the floors, if they have risen.
    pub(super) fn store_floors(&self) -> Result<(), StorageError> {
        let mut stored = self.maintenance.stored.lock();
        let floors = self.maintenance.floors();
        if floors != stored.0 {
            let result = self.store.store_floors(&floors);
            self.or_poison("store the floors of", Role::Catalog, result)?;
            stored.0 = floors;
        }
        Ok(())
    }

    /// Everything to disk, for closing.
    pub(super) fn flush_all(&self) -> Result<(), StorageError> {
        for role in Role::ALL {
            self.flush_tree(role)?;
        }
        self.trim()?;
        self.store_floors()
    }

    /// Passes a result on; a disk that fails for any other reason than being full stops writes.
    pub(super) fn or_poison<T>(
        &self,
        what: &str,
        role: Role,
        result: Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        match &result {
            Ok(_) => {}
            Err(StorageError::DiskFull) => {
                tracing::warn!(tree = role.name(), "{what}: no space, will be tried again")
            }
            Err(error) => {
                tracing::error!(tree = role.name(), %error, "{what} failed: no more writes");
                self.refuse_writes(StorageError::Poisoned(format!(
                    "{what} {}: {error}",
                    role.name()
                )));
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_has_space_does_not_hide_one_that_waits_for_it() {
        let maintenance = Maintenance::new(Floors::default(), &[]);
        let flush = &maintenance.flush_waits_for_space;
        assert!(flush.set(Role::Items, true));
        assert!(!flush.set(Role::Items, true), "no change");
        flush.set(Role::Catalog, false);
        assert!(maintenance.waits_for_space());
        assert!(flush.set(Role::Items, false));
        assert!(!maintenance.waits_for_space());

        let compaction = &maintenance.compaction_waits_for_space;
        compaction.set(Role::Indexes, true);
        compaction.set(Role::History, false);
        assert!(!maintenance.waits_for_space(), "no writer waits for it");
        maintenance.compaction_lags.store(true, Ordering::Release);
        assert!(maintenance.waits_for_space());
    }
}
