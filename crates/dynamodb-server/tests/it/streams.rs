//! DynamoDB Streams: StreamSpecification, ListStreams, DescribeStream, GetShardIterator, GetRecords.

use crate::server::{Client, Server};
use crate::support::InstantLog;
use expect_test::expect;
use serde_json::{Value, json};
use shale_engine::{Engine, EngineOptions, Job};
use shale_env::{Clock, ManualClock, SeededRand};
use shale_storage::MemoryStore;
use std::sync::Arc;
use std::time::Duration;

/// 2023-11-14T20:00:00Z, the first hour of a generation of shards.
const START_MICROS: u64 = 1_699_992_000_000_000;
const LABEL: &str = "2023-11-14T20:00:00.000";
const ARN: &str =
    "arn:aws:dynamodb:us-east-1:000000000000:table/music/stream/2023-11-14T20:00:00.000";

struct Fixture {
    _server: Server,
    client: Client,
    engine: Engine,
    clock: Arc<ManualClock>,
}

impl Fixture {
    async fn start() -> Fixture {
        let clock = Arc::new(ManualClock::new(START_MICROS));
        let options = EngineOptions {
            jobs: false,
            ..EngineOptions::new("unused")
        };
        let engine = Engine::open(
            options,
            Arc::new(InstantLog::default()),
            Box::new(MemoryStore::default()),
            Arc::clone(&clock) as _,
            Arc::new(SeededRand::new(7)),
        )
        .expect("an engine");
        let server = Server::over(engine.clone(), None, 1_000).await;
        let client = server.client().await;
        Fixture {
            _server: server,
            client,
            engine,
            clock,
        }
    }

    /// With table `music` (artist S, song S) and a stream.
    async fn with_stream(view: &str) -> Fixture {
        let mut fixture = Fixture::start().await;
        fixture.client.ok("CreateTable", table(view)).await;
        fixture
    }

    async fn put(&mut self, song: &str, plays: u64) {
        let item =
            json!({"artist": {"S": "a"}, "song": {"S": song}, "plays": {"N": plays.to_string()}});
        let body = json!({"TableName": "music", "Item": item});
        self.client.ok("PutItem", body).await;
    }

    async fn describe(&mut self) -> Value {
        let body = json!({"StreamArn": ARN});
        self.client.stream_ok("DescribeStream", body).await["StreamDescription"].take()
    }

    async fn iterator(&mut self, shard: &Value, start: &str, rest: Value) -> String {
        let mut body = json!({"StreamArn": ARN, "ShardId": shard, "ShardIteratorType": start});
        for (name, value) in rest.as_object().expect("members") {
            body[name] = value.clone();
        }
        let mut answer = self.client.stream_ok("GetShardIterator", body).await;
        match answer["ShardIterator"].take() {
            Value::String(iterator) => iterator,
            other => panic!("{other}"),
        }
    }

    async fn records(&mut self, iterator: &str) -> Value {
        let body = json!({"ShardIterator": iterator});
        self.client.stream_ok("GetRecords", body).await
    }

    async fn pass(&mut self, hours: u64) {
        self.clock.advance(Duration::from_secs(3600 * hours));
        while self.engine.job_step(Job::Retention).await.expect("a step") {}
    }
}

fn table(view: &str) -> Value {
    json!({
        "TableName": "music",
        "AttributeDefinitions": [
            {"AttributeName": "artist", "AttributeType": "S"},
            {"AttributeName": "song", "AttributeType": "S"}],
        "KeySchema": [
            {"AttributeName": "artist", "KeyType": "HASH"},
            {"AttributeName": "song", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": view}})
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn records_have_the_documented_form() {
    let mut fixture = Fixture::with_stream("NEW_AND_OLD_IMAGES").await;
    fixture.clock.advance(Duration::from_millis(5_999));
    fixture.put("s", 101).await;
    fixture.put("s", 101).await;
    let update = json!({"TableName": "music", "Key": {"artist": {"S": "a"}, "song": {"S": "s"}},
        "UpdateExpression": "SET plays = plays + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}});
    fixture.client.ok("UpdateItem", update).await;
    let key = json!({"TableName": "music", "Key": {"artist": {"S": "a"}, "song": {"S": "s"}}});
    fixture.client.ok("DeleteItem", key).await;
    let shard = fixture.describe().await["Shards"][0]["ShardId"].take();
    let iterator = fixture.iterator(&shard, "TRIM_HORIZON", json!({})).await;
    let mut answer = fixture.records(&iterator).await;
    assert!(answer["NextShardIterator"].is_string());
    expect![[r#"
        [
          {
            "awsRegion": "us-east-1",
            "dynamodb": {
              "ApproximateCreationDateTime": 1699992005,
              "Keys": {
                "artist": {
                  "S": "a"
                },
                "song": {
                  "S": "s"
                }
              },
              "NewImage": {
                "artist": {
                  "S": "a"
                },
                "plays": {
                  "N": "101"
                },
                "song": {
                  "S": "s"
                }
              },
              "SequenceNumber": "1000047222000000000000000000002000000",
              "SizeBytes": 32,
              "StreamViewType": "NEW_AND_OLD_IMAGES"
            },
            "eventID": "00000002000000000000000200000000",
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "eventVersion": "1.1"
          },
          {
            "awsRegion": "us-east-1",
            "dynamodb": {
              "ApproximateCreationDateTime": 1699992005,
              "Keys": {
                "artist": {
                  "S": "a"
                },
                "song": {
                  "S": "s"
                }
              },
              "NewImage": {
                "artist": {
                  "S": "a"
                },
                "plays": {
                  "N": "102"
                },
                "song": {
                  "S": "s"
                }
              },
              "OldImage": {
                "artist": {
                  "S": "a"
                },
                "plays": {
                  "N": "101"
                },
                "song": {
                  "S": "s"
                }
              },
              "SequenceNumber": "1000047222000000000000000000004000000",
              "SizeBytes": 52,
              "StreamViewType": "NEW_AND_OLD_IMAGES"
            },
            "eventID": "00000002000000000000000400000000",
            "eventName": "MODIFY",
            "eventSource": "aws:dynamodb",
            "eventVersion": "1.1"
          },
          {
            "awsRegion": "us-east-1",
            "dynamodb": {
              "ApproximateCreationDateTime": 1699992005,
              "Keys": {
                "artist": {
                  "S": "a"
                },
                "song": {
                  "S": "s"
                }
              },
              "OldImage": {
                "artist": {
                  "S": "a"
                },
                "plays": {
                  "N": "102"
                },
                "song": {
                  "S": "s"
                }
              },
              "SequenceNumber": "1000047222000000000000000000005000000",
              "SizeBytes": 32,
              "StreamViewType": "NEW_AND_OLD_IMAGES"
            },
            "eventID": "00000002000000000000000500000000",
            "eventName": "REMOVE",
            "eventSource": "aws:dynamodb",
            "eventVersion": "1.1"
          }
        ]"#]]
    .assert_eq(&pretty(&answer["Records"].take()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_item_is_deleted_by_the_service() {
    let mut fixture = Fixture::with_stream("KEYS_ONLY").await;
    let ttl = json!({"TableName": "music",
        "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "plays"}});
    fixture.client.ok("UpdateTimeToLive", ttl).await;
    while fixture
        .engine
        .job_step(Job::Backfill)
        .await
        .expect("a step")
    {}
    fixture.put("s", START_MICROS / 1_000_000 + 1).await;
    fixture.clock.advance(Duration::from_secs(60));
    while fixture.engine.job_step(Job::Expiry).await.expect("a step") {}
    let shard = fixture.describe().await["Shards"][0]["ShardId"].take();
    let iterator = fixture.iterator(&shard, "TRIM_HORIZON", json!({})).await;
    let answer = fixture.records(&iterator).await;
    let records = answer["Records"].as_array().expect("records");
    assert_eq!(records.len(), 2);
    assert!(records[0].get("userIdentity").is_none());
    assert_eq!(records[1]["eventName"], "REMOVE");
    assert_eq!(
        records[1]["userIdentity"],
        json!({"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_switched_described_and_listed() {
    let mut fixture = Fixture::start().await;
    let client = &mut fixture.client;
    let mut plain = table("NEW_IMAGE");
    plain["StreamSpecification"] = json!({"StreamEnabled": false});
    let created = client.ok("CreateTable", plain).await;
    assert!(created["TableDescription"].get("LatestStreamArn").is_none());
    let switch =
        |specification: Value| json!({"TableName": "music", "StreamSpecification": specification});
    for (specification, expected) in [
        (
            json!({"StreamEnabled": false}),
            expect!["400 ValidationException: Table has no stream to disable: TableName: music"],
        ),
        (
            json!({"StreamEnabled": true}),
            expect![
                "400 ValidationException: One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true"
            ],
        ),
        (
            json!({"StreamEnabled": true, "StreamViewType": "ALL"}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'StreamSpecification.StreamViewType' failed to satisfy constraint: Member must satisfy enum value set: [NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY]"
            ],
        ),
        (
            json!({"StreamViewType": "KEYS_ONLY"}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'StreamSpecification.StreamEnabled' failed to satisfy constraint: Member must not be null"
            ],
        ),
    ] {
        expected.assert_eq(&client.err("UpdateTable", switch(specification)).await);
    }
    let on = switch(json!({"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}));
    let updated = client.ok("UpdateTable", on.clone()).await;
    let described = &updated["TableDescription"];
    assert_eq!(
        described["StreamSpecification"],
        json!({"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"})
    );
    assert_eq!(described["LatestStreamArn"], ARN);
    assert_eq!(described["LatestStreamLabel"], LABEL);
    expect!["400 ValidationException: Table already has an enabled stream: TableName: music"]
        .assert_eq(&client.err("UpdateTable", on.clone()).await);
    expect![[r#"
        {
          "CreationRequestDateTime": 1699992000.0,
          "KeySchema": [
            {
              "AttributeName": "artist",
              "KeyType": "HASH"
            },
            {
              "AttributeName": "song",
              "KeyType": "RANGE"
            }
          ],
          "Shards": [
            {
              "SequenceNumberRange": {
                "StartingSequenceNumber": "1000047222000000000000000000000000000"
              },
              "ShardId": "shardId-00000001699992000000-498daa3b"
            }
          ],
          "StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/music/stream/2023-11-14T20:00:00.000",
          "StreamLabel": "2023-11-14T20:00:00.000",
          "StreamStatus": "ENABLED",
          "StreamViewType": "KEYS_ONLY",
          "TableName": "music"
        }"#]].assert_eq(&pretty(&fixture.describe().await));

    let client = &mut fixture.client;
    let off = switch(json!({"StreamEnabled": false, "StreamViewType": "KEYS_ONLY"}));
    let updated = client.ok("UpdateTable", off).await;
    assert!(
        updated["TableDescription"]
            .get("StreamSpecification")
            .is_none()
    );
    assert_eq!(updated["TableDescription"]["LatestStreamArn"], ARN);
    assert_eq!(fixture.describe().await["StreamStatus"], "DISABLED");
    let client = &mut fixture.client;
    client.ok("UpdateTable", on).await;
    let mut other = table("NEW_IMAGE");
    other["TableName"] = json!("other");
    client.ok("CreateTable", other).await;

    let all = client.stream_ok("ListStreams", json!({})).await;
    expect![[r#"
        {
          "Streams": [
            {
              "StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/music/stream/2023-11-14T20:00:00.000",
              "StreamLabel": "2023-11-14T20:00:00.000",
              "TableName": "music"
            },
            {
              "StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/music/stream/2023-11-14T20:00:00.001",
              "StreamLabel": "2023-11-14T20:00:00.001",
              "TableName": "music"
            },
            {
              "StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/other/stream/2023-11-14T20:00:00.002",
              "StreamLabel": "2023-11-14T20:00:00.002",
              "TableName": "other"
            }
          ]
        }"#]].assert_eq(&pretty(&all));
    let of_table = client
        .stream_ok("ListStreams", json!({"TableName": "music"}))
        .await;
    assert_eq!(of_table["Streams"].as_array().map(Vec::len), Some(2));
    let nothing = client
        .stream_ok("ListStreams", json!({"TableName": "nothing"}))
        .await;
    assert_eq!(nothing, json!({"Streams": []}));
    let mut body = json!({"Limit": 1});
    let mut listed = Vec::new();
    loop {
        let mut page = client.stream_ok("ListStreams", body.clone()).await;
        listed.push(page["Streams"][0].take());
        match page["LastEvaluatedStreamArn"].take() {
            Value::Null => break,
            last => body["ExclusiveStartStreamArn"] = last,
        }
    }
    assert_eq!(json!(listed), all["Streams"]);
    client
        .ok("DeleteTable", json!({"TableName": "music"}))
        .await;
    assert_eq!(
        client.stream_ok("ListStreams", json!({})).await,
        all,
        "streams outlive their table"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_paged_and_filtered_by_parent() {
    let mut fixture = Fixture::with_stream("KEYS_ONLY").await;
    for song in 0..9 {
        fixture.put(&song.to_string(), 1).await;
        fixture.pass(1).await;
    }
    let whole = fixture.describe().await;
    expect![[r#"
        [
          {
            "SequenceNumberRange": {
              "EndingSequenceNumber": "1000047222318446744073709551615999999",
              "StartingSequenceNumber": "1000047222000000000000000000000000000"
            },
            "ShardId": "shardId-00000001699992000000-498daa3b"
          },
          {
            "ParentShardId": "shardId-00000001699992000000-498daa3b",
            "SequenceNumberRange": {
              "EndingSequenceNumber": "1000047222718446744073709551615999999",
              "StartingSequenceNumber": "1000047222400000000000000000000000000"
            },
            "ShardId": "shardId-00000001700006400000-f62f503c"
          },
          {
            "ParentShardId": "shardId-00000001700006400000-f62f503c",
            "SequenceNumberRange": {
              "StartingSequenceNumber": "1000047222800000000000000000000000000"
            },
            "ShardId": "shardId-00000001700020800000-464be660"
          }
        ]"#]]
    .assert_eq(&pretty(&whole["Shards"]));
    let shards = whole["Shards"].as_array().expect("shards");
    let client = &mut fixture.client;
    let mut body = json!({"StreamArn": ARN, "Limit": 2});
    let mut page = client.stream_ok("DescribeStream", body.clone()).await;
    let page = page["StreamDescription"].take();
    assert_eq!(page["Shards"].as_array().expect("shards")[..], shards[..2]);
    assert_eq!(page["LastEvaluatedShardId"], shards[1]["ShardId"]);
    body["ExclusiveStartShardId"] = page["LastEvaluatedShardId"].clone();
    let mut page = client.stream_ok("DescribeStream", body).await;
    let page = page["StreamDescription"].take();
    assert_eq!(page["Shards"].as_array().expect("shards")[..], shards[2..]);
    assert!(page.get("LastEvaluatedShardId").is_none());

    for (parent, children) in [(0, &shards[1..2]), (1, &shards[2..3]), (2, &shards[3..])] {
        let filter = json!({"Type": "CHILD_SHARDS", "ShardId": shards[parent]["ShardId"]});
        let body = json!({"StreamArn": ARN, "ShardFilter": filter});
        let found = client.stream_ok("DescribeStream", body).await;
        let found = found["StreamDescription"]["Shards"].as_array().cloned();
        assert_eq!(found.expect("shards")[..], children[..]);
    }
    for (filter, expected) in [
        (
            json!({"Type": "CHILD_SHARDS"}),
            expect![
                "400 ValidationException: One or more parameter values were invalid: ShardFilter must have Type and ShardId"
            ],
        ),
        (
            json!({"Type": "PARENTS", "ShardId": shards[0]["ShardId"]}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'ShardFilter.Type' failed to satisfy constraint: Member must satisfy enum value set: [CHILD_SHARDS]"
            ],
        ),
        (
            json!({"Type": "CHILD_SHARDS", "ShardId": "shardId-00000000000000000000-00000000"}),
            expect![
                "400 ResourceNotFoundException: Requested resource not found: Shard does not exist"
            ],
        ),
    ] {
        let body = json!({"StreamArn": ARN, "ShardFilter": filter});
        expected.assert_eq(&client.stream_err("DescribeStream", body).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_walks_the_lineage_and_resumes() {
    let mut fixture = Fixture::with_stream("KEYS_ONLY").await;
    for song in 0..9 {
        fixture.put(&song.to_string(), 1).await;
        fixture.pass(1).await;
    }
    let description = fixture.describe().await;
    let mut seen: Vec<(String, String)> = Vec::new();
    for shard in description["Shards"].as_array().expect("shards") {
        let mut next = Some(
            fixture
                .iterator(&shard["ShardId"], "TRIM_HORIZON", json!({}))
                .await,
        );
        while let Some(iterator) = next.take() {
            let body = json!({"ShardIterator": iterator, "Limit": 2});
            let mut page = fixture.client.stream_ok("GetRecords", body).await;
            let records = page["Records"].as_array().expect("records");
            for record in records {
                let change = &record["dynamodb"];
                let text = |value: &Value| value.as_str().expect("text").to_owned();
                seen.push((
                    text(&change["SequenceNumber"]),
                    text(&change["Keys"]["song"]["S"]),
                ));
            }
            let open = shard["SequenceNumberRange"]
                .get("EndingSequenceNumber")
                .is_none();
            if !(open && records.is_empty()) {
                next = page["NextShardIterator"].take().as_str().map(str::to_owned);
            }
        }
    }
    let songs: Vec<&str> = seen.iter().map(|(_, song)| song.as_str()).collect();
    assert_eq!(songs, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    assert!(seen.is_sorted(), "numbers rise as texts");
    // From a checkpoint on, at and behind it.
    let shard = &description["Shards"][1]["ShardId"];
    for (start, first) in [("AT_SEQUENCE_NUMBER", "5"), ("AFTER_SEQUENCE_NUMBER", "6")] {
        let number = json!({"SequenceNumber": seen[5].0});
        let iterator = fixture.iterator(shard, start, number).await;
        let page = fixture.records(&iterator).await;
        assert_eq!(page["Records"][0]["dynamodb"]["Keys"]["song"]["S"], first);
        assert!(
            page.get("NextShardIterator").is_none(),
            "the shard is closed"
        );
    }
    let seconds = START_MICROS / 1_000_000 + 5 * 3600;
    for (time, first) in [
        (json!(seconds), "5"),
        (json!(seconds as f64 + 0.001), "6"),
        (json!(5), "4"),
    ] {
        let iterator = fixture
            .iterator(shard, "AT_TIMESTAMP", json!({"Timestamp": time}))
            .await;
        let page = fixture.records(&iterator).await;
        assert_eq!(
            page["Records"][0]["dynamodb"]["Keys"]["song"]["S"], first,
            "{time}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn places_that_are_none_are_refused() {
    let mut fixture = Fixture::with_stream("KEYS_ONLY").await;
    fixture.put("s", 1).await;
    let shard = fixture.describe().await["Shards"][0]["ShardId"].take();
    let iterator = fixture.iterator(&shard, "TRIM_HORIZON", json!({})).await;
    let records = fixture.records(&iterator).await;
    let number = records["Records"][0]["dynamodb"]["SequenceNumber"].clone();
    let client = &mut fixture.client;
    let ask = |start: &str, rest: Value| {
        let mut body = json!({"StreamArn": ARN, "ShardId": shard, "ShardIteratorType": start});
        body.as_object_mut()
            .expect("members")
            .extend(rest.as_object().expect("members").clone());
        body
    };
    for (body, expected) in [
        (
            json!({}),
            expect![
                "400 ValidationException: 3 validation errors detected: Value at 'StreamArn' failed to satisfy constraint: Member must not be null; Value at 'ShardId' failed to satisfy constraint: Member must not be null; Value at 'ShardIteratorType' failed to satisfy constraint: Member must not be null"
            ],
        ),
        (
            ask("NEVER", json!({})),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'ShardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, AT_TIMESTAMP]"
            ],
        ),
        (
            ask("AT_SEQUENCE_NUMBER", json!({})),
            expect![
                "400 ValidationException: One or more parameter values were invalid: SequenceNumber must be specified when ShardIteratorType is AT_SEQUENCE_NUMBER"
            ],
        ),
        (
            ask("LATEST", json!({"SequenceNumber": number})),
            expect![
                "400 ValidationException: One or more parameter values were invalid: SequenceNumber must not be specified when ShardIteratorType is LATEST"
            ],
        ),
        (
            ask("AT_TIMESTAMP", json!({})),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Timestamp must be specified when ShardIteratorType is AT_TIMESTAMP"
            ],
        ),
        (
            ask("TRIM_HORIZON", json!({"Timestamp": 1})),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Timestamp must not be specified when ShardIteratorType is TRIM_HORIZON"
            ],
        ),
        (
            ask("AT_TIMESTAMP", json!({"Timestamp": 1_999_992_000})),
            expect!["400 ValidationException: Timestamp must not be in the future"],
        ),
        (
            ask("AT_SEQUENCE_NUMBER", json!({"SequenceNumber": "12"})),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'SequenceNumber' failed to satisfy constraint: Member must have length greater than or equal to 21"
            ],
        ),
        (
            ask(
                "AT_SEQUENCE_NUMBER",
                json!({"SequenceNumber": "111700000000000742748605"}),
            ),
            expect![
                "400 ValidationException: Invalid SequenceNumber: it did not come from this shard"
            ],
        ),
        (
            ask(
                "AFTER_SEQUENCE_NUMBER",
                json!({"SequenceNumber": "1000000000100000000000000000001000000"}),
            ),
            expect![
                "400 ValidationException: Invalid SequenceNumber: it did not come from this shard"
            ],
        ),
        (
            ask(
                "LATEST",
                json!({"ShardId": "shardId-00000001699992000000-00000000"}),
            ),
            expect![
                "400 ResourceNotFoundException: Requested resource not found: Shard does not exist"
            ],
        ),
        (
            ask(
                "LATEST",
                json!({"StreamArn": ARN.replace("music", "other")}),
            ),
            expect![
                "400 ResourceNotFoundException: Requested resource not found: Stream: arn:aws:dynamodb:us-east-1:000000000000:table/other/stream/2023-11-14T20:00:00.000 not found"
            ],
        ),
        (
            ask(
                "LATEST",
                json!({"StreamArn": ARN.replace("us-east-1", "eu-west-1")}),
            ),
            expect![
                "400 ResourceNotFoundException: Requested resource not found: Stream: arn:aws:dynamodb:eu-west-1:000000000000:table/music/stream/2023-11-14T20:00:00.000 not found"
            ],
        ),
        (
            ask(
                "LATEST",
                json!({"StreamArn": ARN.replace("stream", "strom")}),
            ),
            expect![
                "400 ValidationException: Invalid StreamArn: arn:aws:dynamodb:us-east-1:000000000000:table/music/strom/2023-11-14T20:00:00.000 is not the ARN of a stream"
            ],
        ),
    ] {
        expected.assert_eq(&client.stream_err("GetShardIterator", body).await);
    }
    let with_other_arn = iterator.replace("music", "other");
    let mut mistyped = iterator.clone();
    mistyped.pop();
    for (body, expected) in [
        (
            json!({}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'ShardIterator' failed to satisfy constraint: Member must not be null"
            ],
        ),
        (
            json!({"ShardIterator": "garbage"}),
            expect!["400 ValidationException: Invalid ShardIterator"],
        ),
        (
            json!({"ShardIterator": mistyped}),
            expect!["400 ValidationException: Invalid ShardIterator"],
        ),
        (
            json!({"ShardIterator": with_other_arn}),
            expect!["400 ValidationException: Invalid ShardIterator"],
        ),
        (
            json!({"ShardIterator": iterator, "Limit": 1001}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value less than or equal to 1000"
            ],
        ),
        (
            json!({"ShardIterator": iterator, "Limit": 0}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
            ],
        ),
    ] {
        expected.assert_eq(&client.stream_err("GetRecords", body).await);
    }
    let other = json!({"StreamArn": ARN.replace("music", "other")});
    expect!["400 ResourceNotFoundException: Requested resource not found: Stream: arn:aws:dynamodb:us-east-1:000000000000:table/other/stream/2023-11-14T20:00:00.000 not found"].assert_eq(&client.stream_err("DescribeStream", other).await);
    let garbage = json!({"ExclusiveStartStreamArn": "garbage"});
    expect!["400 ValidationException: 1 validation error detected: Value at 'ExclusiveStartStreamArn' failed to satisfy constraint: Member must have length greater than or equal to 37"].assert_eq(&client.stream_err("ListStreams", garbage).await);

    fixture.clock.advance(Duration::from_secs(901));
    let body = json!({"ShardIterator": iterator});
    expect!["400 ExpiredIteratorException: The provided iterator exceeds the maximum age allowed."]
        .assert_eq(&fixture.client.stream_err("GetRecords", body.clone()).await);
    fixture.pass(23).await;
    fixture
        .clock
        .set_micros(START_MICROS + 25 * 3_600_000_000 - 1);
    let late = fixture
        .iterator(
            &shard,
            "AT_SEQUENCE_NUMBER",
            json!({"SequenceNumber": number}),
        )
        .await;
    fixture.clock.advance(Duration::from_micros(1));
    fixture.pass(0).await;
    let body = json!({"ShardIterator": late});
    expect!["400 TrimmedDataAccessException: The data you are trying to access has been trimmed"]
        .assert_eq(&fixture.client.stream_err("GetRecords", body).await);
    let mut body =
        json!({"StreamArn": ARN, "ShardId": shard, "ShardIteratorType": "AT_SEQUENCE_NUMBER"});
    body["SequenceNumber"] = number;
    expect!["400 TrimmedDataAccessException: The data you are trying to access has been trimmed"]
        .assert_eq(&fixture.client.stream_err("GetShardIterator", body).await);
    assert!(fixture.clock.now_micros() > START_MICROS);
}
