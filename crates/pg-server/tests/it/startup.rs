//! From the first byte to ReadyForQuery.

use crate::harness::TestServer;
use crate::raw::{RawClient, query};
use expect_test::expect;

const USER: (&str, &str) = ("user", "alice");
const DATABASE: (&str, &str) = ("database", "shale");

async fn startup(parameters: &[(&str, &str)]) -> String {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address).await;
    client.startup(parameters).await;
    client.until_ready().await
}

#[tokio::test]
async fn a_session_begins() {
    let answer = startup(&[USER, DATABASE, ("application_name", "psql")]).await;
    expect![[r#"
        authenticated
        status application_name=psql
        status client_encoding=UTF8
        status DateStyle=ISO, MDY
        status default_transaction_read_only=off
        status in_hot_standby=off
        status integer_datetimes=on
        status IntervalStyle=postgres
        status is_superuser=on
        status server_encoding=UTF8
        status server_version=15.0
        status session_authorization=alice
        status standard_conforming_strings=on
        status TimeZone=UTC
        key of 4 bytes
        ready I
    "#]]
    .assert_eq(&answer);
}

#[tokio::test]
async fn encryption_is_refused_and_the_session_goes_on() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address).await;
    for code in [80_877_104_u32, 80_877_103] {
        client
            .send(&[&8_u32.to_be_bytes()[..], &code.to_be_bytes()].concat())
            .await;
        assert_eq!(client.byte().await, b'N');
    }
    client.startup(&[USER, DATABASE]).await;
    assert!(client.until_ready().await.ends_with("ready I\n"));

    // Asking twice is a startup packet of a protocol that does not exist.
    let mut client = RawClient::connect(server.address).await;
    let ssl = [&8_u32.to_be_bytes()[..], &80_877_103_u32.to_be_bytes()].concat();
    client.send(&ssl).await;
    assert_eq!(client.byte().await, b'N');
    client.send(&ssl).await;
    assert_eq!(
        client.until_ready().await,
        "error FATAL 0A000 unsupported frontend protocol 1234.5679: server supports 3.0 to 3.2\n(closed)\n"
    );
}

#[tokio::test]
async fn versions_are_negotiated() {
    let server = TestServer::start().await;
    let begin = async |minor, extra: &[(&str, &str)]| {
        let mut client = RawClient::connect(server.address).await;
        let parameters = [&[USER, DATABASE], extra].concat();
        client.startup_version(3, minor, &parameters).await;
        let answer = client.until_ready().await;
        let kept = answer.lines().filter(|line| !line.starts_with("status "));
        kept.collect::<Vec<_>>().join(", ")
    };
    expect!["authenticated, key of 4 bytes, ready I"].assert_eq(&begin(0, &[]).await);
    expect!["authenticated, key of 32 bytes, ready I"].assert_eq(&begin(2, &[]).await);
    expect![[r#"version 3.2 without ["_pq_.test"], authenticated, key of 32 bytes, ready I"#]]
        .assert_eq(&begin(9999, &[("_pq_.test", "1")]).await);
    expect![[r#"version 3.0 without ["_pq_.test"], authenticated, key of 4 bytes, ready I"#]]
        .assert_eq(&begin(0, &[("_pq_.test", "1")]).await);
    let mut client = RawClient::connect(server.address).await;
    client.startup_version(2, 0, &[USER]).await;
    expect![[r#"
        error FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2
        (closed)
    "#]]
    .assert_eq(&client.until_ready().await);
}

#[tokio::test]
async fn databases_and_users() {
    assert!(
        startup(&[USER, ("database", "postgres")])
            .await
            .ends_with("ready I\n")
    );
    // The database defaults to the user's name.
    assert!(startup(&[("user", "shale")]).await.ends_with("ready I\n"));
    expect![[r#"
        authenticated
        error FATAL 3D000 database "alice" does not exist [H: There is one database, "shale".]
        (closed)
    "#]]
    .assert_eq(&startup(&[USER]).await);
    expect![[r#"
        error FATAL 28000 no PostgreSQL user name specified in startup packet
        (closed)
    "#]]
    .assert_eq(&startup(&[DATABASE]).await);
}

#[tokio::test]
async fn settings_of_the_startup_packet() {
    let options = (
        "options",
        r"-c statement_timeout=5s --client-min-messages=warning",
    );
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address).await;
    client
        .startup(&[
            USER,
            DATABASE,
            options,
            ("extra_float_digits", "3"),
            ("client_encoding", "SQL_ASCII"),
        ])
        .await;
    let answer = client.until_ready().await;
    assert!(
        answer.contains("status client_encoding=SQL_ASCII\n"),
        "{answer}"
    );
    let shown = client
        .ask(&[query("SHOW statement_timeout; SHOW client_min_messages")])
        .await;
    expect![[r#"
        columns statement_timeout:25,-1,-1,0
        row 5s
        complete SHOW
        columns client_min_messages:25,-1,-1,0
        row warning
        complete SHOW
        ready I
    "#]]
    .assert_eq(&shown);

    expect![[r#"
        authenticated
        error FATAL 42704 unrecognized configuration parameter "no_such_setting"
        (closed)
    "#]]
    .assert_eq(&startup(&[USER, DATABASE, ("no_such_setting", "1")]).await);
    expect![[r#"
        authenticated
        error FATAL 22023 invalid value for parameter "client_encoding": "LATIN1"
        (closed)
    "#]]
    .assert_eq(&startup(&[USER, DATABASE, ("client_encoding", "LATIN1")]).await);
    expect![[r#"
        authenticated
        error FATAL 22023 invalid command-line argument for server process: -d
        (closed)
    "#]]
    .assert_eq(&startup(&[USER, DATABASE, ("options", "-d 5")]).await);
    expect![[r#"
        authenticated
        error FATAL 0A000 replication connections are not supported
        (closed)
    "#]]
    .assert_eq(&startup(&[USER, DATABASE, ("replication", "database")]).await);
}

#[tokio::test]
async fn sessions_are_bounded_and_places_come_free() {
    let server = TestServer::with(|options| options.max_connections = 1).await;
    let mut first = server.raw().await;
    let mut second = RawClient::connect(server.address).await;
    second.startup(&[USER, DATABASE]).await;
    expect![[r#"
        error FATAL 53300 sorry, too many clients already
        (closed)
    "#]]
    .assert_eq(&second.until_ready().await);
    first.send(b"X\0\0\0\x04").await;
    assert_eq!(first.next().await, "(closed)");
    // The place is free as soon as the first connection has ended, which may be a moment after its socket has.
    loop {
        let mut third = RawClient::connect(server.address).await;
        third.startup(&[USER, DATABASE]).await;
        if third.until_ready().await.ends_with("ready I\n") {
            break;
        }
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_is_not_waited_for() {
    let server = TestServer::with(|options| {
        options.startup_timeout = std::time::Duration::from_millis(20);
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client.send(b"\0\0").await;
    expect![[r#"
        error FATAL 57014 canceling authentication due to timeout
        (closed)
    "#]]
    .assert_eq(&client.until_ready().await);
}
