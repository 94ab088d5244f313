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
            "400 ValidationException: 1 validation error detected: Value at 'Statement'",
        ),
    ] {
        let answer = client
            .err("ExecuteStatement", json!({"Statement": statement}))
            .await;
        assert!(answer.starts_with(exception), "{statement}: {answer}");
    }
}

/// A local index is completed from its table; a global one must hold what a statement names.
#[tokio::test(flavor = "multi_thread")]
async fn attributes_that_an_index_does_not_hold() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let key = |hash: &str, range: &str| json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]);
    let attributes = [("pk", "S"), ("sk", "S"), ("l", "N"), ("g", "S")]
        .map(|(name, of)| json!({"AttributeName": name, "AttributeType": of}));
    let keys_only = json!({"ProjectionType": "KEYS_ONLY"});
    let table = json!({
        "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": key("pk", "sk"),
        "LocalSecondaryIndexes": [{"IndexName": "lix", "KeySchema": key("pk", "l"), "Projection": keys_only}],
        "GlobalSecondaryIndexes": [{"IndexName": "gix", "KeySchema": key("g", "l"), "Projection": keys_only}],
    });
    client.ok("CreateTable", table).await;
    for n in 0..3 {
        let item = json!({"pk": {"S": "q"}, "sk": {"S": n.to_string()}, "l": {"N": n.to_string()},
            "g": {"S": "G"}, "a": {"S": format!("v{n}")}});
        let put = json!({"TableName": "tab", "Item": item});
        client.ok("PutItem", put).await;
    }
    let whole_entry = json!([{"pk": {"S": "q"}, "sk": {"S": "1"}, "l": {"N": "1"}}]);
    for (statement, expected) in [
        (
            "SELECT sk FROM tab.lix WHERE pk = 'q' AND a = 'v1'",
            json!([{"sk": {"S": "1"}}]),
        ),
        (
            "SELECT sk, a FROM tab.lix WHERE pk = 'q' AND l = 1",
            json!([{"sk": {"S": "1"}, "a": {"S": "v1"}}]),
        ),
        (
            "SELECT a FROM tab.lix WHERE l > 1",
            json!([{"a": {"S": "v2"}}]),
        ),
        (
            "SELECT * FROM tab.lix WHERE pk = 'q' AND a = 'v1'",
            whole_entry.clone(),
        ),
        (
            "SELECT * FROM tab.lix WHERE pk = 'q' AND l = 1",
            whole_entry,
        ),
        (
            "SELECT sk FROM tab.gix WHERE g = 'G' AND pk = 'q' AND l = 2",
            json!([{"sk": {"S": "2"}}]),
        ),
    ] {
        let request = json!({"Statement": statement});
        let answer = client.ok("ExecuteStatement", request).await;
        assert_eq!(answer["Items"], expected, "{statement}");
    }
    for statement in [
        "SELECT a, sk FROM tab.gix WHERE g = 'G'",
        "SELECT sk FROM tab.gix WHERE g = 'G' AND a.b = 'v1'",
        "SELECT * FROM tab.gix WHERE a = 'v1'",
    ] {
        let request = json!({"Statement": statement});
        assert_eq!(
            client.err("ExecuteStatement", request).await,
            "400 ValidationException: One or more parameter values were invalid: Global secondary index gix does not project [a]",
            "{statement}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_hold_no_element_twice() {
    let (_server, mut client) = Server::with_music().await;
    let bytes = json!([{"B": "eA=="}, {"B": "eA=="}]);
    for (set, parameters, expected) in [
        (
            "<<'a', 'b', 'a'>>",
            None,
            "Input collection [a, b, a] contains duplicates.",
        ),
        ("<<1, 1.0>>", None, "Input collection contains duplicates"),
        (
            "<<?, ?>>",
            Some(bytes),
            "Input collection contains duplicates",
        ),
    ] {
        for statement in [
            format!("INSERT INTO music VALUE {{'artist': 'a', 'song': 'x', 'set': {set}}}"),
            format!("UPDATE music SET v = {set} WHERE artist = 'a' AND song = 'x'"),
        ] {
            let mut request = json!({"Statement": statement});
            if let Some(parameters) = &parameters {
                request["Parameters"] = parameters.clone();
            }
            assert_eq!(
                client.err("ExecuteStatement", request).await,
                format!(
                    "400 ValidationException: One or more parameter values were invalid: {expected}"
                ),
                "{statement}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_belongs_to_its_parameters() {
    let (_server, mut client) = Server::with_music().await;
    for song in ["1", "2"] {
        let item = crate::server::music_key("a", song);
        let put = json!({"TableName": "music", "Item": item});
        client.ok("PutItem", put).await;
    }
    let mut request = json!({"Statement": "SELECT song FROM music WHERE artist = ?", "Limit": 1,
        "Parameters": [{"S": "a"}]});
    let page = client.ok("ExecuteStatement", request.clone()).await;
    request["NextToken"] = page["NextToken"].clone();
    let next = client.ok("ExecuteStatement", request.clone()).await;
    assert_eq!(next["Items"], json!([{"song": {"S": "2"}}]));
    request["Parameters"] = json!([{"S": "q"}]);
    assert_eq!(
        client.err("ExecuteStatement", request).await,
        "400 ValidationException: NextToken does not match request"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_a_statement_have_their_prefix() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let table = json!({
        "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{"IndexName": "gix", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}],
    });
    client.ok("CreateTable", table).await;
    for (statement, expected) in [
        (
            "SELECT * FROM tab WHERE id = :v",
            "there is no parameter :v",
        ),
        (
            "INSERT INTO tab VALUE {\"id\": \"jj\"}",
            "column \"jj\" does not exist",
        ),
        (
            "INSERT INTO tab VALUE {'id': 'x', 'set': <<>>}",
            "a set holds at least one element, and all are strings, or numbers, or binary",
        ),
        (
            "UPDATE \"tab\".\"gix\" SET a = 1 WHERE id = 'x'",
            "\"gix\" is an index",
        ),
    ] {
        let request = json!({"Statement": statement});
        assert_eq!(
            client.err("ExecuteStatement", request).await,
            format!(
                "400 ValidationException: Statement wasn't well formed, can't be processed: {expected}"
            ),
            "{statement}"
        );
    }
    // The service has a sentence of its own for this.
    let request = json!({"Statement": "UPDATE tab SET a = 1 WHERE a = 2"});
    assert_eq!(
        client.err("ExecuteStatement", request).await,
        "400 ValidationException: Where clause does not contain a mandatory equality on all key attributes"
    );
}
