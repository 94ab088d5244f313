//! The shard under faults, in one thread, from a seed: the same code that runs in the server, with every step chosen here.
//!
//! Writers read a counter under its latch and write it back incremented, with an index entry and a stream row. Between any two
//! of their moves the log may sync, refuse, fail, forget to acknowledge or be fenced; trees are applied, flushed, compacted,
//! and trimmed behind; tables are dropped and reclaimed; disks fill up; and the machine crashes.
//!
//! Checked all the way:
//! * what is published is durable, and every read shows exactly what the log says at its LSN;
//! * a snapshot never changes;
//! * what was acknowledged is in the log for good, what was refused is not;
//! * a counter equals its acknowledged increments, plus at most those of unknown outcome.
//!
//! `SHALE_SIM_SECONDS` is how long to try fresh seeds (half of it here, the other half is the engine's), `SHALE_SIM_SEED` runs one.

use crate::faulty_log::FaultyLog;
use crate::journal::{Journal, SimulatedJournal};
use crate::support::{TestApply, Write, manual, record, writes};
use bytes::Bytes;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shale_env::ManualClock;
use shale_storage::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const STEPS: usize = 600;
const COUNTERS: usize = 4;
/// Seeds that are tried however slow the machine is; together they meet every fault.
const SEEDS_MIN: u64 = 40;

type Tree = BTreeMap<Bytes, Bytes>;

/// What happened to a table's counter, as its clients know it.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    acknowledged: u64,
    unknown: u64,
}

/// A writer that holds the latch of a counter and has read it.
struct Decided {
    counter: usize,
    generation: Generation,
    value: u64,
    pending: Option<Lsn>,
}

/// What waits for an LSN.
enum Waiting {
    Increment {
        table: u64,
        counter: usize,
        value: u64,
        lsn: Lsn,
    },
    /// A condition failed on this value; the answer is true if the LSN is acknowledged.
    Refusal {
        table: u64,
        counter: usize,
        value: u64,
        lsn: Lsn,
    },
}

struct Simulation {
    rng: ChaCha8Rng,
    clock: Arc<ManualClock>,
    log: Box<dyn Journal>,
    store: MemoryStore,
    apply: Arc<TestApply>,
    shard: Arc<Shard>,
    /// Tables below are dropped or being dropped.
    table: u64,
    dropping: Option<Lsn>,
    /// Dropped and handed to reclaim, in the order of their tables.
    reclaiming: Vec<u64>,
    counters: [Counter; COUNTERS],
    decided: Vec<Decided>,
    waiting: Vec<Waiting>,
    snapshots: Vec<(Snapshot, Tree)>,
    /// Reclaimed for good: nothing of them may ever come back.
    reclaimed: Vec<u64>,
    counts: Counts,
}

/// What a run went through: a simulation that no longer meets a fault must not pass for a good one.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    crashes: u64,
    acknowledged: u64,
    refused: u64,
    unknown: u64,
    fenced: u64,
    rolled_back: u64,
    full_trees: u64,
    poisoned: u64,
    trims: u64,
    reclaimed: u64,
}

impl Counts {
    fn fields(&mut self) -> [&mut u64; 10] {
        let Counts {
            crashes,
            acknowledged,
            refused,
            unknown,
            fenced,
            rolled_back,
            full_trees,
            poisoned,
            trims,
            reclaimed,
        } = self;
        [
            crashes,
            acknowledged,
            refused,
            unknown,
            fenced,
            rolled_back,
            full_trees,
            poisoned,
            trims,
            reclaimed,
        ]
    }
    fn add(&mut self, mut other: Counts) {
        for (sum, more) in self.fields().into_iter().zip(other.fields()) {
            *sum += *more;
        }
    }
    fn met_everything(mut self) -> bool {
        self.fields().into_iter().all(|count| *count > 0)
    }
}

fn range_of(table: u64) -> Range<Bytes> {
    Bytes::from(format!("t{table:04}/"))..Bytes::from(format!("t{table:04}0"))
}

fn key_of(table: u64, counter: usize) -> Bytes {
    Bytes::from(format!("t{table:04}/{counter}"))
}

fn open(
    log: &dyn Journal,
    store: &MemoryStore,
    clock: &Arc<ManualClock>,
) -> (Arc<Shard>, Arc<TestApply>) {
    let apply = Arc::new(TestApply::default());
    let shard = Shard::open(
        manual(),
        log.log(),
        Box::new(store.clone()),
        apply.clone(),
        clock.clone(),
    );
    (shard.unwrap(), apply)
}

/// The newest value of an item, as the log says.
fn item(history: &[Bytes], key: &Bytes) -> Option<Bytes> {
    let mut newest = history.iter().rev().filter_map(|record| {
        writes(record)
            .unwrap()
            .into_iter()
            .find(|(role, written, _)| *role == Role::Items && written == key)
    });
    newest.next().and_then(|(_, _, value)| value)
}

/// A tree as the log says: the pure function that the shard must compute.
fn model(history: &[Bytes], role: Role) -> Tree {
    let mut tree = Tree::new();
    for record in history {
        for (_, key, value) in writes(record)
            .unwrap()
            .into_iter()
            .filter(|write| write.0 == role)
        {
            match value {
                Some(value) => drop(tree.insert(key, value)),
                None => drop(tree.remove(&key)),
            }
        }
    }
    tree
}

fn number(value: Option<&Bytes>) -> u64 {
    value.map_or(0, |value| {
        std::str::from_utf8(value).unwrap().parse().unwrap()
    })
}

impl Simulation {
    fn new(seed: u64, log: Box<dyn Journal>) -> Simulation {
        let (store, clock) = (MemoryStore::default(), Arc::new(ManualClock::new(1)));
        let (shard, apply) = open(&*log, &store, &clock);
        Simulation {
            rng: ChaCha8Rng::seed_from_u64(seed),
            clock,
            log,
            store,
            apply,
            shard,
            table: 0,
            dropping: None,
            reclaiming: Vec::new(),
            counters: Default::default(),
            decided: Vec::new(),
            waiting: Vec::new(),
            snapshots: Vec::new(),
            reclaimed: Vec::new(),
            counts: Counts::default(),
        }
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            self.step();
            self.check_published();
        }
        self.crash();
        self.check_everything();
    }

    fn step(&mut self) {
        self.clock.advance(std::time::Duration::from_micros(
            self.rng.random_range(0..3),
        ));
        let role = Role::ALL[self.rng.random_range(0..Role::COUNT)];
        match self.rng.random_range(0..1000) {
            0..230 => self.decide(),
            230..460 => self.write(),
            460..570 => {
                let count = self.rng.random_range(0..=self.log.waiting());
                self.log.sync(count);
            }
            570..690 => drop(self.shard.step(Step::Apply)),
            690..770 => self.answer(),
            770..810 => {
                self.counts.full_trees +=
                    u64::from(self.shard.step(Step::Flush(role)) == Err(StorageError::DiskFull))
            }
            810..830 => drop(self.shard.step(Step::Compact(role))),
            830..850 => self.counts.trims += u64::from(self.shard.step(Step::Trim) == Ok(true)),
            850..865 => drop(self.shard.step(Step::Budget)),
            865..890 => self.reclaim(),
            890..910 => self.take_snapshot(),
            910..920 => self.snapshots.clear(),
            920..935 => self.drop_table(),
            935..942 => self.fill_disk(),
            942..982 => drop(self.shard.step(Step::FillVoids)),
            982..985 => self.store.set_full(true),
            985..992 => self.store.set_full(false),
            992..993 => self.store.set_failing(true),
            993..995 => {
                let survive = self.rng.random_range(0..=self.log.waiting());
                self.log.fail(survive);
            }
            995..996 => self.log.fence(),
            _ => self.crash(),
        }
    }

    /// A writer takes a latch and reads.
    fn decide(&mut self) {
        let counter = self.rng.random_range(0..COUNTERS);
        if self.dropping.is_some()
            || self
                .decided
                .iter()
                .any(|decided| decided.counter == counter)
        {
            return;
        }
        let generation = self.shard.generation();
        let latest = self
            .shard
            .latest(Role::Items, &key_of(self.table, counter))
            .unwrap();
        let value = number(latest.value.as_ref());
        self.decided.push(Decided {
            counter,
            generation,
            value,
            pending: latest.pending,
        });
    }

    /// A writer that has read decides, sequences and lets go of its latch.
    fn write(&mut self) {
        if self.decided.is_empty() {
            return;
        }
        let place = self.rng.random_range(0..self.decided.len());
        let Decided {
            counter,
            generation,
            value,
            pending,
        } = self.decided.swap_remove(place);
        let table = self.table;
        if self.rng.random_bool(0.2) {
            // Its condition failed: the answer is as good as what it saw.
            let lsn = pending.unwrap_or(self.shard.published());
            return self.waiting.push(Waiting::Refusal {
                table,
                counter,
                value,
                lsn,
            });
        }
        let next = value + 1;
        let text = Bytes::from(next.to_string());
        let mut batch: Vec<Write> = vec![
            (Role::Items, key_of(table, counter), Some(text.clone())),
            (
                Role::Indexes,
                Bytes::from(format!("t{table:04}/{counter}/{next:06}")),
                Some(text.clone()),
            ),
            (
                Role::Streams,
                Bytes::from(format!("s{table:04}/{counter}/{next:06}")),
                Some(text),
            ),
        ];
        if value > 0 && self.rng.random_bool(0.5) {
            batch.push((
                Role::Indexes,
                Bytes::from(format!("t{table:04}/{counter}/{value:06}")),
                None,
            ));
        }
        match self.shard.sequence_in(generation, record(&batch)) {
            Ok(lsn) => self.waiting.push(Waiting::Increment {
                table,
                counter,
                value: next,
                lsn,
            }),
            Err(StorageError::RolledBack) => self.counts.rolled_back += 1,
            Err(StorageError::Poisoned(_)) => self.stopped(),
            Err(StorageError::Fenced) => self.stopped(),
            Err(StorageError::DiskFull) => {}
            Err(error) => panic!("sequence: {error}"),
        }
    }

    /// The log's disk is full, perhaps only for so short that writers who have read before go on after it.
    fn fill_disk(&mut self) {
        self.log.refuse();
        if self.rng.random_bool(0.5) {
            self.decide();
            self.decide();
            drop(self.shard.step(Step::FillVoids));
            let all = self.log.waiting();
            self.log.sync(all);
            drop(self.shard.step(Step::Apply));
        }
    }

    /// A shard that takes no writes any more is restarted before long.
    fn stopped(&mut self) {
        self.counts.poisoned += 1;
        if self.rng.random_bool(0.2) {
            self.crash();
        }
    }

    /// Looks at everyone who waits; answers those that can be answered.
    fn answer(&mut self) {
        let history = self.log.history();
        for waiting in std::mem::take(&mut self.waiting) {
            let (Waiting::Increment { lsn, .. } | Waiting::Refusal { lsn, .. }) = &waiting;
            let lsn = *lsn;
            let outcome = std::pin::pin!(self.shard.wait_published(lsn))
                .poll(&mut Context::from_waker(Waker::noop()));
            match (outcome, waiting) {
                (Poll::Pending, waiting) => self.waiting.push(waiting),
                (
                    Poll::Ready(Ok(())),
                    Waiting::Increment {
                        table,
                        counter,
                        value,
                        ..
                    },
                ) => {
                    let logged = item(&history[..lsn.0 as usize], &key_of(table, counter));
                    self.counts.acknowledged += 1;
                    assert_eq!(
                        number(logged.as_ref()),
                        value,
                        "acknowledged {lsn:?} is something else"
                    );
                    self.count(table, counter, |counter| counter.acknowledged += 1);
                }
                (
                    Poll::Ready(Ok(())),
                    Waiting::Refusal {
                        table,
                        counter,
                        value,
                        ..
                    },
                ) => {
                    // The condition was judged on a state that the log has. It may be an older one: the latch was taken before.
                    let seen = history
                        .iter()
                        .flat_map(|record| writes(record).unwrap())
                        .any(|(role, key, text)| {
                            role == Role::Items
                                && key == key_of(table, counter)
                                && number(text.as_ref()) == value
                        });
                    assert!(
                        value == 0 || seen,
                        "an answer was based on {value}, which was never durable"
                    );
                }
                (
                    Poll::Ready(Err(StorageError::OutcomeUnknown(_))),
                    Waiting::Increment { table, counter, .. },
                ) => {
                    self.counts.unknown += 1;
                    self.count(table, counter, |counter| counter.unknown += 1);
                }
                (Poll::Ready(Err(StorageError::DiskFull)), Waiting::Increment { .. }) => {
                    self.counts.refused += 1;
                    assert!(
                        history.get(lsn.0 as usize - 1).is_none_or(Bytes::is_empty),
                        "refused {lsn:?} is in the log"
                    );
                }
                (Poll::Ready(Err(StorageError::Fenced)), Waiting::Increment { .. }) => {
                    self.counts.fenced += 1
                }
                (Poll::Ready(Err(_)), _) => {}
            }
        }
    }

    fn count(&mut self, table: u64, counter: usize, add: impl FnOnce(&mut Counter)) {
        if table == self.table {
            add(&mut self.counters[counter]);
        }
    }

    fn take_snapshot(&mut self) {
        let snapshot = self.shard.snapshot();
        let history = self.log.history();
        let expected = model(&history[..snapshot.lsn().0 as usize], Role::Items);
        self.snapshots.push((snapshot, expected));
    }

    /// Drops the table that the writers use; they go on with the next one.
    fn drop_table(&mut self) {
        match self.dropping {
            None if self.decided.is_empty() => {
                let key = Bytes::from(format!("dropped/{:04}", self.table));
                self.dropping = self
                    .shard
                    .sequence(record(&[(Role::Catalog, key, Some("".into()))]))
                    .ok();
            }
            Some(lsn)
                if self.shard.published() >= lsn
                    && self.log.history()[lsn.0 as usize - 1].is_empty() =>
            {
                self.dropping = None;
            }
            Some(lsn) if self.shard.published() >= lsn => self.dropped(),
            _ => {}
        }
    }

    fn dropped(&mut self) {
        self.dropping = None;
        self.reclaiming.push(self.table);
        self.reclaim_again();
        self.table += 1;
        self.counters = Default::default();
    }

    fn reclaim_again(&self) {
        for table in &self.reclaiming {
            self.shard.reclaim(Role::Items, range_of(*table));
            self.shard.reclaim(Role::Indexes, range_of(*table));
        }
    }

    /// Goes on with reclaiming, and forgets the drops that are done.
    fn reclaim(&mut self) {
        drop(self.shard.step(Step::Reclaim));
        let done = |role, table| self.shard.reclaimed(role, &range_of(table)) == Ok(true);
        let (done, waiting): (Vec<u64>, Vec<u64>) = self
            .reclaiming
            .iter()
            .partition(|table| done(Role::Items, **table) && done(Role::Indexes, **table));
        self.counts.reclaimed += done.len() as u64;
        self.reclaimed.extend(done);
        self.reclaiming = waiting;
    }

    /// The machine stops and starts again.
    fn crash(&mut self) {
        self.counts.crashes += 1;
        for waiting in std::mem::take(&mut self.waiting) {
            if let Waiting::Increment { table, counter, .. } = waiting {
                self.count(table, counter, |counter| counter.unknown += 1);
            }
        }
        self.decided.clear();
        self.snapshots.clear();
        self.store.set_full(false);
        self.store.set_failing(false);
        // A torn group is cut whole; groups end anywhere.
        let survive = self.rng.random_range(0..=self.log.waiting());
        self.log.crash(survive);
        (self.shard, self.apply) = open(&*self.log, &self.store, &self.clock);
        assert_eq!(self.shard.published(), Lsn(self.log.history().len() as u64));
        if let Some(lsn) = self.dropping.take() {
            let history = self.log.history();
            let key = format!("dropped/{:04}", self.table);
            let found = history.get(lsn.0 as usize - 1).is_some_and(|record| {
                writes(record)
                    .unwrap()
                    .iter()
                    .any(|(_, written, _)| *written == key)
            });
            if found {
                self.dropped();
            }
        }
        self.reclaim_again();
        self.check_everything();
    }

    /// Cheap checks, after every step.
    fn check_published(&mut self) {
        let published = self.shard.published();
        let history = self.log.history();
        assert!(
            published <= Lsn(self.log.history().len() as u64),
            "{published:?} is readable and not durable"
        );
        let counter = self.rng.random_range(0..COUNTERS);
        let key = key_of(self.table, counter);
        let expected = item(&history[..published.0 as usize], &key);
        assert_eq!(
            self.shard.get(Role::Items, &key).unwrap(),
            expected,
            "at {published:?}"
        );
        let published = self.apply.published.lock();
        assert!(
            published.is_sorted_by(|a, b| a < b),
            "told out of order: {published:?}"
        );
        assert!(
            published
                .iter()
                .all(|lsn| !history[lsn.0 as usize - 1].is_empty()),
            "told of a void"
        );
        drop(published);
        for (snapshot, expected) in &self.snapshots {
            assert_eq!(
                snapshot.get(Role::Items, &key).unwrap().as_ref(),
                expected.get(&key),
                "a snapshot changed"
            );
        }
    }

    /// All trees, all snapshots, all counters.
    fn check_everything(&mut self) {
        let snapshot = self.shard.snapshot();
        let history = self.log.history();
        let everything = Bytes::from_static(&[1])..Bytes::from_static(&[0xff]);
        for role in Role::ALL {
            let mut expected = model(&history[..snapshot.lsn().0 as usize], role);
            let mut found: Tree = snapshot
                .range(role, everything.clone())
                .map(Result::unwrap)
                .collect();
            let backwards: Tree = snapshot
                .range(role, everything.clone())
                .rev()
                .map(Result::unwrap)
                .collect();
            assert_eq!(found, backwards);
            // What is being reclaimed may be there or not.
            for table in &self.reclaiming {
                let range = range_of(*table);
                expected.retain(|key, _| !range.contains(key));
                found.retain(|key, _| !range.contains(key));
            }
            for table in &self.reclaimed {
                let range = range_of(*table);
                expected.retain(|key, _| !range.contains(key));
            }
            assert_eq!(found, expected, "{role:?} at {:?}", snapshot.lsn());
        }
        for (number_of, counter) in self.counters.iter().enumerate() {
            let value = number(
                self.shard
                    .get(Role::Items, &key_of(self.table, number_of))
                    .unwrap()
                    .as_ref(),
            );
            let Counter {
                acknowledged,
                unknown,
            } = *counter;
            assert!(
                (acknowledged..=acknowledged + unknown).contains(&value),
                "counter {number_of} is {value}: {acknowledged} acknowledged, {unknown} unknown"
            );
        }
        // What is still unknown is decided by now: the log has it or never will.
        for (number_of, counter) in self.counters.iter_mut().enumerate() {
            let value = number(
                self.shard
                    .get(Role::Items, &key_of(self.table, number_of))
                    .unwrap()
                    .as_ref(),
            );
            *counter = Counter {
                acknowledged: value,
                unknown: 0,
            };
        }
    }
}

fn run(seed: u64) -> Counts {
    // Printed when the test fails.
    println!("SHALE_SIM_SEED={seed}");
    let log: Box<dyn Journal> = match seed % 2 {
        0 => Box::new(FaultyLog::default()),
        _ => Box::new(SimulatedJournal::new(seed)),
    };
    let mut simulation = Simulation::new(seed, log);
    simulation.run();
    simulation.counts
}

#[test]
#[allow(clippy::disallowed_methods)] // How long to try is the one thing that does not come from the seed.
fn nothing_acknowledged_is_lost_and_nothing_else_appears() {
    if let Ok(seed) = std::env::var("SHALE_SIM_SEED") {
        println!("{:?}", run(seed.parse().unwrap()));
        return;
    }
    let asked = std::env::var("SHALE_SIM_SECONDS").ok();
    let seconds = asked.map_or(3, |seconds| seconds.parse::<u64>().unwrap() / 2);
    let start = std::time::Instant::now();
    let first = if seconds > 3 { start_seed() } else { 0 };
    let mut seeds = 0;
    let mut sum = Counts::default();
    while start.elapsed().as_secs() < seconds || seeds < SEEDS_MIN {
        sum.add(run(first + seeds));
        seeds += 1;
    }
    println!("{seeds} seeds from {first}: {sum:?}");
    assert!(sum.met_everything(), "{sum:?}");
}

/// A long run tries seeds that no run before has tried.
#[allow(clippy::disallowed_methods)]
fn start_seed() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        << 20
}
