//! CREATE VIEW.
//!
//! A view is stored as the text of its query, with the names and types that its columns had: what `*` means in it stays as it was.

use super::ddl::{invalid, no_table};
use super::views::dependencies;
use crate::names::{Catalog, created_name, created_table_name};
use crate::syntax::CreateView;
use crate::{Column, Dialect, SqlError};
use shale_engine::{ColumnDefinition, CreateTable, SqlDefinition, TableDescription};
use sqlparser::ast::Ident;
use std::collections::BTreeSet;

/// Longest text of a view's query, in bytes: it is a row of the catalog.
const VIEW_BYTES_MAX: usize = 1 << 20;

/// A planned CREATE VIEW.
#[derive(Debug)]
pub(crate) struct CreateViewPlan {
    pub request: CreateTable,
    pub or_replace: bool,
}

/// Plans CREATE VIEW, given the columns of its query.
///
/// # Errors
/// 42701, 42601 for names of columns, 0A000, 42P17 for a view that would read itself.
pub(crate) fn plan(
    catalog: &dyn Catalog,
    view: &CreateView,
    query_columns: &[Column],
) -> Result<CreateViewPlan, SqlError> {
    let name = created_table_name(&view.name, Dialect::Postgres)?;
    super::ddl::check_table_name(&name)?;
    let names = column_names(&view.columns, query_columns, "CREATE VIEW")?;
    if names.is_empty() {
        return Err(invalid("view must have at least one column".into()));
    }
    let text = match view.columns.is_empty() {
        true => view.text.clone(),
        false => renamed(&view.text, query_columns, &names),
    };
    if text.len() > VIEW_BYTES_MAX {
        return Err(SqlError::ProgramLimit {
            message: format!("the query of a view has at most {VIEW_BYTES_MAX} bytes"),
        });
    }
    let columns = names.into_iter().zip(query_columns);
    let columns = columns.map(|(name, column)| ColumnDefinition {
        name,
        sql_type: column.sql_type.name(),
        not_null: false,
        default: None,
    });
    let plan = CreateViewPlan {
        request: CreateTable {
            name,
            columns: columns.collect(),
            hidden_key: true,
            sql: SqlDefinition {
                view: Some(text),
                checks: vec![],
            },
            ..CreateTable::clone(&no_table().definition)
        },
        or_replace: view.or_replace,
    };
    check_recursion(catalog, &plan.request)?;
    Ok(plan)
}

/// The names of the columns of a view or a table that a query makes.
///
/// # Errors
/// 42601 for too many, 42701 for one that comes twice.
pub(crate) fn column_names(
    given: &[Ident],
    columns: &[Column],
    statement: &str,
) -> Result<Vec<String>, SqlError> {
    if given.len() > columns.len() {
        return Err(SqlError::Other {
            sqlstate: "42601",
            message: match statement {
                "CREATE VIEW" => "CREATE VIEW specifies more column names than columns".into(),
                _ => "too many column names were specified".into(),
            },
            hint: None,
        });
    }
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for (position, column) in columns.iter().enumerate() {
        let name = match given.get(position) {
            Some(ident) => created_name(ident, Dialect::Postgres),
            None => column.name.clone(),
        };
        if names.contains(&name) {
            return Err(SqlError::DuplicateColumn { name });
        }
        names.push(name);
    }
    Ok(names)
}

/// The query whose columns have other names.
fn renamed(text: &str, columns: &[Column], names: &[String]) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let items = columns.iter().zip(names).map(|(column, name)| {
        let of = quoted(&column.name);
        match column.name == *name {
            true => of,
            false => format!("{of} AS {}", quoted(name)),
        }
    });
    let items: Vec<String> = items.collect();
    format!("SELECT {} FROM ({text}) AS v", items.join(", "))
}

/// A view may read itself only if it replaces one: then its name means the new one.
fn check_recursion(catalog: &dyn Catalog, request: &CreateTable) -> Result<(), SqlError> {
    let Some(old) = catalog.view(&request.name) else {
        return Ok(());
    };
    let new = TableDescription {
        definition: std::sync::Arc::new(request.clone()),
        ..TableDescription::clone(&old)
    };
    let mut next: Vec<String> = dependencies(catalog, &new).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = next.pop() {
        if name == request.name {
            return Err(SqlError::Other {
                sqlstate: "42P17",
                message: format!("infinite recursion detected in rules for relation \"{name}\""),
                hint: None,
            });
        }
        if seen.insert(name.clone())
            && let Some(view) = catalog.view(&name)
        {
            next.extend(dependencies(catalog, &view));
        }
    }
    Ok(())
}

/// Whether a view can take the place of another one: it keeps the columns that there are, and may add some.
///
/// # Errors
/// 42P16
pub(crate) fn check_replacement(
    old: &[ColumnDefinition],
    new: &[ColumnDefinition],
) -> Result<(), SqlError> {
    if new.len() < old.len() {
        return Err(invalid("cannot drop columns from view".into()));
    }
    for (old, new) in old.iter().zip(new) {
        if old.name != new.name {
            return Err(SqlError::Other {
                sqlstate: "42P16",
                message: format!(
                    "cannot change name of view column \"{}\" to \"{}\"",
                    old.name, new.name
                ),
                hint: Some(
                    "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."
                        .into(),
                ),
            });
        }
        if old.sql_type != new.sql_type {
            return Err(invalid(format!(
                "cannot change data type of view column \"{}\" from {} to {}",
                old.name, old.sql_type, new.sql_type
            )));
        }
    }
    Ok(())
}
