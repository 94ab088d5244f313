//! INSERT: rows of constants, or of a query.

use super::ConstantQuery;
use super::check::{Check, checks_of};
use super::conflict::{self, Conflict};
use super::output::Outputs;
use crate::bind::{Binder, Scalar};
use crate::names::{
    Catalog, TableColumn, created_name, find_column, table_columns, table_for_write,
};
use crate::syntax::{Insert, InsertSource, Returning, parse_expression};
use crate::{Column, Dialect, SqlError, SqlType};
use shale_engine::TableDescription;
use shale_item::{AttributeValue, Item};
use sqlparser::ast::{Expr, Ident, Statement};
use std::sync::Arc;

/// A planned INSERT.
pub(crate) struct InsertPlan {
    pub table: Arc<TableDescription>,
    pub rows: Vec<InsertRow>,
    /// Declared columns that must not be NULL.
    pub required: Vec<String>,
    /// CHECK constraints.
    pub checks: Vec<Check>,
    pub conflict: Conflict,
    pub returning: Option<Outputs>,
    /// Computes [`Scalar::Computed`].
    pub constants: Option<Box<Statement>>,
    /// Whether what it computes depends on tables.
    pub reads_tables: bool,
}

/// Where the values of the rows of a query go.
pub(crate) struct InsertSelect {
    /// Attribute, type of its column: one for each column of the query.
    pub columns: Vec<(Arc<str>, SqlType)>,
    /// Defaults of the others.
    pub defaults: Vec<(Arc<str>, SqlType, Scalar)>,
}

impl InsertPlan {
    /// # Errors
    /// 23502 if a declared column that must not be NULL is.
    pub(crate) fn check_required(&self, item: &Item) -> Result<(), SqlError> {
        for name in &self.required {
            if matches!(item.get(name), None | Some(AttributeValue::Null)) {
                return Err(SqlError::NotNullViolation {
                    table: self.table.definition.name.clone(),
                    column: name.clone(),
                });
            }
        }
        Ok(())
    }
}

/// One row to insert.
pub(crate) enum InsertRow {
    /// Attribute, type of its column, value. Later ones do not repeat names.
    Values(Vec<(Arc<str>, SqlType, Scalar)>),
    /// A document: its members are the attributes, NULL is kept as NULL.
    Document {
        members: Vec<(String, SqlType, Scalar)>,
        /// Defaults of declared columns that the document does not name.
        defaults: Vec<(Arc<str>, SqlType, Scalar)>,
    },
    /// A document in one parameter.
    Parameter(Scalar),
}

/// Plans an INSERT; with the plan come the types of its parameters.
///
/// # Errors
/// Errors of the statement.
pub(crate) fn plan(
    catalog: &dyn Catalog,
    insert: &Insert,
    text: &str,
    dialect: Dialect,
    declared: &[SqlType],
) -> Result<(InsertPlan, Vec<SqlType>), SqlError> {
    let table = table_for_write(catalog, &insert.table, text, dialect)?;
    let mut binder = Binder::new(text, dialect, &table, declared);
    binder.alias = insert.alias.as_ref().map(|alias| alias.value.clone());
    let mut constants = ConstantQuery::default();
    let columns = match &insert.source {
        InsertSource::Documents(_) => vec![],
        _ => target_columns(&binder, insert, &table)?,
    };
    let rows = match &insert.source {
        // Planned by [`plan_select`].
        InsertSource::Query(_) => vec![],
        InsertSource::DefaultValues => vec![InsertRow::Values(defaults(&table, &[], dialect)?)],
        InsertSource::Rows(rows) => {
            let named = !insert.columns.is_empty();
            plan_rows(&mut binder, &mut constants, &table, &columns, named, rows)?
        }
        InsertSource::Documents(documents) => documents
            .iter()
            .map(|document| plan_document(&mut binder, &mut constants, &table, document))
            .collect::<Result<_, _>>()?,
    };
    let conflict = match &insert.on_conflict {
        None => Conflict::Fail,
        Some(on_conflict) => conflict::plan(&mut binder, &mut constants, &table, on_conflict)?,
    };
    binder.excluded = false;
    let returning = returning(&mut binder, &table, insert.returning.as_ref())?;
    let required = match dialect {
        Dialect::PartiQl => vec![],
        Dialect::Postgres => table_columns(&table)
            .into_iter()
            .filter(|column| column.not_null && (column.declared || column.key))
            .map(|column| column.name)
            .collect(),
    };
    let parameter_types = binder.parameter_types;
    let checks = match dialect {
        Dialect::PartiQl => vec![],
        Dialect::Postgres => checks_of(&table)?,
    };
    let plan = InsertPlan {
        table,
        rows,
        required,
        checks,
        conflict,
        returning,
        reads_tables: constants.reads_tables,
        constants: constants.into_statement(),
    };
    Ok((plan, parameter_types))
}

/// Plans where the columns of an INSERT's query go.
///
/// # Errors
/// 42601 for another number of columns, 42804 for types between which there is no assignment.
pub(crate) fn plan_select(
    table: &TableDescription,
    insert: &Insert,
    text: &str,
    source: &[Column],
) -> Result<InsertSelect, SqlError> {
    let binder = Binder::new(text, Dialect::Postgres, table, &[]);
    let mut targets = target_columns(&binder, insert, table)?;
    if source.len() > targets.len() {
        return Err(too_many_values(None));
    }
    if source.len() < targets.len() && !insert.columns.is_empty() {
        return Err(too_few_values());
    }
    targets.truncate(source.len());
    for (column, source) in targets.iter().zip(source) {
        let target = stored_type(column);
        if !is_assignable(&source.sql_type, &target) {
            return Err(not_assignable(column, &target, &source.sql_type));
        }
    }
    Ok(InsertSelect {
        defaults: defaults(table, &targets, Dialect::Postgres)?,
        columns: targets
            .iter()
            .map(|column| (Arc::from(column.name.as_str()), stored_type(column)))
            .collect(),
    })
}

fn too_many_values(position: crate::Position) -> SqlError {
    SqlError::Syntax {
        message: "INSERT has more expressions than target columns".into(),
        position,
    }
}

fn too_few_values() -> SqlError {
    SqlError::Syntax {
        message: "INSERT has more target columns than expressions".into(),
        position: None,
    }
}

/// The columns that the values go to.
fn target_columns(
    binder: &Binder<'_>,
    insert: &Insert,
    table: &TableDescription,
) -> Result<Vec<TableColumn>, SqlError> {
    if insert.columns.is_empty() {
        return Ok(table_columns(table));
    }
    let mut columns: Vec<TableColumn> = Vec::with_capacity(insert.columns.len());
    for ident in &insert.columns {
        let column = insert_column(table, ident, binder.dialect);
        if columns.iter().any(|known| known.name == column.name) {
            return Err(SqlError::DuplicateColumn { name: column.name });
        }
        if column.name == crate::names::ITEM_COLUMN {
            return Err(SqlError::NotSupported {
                feature: "writing the column _item".into(),
                hint: Some(
                    "INSERT INTO t VALUE {'attribute': value, …} writes a whole item.".into(),
                ),
            });
        }
        columns.push(column);
    }
    Ok(columns)
}

/// A column by name; an unknown one is a new attribute, whose values keep their own types.
fn insert_column(table: &TableDescription, ident: &Ident, dialect: Dialect) -> TableColumn {
    let quoted = ident.quote_style.is_some();
    match find_column(table, &ident.value, quoted, dialect) {
        Some(column) => column,
        None => TableColumn {
            name: created_name(ident, dialect),
            sql_type: SqlType::Unknown,
            declared: false,
            key: false,
            not_null: false,
            default: None,
        },
    }
}

/// The type that a column's values are cast to: attributes that nobody declared take any.
fn stored_type(column: &TableColumn) -> SqlType {
    if column.declared || column.key {
        column.sql_type.clone()
    } else {
        SqlType::Unknown
    }
}

fn plan_rows(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    table: &TableDescription,
    columns: &[TableColumn],
    named: bool,
    rows: &[Vec<Expr>],
) -> Result<Vec<InsertRow>, SqlError> {
    let names: Vec<Arc<str>> = columns
        .iter()
        .map(|column| Arc::from(column.name.as_str()))
        .collect();
    let unnamed = defaults(table, columns, binder.dialect)?;
    let mut planned = Vec::with_capacity(rows.len());
    for row in rows {
        if row.len() > columns.len() {
            let first = row.get(columns.len());
            return Err(too_many_values(
                first.and_then(|expr| super::position(binder.text, expr)),
            ));
        }
        if row.len() < columns.len() && named {
            return Err(too_few_values());
        }
        let mut values = Vec::with_capacity(row.len() + unnamed.len());
        for (position, expr) in row.iter().enumerate() {
            let column = &columns[position];
            let target = stored_type(column);
            let scalar = if is_default(expr) {
                default_of(column)?.unwrap_or(Scalar::Null)
            } else {
                value(binder, constants, expr, column, "INSERT")?
            };
            values.push((names[position].clone(), target, scalar));
        }
        // Without a list of columns a row may be shorter than the table; the rest gets its defaults.
        for (position, column) in columns.iter().enumerate().skip(row.len()) {
            if let Some(scalar) = default_of(column)? {
                values.push((names[position].clone(), stored_type(column), scalar));
            }
        }
        values.extend(unnamed.iter().cloned());
        planned.push(InsertRow::Values(values));
    }
    Ok(planned)
}

pub(super) fn is_default(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident)
        if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"))
}

/// A constant for a column; what is not evaluated here goes to the constant query.
pub(super) fn value(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    expr: &Expr,
    column: &TableColumn,
    place: &str,
) -> Result<Scalar, SqlError> {
    let target = stored_type(column);
    // A parameter for an attribute that nobody declared is of the type observed.
    let expected = match &target {
        SqlType::Unknown if column.sql_type.is_json() => SqlType::Unknown,
        SqlType::Unknown => column.sql_type.clone(),
        known => known.clone(),
    };
    match binder.scalar(expr, &expected)? {
        Some(Scalar::Untyped(text)) => {
            // Checked now, and converted once.
            match &target {
                SqlType::Unknown => Ok(Scalar::Untyped(text)),
                known => {
                    let datum = crate::datum::parse_text(known, &text)?;
                    Ok(Scalar::Typed(datum, known.clone()))
                }
            }
        }
        Some(scalar) => {
            check_assignable(binder, &scalar, &target, column)?;
            Ok(scalar)
        }
        None => constants.push(expr, place, binder.text),
    }
}

/// 42804 where PostgreSQL has no assignment cast, so that Describe already fails.
fn check_assignable(
    binder: &Binder<'_>,
    scalar: &Scalar,
    target: &SqlType,
    column: &TableColumn,
) -> Result<(), SqlError> {
    let own = match scalar {
        Scalar::Typed(_, own) | Scalar::Cast(_, own) | Scalar::Now(own) => own,
        _ => return Ok(()),
    };
    if binder.dialect == Dialect::PartiQl || is_assignable(own, target) {
        return Ok(());
    }
    Err(not_assignable(column, target, own))
}

/// Whether values of a type can be stored in a column of another.
fn is_assignable(own: &SqlType, target: &SqlType) -> bool {
    let dates = |sql_type: &SqlType| {
        matches!(
            sql_type,
            SqlType::Date | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Time
        )
    };
    *target == SqlType::Unknown
        || target.is_text()
        || own.is_text()
        || *own == SqlType::Unknown
        || own == target
        || (own.is_number() && target.is_number())
        || (own.is_json() && target.is_json())
        || (dates(own) && dates(target))
        || own.base_name() == target.base_name()
}

fn not_assignable(column: &TableColumn, target: &SqlType, own: &SqlType) -> SqlError {
    SqlError::DatatypeMismatch {
        message: format!(
            "column \"{}\" is of type {} but expression is of type {}",
            column.name,
            target.name(),
            own.name()
        ),
        position: None,
    }
}

fn default_of(column: &TableColumn) -> Result<Option<Scalar>, SqlError> {
    let Some(text) = &column.default else {
        return Ok(None);
    };
    default_scalar(text, &column.sql_type).map(Some)
}

/// A DEFAULT as the catalog stores it: CREATE TABLE takes only what is evaluated here.
pub(crate) fn default_scalar(text: &str, sql_type: &SqlType) -> Result<Scalar, SqlError> {
    let unusable = || SqlError::NotSupported {
        feature: format!("the expression \"{text}\" as a DEFAULT"),
        hint: Some(
            "Supported are constants, casts of them, now(), current_date and gen_random_uuid()."
                .into(),
        ),
    };
    let expr = parse_expression(text)?;
    let nothing = super::ddl::no_table();
    let mut binder = Binder::new(text, Dialect::Postgres, &nothing, &[]);
    let scalar = binder.scalar(&expr, sql_type)?.ok_or_else(unusable)?;
    match scalar {
        Scalar::Parameter(_) => Err(unusable()),
        Scalar::Untyped(text) => {
            let datum = crate::datum::parse_text(sql_type, &text)?;
            Ok(Scalar::Typed(datum, sql_type.clone()))
        }
        other => Ok(other),
    }
}

/// Defaults of the declared columns that are not among `named`.
pub(crate) fn defaults(
    table: &TableDescription,
    named: &[TableColumn],
    dialect: Dialect,
) -> Result<Vec<(Arc<str>, SqlType, Scalar)>, SqlError> {
    let mut found = Vec::new();
    if table.definition.hidden_key {
        let name = table.definition.key_schema.partition.name.as_str();
        if !named.iter().any(|column| column.name == name) {
            found.push((Arc::from(name), SqlType::Text, Scalar::Uuid));
        }
    }
    if dialect == Dialect::PartiQl {
        return Ok(found);
    }
    for column in table_columns(table) {
        if named.iter().all(|known| known.name != column.name)
            && let Some(scalar) = default_of(&column)?
        {
            found.push((Arc::from(column.name.as_str()), column.sql_type, scalar));
        }
    }
    Ok(found)
}

fn plan_document(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    table: &TableDescription,
    document: &Expr,
) -> Result<InsertRow, SqlError> {
    let Expr::Dictionary(fields) = document else {
        return match binder.scalar(document, &SqlType::Jsonb)? {
            Some(scalar @ (Scalar::Parameter(_) | Scalar::Cast(..) | Scalar::Typed(..))) => {
                Ok(InsertRow::Parameter(scalar))
            }
            _ => Err(SqlError::Syntax {
                message: "Expected: a document {'attribute': value, …}".into(),
                position: super::position(binder.text, document),
            }),
        };
    };
    let mut members: Vec<(String, SqlType, Scalar)> = Vec::with_capacity(fields.len());
    let mut named = Vec::new();
    for field in fields {
        let name = field.key.value.clone();
        if members.iter().any(|(known, _, _)| *known == name) {
            return Err(SqlError::DuplicateColumn { name });
        }
        let column = find_column(table, &name, true, Dialect::PartiQl)
            .filter(|_| binder.dialect == Dialect::Postgres)
            .unwrap_or_else(|| TableColumn {
                name: name.clone(),
                sql_type: SqlType::Unknown,
                declared: false,
                key: false,
                not_null: false,
                default: None,
            });
        let scalar = value(binder, constants, &field.value, &column, "INSERT")?;
        members.push((name, stored_type(&column), scalar));
        named.push(column);
    }
    Ok(InsertRow::Document {
        members,
        defaults: defaults(table, &named, binder.dialect)?,
    })
}

/// The result columns of RETURNING, whose rows are whole items; for PartiQL's forms the columns of `*`.
pub(super) fn returning(
    binder: &mut Binder<'_>,
    table: &TableDescription,
    returning: Option<&Returning>,
) -> Result<Option<Outputs>, SqlError> {
    match returning {
        None => Ok(None),
        Some(Returning::Image(..)) => Ok(Some(Outputs::all(table))),
        Some(Returning::Items(items)) => match binder.outputs(items)? {
            Some(outputs) => Ok(Some(outputs)),
            None => Err(SqlError::NotSupported {
                feature: "an expression in RETURNING".into(),
                hint: Some("RETURNING takes columns, paths, _item, * and constants.".into()),
            }),
        },
    }
}
