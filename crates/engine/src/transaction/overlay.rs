//! What a transaction has written: items and entries of indexes, by tree key, in the versions that views and savepoints need.
//!
//! Not here: which writes (`staging`), the read set.
//!
//! Invariants:
//! * The versions of a key have rising commands. A view sees the newest one that is not above its command.
//! * Undoing to a command leaves what was there when the command ended; the journal names the keys that got a version, in order.

use crate::error::{Error, LimitKind};
use crate::limits::{RECORD_BYTES_MAX, RECORD_ROWS_MAX, STAGED_BYTES_MAX};
use bytes::Bytes;
use shale_item::EncodedItem;
use shale_storage::Role;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a version costs beside its key and item.
const VERSION_OVERHEAD_BYTES: usize = 128;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    items: BTreeMap<Bytes, Vec<Version>>,
    entries: BTreeMap<Bytes, Vec<Version>>,
    journal: Vec<(u64, Tree, Bytes)>,
    /// Of all versions.
    bytes: usize,
    /// Of the newest versions of items, with their keys.
    item_bytes: usize,
}

/// Which tree a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    Items,
    Indexes,
}

/// A key's item as a command left it; none: deleted.
#[derive(Debug)]
struct Version {
    command: u64,
    item: Option<EncodedItem>,
}

impl Version {
    fn bytes(&self) -> usize {
        self.item.as_ref().map_or(0, |item| item.as_bytes().len())
    }
}

impl Overlay {
    /// What is staged under a key of the items tree.
    pub(super) fn get(&self, key: &[u8], command: u64) -> Option<Option<EncodedItem>> {
        seen(self.items.get(key)?, command)
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
        let mut range = tree.range::<Bytes, _>(range);
        let visible = |(key, versions): (&Bytes, &Vec<Version>)| {
            Some((key.clone(), seen(versions, command)?))
        };
        match forward {
            true => range.find_map(visible),
            false => range.rev().find_map(visible),
        }
    }

    /// The newest versions of all items.
    pub(super) fn items(&self) -> impl Iterator<Item = (&Bytes, Option<&EncodedItem>)> {
        self.items
            .iter()
            .filter_map(|(key, versions)| Some((key, versions.last()?.item.as_ref())))
    }

    /// Whether no item is written.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Stages a write of a command, which is the newest.
    pub(super) fn set(&mut self, tree: Tree, key: Bytes, item: Option<EncodedItem>, command: u64) {
        let new = Version { command, item };
        let bytes = new.bytes();
        let versions = self.tree(tree).entry(key.clone()).or_default();
        let before = versions.last().map(Version::bytes);
        let replaced = versions.pop_if(|last| last.command == command);
        versions.push(new);
        self.count_newest(tree, &key, before, Some(bytes));
        self.bytes += bytes;
        match replaced {
            Some(replaced) => self.bytes -= replaced.bytes(),
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
            let mut forgotten = None;
            if let Some(versions) = self.tree(tree).get_mut(&key)
                && let [.., before, last] = versions.as_mut_slice()
                && before.command > kept
            {
                // The older entry of the journal goes on to stand for it.
                last.command = before.command;
                forgotten = Some(versions.swap_remove(versions.len() - 2));
            }
            match forgotten {
                Some(version) => self.bytes -= version.bytes() + key.len() + VERSION_OVERHEAD_BYTES,
                None => self.journal.push((of, tree, key)),
            }
        }
    }

    /// Takes back the writes of commands above that one.
    pub(super) fn undo_above(&mut self, command: u64) {
        while let Some((_, tree, key)) = self.journal.pop_if(|(of, _, _)| *of > command) {
            let Some(versions) = self.tree(tree).get_mut(&key) else {
                continue;
            };
            let undone = versions.pop().map_or(0, |version| version.bytes());
            let before = versions.last().map(Version::bytes);
            if before.is_none() {
                self.tree(tree).remove(&key);
            }
            self.count_newest(tree, &key, Some(undone), before);
            self.bytes -= undone + key.len() + VERSION_OVERHEAD_BYTES;
        }
    }

    /// The newest version of a key has changed from that many bytes to that many.
    fn count_newest(&mut self, tree: Tree, key: &[u8], from: Option<usize>, to: Option<usize>) {
        if tree == Tree::Items {
            self.item_bytes += to.map_or(0, |bytes| key.len() + bytes);
            self.item_bytes -= from.map_or(0, |bytes| key.len() + bytes);
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

    fn tree(&mut self, tree: Tree) -> &mut BTreeMap<Bytes, Vec<Version>> {
        match tree {
            Tree::Items => &mut self.items,
            Tree::Indexes => &mut self.entries,
        }
    }
}

/// What a view of that command sees.
fn seen(versions: &[Version], command: u64) -> Option<Option<EncodedItem>> {
    let mut newest_first = versions.iter().rev();
    let version = newest_first.find(|version| version.command <= command)?;
    Some(version.item.clone())
}
