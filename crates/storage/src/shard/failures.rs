//! Which LSNs will never be acknowledged, and why.
//!
//! An LSN is never given twice: the LSNs of rolled-back writes are filled with empty records before the shard goes on,
//! so that whoever asks for one of them later, or depends on one, gets the failure and not a stranger's success.

use crate::StorageError;
use parking_lot::Mutex;
use shale_commitlog::Lsn;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ranges that are remembered. Waiters ask within the time of a request; a full disk adds at most a few ranges a second.
const RANGES_MAX: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Failures {
    any: AtomicBool,
    ranges: Mutex<VecDeque<(RangeInclusive<u64>, StorageError)>>,
}

impl Failures {
    pub(super) fn add(&self, from: Lsn, upto: Lsn, error: StorageError) {
        let mut ranges = self.ranges.lock();
        if ranges.len() == RANGES_MAX {
            ranges.pop_front();
        }
        ranges.push_back((from.0..=upto.0, error));
        self.any.store(true, Ordering::Release);
    }

    pub(super) fn of(&self, lsn: Lsn) -> Option<StorageError> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let ranges = self.ranges.lock();
        ranges
            .iter()
            .rev()
            .find(|(range, _)| range.contains(&lsn.0))
            .map(|(_, error)| error.clone())
    }
}
