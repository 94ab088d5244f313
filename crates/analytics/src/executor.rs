//! The executor: one DataFusion state per server, cloned for each statement.

use crate::lookup::LookupJoins;
use crate::memory::StatementMemory;
use crate::midnights::DateComparisons;
use crate::plan::DataFusionPlan;
use crate::workers::{self, Workers};
use crate::yielding::YieldingJoins;
use crate::{analyze, functions, operators};
use datafusion::common::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;
use futures::future::{BoxFuture, FutureExt};
use shale_sql::{AnalyticContext, AnalyticExecutor, AnalyticPlan, SqlError, SqlType};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that are computed at a time. Items may be large: sorting and joining keep whole batches in memory.
const BATCH_ROWS: usize = 4_096;

/// What a sort keeps back of the memory for merging what it spilled: a share, up to a bound. With less, merging fails.
const SORT_RESERVATION_SHARE: usize = 16;
const SORT_RESERVATION_BYTES_MAX: usize = 16 << 20;

/// DataFusion's rule that chooses algorithms of joins.
const JOIN_SELECTION: &str = "join_selection";

/// DataFusion's rule that computes constants.
const SIMPLIFICATION: &str = "simplify_expressions";

/// How an executor is made.
#[derive(Clone, Debug)]
pub struct AnalyticOptions {
    /// Bytes that all statements together may use for sorting, grouping and joining before they spill, or fail where they cannot.
    pub memory_bytes: usize,
    /// Where spilled data goes: a directory of its own, which is emptied at the start. Without one nothing is spilled, and statements
    /// that do not fit into memory fail.
    pub spill_directory: Option<PathBuf>,
    /// Bytes on disk that spilled data may take.
    pub spill_bytes: u64,
    /// Tasks that one statement runs in parallel, and threads that all of them run on.
    pub parallelism: usize,
}

impl Default for AnalyticOptions {
    fn default() -> AnalyticOptions {
        AnalyticOptions {
            memory_bytes: 512 << 20,
            spill_directory: None,
            spill_bytes: 16 << 30,
            parallelism: 2,
        }
    }
}

/// Runs the statements that are more than key lookups and range scans, in DataFusion over the engine's items.
pub struct DataFusionExecutor {
    base: Arc<SessionState>,
    workers: Workers,
}

impl DataFusionExecutor {
    /// An executor. A spill directory that cannot be used is reported to the log, and does without.
    ///
    /// # Panics
    /// If the operating system gives it no threads.
    pub fn new(options: AnalyticOptions) -> DataFusionExecutor {
        DataFusionExecutor {
            base: Arc::new(base_state(&options)),
            workers: Workers::start(options.parallelism.max(1))
                .expect("threads for analytic statements can be started"),
        }
    }
}

impl AnalyticExecutor for DataFusionExecutor {
    fn plan<'a>(
        &'a self,
        context: &'a AnalyticContext,
        query: &'a sqlparser::ast::Statement,
        parameter_types: &'a [SqlType],
    ) -> BoxFuture<'a, Result<Arc<dyn AnalyticPlan>, SqlError>> {
        let base = Arc::clone(&self.base);
        let handle = self.workers.handle().clone();
        let (session, query, declared) = (context.clone(), query.clone(), parameter_types.to_vec());
        workers::run(self.workers.handle(), async move {
            let plan = DataFusionPlan::new(base, handle, &session, query, &declared)?;
            Ok(Arc::new(plan) as Arc<dyn AnalyticPlan>)
        })
        .boxed()
    }
}

fn base_state(options: &AnalyticOptions) -> SessionState {
    let mut config = SessionConfig::new()
        .with_target_partitions(options.parallelism.max(1))
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false);
    let settings = config.options_mut();
    settings.execution.time_zone = Some(crate::types::UTC.to_owned());
    settings.execution.sort_spill_reservation_bytes =
        (options.memory_bytes / SORT_RESERVATION_SHARE).min(SORT_RESERVATION_BYTES_MAX);
    // A sorted subquery under an order-sensitive aggregate stays sorted.
    settings.sql_parser.enable_subquery_sort_elimination = false;
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime(options))
        .with_expr_planners(vec![Arc::new(operators::PostgresOperators)])
        .with_default_features();
    let builder = functions::register(builder);
    let mut state = builder
        .with_analyzer_rule(Arc::new(analyze::PostgresResults))
        .with_optimizer_rules(logical_rules())
        .with_physical_optimizer_rules(physical_rules())
        .build();
    functions::register_table_functions(&mut state);
    state
}

/// DataFusion's rules and ours: sums of dates and intervals are constants behind its simplification, and its common subexpressions would
/// hide the casts of ours.
fn logical_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    let simplified = rules.iter().position(|rule| rule.name() == SIMPLIFICATION);
    let behind = simplified.map_or(rules.len(), |position| position + 1);
    rules.insert(behind, Arc::new(DateComparisons));
    rules
}

/// DataFusion's rules and ours.
fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let chosen = rules.iter().position(|rule| rule.name() == JOIN_SELECTION);
    let behind = chosen.map_or(rules.len(), |position| position + 1);
    rules.insert(behind, Arc::new(LookupJoins));
    rules.push(Arc::new(YieldingJoins));
    rules
}

fn runtime(options: &AnalyticOptions) -> Arc<RuntimeEnv> {
    let memory = || Arc::new(StatementMemory::new(options.memory_bytes));
    if let Some(directory) = &options.spill_directory {
        match spilling(options, directory, memory()) {
            Ok(runtime) => return runtime,
            Err(error) => {
                let directory = directory.display();
                tracing::error!(%directory, %error, "statements cannot spill to disk");
            }
        }
    }
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let builder = RuntimeEnvBuilder::new()
        .with_memory_pool(memory())
        .with_disk_manager_builder(disk);
    // A runtime without a disk manager has nothing that can fail.
    builder.build_arc().unwrap_or_default()
}

fn spilling(
    options: &AnalyticOptions,
    directory: &Path,
    memory: Arc<StatementMemory>,
) -> Result<Arc<RuntimeEnv>, DataFusionError> {
    // What a process that was killed left behind is of no use to this one.
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => std::fs::create_dir_all(directory)?,
    }
    let disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![directory.to_path_buf()]))
        .with_max_temp_directory_size(options.spill_bytes);
    RuntimeEnvBuilder::new()
        .with_memory_pool(memory)
        .with_disk_manager_builder(disk)
        .build_arc()
}
