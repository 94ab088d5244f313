//! UPDATE and DELETE.
//!
//! WHERE is a predicate of its own where it can be lowered, and SET an update; where one of them cannot, or where other tables are joined,
//! one query of the analytic executor finds the rows by their keys and computes the values for them.

use super::check::{Check, checks_of};
use super::insert::returning;
use super::output::Outputs;
use super::set::{PlannedAction, check_targets, plan_action};
use super::{ConstantQuery, RowQuery, pins_key, whole_key_required};
use crate::bind::{Binder, Predicate};
use crate::names::{Catalog, table_for_write};
use crate::syntax::{Delete, Returning, ReturningImage, ReturningScope, Update};
use crate::{Dialect, SqlError, SqlType};
use shale_engine::{ReturnValues, TableDescription};
use sqlparser::ast::{Expr, Statement};
use std::sync::Arc;

/// A planned UPDATE.
pub(crate) struct UpdatePlan {
    pub table: Arc<TableDescription>,
    pub actions: Vec<PlannedAction>,
    /// CHECK constraints.
    pub checks: Vec<Check>,
    /// What the rows satisfy, unless the query finds them.
    pub predicate: Predicate,
    pub returning: Option<Outputs>,
    pub return_values: ReturnValues,
    /// Computes [`crate::bind::Scalar::Computed`].
    pub query: Option<Box<Statement>>,
    /// Whether the query finds the rows, and computes for each of them; otherwise it computes once.
    pub per_row: bool,
    /// Whether what it computes once depends on tables.
    pub reads_tables: bool,
    /// Whether rows may get other keys.
    pub moves: bool,
}

/// A planned DELETE.
pub(crate) struct DeletePlan {
    pub table: Arc<TableDescription>,
    /// What the rows satisfy, unless the query finds them.
    pub predicate: Predicate,
    pub returning: Option<Outputs>,
    /// Finds the rows.
    pub query: Option<Box<Statement>>,
}

/// Plans an UPDATE; with the plan come the types of its parameters.
///
/// # Errors
/// Errors of the statement; in PartiQL also WHERE that does not pin the whole key, and SET that is more than `shale-expression` has.
pub(crate) fn plan_update(
    catalog: &dyn Catalog,
    update: &Update,
    text: &str,
    dialect: Dialect,
    declared: &[SqlType],
) -> Result<(UpdatePlan, Vec<SqlType>), SqlError> {
    let table = table_for_write(catalog, &update.table, text, dialect)?;
    let joined = !update.from.is_empty();
    let by_query = joined || update.with.is_some();
    if by_query && dialect == Dialect::PartiQl {
        return Err(SqlError::NotSupported {
            feature: "UPDATE … FROM and WITH in PartiQL".into(),
            hint: None,
        });
    }
    let mut binder = Binder::new(text, dialect, &table, declared);
    binder.alias = update.alias.as_ref().map(|alias| alias.value.clone());
    let mut constants = match dialect {
        Dialect::Postgres => ConstantQuery::of_rows(joined),
        Dialect::PartiQl => ConstantQuery::default(),
    };
    let mut actions = Vec::with_capacity(update.actions.len());
    for action in &update.actions {
        actions.push(plan_action(&mut binder, &mut constants, &table, action)?);
    }
    check_targets(&actions)?;
    let schema = &table.definition.key_schema;
    let moves = actions
        .iter()
        .any(|action| schema.is_key(&action.target().root));
    let predicate = match by_query {
        true => None,
        false => predicate(&mut binder, update.selection.as_ref(), "UPDATE")?,
    };
    let outputs = returning(&mut binder, &table, update.returning.as_ref())?;
    let return_values = match &update.returning {
        None => ReturnValues::None,
        Some(Returning::Items(_)) => ReturnValues::AllNew,
        Some(Returning::Image(ReturningScope::All, ReturningImage::Old)) => ReturnValues::AllOld,
        Some(Returning::Image(ReturningScope::All, ReturningImage::New)) => ReturnValues::AllNew,
        Some(Returning::Image(ReturningScope::Modified, ReturningImage::Old)) => {
            ReturnValues::UpdatedOld
        }
        Some(Returning::Image(ReturningScope::Modified, ReturningImage::New)) => {
            ReturnValues::UpdatedNew
        }
    };
    let parameter_types = binder.parameter_types;
    let per_row = constants.per_row || predicate.is_none();
    let reads_tables = constants.reads_tables;
    let query = match per_row {
        false => constants.into_statement(),
        true => Some(constants.into_row_statement(RowQuery {
            table: &update.table,
            alias: update.alias.as_ref(),
            schema,
            others: &update.from,
            selection: update.selection.as_ref(),
            with: update.with.as_ref(),
        })),
    };
    let checks = match dialect {
        Dialect::PartiQl => vec![],
        Dialect::Postgres => checks_of(&table)?,
    };
    let plan = UpdatePlan {
        actions,
        checks,
        predicate: predicate.unwrap_or(Predicate::Constant(None)),
        returning: outputs,
        return_values,
        query,
        per_row,
        reads_tables,
        moves,
        table,
    };
    Ok((plan, parameter_types))
}

/// Plans a DELETE; with the plan come the types of its parameters.
///
/// # Errors
/// As [`plan_update`].
pub(crate) fn plan_delete(
    catalog: &dyn Catalog,
    delete: &Delete,
    text: &str,
    dialect: Dialect,
    declared: &[SqlType],
) -> Result<(DeletePlan, Vec<SqlType>), SqlError> {
    let table = table_for_write(catalog, &delete.table, text, dialect)?;
    let by_query = !delete.using.is_empty() || delete.with.is_some();
    if by_query && dialect == Dialect::PartiQl {
        return Err(SqlError::NotSupported {
            feature: "DELETE … USING and WITH in PartiQL".into(),
            hint: None,
        });
    }
    let mut binder = Binder::new(text, dialect, &table, declared);
    binder.alias = delete.alias.as_ref().map(|alias| alias.value.clone());
    let predicate = match by_query {
        true => None,
        false => predicate(&mut binder, delete.selection.as_ref(), "DELETE")?,
    };
    if let Some(Returning::Image(scope, image)) = &delete.returning
        && (*scope, *image) != (ReturningScope::All, ReturningImage::Old)
    {
        return Err(SqlError::NotSupported {
            feature: "RETURNING of a deleted item other than ALL OLD *".into(),
            hint: None,
        });
    }
    let returning = returning(&mut binder, &table, delete.returning.as_ref())?;
    let parameter_types = binder.parameter_types;
    let query = match &predicate {
        Some(_) => None,
        None => Some(ConstantQuery::of_rows(true).into_row_statement(RowQuery {
            table: &delete.table,
            alias: delete.alias.as_ref(),
            schema: &table.definition.key_schema,
            others: &delete.using,
            selection: delete.selection.as_ref(),
            with: delete.with.as_ref(),
        })),
    };
    let plan = DeletePlan {
        predicate: predicate.unwrap_or(Predicate::Constant(None)),
        returning,
        query,
        table,
    };
    Ok((plan, parameter_types))
}

/// What the rows satisfy; `None` if that cannot be lowered. PartiQL writes one item, by its whole key.
fn predicate(
    binder: &mut Binder<'_>,
    selection: Option<&Expr>,
    command: &str,
) -> Result<Option<Predicate>, SqlError> {
    let predicate = match selection {
        None => Some(Predicate::Constant(Some(true))),
        Some(selection) => binder.predicate(selection)?,
    };
    if binder.dialect == Dialect::Postgres {
        return Ok(predicate);
    }
    let Some(predicate) = predicate else {
        return Err(SqlError::NotSupported {
            feature: format!(
                "this WHERE in {command}: \"{}\"",
                selection.map_or_else(String::new, ToString::to_string)
            ),
            hint: Some(
                "Conditions are comparisons of columns with constants, IN, BETWEEN, IS NULL, LIKE 'prefix%', begins_with, contains, attribute_type and size."
                    .into(),
            ),
        });
    };
    if !pins_key(&predicate, &binder.table.definition.key_schema) {
        return Err(whole_key_required());
    }
    Ok(Some(predicate))
}
