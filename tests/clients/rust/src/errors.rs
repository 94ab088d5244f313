//! Errors by variant, with what the model says that they carry.

use crate::server::{key, number, table, text};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::create_backup::CreateBackupError;
use aws_sdk_dynamodb::operation::describe_export::DescribeExportError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

const NAME: &str = "rust-errors";

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_variants() {
    let client = table(NAME).await;
    let error = client
        .get_item()
        .table_name("nope")
        .set_key(Some(key("ann", 1)))
        .send()
        .await
        .expect_err("no table");
    assert_eq!(
        error
            .raw_response()
            .map(|response| response.status().as_u16()),
        Some(400)
    );
    assert_eq!(error.request_id().map(str::len), Some(52));
    let error = error.into_service_error();
    assert!(
        matches!(error, GetItemError::ResourceNotFoundException(_)),
        "{error:?}"
    );
    assert_eq!(error.message(), Some("Requested resource not found"));

    let wrong = client
        .get_item()
        .table_name(NAME)
        .key("owner", text("ann"))
        .send()
        .await
        .expect_err("half a key");
    assert_eq!(wrong.code(), Some("ValidationException"));
    assert_eq!(
        wrong.message(),
        Some("The provided key element does not match the schema")
    );

    let backup = client
        .create_backup()
        .table_name(NAME)
        .backup_name("one")
        .send()
        .await;
    let backup = backup.expect_err("no backups").into_service_error();
    assert!(
        matches!(
            backup,
            CreateBackupError::ContinuousBackupsUnavailableException(_)
        ),
        "{backup:?}"
    );
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/t/export/01489602797149-73d8d5bc";
    let export = client
        .describe_export()
        .export_arn(arn)
        .send()
        .await
        .expect_err("no exports");
    assert!(matches!(
        export.into_service_error(),
        DescribeExportError::ExportNotFoundException(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_condition_brings_the_item() {
    let client = table("rust-conditions").await;
    let put = client
        .put_item()
        .table_name("rust-conditions")
        .set_item(Some(key("ann", 1)))
        .condition_expression("attribute_not_exists(id)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    put.clone().send().await.expect("the first");
    match put.send().await {
        Err(SdkError::ServiceError(error)) => match error.into_err() {
            PutItemError::ConditionalCheckFailedException(failed) => {
                assert_eq!(failed.item(), Some(&key("ann", 1)))
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }

    let first = Put::builder()
        .table_name("rust-conditions")
        .set_item(Some(key("bob", 1)))
        .build()
        .expect("complete");
    let second = Update::builder()
        .table_name("rust-conditions")
        .set_key(Some(key("ann", 1)))
        .update_expression("SET n = :n")
        .condition_expression("n = :n")
        .expression_attribute_values(":n", number(1))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .expect("complete");
    let canceled = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(first).build())
        .transact_items(TransactWriteItem::builder().update(second).build())
        .send()
        .await
        .expect_err("canceled");
    let TransactWriteItemsError::TransactionCanceledException(canceled) =
        canceled.into_service_error()
    else {
        panic!("another error");
    };
    let reasons = canceled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes, [Some("None"), Some("ConditionalCheckFailed")]);
    assert_eq!(
        (reasons[0].item(), reasons[1].item()),
        (None, Some(&key("ann", 1)))
    );
}
