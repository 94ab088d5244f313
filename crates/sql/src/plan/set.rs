//! SET and REMOVE: actions of an update.

use super::ConstantQuery;
use super::insert::{is_default, value};
use crate::bind::{Attribute, Binder, Scalar, parameter_index, plain_arguments};
use crate::names::{TableColumn, find_column};
use crate::syntax::UpdateAction;
use crate::{Dialect, SqlError, SqlType};
use shale_engine::TableDescription;
use shale_expression::{Path, Step};
use sqlparser::ast::{BinaryOperator, Expr, Function, Value};

/// One action of an update, its constants still open.
#[derive(Clone, Debug)]
pub(crate) enum PlannedAction {
    Set {
        target: Path,
        value: SetTerm,
        /// What the result must obey, checked in the condition of the write.
        check: Check,
    },
    Remove(Path),
    /// `SET s = set_add(s, …)`
    Add(Path, Scalar),
    /// `SET s = set_delete(s, …)`
    Delete(Path, Scalar),
}

/// Rules of the target column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Check {
    /// NOT NULL: (table, column).
    pub not_null: Option<(String, String)>,
    /// The column's type, if the result of `+` or `-` could leave its range.
    pub range: Option<SqlType>,
}

/// The right side of SET.
#[derive(Clone, Debug)]
pub(crate) enum SetTerm {
    /// A constant for a column of that type.
    Scalar(Scalar, SqlType),
    Path(Path),
    IfNotExists(Path, Box<SetTerm>),
    Append(Box<SetTerm>, Box<SetTerm>),
    Plus(Box<SetTerm>, Box<SetTerm>),
    Minus(Box<SetTerm>, Box<SetTerm>),
}

impl PlannedAction {
    pub(crate) fn target(&self) -> &Path {
        match self {
            PlannedAction::Set { target, .. }
            | PlannedAction::Remove(target)
            | PlannedAction::Add(target, _)
            | PlannedAction::Delete(target, _) => target,
        }
    }

    /// Whether nothing has to be checked in the write's condition (ON CONFLICT could not tell a failed check from a failed WHERE).
    pub(crate) fn guards_are_free(&self) -> bool {
        match self {
            PlannedAction::Set { check, value, .. } => {
                check.range.is_none()
                    && (check.not_null.is_none() || matches!(value, SetTerm::Scalar(..)))
            }
            _ => true,
        }
    }
}

/// No target may be set twice, nor be part of another.
pub(crate) fn check_targets(actions: &[PlannedAction]) -> Result<(), SqlError> {
    for (position, action) in actions.iter().enumerate() {
        let target = action.target();
        for other in &actions[..position] {
            let other = other.target();
            let shared = target.steps.len().min(other.steps.len());
            if target.root == other.root && target.steps[..shared] == other.steps[..shared] {
                return Err(SqlError::Syntax {
                    message: format!(
                        "multiple assignments to the same column \"{}\"",
                        path_text(target)
                    ),
                    position: None,
                });
            }
        }
    }
    Ok(())
}

/// A path as it is written.
pub(crate) fn path_text(path: &Path) -> String {
    let mut text = path.root.clone();
    for step in &path.steps {
        match step {
            Step::Field(name) => {
                text.push('.');
                text.push_str(name);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

pub(super) fn plan_action(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    table: &TableDescription,
    action: &UpdateAction,
) -> Result<PlannedAction, SqlError> {
    let (target_expr, value_expr) = match action {
        UpdateAction::Remove(path) => (path, None),
        UpdateAction::Set(path, value) => (path, Some(value)),
    };
    let Some(target) = binder.target(target_expr)? else {
        return Err(SqlError::Syntax {
            message: format!("Expected: a column or path, found: {target_expr}"),
            position: super::position(binder.text, target_expr),
        });
    };
    check_writable(binder, &target, target_expr)?;
    let column = target_column(table, &target, binder.dialect);
    let not_null = (column.not_null && column.declared && binder.dialect == Dialect::Postgres)
        .then(|| (table.definition.name.clone(), column.name.clone()));
    let Some(value_expr) = value_expr else {
        return Ok(match not_null {
            None => PlannedAction::Remove(target.path),
            not_null => PlannedAction::Set {
                target: target.path,
                value: SetTerm::Scalar(Scalar::Null, SqlType::Unknown),
                check: Check {
                    not_null,
                    range: None,
                },
            },
        });
    };
    if let Some(action) = set_function(binder, &target, value_expr)? {
        return Ok(action);
    }
    let value = if is_default(value_expr) {
        let scalar = match &column.default {
            Some(text) => super::insert::default_scalar(text, &column.sql_type)?,
            None => Scalar::Null,
        };
        SetTerm::Scalar(scalar, column.sql_type.clone())
    } else {
        set_term(binder, constants, value_expr, &column)?
    };
    let range = range_check(binder, &column, &value, value_expr)?;
    Ok(PlannedAction::Set {
        target: target.path,
        value,
        check: Check { not_null, range },
    })
}

fn check_writable(binder: &Binder<'_>, target: &Attribute, expr: &Expr) -> Result<(), SqlError> {
    if target.whole_item {
        return Err(SqlError::NotSupported {
            feature: "assigning the column _item".into(),
            hint: Some("Set single attributes, or INSERT … VALUE {…}.".into()),
        });
    }
    let schema = &binder.table.definition.key_schema;
    if schema.is_key(&target.path.root) {
        if binder.dialect == Dialect::PartiQl {
            return Err(SqlError::Engine(shale_engine::Error::UpdatesKey {
                name: target.path.root.clone(),
            }));
        }
        let _ = expr;
        return Err(SqlError::NotSupported {
            feature: format!("changing the key column \"{}\"", target.path.root),
            hint: Some("INSERT the item under its new key and DELETE the old one.".into()),
        });
    }
    Ok(())
}

/// The column whose type the target's values are cast to; inside documents and for undeclared attributes, values keep their own types.
fn target_column(table: &TableDescription, target: &Attribute, dialect: Dialect) -> TableColumn {
    let free = TableColumn {
        name: target.path.root.clone(),
        sql_type: SqlType::Unknown,
        declared: false,
        key: false,
        not_null: false,
        default: None,
    };
    if dialect == Dialect::PartiQl {
        return free;
    }
    match target.path.steps.as_slice() {
        [] => find_column(table, &target.path.root, true, dialect).unwrap_or(free),
        _ => match &target.compared_as {
            SqlType::Unknown => free,
            inside => TableColumn {
                sql_type: inside.clone(),
                declared: true,
                ..free
            },
        },
    }
}

fn set_function(
    binder: &mut Binder<'_>,
    target: &Attribute,
    value: &Expr,
) -> Result<Option<PlannedAction>, SqlError> {
    let Expr::Function(function) = value else {
        return Ok(None);
    };
    let name = function.name.to_string().to_lowercase();
    if name != "set_add" && name != "set_delete" {
        return Ok(None);
    }
    let wrong = || SqlError::Syntax {
        message: format!("Expected: SET path = {name}(path, <<…>>)"),
        position: super::position(binder.text, value),
    };
    let arguments = plain_arguments(function).unwrap_or_default();
    let [path, elements] = arguments.as_slice() else {
        return Err(wrong());
    };
    let same = binder
        .target(path)?
        .is_some_and(|path| path.path == target.path);
    let elements = binder.scalar(elements, &SqlType::Unknown)?;
    match elements {
        Some(elements) if same => Ok(Some(if name == "set_add" {
            PlannedAction::Add(target.path.clone(), elements)
        } else {
            PlannedAction::Delete(target.path.clone(), elements)
        })),
        _ => Err(SqlError::Syntax {
            message: format!("Expected: SET path = {name}(path, <<…>>)"),
            position: super::position(binder.text, value),
        }),
    }
}

fn set_term(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    expr: &Expr,
    column: &TableColumn,
) -> Result<SetTerm, SqlError> {
    let target = if column.declared {
        column.sql_type.clone()
    } else {
        SqlType::Unknown
    };
    match expr {
        Expr::Nested(inner) => return set_term(binder, constants, inner, column),
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::Plus | BinaryOperator::Minus),
            right,
        } if reads_attribute(expr) => {
            let operand = TableColumn {
                sql_type: match &column.sql_type {
                    number if number.is_number() => SqlType::Numeric(None),
                    _ => SqlType::Unknown,
                },
                ..column.clone()
            };
            // A parameter has the column's type, as PostgreSQL infers it; a literal may have a fraction.
            for side in [left, right] {
                if let Expr::Value(value) = side.as_ref()
                    && let Value::Placeholder(name) = &value.value
                {
                    binder.infer_parameter(parameter_index(name)?, &column.sql_type);
                }
            }
            let left = Box::new(set_term(binder, constants, left, &operand)?);
            let right = Box::new(set_term(binder, constants, right, &operand)?);
            if column.declared && !column.sql_type.is_number() && !column.sql_type.is_json() {
                return Err(SqlError::NotSupported {
                    feature: format!(
                        "the expression \"{expr}\" for column \"{}\" of type {}",
                        column.name,
                        column.sql_type.name()
                    ),
                    hint: None,
                });
            }
            return Ok(if *op == BinaryOperator::Plus {
                SetTerm::Plus(left, right)
            } else {
                SetTerm::Minus(left, right)
            });
        }
        Expr::Function(function) => {
            if let Some(term) = set_call(binder, constants, function, column)? {
                return Ok(term);
            }
        }
        _ => {}
    }
    if let Some(name) = binder.excluded_column(expr)? {
        return Ok(SetTerm::Scalar(Scalar::Excluded(name), target));
    }
    if let Some(source) = binder.attribute(expr)? {
        if source.whole_item {
            return Err(SqlError::NotSupported {
                feature: "the column _item in SET".into(),
                hint: None,
            });
        }
        check_copy(column, &source)?;
        return Ok(SetTerm::Path(source.path));
    }
    let scalar = value(binder, constants, expr, column, "UPDATE")?;
    Ok(SetTerm::Scalar(scalar, target))
}

fn set_call(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    function: &Function,
    column: &TableColumn,
) -> Result<Option<SetTerm>, SqlError> {
    let name = function.name.to_string().to_lowercase();
    let arguments = plain_arguments(function).unwrap_or_default();
    Ok(match (name.as_str(), arguments.as_slice()) {
        ("list_append", [first, second]) => Some(SetTerm::Append(
            Box::new(set_term(binder, constants, first, column)?),
            Box::new(set_term(binder, constants, second, column)?),
        )),
        ("if_not_exists" | "coalesce", [path, otherwise]) => match binder.attribute(path) {
            Ok(Some(source)) if !source.whole_item => {
                check_copy(column, &source)?;
                let otherwise = set_term(binder, constants, otherwise, column)?;
                Some(SetTerm::IfNotExists(source.path, Box::new(otherwise)))
            }
            Ok(_) => None,
            Err(error) => return Err(error),
        },
        _ => None,
    })
}

fn reads_attribute(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => reads_attribute(inner),
        Expr::BinaryOp { left, right, .. } => reads_attribute(left) || reads_attribute(right),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            matches!(name.as_str(), "if_not_exists" | "coalesce" | "list_append")
        }
        other => crate::bind::PathParts::of(other).is_some(),
    }
}

/// Whether values of one column can be stored in the other as they are.
fn check_copy(column: &TableColumn, source: &Attribute) -> Result<(), SqlError> {
    let from = &source.compared_as;
    let to = &column.sql_type;
    let free = !column.declared || to.is_json() || from == to;
    let widens = matches!(
        (from, to),
        (
            SqlType::Int2
                | SqlType::Int4
                | SqlType::Int8
                | SqlType::Numeric(_)
                | SqlType::Float4
                | SqlType::Float8,
            SqlType::Numeric(None) | SqlType::Float8
        ) | (SqlType::Int2 | SqlType::Int4, SqlType::Int8)
            | (SqlType::Int2, SqlType::Int4)
            | (
                SqlType::Varchar(_) | SqlType::Text | SqlType::Name | SqlType::Uuid,
                SqlType::Text
            )
    ) || (from.is_text() && matches!(to, SqlType::Varchar(None)))
        || *from == SqlType::Unknown && matches!(to, SqlType::Unknown);
    if free || widens {
        return Ok(());
    }
    Err(SqlError::NotSupported {
        feature: format!(
            "assigning a value of type {} from another column to column \"{}\" of type {}",
            source.sql_type.name(),
            column.name,
            to.name()
        ),
        hint: Some("Read the value first and assign a constant.".into()),
    })
}

/// Whether `+` and `-` can leave the range of the column. The result is checked through the condition of the write: that needs a single
/// column on one side and constants otherwise.
fn range_check(
    binder: &Binder<'_>,
    column: &TableColumn,
    value: &SetTerm,
    expr: &Expr,
) -> Result<Option<SqlType>, SqlError> {
    let (left, right) = match value {
        SetTerm::Plus(left, right) | SetTerm::Minus(left, right) => (left, right),
        _ => return Ok(None),
    };
    let limited = matches!(
        column.sql_type,
        SqlType::Int2
            | SqlType::Int4
            | SqlType::Int8
            | SqlType::Oid
            | SqlType::Numeric(Some(_))
            | SqlType::Float4
    );
    if !column.declared || !limited || binder.dialect == Dialect::PartiQl {
        return Ok(None);
    }
    let shape = (left.as_ref(), right.as_ref());
    let simple = matches!(
        shape,
        (
            SetTerm::Path(_) | SetTerm::IfNotExists(..),
            SetTerm::Scalar(..)
        ) | (
            SetTerm::Scalar(..),
            SetTerm::Path(_) | SetTerm::IfNotExists(..)
        )
    ) && !matches!(value, SetTerm::Minus(left, _) if matches!(left.as_ref(), SetTerm::Scalar(..)));
    if simple {
        Ok(Some(column.sql_type.clone()))
    } else {
        Err(SqlError::NotSupported {
            feature: format!(
                "the expression \"{expr}\" for column \"{}\" of type {}",
                column.name,
                column.sql_type.name()
            ),
            hint: Some("Supported are column + constant and column - constant.".into()),
        })
    }
}
