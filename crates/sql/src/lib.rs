//! SQL and PartiQL: text to syntax tree, binding, access paths, execution through the engine.
//!
//! Not here: an evaluator (predicates and SET lower to `shale-expression`; the rest is [`AnalyticExecutor`]'s), wire formats, Arrow.

mod api;
pub use api::*;
