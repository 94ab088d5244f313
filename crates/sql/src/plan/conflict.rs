//! ON CONFLICT.

use super::ConstantQuery;
use super::set::{self, PlannedAction};
use crate::SqlError;
use crate::bind::{Binder, Predicate};
use crate::names::find_column;
use crate::syntax::{UpdateAction, assignment_action, ident_position};
use shale_engine::TableDescription;
use sqlparser::ast::{ConflictTarget, OnConflict, OnConflictAction};

/// What happens if the key is there.
pub(crate) enum Conflict {
    Fail,
    Skip,
    Update(Box<ConflictUpdate>),
}

/// DO UPDATE.
pub(crate) struct ConflictUpdate {
    pub actions: Vec<PlannedAction>,
    pub predicate: Option<Predicate>,
}

pub(super) fn plan(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    table: &TableDescription,
    on_conflict: &OnConflict,
) -> Result<Conflict, SqlError> {
    check_target(binder, table, on_conflict)?;
    let update = match &on_conflict.action {
        OnConflictAction::DoNothing => return Ok(Conflict::Skip),
        OnConflictAction::DoUpdate(update) => update,
    };
    if on_conflict.conflict_target.is_none() {
        return Err(SqlError::Syntax {
            message: "ON CONFLICT DO UPDATE requires inference specification or constraint name"
                .into(),
            position: None,
        });
    }
    binder.excluded = true;
    let mut actions = Vec::with_capacity(update.assignments.len());
    for assignment in &update.assignments {
        let action = assignment_action(assignment).ok_or_else(|| SqlError::NotSupported {
            feature: "assigning a row in ON CONFLICT DO UPDATE".into(),
            hint: Some("Assign the columns one by one.".into()),
        })?;
        if !keeps_key(binder, table, &action)? {
            actions.push(set::plan_action(binder, constants, table, &action)?);
        }
    }
    set::check_targets(&actions)?;
    let predicate = match &update.selection {
        None => None,
        Some(selection) => {
            Some(
                binder
                    .predicate(selection)?
                    .ok_or_else(|| SqlError::NotSupported {
                        feature: format!("\"{selection}\" in ON CONFLICT DO UPDATE"),
                        hint: None,
                    })?,
            )
        }
    };
    Ok(Conflict::Update(Box::new(ConflictUpdate {
        actions,
        predicate,
    })))
}

/// Whether it sets a key column to its own value: the row that is there has the key of the row that was to come. Mappers write that.
fn keeps_key(
    binder: &Binder<'_>,
    table: &TableDescription,
    action: &UpdateAction,
) -> Result<bool, SqlError> {
    let UpdateAction::Set(target, value) = action else {
        return Ok(false);
    };
    let Some(target) = binder.target(target)? else {
        return Ok(false);
    };
    let is_key =
        target.path.steps.is_empty() && table.definition.key_schema.is_key(&target.path.root);
    Ok(is_key && binder.excluded_column(value)?.as_deref() == Some(target.path.root.as_str()))
}

/// The only unique constraint is the primary key.
fn check_target(
    binder: &Binder<'_>,
    table: &TableDescription,
    on_conflict: &OnConflict,
) -> Result<(), SqlError> {
    let schema = &table.definition.key_schema;
    match &on_conflict.conflict_target {
        None => Ok(()),
        Some(ConflictTarget::OnConstraint(name)) => {
            let expected = format!("{}_pkey", table.definition.name);
            if name.to_string().trim_matches('"') == expected {
                Ok(())
            } else {
                Err(SqlError::Other {
                    sqlstate: "42704",
                    message: format!(
                        "constraint \"{name}\" for table \"{}\" does not exist",
                        table.definition.name
                    ),
                    hint: Some(format!("The only constraint is \"{expected}\".")),
                })
            }
        }
        Some(ConflictTarget::Columns(idents)) => {
            let mut named = Vec::with_capacity(idents.len());
            for ident in idents {
                let quoted = ident.quote_style.is_some();
                match find_column(table, &ident.value, quoted, binder.dialect) {
                    Some(column) => named.push(column.name),
                    None => {
                        return Err(SqlError::UndefinedColumn {
                            name: ident.value.clone(),
                            position: ident_position(binder.text, ident),
                            hint: None,
                        });
                    }
                }
            }
            named.sort();
            named.dedup();
            let mut key = vec![schema.partition.name.clone()];
            key.extend(schema.sort.as_ref().map(|sort| sort.name.clone()));
            key.sort();
            if named == key {
                Ok(())
            } else {
                Err(SqlError::Other {
                    sqlstate: "42P10",
                    message:
                        "there is no unique or exclusion constraint matching the ON CONFLICT specification"
                            .into(),
                    hint: Some(format!("The primary key is ({}).", key.join(", "))),
                })
            }
        }
    }
}
