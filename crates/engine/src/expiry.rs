//! Time to live: deletes items some time after they have expired.
//!
//! Expired items are found through the table's hidden index of expiries (`index`), in the order of expiry; no item that is not due is
//! looked at. Until they are deleted they are as visible as any other, as DynamoDB documents it.
//!
//! Source: the Developer Guide's "Using time to live (TTL) in DynamoDB": the attribute is a number of seconds since the Unix epoch, and an
//! item that expired more than five years ago is not deleted.

use crate::apply::item_of;
use crate::catalog::Table;
use crate::change::{Change, NotSequenced};
use crate::collection::latch_key;
use crate::derived::{IndexStatus, TimeToLive};
use crate::engine::Engine;
use crate::error::Error;
use crate::gate;
use crate::index::{expiry_prefix, parse_expiry};
use bytes::Bytes;
use parking_lot::Mutex;
use shale_item::{EncodedItem, ValueView};
use shale_storage::{Lsn, Role};
use std::time::Duration;

/// Items that one step deletes of a table.
const STEP_ITEMS: usize = 256;
/// "Items with an expiration time greater than 5 years in the past are not deleted."
const YEARS_5_SECONDS: u64 = 5 * 365 * 24 * 3600;

/// When expired items are looked for.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval: Duration,
    last: Mutex<Option<Duration>>,
}

impl Schedule {
    /// A look every so often.
    pub(crate) fn new(interval: Duration) -> Schedule {
        Schedule {
            interval,
            last: Mutex::new(None),
        }
    }

    fn is_due(&self, now: Duration) -> bool {
        self.last
            .lock()
            .is_none_or(|last| now.saturating_sub(last) >= self.interval)
    }
}

/// One step: some expired items of every table, if it is time.
pub(crate) async fn step(engine: &Engine) -> Result<bool, Error> {
    let inner = &engine.inner;
    let started = inner.clock.monotonic();
    if !inner.expiry.is_due(started) {
        return Ok(false);
    }
    let mut worked = false;
    for table in inner.applier.catalog.tables() {
        let definition = table.current();
        if let Some(ttl) = &definition.derived.ttl
            && ttl.status == IndexStatus::Active
        {
            inner.shard.admit().await?;
            if let Some(last) = delete_expired(engine, &table, ttl)? {
                engine.published(last).await?;
                worked = true;
            }
        }
    }
    if !worked {
        *inner.expiry.last.lock() = Some(started);
    }
    Ok(worked)
}

/// Answers the last of the records, if there was any.
fn delete_expired(engine: &Engine, table: &Table, ttl: &TimeToLive) -> Result<Option<Lsn>, Error> {
    let now = engine.inner.clock.now_micros() / 1_000_000;
    let oldest = now.saturating_sub(YEARS_5_SECONDS);
    let range = Bytes::from(expiry_prefix(ttl, oldest))..Bytes::from(expiry_prefix(ttl, now));
    let snapshot = engine.inner.shard.snapshot();
    let mut last = None;
    for entry in snapshot.range(Role::Indexes, range).take(STEP_ITEMS) {
        let (key, _) = entry?;
        if let Some((_, tree_key)) = parse_expiry(table.id, &key) {
            last = last.max(delete_one(engine, table, ttl, &tree_key, now)?);
        }
    }
    Ok(last)
}

/// Deletes the item if it is still expired.
fn delete_one(
    engine: &Engine,
    table: &Table,
    ttl: &TimeToLive,
    tree_key: &[u8],
    now: u64,
) -> Result<Option<Lsn>, Error> {
    let shard = &engine.inner.shard;
    let latch = engine.inner.latches.hold(latch_key(table, tree_key))?;
    // IMPORTANT: before the read, so that a rollback after it is noticed.
    let generation = shard.generation();
    let Ok(open) = gate::enter(table, generation) else {
        return Ok(None);
    };
    // It may have been switched off since the items were looked for.
    if open.definition.derived.ttl.as_ref() != Some(ttl) {
        return Ok(None);
    }
    let latest = shard.latest(Role::Items, tree_key)?;
    let old = latest.value.map(item_of).transpose()?;
    let Some(old) = old.filter(|item| is_expired(item, &ttl.attribute, now)) else {
        return Ok(latest.pending);
    };
    let change = Change {
        table: &open,
        tree_key,
        old: Some(old),
        new: None,
        by_service: true,
    };
    let changed = engine.sequence_changes(generation, &[change]);
    let changed = changed.map_err(NotSequenced::into_error)?;
    drop((open, latch));
    engine.after_write();
    Ok(Some(changed.lsn))
}

fn is_expired(item: &EncodedItem, attribute: &str, now: u64) -> bool {
    match item.view().get(attribute) {
        Some(ValueView::N(expiry)) => expiry
            .to_i64()
            .and_then(|expiry| u64::try_from(expiry).ok())
            .is_some_and(|expiry| expiry < now && expiry >= now.saturating_sub(YEARS_5_SECONDS)),
        _ => false,
    }
}
