//! Transactions whose latches others hold.

use super::*;
use crate::api::{BillingMode, CreateTable, ReturnValues};
use crate::open::EngineOptions;
use shale_item::{AttributeValue, KeyAttribute, KeySchema, KeyType, TableId};
use std::time::Duration;

fn key(id: i64) -> Item {
    Item::from([("id".to_owned(), AttributeValue::N(id.into()))])
}

fn put(id: i64) -> TransactAction {
    TransactAction::Put(PutItem {
        table: "t".to_owned(),
        item: key(id),
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    })
}

async fn impatient() -> (Engine, TableId, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open_directory(EngineOptions {
        latch_wait: Duration::from_millis(1),
        ..EngineOptions::new(directory.path())
    });
    let engine = engine.unwrap();
    let created = engine.create_table(CreateTable {
        name: "t".to_owned(),
        key_schema: KeySchema {
            partition: KeyAttribute {
                name: "id".to_owned(),
                key_type: KeyType::N,
            },
            sort: None,
        },
        billing_mode: BillingMode::PayPerRequest,
        columns: Vec::new(),
        hidden_key: false,
        deletion_protection: false,
        settings: Default::default(),
        tags: Default::default(),
        sql: Default::default(),
        derived: Default::default(),
    });
    let table = created.await.unwrap().id;
    (engine, table, directory)
}

#[tokio::test]
async fn items_that_others_hold_are_conflicts() {
    let (engine, table, _directory) = impatient().await;
    let schema = engine.describe_table("t").unwrap();
    let tree_key = |id| {
        let key = schema.definition.key_schema.exact_key_of(&key(id)).unwrap();
        encode_key(table, &key)
    };
    let (one, three) = (tree_key(1), tree_key(3));
    let keys = [one.as_slice(), three.as_slice()];
    let actions: Vec<_> = (0..4).map(put).collect();
    let latches = &engine.inner.latches;
    {
        let others = latches.hold_all(keys.into_iter()).unwrap();
        let outcome = futures::executor::block_on(engine.transact_write(&actions, None));
        drop(others);
        match outcome {
            Err(Error::TransactionCanceled { reasons }) => assert!(
                matches!(
                    reasons[..],
                    [
                        None,
                        Some(Error::KeyContention),
                        None,
                        Some(Error::KeyContention)
                    ]
                ),
                "{reasons:?}"
            ),
            other => panic!("{other:?}"),
        }
    }
    engine.transact_write(&actions, None).await.unwrap();
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_token_at_work_is_told_apart_from_a_conflict() {
    let (engine, _, _directory) = impatient().await;
    let request = ClientRequest {
        token: "token".to_owned(),
        fingerprint: [0; 32],
    };
    {
        let other = engine.inner.latches.hold(request.latch_key()).unwrap();
        let actions = [put(1)];
        let outcome = futures::executor::block_on(engine.transact_write(&actions, Some(&request)));
        drop(other);
        assert!(
            matches!(outcome, Err(Error::TransactionInProgress)),
            "{outcome:?}"
        );
    }
    let actions = [put(1)];
    let outcome = engine.transact_write(&actions, Some(&request)).await;
    assert!(!outcome.unwrap().repeated);
    engine.close().await.unwrap();
}
