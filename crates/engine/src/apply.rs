//! What a record means for the trees, and what its publication means for the memory beside them.
//!
//! Not here: the record's bytes (`record`).
//!
//! Invariants:
//! * `apply` is a pure function of the record, its LSN and its timestamp. It asks no catalog: keys are complete, and an id is never used again, so that
//!   trees that recovered to different LSNs replay the same record alike.
//! * An item's value in the items tree is the LSN that made it (u64, big-endian), then the encoded item.

use crate::catalog::{Catalog, Table};
use crate::deferred::{self, Deferred};
use crate::definition::{BackfillRow, CatalogKey, StoredTable, decode_observed, parse_key};
use crate::history::{self, Boundaries};
use crate::hour::hour_of;
use crate::observed::Facts;
use crate::record::{Operation, Put, operations};
use crate::statistics::Statistics;
use crate::stream::{self, Written};
use crate::table_ddl::{ROLES_BY_ID, id_range};
use bytes::Bytes;
use shale_item::{EncodedItem, TableId};
use shale_storage::{Apply, Lsn, Role, ShardHandle, StorageError, TreeBatch};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The engine's side of the shard.
#[derive(Debug)]
pub(crate) struct Applier {
    pub(crate) catalog: Catalog,
    pub(crate) statistics: Statistics,
    pub(crate) deferred: Deferred,
    /// Told of every row of history, before it is anywhere.
    pub(crate) boundaries: Boundaries,
    /// Not the shard itself: its last owner must not be a publication, which closing the shard waits for.
    shard: OnceLock<ShardHandle>,
    started: AtomicBool,
}

impl Applier {
    /// An applier that does not listen to publications until it is started: a start loads what they led to from the trees.
    pub(crate) fn new(statistics: Statistics, deferred: Deferred) -> Applier {
        Applier {
            catalog: Catalog::default(),
            statistics,
            deferred,
            boundaries: Boundaries::default(),
            shard: OnceLock::new(),
            started: AtomicBool::new(false),
        }
    }

    /// Listens from now on.
    pub(crate) fn start(&self, shard: ShardHandle) {
        let first = self.shard.set(shard).is_ok();
        assert!(first, "an applier is started once");
        self.started.store(true, Ordering::Release);
    }

    fn published(&self, lsn: Lsn, record: &Bytes) -> Result<(), String> {
        let mut facts: BTreeMap<TableId, Facts> = BTreeMap::new();
        let mut deferred = false;
        for operation in operations(record) {
            let (key, value) = match operation? {
                Operation::Catalog { key, value } => (key, value),
                Operation::Deferred { .. } => {
                    deferred = true;
                    continue;
                }
                _ => continue,
            };
            match (parse_key(key)?, value) {
                (CatalogKey::Table(id), Some(value)) => self.publish_table(lsn, id, value)?,
                (CatalogKey::Table(id), None) => self.catalog.remove(id),
                (CatalogKey::Observed(id, name), Some(value)) => {
                    let fact = decode_observed(value)?;
                    facts.entry(id).or_default().insert(name.to_owned(), fact);
                }
                (CatalogKey::Statistics(id), Some(value)) => {
                    self.statistics.on_row(&self.catalog, id, value)?;
                }
                (CatalogKey::StatisticsLsn, Some(value)) => {
                    if let Some(shard) = self.shard.get() {
                        self.statistics.on_checkpoint(value, shard)?;
                    }
                }
                (CatalogKey::Dropped(id), Some(_)) => self.publish_drop(lsn, id),
                (CatalogKey::Backfill(id), Some(value)) => {
                    let row = BackfillRow::decode(value)?;
                    self.catalog.backfills.lock().insert(id, row);
                }
                (CatalogKey::Backfill(id), None) => {
                    self.catalog.backfills.lock().remove(&id);
                }
                (CatalogKey::IndexesLsn, None) => {
                    if let Some(shard) = self.shard.get() {
                        deferred::ended(shard);
                    }
                }
                (CatalogKey::Observed(..) | CatalogKey::Statistics(_), None)
                | (CatalogKey::NextTableId, _)
                | (CatalogKey::Dropped(_), None)
                | (CatalogKey::StatisticsLsn, None)
                | (CatalogKey::IndexesLsn, Some(_))
                | (CatalogKey::History | CatalogKey::Hour(_) | CatalogKey::Sent, _)
                | (CatalogKey::Request | CatalogKey::Stream, _) => {}
            }
        }
        for (id, facts) in facts {
            self.catalog.publish_facts(id, facts);
        }
        if deferred {
            self.deferred.offer(lsn, record);
        }
        // Behind the definitions: the record may create a table and write its items.
        self.statistics.count(&self.catalog, lsn, record)
    }

    /// Begins to give a dropped table's or index's space back, whether or not whoever asked for the drop still waits.
    fn publish_drop(&self, lsn: Lsn, id: TableId) {
        self.catalog.dropped.lock().insert(id);
        if let Some(shard) = self.shard.get() {
            for role in ROLES_BY_ID {
                shard.reclaim(role, id_range(id), lsn);
            }
        }
    }

    fn publish_table(&self, lsn: Lsn, id: TableId, value: &[u8]) -> Result<(), String> {
        let stored = StoredTable::decode(value)?;
        if let Some(table) = self.catalog.by_id(id) {
            self.catalog.redefine(&table, stored.definition, lsn);
            return Ok(());
        }
        let version = self.catalog.next_version();
        self.catalog
            .publish(Table::new(id, stored, Facts::new(), version, lsn));
        Ok(())
    }
}

impl Apply for Applier {
    fn apply(
        &self,
        lsn: Lsn,
        timestamp_micros: u64,
        record: &Bytes,
        batch: &mut TreeBatch,
    ) -> Result<(), String> {
        let mut written = None;
        let mut changes = 0;
        for operation in operations(record) {
            let operation = operation?;
            let write = match operation {
                Operation::Put(put) => {
                    written = Some(Written {
                        tree_key: put.key,
                        existed: put.old_size > 0,
                        new: Some(put.item),
                    });
                    image(Role::Items, lsn, record, &put)?
                }
                Operation::Delete(delete) => {
                    written = Some(Written {
                        tree_key: delete.key,
                        existed: true,
                        new: None,
                    });
                    (Role::Items, record.slice_ref(delete.key), None)
                }
                Operation::Stream(change) => {
                    // Not taken: the same change can be for several streams.
                    let written = written.ok_or("a change for a stream without its item")?;
                    let row = stream::encode(timestamp_micros, lsn.0, changes, &written, &change);
                    changes += 1;
                    (Role::Streams, row.0, Some(row.1))
                }
                Operation::Stamped { key, value } => {
                    let stamp = timestamp_micros.to_be_bytes();
                    let value = [value, &stamp].concat();
                    (Role::Catalog, record.slice_ref(key), Some(value.into()))
                }
                Operation::IndexPut(put) => image(Role::Indexes, lsn, record, &put)?,
                Operation::IndexDelete(delete) => {
                    (Role::Indexes, record.slice_ref(delete.key), None)
                }
                Operation::Deferred { .. } => continue,
                Operation::Collection { key, size } => {
                    // Copied: it must not keep its whole record in memory.
                    let value = (size > 0).then(|| Bytes::copy_from_slice(&size.to_be_bytes()));
                    (Role::Indexes, record.slice_ref(key), value)
                }
                Operation::Replaced { key, image } => {
                    let hour = hour_of(timestamp_micros);
                    self.boundaries.note(hour, lsn);
                    let key = history::row_key(key, lsn, timestamp_micros)?;
                    (Role::History, key, Some(history::row_value(image)))
                }
                Operation::Catalog { key, value } => {
                    let value = value.map(|value| match history::begins_here(key, value) {
                        true => history::Beginning::new(lsn, timestamp_micros).encode(),
                        false => record.slice_ref(value),
                    });
                    (Role::Catalog, record.slice_ref(key), value)
                }
            };
            batch.writes.push(write);
        }
        Ok(())
    }

    fn on_published(&self, lsn: Lsn, record: &Bytes) {
        if !self.started.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = self.published(lsn, record) {
            // `apply` has read the same bytes, so this is a bug; the trees are right, what is beside them is until the next start.
            tracing::error!(lsn = lsn.0, error, "a published record cannot be followed");
        }
    }
}

/// The write of an item or entry into its tree.
fn image(
    role: Role,
    lsn: Lsn,
    record: &Bytes,
    put: &Put<'_>,
) -> Result<(Role, Bytes, Option<Bytes>), String> {
    let item = EncodedItem::from_bytes(record.slice_ref(put.item));
    let value = item.map_err(|error| error.to_string())?.stored(lsn.0);
    Ok((role, record.slice_ref(put.key), Some(value)))
}

/// The item in a value of the items tree; shares its bytes.
pub(crate) fn item_of(value: Bytes) -> Result<EncodedItem, StorageError> {
    let stored = EncodedItem::from_stored(value);
    let (_, item) = stored.map_err(|error| StorageError::Corrupt(error.to_string()))?;
    Ok(item)
}
