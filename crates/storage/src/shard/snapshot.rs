//! Snapshots: bounds of readers, registered so that nothing they need is forgotten while they last.
//!
//! Invariants:
//! * A snapshot takes its LSN and is registered in one step, so that what `oldest` returned never lies above it.
//! * A cancelled snapshot reads nothing any more: cancelling waits for the reads that are under way.

use super::Core;
use super::ahead::Ahead;
use crate::{Role, Scan, StorageError};
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use shale_commitlog::Lsn;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

#[derive(Debug, Default)]
pub(super) struct Tracker {
    open: Mutex<Open>,
    /// The oldest LSN that anything was forgotten for: reads below it are refused.
    floor: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    by_age: BTreeMap<(Lsn, u64), Arc<Registration>>,
    next: u64,
}

#[derive(Debug)]
struct Registration {
    lsn: Lsn,
    number: u64,
    opened: Duration,
    cancelled: AtomicBool,
    /// Shared by reads, exclusive for the cancellation.
    reading: RwLock<()>,
}

impl Tracker {
    fn register(&self, published: &AtomicU64, opened: Duration) -> Arc<Registration> {
        let mut open = self.open.lock();
        open.next += 1;
        let lsn = Lsn(published.load(Ordering::Acquire));
        let number = open.next;
        let registration = Arc::new(Registration {
            lsn,
            number,
            opened,
            cancelled: AtomicBool::new(false),
            reading: RwLock::default(),
        });
        open.by_age.insert((lsn, number), registration.clone());
        registration
    }

    /// The oldest LSN that anyone reads at, now or later. What only older readers could see may be forgotten.
    pub(super) fn oldest(&self, published: &AtomicU64) -> Lsn {
        let open = self.open.lock();
        let published = Lsn(published.load(Ordering::Acquire));
        let oldest = open
            .by_age
            .first_key_value()
            .map_or(published, |((lsn, _), _)| *lsn);
        self.floor.fetch_max(oldest.0, Ordering::AcqRel);
        oldest
    }

    pub(super) fn count(&self) -> u64 {
        self.open.lock().by_age.len() as u64
    }

    /// Cancels the snapshots opened before `opened_before`, and the oldest one if `even_oldest`. Says how many.
    pub(super) fn cancel(&self, opened_before: Duration, even_oldest: bool) -> usize {
        let victims: Vec<_> = {
            let open = self.open.lock();
            let oldest = open.by_age.values().take(usize::from(even_oldest));
            let expired = open.by_age.values().filter(|r| r.opened < opened_before);
            oldest.chain(expired).cloned().collect()
        };
        for victim in &victims {
            victim.cancelled.store(true, Ordering::Release);
            drop(victim.reading.write());
            self.open.lock().by_age.remove(&(victim.lsn, victim.number));
        }
        victims.len()
    }
}

/// A point in the log at which reads see all trees; short-lived, registered with the shard. Clones are the same snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    core: Arc<Core>,
    registration: Arc<Registration>,
    /// What is laid over it.
    ahead: Option<Ahead>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let key = (self.registration.lsn, self.registration.number);
        self.core.snapshots.open.lock().by_age.remove(&key);
    }
}

impl Inner {
    /// Runs a read that the snapshot's versions are kept for.
    fn read<T>(
        &self,
        read: impl FnOnce(Lsn) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let registration = &self.registration;
        let _reading = registration.reading.read();
        let floor = self.core.snapshots.floor.load(Ordering::Acquire);
        if registration.cancelled.load(Ordering::Acquire) || registration.lsn.0 < floor {
            return Err(StorageError::SnapshotTooOld);
        }
        read(registration.lsn)
    }
}

impl Snapshot {
    pub(super) fn open(core: &Arc<Core>) -> Snapshot {
        Snapshot::open_ahead(core, None)
    }

    /// A snapshot with what was on its way when all of that was above what is published now.
    pub(super) fn open_ahead(core: &Arc<Core>, ahead: Option<Ahead>) -> Snapshot {
        let registration = core
            .snapshots
            .register(&core.published, core.clock.monotonic());
        Snapshot {
            inner: Arc::new(Inner {
                core: core.clone(),
                registration,
                ahead,
            }),
        }
    }

    /// Its position.
    pub fn lsn(&self) -> Lsn {
        let ahead = self.inner.ahead.as_ref();
        ahead.map_or(self.inner.registration.lsn, |ahead| ahead.lsn)
    }

    /// Whether it shows what was not published when it was opened.
    pub fn is_ahead(&self) -> bool {
        self.inner.ahead.is_some()
    }

    /// A key's value.
    ///
    /// # Errors
    /// `SnapshotTooOld` if the snapshot was cancelled, for its age or for the memory or files it held.
    pub fn get(&self, role: Role, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        if let Some(ahead) = &self.inner.ahead
            && let Some(value) = ahead.get(role, key)
        {
            return Ok(value.clone());
        }
        self.inner
            .read(|lsn| self.inner.core.trees.of(role).get(key, lsn))
    }

    /// The entries of a key range (start inclusive, end exclusive). The scan keeps the snapshot open; its items are errors
    /// (`SnapshotTooOld`) once the snapshot is cancelled.
    pub fn range(&self, role: Role, range: Range<Bytes>) -> Scan {
        if range.start >= range.end {
            return Box::new(std::iter::empty());
        }
        let tree = self.inner.core.trees.of(role);
        let entries = self.inner.read(|lsn| Ok(tree.range(range.clone(), lsn)));
        let scan: Scan = match entries {
            Ok(entries) => Box::new(SnapshotScan {
                entries: Some(entries),
                inner: self.inner.clone(),
            }),
            Err(error) => Box::new(std::iter::once(Err(error))),
        };
        match &self.inner.ahead {
            Some(ahead) => ahead.range(role, range, scan),
            None => scan,
        }
    }
}

/// A scan that gives up its hold on the tree when its snapshot is cancelled.
struct SnapshotScan {
    /// Gone after the error.
    entries: Option<crate::tree::TreeScan>,
    inner: Arc<Inner>,
}

impl SnapshotScan {
    fn step(
        &mut self,
        next: impl FnOnce(&mut crate::tree::TreeScan) -> Option<Result<crate::Entry, StorageError>>,
    ) -> Option<Result<crate::Entry, StorageError>> {
        let entries = self.entries.as_mut()?;
        if self.inner.registration.cancelled.load(Ordering::Acquire) {
            self.entries = None;
            return Some(Err(StorageError::SnapshotTooOld));
        }
        next(entries)
    }
}

impl Iterator for SnapshotScan {
    type Item = Result<crate::Entry, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for SnapshotScan {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}
