//! Contributor Insights: which keys of a table or global index are accessed most, and which are throttled most.
//!
//! Not here: rules and figures as a protocol shows them (the front doors), counting (`recorder`, `sketch`).
//!
//! What counts is consumed capacity, as the Developer Guide has it ("Most accessed items: items that consume the most read and write
//! capacity"):
//! * a write with the units of its item, also one whose condition did not hold or that changed nothing; in an index with the units of the
//!   entries that it moves; in TransactWriteItems and TransactGetItems twice as much;
//! * a read by key with its units, whether or not an item is there;
//! * a page of a query or scan with its units, spread over what it has read by size, before the filter; a query that finds nothing counts
//!   for its partition key. What is read through a local index counts for the table.
//!
//! What the service does on its own (expired items, filling indexes) consumes nothing, and what was cancelled or rolled back as a whole
//! is not counted.
//!
//! Invariants:
//! * A table without insights pays one load of a flag that lies in its [`Table`].
//! * The setting is durable; figures live in memory.

mod recorder;
mod sketch;

use crate::api::{CreateTable, InsightsChange, Page};
use crate::capacity::write_units;
use crate::catalog::Table;
use crate::change::{Change, has_moved};
use crate::derived::{Index, IndexKind, InsightsDefinition};
use crate::engine::{Engine, Inner};
use crate::error::Error;
use crate::index;
use crate::page::Source;
use arc_swap::ArcSwap;
pub use recorder::WINDOW_MICROS;
use recorder::{Kind, Part, Recorder};
use shale_item::{
    AttributeValue, EncodedItem, Item, KeyAttribute, KeyType, PrimaryKey, TableId,
    decode_key_values, encode_key, key_values, key_values_length,
};
use sketch::Weight;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Changes a definition.
///
/// # Errors
/// [`Error::IndexNotFound`] if the table has no global index of that name.
pub(crate) fn change(
    definition: &mut CreateTable,
    table: TableId,
    change: &InsightsChange,
    now_micros: u64,
) -> Result<(), Error> {
    let id = match &change.index {
        None => table,
        Some(name) => {
            let index = definition.derived.index(name);
            let index = index.filter(|index| index.kind == IndexKind::Global);
            let index = index.ok_or_else(|| Error::IndexNotFound {
                table: definition.name.clone(),
                index: name.clone(),
            })?;
            index.id
        }
    };
    let insights = &mut definition.derived.insights;
    let current = insights.get(&id.0).copied();
    let enabled = current.filter(|current| current.enabled_micros.is_some());
    let changed = match (enabled, change.mode) {
        (None, None) => return Ok(()),
        (Some(current), Some(mode)) if current.mode == mode => return Ok(()),
        (Some(current), None) => InsightsDefinition {
            enabled_micros: None,
            updated_micros: now_micros,
            ..current
        },
        (_, Some(mode)) => InsightsDefinition {
            enabled_micros: Some(now_micros),
            updated_micros: now_micros,
            mode,
        },
    };
    insights.insert(id.0, changed);
    Ok(())
}

/// A rule: a list of contributors of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsightsRule {
    /// Its name, of the form that the Developer Guide gives.
    pub name: String,
    kind: Kind,
    part: Part,
}

/// The rules of a table or of one of its indexes; none if its insights are off.
pub fn rules(table: TableId, definition: &CreateTable, index: Option<&Index>) -> Vec<InsightsRule> {
    let id = index.map_or(table, |index| index.id);
    let insights = definition.derived.insights.get(&id.0);
    let Some((insights, enabled_micros)) =
        insights.and_then(|insights| Some((insights, insights.enabled_micros?)))
    else {
        return Vec::new();
    };
    let has_sort = match index {
        Some(index) => !index.sort.is_empty(),
        None => definition.key_schema.sort.is_some(),
    };
    let resource = match index {
        Some(index) => format!("{}-{}", definition.name, index.name),
        None => definition.name.clone(),
    };
    let mut rules = Vec::new();
    for kind in Kind::ALL {
        for part in Part::ALL {
            let exists = has_sort || part == Part::Partition;
            if !exists || !kind.is_counted(insights.mode) {
                continue;
            }
            let code = match (part, kind) {
                (Part::Partition, Kind::Accessed) => "PKC",
                (Part::PartitionAndSort, Kind::Accessed) => "SKC",
                (Part::Partition, Kind::Throttled) => "PKT",
                (Part::PartitionAndSort, Kind::Throttled) => "SKT",
            };
            let millis = enabled_micros / 1000;
            let name = format!("DynamoDBContributorInsights-{code}-{resource}-{millis}");
            rules.push(InsightsRule { name, kind, part });
        }
    }
    rules
}

/// The recorders of a table and its indexes.
#[derive(Debug, Default)]
pub(crate) struct Insights {
    on: AtomicBool,
    recorders: ArcSwap<BTreeMap<TableId, Arc<Recorder>>>,
}

impl Insights {
    /// Whether anything is recorded about the table or an index of it.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    fn of(&self, id: TableId) -> Option<Arc<Recorder>> {
        self.recorders.load().get(&id).map(Arc::clone)
    }

    /// Records from now on what a definition says. Recorders of what stays as it was go on.
    pub(crate) fn follow(&self, table: TableId, definition: &CreateTable) {
        let before = self.recorders.load();
        if before.is_empty() && definition.derived.insights.is_empty() {
            return;
        }
        let mut recorders = BTreeMap::new();
        for (id, insights) in &definition.derived.insights {
            let (id, mode) = (TableId(*id), insights.mode);
            let Some(enabled_micros) = insights.enabled_micros else {
                continue;
            };
            let kept = before.get(&id).filter(|recorder| {
                (recorder.mode, recorder.enabled_micros) == (mode, enabled_micros)
            });
            let recorder = kept.map(Arc::clone).or_else(|| {
                let (partition, sort) = key_of(table, definition, id)?;
                let types = |key: &[KeyAttribute]| -> Vec<KeyType> {
                    key.iter().map(|attribute| attribute.key_type).collect()
                };
                let recorder = Recorder::new(mode, enabled_micros, types(partition), types(sort));
                Some(Arc::new(recorder))
            });
            recorders.extend(recorder.map(|recorder| (id, recorder)));
        }
        self.on.store(!recorders.is_empty(), Ordering::Relaxed);
        self.recorders.store(Arc::new(recorders));
    }
}

/// The key attributes, HASH and RANGE, of a table or index.
fn key_of(
    table: TableId,
    definition: &CreateTable,
    id: TableId,
) -> Option<(&[KeyAttribute], &[KeyAttribute])> {
    if id == table {
        let schema = &definition.key_schema;
        let partition = std::slice::from_ref(&schema.partition);
        return Some((partition, schema.sort.as_slice()));
    }
    let mut indexes = definition.derived.indexes.iter();
    let index = indexes.find(|index| index.id == id)?;
    Some((&index.partition, &index.sort))
}

/// The item under a tree key was written, or could have been, for that many units.
#[inline]
pub(crate) fn wrote(inner: &Inner, table: &Table, tree_key: &[u8], units: f64) {
    if table.insights.is_on() {
        accessed(inner, table, table.id, tree_key, units);
    }
}

/// An item was read by its key, for that many units.
#[inline]
pub(crate) fn read_item(inner: &Inner, table: &Table, key: &PrimaryKey, units: f64) {
    if table.insights.is_on() {
        accessed(inner, table, table.id, &encode_key(table.id, key), units);
    }
}

#[cold]
fn accessed(inner: &Inner, table: &Table, id: TableId, tree_key: &[u8], units: f64) {
    if let Some(recorder) = table.insights.of(id)
        && let Some(values) = key_values(tree_key)
    {
        let now_micros = inner.clock.now_micros();
        recorder.record(Kind::Accessed, now_micros, [(values, units)]);
    }
}

/// Items were written that no request has an answer of its own for.
pub(crate) fn wrote_changes(inner: &Inner, changes: &[Change<'_>]) {
    for change in changes {
        let size = |item: &Option<EncodedItem>| item.as_ref().map_or(0, EncodedItem::size);
        let units = write_units(size(&change.old), size(&change.new));
        wrote(inner, change.table.table, change.tree_key, units);
        wrote_entries(inner, change, 1.0);
    }
}

/// An item was written: what that costs in its table's global indexes, times the factor.
#[inline]
pub(crate) fn wrote_entries(inner: &Inner, change: &Change<'_>, factor: f64) {
    if change.table.table.insights.is_on() {
        wrote_watched_entries(inner, change, factor);
    }
}

#[cold]
fn wrote_watched_entries(inner: &Inner, change: &Change<'_>, factor: f64) {
    let (table, definition) = (change.table.table, &*change.table.definition);
    for index in &definition.derived.indexes {
        if index.kind == IndexKind::Local || table.insights.of(index.id).is_none() {
            continue;
        }
        let entry = |item: &Option<EncodedItem>| index::entry(definition, index, item.as_ref()?);
        let (old, new) = (entry(&change.old), entry(&change.new));
        if old == new {
            continue;
        }
        let wrote = |key: &[u8], units| accessed(inner, table, index.id, key, units * factor);
        if has_moved(old.as_ref(), new.as_ref()) {
            for entry in old.iter().chain(&new) {
                wrote(&entry.key, write_units(entry.item.size(), 0));
            }
        } else if let Some((old, new)) = old.zip(new) {
            wrote(&new.key, write_units(old.item.size(), new.item.size()));
        }
    }
}

/// What a page of a query or scan reads, where that is recorded.
pub(crate) struct Watch {
    /// Of the table, or of the global index that is read.
    recorder: Option<Arc<Recorder>>,
    /// Of the table, for what completes entries of an index.
    of_table: Option<Arc<Recorder>>,
    /// HASH values that are queried.
    queried: Option<Vec<u8>>,
    /// Values of keys, and bytes that were read there.
    seen: Vec<(Vec<u8>, usize)>,
    /// Values of keys of the table, and units.
    completed: Vec<(Vec<u8>, f64)>,
}

impl Watch {
    /// None if nothing about the table is recorded.
    #[inline]
    pub(crate) fn of(table: &Table, source: &Source<'_>) -> Option<Watch> {
        match table.insights.is_on() {
            true => Some(Watch::new(table, source)),
            false => None,
        }
    }

    #[cold]
    fn new(table: &Table, source: &Source<'_>) -> Watch {
        let global = source
            .index()
            .filter(|index| index.kind == IndexKind::Global);
        Watch {
            recorder: table.insights.of(global.map_or(table.id, |index| index.id)),
            of_table: table.insights.of(table.id),
            queried: None,
            seen: Vec::new(),
            completed: Vec::new(),
        }
    }

    /// A query's range begins there.
    pub(crate) fn queries(&mut self, start: &[u8]) {
        if let Some(recorder) = &self.recorder
            && let Some(values) = key_values(start)
        {
            let length = key_values_length(values, recorder.partition.iter().copied());
            self.queried = length.map(|length| values[..length].to_vec());
        }
    }

    /// An item or an entry was read.
    pub(crate) fn saw(&mut self, source: &Source<'_>, tree_key: &[u8], item: &EncodedItem) {
        if self.recorder.is_none() {
            return;
        }
        let is_local = |index: &Index| index.kind == IndexKind::Local;
        let values = match source.index().is_some_and(is_local) {
            true => item_values(source, item),
            false => key_values(tree_key).map(<[u8]>::to_vec),
        };
        self.seen.extend(values.map(|values| (values, item.size())));
    }

    /// An entry was completed from the table.
    pub(crate) fn completed(&mut self, source: &Source<'_>, entry: &EncodedItem, units: f64) {
        if self.of_table.is_some() {
            let values = item_values(source, entry);
            self.completed.extend(values.map(|values| (values, units)));
        }
    }

    /// Records the page.
    pub(crate) fn record(self, inner: &Inner, page: &Page) {
        let now_micros = inner.clock.now_micros();
        if let Some(recorder) = &self.recorder {
            let bytes: usize = self.seen.iter().map(|(_, size)| size).sum();
            let share = |size: usize| size as f64 / bytes as f64;
            let seen = self.seen.iter();
            let seen = seen.map(|(values, size)| (&values[..], page.capacity * share(*size)));
            let nothing = self.queried.iter().filter(|_| self.seen.is_empty());
            let nothing = nothing.map(|values| (&values[..], page.capacity));
            recorder.record(Kind::Accessed, now_micros, seen.chain(nothing));
        }
        if let Some(recorder) = &self.of_table {
            let completed = self.completed.iter();
            let completed = completed.map(|(values, units)| (&values[..], *units));
            recorder.record(Kind::Accessed, now_micros, completed);
        }
    }
}

/// The values of the key of the item that an entry stands for.
fn item_values(source: &Source<'_>, entry: &EncodedItem) -> Option<Vec<u8>> {
    let tree_key = source.item_key(entry).ok()?;
    key_values(&tree_key).map(<[u8]>::to_vec)
}

/// A contributor of a rule in a window.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// The table.
    pub table: String,
    /// The index; none: the table itself.
    pub index: Option<String>,
    /// The rule's name.
    pub rule: String,
    /// When the window began that lasts [`WINDOW_MICROS`], microseconds since the Unix epoch.
    pub window_start_micros: u64,
    /// The key: HASH attributes, in rules of both with the RANGE attributes.
    pub keys: Item,
    /// Capacity units that were consumed, or requests that were throttled.
    pub contribution: f64,
    /// By how much that may be wrong at most: 0 where the window's keys were few.
    pub error: f64,
}

/// Capacity units to a millionth: shares of pages are fractions, whose sums are a little off the whole.
fn rounded(units: f64) -> f64 {
    (units * 1e6).round() / 1e6
}

impl Engine {
    /// The largest contributors of all rules in the last hour, as this process has counted them: 25 for each minute, by table, rule
    /// and window, the largest first.
    pub fn contributions(&self) -> Vec<Contribution> {
        let now_micros = self.inner.clock.now_micros();
        let mut contributions = Vec::new();
        for name in self.list_tables(None, usize::MAX) {
            let Ok(table) = self.table(&name) else {
                continue;
            };
            if !table.insights.is_on() {
                continue;
            }
            let definition = table.current();
            let indexes = definition.derived.indexes.iter().map(Some);
            for index in std::iter::once(None).chain(indexes) {
                let id = index.map_or(table.id, |index| index.id);
                let Some(recorder) = table.insights.of(id) else {
                    continue;
                };
                for rule in rules(table.id, &definition, index) {
                    let rows = recorder.read(rule.kind, rule.part, now_micros);
                    let rows = rows.into_iter().filter_map(|(at, values, weight)| {
                        let Weight { weight, error } = weight;
                        Some(Contribution {
                            table: definition.name.clone(),
                            index: index.map(|index| index.name.clone()),
                            rule: rule.name.clone(),
                            window_start_micros: at,
                            keys: keys(table.id, &definition, id, rule.part, &values)?,
                            contribution: rounded(weight),
                            error: rounded(error),
                        })
                    });
                    contributions.extend(rows);
                }
            }
        }
        contributions
    }
}

/// The attributes that encoded values stand for.
fn keys(
    table: TableId,
    definition: &CreateTable,
    id: TableId,
    part: Part,
    values: &[u8],
) -> Option<Item> {
    let (partition, sort) = key_of(table, definition, id)?;
    let sort = match part {
        Part::Partition => &[],
        Part::PartitionAndSort => sort,
    };
    let attributes = || partition.iter().chain(sort);
    let types = attributes().map(|attribute| attribute.key_type);
    let values = decode_key_values(values, types)?.into_iter();
    let named = attributes().zip(values);
    Some(
        named
            .map(|(attribute, value)| (attribute.name.clone(), AttributeValue::from(value)))
            .collect(),
    )
}
