//! Contributor Insights: switched on and off, described, listed. The door tests use a fixed clock, so times are exact.

use crate::server::{Client, Server};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

async fn check(client: &mut Client, questions: &[(&str, Value)], expected: Expect) {
    let mut answers = Vec::new();
    for (operation, request) in questions {
        let answer = client.call(operation, request.to_string()).await;
        let shown = match answer.status {
            200 => String::from_utf8_lossy(&answer.body).into_owned(),
            _ => answer.exception(),
        };
        answers.push(format!("{operation}: {shown}"));
    }
    expected.assert_eq(&answers.join("\n"));
}

/// Table `music` with a HASH key, a global index on two attributes and a local one.
async fn started() -> (Server, Client) {
    let server = Server::start().await;
    let mut client = server.client().await;
    let key = |hash: &str, range: &str| json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]);
    let index = |name: &str, key: Value| json!([{"IndexName": name, "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}]);
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    for table in ["music", "other"] {
        let request = json!({"TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [attribute("a"), attribute("b"), attribute("c")],
            "KeySchema": key("a", "b"),
            "GlobalSecondaryIndexes": index("by_c", json!([{"AttributeName": "c", "KeyType": "HASH"}])),
            "LocalSecondaryIndexes": index("local", key("a", "c"))});
        client.ok("CreateTable", request).await;
    }
    (server, client)
}

fn update(
    table: &str,
    index: Option<&str>,
    action: &str,
    mode: Option<&str>,
) -> (&'static str, Value) {
    let mut request = json!({"TableName": table, "ContributorInsightsAction": action});
    for (member, value) in [("IndexName", index), ("ContributorInsightsMode", mode)] {
        if let Some(value) = value {
            request[member] = json!(value);
        }
    }
    ("UpdateContributorInsights", request)
}

fn describe(table: &str, index: Option<&str>) -> (&'static str, Value) {
    let mut request = json!({"TableName": table});
    if let Some(index) = index {
        request["IndexName"] = json!(index);
    }
    ("DescribeContributorInsights", request)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_and_an_index_are_switched_on_and_off() {
    let (_server, mut client) = started().await;
    check(
        &mut client,
        &[
            describe("music", None),
            update("music", None, "DISABLE", None),
            update("music", None, "ENABLE", None),
            describe("music", None),
            update("music", Some("by_c"), "ENABLE", Some("THROTTLED_KEYS")),
            describe("music", Some("by_c")),
            update(
                "music",
                Some("by_c"),
                "ENABLE",
                Some("ACCESSED_AND_THROTTLED_KEYS"),
            ),
            describe("music", Some("by_c")),
            update("music", None, "DISABLE", None),
            describe("music", None),
        ],
        expect![[r#"
            DescribeContributorInsights: {"TableName":"music","ContributorInsightsStatus":"DISABLED"}
            UpdateContributorInsights: {"TableName":"music","ContributorInsightsStatus":"DISABLED"}
            UpdateContributorInsights: {"TableName":"music","ContributorInsightsStatus":"ENABLING","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}
            DescribeContributorInsights: {"TableName":"music","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS","ContributorInsightsRuleList":["DynamoDBContributorInsights-PKC-music-1700000000000","DynamoDBContributorInsights-SKC-music-1700000000000","DynamoDBContributorInsights-PKT-music-1700000000000","DynamoDBContributorInsights-SKT-music-1700000000000"],"LastUpdateDateTime":1700000000.000}
            UpdateContributorInsights: {"TableName":"music","IndexName":"by_c","ContributorInsightsStatus":"ENABLING","ContributorInsightsMode":"THROTTLED_KEYS"}
            DescribeContributorInsights: {"TableName":"music","IndexName":"by_c","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"THROTTLED_KEYS","ContributorInsightsRuleList":["DynamoDBContributorInsights-PKT-music-by_c-1700000000000"],"LastUpdateDateTime":1700000000.000}
            UpdateContributorInsights: {"TableName":"music","IndexName":"by_c","ContributorInsightsStatus":"ENABLING","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}
            DescribeContributorInsights: {"TableName":"music","IndexName":"by_c","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS","ContributorInsightsRuleList":["DynamoDBContributorInsights-PKC-music-by_c-1700000000000","DynamoDBContributorInsights-PKT-music-by_c-1700000000000"],"LastUpdateDateTime":1700000000.000}
            UpdateContributorInsights: {"TableName":"music","ContributorInsightsStatus":"DISABLING","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}
            DescribeContributorInsights: {"TableName":"music","ContributorInsightsStatus":"DISABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS","LastUpdateDateTime":1700000000.000}"#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused() {
    let (_server, mut client) = started().await;
    check(
        &mut client,
        &[
            describe("nope", None),
            describe("music", Some("nope")),
            describe("music", Some("local")),
            update("music", Some("local"), "ENABLE", None),
            update("music", None, "PAUSE", Some("ALL")),
            ("ListContributorInsights", json!({"TableName": "nope"})),
            ("ListContributorInsights", json!({"MaxResults": 0})),
            ("ListContributorInsights", json!({"MaxResults": 101})),
            ("ListContributorInsights", json!({"NextToken": "*"})),
        ],
        expect![[r#"
            DescribeContributorInsights: 400 ResourceNotFoundException: Requested resource not found: Table: nope not found
            DescribeContributorInsights: 400 ResourceNotFoundException: Requested resource not found: Table: music has no index nope
            DescribeContributorInsights: 400 ResourceNotFoundException: Requested resource not found: Table: music has no index local
            UpdateContributorInsights: 400 ResourceNotFoundException: Requested resource not found: Table: music has no index local
            UpdateContributorInsights: 400 ValidationException: 2 validation errors detected: Value at 'ContributorInsightsAction' failed to satisfy constraint: Member must satisfy enum value set: [ENABLE, DISABLE]; Value at 'ContributorInsightsMode' failed to satisfy constraint: Member must satisfy enum value set: [ACCESSED_AND_THROTTLED_KEYS, THROTTLED_KEYS]
            ListContributorInsights: 400 ResourceNotFoundException: Requested resource not found: Table: nope not found
            ListContributorInsights: 400 ValidationException: 1 validation error detected: Value at 'MaxResults' failed to satisfy constraint: Member must have value greater than or equal to 1
            ListContributorInsights: 400 ValidationException: 1 validation error detected: Value at 'MaxResults' failed to satisfy constraint: Member must have value less than or equal to 100
            ListContributorInsights: 400 ValidationException: NextToken * was not given out by this operation"#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_what_was_ever_on_in_pages() {
    let (_server, mut client) = started().await;
    let list = "ListContributorInsights";
    check(
        &mut client,
        &[(list, json!({}))],
        expect![[r#"ListContributorInsights: {"ContributorInsightsSummaries":[]}"#]],
    )
    .await;
    for (operation, request) in [
        update("other", None, "ENABLE", None),
        update("music", Some("by_c"), "ENABLE", Some("THROTTLED_KEYS")),
        update("music", None, "ENABLE", None),
        update("music", None, "DISABLE", None),
    ] {
        client.ok(operation, request).await;
    }
    check(
        &mut client,
        &[
            (list, json!({})),
            (list, json!({"TableName": "other"})),
            (
                list,
                json!({"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/music"}),
            ),
        ],
        expect![[r#"
            ListContributorInsights: {"ContributorInsightsSummaries":[{"TableName":"music","ContributorInsightsStatus":"DISABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"},{"TableName":"music","IndexName":"by_c","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"THROTTLED_KEYS"},{"TableName":"other","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}]}
            ListContributorInsights: {"ContributorInsightsSummaries":[{"TableName":"other","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}]}
            ListContributorInsights: {"ContributorInsightsSummaries":[{"TableName":"music","ContributorInsightsStatus":"DISABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"},{"TableName":"music","IndexName":"by_c","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"THROTTLED_KEYS"}]}"#]],
    )
    .await;
    let mut pages = Vec::new();
    let mut request = json!({"MaxResults": 1});
    loop {
        let page = client.ok(list, request.clone()).await;
        pages.push(page["ContributorInsightsSummaries"].clone());
        match page.get("NextToken") {
            Some(token) => request["NextToken"] = token.clone(),
            None => break,
        }
    }
    let all = client.ok(list, json!({})).await;
    let together = pages
        .iter()
        .flat_map(|page| page.as_array().expect("a list").clone());
    assert_eq!(
        all["ContributorInsightsSummaries"],
        json!(together.collect::<Vec<_>>())
    );
    assert_eq!(pages.len(), 3);
    // An index that is dropped takes its setting along, and so does a table.
    let drop = json!({"TableName": "music", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_c"}}]});
    client.ok("UpdateTable", drop).await;
    client
        .ok("DeleteTable", json!({"TableName": "other"}))
        .await;
    check(&mut client, &[(list, json!({}))], expect![[r#"ListContributorInsights: {"ContributorInsightsSummaries":[{"TableName":"music","ContributorInsightsStatus":"DISABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}]}"#]]).await;
}
