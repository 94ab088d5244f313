//! Rows of information_schema: schemas, tables, columns, primary keys and privileges, in the standard's spelling.

use super::indexes::IndexEntry;
use super::picture::{CatalogPicture, DATABASE_NAME, NAMESPACES};
use super::rows::{Cell, Rows};
use super::spec::{self, SystemRelation};
use super::types::{format_type, type_name_by_oid, type_oid, type_oid_by_name};
use super::views;
use crate::statement::StatementContext;
use arrow::array::RecordBatch;
use datafusion::common::Result;
use shale_sql::SqlType;

/// The relations filled here.
pub(crate) const FILLED: &[&str] = &[
    "character_sets",
    "check_constraints",
    "columns",
    "constraint_column_usage",
    "enabled_roles",
    "information_schema_catalog_name",
    "key_column_usage",
    "role_table_grants",
    "schemata",
    "table_constraints",
    "table_privileges",
    "tables",
    "views",
];

/// What may be done with a table.
const TABLE_PRIVILEGES: [&str; 4] = ["INSERT", "SELECT", "UPDATE", "DELETE"];

/// The rows of a relation, or none if it is not filled here.
pub(crate) fn rows(
    relation: &'static SystemRelation,
    context: &StatementContext,
) -> Result<Option<RecordBatch>> {
    let picture = context.picture();
    Ok(Some(match relation.name {
        "character_sets" => {
            let mut rows = Rows::new(
                relation,
                ["character_set_name", "character_repertoire", "form_of_use"],
            );
            rows.push(["UTF8".into(), "UCS".into(), "UTF8".into()]);
            rows.finish()?
        }
        "check_constraints" => check_constraints(relation, picture)?,
        "columns" => columns(relation, picture)?,
        "constraint_column_usage" | "key_column_usage" => key_columns(relation, picture)?,
        "enabled_roles" => {
            let mut rows = Rows::new(relation, ["role_name"]);
            rows.push([(&context.session.user).into()]);
            rows.finish()?
        }
        "information_schema_catalog_name" => {
            let mut rows = Rows::new(relation, ["catalog_name"]);
            rows.push([DATABASE_NAME.into()]);
            rows.finish()?
        }
        "role_table_grants" | "table_privileges" => privileges(relation, picture)?,
        "schemata" => schemata(relation, picture)?,
        "table_constraints" => table_constraints(relation, picture)?,
        "tables" => tables(relation, picture)?,
        "views" => views::standard_views(relation, picture)?,
        _ => return Ok(None),
    }))
}

fn schemata(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(relation, ["catalog_name", "schema_name", "schema_owner"]);
    for (name, _) in NAMESPACES {
        rows.push([
            DATABASE_NAME.into(),
            name.into(),
            (&picture.owner().name).into(),
        ]);
    }
    rows.finish()
}

fn tables(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        [
            "table_catalog",
            "table_schema",
            "table_name",
            "table_type",
            "is_insertable_into",
            "is_typed",
        ],
    );
    for table in &picture.tables {
        rows.push([
            DATABASE_NAME.into(),
            "public".into(),
            table.relation.name().to_owned().into(),
            match table.is_view() {
                true => "VIEW".into(),
                false => "BASE TABLE".into(),
            },
            yes_or_no(!table.is_view()),
            "NO".into(),
        ]);
    }
    for system in spec::all() {
        rows.push([
            DATABASE_NAME.into(),
            system.schema.into(),
            system.name.into(),
            if system.kind == "v" {
                "VIEW".into()
            } else {
                "BASE TABLE".into()
            },
            "NO".into(),
            "NO".into(),
        ]);
    }
    rows.finish()
}

fn columns(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        [
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "ordinal_position",
            "column_default",
            "is_nullable",
            "data_type",
            "character_maximum_length",
            "character_octet_length",
            "numeric_precision",
            "numeric_precision_radix",
            "numeric_scale",
            "datetime_precision",
            "udt_catalog",
            "udt_schema",
            "udt_name",
            "dtd_identifier",
            "is_self_referencing",
            "is_identity",
            "is_generated",
            "is_updatable",
        ],
    );
    for table in &picture.tables {
        let key = table.relation.key_columns();
        for (index, column) in table.relation.visible().enumerate() {
            let place = Place {
                schema: "public",
                table: table.relation.name().to_owned().into(),
                column: column.name.clone().into(),
                position: index + 1,
                default: column.default.clone().into(),
                not_null: column.not_null || key.contains(&column.name.as_str()),
                updatable: !table.is_view(),
            };
            rows.push(column_row(
                place,
                &column.sql_type,
                type_oid(&column.sql_type).0,
            ));
        }
    }
    for system in spec::all() {
        for (index, column) in system.columns.iter().enumerate() {
            let place = Place {
                schema: system.schema,
                table: system.name.into(),
                column: column.name.into(),
                position: index + 1,
                default: Cell::Null,
                not_null: column.not_null,
                updatable: false,
            };
            let oid = type_oid_by_name(column.type_name).unwrap_or(type_oid(&column.sql_type).0);
            rows.push(column_row(place, &column.sql_type, oid));
        }
    }
    rows.finish()
}

struct Place {
    schema: &'static str,
    table: Cell,
    column: Cell,
    position: usize,
    default: Cell,
    not_null: bool,
    updatable: bool,
}

fn yes_or_no(value: bool) -> Cell {
    Cell::Static(if value { "YES" } else { "NO" })
}

fn column_row(place: Place, sql_type: &SqlType, oid: i64) -> [Cell; 22] {
    let data_type = match sql_type {
        SqlType::Array(_) | SqlType::Vector(_) => "ARRAY".to_owned(),
        _ => format_type(oid, None),
    };
    let (precision, radix, scale) = numeric_facets(sql_type);
    let (length, octets) = match sql_type {
        SqlType::Varchar(Some(length)) | SqlType::Char(Some(length)) => (
            Cell::Int(i64::from(*length)),
            Cell::Int(i64::from(*length) * 4),
        ),
        SqlType::Text | SqlType::Varchar(None) | SqlType::Char(None) => {
            (Cell::Null, Cell::Int(1 << 30))
        }
        _ => (Cell::Null, Cell::Null),
    };
    let fraction_digits = match sql_type {
        SqlType::Date => Cell::Int(0),
        SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Interval => {
            Cell::Int(6)
        }
        _ => Cell::Null,
    };
    [
        DATABASE_NAME.into(),
        place.schema.into(),
        place.table,
        place.column,
        place.position.into(),
        place.default,
        yes_or_no(!place.not_null),
        data_type.into(),
        length,
        octets,
        precision,
        radix,
        scale,
        fraction_digits,
        DATABASE_NAME.into(),
        "pg_catalog".into(),
        type_name_by_oid(oid).unwrap_or("text").to_owned().into(),
        place.position.to_string().into(),
        yes_or_no(false),
        yes_or_no(false),
        "NEVER".into(),
        yes_or_no(place.updatable),
    ]
}

/// numeric_precision, numeric_precision_radix, numeric_scale.
fn numeric_facets(sql_type: &SqlType) -> (Cell, Cell, Cell) {
    let binary = |bits: i64, scale: Cell| (Cell::Int(bits), Cell::Int(2), scale);
    match sql_type {
        SqlType::Int2 => binary(16, Cell::Int(0)),
        SqlType::Int4 => binary(32, Cell::Int(0)),
        SqlType::Int8 => binary(64, Cell::Int(0)),
        SqlType::Float4 => binary(24, Cell::Null),
        SqlType::Float8 => binary(53, Cell::Null),
        SqlType::Numeric(Some((precision, scale))) => (
            Cell::Int(i64::from(*precision)),
            Cell::Int(10),
            Cell::Int(i64::from(*scale)),
        ),
        SqlType::Numeric(None) => (Cell::Null, Cell::Int(10), Cell::Null),
        _ => (Cell::Null, Cell::Null, Cell::Null),
    }
}

fn table_constraints(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        [
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "constraint_type",
            "is_deferrable",
            "initially_deferred",
            "enforced",
        ],
    );
    for table in &picture.tables {
        let key = IndexEntry::primary(table).map(|key| (key.name.into_owned(), "PRIMARY KEY"));
        let checks = table.checks().iter();
        let checks = checks.map(|check| (check.name.clone(), "CHECK"));
        for (name, kind) in key.into_iter().chain(checks) {
            rows.push([
                DATABASE_NAME.into(),
                "public".into(),
                name.into(),
                DATABASE_NAME.into(),
                "public".into(),
                table.relation.name().to_owned().into(),
                kind.into(),
                "NO".into(),
                "NO".into(),
                "YES".into(),
            ]);
        }
    }
    rows.finish()
}

fn check_constraints(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let columns = [
        "constraint_catalog",
        "constraint_schema",
        "constraint_name",
        "check_clause",
    ];
    let mut rows = Rows::new(relation, columns);
    for check in picture.tables.iter().flat_map(|table| table.checks()) {
        rows.push([
            DATABASE_NAME.into(),
            "public".into(),
            (&check.name).into(),
            format!("(({}))", check.expression).into(),
        ]);
    }
    rows.finish()
}

/// key_column_usage, and constraint_column_usage which has no positions.
fn key_columns(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let positions = relation.name == "key_column_usage";
    let columns = [
        "constraint_catalog",
        "constraint_schema",
        "constraint_name",
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        // Named once more where there is no such column; the first of two wins.
        if positions {
            "ordinal_position"
        } else {
            "column_name"
        },
    ];
    let mut rows = Rows::new(relation, columns);
    for table in &picture.tables {
        let Some(key) = IndexEntry::primary(table) else {
            continue;
        };
        for (index, column) in key.columns.iter().enumerate() {
            rows.push([
                DATABASE_NAME.into(),
                "public".into(),
                key.name.clone().into_owned().into(),
                DATABASE_NAME.into(),
                "public".into(),
                table.relation.name().to_owned().into(),
                column.name.to_owned().into(),
                (index + 1).into(),
            ]);
        }
    }
    rows.finish()
}

fn privileges(relation: &'static SystemRelation, picture: &CatalogPicture) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        [
            "grantor",
            "grantee",
            "table_catalog",
            "table_schema",
            "table_name",
            "privilege_type",
            "is_grantable",
            "with_hierarchy",
        ],
    );
    let owner = &picture.owner().name;
    for role in &picture.roles {
        for table in &picture.tables {
            for privilege in TABLE_PRIVILEGES {
                rows.push([
                    owner.into(),
                    (&role.name).into(),
                    DATABASE_NAME.into(),
                    "public".into(),
                    table.relation.name().to_owned().into(),
                    privilege.into(),
                    yes_or_no(false),
                    yes_or_no(privilege == "SELECT"),
                ]);
            }
        }
    }
    rows.finish()
}
