//! What goes wrong, as the protocol tells it: exception type, HTTP code, message.
//!
//! The only place that maps engine and SQL errors. Matches are exhaustive without `_`, so that a new error must be placed here.
//! Not here: the sentences (`messages`).

mod exception_type;
mod signature;
mod sql;
mod stream;
mod transaction;

pub(crate) use exception_type::ExceptionType;
pub(crate) use sql::from_sql;
pub(crate) use transaction::{CancellationReason, canceled};

#[cfg(test)]
mod tests;

use crate::attribute_value::write_item;
use crate::json::ObjectWriter;
use crate::messages;
use shale_engine::{Error, IndexKind, IndexProblem, LimitKind, StorageError};
use shale_expression::EvaluationError;
use shale_item::{Item, KeyError, KeyType};

/// An answer that is an exception.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exception {
    pub(crate) exception_type: ExceptionType,
    pub(crate) message: String,
    /// The item that a failed condition saw, if it was asked for.
    pub(crate) item: Option<Box<Item>>,
    /// Of a canceled transaction, one for each action.
    pub(crate) reasons: Vec<CancellationReason>,
}

impl Exception {
    pub(crate) fn new(exception_type: ExceptionType, message: impl Into<String>) -> Exception {
        Exception {
            exception_type,
            message: message.into(),
            item: None,
            reasons: Vec::new(),
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Exception {
        Exception::new(ExceptionType::Validation, message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Exception {
        Exception::new(ExceptionType::Serialization, message)
    }

    /// The body of the answer.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + self.message.len());
        let mut body = ObjectWriter::begin(&mut out);
        body.string("__type", self.exception_type.name());
        if self.exception_type == ExceptionType::TransactionCanceled {
            transaction::write_reasons(body.member("CancellationReasons"), &self.reasons);
        }
        body.string(self.exception_type.message_member(), &self.message);
        if let Some(item) = &self.item {
            write_item(body.member("Item"), item);
        }
        body.end();
        out
    }
}

/// What the request was about: some errors are worded by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A whole item (PutItem).
    Item,
    /// A bare key (GetItem, DeleteItem).
    Key,
    /// A bare key and an update.
    Update,
    /// A partition.
    Query,
    /// A table's items.
    Scan,
    /// The table itself.
    Table,
    /// A transaction as a whole.
    Transaction,
}

/// The exception for an engine's error.
pub(crate) fn from_engine(error: Error, subject: Subject) -> Exception {
    use ExceptionType as Type;
    match error {
        Error::TableNotFound { name } => Exception::new(
            Type::ResourceNotFound,
            match subject {
                Subject::Table => messages::table_not_found(&name),
                Subject::Item
                | Subject::Key
                | Subject::Update
                | Subject::Query
                | Subject::Scan
                | Subject::Transaction => messages::RESOURCE_NOT_FOUND.to_owned(),
            },
        ),
        Error::TableExists { name } => {
            Exception::new(Type::ResourceInUse, messages::table_exists(&name))
        }
        Error::DeletionProtected { .. } => Exception::validation(messages::DELETION_PROTECTED),
        Error::InvalidTableName { .. } => Exception::validation(messages::TABLE_NAME_LENGTH),
        Error::ConditionFailed { item, .. } => Exception {
            item: item.map(Box::new),
            ..Exception::new(Type::ConditionalCheckFailed, messages::CONDITION_FAILED)
        },
        Error::ItemExists { .. } => Exception::new(Type::DuplicateItem, messages::DUPLICATE_ITEM),
        Error::SameKeyTwice if subject == Subject::Transaction => {
            Exception::validation(messages::SAME_ITEM_IN_TRANSACTION)
        }
        Error::SameKeyTwice => Exception::validation(messages::DUPLICATE_KEYS),
        Error::Key(error) => Exception::validation(key_message(error, subject)),
        Error::IndexKey { index, error } => {
            Exception::validation(index_key_message(&index, error, subject))
        }
        Error::IndexNotFound { index, .. } => Exception::validation(messages::no_index(&index)),
        Error::IndexNotReady { index } => Exception::validation(messages::index_not_ready(&index)),
        Error::IndexLag { .. } => Exception::new(Type::ServiceUnavailable, messages::INDEX_LAG),
        Error::IndexRefused { index, problem } => {
            Exception::validation(index_problem(&index, &problem))
        }
        Error::TimeToLive { attribute } => Exception::validation(match attribute {
            Some(_) => messages::TTL_ENABLED,
            None => messages::TTL_DISABLED,
        }),
        Error::Stream(problem) => stream::from_stream(&problem),
        Error::Destination(problem) => stream::from_destination(&problem),
        // Requests of this door do not read the past.
        Error::History(_) => Exception::validation(messages::NO_PAST),
        Error::UpdatesKey { name } => Exception::validation(messages::updates_key(&name)),
        Error::Evaluation(error) => Exception::validation(evaluation_message(&error)),
        Error::Limit { kind, .. } => Exception::validation(match kind {
            LimitKind::Nesting => messages::NESTED_TOO_DEEP,
            LimitKind::InsertSize | LimitKind::InsertRows => messages::STATEMENT_TOO_LARGE,
            LimitKind::TransactionActions => messages::TRANSACTION_TOO_LONG,
            LimitKind::TransactionSize => messages::TRANSACTION_TOO_LARGE,
            LimitKind::StagedSize
            | LimitKind::StagedRows
            | LimitKind::StagedMemory
            | LimitKind::StagedTogether
            | LimitKind::StreamImages => messages::WRITES_TOO_LARGE,
            LimitKind::ItemSize if subject == Subject::Update => messages::UPDATED_ITEM_TOO_LARGE,
            LimitKind::ItemSize => messages::ITEM_TOO_LARGE,
        }),
        Error::ItemCollectionTooLarge { .. } => Exception::new(
            Type::ItemCollectionSizeLimitExceeded,
            messages::COLLECTION_TOO_LARGE,
        ),
        Error::InvalidStartKey => Exception::validation(match subject {
            Subject::Query => messages::START_KEY_OUTSIDE,
            Subject::Item
            | Subject::Key
            | Subject::Update
            | Subject::Scan
            | Subject::Table
            | Subject::Transaction => messages::START_KEY_INVALID,
        }),
        Error::InvalidSortCondition => Exception::validation(messages::CONDITION_TYPE),
        Error::InvalidSegment { segment, total } => {
            Exception::validation(messages::segment_out_of_range(segment, total))
        }
        Error::TransactionCanceled { reasons } => canceled(
            reasons
                .into_iter()
                .map(|reason| reason.map(|error| from_engine(error, subject))),
        ),
        Error::IdempotentParameterMismatch => Exception::new(
            Type::IdempotentParameterMismatch,
            messages::IDEMPOTENT_MISMATCH,
        ),
        Error::TransactionInProgress => Exception::new(
            Type::TransactionInProgress,
            messages::TRANSACTION_IN_PROGRESS,
        ),
        Error::KeyContention | Error::SerializationConflict => {
            Exception::new(Type::TransactionConflict, messages::CONTENTION)
        }
        // Transactions of several requests are SQL's.
        Error::TransactionEnded | Error::ReadOnlyTransaction => internal(&error.to_string()),
        // Whoever expects settings says what it means that they are others.
        Error::SettingsChanged => internal(&error.to_string()),
        Error::Storage(error) => from_storage(error),
        Error::Log(error) => internal(&error.to_string()),
        Error::Internal(message) => internal(&message),
    }
}

fn from_storage(error: StorageError) -> Exception {
    use ExceptionType::{InternalServerError, ServiceUnavailable};
    match error {
        StorageError::DiskFull => Exception::new(ServiceUnavailable, messages::DISK_FULL),
        StorageError::OutcomeUnknown(cause) => {
            tracing::error!(cause, "the outcome of a write is unknown");
            Exception::new(InternalServerError, messages::OUTCOME_UNKNOWN)
        }
        StorageError::Fenced => Exception::new(ServiceUnavailable, messages::NOT_LEADER),
        StorageError::Poisoned(_) => Exception::new(InternalServerError, messages::NOT_WRITABLE),
        StorageError::SnapshotTooOld => {
            Exception::new(ServiceUnavailable, messages::SNAPSHOT_TOO_OLD)
        }
        StorageError::Closed => Exception::new(ServiceUnavailable, messages::SHUTTING_DOWN),
        StorageError::Conflict { written: _ } => {
            Exception::new(ExceptionType::TransactionConflict, messages::CONTENTION)
        }
        StorageError::RolledBack => Exception::new(ServiceUnavailable, messages::ROLLED_BACK),
        StorageError::Locked(_)
        | StorageError::Corrupt(_)
        | StorageError::Invalid(_)
        | StorageError::Io { .. } => internal(&error.to_string()),
    }
}

/// A fault of ours: the cause goes to the log, not to the client.
pub(crate) fn internal(cause: &str) -> Exception {
    tracing::error!(cause, "a request failed inside the server");
    Exception::new(ExceptionType::InternalServerError, messages::INTERNAL)
}

fn key_message(error: KeyError, subject: Subject) -> String {
    match (error, subject) {
        (KeyError::Missing { name }, Subject::Item) => messages::missing_key(&name),
        (
            KeyError::WrongType {
                name,
                expected,
                actual,
            },
            Subject::Item,
        ) => messages::key_type(&name, key_descriptor(expected), actual.descriptor()),
        (
            KeyError::Missing { .. } | KeyError::WrongType { .. } | KeyError::NotExact,
            Subject::Query | Subject::Scan,
        ) => messages::START_KEY_SCHEMA.to_owned(),
        (KeyError::Missing { .. } | KeyError::WrongType { .. } | KeyError::NotExact, _) => {
            messages::KEY_DOES_NOT_MATCH.to_owned()
        }
        (KeyError::Empty { name }, _) => messages::empty_key(&name, false),
        (KeyError::TooLarge { limit, .. }, _) if limit > shale_item::SORT_KEY_BYTES_MAX => {
            messages::HASH_KEY_TOO_LARGE.to_owned()
        }
        (KeyError::TooLarge { .. }, _) => messages::RANGE_KEY_TOO_LARGE.to_owned(),
        (KeyError::Corrupt, _) => messages::KEY_DOES_NOT_MATCH.to_owned(),
    }
}

fn index_problem(index: &str, problem: &IndexProblem) -> String {
    match problem {
        IndexProblem::Exists => messages::duplicate_index(index),
        IndexProblem::TooMany { kind, limit } => messages::too_many_indexes(
            match kind {
                IndexKind::Local => "LocalSecondaryIndex",
                IndexKind::Global => "GlobalSecondaryIndex",
            },
            *limit,
        ),
        IndexProblem::TooManyProjected => messages::TOO_MANY_PROJECTED.to_owned(),
        IndexProblem::TypeConflict { attribute } => messages::index_type_conflict(attribute),
        IndexProblem::KeyShape => messages::index_key_schema(index),
        IndexProblem::NoSortKey => messages::LOCAL_INDEX_WITHOUT_RANGE.to_owned(),
        IndexProblem::LocalLater => messages::local_index_later(index),
    }
}

fn index_key_message(index: &str, error: KeyError, subject: Subject) -> String {
    match error {
        KeyError::WrongType { .. } if subject == Subject::Update => {
            messages::UPDATED_INDEX_KEY_TYPE.to_owned()
        }
        KeyError::TooLarge { .. } if subject == Subject::Update => {
            messages::UPDATED_INDEX_KEY_SIZE.to_owned()
        }
        KeyError::WrongType {
            name,
            expected,
            actual,
        } => messages::index_key_type(&name, key_descriptor(expected), actual.descriptor(), index),
        KeyError::Empty { name } => messages::empty_index_key(&name, false, index),
        other => key_message(other, Subject::Item),
    }
}

/// `S`, `N`, `B`.
pub(crate) fn key_descriptor(key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::S => "S",
        KeyType::N => "N",
        KeyType::B => "B",
    }
}

fn evaluation_message(error: &EvaluationError) -> String {
    match error {
        EvaluationError::AbsentOperand(_) => messages::ABSENT_OPERAND.to_owned(),
        EvaluationError::InvalidPath(_) => messages::INVALID_UPDATE_PATH.to_owned(),
        EvaluationError::OperandType { .. } => messages::OPERAND_TYPE.to_owned(),
        EvaluationError::TooLarge { .. } => messages::UPDATED_ITEM_TOO_LARGE.to_owned(),
        EvaluationError::Number(error) => messages::number_range(*error).to_owned(),
        // Rules are SQL's: no request makes an update with one.
        EvaluationError::OutOfRange(_)
        | EvaluationError::ValueRequired(_)
        | EvaluationError::CheckViolated(_) => messages::OPERAND_TYPE.to_owned(),
    }
}
