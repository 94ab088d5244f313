//! Reads in the past: AS OF, what switches history on, and what is refused.

use crate::support::{FortyTwo, Server, run};
use expect_test::{Expect, expect};
use shale_env::{Clock, SystemClock};
use shale_sql::Datum;
use shale_sql::datum::unix_micros_to_timestamp;
use std::sync::Arc;

async fn check(server: &mut Server, text: &str, expected: Expect) {
    expected.assert_eq(&server.run(text).await);
}

/// Where reads are now.
async fn lsn(server: &mut Server) -> i64 {
    let answer = server.run("SELECT shale_current_lsn()").await;
    answer.parse().expect("an LSN")
}

/// Later than everything so far, and earlier than everything to come.
fn moment() -> Datum {
    let now = SystemClock::new().now_micros();
    while SystemClock::new().now_micros() <= now + 1 {
        std::hint::spin_loop();
    }
    Datum::Timestamp(unix_micros_to_timestamp(now + 1))
}

/// A table with items 1 to 3, changed behind the LSN and the moment that are answered.
async fn changed(server: &mut Server) -> (i64, Datum) {
    server
        .must(
            "CREATE TABLE t (h text, r int, n int, PRIMARY KEY (h, r)) WITH (history = '1h');
             CREATE INDEX by_n ON t (n);
             INSERT INTO t VALUES ('a', 1, 10), ('a', 2, 20), ('b', 1, 30)",
        )
        .await;
    let (lsn, moment) = (lsn(server).await, moment());
    server
        .must(
            "UPDATE t SET n = 11 WHERE h = 'a' AND r = 1;
             DELETE FROM t WHERE h = 'b' AND r = 1;
             INSERT INTO t VALUES ('a', 3, 40)",
        )
        .await;
    (lsn, moment)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_reads_what_was() {
    let mut server = Server::open();
    let (then, moment) = changed(&mut server).await;
    for (question, was, is) in [
        ("SELECT n FROM t$ WHERE h = 'a' AND r = 1", "10", "11"),
        ("SELECT n FROM t$ WHERE h = 'b' AND r = 1", "30", ""),
        ("SELECT n FROM t$ WHERE h = 'a' AND r = 3", "", "40"),
        (
            "SELECT n FROM t$ WHERE h IN ('a', 'b') AND r IN (1, 3) LIMIT 1",
            "10",
            "11",
        ),
        (
            "SELECT r, n FROM t$ WHERE h = 'a'",
            "1|10\n2|20",
            "1|11\n2|20\n3|40",
        ),
        (
            "SELECT r, n FROM t$ old WHERE old.h = 'a' AND r > 1 ORDER BY r DESC LIMIT 1",
            "2|20",
            "3|40",
        ),
        (
            "SELECT r FROM t$ AS old WHERE old.h = 'a' ORDER BY n DESC OFFSET 1",
            "1",
            "2\n1",
        ),
        ("SELECT h, r FROM t$ WHERE n = 30", "b|1", ""),
        ("SELECT h, r FROM t$ WHERE n >= 40", "", "a|3"),
        ("SELECT h, r FROM t$ WHERE n = 20 ORDER BY r", "a|2", "a|2"),
    ] {
        let text = |clause: &str| question.replace('$', clause);
        assert_eq!(server.run(&text("")).await, is, "{question}");
        let now = lsn(&mut server).await;
        for (clause, expected) in [
            (format!(" AS OF LSN {then}"), was),
            (format!(" AS OF LSN ({then})"), was),
            (format!(" as of lsn '{then}'"), was),
            (format!(" AS OF LSN {now}"), is),
            (" AS OF LSN shale_current_lsn()".to_owned(), is),
            (" AS OF TIMESTAMP now()".to_owned(), is),
            (" AS OF TIMESTAMP 'now'".to_owned(), is),
            (" FOR SYSTEM_TIME AS OF now()".to_owned(), is),
        ] {
            let text = text(&clause);
            // Sorting by anything else is the analytic executor's, unless there is an index.
            if text.contains("n = 20 ORDER") {
                let refused = server.run(&text).await;
                assert!(refused.starts_with("! analytic"), "{text}: {refused}");
                continue;
            }
            assert_eq!(server.run(&text).await, expected, "{text}");
        }
        if !question.contains("n = 20 ORDER") {
            for (clause, position) in [
                (" AS OF LSN $1", Datum::Int(then)),
                (" AS OF TIMESTAMP $1", moment.clone()),
                (" FOR SYSTEM_TIME AS OF $1", moment.clone()),
            ] {
                let answer = server.run_with(&text(clause), vec![position]).await;
                assert_eq!(answer, was, "{question} {clause}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_are_found_at_each_execution() {
    let mut server = Server::open();
    let (then, _) = changed(&mut server).await;
    let text = "SELECT r FROM t AS OF LSN $2 WHERE h = $1";
    let prepared = server.session.prepare(text, &[]).await.expect("a query");
    assert_eq!(
        format!("{:?}", prepared.parameter_types),
        "[Text, Int8]",
        "known to clients before they bind"
    );
    let now = lsn(&mut server).await;
    for (position, expected) in [(then, "1\n2"), (now, "1\n2\n3"), (then, "1\n2")] {
        let parameters = vec![Datum::Text("a".into()), Datum::Int(position)];
        assert_eq!(server.run_with(text, parameters).await, expected);
    }
    server
        .must("PREPARE q AS SELECT r FROM t AS OF TIMESTAMP now() WHERE h = 'b'")
        .await;
    assert_eq!(server.run("EXECUTE q").await, "");
    server.must("INSERT INTO t VALUES ('b', 7)").await;
    assert_eq!(server.run("EXECUTE q").await, "7", "now() moves on");
    server
        .must("PREPARE p AS SELECT r FROM t AS OF LSN $1 WHERE h = 'b'")
        .await;
    assert_eq!(server.run(&format!("EXECUTE p ({then})")).await, "1");
    assert_eq!(
        server.run("EXECUTE p ('x')").await,
        "! invalid input syntax for type bigint: \"x\""
    );
    // A position that takes a query of its own.
    let mut server = Server::with(Arc::new(FortyTwo));
    server
        .must("CREATE TABLE t (id int PRIMARY KEY) WITH (history = '1h')")
        .await;
    while lsn(&mut server).await < 42 {
        let next = lsn(&mut server).await;
        server.must(&format!("INSERT INTO t VALUES ({next})")).await;
    }
    server.must("INSERT INTO t VALUES (1000)").await;
    let count = |answer: String| answer.lines().count();
    let now = count(server.run("SELECT id FROM t").await);
    let then = count(server.run("SELECT id FROM t AS OF LSN 6 * 7").await);
    assert_eq!(then, now - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_show_the_position_and_no_index() {
    let mut server = Server::open();
    changed(&mut server).await;
    check(
        &mut server,
        "EXPLAIN SELECT r FROM t WHERE n = 20",
        expect![[r#"
            IndexScan on t using by_n  (cost=0.00..1.00 rows=1 width=4)
              Key condition: n = 20
              Partitions: 1
              Fetch: none, index only
              Estimated capacity: 1 read unit"#]],
    )
    .await;
    check(
        &mut server,
        "EXPLAIN SELECT r FROM t AS OF LSN 5 WHERE n = 20",
        expect![[r#"
            Scan on t  (cost=0.00..1.00 rows=1 width=4)
              Partitions: all
              Filter: n = 20
              As Of: LSN 5
              Estimated capacity: 1 read unit"#]],
    )
    .await;
    check(
        &mut server,
        "EXPLAIN INSERT INTO t SELECT * FROM t AS OF LSN 5 WHERE h = 'a' AND r = 2",
        expect![[r#"
            Insert on t  (cost=0.00..2.00 rows=0 width=0)
              As Of: LSN 5
              Estimated capacity: 1 write unit
              ->  KeyLookup on t  (cost=0.00..1.00 rows=1 width=40)
                    Keys: (h = 'a', r = 2)
                    Partitions: 1
                    Estimated capacity: 1 read unit"#]],
    )
    .await;
    let time = server
        .run("EXPLAIN SELECT r FROM t AS OF TIMESTAMP '2026-01-01 00:00:00+02' WHERE h = 'a'")
        .await;
    assert!(
        time.contains("\n  As Of: 2025-12-31 22:00:00+00\n"),
        "{time}"
    );
    let time = server
        .run("EXPLAIN SELECT r FROM t AS OF TIMESTAMP TIMESTAMP '2026-01-01 00:00:00+02' WHERE h = 'a'")
        .await;
    assert!(
        time.contains("\n  As Of: 2025-12-31 22:00:00+00\n"),
        "{time}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_can_be_written_again() {
    let mut server = Server::open();
    let (then, moment) = changed(&mut server).await;
    check(
        &mut server,
        &format!(
            "INSERT INTO t SELECT * FROM t AS OF LSN {then} ON CONFLICT (h, r) DO UPDATE SET n = EXCLUDED.n"
        ),
        expect!["INSERT 0 3"],
    )
    .await;
    check(
        &mut server,
        "SELECT h, r, n FROM t WHERE h IN ('a', 'b') AND r IN (1, 2, 3)",
        expect![[r#"
            a|1|10
            a|2|20
            a|3|40
            b|1|30"#]],
    )
    .await;
    // In a block: the past has none of its writes.
    server
        .must("CREATE TABLE copy (h text, r int, n int, PRIMARY KEY (h, r)); BEGIN; DELETE FROM t")
        .await;
    let insert = "INSERT INTO copy SELECT * FROM t AS OF TIMESTAMP $1 WHERE h = 'a'";
    assert_eq!(server.run_with(insert, vec![moment]).await, "INSERT 0 2");
    server.must("COMMIT").await;
    assert_eq!(server.run("SELECT n FROM copy").await, "10\n20");
    assert_eq!(server.run("SELECT n FROM t").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_outside_of_blocks() {
    let mut server = Server::open();
    let (then, _) = changed(&mut server).await;
    let mut other = server.service.session("bob", "shale");
    server
        .must("BEGIN; UPDATE t SET n = 0 WHERE h = 'a' AND r = 2")
        .await;
    let at_begin = lsn(&mut server).await;
    let others = run(&mut other, "INSERT INTO t VALUES ('c', 1, 50)").await;
    assert_eq!(others, "INSERT 0 1");
    assert_eq!(
        lsn(&mut server).await,
        at_begin,
        "a block reads its snapshot"
    );
    let past = |lsn: i64| {
        format!(
            "SELECT n FROM t AS OF LSN {lsn} WHERE h IN ('a', 'c') AND r = 2 OR h = 'c' AND r = 1"
        )
    };
    // Read whole, and changed by the other: no conflict.
    check(&mut server, &past(then), expect!["20"]).await;
    check(
        &mut server,
        "SELECT n FROM t AS OF LSN shale_current_lsn() WHERE h = 'c' AND r = 1",
        expect![""],
    )
    .await;
    let mut third = server.service.session("cid", "shale");
    let now: i64 = run(&mut third, "SELECT shale_current_lsn()")
        .await
        .parse()
        .unwrap();
    assert!(now > at_begin);
    let both = server.run(&past(now)).await;
    assert_eq!(both, "20\n50", "not its own writes, but those of others");
    assert_eq!(server.run("COMMIT").await, "COMMIT");
    // A read of the past is not what a block's snapshot is of.
    server.must(&format!("BEGIN; {}", past(then))).await;
    let others = run(&mut other, "INSERT INTO t VALUES ('c', 2, 60)").await;
    assert_eq!(others, "INSERT 0 1");
    assert_eq!(
        server.run("SELECT n FROM t WHERE h = 'c' AND r = 2").await,
        "60"
    );
    server.must("ROLLBACK; BEGIN READ ONLY").await;
    check(&mut server, &past(then), expect!["20"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_past_is_refused() {
    let mut server = Server::open();
    let (then, _) = changed(&mut server).await;
    server
        .must("CREATE TABLE plain (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY) WITH (history = '7d')")
        .await;
    for (text, expected) in [
        (
            "SELECT * FROM plain AS OF LSN 5",
            expect![[r#"! history: Off { table: "plain" }"#]],
        ),
        (
            "SELECT * FROM t.by_n AS OF LSN 5",
            expect![[r#"! history: Index { table: "t", index: "by_n" }"#]],
        ),
        (
            "SELECT * FROM nothing AS OF LSN 5",
            expect![[r#"! relation "nothing" does not exist"#]],
        ),
        (
            "SELECT * FROM pg_class AS OF LSN 5",
            expect!["! AS OF behind the relation pg_class is not supported"],
        ),
        (
            "SELECT * FROM u AS OF LSN -1",
            expect!["! 22023 the LSN of AS OF must not be negative"],
        ),
        (
            "SELECT * FROM u AS OF LSN NULL",
            expect!["! 22004 the position of AS OF is null"],
        ),
        (
            "SELECT * FROM u AS OF LSN now()",
            expect!["! a value of type timestamp with time zone cannot be assigned to type bigint"],
        ),
        (
            "SELECT * FROM u AS OF LSN 'x'",
            expect![[r#"! invalid input syntax for type bigint: "x""#]],
        ),
        (
            "SELECT * FROM u AS OF TIMESTAMP 5",
            expect!["! a value of type bigint cannot be assigned to type timestamp with time zone"],
        ),
        (
            "SELECT * FROM u AS OF TIMESTAMP 'x'",
            expect![[r#"! 22007 invalid input syntax for type timestamp with time zone: "x""#]],
        ),
        (
            "SELECT * FROM u AS OF TIMESTAMP id",
            expect!["! a column or a subquery in AS OF is not supported"],
        ),
        (
            "SELECT * FROM u AS OF TIMESTAMP (SELECT now())",
            expect!["! a column or a subquery in AS OF is not supported"],
        ),
        (
            "SELECT * FROM u AS OF LSN 5 JOIN t AS OF LSN 6 ON true",
            expect!["! reading at two positions in one statement is not supported"],
        ),
        (
            "SELECT * FROM u AS OF LSN 5 JOIN t ON true",
            expect!["! reading t as it is beside a table as it was is not supported"],
        ),
        (
            "SELECT * FROM u AS OF LSN 5 JOIN t.by_n ON true",
            expect!["! reading t.by_n as it is beside a table as it was is not supported"],
        ),
        (
            "SELECT * FROM u AS OF LSN 5 FOR UPDATE",
            expect!["! FOR UPDATE with AS OF is not supported"],
        ),
        (
            "UPDATE u AS OF LSN 5 SET x = 1",
            expect!["! AS OF here is not supported"],
        ),
        (
            "DELETE FROM u WHERE id IN (SELECT r FROM t AS OF LSN 5)",
            expect!["! AS OF here is not supported"],
        ),
        (
            "DECLARE c CURSOR FOR SELECT * FROM u AS OF LSN 5",
            expect!["! 25P01 DECLARE CURSOR can only be used in transaction blocks"],
        ),
        (
            "WITH x AS (SELECT * FROM u AS OF LSN 5) SELECT * FROM x AS OF LSN 5",
            expect!["! AS OF here is not supported"],
        ),
        (
            "COPY u AS OF LSN 5 FROM STDIN",
            expect!["! syntax error: Expected: FROM or TO, found: AS OF"],
        ),
    ] {
        check(&mut server, text, expected).await;
    }
    for (position, expected) in [
        ("LSN 1", "! history: Floor { table: \"u\""),
        ("TIMESTAMP '2020-01-01'", "! history: Floor { table: \"u\""),
        ("TIMESTAMP '1960-01-01'", "! history: Floor { table: \"u\""),
        ("LSN 1000000", "! history: Future"),
        ("TIMESTAMP '9000-01-01'", "! history: Future"),
    ] {
        let refused = server
            .run(&format!("SELECT * FROM u AS OF {position}"))
            .await;
        assert!(refused.starts_with(expected), "{position}: {refused}");
    }
    let statement = format!("SELECT * FROM \"t\" AS OF LSN {then}");
    let request = shale_sql::PartiQlRequest {
        statement,
        ..shale_sql::PartiQlRequest::default()
    };
    let error = server.service.execute_partiql(&request).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "AS OF in ExecuteStatement is not supported"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_an_option() {
    let mut server = Server::open();
    for (option, seconds) in [
        ("1h", 3_600),
        ("90 minutes", 5_400),
        ("2d", 172_800),
        ("1 day 00:00:30", 86_430),
        ("1s", 1),
        ("45", 45),
    ] {
        let create = format!("CREATE TABLE t (id int PRIMARY KEY) WITH (history = '{option}')");
        server.must(&create).await;
        let kept = || {
            server
                .engine
                .describe_table("t")
                .unwrap()
                .definition
                .derived
                .history
        };
        assert_eq!(kept().map(|kept| kept.seconds), Some(seconds), "{option}");
        server.must("DROP TABLE t").await;
    }
    for option in [
        "",
        "x",
        "1 parsec",
        "-1h",
        "1.5s",
        "0s",
        "8 days",
        "1 month",
        "300000000 years",
    ] {
        let create = format!("CREATE TABLE t (id int PRIMARY KEY) WITH (history = '{option}')");
        let refused = server.run(&create).await;
        assert!(
            refused.starts_with("! invalid value for parameter \"history\"")
                || refused.starts_with("! history: Retention"),
            "{option}: {refused}"
        );
    }
    server
        .must("CREATE TABLE t (id int PRIMARY KEY, at bigint)")
        .await;
    for (text, answer, seconds) in [
        (
            "ALTER TABLE t SET (history = '2h')",
            "ALTER TABLE",
            Some(7_200),
        ),
        (
            "ALTER TABLE t SET (history = '3h', ttl = 'at', stream = 'keys_only')",
            "ALTER TABLE",
            Some(10_800),
        ),
        (
            "ALTER TABLE t SET (history = '1y')",
            "! history: Retention { seconds: 31104000, max: 604800 }",
            Some(10_800),
        ),
        (
            "ALTER TABLE t SET (history = 'soon')",
            "! invalid value for parameter \"history\": \"soon\"",
            Some(10_800),
        ),
        ("ALTER TABLE t SET (history = '')", "ALTER TABLE", None),
        ("ALTER TABLE t RESET (history)", "ALTER TABLE", None),
        (
            "ALTER TABLE t SET (history = '1h')",
            "ALTER TABLE",
            Some(3_600),
        ),
        (
            "ALTER TABLE t RESET (history, ttl, stream, deletion_protection)",
            "ALTER TABLE",
            None,
        ),
        ("ALTER TABLE t RESET (ttl, stream)", "ALTER TABLE", None),
        (
            "ALTER TABLE t RESET (fillfactor)",
            "! 22023 unrecognized parameter \"fillfactor\"",
            None,
        ),
        (
            "BEGIN; ALTER TABLE t SET (history = '1h'); ROLLBACK",
            "ROLLBACK",
            None,
        ),
        (
            "BEGIN; ALTER TABLE t SET (history = '1h'); COMMIT",
            "COMMIT",
            Some(3_600),
        ),
        (
            "BEGIN; DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY) WITH (history = '1m'); COMMIT",
            "COMMIT",
            Some(60),
        ),
    ] {
        assert_eq!(server.run(text).await, answer, "{text}");
        let table = server.engine.describe_table("t").unwrap();
        assert_eq!(
            table.definition.derived.history.map(|kept| kept.seconds),
            seconds,
            "{text}"
        );
        if text.contains("stream)") {
            assert!(table.definition.derived.stream.is_none(), "{text}");
            assert!(table.definition.derived.ttl.is_none(), "{text}");
        }
    }
    // A prepared statement follows.
    server
        .must(
            "INSERT INTO t VALUES (1); PREPARE q AS SELECT id FROM t AS OF LSN shale_current_lsn()",
        )
        .await;
    check(&mut server, "EXECUTE q", expect!["1"]).await;
    check(
        &mut server,
        "ALTER TABLE t RESET (history); EXECUTE q",
        expect![[r#"! history: Off { table: "t" }"#]],
    )
    .await;
}
