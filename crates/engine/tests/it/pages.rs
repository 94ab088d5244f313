//! Queries and scans against a naive model: sorted vectors.

use crate::support::*;
use proptest::prelude::*;
use shale_engine::{Engine, EngineOptions, Error, Page, Query, Scan, StorageError};
use shale_env::{ManualClock, SeededRand};
use shale_expression::SortCondition;
use shale_item::{AttributeValue, EncodedItem, Item, KeyType};
use shale_storage::{MemoryStore, Step};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const SORTS: [&str; 9] = ["a", "aa", "aab", "ab", "b", "b\0", "b\u{1}", "ö", "z"];

fn query(partition: AttributeValue) -> Query {
    Query {
        table: "t".to_owned(),
        index: None,
        whole_items: false,
        partition: vec![partition],
        sort_prefix: vec![],
        sort: None,
        filter: None,
        forward: true,
        limit: None,
        exclusive_start_key: None,
        consistent: true,
    }
}

fn scan() -> Scan {
    Scan {
        table: "t".to_owned(),
        index: None,
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    }
}

fn decoded(items: Vec<EncodedItem>) -> Vec<Item> {
    items.iter().map(EncodedItem::to_item).collect()
}

/// All pages, one after the other.
fn all(mut next: impl FnMut(Option<Item>) -> Page) -> (Vec<Item>, Vec<Page>) {
    let (mut items, mut pages, mut start) = (Vec::new(), Vec::<Page>::new(), None);
    loop {
        let page = next(start.take());
        items.extend(decoded(page.items.clone()));
        start = page.last_evaluated_key.clone();
        pages.push(page);
        if start.is_none() {
            return (items, pages);
        }
        assert!(pages.len() < 10_000, "paging does not end");
    }
}

/// Whether a sort key satisfies a condition with those bounds.
type Meaning = fn(&str, &str, &str) -> bool;

/// A sort condition, what it means, and its bounds.
fn sort_conditions() -> impl Strategy<Value = (Option<SortCondition>, Meaning, String, String)> {
    let bound = || {
        prop_oneof![
            proptest::sample::select(&SORTS[..]).prop_map(str::to_owned),
            "[ab\0]{0,3}"
        ]
    };
    (0..8usize, bound(), bound()).prop_map(|(kind, low, high)| {
        let (l, h) = (s(&low), s(&high));
        let (condition, meaning): (_, Meaning) = match kind {
            0 => (None, |_, _, _| true),
            1 => (Some(SortCondition::Eq(l)), |k, l, _| k == l),
            2 => (Some(SortCondition::Lt(l)), |k, l, _| k < l),
            3 => (Some(SortCondition::Le(l)), |k, l, _| k <= l),
            4 => (Some(SortCondition::Gt(l)), |k, l, _| k > l),
            5 => (Some(SortCondition::Ge(l)), |k, l, _| k >= l),
            6 => (Some(SortCondition::Between(l, h)), |k, l, h| {
                l <= k && k <= h
            }),
            _ => (Some(SortCondition::BeginsWith(l)), |k, l, _| {
                k.starts_with(l)
            }),
        };
        (condition, meaning, low, high)
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

/// An engine with a table of those items.
async fn filled(sort_type: Option<KeyType>, items: impl IntoIterator<Item = Item>) -> Engine {
    let engine = engine();
    let request = table("t", ("p", KeyType::S), sort_type.map(|t| ("k", t)));
    engine.create_table(request).await.unwrap();
    for item in items {
        engine.put_item(put("t", item)).await.unwrap();
    }
    engine
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn queries_equal_the_model(
        rows in proptest::collection::btree_map((0..3u8, proptest::sample::select(&SORTS[..])), 0..5i64, 0..25),
        (sort, meaning, low, high) in sort_conditions(),
        forward in any::<bool>(),
        limit in proptest::option::of(1..6u32),
        filtered in any::<bool>(),
    ) {
        let of = |p: u8, k: &str, v: i64| item([("p", s(&format!("p{p}"))), ("k", s(k)), ("v", n(v))]);
        runtime().block_on(async {
            let engine = filled(Some(KeyType::S), rows.iter().map(|((p, k), v)| of(*p, k, *v))).await;
            let read: Vec<(&str, i64)> = rows.iter().filter(|((p, k), _)| *p == 1 && meaning(k, &low, &high)).map(|((_, k), v)| (*k, *v)).collect();
            let mut expected: Vec<Item> = read.iter().filter(|(_, v)| !filtered || *v < 2).map(|(k, v)| of(1, k, *v)).collect();
            if !forward {
                expected.reverse();
            }
            let (items, pages) = all(|start| {
                let mut request = query(s("p1"));
                request.sort = sort.clone();
                request.forward = forward;
                request.limit = limit;
                request.filter = filtered.then(|| condition("v < :two", item([(":two", n(2))])));
                request.exclusive_start_key = start;
                engine.query(&request).unwrap()
            });
            assert_eq!(items, expected);
            let scanned: u32 = pages.iter().map(|page| page.scanned_count).sum();
            assert_eq!(scanned as usize, read.len());
            // A stopped page names a key even if nothing follows: exactly one page more than full ones.
            let full = limit.map_or(0, |limit| read.len() / limit as usize);
            assert_eq!(pages.len(), full + 1);
        });
    }

    #[test]
    fn scans_visit_everything_once_in_one_order(
        keys in proptest::collection::btree_map("[a-z]{1,4}", 0..5i64, 0..40),
        limit in proptest::option::of(1..9u32),
        segments in 1..7u32,
    ) {
        let of = |p: &str, v: i64| item([("p", s(p)), ("v", n(v))]);
        runtime().block_on(async {
            let engine = filled(None, keys.iter().map(|(p, v)| of(p, *v))).await;
            let scanned = |segment, limit| {
                all(|start| {
                    let request = Scan { limit, segment, exclusive_start_key: start, ..scan() };
                    engine.scan(&request).unwrap()
                }).0
            };
            let whole = scanned(None, None);
            assert_eq!(scanned(None, limit), whole, "paging keeps the order");
            let parts: Vec<Item> = (0..segments).flat_map(|i| scanned(Some((i, segments)), limit)).collect();
            assert_eq!(parts, whole, "segments are contiguous and in order");
            let mut sorted: Vec<String> = whole.iter().map(|item| format!("{item:?}")).collect();
            sorted.sort();
            let mut expected: Vec<String> = keys.iter().map(|(p, v)| format!("{:?}", of(p, *v))).collect();
            expected.sort();
            assert_eq!(sorted, expected);
        });
    }

    #[test]
    fn numbers_and_binaries_sort_as_dynamodb_does(numbers in proptest::collection::btree_set(-1000i64..1000, 1..20), from in -1000i64..1000) {
        runtime().block_on(async {
            let row = |k: i64| item([("p", s("p")), ("k", n(k))]);
            let engine = filled(Some(KeyType::N), numbers.iter().map(|k| row(*k))).await;
            let mut request = query(s("p"));
            request.sort = Some(SortCondition::Ge(n(from)));
            let items = decoded(engine.query(&request).unwrap().items);
            let expected: Vec<Item> = numbers.range(from..).map(|k| row(*k)).collect();
            assert_eq!(items, expected);
        });
    }
}

#[tokio::test]
async fn a_megabyte_ends_a_page() {
    let row = |k: i64| {
        item([
            ("p", s("p")),
            ("k", n(k)),
            ("t", s(&"x".repeat(300 * 1024))),
        ])
    };
    let engine = filled(Some(KeyType::N), (0..8).map(row)).await;
    let (items, pages) = all(|start| {
        let mut request = query(s("p"));
        request.exclusive_start_key = start;
        request.filter = Some(condition("k > :one", item([(":one", n(1))])));
        engine.query(&request).unwrap()
    });
    assert_eq!(items.len(), 6);
    let scanned: Vec<u32> = pages.iter().map(|page| page.scanned_count).collect();
    assert_eq!(
        scanned,
        [4, 4, 0],
        "the second page was stopped at the end of the table"
    );
    // 4 items of 307,200 bytes and a little, what the filter left out included.
    assert_eq!(pages[0].capacity, 301.0);
    assert_eq!(pages[2].capacity, 1.0);
    let page = engine
        .scan(&Scan {
            consistent: false,
            ..scan()
        })
        .unwrap();
    assert_eq!((page.scanned_count, page.capacity), (4, 150.5));
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let row = |k: &str| item([("p", s("p")), ("k", s(k))]);
    let engine = filled(Some(KeyType::S), ["a", "b", "c"].map(row)).await;
    let refused = |change: &dyn Fn(&mut Query)| {
        let mut request = query(s("p"));
        change(&mut request);
        engine.query(&request).unwrap_err()
    };
    assert!(matches!(
        refused(&|q| q.partition = vec![n(1)]),
        Error::Key(_)
    ));
    assert!(matches!(
        refused(&|q| q.sort = Some(SortCondition::Eq(n(1)))),
        Error::InvalidSortCondition
    ));
    for start in [
        item([("p", s("p"))]),
        item([("p", s("other")), ("k", s("b"))]),
        item([("p", s("p")), ("k", n(1))]),
        item([("p", s("p")), ("k", s("b")), ("x", n(1))]),
    ] {
        assert!(matches!(
            refused(&|q| q.exclusive_start_key = Some(start.clone())),
            Error::InvalidStartKey
        ));
    }
    let outside = |q: &mut Query| {
        q.sort = Some(SortCondition::Gt(s("b")));
        q.exclusive_start_key = Some(row("a"));
    };
    assert!(matches!(refused(&outside), Error::InvalidStartKey));
    for segment in [(1, 1), (5, 2), (0, 0), (0, 1_000_001)] {
        let request = Scan {
            segment: Some(segment),
            ..scan()
        };
        assert!(matches!(
            engine.scan(&request),
            Err(Error::InvalidSegment { .. })
        ));
    }
    let not_mine = (0..2).filter(|i| {
        let request = Scan {
            segment: Some((*i, 2)),
            exclusive_start_key: Some(row("a")),
            ..scan()
        };
        matches!(engine.scan(&request), Err(Error::InvalidStartKey))
    });
    assert_eq!(not_mine.count(), 1, "a start key belongs to one segment");

    let engine = filled(None, [item([("p", s("p"))])]).await;
    let mut request = query(s("p"));
    assert_eq!(engine.query(&request).unwrap().scanned_count, 1);
    request.sort = Some(SortCondition::Eq(s("x")));
    assert!(matches!(
        engine.query(&request),
        Err(Error::InvalidSortCondition)
    ));
    let engine = filled(Some(KeyType::N), []).await;
    request.sort = Some(SortCondition::BeginsWith(n(1)));
    assert!(matches!(
        engine.query(&request),
        Err(Error::InvalidSortCondition)
    ));
}

#[tokio::test]
async fn a_view_reads_one_moment() {
    let row = |k: i64, v: i64| item([("p", s("p")), ("k", n(k)), ("v", n(v))]);
    let engine = filled(Some(KeyType::N), (0..10).map(|k| row(k, 0))).await;
    let view = engine.read_view().unwrap();
    for k in 0..20 {
        engine.put_item(put("t", row(k, 1))).await.unwrap();
    }
    engine
        .delete_item(delete("t", item([("p", s("p")), ("k", n(3))])))
        .await
        .unwrap();
    let (items, _) = all(|start| {
        let mut request = query(s("p"));
        (request.limit, request.exclusive_start_key) = (Some(3), start);
        view.query(&request).unwrap()
    });
    assert_eq!(items, (0..10).map(|k| row(k, 0)).collect::<Vec<_>>());
    let (items, _) = all(|start| {
        view.scan(&Scan {
            exclusive_start_key: start,
            ..scan()
        })
        .unwrap()
    });
    assert_eq!(items.len(), 10);
    let request = shale_engine::GetItem {
        table: "t".to_owned(),
        key: item([("p", s("p")), ("k", n(3))]),
        consistent: true,
    };
    assert!(view.get_item(&request).unwrap().item.is_some());
    assert!(engine.get_item(&request).unwrap().item.is_none());
    let newest: BTreeMap<_, _> = decoded(engine.query(&query(s("p"))).unwrap().items)
        .into_iter()
        .map(|i| (format!("{:?}", i["k"]), i["v"].clone()))
        .collect();
    assert_eq!(newest.len(), 19);
    assert!(newest.values().all(|v| *v == n(1)));
}

#[test]
fn a_view_that_is_too_old_says_so() {
    let clock = Arc::new(ManualClock::new(1));
    let options = EngineOptions {
        background: false,
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let log = Arc::new(InstantLog::default());
    let rand = Arc::new(SeededRand::new(1));
    let trees = Box::new(MemoryStore::default());
    let engine = Engine::open(options, log, trees, clock.clone(), rand).unwrap();
    let apply = || {
        engine.shard_step(Step::Apply).unwrap();
    };
    let request = table("t", ("p", KeyType::S), None);
    driven(apply, engine.create_table(request)).unwrap();
    driven(apply, engine.put_item(put("t", item([("p", s("x"))])))).unwrap();
    let view = engine.read_view().unwrap();
    assert_eq!(view.scan(&scan()).unwrap().scanned_count, 1);
    clock.advance(Duration::from_secs(3600));
    engine.shard_step(Step::Budget).unwrap();
    let error = view.scan(&scan()).unwrap_err();
    assert!(matches!(
        error,
        Error::Storage(StorageError::SnapshotTooOld)
    ));
    assert_eq!(engine.scan(&scan()).unwrap().scanned_count, 1);
}

/// A view goes on reading the table that it began with, whatever its name means by now.
#[tokio::test]
async fn a_name_means_one_table_for_the_whole_life_of_a_view() {
    let engine = engine();
    let create = || engine.create_table(table("t", ("id", KeyType::N), None));
    create().await.unwrap();
    for id in 1..=3 {
        engine
            .put_item(put("t", item([("id", n(id))])))
            .await
            .unwrap();
    }
    let (view, unused) = (engine.read_view().unwrap(), engine.read_view().unwrap());
    let page = |view: &shale_engine::ReadView, start: Option<Item>| {
        view.scan(&Scan {
            limit: Some(1),
            exclusive_start_key: start,
            ..scan()
        })
    };
    let first = page(&view, None).unwrap();
    engine.delete_table("t").await.unwrap();
    create().await.unwrap();
    engine
        .put_item(put("t", item([("id", n(9))])))
        .await
        .unwrap();

    let (mut items, mut start) = (decoded(first.items), first.last_evaluated_key);
    while start.is_some() {
        let next = page(&view.clone(), start).unwrap();
        items.extend(decoded(next.items));
        start = next.last_evaluated_key;
    }
    items.sort_by_key(|item| format!("{item:?}"));
    assert_eq!(items, [1, 2, 3].map(|id| item([("id", n(id))])));

    // For a view from before it, the new table is not there; the old one cannot be found by name any more.
    let error = page(&unused, None).unwrap_err();
    assert!(matches!(error, Error::TableNotFound { .. }), "{error:?}");
    let now = page(&engine.read_view().unwrap(), None).unwrap();
    assert_eq!(decoded(now.items), [item([("id", n(9))])]);
}

/// A view that is older than a change of the definition reads with the definition of its time.
#[tokio::test]
async fn a_change_of_the_definition_does_not_hide_the_table_from_older_views() {
    let engine = engine();
    let request = table("t", ("id", KeyType::N), None);
    engine.create_table(request).await.unwrap();
    engine
        .put_item(put("t", item([("id", n(1))])))
        .await
        .unwrap();
    let view = engine.read_view().unwrap();
    let changes = shale_engine::TableChanges {
        deletion_protection: Some(true),
        ..Default::default()
    };
    engine.update_table("t", changes).await.unwrap();
    assert_eq!(view.scan(&scan()).unwrap().items.len(), 1);
}
