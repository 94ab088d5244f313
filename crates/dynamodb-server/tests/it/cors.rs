//! Web pages: refused by default, allowed by origin.

use crate::server::{Answer, Client, Server};
use serde_json::json;
use shale_dynamodb_server::{CorsOrigins, DynamoDbOptions};

async fn allowing(origins: &[&str]) -> (Server, Client) {
    let origins = origins.iter().map(|origin| (*origin).to_owned());
    let cors = CorsOrigins::new(origins);
    let options = |options| DynamoDbOptions { cors, ..options };
    let server = Server::opened(crate::support::engine(), None, options).await;
    let client = server.client().await;
    (server, client)
}

/// What a browser asks before a page's request.
async fn preflight(client: &mut Client, origin: &str) -> Answer {
    let request = format!(
        "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type,x-amz-target\r\nAccess-Control-Request-Private-Network: true\r\n\r\n"
    );
    client.send(request.as_bytes()).await;
    client.answer().await
}

async fn listing(client: &mut Client, origin: &str) -> Answer {
    let headers = format!("X-Amz-Target: DynamoDB_20120810.ListTables\r\nOrigin: {origin}\r\n");
    client.post(&headers, b"{}").await
}

fn sharing(answer: &Answer) -> Vec<&str> {
    let of_cors = |name: &&String| name.starts_with("access-control-");
    answer
        .headers
        .keys()
        .filter(of_cors)
        .map(String::as_str)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_no_page_is_told_anything() {
    let (_server, mut client) = allowing(&[]).await;
    let answer = preflight(&mut client, "https://a.example").await;
    assert_eq!(answer.status, 204);
    assert!(sharing(&answer).is_empty(), "{answer:?}");
    assert!(sharing(&listing(&mut client, "https://a.example").await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_allowed_origins_may_send_and_read() {
    let (_server, mut client) = allowing(&["https://a.example", "http://localhost:3000"]).await;
    for origin in ["https://a.example", "http://localhost:3000"] {
        let answer = preflight(&mut client, origin).await;
        assert_eq!(answer.status, 204);
        for (name, value) in [
            ("access-control-allow-origin", origin),
            ("access-control-allow-methods", "GET, POST"),
            (
                "access-control-allow-headers",
                "authorization,content-type,x-amz-target",
            ),
            ("access-control-allow-private-network", "true"),
            ("vary", "origin"),
        ] {
            assert_eq!(answer.headers[name], value, "{name}");
        }
        let answer = listing(&mut client, origin).await;
        assert_eq!(answer.json(), json!({"TableNames": []}));
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        assert_eq!(
            answer.headers["access-control-expose-headers"],
            "x-amzn-requestid"
        );
    }
    // Errors are to be read too.
    let failed = client
        .post(
            "X-Amz-Target: nonsense\r\nOrigin: https://a.example\r\n",
            b"{}",
        )
        .await;
    assert_eq!(failed.status, 400);
    assert_eq!(
        failed.headers["access-control-allow-origin"],
        "https://a.example"
    );
    for origin in ["https://b.example", "https://a.example.evil", "null", "*"] {
        assert!(
            sharing(&preflight(&mut client, origin).await).is_empty(),
            "{origin}"
        );
        assert!(
            sharing(&listing(&mut client, origin).await).is_empty(),
            "{origin}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_allows_every_page() {
    let (_server, mut client) = allowing(&["*"]).await;
    let answer = preflight(&mut client, "https://b.example").await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert!(!answer.headers.contains_key("vary"));
    // Who is no page is answered as ever.
    client.ok("ListTables", json!({})).await;
}
