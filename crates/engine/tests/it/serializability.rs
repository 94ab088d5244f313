//! Interactive transactions side by side: which of them are refused, and which are not.

use crate::support::*;
use crate::transaction_support::*;
use shale_engine::*;
use shale_env::{ManualClock, SeededRand};
use shale_item::{Item, KeyAttribute, KeyType, TableId};
use shale_storage::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A write that is not durable yet is none of what a transaction reads, and refuses it; the refusal is told when the write is durable, so
/// that the next attempt sees it.
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
    let mut commit = Box::pin(transaction.commit());
    assert!(futures::poll!(commit.as_mut()).is_pending());
    log.release();
    assert_conflict(commit.await);
    write.await.unwrap();
    let again = begin(&engine);
    increment(&again, key("a", 1));
    again.commit().await.unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(8));
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

/// The next attempt reads what is on its way, so that many share a sync; nothing is told before that.
#[tokio::test]
async fn statements_on_one_item_do_not_wait_for_each_other() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    engine.put_item(put("t", row("a", 1, 0))).await.unwrap();
    // The first of them shows a digit more of `v`: the catalog is on its way too.
    log.hold_at(2);
    let raise = || {
        engine.atomically(|transaction| async move {
            increment(&transaction, key("a", 1));
            Ok::<_, Error>(())
        })
    };
    let mut raises: Vec<_> = (0..5).map(|_| Box::pin(raise())).collect();
    for raise in &mut raises {
        assert!(futures::poll!(raise.as_mut()).is_pending());
    }
    assert_eq!(log.payloads().len(), 7, "all are on their way");
    // What finds nothing to write, and what is refused, have seen them too.
    let sees = |transaction: Transaction| async move {
        let seen = value(read(&transaction.view(), key("a", 1)));
        if seen == Some(0) {
            // Behind: a write makes it conflict with the others.
            transaction.put_item(&put("t", row("b", 2, 0)))?;
        }
        Ok::<_, Error>(seen)
    };
    let refuses = |transaction: Transaction| async move {
        if value(read(&transaction.view(), key("a", 1))) == Some(0) {
            transaction.put_item(&put("t", row("b", 2, 0)))?;
            return Ok(());
        }
        Err(Error::SameKeyTwice)
    };
    let mut sees = Box::pin(engine.atomically(sees));
    let mut refuses = Box::pin(engine.atomically(refuses));
    assert!(futures::poll!(sees.as_mut()).is_pending());
    assert!(futures::poll!(refuses.as_mut()).is_pending());
    log.release();
    for raise in raises {
        raise.await.unwrap();
    }
    assert_eq!(sees.await.unwrap(), Some(5));
    assert!(matches!(refuses.await, Err(Error::SameKeyTwice)));
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(5));
    assert_eq!(get(&engine, "t", key("b", 2)), None);
}

/// Definitions on their way count for statements that are tried again.
#[tokio::test]
async fn statements_obey_definitions_on_their_way() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    log.hold_at(1);
    let changes = TableChanges {
        tags: BTreeMap::from([("team".to_owned(), Some("red".to_owned()))]),
        ..TableChanges::default()
    };
    let raise = || {
        engine.atomically(|transaction| async move {
            let add = update("t", key("a", 1), "ADD v :x", item([(":x", n(1))]));
            transaction.update_item(&add)?;
            Ok::<_, Error>(())
        })
    };
    let (mut change, mut behind) = (
        Box::pin(engine.update_table("t", changes)),
        Box::pin(raise()),
    );
    assert!(futures::poll!(change.as_mut()).is_pending());
    assert!(futures::poll!(behind.as_mut()).is_pending());
    assert_eq!(
        log.payloads().len(),
        3,
        "it waits for nothing but its own record"
    );
    let (mut drop, mut late) = (Box::pin(engine.delete_table("t")), Box::pin(raise()));
    assert!(futures::poll!(drop.as_mut()).is_pending());
    assert!(futures::poll!(late.as_mut()).is_pending());
    log.release();
    change.await.unwrap();
    behind.await.unwrap();
    drop.await.unwrap();
    assert!(matches!(late.await, Err(Error::TableNotFound { .. })));
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

/// As `with_table`, with an index over `v`.
async fn with_index(projection: IndexProjection) -> Engine {
    let engine = engine();
    let mut request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    request.derived.indexes = vec![Index {
        name: "by_v".to_owned(),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: vec![KeyAttribute {
            name: "v".to_owned(),
            key_type: KeyType::N,
        }],
        sort: vec![],
        projection,
        provisioned: None,
        status: IndexStatus::Active,
    }];
    engine.create_table(request).await.unwrap();
    engine
}

fn by_v(v: i64) -> Query {
    Query {
        index: Some("by_v".to_owned()),
        partition: vec![n(v)],
        ..partition("", true, None)
    }
}

#[tokio::test]
async fn indexes_show_what_is_staged() {
    let engine = with_index(IndexProjection::All).await;
    for (sort, v) in [(1, 1), (2, 1), (3, 2)] {
        engine.put_item(put("t", row("a", sort, v))).await.unwrap();
    }
    let transaction = begin(&engine);
    let see = |v: i64| {
        let mut found = sorts(&transaction.view().query(&by_v(v)).unwrap());
        found.sort_unstable();
        found
    };
    let savepoint = transaction.savepoint().unwrap();
    // Blind or not, the entry of what was there is gone.
    transaction.put_item(&put("t", row("a", 1, 2))).unwrap();
    transaction.put_item(&put("t", row("a", 4, 2))).unwrap();
    transaction.delete_item(&delete("t", key("a", 3))).unwrap();
    assert_eq!((see(1), see(2)), (vec![2], vec![1, 4]));
    let remove = update("t", key("a", 4), "REMOVE v", Item::new());
    transaction.update_item(&remove).unwrap();
    assert_eq!((see(1), see(2)), (vec![2], vec![1]));
    transaction.rollback_to(&savepoint).unwrap();
    assert_eq!((see(1), see(2)), (vec![1, 2], vec![3]));
    transaction.put_item(&put("t", row("a", 1, 3))).unwrap();
    let wrong = transaction.put_item(&put("t", item([("p", s("a")), ("s", n(9)), ("v", s("x"))])));
    assert!(matches!(wrong, Err(Error::IndexKey { .. })));
    transaction.commit().await.unwrap();
    let outside = |v: i64| sorts(&engine.query(&by_v(v)).unwrap());
    assert_eq!(
        (outside(1), outside(2), outside(3)),
        (vec![2], vec![3], vec![1])
    );
}

#[tokio::test]
async fn a_range_of_an_index_that_was_read_refuses() {
    for (written, conflicts) in [
        (row("b", 1, 7), true),
        (row("b", 1, 8), false),
        // It leaves the range.
        (row("a", 1, 8), true),
        // Its entry stays as it is, and nothing else of it was read.
        (
            item([("p", s("a")), ("s", n(1)), ("v", n(7)), ("x", n(1))]),
            false,
        ),
    ] {
        let engine = with_index(IndexProjection::KeysOnly).await;
        engine.put_item(put("t", row("a", 1, 7))).await.unwrap();
        let transaction = begin(&engine);
        let page = transaction.view().query(&by_v(7)).unwrap();
        assert_eq!(page.items.len(), 1);
        transaction.put_item(&put("t", row("z", 0, 0))).unwrap();
        engine.put_item(put("t", written.clone())).await.unwrap();
        let result = transaction.commit().await;
        assert_eq!(result.is_err(), conflicts, "{written:?}");
    }
}

/// Entries completed to whole items: the items are read too.
#[tokio::test]
async fn items_behind_an_index_count_as_read() {
    let engine = with_index(IndexProjection::KeysOnly).await;
    engine.put_item(put("t", row("a", 1, 7))).await.unwrap();
    let transaction = begin(&engine);
    let mut added = row("a", 2, 7);
    added.insert("x".to_owned(), n(2));
    transaction.put_item(&put("t", added)).unwrap();
    let request = Query {
        whole_items: true,
        ..by_v(7)
    };
    let page = transaction.view().query(&request).unwrap();
    let found: Vec<bool> = page
        .items
        .iter()
        .map(|item| item.to_item().contains_key("x"))
        .collect();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&true), "the staged item is completed too");
    let mut changed = row("a", 1, 7);
    changed.insert("x".to_owned(), n(1));
    engine.put_item(put("t", changed)).await.unwrap();
    assert_conflict(transaction.commit().await);
}
