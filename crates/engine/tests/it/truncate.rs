//! Removing all items of a table at once.

use crate::support::*;
use crate::transaction_support::*;
use shale_engine::*;
use shale_item::{KeyAttribute, KeyType, TableId};
use shale_storage::MemoryStore;

fn index_on_v() -> Index {
    Index {
        name: "by_v".to_owned(),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: vec![KeyAttribute {
            name: "v".to_owned(),
            key_type: KeyType::N,
        }],
        sort: vec![],
        projection: IndexProjection::All,
        provisioned: None,
        status: IndexStatus::Active,
    }
}

fn definition() -> CreateTable {
    let mut definition = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    definition.derived.indexes = vec![index_on_v()];
    definition.tags.insert("team".to_owned(), "a".to_owned());
    definition
}

async fn filled(engine: &Engine) {
    engine.create_table(definition()).await.unwrap();
    for sort in 1..=3 {
        let item = put("t", row("a", sort, 7));
        engine.put_item(item).await.unwrap();
    }
}

fn by_v(view: &ReadView, v: i64) -> usize {
    let query = Query {
        index: Some("by_v".to_owned()),
        partition: vec![n(v)],
        consistent: false,
        ..partition("", true, None)
    };
    view.query(&query).unwrap().items.len()
}

fn count(view: &ReadView) -> usize {
    view.query(&partition("a", true, None)).unwrap().items.len()
}

async fn truncate(engine: &Engine) {
    let run = |transaction: Transaction| async move { transaction.truncate_table("t") };
    engine.atomically::<_, Error, _>(run).await.unwrap();
}

#[tokio::test]
async fn everything_but_the_items_stays_in_one_small_record() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    filled(&engine).await;
    let before = engine.describe_table("t").unwrap();
    let records = log.payloads().len();
    truncate(&engine).await;
    let payloads = log.payloads();
    assert_eq!(payloads.len(), records + 1);
    assert!(payloads[records].len() < 4096);

    let check = |engine: &Engine| {
        let now = engine.describe_table("t").unwrap();
        assert_ne!(now.id, before.id);
        assert_eq!(
            (&now.uuid, now.created_micros),
            (&before.uuid, before.created_micros)
        );
        assert_eq!(now.definition.tags, before.definition.tags);
        assert_eq!(now.observed, before.observed);
        assert_eq!((now.item_count, now.size_bytes), (0, 0));
        let index = now.definition.derived.index("by_v").unwrap();
        assert_eq!(index.status, IndexStatus::Active);
        assert_ne!(
            Some(index.id),
            before.definition.derived.index("by_v").map(|old| old.id)
        );
        assert_eq!(engine.index_size("t", "by_v").unwrap(), Some((0, 0)));
        let view = engine.read_view().unwrap();
        assert_eq!((count(&view), by_v(&view, 7)), (0, 0));
        assert_eq!(engine.list_tables(None, 10), ["t"]);
    };
    check(&engine);
    check(&open(log.reopened(), MemoryStore::default()));

    // It is a table like any other, and another attribute is news.
    engine.put_item(put("t", row("a", 1, 8))).await.unwrap();
    let other = item([("p", s("a")), ("s", n(2)), ("v", n(8)), ("w", s("x"))]);
    engine.put_item(put("t", other)).await.unwrap();
    for engine in [&engine, &open(log.reopened(), MemoryStore::default())] {
        let view = engine.read_view().unwrap();
        assert_eq!((count(&view), by_v(&view, 8), by_v(&view, 7)), (2, 2, 0));
        let described = engine.describe_table("t").unwrap();
        assert_eq!(described.item_count, 2);
        assert!(described.observed.contains_key("w"));
        assert!(described.observed.contains_key("v"));
    }
}

#[tokio::test]
async fn a_block_sees_it_and_can_take_it_back() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    filled(&engine).await;
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row("a", 4, 7))).unwrap();
    let savepoint = transaction.savepoint().unwrap();
    transaction.truncate_table("t").unwrap();
    assert_eq!(count(&transaction.view()), 0);
    transaction.put_item(&put("t", row("a", 9, 9))).unwrap();
    transaction.truncate_table("t").unwrap();
    assert_eq!(
        (count(&transaction.view()), by_v(&transaction.view(), 9)),
        (0, 0)
    );
    transaction.rollback_to(&savepoint).unwrap();
    assert_eq!(count(&transaction.view()), 4);
    transaction.truncate_table("t").unwrap();
    let wide = item([("p", s("a")), ("s", n(5)), ("new", s("x"))]);
    transaction.put_item(&put("t", wide)).unwrap();
    assert_eq!(count(&transaction.view()), 1);
    assert_eq!(count(&engine.read_view().unwrap()), 3);
    transaction.commit().await.unwrap();
    for engine in [&engine, &open(log.reopened(), MemoryStore::default())] {
        assert_eq!(count(&engine.read_view().unwrap()), 1);
        let described = engine.describe_table("t").unwrap();
        assert_eq!(described.item_count, 1);
        let names: Vec<&str> = described.observed.keys().map(String::as_str).collect();
        assert_eq!(names, ["new", "p", "s", "v"]);
    }

    let transaction = begin(&engine);
    transaction.truncate_table("t").unwrap();
    transaction.rollback();
    assert_eq!(count(&engine.read_view().unwrap()), 1);
    engine.put_item(put("t", row("a", 6, 6))).await.unwrap();
}

#[tokio::test]
async fn older_views_see_what_they_saw_or_nothing() {
    let engine = engine();
    filled(&engine).await;
    let (used, unused) = (engine.read_view().unwrap(), engine.read_view().unwrap());
    let (reader, writer) = (begin(&engine), begin(&engine));
    assert_eq!(count(&used), 3);
    assert_eq!(count(&reader.view()), 3);
    truncate(&engine).await;
    assert_eq!((count(&used), by_v(&used, 7)), (3, 3));
    assert_eq!((count(&unused), by_v(&unused, 7)), (0, 0));
    // Who has read the items, or their absence, and writes, conflicts.
    assert_eq!(count(&reader.view()), 3);
    reader.put_item(&put("t", row("b", 1, 1))).unwrap();
    assert_conflict(reader.commit().await);
    assert_eq!(count(&writer.view()), 0);
    writer.put_item(&put("t", row("b", 1, 1))).unwrap();
    assert_conflict(writer.commit().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_go_on_with_the_successor() {
    let engine = engine();
    filled(&engine).await;
    let writes = {
        let engine = engine.clone();
        tokio::spawn(async move {
            for sort in 0..200 {
                engine.put_item(put("t", row("a", sort, 1))).await.unwrap();
                let rows = vec![(row("b", sort, 1), OnConflict::Skip)];
                engine.insert_all("t", rows).await.unwrap();
                let batch = vec![("t".to_owned(), BatchWrite::Put(row("c", sort, 1)))];
                assert!(
                    engine
                        .batch_write(batch)
                        .await
                        .unwrap()
                        .unprocessed
                        .is_empty()
                );
                let action = TransactAction::Put(put("t", row("d", sort, 1)));
                engine.transact_write(&[action], None).await.unwrap();
            }
        })
    };
    let truncations = {
        let engine = engine.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                truncate(&engine).await;
                tokio::task::yield_now().await;
            }
        })
    };
    writes.await.unwrap();
    truncations.await.unwrap();
    truncate(&engine).await;
    assert_eq!(engine.describe_table("t").unwrap().item_count, 0);
}

#[tokio::test]
async fn a_stream_shows_each_removal() {
    let engine = engine();
    let mut request = definition();
    request.derived.stream = Some(StreamDefinition {
        id: 0,
        created_micros: 0,
        view: StreamView::KeysOnly,
    });
    let created = engine.create_table(request).await.unwrap();
    for sort in 1..=3 {
        engine.put_item(put("t", row("a", sort, 7))).await.unwrap();
    }
    truncate(&engine).await;
    let now = engine.describe_table("t").unwrap();
    assert_eq!((now.id, now.item_count), (created.id, 0));
    let stream = now.definition.derived.stream.as_ref().unwrap().name("t");
    let described = engine.describe_stream(&stream).unwrap();
    let mut events = Vec::new();
    for shard in &described.shards {
        let mut iterator = engine
            .shard_iterator(&stream, &shard.id, StreamStart::TrimHorizon)
            .unwrap();
        while let Ok(page) = engine.stream_records(&iterator, 100) {
            events.extend(page.records.iter().map(|record| record.event));
            match page.next {
                Some(next) if !page.records.is_empty() => iterator = next,
                _ => break,
            }
        }
    }
    let removed = events.iter().filter(|event| **event == StreamEvent::Remove);
    assert_eq!((events.len(), removed.count()), (6, 3));
}

#[tokio::test]
async fn protection_keeps_the_items() {
    let engine = engine();
    let mut request = definition();
    request.deletion_protection = true;
    engine.create_table(request).await.unwrap();
    let refused = begin(&engine).truncate_table("t");
    assert!(matches!(refused, Err(Error::DeletionProtected { .. })));
    let missing = begin(&engine).truncate_table("u");
    assert!(matches!(missing, Err(Error::TableNotFound { .. })));
}
