//! Planned actions to an update of `shale-expression`, once the arguments are known.

use crate::bind::Arguments;
use crate::plan::check::{self, Check};
use crate::plan::set::{PlannedAction, SetTerm};
use crate::{SqlError, SqlType};
use shale_expression::{AbsentOperand, Action, SetValue, Update};
use std::sync::Arc;

/// The update with its constants.
pub(crate) fn bind_update(
    actions: &[PlannedAction],
    checks: &[Check],
    with: &Arguments<'_>,
) -> Result<Update, SqlError> {
    let mut update = Update {
        actions: Vec::with_capacity(actions.len()),
        absent_operand: AbsentOperand::Removes,
        rules: Vec::new(),
        checks: check::lowered(checks, with)?,
    };
    for action in actions {
        match action {
            PlannedAction::Remove(path, rule) => {
                update.actions.push(Action::Remove(path.clone()));
                update.rules.extend(rule.clone());
            }
            PlannedAction::Add(path, scalar) => {
                if let Some(value) = scalar.attribute(with, &SqlType::Unknown)? {
                    update
                        .actions
                        .push(Action::Add(path.clone(), Arc::new(value)));
                }
            }
            PlannedAction::Delete(path, scalar) => {
                if let Some(value) = scalar.attribute(with, &SqlType::Unknown)? {
                    update
                        .actions
                        .push(Action::Delete(path.clone(), Arc::new(value)));
                }
            }
            PlannedAction::Set {
                target,
                value,
                rule,
            } => {
                update.rules.extend(rule.clone());
                update.actions.push(match bind_term(value, with)? {
                    Some(value) => Action::Set(target.clone(), value),
                    None => Action::Remove(target.clone()),
                });
            }
        }
    }
    Ok(update)
}

/// The right side of SET; `None` for NULL.
fn bind_term(term: &SetTerm, with: &Arguments<'_>) -> Result<Option<SetValue>, SqlError> {
    Ok(match term {
        SetTerm::Scalar(scalar, sql_type) => {
            scalar.attribute(with, sql_type)?.map(SetValue::constant)
        }
        SetTerm::Path(path) => Some(SetValue::Path(path.clone())),
        SetTerm::IfNotExists(path, otherwise) => Some(match bind_term(otherwise, with)? {
            Some(otherwise) => SetValue::IfNotExists(path.clone(), Box::new(otherwise)),
            None => SetValue::Path(path.clone()),
        }),
        SetTerm::Append(first, second) => pair(first, second, with, SetValue::ListAppend)?,
        SetTerm::Plus(left, right) => pair(left, right, with, SetValue::Plus)?,
        SetTerm::Minus(left, right) => pair(left, right, with, SetValue::Minus)?,
    })
}

fn pair(
    left: &SetTerm,
    right: &SetTerm,
    with: &Arguments<'_>,
    join: impl Fn(Box<SetValue>, Box<SetValue>) -> SetValue,
) -> Result<Option<SetValue>, SqlError> {
    Ok(match (bind_term(left, with)?, bind_term(right, with)?) {
        (Some(left), Some(right)) => Some(join(Box::new(left), Box::new(right))),
        _ => None,
    })
}
