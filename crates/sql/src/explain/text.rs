//! EXPLAIN as lines, in the shape of PostgreSQL's.

use super::{Actual, Capacity, ExplainOptions, Explained, PlanNode, PropertyValue};

/// Columns by which the properties of a node are indented, and by which a child is.
const PROPERTY_INDENT: usize = 2;
const CHILD_INDENT: usize = 6;
const MICROS_PER_MILLISECOND: f64 = 1_000.0;

/// All lines.
pub(super) fn lines(explained: &Explained, options: &ExplainOptions) -> Vec<String> {
    let mut lines = Vec::new();
    node(&explained.plan, options, 0, &mut lines);
    if !explained.settings.is_empty() {
        let settings = explained.settings.iter();
        let settings: Vec<String> = settings
            .map(|(name, value)| format!("{name} = '{value}'"))
            .collect();
        lines.push(format!("Settings: {}", settings.join(", ")));
    }
    if options.summary {
        lines.push(format!(
            "Planning Time: {} ms",
            milliseconds(explained.planning_micros)
        ));
    }
    if options.summary
        && let Some(micros) = explained.execution_micros
    {
        lines.push(format!("Execution Time: {} ms", milliseconds(micros)));
    }
    lines
}

/// A node; the first line of one that is not the root has an arrow.
fn node(plan: &PlanNode, options: &ExplainOptions, depth: usize, lines: &mut Vec<String>) {
    let (start, indent) = match depth {
        0 => (String::new(), PROPERTY_INDENT),
        depth => {
            let before = PROPERTY_INDENT + (depth - 1) * CHILD_INDENT;
            let indent = before + CHILD_INDENT;
            (format!("{}->  ", " ".repeat(before)), indent)
        }
    };
    let mut title = format!("{start}{}", plan.title());
    if options.costs {
        title.push_str(&estimate(plan));
    }
    if let Some(actual) = &plan.actual {
        title.push_str(&did(actual, options));
    }
    lines.push(title);
    let mut line = |text: String| lines.push(format!("{}{text}", " ".repeat(indent)));
    for property in &plan.properties {
        if property.verbose && !options.verbose {
            continue;
        }
        let value = match &property.value {
            PropertyValue::Text(text) => text.clone(),
            PropertyValue::Count(count) => count.to_string(),
            PropertyValue::List(list) => list.join(", "),
        };
        line(format!("{}: {value}", property.name));
    }
    if let (true, Some(capacity)) = (options.costs, plan.estimate.capacity) {
        line(format!("Estimated capacity: {}", units(capacity)));
    }
    if let Some(read) = plan.actual.and_then(|actual| actual.read) {
        let removed = read.items_read.saturating_sub(read.items_returned);
        if removed > 0 {
            line(format!("Rows Removed by Filter: {removed}"));
        }
        line(format!(
            "Capacity: {}",
            units(Capacity::Read(read.capacity))
        ));
        if options.buffers {
            line(format!(
                "Reads: requests={} items={}",
                read.requests, read.items_read
            ));
        }
    }
    for child in &plan.children {
        node(child, options, depth + 1, lines);
    }
}

fn estimate(plan: &PlanNode) -> String {
    format!(
        "  (cost=0.00..{:.2} rows={} width={})",
        plan.cost(),
        rows(plan.estimate.rows),
        plan.estimate.width
    )
}

/// Rows as PostgreSQL prints them: whole, and at least one of what may give some.
pub(super) fn rows(estimated: Option<f64>) -> u64 {
    match estimated {
        Some(rows) if rows <= 0.0 => 0,
        Some(rows) => rows.round().max(1.0) as u64,
        None => 1,
    }
}

fn did(actual: &Actual, options: &ExplainOptions) -> String {
    match actual.micros {
        Some((first, last)) if options.timing => format!(
            " (actual time={}..{} rows={} loops=1)",
            milliseconds(first),
            milliseconds(last),
            actual.rows
        ),
        _ => format!(" (actual rows={} loops=1)", actual.rows),
    }
}

/// `1 read unit`
fn units(capacity: Capacity) -> String {
    let kind = match capacity {
        Capacity::Read(_) => "read",
        Capacity::Write(_) => "write",
    };
    let units = capacity.units();
    let plural = if units == 1.0 { "" } else { "s" };
    format!("{units} {kind} unit{plural}")
}

/// With three fraction digits, as PostgreSQL does.
pub(super) fn milliseconds(micros: u64) -> String {
    format!("{:.3}", micros as f64 / MICROS_PER_MILLISECOND)
}
