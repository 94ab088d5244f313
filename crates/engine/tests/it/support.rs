//! A log in memory, and short ways to say what tests say often.

use bytes::Bytes;
use parking_lot::Mutex;
use shale_commitlog::{
    AppendFailure, AppendSink, Batch, Epoch, Log, LogError, Lsn, Record, Records,
};
use shale_engine::{
    BillingMode, CreateTable, DeleteItem, Engine, EngineOptions, GetItem, PutItem, ReturnValues,
    UpdateItem,
};
use shale_env::{ManualClock, SeededRand};
use shale_expression::{Condition, Placeholders, Update, parse_condition, parse_update};
use shale_item::{AttributeValue, Item, KeyAttribute, KeySchema, KeyType};
use shale_storage::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A log in memory that is durable at once. Clones are the same log.
#[derive(Clone, Default)]
pub struct InstantLog {
    state: Arc<Mutex<InstantState>>,
}

#[derive(Default)]
struct InstantState {
    records: Vec<Record>,
    sink: Option<Arc<dyn AppendSink>>,
}

impl InstantLog {
    /// The same records, for the next opening.
    pub fn reopened(&self) -> InstantLog {
        let records = self.state.lock().records.clone();
        InstantLog {
            state: Arc::new(Mutex::new(InstantState {
                records,
                sink: None,
            })),
        }
    }

    /// The payloads so far.
    pub fn payloads(&self) -> Vec<Bytes> {
        let state = self.state.lock();
        state.records.iter().map(|r| r.payload.clone()).collect()
    }
}

impl Log for InstantLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        self.state.lock().sink = Some(sink);
    }

    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut state = self.state.lock();
        let next = state.records.len() as u64 + 1;
        assert_eq!(batch.first.0, next, "appends follow each other");
        for (lsn, payload) in (next..).zip(batch.payloads) {
            state.records.push(Record {
                lsn: Lsn(lsn),
                epoch: batch.epoch,
                timestamp_micros: batch.timestamp_micros,
                payload,
            });
        }
        let (sink, tail) = (state.sink.clone(), Lsn(state.records.len() as u64));
        drop(state);
        if let Some(sink) = sink {
            sink.on_durable(tail);
        }
        Ok(())
    }

    fn tail(&self) -> Lsn {
        Lsn(self.state.lock().records.len() as u64)
    }

    fn oldest(&self) -> Lsn {
        Lsn(1)
    }

    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn last_timestamp_micros(&self) -> u64 {
        let state = self.state.lock();
        state.records.last().map_or(0, |r| r.timestamp_micros)
    }

    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        let records = self.state.lock().records.clone();
        Ok(Box::new(
            records.into_iter().filter(move |r| r.lsn >= from).map(Ok),
        ))
    }

    fn trim(&self, _upto: Lsn) -> Result<(), LogError> {
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        0
    }
}

/// An engine in memory.
pub fn engine() -> Engine {
    open(InstantLog::default(), MemoryStore::default())
}

/// An engine over that log and those trees.
pub fn open(log: InstantLog, trees: MemoryStore) -> Engine {
    Engine::open(
        EngineOptions::new("unused"),
        Arc::new(log),
        Box::new(trees),
        Arc::new(ManualClock::new(1_700_000_000_000_000)),
        Arc::new(SeededRand::new(7)),
    )
    .unwrap()
}

/// S
pub fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// N
pub fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.into())
}

/// An item.
pub fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A table with keys of those names and types; `sort` empty for none.
pub fn table(name: &str, partition: (&str, KeyType), sort: Option<(&str, KeyType)>) -> CreateTable {
    let attribute = |(name, key_type): (&str, KeyType)| KeyAttribute {
        name: name.to_owned(),
        key_type,
    };
    CreateTable {
        name: name.to_owned(),
        key_schema: KeySchema {
            partition: attribute(partition),
            sort: sort.map(attribute),
        },
        billing_mode: BillingMode::PayPerRequest,
        columns: Vec::new(),
        hidden_key: false,
        deletion_protection: false,
        settings: BTreeMap::new(),
        tags: BTreeMap::new(),
    }
}

/// PutItem without more.
pub fn put(table: &str, item: Item) -> PutItem {
    PutItem {
        table: table.to_owned(),
        item,
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    }
}

/// UpdateItem with that expression.
pub fn update(table: &str, key: Item, text: &str, values: Item) -> UpdateItem {
    UpdateItem {
        table: table.to_owned(),
        key,
        update: Some(update_of(text, values)),
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    }
}

/// DeleteItem without more.
pub fn delete(table: &str, key: Item) -> DeleteItem {
    DeleteItem {
        table: table.to_owned(),
        key,
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    }
}

/// A strongly consistent GetItem.
pub fn get(engine: &Engine, table: &str, key: Item) -> Option<Item> {
    let request = GetItem {
        table: table.to_owned(),
        key,
        consistent: true,
    };
    let item = engine.get_item(&request).unwrap().item;
    item.map(|item| item.to_item())
}

/// An update expression.
pub fn update_of(text: &str, values: Item) -> Update {
    parse_update(text, &mut Placeholders::new(None, Some(&values))).unwrap()
}

/// A condition expression.
pub fn condition(text: &str, values: Item) -> Condition {
    parse_condition(text, &mut Placeholders::new(None, Some(&values))).unwrap()
}
