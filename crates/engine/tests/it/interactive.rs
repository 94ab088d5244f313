//! Interactive transactions: what they see, what they take back, what they leave.

use crate::support::*;
use crate::transaction_support::*;
use proptest::prelude::*;
use shale_engine::*;
use shale_env::{ManualClock, SeededRand};
use shale_item::{EncodedItem, KeyType};
use shale_storage::{MemoryStore, Step};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

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

/// Two savepoints in one place are two: releasing the inner one leaves the outer.
#[tokio::test]
async fn a_savepoint_outlives_the_release_of_the_next() {
    let engine = with_table().await;
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row("a", 1, 1))).unwrap();
    let outer = transaction.savepoint().unwrap();
    let inner = transaction.savepoint().unwrap();
    transaction.release(&inner).unwrap();
    transaction.put_item(&put("t", row("a", 1, 2))).unwrap();
    transaction.put_item(&put("t", row("a", 1, 3))).unwrap();
    transaction.rollback_to(&outer).unwrap();
    assert_eq!(value(read(&transaction.view(), key("a", 1))), Some(1));
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
