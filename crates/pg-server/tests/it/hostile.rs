//! Bytes that no client would send.

use crate::harness::{TestServer, soon};
use crate::raw::{RawClient, message, parse, query, sync};
use expect_test::expect;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn still_serves(server: &TestServer) {
    let mut client = server.raw().await;
    let answer = client.ask(&[query("SHOW timezone")]).await;
    assert!(answer.ends_with("ready I\n"), "{answer}");
}

/// What a new connection is told that begins with these bytes.
async fn first(server: &TestServer, bytes: &[u8]) -> String {
    let mut client = RawClient::connect(server.address).await;
    client.send(bytes).await;
    client.until_ready().await
}

#[tokio::test]
async fn garbage_at_startup() {
    let server = TestServer::start().await;
    let too_long = "error FATAL 08P01 invalid length of startup packet\n(closed)\n";
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"\xff\xff\xff\xff\0\x03\0\0",
        b"\0\0\0\0\0\x03\0\0",
        b"\0\0\0\x07\0\x03\0",
        &10_001_u32.to_be_bytes(),
    ] {
        assert_eq!(first(&server, bytes).await, too_long, "{bytes:?}");
    }
    expect![[r#"
        error FATAL 08P01 invalid startup packet layout: expected terminator as last byte
        (closed)
    "#]]
    .assert_eq(&first(&server, b"\0\0\0\x08\0\x03\0\0").await);
    expect![[r#"
        error FATAL 08P01 invalid startup packet layout: expected terminator as last byte
        (closed)
    "#]]
    .assert_eq(&first(&server, b"\0\0\0\x0e\0\x03\0\0user\0x").await);
    // A cancel request that is too short for its key is not answered, like any other.
    assert_eq!(
        first(&server, b"\0\0\0\x08\x04\xd2\x16\x2e").await,
        "(closed)\n"
    );
    assert_eq!(
        first(&server, b"\0\0\0\x0c\x04\xd2\x16\x2e\0\0\0\x01").await,
        "(closed)\n"
    );
    still_serves(&server).await;
}

#[tokio::test]
async fn half_packets_and_half_messages() {
    let server = TestServer::start().await;
    for bytes in [&b""[..], b"\0", b"\0\0\0\x20\0\x03"] {
        let mut client = RawClient::connect(server.address).await;
        client.send(bytes).await;
        client.stream.shutdown().await.unwrap();
        assert_eq!(client.next().await, "(closed)");
    }
    for bytes in [&b"Q"[..], b"Q\0\0", b"Q\0\0\0\x20SELECT", b"P\0\0\x10\0"] {
        let mut client = server.raw().await;
        client.send(bytes).await;
        client.stream.shutdown().await.unwrap();
        assert_eq!(client.next().await, "(closed)");
    }
    // One byte at a time is slow, but right.
    let mut client = server.raw().await;
    for byte in query("SHOW timezone") {
        client.send(&[byte]).await;
    }
    assert!(client.until_ready().await.ends_with("ready I\n"));
}

#[tokio::test]
async fn lengths_that_cannot_be() {
    let server = TestServer::start().await;
    let told = async |bytes: &[u8]| {
        let mut client = server.raw().await;
        client.send(bytes).await;
        client.until_ready().await
    };
    let garbage = "error FATAL 08P01 invalid message length\n(closed)\n";
    for bytes in [
        &b"Q\xff\xff\xff\xff"[..],
        b"Q\x7f\xff\xff\xff",
        b"Q\0\0\0\0",
        b"Q\0\0\0\x03",
        // Sync, Execute and the like are short.
        b"S\0\0\x30\0",
        b"E\0\x10\0\0",
    ] {
        assert_eq!(told(bytes).await, garbage, "{bytes:?}");
    }
    expect![[r#"
        error FATAL 08P01 invalid frontend message type 33
        (closed)
    "#]]
    .assert_eq(&told(b"!\0\0\0\x04").await);
    expect![[r#"
        error FATAL 08P01 invalid frontend message type 112
        (closed)
    "#]]
    .assert_eq(&told(&message(b'p', b"password\0")).await);
    still_serves(&server).await;
}

#[tokio::test]
async fn messages_above_the_limit_are_skipped() {
    let server = TestServer::with(|options| options.message_bytes_max = 20_000).await;
    let mut client = server.raw().await;
    let long = format!("SELECT '{}'", "x".repeat(100_000));
    expect![[r#"
        error ERROR 54000 message of 100014 bytes is too large [D: The limit is 20000 bytes.]
        ready I
    "#]]
    .assert_eq(&client.ask(&[query(&long)]).await);
    expect![[r#"
        error ERROR 54000 message of 100017 bytes is too large [D: The limit is 20000 bytes.]
        ready I
    "#]]
    .assert_eq(&client.ask(&[parse("", &long, &[]), sync()]).await);
    client
        .ask(&[query("CREATE TABLE t (id int PRIMARY KEY, name text)")])
        .await;
    let data = message(b'd', &vec![b'x'; 100_000]);
    expect![[r#"
        copy in, format 0, 2 columns
        error ERROR 54000 message of 100004 bytes is too large [D: The limit is 20000 bytes.]
        ready I
    "#]]
    .assert_eq(
        &client
            .ask(&[query("COPY t FROM STDIN"), data.clone(), data])
            .await,
    );
    assert!(
        client
            .ask(&[query("SHOW timezone")])
            .await
            .ends_with("ready I\n")
    );
}

#[tokio::test]
async fn bodies_that_lie() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    let told = client.ask(&[message(b'Q', b"SELECT 1")]).await;
    expect![[r#"
        error ERROR 08P01 invalid string in message
        ready I
    "#]]
    .assert_eq(&told);
    let told = client.ask(&[message(b'Q', b"SELECT '\xff'\0")]).await;
    expect![[r#"
        error ERROR 22021 invalid byte sequence for encoding "UTF8": 0xff
        ready I
    "#]]
    .assert_eq(&told);
    // 65,535 parameters, one of two thousand million bytes, and a count of formats that is not there.
    for body in [
        &b"\0\0\0\0\xff\xff"[..],
        b"\0\0\0\0\0\x01\x7f\xff\xff\xffhi\0\0",
        b"\0\0\xff\xff",
        b"\0",
        b"",
    ] {
        let told = client.ask(&[message(b'B', body), sync()]).await;
        assert!(told.starts_with("error ERROR 08P01"), "{told}");
        assert!(told.ends_with("ready I\n"), "{told}");
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn random_messages() {
    let server = TestServer::start().await;
    let mut random = ChaCha8Rng::seed_from_u64(20_261_123);
    let kinds = b"QPBDECHSFdcf";
    for _ in 0..200 {
        let client = server.raw().await;
        let (mut reader, mut writer) = client.stream.into_split();
        let reading = tokio::spawn(async move {
            let mut sink = vec![0; 4096];
            while matches!(reader.read(&mut sink).await, Ok(1..)) {}
        });
        for _ in 0..random.random_range(1..20) {
            let kind = kinds[random.random_range(0..kinds.len())];
            let mut body = vec![0; random.random_range(0..40)];
            random.fill(&mut body[..]);
            if writer.write_all(&message(kind, &body)).await.is_err() {
                break;
            }
        }
        drop(writer);
        soon(reading).await.unwrap();
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn random_bytes() {
    let server = TestServer::start().await;
    let mut random = ChaCha8Rng::seed_from_u64(42);
    for round in 0..200 {
        let mut client = match round % 2 {
            0 => RawClient::connect(server.address).await,
            _ => server.raw().await,
        };
        let mut bytes = vec![0; random.random_range(1..200)];
        random.fill(&mut bytes[..]);
        let _ = client.stream.write_all(&bytes).await;
        let _ = client.stream.shutdown().await;
        let mut sink = vec![];
        let _ = soon(client.stream.read_to_end(&mut sink)).await;
    }
    still_serves(&server).await;
}
