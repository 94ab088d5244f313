//! Reads in the past: all tables of a statement at one position, whatever the executor does with them.

use crate::harness::{Database, execute};
use expect_test::{Expect, expect};
use shale_sql::{Datum, SqlType};
use std::time::Duration;

/// Items that are scanned in parallel.
const MANY: usize = 9_000;

/// Two tables with history and one without; the LSN before everything in them was changed, ten seconds later.
async fn changed() -> (Database, i64) {
    let database = Database::new();
    database
        .run(
            "CREATE TABLE artists (id int PRIMARY KEY, name text) WITH (history = '1h');
             CREATE TABLE albums (artist int, title text, year int, PRIMARY KEY (artist, title)) WITH (history = '1 day');
             CREATE TABLE plain (id int PRIMARY KEY);
             CREATE INDEX by_year ON albums (year);
             INSERT INTO artists VALUES (1, 'Ann'), (2, 'Bob');
             INSERT INTO albums VALUES (1, 'First', 2001), (1, 'Second', 2003), (2, 'Debut', 2002)",
        )
        .await;
    let lsn = database
        .query("SELECT shale_current_lsn() + 0")
        .await
        .text();
    database.clock.advance(Duration::from_secs(10));
    database
        .run(
            "UPDATE artists SET name = upper(name);
             INSERT INTO artists VALUES (3, 'Cid');
             DELETE FROM albums WHERE year = 2003;
             UPDATE albums SET year = year + 10;
             INSERT INTO albums VALUES (3, 'Third', 2030)",
        )
        .await;
    (database, lsn.parse().unwrap())
}

#[tokio::test]
async fn statements_of_any_form_read_what_was() {
    let (database, then) = changed().await;
    for (text, was, is) in [
        (
            "SELECT a.name, b.title, b.year FROM artists$ a LEFT JOIN albums$ AS b ON b.artist = a.id ORDER BY b.year",
            "Ann|First|2001\nBob|Debut|2002\nAnn|Second|2003",
            "ANN|First|2011\nBOB|Debut|2012\nCid|Third|2030",
        ),
        (
            "SELECT count(*), min(year), sum(year) FROM albums$",
            "3|2001|6006",
            "3|2011|6053",
        ),
        (
            "SELECT name FROM artists$ WHERE id IN (SELECT artist FROM albums$ WHERE year = 2002)",
            "Bob",
            "",
        ),
        (
            "SELECT name, (SELECT max(year) FROM albums$ WHERE artist = artists.id) FROM artists$ ORDER BY 1",
            "Ann|2003\nBob|2002",
            "ANN|2011\nBOB|2012\nCid|2030",
        ),
        (
            "WITH old AS (SELECT * FROM albums$ WHERE year > 2001)
             SELECT title FROM old UNION SELECT name FROM artists$ ORDER BY 1",
            "Ann\nBob\nDebut\nSecond",
            "ANN\nBOB\nCid\nDebut\nFirst\nThird",
        ),
        (
            "SELECT title FROM albums$ WHERE artist = 1 AND title >= 'S' AND length(title) > 1",
            "Second",
            "",
        ),
        (
            "SELECT title FROM albums$ WHERE artist IN (1, 2) AND title IN ('First', 'Second') AND length(title) > 1 ORDER BY 1",
            "First\nSecond",
            "First",
        ),
        (
            "SELECT title, year FROM albums$ ORDER BY year DESC LIMIT 1",
            "Second|2003",
            "Third|2030",
        ),
        (
            "SELECT relname, n FROM pg_class, generate_series(1, 2) AS s(n), artists$ WHERE relname = 'artists' AND name ILIKE 'ann' ORDER BY n",
            "artists|1\nartists|2",
            "artists|1\nartists|2",
        ),
        (
            "SELECT EXISTS (SELECT * FROM artists$ WHERE name = 'Ann' AND length(name) = 3)",
            "t",
            "f",
        ),
    ] {
        let clause = |clause: String| text.replace('$', &clause);
        assert_eq!(
            database.query(&clause(String::new())).await.text(),
            is,
            "{text}"
        );
        for (position, expected) in [
            (format!(" AS OF LSN {then}"), was),
            (format!(" AS OF LSN {} - 1", then + 1), was),
            (" AS OF TIMESTAMP '2023-11-14 22:13:20+00'".to_owned(), was),
            (" AS OF TIMESTAMP timestamptz '2023-11-14 22:14:25+00' - interval '1 minute'".to_owned(), was),
            (" FOR SYSTEM_TIME AS OF date '2023-11-14' + interval '22 hours 13 minutes 29 seconds'".to_owned(), was),
            (" AS OF TIMESTAMP '2023-11-14 22:13:30Z'".to_owned(), is),
            (" AS OF LSN shale_current_lsn()".to_owned(), is),
        ] {
            let text = clause(position);
            assert_eq!(database.query(&text).await.text(), expected, "{text}");
        }
        let session = &mut database.session();
        for (position, sql_type, value) in [
            (" AS OF LSN $1 + 1", SqlType::Int4, Datum::Int(then - 1)),
            (
                " AS OF TIMESTAMP timestamptz '2023-11-14 22:15:20Z' - $1",
                SqlType::Interval,
                Datum::Interval {
                    months: 0,
                    days: 0,
                    micros: 120_000_000,
                },
            ),
        ] {
            let text = clause(position.to_owned());
            let answer = execute(session, &text, &[sql_type], vec![value]).await;
            assert_eq!(answer.unwrap().text(), was, "{text}");
        }
    }
}

#[tokio::test]
async fn parallel_scans_and_spilled_sorts_read_what_was() {
    let database = Database::new();
    database
        .run("CREATE TABLE numbers (id int PRIMARY KEY, n int) WITH (history = '1h')")
        .await;
    let insert = format!("INSERT INTO numbers SELECT g, g FROM generate_series(1, {MANY}) AS s(g)");
    database.run(&insert).await;
    let then = database.query("SELECT shale_current_lsn()").await.text();
    database
        .run("UPDATE numbers SET n = n * 2 WHERE id % 3 = 0;\nDELETE FROM numbers WHERE id % 3 = 1")
        .await;
    let sums = |clause: &str| format!("SELECT count(*), sum(n) FROM numbers{clause}");
    let all = MANY as u64;
    let past = format!(" AS OF LSN {then}");
    assert_eq!(
        database.query(&sums(&past)).await.text(),
        format!("{all}|{}", all * (all + 1) / 2)
    );
    let plan = database.explain(&sums(&past)).await;
    assert!(plan.contains("Segments: 2"), "{plan}");
    let numbers = database
        .query(&format!("SELECT n FROM numbers{past} ORDER BY n"))
        .await;
    let expected: Vec<String> = (1..=all).map(|n| n.to_string()).collect();
    assert_eq!(numbers.text(), expected.join("\n"));
    assert_eq!(
        database.query("SELECT count(*) FROM numbers").await.text(),
        (all * 2 / 3).to_string()
    );
}

#[tokio::test]
async fn plans_show_the_position_and_no_index() {
    let (database, then) = changed().await;
    let query = "SELECT count(*) FROM albums$ WHERE year = 2002";
    let now = database.explain(&query.replace('$', "")).await;
    assert!(now.contains("IndexScan"), "{now}");
    let past = query.replace('$', &format!(" AS OF LSN {then}"));
    let plan = database.explain(&past).await;
    assert!(plan.contains(&format!("\n  As Of: LSN {then}\n")), "{plan}");
    assert!(
        plan.contains("Scan on albums") && !plan.contains("IndexScan"),
        "{plan}"
    );
    assert_eq!(database.query(&past).await.text(), "1");
}

#[tokio::test]
async fn what_was_is_copied() {
    let (database, then) = changed().await;
    database
        .run(&format!(
            "CREATE TABLE years (year int PRIMARY KEY, n bigint);
             INSERT INTO years SELECT year, count(*) FROM albums AS OF LSN {then} GROUP BY year;
             INSERT INTO years SELECT year, 7 FROM albums AS OF LSN {then} WHERE year > 2001
             ON CONFLICT (year) DO UPDATE SET n = EXCLUDED.n"
        ))
        .await;
    let years = database.query("SELECT * FROM years ORDER BY year").await;
    assert_eq!(years.text(), "2001|1\n2002|7\n2003|7");
}

#[tokio::test]
async fn blocks_know_their_position() {
    let (database, then) = changed().await;
    let session = &mut database.session();
    let mut ask = async |text: &str| execute(session, text, &[], vec![]).await.unwrap().text();
    ask("BEGIN").await;
    let begun = ask("SELECT shale_current_lsn()").await;
    database.run("INSERT INTO artists VALUES (4, 'Dan')").await;
    ask("UPDATE artists SET name = 'x' WHERE id = 1").await;
    assert_eq!(
        ask("SELECT shale_current_lsn() + count(*) FROM plain").await,
        begun
    );
    assert_eq!(ask("SELECT shale_current_lsn() - 0").await, begun);
    let names = "SELECT string_agg(name, ',' ORDER BY id) FROM artists";
    assert_eq!(ask(names).await, "x,BOB,Cid");
    assert_eq!(
        ask(&format!("{names} AS OF LSN shale_current_lsn() + 1 - 1")).await,
        "ANN,BOB,Cid"
    );
    assert_eq!(ask(&format!("{names} AS OF LSN {then}")).await, "Ann,Bob");
    let now = database.query("SELECT shale_current_lsn()").await.text();
    assert_eq!(
        ask(&format!("{names} AS OF LSN {now}")).await,
        "ANN,BOB,Cid,Dan"
    );
    ask("ROLLBACK").await;
    assert_eq!(ask(names).await, "ANN,BOB,Cid,Dan");
}

#[tokio::test]
async fn one_statement_reads_at_one_position() {
    let (database, _) = changed().await;
    let error = |text: &'static str, expected: Expect| {
        let database = &database;
        async move { expected.assert_eq(&database.error(text).await.to_string()) }
    };
    error(
        "SELECT count(*) FROM artists AS OF LSN 5 JOIN plain USING (id)",
        expect!["reading plain as it is beside a table as it was is not supported"],
    )
    .await;
    error(
        "SELECT count(*) FROM artists AS OF LSN 5 JOIN albums AS OF TIMESTAMP '2023-11-14 22:13:20Z' ON true",
        expect!["reading at two positions in one statement is not supported"],
    )
    .await;
    error(
        "SELECT count(*) FROM artists AS OF LSN 5 WHERE id IN (SELECT id FROM plain)",
        expect!["reading plain as it is beside a table as it was is not supported"],
    )
    .await;
    error(
        "SELECT count(*) FROM plain AS OF LSN 5",
        expect![[r#"history: Off { table: "plain" }"#]],
    )
    .await;
    error(
        "SELECT count(*) FROM albums.by_year AS OF LSN 5",
        expect![[r#"history: Index { table: "albums", index: "by_year" }"#]],
    )
    .await;
    error(
        "SELECT count(*) FROM artists AS OF LSN 1 / 0",
        expect!["division by zero"],
    )
    .await;
    error(
        "SELECT count(*) FROM artists AS OF LSN nothing()",
        expect!["function nothing() does not exist"],
    )
    .await;
    error(
        "SELECT count(*) FROM artists AS OF LSN coalesce(NULL, NULL)",
        expect!["the position of AS OF is null"],
    )
    .await;
    let floor = database
        .error("SELECT count(*) FROM artists AS OF LSN 1 - 1")
        .await;
    assert!(floor.to_string().starts_with("history: Floor"), "{floor}");
}
