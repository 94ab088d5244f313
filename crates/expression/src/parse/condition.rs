//! Condition and filter expressions.
//!
//! ```text
//! condition  ::= and (OR and)*
//! and        ::= not (AND not)*
//! not        ::= NOT not | predicate
//! predicate  ::= atom [comparator atom | BETWEEN atom AND atom | IN ( atom (, atom)* )]
//! atom       ::= ( condition ) | ( operand ) | function | path | :value
//! ```
//!
//! An opening parenthesis may begin a condition or an operand; only what follows tells which. So an atom is parsed to a [`Node`] that is
//! either, and its place then demands one of the two.

use super::{Parser, function_named};
use crate::lexer::Kind;
use crate::{Comparison, Condition, ExpressionError, IN_OPERANDS_MAX, Operand, Path, Placeholders};
use shale_item::{AttributeType, AttributeValue};
use std::sync::Arc;

/// Parses a ConditionExpression or FilterExpression.
///
/// # Errors
/// The first [`ExpressionError`] of the text.
pub fn parse_condition(
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Condition, ExpressionError> {
    let mut parser = Parser::new(text, placeholders)?;
    let parsed = parser.condition_or_operand()?;
    parser.expect_end()?;
    parser.as_condition(parsed.node)
}

/// A condition or an operand, and whether it stood in parentheses.
struct Parsed {
    node: Node,
    parenthesized: bool,
}

enum Node {
    Condition(Condition),
    Operand(Operand),
}

impl From<Condition> for Parsed {
    fn from(condition: Condition) -> Parsed {
        Parsed {
            node: Node::Condition(condition),
            parenthesized: false,
        }
    }
}

impl From<Operand> for Parsed {
    fn from(operand: Operand) -> Parsed {
        Parsed {
            node: Node::Operand(operand),
            parenthesized: false,
        }
    }
}

impl Parser<'_, '_, '_> {
    /// An operand cannot be a condition, `size(…)` has an error of its own.
    fn as_condition(&self, node: Node) -> Result<Condition, ExpressionError> {
        match node {
            Node::Condition(condition) => Ok(condition),
            Node::Operand(Operand::Size(_)) => {
                Err(ExpressionError::FunctionMisused { name: "size" })
            }
            Node::Operand(_) => Err(self.syntax_error()),
        }
    }

    /// A condition cannot be an operand, functions have an error of their own.
    fn as_operand(&self, node: Node) -> Result<Operand, ExpressionError> {
        let name = match node {
            Node::Operand(operand) => return Ok(operand),
            Node::Condition(Condition::AttributeExists(_)) => "attribute_exists",
            Node::Condition(Condition::AttributeNotExists(_)) => "attribute_not_exists",
            Node::Condition(Condition::AttributeType(..)) => "attribute_type",
            Node::Condition(Condition::BeginsWith(..)) => "begins_with",
            Node::Condition(Condition::Contains(..)) => "contains",
            Node::Condition(_) => return Err(self.syntax_error()),
        };
        Err(ExpressionError::FunctionMisused { name })
    }

    fn condition_or_operand(&mut self) -> Result<Parsed, ExpressionError> {
        let first = self.conjunction()?;
        if !self.peek().is_keyword("OR") {
            return Ok(first);
        }
        let mut terms = vec![self.as_condition(first.node)?];
        while self.take_keyword("OR") {
            self.count_operator()?;
            let term = self.conjunction()?;
            terms.push(self.as_condition(term.node)?);
        }
        Ok(Condition::Or(terms).into())
    }

    fn conjunction(&mut self) -> Result<Parsed, ExpressionError> {
        let first = self.negation()?;
        if !self.peek().is_keyword("AND") {
            return Ok(first);
        }
        let mut terms = vec![self.as_condition(first.node)?];
        while self.take_keyword("AND") {
            self.count_operator()?;
            let term = self.negation()?;
            terms.push(self.as_condition(term.node)?);
        }
        Ok(Condition::And(terms).into())
    }

    fn negation(&mut self) -> Result<Parsed, ExpressionError> {
        if !self.take_keyword("NOT") {
            return self.predicate();
        }
        self.count_operator()?;
        let negated = self.nested(Self::negation)?;
        let negated = self.as_condition(negated.node)?;
        Ok(Condition::Not(Box::new(negated)).into())
    }

    fn predicate(&mut self) -> Result<Parsed, ExpressionError> {
        let first = self.atom()?;
        if let Some(comparison) = comparison(self.peek().text) {
            let left = self.as_operand(first.node)?;
            self.advance();
            self.count_operator()?;
            let right = self.operand()?;
            check_distinct(comparison.symbol(), &left, [&right])?;
            if !matches!(comparison, Comparison::Eq | Comparison::Ne) {
                check_ordered(comparison.symbol(), [&left, &right])?;
            }
            return Ok(Condition::Compare(left, comparison, right).into());
        }
        if self.peek().is_keyword("BETWEEN") {
            let operand = self.as_operand(first.node)?;
            self.advance();
            self.count_operator()?;
            return Ok(self.between(operand)?.into());
        }
        if self.peek().is_keyword("IN") {
            let operand = self.as_operand(first.node)?;
            self.advance();
            self.count_operator()?;
            return Ok(self.list(operand)?.into());
        }
        Ok(first)
    }

    fn between(&mut self, operand: Operand) -> Result<Condition, ExpressionError> {
        let low = self.operand()?;
        self.expect_keyword("AND")?;
        let high = self.operand()?;
        check_distinct("BETWEEN", &operand, [&low, &high])?;
        check_ordered("BETWEEN", [&operand, &low, &high])?;
        check_bounds(&low, &high)?;
        Ok(Condition::Between(operand, low, high))
    }

    fn list(&mut self, operand: Operand) -> Result<Condition, ExpressionError> {
        self.expect_symbol("(")?;
        let mut candidates = vec![self.operand()?];
        while self.take_symbol(",") {
            candidates.push(self.operand()?);
        }
        self.expect_symbol(")")?;
        if candidates.len() > IN_OPERANDS_MAX {
            return Err(ExpressionError::TooManyInOperands {
                count: candidates.len(),
                limit: IN_OPERANDS_MAX,
            });
        }
        check_distinct("IN", &operand, &candidates)?;
        Ok(Condition::In(operand, candidates))
    }

    fn operand(&mut self) -> Result<Operand, ExpressionError> {
        let parsed = self.atom()?;
        self.as_operand(parsed.node)
    }

    fn atom(&mut self) -> Result<Parsed, ExpressionError> {
        if self.take_symbol("(") {
            let inner = self.nested(Self::condition_or_operand)?;
            self.expect_symbol(")")?;
            if inner.parenthesized {
                return Err(ExpressionError::RedundantParentheses);
            }
            return Ok(Parsed {
                node: inner.node,
                parenthesized: true,
            });
        }
        if self.at_call() {
            return self.nested(Self::call);
        }
        if self.peek().kind == Kind::Value {
            return Ok(Operand::Value(self.constant()?).into());
        }
        Ok(Operand::Path(self.path()?).into())
    }

    fn call(&mut self) -> Result<Parsed, ExpressionError> {
        let name = function_named(self.peek().text)?;
        if matches!(name, "if_not_exists" | "list_append") {
            return Err(ExpressionError::FunctionNotAllowed { name });
        }
        self.count_operator()?;
        self.advance();
        self.expect_symbol("(")?;
        let mut operands = vec![self.operand()?];
        while self.take_symbol(",") {
            operands.push(self.operand()?);
        }
        self.expect_symbol(")")?;
        function(name, operands)
    }
}

fn comparison(symbol: &str) -> Option<Comparison> {
    Some(match symbol {
        "=" => Comparison::Eq,
        "<>" => Comparison::Ne,
        "<" => Comparison::Lt,
        "<=" => Comparison::Le,
        ">" => Comparison::Gt,
        ">=" => Comparison::Ge,
        _ => return None,
    })
}

/// A call of a function, its operands checked.
fn function(name: &'static str, operands: Vec<Operand>) -> Result<Parsed, ExpressionError> {
    let count = operands.len();
    let expected = if matches!(name, "attribute_exists" | "attribute_not_exists" | "size") {
        1
    } else {
        2
    };
    let mut operands = operands.into_iter();
    let (Some(first), second) = (operands.next(), operands.next()) else {
        return Err(ExpressionError::OperandCount {
            operator: name,
            count,
        });
    };
    let second = match (expected == count, second) {
        (false, _) => {
            return Err(ExpressionError::OperandCount {
                operator: name,
                count,
            });
        }
        // The functions of one operand never look at it.
        (true, second) => second.unwrap_or_else(|| Operand::constant(AttributeValue::Null)),
    };
    Ok(match name {
        "attribute_exists" => Condition::AttributeExists(only_path(name, first)?).into(),
        "attribute_not_exists" => Condition::AttributeNotExists(only_path(name, first)?).into(),
        "attribute_type" => {
            let path = only_path(name, first)?;
            Condition::AttributeType(path, type_name(second)?).into()
        }
        "begins_with" => {
            check_distinct(name, &first, [&second])?;
            check_types(name, &first, is_text)?;
            check_types(name, &second, is_text)?;
            Condition::BeginsWith(first, second).into()
        }
        "contains" => {
            check_distinct(name, &first, [&second])?;
            check_types(name, &first, is_container)?;
            Condition::Contains(first, second).into()
        }
        _ => {
            check_types("size", &first, has_size)?;
            Operand::Size(Box::new(first)).into()
        }
    })
}

fn only_path(operator: &'static str, operand: Operand) -> Result<Path, ExpressionError> {
    match operand {
        Operand::Path(path) => Ok(path),
        _ => Err(ExpressionError::RequiresPath { operator }),
    }
}

fn type_name(operand: Operand) -> Result<AttributeType, ExpressionError> {
    let operator = "attribute_type";
    match operand {
        Operand::Value(value) => match &*value {
            AttributeValue::S(name) => AttributeType::from_descriptor(name)
                .ok_or_else(|| ExpressionError::InvalidTypeName { name: name.clone() }),
            other => Err(ExpressionError::OperandType {
                operator,
                actual: other.attribute_type(),
            }),
        },
        // The type is part of the expression, not of the item.
        Operand::Path(_) | Operand::Size(_) => Err(ExpressionError::RequiresConstant { operator }),
    }
}

/// The type of an operand that does not depend on an item.
fn known_type(operand: &Operand) -> Option<AttributeType> {
    match operand {
        Operand::Value(value) => Some(value.attribute_type()),
        Operand::Size(_) => Some(AttributeType::N),
        Operand::Path(_) => None,
    }
}

fn check_types(
    operator: &'static str,
    operand: &Operand,
    allowed: fn(AttributeType) -> bool,
) -> Result<(), ExpressionError> {
    match known_type(operand) {
        Some(actual) if !allowed(actual) => Err(ExpressionError::OperandType { operator, actual }),
        _ => Ok(()),
    }
}

/// Only strings, numbers and binaries have an order.
fn check_ordered<'a>(
    operator: &'static str,
    operands: impl IntoIterator<Item = &'a Operand>,
) -> Result<(), ExpressionError> {
    operands
        .into_iter()
        .try_for_each(|operand| check_types(operator, operand, has_order))
}

fn has_order(attribute_type: AttributeType) -> bool {
    matches!(
        attribute_type,
        AttributeType::S | AttributeType::N | AttributeType::B
    )
}

fn is_text(attribute_type: AttributeType) -> bool {
    matches!(attribute_type, AttributeType::S | AttributeType::B)
}

fn has_size(attribute_type: AttributeType) -> bool {
    !matches!(
        attribute_type,
        AttributeType::N | AttributeType::Bool | AttributeType::Null
    )
}

fn is_container(attribute_type: AttributeType) -> bool {
    has_size(attribute_type) && attribute_type != AttributeType::M
}

/// The bounds of BETWEEN, where both are constants, have one type and are in order.
fn check_bounds(low: &Operand, high: &Operand) -> Result<(), ExpressionError> {
    let (Operand::Value(low), Operand::Value(high)) = (low, high) else {
        return Ok(());
    };
    let order = match (&**low, &**high) {
        (AttributeValue::S(low), AttributeValue::S(high)) => low.cmp(high),
        (AttributeValue::N(low), AttributeValue::N(high)) => low.cmp(high),
        (AttributeValue::B(low), AttributeValue::B(high)) => low.cmp(high),
        _ => {
            return Err(ExpressionError::BetweenTypes {
                low: Arc::clone(low),
                high: Arc::clone(high),
            });
        }
    };
    if order.is_gt() {
        return Err(ExpressionError::BetweenOrder {
            low: Arc::clone(low),
            high: Arc::clone(high),
        });
    }
    Ok(())
}

/// A path compared with itself says nothing: DynamoDB refuses it.
fn check_distinct<'a>(
    operator: &'static str,
    first: &Operand,
    others: impl IntoIterator<Item = &'a Operand>,
) -> Result<(), ExpressionError> {
    let Operand::Path(path) = first else {
        return Ok(());
    };
    if others.into_iter().any(|other| other == first) {
        return Err(ExpressionError::NotDistinct {
            operator,
            operand: path.clone(),
        });
    }
    Ok(())
}
