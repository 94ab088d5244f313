//! Passwords.

use crate::harness::{OneUser, TestServer};
use crate::raw::{RawClient, message, query};
use expect_test::expect;
use std::sync::Arc;

async fn server() -> TestServer {
    TestServer::with(|options| options.credentials = Some(Arc::new(OneUser))).await
}

async fn login(server: &TestServer, user: &str, password: &str) -> Result<(), String> {
    let config = format!(
        "host=127.0.0.1 port={} user={user} password={password} dbname=shale",
        server.address.port()
    );
    match tokio_postgres::connect(&config, tokio_postgres::NoTls).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let error = error.as_db_error().expect("an error of the server's");
            Err(format!(
                "{} {} {}",
                error.severity(),
                error.code().code(),
                error.message()
            ))
        }
    }
}

#[tokio::test]
async fn a_driver_logs_in() {
    let server = server().await;
    assert_eq!(login(&server, "alice", "secret").await, Ok(()));
    expect![[r#"FATAL 28P01 password authentication failed for user "alice""#]]
        .assert_eq(&login(&server, "alice", "wrong").await.unwrap_err());
    // A user who does not exist looks the same.
    expect![[r#"FATAL 28P01 password authentication failed for user "bob""#]]
        .assert_eq(&login(&server, "bob", "secret").await.unwrap_err());
}

#[tokio::test]
async fn a_database_is_named_only_to_those_who_may_come_in() {
    let server = server().await;
    let config = |password: &str| {
        format!(
            "host=127.0.0.1 port={} user=alice password={password} dbname=other",
            server.address.port()
        )
    };
    let code = async |password: &str| {
        let result = tokio_postgres::connect(&config(password), tokio_postgres::NoTls).await;
        let error = result.err().expect("refused");
        error.code().expect("a SQLSTATE").code().to_owned()
    };
    assert_eq!(code("wrong").await, "28P01");
    assert_eq!(code("secret").await, "3D000");
}

#[tokio::test]
async fn the_salt_of_an_unknown_user_stays_the_same() {
    let server = server().await;
    let salt = async |user: &str| {
        let mut client = RawClient::connect(server.address).await;
        client
            .startup(&[("user", user), ("database", "shale")])
            .await;
        assert_eq!(client.next().await, "sasl SCRAM-SHA-256");
        let body = [&b"SCRAM-SHA-256\0"[..], &9_u32.to_be_bytes(), b"n,,n=,r=x"].concat();
        client.send(&message(b'p', &body)).await;
        let (_, body) = client.receive().await.unwrap();
        let text = String::from_utf8(body[4..].to_vec()).unwrap();
        let (_, salt) = text.split_once(",s=").unwrap();
        salt.to_owned()
    };
    assert_eq!(salt("bob").await, salt("bob").await);
    assert_ne!(salt("bob").await, salt("carol").await);
    // As long as a real one, with the same number of rounds.
    assert_eq!(salt("bob").await.len(), salt("alice").await.len());
    assert!(salt("bob").await.ends_with(",i=4096"));
}

#[tokio::test]
async fn what_is_not_a_password_is_refused() {
    let server = server().await;
    let answer = async |bytes: Vec<u8>| {
        let mut client = RawClient::connect(server.address).await;
        client
            .startup(&[("user", "alice"), ("database", "shale")])
            .await;
        client.next().await;
        client.send(&bytes).await;
        client.until_ready().await
    };
    expect![[r#"
        error FATAL 08P01 expected SASL response, got message type 81
        (closed)
    "#]]
    .assert_eq(&answer(query("SELECT 1")).await);
    expect![[r#"
        error FATAL 08P01 client selected an invalid SASL authentication mechanism
        (closed)
    "#]]
    .assert_eq(&answer(message(b'p', b"PLAIN\0\0\0\0\0")).await);
    expect![[r#"
        error FATAL 08P01 insufficient data left in message
        (closed)
    "#]]
    .assert_eq(&answer(message(b'p', b"SCRAM-SHA-256\0\0\0\0\x7fn,,")).await);
    expect![[r#"
        error FATAL 08P01 malformed SCRAM message [D: no channel binding flag]
        (closed)
    "#]]
    .assert_eq(&answer(message(b'p', b"SCRAM-SHA-256\0\0\0\0\x03abc")).await);
    expect![[r#"
        error FATAL 08P01 invalid message length
        (closed)
    "#]]
    .assert_eq(&answer(message(b'p', &[b'a'; 20_000])).await);
}
