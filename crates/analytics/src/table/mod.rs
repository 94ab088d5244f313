//! User tables as DataFusion tables.
//!
//! * `provider`: schema, which filters can be pushed down, choosing the access path.
//! * `filter`: DataFusion's expressions to conditions on items.
//! * `scan`: reading pages of a view and turning them into batches.
//! * `columns`: items to Arrow columns.
//!
//! Not here: how keys and ranges are chosen (`shale_sql::access`), how they are read (`shale_engine`).

mod columns;
mod filter;
mod provider;
mod scan;

pub(crate) use filter::{comparable, key_value};
pub(crate) use provider::UserTable;
pub(crate) use scan::{ItemsExec, Parts};
