//! SELECT of functions that do something to the session or to others: `pg_sleep`, `pg_notify`, advisory locks, `set_config`.
//!
//! They stand in a list without FROM, beside constants: there it is clear when and how often they are called. Not here: calling them
//! (`session::calls`).

use super::ConstantQuery;
use super::constant::{constant, list_only};
use super::ddl::no_table;
use crate::advisory::{Mode, Scope};
use crate::bind::{Binder, Scalar, plain_arguments};
use crate::{Column, Dialect, SqlError, SqlType};
use sqlparser::ast::{Expr, Query, SelectItem, Statement};
use std::sync::Arc;

/// A function that is called by the session itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionFunction {
    Sleep,
    SleepFor,
    Notify,
    ListeningChannels,
    Cancel,
    Terminate,
    SetConfig,
    Lock(Mode, Scope),
    TryLock(Mode, Scope),
    Unlock(Mode),
    UnlockAll,
    BackendPid,
}

/// A value of the row.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Scalar(Scalar),
    /// With the types of its parameters.
    Call(SessionFunction, Vec<(Scalar, SqlType)>),
}

/// A planned SELECT of calls.
#[derive(Debug)]
pub(crate) struct CallsPlan {
    pub items: Vec<Item>,
    /// Computes [`Scalar::Computed`].
    pub constants: Option<Box<Statement>>,
    pub columns: Arc<[Column]>,
}

use SessionFunction as F;

/// Name, function, types of its arguments, how many of them are required, type of its value.
type Signature = (&'static str, F, &'static [SqlType], usize, SqlType);

const LONG: &[SqlType] = &[SqlType::Int8];
const NONE: &[SqlType] = &[];
const EXCLUSIVE: Mode = Mode::Exclusive;
const SHARED: Mode = Mode::Shared;

const FUNCTIONS: &[Signature] = &[
    ("pg_sleep", F::Sleep, &[SqlType::Float8], 1, SqlType::Text),
    (
        "pg_sleep_for",
        F::SleepFor,
        &[SqlType::Interval],
        1,
        SqlType::Text,
    ),
    (
        "pg_notify",
        F::Notify,
        &[SqlType::Text, SqlType::Text],
        2,
        SqlType::Text,
    ),
    (
        "pg_listening_channels",
        F::ListeningChannels,
        NONE,
        0,
        SqlType::Text,
    ),
    (
        "pg_cancel_backend",
        F::Cancel,
        &[SqlType::Int4],
        1,
        SqlType::Bool,
    ),
    (
        "pg_terminate_backend",
        F::Terminate,
        &[SqlType::Int4, SqlType::Int8],
        1,
        SqlType::Bool,
    ),
    ("pg_backend_pid", F::BackendPid, NONE, 0, SqlType::Int4),
    (
        "set_config",
        F::SetConfig,
        &[SqlType::Text, SqlType::Text, SqlType::Bool],
        3,
        SqlType::Text,
    ),
    (
        "pg_advisory_lock",
        F::Lock(EXCLUSIVE, Scope::Session),
        LONG,
        1,
        SqlType::Text,
    ),
    (
        "pg_advisory_lock_shared",
        F::Lock(SHARED, Scope::Session),
        LONG,
        1,
        SqlType::Text,
    ),
    (
        "pg_advisory_xact_lock",
        F::Lock(EXCLUSIVE, Scope::Transaction),
        LONG,
        1,
        SqlType::Text,
    ),
    (
        "pg_advisory_xact_lock_shared",
        F::Lock(SHARED, Scope::Transaction),
        LONG,
        1,
        SqlType::Text,
    ),
    (
        "pg_try_advisory_lock",
        F::TryLock(EXCLUSIVE, Scope::Session),
        LONG,
        1,
        SqlType::Bool,
    ),
    (
        "pg_try_advisory_lock_shared",
        F::TryLock(SHARED, Scope::Session),
        LONG,
        1,
        SqlType::Bool,
    ),
    (
        "pg_try_advisory_xact_lock",
        F::TryLock(EXCLUSIVE, Scope::Transaction),
        LONG,
        1,
        SqlType::Bool,
    ),
    (
        "pg_try_advisory_xact_lock_shared",
        F::TryLock(SHARED, Scope::Transaction),
        LONG,
        1,
        SqlType::Bool,
    ),
    (
        "pg_advisory_unlock",
        F::Unlock(EXCLUSIVE),
        LONG,
        1,
        SqlType::Bool,
    ),
    (
        "pg_advisory_unlock_shared",
        F::Unlock(SHARED),
        LONG,
        1,
        SqlType::Bool,
    ),
    (
        "pg_advisory_unlock_all",
        F::UnlockAll,
        NONE,
        0,
        SqlType::Text,
    ),
];

/// The function of that name.
fn find(name: &str) -> Option<&'static Signature> {
    FUNCTIONS.iter().find(|(known, ..)| *known == name)
}

/// Plans a query that is a list with such a call; `None` if it is another one. With the plan come the types of its parameters.
///
/// # Errors
/// Errors of the arguments.
pub(crate) fn plan(
    query: &Query,
    text: &str,
    declared: &[SqlType],
) -> Result<Option<(CallsPlan, Vec<SqlType>)>, SqlError> {
    let Some(select) = list_only(query) else {
        return Ok(None);
    };
    let nothing = no_table();
    let mut binder = Binder::new(text, Dialect::Postgres, &nothing, declared);
    let mut items = Vec::with_capacity(select.projection.len());
    let mut columns = Vec::with_capacity(select.projection.len());
    let mut calls = 0;
    let mut constants = ConstantQuery::default();
    for item in &select.projection {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => return Ok(None),
        };
        let (planned, name, sql_type) = match call(&mut binder, &mut constants, expr)? {
            Some((name, item, sql_type)) => {
                calls += 1;
                (item, name.to_owned(), sql_type)
            }
            None => match constant(&mut binder, expr)? {
                Some((scalar, sql_type)) => {
                    let name = super::constant::column_name(expr, &sql_type);
                    (Item::Scalar(scalar), name, sql_type)
                }
                None => return Ok(None),
            },
        };
        let name = match alias {
            Some(alias) => crate::names::created_name(alias, Dialect::Postgres),
            None => name,
        };
        items.push(planned);
        columns.push(Column::computed(name, sql_type));
    }
    if calls == 0 {
        return Ok(None);
    }
    let plan = CallsPlan {
        items,
        constants: constants.into_statement(),
        columns: columns.into(),
    };
    Ok(Some((plan, binder.parameter_types)))
}

/// A call of one of the functions, perhaps with `::text` behind it.
fn call(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    expr: &Expr,
) -> Result<Option<(&'static str, Item, SqlType)>, SqlError> {
    if let Expr::Cast {
        expr, data_type, ..
    } = expr
    {
        let inner = call(binder, constants, expr)?;
        let text = SqlType::from_ast(data_type).is_ok_and(|sql_type| sql_type == SqlType::Text);
        return Ok(inner.filter(|(_, _, sql_type)| text && *sql_type == SqlType::Text));
    }
    let Expr::Function(function) = expr else {
        return Ok(None);
    };
    let name = function.name.to_string().to_lowercase();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    let Some((name, function_of, types, required, sql_type)) = find(name) else {
        return Ok(None);
    };
    let Some(arguments) = plain_arguments(function) else {
        return Ok(None);
    };
    // Two numbers are a key, too.
    const TWO: &[SqlType] = &[SqlType::Int4, SqlType::Int4];
    let types = match function_of {
        F::Lock(..) | F::TryLock(..) | F::Unlock(_) if arguments.len() == 2 => TWO,
        _ => types,
    };
    if arguments.len() > types.len() || arguments.len() < *required {
        return Ok(None);
    }
    let mut scalars = Vec::with_capacity(arguments.len());
    for (argument, sql_type) in arguments.iter().zip(types) {
        let scalar = match binder.scalar(argument, sql_type)? {
            Some(scalar) => scalar,
            None => constants.push(argument, name, binder.text)?,
        };
        scalars.push((scalar, sql_type.clone()));
    }
    let item = Item::Call(*function_of, scalars);
    Ok(Some((name, item, sql_type.clone())))
}
