//! The operations that an `X-Amz-Target` header can name.

/// The prefix of the data and control plane.
const PREFIX: &str = "DynamoDB_20120810.";
/// The prefix of DynamoDB Streams.
const STREAMS_PREFIX: &str = "DynamoDBStreams_20120810.";

macro_rules! operations {
    (
        checked by hand: $($name:ident),* $(,)?;
        checked by the model: $($modelled:ident),* $(,)?;
        streams: $($stream_name:ident),* $(,)?
    ) => {
        /// The operations of this server.
        #[allow(clippy::enum_variant_names)] // The names are the API's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Operation {
            $($name,)*
            $($modelled,)*
            $($stream_name,)*
        }

        impl Operation {
            #[cfg(test)]
            pub(crate) const ALL: &[(&'static str, Operation)] = &[
                $((stringify!($name), Operation::$name),)*
                $((stringify!($modelled), Operation::$modelled),)*
                $((stringify!($stream_name), Operation::$stream_name),)*
            ];

            /// Its name, if its requests are checked as the API model declares them (`model`); the others do that themselves.
            pub(crate) fn modelled(self) -> Option<&'static str> {
                match self {
                    $(Operation::$modelled => Some(stringify!($modelled)),)*
                    $(Operation::$name => None,)*
                    $(Operation::$stream_name => None,)*
                }
            }

            /// Its name in the API.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Operation::$name => stringify!($name),)*
                    $(Operation::$modelled => stringify!($modelled),)*
                    $(Operation::$stream_name => stringify!($stream_name),)*
                }
            }

            fn parse_of_tables(name: &str) -> Option<Operation> {
                match name {
                    $(stringify!($name) => Some(Operation::$name),)*
                    $(stringify!($modelled) => Some(Operation::$modelled),)*
                    _ => None,
                }
            }

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
    checked by hand: BatchExecuteStatement,
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
    checked by the model: CancelBulkOperation,
    CreateBackup,
    CreateGlobalTable,
    DeleteBackup,
    DeleteResourcePolicy,
    DescribeBackup,
    DescribeBulkOperation,
    DescribeContinuousBackups,
    DescribeContributorInsights,
    DescribeExport,
    DescribeGlobalTable,
    DescribeGlobalTableSettings,
    DescribeImport,
    DescribeKinesisStreamingDestination,
    DescribeTableReplicaAutoScaling,
    DisableKinesisStreamingDestination,
    EnableKinesisStreamingDestination,
    ExportTableToPointInTime,
    GetResourcePolicy,
    ImportTable,
    ListBackups,
    ListBulkOperations,
    ListContributorInsights,
    ListExports,
    ListGlobalTables,
    ListImports,
    PutResourcePolicy,
    RestoreTableFromBackup,
    RestoreTableToPointInTime,
    SearchVectors,
    StartBulkPutItems,
    UpdateContinuousBackups,
    UpdateContributorInsights,
    UpdateGlobalTable,
    UpdateGlobalTableSettings,
    UpdateKinesisStreamingDestination,
    UpdateTableReplicaAutoScaling;
    streams: DescribeStream,
    GetRecords,
    GetShardIterator,
    ListStreams,
];

impl Operation {
    /// The operation that a target names.
    pub(crate) fn parse(target: &str) -> Option<Operation> {
        match target.strip_prefix(PREFIX) {
            Some(name) => Operation::parse_of_tables(name),
            None => Operation::parse_of_streams(target.strip_prefix(STREAMS_PREFIX)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_has_62_operations_and_4_for_streams() {
        assert_eq!(Operation::ALL.len(), 62 + 4);
        for (position, (name, operation)) in Operation::ALL.iter().enumerate() {
            let prefix = if position < 62 {
                PREFIX
            } else {
                STREAMS_PREFIX
            };
            let target = format!("{prefix}{name}");
            assert_eq!(Operation::parse(&target), Some(*operation));
            let modelled = operation.modelled();
            assert!(modelled.is_none_or(|modelled| modelled == *name));
        }
    }

    #[test]
    fn targets_are_told_apart() {
        for target in [
            "",
            "GetItem",
            "DynamoDB_20111205.GetItem",
            "DynamoDB_20120810.getItem",
            "DynamoDB_20120810.GetRecords",
            "DynamoDBStreams_20120810.GetItem",
        ] {
            assert_eq!(Operation::parse(target), None, "{target}");
        }
    }
}
