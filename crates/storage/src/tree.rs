//! What a shard needs from an ordered tree.

pub mod lsm;
pub mod memory;

/// An ordered map with versions, of which a prefix of the log is durable.
pub trait OrderedTree: Send + Sync + 'static {}

/// The trees of a shard and what is stored beside them.
pub trait TreeStore: Send + Sync + 'static {}
