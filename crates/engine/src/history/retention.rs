//! Gives back hours that are older than the retention, and keeps the boundaries of hours.
//!
//! First the beginning is moved on by a record, then the hours before it are handed to the shard, which waits for the snapshots that still
//! show the old beginning. A start hands over everything before the beginnings again.
//!
//! Not here: histories that are switched off or whose table is dropped (`table_ddl`).

use super::{Beginning, beginning_key, hours_range};
use crate::catalog::Table;
use crate::definition::{HOUR, table_key};
use crate::derived::HistoryDefinition;
use crate::engine::{Engine, Inner};
use crate::error::Error;
use crate::hour::{hour_of, start_of};
use crate::record::RecordBuilder;
use crate::table_ddl::newest;
use parking_lot::Mutex;
use shale_item::TableId;
use shale_storage::{Lsn, Role, StorageError};
use std::ops::Range;

/// Microseconds between two looks for hours to give back.
const LOOK_MICROS: u64 = 60_000_000;

/// When it was last looked for hours to give back.
#[derive(Debug, Default)]
pub(crate) struct Forgetting(Mutex<Option<u64>>);

/// One step: everything that is due.
pub(crate) async fn forget_step(engine: &Engine) -> Result<bool, Error> {
    let inner = &engine.inner;
    let now = inner.clock.now_micros();
    let look = now / LOOK_MICROS;
    let looked = *inner.forgetting.0.lock();
    if looked == Some(look) {
        return keep_boundaries(engine, 0).await;
    }
    let mut worked = false;
    // Before this hour no history has anything; all is gone before the next one if there is no history at all.
    let mut oldest = hour_of(now);
    for table in inner.applier.catalog.tables() {
        let Some(history) = table.current().derived.history else {
            continue;
        };
        inner.shard.admit().await?;
        let Some((beginning, moved)) = move_beginning(engine, &table, &history, now)? else {
            continue;
        };
        oldest = oldest.min(hour_of(beginning.micros));
        if let Some((lsn, hours)) = moved {
            engine.published(lsn).await?;
            let range = hours_range(history.id, hours);
            inner.shard.reclaim(Role::History, range);
            worked = true;
        }
    }
    worked |= keep_boundaries(engine, oldest).await?;
    *inner.forgetting.0.lock() = Some(look);
    Ok(worked)
}

/// The record that moves a beginning on, and the hours that it leaves behind.
type Moved = (Lsn, Range<u32>);

/// Where the history begins now; none if it is no more.
fn move_beginning(
    engine: &Engine,
    table: &Table,
    history: &HistoryDefinition,
    now_micros: u64,
) -> Result<Option<(Beginning, Option<Moved>)>, Error> {
    let Inner { applier, shard, .. } = &*engine.inner;
    // So that the history does not end meanwhile.
    let _ddl = applier.catalog.ddl.lock();
    if table.gate.drop_position().is_some() {
        return Ok(None);
    }
    let generation = shard.generation();
    let Some((stored, _)) = newest(shard, table.id)? else {
        return Ok(None);
    };
    let current = stored.definition.derived.history;
    let Some(current) = current.filter(|current| current.id == history.id) else {
        return Ok(None);
    };
    let key = beginning_key(current.id);
    let value = shard.latest(Role::Catalog, &key)?.value;
    let value = value.ok_or_else(|| Error::Internal("a history without beginning".to_owned()))?;
    let beginning = Beginning::decode(&value).map_err(Error::Internal)?;
    let floor = beginning.floor(current.seconds, now_micros, &applier.boundaries);
    let hours = hour_of(beginning.micros)..hour_of(floor.micros);
    // An idle server writes nothing.
    let nothing = || {
        let mut rows = shard
            .snapshot()
            .range(Role::History, hours_range(current.id, hours.clone()));
        rows.next().is_none()
    };
    if hours.is_empty() || nothing() {
        return Ok(Some((beginning, None)));
    }
    let beginning = Beginning::new(floor.lsn, start_of(hours.end));
    let mut record = RecordBuilder::with_capacity(64);
    record.catalog(&key, Some(&beginning.encode()));
    let lsn = shard.sequence_in(generation, record.finish())?;
    Ok(Some((beginning, Some((lsn, hours)))))
}

/// Writes what has changed of the boundaries. Those of hours up to `oldest` are needed no longer.
async fn keep_boundaries(engine: &Engine, oldest: u32) -> Result<bool, Error> {
    let Inner { applier, shard, .. } = &*engine.inner;
    let unsaved = applier.boundaries.unsaved(oldest);
    if unsaved.new.is_empty() && unsaved.gone.is_empty() {
        return Ok(false);
    }
    let key = |hour: u32| table_key(HOUR, TableId(hour));
    let mut record = RecordBuilder::with_capacity(64);
    for (hour, lsn) in &unsaved.new {
        record.catalog(&key(*hour), Some(&lsn.0.to_be_bytes()));
    }
    for hour in &unsaved.gone {
        record.catalog(&key(*hour), None);
    }
    let sequenced = shard.sequence(record.finish())?;
    engine.published(sequenced).await?;
    applier.boundaries.saved(&unsaved);
    Ok(true)
}

/// Hands everything before the beginnings to the shard again, after a start.
pub(crate) fn reclaim_again(inner: &Inner) -> Result<(), Error> {
    let Inner { applier, shard, .. } = inner;
    for table in applier.catalog.tables() {
        let Some(history) = table.current().derived.history else {
            continue;
        };
        let value = shard.get(Role::Catalog, &beginning_key(history.id))?;
        let value = value.ok_or_else(|| corrupt("a history without beginning".to_owned()))?;
        let beginning = Beginning::decode(&value).map_err(corrupt)?;
        let range = hours_range(history.id, 0..hour_of(beginning.micros));
        if !shard.reclaimed(Role::History, &range)? {
            shard.reclaim(Role::History, range);
        }
    }
    Ok(())
}

fn corrupt(reason: String) -> Error {
    Error::Storage(StorageError::Corrupt(reason))
}
