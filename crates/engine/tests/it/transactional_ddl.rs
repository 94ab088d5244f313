//! Tables that interactive transactions create, change and drop.

use crate::support::*;
use crate::transaction_support::*;
use shale_engine::*;
use shale_item::{Item, KeyAttribute, KeyType, TableId};
use shale_storage::MemoryStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn definition(name: &str) -> CreateTable {
    table(name, ("id", KeyType::N), None)
}

fn id(id: i64) -> Item {
    item([("id", n(id))])
}

fn count(view: &ReadView, table: &str) -> Result<usize, Error> {
    let request = Scan {
        table: table.to_owned(),
        index: None,
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    };
    Ok(view.scan(&request)?.items.len())
}

fn assert_not_found<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(
        matches!(result, Err(Error::TableNotFound { .. })),
        "{result:?}"
    );
}

fn index_on(attribute: &str) -> Index {
    Index {
        name: format!("by_{attribute}"),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: vec![KeyAttribute {
            name: attribute.to_owned(),
            key_type: KeyType::N,
        }],
        sort: vec![],
        projection: IndexProjection::All,
        provisioned: None,
        status: IndexStatus::Active,
    }
}

fn creates_index(attribute: &str) -> TableChanges {
    TableChanges {
        indexes: vec![IndexChange::Create(index_on(attribute))],
        ..TableChanges::default()
    }
}

fn by(table: &str, attribute: &str, value: i64) -> Query {
    Query {
        table: table.to_owned(),
        index: Some(format!("by_{attribute}")),
        partition: vec![n(value)],
        ..partition("", true, None)
    }
}

#[tokio::test]
async fn a_table_is_created_and_filled_in_one_record() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    let records = log.payloads().len();
    let (transaction, other) = (begin(&engine), begin(&engine));
    let version = transaction.catalog_version();
    assert_eq!(version, engine.catalog_version());
    let created = transaction.create_table(&definition("t")).unwrap();
    assert_ne!(transaction.catalog_version(), version);
    let again = transaction.create_table(&definition("t"));
    assert!(matches!(again, Err(Error::TableExists { .. })));
    transaction
        .put_item(&put("t", item([("id", n(1)), ("x", s("a"))])))
        .unwrap();
    let rows = (2..=3).map(|n| (id(n), OnConflict::Fail)).collect();
    transaction.insert_all("t", rows).unwrap();

    // Inside it is a table like any other; outside there is none.
    assert_eq!(count(&transaction.view(), "t").unwrap(), 3);
    let described = transaction.describe_table("t").unwrap();
    assert_eq!(
        (described.id, described.uuid.clone()),
        (created.id, created.uuid.clone())
    );
    assert_eq!(described.observed.len(), 2);
    assert_eq!(transaction.list_tables(None, 10).unwrap(), ["t"]);
    assert_not_found(engine.describe_table("t"));
    assert!(engine.list_tables(None, 10).is_empty());
    assert_not_found(count(&other.view(), "t"));
    assert_eq!(other.list_tables(None, 10).unwrap(), [""; 0]);

    transaction.commit().await.unwrap();
    assert_eq!(log.payloads().len(), records + 1);
    let check = |engine: &Engine| {
        let described = engine.describe_table("t").unwrap();
        assert_eq!((described.id, &described.uuid), (created.id, &created.uuid));
        assert_eq!(described.item_count, 3);
        assert_eq!(described.observed.len(), 2);
        assert_eq!(count(&engine.read_view().unwrap(), "t").unwrap(), 3);
    };
    check(&engine);
    engine.put_item(put("t", id(1))).await.unwrap();
    engine
        .put_item(put("t", item([("id", n(1)), ("x", s("a"))])))
        .await
        .unwrap();
    let reopened = open(log.reopened(), MemoryStore::default());
    check(&reopened);
    // Its number is taken.
    let next = reopened.create_table(definition("u")).await.unwrap();
    assert!(next.id > created.id);
}

#[tokio::test]
async fn what_is_given_up_was_never_there() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    engine.create_table(definition("kept")).await.unwrap();
    engine.put_item(put("kept", id(1))).await.unwrap();
    let records = log.payloads().len();

    let transaction = begin(&engine);
    transaction.create_table(&definition("t")).unwrap();
    transaction.put_item(&put("t", id(1))).unwrap();
    transaction.delete_table("kept").unwrap();
    assert_not_found(count(&transaction.view(), "kept"));
    assert_not_found(transaction.describe_table("kept"));
    assert_not_found(transaction.put_item(&put("kept", id(2))));
    assert_eq!(transaction.list_tables(None, 10).unwrap(), ["t"]);
    transaction.rollback();
    assert_eq!(log.payloads().len(), records);
    assert_eq!(engine.list_tables(None, 10), ["kept"]);
    engine.put_item(put("kept", id(2))).await.unwrap();
    engine.create_table(definition("t")).await.unwrap();

    // Created and dropped again: nothing to write.
    let transaction = begin(&engine);
    transaction.create_table(&definition("u")).unwrap();
    transaction.put_item(&put("u", id(1))).unwrap();
    transaction.delete_table("u").unwrap();
    assert_not_found(count(&transaction.view(), "u"));
    let records = log.payloads().len();
    transaction.commit().await.unwrap();
    assert_eq!(log.payloads().len(), records);
    assert_eq!(engine.list_tables(None, 10), ["kept", "t"]);
}

#[tokio::test]
async fn savepoints_take_definitions_back_too() {
    let engine = engine();
    engine.create_table(definition("old")).await.unwrap();
    engine.put_item(put("old", id(1))).await.unwrap();
    let transaction = begin(&engine);
    transaction.create_table(&definition("first")).unwrap();
    let savepoint = transaction.savepoint().unwrap();
    let version = transaction.catalog_version();
    transaction.put_item(&put("first", id(1))).unwrap();
    transaction.create_table(&definition("second")).unwrap();
    transaction.put_item(&put("second", id(1))).unwrap();
    transaction.delete_table("old").unwrap();
    transaction.create_table(&definition("old")).unwrap();
    assert_eq!(count(&transaction.view(), "old").unwrap(), 0);
    transaction.rollback_to(&savepoint).unwrap();
    assert_ne!(transaction.catalog_version(), version);
    assert_eq!(count(&transaction.view(), "first").unwrap(), 0);
    assert_eq!(count(&transaction.view(), "old").unwrap(), 1);
    assert_not_found(count(&transaction.view(), "second"));
    transaction.create_table(&definition("third")).unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(engine.list_tables(None, 10), ["first", "old", "third"]);
    assert_eq!(engine.describe_table("old").unwrap().item_count, 1);
}

#[tokio::test]
async fn a_drop_is_seen_outside_when_it_is_committed() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    engine.create_table(definition("t")).await.unwrap();
    engine.put_item(put("t", id(1))).await.unwrap();
    let (transaction, reader) = (begin(&engine), begin(&engine));
    assert_eq!(count(&reader.view(), "t").unwrap(), 1);
    transaction.put_item(&put("t", id(2))).unwrap();
    let dropped = transaction.delete_table("t").unwrap();
    assert_eq!(dropped.status, TableStatus::Deleting);
    // Whoever writes before the commit has written before the drop.
    engine
        .put_item(put("t", item([("id", n(3)), ("new", n(1))])))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_not_found(engine.put_item(put("t", id(4))).await);
    assert_eq!(
        count(&reader.view(), "t").unwrap(),
        1,
        "its snapshot has it"
    );
    reader.put_item(&put("t", id(5))).unwrap();
    assert_conflict(reader.commit().await);
    engine.create_table(definition("t")).await.unwrap();
    assert_eq!(count(&engine.read_view().unwrap(), "t").unwrap(), 0);
    let reopened = open(log.reopened(), MemoryStore::default());
    let described = reopened.describe_table("t").unwrap();
    assert_eq!((described.item_count, described.observed.len()), (0, 0));
}

/// A table is replaced: nobody finds the name without a table, or one table's definition with the other's items.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_table_and_its_successor_change_places_at_once() {
    let engine = engine();
    engine.create_table(definition("t")).await.unwrap();
    engine.put_item(put("t", id(0))).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (engine, done) = (engine.clone(), Arc::clone(&done));
            tokio::task::spawn_blocking(move || {
                let mut read = 0;
                while !done.load(Ordering::Acquire) {
                    engine.describe_table("t").unwrap();
                    read += 1;
                }
                read
            })
        })
        .collect();
    for generation in 1..=100 {
        let transaction = begin(&engine);
        assert_eq!(count(&transaction.view(), "t").unwrap(), 1);
        transaction.delete_table("t").unwrap();
        transaction.create_table(&definition("t")).unwrap();
        transaction.put_item(&put("t", id(generation))).unwrap();
        transaction.commit().await.unwrap();
        assert!(get(&engine, "t", id(generation)).is_some());
        assert!(get(&engine, "t", id(generation - 1)).is_none());
        assert_eq!(engine.describe_table("t").unwrap().item_count, 1);
    }
    done.store(true, Ordering::Release);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    assert_eq!(engine.list_tables(None, 10), ["t"]);
}

#[tokio::test]
async fn one_name_is_given_once() {
    let engine = engine();
    let (first, second, third) = (begin(&engine), begin(&engine), begin(&engine));
    for transaction in [&first, &second] {
        transaction.create_table(&definition("t")).unwrap();
        transaction.put_item(&put("t", id(1))).unwrap();
    }
    first.commit().await.unwrap();
    let refused = second.commit().await;
    assert!(
        matches!(refused, Err(Error::TableExists { .. })),
        "{refused:?}"
    );
    // Created since the snapshot, but there.
    let refused = third.create_table(&definition("t"));
    assert!(matches!(refused, Err(Error::TableExists { .. })));
    let taken = engine.create_table(definition("t")).await;
    assert!(matches!(taken, Err(Error::TableExists { .. })));
    assert_eq!(engine.describe_table("t").unwrap().item_count, 1);
    let invalid = third.create_table(&definition(""));
    assert!(matches!(invalid, Err(Error::InvalidTableName { .. })));
}

/// Creations that are not durable yet: whoever comes second waits for what becomes of the first.
#[tokio::test]
async fn a_name_on_its_way_is_waited_for() {
    for plain_first in [true, false] {
        let log = InstantLog::default();
        let engine = open(log.clone(), MemoryStore::default());
        let transaction = begin(&engine);
        transaction.create_table(&definition("t")).unwrap();
        log.hold_at(0);
        let mut plain = Box::pin(engine.create_table(definition("t")));
        let mut commit = Box::pin(transaction.commit());
        if plain_first {
            assert!(futures::poll!(plain.as_mut()).is_pending());
            assert!(futures::poll!(commit.as_mut()).is_pending());
        } else {
            assert!(futures::poll!(commit.as_mut()).is_pending());
            assert!(futures::poll!(plain.as_mut()).is_pending());
        }
        assert_eq!(log.payloads().len(), 1);
        log.release();
        let (plain, commit) = (plain.await, commit.await);
        assert_eq!((plain.is_ok(), commit.is_ok()), (plain_first, !plain_first));
        let second = match plain_first {
            true => commit.err(),
            false => plain.err(),
        };
        assert!(matches!(second, Some(Error::TableExists { .. })));
    }
}

#[tokio::test]
async fn an_index_of_a_new_table_is_complete_at_once() {
    let engine = engine();
    let transaction = begin(&engine);
    let mut request = definition("t");
    request.derived.indexes = vec![index_on("a")];
    transaction.create_table(&request).unwrap();
    let row = |id: i64| item([("id", n(id)), ("a", n(1)), ("b", n(id % 2))]);
    for id in 0..4 {
        transaction.put_item(&put("t", row(id))).unwrap();
    }
    let found = |query: Query| transaction.view().query(&query).unwrap().items.len();
    assert_eq!(found(by("t", "a", 1)), 4);
    // Behind the items, which get their entries.
    let savepoint = transaction.savepoint().unwrap();
    transaction.update_table("t", &creates_index("b")).unwrap();
    assert_eq!((found(by("t", "b", 0)), found(by("t", "b", 1))), (2, 2));
    transaction.rollback_to(&savepoint).unwrap();
    let missing = transaction.view().query(&by("t", "b", 0));
    assert!(matches!(missing, Err(Error::IndexNotFound { .. })));
    let described = transaction.update_table("t", &creates_index("b")).unwrap();
    let statuses: Vec<IndexStatus> = described
        .definition
        .derived
        .indexes
        .iter()
        .map(|index| index.status)
        .collect();
    assert_eq!(statuses, [IndexStatus::Active; 2]);
    transaction.put_item(&put("t", row(5))).unwrap();
    let wrong = item([("id", n(9)), ("b", s("x"))]);
    let refused = transaction.put_item(&put("t", wrong));
    assert!(matches!(refused, Err(Error::IndexKey { .. })));
    let drops = TableChanges {
        indexes: vec![IndexChange::Drop("by_a".to_owned())],
        ..TableChanges::default()
    };
    transaction.update_table("t", &drops).unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(engine.query(&by("t", "b", 1)).unwrap().items.len(), 3);
    assert!(matches!(
        engine.query(&by("t", "a", 1)),
        Err(Error::IndexNotFound { .. })
    ));
    assert!(engine.backfills().is_empty());
}

/// Waits until no index is being filled.
async fn filled(engine: &Engine) {
    while !engine.backfills().is_empty() {
        if !engine.job_step(Job::Backfill).await.unwrap() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn an_index_of_an_old_table_is_filled_behind_the_commit() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    engine.create_table(definition("t")).await.unwrap();
    let row = |id: i64| item([("id", n(id)), ("a", n(1))]);
    for id in 0..3 {
        engine.put_item(put("t", row(id))).await.unwrap();
    }
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row(3))).unwrap();
    transaction.update_table("t", &creates_index("a")).unwrap();
    transaction.put_item(&put("t", row(4))).unwrap();
    let early = transaction.view().query(&by("t", "a", 1));
    assert!(matches!(early, Err(Error::IndexNotReady { .. })));
    // Writes of others go on, and what they write is in the index too.
    engine.put_item(put("t", row(5))).await.unwrap();
    transaction.commit().await.unwrap();
    engine.put_item(put("t", row(6))).await.unwrap();
    filled(&engine).await;
    assert_eq!(engine.query(&by("t", "a", 1)).unwrap().items.len(), 7);

    // A change that the transaction has relied on the absence of.
    let (first, second) = (begin(&engine), begin(&engine));
    first.update_table("t", &creates_index("b")).unwrap();
    second.update_table("t", &creates_index("c")).unwrap();
    first.commit().await.unwrap();
    assert_conflict(second.commit().await);
    filled(&engine).await;
    // Dropped with all that is derived from it.
    let transaction = begin(&engine);
    transaction.update_table("t", &creates_index("d")).unwrap();
    transaction.delete_table("t").unwrap();
    transaction.commit().await.unwrap();
    assert!(engine.list_tables(None, 10).is_empty());
    let reopened = open(log.reopened(), MemoryStore::default());
    assert!(reopened.list_tables(None, 10).is_empty());
    assert!(reopened.backfills().is_empty());
}

#[tokio::test]
async fn protected_tables_and_read_only_transactions_refuse() {
    let engine = engine();
    let mut request = definition("t");
    request.deletion_protection = true;
    engine.create_table(request).await.unwrap();
    let transaction = begin(&engine);
    let refused = transaction.delete_table("t");
    assert!(matches!(refused, Err(Error::DeletionProtected { .. })));
    let unprotects = TableChanges {
        deletion_protection: Some(false),
        ..TableChanges::default()
    };
    transaction.update_table("t", &unprotects).unwrap();
    transaction.delete_table("t").unwrap();
    assert_not_found(transaction.delete_table("t"));
    let reader = engine.begin(TransactionOptions { read_only: true });
    let refused = [
        reader.create_table(&definition("u")).err(),
        reader.delete_table("t").err(),
        reader.update_table("t", &unprotects).err(),
    ];
    assert!(
        refused
            .iter()
            .all(|error| matches!(error, Some(Error::ReadOnlyTransaction)))
    );
    transaction.commit().await.unwrap();
    transaction.rollback();
    assert!(matches!(
        transaction.create_table(&definition("u")),
        Err(Error::TransactionEnded)
    ));
}

/// Whoever creates a table may be gone before that is durable.
#[tokio::test]
async fn a_creator_that_is_gone_is_in_nobodys_way() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    log.hold_at(0);
    let (gone, late) = (begin(&engine), begin(&engine));
    gone.create_table(&definition("made")).unwrap();
    late.create_table(&definition("made")).unwrap();
    let mut committing = Box::pin(gone.commit());
    assert!(futures::poll!(committing.as_mut()).is_pending());
    drop(committing);
    let mut late = Box::pin(late.commit());
    assert!(futures::poll!(late.as_mut()).is_pending());
    log.release();
    let taken = late.await;
    assert!(matches!(taken, Err(Error::TableExists { .. })), "{taken:?}");
    let next = begin(&engine);
    next.delete_table("made").unwrap();
    next.create_table(&definition("made")).unwrap();
    next.commit().await.unwrap();
}
