//! Which joins look up: those where the keys of a few rows are less work than reading the whole table.
//!
//! It runs right behind DataFusion's choice of join algorithms, before rows are distributed over tasks: a lookup join needs no distribution.

use super::inner::Inner;
use super::{LookupJoinExec, Outer};
use crate::statement::StatementContext;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, NullEquality, Result};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use shale_sql::LOOKUP_COST;
use std::sync::Arc;

/// The session's setting: `auto`, `off`, or `on` wherever it is possible.
const SETTING: &str = "shale.lookup_joins";

/// The rule.
#[derive(Debug)]
pub(crate) struct LookupJoins;

impl PhysicalOptimizerRule for LookupJoins {
    fn name(&self) -> &str {
        "lookup_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let setting = match StatementContext::of(config) {
            Ok(context) => context.session.settings.get(SETTING).cloned(),
            // Planned without a statement: nothing is run.
            Err(_) => return Ok(plan),
        };
        let always = match setting.as_deref() {
            Some("off") => return Ok(plan),
            Some("on") => true,
            _ => false,
        };
        plan.transform_up(|node| {
            let Some(join) = node.downcast_ref::<HashJoinExec>() else {
                return Ok(Transformed::no(node));
            };
            Ok(match looked_up(join, always)? {
                Some(lookup) => Transformed::yes(Arc::new(lookup)),
                None => Transformed::no(node),
            })
        })
        .data()
    }
}

/// The join as a lookup join, if it can be one and should.
fn looked_up(join: &HashJoinExec, always: bool) -> Result<Option<LookupJoinExec>> {
    // NOT IN has to know of a NULL anywhere in the table; NULLs that match each other are no keys.
    if join.null_aware || join.null_equality() != NullEquality::NullEqualsNothing {
        return Ok(None);
    }
    let statistics = StatisticsContext::new();
    let mut best: Option<(f64, Outer, Inner)> = None;
    for outer in [Outer::Left, Outer::Right] {
        if !is_batch_by_batch(*join.join_type(), outer) {
            continue;
        }
        let (rows, table) = match outer {
            Outer::Left => (join.left(), join.right()),
            Outer::Right => (join.right(), join.left()),
        };
        let pairs: Vec<_> = join
            .on()
            .iter()
            .map(|(left, right)| match outer {
                Outer::Left => (Arc::clone(right), Arc::clone(left)),
                Outer::Right => (Arc::clone(left), Arc::clone(right)),
            })
            .collect();
        let Some(inner) = Inner::of(table, &pairs) else {
            continue;
        };
        let expected = statistics.compute(rows.as_ref(), &StatisticsArgs::new())?;
        let rows = match expected.num_rows {
            Precision::Exact(rows) | Precision::Inexact(rows) => rows as f64,
            Precision::Absent if always => 0.0,
            Precision::Absent => continue,
        };
        let (items, completed) = inner.items_per_key();
        let each = if completed { LOOKUP_COST } else { 1.0 };
        let cost = rows * (LOOKUP_COST + items * each);
        let worth = always || cost < inner.scanned_items();
        if worth && best.as_ref().is_none_or(|(best, ..)| cost < *best) {
            best = Some((cost, outer, inner));
        }
    }
    let Some((_, outer, inner)) = best else {
        return Ok(None);
    };
    let expected = statistics.compute(join, &StatisticsArgs::new())?;
    let join = join.builder().build()?;
    Ok(Some(LookupJoinExec::new(join, outer, inner, expected)))
}

/// Whether each row of that side can be joined without looking at its other rows: then nothing is asked about the other side as a whole.
fn is_batch_by_batch(join_type: JoinType, outer: Outer) -> bool {
    match join_type {
        JoinType::Inner => true,
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
            outer == Outer::Left
        }
        JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
            outer == Outer::Right
        }
        JoinType::Full => false,
    }
}
