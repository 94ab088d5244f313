//! `FOR UPDATE` and its like, taken out of the tokens of a statement.
//!
//! There are no row locks (what a transaction has read is validated when it commits), so that nothing behind the parser needs to know
//! where the clause stood; and PostgreSQL takes it in front of LIMIT as well as behind it, and in four strengths, which sqlparser does not.

use sqlparser::ast::Ident;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// The locking clauses of a statement.
#[derive(Debug, Default)]
pub(super) struct LockingClauses {
    /// Where the first one stood that is not in parentheses: there only a query may have it.
    pub outermost: Option<Location>,
    /// Whether there is any.
    pub any: bool,
    /// Names of `OF`, with their places.
    pub tables: Vec<Ident>,
}

/// Takes the clauses out of the tokens.
pub(super) fn take_locking_clauses(tokens: &mut Vec<TokenWithSpan>) -> LockingClauses {
    let mut found = LockingClauses::default();
    if !tokens.iter().any(|token| is_keyword(token, Keyword::FOR)) {
        return found;
    }
    let mut depth = 0_usize;
    let mut position = 0;
    while position < tokens.len() {
        match &tokens[position].token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if is_keyword(&tokens[position], Keyword::FOR)
            && let Some((length, tables)) = clause(&tokens[position..])
        {
            found.any = true;
            found.tables.extend(tables);
            if depth == 0 && found.outermost.is_none() {
                found.outermost = Some(tokens[position].span.start);
            }
            tokens.drain(position..position + length);
            continue;
        }
        position += 1;
    }
    found
}

fn is_keyword(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}

/// The tokens of a clause without the blanks between them.
struct Reader<'t> {
    tokens: &'t [TokenWithSpan],
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&mut self) -> Option<&'t Token> {
        while let Some(Token::Whitespace(_)) = self.tokens.get(self.at).map(|token| &token.token) {
            self.at += 1;
        }
        self.tokens.get(self.at).map(|token| &token.token)
    }

    fn word(&mut self, expected: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word))
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected));
        if found {
            self.at += 1;
        }
        found
    }

    fn name(&mut self) -> Option<Ident> {
        let Some(Token::Word(word)) = self.peek() else {
            return None;
        };
        let ident = word.clone().into_ident(self.tokens[self.at].span);
        self.at += 1;
        Some(ident)
    }
}

/// Number of tokens of the clause that begins with FOR, and the names of its OF; `None` if it is none.
fn clause(tokens: &[TokenWithSpan]) -> Option<(usize, Vec<Ident>)> {
    let mut reader = Reader { tokens, at: 1 };
    let strengths: [&[&str]; 4] = [
        &["update"],
        &["no", "key", "update"],
        &["share"],
        &["key", "share"],
    ];
    let start = reader.at;
    strengths.iter().find(|words| {
        reader.at = start;
        words.iter().all(|word| reader.word(word))
    })?;
    let mut tables = Vec::new();
    if reader.word("of") {
        loop {
            tables.push(reader.name()?);
            if reader.peek() != Some(&Token::Comma) {
                break;
            }
            reader.at += 1;
        }
    }
    if reader.word("skip") {
        reader.word("locked").then_some(())?;
    } else {
        let _ = reader.word("nowait");
    }
    let length = reader.at;
    // Only at the end of a query, or in front of its last clauses.
    let at_end = match reader.peek() {
        None | Some(Token::EOF | Token::SemiColon | Token::RParen) => true,
        Some(Token::Word(word)) => matches!(
            word.keyword,
            Keyword::LIMIT
                | Keyword::OFFSET
                | Keyword::FETCH
                | Keyword::FOR
                | Keyword::ON
                | Keyword::RETURNING
        ),
        Some(_) => false,
    };
    at_end.then_some((length, tables))
}
