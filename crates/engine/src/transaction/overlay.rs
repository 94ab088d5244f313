//! What a transaction has written: items, entries of indexes and definitions, in the versions that views and savepoints need.
//!
//! Not here: which writes (`staging`, `definitions`), the read set.
//!
//! Invariants:
//! * The versions of a key have rising commands. A view sees the newest one that is not above its command.
//! * Undoing to a command leaves what was there when the command ended; the journal names the keys that got a version, in order.

use super::versions::{Versions, Weight};
use crate::error::{Error, LimitKind};
use crate::limits::{RECORD_BYTES_MAX, RECORD_ROWS_MAX, STAGED_BYTES_MAX};
use crate::read::Opened;
use bytes::Bytes;
use shale_item::EncodedItem;
use shale_storage::Role;
use std::ops::Range;

/// What a version costs beside its key and value.
const VERSION_OVERHEAD_BYTES: usize = 128;
/// What a table of a transaction costs beside the row of its definition.
const TABLE_BYTES: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    /// By tree key.
    items: Versions<EncodedItem>,
    /// By tree key.
    entries: Versions<EncodedItem>,
    /// Of the catalog, by key.
    rows: Versions<Bytes>,
    /// What names of tables mean.
    names: Versions<Opened>,
    journal: Vec<(u64, Tree, Bytes)>,
    /// Of all versions.
    bytes: usize,
    /// Of the newest versions of items, with their keys.
    item_bytes: usize,
}

/// What a key is a key of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tree {
    Items,
    Entries,
    Rows,
    Names,
}

impl Weight for EncodedItem {
    fn bytes(&self) -> usize {
        self.as_bytes().len()
    }
}

impl Weight for Bytes {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Weight for Opened {
    fn bytes(&self) -> usize {
        TABLE_BYTES
    }
}

impl Overlay {
    /// What is staged under a key of the items tree.
    pub(super) fn item(&self, key: &[u8], command: u64) -> Option<Option<EncodedItem>> {
        Some(self.items.seen(key, command)?.cloned())
    }

    /// What a name means, if the transaction has changed that; `None` inside: nothing.
    pub(super) fn name(&self, name: &str, command: u64) -> Option<Option<Opened>> {
        Some(self.names.seen(name.as_bytes(), command)?.cloned())
    }

    /// The first key of a range with something staged, from its start or its end.
    pub(super) fn first(
        &self,
        role: Role,
        range: Range<Bytes>,
        forward: bool,
        command: u64,
    ) -> Option<(Bytes, Option<EncodedItem>)> {
        let tree = match role {
            Role::Items => &self.items,
            Role::Indexes => &self.entries,
            Role::Catalog | Role::Streams | Role::History => return None,
        };
        let mut visible = tree.range(range, command);
        let (key, item) = match forward {
            true => visible.next(),
            false => visible.next_back(),
        }?;
        Some((key.clone(), item.cloned()))
    }

    /// The newest versions of all items.
    pub(super) fn items(&self) -> impl DoubleEndedIterator<Item = (&Bytes, Option<&EncodedItem>)> {
        self.items.newest()
    }

    /// The newest versions of the items of a range.
    pub(super) fn items_in(&self, range: Range<Bytes>) -> Vec<(Bytes, EncodedItem)> {
        let items = self.items.range(range, u64::MAX);
        items
            .filter_map(|(key, item)| Some((key.clone(), item?.clone())))
            .collect()
    }

    /// The newest versions of all rows of the catalog.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = (&Bytes, Option<&Bytes>)> {
        self.rows.newest()
    }

    /// The newest meanings of all names.
    pub(super) fn names(&self) -> impl DoubleEndedIterator<Item = (&Bytes, Option<&Opened>)> {
        self.names.newest()
    }

    /// Bytes of memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing is written.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.rows.is_empty()
    }

    /// Stages an item of a command, which is the newest.
    pub(super) fn set_item(&mut self, key: Bytes, item: Option<EncodedItem>, command: u64) {
        let size = |item: Option<&EncodedItem>| item.map_or(0, |item| item.as_bytes().len());
        if let Some(before) = self.items.seen(&key, u64::MAX) {
            self.item_bytes -= key.len() + size(before);
        }
        self.item_bytes += key.len() + size(item.as_ref());
        let set = self.items.set(&key, item, command);
        self.staged(set, Tree::Items, key, command);
    }

    /// Stages an entry of an index.
    pub(super) fn set_entry(&mut self, key: Bytes, item: Option<EncodedItem>, command: u64) {
        let set = self.entries.set(&key, item, command);
        self.staged(set, Tree::Entries, key, command);
    }

    /// Stages a row of the catalog.
    pub(super) fn set_row(&mut self, key: Bytes, value: Option<Bytes>, command: u64) {
        let set = self.rows.set(&key, value, command);
        self.staged(set, Tree::Rows, key, command);
    }

    /// Stages what a name means.
    pub(super) fn set_name(&mut self, name: &str, table: Option<Opened>, command: u64) {
        let key = Bytes::copy_from_slice(name.as_bytes());
        let set = self.names.set(&key, table, command);
        self.staged(set, Tree::Names, key, command);
    }

    /// Counts a version: its bytes, and those of the one of the same command that it has replaced.
    fn staged(&mut self, set: (usize, Option<usize>), tree: Tree, key: Bytes, command: u64) {
        let (bytes, replaced) = set;
        self.bytes += bytes;
        match replaced {
            Some(replaced) => self.bytes -= replaced,
            None => {
                self.bytes += key.len() + VERSION_OVERHEAD_BYTES;
                self.journal.push((command, tree, key));
            }
        }
    }

    /// Forgets the versions that a command has replaced and that nobody needs: those above `kept`.
    pub(super) fn collapse(&mut self, command: u64, kept: u64) {
        let from = self.journal.partition_point(|(of, _, _)| *of < command);
        for (of, tree, key) in self.journal.split_off(from) {
            let forgotten = match tree {
                Tree::Items => self.items.collapse(&key, kept),
                Tree::Entries => self.entries.collapse(&key, kept),
                Tree::Rows => self.rows.collapse(&key, kept),
                Tree::Names => self.names.collapse(&key, kept),
            };
            match forgotten {
                // The older entry of the journal goes on to stand for the key.
                Some(bytes) => self.bytes -= bytes + key.len() + VERSION_OVERHEAD_BYTES,
                None => self.journal.push((of, tree, key)),
            }
        }
    }

    /// Takes back the writes of commands above that one.
    pub(super) fn undo_above(&mut self, command: u64) {
        while let Some((_, tree, key)) = self.journal.pop_if(|(of, _, _)| *of > command) {
            let (undone, before) = match tree {
                Tree::Items => self.items.undo(&key),
                Tree::Entries => self.entries.undo(&key),
                Tree::Rows => self.rows.undo(&key),
                Tree::Names => self.names.undo(&key),
            };
            self.bytes -= undone + key.len() + VERSION_OVERHEAD_BYTES;
            if tree == Tree::Items {
                self.item_bytes += before.map_or(0, |bytes| key.len() + bytes);
                self.item_bytes -= key.len() + undone;
            }
        }
    }

    /// Whether it fits into a record and into memory.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub(super) fn check(&self) -> Result<(), Error> {
        let within = |kind, actual, limit| match actual > limit {
            true => Err(Error::Limit {
                kind,
                actual,
                limit,
            }),
            false => Ok(()),
        };
        within(LimitKind::StagedRows, self.items.len(), RECORD_ROWS_MAX)?;
        within(LimitKind::StagedSize, self.item_bytes, RECORD_BYTES_MAX)?;
        within(LimitKind::StagedMemory, self.bytes, STAGED_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shale_item::{AttributeValue, Item};

    fn item(length: u8) -> EncodedItem {
        let value = AttributeValue::S("x".repeat(usize::from(length)));
        EncodedItem::encode(&Item::from([("a".to_owned(), value)]))
    }

    fn key(key: u8) -> Bytes {
        Bytes::copy_from_slice(&[key])
    }

    fn item_bytes(overlay: &Overlay) -> usize {
        let items = overlay.items();
        items
            .map(|(key, item)| key.len() + item.map_or(0, Weight::bytes))
            .sum()
    }

    proptest! {
        /// Whatever is staged, forgotten and taken back: the bytes are those of what is there, and nothing is left of nothing.
        #[test]
        fn bytes_are_those_of_what_is_there(
            steps in prop::collection::vec((0u8..6, prop::option::of(any::<u8>()), 0u8..5), 0..60),
        ) {
            let mut overlay = Overlay::default();
            let (mut command, mut undone) = (0, 0);
            for (k, length, what) in steps {
                command += 1;
                match what {
                    0 => {
                        undone = command - 2_u64.min(command);
                        overlay.undo_above(undone);
                    }
                    1 => overlay.set_entry(key(k), length.map(item), command),
                    _ => {
                        overlay.set_item(key(k), length.map(item), command);
                        overlay.set_item(key(k), length.map(|l| item(l / 2)), command);
                        overlay.collapse(command, if what == 2 { undone } else { command - 1 });
                        let staged = length.map(|l| item(l / 2));
                        prop_assert_eq!(overlay.item(&key(k), command), Some(staged));
                    }
                }
                prop_assert_eq!(overlay.item_bytes, item_bytes(&overlay));
            }
            overlay.undo_above(0);
            prop_assert!(overlay.is_empty() && overlay.journal.is_empty());
            prop_assert_eq!((overlay.bytes, overlay.item_bytes), (0, 0));
        }
    }
}
