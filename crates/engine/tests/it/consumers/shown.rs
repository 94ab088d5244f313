//! What the engine shows of everything that is derived from writes, and how that differs from what the ledger recomputes.

use super::clients::PARTITIONS;
use super::ledger::{Change, Known, Ledger, Stream};
use crate::stream_follower::read_stream;
use crate::support::s;
use futures::FutureExt;
use shale_engine::*;
use shale_item::{AttributeValue, EncodedItem, Item, KeyAttribute, KeyType, item_size};
use shale_storage::{MemoryStore, Role, Step};
use std::collections::BTreeMap;
use std::fmt::Debug;

const HOUR_MICROS: u64 = 3_600_000_000;
/// For how many hours records of streams are kept.
const STREAM_HOURS: u64 = 24;

/// An index as its readers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownIndex {
    pub definition: Index,
    pub entries: Vec<Item>,
    /// Entries and bytes, as the statistics say.
    pub size: (u64, u64),
    /// The bytes of the entries.
    pub bytes: u64,
}

/// What is readable at an LSN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub lsn: u64,
    pub now_micros: u64,
    /// Everything up to there is in the indexes, the engine says.
    pub watermark: u64,
    /// By number.
    pub names: BTreeMap<u32, String>,
    pub tables: BTreeMap<u32, Vec<Item>>,
    /// By the number of the table and the name of the index.
    pub indexes: BTreeMap<(u32, String), ShownIndex>,
    /// Bytes by HASH, of tables with local indexes.
    pub collections: BTreeMap<u32, BTreeMap<&'static str, u64>>,
    pub streams: BTreeMap<StreamName, Vec<Change>>,
    /// Everything in the tree of indexes; none if that was not looked at.
    pub entries: Option<Vec<Vec<u8>>>,
    /// Items of a table as of an LSN.
    pub past: BTreeMap<(u32, u64), Vec<Item>>,
}

impl Shown {
    /// Looks at everything of an engine without threads.
    pub fn of(engine: &Engine, now_micros: u64) -> Shown {
        let mut shown = Shown {
            lsn: engine.current_lsn(),
            now_micros,
            watermark: engine.index_lag().watermark.0,
            ..Shown::default()
        };
        for name in engine.list_tables(None, usize::MAX) {
            let described = engine.describe_table(&name).unwrap();
            let id = described.id.0;
            let (items, _) = all(engine, &name, None);
            shown.tables.insert(id, items);
            shown.names.insert(id, name.clone());
            let size_of =
                |h: &'static str| Some((h, engine.item_collection_bytes(&name, &s(h)).unwrap()?));
            let sizes: BTreeMap<_, _> = PARTITIONS.into_iter().filter_map(size_of).collect();
            shown.collections.insert(id, sizes);
            for index in &described.definition.derived.indexes {
                if index.status == IndexStatus::Creating {
                    let refused = engine.scan(&scan(&name, Some(&index.name)));
                    assert!(matches!(refused, Err(Error::IndexNotReady { .. })));
                    continue;
                }
                let (entries, bytes) = all(engine, &name, Some(&index.name));
                let size = engine.index_size(&name, &index.name).unwrap();
                let found = ShownIndex {
                    definition: index.clone(),
                    entries,
                    size: size.unwrap(),
                    bytes,
                };
                shown.indexes.insert((id, index.name.clone()), found);
            }
        }
        for name in engine.list_streams(None, None, usize::MAX).unwrap() {
            let records = read_stream(engine, &name).unwrap();
            let changes = records.iter().map(change_of).collect();
            shown.streams.insert(name, changes);
        }
        shown
    }

    /// Looks at all keys of the tree of indexes too, which is flushed for that if there is space.
    pub fn with_entries(mut self, engine: &Engine, trees: &MemoryStore) -> Shown {
        if engine.shard_step(Step::Flush(Role::Indexes)).is_err() {
            return self;
        }
        let entries = trees.durable_entries(Role::Indexes);
        self.entries = Some(entries.keys().map(|key| key.to_vec()).collect());
        self
    }

    /// Looks at a table as it was when that record was the newest one. Says whether its history reaches back that far.
    pub fn look_back(&mut self, engine: &Engine, table: &str, lsn: u64) -> bool {
        let view = engine.read_view_as_of(AsOf::Lsn(lsn)).now_or_never();
        self.look_through(&view.expect("nothing to wait for").unwrap(), table, lsn)
    }

    /// Looks at a table as it was at a time, at which that record was the newest one, unless that depends on what is on its way.
    pub fn look_back_at(&mut self, engine: &Engine, table: &str, micros: u64, lsn: u64) {
        if let Some(view) = engine.read_view_as_of(AsOf::Micros(micros)).now_or_never() {
            let reached = self.look_through(&view.unwrap(), table, lsn);
            assert!(
                reached,
                "as of {micros} of {}: below the floor",
                self.now_micros
            );
        }
    }

    fn look_through(&mut self, view: &ReadView, table: &str, lsn: u64) -> bool {
        match view.scan(&scan(table, None)) {
            Ok(page) => {
                let ids = self.names.iter().filter(|(_, name)| *name == table);
                let id = *ids.map(|(id, _)| id).next().unwrap();
                assert!(page.last_evaluated_key.is_none());
                let items = page.items.iter().map(EncodedItem::to_item).collect();
                self.past.insert((id, lsn), items);
                true
            }
            Err(Error::History(HistoryProblem::Floor { .. })) => false,
            Err(error) => panic!("{table} as of {lsn}: {error}"),
        }
    }

    /// How it differs from the ledger, which is at the same LSN.
    pub fn problems(&self, ledger: &Ledger) -> Vec<String> {
        assert_eq!(self.lsn, ledger.at);
        let mut problems = ledger.problems.clone();
        if ledger.indexes_show() < self.watermark {
            let (found, told) = (ledger.indexes_show(), self.watermark);
            problems.push(format!("indexes show {found}, and are said to show {told}"));
        }
        let tables: Vec<&u32> = ledger.tables.keys().collect();
        if !self.tables.keys().eq(tables.iter().copied()) {
            let shown: Vec<&u32> = self.tables.keys().collect();
            problems.push(format!("tables {shown:?} instead of {tables:?}"));
        }
        for (id, known) in &ledger.tables {
            let Some(items) = self.tables.get(id) else {
                continue;
            };
            let name = known.name();
            problems.extend(difference(name, items, items_at(known, self.lsn)));
            self.check_collections(*id, known, &mut problems);
            self.check_indexes(ledger, *id, known, &mut problems);
            self.check_expiries(known, &mut problems);
        }
        for ((id, lsn), items) in &self.past {
            let what = format!("table {id} as of {lsn}");
            problems.extend(difference(&what, items, items_at(&ledger.tables[id], *lsn)));
        }
        for stream in ledger.streams.values() {
            problems.extend(self.check_stream(stream));
        }
        let known = |name: &StreamName| ledger.streams.values().any(|stream| stream.name == *name);
        let unknown = self.streams.keys().filter(|name| !known(name));
        problems.extend(unknown.map(|name| format!("{name:?} is unknown")));
        problems
    }

    fn check_indexes(&self, ledger: &Ledger, id: u32, known: &Known, problems: &mut Vec<String>) {
        let indexes = known.definition["indexes"].as_array();
        for stored in indexes.into_iter().flatten() {
            let name = stored["name"].as_str().unwrap();
            let active = stored["status"] == "active";
            let shown = self.indexes.get(&(id, name.to_owned()));
            let what = format!("index {name} of {}", known.name());
            let Some(shown) = shown.filter(|_| active) else {
                if shown.is_some() != active {
                    problems.push(format!("{what} is active: {active}"));
                }
                continue;
            };
            let at = match shown.definition.kind {
                IndexKind::Global => ledger.indexes_show(),
                IndexKind::Local => self.lsn,
            };
            let items = items_at(known, at);
            let expected = items
                .iter()
                .filter_map(|item| entry_of(&shown.definition, item));
            problems.extend(difference(&what, &shown.entries, expected.collect()));
            let counted = (shown.entries.len() as u64, shown.bytes);
            if shown.size != counted {
                problems.push(format!("{what} has {counted:?}, counted {:?}", shown.size));
            }
        }
    }

    /// The size of an item collection is that of its items and their entries in the local indexes.
    fn check_collections(&self, id: u32, known: &Known, problems: &mut Vec<String>) {
        let indexes = self.indexes.iter().filter(|((of, _), _)| *of == id);
        let indexes = indexes.map(|(_, index)| &index.definition);
        let local: Vec<&Index> = indexes
            .filter(|index| index.kind == IndexKind::Local)
            .collect();
        let mut expected = BTreeMap::new();
        for h in PARTITIONS.into_iter().filter(|_| !local.is_empty()) {
            let items = items_at(known, self.lsn);
            let items = items.iter().filter(|item| item["h"] == s(h));
            let bytes = items.map(|item| {
                let entries = local.iter().filter_map(|index| entry_of(index, item));
                item_size(item) + entries.map(|entry| item_size(&entry)).sum::<usize>()
            });
            expected.insert(h, bytes.sum::<usize>() as u64);
        }
        if self.collections[&id] != expected {
            let found = &self.collections[&id];
            problems.push(format!(
                "item collections of {}: {found:?} instead of {expected:?}",
                known.name()
            ));
        }
    }

    fn check_expiries(&self, known: &Known, problems: &mut Vec<String>) {
        if let Some(entries) = &self.entries
            && let Some((id, expected)) = known.expiries(self.lsn)
        {
            let found = entries
                .iter()
                .filter(|key| key.starts_with(&id.to_be_bytes()));
            let found: Vec<_> = found.cloned().collect();
            let what = format!("expiries of {}", known.name());
            problems.extend(difference(&what, &found, expected));
        }
    }

    fn check_stream(&self, stream: &Stream) -> Option<String> {
        let name = &stream.name;
        // Nothing that young is trimmed.
        let kept_hour = (self.now_micros / HOUR_MICROS).saturating_sub(STREAM_HOURS);
        let may_be_gone = |micros: u64| micros / HOUR_MICROS < kept_hour;
        let Some(shown) = self.streams.get(name) else {
            let gone = stream.closed_micros.is_some_and(may_be_gone);
            return (!gone).then(|| format!("{name:?} is not there"));
        };
        let trimmed = stream.changes.len().checked_sub(shown.len());
        let trimmed = trimmed.filter(|trimmed| stream.changes[*trimmed..] == shown[..]);
        let Some(trimmed) = trimmed else {
            let of = |changes: &[Change]| -> Vec<String> {
                changes.iter().map(|change| format!("{change:?}")).collect()
            };
            let wrong = difference(&format!("{name:?}"), &of(shown), of(&stream.changes));
            return wrong.or(Some(format!("{name:?} shows another order")));
        };
        let last = stream.changes[..trimmed].last();
        let lost = last.filter(|change| !may_be_gone(change.timestamp_micros));
        lost.map(|change| format!("{name:?} has lost {change:?}"))
    }
}

/// What is in the one and not in the other, in any order.
fn difference<T: Debug + PartialEq>(what: &str, found: &[T], expected: Vec<T>) -> Option<String> {
    if *found == expected {
        return None;
    }
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for entry in found {
        *counts.entry(format!("{entry:?}")).or_default() += 1;
    }
    for entry in &expected {
        *counts.entry(format!("{entry:?}")).or_default() -= 1;
    }
    let some = |sign: i64| -> Vec<&String> {
        let of_sign = counts.iter().filter(|(_, count)| count.signum() == sign);
        of_sign.map(|(entry, _)| entry).take(3).collect()
    };
    let (extra, missing) = (some(1), some(-1));
    let same = extra.is_empty() && missing.is_empty();
    (!same).then(|| format!("{what}: {extra:?} should not be there, {missing:?} should"))
}

fn items_at(known: &Known, lsn: u64) -> Vec<Item> {
    known.items(lsn).map(|(_, item)| item.to_item()).collect()
}

/// The entry of an item of the simulation's tables (HASH `h`, RANGE `r`).
fn entry_of(index: &Index, item: &Item) -> Option<Item> {
    let attributes = || index.partition.iter().chain(&index.sort);
    let fits = |attribute: &KeyAttribute| {
        matches!(
            (attribute.key_type, item.get(&attribute.name)),
            (KeyType::S, Some(AttributeValue::S(_))) | (KeyType::N, Some(AttributeValue::N(_)))
        )
    };
    if !attributes().all(fits) {
        return None;
    }
    let is_key = |name: &String| {
        name == "h" || name == "r" || attributes().any(|attribute| attribute.name == *name)
    };
    let projected = |name: &String| match &index.projection {
        IndexProjection::All => true,
        IndexProjection::KeysOnly => is_key(name),
        IndexProjection::Include(names) => is_key(name) || names.contains(name),
    };
    let kept = item.iter().filter(|(name, _)| projected(name));
    Some(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

fn change_of(record: &StreamRecord) -> Change {
    // A number is a first digit, ten of the hour, twenty of the LSN and six of the place in the record.
    let number = record.number.to_string();
    let image = |image: &Option<EncodedItem>| image.as_ref().map(EncodedItem::to_item);
    Change {
        lsn: number[11..31].parse().unwrap(),
        n: number[31..].parse().unwrap(),
        event: record.event,
        by_service: record.by_service,
        timestamp_micros: record.timestamp_micros,
        keys: record.keys.clone(),
        old: image(&record.old),
        new: image(&record.new),
    }
}

pub fn scan(table: &str, index: Option<&str>) -> Scan {
    Scan {
        table: table.to_owned(),
        index: index.map(str::to_owned),
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    }
}

/// All items or entries, and their bytes.
fn all(engine: &Engine, table: &str, index: Option<&str>) -> (Vec<Item>, u64) {
    let mut request = scan(table, index);
    let (mut items, mut bytes) = (Vec::new(), 0);
    loop {
        let page = engine.scan(&request).unwrap();
        bytes += page
            .items
            .iter()
            .map(|item| item.size() as u64)
            .sum::<u64>();
        items.extend(page.items.iter().map(EncodedItem::to_item));
        request.exclusive_start_key = page.last_evaluated_key;
        if request.exclusive_start_key.is_none() {
            return (items, bytes);
        }
    }
}
