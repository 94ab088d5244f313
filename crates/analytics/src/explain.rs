//! A physical plan as EXPLAIN shows it: DataFusion's operators under PostgreSQL's names, our reads with their access paths.
//!
//! Not here: formats (`sql`), reads' own words (`sql`'s `access`).
//!
//! Operators that only move batches between tasks, or give way to other tasks, are left out: a row that goes in comes out.

use crate::lookup::LookupJoinExec;
use crate::table::ItemsExec;
use datafusion::common::stats::Precision;
use datafusion::common::{JoinSide, JoinType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    HashJoinExec, NestedLoopJoinExec, PartitionMode, SortMergeJoinExec,
};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use shale_sql::{Actual, PlanNode};
use std::fmt;
use std::sync::Arc;

/// Operators that EXPLAIN does not show, unless they cut off what comes.
const HIDDEN: &[&str] = &[
    "YieldExec",
    "CooperativeExec",
    "CoalesceBatchesExec",
    "CoalescePartitionsExec",
    "RepartitionExec",
    "BufferExec",
];

/// DataFusion's names and PostgreSQL's.
const NAMES: &[(&str, &str)] = &[
    ("AggregateExec", "Aggregate"),
    ("AsyncFuncExec", "SubPlan"),
    ("BoundedWindowAggExec", "WindowAgg"),
    ("CoalescePartitionsExec", "Limit"),
    ("CrossJoinExec", "Nested Loop"),
    ("DataSourceExec", "Values Scan"),
    ("EmptyExec", "Result"),
    ("FilterExec", "Filter"),
    ("GlobalLimitExec", "Limit"),
    ("HashJoinExec", "Hash Join"),
    ("InterleaveExec", "Append"),
    ("LocalLimitExec", "Limit"),
    ("NestedLoopJoinExec", "Nested Loop"),
    ("PlaceholderRowExec", "Result"),
    ("ProjectionExec", "Projection"),
    ("RecursiveQueryExec", "Recursive Union"),
    ("SortExec", "Sort"),
    ("SortMergeJoinExec", "Merge Join"),
    ("SortPreservingMergeExec", "Gather Merge"),
    ("StreamExec", "Stream Scan"),
    ("UnionExec", "Append"),
    ("UnnestExec", "Unnest"),
    ("WindowAggExec", "WindowAgg"),
    ("WorkTableExec", "WorkTable Scan"),
];

/// The plan; with what it did so far, if `ran`.
pub(crate) fn describe(plan: &Arc<dyn ExecutionPlan>, ran: bool) -> PlanNode {
    describe_with(plan, ran, &StatisticsContext::new())
}

fn describe_with(
    plan: &Arc<dyn ExecutionPlan>,
    ran: bool,
    statistics: &StatisticsContext,
) -> PlanNode {
    if HIDDEN.contains(&plan.name())
        && plan.fetch().is_none()
        && let [input] = plan.children().as_slice()
    {
        return describe_with(input, ran, statistics);
    }
    let mut node = match plan.downcast_ref::<ItemsExec>() {
        Some(items) => items.describe(),
        None => match plan.downcast_ref::<LookupJoinExec>() {
            Some(join) => join.describe(),
            None => operator(plan.as_ref()),
        },
    };
    let schema = plan.schema();
    node.estimate.width = schema.fields().iter().map(|field| width(field)).sum();
    if node.estimate.rows.is_none()
        && let Ok(expected) = statistics.compute(plan.as_ref(), &StatisticsArgs::new())
    {
        node.estimate.rows = match expected.num_rows {
            Precision::Exact(rows) | Precision::Inexact(rows) => Some(rows as f64),
            Precision::Absent => None,
        };
    }
    let names = schema.fields().iter().map(|field| field.name());
    let names: Vec<String> = names
        .map(|name| crate::rewrite::visible_name(name).to_owned())
        .collect();
    node.say_verbose("Output", names);
    if HIDDEN.contains(&plan.name())
        && let Some(fetch) = plan.fetch()
    {
        node.say("Limit", fetch as u64);
    }
    for child in plan.children() {
        node = node.above(describe_with(child, ran, statistics));
    }
    if let Some(join) = plan.downcast_ref::<LookupJoinExec>() {
        node = node.above(join.describe_inner(ran));
    }
    if node.estimate.rows.is_none() {
        // Of an operator that says nothing: as many as what it takes.
        let rows = node.children.iter().map(|child| child.estimate.rows);
        node.estimate.rows = rows.flatten().reduce(f64::max);
    }
    if ran {
        measure(plan.as_ref(), &mut node);
    }
    node
}

/// A read of a table that is no operator of its own.
pub(crate) fn describe_read(items: &ItemsExec, ran: bool) -> PlanNode {
    let mut node = items.describe();
    node.estimate.width = items
        .schema()
        .fields()
        .iter()
        .map(|field| width(field))
        .sum();
    if ran {
        measure(items, &mut node);
    }
    node
}

/// Metrics of an operator that has run: its own computing time, and that of everything below.
fn measure(plan: &dyn ExecutionPlan, node: &mut PlanNode) {
    let metrics = plan.metrics();
    let below: u64 = node
        .children
        .iter()
        .filter_map(|child| child.actual?.micros)
        .map(|(_, micros)| micros)
        .sum();
    let nanos = metrics.as_ref().and_then(|set| set.elapsed_compute());
    let own = nanos.unwrap_or(0) as u64 / 1_000;
    let rows = metrics.as_ref().and_then(|set| set.output_rows());
    let passed_on = || node.children.first()?.actual.map(|actual| actual.rows);
    let rows = rows.map(|rows| rows as u64).or_else(passed_on).unwrap_or(0);
    node.actual = Some(Actual {
        rows,
        micros: Some((0, own + below)),
        read: node.actual.and_then(|actual| actual.read),
    });
    if let Some(set) = &metrics
        && let Some(bytes) = set.spilled_bytes()
        && bytes > 0
    {
        node.say("Spilled Bytes", bytes as u64);
        node.say("Spill Files", set.spill_count().unwrap_or(0) as u64);
    }
}

/// An operator of DataFusion.
fn operator(plan: &dyn ExecutionPlan) -> PlanNode {
    let name = NAMES.iter().find(|(theirs, _)| *theirs == plan.name());
    let mut node = PlanNode::new(name.map_or(plan.name(), |(_, ours)| ours));
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        say_join(&mut node, *join.join_type());
        let pairs = join
            .on()
            .iter()
            .map(|(left, right)| format!("{} = {}", text(left), text(right)));
        node.say("Hash Cond", pairs.collect::<Vec<_>>().join(" AND "));
        say_filter(&mut node, join.filter());
        if *join.partition_mode() == PartitionMode::Partitioned {
            node.say_verbose("Partitions", "one per task");
        }
    } else if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        say_join(&mut node, *join.join_type());
        say_filter(&mut node, join.filter());
    } else if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
        say_join(&mut node, join.join_type());
        let pairs = join
            .on()
            .iter()
            .map(|(left, right)| format!("{} = {}", text(left), text(right)));
        node.say("Merge Cond", pairs.collect::<Vec<_>>().join(" AND "));
    } else if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        say_aggregate(&mut node, aggregate);
    } else if let Some(sort) = plan.downcast_ref::<SortExec>() {
        node.say("Sort Key", list(&strip(&sort.expr().to_string())));
        if let Some(fetch) = sort.fetch() {
            node.say("Limit", fetch as u64);
        }
    } else if let Some(merge) = plan.downcast_ref::<SortPreservingMergeExec>() {
        node.say("Sort Key", list(&strip(&merge.expr().to_string())));
    } else if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        node.say("Filter", text(filter.predicate()));
    } else if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        let computed = projection.expr().iter().map(|each| text(&each.expr));
        node.say_verbose("Expressions", computed.collect::<Vec<String>>());
    } else {
        let line = OneLine(plan).to_string();
        let details = match line.strip_prefix(plan.name()) {
            Some(behind) => behind.trim_start_matches(':').trim(),
            None => line.as_str(),
        };
        if !details.is_empty() {
            node.say("Details", strip(details));
        }
    }
    node
}

pub(crate) fn say_join(node: &mut PlanNode, join_type: JoinType) {
    let words = match join_type {
        JoinType::Inner => "Inner",
        JoinType::Left => "Left",
        JoinType::Right => "Right",
        JoinType::Full => "Full",
        JoinType::LeftSemi => "Semi",
        JoinType::RightSemi => "Right Semi",
        JoinType::LeftAnti => "Anti",
        JoinType::RightAnti => "Right Anti",
        JoinType::LeftMark => "Mark",
        JoinType::RightMark => "Right Mark",
    };
    node.say("Join Type", words);
}

pub(crate) fn say_filter(node: &mut PlanNode, filter: Option<&JoinFilter>) {
    if let Some(filter) = filter {
        let sides = filter.column_indices();
        let both = sides.iter().any(|column| column.side == JoinSide::Left)
            && sides.iter().any(|column| column.side == JoinSide::Right);
        let name = if both { "Join Filter" } else { "Filter" };
        node.say(name, text(filter.expression()));
    }
}

fn say_aggregate(node: &mut PlanNode, aggregate: &AggregateExec) {
    let groups = aggregate.group_expr().expr();
    node.say(
        "Strategy",
        if groups.is_empty() { "Plain" } else { "Hashed" },
    );
    node.say(
        "Partial Mode",
        match aggregate.mode() {
            AggregateMode::Partial => "Partial",
            AggregateMode::Final | AggregateMode::FinalPartitioned => "Finalize",
            _ => "Simple",
        },
    );
    if !groups.is_empty() {
        let names: Vec<String> = groups.iter().map(|(group, _)| text(group)).collect();
        node.say("Group Key", names);
    }
    let computed = aggregate.aggr_expr().iter();
    let computed: Vec<String> = computed
        .map(|each| strip(each.human_display().unwrap_or_else(|| each.name())))
        .collect();
    node.say_verbose("Aggregates", computed);
}

/// An expression without the positions of its columns.
pub(crate) fn text(expression: &Arc<dyn PhysicalExpr>) -> String {
    strip(&expression.to_string())
}

/// Takes `@3` off columns.
fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, behind) = rest.split_at(at);
        let digits = behind[1..].chars().take_while(char::is_ascii_digit).count();
        out.push_str(before);
        if digits == 0 {
            out.push('@');
        }
        rest = &behind[1 + digits..];
    }
    out.push_str(rest);
    out
}

fn list(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('[').trim_end_matches(']');
    vec![inner.to_owned()]
}

/// Bytes of a value of that type, as far as it tells.
fn width(field: &arrow::datatypes::Field) -> u64 {
    const VARIABLE: usize = 32;
    field.data_type().primitive_width().unwrap_or(VARIABLE) as u64
}

struct OneLine<'a>(&'a dyn ExecutionPlan);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(DisplayFormatType::Default, f)
    }
}
