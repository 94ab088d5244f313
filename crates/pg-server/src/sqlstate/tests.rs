use super::*;
use expect_test::expect;
use shale_expression::Path;
use shale_item::{AttributeType, KeyType, Number};
use shale_sql::HistoryProblem;

fn line(name: &str, report: &Report) -> String {
    let mut line = format!("{name:<28} {} {}", report.sqlstate, report.message);
    for (label, text) in [
        ("detail", report.detail.as_deref()),
        ("hint", report.hint.as_deref()),
        ("context", report.context.as_deref()),
        ("table", report.table.as_deref()),
        ("column", report.column.as_deref()),
        ("constraint", report.constraint.as_deref()),
    ] {
        if let Some(text) = text {
            let _ = write!(line, " | {label}: {text}");
        }
    }
    if let Some(offset) = report.offset {
        let _ = write!(line, " | at {offset}");
    }
    if report.severity == crate::report::Severity::Fatal {
        line.push_str(" | FATAL");
    }
    line
}

/// The variant's name, from its `Debug`.
fn name(error: &impl std::fmt::Debug) -> String {
    let debug = format!("{error:?}");
    let end = debug.find(|c: char| !c.is_alphanumeric());
    debug[..end.unwrap_or(debug.len())].to_owned()
}

fn table<E: std::fmt::Debug>(errors: Vec<E>, of: impl Fn(&E) -> Report) -> String {
    let lines: Vec<String> = errors
        .iter()
        .map(|error| line(&name(error), &of(error)))
        .collect();
    lines.join("\n") + "\n"
}

#[test]
fn errors_of_statements() {
    let text = || "x".to_owned();
    let errors = vec![
        SqlError::Syntax {
            message: "syntax error at or near \"x\"".into(),
            position: Some(7),
        },
        SqlError::Syntax {
            message: "Expected: end of statement, found: form".into(),
            position: Some(9),
        },
        SqlError::Syntax {
            message: "Expected: an expression, found: EOF".into(),
            position: Some(7),
        },
        SqlError::UndefinedTable {
            name: text(),
            position: Some(14),
        },
        SqlError::UndefinedColumn {
            name: text(),
            position: None,
            hint: Some("Perhaps y.".into()),
        },
        SqlError::UndefinedFunction {
            name: "f(integer)".into(),
            position: Some(7),
        },
        SqlError::DuplicateTable { name: text() },
        SqlError::DuplicateColumn { name: text() },
        SqlError::InvalidTableDefinition {
            message: "more than two key columns".into(),
        },
        SqlError::DatatypeMismatch {
            message: "a and b".into(),
            position: None,
        },
        SqlError::InvalidText {
            type_name: "integer".into(),
            value: text(),
        },
        SqlError::OutOfRange {
            type_name: "integer".into(),
        },
        SqlError::TooLong {
            type_name: "character varying(3)".into(),
        },
        SqlError::UniqueViolation {
            constraint: "music_pkey".into(),
            detail: "Key (a)=(1) already exists.".into(),
        },
        SqlError::NotNullViolation {
            table: "music".into(),
            column: "artist".into(),
        },
        SqlError::NotSupported {
            feature: "LISTEN".into(),
            hint: Some("Use streams.".into()),
        },
        SqlError::CheckViolation {
            table: "t".into(),
            constraint: "t_n_check".into(),
        },
        SqlError::UndefinedParameter { name: text() },
        SqlError::InvalidParameter {
            name: "datestyle".into(),
            value: text(),
        },
        SqlError::TransactionState {
            sqlstate: "25P02",
            message: "current transaction is aborted".into(),
        },
        SqlError::Canceled,
        SqlError::ProgramLimit {
            message: "too many".into(),
        },
        SqlError::Other {
            sqlstate: "22012",
            message: "division by zero".into(),
            hint: None,
        },
        SqlError::Detailed {
            sqlstate: "2BP01",
            message: "cannot drop table t".into(),
            detail: "view v depends on table t".into(),
            hint: Some("Use DROP ... CASCADE.".into()),
        },
        SqlError::InCopy {
            error: Box::new(SqlError::OutOfRange {
                type_name: "integer".into(),
            }),
            place: "COPY t, line 3, column a: \"x\"".into(),
        },
        SqlError::Engine(EngineError::SameKeyTwice),
    ];
    expect![[r#"
        Syntax                       42601 syntax error at or near "x" | at 7
        Syntax                       42601 syntax error at or near "form" | detail: Expected end of statement. | at 9
        Syntax                       42601 syntax error at end of input | detail: Expected an expression. | at 7
        UndefinedTable               42P01 relation "x" does not exist | at 14
        UndefinedColumn              42703 column "x" does not exist | hint: Perhaps y.
        UndefinedFunction            42883 function f(integer) does not exist | hint: No function matches the given name and argument types. You might need to add explicit type casts. | at 7
        DuplicateTable               42P07 relation "x" already exists
        DuplicateColumn              42701 column "x" specified more than once
        InvalidTableDefinition       42P16 more than two key columns
        DatatypeMismatch             42804 a and b
        InvalidText                  22P02 invalid input syntax for type integer: "x"
        OutOfRange                   22003 integer out of range
        TooLong                      22001 value too long for type character varying(3)
        UniqueViolation              23505 duplicate key value violates unique constraint "music_pkey" | detail: Key (a)=(1) already exists. | table: music | constraint: music_pkey
        NotNullViolation             23502 null value in column "artist" of relation "music" violates not-null constraint | table: music | column: artist
        NotSupported                 0A000 LISTEN is not supported | hint: Use streams.
        CheckViolation               23514 new row for relation "t" violates check constraint "t_n_check" | table: t | constraint: t_n_check
        UndefinedParameter           42704 unrecognized configuration parameter "x"
        InvalidParameter             22023 invalid value for parameter "datestyle": "x"
        TransactionState             25P02 current transaction is aborted
        Canceled                     57014 canceling statement due to user request
        ProgramLimit                 54000 too many
        Other                        22012 division by zero
        Detailed                     2BP01 cannot drop table t | detail: view v depends on table t | hint: Use DROP ... CASCADE.
        InCopy                       22003 integer out of range | context: COPY t, line 3, column a: "x"
        Engine                       21000 the statement writes one item twice | hint: Ensure that no rows proposed for insertion within the same command have the same key.
    "#]].assert_eq(&table(errors, report));
}

#[test]
fn errors_of_the_engine() {
    let text = || "music".to_owned();
    let path = || Path {
        root: text(),
        steps: vec![],
    };
    let key = Item::from([
        ("artist".to_owned(), AttributeValue::S("Nina".into())),
        ("blob".to_owned(), AttributeValue::B(vec![1, 255].into())),
        ("year".to_owned(), AttributeValue::N(Number::from(1965_i64))),
    ]);
    let errors = vec![
        EngineError::TableNotFound { name: text() },
        EngineError::TableExists { name: text() },
        EngineError::DeletionProtected { name: text() },
        EngineError::ConditionFailed {
            item: None,
            capacity: 1.0,
        },
        EngineError::ItemExists { key },
        EngineError::SameKeyTwice,
        EngineError::Key(KeyError::Missing { name: text() }),
        EngineError::Key(KeyError::WrongType {
            name: text(),
            expected: KeyType::S,
            actual: AttributeType::N,
        }),
        EngineError::Key(KeyError::Empty { name: text() }),
        EngineError::Key(KeyError::TooLarge {
            name: text(),
            size: 2049,
            limit: 2048,
        }),
        EngineError::Key(KeyError::NotExact),
        EngineError::Key(KeyError::Corrupt),
        EngineError::UpdatesKey { name: text() },
        EngineError::Evaluation(EvaluationError::AbsentOperand(path())),
        EngineError::Evaluation(EvaluationError::InvalidPath(path())),
        EngineError::Evaluation(EvaluationError::OutOfRange(path())),
        EngineError::Evaluation(EvaluationError::ValueRequired(path())),
        EngineError::Evaluation(EvaluationError::CheckViolated(text())),
        EngineError::Evaluation(EvaluationError::OperandType {
            operator: "list_append",
            actual: AttributeType::N,
        }),
        EngineError::Evaluation(EvaluationError::TooLarge {
            bytes: 500_000,
            limit: 409_600,
        }),
        EngineError::Evaluation(EvaluationError::Number(NumberError::Invalid)),
        EngineError::Evaluation(EvaluationError::Number(NumberError::TooManyDigits)),
        EngineError::Evaluation(EvaluationError::Number(NumberError::Overflow)),
        EngineError::Evaluation(EvaluationError::Number(NumberError::Underflow)),
        EngineError::Limit {
            kind: LimitKind::ItemSize,
            actual: 500_000,
            limit: 409_600,
        },
        EngineError::Limit {
            kind: LimitKind::Nesting,
            actual: 33,
            limit: 32,
        },
        EngineError::Limit {
            kind: LimitKind::InsertSize,
            actual: 5_000_000,
            limit: 4_000_000,
        },
        EngineError::Limit {
            kind: LimitKind::InsertRows,
            actual: 65_537,
            limit: 65_536,
        },
        EngineError::Limit {
            kind: LimitKind::TransactionActions,
            actual: 101,
            limit: 100,
        },
        EngineError::Limit {
            kind: LimitKind::TransactionSize,
            actual: 5_000_000,
            limit: 4_194_304,
        },
        EngineError::Limit {
            kind: LimitKind::StagedSize,
            actual: 5_000_000,
            limit: 4_000_000,
        },
        EngineError::Limit {
            kind: LimitKind::StagedRows,
            actual: 65_537,
            limit: 65_536,
        },
        EngineError::Limit {
            kind: LimitKind::StagedMemory,
            actual: 5_000_000,
            limit: 4_000_000,
        },
        EngineError::Limit {
            kind: LimitKind::StagedTogether,
            actual: 5_000_000,
            limit: 4_000_000,
        },
        EngineError::Limit {
            kind: LimitKind::StreamImages,
            actual: 5_000_000,
            limit: 4_000_000,
        },
        EngineError::ItemCollectionTooLarge {
            bytes: 10_737_418_241,
            limit: 10_737_418_240,
        },
        EngineError::Stream(StreamProblem::NotFound),
        EngineError::Stream(StreamProblem::Trimmed),
        EngineError::Stream(StreamProblem::InvalidSequenceNumber),
        EngineError::Stream(StreamProblem::Enabled {
            table: "t".to_owned(),
        }),
        EngineError::Stream(StreamProblem::NotEnabled {
            table: "t".to_owned(),
        }),
        EngineError::History(HistoryProblem::Off { table: text() }),
        EngineError::History(HistoryProblem::Floor {
            table: text(),
            lsn: 17,
            micros: 1_700_000_000_000_000,
        }),
        EngineError::History(HistoryProblem::Future {
            lsn: 17,
            micros: 1_700_000_000_250_000,
        }),
        EngineError::History(HistoryProblem::Index {
            table: text(),
            index: "by_year".to_owned(),
        }),
        EngineError::History(HistoryProblem::Retention {
            seconds: 0,
            max: 604_800,
        }),
        EngineError::SerializationConflict,
        EngineError::TransactionEnded,
        EngineError::ReadOnlyTransaction,
        EngineError::InvalidStartKey,
        EngineError::InvalidSortCondition,
        EngineError::TransactionCanceled {
            reasons: vec![None],
        },
        EngineError::IdempotentParameterMismatch,
        EngineError::TransactionInProgress,
        EngineError::KeyContention,
        EngineError::InvalidTableName { name: text() },
        EngineError::InvalidSegment {
            segment: 4,
            total: 4,
        },
        EngineError::Internal("broken".into()),
    ];
    expect![[r#"
        TableNotFound                42P01 relation "music" does not exist
        TableExists                  42P07 relation "music" already exists
        DeletionProtected            55000 relation "music" is protected from deletion | hint: Set DeletionProtectionEnabled to false with UpdateTable first.
        ConditionFailed              23514 the condition of the write does not hold
        ItemExists                   23505 duplicate key value violates unique constraint | detail: Key (artist, blob, year)=(Nina, \x01ff, 1965) already exists.
        SameKeyTwice                 21000 the statement writes one item twice | hint: Ensure that no rows proposed for insertion within the same command have the same key.
        Key                          23502 null value in column "music" violates not-null constraint | column: music
        Key                          42804 column "music" is of type S but expression is of type N
        Key                          23514 key column "music" must not be empty | column: music
        Key                          54000 value of key column "music" is too big: size 2049 bytes, maximum size 2048 bytes
        Key                          XX000 the key has attributes that are not in the schema
        Key                          XX001 a stored key is damaged
        UpdatesKey                   0A000 column "music" is part of the primary key and cannot be updated in place
        Evaluation                   22004 an attribute of the expression is not in the item
        Evaluation                   22000 a document path does not lead through maps and lists
        Evaluation                   22003 value of "music" out of range
        Evaluation                   23502 null value in column "music" violates not-null constraint | column: music
        Evaluation                   23514 new row violates check constraint "music" | constraint: music
        Evaluation                   42804 operator or function list_append does not take an attribute of type N
        Evaluation                   54000 row is too big: size 500000 bytes, maximum size 409600 bytes
        Evaluation                   22P02 invalid input syntax for type numeric
        Evaluation                   22003 numeric value has more than 38 significant digits
        Evaluation                   22003 value overflows numeric format
        Evaluation                   22003 value underflows numeric format
        Limit                        54000 row is too big: size 500000 bytes, maximum size 409600 bytes
        Limit                        54000 value is nested too deeply: 33 levels, maximum 32
        Limit                        54000 the rows of one insert are too big: size 5000000 bytes, maximum size 4000000 bytes
        Limit                        54000 one insert has 65537 rows, maximum 65536 rows
        Limit                        54000 one transaction has 101 actions, maximum 100 actions
        Limit                        54000 the rows of one transaction are too big: size 5000000 bytes, maximum size 4194304 bytes
        Limit                        54000 the rows written by one transaction are too big: size 5000000 bytes, maximum size 4000000 bytes | hint: Write fewer rows at a time, for example by ranges of the key. COPY outside of a transaction block loads any number.
        Limit                        54000 one transaction writes 65537 rows, maximum 65536 rows | hint: Write fewer rows at a time, for example by ranges of the key. COPY outside of a transaction block loads any number.
        Limit                        54000 the transaction needs too much memory for its writes: 5000000 bytes, maximum 4000000 bytes | hint: Commit in smaller parts, or release savepoints.
        Limit                        53200 all transactions together need too much memory: 5000000 bytes, maximum 4000000 bytes | hint: Try again when other transactions have ended.
        Limit                        54000 the stream keeps too many replaced rows of one statement: 5000000 bytes, maximum 4000000 bytes | hint: Write fewer rows at once.
        ItemCollectionTooLarge       54000 the rows of one partition key are too big together with their entries in local indexes: size 10737418241 bytes, maximum size 10737418240 bytes
        Stream                       42704 the stream does not exist
        Stream                       55000 the records at that place of the stream were trimmed | detail: A stream keeps its records for 24 hours.
        Stream                       22023 invalid sequence number
        Stream                       55000 table "t" already has a stream | hint: Switch it off first to change what its records hold.
        Stream                       55000 table "t" has no stream
        History                      55000 table "music" keeps no history | hint: ALTER TABLE "music" SET (history = '1h') switches it on.
        History                      72000 snapshot too old | detail: The history of table "music" reaches back to LSN 17, time 2023-11-14 22:13:20+00.
        History                      22023 the position to read at is in the future | detail: The newest position is LSN 17, time 2023-11-14 22:13:20.25+00.
        History                      0A000 index "by_year" of table "music" cannot be read in the past | hint: Read the table itself.
        History                      22023 history cannot be kept for 0 seconds | detail: It is kept for 1 second up to 7 days.
        SerializationConflict        40001 could not serialize access due to read/write dependencies among transactions | hint: The transaction might succeed if retried.
        TransactionEnded             25000 the transaction has ended
        ReadOnlyTransaction          25006 cannot write in a read-only transaction
        InvalidStartKey              XX000 the start key is outside the query
        InvalidSortCondition         XX000 the sort condition does not fit the table
        TransactionCanceled          XX000 the transaction was canceled
        IdempotentParameterMismatch  XX000 the request token was used for another transaction
        TransactionInProgress        XX000 a transaction with the same request token is in progress
        KeyContention                55P03 could not lock a row of the statement in time
        InvalidTableName             42602 invalid table name: "music" | detail: A table name has 1 to 255 bytes.
        InvalidSegment               XX000 segment 4 of 4 does not exist
        Internal                     XX000 internal: broken
    "#]].assert_eq(&table(errors, engine));
}

#[test]
fn errors_of_storage() {
    let text = || "why".to_owned();
    let errors = vec![
        StorageError::DiskFull,
        StorageError::OutcomeUnknown(text()),
        StorageError::Fenced,
        StorageError::RolledBack,
        StorageError::Conflict { written: None },
        StorageError::Poisoned(text()),
        StorageError::SnapshotTooOld,
        StorageError::Locked(text()),
        StorageError::Corrupt(text()),
        StorageError::Invalid("too long"),
        StorageError::Io {
            context: "reading".into(),
            message: text(),
        },
        StorageError::Closed,
    ];
    expect![[r#"
        DiskFull                     53100 could not extend the commit log: No space left on device | hint: Check free disk space. Reads go on; writes go on when there is space.
        OutcomeUnknown               08007 the outcome of the write is unknown | detail: The disk failed while the write was being made durable; it may show after the next start.
        Fenced                       57P03 this server no longer leads the shard and takes no writes | hint: Reconnect to the current leader.
        RolledBack                   40001 could not serialize access: the write depends on writes that were rolled back | hint: The transaction might succeed if retried.
        Conflict                     40001 could not serialize access due to read/write dependencies among transactions | hint: The transaction might succeed if retried.
        Poisoned                     58030 the shard takes no writes after a failed write or sync | hint: See the server's log; writes go on after a restart.
        SnapshotTooOld               72000 snapshot too old
        Locked                       58000 why is in use by another process
        Corrupt                      XX001 corrupt data: why
        Invalid                      XX000 not a valid write: too long
        Io                           58030 reading: why
        Closed                       57P01 terminating connection due to administrator command | FATAL
    "#]].assert_eq(&table(errors, storage));
}

#[test]
fn errors_of_messages_and_parameters() {
    let errors = vec![
        MessageError::Malformed("invalid message format"),
        MessageError::NotText(vec![0xc3, 0x28]),
        MessageError::UnknownType(b'!'),
    ];
    expect![[r#"
        Malformed                    08P01 invalid message format
        NotText                      22021 invalid byte sequence for encoding "UTF8": 0xc3 0x28
        UnknownType                  08P01 invalid frontend message type 33 | FATAL
    "#]]
    .assert_eq(&table(errors, |error| message(error.clone())));
    let errors = vec![
        ParameterError::MalformedBinary,
        ParameterError::NotText(vec![0]),
        ParameterError::Value(Box::new(SqlError::OutOfRange {
            type_name: "date".into(),
        })),
    ];
    expect![[r#"
        MalformedBinary              22P03 incorrect binary data format in bind parameter 3
        NotText                      22021 invalid byte sequence for encoding "UTF8": 0x00
        Value                        22003 date out of range
    "#]]
    .assert_eq(&table(errors, |error| parameter(error.clone(), 3)));
}
