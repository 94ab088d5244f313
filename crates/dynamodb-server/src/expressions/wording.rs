//! Sentences for expressions that cannot be parsed.

use crate::messages;
use shale_expression::{ExpressionError, KeyConditionError, Path, Step};
use shale_item::{AttributeType, AttributeValue};
use std::fmt::Write;

/// The message for an expression that is not valid; `parameter` is where it stands.
pub(super) fn expression_message(parameter: &str, error: &ExpressionError) -> String {
    let reason = match error {
        ExpressionError::KeyCondition(error) => return key_condition_message(error),
        ExpressionError::Empty => "The expression can not be empty;".to_owned(),
        ExpressionError::TooLong { length, .. } => format!(
            "Expression size has exceeded the maximum allowed size; expression size: {length}"
        ),
        ExpressionError::TooManyOperators { count, .. } => {
            format!("The expression contains too many operators; operator count: {count}")
        }
        ExpressionError::TooDeep { limit } => {
            format!("The expression is nested too deep; levels allowed: {limit}")
        }
        ExpressionError::Syntax { token, near } => {
            format!("Syntax error; token: \"{token}\", near: \"{near}\"")
        }
        ExpressionError::ReservedWord { word } => {
            format!("Attribute name is a reserved keyword; reserved keyword: {word}")
        }
        ExpressionError::UndefinedName { name } => format!(
            "An expression attribute name used in the document path is not defined; attribute name: {name}"
        ),
        ExpressionError::UndefinedValue { name } => format!(
            "An expression attribute value used in expression is not defined; attribute value: {name}"
        ),
        ExpressionError::PlaceholderTooLong { length, .. } => format!(
            "Expression attribute name or value has exceeded the maximum allowed length; length: {length}"
        ),
        ExpressionError::SubstitutionsTooLong { length, .. } => format!(
            "The substitution variables of the expression have exceeded the maximum allowed size; size: {length}"
        ),
        ExpressionError::PathTooDeep { levels, .. } => {
            format!("The document path has too many nesting levels; nesting levels: {levels}")
        }
        ExpressionError::ListIndex { index } => {
            format!("List index is not within the allowable range; index: [{index}]")
        }
        ExpressionError::RedundantParentheses => {
            "The expression has redundant parentheses;".to_owned()
        }
        ExpressionError::InvalidFunction { name } => {
            format!("Invalid function name; function: {name}")
        }
        ExpressionError::FunctionNotAllowed { name } => {
            let kind = match parameter {
                "UpdateExpression" => "an update expression",
                _ => "a condition expression",
            };
            format!("The function is not allowed in {kind}; function: {name}")
        }
        ExpressionError::FunctionMisused { name } => format!(
            "The function is not allowed to be used this way in an expression; function: {name}"
        ),
        ExpressionError::OperandCount { operator, count } => format!(
            "Incorrect number of operands for operator or function; operator or function: {operator}, number of operands: {count}"
        ),
        ExpressionError::OperandType { operator, actual } => operand_type(operator, *actual),
        ExpressionError::RequiresPath { operator } => format!(
            "Operator or function requires a document path; operator or function: {operator}"
        ),
        ExpressionError::RequiresConstant { operator } => format!(
            "Operator or function requires an expression attribute value; operator or function: {operator}"
        ),
        ExpressionError::NotDistinct { operator, operand } => format!(
            "The first operand must be distinct from the remaining operands for this operator or function; operator: {operator}, first operand: {}",
            path(operand)
        ),
        ExpressionError::InvalidTypeName { name } => format!(
            "Invalid attribute type name found; type: {name}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"
        ),
        ExpressionError::BetweenTypes { low, high } => format!(
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: {}, upper bound operand: {}",
            value(low),
            value(high)
        ),
        ExpressionError::BetweenOrder { low, high } => format!(
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: {}, upper bound operand: {}",
            value(low),
            value(high)
        ),
        ExpressionError::TooManyInOperands { count, .. } => format!(
            "The IN operator is provided with too many operands; number of operands: {count}"
        ),
        ExpressionError::DuplicateSection { section } => {
            format!("The \"{section}\" section can only be used once in an update expression;")
        }
        ExpressionError::Overlap { first, second } => format!(
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {}, path two: {}",
            path(first),
            path(second)
        ),
        ExpressionError::Conflict { first, second } => format!(
            "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: {}, path two: {}",
            path(first),
            path(second)
        ),
    };
    messages::invalid_expression(parameter, &reason)
}

/// The message for a condition that is not a key condition (of the table).
pub(crate) fn key_condition_message(error: &KeyConditionError) -> String {
    match error {
        KeyConditionError::Operator { operator } => {
            format!("Invalid operator used in KeyConditionExpression: {operator}")
        }
        KeyConditionError::TooManyConditions => messages::KEY_CONDITIONS_LENGTH.to_owned(),
        KeyConditionError::OneConditionPerKey => {
            "KeyConditionExpressions must only contain one condition per key".to_owned()
        }
        KeyConditionError::MultipleAttributes => {
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
                .to_owned()
        }
        KeyConditionError::NoAttribute => {
            "Invalid condition in KeyConditionExpression: No key attribute specified".to_owned()
        }
        KeyConditionError::NestedAttribute => {
            "KeyConditionExpressions cannot have conditions on nested attributes".to_owned()
        }
        KeyConditionError::NestedOperation => {
            "KeyConditionExpressions cannot contain nested operations".to_owned()
        }
        KeyConditionError::NoEquality
        | KeyConditionError::PartitionNotEqual
        | KeyConditionError::SortPrefixNotEqual => {
            messages::KEY_CONDITION_NOT_SUPPORTED.to_owned()
        }
        KeyConditionError::MissingKey { name } => messages::missed_key_element(name),
    }
}

/// ADD and DELETE name the types in words, everything else by descriptor.
fn operand_type(operator: &str, actual: AttributeType) -> String {
    match operator {
        "ADD" | "DELETE" => format!(
            "Incorrect operand type for operator or function; operator: {operator}, operand type: {}, typeSet: ALLOWED_FOR_{operator}_OPERAND",
            type_in_words(actual)
        ),
        _ => format!(
            "Incorrect operand type for operator or function; operator or function: {operator}, operand type: {}",
            actual.descriptor()
        ),
    }
}

fn type_in_words(attribute_type: AttributeType) -> &'static str {
    match attribute_type {
        AttributeType::S => "STRING",
        AttributeType::N => "NUMBER",
        AttributeType::B => "BINARY",
        AttributeType::Bool => "BOOLEAN",
        AttributeType::Null => "NULL",
        AttributeType::M => "MAP",
        AttributeType::L => "LIST",
        AttributeType::Ss => "STRING_SET",
        AttributeType::Ns => "NUMBER_SET",
        AttributeType::Bs => "BINARY_SET",
    }
}

/// `[a, b, [0]]`
fn path(path: &Path) -> String {
    let mut text = format!("[{}", path.root);
    for step in &path.steps {
        let written = match step {
            Step::Field(name) => write!(text, ", {name}"),
            Step::Index(index) => write!(text, ", [{index}]"),
        };
        written.expect("writing to memory");
    }
    text.push(']');
    text
}

/// `AttributeValue: {N:1}`; only scalars can be bounds.
fn value(value: &AttributeValue) -> String {
    let descriptor = value.attribute_type().descriptor();
    match value {
        AttributeValue::S(text) => format!("AttributeValue: {{{descriptor}:{text}}}"),
        AttributeValue::N(number) => format!("AttributeValue: {{{descriptor}:{number}}}"),
        AttributeValue::B(_)
        | AttributeValue::Bool(_)
        | AttributeValue::Null
        | AttributeValue::M(_)
        | AttributeValue::L(_)
        | AttributeValue::Ss(_)
        | AttributeValue::Ns(_)
        | AttributeValue::Bs(_) => format!("AttributeValue: {{{descriptor}}}"),
    }
}
