//! Comparisons of a date with a moment, as comparisons of dates: `day < date '1994-01-01' + interval '1 year'`.
//!
//! The sum is a timestamp, so that the column would be cast for every row, and no condition could be made of the comparison for the engine.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator, binary_expr,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// The rule.
#[derive(Debug)]
pub(crate) struct DateComparisons;

impl OptimizerRule for DateComparisons {
    fn name(&self) -> &str {
        "date_comparisons"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        // Names of columns come from expressions; those of conditions from nothing.
        if !matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Join(_)) {
            return Ok(Transformed::no(plan));
        }
        let schema = merge_schema(&plan.inputs());
        plan.map_expressions(|expression| {
            expression.transform_up(|expression| {
                Ok(
                    match of_dates(&expression, &|expr| expr.get_type(&schema)) {
                        Some(rewritten) => Transformed::yes(rewritten),
                        None => Transformed::no(expression),
                    },
                )
            })
        })
    }
}

/// The comparison of dates that says the same.
fn of_dates(expression: &Expr, type_of: &dyn Fn(&Expr) -> Result<DataType>) -> Option<Expr> {
    if let Expr::InList(list) = expression {
        let (op, all): (_, fn(Expr, Expr) -> Expr) = match list.negated {
            false => (Operator::Eq, Expr::or),
            true => (Operator::NotEq, Expr::and),
        };
        let compared = list.list.iter().map(|moment| {
            let comparison = binary_expr(list.expr.as_ref().clone(), op, moment.clone());
            of_dates(&comparison, type_of)
        });
        let compared: Vec<Expr> = compared.collect::<Option<_>>()?;
        return compared.into_iter().reduce(all);
    }
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expression else {
        return None;
    };
    let (cast, op, moment) = match (left.as_ref(), right.as_ref()) {
        (Expr::Cast(cast), Expr::Literal(moment, _)) => (cast, *op, moment),
        (Expr::Literal(moment, _), Expr::Cast(cast)) => (cast, op.swap()?, moment),
        _ => return None,
    };
    let Cast { expr: date, .. } = cast;
    if type_of(date).ok()? != DataType::Date32 {
        return None;
    }
    let ScalarValue::TimestampNanosecond(Some(nanos), None) = moment else {
        return None;
    };
    let (day, within) = (
        nanos.div_euclid(NANOS_PER_DAY),
        nanos.rem_euclid(NANOS_PER_DAY),
    );
    let day = Expr::Literal(ScalarValue::Date32(Some(i32::try_from(day).ok()?)), None);
    let compare = |op| binary_expr(date.as_ref().clone(), op, day.clone());
    Some(match (op, within) {
        (
            Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::Eq
            | Operator::NotEq,
            0,
        ) => compare(op),
        // A date is before a moment within a day if it is that day or an earlier one.
        (Operator::Lt | Operator::LtEq, _) => compare(Operator::LtEq),
        (Operator::Gt | Operator::GtEq, _) => compare(Operator::Gt),
        // False and true, but for NULL.
        (Operator::Eq, _) => compare(Operator::Lt).and(compare(Operator::Gt)),
        (Operator::NotEq, _) => compare(Operator::LtEq).or(compare(Operator::Gt)),
        _ => return None,
    })
}
