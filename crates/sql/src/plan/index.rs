//! CREATE INDEX, DROP INDEX, LOCAL INDEX in CREATE TABLE, and ALTER TABLE … SET.
//!
//! Not here: filling an index (`engine`), which one a query reads (`access`).
//!
//! As in PostgreSQL, an index by itself holds keys, and what it does not hold is fetched from the table. `INCLUDE (…)` adds attributes to
//! its entries, `WITH (projection = 'all')` the whole item.

use super::ddl::{history_seconds, invalid, option_text, stream_view, ttl_attribute, unsupported};
use super::insert::is_default;
use crate::names::{Catalog, created_name, find_column, undefined_column};
use crate::{Dialect, SqlError, SqlType};
use shale_engine::{
    Index, IndexKind, IndexProjection, IndexStatus, TableChanges, TableDescription,
};
use shale_item::{KeyAttribute, KeyType, TableId};
use sqlparser::ast::{
    BinaryOperator, CreateIndex as CreateIndexAst, Expr, Ident, IndexColumn, IndexType, ObjectName,
    SqlOption,
};
use std::sync::Arc;

/// Longest index name in bytes.
const INDEX_NAME_BYTES_MAX: usize = 255;

/// A planned CREATE INDEX.
#[derive(Debug)]
pub(crate) struct CreateIndexPlan {
    pub table: String,
    pub index: Index,
    pub if_not_exists: bool,
}

/// Plans CREATE INDEX on a table that is there.
///
/// # Errors
/// 42703 for attributes that the table does not show, 42P16, 0A000 for what indexes do not do.
pub(crate) fn plan_create_index(
    create: &CreateIndexAst,
    table: &TableDescription,
    text: &str,
    dialect: Dialect,
) -> Result<CreateIndexPlan, SqlError> {
    let key_of = |ident: &Ident| key_attribute(table, ident, text, dialect);
    let (partition, sort) = keys(&create.columns, &key_of)?;
    let name = match &create.name {
        Some(name) => index_name(name, dialect)?,
        None => default_name(table, &partition, &sort),
    };
    Ok(CreateIndexPlan {
        table: table.definition.name.clone(),
        index: Index {
            kind: IndexKind::Global,
            partition,
            sort,
            ..plan_index(create, name, &|ident| {
                column_name(table, ident, text, dialect)
            })?
        },
        if_not_exists: create.if_not_exists,
    })
}

/// Plans a LOCAL INDEX of a new table: its key is the table's HASH attribute and one RANGE attribute.
///
/// # Errors
/// As [`plan_create_index`].
pub(crate) fn plan_local_index(
    create: &CreateIndexAst,
    hash: &KeyAttribute,
    column: &dyn Fn(&Ident) -> Result<KeyAttribute, SqlError>,
    dialect: Dialect,
) -> Result<Index, SqlError> {
    let (mut keys, rest) = keys(&create.columns, column)?;
    keys.extend(rest);
    let [sort] = keys.as_slice() else {
        return Err(invalid(
            "a LOCAL INDEX names one column, which orders the items under the HASH key".into(),
        ));
    };
    let name = match &create.name {
        Some(name) => index_name(name, dialect)?,
        None => return Err(invalid("a LOCAL INDEX needs a name".into())),
    };
    let include = |ident: &Ident| Ok(created_name(ident, dialect));
    Ok(Index {
        kind: IndexKind::Local,
        partition: vec![hash.clone()],
        sort: vec![sort.clone()],
        ..plan_index(create, name, &include)?
    })
}

/// Everything but kind and keys.
fn plan_index(
    create: &CreateIndexAst,
    name: String,
    column: &dyn Fn(&Ident) -> Result<String, SqlError>,
) -> Result<Index, SqlError> {
    refuse(create)?;
    let included: Vec<String> = create
        .include
        .iter()
        .map(column)
        .collect::<Result<_, _>>()?;
    let keys_or_included = match included.is_empty() {
        true => IndexProjection::KeysOnly,
        false => IndexProjection::Include(included),
    };
    Ok(Index {
        name,
        // Given by the engine.
        id: TableId(0),
        kind: IndexKind::Global,
        partition: vec![],
        sort: vec![],
        projection: projection(&create.with)?.unwrap_or(keys_or_included),
        provisioned: None,
        status: IndexStatus::Creating,
    })
}

fn refuse(create: &CreateIndexAst) -> Result<(), SqlError> {
    if create.unique {
        return Err(unsupported(
            "CREATE UNIQUE INDEX",
            "Only the primary key is unique. Keep a second table keyed by the unique value, written in the same transaction.",
        ));
    }
    if create.predicate.is_some() {
        return Err(unsupported(
            "a partial index (WHERE)",
            "Indexes are sparse: an item without one of the index's attributes has no entry.",
        ));
    }
    if create.nulls_distinct.is_some() {
        return Err(unsupported("NULLS [NOT] DISTINCT", ""));
    }
    match &create.using {
        None | Some(IndexType::BTree) => {}
        Some(other) => {
            return Err(unsupported(
                &format!("an index of type {}", other.to_string().to_lowercase()),
                "All indexes are ordered, as btree is.",
            ));
        }
    }
    if !create.index_options.is_empty() || !create.alter_options.is_empty() {
        return Err(unsupported("this form of CREATE INDEX", ""));
    }
    Ok(())
}

/// HASH and RANGE attributes: by the words behind the columns, or without such words the first one is HASH.
fn keys(
    columns: &[IndexColumn],
    key_of: &dyn Fn(&Ident) -> Result<KeyAttribute, SqlError>,
) -> Result<(Vec<KeyAttribute>, Vec<KeyAttribute>), SqlError> {
    let (mut hash, mut range, mut plain) = (vec![], vec![], vec![]);
    for column in columns {
        let Expr::Identifier(ident) = &column.column.expr else {
            return Err(unsupported(
                "an index on an expression",
                "Store the value in an attribute of its own.",
            ));
        };
        // Entries are read in either direction, so that DESC asks for nothing that is not there; NULLs have no entries.
        if column.column.options.nulls_first.is_some() {
            return Err(unsupported(
                "NULLS FIRST and NULLS LAST in an index",
                "An item without one of the index's attributes has no entry.",
            ));
        }
        let key = key_of(ident)?;
        let word = column.operator_class.as_ref();
        match word.map(|word| word.to_string().to_uppercase()).as_deref() {
            None => plain.push(key),
            Some("HASH") => hash.push(key),
            Some("RANGE") => range.push(key),
            Some(word) => {
                return Err(unsupported(&format!("the operator class {word}"), ""));
            }
        }
    }
    if hash.is_empty() && !plain.is_empty() {
        hash.push(plain.remove(0));
    }
    plain.extend(range);
    Ok((hash, plain))
}

fn projection(options: &[Expr]) -> Result<Option<IndexProjection>, SqlError> {
    let mut projection = None;
    for option in options {
        let Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } = option
        else {
            return Err(unsupported(&format!("the index option {option}"), ""));
        };
        let (name, value) = (left.to_string().to_lowercase(), option_text(right));
        match (name.as_str(), value.to_lowercase().as_str()) {
            ("projection", "all") => projection = Some(IndexProjection::All),
            ("projection", "keys_only") => projection = Some(IndexProjection::KeysOnly),
            ("projection", _) => return Err(SqlError::InvalidParameter { name, value }),
            _ => {
                return Err(SqlError::Other {
                    sqlstate: "22023",
                    message: format!("unrecognized parameter \"{name}\""),
                    hint: Some("The index option is projection: 'all' or 'keys_only'.".into()),
                });
            }
        }
    }
    Ok(projection)
}

fn index_name(name: &ObjectName, dialect: Dialect) -> Result<String, SqlError> {
    let ident = name.0.last().and_then(|part| part.as_ident());
    checked_name(ident.map_or_else(|| name.to_string(), |ident| created_name(ident, dialect)))
}

/// Whether an index can have that name.
///
/// # Errors
/// 42P16
pub(crate) fn checked_name(name: String) -> Result<String, SqlError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > INDEX_NAME_BYTES_MAX || !name.chars().all(allowed) {
        return Err(invalid(format!(
            "index name \"{name}\" may hold only letters a to z, digits, '_', '-' and '.', 1 to {INDEX_NAME_BYTES_MAX} of them"
        )));
    }
    Ok(name)
}

/// As PostgreSQL names an index: table, columns, `idx`, and a number if that is taken.
fn default_name(
    table: &TableDescription,
    partition: &[KeyAttribute],
    sort: &[KeyAttribute],
) -> String {
    let mut parts = vec![table.definition.name.as_str()];
    parts.extend(partition.iter().chain(sort).map(|key| key.name.as_str()));
    parts.push("idx");
    let name = parts.join("_");
    let free = |name: &String| table.definition.derived.index(name).is_none();
    let numbered = (1..).map(|number| format!("{name}{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .find(free)
        .unwrap_or_default()
}

fn column_name(
    table: &TableDescription,
    ident: &Ident,
    text: &str,
    dialect: Dialect,
) -> Result<String, SqlError> {
    let quoted = ident.quote_style.is_some();
    match find_column(table, &ident.value, quoted, dialect) {
        Some(column) => Ok(column.name),
        // Attributes that nobody has written yet may be included all the same, but not misspelt columns.
        None if table.definition.columns.is_empty() => Ok(created_name(ident, dialect)),
        None => Err(undefined_column(table, ident, text)),
    }
}

fn key_attribute(
    table: &TableDescription,
    ident: &Ident,
    text: &str,
    dialect: Dialect,
) -> Result<KeyAttribute, SqlError> {
    let quoted = ident.quote_style.is_some();
    let Some(column) = find_column(table, &ident.value, quoted, dialect) else {
        return Err(undefined_column(table, ident, text));
    };
    key_of_type(column.name, &column.sql_type)
}

/// The key attribute that a column makes.
///
/// # Errors
/// 42P16 if its type is none of keys.
pub(crate) fn key_of_type(name: String, sql_type: &SqlType) -> Result<KeyAttribute, SqlError> {
    let key_type: Option<KeyType> = sql_type.key_type();
    match key_type {
        Some(key_type) => Ok(KeyAttribute { name, key_type }),
        None => Err(invalid(format!(
            "column \"{name}\" of type {} cannot be part of an index: keys are strings, numbers or binary",
            sql_type.name()
        ))),
    }
}

/// The table and index that DROP INDEX names: `index`, `table.index`, or either behind a schema.
///
/// # Errors
/// 42704 if there is none, 42P09 if several tables have an index of that name.
pub(crate) fn find_index(
    catalog: &dyn Catalog,
    name: &ObjectName,
    dialect: Dialect,
) -> Result<(Arc<TableDescription>, String), SqlError> {
    let mut idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
    if let [first, _, ..] = idents.as_slice()
        && first.value.eq_ignore_ascii_case("public")
        && catalog.table(&first.value).is_none()
    {
        idents.remove(0);
    }
    let undefined = || SqlError::Other {
        sqlstate: "42704",
        message: format!(
            "index \"{}\" does not exist",
            name.to_string().replace('"', "")
        ),
        hint: None,
    };
    let matches = |table: &TableDescription, ident: &Ident| -> Option<String> {
        let created = created_name(ident, dialect);
        let indexes = &table.definition.derived;
        let found = indexes
            .index(&ident.value)
            .or_else(|| indexes.index(&created));
        found.map(|index| index.name.clone())
    };
    match idents.as_slice() {
        [table, index] => {
            let table = crate::names::find_table(catalog, table, dialect).ok_or_else(undefined)?;
            let index = matches(&table, index).ok_or_else(undefined)?;
            Ok((table, index))
        }
        [index] => {
            let names = catalog.table_names();
            let tables = names.iter().filter_map(|name| catalog.table(name));
            let mut found = tables.filter_map(|table| {
                let index = matches(&table, index)?;
                Some((table, index))
            });
            match (found.next(), found.next()) {
                (Some(only), None) => Ok(only),
                (Some((one, index)), Some((other, _))) => Err(SqlError::Other {
                    sqlstate: "42P09",
                    message: format!("index name \"{index}\" is ambiguous"),
                    hint: Some(format!(
                        "Tables {} and {} have one; name the table: DROP INDEX {}.{index}.",
                        one.definition.name, other.definition.name, one.definition.name
                    )),
                }),
                _ => Err(undefined()),
            }
        }
        _ => Err(undefined()),
    }
}

/// Plans `ALTER TABLE t SET (option = value, …)` and RESET. An empty text switches an option off, DEFAULT as well, if it is on.
///
/// # Errors
/// 22023 for options that are none.
pub(crate) fn alter_options(
    options: &[SqlOption],
    table: &TableDescription,
    changes: &mut TableChanges,
) -> Result<(), SqlError> {
    let mut options = options.iter();
    options.try_for_each(|option| alter_option(option, table, changes))
}

fn alter_option(
    option: &SqlOption,
    table: &TableDescription,
    changes: &mut TableChanges,
) -> Result<(), SqlError> {
    let SqlOption::KeyValue { key, value } = option else {
        return Err(unsupported(&format!("the table option {option}"), ""));
    };
    let name = key.value.to_lowercase();
    if is_default(value) {
        return reset_option(&name, table, changes);
    }
    let value = option_text(value);
    let bad = || SqlError::InvalidParameter {
        name: name.clone(),
        value: value.clone(),
    };
    match name.as_str() {
        "ttl" if value.is_empty() => changes.ttl = Some(None),
        "ttl" => changes.ttl = Some(Some(ttl_attribute(&value).ok_or_else(bad)?)),
        "stream" if value.is_empty() => changes.stream = Some(None),
        "stream" => changes.stream = Some(Some(stream_view(&value).ok_or_else(bad)?)),
        "history" if value.is_empty() => changes.history = Some(None),
        "history" => changes.history = Some(Some(history_seconds(&value).ok_or_else(bad)?)),
        "deletion_protection" => {
            changes.deletion_protection = Some(value.parse().map_err(|_| bad())?);
        }
        _ => return Err(no_option(&name)),
    }
    Ok(())
}

/// An option of RESET. As in PostgreSQL it does no harm to reset what was not set.
fn reset_option(
    name: &str,
    table: &TableDescription,
    changes: &mut TableChanges,
) -> Result<(), SqlError> {
    let derived = &table.definition.derived;
    match name {
        "ttl" => changes.ttl = derived.ttl.is_some().then_some(None),
        "stream" => changes.stream = derived.stream.is_some().then_some(None),
        "history" => changes.history = derived.history.is_some().then_some(None),
        "deletion_protection" => changes.deletion_protection = Some(false),
        _ => return Err(no_option(name)),
    }
    Ok(())
}

fn no_option(name: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "22023",
        message: format!("unrecognized parameter \"{name}\""),
        hint: Some("ALTER TABLE sets ttl, stream, history and deletion_protection.".into()),
    }
}
