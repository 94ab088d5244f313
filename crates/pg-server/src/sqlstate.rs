//! Which error of the layers below becomes which SQLSTATE, in PostgreSQL's words where PostgreSQL has the error.
//!
//! Not here: errors of the protocol itself (where they arise), bytes.
//!
//! The matches are exhaustive without `_`, so that a new error gets a decision; the test prints the whole table.

mod history;

use crate::decode::ParameterError;
use crate::message::MessageError;
use crate::report::Report;
use shale_item::{AttributeValue, Item, KeyError, NumberError};
use shale_sql::{
    EngineError, EvaluationError, IndexKind, IndexProblem, LimitKind, SqlError, StorageError,
    StreamProblem,
};
use std::fmt::Write;

/// The report of a statement's error.
pub(crate) fn report(error: &SqlError) -> Report {
    match error {
        SqlError::Syntax { message, position } => syntax_error(message).with_offset(*position),
        SqlError::UndefinedTable { name, position } => {
            let message = format!("relation \"{name}\" does not exist");
            Report::error("42P01", message).with_offset(*position)
        }
        SqlError::UndefinedColumn {
            name,
            position,
            hint,
        } => {
            let message = format!("column \"{name}\" does not exist");
            let report = Report::error("42703", message).with_offset(*position);
            with_hint_if(report, hint)
        }
        SqlError::UndefinedFunction { name, position } => {
            let message = format!("function {name} does not exist");
            Report::error("42883", message)
                .with_offset(*position)
                .with_hint(
                    "No function matches the given name and argument types. You might need to add explicit type casts.",
                )
        }
        SqlError::DuplicateTable { name } => {
            Report::error("42P07", format!("relation \"{name}\" already exists"))
        }
        SqlError::DuplicateColumn { name } => Report::error(
            "42701",
            format!("column \"{name}\" specified more than once"),
        ),
        SqlError::InvalidTableDefinition { message } => Report::error("42P16", message.clone()),
        SqlError::DatatypeMismatch { message, position } => {
            Report::error("42804", message.clone()).with_offset(*position)
        }
        SqlError::InvalidText { type_name, value } => {
            let message = format!("invalid input syntax for type {type_name}: \"{value}\"");
            Report::error("22P02", message)
        }
        SqlError::OutOfRange { type_name } => out_of_range(type_name),
        SqlError::TooLong { type_name } => {
            Report::error("22001", format!("value too long for type {type_name}"))
        }
        SqlError::UniqueViolation { constraint, detail } => {
            let message =
                format!("duplicate key value violates unique constraint \"{constraint}\"");
            let mut report = Report::error("23505", message).with_detail(detail.clone());
            report.table = constraint.strip_suffix("_pkey").map(str::to_owned);
            report.constraint = Some(constraint.clone());
            report
        }
        SqlError::NotNullViolation { table, column } => {
            let message = format!(
                "null value in column \"{column}\" of relation \"{table}\" violates not-null constraint"
            );
            let mut report = Report::error("23502", message);
            report.table = Some(table.clone());
            report.column = Some(column.clone());
            report
        }
        SqlError::InsufficientPrivilege { table, .. } => {
            let mut report = Report::error("42501", format!("permission denied for table {table}"));
            report.table = Some(table.clone());
            report
        }
        SqlError::CheckViolation { table, constraint } => {
            let message = format!(
                "new row for relation \"{table}\" violates check constraint \"{constraint}\""
            );
            let mut report = Report::error("23514", message);
            report.table = Some(table.clone());
            report.constraint = Some(constraint.clone());
            report
        }
        SqlError::NotSupported { feature, hint } => with_hint_if(
            Report::error("0A000", format!("{feature} is not supported")),
            hint,
        ),
        SqlError::UndefinedParameter { name } => {
            let message = format!("unrecognized configuration parameter \"{name}\"");
            Report::error("42704", message)
        }
        SqlError::InvalidParameter { name, value } => {
            let message = format!("invalid value for parameter \"{name}\": \"{value}\"");
            let report = Report::error("22023", message);
            match name.as_str() {
                "timezone" => report.with_hint("The only time zone is UTC; convert in the client."),
                _ => report,
            }
        }
        SqlError::TransactionState { sqlstate, message } => {
            Report::error(sqlstate, message.clone())
        }
        SqlError::Canceled => Report::canceled(),
        SqlError::ChangedResultType => {
            let mut report = Report::error("0A000", "cached plan must not change result type");
            report.routine = Some("RevalidateCachedQuery");
            report
        }
        SqlError::ProgramLimit { message } => Report::error("54000", message.clone()),
        SqlError::Other {
            sqlstate,
            message,
            hint,
        } => with_hint_if(Report::error(sqlstate, message.clone()), hint),
        SqlError::Detailed {
            sqlstate,
            message,
            detail,
            hint,
        } => {
            let report = Report::error(sqlstate, message.clone()).with_detail(detail.clone());
            with_hint_if(report, hint)
        }
        SqlError::InCopy { error, place } => {
            let mut report = report(error);
            report.context = Some(place.clone());
            report
        }
        SqlError::Engine(error) => engine(error),
    }
}

/// `numeric(6,2)` overflows as PostgreSQL's numerics with a precision do.
fn out_of_range(type_name: &str) -> Report {
    let modifier = type_name
        .strip_prefix("numeric(")
        .and_then(|rest| rest.strip_suffix(')')?.split_once(','));
    let Some((precision, scale)) = modifier else {
        return Report::error("22003", format!("{type_name} out of range"));
    };
    let numbers = (precision.parse::<i32>(), scale.parse::<i32>());
    let digits = match numbers {
        (Ok(precision), Ok(scale)) => precision - scale,
        _ => 0,
    };
    Report::error("22003", "numeric field overflow").with_detail(format!(
        "A field with precision {precision}, scale {scale} must round to an absolute value less than 10^{digits}."
    ))
}

/// The parser's `Expected: …, found: …` in PostgreSQL's words.
fn syntax_error(message: &str) -> Report {
    let parts = message
        .strip_prefix("Expected: ")
        .and_then(|rest| rest.rsplit_once(", found: "));
    match parts {
        Some((expected, "EOF")) => Report::error("42601", "syntax error at end of input")
            .with_detail(format!("Expected {expected}.")),
        Some((expected, found)) => {
            Report::error("42601", format!("syntax error at or near \"{found}\""))
                .with_detail(format!("Expected {expected}."))
        }
        None => Report::error("42601", message.to_owned()),
    }
}

fn with_hint_if(report: Report, hint: &Option<String>) -> Report {
    match hint {
        Some(hint) => report.with_hint(hint.clone()),
        None => report,
    }
}

/// All rows of a transaction are written at once.
const FEWER_ROWS: &str = "Write fewer rows at a time, for example by ranges of the key. COPY outside of a transaction block loads any number.";

fn engine(error: &EngineError) -> Report {
    match error {
        EngineError::TableNotFound { name } => {
            Report::error("42P01", format!("relation \"{name}\" does not exist"))
        }
        EngineError::TableExists { name } => {
            Report::error("42P07", format!("relation \"{name}\" already exists"))
        }
        EngineError::DeletionProtected { name } => {
            let message = format!("relation \"{name}\" is protected from deletion");
            Report::error("55000", message)
                .with_hint("Set DeletionProtectionEnabled to false with UpdateTable first.")
        }
        // A condition on a write is a check that the item has to pass.
        EngineError::ConditionFailed {
            item: _,
            capacity: _,
        } => Report::error("23514", "the condition of the write does not hold"),
        EngineError::ItemExists { key } => {
            Report::error("23505", "duplicate key value violates unique constraint")
                .with_detail(key_exists(key))
        }
        EngineError::SameKeyTwice => {
            Report::error("21000", "the statement writes one item twice").with_hint(
                "Ensure that no rows proposed for insertion within the same command have the same key.",
            )
        }
        EngineError::Key(error) => key(error),
        EngineError::IndexKey { index, error } => {
            let mut report = key(error);
            report.detail = Some(format!("The column is part of the key of index \"{index}\"."));
            report
        }
        EngineError::IndexNotFound { table: _, index } => {
            Report::error("42704", format!("index \"{index}\" does not exist"))
        }
        EngineError::IndexNotReady { index } => {
            Report::error("55000", format!("index \"{index}\" is still being filled"))
        }
        EngineError::IndexLag { records } => {
            let message = format!("indexes are {records} records behind");
            let report = Report::error("55P03", message);
            report.with_hint("Try again, or SET shale.index_consistency = 'eventual'.")
        }
        EngineError::IndexRefused { index, problem } => index_problem(index, problem),
        EngineError::TimeToLive { attribute } => Report::error(
            "55000",
            match attribute {
                Some(attribute) => {
                    format!("time to live is already enabled on attribute \"{attribute}\"")
                }
                None => "time to live is already disabled".to_owned(),
            },
        ),
        EngineError::Stream(problem) => stream(problem, error),
        // Only the other door changes destinations.
        EngineError::Destination(_) => internal(error),
        EngineError::History(problem) => history::history(problem),
        EngineError::UpdatesKey { name } => {
            let message = format!("column \"{name}\" is part of the primary key and cannot be updated in place");
            Report::error("0A000", message)
        }
        EngineError::Evaluation(error) => evaluation(error),
        EngineError::Limit {
            kind,
            actual,
            limit,
        } => match kind {
            LimitKind::ItemSize => {
                let message =
                    format!("row is too big: size {actual} bytes, maximum size {limit} bytes");
                Report::error("54000", message)
            }
            LimitKind::InsertSize => {
                let message = format!(
                    "the rows of one insert are too big: size {actual} bytes, maximum size {limit} bytes"
                );
                Report::error("54000", message)
            }
            LimitKind::InsertRows => {
                let message = format!("one insert has {actual} rows, maximum {limit} rows");
                Report::error("54000", message)
            }
            LimitKind::TransactionActions => {
                let message =
                    format!("one transaction has {actual} actions, maximum {limit} actions");
                Report::error("54000", message)
            }
            LimitKind::TransactionSize => {
                let message = format!(
                    "the rows of one transaction are too big: size {actual} bytes, maximum size {limit} bytes"
                );
                Report::error("54000", message)
            }
            LimitKind::StagedSize => {
                let message = format!(
                    "the rows written by one transaction are too big: size {actual} bytes, maximum size {limit} bytes"
                );
                Report::error("54000", message).with_hint(FEWER_ROWS)
            }
            LimitKind::StagedRows => {
                let message =
                    format!("one transaction writes {actual} rows, maximum {limit} rows");
                Report::error("54000", message).with_hint(FEWER_ROWS)
            }
            // out_of_memory: the transaction is not too large, there are too many.
            LimitKind::StagedTogether => {
                let message = format!(
                    "all transactions together need too much memory: {actual} bytes, maximum {limit} bytes"
                );
                Report::error("53200", message)
                    .with_hint("Try again when other transactions have ended.")
            }
            LimitKind::StagedMemory => {
                let message = format!(
                    "the transaction needs too much memory for its writes: {actual} bytes, maximum {limit} bytes"
                );
                Report::error("54000", message)
                    .with_hint("Commit in smaller parts, or release savepoints.")
            }
            LimitKind::StreamImages => {
                let message = format!(
                    "the stream keeps too many replaced rows of one statement: {actual} bytes, maximum {limit} bytes"
                );
                Report::error("54000", message).with_hint("Write fewer rows at once.")
            }
            LimitKind::Nesting => {
                let message =
                    format!("value is nested too deeply: {actual} levels, maximum {limit}");
                Report::error("54000", message)
            }
        },
        EngineError::ItemCollectionTooLarge { bytes, limit } => {
            let message = format!(
                "the rows of one partition key are too big together with their entries in local indexes: size {bytes} bytes, maximum size {limit} bytes"
            );
            Report::error("54000", message)
        }
        // Requests that SQL builds itself: a client cannot get them wrong.
        EngineError::InvalidStartKey
        | EngineError::InvalidSortCondition
        | EngineError::InvalidSegment {
            segment: _,
            total: _,
        } => internal(error),
        // Only requests of the DynamoDB API meet these.
        EngineError::TransactionCanceled { reasons: _ }
        | EngineError::IdempotentParameterMismatch
        | EngineError::SettingsChanged
        | EngineError::TransactionInProgress => internal(error),
        // lock_not_available: as NOWAIT and lock_timeout, retrying is right.
        EngineError::KeyContention => {
            Report::error("55P03", "could not lock a row of the statement in time")
        }
        EngineError::SerializationConflict => serialization_failure(),
        EngineError::TransactionEnded => Report::error("25000", "the transaction has ended"),
        EngineError::ReadOnlyTransaction => {
            Report::error("25006", "cannot write in a read-only transaction")
        }
        EngineError::InvalidTableName { name } => {
            Report::error("42602", format!("invalid table name: \"{name}\""))
                .with_detail("A table name has 1 to 255 bytes.")
        }
        EngineError::Log(_) => Report::error("58030", format!("could not open the commit log: {error}")),
        EngineError::Storage(error) => storage(error),
        EngineError::Internal(_) => internal(error),
    }
}

fn stream(problem: &StreamProblem, error: &EngineError) -> Report {
    match problem {
        StreamProblem::NotFound => Report::error("42704", "the stream does not exist"),
        StreamProblem::Trimmed => Report::error(
            "55000",
            "the records at that place of the stream were trimmed",
        )
        .with_detail("A stream keeps its records for 24 hours."),
        StreamProblem::InvalidSequenceNumber => Report::error("22023", "invalid sequence number"),
        StreamProblem::Enabled { table } => {
            let message = format!("table \"{table}\" already has a stream");
            Report::error("55000", message)
                .with_hint("Switch it off first to change what its records hold.")
        }
        StreamProblem::NotEnabled { table } => {
            Report::error("55000", format!("table \"{table}\" has no stream"))
        }
        // Only iterators of the JSON API meet these.
        StreamProblem::ShardNotFound
        | StreamProblem::IteratorExpired { .. }
        | StreamProblem::FutureTime => internal(error),
    }
}

fn serialization_failure() -> Report {
    Report::error(
        "40001",
        "could not serialize access due to read/write dependencies among transactions",
    )
    .with_hint("The transaction might succeed if retried.")
}

fn internal(error: &EngineError) -> Report {
    // The details are for the server's log, where a person must look.
    tracing::error!(%error, "internal error");
    Report::error("XX000", error.to_string())
}

fn key(error: &KeyError) -> Report {
    match error {
        KeyError::Missing { name } => {
            let message = format!("null value in column \"{name}\" violates not-null constraint");
            let mut report = Report::error("23502", message);
            report.column = Some(name.clone());
            report
        }
        KeyError::WrongType {
            name,
            expected,
            actual,
        } => {
            let message = format!(
                "column \"{name}\" is of type {expected:?} but expression is of type {}",
                actual.descriptor()
            );
            Report::error("42804", message)
        }
        KeyError::Empty { name } => {
            let message = format!("key column \"{name}\" must not be empty");
            let mut report = Report::error("23514", message);
            report.column = Some(name.clone());
            report
        }
        KeyError::TooLarge { name, size, limit } => {
            let message = format!(
                "value of key column \"{name}\" is too big: size {size} bytes, maximum size {limit} bytes"
            );
            Report::error("54000", message)
        }
        KeyError::NotExact => {
            Report::error("XX000", "the key has attributes that are not in the schema")
        }
        KeyError::Corrupt => Report::error("XX001", "a stored key is damaged"),
    }
}

fn index_problem(index: &str, problem: &IndexProblem) -> Report {
    match problem {
        IndexProblem::Exists => {
            Report::error("42P07", format!("relation \"{index}\" already exists"))
        }
        IndexProblem::TooMany { kind, limit } => {
            let kind = match kind {
                IndexKind::Local => "local",
                IndexKind::Global => "global",
            };
            Report::error(
                "54011",
                format!("a table can have at most {limit} {kind} indexes"),
            )
        }
        IndexProblem::TooManyProjected => Report::error(
            "54011",
            "the indexes of a table can include at most 100 attributes".to_owned(),
        ),
        IndexProblem::TypeConflict { attribute } => Report::error(
            "42804",
            format!(
                "attribute \"{attribute}\" is a key of another type in the table or in another index"
            ),
        ),
        IndexProblem::KeyShape => Report::error(
            "42P16",
            format!(
                "index \"{index}\" must have one to four HASH and up to four RANGE attributes, each once"
            ),
        ),
        IndexProblem::NoSortKey => Report::error(
            "42P16",
            format!("local index \"{index}\" needs a table with a RANGE key"),
        ),
        IndexProblem::LocalLater => Report::error(
            "0A000",
            format!(
                "local index \"{index}\" cannot be created or dropped after its table was created"
            ),
        ),
    }
}

fn evaluation(error: &EvaluationError) -> Report {
    match error {
        EvaluationError::AbsentOperand(_) => {
            Report::error("22004", "an attribute of the expression is not in the item")
        }
        EvaluationError::InvalidPath(_) => Report::error(
            "22000",
            "a document path does not lead through maps and lists",
        ),
        EvaluationError::OperandType { operator, actual } => {
            let message = format!(
                "operator or function {operator} does not take an attribute of type {}",
                actual.descriptor()
            );
            Report::error("42804", message)
        }
        EvaluationError::TooLarge { bytes, limit } => {
            let message = format!("row is too big: size {bytes} bytes, maximum size {limit} bytes");
            Report::error("54000", message)
        }
        EvaluationError::Number(error) => match error {
            NumberError::Invalid => Report::error("22P02", "invalid input syntax for type numeric"),
            NumberError::TooManyDigits => {
                Report::error("22003", "numeric value has more than 38 significant digits")
            }
            NumberError::Overflow => Report::error("22003", "value overflows numeric format"),
            NumberError::Underflow => Report::error("22003", "value underflows numeric format"),
        },
        EvaluationError::OutOfRange(path) => {
            Report::error("22003", format!("value of \"{}\" out of range", path.root))
        }
        EvaluationError::ValueRequired(path) => {
            let message = format!(
                "null value in column \"{}\" violates not-null constraint",
                path.root
            );
            let mut report = Report::error("23502", message);
            report.column = Some(path.root.clone());
            report
        }
        EvaluationError::CheckViolated(name) => {
            let message = format!("new row violates check constraint \"{name}\"");
            let mut report = Report::error("23514", message);
            report.constraint = Some(name.clone());
            report
        }
    }
}

fn storage(error: &StorageError) -> Report {
    match error {
        StorageError::DiskFull => Report::error(
            "53100",
            "could not extend the commit log: No space left on device",
        )
        .with_hint("Check free disk space. Reads go on; writes go on when there is space."),
        // transaction_resolution_unknown: the client must look before it retries.
        StorageError::OutcomeUnknown(_) => {
            Report::error("08007", "the outcome of the write is unknown").with_detail(
                "The disk failed while the write was being made durable; it may show after the next start.",
            )
        }
        // cannot_connect_now: clients with several hosts try the next one, which is where the new leader is.
        StorageError::Fenced => Report::error(
            "57P03",
            "this server no longer leads the shard and takes no writes",
        )
        .with_hint("Reconnect to the current leader."),
        // serialization_failure: what it read is gone, and running it again is right.
        StorageError::RolledBack => Report::error(
            "40001",
            "could not serialize access: the write depends on writes that were rolled back",
        )
        .with_hint("The transaction might succeed if retried."),
        StorageError::Conflict { written: _ } => serialization_failure(),
        // io_error, not a state that waiting ends: an operator has to look at the disk and restart.
        StorageError::Poisoned(_) => Report::error(
            "58030",
            "the shard takes no writes after a failed write or sync",
        )
        .with_hint("See the server's log; writes go on after a restart."),
        StorageError::SnapshotTooOld => Report::error("72000", "snapshot too old"),
        StorageError::Locked(_) => Report::error("58000", error.to_string()),
        StorageError::Invalid(_) => {
            tracing::error!(%error, "internal error");
            Report::error("XX000", error.to_string())
        }
        StorageError::Corrupt(_) => Report::error("XX001", error.to_string()),
        StorageError::Io {
            context: _,
            message: _,
        } => Report::error("58030", error.to_string()),
        StorageError::Closed => Report::shutting_down(),
    }
}

/// `Key (artist, song)=(Nina Simone, Feeling Good) already exists.`
fn key_exists(key: &Item) -> String {
    let names: Vec<&str> = key.keys().map(String::as_str).collect();
    let values: Vec<String> = key.values().map(key_text).collect();
    format!(
        "Key ({})=({}) already exists.",
        names.join(", "),
        values.join(", ")
    )
}

fn key_text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => number.to_string(),
        AttributeValue::B(bytes) => hex(bytes),
        // Keys have the three types above.
        AttributeValue::Bool(_)
        | AttributeValue::Null
        | AttributeValue::M(_)
        | AttributeValue::L(_)
        | AttributeValue::Ss(_)
        | AttributeValue::Ns(_)
        | AttributeValue::Bs(_) => format!("{value:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = "\\x".to_owned();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The report of a message that cannot be read.
pub(crate) fn message(error: MessageError) -> Report {
    match error {
        MessageError::Malformed(message) => Report::protocol_violation(message),
        MessageError::NotText(bytes) => not_text(&bytes),
        MessageError::UnknownType(kind) => {
            Report::fatal("08P01", format!("invalid frontend message type {kind}"))
        }
    }
}

/// The report of a parameter, numbered from 1.
pub(crate) fn parameter(error: ParameterError, number: usize) -> Report {
    value(error, || format!("bind parameter {number}"))
}

/// The report for a field of binary COPY data that is no value of its column; `number` counts from 1.
pub(crate) fn copied(error: ParameterError, number: usize) -> Report {
    value(error, || format!("column {number} of the COPY data"))
}

fn value(error: ParameterError, place: impl Fn() -> String) -> Report {
    match error {
        ParameterError::MalformedBinary => {
            let message = format!("incorrect binary data format in {}", place());
            Report::error("22P03", message)
        }
        ParameterError::NotText(bytes) => not_text(&bytes),
        ParameterError::Value(error) => report(&error),
    }
}

fn not_text(bytes: &[u8]) -> Report {
    let mut message = "invalid byte sequence for encoding \"UTF8\":".to_owned();
    for byte in bytes {
        let _ = write!(message, " 0x{byte:02x}");
    }
    Report::error("22021", message)
}

#[cfg(test)]
mod tests;
