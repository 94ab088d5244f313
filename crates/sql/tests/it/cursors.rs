//! DECLARE, FETCH, MOVE, CLOSE.

use crate::support::Server;

async fn numbers() -> Server {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (p text, n int, PRIMARY KEY (p, n))")
        .await;
    let rows: Vec<String> = (1..=5).map(|n| format!("('a', {n})")).collect();
    server
        .must(&format!("INSERT INTO t VALUES {}", rows.join(", ")))
        .await;
    server
}

const QUERY: &str = "SELECT n FROM t WHERE p = 'a' ORDER BY n";

async fn answers(server: &mut Server, expected: &[(&str, &str)]) {
    for (statement, answer) in expected {
        assert_eq!(server.run(statement).await, *answer, "{statement}");
    }
}

#[tokio::test]
async fn rows_are_fetched_forward() {
    let mut server = numbers().await;
    server.must("BEGIN").await;
    server.must(&format!("DECLARE c CURSOR FOR {QUERY}")).await;
    let too_far_back = "! 55000 cursor can only scan forward";
    answers(
        &mut server,
        &[
            ("FETCH c", "1"),
            ("FETCH NEXT FROM c", "2"),
            ("FETCH 0 FROM c", "2"),
            ("FETCH RELATIVE 0 IN c", "2"),
            ("MOVE c", "MOVE 1"),
            ("FETCH FORWARD 10 FROM C", "4\n5"),
            ("FETCH c", ""),
            ("MOVE ALL c", "MOVE 0"),
            ("FETCH PRIOR FROM c", too_far_back),
            ("ROLLBACK", "ROLLBACK"),
            ("FETCH c", "! 34000 cursor \"c\" does not exist"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_cursor_with_scroll_goes_anywhere() {
    let mut server = numbers().await;
    server.must("BEGIN").await;
    server
        .must(&format!(
            "DECLARE \"C\" INSENSITIVE SCROLL CURSOR FOR {QUERY}"
        ))
        .await;
    answers(
        &mut server,
        &[
            ("FETCH LAST FROM \"C\"", "5"),
            ("FETCH PRIOR FROM \"C\"", "4"),
            ("FETCH BACKWARD 2 FROM \"C\"", "3\n2"),
            ("FETCH FIRST FROM \"C\"", "1"),
            ("FETCH PRIOR FROM \"C\"", ""),
            ("FETCH 2 FROM \"C\"", "1\n2"),
            ("FETCH ABSOLUTE 4 FROM \"C\"", "4"),
            ("FETCH ABSOLUTE -2 FROM \"C\"", "4"),
            ("FETCH RELATIVE -3 FROM \"C\"", "1"),
            ("FETCH RELATIVE 9 FROM \"C\"", ""),
            ("FETCH BACKWARD ALL FROM \"C\"", "5\n4\n3\n2\n1"),
            ("MOVE FORWARD ALL IN \"C\"", "MOVE 5"),
            ("FETCH -1 FROM \"C\"", "5"),
            ("FETCH ABSOLUTE 0 FROM \"C\"", ""),
            ("FETCH ALL FROM \"C\"", "1\n2\n3\n4\n5"),
            ("CLOSE \"C\"", "CLOSE CURSOR"),
            ("COMMIT", "COMMIT"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_cursor_reads_its_snapshot_with_the_writes_before_it() {
    let mut server = numbers().await;
    server.must("BEGIN").await;
    server.must("INSERT INTO t VALUES ('a', 6)").await;
    server.must(&format!("DECLARE c CURSOR FOR {QUERY}")).await;
    server.must("INSERT INTO t VALUES ('a', 7)").await;
    assert_eq!(server.run("FETCH ALL c").await, "1\n2\n3\n4\n5\n6");
    server.must("ROLLBACK").await;
}

#[tokio::test]
async fn cursors_end_with_their_transaction_unless_they_are_held() {
    let mut server = numbers().await;
    server.must("BEGIN").await;
    for (name, hold) in [("gone", ""), ("held", "WITH HOLD")] {
        server
            .must(&format!("DECLARE {name} CURSOR {hold} FOR {QUERY}"))
            .await;
        assert_eq!(server.run(&format!("FETCH {name}")).await, "1");
    }
    server.must("COMMIT").await;
    server.must("DELETE FROM t WHERE p = 'a' AND n = 2").await;
    answers(
        &mut server,
        &[
            ("FETCH gone", "! 34000 cursor \"gone\" does not exist"),
            ("FETCH 2 held", "2\n3"),
            ("BEGIN", "BEGIN"),
            ("FETCH held", "4"),
            ("ROLLBACK", "ROLLBACK"),
            ("FETCH held", "5"),
            ("CLOSE ALL", "CLOSE CURSOR ALL"),
            ("FETCH held", "! 34000 cursor \"held\" does not exist"),
        ],
    )
    .await;
    server
        .must(&format!("DECLARE h SCROLL CURSOR WITH HOLD FOR {QUERY}"))
        .await;
    answers(
        &mut server,
        &[
            ("FETCH LAST h", "5"),
            ("FETCH FIRST h", "1"),
            ("DISCARD ALL", "DISCARD ALL"),
            ("FETCH h", "! 34000 cursor \"h\" does not exist"),
        ],
    )
    .await;
}

#[tokio::test]
async fn savepoints_take_cursors_with_them() {
    let mut server = numbers().await;
    let declare = |name| format!("DECLARE {name} CURSOR FOR {QUERY}");
    server.must("BEGIN").await;
    server.must(&declare("outside")).await;
    server.must("SAVEPOINT s").await;
    server.must(&declare("inside")).await;
    server.must("SAVEPOINT u").await;
    server.must(&declare("released")).await;
    server.must("RELEASE u").await;
    server.must("ROLLBACK TO s").await;
    answers(
        &mut server,
        &[
            ("FETCH outside", "1"),
            ("SAVEPOINT v", "SAVEPOINT"),
            ("FETCH inside", "! 34000 cursor \"inside\" does not exist"),
            ("ROLLBACK TO v", "ROLLBACK"),
            ("FETCH released", "! 34000 cursor \"released\" does not exist"),
            ("FETCH outside", "! 25P02 current transaction is aborted, commands ignored until end of transaction block"),
            ("ROLLBACK TO s", "ROLLBACK"),
            ("FETCH outside", "2"),
            ("COMMIT", "COMMIT"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_cursors_refuse() {
    let mut server = numbers().await;
    let outside = "! 25P01 DECLARE CURSOR can only be used in transaction blocks";
    let declare = format!("DECLARE c CURSOR FOR {QUERY}");
    answers(
        &mut server,
        &[
            (&declare, outside),
            ("CLOSE c", "! 34000 cursor \"c\" does not exist"),
            ("MOVE c", "! 34000 cursor \"c\" does not exist"),
            ("BEGIN", "BEGIN"),
            (&declare, "DECLARE CURSOR"),
            (&declare, "! 42P03 cursor \"c\" already exists"),
            ("ROLLBACK", "ROLLBACK"),
        ],
    )
    .await;
    for statement in [
        "DECLARE c BINARY CURSOR FOR SELECT 1",
        "DECLARE c CURSOR FOR INSERT INTO t VALUES ('b', 1)",
        "DECLARE c CURSOR FOR SELECT nothing FROM t",
        "FETCH 99999999999999999999 FROM c",
        "FETCH ABSOLUTE FROM c",
        "EXPLAIN DECLARE c CURSOR FOR SELECT 1",
    ] {
        let answer = server.run(statement).await;
        assert!(answer.starts_with('!'), "{statement}: {answer}");
    }
}
