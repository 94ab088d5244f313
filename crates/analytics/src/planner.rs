//! What DataFusion's SQL planner asks about: tables of the statement, functions, types.

use crate::catalog::{SystemTable, spec};
use crate::error::carry;
use crate::rewrite::Scope;
use crate::rows::datum_to_scalar;
use crate::table::UserTable;
use crate::types::{PostgresTypes, UTC, arrow_type};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::catalog::{TableFunctionArgs, TableProvider};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DFSchema, Result, ScalarValue, TableReference, plan_datafusion_err};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::planner::{
    ContextProvider, ExprPlanner, RelationPlanner, TypePlanner,
};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF,
};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::planner::{NullOrdering, ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::Statement;
use shale_sql::SqlType;
use shale_sql::datum::parse_text;
use std::sync::Arc;

/// Plans a rewritten statement.
pub(crate) fn plan(
    statement: Statement,
    state: &SessionState,
    scope: &Scope,
) -> Result<LogicalPlan> {
    let provider = Provider { state, scope };
    let options = ParserOptions::new()
        .with_parse_float_as_decimal(true)
        .with_enable_ident_normalization(true)
        .with_map_string_types_to_utf8view(true)
        .with_support_varchar_with_length(true)
        .with_default_null_ordering(NullOrdering::NullsMax);
    SqlToRel::new_with_options(&provider, options).sql_statement_to_plan(statement)
}

struct Provider<'a> {
    state: &'a SessionState,
    scope: &'a Scope,
}

impl ContextProvider for Provider<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        let table: Option<Arc<dyn TableProvider>> = match name.schema() {
            Some("public") => {
                let table = self.scope.tables.get(name.table());
                table.map(|table| Arc::new(UserTable::new(Arc::clone(table))) as _)
            }
            Some(schema) => spec::find(schema, name.table())
                .map(|relation| Arc::new(SystemTable { relation }) as _),
            // All other names were qualified by the rewrite.
            None => None,
        };
        match table {
            Some(table) => Ok(provider_as_source(table)),
            None => Err(plan_datafusion_err!("table '{name}' not found")),
        }
    }

    fn get_table_function_source(
        &self,
        name: &str,
        args: Vec<Expr>,
    ) -> Result<Arc<dyn TableSource>> {
        let function = self.state.table_functions().get(name);
        let function =
            function.ok_or_else(|| plan_datafusion_err!("table function '{name}' not found"))?;
        let context = SimplifyContext::builder()
            .with_config_options(Arc::clone(self.state.config_options()))
            .with_query_execution_start_time(
                self.state.execution_props().query_execution_start_time,
            )
            .build();
        let simplifier = ExprSimplifier::new(context);
        let schema = DFSchema::empty();
        let args = args
            .into_iter()
            .map(|arg| {
                simplifier
                    .coerce(arg, &schema)
                    .and_then(|arg| simplifier.simplify(arg))
            })
            .collect::<Result<Vec<_>>>()?;
        let args = match name {
            "generate_series" | "range" => series_arguments(args)?,
            _ => args,
        };
        let provider =
            function.create_table_provider_with_args(TableFunctionArgs::new(&args, self.state))?;
        Ok(provider_as_source(provider))
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> Result<Arc<dyn TableSource>> {
        Ok(provider_as_source(Arc::new(CteWorkTable::new(
            name, schema,
        ))))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        self.state.relation_planners()
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(PostgresTypes))
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.state.higher_order_functions().get(name).cloned()
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _variable_names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.state.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        self.state
            .higher_order_functions()
            .keys()
            .cloned()
            .collect()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.state.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.state.window_functions().keys().cloned().collect()
    }
}

/// The arguments of a series in the types that DataFusion has it for: bigint, or timestamps in nanoseconds with an interval.
fn series_arguments(args: Vec<Expr>) -> Result<Vec<Expr>> {
    let over_time = matches!(
        args.first(),
        Some(Expr::Literal(
            ScalarValue::TimestampMicrosecond(..) | ScalarValue::Date32(_),
            _
        ))
    );
    let zoned = matches!(
        args.first(),
        Some(Expr::Literal(
            ScalarValue::TimestampMicrosecond(_, Some(_)) | ScalarValue::Date32(_),
            _
        ))
    );
    args.into_iter()
        .enumerate()
        .map(|(position, arg)| {
            let Expr::Literal(value, metadata) = arg else {
                return Ok(arg);
            };
            let target = match &value {
                ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) if over_time => {
                    let sql_type = match position {
                        0 | 1 if zoned => SqlType::TimestampTz,
                        0 | 1 => SqlType::Timestamp,
                        _ => SqlType::Interval,
                    };
                    let datum = parse_text(&sql_type, text).map_err(carry)?;
                    let value = datum_to_scalar(&datum, &arrow_type(&sql_type))?;
                    return series_arguments(vec![Expr::Literal(value, metadata)])
                        .map(|mut only| only.remove(0));
                }
                // As in PostgreSQL, a series of dates is one of timestamptz.
                ScalarValue::Date32(_) => {
                    DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
                }
                ScalarValue::TimestampMicrosecond(_, zone) => {
                    DataType::Timestamp(TimeUnit::Nanosecond, zone.clone())
                }
                integer if integer.data_type().is_integer() => DataType::Int64,
                _ => return Ok(Expr::Literal(value, metadata)),
            };
            Ok(Expr::Literal(value.cast_to(&target)?, metadata))
        })
        .collect()
}
