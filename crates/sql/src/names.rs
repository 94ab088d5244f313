//! What names mean: tables, their columns, attributes that no column declares.
//!
//! Not here: paths inside expressions (`bind`).
//!
//! Rules: an exact match wins; an unquoted name that has none matches case-insensitively if exactly one does. Names that are created fold
//! to lower case unless quoted. PartiQL neither folds nor searches.

use crate::syntax::ident_position;
use crate::{ColumnOrigin, Dialect, SqlError, SqlType};
use shale_engine::{Engine, ObservedAttribute, ReadView, TableDescription};
use shale_item::{AttributeType, KeyType, TableId};
use sqlparser::ast::{Ident, ObjectName};
use std::sync::Arc;

/// The column that shows a whole item as jsonb; not part of `*`.
pub const ITEM_COLUMN: &str = "_item";
/// The HASH key of a table that was created without a primary key; not part of `*`.
pub const ROWID_COLUMN: &str = "_rowid";

/// Tables by name, as planning needs them.
pub trait Catalog: Sync {
    /// The table of exactly that name.
    fn table(&self, name: &str) -> Option<Arc<TableDescription>>;
    /// All names.
    fn table_names(&self) -> Vec<String>;
    /// The view of exactly that name.
    fn view(&self, name: &str) -> Option<Arc<TableDescription>>;
    /// All names of views.
    fn view_names(&self) -> Vec<String>;
    /// Whether there is any view.
    fn has_views(&self) -> bool;
}

impl Catalog for Engine {
    fn table(&self, name: &str) -> Option<Arc<TableDescription>> {
        self.describe_table(name).ok()
    }
    fn table_names(&self) -> Vec<String> {
        all_names(|after, limit| self.list_tables(after, limit))
    }
    fn view(&self, name: &str) -> Option<Arc<TableDescription>> {
        self.describe_relation(name).ok().filter(is_view)
    }
    fn view_names(&self) -> Vec<String> {
        all_names(|after, limit| self.list_views(after, limit))
    }
    fn has_views(&self) -> bool {
        !self.list_views(None, 1).is_empty()
    }
}

fn is_view(description: &Arc<TableDescription>) -> bool {
    description.definition.sql.view.is_some()
}

/// As the view's transaction has them.
impl Catalog for ReadView {
    fn table(&self, name: &str) -> Option<Arc<TableDescription>> {
        self.describe_table(name).ok()
    }
    fn table_names(&self) -> Vec<String> {
        // Of a transaction that has ended, nothing can be said.
        all_names(|after, limit| self.list_tables(after, limit).unwrap_or_default())
    }
    fn view(&self, name: &str) -> Option<Arc<TableDescription>> {
        self.describe_relation(name).ok().filter(is_view)
    }
    fn view_names(&self) -> Vec<String> {
        all_names(|after, limit| self.list_views(after, limit).unwrap_or_default())
    }
    fn has_views(&self) -> bool {
        self.list_views(None, 1)
            .is_ok_and(|names| !names.is_empty())
    }
}

/// All names of a list that comes in pages.
fn all_names(page: impl Fn(Option<&str>, usize) -> Vec<String>) -> Vec<String> {
    const PAGE: usize = 1_000;
    let mut names: Vec<String> = Vec::new();
    loop {
        let next = page(names.last().map(String::as_str), PAGE);
        let last = next.len() < PAGE;
        names.extend(next);
        if last {
            return names;
        }
    }
}

/// A column as SQL sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Attribute name.
    pub name: String,
    /// Type.
    pub sql_type: SqlType,
    /// Whether CREATE TABLE named it; otherwise it is a key or was observed.
    pub declared: bool,
    /// Whether it is part of the primary key.
    pub key: bool,
    /// NOT NULL, or part of the key.
    pub not_null: bool,
    /// DEFAULT expression.
    pub default: Option<String>,
}

/// The columns of `*`: the declared ones (key first if so declared), or else the key and the observed attributes by name.
pub fn table_columns(table: &TableDescription) -> Vec<TableColumn> {
    let definition = &table.definition;
    if !definition.columns.is_empty() {
        return declared_columns(table);
    }
    let mut columns = if definition.hidden_key {
        vec![]
    } else {
        key_columns(table)
    };
    for (name, observed) in table.observed.iter() {
        if !definition.key_schema.is_key(name) {
            columns.push(observed_column(name, observed));
        }
    }
    columns
}

fn declared_columns(table: &TableDescription) -> Vec<TableColumn> {
    let definition = &table.definition;
    let columns = definition.columns.iter().map(|column| {
        let key = definition.key_schema.is_key(&column.name);
        TableColumn {
            name: column.name.clone(),
            sql_type: SqlType::parse(&column.sql_type).unwrap_or(SqlType::Text),
            declared: true,
            key,
            not_null: column.not_null || key,
            default: column.default.clone(),
        }
    });
    columns.collect()
}

fn key_columns(table: &TableDescription) -> Vec<TableColumn> {
    let schema = &table.definition.key_schema;
    let attributes = std::iter::once(&schema.partition).chain(&schema.sort);
    let columns = attributes.map(|attribute| TableColumn {
        name: attribute.name.clone(),
        sql_type: match attribute.key_type {
            KeyType::S => SqlType::Text,
            KeyType::N => table
                .observed
                .get(&attribute.name)
                .map_or(SqlType::Numeric(None), observed_type),
            KeyType::B => SqlType::Bytea,
        },
        declared: false,
        key: true,
        not_null: true,
        default: None,
    });
    columns.collect()
}

fn observed_column(name: &str, observed: &ObservedAttribute) -> TableColumn {
    TableColumn {
        name: name.to_owned(),
        sql_type: observed_type(observed),
        declared: false,
        key: false,
        not_null: false,
        default: None,
    }
}

fn bit(attribute_type: AttributeType) -> u16 {
    1 << attribute_type as u16
}

/// The SQL type of an attribute by what was seen of it.
pub fn observed_type(observed: &ObservedAttribute) -> SqlType {
    let types = observed.types & !bit(AttributeType::Null);
    if types == bit(AttributeType::S) {
        SqlType::Text
    } else if types == bit(AttributeType::N) {
        if observed.beyond_i64 {
            SqlType::Numeric(None)
        } else {
            SqlType::Int8
        }
    } else if types == bit(AttributeType::B) {
        SqlType::Bytea
    } else if types == bit(AttributeType::Bool) {
        SqlType::Bool
    } else {
        SqlType::Jsonb
    }
}

/// Whether every value seen of an attribute is of the type that its column stores (or NULL): then comparing the stored values is comparing
/// the column's values.
pub(crate) fn is_homogeneous(table: &TableDescription, name: &str, sql_type: &SqlType) -> bool {
    let Some(expected) = sql_type.attribute_type() else {
        return true;
    };
    match table.observed.get(name) {
        Some(observed) => {
            let same_type = observed.types & !(bit(expected) | bit(AttributeType::Null)) == 0;
            (same_type && digits_fit(observed, sql_type))
                || table.definition.key_schema.is_key(name)
        }
        None => true,
    }
}

/// Whether the numbers seen of an attribute have no more digits than its column: those that have read as NULL.
fn digits_fit(observed: &ObservedAttribute, sql_type: &SqlType) -> bool {
    let (integer, fraction) = match sql_type {
        SqlType::Int2 => (5, 0),
        SqlType::Int4 | SqlType::Oid => (10, 0),
        SqlType::Int8 => (19, 0),
        SqlType::Numeric(Some((precision, scale))) => (precision.saturating_sub(*scale), *scale),
        _ => return true,
    };
    observed.integer_digits <= integer && observed.fraction_digits <= fraction
}

/// The column or attribute of that name.
pub fn find_column(
    table: &TableDescription,
    name: &str,
    quoted: bool,
    dialect: Dialect,
) -> Option<TableColumn> {
    if let Some(column) = exact_column(table, name) {
        return Some(column);
    }
    if quoted || dialect == Dialect::PartiQl {
        return None;
    }
    let mut found: Vec<&str> = known_names(table)
        .filter(|known| known.eq_ignore_ascii_case(name))
        .collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [only] => exact_column(table, only),
        // Several spellings: the folded one, as PostgreSQL would look it up.
        [] => None,
        _ => exact_column(table, &name.to_lowercase()),
    }
}

fn exact_column(table: &TableDescription, name: &str) -> Option<TableColumn> {
    if name == ITEM_COLUMN {
        return Some(TableColumn {
            name: ITEM_COLUMN.to_owned(),
            sql_type: SqlType::Jsonb,
            declared: false,
            key: false,
            not_null: true,
            default: None,
        });
    }
    let definition = &table.definition;
    if definition.columns.iter().any(|column| column.name == name) {
        return declared_columns(table)
            .into_iter()
            .find(|column| column.name == name);
    }
    if definition.key_schema.is_key(name) {
        return key_columns(table)
            .into_iter()
            .find(|column| column.name == name);
    }
    let observed = table.observed.get(name)?;
    Some(observed_column(name, observed))
}

fn known_names(table: &TableDescription) -> impl Iterator<Item = &str> {
    let definition = &table.definition;
    let schema = &definition.key_schema;
    definition
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .chain(std::iter::once(schema.partition.name.as_str()))
        .chain(schema.sort.as_ref().map(|sort| sort.name.as_str()))
        .chain(table.observed.keys().map(String::as_str))
        .chain(std::iter::once(ITEM_COLUMN))
}

/// 42703 with the nearest name as a hint.
pub(crate) fn undefined_column(table: &TableDescription, ident: &Ident, text: &str) -> SqlError {
    let nearest = nearest_name(&ident.value, known_names(table));
    SqlError::UndefinedColumn {
        name: ident.value.clone(),
        position: ident_position(text, ident),
        hint: nearest.map(|name| {
            format!(
                "Perhaps you meant to reference the column \"{}.{name}\".",
                table.definition.name
            )
        }),
    }
}

/// The known name within edits of half its letters, if any.
fn nearest_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .map(|known| (edit_distance(&name, &known.to_lowercase()), known))
        .min()
        .filter(|(distance, known)| *distance * 2 <= known.len().max(name.len()).max(2))
        .map(|(_, known)| known)
}

fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, to) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

/// What a name in FROM stands for.
#[derive(Clone, Debug)]
pub enum Relation {
    /// A table.
    Table(Arc<TableDescription>),
    /// The entries of an index of a table, by the index's exact name.
    Index(Arc<TableDescription>, String),
    /// A view.
    View(Arc<TableDescription>),
    /// A relation of pg_catalog or information_schema, which the analytic executor answers.
    System,
}

/// Whether a schema of that name exists.
pub fn is_schema(name: &str) -> bool {
    matches!(
        name.to_lowercase().as_str(),
        "public" | "pg_catalog" | "information_schema"
    )
}

/// Finds the table or system relation of a name in FROM: `table`, `schema.table`, `database.schema.table`; in PartiQL `table`. Where the
/// first of two parts is no schema, they are `table.index`.
///
/// # Errors
/// 42P01, 3F000.
pub fn find_relation(
    catalog: &dyn Catalog,
    name: &ObjectName,
    text: &str,
    dialect: Dialect,
) -> Result<Relation, SqlError> {
    let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
    let undefined = |ident: &Ident| SqlError::UndefinedTable {
        name: name.to_string().replace('"', ""),
        position: ident_position(text, ident),
    };
    let (schema, table) = match idents.as_slice() {
        [table] => (None, *table),
        [first, second] if dialect == Dialect::Postgres && is_schema(&first.value) => {
            (Some(first.value.to_lowercase()), *second)
        }
        [database, schema, table]
            if matches!(database.value.to_lowercase().as_str(), "shale" | "postgres")
                && is_schema(&schema.value) =>
        {
            (Some(schema.value.to_lowercase()), *table)
        }
        [table, index] => {
            let found = find_table(catalog, table, dialect);
            if let Some(table) = &found
                && let Some(index) = find_index(table, index, dialect)
            {
                return Ok(Relation::Index(Arc::clone(table), index));
            }
            return Err(match found {
                Some(_) => SqlError::UndefinedTable {
                    name: format!("{}.{}", table.value, index.value),
                    position: ident_position(text, index),
                },
                None if dialect == Dialect::Postgres => SqlError::Other {
                    sqlstate: "3F000",
                    message: format!("schema \"{}\" does not exist", table.value),
                    hint: None,
                },
                None => undefined(table),
            });
        }
        [first, ..] => return Err(undefined(first)),
        [] => {
            return Err(SqlError::UndefinedTable {
                name: name.to_string(),
                position: None,
            });
        }
    };
    match schema.as_deref() {
        Some("pg_catalog" | "information_schema") => return Ok(Relation::System),
        None if dialect == Dialect::Postgres && is_system_name(&table.value) => {
            return Ok(Relation::System);
        }
        _ => {}
    }
    if let Some(found) = find_table(catalog, table, dialect) {
        return Ok(Relation::Table(found));
    }
    // The service knows no views.
    match find_view(catalog, table).filter(|_| dialect == Dialect::Postgres) {
        Some(found) => Ok(Relation::View(found)),
        None => Err(undefined(idents[0])),
    }
}

/// The view that an identifier names.
pub fn find_view(catalog: &dyn Catalog, ident: &Ident) -> Option<Arc<TableDescription>> {
    if let Some(exact) = catalog.view(&ident.value) {
        return Some(exact);
    }
    if ident.quote_style.is_some() || !catalog.has_views() {
        return None;
    }
    let names = catalog.view_names();
    let mut found = names
        .iter()
        .filter(|name| name.eq_ignore_ascii_case(&ident.value));
    match (found.next(), found.next()) {
        (Some(only), None) => catalog.view(only),
        (Some(_), Some(_)) => catalog.view(&ident.value.to_lowercase()),
        _ => None,
    }
}

/// The index of a table that an identifier names.
pub fn find_index(table: &TableDescription, ident: &Ident, dialect: Dialect) -> Option<String> {
    let derived = &table.definition.derived;
    if let Some(exact) = derived.index(&ident.value) {
        return Some(exact.name.clone());
    }
    if ident.quote_style.is_some() || dialect == Dialect::PartiQl {
        return None;
    }
    let mut found = derived
        .indexes
        .iter()
        .filter(|index| index.name.eq_ignore_ascii_case(&ident.value));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only.name.clone()),
        _ => None,
    }
}

/// The table that an identifier names.
pub fn find_table(
    catalog: &dyn Catalog,
    ident: &Ident,
    dialect: Dialect,
) -> Option<Arc<TableDescription>> {
    if let Some(exact) = catalog.table(&ident.value) {
        return Some(exact);
    }
    if ident.quote_style.is_some() || dialect == Dialect::PartiQl {
        return None;
    }
    let names = catalog.table_names();
    let mut found = names
        .iter()
        .filter(|name| name.eq_ignore_ascii_case(&ident.value));
    match (found.next(), found.next()) {
        (Some(only), None) => catalog.table(only),
        (Some(_), Some(_)) => catalog.table(&ident.value.to_lowercase()),
        _ => None,
    }
}

/// A table by name for writing and DDL: like [`find_relation`], but system relations are refused.
pub(crate) fn table_for_write(
    catalog: &dyn Catalog,
    name: &ObjectName,
    text: &str,
    dialect: Dialect,
) -> Result<Arc<TableDescription>, SqlError> {
    match find_relation(catalog, name, text, dialect)? {
        Relation::Table(table) => Ok(table),
        Relation::View(view) => Err(SqlError::Other {
            sqlstate: "42809",
            message: format!("\"{}\" is not a table", view.definition.name),
            hint: None,
        }),
        Relation::Index(table, index) => Err(SqlError::Other {
            sqlstate: "42809",
            message: format!("\"{index}\" is an index"),
            hint: Some(format!("Write to its table: {}.", table.definition.name)),
        }),
        Relation::System => Err(SqlError::Other {
            sqlstate: "42501",
            message: format!("permission denied: \"{name}\" is a system catalog"),
            hint: None,
        }),
    }
}

/// The name that an identifier gives to something new.
pub(crate) fn created_name(ident: &Ident, dialect: Dialect) -> String {
    match (ident.quote_style, dialect) {
        (None, Dialect::Postgres) => ident.value.to_lowercase(),
        _ => ident.value.clone(),
    }
}

/// The name of a new table: one part, or `public.name`.
pub(crate) fn created_table_name(name: &ObjectName, dialect: Dialect) -> Result<String, SqlError> {
    let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
    let ident = match idents.as_slice() {
        [ident] => *ident,
        [schema, ident] if schema.value.eq_ignore_ascii_case("public") => *ident,
        [schema, _] if is_schema(&schema.value) => {
            return Err(SqlError::Other {
                sqlstate: "42501",
                message: format!("permission denied for schema {}", schema.value),
                hint: None,
            });
        }
        [schema, _] => {
            return Err(SqlError::Other {
                sqlstate: "3F000",
                message: format!("schema \"{}\" does not exist", schema.value),
                hint: Some("Tables live in the schema public.".into()),
            });
        }
        _ => {
            return Err(SqlError::NotSupported {
                feature: format!("the table name {name}"),
                hint: None,
            });
        }
    };
    let created = created_name(ident, dialect);
    if is_system_name(&created) {
        return Err(SqlError::Other {
            sqlstate: "42939",
            message: format!("unacceptable table name \"{created}\""),
            hint: Some(match OWN_VIEWS.contains(&created.to_lowercase().as_str()) {
                true => "It is the name of a system view.".into(),
                false => "The prefix \"pg_\" is reserved for system catalogs.".into(),
            }),
        });
    }
    Ok(created)
}

/// Views of pg_catalog that PostgreSQL does not have.
const OWN_VIEWS: [&str; 1] = ["shale_contributor_insights"];

/// Whether a name without a schema means a relation of pg_catalog, which is searched before public.
fn is_system_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with("pg_") || OWN_VIEWS.contains(&name.as_str())
}

/// The oid that the catalog shows for a table or a secondary index; the one behind it is the primary key's.
pub fn table_oid(id: TableId) -> i64 {
    FIRST_USER_OID + 2 * i64::from(id.0)
}

/// First oid that is not PostgreSQL's own. Tables and indexes share one sequence of numbers and have every second oid from here on.
const FIRST_USER_OID: i64 = 16_384;

/// Where a result column comes from that shows the column at that place (from 0) of `*`.
pub fn column_origin(table: TableId, index: usize) -> Option<ColumnOrigin> {
    Some(ColumnOrigin {
        table_oid: table_oid(table),
        number: i16::try_from(index + 1).ok()?,
    })
}
