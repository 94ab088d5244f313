//! `FROM t AS OF LSN n`, `FROM t AS OF TIMESTAMP x` and the standard's `FROM t FOR SYSTEM_TIME AS OF x`: reads in the past.
//!
//! sqlparser knows the last form, where a dialect asks for it; the others are written in its tokens before it sees them. What it has read
//! is then taken out of the tree, so that nothing behind it needs to know of the clause.
//!
//! Not here: what the position means (`plan::past`).

use super::cursor::CursorStatement;
use super::writes::{Insert, InsertSource};
use super::{Stmt, walk_mut};
use crate::SqlError;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query,
    Statement, TableFactor, TableVersion, VisitorMut,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};
use std::ops::ControlFlow;

/// The word that stands in front of an LSN in the tokens: none that a text can have.
pub(super) const LSN_WORD: &str = "as of lsn";
/// Name under which an LSN stands in the syntax tree, as a function call.
pub(super) const LSN_FUNCTION: &str = "__as_of_lsn";

/// A position in the past.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Position {
    Lsn(Expr),
    Time(Expr),
}

/// The clauses of a statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct AsOfClauses {
    /// Each with its table.
    pub positions: Vec<(ObjectName, Position)>,
    /// Tables and system relations without one.
    pub without: Vec<ObjectName>,
    /// Clauses that stand where none is taken: behind names of WITH and functions, and in statements that write.
    pub misplaced: bool,
}

/// Writes the clauses as the standard does. How many there are.
pub(super) fn standard_clauses(tokens: &mut Vec<TokenWithSpan>) -> usize {
    let is_of = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if word.keyword == Keyword::OF);
    if !tokens.iter().any(is_of) {
        return 0;
    }
    let (mut count, mut at) = (0, 0);
    while at < tokens.len() {
        if let Some(behind) = words(tokens, at, &["for", "system_time", "as", "of"]) {
            (count, at) = (count + 1, behind);
        } else if let Some(behind) = words(tokens, at, &["as", "of", "lsn"]) {
            at = replace(tokens, at, behind, Some(LSN_WORD));
            count += 1;
        } else if let Some(behind) = words(tokens, at, &["as", "of", "timestamp"]) {
            at = replace(tokens, at, behind, None);
            count += 1;
        } else {
            at += 1;
        }
    }
    count
}

/// Puts the standard's words in the place of some tokens. Errors of the parser show the first of them. Where to go on.
fn replace(tokens: &mut Vec<TokenWithSpan>, at: usize, behind: usize, unit: Option<&str>) -> usize {
    let span = tokens[at].span;
    let word = |value: &str, keyword| TokenWithSpan {
        token: Token::Word(Word {
            value: value.to_owned(),
            quote_style: None,
            keyword,
        }),
        span,
    };
    let keywords = [
        ("AS OF", Keyword::FOR),
        ("AS OF", Keyword::SYSTEM_TIME),
        ("AS", Keyword::AS),
        ("OF", Keyword::OF),
    ];
    let unit = unit.map(|unit| (unit, Keyword::NoKeyword));
    let words: Vec<TokenWithSpan> = keywords
        .into_iter()
        .chain(unit)
        .map(|(value, keyword)| word(value, keyword))
        .collect();
    let next = at + words.len();
    tokens.splice(at..behind, words);
    next
}

/// Where the tokens go on behind these words, none of them quoted; `None` if they are not there.
fn words(tokens: &[TokenWithSpan], mut at: usize, expected: &[&str]) -> Option<usize> {
    for (number, expected) in expected.iter().enumerate() {
        if number > 0 {
            while let Some(Token::Whitespace(_)) = tokens.get(at).map(|token| &token.token) {
                at += 1;
            }
        }
        match &tokens.get(at)?.token {
            Token::Word(word)
                if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected) => {}
            _ => return None,
        }
        at += 1;
    }
    Some(at)
}

/// Takes the clauses out of a statement; `written` is how many it has.
///
/// # Errors
/// 42601 for what sqlparser also takes for a version of a table.
pub(super) fn take_clauses(statement: &mut Stmt, written: usize) -> Result<AsOfClauses, SqlError> {
    let mut taken = Taken::default();
    taken.statement(statement);
    if let Some(version) = taken.foreign {
        return Err(SqlError::Syntax {
            message: format!("Expected: AS OF, found: {version}"),
            position: None,
        });
    }
    let Taken {
        mut clauses,
        common,
        ..
    } = taken;
    let is_common = |name: &ObjectName| match name.0.as_slice() {
        [part] => part.as_ident().is_some_and(|ident| {
            let same = |name: &Ident| name.value.eq_ignore_ascii_case(&ident.value);
            common.iter().any(same)
        }),
        _ => false,
    };
    clauses.misplaced =
        clauses.positions.len() != written || clauses.positions.iter().any(|(of, _)| is_common(of));
    clauses.without.retain(|name| !is_common(name));
    Ok(clauses)
}

#[derive(Default)]
struct Taken {
    clauses: AsOfClauses,
    /// Names of WITH.
    common: Vec<Ident>,
    /// A version of another kind.
    foreign: Option<TableVersion>,
}

impl Taken {
    /// Looks at the queries of a statement that reads in the past; at none of any other.
    fn statement(&mut self, statement: &mut Stmt) {
        let _ = match statement {
            Stmt::Explain { statement, .. } | Stmt::Locking { statement, .. } => {
                return self.statement(statement);
            }
            Stmt::Cursor(CursorStatement::Declare { query, .. }) | Stmt::Exists(query) => {
                walk_mut(query.as_mut(), self)
            }
            Stmt::Insert(Insert {
                source: InsertSource::Query(query),
                ..
            }) => walk_mut(query.as_mut(), self),
            Stmt::Sql(statement) => match statement.as_mut() {
                Statement::Query(query) => walk_mut(query.as_mut(), self),
                _ => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        };
    }
}

impl VisitorMut for Taken {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let common = query.with.iter().flat_map(|with| &with.cte_tables);
        self.common
            .extend(common.map(|table| table.alias.name.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        // A function has arguments, and is no table.
        if let TableFactor::Table {
            name,
            args: None,
            version,
            ..
        } = factor
        {
            match version.take() {
                None => self.clauses.without.push(name.clone()),
                Some(TableVersion::ForSystemTimeAsOf(at)) => {
                    self.clauses.positions.push((name.clone(), position(at)));
                }
                Some(other) => self.foreign = Some(other),
            }
        }
        ControlFlow::Continue(())
    }
}

fn position(at: Expr) -> Position {
    match lsn(&at) {
        Some(lsn) => Position::Lsn(lsn.clone()),
        None => Position::Time(at),
    }
}

fn lsn(at: &Expr) -> Option<&Expr> {
    let Expr::Function(Function {
        name,
        args: FunctionArguments::List(list),
        ..
    }) = at
    else {
        return None;
    };
    let is_lsn = matches!(name.0.as_slice(), [part] if part
        .as_ident()
        .is_some_and(|ident| ident.value == LSN_FUNCTION));
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(lsn))] if is_lsn => Some(lsn),
        _ => None,
    }
}
