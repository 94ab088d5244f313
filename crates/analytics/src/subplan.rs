//! Subqueries that DataFusion cannot turn into joins: run once per distinct set of outer values, as PostgreSQL's SubPlan.
//!
//! DataFusion plans a correlated scalar subquery only if it is an aggregate over equalities, and EXISTS and IN only in filters. What is
//! anything else becomes a function of the outer columns it refers to; the function runs the subquery's plan with their values. A subquery is
//! optimised once per statement, and each set of outer values is looked up before it is run.

use crate::error::carry;
use crate::statement::StatementContext;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, FieldRef};
use async_trait::async_trait;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, ScalarValue, internal_err};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::expr::{Placeholder, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{merge_schema, split_conjunction};
use datafusion::logical_expr::{
    BinaryExpr, Case, ColumnarValue, Expr, JoinType, LogicalPlan, Operator, ScalarFunctionArgs,
    ScalarUDFImpl, Signature, Subquery, Volatility,
};
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_plan::collect;
use parking_lot::Mutex;
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
            let rewritten = replace(expression, &chooser, &schema, None)?;
            Ok(rewritten.update_data(|expression| name.restore(expression)))
        })?;
        node.map_data(LogicalPlan::recompute_schema)
    })?;
    Ok(rewritten.data)
}

/// Puts calls in the places of subqueries. The subqueries run only for rows for which `guard` is true: it is the condition of the CASE that
/// they are in.
fn replace(
    expression: Expr,
    chooser: &Chooser,
    schema: &DFSchema,
    guard: Option<&Expr>,
) -> Result<Transformed<Expr>> {
    expression.transform_down(|expression| {
        let called = match expression {
            Expr::Case(case) if case.expr.is_none() => {
                return guarded_case(case, chooser, schema, guard);
            }
            expression if !chooser.wants(&expression) => return Ok(Transformed::no(expression)),
            Expr::ScalarSubquery(subquery) => call(Form::Scalar, None, subquery, schema, guard)?,
            Expr::Exists(exists) => {
                let form = Form::Exists {
                    negated: exists.negated,
                };
                call(form, None, exists.subquery, schema, guard)?
            }
            Expr::InSubquery(inner) => {
                let form = Form::In {
                    negated: inner.negated,
                };
                let tested = replace(*inner.expr, chooser, schema, guard)?.data;
                call(form, Some(tested), inner.subquery, schema, guard)?
            }
            other => return Ok(Transformed::no(other)),
        };
        Ok(Transformed::new(called, true, TreeNodeRecursion::Jump))
    })
}

/// A searched CASE, whose results have its conditions as guards: functions that run asynchronously are computed for all rows otherwise.
fn guarded_case(
    case: Case,
    chooser: &Chooser,
    schema: &DFSchema,
    guard: Option<&Expr>,
) -> Result<Transformed<Expr>> {
    let mut changed = false;
    let mut part = |expression: Expr, guard: Option<&Expr>| -> Result<Box<Expr>> {
        let replaced = replace(expression, chooser, schema, guard)?;
        changed |= replaced.transformed;
        Ok(Box::new(replaced.data))
    };
    let mut when_then_expr = Vec::with_capacity(case.when_then_expr.len());
    for (when, then) in case.when_then_expr {
        let inner = match (cannot_fail(&when), guard) {
            (true, Some(guard)) => Some(guard.clone().and(when.as_ref().clone())),
            (true, None) => Some(when.as_ref().clone()),
            (false, guard) => guard.cloned(),
        };
        when_then_expr.push((part(*when, guard)?, part(*then, inner.as_ref())?));
    }
    let else_expr = match case.else_expr {
        Some(otherwise) => Some(part(*otherwise, guard)?),
        None => None,
    };
    let case = Expr::Case(Case {
        expr: None,
        when_then_expr,
        else_expr,
    });
    Ok(Transformed::new(case, changed, TreeNodeRecursion::Jump))
}

/// Whether an expression can be computed for rows that CASE keeps it from.
fn cannot_fail(expression: &Expr) -> bool {
    match expression {
        Expr::Column(_) | Expr::OuterReferenceColumn(..) | Expr::Literal(..) => true,
        Expr::Not(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) => cannot_fail(inner),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let compares = matches!(
                op,
                Operator::Eq
                    | Operator::NotEq
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq
                    | Operator::And
                    | Operator::Or
            );
            compares && cannot_fail(left) && cannot_fail(right)
        }
        _ => false,
    }
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
        LogicalPlan::Join(join) => {
            let refers = plan.exists(|node| Ok(node.contains_outer_reference()));
            join.join_type == JoinType::Inner && refers.is_ok_and(|refers| !refers)
        }
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
fn call(
    form: Form,
    tested: Option<Expr>,
    subquery: Subquery,
    schema: &DFSchema,
    guard: Option<&Expr>,
) -> Result<Expr> {
    let mut parameters: Vec<(FieldRef, Column)> = Vec::new();
    collect_parameters(&subquery.subquery, &[], &mut parameters)?;
    let outer = parameters
        .iter()
        .map(|(field, column)| match schema.has_column(column) {
            true => Expr::Column(column.clone()),
            // It belongs to a query further out.
            false => Expr::OuterReferenceColumn(Arc::clone(field), column.clone()),
        });
    let arguments: Vec<Expr> = outer.chain(tested).chain(guard.cloned()).collect();
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
        parameters,
        guarded: guard.is_some(),
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
    parameters: Vec<(FieldRef, Column)>,
    /// The last argument tells whether the value is asked for.
    guarded: bool,
    return_type: DataType,
    signature: Signature,
}

/// What one run of a statement knows of a subquery.
#[derive(Debug)]
pub(crate) struct SubPlanRun {
    /// Optimised, with placeholders for the outer values.
    optimized: LogicalPlan,
    /// Whether it reads tables, whose access paths the outer values choose.
    reads_tables: bool,
    /// Results by the outer values, up to [`KNOWN_MAX`].
    known: Mutex<HashMap<Vec<ScalarValue>, ScalarValue>>,
}

/// Most results of one subquery that are kept while a statement runs.
const KNOWN_MAX: usize = 10_000;

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
        let run = context.subplan(self.number, || self.prepare(&state))?;
        let mut columns = args
            .args
            .into_iter()
            .map(|value| value.to_array(args.number_rows))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let guard = match self.guarded {
            true => columns.pop(),
            false => None,
        };
        let mut results = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let wanted = match guard.as_ref().map(AsArray::as_boolean) {
                Some(guard) => guard.is_valid(row) && guard.value(row),
                None => true,
            };
            if !wanted {
                results.push(ScalarValue::try_from(&self.return_type)?);
                continue;
            }
            // Planning and running a small subquery never waits; a cancelled statement ends here.
            tokio::task::yield_now().await;
            let values = columns
                .iter()
                .map(|column| ScalarValue::try_from_array(column, row))
                .collect::<Result<Vec<_>>>()?;
            let known = run.known.lock().get(&values).cloned();
            let result = match known {
                Some(result) => result,
                None => {
                    let result = self.run(&state, &run, &values).await?;
                    let mut known = run.known.lock();
                    if known.len() < KNOWN_MAX {
                        known.insert(values, result.clone());
                    }
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
    /// Optimises the subquery once for all outer values.
    fn prepare(&self, state: &SessionState) -> Result<SubPlanRun> {
        let plan = self.plan.as_ref().clone();
        let open = map_all(plan, |expression| match &expression {
            Expr::OuterReferenceColumn(_, column) => {
                let mut parameters = self.parameters.iter().enumerate();
                match parameters.find(|(_, (_, parameter))| parameter == column) {
                    Some((index, (field, _))) => {
                        Transformed::yes(Expr::Placeholder(Placeholder::new_with_field(
                            placeholder_name(index),
                            Some(Arc::clone(field)),
                        )))
                    }
                    None => Transformed::no(expression),
                }
            }
            _ => Transformed::no(expression),
        })?;
        let optimized = state.optimize(&open)?;
        let mut reads_tables = false;
        optimized.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                reads_tables |= scan.table_name.schema() == Some("public");
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(SubPlanRun {
            optimized,
            reads_tables,
            known: Mutex::default(),
        })
    }

    async fn run(
        &self,
        state: &SessionState,
        run: &SubPlanRun,
        values: &[ScalarValue],
    ) -> Result<ScalarValue> {
        let mut bound = map_all(run.optimized.clone(), |expression| match &expression {
            Expr::Placeholder(placeholder) => {
                let mut names = 0..self.parameters.len();
                match names.find(|index| placeholder.id == placeholder_name(*index)) {
                    Some(index) => Transformed::yes(Expr::Literal(values[index].clone(), None)),
                    None => Transformed::no(expression),
                }
            }
            _ => Transformed::no(expression),
        })?;
        if run.reads_tables {
            // Only now are the conditions on keys constants, which tables take for their access paths.
            let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![
                Arc::new(SimplifyExpressions::new()),
                Arc::new(PushDownFilter::new()),
            ];
            bound = Optimizer::with_rules(rules).optimize(bound, state, |_, _| {})?;
        }
        let physical = state
            .query_planner()
            .create_physical_plan(&bound, state)
            .await?;
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

/// Names of outer values in an optimised subquery: nothing that a client can write.
fn placeholder_name(index: usize) -> String {
    format!("$outer{index}")
}

/// A plan with all its expressions rewritten, those of its subqueries as well.
fn map_all(
    plan: LogicalPlan,
    mut rewrite: impl FnMut(Expr) -> Transformed<Expr>,
) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        // A lateral part whose outer columns are known is like any other.
        if let LogicalPlan::Subquery(lateral) = node {
            return Ok(Transformed::yes(Arc::unwrap_or_clone(lateral.subquery)));
        }
        let names = NamePreserver::new(&node);
        node.map_expressions(|expression| {
            let name = names.save(&expression);
            let rewritten = expression.transform_up(|expression| Ok(rewrite(expression)))?;
            Ok(rewritten.update_data(|expression| name.restore(expression)))
        })
    })?;
    Ok(rewritten.data)
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
