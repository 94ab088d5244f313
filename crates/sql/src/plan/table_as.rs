//! CREATE TABLE … AS: a table with the columns of a query.

use super::ddl::{check_table_name, hidden_schema, plan_options, unsupported};
use super::view_ddl::column_names;
use crate::names::created_table_name;
use crate::syntax::TableAs;
use crate::{Column, Dialect, SqlError, SqlType};
use shale_engine::{ColumnDefinition, CreateTable, Derived};
use sqlparser::ast::{CreateTableOptions, Query, SelectInto, SetExpr};
use std::collections::BTreeMap;

/// A planned CREATE TABLE … AS.
#[derive(Debug)]
pub(crate) struct TableAsPlan {
    pub request: CreateTable,
    /// Types of the columns of the table, in order.
    pub types: Vec<SqlType>,
    pub if_not_exists: bool,
    pub with_data: bool,
}

/// Plans it, given the columns of the query. The table has no primary key, as in PostgreSQL: rows get a hidden one.
///
/// # Errors
/// 42601, 42701 for names of columns, 0A000 for types that no column has.
pub(crate) fn plan(table: &TableAs, columns: &[Column]) -> Result<TableAsPlan, SqlError> {
    if table.temporary {
        return Err(unsupported(
            "CREATE TEMPORARY TABLE",
            "Create a table and drop it.",
        ));
    }
    let name = created_table_name(&table.name, Dialect::Postgres)?;
    check_table_name(&name)?;
    let names = column_names(&table.columns, columns, "CREATE TABLE AS")?;
    let types: Vec<SqlType> = columns
        .iter()
        .map(|column| stored_type(&column.sql_type))
        .collect::<Result<_, _>>()?;
    let columns = names.into_iter().zip(&types);
    let columns = columns.map(|(name, sql_type)| ColumnDefinition {
        name,
        sql_type: sql_type.name(),
        not_null: false,
        default: None,
    });
    let options = match table.options.is_empty() {
        true => CreateTableOptions::None,
        false => CreateTableOptions::With(table.options.clone()),
    };
    let options = plan_options(&options)?;
    Ok(TableAsPlan {
        request: CreateTable {
            name,
            key_schema: hidden_schema(),
            billing_mode: options.billing_mode,
            columns: columns.collect(),
            hidden_key: true,
            deletion_protection: options.deletion_protection,
            settings: options.settings,
            tags: BTreeMap::new(),
            sql: Default::default(),
            derived: Derived {
                ttl: options.ttl,
                stream: options.stream,
                history: options.history,
                ..Derived::default()
            },
        },
        types,
        if_not_exists: table.if_not_exists,
        with_data: table.with_data,
    })
}

/// The type of the column that takes values of a type.
fn stored_type(sql_type: &SqlType) -> Result<SqlType, SqlError> {
    Ok(match sql_type {
        SqlType::Unknown | SqlType::Name | SqlType::SingleChar => SqlType::Text,
        SqlType::Oid => SqlType::Int8,
        // Of a computed numeric only the digits are known that it was printed with.
        SqlType::Numeric(Some((0, _))) => SqlType::Numeric(None),
        SqlType::Array(element) => SqlType::Array(Box::new(stored_type(element)?)),
        SqlType::Interval => {
            return Err(unsupported(
                "a column of type interval",
                "Store a number of seconds, or two timestamps.",
            ));
        }
        SqlType::Vector(_) => {
            return Err(unsupported(
                &format!("a column of type {}", sql_type.name()),
                "Cast it to text.",
            ));
        }
        other => other.clone(),
    })
}

/// Takes INTO out of a query: the table that it makes.
pub(crate) fn take_into(query: &mut Query) -> Option<SelectInto> {
    match query.body.as_mut() {
        SetExpr::Select(select) => select.into.take(),
        _ => None,
    }
}
