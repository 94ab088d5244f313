//! Visibility, order, waiting, failure, reopening.

use crate::support::{TestApply, TestLog, delete, manual, put, record};
use bytes::Bytes;
use shale_commitlog::{AppendFailure, RefusedReason};
use shale_env::SystemClock;
use shale_storage::tree::OrderedTree;
use shale_storage::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

struct Fixture {
    shard: Arc<Shard>,
    log: TestLog,
    apply: Arc<TestApply>,
    store: MemoryStore,
}

fn open(options: ShardOptions, log: &TestLog, store: &MemoryStore) -> Fixture {
    let apply = Arc::new(TestApply::default());
    let shard = Shard::open(
        options,
        Arc::new(log.clone()),
        Box::new(store.clone()),
        apply.clone(),
        Arc::new(SystemClock::new()),
    );
    Fixture {
        shard: shard.unwrap(),
        log: log.clone(),
        apply,
        store: store.clone(),
    }
}

fn fresh(options: ShardOptions) -> Fixture {
    open(options, &TestLog::default(), &MemoryStore::default())
}

fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
    std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn get(shard: &Shard, key: &str) -> Option<Bytes> {
    let point = shard.get(Role::Items, key.as_bytes()).unwrap();
    let snapshot = shard.snapshot();
    assert_eq!(point, snapshot.get(Role::Items, key.as_bytes()).unwrap());
    point
}

fn latest(shard: &Shard, key: &str) -> (Option<Bytes>, Option<Lsn>) {
    let latest = shard.latest(Role::Items, key.as_bytes()).unwrap();
    (latest.value, latest.pending)
}

#[test]
fn a_write_is_read_only_when_durable_and_applied_but_the_next_writer_sees_it() {
    let f = fresh(manual());
    f.log.hold(true);
    let lsn = f.shard.sequence(put("k", "1")).unwrap();
    assert_eq!(lsn, Lsn(1));
    assert_eq!(latest(&f.shard, "k"), (Some("1".into()), Some(lsn)));
    assert_eq!(get(&f.shard, "k"), None);
    assert_eq!(poll(f.shard.wait_published(lsn)), Poll::Pending);

    f.log.hold(false);
    assert_eq!(get(&f.shard, "k"), None, "durable, but not applied");
    assert_eq!(f.shard.step(Step::Apply), Ok(true));
    assert_eq!(get(&f.shard, "k"), Some("1".into()));
    assert_eq!(latest(&f.shard, "k"), (Some("1".into()), None));
    assert_eq!(poll(f.shard.wait_published(lsn)), Poll::Ready(Ok(())));
    assert_eq!(*f.apply.published.lock(), [lsn]);
    assert_eq!(f.shard.stats().pending_bytes, 0);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_stalled_writer_is_woken_when_there_is_room_and_not_by_every_look() {
    let f = fresh(ShardOptions {
        pending_bytes_max: 1,
        ..manual()
    });
    f.shard.sequence(put("k", "v")).unwrap();
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut context = Context::from_waker(&waker);
    let mut admitted = std::pin::pin!(f.shard.admit());
    assert!(admitted.as_mut().poll(&mut context).is_pending());
    for _ in 0..10 {
        f.shard.step(Step::Budget).unwrap();
        f.shard.step(Step::Flush(Role::Items)).unwrap();
    }
    assert_eq!(bell.0.load(Ordering::Relaxed), 0, "nothing has changed");
    f.shard.step(Step::Apply).unwrap();
    assert_eq!(bell.0.load(Ordering::Relaxed), 1);
    assert_eq!(admitted.as_mut().poll(&mut context), Poll::Ready(Ok(())));

    // A refusal wakes too, room or not.
    f.shard.sequence(put("k", "w")).unwrap();
    let mut admitted = std::pin::pin!(f.shard.admit());
    assert!(admitted.as_mut().poll(&mut context).is_pending());
    drop(poll(f.shard.close()));
    assert_eq!(bell.0.load(Ordering::Relaxed), 2);
    assert_eq!(
        admitted.as_mut().poll(&mut context),
        Poll::Ready(Err(StorageError::Closed))
    );
}

#[test]
fn a_range_dropped_by_a_record_on_its_way_waits_for_readers_before_it() {
    let f = fresh(manual());
    f.shard.sequence(put("b1", "v")).unwrap();
    f.shard.step(Step::Apply).unwrap();
    let range = Bytes::from("b")..Bytes::from("c");
    let dropped = f.shard.sequence(put("catalog", "b is dropped")).unwrap();
    // As from within `on_published`, before the LSN is readable.
    f.shard
        .handle()
        .reclaim(Role::Items, range.clone(), dropped);
    f.shard.step(Step::Reclaim).unwrap();
    let reader = f.shard.snapshot();
    f.shard.step(Step::Apply).unwrap();
    f.shard.step(Step::Reclaim).unwrap();
    let read = |reader: &Snapshot| reader.range(Role::Items, range.clone()).count();
    assert_eq!(read(&reader), 1, "it was opened before the drop");
    drop(reader);
    for _ in 0..2 {
        f.shard.step(Step::Reclaim).unwrap();
        f.shard.step(Step::Compact(Role::Items)).unwrap();
    }
    assert_eq!(f.shard.reclaimed(Role::Items, &range), Ok(true));
}

#[test]
fn a_snapshot_keeps_its_view_through_flushes_and_compactions() {
    let f = fresh(manual());
    for round in 0..3 {
        f.shard.sequence(put("a", format!("{round}"))).unwrap();
        f.shard.sequence(put(format!("r{round}"), "x")).unwrap();
    }
    f.shard.step(Step::Apply).unwrap();
    let old = f.shard.snapshot();
    f.shard.sequence(delete("a")).unwrap();
    f.shard.sequence(put("b", "new")).unwrap();
    f.shard.step(Step::Apply).unwrap();
    for step in [
        Step::Flush(Role::Items),
        Step::Compact(Role::Items),
        Step::Trim,
    ] {
        f.shard.step(step).unwrap();
        assert_eq!(old.get(Role::Items, b"a").unwrap(), Some("2".into()));
        assert_eq!(old.get(Role::Items, b"b").unwrap(), None);
        let keys: Vec<_> = old
            .range(Role::Items, "".into().."z".into())
            .map(|e| e.unwrap().0)
            .collect();
        assert_eq!(keys, ["a", "r0", "r1", "r2"]);
        let mut ends = old.range(Role::Items, "a".into().."r2".into());
        assert_eq!(ends.next_back().unwrap().unwrap().0, "r1");
        assert_eq!(ends.next().unwrap().unwrap().0, "a");
        assert_eq!(ends.next_back().unwrap().unwrap().0, "r0");
        assert!(ends.next().is_none() && ends.next_back().is_none());
    }
    assert_eq!(get(&f.shard, "a"), None);
    assert!(
        old.range(Role::Items, "z".into().."a".into())
            .next()
            .is_none(),
        "an inverted range is empty"
    );
}

#[test]
fn a_full_log_rolls_back_fails_the_waiters_and_goes_on_when_there_is_space() {
    let f = fresh(manual());
    f.shard.sequence(put("k", "1")).unwrap();
    f.shard.step(Step::Apply).unwrap();
    f.log.hold(true);
    let generation = f.shard.generation();
    let two = f.shard.sequence(put("k", "2")).unwrap();
    let three = f.shard.sequence(put("k", "3")).unwrap();
    let full = AppendFailure::Refused {
        reason: RefusedReason::DiskFull,
    };
    f.log.fail(full, true);

    for lsn in [two, three] {
        assert_eq!(
            poll(f.shard.wait_published(lsn)),
            Poll::Ready(Err(StorageError::DiskFull))
        );
    }
    assert_eq!(latest(&f.shard, "k"), (Some("1".into()), None));
    assert_eq!(f.shard.stats().pending_bytes, 0);
    assert_eq!(f.shard.sequence(put("k", "4")), Err(StorageError::DiskFull));
    assert_eq!(
        poll(f.shard.admit()),
        Poll::Ready(Err(StorageError::DiskFull))
    );
    assert_eq!(get(&f.shard, "k"), Some("1".into()), "reads go on");

    assert_eq!(f.shard.step(Step::FillVoids), Ok(true), "tried, still full");
    assert_eq!(f.shard.sequence(put("k", "4")), Err(StorageError::DiskFull));
    f.log.heal();
    f.log.hold(false);
    f.shard.step(Step::FillVoids).unwrap();
    f.shard.step(Step::Apply).unwrap();
    assert_eq!(poll(f.shard.admit()), Poll::Ready(Ok(())));
    assert_eq!(
        f.shard.sequence_in(generation, put("k", "3 and 1")),
        Err(StorageError::RolledBack)
    );
    let five = f.shard.sequence(put("k", "5")).unwrap();
    assert_eq!(five, Lsn(4), "the rolled-back LSNs are not given again");
    f.shard.step(Step::Apply).unwrap();
    assert_eq!(poll(f.shard.wait_published(five)), Poll::Ready(Ok(())));
    assert_eq!(
        poll(f.shard.wait_published(two)),
        Poll::Ready(Err(StorageError::DiskFull)),
        "asked late"
    );
    assert_eq!(*f.apply.published.lock(), [Lsn(1), five]);

    let reopened = open(manual(), &f.log.crash(), &f.store);
    assert_eq!(get(&reopened.shard, "k"), Some("5".into()));
    assert_eq!(*reopened.apply.published.lock(), [Lsn(1), five]);
}

#[test]
fn an_image_that_a_rolled_back_write_had_replaced_is_the_newest_again() {
    let f = fresh(manual());
    f.log.hold(true);
    let one = f.shard.sequence(put("k", "1")).unwrap();
    f.log.hold(false);
    f.log.hold(true);
    f.shard.sequence(put("k", "2")).unwrap();
    f.log.fail(
        AppendFailure::Refused {
            reason: RefusedReason::DiskFull,
        },
        false,
    );
    assert_eq!(latest(&f.shard, "k"), (Some("1".into()), Some(one)));
}

#[test]
fn an_unknown_outcome_stops_writes_and_keeps_reads() {
    let f = fresh(manual());
    f.shard.sequence(put("k", "1")).unwrap();
    f.shard.step(Step::Apply).unwrap();
    f.log.hold(true);
    let two = f.shard.sequence(put("k", "2")).unwrap();
    f.log.fail(
        AppendFailure::Unknown {
            message: "sync failed".into(),
        },
        true,
    );
    let unknown = StorageError::OutcomeUnknown("sync failed".into());
    assert_eq!(poll(f.shard.wait_published(two)), Poll::Ready(Err(unknown)));
    assert_eq!(
        latest(&f.shard, "k"),
        (Some("2".into()), Some(two)),
        "an answer must still wait for it and fail"
    );
    assert!(matches!(
        f.shard.sequence(put("k", "3")),
        Err(StorageError::Poisoned(_))
    ));
    assert!(matches!(
        poll(f.shard.admit()),
        Poll::Ready(Err(StorageError::Poisoned(_)))
    ));
    assert_eq!(get(&f.shard, "k"), Some("1".into()));
}

#[test]
fn a_fenced_shard_says_so() {
    let f = fresh(manual());
    f.log.hold(true);
    let one = f.shard.sequence(put("k", "1")).unwrap();
    f.log.fail(AppendFailure::Fenced { tail: Lsn(7) }, true);
    assert_eq!(
        poll(f.shard.wait_published(one)),
        Poll::Ready(Err(StorageError::Fenced))
    );
    assert_eq!(f.shard.sequence(put("k", "2")), Err(StorageError::Fenced));
}

#[test]
fn trees_that_flushed_differently_are_replayed_differently() {
    let f = fresh(manual());
    let write = |n: u32| {
        let value = Some(Bytes::from(n.to_string()));
        record(&[
            (Role::Items, "i".into(), value.clone()),
            (Role::Indexes, format!("x{n}").into(), value),
        ])
    };
    for n in 0..10 {
        f.shard.sequence(write(n)).unwrap();
    }
    f.shard.step(Step::Apply).unwrap();
    f.shard.step(Step::Flush(Role::Items)).unwrap();
    f.shard.sequence(write(10)).unwrap();
    f.shard.step(Step::Apply).unwrap();
    f.shard.step(Step::Trim).unwrap();
    drop(f.shard);

    let again = open(manual(), &f.log.crash(), &f.store);
    assert_eq!(get(&again.shard, "i"), Some("10".into()));
    let rows = again
        .shard
        .snapshot()
        .range(Role::Indexes, "x".into().."y".into())
        .count();
    assert_eq!(rows, 11);
    assert_eq!(again.apply.published.lock().len(), 11);
}

#[test]
fn idle_trees_do_not_hold_the_log() {
    let f = fresh(manual());
    for n in 0..10 {
        f.shard.sequence(put("k", n.to_string())).unwrap();
    }
    f.shard.step(Step::Apply).unwrap();
    assert_eq!(
        f.shard.step(Step::Trim),
        Ok(false),
        "items are in memory only"
    );
    f.shard.step(Step::Flush(Role::Items)).unwrap();
    assert_eq!(f.shard.step(Step::Trim), Ok(true));
    use shale_commitlog::Log;
    assert_eq!(f.log.oldest(), Lsn(11));
    drop(f.shard);
    let again = open(manual(), &f.log.crash(), &f.store);
    assert_eq!(again.shard.published(), Lsn(10));
    assert_eq!(get(&again.shard, "k"), Some("9".into()));
    assert_eq!(again.shard.sequence(put("k", "10")), Ok(Lsn(11)));
}

#[test]
fn consumers_hold_the_log_until_they_are_done() {
    let mut options = manual();
    options.consumers = vec!["statistics"];
    let f = open(options, &TestLog::default(), &MemoryStore::default());
    for n in 0..10 {
        f.shard.sequence(put("k", n.to_string())).unwrap();
    }
    f.shard.step(Step::Apply).unwrap();
    f.shard.step(Step::Flush(Role::Items)).unwrap();
    assert_eq!(f.shard.step(Step::Trim), Ok(false));
    assert_eq!(f.shard.records(Lsn(4)).unwrap().count(), 7);
    f.shard.set_consumer_floor("statistics", Lsn(6));
    assert_eq!(f.shard.step(Step::Trim), Ok(true));
    assert_eq!(f.shard.records(Lsn(7)).unwrap().count(), 4);
    assert!(f.shard.records(Lsn(6)).is_err());
}

#[test]
fn a_log_that_does_not_fit_the_trees_is_refused() {
    let f = fresh(manual());
    for n in 0..5 {
        f.shard.sequence(put("k", n.to_string())).unwrap();
    }
    f.shard.step(Step::Apply).unwrap();
    f.shard.step(Step::Flush(Role::Items)).unwrap();
    let refused = |log: TestLog, expected: &str| {
        let apply = Arc::new(TestApply::default());
        let clock = Arc::new(SystemClock::new());
        let error = Shard::open(
            manual(),
            Arc::new(log),
            Box::new(f.store.clone()),
            apply,
            clock,
        )
        .unwrap_err();
        assert!(
            matches!(&error, StorageError::Corrupt(message) if message.contains(expected)),
            "{error}"
        );
    };
    refused(TestLog::default(), "ends at 0, but tree items has 5");
    use shale_commitlog::Log;
    let cut = f.log.crash();
    cut.trim(Lsn(3)).unwrap();
    refused(cut, "begins at 4, but the trees need it from 1 on");
}

#[test]
fn what_no_tree_takes_is_refused_before_it_is_logged() {
    let f = fresh(manual());
    let key = Bytes::from(vec![b'k'; 65_536]);
    for bad in [
        Bytes::new(),
        record(&[(Role::Items, Bytes::new(), None)]),
        record(&[(Role::Items, key, None)]),
    ] {
        assert!(matches!(
            f.shard.sequence(bad),
            Err(StorageError::Invalid(_))
        ));
    }
    assert!(matches!(
        f.shard.sequence(Bytes::from_static(b"\x09junk")),
        Err(StorageError::Corrupt(_))
    ));
    assert_eq!(f.shard.sequence(put("k", "1")), Ok(Lsn(1)));
}

#[test]
fn writers_wait_for_memory_and_a_flush_lets_them_go_on() {
    let options = ShardOptions {
        memory_budget: 10_000,
        ..manual()
    };
    let f = open(options, &TestLog::default(), &MemoryStore::default());
    f.shard.sequence(put("k", vec![7; 12_000])).unwrap();
    f.shard.step(Step::Apply).unwrap();
    let mut admitted = std::pin::pin!(f.shard.admit());
    let mut context = Context::from_waker(Waker::noop());
    assert!(admitted.as_mut().poll(&mut context).is_pending());
    assert_eq!(f.shard.step(Step::Budget), Ok(true));
    assert_eq!(admitted.poll(&mut context), Poll::Ready(Ok(())));
    assert_eq!(f.shard.stats().stalls, 1);
}

#[test]
fn a_full_data_disk_pauses_flushes_and_says_so_to_writers_that_need_memory() {
    let options = ShardOptions {
        memory_budget: 10_000,
        ..manual()
    };
    let f = open(options, &TestLog::default(), &MemoryStore::default());
    f.shard.sequence(put("k", vec![7; 12_000])).unwrap();
    f.shard.step(Step::Apply).unwrap();
    f.store.set_full(true);
    assert_eq!(f.shard.step(Step::Budget), Err(StorageError::DiskFull));
    assert_eq!(
        poll(f.shard.admit()),
        Poll::Ready(Err(StorageError::DiskFull))
    );
    assert!(get(&f.shard, "k").is_some());
    f.store.set_full(false);
    assert_eq!(f.shard.step(Step::Budget), Ok(true));
    assert_eq!(poll(f.shard.admit()), Poll::Ready(Ok(())));
}

#[test]
fn a_failing_data_disk_stops_writes_with_the_reason() {
    let f = fresh(manual());
    f.shard.sequence(put("k", "1")).unwrap();
    f.shard.step(Step::Apply).unwrap();
    f.store.set_failing(true);
    assert!(f.shard.step(Step::Flush(Role::Items)).is_err());
    let error = f.shard.sequence(put("k", "2")).unwrap_err();
    assert!(
        matches!(&error, StorageError::Poisoned(why) if why.contains("flush items: write: simulated failure")),
        "{error}"
    );
    assert_eq!(get(&f.shard, "k"), Some("1".into()));
}

#[test]
fn an_old_snapshot_is_cancelled_not_answered_wrongly() {
    let options = ShardOptions {
        snapshot_age_max: std::time::Duration::from_secs(60),
        ..manual()
    };
    let clock = Arc::new(shale_env::ManualClock::new(0));
    let log = Arc::new(TestLog::default());
    let apply = Arc::new(TestApply::default());
    let shard = Shard::open(
        options,
        log,
        Box::new(MemoryStore::default()),
        apply,
        clock.clone(),
    )
    .unwrap();
    for key in ["a", "b", "c"] {
        shard.sequence(put(key, "1")).unwrap();
    }
    shard.step(Step::Apply).unwrap();
    let old = shard.snapshot();
    let mut scan = old.range(Role::Items, "a".into().."z".into());
    assert!(scan.next().unwrap().is_ok());
    clock.advance(std::time::Duration::from_secs(61));
    let young = shard.snapshot();
    shard.step(Step::Budget).unwrap();
    assert_eq!(
        old.get(Role::Items, b"a"),
        Err(StorageError::SnapshotTooOld)
    );
    assert_eq!(
        old.clone()
            .range(Role::Items, "a".into().."z".into())
            .next(),
        Some(Err(StorageError::SnapshotTooOld))
    );
    assert_eq!(scan.next(), Some(Err(StorageError::SnapshotTooOld)));
    assert_eq!(scan.next(), None);
    assert!(young.get(Role::Items, b"a").unwrap().is_some());
    assert_eq!(shard.stats().snapshots_cancelled, 1);
}

#[tokio::test]
async fn closing_flushes_everything_and_refuses_what_comes_later() {
    let f = fresh(ShardOptions::default());
    for n in 0..100 {
        f.shard.sequence(put(format!("k{n}"), "v")).unwrap();
    }
    f.shard.close().await.unwrap();
    assert_eq!(f.shard.sequence(put("k", "2")), Err(StorageError::Closed));
    assert_eq!(f.store.durable_entries(Role::Items).len(), 100);
    drop(f.shard);
    let again = open(ShardOptions::default(), &f.log.crash(), &f.store);
    assert!(again.apply.published.lock().is_empty(), "nothing to replay");
    assert_eq!(again.shard.published(), Lsn(100));
}

#[test]
fn a_memory_tree_is_an_ordered_tree() {
    let store = MemoryStore::default();
    let tree: Box<dyn OrderedTree> = store.open_tree(Role::Items).unwrap();
    tree.insert(Lsn(1), "a".into(), Some("1".into()));
    tree.insert(Lsn(2), "a".into(), None);
    assert_eq!(tree.get(b"a", Lsn(1)).unwrap(), Some("1".into()));
    assert_eq!(tree.get(b"a", Lsn(2)).unwrap(), None);
    assert_eq!(tree.get_newest(b"a").unwrap(), None);
    assert!(tree.seal(Lsn(2)) && !tree.seal(Lsn(2)));
    assert_eq!(tree.durable(), Lsn(0));
    tree.flush(Lsn(2)).unwrap();
    assert_eq!(tree.durable(), Lsn(2));
}
