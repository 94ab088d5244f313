//! BatchGetItem and BatchWriteItem.

use crate::server::{Server, music_key};
use expect_test::expect;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/music";

fn puts(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| json!({"PutRequest": {"Item": music_key("a", &format!("{n:03}"))}}))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_write_and_read() {
    let (_server, mut client) = Server::with_music().await;
    let written = client
        .ok(
            "BatchWriteItem",
            json!({"RequestItems": {"music": puts(25)}, "ReturnConsumedCapacity": "TOTAL"}),
        )
        .await;
    assert_eq!(
        written,
        json!({"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "music", "CapacityUnits": 25.0}]})
    );
    client
        .ok(
            "BatchWriteItem",
            json!({"RequestItems": {"music": [
            {"DeleteRequest": {"Key": music_key("a", "000")}},
            {"PutRequest": {"Item": music_key("b", "000")}}]}}),
        )
        .await;
    let keys = [
        music_key("a", "000"),
        music_key("a", "001"),
        music_key("b", "000"),
    ];
    let read = client
        .ok(
            "BatchGetItem",
            json!({"RequestItems": {"music": {"Keys": keys, "ProjectionExpression": "artist"}}}),
        )
        .await;
    let artists = read["Responses"]["music"].as_array().expect("items");
    assert_eq!(artists.len(), 2);
    assert!(artists.contains(&json!({"artist": {"S": "a"}})));
    assert!(artists.contains(&json!({"artist": {"S": "b"}})));
    assert_eq!(read["UnprocessedKeys"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_with_different_consistency_in_one_call() {
    let (_server, mut client) = Server::with_music().await;
    client
        .ok(
            "CreateTable",
            json!({"TableName": "other", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "B"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}),
        )
        .await;
    client
        .ok(
            "BatchWriteItem",
            json!({"RequestItems": {
            "music": puts(3),
            "other": [{"PutRequest": {"Item": {"pk": {"B": "AA=="}}}}]}}),
        )
        .await;
    let keys = [music_key("a", "000"), music_key("a", "002")];
    let read = client
        .ok(
            "BatchGetItem",
            json!({"ReturnConsumedCapacity": "TOTAL", "RequestItems": {
            "music": {"Keys": keys, "ConsistentRead": true},
            "other": {"Keys": [{"pk": {"B": "AA=="}}]}}}),
        )
        .await;
    assert_eq!(read["Responses"]["music"].as_array().map(Vec::len), Some(2));
    assert_eq!(read["Responses"]["other"], json!([{"pk": {"B": "AA=="}}]));
    assert_eq!(
        read["ConsumedCapacity"],
        json!([
        {"TableName": "music", "CapacityUnits": 2.0}, {"TableName": "other", "CapacityUnits": 0.5}])
    );
    expect![[r#"400 ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: pk"#]]
        .assert_eq(&client.err("GetItem", json!({"TableName": "other", "Key": {"pk": {"B": ""}}})).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_above_16_megabytes_leaves_keys_to_ask_for_again() {
    let (_server, mut client) = Server::with_music().await;
    let mut keys = Vec::new();
    for n in 0..50 {
        let mut item = music_key("a", &n.to_string());
        keys.push(item.clone());
        item["text"] = json!({"S": "x".repeat(390_000)});
        client
            .ok("PutItem", json!({"TableName": "music", "Item": item}))
            .await;
    }
    let mut request = json!({"music": {"Keys": keys, "ConsistentRead": true, "ProjectionExpression": "#s, #t",
        "ExpressionAttributeNames": {"#s": "song", "#t": "text"}}});
    let mut read = 0;
    let mut calls = 0;
    while request != json!({}) {
        let answer = client
            .ok("BatchGetItem", json!({"RequestItems": request}))
            .await;
        read += answer["Responses"]["music"]
            .as_array()
            .expect("items")
            .len();
        request = answer["UnprocessedKeys"].clone();
        calls += 1;
    }
    assert_eq!(read, 50);
    assert_eq!(calls, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_batches_are_named() {
    let (_server, mut client) = Server::with_music().await;
    let key = music_key("a", "b");
    for (operation, items, expected) in [
        (
            "BatchWriteItem",
            json!({}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"#
            ]],
        ),
        (
            "BatchWriteItem",
            json!({"music": []}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
            ],
        ),
        (
            "BatchWriteItem",
            json!({"music": puts(26)}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
            ],
        ),
        (
            "BatchWriteItem",
            json!({"music": [{"PutRequest": {"Item": key}}, {"DeleteRequest": {"Key": key}}]}),
            expect![[r#"400 ValidationException: Provided list of item keys contains duplicates"#]],
        ),
        (
            "BatchWriteItem",
            json!({"music": [{}]}),
            expect![[
                r#"400 ValidationException: Supplied WriteRequest must contain exactly one of PutRequest and DeleteRequest"#
            ]],
        ),
        (
            "BatchWriteItem",
            json!({"music": [{"PutRequest": {}}]}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'RequestItems.music.member.1.member.PutRequest.Item' failed to satisfy constraint: Member must not be null"
            ],
        ),
        (
            "BatchWriteItem",
            json!({"music": [{"PutRequest": {"Item": {"artist": {"S": "a"}}}}]}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Missing the key song in the item"#
            ]],
        ),
        (
            "BatchWriteItem",
            json!({"music": [{"DeleteRequest": {"Key": {"artist": {"S": "a"}}}}]}),
            expect![[
                r#"400 ValidationException: The provided key element does not match the schema"#
            ]],
        ),
        (
            "BatchWriteItem",
            json!({"nope": puts(1)}),
            expect![[r#"400 ResourceNotFoundException: Requested resource not found"#]],
        ),
        (
            "BatchWriteItem",
            json!([]),
            expect![[
                r#"400 SerializationException: Unrecognized collection type java.util.Map<java.lang.String, java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>>"#
            ]],
        ),
        (
            "BatchGetItem",
            json!({}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"#
            ]],
        ),
        (
            "BatchGetItem",
            json!({"music": {}}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'RequestItems.music.member.Keys' failed to satisfy constraint: Member must not be null"#
            ]],
        ),
        (
            "BatchGetItem",
            json!({"music": {"Keys": vec![&key; 101]}}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'RequestItems.music.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100"
            ],
        ),
        (
            "BatchGetItem",
            json!({"music": {"Keys": [key, key]}}),
            expect![[r#"400 ValidationException: Provided list of item keys contains duplicates"#]],
        ),
        (
            "BatchGetItem",
            json!({"music": {"Keys": [{"artist": {"S": "a"}}]}}),
            expect![[
                r#"400 ValidationException: The provided key element does not match the schema"#
            ]],
        ),
        (
            "BatchGetItem",
            json!({"nope": {"Keys": [key]}}),
            expect![[r#"400 ResourceNotFoundException: Requested resource not found"#]],
        ),
        (
            "BatchGetItem",
            json!({"music": {"Keys": [key]}, ARN: {"Keys": [key]}}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: The table music is named more than once, by its name and by its ARN"#
            ]],
        ),
        (
            "BatchWriteItem",
            json!({"music": [{"DeleteRequest": {"Key": key}}], ARN: puts(1)}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: The table music is named more than once, by its name and by its ARN"#
            ]],
        ),
        (
            "BatchGetItem",
            json!({"music": {"Keys": [key], "ExpressionAttributeNames": {"#a": "a"}}}),
            expect![[
                r#"400 ValidationException: ExpressionAttributeNames can only be specified when using expressions"#
            ]],
        ),
    ] {
        let body = json!({"RequestItems": items});
        expected.assert_eq(&client.err(operation, body).await);
    }
    expect![[r#"400 ValidationException: 1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must not be null"#]]
        .assert_eq(&client.err("BatchGetItem", json!({})).await);
}

/// Each table has few enough, all of them together have too many.
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_batch_count_together() {
    let (_server, mut client) = Server::with_music().await;
    let put = |n: usize| json!({"PutRequest": {"Item": music_key("a", &n.to_string())}});
    let writes: Vec<Value> = (0..13).map(put).collect();
    let batch = json!({"RequestItems": {"music": writes, "other": writes}});
    assert_eq!(
        client.err("BatchWriteItem", batch).await,
        "400 ValidationException: Too many items requested for the BatchWriteItem call"
    );
    let keys: Vec<Value> = (0..51).map(|n| music_key("a", &n.to_string())).collect();
    let batch = json!({"RequestItems": {"music": {"Keys": keys}, "other": {"Keys": keys}}});
    assert_eq!(
        client.err("BatchGetItem", batch).await,
        "400 ValidationException: Too many items requested for the BatchGetItem call"
    );
    let names = json!({"RequestItems": {"a b": {"Keys": [music_key("a", "b")]}}});
    assert_eq!(
        client.err("BatchGetItem", names).await,
        "400 ValidationException: 1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"
    );
}
