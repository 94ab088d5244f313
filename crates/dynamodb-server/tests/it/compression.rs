//! gzip in both directions.

use crate::server::{Answer, Server, music_key};
use expect_test::expect;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{Read, Write};

const GZIP: &str = "Content-Encoding: gzip\r\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// The JSON of a compressed answer; its checksum is of what was sent.
fn gunzipped(answer: &Answer) -> Value {
    assert_eq!(answer.headers["content-encoding"], "gzip");
    assert_eq!(
        answer.headers["x-amz-crc32"],
        crc32fast::hash(&answer.body).to_string()
    );
    let mut json = Vec::new();
    GzDecoder::new(&answer.body[..])
        .read_to_end(&mut json)
        .expect("gzip");
    serde_json::from_slice(&json).expect("JSON")
}

fn target(operation: &str) -> String {
    format!("X-Amz-Target: DynamoDB_20120810.{operation}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_requests_are_read() {
    let (_server, mut client) = Server::with_music().await;
    let mut item = music_key("a", "b");
    item["text"] = json!({"S": "x".repeat(300_000)});
    let put = json!({"TableName": "music", "Item": item}).to_string();
    let body = gzip(put.as_bytes());
    assert!(body.len() < 10_000);
    let answer = client.post(&(target("PutItem") + GZIP), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let stored = client
        .ok(
            "GetItem",
            json!({"TableName": "music", "Key": music_key("a", "b")}),
        )
        .await;
    assert_eq!(stored["Item"], item);

    let head = target("ListTables");
    let identity = format!("{head}Content-Encoding: identity\r\n");
    assert_eq!(client.post(&identity, b"{}").await.status, 200);
    expect!["400 SerializationException: The request body is not gzip, although Content-Encoding says so"]
        .assert_eq(&client.post(&format!("{head}{GZIP}"), b"{}").await.exception());
    expect!["400 SerializationException: Content-Encoding br is not supported: send gzip, or the body as it is"]
        .assert_eq(&client.post(&format!("{head}Content-Encoding: br\r\n"), b"{}").await.exception());
    let bomb = gzip(&vec![b' '; 100 << 20]);
    let answer = client.post(&format!("{head}{GZIP}"), &bomb).await;
    expect![
        "413 RequestEntityTooLargeException: Request size exceeded the limit of 17825792 bytes"
    ]
    .assert_eq(&answer.exception());
    client.ok("ListTables", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_are_compressed_for_who_asks() {
    let (_server, mut client) = Server::with_music().await;
    for (song, size) in [("large", 20_000), ("small", 1_000)] {
        let mut item = music_key("a", song);
        item["text"] = json!({"S": "x".repeat(size)});
        client
            .ok("PutItem", json!({"TableName": "music", "Item": item}))
            .await;
    }
    let get = |song: &str| {
        json!({"TableName": "music", "Key": music_key("a", song)})
            .to_string()
            .into_bytes()
    };
    let asking = target("GetItem") + "Accept-Encoding: gzip\r\n";
    let plain = client.post(&target("GetItem"), &get("large")).await;
    assert!(!plain.headers.contains_key("content-encoding"));
    let compressed = client.post(&asking, &get("large")).await;
    assert!(compressed.body.len() < 1_000);
    assert_eq!(gunzipped(&compressed), plain.json());
    let small = client.post(&asking, &get("small")).await;
    assert!(!small.headers.contains_key("content-encoding"));
    assert_eq!(small.json()["Item"]["song"], json!({"S": "small"}));
    let refusing = target("GetItem") + "Accept-Encoding: gzip;q=0, identity\r\n";
    let refused = client.post(&refusing, &get("large")).await;
    assert_eq!(refused.body, plain.body);
}
