//! Query and Scan.

use crate::server::{Client, Server, music_key};
use expect_test::expect;
use serde_json::{Value, json};

/// Artists a and b with songs 00 to 09 and their number.
async fn filled() -> (Server, Client) {
    let (server, mut client) = Server::with_music().await;
    for artist in ["a", "b"] {
        for n in 0..10 {
            let mut item = music_key(artist, &format!("{n:02}"));
            item["n"] = json!({"N": n.to_string()});
            client
                .ok("PutItem", json!({"TableName": "music", "Item": item}))
                .await;
        }
    }
    (server, client)
}

fn query(condition: &str, values: Value) -> Value {
    json!({"TableName": "music", "KeyConditionExpression": condition, "ExpressionAttributeValues": values})
}

fn songs(answer: &Value) -> Vec<&str> {
    let items = answer["Items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["song"]["S"].as_str().expect("a song"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sort_key_operators() {
    let (_server, mut client) = filled().await;
    for (condition, expected) in [
        ("artist = :a", "00 01 02 03 04 05 06 07 08 09"),
        ("artist = :a AND song = :x", "03"),
        ("artist = :a AND song < :x", "00 01 02"),
        ("artist = :a AND song <= :x", "00 01 02 03"),
        ("artist = :a AND song > :y", "08 09"),
        ("artist = :a AND song >= :y", "07 08 09"),
        ("artist = :a AND song BETWEEN :x AND :y", "03 04 05 06 07"),
        (
            "artist = :a AND begins_with(song, :z)",
            "00 01 02 03 04 05 06 07 08 09",
        ),
        ("song = :x AND artist = :a", "03"),
        ("(artist = :a) AND (song > :y)", "08 09"),
    ] {
        let all = json!({":a": {"S": "a"}, ":x": {"S": "03"}, ":y": {"S": "07"}, ":z": {"S": "0"}});
        let used: serde_json::Map<String, Value> = all
            .as_object()
            .expect("an object")
            .iter()
            .filter(|(name, _)| condition.contains(name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let answer = client
            .ok("Query", query(condition, Value::Object(used)))
            .await;
        assert_eq!(songs(&answer).join(" "), expected, "{condition}");
        assert_eq!(answer["Count"], answer["ScannedCount"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_of_the_sort_key_is_not_empty() {
    let (_server, mut client) = filled().await;
    for condition in [
        "artist = :a AND song = :x",
        "artist = :a AND song < :x",
        "artist = :a AND song BETWEEN :x AND :a",
        "artist = :a AND begins_with(song, :x)",
    ] {
        let request = query(condition, json!({":a": {"S": "a"}, ":x": {"S": ""}}));
        assert_eq!(
            client.err("Query", request).await,
            "400 ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: song",
            "{condition}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_without_gap_or_overlap() {
    let (_server, mut client) = filled().await;
    for forward in [true, false] {
        let mut request = query("artist = :a", json!({":a": {"S": "a"}}));
        request["ScanIndexForward"] = json!(forward);
        request["Limit"] = json!(4);
        let mut all = Vec::new();
        let mut pages = 0;
        loop {
            let page = client.ok("Query", request.clone()).await;
            all.extend(songs(&page).into_iter().map(str::to_owned));
            pages += 1;
            match page.get("LastEvaluatedKey") {
                Some(key) => request["ExclusiveStartKey"] = key.clone(),
                None => break,
            }
        }
        let mut expected: Vec<String> = (0..10).map(|n| format!("{n:02}")).collect();
        if !forward {
            expected.reverse();
        }
        assert_eq!(all, expected);
        assert_eq!(pages, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_projections_and_counts() {
    let (_server, mut client) = filled().await;
    let mut request = query("artist = :a", json!({":a": {"S": "a"}, ":n": {"N": "7"}}));
    request["FilterExpression"] = json!("n > :n");
    request["ProjectionExpression"] = json!("n");
    request["ReturnConsumedCapacity"] = json!("TOTAL");
    let answer = client.ok("Query", request.clone()).await;
    assert_eq!(
        answer,
        json!({
        "Items": [{"n": {"N": "8"}}, {"n": {"N": "9"}}], "Count": 2, "ScannedCount": 10,
        "ConsumedCapacity": {"TableName": "music", "CapacityUnits": 0.5}})
    );
    request
        .as_object_mut()
        .expect("an object")
        .remove("ProjectionExpression");
    request
        .as_object_mut()
        .expect("an object")
        .remove("ReturnConsumedCapacity");
    request["Select"] = json!("COUNT");
    let answer = client.ok("Query", request).await;
    assert_eq!(answer, json!({"Count": 2, "ScannedCount": 10}));
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_queries_are_named() {
    let (_server, mut client) = filled().await;
    let a = || json!({":a": {"S": "a"}});
    let with = |name: &str, value: Value| {
        let mut request = query("artist = :a", a());
        request[name] = value;
        request
    };
    for (request, expected) in [
        (
            json!({"TableName": "music"}),
            expect![[
                r#"400 ValidationException: Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."#
            ]],
        ),
        (
            query("song = :a", a()),
            expect![[
                r#"400 ValidationException: Query condition missed key schema element: artist"#
            ]],
        ),
        (
            query("artist > :a", a()),
            expect![[r#"400 ValidationException: Query key condition not supported"#]],
        ),
        (
            query("artist = :a AND n = :a", a()),
            expect![[
                r#"400 ValidationException: Query condition missed key schema element: song"#
            ]],
        ),
        (
            query("artist = :a AND song = :a AND n = :a", a()),
            expect![[r#"400 ValidationException: Conditions can be of length 1 or 2 only"#]],
        ),
        (
            query("artist = :a OR song = :a", a()),
            expect![[
                r#"400 ValidationException: Invalid operator used in KeyConditionExpression: OR"#
            ]],
        ),
        (
            query("artist = :a AND contains(song, :a)", a()),
            expect![[
                r#"400 ValidationException: Invalid operator used in KeyConditionExpression: contains"#
            ]],
        ),
        (
            query("artist = :a", json!({":a": {"N": "1"}})),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Condition parameter type does not match schema type"#
            ]],
        ),
        (
            query(
                "artist = :a AND song > :n",
                json!({":a": {"S": "a"}, ":n": {"N": "1"}}),
            ),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Condition parameter type does not match schema type"#
            ]],
        ),
        (
            with("FilterExpression", json!("song > :a")),
            expect![[
                r#"400 ValidationException: Filter Expression can only contain non-primary key attributes: Primary key attribute: song"#
            ]],
        ),
        (
            with("IndexName", json!("by_n")),
            expect![[
                r#"400 ValidationException: The table does not have the specified index: by_n"#
            ]],
        ),
        (
            with("Limit", json!(0)),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"#
            ]],
        ),
        (
            with("Limit", json!("1")),
            expect![[r#"400 SerializationException: STRING_VALUE cannot be converted to Integer"#]],
        ),
        (
            with("Select", json!("SPECIFIC_ATTRIBUTES")),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"#
            ]],
        ),
        (
            with("Select", json!("ALL_PROJECTED_ATTRIBUTES")),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"#
            ]],
        ),
        (
            with("Select", json!("EVERYTHING")),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'Select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"#
            ]],
        ),
        (
            with("ExclusiveStartKey", json!({"artist": {"S": "a"}})),
            expect![[
                r#"400 ValidationException: The provided starting key is invalid: The provided key element does not match the schema"#
            ]],
        ),
        (
            with("ExclusiveStartKey", music_key("b", "01")),
            expect![[
                r#"400 ValidationException: The provided starting key is outside query boundaries based on provided conditions"#
            ]],
        ),
    ] {
        expected.assert_eq(&client.err("Query", request).await);
    }
    let mut both = with("Select", json!("COUNT"));
    both["ProjectionExpression"] = json!("n");
    expect![[r#"400 ValidationException: Cannot specify the ProjectionExpression when choosing to get only the Count"#]].assert_eq(&client.err("Query", both).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_in_segments_see_everything_once() {
    let (_server, mut client) = filled().await;
    let mut seen = Vec::new();
    for segment in 0..4 {
        let mut request =
            json!({"TableName": "music", "Segment": segment, "TotalSegments": 4, "Limit": 3});
        loop {
            let page = client.ok("Scan", request.clone()).await;
            for item in page["Items"].as_array().expect("items") {
                seen.push(format!("{}{}", item["artist"]["S"], item["song"]["S"]));
            }
            match page.get("LastEvaluatedKey") {
                Some(key) => request["ExclusiveStartKey"] = key.clone(),
                None => break,
            }
        }
    }
    seen.sort();
    let mut distinct = seen.clone();
    distinct.dedup();
    assert_eq!(seen.len(), 20);
    assert_eq!(distinct.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_filter_on_keys_too() {
    let (_server, mut client) = filled().await;
    let answer = client
        .ok(
            "Scan",
            json!({"TableName": "music", "FilterExpression": "song = :s AND artist = :a",
            "ExpressionAttributeValues": {":s": {"S": "05"}, ":a": {"S": "b"}}}),
        )
        .await;
    assert_eq!(answer["Count"], 1);
    assert_eq!(answer["ScannedCount"], 20);
    for (request, expected) in [
        (
            json!({"TableName": "music", "Segment": 1}),
            expect![[
                r#"400 ValidationException: The TotalSegments parameter is required but was not present in the request when Segment parameter is present"#
            ]],
        ),
        (
            json!({"TableName": "music", "TotalSegments": 1}),
            expect![[
                r#"400 ValidationException: The Segment parameter is required but was not present in the request when parameter TotalSegments is present"#
            ]],
        ),
        (
            json!({"TableName": "music", "Segment": 2, "TotalSegments": 2}),
            expect![[
                r#"400 ValidationException: The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2"#
            ]],
        ),
        (
            json!({"TableName": "music", "Segment": -1, "TotalSegments": 1000001}),
            expect![[
                r#"400 ValidationException: 2 validation errors detected: Value at 'Segment' failed to satisfy constraint: Member must have value greater than or equal to 0; Value at 'TotalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000"#
            ]],
        ),
        (
            json!({"TableName": "music", "ExpressionAttributeValues": {":a": {"S": "a"}}}),
            expect![[
                r#"400 ValidationException: ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"#
            ]],
        ),
        (
            json!({"TableName": "music", "IndexName": "by_n"}),
            expect![[
                r#"400 ValidationException: The table does not have the specified index: by_n"#
            ]],
        ),
    ] {
        expected.assert_eq(&client.err("Scan", request).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_at_a_megabyte() {
    let (_server, mut client) = Server::with_music().await;
    for n in 0..4 {
        let mut item = music_key("a", &n.to_string());
        item["text"] = json!({"S": "x".repeat(300_000)});
        client
            .ok("PutItem", json!({"TableName": "music", "Item": item}))
            .await;
    }
    let request = query("artist = :a", json!({":a": {"S": "a"}}));
    let page = client.ok("Query", request.clone()).await;
    assert!(page.get("LastEvaluatedKey").is_some());
    let mut next = request;
    next["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    let rest = client.ok("Query", next).await;
    let count = |page: &Value| page["Count"].as_u64().expect("a count");
    assert_eq!(count(&page) + count(&rest), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_key_of_another_segment_is_told_so() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client
        .ok(
            "CreateTable",
            json!({
                "TableName": "parts", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            }),
        )
        .await;
    let scan = |segment: u32, key: &str| {
        json!({"TableName": "parts", "TotalSegments": 2, "Segment": segment,
            "ExclusiveStartKey": {"id": {"S": key}}})
    };
    let mut refused = Vec::new();
    for segment in [0, 1] {
        let answer = client.call("Scan", scan(segment, "x").to_string()).await;
        if answer.status != 200 {
            refused.push(client.err("Scan", scan(segment, "x")).await);
        }
    }
    let [refused] = &refused[..] else {
        panic!("a key lies in one segment: {refused:?}");
    };
    assert!(
        refused.starts_with("400 ValidationException: The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: "),
        "{refused}"
    );
}
