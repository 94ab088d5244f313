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
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// A log in memory that is durable at once. Clones are the same log.
#[derive(Clone, Default)]
pub struct InstantLog {
    state: Arc<Mutex<InstantState>>,
}

#[derive(Default)]
struct InstantState {
    records: Vec<Record>,
    sink: Option<Arc<dyn AppendSink>>,
    /// Nothing above it becomes durable for now.
    held_at: Option<u64>,
}

impl InstantLog {
    /// The same records, for the next opening.
    pub fn reopened(&self) -> InstantLog {
        let records = self.state.lock().records.clone();
        InstantLog {
            state: Arc::new(Mutex::new(InstantState {
                records,
                sink: None,
                held_at: None,
            })),
        }
    }

    /// A log of those records.
    pub fn of(records: Vec<Record>) -> InstantLog {
        let log = InstantLog::default();
        log.state.lock().records = records;
        log
    }

    /// Lets nothing above that LSN become durable, until it is released.
    pub fn hold_at(&self, lsn: u64) {
        self.state.lock().held_at = Some(lsn);
    }

    /// Everything is durable, and what comes too.
    pub fn release(&self) {
        let mut state = self.state.lock();
        state.held_at = None;
        let (sink, tail) = (state.sink.clone(), Lsn(state.records.len() as u64));
        drop(state);
        sink.unwrap().on_durable(tail);
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
        let durable = state.records.len() as u64;
        let durable = state.held_at.map_or(durable, |held| durable.min(held));
        let (sink, tail) = (state.sink.clone(), Lsn(durable));
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
        sql: Default::default(),
        derived: Default::default(),
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

/// A log that counts how often it tells of groups that became durable.
pub struct CountingLog<L> {
    inner: L,
    groups: Arc<AtomicU64>,
}

impl<L: Log> CountingLog<L> {
    /// Counts the groups of a log.
    pub fn new(inner: L) -> (CountingLog<L>, Arc<AtomicU64>) {
        let groups = Arc::new(AtomicU64::new(0));
        let counting = CountingLog {
            inner,
            groups: Arc::clone(&groups),
        };
        (counting, groups)
    }
}

struct CountingSink {
    inner: Arc<dyn AppendSink>,
    groups: Arc<AtomicU64>,
}

impl AppendSink for CountingSink {
    fn on_durable(&self, upto: Lsn) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.inner.on_durable(upto);
    }
    fn on_failed(&self, from: Lsn, failure: AppendFailure) {
        self.inner.on_failed(from, failure);
    }
}

impl<L: Log> Log for CountingLog<L> {
    fn set_sink(&self, inner: Arc<dyn AppendSink>) {
        let groups = Arc::clone(&self.groups);
        self.inner
            .set_sink(Arc::new(CountingSink { inner, groups }));
    }
    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        self.inner.append(batch)
    }
    fn tail(&self) -> Lsn {
        self.inner.tail()
    }
    fn oldest(&self) -> Lsn {
        self.inner.oldest()
    }
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }
    fn last_timestamp_micros(&self) -> u64 {
        self.inner.last_timestamp_micros()
    }
    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        self.inner.read(from)
    }
    fn trim(&self, upto: Lsn) -> Result<(), LogError> {
        self.inner.trim(upto)
    }
    fn disk_bytes(&self) -> u64 {
        self.inner.disk_bytes()
    }
}

/// Runs a future of an engine without threads, with the given steps between its moments.
pub fn driven<T>(mut turn: impl FnMut(), future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1000 {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return answer;
        }
        turn();
    }
    panic!("it waits for ever");
}
