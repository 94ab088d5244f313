//! EXPLAIN: the plan of a statement with these arguments, as a tree.
//!
//! Not here: running it for ANALYZE (`session::explain`), formats (`explain`).

use super::read;
use super::write::{Target, insert_items, target};
use crate::access::{Access, AccessPath};
use crate::bind::{Arguments, Predicate, Semantics};
use crate::estimate::item_bytes;
use crate::explain::{Capacity, Estimate, ExplainOptions, PlanNode};
use crate::plan::explain::{Details, SORTED_IN_MEMORY, node, width_of};
use crate::plan::{InsertPlan, Order, SelectPlan};
use crate::service::Plan;
use crate::{AnalyticContext, Datum, SqlError};
use shale_engine::TableDescription;
use shale_item::EncodedItem;

/// Bytes that one write capacity unit writes.
const WRITE_UNIT_BYTES: u64 = 1_024;

/// An EXPLAIN.
pub(crate) struct ExplainPlan {
    /// Of that statement.
    pub plan: Plan,
    pub options: ExplainOptions,
    /// What planning it took.
    pub planning_micros: u64,
}

/// The plan of a statement.
pub(crate) async fn explain(
    plan: &Plan,
    with: &Arguments<'_>,
    context: &AnalyticContext,
    parameters: &[Datum],
) -> Result<PlanNode, SqlError> {
    match plan {
        Plan::Select(plan) => select(plan, with),
        Plan::Constant(_) => {
            let mut node = PlanNode::new("Result").with("Reads", "no table");
            node.estimate.rows = Some(1.0);
            Ok(node)
        }
        Plan::Analytic(plan) => plan.explain(context, parameters).await,
        Plan::Insert(plan, _) => insert(plan, with),
        Plan::InsertSelect { plan, source, .. } => {
            let source = Box::pin(explain(source, with, context, parameters)).await?;
            let rows = source.estimate.rows.unwrap_or(0.0);
            let units = item_bytes(&plan.table).div_ceil(WRITE_UNIT_BYTES) as f64;
            let node = written("Insert", &plan.table, (rows * units).ceil());
            Ok(node.above(source))
        }
        Plan::Update(plan, Some(query)) if plan.per_row => {
            let found = query.explain(context, parameters).await?;
            Ok(found_by("Update", &plan.table, found))
        }
        Plan::Delete(plan, Some(query)) => {
            let found = query.explain(context, parameters).await?;
            Ok(found_by("Delete", &plan.table, found))
        }
        Plan::Update(plan, _) => write("Update", &plan.table, &plan.predicate, with),
        Plan::Delete(plan, _) => write("Delete", &plan.table, &plan.predicate, with),
        _ => Err(SqlError::NotSupported {
            feature: "EXPLAIN of this statement".into(),
            hint: None,
        }),
    }
}

fn select(plan: &SelectPlan, with: &Arguments<'_>) -> Result<PlanNode, SqlError> {
    let access = read::access(plan, with)?;
    let limit = read::row_count(&plan.limit, with, "LIMIT", "2201W")?;
    let offset = read::row_count(&plan.offset, with, "OFFSET", "2201X")?.unwrap_or(0);
    let order = match &plan.order {
        Order::Any => None,
        Order::SortKey { forward } => Some(format!(
            "sort key {}",
            if *forward { "ascending" } else { "descending" }
        )),
        Order::Memory(items) => Some(match read::index_order(&access, items) {
            Some(true) => "index ascending".to_owned(),
            Some(false) => "index descending".to_owned(),
            None => SORTED_IN_MEMORY.to_owned(),
        }),
    };
    let columns = plan.outputs.columns();
    let details = Details {
        limit: limit.map(|limit| limit.saturating_add(offset)),
        order,
        width: width_of(columns.iter().map(|column| &column.sql_type)),
    };
    let mut node = node(&plan.table, &access, &details);
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    node.say_verbose("Output", names);
    Ok(node)
}

fn insert(plan: &InsertPlan, with: &Arguments<'_>) -> Result<PlanNode, SqlError> {
    let items = insert_items(plan, with)?;
    let units: u64 = items
        .iter()
        .map(|item| (EncodedItem::encode(item).size() as u64).div_ceil(WRITE_UNIT_BYTES))
        .sum();
    let node = written("Insert", &plan.table, units as f64);
    Ok(node.with("Items", items.len() as u64))
}

fn written(node_type: &str, table: &TableDescription, units: f64) -> PlanNode {
    let mut node = PlanNode::new(node_type);
    node.relation = Some(table.definition.name.clone());
    node.estimate = Estimate {
        rows: Some(0.0),
        width: 0,
        capacity: Some(Capacity::Write(units)),
    };
    node
}

/// A write of the rows that a plan finds.
fn found_by(title: &str, table: &TableDescription, found: PlanNode) -> PlanNode {
    let units = item_bytes(table).div_ceil(WRITE_UNIT_BYTES) as f64;
    let rows = found.estimate.rows.unwrap_or(1.0);
    written(title, table, (rows * units).ceil()).above(found)
}

fn write(
    title: &str,
    table: &TableDescription,
    predicate: &Predicate,
    with: &Arguments<'_>,
) -> Result<PlanNode, SqlError> {
    let access = match target(table, predicate, with, Semantics::ThreeValued)? {
        Target::Nothing => Access {
            path: AccessPath::Nothing,
            residual: None,
        },
        Target::One(item) => item.into_access(),
        Target::Many(access) => access,
    };
    let found = node(table, &access, &Details::default());
    Ok(found_by(title, table, found))
}
