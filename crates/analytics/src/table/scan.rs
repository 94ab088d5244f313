//! Reads the items of an access path, page by page, into batches.
//!
//! Pages are read on blocking tasks and handed over through a channel of [`BATCHES_AHEAD`] batches: a slow consumer stops the reading, a
//! dropped one ends it.

use super::columns::items_to_batch;
use crate::error::carry;
use crate::relation::{RelationColumn, schema_of};
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
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use shale_engine::{GetItem, Page, Query, ReadView, Scan, TableDescription};
use shale_expression::Condition;
use shale_item::{EncodedItem, Item};
use shale_sql::access::{self, Access, AccessPath};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Batches read ahead of the consumer, per partition.
const BATCHES_AHEAD: usize = 2;

/// What an [`ItemsExec`] reads.
#[derive(Clone)]
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
    metrics: ExecutionPlanMetricsSet,
}

impl ItemsExec {
    /// A plan that reads those parts.
    pub(crate) fn new(parts: Parts) -> ItemsExec {
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
            metrics: ExecutionPlanMetricsSet::new(),
        }
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
        let lines = access::explain(&self.parts.description, &self.parts.access);
        let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
        write!(f, "{}", lines.join(", "))?;
        if self.parts.segments > 1 {
            write!(f, ", Segments: {}", self.parts.segments)?;
        }
        if let Some(limit) = self.parts.limit {
            write!(f, ", Limit: {limit}")?;
        }
        let columns: Vec<&str> = self
            .parts
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        write!(f, ", Columns: [{}]", columns.join(", "))
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
            schema: Arc::clone(&self.schema),
            segment: partition as u32,
            batch_rows: context.session_config().batch_size(),
            sender: builder.tx(),
            rows_left: self.parts.limit.unwrap_or(usize::MAX),
            scanned: MetricBuilder::new(&self.metrics).counter("scanned_items", partition),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        builder.spawn_blocking(move || reader.run());
        Ok(builder.build())
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let all = usize::try_from(self.parts.description.item_count).unwrap_or(usize::MAX);
        let rows = match &self.parts.access.path {
            AccessPath::Nothing => Some(0),
            AccessPath::KeyLookup { keys } => Some(keys.len()),
            AccessPath::RangeScan { .. } | AccessPath::IndexScan(_) => None,
            AccessPath::Scan if self.parts.access.residual.is_some() => None,
            AccessPath::Scan if partition.is_some() => Some(all / self.parts.segments as usize),
            AccessPath::Scan => Some(all),
        };
        if let Some(rows) = rows {
            statistics.num_rows = Precision::Inexact(rows);
        }
        Ok(Arc::new(statistics))
    }
}

/// Reads one partition.
struct Reader {
    parts: Parts,
    schema: SchemaRef,
    segment: u32,
    batch_rows: usize,
    sender: Sender<Result<RecordBatch>>,
    rows_left: usize,
    scanned: Count,
    metrics: BaselineMetrics,
}

impl Reader {
    fn run(mut self) -> Result<()> {
        if self.rows_left == 0 {
            return Ok(());
        }
        let path = self.parts.access.path.clone();
        let table = self.parts.description.definition.name.clone();
        let outcome = match (path.scan(&table), &path) {
            (Some(scan), _) => self.scan(scan),
            (None, AccessPath::KeyLookup { keys }) => self.look_up(keys),
            (None, _) => path
                .queries(&table)
                .into_iter()
                .try_for_each(|query| self.read_range(query)),
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(Ended::Stopped) => Ok(()),
            Err(Ended::Failed(error)) => Err(error),
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
            let item = self
                .parts
                .view
                .get_item(&request)
                .map_err(Ended::engine)?
                .item;
            self.scanned.add(1);
            if let Some(item) = item
                && self.passes(&item)
            {
                found.push(item);
            }
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
            let page = self.parts.view.query(&request).map_err(Ended::engine)?;
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
            let page = self.parts.view.scan(&request).map_err(Ended::engine)?;
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
        self.scanned.add(page.scanned_count as usize);
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
