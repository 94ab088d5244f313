//! What the signer of a request may do, and the exception for what it may not.
//!
//! Not here: who signed (`authentication`). Policies are stored and not enforced; what is enforced is an access key that only reads.
//! Source of the exception's sentence: IAM User Guide, "Troubleshoot access denied error messages".

use crate::exception::{Exception, ExceptionType, from_sql};
use crate::json::{Json, Structure};
use crate::messages;
use crate::operation::Operation;
use crate::service::{ACCOUNT, Service};
use shale_auth::Access;
use shale_auth::sigv4::Signer;
use shale_sql::{SqlError, WriteKind};

/// Who sends a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    user: String,
    access: Access,
}

impl From<Signer> for Caller {
    fn from(signer: Signer) -> Caller {
        Caller {
            user: signer.user,
            access: signer.access,
        }
    }
}

impl Caller {
    /// Whoever sends a request to a server without authentication.
    pub(crate) const ANYBODY: Caller = Caller {
        user: String::new(),
        access: Access::Full,
    };

    /// Whether its statements must not write.
    pub(crate) fn only_reads(&self) -> bool {
        self.access == Access::ReadOnly
    }

    /// Refuses an operation that the caller may not ask for. What PartiQL statements do is known when they are planned:
    /// `SqlError::InsufficientPrivilege`.
    pub(crate) fn check(
        &self,
        service: &Service,
        operation: Operation,
        request: &Structure<'_>,
    ) -> Result<(), Exception> {
        if !self.only_reads() || reads(operation) {
            return Ok(());
        }
        let (action, table) = subject(operation, request);
        Err(self.denied(service, action, table))
    }

    /// The exception for the error of a statement of the caller.
    pub(crate) fn refused(&self, service: &Service, error: SqlError) -> Exception {
        match error {
            SqlError::InsufficientPrivilege { kind, table } => {
                let action = match kind {
                    WriteKind::Insert => "PartiQLInsert",
                    WriteKind::Update => "PartiQLUpdate",
                    WriteKind::Delete => "PartiQLDelete",
                };
                self.denied(service, action, Some(&table))
            }
            other => from_sql(other),
        }
    }

    fn denied(&self, service: &Service, action: &str, table: Option<&str>) -> Exception {
        let user = format!("arn:aws:iam::{ACCOUNT}:user/{}", self.user);
        let resource = match table {
            None => "*".to_owned(),
            Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
            Some(table) => service.table_arn(table),
        };
        let message = messages::access_denied(&user, action, &resource);
        Exception::new(ExceptionType::AccessDenied, message)
    }
}

/// Whether an operation changes nothing, or is one of statements, which are looked at one by one.
fn reads(operation: Operation) -> bool {
    let name = operation.name();
    [
        "Get",
        "List",
        "Describe",
        "BatchGet",
        "TransactGet",
        "Search",
    ]
    .iter()
    .any(|verb| name.starts_with(verb))
        || matches!(
            operation,
            Operation::Query
                | Operation::Scan
                | Operation::ExecuteStatement
                | Operation::BatchExecuteStatement
                | Operation::ExecuteTransaction
        )
}

/// The IAM action of an operation, and the table or the ARN that its request names first.
fn subject<'r>(
    operation: Operation,
    request: &'r Structure<'_>,
) -> (&'static str, Option<&'r str>) {
    let text = |members: &'r [(std::borrow::Cow<'_, str>, Json<'_>)], name: &str| {
        let (_, value) = members.iter().find(|(member, _)| member == name)?;
        value.as_string().ok()
    };
    let first_of = |name: &str| match request.peek(name) {
        Some(Json::String(text)) => Some(text.as_ref()),
        Some(Json::Object(members)) => members.first().map(|(key, _)| key.as_ref()),
        _ => None,
    };
    if operation == Operation::TransactWriteItems
        && let Some(Json::Array(actions)) = request.peek("TransactItems")
        && let Some(Json::Object(action)) = actions.first()
        && let Some((kind, Json::Object(members))) = action.first()
    {
        let action = match kind.as_ref() {
            "ConditionCheck" => "ConditionCheckItem",
            "Delete" => "DeleteItem",
            "Update" => "UpdateItem",
            _ => "PutItem",
        };
        return (action, text(members, "TableName"));
    }
    let names = [
        "TableName",
        "RequestItems",
        "ResourceArn",
        "TargetTableName",
        "TableArn",
    ];
    (operation.name(), names.into_iter().find_map(first_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_write_are_told_from_those_that_read() {
        let writes: Vec<&str> = Operation::ALL
            .iter()
            .filter(|(_, operation)| !reads(*operation))
            .map(|(name, _)| *name)
            .collect();
        expect_test::expect![[r#"
            BatchWriteItem
            CreateTable
            DeleteItem
            DeleteTable
            PutItem
            TagResource
            TransactWriteItems
            UntagResource
            UpdateItem
            UpdateTable
            UpdateTimeToLive
            CancelBulkOperation
            CreateBackup
            CreateGlobalTable
            DeleteBackup
            DeleteResourcePolicy
            DisableKinesisStreamingDestination
            EnableKinesisStreamingDestination
            ExportTableToPointInTime
            ImportTable
            PutResourcePolicy
            RestoreTableFromBackup
            RestoreTableToPointInTime
            StartBulkPutItems
            UpdateContinuousBackups
            UpdateContributorInsights
            UpdateGlobalTable
            UpdateGlobalTableSettings
            UpdateKinesisStreamingDestination
            UpdateTableReplicaAutoScaling"#]]
        .assert_eq(&writes.join("\n"));
    }
}
