//! What the log says: definitions, items at every LSN, and the changes that streams must show, recomputed from the writes of items alone.
//!
//! What a record says about streams and histories beside a write is compared with the recomputation on the way; what it says about
//! entries of indexes is not looked at.

use super::record::{self, Operation, operations};
use bytes::Bytes;
use serde_json::Value;
use shale_commitlog::{Log, Lsn, Record};
use shale_engine::{StreamEvent, StreamName};
use shale_item::{AttributeValue, EncodedItem, Item};
use std::collections::BTreeMap;

/// Attribute that every write of a client's sets, each to a number of its own.
pub const TOKEN: &str = "w";

/// A change that a stream must show.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub lsn: u64,
    /// Which of the changes of its record.
    pub n: u32,
    pub event: StreamEvent,
    pub by_service: bool,
    pub timestamp_micros: u64,
    pub keys: Item,
    pub old: Option<Item>,
    pub new: Option<Item>,
}

/// A stream, on or off.
#[derive(Debug)]
pub struct Stream {
    pub name: StreamName,
    /// When it was switched off, microseconds since the Unix epoch.
    pub closed_micros: Option<u64>,
    pub changes: Vec<Change>,
    view: String,
}

/// A table that is there.
#[derive(Debug)]
pub struct Known {
    pub created: u64,
    pub definition: Value,
    /// By tree key: every image from the LSN on that made it.
    versions: BTreeMap<Bytes, Vec<(u64, Option<EncodedItem>)>>,
    /// Items that clients deleted, and that the service did.
    pub deleted: [u64; 2],
}

impl Known {
    pub fn name(&self) -> &str {
        self.definition["name"].as_str().unwrap()
    }

    /// The items as they were, by tree key.
    pub fn items(&self, lsn: u64) -> impl Iterator<Item = (&Bytes, &EncodedItem)> {
        self.versions.iter().filter_map(move |(key, versions)| {
            let behind = versions.partition_point(|(made, _)| *made <= lsn);
            let (_, image) = versions[..behind].last()?;
            Some((key, image.as_ref()?))
        })
    }

    fn newest(&self, key: &[u8]) -> Option<&EncodedItem> {
        self.versions.get(key)?.last()?.1.as_ref()
    }

    fn stream(&self) -> Option<u32> {
        id_of(&self.definition["stream"])
    }

    /// Whether it has a complete index of that number.
    pub fn shows(&self, index: u32) -> bool {
        let indexes = self.definition["indexes"].as_array();
        let mut all = indexes
            .into_iter()
            .flatten()
            .chain([&self.definition["ttl"]]);
        all.any(|of| id_of(of) == Some(index) && of["status"] == "active")
    }

    /// The entries that the hidden index of expiries must have; none if it is not complete.
    pub fn expiries(&self, lsn: u64) -> Option<(u32, Vec<Vec<u8>>)> {
        let ttl = &self.definition["ttl"];
        let id = id_of(ttl).filter(|_| ttl["status"] == "active")?;
        let attribute = ttl["attribute"].as_str().unwrap();
        let entries = self.items(lsn).filter_map(|(key, item)| {
            let expiry = expiry_of(&item.to_item(), attribute)?;
            Some([&id.to_be_bytes()[..], &expiry.to_be_bytes(), &key[4..]].concat())
        });
        Some((id, entries.collect()))
    }
}

fn id_of(definition: &Value) -> Option<u32> {
    let id = definition.get("id")?.as_u64()?;
    Some(u32::try_from(id).unwrap())
}

/// When an item expires, seconds since the Unix epoch.
pub fn expiry_of(item: &Item, attribute: &str) -> Option<u64> {
    match item.get(attribute)? {
        AttributeValue::N(number) => u64::try_from(number.to_i64()?).ok(),
        _ => None,
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Ledger {
    /// All that was ever durable, from the first one on.
    records: Vec<Record>,
    /// How far it is recomputed.
    pub at: u64,
    /// How far deferred entries of indexes are applied; none: none are deferred.
    watermark: Option<u64>,
    /// Records with deferred entries.
    deferred: Vec<u64>,
    pub tables: BTreeMap<u32, Known>,
    /// By number.
    pub streams: BTreeMap<u32, Stream>,
    /// The LSN of the write that has it, by token.
    pub tokens: BTreeMap<i64, u64>,
    /// What cannot be.
    pub problems: Vec<String>,
}

/// A write of an item, and what its record says about it.
struct Write<'a> {
    key: &'a [u8],
    old_size: u32,
    new: Option<(u32, EncodedItem)>,
    said: Vec<Operation<'a>>,
}

impl Ledger {
    /// A ledger of those records.
    pub fn of(records: Vec<Record>) -> Ledger {
        Ledger {
            records,
            ..Ledger::default()
        }
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Takes what has become durable.
    pub fn collect(&mut self, log: &dyn Log) {
        let known = self.records.len() as u64;
        if log.tail().0 == known {
            return;
        }
        for record in log.read(Lsn(known + 1)).unwrap() {
            let record = record.unwrap();
            assert_eq!(record.lsn.0, self.records.len() as u64 + 1);
            self.records.push(record);
        }
    }

    /// Looks at a log that was opened again: what was durable is there as it was, unless it was trimmed.
    pub fn check_log(&self, log: &dyn Log) {
        let known = self.records.len() as u64;
        assert!(
            log.tail().0 >= known,
            "{:?}: {known} were durable",
            log.tail()
        );
        let kept = &self.records[log.oldest().0 as usize - 1..];
        let found = log.read(log.oldest()).unwrap().map(Result::unwrap);
        assert!(
            kept.iter()
                .eq(found.take(kept.len()).collect::<Vec<_>>().iter())
        );
    }

    /// Recomputes up to that LSN.
    pub fn advance(&mut self, upto: u64) {
        assert!(upto <= self.records.len() as u64, "{upto} is not durable");
        assert!(upto >= self.at, "{upto} is before {}", self.at);
        for at in self.at..upto {
            let record = self.records[at as usize].clone();
            // An empty one fills the LSN of a write that was rolled back.
            if !record.payload.is_empty() {
                self.add(&record);
            }
        }
        self.at = upto;
    }

    /// The LSN of the table's creation.
    pub fn created(&self, name: &str) -> u64 {
        let mut tables = self.tables.values();
        tables.find(|table| table.name() == name).unwrap().created
    }

    /// When the record was made, microseconds since the Unix epoch.
    pub fn timestamp_of(&self, lsn: u64) -> u64 {
        self.records[lsn as usize - 1].timestamp_micros
    }

    /// What global indexes show is what was at that LSN: up to there everything that was deferred is applied.
    pub fn indexes_show(&self) -> u64 {
        let Some(watermark) = self.watermark else {
            return self.at;
        };
        let applied = self.deferred.partition_point(|lsn| *lsn <= watermark);
        self.deferred.get(applied).map_or(self.at, |next| next - 1)
    }

    /// The newest record of that time or before, microseconds since the Unix epoch.
    pub fn newest_at(&self, micros: u64) -> u64 {
        let known = &self.records[..self.at as usize];
        known.partition_point(|record| record.timestamp_micros <= micros) as u64
    }

    fn problem(&mut self, lsn: u64, what: impl Into<String>) {
        self.problems.push(format!("record {lsn}: {}", what.into()));
    }

    fn add(&mut self, record: &Record) {
        let operations: Vec<Operation<'_>> = operations(&record.payload)
            .into_iter()
            .map(|(_, operation)| operation)
            .collect();
        // Writes obey the definitions of their own record.
        for operation in &operations {
            if let Operation::Catalog { key, value } = operation {
                self.add_row(record, key, *value);
            }
        }
        if operations
            .iter()
            .any(|operation| matches!(operation, Operation::Deferred(_)))
        {
            self.deferred.push(record.lsn.0);
        }
        let mut writes: Vec<Write<'_>> = Vec::new();
        for operation in operations {
            match operation {
                Operation::Put {
                    key,
                    old_size,
                    new_size,
                    item,
                } => {
                    let item = EncodedItem::from_bytes(Bytes::copy_from_slice(item)).unwrap();
                    writes.push(Write {
                        key,
                        old_size,
                        new: Some((new_size, item)),
                        said: Vec::new(),
                    });
                }
                Operation::Delete { key, old_size } => writes.push(Write {
                    key,
                    old_size,
                    new: None,
                    said: Vec::new(),
                }),
                Operation::Stream { .. } | Operation::Replaced { .. } => {
                    let write = writes.last_mut().expect("behind the write of an item");
                    write.said.push(operation);
                }
                _ => {}
            }
        }
        let mut n = 0;
        for write in writes {
            self.add_write(record, write, &mut n);
        }
    }

    fn add_row(&mut self, record: &Record, key: &[u8], value: Option<&[u8]>) {
        if key == b"mindexes" {
            let lsn = |value: &[u8]| u64::from_be_bytes(value.try_into().unwrap());
            let watermark = value.map(lsn);
            if watermark.is_some_and(|next| self.watermark.is_some_and(|before| next < before)) {
                self.problem(record.lsn.0, "the watermark goes back");
            }
            self.watermark = watermark;
        }
        let Some((b't', id)) = key.split_first() else {
            return;
        };
        let id = u32::from_be_bytes(id.try_into().unwrap());
        let definition: Option<Value> = value.map(|json| serde_json::from_slice(json).unwrap());
        let before = self.tables.get(&id).and_then(Known::stream);
        let stream = definition.as_ref().map(|definition| &definition["stream"]);
        let after = stream.and_then(id_of);
        if before != after {
            if let Some(before) = before {
                let closed = self.streams.get_mut(&before).unwrap();
                closed.closed_micros = Some(record.timestamp_micros);
            }
            if let (Some(after), Some(definition)) = (after, &definition) {
                self.streams.insert(after, Stream::new(definition));
            }
        }
        match (definition, self.tables.get_mut(&id)) {
            (Some(definition), Some(known)) => known.definition = definition,
            (Some(definition), None) => {
                let known = Known {
                    created: record.lsn.0,
                    definition,
                    versions: BTreeMap::new(),
                    deleted: [0, 0],
                };
                self.tables.insert(id, known);
            }
            (None, _) => drop(self.tables.remove(&id)),
        }
    }

    fn add_write(&mut self, from: &Record, write: Write<'_>, n: &mut u32) {
        let lsn = from.lsn.0;
        let table = record::id_of(write.key);
        let Some(known) = self.tables.get(&table) else {
            return self.problem(lsn, format!("a write to table {table}, which is not there"));
        };
        let old = known.newest(write.key).cloned();
        let size = |item: &Option<EncodedItem>| item.as_ref().map_or(0, EncodedItem::size);
        let (old_size, new_size) = (write.old_size, write.new.as_ref().map(|(size, _)| *size));
        let new = write.new.map(|(_, item)| item);
        let sizes = (size(&old) as u32, new.as_ref().map(|new| new.size() as u32));
        let mut problems = Vec::new();
        if (old_size, new_size) != sizes {
            problems.push(format!(
                "sizes {old_size}, {new_size:?} instead of {sizes:?}"
            ));
        }
        if old.is_none() && new.is_none() {
            problems.push("the deletion of what is not there".to_owned());
        }
        problems.extend(self.check_replaced(known, write.key, &old, &write.said));
        let (change, more) = self.change_of(from, known, &old, &new, &write.said);
        problems.extend(more);
        if let Some((stream, mut change)) = change {
            change.n = *n;
            *n += 1;
            self.streams.get_mut(&stream).unwrap().changes.push(change);
        }
        let by_service = is_by_service(&write.said);
        if let Some(new) = &new
            && let Some(AttributeValue::N(token)) = new.to_item().get(TOKEN)
            && let Some(before) = self.tokens.insert(token.to_i64().unwrap(), lsn)
        {
            problems.push(format!("what record {before} wrote is written again"));
        }
        let known = self.tables.get_mut(&table).unwrap();
        if new.is_none() {
            known.deleted[usize::from(by_service)] += 1;
        }
        let key = Bytes::copy_from_slice(write.key);
        known.versions.entry(key).or_default().push((lsn, new));
        for problem in problems {
            self.problem(lsn, problem);
        }
    }

    fn check_replaced(
        &self,
        known: &Known,
        key: &[u8],
        old: &Option<EncodedItem>,
        said: &[Operation<'_>],
    ) -> Option<String> {
        let history = id_of(&known.definition["history"]);
        let expected: Vec<Operation<'_>> = Vec::from_iter(history.map(|_| Operation::Replaced {
            key: &[],
            image: old.as_ref().map(|old| &old.as_bytes()[..]),
        }));
        let found = said.iter().filter_map(|operation| match operation {
            Operation::Replaced { key: at, image } => {
                let fits = at[4..] == key[4..]
                    && history.is_some_and(|history| at[..4] == history.to_be_bytes());
                let key: &[u8] = if fits { &[] } else { at };
                Some(Operation::Replaced { key, image: *image })
            }
            _ => None,
        });
        let found: Vec<_> = found.collect();
        (found != expected).then(|| format!("replaced {found:?} instead of {expected:?}"))
    }

    /// What the write means for its table's stream.
    fn change_of(
        &self,
        record: &Record,
        known: &Known,
        old: &Option<EncodedItem>,
        new: &Option<EncodedItem>,
        said: &[Operation<'_>],
    ) -> (Option<(u32, Change)>, Option<String>) {
        let stream = known.stream().filter(|_| old != new);
        let view = stream.map_or("", |stream| &self.streams[&stream].view);
        let keep_old = matches!(view, "old_image" | "new_and_old_images");
        let keep_new = matches!(view, "new_image" | "new_and_old_images");
        let by_service = is_by_service(said);
        let bytes = old.as_ref().filter(|_| keep_old);
        let expected: Vec<_> = Vec::from_iter(stream.map(|stream| Operation::Stream {
            stream,
            by_service,
            keep_new,
            old: bytes.map_or(&[], |old| &old.as_bytes()[..]),
        }));
        let found = said.iter().copied();
        let found = found.filter(|operation| matches!(operation, Operation::Stream { .. }));
        let found: Vec<_> = found.collect();
        let mut problem = (found != expected)
            .then(|| format!("for the stream {found:?} instead of {expected:?}"));
        let decoded = |item: &Option<EncodedItem>| item.as_ref().map(EncodedItem::to_item);
        let (old, new) = (decoded(old), decoded(new));
        if by_service && !may_expire(known, &old, &new, record.timestamp_micros) {
            let ttl = &known.definition["ttl"];
            let micros = record.timestamp_micros;
            problem = Some(format!(
                "the service deletes {old:?}, which is not expired at {micros} by {ttl}"
            ));
        }
        let Some((stream, some)) = stream.zip(new.as_ref().or(old.as_ref())) else {
            return (None, problem);
        };
        let event = match (&old, &new) {
            (None, _) => StreamEvent::Insert,
            (_, None) => StreamEvent::Remove,
            _ => StreamEvent::Modify,
        };
        let keys = some.iter().filter(|(name, _)| is_key(known, name));
        let change = Change {
            lsn: record.lsn.0,
            n: 0,
            event,
            by_service,
            timestamp_micros: record.timestamp_micros,
            keys: keys
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            old: old.filter(|_| keep_old),
            new: new.filter(|_| keep_new),
        };
        (Some((stream, change)), problem)
    }
}

fn is_key(known: &Known, name: &str) -> bool {
    let definition = &known.definition;
    definition["partition"]["name"] == name || definition["sort"]["name"] == name
}

fn is_by_service(said: &[Operation<'_>]) -> bool {
    let by_service = |operation: &Operation<'_>| {
        matches!(
            operation,
            Operation::Stream {
                by_service: true,
                ..
            }
        )
    };
    said.iter().any(by_service)
}

/// Whether the service may make that change: a deletion of what has expired.
fn may_expire(known: &Known, old: &Option<Item>, new: &Option<Item>, micros: u64) -> bool {
    let attribute = known.definition["ttl"]["attribute"].as_str();
    let expiry = attribute.zip(old.as_ref());
    let expiry = expiry.and_then(|(attribute, old)| expiry_of(old, attribute));
    new.is_none() && expiry.is_some_and(|expiry| expiry < micros / 1_000_000)
}

impl Stream {
    fn new(definition: &Value) -> Stream {
        let stream = &definition["stream"];
        Stream {
            name: StreamName {
                table: definition["name"].as_str().unwrap().to_owned(),
                created_millis: stream["created_micros"].as_u64().unwrap() / 1000,
            },
            closed_micros: None,
            changes: Vec::new(),
            view: stream["view"].as_str().unwrap().to_owned(),
        }
    }
}
