//! `ALTER TABLE t RESET (a, b)`, which sqlparser does not know, as `SET (a = DEFAULT, b = DEFAULT)`.
//!
//! Not here: the options (`plan::index`).

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Writes the tokens of RESET as those of SET.
pub(super) fn reset_as_set(tokens: &mut Vec<TokenWithSpan>) {
    let Some(mut at) = options(tokens) else {
        return;
    };
    while let Some(token) = tokens.get(at) {
        let span = token.span;
        match &token.token {
            Token::RParen => return,
            Token::Word(_) => {
                let value = [Token::Eq, Token::make_keyword("DEFAULT")];
                let value = value.map(|token| TokenWithSpan { token, span });
                tokens.splice(at + 1..at + 1, value);
                at += 3;
            }
            _ => at += 1,
        }
    }
}

/// Turns RESET into SET. Where the names of the options begin; `None` if the statement is another one.
fn options(tokens: &mut [TokenWithSpan]) -> Option<usize> {
    let blank = |token: &Token| matches!(token, Token::Whitespace(_) | Token::SemiColon);
    let mut places = (0..tokens.len()).filter(|at| !blank(&tokens[*at].token));
    let begins = [Keyword::ALTER, Keyword::TABLE].into_iter().all(|keyword| {
        let next = places.next();
        next.is_some_and(|at| is_keyword(&tokens[at], keyword))
    });
    if !begins {
        return None;
    }
    let places: Vec<usize> = places.collect();
    let (reset, open) = places.windows(2).find_map(|pair| {
        let [reset, open] = *pair else { return None };
        let found =
            is_keyword(&tokens[reset], Keyword::RESET) && tokens[open].token == Token::LParen;
        found.then_some((reset, open))
    })?;
    tokens[reset].token = Token::make_keyword("SET");
    Some(open + 1)
}

fn is_keyword(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}
