//! Item collections of tables with local indexes: their sizes equal a recount, always, and keep to the limit.

use crate::support::*;
use proptest::prelude::*;
use shale_engine::*;
use shale_env::{ManualClock, SeededRand};
use shale_item::{AttributeValue, EncodedItem, Item, KeyAttribute, KeyType, TableId};
use shale_storage::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Waker};

fn local(name: &str, sort: &str, projection: IndexProjection) -> Index {
    let key = |name: &str| KeyAttribute {
        name: name.to_owned(),
        key_type: KeyType::N,
    };
    Index {
        name: name.to_owned(),
        id: TableId(0),
        kind: IndexKind::Local,
        partition: vec![key("h")],
        sort: vec![key(sort)],
        projection,
        provisioned: None,
        status: IndexStatus::Active,
    }
}

/// A table with HASH `h` and RANGE `r`, both N, and two local indexes: `by_x` with whole items and `by_y` with keys.
pub fn with_collections(name: &str) -> CreateTable {
    let mut definition = table(name, ("h", KeyType::N), Some(("r", KeyType::N)));
    definition.derived.indexes = vec![
        local("by_x", "x", IndexProjection::All),
        local("by_y", "y", IndexProjection::KeysOnly),
    ];
    definition
}

/// Every collection has the size of its items and their entries in the local indexes.
pub fn check_collections(engine: &Engine, table: &str) {
    let mut expected: BTreeMap<String, (AttributeValue, u64)> = BTreeMap::new();
    for index in [None, Some("by_x"), Some("by_y")] {
        let page = engine.scan(&scan_of(table, index)).unwrap();
        assert!(page.last_evaluated_key.is_none());
        for item in page.items {
            let h = item.to_item()["h"].clone();
            let entry = expected.entry(format!("{h:?}")).or_insert((h, 0));
            entry.1 += item.size() as u64;
        }
    }
    for (h, bytes) in expected.values() {
        let found = engine.item_collection_bytes(table, h).unwrap();
        assert_eq!(found, Some(*bytes), "{table} {h:?}");
    }
    for h in (0..5).map(n) {
        if !expected.contains_key(&format!("{h:?}")) {
            assert_eq!(engine.item_collection_bytes(table, &h).unwrap(), Some(0));
        }
    }
}

fn scan_of(table: &str, index: Option<&str>) -> Scan {
    Scan {
        table: table.to_owned(),
        index: index.map(str::to_owned),
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    }
}

fn limited(item_collection_bytes: u64, log: InstantLog, trees: MemoryStore) -> Engine {
    let options = EngineOptions {
        item_collection_bytes,
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let clock = Arc::new(ManualClock::new(1_700_000_000_000_000));
    let rand = Arc::new(SeededRand::new(3));
    Engine::open(options, Arc::new(log), Box::new(trees), clock, rand).unwrap()
}

fn key(h: u8, r: u8) -> Item {
    item([("h", n(h.into())), ("r", n(r.into()))])
}

/// One step of a history.
#[derive(Clone, Debug)]
enum Action {
    Put(Note),
    Update(u8, u8, i8),
    Remove(u8, u8),
    Delete(u8, u8),
    Insert(Vec<Note>),
    Batch(Vec<Note>, (u8, u8)),
    Transact(Vec<Note>, (u8, u8)),
    /// In a transaction of several requests.
    Stage(Vec<Note>, (u8, u8)),
    Expire,
    Reopen,
}

#[derive(Clone, Debug)]
struct Note {
    h: u8,
    r: u8,
    x: Option<i8>,
    y: Option<i8>,
    length: usize,
}

impl Note {
    fn item(&self) -> Item {
        let mut item = key(self.h, self.r);
        item.insert("body".to_owned(), s(&"z".repeat(self.length)));
        item.extend(self.x.map(|x| ("x".to_owned(), n(x.into()))));
        item.extend(self.y.map(|y| ("y".to_owned(), n(y.into()))));
        item.extend(
            self.length
                .is_multiple_of(5)
                .then(|| ("expires".to_owned(), n(1_699_999_999))),
        );
        item
    }
}

fn note() -> impl Strategy<Value = Note> {
    let parts = (
        0u8..3,
        0u8..4,
        proptest::option::of(any::<i8>()),
        proptest::option::of(any::<i8>()),
        0usize..100,
    );
    parts.prop_map(|(h, r, x, y, length)| Note { h, r, x, y, length })
}

fn notes() -> impl Strategy<Value = Vec<Note>> {
    proptest::collection::vec(note(), 1..4)
}

fn action() -> impl Strategy<Value = Action> {
    let at = || (0u8..3, 4u8..6);
    prop_oneof![
        5 => note().prop_map(Action::Put),
        2 => (0u8..3, 0u8..6, any::<i8>()).prop_map(|(h, r, x)| Action::Update(h, r, x)),
        1 => (0u8..3, 0u8..6).prop_map(|(h, r)| Action::Remove(h, r)),
        2 => (0u8..3, 0u8..6).prop_map(|(h, r)| Action::Delete(h, r)),
        2 => notes().prop_map(Action::Insert),
        2 => (notes(), at()).prop_map(|(notes, at)| Action::Batch(notes, at)),
        2 => (notes(), at()).prop_map(|(notes, at)| Action::Transact(notes, at)),
        2 => (notes(), at()).prop_map(|(notes, at)| Action::Stage(notes, at)),
        1 => Just(Action::Expire),
        1 => Just(Action::Reopen),
    ]
}

async fn perform(engine: &Engine, action: Action) -> Result<(), Error> {
    match action {
        Action::Put(note) => {
            let output = engine.put_item(put("t", note.item())).await?;
            let now = engine.item_collection_bytes("t", &n(note.h.into()));
            assert_eq!(output.collection_bytes, now?);
        }
        Action::Update(h, r, x) => {
            let values = item([(":x", n(x.into()))]);
            let request = update("t", key(h, r), "SET x = :x, y = :x", values);
            engine.update_item(request).await?;
        }
        Action::Remove(h, r) => {
            let request = update("t", key(h, r), "REMOVE x", Item::new());
            engine.update_item(request).await?;
        }
        Action::Delete(h, r) => {
            let output = engine.delete_item(delete("t", key(h, r))).await?;
            let now = engine.item_collection_bytes("t", &n(h.into()));
            assert_eq!(output.collection_bytes, now?, "also if nothing was there");
        }
        Action::Insert(notes) => {
            let rows = notes.iter().map(|note| (note.item(), OnConflict::Skip));
            let inserted = engine.insert_all("t", rows.collect()).await;
            inserted.map_err(|(_, error)| error)?;
        }
        Action::Batch(notes, (h, r)) => {
            let puts = notes.iter().map(|note| BatchWrite::Put(note.item()));
            let writes = puts.chain([BatchWrite::Delete(key(h, r))]);
            let writes: Vec<_> = writes.map(|write| ("t".to_owned(), write)).collect();
            let count = writes.len();
            let output = engine.batch_write(writes).await?;
            assert_eq!(output.collection_bytes.iter().flatten().count(), count);
        }
        Action::Transact(notes, (h, r)) => {
            let puts = notes
                .iter()
                .map(|note| TransactAction::Put(put("t", note.item())));
            let actions: Vec<_> = puts
                .chain([TransactAction::Delete(delete("t", key(h, r)))])
                .collect();
            let output = match engine.transact_write(&actions, None).await {
                Err(Error::SameKeyTwice) => return Ok(()),
                output => output?,
            };
            for (note, output) in notes.iter().zip(output.actions) {
                let now = engine.item_collection_bytes("t", &n(note.h.into()));
                assert_eq!(output.collection_bytes, now?);
            }
        }
        Action::Stage(notes, (h, r)) => {
            let transaction = engine.begin(TransactionOptions::default());
            for note in notes {
                transaction.put_item(&put("t", note.item()))?;
            }
            transaction.delete_item(&delete("t", key(h, r)))?;
            transaction.commit().await?;
        }
        Action::Expire => while engine.job_step(Job::Expiry).await? {},
        Action::Reopen => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn sizes_are_what_a_recount_finds(
        history in proptest::collection::vec(action(), 1..60),
        limit in prop_oneof![Just(u64::MAX), 300u64..1500],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (mut log, trees) = (InstantLog::default(), MemoryStore::default());
            let mut engine = limited(limit, log.clone(), trees.clone());
            let mut definition = with_collections("t");
            definition.derived.ttl = Some(TimeToLive {
                attribute: "expires".to_owned(),
                id: 0,
                status: IndexStatus::Active,
            });
            engine.create_table(definition).await.unwrap();
            for step in history {
                if let Action::Reopen = step {
                    drop(engine);
                    log = log.reopened();
                    engine = limited(limit, log.clone(), trees.clone());
                }
                match perform(&engine, step).await {
                    Ok(()) => {}
                    Err(error) => assert!(limit < u64::MAX && is_refusal(&error), "{error:?}"),
                }
                check_collections(&engine, "t");
                for h in 0..3 {
                    let bytes = engine.item_collection_bytes("t", &n(h)).unwrap();
                    assert!(bytes <= Some(limit), "{bytes:?} {limit}");
                }
            }
        });
    }
}

fn is_refusal(error: &Error) -> bool {
    match error {
        Error::ItemCollectionTooLarge { bytes, limit } => bytes > limit,
        Error::TransactionCanceled { reasons } => {
            let mut told = reasons.iter().flatten().peekable();
            told.peek().is_some() && told.all(is_refusal)
        }
        _ => false,
    }
}

fn text(h: u8, r: u8, length: usize) -> Item {
    let mut row = key(h, r);
    row.insert("x".to_owned(), n(1));
    row.insert("body".to_owned(), s(&"z".repeat(length)));
    row
}

fn size(engine: &Engine, h: i64) -> u64 {
    engine.item_collection_bytes("t", &n(h)).unwrap().unwrap()
}

/// Two items in collection 1, and its size with one of them and with both.
async fn two_items(engine: &Engine) -> (u64, u64) {
    engine.create_table(with_collections("t")).await.unwrap();
    engine.put_item(put("t", text(1, 1, 100))).await.unwrap();
    let one = size(engine, 1);
    engine.put_item(put("t", text(1, 2, 100))).await.unwrap();
    (one, size(engine, 1))
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.expect_err("it is too large");
    assert!(is_refusal(&error), "{error:?}");
}

#[tokio::test]
async fn a_collection_grows_to_its_limit_and_no_further() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = limited(u64::MAX, log.clone(), trees.clone());
    let (one, two) = two_items(&engine).await;
    // Item and whole entry, HASH and RANGE in both.
    assert_eq!(one, 2 * EncodedItem::encode(&text(1, 1, 100)).size() as u64);
    assert_eq!(two, 2 * one);
    drop(engine);

    let engine = limited(two, log.reopened(), trees.clone());
    refused(engine.put_item(put("t", text(1, 3, 0))).await);
    refused(engine.put_item(put("t", text(1, 2, 101))).await);
    let longer = item([(":body", s(&"z".repeat(101)))]);
    refused(
        engine
            .update_item(update("t", key(1, 2), "SET body = :body", longer))
            .await,
    );
    let entry = update("t", key(1, 2), "SET y = x", Item::new());
    refused(engine.update_item(entry).await);
    assert_eq!(get(&engine, "t", key(1, 3)), None);
    assert_eq!(get(&engine, "t", key(1, 2)), Some(text(1, 2, 100)));
    let same = engine.put_item(put("t", text(1, 2, 100))).await.unwrap();
    assert_eq!(same.collection_bytes, Some(two));
    let other = engine.put_item(put("t", text(2, 1, 100))).await.unwrap();
    assert_eq!(other.collection_bytes, Some(one));
    check_collections(&engine, "t");
    let log = log_of(engine, &log);

    // Above the limit it can shrink, also to where it is still above, and stay as it is.
    let engine = limited(one / 2, log, trees);
    engine.put_item(put("t", text(1, 2, 100))).await.unwrap();
    refused(engine.put_item(put("t", text(1, 2, 101))).await);
    let shorter = engine.put_item(put("t", text(1, 2, 99))).await.unwrap();
    assert_eq!(shorter.collection_bytes, Some(two - 2));
    engine.delete_item(delete("t", key(1, 2))).await.unwrap();
    assert_eq!(size(&engine, 1), one);
    engine.delete_item(delete("t", key(1, 1))).await.unwrap();
    assert_eq!(size(&engine, 1), 0);
    check_collections(&engine, "t");
}

/// The log of an engine that is gone.
fn log_of(engine: Engine, log: &InstantLog) -> InstantLog {
    drop(engine);
    log.reopened()
}

#[tokio::test]
async fn several_writes_count_together() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = limited(u64::MAX, log.clone(), trees.clone());
    let (one, two) = two_items(&engine).await;
    drop(engine);
    let engine = limited(two, log.reopened(), trees);

    let puts = |lengths: &[(u8, u8, usize)]| -> Vec<TransactAction> {
        let puts = lengths
            .iter()
            .map(|(h, r, length)| put("t", text(*h, *r, *length)));
        puts.map(TransactAction::Put).collect()
    };
    let outcome = engine
        .transact_write(
            &puts(&[(2, 1, 10), (1, 1, 90), (1, 2, 111), (1, 3, 0)]),
            None,
        )
        .await;
    let Err(Error::TransactionCanceled { reasons }) = outcome else {
        panic!("{outcome:?}");
    };
    let told: Vec<bool> = reasons.iter().map(Option::is_some).collect();
    assert_eq!(told, [false, false, true, true], "those that grow it");
    assert!(reasons.iter().flatten().all(is_refusal));
    assert_eq!(get(&engine, "t", key(2, 1)), None);
    // What one adds another takes away.
    let done = engine
        .transact_write(&puts(&[(2, 1, 10), (1, 1, 90), (1, 2, 110)]), None)
        .await
        .unwrap();
    let sizes: Vec<_> = done
        .actions
        .iter()
        .map(|output| output.collection_bytes)
        .collect();
    assert_eq!(sizes[1..], [Some(two), Some(two)]);
    assert!(sizes[0] < Some(one));
    check_collections(&engine, "t");

    let rows = vec![
        (text(3, 1, 100), OnConflict::Fail),
        (text(3, 2, 101), OnConflict::Fail),
    ];
    let inserted = engine.insert_all("t", rows.clone()).await;
    refused(inserted.map_err(|(_, error)| error));
    let transaction = engine.begin(TransactionOptions::default());
    transaction.insert_all("t", rows).unwrap();
    refused(transaction.commit().await);
    assert_eq!(size(&engine, 3), 0);
    let transaction = engine.begin(TransactionOptions::default());
    transaction.put_item(&put("t", text(3, 1, 100))).unwrap();
    transaction.put_item(&put("t", text(3, 2, 100))).unwrap();
    transaction.delete_item(&delete("t", key(1, 1))).unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(size(&engine, 3), two);
    check_collections(&engine, "t");
}

#[tokio::test]
async fn tables_without_local_indexes_have_no_collections() {
    let engine = limited(1, InstantLog::default(), MemoryStore::default());
    let mut definition = with_collections("t");
    definition.derived.indexes.clear();
    engine.create_table(definition).await.unwrap();
    let output = engine.put_item(put("t", text(1, 1, 100))).await.unwrap();
    assert_eq!(output.collection_bytes, None);
    assert_eq!(engine.item_collection_bytes("t", &n(1)).unwrap(), None);
}

#[tokio::test]
async fn sizes_go_with_their_table() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = limited(u64::MAX, log.clone(), trees.clone());
    let (_, two) = two_items(&engine).await;
    engine.delete_table("t").await.unwrap();
    assert_eq!(two_items(&engine).await.1, two);
    let transaction = engine.begin(TransactionOptions::default());
    transaction.create_table(&with_collections("u")).unwrap();
    transaction.put_item(&put("u", text(1, 1, 100))).unwrap();
    transaction.commit().await.unwrap();
    check_collections(&engine, "u");
    let engine = limited(u64::MAX, log_of(engine, &log), trees);
    check_collections(&engine, "t");
    check_collections(&engine, "u");
    engine.put_item(put("u", text(1, 2, 100))).await.unwrap();
    check_collections(&engine, "u");
}

/// A refusal is not told before the writes are durable that made the collection so large.
#[tokio::test]
async fn a_refusal_waits_for_what_it_depends_on() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let engine = limited(u64::MAX, log.clone(), trees.clone());
    let (_, two) = two_items(&engine).await;
    drop(engine);
    let log = log.reopened();
    let engine = limited(two, log.clone(), trees);
    engine.delete_item(delete("t", key(1, 2))).await.unwrap();
    log.hold_at(log.payloads().len() as u64);
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(engine.put_item(put("t", text(1, 2, 100))));
    assert!(first.as_mut().poll(&mut context).is_pending());
    let mut second = Box::pin(engine.put_item(put("t", text(1, 3, 100))));
    for _ in 0..100 {
        assert!(second.as_mut().poll(&mut context).is_pending());
        tokio::task::yield_now().await;
    }
    log.release();
    first.await.unwrap();
    refused(second.await);
    check_collections(&engine, "t");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_one_collection_lose_nothing_of_its_size() {
    let engine = limited(u64::MAX, InstantLog::default(), MemoryStore::default());
    engine.create_table(with_collections("t")).await.unwrap();
    let writers: Vec<_> = (0..16u8)
        .map(|writer| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for length in 0..50 {
                    let row = text(1, writer, length * usize::from(writer) % 70);
                    match length % 3 {
                        0 => drop(engine.put_item(put("t", row)).await.unwrap()),
                        1 => drop(
                            engine
                                .delete_item(delete("t", key(1, writer)))
                                .await
                                .unwrap(),
                        ),
                        _ => {
                            let other = text(2, writer, length);
                            let actions =
                                [row, other].map(|row| TransactAction::Put(put("t", row)));
                            engine.transact_write(&actions, None).await.unwrap();
                        }
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    check_collections(&engine, "t");
}
