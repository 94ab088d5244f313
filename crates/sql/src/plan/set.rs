//! SET and REMOVE: actions of an update.

use super::ConstantQuery;
use super::insert::{is_default, value};
use crate::bind::{Attribute, Binder, Scalar, parameter_index, plain_arguments};
use crate::names::{TableColumn, find_column};
use crate::syntax::UpdateAction;
use crate::{Dialect, SqlError, SqlType};
use shale_engine::TableDescription;
use shale_expression::{NumberRange, Path, Rule, Step};
use shale_item::Number;
use sqlparser::ast::{BinaryOperator, Expr, Function, Value};

/// One action of an update, its constants still open.
#[derive(Clone, Debug)]
pub(crate) enum PlannedAction {
    Set {
        target: Path,
        value: SetTerm,
        /// What the result must obey.
        rule: Option<Rule>,
    },
    Remove(Path, Option<Rule>),
    /// `SET s = set_add(s, …)`
    Add(Path, Scalar),
    /// `SET s = set_delete(s, …)`
    Delete(Path, Scalar),
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
            | PlannedAction::Remove(target, _)
            | PlannedAction::Add(target, _)
            | PlannedAction::Delete(target, _) => target,
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
                        "multiple assignments to same column \"{}\"",
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
    check_writable(binder, &target, constants.takes_rows())?;
    let column = target_column(table, &target, binder.dialect);
    let required = column.not_null && column.declared && binder.dialect == Dialect::Postgres;
    let path = target.path.clone();
    let rule = move |range: Option<NumberRange>| {
        (required || range.is_some()).then_some(Rule {
            path,
            required,
            range,
        })
    };
    let Some(value_expr) = value_expr else {
        let rule = rule(None);
        return Ok(PlannedAction::Remove(target.path, rule));
    };
    if let Some(action) = set_function(binder, &target, value_expr)? {
        return Ok(action);
    }
    if is_default(value_expr) {
        let scalar = match &column.default {
            Some(text) => super::insert::default_scalar(text, &column.sql_type)?,
            None => Scalar::Null,
        };
        let rule = rule(None);
        return Ok(PlannedAction::Set {
            target: target.path,
            value: SetTerm::Scalar(scalar, column.sql_type.clone()),
            rule,
        });
    }
    let value = match set_term(binder, constants, value_expr, &column)? {
        Some(value) => value,
        None => {
            let scalar = constants.push(value_expr, "UPDATE", binder.text)?;
            SetTerm::Scalar(scalar, stored_type(&column))
        }
    };
    // Constants were cast to the column's type; what is computed from the item may leave its range.
    let range = match value {
        SetTerm::Scalar(..) => None,
        _ if column.declared && binder.dialect == Dialect::Postgres => range(&column.sql_type),
        _ => None,
    };
    let rule = rule(range);
    Ok(PlannedAction::Set {
        target: target.path,
        value,
        rule,
    })
}

/// Only an UPDATE by itself may give an item another key.
fn check_writable(binder: &Binder<'_>, target: &Attribute, may_move: bool) -> Result<(), SqlError> {
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
        if !may_move || !target.path.steps.is_empty() {
            return Err(SqlError::NotSupported {
                feature: format!(
                    "changing the key column \"{}\" in ON CONFLICT DO UPDATE",
                    target.path.root
                ),
                hint: Some("UPDATE the row by itself.".into()),
            });
        }
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

/// The right side of SET; `None` if `shale-expression` has no equal of it.
fn set_term(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    expr: &Expr,
    column: &TableColumn,
) -> Result<Option<SetTerm>, SqlError> {
    if constants.joined {
        return constant_term(binder, constants, expr, column);
    }
    match expr {
        Expr::Nested(inner) => return set_term(binder, constants, inner, column),
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::Plus | BinaryOperator::Minus),
            right,
        } if reads_attribute(expr) => {
            if column.declared && !column.sql_type.is_number() && !column.sql_type.is_json() {
                return Ok(None);
            }
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
            let left = set_term(binder, constants, left, &operand)?;
            let right = set_term(binder, constants, right, &operand)?;
            let (Some(left), Some(right)) = (left, right) else {
                return Ok(None);
            };
            let (left, right) = (Box::new(left), Box::new(right));
            return Ok(Some(if *op == BinaryOperator::Plus {
                SetTerm::Plus(left, right)
            } else {
                SetTerm::Minus(left, right)
            }));
        }
        Expr::Function(function) => {
            if let Some(term) = set_call(binder, constants, function, column)? {
                return Ok(Some(term));
            }
        }
        _ => {}
    }
    if let Some(name) = binder.excluded_column(expr)? {
        let target = stored_type(column);
        return Ok(Some(SetTerm::Scalar(Scalar::Excluded(name), target)));
    }
    if let Some(source) = source(binder, expr, column)? {
        if source.whole_item {
            return Err(SqlError::NotSupported {
                feature: "the column _item in SET".into(),
                hint: None,
            });
        }
        return Ok(can_copy(column, &source).then_some(SetTerm::Path(source.path)));
    }
    constant_term(binder, constants, expr, column)
}

/// A constant on the right side of SET; `None` if it is none.
fn constant_term(
    binder: &mut Binder<'_>,
    constants: &mut ConstantQuery,
    expr: &Expr,
    column: &TableColumn,
) -> Result<Option<SetTerm>, SqlError> {
    if super::column_of(expr).is_some() {
        return Ok(None);
    }
    let scalar = value(binder, constants, expr, column, "UPDATE")?;
    Ok(Some(SetTerm::Scalar(scalar, stored_type(column))))
}

/// The type that a column's values are cast to: attributes that nobody declared take any.
fn stored_type(column: &TableColumn) -> SqlType {
    match column.declared {
        true => column.sql_type.clone(),
        false => SqlType::Unknown,
    }
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
        ("list_append", [first, second]) => {
            let first = set_term(binder, constants, first, column)?;
            let second = set_term(binder, constants, second, column)?;
            match (first, second) {
                (Some(first), Some(second)) => {
                    Some(SetTerm::Append(Box::new(first), Box::new(second)))
                }
                _ => None,
            }
        }
        ("if_not_exists" | "coalesce", [path, otherwise]) => match source(binder, path, column)? {
            Some(source) if !source.whole_item && can_copy(column, &source) => {
                let otherwise = set_term(binder, constants, otherwise, column)?;
                otherwise.map(|otherwise| SetTerm::IfNotExists(source.path, Box::new(otherwise)))
            }
            _ => None,
        },
        _ => None,
    })
}

/// An attribute that SET reads; the one that it writes needs not to be known yet, so that a counter can start.
fn source(
    binder: &Binder<'_>,
    expr: &Expr,
    column: &TableColumn,
) -> Result<Option<Attribute>, SqlError> {
    match binder.attribute(expr) {
        Err(error @ SqlError::UndefinedColumn { .. }) => match binder.target(expr)? {
            Some(own) if own.path.root == column.name => Ok(Some(own)),
            _ => Err(error),
        },
        found => found,
    }
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
fn can_copy(column: &TableColumn, source: &Attribute) -> bool {
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
            SqlType::Numeric(None) | SqlType::Float8 // Rounded to the column's type, and checked against its range.
        ) | (
            SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Numeric(_),
            SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Numeric(_),
        ) | (
            SqlType::Varchar(_) | SqlType::Text | SqlType::Name | SqlType::Uuid,
            SqlType::Text
        )
    ) || (from.is_text() && matches!(to, SqlType::Varchar(None)))
        || *from == SqlType::Unknown && matches!(to, SqlType::Unknown);
    free || widens
}

/// The numbers that a column of that type holds; `None` where it holds all that there are.
fn range(sql_type: &SqlType) -> Option<NumberRange> {
    let whole = |low: i64, high: i64| NumberRange {
        low: Number::from(low),
        high: Number::from(high),
        scale: Some(0),
    };
    Some(match sql_type {
        SqlType::Int2 => whole(i64::from(i16::MIN), i64::from(i16::MAX)),
        SqlType::Int4 => whole(i64::from(i32::MIN), i64::from(i32::MAX)),
        SqlType::Int8 => whole(i64::MIN, i64::MAX),
        SqlType::Oid => whole(0, i64::from(u32::MAX)),
        SqlType::Numeric(Some((precision, scale))) => {
            let nines = 10_u128.pow(u32::from(*precision)) - 1;
            let high = Number::normalized(false, nines, -i64::from(*scale)).ok()?;
            NumberRange {
                low: high.negated(),
                high,
                scale: Some(*scale),
            }
        }
        SqlType::Float4 => {
            let high = Number::from_f64(f64::from(f32::MAX)).ok()?;
            NumberRange {
                low: high.negated(),
                high,
                scale: None,
            }
        }
        _ => return None,
    })
}
