//! COPY … FROM STDIN.

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
    let refused = server.run("COPY t FROM STDIN (FORMAT binary)").await;
    assert!(refused.starts_with("! COPY format \"binary\""), "{refused}");
}
