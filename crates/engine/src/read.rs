//! GetItem, Query and Scan.
//!
//! Not here: cutting a key range into pages (`page`), what a transaction has staged (`merge`), projections (the front doors').

use crate::api::{CreateTable, GetItem, GetOutput, Page, Query, Scan};
use crate::apply::item_of;
use crate::capacity::read_units;
use crate::catalog::Table;
use crate::definition::{StoredTable, TABLE, table_key};
use crate::engine::{Engine, Inner, ReadView, not_found};
use crate::error::{Error, HistoryProblem};
use crate::insights::{self, Watch};
use crate::merge::Reader;
use crate::page::{self, Pages, Source};
use shale_item::{EncodedItem, PrimaryKey, encode_key};
use shale_storage::{Role, StorageError};
use std::sync::Arc;

/// Where a request reads.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    /// At the published LSN.
    Published(&'a Engine),
    /// In a view.
    View(&'a ReadView),
}

/// A table as a request sees it.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) table: Arc<Table>,
    pub(crate) definition: Arc<CreateTable>,
}

impl<'a> At<'a> {
    pub(crate) fn inner(self) -> &'a Inner {
        match self {
            At::Published(engine) => &engine.inner,
            At::View(view) => &view.engine.inner,
        }
    }

    /// The table alone, for requests that need nothing of its definition but the key, which never changes.
    pub(crate) fn table(self, name: &str) -> Result<Arc<Table>, Error> {
        match self {
            At::Published(engine) => engine.table(name),
            At::View(_) => Ok(self.open(name)?.table),
        }
    }

    /// The table that the name means here. A transaction notes that it has relied on it.
    pub(crate) fn open(self, name: &str) -> Result<Opened, Error> {
        let opened = self.open_relation(name)?;
        match opened.table.is_view() {
            false => Ok(opened),
            true => Err(not_found(name)),
        }
    }

    /// What the name means here, also if it is a view of SQL.
    pub(crate) fn open_relation(self, name: &str) -> Result<Opened, Error> {
        match self {
            At::Published(engine) => {
                let table = engine.relation(name)?;
                let definition = table.current();
                Ok(Opened { table, definition })
            }
            At::View(view) => {
                if let Some(within) = &view.within
                    && let Some(staged) = within.name(name)?
                {
                    return staged.ok_or_else(|| not_found(name));
                }
                let mut tables = view.tables.lock();
                if let Some(opened) = tables.get(name) {
                    return Ok(opened.clone());
                }
                let opened = match &view.past {
                    Some(past) => past.open(view, name),
                    None => open_in(view, name),
                };
                if let Some(within) = &view.within {
                    if let Err(Error::TableNotFound { .. }) = &opened
                        && view.snapshot.is_ahead()
                        && let Ok(table) = view.engine.relation(name)
                        && let Some(drop) = table.gate.drop_position()
                    {
                        within.note_drop(drop)?;
                    }
                    within.note_table(opened.as_ref().ok())?;
                }
                let opened = opened?;
                tables.insert(name.to_owned(), opened.clone());
                Ok(opened)
            }
        }
    }

    /// Indexes have no history.
    fn check_index(self, table: &Table, index: Option<&str>) -> Result<(), Error> {
        match (self, index) {
            (At::View(ReadView { past: Some(_), .. }), Some(index)) => {
                Err(Error::History(HistoryProblem::Index {
                    table: table.definition.name.clone(),
                    index: index.to_owned(),
                }))
            }
            _ => Ok(()),
        }
    }

    fn reader(self, table: &Table) -> Result<Reader, Error> {
        Ok(match self {
            At::Published(engine) => Reader {
                snapshot: engine.inner.shard.snapshot(),
                within: None,
                past: None,
            },
            At::View(view) => Reader {
                snapshot: view.snapshot.clone(),
                within: view.within.clone(),
                past: match &view.past {
                    Some(past) => Some(past.of(table)?),
                    None => None,
                },
            },
        })
    }
}

/// What the name means at the view's LSN, as far as the catalog still knows.
pub(crate) fn open_in(view: &ReadView, name: &str) -> Result<Opened, Error> {
    let table = view.engine.relation(name)?;
    let published = table.published();
    // What is ahead of the publications may be a definition too.
    if published.since <= view.snapshot.lsn() && !view.snapshot.is_ahead() {
        let definition = Arc::clone(&published.definition);
        return Ok(Opened { table, definition });
    }
    // Created or changed since: what it was is in the catalog's tree.
    let row = view
        .snapshot
        .get(Role::Catalog, &table_key(TABLE, table.id))?;
    let definition = match row {
        Some(row) => {
            let stored = StoredTable::decode(&row).map_err(StorageError::Corrupt)?;
            Arc::new(stored.definition)
        }
        // The view is older than the successor, and sees it empty.
        None if table.successor && !view.snapshot.is_ahead() => Arc::clone(&published.definition),
        None => return Err(not_found(name)),
    };
    Ok(Opened { table, definition })
}

/// Times that a request reads whose snapshot is cancelled.
const ATTEMPTS_MAX: usize = 4;

/// Reads in a snapshot that lasts for one request. It is cancelled only if it happens to be the oldest when snapshots hold too much;
/// the next one is younger.
pub(crate) fn again<T>(mut read: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..ATTEMPTS_MAX {
        match read() {
            Err(Error::Storage(StorageError::SnapshotTooOld)) => {}
            answer => return answer,
        }
    }
    read()
}

/// GetItem.
pub(crate) fn get_item(at: At<'_>, request: &GetItem) -> Result<GetOutput, Error> {
    let table = at.table(&request.table)?;
    let key = table.definition.key_schema.exact_key_of(&request.key)?;
    let item = read(at, &table, &key)?;
    let bytes = item.as_ref().map_or(0, EncodedItem::size);
    let capacity = read_units(bytes, request.consistent);
    insights::read_item(at.inner(), &table, &key, capacity);
    Ok(GetOutput { item, capacity })
}

/// One item.
pub(crate) fn read(
    at: At<'_>,
    table: &Table,
    key: &PrimaryKey,
) -> Result<Option<EncodedItem>, Error> {
    let tree_key = encode_key(table.id, key);
    match at {
        At::View(_) => at.reader(table)?.get(&tree_key),
        At::Published(engine) => {
            let value = engine.inner.shard.get(Role::Items, &tree_key)?;
            Ok(value.map(item_of).transpose()?)
        }
    }
}

/// Query, one page.
pub(crate) fn query(at: At<'_>, request: &Query) -> Result<Page, Error> {
    let Opened { table, definition } = at.open(&request.table)?;
    at.check_index(&table, request.index.as_deref())?;
    let source = Source::new(table.id, &definition, request.index.as_deref())?;
    let mut watch = Watch::of(&table, &source);
    let mut range = page::query_range(&source, request)?;
    if let Some(watch) = &mut watch {
        watch.queries(&range.start);
    }
    if let Some(start_key) = &request.exclusive_start_key {
        range = page::behind(&source, range, start_key, request.forward)?;
    }
    let pages = Pages {
        range,
        forward: request.forward,
        limit: request.limit,
        filter: request.filter.as_ref(),
        consistent: request.consistent,
        whole_items: request.whole_items,
    };
    let page = pages.read(&at.reader(&table)?, &source, watch.as_mut())?;
    if let Some(watch) = watch {
        watch.record(at.inner(), &page);
    }
    Ok(page)
}

/// Scan, one page.
pub(crate) fn scan(at: At<'_>, request: &Scan) -> Result<Page, Error> {
    let Opened { table, definition } = at.open(&request.table)?;
    at.check_index(&table, request.index.as_deref())?;
    let source = Source::new(table.id, &definition, request.index.as_deref())?;
    let mut watch = Watch::of(&table, &source);
    let mut range = page::scan_range(&source, request.segment)?;
    if let Some(start_key) = &request.exclusive_start_key {
        range = page::behind(&source, range, start_key, true)?;
    }
    let pages = Pages {
        range,
        forward: true,
        limit: request.limit,
        filter: request.filter.as_ref(),
        consistent: request.consistent,
        whole_items: request.whole_items,
    };
    let page = pages.read(&at.reader(&table)?, &source, watch.as_mut())?;
    if let Some(watch) = watch {
        watch.record(at.inner(), &page);
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_again_when_its_snapshot_is_cancelled() {
        let reading = |cancelled: usize| {
            let mut reads = 0;
            let answer = again(|| {
                reads += 1;
                match reads > cancelled {
                    true => Ok(reads),
                    false => Err(StorageError::SnapshotTooOld.into()),
                }
            });
            (answer.ok(), reads)
        };
        assert_eq!(reading(0), (Some(1), 1));
        assert_eq!(reading(3), (Some(4), 4));
        assert_eq!(reading(4), (None, 4), "no reader waits for ever");
        let mut reads = 0;
        let other: Result<(), Error> = again(|| {
            reads += 1;
            Err(StorageError::Closed.into())
        });
        assert!(other.is_err() && reads == 1, "other errors are answers");
    }
}
