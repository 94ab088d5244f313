//! Lookup joins: of a large table only the items are read that the rows of a small relation name by key.
//!
//! * `rule`: which joins become one, by estimates.
//! * `inner`: the table's side: which columns are looked up, and the access to the items with given values.
//! * this file: the operator.
//!
//! The flow of the operator, for each batch of its outer relation:
//! 1. The values of the key columns are taken from the batch, each once, NULLs not.
//! 2. An access path to the items with these values is chosen, as for `key IN (…)`: keys, ranges under partition keys, or an index.
//! 3. DataFusion's hash join of the batch and these items gives the result.
//!
//! Invariant: what is read is a superset of the items that match the batch; the join itself decides, with all of its conditions. So a
//! lookup join gives what the hash join gives, for the kinds of joins where the rows of one side can be joined batch by batch.

mod inner;
mod rule;

pub(crate) use rule::LookupJoins;

use crate::error::carry;
use arrow::array::{Array, RecordBatch};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, ScalarValue, Statistics, internal_err};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PlanProperties,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use inner::Inner;
use shale_sql::{PlanNode, SqlError};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Which input of the join gives the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outer {
    Left,
    Right,
}

/// Joins the rows of a relation to the items of a table that they name.
pub(crate) struct LookupJoinExec {
    /// What is done with each batch. Its inputs are only looked at for their schemas.
    join: Arc<HashJoinExec>,
    outer: Outer,
    input: Arc<dyn ExecutionPlan>,
    inner: Arc<Inner>,
    /// What the hash join was estimated to give.
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    /// Of what is read of the table.
    inner_metrics: ExecutionPlanMetricsSet,
}

impl LookupJoinExec {
    /// Does that join by lookups.
    fn new(
        join: HashJoinExec,
        outer: Outer,
        inner: Inner,
        statistics: Arc<Statistics>,
    ) -> LookupJoinExec {
        let input = match outer {
            Outer::Left => Arc::clone(join.left()),
            Outer::Right => Arc::clone(join.right()),
        };
        LookupJoinExec::with_input(Arc::new(join), outer, input, Arc::new(inner), statistics)
    }

    fn with_input(
        join: Arc<HashJoinExec>,
        outer: Outer,
        input: Arc<dyn ExecutionPlan>,
        inner: Arc<Inner>,
        statistics: Arc<Statistics>,
    ) -> LookupJoinExec {
        let partitions = input.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(join.schema()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        LookupJoinExec {
            join,
            outer,
            input,
            inner,
            statistics,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            inner_metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// Itself, as EXPLAIN shows it, without its inputs.
    pub(crate) fn describe(&self) -> PlanNode {
        let mut node = PlanNode::new("Lookup Join");
        crate::explain::say_join(&mut node, self.join.join_type().to_owned());
        let pairs = self.join.on().iter().map(|(left, right)| {
            let (left, right) = (crate::explain::text(left), crate::explain::text(right));
            format!("{left} = {right}")
        });
        node.say("Join Cond", pairs.collect::<Vec<_>>().join(" AND "));
        crate::explain::say_filter(&mut node, self.join.filter());
        node
    }

    /// The table's side, as EXPLAIN shows it.
    pub(crate) fn describe_inner(&self, ran: bool) -> PlanNode {
        self.inner.describe(ran.then_some(&self.inner_metrics))
    }
}

/// What a task needs of the operator.
struct Task {
    join: Arc<HashJoinExec>,
    outer: Outer,
    inner: Arc<Inner>,
    inner_metrics: ExecutionPlanMetricsSet,
    context: Arc<TaskContext>,
}

impl Task {
    /// Joins a batch.
    fn join(&self, batch: RecordBatch) -> Result<SendableRecordBatchStream> {
        let mut seen = HashSet::new();
        let mut keys = Vec::new();
        let columns = self
            .inner
            .keys()
            .map(|key| key.evaluate(&batch)?.into_array(batch.num_rows()))
            .collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            if columns.iter().any(|column| column.is_null(row)) {
                continue;
            }
            let key = columns
                .iter()
                .map(|column| ScalarValue::try_from_array(column, row))
                .collect::<Result<Vec<ScalarValue>>>()?;
            if seen.insert(key.clone()) {
                keys.push(key);
            }
        }
        let schema = batch.schema();
        let rows = MemorySourceConfig::try_new_exec(&[vec![batch]], schema, None)?;
        let items = self.inner.plan(&keys, &self.inner_metrics)?;
        let inputs: Vec<Arc<dyn ExecutionPlan>> = match self.outer {
            Outer::Left => vec![rows, items],
            Outer::Right => vec![items, rows],
        };
        let join = self
            .join
            .builder()
            .with_partition_mode(PartitionMode::CollectLeft)
            .with_new_children(inputs)?
            .reset_state()
            .build()?;
        join.execute(0, Arc::clone(&self.context))
    }
}

impl fmt::Debug for LookupJoinExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookupJoinExec")
            .field("join_type", self.join.join_type())
            .field("outer", &self.outer)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for LookupJoinExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("LookupJoinExec")
    }
}

impl ExecutionPlan for LookupJoinExec {
    fn name(&self) -> &str {
        "LookupJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.join.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(LookupJoinExec::with_input(
                Arc::clone(&self.join),
                self.outer,
                input,
                Arc::clone(&self.inner),
                Arc::clone(&self.statistics),
            ))),
            Err(_) => internal_err!("LookupJoinExec has one child"),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep),
        )
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let task = Task {
            join: Arc::clone(&self.join),
            outer: self.outer,
            inner: Arc::clone(&self.inner),
            inner_metrics: self.inner_metrics.clone(),
            context,
        };
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let joined = input
            .try_filter(|batch| std::future::ready(batch.num_rows() > 0))
            .map(move |batch| {
                let joined = batch.and_then(|batch| task.join(batch));
                match joined {
                    Ok(rows) => rows.left_stream(),
                    Err(error) => stream::once(std::future::ready(Err(error))).right_stream(),
                }
            })
            .flatten()
            .inspect_ok(move |batch| metrics.record_output(batch.num_rows()));
        let schema = self.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, joined)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        _args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&self.statistics))
    }
}

/// An error of ours inside DataFusion.
fn unreadable(what: &str) -> datafusion::common::DataFusionError {
    carry(SqlError::Other {
        sqlstate: "XX000",
        message: format!("a lookup join cannot read {what}"),
        hint: None,
    })
}
