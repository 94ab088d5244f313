//! Many writers at once, over the log in files: nothing is lost, and writers of one key share groups.

use crate::support::*;
use shale_commitlog::{FileLog, FileLogOptions};
use shale_engine::{Engine, EngineOptions, Error, ReturnValues};
use shale_env::{SystemClock, SystemFiles, SystemRand};
use shale_item::{AttributeValue, Item, KeyType};
use shale_storage::MemoryStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tempfile::TempDir;

/// An engine over a log in files, and the count of its groups.
fn durable() -> (Engine, Arc<AtomicU64>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let options = FileLogOptions::new(directory.path());
    let log = FileLog::open(options, Arc::new(SystemFiles), Arc::new(SystemRand)).unwrap();
    let (log, groups) = CountingLog::new(log);
    let engine = Engine::open(
        EngineOptions::new("unused"),
        Arc::new(log),
        Box::new(MemoryStore::default()),
        Arc::new(SystemClock::new()),
        Arc::new(SystemRand),
    );
    (engine.unwrap(), groups, directory)
}

async fn create(engine: &Engine) {
    let request = table("t", ("id", KeyType::N), None);
    engine.create_table(request).await.unwrap();
}

fn key(id: i64) -> Item {
    item([("id", n(id))])
}

fn value_of(engine: &Engine, id: i64) -> i64 {
    match get(engine, "t", key(id)).unwrap()["n"] {
        AttributeValue::N(number) => number.to_i64().unwrap(),
        ref other => panic!("{other:?}"),
    }
}

/// Adds one to a counter; answers its new value.
async fn increment(engine: &Engine, id: i64) -> i64 {
    let mut request = update("t", key(id), "ADD n :one", item([(":one", n(1))]));
    request.return_values = ReturnValues::UpdatedNew;
    let output = engine.update_item(request).await.unwrap();
    match output.attributes.unwrap()["n"] {
        AttributeValue::N(number) => number.to_i64().unwrap(),
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hot_counter_loses_nothing_and_its_writers_share_groups() {
    const WRITERS: i64 = 64;
    const EACH: i64 = 40;
    let (engine, groups, _directory) = durable();
    create(&engine).await;
    let before = groups.load(Ordering::Relaxed);
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for _ in 0..EACH {
                    seen.push(increment(&engine, 1).await);
                }
                seen
            })
        })
        .collect();
    let mut seen = Vec::new();
    for writer in writers {
        seen.extend(writer.await.unwrap());
    }
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=WRITERS * EACH), "each value once");
    assert_eq!(value_of(&engine, 1), WRITERS * EACH);
    let groups = groups.load(Ordering::Relaxed) - before;
    assert!(
        groups * 4 < (WRITERS * EACH) as u64,
        "{groups} groups for {} writes of one key",
        WRITERS * EACH
    );
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counters_on_many_keys_lose_nothing() {
    let (engine, _, _directory) = durable();
    create(&engine).await;
    let writers: Vec<_> = (0..32i64)
        .map(|writer| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for turn in 0..30 {
                    increment(&engine, (writer * 7 + turn * 3) % 10).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let sum: i64 = (0..10).map(|id| value_of(&engine, id)).sum();
    assert_eq!(sum, 32 * 30);
    assert_eq!(engine.describe_table("t").unwrap().item_count, 10);
}

/// Compare and set: of those who saw the same value one wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conditional_writes_succeed_once_per_value() {
    let (engine, _, _directory) = durable();
    create(&engine).await;
    for id in 0..3 {
        engine
            .put_item(put("t", item([("id", n(id)), ("n", n(0))])))
            .await
            .unwrap();
    }
    let writers: Vec<_> = (0..24i64)
        .map(|writer| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let (mut won, id) = (0i64, writer % 3);
                for _ in 0..40 {
                    let seen = value_of(&engine, id);
                    let mut request = put("t", item([("id", n(id)), ("n", n(seen + 1))]));
                    request.condition = Some(condition("n = :seen", item([(":seen", n(seen))])));
                    match engine.put_item(request).await {
                        Ok(_) => won += 1,
                        // The value that refused is published: it is never older than what was seen.
                        Err(Error::ConditionFailed { .. }) => {
                            assert!(value_of(&engine, id) > seen);
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                won
            })
        })
        .collect();
    let mut won = 0;
    for writer in writers {
        won += writer.await.unwrap();
    }
    let sum: i64 = (0..3).map(|id| value_of(&engine, id)).sum();
    assert_eq!(sum, won);
    assert!(won >= 40, "{won}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn inserts_of_overlapping_rows_are_atomic() {
    let (engine, _, _directory) = durable();
    create(&engine).await;
    let writers: Vec<_> = (0..16i64)
        .map(|writer| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let row = |id| {
                    (
                        item([("id", n(id)), ("n", n(writer))]),
                        shale_engine::OnConflict::Fail,
                    )
                };
                // Every two writers have rows in common, in different orders.
                let mut ids: Vec<i64> = (0..5).collect();
                ids.rotate_left(writer as usize % 5);
                engine
                    .insert_all("t", ids.into_iter().map(row).collect())
                    .await
                    .is_ok()
            })
        })
        .collect();
    let mut winners = Vec::new();
    for (writer, task) in writers.into_iter().enumerate() {
        if task.await.unwrap() {
            winners.push(writer as i64);
        }
    }
    assert_eq!(winners.len(), 1);
    assert!((0..5).all(|id| value_of(&engine, id) == winners[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_write_is_acknowledged_after_the_drop() {
    let (engine, _, _directory) = durable();
    for _ in 0..5 {
        create(&engine).await;
        let dropped = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..8i64)
            .map(|writer| {
                let (engine, dropped) = (engine.clone(), Arc::clone(&dropped));
                tokio::spawn(async move {
                    for turn in 0.. {
                        let late = dropped.load(Ordering::SeqCst);
                        let row = item([("id", n(writer * 1_000_000 + turn)), ("n", n(1))]);
                        match engine.put_item(put("t", row)).await {
                            Ok(_) => assert!(!late, "acknowledged behind the drop"),
                            Err(Error::TableNotFound { .. }) => return turn,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    unreachable!()
                })
            })
            .collect();
        while engine.describe_table("t").unwrap().item_count < 50 {
            tokio::task::yield_now().await;
        }
        engine.delete_table("t").await.unwrap();
        dropped.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_opens_again_with_everything_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let options = || EngineOptions::new(directory.path().join("data"));
    let engine = Engine::open_directory(options()).unwrap();
    assert!(Engine::open_directory(options()).is_err(), "one at a time");
    create(&engine).await;
    for id in 0..100 {
        increment(&engine, id % 40).await;
    }
    // As after a kill: without closing.
    drop(engine);
    let engine = Engine::open_directory(options()).unwrap();
    assert_eq!((value_of(&engine, 0), value_of(&engine, 39)), (3, 2));
    assert_eq!(engine.describe_table("t").unwrap().item_count, 40);
    engine.close().await.unwrap();
    let late = engine.put_item(put("t", key(1))).await.unwrap_err();
    assert!(matches!(
        late,
        Error::Storage(shale_engine::StorageError::Closed)
    ));
    drop(engine);
    let engine = Engine::open_directory(options()).unwrap();
    assert_eq!((value_of(&engine, 0), value_of(&engine, 39)), (3, 2));
    assert_eq!(
        engine.describe_table("t").unwrap().observed["n"].integer_digits,
        1
    );
}
