//! Transactions: what is refused because it was written since, and what the shard remembers for that.

use crate::support::*;
use bytes::Bytes;
use shale_commitlog::{AppendFailure, Lsn, RefusedReason};
use shale_env::ManualClock;
use shale_storage::{
    ActiveTransaction, MemoryStore, ReadSet, Role, Shard, ShardOptions, StorageError,
};
use std::sync::Arc;

fn open(log: &TestLog) -> Arc<Shard> {
    Shard::open(
        ShardOptions::default(),
        Arc::new(log.clone()),
        Box::new(MemoryStore::default()),
        Arc::new(TestApply::default()),
        Arc::new(ManualClock::new(1)),
    )
    .unwrap()
}

fn keys(role: Role, keys: &[&str]) -> ReadSet {
    let mut reads = ReadSet::default();
    for key in keys {
        reads.add_key(role, key.as_bytes());
    }
    reads
}

fn commit(
    shard: &Shard,
    transaction: &ActiveTransaction,
    reads: &ReadSet,
    record: Bytes,
) -> Result<Lsn, StorageError> {
    shard.sequence_validated(shard.generation(), transaction, reads, record)
}

fn assert_conflict(result: Result<Lsn, StorageError>) {
    assert!(
        matches!(result, Err(StorageError::Conflict { .. })),
        "{result:?}"
    );
}

#[test]
fn a_key_that_was_written_since_the_snapshot_refuses() {
    let shard = open(&TestLog::default());
    shard.sequence(put("a", "0")).unwrap();
    let transaction = shard.begin_transaction();
    let reads = keys(Role::Items, &["a", "absent"]);
    shard.sequence(put("b", "1")).unwrap();
    commit(&shard, &transaction, &reads, put("c", "1")).unwrap();

    let (first, second) = (shard.begin_transaction(), shard.begin_transaction());
    shard.sequence(put("absent", "1")).unwrap();
    let refused = commit(&shard, &first, &reads, put("d", "1"));
    let written = Some(Lsn(4));
    assert_eq!(refused, Err(StorageError::Conflict { written }));
    assert_eq!(shard.get(Role::Items, b"d").unwrap(), None);
    let other_role = keys(Role::Indexes, &["a", "absent"]);
    commit(&shard, &first, &other_role, put("d", "1")).unwrap();
    let blind = ReadSet::default();
    commit(&shard, &second, &blind, put("absent", "2")).unwrap();
}

#[test]
fn writes_of_transactions_and_deletions_count_too() {
    let shard = open(&TestLog::default());
    shard.sequence(put("a", "0")).unwrap();
    let (first, second) = (shard.begin_transaction(), shard.begin_transaction());
    // Write skew: each reads what the other writes.
    let record = record(&[(Role::Items, Bytes::from("a"), None)]);
    commit(&shard, &first, &keys(Role::Items, &["b"]), record).unwrap();
    let refused = commit(&shard, &second, &keys(Role::Items, &["a"]), put("b", "1"));
    assert_conflict(refused);
}

#[test]
fn a_range_refuses_what_appears_in_it() {
    let shard = open(&TestLog::default());
    for (written, conflicts) in [("a", false), ("b", true), ("bz", true), ("c", false)] {
        let transaction = shard.begin_transaction();
        let mut reads = ReadSet::default();
        reads.add_range(Role::Items, Bytes::from("b")..Bytes::from("c"));
        shard.sequence(put(written, "1")).unwrap();
        let result = commit(&shard, &transaction, &reads, put("x", "1"));
        assert_eq!(result.is_err(), conflicts, "{written}");
    }
}

/// What was sequenced before the window was on and published after the snapshot.
#[test]
fn records_on_their_way_when_the_transaction_begins_count() {
    let log = TestLog::default();
    let shard = open(&log);
    log.hold(true);
    shard.sequence(put("a", "1")).unwrap();
    let transaction = shard.begin_transaction();
    assert_eq!(transaction.snapshot().lsn(), Lsn(0));
    log.hold(false);
    let refused = commit(
        &shard,
        &transaction,
        &keys(Role::Items, &["a"]),
        put("b", "1"),
    );
    assert_conflict(refused);
    let reads = keys(Role::Items, &["z"]);
    commit(&shard, &transaction, &reads, put("b", "1")).unwrap();
}

#[test]
fn what_was_rolled_back_may_refuse_and_never_lets_through() {
    let log = TestLog::default();
    let shard = open(&log);
    let transaction = shard.begin_transaction();
    log.hold(true);
    shard.sequence(put("a", "1")).unwrap();
    let full = AppendFailure::Refused {
        reason: RefusedReason::DiskFull,
    };
    let before = shard.generation();
    log.fail(full, false);
    log.hold(false);
    while shard.sequence(put("z", "1")).is_err() {
        std::thread::yield_now();
    }
    let passed = shard.sequence_validated(before, &transaction, &ReadSet::default(), put("b", "1"));
    assert_eq!(passed, Err(StorageError::RolledBack));
    let refused = commit(
        &shard,
        &transaction,
        &keys(Role::Items, &["z"]),
        put("b", "1"),
    );
    assert_conflict(refused);
    let reads = keys(Role::Items, &["q"]);
    commit(&shard, &transaction, &reads, put("b", "1")).unwrap();
}

/// More than is checked in one step: what is checked before the sequencer is taken counts like what is checked under it.
#[test]
fn long_transactions_are_checked_against_everything() {
    let shard = open(&TestLog::default());
    let reads = keys(Role::Items, &["w00500", "w99999"]);
    let (unlucky, lucky) = (shard.begin_transaction(), shard.begin_transaction());
    for n in 0..10_000 {
        shard.sequence(put(format!("w{n:05}"), "1")).unwrap();
    }
    let refused = commit(&shard, &unlucky, &reads, put("x", "1"));
    assert_conflict(refused);
    commit(
        &shard,
        &lucky,
        &keys(Role::Items, &["w99999"]),
        put("x", "1"),
    )
    .unwrap();
}

/// A transaction is refused when more was written than is remembered, and the next one is not.
#[test]
fn a_transaction_older_than_the_window_is_refused() {
    let shard = open(&TestLog::default());
    let old = shard.begin_transaction();
    let long = "k".repeat(60_000);
    for n in 0..1200 {
        shard.sequence(put(format!("{long}{n}"), "1")).unwrap();
    }
    let stats = shard.stats();
    assert_eq!(stats.transactions, 1);
    assert!((1..=64 << 20).contains(&stats.recent_writes_bytes));
    let reads = keys(Role::Items, &["q"]);
    let refused = commit(&shard, &old, &reads, put("x", "1"));
    assert_conflict(refused);
    let young = shard.begin_transaction();
    commit(&shard, &young, &reads, put("x", "1")).unwrap();
}

/// The window goes off after a while without transactions; those that come later are validated all the same.
#[test]
fn transactions_after_a_long_pause_are_validated() {
    let shard = open(&TestLog::default());
    for _ in 0..3 {
        drop(shard.begin_transaction());
        for n in 0..10_000 {
            shard.sequence(put(format!("{n}"), "1")).unwrap();
        }
        let stats = shard.stats();
        assert_eq!((stats.transactions, stats.recent_writes_bytes), (0, 0));
        let transaction = shard.begin_transaction();
        shard.sequence(put("7", "2")).unwrap();
        let refused = commit(
            &shard,
            &transaction,
            &keys(Role::Items, &["7"]),
            put("x", "1"),
        );
        assert_conflict(refused);
        let reads = keys(Role::Items, &["8"]);
        commit(&shard, &transaction, &reads, put("x", "1")).unwrap();
    }
}

/// Counters that many threads raise by reading at a snapshot and writing: nothing is lost.
#[test]
fn concurrent_increments_are_serialized() {
    const THREADS: usize = 4;
    const EACH: usize = 200;
    let shard = open(&TestLog::default());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    loop {
                        let transaction = shard.begin_transaction();
                        let now = transaction.snapshot().get(Role::Items, b"n").unwrap();
                        let now = now.map_or(0, |value| {
                            std::str::from_utf8(&value).unwrap().parse::<u64>().unwrap()
                        });
                        let record = put("n", (now + 1).to_string());
                        let reads = keys(Role::Items, &["n"]);
                        match commit(&shard, &transaction, &reads, record) {
                            Ok(_) => break,
                            Err(StorageError::Conflict { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    let sum = shard.get(Role::Items, b"n").unwrap().unwrap();
    assert_eq!(sum, (THREADS * EACH).to_string());
}

/// A transaction that is ahead reads what is not published, and is refused once that is rolled back.
#[test]
fn a_transaction_ahead_reads_what_is_on_its_way() {
    let log = TestLog::default();
    let shard = open(&log);
    shard.sequence(put("a", "0")).unwrap();
    shard.sequence(put("b", "0")).unwrap();
    log.hold(true);
    let writes = [
        (Role::Items, Bytes::from("a"), Some(Bytes::from("1"))),
        (Role::Items, Bytes::from("b"), None),
        (Role::Items, Bytes::from("c"), Some(Bytes::from("1"))),
    ];
    shard.sequence(record(&writes)).unwrap();
    let behind = shard.begin_transaction();
    assert_eq!(behind.depends_on(), None);
    assert!(!behind.snapshot().is_ahead());
    assert_eq!(
        &*behind.snapshot().get(Role::Items, b"a").unwrap().unwrap(),
        b"0"
    );
    let ahead = shard.begin_ahead();
    assert_eq!(ahead.depends_on(), Some(Lsn(3)));
    assert!(ahead.snapshot().is_ahead());
    assert_eq!(
        &*ahead.snapshot().get(Role::Items, b"a").unwrap().unwrap(),
        b"1"
    );
    assert_eq!(ahead.snapshot().get(Role::Items, b"b").unwrap(), None);
    let scanned = || {
        let all = Bytes::from("a")..Bytes::from("z");
        let entries = ahead.snapshot().range(Role::Items, all);
        entries.map(|entry| entry.unwrap().0).collect::<Vec<_>>()
    };
    assert_eq!(scanned(), ["a", "c"]);
    // It stays what it was, whatever is published or sequenced.
    shard.sequence(put("d", "1")).unwrap();
    log.hold(false);
    shard.sequence(put("e", "1")).unwrap();
    assert_eq!(scanned(), ["a", "c"]);
    commit(
        &shard,
        &ahead,
        &keys(Role::Items, &["a", "b"]),
        put("x", "1"),
    )
    .unwrap();
    assert_conflict(commit(
        &shard,
        &ahead,
        &keys(Role::Items, &["d"]),
        put("x", "2"),
    ));
    assert_conflict(commit(
        &shard,
        &behind,
        &keys(Role::Items, &["a"]),
        put("x", "2"),
    ));

    log.hold(true);
    shard.sequence(put("a", "2")).unwrap();
    let lost = shard.begin_ahead();
    assert_eq!(
        &*lost.snapshot().get(Role::Items, b"a").unwrap().unwrap(),
        b"2"
    );
    let full = AppendFailure::Refused {
        reason: RefusedReason::DiskFull,
    };
    log.fail(full, false);
    log.hold(false);
    while shard.sequence(put("z", "1")).is_err() {
        std::thread::yield_now();
    }
    assert_conflict(commit(&shard, &lost, &ReadSet::default(), put("x", "2")));
    assert_eq!(&*shard.get(Role::Items, b"a").unwrap().unwrap(), b"1");
}
