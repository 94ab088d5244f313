//! The operations that an `X-Amz-Target` header can name.

/// The prefix of the data and control plane.
const PREFIX: &str = "DynamoDB_20120810.";
/// The prefix of DynamoDB Streams.
const STREAMS_PREFIX: &str = "DynamoDBStreams_20120810.";

/// What a target names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An operation of this server.
    Built(Operation),
    /// An operation of the API that this server does not have.
    NotBuilt(&'static str),
    /// Nothing.
    Unknown,
}

impl Target {
    pub(crate) fn parse(target: &str) -> Target {
        if let Some(name) = target.strip_prefix(PREFIX) {
            if let Some(operation) = Operation::parse(name) {
                return Target::Built(operation);
            }
            return not_built(name);
        }
        let operation = target.strip_prefix(STREAMS_PREFIX);
        let operation = operation.and_then(Operation::parse_of_streams);
        operation.map_or(Target::Unknown, Target::Built)
    }
}

fn not_built(name: &str) -> Target {
    NOT_BUILT
        .iter()
        .find(|known| **known == name)
        .map_or(Target::Unknown, |known| Target::NotBuilt(known))
}

macro_rules! operations {
    ($($name:ident),* $(,)?; $($stream_name:ident),* $(,)?) => {
        /// The operations of this server.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Operation {
            $($name,)*
            $($stream_name,)*
        }

        impl Operation {
            #[cfg(test)]
            pub(crate) const ALL: &[(&'static str, Operation)] = &[$((stringify!($name), Operation::$name),)*];

            fn parse(name: &str) -> Option<Operation> {
                match name {
                    $(stringify!($name) => Some(Operation::$name),)*
                    _ => None,
                }
            }

            /// An operation of DynamoDB Streams, all of which are built.
            fn parse_of_streams(name: &str) -> Option<Operation> {
                match name {
                    $(stringify!($stream_name) => Some(Operation::$stream_name),)*
                    _ => None,
                }
            }
        }
    };
}

operations![
    BatchExecuteStatement,
    BatchGetItem,
    BatchWriteItem,
    CreateTable,
    DeleteItem,
    DeleteTable,
    DescribeEndpoints,
    DescribeLimits,
    DescribeTable,
    DescribeTimeToLive,
    ExecuteStatement,
    ExecuteTransaction,
    GetItem,
    ListTables,
    ListTagsOfResource,
    PutItem,
    Query,
    Scan,
    TagResource,
    TransactGetItems,
    TransactWriteItems,
    UntagResource,
    UpdateItem,
    UpdateTable,
    UpdateTimeToLive;
    DescribeStream,
    GetRecords,
    GetShardIterator,
    ListStreams,
];

/// Operations of the API model that are not built.
const NOT_BUILT: [&str; 37] = [
    "CancelBulkOperation",
    "CreateBackup",
    "CreateGlobalTable",
    "DeleteBackup",
    "DeleteResourcePolicy",
    "DescribeBackup",
    "DescribeBulkOperation",
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeExport",
    "DescribeGlobalTable",
    "DescribeGlobalTableSettings",
    "DescribeImport",
    "DescribeKinesisStreamingDestination",
    "DescribeTableReplicaAutoScaling",
    "DisableKinesisStreamingDestination",
    "EnableKinesisStreamingDestination",
    "ExportTableToPointInTime",
    "GetResourcePolicy",
    "ImportTable",
    "ListBackups",
    "ListBulkOperations",
    "ListContributorInsights",
    "ListExports",
    "ListGlobalTables",
    "ListImports",
    "PutResourcePolicy",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    "SearchVectors",
    "StartBulkPutItems",
    "UpdateContinuousBackups",
    "UpdateContributorInsights",
    "UpdateGlobalTable",
    "UpdateGlobalTableSettings",
    "UpdateKinesisStreamingDestination",
    "UpdateTableReplicaAutoScaling",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_has_62_operations() {
        assert_eq!(Operation::ALL.len() + NOT_BUILT.len(), 62);
        for (name, operation) in Operation::ALL {
            let target = format!("DynamoDB_20120810.{name}");
            assert_eq!(Target::parse(&target), Target::Built(*operation));
            assert!(!NOT_BUILT.contains(name));
        }
    }

    #[test]
    fn targets_are_told_apart() {
        assert_eq!(
            Target::parse("DynamoDB_20120810.ListExports"),
            Target::NotBuilt("ListExports")
        );
        assert_eq!(
            Target::parse("DynamoDBStreams_20120810.GetRecords"),
            Target::Built(Operation::GetRecords)
        );
        for target in [
            "",
            "GetItem",
            "DynamoDB_20111205.GetItem",
            "DynamoDB_20120810.getItem",
            "DynamoDB_20120810.GetRecords",
            "DynamoDBStreams_20120810.GetItem",
        ] {
            assert_eq!(Target::parse(target), Target::Unknown, "{target}");
        }
    }
}
