//! Creating, changing and dropping tables.
//!
//! Not here: what the rows look like (`definition`), which names a protocol allows (the edges).
//!
//! Invariants:
//! * Definitions change under `Ddl`, one at a time; a change is one record.
//! * A drop is sequenced while it holds the table's gate alone: what was sequenced before it has a lower LSN, and whoever comes later
//!   sees the gate closed and answers only once the drop's outcome is known.
//! * A dropped table is remembered in a row until nothing of it is left on disk.

use crate::api::{
    CheckChange, ColumnChange, CreateTable, TableChanges, TableDescription, TableStatus,
};
use crate::catalog::{Ddl, Table};
use crate::definition::{
    BACKFILL, DROPPED, NEXT_TABLE_ID, STATISTICS, Space, StoredTable, TABLE, observed_key,
    table_key,
};
use crate::engine::{Engine, Inner, not_found};
use crate::error::Error;
use crate::history;
use crate::index_ddl::{self, Ids};
use crate::insights;
use crate::limits::TABLE_NAME_BYTES_MAX;
use crate::record::RecordBuilder;
use crate::stream;
use bytes::Bytes;
use shale_env::Rand;
use shale_item::{TableId, table_prefix};
use shale_storage::{Generation, Lsn, Role, Shard};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What a look under the lock came to.
enum Step<T> {
    /// The change is sequenced.
    Done(T, Lsn),
    /// Another change of the same name must be published or rolled back first.
    Behind(Lsn),
}

/// CreateTable.
pub(crate) async fn create(
    engine: &Engine,
    request: CreateTable,
) -> Result<Arc<TableDescription>, Error> {
    check_name(&request.name)?;
    loop {
        engine.inner.shard.admit().await?;
        let (mine, sequenced) = match begin_create(engine, &request)? {
            Step::Done((), sequenced) => (true, sequenced),
            Step::Behind(sequenced) => (false, sequenced),
        };
        clear_name(engine, &request.name, sequenced).await?;
        if mine {
            return engine.describe_table(&request.name);
        }
    }
}

/// Whether a table can have that name.
///
/// # Errors
/// [`Error::InvalidTableName`].
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    match name.is_empty() || name.len() > TABLE_NAME_BYTES_MAX {
        true => Err(Error::InvalidTableName {
            name: name.to_owned(),
        }),
        false => Ok(()),
    }
}

/// Whether a table of that name can be created now. A record that must be published or rolled back first, or none. A table that the
/// creation's own record drops is not in the way.
///
/// # Errors
/// [`Error::TableExists`].
pub(crate) fn check_free(
    engine: &Engine,
    ddl: &Ddl,
    name: &str,
    drops: impl Fn(TableId) -> bool,
) -> Result<Option<Lsn>, Error> {
    if let Some(sequenced) = ddl.creating.get(&(is_system(engine), name.to_owned())) {
        return Ok(Some(*sequenced));
    }
    let found = engine.inner.applier.catalog.find(engine.space, name);
    match found.filter(|table| !drops(table.id)) {
        None => Ok(None),
        Some(table) => match table.gate.drop_position() {
            Some(drop) => Ok(Some(drop)),
            None => Err(Error::TableExists {
                name: name.to_owned(),
            }),
        },
    }
}

/// A new table: its number and what is stored of it.
pub(crate) fn new_table(
    engine: &Engine,
    request: &CreateTable,
    ids: &mut Ids,
) -> Result<(TableId, StoredTable), Error> {
    let Inner { clock, rand, .. } = &*engine.inner;
    let id = TableId(ids.next()?);
    let mut definition = request.clone();
    index_ddl::adopt(&mut definition, ids)?;
    stream::adopt(engine, &mut definition, ids)?;
    let stored = StoredTable {
        space: engine.space,
        uuid: new_uuid(&**rand),
        created_micros: clock.now_micros(),
        successor: false,
        definition,
    };
    Ok((id, stored))
}

fn begin_create(engine: &Engine, request: &CreateTable) -> Result<Step<()>, Error> {
    let Inner { applier, shard, .. } = &*engine.inner;
    let mut ddl = applier.catalog.ddl.lock();
    if let Some(sequenced) = check_free(engine, &ddl, &request.name, |_| false)? {
        return Ok(Step::Behind(sequenced));
    }
    let mut ids = Ids(ddl.next_id);
    let (id, stored) = new_table(engine, request, &mut ids)?;
    let mut record = RecordBuilder::with_capacity(512);
    record.catalog(NEXT_TABLE_ID, Some(&ids.0.to_be_bytes()));
    record.catalog(&table_key(TABLE, id), Some(&stored.encode()));
    record.stamped_all(&stream::rows(shard, None, Some(&stored.definition))?);
    if let Some(begun) = &stored.definition.derived.history {
        history::write_beginning(begun.id, &mut record);
    }
    let generation = shard.generation();
    let sequenced = shard.sequence_in(generation, record.finish())?;
    ddl.next_id = ids.0;
    ddl.creating
        .insert((is_system(engine), request.name.clone()), sequenced);
    Ok(Step::Done((), sequenced))
}

/// Waits until a creation or drop of a table of that name is published or rolled back, and clears what it has left: whoever asked for it
/// may be gone.
///
/// # Errors
/// It was rolled back, or that is not known.
pub(crate) async fn clear_name(engine: &Engine, name: &str, sequenced: Lsn) -> Result<(), Error> {
    let outcome = engine.published(sequenced).await;
    forget_creation(engine, name, sequenced);
    if outcome.is_err()
        && let Ok(table) = engine.table(name)
    {
        table.gate.reopen(sequenced);
    }
    outcome
}

/// The creation is published (the catalog has it) or rolled back.
pub(crate) fn forget_creation(engine: &Engine, name: &str, sequenced: Lsn) {
    let name = (is_system(engine), name.to_owned());
    let mut ddl = engine.inner.applier.catalog.ddl.lock();
    if ddl.creating.get(&name) == Some(&sequenced) {
        ddl.creating.remove(&name);
    }
}

/// UpdateTable.
pub(crate) async fn update(
    engine: &Engine,
    name: &str,
    changes: &TableChanges,
) -> Result<Arc<TableDescription>, Error> {
    loop {
        engine.inner.shard.admit().await?;
        let table = engine.table(name)?;
        match begin_update(engine, &table, changes)? {
            Step::Behind(drop) => settle_gate(engine, &table, drop).await?,
            Step::Done((), sequenced) => {
                engine.published(sequenced).await?;
                engine.inner.jobs.notify_one();
                return Ok(table.describe());
            }
        }
    }
}

fn begin_update(engine: &Engine, table: &Table, changes: &TableChanges) -> Result<Step<()>, Error> {
    let Inner { applier, shard, .. } = &*engine.inner;
    let mut ddl = applier.catalog.ddl.lock();
    let mut gate = table.gate.alone();
    if let Some(drop) = gate.drop {
        return Ok(Step::Behind(drop));
    }
    let generation = shard.generation();
    let Some((mut stored, pending)) = newest(shard, table.id)? else {
        return Err(not_found(&table.definition.name));
    };
    let mut ids = Ids(ddl.next_id);
    let mut record = RecordBuilder::with_capacity(512);
    let before = stored.definition.clone();
    let definition = &mut stored.definition;
    if let Err(error) = change(engine, definition, table.id, changes, &mut ids, &mut record) {
        // The refusal may depend on a change that is not durable.
        return pending.map(Step::Behind).ok_or(error);
    }
    if ids.0 != ddl.next_id {
        record.catalog(NEXT_TABLE_ID, Some(&ids.0.to_be_bytes()));
    }
    record.catalog(&table_key(TABLE, table.id), Some(&stored.encode()));
    record.stamped_all(&stream::rows(
        shard,
        Some(&before),
        Some(&stored.definition),
    )?);
    let sequenced = shard.sequence_in(generation, record.finish())?;
    ddl.next_id = ids.0;
    gate.changed = Some((generation, Arc::new(stored.definition)));
    Ok(Step::Done((), sequenced))
}

/// Changes a definition, and writes the rows that follow beside that of the definition itself.
pub(crate) fn change(
    engine: &Engine,
    definition: &mut CreateTable,
    table: TableId,
    changes: &TableChanges,
    ids: &mut Ids,
    record: &mut RecordBuilder,
) -> Result<(), Error> {
    let expected =
        |(name, value): (&String, &Option<String>)| definition.settings.get(name) == value.as_ref();
    if !changes.expected_settings.iter().all(expected) {
        return Err(Error::SettingsChanged);
    }
    for change in &changes.indexes {
        index_ddl::change(definition, table, change, ids, record)?;
    }
    if let Some(attribute) = &changes.ttl {
        index_ddl::change_ttl(definition, table, attribute.as_deref(), ids, record)?;
    }
    if let Some(view) = changes.stream {
        stream::change(engine, definition, view, ids)?;
    }
    if let Some(destination) = &changes.destination {
        stream::change_destination(engine, definition, destination, ids, record)?;
    }
    if let Some(seconds) = changes.history {
        history::change(definition, seconds, ids, record)?;
    }
    if let Some(insights) = &changes.insights {
        let now_micros = engine.inner.clock.now_micros();
        insights::change(definition, table, insights, now_micros)?;
    }
    if let Some(billing_mode) = changes.billing_mode {
        definition.billing_mode = billing_mode;
    }
    if let Some(protection) = changes.deletion_protection {
        definition.deletion_protection = protection;
    }
    if let Some(view) = &changes.view
        && let Some(current) = &mut definition.sql.view
    {
        current.clone_from(view);
    }
    change_columns(definition, &changes.columns);
    change_checks(definition, &changes.checks);
    merge(&mut definition.settings, &changes.settings);
    merge(&mut definition.tags, &changes.tags);
    Ok(())
}

fn change_columns(definition: &mut CreateTable, changes: &[ColumnChange]) {
    let columns = &mut definition.columns;
    for change in changes {
        match change {
            ColumnChange::Put(column) => {
                match columns.iter_mut().find(|known| known.name == column.name) {
                    Some(known) => *known = column.clone(),
                    None => columns.push(column.clone()),
                }
            }
            ColumnChange::Drop(name) => columns.retain(|column| column.name != *name),
        }
    }
}

fn change_checks(definition: &mut CreateTable, changes: &[CheckChange]) {
    let checks = &mut definition.sql.checks;
    for change in changes {
        match change {
            CheckChange::Put(check) => {
                match checks.iter_mut().find(|known| known.name == check.name) {
                    Some(known) => *known = check.clone(),
                    None => checks.push(check.clone()),
                }
            }
            CheckChange::Drop(name) => checks.retain(|check| check.name != *name),
        }
    }
}

/// Marks what was filled as complete. Nothing if it is gone or was complete already.
pub(crate) fn complete(engine: &Engine, table: &Table, id: TableId) -> Result<Option<Lsn>, Error> {
    let Inner { applier, shard, .. } = &*engine.inner;
    let _ddl = applier.catalog.ddl.lock();
    let mut gate = table.gate.alone();
    if gate.drop.is_some() {
        return Ok(None);
    }
    let generation = shard.generation();
    let Some((mut stored, _)) = newest(shard, table.id)? else {
        return Ok(None);
    };
    if !index_ddl::complete(&mut stored.definition, id) {
        return Ok(None);
    }
    let mut record = RecordBuilder::with_capacity(512);
    record.catalog(&table_key(TABLE, table.id), Some(&stored.encode()));
    record.catalog(&table_key(BACKFILL, id), None);
    let sequenced = shard.sequence_in(generation, record.finish())?;
    gate.changed = Some((generation, Arc::new(stored.definition)));
    Ok(Some(sequenced))
}

fn merge(stored: &mut BTreeMap<String, String>, changes: &BTreeMap<String, Option<String>>) {
    for (name, value) in changes {
        match value {
            Some(value) => stored.insert(name.clone(), value.clone()),
            None => stored.remove(name),
        };
    }
}

/// The newest definition of a table, and the record that must be published before an answer that depends on it.
pub(crate) fn newest(
    shard: &Shard,
    id: TableId,
) -> Result<Option<(StoredTable, Option<Lsn>)>, Error> {
    let latest = shard.latest(Role::Catalog, &table_key(TABLE, id))?;
    let Some(value) = latest.value else {
        return Ok(None);
    };
    let stored = StoredTable::decode(&value).map_err(Error::Internal)?;
    Ok(Some((stored, latest.pending)))
}

/// DeleteTable.
pub(crate) async fn delete(engine: &Engine, name: &str) -> Result<Arc<TableDescription>, Error> {
    loop {
        engine.inner.shard.admit().await?;
        let table = engine.table(name)?;
        match begin_delete(engine, &table)? {
            Step::Behind(drop) => settle_gate(engine, &table, drop).await?,
            Step::Done(description, drop) => {
                settle_gate(engine, &table, drop).await?;
                forget_reclaimed(&engine.inner);
                return Ok(description);
            }
        }
    }
}

/// Waits for a drop that was found or left at a gate, and opens the gate again if the drop was rolled back.
pub(crate) async fn settle_gate(engine: &Engine, table: &Table, drop: Lsn) -> Result<(), Error> {
    let outcome = engine.published(drop).await;
    if outcome.is_err() {
        table.gate.reopen(drop);
    }
    outcome
}

fn begin_delete(engine: &Engine, table: &Table) -> Result<Step<Arc<TableDescription>>, Error> {
    let Inner { applier, shard, .. } = &*engine.inner;
    let _ddl = applier.catalog.ddl.lock();
    let mut gate = table.gate.alone();
    if let Some(drop) = gate.drop {
        return Ok(Step::Behind(drop));
    }
    let generation = shard.generation();
    let Some((stored, pending)) = newest(shard, table.id)? else {
        return Err(not_found(&table.definition.name));
    };
    if stored.definition.deletion_protection {
        return match pending {
            Some(change) => Ok(Step::Behind(change)),
            None => Err(Error::DeletionProtected {
                name: stored.definition.name,
            }),
        };
    }
    let mut record = RecordBuilder::with_capacity(256);
    write_drop(table.id, &stored.definition, &mut record);
    record.stamped_all(&stream::rows(shard, Some(&stored.definition), None)?);
    for key in observed_keys(table, generation) {
        record.catalog(&key, None);
    }
    let drop = shard.sequence_in(generation, record.finish())?;
    gate.drop = Some(drop);
    let mut description = TableDescription::clone(&table.describe());
    description.status = TableStatus::Deleting;
    Ok(Step::Done(Arc::new(description), drop))
}

/// Writes the rows of a table's drop, but for what was observed of it.
pub(crate) fn write_drop(id: TableId, definition: &CreateTable, record: &mut RecordBuilder) {
    record.catalog(&table_key(TABLE, id), None);
    record.catalog(&table_key(STATISTICS, id), None);
    record.catalog(&table_key(DROPPED, id), Some(&[]));
    index_ddl::drop_all(definition, record);
}

/// Keys of the rows of what was observed of a table. Under its gate, alone, they are all there will be.
pub(crate) fn observed_keys(table: &Table, generation: Generation) -> Vec<Vec<u8>> {
    let names = table.observed.names(generation);
    let keys = names.iter().map(|name| observed_key(table.id, name));
    keys.collect()
}

/// Deletes the rows of dropped tables of which nothing is left on disk. Nobody waits for it: a row that stays costs a look later.
pub(crate) fn forget_reclaimed(inner: &Inner) {
    let dropped = &inner.applier.catalog.dropped;
    let candidates = dropped.lock().clone();
    for id in candidates {
        let range = id_range(id);
        let gone = |role| matches!(inner.shard.reclaimed(role, &range), Ok(true));
        // Two that come here at once must not both write it.
        if !ROLES_BY_ID.into_iter().all(gone) || !dropped.lock().remove(&id) {
            continue;
        }
        let mut record = RecordBuilder::with_capacity(16);
        record.catalog(&table_key(DROPPED, id), None);
        if inner.shard.sequence(record.finish()).is_err() {
            dropped.lock().insert(id);
        }
    }
}

/// The trees whose keys begin with the number of a table or index.
pub(crate) const ROLES_BY_ID: [Role; 3] = [Role::Items, Role::Indexes, Role::History];

/// The tree keys of a table or index.
pub(crate) fn id_range(id: TableId) -> Range<Bytes> {
    let end = TableId(id.0.saturating_add(1));
    Bytes::copy_from_slice(&table_prefix(id))..Bytes::copy_from_slice(&table_prefix(end))
}

/// Makes the tree key of an item of a table that of the same item in another one.
pub(crate) fn move_to(tree_key: &mut [u8], table: TableId) {
    let prefix = table_prefix(table);
    tree_key[..prefix.len()].copy_from_slice(&prefix);
}

pub(crate) fn is_system(engine: &Engine) -> bool {
    engine.space == Space::System
}

/// A random UUID (version 4).
fn new_uuid(rand: &dyn Rand) -> String {
    let mut bytes = [0; 16];
    rand.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let n = u128::from_be_bytes(bytes);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        n >> 96,
        n >> 80 & 0xffff,
        n >> 64 & 0xffff,
        n >> 48 & 0xffff,
        n & 0xffff_ffff_ffff
    )
}
