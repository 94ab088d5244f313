//! CREATE TABLE … AS and CREATE VIEW, which sqlparser takes only in part.
//!
//! The text of a view's query is kept as it is written; its place among the tokens is known here.

use super::byte_offset;
use sqlparser::ast::{Ident, ObjectName, Query, SqlOption};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// CREATE TABLE … AS, or SELECT … INTO.
#[derive(Debug, Clone)]
pub(crate) struct TableAs {
    pub name: ObjectName,
    /// Names of the first columns; the others are called as in the query.
    pub columns: Vec<Ident>,
    pub options: Vec<SqlOption>,
    pub if_not_exists: bool,
    pub temporary: bool,
    pub query: Box<Query>,
    pub with_data: bool,
}

/// CREATE VIEW.
#[derive(Debug, Clone)]
pub(crate) struct CreateView {
    pub name: ObjectName,
    /// As in [`TableAs`].
    pub columns: Vec<Ident>,
    pub or_replace: bool,
    pub query: Box<Query>,
    /// The query's text.
    pub text: String,
    /// What is asked for that there is not.
    pub refused: Option<&'static str>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) enum Definition {
    TableAs(Box<TableAs>),
    View(Box<CreateView>),
}

/// Parses such a statement; `None` if it is another one.
pub(super) fn definition(
    parser: &mut Parser<'_>,
    text: &str,
) -> Result<Option<Definition>, ParserError> {
    let create = matches!(&parser.peek_token_ref().token, Token::Word(word) if word.keyword == Keyword::CREATE);
    if !create {
        return Ok(None);
    }
    if let Some(table) = parser.maybe_parse(table_header)? {
        let query = parser.parse_query()?;
        let with_data = match parser.parse_keyword(Keyword::WITH) {
            false => true,
            true => {
                let no = parser.parse_keyword(Keyword::NO);
                if !super::statement::word(parser, "data") {
                    let token = parser.peek_token();
                    return parser.expected("DATA", token);
                }
                !no
            }
        };
        let table = TableAs {
            query,
            with_data,
            ..table
        };
        return Ok(Some(Definition::TableAs(Box::new(table))));
    }
    let Some(view) = parser.maybe_parse(view_header)? else {
        return Ok(None);
    };
    let start = byte_offset(text, parser.peek_token_ref().span.start).unwrap_or(text.len());
    let query = parser.parse_query()?;
    let end = byte_offset(text, parser.peek_token_ref().span.start).unwrap_or(text.len());
    let body = text.get(start..end.max(start)).unwrap_or_default();
    let body = body.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let mut view = CreateView {
        query,
        text: body.to_owned(),
        ..view
    };
    if parser.parse_keyword(Keyword::WITH) {
        let _ =
            super::statement::word(parser, "cascaded") || super::statement::word(parser, "local");
        parser.expect_keyword(Keyword::CHECK)?;
        parser.expect_keyword(Keyword::OPTION)?;
        view.refused = Some("WITH CHECK OPTION");
    }
    Ok(Some(Definition::View(Box::new(view))))
}

/// `CREATE TABLE name … AS`; the query comes behind it.
fn table_header(parser: &mut Parser<'_>) -> Result<TableAs, ParserError> {
    parser.expect_keyword(Keyword::CREATE)?;
    let temporary = parser
        .parse_one_of_keywords(&[Keyword::TEMP, Keyword::TEMPORARY])
        .is_some();
    let _ = parser.parse_keyword(Keyword::UNLOGGED);
    parser.expect_keyword(Keyword::TABLE)?;
    let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let name = parser.parse_object_name(false)?;
    let columns = names(parser)?;
    let options = parser.parse_options(Keyword::WITH)?;
    parser.expect_keyword(Keyword::AS)?;
    Ok(TableAs {
        name,
        columns,
        options,
        if_not_exists,
        temporary,
        query: nothing(),
        with_data: true,
    })
}

/// `CREATE VIEW name … AS`; the query comes behind it.
fn view_header(parser: &mut Parser<'_>) -> Result<CreateView, ParserError> {
    parser.expect_keyword(Keyword::CREATE)?;
    let or_replace = parser.parse_keywords(&[Keyword::OR, Keyword::REPLACE]);
    let mut refused = None;
    let words = [
        (Keyword::TEMP, "CREATE TEMPORARY VIEW"),
        (Keyword::TEMPORARY, "CREATE TEMPORARY VIEW"),
        (Keyword::RECURSIVE, "CREATE RECURSIVE VIEW"),
        (Keyword::MATERIALIZED, "CREATE MATERIALIZED VIEW"),
    ];
    for (keyword, feature) in words {
        if parser.parse_keyword(keyword) {
            refused = Some(feature);
        }
    }
    parser.expect_keyword(Keyword::VIEW)?;
    if parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]) {
        // PostgreSQL has it for materialized views only.
        refused = refused.or(Some("CREATE VIEW IF NOT EXISTS"));
    }
    let name = parser.parse_object_name(false)?;
    let columns = names(parser)?;
    if !parser.parse_options(Keyword::WITH)?.is_empty() {
        refused = refused.or(Some("CREATE VIEW … WITH (…)"));
    }
    parser.expect_keyword(Keyword::AS)?;
    Ok(CreateView {
        name,
        columns,
        or_replace,
        query: nothing(),
        text: String::new(),
        refused,
    })
}

/// An optional list of names.
fn names(parser: &mut Parser<'_>) -> Result<Vec<Ident>, ParserError> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(Vec::new());
    }
    let names = parser.parse_comma_separated(Parser::parse_identifier)?;
    parser.expect_token(&Token::RParen)?;
    Ok(names)
}

/// A query that stands for the one to come.
fn nothing() -> Box<Query> {
    let values = sqlparser::ast::Values {
        explicit_row: false,
        value_keyword: false,
        rows: vec![],
    };
    Box::new(crate::plan::query_of_body(sqlparser::ast::SetExpr::Values(
        values,
    )))
}
