//! COPY … FROM STDIN.

use crate::harness::{TestServer, soon};
use crate::raw::{RawClient, bind, execute, message, parse, query, sync};
use bytes::Bytes;
use expect_test::expect;
use futures::SinkExt;

const COPY: &str = "COPY t FROM STDIN";

async fn with_table() -> (TestServer, RawClient) {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    client
        .ask(&[query("CREATE TABLE t (id int PRIMARY KEY, name text)")])
        .await;
    (server, client)
}

fn data(bytes: &[u8]) -> Vec<u8> {
    message(b'd', bytes)
}

fn done() -> Vec<u8> {
    message(b'c', b"")
}

async fn count(client: &mut RawClient, ids: std::ops::Range<i32>) -> usize {
    let mut found = 0;
    for id in ids {
        let answer = client
            .ask(&[query(&format!("SELECT id FROM t WHERE id = {id}"))])
            .await;
        found += usize::from(answer.contains("SELECT 1"));
    }
    found
}

#[tokio::test]
async fn data_in_any_pieces() {
    let (_server, mut client) = with_table().await;
    let text = "1\tone\n2\t\\N\n3\tdréi\n".as_bytes();
    for piece in [1, 2, 3, 7, text.len()] {
        client.ask(&[query("DELETE FROM t WHERE id = 1")]).await;
        client
            .ask(&[query(
                "DELETE FROM t WHERE id = 2; DELETE FROM t WHERE id = 3",
            )])
            .await;
        let mut messages = vec![query(COPY), data(b"")];
        messages.extend(text.chunks(piece).map(data));
        messages.push(done());
        assert_eq!(
            client.ask(&messages).await,
            "copy in, format 0, 2 columns\ncomplete COPY 3\nready I\n"
        );
        assert_eq!(count(&mut client, 1..5).await, 3);
    }
    // More statements behind it in the same message.
    let answer = client
        .ask(&[
            query(&format!("{COPY}; SHOW timezone")),
            data(b"10\tten\n"),
            done(),
        ])
        .await;
    expect![[r#"
        copy in, format 0, 2 columns
        complete COPY 1
        columns TimeZone:25,-1,-1,0
        row UTC
        complete SHOW
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn the_client_gives_up() {
    let (_server, mut client) = with_table().await;
    let answer = client
        .ask(&[
            query(COPY),
            data(b"1\tone\n"),
            message(b'f', b"changed my mind\0"),
        ])
        .await;
    expect![[r#"
        copy in, format 0, 2 columns
        error ERROR 57014 COPY from stdin failed: changed my mind
        ready I
    "#]]
    .assert_eq(&answer);
    assert_eq!(count(&mut client, 1..2).await, 0);
}

#[tokio::test]
async fn an_error_in_the_data_of_a_simple_copy() {
    let (_server, mut client) = with_table().await;
    // The client goes on sending, which is thrown away.
    let answer = client
        .ask(&[
            query(COPY),
            data(b"1\tone\nx\ttwo\n"),
            data(b"3\tthree\n"),
            done(),
            query("SHOW timezone"),
        ])
        .await;
    expect![[r#"
        copy in, format 0, 2 columns
        error ERROR 22P02 invalid input syntax for type integer: "x" [W: COPY t, line 2, column id: "x"]
        ready I
    "#]].assert_eq(&answer);
    expect![[r#"
        columns TimeZone:25,-1,-1,0
        row UTC
        complete SHOW
        ready I
    "#]]
    .assert_eq(&client.until_ready().await);
}

#[tokio::test]
async fn the_extended_protocol() {
    let (_server, mut client) = with_table().await;
    // As rust-postgres does it: Sync before the data, and behind it.
    let begin = [
        parse("", COPY, &[]),
        bind("", "", &[]),
        execute("", 0),
        sync(),
    ]
    .concat();
    let answer = client
        .ask(&[begin.clone(), data(b"1\tone\n"), done(), sync()])
        .await;
    expect![[r#"
        parsed
        bound
        copy in, format 0, 2 columns
        complete COPY 1
        ready I
    "#]]
    .assert_eq(&answer);
    let answer = client
        .ask(&[begin, data(b"x\tone\n"), data(b"2\ttwo\n"), done(), sync()])
        .await;
    expect![[r#"
        parsed
        bound
        copy in, format 0, 2 columns
        error ERROR 22P02 invalid input syntax for type integer: "x" [W: COPY t, line 1, column id: "x"]
        ready I
    "#]].assert_eq(&answer);
    expect![[r#"
        columns TimeZone:25,-1,-1,0
        row UTC
        complete SHOW
        ready I
    "#]]
    .assert_eq(&client.ask(&[query("SHOW timezone")]).await);
}

#[tokio::test]
async fn messages_that_do_not_belong_there() {
    let (_server, mut client) = with_table().await;
    let answer = client.ask(&[query(COPY), query("SELECT 1")]).await;
    expect![[r#"
        copy in, format 0, 2 columns
        error ERROR 08P01 unexpected message type 0x51 during COPY from stdin
        ready I
    "#]]
    .assert_eq(&answer);
    expect![[r#"
        columns TimeZone:25,-1,-1,0
        row UTC
        complete SHOW
        ready I
    "#]]
    .assert_eq(&client.ask(&[done(), query("SHOW timezone")]).await);
}

#[tokio::test]
async fn a_driver_copies() {
    let (server, mut client) = with_table().await;
    let driver = server.driver().await;
    let sink = driver.copy_in::<_, Bytes>(COPY).await.unwrap();
    let mut sink = std::pin::pin!(sink);
    for id in 0..2000 {
        sink.send(Bytes::from(format!("{id}\tname {id}\n")))
            .await
            .unwrap();
    }
    assert_eq!(sink.finish().await.unwrap(), 2000);
    assert_eq!(count(&mut client, 1990..2010).await, 10);
    // Not finished: the driver sends CopyFail.
    let sink = driver.copy_in::<_, Bytes>(COPY).await.unwrap();
    let mut sink = Box::pin(sink);
    sink.send(Bytes::from("5000\tx\n")).await.unwrap();
    drop(sink);
    assert_eq!(
        driver
            .query("SELECT id FROM t WHERE id = 5000", &[])
            .await
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_a_working_server() {
    let (server, mut client) = with_table().await;
    let mut other = server.raw().await;
    other
        .send(&[query(COPY), data(b"1\tone\n2\tt")].concat())
        .await;
    assert_eq!(other.next().await, "copy in, format 0, 2 columns");
    drop(other);
    assert_eq!(count(&mut client, 2..3).await, 0);
    server.shutdown.cancel();
    // The connection has ended: nothing holds the server up.
    soon(server.task).await.unwrap().unwrap();
}
