//! TransactWriteItems, TransactGetItems, BatchExecuteStatement and ExecuteTransaction.

use crate::server::{Client, Server, music_key};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/music";

/// `music` and `other` (pk S).
async fn two_tables() -> (Server, Client) {
    let (server, mut client) = Server::with_music().await;
    client
        .ok(
            "CreateTable",
            json!({"TableName": "other", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}),
        )
        .await;
    (server, client)
}

fn put(table: &str, item: Value) -> Value {
    json!({"Put": {"TableName": table, "Item": item}})
}

fn pk(value: &str) -> Value {
    json!({"pk": {"S": value}})
}

fn check(value: &str, condition: &str) -> Value {
    json!({"ConditionCheck": {"TableName": "other", "Key": pk(value), "ConditionExpression": condition}})
}

async fn item(client: &mut Client, table: &str, key: Value) -> Value {
    let request = json!({"TableName": table, "Key": key, "ConsistentRead": true});
    client.ok("GetItem", request).await["Item"].clone()
}

async fn transact(client: &mut Client, items: Value) -> Value {
    let request = json!({"TransactItems": items});
    client
        .call("TransactWriteItems", request.to_string())
        .await
        .json()
}

/// `type: message` and the reasons of an answer that must be an exception.
fn shown(answer: &Value) -> String {
    let name = answer["__type"].as_str().expect("an exception");
    let name = name.rsplit('#').next().unwrap_or(name);
    let message = answer["message"].as_str().or(answer["Message"].as_str());
    let mut text = format!("{name}: {}\n", message.expect("a message"));
    for reason in answer["CancellationReasons"]
        .as_array()
        .into_iter()
        .flatten()
    {
        text.push_str(&format!("  {reason}\n"));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn all_four_actions_on_two_tables() {
    let (_server, mut client) = two_tables().await;
    for key in ["a", "b", "c"] {
        let item = json!({"pk": {"S": key}, "n": {"N": "1"}});
        let request = json!({"TableName": "other", "Item": item});
        client.ok("PutItem", request).await;
    }
    let request = json!({
        "TransactItems": [
            {"Put": {"TableName": ARN, "Item": music_key("x", "y"),
                "ConditionExpression": "attribute_not_exists(#a)",
                "ExpressionAttributeNames": {"#a": "artist"}}},
            {"Update": {"TableName": "other", "Key": pk("a"), "UpdateExpression": "SET n = n + :one",
                "ConditionExpression": "n = :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}}}},
            {"Delete": {"TableName": "other", "Key": pk("b")}},
            check("c", "attribute_exists(pk)")],
        "ReturnConsumedCapacity": "INDEXES",
        "ReturnItemCollectionMetrics": "SIZE"});
    let answer = client.ok("TransactWriteItems", request).await;
    assert_eq!(
        answer,
        json!({"ConsumedCapacity": [
            {"TableName": "music", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0,
                "Table": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}},
            {"TableName": "other", "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0,
                "Table": {"CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}}]})
    );
    assert_eq!(
        item(&mut client, "music", music_key("x", "y")).await,
        music_key("x", "y")
    );
    assert_eq!(
        item(&mut client, "other", pk("a")).await["n"],
        json!({"N": "2"})
    );
    assert_eq!(item(&mut client, "other", pk("b")).await, Value::Null);
    assert_eq!(
        item(&mut client, "other", pk("c")).await["n"],
        json!({"N": "1"})
    );

    let request = json!({
        "TransactItems": [
            {"Get": {"TableName": "other", "Key": pk("a"), "ProjectionExpression": "#n",
                "ExpressionAttributeNames": {"#n": "n"}}},
            {"Get": {"TableName": "other", "Key": pk("b")}},
            {"Get": {"TableName": ARN, "Key": music_key("x", "y"), "ProjectionExpression": "nothing"}},
            {"Get": {"TableName": "other", "Key": pk("c")}}],
        "ReturnConsumedCapacity": "TOTAL"});
    assert_eq!(
        client.ok("TransactGetItems", request).await,
        json!({
            "ConsumedCapacity": [
                {"TableName": "other", "CapacityUnits": 6.0, "ReadCapacityUnits": 6.0},
                {"TableName": "music", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}],
            "Responses": [
                {"Item": {"n": {"N": "2"}}},
                {},
                {"Item": {}},
                {"Item": {"pk": {"S": "c"}, "n": {"N": "1"}}}]})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancellations_tell_the_reason_of_each_action() {
    let (_server, mut client) = two_tables().await;
    let stored = json!({"pk": {"S": "a"}, "n": {"N": "1"}});
    client
        .ok("PutItem", json!({"TableName": "other", "Item": stored}))
        .await;
    let mut asking = check("a", "attribute_not_exists(pk)");
    asking["ConditionCheck"]["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let cases: [(Value, Expect); 5] = [
        // Found in the request itself: no action is the reason.
        (
            json!([check("c", "attribute_exists(pk)"), put("other", pk(""))]),
            expect![[r#"
                ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk
            "#]],
        ),
        (
            json!([
                put("music", music_key("x", "y")),
                asking,
                {"Update": {"TableName": "other", "Key": pk("b"),
                    "UpdateExpression": "SET n = n + :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}}}},
                check("c", "attribute_exists(pk)")
            ]),
            expect![[r#"
                TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError, ConditionalCheckFailed]
                  {"Code":"None"}
                  {"Code":"ConditionalCheckFailed","Item":{"n":{"N":"1"},"pk":{"S":"a"}},"Message":"The conditional request failed"}
                  {"Code":"ValidationError","Message":"The provided expression refers to an attribute that does not exist in the item"}
                  {"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}
            "#]],
        ),
        (
            json!([
                put("music", json!({"artist": {"S": "x"}})),
                put("music", json!({"artist": {"S": "x"}, "song": {"N": "1"}})),
                {"Delete": {"TableName": "other", "Key": music_key("x", "y")}},
                {"Update": {"TableName": "other", "Key": pk("a"), "UpdateExpression": "SET pk = :v",
                    "ExpressionAttributeValues": {":v": {"S": "b"}}}},
                check("a", "attribute_exists(pk)")
            ]),
            expect![[r#"
                TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError, ValidationError, ValidationError, ValidationError, None]
                  {"Code":"ValidationError","Message":"One or more parameter values were invalid: Missing the key song in the item"}
                  {"Code":"ValidationError","Message":"One or more parameter values were invalid: Type mismatch for key song expected: S actual: N"}
                  {"Code":"ValidationError","Message":"The provided key element does not match the schema"}
                  {"Code":"ValidationError","Message":"One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"}
                  {"Code":"None"}
            "#]],
        ),
        (
            json!([
                put("other", json!({"pk": {"S": "b"}, "v": {"S": "x".repeat(400 * 1024)}})),
                {"Update": {"TableName": "other", "Key": pk("a"), "UpdateExpression": "SET v = :v",
                    "ExpressionAttributeValues": {":v": {"S": "x"}}}}
            ]),
            expect![[r#"
                TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError, None]
                  {"Code":"ValidationError","Message":"Item size has exceeded the maximum allowed size"}
                  {"Code":"None"}
            "#]],
        ),
        (
            json!([
                {"Update": {"TableName": "other", "Key": pk("a"),
                    "UpdateExpression": "SET v = :v, w = :v",
                    "ExpressionAttributeValues": {":v": {"S": "x".repeat(250 * 1024)}}}}
            ]),
            expect![[r#"
                TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]
                  {"Code":"ValidationError","Message":"Item size to update has exceeded the maximum allowed size"}
            "#]],
        ),
    ];
    for (items, expected) in cases {
        expected.assert_eq(&shown(&transact(&mut client, items).await));
    }
    assert_eq!(item(&mut client, "other", pk("a")).await, stored);
    assert_eq!(
        item(&mut client, "music", music_key("x", "y")).await,
        Value::Null
    );

    let request = json!({"TransactItems": [
        {"Get": {"TableName": "other", "Key": pk("a")}},
        {"Get": {"TableName": "other", "Key": music_key("a", "b")}}]});
    let answer = client.call("TransactGetItems", request.to_string()).await;
    expect![[r#"
        TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]
          {"Code":"None"}
          {"Code":"ValidationError","Message":"The provided key element does not match the schema"}
    "#]]
    .assert_eq(&shown(&answer.json()));
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_transactions_are_refused_as_a_whole() {
    let (_server, mut client) = two_tables().await;
    let update = |extra: Value| {
        let mut update = json!({"TableName": "other", "Key": pk("a")});
        for (name, value) in extra.as_object().expect("an object") {
            update[name] = value.clone();
        }
        json!([{"Update": update}])
    };
    let many: Vec<Value> = (0..101).map(|n| put("other", pk(&n.to_string()))).collect();
    let cases: Vec<(Value, Expect)> = vec![
        (
            json!([]),
            expect![[r#"
            ValidationException: 1 validation error detected: Value at 'TransactItems' failed to satisfy constraint: Member must have length greater than or equal to 1
        "#]],
        ),
        (
            Value::Null,
            expect![[r#"
            ValidationException: 1 validation error detected: Value at 'TransactItems' failed to satisfy constraint: Member must not be null
        "#]],
        ),
        (
            json!(many),
            expect![[r#"
            ValidationException: 1 validation error detected: Value at 'TransactItems' failed to satisfy constraint: Member must have length less than or equal to 100
        "#]],
        ),
        (
            json!([{}]),
            expect![[r#"
            ValidationException: TransactItems can only contain one of Check, Put, Update or Delete
        "#]],
        ),
        (
            json!([{"Put": {"TableName": "other", "Item": pk("a")}, "Delete": {"TableName": "other", "Key": pk("b")}}]),
            expect![[r#"
            ValidationException: TransactItems can only contain one of Check, Put, Update or Delete
        "#]],
        ),
        (
            json!([put("other", pk("a")), {"Put": {}}, {"ConditionCheck": {"TableName": "!"}}, {"Update": {"TableName": "other", "Key": pk("b"), "ReturnValuesOnConditionCheckFailure": "ALL"}}]),
            expect![[r#"
            ValidationException: 7 validation errors detected: Value at 'TransactItems.2.member.Put.TableName' failed to satisfy constraint: Member must not be null; Value at 'TransactItems.2.member.Put.Item' failed to satisfy constraint: Member must not be null; Value at 'TransactItems.3.member.ConditionCheck.TableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value at 'TransactItems.3.member.ConditionCheck.Key' failed to satisfy constraint: Member must not be null; Value at 'TransactItems.3.member.ConditionCheck.ConditionExpression' failed to satisfy constraint: Member must not be null; Value at 'TransactItems.4.member.Update.UpdateExpression' failed to satisfy constraint: Member must not be null; Value at 'TransactItems.4.member.Update.ReturnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]
        "#]],
        ),
        (
            json!([put("other", pk("a")), check("a", "attribute_exists(pk)")]),
            expect![[r#"
            ValidationException: Transaction request cannot include multiple operations on one item
        "#]],
        ),
        (
            json!([put("nope", pk("a"))]),
            expect![[r#"
            ResourceNotFoundException: Requested resource not found
        "#]],
        ),
        (
            update(json!({"UpdateExpression": ""})),
            expect![[r#"
            ValidationException: Invalid UpdateExpression: The expression can not be empty;
        "#]],
        ),
        (
            json!([check("a", "")]),
            expect![[r#"
            ValidationException: Invalid ConditionExpression: The expression can not be empty;
        "#]],
        ),
        (
            update(
                json!({"UpdateExpression": "SET n = :v", "ExpressionAttributeValues": {":v": {"N": "1"}, ":w": {"N": "1"}}}),
            ),
            expect![[r#"
            ValidationException: Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}
        "#]],
        ),
        (
            update(
                json!({"UpdateExpression": "REMOVE n", "ExpressionAttributeNames": {"#a": "a"}}),
            ),
            expect![[r#"
            ValidationException: Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}
        "#]],
        ),
        (
            json!([{"Put": {"TableName": "other", "Item": pk("a"), "ExpressionAttributeValues": {":v": {"N": "1"}}}}]),
            expect![[r#"
            ValidationException: ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null
        "#]],
        ),
        (
            json!([put("other", json!({"pk": {"S": "a"}, "n": {"N": "x"}}))]),
            expect![[r#"
            ValidationException: The parameter cannot be converted to a numeric value: x
        "#]],
        ),
        (
            json!([{"Delete": {"TableName": "arn:aws:dynamodb:eu-west-1:000000000000:table/other", "Key": pk("a")}}]),
            expect![[r#"
            ValidationException: Invalid ARN: arn:aws:dynamodb:eu-west-1:000000000000:table/other is not the ARN of a table of this server
        "#]],
        ),
        (
            json!({"Put": {}}),
            expect![[r#"
            SerializationException: Start of structure or map found where not expected.
        "#]],
        ),
        (
            json!(
                (0..11)
                    .map(|n| put(
                        "other",
                        json!({"pk": {"S": n.to_string()}, "v": {"S": "x".repeat(399 * 1024)}})
                    ))
                    .collect::<Vec<_>>()
            ),
            expect![[r#"
            ValidationException: The aggregate size of the items in the transaction cannot exceed 4 MB
        "#]],
        ),
    ];
    for (items, expected) in cases {
        expected.assert_eq(&shown(&transact(&mut client, items).await));
    }
    let gets = |gets: Value| json!({"TransactItems": gets});
    let get = json!({"Get": {"TableName": "other", "Key": pk("a")}});
    let cases: Vec<(Value, Expect)> = vec![
        (
            gets(json!([])),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'TransactItems' failed to satisfy constraint: Member must have length greater than or equal to 1"#
            ]],
        ),
        (
            gets(json!(vec![&get; 101])),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'TransactItems' failed to satisfy constraint: Member must have length less than or equal to 100"#
            ]],
        ),
        (
            gets(json!([{}, {"Get": {}}])),
            expect![[
                r#"400 ValidationException: 3 validation errors detected: Value at 'TransactItems.1.member.Get' failed to satisfy constraint: Member must not be null; Value at 'TransactItems.2.member.Get.TableName' failed to satisfy constraint: Member must not be null; Value at 'TransactItems.2.member.Get.Key' failed to satisfy constraint: Member must not be null"#
            ]],
        ),
        (
            gets(json!([get, get])),
            expect![[
                r#"400 ValidationException: Transaction request cannot include multiple operations on one item"#
            ]],
        ),
        (
            gets(
                json!([{"Get": {"TableName": "other", "Key": pk("a"), "ExpressionAttributeNames": {"#a": "a"}}}]),
            ),
            expect![[
                r#"400 ValidationException: ExpressionAttributeNames can only be specified when using expressions"#
            ]],
        ),
        (
            gets(json!([{"Get": {"TableName": "nope", "Key": pk("a")}}])),
            expect![[r#"400 ResourceNotFoundException: Requested resource not found"#]],
        ),
    ];
    for (request, expected) in cases {
        expected.assert_eq(&client.err("TransactGetItems", request).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_a_transaction_happen_once() {
    let (_server, mut client) = two_tables().await;
    let request = |token: &str, amount: &str| {
        json!({
            "ClientRequestToken": token,
            "ReturnConsumedCapacity": "TOTAL",
            "TransactItems": [{"Update": {"TableName": "other", "Key": pk("a"),
                "UpdateExpression": "ADD n :amount",
                "ExpressionAttributeValues": {":amount": {"N": amount}}}}]})
    };
    let first = client.ok("TransactWriteItems", request("one", "5")).await;
    assert_eq!(
        first,
        json!({"ConsumedCapacity": [{"TableName": "other", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}]})
    );
    let again = client.ok("TransactWriteItems", request("one", "5")).await;
    assert_eq!(
        again,
        json!({"ConsumedCapacity": [{"TableName": "other", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]})
    );
    // The same request in other words.
    let other_words = br#"{"TransactItems":[{"Update":{"ExpressionAttributeValues":{":amount":{"N":"5"}},"UpdateExpression":"ADD n :amount","Key":{"pk":{"S":"a"}},"TableName":"other"}}],"ReturnConsumedCapacity":"TOTAL","ClientRequestToken":"one"}"#;
    let answer = client.call("TransactWriteItems", other_words).await;
    assert_eq!(answer.json(), again);
    expect!["400 IdempotentParameterMismatchException: The request was retried with a different payload but with an idempotent token that was already used"]
        .assert_eq(&client.err("TransactWriteItems", request("one", "6")).await);
    client.ok("TransactWriteItems", request("two", "6")).await;
    assert_eq!(
        item(&mut client, "other", pk("a")).await["n"],
        json!({"N": "11"})
    );
    for token in ["", "0123456789012345678901234567890123456"] {
        let refused = client.err("TransactWriteItems", request(token, "1")).await;
        assert!(
            refused.contains("at 'ClientRequestToken' failed"),
            "{refused}"
        );
    }
    let longest = "é".repeat(36);
    client
        .ok("TransactWriteItems", request(&longest, "1"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_a_batch_fail_each_for_itself() {
    let (_server, mut client) = two_tables().await;
    let answer = client
        .ok(
            "BatchExecuteStatement",
            json!({"ReturnConsumedCapacity": "TOTAL", "Statements": [
            {"Statement": "INSERT INTO other VALUE {'pk': ?, 'n': 1}", "Parameters": [{"S": "a"}]},
            {"Statement": "INSERT INTO music VALUE {'artist': 'x', 'song': 'y'}"},
            {"Statement": "UPDATE other SET n = 2 WHERE pk = 'missing'"},
            {"Statement": "INSERT INTO nope VALUE {'pk': 'a'}"},
            {"Statement": "INSERT INTO other VALUE {'pk': 1}"},
            {"Statement": "DELETE FROM music WHERE artist = 'x'"},
            {"Statement": "EXISTS(SELECT * FROM other WHERE pk = 'a')"},
            {"Statement": "INSRT"},
            {"Statement": "DELETE FROM other WHERE pk = 'none'"}]}),
        )
        .await;
    let responses: Vec<String> = answer["Responses"]
        .as_array()
        .expect("responses")
        .iter()
        .map(|response| format!("{response}\n"))
        .collect();
    expect![[r#"
        {"TableName":"other"}
        {"TableName":"music"}
        {"Error":{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"},"TableName":"other"}
        {"Error":{"Code":"ResourceNotFound","Message":"Requested resource not found"}}
        {"Error":{"Code":"ValidationError","Message":"One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"},"TableName":"other"}
        {"Error":{"Code":"ValidationError","Message":"Where clause does not contain a mandatory equality on all key attributes"}}
        {"Error":{"Code":"ValidationError","Message":"Unsupported operation: EXISTS in BatchExecuteStatement (It is a condition of a transaction: ExecuteTransaction.)"},"TableName":"other"}
        {"Error":{"Code":"ValidationError","Message":"Statement wasn't well formed, can't be processed: syntax error: Expected: an SQL statement, found: INSRT"}}
        {"TableName":"other"}
    "#]]
    .assert_eq(&responses.concat());
    let units: Vec<&Value> = answer["ConsumedCapacity"]
        .as_array()
        .expect("capacity")
        .iter()
        .map(|element| &element["TableName"])
        .collect();
    assert_eq!(units, ["other", "music", "other", "other"]);

    let again = client
        .ok(
            "BatchExecuteStatement",
            json!({"Statements": [
            {"Statement": "INSERT INTO other VALUE {'pk': 'a'}"},
            {"Statement": "UPDATE other SET n = 5 WHERE pk = 'a' AND n = 7",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
            {"Statement": "UPDATE other SET n = n + 1 WHERE pk = 'a' RETURNING ALL NEW *"}]}),
        )
        .await;
    assert_eq!(
        again["Responses"],
        json!([
            {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}, "TableName": "other"},
            {"Error": {"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "a"}, "n": {"N": "1"}},
                "Message": "The conditional request failed"}, "TableName": "other"},
            {"Item": {"pk": {"S": "a"}, "n": {"N": "2"}}, "TableName": "other"}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_reads_items_by_their_keys() {
    let (_server, mut client) = two_tables().await;
    for n in ["1", "2"] {
        let item = json!({"pk": {"S": n}, "n": {"N": n}});
        let request = json!({"TableName": "other", "Item": item});
        client.ok("PutItem", request).await;
    }
    let request = json!({"ReturnConsumedCapacity": "TOTAL", "Statements": [
        {"Statement": "SELECT n FROM other WHERE pk = ?", "Parameters": [{"S": "2"}]},
        {"Statement": "SELECT * FROM other WHERE pk = '3'", "ConsistentRead": true},
        {"Statement": "SELECT * FROM other WHERE pk = '1' AND n = 2"},
        {"Statement": "SELECT * FROM other WHERE n = 1"},
        {"Statement": "SELECT * FROM other WHERE pk IN ['1', '2']"},
        {"Statement": "SELECT * FROM other"}]});
    let answer = client.ok("BatchExecuteStatement", request).await;
    let refused = json!({"Error": {"Code": "ValidationError", "Message":
        "Select statements within BatchExecuteStatement must specify the primary key in the where clause."},
        "TableName": "other"});
    assert_eq!(
        answer,
        json!({
        "ConsumedCapacity": [
            {"TableName": "other", "CapacityUnits": 0.5},
            {"TableName": "other", "CapacityUnits": 1.0},
            {"TableName": "other", "CapacityUnits": 0.5}],
        "Responses": [
            {"Item": {"n": {"N": "2"}}, "TableName": "other"},
            {"TableName": "other"},
            {"TableName": "other"},
            refused, refused, refused]})
    );
    for (statements, expected) in [
        (
            json!([{"Statement": "SELECT * FROM other WHERE pk = '1'"},
                {"Statement": "DELETE FROM other WHERE pk = '1'"}]),
            "BatchExecuteStatement must consist of either read statements or write statements, not of both",
        ),
        (
            json!([]),
            "1 validation error detected: Value at 'Statements' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            json!(vec![
                json!({"Statement": "SELECT * FROM other WHERE pk = '1'"});
                26
            ]),
            "1 validation error detected: Value at 'Statements' failed to satisfy constraint: Member must have length less than or equal to 25",
        ),
        (
            json!([{"Statement": ""}, {"Statement": "SELECT 1", "Parameters": []}]),
            "2 validation errors detected: Value at 'Statements.1.member.Statement' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'Statements.2.member.Parameters' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
    ] {
        let refused = client
            .err("BatchExecuteStatement", json!({"Statements": statements}))
            .await;
        assert_eq!(refused, format!("400 ValidationException: {expected}"));
    }
    assert_ne!(item(&mut client, "other", pk("1")).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_a_transaction_are_done_together() {
    let (_server, mut client) = two_tables().await;
    let request = json!({
        "ClientRequestToken": "one",
        "ReturnConsumedCapacity": "TOTAL",
        "TransactStatements": [
            {"Statement": "INSERT INTO other VALUE {'pk': ?, 'n': 1}", "Parameters": [{"S": "a"}]},
            {"Statement": "INSERT INTO music VALUE {'artist': 'x', 'song': 'y', 'awards': 3}"},
            {"Statement": "DELETE FROM other WHERE pk = 'none'"}]});
    let answer = client.ok("ExecuteTransaction", request.clone()).await;
    assert_eq!(
        answer,
        json!({
        "ConsumedCapacity": [
            {"TableName": "other", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
            {"TableName": "music", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}],
        "Responses": [{}, {}, {}]})
    );
    // With its token it is done once; without, the items are there.
    let again = client.ok("ExecuteTransaction", request.clone()).await;
    assert_eq!(
        again["ConsumedCapacity"][0],
        json!({"TableName": "other", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0})
    );
    let mut other = request;
    other["ClientRequestToken"] = json!("two");
    let answer = client.call("ExecuteTransaction", other.to_string()).await;
    expect![[r#"
        TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [DuplicateItem, DuplicateItem, None]
          {"Code":"DuplicateItem","Message":"Duplicate primary key exists in table"}
          {"Code":"DuplicateItem","Message":"Duplicate primary key exists in table"}
          {"Code":"None"}
    "#]]
    .assert_eq(&shown(&answer.json()));

    let exists = |condition: &str| {
        json!({"TransactStatements": [
            {"Statement": "UPDATE other SET n = n + 1 WHERE pk = 'a' AND n = ? RETURNING MODIFIED NEW *",
                "Parameters": [{"N": "1"}]},
            {"Statement": format!("EXISTS(SELECT * FROM music WHERE artist = 'x' AND song = 'y'{condition})"),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}]})
    };
    let failing = exists(" AND awards IS MISSING").to_string();
    let answer = client.call("ExecuteTransaction", failing).await;
    expect![[r#"
        TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]
          {"Code":"None"}
          {"Code":"ConditionalCheckFailed","Item":{"artist":{"S":"x"},"awards":{"N":"3"},"song":{"S":"y"}},"Message":"The conditional request failed"}
    "#]]
    .assert_eq(&shown(&answer.json()));
    assert_eq!(
        item(&mut client, "other", pk("a")).await["n"],
        json!({"N": "1"})
    );
    let answer = client
        .ok("ExecuteTransaction", exists(" AND awards > 2"))
        .await;
    assert_eq!(
        answer,
        json!({"Responses": [{"Item": {"n": {"N": "2"}}}, {}]})
    );
    let answer = client
        .call("ExecuteTransaction", exists("").to_string())
        .await;
    assert!(shown(&answer.json()).contains("[ConditionalCheckFailed, None]"));

    let request = json!({"ReturnConsumedCapacity": "TOTAL", "TransactStatements": [
        {"Statement": "SELECT * FROM other WHERE pk = 'a'"},
        {"Statement": "SELECT * FROM other WHERE pk = 'none'"},
        {"Statement": "SELECT awards FROM music WHERE artist = ? AND song = 'y'", "Parameters": [{"S": "x"}]}]});
    assert_eq!(
        client.ok("ExecuteTransaction", request).await,
        json!({
        "ConsumedCapacity": [
            {"TableName": "other", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0},
            {"TableName": "music", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}],
        "Responses": [
            {"Item": {"pk": {"S": "a"}, "n": {"N": "2"}}},
            {},
            {"Item": {"awards": {"N": "3"}}}]})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_transactions_of_statements_are_refused() {
    let (_server, mut client) = two_tables().await;
    let statements = |texts: &[&str]| {
        let statements: Vec<Value> = texts
            .iter()
            .map(|text| json!({"Statement": text}))
            .collect();
        json!({"TransactStatements": statements})
    };
    let read = "SELECT * FROM other WHERE pk = 'a'";
    let write = "INSERT INTO other VALUE {'pk': 'a'}";
    for (request, expected) in [
        (
            statements(&[read, write]),
            expect![
                "400 ValidationException: ExecuteTransaction must consist of either read statements or write statements, not of both"
            ],
        ),
        (
            statements(&[read, "EXISTS(SELECT * FROM other WHERE pk = 'b')"]),
            expect![
                "400 ValidationException: ExecuteTransaction must consist of either read statements or write statements, not of both"
            ],
        ),
        (
            statements(&[write, "UPDATE other SET n = 1 WHERE pk = 'a'"]),
            expect![
                "400 ValidationException: Transaction request cannot include multiple operations on one item"
            ],
        ),
        (
            statements(&[write, "DELETE FROM music WHERE artist = 'x'"]),
            expect![
                "400 ValidationException: Where clause does not contain a mandatory equality on all key attributes"
            ],
        ),
        (
            statements(&["SELECT * FROM music WHERE artist = 'x'"]),
            expect![
                "400 ValidationException: Select statements within ExecuteTransaction must specify the primary key in the where clause."
            ],
        ),
        (
            statements(&["EXISTS(SELECT * FROM other)"]),
            expect![
                "400 ValidationException: Where clause does not contain a mandatory equality on all key attributes"
            ],
        ),
        (
            statements(&[write, "INSERT INTO nope VALUE {'pk': 'a'}"]),
            expect!["400 ResourceNotFoundException: Requested resource not found"],
        ),
        (
            statements(&["CREATE TABLE x (a int PRIMARY KEY)"]),
            expect!["400 ValidationException: Unsupported operation: CREATE TABLE in PartiQL"],
        ),
        (
            statements(&[]),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'TransactStatements' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ],
        ),
        (
            statements(&[read; 101]),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'TransactStatements' failed to satisfy constraint: Member must have length less than or equal to 100"
            ],
        ),
    ] {
        expected.assert_eq(&client.err("ExecuteTransaction", request).await);
    }
    let wrong_key = statements(&[write, "DELETE FROM other WHERE pk = 1"]);
    let answer = client
        .call("ExecuteTransaction", wrong_key.to_string())
        .await;
    assert!(shown(&answer.json()).contains("[None, ValidationError]"));
    assert_eq!(item(&mut client, "other", pk("a")).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_follow_a_transaction_and_are_paid_twice_too() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let index = |name: &str, hash: &str, range: &str| {
        json!({"IndexName": name, "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]})
    };
    client
        .ok(
            "CreateTable",
            json!({"TableName": "scores", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "player", "AttributeType": "S"},
                {"AttributeName": "day", "AttributeType": "N"},
                {"AttributeName": "score", "AttributeType": "N"},
                {"AttributeName": "game", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "player", "KeyType": "HASH"}, {"AttributeName": "day", "KeyType": "RANGE"}],
            "LocalSecondaryIndexes": [index("best", "player", "score")],
            "GlobalSecondaryIndexes": [index("board", "game", "score")]}),
        )
        .await;
    let score = |player: &str, score: Value| {
        put(
            "scores",
            json!({"player": {"S": player}, "day": {"N": "1"}, "game": {"S": "go"}, "score": score}),
        )
    };
    let request = json!({"ReturnConsumedCapacity": "INDEXES", "TransactItems": [
        score("ann", json!({"N": "7"})),
        score("bob", json!({"N": "5"})),
        {"ConditionCheck": {"TableName": "scores", "Key": {"player": {"S": "eve"}, "day": {"N": "1"}},
            "ConditionExpression": "attribute_not_exists(player)"}}]});
    let answer = client.ok("TransactWriteItems", request).await;
    let units = |units: f64| json!({"CapacityUnits": units, "WriteCapacityUnits": units});
    assert_eq!(
        answer,
        json!({"ConsumedCapacity": [{
            "TableName": "scores", "CapacityUnits": 14.0, "WriteCapacityUnits": 14.0,
            "Table": units(6.0),
            "LocalSecondaryIndexes": {"best": units(4.0)},
            "GlobalSecondaryIndexes": {"board": units(4.0)}}]})
    );
    // The same through PartiQL: alone, in a batch, in a transaction.
    let insert = |player: &str| {
        format!(
            "INSERT INTO scores VALUE {{'player': '{player}', 'day': 2, 'game': 'chess', 'score': 1}}"
        )
    };
    let alone = json!({"ReturnConsumedCapacity": "INDEXES", "Statement": insert("cat")});
    let alone = client.ok("ExecuteStatement", alone).await["ConsumedCapacity"].clone();
    assert_eq!(
        alone,
        json!({"TableName": "scores", "CapacityUnits": 3.0, "Table": {"CapacityUnits": 1.0},
            "LocalSecondaryIndexes": {"best": {"CapacityUnits": 1.0}},
            "GlobalSecondaryIndexes": {"board": {"CapacityUnits": 1.0}}})
    );
    let batch =
        json!({"ReturnConsumedCapacity": "INDEXES", "Statements": [{"Statement": insert("dan")}]});
    let batch = client.ok("BatchExecuteStatement", batch).await;
    assert_eq!(batch["ConsumedCapacity"], json!([alone]));
    let transaction = json!({"ReturnConsumedCapacity": "TOTAL", "TransactStatements": [{"Statement": insert("eva")}]});
    let transaction = client.ok("ExecuteTransaction", transaction).await;
    assert_eq!(
        transaction["ConsumedCapacity"],
        json!([{"TableName": "scores", "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}])
    );
    // Statements of batches and transactions read items, not entries of indexes.
    let entry = r#"SELECT * FROM "scores"."board" WHERE player = 'eva' AND day = 2"#;
    let batch = json!({"Statements": [{"Statement": entry}]});
    let batch = client.ok("BatchExecuteStatement", batch).await;
    assert_eq!(
        batch["Responses"],
        json!([{"TableName": "scores", "Error": {"Code": "ValidationError",
            "Message": "Select statements within BatchExecuteStatement must specify the primary key of a table, not an index"}}])
    );
    for statement in [entry.to_owned(), format!("EXISTS({entry})")] {
        let transaction = json!({"TransactStatements": [{"Statement": statement}]});
        assert_eq!(
            client.err("ExecuteTransaction", transaction).await,
            "400 ValidationException: Select statements within ExecuteTransaction must specify the primary key of a table, not an index"
        );
    }
    for statement in [
        r#"DELETE FROM "scores"."board" WHERE player = 'eva' AND day = 2"#,
        r#"UPDATE "scores"."board" SET n = 1 WHERE player = 'eva' AND day = 2"#,
        r#"INSERT INTO "scores"."board" VALUE {'player': 'x', 'day': 1}"#,
    ] {
        let transaction = json!({"TransactStatements": [{"Statement": statement}]});
        let refused = client.err("ExecuteTransaction", transaction).await;
        assert!(
            refused.starts_with("400 ValidationException: "),
            "{refused}"
        );
    }
    let board = json!({"TableName": "scores", "IndexName": "board",
        "KeyConditionExpression": "game = :g", "ExpressionAttributeValues": {":g": {"S": "go"}}});
    let page = client.ok("Query", board).await;
    let players: Vec<&Value> = page["Items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| &item["player"]["S"])
        .collect();
    assert_eq!(players, ["bob", "ann"]);
    let items = json!([
        score("ann", json!({"N": "8"})),
        score("bob", json!({"S": "5"}))
    ]);
    expect![[r#"
        TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]
          {"Code":"None"}
          {"Code":"ValidationError","Message":"One or more parameter values were invalid: Type mismatch for Index Key score Expected: N Actual: S IndexName: best"}
    "#]]
    .assert_eq(&shown(&transact(&mut client, items).await));
}
