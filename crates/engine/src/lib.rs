//! DynamoDB's semantics over a shard, typed.
//!
//! Not here: text of any language, JSON, HTTP, SQLSTATE, error sentences of a protocol, Arrow.

mod api;
pub use api::*;

// Parts of `Error`, for those who must name them and may not reach the crates below.
pub use shale_expression::EvaluationError;
pub use shale_storage::StorageError;
