//! Condition expressions, their parameters, and what concurrent conditions promise.

use crate::server::{Server, music_key};
use expect_test::expect;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_condition_shows_the_item_if_asked() {
    let (_server, mut client) = Server::with_music().await;
    let mut item = music_key("a", "b");
    item["n"] = json!({"N": "1"});
    client
        .ok("PutItem", json!({"TableName": "music", "Item": item}))
        .await;
    let put = json!({"TableName": "music", "Item": music_key("a", "b"), "ConditionExpression": "attribute_not_exists(artist)"});
    expect![[r#"400 ConditionalCheckFailedException: The conditional request failed"#]]
        .assert_eq(&client.err("PutItem", put.clone()).await);
    let mut asking = put;
    asking["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let answer = client.call("PutItem", asking.to_string()).await.json();
    assert_eq!(answer["Item"], item);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_placeholders_stand_for_is_bounded() {
    let (_server, mut client) = Server::with_music().await;
    let request = |text: &str, bytes: usize| {
        json!({
            "TableName": "music",
            "Key": music_key("a", "b"),
            "UpdateExpression": text,
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":v": {"S": "x".repeat(bytes)}},
        })
    };
    // Keys and names count too: 2 + 1 + 2 bytes.
    let fits = (2 << 20) - 5;
    expect![[
        r#"400 ValidationException: Item size to update has exceeded the maximum allowed size"#
    ]]
    .assert_eq(&client.err("UpdateItem", request("SET #n = :v", fits)).await);
    expect!["400 ValidationException: 1 validation error detected: ExpressionAttributeNames and ExpressionAttributeValues have exceeded the maximum allowed size; size: 2097153, maximum size: 2097152"]
        .assert_eq(&client.err("UpdateItem", request("SET #n = :v", fits + 1)).await);
    // A value costs its memory once, however often it is named.
    let sets: Vec<String> = (0..300).map(|i| format!("a{i} = :v")).collect();
    let text = format!("SET #n = :v, {}", sets.join(", "));
    expect![[
        r#"400 ValidationException: Item size to update has exceeded the maximum allowed size"#
    ]]
    .assert_eq(&client.err("UpdateItem", request(&text, 2_000_000)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_expressions_and_parameters_are_named() {
    let (_server, mut client) = Server::with_music().await;
    let update = |extra: serde_json::Value| {
        let mut body = json!({"TableName": "music", "Key": music_key("a", "b")});
        for (name, value) in extra.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    for (extra, expected) in [
        (
            json!({"ExpressionAttributeNames": {"#a": "a"}}),
            expect![
                "400 ValidationException: 1 validation error detected: ExpressionAttributeNames can only be specified when using expressions"
            ],
        ),
        (
            json!({"ExpressionAttributeValues": {":a": {"S": "a"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null"
            ],
        ),
        (
            json!({"UpdateExpression": ""}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid UpdateExpression: The expression can not be empty;"
            ],
        ),
        (
            json!({"UpdateExpression": "SET a = :v"}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :v"
            ],
        ),
        (
            json!({"UpdateExpression": "SET #a = :v", "ExpressionAttributeValues": {":v": {"S": "a"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #a"
            ],
        ),
        (
            json!({"UpdateExpression": "REMOVE a", "ExpressionAttributeNames": {"#b": "b", "#a": "a"}}),
            expect![
                "400 ValidationException: 1 validation error detected: Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"
            ],
        ),
        (
            json!({"UpdateExpression": "REMOVE a", "ExpressionAttributeValues": {":b": {"S": "b"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"
            ],
        ),
        (
            json!({"UpdateExpression": "REMOVE a", "ExpressionAttributeNames": {}}),
            expect![
                "400 ValidationException: 1 validation error detected: ExpressionAttributeNames must not be empty"
            ],
        ),
        (
            json!({"UpdateExpression": "REMOVE a", "ExpressionAttributeValues": {}}),
            expect![
                "400 ValidationException: 1 validation error detected: ExpressionAttributeValues must not be empty"
            ],
        ),
        (
            json!({"UpdateExpression": "REMOVE a", "ExpressionAttributeNames": {"a": "b"}}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: ExpressionAttributeNames contains invalid key: Syntax error; key: "a""#
            ]],
        ),
        (
            json!({"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {"v": {"S": "a"}}}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: ExpressionAttributeValues contains invalid key: Syntax error; key: "v""#
            ]],
        ),
        (
            json!({"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {}}}),
            expect![
                "400 ValidationException: 1 validation error detected: ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :v"
            ],
        ),
        (
            json!({"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"N": 1}}}),
            expect![[r#"400 SerializationException: NUMBER_VALUE cannot be converted to String"#]],
        ),
        (
            json!({"UpdateExpression": "SET name = :v", "ExpressionAttributeValues": {":v": {"S": "a"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name"
            ],
        ),
        (
            json!({"UpdateExpression": "SET a = :v, a.b = :v", "ExpressionAttributeValues": {":v": {"S": "a"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]"
            ],
        ),
        (
            json!({"UpdateExpression": "SET a :v", "ExpressionAttributeValues": {":v": {"S": "a"}}}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Invalid UpdateExpression: Syntax error; token: ":v", near: "a :v""#
            ]],
        ),
        (
            json!({"UpdateExpression": "ADD a :v", "ExpressionAttributeValues": {":v": {"S": "a"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"
            ],
        ),
        (
            json!({"UpdateExpression": "REMOVE a REMOVE b"}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Invalid UpdateExpression: The "REMOVE" section can only be used once in an update expression;"#
            ]],
        ),
        (
            json!({"ConditionExpression": "a BETWEEN :h AND :l", "ExpressionAttributeValues": {":l": {"N": "1"}, ":h": {"N": "2"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"
            ],
        ),
        (
            json!({"ConditionExpression": "a = a"}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]"
            ],
        ),
        (
            json!({"ConditionExpression": "begins_with(a, :v)", "ExpressionAttributeValues": {":v": {"N": "1"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"
            ],
        ),
        (
            json!({"ConditionExpression": "attribute_type(a, :v)", "ExpressionAttributeValues": {":v": {"S": "Q"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid ConditionExpression: Invalid attribute type name found; type: Q, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
            ],
        ),
        (
            json!({"ConditionExpression": "f(a)"}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid ConditionExpression: Invalid function name; function: f"
            ],
        ),
        (
            json!({"ConditionExpression": "((attribute_exists(a)))"}),
            expect![
                "400 ValidationException: 1 validation error detected: Invalid ConditionExpression: The expression has redundant parentheses;"
            ],
        ),
        (
            json!({"UpdateExpression": "SET n = nope + :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}),
            expect![[
                r#"400 ValidationException: The provided expression refers to an attribute that does not exist in the item"#
            ]],
        ),
        (
            json!({"UpdateExpression": "SET a.b = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}),
            expect![[
                r#"400 ValidationException: The document path provided in the update expression is invalid for update"#
            ]],
        ),
        (
            json!({"ReturnValues": "SOME"}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'ReturnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"#
            ]],
        ),
        (
            json!({"ReturnConsumedCapacity": "ALL", "ReturnItemCollectionMetrics": "X"}),
            expect![[
                r#"400 ValidationException: 2 validation errors detected: Value at 'ReturnItemCollectionMetrics' failed to satisfy constraint: Member must satisfy enum value set: [SIZE, NONE]; Value at 'ReturnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"#
            ]],
        ),
    ] {
        expected.assert_eq(&client.err("UpdateItem", update(extra)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_counters_lose_nothing() {
    const CLIENTS: u64 = 8;
    const INCREMENTS: u64 = 25;
    let (server, mut client) = Server::with_music().await;
    let mut tasks = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = server.client().await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..INCREMENTS {
                client
                    .ok("UpdateItem", json!({"TableName": "music", "Key": music_key("a", "b"),
                        "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}))
                    .await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    let got = client
        .ok(
            "GetItem",
            json!({"TableName": "music", "Key": music_key("a", "b"), "ConsistentRead": true}),
        )
        .await;
    assert_eq!(
        got["Item"]["n"],
        json!({"N": (CLIENTS * INCREMENTS).to_string()})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_concurrent_creations_wins() {
    let (server, _client) = Server::with_music().await;
    let mut tasks = Vec::new();
    for n in 0..16 {
        let mut client = server.client().await;
        tasks.push(tokio::spawn(async move {
            let mut item = music_key("a", "b");
            item["n"] = json!({"N": n.to_string()});
            let body = json!({"TableName": "music", "Item": item, "ConditionExpression": "attribute_not_exists(song)"});
            client.call("PutItem", body.to_string()).await.status
        }));
    }
    let mut created = 0;
    for task in tasks {
        created += usize::from(task.await.expect("no panic") == 200);
    }
    assert_eq!(created, 1);
}

/// "The maximum depth for a document path is 32", and items have as many levels.
#[tokio::test(flavor = "multi_thread")]
async fn paths_names_and_documents_have_limits() {
    let (_server, mut client) = Server::with_music().await;
    let project = |path: String| json!({"TableName": "music", "Key": music_key("a", "b"), "ProjectionExpression": path});
    client
        .ok("GetItem", project(format!("a{}", ".a".repeat(31))))
        .await;
    client
        .ok("GetItem", project("a[4294967294]".to_owned()))
        .await;
    for (path, expected) in [
        (
            format!("a{}", ".a".repeat(32)),
            expect![
                "400 ValidationException: Invalid ProjectionExpression: The document path has too many nesting levels; nesting levels: 33"
            ],
        ),
        (
            format!("a{}", "[0]".repeat(40)),
            expect![
                "400 ValidationException: Invalid ProjectionExpression: The document path has too many nesting levels; nesting levels: 41"
            ],
        ),
        (
            "a[4294967295]".to_owned(),
            expect![
                "400 ValidationException: Invalid ProjectionExpression: List index is not within the allowable range; index: [4294967295]"
            ],
        ),
        (
            "a[99999999999999999999999]".to_owned(),
            expect![
                "400 ValidationException: Invalid ProjectionExpression: List index is not within the allowable range; index: [99999999999999999999999]"
            ],
        ),
    ] {
        expected.assert_eq(&client.err("GetItem", project(path)).await);
    }
    // A name that stands for nothing would make an attribute that no request could write.
    let body = json!({"TableName": "music", "Key": music_key("a", "b"), "UpdateExpression": "SET #a = :v",
        "ExpressionAttributeNames": {"#a": ""}, "ExpressionAttributeValues": {":v": {"N": "1"}}});
    expect!["400 ValidationException: 1 validation error detected: ExpressionAttributeNames contains invalid value: One or more parameter values were invalid: An attribute name must not be empty for key #a"]
        .assert_eq(&client.err("UpdateItem", body).await);
    // An update cannot nest deeper than an item may be.
    let set = |path: String, levels: usize| {
        let mut value = json!({"N": "1"});
        for _ in 0..levels {
            value = json!({"L": [value]});
        }
        json!({"TableName": "music", "Key": music_key("a", "b"), "UpdateExpression": format!("SET {path} = :v"),
            "ExpressionAttributeValues": {":v": value}})
    };
    client.ok("UpdateItem", set("a".to_owned(), 31)).await;
    expect!["400 ValidationException: Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"]
        .assert_eq(&client.err("UpdateItem", set(format!("a{}", "[0]".repeat(31)), 1)).await);
}
