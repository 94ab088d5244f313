//! The extended protocol.

use crate::harness::TestServer;
use crate::raw::{
    RawClient, bind, bind_formats, close, describe, execute, flush, parse, query, sync,
};
use expect_test::expect;

const TABLE: &str =
    "CREATE TABLE music (artist text, song text, year int, PRIMARY KEY (artist, song))";

async fn with_table() -> (TestServer, RawClient) {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    client
        .ask(&[query(&format!(
            "{TABLE}; INSERT INTO music VALUES ('Nina', 'Sinnerman', 1965), ('Nina', 'Feeling Good', NULL)"
        ))])
        .await;
    (server, client)
}

#[tokio::test]
async fn one_statement_in_one_batch() {
    let (_server, mut client) = with_table().await;
    let answer = client
        .ask(&[
            parse(
                "",
                "SELECT song, year FROM music WHERE artist = $1 AND song = $2",
                &[],
            ),
            describe('S', ""),
            bind("", "", &[Some("Nina"), Some("Sinnerman")]),
            describe('P', ""),
            execute("", 0),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        parameters [25, 25]
        columns song:25,-1,-1,0 year:23,4,-1,0
        bound
        columns song:25,-1,-1,0 year:23,4,-1,0
        row Sinnerman|1965
        complete SELECT 1
        ready I
    "#]]
    .assert_eq(&answer);
    let answer = client
        .ask(&[
            parse("", "INSERT INTO music VALUES ($1, $2, $3)", &[0, 25, 23]),
            describe('S', ""),
            bind_formats(
                "",
                "",
                &[0, 0, 1],
                &[
                    Some(b"Nina"),
                    Some(b"Strange Fruit"),
                    Some(&1965_i32.to_be_bytes()),
                ],
                &[],
            ),
            describe('P', ""),
            execute("", 0),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        parameters [25, 25, 23]
        no data
        bound
        no data
        complete INSERT 0 1
        ready I
    "#]]
    .assert_eq(&answer);
    let answer = client
        .ask(&[
            parse(
                "",
                "SELECT year FROM music WHERE artist = 'Nina' AND song = 'Strange Fruit'",
                &[],
            ),
            bind_formats("", "", &[], &[], &[1]),
            describe('P', ""),
            execute("", 0),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        bound
        columns year:23,4,-1,1
        row 0x000007ad
        complete SELECT 1
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn a_batch_is_answered_in_one_write() {
    use tokio::io::AsyncReadExt;
    let (_server, mut client) = with_table().await;
    let batch = [
        parse(
            "",
            "SELECT year FROM music WHERE artist = $1 AND song = $2",
            &[],
        ),
        bind("", "", &[Some("Nina"), Some("Sinnerman")]),
        describe('P', ""),
        execute("", 0),
        sync(),
    ]
    .concat();
    for _ in 0..100 {
        client.send(&batch).await;
        let mut answer = vec![0; 4096];
        let count = crate::harness::soon(client.stream.read(&mut answer))
            .await
            .unwrap();
        // ParseComplete is the first, ReadyForQuery the last.
        assert!(answer[..count].starts_with(b"1\0\0\0\x04"));
        assert!(answer[..count].ends_with(b"Z\0\0\0\x05I"));
    }
}

#[tokio::test]
async fn empty_statements() {
    let (_server, mut client) = with_table().await;
    let answer = client
        .ask(&[
            parse("", " ", &[]),
            describe('S', ""),
            bind("", "", &[]),
            describe('P', ""),
            execute("", 0),
            execute("", 0),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        parameters []
        no data
        bound
        no data
        empty query
        empty query
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn names_of_statements() {
    let (_server, mut client) = with_table().await;
    expect![[r#"
        parsed
        error ERROR 42P05 prepared statement "s" already exists
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[
                parse("s", "SHOW timezone", &[]),
                parse("s", "SHOW timezone", &[]),
                parse("", "SHOW timezone", &[]),
                sync(),
            ])
            .await,
    );
    expect![[r#"
        error ERROR 26000 prepared statement "t" does not exist
        ready I
    "#]]
    .assert_eq(&client.ask(&[bind("", "t", &[]), sync()]).await);
    expect![[r#"
        error ERROR 26000 unnamed prepared statement does not exist
        ready I
    "#]]
    .assert_eq(&client.ask(&[bind("", "", &[]), sync()]).await);
    expect![[r#"
        error ERROR 26000 prepared statement "t" does not exist
        ready I
    "#]]
    .assert_eq(&client.ask(&[describe('S', "t"), sync()]).await);
    expect![[r#"
        closed
        closed
        closed
        error ERROR 26000 prepared statement "s" does not exist
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[
                close('S', "s"),
                close('S', "never was"),
                close('P', "never was"),
                bind("", "s", &[]),
                sync(),
            ])
            .await,
    );
    // SQL reaches the protocol's statements and the other way round.
    expect![[r#"
        parsed
        parsed
        bound
        complete DEALLOCATE
        error ERROR 26000 prepared statement "p" does not exist
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[
                parse("p", "SELECT * FROM numbers() LIMIT 1", &[]),
                parse("", "DEALLOCATE p", &[]),
                bind("", "", &[]),
                execute("", 0),
                bind("", "p", &[]),
                sync(),
            ])
            .await,
    );
    client
        .ask(&[query(
            "PREPARE q AS SELECT song FROM music WHERE artist = $1 AND song = 'Sinnerman'",
        )])
        .await;
    expect![[r#"
        bound
        row Sinnerman
        complete SELECT 1
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[bind("", "q", &[Some("Nina")]), execute("", 0), sync()])
            .await,
    );
}

#[tokio::test]
async fn what_bind_checks() {
    let (_server, mut client) = with_table().await;
    client
        .ask(&[
            parse(
                "s",
                "SELECT song FROM music WHERE artist = $1 AND year = $2",
                &[0, 23],
            ),
            sync(),
        ])
        .await;
    let mut check = async |bind: Vec<u8>| client.ask(&[bind, sync()]).await;
    let two: [Option<&[u8]>; 2] = [Some(b"Nina"), Some(b"1965")];
    expect![[r#"
        error ERROR 08P01 bind message supplies 1 parameters, but prepared statement "s" requires 2
        ready I
    "#]]
    .assert_eq(&check(bind("", "s", &[Some("Nina")])).await);
    expect![[r#"
        error ERROR 08P01 bind message has 3 parameter formats but 2 parameters
        ready I
    "#]]
    .assert_eq(&check(bind_formats("", "s", &[0, 0, 0], &two, &[])).await);
    expect![[r#"
        error ERROR 22023 unsupported format code: 2
        ready I
    "#]]
    .assert_eq(&check(bind_formats("", "s", &[2], &two, &[])).await);
    expect![[r#"
        error ERROR 08P01 bind message has 2 result formats but query has 1 columns
        ready I
    "#]]
    .assert_eq(&check(bind_formats("", "s", &[], &two, &[0, 1])).await);
    expect![[r#"
        bound
        ready I
    "#]]
    .assert_eq(&check(bind_formats("", "s", &[0, 1], &two, &[])).await);
    expect![[r#"
        error ERROR 22P03 incorrect binary data format in bind parameter 2
        ready I
    "#]]
    .assert_eq(
        &check(bind_formats(
            "",
            "s",
            &[0, 1],
            &[Some(b"x"), Some(b"12345")],
            &[],
        ))
        .await,
    );
    expect![[r#"
        error ERROR 22P02 invalid input syntax for type integer: "nineteen"
        ready I
    "#]]
    .assert_eq(&check(bind("", "s", &[Some("x"), Some("nineteen")])).await);
    expect![[r#"
        error ERROR 22021 invalid byte sequence for encoding "UTF8": 0xff
        ready I
    "#]]
    .assert_eq(
        &check(bind_formats(
            "",
            "s",
            &[],
            &[Some(b"\xff"), Some(b"1")],
            &[],
        ))
        .await,
    );
    expect![[r#"
        error ERROR 0A000 a parameter of the type with OID 600 is not supported [H: Leave the type unspecified (0) and send the value as text.]
        ready I
    "#]].assert_eq(&check(parse("", "SELECT $1", &[600])).await);
}

#[tokio::test]
async fn row_limits() {
    let (_server, mut client) = with_table().await;
    // Outside of a block a portal lives until Sync.
    let answer = client
        .ask(&[
            parse("", "SELECT * FROM numbers()", &[]),
            bind("p", "", &[]),
            execute("p", 4),
            execute("p", 9),
            execute("p", 17),
            execute("p", 1),
            execute("p", 0),
            sync(),
        ])
        .await;
    let short = |answer: &str| {
        let rows = answer
            .lines()
            .filter(|line| line.starts_with("row "))
            .count();
        let others = answer.lines().filter(|line| !line.starts_with("row "));
        format!("{rows} rows; {}", others.collect::<Vec<_>>().join("; "))
    };
    expect!["30 rows; parsed; bound; suspended; suspended; suspended; complete SELECT 0; complete SELECT 0; ready I"].assert_eq(&short(&answer));
    expect![[r#"0 rows; error ERROR 34000 portal "p" does not exist; ready I"#]]
        .assert_eq(&short(&client.ask(&[execute("p", 0), sync()]).await));

    // Inside of a block it lives until the end of the block.
    client.ask(&[query("BEGIN")]).await;
    let answer = client
        .ask(&[
            parse("", "SELECT * FROM numbers()", &[]),
            bind("p", "", &[]),
            execute("p", 10),
            sync(),
        ])
        .await;
    expect!["10 rows; parsed; bound; suspended; ready T"].assert_eq(&short(&answer));
    expect![[r#"0 rows; error ERROR 42P03 cursor "p" already exists; ready E"#]]
        .assert_eq(&short(&client.ask(&[bind("p", "", &[]), sync()]).await));
    client.ask(&[query("ROLLBACK")]).await;

    client.ask(&[query("BEGIN")]).await;
    client
        .ask(&[
            parse("", "SELECT * FROM numbers()", &[]),
            bind("p", "", &[]),
            execute("p", 10),
            sync(),
        ])
        .await;
    expect!["20 rows; complete SELECT 20; ready T"]
        .assert_eq(&short(&client.ask(&[execute("p", 0), sync()]).await));
    client.ask(&[query("COMMIT")]).await;
    expect![[r#"0 rows; error ERROR 34000 portal "p" does not exist; ready I"#]]
        .assert_eq(&short(&client.ask(&[execute("p", 0), sync()]).await));
    // COMMIT in the same batch ends portals, too.
    let answer = client
        .ask(&[
            parse("b", "BEGIN", &[]),
            parse("c", "COMMIT", &[]),
            parse("", "SELECT * FROM numbers()", &[]),
            bind("b", "b", &[]),
            execute("b", 0),
            bind("p", "", &[]),
            execute("p", 10),
            bind("c", "c", &[]),
            execute("c", 0),
            execute("p", 10),
            sync(),
        ])
        .await;
    expect![[r#"10 rows; parsed; parsed; parsed; bound; complete BEGIN; bound; suspended; bound; complete COMMIT; error ERROR 34000 portal "p" does not exist; ready I"#]].assert_eq(&short(&answer));
}

#[tokio::test]
async fn a_write_runs_once() {
    let (_server, mut client) = with_table().await;
    let answer = client
        .ask(&[
            parse("", "INSERT INTO music VALUES ('Nina', 'Once', 1)", &[]),
            bind("", "", &[]),
            execute("", 0),
            execute("", 0),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        bound
        complete INSERT 0 1
        error ERROR 55000 portal "" cannot be run
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn after_an_error_everything_waits_for_sync() {
    let (_server, mut client) = with_table().await;
    let answer = client
        .ask(&[
            parse("", "SELECT * FROM nowhere", &[]),
            bind("", "", &[]),
            execute("", 0),
            query("INSERT INTO music VALUES ('Nina', 'Never', 1)"),
            flush(),
            sync(),
        ])
        .await;
    expect![[r#"
        error ERROR 42P01 relation "nowhere" does not exist [P: 15]
        ready I
    "#]]
    .assert_eq(&answer);
    expect![[r#"
        columns year:23,4,-1,0
        complete SELECT 0
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[query(
                "SELECT year FROM music WHERE artist = 'Nina' AND song = 'Never'",
            )])
            .await,
    );
}

#[tokio::test]
async fn flush_sends_without_sync() {
    let (_server, mut client) = with_table().await;
    let answer = client
        .ask_count(
            &[parse("", "SHOW timezone", &[]), describe('S', ""), flush()],
            3,
        )
        .await;
    expect![[r#"
        parsed
        parameters []
        columns TimeZone:25,-1,-1,0
    "#]]
    .assert_eq(&answer);
    let answer = client
        .ask(&[bind("", "", &[]), execute("", 0), sync()])
        .await;
    expect![[r#"
        bound
        row UTC
        complete SHOW
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn a_query_destroys_the_unnamed_statement() {
    let (_server, mut client) = with_table().await;
    client.ask(&[parse("", "SHOW timezone", &[]), sync()]).await;
    client.ask(&[query("SHOW timezone")]).await;
    let answer = client.ask(&[bind("", "", &[]), sync()]).await;
    expect![[r#"
        error ERROR 26000 unnamed prepared statement does not exist
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn a_pipeline_of_many_batches() {
    const BATCHES: usize = 10_000;
    let (_server, mut client) = with_table().await;
    client
        .ask(&[
            parse(
                "s",
                "SELECT year FROM music WHERE artist = $1 AND song = $2",
                &[],
            ),
            sync(),
        ])
        .await;
    let batch = [
        bind("", "s", &[Some("Nina"), Some("Sinnerman")]),
        execute("", 0),
        sync(),
    ]
    .concat();
    let (mut reader, mut writer) = client.stream.into_split();
    let sending = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        for _ in 0..BATCHES {
            writer.write_all(&batch).await.unwrap();
        }
        writer
    });
    // BindComplete, DataRow, CommandComplete, ReadyForQuery.
    let expected = [
        &b"2\0\0\0\x04D\0\0\0\x0e\0\x01\0\0\0\x041965"[..],
        b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I",
    ]
    .concat();
    let mut answer = vec![0; expected.len()];
    for _ in 0..BATCHES {
        use tokio::io::AsyncReadExt;
        crate::harness::soon(reader.read_exact(&mut answer))
            .await
            .unwrap();
        assert_eq!(answer, expected);
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn plans_do_not_change_under_the_client() {
    let (_server, mut client) = with_table().await;
    client
        .ask(&[
            parse(
                "s",
                "SELECT * FROM music WHERE artist = 'Nina' AND song = 'x'",
                &[],
            ),
            sync(),
        ])
        .await;
    client
        .ask(&[query("DROP TABLE music; CREATE TABLE music (artist text, song text, PRIMARY KEY (artist, song))")])
        .await;
    let answer = client
        .ask(&[bind("", "s", &[]), execute("", 0), sync()])
        .await;
    expect![[r#"
        bound
        error ERROR 0A000 cached plan must not change result type [R: RevalidateCachedQuery]
        ready I
    "#]]
    .assert_eq(&answer);
}
