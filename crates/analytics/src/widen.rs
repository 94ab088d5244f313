//! PostgreSQL's types where DataFusion takes others.
//!
//! * Integer constants are integer if they fit, bigint else; DataFusion has them as bigint.
//! * `sum(bigint)` and `avg` of integers are numeric, so that neither overflows nor rounds to a double.
//! * `avg` of numerics of few decimals has as many as that of integers.
//!
//! Done once, on the plan as it was made: DataFusion's own coercion runs more than once over a plan, and would widen again.

use crate::functions::typed_function;
use crate::types::arrow_type;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, RecursiveQuery, Union,
    WindowFunctionDefinition,
};
use shale_sql::SqlType;
use std::sync::Arc;

/// A bigint as a decimal: 19 digits.
const BIGINT: DataType = DataType::Decimal128(19, 0);

/// Digits of the fraction that averages are computed to; the average has 4 digits more.
const FRACTION: i8 = 12;
/// Integers with that fraction.
const INTEGER_WITH_FRACTION: DataType = DataType::Decimal128(22, FRACTION);
const BIGINT_WITH_FRACTION: DataType = DataType::Decimal128(31, FRACTION);

/// Gives constants, sums and averages of a plan their types.
pub(crate) fn widen(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut changed = false;
    let widened = plan.transform_up_with_subqueries(|node| {
        // The numbers of LIMIT are DataFusion's own.
        if let LogicalPlan::Limit(_) = node {
            return match changed {
                true => Ok(Transformed::yes(node.recompute_schema()?)),
                false => Ok(Transformed::no(node)),
            };
        }
        let schema = merge_schema(&node.inputs());
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expression| {
            let name = names.save(&expression);
            let narrowed = narrow_constants(expression)?;
            let widened = narrowed.transform_data(|expression| {
                expression.transform_up(|expression| widen_call(expression, &schema))
            })?;
            Ok(widened.update_data(|expression| name.restore(expression)))
        })?;
        changed = changed || node.transformed;
        if !changed {
            return Ok(node);
        }
        Ok(Transformed::yes(match node.data {
            // DataFusion does not recompute its schema.
            LogicalPlan::Union(union) => {
                LogicalPlan::Union(Union::try_new_with_loose_types(union.inputs)?)
            }
            LogicalPlan::Values(rows) => LogicalPlanBuilder::values(rows.values)?.build()?,
            // What reads the working table was planned with its types.
            LogicalPlan::RecursiveQuery(recursive) => {
                LogicalPlan::RecursiveQuery(RecursiveQuery::try_new(
                    recursive.name,
                    with_types_of(recursive.static_term, &recursive.schema)?,
                    with_types_of(recursive.recursive_term, &recursive.schema)?,
                    recursive.is_distinct,
                )?)
            }
            node => node.recompute_schema()?,
        }))
    })?;
    Ok(widened.data)
}

fn with_types_of(plan: Arc<LogicalPlan>, schema: &DFSchema) -> Result<Arc<LogicalPlan>> {
    let types = schema.fields().iter().map(|field| field.data_type());
    let mut differs = false;
    let mut columns = Vec::with_capacity(schema.fields().len());
    for ((qualifier, field), wanted) in plan.schema().iter().zip(types) {
        let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
        columns.push(match field.data_type() == wanted {
            true => column,
            false => {
                differs = true;
                Expr::Cast(Cast::new(Box::new(column), wanted.clone()))
                    .alias_qualified(qualifier.cloned(), field.name())
            }
        });
    }
    if !differs {
        return Ok(plan);
    }
    let projected = LogicalPlanBuilder::from(plan).project(columns)?.build()?;
    Ok(Arc::new(projected))
}

/// Constants as integer, but for the one that stands for the rows in `count(*)`.
fn narrow_constants(expression: Expr) -> Result<Transformed<Expr>> {
    expression.transform_down(|expression| match expression {
        Expr::Literal(ScalarValue::Int64(Some(value)), metadata) => {
            Ok(match i32::try_from(value) {
                Ok(value) => {
                    Transformed::yes(Expr::Literal(ScalarValue::Int32(Some(value)), metadata))
                }
                Err(_) => Transformed::no(Expr::Literal(ScalarValue::Int64(Some(value)), metadata)),
            })
        }
        Expr::AggregateFunction(call) if call.func.name() == "count" => Ok(Transformed::new(
            Expr::AggregateFunction(call),
            false,
            TreeNodeRecursion::Jump,
        )),
        Expr::WindowFunction(call) if call.fun.name() == "count" => Ok(Transformed::new(
            Expr::WindowFunction(call),
            false,
            TreeNodeRecursion::Jump,
        )),
        other => Ok(Transformed::no(other)),
    })
}

fn widen_call(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let mut expression = expression;
    if let Expr::ScalarFunction(call) = &mut expression
        && call.func.name() == "date_trunc"
        && let Some(moment) = call.args.get_mut(1)
        && moment.get_type(schema).ok() == Some(DataType::Date32)
    {
        // PostgreSQL has it for timestamptz, which it prefers for a date.
        let timestamptz = arrow_type(&SqlType::TimestampTz);
        *moment = Expr::Cast(Cast::new(Box::new(moment.clone()), timestamptz));
        return Ok(Transformed::yes(expression));
    }
    if let Expr::ScalarFunction(call) = &mut expression
        && matches!(call.func.name(), "ceil" | "floor" | "round")
        && let Some(rounded) = call.args.first_mut()
        && let Ok(DataType::Decimal128(precision, scale)) = rounded.get_type(schema)
        && precision < DECIMAL128_MAX_PRECISION
    {
        // What is rounded up may have a digit more.
        let wider = DataType::Decimal128(precision + 1, scale);
        *rounded = Expr::Cast(Cast::new(Box::new(rounded.clone()), wider));
        return Ok(Transformed::yes(expression));
    }
    if let Expr::ScalarFunction(call) = &mut expression
        && let Some(function) = of_numerics(call, schema)
    {
        call.func = typed_function(function)?;
        return Ok(Transformed::yes(expression));
    }
    let (name, arguments) = match &mut expression {
        Expr::AggregateFunction(call) => (call.func.name().to_owned(), &mut call.params.args),
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(function) => {
                (function.name().to_owned(), &mut call.params.args)
            }
            WindowFunctionDefinition::WindowUDF(_) => return Ok(Transformed::no(expression)),
        },
        _ => return Ok(Transformed::no(expression)),
    };
    let [argument] = arguments.as_mut_slice() else {
        return Ok(Transformed::no(expression));
    };
    let target = match (name.as_str(), argument.get_type(schema)) {
        ("sum", Ok(data_type)) => for_sum(&data_type),
        ("avg", Ok(data_type)) => for_average(&data_type),
        _ => None,
    };
    let Some(target) = target else {
        return Ok(Transformed::no(expression));
    };
    *argument = Expr::Cast(Cast::new(Box::new(argument.clone()), target));
    Ok(Transformed::yes(expression))
}

/// The function of numerics that a function of doubles is, if a numeric and no double is among its arguments; of intervals likewise.
fn of_numerics(call: &ScalarFunction, schema: &DFSchema) -> Option<&'static str> {
    let function = match call.func.name() {
        "sqrt" => "shale_numeric_sqrt",
        "exp" => "shale_numeric_exp",
        "ln" => "shale_numeric_ln",
        "log" | "log10" => "shale_numeric_log",
        "power" => "shale_numeric_power",
        "date_part" if is_epoch(call.args.first()) => "shale_interval_epoch",
        _ => return None,
    };
    let types: Vec<DataType> = call
        .args
        .iter()
        .map(|argument| argument.get_type(schema).ok())
        .collect::<Option<_>>()?;
    if function == "shale_interval_epoch" {
        return matches!(types.last(), Some(DataType::Interval(_))).then_some(function);
    }
    let decimal = types
        .iter()
        .any(|data_type| matches!(data_type, DataType::Decimal128(..)));
    let double = types.iter().any(DataType::is_floating);
    (decimal && !double).then_some(function)
}

fn is_epoch(field: Option<&Expr>) -> bool {
    matches!(field, Some(Expr::Literal(ScalarValue::Utf8(Some(field)) | ScalarValue::Utf8View(Some(field)), _))
        if field.eq_ignore_ascii_case("epoch"))
}

fn for_sum(argument: &DataType) -> Option<DataType> {
    match argument {
        DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Some(BIGINT),
        _ => None,
    }
}

fn for_average(argument: &DataType) -> Option<DataType> {
    match argument {
        DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Some(BIGINT_WITH_FRACTION),
        integer if integer.is_integer() => Some(INTEGER_WITH_FRACTION),
        // All digits: other branches of a CASE, whose common type is found later, may have more than the first.
        DataType::Decimal128(_, scale) if *scale < FRACTION => {
            Some(DataType::Decimal128(DECIMAL128_MAX_PRECISION, FRACTION))
        }
        _ => None,
    }
}
