//! Interactive transactions: what they see, what they refuse, what they leave.

use crate::support::*;
use proptest::prelude::*;
use shale_engine::{
    Engine, EngineOptions, Error, GetItem, InsertOutcome, LimitKind, OnConflict, Page, Query,
    ReadView, ReturnValues, Scan, StorageError, TableChanges, Transaction, TransactionOptions,
};
use shale_env::{ManualClock, SeededRand};
use shale_item::{AttributeValue, EncodedItem, Item, KeyType};
use shale_storage::{MemoryStore, Step};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// An engine with the table `t`: HASH `p` (S), RANGE `s` (N).
async fn with_table() -> Engine {
    let engine = engine();
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    engine
}

fn begin(engine: &Engine) -> Transaction {
    engine.begin(TransactionOptions::default())
}

fn key(p: &str, sort: i64) -> Item {
    item([("p", s(p)), ("s", n(sort))])
}

fn row(p: &str, sort: i64, value: i64) -> Item {
    item([("p", s(p)), ("s", n(sort)), ("v", n(value))])
}

fn read(view: &ReadView, key: Item) -> Option<Item> {
    let request = GetItem {
        table: "t".to_owned(),
        key,
        consistent: true,
    };
    let item = view.get_item(&request).unwrap().item;
    item.map(|item| item.to_item())
}

fn value(item: Option<Item>) -> Option<i64> {
    match &item?["v"] {
        AttributeValue::N(number) => number.to_i64(),
        other => panic!("{other:?}"),
    }
}

fn partition(p: &str, forward: bool, limit: Option<u32>) -> Query {
    Query {
        table: "t".to_owned(),
        index: None,
        whole_items: false,
        partition: vec![s(p)],
        sort_prefix: vec![],
        sort: None,
        filter: None,
        forward,
        limit,
        exclusive_start_key: None,
        consistent: true,
    }
}

fn sorts(page: &Page) -> Vec<i64> {
    let sort = |item: &Item| match &item["s"] {
        AttributeValue::N(number) => number.to_i64().unwrap(),
        other => panic!("{other:?}"),
    };
    page.items
        .iter()
        .map(|item| sort(&item.to_item()))
        .collect()
}

#[tokio::test]
async fn staged_writes_are_seen_inside_and_only_after_the_commit_outside() {
    let engine = with_table().await;
    engine.put_item(put("t", row("a", 1, 1))).await.unwrap();
    engine.put_item(put("t", row("a", 2, 2))).await.unwrap();
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row("a", 3, 3))).unwrap();
    let mut increment = update("t", key("a", 1), "SET v = v + :x", item([(":x", n(10))]));
    increment.return_values = ReturnValues::AllNew;
    let output = transaction.update_item(&increment).unwrap();
    assert_eq!(value(output.attributes), Some(11));
    assert!(
        transaction
            .delete_item(&delete("t", key("a", 2)))
            .unwrap()
            .existed
    );
    let inserted = transaction.insert_all("t", vec![(row("a", 0, 0), OnConflict::Fail)]);
    inserted.unwrap();

    let view = transaction.view();
    assert_eq!(
        sorts(&view.query(&partition("a", true, None)).unwrap()),
        [0, 1, 3]
    );
    assert_eq!(
        sorts(&view.query(&partition("a", false, None)).unwrap()),
        [3, 1, 0]
    );
    assert_eq!(value(read(&view, key("a", 1))), Some(11));
    assert_eq!(read(&view, key("a", 2)), None);
    let outside = engine.query(&partition("a", true, None)).unwrap();
    assert_eq!(sorts(&outside), [1, 2]);

    transaction.commit().await.unwrap();
    let outside = engine.query(&partition("a", true, None)).unwrap();
    assert_eq!(sorts(&outside), [0, 1, 3]);
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(11));
    assert_eq!(engine.describe_table("t").unwrap().item_count, 3);
    assert!(matches!(
        transaction.commit().await,
        Err(Error::TransactionEnded)
    ));
}

fn assert_conflict(result: Result<(), Error>) {
    assert!(
        matches!(result, Err(Error::SerializationConflict)),
        "{result:?}"
    );
}

/// Reads and writes the item back, one larger.
fn increment(transaction: &Transaction, key: Item) {
    let now = value(read(&transaction.view(), key.clone())).unwrap_or(0);
    let mut row = key;
    row.insert("v".to_owned(), n(now + 1));
    transaction.put_item(&put("t", row)).unwrap();
}

#[tokio::test]
async fn of_two_that_read_and_write_one_item_the_second_is_refused() {
    let engine = with_table().await;
    let (first, second) = (begin(&engine), begin(&engine));
    increment(&first, key("a", 1));
    increment(&second, key("a", 1));
    first.commit().await.unwrap();
    assert_conflict(second.commit().await);
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(1));
    // Tried again it sees what was there.
    let again = begin(&engine);
    increment(&again, key("a", 1));
    again.commit().await.unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(2));
}

#[tokio::test]
async fn without_validation_an_update_is_lost() {
    let options = EngineOptions {
        validate_transactions: false,
        ..EngineOptions::new("unused")
    };
    let engine = Engine::open(
        options,
        Arc::new(InstantLog::default()),
        Box::new(MemoryStore::default()),
        Arc::new(ManualClock::new(1)),
        Arc::new(SeededRand::new(1)),
    )
    .unwrap();
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    let (first, second) = (begin(&engine), begin(&engine));
    increment(&first, key("a", 1));
    increment(&second, key("a", 1));
    first.commit().await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(1));
}

/// Two doctors on call, each leaves because the other stays.
#[tokio::test]
async fn write_skew_is_refused() {
    let engine = with_table().await;
    for doctor in [1, 2] {
        let row = row("on call", doctor, 1);
        engine.put_item(put("t", row)).await.unwrap();
    }
    let leave = |doctor: i64| {
        let transaction = begin(&engine);
        let page = transaction.view().query(&partition("on call", true, None));
        assert_eq!(sorts(&page.unwrap()), [1, 2]);
        let leaves = delete("t", key("on call", doctor));
        transaction.delete_item(&leaves).unwrap();
        transaction
    };
    let (first, second) = (leave(1), leave(2));
    first.commit().await.unwrap();
    assert_conflict(second.commit().await);
    assert!(get(&engine, "t", key("on call", 2)).is_some());
}

#[tokio::test]
async fn what_appears_in_a_range_that_was_read_refuses() {
    for (p, sort, forward, limit, conflicts) in [
        ("a", 5, true, None, true),
        ("b", 5, true, None, false),
        // A page that stopped has read as far as its last key.
        ("a", 15, true, Some(1), false),
        ("a", 5, true, Some(1), true),
        ("a", 10, true, Some(1), true),
        ("a", 15, false, Some(1), false),
        ("a", 25, false, Some(1), true),
        ("a", 20, false, Some(1), true),
        ("a", 25, true, Some(2), false),
        ("a", 25, true, Some(3), true),
    ] {
        let engine = with_table().await;
        engine.put_item(put("t", row("a", 10, 0))).await.unwrap();
        engine.put_item(put("t", row("a", 20, 0))).await.unwrap();
        let transaction = begin(&engine);
        let request = partition("a", forward, limit);
        transaction.view().query(&request).unwrap();
        transaction.put_item(&put("t", row("z", 0, 0))).unwrap();
        engine.put_item(put("t", row(p, sort, 1))).await.unwrap();
        let result = transaction.commit().await;
        assert_eq!(result.is_err(), conflicts, "{p} {sort} {forward} {limit:?}");
    }
}

#[tokio::test]
async fn a_filter_and_a_condition_count_as_reading() {
    let engine = with_table().await;
    engine.put_item(put("t", row("a", 1, 0))).await.unwrap();

    let filtered = begin(&engine);
    let mut request = partition("a", true, None);
    request.filter = Some(condition("v = :x", item([(":x", n(9))])));
    assert!(filtered.view().query(&request).unwrap().items.is_empty());
    filtered.put_item(&put("t", row("z", 0, 0))).unwrap();

    let conditional = begin(&engine);
    let mut request = put("t", row("a", 1, 5));
    request.condition = Some(condition("v = :x", item([(":x", n(0))])));
    conditional.put_item(&request).unwrap();

    let refused = begin(&engine);
    request.condition = Some(condition("v = :x", item([(":x", n(7))])));
    let error = refused.put_item(&request).unwrap_err();
    assert!(matches!(error, Error::ConditionFailed { .. }));
    refused.put_item(&put("t", row("z", 1, 0))).unwrap();

    engine.put_item(put("t", row("a", 1, 9))).await.unwrap();
    assert_conflict(filtered.commit().await);
    assert_conflict(conditional.commit().await);
    assert_conflict(refused.commit().await);
}

#[tokio::test]
async fn writes_that_do_not_depend_on_what_was_there_do_not_conflict() {
    let engine = with_table().await;
    let (first, second) = (begin(&engine), begin(&engine));
    first.put_item(&put("t", row("a", 1, 1))).unwrap();
    second.put_item(&put("t", row("a", 1, 2))).unwrap();
    second.put_item(&put("t", row("a", 2, 2))).unwrap();
    first.commit().await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(2));
    assert_eq!(engine.describe_table("t").unwrap().item_count, 2);
}

#[tokio::test]
async fn transactions_that_write_nothing_never_conflict() {
    let engine = with_table().await;
    engine.put_item(put("t", row("a", 1, 1))).await.unwrap();
    let reader = engine.begin(TransactionOptions { read_only: true });
    let idle = begin(&engine);
    let undone = begin(&engine);
    for transaction in [&reader, &idle, &undone] {
        let page = transaction.view().query(&partition("a", true, None));
        assert_eq!(sorts(&page.unwrap()), [1]);
    }
    let savepoint = undone.savepoint().unwrap();
    undone.put_item(&put("t", row("b", 1, 1))).unwrap();
    undone.rollback_to(&savepoint).unwrap();
    engine.put_item(put("t", row("a", 2, 2))).await.unwrap();
    for transaction in [&reader, &idle, &undone] {
        let page = transaction.view().query(&partition("a", true, None));
        assert_eq!(sorts(&page.unwrap()), [1], "still the same snapshot");
    }
    let refused = reader.put_item(&put("t", row("a", 1, 1)));
    assert!(matches!(refused, Err(Error::ReadOnlyTransaction)));
    for transaction in [reader, idle, undone] {
        transaction.commit().await.unwrap();
    }
    assert_eq!(get(&engine, "t", key("b", 1)), None);
}

#[tokio::test]
async fn savepoints_take_back_writes_and_not_reads() {
    let engine = with_table().await;
    let transaction = begin(&engine);
    let see = || {
        let view = transaction.view();
        let page = view.query(&partition("a", true, None)).unwrap();
        let values = page
            .items
            .iter()
            .map(|item| value(Some(item.to_item())).unwrap());
        values.collect::<Vec<_>>()
    };
    let write = |sort, v| {
        transaction.put_item(&put("t", row("a", sort, v))).unwrap();
    };
    write(1, 10);
    let outer = transaction.savepoint().unwrap();
    write(1, 11);
    write(2, 20);
    let inner = transaction.savepoint().unwrap();
    transaction.delete_item(&delete("t", key("a", 1))).unwrap();
    write(2, 21);
    write(3, 30);
    assert_eq!(see(), [21, 30]);
    transaction.rollback_to(&inner).unwrap();
    assert_eq!(see(), [11, 20]);
    write(2, 22);
    transaction.rollback_to(&inner).unwrap();
    assert_eq!(see(), [11, 20]);
    write(3, 31);
    transaction.release(&inner).unwrap();
    write(3, 32);
    assert_eq!(see(), [11, 20, 32]);
    transaction.rollback_to(&outer).unwrap();
    assert_eq!(see(), [10]);
    write(4, 40);

    // What was read behind the savepoint stays read.
    let savepoint = transaction.savepoint().unwrap();
    assert_eq!(read(&transaction.view(), key("other", 1)), None);
    transaction.rollback_to(&savepoint).unwrap();
    engine.put_item(put("t", row("other", 1, 1))).await.unwrap();
    assert_conflict(transaction.commit().await);
    assert_eq!(get(&engine, "t", key("a", 1)), None);
}

/// A statement that reads while it writes does not meet its own writes.
#[tokio::test]
async fn a_view_stays_as_it_was_made() {
    let engine = with_table().await;
    engine.put_item(put("t", row("a", 1, 1))).await.unwrap();
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row("a", 2, 2))).unwrap();
    let view = transaction.view();
    transaction.put_item(&put("t", row("a", 2, 3))).unwrap();
    transaction.put_item(&put("t", row("a", 3, 3))).unwrap();
    transaction.delete_item(&delete("t", key("a", 1))).unwrap();
    let of = |view: &ReadView| {
        let page = view.query(&partition("a", true, None)).unwrap();
        let values = page
            .items
            .iter()
            .map(|item| value(Some(item.to_item())).unwrap());
        values.collect::<Vec<_>>()
    };
    assert_eq!(of(&view), [1, 2]);
    assert_eq!(of(&transaction.view()), [3, 3]);
    assert_eq!(of(&view.clone()), [1, 2]);
    transaction.rollback();
    let late = view.get_item(&GetItem {
        table: "t".to_owned(),
        key: key("a", 1),
        consistent: true,
    });
    assert!(matches!(late, Err(Error::TransactionEnded)));
}

#[tokio::test]
async fn an_insert_in_a_transaction_is_whole_or_not_at_all() {
    let engine = with_table().await;
    engine.put_item(put("t", row("a", 2, 0))).await.unwrap();
    let transaction = begin(&engine);
    let rows = |on: OnConflict| vec![(row("a", 1, 1), on.clone()), (row("a", 2, 2), on)];
    let (position, error) = transaction
        .insert_all("t", rows(OnConflict::Fail))
        .unwrap_err();
    assert!(matches!((position, error), (1, Error::ItemExists { .. })));
    assert_eq!(read(&transaction.view(), key("a", 1)), None);
    let outcomes = transaction.insert_all("t", rows(OnConflict::Skip)).unwrap();
    assert!(matches!(
        outcomes[..],
        [InsertOutcome::Inserted(_), InsertOutcome::Skipped]
    ));
    let update = OnConflict::Update {
        update: update_of("SET v = v + :x", item([(":x", n(7))])),
        condition: None,
    };
    transaction.insert_all("t", rows(update)).unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(8));
    assert_eq!(value(get(&engine, "t", key("a", 2))), Some(7));
}

#[tokio::test]
async fn what_is_too_much_for_a_record_is_refused_when_it_is_staged() {
    let engine = with_table().await;
    let transaction = begin(&engine);
    let large = |sort: i64| {
        let mut row = row("a", sort, 1);
        row.insert("x".to_owned(), s(&"x".repeat(390 * 1024)));
        put("t", row)
    };
    let mut sort = 0;
    let error = loop {
        sort += 1;
        match transaction.put_item(&large(sort)) {
            Ok(_) => assert!(sort < 100),
            Err(error) => break error,
        }
    };
    assert!(matches!(
        error,
        Error::Limit {
            kind: LimitKind::StagedSize,
            ..
        }
    ));
    // The write that was refused is not there; those before are, and can be replaced again and again.
    assert_eq!(read(&transaction.view(), key("a", sort)), None);
    for _ in 0..200 {
        transaction.put_item(&large(1)).unwrap();
    }
    // Not where every version is needed.
    let error = (0..200).find_map(|_| {
        transaction.savepoint().unwrap();
        transaction.put_item(&large(1)).err()
    });
    assert!(matches!(
        error,
        Some(Error::Limit {
            kind: LimitKind::StagedMemory,
            ..
        })
    ));
    transaction.commit().await.unwrap();
    let count = engine.describe_table("t").unwrap().item_count;
    assert_eq!(count, sort as u64 - 1);

    let many = begin(&engine);
    let rows = |from: i64| (from..from + 40_000).map(|sort| (row("m", sort, 1), OnConflict::Fail));
    many.insert_all("t", rows(0).collect()).unwrap();
    let (_, error) = many.insert_all("t", rows(40_000).collect()).unwrap_err();
    assert!(matches!(
        error,
        Error::Limit {
            kind: LimitKind::StagedRows,
            ..
        }
    ));
    many.commit().await.unwrap();
    let described = engine.describe_table("t").unwrap();
    assert_eq!(described.item_count, count + 40_000);
}

#[tokio::test]
async fn a_transaction_that_is_given_up_leaves_nothing() {
    let engine = with_table().await;
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row("a", 1, 1))).unwrap();
    let view = transaction.view();
    assert_eq!(engine.shard_stats().transactions, 1);
    drop((transaction, view));
    let stats = engine.shard_stats();
    assert_eq!((stats.transactions, stats.snapshots), (0, 0));
    assert_eq!(get(&engine, "t", key("a", 1)), None);

    let rolled_back = begin(&engine);
    rolled_back.put_item(&put("t", row("a", 1, 1))).unwrap();
    rolled_back.rollback();
    assert_eq!(engine.shard_stats().transactions, 0);
    let late = rolled_back.put_item(&put("t", row("a", 1, 1)));
    assert!(matches!(late, Err(Error::TransactionEnded)));
    assert!(matches!(
        rolled_back.savepoint(),
        Err(Error::TransactionEnded)
    ));
}

/// The future of a commit that nobody waits for any more: the transaction happens whole or not at all.
#[tokio::test]
async fn a_client_that_leaves_during_the_commit_leaves_no_transaction() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    log.hold_at(1);
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row("a", 1, 1))).unwrap();
    transaction.put_item(&put("t", row("a", 2, 2))).unwrap();
    {
        let commit = transaction.commit();
        let mut commit = std::pin::pin!(commit);
        assert!(futures::poll!(commit.as_mut()).is_pending());
    }
    drop(transaction);
    assert_eq!(engine.shard_stats().transactions, 0);
    assert_eq!(get(&engine, "t", key("a", 1)), None);
    log.release();
    let page = engine.query(&partition("a", true, None)).unwrap();
    assert_eq!(sorts(&page), [1, 2]);
}

/// A write that is not durable yet is none of what a transaction reads, and refuses it.
#[tokio::test]
async fn writes_on_their_way_refuse() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    log.hold_at(1);
    let write = engine.put_item(put("t", row("a", 1, 7)));
    let mut write = std::pin::pin!(write);
    assert!(futures::poll!(write.as_mut()).is_pending());
    let transaction = begin(&engine);
    increment(&transaction, key("a", 1));
    assert_conflict(transaction.commit().await);
    log.release();
    write.await.unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(7));
}

#[tokio::test]
async fn changes_of_a_table_refuse_those_that_used_it() {
    let engine = with_table().await;
    let other = table("u", ("p", KeyType::S), None);
    let used = || {
        let transaction = begin(&engine);
        read(&transaction.view(), key("a", 1));
        transaction
    };
    // A change of the definition.
    let (reader, writer, unconcerned) = (used(), begin(&engine), begin(&engine));
    writer.put_item(&put("t", row("a", 1, 1))).unwrap();
    let changes = TableChanges {
        tags: BTreeMap::from([("team".to_owned(), Some("red".to_owned()))]),
        ..TableChanges::default()
    };
    engine.update_table("t", changes).await.unwrap();
    engine.create_table(other).await.unwrap();
    reader.put_item(&put("t", row("b", 1, 1))).unwrap();
    assert_conflict(reader.commit().await);
    assert_conflict(writer.commit().await);
    unconcerned.commit().await.unwrap();

    // A table that was not there when it was looked for.
    let early = begin(&engine);
    let missing = table("v", ("p", KeyType::S), None);
    let absent = early.put_item(&put("v", item([("p", s("x"))])));
    assert!(matches!(absent, Err(Error::TableNotFound { .. })));
    early.put_item(&put("t", row("c", 1, 1))).unwrap();
    engine.create_table(missing).await.unwrap();
    assert_conflict(early.commit().await);

    // A drop.
    let (reader, writer) = (used(), begin(&engine));
    writer.put_item(&put("t", row("a", 1, 1))).unwrap();
    reader.put_item(&put("u", item([("p", s("x"))]))).unwrap();
    engine.delete_table("t").await.unwrap();
    assert_conflict(reader.commit().await);
    assert_conflict(writer.commit().await);
    assert_eq!(get(&engine, "u", item([("p", s("x"))])), None);
}

#[tokio::test]
async fn a_transaction_over_several_tables_is_one_record() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    for name in ["b", "a", "c"] {
        let request = table(name, ("id", KeyType::N), None);
        engine.create_table(request).await.unwrap();
    }
    let before = log.payloads().len();
    let transaction = begin(&engine);
    for (name, id) in [("c", 1), ("a", 2), ("b", 3), ("a", 4)] {
        transaction
            .put_item(&put(name, item([("id", n(id))])))
            .unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(log.payloads().len(), before + 1);
    let count = |name: &str| engine.describe_table(name).unwrap().item_count;
    assert_eq!((count("a"), count("b"), count("c")), (2, 1, 1));
    let reopened = open(log.reopened(), MemoryStore::default());
    assert_eq!(reopened.describe_table("a").unwrap().item_count, 2);
}

#[test]
fn a_transaction_whose_snapshot_is_gone_says_so() {
    let clock = Arc::new(ManualClock::new(1));
    let options = EngineOptions {
        background: false,
        ..EngineOptions::new("unused")
    };
    let log = Arc::new(InstantLog::default());
    let rand = Arc::new(SeededRand::new(1));
    let trees = Box::new(MemoryStore::default());
    let engine = Engine::open(options, log, trees, clock.clone(), rand).unwrap();
    let apply = || {
        engine.shard_step(Step::Apply).unwrap();
    };
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    driven(apply, engine.create_table(request)).unwrap();
    let transaction = begin(&engine);
    assert_eq!(read(&transaction.view(), key("a", 1)), None);
    clock.advance(Duration::from_secs(3600));
    engine.shard_step(Step::Budget).unwrap();
    let write = update("t", key("a", 1), "SET v = :x", item([(":x", n(1))]));
    let refused = transaction.update_item(&write);
    assert!(matches!(
        refused,
        Err(Error::Storage(StorageError::SnapshotTooOld))
    ));
    transaction.rollback();
    let again = begin(&engine);
    again.update_item(&write).unwrap();
    driven(apply, again.commit()).unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counters_that_many_tasks_raise_atomically_lose_nothing() {
    const TASKS: i64 = 16;
    const EACH: i64 = 25;
    let engine = with_table().await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for turn in 0..EACH {
                    let moved = engine.atomically(|transaction| async move {
                        increment(&transaction, key("total", 0));
                        increment(&transaction, key("part", (task + turn) % 3));
                        Ok::<_, Error>(())
                    });
                    moved.await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(
        value(get(&engine, "t", key("total", 0))),
        Some(TASKS * EACH)
    );
    let parts = (0..3).map(|part| value(get(&engine, "t", key("part", part))).unwrap());
    assert_eq!(parts.sum::<i64>(), TASKS * EACH);
    assert_eq!(engine.shard_stats().transactions, 0);
}

#[tokio::test]
async fn what_a_function_refuses_is_not_tried_again() {
    let engine = with_table().await;
    let mut runs = 0;
    let refused: Result<(), Error> = engine
        .atomically(|transaction| {
            runs += 1;
            async move {
                transaction.put_item(&put("t", row("a", 1, 1)))?;
                Err(Error::SameKeyTwice)
            }
        })
        .await;
    assert!(matches!(refused, Err(Error::SameKeyTwice)));
    assert_eq!(runs, 1);
    assert_eq!(get(&engine, "t", key("a", 1)), None);
}

/// A step of a transaction in the comparison with a model.
#[derive(Clone, Debug)]
enum Move {
    Put(u8, u8),
    Delete(u8),
    Add(u8),
    Savepoint,
    RollbackTo(usize),
    Release(usize),
    /// Keeps a view alive, so that versions are kept.
    Keep,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0u8..12, any::<u8>()).prop_map(|(sort, v)| Move::Put(sort, v)),
        3 => (0u8..12).prop_map(Move::Delete),
        3 => (0u8..12).prop_map(Move::Add),
        1 => Just(Move::Savepoint),
        1 => (0usize..4).prop_map(Move::RollbackTo),
        1 => (0usize..4).prop_map(Move::Release),
        1 => Just(Move::Keep),
    ];
    proptest::collection::vec(one, 0..40)
}

type Model = BTreeMap<i64, i64>;

fn all_pages(view: &ReadView, forward: bool, limit: Option<u32>) -> Vec<(i64, i64)> {
    let (mut rows, mut start) = (Vec::new(), None);
    loop {
        let mut request = partition("a", forward, limit);
        request.exclusive_start_key = start;
        let page = view.query(&request).unwrap();
        for item in page.items.iter().map(EncodedItem::to_item) {
            let sort = sorts(&Page {
                items: vec![EncodedItem::encode(&item)],
                ..Page::default()
            });
            rows.push((sort[0], value(Some(item)).unwrap()));
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return rows;
        }
    }
}

fn assert_sees(view: &ReadView, model: &Model) {
    let expected: Vec<(i64, i64)> = model.iter().map(|(k, v)| (*k, *v)).collect();
    let reversed: Vec<(i64, i64)> = expected.iter().rev().copied().collect();
    for limit in [None, Some(1), Some(3)] {
        assert_eq!(all_pages(view, true, limit), expected, "{limit:?}");
        assert_eq!(all_pages(view, false, limit), reversed, "{limit:?}");
    }
    for sort in 0..12 {
        let found = value(read(view, key("a", sort)));
        assert_eq!(found, model.get(&sort).copied());
    }
    let mut scanned = 0;
    for segment in 0..3 {
        let request = Scan {
            table: "t".to_owned(),
            index: None,
            filter: None,
            limit: None,
            exclusive_start_key: None,
            segment: Some((segment, 3)),
            consistent: true,
            whole_items: false,
        };
        scanned += view.scan(&request).unwrap().items.len();
    }
    assert_eq!(scanned, model.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_transaction_sees_equals_the_model(
        stored in proptest::collection::btree_map(0i64..12, 0i64..100, 0..8),
        moves in moves(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let engine = with_table().await;
            for (sort, v) in &stored {
                engine.put_item(put("t", row("a", *sort, *v))).await.unwrap();
            }
            let transaction = begin(&engine);
            let mut model: Model = stored.clone();
            let mut savepoints = Vec::new();
            let mut kept = Vec::new();
            for step in moves {
                match step {
                    Move::Put(sort, v) => {
                        let (sort, v) = (i64::from(sort), i64::from(v));
                        transaction.put_item(&put("t", row("a", sort, v))).unwrap();
                        model.insert(sort, v);
                    }
                    Move::Delete(sort) => {
                        let sort = i64::from(sort);
                        let output = transaction.delete_item(&delete("t", key("a", sort))).unwrap();
                        assert_eq!(output.existed, model.remove(&sort).is_some());
                    }
                    Move::Add(sort) => {
                        let sort = i64::from(sort);
                        let add = update("t", key("a", sort), "ADD v :x", item([(":x", n(1))]));
                        transaction.update_item(&add).unwrap();
                        *model.entry(sort).or_default() += 1;
                    }
                    Move::Savepoint => savepoints.push((transaction.savepoint().unwrap(), model.clone())),
                    Move::RollbackTo(which) if which < savepoints.len() => {
                        transaction.rollback_to(&savepoints[which].0).unwrap();
                        model = savepoints[which].1.clone();
                        savepoints.truncate(which + 1);
                        // Views of what was taken back are not read any more.
                        kept.clear();
                    }
                    Move::Release(which) if which < savepoints.len() => {
                        transaction.release(&savepoints[which].0).unwrap();
                        savepoints.truncate(which);
                    }
                    Move::RollbackTo(_) | Move::Release(_) => {}
                    Move::Keep => kept.push((transaction.view(), model.clone())),
                }
                assert_sees(&transaction.view(), &model);
            }
            for (view, model) in &kept {
                assert_sees(view, model);
            }
            drop(kept);
            transaction.commit().await.unwrap();
            assert_sees(&engine.read_view().unwrap(), &model);
            assert_eq!(engine.describe_table("t").unwrap().item_count, model.len() as u64);
        });
    }
}
