//! Settings of a shard.

use shale_commitlog::Epoch;
use std::time::Duration;

/// Settings of a shard.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// The leadership under which records are written.
    pub epoch: Epoch,
    /// Bytes that all memtables together may hold (active, sealed, pinned by snapshots) before writers wait.
    pub memory_budget: u64,
    /// Bytes of writes that may be sequenced and not yet applied before writers wait.
    pub pending_bytes_max: u64,
    /// Bytes of log that an unflushed tree may hold back before it is flushed.
    pub log_bytes_max: u64,
    /// Age at which an open snapshot is cancelled.
    pub snapshot_age_max: Duration,
    /// Whether the shard runs its own threads; without them a test drives every step.
    pub background: bool,
}

impl Default for ShardOptions {
    fn default() -> Self {
        ShardOptions {
            epoch: Epoch(1),
            memory_budget: 256 << 20,
            pending_bytes_max: 64 << 20,
            log_bytes_max: 512 << 20,
            snapshot_age_max: Duration::from_secs(15 * 60),
            background: true,
        }
    }
}
