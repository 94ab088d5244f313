//! The syntax trees. They hold attribute names and values, no placeholders: those are resolved while parsing.
//!
//! Whoever builds a tree without the parser keeps the parser's promises, which are noted at the types.

use shale_item::{AttributeType, AttributeValue, Number};
use std::fmt;
use std::sync::Arc;

/// A document path: an attribute name, then map members and list elements.
///
/// Prints as DynamoDB's messages do: `a.b[1]` is `[a, b, [1]]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    /// Attribute name.
    pub root: String,
    /// What follows it.
    pub steps: Vec<Step>,
}

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Member of a map.
    Field(String),
    /// Element of a list, from 0.
    Index(usize),
}

impl Path {
    /// The path of a top-level attribute.
    pub fn attribute(name: impl Into<String>) -> Path {
        Path {
            root: name.into(),
            steps: Vec::new(),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.root)?;
        for step in &self.steps {
            match step {
                Step::Field(name) => write!(f, ", {name}")?,
                Step::Index(index) => write!(f, ", [{index}]")?,
            }
        }
        f.write_str("]")
    }
}

/// What a comparison or a function takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// The value at a path.
    Path(Path),
    /// A constant; shared by all places that name it.
    Value(Arc<AttributeValue>),
    /// `size(path)`.
    Size(Box<Operand>),
}

impl Operand {
    /// A constant.
    pub fn constant(value: AttributeValue) -> Operand {
        Operand::Value(Arc::new(value))
    }
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Comparison {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Eq => "=",
            Comparison::Ne => "<>",
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
        }
    }
}

/// A condition or filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Always that.
    Constant(bool),
    /// `left op right`. Operands of different types are only `<>`. An absent operand (also the size of something without one) makes
    /// every comparison false except `<>`, which it makes true, even where both are absent: what DynamoDB has been seen to do.
    /// SQL's `<>` therefore lowers to this and [`Condition::AttributeExists`].
    Compare(Operand, Comparison, Operand),
    /// `operand BETWEEN low AND high`, both included; false if any is absent or of another type.
    Between(Operand, Operand, Operand),
    /// `operand IN (…)`; an absent operand is in no list.
    In(Operand, Vec<Operand>),
    /// `attribute_exists(path)`.
    AttributeExists(Path),
    /// `attribute_not_exists(path)`.
    AttributeNotExists(Path),
    /// `attribute_type(path, type)`.
    AttributeType(Path, AttributeType),
    /// `begins_with(operand, prefix)`: two strings or two binaries.
    BeginsWith(Operand, Operand),
    /// `contains(operand, part)`: substring, subsequence of a binary, element of a set or list.
    Contains(Operand, Operand),
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
    /// The opposite; two-valued, so that it is true where an absent operand made a comparison false.
    Not(Box<Condition>),
}

/// The right side of `SET path = …`.
#[derive(Clone, Debug, PartialEq)]
pub enum SetValue {
    /// The value at a path.
    Path(Path),
    /// A constant; shared by all places that name it.
    Value(Arc<AttributeValue>),
    /// `if_not_exists(path, otherwise)`.
    IfNotExists(Path, Box<SetValue>),
    /// `list_append(first, second)`.
    ListAppend(Box<SetValue>, Box<SetValue>),
    /// `left + right`.
    Plus(Box<SetValue>, Box<SetValue>),
    /// `left - right`.
    Minus(Box<SetValue>, Box<SetValue>),
}

impl SetValue {
    /// A constant.
    pub fn constant(value: AttributeValue) -> SetValue {
        SetValue::Value(Arc::new(value))
    }
}

/// One action of an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `SET path = value`.
    Set(Path, SetValue),
    /// `REMOVE path`.
    Remove(Path),
    /// `ADD path value`: number or set.
    Add(Path, Arc<AttributeValue>),
    /// `DELETE path value`: elements of a set.
    Delete(Path, Arc<AttributeValue>),
}

impl Action {
    /// The path it writes.
    pub fn target(&self) -> &Path {
        match self {
            Action::Set(path, _)
            | Action::Remove(path)
            | Action::Add(path, _)
            | Action::Delete(path, _) => path,
        }
    }
}

/// An update. All right sides see the item as it was before the update.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Update {
    /// Its actions; no path equals or contains another (checked where an update is built, see [`check_paths`](crate::check_paths)).
    pub actions: Vec<Action>,
    /// What an operand that is absent in the item does.
    pub absent_operand: AbsentOperand,
    /// What the results must obey; DynamoDB's updates have no such rules.
    pub rules: Vec<Rule>,
    /// What the item must obey afterwards; DynamoDB's updates have none.
    pub checks: Vec<Check>,
}

/// What an item must not satisfy once it is written: a CHECK constraint of SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Name, for the error.
    pub name: String,
    /// Holds where the item violates it.
    pub violated_if: Condition,
}

/// What the result at a path must obey, whatever action writes it: the column constraints of SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// A target of the update.
    pub path: Path,
    /// Whether the path must have a value that is not NULL.
    pub required: bool,
    /// The numbers that are allowed.
    pub range: Option<NumberRange>,
}

/// Numbers of limited size and precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberRange {
    /// The lowest.
    pub low: Number,
    /// The highest.
    pub high: Number,
    /// Digits behind the decimal point that are kept; the rest is rounded, halves away from zero. `None` keeps all.
    pub scale: Option<u8>,
}

/// What reading an absent attribute on the right side of SET does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AbsentOperand {
    /// DynamoDB: the update fails.
    #[default]
    Fails,
    /// SQL: the result is NULL, so the target attribute is removed.
    Removes,
}

/// A projection: the paths to keep.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Projection {
    /// Their order does not matter; none overlaps another.
    pub paths: Vec<Path>,
}

/// The condition on the sort key of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum SortCondition {
    /// `= v`
    Eq(AttributeValue),
    /// `< v`
    Lt(AttributeValue),
    /// `<= v`
    Le(AttributeValue),
    /// `> v`
    Gt(AttributeValue),
    /// `>= v`
    Ge(AttributeValue),
    /// `BETWEEN low AND high`
    Between(AttributeValue, AttributeValue),
    /// `begins_with(sort, prefix)`
    BeginsWith(AttributeValue),
}

/// A key condition as written: at least one equality, no attribute twice. The attribute names are checked against the key by the
/// engine's caller ([`KeyCondition::for_key`]).
#[derive(Clone, Debug, PartialEq)]
pub struct KeyCondition {
    /// Attributes and what must hold for them, in the order of the text.
    pub terms: Vec<(String, SortCondition)>,
}

/// A key condition under a key of one or more HASH and any number of RANGE attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedKeyCondition {
    /// Values of all HASH attributes, in their order.
    pub partition: Vec<AttributeValue>,
    /// Values of the first RANGE attributes, which must be equal.
    pub sort_prefix: Vec<AttributeValue>,
    /// Condition on the RANGE attribute behind those.
    pub sort: Option<SortCondition>,
}
