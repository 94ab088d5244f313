//! UPDATE and DELETE of one item.

use super::insert::returning;
use super::output::Outputs;
use super::set::{PlannedAction, check_targets, plan_action};
use super::{ConstantQuery, pins_key, whole_key_required};
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
    pub predicate: Predicate,
    pub returning: Option<Outputs>,
    pub return_values: ReturnValues,
    pub constants: Option<Statement>,
}

/// A planned DELETE.
pub(crate) struct DeletePlan {
    pub table: Arc<TableDescription>,
    pub predicate: Predicate,
    pub returning: Option<Outputs>,
    pub constants: Option<Statement>,
}

/// Plans an UPDATE; with the plan come the types of its parameters.
///
/// # Errors
/// Errors of the statement; 0A000 where WHERE does not pin the whole key or SET is more than `shale-expression` has.
pub(crate) fn plan_update(
    catalog: &dyn Catalog,
    update: &Update,
    text: &str,
    dialect: Dialect,
    declared: &[SqlType],
) -> Result<(UpdatePlan, Vec<SqlType>), SqlError> {
    let table = table_for_write(catalog, &update.table, text, dialect)?;
    if update.joins {
        return Err(SqlError::NotSupported {
            feature: "UPDATE … FROM".into(),
            hint: Some("UPDATE the rows one by one, each by its primary key.".into()),
        });
    }
    let mut binder = Binder::new(text, dialect, &table, declared);
    binder.alias = update.alias.as_ref().map(|alias| alias.value.clone());
    let mut constants = ConstantQuery::default();
    let mut actions = Vec::with_capacity(update.actions.len());
    for action in &update.actions {
        actions.push(plan_action(&mut binder, &mut constants, &table, action)?);
    }
    check_targets(&actions)?;
    let predicate = one_item(
        &mut binder,
        &mut constants,
        &table,
        update.selection.as_ref(),
        "UPDATE",
    )?;
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
    let plan = UpdatePlan {
        table,
        actions,
        predicate,
        returning: outputs,
        return_values,
        constants: constants.into_statement(),
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
    if delete.joins {
        return Err(SqlError::NotSupported {
            feature: "DELETE … USING".into(),
            hint: Some("DELETE the rows one by one, each by its primary key.".into()),
        });
    }
    let mut binder = Binder::new(text, dialect, &table, declared);
    binder.alias = delete.alias.as_ref().map(|alias| alias.value.clone());
    let mut constants = ConstantQuery::default();
    let predicate = one_item(
        &mut binder,
        &mut constants,
        &table,
        delete.selection.as_ref(),
        "DELETE",
    )?;
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
    let plan = DeletePlan {
        table,
        predicate,
        returning,
        constants: constants.into_statement(),
    };
    Ok((plan, parameter_types))
}

fn one_item(
    binder: &mut Binder<'_>,
    _constants: &mut ConstantQuery,
    table: &TableDescription,
    selection: Option<&Expr>,
    command: &str,
) -> Result<Predicate, SqlError> {
    let schema = &table.definition.key_schema;
    let Some(selection) = selection else {
        return Err(whole_key_required(command, schema, binder.dialect));
    };
    let Some(predicate) = binder.predicate(selection)? else {
        return Err(SqlError::NotSupported {
            feature: format!("this WHERE in {command}: \"{selection}\""),
            hint: Some(
                "Conditions are comparisons of columns with constants, IN, BETWEEN, IS NULL, LIKE 'prefix%', begins_with, contains, attribute_type and size."
                    .into(),
            ),
        });
    };
    if !pins_key(&predicate, schema) {
        return Err(whole_key_required(command, schema, binder.dialect));
    }
    Ok(predicate)
}
