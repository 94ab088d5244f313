//! Text to syntax trees: what the kinds of expressions have in common, and projections.
//!
//! Not here: tokens (`lexer`), the other kinds (`condition`, `update`, `key_condition`).
//!
//! Recursive descent with one token of look-ahead. Recursion is counted, so that hostile nesting ends in an error, not in the stack.
//! Grammar errors are told before errors of meaning only as far as the text was read: the first error wins.

mod condition;
mod update;

#[cfg(test)]
mod tests;

pub use condition::parse_condition;
pub use update::parse_update;

use crate::lexer::{Kind, Token, tokenize};
use crate::reserved::is_reserved;
use crate::{
    EXPRESSION_BYTES_MAX, ExpressionError, LIST_INDEX_MAX, NESTING_MAX, OPERATORS_MAX,
    PATH_ELEMENTS_MAX, PLACEHOLDER_BYTES_MAX, Path, Placeholders, Projection, Step, check_paths,
};
use shale_item::AttributeValue;
use std::sync::Arc;

/// Parses a ProjectionExpression: paths, separated by commas.
///
/// # Errors
/// The first [`ExpressionError`] of the text; `Overlap` and `Conflict` last.
pub fn parse_projection(
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Projection, ExpressionError> {
    let mut parser = Parser::new(text, placeholders)?;
    let mut paths = vec![parser.path()?];
    while parser.take_symbol(",") {
        paths.push(parser.path()?);
    }
    parser.expect_end()?;
    check_paths(&paths)?;
    Ok(Projection { paths })
}

/// The functions of all kinds of expressions.
const FUNCTIONS: [&str; 8] = [
    "attribute_exists",
    "attribute_not_exists",
    "attribute_type",
    "begins_with",
    "contains",
    "size",
    "if_not_exists",
    "list_append",
];

/// The function of that name (case-sensitive).
fn function_named(name: &str) -> Result<&'static str, ExpressionError> {
    let function = FUNCTIONS.into_iter().find(|function| *function == name);
    function.ok_or_else(|| ExpressionError::InvalidFunction {
        name: name.to_string(),
    })
}

/// Reads one expression.
pub(crate) struct Parser<'t, 'p, 'v> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    position: usize,
    placeholders: &'p mut Placeholders<'v>,
    operators: usize,
    nesting: usize,
}

impl<'t, 'p, 'v> Parser<'t, 'p, 'v> {
    pub(crate) fn new(
        text: &'t str,
        placeholders: &'p mut Placeholders<'v>,
    ) -> Result<Parser<'t, 'p, 'v>, ExpressionError> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(ExpressionError::TooLong {
                length: text.len(),
                limit: EXPRESSION_BYTES_MAX,
            });
        }
        let tokens = tokenize(text);
        if tokens.len() == 1 {
            return Err(ExpressionError::Empty);
        }
        Ok(Parser {
            text,
            tokens,
            position: 0,
            placeholders,
            operators: 0,
            nesting: 0,
        })
    }

    fn peek(&self) -> Token<'t> {
        self.peek_at(0)
    }

    /// The token `ahead` of the next one; behind the last one is always the end.
    fn peek_at(&self, ahead: usize) -> Token<'t> {
        let last = self.tokens.len() - 1;
        self.tokens[(self.position + ahead).min(last)]
    }

    fn advance(&mut self) -> Token<'t> {
        let token = self.peek();
        self.position += 1;
        token
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_symbol(symbol);
        self.position += usize::from(found);
        found
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_keyword(keyword);
        self.position += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), ExpressionError> {
        if self.take_symbol(symbol) {
            Ok(())
        } else {
            Err(self.syntax_error())
        }
    }

    fn expect_keyword(&mut self, keyword: &str) -> Result<(), ExpressionError> {
        if self.take_keyword(keyword) {
            Ok(())
        } else {
            Err(self.syntax_error())
        }
    }

    fn expect_end(&self) -> Result<(), ExpressionError> {
        if self.peek().kind == Kind::End {
            Ok(())
        } else {
            Err(self.syntax_error())
        }
    }

    /// The next token cannot stand there. Near it: from the token before to the token behind, as written.
    fn syntax_error(&self) -> ExpressionError {
        let token = self.peek();
        let first = self.position.min(self.tokens.len() - 1).saturating_sub(1);
        let near = self.tokens[first].start..self.peek_at(1).end();
        ExpressionError::Syntax {
            token: if token.kind == Kind::End {
                "<EOF>".to_string()
            } else {
                token.text.to_string()
            },
            near: self.text[near].trim_end().to_string(),
        }
    }

    /// Counts an operator or function.
    fn count_operator(&mut self) -> Result<(), ExpressionError> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(ExpressionError::TooManyOperators {
                count: self.operators,
                limit: OPERATORS_MAX,
            });
        }
        Ok(())
    }

    /// Parses something one level deeper.
    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.nesting == NESTING_MAX {
            return Err(ExpressionError::TooDeep { limit: NESTING_MAX });
        }
        self.nesting += 1;
        let parsed = parse(self)?;
        self.nesting -= 1;
        Ok(parsed)
    }

    /// Whether a function call stands here: a word and an opening parenthesis.
    fn at_call(&self) -> bool {
        self.peek().kind == Kind::Word && self.peek_at(1).is_symbol("(")
    }

    /// `name`, `#name`, then `.name`, `.#name` and `[index]` in any number.
    fn path(&mut self) -> Result<Path, ExpressionError> {
        let root = self.attribute_name()?;
        let mut steps = Vec::new();
        loop {
            if self.take_symbol(".") {
                steps.push(Step::Field(self.attribute_name()?));
            } else if self.take_symbol("[") {
                steps.push(Step::Index(self.list_index()?));
                self.expect_symbol("]")?;
            } else {
                break;
            }
        }
        let levels = steps.len() + 1;
        if levels > PATH_ELEMENTS_MAX {
            return Err(ExpressionError::PathTooDeep {
                levels,
                limit: PATH_ELEMENTS_MAX,
            });
        }
        Ok(Path { root, steps })
    }

    fn list_index(&mut self) -> Result<usize, ExpressionError> {
        let digits = self.peek();
        if digits.kind != Kind::Digits {
            return Err(self.syntax_error());
        }
        let index = digits.text.parse::<u64>().ok();
        let index = index.filter(|index| *index <= LIST_INDEX_MAX);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let index = index.ok_or_else(|| ExpressionError::ListIndex {
            index: digits.text.to_string(),
        })?;
        self.advance();
        Ok(index)
    }

    fn attribute_name(&mut self) -> Result<String, ExpressionError> {
        let token = self.peek();
        let name = match token.kind {
            Kind::Word if is_reserved(token.text) => {
                return Err(ExpressionError::ReservedWord {
                    word: token.text.to_string(),
                });
            }
            Kind::Word => token.text,
            Kind::Name => {
                check_placeholder(token.text)?;
                self.placeholders.name(token.text)?
            }
            _ => return Err(self.syntax_error()),
        };
        let name = name.to_string();
        self.advance();
        Ok(name)
    }

    /// `:value`.
    fn constant(&mut self) -> Result<Arc<AttributeValue>, ExpressionError> {
        let token = self.peek();
        if token.kind != Kind::Value {
            return Err(self.syntax_error());
        }
        check_placeholder(token.text)?;
        let value = self.placeholders.value(token.text)?;
        self.advance();
        Ok(value)
    }
}

fn check_placeholder(placeholder: &str) -> Result<(), ExpressionError> {
    if placeholder.len() > PLACEHOLDER_BYTES_MAX {
        return Err(ExpressionError::PlaceholderTooLong {
            length: placeholder.len(),
            limit: PLACEHOLDER_BYTES_MAX,
        });
    }
    Ok(())
}
