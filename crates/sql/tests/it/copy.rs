//! COPY … FROM STDIN and COPY … TO STDOUT.

use crate::support::{Server, describe};
use shale_sql::Outcome;

async fn copy(server: &mut Server, statement: &str, data: &str) -> String {
    let prepared = server
        .session
        .prepare(statement, &[])
        .await
        .expect(statement);
    let outcome = server
        .session
        .execute(&prepared, vec![])
        .await
        .expect(statement);
    let Outcome::CopyIn(mut copy) = outcome else {
        panic!("no COPY: {statement}");
    };
    for piece in data.as_bytes().chunks(1_000) {
        if let Err(error) = copy.write(piece.to_vec().into()).await {
            return describe(&error);
        }
    }
    match copy.finish().await {
        Ok(tag) => tag,
        Err(error) => describe(&error),
    }
}

#[tokio::test]
async fn data_is_loaded() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (a int PRIMARY KEY, b text, c numeric(6,2) DEFAULT 7)")
        .await;
    assert_eq!(
        copy(&mut server, "COPY t FROM STDIN", "1\tx\t1.5\n2\t\\N\t\\N\n").await,
        "COPY 2"
    );
    assert_eq!(
        copy(
            &mut server,
            "COPY t (b, a) FROM STDIN WITH (FORMAT csv, HEADER)",
            "b,a\n\"q,\"\"r\",3\n,4\n"
        )
        .await,
        "COPY 2"
    );
    assert_eq!(
        server.run("SELECT * FROM t WHERE a IN (1, 2, 3, 4)").await,
        "1|x|1.50\n2|∅|∅\n3|q,\"r|7.00\n4|∅|7.00"
    );
}

#[tokio::test]
async fn many_rows_are_loaded_in_batches() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (p int, s int, filler text, PRIMARY KEY (p, s))")
        .await;
    let data: String = (0..20_000)
        .map(|row| format!("{},{row},{}\n", row % 7, "f".repeat(row % 50)))
        .collect();
    assert_eq!(
        copy(&mut server, "COPY t FROM STDIN CSV", &data).await,
        "COPY 20000"
    );
    assert_eq!(server.run("SELECT s FROM t").await.lines().count(), 20_000);
    assert_eq!(
        server
            .run("SELECT filler FROM t WHERE p = 3 AND s = 10")
            .await,
        "f".repeat(10)
    );
}

#[tokio::test]
async fn errors_name_line_and_column() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL)")
        .await;
    assert_eq!(
        copy(&mut server, "COPY t FROM STDIN", "1\t1\n2\t2\n3\tx\n").await,
        "! invalid input syntax for type integer: \"x\" (COPY t, line 3, column b: \"x\")"
    );
    assert_eq!(
        copy(&mut server, "COPY t FROM STDIN", "1\n").await,
        "! missing data for column \"b\" (COPY t, line 1)"
    );
    assert_eq!(
        copy(&mut server, "COPY t FROM STDIN", "1\t2\t3\n").await,
        "! extra data after last expected column (COPY t, line 1)"
    );
    assert_eq!(
        copy(&mut server, "COPY t FROM STDIN", "1\t\\N\n").await,
        "! null value in column \"b\" of relation \"t\" violates not-null constraint (COPY t, line 1)"
    );
    assert_eq!(
        copy(&mut server, "COPY t FROM STDIN", "5\t1\n6\t1\n5\t1\n").await,
        "! duplicate key value violates unique constraint \"t_pkey\" (COPY t, line 3)"
    );
    let refused = server.run("COPY t FROM STDIN (FORMAT parquet)").await;
    assert!(
        refused.starts_with("! COPY format \"parquet\""),
        "{refused}"
    );
}

#[tokio::test]
async fn rows_are_written_as_they_are_read() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE t (p text, a int, b text, c numeric(6,2), PRIMARY KEY (p, a))")
        .await;
    server
        .must(r#"INSERT INTO t VALUES ('x', 1, E'tab\t, line\n, \\ and "quote"', 1.5), ('x', 2, NULL, NULL), ('x', 3, '', 3)"#)
        .await;
    let text = server
        .run("COPY (SELECT a, b, c FROM t WHERE p = 'x' ORDER BY a) TO STDOUT")
        .await;
    assert_eq!(
        text,
        "1\ttab\\t, line\\n, \\\\ and \"quote\"\t1.50\n2\t\\N\t\\N\n3\t\t3.00\n"
    );
    let csv = server
        .run("COPY (SELECT a, b, c FROM t WHERE p = 'x' ORDER BY a) TO STDOUT (FORMAT csv, HEADER)")
        .await;
    assert_eq!(
        csv,
        "a,b,c\n1,\"tab\t, line\n, \\ and \"\"quote\"\"\",1.50\n2,,\n3,\"\",3.00\n"
    );
    assert_eq!(
        server
            .run("COPY (SELECT a, c FROM t WHERE p = 'x' AND a = 3) TO STDOUT WITH DELIMITER ';' CSV HEADER FORCE QUOTE a")
            .await,
        "a;c\n\"3\";3.00\n"
    );
    assert_eq!(server.run("COPY t (c, a) TO STDOUT").await.len(), 19);
    for (into, format, data) in [("u", "text", &text), ("v", "csv, HEADER", &csv)] {
        server
            .must(&format!(
                "CREATE TABLE {into} (a int PRIMARY KEY, b text, c numeric(6,2))"
            ))
            .await;
        let from = format!("COPY {into} FROM STDIN (FORMAT {format})");
        assert_eq!(copy(&mut server, &from, data).await, "COPY 3");
        for a in 1..=3 {
            let before = format!("SELECT a, b, c FROM t WHERE p = 'x' AND a = {a}");
            let after = format!("SELECT a, b, c FROM {into} WHERE a = {a}");
            assert_eq!(server.run(&after).await, server.run(&before).await);
        }
    }
}

#[tokio::test]
async fn what_copy_to_refuses() {
    let mut server = Server::open();
    server.must("CREATE TABLE t (a int PRIMARY KEY)").await;
    for (statement, answer) in [
        (
            "COPY t TO '/tmp/x'",
            "! COPY to a file or program of the server is not supported",
        ),
        (
            "COPY t TO PROGRAM 'rm'",
            "! COPY to a file or program of the server is not supported",
        ),
        ("COPY t (b) TO STDOUT", "! column \"b\" does not exist"),
        ("COPY u TO STDOUT", "! relation \"u\" does not exist"),
        (
            "COPY t TO STDOUT (FORMAT csv, FORCE_QUOTE (b))",
            "! 42703 FORCE_QUOTE column \"b\" not referenced by COPY",
        ),
        (
            "COPY t TO STDOUT (FORMAT binary, HEADER)",
            "! 42601 cannot specify DELIMITER, NULL or HEADER in BINARY mode",
        ),
    ] {
        assert_eq!(server.run(statement).await, answer, "{statement}");
    }
}
