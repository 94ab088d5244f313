//! Writes durable records into the trees, in log order, and publishes them.
//!
//! Whoever learns that records are durable applies them, there and then, if nobody else is at it: on a quiet shard that is
//! the log's own thread, which spares a thread hop between the sync and the acknowledgement.
//!
//! Invariants: `applying` is raised before a batch's first write enters a tree; after its last one `on_published` is called,
//! `published` is raised, and images leave the pending map, in this order.

use super::Core;
use super::sequencer::Sequenced;
use bytes::Bytes;
use parking_lot::RwLock;
use shale_commitlog::{AppendFailure, AppendSink, Lsn};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

/// Records that are published together: enough to spread the cost of publishing, few enough for the first not to wait.
const BATCH_MAX: usize = 64;

/// The log's listener. The log outlives the shard, so it does not hold it.
///
/// Closed before the shard lets go of its parts: the last of them must not be dropped by a callback, because they include the
/// log, which on being dropped waits for the very thread that calls back.
#[derive(Debug)]
pub(super) struct Sink(RwLock<Weak<Core>>);

impl Sink {
    pub(super) fn new(core: &Arc<Core>) -> Sink {
        Sink(RwLock::new(Arc::downgrade(core)))
    }

    /// Waits for the callback that is under way; later ones do nothing.
    pub(super) fn close(&self) {
        *self.0.write() = Weak::new();
    }
}

impl AppendSink for Sink {
    fn on_durable(&self, upto: Lsn) {
        let open = self.0.read_recursive();
        let Some(core) = open.upgrade() else { return };
        core.durable.fetch_max(upto.0, Ordering::AcqRel);
        if core.options.background {
            core.apply_durable();
        }
    }

    fn on_failed(&self, from: Lsn, failure: AppendFailure) {
        let open = self.0.read_recursive();
        if let Some(core) = open.upgrade() {
            core.on_failed(from, failure);
        }
    }
}

impl Core {
    /// Applies everything durable, unless someone is at it already: that one then does it.
    pub(super) fn apply_durable(&self) -> bool {
        let mut applied = false;
        while self.published.load(Ordering::Acquire) < self.durable.load(Ordering::Acquire) {
            let Some(gate) = self.gate.try_lock() else {
                break;
            };
            let batch = self.take_durable();
            if batch.is_empty() {
                // Rolled back by a log that had reported it: nothing will come.
                break;
            }
            self.apply_batch(&batch);
            applied = true;
            drop(gate);
        }
        applied
    }

    /// Runs something that must not be written under, and then what waited for it.
    pub(super) fn with_gate<T>(&self, run: impl FnOnce() -> T) -> T {
        let gate = self.gate.lock();
        let result = run();
        drop(gate);
        if self.options.background {
            self.apply_durable();
        }
        result
    }

    fn take_durable(&self) -> Vec<Sequenced> {
        let durable = Lsn(self.durable.load(Ordering::Acquire));
        let mut outstanding = self.outstanding.lock();
        let count = outstanding
            .partition_point(|sequenced| sequenced.lsn <= durable)
            .min(BATCH_MAX);
        outstanding.drain(..count).collect()
    }

    fn apply_batch(&self, batch: &[Sequenced]) {
        let Some(last) = batch.last().map(|sequenced| sequenced.lsn) else {
            return;
        };
        let mut pending_bytes = 0;
        let mut memtable_bytes = 0;
        let mut log_bytes = 0;
        self.applying.store(last.0, Ordering::Release);
        for sequenced in batch {
            pending_bytes += sequenced.bytes;
            log_bytes += sequenced.record.len() as u64;
            for (role, key, value) in &sequenced.batch.writes {
                memtable_bytes +=
                    self.trees
                        .of(*role)
                        .insert(sequenced.lsn, key.clone(), value.clone());
            }
        }
        let memtable_bytes = memtable_bytes
            + self
                .memtable_bytes
                .fetch_add(memtable_bytes, Ordering::AcqRel);
        // IMPORTANT: told first. A waiter may look at `published` alone, and what follows from its record (a table, a count) must be
        // there when it goes on.
        for sequenced in batch {
            self.tell_published(sequenced.lsn, &sequenced.record);
        }
        self.published.store(last.0, Ordering::Release);
        self.waiters.wake(last.0);
        for sequenced in batch {
            self.pending.remove(sequenced.lsn, &sequenced.batch);
        }
        self.pending_bytes
            .fetch_sub(pending_bytes, Ordering::AcqRel);
        self.maintenance.count_applied(log_bytes);
        self.make_room();
        if memtable_bytes > self.options.memory_budget / 2 {
            self.maintenance.wake();
        }
    }

    /// Tells the layer above, but not of LSNs whose writes were rolled back.
    pub(super) fn tell_published(&self, lsn: Lsn, record: &Bytes) {
        if !record.is_empty() {
            self.apply.on_published(lsn, record);
        }
    }
}
