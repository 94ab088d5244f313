//! EXPLAIN: the access path that a statement takes with these arguments.

use super::read;
use super::write::{Target, insert_items, target};
use crate::access::{Access, AccessPath};
use crate::bind::{Arguments, Predicate, Semantics};
use crate::plan::explain::{Details, lines};
use crate::plan::{InsertPlan, Order, SelectPlan};
use crate::service::Plan;
use crate::{AnalyticContext, SqlError};
use shale_engine::TableDescription;
use shale_item::EncodedItem;

/// Bytes that one write capacity unit writes.
const WRITE_UNIT_BYTES: usize = 1_024;

/// The lines of EXPLAIN.
pub(crate) fn explain(
    plan: &Plan,
    with: &Arguments<'_>,
    context: &AnalyticContext,
) -> Result<Vec<String>, SqlError> {
    match plan {
        Plan::Select(plan) => select(plan, with),
        Plan::Constant(_) => Ok(vec!["Constants: no table is read".to_owned()]),
        Plan::Analytic(plan) => Ok(below("Analytic".to_owned(), plan.explain(context))),
        Plan::Insert(plan, _) => insert(plan, with),
        Plan::InsertSelect { plan, source, .. } => {
            let title = format!("Insert into {}", plan.table.definition.name);
            Ok(below(title, explain(source, with, context)?))
        }
        Plan::Update(plan, Some(query)) if plan.per_row => {
            Ok(found_by("Update", &plan.table, query.explain(context)))
        }
        Plan::Delete(plan, Some(query)) => {
            Ok(found_by("Delete", &plan.table, query.explain(context)))
        }
        Plan::Update(plan, _) => write("Update", &plan.table, &plan.predicate, with),
        Plan::Delete(plan, _) => write("Delete", &plan.table, &plan.predicate, with),
        _ => Err(SqlError::NotSupported {
            feature: "EXPLAIN of this statement".into(),
            hint: None,
        }),
    }
}

fn select(plan: &SelectPlan, with: &Arguments<'_>) -> Result<Vec<String>, SqlError> {
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
            None => "sorted in memory".to_owned(),
        }),
    };
    let details = Details {
        limit: limit.map(|limit| limit.saturating_add(offset)),
        order,
        writes: false,
    };
    Ok(lines(&plan.table, &access, &details))
}

fn insert(plan: &InsertPlan, with: &Arguments<'_>) -> Result<Vec<String>, SqlError> {
    let items = insert_items(plan, with)?;
    let units: usize = items
        .iter()
        .map(|item| EncodedItem::encode(item).size().div_ceil(WRITE_UNIT_BYTES))
        .sum();
    Ok(vec![
        format!("Insert into {}", plan.table.definition.name),
        format!("  Items: {}", items.len()),
        format!(
            "  Estimated capacity: {units} write unit{}",
            if units == 1 { "" } else { "s" }
        ),
    ])
}

/// A line, with others below it.
fn below(title: String, lines: Vec<String>) -> Vec<String> {
    let mut all = vec![title];
    all.extend(lines.into_iter().map(|line| format!("  {line}")));
    all
}

/// A write whose rows are found by a query.
fn found_by(title: &str, table: &TableDescription, query: Vec<String>) -> Vec<String> {
    let title = format!("{title} on {}", table.definition.name);
    below(title, below("Analytic".to_owned(), query))
}

fn write(
    title: &str,
    table: &TableDescription,
    predicate: &Predicate,
    with: &Arguments<'_>,
) -> Result<Vec<String>, SqlError> {
    let access = match target(table, predicate, with, Semantics::ThreeValued)? {
        Target::Nothing => Access {
            path: AccessPath::Nothing,
            residual: None,
        },
        Target::One(item) => item.into_access(),
        Target::Many(access) => access,
    };
    let details = Details {
        limit: None,
        order: None,
        writes: true,
    };
    let title = format!("{title} on {}", table.definition.name);
    Ok(below(title, lines(table, &access, &details)))
}
