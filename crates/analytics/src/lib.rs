//! DataFusion over engine snapshots: joins, aggregates, windows, subqueries, and the PostgreSQL catalog.
//!
//! This crate is the only one that knows DataFusion and Arrow. It implements [`shale_sql::AnalyticExecutor`]; nothing else of it is public.
//! Not here: statements that are key lookups and range scans (`sql` runs them itself), writes, wire formats.
//!
//! The way of a statement:
//! 1. `rewrite`: PostgreSQL's syntax tree to one that DataFusion plans with the same meaning.
//! 2. `planner`: syntax tree to logical plan, over `table` (user tables), `catalog` (system relations) and `stream` (changes); `lineage`
//!    finds the SQL types of the result, `subplan` replaces the subqueries that DataFusion cannot run.
//! 3. `plan`: parameters bound, DataFusion's analysis (with `analyze`), optimisation and physical planning.
//!    `lookup` makes lookup joins of hash joins whose other side is small.
//! 4. `table::scan` reads items through one view per run, `rows` turns batches into rows.
//!
//! All of it runs on threads of its own (`workers`).
//!
//! Invariants:
//! * One run reads everything from one view; the catalog it shows is taken once.
//! * A plan holds no data: run again, it reads what is current then.
//! * DataFusion's errors become [`shale_sql::SqlError`]s in `error` and nowhere else.

mod analyze;
mod catalog;
mod checks;
mod error;
mod executor;
mod explain;
mod functions;
mod lateral;
mod lineage;
mod lookup;
mod memory;
mod midnights;
mod operators;
mod parameters;
mod plan;
mod planner;
mod relation;
mod rewrite;
mod rows;
mod statement;
mod stream;
mod subplan;
mod table;
mod types;
mod unions;
mod widen;
mod workers;
mod yielding;

pub use executor::{AnalyticOptions, DataFusionExecutor};
