//! PutItem, GetItem, UpdateItem, DeleteItem.

use crate::server::{Server, music_key};
use expect_test::expect;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_back_as_it_went_in() {
    let (_server, mut client) = Server::with_music().await;
    let item = json!({
        "artist": {"S": "No One You Know"}, "song": {"S": "Call Me Today"},
        "string": {"S": "\u{1F600} \"quoted\" \\ \n"}, "empty": {"S": ""},
        "number": {"N": "-12345678901234567890123456789012345678"}, "small": {"N": "0.00001"},
        "binary": {"B": "AAEC/w=="}, "yes": {"BOOL": true}, "no": {"BOOL": false}, "null": {"NULL": true},
        "map": {"M": {"a": {"N": "1"}, "b": {"L": [{"S": "x"}, {"M": {}}]}}}, "list": {"L": []},
        "strings": {"SS": ["a", "b"]}, "numbers": {"NS": ["-1", "2.5"]}, "binaries": {"BS": ["AA==", "AQ=="]}});
    let put = client
        .ok("PutItem", json!({"TableName": "music", "Item": item}))
        .await;
    assert_eq!(put, json!({}));
    let got = client
        .ok("GetItem", json!({"TableName": "music", "Key": music_key("No One You Know", "Call Me Today"), "ConsistentRead": true}))
        .await;
    assert_eq!(got, json!({"Item": item}));
    let absent = client
        .ok(
            "GetItem",
            json!({"TableName": "music", "Key": music_key("a", "b")}),
        )
        .await;
    assert_eq!(absent, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn return_values_of_each_operation() {
    let (_server, mut client) = Server::with_music().await;
    let mut item = music_key("a", "b");
    item["n"] = json!({"N": "1"});
    let put = json!({"TableName": "music", "Item": item, "ReturnValues": "ALL_OLD"});
    assert_eq!(client.ok("PutItem", put.clone()).await, json!({}));
    assert_eq!(client.ok("PutItem", put).await, json!({"Attributes": item}));

    let update = |values: &str| {
        json!({"TableName": "music", "Key": music_key("a", "b"), "ReturnValues": values,
            "UpdateExpression": "SET n = n + :one, fresh = :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}})
    };
    assert_eq!(client.ok("UpdateItem", update("NONE")).await, json!({}));
    assert_eq!(
        client.ok("UpdateItem", update("UPDATED_NEW")).await,
        json!({"Attributes": {"n": {"N": "3"}, "fresh": {"N": "1"}}})
    );
    assert_eq!(
        client.ok("UpdateItem", update("UPDATED_OLD")).await,
        json!({"Attributes": {"n": {"N": "3"}, "fresh": {"N": "1"}}})
    );
    let old = client.ok("UpdateItem", update("ALL_OLD")).await;
    assert_eq!(old["Attributes"]["n"], json!({"N": "4"}));
    let new = client.ok("UpdateItem", update("ALL_NEW")).await;
    assert_eq!(new["Attributes"]["n"], json!({"N": "6"}));
    assert_eq!(new["Attributes"]["artist"], json!({"S": "a"}));

    let delete =
        json!({"TableName": "music", "Key": music_key("a", "b"), "ReturnValues": "ALL_OLD"});
    assert_eq!(client.ok("DeleteItem", delete.clone()).await, new);
    assert_eq!(client.ok("DeleteItem", delete).await, json!({}));
    let not_allowed =
        json!({"TableName": "music", "Key": music_key("a", "b"), "ReturnValues": "ALL_NEW"});
    expect!["400 ValidationException: 1 validation error detected: ReturnValues can only be ALL_OLD or NONE"]
        .assert_eq(&client.err("DeleteItem", not_allowed).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_creates_the_item_that_is_not_there() {
    let (_server, mut client) = Server::with_music().await;
    client
        .ok(
            "UpdateItem",
            json!({"TableName": "music", "Key": music_key("a", "b")}),
        )
        .await;
    let got = client
        .ok(
            "GetItem",
            json!({"TableName": "music", "Key": music_key("a", "b")}),
        )
        .await;
    assert_eq!(got, json!({"Item": music_key("a", "b")}));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_fit_the_table() {
    let (_server, mut client) = Server::with_music().await;
    let long = "x".repeat(2049);
    for (operation, body, expected) in [
        (
            "PutItem",
            json!({"TableName": "music", "Item": {"artist": {"S": "a"}}}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Missing the key song in the item"#
            ]],
        ),
        (
            "PutItem",
            json!({"TableName": "music", "Item": {"artist": {"S": "a"}, "song": {"N": "1"}}}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Type mismatch for key song expected: S actual: N"#
            ]],
        ),
        (
            "PutItem",
            json!({"TableName": "music", "Item": music_key("a", "")}),
            expect![[
                r#"400 ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: song"#
            ]],
        ),
        (
            "PutItem",
            json!({"TableName": "music", "Item": music_key(&long, "a")}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"#
            ]],
        ),
        (
            "PutItem",
            json!({"TableName": "music", "Item": music_key("a", &long)}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes"#
            ]],
        ),
        (
            "GetItem",
            json!({"TableName": "music", "Key": {"artist": {"S": "a"}}}),
            expect![[
                r#"400 ValidationException: The provided key element does not match the schema"#
            ]],
        ),
        (
            "GetItem",
            json!({"TableName": "music", "Key": {"artist": {"S": "a"}, "song": {"N": "1"}}}),
            expect![[
                r#"400 ValidationException: The provided key element does not match the schema"#
            ]],
        ),
        (
            "DeleteItem",
            json!({"TableName": "music", "Key": {"artist": {"S": "a"}, "song": {"S": "1"}, "x": {"S": "1"}}}),
            expect![[
                r#"400 ValidationException: The provided key element does not match the schema"#
            ]],
        ),
        (
            "UpdateItem",
            json!({"TableName": "music", "Key": music_key("a", "b"), "UpdateExpression": "SET song = :v", "ExpressionAttributeValues": {":v": {"S": "c"}}}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Cannot update attribute song. This attribute is part of the key"#
            ]],
        ),
        (
            "GetItem",
            json!({"TableName": "music"}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'Key' failed to satisfy constraint: Member must not be null"#
            ]],
        ),
        (
            "PutItem",
            json!({"TableName": "music", "Item": "x"}),
            expect![[r#"400 SerializationException: Unexpected field type"#]],
        ),
        (
            "GetItem",
            json!({"TableName": "music", "Key": {"artist": {"S": {}}, "song": {"S": "1"}}}),
            expect![[
                r#"400 SerializationException: Start of structure or map found where not expected."#
            ]],
        ),
    ] {
        expected.assert_eq(&client.err(operation, body).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_above_400_kilobytes_are_refused() {
    let (_server, mut client) = Server::with_music().await;
    let mut item = music_key("a", "b");
    // Names and keys are 12 bytes, the name of the text 4.
    item["text"] = json!({"S": "x".repeat(400 * 1024 - 16)});
    client
        .ok("PutItem", json!({"TableName": "music", "Item": item}))
        .await;
    item["text"] = json!({"S": "x".repeat(400 * 1024 - 15)});
    expect![[r#"400 ValidationException: Item size has exceeded the maximum allowed size"#]]
        .assert_eq(
            &client
                .err("PutItem", json!({"TableName": "music", "Item": item}))
                .await,
        );
    expect![[r#"400 ValidationException: Item size to update has exceeded the maximum allowed size"#]]
        .assert_eq(&client.err("UpdateItem", json!({"TableName": "music", "Key": music_key("a", "b"),
            "UpdateExpression": "SET more = :v", "ExpressionAttributeValues": {":v": {"S": "xyz"}}})).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn projections_and_capacity() {
    let (_server, mut client) = Server::with_music().await;
    let mut item = music_key("a", "b");
    item["m"] = json!({"M": {"x": {"N": "1"}, "y": {"N": "2"}}});
    item["text"] = json!({"S": "x".repeat(5_000)});
    let put = client
        .ok(
            "PutItem",
            json!({"TableName": "music", "Item": item, "ReturnConsumedCapacity": "TOTAL"}),
        )
        .await;
    assert_eq!(
        put,
        json!({"ConsumedCapacity": {"TableName": "music", "CapacityUnits": 5.0}})
    );
    let got = client
        .ok("GetItem", json!({"TableName": "music", "Key": music_key("a", "b"), "ProjectionExpression": "song, #m.y",
            "ExpressionAttributeNames": {"#m": "m"}, "ReturnConsumedCapacity": "INDEXES"}))
        .await;
    assert_eq!(
        got,
        json!({
        "Item": {"song": {"S": "b"}, "m": {"M": {"y": {"N": "2"}}}},
        "ConsumedCapacity": {"TableName": "music", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}})
    );
    let consistent = client
        .ok("GetItem", json!({"TableName": "music", "Key": music_key("a", "b"), "ConsistentRead": true, "ReturnConsumedCapacity": "TOTAL"}))
        .await;
    assert_eq!(consistent["ConsumedCapacity"]["CapacityUnits"], 2.0);
}
