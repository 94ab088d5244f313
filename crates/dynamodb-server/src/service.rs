//! What all requests share, and the dispatch to the operations.

use crate::authentication::Authentication;
use crate::body::BodyBudget;
use crate::constraints::table_of_arn;
use crate::cors::CorsOrigins;
use crate::exception::{Exception, Subject, canceled, from_engine};
use crate::json::{Json, Structure};
use crate::kinesis::Kinesis;
use crate::messages;
use crate::model;
use crate::operation::Operation;
use crate::operations;
use crate::permission::Caller;
use crate::server::{Clock, DynamoDbOptions};
use hyper::http::request::Parts;
use shale_engine::{Engine, Error, TableDescription};
use shale_item::{KeyAttribute, KeyError, KeyType};
use shale_sql::SqlService;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The account of ARNs: there are no accounts here.
pub(crate) const ACCOUNT: &str = "000000000000";

/// The door's state.
pub(crate) struct Service {
    pub(crate) engine: Engine,
    pub(crate) sql: SqlService,
    pub(crate) region: String,
    pub(crate) bodies: BodyBudget,
    pub(crate) cors: CorsOrigins,
    /// Sending to Kinesis, if there is an endpoint.
    pub(crate) kinesis: Option<Arc<Kinesis>>,
    authentication: Option<Authentication>,
    pub(crate) clock: Clock,
}

impl Service {
    pub(crate) fn new(options: DynamoDbOptions) -> Service {
        Service {
            authentication: options
                .credentials
                .map(|credentials| Authentication::new(&options.region, credentials)),
            engine: options.engine,
            sql: options.sql,
            region: options.region,
            bodies: BodyBudget::new(),
            cors: options.cors,
            kinesis: options
                .kinesis
                .map(|options| Arc::new(Kinesis::new(options))),
            clock: options.clock,
        }
    }

    /// Who sends a request; refuses one that is not signed as it must be.
    pub(crate) fn authenticate(&self, parts: &Parts, body: &[u8]) -> Result<Caller, Exception> {
        match &self.authentication {
            Some(authentication) => {
                let signer = authentication.check(parts, body, self.now_micros())?;
                Ok(Caller::from(signer))
            }
            None => Ok(Caller::ANYBODY),
        }
    }

    /// Runs an operation; the answer's body.
    pub(crate) async fn run(
        &self,
        caller: &Caller,
        operation: Operation,
        body: &[u8],
        host: &str,
    ) -> Result<Vec<u8>, Exception> {
        let json = Json::parse(body)?;
        if let Some(name) = operation.modelled() {
            model::check(name, &json)?;
        }
        let request = Structure::open(json, "Request")?;
        caller.check(self, operation, &request)?;
        match operation {
            Operation::BatchExecuteStatement => {
                operations::batch_execute_statement(self, caller, request).await
            }
            Operation::BatchGetItem => operations::batch_get_item(self, request),
            Operation::BatchWriteItem => operations::batch_write_item(self, request, body).await,
            Operation::CreateTable => operations::create_table(self, request).await,
            Operation::DeleteItem => operations::delete_item(self, request).await,
            Operation::DeleteTable => operations::delete_table(self, request).await,
            Operation::DescribeEndpoints => Ok(operations::describe_endpoints(host)),
            Operation::DescribeLimits => Ok(operations::describe_limits()),
            Operation::DescribeStream => operations::describe_stream(self, request),
            Operation::DescribeTable => operations::describe_table(self, request),
            Operation::DescribeTimeToLive => operations::describe_time_to_live(self, request),
            Operation::ExecuteStatement => {
                operations::execute_statement(self, caller, request).await
            }
            Operation::ExecuteTransaction => {
                operations::execute_transaction(self, caller, request).await
            }
            Operation::GetItem => operations::get_item(self, request),
            Operation::GetRecords => operations::get_records(self, request),
            Operation::GetShardIterator => operations::get_shard_iterator(self, request),
            Operation::ListStreams => operations::list_streams(self, request),
            Operation::ListTables => operations::list_tables(self, request),
            Operation::ListTagsOfResource => operations::list_tags_of_resource(self, request),
            Operation::PutItem => operations::put_item(self, request).await,
            Operation::Query => operations::query(self, request),
            Operation::Scan => operations::scan(self, request),
            Operation::TagResource => operations::tag_resource(self, request).await,
            Operation::TransactGetItems => operations::transact_get_items(self, request),
            Operation::TransactWriteItems => operations::transact_write_items(self, request).await,
            Operation::UntagResource => operations::untag_resource(self, request).await,
            Operation::UpdateTable => operations::update_table(self, request).await,
            Operation::UpdateTimeToLive => operations::update_time_to_live(self, request).await,
            Operation::UpdateItem => operations::update_item(self, request).await,
            Operation::ListBackups => Ok(operations::list_backups()),
            Operation::CreateBackup => operations::create_backup(self, request),
            Operation::DescribeBackup | Operation::DeleteBackup => {
                operations::unknown_backup(request)
            }
            Operation::RestoreTableFromBackup => {
                operations::restore_table_from_backup(self, request)
            }
            Operation::RestoreTableToPointInTime => {
                operations::restore_table_to_point_in_time(self, request)
            }
            Operation::DescribeContinuousBackups => {
                operations::describe_continuous_backups(self, request)
            }
            Operation::UpdateContinuousBackups => {
                operations::update_continuous_backups(self, request)
            }
            Operation::ListExports => operations::list_nothing(request, "ExportSummaries"),
            Operation::ListImports => operations::list_nothing(request, "ImportSummaryList"),
            Operation::ListBulkOperations => {
                operations::list_nothing(request, "BulkOperationsSummaryList")
            }
            Operation::ExportTableToPointInTime => {
                operations::export_table_to_point_in_time(self, request)
            }
            Operation::DescribeExport => operations::describe_export(request),
            Operation::ImportTable => operations::import_table(self, request),
            Operation::DescribeImport => operations::describe_import(request),
            Operation::StartBulkPutItems => operations::start_bulk_put_items(self, request),
            Operation::DescribeBulkOperation | Operation::CancelBulkOperation => {
                operations::unknown_bulk_operation(request)
            }
            Operation::ListGlobalTables => Ok(operations::list_global_tables()),
            Operation::CreateGlobalTable => operations::create_global_table(self, request),
            Operation::DescribeGlobalTable
            | Operation::DescribeGlobalTableSettings
            | Operation::UpdateGlobalTable
            | Operation::UpdateGlobalTableSettings => operations::unknown_global_table(request),
            Operation::DescribeTableReplicaAutoScaling => {
                operations::describe_table_replica_auto_scaling(self, request)
            }
            Operation::UpdateTableReplicaAutoScaling => {
                operations::update_table_replica_auto_scaling(self, request)
            }
            Operation::DescribeContributorInsights => {
                operations::describe_contributor_insights(self, request)
            }
            Operation::ListContributorInsights => {
                operations::list_contributor_insights(self, request)
            }
            Operation::UpdateContributorInsights => {
                operations::update_contributor_insights(self, request).await
            }
            Operation::DescribeKinesisStreamingDestination => {
                operations::describe_kinesis_streaming_destination(self, request)
            }
            Operation::EnableKinesisStreamingDestination => {
                operations::enable_kinesis_streaming_destination(self, request).await
            }
            Operation::DisableKinesisStreamingDestination => {
                operations::disable_kinesis_streaming_destination(self, request).await
            }
            Operation::UpdateKinesisStreamingDestination => {
                operations::update_kinesis_streaming_destination(self, request).await
            }
            Operation::SearchVectors => operations::search_vectors(self, request),
            Operation::PutResourcePolicy => operations::put_resource_policy(self, request).await,
            Operation::GetResourcePolicy => operations::get_resource_policy(self, request),
            Operation::DeleteResourcePolicy => {
                operations::delete_resource_policy(self, request).await
            }
        }
    }

    /// The exception for an engine's error about a table.
    pub(crate) fn exception(&self, error: Error, subject: Subject, table: &str) -> Exception {
        // The service tells empty strings from empty binaries; the schema knows which the key is.
        match &error {
            Error::Key(KeyError::Empty { name }) => {
                let binary = self.is_binary_key(table, None, name);
                Exception::validation(messages::empty_key(name, binary))
            }
            Error::IndexKey {
                index,
                error: KeyError::Empty { name },
            } => {
                let binary = self.is_binary_key(table, Some(index), name);
                Exception::validation(match subject {
                    Subject::Update => messages::updated_index_key_empty(binary),
                    Subject::Item
                    | Subject::Key
                    | Subject::Query
                    | Subject::Scan
                    | Subject::Table
                    | Subject::Transaction => messages::empty_index_key(name, binary, index),
                })
            }
            _ => from_engine(error, subject),
        }
    }

    /// Whether that key attribute of a table or of one of its indexes is a binary.
    fn is_binary_key(&self, table: &str, index: Option<&str>, name: &str) -> bool {
        let Ok(description) = self.engine.describe_table(table) else {
            return false;
        };
        let definition = &description.definition;
        let is_it = |key: &KeyAttribute| key.name == name && key.key_type == KeyType::B;
        match index.and_then(|index| definition.derived.index(index)) {
            Some(index) => index.partition.iter().chain(&index.sort).any(is_it),
            None => {
                let schema = &definition.key_schema;
                std::iter::once(&schema.partition)
                    .chain(&schema.sort)
                    .any(is_it)
            }
        }
    }

    /// The exception for an engine's error about a transaction. `parts` are what its actions are about, and their tables.
    pub(crate) fn transaction_exception(
        &self,
        error: Error,
        parts: &[(Subject, &str)],
    ) -> Exception {
        let Error::TransactionCanceled { reasons } = error else {
            return from_engine(error, Subject::Transaction);
        };
        let subject = |position: usize| *parts.get(position).unwrap_or(&(Subject::Item, ""));
        // An empty key is found before anything is read, and is the request's fault, not an action's.
        let empty = reasons.iter().enumerate().find_map(|(position, reason)| {
            let error = reason.as_ref().filter(|error| is_empty_key(error))?;
            Some((position, error.clone()))
        });
        if let Some((position, error)) = empty {
            let (subject, table) = subject(position);
            return self.exception(error, subject, table);
        }
        let reasons = reasons.into_iter().enumerate();
        canceled(reasons.map(|(position, reason)| {
            let (subject, table) = subject(position);
            reason.map(|error| self.exception(error, subject, table))
        }))
    }

    /// Microseconds since the Unix epoch.
    pub(crate) fn now_micros(&self) -> u64 {
        (self.clock)()
    }

    /// A table that must be there; `missing` is the exception if it is not.
    pub(crate) fn existing_table(
        &self,
        name: &str,
        missing: impl FnOnce() -> Exception,
    ) -> Result<Arc<TableDescription>, Exception> {
        self.engine.describe_table(name).map_err(|_| missing())
    }

    /// The name of the table that a TableName means: itself, or the name in an ARN, which must be one of this server's.
    pub(crate) fn table_name<'a>(&self, name: Cow<'a, str>) -> Result<Cow<'a, str>, Exception> {
        match table_of_arn(&name) {
            None => Ok(name),
            Some(table) if self.table_arn(table) == *name => Ok(Cow::Owned(table.to_owned())),
            Some(_) => Err(Exception::validation(messages::invalid_arn(&name))),
        }
    }

    /// The names of tables that a batch means. A table may be named once, by its name or by its ARN: what is answered has a member per
    /// table.
    pub(crate) fn check_named_once<'t>(
        tables: impl Iterator<Item = &'t str>,
    ) -> Result<(), Exception> {
        let mut seen = BTreeSet::new();
        for table in tables {
            if !seen.insert(table) {
                return Err(Exception::validation(messages::table_named_twice(table)));
            }
        }
        Ok(())
    }

    pub(crate) fn table_arn(&self, name: &str) -> String {
        self.table_arn_in(&self.region, name)
    }

    /// The ARN of a table of another region.
    pub(crate) fn table_arn_in(&self, region: &str, name: &str) -> String {
        format!("arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}")
    }

    pub(crate) fn kms_arn(&self, key: &str) -> String {
        format!("arn:aws:kms:{}:{ACCOUNT}:{key}", self.region)
    }

    pub(crate) fn health(&self) -> String {
        format!("healthy: dynamodb.{}\n", self.region)
    }

    pub(crate) fn welcome(&self) -> String {
        format!(
            "{}This is ShaleDB's DynamoDB endpoint: point an AWS SDK or the AWS CLI at it with --endpoint-url and region {}.\n",
            self.health(),
            self.region
        )
    }
}

/// Whether a key attribute of a table or an index was given an empty value.
fn is_empty_key(error: &Error) -> bool {
    matches!(
        error,
        Error::Key(KeyError::Empty { .. })
            | Error::IndexKey {
                error: KeyError::Empty { .. },
                ..
            }
    )
}
