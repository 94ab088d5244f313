//! Reading a snapshot, with what a transaction has staged laid over it.
//!
//! Not here: what is staged, and the read set (`transaction`); what was there in the past (`history`).

use crate::apply::item_of;
use crate::error::Error;
use crate::history::{PastItems, TablePast};
use crate::transaction::Within;
use bytes::Bytes;
use shale_item::EncodedItem;
use shale_storage::{Entry, Role, Scan, Snapshot, StorageError};
use std::cmp::Ordering;
use std::ops::Range;

/// Where a page reads.
pub(crate) struct Reader {
    pub(crate) snapshot: Snapshot,
    /// The transaction whose staged writes are seen.
    pub(crate) within: Option<Within>,
    /// The history of the table that is read in the past.
    pub(crate) past: Option<TablePast>,
}

impl Reader {
    /// One item.
    pub(crate) fn get(&self, tree_key: &[u8]) -> Result<Option<EncodedItem>, Error> {
        if let Some(within) = &self.within
            && let Some(staged) = within.read(tree_key)?
        {
            return Ok(staged);
        }
        if let Some(past) = &self.past {
            return past.get(&self.snapshot, tree_key);
        }
        let value = self.snapshot.get(Role::Items, tree_key)?;
        Ok(value.map(item_of).transpose()?)
    }

    /// The items of a key range, in key order or against it.
    pub(crate) fn range(&self, role: Role, range: Range<Bytes>, forward: bool) -> Items<'_> {
        if let Some(past) = &self.past {
            return Items::Then(past.range(&self.snapshot, range, forward));
        }
        let entries = self.snapshot.range(role, range.clone());
        Items::Now(Merged {
            entries,
            forward,
            staged: self.within.as_ref().map(|within| Staged {
                within,
                role,
                rest: range,
                next: None,
            }),
            next: None,
        })
    }

    /// Notes what was read.
    pub(crate) fn note_range(&self, role: Role, range: Range<Bytes>) -> Result<(), Error> {
        match &self.within {
            Some(within) => within.note_range(role, range),
            None => Ok(()),
        }
    }
}

/// See [`Reader::range`].
#[allow(clippy::large_enum_variant)] // One per page.
pub(crate) enum Items<'a> {
    Now(Merged<'a>),
    Then(PastItems<'a>),
}

impl Iterator for Items<'_> {
    type Item = Result<(Bytes, EncodedItem), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Items::Now(items) => items.next(),
            Items::Then(items) => items.next(),
        }
    }
}

/// The snapshot with staged writes laid over it.
pub(crate) struct Merged<'a> {
    entries: Scan,
    forward: bool,
    staged: Option<Staged<'a>>,
    /// The entry of the snapshot that was looked at and not given out; only with staged writes.
    next: Option<Entry>,
}

/// The staged writes that are still to come.
struct Staged<'a> {
    within: &'a Within,
    role: Role,
    rest: Range<Bytes>,
    next: Option<(Bytes, Option<EncodedItem>)>,
}

impl Staged<'_> {
    /// Finds the next one, unless it is there.
    fn look(&mut self, forward: bool) -> Result<(), Error> {
        if self.next.is_some() || self.rest.start >= self.rest.end {
            return Ok(());
        }
        self.next = self.within.staged(self.role, self.rest.clone(), forward)?;
        match (&self.next, forward) {
            (None, _) => self.rest.start = self.rest.end.clone(),
            (Some((key, _)), true) => {
                let mut behind = Vec::with_capacity(key.len() + 1);
                behind.extend_from_slice(key);
                behind.push(0);
                self.rest.start = behind.into();
            }
            (Some((key, _)), false) => self.rest.end = key.clone(),
        }
        Ok(())
    }
}

impl Merged<'_> {
    fn next_entry(&mut self) -> Option<Result<Entry, StorageError>> {
        match self.forward {
            true => self.entries.next(),
            false => self.entries.next_back(),
        }
    }

    /// The next item of both.
    fn merge(&mut self) -> Result<Option<(Bytes, EncodedItem)>, Error> {
        loop {
            if self.next.is_none() {
                self.next = self.next_entry().transpose()?;
            }
            let Some(staged) = &mut self.staged else {
                return Ok(None);
            };
            staged.look(self.forward)?;
            let order = match (&self.next, &staged.next) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((stored, _)), Some((key, _))) if self.forward => stored.cmp(key),
                (Some((stored, _)), Some((key, _))) => key.cmp(stored),
            };
            if order.is_le() {
                let stored = self.next.take();
                if let (Ordering::Less, Some((key, value))) = (order, stored) {
                    return Ok(Some((key, item_of(value)?)));
                }
            }
            if let Some((key, Some(item))) = staged.next.take() {
                return Ok(Some((key, item)));
            }
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<(Bytes, EncodedItem), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.staged.is_some() {
            return self.merge().transpose();
        }
        let entry = self.next_entry()?;
        Some(
            entry
                .map_err(Error::from)
                .and_then(|(key, value)| Ok((key, item_of(value)?))),
        )
    }
}
