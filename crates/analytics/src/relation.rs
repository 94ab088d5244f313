//! A user table as statements reach it: the columns of `*` and those that are only reached by name, with their Arrow types.
//!
//! Not here: what a table's columns are (`shale_sql::table_columns`), reading items (`table`), system relations (`catalog`).
//!
//! Invariant: `_item`, a hidden `_rowid` and the undeclared attributes of a declared table can be named, but are not part of `*`.

use crate::catalog::shown_default;
use crate::types::{DECIMAL_DIGITS_MAX, arrow_type};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use shale_engine::{ObservedAttribute, TableDescription};
use shale_sql::{Dialect, ITEM_COLUMN, SqlType, TableColumn, find_column, table_columns};
use std::sync::Arc;

/// Where a column's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnSource {
    /// The attribute with the column's name.
    Attribute,
    /// The whole item.
    Item,
}

/// A column of a user table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelationColumn {
    /// Attribute name.
    pub name: String,
    /// What clients see.
    pub sql_type: SqlType,
    /// What is computed with: numeric without precision takes its digits from what was observed.
    pub data_type: DataType,
    /// Where its values come from.
    pub source: ColumnSource,
    /// Part of `*`.
    pub visible: bool,
    /// NOT NULL, or part of the key.
    pub not_null: bool,
    /// DEFAULT as the catalog shows it.
    pub default: Option<String>,
}

/// A user table as SQL sees it.
#[derive(Debug)]
pub(crate) struct Relation {
    /// The engine's description.
    pub description: Arc<TableDescription>,
    /// The index whose entries are read.
    pub index: Option<String>,
    /// All columns: visible ones first.
    pub columns: Vec<RelationColumn>,
}

impl Relation {
    /// The table of that description.
    pub(crate) fn new(description: Arc<TableDescription>) -> Relation {
        let columns = columns_of(&description);
        Relation {
            description,
            index: None,
            columns,
        }
    }

    /// The entries of an index of that table: the same columns, but only items that have the index's attributes.
    pub(crate) fn of_index(description: Arc<TableDescription>, index: String) -> Relation {
        Relation {
            index: Some(index),
            ..Relation::new(description)
        }
    }

    /// Table name.
    pub(crate) fn name(&self) -> &str {
        &self.description.definition.name
    }

    /// The query of a view.
    pub(crate) fn view(&self) -> Option<&str> {
        self.description.definition.sql.view.as_deref()
    }

    /// The columns of `*`.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &RelationColumn> {
        self.columns.iter().filter(|column| column.visible)
    }

    /// The column of exactly that name.
    pub(crate) fn column(&self, name: &str) -> Option<&RelationColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of the primary key's columns, if users see it.
    pub(crate) fn key_columns(&self) -> Vec<&str> {
        if self.description.definition.hidden_key {
            return Vec::new();
        }
        let schema = &self.description.definition.key_schema;
        std::iter::once(schema.partition.name.as_str())
            .chain(schema.sort.iter().map(|sort| sort.name.as_str()))
            .collect()
    }
}

/// The Arrow schema of some columns.
pub(crate) fn schema_of(columns: &[RelationColumn]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(&column.name, column.data_type.clone(), true))
        .collect();
    Arc::new(Schema::new(fields))
}

fn columns_of(description: &TableDescription) -> Vec<RelationColumn> {
    let mut columns: Vec<RelationColumn> = table_columns(description)
        .into_iter()
        .map(|column| column_of(description, column, true))
        .collect();
    if description.definition.sql.view.is_some() {
        return columns;
    }
    let key = &description.definition.key_schema;
    let hidden = std::iter::once(&key.partition.name)
        .chain(key.sort.iter().map(|sort| &sort.name))
        .chain(description.observed.keys())
        .map(String::as_str)
        .chain([ITEM_COLUMN]);
    for name in hidden {
        if columns.iter().all(|column| column.name != name)
            && let Some(column) = find_column(description, name, true, Dialect::Postgres)
        {
            columns.push(column_of(description, column, false));
        }
    }
    columns
}

fn column_of(description: &TableDescription, column: TableColumn, visible: bool) -> RelationColumn {
    let source = match column.name.as_str() {
        ITEM_COLUMN => ColumnSource::Item,
        _ => ColumnSource::Attribute,
    };
    RelationColumn {
        data_type: data_type_of(&column.sql_type, description.observed.get(&column.name)),
        default: column
            .default
            .and_then(|written| shown_default(&written, &column.sql_type)),
        name: column.name,
        sql_type: column.sql_type,
        source,
        visible,
        not_null: column.not_null,
    }
}

/// Decimals hold 38 digits. Numbers that were observed to need more, such as 1E+100 beside 0.1, are computed as double precision.
fn data_type_of(sql_type: &SqlType, observed: Option<&ObservedAttribute>) -> DataType {
    let SqlType::Numeric(None) = sql_type else {
        return arrow_type(sql_type);
    };
    let (integer, fraction) = observed.map_or((0, 0), |observed| {
        (observed.integer_digits, observed.fraction_digits)
    });
    let digits = u16::from(integer) + u16::from(fraction);
    if digits > u16::from(DECIMAL_DIGITS_MAX) {
        return DataType::Float64;
    }
    DataType::Decimal128((digits as u8).max(1), fraction as i8)
}
