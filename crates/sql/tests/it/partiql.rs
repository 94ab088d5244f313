//! ExecuteStatement: DynamoDB's semantics over the same tables.

use crate::support::{Server, describe};
use shale_engine::Error;
use shale_item::{AttributeValue, Item};
use shale_sql::{PartiQlOutput, PartiQlRequest, SqlError};

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

#[tokio::test]
async fn what_execute_statement_has_not_is_refused() {
    let server = music().await;
    for statement in [
        "CREATE TABLE x (a int PRIMARY KEY)",
        "SELECT count(*) FROM Music",
        "BEGIN",
        "SELECT * FROM Music LIMIT 1",
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
