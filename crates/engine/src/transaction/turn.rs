//! Turns: transactions that would refuse each other queue up for the rows over which they were refused.
//!
//! A turn is advice, not a lock: single writes and first attempts do not ask for one, whoever has waited too long goes on without, and
//! the validation alone decides (`commit`). What it saves is work: of many transactions on one row all but one would be refused.
//!
//! Rows share a fixed number of stripes. A transaction takes all its turns before it begins, in the order of the stripes, and never
//! waits for another one while it holds some, so that turns cannot deadlock.

use parking_lot::Mutex;
use rustc_hash::FxHasher;
use std::hash::Hasher;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

/// Number of stripes.
const STRIPES: usize = 1024;
/// Rows of a transaction that are looked at; the rest is left to the validation.
pub(super) const ROWS_MAX: usize = 16;
/// For how long a turn is waited for: its holder may be a client that thinks. PostgreSQL looks for deadlocks after as long.
const WAIT: Duration = Duration::from_secs(1);

/// The turns of a shard.
pub(crate) struct Turns {
    /// Fair: first come, first served.
    stripes: Box<[Arc<Queue<()>>]>,
}

/// Rows that are in demand: what a transaction was to write when it was refused, and others had written meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contended(Vec<usize>);

/// A turn; dropping it lets the next ones in.
pub(super) struct Turn {
    _held: Vec<OwnedMutexGuard<()>>,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns {
            stripes: (0..STRIPES).map(|_| Arc::default()).collect(),
        }
    }
}

impl Contended {
    /// Rows by their tree keys.
    pub(super) fn of<'k>(tree_keys: impl Iterator<Item = &'k [u8]>) -> Contended {
        let mut stripes: Vec<usize> = tree_keys.map(stripe).collect();
        stripes.sort_unstable();
        stripes.dedup();
        Contended(stripes)
    }
}

impl Turns {
    /// Waits for the turn at all of the rows. None if that takes too long.
    pub(super) async fn take(&self, rows: &Contended) -> Option<Turn> {
        let all = async {
            let mut held = Vec::with_capacity(rows.0.len());
            for &stripe in &rows.0 {
                held.push(Arc::clone(&self.stripes[stripe]).lock_owned().await);
            }
            held
        };
        let held = tokio::time::timeout(WAIT, all).await.ok()?;
        Some(Turn { _held: held })
    }
}

fn stripe(tree_key: &[u8]) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(tree_key);
    hasher.finish() as usize % STRIPES
}

/// What a transaction has to do with turns.
#[derive(Default)]
pub(super) struct Place {
    turn: Mutex<Option<Turn>>,
    contended: Mutex<Option<Contended>>,
}

impl Place {
    pub(super) fn with(turn: Option<Turn>) -> Place {
        Place {
            turn: Mutex::new(turn),
            contended: Mutex::default(),
        }
    }

    /// The turn ends: at the end of the transaction, which is when others can see what it wrote.
    pub(super) fn leave(&self) -> Option<Turn> {
        self.turn.lock().take()
    }

    pub(super) fn refused_over(&self, rows: Contended) {
        *self.contended.lock() = Some(rows);
    }

    pub(super) fn contended(&self) -> Option<Contended> {
        self.contended.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &[&str]) -> Contended {
        Contended::of(keys.iter().map(|key| key.as_bytes()))
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_order() {
        let turns = Turns::default();
        let first = turns.take(&rows(&["a"])).await.unwrap();
        let mut second = Box::pin(async { turns.take(&rows(&["b", "a"])).await.unwrap() });
        let mut third = Box::pin(async { turns.take(&rows(&["a", "c"])).await.unwrap() });
        assert!(futures::poll!(&mut second).is_pending());
        assert!(futures::poll!(&mut third).is_pending());
        drop(first);
        let second = second.await;
        assert!(futures::poll!(&mut third).is_pending());
        drop(second);
        third.await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_too_long_goes_on_without_and_holds_nothing() {
        let turns = Turns::default();
        let held = turns.take(&rows(&["a"])).await.unwrap();
        assert!(turns.take(&rows(&["b", "a", "c"])).await.is_none());
        assert!(turns.take(&rows(&["b", "c"])).await.is_some());
        drop(held);
        assert!(turns.take(&rows(&["a"])).await.is_some());
    }
}
