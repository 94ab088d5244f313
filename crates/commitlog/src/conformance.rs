//! What every backend of [`Log`] must do, as one suite. For tests only: the checks panic.
//!
//! Not here: the backends' own formats and faults; each tests those beside itself.
//!
//! A backend's tests implement [`Backend`] and call [`check_all`].

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this module is a test that several test binaries share"
)]

use crate::{
    AppendFailure, AppendSink, BATCH_BYTES_MAX, Batch, Claim, Epoch, Fault, Log, LogError, Lsn,
    Record, RefusedReason,
};
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;

/// How long an outcome may take before the suite gives up; only a broken log comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place where a log lives, with the means to mistreat it. The suite drops every log before it calls anything but `settle`.
pub trait Backend {
    /// Opens the log: empty at first, then what the last closing or crash left.
    ///
    /// # Errors
    /// The log's.
    fn open(&mut self, claim: Claim) -> Result<Arc<dyn Log>, LogError>;
    /// Drives the log until everything queued has its outcome, if it does not do that by itself.
    fn settle(&mut self) {}
    /// Ends the log in order; the suite has dropped its handle.
    fn close(&mut self);
    /// Ends the log as a power cut would.
    fn crash(&mut self, seed: u64);
    /// Lets the next group of the open log meet a fault; false if this backend cannot do that.
    fn inject(&mut self, fault: Fault) -> bool;
    /// Ends a [`Fault::DiskFull`].
    fn free_space(&mut self);
    /// Damages the stored bytes of the record with this payload; the log is closed.
    fn damage(&mut self, payload: &[u8]);
    /// Makes the group that was written last look as if the power had gone during its writing; the log is crashed.
    fn tear_last_group(&mut self, payload: &[u8]) {
        self.damage(payload);
    }
}

/// Remembers what the log said, and checks that it says it in order.
#[derive(Debug, Default)]
pub struct Outcomes {
    state: Mutex<Told>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    durable: Lsn,
    failures: Vec<(Lsn, AppendFailure)>,
}

impl AppendSink for Outcomes {
    fn on_durable(&self, upto: Lsn) {
        let mut told = self.state.lock();
        assert!(upto > told.durable, "{upto:?} after {:?}", told.durable);
        told.durable = upto;
        self.changed.notify_all();
    }

    fn on_failed(&self, from: Lsn, failure: AppendFailure) {
        let mut told = self.state.lock();
        assert!(from > told.durable, "{from:?} failed, and is durable");
        told.failures.push((from, failure));
        self.changed.notify_all();
    }
}

impl Outcomes {
    /// Everything up to here was acknowledged.
    pub fn durable(&self) -> Lsn {
        self.state.lock().durable
    }

    /// The failures, in the order in which they were told.
    pub fn failures(&self) -> Vec<(Lsn, AppendFailure)> {
        self.state.lock().failures.clone()
    }

    fn wait(&self, what: &str, done: impl Fn(&Told) -> bool) {
        let mut told = self.state.lock();
        while !done(&told) {
            let timeout = self.changed.wait_for(&mut told, PATIENCE);
            assert!(!timeout.timed_out(), "waited in vain for {what}: {told:?}");
        }
    }

    /// Waits until everything up to `lsn` is acknowledged.
    pub fn wait_durable(&self, lsn: Lsn) {
        self.wait("acknowledgement", |told| told.durable >= lsn);
    }

    /// Waits for the first failure.
    pub fn wait_failure(&self) -> (Lsn, AppendFailure) {
        self.wait("failure", |told| !told.failures.is_empty());
        self.failures()[0].clone()
    }
}

/// An open log with its outcomes.
struct Session {
    log: Arc<dyn Log>,
    outcomes: Arc<Outcomes>,
}

impl Session {
    fn open(backend: &mut dyn Backend) -> Session {
        let log = backend.open(Claim::Next).unwrap();
        let outcomes = Arc::new(Outcomes::default());
        log.set_sink(Arc::<Outcomes>::clone(&outcomes));
        Session { log, outcomes }
    }

    fn batch(&self, first: u64, payloads: Vec<Bytes>) -> Batch {
        Batch {
            epoch: self.log.epoch(),
            first: Lsn(first),
            timestamp_micros: timestamp(first),
            payloads,
        }
    }

    /// Appends the standard records `first..=last`, each as a batch.
    fn append(&self, first: u64, last: u64) {
        for lsn in first..=last {
            self.log
                .append(self.batch(lsn, vec![payload(lsn)]))
                .unwrap();
        }
    }

    /// Appends and waits for the acknowledgement.
    fn write(&self, backend: &mut dyn Backend, first: u64, last: u64) {
        self.append(first, last);
        backend.settle();
        self.outcomes.wait_durable(Lsn(last));
    }
}

fn timestamp(lsn: u64) -> u64 {
    1_700_000_000_000_000 + lsn
}

/// The standard payload of a record: some hundred bytes, different for each.
fn payload(lsn: u64) -> Bytes {
    format!("<record {lsn}>").repeat(10).into()
}

fn read(log: &dyn Log, from: u64) -> Vec<Record> {
    log.read(Lsn(from)).unwrap().map(Result::unwrap).collect()
}

/// The log holds exactly the standard records `from..=to` from `from` on.
fn expect_records(log: &dyn Log, from: u64, to: u64) {
    let records = read(log, from);
    let lsns: Vec<u64> = records.iter().map(|record| record.lsn.0).collect();
    assert_eq!(lsns, (from..=to).collect::<Vec<_>>());
    for record in records {
        assert_eq!(record.payload, payload(record.lsn.0), "{:?}", record.lsn);
        assert_eq!(record.timestamp_micros, timestamp(record.lsn.0));
    }
    assert_eq!(log.tail(), Lsn(to));
}

/// A check with its name.
pub type Check = (&'static str, fn(&mut dyn Backend));

/// All checks.
pub const CHECKS: &[Check] = &[
    ("an empty log", empty_log),
    ("dense LSNs, in order", dense_and_ordered),
    ("durable after reopening", durable_after_reopen),
    ("acknowledged survives a crash", acknowledged_survives_crash),
    ("reading from the middle", read_from_the_middle),
    ("several records in a batch", batches_of_several),
    ("large and empty records", large_and_empty_records),
    ("a batch too large", too_large),
    ("a torn tail is cut", torn_tail_is_cut),
    ("damage before the tail is refused", corruption_is_refused),
    ("trimming", trimming),
    ("epochs rise", epochs_rise),
    ("a lower epoch is fenced", lower_epoch_is_fenced),
    ("a failed sync stops the log", failed_sync_stops_the_log),
    (
        "a full disk refuses and goes on",
        full_disk_refuses_and_goes_on,
    ),
    ("concurrent writers", concurrent_writers),
];

/// Runs every check on a fresh backend.
pub fn check_all(mut make: impl FnMut() -> Box<dyn Backend>) {
    for (name, check) in CHECKS {
        println!("conformance: {name}");
        check(&mut *make());
    }
}

fn empty_log(backend: &mut dyn Backend) {
    for _ in 0..2 {
        let session = Session::open(backend);
        assert_eq!((session.log.tail(), session.log.oldest()), (Lsn(0), Lsn(1)));
        assert_eq!(session.log.last_timestamp_micros(), 0);
        assert_eq!(read(&*session.log, 0), []);
        assert_eq!(read(&*session.log, 1), []);
        assert_eq!(read(&*session.log, 99), []);
        session.log.trim(Lsn(5)).unwrap();
        assert_eq!(session.log.oldest(), Lsn(1));
        drop(session);
        backend.close();
    }
}

fn dense_and_ordered(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    session.write(backend, 1, 200);
    expect_records(&*session.log, 1, 200);
    assert_eq!(session.outcomes.failures(), []);
    assert_eq!(session.log.last_timestamp_micros(), timestamp(200));
    assert!(session.log.disk_bytes() > 200 * 100);
}

fn durable_after_reopen(backend: &mut dyn Backend) {
    let mut last = 0;
    for round in 1..=5 {
        let session = Session::open(backend);
        expect_records(&*session.log, 1, last);
        let next = last + round * 3;
        session.write(backend, last + 1, next);
        expect_records(&*session.log, 1, next);
        last = next;
        drop(session);
        backend.close();
    }
}

fn acknowledged_survives_crash(backend: &mut dyn Backend) {
    let mut last = 0;
    for seed in 0..10 {
        let session = Session::open(backend);
        let acknowledged = last + 7;
        session.write(backend, last + 1, acknowledged);
        // Nobody waits for these: any prefix of them may be found.
        session.append(acknowledged + 1, acknowledged + 5);
        drop(session);
        backend.crash(seed);
        let session = Session::open(backend);
        last = session.log.tail().0;
        assert!((acknowledged..=acknowledged + 5).contains(&last));
        expect_records(&*session.log, 1, last);
        drop(session);
        backend.close();
    }
}

fn read_from_the_middle(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    for round in 0..10 {
        session.write(backend, round * 50 + 1, round * 50 + 50);
    }
    for from in [1, 2, 49, 50, 51, 250, 499, 500] {
        expect_records(&*session.log, from, 500);
    }
    assert_eq!(read(&*session.log, 501), []);
    // A reading ends at the tail it began with.
    let reading = session.log.read(Lsn(400)).unwrap();
    session.write(backend, 501, 510);
    assert_eq!(reading.map(Result::unwrap).last().unwrap().lsn, Lsn(500));
    drop(session);
    backend.close();
    let session = Session::open(backend);
    expect_records(&*session.log, 333, 510);
}

fn batches_of_several(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    let mut next = 1;
    for size in [1, 7, 2, 100] {
        let payloads = (next..next + size).map(payload).collect();
        session.log.append(session.batch(next, payloads)).unwrap();
        next += size;
    }
    backend.settle();
    session.outcomes.wait_durable(Lsn(next - 1));
    let records = read(&*session.log, 1);
    assert_eq!(records.len() as u64, next - 1);
    for (record, lsn) in records.iter().zip(1..) {
        assert_eq!((record.lsn, &record.payload), (Lsn(lsn), &payload(lsn)));
    }
    // A batch has one timestamp.
    assert_eq!(records[5].timestamp_micros, timestamp(2));
    assert_eq!(read(&*session.log, 5)[0], records[4]);
}

fn large_and_empty_records(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    let large = |length: usize| -> Bytes { (0..length).map(|at| (at * 7 / 3) as u8).collect() };
    // Around every bound that a format may have, and far above.
    let lengths = [
        0, 1, 63, 64, 65, 4_095, 4_096, 65_535, 65_536, 262_076, 262_080, 262_081, 262_144,
        524_160, 1_048_576, 5_000_001, 0, 3,
    ];
    let payloads: Vec<Bytes> = lengths.into_iter().map(large).collect();
    let half = payloads.len() / 2;
    session
        .log
        .append(session.batch(1, payloads[..half].to_vec()))
        .unwrap();
    for (payload, lsn) in payloads[half..].iter().zip(half as u64 + 1..) {
        let batch = session.batch(lsn, vec![payload.clone()]);
        session.log.append(batch).unwrap();
    }
    backend.settle();
    session.outcomes.wait_durable(Lsn(payloads.len() as u64));
    let check = |log: &dyn Log| {
        let records = read(log, 1);
        assert_eq!(records.len(), payloads.len());
        for (record, payload) in records.iter().zip(&payloads) {
            assert!(record.payload == payload, "{:?} differs", record.lsn);
        }
        assert!(read(log, 16)[0].payload == payloads[15]);
    };
    check(&*session.log);
    drop(session);
    backend.close();
    check(&*Session::open(backend).log);
}

fn too_large(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    let refused = AppendFailure::Refused {
        reason: RefusedReason::TooLarge,
    };
    let payloads = vec![Bytes::from(vec![0; BATCH_BYTES_MAX]), payload(2)];
    let outcome = session.log.append(session.batch(1, payloads));
    assert_eq!(outcome, Err(refused));
    // Its LSNs are free.
    session.write(backend, 1, 2);
    expect_records(&*session.log, 1, 2);
}

fn torn_tail_is_cut(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    session.write(backend, 1, 30);
    session.write(backend, 31, 31);
    drop(session);
    backend.crash(1);
    backend.tear_last_group(&payload(31));
    for _ in 0..2 {
        let session = Session::open(backend);
        expect_records(&*session.log, 1, 30);
        drop(session);
        backend.close();
    }
    // The LSN is given again, to another record.
    let session = Session::open(backend);
    let batch = session.batch(31, vec![payload(77)]);
    session.log.append(batch).unwrap();
    backend.settle();
    session.outcomes.wait_durable(Lsn(31));
    drop(session);
    backend.close();
    let session = Session::open(backend);
    assert_eq!(read(&*session.log, 31)[0].payload, payload(77));
}

fn corruption_is_refused(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    for lsn in 1..=20 {
        session.write(backend, lsn, lsn);
    }
    drop(session);
    backend.close();
    backend.damage(&payload(10));
    match backend.open(Claim::Next) {
        Err(LogError::Corrupt { offset, synced, .. }) => assert!(offset < synced),
        Err(error) => panic!("refused for another reason: {error}"),
        Ok(_) => panic!("opened a damaged log"),
    }
}

fn trimming(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    let count = 600;
    for first in (1..=count).step_by(10) {
        session.write(backend, first, first + 9);
    }
    let before = session.log.disk_bytes();
    let reading = session.log.read(Lsn(1)).unwrap();
    session.log.trim(Lsn(0)).unwrap();
    assert_eq!(session.log.oldest(), Lsn(1));
    session.log.trim(Lsn(300)).unwrap();
    let oldest = session.log.oldest();
    assert!((2..=301).contains(&oldest.0), "{oldest:?}");
    assert!(session.log.disk_bytes() < before);
    // A reading that has begun is not disturbed.
    assert_eq!(reading.map(Result::unwrap).count() as u64, count);
    match session.log.read(Lsn(oldest.0 - 1)) {
        Err(LogError::Trimmed { oldest: told }) => assert_eq!(told, oldest),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("read what was trimmed"),
    }
    assert!(session.log.read(Lsn(0)).is_err());
    expect_records(&*session.log, oldest.0, count);
    // Trimming less again changes nothing.
    session.log.trim(Lsn(3)).unwrap();
    assert_eq!(session.log.oldest(), oldest);
    drop(session);
    backend.close();

    let session = Session::open(backend);
    assert_eq!(session.log.oldest(), oldest);
    expect_records(&*session.log, oldest.0, count);
    session.log.trim(Lsn(u64::MAX)).unwrap();
    let oldest = session.log.oldest();
    assert!(oldest.0 > 301 && oldest.0 <= count + 1);
    session.write(backend, count + 1, count + 50);
    expect_records(&*session.log, oldest.0, count + 50);
    drop(session);
    backend.crash(3);
    let session = Session::open(backend);
    assert_eq!(session.log.oldest(), oldest);
    assert_eq!(session.log.last_timestamp_micros(), timestamp(count + 50));
    expect_records(&*session.log, oldest.0, count + 50);
}

fn epochs_rise(backend: &mut dyn Backend) {
    let mut before = Epoch(0);
    for round in 0..3 {
        let session = Session::open(backend);
        assert!(session.log.epoch() > before);
        before = session.log.epoch();
        session.write(backend, round + 1, round + 1);
        assert_eq!(read(&*session.log, round + 1)[0].epoch, before);
        drop(session);
        backend.close();
    }
    let log = backend.open(Claim::Epoch(Epoch(1000))).unwrap();
    assert_eq!(log.epoch(), Epoch(1000));
}

fn lower_epoch_is_fenced(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    session.write(backend, 1, 3);
    let old = session.log.epoch();
    // A newer leadership shows itself by an append.
    let mut batch = session.batch(4, vec![payload(4)]);
    batch.epoch = Epoch(old.0 + 5);
    session.log.append(batch).unwrap();
    backend.settle();
    session.outcomes.wait_durable(Lsn(4));
    assert_eq!(session.log.epoch(), Epoch(old.0 + 5));
    let mut stale = session.batch(5, vec![payload(5)]);
    stale.epoch = old;
    // A backend may notice at once or when it writes.
    let failure = match session.log.append(stale) {
        Err(failure) => failure,
        Ok(()) => {
            backend.settle();
            session.outcomes.wait_failure().1
        }
    };
    assert_eq!(failure, AppendFailure::Fenced { tail: Lsn(4) });
    drop(session);
    backend.close();
    // Opened under a claim that is already outdated: reading works, writing does not.
    let log = backend.open(Claim::Epoch(old)).unwrap();
    assert_eq!((log.tail(), log.epoch()), (Lsn(4), Epoch(old.0 + 5)));
}

fn failed_sync_stops_the_log(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    session.write(backend, 1, 10);
    if !backend.inject(Fault::FailedSync) {
        return;
    }
    // A log with a thread of its own may have failed before the second of them, and then refuses it.
    for lsn in 11..=13 {
        let outcome = session.log.append(session.batch(lsn, vec![payload(lsn)]));
        assert!(outcome.is_ok() || lsn > 11, "{outcome:?}");
    }
    backend.settle();
    let (from, failure) = session.outcomes.wait_failure();
    assert!((11..=13).contains(&from.0), "{from:?}");
    assert!(matches!(failure, AppendFailure::Unknown { .. }));
    let outcome = session.log.append(session.batch(14, vec![payload(14)]));
    assert_eq!(outcome, Err(failure));
    assert_eq!(session.outcomes.failures().len(), 1, "told once");
    let acknowledged = session.outcomes.durable();
    assert_eq!(session.log.tail(), acknowledged);
    expect_records(&*session.log, 1, acknowledged.0);
    drop(session);
    backend.crash(9);
    let session = Session::open(backend);
    let tail = session.log.tail();
    assert!(tail >= acknowledged && tail.0 <= 13);
    expect_records(&*session.log, 1, tail.0);
    session.write(backend, tail.0 + 1, tail.0 + 1);
}

fn full_disk_refuses_and_goes_on(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    session.write(backend, 1, 5);
    if !backend.inject(Fault::DiskFull) {
        return;
    }
    let refused = AppendFailure::Refused {
        reason: RefusedReason::DiskFull,
    };
    // What is preallocated may still take a while to fill.
    let mut next = 6;
    while session.outcomes.failures().is_empty() {
        let outcome = session.log.append(session.batch(next, vec![payload(next)]));
        assert!(outcome.is_ok() || outcome == Err(refused.clone()));
        backend.settle();
        let durable_or_failed = |told: &Told| told.durable.0 >= next || !told.failures.is_empty();
        session.outcomes.wait("an outcome", durable_or_failed);
        next += 1;
        assert!(next < 100_000, "a full disk refuses nothing");
    }
    let (from, failure) = session.outcomes.wait_failure();
    assert_eq!(failure, refused);
    assert_eq!(session.log.tail().next(), from, "the LSNs are free again");
    expect_records(&*session.log, 1, from.0 - 1);
    // Numbered before their writer heard of the refusal: they share it.
    let stale = session.batch(from.0 + 3, vec![payload(0)]);
    assert_eq!(session.log.append(stale), Err(refused.clone()));

    backend.free_space();
    session.write(backend, from.0, from.0 + 20);
    expect_records(&*session.log, 1, from.0 + 20);
    drop(session);
    backend.crash(2);
    expect_records(&*Session::open(backend).log, 1, from.0 + 20);
}

fn concurrent_writers(backend: &mut dyn Backend) {
    let session = Session::open(backend);
    let next = Mutex::new(1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let mut next = next.lock();
                    session.append(*next, *next);
                    *next += 1;
                }
            });
        }
    });
    backend.settle();
    session.outcomes.wait_durable(Lsn(400));
    expect_records(&*session.log, 1, 400);
}
