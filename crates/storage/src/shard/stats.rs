//! Figures of a shard, for metrics.

use super::Core;
use shale_commitlog::Lsn;
use std::sync::atomic::Ordering;

/// Figures of a shard, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardStats {
    /// LSN of the last record that was given one.
    pub sequenced: Lsn,
    /// LSN of the last durable record.
    pub durable: Lsn,
    /// LSN of the last readable record.
    pub published: Lsn,
    /// Up to here all trees are on disk.
    pub flushed: Lsn,
    /// Bytes of all memtables: active, sealed, and pinned by snapshots.
    pub memtable_bytes: u64,
    /// Bytes of memtables that only snapshots need.
    pub pinned_bytes: u64,
    /// Bytes of writes that are sequenced and not yet applied.
    pub pending_bytes: u64,
    /// Bytes of the trees' files.
    pub tree_bytes: u64,
    /// Bytes of files beside those that only snapshots need.
    pub superseded_bytes: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// How often a writer had to wait for memory.
    pub stalls: u64,
    /// Open snapshots.
    pub snapshots: u64,
    /// Snapshots that were cancelled for their age, or for the memory or files they held.
    pub snapshots_cancelled: u64,
    /// Flushes since the start.
    pub flushes: u64,
    /// Dropped ranges whose space is not yet reclaimed.
    pub reclaims: u64,
    /// Transactions that may still write.
    pub transactions: u64,
    /// Bytes of what is remembered for them of recent writes.
    pub recent_writes_bytes: u64,
}

impl Core {
    pub(super) fn stats(&self) -> ShardStats {
        ShardStats {
            sequenced: Lsn(self.sequenced.load(Ordering::Acquire)),
            durable: Lsn(self.durable.load(Ordering::Acquire)),
            published: Lsn(self.published.load(Ordering::Acquire)),
            flushed: self.maintenance.floors().lowest(),
            memtable_bytes: self.memtable_bytes.load(Ordering::Acquire),
            pinned_bytes: self.trees.all().map(|(_, tree)| tree.memory().pinned).sum(),
            pending_bytes: self.pending_bytes.load(Ordering::Acquire),
            tree_bytes: self.trees.all().map(|(_, tree)| tree.disk_bytes()).sum(),
            superseded_bytes: self.superseded_bytes(),
            log_bytes: self.log.disk_bytes(),
            stalls: self.stalls.load(Ordering::Relaxed),
            snapshots: self.snapshots.count(),
            snapshots_cancelled: self.maintenance.cancelled(),
            flushes: self.maintenance.flushes(),
            reclaims: self.reclaims.count(),
            transactions: self.active.count(),
            recent_writes_bytes: self.active.recent_bytes(),
        }
    }
}
