//! Rows of pg_catalog that tell of our tables, their keys and the database.
//!
//! Not here: indexes as such (`indexes`), roles and the session (`session`), our own relations (`insights`).

use super::indexes::{self, IndexEntry};
use super::insights;
use super::picture::{
    CatalogPicture, DATABASE_NAME, DATABASE_OID, NAMESPACES, PUBLIC_OID, TableEntry,
};
use super::rows::{Cell, Rows};
use super::session::{activity, role_rows, settings, table_statistics};
use super::spec::{self, SystemRelation};
use super::types::{type_modifier, type_oid, type_oid_by_name, type_storage};
use super::views;
use crate::statement::StatementContext;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::common::Result;
use shale_sql::SqlType;
use std::sync::OnceLock;

/// The relations filled here.
pub(crate) const FILLED: &[&str] = &[
    "pg_attrdef",
    "pg_attribute",
    "pg_authid",
    "pg_class",
    "pg_constraint",
    "pg_database",
    "pg_description",
    "pg_index",
    "pg_indexes",
    "pg_namespace",
    "pg_roles",
    "pg_settings",
    "pg_shadow",
    "pg_stat_activity",
    "pg_stat_all_tables",
    "pg_stat_database",
    "pg_stat_progress_create_index",
    "pg_stat_user_tables",
    "pg_tables",
    "pg_user",
    "pg_views",
    "shale_contributor_insights",
];

/// Bytes of a page, in which pg_class counts.
const PAGE_BYTES: u64 = 8_192;

/// pg_am's heap and btree: what tables and indexes are called, so that clients treat them as tables and ordered indexes.
const HEAP_OID: i64 = 2;
const BTREE_OID: i64 = 403;

/// The rows of a relation, or none if it is not filled here.
pub(crate) fn rows(
    relation: &'static SystemRelation,
    context: &StatementContext,
) -> Result<Option<RecordBatch>> {
    let picture = context.picture();
    Ok(Some(match relation.name {
        "pg_attrdef" => attrdef(relation, picture)?,
        "pg_attribute" => attribute(relation, picture)?,
        "pg_authid" | "pg_roles" | "pg_user" | "pg_shadow" => role_rows(relation, picture)?,
        "pg_class" => class(relation, context)?,
        "pg_constraint" => constraint(relation, picture)?,
        "pg_database" => database(relation, picture)?,
        "pg_description" => views::descriptions(relation, picture)?,
        "pg_index" => indexes::index(relation, picture)?,
        "pg_indexes" => indexes::definitions(relation, picture)?,
        "pg_namespace" => namespace(relation, picture)?,
        "pg_settings" => settings(relation, context)?,
        "pg_stat_activity" => activity(relation, context)?,
        "pg_stat_all_tables" | "pg_stat_user_tables" => table_statistics(relation, picture)?,
        "pg_stat_database" => {
            let mut rows = Rows::new(relation, ["datid", "datname"]);
            rows.push([DATABASE_OID.into(), DATABASE_NAME.into()]);
            rows.finish()?
        }
        "pg_stat_progress_create_index" => indexes::progress(relation, context)?,
        "pg_tables" => tables(relation, picture)?,
        "pg_views" => views::views(relation, picture)?,
        "shale_contributor_insights" => insights::contributions(relation, context)?,
        _ => return Ok(None),
    }))
}

fn class(relation: &'static SystemRelation, context: &StatementContext) -> Result<RecordBatch> {
    let picture = context.picture();
    let owner = picture.owner().oid;
    let columns = [
        "oid",
        "relname",
        "relnamespace",
        "relowner",
        "relam",
        "relfilenode",
        "relpages",
        "reltuples",
        "relhasindex",
        "relpersistence",
        "relkind",
        "relnatts",
        "relispopulated",
        "relreplident",
        "reloptions",
        "relchecks",
    ];
    let mut rows = Rows::new(relation, columns);
    for table in &picture.tables {
        let description = &table.relation.description;
        let (items, bytes) = (description.item_count, description.size_bytes);
        let view = table.is_view();
        rows.push([
            table.oid.into(),
            table.relation.name().to_owned().into(),
            PUBLIC_OID.into(),
            owner.into(),
            if view { 0.into() } else { HEAP_OID.into() },
            if view { 0.into() } else { table.oid.into() },
            pages(bytes),
            Cell::Float(if view { -1.0 } else { items as f32 }),
            table.has_indexes().into(),
            "p".into(),
            if view { "v".into() } else { "r".into() },
            table.relation.visible().count().into(),
            true.into(),
            if view { "n".into() } else { "d".into() },
            Cell::Null,
            table.checks().len().into(),
        ]);
        for index in table.indexes() {
            let (items, bytes) = match index.secondary {
                Some(secondary) => context.index_size(table, secondary),
                None => (items, bytes),
            };
            rows.push([
                index.oid.into(),
                index.name.clone().into_owned().into(),
                PUBLIC_OID.into(),
                owner.into(),
                BTREE_OID.into(),
                index.oid.into(),
                pages(bytes),
                Cell::Float(items as f32),
                false.into(),
                "p".into(),
                "i".into(),
                index.columns.len().into(),
                true.into(),
                "n".into(),
                index.options().map_or(Cell::Null, Cell::Texts),
                0.into(),
            ]);
        }
    }
    for system in spec::all() {
        rows.push([
            system.oid.into(),
            system.name.into(),
            namespace_oid(system.schema).into(),
            owner.into(),
            if system.kind == "r" {
                HEAP_OID.into()
            } else {
                0.into()
            },
            0.into(),
            0.into(),
            Cell::Float(-1.0),
            false.into(),
            "p".into(),
            system.kind.into(),
            system.columns.len().into(),
            true.into(),
            "n".into(),
            Cell::Null,
            0.into(),
        ]);
    }
    rows.finish()
}

fn pages(bytes: u64) -> Cell {
    Cell::Int(i64::try_from(bytes.div_ceil(PAGE_BYTES)).unwrap_or(i64::MAX))
}

fn namespace_oid(schema: &str) -> i64 {
    NAMESPACES
        .iter()
        .find(|(name, _)| *name == schema)
        .map_or(0, |(_, oid)| *oid)
}

const ATTRIBUTE_COLUMNS: [&str; 15] = [
    "attrelid",
    "attname",
    "atttypid",
    "attstattarget",
    "attlen",
    "attnum",
    "attndims",
    "attcacheoff",
    "atttypmod",
    "attbyval",
    "attalign",
    "attstorage",
    "attnotnull",
    "atthasdef",
    "attislocal",
];

fn attribute(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(relation, ATTRIBUTE_COLUMNS);
    for table in &picture.tables {
        for (index, column) in table.relation.visible().enumerate() {
            rows.push(attribute_row(
                table.oid,
                column.name.clone().into(),
                &column.sql_type,
                index + 1,
                column.not_null,
                column.default.is_some(),
            ));
        }
        for index in table.indexes() {
            for (position, column) in index.columns.iter().enumerate() {
                let name = column.name.to_owned().into();
                let sql_type = column.sql_type();
                rows.push(attribute_row(
                    index.oid,
                    name,
                    &sql_type,
                    position + 1,
                    false,
                    false,
                ));
            }
        }
    }
    let ours = rows.finish()?;
    Ok(concat_batches(
        &relation.arrow,
        [&ours, system_attributes(relation)?],
    )?)
}

fn attribute_row(
    relation: i64,
    name: Cell,
    sql_type: &SqlType,
    number: usize,
    not_null: bool,
    has_default: bool,
) -> [Cell; 15] {
    let (oid, length) = type_oid(sql_type);
    [
        relation.into(),
        name,
        oid.into(),
        (-1).into(),
        length.into(),
        number.into(),
        i64::from(matches!(sql_type, SqlType::Array(_) | SqlType::Vector(_))).into(),
        (-1).into(),
        type_modifier(sql_type).into(),
        (1..=8).contains(&length).into(),
        alignment(length).into(),
        type_storage(sql_type).into(),
        not_null.into(),
        has_default.into(),
        true.into(),
    ]
}

fn alignment(length: i64) -> &'static str {
    match length {
        1 | 64 | 16 => "c",
        2 => "s",
        8 => "d",
        _ => "i",
    }
}

/// The columns of the system relations, which never change.
fn system_attributes(relation: &'static SystemRelation) -> Result<&'static RecordBatch> {
    static BATCH: OnceLock<RecordBatch> = OnceLock::new();
    if let Some(batch) = BATCH.get() {
        return Ok(batch);
    }
    let mut rows = Rows::new(relation, ATTRIBUTE_COLUMNS);
    for system in spec::all() {
        for (index, column) in system.columns.iter().enumerate() {
            let mut row = attribute_row(
                system.oid,
                column.name.into(),
                &column.sql_type,
                index + 1,
                column.not_null,
                false,
            );
            // Types that we show as another one (pg_node_tree, aclitem[] …) keep their own oid.
            if let Some(oid) = type_oid_by_name(column.type_name) {
                row[2] = oid.into();
            }
            rows.push(row);
        }
    }
    let batch = rows.finish()?;
    Ok(BATCH.get_or_init(|| batch))
}

fn attrdef(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(relation, ["oid", "adrelid", "adnum", "adbin"]);
    for table in &picture.tables {
        for (index, column) in table.relation.visible().enumerate() {
            if let Some(default) = &column.default {
                // No object refers to a default by oid; the column's place keeps it unique.
                let oid = table.oid * 2_048 + index as i64;
                rows.push([
                    oid.into(),
                    table.oid.into(),
                    (index + 1).into(),
                    default.into(),
                ]);
            }
        }
    }
    rows.finish()
}

fn primary_keys(picture: &CatalogPicture) -> impl Iterator<Item = (&TableEntry, IndexEntry<'_>)> {
    let tables = picture.tables.iter();
    tables.filter_map(|table| Some((table, IndexEntry::primary(table)?)))
}

fn constraint(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        [
            "oid",
            "conname",
            "connamespace",
            "contype",
            "convalidated",
            "conrelid",
            "conindid",
            "confupdtype",
            "confdeltype",
            "confmatchtype",
            "conislocal",
            "connoinherit",
            "conkey",
        ],
    );
    for (table, key) in primary_keys(picture) {
        let numbers = key.numbers();
        rows.push([
            key.oid.into(),
            key.name.into_owned().into(),
            PUBLIC_OID.into(),
            "p".into(),
            true.into(),
            table.oid.into(),
            key.oid.into(),
            " ".into(),
            " ".into(),
            " ".into(),
            true.into(),
            true.into(),
            numbers,
        ]);
    }
    for table in &picture.tables {
        for (number, check) in table.checks().iter().enumerate() {
            rows.push([
                table.check_oid(number).into(),
                (&check.name).into(),
                PUBLIC_OID.into(),
                "c".into(),
                true.into(),
                table.oid.into(),
                0.into(),
                " ".into(),
                " ".into(),
                " ".into(),
                true.into(),
                false.into(),
                table.numbers_of(check),
            ]);
        }
    }
    rows.finish()
}

fn namespace(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(relation, ["oid", "nspname", "nspowner"]);
    for (name, oid) in NAMESPACES {
        rows.push([oid.into(), name.into(), picture.owner().oid.into()]);
    }
    rows.finish()
}

fn database(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        [
            "oid",
            "datname",
            "datdba",
            "encoding",
            "datlocprovider",
            "datallowconn",
            "datconnlimit",
            "dattablespace",
            "datcollate",
            "datctype",
        ],
    );
    rows.push([
        DATABASE_OID.into(),
        DATABASE_NAME.into(),
        picture.owner().oid.into(),
        6.into(),
        "c".into(),
        true.into(),
        (-1).into(),
        1663.into(),
        // Strings order by their bytes.
        "C.UTF-8".into(),
        "C.UTF-8".into(),
    ]);
    rows.finish()
}

fn tables(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let columns = [
        "schemaname",
        "tablename",
        "tableowner",
        "hasindexes",
        "hasrules",
        "hastriggers",
        "rowsecurity",
    ];
    let mut rows = Rows::new(relation, columns);
    let owner = &picture.owner().name;
    let no = || Cell::Bool(false);
    for table in picture.tables.iter().filter(|table| !table.is_view()) {
        rows.push([
            "public".into(),
            table.relation.name().to_owned().into(),
            owner.into(),
            table.has_indexes().into(),
            no(),
            no(),
            no(),
        ]);
    }
    for system in spec::all().iter().filter(|system| system.kind == "r") {
        let (schema, name) = (system.schema.into(), system.name.into());
        rows.push([schema, name, owner.into(), no(), no(), no(), no()]);
    }
    rows.finish()
}
