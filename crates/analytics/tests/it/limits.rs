//! What is read and what is not: access paths, snapshots, cancellation, memory.

use crate::harness::Database;
use futures::StreamExt;
use shale_sql::{Outcome, SqlError};

/// A table of many partition keys, so that a scan is parallel and has many pages.
async fn numbers(database: &Database, partitions: usize, per_partition: usize, padding: usize) {
    database
        .run("CREATE TABLE numbers (part text, n int, v int, pad text, PRIMARY KEY (part, n))")
        .await;
    let pad = "x".repeat(padding);
    let mut session = database.session();
    for part in 0..partitions {
        let rows: Vec<String> = (0..per_partition)
            .map(|n| format!("('p{part}', {n}, {}, '{pad}')", n * 7 % 100))
            .collect();
        let insert = format!("INSERT INTO numbers VALUES {}", rows.join(", "));
        crate::harness::execute(&mut session, &insert, &[], vec![])
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_choose_the_access_path() {
    let database = Database::new();
    numbers(&database, 3, 5, 1).await;
    for (condition, expected) in [
        (
            "part = 'p1'",
            &["RangeScan on numbers", "Key condition: part = 'p1'\n"][..],
        ),
        (
            "part = 'p1' AND n BETWEEN 1 AND 3",
            &[
                "RangeScan on numbers",
                "Key condition: part = 'p1' AND n BETWEEN 1 AND 3\n",
            ],
        ),
        ("part = 'p1' AND n = 2", &["KeyLookup on numbers"]),
        ("part IN ('p1', 'p2') AND n = 2", &["KeyLookup on numbers"]),
        ("v = 7", &["Scan on numbers", "Filter: v = 7"]),
        ("part LIKE 'p%'", &["Scan on numbers"]),
        ("part = 'p1' AND part = 'p2'", &["Result"]),
    ] {
        let plan = database
            .explain(&format!("SELECT sum(v) FROM numbers WHERE {condition}"))
            .await;
        for part in expected {
            assert!(plan.contains(part), "{condition}: {plan}");
        }
    }
    let plan = database.explain("VERBOSE SELECT sum(v) FROM numbers").await;
    assert!(plan.contains("Output: v\n"), "{plan}");
    let plan = database
        .explain("SELECT n FROM (SELECT * FROM numbers LIMIT 2) x")
        .await;
    assert!(plan.contains("Limit: 2"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_down_conditions_answer_as_without_pushing() {
    let database = Database::new();
    numbers(&database, 3, 50, 1).await;
    for (pushed, computed) in [
        ("part = 'p1'", "part || '' = 'p1'"),
        (
            "part = 'p1' AND n > 10 AND n <= 20",
            "part || '' = 'p1' AND n + 0 > 10 AND n + 0 <= 20",
        ),
        (
            "part >= 'p1' AND v <> 7",
            "part || '' >= 'p1' AND v + 0 <> 7",
        ),
        ("v IN (7, 14) OR n = 3", "v + 0 IN (7, 14) OR n + 0 = 3"),
        ("n > 10.5", "n + 0 > 10.5"),
        ("pad IS NULL", "pad || '' IS NULL"),
        ("part LIKE 'p1%'", "part || '' LIKE 'p1%'"),
    ] {
        let count =
            |condition: &str| format!("SELECT count(*), sum(v) FROM numbers WHERE {condition}");
        let answer = database.query(&count(pushed)).await.text();
        assert_eq!(
            answer,
            database.query(&count(computed)).await.text(),
            "{pushed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parallel_scan_reads_every_item_once() {
    let database = Database::new();
    numbers(&database, 60, 100, 200).await;
    let plan = database.explain("SELECT sum(v) FROM numbers").await;
    assert!(plan.contains("Segments: 2"), "{plan}");
    let answer = database
        .query("SELECT count(*), count(DISTINCT part || '/' || n), sum(n) FROM numbers")
        .await;
    assert_eq!(answer.text(), "6000|6000|297000");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_statement_sees_one_state_of_all_tables() {
    let database = Database::new();
    database.run("CREATE TABLE a (id text PRIMARY KEY, v int);\nCREATE TABLE b (id text PRIMARY KEY, v int)").await;
    database
        .run("INSERT INTO a VALUES ('k', 0);\nINSERT INTO b VALUES ('k', 0)")
        .await;
    let writer = {
        let service = database.service.clone();
        tokio::spawn(async move {
            let mut session = service.session("alice", "shale");
            for v in 1..200 {
                for table in ["a", "b"] {
                    let update = format!("UPDATE {table} SET v = {v} WHERE id = 'k'");
                    crate::harness::execute(&mut session, &update, &[], vec![])
                        .await
                        .unwrap();
                }
            }
        })
    };
    // a is written before b: a consistent state never shows b ahead of a, nor more than one behind.
    while !writer.is_finished() {
        let answer = database.query("SELECT a.v - b.v FROM a, b").await.text();
        assert!(answer == "0" || answer == "1", "{answer}");
    }
    writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_stream_ends_the_reading() {
    let database = Database::new();
    numbers(&database, 60, 100, 200).await;
    let mut session = database.session();
    let prepared = session
        .prepare("SELECT x.pad, y.pad FROM numbers x, numbers y", &[])
        .await
        .unwrap();
    let Outcome::Rows { mut rows, .. } = session.execute(&prepared, vec![]).await.unwrap() else {
        panic!("no rows");
    };
    assert!(!rows.next().await.unwrap().unwrap().is_empty());
    drop(rows);
    // 36 million rows would take minutes: that this ends means that nothing goes on reading.
    database.engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded() {
    let database = Database::with_memory(96 << 20);
    numbers(&database, 20, 100, 200).await;
    // Sorting a hundred and twenty megabytes spills, and is answered.
    let answer = database
        .query(
            "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY pad, s, n) AS r FROM numbers, generate_series(1, 300) s) x WHERE r > 0",
        )
        .await;
    assert_eq!(answer.text(), "600000");
    // Nor is an array that was asked for.
    let error = database
        .error("SELECT generate_series(1, 10000000000)")
        .await;
    assert!(matches!(error, SqlError::ProgramLimit { .. }), "{error:?}");
    assert_eq!(
        database
            .query("SELECT generate_series(1, 100, 33)")
            .await
            .text(),
        "1\n34\n67\n100"
    );
    // The table that a join looks up can neither be kept nor spilled.
    let error = database
        .error(
            "WITH big AS (SELECT pad || part || n || s AS k FROM numbers, generate_series(1, 300) s) \
             SELECT count(*) FROM big x JOIN big y USING (k)",
        )
        .await;
    assert!(
        matches!(
            error,
            SqlError::Other {
                sqlstate: "53200",
                ..
            }
        ),
        "{error:?}"
    );
}
