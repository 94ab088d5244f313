//! Contributor Insights: what counts as an access, what is kept, and that the setting lasts.

use crate::support::*;
use shale_engine::*;
use shale_env::{ManualClock, SeededRand};
use shale_item::{Item, KeyAttribute, KeyType, TableId};
use shale_storage::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const NOW_MICROS: u64 = 1_700_000_000_000_000;

/// What a key has consumed, by `resource/rule key`; the resource is `table` or `table.index`.
type Figures = BTreeMap<String, f64>;

fn figures(engine: &Engine) -> Figures {
    let mut figures = Figures::new();
    for contribution in engine.contributions() {
        assert_eq!(contribution.error, 0.0, "few keys are exact");
        let keys = contribution.keys.values().map(|value| match value {
            shale_item::AttributeValue::S(text) => text.clone(),
            other => format!("{other:?}"),
        });
        let keys: Vec<String> = keys.collect();
        let index = contribution.index.map(|index| format!(".{index}"));
        let rule = contribution.rule.split('-').nth(1).unwrap();
        let name = format!(
            "{}{}/{rule} {}",
            contribution.table,
            index.unwrap_or_default(),
            keys.join(",")
        );
        *figures.entry(name).or_default() += contribution.contribution;
    }
    figures
}

fn expect(engine: &Engine, expected: &[(&str, f64)]) {
    let expected: Figures = expected
        .iter()
        .map(|(k, v)| ((*k).to_owned(), *v))
        .collect();
    assert_eq!(figures(engine), expected);
}

async fn switch(engine: &Engine, table: &str, index: Option<&str>, mode: Option<InsightsMode>) {
    let changes = TableChanges {
        insights: Some(InsightsChange {
            index: index.map(str::to_owned),
            mode,
        }),
        ..TableChanges::default()
    };
    engine.update_table(table, changes).await.unwrap();
}

const ALL: Option<InsightsMode> = Some(InsightsMode::AccessedAndThrottledKeys);

fn index(name: &str, kind: IndexKind, partition: &str, sort: &str) -> Index {
    let key = |name: &str| KeyAttribute {
        name: name.to_owned(),
        key_type: KeyType::S,
    };
    Index {
        name: name.to_owned(),
        id: TableId(0),
        kind,
        partition: vec![key(partition)],
        sort: vec![key(sort)],
        projection: IndexProjection::KeysOnly,
        provisioned: None,
        status: IndexStatus::Active,
    }
}

/// HASH `h`, RANGE `r`, a global index `by_g` on (g, r) and a local one `by_l` on l, all S.
fn definition() -> CreateTable {
    let mut definition = table("t", ("h", KeyType::S), Some(("r", KeyType::S)));
    definition.derived.indexes = vec![
        index("by_g", IndexKind::Global, "g", "r"),
        index("by_l", IndexKind::Local, "h", "l"),
    ];
    definition
}

fn key(h: &str, r: &str) -> Item {
    item([("h", s(h)), ("r", s(r))])
}

fn query(index: Option<&str>, partition: &str) -> Query {
    Query {
        table: "t".to_owned(),
        index: index.map(str::to_owned),
        partition: vec![s(partition)],
        sort_prefix: Vec::new(),
        sort: None,
        filter: None,
        forward: true,
        limit: None,
        exclusive_start_key: None,
        consistent: false,
        whole_items: false,
    }
}

fn read(h: &str, r: &str, consistent: bool) -> GetItem {
    GetItem {
        table: "t".to_owned(),
        key: key(h, r),
        consistent,
    }
}

#[tokio::test]
async fn a_write_counts_with_its_units_whatever_comes_of_it() {
    let engine = engine();
    engine.create_table(definition()).await.unwrap();
    engine.put_item(put("t", key("before", "1"))).await.unwrap();
    switch(&engine, "t", None, ALL).await;
    expect(&engine, &[]);
    let large = item([("h", s("a")), ("r", s("1")), ("x", s(&"x".repeat(2000)))]);
    engine.put_item(put("t", large)).await.unwrap();
    engine
        .delete_item(delete("t", key("a", "2")))
        .await
        .unwrap();
    let mut refused = put("t", key("b", "1"));
    refused.condition = Some(condition("attribute_exists(h)", Item::new()));
    engine.put_item(refused).await.unwrap_err();
    let values = item([(":x", n(1))]);
    let change = update("t", key("b", "2"), "SET x = :x", values);
    engine.update_item(change).await.unwrap();
    let writes = vec![
        ("t".to_owned(), BatchWrite::Put(key("c", "1"))),
        ("t".to_owned(), BatchWrite::Delete(key("c", "2"))),
    ];
    engine.batch_write(writes).await.unwrap();
    let rows = vec![
        (key("d", "1"), OnConflict::Fail),
        (key("d", "1"), OnConflict::Skip),
    ];
    engine.insert_all("t", rows).await.unwrap();
    let invalid = put("t", item([("h", s("e"))]));
    engine.put_item(invalid).await.unwrap_err();
    expect(
        &engine,
        &[
            ("t/PKC a", 3.0),
            ("t/SKC a,1", 2.0),
            ("t/SKC a,2", 1.0),
            ("t/PKC b", 2.0),
            ("t/SKC b,1", 1.0),
            ("t/SKC b,2", 1.0),
            ("t/PKC c", 2.0),
            ("t/SKC c,1", 1.0),
            ("t/SKC c,2", 1.0),
            ("t/PKC d", 2.0),
            ("t/SKC d,1", 2.0),
        ],
    );
}

#[tokio::test]
async fn the_shares_of_a_page_add_up_to_its_capacity() {
    let engine = engine();
    engine.create_table(definition()).await.unwrap();
    for n in 0..50 {
        let r = format!("{n:03}");
        let odd = item([("h", s("a")), ("r", s(&r)), ("x", s(&"x".repeat(7 * n)))]);
        engine.put_item(put("t", odd)).await.unwrap();
    }
    switch(&engine, "t", None, ALL).await;
    let capacity = engine.query(&query(None, "a")).unwrap().capacity;
    for _ in 0..9 {
        engine.query(&query(None, "a")).unwrap();
    }
    assert_eq!(figures(&engine)["t/PKC a"], 10.0 * capacity);
}

#[tokio::test]
async fn reads_count_by_key_and_by_page() {
    let engine = engine();
    engine.create_table(definition()).await.unwrap();
    for r in ["1", "2"] {
        let wide = item([
            ("h", s("a")),
            ("r", s(r)),
            ("l", s(r)),
            ("x", s(&"x".repeat(3000))),
        ]);
        engine.put_item(put("t", wide)).await.unwrap();
    }
    switch(&engine, "t", None, ALL).await;
    engine.get_item(&read("a", "1", true)).unwrap();
    engine.get_item(&read("none", "1", false)).unwrap();
    expect(
        &engine,
        &[
            ("t/PKC a", 1.0),
            ("t/SKC a,1", 1.0),
            ("t/PKC none", 0.5),
            ("t/SKC none,1", 0.5),
        ],
    );
    // Both have the same size: 2 × 3 KB are one unit of an eventual read.
    switch(&engine, "t", None, None).await;
    switch(&engine, "t", None, ALL).await;
    expect(&engine, &[]);
    engine.query(&query(None, "a")).unwrap();
    engine.query(&query(None, "none")).unwrap();
    expect(
        &engine,
        &[
            ("t/PKC a", 1.0),
            ("t/SKC a,1", 0.5),
            ("t/SKC a,2", 0.5),
            ("t/PKC none", 0.5),
        ],
    );
    // A local index is under the keys of the table.
    engine.query(&query(Some("by_l"), "a")).unwrap();
    let scan = Scan {
        table: "t".to_owned(),
        index: None,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
        whole_items: false,
    };
    engine.scan(&scan).unwrap();
    let keys = [("t".to_owned(), key("b", "1"))];
    engine.batch_get(&keys, true).unwrap();
    engine.transact_get(&keys).unwrap();
    let view = engine.read_view().unwrap();
    view.get_item(&read("b", "1", true)).unwrap();
    expect(
        &engine,
        &[
            ("t/PKC a", 1.0 + 0.5 + 2.0),
            ("t/SKC a,1", 0.5 + 0.25 + 1.0),
            ("t/SKC a,2", 0.5 + 0.25 + 1.0),
            ("t/PKC none", 0.5),
            ("t/PKC b", 1.0 + 2.0 + 1.0),
            ("t/SKC b,1", 1.0 + 2.0 + 1.0),
        ],
    );
}

#[tokio::test]
async fn an_index_has_figures_of_its_own() {
    let engine = engine();
    engine.create_table(definition()).await.unwrap();
    switch(&engine, "t", Some("by_g"), ALL).await;
    let entry = |g: &str| item([("h", s("a")), ("r", s("1")), ("g", s(g))]);
    engine.put_item(put("t", entry("x"))).await.unwrap();
    engine.put_item(put("t", entry("x"))).await.unwrap();
    engine.put_item(put("t", entry("y"))).await.unwrap();
    expect(
        &engine,
        &[
            ("t.by_g/PKC x", 2.0),
            ("t.by_g/SKC x,1", 2.0),
            ("t.by_g/PKC y", 1.0),
            ("t.by_g/SKC y,1", 1.0),
        ],
    );
    switch(&engine, "t", None, ALL).await;
    let mut whole = query(Some("by_g"), "y");
    whole.whole_items = true;
    engine.query(&whole).unwrap();
    engine.get_item(&read("a", "1", true)).unwrap();
    let both = figures(&engine);
    assert_eq!(both["t.by_g/SKC y,1"], 1.5);
    assert_eq!(both["t/SKC a,1"], 0.5 + 1.0, "the index was completed");
    let drop = TableChanges {
        indexes: vec![IndexChange::Drop("by_g".to_owned())],
        ..TableChanges::default()
    };
    let dropped = engine.update_table("t", drop).await.unwrap();
    assert_eq!(dropped.definition.derived.insights.len(), 1);
    assert!(figures(&engine).keys().all(|name| name.starts_with("t/")));
    for name in ["by_g", "by_l"] {
        let changes = TableChanges {
            insights: Some(InsightsChange {
                index: Some(name.to_owned()),
                mode: ALL,
            }),
            ..TableChanges::default()
        };
        let refused = engine.update_table("t", changes).await.unwrap_err();
        assert!(matches!(refused, Error::IndexNotFound { .. }), "{name}");
    }
}

#[tokio::test]
async fn transactions_count_when_they_are_done() {
    let engine = engine();
    engine.create_table(definition()).await.unwrap();
    switch(&engine, "t", None, ALL).await;
    switch(&engine, "t", Some("by_g"), ALL).await;
    let check = |text: &str| {
        TransactAction::Check(ConditionCheck {
            table: "t".to_owned(),
            key: key("b", "1"),
            condition: condition(text, Item::new()),
            return_item_on_failure: false,
        })
    };
    let written = item([("h", s("a")), ("r", s("1")), ("g", s("x"))]);
    let actions = |text| [TransactAction::Put(put("t", written.clone())), check(text)];
    let refused = actions("attribute_exists(h)");
    engine.transact_write(&refused, None).await.unwrap_err();
    expect(&engine, &[]);
    let done = actions("attribute_not_exists(h)");
    engine.transact_write(&done, None).await.unwrap();
    let options = TransactionOptions::default();
    let transaction = engine.begin(options);
    transaction.put_item(&put("t", key("c", "1"))).unwrap();
    let figure = |name: &str| figures(&engine).get(name).copied();
    assert_eq!(figure("t/PKC c"), None, "only staged");
    transaction.commit().await.unwrap();
    expect(
        &engine,
        &[
            ("t/PKC a", 2.0),
            ("t/SKC a,1", 2.0),
            ("t/PKC b", 2.0),
            ("t/SKC b,1", 2.0),
            ("t/PKC c", 1.0),
            ("t/SKC c,1", 1.0),
            ("t.by_g/PKC x", 2.0),
            ("t.by_g/SKC x,1", 2.0),
        ],
    );
}

#[tokio::test]
async fn the_setting_lasts_and_figures_are_of_the_process_and_of_the_last_hour() {
    let log = InstantLog::default();
    let clock = Arc::new(ManualClock::new(NOW_MICROS));
    let start = |log: &InstantLog| {
        let options = EngineOptions::new("unused");
        let (log, clock) = (Arc::new(log.clone()), Arc::clone(&clock));
        let trees = Box::new(MemoryStore::default());
        Engine::open(options, log, trees, clock, Arc::new(SeededRand::new(7))).unwrap()
    };
    let engine = start(&log);
    engine.create_table(definition()).await.unwrap();
    switch(&engine, "t", None, ALL).await;
    switch(&engine, "t", None, ALL).await;
    let described = engine.describe_table("t").unwrap();
    let insights = described.definition.derived.insights[&described.id.0];
    assert_eq!(insights.enabled_micros, Some(NOW_MICROS), "it was on");
    let names = |engine: &Engine| -> Vec<String> {
        let table = engine.describe_table("t").unwrap();
        let rules = rules(table.id, &table.definition, None);
        rules.into_iter().map(|rule| rule.name).collect()
    };
    let all = ["PKC", "SKC", "PKT", "SKT"]
        .map(|rule| format!("DynamoDBContributorInsights-{rule}-t-1700000000000"));
    assert_eq!(names(&engine), all);
    engine.put_item(put("t", key("a", "1"))).await.unwrap();
    clock.advance(Duration::from_secs(60));
    engine.put_item(put("t", key("a", "1"))).await.unwrap();
    let windows: Vec<u64> = engine
        .contributions()
        .iter()
        .filter(|of| of.rule == all[0])
        .map(|of| of.window_start_micros)
        .collect();
    let first = NOW_MICROS - NOW_MICROS % WINDOW_MICROS;
    assert_eq!(windows, [first, first + WINDOW_MICROS]);
    clock.advance(Duration::from_secs(59 * 60));
    expect(&engine, &[("t/PKC a", 1.0), ("t/SKC a,1", 1.0)]);
    clock.advance(Duration::from_secs(60));
    expect(&engine, &[]);
    engine.put_item(put("t", key("a", "1"))).await.unwrap();
    drop(engine);
    let engine = start(&log.reopened());
    assert_eq!(names(&engine), all);
    expect(&engine, &[]);
    engine.put_item(put("t", key("a", "1"))).await.unwrap();
    expect(&engine, &[("t/PKC a", 1.0), ("t/SKC a,1", 1.0)]);
    switch(&engine, "t", None, Some(InsightsMode::ThrottledKeys)).await;
    engine.put_item(put("t", key("a", "1"))).await.unwrap();
    expect(&engine, &[]);
    let codes: Vec<String> = names(&engine);
    assert!(codes.len() == 2 && codes.iter().all(|name| name.contains("KT-t-")));
    switch(&engine, "t", None, None).await;
    assert_eq!(names(&engine), Vec::<String>::new());
    engine.delete_table("t").await.unwrap();
    engine.create_table(definition()).await.unwrap();
    let described = engine.describe_table("t").unwrap();
    assert!(described.definition.derived.insights.is_empty());
}
