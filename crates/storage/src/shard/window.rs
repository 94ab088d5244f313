//! The recent-writes window: which keys were written above the snapshots of the transactions that are under way.
//!
//! Not here: what a transaction has read ([`ReadSet`]), when a record is sequenced (`sequencer`).
//!
//! Invariants:
//! * It belongs to the sequencer: a record's keys enter it in the same critical section in which the record gets its LSN, so that a
//!   validation sees every record sequenced before, whoever made it, durable or not.
//! * While it is on, it holds the keys of every record above `floor`. A transaction whose snapshot is below the floor cannot be
//!   validated and is refused.
//! * Records that were rolled back may stay in it; they can only refuse too much.
//!
//! Without transactions it is off, and a write costs one look at that.

use super::Core;
use super::ahead::Ahead;
use super::sequencer::{Generation, Outstanding};
use super::snapshot::Snapshot;
use crate::read_set::ReadSet;
use crate::{Role, StorageError, TreeBatch};
use bytes::Bytes;
use parking_lot::Mutex;
use shale_commitlog::Lsn;
use std::collections::BTreeMap;
use std::collections::vec_deque::{Iter, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that the window may hold. What is above it forgets the oldest records, and transactions from before them are refused.
pub(super) const WINDOW_BYTES_MAX: usize = 64 << 20;
/// Records for which the window stays on without any transaction: the next one then finds it on.
const LINGER_RECORDS: usize = 4096;
/// Records after which the window looks anew for what nobody needs any more.
const LOOK_EVERY: usize = 64;
/// Records that one sequenced record forgets at most, so that the end of a long transaction holds up nobody.
const FORGET_PER_RECORD: usize = 4;
/// Bytes of recent keys that are checked while the sequencer is held; more are checked before.
const CHECK_IN_PLACE_BYTES: usize = 16 * 1024;
/// Rounds of checking without the sequencer; behind the last one the rest is checked in place, however much it is.
const ROUNDS_MAX: usize = 4;
/// What a record costs beside its keys.
const RECORD_OVERHEAD_BYTES: usize = 64;
/// Role and length before each key.
const KEY_HEADER_BYTES: usize = 3;

/// The keys that one record wrote: role u8, length u16, key, again and again. Copied, because keys share the bytes of their records.
type Keys = Arc<[u8]>;

/// See the module.
#[derive(Debug)]
pub(super) struct Window {
    floor: Lsn,
    recent: VecDeque<(Lsn, Keys)>,
    bytes: usize,
    bytes_max: usize,
    /// What is not above it is needed by nobody.
    needless: Lsn,
    /// Records sequenced since.
    since_look: usize,
    /// Records sequenced since a transaction was seen.
    idle: usize,
}

impl Window {
    /// A window over everything above the published LSN, with what is on its way already.
    fn new(published: Lsn, outstanding: &Outstanding) -> Window {
        let mut window = Window {
            floor: published,
            recent: VecDeque::new(),
            bytes: 0,
            bytes_max: WINDOW_BYTES_MAX,
            needless: published,
            since_look: 0,
            idle: 0,
        };
        for sequenced in outstanding {
            window.push(sequenced.lsn, keys_of(&sequenced.batch));
        }
        window
    }

    /// Adds a record.
    fn push(&mut self, lsn: Lsn, keys: Keys) {
        self.bytes += keys.len() + RECORD_OVERHEAD_BYTES;
        self.recent.push_back((lsn, keys));
        for _ in 0..FORGET_PER_RECORD {
            match self.recent.front() {
                Some((oldest, _)) if *oldest <= self.needless => self.forget_oldest(),
                _ => break,
            }
        }
        while self.bytes > self.bytes_max && !self.recent.is_empty() {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((lsn, keys)) = self.recent.pop_front() {
            self.bytes -= keys.len() + RECORD_OVERHEAD_BYTES;
            self.floor = lsn;
        }
    }

    /// The records above `checked`; none if some of them are forgotten.
    fn above(&self, checked: Lsn) -> Option<Iter<'_, (Lsn, Keys)>> {
        let from = self.recent.partition_point(|(lsn, _)| *lsn <= checked);
        (checked >= self.floor).then(|| self.recent.range(from..))
    }
}

/// Transactions under way.
#[derive(Debug, Default)]
pub(super) struct Active {
    by_snapshot: Mutex<BTreeMap<Lsn, usize>>,
    /// Bytes of the window, for metrics.
    recent_bytes: AtomicU64,
}

impl Active {
    fn enter(&self, snapshot: Lsn) {
        *self.by_snapshot.lock().entry(snapshot).or_default() += 1;
    }

    fn leave(&self, snapshot: Lsn) {
        let mut active = self.by_snapshot.lock();
        if let Some(count) = active.get_mut(&snapshot) {
            *count -= 1;
            if *count == 0 {
                active.remove(&snapshot);
            }
        }
    }

    fn oldest(&self) -> Option<Lsn> {
        let active = self.by_snapshot.lock();
        active.first_key_value().map(|(lsn, _)| *lsn)
    }

    pub(super) fn count(&self) -> u64 {
        self.by_snapshot.lock().values().sum::<usize>() as u64
    }

    pub(super) fn recent_bytes(&self) -> u64 {
        self.recent_bytes.load(Ordering::Relaxed)
    }
}

/// A transaction that reads at a snapshot and is validated when it commits. As long as this lives, the shard remembers which keys are
/// written; dropping it is all that it takes to give the transaction up.
#[derive(Debug)]
pub struct ActiveTransaction {
    core: Arc<Core>,
    snapshot: Snapshot,
    /// What it reads holds within this generation, if it reads ahead of what is published.
    ahead_in: Option<Generation>,
}

impl ActiveTransaction {
    /// The record that must be published before anything that the transaction has read may be told.
    pub fn depends_on(&self) -> Option<Lsn> {
        self.ahead_in.map(|_| self.snapshot.lsn())
    }

    /// What it reads.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl Drop for ActiveTransaction {
    fn drop(&mut self) {
        self.core.active.leave(self.snapshot.lsn());
    }
}

impl ActiveTransaction {
    /// Opens the snapshot, at the newest LSN if that is wanted and can be, and has the window cover everything above it.
    pub(super) fn begin(core: &Arc<Core>, ahead: bool) -> ActiveTransaction {
        let mut sequencer = core.sequencer.lock();
        let tail = sequencer.tail().filter(|_| ahead);
        let mut ahead = None;
        if sequencer.window.is_none() || tail.is_some() {
            // Under the gate nothing is on its way from `outstanding` into the trees, so what is not published is all there.
            core.with_gate(|| {
                let published = Lsn(core.published.load(Ordering::Acquire));
                let outstanding = core.outstanding.lock();
                let window = &mut sequencer.window;
                window.get_or_insert_with(|| Window::new(published, &outstanding));
                ahead = tail.and_then(|tail| Ahead::collect(tail, &outstanding));
            });
        }
        let ahead_in = ahead.as_ref().map(|_| core.generation());
        // IMPORTANT: still under the sequencer, which is what forgets recent writes.
        let snapshot = Snapshot::open_ahead(core, ahead);
        core.active.enter(snapshot.lsn());
        drop(sequencer);
        core.settle();
        ActiveTransaction {
            core: Arc::clone(core),
            snapshot,
            ahead_in,
        }
    }
}

impl Core {
    /// Notes a record that was just sequenced, under the sequencer; `None` goes out of the window when nobody has needed it for long.
    pub(super) fn remember(&self, window: &mut Option<Window>, lsn: Lsn, keys: Keys) {
        let Some(on) = window else { return };
        on.push(lsn, keys);
        on.since_look += 1;
        if on.since_look < LOOK_EVERY {
            return;
        }
        let published = Lsn(self.published.load(Ordering::Acquire));
        let oldest = self.active.oldest();
        on.needless = oldest.map_or(published, |oldest| oldest.min(published));
        on.idle = match oldest {
            Some(_) => 0,
            None => on.idle + on.since_look,
        };
        on.since_look = 0;
        if on.idle >= LINGER_RECORDS && on.recent.len() <= LINGER_RECORDS {
            *window = None;
        }
        let bytes = window.as_ref().map_or(0, |on| on.bytes as u64);
        self.active.recent_bytes.store(bytes, Ordering::Relaxed);
    }

    /// As `sequence`, if nothing that the transaction has read was written above its snapshot.
    pub(super) fn sequence_validated(
        &self,
        generation: Generation,
        transaction: &ActiveTransaction,
        reads: &ReadSet,
        record: Bytes,
    ) -> Result<Lsn, StorageError> {
        if record.is_empty() {
            return Err(StorageError::Invalid("an empty record"));
        }
        let mut checked = transaction.snapshot.lsn();
        for round in 0..=ROUNDS_MAX {
            let mut sequencer = self.sequencer.lock();
            // What was read ahead may be rolled back.
            let holds = transaction
                .ahead_in
                .is_none_or(|then| then == self.generation());
            let checks = match holds {
                true => check(&sequencer.window, checked, reads, round == ROUNDS_MAX),
                false => Checks::Failed(None),
            };
            let result = match &checks {
                Checks::Passed => {
                    let record = record.clone();
                    self.sequence_locked(&mut sequencer, Some(generation), record)
                }
                Checks::First(_) => Err(StorageError::Conflict { written: None }),
                Checks::Failed(written) => Err(StorageError::Conflict { written: *written }),
            };
            drop(sequencer);
            self.settle();
            let Checks::First(recent) = checks else {
                return result;
            };
            if let Some(written) = conflict(reads, recent.iter()) {
                let written = Some(written);
                return Err(StorageError::Conflict { written });
            }
            checked = recent.last().map_or(checked, |(lsn, _)| *lsn);
        }
        // The last round checks everything in place.
        Err(StorageError::Conflict { written: None })
    }
}

/// What a look at the window came to.
enum Checks {
    /// Nothing that was read has been written since.
    Passed,
    /// There is much to be checked: first, without the sequencer, this.
    First(Vec<(Lsn, Keys)>),
    /// Something was written by that record, or the window does not reach back far enough to tell.
    Failed(Option<Lsn>),
}

fn check(window: &Option<Window>, checked: Lsn, reads: &ReadSet, last: bool) -> Checks {
    // It is on as long as a transaction is active.
    let above = window.as_ref().and_then(|window| window.above(checked));
    let Some(above) = above else {
        return Checks::Failed(None);
    };
    let bytes: usize = above.clone().map(|(_, keys)| keys.len()).sum();
    if bytes > CHECK_IN_PLACE_BYTES && !last {
        return Checks::First(above.cloned().collect());
    }
    match conflict(reads, above) {
        Some(written) => Checks::Failed(Some(written)),
        None => Checks::Passed,
    }
}

/// The keys of a record's writes.
pub(super) fn keys_of(batch: &TreeBatch) -> Keys {
    let keys = batch.writes.iter();
    let bytes = keys.map(|(_, key, _)| KEY_HEADER_BYTES + key.len()).sum();
    let mut encoded = Vec::with_capacity(bytes);
    for (role, key, _) in &batch.writes {
        encoded.push(*role as u8);
        // Trees take no longer keys (`check_writes`).
        encoded.extend_from_slice(&(key.len() as u16).to_be_bytes());
        encoded.extend_from_slice(key);
    }
    encoded.into()
}

/// The newest record that has written something of what was read. From the newest on: what conflicts has probably just happened.
fn conflict<'a>(
    reads: &ReadSet,
    recent: impl DoubleEndedIterator<Item = &'a (Lsn, Keys)>,
) -> Option<Lsn> {
    let mut newest_first = recent.rev();
    let wrote = |keys: &Keys| each_key(keys).any(|(role, key)| reads.contains(role, key));
    let (lsn, _) = newest_first.find(|(_, keys)| wrote(keys))?;
    Some(*lsn)
}

fn each_key(mut keys: &[u8]) -> impl Iterator<Item = (Role, &[u8])> {
    std::iter::from_fn(move || {
        let (&[role, high, low], rest) = keys.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
        keys = rest;
        Some((*Role::ALL.get(usize::from(role))?, key))
    })
}

#[cfg(test)]
mod tests;
