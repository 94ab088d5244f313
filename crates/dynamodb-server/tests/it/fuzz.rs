//! Requests that nobody would send on purpose, through the whole door.

use crate::server::Server;
use serde_json::{Value, json};
use shale_fuzz::Inputs;

/// The operations of the other API of this door.
const STREAMS: [&str; 4] = [
    "DescribeStream",
    "GetRecords",
    "GetShardIterator",
    "ListStreams",
];

/// A table with a local and a global index, an item in it.
async fn prepare(client: &mut crate::server::Client) {
    let attribute = |name, kind| json!({"AttributeName": name, "AttributeType": kind});
    let key = |name, kind| json!({"AttributeName": name, "KeyType": kind});
    client
        .ok(
            "CreateTable",
            json!({
                "TableName": "fuzz",
                "AttributeDefinitions": [attribute("pk", "S"), attribute("sk", "N"), attribute("g", "S"), attribute("l", "N")],
                "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
                "BillingMode": "PAY_PER_REQUEST",
                "GlobalSecondaryIndexes": [{"IndexName": "by_g", "KeySchema": [key("g", "HASH")], "Projection": {"ProjectionType": "ALL"}}],
                "LocalSecondaryIndexes": [{"IndexName": "by_l", "KeySchema": [key("pk", "HASH"), key("l", "RANGE")],
                    "Projection": {"ProjectionType": "KEYS_ONLY"}}],
                "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            }),
        )
        .await;
    client
        .ok(
            "PutItem",
            json!({"TableName": "fuzz", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "g": {"S": "q"}, "l": {"N": "3"}}}),
        )
        .await;
}

/// An operation's name in the first line of an input (letters, as a header may hold), its body in the others.
fn split(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (name, body) = match end {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    let name = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    (name.take(64).map(|byte| char::from(*byte)).collect(), body)
}

/// Whatever comes, it is answered with an exception that blames the request, or done; the connection lives on, and never is the answer
/// that something went wrong inside.
#[tokio::test(flavor = "multi_thread")]
async fn any_request_is_answered_or_refused() {
    let server = Server::start().await;
    let mut client = server.client().await;
    prepare(&mut client).await;
    let mut done = 0;
    for input in Inputs::of("requests") {
        let (operation, body) = split(&input.bytes);
        let api = match STREAMS.contains(&operation.as_str()) {
            true => "DynamoDBStreams_20120810",
            false => "DynamoDB_20120810",
        };
        let target = format!("X-Amz-Target: {api}.{operation}\r\n");
        let answer = client.post(&target, body).await;
        // TagResource and UntagResource have nothing to say.
        if answer.status == 200 && answer.body.is_empty() {
            done += 1;
            continue;
        }
        let json = answer.json();
        match answer.status {
            200 => done += 1,
            400 | 413 => {
                let name = json["__type"].as_str().unwrap_or_default();
                assert!(name.contains('#'), "{input}: {json}");
                let message = [&json["message"], &json["Message"]];
                assert!(message.into_iter().any(Value::is_string), "{input}: {json}");
            }
            status => panic!("{input}: {status} {json}"),
        }
    }
    assert!(done > 15, "the corpus holds requests that are good");
}
