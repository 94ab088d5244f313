//! Values by key, in versions by command.
//!
//! Not here: what the values are, and which versions are needed (`overlay`).

use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;

/// How much memory a value takes.
pub(super) trait Weight {
    /// Bytes.
    fn bytes(&self) -> usize;
}

/// See the module.
#[derive(Debug)]
pub(super) struct Versions<T>(BTreeMap<Bytes, Vec<Version<T>>>);

/// A key's value as a command left it; none: deleted.
#[derive(Debug)]
struct Version<T> {
    command: u64,
    value: Option<T>,
}

impl<T: Weight> Version<T> {
    fn bytes(&self) -> usize {
        self.value.as_ref().map_or(0, Weight::bytes)
    }
}

impl<T> Default for Versions<T> {
    fn default() -> Versions<T> {
        Versions(BTreeMap::new())
    }
}

impl<T: Weight> Versions<T> {
    /// Keys.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a view of that command sees under a key.
    pub(super) fn seen(&self, key: &[u8], command: u64) -> Option<Option<&T>> {
        seen(self.0.get(key)?, command)
    }

    /// What a view of that command sees in a range.
    pub(super) fn range(
        &self,
        range: Range<Bytes>,
        command: u64,
    ) -> impl DoubleEndedIterator<Item = (&Bytes, Option<&T>)> {
        let range = self.0.range::<Bytes, _>(range);
        range.filter_map(move |(key, versions)| Some((key, seen(versions, command)?)))
    }

    /// The newest version of each key.
    pub(super) fn newest(&self) -> impl DoubleEndedIterator<Item = (&Bytes, Option<&T>)> {
        let keys = self.0.iter();
        keys.filter_map(|(key, versions)| Some((key, versions.last()?.value.as_ref())))
    }

    /// Sets the value of a command, which is the newest. Answers its bytes, and those of the value of the same command that it replaces.
    pub(super) fn set(
        &mut self,
        key: &Bytes,
        value: Option<T>,
        command: u64,
    ) -> (usize, Option<usize>) {
        let new = Version { command, value };
        let bytes = new.bytes();
        let versions = self.0.entry(key.clone()).or_default();
        let replaced = versions.pop_if(|last| last.command == command);
        versions.push(new);
        (bytes, replaced.map(|replaced| replaced.bytes()))
    }

    /// Forgets the version before the newest if it is above `kept`; the newest takes its command. Answers the bytes of what was forgotten.
    pub(super) fn collapse(&mut self, key: &[u8], kept: u64) -> Option<usize> {
        let versions = self.0.get_mut(key)?;
        let before = versions.len().checked_sub(2)?;
        if versions[before].command <= kept {
            return None;
        }
        let mut forgotten = versions.swap_remove(before);
        std::mem::swap(&mut forgotten.command, &mut versions[before].command);
        Some(forgotten.bytes())
    }

    /// Takes the newest version back. Answers its bytes, and those of the version that is the newest then.
    pub(super) fn undo(&mut self, key: &[u8]) -> (usize, Option<usize>) {
        let Some(versions) = self.0.get_mut(key) else {
            return (0, None);
        };
        let undone = versions.pop().map_or(0, |version| version.bytes());
        let before = versions.last().map(Version::bytes);
        if before.is_none() {
            self.0.remove(key);
        }
        (undone, before)
    }
}

fn seen<T>(versions: &[Version<T>], command: u64) -> Option<Option<&T>> {
    let mut newest_first = versions.iter().rev();
    let version = newest_first.find(|version| version.command <= command)?;
    Some(version.value.as_ref())
}
