//! Writes that are sequenced and not published, laid over a snapshot: what a transaction reads that would otherwise be behind before it
//! has begun.
//!
//! Not here: who may read them — only those whose answers wait until they are published ([`ActiveTransaction::depends_on`]).
//!
//! [`ActiveTransaction::depends_on`]: super::ActiveTransaction::depends_on

use super::sequencer::Outstanding;
use crate::{Entry, Role, Scan, StorageError};
use bytes::Bytes;
use shale_commitlog::Lsn;
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// Writes that are laid over a snapshot at most; with more on their way it stays behind.
const WRITES_MAX: usize = 16_384;

/// The newest writes up to an LSN, by role and key.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    pub(super) lsn: Lsn,
    writes: [BTreeMap<Bytes, Option<Bytes>>; Role::COUNT],
}

impl Ahead {
    /// What is on its way, up to that LSN; none if it is too much.
    pub(super) fn collect(lsn: Lsn, outstanding: &Outstanding) -> Option<Ahead> {
        let count: usize = outstanding.iter().map(|s| s.batch.writes.len()).sum();
        if count > WRITES_MAX {
            return None;
        }
        let mut ahead = Ahead {
            lsn,
            ..Ahead::default()
        };
        for (role, key, value) in outstanding.iter().flat_map(|s| &s.batch.writes) {
            ahead.of_mut(*role)?.insert(key.clone(), value.clone());
        }
        Some(ahead)
    }

    fn of_mut(&mut self, role: Role) -> Option<&mut BTreeMap<Bytes, Option<Bytes>>> {
        self.writes.get_mut(role as usize)
    }

    /// What is written under a key.
    pub(super) fn get(&self, role: Role, key: &[u8]) -> Option<&Option<Bytes>> {
        self.writes.get(role as usize)?.get(key)
    }

    /// The entries of a range, given those of the snapshot below.
    pub(super) fn range(&self, role: Role, range: Range<Bytes>, entries: Scan) -> Scan {
        let writes = self.writes.get(role as usize);
        let writes = writes.map(|writes| writes.range::<Bytes, _>(range));
        let writes: VecDeque<_> = writes
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        match writes.is_empty() {
            true => entries,
            false => Box::new(AheadScan {
                entries,
                front: None,
                back: None,
                writes,
            }),
        }
    }
}

/// A scan with writes laid over it, from either end.
struct AheadScan {
    entries: Scan,
    /// Entries that were looked at and not given out, from either end.
    front: Option<Entry>,
    back: Option<Entry>,
    writes: VecDeque<(Bytes, Option<Bytes>)>,
}

impl AheadScan {
    fn step(&mut self, forward: bool) -> Result<Option<Entry>, StorageError> {
        loop {
            let entry = match forward {
                true => match self.front.take() {
                    Some(entry) => Some(entry),
                    None => self
                        .entries
                        .next()
                        .transpose()?
                        .or_else(|| self.back.take()),
                },
                false => match self.back.take() {
                    Some(entry) => Some(entry),
                    None => {
                        let next = self.entries.next_back().transpose()?;
                        next.or_else(|| self.front.take())
                    }
                },
            };
            let write = match forward {
                true => self.writes.front(),
                false => self.writes.back(),
            };
            let order = match (&entry, write) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((stored, _)), Some((key, _))) if forward => stored.cmp(key),
                (Some((stored, _)), Some((key, _))) => key.cmp(stored),
            };
            if order.is_lt() {
                return Ok(entry);
            }
            if order.is_gt() {
                match forward {
                    true => self.front = entry,
                    false => self.back = entry,
                }
            }
            let write = match forward {
                true => self.writes.pop_front(),
                false => self.writes.pop_back(),
            };
            if let Some((key, Some(value))) = write {
                return Ok(Some((key, value)));
            }
        }
    }
}

impl Iterator for AheadScan {
    type Item = Result<Entry, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(true).transpose()
    }
}

impl DoubleEndedIterator for AheadScan {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(false).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(n: u8) -> Bytes {
        Bytes::copy_from_slice(&[n])
    }

    proptest! {
        #[test]
        fn a_scan_from_both_ends_equals_the_merged_map(
            stored in prop::collection::btree_map(0u8..20, any::<u8>(), 0..12),
            writes in prop::collection::btree_map(0u8..20, prop::option::of(any::<u8>()), 0..12),
            directions in prop::collection::vec(any::<bool>(), 45),
        ) {
            let mut merged = stored.clone();
            for (key, value) in &writes {
                match value {
                    Some(value) => drop(merged.insert(*key, *value)),
                    None => drop(merged.remove(key)),
                }
            }
            let mut ahead = Ahead::default();
            for (key, value) in &writes {
                let value = value.map(bytes);
                ahead.of_mut(Role::Items).unwrap().insert(bytes(*key), value);
            }
            let entries: Vec<_> = stored.iter().map(|(k, v)| Ok((bytes(*k), bytes(*v)))).collect();
            let mut scan = ahead.range(Role::Items, bytes(0)..bytes(20), Box::new(entries.into_iter()));
            let mut expected: VecDeque<_> = merged.iter().map(|(k, v)| (bytes(*k), bytes(*v))).collect();
            for forward in directions {
                let (found, wanted) = match forward {
                    true => (scan.next(), expected.pop_front()),
                    false => (scan.next_back(), expected.pop_back()),
                };
                prop_assert_eq!(found.transpose().unwrap(), wanted);
            }
        }
    }
}
