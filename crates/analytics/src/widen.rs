//! `sum` and `avg` with PostgreSQL's result types: `sum(bigint)` and `avg` of integers are numeric, so that neither overflows nor rounds to
//! a double.
//!
//! Done once, on the plan as it was made: DataFusion's own coercion runs more than once over a plan, and would widen again.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan, WindowFunctionDefinition};

/// A bigint as a decimal: 19 digits.
const BIGINT: DataType = DataType::Decimal128(19, 0);

/// Integers with the fraction that averages are computed to; the average has 4 digits more.
const INTEGER_WITH_FRACTION: DataType = DataType::Decimal128(22, 12);
const BIGINT_WITH_FRACTION: DataType = DataType::Decimal128(31, 12);

/// Widens the arguments of all sums and averages of a plan.
pub(crate) fn widen(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut changed = false;
    let widened = plan.transform_up_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expression| {
            let name = names.save(&expression);
            let widened = expression.transform_up(|expression| widen_call(expression, &schema))?;
            Ok(widened.update_data(|expression| name.restore(expression)))
        })?;
        changed = changed || node.transformed;
        if changed {
            return Ok(Transformed::yes(node.data.recompute_schema()?));
        }
        Ok(node)
    })?;
    Ok(widened.data)
}

fn widen_call(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let mut expression = expression;
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
        _ => None,
    }
}
