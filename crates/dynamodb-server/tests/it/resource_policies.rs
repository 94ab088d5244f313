//! Resource policies: stored, shown, changed under the revision that was seen.

use crate::server::{Client, Server};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/music";

fn policy(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": action, "Resource": ARN}]})
    .to_string()
}

async fn put(client: &mut Client, policy: &str) -> String {
    let request = json!({"ResourceArn": ARN, "Policy": policy});
    revision(&client.ok("PutResourcePolicy", request).await)
}

fn revision(answer: &Value) -> String {
    answer["RevisionId"]
        .as_str()
        .expect("a revision")
        .to_owned()
}

fn no_policy(rest: &str) -> String {
    format!(
        "400 PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: {ARN}{rest}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_stored_with_a_revision() {
    let (_server, mut client) = Server::with_music().await;
    let resource = json!({"ResourceArn": ARN});
    assert_eq!(
        client.err("GetResourcePolicy", resource.clone()).await,
        no_policy("")
    );
    let read = policy("dynamodb:GetItem");
    let first = put(&mut client, &read).await;
    assert_eq!(
        client.ok("GetResourcePolicy", resource.clone()).await,
        json!({"Policy": read, "RevisionId": first})
    );
    assert_eq!(put(&mut client, &read).await, first, "the same policy");
    let second = put(&mut client, &policy("dynamodb:Query")).await;
    assert_ne!(second, first);
    let removed = client.ok("DeleteResourcePolicy", resource.clone()).await;
    assert_eq!(revision(&removed), second);
    assert_eq!(
        client.ok("DeleteResourcePolicy", resource.clone()).await,
        json!({})
    );
    assert_eq!(
        client.err("GetResourcePolicy", resource).await,
        no_policy("")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_can_be_created_with_a_policy() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let create = |policy: &str| {
        json!({"TableName": "music", "BillingMode": "PAY_PER_REQUEST", "ResourcePolicy": policy,
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]})
    };
    assert_eq!(
        client.err("CreateTable", create("[]")).await,
        "400 ValidationException: Invalid policy document: it must be a JSON object with a Statement"
    );
    let policy = policy("dynamodb:Scan");
    client.ok("CreateTable", create(&policy)).await;
    let resource = json!({"ResourceArn": ARN});
    let found = client.ok("GetResourcePolicy", resource.clone()).await;
    assert_eq!(found["Policy"], policy);
    // It goes with its table.
    client
        .ok("DeleteTable", json!({"TableName": "music"}))
        .await;
    let mut again = create(&policy);
    again
        .as_object_mut()
        .expect("a request")
        .remove("ResourcePolicy");
    client.ok("CreateTable", again).await;
    assert_eq!(
        client.err("GetResourcePolicy", resource).await,
        no_policy("")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expected_revision_must_be_the_newest() {
    let (_server, mut client) = Server::with_music().await;
    let expecting = |revision: &str, action: &str| json!({"ResourceArn": ARN, "Policy": policy(action), "ExpectedRevisionId": revision});
    assert_eq!(
        client.err("PutResourcePolicy", expecting("1", "a")).await,
        no_policy(" with the expected RevisionId 1")
    );
    let delete = |revision: &str| json!({"ResourceArn": ARN, "ExpectedRevisionId": revision});
    assert_eq!(
        client.err("DeleteResourcePolicy", delete("1")).await,
        no_policy(" with the expected RevisionId 1")
    );
    let none = expecting("NO_POLICY", "a");
    let first = revision(&client.ok("PutResourcePolicy", none.clone()).await);
    assert_eq!(
        client.err("PutResourcePolicy", none).await,
        no_policy(" with the expected RevisionId NO_POLICY")
    );
    let answer = client.ok("PutResourcePolicy", expecting(&first, "b")).await;
    let second = revision(&answer);
    assert_ne!(first, second);
    assert_eq!(
        client.err("DeleteResourcePolicy", delete(&first)).await,
        no_policy(&format!(" with the expected RevisionId {first}"))
    );
    let answer = client.ok("DeleteResourcePolicy", delete(&second)).await;
    assert_eq!(revision(&answer), second);
}

/// Of writers that expect the same revision, one gets through.
#[tokio::test(flavor = "multi_thread")]
async fn of_writers_that_saw_the_same_one_wins() {
    let (server, mut client) = Server::with_music().await;
    let mut seen = put(&mut client, &policy("start")).await;
    for round in 0..10 {
        let mut writers = Vec::new();
        for writer in 0..4 {
            let mut client = server.client().await;
            let request = json!({"ResourceArn": ARN, "ExpectedRevisionId": seen,
                "Policy": policy(&format!("{round}-{writer}"))});
            writers.push(tokio::spawn(async move {
                client
                    .call("PutResourcePolicy", request.to_string())
                    .await
                    .status
            }));
        }
        let mut done = 0;
        for writer in writers {
            done += usize::from(writer.await.expect("a status") == 200);
        }
        assert_eq!(done, 1);
        let answer = client
            .ok("GetResourcePolicy", json!({"ResourceArn": ARN}))
            .await;
        seen = revision(&answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_have_policies_of_their_own() {
    let (_server, mut client) = Server::with_music().await;
    let stream = json!({"TableName": "music",
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}});
    let described = client.ok("UpdateTable", stream).await;
    let arn = described["TableDescription"]["LatestStreamArn"].clone();
    put(&mut client, &policy("table")).await;
    let of_stream = json!({"ResourceArn": arn, "Policy": policy("stream")});
    client.ok("PutResourcePolicy", of_stream).await;
    let found = client
        .ok("GetResourcePolicy", json!({"ResourceArn": arn}))
        .await;
    assert_eq!(found["Policy"], policy("stream"));
    let found = client
        .ok("GetResourcePolicy", json!({"ResourceArn": ARN}))
        .await;
    assert_eq!(found["Policy"], policy("table"));
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_policies_and_resources_are_refused() {
    let (_server, mut client) = Server::with_music().await;
    let nope = ARN.replace("music", "nope");
    let stream = format!("{ARN}/stream/2026-11-23T12:00:00.000");
    for (request, expected) in [
        (
            json!({}),
            "400 ValidationException: 2 validation errors detected: Value at 'ResourceArn' failed to satisfy constraint: Member must not be null; Value at 'Policy' failed to satisfy constraint: Member must not be null".to_owned(),
        ),
        (
            json!({"ResourceArn": nope, "Policy": policy("a")}),
            format!("400 ResourceNotFoundException: Requested resource not found: ResourceArn: {nope} not found"),
        ),
        (
            json!({"ResourceArn": stream, "Policy": policy("a")}),
            format!("400 ResourceNotFoundException: Requested resource not found: ResourceArn: {stream} not found"),
        ),
        (
            json!({"ResourceArn": "music", "Policy": policy("a")}),
            "400 ValidationException: Invalid ARN: music is not the ARN of a table of this server".to_owned(),
        ),
        (
            json!({"ResourceArn": ARN, "Policy": "allow"}),
            "400 ValidationException: Invalid policy document: it must be a JSON object with a Statement".to_owned(),
        ),
        (
            json!({"ResourceArn": ARN, "Policy": "{}"}),
            "400 ValidationException: Invalid policy document: it must be a JSON object with a Statement".to_owned(),
        ),
        (
            json!({"ResourceArn": ARN, "Policy": format!("{}{}", policy("a"), " ".repeat(20480))}),
            format!("400 ValidationException: Invalid policy document: it has {} bytes, the limit is 20480", policy("a").len() + 20480),
        ),
    ] {
        assert_eq!(client.err("PutResourcePolicy", request).await, expected);
    }
}
