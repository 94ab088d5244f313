//! SQL and PartiQL: text to syntax tree, binding, access paths, execution through the engine.
//!
//! Not here: an evaluator (predicates and SET lower to `shale-expression`; the rest is [`AnalyticExecutor`]'s), wire formats, Arrow.

mod api;
pub mod datum;
mod types;

pub use api::*;
// Parts of `SqlError`, for the front door that maps them and may not reach the crates below.
pub use shale_engine::{Error as EngineError, EvaluationError, LimitKind, StorageError};
pub use types::NUMERIC_DIGITS_MAX;
