//! `pg_catalog` and `information_schema`: PostgreSQL 15's system relations, filled with our tables and users.
//!
//! Not here: functions over the catalog (`functions::catalog`), what clients' queries need rewritten (`rewrite`).
//!
//! * `spec` knows every system relation and its columns.
//! * [`CatalogPicture`] is what there is to show: tables with their indexes, and roles, taken once per statement.
//! * `relations`, `indexes`, `session`, `information_schema` turn the picture into rows; `builtin` brings the rows that every
//!   PostgreSQL has (types, functions, operators).
//! * A relation that none of them fills is empty.

mod builtin;
mod defaults;
mod definitions;
mod indexes;
mod information_schema;
mod insights;
pub(crate) mod picture;
mod provider;
mod relations;
mod rows;
mod session;
pub(crate) mod spec;
mod types;
mod views;

pub(crate) use defaults::shown_default;
pub(crate) use definitions::{check_definition, column_list, index_definition, quote_identifier};
pub(crate) use picture::CatalogPicture;
pub(crate) use provider::{SystemTable, is_always_empty};
pub(crate) use spec::is_vector_name;
pub(crate) use types::{
    format_type, function_arguments, function_name, function_oid_by_name, function_result,
    is_visible_type, type_oid_by_name,
};
pub(crate) use views::{comment_of, comment_of_column, view_definition};
