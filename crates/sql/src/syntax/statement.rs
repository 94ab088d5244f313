//! The statement layer on sqlparser's public API.

use super::as_of::{AsOfClauses, standard_clauses, take_clauses};
use super::cursor::{CursorStatement, cursor};
use super::definition::{Definition, definition};
use super::dialect::ShaleDialect;
use super::local_index::{as_create_index, take_local_indexes};
use super::locking::{LockingClauses, take_locking_clauses};
use super::not_built::{NotBuilt, not_built};
use super::reset::reset_as_set;
use super::transaction::{TransactionStatement, transaction};
use super::writes::{Delete, Insert, InsertSource, Update, delete, insert, update, with_write};
use super::{NESTING_MAX, SET_OPERATIONS_MAX, STATEMENT_BYTES_MAX, byte_offset};
use crate::{Dialect, SqlError};
use sqlparser::ast::{CreateIndex, CreateTable, DataType, Expr, Ident, Query, Statement, Value};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

/// A parsed statement.
#[derive(Debug, Clone)]
pub(crate) enum Stmt {
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    /// `EXISTS(SELECT …)` by itself.
    Exists(Box<Query>),
    Explain {
        statement: Box<Stmt>,
        /// Names and values of its options, as they were written.
        options: Vec<(String, Option<String>)>,
    },
    Prepare {
        name: Ident,
        data_types: Vec<DataType>,
        /// Text of the statement behind AS.
        text: String,
    },
    Transaction(TransactionStatement),
    Cursor(CursorStatement),
    /// A statement with `FOR UPDATE` or its like somewhere.
    Locking {
        statement: Box<Stmt>,
        /// Names of `OF`.
        tables: Vec<Ident>,
    },
    /// CREATE TABLE with local indexes.
    CreateTable {
        create: Box<CreateTable>,
        local_indexes: Vec<CreateIndex>,
    },
    /// About something that there is not.
    NotBuilt(NotBuilt),
    /// CREATE TABLE … AS, CREATE VIEW.
    Definition(Definition),
    /// A statement with `AS OF` somewhere.
    AsOf {
        statement: Box<Stmt>,
        /// They are no longer in it.
        clauses: AsOfClauses,
    },
    Sql(Box<Statement>),
}

/// Parses one statement; `None` if the text has none.
pub(crate) fn parse_statement(text: &str, flavour: Dialect) -> Result<Option<Stmt>, SqlError> {
    parse_placed(text, flavour, true)
}

/// Parses a statement of PostgreSQL's dialect whose parts have no places in any text: it becomes a part of another one.
pub(crate) fn parse_unplaced(text: &str) -> Result<Option<Stmt>, SqlError> {
    parse_placed(text, Dialect::Postgres, false)
}

fn parse_placed(text: &str, flavour: Dialect, placed: bool) -> Result<Option<Stmt>, SqlError> {
    let (statement, as_of) = with_parser(text, flavour, placed, |parser, taken| {
        let as_of = taken.as_of;
        Ok((whole_statement(parser, text, taken)?, as_of))
    })?;
    match statement {
        // What it prepares is parsed again when it is planned.
        Some(prepare @ Stmt::Prepare { .. }) => Ok(Some(prepare)),
        Some(statement) if as_of > 0 => with_as_of(statement, as_of).map(Some),
        statement => Ok(statement),
    }
}

/// The statement that is all of a text.
fn whole_statement(
    parser: &mut Parser<'_>,
    text: &str,
    taken: TakenOut,
) -> Result<Option<Stmt>, ParserError> {
    let TakenOut {
        locking,
        local_indexes,
        as_of: _,
    } = taken;
    while parser.consume_token(&Token::SemiColon) {}
    if parser.peek_token_ref().token == Token::EOF {
        return Ok(None);
    }
    let statement = statement(parser, text)?;
    while parser.consume_token(&Token::SemiColon) {}
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        return parser.expected("end of statement", rest);
    }
    let statement = match statement {
        Stmt::Sql(sql) if !local_indexes.is_empty() => with_local_indexes(*sql, local_indexes),
        other => other,
    };
    if !locking.any {
        return Ok(Some(statement));
    }
    if let Some(location) = locking.outermost
        && !may_lock(&statement)
    {
        return Err(ParserError::ParserError(format!(
            "Expected: end of statement, found: FOR{location}"
        )));
    }
    Ok(Some(Stmt::Locking {
        statement: Box::new(statement),
        tables: locking.tables,
    }))
}

/// A statement that has so many clauses.
fn with_as_of(mut statement: Stmt, written: usize) -> Result<Stmt, SqlError> {
    let clauses = take_clauses(&mut statement, written)?;
    Ok(Stmt::AsOf {
        statement: Box::new(statement),
        clauses,
    })
}

fn with_local_indexes(statement: Statement, local_indexes: Vec<CreateIndex>) -> Stmt {
    match statement {
        Statement::CreateTable(create) => Stmt::CreateTable {
            create: Box::new(create),
            local_indexes,
        },
        other => Stmt::Sql(Box::new(other)),
    }
}

/// Whether a statement is or ends in a query, so that a locking clause may stand at its end.
fn may_lock(statement: &Stmt) -> bool {
    match statement {
        Stmt::Sql(statement) => matches!(statement.as_ref(), Statement::Query(_)),
        Stmt::Insert(insert) => matches!(insert.source, InsertSource::Query(_)),
        Stmt::Explain { statement, .. } => may_lock(statement),
        Stmt::Prepare { .. } | Stmt::Cursor(CursorStatement::Declare { .. }) => true,
        _ => false,
    }
}

/// Parses an expression by itself: a column's DEFAULT, as the catalog stores it.
pub(crate) fn parse_expression(text: &str) -> Result<Expr, SqlError> {
    with_parser(text, Dialect::Postgres, true, |parser, _| {
        parser.parse_expr()
    })
}

fn with_parser<T>(
    text: &str,
    flavour: Dialect,
    placed: bool,
    parse: impl FnOnce(&mut Parser<'_>, TakenOut) -> Result<T, ParserError>,
) -> Result<T, SqlError> {
    if text.len() > STATEMENT_BYTES_MAX {
        return Err(SqlError::ProgramLimit {
            message: format!("the statement is longer than {STATEMENT_BYTES_MAX} bytes"),
        });
    }
    let dialect = ShaleDialect::new(flavour);
    let mut tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|error| SqlError::Syntax {
            message: error.message.clone(),
            position: byte_offset(text, error.location),
        })?;
    let mut taken = TakenOut::default();
    let mut local_indexes = vec![];
    if flavour == Dialect::Postgres {
        table_as_select(&mut tokens);
        taken.locking = take_locking_clauses(&mut tokens);
        local_indexes = take_local_indexes(&mut tokens);
    } else {
        let mut number = 0;
        for token in &mut tokens {
            if let Token::Placeholder(name) = &mut token.token
                && name == "?"
            {
                number += 1;
                *name = format!("${number}");
            }
        }
    }
    taken.as_of = standard_clauses(&mut tokens);
    if taken.as_of > 0 {
        dialect.take_versions();
    }
    reset_as_set(&mut tokens);
    check_shape(&tokens)?;
    if !placed {
        let nowhere = Span::empty();
        tokens.iter_mut().for_each(|token| token.span = nowhere);
    }
    dialect.bound_work(tokens.len());
    let parser = |tokens| {
        Parser::new(&dialect)
            .with_recursion_limit(NESTING_MAX)
            .with_tokens_with_locations(tokens)
    };
    for index in local_indexes {
        let mut parser = parser(as_create_index(index));
        let index = parser
            .parse_create_index(false)
            .and_then(|index| parser.expect_token(&Token::EOF).map(|_| index));
        let index = index.map_err(|error| parser_error(text, &dialect, error))?;
        taken.local_indexes.push(index);
    }
    let mut parser = parser(tokens);
    parse(&mut parser, taken).map_err(|error| parser_error(text, &dialect, error))
}

/// What sqlparser has no place for.
#[derive(Default)]
struct TakenOut {
    locking: LockingClauses,
    local_indexes: Vec<CreateIndex>,
    /// How many AS OF there are.
    as_of: usize,
}

/// What would be too much for the parser or for what walks its trees, seen before there is a tree. The parser itself reports nesting
/// behind some keywords as a syntax error in the wrong place, and counts no set operations.
fn check_shape(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    let (mut brackets, mut cases, mut nots, mut set_operations) = (0_usize, 0_usize, 0, 0);
    for token in tokens {
        nots = match &token.token {
            Token::Word(word) if word.keyword == Keyword::NOT => nots + 1,
            Token::Whitespace(_) => nots,
            _ => 0,
        };
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => brackets += 1,
            Token::RParen | Token::RBracket | Token::RBrace => {
                brackets = brackets.saturating_sub(1);
            }
            Token::Word(word) => match word.keyword {
                Keyword::CASE => cases += 1,
                Keyword::END => cases = cases.saturating_sub(1),
                Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT => set_operations += 1,
                _ => {}
            },
            _ => {}
        }
        if brackets.max(cases).max(nots) > NESTING_MAX {
            return Err(too_deep());
        }
    }
    if set_operations > SET_OPERATIONS_MAX {
        return Err(SqlError::ProgramLimit {
            message: format!("the statement has more than {SET_OPERATIONS_MAX} set operations"),
        });
    }
    Ok(())
}

fn too_deep() -> SqlError {
    SqlError::ProgramLimit {
        message: format!("the statement is nested deeper than {NESTING_MAX} levels"),
    }
}

/// `TABLE t` at the beginning as `SELECT * FROM t`.
fn table_as_select(tokens: &mut Vec<TokenWithSpan>) {
    let first = tokens
        .iter()
        .position(|token| !matches!(token.token, Token::Whitespace(_) | Token::SemiColon));
    if let Some(first) = first
        && matches!(&tokens[first].token, Token::Word(word) if word.keyword == Keyword::TABLE)
    {
        let span = tokens[first].span;
        let select = [
            Token::make_keyword("SELECT"),
            Token::Mul,
            Token::make_keyword("FROM"),
        ];
        let select = select.map(|token| TokenWithSpan { token, span });
        tokens.splice(first..=first, select);
    }
}

fn parser_error(text: &str, dialect: &ShaleDialect, error: ParserError) -> SqlError {
    let message = match error {
        ParserError::RecursionLimitExceeded => {
            return if dialect.is_too_complex() {
                SqlError::ProgramLimit {
                    message: "the statement has too many operators in a row".into(),
                }
            } else if dialect.is_too_ambiguous() {
                SqlError::ProgramLimit {
                    message: "the statement can be read in too many ways".into(),
                }
            } else {
                too_deep()
            };
        }
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
    };
    let Some((sentence, location)) = message.rsplit_once(" at Line: ") else {
        let at_end = message.ends_with("found: EOF");
        return SqlError::Syntax {
            position: at_end.then_some(text.len()),
            message,
        };
    };
    let numbers = location.split_once(", Column: ");
    let location = numbers.and_then(|(line, column)| {
        Some(Location {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    });
    SqlError::Syntax {
        message: sentence.to_owned(),
        position: location.and_then(|location| byte_offset(text, location)),
    }
}

fn statement(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    if let Some(statement) = transaction(parser)? {
        return Ok(Stmt::Transaction(statement));
    }
    if let Some(statement) = cursor(parser)? {
        return Ok(Stmt::Cursor(statement));
    }
    if let Some(statement) = not_built(parser) {
        return Ok(Stmt::NotBuilt(statement));
    }
    if let Some(statement) = definition(parser, text)? {
        return Ok(Stmt::Definition(statement));
    }
    let token = parser.peek_token();
    let Token::Word(word) = &token.token else {
        return sql(parser);
    };
    match word.keyword {
        Keyword::INSERT => insert(parser),
        Keyword::UPDATE => update(parser),
        Keyword::DELETE => delete(parser),
        Keyword::WITH => match with_write(parser)? {
            Some(statement) => Ok(statement),
            None => sql(parser),
        },
        Keyword::EXPLAIN => explain(parser, text),
        Keyword::PREPARE => prepare(parser, text),
        Keyword::EXISTS => {
            parser.advance_token();
            parser.expect_token(&Token::LParen)?;
            let query = parser.parse_query()?;
            parser.expect_token(&Token::RParen)?;
            Ok(Stmt::Exists(query))
        }
        _ => sql(parser),
    }
}

fn sql(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
    parser
        .parse_statement()
        .map(|statement| Stmt::Sql(Box::new(statement)))
}

fn explain(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    parser.advance_token();
    let mut options = Vec::new();
    // Behind a parenthesis there are options or a query.
    let is_query = |token: &Token| match token {
        Token::LParen => true,
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::TABLE
        ),
        _ => false,
    };
    if parser.peek_token_ref().token == Token::LParen && !is_query(&parser.peek_nth_token(1).token)
    {
        for option in parser.parse_utility_options()? {
            let value = option.arg.map(|value| option_value(&value));
            options.push((option.name.value, value));
        }
    } else {
        for words in [["ANALYZE", "ANALYSE"], ["VERBOSE", "VERBOSE"]] {
            let found = match &parser.peek_token_ref().token {
                Token::Word(word) if word.quote_style.is_none() => words
                    .iter()
                    .any(|name| word.value.eq_ignore_ascii_case(name)),
                _ => false,
            };
            if found {
                parser.advance_token();
                options.push((words[0].to_owned(), None));
            }
        }
    }
    let inner = inner_statement(parser, text)?;
    Ok(Stmt::Explain {
        statement: Box::new(inner),
        options,
    })
}

/// The word, number or text of an option.
fn option_value(value: &Expr) -> String {
    match value {
        Expr::Identifier(name) => name.value.clone(),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

/// What EXPLAIN and PREPARE take: not themselves, as in PostgreSQL.
fn inner_statement(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    let token = parser.peek_token();
    match &token.token {
        Token::Word(word) if matches!(word.keyword, Keyword::EXPLAIN | Keyword::PREPARE) => {
            parser.expected("a query or a write", token)
        }
        _ => statement(parser, text),
    }
}

fn prepare(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    parser.advance_token();
    let name = parser.parse_identifier()?;
    let mut data_types = Vec::new();
    if parser.consume_token(&Token::LParen) {
        data_types = parser.parse_comma_separated(|parser| parser.parse_data_type())?;
        parser.expect_token(&Token::RParen)?;
    }
    parser.expect_keyword(Keyword::AS)?;
    let start = byte_offset(text, parser.peek_token_ref().span.start).unwrap_or(text.len());
    inner_statement(parser, text)?;
    let text = text[start..]
        .trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .to_owned();
    Ok(Stmt::Prepare {
        name,
        data_types,
        text,
    })
}

/// Whether the next word is that one, however it is written but not quoted; then it is taken.
pub(super) fn word(parser: &mut Parser<'_>, word: &str) -> bool {
    let found = matches!(&parser.peek_token_ref().token,
        Token::Word(next) if next.quote_style.is_none() && next.value.eq_ignore_ascii_case(word));
    if found {
        parser.advance_token();
    }
    found
}
