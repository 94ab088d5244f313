//! A commit log in memory that fails from a seed, driven step by step: no threads, no clock, no files.
//!
//! Not here: torn bytes. A group is found whole or not at all; that the file log keeps this promise on torn sectors is tested there,
//! over simulated files.
//!
//! The model of a run: [`SimulatedLog::append`](Log::append) queues, each [`SimulatedLog::step`] turns some of what waits into a
//! group and decides its fate, [`SimulatedLog::crash`] decides what of the uncertain survives and returns it for the next opening.

use crate::queue::{Queue, refusal};
use crate::{
    AppendFailure, AppendSink, Batch, Claim, Epoch, Log, LogError, Lsn, Record, Records,
    RefusedReason,
};
use parking_lot::Mutex;
use shale_env::{Rand, SeededRand};
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// Trimming works in units of this many records.
const SEGMENT_RECORDS: u64 = 16;

/// What can happen to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The write or sync fails: outcome unknown, the group may survive or not. The log stops.
    FailedSync,
    /// The disk says "synced" and has not: the group is acknowledged, and a crash may lose it, with everything after it, unless
    /// an honest sync comes first.
    LyingSync,
    /// The group is durable, but its acknowledgement is lost: outcome unknown. The log stops.
    LostAcknowledgement,
    /// No space: everything waiting is refused, the log goes on.
    DiskFull,
}

/// How often groups meet each [`Fault`], in percent; zero by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultRates {
    /// [`Fault::FailedSync`].
    pub failed_sync: u64,
    /// [`Fault::LyingSync`].
    pub lying_sync: u64,
    /// [`Fault::LostAcknowledgement`].
    pub lost_acknowledgement: u64,
    /// [`Fault::DiskFull`].
    pub disk_full: u64,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing waits, or the log has stopped.
    Idle,
    /// Everything up to here was acknowledged.
    Durable(Lsn),
    /// Everything from here on was refused.
    Refused(Lsn),
    /// Everything from here on has an unknown outcome.
    Unknown(Lsn),
}

/// What is on the simulated disk between two openings of a log.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk {
    records: VecDeque<Record>,
    /// LSN below the first record.
    trimmed: Lsn,
    /// First record of the last group.
    last_group: Lsn,
    /// Highest epoch and last timestamp, which outlive trimmed records.
    epoch: u64,
    timestamp_micros: u64,
    damaged: Option<Lsn>,
}

impl SimulatedDisk {
    /// LSN of the last record.
    pub fn tail(&self) -> Lsn {
        Lsn(self.trimmed.0 + self.records.len() as u64)
    }

    /// The records, for checkers.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    /// Damages a record: in the last group the next opening takes that for a torn tail and cuts the group; before it the opening
    /// refuses.
    pub fn damage(&mut self, lsn: Lsn) {
        self.damaged = Some(lsn);
    }

    /// Cuts or refuses what is damaged.
    fn check(&mut self) -> Result<(), LogError> {
        match self.damaged.take() {
            Some(lsn) if lsn >= self.last_group => {
                self.truncate(Lsn(self.last_group.0.saturating_sub(1)));
                Ok(())
            }
            Some(lsn) => Err(LogError::Corrupt {
                file: "simulated".into(),
                offset: lsn.0,
                synced: self.last_group.0,
                reason: "damaged by the simulation",
            }),
            None => Ok(()),
        }
    }

    fn truncate(&mut self, tail: Lsn) {
        let kept = tail.0.saturating_sub(self.trimmed.0);
        self.records.truncate(kept as usize);
        self.last_group = self.last_group.min(self.tail());
    }

    fn push(&mut self, group: &[Record]) {
        if let (Some(first), Some(last)) = (group.first(), group.last()) {
            self.last_group = first.lsn;
            self.epoch = self.epoch.max(last.epoch.0);
            self.timestamp_micros = last.timestamp_micros;
        }
        self.records.extend(group.iter().cloned());
    }
}

/// A commit log in memory.
pub struct SimulatedLog {
    rand: SeededRand,
    rates: FaultRates,
    sink: OnceLock<Arc<dyn AppendSink>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    /// What the log believes to be durable.
    disk: SimulatedDisk,
    /// Last record of each group that a lying sync left in doubt.
    doubtful: Vec<Lsn>,
    /// Durable for certain.
    certain: Lsn,
    /// A group of unknown outcome, and whether it is on the disk for certain.
    ghost: Option<(Vec<Record>, bool)>,
    scheduled: VecDeque<Fault>,
    full: bool,
}

impl std::fmt::Debug for SimulatedLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SimulatedLog")
            .field("rates", &self.rates)
            .field("tail", &self.tail())
            .finish_non_exhaustive()
    }
}

impl SimulatedLog {
    /// An empty log without faults; the seed decides how large its groups are.
    pub fn new(seed: u64) -> SimulatedLog {
        let disk = SimulatedDisk::default();
        SimulatedLog::with(disk, Claim::Next, seed, FaultRates::default())
    }

    /// Opens what is on a disk.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] after [`SimulatedDisk::damage`].
    pub fn open(
        mut disk: SimulatedDisk,
        claim: Claim,
        seed: u64,
        rates: FaultRates,
    ) -> Result<SimulatedLog, LogError> {
        disk.check()?;
        Ok(SimulatedLog::with(disk, claim, seed, rates))
    }

    fn with(disk: SimulatedDisk, claim: Claim, seed: u64, rates: FaultRates) -> SimulatedLog {
        let epoch = match claim {
            Claim::Next => Epoch(disk.epoch + 1),
            Claim::Epoch(epoch) => Epoch(epoch.0.max(disk.epoch)),
        };
        let certain = disk.tail();
        SimulatedLog {
            rand: SeededRand::new(seed),
            rates,
            sink: OnceLock::new(),
            state: Mutex::new(State {
                queue: Queue::new(certain.next(), epoch),
                disk,
                doubtful: Vec::new(),
                certain,
                ghost: None,
                scheduled: VecDeque::new(),
                full: false,
            }),
        }
    }

    /// Lets the next group meet this fault. Several are served in order, before those of the rates.
    pub fn schedule(&self, fault: Fault) {
        self.state.lock().scheduled.push_back(fault);
    }

    /// Whether the disk has no space; lasts until it is set again.
    pub fn set_full(&self, full: bool) {
        self.state.lock().full = full;
    }

    /// Decides the fate of the next group: one batch or some or all that wait. The sink is called from here.
    pub fn step(&self) -> Step {
        let mut state = self.state.lock();
        let group = self.take_group(&mut state);
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            return Step::Idle;
        };
        let (from, upto) = (first.lsn, last.lsn);
        match self.fault(&mut state) {
            None => {
                state.disk.push(&group);
                state.certain = upto;
                state.doubtful.clear();
                self.acknowledge(state, upto)
            }
            Some(Fault::LyingSync) => {
                state.disk.push(&group);
                state.doubtful.push(upto);
                self.acknowledge(state, upto)
            }
            Some(Fault::DiskFull) => {
                state.queue.refuse(from);
                drop(state);
                self.tell_failure(from, refusal(RefusedReason::DiskFull));
                Step::Refused(from)
            }
            Some(fault @ (Fault::FailedSync | Fault::LostAcknowledgement)) => {
                let failure = AppendFailure::Unknown {
                    message: format!("simulated {fault:?}"),
                };
                state.ghost = Some((group, fault == Fault::LostAcknowledgement));
                state.queue.stop(failure.clone());
                drop(state);
                self.tell_failure(from, failure);
                Step::Unknown(from)
            }
        }
    }

    /// Steps until nothing waits.
    pub fn settle(&self) {
        while self.step() != Step::Idle {}
    }

    /// The power goes. Returns what the next opening finds: everything that is certain, of the doubtful groups a prefix, and if all
    /// survive perhaps the group whose outcome is unknown or that was just being written. This log takes nothing more.
    pub fn crash(&self) -> SimulatedDisk {
        let mut state = self.state.lock();
        let in_flight = self.take_group(&mut state);
        let survivors = self.rand.below(state.doubtful.len() as u64 + 1) as usize;
        let mut disk = state.disk.clone();
        if survivors < state.doubtful.len() {
            let last = survivors
                .checked_sub(1)
                .and_then(|at| state.doubtful.get(at));
            disk.truncate(*last.unwrap_or(&state.certain));
        } else if let Some((ghost, certain)) = &state.ghost {
            if *certain || self.rand.chance(50) {
                disk.push(ghost);
            }
        } else if self.rand.chance(50) {
            disk.push(&in_flight);
        }
        state.queue.stop(AppendFailure::Unknown {
            message: "the simulated process has ended".into(),
        });
        disk
    }

    /// Ends the log in order: everything waiting is stepped through, and the disk is as the log believes it to be.
    pub fn close(&self) -> SimulatedDisk {
        self.settle();
        let mut state = self.state.lock();
        state.doubtful.clear();
        drop(state);
        self.crash()
    }

    /// Takes some of the waiting batches as the records of a group.
    fn take_group(&self, state: &mut State) -> Vec<Record> {
        let batches = 1 + self.rand.below(state.queue.len() as u64);
        let mut group = VecDeque::new();
        state.queue.drain_into(&mut group, batches as usize);
        group.into_iter().flat_map(records_of).collect()
    }

    fn fault(&self, state: &mut State) -> Option<Fault> {
        if state.full {
            return Some(Fault::DiskFull);
        }
        if let Some(fault) = state.scheduled.pop_front() {
            return Some(fault);
        }
        let mut dice = self.rand.below(100);
        for (rate, fault) in [
            (self.rates.failed_sync, Fault::FailedSync),
            (self.rates.lying_sync, Fault::LyingSync),
            (self.rates.lost_acknowledgement, Fault::LostAcknowledgement),
            (self.rates.disk_full, Fault::DiskFull),
        ] {
            if dice < rate {
                return Some(fault);
            }
            dice -= rate;
        }
        None
    }

    /// Tells the sink, without the lock: it may append.
    fn acknowledge(&self, state: parking_lot::MutexGuard<'_, State>, upto: Lsn) -> Step {
        drop(state);
        if let Some(sink) = self.sink.get() {
            sink.on_durable(upto);
        }
        Step::Durable(upto)
    }

    fn tell_failure(&self, from: Lsn, failure: AppendFailure) {
        if let Some(sink) = self.sink.get() {
            sink.on_failed(from, failure);
        }
    }
}

fn records_of(batch: Batch) -> impl Iterator<Item = Record> {
    (batch.first.0..)
        .zip(batch.payloads)
        .map(move |(lsn, payload)| Record {
            lsn: Lsn(lsn),
            epoch: batch.epoch,
            timestamp_micros: batch.timestamp_micros,
            payload,
        })
}

impl Log for SimulatedLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        assert!(self.sink.set(sink).is_ok(), "the log has a sink already");
    }

    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut state = self.state.lock();
        let tail = state.disk.tail();
        state.queue.push(batch, tail)
    }

    fn tail(&self) -> Lsn {
        self.state.lock().disk.tail()
    }

    fn oldest(&self) -> Lsn {
        self.state.lock().disk.trimmed.next()
    }

    fn epoch(&self) -> Epoch {
        self.state.lock().queue.epoch()
    }

    fn last_timestamp_micros(&self) -> u64 {
        self.state.lock().disk.timestamp_micros
    }

    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        let state = self.state.lock();
        let oldest = state.disk.trimmed.next();
        let from = from.max(Lsn(1));
        if from < oldest {
            return Err(LogError::Trimmed { oldest });
        }
        let skipped = (from.0 - oldest.0) as usize;
        let records: Vec<Record> = state.disk.records.iter().skip(skipped).cloned().collect();
        Ok(Box::new(records.into_iter().map(Ok)))
    }

    fn trim(&self, upto: Lsn) -> Result<(), LogError> {
        let mut state = self.state.lock();
        let disk = &mut state.disk;
        let upto = upto.min(disk.tail());
        let trimmed = upto.0 - upto.0 % SEGMENT_RECORDS;
        let gone = trimmed.saturating_sub(disk.trimmed.0);
        disk.records.drain(..gone as usize);
        disk.trimmed = Lsn(disk.trimmed.0 + gone);
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        let state = self.state.lock();
        let records = state.disk.records.iter();
        records.map(|record| record.payload.len() as u64).sum()
    }
}
