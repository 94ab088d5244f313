//! EXPLAIN as a document: JSON, XML or YAML, with PostgreSQL's keys and layout.

use super::text::{milliseconds, rows};
use super::{Capacity, ExplainOptions, Explained, PlanNode, PropertyValue};
use std::borrow::Cow;
use std::fmt::Write;

/// A part of a document.
pub(super) enum Part {
    Text(String),
    /// A number or a boolean, as it is written.
    Literal(String),
    Object(Vec<(Cow<'static, str>, Part)>),
    /// With what its elements are called in XML.
    List(&'static str, Vec<Part>),
}

/// The document of a statement: a list with one query.
pub(super) fn of(explained: &Explained, options: &ExplainOptions) -> Part {
    let mut query = vec![("Plan", node(&explained.plan, options, None))];
    if !explained.settings.is_empty() {
        let settings = explained.settings.iter();
        let settings = settings
            .map(|(name, value)| (Cow::Owned(name.clone()), Part::Text(value.clone())))
            .collect();
        query.push(("Settings", Part::Object(settings)));
    }
    if options.summary {
        let planning = milliseconds(explained.planning_micros);
        query.push(("Planning Time", Part::Literal(planning)));
    }
    if options.analyze {
        // Tools look for it; there are none.
        query.push(("Triggers", Part::List("Trigger", vec![])));
    }
    if options.summary
        && let Some(micros) = explained.execution_micros
    {
        query.push(("Execution Time", Part::Literal(milliseconds(micros))));
    }
    Part::List("Query", vec![object(query)])
}

fn object(members: Vec<(&'static str, Part)>) -> Part {
    let members = members.into_iter();
    Part::Object(
        members
            .map(|(name, value)| (Cow::Borrowed(name), value))
            .collect(),
    )
}

fn node(plan: &PlanNode, options: &ExplainOptions, parent: Option<&str>) -> Part {
    let number = |number: u64| Part::Literal(number.to_string());
    let units = |units: f64| Part::Literal(format!("{units:.2}"));
    let mut members = vec![("Node Type", Part::Text(plan.node_type.clone()))];
    if let Some(parent) = parent {
        members.push(("Parent Relationship", Part::Text(parent.to_owned())));
    }
    members.push(("Parallel Aware", Part::Literal("false".into())));
    members.push(("Async Capable", Part::Literal("false".into())));
    if let Some(index) = &plan.index {
        members.push(("Index Name", Part::Text(index.clone())));
    }
    if let Some(relation) = &plan.relation {
        members.push(("Relation Name", Part::Text(relation.clone())));
        members.push(("Alias", Part::Text(relation.clone())));
    }
    if options.costs {
        members.push(("Startup Cost", units(0.0)));
        members.push(("Total Cost", units(plan.cost())));
        members.push(("Plan Rows", number(rows(plan.estimate.rows))));
        members.push(("Plan Width", number(plan.estimate.width)));
        match plan.estimate.capacity {
            Some(Capacity::Read(read)) => members.push(("Estimated Read Units", units(read))),
            Some(Capacity::Write(write)) => members.push(("Estimated Write Units", units(write))),
            None => {}
        }
    }
    if let Some(actual) = &plan.actual {
        if let (true, Some((first, last))) = (options.timing, actual.micros) {
            members.push(("Actual Startup Time", Part::Literal(milliseconds(first))));
            members.push(("Actual Total Time", Part::Literal(milliseconds(last))));
        }
        members.push(("Actual Rows", number(actual.rows)));
        members.push(("Actual Loops", number(1)));
    }
    for property in &plan.properties {
        if property.verbose && !options.verbose {
            continue;
        }
        let value = match &property.value {
            PropertyValue::Text(text) => Part::Text(text.clone()),
            PropertyValue::Count(count) => number(*count),
            PropertyValue::List(list) => {
                Part::List("Item", list.iter().cloned().map(Part::Text).collect())
            }
        };
        members.push((property.name, value));
    }
    if let Some(read) = plan.actual.and_then(|actual| actual.read) {
        let removed = read.items_read.saturating_sub(read.items_returned);
        members.push(("Rows Removed by Filter", number(removed)));
        members.push(("Read Units", units(read.capacity)));
        if options.buffers {
            members.push(("Read Requests", number(read.requests)));
            members.push(("Items Read", number(read.items_read)));
        }
    }
    if !plan.children.is_empty() {
        let relationship = |position| if position == 0 { "Outer" } else { "Inner" };
        let plans = plan.children.iter().enumerate();
        let plans =
            plans.map(|(position, child)| node(child, options, Some(relationship(position))));
        members.push(("Plans", Part::List("Plan", plans.collect())));
    }
    object(members)
}

impl Part {
    /// As JSON.
    pub(super) fn json(&self) -> String {
        let mut out = String::new();
        self.write_json(0, &mut out);
        out
    }

    fn write_json(&self, depth: usize, out: &mut String) {
        let indent = |out: &mut String, depth: usize| {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        };
        match self {
            Part::Text(text) => write_quoted(text, out),
            Part::Literal(literal) => out.push_str(literal),
            Part::Object(members) => {
                out.push('{');
                for (position, (name, value)) in members.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    indent(out, depth + 1);
                    write_quoted(name, out);
                    out.push_str(": ");
                    value.write_json(depth + 1, out);
                }
                indent(out, depth);
                out.push('}');
            }
            Part::List(_, elements) => {
                let flat = elements.iter().all(|part| matches!(part, Part::Text(_)));
                out.push('[');
                for (position, element) in elements.iter().enumerate() {
                    if position > 0 {
                        out.push_str(if flat { ", " } else { "," });
                    }
                    if !flat {
                        indent(out, depth + 1);
                    }
                    element.write_json(depth + 1, out);
                }
                if !flat {
                    indent(out, depth);
                }
                out.push(']');
            }
        }
    }

    /// As XML, with the name space of PostgreSQL's.
    pub(super) fn xml(&self) -> String {
        let mut out = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">".to_owned();
        self.write_xml_content(1, &mut out);
        out.push_str("\n</explain>");
        out
    }

    fn write_xml(&self, name: &str, depth: usize, out: &mut String) {
        let tag = name.replace(' ', "-");
        let before = "  ".repeat(depth);
        let _ = write!(out, "\n{before}<{tag}>");
        self.write_xml_content(depth + 1, out);
        if !matches!(self, Part::Text(_) | Part::Literal(_)) {
            let _ = write!(out, "\n{before}");
        }
        let _ = write!(out, "</{tag}>");
    }

    fn write_xml_content(&self, depth: usize, out: &mut String) {
        match self {
            Part::Text(text) => {
                for c in text.chars() {
                    match c {
                        '<' => out.push_str("&lt;"),
                        '>' => out.push_str("&gt;"),
                        '&' => out.push_str("&amp;"),
                        '\r' => out.push_str("&#x0d;"),
                        // No other control character can stand in XML.
                        c if c.is_control() && !matches!(c, '\n' | '\t') => {
                            out.push(char::REPLACEMENT_CHARACTER);
                        }
                        c => out.push(c),
                    }
                }
            }
            Part::Literal(literal) => out.push_str(literal),
            Part::Object(members) => {
                for (name, value) in members {
                    value.write_xml(name, depth, out);
                }
            }
            Part::List(name, elements) => {
                for element in elements {
                    element.write_xml(name, depth, out);
                }
            }
        }
    }

    /// As YAML.
    pub(super) fn yaml(&self) -> String {
        let mut out = String::new();
        self.write_yaml(0, &mut out);
        out.trim_start_matches('\n').to_owned()
    }

    fn write_yaml(&self, depth: usize, out: &mut String) {
        match self {
            Part::Text(text) => write_quoted(text, out),
            Part::Literal(literal) => out.push_str(literal),
            Part::Object(members) => {
                for (position, (name, value)) in members.iter().enumerate() {
                    // The first member stands behind the hyphen of its list, or below its name.
                    if position > 0 || !out.ends_with("- ") {
                        out.push('\n');
                        out.push_str(&"  ".repeat(depth));
                    }
                    let _ = write!(out, "{name}: ");
                    value.write_yaml(depth + 1, out);
                }
            }
            Part::List(_, elements) => {
                for element in elements {
                    out.push('\n');
                    out.push_str(&"  ".repeat(depth));
                    out.push_str("- ");
                    element.write_yaml(depth + 1, out);
                }
                if elements.is_empty() {
                    out.push_str("[]");
                }
            }
        }
    }
}

/// A string as JSON has it, which YAML takes too.
fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{Actual, Estimate};
    use expect_test::expect;
    use shale_engine::ReadUsage;

    fn explained() -> (Explained, ExplainOptions) {
        let mut scan = PlanNode::new("Scan").with("Filter", "a < 'x\"'");
        scan.relation = Some("t".into());
        scan.say_verbose("Output", vec!["a".to_owned(), "b".to_owned()]);
        scan.estimate = Estimate {
            rows: Some(3.4),
            width: 12,
            capacity: Some(Capacity::Read(2.0)),
        };
        scan.actual = Some(Actual {
            rows: 2,
            micros: Some((10, 1_500)),
            read: Some(ReadUsage {
                requests: 1,
                items_read: 5,
                items_returned: 2,
                capacity: 1.0,
            }),
        });
        let plan = PlanNode::new("Limit").above(scan);
        let options = ExplainOptions {
            analyze: true,
            verbose: true,
            costs: true,
            timing: true,
            summary: true,
            buffers: true,
            settings: true,
            format: super::super::Format::Json,
        };
        let explained = Explained {
            plan,
            settings: vec![("shale.lookup_joins".into(), "on".into())],
            planning_micros: 50,
            execution_micros: Some(2_000),
        };
        (explained, options)
    }

    #[test]
    fn text() {
        let (explained, options) = explained();
        let lines = crate::explain::text::lines(&explained, &options).join("\n");
        expect![[r#"
            Limit  (cost=0.00..2.00 rows=1 width=0)
              ->  Scan on t  (cost=0.00..2.00 rows=3 width=12) (actual time=0.010..1.500 rows=2 loops=1)
                    Filter: a < 'x"'
                    Output: a, b
                    Estimated capacity: 2 read units
                    Rows Removed by Filter: 3
                    Capacity: 1 read unit
                    Reads: requests=1 items=5
            Settings: shale.lookup_joins = 'on'
            Planning Time: 0.050 ms
            Execution Time: 2.000 ms"#]].assert_eq(&lines);
    }

    #[test]
    fn json() {
        let (explained, options) = explained();
        expect![[r#"
            [
              {
                "Plan": {
                  "Node Type": "Limit",
                  "Parallel Aware": false,
                  "Async Capable": false,
                  "Startup Cost": 0.00,
                  "Total Cost": 2.00,
                  "Plan Rows": 1,
                  "Plan Width": 0,
                  "Plans": [
                    {
                      "Node Type": "Scan",
                      "Parent Relationship": "Outer",
                      "Parallel Aware": false,
                      "Async Capable": false,
                      "Relation Name": "t",
                      "Alias": "t",
                      "Startup Cost": 0.00,
                      "Total Cost": 2.00,
                      "Plan Rows": 3,
                      "Plan Width": 12,
                      "Estimated Read Units": 2.00,
                      "Actual Startup Time": 0.010,
                      "Actual Total Time": 1.500,
                      "Actual Rows": 2,
                      "Actual Loops": 1,
                      "Filter": "a < 'x\"'",
                      "Output": ["a", "b"],
                      "Rows Removed by Filter": 3,
                      "Read Units": 1.00,
                      "Read Requests": 1,
                      "Items Read": 5
                    }
                  ]
                },
                "Settings": {
                  "shale.lookup_joins": "on"
                },
                "Planning Time": 0.050,
                "Triggers": [],
                "Execution Time": 2.000
              }
            ]"#]]
        .assert_eq(&of(&explained, &options).json());
    }

    #[test]
    fn xml() {
        let (explained, options) = explained();
        expect![[r#"
            <explain xmlns="http://www.postgresql.org/2009/explain">
              <Query>
                <Plan>
                  <Node-Type>Limit</Node-Type>
                  <Parallel-Aware>false</Parallel-Aware>
                  <Async-Capable>false</Async-Capable>
                  <Startup-Cost>0.00</Startup-Cost>
                  <Total-Cost>2.00</Total-Cost>
                  <Plan-Rows>1</Plan-Rows>
                  <Plan-Width>0</Plan-Width>
                  <Plans>
                    <Plan>
                      <Node-Type>Scan</Node-Type>
                      <Parent-Relationship>Outer</Parent-Relationship>
                      <Parallel-Aware>false</Parallel-Aware>
                      <Async-Capable>false</Async-Capable>
                      <Relation-Name>t</Relation-Name>
                      <Alias>t</Alias>
                      <Startup-Cost>0.00</Startup-Cost>
                      <Total-Cost>2.00</Total-Cost>
                      <Plan-Rows>3</Plan-Rows>
                      <Plan-Width>12</Plan-Width>
                      <Estimated-Read-Units>2.00</Estimated-Read-Units>
                      <Actual-Startup-Time>0.010</Actual-Startup-Time>
                      <Actual-Total-Time>1.500</Actual-Total-Time>
                      <Actual-Rows>2</Actual-Rows>
                      <Actual-Loops>1</Actual-Loops>
                      <Filter>a &lt; 'x"'</Filter>
                      <Output>
                        <Item>a</Item>
                        <Item>b</Item>
                      </Output>
                      <Rows-Removed-by-Filter>3</Rows-Removed-by-Filter>
                      <Read-Units>1.00</Read-Units>
                      <Read-Requests>1</Read-Requests>
                      <Items-Read>5</Items-Read>
                    </Plan>
                  </Plans>
                </Plan>
                <Settings>
                  <shale.lookup_joins>on</shale.lookup_joins>
                </Settings>
                <Planning-Time>0.050</Planning-Time>
                <Triggers>
                </Triggers>
                <Execution-Time>2.000</Execution-Time>
              </Query>
            </explain>"#]]
        .assert_eq(&of(&explained, &options).xml());
    }

    #[test]
    fn yaml() {
        let (explained, options) = explained();
        expect![[r#"
            - Plan: 
                Node Type: "Limit"
                Parallel Aware: false
                Async Capable: false
                Startup Cost: 0.00
                Total Cost: 2.00
                Plan Rows: 1
                Plan Width: 0
                Plans: 
                  - Node Type: "Scan"
                    Parent Relationship: "Outer"
                    Parallel Aware: false
                    Async Capable: false
                    Relation Name: "t"
                    Alias: "t"
                    Startup Cost: 0.00
                    Total Cost: 2.00
                    Plan Rows: 3
                    Plan Width: 12
                    Estimated Read Units: 2.00
                    Actual Startup Time: 0.010
                    Actual Total Time: 1.500
                    Actual Rows: 2
                    Actual Loops: 1
                    Filter: "a < 'x\"'"
                    Output: 
                      - "a"
                      - "b"
                    Rows Removed by Filter: 3
                    Read Units: 1.00
                    Read Requests: 1
                    Items Read: 5
              Settings: 
                shale.lookup_joins: "on"
              Planning Time: 0.050
              Triggers: []
              Execution Time: 2.000"#]]
        .assert_eq(&of(&explained, &options).yaml());
    }
}
