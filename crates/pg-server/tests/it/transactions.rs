//! What the protocol makes one transaction, and how clients are told of it.

use crate::harness::TestServer;
use crate::raw::{RawClient, bind, close, execute, flush, parse, query, sync};
use expect_test::expect;

async fn with_table() -> (TestServer, RawClient, RawClient) {
    let server = TestServer::start().await;
    let (mut client, other) = (server.raw().await, server.raw().await);
    client
        .ask(&[query(
            "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 10), (2, 20)",
        )])
        .await;
    (server, client, other)
}

fn run(text: &str) -> Vec<u8> {
    [parse("", text, &[]), bind("", "", &[]), execute("", 0)].concat()
}

/// What another session finds.
async fn rows(client: &mut RawClient) -> String {
    let answer = client
        .ask(&[query("SELECT id, n FROM t WHERE id IN (1, 2, 3, 4)")])
        .await;
    let rows = answer.lines().filter_map(|line| line.strip_prefix("row "));
    rows.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn several_statements_in_a_message_are_one_transaction() {
    let (_server, mut client, mut other) = with_table().await;
    let answer = client
        .ask(&[query(
            "INSERT INTO t VALUES (3, 30); DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (2, 0)",
        )])
        .await;
    expect![[r#"
        complete INSERT 0 1
        complete DELETE 1
        error ERROR 23505 duplicate key value violates unique constraint "t_pkey" [D: Key (id)=(2) already exists.] [s: public] [t: t] [n: t_pkey]
        ready I
    "#]].assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "1|10 2|20");
    let answer = client
        .ask(&[query(
            "INSERT INTO t VALUES (3, 30); COMMIT; DELETE FROM t WHERE id = 1; ROLLBACK; BEGIN; DELETE FROM t",
        )])
        .await;
    expect![[r#"
        complete INSERT 0 1
        notice WARNING 25P01 there is no transaction in progress
        complete COMMIT
        complete DELETE 1
        notice WARNING 25P01 there is no transaction in progress
        complete ROLLBACK
        complete BEGIN
        complete DELETE 3
        ready T
    "#]]
    .assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "1|10 2|20 3|30");
}

#[tokio::test]
async fn a_pipeline_is_one_transaction_up_to_its_sync() {
    let (_server, mut client, mut other) = with_table().await;
    let answer = client
        .ask(&[
            run("INSERT INTO t VALUES (3, 30)"),
            run("INSERT INTO t VALUES (2, 0)"),
            run("DELETE FROM t WHERE id = 1"),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        bound
        complete INSERT 0 1
        parsed
        bound
        error ERROR 23505 duplicate key value violates unique constraint "t_pkey" [D: Key (id)=(2) already exists.] [s: public] [t: t] [n: t_pkey]
        ready I
    "#]].assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "1|10 2|20");
    let answer = client
        .ask(&[
            run("INSERT INTO t VALUES (3, 30)"),
            run("UPDATE t SET n = n + 1 WHERE id = 3"),
            close('P', ""),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        bound
        complete INSERT 0 1
        parsed
        bound
        complete UPDATE 1
        closed
        ready I
    "#]]
    .assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "1|10 2|20 3|31");
}

#[tokio::test]
async fn nothing_is_committed_before_sync() {
    let (_server, mut client, mut other) = with_table().await;
    let answer = client
        .ask_count(&[run("INSERT INTO t VALUES (3, 30)"), flush()], 3)
        .await;
    expect![[r#"
        parsed
        bound
        complete INSERT 0 1
    "#]]
    .assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "1|10 2|20");
    assert_eq!(client.ask(&[sync()]).await, "ready I\n");
    assert_eq!(rows(&mut other).await, "1|10 2|20 3|30");
    // A client that goes without Sync leaves nothing.
    client
        .ask_count(&[run("INSERT INTO t VALUES (4, 40)"), flush()], 3)
        .await;
    drop(client);
    assert_eq!(rows(&mut other).await, "1|10 2|20 3|30");
}

/// Sync comes in a packet of its own: the statement is alone all the same.
#[tokio::test]
async fn a_statement_waits_for_what_follows_it() {
    let (_server, mut client, mut other) = with_table().await;
    client.send(&run("UPDATE t SET n = n + 1")).await;
    other.ask(&[query("UPDATE t SET n = 0 WHERE id = 1")]).await;
    let answer = client.ask(&[sync()]).await;
    expect![[r#"
        parsed
        bound
        complete UPDATE 2
        ready I
    "#]]
    .assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "1|1 2|21");
}

#[tokio::test]
async fn a_conflict_is_told_at_sync() {
    let (_server, mut client, mut other) = with_table().await;
    client
        .ask_count(
            &[
                run("SELECT n FROM t WHERE id = 1"),
                run("UPDATE t SET n = 5 WHERE id = 2"),
                flush(),
            ],
            7,
        )
        .await;
    other.ask(&[query("UPDATE t SET n = 0 WHERE id = 1")]).await;
    expect![[r#"
        error ERROR 40001 could not serialize access due to read/write dependencies among transactions [H: The transaction might succeed if retried.]
        ready I
    "#]].assert_eq(&client.ask(&[sync()]).await);
    assert_eq!(rows(&mut other).await, "1|0 2|20");
}

#[tokio::test]
async fn begin_in_a_pipeline_outlives_its_sync() {
    let (_server, mut client, mut other) = with_table().await;
    let answer = client
        .ask(&[run("BEGIN"), run("DELETE FROM t WHERE id = 1"), sync()])
        .await;
    expect![[r#"
        parsed
        bound
        complete BEGIN
        parsed
        bound
        complete DELETE 1
        ready T
    "#]]
    .assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "1|10 2|20");
    let answer = client.ask(&[run("COMMIT"), sync()]).await;
    expect![[r#"
        parsed
        bound
        complete COMMIT
        ready I
    "#]]
    .assert_eq(&answer);
    assert_eq!(rows(&mut other).await, "2|20");
}

#[tokio::test]
async fn warnings_are_notices() {
    let (_server, mut client, _other) = with_table().await;
    let mut text = client.ask(&[query("COMMIT")]).await;
    text += &client.ask(&[run("BEGIN"), run("BEGIN"), sync()]).await;
    text += &client
        .ask(&[query("ROLLBACK; DROP TABLE IF EXISTS nothing")])
        .await;
    expect![[r#"
        notice WARNING 25P01 there is no transaction in progress
        complete COMMIT
        ready I
        parsed
        bound
        complete BEGIN
        parsed
        bound
        notice WARNING 25001 there is already a transaction in progress
        complete BEGIN
        ready T
        complete ROLLBACK
        notice NOTICE 00000 table "nothing" does not exist, skipping
        complete DROP TABLE
        ready I
    "#]]
    .assert_eq(&text);
}

#[tokio::test]
async fn idling_in_a_block_ends_the_session() {
    let (_server, mut client, mut other) = with_table().await;
    client
        .ask(&[query("SET idle_in_transaction_session_timeout = 20")])
        .await;
    client.ask(&[query("BEGIN; DELETE FROM t")]).await;
    expect!["error FATAL 25P03 terminating connection due to idle-in-transaction timeout"]
        .assert_eq(&client.next().await);
    assert_eq!(client.next().await, "(closed)");
    assert_eq!(rows(&mut other).await, "1|10 2|20");
}

#[tokio::test]
async fn copy_is_a_part_of_its_transaction() {
    let (_server, mut client, mut other) = with_table().await;
    let copy = |data: &str| {
        [
            crate::raw::message(b'd', data.as_bytes()),
            crate::raw::message(b'c', b""),
        ]
        .concat()
    };
    client.ask(&[query("BEGIN")]).await;
    let answer = client.ask_count(&[query("COPY t FROM STDIN")], 1).await;
    expect![[r#"
        copy in, format 0, 2 columns
    "#]]
    .assert_eq(&answer);
    expect![[r#"
        complete COPY 2
        ready T
    "#]]
    .assert_eq(&client.ask(&[copy("3\t30\n4\t40\n")]).await);
    assert_eq!(rows(&mut client).await, "1|10 2|20 3|30 4|40");
    assert_eq!(rows(&mut other).await, "1|10 2|20");
    client.ask(&[query("ROLLBACK")]).await;
    assert_eq!(rows(&mut other).await, "1|10 2|20");
    // Among the statements of a message, too.
    client
        .ask_count(
            &[query(
                "DELETE FROM t WHERE id = 1; COPY t FROM STDIN; INSERT INTO t VALUES (2, 0)",
            )],
            2,
        )
        .await;
    expect![[r#"
        complete COPY 1
        error ERROR 23505 duplicate key value violates unique constraint "t_pkey" [D: Key (id)=(2) already exists.] [s: public] [t: t] [n: t_pkey]
        ready I
    "#]].assert_eq(&client.ask(&[copy("3\t30\n")]).await);
    assert_eq!(rows(&mut other).await, "1|10 2|20");
}
