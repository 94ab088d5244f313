//! Text to syntax tree.
//!
//! Standard SQL is sqlparser's; [`Stmt`] adds what its `Statement` has no room for: PartiQL's documents in INSERT, `REMOVE`, and
//! `RETURNING ALL OLD *`; PostgreSQL's statements about the transaction, its row locks and cursors.
//! Not here: what names mean (`names`), what statements do (`plan`).
//!
//! Invariants: input is bounded in bytes, nesting and operators in a row; no text panics or exhausts the stack; errors carry a byte
//! position of the text.

mod as_of;
mod cursor;
mod definition;
pub(crate) mod dialect;
mod local_index;
mod located;
mod locking;
mod not_built;
mod position;
mod reset;
mod row_values;
mod split;
mod statement;
mod transaction;
mod walk;
mod writes;

pub(crate) use as_of::{AsOfClauses, Position};
pub(crate) use cursor::{CursorOptions, CursorStatement, Direction};
pub(crate) use definition::{CreateView, Definition, TableAs};
pub(crate) use located::located;
pub(crate) use not_built::NotBuilt;
pub(crate) use position::{byte_offset, expr_position, ident_position};
pub use row_values::expand_row_comparison;
pub use split::split_statements;
pub(crate) use statement::{Stmt, parse_expression, parse_statement, parse_unplaced};
pub(crate) use transaction::{TransactionModes, TransactionStatement};
pub use walk::{Tree, walk, walk_mut};
pub(crate) use writes::{
    Delete, Insert, InsertSource, Returning, ReturningImage, ReturningScope, Update, UpdateAction,
    assignment_action,
};

#[cfg(test)]
mod tests;

/// Longest statement, in bytes.
pub const STATEMENT_BYTES_MAX: usize = 16 << 20;

/// Deepest nesting of expressions, documents and subqueries.
pub const NESTING_MAX: usize = 64;

/// UNION, INTERSECT and EXCEPT in one statement: each is one level of its plan.
pub const SET_OPERATIONS_MAX: usize = 100;
