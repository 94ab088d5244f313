//! The table of messages for expressions that cannot be parsed.

use super::wording::expression_message;
use expect_test::expect;
use shale_expression::{ExpressionError, KeyConditionError, Path, Step};
use shale_item::{AttributeType, AttributeValue};

#[test]
fn every_fault_has_its_sentence() {
    let word = || "foo".to_owned();
    let path = |steps: Vec<Step>| Path {
        root: "a".to_owned(),
        steps,
    };
    let number = |n: i64| AttributeValue::N(n.into());
    let condition = "ConditionExpression";
    let update = "UpdateExpression";
    let errors = [
        (condition, ExpressionError::Empty),
        (
            condition,
            ExpressionError::TooLong {
                length: 5000,
                limit: 4096,
            },
        ),
        (
            condition,
            ExpressionError::TooManyOperators {
                count: 301,
                limit: 300,
            },
        ),
        (condition, ExpressionError::TooDeep { limit: 64 }),
        (
            condition,
            ExpressionError::Syntax {
                token: word(),
                near: "a foo b".to_owned(),
            },
        ),
        (condition, ExpressionError::ReservedWord { word: word() }),
        (
            condition,
            ExpressionError::UndefinedName {
                name: "#a".to_owned(),
            },
        ),
        (
            condition,
            ExpressionError::UndefinedValue {
                name: ":v".to_owned(),
            },
        ),
        (
            condition,
            ExpressionError::PlaceholderTooLong {
                length: 300,
                limit: 255,
            },
        ),
        (
            condition,
            ExpressionError::SubstitutionsTooLong {
                length: 2_097_153,
                limit: 2_097_152,
            },
        ),
        (condition, ExpressionError::RedundantParentheses),
        (condition, ExpressionError::InvalidFunction { name: word() }),
        (
            condition,
            ExpressionError::FunctionNotAllowed {
                name: "list_append",
            },
        ),
        (update, ExpressionError::FunctionNotAllowed { name: "size" }),
        (condition, ExpressionError::FunctionMisused { name: "size" }),
        (
            condition,
            ExpressionError::OperandCount {
                operator: "size",
                count: 2,
            },
        ),
        (
            condition,
            ExpressionError::OperandType {
                operator: "begins_with",
                actual: AttributeType::N,
            },
        ),
        (
            update,
            ExpressionError::OperandType {
                operator: "ADD",
                actual: AttributeType::S,
            },
        ),
        (
            update,
            ExpressionError::OperandType {
                operator: "DELETE",
                actual: AttributeType::Bool,
            },
        ),
        (
            condition,
            ExpressionError::RequiresPath {
                operator: "attribute_exists",
            },
        ),
        (
            condition,
            ExpressionError::RequiresConstant {
                operator: "attribute_type",
            },
        ),
        (
            condition,
            ExpressionError::NotDistinct {
                operator: "=",
                operand: path(vec![]),
            },
        ),
        (condition, ExpressionError::InvalidTypeName { name: word() }),
        (
            condition,
            ExpressionError::BetweenTypes {
                low: AttributeValue::S(word()).into(),
                high: number(1).into(),
            },
        ),
        (
            condition,
            ExpressionError::BetweenOrder {
                low: number(2).into(),
                high: number(1).into(),
            },
        ),
        (
            condition,
            ExpressionError::PathTooDeep {
                levels: 33,
                limit: 32,
            },
        ),
        (
            condition,
            ExpressionError::ListIndex {
                index: "99999999999".to_owned(),
            },
        ),
        (
            condition,
            ExpressionError::TooManyInOperands {
                count: 101,
                limit: 100,
            },
        ),
        (update, ExpressionError::DuplicateSection { section: "SET" }),
        (
            update,
            ExpressionError::Overlap {
                first: path(vec![]),
                second: path(vec![Step::Field("b".to_owned())]),
            },
        ),
        (
            update,
            ExpressionError::Conflict {
                first: path(vec![Step::Field("b".to_owned())]),
                second: path(vec![Step::Index(0)]),
            },
        ),
        (
            condition,
            KeyConditionError::Operator { operator: "OR" }.into(),
        ),
        (condition, KeyConditionError::TooManyConditions.into()),
        (condition, KeyConditionError::OneConditionPerKey.into()),
        (condition, KeyConditionError::MultipleAttributes.into()),
        (condition, KeyConditionError::NoAttribute.into()),
        (condition, KeyConditionError::NestedAttribute.into()),
        (condition, KeyConditionError::NestedOperation.into()),
        (condition, KeyConditionError::NoEquality.into()),
        (condition, KeyConditionError::PartitionNotEqual.into()),
        (
            condition,
            KeyConditionError::MissingKey {
                name: "pk".to_owned(),
            }
            .into(),
        ),
    ];
    let lines: Vec<String> = errors
        .iter()
        .map(|(parameter, error)| format!("{}\n", expression_message(parameter, error)))
        .collect();
    expect![[r#"
        Invalid ConditionExpression: The expression can not be empty;
        Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 5000
        Invalid ConditionExpression: The expression contains too many operators; operator count: 301
        Invalid ConditionExpression: The expression is nested too deep; levels allowed: 64
        Invalid ConditionExpression: Syntax error; token: "foo", near: "a foo b"
        Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: foo
        Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #a
        Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :v
        Invalid ConditionExpression: Expression attribute name or value has exceeded the maximum allowed length; length: 300
        Invalid ConditionExpression: The substitution variables of the expression have exceeded the maximum allowed size; size: 2097153
        Invalid ConditionExpression: The expression has redundant parentheses;
        Invalid ConditionExpression: Invalid function name; function: foo
        Invalid ConditionExpression: The function is not allowed in a condition expression; function: list_append
        Invalid UpdateExpression: The function is not allowed in an update expression; function: size
        Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size
        Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: size, number of operands: 2
        Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N
        Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND
        Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: BOOLEAN, typeSet: ALLOWED_FOR_DELETE_OPERAND
        Invalid ConditionExpression: Operator or function requires a document path; operator or function: attribute_exists
        Invalid ConditionExpression: Operator or function requires an expression attribute value; operator or function: attribute_type
        Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]
        Invalid ConditionExpression: Invalid attribute type name found; type: foo, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}
        Invalid ConditionExpression: The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {S:foo}, upper bound operand: AttributeValue: {N:1}
        Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}
        Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33
        Invalid ConditionExpression: List index is not within the allowable range; index: [99999999999]
        Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101
        Invalid UpdateExpression: The "SET" section can only be used once in an update expression;
        Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]
        Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [0]]
        Invalid operator used in KeyConditionExpression: OR
        Conditions can be of length 1 or 2 only
        KeyConditionExpressions must only contain one condition per key
        Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition
        Invalid condition in KeyConditionExpression: No key attribute specified
        KeyConditionExpressions cannot have conditions on nested attributes
        KeyConditionExpressions cannot contain nested operations
        Query key condition not supported
        Query key condition not supported
        Query condition missed key schema element: pk
    "#]].assert_eq(&lines.concat());
}
