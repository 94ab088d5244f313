//! A reader of all streams that checks what it reads, over any number of crashes.

use crate::support::*;
use shale_engine::{
    CreateTable, Engine, Error, Scan, SequenceNumber, StreamDefinition, StreamEvent, StreamName,
    StreamProblem, StreamRecord, StreamStart, StreamView,
};
use shale_item::{Item, KeyType};
use std::collections::BTreeMap;

/// A table with HASH `id` (N) and a stream of both images.
pub fn streamed(name: &str) -> CreateTable {
    let mut definition = table(name, ("id", KeyType::N), None);
    definition.derived.stream = Some(StreamDefinition {
        id: 0,
        created_micros: 0,
        view: StreamView::NewAndOldImages,
    });
    definition
}

/// Reads a stream as far as it is kept: parents before children.
pub fn read_stream(engine: &Engine, name: &StreamName) -> Result<Vec<StreamRecord>, Error> {
    let mut records = Vec::new();
    for shard in engine.describe_stream(name)?.shards {
        let start = StreamStart::TrimHorizon;
        let mut next = Some(engine.shard_iterator(name, &shard.id, start)?);
        while let Some(iterator) = next {
            let page = engine.stream_records(&iterator, 7)?;
            next = page.next.filter(|_| !page.records.is_empty());
            records.extend(page.records);
        }
    }
    Ok(records)
}

/// What was read so far.
#[derive(Default)]
pub struct Follower {
    seen: BTreeMap<StreamName, Vec<SequenceNumber>>,
}

impl Follower {
    /// Everything that was seen is there unless it was trimmed, and nothing was put in between; each record begins where the last one
    /// of its item ended; the last ones are the items of the table. `whole`: nothing was trimmed.
    pub fn check(&mut self, engine: &Engine, whole: bool) {
        let names = engine.list_streams(None, None, usize::MAX).unwrap();
        for name in &names {
            let records = read_stream(engine, name).unwrap();
            let numbers: Vec<SequenceNumber> = records.iter().map(|r| r.number).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "{name:?}: {numbers:?}");
            let seen = self.seen.entry(name.clone()).or_default();
            let oldest = numbers.first().copied();
            let kept = seen.iter().position(|number| Some(*number) == oldest);
            let kept = seen.get(kept.unwrap_or(seen.len())..).unwrap_or_default();
            assert!(numbers.starts_with(kept), "{name:?}: {kept:?} {numbers:?}");
            assert!(!whole || kept.len() == seen.len(), "{name:?}: {seen:?}");
            *seen = numbers;
            let items = follow(&records, whole);
            if let Ok(described) = engine.describe_table(&name.table)
                && let Some(stream) = &described.definition.derived.stream
                && stream.name(&name.table) == *name
            {
                check_items(engine, name, &items, whole);
            }
        }
        self.seen.retain(|name, _| {
            let gone = !names.contains(name);
            let found = engine.describe_stream(name);
            let told = matches!(found, Err(Error::Stream(StreamProblem::NotFound)));
            assert_eq!(gone, told);
            assert!(!gone || !whole, "{name:?} is lost");
            !gone
        });
    }
}

/// The items by key that the records lead to; none: it is gone.
fn follow(records: &[StreamRecord], whole: bool) -> BTreeMap<String, Option<Item>> {
    let mut items: BTreeMap<String, Option<Item>> = BTreeMap::new();
    for record in records {
        let key = format!("{:?}", record.keys);
        let image = |image: &Option<shale_item::EncodedItem>| image.as_ref().map(|i| i.to_item());
        let (old, new) = (image(&record.old), image(&record.new));
        match items.get(&key) {
            Some(before) => assert_eq!(*before, old, "{key} before {}", record.number),
            None => assert!(!whole || old.is_none(), "{key} has no beginning"),
        }
        let event = match (&old, &new) {
            (None, Some(_)) => StreamEvent::Insert,
            (Some(_), Some(_)) => StreamEvent::Modify,
            (Some(_), None) => StreamEvent::Remove,
            (None, None) => panic!("a record of nothing"),
        };
        assert_eq!(record.event, event);
        assert_ne!(old, new, "a record of no change");
        items.insert(key, new);
    }
    items
}

fn check_items(
    engine: &Engine,
    name: &StreamName,
    items: &BTreeMap<String, Option<Item>>,
    whole: bool,
) {
    let scan = Scan {
        table: name.table.clone(),
        index: None,
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    };
    let mut stored = BTreeMap::new();
    for found in engine.scan(&scan).unwrap().items {
        let found = found.to_item();
        let key = Item::from([("id".to_owned(), found["id"].clone())]);
        stored.insert(format!("{key:?}"), found);
    }
    for (key, item) in items {
        assert_eq!(stored.get(key), item.as_ref(), "{name:?} {key}");
    }
    assert!(!whole || stored.keys().all(|key| items.contains_key(key)));
}
