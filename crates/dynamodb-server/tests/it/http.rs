//! The protocol around the operations.

use crate::server::{Client, Server};
use expect_test::expect;
use serde_json::json;
use shale_dynamodb_server::DynamoDbOptions;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(flavor = "multi_thread")]
async fn health_and_welcome() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (path, expected) in [
        ("/health", expect![["healthy: dynamodb.us-east-1\n"]]),
        (
            "/",
            expect![[
                "healthy: dynamodb.us-east-1\nThis is ShaleDB's DynamoDB endpoint: point an AWS SDK or the AWS CLI at it with --endpoint-url and region us-east-1.\n"
            ]],
        ),
    ] {
        client
            .send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 200);
        expected.assert_eq(&String::from_utf8(answer.body).expect("text"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_paths_are_answered_and_the_connection_lives_on() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (request, status) in [
        ("OPTIONS / HTTP/1.1", 204),
        ("DELETE / HTTP/1.1", 404),
        ("GET /nothing HTTP/1.1", 404),
        ("POST /nothing HTTP/1.1", 404),
    ] {
        client
            .send(format!("{request}\r\nHost: x\r\n\r\n").as_bytes())
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{request}");
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "web pages must not reach the database"
        );
    }
    client.ok("ListTables", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_that_name_no_operation() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let answer = client.post("", b"{}").await;
    expect!["400 UnknownOperationException: The request has no X-Amz-Target header that names an operation of DynamoDB_20120810 or DynamoDBStreams_20120810"].assert_eq(&answer.exception());
    let answer = client.call("Nonsense", "{}").await;
    expect!["400 UnknownOperationException: The operation DynamoDB_20120810.Nonsense is not an operation of DynamoDB_20120810 or DynamoDBStreams_20120810"].assert_eq(&answer.exception());
    let target = "X-Amz-Target: DynamoDBStreams_20120810.GetItem\r\n";
    let answer = client.post(target, b"{}").await;
    expect!["400 UnknownOperationException: The operation DynamoDBStreams_20120810.GetItem is not an operation of DynamoDB_20120810 or DynamoDBStreams_20120810"].assert_eq(&answer.exception());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_get_clean_errors_on_one_connection() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let nested = |open: &str, close: &str| {
        format!("{{\"a\":{}{}}}", open.repeat(1_000), close.repeat(1_000))
    };
    for body in [
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"\xff\xfe".to_vec(),
        b"{\"TableName\":\"\xc3\x28\"}".to_vec(),
        b"{\"a\":1,\"a\":1}".to_vec(),
        vec![0; 10_000],
        nested("[", "]").into_bytes(),
        nested("{\"M\":", "}").into_bytes(),
    ] {
        let answer = client.call("PutItem", &body).await;
        assert!(
            answer
                .exception()
                .starts_with("400 SerializationException: "),
            "{}",
            answer.exception()
        );
    }
    client.ok("ListTables", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_50_megabytes_is_refused_without_being_kept() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let answer = client.call("PutItem", vec![b'x'; 50_000_000]).await;
    expect![[
        r#"413 RequestEntityTooLargeException: Request size exceeded the limit of 17825792 bytes"#
    ]]
    .assert_eq(&answer.exception());

    // Of unknown length.
    let mut client = server.client().await;
    client
        .send(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let mut chunk = b"100000\r\n".to_vec();
    chunk.resize(chunk.len() + 0x10_0000, b'x');
    chunk.extend_from_slice(b"\r\n");
    for _ in 0..50 {
        client.send(&chunk).await;
    }
    client.send(b"0\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_put_together() {
    let (_server, mut client) = Server::with_music().await;
    let text = "x".repeat(100_000);
    let body = json!({"TableName": "music", "Item": {
        "artist": {"S": "a"}, "song": {"S": "b"}, "text": {"S": text}}})
    .to_string();
    client
        .send(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    for chunk in body.as_bytes().chunks(7_919) {
        client
            .send(format!("{:x}\r\n", chunk.len()).as_bytes())
            .await;
        client.send(chunk).await;
        client.send(b"\r\n").await;
    }
    client.send(b"0\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    let got = client
        .ok(
            "GetItem",
            json!({"TableName": "music", "Key": crate::server::music_key("a", "b")}),
        )
        .await;
    assert_eq!(got["Item"]["text"]["S"], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_with_prior_knowledge() {
    use http_body_util::{BodyExt, Full};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let server = Server::start().await;
    let stream = tokio::net::TcpStream::connect(server.address)
        .await
        .expect("a connection");
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("a handshake");
    tokio::spawn(connection);
    for _ in 0..3 {
        let request = hyper::Request::post(format!("http://{}/", server.address))
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .body(Full::new(bytes::Bytes::from_static(b"{}")))
            .expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        assert_eq!(response.status(), 200);
        let body = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        assert_eq!(body, r#"{"TableNames":[]}"#);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_and_broken_connections_do_no_harm() {
    let server = Server::start().await;
    drop(server.client().await);
    let mut half = server.client().await;
    half.send(b"P").await;
    let mut broken_head = server.client().await;
    broken_head.send(b"POST / HTTP/1.1\r\nContent-Le").await;
    drop(broken_head);
    let mut broken_body = server.client().await;
    broken_body
        .send(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Length: 100\r\n\r\n{")
        .await;
    drop(broken_body);
    let mut garbage = server.client().await;
    garbage.send(b"NONSENSE\r\n\r\n").await;
    assert_eq!(garbage.answer().await.status, 400);
    let mut tls = server.client().await;
    tls.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        .await;
    assert_eq!(tls.answer().await.status, 400);
    server.client().await.ok("ListTables", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_above_the_limit_wait_for_a_place() {
    let server = Server::start_with(None, 2).await;
    let mut first = server.client().await;
    let mut second = server.client().await;
    first.ok("ListTables", json!({})).await;
    second.ok("ListTables", json!({})).await;
    let mut third = server.client().await;
    let request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    third.send(request).await;
    drop(first);
    assert_eq!(third.answer().await.status, 200);
    second.ok("ListTables", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_answers_what_runs_and_ends() {
    let server = Server::start().await;
    let mut idle = server.client().await;
    idle.ok("ListTables", json!({})).await;
    let mut client: Client = server.client().await;
    // The request has begun; its body is still on the way.
    client
        .send(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 100);
    let address = server.address;
    let task = server.stop();
    client.send(b"{}").await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(idle.read().await, 0, "idle connections are closed");
    task.await.expect("no panic").expect("no error");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

/// What clients may do with a body beside sending it at once: in chunks, and after having asked for leave.
#[tokio::test(flavor = "multi_thread")]
async fn chunked_bodies_and_clients_that_wait_for_leave() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let head = "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n";
    for _ in 0..2 {
        client
            .send(format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n1;extension=1\r\n}}\r\n0\r\nTrailer: x\r\n\r\n").as_bytes())
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.json(), json!({"TableNames": []}));
    }
    client
        .send(format!("{head}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n").as_bytes())
        .await;
    assert_eq!(client.answer().await.status, 100);
    client.send(b"{}").await;
    assert_eq!(client.answer().await.json(), json!({"TableNames": []}));
}

/// A client that keeps a place by sending a byte now and then loses it, wherever in the head it is; others are served meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_drip_a_head_are_cut_off() {
    let options = |options| DynamoDbOptions {
        head_timeout: Duration::from_millis(300),
        max_connections: 3,
        ..options
    };
    let server = Server::opened(crate::support::engine(), None, options).await;
    let heads: [&[u8]; 3] = [b"P", b"PR", b"POST / HTTP/1.1\r\nHost: x\r\nX-Filler: "];
    let dripping = heads.map(async |head| {
        let mut stream = server.client().await.stream;
        stream.write_all(head).await.expect("sent");
        // Until the server closes: a write or a read then fails, or the read ends.
        let mut answer = [0; 64];
        loop {
            tokio::select! {
                read = stream.read(&mut answer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
                () = tokio::time::sleep(Duration::from_millis(20)) => {
                    if stream.write_all(b"y").await.is_err() {
                        return;
                    }
                }
            }
        }
    });
    futures::future::join_all(dripping).await;
    // All places are free again.
    for _ in 0..3 {
        server.client().await.ok("ListTables", json!({})).await;
    }
}
