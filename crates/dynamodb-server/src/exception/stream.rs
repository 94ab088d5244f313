//! What is wrong with a request about a stream.

use super::{Exception, ExceptionType};
use crate::messages;
use shale_engine::{DestinationProblem, StreamProblem};

/// The exception for a problem with a stream whose ARN does not matter.
pub(super) fn from_stream(problem: &StreamProblem) -> Exception {
    use ExceptionType::{ExpiredIterator, ResourceNotFound, TrimmedDataAccess};
    match problem {
        StreamProblem::NotFound => Exception::new(ResourceNotFound, messages::RESOURCE_NOT_FOUND),
        StreamProblem::ShardNotFound => Exception::new(ResourceNotFound, messages::SHARD_NOT_FOUND),
        StreamProblem::Trimmed => Exception::new(TrimmedDataAccess, messages::TRIMMED),
        StreamProblem::IteratorExpired { .. } => {
            Exception::new(ExpiredIterator, messages::ITERATOR_EXPIRED)
        }
        StreamProblem::InvalidSequenceNumber => {
            Exception::validation(messages::SEQUENCE_NUMBER_OF_OTHER_SHARD)
        }
        StreamProblem::FutureTime => Exception::validation(messages::TIMESTAMP_IN_FUTURE),
        StreamProblem::Enabled { table } => Exception::validation(messages::stream_enabled(table)),
        StreamProblem::NotEnabled { table } => {
            Exception::validation(messages::stream_not_enabled(table))
        }
    }
}

/// The exception for a problem with a Kinesis destination.
pub(super) fn from_destination(problem: &DestinationProblem) -> Exception {
    match problem {
        DestinationProblem::Enabled { stream_arn } => {
            Exception::validation(messages::destination_enabled(stream_arn))
        }
        DestinationProblem::NotEnabled { stream_arn } => {
            Exception::validation(messages::no_streaming_destination(stream_arn))
        }
        DestinationProblem::Gone => Exception::validation(messages::DESTINATION_GONE),
    }
}
