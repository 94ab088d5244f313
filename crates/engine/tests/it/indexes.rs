//! Secondary indexes and expiry: what is derived equals what a naive recomputation finds, always.

use crate::support::*;
use proptest::prelude::*;
use shale_engine::*;
use shale_env::{ManualClock, Rand, SeededRand};
use shale_expression::SortCondition;
use shale_item::{AttributeValue, EncodedItem, Item, KeyAttribute, KeyType, TableId};
use shale_storage::MemoryStore;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const START_MICROS: u64 = 1_700_000_000_000_000;

fn key(name: &str, key_type: KeyType) -> KeyAttribute {
    KeyAttribute {
        name: name.to_owned(),
        key_type,
    }
}

fn global(name: &str, partition: &[KeyAttribute], sort: &[KeyAttribute]) -> Index {
    Index {
        name: name.to_owned(),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: partition.to_vec(),
        sort: sort.to_vec(),
        projection: IndexProjection::All,
        provisioned: None,
        status: IndexStatus::Active,
    }
}

fn local(name: &str, sort: KeyAttribute) -> Index {
    Index {
        kind: IndexKind::Local,
        projection: IndexProjection::KeysOnly,
        ..global(name, &[key("h", KeyType::S)], &[sort])
    }
}

/// Table `t` with HASH `h` and RANGE `r`, and those indexes.
fn indexed(indexes: Vec<Index>) -> CreateTable {
    let mut definition = table("t", ("h", KeyType::S), Some(("r", KeyType::N)));
    definition.derived.indexes = indexes;
    definition
}

fn scan(index: Option<&str>) -> Scan {
    Scan {
        table: "t".to_owned(),
        index: index.map(str::to_owned),
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    }
}

fn query(index: &str, partition: &[AttributeValue]) -> Query {
    Query {
        table: "t".to_owned(),
        index: Some(index.to_owned()),
        whole_items: false,
        partition: partition.to_vec(),
        sort_prefix: vec![],
        sort: None,
        filter: None,
        forward: true,
        limit: None,
        exclusive_start_key: None,
        consistent: true,
    }
}

fn decoded(items: &[EncodedItem]) -> Vec<Item> {
    items.iter().map(EncodedItem::to_item).collect()
}

/// Every index holds what its definition makes of the items, and its counts say so.
fn check_indexes(engine: &Engine) {
    let items = decoded(&engine.scan(&scan(None)).unwrap().items);
    let definition = Arc::clone(&engine.describe_table("t").unwrap().definition);
    for index in &definition.derived.indexes {
        if index.status == IndexStatus::Creating {
            continue;
        }
        let fits = |attribute: &KeyAttribute, item: &Item| {
            matches!(
                (attribute.key_type, item.get(&attribute.name)),
                (KeyType::S, Some(AttributeValue::S(text))) if !text.is_empty()
            ) || matches!(
                (attribute.key_type, item.get(&attribute.name)),
                (KeyType::N, Some(AttributeValue::N(_)))
            )
        };
        let attributes = || index.partition.iter().chain(&index.sort);
        let mut names: BTreeSet<&str> = ["h", "r"].into();
        names.extend(attributes().map(|attribute| attribute.name.as_str()));
        let expected = items
            .iter()
            .filter(|item| attributes().all(|attribute| fits(attribute, item)))
            .map(|item| match &index.projection {
                IndexProjection::All => item.clone(),
                IndexProjection::KeysOnly | IndexProjection::Include(_) => item
                    .iter()
                    .filter(|(name, _)| names.contains(name.as_str()))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            });
        let shown = |items: Vec<Item>| {
            let mut shown: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
            shown.sort();
            shown
        };
        let page = engine.scan(&scan(Some(&index.name))).unwrap();
        assert_eq!(
            shown(decoded(&page.items)),
            shown(expected.collect()),
            "{}",
            index.name
        );
        let bytes: usize = page.items.iter().map(|item| item.size()).sum();
        let size = engine.index_size("t", &index.name).unwrap();
        assert_eq!(size, Some((page.items.len() as u64, bytes as u64)));
    }
}

async fn finish_jobs(engine: &Engine) {
    while engine.job_step(Job::Backfill).await.unwrap() {}
}

fn without_threads(log: InstantLog, trees: MemoryStore, clock: Arc<ManualClock>) -> Engine {
    opened(false, log, trees, clock)
}

/// An engine whose jobs the test does.
fn opened(
    asynchronous_indexes: bool,
    log: InstantLog,
    trees: MemoryStore,
    clock: Arc<ManualClock>,
) -> Engine {
    let options = EngineOptions {
        asynchronous_indexes,
        jobs: false,
        checkpoint_records: 10,
        ..EngineOptions::new("unused")
    };
    let rand = Arc::new(SeededRand::new(3));
    Engine::open(options, Arc::new(log), Box::new(trees), clock, rand).unwrap()
}

fn changes(indexes: Vec<IndexChange>) -> TableChanges {
    TableChanges {
        indexes,
        ..TableChanges::default()
    }
}

#[tokio::test]
async fn a_query_of_an_index_reads_its_order_and_pages_through_equal_keys() {
    let engine = engine();
    let by_score = global(
        "by_score",
        &[key("game", KeyType::S)],
        &[key("score", KeyType::N)],
    );
    engine
        .create_table(indexed(vec![
            by_score,
            local("by_day", key("day", KeyType::S)),
        ]))
        .await
        .unwrap();
    for number in 0..20 {
        let game = if number % 2 == 0 { "chess" } else { "go" };
        let entry = item([
            ("h", s(&format!("player{number}"))),
            ("r", n(0)),
            ("game", s(game)),
            ("score", n(number / 6)),
            ("day", s("monday")),
        ]);
        engine.put_item(put("t", entry)).await.unwrap();
    }
    check_indexes(&engine);
    let mut request = Query {
        limit: Some(3),
        forward: false,
        ..query("by_score", &[s("chess")])
    };
    let mut scores = Vec::new();
    loop {
        let page = engine.query(&request).unwrap();
        scores.extend(
            decoded(&page.items)
                .iter()
                .map(|item| item["score"].clone()),
        );
        match page.last_evaluated_key {
            Some(start) => {
                assert_eq!(
                    start.keys().collect::<Vec<_>>(),
                    ["game", "h", "r", "score"]
                );
                request.exclusive_start_key = Some(start);
            }
            None => break,
        }
    }
    assert_eq!(scores, [3, 2, 2, 2, 1, 1, 1, 0, 0, 0].map(n));
    request.exclusive_start_key = None;
    request.sort = Some(SortCondition::Between(n(1), n(2)));
    request.limit = None;
    assert_eq!(engine.query(&request).unwrap().items.len(), 6);
    // The entries of a KEYS_ONLY index, completed.
    let whole = Query {
        whole_items: true,
        ..query("by_day", &[s("player4")])
    };
    let page = engine.query(&whole).unwrap();
    assert_eq!(decoded(&page.items)[0]["game"], s("chess"));
    assert_eq!((page.capacity, page.whole_items_capacity), (1.0, 1.0));
    // What a write of indexes costs.
    let moved = update(
        "t",
        item([("h", s("player4")), ("r", n(0))]),
        "SET score = :score",
        item([(":score", n(9))]),
    );
    let output = engine.update_item(moved).await.unwrap();
    assert_eq!(output.index_capacity, [("by_score".to_owned(), 2.0)]);
}

#[tokio::test]
async fn keys_of_several_attributes_and_wrong_types() {
    let engine = engine();
    let many = global(
        "many",
        &[key("a", KeyType::S), key("b", KeyType::N)],
        &[key("c", KeyType::S), key("d", KeyType::N)],
    );
    engine.create_table(indexed(vec![many])).await.unwrap();
    for (number, c) in ["x", "x", "y"].into_iter().enumerate() {
        let number = number as i64;
        let entry = item([
            ("h", s("p")),
            ("r", n(number)),
            ("a", s("a")),
            ("b", n(1)),
            ("c", s(c)),
            ("d", n(number)),
        ]);
        engine.put_item(put("t", entry)).await.unwrap();
    }
    let request = Query {
        sort_prefix: vec![s("x")],
        sort: Some(SortCondition::Ge(n(1))),
        ..query("many", &[s("a"), n(1)])
    };
    assert_eq!(engine.query(&request).unwrap().items.len(), 1);
    assert_eq!(
        engine
            .query(&query("many", &[s("a"), n(1)]))
            .unwrap()
            .items
            .len(),
        3
    );
    assert!(matches!(
        engine.query(&query("many", &[s("a")])),
        Err(Error::Key(_))
    ));
    let wrong = item([("h", s("p")), ("r", n(9)), ("b", s("one"))]);
    let refused = engine.put_item(put("t", wrong)).await;
    assert!(matches!(refused, Err(Error::IndexKey { index, .. }) if index == "many"));
    let empty = update(
        "t",
        item([("h", s("p")), ("r", n(0))]),
        "SET a = :e",
        item([(":e", s(""))]),
    );
    assert!(matches!(
        engine.update_item(empty).await,
        Err(Error::IndexKey { .. })
    ));
    check_indexes(&engine);
}

#[tokio::test]
async fn definitions_are_checked() {
    let engine = engine();
    let problem = |indexes: Vec<Index>| {
        let engine = engine.clone();
        async move {
            match engine.create_table(indexed(indexes)).await {
                Err(Error::IndexRefused { problem, .. }) => problem,
                other => panic!("{other:?}"),
            }
        }
    };
    let numbered =
        |count: usize| (0..count).map(|n| global(&format!("i{n}"), &[key("a", KeyType::S)], &[]));
    assert_eq!(
        problem(numbered(21).collect()).await,
        IndexProblem::TooMany {
            kind: IndexKind::Global,
            limit: 20
        }
    );
    let twice = global("i0", &[key("b", KeyType::S)], &[]);
    assert_eq!(
        problem(numbered(1).chain([twice]).collect()).await,
        IndexProblem::Exists
    );
    let typed = |key_type| global(&format!("{key_type:?}"), &[key("a", key_type)], &[]);
    let conflict = IndexProblem::TypeConflict {
        attribute: "a".to_owned(),
    };
    assert_eq!(
        problem(vec![typed(KeyType::S), typed(KeyType::N)]).await,
        conflict
    );
    let five = vec![key("a", KeyType::S); 5];
    assert_eq!(
        problem(vec![global("i", &five, &[])]).await,
        IndexProblem::KeyShape
    );
    assert_eq!(
        problem(vec![global("i", &five[..2], &[])]).await,
        IndexProblem::KeyShape
    );
    let wide = Index {
        projection: IndexProjection::Include((0..101).map(|n| n.to_string()).collect()),
        ..global("i", &five[..1], &[])
    };
    assert_eq!(problem(vec![wide]).await, IndexProblem::TooManyProjected);
    engine.create_table(indexed(vec![])).await.unwrap();
    let later = IndexChange::Create(local("l", key("day", KeyType::S)));
    assert!(matches!(
        engine.update_table("t", changes(vec![later])).await,
        Err(Error::IndexRefused {
            problem: IndexProblem::LocalLater,
            ..
        })
    ));
    assert!(matches!(
        engine
            .update_table("t", changes(vec![IndexChange::Drop("none".to_owned())]))
            .await,
        Err(Error::IndexNotFound { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_created_while_writes_go_on() {
    let engine = engine();
    engine.create_table(indexed(vec![])).await.unwrap();
    let write = async |number: i64| {
        let entry = item([
            ("h", s(&format!("{}", number % 7))),
            ("r", n(number)),
            ("a", n(number % 11)),
        ]);
        engine.put_item(put("t", entry)).await.unwrap();
    };
    for number in 0..2000 {
        write(number).await;
    }
    let create = IndexChange::Create(global("late", &[key("a", KeyType::N)], &[]));
    engine
        .update_table("t", changes(vec![create]))
        .await
        .unwrap();
    assert!(matches!(
        engine.scan(&scan(Some("late"))),
        Err(Error::IndexNotReady { .. }) | Ok(_)
    ),);
    let writers = (0..4).map(|writer| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let rand = SeededRand::new(writer);
            for _ in 0..500 {
                let number = rand.below(2500) as i64;
                let at = item([("h", s(&format!("{}", number % 7))), ("r", n(number))]);
                match rand.below(3) {
                    0 => drop(engine.delete_item(delete("t", at)).await.unwrap()),
                    1 => drop(
                        engine
                            .update_item(update(
                                "t",
                                at,
                                "SET a = :a",
                                item([(":a", n(number % 13))]),
                            ))
                            .await
                            .unwrap(),
                    ),
                    _ => drop(engine.put_item(put("t", at)).await.unwrap()),
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    engine.index_complete("t", "late").await.unwrap();
    assert_eq!(engine.backfills(), []);
    check_indexes(&engine);
    engine
        .update_table("t", changes(vec![IndexChange::Drop("late".to_owned())]))
        .await
        .unwrap();
    assert!(matches!(
        engine.scan(&scan(Some("late"))),
        Err(Error::IndexNotFound { .. })
    ));
    write(3).await;
}

#[tokio::test]
async fn expired_items_go_and_only_those() {
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = without_threads(
        InstantLog::default(),
        MemoryStore::default(),
        Arc::clone(&clock),
    );
    engine
        .create_table(indexed(vec![global("by_a", &[key("a", KeyType::N)], &[])]))
        .await
        .unwrap();
    let now = (START_MICROS / 1_000_000) as i64;
    let years_6 = 6 * 365 * 24 * 3600;
    let cases = [
        ("past", n(now - 1)),
        ("soon", n(now + 50)),
        ("ancient", n(now - years_6)),
        ("text", s("soon")),
        ("zero", n(0)),
        ("future", n(now + 1_000_000)),
    ];
    for (name, expiry) in cases {
        engine
            .put_item(put(
                "t",
                item([
                    ("h", s(name)),
                    ("r", n(1)),
                    ("a", n(1)),
                    ("expires", expiry),
                ]),
            ))
            .await
            .unwrap();
    }
    engine
        .put_item(put("t", item([("h", s("never")), ("r", n(1))])))
        .await
        .unwrap();
    let left = || -> BTreeSet<String> {
        let items = decoded(&engine.scan(&scan(None)).unwrap().items);
        items
            .iter()
            .map(|item| format!("{:?}", item["h"]))
            .collect()
    };
    let expiry = |attribute: Option<&str>| TableChanges {
        ttl: Some(attribute.map(str::to_owned)),
        ..TableChanges::default()
    };
    engine
        .update_table("t", expiry(Some("expires")))
        .await
        .unwrap();
    assert!(matches!(
        engine.update_table("t", expiry(Some("other"))).await,
        Err(Error::TimeToLive { attribute: Some(_) })
    ));
    assert!(
        !engine.job_step(Job::Expiry).await.unwrap(),
        "its index is not filled"
    );
    finish_jobs(&engine).await;
    assert_eq!(left().len(), 7);
    clock.advance(Duration::from_secs(60));
    while engine.job_step(Job::Expiry).await.unwrap() {}
    assert_eq!(left().len(), 5);
    assert!(!left().contains("S(\"past\")") && !left().contains("S(\"soon\")"));
    check_indexes(&engine);
    // A later expiry moves it; one that was taken away keeps it.
    let at = |name: &str| item([("h", s(name)), ("r", n(1))]);
    engine
        .update_item(update(
            "t",
            at("never"),
            "SET expires = :e",
            item([(":e", n(now + 100))]),
        ))
        .await
        .unwrap();
    engine
        .update_item(update("t", at("never"), "REMOVE expires", Item::new()))
        .await
        .unwrap();
    clock.advance(Duration::from_secs(600));
    while engine.job_step(Job::Expiry).await.unwrap() {}
    assert_eq!(left().len(), 5);
    engine.update_table("t", expiry(None)).await.unwrap();
    assert!(matches!(
        engine.update_table("t", expiry(None)).await,
        Err(Error::TimeToLive { attribute: None })
    ));
}

#[tokio::test]
async fn what_was_derived_goes_with_its_table() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = without_threads(log.clone(), trees.clone(), Arc::clone(&clock));
    engine
        .create_table(indexed(vec![global("g", &[key("a", KeyType::N)], &[])]))
        .await
        .unwrap();
    for number in 0..300 {
        engine
            .put_item(put(
                "t",
                item([("h", s("p")), ("r", n(number)), ("a", n(1))]),
            ))
            .await
            .unwrap();
    }
    let create = IndexChange::Create(global("late", &[key("a", KeyType::N)], &[]));
    engine
        .update_table("t", changes(vec![create]))
        .await
        .unwrap();
    engine.job_step(Job::Backfill).await.unwrap();
    assert_eq!(engine.backfills()[0].items_done, 256);
    engine.delete_table("t").await.unwrap();
    assert_eq!(engine.backfills(), []);
    assert!(!engine.job_step(Job::Backfill).await.unwrap());
    engine.create_table(indexed(vec![])).await.unwrap();
    drop(engine);
    let engine = without_threads(log.reopened(), trees, clock);
    assert_eq!(engine.backfills(), []);
    assert_eq!(engine.scan(&scan(None)).unwrap().items.len(), 0);
}

/// One step of a history.
#[derive(Clone, Debug)]
enum Action {
    Put(u8, u8, Option<i8>),
    Remove(u8, u8),
    Delete(u8, u8),
    Create(u8),
    Drop(u8),
    Fill,
    Catch,
    Reopen,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (0u8..4, 0u8..4, proptest::option::of(any::<i8>())).prop_map(|(h, r, a)| Action::Put(h, r, a)),
        2 => (0u8..4, 0u8..4).prop_map(|(h, r)| Action::Remove(h, r)),
        2 => (0u8..4, 0u8..4).prop_map(|(h, r)| Action::Delete(h, r)),
        1 => (0u8..3).prop_map(Action::Create),
        1 => (0u8..3).prop_map(Action::Drop),
        2 => Just(Action::Fill),
        2 => Just(Action::Catch),
        1 => Just(Action::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn indexes_are_what_a_recomputation_finds(
        history in proptest::collection::vec(action(), 1..60),
        asynchronous in proptest::collection::vec(any::<bool>(), 60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (mut log, trees) = (InstantLog::default(), MemoryStore::default());
            let clock = Arc::new(ManualClock::new(START_MICROS));
            let mut modes = asynchronous.into_iter().cycle();
            let mut mode = false;
            let mut engine = opened(mode, log.clone(), trees.clone(), Arc::clone(&clock));
            let start = vec![local("l", key("a", KeyType::N)), global("g", &[key("a", KeyType::N)], &[])];
            engine.create_table(indexed(start)).await.unwrap();
            let at = |h: u8, r: u8| item([("h", s(&h.to_string())), ("r", n(r.into()))]);
            for step in history {
                match step {
                    Action::Put(h, r, a) => {
                        let mut entry = at(h, r);
                        entry.extend(a.map(|a| ("a".to_owned(), n(a.into()))));
                        engine.put_item(put("t", entry)).await.unwrap();
                    }
                    Action::Remove(h, r) => {
                        engine.update_item(update("t", at(h, r), "REMOVE a", Item::new())).await.unwrap();
                    }
                    Action::Delete(h, r) => {
                        engine.delete_item(delete("t", at(h, r))).await.unwrap();
                    }
                    Action::Create(number) => {
                        let index = global(&format!("late{number}"), &[key("a", KeyType::N)], &[key("r", KeyType::N)]);
                        // Refused if it is there.
                        let _ = engine.update_table("t", changes(vec![IndexChange::Create(index)])).await;
                    }
                    Action::Drop(number) => {
                        let _ = engine.update_table("t", changes(vec![IndexChange::Drop(format!("late{number}"))])).await;
                    }
                    Action::Fill => {
                        engine.job_step(Job::Backfill).await.unwrap();
                    }
                    Action::Reopen => {
                        drop(engine);
                        log = log.reopened();
                        mode = modes.next().unwrap_or_default();
                        engine = opened(mode, log.clone(), trees.clone(), Arc::clone(&clock));
                    }
                    Action::Catch => while engine.job_step(Job::Indexes).await.unwrap() {},
                }
                if engine.index_lag().records == 0 {
                    check_indexes(&engine);
                }
                assert!(mode || engine.index_lag().records == 0);
            }
            finish_jobs(&engine).await;
            while engine.job_step(Job::Indexes).await.unwrap() {}
            check_indexes(&engine);
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consistent_read_of_an_asynchronous_index_waits_for_its_watermark() {
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let options = EngineOptions {
        asynchronous_indexes: true,
        ..EngineOptions::new("unused")
    };
    let rand = Arc::new(SeededRand::new(3));
    let (log, trees) = (
        Arc::new(InstantLog::default()),
        Box::new(MemoryStore::default()),
    );
    let engine = Engine::open(options, log, trees, clock, rand).unwrap();
    let board = global("board", &[key("a", KeyType::N)], &[]);
    engine.create_table(indexed(vec![board])).await.unwrap();
    for number in 0..200 {
        let entry = item([("h", s("p")), ("r", n(number)), ("a", n(1))]);
        engine.put_item(put("t", entry)).await.unwrap();
        engine.indexes_consistent().await.unwrap();
        let page = engine.query(&query("board", &[n(1)])).unwrap();
        assert_eq!(page.items.len() as i64, number + 1);
    }
}

/// Nobody applies anything: the read says that it can be tried again, and says so after a bounded time.
#[tokio::test(start_paused = true)]
async fn a_watermark_that_does_not_come_is_an_error() {
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = opened(true, InstantLog::default(), MemoryStore::default(), clock);
    let board = global("board", &[key("a", KeyType::N)], &[]);
    engine.create_table(indexed(vec![board])).await.unwrap();
    let entry = item([("h", s("p")), ("r", n(1)), ("a", n(1))]);
    engine.put_item(put("t", entry)).await.unwrap();
    assert_eq!(
        engine.query(&query("board", &[n(1)])).unwrap().items.len(),
        0
    );
    let lag = engine.indexes_consistent().await;
    assert!(matches!(lag, Err(Error::IndexLag { records: 1 })));
    while engine.job_step(Job::Indexes).await.unwrap() {}
    engine.indexes_consistent().await.unwrap();
    assert_eq!(
        engine.query(&query("board", &[n(1)])).unwrap().items.len(),
        1
    );
}
