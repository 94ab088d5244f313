//! DynamoDB's expressions: text to syntax tree, checks, evaluation on an item.
//!
//! The syntax tree is public: SQL predicates and SET lists lower into it, so that both doors share one evaluator.
//! Not here: tables, storage, SQL text, error sentences of a protocol.

use shale_item::{AttributeType, AttributeValue, Item, ItemView};

/// A document path: an attribute name, then map members and list elements.
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

/// What a comparison or a function takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// The value at a path.
    Path(Path),
    /// A constant.
    Value(AttributeValue),
    /// `size(path)`.
    Size(Box<Operand>),
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

/// A condition or filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Always that.
    Constant(bool),
    /// `left op right`; operands of different types are only `<>`, an absent operand makes every comparison false.
    Compare(Operand, Comparison, Operand),
    /// `operand BETWEEN low AND high`.
    Between(Operand, Operand, Operand),
    /// `operand IN (…)`.
    In(Operand, Vec<Operand>),
    /// `attribute_exists(path)`.
    AttributeExists(Path),
    /// `attribute_not_exists(path)`.
    AttributeNotExists(Path),
    /// `attribute_type(path, type)`.
    AttributeType(Path, AttributeType),
    /// `begins_with(operand, prefix)`.
    BeginsWith(Operand, Operand),
    /// `contains(operand, part)`.
    Contains(Operand, Operand),
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
}

impl Condition {
    /// Whether the item satisfies the condition. An absent item is [`ItemView::EMPTY`].
    pub fn evaluate(&self, _item: ItemView<'_>) -> bool {
        todo!()
    }
}

/// The right side of `SET path = …`.
#[derive(Clone, Debug, PartialEq)]
pub enum SetValue {
    /// The value at a path.
    Path(Path),
    /// A constant.
    Value(AttributeValue),
    /// `if_not_exists(path, otherwise)`.
    IfNotExists(Path, Box<SetValue>),
    /// `list_append(first, second)`.
    ListAppend(Box<SetValue>, Box<SetValue>),
    /// `left + right`.
    Plus(Box<SetValue>, Box<SetValue>),
    /// `left - right`.
    Minus(Box<SetValue>, Box<SetValue>),
}

/// One action of an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `SET path = value`.
    Set(Path, SetValue),
    /// `REMOVE path`.
    Remove(Path),
    /// `ADD path value`: number or set.
    Add(Path, AttributeValue),
    /// `DELETE path value`: elements of a set.
    Delete(Path, AttributeValue),
}

/// An update. All right sides see the item as it was before the update.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Update {
    /// Its actions; no path equals or contains another (checked where an update is built).
    pub actions: Vec<Action>,
    /// What an operand that is absent in the item does.
    pub absent_operand: AbsentOperand,
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

/// Why an update does not fit the item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// An operand path is not in the item.
    #[error("an attribute of the expression is not in the item: {0:?}")]
    AbsentOperand(Path),
    /// A path leads through something that is not a map or list, or is not there.
    #[error("the document path is invalid for update: {0:?}")]
    InvalidPath(Path),
    /// An operand has the wrong type for its operator or function.
    #[error("incorrect operand type for {operator}: {actual:?}")]
    OperandType {
        /// Operator or function.
        operator: &'static str,
        /// The type found.
        actual: AttributeType,
    },
    /// The result is no number of DynamoDB's.
    #[error(transparent)]
    Number(#[from] shale_item::NumberError),
}

impl Update {
    /// Applies the update to an item (empty where none was).
    pub fn apply(&self, _item: &mut Item) -> Result<(), EvaluationError> {
        todo!()
    }
    /// The paths the update writes, in order.
    pub fn targets(&self) -> impl Iterator<Item = &Path> {
        std::iter::empty()
    }
}

/// A projection: the paths to keep.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Projection {
    /// Their order does not matter; none overlaps another.
    pub paths: Vec<Path>,
}

impl Projection {
    /// The parts of the item that the paths name; list elements move up, as in DynamoDB.
    pub fn project(&self, _item: ItemView<'_>) -> Item {
        todo!()
    }
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

/// A key condition as written: the attribute names are checked against the table by the engine's caller.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyCondition {
    /// Attribute and value of the equality.
    pub partition: (String, AttributeValue),
    /// Attribute and condition of the second term.
    pub sort: Option<(String, SortCondition)>,
}
