//! Indexes in the catalog: those of primary keys, and secondary ones.
//!
//! Not here: their rows in relations that also tell of tables (`relations`), their definitions as SQL text (`definitions`).
//!
//! Invariant: the columns of an index — `indkey`, its rows of pg_attribute, `pg_get_indexdef(oid, n)` — are the same list in the same order.
//! Key attributes are always among them, with number 0 as PostgreSQL numbers an expression where the table shows no such column.
//! Included attributes are where the table shows them: PostgreSQL has no included expressions, and clients count on that.

use super::definitions::{column_list, index_definition};
use super::picture::{CatalogPicture, DATABASE_NAME, DATABASE_OID, TableEntry, index_oid};
use super::rows::{Cell, Rows};
use super::spec::SystemRelation;
use crate::relation::RelationColumn;
use crate::statement::StatementContext;
use arrow::array::RecordBatch;
use datafusion::common::Result;
use shale_engine::{Index, IndexProjection, IndexStatus};
use shale_item::{KeyAttribute, KeyType};
use shale_sql::SqlType;
use std::borrow::Cow;

/// An index of a user table.
#[derive(Debug)]
pub(crate) struct IndexEntry<'a> {
    /// Oid in pg_class; of a primary key also in pg_constraint.
    pub oid: i64,
    /// `<table>_pkey`, or the name of the secondary index.
    pub name: Cow<'a, str>,
    /// Key columns in order, then included ones.
    pub columns: Vec<IndexColumn<'a>>,
    /// How many of the columns are keys.
    pub key_count: usize,
    /// The secondary index; none if it is that of the primary key.
    pub secondary: Option<&'a Index>,
}

/// A column of an index.
#[derive(Debug)]
pub(crate) struct IndexColumn<'a> {
    /// Attribute name.
    pub name: &'a str,
    /// Its attnum in the table, or 0 if it is no column of the table's `*`.
    pub number: usize,
    /// The table's column, which may also be one that is only reached by name.
    column: Option<&'a RelationColumn>,
    /// What a key is in entries of the index.
    key_type: Option<KeyType>,
}

impl IndexColumn<'_> {
    /// The table's type, unless the table holds more types under that name than the index does.
    pub(crate) fn sql_type(&self) -> SqlType {
        let table_type = self.column.map(|column| column.sql_type.clone());
        let fits =
            |sql_type: &SqlType| self.key_type.is_none() || sql_type.key_type() == self.key_type;
        match (table_type.filter(fits), self.key_type) {
            (Some(sql_type), _) => sql_type,
            (None, Some(KeyType::N)) => SqlType::Numeric(None),
            (None, Some(KeyType::B)) => SqlType::Bytea,
            (None, Some(KeyType::S) | None) => SqlType::Text,
        }
    }
}

impl<'a> IndexEntry<'a> {
    /// The index of a table's primary key, if users see the key.
    pub(crate) fn primary(table: &'a TableEntry) -> Option<IndexEntry<'a>> {
        if !table.has_primary_key() {
            return None;
        }
        let schema = &table.relation.description.definition.key_schema;
        let keys = std::iter::once(&schema.partition).chain(&schema.sort);
        let columns: Vec<IndexColumn<'_>> = keys.map(|key| key_column(table, key)).collect();
        Some(IndexEntry {
            oid: table.primary_key_oid(),
            name: Cow::Owned(format!("{}_pkey", table.relation.name())),
            key_count: columns.len(),
            columns,
            secondary: None,
        })
    }

    /// A secondary index of a table.
    pub(crate) fn secondary(table: &'a TableEntry, index: &'a Index) -> IndexEntry<'a> {
        let keys = index.partition.iter().chain(&index.sort);
        let mut columns: Vec<IndexColumn<'_>> = keys.map(|key| key_column(table, key)).collect();
        let key_count = columns.len();
        if let IndexProjection::Include(names) = &index.projection {
            let included = names.iter().map(|name| column(table, name, None));
            columns.extend(included.filter(|column| column.number != 0));
        }
        IndexEntry {
            oid: index_oid(index.id),
            name: Cow::Borrowed(&index.name),
            columns,
            key_count,
            secondary: Some(index),
        }
    }

    /// Names of its keys.
    pub(crate) fn key_names(&self) -> Vec<&'a str> {
        let keys = self.columns[..self.key_count].iter();
        keys.map(|column| column.name).collect()
    }

    /// The attnums of its columns.
    pub(crate) fn numbers(&self) -> Cell {
        let numbers = self.columns.iter().map(|column| column.number as i64);
        Cell::Ints(numbers.collect())
    }

    /// Whether everything is in it that belongs in it.
    fn is_complete(&self) -> bool {
        self.secondary
            .is_none_or(|index| index.status == IndexStatus::Active)
    }

    /// Keys that are no columns, as PostgreSQL keeps expressions: SQL text, see `pg_get_expr`.
    fn expressions(&self) -> Option<String> {
        let keys = self.columns[..self.key_count].iter();
        let hidden: Vec<&str> = keys
            .filter(|column| column.number == 0)
            .map(|column| column.name)
            .collect();
        (!hidden.is_empty()).then(|| column_list(&hidden))
    }

    /// As in WITH.
    pub(crate) fn options(&self) -> Option<Vec<String>> {
        let whole = self
            .secondary
            .is_some_and(|index| index.projection == IndexProjection::All);
        whole.then(|| vec!["projection=all".to_owned()])
    }
}

fn key_column<'a>(table: &'a TableEntry, key: &'a KeyAttribute) -> IndexColumn<'a> {
    column(table, &key.name, Some(key.key_type))
}

fn column<'a>(table: &'a TableEntry, name: &'a str, key_type: Option<KeyType>) -> IndexColumn<'a> {
    let mut visible = table.relation.visible();
    let position = visible.position(|column| column.name == name);
    IndexColumn {
        name,
        number: position.map_or(0, |position| position + 1),
        column: table.relation.column(name),
        key_type,
    }
}

impl StatementContext {
    /// Entries and bytes of a secondary index now. Of one that only the session's transaction knows, nothing is there yet.
    pub(crate) fn index_size(&self, table: &TableEntry, index: &Index) -> (u64, u64) {
        let size = self
            .session
            .engine
            .index_size(table.relation.name(), &index.name);
        size.ok().flatten().unwrap_or_default()
    }

    /// Bytes of all secondary indexes of a table.
    pub(crate) fn indexes_bytes(&self, table: &TableEntry) -> u64 {
        let indexes = table.secondary().iter();
        indexes.map(|index| self.index_size(table, index).1).sum()
    }
}

/// Every index, with its table.
fn all(picture: &CatalogPicture) -> impl Iterator<Item = (&TableEntry, IndexEntry<'_>)> {
    let tables = picture.tables.iter();
    tables.flat_map(|table| table.indexes().map(move |index| (table, index)))
}

pub(super) fn index(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let columns = [
        "indexrelid",
        "indrelid",
        "indnatts",
        "indnkeyatts",
        "indisunique",
        "indisprimary",
        "indimmediate",
        "indisvalid",
        "indisready",
        "indislive",
        "indkey",
        "indcollation",
        "indclass",
        "indoption",
        "indexprs",
    ];
    let mut rows = Rows::new(relation, columns);
    for (table, index) in all(picture) {
        let primary = index.secondary.is_none();
        rows.push([
            index.oid.into(),
            table.oid.into(),
            index.columns.len().into(),
            index.key_count.into(),
            primary.into(),
            primary.into(),
            true.into(),
            index.is_complete().into(),
            // Every write keeps an index from its creation on.
            true.into(),
            true.into(),
            index.numbers(),
            Cell::Ints(vec![0; index.key_count]),
            Cell::Ints(vec![0; index.key_count]),
            Cell::Ints(vec![0; index.key_count]),
            index.expressions().into(),
        ]);
    }
    rows.finish()
}

pub(super) fn definitions(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        ["schemaname", "tablename", "indexname", "indexdef"],
    );
    for (table, index) in all(picture) {
        rows.push([
            "public".into(),
            table.relation.name().to_owned().into(),
            index.name.clone().into_owned().into(),
            index_definition(table, &index).into(),
        ]);
    }
    rows.finish()
}

/// Indexes that are being filled; that of expiries, which is in no other relation, without its oid.
pub(super) fn progress(
    relation: &'static SystemRelation,
    context: &StatementContext,
) -> Result<RecordBatch> {
    let columns = [
        "pid",
        "datid",
        "datname",
        "relid",
        "index_relid",
        "command",
        "phase",
        "tuples_total",
        "tuples_done",
    ];
    let mut rows = Rows::new(relation, columns);
    let count = |items: u64| Cell::Int(i64::try_from(items).unwrap_or(i64::MAX));
    for backfill in context.session.engine.backfills() {
        // A table dropped since is not shown.
        let Some(table) = context.picture().table(&backfill.table) else {
            continue;
        };
        let mut indexes = table.secondary().iter();
        let index = indexes.find(|index| backfill.index.as_ref() == Some(&index.name));
        rows.push([
            // No session waits for it.
            0.into(),
            DATABASE_OID.into(),
            DATABASE_NAME.into(),
            table.oid.into(),
            index.map_or(0, |index| index_oid(index.id)).into(),
            "CREATE INDEX".into(),
            "building index".into(),
            count(backfill.items_total),
            count(backfill.items_done),
        ]);
    }
    rows.finish()
}
