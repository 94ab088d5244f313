//! Parameters `$1 …` of a statement: their types, and their values.
//!
//! A type that the client declared holds. For the others the place where the parameter stands decides, as DataFusion infers it; what has no
//! place that tells is text.

use crate::lineage::argument_types;
use crate::rewrite::call_cast;
use crate::rows::datum_to_scalar;
use crate::types::{parameter_type, sql_type};
use arrow::datatypes::DataType;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{ParamValues, Result};
use datafusion::logical_expr::{Expr as LogicalExpr, LogicalPlan, Operator};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, LimitClause, Query, Statement,
    Value, ValueWithSpan, Visitor, VisitorMut,
};
use shale_sql::{Datum, SqlError, SqlType, walk, walk_mut};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Most parameters of a statement: the wire counts them in 16 bits.
const PARAMETERS_MAX: usize = 65_535;

/// The number of the highest parameter of a statement.
///
/// # Errors
/// 42P02 for `$0` and numbers beyond what the wire can carry.
pub(crate) fn count(statement: &Statement) -> Result<usize, SqlError> {
    struct Highest(usize);
    impl Visitor for Highest {
        type Break = String;
        fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<String> {
            if let Value::Placeholder(name) = &value.value {
                match number(name) {
                    Some(number) => self.0 = self.0.max(number),
                    None => return ControlFlow::Break(name.clone()),
                }
            }
            ControlFlow::Continue(())
        }
    }
    let mut highest = Highest(0);
    match walk(statement, &mut highest) {
        ControlFlow::Continue(()) => Ok(highest.0),
        ControlFlow::Break(name) => Err(SqlError::Other {
            sqlstate: "42P02",
            message: format!("there is no parameter {name}"),
            hint: None,
        }),
    }
}

fn number(name: &str) -> Option<usize> {
    let number = name.strip_prefix('$')?.parse().ok()?;
    (1..=PARAMETERS_MAX).contains(&number).then_some(number)
}

/// Types that the text of a statement tells where the plan would not: of casts around parameters (Arrow has one type for text, uuid and
/// jsonb), of LIMIT and OFFSET, and of arguments of functions that exist once.
pub(crate) fn infer_from_text(statement: &Statement, types: &mut [SqlType]) {
    struct Places<'a>(&'a mut [SqlType]);
    impl Places<'_> {
        fn infer(&mut self, expr: Option<&Expr>, as_type: SqlType) {
            if let Some(Expr::Value(value)) = expr
                && let Value::Placeholder(name) = &value.value
                && let Some(sql_type) = number(name).and_then(|number| self.0.get_mut(number - 1))
                && *sql_type == SqlType::Unknown
            {
                *sql_type = as_type;
            }
        }
    }
    impl Visitor for Places<'_> {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
                self.infer(limit.as_ref(), SqlType::Int8);
                self.infer(offset.as_ref().map(|offset| &offset.value), SqlType::Int8);
            }
            let quantity = query
                .fetch
                .as_ref()
                .and_then(|fetch| fetch.quantity.as_ref());
            self.infer(quantity, SqlType::Int8);
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Cast {
                    expr, data_type, ..
                } => {
                    if let Ok(sql_type) = SqlType::from_ast(data_type) {
                        self.infer(Some(expr), without_modifier(sql_type));
                    }
                }
                Expr::Substring {
                    substring_from,
                    substring_for,
                    ..
                } => {
                    self.infer(substring_from.as_deref(), SqlType::Int4);
                    self.infer(substring_for.as_deref(), SqlType::Int4);
                }
                Expr::Function(function) => {
                    let name = function.name.0.last().and_then(|part| part.as_ident());
                    let name = name.map(|name| name.value.to_ascii_lowercase());
                    for (function_name, place, sql_type) in ARGUMENTS {
                        if name.as_deref() == Some(function_name) {
                            self.infer(argument(function, *place), sql_type.clone());
                        }
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        }
    }
    let _ = walk(statement, &mut Places(types));
}

/// Arguments (from 0) that have one type, whatever the others have.
const ARGUMENTS: &[(&str, usize, SqlType)] = &[
    ("round", 1, SqlType::Int4),
    ("trunc", 1, SqlType::Int4),
    ("substr", 1, SqlType::Int4),
    ("substr", 2, SqlType::Int4),
    ("left", 1, SqlType::Int4),
    ("right", 1, SqlType::Int4),
    ("repeat", 1, SqlType::Int4),
    ("lpad", 1, SqlType::Int4),
    ("rpad", 1, SqlType::Int4),
    ("split_part", 2, SqlType::Int4),
];

fn argument(function: &Function, place: usize) -> Option<&Expr> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    match list.args.get(place)? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    }
}

/// Parameters have no length, precision or scale.
fn without_modifier(sql_type: SqlType) -> SqlType {
    match sql_type {
        SqlType::Numeric(_) => SqlType::Numeric(None),
        SqlType::Varchar(_) => SqlType::Varchar(None),
        SqlType::Char(_) => SqlType::Char(None),
        SqlType::Array(element) => SqlType::Array(Box::new(without_modifier(*element))),
        other => other,
    }
}

/// Puts parameters of known type into a cast, from which DataFusion takes the type.
pub(crate) fn declare(statement: &mut Statement, types: &[SqlType]) {
    struct Declarer<'a>(&'a [SqlType]);
    impl VisitorMut for Declarer<'_> {
        type Break = ();
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Value(value) = expr
                && let Value::Placeholder(name) = &value.value
                && let Some(sql_type) = number(name).and_then(|number| self.0.get(number - 1))
                && *sql_type != SqlType::Unknown
            {
                *expr = call_cast(expr.clone(), sql_type);
            }
            ControlFlow::Continue(())
        }
    }
    let _ = walk_mut(statement, &mut Declarer(types));
}

/// The types of all parameters: declared, or as the plan has them. `Unknown` for those that neither tells.
pub(crate) fn types(
    plan: &LogicalPlan,
    count: usize,
    declared: &[SqlType],
) -> Result<Vec<SqlType>> {
    let inferred = inferred_types(plan)?;
    Ok((0..count)
        .map(|index| match declared.get(index) {
            Some(declared) if *declared != SqlType::Unknown => declared.clone(),
            _ => inferred
                .get(&format!("${}", index + 1))
                .map_or(SqlType::Unknown, sql_type),
        })
        .collect())
}

/// Arrow types of parameters by name, where the plan tells: from its comparisons, or from a cast around the parameter.
fn inferred_types(plan: &LogicalPlan) -> Result<HashMap<String, DataType>> {
    let mut types: HashMap<String, DataType> = plan
        .get_parameter_types()?
        .into_iter()
        .filter_map(|(name, data_type)| Some((name, data_type?)))
        .collect();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let LogicalExpr::Cast(cast) = expression
                    && let LogicalExpr::Placeholder(placeholder) = cast.expr.as_ref()
                {
                    let entry = types.entry(placeholder.id.clone());
                    entry.or_insert_with(|| cast.field.data_type().clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(types)
}

/// The plan with values in the places of its parameters.
pub(crate) fn bind(plan: LogicalPlan, types: &[SqlType], values: &[Datum]) -> Result<LogicalPlan> {
    let inferred = inferred_types(&plan)?;
    let mut scalars = Vec::with_capacity(types.len());
    for (index, sql_type) in types.iter().enumerate() {
        let data_type = match inferred.get(&format!("${}", index + 1)) {
            Some(data_type) => data_type.clone(),
            None => parameter_type(sql_type).unwrap_or(DataType::Utf8View),
        };
        let value = values.get(index).unwrap_or(&Datum::Null);
        scalars.push(ScalarAndMetadata::new(
            datum_to_scalar(value, &data_type)?,
            None,
        ));
    }
    plan.replace_params_with_values(&ParamValues::List(scalars))
}

/// Gives parameters that are texts to Arrow the type of what they stand beside: uuid, jsonb, name. `free` are those whose type nobody has
/// declared. Whether the statement has to be planned again, because an operator means another thing now.
pub(crate) fn refine(plan: &LogicalPlan, free: &[bool], types: &mut [SqlType]) -> Result<bool> {
    let mut other_operator = false;
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                for (parameter, beside, same_type) in neighbours(expression) {
                    if free.get(parameter) != Some(&true) || types[parameter] != SqlType::Text {
                        continue;
                    }
                    let Some(sql_type) = type_of(beside, &inputs) else {
                        continue;
                    };
                    match (same_type, sql_type) {
                        (
                            Same::Always,
                            refined @ (SqlType::Uuid
                            | SqlType::Json
                            | SqlType::Jsonb
                            | SqlType::Name
                            | SqlType::Varchar(_)
                            | SqlType::Char(_)),
                        ) => types[parameter] = without_modifier(refined),
                        (Same::Documents, refined @ (SqlType::Jsonb | SqlType::Array(_))) => {
                            types[parameter] = without_modifier(refined);
                            other_operator = true;
                        }
                        _ => {}
                    }
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(other_operator)
}

/// The type of an expression over one of a node's inputs.
fn type_of(expression: &LogicalExpr, inputs: &[&LogicalPlan]) -> Option<SqlType> {
    let columns = expression.column_refs();
    let input = inputs.iter().find(|input| {
        columns
            .iter()
            .all(|column| input.schema().has_column(column))
    })?;
    argument_types(std::slice::from_ref(expression), Some(input)).pop()
}

/// When the operands of an operator have one type.
#[derive(Clone, Copy)]
enum Same {
    Always,
    /// If it is jsonb or an array.
    Documents,
}

/// The parameters (from 0) among the operands of an expression, and what they stand beside.
fn neighbours(expression: &LogicalExpr) -> Vec<(usize, &LogicalExpr, Same)> {
    match expression {
        LogicalExpr::BinaryExpr(binary) => {
            let same = match binary.op {
                operator if compares(operator) => Same::Always,
                Operator::AtArrow | Operator::ArrowAt | Operator::StringConcat => Same::Documents,
                _ => return vec![],
            };
            match (parameter(&binary.left), parameter(&binary.right)) {
                (Some(parameter), None) => vec![(parameter, &binary.right, same)],
                (None, Some(parameter)) => vec![(parameter, &binary.left, same)],
                _ => vec![],
            }
        }
        LogicalExpr::InList(list) if parameter(&list.expr).is_none() => list
            .list
            .iter()
            .filter_map(|element| Some((parameter(element)?, list.expr.as_ref(), Same::Always)))
            .collect(),
        _ => vec![],
    }
}

fn compares(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// The number (from 0) of a parameter, also inside of casts.
pub(crate) fn parameter(expression: &LogicalExpr) -> Option<usize> {
    match expression {
        LogicalExpr::Placeholder(placeholder) => Some(number(&placeholder.id)? - 1),
        LogicalExpr::Cast(cast) => parameter(&cast.expr),
        LogicalExpr::Alias(alias) => parameter(&alias.expr),
        _ => None,
    }
}
