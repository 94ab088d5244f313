//! Random writes, crashes and hours, against a model that keeps every version: whatever is read in the past must be one of them.
//!
//! `SHALE_HISTORY_SEED` runs one seed.

use crate::support::*;
use crate::time_travel::{START, scan_of, with_history};
use shale_engine::{
    AsOf, Engine, EngineOptions, Error, GetItem, HistoryProblem, Job, Page, Query, ReadView, Scan,
    TransactionOptions,
};
use shale_env::{Clock, ManualClock, Rand, SeededRand};
use shale_expression::SortCondition;
use shale_item::{AttributeValue, Item, KeyType};
use shale_storage::{LsmOptions, LsmStore, MemoryStore, Role, Step, TreeStore};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const SEEDS: u64 = 5;
const STEPS: usize = 160;
const RETENTION: u64 = 24 * 3600 * 1_000_000;
/// Table, type of its RANGE.
const TABLES: [(&str, Option<KeyType>); 3] = [
    ("numbers", Some(KeyType::N)),
    ("texts", Some(KeyType::S)),
    ("single", None),
];
const PARTITIONS: [&str; 3] = ["a", "a\0", "b"];

/// Partition and number of the RANGE value, to the item's value.
type Rows = BTreeMap<(usize, i64), i64>;

struct Version {
    lsn: u64,
    micros: u64,
    tables: [Rows; 3],
}

/// RANGE values in their order: some are prefixes of others, some hold zeros.
fn sort_value(key_type: KeyType, number: i64) -> AttributeValue {
    match key_type {
        KeyType::N => n(number - 2),
        _ => s(["", "\0", "\0\0", "x", "x\0", "x\0y", "xy"][number as usize + 1]),
    }
}

fn key_of(table: usize, (partition, sort): (usize, i64)) -> Item {
    let mut key = item([("p", s(PARTITIONS[partition]))]);
    if let Some(key_type) = TABLES[table].1 {
        key.insert("s".to_owned(), sort_value(key_type, sort));
    }
    key
}

fn item_of(table: usize, key: (usize, i64), value: i64) -> Item {
    let mut item = key_of(table, key);
    item.insert("v".to_owned(), n(value));
    item
}

struct Run<'a> {
    rand: SeededRand,
    clock: Arc<ManualClock>,
    log: InstantLog,
    open_trees: &'a dyn Fn() -> Box<dyn TreeStore>,
    engine: Option<Engine>,
    versions: Vec<Version>,
    /// Whether boundaries may have been lost by a crash.
    imprecise: bool,
    read: u64,
    refused: u64,
}

impl<'a> Run<'a> {
    fn new(seed: u64, open_trees: &'a dyn Fn() -> Box<dyn TreeStore>) -> Run<'a> {
        let mut run = Run {
            rand: SeededRand::new(seed),
            clock: Arc::new(ManualClock::new(START)),
            log: InstantLog::default(),
            open_trees,
            engine: None,
            versions: Vec::new(),
            imprecise: false,
            read: 0,
            refused: 0,
        };
        run.open();
        for (name, key_type) in TABLES {
            let sort = key_type.map(|key_type| ("s", key_type));
            let request = with_history(table(name, ("p", KeyType::S), sort), RETENTION / 1_000_000);
            run.run(run.engine().create_table(request)).unwrap();
        }
        run.note(Default::default());
        run
    }

    fn open(&mut self) {
        let options = EngineOptions {
            background: false,
            jobs: false,
            ..EngineOptions::new("unused")
        };
        let rand = Arc::new(SeededRand::new(1));
        let log = Arc::new(self.log.clone());
        let engine = Engine::open(options, log, (self.open_trees)(), self.clock.clone(), rand);
        self.engine = Some(engine.unwrap());
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let apply = || {
            self.engine().shard_step(Step::Apply).unwrap();
        };
        driven(apply, future)
    }

    fn below(&self, bound: u64) -> u64 {
        self.rand.below(bound)
    }

    fn note(&mut self, tables: [Rows; 3]) {
        let lsn = self.engine().current_lsn();
        if let Some(last) = self.versions.last()
            && last.lsn == lsn
        {
            return assert!(last.tables == tables, "a write left no record");
        }
        self.versions.push(Version {
            lsn,
            micros: self.clock.now_micros(),
            tables,
        });
    }

    fn random_key(&self, table: usize) -> (usize, i64) {
        let sort = match TABLES[table].1 {
            Some(_) => self.below(6) as i64,
            None => 0,
        };
        (self.below(3) as usize, sort)
    }

    fn step(&mut self) {
        // Longer than what a read at the clock's time puts between itself and later records.
        self.clock
            .advance(Duration::from_micros(2 + self.below(1000)));
        match self.below(20) {
            0..11 => self.write_one(),
            11..14 => self.transact(),
            14 => self.write_often(),
            15 | 16 => self.let_time_pass(),
            17 | 18 => self.maintain(),
            _ => self.crash(),
        }
        for _ in 0..2 {
            self.check_somewhere();
        }
    }

    fn write_one(&mut self) {
        let table = self.below(3) as usize;
        let key = self.random_key(table);
        let mut tables = self.versions.last().unwrap().tables.clone();
        let value = self.below(1000) as i64;
        if self.below(3) == 0 {
            let request = delete(TABLES[table].0, key_of(table, key));
            self.run(self.engine().delete_item(request)).unwrap();
            tables[table].remove(&key);
        } else {
            let request = put(TABLES[table].0, item_of(table, key, value));
            self.run(self.engine().put_item(request)).unwrap();
            tables[table].insert(key, value);
        }
        self.note(tables);
    }

    fn transact(&mut self) {
        let mut tables = self.versions.last().unwrap().tables.clone();
        let transaction = self.engine().begin(TransactionOptions::default());
        for _ in 0..1 + self.below(8) {
            let table = self.below(3) as usize;
            let key = self.random_key(table);
            let value = self.below(1000) as i64;
            if self.below(3) == 0 {
                let request = delete(TABLES[table].0, key_of(table, key));
                transaction.delete_item(&request).unwrap();
                tables[table].remove(&key);
            } else {
                let request = put(TABLES[table].0, item_of(table, key, value));
                transaction.put_item(&request).unwrap();
                tables[table].insert(key, value);
            }
        }
        self.run(transaction.commit()).unwrap();
        self.note(tables);
    }

    /// One key again and again.
    fn write_often(&mut self) {
        let table = self.below(3) as usize;
        let key = self.random_key(table);
        for _ in 0..20 + self.below(40) {
            self.clock.advance(Duration::from_micros(2));
            let mut tables = self.versions.last().unwrap().tables.clone();
            let value = self.below(1000) as i64;
            let request = put(TABLES[table].0, item_of(table, key, value));
            self.run(self.engine().put_item(request)).unwrap();
            tables[table].insert(key, value);
            self.note(tables);
        }
    }

    fn let_time_pass(&mut self) {
        let seconds = match self.below(4) {
            0..3 => self.below(3 * 3600),
            _ => self.below(9 * 3600),
        };
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn maintain(&mut self) {
        self.forget();
        for _ in 0..3 {
            let role = [Role::Catalog, Role::Items, Role::History][self.below(3) as usize];
            let step = match self.below(4) {
                0 | 1 => Step::Flush(role),
                2 => Step::Compact(role),
                _ => Step::Reclaim,
            };
            self.engine().shard_step(step).unwrap();
        }
    }

    fn forget(&self) {
        while self.run(self.engine().job_step(Job::History)).unwrap() {}
    }

    fn crash(&mut self) {
        match self.below(4) {
            0 => self.imprecise = true,
            _ => self.forget(),
        }
        let log = self.log.reopened();
        self.engine = None;
        self.log = log;
        self.open();
    }

    fn check_somewhere(&mut self) {
        let newest = self.versions.len() as u64;
        let which = match self.below(3) {
            0 => self.below(newest),
            _ => newest - 1 - self.below(newest.min(30)),
        } as usize;
        let now = self.clock.now_micros();
        let oldest = now - RETENTION;
        let (as_of, promised) = match self.below(2) {
            0 => {
                let next = self.versions.get(which + 1);
                let last = next.map_or(self.engine().current_lsn(), |next| next.lsn - 1);
                let lsn = self.versions[which].lsn;
                let lsn = lsn + self.below(last - lsn + 1);
                let until = next.map_or(now, |next| next.micros);
                let promised = until >= oldest && !self.imprecise;
                (AsOf::Lsn(lsn), promised)
            }
            _ => {
                let next = self.versions.get(which + 1);
                let last = next.map_or(now, |next| next.micros - 1);
                let micros = self.versions[which].micros;
                let micros = micros + self.below(last - micros + 1);
                (AsOf::Micros(micros), micros >= oldest)
            }
        };
        let view = self.run(self.engine().read_view_as_of(as_of)).unwrap();
        let what = format!("{as_of:?} of {now}");
        match view.scan(&scan_of("single")) {
            Err(Error::History(HistoryProblem::Floor { .. })) if !promised => {
                self.refused += 1;
                return;
            }
            Ok(_) => assert!(
                promised || matches!(as_of, AsOf::Lsn(_)),
                "{what}: below the floor"
            ),
            Err(error) => panic!("{what}: {error}"),
        }
        self.read += 1;
        let version = &self.versions[which];
        for table in 0..3 {
            self.check_table(&view, table, &version.tables[table], &what);
        }
    }

    fn check_table(&self, view: &ReadView, table: usize, expected: &Rows, what: &str) {
        let what = format!("{} {what}", TABLES[table].0);
        let sorts = if TABLES[table].1.is_some() { 6 } else { 1 };
        for partition in 0..3 {
            for sort in 0..sorts {
                let key = (partition, sort);
                let request = GetItem {
                    table: TABLES[table].0.to_owned(),
                    key: key_of(table, key),
                    consistent: true,
                };
                let found = view.get_item(&request).unwrap().item;
                let found = found.map(|item| item.to_item());
                let wanted = expected.get(&key).map(|value| item_of(table, key, *value));
                assert_eq!(found, wanted, "{what}: {key:?}");
            }
            self.check_query(view, table, partition, expected, &what);
        }
        self.check_scan(view, table, expected, &what);
    }

    fn check_query(
        &self,
        view: &ReadView,
        table: usize,
        partition: usize,
        expected: &Rows,
        what: &str,
    ) {
        let forward = self.below(2) == 0;
        let (sort, holds) = self.random_condition(table);
        let limit = (self.below(2) == 0).then(|| 1 + self.below(3) as u32);
        let rows = expected.iter().filter(|((of, _), _)| *of == partition);
        let rows = rows.filter(|((_, sort), _)| holds(*sort));
        let mut wanted: Vec<Item> = rows
            .map(|(key, value)| item_of(table, *key, *value))
            .collect();
        if !forward {
            wanted.reverse();
        }
        let what = format!("{what}: partition {partition} {sort:?} forward {forward}");
        let found = pages(|start| {
            view.query(&Query {
                table: TABLES[table].0.to_owned(),
                index: None,
                whole_items: false,
                partition: vec![s(PARTITIONS[partition])],
                sort_prefix: Vec::new(),
                sort: sort.clone(),
                filter: None,
                forward,
                limit,
                exclusive_start_key: start,
                consistent: true,
            })
        });
        assert_eq!(found, wanted, "{what}");
    }

    fn random_condition(&self, table: usize) -> (Option<SortCondition>, Box<dyn Fn(i64) -> bool>) {
        let Some(key_type) = TABLES[table].1 else {
            return (None, Box::new(|_| true));
        };
        let (low, high) = (self.below(6) as i64, self.below(6) as i64);
        let (low, high) = (low.min(high), low.max(high));
        let value = |number| sort_value(key_type, number);
        match self.below(7) {
            0 => (
                Some(SortCondition::Eq(value(low))),
                Box::new(move |k| k == low),
            ),
            1 => (
                Some(SortCondition::Lt(value(low))),
                Box::new(move |k| k < low),
            ),
            2 => (
                Some(SortCondition::Le(value(low))),
                Box::new(move |k| k <= low),
            ),
            3 => (
                Some(SortCondition::Gt(value(low))),
                Box::new(move |k| k > low),
            ),
            4 => (
                Some(SortCondition::Ge(value(low))),
                Box::new(move |k| k >= low),
            ),
            5 => (
                Some(SortCondition::Between(value(low), value(high))),
                Box::new(move |k| (low..=high).contains(&k)),
            ),
            _ => (None, Box::new(|_| true)),
        }
    }

    fn check_scan(&self, view: &ReadView, table: usize, expected: &Rows, what: &str) {
        let total = 1 + self.below(3) as u32;
        let limit = (self.below(2) == 0).then(|| 1 + self.below(4) as u32);
        let mut found = Vec::new();
        for segment in 0..total {
            found.extend(pages(|start| {
                view.scan(&Scan {
                    limit,
                    exclusive_start_key: start,
                    segment: Some((segment, total)),
                    ..scan_of(TABLES[table].0)
                })
            }));
        }
        let rows = expected.iter();
        let mut wanted: Vec<Item> = rows
            .map(|(key, value)| item_of(table, *key, *value))
            .collect();
        let order = |item: &Item| format!("{item:?}");
        found.sort_by_key(order);
        wanted.sort_by_key(order);
        assert_eq!(found, wanted, "{what}: scan");
    }
}

/// All items of all pages.
fn pages(read: impl Fn(Option<Item>) -> Result<Page, Error>) -> Vec<Item> {
    let (mut items, mut start) = (Vec::new(), None);
    loop {
        let page = read(start).unwrap();
        items.extend(page.items.iter().map(|item| item.to_item()));
        start = page.last_evaluated_key;
        if start.is_none() {
            return items;
        }
    }
}

fn run(seed: u64, open_trees: &dyn Fn() -> Box<dyn TreeStore>) -> (u64, u64) {
    println!("SHALE_HISTORY_SEED={seed}");
    let mut run = Run::new(seed, open_trees);
    for _ in 0..STEPS {
        run.step();
    }
    (run.read, run.refused)
}

#[test]
fn the_past_is_what_it_was() {
    let seed = std::env::var("SHALE_HISTORY_SEED").ok();
    let seeds = match seed.and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..SEEDS,
    };
    let (mut read, mut refused) = (0, 0);
    for seed in seeds {
        let trees = MemoryStore::default();
        let counts = run(seed, &|| Box::new(trees.clone()));
        read += counts.0;
        refused += counts.1;
    }
    println!("{read} read, {refused} refused");
    assert!(
        read > refused && refused > 10,
        "{read} read, {refused} refused"
    );
}

#[test]
fn the_past_is_what_it_was_on_disk_too() {
    let directory = tempfile::tempdir().unwrap();
    let open = || -> Box<dyn TreeStore> {
        Box::new(LsmStore::open(directory.path(), LsmOptions::default()).unwrap())
    };
    let (read, _) = run(1000, &open);
    assert!(read > 100);
}
