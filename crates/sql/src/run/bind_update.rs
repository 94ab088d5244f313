//! Planned actions to an update of `shale-expression`, once the arguments are known.

use crate::bind::Arguments;
use crate::plan::set::{PlannedAction, SetTerm};
use crate::{SqlError, SqlType};
use shale_expression::{AbsentOperand, Action, Condition, Operand, Path, SetValue, Update};
use shale_item::{AttributeValue, Number};
use std::sync::Arc;

/// A condition that must hold besides WHERE, and what it means if it does not.
pub(crate) type Guard = (Condition, SqlError);

/// The update with its constants, and what must hold for it.
pub(crate) fn bind_update(
    actions: &[PlannedAction],
    with: &Arguments<'_>,
) -> Result<(Update, Vec<Guard>), SqlError> {
    let mut update = Update {
        actions: Vec::with_capacity(actions.len()),
        absent_operand: AbsentOperand::Removes,
    };
    let mut guards = Vec::new();
    for action in actions {
        match action {
            PlannedAction::Remove(path) => update.actions.push(Action::Remove(path.clone())),
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
                check,
            } => {
                if let Some(sql_type) = &check.range {
                    guards.extend(range_guard(value, sql_type, with)?);
                }
                let bound = bind_term(value, with)?;
                if let Some((table, column)) = &check.not_null {
                    guards.extend(not_null_guard(bound.as_ref(), table, column));
                }
                update.actions.push(match bound {
                    Some(value) => Action::Set(target.clone(), value),
                    None => Action::Remove(target.clone()),
                });
            }
        }
    }
    Ok((update, guards))
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

fn not_null_guard(value: Option<&SetValue>, table: &str, column: &str) -> Option<Guard> {
    let error = SqlError::NotNullViolation {
        table: table.to_owned(),
        column: column.to_owned(),
    };
    let mut paths = Vec::new();
    match value {
        None => return Some((Condition::Constant(false), error)),
        Some(value) => needed_paths(value, &mut paths),
    }
    if paths.is_empty() {
        return None;
    }
    let needed = paths.into_iter().map(Condition::AttributeExists);
    Some((Condition::And(needed.collect()), error))
}

/// The paths without which a value is NULL.
fn needed_paths(value: &SetValue, paths: &mut Vec<Path>) {
    match value {
        SetValue::Path(path) => paths.push(path.clone()),
        SetValue::Value(_) => {}
        SetValue::IfNotExists(_, otherwise) => needed_paths(otherwise, paths),
        SetValue::ListAppend(left, right)
        | SetValue::Plus(left, right)
        | SetValue::Minus(left, right) => {
            needed_paths(left, paths);
            needed_paths(right, paths);
        }
    }
}

/// For `column ± constant` of limited range: the column must be so that the result is in range. An absent column gives NULL, which fits.
fn range_guard(
    value: &SetTerm,
    sql_type: &SqlType,
    with: &Arguments<'_>,
) -> Result<Option<Guard>, SqlError> {
    let (left, right, minus) = match value {
        SetTerm::Plus(left, right) => (left, right, false),
        SetTerm::Minus(left, right) => (left, right, true),
        _ => return Ok(None),
    };
    let (column, constant) = match (left.as_ref(), right.as_ref()) {
        (column, SetTerm::Scalar(constant, _)) => (column, constant),
        (SetTerm::Scalar(constant, _), column) => (column, constant),
        _ => return Ok(None),
    };
    let constant = constant.attribute(with, &SqlType::Numeric(None))?;
    let Some(AttributeValue::N(constant)) = constant else {
        return Ok(None);
    };
    let out_of_range = SqlError::OutOfRange {
        type_name: sql_type.name(),
    };
    let (low, high, fraction_digits) = range(sql_type);
    if constant.digits().1 > fraction_digits {
        return Err(SqlError::NotSupported {
            feature: format!("adding {constant} to a column of type {}", sql_type.name()),
            hint: Some("The constant has more digits behind the point than the column.".into()),
        });
    }
    let delta = if minus { constant.negated() } else { constant };
    let (path, otherwise) = match column {
        SetTerm::Path(path) => (path, None),
        SetTerm::IfNotExists(path, otherwise) => match otherwise.as_ref() {
            SetTerm::Scalar(otherwise, _) => (path, Some(otherwise)),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let bounds = (low.checked_sub(delta), high.checked_sub(delta));
    let (Ok(low_bound), Ok(high_bound)) = bounds else {
        return Ok(Some((Condition::Constant(false), out_of_range)));
    };
    let absent_fits = match otherwise {
        None => true,
        Some(scalar) => match scalar.attribute(with, &SqlType::Numeric(None))? {
            Some(AttributeValue::N(start)) => (low_bound..=high_bound).contains(&start),
            _ => true,
        },
    };
    let inside = Condition::Between(
        Operand::Path(path.clone()),
        Operand::constant(AttributeValue::N(low_bound)),
        Operand::constant(AttributeValue::N(high_bound)),
    );
    let condition = if absent_fits {
        Condition::Or(vec![Condition::AttributeNotExists(path.clone()), inside])
    } else {
        inside
    };
    Ok(Some((condition, out_of_range)))
}

/// Lowest and highest value, and the most digits behind the point.
fn range(sql_type: &SqlType) -> (Number, Number, u8) {
    let whole = |low: i64, high: i64| (Number::from(low), Number::from(high), 0);
    match sql_type {
        SqlType::Int2 => whole(i64::from(i16::MIN), i64::from(i16::MAX)),
        SqlType::Int4 => whole(i64::from(i32::MIN), i64::from(i32::MAX)),
        SqlType::Oid => whole(0, i64::from(u32::MAX)),
        SqlType::Numeric(Some((precision, scale))) => {
            let nines = 10_u128.pow(u32::from(*precision)) - 1;
            let exponent = -i64::from(*scale);
            let high = Number::normalized(false, nines, exponent).unwrap_or(Number::ZERO);
            (high.negated(), high, *scale)
        }
        SqlType::Float4 => {
            let high = Number::from_f64(f64::from(f32::MAX)).unwrap_or(Number::ZERO);
            (high.negated(), high, u8::MAX)
        }
        _ => whole(i64::MIN, i64::MAX),
    }
}
