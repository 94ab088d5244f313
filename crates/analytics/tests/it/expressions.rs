//! Expressions and clauses, one query after another, on a table of one row. The answers are those of PostgreSQL 15, to which all of them
//! were compared; trailing zeros of numerics whose scale nobody wrote down are left out here.

use crate::harness::Database;

/// A query, a line of dashes, the answer, an empty line.
const EXPRESSIONS: &str = include_str!("expressions.txt");

#[tokio::test(flavor = "multi_thread")]
async fn are_computed_as_in_postgres() {
    let database = Database::new();
    database
        .run(
            "CREATE TABLE t (id int PRIMARY KEY, s text, d date, ts timestamp, tz timestamptz, n numeric, p numeric(10,2), \
               f double precision, b boolean, a int[], j jsonb, u uuid, y bytea, i2 smallint, tm time, c char(5));
             INSERT INTO t VALUES (1, 'abc', '2013-01-31', '2013-01-31 10:20:30.5', '2013-01-31 10:20:30+02', 1.5, 2.50, 0.1, true, \
               '{1,2,3}', '{\"a\":[1,{\"b\":2}]}', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '\\x01ff', 7, '10:20:30', 'ab')",
        )
        .await;
    let mut wrong = Vec::new();
    let mut count = 0;
    for section in EXPRESSIONS.trim_end().split("\n\n") {
        let (query, expected) = section.split_once("\n----").unwrap();
        count += 1;
        match database.try_query(query).await {
            Ok(answer) if answer.text() == expected.trim_start_matches('\n') => {}
            other => wrong.push(format!("{query}\n  expected {expected}\n  got {other:?}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
