//! `shale_stream('t')`: the changes of a table's items as rows, oldest first.
//!
//! Not here: which records there are and for how long (`engine`'s `stream`).
//!
//! The function gives the newest stream of the table with that exact name, in the statement's view. Conditions on `sequence_number` choose
//! where it is read; texts of numbers have the order of the changes.

use crate::error::carry;
use crate::statement::StatementContext;
use crate::types::arrow_type;
use arrow::array::{
    ArrayRef, RecordBatch, RecordBatchOptions, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, Result, ScalarValue, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{
    Between, BinaryExpr, Expr, ExprSchemable, Operator, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use shale_engine::{ReadView, SequenceNumber, StreamEvent, StreamName, StreamRecord};
use shale_item::EncodedItem;
use shale_sql::datum::item_to_json;
use shale_sql::{SqlError, SqlType};
use std::fmt;
use std::sync::{Arc, LazyLock};
use tokio::sync::mpsc::Sender;

/// The function's name.
pub(crate) const NAME: &str = "shale_stream";

/// Batches read ahead of the consumer.
const BATCHES_AHEAD: usize = 2;

/// What `userIdentity` of a deletion by the service is in DynamoDB's records.
const SERVICE_IDENTITY: &str = r#"{"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}"#;

/// Name and type of the columns.
pub(crate) const COLUMNS: [(&str, SqlType); 7] = [
    ("sequence_number", SqlType::Text),
    ("event_name", SqlType::Text),
    ("created_at", SqlType::TimestampTz),
    ("keys", SqlType::Jsonb),
    ("old_image", SqlType::Jsonb),
    ("new_image", SqlType::Jsonb),
    ("user_identity", SqlType::Jsonb),
];
const SEQUENCE_NUMBER: usize = 0;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |(position, (name, sql_type)): (usize, &(&str, SqlType))| {
        Field::new(*name, arrow_type(sql_type), position != SEQUENCE_NUMBER)
    };
    let fields: Vec<Field> = COLUMNS.iter().enumerate().map(field).collect();
    Arc::new(Schema::new(fields))
});

/// The function.
#[derive(Debug)]
pub(crate) struct StreamFunction;

impl TableFunctionImpl for StreamFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        match args.exprs() {
            [argument] => match text_of(argument) {
                Some(table) => Ok(Arc::new(StreamTable {
                    table: table.to_owned(),
                })),
                None => Err(carry(SqlError::NotSupported {
                    feature: format!("an argument of {NAME} that is no text constant"),
                    hint: Some(
                        "Write the table's name. Parameters are for conditions: WHERE sequence_number > $1."
                            .to_owned(),
                    ),
                })),
            },
            arguments => {
                let types = arguments
                    .iter()
                    .map(|argument| argument.get_type(&DFSchema::empty()))
                    .collect::<Result<Vec<DataType>>>()?;
                Err(crate::functions::no_match(NAME, &types))
            }
        }
    }
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text)),
            _,
        ) => Some(text),
        _ => None,
    }
}

/// A table's newest stream in a statement.
#[derive(Debug)]
pub(crate) struct StreamTable {
    table: String,
}

#[async_trait]
impl TableProvider for StreamTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let narrows = |filter: &&Expr| Bounds::of(filter) != Bounds::default();
        Ok(filters
            .iter()
            .map(|filter| match narrows(filter) {
                true => TableProviderFilterPushDown::Inexact,
                false => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let context = StatementContext::of(state.config_options())?;
        let stream = context.view.newest_stream(&self.table).map_err(carry)?;
        let bounds = filters.iter().map(Bounds::of);
        let all = || (0..COLUMNS.len()).collect();
        Ok(Arc::new(StreamExec::new(Parts {
            view: context.view.clone(),
            stream,
            bounds: bounds.fold(Bounds::default(), Bounds::and),
            columns: projection.cloned().unwrap_or_else(all),
            limit,
        })?))
    }
}

/// The numbers between which records can pass a filter, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    from: Option<SequenceNumber>,
    upto: Option<SequenceNumber>,
}

impl Bounds {
    fn and(self, other: Bounds) -> Bounds {
        Bounds {
            from: self.from.max(other.from),
            upto: match (self.upto, other.upto) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }

    /// What a filter says of the sequence number. Texts that are no numbers bound nothing.
    fn of(filter: &Expr) -> Bounds {
        match filter {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::And,
                right,
            }) => Bounds::of(left).and(Bounds::of(right)),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op.swap() {
                Some(mirrored) if is_number(right) => Bounds::compared(mirrored, left),
                _ if is_number(left) => Bounds::compared(*op, right),
                _ => Bounds::default(),
            },
            Expr::Between(Between {
                expr,
                negated: false,
                low,
                high,
            }) if is_number(expr) => {
                Bounds::compared(Operator::GtEq, low).and(Bounds::compared(Operator::LtEq, high))
            }
            _ => Bounds::default(),
        }
    }

    fn compared(op: Operator, value: &Expr) -> Bounds {
        let number = text_of(value).and_then(|text| text.parse::<SequenceNumber>().ok());
        let (from, upto) = match op {
            Operator::Eq => (number, number),
            Operator::Gt => (number.map(SequenceNumber::next), None),
            Operator::GtEq => (number, None),
            Operator::Lt | Operator::LtEq => (None, number),
            _ => (None, None),
        };
        Bounds { from, upto }
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == COLUMNS[SEQUENCE_NUMBER].0)
}

/// What a [`StreamExec`] reads.
#[derive(Clone)]
struct Parts {
    view: ReadView,
    stream: StreamName,
    bounds: Bounds,
    /// Positions in [`COLUMNS`].
    columns: Vec<usize>,
    /// Rows that are enough.
    limit: Option<usize>,
}

/// Reads a stream.
struct StreamExec {
    parts: Parts,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl StreamExec {
    fn new(parts: Parts) -> Result<StreamExec> {
        let schema = Arc::new(SCHEMA.project(&parts.columns)?);
        let mut columns = parts.columns.iter();
        let number = columns.position(|column| *column == SEQUENCE_NUMBER);
        let order = number.map(|position| {
            let column = Column::new(COLUMNS[SEQUENCE_NUMBER].0, position);
            [PhysicalSortExpr::new(
                Arc::new(column),
                SortOptions::default(),
            )]
        });
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(Arc::clone(&schema) as _, order),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(StreamExec {
            parts,
            schema,
            properties: Arc::new(properties),
        })
    }
}

impl fmt::Debug for StreamExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamExec")
            .field("stream", &self.parts.stream)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for StreamExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let Parts { stream, bounds, .. } = &self.parts;
        write!(f, "Stream of {}", stream.table)?;
        if let Some(from) = bounds.from {
            write!(f, ", from {from}")?;
        }
        if let Some(upto) = bounds.upto {
            write!(f, ", up to {upto}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for StreamExec {
    fn name(&self) -> &str {
        "StreamExec"
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
            return internal_err!("StreamExec has no children");
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
        _partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let mut builder =
            RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), BATCHES_AHEAD);
        let (parts, schema) = (self.parts.clone(), Arc::clone(&self.schema));
        let (sender, rows) = (builder.tx(), context.session_config().batch_size());
        builder.spawn_blocking(move || read(&parts, &schema, rows, &sender));
        Ok(builder.build())
    }
}

/// Hands over batches until the end, or until nobody wants more.
fn read(
    parts: &Parts,
    schema: &SchemaRef,
    batch_rows: usize,
    sender: &Sender<Result<RecordBatch>>,
) -> Result<()> {
    let mut from = parts.bounds.from;
    let mut left = parts.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let rows = batch_rows.min(left);
        let page = parts.view.stream_records(&parts.stream, from, rows);
        let (mut records, next) = page.map_err(carry)?;
        let found = records.len();
        if let Some(upto) = parts.bounds.upto {
            records.retain(|record| record.number <= upto);
        }
        left -= records.len();
        let arrays = parts.columns.iter().map(|column| array(&records, *column));
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        let arrays: Vec<ArrayRef> = arrays.collect();
        let batch = RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?;
        if sender.blocking_send(Ok(batch)).is_err() || records.len() < found || next.is_none() {
            return Ok(());
        }
        from = next;
    }
    Ok(())
}

/// A column of some records, by its position in [`COLUMNS`].
fn array(records: &[StreamRecord], column: usize) -> ArrayRef {
    let json = |image: &Option<EncodedItem>| image.as_ref().map(|item| item_to_json(item.view()));
    match column {
        0 => texts(records, |record| Some(record.number.to_string())),
        1 => texts(records, |record| Some(event_name(record.event).to_owned())),
        2 => {
            let zone = arrow_type(&SqlType::TimestampTz);
            let mut builder = TimestampMicrosecondBuilder::with_capacity(records.len());
            builder = builder.with_data_type(zone);
            for record in records {
                builder.append_option(i64::try_from(record.timestamp_micros).ok());
            }
            Arc::new(builder.finish())
        }
        3 => texts(records, |record| {
            json(&Some(EncodedItem::encode(&record.keys)))
        }),
        4 => texts(records, |record| json(&record.old)),
        5 => texts(records, |record| json(&record.new)),
        _ => texts(records, |record| {
            record.by_service.then(|| SERVICE_IDENTITY.to_owned())
        }),
    }
}

fn texts(records: &[StreamRecord], text: impl Fn(&StreamRecord) -> Option<String>) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(records.len());
    for record in records {
        builder.append_option(text(record));
    }
    Arc::new(builder.finish())
}

fn event_name(event: StreamEvent) -> &'static str {
    match event {
        StreamEvent::Insert => "INSERT",
        StreamEvent::Modify => "MODIFY",
        StreamEvent::Remove => "REMOVE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    #[test]
    fn conditions_on_the_number_bound_what_is_read() {
        let text = |n: u32| format!("10000472222000000000000000000{n:02}000000");
        let number = |n: u32| text(n).parse::<SequenceNumber>().ok();
        let column = || col("sequence_number");
        let bounds = |filter: Expr| {
            let Bounds { from, upto } = Bounds::of(&filter);
            (from, upto)
        };
        let behind = number(3).map(SequenceNumber::next);
        assert_eq!(bounds(column().gt(lit(text(3)))), (behind, None));
        assert_eq!(bounds(lit(text(3)).lt(column())), (behind, None));
        assert_eq!(bounds(column().gt_eq(lit(text(3)))), (number(3), None));
        assert_eq!(bounds(column().lt(lit(text(3)))), (None, number(3)));
        assert_eq!(bounds(column().eq(lit(text(3)))), (number(3), number(3)));
        let between = column().between(lit(text(3)), lit(text(5)));
        assert_eq!(bounds(between), (number(3), number(5)));
        let both = column()
            .gt_eq(lit(text(3)))
            .and(column().gt_eq(lit(text(4))));
        assert_eq!(bounds(both), (number(4), None));
        for none in [
            column().gt(lit("a")),
            column().gt(lit("12")),
            column().not_eq(lit(text(3))),
            col("event_name").gt(lit(text(3))),
            column().gt(lit(text(3))).or(column().lt(lit(text(2)))),
            column().not_between(lit(text(3)), lit(text(5))),
        ] {
            assert_eq!(bounds(none), (None, None));
        }
    }
}
