//! Statements about the session itself: SET and SHOW, BEGIN and COMMIT, PREPARE and EXECUTE; and what is refused by name.

use super::notify::Said;
use crate::names::is_schema;
use crate::planner::first_word;
use crate::syntax::{CursorStatement, Direction, NotBuilt, TransactionModes, TransactionStatement};
use crate::{Column, SqlError, SqlType};
use sqlparser::ast::{
    ContextModifier, DiscardObject, Expr, Ident, ObjectName, Reset, Set, Statement, Value,
};
use std::sync::Arc;

/// A statement about the session.
#[derive(Clone, Debug)]
pub(crate) enum Command {
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
    Savepoint(String),
    Release(String),
    RollbackTo(String),
    SetTransaction {
        modes: TransactionModes,
        session: bool,
    },
    Lock(Vec<ObjectName>),
    Set {
        name: String,
        /// `None`: DEFAULT.
        value: Option<String>,
        local: bool,
    },
    Reset(String),
    ResetAll,
    Show(String),
    ShowAll,
    Prepare {
        name: String,
        parameter_types: Vec<SqlType>,
        text: String,
    },
    Execute {
        name: String,
        arguments: Vec<Expr>,
    },
    Deallocate(String),
    DeallocateAll,
    DiscardAll,
    DiscardNothing(&'static str),
    /// LISTEN, UNLISTEN, NOTIFY
    Say(Said),
    /// There is nothing to be done, and why: a tag and sentences with their SQLSTATE.
    Skip {
        tag: String,
        notices: Vec<(&'static str, String)>,
    },
    /// SET ROLE and SET SESSION AUTHORIZATION to what they are already.
    KeepRole(Option<String>),
    Fetch {
        cursor: String,
        direction: Direction,
    },
    Move {
        cursor: String,
        direction: Direction,
    },
    /// `None`: all.
    Close(Option<String>),
}

pub(super) fn text_column(name: &str) -> Column {
    Column::computed(name, SqlType::Text)
}

pub(super) fn unsupported(feature: impl Into<String>, hint: &str) -> SqlError {
    SqlError::NotSupported {
        feature: feature.into(),
        hint: (!hint.is_empty()).then(|| hint.into()),
    }
}

/// What to do without sequences.
pub(crate) const SEQUENCE_HINT: &str = "Use uuid DEFAULT gen_random_uuid(), or count in an item: UPDATE … SET n = n + 1 WHERE … RETURNING n.";

/// A command with its result columns.
pub(crate) type PlannedCommand = (Command, Option<Arc<[Column]>>);

/// Plans a statement that is neither a query, nor a write, nor a definition.
///
/// # Errors
/// 0A000 for all that is not built, by name.
pub(crate) fn plan(statement: Statement) -> Result<PlannedCommand, SqlError> {
    let command = match statement {
        Statement::Set(set) => plan_set(set)?,
        Statement::Reset(reset) => match reset.reset {
            Reset::ALL => Command::ResetAll,
            Reset::ConfigurationParameter(name) => Command::Reset(setting_name(&name)),
        },
        Statement::ShowVariable { variable } => return Ok(plan_show(&variable)),
        Statement::Execute {
            name: Some(name),
            parameters,
            immediate: false,
            ..
        } => Command::Execute {
            name: name.to_string().trim_matches('"').to_owned(),
            arguments: parameters,
        },
        Statement::Deallocate { name, .. } => {
            if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all") {
                Command::DeallocateAll
            } else {
                Command::Deallocate(name.value)
            }
        }
        Statement::LISTEN { channel } => Command::Say(Said::Listen(folded(channel))),
        Statement::UNLISTEN { channel } if channel.value == "*" => Command::Say(Said::UnlistenAll),
        Statement::UNLISTEN { channel } => Command::Say(Said::Unlisten(folded(channel))),
        Statement::NOTIFY { channel, payload } => Command::Say(Said::Notify {
            channel: folded(channel),
            payload: payload.unwrap_or_default(),
        }),
        Statement::Discard { object_type } => match object_type {
            DiscardObject::ALL => Command::DiscardAll,
            DiscardObject::PLANS => Command::DiscardNothing("DISCARD PLANS"),
            DiscardObject::SEQUENCES => Command::DiscardNothing("DISCARD SEQUENCES"),
            DiscardObject::TEMP => Command::DiscardNothing("DISCARD TEMP"),
        },
        other => return Err(refused(&other)),
    };
    Ok((command, None))
}

/// Plans a statement about something that there is not.
///
/// # Errors
/// 0A000 with its name, unless it says that it may not be there; 42P06 for a schema that is there.
pub(crate) fn plan_not_built(statement: NotBuilt) -> Result<Command, SqlError> {
    match statement {
        NotBuilt::Refused(feature) => Err(unsupported(feature, "")),
        NotBuilt::Skipped { kind, names } => {
            if let Some(schema) = names
                .iter()
                .find(|name| kind == "SCHEMA" && is_schema(name))
            {
                let feature = format!("dropping the schema \"{schema}\"");
                return Err(unsupported(feature, ""));
            }
            let word = kind.to_lowercase();
            let notices = names.iter().map(|name| {
                let message = format!("{word} \"{name}\" does not exist, skipping");
                ("00000", message)
            });
            Ok(Command::Skip {
                tag: format!("DROP {kind}"),
                notices: notices.collect(),
            })
        }
        NotBuilt::CreateSchema {
            name,
            if_not_exists,
        } => {
            let exists = format!("schema \"{name}\" already exists");
            match (is_schema(&name), if_not_exists) {
                (true, true) => Ok(Command::Skip {
                    tag: "CREATE SCHEMA".to_owned(),
                    notices: vec![("42P06", format!("{exists}, skipping"))],
                }),
                (true, false) => Err(SqlError::Other {
                    sqlstate: "42P06",
                    message: exists,
                    hint: None,
                }),
                (false, _) => Err(unsupported(
                    "CREATE SCHEMA",
                    "Tables live in the schema public; their names may have dots in them if they are quoted.",
                )),
            }
        }
    }
}

/// Plans a statement about the transaction.
///
/// # Errors
/// 0A000 for what there is not.
pub(crate) fn plan_transaction(statement: TransactionStatement) -> Result<Command, SqlError> {
    Ok(match statement {
        TransactionStatement::Begin { tag, modes } => Command::Begin { tag, modes },
        TransactionStatement::Commit { chain } => Command::Commit { chain },
        TransactionStatement::Rollback { chain } => Command::Rollback { chain },
        TransactionStatement::Savepoint(name) => Command::Savepoint(folded(name)),
        TransactionStatement::Release(name) => Command::Release(folded(name)),
        TransactionStatement::RollbackTo(name) => Command::RollbackTo(folded(name)),
        TransactionStatement::SetTransaction { modes, session } => {
            Command::SetTransaction { modes, session }
        }
        TransactionStatement::Lock(tables) => Command::Lock(tables),
        TransactionStatement::NotBuilt(name) => return Err(unsupported(name, "")),
    })
}

/// Plans FETCH, MOVE and CLOSE.
///
/// # Errors
/// 0A000 for DECLARE, which is planned with its query.
pub(crate) fn plan_cursor(statement: CursorStatement) -> Result<Command, SqlError> {
    Ok(match statement {
        CursorStatement::Fetch {
            name,
            direction,
            moving,
        } => {
            let cursor = folded(name);
            match moving {
                false => Command::Fetch { cursor, direction },
                true => Command::Move { cursor, direction },
            }
        }
        CursorStatement::Close(name) => Command::Close(name.map(folded)),
        CursorStatement::Declare { .. } => return Err(unsupported("DECLARE here", "")),
    })
}

/// Names fold to lower case unless quoted.
pub(crate) fn folded(name: Ident) -> String {
    match name.quote_style {
        Some(_) => name.value,
        None => name.value.to_lowercase(),
    }
}

fn refused(statement: &Statement) -> SqlError {
    match statement {
        Statement::CreateSequence { .. } => unsupported("CREATE SEQUENCE", SEQUENCE_HINT),
        Statement::Drop { object_type, .. } => unsupported(format!("DROP {object_type}"), ""),
        Statement::Merge(_) => unsupported("MERGE", "Use INSERT … ON CONFLICT."),
        Statement::Grant(_) | Statement::Revoke(_) => unsupported(
            "GRANT or REVOKE",
            "Users are managed with the command shale user.",
        ),
        Statement::CreateRole(_) | Statement::CreateUser(_) | Statement::AlterRole { .. } => {
            unsupported(
                "managing roles by SQL",
                "Users are managed with the command shale user.",
            )
        }
        Statement::AlterUser(_) => unsupported(
            "ALTER USER",
            "Passwords are set with the command shale user passwd.",
        ),
        Statement::Vacuum(_) => unsupported(
            "VACUUM",
            "There is nothing to do: space is reclaimed while the server runs.",
        ),
        Statement::Analyze(_) => unsupported(
            "ANALYZE",
            "There is nothing to do: statistics are kept as items are written.",
        ),
        other => unsupported(first_word(other), ""),
    }
}

fn setting_name(name: &ObjectName) -> String {
    let parts: Vec<String> = name
        .0
        .iter()
        .filter_map(|part| part.as_ident())
        .map(|ident| ident.value.to_lowercase())
        .collect();
    parts.join(".")
}

fn plan_set(set: Set) -> Result<Command, SqlError> {
    Ok(match set {
        Set::SingleAssignment {
            scope,
            hivevar: false,
            variable,
            values,
        } => Command::Set {
            name: setting_name(&variable),
            value: setting_value(&values),
            local: scope == Some(ContextModifier::Local),
        },
        Set::SetTimeZone { local, value } => Command::Set {
            name: "timezone".into(),
            value: setting_value(std::slice::from_ref(&value)),
            local,
        },
        Set::SetNames { charset_name, .. } => Command::Set {
            name: "client_encoding".into(),
            value: Some(charset_name.value),
            local: false,
        },
        Set::SetNamesDefault {} => Command::Set {
            name: "client_encoding".into(),
            value: None,
            local: false,
        },
        Set::SetRole { role_name, .. } => Command::KeepRole(role_name.map(|name| name.value)),
        other => return Err(unsupported(format!("{other}"), "")),
    })
}

/// The value of SET as text; `None` for DEFAULT.
fn setting_value(values: &[Expr]) -> Option<String> {
    if let [Expr::Identifier(ident)] = values
        && ident.quote_style.is_none()
        && ident.value.eq_ignore_ascii_case("default")
    {
        return None;
    }
    let texts: Vec<String> = values
        .iter()
        .map(|value| match value {
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => text.clone(),
                other => other.to_string(),
            },
            Expr::Identifier(ident) => ident.value.clone(),
            other => other.to_string(),
        })
        .collect();
    Some(texts.join(", "))
}

pub(super) fn plan_show(variable: &[Ident]) -> PlannedCommand {
    let words: Vec<String> = variable
        .iter()
        .map(|ident| ident.value.to_lowercase())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let name = match words.as_slice() {
        ["all"] => {
            let columns = [
                text_column("name"),
                text_column("setting"),
                text_column("description"),
            ];
            return (Command::ShowAll, Some(columns.into()));
        }
        ["transaction", "isolation", "level"] => "transaction_isolation".to_owned(),
        ["time", "zone"] => "timezone".to_owned(),
        ["session", "authorization"] => "session_authorization".to_owned(),
        names => names.join("."),
    };
    let title = match name.as_str() {
        "timezone" => "TimeZone",
        "datestyle" => "DateStyle",
        "intervalstyle" => "IntervalStyle",
        other => other,
    };
    let columns = [text_column(title)];
    (Command::Show(name), Some(columns.into()))
}
