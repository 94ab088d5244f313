//! Statements about the transaction, as PostgreSQL writes them: sqlparser knows no DEFERRABLE, no ABORT, and takes BEGIN for a block of
//! statements.
//!
//! Not here: what they do (`session`).

use super::statement::word;
use sqlparser::ast::{Ident, ObjectName};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// A statement about the transaction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TransactionStatement {
    Begin {
        /// The statement's own words.
        tag: &'static str,
        modes: TransactionModes,
    },
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    Savepoint(Ident),
    Release(Ident),
    RollbackTo(Ident),
    SetTransaction {
        modes: TransactionModes,
        /// SET SESSION CHARACTERISTICS: of the transactions to come.
        session: bool,
    },
    Lock(Vec<ObjectName>),
    /// By name: what there is not.
    NotBuilt(&'static str),
}

/// What a transaction may do. Its isolation level is checked but not kept: all of them run as SERIALIZABLE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TransactionModes {
    pub read_only: Option<bool>,
    pub deferrable: Option<bool>,
}

/// The statement that begins here, if it is one about the transaction.
pub(super) fn transaction(
    parser: &mut Parser<'_>,
) -> Result<Option<TransactionStatement>, ParserError> {
    // Most statements are not about the transaction: that is seen without taking the words apart.
    let begins_one = matches!(&parser.peek_token_ref().token, Token::Word(word) if word.quote_style.is_none()
    && matches!(
        word.keyword,
        Keyword::BEGIN
            | Keyword::START
            | Keyword::COMMIT
            | Keyword::END
            | Keyword::ROLLBACK
            | Keyword::ABORT
            | Keyword::SAVEPOINT
            | Keyword::RELEASE
            | Keyword::PREPARE
            | Keyword::SET
            | Keyword::LOCK
    ));
    if !begins_one {
        return Ok(None);
    }
    let words = [leading_word(parser, 0), leading_word(parser, 1)];
    let words = words.each_ref().map(|word| word.as_deref());
    let statement = match words {
        [Some("begin"), _] => {
            parser.advance_token();
            skip_transaction_word(parser);
            TransactionStatement::Begin {
                tag: "BEGIN",
                modes: modes(parser, false)?,
            }
        }
        [Some("start"), Some("transaction")] => {
            advance(parser, 2);
            TransactionStatement::Begin {
                tag: "START TRANSACTION",
                modes: modes(parser, false)?,
            }
        }
        [Some("commit"), Some("prepared")] => prepared(parser, "COMMIT PREPARED")?,
        [Some("rollback"), Some("prepared")] => prepared(parser, "ROLLBACK PREPARED")?,
        [Some("prepare"), Some("transaction")] => prepared(parser, "PREPARE TRANSACTION")?,
        [Some("commit" | "end"), _] => {
            parser.advance_token();
            skip_transaction_word(parser);
            TransactionStatement::Commit {
                chain: chain(parser)?,
            }
        }
        [Some("rollback" | "abort"), _] => rollback(parser, words[0] == Some("rollback"))?,
        [Some("savepoint"), _] => {
            parser.advance_token();
            TransactionStatement::Savepoint(parser.parse_identifier()?)
        }
        [Some("release"), _] => {
            parser.advance_token();
            skip_savepoint_word(parser);
            TransactionStatement::Release(parser.parse_identifier()?)
        }
        [Some("set"), _] => return set(parser),
        [Some("lock"), _] => lock(parser)?,
        _ => return Ok(None),
    };
    Ok(Some(statement))
}

/// The word at a distance from here, in lower case; `None` if it is quoted or no word.
fn leading_word(parser: &Parser<'_>, distance: usize) -> Option<String> {
    match &parser.peek_nth_token_ref(distance).token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_lowercase()),
        _ => None,
    }
}

fn advance(parser: &mut Parser<'_>, tokens: usize) {
    for _ in 0..tokens {
        parser.advance_token();
    }
}

fn skip_transaction_word(parser: &mut Parser<'_>) {
    let _ = word(parser, "work") || word(parser, "transaction");
}

/// SAVEPOINT is a noise word, unless it is the name itself.
fn skip_savepoint_word(parser: &mut Parser<'_>) {
    if matches!(parser.peek_nth_token_ref(1).token, Token::Word(_)) {
        let _ = word(parser, "savepoint");
    }
}

fn expect_word(parser: &mut Parser<'_>, expected: &str) -> Result<(), ParserError> {
    if word(parser, expected) {
        return Ok(());
    }
    let found = parser.peek_token();
    parser.expected(&expected.to_ascii_uppercase(), found)
}

/// `AND CHAIN`, `AND NO CHAIN`
fn chain(parser: &mut Parser<'_>) -> Result<bool, ParserError> {
    if !word(parser, "and") {
        return Ok(false);
    }
    let chain = !word(parser, "no");
    expect_word(parser, "chain")?;
    Ok(chain)
}

fn rollback(
    parser: &mut Parser<'_>,
    may_return: bool,
) -> Result<TransactionStatement, ParserError> {
    parser.advance_token();
    skip_transaction_word(parser);
    if may_return && word(parser, "to") {
        skip_savepoint_word(parser);
        return Ok(TransactionStatement::RollbackTo(parser.parse_identifier()?));
    }
    Ok(TransactionStatement::Rollback {
        chain: chain(parser)?,
    })
}

fn prepared(
    parser: &mut Parser<'_>,
    name: &'static str,
) -> Result<TransactionStatement, ParserError> {
    advance(parser, 2);
    parser.parse_literal_string()?;
    Ok(TransactionStatement::NotBuilt(name))
}

/// `SET [LOCAL | SESSION] TRANSACTION …`, `SET SESSION CHARACTERISTICS AS TRANSACTION …`; `None` for the SET of a setting.
fn set(parser: &mut Parser<'_>) -> Result<Option<TransactionStatement>, ParserError> {
    let second = leading_word(parser, 1);
    let third = leading_word(parser, 2);
    let session = match (second.as_deref(), third.as_deref()) {
        (Some("transaction"), _) => {
            advance(parser, 2);
            false
        }
        (Some("local" | "session"), Some("transaction")) => {
            advance(parser, 3);
            false
        }
        (Some("session"), Some("characteristics")) => {
            advance(parser, 3);
            expect_word(parser, "as")?;
            expect_word(parser, "transaction")?;
            true
        }
        _ => return Ok(None),
    };
    if !session && word(parser, "snapshot") {
        parser.parse_literal_string()?;
        return Ok(Some(TransactionStatement::NotBuilt(
            "SET TRANSACTION SNAPSHOT",
        )));
    }
    let modes = modes(parser, true)?;
    Ok(Some(TransactionStatement::SetTransaction {
        modes,
        session,
    }))
}

/// Modes in any order, with commas between them or not.
fn modes(parser: &mut Parser<'_>, at_least_one: bool) -> Result<TransactionModes, ParserError> {
    let mut modes = TransactionModes::default();
    let mut required = at_least_one;
    loop {
        if word(parser, "isolation") {
            expect_word(parser, "level")?;
            isolation_level(parser)?;
        } else if word(parser, "read") {
            if word(parser, "only") {
                modes.read_only = Some(true);
            } else {
                expect_word(parser, "write")?;
                modes.read_only = Some(false);
            }
        } else if word(parser, "not") {
            expect_word(parser, "deferrable")?;
            modes.deferrable = Some(false);
        } else if word(parser, "deferrable") {
            modes.deferrable = Some(true);
        } else if required {
            let found = parser.peek_token();
            return parser.expected("a transaction mode", found);
        } else {
            return Ok(modes);
        }
        required = parser.consume_token(&Token::Comma);
    }
}

fn isolation_level(parser: &mut Parser<'_>) -> Result<(), ParserError> {
    if word(parser, "serializable") {
        return Ok(());
    }
    if word(parser, "repeatable") {
        return expect_word(parser, "read");
    }
    if word(parser, "read") && (word(parser, "committed") || word(parser, "uncommitted")) {
        return Ok(());
    }
    let found = parser.peek_token();
    parser.expected("an isolation level", found)
}

/// `LOCK [TABLE] [ONLY] t [*] [, …] [IN … MODE] [NOWAIT]`
fn lock(parser: &mut Parser<'_>) -> Result<TransactionStatement, ParserError> {
    const MODES: [&str; 8] = [
        "access share",
        "row share",
        "row exclusive",
        "share update exclusive",
        "share",
        "share row exclusive",
        "exclusive",
        "access exclusive",
    ];
    parser.advance_token();
    let _ = parser.parse_keyword(Keyword::TABLE);
    let tables = parser.parse_comma_separated(|parser| {
        let _ = parser.parse_keyword(Keyword::ONLY);
        let name = parser.parse_object_name(false)?;
        let _ = parser.consume_token(&Token::Mul);
        Ok(name)
    })?;
    if parser.parse_keyword(Keyword::IN) {
        let start = parser.peek_token();
        let mut mode = String::new();
        while let Some(next) = leading_word(parser, 0)
            && next != "mode"
        {
            parser.advance_token();
            if !mode.is_empty() {
                mode.push(' ');
            }
            mode.push_str(&next);
        }
        if !MODES.contains(&mode.as_str()) {
            return parser.expected("a lock mode", start);
        }
        expect_word(parser, "mode")?;
    }
    let _ = parser.parse_keyword(Keyword::NOWAIT);
    Ok(TransactionStatement::Lock(tables))
}
