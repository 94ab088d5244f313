//! Update expressions.
//!
//! ```text
//! update  ::= (SET set (, set)* | REMOVE path (, path)* | ADD path :value (, path :value)* | DELETE path :value (, path :value)*)+
//! set     ::= path = value
//! value   ::= operand ((+ | -) operand)*
//! operand ::= path | :value | if_not_exists ( path , value ) | list_append ( value , value ) | ( value )
//! ```

use super::{Parser, function_named};
use crate::lexer::Kind;
use crate::{Action, ExpressionError, Path, Placeholders, SetValue, Update, check_paths};
use shale_item::{AttributeType, AttributeValue};
use std::sync::Arc;

const SECTIONS: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];

/// Parses an UpdateExpression.
///
/// # Errors
/// The first [`ExpressionError`] of the text; `Overlap` and `Conflict` last.
pub fn parse_update(
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Update, ExpressionError> {
    let mut parser = Parser::new(text, placeholders)?;
    let mut seen = Vec::new();
    let mut actions = Vec::new();
    while parser.peek().kind != Kind::End {
        let section = parser.section()?;
        if seen.contains(&section) {
            return Err(ExpressionError::DuplicateSection { section });
        }
        seen.push(section);
        actions.push(parser.action(section)?);
        while parser.take_symbol(",") {
            actions.push(parser.action(section)?);
        }
    }
    check_paths(actions.iter().map(Action::target))?;
    Ok(Update {
        actions,
        ..Update::default()
    })
}

/// A value, and whether it stood in parentheses.
struct Parsed {
    value: SetValue,
    parenthesized: bool,
}

impl Parser<'_, '_, '_> {
    fn section(&mut self) -> Result<&'static str, ExpressionError> {
        let section = SECTIONS.into_iter().find(|name| self.take_keyword(name));
        section.ok_or_else(|| self.syntax_error())
    }

    fn action(&mut self, section: &'static str) -> Result<Action, ExpressionError> {
        let path = self.path()?;
        Ok(match section {
            "SET" => {
                self.expect_symbol("=")?;
                Action::Set(path, self.value()?.value)
            }
            "ADD" => Action::Add(path, self.typed_constant(section, is_addable)?),
            "DELETE" => Action::Delete(path, self.typed_constant(section, is_set)?),
            _ => Action::Remove(path),
        })
    }

    fn typed_constant(
        &mut self,
        operator: &'static str,
        allowed: fn(AttributeType) -> bool,
    ) -> Result<Arc<AttributeValue>, ExpressionError> {
        let value = self.constant()?;
        let actual = value.attribute_type();
        if !allowed(actual) {
            return Err(ExpressionError::OperandType { operator, actual });
        }
        Ok(value)
    }

    /// `operand`, `operand + operand` or `operand - operand`: the grammar of the developer guide knows no chains.
    fn value(&mut self) -> Result<Parsed, ExpressionError> {
        let left = self.set_operand()?;
        let operator = if self.peek().is_symbol("+") {
            "+"
        } else if self.peek().is_symbol("-") {
            "-"
        } else {
            return Ok(left);
        };
        self.advance();
        self.count_operator()?;
        let right = self.set_operand()?.value;
        check_operand(operator, &left.value, AttributeType::N)?;
        check_operand(operator, &right, AttributeType::N)?;
        let (left, right) = (Box::new(left.value), Box::new(right));
        Ok(Parsed {
            value: match operator {
                "+" => SetValue::Plus(left, right),
                _ => SetValue::Minus(left, right),
            },
            parenthesized: false,
        })
    }

    fn set_operand(&mut self) -> Result<Parsed, ExpressionError> {
        if self.take_symbol("(") {
            let inner = self.nested(Self::value)?;
            self.expect_symbol(")")?;
            if inner.parenthesized {
                return Err(ExpressionError::RedundantParentheses);
            }
            return Ok(Parsed {
                value: inner.value,
                parenthesized: true,
            });
        }
        let value = if self.at_call() {
            self.nested(Self::set_function)?
        } else if self.peek().kind == Kind::Value {
            SetValue::Value(self.constant()?)
        } else {
            SetValue::Path(self.path()?)
        };
        Ok(Parsed {
            value,
            parenthesized: false,
        })
    }

    fn set_function(&mut self) -> Result<SetValue, ExpressionError> {
        let name = function_named(self.peek().text)?;
        if !matches!(name, "if_not_exists" | "list_append") {
            return Err(ExpressionError::FunctionNotAllowed { name });
        }
        self.count_operator()?;
        self.advance();
        self.expect_symbol("(")?;
        let mut operands = vec![self.value()?.value];
        while self.take_symbol(",") {
            operands.push(self.value()?.value);
        }
        self.expect_symbol(")")?;
        let count = operands.len();
        let Ok([first, second]) = <[SetValue; 2]>::try_from(operands) else {
            return Err(ExpressionError::OperandCount {
                operator: name,
                count,
            });
        };
        if name == "if_not_exists" {
            return Ok(SetValue::IfNotExists(
                only_path(name, first)?,
                Box::new(second),
            ));
        }
        check_operand(name, &first, AttributeType::L)?;
        check_operand(name, &second, AttributeType::L)?;
        Ok(SetValue::ListAppend(Box::new(first), Box::new(second)))
    }
}

fn only_path(operator: &'static str, value: SetValue) -> Result<Path, ExpressionError> {
    match value {
        SetValue::Path(path) => Ok(path),
        _ => Err(ExpressionError::RequiresPath { operator }),
    }
}

/// The operand's type, where it does not depend on an item, is the one that the operator takes.
fn check_operand(
    operator: &'static str,
    operand: &SetValue,
    expected: AttributeType,
) -> Result<(), ExpressionError> {
    let actual = match operand {
        SetValue::Value(value) => value.attribute_type(),
        SetValue::ListAppend(..) => AttributeType::L,
        SetValue::Plus(..) | SetValue::Minus(..) => AttributeType::N,
        SetValue::Path(_) | SetValue::IfNotExists(..) => return Ok(()),
    };
    if actual == expected {
        return Ok(());
    }
    Err(ExpressionError::OperandType { operator, actual })
}

fn is_set(attribute_type: AttributeType) -> bool {
    matches!(
        attribute_type,
        AttributeType::Ss | AttributeType::Ns | AttributeType::Bs
    )
}

fn is_addable(attribute_type: AttributeType) -> bool {
    attribute_type == AttributeType::N || is_set(attribute_type)
}
