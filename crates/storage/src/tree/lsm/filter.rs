//! Drops the entries of dead ranges (dropped tables) as compactions pass over them.
//!
//! Not here: when a range is dead, that is, no reader old enough to see it is left (`shard::reclaim`).

use bytes::Bytes;
use lsm_tree::compaction::filter::Context;
use lsm_tree::compaction::{CompactionFilter, Factory, ItemAccessor, Verdict};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The dead ranges of one tree, sorted by start and disjoint.
///
/// A `std` mutex, because `lsm-tree` asks for unwind safety.
#[derive(Debug, Default)]
pub(super) struct DeadRanges(Mutex<Arc<[Range<Bytes>]>>);

impl DeadRanges {
    pub(super) fn set(&self, mut ranges: Vec<Range<Bytes>>) {
        ranges.sort_by(|a, b| a.start.cmp(&b.start));
        ranges.dedup_by(|range, before| {
            let overlaps = range.start <= before.end;
            if overlaps && range.end > before.end {
                before.end = range.end.clone();
            }
            overlaps
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ranges.into();
    }

    fn get(&self) -> Arc<[Range<Bytes>]> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Makes a filter for each compaction, with the ranges that are dead when it starts.
#[derive(Debug)]
pub(super) struct DeadRangeFilterFactory {
    dead: Arc<DeadRanges>,
}

impl DeadRangeFilterFactory {
    pub(super) fn new(dead: Arc<DeadRanges>) -> Self {
        DeadRangeFilterFactory { dead }
    }
}

impl Factory for DeadRangeFilterFactory {
    fn name(&self) -> &str {
        "dead ranges"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(DeadRangeFilter {
            ranges: self.dead.get(),
        })
    }
}

struct DeadRangeFilter {
    ranges: Arc<[Range<Bytes>]>,
}

/// Whether one of the sorted, disjoint ranges holds the key.
fn is_dead(ranges: &[Range<Bytes>], key: &[u8]) -> bool {
    let after = ranges.partition_point(|range| &range.start[..] <= key);
    after
        .checked_sub(1)
        .and_then(|last| ranges.get(last))
        .is_some_and(|range| key < &range.end[..])
}

impl CompactionFilter for DeadRangeFilter {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> lsm_tree::Result<Verdict> {
        // `Destroy` leaves no tombstone: an older version that it uncovers is as dead as the newer one.
        Ok(if is_dead(&self.ranges, item.key()) {
            Verdict::Destroy
        } else {
            Verdict::Keep
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_start_and_not_its_end() {
        let range = |start: &'static str, end: &'static str| Bytes::from(start)..Bytes::from(end);
        let dead = DeadRanges::default();
        // Overlapping ones are one.
        dead.set(vec![
            range("mm", "n"),
            range("n", "p"),
            range("m", "o"),
            range("b", "d"),
        ]);
        let ranges = dead.get();
        for key in ["b", "c", "czz", "m", "o"] {
            assert!(is_dead(&ranges, key.as_bytes()), "{key}");
        }
        for key in ["", "a", "d", "l", "p", "z"] {
            assert!(!is_dead(&ranges, key.as_bytes()), "{key}");
        }
    }
}
