//! Asynchronous global indexes: their entries are derived with the write and applied later, in log order, by a consumer of the log.
//!
//! Off by default: within one shard, entries are written with their items. On ([`crate::EngineOptions::asynchronous_indexes`]) it shows what
//! indexes on other shards will do.
//!
//! A write puts what becomes of an entry into its record as a *deferred* operation, which means nothing for the trees. The consumer takes
//! the records with such operations from a queue, oldest first, and writes their entries in a record of its own, together with its
//! *watermark*: the LSN up to which it has done so. A start fills the queue from the log above the watermark.
//!
//! Invariants:
//! * Every deferred operation is applied exactly once, in log order: entries and watermark are one record.
//! * The log is not trimmed above the stored watermark.
//! * While there are deferred operations, entries of global indexes are written by the consumer alone.

use crate::apply::item_of;
use crate::definition::INDEXES_LSN;
use crate::engine::{Engine, Inner};
use crate::error::Error;
use crate::record::{Operation, RecordBuilder, operations, table_of};
use bytes::Bytes;
use parking_lot::Mutex;
use shale_item::EncodedItem;
use shale_storage::{Lsn, Role, Shard, ShardHandle, StorageError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The name under which the log is kept for this consumer.
pub(crate) const CONSUMER: &str = "indexes";
/// Bytes of records that one step applies; it takes one record more.
const STEP_BYTES: usize = 1 << 20;
/// Bytes of records that may wait to be applied before writers have to wait.
const QUEUE_BYTES_MAX: usize = 64 << 20;
/// Records without deferred operations after which the watermark is stored all the same, so that the log can be trimmed.
const IDLE_RECORDS: u64 = 10_000;
/// How long a consistent read waits for the watermark.
const READ_WAIT: Duration = Duration::from_secs(5);

/// The consumer's state.
#[derive(Debug)]
pub(crate) struct Deferred {
    /// Whether writes defer the entries of global indexes.
    pub(crate) on: bool,
    queue: Mutex<Queue>,
    /// The stored watermark.
    stored: AtomicU64,
    /// Something was applied.
    applied: Notify,
    /// One step at a time.
    working: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Queue {
    records: VecDeque<(Lsn, Bytes)>,
    bytes: usize,
}

/// How far asynchronous indexes are behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLag {
    /// Everything up to that LSN is in the indexes.
    pub watermark: Lsn,
    /// Records that are waiting.
    pub records: usize,
    /// Their bytes.
    pub bytes: usize,
}

impl Deferred {
    pub(crate) fn new(on: bool) -> Deferred {
        Deferred {
            on,
            queue: Mutex::default(),
            stored: AtomicU64::new(0),
            applied: Notify::new(),
            working: tokio::sync::Mutex::default(),
        }
    }

    /// Takes a record with deferred operations. In log order, before it is published.
    pub(crate) fn offer(&self, lsn: Lsn, record: &Bytes) {
        let mut queue = self.queue.lock();
        queue.bytes += record.len();
        queue.records.push_back((lsn, record.clone()));
    }

    fn lag(&self, shard: &Shard) -> IndexLag {
        // IMPORTANT: before the queue: what is published after this look is not in it.
        let published = shard.published();
        let queue = self.queue.lock();
        let first = queue.records.front().map(|(lsn, _)| Lsn(lsn.0 - 1));
        IndexLag {
            watermark: first.map_or(published, |before| before.min(published)),
            records: queue.records.len(),
            bytes: queue.bytes,
        }
    }

    /// The oldest records, as many as one step applies.
    fn oldest(&self) -> Vec<(Lsn, Bytes)> {
        let queue = self.queue.lock();
        let mut bytes = 0;
        let within = queue.records.iter().take_while(|(_, record)| {
            let more = bytes < STEP_BYTES;
            bytes += record.len();
            more
        });
        within.cloned().collect()
    }

    /// Takes so many of the oldest records off the queue. Says whether there are more.
    fn forget(&self, count: usize) -> bool {
        let mut queue = self.queue.lock();
        for (_, record) in queue.records.drain(..count).collect::<Vec<_>>() {
            queue.bytes -= record.len();
        }
        !queue.records.is_empty()
    }

    fn applied(&self, count: usize, upto: Lsn, shard: &Shard) {
        self.forget(count);
        self.stored(upto, shard);
        self.applied.notify_waiters();
    }

    fn stored(&self, upto: Lsn, shard: &Shard) {
        self.stored.store(upto.0, Ordering::Release);
        shard.set_consumer_floor(CONSUMER, upto);
    }
}

/// Whether a record has deferred operations.
fn has_deferred(record: &[u8]) -> Result<bool, String> {
    for operation in operations(record) {
        if let Operation::Deferred { .. } = operation? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// At a start: fills the queue from the log above the stored watermark. Without the mode, what is left of it is applied at once. Answers
/// the record that must be published before anybody reads an index, or defers an entry without a watermark to start from.
pub(crate) fn start(inner: &Inner, watermark: Option<Lsn>) -> Result<Option<Lsn>, Error> {
    let Inner { shard, applier, .. } = inner;
    let deferred = &applier.deferred;
    let Some(watermark) = watermark else {
        if deferred.on {
            // Nothing can be deferred before this record.
            let upto = shard.published();
            let mut record = RecordBuilder::with_capacity(16);
            record.catalog(INDEXES_LSN, Some(&upto.0.to_be_bytes()));
            let sequenced = shard.sequence(record.finish())?;
            deferred.stored(upto, shard);
            return Ok(Some(sequenced));
        }
        shard.set_consumer_floor(CONSUMER, Lsn(u64::MAX));
        return Ok(None);
    };
    if watermark < shard.published() {
        for record in shard.records(watermark.next())? {
            let record = record?;
            if !record.payload.is_empty()
                && has_deferred(&record.payload).map_err(StorageError::Corrupt)?
            {
                deferred.offer(record.lsn, &record.payload);
            }
        }
    }
    if deferred.on {
        deferred.stored(watermark, shard);
        return Ok(None);
    }
    loop {
        // In steps: all that may be waiting would not fit into one record.
        let records = deferred.oldest();
        let more = deferred.forget(records.len());
        let upto = records.last().map(|(lsn, _)| *lsn);
        let sequenced = sequence(inner, &records, upto.filter(|_| more))?;
        if !more {
            return Ok(Some(sequenced));
        }
    }
}

/// A record without a watermark is published: nothing is deferred any more, so that the log is not kept for it. Not before: until then a
/// crash leaves the start to be done again, from the log above the old watermark.
pub(crate) fn ended(shard: &ShardHandle) {
    shard.set_consumer_floor(CONSUMER, Lsn(u64::MAX));
}

/// Applies the oldest records. Says whether there were any.
pub(crate) async fn step(engine: &Engine) -> Result<bool, Error> {
    let inner = &engine.inner;
    let deferred = &inner.applier.deferred;
    if !deferred.on {
        return Ok(false);
    }
    let _working = deferred.working.lock().await;
    let lag = deferred.lag(&inner.shard);
    let records = deferred.oldest();
    let upto = match records.last() {
        Some((lsn, _)) => *lsn,
        None if lag.watermark.0 < deferred.stored.load(Ordering::Acquire) + IDLE_RECORDS => {
            return Ok(false);
        }
        None => lag.watermark,
    };
    inner.shard.admit().await?;
    let sequenced = sequence(inner, &records, Some(upto))?;
    engine.published(sequenced).await?;
    deferred.applied(records.len(), upto, &inner.shard);
    Ok(true)
}

/// Sequences the entries of those records, with the new watermark or without one any more.
fn sequence(inner: &Inner, records: &[(Lsn, Bytes)], watermark: Option<Lsn>) -> Result<Lsn, Error> {
    let Inner { shard, applier, .. } = inner;
    // An index is dropped under it: nothing is written for it afterwards.
    let _ddl = applier.catalog.ddl.lock();
    let generation = shard.generation();
    let mut newest: BTreeMap<&[u8], Option<&[u8]>> = BTreeMap::new();
    for (_, record) in records {
        for operation in operations(record) {
            if let Operation::Deferred { key, entry } = operation.map_err(StorageError::Corrupt)? {
                newest.insert(key, entry);
            }
        }
    }
    let mut record = RecordBuilder::with_capacity(STEP_BYTES);
    for (key, entry) in newest {
        let index = table_of(key).and_then(|id| applier.catalog.counts(id));
        if index.is_none() {
            continue;
        }
        let there = shard.latest(Role::Indexes, key)?.value;
        let there = there.map(item_of).transpose()?;
        let entry = entry.map(|entry| EncodedItem::from_bytes(Bytes::copy_from_slice(entry)));
        let entry = entry
            .transpose()
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        if there.is_some() || entry.is_some() {
            let old_size = there.as_ref().map_or(0, EncodedItem::size);
            record.index(key, old_size, entry.as_ref());
        }
    }
    let watermark = watermark.map(|lsn| lsn.0.to_be_bytes());
    record.catalog(INDEXES_LSN, watermark.as_ref().map(|lsn| &lsn[..]));
    Ok(shard.sequence_in(generation, record.finish())?)
}

impl Engine {
    /// How far asynchronous indexes are behind; the published LSN where indexes are written with their items.
    pub fn index_lag(&self) -> IndexLag {
        self.inner.applier.deferred.lag(&self.inner.shard)
    }

    /// Waits until the global indexes show everything that is published now, for a consistent read of one. Returns at once where they are
    /// written with their items.
    ///
    /// # Errors
    /// [`Error::IndexLag`] if that takes longer than five seconds.
    pub async fn indexes_consistent(&self) -> Result<(), Error> {
        let deferred = &self.inner.applier.deferred;
        if !deferred.on {
            return Ok(());
        }
        let target = self.inner.shard.published();
        let reached = self.indexes_reach(target);
        match tokio::time::timeout(READ_WAIT, reached).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::IndexLag {
                records: deferred.lag(&self.inner.shard).records,
            }),
        }
    }

    async fn indexes_reach(&self, target: Lsn) {
        let deferred = &self.inner.applier.deferred;
        loop {
            // Registered before the look, so that no wake-up is lost in between.
            let mut applied = std::pin::pin!(deferred.applied.notified());
            applied.as_mut().enable();
            if deferred.lag(&self.inner.shard).watermark >= target {
                return;
            }
            self.inner.jobs.notify_one();
            applied.await;
        }
    }

    /// Waits until the shard takes another write, and asynchronous indexes are not too far behind.
    pub(crate) async fn admit(&self) -> Result<(), Error> {
        self.inner.shard.admit().await?;
        let deferred = &self.inner.applier.deferred;
        if deferred.on {
            loop {
                let mut applied = std::pin::pin!(deferred.applied.notified());
                applied.as_mut().enable();
                if deferred.queue.lock().bytes <= QUEUE_BYTES_MAX {
                    break;
                }
                self.inner.jobs.notify_one();
                applied.await;
            }
        }
        Ok(())
    }
}
