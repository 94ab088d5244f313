//! Tables that a transaction creates, changes and drops.
//!
//! Not here: what changes mean (`table_ddl`, `index_ddl`), writing them (`commit`).
//!
//! A name means what it did in the snapshot until the transaction gives it another meaning; rows of the catalog are staged beside that.
//! Numbers are taken when a change is staged; a transaction that is given up leaves a gap.
//!
//! Invariants:
//! * A table that is changed or dropped is one that the snapshot has, unchanged since, or the validation fails. That a new name is free
//!   is checked when the record is sequenced.
//! * Indexes of a table that the transaction has created are complete at once; others are filled behind the commit.

use super::overlay::Overlay;
use super::{Inner, State, Transaction, Within};
use crate::api::{CreateTable, TableChanges, TableDescription, TableStatus};
use crate::catalog::Table;
use crate::definition::{HISTORY, StoredTable, TABLE, encode_observed, observed_key, table_key};
use crate::engine::{Engine, ReadView, not_found};
use crate::error::Error;
use crate::history;
use crate::index;
use crate::index_ddl::{self, Ids};
use crate::observed::{Facts, NAMES_MAX, merge};
use crate::read::{At, Opened, open_in};
use crate::record::{Operation, RecordBuilder, operations};
use crate::table_ddl::{self, id_range};
use bytes::Bytes;
use shale_item::TableId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Versions of what only a transaction sees: no published version is one of them.
const STAGED_VERSION: u64 = 1 << 63;

/// What the changes of definitions leave besides the staged versions.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// What names meant in the snapshot that the transaction has given another meaning.
    before: BTreeMap<String, Option<Opened>>,
    /// Tables that the transaction has created, also those that it has dropped again.
    pub(super) created: BTreeSet<TableId>,
    /// Whether numbers were taken.
    numbered: bool,
    /// What staged items show beyond what is published of their tables.
    pub(super) facts: BTreeMap<TableId, Facts>,
    /// Changes with the definitions and facts; none as long as there are none.
    version: Option<u64>,
}

/// What the staged changes come to.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) created: BTreeMap<TableId, Opened>,
    pub(super) changed: BTreeMap<TableId, Opened>,
    pub(super) dropped: BTreeMap<TableId, Arc<Table>>,
    /// Tables that were created and dropped: nobody will ever see them.
    pub(super) never: BTreeSet<TableId>,
    /// Whether the number that the next table gets has changed.
    pub(super) numbered: bool,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.dropped.is_empty()
    }

    /// Whether items of that table are written.
    pub(super) fn keeps(&self, table: TableId) -> bool {
        !self.dropped.contains_key(&table) && !self.never.contains(&table)
    }
}

impl Definitions {
    /// What the staged changes come to.
    pub(super) fn changes(&self, overlay: &Overlay) -> Changes {
        let mut changes = Changes {
            never: self.created.clone(),
            numbered: self.numbered,
            ..Changes::default()
        };
        for (name, now) in overlay.names() {
            let before = std::str::from_utf8(name).ok();
            let before = before.and_then(|name| self.before.get(name)?.as_ref());
            if let Some(before) = before
                && now.is_none_or(|now| now.table.id != before.table.id)
            {
                let table = Arc::clone(&before.table);
                changes.dropped.insert(table.id, table);
            }
            if let Some(now) = now {
                let id = now.table.id;
                let into = match changes.never.remove(&id) {
                    true => &mut changes.created,
                    false => &mut changes.changed,
                };
                into.insert(id, now.clone());
            }
        }
        changes
    }
}

impl Transaction {
    /// Stages a new table. Its name is checked again at the commit.
    ///
    /// # Errors
    /// [`Error::TableExists`], [`Error::InvalidTableName`], [`Error::IndexRefused`]; [`Error::TransactionEnded`],
    /// [`Error::ReadOnlyTransaction`].
    pub fn create_table(&self, request: &CreateTable) -> Result<Arc<TableDescription>, Error> {
        let inner = &*self.inner;
        if inner.read_only {
            return Err(Error::ReadOnlyTransaction);
        }
        let name = &request.name;
        table_ddl::check_name(name)?;
        let view = self.view();
        let before = match open_in(&view, name) {
            Ok(opened) => Some(opened),
            Err(Error::TableNotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let mut state = inner.live()?;
        let taken = match state.overlay.name(name, u64::MAX) {
            Some(now) => now.is_some(),
            // Also one that was created since: it will still be there.
            None => before.is_some() || inner.engine.relation(name).is_ok(),
        };
        if taken {
            return Err(Error::TableExists { name: name.clone() });
        }
        let (id, stored) =
            inner.numbered(|ids| table_ddl::new_table(&inner.engine, request, ids))?;
        let opened = inner.stage_table(&mut state, id, stored, Facts::new())?;
        state.definitions.meant(name, before);
        Ok(state.describe(&opened))
    }

    /// Stages the drop of a table.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::DeletionProtected`]; [`Error::TransactionEnded`], [`Error::ReadOnlyTransaction`].
    pub fn delete_table(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        let opened = self.writable(name)?;
        self.drop_relation(name, &opened)
    }

    /// Stages the drop of a view of SQL.
    ///
    /// # Errors
    /// [`Error::TableNotFound`]; [`Error::TransactionEnded`], [`Error::ReadOnlyTransaction`].
    pub fn delete_view(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        let opened = self.relation(name)?;
        match opened.table.is_view() {
            true => self.drop_relation(name, &opened),
            false => Err(not_found(name)),
        }
    }

    /// The table or view of that name, to change it.
    fn relation(&self, name: &str) -> Result<Opened, Error> {
        match self.inner.read_only {
            true => Err(Error::ReadOnlyTransaction),
            false => At::View(&self.view()).open_relation(name),
        }
    }

    fn drop_relation(&self, name: &str, opened: &Opened) -> Result<Arc<TableDescription>, Error> {
        let table = &opened.table;
        if opened.definition.deletion_protection {
            return Err(Error::DeletionProtected {
                name: name.to_owned(),
            });
        }
        let mut record = RecordBuilder::with_capacity(256);
        table_ddl::write_drop(table.id, &opened.definition, &mut record);
        let mut state = self.inner.live()?;
        let mut description = TableDescription::clone(&state.describe(opened));
        description.status = TableStatus::Deleting;
        self.inner
            .stage_definition(&mut state, name, opened, None, record)?;
        Ok(Arc::new(description))
    }

    /// Stages a change of a table or view. An index that is new on a table which was there before is filled behind the commit.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::IndexRefused`], [`Error::IndexNotFound`], [`Error::IndexKey`] if a staged item is none that the
    /// index takes, [`Error::TimeToLive`], [`Error::Stream`]; [`Error::TransactionEnded`], [`Error::ReadOnlyTransaction`].
    pub fn update_table(
        &self,
        name: &str,
        changes: &TableChanges,
    ) -> Result<Arc<TableDescription>, Error> {
        let inner = &*self.inner;
        let opened = self.relation(name)?;
        let id = opened.table.id;
        let mut definition = CreateTable::clone(&opened.definition);
        let mut record = RecordBuilder::with_capacity(512);
        let (first, next) = inner.numbered(|ids| {
            let first = ids.0;
            table_ddl::change(
                &inner.engine,
                &mut definition,
                id,
                changes,
                ids,
                &mut record,
            )?;
            Ok((first, ids.0))
        })?;
        let mut state = inner.live()?;
        if state.definitions.created.contains(&id) {
            (first..next).for_each(|new| {
                index_ddl::complete(&mut definition, TableId(new));
            });
        }
        let staged = state.overlay.items_in(id_range(id));
        for (_, item) in &staged {
            index::check(&definition, item.view())?;
        }
        let stored = stored(&opened.table, definition.clone());
        record.catalog(&table_key(TABLE, id), Some(&stored.encode()));
        let now = Opened {
            table: Arc::clone(&opened.table),
            definition: Arc::new(definition),
        };
        inner.stage_definition(&mut state, name, &opened, Some(now.clone()), record)?;
        state.definitions.numbered |= first != next;
        Ok(state.describe(&now))
    }

    /// As [`crate::Engine::describe_table`], with what the transaction has staged.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::TransactionEnded`].
    pub fn describe_table(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        self.view().describe_table(name)
    }

    /// As [`crate::Engine::list_tables`], with what the transaction has staged.
    ///
    /// # Errors
    /// [`Error::TransactionEnded`].
    pub fn list_tables(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        self.view().list_tables(after, limit)
    }

    /// As [`crate::Engine::catalog_version`]. Once the transaction has changed a definition, or has written an attribute that was never
    /// seen, a number that nobody else sees.
    pub fn catalog_version(&self) -> u64 {
        let staged = self.inner.state.lock().definitions.version;
        staged.unwrap_or_else(|| self.inner.engine.catalog_version())
    }
}

impl ReadView {
    /// As [`crate::Engine::describe_table`], now; in a transaction with what it has staged.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::TransactionEnded`].
    pub fn describe_table(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        if let Some(within) = &self.within
            && let Some(described) = within.describe(self, name)?
        {
            return Ok(described);
        }
        self.engine.describe_table(name)
    }

    /// As [`crate::Engine::describe_relation`], now; in a transaction with what it has staged.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::TransactionEnded`].
    pub fn describe_relation(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        if let Some(within) = &self.within
            && let Some(described) = within.describe_relation(self, name)?
        {
            return Ok(described);
        }
        self.engine.describe_relation(name)
    }

    /// As [`crate::Engine::list_views`], now; in a transaction with what it has staged.
    ///
    /// # Errors
    /// [`Error::TransactionEnded`].
    pub fn list_views(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        match &self.within {
            Some(within) => within.list(after, limit, true, |more| {
                self.engine.list_views(after, more)
            }),
            None => Ok(self.engine.list_views(after, limit)),
        }
    }

    /// As [`crate::Engine::catalog_version`], now; in a transaction as [`Transaction::catalog_version`].
    pub fn catalog_version(&self) -> u64 {
        let staged = self.within.as_ref().and_then(|within| {
            let state = within.transaction.state.lock();
            state.definitions.version
        });
        staged.unwrap_or_else(|| self.engine.catalog_version())
    }

    /// As [`crate::Engine::list_tables`], now; in a transaction with what it has staged.
    ///
    /// # Errors
    /// [`Error::TransactionEnded`].
    pub fn list_tables(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        match &self.within {
            Some(within) => within.list(after, limit, false, |more| {
                self.engine.list_tables(after, more)
            }),
            None => Ok(self.engine.list_tables(after, limit)),
        }
    }
}

impl Within {
    /// A table that is different for the transaction; none if it is not.
    fn describe(
        &self,
        view: &ReadView,
        name: &str,
    ) -> Result<Option<Arc<TableDescription>>, Error> {
        match self.describe_relation(view, name)? {
            Some(found) if found.definition.sql.view.is_some() => Err(not_found(name)),
            found => Ok(found),
        }
    }

    /// A table or view that is different for the transaction; none if it is not.
    fn describe_relation(
        &self,
        view: &ReadView,
        name: &str,
    ) -> Result<Option<Arc<TableDescription>>, Error> {
        let state = self.transaction.live()?;
        if state.definitions.version.is_none() {
            return Ok(None);
        }
        let staged = state.overlay.name(name, self.command).is_some();
        drop(state);
        let opened = match At::View(view).open_relation(name) {
            Err(Error::TableNotFound { .. }) if !staged => return Ok(None),
            opened => opened?,
        };
        let state = self.transaction.live()?;
        let differs = staged || state.definitions.facts.contains_key(&opened.table.id);
        Ok(differs.then(|| state.describe(&opened)))
    }

    /// Names of tables or of views, given those of which all others know.
    fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        views: bool,
        published: impl FnOnce(usize) -> Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let state = self.transaction.live()?;
        let names: Vec<&str> = state
            .definitions
            .before
            .keys()
            .map(String::as_str)
            .collect();
        let more = limit.saturating_add(names.len());
        let mut listed: BTreeSet<String> = published(more).into_iter().collect();
        for name in names {
            match state.overlay.name(name, self.command) {
                Some(Some(opened))
                    if opened.table.is_view() == views
                        && after.is_none_or(|after| name > after) =>
                {
                    listed.insert(name.to_owned());
                }
                Some(_) => {
                    listed.remove(name);
                }
                None => {}
            }
        }
        Ok(listed.into_iter().take(limit).collect())
    }
}

impl Inner {
    /// Stages a table that is new, with what is known of its attributes before it has items.
    pub(super) fn stage_table(
        &self,
        state: &mut State,
        id: TableId,
        stored: StoredTable,
        facts: Facts,
    ) -> Result<Opened, Error> {
        let row = Bytes::from(stored.encode());
        let version = state.next_version(&self.engine);
        let since = self.snapshot.lsn();
        let command = state.begin_command();
        let now = state.command;
        for (name, fact) in &facts {
            let key = Bytes::from(observed_key(id, name));
            let value = Bytes::copy_from_slice(&encode_observed(fact));
            state.overlay.set_row(key, Some(value), now);
        }
        let table = Arc::new(Table::new(id, stored, facts, version, since));
        let opened = Opened {
            definition: Arc::clone(&table.definition),
            table,
        };
        let name = &opened.definition.name;
        state.overlay.set_name(name, Some(opened.clone()), now);
        let key = Bytes::copy_from_slice(&table_key(TABLE, id));
        state.overlay.set_row(key, Some(row), now);
        if let Some(begun) = &opened.definition.derived.history {
            let key = Bytes::copy_from_slice(&history::beginning_key(begun.id));
            state.overlay.set_row(key, Some(Bytes::new()), now);
        }
        state.end_command(command)?;
        state.definitions.numbered = true;
        state.definitions.created.insert(id);
        Ok(opened)
    }

    /// Takes numbers that nothing has had, also if the transaction is given up.
    pub(super) fn numbered<T>(
        &self,
        take: impl FnOnce(&mut Ids) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut ddl = self.engine.inner.applier.catalog.ddl.lock();
        let mut ids = Ids(ddl.next_id);
        let taken = take(&mut ids)?;
        ddl.next_id = ids.0;
        Ok(taken)
    }

    /// Stages what a name means now, and the rows of a record.
    pub(super) fn stage_definition(
        &self,
        state: &mut State,
        name: &str,
        opened: &Opened,
        now: Option<Opened>,
        record: RecordBuilder,
    ) -> Result<(), Error> {
        let ours = state.definitions.created.contains(&opened.table.id);
        let before = state.begin_command();
        let command = state.command;
        if let Some(now) = &now {
            let items = state.overlay.items_in(id_range(now.table.id));
            for (_, item) in &items {
                state.stage_entries(&now.definition, None, Some(item));
            }
        }
        state.overlay.set_name(name, now, command);
        let table_row = table_key(TABLE, opened.table.id);
        for operation in operations(&record.finish()) {
            let operation = operation.map_err(Error::Internal)?;
            // Of a table that nobody else knows there is one row, perhaps one of its history, and nothing to be filled or given back.
            if let Operation::Catalog { key, value } = operation
                && (!ours || key == table_row || key.first() == Some(&HISTORY))
            {
                let value = value.map(Bytes::copy_from_slice);
                let key = Bytes::copy_from_slice(key);
                state.overlay.set_row(key, value, command);
            }
        }
        state.end_command(before)?;
        if !ours {
            state.definitions.meant(name, Some(opened.clone()));
        }
        self.catalog_changed(state);
        Ok(())
    }

    /// Notes what staged items show for the first time.
    pub(super) fn learn(&self, state: &mut State, table: TableId, news: Facts) {
        let facts = state.definitions.facts.entry(table).or_default();
        let mut grown = false;
        for (name, fact) in news {
            // No table shows more.
            if facts.len() < NAMES_MAX || facts.contains_key(&name) {
                grown |= merge(facts.entry(name).or_default(), &fact);
            }
        }
        if grown {
            state.next_version(&self.engine);
        }
    }

    /// Plans made for the transaction before hold no longer, if it has changed definitions at all.
    pub(super) fn catalog_changed(&self, state: &mut State) {
        if state.definitions.version.is_some() || !state.definitions.before.is_empty() {
            state.next_version(&self.engine);
        }
    }
}

impl Definitions {
    /// Notes what a name meant in the snapshot, the first time that the transaction changes it.
    fn meant(&mut self, name: &str, before: Option<Opened>) {
        if !self.before.contains_key(name) {
            self.before.insert(name.to_owned(), before);
        }
    }
}

impl State {
    /// A version that nothing has had.
    fn next_version(&mut self, engine: &Engine) -> u64 {
        let version = STAGED_VERSION | engine.inner.applier.catalog.next_version();
        self.definitions.version = Some(version);
        version
    }

    /// A table as the transaction sees it.
    fn describe(&self, opened: &Opened) -> Arc<TableDescription> {
        let mut description = TableDescription::clone(&opened.table.describe());
        description.definition = Arc::clone(&opened.definition);
        if let Some(facts) = self.definitions.facts.get(&opened.table.id) {
            let observed = Arc::make_mut(&mut description.observed);
            for (name, fact) in facts {
                merge(observed.entry(name.clone()).or_default(), fact);
            }
        }
        if let Some(version) = self.definitions.version {
            description.version = version;
        }
        Arc::new(description)
    }
}

/// What is stored of a table with that definition.
fn stored(table: &Table, definition: CreateTable) -> StoredTable {
    StoredTable {
        space: table.space,
        uuid: table.uuid.clone(),
        created_micros: table.created_micros,
        successor: table.successor,
        definition,
    }
}
