//! Removing all items of a table at once: TRUNCATE.
//!
//! Not here: deleting items one by one (`staging`), giving space back (`table_ddl`).
//!
//! The table gets a successor: a table of another number under the same name, with the same definition and nothing in it. Record and time
//! do not depend on the number of items; the space of the old number is given back as that of a dropped table. What was observed of
//! attributes is known of the successor too, so that its columns stay.
//!
//! Invariants:
//! * Drop and successor are one record: no reader and no crash sees the name without a table.
//! * A request that meets the drop goes on with the successor (`section::Successions`).
//! * A view that is older than the successor sees it empty, as PostgreSQL's snapshots do; a transaction that has read it in such a view and
//!   writes fails its validation.
//! * Where removals are shown (a stream, a destination, history), each item is deleted for itself, so that they show them all.

use super::Transaction;
use crate::api::{CreateTable, DeleteItem, ReturnValues, Scan};
use crate::definition::StoredTable;
use crate::derived::Derived;
use crate::error::Error;
use crate::index_ddl::{self, Ids};
use crate::observed::merge;
use crate::read::Opened;
use crate::record::RecordBuilder;
use crate::table_ddl;
use shale_item::TableId;
use std::collections::BTreeMap;

impl Transaction {
    /// Stages the removal of all items of a table. A table with a stream, a destination or history takes as many as a transaction may
    /// write.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::DeletionProtected`], [`Error::Limit`]; [`Error::TransactionEnded`],
    /// [`Error::ReadOnlyTransaction`].
    pub fn truncate_table(&self, name: &str) -> Result<(), Error> {
        let inner = &*self.inner;
        let opened = self.writable(name)?;
        if opened.definition.deletion_protection {
            return Err(Error::DeletionProtected {
                name: name.to_owned(),
            });
        }
        if shows_removals(&opened.definition.derived) {
            return self.delete_items(name, &opened);
        }
        let (id, stored) = inner.numbered(|ids| successor(&opened, ids))?;
        let mut state = inner.live()?;
        let old = opened.table.id;
        let mut facts = (*opened.table.observed.published()).clone();
        for (name, fact) in state.definitions.facts.get(&old).into_iter().flatten() {
            merge(facts.entry(name.clone()).or_default(), fact);
        }
        let mut record = RecordBuilder::with_capacity(256);
        table_ddl::write_drop(old, &opened.definition, &mut record);
        inner.stage_definition(&mut state, name, &opened, None, record)?;
        inner.stage_table(&mut state, id, stored, facts)?;
        Ok(())
    }

    fn delete_items(&self, name: &str, opened: &Opened) -> Result<(), Error> {
        let view = self.view();
        let mut scan = Scan {
            table: name.to_owned(),
            index: None,
            filter: None,
            limit: None,
            exclusive_start_key: None,
            segment: None,
            consistent: true,
            whole_items: false,
        };
        loop {
            let page = view.scan(&scan)?;
            for item in &page.items {
                let key_schema = &opened.definition.key_schema;
                let key = key_schema.key_of(&item.to_item())?;
                self.delete_item(&DeleteItem {
                    table: name.to_owned(),
                    key: key_schema.to_attributes(&key),
                    condition: None,
                    return_values: ReturnValues::None,
                    return_item_on_failure: false,
                })?;
            }
            scan.exclusive_start_key = page.last_evaluated_key;
            if scan.exclusive_start_key.is_none() {
                return Ok(());
            }
        }
    }
}

/// Whether anything shows each removal of an item.
fn shows_removals(derived: &Derived) -> bool {
    derived.streams().next().is_some() || derived.history.is_some()
}

/// The number of a table's successor, and what is stored of it.
fn successor(opened: &Opened, ids: &mut Ids) -> Result<(TableId, StoredTable), Error> {
    let table = &opened.table;
    let id = TableId(ids.next()?);
    let before = &opened.definition;
    let mut definition = CreateTable::clone(before);
    index_ddl::adopt(&mut definition, ids)?;
    let derived = &mut definition.derived;
    // The same indexes, in the same order, with other numbers.
    let numbers = before.derived.indexes.iter().zip(&derived.indexes);
    let numbers = numbers.map(|(old, new)| (old.id.0, new.id.0));
    let numbers: BTreeMap<u32, u32> = numbers.chain([(table.id.0, id.0)]).collect();
    let insights = before.derived.insights.iter();
    derived.insights = insights
        .filter_map(|(old, insights)| Some((*numbers.get(old)?, *insights)))
        .collect();
    let stored = StoredTable {
        space: table.space,
        uuid: table.uuid.clone(),
        created_micros: table.created_micros,
        successor: true,
        definition,
    };
    Ok((id, stored))
}
