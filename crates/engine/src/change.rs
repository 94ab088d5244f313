//! From items before and after a write to the one record of everything that follows from it.
//!
//! Not here: deciding what is written (`write`, `insert`, `transact`), the record's bytes (`record`).
//!
//! Every write of items comes through here, so that what is derived from items is derived in one place.

use crate::api::CreateTable;
use crate::catalog::Table;
use crate::derived::{Index, IndexStatus};
use crate::engine::Engine;
use crate::error::Error;
use crate::gate::Open;
use crate::index;
use crate::observed::Facts;
use crate::record::RecordBuilder;
use bytes::Bytes;
use shale_item::EncodedItem;
use shale_storage::{Generation, Lsn, StorageError};

/// One item before and after. The caller holds its latch and has entered its table's gate.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) table: &'a Open<'a>,
    pub(crate) tree_key: &'a [u8],
    pub(crate) old: Option<EncodedItem>,
    /// None: it is gone. One of the two is there.
    pub(crate) new: Option<EncodedItem>,
}

impl Change<'_> {
    /// Whether the new item is one that the table's indexes can take.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.new {
            Some(item) => index::check(&self.table.definition, item.view()),
            None => Ok(()),
        }
    }

    fn write_to(&self, record: &mut RecordBuilder) {
        let old_size = self.old.as_ref().map_or(0, EncodedItem::size);
        match &self.new {
            Some(new) => record.put(self.tree_key, old_size, new),
            None => record.delete(self.tree_key, old_size),
        }
        let definition = &*self.table.definition;
        for index in &definition.derived.indexes {
            self.write_entry(definition, index, record);
        }
    }

    /// What becomes of the item's entry in an index; nothing if it stays as it is.
    fn write_entry(&self, definition: &CreateTable, index: &Index, record: &mut RecordBuilder) {
        let entry = |item: &Option<EncodedItem>| {
            let item = item.as_ref()?;
            index::entry(definition, index, item)
        };
        let (old, new) = (entry(&self.old), entry(&self.new));
        // An entry of an index that is being filled may be missing, so that an equal one is written all the same.
        if old == new && index.status == IndexStatus::Active {
            return;
        }
        if let Some(old) = &old
            && new.as_ref().is_none_or(|new| new.key != old.key)
        {
            record.index(&old.key, None);
        }
        if let Some(new) = &new {
            record.index(&new.key, Some(&new.item));
        }
    }

    fn bytes(&self) -> usize {
        let item = self.new.as_ref().map_or(0, |item| item.as_bytes().len());
        self.tree_key.len() + item + RecordBuilder::PUT_OVERHEAD
    }
}

/// Key and value of a row of the catalog tree; no value deletes it.
pub(crate) type CatalogRow = (Vec<u8>, Option<Vec<u8>>);

impl Engine {
    /// Sequences the changes in one record, with what their items show for the first time in their tables.
    pub(crate) fn sequence_changes(
        &self,
        generation: Generation,
        changes: &[Change<'_>],
    ) -> Result<Lsn, Error> {
        self.sequence_changes_with(generation, changes, &[])
    }

    /// As `sequence_changes`, with rows of the catalog tree in the same record.
    pub(crate) fn sequence_changes_with(
        &self,
        generation: Generation,
        changes: &[Change<'_>],
        rows: &[CatalogRow],
    ) -> Result<Lsn, Error> {
        self.sequence_changes_by(generation, changes, rows, |record| {
            self.inner.shard.sequence_in(generation, record)
        })
    }

    /// As `sequence_changes_with`, with another way to sequence the record.
    pub(crate) fn sequence_changes_by(
        &self,
        generation: Generation,
        changes: &[Change<'_>],
        rows: &[CatalogRow],
        sequence: impl FnOnce(Bytes) -> Result<Lsn, StorageError>,
    ) -> Result<Lsn, Error> {
        for change in changes {
            change.check()?;
        }
        let mut record = RecordBuilder::with_capacity(changes.iter().map(Change::bytes).sum());
        for change in changes {
            change.write_to(&mut record);
        }
        for (key, value) in rows {
            record.catalog(key, value.as_deref());
        }
        let news = news_of(generation, changes);
        if news.is_empty() {
            return Ok(sequence(record.finish())?);
        }
        self.sequence_with_news(generation, record, news, sequence)
    }

    fn sequence_with_news(
        &self,
        generation: Generation,
        mut record: RecordBuilder,
        mut news: Vec<(&Table, Facts)>,
        sequence: impl FnOnce(Bytes) -> Result<Lsn, StorageError>,
    ) -> Result<Lsn, Error> {
        let shard = &self.inner.shard;
        news.sort_unstable_by_key(|(table, _)| table.id);
        let mut growing = Vec::with_capacity(news.len());
        for (table, facts) in news {
            let growth = table.observed.growth.lock();
            let grown = table
                .observed
                .grow(table.id, shard, generation, facts, &mut record)?;
            growing.push((table, grown, growth));
        }
        let lsn = sequence(record.finish())?;
        for (table, grown, _growth) in &growing {
            table.observed.learn(generation, grown);
        }
        Ok(lsn)
    }
}

/// What the new items show beyond what is known, by table; only tables with news.
fn news_of<'a>(generation: Generation, changes: &[Change<'a>]) -> Vec<(&'a Table, Facts)> {
    let mut news: Vec<(&Table, Facts)> = Vec::new();
    for change in changes {
        let Some(item) = &change.new else { continue };
        let table = change.table.table;
        match news.iter_mut().find(|(of, _)| of.id == table.id) {
            Some((_, facts)) => table.observed.news(generation, item.view(), facts),
            None => {
                let mut facts = Facts::new();
                table.observed.news(generation, item.view(), &mut facts);
                if !facts.is_empty() {
                    news.push((table, facts));
                }
            }
        }
    }
    news
}
