//! Memory of all transactions together.
//!
//! Not here: what one transaction may take (`overlay`, the read set).

use crate::error::{Error, LimitKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all transactions under way may take together.
const TOGETHER_BYTES_MAX: usize = 512 << 20;
/// Bytes that a transaction takes at a time, so that its single writes do not meet those of others here.
const PORTION_BYTES: usize = 16 * 1024;

/// What all transactions have taken.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    taken: AtomicUsize,
}

/// What one transaction has taken; given back with it.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Share {
    pub(super) fn new(budget: &Arc<Budget>) -> Share {
        Share {
            budget: Arc::clone(budget),
            bytes: 0,
        }
    }

    /// Takes as much as is needed now; more than that is given back.
    ///
    /// # Errors
    /// [`Error::Limit`]: others have taken the rest.
    pub(super) fn take(&mut self, needed: usize) -> Result<(), Error> {
        let portions = needed.next_multiple_of(PORTION_BYTES);
        if portions <= self.bytes {
            if self.bytes - portions > PORTION_BYTES {
                self.give_back(portions);
            }
            return Ok(());
        }
        let more = portions - self.bytes;
        let taken = self.budget.taken.fetch_add(more, Ordering::Relaxed) + more;
        if taken > TOGETHER_BYTES_MAX {
            self.budget.taken.fetch_sub(more, Ordering::Relaxed);
            return Err(Error::Limit {
                kind: LimitKind::StagedTogether,
                actual: taken,
                limit: TOGETHER_BYTES_MAX,
            });
        }
        self.bytes = portions;
        Ok(())
    }

    /// Keeps only so much.
    pub(super) fn give_back(&mut self, kept: usize) {
        let less = self.bytes - kept;
        self.budget.taken.fetch_sub(less, Ordering::Relaxed);
        self.bytes = kept;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_they_take_no_more_than_there_is() {
        let budget = Arc::new(Budget::default());
        let taken = || budget.taken.load(Ordering::Relaxed);
        let (mut first, mut second) = (Share::new(&budget), Share::new(&budget));
        first.take(1).unwrap();
        assert_eq!(taken(), PORTION_BYTES);
        first.take(TOGETHER_BYTES_MAX - PORTION_BYTES).unwrap();
        second.take(PORTION_BYTES).unwrap();
        assert!(matches!(
            second.take(PORTION_BYTES + 1),
            Err(Error::Limit {
                kind: LimitKind::StagedTogether,
                ..
            })
        ));
        assert_eq!(taken(), TOGETHER_BYTES_MAX);
        first.take(3 * PORTION_BYTES).unwrap();
        second.take(10 * PORTION_BYTES).unwrap();
        assert_eq!(taken(), 13 * PORTION_BYTES);
        drop((first, second));
        assert_eq!(taken(), 0);
    }
}
