//! Creating, listing, dropping; what survives a restart.

use crate::support::*;
use futures::future::join_all;
use shale_engine::{
    BillingMode, ColumnDefinition, Engine, EngineOptions, Error, ErrorKind, TableStatus,
};
use shale_env::{ManualClock, SeededRand};
use shale_item::KeyType;
use shale_storage::{MemoryStore, Role, Step};
use std::sync::Arc;

fn simple(name: &str) -> shale_engine::CreateTable {
    table(name, ("id", KeyType::S), None)
}

async fn reopen(engine: Engine, log: &InstantLog, trees: &MemoryStore) -> (Engine, InstantLog) {
    engine.close().await.unwrap();
    drop(engine);
    let log = log.reopened();
    (open(log.clone(), trees.clone()), log)
}

#[tokio::test]
async fn a_definition_is_kept_whole_across_restarts() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open(log.clone(), trees.clone());
    let mut request = table("Music", ("artist", KeyType::S), Some(("year", KeyType::N)));
    request.billing_mode = BillingMode::Provisioned { read: 5, write: 6 };
    request.columns = vec![ColumnDefinition {
        name: "artist".to_owned(),
        sql_type: "text".to_owned(),
        not_null: true,
        default: None,
    }];
    request.hidden_key = true;
    request.deletion_protection = true;
    request
        .settings
        .insert("table_class".to_owned(), "STANDARD".to_owned());
    request.tags.insert("k".to_owned(), "v".to_owned());
    let created = engine.create_table(request.clone()).await.unwrap();
    assert_eq!(created.status, TableStatus::Active);
    assert_eq!(created.created_micros, 1_700_000_000_000_000);
    assert_eq!(created.uuid.len(), 36);
    let (engine, _) = reopen(engine, &log, &trees).await;
    let found = engine.describe_table("Music").unwrap();
    assert_eq!(format!("{:?}", found.definition), format!("{request:?}"));
    assert_eq!((found.id, &found.uuid), (created.id, &created.uuid));
    let error = engine.delete_table("Music").await.unwrap_err();
    assert!(matches!(error, Error::DeletionProtected { .. }));
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(engine.describe_table("music").is_err(), "names are exact");
}

#[tokio::test]
async fn names_are_taken_once_per_name_space() {
    let engine = engine();
    let system = engine.system_tables();
    engine.create_table(simple("b")).await.unwrap();
    system.create_table(simple("b")).await.unwrap();
    system.create_table(simple("users")).await.unwrap();
    engine.create_table(simple("a")).await.unwrap();
    let taken = engine.create_table(simple("b")).await.unwrap_err();
    assert!(matches!(taken, Error::TableExists { .. }));
    assert_eq!(engine.list_tables(None, 10), ["a", "b"]);
    assert_eq!(engine.list_tables(None, 1), ["a"]);
    assert_eq!(engine.list_tables(Some("a"), 10), ["b"]);
    assert_eq!(system.list_tables(None, 10), ["b", "users"]);
    engine
        .put_item(put("b", item([("id", s("x"))])))
        .await
        .unwrap();
    assert_eq!(get(&system, "b", item([("id", s("x"))])), None);
    assert!(engine.describe_table("users").is_err());
    for name in ["", &"x".repeat(256)] {
        let error = engine.create_table(simple(name)).await.unwrap_err();
        assert!(matches!(error, Error::InvalidTableName { .. }));
    }
    engine.create_table(simple(&"x".repeat(255))).await.unwrap();
}

#[tokio::test]
async fn of_many_creators_of_one_name_one_wins() {
    let engine = engine();
    let results = join_all((0..20).map(|_| engine.create_table(simple("t")))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let lost = results.into_iter().filter_map(Result::err);
    assert!(
        lost.into_iter()
            .all(|e| matches!(e, Error::TableExists { .. }))
    );
}

#[tokio::test]
async fn a_dropped_table_is_gone_and_its_id_is_not_used_again() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open(log.clone(), trees.clone());
    let key = || item([("id", s("x"))]);
    let first = engine.create_table(simple("t")).await.unwrap();
    engine.put_item(put("t", key())).await.unwrap();
    let dropped = engine.delete_table("t").await.unwrap();
    assert_eq!(dropped.status, TableStatus::Deleting);
    assert!(matches!(
        engine.delete_table("t").await,
        Err(Error::TableNotFound { .. })
    ));
    assert!(engine.put_item(put("t", key())).await.is_err());
    assert!(engine.list_tables(None, 10).is_empty());

    let second = engine.create_table(simple("t")).await.unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(get(&engine, "t", key()), None);
    engine.delete_table("t").await.unwrap();
    let (engine, _) = reopen(engine, &log, &trees).await;
    let third = engine.create_table(simple("t")).await.unwrap();
    assert!(third.id > second.id, "{:?} {:?}", third.id, second.id);
    assert_eq!(get(&engine, "t", key()), None);
    assert_eq!(third.item_count, 0);
}

#[tokio::test]
async fn versions_move_with_every_change_that_plans_depend_on() {
    let engine = engine();
    let before = engine.catalog_version();
    let t = engine.create_table(simple("t")).await.unwrap();
    let created = engine.catalog_version();
    assert!(created > before);
    engine
        .put_item(put("t", item([("id", s("x")), ("a", n(1))])))
        .await
        .unwrap();
    let grown = engine.catalog_version();
    assert!(grown > created);
    assert!(engine.describe_table("t").unwrap().version > t.version);
    engine
        .put_item(put("t", item([("id", s("y")), ("a", n(2))])))
        .await
        .unwrap();
    assert_eq!(engine.catalog_version(), grown, "nothing new was seen");
    engine.delete_table("t").await.unwrap();
    assert!(engine.catalog_version() > grown);
}

/// Descriptors cost memory only: creating them one by one copies no catalog, and a start reads them in one scan.
#[tokio::test]
async fn ten_thousand_tables() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open(log.clone(), trees.clone());
    for chunk in (0..10_000).collect::<Vec<_>>().chunks(500) {
        let creations = chunk
            .iter()
            .map(|i| engine.create_table(simple(&format!("t{i:05}"))));
        assert!(join_all(creations).await.iter().all(Result::is_ok));
    }
    assert_eq!(engine.list_tables(None, 20_000).len(), 10_000);
    engine
        .put_item(put("t04711", item([("id", s("x"))])))
        .await
        .unwrap();
    let (engine, _) = reopen(engine, &log, &trees).await;
    assert_eq!(
        engine.list_tables(Some("t09997"), 20_000),
        ["t09998", "t09999"]
    );
    assert_eq!(engine.describe_table("t04711").unwrap().item_count, 1);
    assert!(engine.create_table(simple("t00000")).await.is_err());
    let ids: std::collections::BTreeSet<_> = engine
        .list_tables(None, 20_000)
        .iter()
        .map(|name| engine.describe_table(name).unwrap().id)
        .collect();
    assert_eq!(ids.len(), 10_000);
}

/// A dropped table is remembered in a row until nothing of it is left, across a restart.
#[test]
fn a_drop_is_remembered_until_its_space_is_reclaimed() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open_manual(log.clone(), trees.clone());
    let apply = || {
        engine.shard_step(Step::Apply).unwrap();
    };
    let id = driven(apply, engine.create_table(simple("t")))
        .unwrap()
        .id
        .0;
    let row = item([("id", s("x"))]);
    driven(apply, engine.put_item(put("t", row))).unwrap();
    assert!(engine.shard_step(Step::Flush(Role::Items)).unwrap());
    driven(apply, engine.delete_table("t")).unwrap();
    let row = [&[3, 0, 5, b'd'][..], &id.to_be_bytes()].concat();
    let rows = |log: &InstantLog, length: [u8; 4]| {
        let wanted = [&row[..], &length].concat();
        let payloads = log.payloads();
        let found = payloads
            .iter()
            .filter(|p| p.windows(12).any(|w| w == wanted));
        found.count()
    };
    let (put_row, deleted_row) = ([0; 4], [0xff; 4]);
    assert_eq!(rows(&log, put_row), 1, "remembered");
    drop(engine);

    let log = log.reopened();
    let engine = open_manual(log.clone(), trees.clone());
    assert_eq!(rows(&log, deleted_row), 0, "its items are still in a file");
    for _ in 0..4 {
        engine.shard_step(Step::Apply).unwrap();
        for role in [Role::Items, Role::Catalog] {
            engine.shard_step(Step::Flush(role)).unwrap();
            engine.shard_step(Step::Compact(role)).unwrap();
        }
        engine.shard_step(Step::Reclaim).unwrap();
    }
    assert!(trees.durable_entries(Role::Items).is_empty());
    drop(engine);
    let log = log.reopened();
    let engine = open_manual(log.clone(), trees.clone());
    assert_eq!(rows(&log, deleted_row), 1, "forgotten");
    assert!(engine.list_tables(None, 10).is_empty());
}

/// Whoever asks for a drop may go away before it is published.
#[test]
fn a_cancelled_drop_gives_its_space_back() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open_manual(log.clone(), trees.clone());
    let apply = || {
        engine.shard_step(Step::Apply).unwrap();
    };
    driven(apply, engine.create_table(simple("t"))).unwrap();
    driven(apply, engine.put_item(put("t", item([("id", s("x"))])))).unwrap();
    assert!(engine.shard_step(Step::Flush(Role::Items)).unwrap());

    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut dropping = Box::pin(engine.delete_table("t"));
    assert!(dropping.as_mut().poll(&mut context).is_pending());
    drop(dropping);
    apply();
    assert!(engine.list_tables(None, 10).is_empty());
    assert_eq!(
        engine.shard_stats().reclaims,
        3,
        "one for each tree with its number in front of keys"
    );
    for _ in 0..4 {
        engine.shard_step(Step::Compact(Role::Items)).unwrap();
        engine.shard_step(Step::Reclaim).unwrap();
    }
    assert!(trees.durable_entries(Role::Items).is_empty());
    assert_eq!(engine.shard_stats().reclaims, 0);
}

fn open_manual(log: InstantLog, trees: MemoryStore) -> Engine {
    let options = EngineOptions {
        background: false,
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let clock = Arc::new(ManualClock::new(1));
    let rand = Arc::new(SeededRand::new(1));
    Engine::open(options, Arc::new(log), Box::new(trees), clock, rand).unwrap()
}
