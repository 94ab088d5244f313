//! UPDATE, DELETE and INSERT … SELECT of many rows.

use crate::support::{FortyTwo, Server};
use std::sync::Arc;

async fn with_stock() -> Server {
    let mut server = Server::open();
    server
        .must("CREATE TABLE stock (shop text, item int, n int, label varchar(5), PRIMARY KEY (shop, item))")
        .await;
    server
        .must("INSERT INTO stock VALUES ('a', 1, 10, 'x'), ('a', 2, 20, 'y'), ('a', 3, 30, NULL), ('b', 1, 40, 'x')")
        .await;
    server
}

const ALL: &str = "SELECT * FROM stock WHERE shop IN ('a', 'b', 'c') ORDER BY shop, item";

/// All rows; the fast path orders within one partition key only.
async fn all(server: &mut Server) -> String {
    let text = ALL.replace(" ORDER BY shop, item", "");
    server.run(&text).await.replace('\n', " ")
}

#[tokio::test]
async fn updates_take_any_condition() {
    let mut server = with_stock().await;
    for (text, answer) in [
        (
            "UPDATE stock SET n = n + 1 WHERE shop = 'a' AND item > 1",
            "UPDATE 2",
        ),
        ("UPDATE stock SET n = n + 1 WHERE label = 'x'", "UPDATE 2"),
        (
            "UPDATE stock SET n = n + 1 WHERE shop IN ('a', 'b') AND item = 1",
            "UPDATE 2",
        ),
        ("UPDATE stock SET n = n + 1 WHERE n > 1000", "UPDATE 0"),
        (
            "UPDATE stock SET n = n + 1 WHERE shop = 'a' AND shop = 'b'",
            "UPDATE 0",
        ),
        ("UPDATE stock SET n = n + 100", "UPDATE 4"),
    ] {
        assert_eq!(server.run(text).await, answer, "{text}");
    }
    assert_eq!(
        all(&mut server).await,
        "a|1|112|x a|2|121|y a|3|131|∅ b|1|142|x"
    );
    assert_eq!(
        server
            .run("UPDATE stock SET label = 'z' WHERE shop = 'a' AND item < 3 RETURNING item, label")
            .await,
        "1|z\n2|z\nUPDATE 2"
    );
    assert_eq!(
        server
            .run("UPDATE stock SET n = 0 WHERE shop = 'a' RETURNING ALL OLD *")
            .await,
        "a|1|112|z\na|2|121|z\na|3|131|∅\nUPDATE 3"
    );
}

#[tokio::test]
async fn an_update_is_all_or_nothing() {
    let mut server = with_stock().await;
    server
        .must("UPDATE stock SET n = 2147483647 WHERE shop = 'a' AND item = 3")
        .await;
    assert_eq!(
        server
            .run("UPDATE stock SET n = n + 1 WHERE shop = 'a'")
            .await,
        "! integer out of range"
    );
    assert_eq!(
        server.run("SELECT n FROM stock WHERE shop = 'a'").await,
        "10\n20\n2147483647"
    );
}

#[tokio::test]
async fn deletes_take_any_condition() {
    let mut server = with_stock().await;
    assert_eq!(
        server
            .run("DELETE FROM stock WHERE n >= 30 RETURNING shop, item")
            .await
            .lines()
            .count(),
        3,
        "two rows and the tag"
    );
    assert_eq!(all(&mut server).await, "a|1|10|x a|2|20|y");
    assert_eq!(
        server
            .run("DELETE FROM stock WHERE shop = 'a' AND item BETWEEN 2 AND 5")
            .await,
        "DELETE 1"
    );
    assert_eq!(server.run("DELETE FROM stock").await, "DELETE 1");
    assert_eq!(server.run("DELETE FROM stock").await, "DELETE 0");
}

#[tokio::test]
async fn rows_get_other_keys() {
    let mut server = with_stock().await;
    assert_eq!(
        server
            .run(
                "UPDATE stock SET item = item + 1, n = 0 WHERE shop = 'a' RETURNING item, n, label"
            )
            .await,
        "2|0|x\n3|0|y\n4|0|∅\nUPDATE 3",
        "keys are handed on from row to row"
    );
    assert_eq!(all(&mut server).await, "a|2|0|x a|3|0|y a|4|0|∅ b|1|40|x");
    assert_eq!(
        server
            .run("UPDATE stock SET shop = 'a', item = 2 WHERE shop = 'b' AND item = 1")
            .await,
        "! duplicate key value violates unique constraint \"stock_pkey\"; Key (shop, item)=(a, 2) already exists."
    );
    assert_eq!(
        server.run("UPDATE stock SET shop = 'c' WHERE shop = 'b' AND item = 1 AND n = 40 RETURNING ALL OLD *").await,
        "b|1|40|x\nUPDATE 1"
    );
    assert_eq!(
        server
            .run("UPDATE stock SET item = 2 WHERE shop = 'a' AND item = 2")
            .await,
        "UPDATE 1",
        "the key that it has already"
    );
    assert_eq!(
        server
            .run("UPDATE stock SET shop = NULL WHERE shop = 'c'")
            .await,
        "! null value in column \"shop\" of relation \"stock\" violates not-null constraint"
    );
    assert_eq!(
        server
            .run("UPDATE stock SET item = 5 WHERE shop = 'c' AND item = 99")
            .await,
        "UPDATE 0"
    );
    assert_eq!(
        server
            .run("UPDATE stock SET item = item + 2147483647 WHERE shop = 'a'")
            .await,
        "! integer out of range"
    );
    assert_eq!(all(&mut server).await, "a|2|0|x a|3|0|y a|4|0|∅ c|1|40|x");
    assert_eq!(
        server
            .run("INSERT INTO stock VALUES ('c', 1, 1, 'x') ON CONFLICT (shop, item) DO UPDATE SET item = 2")
            .await,
        "! changing the key column \"item\" in ON CONFLICT DO UPDATE is not supported"
    );
}

#[tokio::test]
async fn queries_are_inserted() {
    let mut server = with_stock().await;
    server
        .must("CREATE TABLE copy (shop text, item int, n bigint NOT NULL, at date DEFAULT '2020-01-01', PRIMARY KEY (shop, item))")
        .await;
    assert_eq!(
        server
            .run("INSERT INTO copy SELECT shop, item, n FROM stock WHERE shop = 'a' AND n < 30 RETURNING item, n, at")
            .await,
        "1|10|2020-01-01\n2|20|2020-01-01\nINSERT 0 2"
    );
    assert!(
        server
            .run("INSERT INTO copy SELECT shop, item, n FROM stock WHERE shop = 'a'")
            .await
            .contains("Key (shop, item)=(a, 1) already exists.")
    );
    assert_eq!(
        server
            .run("INSERT INTO copy SELECT shop, item, n FROM stock ON CONFLICT DO NOTHING")
            .await,
        "INSERT 0 2"
    );
    assert_eq!(
        server
            .run("INSERT INTO copy (item, shop, n, extra) SELECT item, shop, n, label FROM stock WHERE shop = 'a' ON CONFLICT (shop, item) DO UPDATE SET n = copy.n + EXCLUDED.n, extra = EXCLUDED.extra")
            .await,
        "INSERT 0 3"
    );
    assert_eq!(
        server
            .run("SELECT item, n, extra FROM copy WHERE shop = 'a'")
            .await,
        "1|20|x\n2|40|y\n3|60|∅"
    );
    assert_eq!(
        server.run("INSERT INTO copy SELECT 'z', 1, 2").await,
        "INSERT 0 1"
    );
    for (text, expected) in [
        (
            "INSERT INTO copy (shop) SELECT shop, item FROM stock",
            "! syntax error: INSERT has more expressions than target columns",
        ),
        (
            "INSERT INTO copy (shop, item) SELECT shop FROM stock",
            "! syntax error: INSERT has more target columns than expressions",
        ),
        (
            "INSERT INTO copy (shop, at) SELECT shop, n FROM stock",
            "! column \"at\" is of type date but expression is of type integer",
        ),
        (
            "INSERT INTO copy (shop, item) SELECT shop, item FROM stock",
            "! null value in column \"n\" of relation \"copy\" violates not-null constraint",
        ),
        (
            "INSERT INTO copy SELECT nope FROM stock",
            "! column \"nope\" does not exist",
        ),
        (
            "EXPLAIN (COSTS OFF) INSERT INTO copy SELECT shop, item, n FROM stock WHERE shop = 'a' AND item = 1",
            "Insert on copy\n  ->  KeyLookup on stock\n        Keys: (item = 1, shop = 'a')\n        Partitions: 1",
        ),
    ] {
        assert_eq!(server.run(text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn a_table_is_inserted_into_itself_once() {
    let mut server = with_stock().await;
    assert_eq!(
        server
            .run("INSERT INTO stock (shop, item, n) SELECT label, item, n FROM stock WHERE label = 'x' ON CONFLICT DO NOTHING")
            .await,
        "INSERT 0 1",
        "two rows with the same key"
    );
}

#[tokio::test]
async fn parameters_have_the_types_of_their_places() {
    use shale_sql::Datum;
    let mut server = with_stock().await;
    assert_eq!(
        server
            .run_with(
                "UPDATE stock SET n = n + $1 WHERE shop = $2 AND item <= $3",
                vec![Datum::Int(5), Datum::Text("a".into()), Datum::Int(2)],
            )
            .await,
        "UPDATE 2"
    );
    assert_eq!(
        server
            .run_with(
                "DELETE FROM stock WHERE shop = ANY ($1)",
                vec![Datum::Array(vec![
                    Datum::Text("a".into()),
                    Datum::Text("c".into())
                ])],
            )
            .await,
        "DELETE 3"
    );
}

#[tokio::test]
async fn large_statements_are_refused_with_advice() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (id int PRIMARY KEY, n int)")
        .await;
    for start in [0, 33_000] {
        let rows: Vec<String> = (start..start + 33_000)
            .map(|id| format!("({id}, 0)"))
            .collect();
        server
            .must(&format!("INSERT INTO t VALUES {}", rows.join(",")))
            .await;
    }
    let refused = "! 54000 the statement writes more than 65536 rows";
    for text in ["UPDATE t SET n = 1", "DELETE FROM t"] {
        assert_eq!(server.run(text).await, refused);
    }
    assert_eq!(
        server.run("DELETE FROM t WHERE id >= 33000").await,
        "DELETE 33000"
    );
    server.must("BEGIN; UPDATE t SET n = 1; COMMIT").await;
    assert_eq!(server.run("SELECT n FROM t WHERE id = 32999").await, "1");
}

/// Everything else is found, or computed, by the analytic executor; here one that always answers 42.
#[tokio::test]
async fn what_is_not_lowered_is_asked_of_the_analytic_executor() {
    let mut server = Server::with(Arc::new(FortyTwo));
    server
        .must("CREATE TABLE t (id int PRIMARY KEY, b text, c int)")
        .await;
    server
        .must("INSERT INTO t VALUES (41, 'x', 1), (42, 'x', 1)")
        .await;
    assert_eq!(
        server
            .run("UPDATE t SET b = 'y' WHERE length(b) = 1 RETURNING id")
            .await,
        "42\nUPDATE 1"
    );
    assert_eq!(
        server
            .run("UPDATE t SET c = c * 3, b = 'z' WHERE id > 0 RETURNING *")
            .await,
        "42|z|42\nUPDATE 1"
    );
    assert_eq!(
        server
            .run("BEGIN; UPDATE t SET c = u.x FROM u WHERE u.id = t.id RETURNING c")
            .await,
        "! relation \"u\" does not exist"
    );
    server.must("ROLLBACK").await;
    assert_eq!(
        server.run("UPDATE t SET id = abs(id) WHERE c = 42").await,
        "UPDATE 1",
        "to the key that it has"
    );
    assert_eq!(
        server
            .run("EXPLAIN (COSTS OFF) DELETE FROM t WHERE length(b) = 1")
            .await,
        "Delete on t\n  ->  Constants"
    );
    assert_eq!(
        server.run("DELETE FROM t WHERE length(b) = 1").await,
        "DELETE 1"
    );
    assert_eq!(
        server.run("DELETE FROM t WHERE length(b) = 1").await,
        "! 22000 the key of an item that the statement selects is no value of its column"
    );
    assert_eq!(
        server.run("SELECT nextval('s')").await,
        "! the function nextval, as there are no sequences, is not supported"
    );
}
