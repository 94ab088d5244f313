//! Settings, statements by name, and what is not built.

use crate::support::Server;
use shale_sql::TransactionStatus;

#[tokio::test]
async fn settings_are_shown_and_set() {
    let mut server = Server::open();
    assert_eq!(server.run("SHOW server_version").await, "15.0");
    assert_eq!(server.run("SHOW TIME ZONE").await, "UTC");
    assert_eq!(
        server.run("SHOW transaction isolation level").await,
        "serializable"
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
        ("CREATE UNIQUE INDEX i ON t (a)", "CREATE UNIQUE INDEX"),
        (
            "ALTER TABLE t RENAME COLUMN a TO b",
            "ALTER TABLE … RENAME COLUMN",
        ),
        ("ALTER TABLE t RENAME TO u", "ALTER TABLE … RENAME TO"),
        (
            "CREATE MATERIALIZED VIEW v AS SELECT 1",
            "CREATE MATERIALIZED VIEW",
        ),
        ("GRANT SELECT ON t TO bob", "GRANT"),
        ("ALTER USER ann PASSWORD 'SCRAM-SHA-256$…'", "ALTER USER"),
        ("VACUUM", "VACUUM"),
        ("ANALYZE t", "ANALYZE"),
        ("CREATE SEQUENCE s", "CREATE SEQUENCE"),
        ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"),
        ("SET TRANSACTION SNAPSHOT 'x'", "SET TRANSACTION SNAPSHOT"),
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
