//! Settings of a shard.

use std::time::Duration;

/// Settings of a shard.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// Bytes that all memtables together may hold (active, sealed, pinned by snapshots) before writers wait.
    /// From half of it on memtables are flushed, and half of it is what snapshots may pin.
    pub memory_budget: u64,
    /// Bytes of writes that may be sequenced and not yet applied before writers wait.
    pub pending_bytes_max: u64,
    /// Bytes of log that an unflushed tree may hold back before it is flushed.
    pub log_bytes_max: u64,
    /// Age at which an open snapshot is cancelled.
    pub snapshot_age_max: Duration,
    /// Bytes of files that snapshots may keep from being deleted; half of what all files have, if that is more.
    pub superseded_bytes_max: u64,
    /// Part of a tree's bytes that dropped tables may occupy before the tree is rewritten without them.
    pub dropped_ratio_max: f64,
    /// Consumers that hold the log until they report how far they are ([`crate::Shard::set_consumer_floor`]).
    pub consumers: Vec<&'static str>,
    /// Whether the shard runs its own threads and applies as soon as the log reports; without, a test drives every step.
    pub background: bool,
}

impl Default for ShardOptions {
    fn default() -> Self {
        ShardOptions {
            memory_budget: 256 << 20,
            pending_bytes_max: 64 << 20,
            log_bytes_max: 256 << 20,
            snapshot_age_max: Duration::from_secs(15 * 60),
            superseded_bytes_max: 1 << 30,
            dropped_ratio_max: 0.1,
            consumers: Vec::new(),
            background: true,
        }
    }
}
