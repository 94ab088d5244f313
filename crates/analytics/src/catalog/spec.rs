//! Names, oids and columns of PostgreSQL 15's system relations, and of our own (`shale_…`).
//!
//! The list (`relations.txt`) has one relation a line: qualified name, oid, relkind, then `column:type`, with `!` where NOT NULL.
//! Every relation in it can be queried; those that nothing fills are empty, as they are in a PostgreSQL that does not use the feature.

use crate::types::arrow_type;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use shale_sql::SqlType;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

const RELATIONS: &str = include_str!("relations.txt");

/// A system relation.
#[derive(Debug)]
pub(crate) struct SystemRelation {
    /// `pg_catalog` or `information_schema`.
    pub schema: &'static str,
    /// Name.
    pub name: &'static str,
    /// As in PostgreSQL 15.
    pub oid: i64,
    /// `r` or `v`; `f` for what a function gives.
    pub kind: &'static str,
    /// In order.
    pub columns: Vec<SystemColumn>,
    /// Their Arrow types.
    pub arrow: SchemaRef,
}

/// A column of a system relation.
#[derive(Debug)]
pub(crate) struct SystemColumn {
    /// Name.
    pub name: &'static str,
    /// PostgreSQL's name of the type.
    pub type_name: &'static str,
    /// What clients see.
    pub sql_type: SqlType,
    /// NOT NULL.
    pub not_null: bool,
}

static ALL: LazyLock<Vec<SystemRelation>> =
    LazyLock::new(|| RELATIONS.lines().filter_map(parse_line).collect());

static BY_NAME: LazyLock<HashMap<(&'static str, &'static str), &'static SystemRelation>> =
    LazyLock::new(|| {
        ALL.iter()
            .map(|relation| ((relation.schema, relation.name), relation))
            .collect()
    });

/// Names of columns that are vectors.
static VECTORS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let columns = ALL.iter().flat_map(|relation| &relation.columns);
    let vectors = columns.filter(|column| matches!(column.sql_type, SqlType::Vector(_)));
    vectors.map(|column| column.name).collect()
});

/// Whether a column of that name is a vector somewhere in the catalog.
pub(crate) fn is_vector_name(name: &str) -> bool {
    VECTORS.contains(name)
}

/// All system relations.
pub(crate) fn all() -> &'static [SystemRelation] {
    &ALL
}

/// The system relation of that name.
pub(crate) fn find(schema: &str, name: &str) -> Option<&'static SystemRelation> {
    BY_NAME.get(&(schema, name)).copied()
}

/// What `pg_get_keywords()` gives, as a relation: it has no row in pg_class.
pub(crate) fn keywords() -> &'static SystemRelation {
    const LINE: &str = "pg_catalog.pg_get_keywords 0 f word:text! catcode:char! barelabel:bool! catdesc:text! baredesc:text!";
    static RELATION: LazyLock<SystemRelation> =
        LazyLock::new(|| parse_line(LINE).expect("the line above is in the form of the list"));
    &RELATION
}

fn parse_line(line: &'static str) -> Option<SystemRelation> {
    let mut words = line.split(' ');
    let (schema, name) = words.next()?.split_once('.')?;
    let oid = words.next()?.parse().ok()?;
    let kind = words.next()?;
    let columns: Vec<SystemColumn> = words.filter_map(parse_column).collect();
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(column.name, catalog_arrow_type(&column.sql_type), true))
        .collect();
    Some(SystemRelation {
        schema,
        name,
        oid,
        kind,
        columns,
        arrow: Arc::new(Schema::new(fields)),
    })
}

/// Texts of the catalog are plain Utf8: its functions and lists work on that.
fn catalog_arrow_type(sql_type: &SqlType) -> DataType {
    match arrow_type(sql_type) {
        DataType::Utf8View => DataType::Utf8,
        other => other,
    }
}

fn parse_column(word: &'static str) -> Option<SystemColumn> {
    let (name, type_name) = word.split_once(':')?;
    let (type_name, not_null) = match type_name.strip_suffix('!') {
        Some(type_name) => (type_name, true),
        None => (type_name, false),
    };
    Some(SystemColumn {
        name,
        type_name,
        sql_type: sql_type_of(type_name),
        not_null,
    })
}

fn sql_type_of(type_name: &str) -> SqlType {
    match type_name {
        "oid" | "regproc" | "regtype" => SqlType::Oid,
        "int8" | "xid" => SqlType::Int8,
        "int4" | "information_schema.cardinal_number" => SqlType::Int4,
        "int2" => SqlType::Int2,
        "bool" => SqlType::Bool,
        "char" => SqlType::SingleChar,
        "name" | "information_schema.sql_identifier" => SqlType::Name,
        "float4" => SqlType::Float4,
        "float8" => SqlType::Float8,
        "numeric" => SqlType::Numeric(None),
        "timestamptz" | "information_schema.time_stamp" => SqlType::TimestampTz,
        "interval" => SqlType::Interval,
        "bytea" => SqlType::Bytea,
        "jsonb" => SqlType::Jsonb,
        "_text" | "_name" | "_char" | "_aclitem" | "_pg_statistic" => array_of(SqlType::Text),
        "_oid" | "_regtype" => array_of(SqlType::Oid),
        "_int2" => array_of(SqlType::Int2),
        "oidvector" => SqlType::Vector(Box::new(SqlType::Oid)),
        "int2vector" => SqlType::Vector(Box::new(SqlType::Int2)),
        "_float4" => array_of(SqlType::Float4),
        "_float8" => array_of(SqlType::Float8),
        "_bool" => array_of(SqlType::Bool),
        // text, pg_node_tree, pg_lsn, inet, anyarray, information_schema.character_data and yes_or_no …
        _ => SqlType::Text,
    }
}

fn array_of(element: SqlType) -> SqlType {
    SqlType::Array(Box::new(element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_relation() {
        assert_eq!(all().len(), RELATIONS.lines().count());
        let class = find("pg_catalog", "pg_class").unwrap();
        assert_eq!((class.oid, class.kind), (1259, "r"));
        assert_eq!(class.columns[0].name, "oid");
        assert_eq!(class.columns[0].sql_type, SqlType::Oid);
        assert!(class.columns[0].not_null);
        assert_eq!(
            find("information_schema", "columns").unwrap().columns.len(),
            44
        );
        assert!(find("public", "pg_class").is_none());
    }
}
