//! Every sentence that a client can read, worded as the service words it.
//!
//! Not here: when a sentence applies, and which exception type carries it (`exception`).

use shale_item::NumberError;
use std::fmt::Display;

// Protocol.
pub(crate) const INTERNAL: &str =
    "The request processing has failed because of an unknown error, exception or failure.";
pub(crate) const UNEXPECTED_STRUCTURE: &str = "Start of structure or map found where not expected.";
pub(crate) const UNEXPECTED_FIELD_TYPE: &str = "Unexpected field type";
pub(crate) const UNEXPECTED_VALUE_TYPE: &str = "Unexpected value type in payload";
pub(crate) const BODY_TIMEOUT: &str = "The request body did not arrive in time.";
pub(crate) const BODY_BROKEN_OFF: &str = "The request body broke off.";
pub(crate) const BODY_MEMORY: &str =
    "The server holds as many request bodies as it may; try again.";

pub(crate) fn invalid_utf8(valid_up_to: usize) -> String {
    format!("Invalid UTF-8 in the request body at byte {valid_up_to}")
}
pub(crate) fn invalid_json(reason: &str) -> String {
    format!("The request body is not valid JSON: {reason}")
}
pub(crate) fn cannot_be_converted(token: &str, wanted: &str) -> String {
    format!("{token} cannot be converted to {wanted}")
}
pub(crate) fn unrecognized_collection(java_type: &str) -> String {
    format!("Unrecognized collection type {java_type}")
}
pub(crate) fn repeated_member(name: &str) -> String {
    format!("Duplicate member name: {name}")
}
pub(crate) fn body_too_large(limit: usize) -> String {
    format!("Request size exceeded the limit of {limit} bytes")
}
pub(crate) const INVALID_GZIP: &str =
    "The request body is not gzip, although Content-Encoding says so";
pub(crate) fn content_encoding(encoding: &str) -> String {
    format!("Content-Encoding {encoding} is not supported: send gzip, or the body as it is")
}
pub(crate) fn unknown_operation(target: &str) -> String {
    format!(
        "The operation {target} is not an operation of DynamoDB_20120810 or DynamoDBStreams_20120810"
    )
}
pub(crate) const NO_TARGET: &str = "The request has no X-Amz-Target header that names an operation of DynamoDB_20120810 or DynamoDBStreams_20120810";

pub(crate) const NOT_FOUND: &str = "Requests of the DynamoDB API are POSTs to /.\n";

// Signatures.
pub(crate) const MISSING_TOKEN: &str = "Request is missing Authentication Token";
pub(crate) const UNRECOGNIZED_CLIENT: &str =
    "The security token included in the request is invalid.";
pub(crate) const EXPIRED_TOKEN: &str = "The security token included in the request is expired";
pub(crate) fn access_denied(user_arn: &str, action: &str, resource: &str) -> String {
    format!(
        "User: {user_arn} is not authorized to perform: dynamodb:{action} on resource: {resource} because no identity-based policy allows the dynamodb:{action} action"
    )
}
pub(crate) const REQUIRES_CREDENTIAL: &str =
    "Authorization header requires 'Credential' parameter.";
pub(crate) const REQUIRES_SIGNATURE: &str = "Authorization header requires 'Signature' parameter.";
pub(crate) const REQUIRES_SIGNED_HEADERS: &str =
    "Authorization header requires 'SignedHeaders' parameter.";
pub(crate) const REQUIRES_DATE: &str =
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
pub(crate) const UNSIGNED_PAYLOAD: &str =
    "The request body must be signed: UNSIGNED-PAYLOAD is not accepted.";

pub(crate) fn query_requires(parameters: &[&str]) -> String {
    let each = |name: &&str| format!("AWS query-string parameters must include '{name}'. ");
    let all: String = parameters.iter().map(each).collect();
    format!("{all}Re-examine the query-string parameters.")
}
pub(crate) const SIGNED_TWICE: &str =
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
pub(crate) fn url_expires(expires: &str, limit: u64) -> String {
    format!("X-Amz-Expires must be a number of seconds from 1 to {limit}, not '{expires}'")
}
pub(crate) fn url_expired(end: &str, now: &str) -> String {
    format!("Signature expired: {end} is now earlier than {now}")
}
pub(crate) fn authorization(requirements: &[&str], header: &str) -> String {
    let algorithm = header.split(' ').next().unwrap_or_default();
    format!("{} Authorization={algorithm}", requirements.join(" "))
}
pub(crate) fn not_a_pair(piece: &str) -> String {
    format!("'{piece}' not a valid key=value pair (missing equal-sign) in Authorization header.")
}
pub(crate) fn unsupported_algorithm(algorithm: &str) -> String {
    format!("Unsupported AWS 'algorithm': '{algorithm}'.")
}
pub(crate) fn credential_shape(credential: &str) -> String {
    format!(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
    )
}
pub(crate) fn date_format(date: &str) -> String {
    format!(
        "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )
}
pub(crate) fn scope_date(scope: &str, date: &str) -> String {
    format!(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{}', from '{date}'.",
        date.get(..8).unwrap_or(date)
    )
}
pub(crate) fn scope_region(expected: &str, actual: &str) -> String {
    format!(
        "Credential should be scoped to a valid region, not '{actual}'. This server's region is '{expected}'."
    )
}
pub(crate) fn scope_service(expected: &str) -> String {
    format!("Credential should be scoped to correct service: '{expected}'.")
}
pub(crate) fn scope_terminator(actual: &str) -> String {
    format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{actual}'.")
}
pub(crate) fn header_not_signed(name: &str) -> String {
    match name {
        "host" => {
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()
        }
        _ => format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."),
    }
}
pub(crate) fn signature_expired(signed: &str, bound: &str, now: &str) -> String {
    format!("Signature expired: {signed} is now earlier than {bound} ({now} - 15 min.)")
}
pub(crate) fn signature_not_yet_current(signed: &str, bound: &str, now: &str) -> String {
    format!("Signature not yet current: {signed} is still later than {bound} ({now} + 15 min.)")
}
pub(crate) fn signature_mismatch(canonical_request: &str, string_to_sign: &str) -> String {
    format!(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'{canonical_request}'\n\nThe String-to-Sign should have been\n'{string_to_sign}'\n"
    )
}

// Constraints of the API model.
pub(crate) const MEMBER_MISSING: &str = "Member must not be null";
pub(crate) fn at_least(what: &str, min: impl Display) -> String {
    format!("Member must have {what} greater than or equal to {min}")
}
pub(crate) fn at_most(what: &str, max: impl Display) -> String {
    format!("Member must have {what} less than or equal to {max}")
}
pub(crate) fn pattern(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}
pub(crate) fn enumeration(words: &[&str]) -> String {
    format!("Member must satisfy enum value set: {}", bracketed(words))
}
/// `what` is Member (of a list), Map keys or Map value.
pub(crate) fn of_elements(what: &str, rules: &[String]) -> String {
    format!("{what} must satisfy constraint: {}", bracketed(rules))
}
pub(crate) fn constraint(path: &str, rule: &str) -> String {
    format!("Value at '{path}' failed to satisfy constraint: {rule}")
}
pub(crate) fn constraints(violations: &[String]) -> String {
    let noun = if violations.len() == 1 {
        "error"
    } else {
        "errors"
    };
    format!(
        "{} validation {noun} detected: {}",
        violations.len(),
        violations.join("; ")
    )
}

// Attribute values.
pub(crate) const VALUE_IS_EMPTY: &str =
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
pub(crate) const VALUE_HAS_MORE_TYPES: &str = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
pub(crate) const NULL_MUST_BE_TRUE: &str = "One or more parameter values were invalid: Null attribute value types must have the value of true";
pub(crate) const EMPTY_STRING_SET: &str =
    "One or more parameter values were invalid: An string set  may not be empty";
pub(crate) const EMPTY_NUMBER_SET: &str =
    "One or more parameter values were invalid: An number set  may not be empty";
pub(crate) const EMPTY_BINARY_SET: &str =
    "One or more parameter values were invalid: Binary sets should not be empty";
pub(crate) const EMPTY_ATTRIBUTE_NAME: &str =
    "One or more parameter values were invalid: An attribute name must not be empty";
pub(crate) const ATTRIBUTE_NAME_TOO_LONG: &str = "One or more parameter values were invalid: Attribute name is too large, must be less than 65536 bytes";
pub(crate) const NESTED_TOO_DEEP: &str = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
pub(crate) const BASE64_CHARACTER: &str = "Invalid Base64 data in a binary value";

pub(crate) fn base64_length(length: usize) -> String {
    format!("Base64 encoded length is expected a multiple of 4 bytes but found: {length}")
}
pub(crate) const DUPLICATES: &str =
    "One or more parameter values were invalid: Input collection contains duplicates";
/// The service lists the elements of string sets only.
pub(crate) fn duplicates<T: Display>(elements: &[T]) -> String {
    format!(
        "One or more parameter values were invalid: Input collection {} contains duplicates.",
        bracketed(elements)
    )
}
/// `[a, b]`
pub(crate) fn bracketed<T: Display>(elements: &[T]) -> String {
    let elements: Vec<String> = elements.iter().map(T::to_string).collect();
    format!("[{}]", elements.join(", "))
}
pub(crate) fn number(error: NumberError, text: &str) -> String {
    match error {
        NumberError::Invalid if text.is_empty() => {
            "The parameter cannot be converted to a numeric value".to_owned()
        }
        NumberError::Invalid => {
            format!("The parameter cannot be converted to a numeric value: {text}")
        }
        NumberError::TooManyDigits | NumberError::Overflow | NumberError::Underflow => {
            number_range(error).to_owned()
        }
    }
}
pub(crate) fn number_range(error: NumberError) -> &'static str {
    match error {
        NumberError::Invalid => "The parameter cannot be converted to a numeric value",
        NumberError::TooManyDigits => {
            "Attempting to store more than 38 significant digits in a Number"
        }
        NumberError::Overflow => {
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        }
        NumberError::Underflow => {
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        }
    }
}

// Tables.
pub(crate) const TABLE_NAME_LENGTH: &str =
    "TableName must be at least 3 characters long and at most 255 characters long";
pub(crate) const RESOURCE_NOT_FOUND: &str = "Requested resource not found";
pub(crate) const DELETION_PROTECTED: &str = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.";
pub(crate) const FIRST_KEY_NOT_HASH: &str =
    "Invalid KeySchema: The first KeySchemaElement is not a HASH key type";
pub(crate) const SECOND_KEY_NOT_RANGE: &str =
    "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type";
pub(crate) const SAME_KEY_NAMES: &str =
    "Both the Hash Key and the Range Key element in the KeySchema have the same name";
pub(crate) const ATTRIBUTE_DEFINITIONS_DIFFER: &str = "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions";
pub(crate) const THROUGHPUT_MISSING: &str = "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED";
pub(crate) const THROUGHPUT_NOT_ALLOWED: &str = "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST";
pub(crate) const UPDATE_TABLE_EMPTY: &str = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required";
/// `of`: `table`, or `index` and its name.
pub(crate) fn same_throughput(of: &str, read: u64, write: u64) -> String {
    format!(
        "The provisioned throughput for the {of} will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the {of}: {read}. Requested ReadCapacityUnits: {read}. Current WriteCapacityUnits provisioned for the {of}: {write}. Requested WriteCapacityUnits: {write}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )
}
pub(crate) const DUPLICATE_TAG_KEYS: &str =
    "One or more parameter values were invalid: Tags contain duplicate keys";
pub(crate) fn reserved_tag_key(key: &str) -> String {
    format!("One or more parameter values were invalid: Tag keys must not begin with aws: {key}")
}
pub(crate) const TOO_MANY_TAGS: &str =
    "One or more parameter values were invalid: a table has at most 50 tags";

pub(crate) fn table_not_found(name: &str) -> String {
    format!("Requested resource not found: Table: {name} not found")
}
pub(crate) fn table_exists(name: &str) -> String {
    format!("Table already exists: {name}")
}
pub(crate) fn keys_not_defined(keys: &[String], definitions: &[String]) -> String {
    format!(
        "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: {}, AttributeDefinitions: {}",
        bracketed(keys),
        bracketed(definitions)
    )
}
pub(crate) fn attribute_defined_twice(name: &str) -> String {
    format!(
        "One or more parameter values were invalid: Duplicate attribute in AttributeDefinitions: {name}"
    )
}
pub(crate) fn parameter_not_built(parameter: &str) -> String {
    format!(
        "One or more parameter values were invalid: {parameter} is not supported by this version of ShaleDB"
    )
}
pub(crate) fn invalid_arn(arn: &str) -> String {
    format!("Invalid ARN: {arn} is not the ARN of a table of this server")
}
pub(crate) fn invalid_token(token: &str) -> String {
    format!("NextToken {token} was not given out by this operation")
}
pub(crate) fn no_index(name: &str) -> String {
    format!("The table does not have the specified index: {name}")
}
// Source of those about definitions of indexes: API Reference of CreateTable and UpdateTable, Developer Guide "Quotas".

pub(crate) const TOO_MANY_PROJECTED: &str = "One or more parameter values were invalid: Number of projected attributes in indexes exceeds the per-table limit of 100";
pub(crate) const LOCAL_INDEX_WITHOUT_RANGE: &str = "One or more parameter values were invalid: Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex";

pub(crate) fn duplicate_index(name: &str) -> String {
    format!("One or more parameter values were invalid: Duplicate index name: {name}")
}

pub(crate) fn too_many_indexes(kind: &str, limit: usize) -> String {
    format!(
        "One or more parameter values were invalid: {kind} count exceeds the per-table limit of {limit}"
    )
}

pub(crate) fn index_type_conflict(attribute: &str) -> String {
    format!(
        "One or more parameter values were invalid: Attribute {attribute} is a key of another type in the table or in another index"
    )
}

pub(crate) fn index_key_schema(index: &str) -> String {
    format!("One or more parameter values were invalid: Invalid KeySchema of index {index}")
}

pub(crate) fn local_index_later(index: &str) -> String {
    format!(
        "One or more parameter values were invalid: Local secondary index {index} cannot be created or deleted after its table was created"
    )
}

pub(crate) const UNKNOWN_PROJECTION: &str =
    "One or more parameter values were invalid: Unknown ProjectionType: null";
pub(crate) const INCLUDE_WITHOUT_ATTRIBUTES: &str = "One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified";
pub(crate) const ONE_INDEX_UPDATE: &str = "One or more parameter values were invalid: Each GlobalSecondaryIndexUpdate must have exactly one of Create, Update and Delete";
pub(crate) const ONE_ONLINE_INDEX: &str = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";
pub(crate) const CONSISTENT_GLOBAL_INDEX: &str =
    "Consistent reads are not supported on global secondary indexes";

pub(crate) fn empty_list(parameter: &str) -> String {
    format!("One or more parameter values were invalid: List of {parameter} is empty")
}

pub(crate) fn local_index_without_sort(index: &str) -> String {
    format!(
        "One or more parameter values were invalid: Index KeySchema does not have a range key for index: {index}"
    )
}

pub(crate) fn projection_with_attributes(projection_type: &str) -> String {
    format!(
        "One or more parameter values were invalid: ProjectionType is {projection_type}, but NonKeyAttributes is specified"
    )
}

pub(crate) fn index_throughput_missing(index: &str) -> String {
    format!(
        "One or more parameter values were invalid: ProvisionedThroughput is not specified for index: {index}"
    )
}

pub(crate) fn index_throughput_not_allowed(index: &str) -> String {
    format!(
        "One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: {index} when BillingMode is PAY_PER_REQUEST"
    )
}

pub(crate) fn definitions_not_used(defined: &[String], used: &[String]) -> String {
    format!(
        "One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: {}, keys used: {}",
        bracketed(defined),
        bracketed(used)
    )
}

pub(crate) fn all_attributes_of_index(index: &str) -> String {
    format!(
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index {index} because its projection type is not ALL"
    )
}

pub(crate) fn index_does_not_project(index: &str, attributes: &[&str]) -> String {
    format!(
        "One or more parameter values were invalid: Global secondary index {index} does not project {}",
        bracketed(attributes)
    )
}

pub(crate) const INDEX_LAG: &str =
    "The indexes are too far behind for a consistent read. Try again.";
pub(crate) const TTL_DISABLED: &str = "TimeToLive is already disabled";

pub(crate) const NO_PAST: &str = "Items cannot be read as of the past";

pub(crate) const TTL_ENABLED: &str = "TimeToLive is already enabled";

pub(crate) fn ttl_of_another(attribute: &str) -> String {
    format!(
        "TimeToLive is active on a different AttributeName: current AttributeName is {attribute}"
    )
}

pub(crate) fn index_not_ready(name: &str) -> String {
    format!("Cannot read from backfilling global secondary index: {name}")
}

// Keys.
pub(crate) const KEY_DOES_NOT_MATCH: &str = "The provided key element does not match the schema";
/// A key of the table that lies in another segment than the one that is scanned.
pub(crate) fn start_key_of_another_segment(segment: u32, total: u32) -> String {
    format!(
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: {total} Segment: {segment}"
    )
}
pub(crate) const START_KEY_INVALID: &str = "The provided starting key is invalid";
pub(crate) const START_KEY_SCHEMA: &str =
    "The provided starting key is invalid: The provided key element does not match the schema";
pub(crate) const START_KEY_OUTSIDE: &str =
    "The provided starting key is outside query boundaries based on provided conditions";
pub(crate) const START_KEY_RANGE: &str =
    "The provided starting key does not match the range key predicate";
pub(crate) const HASH_KEY_TOO_LARGE: &str = "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes";
pub(crate) const RANGE_KEY_TOO_LARGE: &str = "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes";

pub(crate) fn missing_key(name: &str) -> String {
    format!("One or more parameter values were invalid: Missing the key {name} in the item")
}
pub(crate) fn key_type(name: &str, expected: &str, actual: &str) -> String {
    format!(
        "One or more parameter values were invalid: Type mismatch for key {name} expected: {expected} actual: {actual}"
    )
}
pub(crate) fn index_key_type(name: &str, expected: &str, actual: &str, index: &str) -> String {
    format!(
        "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {expected} Actual: {actual} IndexName: {index}"
    )
}
// Of the reasons that the API reference lists for cancelled transactions.
pub(crate) const UPDATED_INDEX_KEY_TYPE: &str =
    "The update expression attempted to update the secondary index key to unsupported type";
pub(crate) const UPDATED_INDEX_KEY_SIZE: &str =
    "The update expression attempted to update the secondary index key beyond allowed size limits";
pub(crate) fn empty_index_key(name: &str, binary: bool, index: &str) -> String {
    let kind = if binary { "binary" } else { "string" };
    format!(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty {kind} value. IndexName: {index}, IndexKey: {name}"
    )
}
pub(crate) fn updated_index_key_empty(binary: bool) -> String {
    let kind = if binary { "binary" } else { "string" };
    format!(
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty {kind} value."
    )
}
pub(crate) fn table_named_twice(table: &str) -> String {
    format!(
        "One or more parameter values were invalid: The table {table} is named more than once, by its name and by its ARN"
    )
}
pub(crate) fn empty_key(name: &str, binary: bool) -> String {
    let kind = if binary { "binary" } else { "string" };
    format!(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {kind} value. Key: {name}"
    )
}
pub(crate) fn updates_key(name: &str) -> String {
    format!(
        "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
    )
}

// What comes later, and what follows from its absence. Worded as the API Reference's exceptions where those are true.
pub(crate) fn not_available(feature: &str) -> String {
    format!("{feature} is not available in this version of ShaleDB")
}
pub(crate) fn table_of_backup_not_found(name: &str) -> String {
    format!("Table not found: {name}")
}
pub(crate) fn backup_not_found(arn: &str) -> String {
    format!("Backup not found: {arn}")
}
pub(crate) fn export_not_found(arn: &str) -> String {
    format!("Export not found: {arn}")
}
pub(crate) fn import_not_found(arn: &str) -> String {
    format!("Import not found: {arn}")
}
pub(crate) fn bulk_operation_not_found(arn: &str) -> String {
    format!("Requested resource not found: Bulk operation: {arn} not found")
}
pub(crate) fn no_point_in_time_recovery(table: &str) -> String {
    format!("Point in time recovery is not enabled for table '{table}'")
}
pub(crate) fn global_table_not_found(name: &str) -> String {
    format!("Global table not found: Global table with name: '{name}' does not exist.")
}
pub(crate) fn index_not_found(table: &str, index: &str) -> String {
    format!("Requested resource not found: Table: {table} has no index {index}")
}
pub(crate) fn no_streaming_destination(arn: &str) -> String {
    format!(
        "Table is not in a valid state for this operation on a Kinesis streaming destination: No streaming destination with streamArn: {arn} is enabled for it"
    )
}
pub(crate) fn destination_enabled(arn: &str) -> String {
    format!(
        "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination {arn} must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
    )
}
pub(crate) const DESTINATION_GONE: &str =
    "The Kinesis streaming destination was disabled meanwhile";
pub(crate) const NO_PRECISION: &str =
    "One or more parameter values were invalid: ApproximateCreationDateTimePrecision must be given";
pub(crate) const NO_KINESIS: &str = "This server has no Kinesis endpoint to send changes to: start it with --kinesis-endpoint, --kinesis-access-key-id and --kinesis-secret-access-key (SHALE_KINESIS_ENDPOINT, SHALE_KINESIS_ACCESS_KEY_ID, SHALE_KINESIS_SECRET_ACCESS_KEY)";
pub(crate) fn not_a_kinesis_arn(arn: &str) -> String {
    format!(
        "Invalid StreamArn: {arn} is not of the form arn:aws:kinesis:REGION:ACCOUNT:stream/NAME"
    )
}
pub(crate) const ONE_REPLICA_ACTION: &str = "One or more parameter values were invalid: each of ReplicaUpdates needs exactly one action, and a region may be named once";
pub(crate) const LOCAL_REGION: &str = "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.";
pub(crate) const REPLICA_NOT_FOUND: &str = "Update global table operation failed because one or more replicas were not part of the global table.";
pub(crate) fn replica_exists(table: &str) -> String {
    format!(
        "Failed to create a the new replica of table with name: '{table}' because one or more replicas already existed as tables."
    )
}
pub(crate) fn too_many_replicas(limit: usize) -> String {
    format!("A table has at most {limit} replicas")
}
pub(crate) fn replica_not_reached(region: &str) -> String {
    format!(
        "This server serves {region} alone: the replica is stored, and nothing is replicated to it"
    )
}
pub(crate) fn no_replicas(table: &str) -> String {
    format!(
        "One or more parameter values were invalid: Table {table} has no replicas that could be scaled: global tables are not available in this version of ShaleDB"
    )
}
pub(crate) const RESTORE_SOURCE_MISSING: &str = "One or more parameter values were invalid: One of SourceTableName and SourceTableArn must be specified";

// Settings.
pub(crate) fn limit_not_allowed(member: &str) -> String {
    format!(
        "One or more parameter values were invalid: {member} can only be specified when BillingMode is PAY_PER_REQUEST"
    )
}
pub(crate) fn units_too_few(member: &str, units: i64) -> String {
    format!(
        "One or more parameter values were invalid: {member} must be at least 1, or -1 where a limit is removed; it is {units}"
    )
}
pub(crate) fn warm_throughput_decreased(member: &str, index: Option<&str>) -> String {
    let of = match index {
        None => "table".to_owned(),
        Some(index) => format!("index {index}"),
    };
    format!(
        "One or more parameter values were invalid: Requested {member} for WarmThroughput for {of} is lower than current WarmThroughput, decreasing WarmThroughput is not supported"
    )
}
pub(crate) const SSE_TYPE: &str =
    "One or more parameter values were invalid: The only valid SSEType is KMS";
pub(crate) const KEY_WITHOUT_TYPE: &str = "One or more parameter values were invalid: SSEType KMS is required if KMSMasterKeyId is specified";
pub(crate) const KEY_WITHOUT_ENCRYPTION: &str = "One or more parameter values were invalid: Enabled must be true if KMSMasterKeyId is specified";
pub(crate) const SAME_KEY: &str =
    "One or more parameter values were invalid: Table is already encrypted by given KMSMasterKeyId";
pub(crate) const INDEX_UPDATE_EMPTY: &str = "One or more parameter values were invalid: An update of a GlobalSecondaryIndex must specify ProvisionedThroughput, OnDemandThroughput or WarmThroughput";

// Resource policies.
pub(crate) fn policy_not_found(arn: &str) -> String {
    format!("Resource-based policy not found for the provided ResourceArn: {arn}")
}
pub(crate) fn policy_has_other_revision(arn: &str, expected: &str) -> String {
    format!(
        "Resource-based policy not found for the provided ResourceArn: {arn} with the expected RevisionId {expected}"
    )
}
pub(crate) const POLICY_INVALID: &str =
    "Invalid policy document: it must be a JSON object with a Statement";
pub(crate) fn policy_too_large(size: usize, limit: usize) -> String {
    format!("Invalid policy document: it has {size} bytes, the limit is {limit}")
}
pub(crate) fn resource_not_found(arn: &str) -> String {
    format!("Requested resource not found: ResourceArn: {arn} not found")
}

// Items.
pub(crate) const CONDITION_FAILED: &str = "The conditional request failed";
pub(crate) const ITEM_TOO_LARGE: &str = "Item size has exceeded the maximum allowed size";
pub(crate) const UPDATED_ITEM_TOO_LARGE: &str =
    "Item size to update has exceeded the maximum allowed size";
pub(crate) const COLLECTION_TOO_LARGE: &str = "Collection size exceeded.";
pub(crate) const STATEMENT_TOO_LARGE: &str =
    "The items of the statement are together larger than one statement may insert";
pub(crate) const WRITES_TOO_LARGE: &str =
    "The items written are together more than one transaction may write";
pub(crate) const ABSENT_OPERAND: &str =
    "The provided expression refers to an attribute that does not exist in the item";
pub(crate) const INVALID_UPDATE_PATH: &str =
    "The document path provided in the update expression is invalid for update";
pub(crate) const OPERAND_TYPE: &str =
    "An operand in the update expression has an incorrect data type";
pub(crate) const DUPLICATE_ITEM: &str = "Duplicate primary key exists in table";
pub(crate) const CONTENTION: &str = "Transaction is ongoing for the item";
pub(crate) const RETURN_VALUES_OLD: &str = "ReturnValues can only be ALL_OLD or NONE";

// Expressions.
pub(crate) const NAMES_WITHOUT_EXPRESSION: &str =
    "ExpressionAttributeNames can only be specified when using expressions";
pub(crate) const NAMES_EMPTY: &str = "ExpressionAttributeNames must not be empty";
pub(crate) const VALUES_EMPTY: &str = "ExpressionAttributeValues must not be empty";

pub(crate) fn substitutions_too_large(bytes: usize, limit: usize) -> String {
    format!(
        "ExpressionAttributeNames and ExpressionAttributeValues have exceeded the maximum allowed size; size: {bytes}, maximum size: {limit}"
    )
}
pub(crate) fn values_without_expression(parameters: &[&str]) -> String {
    let verb = if parameters.len() == 1 { "is" } else { "are" };
    format!(
        "ExpressionAttributeValues can only be specified when using expressions: {} {verb} null",
        parameters.join(" and ")
    )
}
pub(crate) fn invalid_placeholder(parameter: &str, key: &str) -> String {
    format!("{parameter} contains invalid key: Syntax error; key: \"{key}\"")
}
pub(crate) fn invalid_placeholder_value(message: &str, key: &str) -> String {
    format!("ExpressionAttributeValues contains invalid value: {message} for key {key}")
}
pub(crate) fn empty_placeholder_name(key: &str) -> String {
    format!("ExpressionAttributeNames contains invalid value: {EMPTY_ATTRIBUTE_NAME} for key {key}")
}
pub(crate) fn unused(parameter: &str, keys: &[&str]) -> String {
    format!(
        "Value provided in {parameter} unused in expressions: keys: {{{}}}",
        keys.join(", ")
    )
}
pub(crate) fn mixed_parameters(legacy: &[&str], expressions: &[&str]) -> String {
    format!(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {{{}}} Expression parameters: {{{}}}",
        legacy.join(", "),
        expressions.join(", ")
    )
}
pub(crate) fn invalid_expression(parameter: &str, reason: &str) -> String {
    format!("Invalid {parameter}: {reason}")
}

// Query and Scan.
pub(crate) const NO_KEY_CONDITION: &str = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.";
pub(crate) const KEY_CONDITION_NOT_SUPPORTED: &str = "Query key condition not supported";
pub(crate) const KEY_CONDITIONS_LENGTH: &str = "Conditions can be of length 1 or 2 only";
pub(crate) const CONDITION_TYPE: &str = "One or more parameter values were invalid: Condition parameter type does not match schema type";
pub(crate) const PROJECTED_WITHOUT_INDEX: &str = "One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName";
pub(crate) const SPECIFIC_WITHOUT_PROJECTION: &str = "One or more parameter values were invalid: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES";
pub(crate) const SEGMENT_MISSING: &str = "The Segment parameter is required but was not present in the request when parameter TotalSegments is present";
pub(crate) const TOTAL_SEGMENTS_MISSING: &str = "The TotalSegments parameter is required but was not present in the request when Segment parameter is present";

pub(crate) fn missed_key_element(name: &str) -> String {
    format!("Query condition missed key schema element: {name}")
}
pub(crate) fn filter_on_key(name: &str) -> String {
    format!(
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
    )
}
pub(crate) fn legacy_filter_on_key(name: &str) -> String {
    format!(
        "QueryFilter can only contain non-primary key attributes: Primary key attribute: {name}"
    )
}
pub(crate) fn projection_with_select(parameter: &str, select: &str) -> String {
    format!("Cannot specify the {parameter} when choosing to get {select}")
}
pub(crate) fn segment_out_of_range(segment: u32, total: u32) -> String {
    format!(
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not less than TotalSegments: {total}"
    )
}

// Batches.
pub(crate) const DUPLICATE_KEYS: &str = "Provided list of item keys contains duplicates";
pub(crate) const WRITE_REQUEST_SHAPE: &str =
    "Supplied WriteRequest must contain exactly one of PutRequest and DeleteRequest";

pub(crate) fn too_many_items(operation: &str) -> String {
    format!("Too many items requested for the {operation} call")
}

// Transactions.
pub(crate) const SAME_ITEM_IN_TRANSACTION: &str =
    "Transaction request cannot include multiple operations on one item";
pub(crate) const TRANSACT_ITEM_SHAPE: &str =
    "TransactItems can only contain one of Check, Put, Update or Delete";
pub(crate) const TRANSACTION_TOO_LONG: &str = "A transaction cannot have more than 100 actions";
pub(crate) const TRANSACTION_TOO_LARGE: &str =
    "The aggregate size of the items in the transaction cannot exceed 4 MB";
pub(crate) const IDEMPOTENT_MISMATCH: &str = "The request was retried with a different payload but with an idempotent token that was already used";
pub(crate) const TRANSACTION_IN_PROGRESS: &str =
    "The transaction with the given request token is already in progress";

pub(crate) fn transaction_canceled(codes: &[&str]) -> String {
    format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons {}",
        bracketed(codes)
    )
}

// Legacy parameters.
pub(crate) const CONDITIONAL_OPERATOR_ALONE: &str =
    "ConditionalOperator cannot be used without Filter or Expected";
pub(crate) const CONDITIONAL_OPERATOR_SINGLE: &str =
    "ConditionalOperator can only be used when Filter or Expected has two or more elements";
pub(crate) fn operator_and_exists(attribute: &str) -> String {
    format!(
        "One or more parameter values were invalid: Exists and ComparisonOperator cannot be used together for Attribute: {attribute}"
    )
}
pub(crate) fn operator_and_value(attribute: &str) -> String {
    format!(
        "One or more parameter values were invalid: Value and AttributeValueList cannot be used together for Attribute: {attribute}"
    )
}
pub(crate) fn list_without_operator(attribute: &str) -> String {
    format!(
        "One or more parameter values were invalid: AttributeValueList can only be used with a ComparisonOperator for Attribute: {attribute}"
    )
}
pub(crate) fn exists_without_value(attribute: &str) -> String {
    format!(
        "One or more parameter values were invalid: Value must be provided when Exists is true for Attribute: {attribute}"
    )
}
pub(crate) fn value_without_exists(attribute: &str) -> String {
    format!(
        "One or more parameter values were invalid: Value cannot be used when Exists is false for Attribute: {attribute}"
    )
}
pub(crate) fn expected_empty(attribute: &str) -> String {
    format!(
        "One or more parameter values were invalid: Value must be provided when Exists is null for Attribute: {attribute}"
    )
}
pub(crate) fn operator_arguments(operator: &str) -> String {
    format!(
        "One or more parameter values were invalid: Invalid number of argument(s) for the {operator} ComparisonOperator"
    )
}
pub(crate) fn operator_type(operator: &str, attribute_type: &str) -> String {
    format!(
        "One or more parameter values were invalid: ComparisonOperator {operator} is not valid for {attribute_type} AttributeValue type"
    )
}
pub(crate) const IN_OF_SEVERAL_TYPES: &str = "One or more parameter values were invalid: AttributeValues inside AttributeValueList must all be of the same type";
pub(crate) const BETWEEN_OF_SEVERAL_TYPES: &str = "One or more parameter values were invalid: AttributeValues inside AttributeValueList must be of same type";
pub(crate) const BETWEEN_DESCENDING: &str = "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound";
pub(crate) const UPDATED_ATTRIBUTE_TYPE: &str = "Type mismatch for attribute to update";
pub(crate) fn key_operator(operator: &str) -> String {
    format!("Attempted conditional constraint is not an indexable operation: {operator}")
}
pub(crate) const UPDATE_WITHOUT_VALUE: &str = "One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified";
pub(crate) fn update_value_type(action: &str, attribute_type: &str) -> String {
    format!(
        "One or more parameter values were invalid: {action} action is not supported for the type {attribute_type}"
    )
}
pub(crate) const DUPLICATE_ATTRIBUTES_TO_GET: &str =
    "One or more parameter values were invalid: Duplicate value in attribute name: ";

// Streams.
pub(crate) const VIEW_TYPE_MISSING: &str = "One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true";
pub(crate) const SHARD_FILTER_INCOMPLETE: &str =
    "One or more parameter values were invalid: ShardFilter must have Type and ShardId";
pub(crate) const INVALID_ITERATOR: &str = "Invalid ShardIterator";
pub(crate) fn invalid_stream_arn(arn: &str) -> String {
    format!("Invalid StreamArn: {arn} is not the ARN of a stream")
}
pub(crate) fn stream_not_found(arn: &str) -> String {
    format!("Requested resource not found: Stream: {arn} not found")
}
pub(crate) fn iterator_needs(iterator_type: &str, member: &str) -> String {
    format!(
        "One or more parameter values were invalid: {member} must be specified when ShardIteratorType is {iterator_type}"
    )
}
pub(crate) fn iterator_takes_no(iterator_type: &str, member: &str) -> String {
    format!(
        "One or more parameter values were invalid: {member} must not be specified when ShardIteratorType is {iterator_type}"
    )
}
pub(crate) const SHARD_NOT_FOUND: &str = "Requested resource not found: Shard does not exist";
pub(crate) const TRIMMED: &str = "The data you are trying to access has been trimmed";
pub(crate) const ITERATOR_EXPIRED: &str = "The provided iterator exceeds the maximum age allowed.";
pub(crate) const SEQUENCE_NUMBER_OF_OTHER_SHARD: &str =
    "Invalid SequenceNumber: it did not come from this shard";
pub(crate) const TIMESTAMP_IN_FUTURE: &str = "Timestamp must not be in the future";
pub(crate) fn stream_enabled(table: &str) -> String {
    format!("Table already has an enabled stream: TableName: {table}")
}
pub(crate) fn stream_not_enabled(table: &str) -> String {
    format!("Table has no stream to disable: TableName: {table}")
}

// PartiQL.
pub(crate) const NEXT_TOKEN_INVALID: &str = "NextToken does not match request";

pub(crate) fn statement_not_valid(reason: &str) -> String {
    format!("Statement wasn't well formed, can't be processed: {reason}")
}
pub(crate) fn statement_not_supported(feature: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("Unsupported operation: {feature} ({hint})"),
        None => format!("Unsupported operation: {feature}"),
    }
}

// The shard.
pub(crate) const DISK_FULL: &str =
    "No space left on the data disk: writes are refused until there is space, reads go on.";
pub(crate) const OUTCOME_UNKNOWN: &str =
    "The outcome of the write is unknown: the disk failed while it was being made durable.";
pub(crate) const ROLLED_BACK: &str =
    "The write depends on writes that could not be made durable; try again.";
pub(crate) const NOT_WRITABLE: &str = "The server takes no writes after a disk failure.";
pub(crate) const NOT_LEADER: &str = "This server no longer leads the shard.";
pub(crate) const SHUTTING_DOWN: &str = "The server is shutting down.";
pub(crate) const SNAPSHOT_TOO_OLD: &str =
    "The read took longer than its snapshot is kept; try again.";
