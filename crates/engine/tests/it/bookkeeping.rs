//! Statistics equal a recount and observed attributes cover the items, across restarts with and without a clean end.

use crate::support::*;
use proptest::prelude::*;
use shale_engine::{Engine, EngineOptions, ObservedAttribute, OnConflict, Scan};
use shale_env::{ManualClock, SeededRand};
use shale_item::{AttributeType, AttributeValue, Item, KeyType, Number};
use shale_storage::MemoryStore;
use std::sync::Arc;

fn open_with(checkpoint_records: u64, log: InstantLog, trees: MemoryStore) -> Engine {
    let options = EngineOptions {
        checkpoint_records,
        ..EngineOptions::new("unused")
    };
    let clock = Arc::new(ManualClock::new(1));
    let rand = Arc::new(SeededRand::new(7));
    Engine::open(options, Arc::new(log), Box::new(trees), clock, rand).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, i64, usize),
    Delete(u8, i64),
    Update(u8, i64),
    Insert(u8, Vec<i64>),
    Drop(u8),
    Reopen { clean: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let table = || 0..3u8;
    let key = || 0..6i64;
    let step = prop_oneof![
        8 => (table(), key(), 0..3000usize).prop_map(|(t, k, size)| Step::Put(t, k, size)),
        4 => (table(), key()).prop_map(|(t, k)| Step::Delete(t, k)),
        4 => (table(), key()).prop_map(|(t, k)| Step::Update(t, k)),
        3 => (table(), proptest::collection::vec(key(), 0..5)).prop_map(|(t, keys)| Step::Insert(t, keys)),
        1 => table().prop_map(Step::Drop),
        2 => any::<bool>().prop_map(|clean| Step::Reopen { clean }),
    ];
    proptest::collection::vec(step, 1..60)
}

async fn create(engine: &Engine, name: &str) {
    let request = table(name, ("id", KeyType::N), None);
    engine.create_table(request).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counts_are_a_recount(steps in steps(), checkpoint_records in prop_oneof![Just(1u64), 2..20u64, Just(1_000_000)]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut log = InstantLog::default();
            let trees = MemoryStore::default();
            let mut engine = open_with(checkpoint_records, log.clone(), trees.clone());
            for t in 0..3 {
                create(&engine, &format!("t{t}")).await;
            }
            for step in steps {
                match step {
                    Step::Put(t, k, size) => {
                        let row = item([("id", n(k)), ("x", s(&"x".repeat(size)))]);
                        engine.put_item(put(&format!("t{t}"), row)).await.unwrap();
                    }
                    Step::Delete(t, k) => {
                        engine.delete_item(delete(&format!("t{t}"), item([("id", n(k))]))).await.unwrap();
                    }
                    Step::Update(t, k) => {
                        let request = update(&format!("t{t}"), item([("id", n(k))]), "SET u = :v", item([(":v", s("some more"))]));
                        engine.update_item(request).await.unwrap();
                    }
                    Step::Insert(t, keys) => {
                        let rows = keys.into_iter().map(|k| (item([("id", n(k))]), OnConflict::Skip)).collect();
                        engine.insert_all(&format!("t{t}"), rows).await.unwrap();
                    }
                    Step::Drop(t) => {
                        engine.delete_table(&format!("t{t}")).await.unwrap();
                        create(&engine, &format!("t{t}")).await;
                    }
                    Step::Reopen { clean } => {
                        if clean {
                            engine.close().await.unwrap();
                        }
                        drop(engine);
                        log = log.reopened();
                        engine = open_with(checkpoint_records, log.clone(), trees.clone());
                    }
                }
                check_counts(&engine);
            }
        });
    }
}

fn check_counts(engine: &Engine) {
    for name in engine.list_tables(None, 10) {
        let request = Scan {
            table: name.clone(),
            index: None,
            whole_items: false,
            filter: None,
            limit: None,
            exclusive_start_key: None,
            segment: None,
            consistent: true,
        };
        let items = engine.scan(&request).unwrap().items;
        let bytes: usize = items.iter().map(|item| item.size()).sum();
        let described = engine.describe_table(&name).unwrap();
        assert_eq!(
            (described.item_count, described.size_bytes),
            (items.len() as u64, bytes as u64),
            "{name}"
        );
    }
}

#[tokio::test]
async fn checkpoints_are_few() {
    let log = InstantLog::default();
    let engine = open_with(100, log.clone(), MemoryStore::default());
    create(&engine, "t").await;
    let before = log.payloads().len();
    for i in 0..1000 {
        engine
            .put_item(put("t", item([("id", n(i % 7))])))
            .await
            .unwrap();
    }
    let records = log.payloads().len() - before;
    assert!((1005..1015).contains(&records), "{records}");
}

/// A checkpoint leaves out what is right already, and must not go by what one that is on its way is about to change.
#[test]
fn a_checkpoint_waits_for_the_one_before() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let options = || EngineOptions {
        checkpoint_records: 1,
        background: false,
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let reopen = |log: &InstantLog| {
        let clock = Arc::new(ManualClock::new(1));
        let rand = Arc::new(SeededRand::new(7));
        let (log, trees) = (Arc::new(log.clone()), Box::new(trees.clone()));
        Engine::open(options(), log, trees, clock, rand).unwrap()
    };
    let engine = reopen(&log);
    let apply = || {
        engine.shard_step(shale_storage::Step::Apply).unwrap();
    };
    let request = table("t", ("id", KeyType::N), None);
    driven(apply, engine.create_table(request)).unwrap();
    driven(apply, engine.put_item(put("t", item([("id", n(1))])))).unwrap();
    apply();
    let sequenced = || log.payloads().len();

    // The delete becomes readable, the checkpoint behind it (of one item) does not yet.
    log.hold_at(sequenced() as u64 + 1);
    driven(apply, engine.delete_item(delete("t", item([("id", n(1))])))).unwrap();
    assert_eq!(engine.describe_table("t").unwrap().item_count, 0);
    let with_checkpoint = sequenced();
    let no_item = || delete("t", item([("id", n(2))]));
    driven(apply, engine.delete_item(no_item())).unwrap();
    assert_eq!(sequenced(), with_checkpoint, "one is on its way");
    log.release();
    apply();
    assert_eq!(
        reopen(&log.reopened())
            .describe_table("t")
            .unwrap()
            .item_count,
        0
    );

    driven(apply, engine.delete_item(no_item())).unwrap();
    assert_eq!(sequenced(), with_checkpoint + 1, "now it is its turn");
    apply();
    assert_eq!(
        reopen(&log.reopened())
            .describe_table("t")
            .unwrap()
            .item_count,
        0
    );
}

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(text.parse::<Number>().unwrap())
}

fn observed(types: &[AttributeType], digits: (u8, u8), beyond_i64: bool) -> ObservedAttribute {
    ObservedAttribute {
        types: types.iter().fold(0, |mask, t| mask | 1 << *t as u16),
        integer_digits: digits.0,
        fraction_digits: digits.1,
        beyond_i64,
    }
}

#[tokio::test]
async fn observed_attributes_grow_and_are_kept() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open_with(1000, log.clone(), trees.clone());
    create(&engine, "t").await;
    let rows = [
        item([("id", n(1)), ("a", s("x")), ("m", number("12.25"))]),
        item([("id", n(20)), ("a", AttributeValue::Null), ("m", n(7))]),
        item([
            ("id", n(3)),
            ("l", AttributeValue::L(vec![])),
            ("m", number("9223372036854775808")),
        ]),
    ];
    for row in rows {
        engine.put_item(put("t", row)).await.unwrap();
    }
    let request = update(
        "t",
        item([("id", n(1))]),
        "SET u = :v",
        item([(":v", n(100))]),
    );
    engine.update_item(request).await.unwrap();
    // What is gone was seen all the same.
    engine
        .delete_item(delete("t", item([("id", n(20))])))
        .await
        .unwrap();
    use AttributeType::*;
    let expected = [
        ("a", observed(&[S, Null], (0, 0), false)),
        ("id", observed(&[N], (2, 0), false)),
        ("l", observed(&[L], (0, 0), false)),
        ("m", observed(&[N], (19, 2), true)),
        ("u", observed(&[N], (3, 0), false)),
    ];
    let seen = |engine: &Engine| engine.describe_table("t").unwrap().observed.clone();
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(n, o)| (n.to_owned(), o))
        .collect();
    assert_eq!(
        seen(&engine)
            .iter()
            .map(|(n, o)| (n.clone(), o.clone()))
            .collect::<Vec<_>>(),
        expected
    );
    let before = log.payloads().len();
    engine
        .put_item(put("t", item([("id", n(9)), ("a", s("y"))])))
        .await
        .unwrap();
    let record = log.payloads().pop().unwrap();
    assert!(
        !record.windows(5).any(|w| w == b"o\0\0\0\x01"),
        "a record without news carries none"
    );
    assert_eq!(log.payloads().len(), before + 1);

    for clean in [true, false] {
        let seen_before = seen(&engine);
        if clean {
            engine.close().await.unwrap();
        }
        let again = open_with(1000, log.reopened(), trees.clone());
        assert_eq!(seen(&again), seen_before, "{clean}");
    }
}

#[tokio::test]
async fn the_catalogue_is_bounded() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open_with(1000, log.clone(), trees.clone());
    create(&engine, "t").await;
    let wide = |from: i64, to: i64| -> Item {
        let names = (from..to).map(|i| (format!("a{i}"), n(1)));
        names.chain([("id".to_owned(), n(1))]).collect()
    };
    engine.put_item(put("t", wide(0, 600))).await.unwrap();
    engine.put_item(put("t", wide(600, 1200))).await.unwrap();
    let long = item([("id", n(2)), (&"n".repeat(256), n(1))]);
    engine.put_item(put("t", long)).await.unwrap();
    let seen = engine.describe_table("t").unwrap().observed.clone();
    assert_eq!(seen.len(), 1000);
    let version = engine.catalog_version();
    engine.put_item(put("t", wide(2000, 2100))).await.unwrap();
    assert_eq!(engine.catalog_version(), version);
    // What is in the catalogue goes on growing.
    engine
        .put_item(put("t", item([("id", n(1)), ("a1", s("x"))])))
        .await
        .unwrap();
    assert!(engine.describe_table("t").unwrap().observed["a1"].has(AttributeType::S));
}

#[tokio::test]
async fn writers_with_different_news_lose_none_of_it() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = open_with(1000, log.clone(), trees.clone());
    create(&engine, "t").await;
    let values: [AttributeValue; 5] = [
        s("x"),
        n(1),
        AttributeValue::Bool(true),
        AttributeValue::Null,
        AttributeValue::L(Vec::new()),
    ];
    std::thread::scope(|scope| {
        for (id, value) in values.iter().enumerate() {
            let engine = &engine;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    for round in 0..50 {
                        let name = format!("a{round}");
                        let row = item([("id", n(id as i64)), (&name, value.clone())]);
                        engine.put_item(put("t", row)).await.unwrap();
                    }
                });
            });
        }
    });
    let check = |engine: &Engine| {
        let seen = engine.describe_table("t").unwrap().observed.clone();
        for round in 0..50 {
            for value in &values {
                assert!(seen[&format!("a{round}")].has(value.attribute_type()));
            }
        }
    };
    check(&engine);
    check(&open_with(1000, log.reopened(), trees.clone()));
}
