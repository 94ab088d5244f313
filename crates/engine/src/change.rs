//! From items before and after a write to the one record of everything that follows from it.
//!
//! Not here: deciding what is written (`write`, `insert`, `transact`), the record's bytes (`record`).
//!
//! Every write of items comes through here, so that what is derived from items is derived in one place.

use crate::api::CreateTable;
use crate::capacity::write_units;
use crate::catalog::Table;
use crate::collection::{Growths, TooLarge};
use crate::derived::{IndexKind, StreamDefinition, StreamView};
use crate::engine::{Engine, Inner};
use crate::error::{Error, LimitKind};
use crate::gate::Open;
use crate::index::{self, Entry, Target};
use crate::limits::LOG_RECORD_BYTES_MAX;
use crate::observed::Facts;
use crate::record::{RecordBuilder, StreamChange};
use crate::stream;
use bytes::Bytes;
use shale_item::EncodedItem;
use shale_storage::{Generation, Lsn, Role, StorageError};

/// One item before and after. The caller holds its latch and has entered its table's gate.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) table: &'a Open<'a>,
    pub(crate) tree_key: &'a [u8],
    pub(crate) old: Option<EncodedItem>,
    /// None: it is gone. One of the two is there.
    pub(crate) new: Option<EncodedItem>,
    /// Whether no client asked for it: its time to live was over.
    pub(crate) by_service: bool,
}

impl Change<'_> {
    /// Whether the new item is one that the table's indexes can take.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.new {
            Some(item) => index::check(&self.table.definition, item.view()),
            None => Ok(()),
        }
    }

    fn is_streamed(&self) -> bool {
        self.table.definition.derived.streams().next().is_some()
    }

    /// Writes everything that follows from the change but the size of its collection.
    fn write_to(&self, inner: &Inner, record: &mut RecordBuilder) -> Result<Followed, Error> {
        record.item(self.tree_key, size_of(&self.old), self.new.as_ref());
        let definition = &*self.table.definition;
        if let Some(history) = &definition.derived.history {
            record.replaced(history.id, self.tree_key, self.old.as_ref());
        }
        for stream in definition.derived.streams() {
            self.write_to_stream(stream, record)?;
        }
        let mut followed = Followed {
            index_units: IndexUnits::new(),
            growth: size_of(&self.new) as i64 - size_of(&self.old) as i64,
        };
        for target in index::targets(&definition.derived) {
            let entry = self.write_entry(inner, definition, target, record)?;
            if let Target::Index(index) = target {
                if index.kind == IndexKind::Local {
                    followed.growth += entry.growth;
                }
                if entry.units > 0.0 {
                    followed.index_units.push((index.name.clone(), entry.units));
                }
            }
        }
        Ok(followed)
    }

    /// Adds the change to the table's stream, unless it leaves the item as it is: equal items have equal bytes.
    fn write_to_stream(
        &self,
        stream: &StreamDefinition,
        record: &mut RecordBuilder,
    ) -> Result<(), Error> {
        if self.old == self.new {
            return Ok(());
        }
        let (keep_old, keep_new) = match stream.view {
            StreamView::KeysOnly => (false, false),
            StreamView::OldImage => (true, false),
            StreamView::NewImage => (false, true),
            StreamView::NewAndOldImages => (true, true),
        };
        let old = self.old.as_ref().filter(|_| keep_old);
        record.stream(&StreamChange {
            stream: stream.id,
            by_service: self.by_service,
            keep_new,
            old: old.map_or(&[][..], |old| old.as_bytes()),
        });
        // Items that are written are bounded together; those that they replace are not.
        check_record(record)
    }

    /// Writes what becomes of the item's entry; nothing if it stays as it is.
    fn write_entry(
        &self,
        inner: &Inner,
        definition: &CreateTable,
        target: Target<'_>,
        record: &mut RecordBuilder,
    ) -> Result<EntryWritten, Error> {
        let entry = |item: &Option<EncodedItem>| {
            let item = item.as_ref()?;
            target.entry(definition, self.tree_key, item)
        };
        let (mut old, new) = (entry(&self.old), entry(&self.new));
        let deferred = inner.applier.deferred.on && target.is_global();
        if old == new && !target.is_filling() {
            return Ok(EntryWritten::default());
        }
        if target.is_filling()
            && !deferred
            && let Some(entry) = &old
            && inner
                .shard
                .latest(Role::Indexes, &entry.key)?
                .value
                .is_none()
        {
            old = None;
        }
        if old == new && !deferred {
            return Ok(EntryWritten::default());
        }
        let mut write = |key: &[u8], old_size, entry: Option<&EncodedItem>| match deferred {
            true => record.deferred(key, entry),
            false => record.index(key, old_size, entry),
        };
        let moved = has_moved(old.as_ref(), new.as_ref());
        if let Some(old) = old.as_ref().filter(|_| moved) {
            write(&old.key, old.item.size(), None);
        }
        if let Some(new) = &new {
            let old = old.as_ref().filter(|_| !moved);
            let old_size = old.map_or(0, |old| old.item.size());
            write(&new.key, old_size, Some(&new.item));
        }
        let size = |entry: Option<&Entry>| entry.map_or(0, |entry| entry.item.size() as i64);
        Ok(EntryWritten {
            units: entry_units(old.as_ref(), new.as_ref()),
            growth: size(new.as_ref()) - size(old.as_ref()),
        })
    }

    fn bytes(&self) -> usize {
        let bytes =
            |item: &Option<EncodedItem>| item.as_ref().map_or(0, |item| item.as_bytes().len());
        let streams = self.table.definition.derived.streams().count();
        let streamed = match streams {
            0 => 0,
            _ => streams * (bytes(&self.old) + RecordBuilder::STREAM_OVERHEAD),
        };
        let replaced = match self.table.definition.derived.history {
            Some(_) => bytes(&self.old) + self.tree_key.len(),
            None => 0,
        };
        self.tree_key.len() + bytes(&self.new) + RecordBuilder::PUT_OVERHEAD + streamed + replaced
    }
}

/// Whether the entry is not where it was.
pub(crate) fn has_moved(old: Option<&Entry>, new: Option<&Entry>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => old.key != new.key,
        _ => true,
    }
}

/// Write capacity units of what becomes of an entry; one that moves is deleted and written.
pub(crate) fn entry_units(old: Option<&Entry>, new: Option<&Entry>) -> f64 {
    let size = |entry: &Entry| entry.item.size();
    match (old, new) {
        (Some(old), Some(new)) if old.key == new.key => write_units(size(old), size(new)),
        _ => {
            let gone = old.map_or(0.0, |old| write_units(size(old), 0));
            gone + new.map_or(0.0, |new| write_units(0, size(new)))
        }
    }
}

fn check_record(record: &RecordBuilder) -> Result<(), Error> {
    match record.len() {
        ..=LOG_RECORD_BYTES_MAX => Ok(()),
        actual => Err(Error::Limit {
            kind: LimitKind::StreamImages,
            actual,
            limit: LOG_RECORD_BYTES_MAX,
        }),
    }
}

/// Key and value of a row of the catalog tree; no value deletes it.
pub(crate) type CatalogRow = (Vec<u8>, Option<Vec<u8>>);

/// Key and value of a row of the catalog tree that ends with the timestamp of its record.
pub(crate) type StampedRow = (Vec<u8>, Vec<u8>);

fn size_of(item: &Option<EncodedItem>) -> usize {
    item.as_ref().map_or(0, EncodedItem::size)
}

/// Write capacity units by index.
pub(crate) type IndexUnits = Vec<(String, f64)>;

/// What became of an entry.
#[derive(Debug, Default)]
struct EntryWritten {
    /// Write units.
    units: f64,
    /// Bytes.
    growth: i64,
}

/// What followed from a change.
#[derive(Debug)]
struct Followed {
    index_units: IndexUnits,
    /// Bytes that its collection grew by, in the table and its local indexes.
    growth: i64,
}

/// What a writer is told of a change.
#[derive(Debug)]
pub(crate) struct ChangeOutput {
    pub(crate) index_units: IndexUnits,
    /// Bytes of its collection afterwards, if that has a size.
    pub(crate) collection_bytes: Option<u64>,
}

/// Changes that are on their way.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) lsn: Lsn,
    /// For each change.
    pub(crate) outputs: Vec<ChangeOutput>,
}

/// Why changes are not sequenced.
#[derive(Debug)]
pub(crate) enum NotSequenced {
    /// An answer for the writer, which may depend on what is not published yet.
    TooLarge(TooLarge),
    Other(Error),
}

impl NotSequenced {
    /// The error alone, for whoever has nobody to answer to.
    pub(crate) fn into_error(self) -> Error {
        match self {
            NotSequenced::TooLarge(too_large) => too_large.error,
            NotSequenced::Other(error) => error,
        }
    }
}

impl From<Error> for NotSequenced {
    fn from(error: Error) -> NotSequenced {
        NotSequenced::Other(error)
    }
}

impl From<StorageError> for NotSequenced {
    fn from(error: StorageError) -> NotSequenced {
        NotSequenced::Other(error.into())
    }
}

impl Engine {
    /// Sequences the changes in one record, with what their items show for the first time in their tables.
    pub(crate) fn sequence_changes(
        &self,
        generation: Generation,
        changes: &[Change<'_>],
    ) -> Result<Changed, NotSequenced> {
        self.sequence_changes_with(generation, changes, &[])
    }

    /// As `sequence_changes`, with rows of the catalog tree in the same record.
    pub(crate) fn sequence_changes_with(
        &self,
        generation: Generation,
        changes: &[Change<'_>],
        rows: &[CatalogRow],
    ) -> Result<Changed, NotSequenced> {
        self.sequence_changes_by(generation, changes, rows, &[], |record| {
            self.inner.shard.sequence_in(generation, record)
        })
    }

    /// As `sequence_changes_with`, with rows that end with the record's timestamp, and another way to
    /// sequence the record.
    pub(crate) fn sequence_changes_by(
        &self,
        generation: Generation,
        changes: &[Change<'_>],
        rows: &[CatalogRow],
        stamped: &[StampedRow],
        sequence: impl FnOnce(Bytes) -> Result<Lsn, StorageError>,
    ) -> Result<Changed, NotSequenced> {
        for change in changes {
            change.check()?;
        }
        let mut record = RecordBuilder::with_capacity(changes.iter().map(Change::bytes).sum());
        let outputs = self.write_changes(changes, &mut record)?;
        for (key, value) in rows {
            record.catalog(key, value.as_deref());
        }
        record.stamped_all(stamped);
        let carried = match changes.iter().any(Change::is_streamed) {
            true => stream::carry(&self.inner, generation, &mut record),
            false => None,
        };
        let news = news_of(generation, changes);
        let lsn = if news.is_empty() {
            sequence(record.finish())?
        } else {
            self.sequence_with_news(generation, record, news, sequence)?
        };
        if let Some(carried) = &carried {
            stream::note(&self.inner, carried);
        }
        Ok(Changed { lsn, outputs })
    }

    /// Writes what follows from the items to the record.
    fn write_changes(
        &self,
        changes: &[Change<'_>],
        record: &mut RecordBuilder,
    ) -> Result<Vec<ChangeOutput>, NotSequenced> {
        let mut growths = Growths::default();
        let mut outputs = Vec::with_capacity(changes.len());
        for (position, change) in changes.iter().enumerate() {
            let Followed {
                index_units,
                growth,
            } = change.write_to(&self.inner, record)?;
            growths.add(position, change, growth);
            outputs.push(ChangeOutput {
                index_units,
                collection_bytes: None,
            });
        }
        let sizes =
            growths.write_to(&self.inner.shard, self.inner.item_collection_bytes, record)?;
        for (position, bytes) in sizes {
            outputs[position].collection_bytes = Some(bytes);
        }
        Ok(outputs)
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
