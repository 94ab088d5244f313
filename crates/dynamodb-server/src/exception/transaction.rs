//! Why parts of a request failed: cancellation reasons of transactions, and errors of the statements of a batch.

use super::{Exception, ExceptionType};
use crate::attribute_value::write_item;
use crate::json::{ObjectWriter, write_list};
use crate::messages;
use shale_item::Item;

/// The code of an action that nothing is wrong with.
const NO_REASON: &str = "None";

/// One of CancellationReasons.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CancellationReason {
    code: &'static str,
    message: Option<String>,
    /// The item that a failed condition saw, if it was asked for.
    item: Option<Box<Item>>,
}

/// The cancellation of a transaction, from what is wrong with each action in order.
pub(crate) fn canceled(reasons: impl Iterator<Item = Option<Exception>>) -> Exception {
    let reasons: Vec<CancellationReason> = reasons.map(reason).collect();
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code).collect();
    Exception {
        reasons,
        ..Exception::new(
            ExceptionType::TransactionCanceled,
            messages::transaction_canceled(&codes),
        )
    }
}

fn reason(exception: Option<Exception>) -> CancellationReason {
    match exception {
        None => CancellationReason {
            code: NO_REASON,
            message: None,
            item: None,
        },
        Some(exception) => CancellationReason {
            code: exception.exception_type.code(),
            message: Some(exception.message),
            item: exception.item,
        },
    }
}

/// Writes the member of the answer.
pub(super) fn write_reasons(out: &mut Vec<u8>, reasons: &[CancellationReason]) {
    write_list(out, reasons, |out, reason| {
        let mut element = ObjectWriter::begin(out);
        write_members(
            &mut element,
            reason.code,
            reason.message.as_deref(),
            reason.item.as_deref(),
        );
        element.end();
    });
}

fn write_members(
    object: &mut ObjectWriter<'_>,
    code: &str,
    message: Option<&str>,
    item: Option<&Item>,
) {
    object.string("Code", code);
    if let Some(item) = item {
        write_item(object.member("Item"), item);
    }
    if let Some(message) = message {
        object.string("Message", message);
    }
}

impl Exception {
    /// Writes the members of a BatchStatementError.
    pub(crate) fn write_statement_error(&self, object: &mut ObjectWriter<'_>) {
        let (message, item) = (Some(self.message.as_str()), self.item.as_deref());
        write_members(object, self.exception_type.code(), message, item);
    }
}

impl ExceptionType {
    /// The code under which an exception stands in a part of an answer: of those that the API model names for cancellation reasons and
    /// for errors of statements.
    fn code(self) -> &'static str {
        match self {
            Self::ConditionalCheckFailed => "ConditionalCheckFailed",
            Self::DuplicateItem => "DuplicateItem",
            Self::ItemCollectionSizeLimitExceeded => "ItemCollectionSizeLimitExceeded",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::TransactionConflict => "TransactionConflict",
            Self::InternalServerError | Self::ServiceUnavailable => "InternalServerError",
            Self::AccessDenied
            | Self::ExpiredToken
            | Self::IncompleteSignature
            | Self::InvalidSignature
            | Self::MissingAuthenticationToken
            | Self::UnrecognizedClient => "AccessDenied",
            Self::BackupNotFound
            | Self::ContinuousBackupsUnavailable
            | Self::ExpiredIterator
            | Self::ExportNotFound
            | Self::GlobalTableNotFound
            | Self::IdempotentParameterMismatch
            | Self::ImportNotFound
            | Self::LimitExceeded
            | Self::PointInTimeRecoveryUnavailable
            | Self::PolicyNotFound
            | Self::RequestEntityTooLarge
            | Self::RequestTimeout
            | Self::ResourceInUse
            | Self::Serialization
            | Self::TableAlreadyExists
            | Self::TableNotFound
            | Self::TransactionCanceled
            | Self::TransactionInProgress
            | Self::TrimmedDataAccess
            | Self::UnknownOperation
            | Self::Validation => "ValidationError",
        }
    }
}
