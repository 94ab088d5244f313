//! Views of SQL in the catalog: names with a query, which no request about items or tables knows.

use crate::support::*;
use crate::transaction_support::*;
use shale_engine::*;
use shale_item::KeyType;
use shale_storage::MemoryStore;

fn view(name: &str, query: &str) -> CreateTable {
    CreateTable {
        hidden_key: true,
        sql: SqlDefinition {
            view: Some(query.to_owned()),
            checks: vec![],
        },
        ..table(name, ("_", KeyType::S), None)
    }
}

async fn create(engine: &Engine, definition: CreateTable) -> Result<(), Error> {
    let run = |transaction: Transaction| {
        let definition = definition.clone();
        async move { transaction.create_table(&definition).map(|_| ()) }
    };
    engine.atomically::<_, Error, _>(run).await
}

fn query_of(description: &TableDescription) -> Option<&str> {
    description.definition.sql.view.as_deref()
}

#[tokio::test]
async fn only_those_who_ask_for_relations_see_views() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    let plain = || table("t", ("id", KeyType::N), None);
    engine.create_table(plain()).await.unwrap();
    create(&engine, view("v", "SELECT 1")).await.unwrap();
    for engine in [&engine, &open(log.reopened(), MemoryStore::default())] {
        assert_eq!(engine.list_tables(None, 10), ["t"]);
        assert_eq!(engine.list_views(None, 10), ["v"]);
        assert!(engine.list_views(Some("v"), 10).is_empty());
        let described = engine.describe_relation("v").unwrap();
        assert_eq!(query_of(&described), Some("SELECT 1"));
        assert!(engine.describe_relation("t").is_ok());
        let missing = [
            engine.describe_table("v").map(|_| ()),
            engine
                .put_item(put("v", item([("_", s("x"))])))
                .await
                .map(|_| ()),
            engine.delete_table("v").await.map(|_| ()),
            engine
                .update_table("v", TableChanges::default())
                .await
                .map(|_| ()),
            begin(engine).truncate_table("v"),
            begin(engine).delete_view("t").map(|_| ()),
        ];
        for answer in missing {
            assert!(
                matches!(answer, Err(Error::TableNotFound { .. })),
                "{answer:?}"
            );
        }
        // A name means one thing.
        let taken = engine.create_table(view("t", "SELECT 1")).await;
        assert!(matches!(taken, Err(Error::TableExists { .. })));
        let taken = engine
            .create_table(table("v", ("id", KeyType::N), None))
            .await;
        assert!(matches!(taken, Err(Error::TableExists { .. })));
    }
}

#[tokio::test]
async fn views_belong_to_their_block() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    create(&engine, view("old", "SELECT 1")).await.unwrap();
    let transaction = begin(&engine);
    transaction.create_table(&view("new", "SELECT 2")).unwrap();
    transaction.delete_view("old").unwrap();
    let changes = TableChanges {
        view: Some("SELECT 3".to_owned()),
        ..TableChanges::default()
    };
    transaction.update_table("new", &changes).unwrap();
    let inside = transaction.view();
    assert_eq!(inside.list_views(None, 10).unwrap(), ["new"]);
    assert!(inside.list_tables(None, 10).unwrap().is_empty());
    let described = inside.describe_relation("new").unwrap();
    assert_eq!(query_of(&described), Some("SELECT 3"));
    assert!(inside.describe_table("new").is_err());
    assert!(inside.describe_relation("old").is_err());
    assert_eq!(engine.list_views(None, 10), ["old"]);
    transaction.commit().await.unwrap();
    for engine in [&engine, &open(log.reopened(), MemoryStore::default())] {
        assert_eq!(engine.list_views(None, 10), ["new"]);
        let described = engine.describe_relation("new").unwrap();
        assert_eq!(query_of(&described), Some("SELECT 3"));
    }
    // A table may take the name of a view that goes with the same record.
    let transaction = begin(&engine);
    transaction.delete_view("new").unwrap();
    transaction
        .create_table(&table("new", ("id", KeyType::N), None))
        .unwrap();
    transaction
        .put_item(&put("new", item([("id", n(1))])))
        .unwrap();
    transaction.commit().await.unwrap();
    for engine in [&engine, &open(log.reopened(), MemoryStore::default())] {
        assert!(engine.list_views(None, 10).is_empty());
        assert_eq!(engine.list_tables(None, 10), ["new"]);
    }
}
