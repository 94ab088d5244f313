//! SQL and PartiQL: text to syntax tree, binding, access paths, execution through the engine.
//!
//! Not here: an evaluator (predicates and SET lower to `shale-expression`; the rest is [`AnalyticExecutor`]'s), wire formats, Arrow.

pub mod access;
mod advisory;
mod api;
mod backends;
mod bind;
mod copy;
pub mod datum;
mod estimate;
mod explain;
mod names;
mod plan;
mod planner;
mod run;
mod service;
mod session;
mod syntax;
#[cfg(test)]
mod test_tables;
mod types;

pub use api::*;
pub use backends::{Activity, BackendControl, BackendState, Backends, Notification};
// Parts of `SqlError`, for the front door that maps them and may not reach the crates below.
pub use copy::{CopyIn, CopyOut, CopyWriter};
pub use estimate::{AccessEstimate, LOOKUP_COST, distinct, estimate, present, selectivity};
pub use explain::{Actual, Capacity, Estimate, PlanNode, PlanProbe, Property, PropertyValue};
pub use names::{
    Catalog, ITEM_COLUMN, ROWID_COLUMN, Relation, TableColumn, column_origin, find_column,
    find_index, find_relation, find_table, find_view, is_schema, observed_type, table_columns,
    table_oid,
};
pub use plan::check::check_columns;
pub use plan::comment::{Commented, comment_on};
pub use service::{Prepared, SqlService};
pub use session::{Notice, NoticeSeverity, Session};
pub use shale_engine::{
    Error as EngineError, EvaluationError, HistoryProblem, IndexKind, IndexProblem, LimitKind,
    StorageError, StreamProblem,
};
pub use syntax::{
    NESTING_MAX, STATEMENT_BYTES_MAX, Tree, expand_row_comparison, split_statements, walk, walk_mut,
};
pub use types::NUMERIC_DIGITS_MAX;
