//! Gives the space of dropped ranges back.
//!
//! 1. Wait until no snapshot from before the drop is open.
//! 2. Flush the tree and store its floor: a replay must not bring entries of the range back.
//! 3. Drop the files that lie wholly in the range; from now on compactions drop the entries in shared files.
//! 4. When dropped entries are more than a share of the tree, rewrite it: cold files see no compaction otherwise.

use super::{Core, Snapshot};
use crate::{Role, StorageError};
use bytes::Bytes;
use parking_lot::Mutex;
use shale_commitlog::Lsn;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, Default)]
pub(super) struct Reclaims {
    /// Those that are not done.
    requests: Mutex<Vec<Request>>,
    /// Whether files have changed since it was last looked at what is left of the dropped ranges.
    stale: AtomicBool,
}

#[derive(Clone, Debug)]
struct Request {
    role: Role,
    range: Range<Bytes>,
    /// Readers from here on know of the drop.
    dropped: Lsn,
    /// Bytes of the range in shared files, once the files of its own are dropped.
    left_bytes: Option<u64>,
}

impl Reclaims {
    pub(super) fn count(&self) -> u64 {
        self.requests.lock().len() as u64
    }

    /// A compaction may have dropped entries.
    pub(super) fn on_compacted(&self) {
        self.stale.store(true, Ordering::Release);
    }
}

impl Core {
    pub(super) fn reclaim(&self, role: Role, range: Range<Bytes>, dropped: Lsn) {
        if range.start >= range.end {
            return;
        }
        let mut requests = self.reclaims.requests.lock();
        if requests
            .iter()
            .all(|request| request.role != role || request.range != range)
        {
            requests.push(Request {
                role,
                range,
                dropped,
                left_bytes: None,
            });
            drop(requests);
            self.maintenance.wake_compaction();
        }
    }

    pub(super) fn reclaimed(
        self: &Arc<Self>,
        role: Role,
        range: &Range<Bytes>,
    ) -> Result<bool, StorageError> {
        let waits = self
            .reclaims
            .requests
            .lock()
            .iter()
            .any(|r| r.role == role && r.range == *range);
        Ok(!waits && self.left_bytes(role, range, 0)? == 0)
    }

    /// Goes on with every request. Says whether something changed.
    pub(super) fn reclaim_step(self: &Arc<Self>) -> Result<bool, StorageError> {
        let requests = self.reclaims.requests.lock().clone();
        let mut changed = false;
        for request in requests
            .iter()
            .filter(|request| request.left_bytes.is_none())
        {
            changed |= self.drop_whole_files(request)?;
        }
        if changed || self.reclaims.stale.swap(false, Ordering::AcqRel) {
            for role in Role::ALL {
                changed |= self
                    .finish(role)
                    .inspect_err(|_| self.reclaims.on_compacted())?;
            }
        }
        Ok(changed)
    }

    /// Steps 1 to 3.
    fn drop_whole_files(self: &Arc<Self>, request: &Request) -> Result<bool, StorageError> {
        let Request {
            role,
            range,
            dropped,
            ..
        } = request;
        if self.oldest() < *dropped {
            return Ok(false);
        }
        if self.maintenance.floors().of(*role) < *dropped {
            self.flush_tree(*role)?;
        }
        self.store_floors()?;
        self.set_dead_ranges(*role, Some(range));
        let applied = Lsn(self.published.load(Ordering::Acquire));
        let result = self
            .trees
            .of(*role)
            .drop_files(range, self.oldest(), applied);
        self.or_poison("drop files of", *role, result)?;
        let left = self.left_bytes(*role, range, u64::MAX)?;
        let mut requests = self.reclaims.requests.lock();
        for known in requests
            .iter_mut()
            .filter(|known| known.role == *role && known.range == *range)
        {
            known.left_bytes = Some(left);
        }
        Ok(true)
    }

    /// Step 4, and forgets the requests of which nothing is left.
    fn finish(self: &Arc<Self>, role: Role) -> Result<bool, StorageError> {
        let dead: Vec<_> = {
            let requests = self.reclaims.requests.lock();
            requests
                .iter()
                .filter(|r| r.role == role && r.left_bytes.is_some())
                .cloned()
                .collect()
        };
        if dead.is_empty() {
            return Ok(false);
        }
        let tree = self.trees.of(role);
        let left: u64 = dead.iter().filter_map(|request| request.left_bytes).sum();
        if left > 0 && left as f64 >= self.options.dropped_ratio_max * tree.disk_bytes() as f64 {
            tracing::info!(
                tree = role.name(),
                left,
                "rewriting the tree without dropped entries"
            );
            let applied = Lsn(self.published.load(Ordering::Acquire));
            let result = tree.rewrite(self.oldest(), applied);
            self.or_poison("rewrite", role, result)?;
        }
        let mut changed = false;
        for request in dead {
            if self.left_bytes(role, &request.range, 0)? == 0 {
                self.reclaims
                    .requests
                    .lock()
                    .retain(|r| r.role != role || r.range != request.range);
                changed = true;
            }
        }
        self.set_dead_ranges(role, None);
        Ok(changed)
    }

    fn set_dead_ranges(&self, role: Role, one_more: Option<&Range<Bytes>>) {
        let requests = self.reclaims.requests.lock();
        let dead = requests
            .iter()
            .filter(|r| r.role == role && r.left_bytes.is_some())
            .map(|r| &r.range);
        self.trees
            .of(role)
            .set_dead_ranges(dead.chain(one_more).cloned().collect());
    }

    /// Bytes of the range's entries; counting ends above `enough`.
    fn left_bytes(
        self: &Arc<Self>,
        role: Role,
        range: &Range<Bytes>,
        enough: u64,
    ) -> Result<u64, StorageError> {
        let mut bytes = 0;
        for entry in Snapshot::open(self).range(role, range.clone()) {
            let (key, value) = entry?;
            bytes += (key.len() + value.len()) as u64;
            if bytes > enough {
                break;
            }
        }
        Ok(bytes)
    }
}
