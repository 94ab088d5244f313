//! The catalog in memory: published tables by name and by id.
//!
//! Not here: creating and dropping (`table_ddl`), the stored form (`definition`).
//!
//! Invariants:
//! * A table is in here from the publication of its creation to the publication of its drop.
//! * Looking a table up by name takes no lock; what it costs does not depend on the number of tables.

use crate::api::{CreateTable, TableDescription, TableStatus};
use crate::definition::{BackfillRow, Space, StoredTable};
use crate::gate::Gate;
use crate::insights::Insights;
use crate::observed::{Facts, Observed};
use crate::statistics::TableStatistics;
use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::{Mutex, RwLock};
use rustc_hash::{FxHashMap, FxHasher};
use shale_item::TableId;
use shale_storage::Lsn;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets of a name space: a new table copies one of them, so that creating n tables does not cost n² copies.
const BUCKETS: usize = 256;
const _: () = assert!(BUCKETS.is_power_of_two());

/// A published table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) id: TableId,
    pub(crate) space: Space,
    pub(crate) uuid: String,
    pub(crate) created_micros: u64,
    /// Whether it has taken the place of a table whose items were all removed at once.
    pub(crate) successor: bool,
    /// As it was when this process first saw the table: name and key, which never change. The rest is in `current`.
    pub(crate) definition: Arc<CreateTable>,
    /// The published definition.
    current: ArcSwap<Published>,
    pub(crate) gate: Gate,
    pub(crate) observed: Observed,
    pub(crate) statistics: Arc<TableStatistics>,
    pub(crate) insights: Insights,
    version: AtomicU64,
    described: ArcSwapOption<TableDescription>,
}

/// A published definition.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) definition: Arc<CreateTable>,
    /// Where it was published; 0 if that was before this process started.
    pub(crate) since: Lsn,
}

impl Table {
    /// A table from its stored form, published at that LSN.
    pub(crate) fn new(
        id: TableId,
        stored: StoredTable,
        observed: Facts,
        version: u64,
        since: Lsn,
    ) -> Table {
        let definition = Arc::new(stored.definition);
        let insights = Insights::default();
        insights.follow(id, &definition);
        Table {
            id,
            space: stored.space,
            uuid: stored.uuid,
            created_micros: stored.created_micros,
            successor: stored.successor,
            current: ArcSwap::from_pointee(Published {
                definition: Arc::clone(&definition),
                since,
            }),
            definition,
            gate: Gate::default(),
            observed: Observed::new(observed),
            statistics: Arc::default(),
            insights,
            version: AtomicU64::new(version),
            described: ArcSwapOption::empty(),
        }
    }

    /// Whether it is a view of SQL: no request about items or tables knows it.
    pub(crate) fn is_view(&self) -> bool {
        self.definition.sql.view.is_some()
    }

    /// The published definition.
    pub(crate) fn current(&self) -> Arc<CreateTable> {
        Arc::clone(&self.current.load().definition)
    }

    /// The published definition, and since when it is.
    pub(crate) fn published(&self) -> Arc<Published> {
        self.current.load_full()
    }

    /// Its description now. Kept and handed out again as long as nothing changes.
    pub(crate) fn describe(&self) -> Arc<TableDescription> {
        let version = self.version.load(Ordering::Acquire);
        let (item_count, size_bytes) = self.statistics.now();
        if let Some(kept) = &*self.described.load() {
            let kept_is = (kept.version, kept.item_count, kept.size_bytes);
            if kept_is == (version, item_count, size_bytes) {
                return Arc::clone(kept);
            }
        }
        let description = Arc::new(TableDescription {
            id: self.id,
            uuid: self.uuid.clone(),
            created_micros: self.created_micros,
            status: TableStatus::Active,
            definition: self.current(),
            observed: self.observed.published(),
            item_count,
            size_bytes,
            sketches: Arc::clone(&self.statistics.sketches),
            version,
        });
        self.described.store(Some(Arc::clone(&description)));
        description
    }
}

/// The tables of a shard.
#[derive(Debug)]
pub(crate) struct Catalog {
    user: NameSpace,
    system: NameSpace,
    by_id: RwLock<FxHashMap<TableId, Arc<Table>>>,
    /// Counts of tables and indexes.
    counts: RwLock<FxHashMap<TableId, Arc<TableStatistics>>>,
    version: AtomicU64,
    /// The newest label of a stream, milliseconds since the Unix epoch.
    stream_label: AtomicU64,
    /// One definition is changed at a time.
    pub(crate) ddl: Mutex<Ddl>,
    /// Indexes that are being filled.
    pub(crate) backfills: Mutex<BTreeMap<TableId, BackfillRow>>,
    /// Dropped tables and indexes whose space is not reclaimed yet. Never held while the shard is asked for something: its publications take it.
    pub(crate) dropped: Mutex<BTreeSet<TableId>>,
}

/// What changing definitions needs to remember.
#[derive(Debug)]
pub(crate) struct Ddl {
    /// Ids below it have been given out.
    pub(crate) next_id: u32,
    /// Names whose creation is sequenced and not known to be published.
    pub(crate) creating: BTreeMap<(bool, String), Lsn>,
}

impl Default for Catalog {
    fn default() -> Catalog {
        Catalog {
            user: NameSpace::default(),
            system: NameSpace::default(),
            by_id: RwLock::default(),
            counts: RwLock::default(),
            version: AtomicU64::new(1),
            stream_label: AtomicU64::new(0),
            ddl: Mutex::new(Ddl {
                next_id: 1,
                creating: BTreeMap::new(),
            }),
            backfills: Mutex::default(),
            dropped: Mutex::default(),
        }
    }
}

impl Catalog {
    /// The table of that name.
    pub(crate) fn find(&self, space: Space, name: &str) -> Option<Arc<Table>> {
        let bucket = self.names(space).bucket(name).load();
        bucket.get(name).map(Arc::clone)
    }

    /// The table of that id.
    pub(crate) fn by_id(&self, id: TableId) -> Option<Arc<Table>> {
        self.by_id.read().get(&id).map(Arc::clone)
    }

    /// Every table, in no order.
    pub(crate) fn tables(&self) -> Vec<Arc<Table>> {
        self.by_id.read().values().map(Arc::clone).collect()
    }

    /// The counts of a table or index.
    pub(crate) fn counts(&self, id: TableId) -> Option<Arc<TableStatistics>> {
        self.counts.read().get(&id).map(Arc::clone)
    }

    /// Calls back with the counts of every table and index.
    pub(crate) fn for_each_counts(&self, mut visit: impl FnMut(TableId, &TableStatistics)) {
        for (id, counts) in &*self.counts.read() {
            visit(*id, counts);
        }
    }

    /// Counts indexes that are new, and no longer those that are gone.
    fn count_indexes(&self, before: Option<&CreateTable>, now: Option<&CreateTable>) {
        let ids = |definition: Option<&CreateTable>| -> Vec<TableId> {
            let indexes = definition.map(|definition| definition.derived.indexes.iter());
            indexes
                .into_iter()
                .flatten()
                .map(|index| index.id)
                .collect()
        };
        let (before, now) = (ids(before), ids(now));
        if before == now {
            return;
        }
        let mut counts = self.counts.write();
        for gone in before.iter().filter(|id| !now.contains(id)) {
            counts.remove(gone);
        }
        for new in now {
            counts.entry(new).or_default();
        }
    }

    /// Names in order behind `after`, at most `limit`.
    pub(crate) fn list(&self, space: Space, after: Option<&str>, limit: usize) -> Vec<String> {
        list(&self.names(space).ordered, after, limit)
    }

    /// Names of views in order behind `after`, at most `limit`.
    pub(crate) fn list_views(
        &self,
        space: Space,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<String> {
        list(&self.names(space).views, after, limit)
    }

    /// Changes whenever a table is published, dropped, or shows something new.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// A version that no table has had.
    pub(crate) fn next_version(&self) -> u64 {
        self.version.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// A label for a stream: the time in milliseconds, or behind every label so far, so that a name is never given twice.
    pub(crate) fn stream_label(&self, now_millis: u64) -> u64 {
        let label = |last: u64| now_millis.max(last.saturating_add(1));
        let last = self
            .stream_label
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| {
                Some(label(last))
            });
        last.map_or_else(label, label)
    }

    /// Publishes the changed definition of a table that is here.
    pub(crate) fn redefine(&self, table: &Table, definition: CreateTable, since: Lsn) {
        self.count_indexes(Some(&table.current()), Some(&definition));
        table.insights.follow(table.id, &definition);
        table.current.store(Arc::new(Published {
            definition: Arc::new(definition),
            since,
        }));
        table.version.store(self.next_version(), Ordering::Release);
    }

    /// Publishes a table.
    pub(crate) fn publish(&self, table: Table) {
        let table = Arc::new(table);
        let names = self.names(table.space);
        let name: Arc<str> = table.definition.name.as_str().into();
        self.by_id.write().insert(table.id, Arc::clone(&table));
        self.count(&table);
        names.bucket(&name).rcu(|bucket| {
            let mut bucket = FxHashMap::clone(bucket);
            bucket.insert(Arc::clone(&name), Arc::clone(&table));
            bucket
        });
        names.ordered_of(table.is_view()).write().insert(name);
    }

    fn count(&self, table: &Table) {
        let counts = Arc::clone(&table.statistics);
        self.counts.write().insert(table.id, counts);
        self.count_indexes(None, Some(&table.definition));
    }

    /// Fills an empty catalog: as `publish` for each, without copying buckets again and again.
    pub(crate) fn fill(&self, tables: Vec<Table>) {
        let tables: Vec<Arc<Table>> = tables.into_iter().map(Arc::new).collect();
        tables.iter().for_each(|table| self.count(table));
        for space in [Space::User, Space::System] {
            let names = self.names(space);
            let mut buckets: Vec<Bucket> = vec![Bucket::default(); BUCKETS];
            let (mut ordered, mut views) = (names.ordered.write(), names.views.write());
            for table in tables.iter().filter(|table| table.space == space) {
                let name: Arc<str> = table.definition.name.as_str().into();
                buckets[bucket_of(&name)].insert(Arc::clone(&name), Arc::clone(table));
                match table.is_view() {
                    true => views.insert(name),
                    false => ordered.insert(name),
                };
            }
            for (slot, bucket) in names.buckets.iter().zip(buckets) {
                slot.store(Arc::new(bucket));
            }
        }
        *self.by_id.write() = tables.into_iter().map(|table| (table.id, table)).collect();
    }

    /// Removes a table.
    pub(crate) fn remove(&self, id: TableId) {
        let Some(table) = self.by_id.write().remove(&id) else {
            return;
        };
        self.counts.write().remove(&id);
        self.count_indexes(Some(&table.current()), None);
        let names = self.names(table.space);
        let name = table.definition.name.as_str();
        names.bucket(name).rcu(|bucket| {
            let mut bucket = FxHashMap::clone(bucket);
            // The name may mean another table by now: one record can drop a table and create its successor.
            bucket.retain(|_, table| table.id != id);
            bucket
        });
        let successor = self.find(table.space, name);
        if successor.is_none_or(|successor| successor.is_view() != table.is_view()) {
            names.ordered_of(table.is_view()).write().remove(name);
        }
        self.next_version();
    }

    /// Publishes facts about a table's attributes.
    pub(crate) fn publish_facts(&self, id: TableId, facts: Facts) {
        if let Some(table) = self.by_id(id) {
            table.observed.publish(facts);
            table.version.store(self.next_version(), Ordering::Release);
        }
    }

    fn names(&self, space: Space) -> &NameSpace {
        match space {
            Space::User => &self.user,
            Space::System => &self.system,
        }
    }
}

type Bucket = FxHashMap<Arc<str>, Arc<Table>>;

/// Tables by name.
#[derive(Debug)]
struct NameSpace {
    buckets: Box<[ArcSwap<Bucket>]>,
    /// Names of tables.
    ordered: RwLock<BTreeSet<Arc<str>>>,
    /// Names of views.
    views: RwLock<BTreeSet<Arc<str>>>,
}

impl Default for NameSpace {
    fn default() -> NameSpace {
        NameSpace {
            buckets: (0..BUCKETS).map(|_| ArcSwap::default()).collect(),
            ordered: RwLock::default(),
            views: RwLock::default(),
        }
    }
}

impl NameSpace {
    fn bucket(&self, name: &str) -> &ArcSwap<Bucket> {
        &self.buckets[bucket_of(name)]
    }

    fn ordered_of(&self, views: bool) -> &RwLock<BTreeSet<Arc<str>>> {
        match views {
            true => &self.views,
            false => &self.ordered,
        }
    }
}

/// Names in order behind `after`, at most `limit`.
fn list(ordered: &RwLock<BTreeSet<Arc<str>>>, after: Option<&str>, limit: usize) -> Vec<String> {
    let from = match after {
        Some(after) => Bound::Excluded(after),
        None => Bound::Unbounded,
    };
    ordered
        .read()
        .range::<str, _>((from, Bound::Unbounded))
        .take(limit)
        .map(|name| name.to_string())
        .collect()
}

fn bucket_of(name: &str) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish() as usize & (BUCKETS - 1)
}
