//! CREATE TABLE and DROP TABLE inside of blocks.

use crate::support::{Server, run};
use shale_sql::{Datum, TransactionStatus};

#[tokio::test]
async fn a_block_uses_the_tables_that_it_creates() {
    let mut server = Server::open();
    let mut other = server.service.session("bob", "shale");
    server
        .must("BEGIN; CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2); UPDATE t SET n = n + 1")
        .await;
    assert_eq!(server.run("SELECT n FROM t WHERE id = 2").await, "3");
    assert_eq!(
        run(&mut other, "SELECT * FROM t").await,
        "! relation \"t\" does not exist"
    );
    assert_eq!(
        server.run("CREATE TABLE t (id int PRIMARY KEY)").await,
        "! relation \"t\" already exists"
    );
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::Failed
    );
    assert_eq!(server.run("ROLLBACK").await, "ROLLBACK");
    assert_eq!(
        server.run("SELECT * FROM t").await,
        "! relation \"t\" does not exist"
    );
    server
        .must("BEGIN; CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1); COMMIT")
        .await;
    assert_eq!(run(&mut other, "SELECT n FROM t WHERE id = 1").await, "1");
}

#[tokio::test]
async fn a_drop_is_undone_too() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        .await;
    server.must("BEGIN; DROP TABLE t").await;
    assert_eq!(
        server.run("SELECT * FROM t").await,
        "! relation \"t\" does not exist"
    );
    server.must("ROLLBACK").await;
    assert_eq!(server.run("SELECT id FROM t WHERE id = 1").await, "1");
    server
        .must("BEGIN; DROP TABLE t; CREATE TABLE t (name text PRIMARY KEY); INSERT INTO t VALUES ('x'); COMMIT")
        .await;
    assert_eq!(server.run("SELECT * FROM t WHERE name = 'x'").await, "x");
}

#[tokio::test]
async fn savepoints_undo_definitions() {
    let mut server = Server::open();
    server
        .must("BEGIN; CREATE TABLE kept (id int PRIMARY KEY); SAVEPOINT s; CREATE TABLE lost (id int PRIMARY KEY); INSERT INTO lost VALUES (1); ROLLBACK TO s")
        .await;
    assert_eq!(
        server.run("DROP TABLE lost").await,
        "! 42P01 table \"lost\" does not exist"
    );
    server
        .must("ROLLBACK TO s; DROP TABLE IF EXISTS lost; INSERT INTO kept VALUES (1); COMMIT")
        .await;
    assert_eq!(server.run("SELECT id FROM kept WHERE id = 1").await, "1");
    assert_eq!(
        server.run("SELECT id FROM lost WHERE id = 1").await,
        "! relation \"lost\" does not exist"
    );
}

#[tokio::test]
async fn statements_prepared_before_follow_the_tables() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 7)")
        .await;
    let select = "SELECT n FROM t WHERE id = $1";
    let one = || vec![Datum::Int(1)];
    let prepared = server
        .session
        .prepare(select, &[])
        .await
        .expect("a statement");
    server
        .must("BEGIN; DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 8)")
        .await;
    let inside = server.session.execute(&prepared, one()).await;
    assert_eq!(
        crate::support::print(inside.expect("the new table")).await,
        "8"
    );
    // What the block planned is nobody else's.
    assert_eq!(server.run_with(select, one()).await, "8");
    let mut other = server.service.session("bob", "shale");
    let theirs = other.prepare(select, &[]).await.expect("a statement");
    let outside = other.execute(&theirs, one()).await.expect("the old table");
    assert_eq!(crate::support::print(outside).await, "7");
    server.must("ROLLBACK").await;
    assert_eq!(server.run_with(select, one()).await, "7");
}

#[tokio::test]
async fn attributes_that_nobody_declared_are_known_to_their_block() {
    let mut server = Server::open();
    server.must("CREATE TABLE t (id int PRIMARY KEY)").await;
    server
        .must("BEGIN; INSERT INTO t (id, colour) VALUES (1, 'red')")
        .await;
    assert_eq!(server.run("SELECT colour FROM t WHERE id = 1").await, "red");
    let mut other = server.service.session("bob", "shale");
    assert_eq!(
        run(&mut other, "SELECT colour FROM t WHERE id = 1").await,
        "! column \"colour\" does not exist"
    );
    server.must("COMMIT").await;
    assert_eq!(
        run(&mut other, "SELECT colour FROM t WHERE id = 1").await,
        "red"
    );
}

#[tokio::test]
async fn two_blocks_create_one_name() {
    let mut server = Server::open();
    let mut other = server.service.session("bob", "shale");
    server
        .must("BEGIN; CREATE TABLE t (id int PRIMARY KEY)")
        .await;
    assert_eq!(
        run(&mut other, "BEGIN; CREATE TABLE t (id int PRIMARY KEY)").await,
        "CREATE TABLE"
    );
    assert_eq!(server.run("COMMIT").await, "COMMIT");
    let refused = run(&mut other, "COMMIT").await;
    assert!(
        refused == "! table t exists" || refused.contains("conflicts"),
        "{refused}"
    );
    assert_eq!(other.transaction_status(), TransactionStatus::Idle);
}

#[tokio::test]
async fn definitions_are_refused_where_only_reading_is_allowed() {
    let mut server = Server::open();
    assert_eq!(
        server
            .run("BEGIN READ ONLY; CREATE TABLE t (id int PRIMARY KEY)")
            .await,
        "! 25006 cannot execute CREATE TABLE in a read-only transaction"
    );
}
