//! Subqueries that DataFusion cannot turn into joins: run once per distinct set of outer values, as PostgreSQL's SubPlan.
//!
//! DataFusion plans a correlated scalar subquery only if it is an aggregate over equalities, and EXISTS and IN only in filters. What is
//! anything else becomes a function of the outer columns it refers to; the function runs the subquery's plan with their values.

use crate::error::carry;
use crate::statement::StatementContext;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, FieldRef};
use async_trait::async_trait;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, ScalarValue, internal_err};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{merge_schema, split_conjunction};
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Subquery, Volatility,
};
use datafusion::physical_plan::collect;
use shale_sql::SqlError;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Replaces the subqueries that DataFusion cannot plan; with `all`, every correlated one.
pub(crate) fn rewrite(plan: LogicalPlan, all: bool) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let chooser = Chooser {
            in_filter: matches!(node, LogicalPlan::Filter(_)),
            all,
        };
        if !chooser.finds_any(&node)? {
            return Ok(Transformed::no(node));
        }
        let schema = merge_schema(&node.inputs());
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expression| {
            let name = names.save(&expression);
            let rewritten = expression.transform_up(|expression| match expression {
                expression if !chooser.wants(&expression) => Ok(Transformed::no(expression)),
                Expr::ScalarSubquery(subquery) => Ok(Transformed::yes(call(
                    Form::Scalar,
                    None,
                    subquery,
                    &schema,
                )?)),
                Expr::Exists(exists) => {
                    let form = Form::Exists {
                        negated: exists.negated,
                    };
                    Ok(Transformed::yes(call(
                        form,
                        None,
                        exists.subquery,
                        &schema,
                    )?))
                }
                Expr::InSubquery(inner) => {
                    let form = Form::In {
                        negated: inner.negated,
                    };
                    Ok(Transformed::yes(call(
                        form,
                        Some(*inner.expr),
                        inner.subquery,
                        &schema,
                    )?))
                }
                other => Ok(Transformed::no(other)),
            })?;
            Ok(rewritten.update_data(|expression| name.restore(expression)))
        })?;
        node.map_data(LogicalPlan::recompute_schema)
    })?;
    Ok(rewritten.data)
}

/// Decides which subqueries of a node become functions.
struct Chooser {
    /// DataFusion makes joins of EXISTS and IN in filters, and only there.
    in_filter: bool,
    all: bool,
}

impl Chooser {
    fn wants(&self, expression: &Expr) -> bool {
        match expression {
            Expr::ScalarSubquery(subquery) => {
                is_correlated(subquery) && (self.all || !becomes_a_join(&subquery.subquery))
            }
            Expr::Exists(exists) => self.wants_test(&exists.subquery),
            Expr::InSubquery(inner) => self.wants_test(&inner.subquery),
            _ => false,
        }
    }

    /// EXISTS or IN.
    fn wants_test(&self, subquery: &Subquery) -> bool {
        !self.in_filter
            || (is_correlated(subquery) && (self.all || !filters_only(&subquery.subquery)))
    }

    fn finds_any(&self, node: &LogicalPlan) -> Result<bool> {
        let mut found = false;
        node.apply_expressions(|expression| {
            found = found || expression.exists(|expression| Ok(self.wants(expression)))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(found)
    }
}

fn is_correlated(subquery: &Subquery) -> bool {
    !subquery.outer_ref_columns.is_empty()
}

/// Whether the subquery is an ungrouped aggregate whose correlations are all equalities of a filter.
fn becomes_a_join(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => {
            !projection.expr.iter().any(has_outer_reference) && becomes_a_join(&projection.input)
        }
        LogicalPlan::SubqueryAlias(alias) => becomes_a_join(&alias.input),
        LogicalPlan::Aggregate(aggregate) => {
            aggregate.group_expr.is_empty()
                && !aggregate.aggr_expr.iter().any(has_outer_reference)
                && only_equalities(&aggregate.input)
        }
        _ => false,
    }
}

/// Whether outer columns are referred to in filters and join conditions only.
fn filters_only(plan: &LogicalPlan) -> bool {
    let mut elsewhere = false;
    let visited = plan.apply(|node| {
        if !matches!(node, LogicalPlan::Filter(_) | LogicalPlan::Join(_)) {
            node.apply_expressions(|expression| {
                elsewhere = elsewhere || has_outer_reference(expression);
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        Ok(TreeNodeRecursion::Continue)
    });
    visited.is_ok() && !elsewhere
}

fn only_equalities(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Filter(filter) => {
            let equalities = split_conjunction(&filter.predicate)
                .into_iter()
                .all(|term| {
                    !has_outer_reference(term)
                        || matches!(
                            term,
                            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right })
                                if is_outer(left) != is_outer(right)
                        )
                });
            equalities && only_equalities(&filter.input)
        }
        LogicalPlan::SubqueryAlias(alias) => only_equalities(&alias.input),
        LogicalPlan::TableScan(_) => true,
        _ => false,
    }
}

fn is_outer(expression: &Expr) -> bool {
    matches!(expression, Expr::OuterReferenceColumn(..))
}

fn has_outer_reference(expression: &Expr) -> bool {
    expression
        .exists(|expression| Ok(is_outer(expression)))
        .unwrap_or(true)
}

/// The call that stands for a subquery in a node with that input; `tested` is what IN looks for.
fn call(form: Form, tested: Option<Expr>, subquery: Subquery, schema: &DFSchema) -> Result<Expr> {
    let mut parameters: Vec<(FieldRef, Column)> = Vec::new();
    collect_parameters(&subquery.subquery, &[], &mut parameters)?;
    let outer = parameters
        .iter()
        .map(|(field, column)| match schema.has_column(column) {
            true => Expr::Column(column.clone()),
            // It belongs to a query further out.
            false => Expr::OuterReferenceColumn(Arc::clone(field), column.clone()),
        });
    let arguments: Vec<Expr> = outer.chain(tested).collect();
    if form != (Form::Exists { negated: false })
        && form != (Form::Exists { negated: true })
        && subquery.subquery.schema().fields().len() != 1
    {
        return Err(carry(SqlError::Other {
            sqlstate: "42601",
            message: "subquery must return only one column".to_owned(),
            hint: None,
        }));
    }
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let function = SubPlan {
        name: format!("subplan_{number}"),
        number,
        form,
        return_type: match form {
            Form::Scalar => subquery.subquery.schema().field(0).data_type().clone(),
            Form::Exists { .. } | Form::In { .. } => DataType::Boolean,
        },
        signature: match arguments.len() {
            0 => Signature::nullary(Volatility::Volatile),
            count => Signature::any(count, Volatility::Volatile),
        },
        parameters: parameters.into_iter().map(|(_, column)| column).collect(),
        plan: subquery.subquery,
    };
    let function = Arc::new(AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf());
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(
        function, arguments,
    )))
}

/// The outer columns that a plan refers to. Inside its own subqueries, references to the plan's columns are not outer ones.
fn collect_parameters(
    plan: &LogicalPlan,
    bound: &[DFSchema],
    out: &mut Vec<(FieldRef, Column)>,
) -> Result<()> {
    plan.apply(|node| {
        let mut within = bound.to_vec();
        within.push(merge_schema(&node.inputs()));
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                match expression {
                    Expr::OuterReferenceColumn(field, column) => {
                        let inner = bound.iter().any(|schema| schema.has_column(column));
                        if !inner && !out.iter().any(|(_, other)| other == column) {
                            out.push((Arc::clone(field), column.clone()));
                        }
                    }
                    Expr::ScalarSubquery(subquery) => {
                        collect_parameters(&subquery.subquery, &within, out)?;
                    }
                    Expr::Exists(exists) => {
                        collect_parameters(&exists.subquery.subquery, &within, out)?;
                    }
                    Expr::InSubquery(inner) => {
                        collect_parameters(&inner.subquery.subquery, &within, out)?;
                    }
                    Expr::SetComparison(inner) => {
                        collect_parameters(&inner.subquery.subquery, &within, out)?;
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        if let LogicalPlan::Subquery(lateral) = node {
            collect_parameters(&lateral.subquery, &within, out)?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// What is asked of a subquery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Its only value, NULL for no row.
    Scalar,
    /// Whether it has a row.
    Exists { negated: bool },
    /// Whether a value is among its rows.
    In { negated: bool },
}

/// A subquery as a function of outer values.
#[derive(Debug)]
struct SubPlan {
    name: String,
    number: u64,
    form: Form,
    plan: Arc<LogicalPlan>,
    parameters: Vec<Column>,
    return_type: DataType,
    signature: Signature,
}

impl PartialEq for SubPlan {
    fn eq(&self, other: &SubPlan) -> bool {
        self.number == other.number
    }
}

impl Eq for SubPlan {}

impl Hash for SubPlan {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl ScalarUDFImpl for SubPlan {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.return_type.clone())
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!(
            "{} runs only where DataFusion runs asynchronous functions",
            self.name
        )
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for SubPlan {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let context = StatementContext::of(&args.config_options)?;
        let mut state = context.state();
        state.config_mut().options_mut().execution.target_partitions = 1;
        let columns = args
            .args
            .into_iter()
            .map(|value| value.to_array(args.number_rows))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let mut known: HashMap<Vec<ScalarValue>, ScalarValue> = HashMap::new();
        let mut results = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            // Planning and running a small subquery never waits; a cancelled statement ends here.
            tokio::task::yield_now().await;
            let values = columns
                .iter()
                .map(|column| ScalarValue::try_from_array(column, row))
                .collect::<Result<Vec<_>>>()?;
            let result = match known.get(&values) {
                Some(result) => result.clone(),
                None => {
                    let result = self.run(&state, &values).await?;
                    known.insert(values, result.clone());
                    result
                }
            };
            results.push(result);
        }
        if results.is_empty() {
            return Ok(ColumnarValue::Array(arrow::array::new_empty_array(
                &self.return_type,
            )));
        }
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(results)?))
    }
}

impl SubPlan {
    async fn run(&self, state: &SessionState, values: &[ScalarValue]) -> Result<ScalarValue> {
        let plan = self.plan.as_ref().clone();
        let bound = plan
            .transform_up_with_subqueries(|node| {
                // A lateral part whose outer columns are known now is like any other.
                if let LogicalPlan::Subquery(lateral) = node {
                    return Ok(Transformed::yes(Arc::unwrap_or_clone(lateral.subquery)));
                }
                let names = NamePreserver::new(&node);
                node.map_expressions(|expression| {
                    let name = names.save(&expression);
                    let rewritten = expression.transform_up(|expression| match &expression {
                        Expr::OuterReferenceColumn(_, column) => {
                            match self
                                .parameters
                                .iter()
                                .position(|parameter| parameter == column)
                            {
                                Some(index) => {
                                    Ok(Transformed::yes(Expr::Literal(values[index].clone(), None)))
                                }
                                None => Ok(Transformed::no(expression)),
                            }
                        }
                        _ => Ok(Transformed::no(expression)),
                    })?;
                    Ok(rewritten.update_data(|expression| name.restore(expression)))
                })
            })?
            .data;
        let physical = state.create_physical_plan(&bound).await?;
        let batches = collect(physical, state.task_ctx()).await?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        match self.form {
            Form::Exists { negated } => Ok(ScalarValue::Boolean(Some((rows > 0) != negated))),
            Form::Scalar if rows > 1 => Err(carry(SqlError::Other {
                sqlstate: "21000",
                message: "more than one row returned by a subquery used as an expression"
                    .to_owned(),
                hint: None,
            })),
            Form::Scalar => match batches.iter().find(|batch| batch.num_rows() > 0) {
                Some(batch) => {
                    ScalarValue::try_from_array(batch.column(0), 0)?.cast_to(&self.return_type)
                }
                None => ScalarValue::try_from(&self.return_type),
            },
            Form::In { negated } => {
                let tested = &values[self.parameters.len()];
                Ok(ScalarValue::Boolean(
                    is_among(tested, &batches)?.map(|among| among != negated),
                ))
            }
        }
    }
}

/// SQL's IN: unknown if nothing equals the value and the value or a candidate is NULL.
fn is_among(tested: &ScalarValue, batches: &[RecordBatch]) -> Result<Option<bool>> {
    let mut unknown = false;
    for batch in batches {
        for row in 0..batch.num_rows() {
            let candidate = ScalarValue::try_from_array(batch.column(0), row)?;
            if tested.is_null() || candidate.is_null() {
                unknown = true;
            } else if candidate
                .cast_to(&tested.data_type())
                .is_ok_and(|candidate| candidate == *tested)
            {
                return Ok(Some(true));
            }
        }
    }
    Ok(if unknown { None } else { Some(false) })
}
