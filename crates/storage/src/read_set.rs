//! What a transaction has read: keys and key ranges, by role.
//!
//! Not here: comparing it with what was written since (`shard::window`).
//!
//! Invariants:
//! * It covers everything that was added. It may cover more: when it grows too large, neighbouring ranges become one, which can refuse
//!   a transaction without need, never let one through.

use crate::Role;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

/// Bytes that a read set may hold before neighbouring ranges are merged.
const READ_SET_BYTES_MAX: usize = 8 << 20;
/// What a range costs beside its bounds.
const RANGE_OVERHEAD_BYTES: usize = 96;

/// Keys and key ranges that were read.
#[derive(Clone, Debug)]
pub struct ReadSet {
    /// Ranges by start; they neither overlap nor touch.
    ranges: [BTreeMap<Bytes, Bytes>; Role::COUNT],
    bytes: usize,
    bytes_max: usize,
}

impl Default for ReadSet {
    fn default() -> ReadSet {
        ReadSet {
            ranges: Default::default(),
            bytes: 0,
            bytes_max: READ_SET_BYTES_MAX,
        }
    }
}

impl ReadSet {
    /// Adds a key, whether or not there is something under it.
    pub fn add_key(&mut self, role: Role, key: &[u8]) {
        if self.contains(role, key) {
            return;
        }
        let mut behind = Vec::with_capacity(key.len() + 1);
        behind.extend_from_slice(key);
        behind.push(0);
        let behind = Bytes::from(behind);
        self.add_range(role, behind.slice(..key.len())..behind);
    }

    /// Adds a range, start inclusive, end exclusive.
    pub fn add_range(&mut self, role: Role, range: Range<Bytes>) {
        let Range { mut start, mut end } = range;
        if start >= end {
            return;
        }
        let Some(ranges) = self.ranges.get_mut(role as usize) else {
            return;
        };
        if let Some((before, reaches)) = at_or_before(ranges, &start)
            && *reaches >= start
        {
            if *reaches >= end {
                return;
            }
            start = before.clone();
        }
        while let Some((within, reaches)) = ranges
            .range::<Bytes, _>((Bound::Included(&start), Bound::Included(&end)))
            .next()
        {
            let within = within.clone();
            end = end.max(reaches.clone());
            if let Some(reaches) = ranges.remove(&within) {
                self.bytes -= bytes_of(&within, &reaches);
            }
        }
        self.bytes += bytes_of(&start, &end);
        ranges.insert(start, end);
        while self.bytes > self.bytes_max && self.coarsen() {}
    }

    /// Whether the key was read.
    pub fn contains(&self, role: Role, key: &[u8]) -> bool {
        let ranges = self.ranges.get(role as usize);
        ranges
            .and_then(|ranges| at_or_before(ranges, key))
            .is_some_and(|(_, end)| key < &end[..])
    }

    /// Bytes of memory, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes one range of every two neighbours. Says whether that made it smaller.
    fn coarsen(&mut self) -> bool {
        let mut bytes = 0;
        for ranges in &mut self.ranges {
            let mut coarse = BTreeMap::new();
            let mut each = std::mem::take(ranges).into_iter();
            while let Some((start, end)) = each.next() {
                let end = each.next().map_or(end, |(_, end)| end);
                bytes += bytes_of(&start, &end);
                coarse.insert(start, end);
            }
            *ranges = coarse;
        }
        std::mem::replace(&mut self.bytes, bytes) > bytes
    }
}

fn at_or_before<'a>(
    ranges: &'a BTreeMap<Bytes, Bytes>,
    key: &[u8],
) -> Option<(&'a Bytes, &'a Bytes)> {
    ranges
        .range::<[u8], _>((Bound::Unbounded, Bound::Included(key)))
        .next_back()
}

fn bytes_of(start: &Bytes, end: &Bytes) -> usize {
    start.len() + end.len() + RANGE_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(start: &str, end: &str) -> Range<Bytes> {
        Bytes::copy_from_slice(start.as_bytes())..Bytes::copy_from_slice(end.as_bytes())
    }

    #[test]
    fn a_key_is_itself_and_not_what_begins_with_it() {
        let mut reads = ReadSet::default();
        reads.add_key(Role::Items, b"ab");
        assert!(reads.contains(Role::Items, b"ab"));
        assert!(!reads.contains(Role::Items, b"a"));
        assert!(!reads.contains(Role::Items, b"ab\0"));
        assert!(!reads.contains(Role::Indexes, b"ab"));
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let mut reads = ReadSet::default();
        reads.add_range(Role::Items, range("a", "c"));
        reads.add_range(Role::Items, range("e", "g"));
        reads.add_range(Role::Items, range("c", "e"));
        reads.add_range(Role::Items, range("b", "d"));
        assert_eq!(reads.ranges[Role::Items as usize].len(), 1);
        assert!(reads.contains(Role::Items, b"a") && reads.contains(Role::Items, b"f"));
        assert!(!reads.contains(Role::Items, b"g"));
        reads.add_range(Role::Items, range("x", "x"));
        reads.add_range(Role::Items, range("z", "y"));
        assert_eq!(reads.ranges[Role::Items as usize].len(), 1);
    }

    #[test]
    fn a_large_set_stays_bounded_and_covers_everything() {
        let mut reads = ReadSet {
            bytes_max: 20_000,
            ..ReadSet::default()
        };
        let keys: Vec<[u8; 4]> = (0..10_000u32)
            .map(|n| (n * 7919 % 100_000).to_be_bytes())
            .collect();
        for key in &keys {
            reads.add_key(Role::Items, key);
            assert!(reads.bytes <= 20_000);
        }
        assert!(keys.iter().all(|key| reads.contains(Role::Items, key)));
    }

    proptest! {
        #[test]
        fn it_covers_exactly_what_was_added(added in prop::collection::vec((0u8..40, 0u8..12), 0..40)) {
            let mut reads = ReadSet::default();
            let mut expected = [false; 64];
            for (start, length) in added {
                let end = start + length;
                reads.add_range(Role::Items, Bytes::copy_from_slice(&[start])..Bytes::copy_from_slice(&[end]));
                expected[usize::from(start)..usize::from(end)].fill(true);
            }
            for key in 0u8..64 {
                prop_assert_eq!(reads.contains(Role::Items, &[key]), expected[usize::from(key)]);
            }
            let held: usize = reads.ranges[Role::Items as usize].iter().map(|(s, e)| bytes_of(s, e)).sum();
            prop_assert_eq!(held, reads.bytes);
        }
    }
}
