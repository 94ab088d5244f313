//! Signatures, over the wire.

use crate::server::{ACCESS_KEY, Client, SECRET, Server};
use expect_test::expect;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const BODY: &[u8] = b"{}";
/// What the server's clock shows.
const DATE: &str = "20261123T120000Z";

fn hmac(key: &[u8], data: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The headers of a signed ListTables, as a client makes them.
fn signed(key: &str, secret: &str, date: &str, region: &str) -> String {
    let names = "host;x-amz-date;x-amz-target";
    let canonical = format!(
        "POST\n/\n\nhost:localhost\nx-amz-date:{date}\nx-amz-target:DynamoDB_20120810.ListTables\n\n{names}\n{}",
        hex(&Sha256::digest(BODY))
    );
    let scope = format!("{}/{region}/dynamodb/aws4_request", &date[..8]);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let mut signing_key = format!("AWS4{secret}").into_bytes();
    for part in [&date[..8], region, "dynamodb", "aws4_request"] {
        signing_key = hmac(&signing_key, part);
    }
    let signature = hex(&hmac(&signing_key, &to_sign));
    format!(
        "X-Amz-Date: {date}\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nAuthorization: AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}\r\n"
    )
}

async fn refused(client: &mut Client, headers: &str, body: &[u8]) -> String {
    let exception = client.post(headers, body).await.exception();
    // The rest of a mismatch shows the canonical request.
    exception.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_requests_are_answered_and_others_are_not() {
    let server = Server::start_authenticated().await;
    let mut client = server.client().await;
    for _ in 0..2 {
        let answer = client
            .post(&signed(ACCESS_KEY, SECRET, DATE, "us-east-1"), BODY)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let unsigned = "X-Amz-Target: DynamoDB_20120810.ListTables\r\n";
    expect![[
        r#"400 MissingAuthenticationTokenException: Request is missing Authentication Token"#
    ]]
    .assert_eq(&refused(&mut client, unsigned, BODY).await);
    let other_key = signed("AKIDOTHER", SECRET, DATE, "us-east-1");
    expect![[
        r#"400 UnrecognizedClientException: The security token included in the request is invalid."#
    ]]
    .assert_eq(&refused(&mut client, &other_key, BODY).await);
    let wrong_secret = signed(ACCESS_KEY, "guess", DATE, "us-east-1");
    expect![[r#"400 InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."#]].assert_eq(&refused(&mut client, &wrong_secret, BODY).await);
    let good = signed(ACCESS_KEY, SECRET, DATE, "us-east-1");
    expect![[r#"400 InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."#]].assert_eq(&refused(&mut client, &good, b"{\"Limit\":1}").await);
    let other_operation = good.replace("ListTables", "DescribeLimits");
    expect![[r#"400 InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."#]].assert_eq(&refused(&mut client, &other_operation, BODY).await);
    let old = signed(ACCESS_KEY, SECRET, "20261123T114459Z", "us-east-1");
    expect![[r#"400 InvalidSignatureException: Signature expired: 20261123T114459Z is now earlier than 20261123T114500Z (20261123T120000Z - 15 min.)"#]].assert_eq(&refused(&mut client, &old, BODY).await);
    let elsewhere = signed(ACCESS_KEY, SECRET, DATE, "eu-west-1");
    expect![[r#"400 InvalidSignatureException: Credential should be scoped to a valid region, not 'eu-west-1'. This server's region is 'us-east-1'."#]].assert_eq(&refused(&mut client, &elsewhere, BODY).await);
    let incomplete = "X-Amz-Target: DynamoDB_20120810.ListTables\r\nAuthorization: AWS4-HMAC-SHA256 Signature=00\r\n";
    expect![[r#"400 IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"#]].assert_eq(&refused(&mut client, incomplete, BODY).await);
    client
        .send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert_eq!(
        client.answer().await.status,
        200,
        "health needs no signature"
    );
}

/// A presigned URL of ListTables, good for that many seconds, as a client makes it; its path and query.
fn presigned(secret: &str, date: &str, seconds: u32) -> String {
    let scope = format!("{}/us-east-1/dynamodb/aws4_request", &date[..8]);
    let query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ACCESS_KEY}%2F{}&X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host%3Bx-amz-target",
        scope.replace('/', "%2F")
    );
    let canonical = format!(
        "POST\n/\n{query}\nhost:localhost\nx-amz-target:DynamoDB_20120810.ListTables\n\nhost;x-amz-target\n{}",
        hex(&Sha256::digest(BODY))
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let mut signing_key = format!("AWS4{secret}").into_bytes();
    for part in [&date[..8], "us-east-1", "dynamodb", "aws4_request"] {
        signing_key = hmac(&signing_key, part);
    }
    let signature = hex(&hmac(&signing_key, &to_sign));
    format!("/?{query}&X-Amz-Signature={signature}")
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_urls_are_answered_until_they_expire() {
    let server = Server::start_authenticated().await;
    let mut client = server.client().await;
    let mut post = async |path: &str, more: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Length: 2\r\n{more}\r\n{{}}"
        );
        client.send(request.as_bytes()).await;
        let answer = client.answer().await;
        match answer.status {
            200 => "200".to_owned(),
            _ => {
                let exception = answer.exception();
                exception.lines().next().unwrap_or_default().to_owned()
            }
        }
    };
    let good = presigned(SECRET, DATE, 60);
    expect!["200"].assert_eq(&post(&good, "").await);
    expect!["200"].assert_eq(&post(&presigned(SECRET, "20261122T120000Z", 86_400), "").await);
    expect!["400 InvalidSignatureException: Signature expired: 20261123T115959Z is now earlier than 20261123T120000Z"]
        .assert_eq(&post(&presigned(SECRET, "20261122T120000Z", 86_399), "").await);
    expect!["400 InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."]
        .assert_eq(&post(&presigned("guess", DATE, 60), "").await);
    expect!["400 IncompleteSignatureException: X-Amz-Expires must be a number of seconds from 1 to 604800, not '604801'"]
        .assert_eq(&post(&presigned(SECRET, DATE, 604_801), "").await);
    expect!["400 IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."]
        .assert_eq(&post(good.split("&X-Amz-SignedHeaders").next().unwrap_or_default(), "").await);
    expect!["400 InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."]
        .assert_eq(&post(&good, "Authorization: AWS4-HMAC-SHA256 Credential=x\r\n").await);
}
