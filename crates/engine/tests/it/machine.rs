//! A machine for simulations: the log in files over a simulated disk, trees in memory ("a flush makes a prefix durable"), an engine
//! without threads of its own, and crashes.

use shale_commitlog::{Drive, FileLog, FileLogOptions};
use shale_engine::{Engine, EngineOptions, Error};
use shale_env::{ManualClock, Rand, SeededRand, SimulatedFiles};
use shale_storage::{MemoryStore, Step, StorageError};
use std::sync::Arc;
use std::time::Duration;

/// What a client was told.
#[derive(Debug)]
pub enum Answer<T> {
    /// Done.
    Done(T),
    /// The condition failed, or the thing was not there (any more).
    No,
    /// Certainly nothing was written.
    Refused,
    /// Nothing was written, because of others' writes.
    Conflict,
    /// Perhaps.
    Unknown,
}

/// What an answer of the engine's tells a client.
///
/// # Panics
/// On an error that no fault explains.
pub fn answer_of<T>(result: Result<T, Error>) -> Answer<T> {
    match result {
        Ok(value) => Answer::Done(value),
        Err(
            Error::ConditionFailed { .. }
            | Error::TableNotFound { .. }
            | Error::TableExists { .. }
            | Error::TransactionCanceled { .. }
            | Error::IndexKey { .. }
            | Error::IndexNotFound { .. }
            | Error::IndexRefused { .. }
            | Error::TimeToLive { .. }
            | Error::Stream(_),
        ) => Answer::No,
        Err(Error::Storage(
            StorageError::DiskFull
            | StorageError::RolledBack
            | StorageError::Poisoned(_)
            | StorageError::SnapshotTooOld,
        )) => Answer::Refused,
        Err(Error::SerializationConflict) => Answer::Conflict,
        Err(Error::Storage(StorageError::OutcomeUnknown(_))) => Answer::Unknown,
        Err(error) => panic!("{error}"),
    }
}

/// See the module.
pub struct Machine {
    pub files: SimulatedFiles,
    pub trees: MemoryStore,
    pub clock: Arc<ManualClock>,
    pub log: Arc<FileLog>,
    pub engine: Engine,
}

impl Machine {
    /// A new machine at that time, microseconds since the Unix epoch.
    pub fn new(micros: u64, seed: u64, asynchronous_indexes: bool) -> Machine {
        let (files, trees) = (SimulatedFiles::new(), MemoryStore::default());
        let clock = Arc::new(ManualClock::new(micros));
        let (log, engine) = open(&files, &trees, &clock, seed, asynchronous_indexes);
        Machine {
            files,
            trees,
            clock,
            log,
            engine,
        }
    }

    /// The power goes and comes again. What was not synced is lost, kept or torn as the seed decides.
    pub fn crash(&mut self, seed: u64, asynchronous_indexes: bool) {
        self.limit_space(false);
        let files = self.files.crash(seed);
        // Nothing of the old process writes any more: its engine goes before the next one opens.
        let nowhere = (SimulatedFiles::new(), MemoryStore::default());
        (self.log, self.engine) = open(&nowhere.0, &nowhere.1, &self.clock, 0, false);
        self.files = files;
        let (files, trees) = (&self.files, &self.trees);
        (self.log, self.engine) = open(files, trees, &self.clock, seed, asynchronous_indexes);
    }

    /// The disk is full, or has space again.
    pub fn limit_space(&self, full: bool) {
        let used = self.files.used_bytes();
        self.files.limit_space(full.then_some(used));
        self.trees.set_full(full);
    }

    /// A step of the log and what follows from it.
    pub fn turn(&self) {
        self.log.step();
        self.shard(Step::Apply);
        self.shard(Step::FillVoids);
    }

    /// A step of the shard.
    pub fn shard(&self, step: Step) {
        // A full or failing disk stops a step; what that means for clients is what is tested.
        let _ = self.engine.shard_step(step);
    }
}

fn open(
    files: &SimulatedFiles,
    trees: &MemoryStore,
    clock: &Arc<ManualClock>,
    seed: u64,
    asynchronous_indexes: bool,
) -> (Arc<FileLog>, Engine) {
    let log_options = FileLogOptions {
        segment_bytes: 1,
        drive: Drive::Stepped,
        ..FileLogOptions::new("log")
    };
    let rand = Arc::new(SeededRand::new(seed));
    let log = FileLog::open(log_options, Arc::new(files.clone()), rand.clone()).unwrap();
    let log = Arc::new(log);
    let options = EngineOptions {
        background: false,
        jobs: false,
        checkpoint_records: 1 + rand.below(40),
        expiry_interval: Duration::ZERO,
        asynchronous_indexes,
        ..EngineOptions::new("unused")
    };
    let (clock, trees) = (Arc::clone(clock) as _, Box::new(trees.clone()));
    let engine = Engine::open(options, log.clone(), trees, clock, rand).unwrap();
    (log, engine)
}

/// Runs seeds as the environment asks: `SHALE_SIM_SEED` one, `SHALE_SIM_SEEDS` so many, `SHALE_SIM_SECONDS` fresh ones for half that time
/// behind the usual ones, which are `usual` otherwise. Says whether the usual ones were among them.
#[allow(clippy::disallowed_methods)] // How long to try, and what was not tried yet, does not come from a seed.
pub fn for_seeds(usual: u64, mut run: impl FnMut(u64)) -> bool {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    if let Some(seed) = number("SHALE_SIM_SEED") {
        run(seed);
        return false;
    }
    let seeds = number("SHALE_SIM_SEEDS").unwrap_or(usual);
    (0..seeds).for_each(&mut run);
    if let Some(seconds) = number("SHALE_SIM_SECONDS") {
        let start = std::time::Instant::now();
        let fresh = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() << 20;
        let mut seeds = fresh..;
        while start.elapsed().as_secs() < seconds / 2 {
            seeds.next().into_iter().for_each(&mut run);
        }
    }
    seeds >= usual
}
