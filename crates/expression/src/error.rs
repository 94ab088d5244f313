//! Why a text is no expression, as data: DynamoDB's sentences are made from it in `dynamodb-server`.

use crate::ast::Path;
use shale_item::{AttributeType, AttributeValue};
use std::sync::Arc;

/// Why a text is not a valid expression.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExpressionError {
    /// No text, or only white space.
    #[error("the expression is empty")]
    Empty,
    /// Above 4 KB.
    #[error("the expression has {length} bytes, the limit is {limit}")]
    TooLong {
        /// Bytes of the text.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More operators and functions than allowed.
    #[error("the expression has {count} operators or more, the limit is {limit}")]
    TooManyOperators {
        /// Operators counted when the limit was passed.
        count: usize,
        /// Operators allowed.
        limit: usize,
    },
    /// Parentheses, NOT or functions inside each other deeper than allowed.
    #[error("the expression is nested deeper than {limit} levels")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// The grammar does not allow this token here; `<EOF>` is the end.
    #[error("syntax error at {token:?} near {near:?}")]
    Syntax {
        /// The token.
        token: String,
        /// It and its neighbours, as written.
        near: String,
    },
    /// A reserved word as an attribute name.
    #[error("{word} is a reserved word")]
    ReservedWord {
        /// As written.
        word: String,
    },
    /// A `#name` that ExpressionAttributeNames does not define.
    #[error("{name} is not defined")]
    UndefinedName {
        /// With its `#`.
        name: String,
    },
    /// A `:value` that ExpressionAttributeValues does not define.
    #[error("{name} is not defined")]
    UndefinedValue {
        /// With its `:`.
        name: String,
    },
    /// A `#name` or `:value` longer than 255 bytes.
    #[error("a placeholder has {length} bytes, the limit is {limit}")]
    PlaceholderTooLong {
        /// Bytes of the placeholder.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The names that placeholders stand for are longer than allowed, counted wherever they are used.
    #[error("substitution takes {length} bytes or more, the limit is {limit}")]
    SubstitutionsTooLong {
        /// Bytes counted when the limit was passed.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A document path with more elements than allowed.
    #[error("a document path has {levels} elements, the limit is {limit}")]
    PathTooDeep {
        /// Elements of the path.
        levels: usize,
        /// Elements allowed.
        limit: usize,
    },
    /// An index into a list above the highest allowed.
    #[error("the list index {index} is out of range")]
    ListIndex {
        /// As written.
        index: String,
    },
    /// `((…))`.
    #[error("the expression has redundant parentheses")]
    RedundantParentheses,
    /// No function has this name (function names are case-sensitive).
    #[error("no function {name}")]
    InvalidFunction {
        /// As written.
        name: String,
    },
    /// A function of the other kind of expression: `size` in an update, `list_append` in a condition.
    #[error("the function {name} is not allowed in this kind of expression")]
    FunctionNotAllowed {
        /// Its name.
        name: &'static str,
    },
    /// A function where its result is of no use: `size(a)` as a condition, `attribute_exists(a) = :v`.
    #[error("the function {name} is not allowed to be used this way")]
    FunctionMisused {
        /// Its name.
        name: &'static str,
    },
    /// A function with another number of operands.
    #[error("{operator} does not take {count} operands")]
    OperandCount {
        /// The function.
        operator: &'static str,
        /// Operands found.
        count: usize,
    },
    /// A constant of a type that the operator or function cannot take; `ADD` and `DELETE` are operators here.
    #[error("incorrect operand type for {operator}: {actual:?}")]
    OperandType {
        /// Operator or function.
        operator: &'static str,
        /// The type found.
        actual: AttributeType,
    },
    /// A constant or function where only a document path can stand.
    #[error("{operator} requires a document path")]
    RequiresPath {
        /// The function.
        operator: &'static str,
    },
    /// A document path or function where only a constant can stand.
    #[error("{operator} requires a constant")]
    RequiresConstant {
        /// The function.
        operator: &'static str,
    },
    /// The first operand again as another one.
    #[error("the first operand of {operator} is not distinct: {operand}")]
    NotDistinct {
        /// Operator or function.
        operator: &'static str,
        /// The first operand.
        operand: Path,
    },
    /// `attribute_type` with something that is no type's descriptor.
    #[error("no attribute type {name}")]
    InvalidTypeName {
        /// As given.
        name: String,
    },
    /// BETWEEN with constants of different types.
    #[error("BETWEEN with bounds of different types")]
    BetweenTypes {
        /// Lower bound.
        low: Arc<AttributeValue>,
        /// Upper bound.
        high: Arc<AttributeValue>,
    },
    /// BETWEEN with the lower constant above the upper one.
    #[error("BETWEEN with the lower bound above the upper one")]
    BetweenOrder {
        /// Lower bound.
        low: Arc<AttributeValue>,
        /// Upper bound.
        high: Arc<AttributeValue>,
    },
    /// IN with more than 100 operands.
    #[error("IN has {count} operands, the limit is {limit}")]
    TooManyInOperands {
        /// Operands found.
        count: usize,
        /// Operands allowed.
        limit: usize,
    },
    /// SET, REMOVE, ADD or DELETE more than once.
    #[error("the {section} section is used more than once")]
    DuplicateSection {
        /// In upper case.
        section: &'static str,
    },
    /// One path is the other or leads to it.
    #[error("the paths {first} and {second} overlap")]
    Overlap {
        /// The one written first.
        first: Path,
        /// The other.
        second: Path,
    },
    /// One path takes for a map what the other takes for a list.
    #[error("the paths {first} and {second} conflict")]
    Conflict {
        /// The one written first.
        first: Path,
        /// The other.
        second: Path,
    },
    /// A valid condition that is not a key condition.
    #[error(transparent)]
    KeyCondition(#[from] KeyConditionError),
}

/// Why a condition is not a key condition.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KeyConditionError {
    /// An operator or function that key conditions do not have: OR, NOT, IN, `<>`, `contains` …
    #[error("{operator} in a key condition")]
    Operator {
        /// As DynamoDB names it.
        operator: &'static str,
    },
    /// More terms than a key has attributes.
    #[error("too many key conditions")]
    TooManyConditions,
    /// Two terms about one attribute.
    #[error("more than one condition on a key attribute")]
    OneConditionPerKey,
    /// A term about two attributes.
    #[error("several attributes in one key condition")]
    MultipleAttributes,
    /// A term that does not begin with an attribute.
    #[error("a key condition without an attribute")]
    NoAttribute,
    /// A path into a document.
    #[error("a key condition on a nested attribute")]
    NestedAttribute,
    /// A function inside a term, such as `size(a) = :v`.
    #[error("a nested operation in a key condition")]
    NestedOperation,
    /// No term is an equality.
    #[error("a key condition without equality")]
    NoEquality,
    /// The schema's partition or sort key is not what the terms are about.
    #[error("the key condition misses the key attribute {name}")]
    MissingKey {
        /// The key attribute that a term should have been about.
        name: String,
    },
    /// The partition key's term is not an equality.
    #[error("the condition on the partition key is not an equality")]
    PartitionNotEqual,
    /// A condition on a sort key attribute that is no equality, and one on a later attribute.
    #[error("only the last condition on the sort key may be no equality")]
    SortPrefixNotEqual,
}

/// Why an update does not fit the item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// An operand path is not in the item.
    #[error("an attribute of the expression is not in the item: {0}")]
    AbsentOperand(Path),
    /// A path leads through something that is not a map or list, or is not there.
    #[error("the document path is invalid for update: {0}")]
    InvalidPath(Path),
    /// An operand has the wrong type for its operator or function.
    #[error("incorrect operand type for {operator}: {actual:?}")]
    OperandType {
        /// Operator or function.
        operator: &'static str,
        /// The type found.
        actual: AttributeType,
    },
    /// What the update writes does not fit into an item.
    #[error("the update writes {bytes} bytes or more, the limit is {limit}")]
    TooLarge {
        /// Bytes counted when the limit was passed.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The result is no number of DynamoDB's.
    #[error(transparent)]
    Number(#[from] shale_item::NumberError),
    /// The result is out of the range that a rule of the update allows.
    #[error("the result is out of range: {0}")]
    OutOfRange(Path),
    /// The result is NULL or nothing, where a rule of the update requires a value.
    #[error("a value is required: {0}")]
    ValueRequired(Path),
    /// The item would violate the [`Check`](crate::Check) of that name.
    #[error("the item violates {0}")]
    CheckViolated(String),
}
