//! Statements that are stopped from outside.

use crate::harness::{TestServer, soon};
use crate::raw::{RawClient, query, sync};
use std::io::Cursor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A raw connection with its BackendKeyData.
async fn with_key(server: &TestServer, minor: u16) -> (RawClient, Vec<u8>) {
    let mut client = RawClient::connect(server.address).await;
    client
        .startup_version(3, minor, &[("user", "alice"), ("database", "shale")])
        .await;
    let mut key = vec![];
    loop {
        match client.receive().await.unwrap() {
            (b'K', body) => key = body,
            (b'Z', _) => return (client, key),
            _ => {}
        }
    }
}

async fn cancel(server: &TestServer, key: &[u8]) {
    let mut client = RawClient::connect(server.address).await;
    let mut packet = (8 + key.len() as u32).to_be_bytes().to_vec();
    packet.extend(80_877_102_u32.to_be_bytes());
    packet.extend(key);
    client.send(&packet).await;
    // No answer; the server closes when it is done.
    assert_eq!(client.next().await, "(closed)");
}

#[tokio::test]
async fn a_request_cancels_what_runs() {
    let server = TestServer::start().await;
    for minor in [0, 2] {
        let (mut client, key) = with_key(&server, minor).await;
        assert_eq!(key.len(), if minor == 0 { 8 } else { 36 });
        for statement in ["SELECT * FROM hang()", "SELECT * FROM hang_in_rows()"] {
            client.send(&query(statement)).await;
            server.watch.until_running(1).await;
            // With another key nothing happens.
            let mut wrong = key.clone();
            wrong[5] ^= 1;
            cancel(&server, &wrong).await;
            cancel(&server, &key).await;
            let answer = soon(client.until_ready()).await;
            let end: Vec<&str> = answer.lines().rev().take(2).collect();
            assert_eq!(
                end,
                [
                    "ready I",
                    "error ERROR 57014 canceling statement due to user request"
                ]
            );
            soon(server.watch.until_running(0)).await;
        }
        // A request that comes too late does not hit the next statement.
        cancel(&server, &key).await;
        let answer = client.ask(&[query("SHOW timezone")]).await;
        assert!(answer.contains("row UTC\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_cancels_rows_that_nobody_reads() {
    let server = TestServer::start().await;
    let (mut client, key) = with_key(&server, 0).await;
    client.send(&query("SELECT * FROM endless()")).await;
    soon(server.watch.until_running(1)).await;
    // The socket fills up, and then no more rows are made.
    let mut made = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        match server.watch.batches() {
            now if now == made && now > 0 => break,
            now => made = now,
        }
    }
    cancel(&server, &key).await;
    soon(server.watch.until_running(0)).await;
    // What was made is less than the buffers of two sockets.
    assert!(made < 2_000, "{made} batches of a thousand rows");
    let mut last = String::new();
    loop {
        let line = client.next().await;
        if line == "ready I" {
            break;
        }
        last = line;
    }
    assert_eq!(
        last,
        "error ERROR 57014 canceling statement due to user request"
    );
}

#[tokio::test]
async fn a_driver_cancels() {
    let server = TestServer::start().await;
    let client = server.driver().await;
    let token = client.cancel_token();
    let statement = client.batch_execute("SELECT * FROM hang()");
    let canceling = async {
        server.watch.until_running(1).await;
        token.cancel_query(tokio_postgres::NoTls).await.unwrap();
    };
    let (result, ()) = soon(async { tokio::join!(statement, canceling) }).await;
    assert_eq!(result.unwrap_err().code().unwrap().code(), "57014");
    assert!(client.simple_query("SHOW timezone").await.is_ok());
}

#[tokio::test]
async fn a_client_that_vanishes_cancels_what_runs() {
    let server = TestServer::start().await;
    for statement in [
        "SELECT * FROM hang()",
        "SELECT * FROM hang_in_rows()",
        "SELECT * FROM endless()",
    ] {
        let mut client = server.raw().await;
        client.send(&query(statement)).await;
        soon(server.watch.until_running(1)).await;
        drop(client);
        soon(server.watch.until_running(0)).await;
    }
}

#[tokio::test]
async fn what_was_sent_before_the_end_is_carried_out() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    client
        .ask(&[query("CREATE TABLE t (id int PRIMARY KEY)")])
        .await;
    let mut other = server.raw().await;
    let inserts: Vec<u8> = (0..50)
        .flat_map(|id| query(&format!("INSERT INTO t VALUES ({id})")))
        .collect();
    other.send(&inserts).await;
    other.stream.shutdown().await.unwrap();
    let mut answer = vec![];
    soon(other.stream.read_to_end(&mut answer)).await.unwrap();
    let mut answers = 0;
    let mut reader = Cursor::new(answer);
    while let Ok(kind) = reader.read_u8().await {
        let length = reader.read_u32().await.unwrap();
        reader.set_position(reader.position() + u64::from(length) - 4);
        answers += u32::from(kind == b'Z');
    }
    assert_eq!(answers, 50);
    let answer = client
        .ask(&[query("SELECT id FROM t WHERE id = 49"), sync()])
        .await;
    assert!(answer.contains("SELECT 1"), "{answer}");
}

#[tokio::test]
async fn a_statement_that_panics_ends_its_connection_only() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    let mut other = server.raw().await;
    client.send(&query("SELECT * FROM panic_now()")).await;
    assert_eq!(client.next().await, "(closed)");
    soon(server.watch.until_running(0)).await;
    assert!(
        other
            .ask(&[query("SHOW timezone")])
            .await
            .ends_with("ready I\n")
    );
}
