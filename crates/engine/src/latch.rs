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
        let held = self.hold_each(tree_keys);
        held.map_err(|_| Error::KeyContention)
    }

    /// As `hold_all`, but names the keys that others held for too long, by their positions.
    pub(crate) fn hold_each<'k>(
        &self,
        tree_keys: impl Iterator<Item = &'k [u8]>,
    ) -> Result<Held<'_>, Vec<usize>> {
        let stripe_of: Vec<usize> = tree_keys.map(stripe).collect();
        let mut stripes = stripe_of.clone();
        stripes.sort_unstable();
        stripes.dedup();
        let mut guards = Vec::with_capacity(stripes.len());
        for (locked, &stripe) in stripes.iter().enumerate() {
            match self.lock(stripe) {
                Ok(guard) => guards.push(guard),
                Err(_) => {
                    let behind = &stripes[locked + 1..];
                    let is_held =
                        |s| s == stripe || (behind.contains(&s) && self.stripes[s].is_locked());
                    let positions = stripe_of.iter().enumerate();
                    let held = positions.filter(|(_, s)| is_held(**s));
                    return Err(held.map(|(position, _)| position).collect());
                }
            }
        }
        Ok(Held {
            _guards: Guards::Many(guards),
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
    fn the_keys_that_others_hold_are_named() {
        let latches = Latches::new(Duration::from_millis(1));
        let keys: [&[u8]; 5] = [b"a", b"b", b"c", b"d", b"b"];
        let distinct: std::collections::HashSet<usize> = keys.into_iter().map(stripe).collect();
        assert_eq!(
            distinct.len(),
            4,
            "the keys of this test are on four stripes"
        );
        let others = latches.hold_all([&b"b"[..], b"d"].into_iter()).unwrap();
        let named = latches.hold_each(keys.into_iter()).err();
        assert_eq!(named, Some(vec![1, 3, 4]));
        drop(others);
        assert!(
            latches.hold_each(keys.into_iter()).is_ok(),
            "nothing stayed held"
        );
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
