//! What the catalog shows: tables, their indexes and the roles, with stable oids.

use super::indexes::IndexEntry;
use super::rows::Cell;
use crate::relation::Relation;
use shale_engine::{CheckConstraint, Index};
use shale_item::TableId;
use shale_sql::{AnalyticContext, check_columns, table_oid};
use std::collections::HashMap;
use std::sync::Arc;

/// Parts of a table that have no number of their own, defaults and constraints, have oids from its own times this on.
const OIDS_PER_TABLE: i64 = 2_048;
/// The first of those of its CHECK constraints: there are at most 1,600 columns.
const FIRST_CHECK: i64 = 1_600;

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

/// A user table or view in the catalog.
#[derive(Debug)]
pub(crate) struct TableEntry {
    /// Oid in pg_class.
    pub oid: i64,
    /// The table.
    pub relation: Relation,
}

impl TableEntry {
    /// Whether it is a view.
    pub(crate) fn is_view(&self) -> bool {
        self.relation.view().is_some()
    }

    /// Whether users see the primary key.
    pub(crate) fn has_primary_key(&self) -> bool {
        !self.relation.description.definition.hidden_key
    }

    /// Oid of the primary key, both as index and as constraint.
    pub(crate) fn primary_key_oid(&self) -> i64 {
        self.oid + 1
    }

    /// Secondary indexes.
    pub(crate) fn secondary(&self) -> &[Index] {
        &self.relation.description.definition.derived.indexes
    }

    /// CHECK constraints.
    pub(crate) fn checks(&self) -> &[CheckConstraint] {
        &self.relation.description.definition.sql.checks
    }

    /// Oid of a CHECK constraint: behind those of the defaults of the table's columns.
    pub(crate) fn check_oid(&self, number: usize) -> i64 {
        self.oid * OIDS_PER_TABLE + FIRST_CHECK + number as i64
    }

    /// Numbers of the columns that a CHECK constraint names.
    pub(crate) fn numbers_of(&self, check: &CheckConstraint) -> Cell {
        let names = check_columns(&self.relation.description.definition, check);
        let columns = self.relation.visible().enumerate();
        let columns = columns.filter(|(_, column)| names.contains(&column.name));
        Cell::Ints(columns.map(|(place, _)| place as i64 + 1).collect())
    }

    /// Whether there is any index.
    pub(crate) fn has_indexes(&self) -> bool {
        self.has_primary_key() || !self.secondary().is_empty()
    }

    /// All indexes, that of the primary key first.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = IndexEntry<'_>> {
        let secondary = self.secondary().iter();
        let secondary = secondary.map(|index| IndexEntry::secondary(self, index));
        IndexEntry::primary(self).into_iter().chain(secondary)
    }
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
    /// Tables and views by name.
    pub tables: Vec<TableEntry>,
    /// Roles; the first owns everything.
    pub roles: Vec<Role>,
    /// Tables, and with a second number secondary indexes of them.
    by_oid: HashMap<i64, (usize, Option<usize>)>,
}

/// What an oid of pg_class stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Class<'a> {
    /// A user table.
    Table(&'a TableEntry),
    /// The primary key's index of a user table.
    PrimaryKey(&'a TableEntry),
    /// A secondary index of a user table.
    Index(&'a TableEntry, &'a Index),
}

impl<'a> Class<'a> {
    /// The index, if it is one, with its table.
    pub(crate) fn index(self) -> Option<(&'a TableEntry, IndexEntry<'a>)> {
        match self {
            Class::Table(_) => None,
            Class::PrimaryKey(table) => Some((table, IndexEntry::primary(table)?)),
            Class::Index(table, index) => Some((table, IndexEntry::secondary(table, index))),
        }
    }
}

impl CatalogPicture {
    /// The catalog as it is now; in a transaction as that sees it.
    pub(crate) fn take(session: &AnalyticContext) -> CatalogPicture {
        let catalog = session.catalog();
        let mut tables = Vec::new();
        let mut names = catalog.table_names();
        names.extend(catalog.view_names());
        names.sort_unstable();
        for name in names {
            // A table dropped since it was listed is not shown.
            if let Some(description) = catalog.table(&name).or_else(|| catalog.view(&name)) {
                tables.push(TableEntry {
                    oid: table_oid(description.id),
                    relation: Relation::new(Arc::clone(&description)),
                });
            }
        }
        let mut by_oid = HashMap::with_capacity(tables.len());
        for (at, table) in tables.iter().enumerate() {
            by_oid.insert(table.oid, (at, None));
            let indexes = table.secondary().iter().enumerate();
            by_oid.extend(indexes.map(|(of, index)| (index_oid(index.id), (at, Some(of)))));
        }
        CatalogPicture {
            tables,
            roles: roles(session),
            by_oid,
        }
    }

    /// What that oid of pg_class is, if it is a user's.
    pub(crate) fn class(&self, oid: i64) -> Option<Class<'_>> {
        match self.by_oid.get(&oid) {
            Some((at, None)) => Some(Class::Table(&self.tables[*at])),
            Some((at, Some(of))) => {
                let table = &self.tables[*at];
                Some(Class::Index(table, &table.secondary()[*of]))
            }
            None => match self.by_oid.get(&(oid - 1)) {
                Some((at, None)) if self.tables[*at].has_primary_key() => {
                    Some(Class::PrimaryKey(&self.tables[*at]))
                }
                _ => None,
            },
        }
    }

    /// The CHECK constraint of that oid, and its table.
    pub(crate) fn check(&self, oid: i64) -> Option<(&TableEntry, &CheckConstraint)> {
        let (table, number) = (oid / OIDS_PER_TABLE, oid % OIDS_PER_TABLE - FIRST_CHECK);
        let Some(Class::Table(table)) = self.class(table) else {
            return None;
        };
        let check = table.checks().get(usize::try_from(number).ok()?)?;
        Some((table, check))
    }

    /// The user table of that name.
    pub(crate) fn table(&self, name: &str) -> Option<&TableEntry> {
        let found = self
            .tables
            .binary_search_by(|table| table.relation.name().cmp(name))
            .ok()?;
        Some(&self.tables[found])
    }

    /// The oid in pg_class of a name in public: a table, the index of a primary key, or a secondary index.
    /// Tables share no names of secondary indexes in PostgreSQL; here the first table by name that has one counts.
    pub(crate) fn class_oid(&self, name: &str) -> Option<i64> {
        if let Some(table) = self.table(name) {
            return Some(table.oid);
        }
        let primary = name
            .strip_suffix("_pkey")
            .and_then(|table| self.table(table))
            .filter(|table| table.has_primary_key());
        match primary {
            Some(table) => Some(table.primary_key_oid()),
            None => {
                let mut indexes = self.secondary();
                let found = indexes.find(|index| index.name == name)?;
                Some(index_oid(found.id))
            }
        }
    }

    /// As [`Self::class_oid`]; a name that is not there as it is may match one in other case, if only one.
    pub(crate) fn class_oid_folding(&self, name: &str) -> Option<i64> {
        if let Some(oid) = self.class_oid(name) {
            return Some(oid);
        }
        let mut tables = self
            .tables
            .iter()
            .filter(|table| table.relation.name().eq_ignore_ascii_case(name));
        match (tables.next(), tables.next()) {
            (Some(table), None) => return Some(table.oid),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
        only_spelling(self.secondary(), name)
    }

    /// The oid of a table's secondary index; names match as those of [`Self::class_oid_folding`] do.
    pub(crate) fn index_oid_folding(&self, table: &str, index: &str) -> Option<i64> {
        let oid = self.class_oid_folding(table)?;
        let Some(Class::Table(table)) = self.class(oid) else {
            return None;
        };
        let indexes = table.secondary();
        match indexes.iter().find(|other| other.name == index) {
            Some(index) => Some(index_oid(index.id)),
            None => only_spelling(indexes.iter(), index),
        }
    }

    fn secondary(&self) -> impl Iterator<Item = &Index> {
        self.tables.iter().flat_map(TableEntry::secondary)
    }

    /// The role that owns tables, schemas and the database.
    pub(crate) fn owner(&self) -> &Role {
        &self.roles[0]
    }
}

/// The first index of that name in any case, unless another one is spelled differently.
fn only_spelling<'a>(indexes: impl Iterator<Item = &'a Index>, name: &str) -> Option<i64> {
    let mut indexes = indexes.filter(|index| index.name.eq_ignore_ascii_case(name));
    let first = indexes.next()?;
    let same = indexes.all(|index| index.name == first.name);
    same.then(|| index_oid(first.id))
}

/// The oid of a secondary index.
pub(crate) fn index_oid(id: TableId) -> i64 {
    table_oid(id)
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
