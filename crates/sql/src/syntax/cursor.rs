//! Statements about cursors: DECLARE, FETCH, MOVE, CLOSE, as PostgreSQL writes them.
//!
//! Not here: what they do (`session::cursor`).

use super::statement::word;
use sqlparser::ast::{Ident, Query};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// A statement about a cursor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CursorStatement {
    Declare {
        name: Ident,
        options: CursorOptions,
        query: Box<Query>,
    },
    Fetch {
        name: Ident,
        direction: Direction,
        /// MOVE: the rows are passed over.
        moving: bool,
    },
    /// `None`: all of them.
    Close(Option<Ident>),
}

/// How a cursor is declared. That it is INSENSITIVE, or not, makes no difference: all are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CursorOptions {
    pub binary: bool,
    pub scroll: bool,
    /// It outlives its transaction.
    pub hold: bool,
}

/// Which rows are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// So many rows on, or back.
    Forward(u64),
    Backward(u64),
    ForwardAll,
    BackwardAll,
    /// The row with that number from 1, or from the end.
    Absolute(i64),
    Relative(i64),
}

/// The statement that begins here, if it is one about a cursor.
pub(super) fn cursor(parser: &mut Parser<'_>) -> Result<Option<CursorStatement>, ParserError> {
    let Token::Word(first) = &parser.peek_token_ref().token else {
        return Ok(None);
    };
    if first.quote_style.is_some() {
        return Ok(None);
    }
    let statement = match first.keyword {
        Keyword::DECLARE => {
            parser.advance_token();
            declare(parser)?
        }
        Keyword::FETCH => {
            parser.advance_token();
            fetch(parser, false)?
        }
        Keyword::CLOSE => {
            parser.advance_token();
            CursorStatement::Close(match parser.parse_keyword(Keyword::ALL) {
                true => None,
                false => Some(parser.parse_identifier()?),
            })
        }
        _ if first.value.eq_ignore_ascii_case("move") => {
            parser.advance_token();
            fetch(parser, true)?
        }
        _ => return Ok(None),
    };
    Ok(Some(statement))
}

/// `name [BINARY] [ASENSITIVE | INSENSITIVE] [[NO] SCROLL] CURSOR [{WITH | WITHOUT} HOLD] FOR query`
fn declare(parser: &mut Parser<'_>) -> Result<CursorStatement, ParserError> {
    let name = parser.parse_identifier()?;
    let mut options = CursorOptions::default();
    while !parser.parse_keyword(Keyword::CURSOR) {
        if word(parser, "binary") {
            options.binary = true;
        } else if word(parser, "scroll") {
            options.scroll = true;
        } else if word(parser, "no") {
            parser.expect_keyword(Keyword::SCROLL)?;
            options.scroll = false;
        } else if !word(parser, "insensitive") && !word(parser, "asensitive") {
            let found = parser.peek_token();
            return parser.expected("CURSOR", found);
        }
    }
    if word(parser, "with") {
        parser.expect_keyword(Keyword::HOLD)?;
        options.hold = true;
    } else if word(parser, "without") {
        parser.expect_keyword(Keyword::HOLD)?;
    }
    parser.expect_keyword(Keyword::FOR)?;
    Ok(CursorStatement::Declare {
        name,
        options,
        query: parser.parse_query()?,
    })
}

/// `[direction] [FROM | IN] name`
fn fetch(parser: &mut Parser<'_>, moving: bool) -> Result<CursorStatement, ParserError> {
    // A cursor may be called like a direction, if nothing comes behind it.
    let is_name = matches!(
        parser.peek_nth_token_ref(1).token,
        Token::EOF | Token::SemiColon
    );
    let direction = match is_name {
        true => Direction::Forward(1),
        false => direction(parser)?,
    };
    let _ = word(parser, "from") || word(parser, "in");
    Ok(CursorStatement::Fetch {
        name: parser.parse_identifier()?,
        direction,
        moving,
    })
}

fn direction(parser: &mut Parser<'_>) -> Result<Direction, ParserError> {
    let forward = |count: i64| match count < 0 {
        true => Direction::Backward(count.unsigned_abs()),
        false => Direction::Forward(count.unsigned_abs()),
    };
    let backward = |count: i64| match count < 0 {
        true => Direction::Forward(count.unsigned_abs()),
        false => Direction::Backward(count.unsigned_abs()),
    };
    if let Some(count) = number(parser)? {
        return Ok(forward(count));
    }
    let direction = if word(parser, "next") {
        Direction::Forward(1)
    } else if word(parser, "prior") {
        Direction::Backward(1)
    } else if word(parser, "first") {
        Direction::Absolute(1)
    } else if word(parser, "last") {
        Direction::Absolute(-1)
    } else if word(parser, "all") {
        Direction::ForwardAll
    } else if word(parser, "absolute") {
        Direction::Absolute(required_number(parser)?)
    } else if word(parser, "relative") {
        Direction::Relative(required_number(parser)?)
    } else if word(parser, "forward") {
        match word(parser, "all") {
            true => Direction::ForwardAll,
            false => forward(number(parser)?.unwrap_or(1)),
        }
    } else if word(parser, "backward") {
        match word(parser, "all") {
            true => Direction::BackwardAll,
            false => backward(number(parser)?.unwrap_or(1)),
        }
    } else {
        Direction::Forward(1)
    };
    Ok(direction)
}

fn required_number(parser: &mut Parser<'_>) -> Result<i64, ParserError> {
    match number(parser)? {
        Some(number) => Ok(number),
        None => {
            let found = parser.peek_token();
            parser.expected("a number", found)
        }
    }
}

/// A number with its sign, if there is one here.
fn number(parser: &mut Parser<'_>) -> Result<Option<i64>, ParserError> {
    let sign = match parser.peek_token_ref().token {
        Token::Minus => Some("-"),
        Token::Plus => Some(""),
        _ => None,
    };
    if sign.is_some() {
        parser.advance_token();
    }
    let token = parser.peek_token();
    let Token::Number(digits, _) = &token.token else {
        return match sign {
            Some(_) => parser.expected("a number", token),
            None => Ok(None),
        };
    };
    let text = format!("{}{digits}", sign.unwrap_or_default());
    match text.parse() {
        Ok(number) => {
            parser.advance_token();
            Ok(Some(number))
        }
        Err(_) => parser.expected("a number of rows", token),
    }
}
