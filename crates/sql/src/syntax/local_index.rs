//! `LOCAL INDEX name (column) INCLUDE (…)` among the columns of CREATE TABLE, which sqlparser has no place for: it is taken out of the
//! tokens and read as the CREATE INDEX that it is but for the table's name.
//!
//! Not here: what a local index is (`plan::index`).

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Whitespace};

/// The tokens of each LOCAL INDEX, behind the word INDEX.
pub(super) type LocalIndexes = Vec<Vec<TokenWithSpan>>;

/// Takes the elements out of a CREATE TABLE's list; any other statement stays as it is.
pub(super) fn take_local_indexes(tokens: &mut Vec<TokenWithSpan>) -> LocalIndexes {
    let mut taken = Vec::new();
    if !is_create_table(tokens) {
        return taken;
    }
    let (mut depth, mut at) = (0_usize, 0);
    // Where the element begins, with the comma in front of it.
    let mut element: Option<usize> = None;
    while at < tokens.len() {
        match &tokens[at].token {
            Token::LParen => {
                depth += 1;
                if depth == 1 && element.is_none() {
                    element = Some(at);
                }
            }
            Token::RParen | Token::Comma if depth == 1 => {
                let closes = tokens[at].token == Token::RParen;
                if let Some(begin) = element.take()
                    && let Some(index) = local_index(&tokens[begin + 1..at])
                {
                    taken.push(index);
                    at = cut(tokens, begin, at, closes);
                }
                if closes {
                    return taken;
                }
                element = Some(at);
            }
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    taken
}

/// Removes the element between two separators, and one of them. Where the one behind it is now.
fn cut(tokens: &mut Vec<TokenWithSpan>, begin: usize, end: usize, closes: bool) -> usize {
    match tokens[begin].token {
        // The first element: the comma behind it goes along.
        Token::LParen if !closes => {
            tokens.drain(begin + 1..=end);
            begin
        }
        Token::LParen => {
            tokens.drain(begin + 1..end);
            begin + 1
        }
        _ => {
            tokens.drain(begin..end);
            begin
        }
    }
}

fn is_create_table(tokens: &[TokenWithSpan]) -> bool {
    let mut words = tokens
        .iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)));
    let mut next = || words.next().map(|token| &token.token);
    matches!(next(), Some(Token::Word(word)) if word.keyword == Keyword::CREATE)
        && matches!(next(), Some(Token::Word(word)) if word.keyword == Keyword::TABLE)
}

fn local_index(element: &[TokenWithSpan]) -> Option<Vec<TokenWithSpan>> {
    let is_space = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    let mut words = element
        .iter()
        .enumerate()
        .filter(|(_, token)| !is_space(token));
    let mut is = |expected: Keyword| match words.next() {
        Some((at, token)) => match &token.token {
            Token::Word(word) if word.quote_style.is_none() && word.keyword == expected => Some(at),
            _ => None,
        },
        None => None,
    };
    is(Keyword::LOCAL)?;
    let index = is(Keyword::INDEX)?;
    Some(element[index + 1..].to_vec())
}

/// The tokens of the CREATE INDEX that a LOCAL INDEX is, on a table whose name does not matter.
pub(super) fn as_create_index(index: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let opening = index
        .iter()
        .position(|token| token.token == Token::LParen)
        .unwrap_or(index.len());
    let span = index.first().map_or_else(Span::empty, |token| token.span);
    let mut tokens = index;
    let table = [
        Token::make_keyword("ON"),
        Token::Whitespace(Whitespace::Space),
        Token::make_word("t", None),
    ];
    let table = table.map(|token| TokenWithSpan { token, span });
    tokens.splice(opening..opening, table);
    tokens
}
