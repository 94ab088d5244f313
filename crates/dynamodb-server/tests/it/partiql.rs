//! ExecuteStatement.

use crate::server::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn statements_write_and_read_items() {
    let (_server, mut client) = Server::with_music().await;
    let insert = json!({"Statement": "INSERT INTO music VALUE {'artist': ?, 'song': 'x', 'n': 1}",
        "Parameters": [{"S": "a"}]});
    assert_eq!(
        client.ok("ExecuteStatement", insert.clone()).await["Items"],
        json!([])
    );
    let again = client.err("ExecuteStatement", insert).await;
    assert_eq!(
        again,
        "400 DuplicateItemException: Duplicate primary key exists in table"
    );
    let selected = client
        .ok(
            "ExecuteStatement",
            json!({"Statement": "SELECT * FROM music WHERE artist = 'a' AND song = ?",
            "Parameters": [{"S": "x"}], "ReturnConsumedCapacity": "TOTAL"}),
        )
        .await;
    assert_eq!(
        selected["Items"],
        json!([{"artist": {"S": "a"}, "song": {"S": "x"}, "n": {"N": "1"}}])
    );
    assert_eq!(selected["ConsumedCapacity"]["TableName"], "music");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_with_a_token() {
    let (_server, mut client) = Server::with_music().await;
    for n in 0..5 {
        client
            .ok("PutItem", json!({"TableName": "music", "Item": crate::server::music_key("a", &n.to_string())}))
            .await;
    }
    let mut request = json!({"Statement": "SELECT song FROM music WHERE artist = 'a'", "Limit": 2});
    let mut songs = Vec::new();
    loop {
        let page = client.ok("ExecuteStatement", request.clone()).await;
        for item in page["Items"].as_array().expect("items") {
            songs.push(item["song"]["S"].as_str().expect("a song").to_owned());
        }
        match page.get("NextToken") {
            Some(token) => request["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(songs, ["0", "1", "2", "3", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_statements_are_refused() {
    let (_server, mut client) = Server::with_music().await;
    for (statement, exception) in [
        (
            "SELEC * FROM music",
            "400 ValidationException: Statement wasn't well formed, can't be processed: ",
        ),
        (
            "SELECT * FROM nope",
            "400 ResourceNotFoundException: Requested resource not found",
        ),
        (
            "",
            "400 ValidationException: 1 validation error detected: Value '' at 'statement'",
        ),
    ] {
        let answer = client
            .err("ExecuteStatement", json!({"Statement": statement}))
            .await;
        assert!(answer.starts_with(exception), "{statement}: {answer}");
    }
}
