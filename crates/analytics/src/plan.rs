//! A planned query: planned once, run as often as wanted, always over current data.
//!
//! * The logical plan names tables, not views of them; a view is opened by each run.
//! * A run after the catalog changed plans again first, and fails if the result's columns are no longer the same.
//! * Parameters become constants before optimisation, so that they choose access paths as constants do.

use crate::error::to_sql_error;
use crate::explain::describe;
use crate::functions::resolve_json_arguments;
use crate::lineage::{column_origin, column_types};
use crate::rewrite::{self, visible_name};
use crate::statement::StatementContext;
use crate::widen::widen;
use crate::{checks, lateral, parameters, planner, subplan, unions, workers};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use shale_sql::{
    AnalyticContext, AnalyticPlan, Column, Datum, PlanNode, RowStream, SqlError, SqlType,
};
use sqlparser::ast::Statement;
use std::sync::Arc;
use tokio::runtime::Handle;

/// A query as planned at one version of the catalog.
struct Planned {
    catalog_version: u64,
    /// Not analysed: parameters are bound first.
    logical: LogicalPlan,
    /// Whether all correlated subqueries have to run as functions.
    all_subplans: bool,
    /// Optimised, where nothing of a run decides: no parameters, no functions of time and session.
    optimized: Option<LogicalPlan>,
    columns: Vec<Column>,
    parameter_types: Vec<SqlType>,
}

/// A planned query.
pub(crate) struct DataFusionPlan(Arc<Query>);

/// A query, with its plan for the catalog as it was when it was last looked at.
struct Query {
    base: Arc<SessionState>,
    workers: Handle,
    statement: Statement,
    columns: Vec<Column>,
    parameter_types: Vec<SqlType>,
    current: Mutex<Arc<Planned>>,
}

impl DataFusionPlan {
    /// Plans a query.
    pub(crate) fn new(
        base: Arc<SessionState>,
        workers: Handle,
        session: &AnalyticContext,
        statement: Statement,
        declared: &[SqlType],
    ) -> Result<DataFusionPlan, SqlError> {
        let planned = make(&base, session, &statement, declared)?;
        Ok(DataFusionPlan(Arc::new(Query {
            base,
            workers,
            statement,
            columns: planned.columns.clone(),
            parameter_types: planned.parameter_types.clone(),
            current: Mutex::new(Arc::new(planned)),
        })))
    }
}

impl Query {
    /// The plan for the catalog as it is now.
    fn current(&self, session: &AnalyticContext) -> Result<Arc<Planned>, SqlError> {
        let version = session.catalog_version();
        let current = Arc::clone(&self.current.lock());
        if current.catalog_version == version {
            return Ok(current);
        }
        let planned = make(&self.base, session, &self.statement, &self.parameter_types)?;
        let mut pairs = planned.columns.iter().zip(&self.columns);
        let like = planned.columns.len() == self.columns.len()
            && pairs.all(|(now, then)| now.is_like(then));
        if !like {
            return Err(SqlError::ChangedResultType);
        }
        let planned = Arc::new(planned);
        *self.current.lock() = Arc::clone(&planned);
        Ok(planned)
    }

    async fn physical(
        &self,
        context: &Arc<StatementContext>,
        parameters: &[Datum],
    ) -> Result<(Arc<dyn ExecutionPlan>, SessionState), SqlError> {
        let planned = self.current(&context.session)?;
        let state = context.state();
        let optimized = match &planned.optimized {
            Some(optimized) => optimized.clone(),
            None => {
                let plan = planned.logical.clone();
                let bound = parameters::bind(plan, &planned.parameter_types, parameters)
                    .map_err(to_sql_error)?;
                subplan::rewrite(bound, planned.all_subplans)
                    .and_then(|plan| optimize(&state, plan))
                    .map_err(to_sql_error)?
            }
        };
        let physical = state
            .query_planner()
            .create_physical_plan(&optimized, &state)
            .await
            .map_err(to_sql_error)?;
        Ok((physical, state))
    }
}

impl AnalyticPlan for DataFusionPlan {
    fn columns(&self) -> &[Column] {
        &self.0.columns
    }

    fn parameter_types(&self) -> &[SqlType] {
        &self.0.parameter_types
    }

    fn execute<'a>(
        &'a self,
        context: &'a AnalyticContext,
        parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<RowStream, SqlError>> {
        let query = Arc::clone(&self.0);
        let (session, parameters) = (context.clone(), parameters.to_vec());
        let started = async move { query.start(session, &parameters).await };
        workers::run(&self.0.workers, started).boxed()
    }

    fn explain<'a>(
        &'a self,
        context: &'a AnalyticContext,
        parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<PlanNode, SqlError>> {
        let query = Arc::clone(&self.0);
        let (session, parameters) = (context.clone(), parameters.to_vec());
        let described = async move {
            let context = StatementContext::open(session, Arc::clone(&query.base))?;
            let (physical, _) = query.physical(&context, &parameters).await?;
            Ok(describe(&physical, false))
        };
        workers::run(&self.0.workers, described).boxed()
    }
}

impl Query {
    async fn start(
        &self,
        session: AnalyticContext,
        parameters: &[Datum],
    ) -> Result<RowStream, SqlError> {
        // The view comes first: whatever is in it, the catalog looked at afterwards knows.
        let context = StatementContext::open(session, Arc::clone(&self.base))?;
        let (physical, state) = self.physical(&context, parameters).await?;
        if let Some(probe) = &context.session.probe {
            let running = Arc::clone(&physical);
            probe.started(move || describe(&running, true));
        }
        let batches = execute_stream(physical, state.task_ctx()).map_err(to_sql_error)?;
        let types = self
            .columns
            .iter()
            .map(|column| column.sql_type.clone())
            .collect();
        Ok(workers::stream(&self.workers, batches, types))
    }
}

/// Plans a statement at the catalog's current version.
fn make(
    base: &Arc<SessionState>,
    session: &AnalyticContext,
    statement: &Statement,
    declared: &[SqlType],
) -> Result<Planned, SqlError> {
    let catalog_version = session.catalog_version();
    let context = StatementContext::open(session.clone(), Arc::clone(base))?;
    let state = context.state();
    let count = parameters::count(statement)?;
    let (rewritten, scope) = rewrite::rewrite(statement, session.catalog())?;
    let mut types: Vec<SqlType> = declared.iter().take(count).cloned().collect();
    types.resize(count, SqlType::Unknown);
    let free: Vec<bool> = types
        .iter()
        .map(|declared| *declared == SqlType::Unknown)
        .collect();
    parameters::infer_from_text(statement, &mut types);
    let plan_with = |types: &[SqlType]| -> Result<LogicalPlan> {
        let mut statement = rewritten.clone();
        parameters::declare(&mut statement, types);
        planner::plan(statement, &state, &scope)
    };
    let text_where_unknown = |types: &mut Vec<SqlType>| {
        for sql_type in types
            .iter_mut()
            .filter(|sql_type| **sql_type == SqlType::Unknown)
        {
            *sql_type = SqlType::Text;
        }
    };
    let mut logical = match plan_with(&types) {
        // A parameter that stands where nothing tells its type can also keep the rest from being planned.
        Err(_) if types.contains(&SqlType::Unknown) => {
            text_where_unknown(&mut types);
            plan_with(&types)
        }
        planned => planned,
    }
    .map_err(to_sql_error)?;
    types = parameters::types(&logical, count, &types).map_err(to_sql_error)?;
    if types.contains(&SqlType::Unknown) {
        text_where_unknown(&mut types);
        logical = plan_with(&types).map_err(to_sql_error)?;
    }
    if parameters::refine(&logical, &free, &mut types).map_err(to_sql_error)? {
        logical = plan_with(&types).map_err(to_sql_error)?;
    }
    checks::check(&logical).map_err(to_sql_error)?;
    let logical = rewrite::number_duplicates(logical)
        .and_then(lateral::rewrite)
        .and_then(unions::read_constants)
        .and_then(widen)
        .and_then(resolve_json_arguments)
        .map_err(to_sql_error)?;
    // Also finds the errors of the statement before it runs.
    let prepared =
        prepare(&state, &logical).and_then(
            |(all, optimized)| match lateral::is_dependent_somewhere(&optimized)? {
                false => Ok((all, optimized)),
                true => Err(DataFusionError::NotImplemented(
                    "OuterReferenceColumn".to_owned(),
                )),
            },
        );
    let (logical, (all_subplans, optimized)) = match prepared {
        Ok(prepared) => (logical, prepared),
        Err(error) => {
            // What DataFusion cannot turn into a join is collected row by row.
            let collected = lateral::collect(logical.clone()).map_err(to_sql_error)?;
            match collected.transformed {
                true => {
                    let prepared = prepare(&state, &collected.data).map_err(to_sql_error)?;
                    (collected.data, prepared)
                }
                false => return Err(to_sql_error(error)),
            }
        }
    };
    let columns = logical
        .schema()
        .fields()
        .iter()
        .zip(column_types(&logical, optimized.schema()))
        .enumerate()
        .map(|(index, (field, sql_type))| Column {
            name: visible_name(field.name()).to_owned(),
            sql_type,
            origin: column_origin(&logical, index),
        })
        .collect();
    let fixed = types.is_empty() && is_fixed(&logical).map_err(to_sql_error)?;
    Ok(Planned {
        catalog_version,
        logical,
        all_subplans,
        optimized: fixed.then_some(optimized),
        columns,
        parameter_types: types,
    })
}

/// The optimised plan, and whether it took all correlated subqueries to be run as functions.
fn prepare(state: &SessionState, logical: &LogicalPlan) -> Result<(bool, LogicalPlan)> {
    let optimized = |all| optimize(state, subplan::rewrite(logical.clone(), all)?);
    match optimized(false) {
        Ok(plan) => Ok((false, plan)),
        Err(error) => match optimized(true) {
            Ok(plan) => Ok((true, plan)),
            Err(_) => Err(error),
        },
    }
}

fn optimize(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = state.optimize(&plan)?;
    match plan {
        // DDL, DML and commands never come here: only queries are planned.
        LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) => {
            Err(DataFusionError::Plan("not a query".to_owned()))
        }
        plan => Ok(plan),
    }
}

/// Whether a plan's expressions mean the same in every run.
fn is_fixed(plan: &LogicalPlan) -> Result<bool> {
    let mut fixed = true;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::ScalarFunction(call) = expression
                    && call.func.signature().volatility != Volatility::Immutable
                {
                    fixed = false;
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(fixed)
}
