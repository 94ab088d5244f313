//! The queries by which SQLAlchemy 2 (reflection), Django (inspectdb), psycopg and asyncpg (types) read a catalog, recorded from them, must
//! be answered, prepared with parameters as they prepare them.

use crate::harness::{Database, execute, global_index};
use shale_engine::{Index, IndexProjection};
use shale_sql::SqlError;
use shale_sql::datum::parse_text;

/// Sections: who asks, the query, its parameters as text. `@table@` stands for an oid.
const RECORDED: &str = include_str!("drivers.sql");

async fn answer(database: &Database, section: &str) -> Result<String, SqlError> {
    let (query, parameters) = section
        .split_once("\n-- parameters: ")
        .unwrap_or((section, ""));
    let mut session = database.session();
    let types = session.prepare(query, &[]).await?.parameter_types.clone();
    let mut values = Vec::new();
    for (value, sql_type) in parameters
        .trim()
        .split("', $")
        .filter(|text| !text.is_empty())
        .zip(&types)
    {
        let (_, text) = value.split_once("= '").unwrap();
        let text = text.strip_suffix('\'').unwrap_or(text);
        values.push(parse_text(sql_type, text)?);
    }
    assert_eq!(values.len(), types.len(), "{query}");
    Ok(execute(&mut session, query, &[], values).await?.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_query_is_answered() {
    let database = Database::new();
    database
        .run(
            "CREATE TABLE flights (carrier text, flight int, origin varchar(3) NOT NULL, dep timestamp, \
               price numeric(10,2) DEFAULT 0, tags text[], data jsonb, PRIMARY KEY (carrier, flight));
             CREATE TABLE airlines (carrier text PRIMARY KEY, name text)",
        )
        .await;
    let index = Index {
        projection: IndexProjection::Include(vec!["dep".to_owned()]),
        ..global_index("by_origin", "origin:S", "price:N")
    };
    database.create_index("flights", index).await;
    let mut sections = RECORDED.to_owned();
    for table in ["flights", "airlines"] {
        let oid = database
            .query(&format!("SELECT '{table}'::regclass::oid"))
            .await
            .text();
        sections = sections.replace(&format!("@{table}@"), &oid);
    }
    let mut failed = Vec::new();
    let mut answers = Vec::new();
    for section in sections.split("--- ").skip(1) {
        let (who, section) = section.split_once('\n').unwrap();
        match answer(&database, section).await {
            Ok(answer) => answers.push(answer),
            Err(error) => failed.push(format!("{who}\n{section}  {error:?}")),
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n\n")
    );
    let all = answers.join("\n");
    for expected in [
        "flights_pkey",
        "{carrier,flight}",
        "numeric(10,2)",
        "airlines",
        "character varying(3)",
        // SQLAlchemy's get_indexes.
        "by_origin|f|t|f|0 0|∅|403|∅|2|f|{origin,price,dep}|{f,f,f}",
    ] {
        assert!(all.contains(expected), "nothing answered {expected}");
    }
}
