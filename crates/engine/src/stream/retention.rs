//! The time of streams, and giving back the space of what is older than 24 hours.
//!
//! In every hour, as long as there is a stream, a record carries the time of streams forward: the first one with a change for a stream,
//! or else one that a background job writes. What it says is the record's own timestamp: every later record has that timestamp or a
//! later one, whatever happens to the clock. From there on
//! * stream shards of hours before are complete (`shard`), and
//! * nothing is read, and nothing will be written, in hours before the trim horizon, so that their space is given back.
//!
//! A crash in between costs nothing: a start asks for everything below the horizon to be given back again.

use super::row::hours;
use super::shard::horizon_of;
use super::stored::{self, StoredStream};
use crate::definition::STREAM_TIME;
use crate::engine::{Engine, Inner};
use crate::error::Error;
use crate::hour::hour_of;
use crate::record::RecordBuilder;
use bytes::Bytes;
use shale_storage::{Generation, Role, Snapshot, StorageError};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// When it was last looked.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// The first hour in which there is something to do.
    due: AtomicU32,
    /// The hour that a writer has last carried the time of streams to (low 32 bits), and the generation of the shard in which it did.
    carried: AtomicU64,
    /// The space of hours before it is given back or asked for, since the start.
    reclaimed: AtomicU32,
}

/// Adds the time of streams to a record with a change for a stream, if it is the first one of its hour, perhaps. Readers see the change
/// without waiting for the job then. Answers what to note once the record is sequenced.
pub(crate) fn carry(
    inner: &Inner,
    generation: Generation,
    record: &mut RecordBuilder,
) -> Option<Carried> {
    let hour = hour_of(inner.clock.now_micros());
    let last = inner.retention.carried.load(Ordering::Acquire);
    // What was carried in another generation may have been rolled back.
    let same_generation = last >> 32 == generation.count() & u64::from(u32::MAX);
    if !same_generation || hour > last as u32 {
        record.stamped(STREAM_TIME, &[]);
        return Some(Carried(generation.count() << 32 | u64::from(hour)));
    }
    None
}

/// That a record carries the time of streams.
#[derive(Debug)]
pub(crate) struct Carried(u64);

/// The record is sequenced.
pub(crate) fn note(inner: &Inner, carried: &Carried) {
    inner.retention.carried.store(carried.0, Ordering::Release);
}

/// One step: everything that a new hour brings. Says whether there was anything to do.
pub(crate) async fn step(engine: &Engine) -> Result<bool, Error> {
    let inner = &*engine.inner;
    // A record's timestamp does not fall when the clock is set back, and rows follow the record.
    let timestamp = inner.shard.last_timestamp_micros();
    let hour = hour_of(inner.clock.now_micros().max(timestamp));
    if hour < inner.retention.due.load(Ordering::Acquire) {
        return Ok(false);
    }
    let snapshot = inner.shard.snapshot();
    let record = match stored::time_of(&snapshot)? {
        Some(before) => record_of(&snapshot, before, hour)?,
        None => None,
    };
    drop(snapshot);
    let worked = record.is_some();
    if let Some(record) = record {
        inner.shard.admit().await?;
        let sequenced = inner.shard.sequence(record)?;
        engine.published(sequenced).await?;
    }
    reclaim(inner)?;
    let due = hour.saturating_add(1);
    inner.retention.due.store(due, Ordering::Release);
    Ok(worked)
}

/// The record of a new hour; none if there is no stream, or nothing to write.
fn record_of(snapshot: &Snapshot, before: u32, hour: u32) -> Result<Option<Bytes>, Error> {
    let horizon = horizon_of(hour);
    let mut record = RecordBuilder::with_capacity(256);
    let (mut any, mut news) = (false, before < hour);
    for row in snapshot.range(Role::Catalog, stored::rows_behind(None, None)) {
        let (key, value) = row?;
        any = true;
        let (stored, stamp) = StoredStream::decode(&value).map_err(StorageError::Corrupt)?;
        if stored.opened_micros.is_some() && hour_of(stamp) < horizon {
            record.catalog(&key, None);
            news = true;
        }
    }
    record.stamped(STREAM_TIME, &[]);
    Ok((any && news).then(|| record.finish()))
}

/// Asks for the space of hours before the trim horizon, once for each of them.
pub(crate) fn reclaim(inner: &Inner) -> Result<(), Error> {
    let now = stored::time_of(&inner.shard.snapshot())?;
    let horizon = now.map_or(0, horizon_of);
    let from = inner
        .retention
        .reclaimed
        .fetch_max(horizon, Ordering::AcqRel);
    if from < horizon {
        inner.shard.reclaim(Role::Streams, hours(from, horizon));
    }
    Ok(())
}
