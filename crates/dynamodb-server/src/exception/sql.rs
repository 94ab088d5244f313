//! Errors of PartiQL statements.

use super::{Exception, ExceptionType, Subject, from_engine};
use crate::messages;
use shale_sql::SqlError;

// SQLSTATEs of what is wrong with a statement, whatever is stored.
const UNDEFINED_PARAMETER: &str = "42P02";
const WRONG_OBJECT_TYPE: &str = "42809";
const DATATYPE_MISMATCH: &str = "42804";

/// The exception for the error of a statement.
pub(crate) fn from_sql(error: SqlError) -> Exception {
    use ExceptionType as Type;
    match error {
        SqlError::Engine(error) => from_engine(error, Subject::Item),
        SqlError::UndefinedTable { .. } => {
            Exception::new(Type::ResourceNotFound, messages::RESOURCE_NOT_FOUND)
        }
        SqlError::DuplicateTable { name } => {
            Exception::new(Type::ResourceInUse, messages::table_exists(&name))
        }
        SqlError::UniqueViolation { .. } => {
            Exception::new(Type::DuplicateItem, messages::DUPLICATE_ITEM)
        }
        SqlError::NotSupported { feature, hint } => {
            Exception::validation(messages::statement_not_supported(&feature, hint.as_deref()))
        }
        SqlError::Canceled => Exception::new(Type::ServiceUnavailable, messages::SHUTTING_DOWN),
        SqlError::InsufficientPrivilege { .. } => {
            Exception::new(Type::AccessDenied, error.to_string())
        }
        SqlError::Syntax { .. }
        | SqlError::UndefinedColumn { .. }
        | SqlError::UndefinedFunction { .. }
        | SqlError::DuplicateColumn { .. }
        | SqlError::Other {
            sqlstate: UNDEFINED_PARAMETER | WRONG_OBJECT_TYPE | DATATYPE_MISMATCH,
            ..
        } => Exception::validation(messages::statement_not_valid(&error.to_string())),
        // These sentences are the same through both doors; the SQLSTATE is the other door's.
        SqlError::InvalidTableDefinition { .. }
        | SqlError::DatatypeMismatch { .. }
        | SqlError::InvalidText { .. }
        | SqlError::OutOfRange { .. }
        | SqlError::TooLong { .. }
        | SqlError::NotNullViolation { .. }
        | SqlError::CheckViolation { .. }
        | SqlError::UndefinedParameter { .. }
        | SqlError::InvalidParameter { .. }
        | SqlError::TransactionState { .. }
        | SqlError::InCopy { .. }
        | SqlError::ProgramLimit { .. }
        | SqlError::ChangedResultType
        | SqlError::Other { .. }
        | SqlError::Detailed { .. } => Exception::validation(error.to_string()),
    }
}
