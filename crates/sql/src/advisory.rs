//! Advisory locks: numbers that sessions lock among themselves, as PostgreSQL's functions do.
//!
//! A lock is held by a session or by its transaction, each any number of times, exclusively or with others. Who waits in a circle is told
//! so at once (40P01), instead of after a second as in PostgreSQL.
//!
//! Invariant: no lock is held or waited for by a session that has ended.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use tokio::sync::Notify;

/// What is locked: one number, or two; they are never the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    One(i64),
    Two(i32, i32),
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Exclusive,
    Shared,
}

/// Until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Until it is unlocked, or the session ends.
    Session,
    /// Until the transaction ends.
    Transaction,
}

/// How often one session holds a lock in one mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    session: u32,
    transaction: u32,
}

impl Held {
    fn any(self) -> bool {
        self.session + self.transaction > 0
    }

    fn of(&mut self, scope: Scope) -> &mut u32 {
        match scope {
            Scope::Session => &mut self.session,
            Scope::Transaction => &mut self.transaction,
        }
    }
}

/// By session: exclusive and shared.
type Holders = BTreeMap<i32, [Held; 2]>;

#[derive(Debug, Default)]
struct Table {
    held: BTreeMap<Key, Holders>,
    /// What sessions wait for.
    waiting: BTreeMap<i32, (Key, Mode)>,
}

/// Why a lock was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadlock;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct AdvisoryLocks {
    table: Mutex<Table>,
    released: Notify,
}

/// A session that waits; when it no longer does, nobody thinks so.
struct Waiter<'a> {
    locks: &'a AdvisoryLocks,
    pid: i32,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.locks.table.lock().waiting.remove(&self.pid);
    }
}

fn place(mode: Mode) -> usize {
    match mode {
        Mode::Exclusive => 0,
        Mode::Shared => 1,
    }
}

impl Table {
    /// Other sessions that stand in the way.
    fn blockers(&self, pid: i32, key: Key, mode: Mode) -> Vec<i32> {
        let holders = self.held.get(&key).into_iter().flatten();
        holders
            .filter(|(holder, [exclusive, shared])| {
                let blocks = exclusive.any() || (mode == Mode::Exclusive && shared.any());
                **holder != pid && blocks
            })
            .map(|(holder, _)| *holder)
            .collect()
    }

    fn try_lock(&mut self, pid: i32, key: Key, mode: Mode, scope: Scope) -> bool {
        if !self.blockers(pid, key, mode).is_empty() {
            return false;
        }
        let held = self.held.entry(key).or_default().entry(pid).or_default();
        *held[place(mode)].of(scope) += 1;
        true
    }

    /// Whether a session waits, over others, for itself.
    fn waits_in_a_circle(&self, pid: i32) -> bool {
        let mut next = vec![pid];
        let mut seen = Vec::new();
        while let Some(waiter) = next.pop() {
            let Some((key, mode)) = self.waiting.get(&waiter) else {
                continue;
            };
            for blocker in self.blockers(waiter, *key, *mode) {
                if blocker == pid {
                    return true;
                }
                if !seen.contains(&blocker) {
                    seen.push(blocker);
                    next.push(blocker);
                }
            }
        }
        false
    }

    fn retain(&mut self, pid: i32, keep: impl Fn(&mut [Held; 2])) {
        self.held.retain(|_, holders| {
            if let Some(held) = holders.get_mut(&pid) {
                keep(held);
                if !held.iter().any(|held| held.any()) {
                    holders.remove(&pid);
                }
            }
            !holders.is_empty()
        });
    }
}

impl AdvisoryLocks {
    /// Takes a lock if nobody is in the way.
    pub(crate) fn try_lock(&self, pid: i32, key: Key, mode: Mode, scope: Scope) -> bool {
        self.table.lock().try_lock(pid, key, mode, scope)
    }

    /// Takes a lock, waiting for it.
    ///
    /// # Errors
    /// [`Deadlock`] if it would wait for ever.
    pub(crate) async fn lock(
        &self,
        pid: i32,
        key: Key,
        mode: Mode,
        scope: Scope,
    ) -> Result<(), Deadlock> {
        loop {
            let released = self.released.notified();
            let mut released = std::pin::pin!(released);
            // Before the look: from here on no release is missed.
            released.as_mut().enable();
            let _waiter = {
                let mut table = self.table.lock();
                if table.try_lock(pid, key, mode, scope) {
                    return Ok(());
                }
                table.waiting.insert(pid, (key, mode));
                let waiter = Waiter { locks: self, pid };
                let circle = table.waits_in_a_circle(pid);
                drop(table);
                if circle {
                    return Err(Deadlock);
                }
                waiter
            };
            released.await;
        }
    }

    /// Gives back one lock of the session. Whether it had it.
    pub(crate) fn unlock(&self, pid: i32, key: Key, mode: Mode) -> bool {
        let mut table = self.table.lock();
        let holders = table.held.get_mut(&key);
        let Some(held) = holders.and_then(|holders| holders.get_mut(&pid)) else {
            return false;
        };
        let count = held[place(mode)].of(Scope::Session);
        if *count == 0 {
            return false;
        }
        *count -= 1;
        table.retain(pid, |_| {});
        drop(table);
        self.released.notify_waiters();
        true
    }

    /// Gives back all locks of one scope.
    pub(crate) fn release(&self, pid: i32, scope: Scope) {
        let mut table = self.table.lock();
        if table.held.is_empty() {
            return;
        }
        table.retain(pid, |held| {
            held.iter_mut().for_each(|held| *held.of(scope) = 0)
        });
        drop(table);
        self.released.notify_waiters();
    }

    /// The session ends.
    pub(crate) fn release_all(&self, pid: i32) {
        self.release(pid, Scope::Session);
        self.release(pid, Scope::Transaction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    const K: Key = Key::One(1);
    const EXCLUSIVE: (Mode, Scope) = (Mode::Exclusive, Scope::Session);
    const SHARED: (Mode, Scope) = (Mode::Shared, Scope::Transaction);

    fn take(locks: &AdvisoryLocks, pid: i32, key: Key, (mode, scope): (Mode, Scope)) -> bool {
        locks.try_lock(pid, key, mode, scope)
    }

    #[test]
    fn locks_are_counted_and_shared() {
        let locks = AdvisoryLocks::default();
        assert!(take(&locks, 1, K, EXCLUSIVE));
        assert!(take(&locks, 1, K, EXCLUSIVE));
        assert!(take(&locks, 1, K, SHARED));
        assert!(!take(&locks, 2, K, SHARED));
        assert!(take(&locks, 2, Key::Two(0, 1), EXCLUSIVE));
        assert!(locks.unlock(1, K, Mode::Exclusive));
        assert!(!take(&locks, 2, K, SHARED));
        assert!(locks.unlock(1, K, Mode::Exclusive));
        assert!(!locks.unlock(1, K, Mode::Exclusive));
        assert!(take(&locks, 2, K, SHARED));
        assert!(!take(&locks, 2, K, EXCLUSIVE));
        // What a transaction holds is not unlocked, and ends with it.
        assert!(!locks.unlock(1, K, Mode::Shared));
        locks.release(1, Scope::Transaction);
        assert!(take(&locks, 2, K, EXCLUSIVE));
        locks.release_all(2);
        assert!(locks.table.lock().held.is_empty());
    }

    #[test]
    fn who_waits_is_woken_and_who_gives_up_is_forgotten() {
        let locks = AdvisoryLocks::default();
        assert!(take(&locks, 1, K, EXCLUSIVE));
        let mut waiting = Box::pin(locks.lock(2, K, Mode::Exclusive, Scope::Session));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(locks.table.lock().waiting.len(), 1);
        locks.release_all(1);
        assert_eq!(waiting.now_or_never(), Some(Ok(())));
        let mut waiting = Box::pin(locks.lock(1, K, Mode::Exclusive, Scope::Session));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
        assert!(locks.table.lock().waiting.is_empty());
    }

    #[test]
    fn a_circle_is_refused() {
        let locks = AdvisoryLocks::default();
        let other = Key::One(2);
        assert!(take(&locks, 1, K, EXCLUSIVE));
        assert!(take(&locks, 2, other, EXCLUSIVE));
        let mut waiting = Box::pin(locks.lock(1, other, Mode::Shared, Scope::Session));
        assert!(waiting.as_mut().now_or_never().is_none());
        let refused = locks.lock(2, K, Mode::Exclusive, Scope::Session);
        assert_eq!(refused.now_or_never(), Some(Err(Deadlock)));
        locks.release_all(2);
        assert_eq!(waiting.now_or_never(), Some(Ok(())));
    }
}
