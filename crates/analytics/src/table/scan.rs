//! Reads the items of an access path, page by page, into batches.
//!
//! Pages are read on blocking tasks and handed over through a channel of [`BATCHES_AHEAD`] batches: a slow consumer stops the reading, a
//! dropped one ends it.

use super::columns::items_to_batch;
use crate::error::carry;
use crate::relation::{ColumnSource, RelationColumn, schema_of};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use shale_engine::{GetItem, Page, Query, ReadUsage, ReadView, Scan, TableDescription};
use shale_expression::Condition;
use shale_item::{EncodedItem, Item};
use shale_sql::access::{self, Access, AccessPath};
use shale_sql::{Actual, PlanNode, distinct, estimate, present};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Batches read ahead of the consumer, per partition.
const BATCHES_AHEAD: usize = 2;

/// Names of metrics: requests to the engine, items read, items that passed the filter, halves of capacity units.
const REQUESTS: &str = "requests";
const ITEMS_READ: &str = "items_read";
const ITEMS_RETURNED: &str = "items_returned";
const HALF_UNITS: &str = "half_read_units";

/// What an [`ItemsExec`] reads.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// From which view.
    pub view: ReadView,
    /// Which table.
    pub description: Arc<TableDescription>,
    /// Which items.
    pub access: Access,
    /// Which columns.
    pub columns: Arc<[RelationColumn]>,
    /// Parallel segments of a scan.
    pub segments: u32,
    /// Rows that are enough.
    pub limit: Option<usize>,
}

/// Reads items.
pub(crate) struct ItemsExec {
    parts: Parts,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    /// What is read behind that, in the same partition.
    more: Vec<Access>,
    metrics: ExecutionPlanMetricsSet,
}

impl ItemsExec {
    /// A plan that reads those parts.
    pub(crate) fn new(parts: Parts) -> ItemsExec {
        ItemsExec::with_metrics(parts, ExecutionPlanMetricsSet::new())
    }

    /// The same, that adds to those metrics.
    pub(crate) fn with_metrics(parts: Parts, metrics: ExecutionPlanMetricsSet) -> ItemsExec {
        let schema = schema_of(&parts.columns);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(parts.segments as usize),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        ItemsExec {
            parts,
            schema,
            properties: Arc::new(properties),
            more: Vec::new(),
            metrics,
        }
    }

    /// What it reads.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The items of several access paths of one table, in one partition.
    pub(crate) fn of_all(
        parts: Parts,
        accesses: Vec<Access>,
        metrics: ExecutionPlanMetricsSet,
    ) -> ItemsExec {
        let mut accesses = accesses.into_iter();
        let first = accesses.next().unwrap_or(Access {
            path: AccessPath::Nothing,
            residual: None,
        });
        let parts = Parts {
            access: first,
            segments: 1,
            ..parts
        };
        ItemsExec {
            more: accesses.collect(),
            ..ItemsExec::with_metrics(parts, metrics)
        }
    }

    /// Itself, as EXPLAIN shows it; with what it has read, if it has run.
    pub(crate) fn describe(&self) -> PlanNode {
        let Parts {
            description,
            access,
            segments,
            limit,
            ..
        } = &self.parts;
        let mut node = access::explain(description, access, limit.map(|limit| limit as u64));
        if *segments > 1 {
            node.say("Segments", u64::from(*segments));
        }
        let metrics = self.metrics.clone_inner();
        let count = |name: &str| {
            let sum = metrics.sum_by_name(name);
            sum.map_or(0, |sum| sum.as_usize()) as u64
        };
        if metrics.iter().next().is_some() {
            node.actual = Some(Actual {
                read: Some(ReadUsage {
                    requests: count(REQUESTS),
                    items_read: count(ITEMS_READ),
                    items_returned: count(ITEMS_RETURNED),
                    capacity: count(HALF_UNITS) as f64 / 2.0,
                }),
                ..Actual::default()
            });
        }
        node
    }
}

/// Counts what requests to the engine read.
pub(super) struct ReadCounts {
    requests: Count,
    items_read: Count,
    items_returned: Count,
    half_units: Count,
}

impl ReadCounts {
    /// Counters of one partition.
    pub(super) fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> ReadCounts {
        let count = |name| MetricBuilder::new(metrics).counter(name, partition);
        ReadCounts {
            requests: count(REQUESTS),
            items_read: count(ITEMS_READ),
            items_returned: count(ITEMS_RETURNED),
            half_units: count(HALF_UNITS),
        }
    }

    /// Counts a lookup.
    pub(super) fn item(&self, existed: bool, passed: bool, capacity: f64) {
        self.add(usize::from(existed), usize::from(passed), capacity);
    }

    /// Counts a page.
    pub(super) fn page(&self, page: &Page) {
        let capacity = page.capacity + page.whole_items_capacity;
        self.add(page.scanned_count as usize, page.items.len(), capacity);
    }

    fn add(&self, read: usize, returned: usize, capacity: f64) {
        self.requests.add(1);
        self.items_read.add(read);
        self.items_returned.add(returned);
        self.half_units.add((capacity * 2.0).round() as usize);
    }
}

impl fmt::Debug for ItemsExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemsExec")
            .field("access", &self.parts.access)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for ItemsExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.describe().title())
    }
}

impl ExecutionPlan for ItemsExec {
    fn name(&self) -> &str {
        "ItemsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !children.is_empty() {
            return internal_err!("ItemsExec has no children");
        }
        Ok(self)
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
        let mut builder =
            RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), BATCHES_AHEAD);
        let reader = Reader {
            parts: self.parts.clone(),
            more: self.more.clone(),
            schema: Arc::clone(&self.schema),
            segment: partition as u32,
            batch_rows: context.session_config().batch_size(),
            sender: builder.tx(),
            rows_left: self.parts.limit.unwrap_or(usize::MAX),
            counts: ReadCounts::new(&self.metrics, partition),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        builder.spawn_blocking(move || reader.run());
        Ok(builder.build())
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let limit = self.parts.limit.map(|limit| limit as u64);
        let expected = estimate(&self.parts.description, &self.parts.access, limit);
        let share = args
            .partition()
            .map_or(1.0, |_| f64::from(self.parts.segments));
        let rows = expected.rows / share;
        statistics.num_rows = Precision::Inexact(rows.ceil() as usize);
        let description = &self.parts.description;
        for (column, known) in self
            .parts
            .columns
            .iter()
            .zip(&mut statistics.column_statistics)
        {
            if column.source != ColumnSource::Attribute {
                continue;
            }
            let absent = rows * (1.0 - present(description, &column.name));
            let values = distinct(description, &column.name).min(rows);
            known.null_count = Precision::Inexact(absent as usize);
            known.distinct_count = Precision::Inexact(values.ceil() as usize);
        }
        Ok(Arc::new(statistics))
    }
}

/// Reads one partition.
struct Reader {
    parts: Parts,
    more: Vec<Access>,
    schema: SchemaRef,
    segment: u32,
    batch_rows: usize,
    sender: Sender<Result<RecordBatch>>,
    rows_left: usize,
    counts: ReadCounts,
    metrics: BaselineMetrics,
}

impl Reader {
    fn run(mut self) -> Result<()> {
        if self.rows_left == 0 {
            return Ok(());
        }
        let more = std::mem::take(&mut self.more);
        let mut outcome = self.read();
        for access in more {
            if outcome.is_err() {
                break;
            }
            self.parts.access = access;
            outcome = self.read();
        }
        match outcome {
            Ok(()) | Err(Ended::Stopped) => Ok(()),
            Err(Ended::Failed(error)) => Err(error),
        }
    }

    fn read(&mut self) -> Result<(), Ended> {
        let path = self.parts.access.path.clone();
        let table = self.parts.description.definition.name.clone();
        match (path.scan(&table), &path) {
            (Some(scan), _) => self.scan(scan),
            (None, AccessPath::KeyLookup { keys }) => self.look_up(keys),
            (None, _) => path
                .queries(&table)
                .into_iter()
                .try_for_each(|query| self.read_range(query)),
        }
    }

    fn look_up(&mut self, keys: &[Item]) -> Result<(), Ended> {
        let mut found = Vec::new();
        for key in keys {
            let request = GetItem {
                table: self.parts.description.definition.name.clone(),
                key: key.clone(),
                consistent: true,
            };
            let output = {
                let _timer = self.metrics.elapsed_compute().timer();
                self.parts.view.get_item(&request).map_err(Ended::engine)?
            };
            let existed = output.item.is_some();
            let item = output.item.filter(|item| self.passes(item));
            self.counts.item(existed, item.is_some(), output.capacity);
            found.extend(item);
            if found.len() >= self.batch_rows {
                self.send(&std::mem::take(&mut found))?;
            }
        }
        self.send(&found)
    }

    fn passes(&self, item: &EncodedItem) -> bool {
        match &self.parts.access.residual {
            Some(condition) => condition.evaluate(item.view()),
            None => true,
        }
    }

    fn read_range(&mut self, query: Query) -> Result<(), Ended> {
        let mut request = Query {
            filter: self.filter(),
            limit: self.page_limit(),
            ..query
        };
        loop {
            let page = {
                let _timer = self.metrics.elapsed_compute().timer();
                self.parts.view.query(&request).map_err(Ended::engine)?
            };
            match self.take_page(page)? {
                Some(key) => request.exclusive_start_key = Some(key),
                None => return Ok(()),
            }
        }
    }

    fn scan(&mut self, scan: Scan) -> Result<(), Ended> {
        let mut request = Scan {
            filter: self.filter(),
            limit: self.page_limit(),
            segment: (self.parts.segments > 1).then_some((self.segment, self.parts.segments)),
            ..scan
        };
        loop {
            let page = {
                let _timer = self.metrics.elapsed_compute().timer();
                self.parts.view.scan(&request).map_err(Ended::engine)?
            };
            match self.take_page(page)? {
                Some(key) => request.exclusive_start_key = Some(key),
                None => return Ok(()),
            }
        }
    }

    fn filter(&self) -> Option<Condition> {
        self.parts.access.residual.clone()
    }

    /// Without a filter, no more items need to be read than rows are wanted.
    fn page_limit(&self) -> Option<u32> {
        match self.parts.access.residual {
            None if self.rows_left != usize::MAX => u32::try_from(self.rows_left).ok(),
            _ => None,
        }
    }

    /// Hands over a page; where the next one begins.
    fn take_page(&mut self, page: Page) -> Result<Option<Item>, Ended> {
        self.counts.page(&page);
        self.send(&page.items)?;
        Ok(page.last_evaluated_key)
    }

    fn send(&mut self, items: &[EncodedItem]) -> Result<(), Ended> {
        let wanted = items.len().min(self.rows_left);
        for chunk in items[..wanted].chunks(self.batch_rows) {
            let batch = {
                let _timer = self.metrics.elapsed_compute().timer();
                items_to_batch(chunk, &self.parts.columns, &self.schema).map_err(Ended::Failed)?
            };
            self.metrics.record_output(batch.num_rows());
            self.rows_left -= batch.num_rows();
            if self.sender.blocking_send(Ok(batch)).is_err() {
                return Err(Ended::Stopped);
            }
        }
        // A closed channel is noticed here even while a filter lets nothing through.
        if self.rows_left == 0 || self.sender.is_closed() {
            return Err(Ended::Stopped);
        }
        Ok(())
    }
}

/// Why reading ended early.
enum Ended {
    /// The consumer is gone, or has enough.
    Stopped,
    Failed(datafusion::common::DataFusionError),
}

impl Ended {
    fn engine(error: shale_engine::Error) -> Ended {
        Ended::Failed(carry(error))
    }
}
