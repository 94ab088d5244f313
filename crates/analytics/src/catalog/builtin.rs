//! Rows that every PostgreSQL has: built-in types, functions, operators, casts, collations. From datafusion-pg-catalog's export, fitted to
//! the columns of PostgreSQL 15.

use super::spec::SystemRelation;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::{cast, concat_batches};
use datafusion::common::Result;
use datafusion_pg_catalog::pg_catalog::{ArrowTable, PgCatalogStaticTables};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

static TABLES: LazyLock<HashMap<&'static str, Arc<ArrowTable>>> = LazyLock::new(|| {
    // The data is part of the binary: that it cannot be read is a broken build, which every catalog query then shows.
    let Ok(tables) = PgCatalogStaticTables::try_new() else {
        tracing::error!("the built-in catalog could not be read");
        return HashMap::new();
    };
    HashMap::from([
        ("pg_aggregate", tables.pg_aggregate),
        ("pg_am", tables.pg_am),
        ("pg_amop", tables.pg_amop),
        ("pg_amproc", tables.pg_amproc),
        ("pg_cast", tables.pg_cast),
        ("pg_collation", tables.pg_collation),
        ("pg_conversion", tables.pg_conversion),
        ("pg_language", tables.pg_language),
        ("pg_opclass", tables.pg_opclass),
        ("pg_operator", tables.pg_operator),
        ("pg_opfamily", tables.pg_opfamily),
        ("pg_proc", tables.pg_proc),
        ("pg_range", tables.pg_range),
        ("pg_tablespace", tables.pg_tablespace),
        ("pg_type", tables.pg_type),
    ])
});

/// Whether there are such rows for a relation.
pub(crate) fn has_rows(relation: &SystemRelation) -> bool {
    relation.schema == "pg_catalog" && TABLES.contains_key(relation.name)
}

/// The rows of a relation; none for a relation that has no built-in rows.
pub(crate) fn rows(relation: &'static SystemRelation) -> Result<RecordBatch> {
    let schema = Arc::clone(&relation.arrow);
    let table = match TABLES.get(relation.name) {
        Some(table) if relation.schema == "pg_catalog" => table,
        _ => return Ok(RecordBatch::new_empty(schema)),
    };
    let all = concat_batches(&table.schema(), table.data())?;
    let columns = relation
        .arrow
        .fields()
        .iter()
        .map(|field| -> Result<ArrayRef> {
            Ok(match all.column_by_name(field.name()) {
                Some(column) => cast(column, field.data_type())?,
                None => new_null_array(field.data_type(), all.num_rows()),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(all.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

/// One built-in relation, read once.
pub(crate) fn cached(name: &'static str) -> Option<&'static RecordBatch> {
    static CACHE: LazyLock<HashMap<&'static str, RecordBatch>> = LazyLock::new(|| {
        ["pg_type", "pg_proc"]
            .into_iter()
            .filter_map(|name| {
                let relation = super::spec::find("pg_catalog", name)?;
                Some((name, rows(relation).ok()?))
            })
            .collect()
    });
    CACHE.get(name)
}
