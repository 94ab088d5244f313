//! Whoever waits for an LSN to be published. One lock per published batch, not per record.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::task::Waker;

#[derive(Debug, Default)]
pub(super) struct Waiters {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By LSN, then by number of the waiter.
    waiting: BTreeMap<(u64, u64), Waker>,
    next: u64,
}

/// A place among the waiters.
pub(super) type Ticket = (u64, u64);

impl Waiters {
    /// Waits (again) for `lsn`, unless `ready` says that it is there: publishing stores the LSN before it takes this lock.
    pub(super) fn wait<T>(
        &self,
        lsn: u64,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
        ready: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let mut inner = self.inner.lock();
        if let Some(result) = ready() {
            if let Some(ticket) = ticket.take() {
                inner.waiting.remove(&ticket);
            }
            return Some(result);
        }
        let ticket = *ticket.get_or_insert_with(|| {
            inner.next += 1;
            (lsn, inner.next)
        });
        match inner.waiting.get_mut(&ticket) {
            Some(old) => old.clone_from(waker),
            None => drop(inner.waiting.insert(ticket, waker.clone())),
        }
        None
    }

    /// No longer interested.
    pub(super) fn leave(&self, ticket: Ticket) {
        self.inner.lock().waiting.remove(&ticket);
    }

    /// Wakes everyone who waits for an LSN up to `lsn`.
    pub(super) fn wake(&self, lsn: u64) {
        let woken = {
            let mut inner = self.inner.lock();
            match inner.waiting.first_key_value() {
                Some(((first, _), _)) if *first <= lsn => {}
                _ => return,
            }
            let later = inner.waiting.split_off(&(lsn.saturating_add(1), 0));
            std::mem::replace(&mut inner.waiting, later)
        };
        for waker in woken.into_values() {
            waker.wake();
        }
    }

    /// Wakes everyone, to look at what has failed.
    pub(super) fn wake_all(&self) {
        let woken = std::mem::take(&mut self.inner.lock().waiting);
        for waker in woken.into_values() {
            waker.wake();
        }
    }
}
