//! Opening and closing: from a log and trees to an engine with its catalog in memory.
//!
//! Not here: what the rows look like (`definition`).
//!
//! A start:
//! 1. the shard replays what its trees do not have; the applier says what records mean and does not listen yet;
//! 2. the catalog is read from its tree;
//! 3. statistics count the log from their checkpoint on;
//! 4. the applier listens, dropped tables are handed to the shard again.

use crate::apply::Applier;
use crate::catalog::Table;
use crate::deferred::{self, Deferred};
use crate::definition::{
    BackfillRow, CatalogKey, STATISTICS, Space, StoredTable, decode_observed, decode_u32,
    decode_u64, observed_key, parse_key, table_key,
};
use crate::engine::{Engine, Inner};
use crate::error::Error;
use crate::expiry::Schedule;
use crate::history::{self, Forgetting};
use crate::hour::hour_of;
use crate::jobs::Worker;
use crate::latch::Latches;
use crate::limits::ITEM_COLLECTION_BYTES;
use crate::observed::Facts;
use crate::record::RecordBuilder;
use crate::statistics::{CONSUMER, Checkpoint, Statistics};
use crate::stream;
use crate::table_ddl::{ROLES_BY_ID, forget_reclaimed, id_range};
use crate::transact_token::Tokens;
use bytes::Bytes;
use shale_commitlog::{FileLog, FileLogOptions, Log};
use shale_env::{Clock, Rand, SystemClock, SystemFiles, SystemRand};
use shale_item::TableId;
use shale_storage::{
    LsmOptions, LsmStore, Lsn, Role, Shard, ShardOptions, ShardStats, Step, StorageError, TreeStore,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How an engine is opened.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Data directory; created if it is not there. One process at a time.
    pub directory: PathBuf,
    /// Bytes of memory for everything written and not yet flushed, over all trees.
    pub write_buffer_bytes: u64,
    /// Bytes of memory for blocks read from the trees' files.
    pub cache_bytes: u64,
    /// How long a write waits for a key that other writers hold, before [`Error::KeyContention`].
    pub latch_wait: Duration,
    /// Records after which statistics are checkpointed: what a start counts at most, and what trimming the log waits for.
    pub checkpoint_records: u64,
    /// How long after its expiry an item may be found at most by the next look for expired items.
    pub expiry_interval: Duration,
    /// Whether the entries of global indexes are written behind their items, as they are on other shards.
    pub asynchronous_indexes: bool,
    /// Bytes that the items of one partition key may have, with their entries in local indexes; only for tables with local indexes.
    pub item_collection_bytes: u64,
    /// Whether the shard runs its own threads; without them a simulation drives every step.
    pub background: bool,
    /// Whether transactions are validated. Only for tests that must see what breaks without: a checker of isolation that finds
    /// nothing then is no checker.
    #[doc(hidden)]
    pub validate_transactions: bool,
    /// Whether the engine does its background jobs in a thread of its own; without it, [`Engine::job_step`] does them.
    pub jobs: bool,
}

impl EngineOptions {
    /// The defaults, in that directory.
    pub fn new(directory: impl Into<PathBuf>) -> EngineOptions {
        EngineOptions {
            directory: directory.into(),
            write_buffer_bytes: 256 << 20,
            cache_bytes: 256 << 20,
            latch_wait: Duration::from_secs(5),
            checkpoint_records: 65_536,
            expiry_interval: Duration::from_secs(60),
            asynchronous_indexes: false,
            item_collection_bytes: ITEM_COLLECTION_BYTES,
            background: true,
            validate_transactions: true,
            jobs: true,
        }
    }
}

impl Engine {
    /// Opens an engine over a log and trees; `options.directory` and `options.cache_bytes` are not looked at. Blocks while it recovers.
    ///
    /// # Errors
    /// Log or trees are damaged, do not fit together, or cannot be read.
    pub fn open(
        options: EngineOptions,
        log: Arc<dyn Log>,
        trees: Box<dyn TreeStore>,
        clock: Arc<dyn Clock>,
        rand: Arc<dyn Rand>,
    ) -> Result<Engine, Error> {
        let statistics = Statistics::new(options.checkpoint_records);
        let applier = Arc::new(Applier::new(
            statistics,
            Deferred::new(options.asynchronous_indexes),
        ));
        let shard_options = ShardOptions {
            memory_budget: options.write_buffer_bytes,
            consumers: vec![CONSUMER, deferred::CONSUMER],
            background: options.background,
            ..ShardOptions::default()
        };
        let apply = Arc::clone(&applier) as _;
        let newest_micros = log.last_timestamp_micros();
        let shard = Shard::open(shard_options, log, trees, apply, Arc::clone(&clock))?;
        let Loaded {
            orphans,
            indexes_lsn,
        } = load(&applier, &shard)?;
        applier
            .boundaries
            .start(hour_of(newest_micros), shard.published());
        applier.start(shard.handle());
        let inner = Inner {
            shard,
            applier,
            latches: Latches::new(options.latch_wait),
            tokens: Tokens::default(),
            clock,
            rand,
            transactions: Arc::default(),
            validate_transactions: options.validate_transactions,
            item_collection_bytes: options.item_collection_bytes,
            retry_lane: tokio::sync::RwLock::default(),
            turns: Default::default(),
            jobs: Notify::new(),
            expiry: Schedule::new(options.expiry_interval),
            retention: stream::Schedule::default(),
            forgetting: Forgetting::default(),
        };
        clean_up(&inner, &orphans);
        history::reclaim_again(&inner)?;
        let indexes_started = deferred::start(&inner, indexes_lsn)?;
        if let Some(lsn) = indexes_started.filter(|_| options.background) {
            wait_until_published(&inner.shard, lsn)?;
        }
        stream::reclaim(&inner)?;
        let mut engine = Engine {
            inner: Arc::new(inner),
            space: Space::User,
            worker: None,
        };
        if options.jobs {
            engine.worker = Some(Arc::new(Worker::start(engine.clone())?));
        }
        Ok(engine)
    }

    /// Opens the engine of a directory: commit log in files, trees on lsm-tree. Blocks while it recovers.
    ///
    /// # Errors
    /// The directory is in use, damaged or cannot be read or written.
    pub fn open_directory(options: EngineOptions) -> Result<Engine, Error> {
        let lsm = LsmOptions {
            cache_bytes: options.cache_bytes,
            ..LsmOptions::default()
        };
        // The trees first: they lock the directory.
        let trees = LsmStore::open(&options.directory, lsm)?;
        let rand: Arc<dyn Rand> = Arc::new(SystemRand);
        let log_options = FileLogOptions::new(options.directory.join("log"));
        let log = FileLog::open(log_options, Arc::new(SystemFiles), Arc::clone(&rand));
        let log = log.map_err(|error| Error::Log(Arc::new(error)))?;
        let clock = Arc::new(SystemClock::new());
        Engine::open(options, Arc::new(log), Box::new(trees), clock, rand)
    }

    /// Writes a checkpoint, flushes everything and stops taking writes. Other clones of this handle answer
    /// [`StorageError::Closed`] from then on.
    ///
    /// # Errors
    /// What could not be flushed; acknowledged writes are in the log all the same.
    pub async fn close(&self) -> Result<(), Error> {
        let Inner { shard, applier, .. } = &*self.inner;
        if let Some(worker) = &self.worker {
            worker.stop();
        }
        forget_reclaimed(&self.inner);
        loop {
            let (lsn, last) = match applier.statistics.checkpoint(&applier.catalog, shard) {
                Checkpoint::Nothing => break,
                Checkpoint::Sequenced(lsn) => (lsn, true),
                Checkpoint::Behind(lsn) => (lsn, false),
            };
            if let Err(error) = shard.wait_published(lsn).await {
                // Its loss costs only counting at the next start.
                tracing::warn!(%error, "closing without a checkpoint");
                break;
            }
            if last {
                break;
            }
        }
        Ok(shard.close().await?)
    }
}

impl Engine {
    /// Figures of the shard, for metrics.
    pub fn shard_stats(&self) -> ShardStats {
        self.inner.shard.stats()
    }

    /// Does one piece of the shard's background work, for a simulation that opened the engine without threads
    /// ([`EngineOptions::background`]). Says whether there was anything to do.
    ///
    /// # Errors
    /// What stopped the step.
    pub fn shard_step(&self, step: Step) -> Result<bool, Error> {
        Ok(self.inner.shard.step(step)?)
    }
}

/// Fills the applier's catalog and statistics from the trees and the log.
fn load(applier: &Applier, shard: &Shard) -> Result<Loaded, Error> {
    let rows = Rows::read(shard)?;
    let catalog = &applier.catalog;
    let mut observed = rows.observed;
    let tables = rows.tables.into_iter().map(|(id, stored)| {
        let facts = observed.remove(&id).unwrap_or_default();
        Table::new(id, stored, facts, catalog.next_version(), Lsn::ZERO)
    });
    catalog.fill(tables.collect());
    let mut orphans = Vec::new();
    for (id, row) in rows.statistics {
        match catalog.counts(id) {
            Some(counts) => counts.restore(&row).map_err(StorageError::Corrupt)?,
            None => orphans.push(table_key(STATISTICS, id).to_vec()),
        }
    }
    for (id, facts) in observed {
        orphans.extend(facts.keys().map(|name| observed_key(id, name)));
    }
    applier.statistics.start(rows.checkpoint, shard);
    if rows.checkpoint < shard.published() {
        for record in shard.records(rows.checkpoint.next())? {
            let record = record?;
            let counted = applier
                .statistics
                .count(catalog, record.lsn, &record.payload);
            counted.map_err(StorageError::Corrupt)?;
        }
    }
    catalog.ddl.lock().next_id = rows.next_id;
    catalog.stream_label(rows.last_stream_millis);
    *catalog.dropped.lock() = rows.dropped;
    *catalog.backfills.lock() = rows.backfills;
    applier.boundaries.load(rows.hours);
    Ok(Loaded {
        orphans,
        indexes_lsn: rows.indexes_lsn,
    })
}

/// What a start goes on with.
struct Loaded {
    /// Keys of rows whose tables are not there: a checkpoint that was sequenced behind a drop leaves such.
    orphans: Vec<Vec<u8>>,
    /// The watermark of asynchronous indexes.
    indexes_lsn: Option<Lsn>,
}

/// Waits in a thread of its own: whoever opens an engine may be a task of a runtime, which must not be entered twice.
fn wait_until_published(shard: &Shard, lsn: Lsn) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Internal(format!("opening: {error}"));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let runtime = runtime.map_err(failed)?;
            Ok(runtime.block_on(shard.wait_published(lsn))?)
        });
        let panicked = |_| Err(Error::Internal("opening: a panic".to_owned()));
        waiting.join().unwrap_or_else(panicked)
    })
}

fn clean_up(inner: &Inner, orphans: &[Vec<u8>]) {
    // Before anything is asked to be reclaimed again: what a replay did not bring back is gone for good.
    forget_reclaimed(inner);
    let dropped = inner.applier.catalog.dropped.lock().clone();
    for id in dropped {
        for role in ROLES_BY_ID {
            inner.shard.reclaim(role, id_range(id));
        }
    }
    if !orphans.is_empty() {
        let mut record = RecordBuilder::with_capacity(0);
        for key in orphans {
            record.catalog(key, None);
        }
        // If it is not written, the next start finds them again.
        let _ = inner.shard.sequence(record.finish());
    }
}

/// The catalog tree, read.
struct Rows {
    next_id: u32,
    checkpoint: Lsn,
    indexes_lsn: Option<Lsn>,
    tables: BTreeMap<TableId, StoredTable>,
    observed: BTreeMap<TableId, Facts>,
    statistics: BTreeMap<TableId, Bytes>,
    dropped: BTreeSet<TableId>,
    backfills: BTreeMap<TableId, BackfillRow>,
    /// The newest label of a stream.
    last_stream_millis: u64,
    hours: Vec<(u32, Lsn)>,
}

impl Rows {
    fn read(shard: &Shard) -> Result<Rows, StorageError> {
        let mut rows = Rows {
            next_id: 1,
            checkpoint: Lsn::ZERO,
            indexes_lsn: None,
            tables: BTreeMap::new(),
            observed: BTreeMap::new(),
            statistics: BTreeMap::new(),
            dropped: BTreeSet::new(),
            backfills: BTreeMap::new(),
            last_stream_millis: 0,
            hours: Vec::new(),
        };
        // All kinds of keys begin with a letter.
        let everything = Bytes::from_static(b"\0")..Bytes::from_static(b"\x80");
        for entry in shard.snapshot().range(Role::Catalog, everything) {
            let (key, value) = entry?;
            rows.add(&key, value).map_err(StorageError::Corrupt)?;
        }
        Ok(rows)
    }

    fn add(&mut self, key: &[u8], value: Bytes) -> Result<(), String> {
        match parse_key(key)? {
            CatalogKey::NextTableId => self.next_id = decode_u32(&value)?,
            CatalogKey::StatisticsLsn => self.checkpoint = Lsn(decode_u64(&value)?),
            CatalogKey::IndexesLsn => self.indexes_lsn = Some(Lsn(decode_u64(&value)?)),
            CatalogKey::Table(id) => {
                self.tables.insert(id, StoredTable::decode(&value)?);
            }
            CatalogKey::Dropped(id) => {
                self.dropped.insert(id);
            }
            CatalogKey::Backfill(id) => {
                self.backfills.insert(id, BackfillRow::decode(&value)?);
            }
            CatalogKey::Observed(id, name) => {
                let facts = self.observed.entry(id).or_default();
                facts.insert(name.to_owned(), decode_observed(&value)?);
            }
            CatalogKey::Statistics(id) => {
                self.statistics.insert(id, value);
            }
            CatalogKey::Hour(hour) => self.hours.push((hour, Lsn(decode_u64(&value)?))),
            // Looked up in the tree.
            CatalogKey::Request | CatalogKey::History | CatalogKey::Sent => {}
            // As well.
            CatalogKey::Stream => {
                let label = stream::name_of(key).map_or(0, |name| name.created_millis);
                self.last_stream_millis = self.last_stream_millis.max(label);
            }
        }
        Ok(())
    }
}
