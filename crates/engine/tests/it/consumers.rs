//! Everything that is derived from writes — indexes, streams, expiries, histories — under faults, in one thread, from a seed.
//!
//! Clients, who may go away at any moment, write two tables with indexes of both kinds, streams, time to live and history, alone, together and in transactions; they
//! create and drop indexes, switch streams and time to live on and off, drop and create a table. The background jobs are clients too.
//! Global indexes are written with their items in one life of the machine and behind them in another. Between any two moves of anybody
//! the log may write or fail, trees are applied, flushed, compacted and reclaimed, the log is trimmed, hours pass, the disk is full, the
//! machine crashes, also while it starts.
//!
//! Checked after every crash, now and then, and at the end, against a recomputation from the log alone (`ledger`):
//! * the items are what was written; acknowledged writes are in the log once, refused ones never;
//! * an index shows what its definition makes of the items: of those at its watermark, if its entries are deferred; counts say so too;
//! * a stream shows each change once, in order, with its images, unless it is a day old;
//! * the service has deleted what was expired, and what clients deleted is not marked as its work;
//! * an item collection has the size of its items and their entries in local indexes;
//! * the hidden index of expiries has the entries of all items, and no other;
//! * a read in the past finds what was there.
//!
//! `SHALE_SIM_SEED` runs one seed, `SHALE_SIM_SEEDS` so many of them, `SHALE_SIM_SECONDS` fresh ones for half that time.

mod clients;
mod crash_points;
mod ledger;
mod mutations;
mod record;
mod shown;

use crate::machine::{Answer, Machine};
use crate::support::*;
use clients::{Request, perform};
use ledger::Ledger;
use shale_engine::{Job, OnConflict};
use shale_env::{Clock, Rand, SeededRand, SyncFault};
use shale_item::Item;
use shale_storage::{Role, Step};
use shown::Shown;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const START_MICROS: u64 = 1_700_000_000_000_000;
const STEPS: usize = 800;
const SEEDS: u64 = 16;
const RUNNING_MAX: usize = 10;
/// More than two steps of filling an index look at.
const MANY_ITEMS: i64 = 520;

struct Running {
    request: Request,
    future: Pin<Box<dyn Future<Output = Answer<bool>>>>,
}

/// What a run went through.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    done: u64,
    no: u64,
    refused: u64,
    conflicts: u64,
    unknown: u64,
    /// Clients that went away while something of theirs was under way.
    gone: u64,
    crashes: u64,
    /// With deferred entries that were not applied.
    crashes_behind: u64,
    /// While an index was being filled.
    crashes_filling: u64,
    /// Before what a start writes was durable.
    crashes_starting: u64,
    deleted_by_service: u64,
    past: u64,
    checks: u64,
}

impl Counts {
    fn all(&self) -> [u64; 13] {
        [
            self.done,
            self.no,
            self.refused,
            self.conflicts,
            self.unknown,
            self.gone,
            self.crashes,
            self.crashes_behind,
            self.crashes_filling,
            self.crashes_starting,
            self.deleted_by_service,
            self.past,
            self.checks,
        ]
    }

    fn add(&mut self, other: Counts) {
        self.done += other.done;
        self.no += other.no;
        self.refused += other.refused;
        self.conflicts += other.conflicts;
        self.unknown += other.unknown;
        self.gone += other.gone;
        self.crashes += other.crashes;
        self.crashes_behind += other.crashes_behind;
        self.crashes_filling += other.crashes_filling;
        self.crashes_starting += other.crashes_starting;
        self.deleted_by_service += other.deleted_by_service;
        self.past += other.past;
        self.checks += other.checks;
    }
}

struct Simulation {
    rand: SeededRand,
    machine: Machine,
    ledger: Ledger,
    running: Vec<Running>,
    counts: Counts,
    next_token: i64,
    /// Tokens of writes that were acknowledged, and of those that were refused.
    acknowledged: BTreeSet<i64>,
    refused: BTreeSet<i64>,
    /// What was readable after the last crash.
    newest_at_crash: u64,
    /// Whether the disk never fails and is never full.
    calm: bool,
    /// Deletions of items of `t`: those that were done for sure, and those that may have been.
    deleted: u64,
    perhaps_deleted: u64,
}

impl Simulation {
    fn new(seed: u64) -> Simulation {
        let rand = SeededRand::new(seed);
        let mode = rand.chance(50);
        let mut simulation = Simulation::begin(rand, seed, mode);
        if seed.is_multiple_of(4) {
            simulation.insert_many();
        }
        simulation
    }

    fn begin(rand: SeededRand, seed: u64, asynchronous_indexes: bool) -> Simulation {
        let machine = Machine::new(START_MICROS, seed, asynchronous_indexes);
        let mut simulation = Simulation {
            rand,
            machine,
            ledger: Ledger::default(),
            running: Vec::new(),
            counts: Counts::default(),
            next_token: 0,
            acknowledged: BTreeSet::new(),
            refused: BTreeSet::new(),
            newest_at_crash: 0,
            calm: false,
            deleted: 0,
            perhaps_deleted: 0,
        };
        simulation.start(Request::Create(clients::table_t()));
        simulation.start(Request::Create(clients::table_u()));
        simulation.drain();
        simulation
    }

    /// So many items that an index is filled in several steps.
    fn insert_many(&mut self) {
        let rows = (0..MANY_ITEMS).map(|r| {
            let at = item([("h", s("z")), ("r", n(r)), ("a", n(r % 5)), ("c", n(r))]);
            (at, OnConflict::Fail)
        });
        let inserting = self.machine.engine.insert_all("t", rows.collect());
        driven(|| self.machine.turn(), inserting).unwrap();
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            if !self.step() && self.rand.chance(60) {
                self.crash();
            }
        }
        self.finish();
    }

    /// One move of somebody; false if it is time for a crash.
    fn step(&mut self) -> bool {
        self.machine.clock.advance(Duration::from_millis(1));
        match self.rand.below(200) {
            0..50 => self.start_something(),
            50..95 => self.poll_one(),
            95..130 => {
                self.machine.log.step();
            }
            130..157 => self.machine.shard(Step::Apply),
            157..183 => self.maintain(),
            183..192 if self.calm => self.poll_one(),
            183..185 => self.machine.limit_space(true),
            185..191 => self.machine.limit_space(false),
            191 => {
                let skip = self.rand.below(3) as usize;
                match self.rand.below(10) {
                    0 => self.machine.files.fault_sync(skip, SyncFault::Fail),
                    1 => self.machine.files.fault_write(skip),
                    _ => {}
                }
            }
            192..194 => self.pass_time(),
            194 => self.lose_one(),
            195..197 => return false,
            _ => self.check(),
        }
        true
    }

    fn maintain(&mut self) {
        let role = Role::ALL[self.rand.below(Role::COUNT as u64) as usize];
        let step = match self.rand.below(8) {
            0..3 => Step::Flush(role),
            3 => Step::Compact(role),
            4 => Step::Trim,
            5 => Step::Reclaim,
            6 => Step::FillVoids,
            _ => Step::Budget,
        };
        if matches!(step, Step::Trim | Step::Budget) {
            // Before it is too late: both may trim the log.
            self.ledger.collect(&*self.machine.log);
        }
        self.machine.shard(step);
    }

    fn pass_time(&mut self) {
        let minutes = match self.rand.below(4) {
            0 => self.rand.below(900),
            _ => self.rand.below(40),
        };
        let seconds = 60 * minutes + self.rand.below(60);
        self.machine.clock.advance(Duration::from_secs(seconds));
    }

    fn start_something(&mut self) {
        match self.running.len() {
            RUNNING_MAX.. => self.poll_one(),
            _ => {
                let request = self.next_request();
                self.start(request);
            }
        }
    }

    fn start(&mut self, request: Request) {
        self.perhaps_deleted += request.deletions();
        let engine = self.machine.engine.clone();
        let asked = request.clone();
        let future = Box::pin(async move { perform(&engine, asked).await });
        self.running.push(Running { request, future });
        self.poll(self.running.len() - 1);
    }

    fn poll_one(&mut self) {
        if !self.running.is_empty() {
            let which = self.rand.below(self.running.len() as u64) as usize;
            self.poll(which);
        }
    }

    /// A client goes away. Nobody knows what became of what it has asked for.
    fn lose_one(&mut self) {
        if !self.running.is_empty() {
            let which = self.rand.below(self.running.len() as u64) as usize;
            self.running.swap_remove(which);
            self.counts.gone += 1;
        }
    }

    fn poll(&mut self, which: usize) {
        let future = &mut self.running[which].future;
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            let Running { request, .. } = self.running.swap_remove(which);
            self.answered(&request, &answer);
        }
    }

    fn answered(&mut self, request: &Request, answer: &Answer<bool>) {
        match answer {
            Answer::Done(existed) => {
                self.counts.done += 1;
                self.acknowledged.extend(request.tokens());
                if request.is_alone() {
                    let deletions = request.deletions();
                    match existed {
                        true => self.deleted += deletions,
                        false => self.perhaps_deleted -= deletions,
                    }
                }
            }
            Answer::No | Answer::Refused | Answer::Conflict => {
                self.refused.extend(request.tokens());
                self.perhaps_deleted -= request.deletions();
                match answer {
                    Answer::No => self.counts.no += 1,
                    Answer::Refused => self.counts.refused += 1,
                    _ => self.counts.conflicts += 1,
                }
            }
            Answer::Unknown => self.counts.unknown += 1,
        }
    }

    /// Lets everything finish.
    fn drain(&mut self) {
        self.machine.limit_space(false);
        for _ in 0..1000 {
            self.machine.turn();
            for which in (0..self.running.len()).rev() {
                self.poll(which);
            }
            if self.running.is_empty() {
                return;
            }
        }
        panic!("clients wait for ever");
    }

    /// The machine crashes, perhaps again while it starts, and everything is looked at.
    fn crash(&mut self) {
        self.counts.crashes += 1;
        self.counts.unknown += self.running.len() as u64;
        self.running.clear();
        let engine = &self.machine.engine;
        self.counts.crashes_behind += u64::from(engine.index_lag().records > 0);
        self.counts.crashes_filling += u64::from(!engine.backfills().is_empty());
        self.ledger.collect(&*self.machine.log);
        loop {
            let (seed, mode) = (self.rand.next_u64(), self.rand.chance(60));
            self.machine.crash(seed, mode);
            self.ledger.check_log(&*self.machine.log);
            self.ledger.collect(&*self.machine.log);
            if self.finish_start() {
                break;
            }
            self.counts.crashes_starting += 1;
        }
        self.newest_at_crash = self.machine.engine.current_lsn();
        self.check();
    }

    /// Nobody is let in before what the start has written is durable. False: it crashes first.
    fn finish_start(&mut self) -> bool {
        loop {
            let stats = self.machine.engine.shard_stats();
            if stats.published == stats.sequenced {
                return true;
            }
            match self.rand.below(10) {
                0..3 => drop(self.machine.log.step()),
                3..6 => self.machine.shard(Step::Apply),
                6..9 => self.maintain(),
                _ if self.rand.chance(30) => return false,
                _ => {}
            }
        }
    }

    /// Everything that is derived is what the ledger says.
    fn check(&mut self) {
        self.counts.checks += 1;
        // Reading at a time puts what comes behind it.
        self.machine.clock.advance(Duration::from_millis(1));
        self.ledger.collect(&*self.machine.log);
        let engine = &self.machine.engine;
        let now = self.machine.clock.now_micros();
        let mut shown = Shown::of(engine, now);
        self.ledger.advance(shown.lsn);
        if self.rand.chance(40) {
            shown = shown.with_entries(engine, &self.machine.trees);
        }
        for _ in 0..3 {
            self.look_back(&mut shown);
        }
        let problems = shown.problems(&self.ledger);
        assert!(problems.is_empty(), "at {}: {problems:#?}", shown.lsn);
        self.check_answers();
    }

    /// Looks at how `t` was at some record, and at some time.
    fn look_back(&mut self, shown: &mut Shown) {
        let engine = &self.machine.engine;
        let first = self.ledger.created("t");
        let lsn = first + self.rand.below(shown.lsn - first + 1);
        let micros = self.ledger.timestamp_of(lsn);
        let reached = shown.look_back(engine, "t", lsn);
        // A crash may cost the precision of LSNs before it.
        let kept = micros + clients::RETENTION_MICROS >= shown.now_micros;
        assert!(
            reached || !kept || lsn <= self.newest_at_crash,
            "as of {lsn}: below the floor"
        );
        self.counts.past += u64::from(reached);
        if kept {
            shown.look_back_at(engine, "t", micros, self.ledger.newest_at(micros));
        }
    }

    /// What clients were told is true.
    fn check_answers(&self) {
        let written = &self.ledger.tokens;
        let lost = self
            .acknowledged
            .iter()
            .find(|token| !written.contains_key(token));
        assert_eq!(lost, None, "acknowledged and lost");
        let refused = self
            .refused
            .iter()
            .find(|token| written.contains_key(token));
        assert_eq!(refused, None, "refused and done");
        let mut tables = self.ledger.tables.values();
        let [by_clients, _] = tables.find(|table| table.name() == "t").unwrap().deleted;
        assert!(
            (self.deleted..=self.perhaps_deleted).contains(&by_clients),
            "{by_clients} deletions that are not the service's; {} of clients, at most {}",
            self.deleted,
            self.perhaps_deleted
        );
    }

    /// Does a job until there is nothing left to do.
    fn exhaust(&self, job: Job) {
        let step = || driven(|| self.machine.turn(), self.machine.engine.job_step(job)).unwrap();
        while step() {}
    }

    /// Everything finishes and catches up.
    fn finish(&mut self) {
        self.drain();
        self.check();
        self.crash();
        for job in [
            Job::Backfill,
            Job::Expiry,
            Job::Indexes,
            Job::Retention,
            Job::History,
        ] {
            self.exhaust(job);
        }
        assert_eq!(self.machine.engine.backfills(), []);
        assert_eq!(self.machine.engine.index_lag().records, 0);
        self.check();
        assert_eq!(self.expired_items(), Vec::<Item>::new());
        let tables = self.ledger.tables.values();
        self.counts.deleted_by_service = tables.map(|table| table.deleted[1]).sum();
    }

    /// Items that the service should have deleted.
    fn expired_items(&self) -> Vec<Item> {
        let now = self.machine.clock.now_micros() / 1_000_000;
        let tables = self.ledger.tables.values();
        let expiring = tables.filter(|table| table.expiries(self.ledger.at).is_some());
        let items = expiring.flat_map(|table| table.items(self.ledger.at));
        let items = items.map(|(_, item)| item.to_item());
        let expired = |item: &Item| {
            let expiry = ledger::expiry_of(item, clients::EXPIRY);
            expiry.is_some_and(|expiry| expiry < now && expiry > now - 4 * clients::YEAR_SECONDS)
        };
        items.filter(expired).collect()
    }
}

fn run(seed: u64) -> Counts {
    println!("SHALE_SIM_SEED={seed}");
    let mut simulation = Simulation::new(seed);
    simulation.run();
    simulation.counts
}

#[test]
fn what_is_derived_equals_a_recomputation_after_every_crash() {
    let mut total = Counts::default();
    let whole = crate::machine::for_seeds(SEEDS, |seed| total.add(run(seed)));
    println!("{total:?}");
    assert!(
        !whole || total.all().iter().all(|count| *count > 5),
        "{total:?}"
    );
}
