//! DynamoDB's semantics over a shard, typed.
//!
//! Not here: text of any language, JSON, HTTP, SQLSTATE, error sentences of a protocol, Arrow.

mod api;
pub use api::*;
