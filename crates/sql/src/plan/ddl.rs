//! CREATE TABLE and DROP TABLE.

use super::check::plan_check;
use super::index::{key_of_type, plan_local_index};
use super::insert::default_scalar;
use crate::datum::parse_interval;
use crate::names::{ROWID_COLUMN, created_name, created_table_name};
use crate::{Datum, Dialect, SqlError, SqlType};
use shale_engine::{
    BillingMode, ColumnDefinition, CreateTable, Derived, HistoryDefinition, IndexStatus,
    StreamDefinition, StreamView, TableDescription, TableStatus, TimeToLive,
};
use shale_item::{KeyAttribute, KeySchema, KeyType, TableId};
use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateIndex as CreateIndexAst, CreateTable as CreateTableAst,
    CreateTableOptions, Expr, Ident, PrimaryKeyConstraint, SqlOption, TableConstraint, Value,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest table name in bytes.
const TABLE_NAME_BYTES_MAX: usize = 255;
/// Longest name of the attribute with the expiry in bytes.
const TTL_ATTRIBUTE_BYTES_MAX: usize = 255;
/// Most columns of a table, as in PostgreSQL.
const COLUMNS_MAX: usize = 1_600;

/// A planned CREATE TABLE.
#[derive(Debug)]
pub(crate) struct CreateTablePlan {
    pub request: CreateTable,
    pub if_not_exists: bool,
}

/// A table without columns: the scope of expressions that stand outside of any.
pub(crate) fn no_table() -> TableDescription {
    TableDescription {
        id: TableId(0),
        uuid: String::new(),
        created_micros: 0,
        status: TableStatus::Active,
        definition: std::sync::Arc::new(CreateTable {
            name: String::new(),
            key_schema: KeySchema {
                partition: KeyAttribute {
                    name: String::new(),
                    key_type: KeyType::S,
                },
                sort: None,
            },
            billing_mode: BillingMode::PayPerRequest,
            columns: vec![],
            hidden_key: false,
            deletion_protection: false,
            settings: BTreeMap::new(),
            tags: BTreeMap::new(),
            sql: Default::default(),
            derived: Default::default(),
        }),
        observed: Arc::default(),
        item_count: 0,
        size_bytes: 0,
        sketches: Arc::default(),
        version: 0,
    }
}

pub(super) fn unsupported(feature: &str, hint: &str) -> SqlError {
    SqlError::NotSupported {
        feature: feature.into(),
        hint: (!hint.is_empty()).then(|| hint.into()),
    }
}

pub(super) fn invalid(message: String) -> SqlError {
    SqlError::InvalidTableDefinition { message }
}

/// Plans CREATE TABLE.
///
/// # Errors
/// 42P16 for keys that cannot be, 0A000 for what is not built, 42701, 42704.
pub(crate) fn plan_create(
    create: &CreateTableAst,
    local_indexes: &[CreateIndexAst],
    text: &str,
    dialect: Dialect,
) -> Result<CreateTablePlan, SqlError> {
    refuse(create)?;
    let name = created_table_name(&create.name, dialect)?;
    check_table_name(&name)?;
    if create.columns.len() > COLUMNS_MAX {
        return Err(invalid(format!(
            "tables can have at most {COLUMNS_MAX} columns"
        )));
    }
    let mut columns = Vec::with_capacity(create.columns.len());
    let mut key = Vec::new();
    let mut checks = Vec::new();
    for column in &create.columns {
        let planned = plan_column(column, &mut key, &mut checks, dialect)?;
        if columns
            .iter()
            .any(|known: &ColumnDefinition| known.name == planned.name)
        {
            return Err(SqlError::DuplicateColumn { name: planned.name });
        }
        columns.push(planned);
    }
    let mut keys_declared = usize::from(!key.is_empty());
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::PrimaryKey(primary) => {
                keys_declared += 1;
                key = primary_key(primary, &columns, dialect)?;
            }
            TableConstraint::Check(check) if check.enforced != Some(false) => {
                checks.push((check.name.clone(), Expr::clone(&check.expr)));
            }
            other => return Err(check_constraint_kind(other)),
        }
    }
    let key_constraint = create
        .constraints
        .iter()
        .any(|constraint| matches!(constraint, TableConstraint::PrimaryKey(_)));
    if keys_declared > 1 || (!key_constraint && key.len() > 1) {
        return Err(invalid(format!(
            "multiple primary keys for table \"{name}\" are not allowed"
        )));
    }
    let hidden_key = key.is_empty();
    let key_schema = if hidden_key {
        hidden_schema()
    } else {
        key_schema(&key, &columns)?
    };
    let options = plan_options(&create.table_options)?;
    let key_of = |ident: &Ident| {
        let name = key_column(ident, &columns, "LOCAL INDEX", dialect)?;
        let column = columns.iter().find(|column| column.name == name);
        let sql_type = column.and_then(|column| SqlType::parse(&column.sql_type));
        key_of_type(name, &sql_type.unwrap_or(SqlType::Text))
    };
    let indexes = local_indexes
        .iter()
        .map(|index| plan_local_index(index, &key_schema.partition, &key_of, dialect));
    let derived = Derived {
        indexes: indexes.collect::<Result<_, _>>()?,
        ttl: options.ttl,
        stream: options.stream,
        history: options.history,
        ..Derived::default()
    };
    let mut request = CreateTable {
        name,
        key_schema,
        billing_mode: options.billing_mode,
        columns,
        hidden_key,
        deletion_protection: options.deletion_protection,
        settings: options.settings,
        tags: BTreeMap::new(),
        sql: Default::default(),
        derived,
    };
    for (name, expr) in &checks {
        let (check, _) = match plan_check(&request, name.as_ref(), expr, text) {
            Err(SqlError::Other {
                sqlstate: "42710", ..
            }) => {
                let name = name.as_ref().map(|name| created_name(name, dialect));
                return Err(SqlError::Other {
                    sqlstate: "42710",
                    message: format!(
                        "check constraint \"{}\" already exists",
                        name.unwrap_or_default()
                    ),
                    hint: None,
                });
            }
            planned => planned?,
        };
        request.sql.checks.push(check);
    }
    Ok(CreateTablePlan {
        request,
        if_not_exists: create.if_not_exists,
    })
}

/// Whether a table or view can have that name.
///
/// # Errors
/// 42P16
pub(super) fn check_table_name(name: &str) -> Result<(), SqlError> {
    if name.is_empty() || name.len() > TABLE_NAME_BYTES_MAX {
        return Err(invalid(format!(
            "a table name has 1 to {TABLE_NAME_BYTES_MAX} bytes"
        )));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.chars().all(allowed) {
        return Err(invalid(format!(
            "table name \"{name}\" may hold only letters a to z, digits, '_', '-' and '.'"
        )));
    }
    Ok(())
}

fn refuse(create: &CreateTableAst) -> Result<(), SqlError> {
    if create.temporary {
        return Err(unsupported(
            "CREATE TEMPORARY TABLE",
            "Create a table and drop it.",
        ));
    }
    if create.query.is_some() {
        return Err(unsupported(
            "CREATE TABLE … AS",
            "Create the table, then INSERT or COPY the rows.",
        ));
    }
    if create.like.is_some() || create.clone.is_some() {
        return Err(unsupported("CREATE TABLE … LIKE", "Name the columns."));
    }
    if create.inherits.is_some() || create.partition_of.is_some() || create.partition_by.is_some() {
        return Err(unsupported(
            "a table that inherits or has declared partitions",
            "Tables are partitioned by the hash of their partition key.",
        ));
    }
    let foreign = create.or_replace
        || create.external
        || create.dynamic
        || create.global.is_some()
        || create.transient
        || create.volatile
        || create.iceberg
        || create.snapshot
        || create.without_rowid
        || create.on_commit.is_some()
        || create.primary_key.is_some()
        || create.order_by.is_some()
        || create.cluster_by.is_some()
        || create.clustered_by.is_some()
        || create.strict
        || create.comment.is_some()
        || create.file_format.is_some()
        || create.location.is_some();
    if foreign {
        return Err(unsupported("this form of CREATE TABLE", ""));
    }
    Ok(())
}

/// What is said of a constraint that is neither the primary key nor a CHECK.
pub(super) fn check_constraint_kind(constraint: &TableConstraint) -> SqlError {
    match constraint {
        TableConstraint::Unique(_) => unsupported(
            "UNIQUE",
            "Only the primary key is unique. Keep a second table keyed by the unique value.",
        ),
        TableConstraint::ForeignKey(_) => unsupported(
            "FOREIGN KEY",
            "References between tables are not enforced; leave the constraint out.",
        ),
        TableConstraint::PrimaryKey(_) => unsupported(
            "adding a PRIMARY KEY",
            "The primary key is that of CREATE TABLE.",
        ),
        _ => unsupported("this table constraint", ""),
    }
}

/// A CHECK as it is written: its name, if it has one, and its expression.
pub(super) type WrittenCheck = (Option<Ident>, Expr);

pub(super) fn plan_column(
    column: &ColumnDef,
    key: &mut Vec<String>,
    checks: &mut Vec<WrittenCheck>,
    dialect: Dialect,
) -> Result<ColumnDefinition, SqlError> {
    let name = created_name(&column.name, dialect);
    if name == crate::names::ITEM_COLUMN || name == ROWID_COLUMN {
        return Err(SqlError::Other {
            sqlstate: "42701",
            message: format!("column name \"{name}\" conflicts with a system column name"),
            hint: None,
        });
    }
    let sql_type = SqlType::from_ast(&column.data_type)?;
    match &sql_type {
        SqlType::Interval => {
            return Err(unsupported(
                "a column of type interval",
                "Store a number of seconds, or two timestamps.",
            ));
        }
        SqlType::Name | SqlType::SingleChar | SqlType::Oid => {
            return Err(unsupported(
                &format!("a column of type {}", sql_type.name()),
                "Use text or bigint.",
            ));
        }
        _ => {}
    }
    let mut not_null = false;
    let mut default = None;
    for option in &column.options {
        match &option.option {
            ColumnOption::Null => {}
            ColumnOption::NotNull => not_null = true,
            ColumnOption::Default(expr) => {
                let text = expr.to_string();
                default_scalar(&text, &sql_type)?;
                default = Some(text);
            }
            ColumnOption::PrimaryKey(_) => {
                key.push(name.clone());
                not_null = true;
            }
            ColumnOption::Unique(_) => {
                return Err(unsupported(
                    "UNIQUE",
                    "Only the primary key is unique. Keep a second table keyed by the unique value.",
                ));
            }
            ColumnOption::ForeignKey(_) => {
                return Err(unsupported(
                    "REFERENCES",
                    "References between tables are not enforced; leave the constraint out.",
                ));
            }
            ColumnOption::Check(check) => {
                if check.enforced == Some(false) {
                    return Err(unsupported("a CHECK that is NOT ENFORCED", ""));
                }
                let given = check.name.as_ref().or(option.name.as_ref());
                checks.push((given.cloned(), Expr::clone(&check.expr)));
            }
            ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
                return Err(unsupported(
                    "a GENERATED or IDENTITY column",
                    "There are no sequences; use uuid DEFAULT gen_random_uuid().",
                ));
            }
            ColumnOption::Collation(_) => {
                return Err(unsupported(
                    "COLLATE",
                    "Strings are ordered by their bytes.",
                ));
            }
            other => return Err(unsupported(&format!("the column option {other}"), "")),
        }
    }
    Ok(ColumnDefinition {
        name,
        sql_type: sql_type.name(),
        not_null,
        default,
    })
}

/// The columns of PRIMARY KEY (…), HASH first; the words HASH and RANGE may stand behind them.
fn primary_key(
    primary: &PrimaryKeyConstraint,
    columns: &[ColumnDefinition],
    dialect: Dialect,
) -> Result<Vec<String>, SqlError> {
    let mut hash = Vec::new();
    let mut range = Vec::new();
    let mut plain = Vec::new();
    for index_column in &primary.columns {
        let Expr::Identifier(ident) = &index_column.column.expr else {
            return Err(invalid(format!(
                "\"{}\" in PRIMARY KEY is no column",
                index_column.column.expr
            )));
        };
        let name = key_column(ident, columns, "PRIMARY KEY", dialect)?;
        let word = index_column
            .operator_class
            .as_ref()
            .map(|class| class.to_string().to_uppercase());
        match word.as_deref() {
            None => plain.push(name),
            Some("HASH") => hash.push(name),
            Some("RANGE") => range.push(name),
            Some(word) => {
                return Err(invalid(format!(
                    "{word} in PRIMARY KEY: a key column is HASH or RANGE"
                )));
            }
        }
    }
    if hash.len() > 1
        || range.len() > 1
        || (hash.is_empty() && !range.is_empty() && plain.is_empty())
    {
        return Err(invalid(
            "a primary key has one HASH column and at most one RANGE column".into(),
        ));
    }
    let mut key = hash;
    if key.is_empty() && !plain.is_empty() {
        key.push(plain.remove(0));
    }
    key.extend(plain);
    key.extend(range);
    Ok(key)
}

fn key_column(
    ident: &Ident,
    columns: &[ColumnDefinition],
    clause: &str,
    dialect: Dialect,
) -> Result<String, SqlError> {
    let name = created_name(ident, dialect);
    if columns.iter().any(|column| column.name == name) {
        Ok(name)
    } else {
        Err(SqlError::UndefinedColumn {
            name,
            position: None,
            hint: Some(format!("{clause} names columns of the table.")),
        })
    }
}

pub(super) fn hidden_schema() -> KeySchema {
    KeySchema {
        partition: KeyAttribute {
            name: ROWID_COLUMN.to_owned(),
            key_type: KeyType::S,
        },
        sort: None,
    }
}

fn key_schema(key: &[String], columns: &[ColumnDefinition]) -> Result<KeySchema, SqlError> {
    if key.len() > 2 {
        return Err(invalid(format!(
            "the primary key has {} columns: a key is one HASH column, which spreads the items, and at most one RANGE column, which orders them under it",
            key.len()
        )));
    }
    let mut attributes = Vec::with_capacity(2);
    for name in key {
        if attributes
            .iter()
            .any(|known: &KeyAttribute| known.name == *name)
        {
            return Err(SqlError::DuplicateColumn { name: name.clone() });
        }
        let column = columns.iter().find(|column| column.name == *name);
        let sql_type = column.and_then(|column| SqlType::parse(&column.sql_type));
        let key_type = sql_type.as_ref().and_then(SqlType::key_type);
        let Some(key_type) = key_type else {
            return Err(invalid(format!(
                "column \"{name}\" of type {} cannot be part of the primary key: keys are strings, numbers or binary",
                sql_type.map_or_else(|| "unknown".to_owned(), |sql_type| sql_type.name())
            )));
        };
        attributes.push(KeyAttribute {
            name: name.clone(),
            key_type,
        });
    }
    let mut attributes = attributes.into_iter();
    match attributes.next() {
        Some(partition) => Ok(KeySchema {
            partition,
            sort: attributes.next(),
        }),
        None => Ok(hidden_schema()),
    }
}

/// What WITH says of a new table.
pub(super) struct TableOptions {
    pub billing_mode: BillingMode,
    pub deletion_protection: bool,
    pub settings: BTreeMap<String, String>,
    pub ttl: Option<TimeToLive>,
    pub stream: Option<StreamDefinition>,
    pub history: Option<HistoryDefinition>,
}

pub(super) fn plan_options(options: &CreateTableOptions) -> Result<TableOptions, SqlError> {
    let list = match options {
        CreateTableOptions::None => &[][..],
        CreateTableOptions::With(list) => list.as_slice(),
        other => return Err(unsupported(&format!("{other}"), "")),
    };
    let mut planned = TableOptions {
        billing_mode: BillingMode::PayPerRequest,
        deletion_protection: false,
        settings: BTreeMap::new(),
        ttl: None,
        stream: None,
        history: None,
    };
    let mut mode: Option<String> = None;
    let (mut read, mut write) = (None, None);
    for option in list {
        let SqlOption::KeyValue { key, value } = option else {
            return Err(unsupported(&format!("the table option {option}"), ""));
        };
        let name = key.value.to_lowercase();
        let text = option_text(value);
        let bad = || SqlError::InvalidParameter {
            name: name.clone(),
            value: text.clone(),
        };
        match name.as_str() {
            "billing_mode" => mode = Some(text.to_lowercase()),
            "read_capacity" => read = Some(capacity(&text).ok_or_else(bad)?),
            "write_capacity" => write = Some(capacity(&text).ok_or_else(bad)?),
            "deletion_protection" => {
                planned.deletion_protection = text.parse().map_err(|_| bad())?;
            }
            "table_class" => {
                let class = text.to_uppercase();
                if !matches!(class.as_str(), "STANDARD" | "STANDARD_INFREQUENT_ACCESS") {
                    return Err(bad());
                }
                planned.settings.insert("table_class".into(), class);
            }
            "ttl" => {
                planned.ttl = Some(TimeToLive {
                    attribute: ttl_attribute(&text).ok_or_else(bad)?,
                    // Given by the engine.
                    id: 0,
                    status: IndexStatus::Creating,
                });
            }
            "stream" => {
                planned.stream = Some(StreamDefinition {
                    view: stream_view(&text).ok_or_else(bad)?,
                    // Given by the engine.
                    id: 0,
                    created_micros: 0,
                });
            }
            "history" => {
                planned.history = Some(HistoryDefinition {
                    seconds: history_seconds(&text).ok_or_else(bad)?,
                    // Given by the engine.
                    id: 0,
                });
            }
            _ => {
                return Err(SqlError::Other {
                    sqlstate: "22023",
                    message: format!("unrecognized parameter \"{name}\""),
                    hint: Some(
                        "Table options are billing_mode, read_capacity, write_capacity, table_class, deletion_protection, ttl, stream and history."
                            .into(),
                    ),
                });
            }
        }
    }
    planned.billing_mode = match (mode.as_deref(), read, write) {
        (None | Some("pay_per_request"), None, None) => BillingMode::PayPerRequest,
        (None | Some("provisioned"), Some(read), Some(write)) => {
            BillingMode::Provisioned { read, write }
        }
        (Some("pay_per_request"), _, _) | (Some("provisioned") | None, _, _) => {
            return Err(SqlError::InvalidParameter {
                name: "billing_mode".into(),
                value: "provisioned needs read_capacity and write_capacity, pay_per_request has neither"
                    .into(),
            });
        }
        (Some(other), _, _) => {
            return Err(SqlError::InvalidParameter {
                name: "billing_mode".into(),
                value: other.into(),
            });
        }
    };
    Ok(planned)
}

/// What the records of a stream hold.
pub(crate) fn stream_view(text: &str) -> Option<StreamView> {
    match text.to_lowercase().as_str() {
        "keys_only" => Some(StreamView::KeysOnly),
        "new_image" => Some(StreamView::NewImage),
        "old_image" => Some(StreamView::OldImage),
        "new_and_old_images" => Some(StreamView::NewAndOldImages),
        _ => None,
    }
}

/// For how many seconds history is kept: PostgreSQL's text of an interval, such as `1h` or `2 days`, in whole seconds.
pub(crate) fn history_seconds(text: &str) -> Option<u64> {
    const SECOND: i64 = 1_000_000;
    let Ok(Datum::Interval {
        months,
        days,
        micros,
    }) = parse_interval(text)
    else {
        return None;
    };
    let days = i64::from(months) * 30 + i64::from(days);
    let days = days.checked_mul(86_400)?;
    let seconds = days.checked_add(micros / SECOND)?;
    let whole = micros % SECOND == 0;
    u64::try_from(seconds).ok().filter(|_| whole)
}

/// The name of the attribute with the expiry.
pub(crate) fn ttl_attribute(text: &str) -> Option<String> {
    (1..=TTL_ATTRIBUTE_BYTES_MAX)
        .contains(&text.len())
        .then(|| text.to_owned())
}

fn capacity(text: &str) -> Option<u64> {
    text.parse().ok().filter(|units| *units >= 1)
}

pub(super) fn option_text(value: &Expr) -> String {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        Expr::Identifier(ident) => ident.value.clone(),
        other => other.to_string(),
    }
}
