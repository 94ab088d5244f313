//! CREATE, INSERT, SELECT, UPDATE, DELETE, EXPLAIN.

use crate::support::Server;
use expect_test::expect;
use shale_sql::Datum;

async fn music() -> Server {
    let mut server = Server::open();
    server
        .must(
            "CREATE TABLE music (artist text, song text, year int, price numeric(8,2), PRIMARY KEY (artist, song));
             INSERT INTO music VALUES ('Ann', 'a', 1999, 1.5), ('Ann', 'b', 2001, NULL), ('Ann', 'c', NULL, 3), ('Bob', 'x', 1980, 9.99)",
        )
        .await;
    server
}

#[tokio::test]
async fn rows_are_read_by_key_range_and_scan() {
    let mut server = music().await;
    assert_eq!(
        server
            .run("SELECT * FROM music WHERE artist = 'Ann' AND song = 'b'")
            .await,
        "Ann|b|2001|∅"
    );
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE artist = 'Ann' ORDER BY song DESC")
            .await,
        "c\nb\na"
    );
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE artist = 'Ann' AND song > 'a' LIMIT 1")
            .await,
        "b"
    );
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE artist = 'Ann' ORDER BY song LIMIT 1 OFFSET 1")
            .await,
        "b"
    );
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE artist = 'Ann' ORDER BY year")
            .await,
        "a\nb\nc"
    );
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE artist = 'Ann' ORDER BY year DESC")
            .await,
        "c\nb\na"
    );
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE artist = 'Ann' ORDER BY price NULLS FIRST, song")
            .await,
        "b\na\nc"
    );
    assert_eq!(
        server
            .run("SELECT artist FROM music WHERE year <> 1999 AND artist = 'Ann'")
            .await,
        "Ann"
    );
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE year IS NULL")
            .await,
        "c"
    );
    assert_eq!(server.run("SELECT song FROM music WHERE artist = 'Ann' AND song IN ('c', 'a', 'zz') ORDER BY song DESC").await, "c\na");
    assert_eq!(
        server.run("SELECT * FROM music WHERE artist = ''").await,
        ""
    );
    assert_eq!(
        server
            .run("SELECT _item FROM music WHERE artist = 'Bob' AND song = 'x'")
            .await,
        "{\"song\": \"x\", \"year\": 1980, \"price\": 9.99, \"artist\": \"Bob\"}"
    );
    assert_eq!(
        server
            .run_with(
                "SELECT year FROM music WHERE artist = $1 AND song = $2",
                vec![Datum::Text("Bob".into()), Datum::Text("x".into())]
            )
            .await,
        "1980"
    );
    assert_eq!(
        server
            .run_with(
                "SELECT year FROM music WHERE artist = $1 AND song = $2",
                vec![Datum::Null, Datum::Text("x".into())]
            )
            .await,
        ""
    );
}

#[tokio::test]
async fn large_results_stream_over_many_pages() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE big (p int, s int, filler text, PRIMARY KEY (p, s))")
        .await;
    let filler = "x".repeat(2_000);
    for block in 0..20 {
        let rows: Vec<String> = (0..100)
            .map(|row| format!("({}, {}, '{filler}')", block % 2, block * 100 + row))
            .collect();
        let text = format!("INSERT INTO big VALUES {}", rows.join(", "));
        server.must(&text).await;
    }
    let all = server.run("SELECT s FROM big").await;
    assert_eq!(all.lines().count(), 2_000);
    let one = server.run("SELECT s FROM big WHERE p = 1 ORDER BY s").await;
    assert_eq!(one.lines().count(), 1_000);
    let numbers: Vec<i64> = one
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    assert!(numbers.is_sorted());
    assert_eq!(
        server
            .run("SELECT s FROM big LIMIT 1234")
            .await
            .lines()
            .count(),
        1_234
    );
    assert_eq!(
        server
            .run("SELECT s FROM big WHERE p = 0 OFFSET 990")
            .await
            .lines()
            .count(),
        10
    );
}

#[tokio::test]
async fn keys_are_unique() {
    let mut server = music().await;
    expect![[r#"! duplicate key value violates unique constraint "music_pkey"; Key (artist, song)=(Ann, a) already exists."#]]
        .assert_eq(&server.run("INSERT INTO music (artist, song) VALUES ('New', 'n'), ('Ann', 'a')").await);
    assert_eq!(
        server
            .run("SELECT song FROM music WHERE artist = 'New'")
            .await,
        "",
        "all rows or none"
    );
    assert_eq!(server.run("INSERT INTO music (artist, song, year) VALUES ('Ann', 'a', 5), ('New', 'n', 6) ON CONFLICT DO NOTHING").await, "INSERT 0 1");
    assert_eq!(
        server.run("INSERT INTO music (artist, song, year) VALUES ('Ann', 'a', 5) ON CONFLICT (artist, song) DO UPDATE SET year = EXCLUDED.year, price = NULL WHERE music.year = 1999 RETURNING year, price").await,
        "5|∅\nINSERT 0 1"
    );
    assert_eq!(
        server.run("INSERT INTO music (artist, song, year) VALUES ('Ann', 'a', 7) ON CONFLICT (artist, song) DO UPDATE SET year = EXCLUDED.year WHERE music.year = 1999").await,
        "INSERT 0 0"
    );
}

#[tokio::test]
async fn upserts_count_without_losing_anything() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE counters (id int PRIMARY KEY, n int, name text NOT NULL DEFAULT 'x', price numeric(4,2))")
        .await;
    let upsert = "INSERT INTO counters (id, n) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = counters.n + EXCLUDED.n - 1 RETURNING n";
    assert_eq!(server.run(upsert).await, "2\nINSERT 0 1");
    assert_eq!(server.run(upsert).await, "3\nINSERT 0 1");
    server
        .must("UPDATE counters SET n = 2147483647 WHERE id = 1")
        .await;
    assert_eq!(server.run(upsert).await, "! integer out of range");
    assert_eq!(
        server.run("SELECT n FROM counters WHERE id = 1").await,
        "2147483647"
    );
    // A rule of the column holds for conflicts only.
    assert_eq!(
        server
            .run("INSERT INTO counters (id) VALUES (2) ON CONFLICT (id) DO UPDATE SET name = NULL")
            .await,
        "INSERT 0 1"
    );
    assert!(
        server
            .run("INSERT INTO counters (id) VALUES (2) ON CONFLICT (id) DO UPDATE SET name = NULL")
            .await
            .starts_with("! null value in column \"name\"")
    );
    // WHERE sees the row that was to be inserted.
    let larger = "INSERT INTO counters (id, n) VALUES (2, 5) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n WHERE coalesce(counters.n, 0) < EXCLUDED.n";
    assert!(
        server.run(larger).await.starts_with('!'),
        "no functions of columns"
    );
    server.must("UPDATE counters SET n = 3 WHERE id = 2").await;
    let larger = "INSERT INTO counters (id, n) VALUES (2, 5) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n WHERE counters.n < EXCLUDED.n";
    assert_eq!(server.run(larger).await, "INSERT 0 1");
    assert_eq!(server.run(larger).await, "INSERT 0 0");
    // Results are rounded as assignments are.
    server
        .must("UPDATE counters SET price = 99.98, n = 3000 WHERE id = 2")
        .await;
    assert_eq!(
        server
            .run("UPDATE counters SET price = price + 0.005 WHERE id = 2 RETURNING price")
            .await,
        "99.99\nUPDATE 1"
    );
    assert_eq!(
        server
            .run("UPDATE counters SET price = price + 0.005 WHERE id = 2")
            .await,
        "! numeric(4,2) out of range"
    );
    assert_eq!(
        server
            .run("UPDATE counters SET n = n + n - 0.5 WHERE id = 2 RETURNING n")
            .await,
        "6000\nUPDATE 1"
    );
    // An attribute that nobody has seen yet can start counting.
    let count = "UPDATE counters SET seen = if_not_exists(seen, 0) + 1 WHERE id = 2";
    assert_eq!(server.run(count).await, "UPDATE 1");
    let count = format!("{count} RETURNING seen");
    assert_eq!(server.run(&count).await, "2\nUPDATE 1");
}

#[tokio::test]
async fn constants_need_no_planner() {
    let mut server = Server::open();
    assert_eq!(
        server
            .run("SELECT 1, 'x', NULL, true, -1.50, '7'::int, 2.5::int AS n")
            .await,
        "1|x|∅|t|-1.50|7|3"
    );
    assert_eq!(
        server.run("SELECT 'x'::int").await,
        "! invalid input syntax for type integer: \"x\""
    );
}

#[tokio::test]
async fn updates_and_deletes_change_one_row() {
    let mut server = music().await;
    assert_eq!(server.run("UPDATE music SET year = year + 1, note = 'hit' WHERE artist = 'Ann' AND song = 'a' RETURNING year, _item").await,
        "2000|{\"note\": \"hit\", \"song\": \"a\", \"year\": 2000, \"price\": 1.5, \"artist\": \"Ann\"}\nUPDATE 1");
    assert_eq!(
        server
            .run("UPDATE music SET year = 1 WHERE artist = 'Ann' AND song = 'zz'")
            .await,
        "UPDATE 0"
    );
    assert_eq!(
        server
            .run("SELECT * FROM music WHERE artist = 'Ann' AND song = 'zz'")
            .await,
        "",
        "nothing was made"
    );
    assert_eq!(
        server
            .run("UPDATE music SET year = 1 WHERE artist = 'Ann' AND song = 'a' AND year = 5")
            .await,
        "UPDATE 0"
    );
    assert_eq!(server.run("UPDATE music SET year = year + 1 WHERE artist = 'Ann' AND song = 'c' RETURNING year").await, "∅\nUPDATE 1");
    assert_eq!(server.run("UPDATE music SET year = coalesce(year, 10) + 1 WHERE artist = 'Ann' AND song = 'c' RETURNING year").await, "11\nUPDATE 1");
    assert_eq!(
        server
            .run("UPDATE music SET year = 2147483647 WHERE artist = 'Ann' AND song = 'c'")
            .await,
        "UPDATE 1"
    );
    assert_eq!(
        server
            .run("UPDATE music SET year = year + 1 WHERE artist = 'Ann' AND song = 'c'")
            .await,
        "! integer out of range"
    );
    assert_eq!(
        server
            .run(
                "UPDATE music SET year = year + 1 WHERE artist = 'Ann' AND song = 'c' AND price = 0"
            )
            .await,
        "UPDATE 0"
    );
    assert_eq!(
        server
            .run("UPDATE music SET doc = {'l': [1, {'a': 1}]} WHERE artist = 'Ann' AND song = 'a'")
            .await,
        "UPDATE 1"
    );
    assert_eq!(server.run("UPDATE music SET doc.l[1].a = doc.l[1].a + 4 SET doc.l = list_append(doc.l, [3]) WHERE artist = 'Ann' AND song = 'a'").await,
        "! syntax error: multiple assignments to same column \"doc.l\"");
    assert_eq!(server.run("UPDATE music SET doc.l[1].a = doc.l[1].a + 4 REMOVE note WHERE artist = 'Ann' AND song = 'a' RETURNING doc, doc.l[1].a").await, "{\"l\": [1, {\"a\": 5}]}|5\nUPDATE 1");
    assert_eq!(
        server
            .run("DELETE FROM music WHERE artist = 'Ann' AND song = 'b' AND year = 5")
            .await,
        "DELETE 0"
    );
    assert_eq!(
        server
            .run("DELETE FROM music WHERE artist = 'Ann' AND song = 'b' RETURNING *")
            .await,
        "Ann|b|2001|∅\nDELETE 1"
    );
    assert_eq!(
        server
            .run("DELETE FROM music WHERE artist = 'Ann' AND song = 'b'")
            .await,
        "DELETE 0"
    );
}

#[tokio::test]
async fn declared_rules_are_enforced() {
    let mut server = Server::open();
    server.must("CREATE TABLE u (id int PRIMARY KEY, name varchar(5) NOT NULL, born date DEFAULT '2000-01-01', made timestamptz DEFAULT now(), code uuid DEFAULT gen_random_uuid())").await;
    assert_eq!(
        server
            .run(
                "INSERT INTO u (id, name) VALUES (1, 'Ann') RETURNING id, name, born, made IS NULL"
            )
            .await,
        "! an expression in RETURNING is not supported"
    );
    assert_eq!(
        server
            .run("INSERT INTO u (id, name) VALUES (1, 'Ann') RETURNING id, name, born")
            .await,
        "1|Ann|2000-01-01\nINSERT 0 1"
    );
    assert_eq!(
        server
            .run("SELECT id FROM u WHERE made > '2020-01-01' AND code IS NOT NULL")
            .await,
        "1"
    );
    assert_eq!(
        server.run("INSERT INTO u (id) VALUES (2)").await,
        "! null value in column \"name\" of relation \"u\" violates not-null constraint"
    );
    assert_eq!(
        server.run("UPDATE u SET name = NULL WHERE id = 1").await,
        "! null value in column \"name\" of relation \"u\" violates not-null constraint"
    );
    assert_eq!(
        server.run("UPDATE u SET name = NULL WHERE id = 99").await,
        "UPDATE 0"
    );
    assert_eq!(
        server
            .run("INSERT INTO u (id, name) VALUES (3, 'toolong')")
            .await,
        "! value too long for type character varying(5)"
    );
    assert_eq!(
        server
            .run("INSERT INTO u (id, name) VALUES (99999999999, 'x')")
            .await,
        "! integer out of range"
    );
    assert_eq!(
        server
            .run("INSERT INTO u (id, name, born) VALUES (4, 'x', DEFAULT) RETURNING born")
            .await,
        "2000-01-01\nINSERT 0 1"
    );
}

#[tokio::test]
async fn tables_come_and_go() {
    let mut server = Server::open();
    assert_eq!(
        server.run("CREATE TABLE T (a int PRIMARY KEY)").await,
        "CREATE TABLE"
    );
    assert_eq!(
        server.run("CREATE TABLE t (a int PRIMARY KEY)").await,
        "! relation \"t\" already exists"
    );
    assert_eq!(
        server
            .run("CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY)")
            .await,
        "CREATE TABLE"
    );
    assert_eq!(
        server.run("INSERT INTO t (a, extra) VALUES (1, 'x')").await,
        "INSERT 0 1"
    );
    assert_eq!(server.run("SELECT a, extra FROM t").await, "1|x");
    assert_eq!(server.run("DROP TABLE t").await, "DROP TABLE");
    assert!(
        server
            .run("SELECT a FROM t")
            .await
            .starts_with("! relation \"t\" does not exist")
    );
    assert_eq!(server.run("DROP TABLE IF EXISTS t, u").await, "DROP TABLE");
    assert_eq!(
        server.run("DROP TABLE t").await,
        "! 42P01 table \"t\" does not exist"
    );
    assert_eq!(server.run("CREATE TABLE \"Quoted\" (\"A b\" text PRIMARY KEY); INSERT INTO \"Quoted\" VALUES ('x'); SELECT \"A b\" FROM quoted").await, "x");
    assert!(
        server
            .run("CREATE TABLE k (a int, b int, c int, PRIMARY KEY (a, b, c))")
            .await
            .starts_with("! the primary key has 3 columns")
    );
    assert!(
        server
            .run("CREATE TABLE k (a jsonb PRIMARY KEY)")
            .await
            .starts_with("! column \"a\" of type jsonb cannot be part of the primary key")
    );
    assert_eq!(
        server
            .run("CREATE TABLE k (r int, h text, PRIMARY KEY (r RANGE, h HASH))")
            .await,
        "CREATE TABLE"
    );
    assert_eq!(
        server
            .engine
            .describe_table("k")
            .expect("k")
            .definition
            .key_schema
            .partition
            .name,
        "h"
    );
    for refused in [
        "a int REFERENCES t",
        "a int CHECK (a % 2 = 1)",
        "a int UNIQUE",
        "a serial",
        "a int GENERATED ALWAYS AS IDENTITY",
    ] {
        let answer = server
            .run(&format!("CREATE TABLE r (id int PRIMARY KEY, {refused})"))
            .await;
        assert!(
            answer.starts_with('!') && answer.ends_with("not supported"),
            "{refused}: {answer}"
        );
    }
    assert!(
        server
            .run("CREATE TABLE o (a int PRIMARY KEY) WITH (nope = 1)")
            .await
            .starts_with("! 22023 unrecognized parameter")
    );
}

#[tokio::test]
async fn tables_without_a_key_have_a_hidden_one() {
    let mut server = Server::open();
    server.must("CREATE TABLE log (line text, level int)").await;
    assert_eq!(
        server
            .run("INSERT INTO log VALUES ('a', 1), ('a', 1) RETURNING *")
            .await,
        "a|1\na|1\nINSERT 0 2"
    );
    assert_eq!(server.run("SELECT * FROM log").await, "a|1\na|1");
    let id = server.run("SELECT _rowid FROM log LIMIT 1").await;
    assert_eq!(id.len(), 36);
    assert_eq!(
        server
            .run(&format!("DELETE FROM log WHERE _rowid = '{id}'"))
            .await,
        "DELETE 1"
    );
    assert_eq!(server.run("SELECT * FROM log").await, "a|1");
}

#[tokio::test]
async fn plans_survive_and_follow_the_catalog() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)")
        .await;
    let star = server
        .session
        .prepare("SELECT * FROM t WHERE a = $1", &[])
        .await
        .expect("planned");
    let again = server
        .session
        .prepare("SELECT * FROM t WHERE a = $1", &[])
        .await
        .expect("planned");
    assert!(
        std::sync::Arc::ptr_eq(&star, &again),
        "the second comes from the cache"
    );
    // A new attribute changes the catalog's version, but not what a declared table's `*` is.
    server.must("INSERT INTO t (a, b) VALUES (2, 'x')").await;
    let outcome = server
        .session
        .execute(&star, vec![Datum::Int(2)])
        .await
        .expect("runs");
    assert_eq!(crate::support::print(outcome).await, "2");
    server
        .must("DROP TABLE t; CREATE TABLE t (a int PRIMARY KEY, c text)")
        .await;
    let changed = server.session.execute(&star, vec![Datum::Int(2)]).await;
    let error = changed.err().expect("columns differ");
    assert_eq!(
        crate::support::describe(&error),
        "! cached plan must not change result type"
    );
}

#[tokio::test]
async fn explain_names_the_path() {
    let mut server = music().await;
    expect![[r#"
        KeyLookup on music  (cost=0.00..1.00 rows=1 width=100)
          Keys: (artist = 'Ann', song = 'a')
          Partitions: 1
          Estimated capacity: 1 read unit"#]]
    .assert_eq(
        &server
            .run("EXPLAIN SELECT * FROM music WHERE artist = 'Ann' AND song = 'a'")
            .await,
    );
    expect![[r#"
        RangeScan on music  (cost=0.00..1.00 rows=1 width=100)
          Key condition: artist = 'Ann' AND song >= 'b'
          Partitions: 1
          Order: sort key descending
          Filter: year > 1990
          Limit: 5
          Estimated capacity: 1 read unit"#]]
    .assert_eq(&server.run("EXPLAIN SELECT * FROM music WHERE artist = 'Ann' AND song >= 'b' AND year > 1990 ORDER BY song DESC LIMIT 5").await);
    expect![[r#"
        Update on music  (cost=0.00..2.00 rows=0 width=0)
          Estimated capacity: 1 write unit
          ->  KeyLookup on music  (cost=0.00..1.00 rows=1 width=0)
                Keys: (artist = 'Ann', song = 'a')
                Partitions: 1
                Estimated capacity: 1 read unit"#]]
    .assert_eq(
        &server
            .run("EXPLAIN UPDATE music SET year = 1 WHERE artist = 'Ann' AND song = 'a'")
            .await,
    );
}

#[tokio::test]
async fn explain_analyze_tells_what_was_done() {
    let mut server = music().await;
    let explain = "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF, BUFFERS)";
    let mut all = String::new();
    for statement in [
        "SELECT * FROM music WHERE artist = 'Ann' AND song = 'a'",
        "SELECT * FROM music WHERE artist = 'Ann' AND song = 'none'",
        "SELECT * FROM music WHERE year > 1990",
        "UPDATE music SET year = 1 WHERE year > 1990",
        "UPDATE music SET year = 2 WHERE artist = 'Ann' AND song = 'a' RETURNING year",
        "INSERT INTO music (artist, song) VALUES ('new', 'x'), ('new', 'y')",
        "DELETE FROM music WHERE artist = 'new'",
    ] {
        all.push_str(&server.run(&format!("{explain} {statement}")).await);
        all.push('\n');
    }
    expect![[r#"
        KeyLookup on music (actual rows=1 loops=1)
          Keys: (artist = 'Ann', song = 'a')
          Partitions: 1
          Capacity: 1 read unit
          Reads: requests=1 items=1
        KeyLookup on music (actual rows=0 loops=1)
          Keys: (artist = 'Ann', song = 'none')
          Partitions: 1
          Capacity: 1 read unit
          Reads: requests=1 items=0
        Scan on music (actual rows=2 loops=1)
          Partitions: all
          Filter: year > 1990
          Rows Removed by Filter: 2
          Capacity: 1 read unit
          Reads: requests=1 items=4
        Update on music (actual rows=0 loops=1)
          Items Written: 2
          ->  Scan on music (actual rows=2 loops=1)
                Partitions: all
                Filter: year > 1990
                Rows Removed by Filter: 2
                Capacity: 1 read unit
                Reads: requests=1 items=4
        Update on music (actual rows=1 loops=1)
          Items Written: 1
          ->  KeyLookup on music (actual rows=1 loops=1)
                Keys: (artist = 'Ann', song = 'a')
                Partitions: 1
        Insert on music (actual rows=0 loops=1)
          Items: 2
          Items Written: 2
        Delete on music (actual rows=0 loops=1)
          Items Written: 2
          ->  RangeScan on music (actual rows=2 loops=1)
                Key condition: artist = 'new'
                Partitions: 1
                Capacity: 1 read unit
                Reads: requests=1 items=2
    "#]]
    .assert_eq(&all);
    // It was really done, once.
    assert_eq!(
        server
            .run("SELECT year FROM music WHERE artist = 'Ann' AND song = 'a'")
            .await,
        "2"
    );
    assert_eq!(
        server.run("SELECT * FROM music WHERE artist = 'new'").await,
        ""
    );
    server.must("BEGIN READ ONLY").await;
    assert_eq!(
        server
            .run("EXPLAIN DELETE FROM music WHERE artist = 'x' AND song = 'y'")
            .await
            .lines()
            .next(),
        Some("Delete on music  (cost=0.00..2.00 rows=0 width=0)")
    );
    let refused = server.run("EXPLAIN ANALYZE DELETE FROM music").await;
    assert!(
        refused.contains("cannot execute DELETE in a read-only transaction"),
        "{refused}"
    );
}

#[tokio::test]
async fn explain_analyze_is_a_part_of_its_transaction() {
    let mut server = music().await;
    server.must("BEGIN").await;
    server
        .must("EXPLAIN ANALYZE DELETE FROM music WHERE artist = 'Ann'")
        .await;
    assert_eq!(
        server.run("SELECT * FROM music WHERE artist = 'Ann'").await,
        ""
    );
    server.must("ROLLBACK").await;
    assert_ne!(
        server.run("SELECT * FROM music WHERE artist = 'Ann'").await,
        ""
    );
}

#[tokio::test]
async fn constants_that_are_not_evaluated_here_are_computed_first() {
    let mut server = Server::with(std::sync::Arc::new(crate::support::FortyTwo));
    server
        .must("CREATE TABLE t (a int PRIMARY KEY, b text, c int)")
        .await;
    assert_eq!(
        server
            .run("INSERT INTO t VALUES (40 + 2, upper('x'), 1) RETURNING *")
            .await,
        "42|42|1\nINSERT 0 1"
    );
    assert_eq!(
        server
            .run("UPDATE t SET c = abs(-7) WHERE a = 42 RETURNING c")
            .await,
        "42\nUPDATE 1"
    );
    assert_eq!(
        server
            .run("EXPLAIN (COSTS OFF) SELECT count(*) FROM t")
            .await,
        "Constants"
    );
}

#[tokio::test]
async fn limits_take_parameters_without_types_and_strings() {
    use shale_sql::{Datum, SqlType};
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (a int, b int, PRIMARY KEY (a, b)); INSERT INTO t VALUES (1, 1), (1, 2), (1, 3)")
        .await;
    let text = "SELECT b FROM t WHERE a = 1 ORDER BY b LIMIT $1 OFFSET $2";
    let prepared = server.session.prepare(text, &[]).await.expect("planned");
    assert_eq!(prepared.parameter_types, [SqlType::Int8, SqlType::Int8]);
    assert_eq!(
        server
            .run_with(text, vec![Datum::Int(1), Datum::Int(1)])
            .await,
        "2"
    );
    assert_eq!(
        server
            .run("SELECT b FROM t WHERE a = 1 ORDER BY b LIMIT '2' OFFSET '1'")
            .await,
        "2\n3"
    );
    assert_eq!(server.run("TABLE t LIMIT 1").await, "1|1");
}
