//! What the catalog shows: tables, their indexes and the roles, with stable oids.

use crate::relation::Relation;
use shale_item::TableId;
use shale_sql::AnalyticContext;
use std::collections::HashMap;
use std::sync::Arc;

/// First oid that is not PostgreSQL's own.
const FIRST_USER_OID: i64 = 16_384;

/// The role that owns everything.
const OWNER_OID: i64 = 10;

/// Roles other than the owner have oids from here on, spread by their names.
const ROLE_OID_BASE: i64 = 3 << 30;

/// Oid of pg_catalog, as in every PostgreSQL.
pub(crate) const PG_CATALOG_OID: i64 = 11;
/// Oid of public, as in every PostgreSQL.
pub(crate) const PUBLIC_OID: i64 = 2_200;
/// Oid of information_schema on the server that `relations.txt` and the built-in rows come from.
pub(crate) const INFORMATION_SCHEMA_OID: i64 = 13_207;
/// Oid of the database.
pub(crate) const DATABASE_OID: i64 = 5;

/// The name of the only database.
pub(crate) const DATABASE_NAME: &str = "shale";

/// Schemas, with oids.
pub(crate) const NAMESPACES: [(&str, i64); 3] = [
    ("pg_catalog", PG_CATALOG_OID),
    ("public", PUBLIC_OID),
    ("information_schema", INFORMATION_SCHEMA_OID),
];

/// A user table in the catalog.
#[derive(Debug)]
pub(crate) struct TableEntry {
    /// Oid in pg_class.
    pub oid: i64,
    /// The table.
    pub relation: Relation,
}

impl TableEntry {
    /// The index of the primary key, if users see the key.
    pub(crate) fn primary_key(&self) -> Option<PrimaryKeyEntry<'_>> {
        let columns = self.relation.key_columns();
        if columns.is_empty() {
            return None;
        }
        let positions = columns
            .iter()
            .map(|name| {
                let position = self
                    .relation
                    .visible()
                    .position(|column| column.name == *name);
                position.map_or(0, |position| position + 1)
            })
            .collect();
        Some(PrimaryKeyEntry {
            oid: self.oid + 1,
            name: format!("{}_pkey", self.relation.name()),
            columns,
            positions,
        })
    }
}

/// A primary key in the catalog: both an index and a constraint, under one oid.
#[derive(Debug)]
pub(crate) struct PrimaryKeyEntry<'a> {
    /// Oid in pg_class, pg_index and pg_constraint.
    pub oid: i64,
    /// `<table>_pkey`.
    pub name: String,
    /// Column names in key order.
    pub columns: Vec<&'a str>,
    /// Their attnums.
    pub positions: Vec<usize>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// Oid.
    pub oid: i64,
    /// Name.
    pub name: String,
}

/// Everything the catalog shows, at one moment.
#[derive(Debug)]
pub(crate) struct CatalogPicture {
    /// Tables by name.
    pub tables: Vec<TableEntry>,
    /// Roles; the first owns everything.
    pub roles: Vec<Role>,
    by_oid: HashMap<i64, usize>,
}

/// What an oid of pg_class stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Class<'a> {
    /// A user table.
    Table(&'a TableEntry),
    /// The primary key's index of a user table.
    PrimaryKey(&'a TableEntry),
}

impl CatalogPicture {
    /// The catalog as it is now.
    pub(crate) fn take(session: &AnalyticContext) -> CatalogPicture {
        let catalog = session.catalog();
        let mut tables = Vec::new();
        for name in catalog.table_names() {
            // A table dropped since it was listed is not shown.
            if let Some(description) = catalog.table(&name) {
                tables.push(TableEntry {
                    oid: table_oid(description.id),
                    relation: Relation::new(Arc::clone(&description)),
                });
            }
        }
        let by_oid = tables
            .iter()
            .enumerate()
            .map(|(index, table)| (table.oid, index))
            .collect();
        CatalogPicture {
            tables,
            roles: roles(session),
            by_oid,
        }
    }

    /// What that oid of pg_class is, if it is a user's.
    pub(crate) fn class(&self, oid: i64) -> Option<Class<'_>> {
        if let Some(index) = self.by_oid.get(&oid) {
            return Some(Class::Table(&self.tables[*index]));
        }
        let table = &self.tables[*self.by_oid.get(&(oid - 1))?];
        table.primary_key().map(|_| Class::PrimaryKey(table))
    }

    /// The user table of that name.
    pub(crate) fn table(&self, name: &str) -> Option<&TableEntry> {
        let found = self
            .tables
            .binary_search_by(|table| table.relation.name().cmp(name))
            .ok()?;
        Some(&self.tables[found])
    }

    /// The oid in pg_class of a name in public: a table or the index of a primary key.
    pub(crate) fn class_oid(&self, name: &str) -> Option<i64> {
        if let Some(table) = self.table(name) {
            return Some(table.oid);
        }
        let table = self.table(name.strip_suffix("_pkey")?)?;
        table.primary_key().map(|key| key.oid)
    }

    /// As [`Self::class_oid`]; a name that is not there as it is may match one in other case, if only one.
    pub(crate) fn class_oid_folding(&self, name: &str) -> Option<i64> {
        if let Some(oid) = self.class_oid(name) {
            return Some(oid);
        }
        let mut found = self
            .tables
            .iter()
            .filter(|table| table.relation.name().eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some(table), None) => Some(table.oid),
            _ => None,
        }
    }

    /// The role that owns tables, schemas and the database.
    pub(crate) fn owner(&self) -> &Role {
        &self.roles[0]
    }
}

fn table_oid(id: TableId) -> i64 {
    FIRST_USER_OID + 2 * i64::from(id.0)
}

/// The users that exist, and the session's own (with `--insecure` it may be any name).
fn roles(session: &AnalyticContext) -> Vec<Role> {
    let mut names: Vec<&String> = session.users.iter().collect();
    if !names.contains(&&session.user) {
        names.push(&session.user);
    }
    names
        .into_iter()
        .enumerate()
        .map(|(index, name)| Role {
            oid: if index == 0 {
                OWNER_OID
            } else {
                role_oid(name)
            },
            name: name.clone(),
        })
        .collect()
}

/// FNV-1a over the name: stable as users come and go.
fn role_oid(name: &str) -> i64 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    ROLE_OID_BASE + i64::from(hash >> 2)
}
