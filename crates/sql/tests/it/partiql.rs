//! ExecuteStatement: DynamoDB's semantics over the same tables.

use crate::support::{Counting, Server, describe};
use shale_engine::Error;
use shale_item::{AttributeValue, Item};
use shale_sql::{PartiQlOutput, PartiQlRequest, SqlError};
use std::sync::Arc;

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(text: &str) -> AttributeValue {
    AttributeValue::N(text.parse().expect("a number"))
}

async fn run(
    server: &Server,
    statement: &str,
    parameters: Vec<AttributeValue>,
) -> Result<PartiQlOutput, SqlError> {
    let request = PartiQlRequest {
        statement: statement.into(),
        parameters,
        ..PartiQlRequest::default()
    };
    server.service.execute_partiql(&request).await
}

async fn items(server: &Server, statement: &str, parameters: Vec<AttributeValue>) -> Vec<Item> {
    match run(server, statement, parameters).await {
        Ok(output) => output.items,
        Err(error) => panic!("{statement}: {}", describe(&error)),
    }
}

async fn music() -> Server {
    let mut server = Server::open();
    server.must("CREATE TABLE \"Music\" (\"Artist\" text, \"Song\" text, PRIMARY KEY (\"Artist\", \"Song\"))").await;
    for song in ["a", "b", "c", "d"] {
        run(&server, "INSERT INTO Music VALUE {'Artist': ?, 'Song': ?, 'Plays': 1, 'Tags': <<'x','y'>>, 'Nothing': NULL}", vec![s("Ann"), s(song)])
            .await
            .expect("inserted");
    }
    server
}

#[tokio::test]
async fn items_are_inserted_once() {
    let server = music().await;
    let again = run(
        &server,
        "INSERT INTO \"Music\" VALUE {'Artist': 'Ann', 'Song': 'a'}",
        vec![],
    )
    .await;
    assert!(matches!(
        again,
        Err(SqlError::Engine(Error::ItemExists { .. }))
    ));
    let found = items(
        &server,
        "SELECT * FROM Music WHERE Artist = ? AND Song = ?",
        vec![s("Ann"), s("a")],
    )
    .await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["Plays"], n("1"));
    assert_eq!(found[0]["Nothing"], AttributeValue::Null);
    assert_eq!(found[0].len(), 5);
}

#[tokio::test]
async fn names_keep_their_case_and_unknown_ones_are_missing() {
    let server = music().await;
    assert!(run(&server, "SELECT * FROM music", vec![]).await.is_err());
    assert_eq!(
        items(&server, "SELECT * FROM Music WHERE plays = 1", vec![])
            .await
            .len(),
        0
    );
    assert_eq!(
        items(&server, "SELECT * FROM Music WHERE Plays = 1", vec![])
            .await
            .len(),
        4
    );
    assert_eq!(
        items(&server, "SELECT * FROM Music WHERE nope IS MISSING", vec![])
            .await
            .len(),
        4
    );
    assert_eq!(
        items(&server, "SELECT * FROM Music WHERE Nothing IS NULL", vec![])
            .await
            .len(),
        4
    );
    let projected = items(
        &server,
        "SELECT Song, nope FROM Music WHERE Artist = 'Ann' AND begins_with(Song, 'b')",
        vec![],
    )
    .await;
    assert_eq!(projected, vec![Item::from([("Song".to_owned(), s("b"))])]);
}

#[tokio::test]
async fn pages_follow_each_other() {
    let server = music().await;
    for statement in [
        "SELECT Song FROM Music WHERE Artist = 'Ann'",
        "SELECT Song FROM Music WHERE Artist = 'Ann' ORDER BY Song DESC",
        "SELECT Song FROM Music",
        "SELECT Song FROM Music WHERE Artist IN ['Ann', 'Bob']",
        "SELECT Song FROM Music WHERE Artist = 'Ann' AND Song IN ['a','b','c','d']",
    ] {
        let mut start_key = None;
        let mut songs = Vec::new();
        let mut pages = 0;
        loop {
            let request = PartiQlRequest {
                statement: statement.into(),
                limit: Some(3),
                start_key: start_key.take(),
                consistent: true,
                ..PartiQlRequest::default()
            };
            let output = server
                .service
                .execute_partiql(&request)
                .await
                .expect(statement);
            assert!(output.items.len() <= 3);
            songs.extend(output.items.into_iter().map(|item| item["Song"].clone()));
            pages += 1;
            start_key = output.last_evaluated_key;
            if start_key.is_none() || pages > 5 {
                break;
            }
        }
        songs.sort_by_key(|song| format!("{song:?}"));
        assert_eq!(songs, [s("a"), s("b"), s("c"), s("d")], "{statement}");
        assert!(pages <= 3, "{statement}");
    }
}

#[tokio::test]
async fn updates_and_deletes_obey_their_conditions() {
    let server = music().await;
    let returned = items(&server, "UPDATE Music SET Plays = Plays + ? REMOVE Nothing WHERE Artist = 'Ann' AND Song = 'a' RETURNING MODIFIED NEW *", vec![n("4")]).await;
    assert_eq!(returned, vec![Item::from([("Plays".to_owned(), n("5"))])]);
    let returned = items(&server, "UPDATE Music SET Tags = set_add(Tags, <<'z'>>) WHERE Artist = 'Ann' AND Song = 'a' RETURNING ALL OLD *", vec![]).await;
    assert_eq!(returned[0]["Plays"], n("5"));
    let missing = run(
        &server,
        "UPDATE Music SET Plays = 1 WHERE Artist = 'Ann' AND Song = 'zz'",
        vec![],
    )
    .await;
    assert!(matches!(
        missing,
        Err(SqlError::Engine(Error::ConditionFailed { .. }))
    ));
    let absent = run(
        &server,
        "UPDATE Music SET Plays = Nope + 1 WHERE Artist = 'Ann' AND Song = 'a'",
        vec![],
    )
    .await;
    assert!(matches!(
        absent,
        Err(SqlError::Engine(Error::Evaluation(_)))
    ));
    let failed = run(
        &server,
        "DELETE FROM Music WHERE Artist = 'Ann' AND Song = 'a' AND Plays = 99",
        vec![],
    )
    .await;
    assert!(matches!(
        failed,
        Err(SqlError::Engine(Error::ConditionFailed { .. }))
    ));
    let deleted = items(
        &server,
        "DELETE FROM Music WHERE Artist = 'Ann' AND Song = 'a' AND Plays = 5 RETURNING ALL OLD *",
        vec![],
    )
    .await;
    assert_eq!(deleted.len(), 1);
    run(
        &server,
        "DELETE FROM Music WHERE Artist = 'Ann' AND Song = 'a'",
        vec![],
    )
    .await
    .expect("a missing item is no error");
    let no_key = run(&server, "DELETE FROM Music WHERE Artist = 'Ann'", vec![]).await;
    assert_eq!(
        describe(&no_key.expect_err("no sort key")),
        "! 42601 Where clause does not contain a mandatory equality on all key attributes"
    );
}

/// Requests without more than their statement.
fn requests(statements: &[&str]) -> Vec<PartiQlRequest> {
    let request = |statement: &&str| PartiQlRequest {
        statement: (*statement).to_owned(),
        ..PartiQlRequest::default()
    };
    statements.iter().map(request).collect()
}

#[tokio::test]
async fn statements_of_a_batch_do_not_see_each_others_failures() {
    let server = music().await;
    let writes = requests(&[
        "INSERT INTO Music VALUE {'Artist': 'Ann', 'Song': 'a'}",
        "INSERT INTO Music VALUE {'Artist': 'Bob', 'Song': 'a', 'Plays': 2}",
        "UPDATE Music SET Plays = 2 WHERE Artist = 'Ann' AND Song = 'a' RETURNING MODIFIED OLD *",
    ]);
    let outcomes = server
        .service
        .batch_partiql(&writes)
        .await
        .expect("a batch");
    let [failed, inserted, updated] = outcomes.as_slice() else {
        panic!("{outcomes:?}");
    };
    let failure = failed.as_ref().expect_err("the item is there");
    assert_eq!(failure.table.as_deref(), Some("Music"));
    assert!(matches!(
        failure.error,
        SqlError::Engine(Error::ItemExists { .. })
    ));
    assert!(inserted.as_ref().is_ok_and(|output| output.is_write));
    let updated = updated.as_ref().expect("updated");
    assert_eq!(
        updated.items,
        vec![Item::from([("Plays".to_owned(), n("1"))])]
    );

    let reads = requests(&[
        "SELECT Plays FROM Music WHERE Artist = 'Bob' AND Song = 'a'",
        "SELECT Plays FROM Music WHERE Artist = 'Ann'",
    ]);
    let outcomes = server.service.batch_partiql(&reads).await.expect("a batch");
    let found = outcomes[0].as_ref().expect("one item");
    assert_eq!(
        found.items,
        vec![Item::from([("Plays".to_owned(), n("2"))])]
    );
    assert!(outcomes[1].is_err(), "not by the whole key");

    let mixed: Vec<_> = writes.into_iter().chain(reads).collect();
    let refused = server.service.batch_partiql(&mixed).await;
    assert!(matches!(
        refused,
        Err(SqlError::Other {
            sqlstate: "0A000",
            ..
        })
    ));
}

#[tokio::test]
async fn statements_of_a_transaction_are_done_together_or_not() {
    let server = music().await;
    let transact = async |statements: &[&str]| {
        let requests = requests(statements);
        let outcome = server.service.transact_partiql(&requests, None).await;
        outcome.map(|transaction| transaction.statements)
    };
    let first = "UPDATE Music SET Plays = Plays + 1 WHERE Artist = 'Ann' AND Song = 'a'";
    let plays = async || {
        let statement = "SELECT Plays FROM Music WHERE Artist = 'Ann' AND Song = 'a'";
        items(&server, statement, vec![]).await[0]["Plays"].clone()
    };
    for (second, reason) in [
        (
            "UPDATE Music SET Plays = 1 WHERE Artist = 'Ann' AND Song = 'zz'",
            "ConditionFailed",
        ),
        (
            "DELETE FROM Music WHERE Artist = 'Ann' AND Song = 'b' AND Plays = 7",
            "ConditionFailed",
        ),
        (
            "EXISTS(SELECT * FROM Music WHERE Artist = 'Ann' AND Song = 'b' AND Plays = 7)",
            "ConditionFailed",
        ),
        (
            "DELETE FROM Music WHERE Artist = 'Ann' AND Song = 'b' AND Song = 'c'",
            "ConditionFailed",
        ),
        (
            "INSERT INTO Music VALUE {'Artist': 'Ann', 'Song': 'b'}",
            "ItemExists",
        ),
        ("DELETE FROM Music WHERE Artist = 'Ann' AND Song = 1", "Key"),
    ] {
        let Err(SqlError::Engine(Error::TransactionCanceled { reasons })) =
            transact(&[first, second]).await
        else {
            panic!("{second}");
        };
        assert!(reasons[0].is_none(), "{second}");
        let shown = format!("{:?}", reasons[1].as_ref().expect(second));
        assert!(shown.starts_with(reason), "{second}: {shown}");
    }
    assert_eq!(plays().await, n("1"));
    let done = transact(&[
        first,
        "EXISTS(SELECT * FROM Music WHERE Artist = 'Ann' AND Song = 'b' AND Plays = 1)",
        "DELETE FROM Music WHERE Artist = 'Ann' AND Song = 'c' RETURNING ALL OLD *",
    ])
    .await
    .expect("done");
    let found: Vec<usize> = done.iter().map(|statement| statement.items.len()).collect();
    assert_eq!(found, [0, 0, 1]);
    assert!(done.iter().all(|statement| statement.is_write));
    assert_eq!(plays().await, n("2"));

    // No item has such a key.
    let too_long = "x".repeat(3000);
    let read = transact(&[
        "SELECT Plays FROM Music WHERE Artist = 'Ann' AND Song = 'a'",
        &format!("SELECT * FROM Music WHERE Artist = '{too_long}' AND Song = 'a'"),
        "SELECT * FROM Music WHERE Artist = 'Ann' AND Song = 'c'",
        "SELECT Song FROM Music WHERE Artist = 'Ann' AND Song = 'd'",
    ])
    .await
    .expect("read");
    let found: Vec<usize> = read.iter().map(|statement| statement.items.len()).collect();
    assert_eq!(found, [1, 0, 0, 1]);
    let units: Vec<f64> = read.iter().map(|statement| statement.capacity).collect();
    assert_eq!(units, [2.0, 0.0, 2.0, 2.0]);
    assert_eq!(read[3].items[0]["Song"], s("d"));
}

#[tokio::test]
async fn what_execute_statement_has_not_is_refused() {
    let server = music().await;
    for statement in [
        "CREATE TABLE x (a int PRIMARY KEY)",
        "BEGIN",
        "SELECT VALUE Song FROM Music",
        "SELECT PIVOT Song FROM Music",
        "SELECT Plays, Tags AS Plays FROM Music",
        "EXISTS(SELECT * FROM Music WHERE Artist = 'Ann' AND Song = 'a')",
        "",
    ] {
        assert!(
            run(&server, statement, vec![]).await.is_err(),
            "{statement}"
        );
    }
    let missing = run(&server, "SELECT * FROM Music WHERE Artist = ?", vec![]).await;
    assert_eq!(
        describe(&missing.expect_err("no parameter")),
        "! 08P01 Number of parameters in request and statement don't match."
    );
}

#[tokio::test]
async fn paths_of_the_select_list_become_attributes() {
    let server = music().await;
    let insert = "INSERT INTO Music VALUE {'Artist': 'Bob', 'Song': 'x', 'm': {'a': {'b': 1}, 'l': [1, [2, 3]]}, 'Genre': 'rock'}";
    run(&server, insert, vec![]).await.expect("inserted");
    let select = async |list: &str| {
        let text = format!("SELECT {list} FROM Music WHERE Artist = 'Bob' AND Song = 'x'");
        items(&server, &text, vec![]).await.remove(0)
    };
    let item = |attributes: &[(&str, AttributeValue)]| -> Item {
        let owned = |(name, value): &(&str, AttributeValue)| ((*name).to_owned(), value.clone());
        attributes.iter().map(owned).collect()
    };
    // The last component of the path is the name.
    assert_eq!(
        select("m.a.b, m.l[0], m.l[1][1], nope.x, Genre").await,
        item(&[
            ("b", n("1")),
            ("l[0]", n("1")),
            ("l[1][1]", n("3")),
            ("Genre", s("rock"))
        ])
    );
    assert_eq!(
        select("m.a.b AS Deep, Genre AS \"the genre\"").await,
        item(&[("Deep", n("1")), ("the genre", s("rock"))])
    );
    assert_eq!(select("Genre, Genre").await, item(&[("Genre", s("rock"))]));
}

#[tokio::test]
async fn what_is_read_of_an_index_is_counted_there() {
    let mut server = music().await;
    server
        .must("CREATE INDEX by_plays ON \"Music\" (\"Plays\")")
        .await;
    let output = run(
        &server,
        "SELECT * FROM \"Music\".\"by_plays\" WHERE Plays = 1",
        vec![],
    )
    .await
    .expect("entries");
    assert_eq!(output.items.len(), 4);
    assert_eq!(output.capacity, 0.0);
    assert_eq!(output.index_capacity, [("by_plays".to_owned(), 0.5)]);
    let output = run(&server, "SELECT * FROM Music WHERE Artist = 'Ann'", vec![]).await;
    let output = output.expect("items");
    assert_eq!((output.capacity, output.index_capacity), (0.5, vec![]));
}

#[tokio::test]
async fn queries_that_are_no_page_are_cut_into_pages() {
    let server = Server::with(Arc::new(Counting));
    let page = async |limit, start_key| {
        let request = PartiQlRequest {
            statement: "SELECT count(*) FROM generate_series(?, 9)".into(),
            parameters: vec![n("3")],
            limit,
            start_key,
            ..PartiQlRequest::default()
        };
        server.service.execute_partiql(&request).await
    };
    let row = |number: i64| {
        Item::from([
            ("number".to_owned(), n(&number.to_string())),
            ("word".to_owned(), s("x")),
        ])
    };
    let all = page(None, None).await.expect("rows");
    assert_eq!(all.items, (3..10).map(row).collect::<Vec<_>>());
    assert_eq!((all.last_evaluated_key, all.table.as_str()), (None, ""));

    let mut found = Vec::new();
    let mut start_key = None;
    for expected in [3, 3, 1] {
        let output = page(Some(3), start_key.take()).await.expect("rows");
        assert_eq!(output.items.len(), expected);
        found.extend(output.items);
        start_key = output.last_evaluated_key;
        assert_eq!(start_key.is_none(), expected == 1);
    }
    assert_eq!(found, all.items);
    // A position behind the end is an empty page, a key of a table none at all.
    let last = page(Some(7), None).await.expect("rows");
    assert_eq!(last.last_evaluated_key, None);
    let key = Item::from([("Artist".to_owned(), s("Ann"))]);
    assert!(matches!(
        page(None, Some(key)).await,
        Err(SqlError::Engine(Error::InvalidStartKey))
    ));
    // Parameters have the type that the query wants.
    let request = PartiQlRequest {
        statement: "SELECT count(*) FROM generate_series(?, 9)".into(),
        parameters: vec![s("three")],
        ..PartiQlRequest::default()
    };
    let refused = server.service.execute_partiql(&request).await;
    assert_eq!(
        describe(&refused.expect_err("no number")),
        "! parameter 1 has type S, the statement needs bigint"
    );
    // One statement of a batch or a transaction reads an item.
    let outcome = server
        .service
        .batch_partiql(std::slice::from_ref(&request))
        .await;
    assert!(outcome.expect("outcomes")[0].is_err());
    assert!(
        server
            .service
            .transact_partiql(&[request], None)
            .await
            .is_err()
    );
}

/// "IS: TRUE if the operand is a given, PartiQL data type, including NULL or MISSING."
#[tokio::test]
async fn attributes_are_tested_for_their_type() {
    let server = music().await;
    for (song, value) in [
        ("string", "'x'"),
        ("numeric", "1.5"),
        ("boolean", "false"),
        ("tuple", "{'a': 1}"),
        ("list", "[1]"),
        ("null", "null"),
        ("set", "<<1>>"),
    ] {
        let text = format!(
            "INSERT INTO Music VALUE {{'Artist': 'T', 'Song': '{song}', 'v': {{'w': {value}}}}}"
        );
        run(&server, &text, vec![]).await.expect("inserted");
    }
    let blob = AttributeValue::B("b".into());
    let text = "INSERT INTO Music VALUE {'Artist': 'T', 'Song': 'blob', 'v': {'w': ?}}";
    run(&server, text, vec![blob]).await.expect("inserted");
    for (test, expected) in [
        ("IS STRING", "string"),
        ("is numeric", "numeric"),
        ("IS BOOLEAN", "boolean"),
        ("IS BOOL", "boolean"),
        ("IS STRUCT", "tuple"),
        ("IS TUPLE", "tuple"),
        ("IS LIST", "list"),
        ("IS BLOB", "blob"),
        ("IS NULL", "null"),
    ] {
        let text = format!("SELECT Song FROM Music WHERE Artist = 'T' AND v.w {test}");
        let found = items(&server, &text, vec![]).await;
        assert_eq!(
            found,
            [Item::from([("Song".to_owned(), s(expected))])],
            "{test}"
        );
    }
    let text = "SELECT Song FROM Music WHERE Artist = 'T' AND v.w IS NOT STRING";
    assert_eq!(items(&server, text, vec![]).await.len(), 7);
    let text = "SELECT Song FROM Music WHERE Artist = 'T' AND v.x IS MISSING";
    assert_eq!(items(&server, text, vec![]).await.len(), 8);
}

#[tokio::test]
async fn the_type_that_is_tested_may_be_a_parameter() {
    let server = music().await;
    let text = "SELECT Song FROM Music WHERE Artist = 'Ann' AND attribute_type(Plays, ?)";
    for (descriptor, expected) in [("N", 4), ("S", 0)] {
        let found = items(&server, text, vec![s(descriptor)]).await;
        assert_eq!(found.len(), expected, "{descriptor}");
    }
    let text = "SELECT Song FROM Music WHERE Artist = 'Ann' AND NOT attribute_type(Tags, ?)";
    assert_eq!(items(&server, text, vec![s("SS")]).await.len(), 0);
    for (wrong, expected) in [
        (
            s("X"),
            "invalid value for parameter \"attribute type\": \"X\"",
        ),
        (
            n("1"),
            "attribute_type() takes the name of a type, not a value of type N",
        ),
    ] {
        let error = run(&server, text, vec![wrong]).await.expect_err("refused");
        assert_eq!(error.to_string(), expected);
    }
}
