//! Secondary indexes and time to live.

use crate::server::Server;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// Table `scores` with keys player and day, a local index by score, a global one by game and score.
fn scores() -> Value {
    json!({
        "TableName": "scores",
        "AttributeDefinitions": [
            {"AttributeName": "player", "AttributeType": "S"},
            {"AttributeName": "day", "AttributeType": "N"},
            {"AttributeName": "score", "AttributeType": "N"},
            {"AttributeName": "game", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "player", "KeyType": "HASH"},
            {"AttributeName": "day", "KeyType": "RANGE"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "LocalSecondaryIndexes": [{
            "IndexName": "best",
            "KeySchema": [
                {"AttributeName": "player", "KeyType": "HASH"},
                {"AttributeName": "score", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }],
        "GlobalSecondaryIndexes": [{
            "IndexName": "board",
            "KeySchema": [
                {"AttributeName": "game", "KeyType": "HASH"},
                {"AttributeName": "score", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
        }],
    })
}

fn score(player: &str, day: u32, game: &str, score: u32) -> Value {
    json!({
        "player": {"S": player},
        "day": {"N": day.to_string()},
        "game": {"S": game},
        "score": {"N": score.to_string()},
        "name": {"S": format!("{player} the great")},
        "extra": {"S": "x"},
    })
}

fn board(game: &str) -> Value {
    json!({
        "TableName": "scores",
        "IndexName": "board",
        "KeyConditionExpression": "game = :g",
        "ExpressionAttributeValues": {":g": {"S": game}},
    })
}

fn with(mut request: Value, members: Value) -> Value {
    let added = members.as_object().expect("members");
    let all = request.as_object_mut().expect("request");
    all.extend(added.clone());
    request
}

fn check(answer: &Value, expected: Expect) {
    expected.assert_eq(&answer.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_are_described_queried_and_paid_for() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", scores()).await;
    for (player, day, points) in [("ann", 1, 10), ("ann", 2, 30), ("bob", 1, 20)] {
        let put = json!({
            "TableName": "scores",
            "Item": score(player, day, "go", points),
            "ReturnConsumedCapacity": "INDEXES",
        });
        let answer = client.ok("PutItem", put).await;
        check(
            &answer["ConsumedCapacity"],
            expect![[
                r#"{"CapacityUnits":3.0,"GlobalSecondaryIndexes":{"board":{"CapacityUnits":1.0}},"LocalSecondaryIndexes":{"best":{"CapacityUnits":1.0}},"Table":{"CapacityUnits":1.0},"TableName":"scores"}"#
            ]],
        );
    }
    let described = client
        .ok("DescribeTable", json!({"TableName": "scores"}))
        .await;
    check(
        &described["Table"]["GlobalSecondaryIndexes"],
        expect![[
            r#"[{"IndexArn":"arn:aws:dynamodb:us-east-1:000000000000:table/scores/index/board","IndexName":"board","IndexSizeBytes":132,"IndexStatus":"ACTIVE","ItemCount":3,"KeySchema":[{"AttributeName":"game","KeyType":"HASH"},{"AttributeName":"score","KeyType":"RANGE"}],"Projection":{"NonKeyAttributes":["name"],"ProjectionType":"INCLUDE"},"ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":0,"WriteCapacityUnits":0}}]"#
        ]],
    );
    check(
        &described["Table"]["LocalSecondaryIndexes"],
        expect![[
            r#"[{"IndexArn":"arn:aws:dynamodb:us-east-1:000000000000:table/scores/index/best","IndexName":"best","IndexSizeBytes":63,"ItemCount":3,"KeySchema":[{"AttributeName":"player","KeyType":"HASH"},{"AttributeName":"score","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]"#
        ]],
    );
    let top = with(
        board("go"),
        json!({"ScanIndexForward": false, "Limit": 2, "ReturnConsumedCapacity": "INDEXES"}),
    );
    let page = client.ok("Query", top.clone()).await;
    check(
        &page,
        expect![[
            r#"{"ConsumedCapacity":{"CapacityUnits":0.5,"GlobalSecondaryIndexes":{"board":{"CapacityUnits":0.5}},"Table":{"CapacityUnits":0.0},"TableName":"scores"},"Count":2,"Items":[{"day":{"N":"2"},"game":{"S":"go"},"name":{"S":"ann the great"},"player":{"S":"ann"},"score":{"N":"30"}},{"day":{"N":"1"},"game":{"S":"go"},"name":{"S":"bob the great"},"player":{"S":"bob"},"score":{"N":"20"}}],"LastEvaluatedKey":{"day":{"N":"1"},"game":{"S":"go"},"player":{"S":"bob"},"score":{"N":"20"}},"ScannedCount":2}"#
        ]],
    );
    let rest = with(top, json!({"ExclusiveStartKey": page["LastEvaluatedKey"]}));
    let page = client.ok("Query", rest).await;
    check(
        &page["Items"],
        expect![[
            r#"[{"day":{"N":"1"},"game":{"S":"go"},"name":{"S":"ann the great"},"player":{"S":"ann"},"score":{"N":"10"}}]"#
        ]],
    );

    // A local index fetches what it does not hold, and reads consistently.
    let best = json!({
        "TableName": "scores",
        "IndexName": "best",
        "KeyConditionExpression": "player = :p AND score > :s",
        "ExpressionAttributeValues": {":p": {"S": "ann"}, ":s": {"N": "15"}},
        "ProjectionExpression": "extra, score",
        "ConsistentRead": true,
        "ReturnConsumedCapacity": "INDEXES",
    });
    check(
        &client.ok("Query", best).await,
        expect![[
            r#"{"ConsumedCapacity":{"CapacityUnits":2.0,"LocalSecondaryIndexes":{"best":{"CapacityUnits":1.0}},"Table":{"CapacityUnits":1.0},"TableName":"scores"},"Count":1,"Items":[{"extra":{"S":"x"},"score":{"N":"30"}}],"ScannedCount":1}"#
        ]],
    );
    let scan = json!({"TableName": "scores", "IndexName": "board", "Select": "COUNT"});
    check(
        &client.ok("Scan", scan).await,
        expect![[r#"{"Count":3,"ScannedCount":3}"#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_an_index_cannot_answer() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", scores()).await;
    for (members, expected) in [
        (
            json!({"ConsistentRead": true}),
            expect![
                "400 ValidationException: Consistent reads are not supported on global secondary indexes"
            ],
        ),
        (
            json!({"Select": "ALL_ATTRIBUTES"}),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index board because its projection type is not ALL"
            ],
        ),
        (
            json!({"ProjectionExpression": "player, extra"}),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Global secondary index board does not project [extra]"
            ],
        ),
        (
            json!({"IndexName": "other"}),
            expect!["400 ValidationException: The table does not have the specified index: other"],
        ),
        (
            json!({"ExclusiveStartKey": {"player": {"S": "a"}, "day": {"N": "1"}}}),
            expect!["400 ValidationException: The provided starting key is invalid"],
        ),
        (
            json!({"ExclusiveStartKey": {"player": {"S": "a"}, "day": {"N": "1"}, "game": {"S": "go"}, "score": {"S": "1"}}}),
            expect!["400 ValidationException: The provided starting key is invalid"],
        ),
        (
            json!({"ExclusiveStartKey": {"player": {"S": "a"}, "day": {"N": "1"}, "game": {"S": "chess"}, "score": {"N": "1"}}}),
            expect![
                "400 ValidationException: The provided starting key is outside query boundaries based on provided conditions"
            ],
        ),
        (
            json!({"ExclusiveStartKey": {"player": {"S": "a"}, "day": {"N": "1"}, "game": {"S": "go"}, "score": {"N": "1"}},
                "KeyConditionExpression": "game = :g AND score > :s",
                "ExpressionAttributeValues": {":g": {"S": "go"}, ":s": {"N": "5"}}}),
            expect![
                "400 ValidationException: The provided starting key does not match the range key predicate"
            ],
        ),
    ] {
        let request = with(board("go"), members);
        expected.assert_eq(&client.err("Query", request).await);
    }
    let put = json!({
        "TableName": "scores",
        "Item": {"player": {"S": "p"}, "day": {"N": "1"}, "game": {"N": "1"}},
    });
    expect!["400 ValidationException: One or more parameter values were invalid: Type mismatch for Index Key game Expected: S Actual: N IndexName: board"].assert_eq(&client.err("PutItem", put).await);
    let update = |value: Value| {
        json!({
            "TableName": "scores",
            "Key": {"player": {"S": "p"}, "day": {"N": "1"}},
            "UpdateExpression": "SET game = :g",
            "ExpressionAttributeValues": {":g": value},
        })
    };
    for (value, expected) in [
        (
            json!({"N": "1"}),
            expect![
                "400 ValidationException: The update expression attempted to update the secondary index key to unsupported type"
            ],
        ),
        (
            json!({"S": "x".repeat(2049)}),
            expect![
                "400 ValidationException: The update expression attempted to update the secondary index key beyond allowed size limits"
            ],
        ),
    ] {
        expected.assert_eq(&client.err("UpdateItem", update(value)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_that_do_not_fit() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let index = |keys: Value, projection: Value| {
        with(
            scores(),
            json!({"GlobalSecondaryIndexes": [{"IndexName": "board", "KeySchema": keys, "Projection": projection}]}),
        )
    };
    let key = |name: &str, role: &str| json!({"AttributeName": name, "KeyType": role});
    let all = json!({"ProjectionType": "ALL"});
    for (request, expected) in [
        (
            index(json!([key("nowhere", "HASH")]), all.clone()),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [nowhere], AttributeDefinitions: [player, day, score, game]"
            ],
        ),
        (
            index(json!([key("score", "RANGE")]), all.clone()),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [player, day, score, game], keys used: [day, player, score]"
            ],
        ),
        (
            index(json!([key("score", "HASH")]), all.clone()),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [player, day, score, game], keys used: [day, player, score]"
            ],
        ),
        (
            index(
                json!([key("game", "HASH")]),
                json!({"ProjectionType": "INCLUDE"}),
            ),
            expect![
                "400 ValidationException: One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified"
            ],
        ),
        (
            index(
                json!([key("game", "HASH")]),
                json!({"ProjectionType": "ALL", "NonKeyAttributes": ["a"]}),
            ),
            expect![
                "400 ValidationException: One or more parameter values were invalid: ProjectionType is ALL, but NonKeyAttributes is specified"
            ],
        ),
        (
            index(json!([key("game", "HASH")]), json!({})),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Unknown ProjectionType: null"
            ],
        ),
        (
            with(scores(), json!({"GlobalSecondaryIndexes": []})),
            expect![
                "400 ValidationException: One or more parameter values were invalid: List of GlobalSecondaryIndexes is empty"
            ],
        ),
        (
            with(
                scores(),
                json!({"GlobalSecondaryIndexes": [{"IndexName": "b!"}]}),
            ),
            expect![
                "400 ValidationException: 4 validation errors detected: Value at 'GlobalSecondaryIndexes.1.member.IndexName' failed to satisfy constraint: Member must have length greater than or equal to 3; Value at 'GlobalSecondaryIndexes.1.member.IndexName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value at 'GlobalSecondaryIndexes.1.member.KeySchema' failed to satisfy constraint: Member must not be null; Value at 'GlobalSecondaryIndexes.1.member.Projection' failed to satisfy constraint: Member must not be null"
            ],
        ),
        (
            with(
                scores(),
                json!({
                    "BillingMode": "PROVISIONED",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                }),
            ),
            expect![
                "400 ValidationException: One or more parameter values were invalid: ProvisionedThroughput is not specified for index: board"
            ],
        ),
    ] {
        expected.assert_eq(&client.err("CreateTable", request).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_come_and_go_online() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", scores()).await;
    for day in 0..300 {
        let put = json!({"TableName": "scores", "Item": score("ann", day, "go", day)});
        client.ok("PutItem", put).await;
    }
    let create = json!({
        "TableName": "scores",
        "AttributeDefinitions": [{"AttributeName": "extra", "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": {
            "IndexName": "by_extra",
            "KeySchema": [
                {"AttributeName": "extra", "KeyType": "HASH"},
                {"AttributeName": "game", "KeyType": "HASH"},
                {"AttributeName": "score", "KeyType": "RANGE"},
                {"AttributeName": "day", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }}],
    });
    client.ok("UpdateTable", create.clone()).await;
    let status = async |client: &mut crate::server::Client| {
        let described = client
            .ok("DescribeTable", json!({"TableName": "scores"}))
            .await;
        let indexes = described["Table"]["GlobalSecondaryIndexes"].clone();
        let indexes = indexes.as_array().cloned().unwrap_or_default();
        let index = indexes
            .iter()
            .find(|index| index["IndexName"] == "by_extra");
        index.map(|index| {
            (
                index["IndexStatus"].to_string(),
                index["ItemCount"].to_string(),
            )
        })
    };
    while status(&mut client).await.expect("the index").0 != "\"ACTIVE\"" {}
    assert_eq!(status(&mut client).await.expect("the index").1, "300");
    let query = json!({
        "TableName": "scores",
        "IndexName": "by_extra",
        "KeyConditionExpression": "extra = :e AND game = :g AND score = :s AND #d >= :s",
        "ExpressionAttributeNames": {"#d": "day"},
        "ExpressionAttributeValues": {":e": {"S": "x"}, ":g": {"S": "go"}, ":s": {"N": "7"}},
    });
    check(
        &client.ok("Query", query).await,
        expect![[
            r#"{"Count":1,"Items":[{"day":{"N":"7"},"extra":{"S":"x"},"game":{"S":"go"},"player":{"S":"ann"},"score":{"N":"7"}}],"ScannedCount":1}"#
        ]],
    );
    expect!["400 ValidationException: One or more parameter values were invalid: Duplicate index name: by_extra"].assert_eq(&client.err("UpdateTable", create).await);
    let delete = json!({
        "TableName": "scores",
        "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_extra"}}],
    });
    client.ok("UpdateTable", delete.clone()).await;
    assert_eq!(status(&mut client).await, None);
    expect!["400 ResourceNotFoundException: Requested resource not found"]
        .assert_eq(&client.err("UpdateTable", delete).await);
    let two = json!({
        "TableName": "scores",
        "GlobalSecondaryIndexUpdates": [
            {"Delete": {"IndexName": "board"}},
            {"Delete": {"IndexName": "best"}},
        ],
    });
    expect!["400 LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"].assert_eq(&client.err("UpdateTable", two).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_to_live_is_switched_and_described() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", scores()).await;
    let table = json!({"TableName": "scores"});
    let set = |enabled: bool| {
        with(
            json!({"TableName": "scores"}),
            json!({"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": "expires"}}),
        )
    };
    check(
        &client.ok("DescribeTimeToLive", table.clone()).await,
        expect![[r#"{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}"#]],
    );
    check(
        &client.ok("UpdateTimeToLive", set(true)).await,
        expect![[r#"{"TimeToLiveSpecification":{"AttributeName":"expires","Enabled":true}}"#]],
    );
    loop {
        let described = client.ok("DescribeTimeToLive", table.clone()).await;
        if described["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED" {
            break;
        }
    }
    expect!["400 ValidationException: TimeToLive is already enabled"]
        .assert_eq(&client.err("UpdateTimeToLive", set(true)).await);
    let other = with(
        json!({"TableName": "scores"}),
        json!({"TimeToLiveSpecification": {"Enabled": false, "AttributeName": "other"}}),
    );
    expect!["400 ValidationException: TimeToLive is active on a different AttributeName: current AttributeName is expires"]
        .assert_eq(&client.err("UpdateTimeToLive", other).await);
    client.ok("UpdateTimeToLive", set(false)).await;
    expect!["400 ValidationException: TimeToLive is already disabled"]
        .assert_eq(&client.err("UpdateTimeToLive", set(false)).await);
    expect!["400 ValidationException: 1 validation error detected: Value at 'TimeToLiveSpecification' failed to satisfy constraint: Member must not be null"].assert_eq(
        &client
            .err("UpdateTimeToLive", json!({"TableName": "scores"}))
            .await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_index_keys_are_refused_as_items_or_as_updates() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client
        .ok(
            "CreateTable",
            json!({
                "TableName": "files",
                "AttributeDefinitions": [
                    {"AttributeName": "name", "AttributeType": "S"},
                    {"AttributeName": "hash", "AttributeType": "B"},
                    {"AttributeName": "owner", "AttributeType": "S"},
                ],
                "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "GlobalSecondaryIndexes": [
                    {"IndexName": "by_hash", "KeySchema": [{"AttributeName": "hash", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}},
                    {"IndexName": "by_owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}},
                ],
            }),
        )
        .await;
    for (attribute, empty, put, update) in [
        (
            "owner",
            json!({"S": ""}),
            expect![
                "400 ValidationException: One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by_owner, IndexKey: owner"
            ],
            expect![
                "400 ValidationException: One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value."
            ],
        ),
        (
            "hash",
            json!({"B": ""}),
            expect![
                "400 ValidationException: One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty binary value. IndexName: by_hash, IndexKey: hash"
            ],
            expect![
                "400 ValidationException: One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty binary value."
            ],
        ),
    ] {
        let mut item = json!({"name": {"S": "a"}});
        item[attribute] = empty.clone();
        let body = json!({"TableName": "files", "Item": item});
        put.assert_eq(&client.err("PutItem", body).await);
        let body = json!({"TableName": "files", "Key": {"name": {"S": "a"}}, "UpdateExpression": "SET #a = :v",
            "ExpressionAttributeNames": {"#a": attribute}, "ExpressionAttributeValues": {":v": empty}});
        update.assert_eq(&client.err("UpdateItem", body).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_local_index_shows_does_not_depend_on_the_filter() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let created = client.ok("CreateTable", scores()).await;
    let board = &created["TableDescription"]["GlobalSecondaryIndexes"][0];
    assert_eq!(board["IndexStatus"], "CREATING");
    let item = score("ann", 1, "chess", 7);
    let put = json!({"TableName": "scores", "Item": item});
    client.ok("PutItem", put).await;
    let keys = json!({"player": {"S": "ann"}, "day": {"N": "1"}, "score": {"N": "7"}});
    let query = json!({
        "TableName": "scores", "IndexName": "best",
        "KeyConditionExpression": "player = :p",
        "FilterExpression": "extra = :x",
        "ExpressionAttributeValues": {":p": {"S": "ann"}, ":x": {"S": "x"}},
    });
    let scan = json!({
        "TableName": "scores", "IndexName": "best", "FilterExpression": "extra = :x",
        "ExpressionAttributeValues": {":x": {"S": "x"}},
    });
    for (operation, request) in [("Query", query), ("Scan", scan)] {
        let of = |select: &str| with(request.clone(), json!({"Select": select}));
        let shown = client.ok(operation, request.clone()).await;
        assert_eq!(shown["Items"], json!([keys]), "{operation}");
        let shown = client.ok(operation, of("ALL_PROJECTED_ATTRIBUTES")).await;
        assert_eq!(shown["Items"], json!([keys]), "{operation}");
        let shown = client.ok(operation, of("ALL_ATTRIBUTES")).await;
        assert_eq!(shown["Items"], json!([item]), "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_change_nothing_or_contradict_are_refused() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", scores()).await;
    let delete = json!({
        "TableName": "scores",
        "AttributeDefinitions": [{"AttributeName": "game", "AttributeType": "N"}],
        "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "board"}}],
    });
    let refused = client.err("UpdateTable", delete).await;
    assert!(
        refused.starts_with("400 ValidationException") && refused.contains("game"),
        "{refused}"
    );
    let units = json!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 6});
    let of_index = json!([{"Update": {"IndexName": "board", "ProvisionedThroughput": units}}]);
    let provision = json!({
        "TableName": "scores", "BillingMode": "PROVISIONED", "ProvisionedThroughput": units,
        "GlobalSecondaryIndexUpdates": of_index,
    });
    client.ok("UpdateTable", provision).await;
    let again = json!({"TableName": "scores", "GlobalSecondaryIndexUpdates": of_index});
    expect!["400 ValidationException: The provisioned throughput for the index board will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the index board: 5. Requested ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the index board: 6. Requested WriteCapacityUnits: 6. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."]
        .assert_eq(&client.err("UpdateTable", again).await);
}
