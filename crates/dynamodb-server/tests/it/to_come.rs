//! Operations whose features are not there yet: they say so, with the exceptions that SDKs know from the API model.

use crate::server::{Client, Server};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/music";

fn check(answers: &[String], expected: Expect) {
    expected.assert_eq(&answers.join("\n"));
}

/// Whether SDKs know the exception for that operation.
fn is_declared(operation: &str, exception: &str) -> bool {
    let model = include_str!("../../src/model/requests.txt");
    let begin = format!("operation {operation} ");
    let declared = model.lines().find_map(|line| line.strip_prefix(&begin));
    let mut declared = declared.expect("an operation").split(' ');
    ["ValidationException", "SerializationException"].contains(&exception)
        || declared.any(|name| name == exception)
}

async fn ask(client: &mut Client, questions: &[(&str, Value)]) -> Vec<String> {
    let mut answers = Vec::new();
    for (operation, request) in questions {
        let answer = client.call(operation, request.to_string()).await;
        let shown = match answer.status {
            200 => String::from_utf8_lossy(&answer.body).into_owned(),
            _ => answer.exception(),
        };
        let exception = shown
            .split(' ')
            .nth(1)
            .map(|name| name.trim_end_matches(':'));
        let known = answer.status == 200 || is_declared(operation, exception.unwrap_or_default());
        assert!(known, "{operation} declares no such exception: {shown}");
        answers.push(format!("{operation}: {shown}"));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_backups() {
    let (_server, mut client) = Server::with_music().await;
    let backup = format!("{ARN}/backup/01489602797149-73d8d5bc");
    let recovery = |enabled: bool| json!({"TableName": "music", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled}});
    let restore = |source: &str, target: &str| json!({"SourceTableName": source, "TargetTableName": target, "UseLatestRestorableTime": true});
    let answers = ask(
        &mut client,
        &[
            (
                "ListBackups",
                json!({"TableName": "music", "BackupType": "ALL"}),
            ),
            ("ListBackups", json!({"Limit": 0})),
            (
                "CreateBackup",
                json!({"TableName": "music", "BackupName": "one"}),
            ),
            (
                "CreateBackup",
                json!({"TableName": "nope", "BackupName": "one"}),
            ),
            ("CreateBackup", json!({"TableName": "music"})),
            ("DescribeBackup", json!({"BackupArn": backup})),
            ("DeleteBackup", json!({"BackupArn": backup})),
            ("DeleteBackup", json!({"BackupArn": "short"})),
            (
                "RestoreTableFromBackup",
                json!({"BackupArn": backup, "TargetTableName": "copy"}),
            ),
            (
                "RestoreTableFromBackup",
                json!({"BackupArn": backup, "TargetTableName": "music"}),
            ),
            ("DescribeContinuousBackups", json!({"TableName": "music"})),
            ("DescribeContinuousBackups", json!({"TableName": ARN})),
            ("DescribeContinuousBackups", json!({"TableName": "nope"})),
            ("UpdateContinuousBackups", recovery(true)),
            ("UpdateContinuousBackups", recovery(false)),
            ("UpdateContinuousBackups", json!({"TableName": "music"})),
            ("RestoreTableToPointInTime", restore("music", "copy")),
            ("RestoreTableToPointInTime", restore("nope", "copy")),
            ("RestoreTableToPointInTime", restore("music", "music")),
            (
                "RestoreTableToPointInTime",
                json!({"TargetTableName": "copy"}),
            ),
            (
                "RestoreTableToPointInTime",
                json!({"SourceTableArn": ARN, "TargetTableName": "copy"}),
            ),
        ],
    )
    .await;
    check(
        &answers,
        expect![[r#"
        ListBackups: {"BackupSummaries":[]}
        ListBackups: 400 ValidationException: 1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1
        CreateBackup: 400 ContinuousBackupsUnavailableException: CreateBackup is not available in this version of ShaleDB
        CreateBackup: 400 TableNotFoundException: Table not found: nope
        CreateBackup: 400 ValidationException: 1 validation error detected: Value at 'BackupName' failed to satisfy constraint: Member must not be null
        DescribeBackup: 400 BackupNotFoundException: Backup not found: arn:aws:dynamodb:us-east-1:000000000000:table/music/backup/01489602797149-73d8d5bc
        DeleteBackup: 400 BackupNotFoundException: Backup not found: arn:aws:dynamodb:us-east-1:000000000000:table/music/backup/01489602797149-73d8d5bc
        DeleteBackup: 400 ValidationException: 1 validation error detected: Value at 'BackupArn' failed to satisfy constraint: Member must have length greater than or equal to 37
        RestoreTableFromBackup: 400 BackupNotFoundException: Backup not found: arn:aws:dynamodb:us-east-1:000000000000:table/music/backup/01489602797149-73d8d5bc
        RestoreTableFromBackup: 400 TableAlreadyExistsException: Table already exists: music
        DescribeContinuousBackups: {"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"DISABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}
        DescribeContinuousBackups: {"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"DISABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}
        DescribeContinuousBackups: 400 TableNotFoundException: Table not found: nope
        UpdateContinuousBackups: 400 ContinuousBackupsUnavailableException: Point-in-time recovery is not available in this version of ShaleDB
        UpdateContinuousBackups: {"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"DISABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}
        UpdateContinuousBackups: 400 ValidationException: 1 validation error detected: Value at 'PointInTimeRecoverySpecification' failed to satisfy constraint: Member must not be null
        RestoreTableToPointInTime: 400 PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table 'music'
        RestoreTableToPointInTime: 400 TableNotFoundException: Table not found: nope
        RestoreTableToPointInTime: 400 TableAlreadyExistsException: Table already exists: music
        RestoreTableToPointInTime: 400 ValidationException: One or more parameter values were invalid: One of SourceTableName and SourceTableArn must be specified
        RestoreTableToPointInTime: 400 PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table 'music'"#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_exports_imports_and_bulk_operations() {
    let (_server, mut client) = Server::with_music().await;
    let import = |table: &str| {
        json!({"S3BucketSource": {"S3Bucket": "bucket"}, "InputFormat": "CSV", "TableCreationParameters": {
            "TableName": table,
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}})
    };
    let export = |arn: &str| json!({"TableArn": arn, "S3Bucket": "bucket"});
    let bulk = |table: &str| {
        json!({"TableName": table, "InputS3Configuration": {"S3Bucket": "bucket", "InputFormat": "ION"},
            "OutputS3Configuration": {"OutputType": ["ERROR"]}})
    };
    let one = format!("{ARN}/export/01234567890123-a1b2c3d4");
    let answers = ask(
        &mut client,
        &[
            ("ListExports", json!({})),
            ("ListExports", json!({"MaxResults": 26})),
            ("ListExports", json!({"NextToken": "x"})),
            ("DescribeExport", json!({"ExportArn": one})),
            ("ExportTableToPointInTime", export(ARN)),
            (
                "ExportTableToPointInTime",
                export(&ARN.replace("music", "nope")),
            ),
            ("ExportTableToPointInTime", export("music")),
            (
                "ExportTableToPointInTime",
                json!({"TableArn": ARN, "S3Bucket": "a b"}),
            ),
            ("ListImports", json!({"PageSize": 25})),
            ("ListImports", json!({"NextToken": "x"})),
            ("DescribeImport", json!({"ImportArn": one})),
            ("ImportTable", import("copy")),
            ("ImportTable", import("music")),
            ("ImportTable", json!({})),
            ("ListBulkOperations", json!({})),
            ("DescribeBulkOperation", json!({"BulkOperationArn": one})),
            ("CancelBulkOperation", json!({"BulkOperationArn": one})),
            ("StartBulkPutItems", bulk("music")),
            ("StartBulkPutItems", bulk("nope")),
            ("StartBulkPutItems", json!({"TableName": "music"})),
        ],
    )
    .await;
    check(
        &answers,
        expect![[r#"
        ListExports: {"ExportSummaries":[]}
        ListExports: 400 ValidationException: 1 validation error detected: Value at 'MaxResults' failed to satisfy constraint: Member must have value less than or equal to 25
        ListExports: 400 ValidationException: NextToken x was not given out by this operation
        DescribeExport: 400 ExportNotFoundException: Export not found: arn:aws:dynamodb:us-east-1:000000000000:table/music/export/01234567890123-a1b2c3d4
        ExportTableToPointInTime: 400 PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table 'music'
        ExportTableToPointInTime: 400 TableNotFoundException: Table not found: nope
        ExportTableToPointInTime: 400 ValidationException: Invalid ARN: music is not the ARN of a table of this server
        ExportTableToPointInTime: 400 ValidationException: 1 validation error detected: Value at 'S3Bucket' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$
        ListImports: {"ImportSummaryList":[]}
        ListImports: 400 ValidationException: 2 validation errors detected: Value at 'NextToken' failed to satisfy constraint: Member must satisfy regular expression pattern: ([0-9a-f]{16})+; Value at 'NextToken' failed to satisfy constraint: Member must have length greater than or equal to 112
        DescribeImport: 400 ImportNotFoundException: Import not found: arn:aws:dynamodb:us-east-1:000000000000:table/music/export/01234567890123-a1b2c3d4
        ImportTable: 400 ValidationException: ImportTable is not available in this version of ShaleDB
        ImportTable: 400 ResourceInUseException: Table already exists: music
        ImportTable: 400 ValidationException: 3 validation errors detected: Value at 'S3BucketSource' failed to satisfy constraint: Member must not be null; Value at 'InputFormat' failed to satisfy constraint: Member must not be null; Value at 'TableCreationParameters' failed to satisfy constraint: Member must not be null
        ListBulkOperations: {"BulkOperationsSummaryList":[]}
        DescribeBulkOperation: 400 ResourceNotFoundException: Requested resource not found: Bulk operation: arn:aws:dynamodb:us-east-1:000000000000:table/music/export/01234567890123-a1b2c3d4 not found
        CancelBulkOperation: 400 ResourceNotFoundException: Requested resource not found: Bulk operation: arn:aws:dynamodb:us-east-1:000000000000:table/music/export/01234567890123-a1b2c3d4 not found
        StartBulkPutItems: 400 ValidationException: StartBulkPutItems is not available in this version of ShaleDB
        StartBulkPutItems: 400 ResourceNotFoundException: Requested resource not found: Table: nope not found
        StartBulkPutItems: 400 ValidationException: 2 validation errors detected: Value at 'InputS3Configuration' failed to satisfy constraint: Member must not be null; Value at 'OutputS3Configuration' failed to satisfy constraint: Member must not be null"#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_region_has_no_global_tables() {
    let (_server, mut client) = Server::with_music().await;
    let name = json!({"GlobalTableName": "music"});
    let group = |name: &str| json!({"GlobalTableName": name, "ReplicationGroup": [{"RegionName": "eu-west-1"}]});
    let answers = ask(
        &mut client,
        &[
            ("ListGlobalTables", json!({"RegionName": "eu-west-1"})),
            ("ListGlobalTables", json!({"Limit": 0})),
            ("CreateGlobalTable", group("music")),
            ("CreateGlobalTable", group("nope")),
            ("DescribeGlobalTable", name.clone()),
            ("DescribeGlobalTableSettings", name.clone()),
            (
                "UpdateGlobalTable",
                json!({"GlobalTableName": "music", "ReplicaUpdates": []}),
            ),
            ("UpdateGlobalTable", name.clone()),
            ("UpdateGlobalTableSettings", name),
            (
                "DescribeTableReplicaAutoScaling",
                json!({"TableName": "music"}),
            ),
            (
                "DescribeTableReplicaAutoScaling",
                json!({"TableName": "nope"}),
            ),
            (
                "UpdateTableReplicaAutoScaling",
                json!({"TableName": "music"}),
            ),
            (
                "UpdateTableReplicaAutoScaling",
                json!({"TableName": "nope"}),
            ),
        ],
    )
    .await;
    check(
        &answers,
        expect![[r#"
            ListGlobalTables: {"GlobalTables":[]}
            ListGlobalTables: 400 ValidationException: 1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1
            CreateGlobalTable: 400 ValidationException: CreateGlobalTable is not available in this version of ShaleDB
            CreateGlobalTable: 400 TableNotFoundException: Table not found: nope
            DescribeGlobalTable: 400 GlobalTableNotFoundException: Global table not found: Global table with name: 'music' does not exist.
            DescribeGlobalTableSettings: 400 GlobalTableNotFoundException: Global table not found: Global table with name: 'music' does not exist.
            UpdateGlobalTable: 400 GlobalTableNotFoundException: Global table not found: Global table with name: 'music' does not exist.
            UpdateGlobalTable: 400 ValidationException: 1 validation error detected: Value at 'ReplicaUpdates' failed to satisfy constraint: Member must not be null
            UpdateGlobalTableSettings: 400 GlobalTableNotFoundException: Global table not found: Global table with name: 'music' does not exist.
            DescribeTableReplicaAutoScaling: {"TableAutoScalingDescription":{"TableName":"music","TableStatus":"ACTIVE","Replicas":[]}}
            DescribeTableReplicaAutoScaling: 400 ResourceNotFoundException: Requested resource not found: Table: nope not found
            UpdateTableReplicaAutoScaling: 400 ValidationException: One or more parameter values were invalid: Table music has no replicas that could be scaled: global tables are not available in this version of ShaleDB
            UpdateTableReplicaAutoScaling: 400 ResourceNotFoundException: Requested resource not found: Table: nope not found"#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn destinations_and_vectors_are_off() {
    let (_server, mut client) = Server::with_music().await;
    let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/events";
    let destination = |table: &str| json!({"TableName": table, "StreamArn": stream});
    let search = |table: &str| json!({"TableName": table, "IndexName": "near", "SearchVector": [{"N": "1"}], "TopK": 3});
    let answers = ask(
        &mut client,
        &[
            (
                "DescribeKinesisStreamingDestination",
                json!({"TableName": "music"}),
            ),
            (
                "DescribeKinesisStreamingDestination",
                json!({"TableName": "nope"}),
            ),
            ("EnableKinesisStreamingDestination", destination("music")),
            ("EnableKinesisStreamingDestination", destination("nope")),
            ("DisableKinesisStreamingDestination", destination("music")),
            ("UpdateKinesisStreamingDestination", destination("music")),
            (
                "UpdateKinesisStreamingDestination",
                json!({"TableName": "music"}),
            ),
            ("SearchVectors", search("music")),
            ("SearchVectors", search("nope")),
            ("SearchVectors", json!({"TableName": "music", "TopK": 1})),
        ],
    )
    .await;
    check(
        &answers,
        expect![[r#"
            DescribeKinesisStreamingDestination: {"TableName":"music","KinesisDataStreamDestinations":[]}
            DescribeKinesisStreamingDestination: 400 ResourceNotFoundException: Requested resource not found: Table: nope not found
            EnableKinesisStreamingDestination: 400 ValidationException: This server has no Kinesis endpoint to send changes to: start it with --kinesis-endpoint, --kinesis-access-key-id and --kinesis-secret-access-key (SHALE_KINESIS_ENDPOINT, SHALE_KINESIS_ACCESS_KEY_ID, SHALE_KINESIS_SECRET_ACCESS_KEY)
            EnableKinesisStreamingDestination: 400 ResourceNotFoundException: Requested resource not found: Table: nope not found
            DisableKinesisStreamingDestination: 400 ValidationException: Table is not in a valid state for this operation on a Kinesis streaming destination: No streaming destination with streamArn: arn:aws:kinesis:us-east-1:000000000000:stream/events is enabled for it
            UpdateKinesisStreamingDestination: 400 ValidationException: One or more parameter values were invalid: ApproximateCreationDateTimePrecision must be given
            UpdateKinesisStreamingDestination: 400 ValidationException: 1 validation error detected: Value at 'StreamArn' failed to satisfy constraint: Member must not be null
            SearchVectors: 400 ValidationException: The table does not have the specified index: near
            SearchVectors: 400 ResourceNotFoundException: Requested resource not found
            SearchVectors: 400 ValidationException: 2 validation errors detected: Value at 'IndexName' failed to satisfy constraint: Member must not be null; Value at 'SearchVector' failed to satisfy constraint: Member must not be null"#]],
    );
}
