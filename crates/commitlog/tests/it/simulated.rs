//! What only the simulated log has: its faults, one by one.

use bytes::Bytes;
use shale_commitlog::conformance::Outcomes;
use shale_commitlog::{
    AppendFailure, Batch, Claim, Fault, FaultRates, Log, LogError, Lsn, SimulatedDisk,
    SimulatedLog, Step,
};
use std::collections::BTreeSet;
use std::sync::Arc;

fn append(log: &SimulatedLog, lsn: u64) {
    log.append(Batch {
        epoch: log.epoch(),
        first: Lsn(lsn),
        timestamp_micros: lsn,
        payloads: vec![Bytes::from(lsn.to_string())],
    })
    .unwrap();
}

fn write(log: &SimulatedLog, lsn: u64) {
    append(log, lsn);
    assert_eq!(log.step(), Step::Durable(Lsn(lsn)));
}

fn reopen(disk: SimulatedDisk) -> SimulatedLog {
    SimulatedLog::open(disk, Claim::Next, 1, FaultRates::default()).unwrap()
}

/// The tails that different seeds find after a crash.
fn tails_after_crash(prepare: impl Fn(&SimulatedLog)) -> BTreeSet<u64> {
    let crash = |seed| {
        let log = SimulatedLog::new(seed);
        prepare(&log);
        log.crash().tail().0
    };
    (0..100).map(crash).collect()
}

#[test]
fn a_seed_decides_everything() {
    let run = |seed| {
        let rates = FaultRates {
            failed_sync: 2,
            lying_sync: 10,
            lost_acknowledgement: 2,
            disk_full: 10,
        };
        let log = SimulatedLog::open(SimulatedDisk::default(), Claim::Next, seed, rates).unwrap();
        let mut steps = Vec::new();
        let mut next = 1;
        for _ in 0..50 {
            for _ in 0..3 {
                let batch = Batch {
                    epoch: log.epoch(),
                    first: Lsn(next),
                    timestamp_micros: 0,
                    payloads: vec![Bytes::new()],
                };
                next += u64::from(log.append(batch).is_ok());
            }
            let step = log.step();
            if let Step::Refused(from) = step {
                next = from.0;
            }
            steps.push(step);
        }
        (steps, log.crash().tail())
    };
    assert_eq!(run(3), run(3));
    let outcomes: BTreeSet<String> = (0..20).map(|seed| format!("{:?}", run(seed))).collect();
    assert!(outcomes.len() > 15, "seeds differ");
}

#[test]
fn what_waits_at_a_crash_is_found_as_a_prefix_or_not_at_all() {
    let tails = tails_after_crash(|log| {
        write(log, 1);
        for lsn in 2..=4 {
            append(log, lsn);
        }
    });
    assert_eq!(tails, BTreeSet::from([1, 2, 3, 4]));
}

#[test]
fn a_failed_sync_leaves_the_outcome_open() {
    let tails = tails_after_crash(|log| {
        write(log, 1);
        log.schedule(Fault::FailedSync);
        append(log, 2);
        assert_eq!(log.step(), Step::Unknown(Lsn(2)));
        assert_eq!((log.tail(), log.step()), (Lsn(1), Step::Idle));
    });
    assert_eq!(tails, BTreeSet::from([1, 2]));
}

#[test]
fn a_lost_acknowledgement_is_found_after_the_restart() {
    let outcomes = Arc::new(Outcomes::default());
    let log = SimulatedLog::new(1);
    log.set_sink(Arc::<Outcomes>::clone(&outcomes));
    log.schedule(Fault::LostAcknowledgement);
    append(&log, 1);
    assert_eq!(log.step(), Step::Unknown(Lsn(1)));
    assert!(matches!(
        outcomes.failures()[..],
        [(Lsn(1), AppendFailure::Unknown { .. })]
    ));
    assert_eq!(reopen(log.crash()).tail(), Lsn(1));
}

#[test]
fn a_lying_sync_loses_what_it_acknowledged_unless_an_honest_one_follows() {
    let lie_about = |log: &SimulatedLog, lsn| {
        log.schedule(Fault::LyingSync);
        write(log, lsn);
    };
    let tails = tails_after_crash(|log| {
        write(log, 1);
        lie_about(log, 2);
        lie_about(log, 3);
    });
    assert_eq!(tails, BTreeSet::from([1, 2, 3]));
    let tails = tails_after_crash(|log| {
        lie_about(log, 1);
        write(log, 2);
    });
    assert_eq!(tails, BTreeSet::from([2]));
    // Without a power cut nothing is lost.
    let log = SimulatedLog::new(1);
    lie_about(&log, 1);
    assert_eq!(reopen(log.close()).tail(), Lsn(1));
}

#[test]
fn a_full_disk_refuses_until_there_is_space() {
    let log = SimulatedLog::new(1);
    log.set_full(true);
    for _ in 0..3 {
        append(&log, 1);
        assert_eq!(log.step(), Step::Refused(Lsn(1)));
    }
    log.set_full(false);
    write(&log, 1);
}

#[test]
fn damage_is_refused_before_the_last_group_and_cut_in_it() {
    let log = SimulatedLog::new(1);
    for lsn in 1..=3 {
        write(&log, lsn);
    }
    let disk = log.close();
    let mut torn = disk.clone();
    torn.damage(Lsn(3));
    assert_eq!(reopen(torn).tail(), Lsn(2));
    let mut damaged = disk;
    damaged.damage(Lsn(2));
    let opened = SimulatedLog::open(damaged, Claim::Next, 1, FaultRates::default());
    assert!(matches!(opened, Err(LogError::Corrupt { .. })));
}
