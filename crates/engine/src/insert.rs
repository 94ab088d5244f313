//! Atomic insert of many items: one record for all of them.
//!
//! Not here: independent writes (`batch`).

use crate::api::{InsertOutcome, OnConflict};
use crate::blocking::blocking_if;
use crate::capacity::write_units;
use crate::catalog::Table;
use crate::change::{Change, NotSequenced};
use crate::collection::latch_key;
use crate::engine::{Decided, Engine};
use crate::error::{Error, LimitKind};
use crate::gate::{self, Open};
use crate::insights;
use crate::limits::{RECORD_BYTES_MAX, RECORD_ROWS_MAX, encode_checked};
use crate::section::{Section, Successions};
use crate::table_ddl::move_to;
use crate::write::{apply_update, check_targets, current, holds};
use rustc_hash::FxHashSet;
use shale_item::{EncodedItem, Item, encode_key};
use shale_storage::{Lsn, Role};

/// Rows from which on an insert is long work for the thread that runs it.
const ROWS_LARGE: usize = 64;
/// Bytes of items from which on it is.
const BYTES_LARGE: usize = 256 * 1024;

/// One item, checked and encoded.
pub(crate) struct Row {
    pub(crate) tree_key: Vec<u8>,
    key: Item,
    item: Item,
    encoded: EncodedItem,
    on_conflict: OnConflict,
}

/// A row's error and position.
pub(crate) type RowError = (usize, Error);

/// What an insert answers.
type Inserted = Result<Vec<InsertOutcome>, RowError>;

/// The rows of one insert.
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    pub(crate) large: bool,
}

impl Engine {
    /// Inserts all items or none, in one record: a multi-row INSERT. An item whose key exists (also earlier in the same call) meets
    /// its [`OnConflict`]. There may be 65,536 items, with 16 MB together.
    ///
    /// # Errors
    /// The error of the first item that fails, with its position; 0 for what concerns the whole.
    pub async fn insert_all(
        &self,
        table: &str,
        items: Vec<(Item, OnConflict)>,
    ) -> Result<Vec<InsertOutcome>, (usize, Error)> {
        let whole = |error: Error| (0, error);
        let mut table = self.table(table).map_err(whole)?;
        let many = is_many(items.len());
        let Rows { mut rows, large } = blocking_if(many, || check_rows(&table, items))?;
        let mut successions = Successions::default();
        let decided = loop {
            let section = || blocking_if(large, || self.insert_section(&table, &rows));
            match self.run_section(section).await {
                Err(error) if successions.has_another(self, &error) => {}
                decided => break decided.map_err(whole)?,
            }
            table = self.table(&table.definition.name).map_err(whole)?;
            let id = table.id;
            rows.iter_mut()
                .for_each(|row| move_to(&mut row.tree_key, id));
        };
        if let Some(lsn) = decided.after {
            self.published(lsn).await.map_err(whole)?;
        }
        decided.answer
    }

    /// The synchronous part, under the latches of all keys.
    fn insert_section<'t>(
        &self,
        table: &'t Table,
        rows: &[Row],
    ) -> Result<Section<'t, Inserted>, Error> {
        let shard = &self.inner.shard;
        let latches = &self.inner.latches;
        let latch = latches.hold_all(rows.iter().map(|row| latch_key(table, &row.tree_key)))?;
        // IMPORTANT: before the first read, so that a rollback after it is noticed.
        let generation = shard.generation();
        let table = match gate::enter(table, generation) {
            Ok(table) => table,
            Err(drop) => return Ok(Section::Dropping(table, drop)),
        };
        let mut written = Written::default();
        let mut outcomes = Vec::with_capacity(rows.len());
        for (position, row) in rows.iter().enumerate() {
            let latest = shard.latest(Role::Items, &row.tree_key)?;
            written.depends_on(latest.pending);
            match written.insert(row, current(latest)?) {
                Ok(outcome) => {
                    if let InsertOutcome::Skipped = outcome {
                        row.refused(self, table.table);
                    }
                    outcomes.push(outcome);
                }
                Err(error) => {
                    if let Error::ItemExists { .. } = error {
                        row.refused(self, table.table);
                    }
                    let after = written.pending;
                    let answer = Err((position, error));
                    return Ok(Section::Decided(Decided { after, answer }));
                }
            }
        }
        let after = if written.puts.is_empty() {
            written.pending
        } else {
            let changes = written.puts.into_iter().map(|put| put.into_change(&table));
            let changes: Vec<_> = changes.collect();
            match self.sequence_changes(generation, &changes) {
                Ok(changed) => {
                    insights::wrote_changes(&self.inner, &changes);
                    Some(changed.lsn)
                }
                Err(NotSequenced::TooLarge(too_large)) => {
                    let after = written.pending.max(too_large.pending);
                    let answer = Err((0, too_large.error));
                    return Ok(Section::Decided(Decided { after, answer }));
                }
                Err(NotSequenced::Other(error)) => return Err(error),
            }
        };
        drop((table, latch));
        self.after_write();
        let answer = Ok(outcomes);
        Ok(Section::Decided(Decided { after, answer }))
    }
}

impl Row {
    /// It was refused, which costs what writing it would have.
    fn refused(&self, engine: &Engine, table: &Table) {
        let units = write_units(0, self.encoded.size());
        insights::wrote(&engine.inner, table, &self.tree_key, units);
    }
}

/// What one call has written so far.
#[derive(Default)]
pub(crate) struct Written<'a> {
    keys: FxHashSet<&'a [u8]>,
    pub(crate) puts: Vec<Put<'a>>,
    /// The newest pending write that something was read from.
    pending: Option<Lsn>,
}

impl<'a> Written<'a> {
    fn depends_on(&mut self, pending: Option<Lsn>) {
        self.pending = self.pending.max(pending);
    }

    /// What becomes of a row, given the item that was under its key before the call.
    pub(crate) fn insert(
        &mut self,
        row: &'a Row,
        old: Option<EncodedItem>,
    ) -> Result<InsertOutcome, Error> {
        let mine = self.keys.contains(row.tree_key.as_slice());
        match (&row.on_conflict, old) {
            (_, None) if !mine => {
                self.put(row, None, row.encoded.clone());
                Ok(InsertOutcome::Inserted(row.item.clone()))
            }
            (OnConflict::Fail, _) => Err(Error::ItemExists {
                key: row.key.clone(),
            }),
            (OnConflict::Skip, _) => Ok(InsertOutcome::Skipped),
            (OnConflict::Update { .. }, _) if mine => Err(Error::SameKeyTwice),
            (OnConflict::Update { update, condition }, old) => {
                if !holds(condition.as_ref(), old.as_ref()) {
                    return Ok(InsertOutcome::Skipped);
                }
                let before = old.as_ref().map(EncodedItem::to_item);
                let item = apply_update(&row.key, Some(update), before.as_ref())?;
                let encoded = encode_checked(&item)?;
                self.put(row, old, encoded);
                Ok(InsertOutcome::Updated(item))
            }
        }
    }

    fn put(&mut self, row: &'a Row, old: Option<EncodedItem>, new: EncodedItem) {
        let tree_key = row.tree_key.as_slice();
        self.keys.insert(tree_key);
        self.puts.push(Put { tree_key, old, new });
    }
}

/// An item to write.
pub(crate) struct Put<'a> {
    pub(crate) tree_key: &'a [u8],
    pub(crate) old: Option<EncodedItem>,
    pub(crate) new: EncodedItem,
}

impl<'a> Put<'a> {
    fn into_change(self, table: &'a Open<'a>) -> Change<'a> {
        Change {
            table,
            tree_key: self.tree_key,
            old: self.old,
            new: Some(self.new),
            by_service: false,
        }
    }
}

/// Whether that many rows are long work for the thread that goes through them.
pub(crate) fn is_many(rows: usize) -> bool {
    rows >= ROWS_LARGE
}

/// Checks and encodes the rows of one insert.
pub(crate) fn check_rows(table: &Table, items: Vec<(Item, OnConflict)>) -> Result<Rows, RowError> {
    if items.len() > RECORD_ROWS_MAX {
        let limit = Error::Limit {
            kind: LimitKind::InsertRows,
            actual: items.len(),
            limit: RECORD_ROWS_MAX,
        };
        return Err((RECORD_ROWS_MAX, limit));
    }
    let mut bytes = 0;
    let mut rows = Vec::with_capacity(items.len());
    for (position, (item, on_conflict)) in items.into_iter().enumerate() {
        let at = |error: Error| (position, error);
        let key_schema = &table.definition.key_schema;
        let key = key_schema.key_of(&item).map_err(|error| at(error.into()))?;
        if let OnConflict::Update { update, .. } = &on_conflict {
            check_targets(table, update).map_err(at)?;
        }
        let encoded = encode_checked(&item).map_err(at)?;
        let tree_key = encode_key(table.id, &key);
        bytes += tree_key.len() + encoded.as_bytes().len();
        if bytes > RECORD_BYTES_MAX {
            return Err(at(Error::Limit {
                kind: LimitKind::InsertSize,
                actual: bytes,
                limit: RECORD_BYTES_MAX,
            }));
        }
        rows.push(Row {
            tree_key,
            key: key_schema.to_attributes(&key),
            item,
            encoded,
            on_conflict,
        });
    }
    let large = is_many(rows.len()) || bytes >= BYTES_LARGE;
    Ok(Rows { rows, large })
}
