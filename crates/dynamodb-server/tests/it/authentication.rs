//! Signatures, over the wire.

use crate::server::{
    ACCESS_KEY, Client, ENDED_KEY, READING_KEY, SECRET, SESSION_TOKEN, Server, TEMPORARY_KEY,
};
use expect_test::expect;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
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
    signed_operation(key, secret, date, region, "ListTables", BODY)
}

/// The headers of a signed request.
fn signed_operation(
    key: &str,
    secret: &str,
    date: &str,
    region: &str,
    operation: &str,
    body: &[u8],
) -> String {
    let names = "host;x-amz-date;x-amz-target";
    let canonical = format!(
        "POST\n/\n\nhost:localhost\nx-amz-date:{date}\nx-amz-target:DynamoDB_20120810.{operation}\n\n{names}\n{}",
        hex(&Sha256::digest(body))
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
        "X-Amz-Date: {date}\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\nAuthorization: AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}\r\n"
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
    presigned_by(ACCESS_KEY, secret, date, seconds, None)
}

fn presigned_by(key: &str, secret: &str, date: &str, seconds: u32, token: Option<&str>) -> String {
    let scope = format!("{}/us-east-1/dynamodb/aws4_request", &date[..8]);
    let token = token.map_or_else(String::new, |token| {
        let encoded = token
            .replace('/', "%2F")
            .replace('+', "%2B")
            .replace('=', "%3D");
        format!("&X-Amz-Security-Token={encoded}")
    });
    let query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key}%2F{}&X-Amz-Date={date}&X-Amz-Expires={seconds}{token}&X-Amz-SignedHeaders=host%3Bx-amz-target",
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

/// Posts to a presigned URL: 200, or the exception's first line.
async fn post_presigned(client: &mut Client, path: &str, more: &str) -> String {
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
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_urls_are_answered_until_they_expire() {
    let server = Server::start_authenticated().await;
    let mut client = server.client().await;
    let mut post = async |path: &str, more: &str| post_presigned(&mut client, path, more).await;
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

/// Temporary credentials are good with their token and until they end; beside a permanent key a token means nothing.
#[tokio::test(flavor = "multi_thread")]
async fn session_tokens_belong_to_their_keys_and_end() {
    let server = Server::start_authenticated().await;
    let mut client = server.client().await;
    let with = |key: &str, token: Option<&str>| {
        let headers = signed(key, SECRET, DATE, "us-east-1");
        match token {
            None => headers,
            Some(token) => format!("{headers}X-Amz-Security-Token: {token}\r\n"),
        }
    };
    let answer = client
        .post(&with(TEMPORARY_KEY, Some(SESSION_TOKEN)), BODY)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    expect![[
        r#"400 ExpiredTokenException: The security token included in the request is expired"#
    ]]
    .assert_eq(&refused(&mut client, &with(ENDED_KEY, Some(SESSION_TOKEN)), BODY).await);
    for (key, token) in [
        (TEMPORARY_KEY, None),
        (TEMPORARY_KEY, Some("")),
        (TEMPORARY_KEY, Some("a/session+token")),
        (ENDED_KEY, Some("guess")),
    ] {
        expect![[
            r#"400 UnrecognizedClientException: The security token included in the request is invalid."#
        ]]
        .assert_eq(&refused(&mut client, &with(key, token), BODY).await);
    }
    let made_up = with(ACCESS_KEY, Some("made up"));
    assert_eq!(client.post(&made_up, BODY).await.status, 200);
    // Presigned, the token is a parameter.
    let path = presigned_by(TEMPORARY_KEY, SECRET, DATE, 60, Some(SESSION_TOKEN));
    expect!["200"].assert_eq(&post_presigned(&mut client, &path, "").await);
    let path = presigned_by(TEMPORARY_KEY, SECRET, DATE, 60, None);
    expect![
        "400 UnrecognizedClientException: The security token included in the request is invalid."
    ]
    .assert_eq(&post_presigned(&mut client, &path, "").await);
}

/// A key that only reads: everything that writes is told what was asked for and of what.
#[tokio::test(flavor = "multi_thread")]
async fn reading_keys_do_not_write() {
    let server = Server::start_authenticated().await;
    let mut client = server.client().await;
    let mut post = async |key: &str, operation: &str, body: serde_json::Value| {
        let body = body.to_string().into_bytes();
        let headers = signed_operation(key, SECRET, DATE, "us-east-1", operation, &body);
        let answer = client.post(&headers, &body).await;
        match answer.status {
            200 => String::from_utf8(answer.body).expect("text"),
            _ => answer.exception(),
        }
    };
    let table = json!({"TableName": "music", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "artist", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "artist", "KeyType": "HASH"}]});
    post(ACCESS_KEY, "CreateTable", table.clone()).await;
    let item = json!({"artist": {"S": "a"}});
    let put = json!({"TableName": "music", "Item": item});
    expect!["{}"].assert_eq(&post(ACCESS_KEY, "PutItem", put.clone()).await);

    let statement = |text: &str| json!({"Statement": text});
    let select = "SELECT artist FROM music WHERE artist = 'a'";
    for (operation, body) in [
        ("GetItem", json!({"TableName": "music", "Key": item})),
        ("Scan", json!({"TableName": "music"})),
        ("ExecuteStatement", statement(select)),
        (
            "ExecuteTransaction",
            json!({"TransactStatements": [statement(select)]}),
        ),
        (
            "BatchExecuteStatement",
            json!({"Statements": [statement(select)]}),
        ),
        (
            "TransactGetItems",
            json!({"TransactItems": [{"Get": {"TableName": "music", "Key": item}}]}),
        ),
        ("DescribeTable", json!({"TableName": "music"})),
    ] {
        let answer = post(READING_KEY, operation, body).await;
        assert!(answer.contains("artist"), "{operation}: {answer}");
    }

    let insert = "INSERT INTO music VALUE {'artist': 'b'}";
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/music";
    let mut refused = String::new();
    for (operation, body) in [
        ("PutItem", put.clone()),
        ("DeleteTable", json!({"TableName": arn})),
        ("CreateTable", table),
        ("TagResource", json!({"ResourceArn": arn, "Tags": []})),
        (
            "BatchWriteItem",
            json!({"RequestItems": {"music": [{"PutRequest": {"Item": item}}]}}),
        ),
        (
            "TransactWriteItems",
            json!({"TransactItems": [{"Delete": {"TableName": "music", "Key": item}}]}),
        ),
        ("ExecuteStatement", statement(insert)),
        (
            "ExecuteStatement",
            statement("UPDATE music SET n = 1 WHERE artist = 'a'"),
        ),
        (
            "ExecuteStatement",
            statement("DELETE FROM music WHERE artist = 'a'"),
        ),
        (
            "ExecuteTransaction",
            json!({"TransactStatements": [statement(insert)]}),
        ),
        (
            "BatchExecuteStatement",
            json!({"Statements": [statement(insert)]}),
        ),
        (
            "UpdateGlobalTable",
            json!({"GlobalTableName": "music", "ReplicaUpdates": []}),
        ),
    ] {
        let answer = post(READING_KEY, operation, body).await;
        refused += &format!("{operation}: {answer}\n");
    }
    expect![[r#"
        PutItem: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:PutItem action
        DeleteTable: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:DeleteTable on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:DeleteTable action
        CreateTable: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:CreateTable on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:CreateTable action
        TagResource: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:TagResource on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:TagResource action
        BatchWriteItem: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:BatchWriteItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:BatchWriteItem action
        TransactWriteItems: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:DeleteItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:DeleteItem action
        ExecuteStatement: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:PartiQLInsert on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:PartiQLInsert action
        ExecuteStatement: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:PartiQLUpdate on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:PartiQLUpdate action
        ExecuteStatement: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:PartiQLDelete on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:PartiQLDelete action
        ExecuteTransaction: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:PartiQLInsert on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:PartiQLInsert action
        BatchExecuteStatement: {"Responses":[{"Error":{"Code":"AccessDenied","Message":"User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:PartiQLInsert on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music because no identity-based policy allows the dynamodb:PartiQLInsert action"}}]}
        UpdateGlobalTable: 400 AccessDeniedException: User: arn:aws:iam::000000000000:user/anna is not authorized to perform: dynamodb:UpdateGlobalTable on resource: * because no identity-based policy allows the dynamodb:UpdateGlobalTable action
    "#]].assert_eq(&refused);
    let count = post(
        ACCESS_KEY,
        "Scan",
        json!({"TableName": "music", "Select": "COUNT"}),
    )
    .await;
    expect![[r#"{"Count":1,"ScannedCount":1}"#]].assert_eq(&count);
}
