//! The statement COPY: tables, columns, queries.
//!
//! Not here: the options of the data's format (`format`).

use super::CopyColumn;
use super::format::{CopyFormat, plan_format};
use crate::bind::Scalar;
use crate::names::{
    Catalog, ITEM_COLUMN, TableColumn, created_name, find_column, table_columns, table_for_write,
};
use crate::plan::check::{Check, checks_of};
use crate::{Dialect, SqlError, SqlType};
use shale_engine::TableDescription;
use sqlparser::ast::{
    CopySource, CopyTarget, Expr, Ident, ObjectName, Query, SelectItem, Statement,
    WildcardAdditionalOptions,
};
use std::sync::Arc;

/// A planned COPY … FROM STDIN.
pub(crate) struct CopyPlan {
    pub table: Arc<TableDescription>,
    pub columns: Vec<CopyColumn>,
    pub defaults: Vec<(Arc<str>, SqlType, Scalar)>,
    pub required: Vec<String>,
    pub checks: Vec<Check>,
    pub format: CopyFormat,
}

pub(super) fn unsupported(feature: &str, hint: &str) -> SqlError {
    SqlError::NotSupported {
        feature: feature.into(),
        hint: (!hint.is_empty()).then(|| hint.into()),
    }
}

/// Plans COPY … FROM.
///
/// # Errors
/// 0A000 for files and programs.
pub(crate) fn plan_from(
    catalog: &dyn Catalog,
    statement: Statement,
    text: &str,
) -> Result<CopyPlan, SqlError> {
    let Statement::Copy {
        source,
        to: false,
        target,
        options,
        legacy_options,
        ..
    } = statement
    else {
        return Err(unsupported("this statement as COPY", ""));
    };
    if !matches!(target, CopyTarget::Stdin) {
        return Err(unsupported(
            "COPY from a file or program of the server",
            "Use COPY … FROM STDIN, or psql's \\copy.",
        ));
    }
    let CopySource::Table {
        table_name,
        columns,
    } = source
    else {
        return Err(unsupported("COPY of a query", ""));
    };
    let table = table_for_write(catalog, &table_name, text, Dialect::Postgres)?;
    let format = plan_format(&options, &legacy_options, false)?;
    let named = plan_columns(&table, &columns)?;
    let defaults = crate::plan::insert::defaults(&table, &named, Dialect::Postgres)?;
    let required = table_columns(&table)
        .into_iter()
        .filter(|column| column.not_null && (column.declared || column.key))
        .map(|column| column.name)
        .collect();
    let checks = checks_of(&table)?;
    Ok(CopyPlan {
        columns: named
            .into_iter()
            .map(|column| CopyColumn {
                name: column.name,
                sql_type: column.sql_type,
            })
            .collect(),
        table,
        defaults,
        required,
        checks,
        format,
    })
}

fn plan_columns(table: &TableDescription, idents: &[Ident]) -> Result<Vec<TableColumn>, SqlError> {
    if idents.is_empty() {
        return Ok(table_columns(table));
    }
    let mut columns: Vec<TableColumn> = Vec::with_capacity(idents.len());
    for ident in idents {
        let quoted = ident.quote_style.is_some();
        let found = find_column(table, &ident.value, quoted, Dialect::Postgres);
        let column = found.unwrap_or_else(|| TableColumn {
            name: created_name(ident, Dialect::Postgres),
            sql_type: SqlType::Text,
            declared: false,
            key: false,
            not_null: false,
            default: None,
        });
        if column.name == ITEM_COLUMN {
            return Err(unsupported("COPY into the column _item", ""));
        }
        if columns.iter().any(|known| known.name == column.name) {
            return Err(SqlError::DuplicateColumn { name: column.name });
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The query and the format of COPY … TO STDOUT.
///
/// # Errors
/// 0A000 for files and programs, and what the options are refused for.
pub(crate) fn plan_to(statement: Statement) -> Result<(Box<Query>, CopyFormat), SqlError> {
    let Statement::Copy {
        source,
        to: true,
        target,
        options,
        legacy_options,
        ..
    } = statement
    else {
        return Err(unsupported("this statement as COPY", ""));
    };
    if !matches!(target, CopyTarget::Stdout) {
        return Err(unsupported(
            "COPY to a file or program of the server",
            "Use COPY … TO STDOUT, or psql's \\copy.",
        ));
    }
    let format = plan_format(&options, &legacy_options, true)?;
    let query = match source {
        CopySource::Query(query) => query,
        CopySource::Table {
            table_name,
            columns,
        } => select_of(table_name, columns),
    };
    Ok((query, format))
}

/// `SELECT columns FROM table`, of the statement's own words.
fn select_of(table: ObjectName, columns: Vec<Ident>) -> Box<Query> {
    let projection = match columns.is_empty() {
        true => vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())],
        false => {
            let columns = columns.into_iter().map(Expr::Identifier);
            columns.map(SelectItem::UnnamedExpr).collect()
        }
    };
    Box::new(crate::plan::select_from(table, projection))
}
