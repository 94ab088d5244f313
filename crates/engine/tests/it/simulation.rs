//! The engine under faults, in one thread, from a seed: the log in files over a simulated disk, trees in memory ("a flush makes a
//! prefix durable"), every step of clients, log, shard and disk chosen here.
//!
//! Clients increment counters (also in transactions that read, stay for a while and write), compare and set them, insert and delete
//! rows, write notes of collections, transfer between accounts of two tables and send transfers again that they know nothing of, create and drop tables. Between any
//! two of their moves
//! the log may write or fail, trees are applied, flushed, compacted and reclaimed, the log is trimmed, the disk is full or has space
//! again, and the machine crashes.
//!
//! Checked at every crash and at the end (statistics at random moments too):
//! * a counter equals its acknowledged increments, plus at most those of unknown outcome; no two acknowledged increments saw one value;
//! * accounts sum up to nothing at any moment; in the end each is the sum of its transfers, each of which was done once;
//! * acknowledged rows and tables are there, refused ones and dropped ones are not, an insert of many rows is there whole or not at all;
//! * statistics equal a recount, observed attributes cover every item;
//! * sizes of item collections equal a recount of items and entries of the local index (`notes` has one);
//! * every table's stream has each change of it once and in order, and what a reader of the stream has seen stays.
//! * what was readable at an LSN is what a read at that LSN finds ever after (`counters` and `rows` keep history).
//!
//! `SHALE_SIM_SEED` runs one seed, `SHALE_SIM_SEEDS` so many of them; see `machine`.

use crate::item_collections::{check_collections, with_collections};
use crate::machine::{Answer, Machine, answer_of, for_seeds};
use crate::simulated_transactions::{
    create_filled, drop_in_transaction, increment_in, insert_row_by_row, note, transact,
};
use crate::stream_follower::{Follower, streamed};
use crate::support::*;
use crate::time_travel::{scan_of, with_history};
use shale_engine::{
    AsOf, BatchWrite, ClientRequest, Engine, Error, HistoryProblem, Job, ObservedAttribute,
    OnConflict, ReadView, ReturnValues, Scan, StorageError, TransactAction, TransactionOptions,
};
use shale_env::{Clock, Rand, SeededRand, SyncFault};
use shale_item::{AttributeType, AttributeValue, EncodedItem, Item, KeyType, ValueView};
use shale_storage::{Role, Step};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const STEPS: usize = 500;
const SEEDS: u64 = 60;
const COUNTERS: u64 = 3;
const ACCOUNTS: u64 = 3;
const RUNNING_MAX: usize = 10;

/// What a client asked for.
#[derive(Clone, Debug)]
enum Request {
    Increment {
        counter: u64,
    },
    CompareAndSet {
        counter: u64,
        seen: i64,
    },
    /// An increment in a transaction: what was read may be written by others before the commit.
    Transact {
        counter: u64,
        /// Again until it is done.
        atomically: bool,
    },
    Insert {
        ids: Vec<u64>,
        /// Row by row in a transaction.
        in_transaction: bool,
    },
    Delete {
        id: u64,
    },
    Create {
        name: String,
        /// Together with its first row.
        in_transaction: bool,
    },
    Drop {
        name: String,
        in_transaction: bool,
    },
    /// A write to a table that must be there.
    Touch {
        name: String,
    },
    /// A transaction with a token of its own: from an account of one table to one of the other.
    Transfer(Transfer),
    /// Writes or deletes an item of a collection.
    Note {
        topic: u64,
        id: u64,
        /// Length of the text; none deletes.
        length: Option<u64>,
        in_transaction: bool,
    },
    /// What a new hour brings for streams.
    Retention,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Transfer {
    number: u64,
    from: u64,
    to: u64,
    amount: i64,
}

struct Running {
    request: Request,
    future: Pin<Box<dyn Future<Output = Answer<Option<i64>>>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    There,
    NotThere,
    /// In flight when the machine crashed, or of unknown outcome.
    Perhaps,
    /// A client is at it.
    InFlight,
}

/// What clients know.
#[derive(Default)]
struct Model {
    acknowledged: BTreeMap<u64, i64>,
    unknown: BTreeMap<u64, i64>,
    values_seen: BTreeMap<u64, BTreeSet<i64>>,
    rows: BTreeMap<u64, State>,
    /// Rows that were inserted together, of unknown outcome.
    groups: Vec<Vec<u64>>,
    tables: BTreeMap<String, State>,
    /// Tables that are not there without a row.
    filled: BTreeSet<String>,
    transfers: BTreeMap<Transfer, State>,
    /// Transfers below that number are not sent again.
    transfers_expired: u64,
    next_row: u64,
    next_table: u64,
}

/// What a run went through: a simulation that meets no fault must not pass for a good one.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    done: u64,
    no: u64,
    refused: u64,
    conflicts: u64,
    unknown: u64,
    crashes: u64,
    hours: u64,
    photos: u64,
}

struct Simulation {
    rand: SeededRand,
    machine: Machine,
    running: Vec<Running>,
    model: Model,
    counts: Counts,
    /// Writes of the last probe that were done.
    touched: u64,
    follower: RefCell<Follower>,
    photos: Vec<Photo>,
}

/// What was readable at an LSN.
struct Photo {
    lsn: u64,
    /// When; none if a record was under way, which may be any number of hours here.
    taken: Option<u64>,
    tables: [Vec<Item>; 2],
}

/// Tables with history.
const PAST: [&str; 2] = ["counters", "rows"];
/// Photos that are kept, the youngest ones.
const PHOTOS_MAX: usize = 12;
/// How long history is kept.
const RETENTION_MICROS: u64 = 48 * 3_600_000_000;

impl Simulation {
    fn new(seed: u64) -> Simulation {
        let mut simulation = Simulation {
            rand: SeededRand::new(seed),
            machine: Machine::new(1, seed, false),
            running: Vec::new(),
            model: Model::default(),
            counts: Counts::default(),
            touched: 0,
            follower: RefCell::default(),
            photos: Vec::new(),
        };
        for name in ["counters", "rows", "debits", "credits"] {
            let name = name.to_owned();
            simulation
                .model
                .tables
                .insert(name.clone(), State::NotThere);
            let in_transaction = false;
            simulation.start(Request::Create {
                name,
                in_transaction,
            });
        }
        simulation.drain();
        let notes = simulation
            .machine
            .engine
            .create_table(with_collections("notes"));
        driven(|| simulation.machine.turn(), notes).unwrap();
        simulation
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            self.step();
        }
        self.machine.files.limit_space(None);
        self.drain();
        self.check_books();
        self.probe();
        self.crash();
        self.probe();
        assert!(self.touched > 0, "after a start every table takes writes");
        self.settle_transfers();
    }

    /// Sends every transfer again whose outcome is not known. After that, all of them were done once, and those that were refused never.
    fn settle_transfers(&mut self) {
        while let Some(transfer) = self.transfer_in(State::Perhaps) {
            self.start(Request::Transfer(transfer));
            self.drain();
            if self.model.transfers[&transfer] == State::Perhaps {
                // A sync that was to fail, did.
                self.crash();
            }
        }
        for account in 0..ACCOUNTS {
            let mut expected = (0, 0);
            for (transfer, state) in &self.model.transfers {
                if *state == State::There {
                    expected.0 -= transfer.amount * i64::from(transfer.from == account);
                    expected.1 += transfer.amount * i64::from(transfer.to == account);
                }
            }
            let found = ["debits", "credits"].map(|table| self.number(table, account));
            assert_eq!(found, [expected.0, expected.1], "account {account}");
        }
    }

    /// Any transfer in that state.
    fn transfer_in(&self, state: State) -> Option<Transfer> {
        let expired = self.model.transfers_expired;
        let transfers = self.model.transfers.iter();
        let live = transfers.filter(|(transfer, _)| transfer.number >= expired);
        let found: Vec<_> = live.filter(|(_, its)| **its == state).collect();
        let which = self.rand.below(found.len().max(1) as u64) as usize;
        found.get(which).map(|(transfer, _)| **transfer)
    }

    /// Writes to every table. A shard that takes writes at all takes them for each table: a drop that was refused is forgotten.
    fn probe(&mut self) {
        let unknown = self.counts.unknown;
        self.touched = 0;
        let tables = self.model.tables.iter();
        let there = tables.filter(|(_, state)| **state == State::There);
        let names: Vec<String> = there.map(|(name, _)| name.clone()).collect();
        for name in names.iter().filter(|name| *name != "counters") {
            self.start(Request::Touch { name: name.clone() });
        }
        self.drain();
        let all = names.len() as u64 - 1;
        // A sync that fails in the middle of them stops the shard there.
        let stopped = self.counts.unknown > unknown;
        assert!(
            self.touched == 0 || self.touched == all || stopped,
            "{} of {all}",
            self.touched
        );
        self.check_books();
    }

    fn step(&mut self) {
        match self.rand.below(100) {
            0..30 => self.start_something(),
            30..55 => self.poll_one(),
            55..72 => {
                self.machine.log.step();
            }
            72..82 => self.machine.shard(Step::Apply),
            82..92 => {
                let roles = [
                    Role::Catalog,
                    Role::Items,
                    Role::Indexes,
                    Role::Streams,
                    Role::History,
                ];
                let role = roles[self.rand.below(5) as usize];
                let step = match self.rand.below(7) {
                    0 | 1 => Step::Flush(role),
                    2 => Step::Compact(role),
                    3 => Step::Trim,
                    4 => Step::Reclaim,
                    5 => Step::FillVoids,
                    _ => Step::Budget,
                };
                self.machine.shard(step);
            }
            92..94 => {
                let used = self.machine.files.used_bytes();
                self.machine.files.limit_space(Some(used));
            }
            94..96 => self.machine.files.limit_space(None),
            96 => {
                if self.rand.below(4) == 0 {
                    let skip = self.rand.below(3) as usize;
                    self.machine.files.fault_sync(skip, SyncFault::Fail);
                }
            }
            97 => {
                if self.rand.below(2) == 0 {
                    self.crash();
                }
            }
            98 => match self.rand.below(2) {
                0 => self.pass_time(),
                _ => self.check_books(),
            },
            _ => {
                self.take_photo();
                self.check_photos();
            }
        }
    }

    /// Hours pass, unless a transfer is on its way or must be sent again: tokens expire.
    fn pass_time(&mut self) {
        let mut running = self.running.iter().map(|running| &running.request);
        if running.any(|request| matches!(request, Request::Transfer(_)))
            || self.transfer_in(State::Perhaps).is_some()
        {
            return;
        }
        self.model.transfers_expired = self.model.transfers.len() as u64;
        let minutes = self.rand.below(1200);
        self.machine
            .clock
            .advance(Duration::from_secs(60 * minutes));
        self.counts.hours += minutes / 60;
    }

    fn start_something(&mut self) {
        if self.running.len() >= RUNNING_MAX {
            return self.poll_one();
        }
        let counter = self.rand.below(COUNTERS);
        let in_transaction = self.rand.below(2) == 0;
        let request = match self.rand.below(28) {
            20..22 => Request::Transfer(Transfer {
                number: self.model.transfers.len() as u64,
                from: self.rand.below(ACCOUNTS),
                to: self.rand.below(ACCOUNTS),
                amount: 1 + self.rand.below(100) as i64,
            }),
            22..24 => {
                let again = self.transfer_in(State::Perhaps);
                match again.or_else(|| self.transfer_in(State::There)) {
                    Some(transfer) => Request::Transfer(transfer),
                    None => return,
                }
            }
            0..4 => Request::Increment { counter },
            4..8 => Request::Transact {
                counter,
                atomically: in_transaction,
            },
            8..12 => {
                let seen = self.counter(counter);
                Request::CompareAndSet { counter, seen }
            }
            12..16 => {
                let count = 1 + self.rand.below(3);
                let first = self.model.next_row;
                self.model.next_row += count;
                let ids: Vec<u64> = (first..first + count).collect();
                Request::Insert {
                    ids,
                    in_transaction,
                }
            }
            16..18 => match self.pick_row() {
                Some(id) => Request::Delete { id },
                None => return,
            },
            18 => {
                let name = format!("t{}", self.model.next_table);
                self.model.next_table += 1;
                Request::Create {
                    name,
                    in_transaction,
                }
            }
            19 => match self.pick_table() {
                Some(name) => Request::Drop {
                    name,
                    in_transaction,
                },
                None => return,
            },
            24..27 => Request::Note {
                topic: counter,
                id: self.rand.below(5),
                length: (self.rand.below(4) > 0).then(|| self.rand.below(600)),
                in_transaction,
            },
            _ => Request::Retention,
        };
        self.start(request);
    }

    fn pick_row(&self) -> Option<u64> {
        let there = self.model.rows.iter().filter(|(_, s)| **s == State::There);
        let ids: Vec<u64> = there.map(|(id, _)| *id).collect();
        (!ids.is_empty()).then(|| ids[self.rand.below(ids.len() as u64) as usize])
    }

    fn pick_table(&self) -> Option<String> {
        let tables = self.model.tables.iter();
        let mut there = tables.filter(|(name, s)| **s == State::There && name.starts_with('t'));
        there.next().map(|(name, _)| name.clone())
    }

    fn start(&mut self, request: Request) {
        match &request {
            Request::Insert { ids, .. } => {
                for id in ids {
                    self.model.rows.insert(*id, State::InFlight);
                }
            }
            Request::Delete { id } => {
                self.model.rows.insert(*id, State::InFlight);
            }
            Request::Create {
                name,
                in_transaction,
            } => {
                self.model
                    .filled
                    .extend(in_transaction.then(|| name.clone()));
                self.model.tables.insert(name.clone(), State::InFlight);
            }
            Request::Drop { name, .. } => {
                self.model.tables.insert(name.clone(), State::InFlight);
            }
            Request::Transfer(transfer) => {
                // What is known of one that is sent again stays known.
                self.model
                    .transfers
                    .entry(*transfer)
                    .or_insert(State::NotThere);
            }
            Request::Increment { .. }
            | Request::CompareAndSet { .. }
            | Request::Transact { .. }
            | Request::Touch { .. }
            | Request::Note { .. }
            | Request::Retention => {}
        }
        let engine = self.machine.engine.clone();
        let rows = match &request {
            Request::Insert { ids, .. } => ids.iter().map(|id| self.row(*id)).collect(),
            _ => Vec::new(),
        };
        let asked = request.clone();
        let future = Box::pin(async move { perform(&engine, asked, rows).await });
        self.running.push(Running { request, future });
        self.poll(self.running.len() - 1);
    }

    /// A row with attributes of various types.
    fn row(&self, id: u64) -> Item {
        let mut row = item([("id", n(id as i64 + 10))]);
        for _ in 0..self.rand.below(4) {
            let name = format!("a{}", self.rand.below(12));
            let value = match self.rand.below(5) {
                0 => s(&"x".repeat(self.rand.below(600) as usize)),
                1 => n(self.rand.below(1 << 40) as i64),
                2 => AttributeValue::N("123.456".parse().unwrap()),
                3 => AttributeValue::Bool(true),
                _ => AttributeValue::L(vec![n(1)]),
            };
            row.insert(name, value);
        }
        row
    }

    fn poll_one(&mut self) {
        if !self.running.is_empty() {
            let which = self.rand.below(self.running.len() as u64) as usize;
            self.poll(which);
        }
    }

    fn poll(&mut self, which: usize) {
        let future = &mut self.running[which].future;
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            let Running { request, .. } = self.running.swap_remove(which);
            self.answered(request, answer);
        }
    }

    fn answered(&mut self, request: Request, answer: Answer<Option<i64>>) {
        match answer {
            Answer::Done(_) => self.counts.done += 1,
            Answer::No => self.counts.no += 1,
            Answer::Refused => self.counts.refused += 1,
            Answer::Conflict => self.counts.conflicts += 1,
            Answer::Unknown => self.counts.unknown += 1,
        }
        let state = |done: State, not_done: State| match answer {
            Answer::Done(_) => done,
            Answer::No | Answer::Refused | Answer::Conflict => not_done,
            Answer::Unknown => State::Perhaps,
        };
        match request {
            Request::Increment { counter }
            | Request::Transact { counter, .. }
            | Request::CompareAndSet { counter, .. } => match answer {
                Answer::Done(value) => {
                    *self.model.acknowledged.entry(counter).or_default() += 1;
                    let value = value.expect("an increment answers its value");
                    let seen = self.model.values_seen.entry(counter).or_default();
                    assert!(seen.insert(value), "{value} was made twice");
                    assert!(
                        self.counter(counter) >= value,
                        "acknowledged and not readable"
                    );
                }
                Answer::Unknown => *self.model.unknown.entry(counter).or_default() += 1,
                Answer::Refused | Answer::Conflict => {}
                Answer::No => {
                    let Request::CompareAndSet { seen, .. } = request else {
                        panic!("an increment has no condition");
                    };
                    assert!(
                        self.counter(counter) > seen,
                        "refused by what is not published"
                    );
                }
            },
            Request::Insert { ids, .. } => {
                let state = state(State::There, State::NotThere);
                for id in &ids {
                    self.model.rows.insert(*id, state);
                }
                if state == State::Perhaps {
                    self.model.groups.push(ids);
                }
            }
            Request::Delete { id } => {
                assert!(!matches!(answer, Answer::No), "row {id} is lost");
                self.model
                    .rows
                    .insert(id, state(State::NotThere, State::There));
            }
            Request::Transfer(transfer) => {
                assert!(
                    !matches!(answer, Answer::No),
                    "{transfer:?} has no condition"
                );
                let known = self
                    .model
                    .transfers
                    .entry(transfer)
                    .or_insert(State::NotThere);
                *known = match (answer, *known) {
                    (Answer::Done(_), _) | (_, State::There) => State::There,
                    (Answer::Unknown, _) => State::Perhaps,
                    // One that is refused now may have been done before.
                    (_, before) => before,
                };
            }
            Request::Note { .. } | Request::Retention => {}
            Request::Touch { name } => {
                assert!(!matches!(answer, Answer::No), "{name} is lost");
                self.touched += u64::from(matches!(answer, Answer::Done(_)));
            }
            Request::Create { name, .. } => {
                assert!(!matches!(answer, Answer::No), "{name} was there");
                self.model
                    .tables
                    .insert(name, state(State::There, State::NotThere));
            }
            Request::Drop { name, .. } => {
                assert!(!matches!(answer, Answer::No), "{name} is lost");
                self.model
                    .tables
                    .insert(name, state(State::NotThere, State::There));
            }
        }
    }

    fn counter(&self, counter: u64) -> i64 {
        self.number("counters", counter)
    }

    fn number(&self, table: &str, id: u64) -> i64 {
        let found = get(&self.machine.engine, table, item([("id", n(id as i64))]));
        match found.map(|item| item["n"].clone()) {
            Some(AttributeValue::N(number)) => number.to_i64().unwrap(),
            None => 0,
            Some(other) => panic!("{other:?}"),
        }
    }

    /// Lets everything finish; a shard that takes no writes any more is started again.
    fn drain(&mut self) {
        self.machine.files.limit_space(None);
        for round in 0.. {
            self.machine.turn();
            for which in (0..self.running.len()).rev() {
                self.poll(which);
            }
            if self.running.is_empty() {
                return;
            }
            if round > 1000 {
                panic!("clients wait for ever");
            }
        }
    }

    fn crash(&mut self) {
        self.counts.crashes += 1;
        for Running { request, .. } in std::mem::take(&mut self.running) {
            let answer = Answer::Unknown;
            self.answered(request, answer);
        }
        let seed = self.rand.next_u64();
        self.machine.crash(seed, false);
        self.check_recovered();
        self.check_books();
        self.check_photos();
    }

    fn take_photo(&mut self) {
        let view = self.machine.engine.read_view().unwrap();
        let tables = PAST.map(|name| contents(&view, name).unwrap());
        let lsn = self.machine.engine.current_lsn();
        let stats = self.machine.engine.shard_stats();
        let quiet = stats.sequenced == stats.published;
        let taken = quiet.then(|| self.machine.clock.now_micros());
        self.photos.push(Photo { lsn, taken, tables });
        if self.photos.len() > PHOTOS_MAX {
            self.photos.remove(0);
        }
    }

    fn check_photos(&mut self) {
        let now = self.machine.clock.now_micros();
        let mut photos = std::mem::take(&mut self.photos);
        photos.retain(|Photo { lsn, taken, tables }| {
            let opening = self.machine.engine.read_view_as_of(AsOf::Lsn(*lsn));
            let view = driven(|| self.machine.turn(), opening).unwrap();
            for (name, photo) in PAST.iter().zip(tables) {
                match contents(&view, name) {
                    Ok(found) => assert_eq!(found, *photo, "{name} as of {lsn}"),
                    // A crash may cost the precision of LSNs, never that of times.
                    Err(Error::History(HistoryProblem::Floor { .. })) => {
                        let kept = taken.filter(|taken| now - taken <= RETENTION_MICROS / 2);
                        if let Some(taken) = kept {
                            let opening = self.machine.engine.read_view_as_of(AsOf::Micros(taken));
                            let view = driven(|| self.machine.turn(), opening).unwrap();
                            contents(&view, name).unwrap();
                        }
                        return false;
                    }
                    Err(error) => panic!("{name} as of {lsn}: {error}"),
                }
            }
            self.counts.photos += 1;
            true
        });
        self.photos = photos;
    }

    /// What was acknowledged is there, what was refused is not; what is unknown is known now.
    fn check_recovered(&mut self) {
        for counter in 0..COUNTERS {
            let value = self.counter(counter);
            let acknowledged = self.model.acknowledged.entry(counter).or_default();
            let unknown = self.model.unknown.remove(&counter).unwrap_or_default();
            assert!(
                (*acknowledged..=*acknowledged + unknown).contains(&value),
                "counter {counter} is {value}: {acknowledged} acknowledged, {unknown} unknown"
            );
            *acknowledged = value;
        }
        let found = |id: u64| {
            get(
                &self.machine.engine,
                "rows",
                item([("id", n(id as i64 + 10))]),
            )
            .is_some()
        };
        for group in std::mem::take(&mut self.model.groups) {
            let there = group.iter().filter(|id| found(**id)).count();
            assert!(
                there == 0 || there == group.len(),
                "half of {group:?} is there"
            );
        }
        for (id, state) in &mut self.model.rows {
            *state = settled(&format!("row {id}"), *state, found(*id));
        }
        for (name, state) in &mut self.model.tables {
            let found = self.machine.engine.describe_table(name).is_ok();
            *state = settled(name, *state, found);
        }
    }

    /// Statistics equal a recount, observed attributes cover every item.
    fn check_books(&self) {
        let hours = self.machine.clock.now_micros() / 3_600_000_000;
        self.follower
            .borrow_mut()
            .check(&self.machine.engine, hours <= 24);
        let accounts = ["debits", "credits"].map(|table| {
            let ids = 0..ACCOUNTS;
            ids.map(|id| self.number(table, id)).sum::<i64>()
        });
        assert_eq!(accounts[0] + accounts[1], 0, "half of a transfer is there");
        check_collections(&self.machine.engine, "notes");
        for name in self.machine.engine.list_tables(None, 1000) {
            let scan = Scan {
                table: name.clone(),
                index: None,
                whole_items: false,
                filter: None,
                limit: None,
                exclusive_start_key: None,
                segment: None,
                consistent: true,
            };
            let page = self.machine.engine.scan(&scan).unwrap();
            assert!(page.last_evaluated_key.is_none());
            let created_whole = !self.model.filled.contains(&name) || !page.items.is_empty();
            assert!(created_whole, "{name} was created without its row");
            let described = self.machine.engine.describe_table(&name).unwrap();
            let bytes: usize = page.items.iter().map(EncodedItem::size).sum();
            assert_eq!(
                (described.item_count, described.size_bytes),
                (page.items.len() as u64, bytes as u64),
                "statistics of {name}"
            );
            for item in &page.items {
                for (attribute, value) in item.view().iter() {
                    let seen = described.observed.get(attribute);
                    assert!(
                        seen.is_some_and(|seen| covers(seen, &value)),
                        "{name}.{attribute}: {seen:?} does not cover {value:?}"
                    );
                }
            }
        }
    }
}

fn contents(view: &ReadView, table: &str) -> Result<Vec<Item>, Error> {
    let page = view.scan(&scan_of(table))?;
    Ok(page.items.iter().map(EncodedItem::to_item).collect())
}

fn covers(seen: &ObservedAttribute, value: &ValueView<'_>) -> bool {
    let fits = match value {
        ValueView::N(number) => {
            let (integer, fraction) = number.digits();
            seen.integer_digits >= integer
                && seen.fraction_digits >= fraction
                && (seen.beyond_i64 || number.to_i64().is_some())
        }
        _ => true,
    };
    let attribute_type: AttributeType = value.attribute_type();
    seen.has(attribute_type) && fits
}

fn settled(what: &str, state: State, found: bool) -> State {
    match state {
        State::There => assert!(found, "{what} was acknowledged and is lost"),
        State::NotThere => assert!(!found, "{what} was refused or removed and is there"),
        State::Perhaps => {}
        State::InFlight => panic!("{what} is in flight after a crash"),
    }
    if found { State::There } else { State::NotThere }
}

async fn perform(engine: &Engine, request: Request, rows: Vec<Item>) -> Answer<Option<i64>> {
    let result = match request {
        Request::Increment { counter } => {
            let key = item([("id", n(counter as i64))]);
            let mut request = update("counters", key, "ADD n :one", item([(":one", n(1))]));
            request.return_values = ReturnValues::UpdatedNew;
            let output = engine.update_item(request).await;
            output.map(|output| match output.attributes.unwrap()["n"] {
                AttributeValue::N(number) => number.to_i64(),
                ref other => panic!("{other:?}"),
            })
        }
        Request::CompareAndSet { counter, seen } => {
            let row = item([("id", n(counter as i64)), ("n", n(seen + 1))]);
            let mut request = put("counters", row);
            let text = match seen {
                0 => "attribute_not_exists(n)",
                _ => "n = :seen",
            };
            let values = match seen {
                0 => Item::new(),
                _ => item([(":seen", n(seen))]),
            };
            request.condition = Some(condition(text, values));
            engine.put_item(request).await.map(|_| Some(seen + 1))
        }
        Request::Transact {
            counter,
            atomically: true,
        } => {
            let run = |transaction| async move { increment_in(&transaction, counter).await };
            engine.atomically(run).await
        }
        Request::Transact { counter, .. } => transact(engine, counter).await,
        Request::Insert {
            in_transaction: true,
            ..
        } => insert_row_by_row(engine, rows).await,
        Request::Insert { .. } => {
            let rows = rows.into_iter().map(|row| (row, OnConflict::Fail));
            let inserted = engine.insert_all("rows", rows.collect()).await;
            inserted.map(|_| None).map_err(|(_, error)| error)
        }
        Request::Delete { id } => {
            let mut request = delete("rows", item([("id", n(id as i64 + 10))]));
            request.condition = Some(condition("attribute_exists(id)", Item::new()));
            engine.delete_item(request).await.map(|_| None)
        }
        Request::Retention => match engine.job_step(Job::Retention).await {
            Ok(_) => engine.job_step(Job::History).await.map(|_| None),
            Err(error) => Err(error),
        },
        Request::Note {
            topic,
            id,
            length,
            in_transaction,
        } => note(engine, topic, id, length, in_transaction).await,
        Request::Touch { name } => {
            let row = item([("id", n(-1)), ("touched", n(1))]);
            engine.put_item(put(&name, row)).await.map(|_| None)
        }
        Request::Create {
            name,
            in_transaction: true,
        } => create_filled(engine, &name).await,
        Request::Drop {
            name,
            in_transaction: true,
        } => drop_in_transaction(engine, &name).await,
        Request::Create { name, .. } => {
            let mut request = streamed(&name);
            if PAST.contains(&name.as_str()) {
                request = with_history(request, RETENTION_MICROS / 1_000_000);
            }
            engine.create_table(request).await.map(|_| None)
        }
        Request::Drop { name, .. } => engine.delete_table(&name).await.map(|_| None),
        Request::Transfer(transfer) => pay(engine, transfer).await.map(|()| None),
    };
    answer_of(result)
}

async fn pay(engine: &Engine, transfer: Transfer) -> Result<(), Error> {
    let add = |table: &str, account: u64, amount: i64| {
        let key = item([("id", n(account as i64))]);
        let values = item([(":amount", n(amount))]);
        TransactAction::Update(update(table, key, "ADD n :amount", values))
    };
    let actions = [
        add("debits", transfer.from, -transfer.amount),
        add("credits", transfer.to, transfer.amount),
    ];
    let request = ClientRequest {
        token: transfer.number.to_string(),
        fingerprint: [transfer.number as u8; 32],
    };
    engine.transact_write(&actions, Some(&request)).await?;
    Ok(())
}

#[test]
fn nothing_acknowledged_is_lost_and_the_books_balance() {
    let mut total = Counts::default();
    let whole = for_seeds(SEEDS, |seed| {
        println!("SHALE_SIM_SEED={seed}");
        let mut simulation = Simulation::new(seed);
        simulation.run();
        let counts = simulation.counts;
        total.done += counts.done;
        total.no += counts.no;
        total.refused += counts.refused;
        total.conflicts += counts.conflicts;
        total.unknown += counts.unknown;
        total.crashes += counts.crashes;
        total.hours += counts.hours;
        total.photos += counts.photos;
    });
    println!("{total:?}");
    let met = [
        total.done,
        total.no,
        total.refused,
        total.conflicts,
        total.unknown,
    ];
    assert!(!whole || met.iter().all(|count| *count > 100), "{total:?}");
    assert!(total.crashes > 0);
    assert!(!whole || total.hours > 500, "{total:?}");
    assert!(!whole || total.photos > 1000, "{total:?}");
}

#[test]
fn a_full_disk_refuses_writes_not_reads_and_passes() {
    let simulation = Simulation::new(1);
    let engine = &simulation.machine.engine;
    let row = |id: i64| item([("id", n(id)), ("x", s(&"x".repeat(1000)))]);
    let write = |id: i64| {
        driven(
            || simulation.machine.turn(),
            engine.put_item(put("rows", row(id))),
        )
    };
    write(1).unwrap();
    let mut last = 1;
    for _ in 0..3 {
        let transaction = engine.begin(TransactionOptions::default());
        let together = put("rows", item([("id", n(-1)), ("last", n(last))]));
        transaction.put_item(&together).unwrap();
        simulation
            .machine
            .files
            .limit_space(Some(simulation.machine.files.used_bytes()));
        let error = loop {
            last += 1;
            match write(last) {
                Ok(_) => assert!(last < 5000, "the disk does not fill up"),
                Err(error) => break error,
            }
        };
        assert!(
            matches!(error, Error::Storage(StorageError::DiskFull)),
            "{error:?}"
        );
        assert_eq!(error.kind(), shale_engine::ErrorKind::Unavailable);
        assert_eq!(get(engine, "rows", item([("id", n(1))])), Some(row(1)));
        let refused = item([("id", n(last))]);
        assert_eq!(get(engine, "rows", refused.clone()), None);
        let batch = vec![("rows".to_owned(), BatchWrite::Put(row(last)))];
        let batch = driven(|| simulation.machine.turn(), engine.batch_write(batch));
        assert!(matches!(batch, Err(Error::Storage(StorageError::DiskFull))));
        let created = table("more", ("id", KeyType::N), None);
        assert!(driven(|| simulation.machine.turn(), engine.create_table(created)).is_err());
        assert!(driven(|| simulation.machine.turn(), engine.delete_table("rows")).is_err());
        let committed = driven(|| simulation.machine.turn(), transaction.commit());
        assert!(matches!(
            committed,
            Err(Error::Storage(StorageError::DiskFull))
        ));
        let names = ["counters", "credits", "debits", "notes", "rows"];
        assert_eq!(engine.list_tables(None, 10), names);

        simulation.machine.files.limit_space(None);
        simulation.machine.turn();
        simulation.machine.turn();
        write(last).unwrap();
        assert_eq!(get(engine, "rows", refused), Some(row(last)));
        let found = get(engine, "rows", item([("id", n(-1))]));
        assert_ne!(
            found.map(|item| item["last"].clone()),
            together.item.get("last").cloned()
        );
        let again = engine.begin(TransactionOptions::default());
        again.put_item(&together).unwrap();
        driven(|| simulation.machine.turn(), again.commit()).unwrap();
        simulation.check_books();
    }
}
