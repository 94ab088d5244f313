//! The queries behind psql 15's backslash commands and tab completion, recorded from psql, must be answered; and what `\d`, `\dt`, `\l`,
//! `\du`, `\dn` and `\di` show must be true.

use crate::harness::{Database, global_index};
use expect_test::expect;
use shale_engine::{Index, IndexProjection};

/// One section a query: the command, then the query. `@table@` stands for an oid.
const RECORDED: &str = include_str!("psql.sql");

async fn flights() -> Database {
    let database = Database::new();
    database
        .run(
            "CREATE TABLE flights (carrier text, flight int, origin varchar(3) NOT NULL, dep timestamp, \
               price numeric(10,2) DEFAULT 0, tags text[], data jsonb, PRIMARY KEY (carrier, flight));
             CREATE TABLE airlines (carrier text PRIMARY KEY, name text);
             CREATE TABLE notes (body text)",
        )
        .await;
    let index = Index {
        projection: IndexProjection::Include(vec!["dep".to_owned()]),
        ..global_index("by_origin", "origin:S", "price:N")
    };
    database.create_index("flights", index).await;
    database
}

/// The recorded queries with the oids of this database.
async fn queries(database: &Database) -> Vec<(&'static str, String)> {
    let mut oids = Vec::new();
    for table in ["flights_pkey", "flights", "airlines"] {
        let oid = database
            .query(&format!("SELECT '{table}'::regclass::oid"))
            .await
            .text();
        oids.push((format!("@{table}@"), oid));
    }
    recorded()
        .into_iter()
        .map(|(command, query)| {
            let with_oids =
                |query: String, (token, oid): &(String, String)| query.replace(token, oid);
            (
                command,
                oids.iter().fold(query.trim().to_owned(), with_oids),
            )
        })
        .collect()
}

fn recorded() -> Vec<(&'static str, &'static str)> {
    RECORDED
        .split("--- ")
        .filter_map(|section| section.split_once('\n'))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_query_is_answered() {
    let database = flights().await;
    let mut failed = Vec::new();
    for (command, query) in queries(&database).await {
        if let Err(error) = database.try_query(&query).await {
            failed.push(format!("{command}\n{query}\n  {error:?}"));
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n\n")
    );
}

/// The answers to all queries of a command.
async fn answers(database: &Database, wanted: &str) -> Vec<String> {
    let mut answers = Vec::new();
    for (command, query) in queries(database).await {
        if command == wanted {
            answers.push(database.query(&query).await.text());
        }
    }
    assert!(!answers.is_empty(), "nothing recorded for {wanted}");
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_true() {
    let database = flights().await;
    for (command, expected) in [
        (
            r"\d",
            expect![[r#"
                public|airlines|table|alice
                public|flights|table|alice
                public|notes|table|alice"#]],
        ),
        (
            r"\di",
            expect![[r#"
                public|airlines_pkey|index|alice|airlines
                public|by_origin|index|alice|flights
                public|flights_pkey|index|alice|flights"#]],
        ),
        (r"\l", expect!["shale|alice|UTF8|C.UTF-8|C.UTF-8|∅|libc|∅"]),
        (
            r"\du",
            expect![[r#"
                alice|t|t|f|f|t|-1|∅|{}|f|t
                bob|t|t|f|f|t|-1|∅|{}|f|t"#]],
        ),
        (r"\dn", expect!["public|alice"]),
        (r"\dv", expect![""]),
        (r"\df", expect![""]),
    ] {
        expected.assert_eq(&answers(&database, command).await.join("\n--\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_described() {
    let database = flights().await;
    let oid = database
        .query("SELECT 'flights'::regclass::oid")
        .await
        .text();
    let described = answers(&database, r"\d flights")
        .await
        .join("\n--\n")
        .replace(&oid, "OID");
    expect![[r#"
        OID|public|flights
        --
        0|r|t|f|f|f|f|f|f||0||p|d|heap
        --
        carrier|text|∅|t|∅||
        flight|integer|∅|t|∅||
        origin|character varying(3)|∅|t|∅||
        dep|timestamp without time zone|∅|f|∅||
        price|numeric(10,2)|0|f|∅||
        tags|text[]|∅|f|∅||
        data|jsonb|∅|f|∅||
        --
        flights_pkey|t|t|f|t|CREATE UNIQUE INDEX flights_pkey ON public.flights USING btree (carrier, flight)|PRIMARY KEY (carrier, flight)|p|f|f|f|0
        by_origin|f|f|f|t|CREATE INDEX by_origin ON public.flights USING btree (origin, price) INCLUDE (dep)|∅|∅|∅|∅|f|0
        --

        --

        --

        --

        --

    "#]]
    .assert_eq(&(described + "\n"));
    let index = answers(&database, r"\d flights_pkey").await;
    expect![[r#"
        carrier|text|yes|carrier
        flight|integer|yes|flight"#]]
    .assert_eq(&index[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_completion_finds_tables_and_columns() {
    let database = flights().await;
    let completions = answers(&database, "tab completion").await;
    assert!(completions[0].contains("flights"), "{}", completions[0]);
    assert!(
        completions
            .iter()
            .any(|completion| completion.contains("price|")),
        "{completions:?}"
    );
}
