//! The end of a transaction: one record, validated.
//!
//! Not here: what follows from items (`change`), the validation itself (`storage`).

use super::definitions::Changes;
use super::overlay::Overlay;
use super::turn::{Contended, ROWS_MAX};
use super::{Inner, Transaction};
use crate::blocking::blocking_if;
use crate::catalog::Table;
use crate::change::{CatalogRow, Change, Changed, NotSequenced, StampedRow};
use crate::collection::latch_key;
use crate::definition::{CatalogKey, NEXT_TABLE_ID, parse_key};
use crate::engine::{Decided, Engine, Inner as Shared};
use crate::error::Error;
use crate::gate::{self, Open};
use crate::insert::is_many;
use crate::insights;
use crate::record::table_of;
use crate::section::Section;
use crate::stream;
use crate::table_ddl;
use crate::write::current;
use bytes::Bytes;
use shale_item::{EncodedItem, TableId};
use shale_storage::{ActiveTransaction, Generation, Lsn, ReadSet, Role, StorageError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a transaction leaves to be written.
struct Staged {
    active: ActiveTransaction,
    reads: ReadSet,
    overlay: Overlay,
    tables: BTreeMap<TableId, Arc<Table>>,
    changes: Changes,
}

/// What a look under the latches came to.
enum Attempt {
    /// Everything is on its way, or there was nothing to write.
    Done,
    /// Another record about one of the names must be published or rolled back first.
    Behind,
    /// It cannot be.
    Refused(Error),
}

impl Transaction {
    /// Writes what was staged, if nothing that the transaction has read was written by others meanwhile; answers once it is durable.
    /// Whatever the answer, the transaction has ended. One that wrote nothing does not conflict.
    ///
    /// # Errors
    /// [`Error::SerializationConflict`]; [`Error::TableExists`] if a name was taken meanwhile; [`Error::TransactionEnded`];
    /// [`Error::ItemCollectionTooLarge`];
    /// [`Error::KeyContention`], or the shard's. Nothing was written then, unless the error says that the outcome is unknown.
    pub async fn commit(&self) -> Result<(), Error> {
        let Inner { engine, place, .. } = &*self.inner;
        // Until it is published: whoever is next would be refused before.
        let _turn = place.leave();
        let rows = self.written_rows();
        match self.sequence().await {
            Ok(sequenced) => engine.finish(sequenced).await,
            Err(Refusal::Conflict { written }) => {
                place.refused_over(self.overtaken(&rows));
                // The answer tells of that record, and whoever tries again must see it.
                if let Some(written) = written {
                    let _ = engine.published(written).await;
                }
                Err(Error::SerializationConflict)
            }
            Err(Refusal::Other(error)) => Err(error),
        }
    }

    /// Keys of rows that are staged, some at most; none if the transaction has ended.
    fn written_rows(&self) -> Vec<Bytes> {
        let Ok(state) = self.inner.live() else {
            return Vec::new();
        };
        let keys = state.overlay.items().take(ROWS_MAX);
        keys.map(|(key, _)| key.clone()).collect()
    }

    /// Those rows that others have written since the snapshot.
    fn overtaken(&self, tree_keys: &[Bytes]) -> Contended {
        let Inner {
            engine, snapshot, ..
        } = &*self.inner;
        let is_overtaken = |key: &&Bytes| {
            let then = snapshot.get(Role::Items, key);
            let now = engine.inner.shard.latest(Role::Items, key);
            matches!((then, now), (Ok(then), Ok(now)) if then != now.value)
        };
        Contended::of(tree_keys.iter().filter(is_overtaken).map(|key| &key[..]))
    }

    /// A commit but for waiting.
    pub(super) async fn sequence(&self) -> Result<Sequenced, Refusal> {
        let staged = {
            let mut state = self.inner.state.lock();
            match state.end() {
                Some((active, reads, overlay)) => Staged {
                    active,
                    reads,
                    changes: state.definitions.changes(&overlay),
                    overlay,
                    tables: std::mem::take(&mut state.written),
                },
                None if self.inner.read_only => return Ok(Sequenced::default()),
                None => return Err(Error::TransactionEnded.into()),
            }
        };
        let after = match staged.overlay.is_empty() {
            true => None,
            false => self.inner.engine.sequence_staged(&staged).await?,
        };
        Ok(Sequenced {
            after: after.or_else(|| staged.active.depends_on()),
            written: after.is_some(),
            changes: staged.changes,
        })
    }
}

/// A transaction whose record is on its way.
#[derive(Debug, Default)]
pub(super) struct Sequenced {
    /// What must be published before anybody is told.
    after: Option<Lsn>,
    /// Whether that is its own record.
    pub(super) written: bool,
    changes: Changes,
}

/// Why a transaction was not sequenced.
#[derive(Debug)]
pub(super) enum Refusal {
    /// What it has read is not current.
    Conflict {
        /// The record that has written it, if that is known.
        written: Option<Lsn>,
    },
    Other(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::Storage(StorageError::Conflict { written }) => Refusal::Conflict { written },
            // A table that was there for the transaction is there no more.
            Error::TableNotFound { .. } => Refusal::Conflict { written: None },
            other => Refusal::Other(other),
        }
    }
}

impl Staged {
    /// The items that are written, by tree key: not those of tables that are gone.
    fn items(&self) -> impl Iterator<Item = (TableId, &Bytes, Option<&EncodedItem>)> {
        self.overlay.items().filter_map(|(key, item)| {
            let table = table_of(key)?;
            self.changes.keeps(table).then_some((table, key, item))
        })
    }

    /// The rows of the catalog that are written: values first, so that a name that passes from a table to its successor always means
    /// one of them.
    fn rows(&self, gone: Vec<Vec<u8>>, next_id: Option<u32>) -> Vec<CatalogRow> {
        let never = &self.changes.never;
        let staged = self.overlay.rows();
        let staged = staged.filter(|(key, _)| match parse_key(key) {
            Ok(CatalogKey::Table(id) | CatalogKey::Observed(id, _)) => !never.contains(&id),
            _ => true,
        });
        let staged = staged.map(|(key, value)| (key.to_vec(), value.map(|value| value.to_vec())));
        let next_id = next_id.map(|id| (NEXT_TABLE_ID.to_vec(), Some(id.to_be_bytes().to_vec())));
        let gone = gone.into_iter().map(|key| (key, None));
        let mut rows: Vec<CatalogRow> = next_id.into_iter().chain(staged).chain(gone).collect();
        rows.sort_by_key(|(_, value)| value.is_none());
        rows
    }
}

impl Engine {
    /// Waits until a transaction is published.
    pub(super) async fn finish(&self, sequenced: Sequenced) -> Result<(), Error> {
        let Some(lsn) = sequenced.after else {
            return Ok(());
        };
        let outcome = self.published(lsn).await;
        if !sequenced.changes.is_empty() {
            self.end_changes(&sequenced.changes, lsn, outcome.is_ok());
        }
        outcome
    }

    async fn sequence_staged(&self, staged: &Staged) -> Result<Option<Lsn>, Error> {
        let large = is_many(staged.items().count());
        let section = || blocking_if(large, || self.commit_section(staged));
        loop {
            match self.run_section(section).await? {
                Decided {
                    after,
                    answer: Attempt::Done,
                } => return Ok(after),
                Decided {
                    after,
                    answer: Attempt::Refused(error),
                } => {
                    if let Some(pending) = after {
                        self.published(pending).await?;
                    }
                    return Err(error);
                }
                // Whether it was published or rolled back, the way is free then.
                Decided {
                    after,
                    answer: Attempt::Behind,
                } => {
                    for opened in staged.changes.created.values() {
                        if let Some(other) = after {
                            let name = &opened.definition.name;
                            let _ = table_ddl::clear_name(self, name, other).await;
                        }
                    }
                }
            }
        }
    }

    /// Changes of definitions are published, or rolled back.
    fn end_changes(&self, changes: &Changes, lsn: Lsn, published: bool) {
        for opened in changes.created.values() {
            table_ddl::forget_creation(self, &opened.definition.name, lsn);
        }
        if !published {
            let dropped = changes.dropped.values();
            dropped.for_each(|table| table.gate.reopen(lsn));
            return;
        }
        if !changes.dropped.is_empty() {
            table_ddl::forget_reclaimed(&self.inner);
        }
        self.inner.jobs.notify_one();
    }

    /// The synchronous part, under the latches of all keys and inside the gates of all tables.
    fn commit_section<'t>(&self, staged: &'t Staged) -> Result<Section<'t, Attempt>, Error> {
        let Shared { shard, applier, .. } = &*self.inner;
        let keys = staged
            .items()
            .map(|(id, key, _)| match staged.tables.get(&id) {
                Some(table) => latch_key(table, key),
                None => &key[..],
            });
        let latch = self.inner.latches.hold_all(keys)?;
        let changes = &staged.changes;
        let mut ddl = (!changes.is_empty()).then(|| applier.catalog.ddl.lock());
        if let Some(ddl) = &ddl {
            for opened in changes.created.values() {
                let drops = |id| changes.dropped.contains_key(&id);
                let name = &opened.definition.name;
                if let Some(other) = table_ddl::check_free(self, ddl, name, drops)? {
                    return Ok(Section::Decided(Decided {
                        after: Some(other),
                        answer: Attempt::Behind,
                    }));
                }
            }
        }
        // IMPORTANT: before the first read, so that a rollback after it is noticed.
        let generation = shard.generation();
        let mut gates = match enter_gates(staged, generation) {
            Ok(gates) => gates,
            Err((table, drop)) => return Ok(Section::Dropping(table, drop)),
        };
        let dropped = changes.dropped.values();
        let gone = dropped.flat_map(|table| table_ddl::observed_keys(table, generation));
        let next_id = ddl.as_ref().map(|ddl| ddl.next_id);
        let rows = staged.rows(gone.collect(), next_id.filter(|_| changes.numbered));
        let items = self.changes_of(staged, &gates)?;
        let after = match items.is_empty() && rows.is_empty() {
            true => None,
            false => {
                let stamped = self.stream_rows(changes)?;
                match self.sequence_record(generation, staged, &items, &rows, &stamped) {
                    Ok(changed) => {
                        insights::wrote_changes(&self.inner, &items);
                        Some(changed.lsn)
                    }
                    Err(NotSequenced::TooLarge(too_large)) => {
                        return Ok(Section::Decided(Decided {
                            after: too_large.pending,
                            answer: Attempt::Refused(too_large.error),
                        }));
                    }
                    Err(NotSequenced::Other(error)) => return Err(error),
                }
            }
        };
        drop(items);
        if let (Some(lsn), Some(ddl)) = (after, &mut ddl) {
            for (id, open) in &mut gates {
                match changes.dropped.contains_key(id) {
                    true => open.close(lsn),
                    false => open.redefine(generation),
                }
            }
            for opened in changes.created.values() {
                let name = (table_ddl::is_system(self), opened.definition.name.clone());
                ddl.creating.insert(name, lsn);
            }
        }
        drop((gates, ddl, latch));
        self.after_write();
        Ok(Section::Decided(Decided {
            after,
            answer: Attempt::Done,
        }))
    }

    /// The rows of streams that are switched on or off. A definition that has changed since the snapshot fails the validation.
    fn stream_rows(&self, changes: &Changes) -> Result<Vec<StampedRow>, Error> {
        let shard = &self.inner.shard;
        let mut rows = Vec::new();
        for opened in changes.created.values() {
            rows.extend(stream::rows(shard, None, Some(&opened.definition))?);
        }
        for opened in changes.changed.values() {
            let before = opened.table.current();
            rows.extend(stream::rows(
                shard,
                Some(&before),
                Some(&opened.definition),
            )?);
        }
        for table in changes.dropped.values() {
            rows.extend(stream::rows(shard, Some(&table.current()), None)?);
        }
        Ok(rows)
    }

    /// The staged items as changes of what is there now: unchanged since it was read, or the validation fails.
    fn changes_of<'t>(
        &self,
        staged: &'t Staged,
        gates: &'t BTreeMap<TableId, Open<'t>>,
    ) -> Result<Vec<Change<'t>>, Error> {
        let mut changes = Vec::new();
        for (table, tree_key, new) in staged.items() {
            let table = gates.get(&table).ok_or_else(|| {
                Error::Internal("a staged item of a table that was not written".to_owned())
            })?;
            let old = current(self.inner.shard.latest(Role::Items, tree_key)?)?;
            if old.is_some() || new.is_some() {
                changes.push(Change {
                    table,
                    tree_key,
                    old,
                    new: new.cloned(),
                    by_service: false,
                });
            }
        }
        Ok(changes)
    }

    fn sequence_record(
        &self,
        generation: Generation,
        staged: &Staged,
        changes: &[Change<'_>],
        rows: &[CatalogRow],
        stamped: &[StampedRow],
    ) -> Result<Changed, NotSequenced> {
        let Shared {
            shard,
            validate_transactions,
            ..
        } = &*self.inner;
        let sequence = |record| match validate_transactions {
            true => shard.sequence_validated(generation, &staged.active, &staged.reads, record),
            false => shard.sequence_in(generation, record),
        };
        self.sequence_changes_by(generation, changes, rows, stamped, sequence)
    }
}

/// Enters the gates of all tables, in the order of their ids: alone where the definition changes.
fn enter_gates(
    staged: &Staged,
    generation: Generation,
) -> Result<BTreeMap<TableId, Open<'_>>, (&Table, Lsn)> {
    let Changes {
        created,
        changed,
        dropped,
        ..
    } = &staged.changes;
    let written = staged
        .tables
        .iter()
        .filter(|(id, _)| staged.changes.keeps(**id));
    let mut tables: BTreeMap<TableId, &Arc<Table>> =
        written.map(|(id, table)| (*id, table)).collect();
    tables.extend(dropped.iter().map(|(id, table)| (*id, table)));
    let redefined = || created.iter().chain(changed);
    tables.extend(redefined().map(|(id, opened)| (*id, &opened.table)));
    let mut gates = BTreeMap::new();
    for (id, table) in tables {
        let redefined = created.get(&id).or_else(|| changed.get(&id));
        let open = match redefined {
            Some(opened) => gate::enter_alone(table, Arc::clone(&opened.definition)),
            None if dropped.contains_key(&id) => gate::enter_alone(table, table.current()),
            None => gate::enter(table, generation),
        };
        gates.insert(id, open.map_err(|drop| (&**table, drop))?);
    }
    Ok(gates)
}
