//! AS OF, and RESET.

use super::{check, check_partiql};
use expect_test::expect;

#[test]
fn tables_have_positions() {
    check(
        "SELECT * FROM t AS OF LSN 5",
        expect!["SELECT * FROM t as of [t at 5] without []"],
    );
    check(
        "SELECT a FROM t AS OF LSN $1 - 5 AS old WHERE b = 1",
        expect!["SELECT a FROM t AS old WHERE b = 1 as of [t at $1 - 5] without []"],
    );
    check(
        "SELECT a FROM s.t as /* */ of lsn (5) old ORDER BY a",
        expect!["SELECT a FROM s.t old ORDER BY a as of [s.t at (5)] without []"],
    );
    check(
        "SELECT * FROM t AS OF TIMESTAMP now() - interval '5 minutes' old WHERE a = 1",
        expect![
            "SELECT * FROM t old WHERE a = 1 as of [t at time now() - INTERVAL '5 minutes'] without []"
        ],
    );
    check(
        "SELECT * FROM t AS OF TIMESTAMP '2026-01-01 00:00:00+02'",
        expect!["SELECT * FROM t as of [t at time '2026-01-01 00:00:00+02'] without []"],
    );
    check(
        "SELECT * FROM t AS OF TIMESTAMP $2::timestamptz LIMIT 3",
        expect!["SELECT * FROM t LIMIT 3 as of [t at time $2::TIMESTAMPTZ] without []"],
    );
    check(
        "SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01' AS u",
        expect!["SELECT * FROM t AS u as of [t at time TIMESTAMP '2026-01-01'] without []"],
    );
    check(
        "TABLE t AS OF LSN 5",
        expect!["SELECT * FROM t as of [t at 5] without []"],
    );
    check_partiql(
        "SELECT * FROM \"t\" AS OF LSN 5 WHERE a = ?",
        expect![[r#"SELECT * FROM "t" WHERE a = $1 as of ["t" at 5] without []"#]],
    );
}

#[test]
fn positions_are_found_wherever_tables_are() {
    check(
        "WITH x AS (SELECT * FROM t AS OF LSN 5) SELECT * FROM x JOIN u AS OF LSN 5 v ON x.a = v.a, pg_class, f(1)
         WHERE a IN (SELECT a FROM w AS OF LSN 5 UNION SELECT a FROM y)",
        expect!["WITH x AS (SELECT * FROM t) SELECT * FROM x JOIN u v ON x.a = v.a, pg_class, f(1) WHERE a IN (SELECT a FROM w UNION SELECT a FROM y) as of [t at 5; u at 5; w at 5] without [pg_class, y]"],
    );
    check(
        "INSERT INTO t SELECT * FROM t AS OF LSN 5 ON CONFLICT DO NOTHING",
        expect!["insert t (0) SELECT * FROM t on conflict  as of [t at 5] without []"],
    );
    check(
        "EXPLAIN SELECT * FROM t AS OF LSN 5",
        expect!["explain [] as of [t at 5] without []"],
    );
    check(
        "SELECT EXISTS (SELECT * FROM t AS OF LSN 5)",
        expect!["SELECT EXISTS (SELECT * FROM t) as of [t at 5] without []"],
    );
    check(
        "EXISTS (SELECT * FROM t AS OF LSN 5)",
        expect!["exists SELECT * FROM t as of [t at 5] without []"],
    );
    check(
        "PREPARE q AS SELECT * FROM t AS OF LSN $1;",
        expect!["prepare q: SELECT * FROM t AS OF LSN $1"],
    );
    check(
        "SELECT * FROM t AS OF LSN 5 FOR UPDATE",
        expect!["SELECT * FROM t locking [] as of [t at 5] without []"],
    );
}

#[test]
fn positions_elsewhere_are_told() {
    for text in [
        "WITH x AS (SELECT 1) SELECT * FROM X AS OF LSN 5",
        "UPDATE t AS OF LSN 5 SET a = 1",
        "UPDATE t SET a = 1 WHERE b IN (SELECT b FROM t AS OF LSN 5)",
        "DELETE FROM t AS OF TIMESTAMP now() WHERE a = 1",
        "DELETE FROM t USING u AS OF LSN 5 WHERE t.a = u.a",
        "WITH x AS (SELECT * FROM t AS OF LSN 5) DELETE FROM t USING x",
        "INSERT INTO t VALUES ((SELECT a FROM t AS OF LSN 5))",
        "INSERT INTO t SELECT a FROM u ON CONFLICT (a) DO UPDATE SET b = (SELECT b FROM t AS OF LSN 5)",
        "CREATE TABLE u AS SELECT * FROM t AS OF LSN 5",
        "SELECT * FROM t AS OF TIMESTAMP (SELECT max(a) FROM u AS OF LSN 5)",
    ] {
        let shape = super::shape(text, crate::Dialect::Postgres);
        assert!(shape.ends_with("misplaced"), "{text}: {shape}");
    }
    check(
        "SELECT a AS OF LSN 5 FROM t",
        expect!["syntax at Some(9): Expected: end of statement, found: AS OF"],
    );
    check(
        "SELECT * FROM (SELECT 1) AS OF LSN 5",
        expect!["syntax at Some(25): Expected: one of UPDATE or SHARE, found: AS OF"],
    );
    check(
        "SELECT * FROM f(1) AS OF LSN 5",
        expect!["syntax at Some(19): Expected: one of UPDATE or SHARE, found: AS OF"],
    );
    check(
        "SELECT * FROM t old AS OF LSN 5",
        expect!["syntax at Some(20): Expected: one of UPDATE or SHARE, found: AS OF"],
    );
    check(
        "SELECT * FROM t AS OF LSN",
        expect!["syntax at Some(25): Expected: an expression, found: EOF"],
    );
    check(
        "SELECT * FROM t AS OF LSN 5 JOIN u BEFORE (TIMESTAMP => 1) ON true",
        expect!["syntax at None: Expected: AS OF, found: BEFORE(TIMESTAMP => 1)"],
    );
    check(
        "SELECT * FROM t FOR SYSTEM_TIME BETWEEN 1 AND 2",
        expect!["syntax at Some(20): Expected: one of UPDATE or SHARE, found: SYSTEM_TIME"],
    );
}

#[test]
fn of_is_still_a_name() {
    check(
        "SELECT of.a AS of FROM t AS of",
        expect!["SELECT of.a AS of FROM t AS of"],
    );
    check(
        "SELECT lsn FROM t AS \"of\", lsn AS timestamp",
        expect![[r#"SELECT lsn FROM t AS "of", lsn AS timestamp"#]],
    );
    check(
        "SELECT * FROM of, t AS OF LSN 5 AS of",
        expect!["SELECT * FROM of, t AS of as of [t at 5] without [of]"],
    );
}

#[test]
fn reset_is_a_set() {
    check(
        "ALTER TABLE reset RESET (history, TTL)",
        expect!["ALTER TABLE reset SET (history = DEFAULT, TTL = DEFAULT)"],
    );
    check(
        "alter table t set (a = 1)",
        expect!["ALTER TABLE t SET (a = 1)"],
    );
    check(
        "ALTER TABLE t RESET history",
        expect![
            "syntax at Some(14): Expected: ADD, RENAME, PARTITION, SWAP, DROP, REPLICA IDENTITY, SET, or SET TBLPROPERTIES after ALTER TABLE, found: RESET"
        ],
    );
    check("RESET ALL", expect!["RESET ALL"]);
}
