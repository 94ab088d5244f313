//! Parameters `$1 …` of a statement: their types, and their values.
//!
//! A type that the client declared holds. For the others the place where the parameter stands decides, as DataFusion infers it; what has no
//! place that tells is text.

use crate::rewrite::call_cast;
use crate::rows::datum_to_scalar;
use crate::types::{parameter_type, sql_type};
use arrow::datatypes::DataType;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{ParamValues, Result};
use datafusion::logical_expr::{Expr as LogicalExpr, LogicalPlan};
use datafusion::sql::sqlparser::ast::{
    Expr, LimitClause, Query, Statement, Value, ValueWithSpan, Visitor, VisitorMut,
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

/// Parameters of LIMIT and OFFSET are bigint, if nobody says otherwise.
pub(crate) fn infer_limits(statement: &Statement, types: &mut [SqlType]) {
    struct Limits<'a>(&'a mut [SqlType]);
    impl Limits<'_> {
        fn infer(&mut self, expr: Option<&Expr>) {
            if let Some(Expr::Value(value)) = expr
                && let Value::Placeholder(name) = &value.value
                && let Some(sql_type) = number(name).and_then(|number| self.0.get_mut(number - 1))
                && *sql_type == SqlType::Unknown
            {
                *sql_type = SqlType::Int8;
            }
        }
    }
    impl Visitor for Limits<'_> {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
                self.infer(limit.as_ref());
                self.infer(offset.as_ref().map(|offset| &offset.value));
            }
            let quantity = query
                .fetch
                .as_ref()
                .and_then(|fetch| fetch.quantity.as_ref());
            self.infer(quantity);
            ControlFlow::Continue(())
        }
    }
    let _ = walk(statement, &mut Limits(types));
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
