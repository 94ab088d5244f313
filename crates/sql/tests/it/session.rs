//! Settings, transaction blocks, statements by name.

use crate::support::Server;
use shale_sql::TransactionStatus;

#[tokio::test]
async fn blocks_carry_reads_and_one_write() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (a int PRIMARY KEY, b int)")
        .await;
    server
        .must("BEGIN; INSERT INTO t VALUES (1, 1); SELECT * FROM t")
        .await;
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::InTransaction
    );
    assert_eq!(server.run("COMMIT").await, "COMMIT");
    server.must("BEGIN; INSERT INTO t VALUES (2, 1)").await;
    assert!(
        server
            .run("INSERT INTO t VALUES (3, 1)")
            .await
            .starts_with("! a second INSERT, UPDATE or DELETE")
    );
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::Failed
    );
    assert!(server.run("SELECT * FROM t").await.starts_with("! 25P02"));
    assert!(
        server
            .run("ROLLBACK")
            .await
            .starts_with("! cannot roll back")
    );
    assert_eq!(server.session.transaction_status(), TransactionStatus::Idle);
    assert_eq!(
        server.run("SELECT a FROM t WHERE a = 2").await,
        "2",
        "as the error said"
    );
    server
        .must("BEGIN; SELECT * FROM t; UPDATE t SET b = 2 WHERE a = 99")
        .await;
    assert_eq!(
        server.run("ROLLBACK").await,
        "ROLLBACK",
        "nothing was changed"
    );
    server.must("BEGIN").await;
    assert!(server.run("SELEKT").await.starts_with("! syntax error"));
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::Failed
    );
    assert_eq!(server.run("COMMIT").await, "ROLLBACK");
    assert!(
        server
            .run("BEGIN ISOLATION LEVEL SERIALIZABLE")
            .await
            .starts_with("! transaction isolation level")
    );
    assert!(
        server
            .run("BEGIN READ ONLY; INSERT INTO t VALUES (5, 5)")
            .await
            .starts_with("! 25006")
    );
    assert_eq!(server.run("ROLLBACK").await, "ROLLBACK");
}

#[tokio::test]
async fn savepoints_enclose_what_changes_nothing() {
    let mut server = Server::open();
    server.must("CREATE TABLE t (a int PRIMARY KEY)").await;
    assert_eq!(
        server.run("SAVEPOINT s").await,
        "! 25P01 SAVEPOINT can only be used in transaction blocks"
    );
    server.must("BEGIN; SAVEPOINT s; SELECT * FROM t").await;
    assert!(server.run("SELECT nope FROM t").await.starts_with('!'));
    assert!(server.run("SAVEPOINT u").await.contains("25P02"));
    assert_eq!(
        server.run("ROLLBACK TO SAVEPOINT u").await,
        "! 3B001 savepoint \"u\" does not exist"
    );
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::Failed
    );
    assert_eq!(server.run("ROLLBACK TO S").await, "ROLLBACK");
    assert_eq!(
        server
            .run("INSERT INTO t VALUES (1); RELEASE SAVEPOINT s")
            .await,
        "RELEASE"
    );
    server.must("SAVEPOINT \"Behind\"").await;
    assert!(
        server
            .run("INSERT INTO t VALUES (2)")
            .await
            .starts_with("! a second INSERT")
    );
    assert_eq!(server.run("ROLLBACK TO \"Behind\"").await, "ROLLBACK");
    assert_eq!(server.run("COMMIT").await, "COMMIT");
    server
        .must("BEGIN; SAVEPOINT s; DELETE FROM t WHERE a = 1")
        .await;
    assert!(
        server
            .run("ROLLBACK TO s")
            .await
            .starts_with("! cannot roll back to savepoint \"s\"")
    );
    assert!(server.run("ROLLBACK").await.starts_with("! cannot roll"));
    assert_eq!(server.session.transaction_status(), TransactionStatus::Idle);
}

#[tokio::test]
async fn settings_are_shown_and_set() {
    let mut server = Server::open();
    assert_eq!(server.run("SHOW server_version").await, "15.0");
    assert_eq!(server.run("SHOW TIME ZONE").await, "UTC");
    assert_eq!(
        server.run("SHOW transaction isolation level").await,
        "read committed"
    );
    assert_eq!(
        server
            .run("SET application_name TO 'x'; SHOW application_name")
            .await,
        "x"
    );
    assert_eq!(server.run("SET TIME ZONE 'UTC'").await, "SET");
    assert_eq!(server.run("RESET ALL; SHOW application_name").await, "");
    assert_eq!(
        server.run("SHOW nope").await,
        "! unrecognized configuration parameter \"nope\""
    );
    assert_eq!(
        server.run("SET nope = 1").await,
        "! unrecognized configuration parameter \"nope\""
    );
    assert!(
        server
            .run("SHOW ALL")
            .await
            .contains("search_path|\"$user\", public|")
    );
    assert_eq!(
        server.run("SET search_path = public, pg_catalog").await,
        "SET"
    );
    assert_eq!(server.run("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SHOW default_transaction_read_only").await, "on");
}

#[tokio::test]
async fn statements_have_names() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x')")
        .await;
    assert_eq!(
        server
            .run("PREPARE q (int) AS SELECT b FROM t WHERE a = $1")
            .await,
        "PREPARE"
    );
    assert_eq!(server.run("EXECUTE q(1)").await, "x");
    assert_eq!(server.run("EXECUTE q('1')").await, "x");
    assert!(
        server
            .run("EXECUTE q")
            .await
            .starts_with("! syntax error: wrong number of parameters")
    );
    assert!(
        server
            .run("PREPARE q AS SELECT 1")
            .await
            .starts_with("! 42P05")
    );
    assert_eq!(server.run("DEALLOCATE q").await, "DEALLOCATE");
    assert_eq!(
        server.run("EXECUTE q(1)").await,
        "! 26000 prepared statement \"q\" does not exist"
    );
    assert_eq!(
        server
            .run("PREPARE w AS INSERT INTO t VALUES ($1, $2); EXECUTE w(2, 'y')")
            .await,
        "INSERT 0 1"
    );
    assert_eq!(server.run("DISCARD ALL").await, "DISCARD ALL");
    assert!(server.run("EXECUTE w(3, 'z')").await.starts_with("! 26000"));
}

#[tokio::test]
async fn what_is_not_built_is_refused_by_name() {
    let mut server = Server::open();
    server.must("CREATE TABLE t (a int PRIMARY KEY)").await;
    for (text, feature) in [
        ("CREATE INDEX i ON t (a)", "CREATE INDEX"),
        ("ALTER TABLE t ADD COLUMN b int", "ALTER TABLE"),
        ("TRUNCATE t", "TRUNCATE"),
        ("DECLARE c CURSOR FOR SELECT * FROM t", "a cursor"),
        ("LISTEN x", "LISTEN"),
        ("CREATE VIEW v AS SELECT * FROM t", "CREATE VIEW"),
        ("SELECT * FROM t FOR UPDATE", "SELECT … FOR UPDATE"),
        ("COPY t TO STDOUT", "COPY … TO"),
        ("GRANT SELECT ON t TO bob", "GRANT"),
        ("ALTER USER ann PASSWORD 'SCRAM-SHA-256$…'", "ALTER USER"),
        ("VACUUM", "VACUUM"),
        ("ANALYZE t", "ANALYZE"),
        ("INSERT INTO t SELECT 1", "INSERT … SELECT"),
    ] {
        let answer = server.run(text).await;
        assert!(
            answer.starts_with(&format!("! {feature}")) && answer.ends_with("not supported"),
            "{text}: {answer}"
        );
    }
}

/// Whatever is sent, the session answers and goes on.
#[test]
fn no_statement_breaks_the_session() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let server = std::cell::RefCell::new(runtime.block_on(async {
        let mut server = Server::open();
        server
            .must("CREATE TABLE t (a int, b text, c jsonb, d text[], PRIMARY KEY (a, b))")
            .await;
        server
    }));
    let words = proptest::sample::select(vec![
        "SELECT",
        "INSERT INTO",
        "UPDATE",
        "DELETE FROM",
        "t",
        "*",
        "FROM",
        "WHERE",
        "SET",
        "VALUES",
        "VALUE",
        "(",
        ")",
        "{",
        "}",
        "<<",
        ">>",
        "[",
        "]",
        "a",
        "b",
        "c",
        "d",
        "c.x",
        "d[0]",
        "_item",
        "=",
        "<>",
        "<",
        ">=",
        "+",
        "-",
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "LIKE",
        "IS",
        "NULL",
        "MISSING",
        "1",
        "'x'",
        "'1'",
        "2.5",
        "-3",
        "$1",
        "true",
        ",",
        ":",
        "'k'",
        "RETURNING",
        "ORDER BY",
        "LIMIT",
        "OFFSET",
        "DESC",
        "ON CONFLICT DO NOTHING",
        "REMOVE",
        "begins_with(b, 'x')",
        "size(c) > 1",
        "now()",
        "::int",
        "::text",
        "DEFAULT",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "EXPLAIN",
        "SHOW",
        "PREPARE q AS",
        "EXECUTE q(1)",
        "a = 1 AND b = 'x'",
        "INSERT INTO t VALUES (1, 'x')",
        "SELECT * FROM t WHERE",
        "UPDATE t SET c =",
        "DELETE FROM t WHERE a = 1 AND b = 'x'",
    ]);
    let mut runner = TestRunner::new(Config::with_cases(3_000));
    let statements = proptest::collection::vec(words, 1..14);
    runner
        .run(&statements, |words| {
            let text = words.join(" ");
            let answer = runtime.block_on(server.borrow_mut().run(&text));
            prop_assert!(!answer.contains("internal"), "{text}: {answer}");
            let mut server = server.borrow_mut();
            if server.session.transaction_status() != TransactionStatus::Idle {
                runtime.block_on(server.run("ROLLBACK"));
            }
            Ok(())
        })
        .expect("an answer to everything");
    let answer = runtime.block_on(
        server
            .borrow_mut()
            .run("INSERT INTO t VALUES (77, 'end') RETURNING a"),
    );
    assert_eq!(answer, "77\nINSERT 0 1");
}
