//! The tables of exceptions, printed.

use super::*;
use expect_test::{Expect, expect};
use shale_auth::sigv4::{Part, SignatureError};
use shale_engine::{DestinationProblem, HistoryProblem, StreamProblem};
use shale_expression::Path;
use shale_item::{AttributeType, AttributeValue, NumberError};
use shale_sql::SqlError;

fn print(exceptions: impl IntoIterator<Item = Exception>, expected: Expect) {
    let lines: Vec<String> = exceptions
        .into_iter()
        .map(|exception| {
            let name = exception.exception_type.name();
            let short = name.rsplit('#').next().unwrap_or(name);
            let code = exception.exception_type.status().as_u16();
            format!("{code} {short}: {}\n", exception.message)
        })
        .collect();
    expected.assert_eq(&lines.concat());
}

fn key_errors() -> Vec<KeyError> {
    let name = || "pk".to_owned();
    vec![
        KeyError::Missing { name: name() },
        KeyError::WrongType {
            name: name(),
            expected: KeyType::S,
            actual: AttributeType::N,
        },
        KeyError::Empty { name: name() },
        KeyError::TooLarge {
            name: name(),
            size: 3000,
            limit: shale_item::PARTITION_KEY_BYTES_MAX,
        },
        KeyError::TooLarge {
            name: name(),
            size: 3000,
            limit: shale_item::SORT_KEY_BYTES_MAX,
        },
        KeyError::NotExact,
        KeyError::Corrupt,
    ]
}

#[test]
fn errors_about_keys() {
    for (subject, expected) in [
        (
            Subject::Item,
            expect![[r#"
            400 ValidationException: One or more parameter values were invalid: Missing the key pk in the item
            400 ValidationException: One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N
            400 ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk
            400 ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes
            400 ValidationException: One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes
            400 ValidationException: The provided key element does not match the schema
            400 ValidationException: The provided key element does not match the schema
        "#]],
        ),
        (
            Subject::Key,
            expect![[r#"
            400 ValidationException: The provided key element does not match the schema
            400 ValidationException: The provided key element does not match the schema
            400 ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk
            400 ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes
            400 ValidationException: One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes
            400 ValidationException: The provided key element does not match the schema
            400 ValidationException: The provided key element does not match the schema
        "#]],
        ),
        (
            Subject::Scan,
            expect![[r#"
            400 ValidationException: The provided starting key is invalid: The provided key element does not match the schema
            400 ValidationException: The provided starting key is invalid: The provided key element does not match the schema
            400 ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk
            400 ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes
            400 ValidationException: One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes
            400 ValidationException: The provided starting key is invalid: The provided key element does not match the schema
            400 ValidationException: The provided key element does not match the schema
        "#]],
        ),
    ] {
        print(
            key_errors()
                .into_iter()
                .map(|error| from_engine(error.into(), subject)),
            expected,
        );
    }
}

#[test]
fn errors_of_the_engine() {
    let name = || "flights".to_owned();
    let path = Path {
        root: "a".to_owned(),
        steps: vec![],
    };
    let limit = |kind| Error::Limit {
        kind,
        actual: 500_000,
        limit: 409_600,
    };
    let errors = [
        (Error::TableNotFound { name: name() }, Subject::Table),
        (Error::TableNotFound { name: name() }, Subject::Item),
        (Error::TableExists { name: name() }, Subject::Table),
        (Error::DeletionProtected { name: name() }, Subject::Table),
        (Error::InvalidTableName { name: name() }, Subject::Table),
        (
            Error::ConditionFailed {
                item: None,
                capacity: 1.0,
            },
            Subject::Item,
        ),
        (Error::ItemExists { key: Item::new() }, Subject::Item),
        (Error::SameKeyTwice, Subject::Item),
        (Error::UpdatesKey { name: name() }, Subject::Update),
        (
            EvaluationError::AbsentOperand(path.clone()).into(),
            Subject::Update,
        ),
        (EvaluationError::InvalidPath(path).into(), Subject::Update),
        (
            EvaluationError::OperandType {
                operator: "+",
                actual: AttributeType::S,
            }
            .into(),
            Subject::Update,
        ),
        (
            EvaluationError::Number(NumberError::Overflow).into(),
            Subject::Update,
        ),
        (
            EvaluationError::TooLarge {
                bytes: 500_000,
                limit: 409_600,
            }
            .into(),
            Subject::Update,
        ),
        (limit(LimitKind::ItemSize), Subject::Item),
        (limit(LimitKind::ItemSize), Subject::Update),
        (limit(LimitKind::Nesting), Subject::Item),
        (limit(LimitKind::InsertSize), Subject::Item),
        (limit(LimitKind::InsertRows), Subject::Item),
        (limit(LimitKind::TransactionActions), Subject::Transaction),
        (limit(LimitKind::TransactionSize), Subject::Transaction),
        (Error::TableNotFound { name: name() }, Subject::Transaction),
        (Error::SameKeyTwice, Subject::Transaction),
        (Error::IdempotentParameterMismatch, Subject::Transaction),
        (Error::TransactionInProgress, Subject::Transaction),
        (limit(LimitKind::StagedSize), Subject::Item),
        (limit(LimitKind::StagedRows), Subject::Item),
        (limit(LimitKind::StagedMemory), Subject::Item),
        (limit(LimitKind::StreamImages), Subject::Item),
        (Error::Stream(StreamProblem::NotFound), Subject::Table),
        (Error::Stream(StreamProblem::ShardNotFound), Subject::Table),
        (Error::Stream(StreamProblem::Trimmed), Subject::Table),
        (
            Error::Stream(StreamProblem::IteratorExpired {
                issued_micros: 1,
                now_micros: 2,
            }),
            Subject::Table,
        ),
        (
            Error::Stream(StreamProblem::InvalidSequenceNumber),
            Subject::Table,
        ),
        (Error::Stream(StreamProblem::FutureTime), Subject::Table),
        (
            Error::Stream(StreamProblem::Enabled { table: name() }),
            Subject::Table,
        ),
        (
            Error::Stream(StreamProblem::NotEnabled { table: name() }),
            Subject::Table,
        ),
        (
            Error::Destination(DestinationProblem::Enabled { stream_arn: name() }),
            Subject::Table,
        ),
        (
            Error::Destination(DestinationProblem::NotEnabled { stream_arn: name() }),
            Subject::Table,
        ),
        (Error::Destination(DestinationProblem::Gone), Subject::Table),
        (
            Error::History(HistoryProblem::Off { table: name() }),
            Subject::Item,
        ),
        (Error::InvalidStartKey, Subject::Query),
        (Error::InvalidStartKey, Subject::Scan),
        (Error::InvalidSortCondition, Subject::Query),
        (
            Error::InvalidSegment {
                segment: 4,
                total: 4,
            },
            Subject::Scan,
        ),
        (Error::KeyContention, Subject::Item),
        (Error::SerializationConflict, Subject::Item),
        (Error::Internal("secret".to_owned()), Subject::Item),
    ];
    print(
        errors
            .into_iter()
            .map(|(error, subject)| from_engine(error, subject)),
        expect![[r#"
            400 ResourceNotFoundException: Requested resource not found: Table: flights not found
            400 ResourceNotFoundException: Requested resource not found
            400 ResourceInUseException: Table already exists: flights
            400 ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.
            400 ValidationException: TableName must be at least 3 characters long and at most 255 characters long
            400 ConditionalCheckFailedException: The conditional request failed
            400 DuplicateItemException: Duplicate primary key exists in table
            400 ValidationException: Provided list of item keys contains duplicates
            400 ValidationException: One or more parameter values were invalid: Cannot update attribute flights. This attribute is part of the key
            400 ValidationException: The provided expression refers to an attribute that does not exist in the item
            400 ValidationException: The document path provided in the update expression is invalid for update
            400 ValidationException: An operand in the update expression has an incorrect data type
            400 ValidationException: Number overflow. Attempting to store a number with magnitude larger than supported range
            400 ValidationException: Item size to update has exceeded the maximum allowed size
            400 ValidationException: Item size has exceeded the maximum allowed size
            400 ValidationException: Item size to update has exceeded the maximum allowed size
            400 ValidationException: Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit
            400 ValidationException: The items of the statement are together larger than one statement may insert
            400 ValidationException: The items of the statement are together larger than one statement may insert
            400 ValidationException: A transaction cannot have more than 100 actions
            400 ValidationException: The aggregate size of the items in the transaction cannot exceed 4 MB
            400 ResourceNotFoundException: Requested resource not found
            400 ValidationException: Transaction request cannot include multiple operations on one item
            400 IdempotentParameterMismatchException: The request was retried with a different payload but with an idempotent token that was already used
            400 TransactionInProgressException: The transaction with the given request token is already in progress
            400 ValidationException: The items written are together more than one transaction may write
            400 ValidationException: The items written are together more than one transaction may write
            400 ValidationException: The items written are together more than one transaction may write
            400 ValidationException: The items written are together more than one transaction may write
            400 ResourceNotFoundException: Requested resource not found
            400 ResourceNotFoundException: Requested resource not found: Shard does not exist
            400 TrimmedDataAccessException: The data you are trying to access has been trimmed
            400 ExpiredIteratorException: The provided iterator exceeds the maximum age allowed.
            400 ValidationException: Invalid SequenceNumber: it did not come from this shard
            400 ValidationException: Timestamp must not be in the future
            400 ValidationException: Table already has an enabled stream: TableName: flights
            400 ValidationException: Table has no stream to disable: TableName: flights
            400 ValidationException: Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination flights must be DISABLED or ENABLE_FAILED to perform ENABLE operation.
            400 ValidationException: Table is not in a valid state for this operation on a Kinesis streaming destination: No streaming destination with streamArn: flights is enabled for it
            400 ValidationException: The Kinesis streaming destination was disabled meanwhile
            400 ValidationException: Items cannot be read as of the past
            400 ValidationException: The provided starting key is outside query boundaries based on provided conditions
            400 ValidationException: The provided starting key is invalid
            400 ValidationException: One or more parameter values were invalid: Condition parameter type does not match schema type
            400 ValidationException: The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 4 is not less than TotalSegments: 4
            400 TransactionConflictException: Transaction is ongoing for the item
            400 TransactionConflictException: Transaction is ongoing for the item
            500 InternalServerError: The request processing has failed because of an unknown error, exception or failure.
        "#]],
    );
}

#[test]
fn reasons_of_cancellations() {
    let error = Error::TransactionCanceled {
        reasons: vec![
            None,
            Some(Error::ConditionFailed {
                item: Some([("pk".to_owned(), AttributeValue::S("a".to_owned()))].into()),
                capacity: 1.0,
            }),
            Some(Error::KeyContention),
            Some(Error::ItemExists { key: Item::new() }),
            Some(KeyError::NotExact.into()),
            Some(Error::Limit {
                kind: LimitKind::ItemSize,
                actual: 500_000,
                limit: 409_600,
            }),
            Some(StorageError::DiskFull.into()),
        ],
    };
    let exception = from_engine(error, Subject::Update);
    expect![[r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"pk":{"S":"a"}},"Message":"The conditional request failed"},{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"},{"Code":"DuplicateItem","Message":"Duplicate primary key exists in table"},{"Code":"ValidationError","Message":"The provided key element does not match the schema"},{"Code":"ValidationError","Message":"Item size to update has exceeded the maximum allowed size"},{"Code":"InternalServerError","Message":"No space left on the data disk: writes are refused until there is space, reads go on."}],"Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, TransactionConflict, DuplicateItem, ValidationError, ValidationError, InternalServerError]"}"#]]
        .assert_eq(&String::from_utf8(exception.to_json()).unwrap());
}

#[test]
fn errors_of_the_shard() {
    let text = || "secret".to_owned();
    let errors = [
        StorageError::DiskFull,
        StorageError::OutcomeUnknown(text()),
        StorageError::Fenced,
        StorageError::RolledBack,
        StorageError::Conflict { written: None },
        StorageError::Poisoned(text()),
        StorageError::SnapshotTooOld,
        StorageError::Locked(text()),
        StorageError::Corrupt(text()),
        StorageError::Invalid("secret"),
        StorageError::Io {
            context: text(),
            message: text(),
        },
        StorageError::Closed,
    ];
    print(
        errors
            .into_iter()
            .map(|error| from_engine(error.into(), Subject::Item)),
        expect![[r#"
            503 ServiceUnavailableException: No space left on the data disk: writes are refused until there is space, reads go on.
            500 InternalServerError: The outcome of the write is unknown: the disk failed while it was being made durable.
            503 ServiceUnavailableException: This server no longer leads the shard.
            503 ServiceUnavailableException: The write depends on writes that could not be made durable; try again.
            400 TransactionConflictException: Transaction is ongoing for the item
            500 InternalServerError: The server takes no writes after a disk failure.
            503 ServiceUnavailableException: The read took longer than its snapshot is kept; try again.
            500 InternalServerError: The request processing has failed because of an unknown error, exception or failure.
            500 InternalServerError: The request processing has failed because of an unknown error, exception or failure.
            500 InternalServerError: The request processing has failed because of an unknown error, exception or failure.
            500 InternalServerError: The request processing has failed because of an unknown error, exception or failure.
            503 ServiceUnavailableException: The server is shutting down.
        "#]],
    );
}

#[test]
fn errors_of_statements() {
    let text = || "text".to_owned();
    let errors = [
        SqlError::Syntax {
            message: text(),
            position: None,
        },
        SqlError::UndefinedTable {
            name: text(),
            position: None,
        },
        SqlError::DuplicateTable { name: text() },
        SqlError::UniqueViolation {
            constraint: text(),
            detail: text(),
        },
        SqlError::NotSupported {
            feature: "JOIN".to_owned(),
            hint: Some("use the PostgreSQL door".to_owned()),
        },
        SqlError::Canceled,
        SqlError::OutOfRange { type_name: text() },
        SqlError::Other {
            sqlstate: "22012",
            message: "division by zero".to_owned(),
            hint: None,
        },
        SqlError::Engine(Error::ConditionFailed {
            item: None,
            capacity: 1.0,
        }),
        SqlError::Engine(Error::ItemExists { key: Item::new() }),
    ];
    print(
        errors.into_iter().map(from_sql),
        expect![[r#"
            400 ValidationException: Statement wasn't well formed, can't be processed: syntax error: text
            400 ResourceNotFoundException: Requested resource not found
            400 ResourceInUseException: Table already exists: text
            400 DuplicateItemException: Duplicate primary key exists in table
            400 ValidationException: Unsupported operation: JOIN (use the PostgreSQL door)
            503 ServiceUnavailableException: The server is shutting down.
            400 ValidationException: text out of range
            400 ValidationException: division by zero
            400 ConditionalCheckFailedException: The conditional request failed
            400 DuplicateItemException: Duplicate primary key exists in table
        "#]],
    );
}

#[test]
fn refused_signatures() {
    let text = || "x".to_owned();
    let errors = [
        SignatureError::Missing,
        SignatureError::Algorithm { algorithm: text() },
        SignatureError::Incomplete {
            missing: vec![
                Part::Credential,
                Part::Signature,
                Part::SignedHeaders,
                Part::Date,
            ],
            header: "AWS4-HMAC-SHA256 a=b".to_owned(),
        },
        SignatureError::NotAPair {
            piece: text(),
            header: text(),
        },
        SignatureError::CredentialShape { credential: text() },
        SignatureError::Date { date: text() },
        SignatureError::ScopeDate {
            scope: "20150830".to_owned(),
            date: "20150831T000000Z".to_owned(),
        },
        SignatureError::ScopeRegion {
            expected: "us-east-1".to_owned(),
            actual: "eu-west-1".to_owned(),
        },
        SignatureError::ScopeService {
            expected: "dynamodb".to_owned(),
            actual: "s3".to_owned(),
        },
        SignatureError::ScopeTerminator { actual: text() },
        SignatureError::NotSigned { name: "host" },
        SignatureError::NotSigned {
            name: "x-amz-target",
        },
        SignatureError::UnsignedPayload,
        SignatureError::Expired {
            signed: "20150830T123600Z".to_owned(),
            now: "20150830T125101Z".to_owned(),
            bound: "20150830T123601Z".to_owned(),
        },
        SignatureError::NotYetCurrent {
            signed: "20150830T125200Z".to_owned(),
            now: "20150830T123600Z".to_owned(),
            bound: "20150830T125100Z".to_owned(),
        },
        SignatureError::UnknownAccessKey { id: text() },
        SignatureError::SessionToken { id: text() },
        SignatureError::SessionExpired { id: text() },
        SignatureError::Mismatch {
            canonical_request: "POST".to_owned(),
            string_to_sign: "AWS4-HMAC-SHA256".to_owned(),
        },
    ];
    print(
        errors.into_iter().map(Exception::from),
        expect![[r#"
            400 MissingAuthenticationTokenException: Request is missing Authentication Token
            400 IncompleteSignatureException: Unsupported AWS 'algorithm': 'x'.
            400 IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256
            400 IncompleteSignatureException: 'x' not a valid key=value pair (missing equal-sign) in Authorization header.
            400 IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'x'
            400 IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got 'x'. See http://en.wikipedia.org/wiki/ISO_8601
            400 InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150830' != '20150831', from '20150831T000000Z'.
            400 InvalidSignatureException: Credential should be scoped to a valid region, not 'eu-west-1'. This server's region is 'us-east-1'.
            400 InvalidSignatureException: Credential should be scoped to correct service: 'dynamodb'.
            400 InvalidSignatureException: Credential should be scoped with a valid terminator: 'aws4_request', not 'x'.
            400 InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.
            400 InvalidSignatureException: 'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.
            400 InvalidSignatureException: The request body must be signed: UNSIGNED-PAYLOAD is not accepted.
            400 InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)
            400 InvalidSignatureException: Signature not yet current: 20150830T125200Z is still later than 20150830T125100Z (20150830T123600Z + 15 min.)
            400 UnrecognizedClientException: The security token included in the request is invalid.
            400 UnrecognizedClientException: The security token included in the request is invalid.
            400 ExpiredTokenException: The security token included in the request is expired
            400 InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.

            The Canonical String for this request should have been
            'POST'

            The String-to-Sign should have been
            'AWS4-HMAC-SHA256'

        "#]],
    );
}

#[test]
fn the_body_of_a_failed_condition_holds_the_item() {
    let item = Item::from([("pk".to_owned(), shale_item::AttributeValue::Bool(true))]);
    let exception = from_engine(
        Error::ConditionFailed {
            item: Some(item),
            capacity: 1.0,
        },
        Subject::Item,
    );
    let body = String::from_utf8(exception.to_json()).expect("UTF-8");
    expect![[r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"pk":{"BOOL":true}}}"#]].assert_eq(&body);
}
