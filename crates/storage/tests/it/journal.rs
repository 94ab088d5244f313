//! What the simulation needs of a log with faults, over both simulated logs: the one of `commitlog`, whose faults come from its own
//! seed, and [`FaultyLog`], where the test decides each.

use crate::faulty_log::FaultyLog;
use bytes::Bytes;
use shale_commitlog::{Claim, Fault, FaultRates, Log, Lsn, SimulatedLog};
use std::sync::Arc;

/// A log under test and everything that ever became durable in it.
pub trait Journal {
    /// The log, for the shard.
    fn log(&self) -> Arc<dyn Log>;
    /// How many records wait, as far as the test may choose among them.
    fn waiting(&self) -> usize;
    /// Some waiting records become durable: so many, if the test may choose.
    fn sync(&mut self, count: usize);
    /// There is no space for what waits.
    fn refuse(&mut self);
    /// The log says that it does not know what became of the waiting records, and stops. So many survive, if the test may choose.
    fn fail(&mut self, survive: usize);
    /// Another leadership takes over, if this log can be fenced.
    fn fence(&mut self);
    /// The machine stops and starts again. So many of the waiting records survive, if the test may choose.
    fn crash(&mut self, survive: usize);
    /// Payloads of all durable records from the first on.
    fn history(&self) -> Vec<Bytes>;
}

impl Journal for FaultyLog {
    fn log(&self) -> Arc<dyn Log> {
        Arc::new(self.clone())
    }
    fn waiting(&self) -> usize {
        FaultyLog::waiting(self)
    }
    fn sync(&mut self, count: usize) {
        FaultyLog::sync(self, count);
    }
    fn refuse(&mut self) {
        FaultyLog::refuse(self);
    }
    fn fail(&mut self, survive: usize) {
        self.lose_acknowledgement(survive);
    }
    fn fence(&mut self) {
        FaultyLog::fence(self);
    }
    fn crash(&mut self, survive: usize) {
        *self = FaultyLog::crash(self, survive);
    }
    fn history(&self) -> Vec<Bytes> {
        FaultyLog::history(self)
    }
}

/// [`SimulatedLog`] with a memory: it trims, the test must not forget.
pub struct SimulatedJournal {
    log: Arc<SimulatedLog>,
    seed: u64,
    archive: Vec<Bytes>,
}

impl SimulatedJournal {
    pub fn new(seed: u64) -> SimulatedJournal {
        let log = Arc::new(SimulatedLog::new(seed));
        SimulatedJournal {
            log,
            seed,
            archive: Vec::new(),
        }
    }

    fn step(&mut self) {
        self.log.step();
        self.remember();
    }

    fn remember(&mut self) {
        let from = Lsn(self.archive.len() as u64 + 1);
        if from <= self.log.tail() {
            self.archive.extend(
                self.log
                    .read(from)
                    .unwrap()
                    .map(|record| record.unwrap().payload),
            );
        }
    }
}

impl Journal for SimulatedJournal {
    fn log(&self) -> Arc<dyn Log> {
        self.log.clone()
    }
    fn waiting(&self) -> usize {
        1
    }
    fn sync(&mut self, _: usize) {
        self.step();
    }
    fn refuse(&mut self) {
        self.log.schedule(Fault::DiskFull);
        self.step();
    }
    fn fail(&mut self, survive: usize) {
        self.log.schedule(if survive == 0 {
            Fault::FailedSync
        } else {
            Fault::LostAcknowledgement
        });
        self.step();
    }
    fn fence(&mut self) {}
    fn crash(&mut self, _: usize) {
        let disk = self.log.crash();
        self.seed += 1;
        // A disk that lies about a sync is not among the faults: no log can keep its promise on it.
        let rates = FaultRates {
            failed_sync: 1,
            lost_acknowledgement: 1,
            disk_full: 3,
            ..FaultRates::default()
        };
        self.log = Arc::new(SimulatedLog::open(disk, Claim::Next, self.seed, rates).unwrap());
        self.remember();
    }
    fn history(&self) -> Vec<Bytes> {
        self.archive.clone()
    }
}
