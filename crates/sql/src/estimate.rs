//! Estimates: how many items an access path reads, how many of them a condition lets through, what that costs.
//!
//! Not here: choosing a path (`access`), counting (`engine`).
//!
//! Where nothing is known of an attribute, PostgreSQL's default selectivities stand in. Values are taken to be equally frequent.

use crate::access::{Access, AccessPath, IndexScan};
use shale_engine::{Index, TableDescription};
use shale_expression::{Comparison, Condition, Operand, Path, SortCondition};

/// Bytes that one read capacity unit reads (consistently).
pub(crate) const READ_UNIT_BYTES: u64 = 4_096;

/// Items that a scan reads while one item is looked up by its key (docs/benchmarks.md).
pub const LOOKUP_COST: f64 = 8.0;

/// Distinct values of an attribute of which nothing is known, as PostgreSQL assumes.
const DISTINCT_DEFAULT: f64 = 200.0;
/// Items under one partition key, if nothing is known.
const COLLECTION_ITEMS_DEFAULT: f64 = 10.0;
/// Share of the items that `<` lets through, as PostgreSQL assumes.
const INEQUALITY: f64 = 1.0 / 3.0;
/// Share that two bounds let through.
const RANGE: f64 = 1.0 / 9.0;
/// Share that a prefix, or a part, lets through.
const MATCH: f64 = 0.05;
/// Share that has an attribute, and an attribute of a type.
const PRESENT: f64 = 0.95;

/// What a read is expected to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccessEstimate {
    /// Items (or index entries) that are read.
    pub items_read: f64,
    /// Rows that pass the condition.
    pub rows: f64,
    /// Read capacity units.
    pub read_units: f64,
}

/// What reading on that path is expected to do, if the rest of the condition is checked and `limit` rows are enough.
pub fn estimate(table: &TableDescription, access: &Access, limit: Option<u64>) -> AccessEstimate {
    let passing = access
        .residual
        .as_ref()
        .map_or(1.0, |residual| selectivity(table, residual));
    let mut read = items_of(table, &access.path);
    let mut rows = read * passing;
    if let Some(limit) = limit {
        let limit = limit as f64;
        if limit < rows {
            read = (limit / passing).min(read);
            rows = limit;
        }
    }
    AccessEstimate {
        items_read: read,
        rows,
        read_units: units(table, &access.path, read),
    }
}

/// Average size of an item, bytes; at least 1.
pub(crate) fn item_bytes(table: &TableDescription) -> u64 {
    let average = table.size_bytes.checked_div(table.item_count);
    average.unwrap_or(0).max(1)
}

fn units(table: &TableDescription, path: &AccessPath, read: f64) -> f64 {
    let bytes = item_bytes(table);
    let each = bytes.div_ceil(READ_UNIT_BYTES) as f64;
    let together = |items: f64| (items * bytes as f64 / READ_UNIT_BYTES as f64).ceil();
    match path {
        AccessPath::Nothing => 0.0,
        AccessPath::KeyLookup { keys } => keys.len() as f64 * each,
        AccessPath::RangeScan { partitions, .. } => together(read).max(partitions.len() as f64),
        AccessPath::IndexScan(scan) => {
            let requests = scan.partitions.as_ref().map_or(1, Vec::len) as f64;
            let whole = if scan.whole_items { read * each } else { 0.0 };
            (together(read).max(requests) + whole).ceil()
        }
        AccessPath::Scan => together(read).max(1.0),
    }
}

/// Items that the path reaches.
fn items_of(table: &TableDescription, path: &AccessPath) -> f64 {
    let items = table.item_count as f64;
    let schema = &table.definition.key_schema;
    match path {
        AccessPath::Nothing => 0.0,
        AccessPath::KeyLookup { keys } => (keys.len() as f64).min(items),
        AccessPath::RangeScan { partitions, sort } => {
            let each = items / distinct(table, &schema.partition.name);
            let sort_name = schema.sort.as_ref().map(|sort| sort.name.as_str());
            let bound = sort_selectivity(table, sort_name, sort.as_ref());
            (partitions.len() as f64 * each * bound).min(items)
        }
        AccessPath::IndexScan(scan) => index_items(table, scan),
        AccessPath::Scan => items,
    }
}

fn index_items(table: &TableDescription, scan: &IndexScan) -> f64 {
    let entries = index_entries(table, &scan.index);
    let Some(partitions) = &scan.partitions else {
        return entries;
    };
    let mut each = entries;
    for attribute in &scan.index.partition {
        each /= distinct(table, &attribute.name);
    }
    let mut sort = scan.index.sort.iter();
    for attribute in sort.by_ref().take(scan.sort_prefix.len()) {
        each /= distinct(table, &attribute.name);
    }
    let name = sort.next().map(|attribute| attribute.name.as_str());
    let bound = sort_selectivity(table, name, scan.sort.as_ref());
    (partitions.len() as f64 * each * bound).min(entries)
}

fn index_entries(table: &TableDescription, index: &Index) -> f64 {
    let items = table.item_count as f64;
    let shares = index.key_names().map(|name| present(table, name));
    items * shares.fold(1.0, f64::min)
}

/// How many values the attribute has, at least 1.
pub fn distinct(table: &TableDescription, name: &str) -> f64 {
    let items = (table.item_count as f64).max(1.0);
    let schema = &table.definition.key_schema;
    let is_hash = schema.partition.name == name;
    if is_hash && schema.sort.is_none() {
        return items;
    }
    if let Some(known) = table.sketches.distinct(name, table.item_count) {
        return known.clamp(1.0, items);
    }
    let guess = match &schema.sort {
        Some(_) if is_hash => items / COLLECTION_ITEMS_DEFAULT,
        _ => DISTINCT_DEFAULT,
    };
    guess.clamp(1.0, items)
}

/// Share of the items that have the attribute.
pub fn present(table: &TableDescription, name: &str) -> f64 {
    match table.definition.key_schema.is_key(name) {
        true => 1.0,
        false => {
            let known = table.sketches.present(name, table.item_count);
            known.unwrap_or(PRESENT)
        }
    }
}

fn sort_selectivity(
    table: &TableDescription,
    name: Option<&str>,
    sort: Option<&SortCondition>,
) -> f64 {
    match sort {
        None => 1.0,
        Some(SortCondition::Eq(_)) => 1.0 / name.map_or(1.0, |name| distinct(table, name)),
        Some(
            SortCondition::Lt(_)
            | SortCondition::Le(_)
            | SortCondition::Gt(_)
            | SortCondition::Ge(_),
        ) => INEQUALITY,
        Some(SortCondition::Between(..)) => RANGE,
        Some(SortCondition::BeginsWith(_)) => MATCH,
    }
}

/// Share of a table's items that satisfy a condition, between 0 and 1.
pub fn selectivity(table: &TableDescription, condition: &Condition) -> f64 {
    let equal = |operand: &Operand| match operand {
        Operand::Path(path) => 1.0 / distinct_of_path(table, path),
        _ => 1.0 / DISTINCT_DEFAULT,
    };
    let share = match condition {
        Condition::Constant(true) => 1.0,
        Condition::Constant(false) => 0.0,
        Condition::Compare(left, op, right) => {
            let attribute = match left {
                Operand::Value(_) => right,
                _ => left,
            };
            match op {
                Comparison::Eq => equal(attribute),
                Comparison::Ne => 1.0 - equal(attribute),
                _ => INEQUALITY,
            }
        }
        Condition::Between(..) => RANGE,
        Condition::In(operand, list) => equal(operand) * list.len() as f64,
        Condition::AttributeExists(path) => present(table, &path.root),
        Condition::AttributeNotExists(path) => 1.0 - present(table, &path.root),
        Condition::AttributeType(path, _) => present(table, &path.root),
        Condition::BeginsWith(..) | Condition::Contains(..) => MATCH,
        Condition::And(parts) => parts.iter().map(|part| selectivity(table, part)).product(),
        Condition::Or(parts) => {
            let none: f64 = parts
                .iter()
                .map(|part| 1.0 - selectivity(table, part))
                .product();
            1.0 - none
        }
        Condition::Not(inner) => 1.0 - selectivity(table, inner),
    };
    share.clamp(0.0, 1.0)
}

fn distinct_of_path(table: &TableDescription, path: &Path) -> f64 {
    match path.steps.is_empty() {
        true => distinct(table, &path.root),
        false => DISTINCT_DEFAULT,
    }
}
