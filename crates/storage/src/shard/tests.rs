//! The parts that have rules of their own.

use super::failures::Failures;
use super::pending::Pending;
use super::waiters::Waiters;
use crate::{Role, StorageError, TreeBatch};
use bytes::Bytes;
use shale_commitlog::Lsn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn bell() -> (Arc<Bell>, Waker) {
    let bell = Arc::new(Bell::default());
    (bell.clone(), bell.into())
}

fn rung(bell: &Bell) -> usize {
    bell.0.load(Ordering::Relaxed)
}

#[test]
fn waiters_are_woken_up_to_the_published_lsn_and_once() {
    let waiters = Waiters::default();
    let bells: Vec<_> = (1..=256).map(|_| bell()).collect();
    for (lsn, (_, waker)) in (1..).zip(&bells) {
        assert_eq!(waiters.wait(lsn, &mut None, waker, || None::<()>), None);
    }
    waiters.wake(100);
    waiters.wake(100);
    for (lsn, (bell, _)) in (1..).zip(&bells) {
        assert_eq!(rung(bell), usize::from(lsn <= 100), "waiter of {lsn}");
    }
    waiters.wake_all();
    assert!(bells.iter().all(|(bell, _)| rung(bell) == 1));
}

#[test]
fn a_waiter_that_asks_again_is_woken_once_with_its_newest_waker() {
    let waiters = Waiters::default();
    let ((old, old_waker), (new, new_waker)) = (bell(), bell());
    let mut ticket = None;
    waiters.wait(5, &mut ticket, &old_waker, || None::<()>);
    waiters.wait(5, &mut ticket, &new_waker, || None::<()>);
    waiters.wake(5);
    assert_eq!((rung(&old), rung(&new)), (0, 1));
}

#[test]
fn a_waiter_that_left_or_found_its_answer_is_not_woken() {
    let waiters = Waiters::default();
    let ((left, left_waker), (ready, ready_waker)) = (bell(), bell());
    let (mut one, mut other) = (None, None);
    waiters.wait(5, &mut one, &left_waker, || None::<()>);
    waiters.wait(5, &mut other, &ready_waker, || None::<()>);
    waiters.leave(one.unwrap());
    assert_eq!(
        waiters.wait(5, &mut other, &ready_waker, || Some(())),
        Some(())
    );
    assert_eq!(other, None);
    waiters.wake_all();
    assert_eq!((rung(&left), rung(&ready)), (0, 0));
}

#[test]
fn a_pending_image_leaves_with_its_own_record_only() {
    let pending = Pending::new();
    let batch = |role, value: &'static str| TreeBatch {
        writes: vec![(role, "k".into(), Some(value.into()))],
    };
    let (one, two) = (batch(Role::Items, "1"), batch(Role::Items, "2"));
    pending.insert(Lsn(1), &one);
    pending.insert(Lsn(2), &two);
    pending.remove(Lsn(1), &one);
    let image = Some((Lsn(2), Some(Bytes::from("2"))));
    assert_eq!(pending.get(Role::Items, b"k"), image);
    assert_eq!(pending.get(Role::Catalog, b"k"), None, "roles are apart");
    pending.remove(Lsn(2), &two);
    assert_eq!(pending.get(Role::Items, b"k"), None);
    pending.insert(Lsn(3), &batch(Role::Streams, "3"));
    assert_eq!(pending.get(Role::Streams, b"k"), None, "never asked for");
}

#[test]
fn failures_are_remembered_by_range() {
    let failures = Failures::default();
    assert_eq!(failures.of(Lsn(3)), None);
    failures.add(Lsn(3), Lsn(5), StorageError::DiskFull);
    failures.add(Lsn(9), Lsn(u64::MAX), StorageError::Fenced);
    let found = [2, 3, 5, 6, 9, 1000].map(|lsn| failures.of(Lsn(lsn)));
    let (full, fenced) = (Some(StorageError::DiskFull), Some(StorageError::Fenced));
    assert_eq!(
        found,
        [None, full.clone(), full, None, fenced.clone(), fenced]
    );
}
