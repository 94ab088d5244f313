//! Statistics: how many items a table has, or an index entries, and how large they are together, exact and crash safe, without a tree write per put.
//!
//! Not here: estimates for planners (`sketches`), which are told of the items here.
//!
//! A record says what it replaced, so the counts in memory move with every published record. Now and then a *checkpoint* writes the
//! counts that changed, and the LSN at which all rows are right, in a record of its own. A start reads the rows and counts the log
//! from that LSN on; until the next checkpoint is published, the log is not trimmed above it.
//!
//! Invariants:
//! * The counts at LSN x are the recount of the items at LSN x.
//! * Checkpoints are sequenced in the order of their LSNs, and none is collected before the one before it is published or rolled
//!   back: it leaves out the rows that are right already, and one on its way may be about to change them.

use crate::catalog::Catalog;
use crate::definition::{
    STATISTICS, STATISTICS_LSN, decode_statistics, decode_u64, encode_statistics, table_key,
};
use crate::record::{Operation, RecordBuilder, operations, table_of};
use crate::sketches::TableSketches;
use parking_lot::Mutex;
use shale_item::{ItemView, TableId};
use shale_storage::{Lsn, Shard, ShardHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of records after which a checkpoint is due, whatever their number: it holds the trimming of the log.
const CHECKPOINT_BYTES: u64 = 64 << 20;

/// The name under which the log is kept for this consumer.
pub(crate) const CONSUMER: &str = "statistics";

/// Counts of one table or index.
#[derive(Debug, Default)]
pub(crate) struct TableStatistics {
    items: AtomicU64,
    bytes: AtomicU64,
    /// Of a table's items.
    pub(crate) sketches: Arc<TableSketches>,
    /// What its row says.
    checkpointed: Mutex<(u64, u64)>,
}

impl TableStatistics {
    /// Items and bytes.
    pub(crate) fn now(&self) -> (u64, u64) {
        (
            self.items.load(Ordering::Acquire),
            self.bytes.load(Ordering::Acquire),
        )
    }

    /// Takes what a row says, at the start.
    pub(crate) fn restore(&self, row: &[u8]) -> Result<(), String> {
        let (items, bytes) = decode_statistics(row)?;
        self.items.store(items, Ordering::Release);
        self.bytes.store(bytes, Ordering::Release);
        *self.checkpointed.lock() = (items, bytes);
        Ok(())
    }

    // Sizes are never 0 for an item that is there. Only one thread at a time moves counts.
    fn moved(&self, old_size: u32, new_size: u32) {
        let (old_items, new_items) = (u64::from(old_size > 0), u64::from(new_size > 0));
        let (items, bytes) = self.now();
        let items = (items + new_items).saturating_sub(old_items);
        let bytes = (bytes + u64::from(new_size)).saturating_sub(u64::from(old_size));
        self.items.store(items, Ordering::Release);
        self.bytes.store(bytes, Ordering::Release);
    }
}

/// What became of the wish for a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checkpoint {
    /// There is nothing to write, or it could not be written.
    Nothing,
    /// It is on its way.
    Sequenced(Lsn),
    /// That one must be published or rolled back first.
    Behind(Lsn),
}

/// The consumer of the log that keeps the counts.
#[derive(Debug)]
pub(crate) struct Statistics {
    position: Mutex<Position>,
    due: AtomicBool,
    /// The last checkpoint that was sequenced. Held from collecting one until it is.
    last: Mutex<Lsn>,
    checkpoint_records: u64,
}

/// How far the counts are, and how far ahead of the last checkpoint.
#[derive(Debug, Default)]
struct Position {
    at: Lsn,
    records: u64,
    bytes: u64,
}

impl Statistics {
    /// Statistics that ask for a checkpoint after that many records.
    pub(crate) fn new(checkpoint_records: u64) -> Statistics {
        Statistics {
            position: Mutex::default(),
            due: AtomicBool::new(false),
            last: Mutex::new(Lsn::ZERO),
            checkpoint_records,
        }
    }

    /// Starts at the LSN of the last checkpoint.
    pub(crate) fn start(&self, at: Lsn, shard: &Shard) {
        self.position.lock().at = at;
        shard.set_consumer_floor(CONSUMER, at);
    }

    /// Counts one record. In log order, by one thread at a time.
    pub(crate) fn count(&self, catalog: &Catalog, lsn: Lsn, record: &[u8]) -> Result<(), String> {
        let mut position = self.position.lock();
        // An empty record fills the LSN of a write that was rolled back.
        if lsn <= position.at || record.is_empty() {
            return Ok(());
        }
        for operation in operations(record) {
            let (key, old_size, new_size, item) = match operation? {
                Operation::Put(put) => (put.key, put.old_size, put.new_size, Some(put.item)),
                Operation::IndexPut(put) => (put.key, put.old_size, put.new_size, None),
                Operation::Delete(delete) | Operation::IndexDelete(delete) => {
                    (delete.key, delete.old_size, 0, None)
                }
                Operation::Catalog { .. }
                | Operation::Collection { .. }
                | Operation::Deferred { .. }
                | Operation::Replaced { .. }
                | Operation::Stream(_)
                | Operation::Stamped { .. } => continue,
            };
            let counts = table_of(key).and_then(|id| catalog.counts(id));
            if let Some(counts) = counts {
                counts.moved(old_size, new_size);
                if let Some(item) = item
                    && let Ok(item) = ItemView::from_slice(item)
                {
                    counts.sketches.observe(item);
                }
            }
        }
        position.at = lsn;
        position.records += 1;
        position.bytes += record.len() as u64;
        if position.records >= self.checkpoint_records || position.bytes >= CHECKPOINT_BYTES {
            self.due.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Sequences a checkpoint if one is due and nobody else does, and says so. Nothing waits for it: if it is lost, the next one
    /// replaces it.
    pub(crate) fn checkpoint_if_due(&self, catalog: &Catalog, shard: &Shard) -> bool {
        if self.due.load(Ordering::Acquire)
            && let Some(mut last) = self.last.try_lock()
            && *last <= shard.published()
            && self.due.swap(false, Ordering::AcqRel)
        {
            return self
                .sequence_checkpoint(&mut last, catalog, shard)
                .is_some();
        }
        false
    }

    /// Sequences a checkpoint, unless the one before is still on its way.
    pub(crate) fn checkpoint(&self, catalog: &Catalog, shard: &Shard) -> Checkpoint {
        let mut last = self.last.lock();
        if *last > shard.published() {
            return Checkpoint::Behind(*last);
        }
        match self.sequence_checkpoint(&mut last, catalog, shard) {
            Some(lsn) => Checkpoint::Sequenced(lsn),
            None => Checkpoint::Nothing,
        }
    }

    fn sequence_checkpoint(&self, last: &mut Lsn, catalog: &Catalog, shard: &Shard) -> Option<Lsn> {
        let record = self.collect(catalog)?;
        let sequenced = shard.sequence(record.finish());
        let sequenced = sequenced
            .inspect_err(|error| tracing::warn!(%error, "statistics are not checkpointed now"));
        *last = sequenced.ok()?;
        Some(*last)
    }

    /// The record of a checkpoint at the LSN where the counts are; none if nothing was counted since the last one.
    fn collect(&self, catalog: &Catalog) -> Option<RecordBuilder> {
        let mut position = self.position.lock();
        if position.records == 0 {
            return None;
        }
        (position.records, position.bytes) = (0, 0);
        let mut record = RecordBuilder::with_capacity(256);
        catalog.for_each_counts(|id, counts| {
            let (items, bytes) = counts.now();
            if *counts.checkpointed.lock() != (items, bytes) {
                let key = table_key(STATISTICS, id);
                record.catalog(&key, Some(&encode_statistics(items, bytes)));
            }
        });
        record.catalog(STATISTICS_LSN, Some(&position.at.0.to_be_bytes()));
        Some(record)
    }

    /// A checkpoint's row of one table is published.
    pub(crate) fn on_row(&self, catalog: &Catalog, id: TableId, row: &[u8]) -> Result<(), String> {
        if let Some(counts) = catalog.counts(id) {
            *counts.checkpointed.lock() = decode_statistics(row)?;
        }
        Ok(())
    }

    /// A checkpoint's LSN is published: the log may be trimmed up to there.
    pub(crate) fn on_checkpoint(&self, row: &[u8], shard: &ShardHandle) -> Result<(), String> {
        shard.set_consumer_floor(CONSUMER, Lsn(decode_u64(row)?));
        Ok(())
    }
}
