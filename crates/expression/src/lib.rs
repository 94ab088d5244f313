//! DynamoDB's expressions: text to syntax tree, checks, evaluation on an item.
//!
//! The syntax tree is public: SQL predicates and SET lists lower into it, so that both doors share one evaluator.
//! Not here: tables, storage, SQL text, error sentences of a protocol.
//!
//! ```
//! use shale_expression::{Placeholders, parse_condition};
//! use shale_item::{AttributeValue, EncodedItem, Item};
//! use std::collections::BTreeMap;
//!
//! let values = BTreeMap::from([(":min".to_string(), AttributeValue::N(10.into()))]);
//! let mut placeholders = Placeholders::new(None, Some(&values));
//! let condition = parse_condition("price >= :min AND attribute_exists(tags[0])", &mut placeholders).unwrap();
//! assert_eq!(placeholders.unused_values().count(), 0);
//!
//! let item = Item::from([("price".to_string(), AttributeValue::N(12.into()))]);
//! assert!(!condition.evaluate(EncodedItem::encode(&item).view()));
//! ```

mod ast;
mod error;
mod evaluate;
mod key_condition;
mod lexer;
mod parse;
mod paths;
mod placeholders;
mod project;
mod reserved;
mod update;

pub use ast::{
    AbsentOperand, Action, Check, Comparison, Condition, KeyCondition, NumberRange, Operand, Path,
    Projection, ResolvedKeyCondition, Rule, SetValue, SortCondition, Step, Update,
};
pub use error::{EvaluationError, ExpressionError, KeyConditionError};
pub use key_condition::parse_key_condition;
pub use parse::{parse_condition, parse_projection, parse_update};
pub use paths::check_paths;
pub use placeholders::Placeholders;
pub use project::part_of;

/// Bytes of an expression's text at most (DynamoDB's limit).
pub const EXPRESSION_BYTES_MAX: usize = 4096;
/// Operators and functions of an expression at most (DynamoDB's limit).
pub const OPERATORS_MAX: usize = 300;
/// Operands in the list of IN at most (DynamoDB's limit).
pub const IN_OPERANDS_MAX: usize = 100;
/// Bytes of a `#name` or `:value` at most (DynamoDB's limit).
pub const PLACEHOLDER_BYTES_MAX: usize = 255;
/// Bytes of everything that placeholders stand for in one request's expressions at most. DynamoDB's limit: "The maximum length of all
/// substitution variables in an expression is 2 MB".
pub const SUBSTITUTIONS_BYTES_MAX: usize = 2 << 20;
/// Elements of a document path at most (DynamoDB's limit): the attribute and 31 dereferences.
pub const PATH_ELEMENTS_MAX: usize = 32;
/// The highest index into a list that an expression may name (DynamoDB's limit, as its answers show it).
pub const LIST_INDEX_MAX: u64 = u32::MAX as u64 - 1;
/// Parentheses, NOTs and functions inside each other at most; ours, it bounds the stack.
pub const NESTING_MAX: usize = 64;
