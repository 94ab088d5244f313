//! One shard: its parts, its public face, and how it is opened and closed.
//!
//! Locks, in the order in which they are taken: sequencer → gate → one of the small ones. The log may call back from
//! within `append`, while the sequencer is held, so callbacks only try the sequencer (`settle`), never wait for it.

mod ahead;
mod applier;
mod failures;
mod maintenance;
mod pending;
mod reclaim;
mod replay;
mod sequencer;
mod snapshot;
mod stats;
mod waiters;
mod window;

#[cfg(test)]
mod tests;

pub use maintenance::Step;
pub use sequencer::Generation;
pub use snapshot::Snapshot;
pub use stats::ShardStats;
pub use window::ActiveTransaction;

use crate::tree::{OrderedTree, TreeStore};
use crate::{Apply, Latest, ReadSet, Role, ShardOptions, StorageError};
use applier::Sink;
use bytes::Bytes;
use failures::Failures;
use maintenance::Maintenance;
use parking_lot::Mutex;
use pending::Pending;
use reclaim::Reclaims;
use sequencer::{Outstanding, Reports, Sequencer};
use shale_commitlog::{Epoch, Log, Lsn, Record};
use shale_env::Clock;
use snapshot::Tracker;
use std::future::poll_fn;
use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::thread::JoinHandle;
use tokio::sync::Notify;
use waiters::Waiters;

/// One shard. Dropping it without [`Shard::close`] is like a crash: safe, the log has everything.
#[derive(Debug)]
pub struct Shard {
    core: Arc<Core>,
    sink: Arc<Sink>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What may be asked of a shard from within [`Apply::on_published`]; nothing happens when the shard is gone.
///
/// It does not hold the shard: its last owner must not be the very callback that closing the shard waits for. What it upgrades for a
/// moment is held by the caller of the callback as well.
#[derive(Clone, Debug)]
pub struct ShardHandle(Weak<Core>);

impl ShardHandle {
    /// As [`Shard::reclaim`], for a range that was dropped at that LSN, which may be the one that is just being published.
    pub fn reclaim(&self, role: Role, range: Range<Bytes>, dropped: Lsn) {
        if let Some(core) = self.0.upgrade() {
            core.reclaim(role, range, dropped);
        }
    }

    /// As [`Shard::set_consumer_floor`].
    pub fn set_consumer_floor(&self, name: &'static str, upto: Lsn) {
        if let Some(core) = self.0.upgrade() {
            core.maintenance.set_consumer_floor(name, upto);
        }
    }
}

/// The trees by role.
struct Trees([Box<dyn OrderedTree>; Role::COUNT]);

impl Trees {
    #[allow(clippy::indexing_slicing)] // A role's number is below the number of roles.
    fn of(&self, role: Role) -> &dyn OrderedTree {
        &*self.0[role as usize]
    }
    fn all(&self) -> impl Iterator<Item = (Role, &dyn OrderedTree)> {
        Role::ALL.iter().map(|&role| (role, self.of(role)))
    }
}

/// What the shard's threads, its snapshots and the log's callbacks share.
struct Core {
    options: ShardOptions,
    log: Arc<dyn Log>,
    /// The leadership under which the log was opened.
    epoch: Epoch,
    store: Box<dyn TreeStore>,
    trees: Trees,
    apply: Arc<dyn Apply>,
    clock: Arc<dyn Clock>,

    sequencer: Mutex<Sequencer>,
    generation: AtomicU64,
    /// Whether writes are refused, for `admit`; the sequencer knows why.
    refusing: AtomicBool,
    reports: Reports,
    failures: Failures,

    pending: Pending,
    outstanding: Mutex<Outstanding>,
    pending_bytes: AtomicU64,

    sequenced: AtomicU64,
    durable: AtomicU64,
    /// Raised to the last LSN of a batch before its first write enters a tree.
    applying: AtomicU64,
    published: AtomicU64,
    /// Held by whoever writes the trees, and by whoever must not be written under (`seal`).
    gate: Mutex<()>,

    waiters: Waiters,
    snapshots: Tracker,
    /// Transactions that will be validated.
    active: window::Active,
    /// Of all trees: exact after each look of the maintenance, with what was inserted since.
    memtable_bytes: AtomicU64,
    /// Wakes writers that wait for memory.
    room: Notify,
    stalled: AtomicU64,
    stalls: AtomicU64,
    maintenance: Maintenance,
    reclaims: Reclaims,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shard")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Shard {
    /// Opens a shard: replays what the log has and the trees do not, then takes writes.
    /// Open the tree store before the log: it holds the lock of the data directory.
    ///
    /// # Errors
    /// `Corrupt` if log and trees do not fit together or a record cannot be read; whatever the disk says.
    pub fn open(
        options: ShardOptions,
        log: Arc<dyn Log>,
        trees: Box<dyn TreeStore>,
        apply: Arc<dyn Apply>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Shard>, StorageError> {
        let (core, sink) = Core::open(options, log, trees, apply, clock)?;
        let threads = if core.options.background {
            maintenance::start_threads(&core)?
        } else {
            Vec::new()
        };
        Ok(Arc::new(Shard {
            core,
            sink,
            threads: Mutex::new(threads),
        }))
    }

    /// The current generation; taken before the first [`Shard::latest`] of a write, handed to [`Shard::sequence_in`].
    pub fn generation(&self) -> Generation {
        self.core.generation()
    }

    /// Gives the record its LSN, makes its writes visible to [`Shard::latest`], and hands it to the log. Does not wait.
    /// For records that do not depend on [`Shard::latest`]; the caller holds latches on the keys that it writes.
    ///
    /// # Errors
    /// As [`Shard::sequence_in`], but never `RolledBack`.
    pub fn sequence(&self, record: Bytes) -> Result<Lsn, StorageError> {
        self.core.sequence(None, record)
    }

    /// As [`Shard::sequence`], for a record that was computed from [`Shard::latest`] in the given generation.
    ///
    /// # Errors
    /// `RolledBack` if writes were rolled back since, `DiskFull`, `Fenced`, `Poisoned`, `Closed`, `Invalid` (empty record, a key
    /// that no tree takes), `Corrupt` if [`Apply`] cannot read the record. Nothing was written then.
    pub fn sequence_in(&self, generation: Generation, record: Bytes) -> Result<Lsn, StorageError> {
        self.core.sequence(Some(generation), record)
    }

    /// Makes every record from now on younger than that time, which must not be ahead of the clock (microseconds since the Unix epoch).
    /// Answers the LSN of the last record that may not be: once it is published, everything up to that time is readable.
    pub fn pass(&self, micros: u64) -> Lsn {
        self.core.pass(micros)
    }

    /// Begins a transaction at the published LSN: what it reads can be validated by [`Shard::sequence_validated`].
    pub fn begin_transaction(&self) -> ActiveTransaction {
        ActiveTransaction::begin(&self.core, false)
    }

    /// As [`Shard::begin_transaction`], at the newest LSN if that can be: what the transaction reads may still be on its way, so that
    /// nothing of it may be told before [`ActiveTransaction::depends_on`] is published.
    pub fn begin_ahead(&self) -> ActiveTransaction {
        ActiveTransaction::begin(&self.core, true)
    }

    /// As [`Shard::sequence_in`], if no record above the transaction's snapshot has written a key that the transaction has read.
    /// Checking that and giving the LSN is one step: no other record comes between.
    ///
    /// # Errors
    /// As [`Shard::sequence_in`]; `Conflict`.
    pub fn sequence_validated(
        &self,
        generation: Generation,
        transaction: &ActiveTransaction,
        reads: &ReadSet,
        record: Bytes,
    ) -> Result<Lsn, StorageError> {
        self.core
            .sequence_validated(generation, transaction, reads, record)
    }

    /// Waits until memory allows another write, or says why no write is taken.
    ///
    /// # Errors
    /// `DiskFull`, `Fenced`, `Poisoned`, `Closed`.
    pub async fn admit(&self) -> Result<(), StorageError> {
        self.core.admit().await
    }

    /// Waits until the record is durable, applied and readable. An LSN at or below the published one returns at once.
    ///
    /// # Errors
    /// `DiskFull` (certainly not written), `OutcomeUnknown` (it may be found at the next start), `Fenced`.
    pub async fn wait_published(&self, lsn: Lsn) -> Result<(), StorageError> {
        match self.core.outcome(lsn) {
            Some(outcome) => outcome,
            None => self.core.wait_published(lsn).await,
        }
    }

    /// Newest state of a key, for writers that hold its latch. Rows of streams and history do not appear before they are applied.
    ///
    /// # Errors
    /// The tree could not be read.
    pub fn latest(&self, role: Role, key: &[u8]) -> Result<Latest, StorageError> {
        if let Some((lsn, value)) = self.core.pending.get(role, key) {
            let pending = (lsn > self.published()).then_some(lsn);
            return Ok(Latest { value, pending });
        }
        let newest = self.core.trees.of(role).get_newest(key)?;
        Ok(Latest {
            value: newest.map(|(_, value)| value),
            pending: None,
        })
    }

    /// The timestamp of the newest record, microseconds since the Unix epoch; no later record has a lower one.
    pub fn last_timestamp_micros(&self) -> u64 {
        let timestamp_micros = self.core.sequencer.lock().timestamp_micros();
        // What the log told meanwhile.
        self.core.settle();
        timestamp_micros
    }

    /// Up to where everything is readable.
    pub fn published(&self) -> Lsn {
        Lsn(self.core.published.load(Ordering::Acquire))
    }

    /// A key's value at the published LSN.
    ///
    /// # Errors
    /// The tree could not be read.
    pub fn get(&self, role: Role, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        // The newest version is the one at the published LSN, unless the applier is just ahead with this very key:
        // then the version is younger, or missing while something younger was applied. Neither needs a registration.
        let published = self.published();
        match self.core.trees.of(role).get_newest(key)? {
            Some((lsn, value)) if lsn <= published => return Ok(Some(value)),
            None if self.core.applying.load(Ordering::Acquire) <= published.0 => return Ok(None),
            _ => {}
        }
        self.snapshot().get(role, key)
    }

    /// Opens a snapshot at the published LSN.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::open(&self.core)
    }

    /// Reads durable records back from the log, for a consumer that catches up after a start.
    ///
    /// # Errors
    /// They were trimmed, or the log cannot be read.
    pub fn records(
        &self,
        from: Lsn,
    ) -> Result<impl Iterator<Item = Result<Record, StorageError>> + '_, StorageError> {
        self.core.records(from)
    }

    /// Keeps the log from being trimmed above `upto` on behalf of a consumer that has durably done its work up to there.
    /// A consumer named in [`ShardOptions::consumers`] holds everything until its first call.
    pub fn set_consumer_floor(&self, name: &'static str, upto: Lsn) {
        self.core.maintenance.set_consumer_floor(name, upto);
    }

    /// Reclaims the space of a key range that no record will touch again (a dropped table), once no snapshot remains that is older
    /// than what is published now. Asking twice changes nothing; ask again after a start, until [`Shard::reclaimed`].
    pub fn reclaim(&self, role: Role, range: Range<Bytes>) {
        self.core.reclaim(role, range, self.published());
    }

    /// What the layer above may ask for from within [`Apply::on_published`].
    pub fn handle(&self) -> ShardHandle {
        ShardHandle(Arc::downgrade(&self.core))
    }

    /// Whether nothing of a range handed to [`Shard::reclaim`] is left in the tree, now and after a crash.
    ///
    /// # Errors
    /// The tree could not be read.
    pub fn reclaimed(&self, role: Role, range: &Range<Bytes>) -> Result<bool, StorageError> {
        self.core.reclaimed(role, range)
    }

    /// Figures for metrics.
    pub fn stats(&self) -> ShardStats {
        self.core.stats()
    }

    /// Does one piece of background work now, in this thread. Says whether there was anything to do.
    /// The shard's own threads do the same; a test that opened it without them drives every step.
    ///
    /// # Errors
    /// What stopped the step; a failing disk (but not a full one) also stops writes.
    pub fn step(&self, step: Step) -> Result<bool, StorageError> {
        self.core.step(step)
    }

    /// Waits for everything sequenced, flushes it, stops background work. Writes are refused from the first call on.
    ///
    /// # Errors
    /// What could not be flushed is still in the log.
    pub async fn close(&self) -> Result<(), StorageError> {
        let last = self.core.refuse_writes(StorageError::Closed);
        if self.core.options.background {
            // Whoever wrote it is told if it failed.
            let _ = self.wait_published(last).await;
        }
        let (done, finished) = tokio::sync::oneshot::channel();
        let core = self.core.clone();
        let threads = std::mem::take(&mut *self.threads.lock());
        std::thread::spawn(move || {
            core.maintenance.stop();
            for thread in threads {
                let _ = thread.join();
            }
            let result = core.flush_all();
            // First: whoever hears of it may open the directory again.
            drop(core);
            let _ = done.send(result);
        });
        finished.await.unwrap_or(Err(StorageError::Closed))
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.core.refuse_writes(StorageError::Closed);
        self.core.maintenance.stop();
        for thread in self.threads.lock().drain(..) {
            let _ = thread.join();
        }
        self.sink.close();
    }
}

impl Core {
    /// What became of an LSN, if it is known.
    fn outcome(&self, lsn: Lsn) -> Option<Result<(), StorageError>> {
        // Published first: an LSN of a rolled-back write is published only after its failure is noted.
        let published = self.published.load(Ordering::Acquire);
        match self.failures.of(lsn) {
            Some(error) => Some(Err(error)),
            None => (lsn.0 <= published).then_some(Ok(())),
        }
    }

    async fn wait_published(&self, lsn: Lsn) -> Result<(), StorageError> {
        /// Leaves when the caller loses interest.
        struct Place<'a> {
            core: &'a Core,
            ticket: Option<waiters::Ticket>,
        }
        impl Drop for Place<'_> {
            fn drop(&mut self) {
                if let Some(ticket) = self.ticket {
                    self.core.waiters.leave(ticket);
                }
            }
        }
        let mut place = Place {
            core: self,
            ticket: None,
        };
        poll_fn(|context| {
            match self
                .waiters
                .wait(lsn.0, &mut place.ticket, context.waker(), || {
                    self.outcome(lsn)
                }) {
                Some(outcome) => Poll::Ready(outcome),
                None => Poll::Pending,
            }
        })
        .await
    }

    async fn admit(&self) -> Result<(), StorageError> {
        if !self.refusing.load(Ordering::Acquire) && self.has_room() {
            return Ok(());
        }
        // IMPORTANT: counted before the second look, so that whoever makes room after it sees that somebody waits.
        let _stalled = Counted::new(&self.stalled);
        fence(Ordering::SeqCst);
        let mut told = false;
        loop {
            if self.refusing.load(Ordering::Acquire) {
                self.why_refused()?;
            }
            // Registered before the second look, so that no wake-up is lost in between.
            let mut room = pin!(self.room.notified());
            room.as_mut().enable();
            if self.has_room() {
                return Ok(());
            }
            if self.maintenance.waits_for_space() {
                return Err(StorageError::DiskFull);
            }
            // Once: the maintenance goes on until it has done what can be done, and looks again at every tick.
            if !told {
                told = true;
                self.stalls.fetch_add(1, Ordering::Relaxed);
                self.maintenance.wake();
            }
            room.await;
        }
    }

    fn has_room(&self) -> bool {
        self.pending_bytes.load(Ordering::Acquire) < self.options.pending_bytes_max
            && self.memtable_bytes.load(Ordering::Acquire) < self.options.memory_budget
            && !self.maintenance.compaction_lags()
    }

    /// Wakes the writers that wait for memory, if there are any and if there is some.
    fn make_room(&self) {
        fence(Ordering::SeqCst);
        if self.stalled.load(Ordering::Acquire) > 0 && self.has_room() {
            self.room.notify_waiters();
        }
    }

    /// Wakes the writers that wait for memory because something else that they look at has changed.
    fn wake_stalled(&self) {
        self.room.notify_waiters();
    }
}

/// Counts itself as long as it lives.
struct Counted<'a>(&'a AtomicU64);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Counted(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
