//! Switching streams on and off.
//!
//! Not here: sequencing the record of the change (`table_ddl`, `transaction`), what the rows look like (`stored`).

use super::stored::{StoredStream, stream_key};
use super::{StreamName, StreamProblem};
use crate::api::CreateTable;
use crate::change::StampedRow;
use crate::definition::STREAM_TIME;
use crate::derived::{StreamDefinition, StreamView};
use crate::engine::Engine;
use crate::error::Error;
use crate::index_ddl::Ids;
use shale_item::KeySchema;
use shale_storage::{Role, Shard};

impl StreamDefinition {
    /// Its name.
    pub fn name(&self, table: &str) -> StreamName {
        StreamName {
            table: table.to_owned(),
            created_millis: self.created_micros / 1000,
        }
    }
}

/// Gives the stream of a new table its number and label.
pub(crate) fn adopt(
    engine: &Engine,
    definition: &mut CreateTable,
    ids: &mut Ids,
) -> Result<(), Error> {
    match definition.derived.stream.take() {
        Some(stream) => open(engine, definition, stream.view, ids),
        None => Ok(()),
    }
}

/// Switches a table's stream on, with that view, or off.
///
/// # Errors
/// [`StreamProblem::Enabled`], [`StreamProblem::NotEnabled`].
pub(crate) fn change(
    engine: &Engine,
    definition: &mut CreateTable,
    view: Option<StreamView>,
    ids: &mut Ids,
) -> Result<(), Error> {
    let table = || definition.name.clone();
    match (view, &definition.derived.stream) {
        (Some(_), Some(_)) => Err(Error::Stream(StreamProblem::Enabled { table: table() })),
        (None, None) => Err(Error::Stream(StreamProblem::NotEnabled { table: table() })),
        (Some(view), None) => open(engine, definition, view, ids),
        (None, Some(_)) => {
            definition.derived.stream = None;
            Ok(())
        }
    }
}

fn open(
    engine: &Engine,
    definition: &mut CreateTable,
    view: StreamView,
    ids: &mut Ids,
) -> Result<(), Error> {
    let stream = new(engine, view, ids)?;
    definition.derived.latest_stream_micros = Some(stream.created_micros);
    definition.derived.stream = Some(stream);
    Ok(())
}

/// A stream with a number and a label that no other one has.
pub(super) fn new(
    engine: &Engine,
    view: StreamView,
    ids: &mut Ids,
) -> Result<StreamDefinition, Error> {
    let now_micros = engine.inner.clock.now_micros();
    let label = engine.inner.applier.catalog.stream_label(now_micros / 1000);
    Ok(StreamDefinition {
        id: ids.next()?,
        created_micros: label.saturating_mul(1000),
        view,
    })
}

/// The rows that follow from a table's definitions before and after a record; none: there is no table then.
pub(crate) fn rows(
    shard: &Shard,
    before: Option<&CreateTable>,
    after: Option<&CreateTable>,
) -> Result<Vec<StampedRow>, Error> {
    let (before, after) = (streams(before), streams(after));
    let mut rows = Vec::new();
    for (stream, name, _) in before.iter().filter(|of| !is_among(&after, of)) {
        let key = stream_key(name);
        let row = shard.latest(Role::Catalog, &key)?.value;
        let row = row.ok_or_else(|| Error::Internal(format!("stream {} has no row", stream.id)))?;
        let (mut stored, opened_micros) = StoredStream::decode(&row).map_err(Error::Internal)?;
        stored.opened_micros = Some(opened_micros);
        rows.push((key, stored.encode()));
    }
    for (stream, name, kind) in after.iter().filter(|of| !is_among(&before, of)) {
        let stored = StoredStream::opened(stream, kind.key_schema, kind.hidden);
        rows.push((stream_key(name), stored.encode()));
        rows.push((STREAM_TIME.to_vec(), Vec::new()));
    }
    Ok(rows)
}

/// A stream of a definition with its name.
type Named<'a> = (&'a StreamDefinition, StreamName, Kind<'a>);

#[derive(Clone, Copy)]
struct Kind<'a> {
    key_schema: &'a KeySchema,
    /// Kept for a destination.
    hidden: bool,
}

/// The streams of a table.
fn streams(definition: Option<&CreateTable>) -> Vec<Named<'_>> {
    let Some(definition) = definition else {
        return Vec::new();
    };
    let named = |stream| {
        let hidden = definition.derived.stream.as_ref() != Some(stream);
        let key_schema = &definition.key_schema;
        let name = stream.name(&definition.name);
        (stream, name, Kind { key_schema, hidden })
    };
    definition.derived.streams().map(named).collect()
}

fn is_among(streams: &[Named<'_>], stream: &Named<'_>) -> bool {
    streams.iter().any(|(other, ..)| other.id == stream.0.id)
}
