//! Opening: finds what each tree has durably applied and replays the log from the lowest on.
//!
//! Trees recover to different LSNs; a record is applied to those trees only that do not have it yet.

use super::applier::Sink;
use super::maintenance::Maintenance;
use super::pending::Pending;
use super::reclaim::Reclaims;
use super::sequencer::{Sequencer, check_writes};
use super::{Core, Trees};
use crate::tree::{Floors, TreeStore};
use crate::{Apply, Role, ShardOptions, StorageError, TreeBatch};
use parking_lot::Mutex;
use shale_commitlog::{Log, LogError, Lsn, Record};
use shale_env::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

impl Core {
    pub(super) fn open(
        options: ShardOptions,
        log: Arc<dyn Log>,
        store: Box<dyn TreeStore>,
        apply: Arc<dyn Apply>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Arc<Core>, Arc<Sink>), StorageError> {
        let mut trees = Vec::with_capacity(Role::COUNT);
        for role in Role::ALL {
            trees.push(store.open_tree(role)?);
        }
        let trees = Trees(
            trees
                .try_into()
                .unwrap_or_else(|_| unreachable!("one tree per role")),
        );
        let mut floors = store.load_floors()?;
        for (role, tree) in trees.all() {
            floors.raise(role, tree.durable());
        }
        check_fit(&floors, &*log)?;

        let start = floors.lowest();
        let core = Core {
            sequencer: Mutex::new(Sequencer::new(Lsn::ZERO, 0)),
            generation: AtomicU64::new(0),
            refusing: false.into(),
            reports: Default::default(),
            failures: Default::default(),
            pending: Pending::new(),
            outstanding: Default::default(),
            pending_bytes: AtomicU64::new(0),
            sequenced: AtomicU64::new(start.0),
            durable: AtomicU64::new(start.0),
            applying: AtomicU64::new(start.0),
            published: AtomicU64::new(start.0),
            gate: Default::default(),
            waiters: Default::default(),
            snapshots: Default::default(),
            active: Default::default(),
            memtable_bytes: AtomicU64::new(0),
            room: Default::default(),
            stalled: AtomicU64::new(0),
            stalls: AtomicU64::new(0),
            maintenance: Maintenance::new(floors, &options.consumers),
            reclaims: Reclaims::default(),
            options,
            epoch: log.epoch(),
            log,
            store,
            trees,
            apply,
            clock,
        };
        core.replay(&floors)?;
        let last = Lsn(core.published.load(Ordering::Acquire));
        *core.sequencer.lock() = Sequencer::new(last, core.log.last_timestamp_micros());
        let core = Arc::new(core);
        let sink = Arc::new(Sink::new(&core));
        core.log.set_sink(sink.clone());
        Ok((core, sink))
    }

    /// Applies the log to the trees that lack it.
    fn replay(&self, floors: &Floors) -> Result<(), StorageError> {
        let tail = self.log.tail();
        let from = floors.lowest().next();
        if from > tail {
            self.publish_replayed(tail);
            return Ok(());
        }
        let mut expected = from;
        let mut batch = TreeBatch::default();
        for record in self.records(from)? {
            let record = record?;
            if record.lsn != expected {
                let reason = format!("the log has {} where {} belongs", record.lsn.0, expected.0);
                return Err(StorageError::Corrupt(reason));
            }
            self.replay_record(&record, floors, &mut batch)?;
            expected = expected.next();
            self.bound_memory()?;
        }
        if expected != tail.next() {
            let reason = format!("the log ends before {}, its tail is {}", expected.0, tail.0);
            return Err(StorageError::Corrupt(reason));
        }
        tracing::info!(from = from.0, upto = tail.0, "replayed the log");
        Ok(())
    }

    fn replay_record(
        &self,
        record: &Record,
        floors: &Floors,
        batch: &mut TreeBatch,
    ) -> Result<(), StorageError> {
        batch.writes.clear();
        if !record.payload.is_empty() {
            let corrupt = |reason: String| {
                StorageError::Corrupt(format!("record {}: {reason}", record.lsn.0))
            };
            self.apply
                .apply(record.lsn, record.timestamp_micros, &record.payload, batch)
                .map_err(corrupt)?;
            check_writes(batch).map_err(|error| corrupt(error.to_string()))?;
        }
        let mut bytes = 0;
        for (role, key, value) in batch
            .writes
            .drain(..)
            .filter(|(role, ..)| floors.of(*role) < record.lsn)
        {
            bytes += self.trees.of(role).insert(record.lsn, key, value);
        }
        self.memtable_bytes.fetch_add(bytes, Ordering::AcqRel);
        self.maintenance.count_applied(record.payload.len() as u64);
        self.publish_replayed(record.lsn);
        self.tell_published(record.lsn, &record.payload);
        Ok(())
    }

    fn publish_replayed(&self, lsn: Lsn) {
        for position in [
            &self.sequenced,
            &self.durable,
            &self.applying,
            &self.published,
        ] {
            position.store(lsn.0, Ordering::Release);
        }
    }

    /// A log longer than the memory is replayed through flushes.
    fn bound_memory(&self) -> Result<(), StorageError> {
        if self.memtable_bytes.load(Ordering::Acquire) > self.options.memory_budget / 2 {
            for role in Role::ALL {
                self.flush_tree(role)?;
            }
            self.count_memory();
        }
        Ok(())
    }

    /// Durable records from the log.
    pub(super) fn records(
        &self,
        from: Lsn,
    ) -> Result<impl Iterator<Item = Result<Record, StorageError>> + '_, StorageError> {
        Ok(self
            .log
            .read(from)
            .map_err(log_error)?
            .map(|record| record.map_err(log_error)))
    }
}

/// The log must begin where the trees end at the latest, and must not end before them.
fn check_fit(floors: &Floors, log: &dyn Log) -> Result<(), StorageError> {
    let (oldest, tail, start) = (log.oldest(), log.tail(), floors.lowest());
    if oldest > start.next() {
        return Err(StorageError::Corrupt(format!(
            "the log begins at {}, but the trees need it from {} on",
            oldest.0,
            start.next().0
        )));
    }
    if let Some(ahead) = Role::ALL.into_iter().find(|role| floors.of(*role) > tail) {
        return Err(StorageError::Corrupt(format!(
            "the log ends at {}, but tree {} has {}",
            tail.0,
            ahead.name(),
            floors.of(ahead).0
        )));
    }
    Ok(())
}

pub(super) fn log_error(error: LogError) -> StorageError {
    match error {
        LogError::Io { context, source } => StorageError::io(context, &source),
        other => StorageError::Corrupt(other.to_string()),
    }
}
