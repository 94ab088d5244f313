//! What EXPLAIN shows: a tree of nodes, and its formats.
//!
//! Not here: making the nodes of a statement (`run::explain`), of a table read on a path (`plan::explain`), of an analytic plan
//! (`analytics`).
//!
//! * `options`: what EXPLAIN is asked for.
//! * `text`: the lines that PostgreSQL's users know.
//! * `document`: JSON, XML and YAML with PostgreSQL's keys, which tools read.
//!
//! Costs are capacity units, the unit in which tables are paid for: read units of what is read, write units of what is written.

mod document;
mod options;
mod text;

pub(crate) use options::{ExplainOptions, Format};

use parking_lot::Mutex;
use std::fmt;

/// A step of a plan. Steps that take rows of others have them as children.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanNode {
    /// What it is, such as `KeyLookup` or `Hash Join`.
    pub node_type: String,
    /// The table that it reads or writes.
    pub relation: Option<String>,
    /// The index that it reads.
    pub index: Option<String>,
    /// What else there is to say, in order.
    pub properties: Vec<Property>,
    /// What is expected of it.
    pub estimate: Estimate,
    /// What it did, if it has run.
    pub actual: Option<Actual>,
    /// Where its rows come from.
    pub children: Vec<PlanNode>,
}

/// Something about a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// In words that begin with capitals, as PostgreSQL has them.
    pub name: &'static str,
    /// Value.
    pub value: PropertyValue,
    /// Whether it is shown with VERBOSE only.
    pub verbose: bool,
}

/// Value of a [`Property`].
#[derive(Clone, Debug, PartialEq)]
pub enum PropertyValue {
    /// A text.
    Text(String),
    /// A number.
    Count(u64),
    /// Several texts.
    List(Vec<String>),
}

/// What is expected of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Rows that it gives; `None` if nothing is known.
    pub rows: Option<f64>,
    /// Bytes of a row, on average.
    pub width: u64,
    /// Capacity units that it takes itself; `None` for what reads and writes no table.
    pub capacity: Option<Capacity>,
}

/// Capacity units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Capacity {
    /// Read units.
    Read(f64),
    /// Write units.
    Write(f64),
}

impl Capacity {
    /// How many.
    pub fn units(self) -> f64 {
        match self {
            Capacity::Read(units) | Capacity::Write(units) => units,
        }
    }
}

/// What a node did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Actual {
    /// Rows that it gave.
    pub rows: u64,
    /// Microseconds until its first row was there, and until its last one was: with what its children took, summed over parallel tasks.
    pub micros: Option<(u64, u64)>,
    /// What it has read of a table.
    pub read: Option<shale_engine::ReadUsage>,
}

impl PlanNode {
    /// A node of that type.
    pub fn new(node_type: impl Into<String>) -> PlanNode {
        PlanNode {
            node_type: node_type.into(),
            ..PlanNode::default()
        }
    }

    /// With something said about it.
    pub fn with(mut self, name: &'static str, value: impl Into<PropertyValue>) -> PlanNode {
        self.say(name, value);
        self
    }

    /// Says something about it.
    pub fn say(&mut self, name: &'static str, value: impl Into<PropertyValue>) {
        self.properties.push(Property {
            name,
            value: value.into(),
            verbose: false,
        });
    }

    /// Says something that is shown with VERBOSE only.
    pub fn say_verbose(&mut self, name: &'static str, value: impl Into<PropertyValue>) {
        self.properties.push(Property {
            name,
            value: value.into(),
            verbose: true,
        });
    }

    /// On top of that node.
    pub fn above(mut self, child: PlanNode) -> PlanNode {
        self.children.push(child);
        self
    }

    /// Capacity units of it and everything below.
    pub fn cost(&self) -> f64 {
        let below: f64 = self.children.iter().map(PlanNode::cost).sum();
        below + self.estimate.capacity.map_or(0.0, Capacity::units)
    }

    /// Its first line without numbers: type, index and table.
    pub fn title(&self) -> String {
        let mut title = self.node_type.clone();
        if let Some(relation) = &self.relation {
            title.push_str(" on ");
            title.push_str(relation);
        }
        if let Some(index) = &self.index {
            title.push_str(" using ");
            title.push_str(index);
        }
        title
    }
}

impl From<String> for PropertyValue {
    fn from(text: String) -> PropertyValue {
        PropertyValue::Text(text)
    }
}

impl From<&str> for PropertyValue {
    fn from(text: &str) -> PropertyValue {
        PropertyValue::Text(text.to_owned())
    }
}

impl From<u64> for PropertyValue {
    fn from(count: u64) -> PropertyValue {
        PropertyValue::Count(count)
    }
}

impl From<Vec<String>> for PropertyValue {
    fn from(list: Vec<String>) -> PropertyValue {
        PropertyValue::List(list)
    }
}

/// A statement's plan and times, as one format or another shows them.
pub(crate) struct Explained {
    pub plan: PlanNode,
    /// Names and values of the settings that are shown.
    pub settings: Vec<(String, String)>,
    pub planning_micros: u64,
    /// From start to end, if it has run.
    pub execution_micros: Option<u64>,
}

impl Explained {
    /// The rows of EXPLAIN: lines, or one document.
    pub(crate) fn rows(&self, options: &ExplainOptions) -> Vec<String> {
        match options.format {
            Format::Text => text::lines(self, options),
            Format::Json => vec![document::of(self, options).json()],
            Format::Xml => vec![document::of(self, options).xml()],
            Format::Yaml => vec![document::of(self, options).yaml()],
        }
    }
}

/// Collects the plans of analytic queries as they are run, so that what they did can be asked for afterwards.
#[derive(Default)]
pub struct PlanProbe {
    started: Mutex<Vec<Box<dyn Fn() -> PlanNode + Send>>>,
}

impl PlanProbe {
    /// Notes that a query was started; `describe` tells what it has done so far.
    pub fn started(&self, describe: impl Fn() -> PlanNode + Send + 'static) {
        self.started.lock().push(Box::new(describe));
    }

    /// What the query has done that was started last.
    pub(crate) fn last(&self) -> Option<PlanNode> {
        self.started.lock().last().map(|describe| describe())
    }
}

impl fmt::Debug for PlanProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanProbe").finish_non_exhaustive()
    }
}
