//! Random histories of appends, faults, crashes and openings: what was acknowledged is there, what is there was handed over, and
//! it is a prefix.

use crate::backends::{directory, open_in_memory};
use bytes::Bytes;
use proptest::prelude::*;
use shale_commitlog::conformance::Outcomes;
use shale_commitlog::{
    AppendFailure, Batch, Claim, Drive, FaultRates, FileLog, Log, Lsn, Record, SimulatedDisk,
    SimulatedLog, Step,
};
use shale_env::{Rand, SeededRand, SimulatedFiles, SyncFault};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What happens next in a history.
#[derive(Clone, Debug)]
enum Event {
    /// A batch of records of this length each.
    Append {
        records: u8,
        length: u32,
    },
    /// The writer writes a group.
    Step,
    FailSync,
    FailWrite,
    Full(bool),
    /// Trim so many percent of what is there.
    Trim(u8),
    Crash(u64),
    Kill,
    Close,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        30 => (1u8..5, prop_oneof![10 => 0u32..2000, 1 => 0u32..300_000])
            .prop_map(|(records, length)| Event::Append { records, length }),
        20 => Just(Event::Step),
        1 => Just(Event::FailSync),
        1 => Just(Event::FailWrite),
        1 => any::<bool>().prop_map(Event::Full),
        2 => (0u8..=110).prop_map(Event::Trim),
        3 => any::<u64>().prop_map(Event::Crash),
        1 => Just(Event::Kill),
        1 => Just(Event::Close),
    ];
    prop::collection::vec(event, 1..150)
}

/// What the client side of the log knows.
struct Client {
    next: u64,
    acknowledged: u64,
    /// What was handed over, by LSN; overwritten when an LSN is given again.
    handed_over: BTreeMap<u64, Bytes>,
    /// How many failures of the present log have been noted.
    failures: usize,
    rand: SeededRand,
}

impl Client {
    fn new() -> Client {
        Client {
            next: 1,
            acknowledged: 0,
            handed_over: BTreeMap::new(),
            failures: 0,
            rand: SeededRand::new(5),
        }
    }

    fn batch(&mut self, log: &dyn Log, records: u8, length: u32) -> Batch {
        let rand = &self.rand;
        let payloads: Vec<Bytes> = (0..records)
            .map(|_| {
                // Different for every record, and cheap.
                let mark = rand.next_u64().to_le_bytes();
                let mut payload = vec![mark[0]; length as usize];
                payload
                    .iter_mut()
                    .zip(mark)
                    .for_each(|(at, mark)| *at = mark);
                payload.into()
            })
            .collect();
        for (payload, lsn) in payloads.iter().zip(self.next..) {
            self.handed_over.insert(lsn, payload.clone());
        }
        let first = Lsn(self.next);
        self.next += u64::from(records);
        Batch {
            epoch: log.epoch(),
            first,
            timestamp_micros: first.0 / 3,
            payloads,
        }
    }

    /// Takes note of what the log said.
    fn listen(&mut self, outcomes: &Outcomes) {
        self.acknowledged = self.acknowledged.max(outcomes.durable().0);
        let failures = outcomes.failures();
        for (from, failure) in &failures[self.failures..] {
            if matches!(failure, AppendFailure::Refused { .. }) {
                self.next = from.0;
            }
        }
        self.failures = failures.len();
    }

    /// Compares with what a newly opened log holds, and goes on from there.
    fn check(&mut self, log: &dyn Log) {
        let tail = log.tail().0;
        assert!(tail >= self.acknowledged, "{tail} < {}", self.acknowledged);
        let oldest = log.oldest();
        let records: Vec<Record> = log.read(oldest).unwrap().map(Result::unwrap).collect();
        assert_eq!(records.len() as u64, tail + 1 - oldest.0);
        for (record, lsn) in records.iter().zip(oldest.0..) {
            assert_eq!(record.lsn, Lsn(lsn));
            assert!(
                self.handed_over.get(&lsn) == Some(&record.payload),
                "record {lsn} is another one"
            );
        }
        self.next = tail + 1;
        self.failures = 0;
        // Found is as good as acknowledged: somebody may have read it.
        self.acknowledged = tail;
    }
}

struct Run {
    files: SimulatedFiles,
    log: FileLog,
    outcomes: Arc<Outcomes>,
    client: Client,
}

fn open(files: &SimulatedFiles) -> (FileLog, Arc<Outcomes>) {
    let log = open_in_memory(files, Claim::Next, Drive::Stepped).unwrap();
    let outcomes = Arc::new(Outcomes::default());
    log.set_sink(Arc::<Outcomes>::clone(&outcomes));
    (log, outcomes)
}

impl Run {
    fn new() -> Run {
        let files = SimulatedFiles::new();
        let (log, outcomes) = open(&files);
        Run {
            files,
            log,
            outcomes,
            client: Client::new(),
        }
    }

    fn reopen(&mut self) {
        self.client.listen(&self.outcomes);
        (self.log, self.outcomes) = open(&self.files);
        self.client.check(&self.log);
    }

    fn play(&mut self, event: Event) {
        match event {
            Event::Append { records, length } => {
                self.client.listen(&self.outcomes);
                let before = self.client.next;
                let batch = self.client.batch(&self.log, records, length);
                if self.log.append(batch).is_err() {
                    self.client.next = before;
                }
            }
            Event::Step => {
                self.log.step();
                self.client.listen(&self.outcomes);
            }
            Event::FailSync => self.files.fault_sync(0, SyncFault::Fail),
            Event::FailWrite => self.files.fault_write(0),
            Event::Full(full) => {
                let limit = full.then(|| self.files.used_bytes());
                self.files.limit_space(limit);
            }
            Event::Trim(percent) => {
                let upto = self.log.tail().0 * u64::from(percent) / 100;
                self.log.trim(Lsn(upto)).unwrap();
            }
            Event::Crash(seed) => {
                self.client.listen(&self.outcomes);
                self.files = self.files.crash(seed);
                self.reopen();
            }
            Event::Kill => {
                self.client.listen(&self.outcomes);
                self.files = self.files.kill();
                self.reopen();
            }
            Event::Close => {
                self.log.close();
                self.files = self.files.kill();
                self.reopen();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_file_log_keeps_what_it_acknowledged(events in events()) {
        let mut run = Run::new();
        for event in events {
            run.play(event);
        }
        run.play(Event::Crash(1));
        prop_assert!(run.files.used_bytes() > 0 || run.client.next == 1, "{:?}", directory());
    }

    #[test]
    fn the_simulated_log_keeps_what_it_acknowledged(seed in any::<u64>()) {
        let dice = SeededRand::new(seed);
        let mut client = Client::new();
        let mut disk = SimulatedDisk::default();
        for _ in 0..5 {
            let rates = FaultRates { failed_sync: 2, lost_acknowledgement: 2, disk_full: 5, lying_sync: 0 };
            let log = SimulatedLog::open(disk, Claim::Next, dice.next_u64(), rates).unwrap();
            let outcomes = Arc::new(Outcomes::default());
            log.set_sink(Arc::<Outcomes>::clone(&outcomes));
            client.check(&log);
            for _ in 0..dice.below(60) {
                if dice.chance(60) {
                    client.listen(&outcomes);
                    let before = client.next;
                    let batch = client.batch(&log, 1, 10);
                    if log.append(batch).is_err() {
                        client.next = before;
                    }
                } else {
                    log.step();
                }
            }
            client.listen(&outcomes);
            disk = if dice.chance(80) { log.crash() } else {
                let disk = log.close();
                client.listen(&outcomes);
                disk
            };
        }
    }

    /// A disk that lies loses acknowledged records; that must still be a prefix, and never more than since the last honest sync.
    #[test]
    fn a_lying_disk_leaves_a_prefix(seed in any::<u64>()) {
        let dice = SeededRand::new(seed);
        let log = SimulatedLog::open(
            SimulatedDisk::default(),
            Claim::Next,
            seed,
            FaultRates { lying_sync: 50, ..FaultRates::default() },
        ).unwrap();
        let mut client = Client::new();
        for _ in 0..dice.below(30) {
            let batch = client.batch(&log, 2, 5);
            log.append(batch).unwrap();
            let step = log.step();
            prop_assert!(matches!(step, Step::Durable(_)));
        }
        let disk = log.crash();
        for (record, lsn) in disk.records().zip(1..) {
            prop_assert_eq!(record.lsn, Lsn(lsn));
            prop_assert_eq!(&client.handed_over[&lsn], &record.payload);
        }
        prop_assert!(disk.tail() <= log.tail());
    }
}
