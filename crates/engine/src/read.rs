//! GetItem, Query and Scan.
//!
//! Not here: cutting a key range into pages (`page`), projections (the front doors').

use crate::api::{GetItem, GetOutput, Page, Query, Scan};
use crate::apply::item_of;
use crate::capacity::read_units;
use crate::catalog::Table;
use crate::engine::Engine;
use crate::error::Error;
use crate::page::{self, Pages, Source};
use shale_item::{EncodedItem, PrimaryKey, encode_key};
use shale_storage::{Role, Snapshot};

/// GetItem, in a view or at the published LSN.
pub(crate) fn get_item(
    engine: &Engine,
    view: Option<&Snapshot>,
    request: &GetItem,
) -> Result<GetOutput, Error> {
    let table = engine.table(&request.table)?;
    let key = table.definition.key_schema.exact_key_of(&request.key)?;
    let item = read(engine, view, &table, &key)?;
    let bytes = item.as_ref().map_or(0, EncodedItem::size);
    Ok(GetOutput {
        item,
        capacity: read_units(bytes, request.consistent),
    })
}

/// One item, in a view or at the published LSN.
pub(crate) fn read(
    engine: &Engine,
    view: Option<&Snapshot>,
    table: &Table,
    key: &PrimaryKey,
) -> Result<Option<EncodedItem>, Error> {
    let tree_key = encode_key(table.id, key);
    let value = match view {
        Some(view) => view.get(Role::Items, &tree_key)?,
        None => engine.inner.shard.get(Role::Items, &tree_key)?,
    };
    Ok(value.map(item_of).transpose()?)
}

/// Query, one page.
pub(crate) fn query(
    engine: &Engine,
    view: Option<&Snapshot>,
    request: &Query,
) -> Result<Page, Error> {
    let table = engine.table(&request.table)?;
    let definition = table.current();
    let source = Source::new(table.id, &definition, request.index.as_deref())?;
    let mut range = page::query_range(&source, request)?;
    if let Some(start_key) = &request.exclusive_start_key {
        range = page::behind(&source, range, start_key, request.forward)?;
    }
    let pages = Pages {
        range,
        forward: request.forward,
        limit: request.limit,
        filter: request.filter.as_ref(),
        consistent: request.consistent,
    };
    pages.read(&snapshot(engine, view), &source)
}

/// Scan, one page.
pub(crate) fn scan(
    engine: &Engine,
    view: Option<&Snapshot>,
    request: &Scan,
) -> Result<Page, Error> {
    let table = engine.table(&request.table)?;
    let definition = table.current();
    let source = Source::new(table.id, &definition, request.index.as_deref())?;
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
    };
    pages.read(&snapshot(engine, view), &source)
}

fn snapshot(engine: &Engine, view: Option<&Snapshot>) -> Snapshot {
    match view {
        Some(view) => view.clone(),
        None => engine.inner.shard.snapshot(),
    }
}
