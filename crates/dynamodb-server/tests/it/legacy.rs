//! The parameters that expressions replaced.

use crate::server::{Client, Server, music_key};
use expect_test::expect;
use serde_json::{Value, json};

async fn filled() -> (Server, Client) {
    let (server, mut client) = Server::with_music().await;
    for n in 0..5 {
        let mut item = music_key("a", &n.to_string());
        item["n"] = json!({"N": n.to_string()});
        item["tags"] = json!({"SS": ["x", format!("t{n}")]});
        client
            .ok("PutItem", json!({"TableName": "music", "Item": item}))
            .await;
    }
    (server, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn expected_conditions() {
    let (_server, mut client) = filled().await;
    for (expected, operator, holds) in [
        (json!({"n": {"Value": {"N": "0"}}}), None, true),
        (json!({"n": {"Value": {"N": "1"}}}), None, false),
        (json!({"n": {"Exists": false}}), None, false),
        (json!({"q": {"Exists": false}}), None, true),
        (
            json!({"n": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "0"}]}}),
            None,
            true,
        ),
        (json!({"n": {"ComparisonOperator": "NOT_NULL"}}), None, true),
        (json!({"q": {"ComparisonOperator": "NULL"}}), None, true),
        (
            json!({"tags": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "x"}]}}),
            None,
            true,
        ),
        (
            json!({"tags": {"ComparisonOperator": "NOT_CONTAINS", "AttributeValueList": [{"S": "x"}]}}),
            None,
            false,
        ),
        (
            json!({"n": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "7"}, {"N": "0"}]}}),
            None,
            true,
        ),
        (
            json!({"n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}, {"N": "2"}]}}),
            None,
            false,
        ),
        (
            json!({"n": {"Value": {"N": "0"}}, "q": {"Exists": false}}),
            Some("AND"),
            true,
        ),
        (
            json!({"n": {"Value": {"N": "1"}}, "q": {"Exists": false}}),
            Some("AND"),
            false,
        ),
        (
            json!({"n": {"Value": {"N": "1"}}, "q": {"Exists": false}}),
            Some("OR"),
            true,
        ),
    ] {
        let mut body =
            json!({"TableName": "music", "Key": music_key("a", "0"), "Expected": expected});
        if let Some(operator) = operator {
            body["ConditionalOperator"] = json!(operator);
        }
        let status = client.call("UpdateItem", body.to_string()).await.status;
        assert_eq!(status == 200, holds, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attribute_updates() {
    let (_server, mut client) = filled().await;
    let answer = client
        .ok("UpdateItem", json!({"TableName": "music", "Key": music_key("a", "1"), "ReturnValues": "ALL_NEW", "AttributeUpdates": {
            "n": {"Action": "ADD", "Value": {"N": "10"}},
            "tags": {"Action": "DELETE", "Value": {"SS": ["x"]}},
            "put": {"Value": {"S": "new"}},
            "list": {"Action": "ADD", "Value": {"L": [{"N": "1"}]}},
            "gone": {"Action": "DELETE"}}}))
        .await;
    let mut expected = music_key("a", "1");
    expected["n"] = json!({"N": "11"});
    expected["tags"] = json!({"SS": ["t1"]});
    expected["put"] = json!({"S": "new"});
    expected["list"] = json!({"L": [{"N": "1"}]});
    assert_eq!(answer["Attributes"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_conditions_filters_and_attributes_to_get() {
    let (_server, mut client) = filled().await;
    let condition = |operator: &str, values: Value| json!({"ComparisonOperator": operator, "AttributeValueList": values});
    let answer = client
        .ok("Query", json!({"TableName": "music",
            "KeyConditions": {"song": condition("BETWEEN", json!([{"S": "1"}, {"S": "3"}])), "artist": condition("EQ", json!([{"S": "a"}]))},
            "QueryFilter": {"n": condition("NE", json!([{"N": "2"}]))},
            "AttributesToGet": ["song"]}))
        .await;
    assert_eq!(
        answer["Items"],
        json!([{"song": {"S": "1"}}, {"song": {"S": "3"}}])
    );
    let answer = client
        .ok("Scan", json!({"TableName": "music", "ConditionalOperator": "OR", "Select": "COUNT", "ScanFilter": {
            "n": condition("LT", json!([{"N": "1"}])), "song": condition("BEGINS_WITH", json!([{"S": "4"}]))}}))
        .await;
    assert_eq!(answer, json!({"Count": 2, "ScannedCount": 5}));
    let answer = client
        .ok("GetItem", json!({"TableName": "music", "Key": music_key("a", "2"), "AttributesToGet": ["n", "missing"]}))
        .await;
    assert_eq!(answer, json!({"Item": {"n": {"N": "2"}}}));
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_legacy_parameters_are_named() {
    let (_server, mut client) = filled().await;
    let key = || json!({"TableName": "music", "Key": music_key("a", "0")});
    let with = |mut body: Value, extra: Value| {
        for (name, value) in extra.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    for (extra, expected) in [
        (
            json!({"Expected": {"n": {"Exists": false}}, "ConditionExpression": "attribute_exists(n)"}),
            expect![
                "400 ValidationException: 1 validation error detected: Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
            ],
        ),
        (
            json!({"AttributeUpdates": {"n": {"Action": "DELETE"}}, "ConditionExpression": "attribute_exists(n)"}),
            expect![
                "400 ValidationException: 1 validation error detected: Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributeUpdates} Expression parameters: {ConditionExpression}"
            ],
        ),
        (
            json!({"ConditionalOperator": "OR"}),
            expect![
                "400 ValidationException: 1 validation error detected: ConditionalOperator cannot be used without Filter or Expected"
            ],
        ),
        (
            json!({"ConditionalOperator": "OR", "Expected": {"n": {"Exists": false}}}),
            expect![
                "400 ValidationException: 1 validation error detected: ConditionalOperator can only be used when Filter or Expected has two or more elements"
            ],
        ),
        (
            json!({"ConditionalOperator": "XOR", "Expected": {}}),
            expect![[
                r#"400 ValidationException: 1 validation error detected: Value at 'ConditionalOperator' failed to satisfy constraint: Member must satisfy enum value set: [OR, AND]"#
            ]],
        ),
        (
            json!({"Expected": {"n": {}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: Value must be provided when Exists is null for Attribute: n"
            ],
        ),
        (
            json!({"Expected": {"n": {"Exists": true}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: Value must be provided when Exists is true for Attribute: n"
            ],
        ),
        (
            json!({"Expected": {"n": {"Exists": false, "Value": {"N": "1"}}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: Value cannot be used when Exists is false for Attribute: n"
            ],
        ),
        (
            json!({"Expected": {"n": {"ComparisonOperator": "EQ", "AttributeValueList": []}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator"
            ],
        ),
        (
            json!({"Expected": {"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"BOOL": true}]}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: ComparisonOperator LT is not valid for BOOL AttributeValue type"
            ],
        ),
        (
            json!({"Expected": {"n": {"ComparisonOperator": "LIKE"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'Expected.n.member.ComparisonOperator' failed to satisfy constraint: Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
            ],
        ),
        (
            json!({"AttributeUpdates": {"n": {"Action": "PUT"}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified"
            ],
        ),
        (
            json!({"AttributeUpdates": {"n": {"Action": "ADD", "Value": {"S": "x"}}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: ADD action is not supported for the type S"
            ],
        ),
        (
            json!({"AttributeUpdates": {"tags": {"Action": "ADD", "Value": {"N": "1"}}}}),
            expect!["400 ValidationException: Type mismatch for attribute to update"],
        ),
        (
            json!({"AttributeUpdates": {"n": {"Action": "DELETE", "Value": {"SS": ["x"]}}}}),
            expect!["400 ValidationException: Type mismatch for attribute to update"],
        ),
        (
            json!({"Expected": {"n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "2"}, {"N": "1"}]}}}),
            expect![
                "400 ValidationException: 1 validation error detected: The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
            ],
        ),
        (
            json!({"Expected": {"n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "2"}, {"S": "3"}]}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: AttributeValues inside AttributeValueList must be of same type"
            ],
        ),
        (
            json!({"Expected": {"n": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "2"}, {"S": "3"}]}}}),
            expect![
                "400 ValidationException: 1 validation error detected: One or more parameter values were invalid: AttributeValues inside AttributeValueList must all be of the same type"
            ],
        ),
        (
            json!({"AttributeUpdates": {"song": {"Value": {"S": "x"}}}}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Cannot update attribute song. This attribute is part of the key"#
            ]],
        ),
    ] {
        expected.assert_eq(&client.err("UpdateItem", with(key(), extra)).await);
    }
    for (extra, expected) in [
        (
            json!({"KeyConditions": {}}),
            expect![[r#"400 ValidationException: Conditions can be of length 1 or 2 only"#]],
        ),
        (
            json!({"KeyConditions": {"artist": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "a"}]}}}),
            expect![[
                r#"400 ValidationException: Attempted conditional constraint is not an indexable operation: NE"#
            ]],
        ),
        (
            json!({"KeyConditions": {"artist": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
                "song": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "b"}, {"S": "a"}]}}}),
            expect![
                "400 ValidationException: The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
            ],
        ),
        (
            json!({"KeyConditions": {"artist": {"AttributeValueList": [{"S": "a"}]}}}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'KeyConditions.artist.member.ComparisonOperator' failed to satisfy constraint: Member must not be null"
            ],
        ),
        (
            json!({"KeyConditions": {"artist": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
            "QueryFilter": {"song": {"ComparisonOperator": "NOT_NULL"}}}),
            expect![[
                r#"400 ValidationException: QueryFilter can only contain non-primary key attributes: Primary key attribute: song"#
            ]],
        ),
        (
            json!({"KeyConditions": {"artist": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
            "AttributesToGet": ["n", "n"]}),
            expect![[
                r#"400 ValidationException: One or more parameter values were invalid: Duplicate value in attribute name: n"#
            ]],
        ),
        (
            json!({"KeyConditions": {"artist": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
            "AttributesToGet": ["n"], "Select": "COUNT"}),
            expect![[
                r#"400 ValidationException: Cannot specify the AttributesToGet when choosing to get only the Count"#
            ]],
        ),
    ] {
        let body = with(json!({"TableName": "music"}), extra);
        expected.assert_eq(&client.err("Query", body).await);
    }
}
