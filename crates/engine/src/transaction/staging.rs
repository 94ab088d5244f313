//! Writes in a transaction: decided as everywhere, on what the transaction sees, and staged.
//!
//! Not here: the decisions (`write`, `insert`), which entries follow from an item (`change`).

use super::{Inner, State, Transaction};
use crate::api::{
    CreateTable, DeleteItem, InsertOutcome, OnConflict, PutItem, ReturnValues, UpdateItem,
    WriteOutput,
};
use crate::apply::item_of;
use crate::blocking::blocking_if;
use crate::change::{IndexUnits, entry_units};
use crate::derived::{Index, IndexStatus};
use crate::error::Error;
use crate::index;
use crate::insert::{RowError, Rows, Written, check_rows, is_many};
use crate::observed::Facts;
use crate::read::{At, Opened};
use crate::write::{Decision, Verdict, plan_delete, plan_put, plan_update};
use bytes::Bytes;
use shale_item::{EncodedItem, Item};
use shale_storage::Role;
use std::sync::Arc;

/// The newest command: sees everything that is staged.
const NOW: u64 = u64::MAX;

/// Whether what a write sees counts as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Noted,
    /// The write is the same whatever was there.
    Blind,
}

impl Transaction {
    /// Stages a PutItem. Without a condition and return values it is blind: it does not conflict with other writes of the item, and
    /// `existed` and `capacity` of the answer tell of the snapshot.
    ///
    /// # Errors
    /// As [`crate::Engine::put_item`], but for those of writing; [`Error::TransactionEnded`], [`Error::ReadOnlyTransaction`].
    pub fn put_item(&self, request: &PutItem) -> Result<WriteOutput, Error> {
        let opened = self.writable(&request.table)?;
        let (tree_key, decide) = plan_put(&opened.table, request)?;
        let blind = request.condition.is_none() && request.return_values == ReturnValues::None;
        let reading = match blind {
            true => Reading::Blind,
            false => Reading::Noted,
        };
        self.inner.stage(&opened, tree_key, reading, decide)
    }

    /// Stages an UpdateItem.
    ///
    /// # Errors
    /// As [`crate::Engine::update_item`], but for those of writing; [`Error::TransactionEnded`], [`Error::ReadOnlyTransaction`].
    pub fn update_item(&self, request: &UpdateItem) -> Result<WriteOutput, Error> {
        let opened = self.writable(&request.table)?;
        let (tree_key, decide) = plan_update(&opened.table, request)?;
        self.inner.stage(&opened, tree_key, Reading::Noted, decide)
    }

    /// Stages a DeleteItem.
    ///
    /// # Errors
    /// As [`crate::Engine::delete_item`], but for those of writing; [`Error::TransactionEnded`], [`Error::ReadOnlyTransaction`].
    pub fn delete_item(&self, request: &DeleteItem) -> Result<WriteOutput, Error> {
        let opened = self.writable(&request.table)?;
        let (tree_key, decide) = plan_delete(&opened.table, request)?;
        self.inner.stage(&opened, tree_key, Reading::Noted, decide)
    }

    /// Stages the insert of all items or of none, as [`crate::Engine::insert_all`].
    ///
    /// # Errors
    /// The error of the first item that fails, with its position; 0 for what concerns the whole.
    pub fn insert_all(
        &self,
        table: &str,
        items: Vec<(Item, OnConflict)>,
    ) -> Result<Vec<InsertOutcome>, (usize, Error)> {
        let whole = |error: Error| (0, error);
        let opened = self.writable(table).map_err(whole)?;
        let many = is_many(items.len());
        let Rows { rows, large } = blocking_if(many, || check_rows(&opened.table, items))?;
        blocking_if(large, || {
            let mut state = self.inner.live().map_err(whole)?;
            let mut written = Written::default();
            let mut outcomes = Vec::with_capacity(rows.len());
            for (position, row) in rows.iter().enumerate() {
                let at = |error: Error| -> RowError { (position, error) };
                let old = self.inner.image(&mut state, &row.tree_key, Reading::Noted);
                let outcome = written.insert(row, old.map_err(at)?);
                outcomes.push(outcome.map_err(at)?);
            }
            for (position, put) in written.puts.iter().enumerate() {
                let checked = index::check(&opened.definition, put.new.view());
                checked.map_err(|error| (position, error))?;
            }
            let writes = written.puts.into_iter().map(|put| {
                let key = Bytes::copy_from_slice(put.tree_key);
                (key, put.old, Some(put.new))
            });
            let written = self.inner.write(&mut state, &opened, writes);
            written.map_err(whole)?;
            Ok(outcomes)
        })
    }

    /// The table of that name, for a write.
    pub(super) fn writable(&self, table: &str) -> Result<Opened, Error> {
        if self.inner.read_only {
            return Err(Error::ReadOnlyTransaction);
        }
        At::View(&self.view()).open(table)
    }
}

impl Inner {
    /// One write: decides on the item that the transaction sees, and stages what comes of it.
    fn stage(
        &self,
        opened: &Opened,
        tree_key: Vec<u8>,
        reading: Reading,
        decide: impl Fn(Option<&EncodedItem>) -> Decision,
    ) -> Result<WriteOutput, Error> {
        let mut state = self.live()?;
        let old = self.image(&mut state, &tree_key, reading)?;
        let Decision { verdict, answer } = decide(old.as_ref());
        let new = match verdict {
            Verdict::Keep => return answer,
            Verdict::Put(item) => {
                index::check(&opened.definition, item.view())?;
                Some(item)
            }
            Verdict::Delete => None,
        };
        let write = (Bytes::from(tree_key), old, new);
        let index_capacity = self.write(&mut state, opened, std::iter::once(write))?;
        answer.map(|output| WriteOutput {
            index_capacity,
            ..output
        })
    }

    /// What the transaction sees under a key of the items tree.
    fn image(
        &self,
        state: &mut State,
        tree_key: &[u8],
        reading: Reading,
    ) -> Result<Option<EncodedItem>, Error> {
        if let Some(staged) = state.overlay.item(tree_key, NOW) {
            return Ok(staged);
        }
        if reading == Reading::Noted {
            state.reads.add_key(Role::Items, tree_key);
        }
        let value = self.snapshot.get(Role::Items, tree_key)?;
        Ok(value.map(item_of).transpose()?)
    }

    /// Stages items, given before and after, and the entries of indexes that follow; all or, beyond a limit, none. Answers the write units
    /// of the indexes.
    fn write(
        &self,
        state: &mut State,
        opened: &Opened,
        writes: impl Iterator<Item = (Bytes, Option<EncodedItem>, Option<EncodedItem>)>,
    ) -> Result<IndexUnits, Error> {
        let table = &opened.table;
        let generation = self.engine.inner.shard.generation();
        let mut news = Facts::new();
        let before = state.begin_command();
        let mut units = IndexUnits::new();
        for (key, old, new) in writes {
            units.extend(state.stage_entries(&opened.definition, old.as_ref(), new.as_ref()));
            if let Some(new) = &new {
                table.observed.news(generation, new.view(), &mut news);
            }
            state.overlay.set_item(key, new, state.command);
        }
        state.end_command(before)?;
        let written = state.written.entry(table.id);
        written.or_insert_with(|| Arc::clone(table));
        if !news.is_empty() {
            self.learn(state, table.id, news);
        }
        Ok(units)
    }
}

impl State {
    /// Begins a command that writes. Answers the one before it.
    pub(super) fn begin_command(&mut self) -> u64 {
        self.command += 1;
        self.command - 1
    }

    /// Ends it; beyond a limit it has not been.
    pub(super) fn end_command(&mut self, before: u64) -> Result<(), Error> {
        if let Err(limit) = self.overlay.check().and_then(|()| self.take_memory()) {
            self.overlay.undo_above(before);
            return Err(limit);
        }
        // What a savepoint goes back to stays, and what a view that is alive may still read.
        let kept = match Arc::strong_count(&self.views) {
            1 => self.savepoints.last().copied().unwrap_or(0),
            _ => before,
        };
        self.overlay.collapse(self.command, kept);
        Ok(())
    }

    /// Stages what becomes of an item's entries in the indexes that can be read. Answers the write units.
    pub(super) fn stage_entries(
        &mut self,
        definition: &CreateTable,
        old: Option<&EncodedItem>,
        new: Option<&EncodedItem>,
    ) -> IndexUnits {
        let mut units = IndexUnits::new();
        let active = |index: &&Index| index.status == IndexStatus::Active;
        for index in definition.derived.indexes.iter().filter(active) {
            let entry = |item: Option<&EncodedItem>| index::entry(definition, index, item?);
            let (old, new) = (entry(old), entry(new));
            if old == new {
                continue;
            }
            units.push((index.name.clone(), entry_units(old.as_ref(), new.as_ref())));
            if let Some(old) = old {
                self.overlay.set_entry(old.key.into(), None, self.command);
            }
            if let Some(new) = new {
                self.overlay
                    .set_entry(new.key.into(), Some(new.item), self.command);
            }
        }
        units
    }
}
