//! The server stops.

use crate::harness::{TestServer, soon};
use crate::raw::{RawClient, message, parse, query, sync};
use std::time::Duration;

const FAREWELL: &str = "error FATAL 57P01 terminating connection due to administrator command";

#[tokio::test]
async fn idle_connections_are_told() {
    let server = TestServer::start().await;
    let mut idle = server.raw().await;
    let mut in_block = server.raw().await;
    in_block.ask(&[query("BEGIN")]).await;
    let mut starting = RawClient::connect(server.address).await;
    starting.send(b"\0").await;
    // Once this is answered, the one before it has been accepted.
    let mut last = server.raw().await;
    server.shutdown.cancel();
    for client in [&mut idle, &mut in_block, &mut last] {
        assert_eq!(client.next().await, FAREWELL);
        assert_eq!(client.next().await, "(closed)");
    }
    assert_eq!(
        starting.next().await,
        "error FATAL 57P03 the database system is shutting down"
    );
    soon(server.task).await.unwrap().unwrap();
    assert!(
        tokio::net::TcpStream::connect(server.address)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn running_statements_finish() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    client
        .ask(&[query("CREATE TABLE t (id int PRIMARY KEY)")])
        .await;
    client.send(&query("COPY t FROM STDIN")).await;
    assert_eq!(client.next().await, "copy in, format 0, 1 columns");
    let mut batch = server.raw().await;
    assert_eq!(
        batch
            .ask_count(&[parse("", "SHOW timezone", &[]), message(b'H', b"")], 1)
            .await,
        "parsed\n"
    );
    server.shutdown.cancel();
    // Both go on to the end of their answer, and then they are told.
    client
        .send(&[message(b'd', b"1\n"), message(b'c', b"")].concat())
        .await;
    let answer = client.until_ready().await;
    assert_eq!(answer, "complete COPY 1\nready I\n");
    assert_eq!(client.next().await, FAREWELL);
    assert_eq!(batch.ask(&[sync()]).await, "ready I\n");
    assert_eq!(batch.next().await, FAREWELL);
    soon(server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn after_the_grace_period_statements_are_stopped() {
    let server =
        TestServer::with(|options| options.shutdown_grace = Duration::from_millis(20)).await;
    let mut client = server.raw().await;
    client.send(&query("SELECT * FROM hang()")).await;
    let mut unread = server.raw().await;
    unread.send(&query("SELECT * FROM endless()")).await;
    soon(server.watch.until_running(2)).await;
    server.shutdown.cancel();
    assert_eq!(client.next().await, FAREWELL);
    soon(server.task).await.unwrap().unwrap();
    soon(server.watch.until_running(0)).await;
}
