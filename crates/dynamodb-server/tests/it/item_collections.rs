//! Sizes of item collections of tables with local secondary indexes, and their limit.

use crate::server::{Client, Server};
use crate::support::InstantLog;
use expect_test::expect;
use serde_json::{Value, json};
use shale_engine::{Engine, EngineOptions};
use shale_env::{ManualClock, SeededRand};
use shale_storage::MemoryStore;
use std::sync::Arc;

/// Bytes of a collection, at most.
const LIMIT: u64 = 300;

/// A server with table `notes` (topic S, day N, local index of whole items by score) and table `plain` without indexes.
async fn server() -> (Server, Client) {
    let options = EngineOptions {
        item_collection_bytes: LIMIT,
        ..EngineOptions::new("unused")
    };
    let engine = Engine::open(
        options,
        Arc::new(InstantLog::default()),
        Box::new(MemoryStore::default()),
        Arc::new(ManualClock::new(1_700_000_000_000_000)),
        Arc::new(SeededRand::new(7)),
    );
    let server = Server::over(engine.expect("an engine"), None, 10).await;
    let mut client = server.client().await;
    let key = |hash: &str, range: &str| json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]);
    let mut table = json!({
        "TableName": "notes",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "topic", "AttributeType": "S"},
            {"AttributeName": "day", "AttributeType": "N"},
            {"AttributeName": "score", "AttributeType": "N"}],
        "KeySchema": key("topic", "day"),
        "LocalSecondaryIndexes": [{
            "IndexName": "best",
            "KeySchema": key("topic", "score"),
            "Projection": {"ProjectionType": "ALL"}}]});
    client.ok("CreateTable", table.clone()).await;
    let members = table.as_object_mut().expect("a request");
    members.remove("LocalSecondaryIndexes");
    members["TableName"] = json!("plain");
    members["AttributeDefinitions"]
        .as_array_mut()
        .expect("a list")
        .pop();
    client.ok("CreateTable", table).await;
    (server, client)
}

fn key(topic: &str, day: u32) -> Value {
    json!({"topic": {"S": topic}, "day": {"N": day.to_string()}})
}

fn note(topic: &str, day: u32, length: usize) -> Value {
    let mut note = key(topic, day);
    note["score"] = json!({"N": "1"});
    note["body"] = json!({"S": "x".repeat(length)});
    note
}

fn put(table: &str, item: Value) -> Value {
    json!({"TableName": table, "Item": item, "ReturnItemCollectionMetrics": "SIZE"})
}

fn metrics(topic: &str) -> Value {
    json!({"ItemCollectionKey": {"topic": {"S": topic}}, "SizeEstimateRangeGB": [0.0, 1.0]})
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_tell_the_size_of_their_collection_if_asked() {
    let (_server, mut client) = server().await;
    let written = json!({"ItemCollectionMetrics": metrics("a")});
    let answer = client.ok("PutItem", put("notes", note("a", 1, 10))).await;
    assert_eq!(answer, written);
    let with_size = |mut request: Value| {
        request["ReturnItemCollectionMetrics"] = json!("SIZE");
        request
    };
    let update = json!({"TableName": "notes", "Key": key("a", 2),
        "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}});
    assert_eq!(
        client.ok("UpdateItem", with_size(update.clone())).await,
        written
    );
    let delete = json!({"TableName": "notes", "Key": key("a", 1)});
    assert_eq!(
        client.ok("DeleteItem", with_size(delete.clone())).await,
        written
    );
    // Nothing is there any more; the collection has a size all the same.
    assert_eq!(
        client.ok("DeleteItem", with_size(delete.clone())).await,
        written
    );
    for (operation, request) in [("UpdateItem", update), ("DeleteItem", delete)] {
        assert_eq!(client.ok(operation, request).await, json!({}));
    }
    let mut none = put("notes", note("a", 1, 10));
    none["ReturnItemCollectionMetrics"] = json!("NONE");
    assert_eq!(client.ok("PutItem", none.clone()).await, json!({}));
    let plain = client.ok("PutItem", put("plain", note("a", 1, 10))).await;
    assert_eq!(plain, json!({}), "no local index, no collection");
    none["ReturnItemCollectionMetrics"] = json!("ALL");
    expect!["400 ValidationException: 1 validation error detected: Value at 'ReturnItemCollectionMetrics' failed to satisfy constraint: Member must satisfy enum value set: [SIZE, NONE]"]
        .assert_eq(&client.err("PutItem", none).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_and_transactions_tell_each_collection_once() {
    let (_server, mut client) = server().await;
    let request = |item: Value| json!({"PutRequest": {"Item": item}});
    let batch = json!({"ReturnItemCollectionMetrics": "SIZE", "RequestItems": {
        "plain": [request(note("a", 1, 1))],
        "notes": [
            request(note("b", 1, 1)),
            request(note("a", 1, 1)),
            {"DeleteRequest": {"Key": key("b", 2)}}]}});
    let both = json!({"notes": [metrics("b"), metrics("a")]});
    assert_eq!(
        client.ok("BatchWriteItem", batch.clone()).await,
        json!({"UnprocessedItems": {}, "ItemCollectionMetrics": both})
    );
    let mut quiet = batch;
    quiet["ReturnItemCollectionMetrics"] = json!("NONE");
    assert_eq!(
        client.ok("BatchWriteItem", quiet).await,
        json!({"UnprocessedItems": {}})
    );
    let put = |table: &str, item: Value| json!({"Put": {"TableName": table, "Item": item}});
    let transaction = json!({"ReturnItemCollectionMetrics": "SIZE", "TransactItems": [
        put("notes", note("b", 1, 2)),
        put("plain", note("b", 1, 2)),
        put("notes", note("b", 2, 2)),
        {"ConditionCheck": {"TableName": "notes", "Key": key("c", 1),
            "ConditionExpression": "attribute_not_exists(topic)"}},
        {"Update": {"TableName": "notes", "Key": key("a", 1), "UpdateExpression": "REMOVE score"}}]});
    assert_eq!(
        client.ok("TransactWriteItems", transaction).await,
        json!({"ItemCollectionMetrics": both})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_too_large_only_shrinks() {
    let (_server, mut client) = server().await;
    client.ok("PutItem", put("notes", note("a", 1, 100))).await;
    let refused = "400 ItemCollectionSizeLimitExceededException: Collection size exceeded.";
    let more = put("notes", note("a", 2, 100));
    assert_eq!(client.err("PutItem", more.clone()).await, refused);
    let update = json!({"TableName": "notes", "Key": key("a", 1), "UpdateExpression": "SET body = :b",
        "ExpressionAttributeValues": {":b": {"S": "x".repeat(200)}}});
    assert_eq!(client.err("UpdateItem", update).await, refused);
    let batch = json!({"RequestItems": {"notes": [{"PutRequest": {"Item": note("a", 2, 100)}}]}});
    assert_eq!(client.err("BatchWriteItem", batch).await, refused);
    let insert = format!(
        "INSERT INTO notes VALUE {{'topic': 'a', 'day': 2, 'score': 1, 'body': '{}'}}",
        "x".repeat(100)
    );
    let statement = json!({"Statement": insert});
    assert_eq!(
        client.err("ExecuteStatement", statement.clone()).await,
        refused
    );
    let several = json!({"Statements": [statement]});
    assert_eq!(
        client.ok("BatchExecuteStatement", several).await["Responses"][0],
        json!({"Error": {"Code": "ItemCollectionSizeLimitExceeded", "Message": "Collection size exceeded."},
            "TableName": "notes"})
    );
    let transaction = json!({"TransactItems": [
        {"Put": {"TableName": "notes", "Item": note("b", 1, 1)}},
        {"Put": {"TableName": "notes", "Item": note("a", 2, 100)}}]});
    let canceled = client
        .call("TransactWriteItems", transaction.to_string())
        .await
        .json();
    assert_eq!(
        canceled["CancellationReasons"],
        json!([{"Code": "None"},
            {"Code": "ItemCollectionSizeLimitExceeded", "Message": "Collection size exceeded."}])
    );
    // Other collections are not concerned, and this one may be made smaller, and then larger again.
    client.ok("PutItem", put("notes", note("b", 1, 100))).await;
    client.ok("PutItem", put("notes", note("a", 1, 99))).await;
    let delete = json!({"TableName": "notes", "Key": key("a", 1)});
    client.ok("DeleteItem", delete).await;
    client.ok("PutItem", more).await;
}
