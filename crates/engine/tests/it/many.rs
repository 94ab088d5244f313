//! Inserts of many items in one record, and batches of independent operations.

use crate::support::*;
use shale_engine::{BatchWrite, Engine, Error, InsertOutcome, LimitKind, OnConflict};
use shale_item::{Item, KeyType};
use std::collections::BTreeMap;

async fn counters() -> (Engine, InstantLog) {
    let log = InstantLog::default();
    let engine = open(log.clone(), shale_storage::MemoryStore::default());
    for name in ["c", "d"] {
        let request = table(name, ("id", KeyType::N), None);
        engine.create_table(request).await.unwrap();
    }
    (engine, log)
}

fn row(id: i64, v: &str) -> Item {
    item([("id", n(id)), ("v", s(v))])
}

fn id(id: i64) -> Item {
    item([("id", n(id))])
}

fn upsert() -> OnConflict {
    OnConflict::Update {
        update: update_of(
            "SET v = :new, hits = if_not_exists(hits, :z) + :o",
            item([(":new", s("u")), (":z", n(0)), (":o", n(1))]),
        ),
        condition: Some(condition("v <> :locked", item([(":locked", s("locked"))]))),
    }
}

#[tokio::test]
async fn all_items_or_none_in_one_record() {
    let (engine, log) = counters().await;
    let before = log.payloads().len();
    let rows = (1..=3).map(|i| (row(i, "a"), OnConflict::Fail)).collect();
    let outcomes = engine.insert_all("c", rows).await.unwrap();
    assert!(
        matches!(&outcomes[..], [InsertOutcome::Inserted(a), InsertOutcome::Inserted(_), InsertOutcome::Inserted(_)] if *a == row(1, "a"))
    );
    assert_eq!(log.payloads().len(), before + 1);

    let rows = [4, 2, 5].map(|i| (row(i, "b"), OnConflict::Fail)).to_vec();
    let (position, error) = engine.insert_all("c", rows).await.unwrap_err();
    assert!(matches!(error, Error::ItemExists { key } if key == id(2)));
    assert_eq!(position, 1);
    assert_eq!(get(&engine, "c", id(4)), None);
    assert_eq!(engine.describe_table("c").unwrap().item_count, 3);
}

#[tokio::test]
async fn every_way_to_meet_a_conflict() {
    let (engine, _) = counters().await;
    for (i, v) in [(1, "free"), (2, "locked")] {
        engine.put_item(put("c", row(i, v))).await.unwrap();
    }
    let rows = vec![
        (row(1, "x"), OnConflict::Skip),
        (row(1, "x"), upsert()),
        (row(2, "x"), upsert()),
        (row(3, "x"), upsert()),
        (row(3, "x"), OnConflict::Skip),
    ];
    let outcomes = engine.insert_all("c", rows).await.unwrap();
    let shown: Vec<String> = outcomes
        .iter()
        .map(|o| format!("{o:?}").split('(').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        shown,
        ["Skipped", "Updated", "Skipped", "Inserted", "Skipped"]
    );
    let updated = item([("id", n(1)), ("v", s("u")), ("hits", n(1))]);
    assert_eq!(get(&engine, "c", id(1)), Some(updated.clone()));
    assert!(matches!(&outcomes[1], InsertOutcome::Updated(item) if *item == updated));
    assert_eq!(get(&engine, "c", id(2)), Some(row(2, "locked")));

    for (second, expected) in [(upsert(), "SameKeyTwice"), (OnConflict::Fail, "ItemExists")] {
        for first in [9, 1] {
            let rows = vec![
                (row(first, "x"), upsert()),
                (row(first, "x"), second.clone()),
            ];
            let (position, error) = engine.insert_all("c", rows).await.unwrap_err();
            assert_eq!(position, 1);
            assert!(format!("{error:?}").starts_with(expected), "{error:?}");
        }
    }
    assert_eq!(get(&engine, "c", id(9)), None);
}

#[tokio::test]
async fn what_cannot_be_inserted_names_its_position() {
    let (engine, _) = counters().await;
    let bad_key = vec![
        (row(1, "x"), OnConflict::Fail),
        (item([("v", s("x"))]), OnConflict::Fail),
    ];
    assert!(matches!(
        engine.insert_all("c", bad_key).await,
        Err((1, Error::Key(_)))
    ));
    let key_update = OnConflict::Update {
        update: update_of("SET id = :v", item([(":v", n(1))])),
        condition: None,
    };
    let rows = vec![(row(1, "x"), key_update)];
    assert!(matches!(
        engine.insert_all("c", rows).await,
        Err((0, Error::UpdatesKey { .. }))
    ));
    let huge = (0..100)
        .map(|i| (row(i, &"x".repeat(399 * 1024)), OnConflict::Fail))
        .collect();
    let rows: Vec<_> = (0..65_537)
        .map(|id| (item([("id", n(id))]), OnConflict::Fail))
        .collect();
    let refused = engine.insert_all("c", rows).await.unwrap_err();
    assert!(
        matches!(
            refused,
            (
                65_536,
                Error::Limit {
                    kind: LimitKind::InsertRows,
                    actual: 65_537,
                    limit: 65_536,
                }
            )
        ),
        "{refused:?}"
    );
    match engine.insert_all("c", huge).await {
        Err((
            41,
            Error::Limit {
                kind: LimitKind::InsertSize,
                ..
            },
        )) => {}
        other => panic!("{:?}", other.map(|_| ()).map_err(|(p, e)| (p, e.kind()))),
    }
    assert!(matches!(
        engine.insert_all("x", Vec::new()).await,
        Err((0, Error::TableNotFound { .. }))
    ));
    assert!(engine.insert_all("c", Vec::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn batches_write_each_for_itself_and_read_aligned() {
    let (engine, _) = counters().await;
    engine
        .put_item(put("d", row(7, &"x".repeat(3000))))
        .await
        .unwrap();
    let writes = vec![
        ("c".to_owned(), BatchWrite::Put(row(1, "a"))),
        ("d".to_owned(), BatchWrite::Delete(id(7))),
        ("c".to_owned(), BatchWrite::Put(row(2, &"x".repeat(2000)))),
        ("d".to_owned(), BatchWrite::Delete(id(8))),
    ];
    let output = engine.batch_write(writes).await.unwrap();
    assert_eq!(output.unprocessed, Vec::<usize>::new());
    let capacity = BTreeMap::from([("c".to_owned(), 3.0), ("d".to_owned(), 4.0)]);
    assert_eq!(output.capacity, capacity);

    let keys = [("c", 2), ("d", 7), ("c", 1), ("c", 3)].map(|(t, i)| (t.to_owned(), id(i)));
    let output = engine.batch_get(&keys, false).unwrap();
    let sizes: Vec<_> = output
        .items
        .iter()
        .map(|i| i.as_ref().map(|i| i.size()))
        .collect();
    assert_eq!(sizes, [Some(2005), None, Some(6), None]);
    let capacity = BTreeMap::from([("c".to_owned(), 1.5), ("d".to_owned(), 0.5)]);
    assert_eq!(output.capacity, capacity);

    let wrong = vec![
        ("c".to_owned(), BatchWrite::Put(row(50, "a"))),
        ("c".to_owned(), BatchWrite::Put(item([("v", s("x"))]))),
    ];
    assert!(matches!(
        engine.batch_write(wrong).await,
        Err(Error::Key(_))
    ));
    assert_eq!(
        get(&engine, "c", id(50)),
        None,
        "checked before anything is written"
    );
}

#[tokio::test]
async fn sixteen_megabytes_end_a_batch_of_reads() {
    let (engine, _) = counters().await;
    let large = "x".repeat(399 * 1024);
    for i in 0..45 {
        engine.put_item(put("c", row(i, &large))).await.unwrap();
    }
    let keys: Vec<_> = (0..45).map(|i| ("c".to_owned(), id(i))).collect();
    let output = engine.batch_get(&keys, true).unwrap();
    assert_eq!(output.unprocessed, [41, 42, 43, 44]);
    assert!(output.items[..41].iter().all(Option::is_some));
    assert!(output.items[41..].iter().all(Option::is_none));
    assert_eq!(output.capacity["c"], 41.0 * 100.0);
}
