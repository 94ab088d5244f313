//! Latches: short exclusive holds on keys, so that one writer at a time reads, decides and sequences.
//!
//! Not here: waiting for durability (a latch is dropped before), transactions' read sets.
//!
//! Keys share a fixed number of striped mutexes. Two keys on one stripe only wait for each other; a stripe is locked once per write,
//! and stripes are locked in rising order, so that writes of many keys cannot deadlock.

use crate::blocking::blocking;
use crate::error::Error;
use parking_lot::{Mutex, MutexGuard};
use rustc_hash::FxHasher;
use std::hash::Hasher;
use std::time::Duration;

/// Number of stripes. With 64 writers at work on different keys about one in 128 meets another's stripe.
const STRIPES: usize = 8192;
/// For how long a holder is waited for without handing over the thread's other tasks: a section takes some microseconds, and handing
/// over costs more than that.
const IN_PLACE: Duration = Duration::from_micros(200);
const _: () = assert!(STRIPES.is_power_of_two());

/// The latches of a shard.
pub(crate) struct Latches {
    stripes: Box<[Mutex<()>]>,
    wait: Duration,
}

/// Held keys; dropping it releases them. Not `Send`: it cannot live across an await.
#[must_use]
pub(crate) struct Held<'a> {
    _guards: Guards<'a>,
}

enum Guards<'a> {
    One(#[allow(dead_code)] MutexGuard<'a, ()>),
    Many(#[allow(dead_code)] Vec<MutexGuard<'a, ()>>),
}

impl Latches {
    /// Latches whose holders are waited for at most that long.
    pub(crate) fn new(wait: Duration) -> Latches {
        Latches {
            stripes: (0..STRIPES).map(|_| Mutex::new(())).collect(),
            wait,
        }
    }

    /// Holds one key.
    pub(crate) fn hold(&self, tree_key: &[u8]) -> Result<Held<'_>, Error> {
        Ok(Held {
            _guards: Guards::One(self.lock(stripe(tree_key))?),
        })
    }

    /// Holds many keys, in whatever order they come.
    pub(crate) fn hold_all<'k>(
        &self,
        tree_keys: impl Iterator<Item = &'k [u8]>,
    ) -> Result<Held<'_>, Error> {
        let mut stripes: Vec<usize> = tree_keys.map(stripe).collect();
        stripes.sort_unstable();
        stripes.dedup();
        let guards: Result<Vec<_>, _> = stripes.into_iter().map(|s| self.lock(s)).collect();
        Ok(Held {
            _guards: Guards::Many(guards?),
        })
    }

    fn lock(&self, stripe: usize) -> Result<MutexGuard<'_, ()>, Error> {
        let mutex = &self.stripes[stripe];
        let guard = mutex.try_lock().or_else(|| {
            mutex
                .try_lock_for(self.wait.min(IN_PLACE))
                .or_else(|| blocking(|| mutex.try_lock_for(self.wait)))
        });
        guard.ok_or(Error::KeyContention)
    }
}

fn stripe(tree_key: &[u8]) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(tree_key);
    hasher.finish() as usize & (STRIPES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_key_is_refused_after_the_wait_and_free_after_the_drop() {
        let latches = Latches::new(Duration::from_millis(1));
        let held = latches.hold(b"a").unwrap();
        assert!(matches!(latches.hold(b"a"), Err(Error::KeyContention)));
        drop(held);
        assert!(latches.hold(b"a").is_ok());
    }

    /// A runtime whose only worker waits for a latch goes on with the task that releases it.
    #[test]
    fn a_wait_for_a_latch_does_not_hold_up_the_other_tasks_of_its_thread() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let latches = std::sync::Arc::new(Latches::new(Duration::from_secs(60)));
        let (release, released) = std::sync::mpsc::channel();
        let (held, holds) = std::sync::mpsc::channel();
        let holder = std::thread::spawn({
            let latches = latches.clone();
            move || {
                let _held = latches.hold(b"a").unwrap();
                held.send(()).unwrap();
                released.recv().unwrap();
            }
        });
        holds.recv().unwrap();
        runtime.block_on(async {
            let waits = tokio::spawn(async move {
                // The task that ends the wait is queued on this very worker.
                let releases = tokio::spawn(async move { release.send(()).unwrap() });
                drop(latches.hold(b"a").unwrap());
                releases.await.unwrap();
            });
            waits.await.unwrap();
        });
        holder.join().unwrap();
    }

    #[test]
    fn many_keys_in_any_order_with_repeats() {
        let latches = Latches::new(Duration::from_millis(1));
        let keys: Vec<Vec<u8>> = (0..20_000u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let all = keys.iter().rev().chain(&keys).map(Vec::as_slice);
        let held = latches.hold_all(all).unwrap();
        assert!(matches!(latches.hold(&keys[7]), Err(Error::KeyContention)));
        drop(held);
        assert!(latches.hold(&keys[7]).is_ok());
    }

    #[test]
    fn opposite_orders_do_not_deadlock() {
        let latches = Latches::new(Duration::from_secs(60));
        std::thread::scope(|scope| {
            for turn in 0..4 {
                let latches = &latches;
                scope.spawn(move || {
                    for _ in 0..1000 {
                        let mut keys = vec![&b"a"[..], b"b", b"c", b"d"];
                        keys.rotate_left(turn);
                        let _held = latches.hold_all(keys.into_iter()).unwrap();
                    }
                });
            }
        });
    }
}
