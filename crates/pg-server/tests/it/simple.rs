//! The simple protocol.

use crate::harness::TestServer;
use crate::raw::query;
use expect_test::expect;

#[tokio::test]
async fn statements_of_one_message() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    let answer = client
        .ask(&[query(
            "CREATE TABLE music (artist text, song text, year int, PRIMARY KEY (artist, song)); \
             INSERT INTO music VALUES ('Nina', 'Sinnerman', 1965), ('Nina', 'Feeling Good', NULL); \
             SELECT artist, song, year FROM music WHERE artist = 'Nina';",
        )])
        .await;
    expect![[r#"
        complete CREATE TABLE
        complete INSERT 0 2
        columns artist:25,-1,-1,0 song:25,-1,-1,0 year:23,4,-1,0
        row Nina|Feeling Good|NULL
        row Nina|Sinnerman|1965
        complete SELECT 2
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn empty_messages() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    for text in ["", " ; ;", "-- nothing"] {
        assert_eq!(
            client.ask(&[query(text)]).await,
            "empty query\nready I\n",
            "{text}"
        );
    }
    expect![[r#"
        columns TimeZone:25,-1,-1,0
        row UTC
        complete SHOW
        ready I
    "#]]
    .assert_eq(&client.ask(&[query(";SHOW timezone;;")]).await);
}

#[tokio::test]
async fn an_error_ends_the_message_and_has_a_position() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    expect![[r#"
        columns TimeZone:25,-1,-1,0
        row UTC
        complete SHOW
        error ERROR 42P01 relation "nowhere" does not exist [P: 38]
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[query(
                "SHOW timezone; /* é */ SELECT * FROM nowhere; SHOW timezone",
            )])
            .await,
    );
    expect![[r#"
        error ERROR 42601 syntax error at or near "SELEC" [D: Expected an SQL statement.] [P: 1]
        ready I
    "#]]
    .assert_eq(&client.ask(&[query("SELEC 1")]).await);
    client
        .ask(&[query("CREATE TABLE t (id int PRIMARY KEY)")])
        .await;
    expect![[r#"
        error ERROR 42P02 there is no parameter $1
        ready I
    "#]]
    .assert_eq(&client.ask(&[query("SELECT id FROM t WHERE id = $1")]).await);
}

#[tokio::test]
async fn changed_settings_are_told() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    expect![[r#"
        complete SET
        complete SET
        status application_name=me
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[query(
                "SET application_name = 'me'; SET statement_timeout = 5000",
            )])
            .await,
    );
    // Told as it was before.
    expect![[r#"
        complete RESET
        status application_name=
        ready I
    "#]]
    .assert_eq(&client.ask(&[query("RESET application_name")]).await);
}

#[tokio::test]
async fn transaction_status() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    let mut text = String::new();
    for statement in [
        "BEGIN",
        "SHOW timezone",
        "SELECT * FROM nowhere",
        "SHOW timezone",
        "COMMIT",
    ] {
        text += &client.ask(&[query(statement)]).await;
    }
    expect![[r#"
        complete BEGIN
        ready T
        columns TimeZone:25,-1,-1,0
        row UTC
        complete SHOW
        ready T
        error ERROR 42P01 relation "nowhere" does not exist [P: 15]
        ready E
        error ERROR 25P02 current transaction is aborted, commands ignored until end of transaction block
        ready E
        complete ROLLBACK
        ready I
    "#]].assert_eq(&text);
}

#[tokio::test]
async fn an_error_in_the_rows_fails_the_block() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    client.ask(&[query("BEGIN")]).await;
    let answer = client.ask(&[query("SELECT * FROM fail_in_rows()")]).await;
    let end: Vec<&str> = answer.lines().rev().take(3).collect();
    expect![[r#"
        ready E
        error ERROR 22012 division by zero
        row 9"#]]
    .assert_eq(&end.join("\n"));
}

#[tokio::test]
async fn function_calls_are_refused() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    let call = crate::raw::message(b'F', &[0; 10]);
    expect![[r#"
        error ERROR 0A000 function calls are not supported [H: Use SELECT.]
        ready I
    "#]]
    .assert_eq(&client.ask(&[call]).await);
}
