//! The engine over a whole shard.

mod semantics;
mod support;
