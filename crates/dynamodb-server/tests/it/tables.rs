//! CreateTable, DescribeTable, ListTables, DeleteTable and their relatives.

use crate::server::Server;
use expect_test::expect;
use serde_json::{Value, json};

fn table(name: &str) -> Value {
    json!({
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
        "Tags": [{"Key": "team", "Value": "red"}],
        "TableClass": "STANDARD_INFREQUENT_ACCESS"})
}

/// The description of an answer that accepts a change, with the status that follows.
fn accepted(mut answer: Value, status: &str) -> Value {
    let told = answer["TableDescription"]["TableStatus"].take();
    assert_eq!(told, status);
    answer["TableDescription"]["TableStatus"] = "ACTIVE".into();
    answer["TableDescription"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_described_as_it_was_created() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let created = client.ok("CreateTable", table("flights")).await;
    let mut described = client
        .ok("DescribeTable", json!({"TableName": "flights"}))
        .await;
    assert_eq!(accepted(created, "CREATING"), described["Table"]);
    let created_at = described["Table"]["CreationDateTime"].take();
    assert!(created_at.as_f64().expect("seconds") >= 1_700_000_000.0);
    let id = described["Table"]["TableId"].take();
    assert_eq!(id.as_str().expect("a UUID").len(), 36);
    expect![[r#"
        {
          "Table": {
            "AttributeDefinitions": [
              {
                "AttributeName": "pk",
                "AttributeType": "N"
              }
            ],
            "CreationDateTime": null,
            "DeletionProtectionEnabled": false,
            "ItemCount": 0,
            "KeySchema": [
              {
                "AttributeName": "pk",
                "KeyType": "HASH"
              }
            ],
            "ProvisionedThroughput": {
              "NumberOfDecreasesToday": 0,
              "ReadCapacityUnits": 5,
              "WriteCapacityUnits": 6
            },
            "TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/flights",
            "TableClassSummary": {
              "TableClass": "STANDARD_INFREQUENT_ACCESS"
            },
            "TableId": null,
            "TableName": "flights",
            "TableSizeBytes": 0,
            "TableStatus": "ACTIVE"
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&described).expect("JSON"));

    let by_arn = client
        .ok(
            "DescribeTable",
            json!({"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/flights"}),
        )
        .await;
    assert_eq!(by_arn["Table"]["TableName"], "flights");
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_described_by_name() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let definition = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let created = client
        .ok(
            "CreateTable",
            json!({
                "TableName": "threads",
                "AttributeDefinitions": [definition("subject"), definition("forum")],
                "KeySchema": [
                    {"AttributeName": "subject", "KeyType": "HASH"},
                    {"AttributeName": "forum", "KeyType": "RANGE"}],
                "BillingMode": "PAY_PER_REQUEST"}),
        )
        .await;
    assert_eq!(
        created["TableDescription"]["AttributeDefinitions"],
        json!([definition("forum"), definition("subject")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_sizes_are_true() {
    let (_server, mut client) = Server::with_music().await;
    for n in 0..10 {
        client
            .ok(
                "PutItem",
                json!({"TableName": "music", "Item": {
                "artist": {"S": "a"}, "song": {"S": format!("{n}")}}}),
            )
            .await;
    }
    let described = client
        .ok("DescribeTable", json!({"TableName": "music"}))
        .await;
    assert_eq!(described["Table"]["ItemCount"], 10);
    // Names and values: artist + a, song + one digit.
    assert_eq!(described["Table"]["TableSizeBytes"], 10 * (6 + 1 + 4 + 1));
    assert_eq!(
        described["Table"]["BillingModeSummary"]["BillingMode"],
        "PAY_PER_REQUEST"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_exist_or_do_not() {
    let (_server, mut client) = Server::with_music().await;
    let short = client.err("CreateTable", table("ab")).await;
    expect![[r#"400 ValidationException: TableName must be at least 3 characters long and at most 255 characters long"#]].assert_eq(&short);
    let again = client.err("CreateTable", {
        let mut again = table("music");
        again["TableName"] = json!("music");
        again
    });
    expect![[r#"400 ResourceInUseException: Table already exists: music"#]].assert_eq(&again.await);
    for (operation, body, expected) in [
        (
            "DescribeTable",
            json!({"TableName": "nope"}),
            expect![[
                r#"400 ResourceNotFoundException: Requested resource not found: Table: nope not found"#
            ]],
        ),
        (
            "DeleteTable",
            json!({"TableName": "nope"}),
            expect![[
                r#"400 ResourceNotFoundException: Requested resource not found: Table: nope not found"#
            ]],
        ),
        (
            "DescribeTable",
            json!({}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must not be null"#
            ]],
        ),
        (
            "DescribeTable",
            json!({"TableName": "a/b"}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"#
            ]],
        ),
        (
            "DescribeTable",
            json!({"TableName": ""}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must have length greater than or equal to 1"#
            ]],
        ),
        (
            "CreateTable",
            json!({"TableName": 5}),
            expect![[r#"400 SerializationException: NUMBER_VALUE cannot be converted to String"#]],
        ),
        (
            "GetItem",
            json!({"TableName": "nope", "Key": {"pk": {"N": "1"}}}),
            expect![[r#"400 ResourceNotFoundException: Requested resource not found"#]],
        ),
        (
            "PutItem",
            json!({"TableName": "nope", "Item": {"pk": {"N": "1"}}}),
            expect![[r#"400 ResourceNotFoundException: Requested resource not found"#]],
        ),
        (
            "Scan",
            json!({"TableName": "nope"}),
            expect![[r#"400 ResourceNotFoundException: Requested resource not found"#]],
        ),
    ] {
        expected.assert_eq(&client.err(operation, body).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_table_is_gone_with_its_items() {
    let (_server, mut client) = Server::with_music().await;
    client
        .ok(
            "PutItem",
            json!({"TableName": "music", "Item": crate::server::music_key("a", "b")}),
        )
        .await;
    let deleted = client
        .ok("DeleteTable", json!({"TableName": "music"}))
        .await;
    assert_eq!(deleted["TableDescription"]["TableName"], "music");
    assert_eq!(deleted["TableDescription"]["TableStatus"], "DELETING");
    assert_eq!(
        client.ok("ListTables", json!({})).await["TableNames"],
        json!([])
    );
    let mut again = table("music");
    again["AttributeDefinitions"] = json!([{"AttributeName": "artist", "AttributeType": "S"}]);
    again["KeySchema"] = json!([{"AttributeName": "artist", "KeyType": "HASH"}]);
    client.ok("CreateTable", again).await;
    let scanned = client.ok("Scan", json!({"TableName": "music"})).await;
    assert_eq!(scanned["Count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_table_is_not_deleted() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut protected = table("flights");
    protected["DeletionProtectionEnabled"] = json!(true);
    client.ok("CreateTable", protected).await;
    expect![[r#"400 ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."#]]
        .assert_eq(&client.err("DeleteTable", json!({"TableName": "flights"})).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_listed_in_pages() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for name in ["delta", "alpha", "charlie", "bravo"] {
        client.ok("CreateTable", table(name)).await;
    }
    let first = client.ok("ListTables", json!({"Limit": 3})).await;
    assert_eq!(
        first,
        json!({"TableNames": ["alpha", "bravo", "charlie"], "LastEvaluatedTableName": "charlie"})
    );
    let second = client
        .ok(
            "ListTables",
            json!({"Limit": 3, "ExclusiveStartTableName": "charlie"}),
        )
        .await;
    assert_eq!(second, json!({"TableNames": ["delta"]}));
    let exact = client.ok("ListTables", json!({"Limit": 4})).await;
    assert_eq!(
        exact,
        json!({"TableNames": ["alpha", "bravo", "charlie", "delta"]})
    );
    expect![[r#"400 ValidationException: 1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value less than or equal to 100"#]]
        .assert_eq(&client.err("ListTables", json!({"Limit": 101})).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_limits_and_endpoints() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", table("flights")).await;
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/flights";
    let tags = client
        .ok("ListTagsOfResource", json!({"ResourceArn": arn}))
        .await;
    assert_eq!(tags, json!({"Tags": [{"Key": "team", "Value": "red"}]}));
    expect![[r#"400 ValidationException: Invalid ARN: arn:aws:dynamodb:eu-west-1:000000000000:table/flights is not the ARN of a table of this server"#]]
        .assert_eq(&client.err("ListTagsOfResource", json!({"ResourceArn": arn.replace("us-east", "eu-west")})).await);
    let endpoints = client.ok("DescribeEndpoints", json!({})).await;
    assert_eq!(
        endpoints,
        json!({"Endpoints": [{"Address": "localhost", "CachePeriodInMinutes": 1440}]})
    );
    let limits = client.ok("DescribeLimits", json!({})).await;
    assert_eq!(limits.as_object().expect("an object").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_changed() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", table("flights")).await;
    let updated = client
        .ok(
            "UpdateTable",
            json!({"TableName": "flights", "BillingMode": "PAY_PER_REQUEST",
            "TableClass": "STANDARD", "DeletionProtectionEnabled": true}),
        )
        .await;
    let described = client
        .ok("DescribeTable", json!({"TableName": "flights"}))
        .await;
    assert_eq!(accepted(updated, "UPDATING"), described["Table"]);
    assert_eq!(
        described["Table"]["BillingModeSummary"]["BillingMode"],
        "PAY_PER_REQUEST"
    );
    assert_eq!(
        described["Table"]["TableClassSummary"]["TableClass"],
        "STANDARD"
    );
    assert_eq!(described["Table"]["DeletionProtectionEnabled"], true);
    let throughput = json!({"ReadCapacityUnits": 1, "WriteCapacityUnits": 2});
    for (changes, expected) in [
        (
            json!({}),
            expect![[
                r#"400 ValidationException: At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"#
            ]],
        ),
        (
            json!({"ProvisionedThroughput": throughput}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"#
            ]],
        ),
        (
            json!({"BillingMode": "PROVISIONED"}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"#
            ]],
        ),
        (
            json!({"GlobalSecondaryIndexUpdates": []}),
            expect![
                "400 ValidationException: At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"
            ],
        ),
        (
            json!({"StreamSpecification": {"StreamEnabled": true}}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true"#
            ]],
        ),
    ] {
        let mut body = changes;
        body["TableName"] = json!("flights");
        expected.assert_eq(&client.err("UpdateTable", body).await);
    }
    let provisioned = json!({"TableName": "flights", "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": throughput, "DeletionProtectionEnabled": false});
    let updated = client.ok("UpdateTable", provisioned).await;
    assert_eq!(
        updated["TableDescription"]["ProvisionedThroughput"]["WriteCapacityUnits"],
        2
    );
    let again = json!({"TableName": "flights", "ProvisionedThroughput": throughput});
    let same = client.err("UpdateTable", again).await;
    assert!(same.starts_with(
        "400 ValidationException: The provisioned throughput for the table will not change."
    ));
    client
        .ok("DeleteTable", json!({"TableName": "flights"}))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_added_and_removed() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", table("flights")).await;
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/flights";
    let body = json!({"ResourceArn": arn, "Tags": [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}]});
    let answer = client.call("TagResource", body.to_string()).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let body = json!({"ResourceArn": arn, "TagKeys": ["stage", "nothing"]});
    let answer = client.call("UntagResource", body.to_string()).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let tags = client
        .ok("ListTagsOfResource", json!({"ResourceArn": arn}))
        .await;
    assert_eq!(tags, json!({"Tags": [{"Key": "team", "Value": "blue"}]}));
    let many: Vec<Value> = (0..50)
        .map(|n| json!({"Key": n.to_string(), "Value": "x"}))
        .collect();
    expect![[r#"400 ValidationException: One or more parameter values were invalid: a table has at most 50 tags"#]]
        .assert_eq(&client.err("TagResource", json!({"ResourceArn": arn, "Tags": many})).await);
    let reserved = json!({"ResourceArn": arn, "Tags": [{"Key": "aws:team", "Value": "x"}]});
    expect!["400 ValidationException: One or more parameter values were invalid: Tag keys must not begin with aws: aws:team"]
        .assert_eq(&client.err("TagResource", reserved).await);
    expect![[
        r#"400 ResourceNotFoundException: Requested resource not found: Table: nope not found"#
    ]]
    .assert_eq(
        &client
            .err(
                "TagResource",
                json!({"ResourceArn": arn.replace("flights", "nope"), "Tags": []}),
            )
            .await,
    );
}
