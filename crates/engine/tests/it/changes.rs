//! UpdateTable.

use crate::support::*;
use shale_engine::{BillingMode, Error, TableChanges};
use shale_item::KeyType;
use shale_storage::MemoryStore;
use std::collections::BTreeMap;

fn tag(name: &str, value: Option<&str>) -> TableChanges {
    TableChanges {
        tags: BTreeMap::from([(name.to_owned(), value.map(str::to_owned))]),
        ..TableChanges::default()
    }
}

#[tokio::test]
async fn changes_are_described_and_survive_a_restart() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    let request = table("music", ("artist", KeyType::S), None);
    let created = engine.create_table(request).await.unwrap();
    engine
        .put_item(put("music", item([("artist", s("a")), ("year", n(1))])))
        .await
        .unwrap();
    let version = engine.catalog_version();

    let changes = TableChanges {
        billing_mode: Some(BillingMode::Provisioned { read: 3, write: 4 }),
        deletion_protection: Some(true),
        settings: BTreeMap::from([("table_class".to_owned(), Some("STANDARD".to_owned()))]),
        ..tag("team", Some("red"))
    };
    let changed = engine.update_table("music", changes).await.unwrap();
    assert!(engine.catalog_version() > version);
    assert!(changed.version > created.version);
    assert_eq!(changed.uuid, created.uuid);
    assert_eq!(changed.item_count, 1);
    assert_eq!(changed.observed.len(), 2);
    let deleted = engine.delete_table("music").await;
    assert!(matches!(deleted, Err(Error::DeletionProtected { .. })));

    let reopened = open(log.reopened(), MemoryStore::default());
    let described = reopened.describe_table("music").unwrap();
    let definition = format!("{:?}", described.definition);
    assert_eq!(definition, format!("{:?}", changed.definition));
    assert_eq!(
        described.definition.billing_mode,
        BillingMode::Provisioned { read: 3, write: 4 }
    );
    assert_eq!(described.definition.tags["team"], "red");

    let changes = TableChanges {
        deletion_protection: Some(false),
        ..tag("team", None)
    };
    let changed = reopened.update_table("music", changes).await.unwrap();
    assert!(changed.definition.tags.is_empty());
    assert_eq!(changed.definition.settings["table_class"], "STANDARD");
    reopened.delete_table("music").await.unwrap();
    let gone = reopened
        .update_table("music", TableChanges::default())
        .await;
    assert!(matches!(gone, Err(Error::TableNotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_changes_lose_nothing() {
    let engine = engine();
    let request = table("music", ("artist", KeyType::S), None);
    engine.create_table(request).await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..32 {
        let engine = engine.clone();
        tasks.push(tokio::spawn(async move {
            let change = tag(&format!("t{number}"), Some("x"));
            engine.update_table("music", change).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let described = engine.describe_table("music").unwrap();
    assert_eq!(described.definition.tags.len(), 32);
}
