//! Definitions of what there is not: refused by name, whatever stands behind it.
//!
//! `DROP … IF EXISTS` of something of which there is none is done, as PostgreSQL does it; dumps and migrations begin so.
//! Not here: what is parsed and refused for its parts.

use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// A statement about something that there is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotBuilt {
    /// Its words.
    Refused(String),
    /// `DROP … IF EXISTS`: the kind in upper case, and the names.
    Skipped { kind: String, names: Vec<String> },
    /// CREATE SCHEMA of a name.
    CreateSchema { name: String, if_not_exists: bool },
}

/// What can stand behind CREATE, ALTER and DROP and is not built, the longer names first.
const KINDS: [&str; 36] = [
    "ACCESS METHOD",
    "AGGREGATE",
    "CAST",
    "COLLATION",
    "CONSTRAINT TRIGGER",
    "CONVERSION",
    "DATABASE",
    "DEFAULT PRIVILEGES",
    "DOMAIN",
    "EVENT TRIGGER",
    "EXTENSION",
    "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",
    "FUNCTION",
    "GROUP",
    "LANGUAGE",
    "LARGE OBJECT",
    "MATERIALIZED VIEW",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "OPERATOR",
    "OWNED",
    "POLICY",
    "PROCEDURE",
    "PUBLICATION",
    "ROUTINE",
    "RULE",
    "SCHEMA",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "SYSTEM",
    "TABLESPACE",
    "TEXT SEARCH",
    "TRIGGER",
    "TYPE",
];

/// Kinds of which `IF EXISTS` names one without more.
const NAMED: [&str; 8] = [
    "COLLATION",
    "DOMAIN",
    "EXTENSION",
    "MATERIALIZED VIEW",
    "SCHEMA",
    "SEQUENCE",
    "STATISTICS",
    "TYPE",
];

/// Other statements that are not built, by their first words.
const STATEMENTS: [&str; 11] = [
    "CALL",
    "CHECKPOINT",
    "CLUSTER",
    "DO",
    "IMPORT FOREIGN SCHEMA",
    "LOAD",
    "REASSIGN OWNED",
    "REFRESH MATERIALIZED VIEW",
    "REINDEX",
    "SECURITY LABEL",
    "USER MAPPING",
];

/// Takes such a statement; `None` if it is another one, and then nothing is taken.
pub(super) fn not_built(parser: &mut Parser<'_>) -> Option<NotBuilt> {
    if let Some(words) = STATEMENTS.iter().find(|words| follows(parser, 0, words)) {
        skip_rest(parser);
        return Some(NotBuilt::Refused((*words).to_owned()));
    }
    let verb = ["CREATE", "ALTER", "DROP"]
        .into_iter()
        .find(|verb| follows(parser, 0, verb))?;
    let mut place = 1;
    if verb == "CREATE" && follows(parser, place, "OR REPLACE") {
        place += 2;
    }
    for word in ["TRUSTED", "PROCEDURAL", "TEMP", "TEMPORARY"] {
        if follows(parser, place, word) {
            place += 1;
        }
    }
    let sequence = (verb == "DROP" && follows(parser, place, "SEQUENCE")).then_some("SEQUENCE");
    let kind = KINDS.into_iter().find(|kind| follows(parser, place, kind));
    let kind = kind.or(sequence)?;
    let behind = place + kind.split(' ').count();
    // Both are built as far as they go.
    if kind == "MATERIALIZED VIEW" && verb == "CREATE" {
        return None;
    }
    if verb == "DROP" && NAMED.contains(&kind) && follows(parser, behind, "IF EXISTS") {
        let names = names(parser, behind + 2)?;
        skip_rest(parser);
        let kind = kind.to_owned();
        return Some(NotBuilt::Skipped { kind, names });
    }
    if verb == "CREATE" && kind == "SCHEMA" {
        let if_not_exists = follows(parser, behind, "IF NOT EXISTS");
        let at = behind + if if_not_exists { 3 } else { 0 };
        if let Token::Word(name) = &parser.peek_nth_token_ref(at).token
            && matches!(
                parser.peek_nth_token_ref(at + 1).token,
                Token::EOF | Token::SemiColon
            )
        {
            let name = match name.quote_style {
                Some(_) => name.value.clone(),
                None => name.value.to_lowercase(),
            };
            skip_rest(parser);
            return Some(NotBuilt::CreateSchema {
                name,
                if_not_exists,
            });
        }
    }
    if kind == "SEQUENCE" {
        return None;
    }
    skip_rest(parser);
    Some(NotBuilt::Refused(format!("{verb} {kind}")))
}

/// Whether those words are there.
fn follows(parser: &Parser<'_>, place: usize, words: &str) -> bool {
    words.split(' ').enumerate().all(|(offset, word)| {
        matches!(&parser.peek_nth_token_ref(place + offset).token,
            Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
    })
}

/// A list of names, perhaps with CASCADE or RESTRICT behind it, at the end of the statement.
fn names(parser: &Parser<'_>, mut place: usize) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut name = String::new();
    loop {
        match &parser.peek_nth_token_ref(place).token {
            Token::Word(word)
                if !name.is_empty()
                    && matches!(word.keyword, Keyword::CASCADE | Keyword::RESTRICT) => {}
            Token::Word(word) => match word.quote_style {
                Some(_) => name.push_str(&word.value),
                None => name.push_str(&word.value.to_lowercase()),
            },
            Token::Period => name.push('.'),
            Token::Comma => names.push(std::mem::take(&mut name)),
            Token::EOF | Token::SemiColon => {
                names.push(name);
                return Some(names);
            }
            _ => return None,
        }
        place += 1;
    }
}

/// What stands behind the name may be anything.
fn skip_rest(parser: &mut Parser<'_>) {
    while parser.peek_token_ref().token != Token::EOF {
        parser.advance_token();
    }
}
