//! The engine over a whole shard.

mod changes;
mod semantics;
mod support;
