//! The types of exceptions, and what the protocol says of each.
//!
//! Not here: when a type is answered (the parent module).

use ::http::StatusCode;

macro_rules! exception_types {
    ($($variant:ident: $space:tt $name:tt,)*) => {
        /// Exception types that this server answers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum ExceptionType {
            $($variant,)*
        }

        impl ExceptionType {
            /// The `__type` member.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("com.amazon", $space, "#", $name),)*
                }
            }
        }
    };
}

exception_types![
    AccessDenied: ".coral.service" "AccessDeniedException",
    BackupNotFound: "aws.dynamodb.v20120810" "BackupNotFoundException",
    ConditionalCheckFailed: "aws.dynamodb.v20120810" "ConditionalCheckFailedException",
    ContinuousBackupsUnavailable: "aws.dynamodb.v20120810" "ContinuousBackupsUnavailableException",
    DuplicateItem: "aws.dynamodb.v20120810" "DuplicateItemException",
    ExpiredIterator: "aws.dynamodb.v20120810" "ExpiredIteratorException",
    ExpiredToken: ".coral.service" "ExpiredTokenException",
    ExportNotFound: "aws.dynamodb.v20120810" "ExportNotFoundException",
    GlobalTableNotFound: "aws.dynamodb.v20120810" "GlobalTableNotFoundException",
    IdempotentParameterMismatch: "aws.dynamodb.v20120810" "IdempotentParameterMismatchException",
    ImportNotFound: "aws.dynamodb.v20120810" "ImportNotFoundException",
    IncompleteSignature: ".coral.service" "IncompleteSignatureException",
    InternalServerError: "aws.dynamodb.v20120810" "InternalServerError",
    InvalidSignature: ".coral.service" "InvalidSignatureException",
    ItemCollectionSizeLimitExceeded: "aws.dynamodb.v20120810" "ItemCollectionSizeLimitExceededException",
    LimitExceeded: "aws.dynamodb.v20120810" "LimitExceededException",
    MissingAuthenticationToken: ".coral.service" "MissingAuthenticationTokenException",
    PointInTimeRecoveryUnavailable: "aws.dynamodb.v20120810" "PointInTimeRecoveryUnavailableException",
    PolicyNotFound: "aws.dynamodb.v20120810" "PolicyNotFoundException",
    RequestEntityTooLarge: ".coral.service" "RequestEntityTooLargeException",
    RequestTimeout: ".coral.service" "RequestTimeoutException",
    ResourceInUse: "aws.dynamodb.v20120810" "ResourceInUseException",
    ResourceNotFound: "aws.dynamodb.v20120810" "ResourceNotFoundException",
    Serialization: ".coral.service" "SerializationException",
    ServiceUnavailable: ".coral.availability" "ServiceUnavailableException",
    TableAlreadyExists: "aws.dynamodb.v20120810" "TableAlreadyExistsException",
    TableNotFound: "aws.dynamodb.v20120810" "TableNotFoundException",
    TransactionCanceled: "aws.dynamodb.v20120810" "TransactionCanceledException",
    TransactionConflict: "aws.dynamodb.v20120810" "TransactionConflictException",
    TransactionInProgress: "aws.dynamodb.v20120810" "TransactionInProgressException",
    TrimmedDataAccess: "aws.dynamodb.v20120810" "TrimmedDataAccessException",
    UnknownOperation: ".coral.service" "UnknownOperationException",
    UnrecognizedClient: ".coral.service" "UnrecognizedClientException",
    Validation: ".coral.validate" "ValidationException",
];

impl ExceptionType {
    /// The HTTP code. SDKs retry 5xx, not 4xx.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::RequestEntityTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::AccessDenied
            | Self::BackupNotFound
            | Self::ConditionalCheckFailed
            | Self::ContinuousBackupsUnavailable
            | Self::DuplicateItem
            | Self::ExpiredIterator
            | Self::ExpiredToken
            | Self::ExportNotFound
            | Self::GlobalTableNotFound
            | Self::IdempotentParameterMismatch
            | Self::ImportNotFound
            | Self::IncompleteSignature
            | Self::InvalidSignature
            | Self::ItemCollectionSizeLimitExceeded
            | Self::LimitExceeded
            | Self::MissingAuthenticationToken
            | Self::PointInTimeRecoveryUnavailable
            | Self::PolicyNotFound
            | Self::ResourceInUse
            | Self::ResourceNotFound
            | Self::Serialization
            | Self::TableAlreadyExists
            | Self::TableNotFound
            | Self::TransactionCanceled
            | Self::TransactionConflict
            | Self::TransactionInProgress
            | Self::TrimmedDataAccess
            | Self::UnknownOperation
            | Self::UnrecognizedClient
            | Self::Validation => StatusCode::BAD_REQUEST,
        }
    }

    /// The member with the message, which the API model writes in two ways.
    pub(super) fn message_member(self) -> &'static str {
        match self {
            Self::AccessDenied
            | Self::IdempotentParameterMismatch
            | Self::TransactionCanceled
            | Self::TransactionInProgress => "Message",
            Self::BackupNotFound
            | Self::ConditionalCheckFailed
            | Self::ContinuousBackupsUnavailable
            | Self::DuplicateItem
            | Self::ExpiredIterator
            | Self::ExpiredToken
            | Self::ExportNotFound
            | Self::GlobalTableNotFound
            | Self::ImportNotFound
            | Self::IncompleteSignature
            | Self::InternalServerError
            | Self::InvalidSignature
            | Self::ItemCollectionSizeLimitExceeded
            | Self::LimitExceeded
            | Self::MissingAuthenticationToken
            | Self::PointInTimeRecoveryUnavailable
            | Self::PolicyNotFound
            | Self::RequestEntityTooLarge
            | Self::RequestTimeout
            | Self::ResourceInUse
            | Self::ResourceNotFound
            | Self::Serialization
            | Self::ServiceUnavailable
            | Self::TableAlreadyExists
            | Self::TableNotFound
            | Self::TransactionConflict
            | Self::TrimmedDataAccess
            | Self::UnknownOperation
            | Self::UnrecognizedClient
            | Self::Validation => "message",
        }
    }
}
