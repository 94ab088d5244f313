//! Fills indexes that were created later than their table, while writes go on.
//!
//! From the record on that creates an index, every write keeps its entries (`change`); this adds those of older items, some at a time:
//! under the latches of their keys it reads the newest images, so that no entry is ever older than its item.
//! How far it is stands in a row of the catalog, written in the record of the entries: a crash repeats nothing and misses nothing.
//!
//! Not here: creating and dropping indexes (`index_ddl`).

use crate::api::BackfillProgress;
use crate::apply::item_of;
use crate::catalog::Table;
use crate::collection::latch_key;
use crate::definition::{BACKFILL, BackfillRow, table_key};
use crate::derived::IndexStatus;
use crate::engine::Engine;
use crate::error::Error;
use crate::gate;
use crate::index::targets;
use crate::record::RecordBuilder;
use crate::table_ddl::{self, id_range};
use bytes::Bytes;
use shale_item::{EncodedItem, TableId};
use shale_storage::{Lsn, Role};
use std::time::Duration;

/// Items of one step: how long writers of their keys may have to wait.
const STEP_ITEMS: usize = 256;
/// Bytes of items of one step; it takes one item more.
const STEP_BYTES: usize = 1 << 20;
/// How often whoever waits for an index looks at it.
const WAIT: Duration = Duration::from_millis(5);

/// One step of the oldest unfinished index.
pub(crate) async fn step(engine: &Engine) -> Result<bool, Error> {
    let catalog = &engine.inner.applier.catalog;
    let next = catalog
        .backfills
        .lock()
        .first_key_value()
        .map(|(id, row)| (*id, row.clone()));
    let Some((id, row)) = next else {
        return Ok(false);
    };
    // What was deferred by the steps before is in the index when the last step finds no item.
    while crate::deferred::step(engine).await? {}
    engine.inner.shard.admit().await?;
    let sequenced = match catalog.by_id(row.table) {
        Some(table) => fill(engine, &table, id, &row)?,
        None => None,
    };
    match sequenced {
        Some(lsn) => engine.published(lsn).await?,
        // The drop of table or index is on its way, and takes the row along.
        None => tokio::task::yield_now().await,
    }
    Ok(sequenced.is_some())
}

fn fill(
    engine: &Engine,
    table: &Table,
    id: TableId,
    row: &BackfillRow,
) -> Result<Option<Lsn>, Error> {
    let keys = keys_behind(engine, row)?;
    let Some(last) = keys.last() else {
        return table_ddl::complete(engine, table, id);
    };
    let shard = &engine.inner.shard;
    let _latch = engine
        .inner
        .latches
        .hold_all(keys.iter().map(|key| latch_key(table, key)))?;
    // IMPORTANT: before the first read, so that a rollback after it is noticed.
    let generation = shard.generation();
    let Ok(open) = gate::enter(table, generation) else {
        return Ok(None);
    };
    let mut targets = targets(&open.definition.derived);
    let Some(target) = targets.find(|target| target.id() == id && target.is_filling()) else {
        return Ok(None);
    };
    let deferred = engine.inner.applier.deferred.on && target.is_global();
    let mut record = RecordBuilder::with_capacity(STEP_BYTES);
    for key in &keys {
        let Some(value) = shard.latest(Role::Items, key)?.value else {
            continue;
        };
        if let Some(entry) = target.entry(&open.definition, key, &item_of(value)?) {
            let there = shard.latest(Role::Indexes, &entry.key)?.value;
            let there = there.map(item_of).transpose()?;
            let old_size = there.as_ref().map_or(0, EncodedItem::size);
            match deferred {
                true => record.deferred(&entry.key, Some(&entry.item)),
                false => record.index(&entry.key, old_size, Some(&entry.item)),
            }
        }
    }
    let done = BackfillRow {
        table: row.table,
        items_done: row.items_done + keys.len() as u64,
        behind: last.to_vec(),
    };
    record.catalog(&table_key(BACKFILL, id), Some(&done.encode()));
    Ok(Some(shard.sequence_in(generation, record.finish())?))
}

/// The keys of the next items. What is written meanwhile has its entry already.
fn keys_behind(engine: &Engine, row: &BackfillRow) -> Result<Vec<Bytes>, Error> {
    let mut range = id_range(row.table);
    if !row.behind.is_empty() {
        let mut behind = row.behind.clone();
        behind.push(0);
        range.start = Bytes::from(behind);
    }
    let mut keys = Vec::with_capacity(STEP_ITEMS);
    let mut bytes = 0;
    for entry in engine.inner.shard.snapshot().range(Role::Items, range) {
        let (key, value) = entry?;
        bytes += value.len();
        keys.push(key);
        if keys.len() == STEP_ITEMS || bytes >= STEP_BYTES {
            break;
        }
    }
    Ok(keys)
}

impl Engine {
    /// How far the indexes are that are being filled.
    pub fn backfills(&self) -> Vec<BackfillProgress> {
        let catalog = &self.inner.applier.catalog;
        let rows = catalog.backfills.lock().clone();
        let progress = rows.into_iter().filter_map(|(id, row)| {
            let table = catalog.by_id(row.table)?;
            let definition = table.current();
            let index = definition
                .derived
                .indexes
                .iter()
                .find(|index| index.id == id);
            (table.space == self.space).then(|| BackfillProgress {
                table: definition.name.clone(),
                index: index.map(|index| index.name.clone()),
                items_done: row.items_done,
                items_total: table.statistics.now().0.max(row.items_done),
            })
        });
        progress.collect()
    }

    /// Waits until an index is complete.
    ///
    /// # Errors
    /// [`Error::TableNotFound`] and [`Error::IndexNotFound`] if it is or goes away.
    pub async fn index_complete(&self, table: &str, index: &str) -> Result<(), Error> {
        loop {
            let definition = self.table(table)?.current();
            match definition.derived.index(index).map(|index| index.status) {
                Some(IndexStatus::Active) => return Ok(()),
                Some(IndexStatus::Creating) => tokio::time::sleep(WAIT).await,
                None => {
                    return Err(Error::IndexNotFound {
                        table: table.to_owned(),
                        index: index.to_owned(),
                    });
                }
            }
        }
    }
}
