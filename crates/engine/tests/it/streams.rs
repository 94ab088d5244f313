//! Streams: what a reader finds is what was written, each change once and in order, for 24 hours.

use crate::support::*;
use proptest::prelude::*;
use shale_engine::*;
use shale_env::{Clock, ManualClock, Rand, SeededRand};
use shale_item::{AttributeValue, EncodedItem, Item, KeyType};
use shale_storage::{LsmOptions, LsmStore, MemoryStore, Role, Step, TreeStore};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

mod history;

/// On the hour, and the first of its generation of shards.
const START_MICROS: u64 = 1_699_992_000_000_000;
const HOUR: Duration = Duration::from_secs(3600);

fn with_threads(
    background: bool,
    log: InstantLog,
    trees: impl TreeStore,
    clock: &Arc<ManualClock>,
) -> Engine {
    let options = EngineOptions {
        jobs: false,
        background,
        ..EngineOptions::new("unused")
    };
    let clock = Arc::clone(clock) as _;
    let rand = Arc::new(SeededRand::new(7));
    Engine::open(options, Arc::new(log), Box::new(trees), clock, rand).unwrap()
}

fn without_jobs(log: InstantLog, trees: MemoryStore, clock: &Arc<ManualClock>) -> Engine {
    with_threads(true, log, trees, clock)
}

fn at_start() -> (Arc<ManualClock>, Engine) {
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = without_jobs(InstantLog::default(), MemoryStore::default(), &clock);
    (clock, engine)
}

/// Table `t` with HASH `h` and RANGE `r`, and a stream.
fn streamed(view: StreamView) -> CreateTable {
    let mut definition = table("t", ("h", KeyType::S), Some(("r", KeyType::N)));
    definition.derived.stream = Some(StreamDefinition {
        id: 0,
        created_micros: 0,
        view,
    });
    definition
}

fn key(h: &str, r: i64) -> Item {
    item([("h", s(h)), ("r", n(r))])
}

fn with(mut base: Item, name: &str, value: AttributeValue) -> Item {
    base.insert(name.to_owned(), value);
    base
}

fn switch(view: Option<StreamView>) -> TableChanges {
    TableChanges {
        stream: Some(view),
        ..TableChanges::default()
    }
}

/// The newest stream of table `t`.
fn newest(engine: &Engine) -> StreamName {
    let names = engine.list_streams(Some("t"), None, 100).unwrap();
    names.into_iter().next_back().unwrap()
}

fn shards(engine: &Engine, name: &StreamName) -> Vec<StreamShard> {
    engine.describe_stream(name).unwrap().shards
}

fn iterator(engine: &Engine, name: &StreamName, shard: &str, start: StreamStart) -> ShardIterator {
    engine.shard_iterator(name, shard, start).unwrap()
}

/// Everything from an iterator on, in pages of that size, and the iterator at the end of an open shard.
fn read_from(
    engine: &Engine,
    mut iterator: ShardIterator,
    limit: usize,
) -> (Vec<StreamRecord>, Option<ShardIterator>) {
    let mut records = Vec::new();
    loop {
        let page = engine.stream_records(&iterator, limit).unwrap();
        let done = page.records.is_empty();
        records.extend(page.records);
        match page.next {
            Some(next) if !done => iterator = next,
            next => return (records, next),
        }
    }
}

/// Everything of a stream: parents before children.
fn read_all(engine: &Engine, name: &StreamName, limit: usize) -> Vec<StreamRecord> {
    let mut records = Vec::new();
    let mut read: Vec<String> = Vec::new();
    for shard in shards(engine, name) {
        let parent = shard.parent.as_ref();
        assert!(read.is_empty() || parent.is_some_and(|parent| read.contains(parent)));
        let start = iterator(engine, name, &shard.id, StreamStart::TrimHorizon);
        let (found, next) = read_from(engine, start, limit);
        assert_eq!(next.is_none(), shard.last.is_some(), "a closed shard ends");
        for record in &found {
            assert!(record.number >= shard.first);
            assert!(shard.last.is_none_or(|last| record.number <= last));
        }
        records.extend(found);
        read.push(shard.id);
    }
    let ids: BTreeSet<u128> = records.iter().map(|record| record.id).collect();
    assert_eq!(ids.len(), records.len(), "no id twice");
    let in_order = records
        .windows(2)
        .all(|pair| pair[0].number < pair[1].number);
    assert!(in_order, "numbers rise");
    records
}

fn item_of(image: &Option<EncodedItem>) -> Option<Item> {
    image.as_ref().map(EncodedItem::to_item)
}

/// What a record says, without its place and time.
type Said = (StreamEvent, Item, Option<Item>, Option<Item>);

fn said(record: &StreamRecord) -> Said {
    let (old, new) = (item_of(&record.old), item_of(&record.new));
    (record.event, record.keys.clone(), old, new)
}

async fn insert_modify_remove(engine: &Engine) {
    let first = with(key("a", 1), "x", n(1));
    engine.put_item(put("t", first.clone())).await.unwrap();
    engine.put_item(put("t", first)).await.unwrap();
    let bump = || update("t", key("a", 1), "SET x = :x", item([(":x", n(2))]));
    engine.update_item(bump()).await.unwrap();
    engine.update_item(bump()).await.unwrap();
    engine.delete_item(delete("t", key("a", 1))).await.unwrap();
    engine.delete_item(delete("t", key("a", 1))).await.unwrap();
    let only_removes = update("t", key("a", 2), "REMOVE x", Item::new());
    engine.update_item(only_removes).await.unwrap();
}

#[tokio::test]
async fn every_view_holds_what_it_says_and_nothing_else() {
    use StreamEvent::{Insert, Modify, Remove};
    for (view, has_old, has_new) in [
        (StreamView::KeysOnly, false, false),
        (StreamView::OldImage, true, false),
        (StreamView::NewImage, false, true),
        (StreamView::NewAndOldImages, true, true),
    ] {
        let (_, engine) = at_start();
        engine.create_table(streamed(view)).await.unwrap();
        insert_modify_remove(&engine).await;
        let name = newest(&engine);
        let described = engine.describe_stream(&name).unwrap();
        assert_eq!((described.view, described.enabled), (view, true));
        let old = |x| Some(with(key("a", 1), "x", n(x))).filter(|_| has_old);
        let new = |x| Some(with(key("a", 1), "x", n(x))).filter(|_| has_new);
        let records = read_all(&engine, &name, 1000);
        let found: Vec<Said> = records.iter().map(said).collect();
        let expected = [
            (Insert, key("a", 1), None, new(1)),
            (Modify, key("a", 1), old(1), new(2)),
            (Remove, key("a", 1), old(2), None),
        ];
        assert_eq!(found, expected, "{view:?}");
        assert!(records.iter().all(|record| !record.by_service));
        let now = records.iter().map(|record| record.timestamp_micros);
        assert!(now.into_iter().all(|time| time == START_MICROS));
        // "h" "a", "r" 1, "x" and its value: 2 + 3, + 3 for each image.
        let sizes: Vec<usize> = records.iter().map(StreamRecord::size).collect();
        let image = |has: bool| if has { 8 } else { 0 };
        let (before, after) = (image(has_old), image(has_new));
        assert_eq!(sizes, [5 + after, 5 + before + after, 5 + before]);
    }
}

#[tokio::test]
async fn one_record_of_many_items_keeps_their_order_and_pages_split_it() {
    let (_, engine) = at_start();
    engine
        .create_table(streamed(StreamView::NewImage))
        .await
        .unwrap();
    let rows = (0..250).map(|r| (key("a", r), OnConflict::Fail)).collect();
    engine.insert_all("t", rows).await.unwrap();
    let name = newest(&engine);
    let whole: Vec<Said> = read_all(&engine, &name, 1000).iter().map(said).collect();
    assert_eq!(whole.len(), 250);
    for limit in [1, 7, 250] {
        let paged: Vec<Said> = read_all(&engine, &name, limit).iter().map(said).collect();
        assert_eq!(paged, whole);
    }
    let shard = shards(&engine, &name).remove(0);
    let start = iterator(&engine, &name, &shard.id, StreamStart::TrimHorizon);
    assert_eq!(engine.stream_records(&start, 7).unwrap().records.len(), 7);
}

#[tokio::test]
async fn a_page_has_at_most_one_megabyte() {
    let (_, engine) = at_start();
    engine
        .create_table(streamed(StreamView::NewAndOldImages))
        .await
        .unwrap();
    for round in 0..3 {
        let large = s(&format!("{round}{}", "x".repeat(390_000)));
        engine
            .put_item(put("t", with(key("a", 1), "x", large)))
            .await
            .unwrap();
    }
    let name = newest(&engine);
    let shard = shards(&engine, &name).remove(0);
    let first = iterator(&engine, &name, &shard.id, StreamStart::TrimHorizon);
    // 390 KB, then 780 KB each.
    let page = engine.stream_records(&first, 1000).unwrap();
    assert_eq!(page.records.len(), 1);
    let page = engine.stream_records(&page.next.unwrap(), 1000).unwrap();
    assert_eq!(page.records.len(), 1);
    assert_eq!(read_all(&engine, &name, 1000).len(), 3);
}

#[tokio::test]
async fn iterators_begin_where_they_are_told() {
    let (clock, engine) = at_start();
    engine
        .create_table(streamed(StreamView::KeysOnly))
        .await
        .unwrap();
    for r in 0..10 {
        clock.advance(Duration::from_secs(60));
        engine.put_item(put("t", key("a", r))).await.unwrap();
    }
    let name = newest(&engine);
    let shard = shards(&engine, &name).remove(0).id;
    let all = read_all(&engine, &name, 1000);
    let from = |start| {
        let start = engine.shard_iterator(&name, &shard, start)?;
        let records = read_from(&engine, start, 3).0;
        Ok::<_, Error>(
            records
                .iter()
                .map(|record| record.number)
                .collect::<Vec<_>>(),
        )
    };
    let numbers: Vec<SequenceNumber> = all.iter().map(|record| record.number).collect();
    assert_eq!(from(StreamStart::TrimHorizon).unwrap(), numbers);
    assert_eq!(from(StreamStart::Latest).unwrap(), []);
    for (place, number) in numbers.iter().enumerate() {
        assert_eq!(from(StreamStart::At(*number)).unwrap(), numbers[place..]);
        assert_eq!(
            from(StreamStart::After(*number)).unwrap(),
            numbers[place + 1..]
        );
        let micros = all[place].timestamp_micros;
        assert_eq!(from(StreamStart::Time(micros)).unwrap(), numbers[place..]);
        assert_eq!(
            from(StreamStart::Time(micros - 1)).unwrap(),
            numbers[place..]
        );
        if micros < clock.now_micros() {
            assert_eq!(
                from(StreamStart::Time(micros + 1)).unwrap(),
                numbers[place + 1..]
            );
        }
    }
    assert_eq!(from(StreamStart::Time(5)).unwrap(), numbers);
    let first = shards(&engine, &name)[0].first;
    assert_eq!(from(StreamStart::At(first)).unwrap(), numbers);

    // LATEST sees what comes after it was asked for.
    let latest = iterator(&engine, &name, &shard, StreamStart::Latest);
    engine.put_item(put("t", key("b", 1))).await.unwrap();
    let (records, next) = read_from(&engine, latest, 1000);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].keys, key("b", 1));
    let page = engine.stream_records(&next.unwrap(), 1000).unwrap();
    assert!(page.records.is_empty() && page.next.is_some());
}

#[tokio::test]
async fn places_that_are_none_are_refused() {
    let (clock, engine) = at_start();
    engine
        .create_table(streamed(StreamView::KeysOnly))
        .await
        .unwrap();
    let mut other = streamed(StreamView::KeysOnly);
    other.name = "other".to_owned();
    engine.create_table(other).await.unwrap();
    engine.put_item(put("t", key("a", 1))).await.unwrap();
    let name = newest(&engine);
    let shard = shards(&engine, &name).remove(0);
    let problem = |result: Result<ShardIterator, Error>| match result {
        Err(Error::Stream(problem)) => problem,
        other => panic!("{other:?}"),
    };
    let ask =
        |name: &StreamName, shard: &str, start| problem(engine.shard_iterator(name, shard, start));

    let foreign = engine
        .list_streams(Some("other"), None, 1)
        .unwrap()
        .remove(0);
    let foreign_shard = shards(&engine, &foreign).remove(0).id;
    assert_eq!(
        ask(&name, &foreign_shard, StreamStart::Latest),
        StreamProblem::ShardNotFound
    );
    let unknown = StreamName {
        table: "t".to_owned(),
        created_millis: 1,
    };
    assert_eq!(
        ask(&unknown, &shard.id, StreamStart::Latest),
        StreamProblem::NotFound
    );
    let described = engine.describe_stream(&unknown);
    assert!(matches!(
        described,
        Err(Error::Stream(StreamProblem::NotFound))
    ));
    let future = StreamStart::Time(clock.now_micros() + 1);
    assert_eq!(ask(&name, &shard.id, future), StreamProblem::FutureTime);

    let number = read_all(&engine, &name, 1)[0].number.to_string();
    let later = |digits: &str| format!("{}{digits}{}", &number[..30], &number[31..]);
    for wrong in [
        "1000000000000000000000000000000000000".to_owned(),
        "1429496729500000000000000000001000000".to_owned(),
        later("9"),
    ] {
        for start in [StreamStart::At, StreamStart::After] {
            let start = start(wrong.parse().unwrap());
            let problem = ask(&name, &shard.id, start);
            assert_eq!(problem, StreamProblem::InvalidSequenceNumber, "{wrong}");
        }
    }

    let good = iterator(&engine, &name, &shard.id, StreamStart::TrimHorizon);
    clock.advance(Duration::from_secs(900));
    assert_eq!(engine.stream_records(&good, 10).unwrap().records.len(), 1);
    clock.advance(Duration::from_micros(1));
    let expired = engine.stream_records(&good, 10);
    let problem = StreamProblem::IteratorExpired {
        issued_micros: START_MICROS,
        now_micros: START_MICROS + 900_000_001,
    };
    assert!(matches!(expired, Err(Error::Stream(found)) if found == problem));

    let good = iterator(&engine, &name, &shard.id, StreamStart::TrimHorizon);
    for (bad, problem) in [
        (
            ShardIterator {
                stream_id: good.stream_id + 1,
                ..good.clone()
            },
            StreamProblem::NotFound,
        ),
        (
            ShardIterator {
                generation: good.generation + 1,
                ..good.clone()
            },
            StreamProblem::ShardNotFound,
        ),
        (
            ShardIterator {
                stream: unknown,
                ..good.clone()
            },
            StreamProblem::NotFound,
        ),
    ] {
        let refused = engine.stream_records(&bad, 10);
        assert!(matches!(refused, Err(Error::Stream(found)) if found == problem));
    }
}

#[tokio::test]
async fn shards_follow_each_other_and_a_closed_one_is_complete() {
    let (clock, engine) = at_start();
    engine
        .create_table(streamed(StreamView::KeysOnly))
        .await
        .unwrap();
    let name = newest(&engine);
    let mut written = 0;
    let first = shards(&engine, &name).remove(0);
    let mut tail = Some(iterator(
        &engine,
        &name,
        &first.id,
        StreamStart::TrimHorizon,
    ));
    let mut tailed = 0;
    for hour in 1..=10 {
        engine.put_item(put("t", key("a", written))).await.unwrap();
        written += 1;
        clock.advance(HOUR);
        // The first change of an hour carries the time, or else the job does.
        let idle = hour % 2 == 0;
        if !idle {
            engine.put_item(put("t", key("a", written))).await.unwrap();
            written += 1;
        }
        assert_eq!(engine.job_step(Job::Retention).await.unwrap(), idle);
        assert_eq!(shards(&engine, &name).len(), 1 + hour / 4, "hour {hour}");
        if let Some(iterator) = tail.take() {
            let fresh = ShardIterator {
                issued_micros: clock.now_micros(),
                ..iterator
            };
            let (records, next) = read_from(&engine, fresh, 1);
            tailed += records.len();
            tail = next;
        }
    }
    // Four hours, of which the second and the fourth began with a change.
    assert_eq!(tailed, 6, "the reader of the first shard got all of it");
    assert!(tail.is_none(), "and its end");
    assert_eq!(read_all(&engine, &name, 3).len(), written as usize);
    let shards = shards(&engine, &name);
    assert_eq!(shards.len(), 3);
    assert!(shards[..2].iter().all(|shard| shard.last.is_some()));
    assert_eq!(shards[2].last, None);
    for pair in shards.windows(2) {
        assert_eq!(pair[1].parent.as_ref(), Some(&pair[0].id));
        assert!(pair[0].last.unwrap() < pair[1].first);
    }
    let end = iterator(&engine, &name, &shards[0].id, StreamStart::Latest);
    let page = engine.stream_records(&end, 10).unwrap();
    assert!(page.records.is_empty() && page.next.is_none());
    for start in [StreamStart::At, StreamStart::After] {
        let end = iterator(
            &engine,
            &name,
            &shards[0].id,
            start(shards[0].last.unwrap()),
        );
        assert!(engine.stream_records(&end, 10).unwrap().next.is_none());
    }
}

#[tokio::test]
async fn a_view_reads_all_shards_in_one_go_and_does_not_move() {
    let (clock, engine) = at_start();
    let plain = table("plain", ("h", KeyType::S), None);
    engine.create_table(plain).await.unwrap();
    engine
        .create_table(streamed(StreamView::NewImage))
        .await
        .unwrap();
    for r in 0..30 {
        engine.put_item(put("t", key("a", r))).await.unwrap();
        clock.advance(HOUR);
    }
    let view = engine.read_view().unwrap();
    engine.put_item(put("t", key("a", 30))).await.unwrap();
    let name = view.newest_stream("t").unwrap();
    assert_eq!(name, newest(&engine));
    let mut records = Vec::new();
    let mut from = None;
    loop {
        let (page, next) = view.stream_records(&name, from, 7).unwrap();
        records.extend(page);
        match next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    let keys: Vec<Item> = records.iter().map(|record| record.keys.clone()).collect();
    // What the last record of the view says of the time is the horizon.
    let expected: Vec<Item> = (5..30).map(|r| key("a", r)).collect();
    assert_eq!(keys, expected);
    let fourth = records[3].number;
    let (rest, _) = view.stream_records(&name, Some(fourth), 1000).unwrap();
    assert_eq!(rest.len(), records.len() - 3);
    let without = view.newest_stream("plain");
    assert!(matches!(
        without,
        Err(Error::Stream(StreamProblem::NotEnabled { .. }))
    ));
    let nothing = view.newest_stream("nothing");
    assert!(matches!(nothing, Err(Error::TableNotFound { .. })));
}

#[tokio::test]
async fn a_clock_that_is_set_back_loses_nothing_and_ends_nothing_twice() {
    let (clock, engine) = at_start();
    engine
        .create_table(streamed(StreamView::KeysOnly))
        .await
        .unwrap();
    let name = newest(&engine);
    let other = table("other", ("id", KeyType::N), None);
    engine.create_table(other).await.unwrap();
    engine.put_item(put("t", key("a", 1))).await.unwrap();
    clock.set_micros(START_MICROS + 20 * 3_600_000_000);
    engine
        .put_item(put("other", item([("id", n(1))])))
        .await
        .unwrap();
    clock.set_micros(START_MICROS + 60_000_000);
    engine.put_item(put("t", key("a", 2))).await.unwrap();
    // The time of streams follows the records, not the clock.
    assert!(engine.job_step(Job::Retention).await.unwrap());
    engine.put_item(put("t", key("a", 3))).await.unwrap();
    let records = read_all(&engine, &name, 10);
    let keys: Vec<Item> = records.into_iter().map(|record| record.keys).collect();
    assert_eq!(keys, [key("a", 1), key("a", 2), key("a", 3)]);
}

#[tokio::test]
async fn records_are_kept_for_a_day_and_their_space_is_given_back() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = without_jobs(log.clone(), trees.clone(), &clock);
    engine
        .create_table(streamed(StreamView::NewImage))
        .await
        .unwrap();
    let name = newest(&engine);
    let first_shard = shards(&engine, &name).remove(0);
    for hour in 0..30 {
        engine.put_item(put("t", key("a", hour))).await.unwrap();
        clock.advance(HOUR);
        engine.job_step(Job::Retention).await.unwrap();
        // 24 whole hours and the one that is under way.
        let kept = read_all(&engine, &name, 1000);
        let oldest = (hour - 23).max(0);
        let expected: Vec<Item> = (oldest..=hour).map(|r| key("a", r)).collect();
        let found: Vec<Item> = kept.into_iter().map(|record| record.keys).collect();
        assert_eq!(found, expected, "hour {hour}");
    }
    let trimmed = engine.shard_iterator(&name, &first_shard.id, StreamStart::TrimHorizon);
    assert!(matches!(
        trimmed,
        Err(Error::Stream(StreamProblem::ShardNotFound))
    ));
    drop(engine);

    let engine = with_threads(false, log.reopened(), trees.clone(), &clock);
    while engine.shard_step(Step::Reclaim).unwrap() {}
    engine.shard_step(Step::Flush(Role::Streams)).unwrap();
    let rows = trees.durable_entries(Role::Streams);
    // Six hours are trimmed. Rows that share a file with others may stay until they are a tenth of the tree.
    let horizon = (START_MICROS / 3_600_000_000) as u32 + 6;
    let (kept, trimmed): (Vec<_>, Vec<_>) = rows
        .keys()
        .partition(|key| key[..4] >= horizon.to_be_bytes()[..]);
    assert_eq!(kept.len(), 24);
    assert!(trimmed.len() <= 2, "{} are left", trimmed.len());
}

#[test]
fn files_of_trimmed_records_are_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let trees = LsmStore::open(directory.path(), LsmOptions::default()).unwrap();
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = with_threads(false, InstantLog::default(), trees, &clock);
    let step = |step| engine.shard_step(step).unwrap();
    let apply = || {
        step(Step::Apply);
    };
    driven(apply, engine.create_table(streamed(StreamView::NewImage))).unwrap();
    let rand = SeededRand::new(3);
    let mut noise = vec![0; 30_000];
    for _ in 0..4 {
        for r in 0..8 {
            rand.fill(&mut noise);
            let large = AttributeValue::B(noise.clone().into());
            let new = with(key("a", r), "x", large);
            driven(apply, engine.put_item(put("t", new))).unwrap();
        }
        Role::ALL.into_iter().for_each(|role| {
            step(Step::Flush(role));
        });
        clock.advance(HOUR);
        driven(apply, engine.job_step(Job::Retention)).unwrap();
    }
    // 32 images of 30 KB, in the stream and, as no compaction was due, as items.
    let full = engine.shard_stats().tree_bytes;
    assert!(full > 64 * 30_000, "{full}");
    clock.advance(22 * HOUR);
    driven(apply, engine.job_step(Job::Retention)).unwrap();
    while step(Step::Reclaim) {}
    assert_eq!(read_all(&engine, &newest(&engine), 100).len(), 16);
    clock.advance(24 * HOUR);
    driven(apply, engine.job_step(Job::Retention)).unwrap();
    while step(Step::Reclaim) {}
    let rest = engine.shard_stats().tree_bytes;
    assert!(rest < 33 * 30_000, "{rest} of {full}");
    assert_eq!(engine.shard_stats().reclaims, 0);
}

#[tokio::test]
async fn an_iterator_whose_place_was_trimmed_says_so() {
    let (clock, engine) = at_start();
    engine
        .create_table(streamed(StreamView::NewImage))
        .await
        .unwrap();
    let name = newest(&engine);
    for r in 0..4 {
        engine.put_item(put("t", key("a", r))).await.unwrap();
        clock.advance(HOUR);
    }
    engine.job_step(Job::Retention).await.unwrap();
    let shard = shards(&engine, &name).remove(0);
    let numbers: Vec<SequenceNumber> = read_all(&engine, &name, 9)
        .iter()
        .map(|r| r.number)
        .collect();
    assert_eq!(numbers.len(), 4);
    // The second of the shard's four hours is trimmed within the life of the iterators.
    clock.set_micros(START_MICROS + 26 * 3_600_000_000 - 1);
    engine.job_step(Job::Retention).await.unwrap();
    let at = |start| iterator(&engine, &name, &shard.id, start);
    let trimmed = engine.shard_iterator(&name, &shard.id, StreamStart::At(numbers[0]));
    assert!(matches!(
        trimmed,
        Err(Error::Stream(StreamProblem::Trimmed))
    ));
    let second = at(StreamStart::At(numbers[1]));
    let third = at(StreamStart::At(numbers[2]));
    let oldest = at(StreamStart::TrimHorizon);
    assert_eq!(engine.stream_records(&second, 10).unwrap().records.len(), 3);
    clock.advance(Duration::from_micros(1));
    engine.job_step(Job::Retention).await.unwrap();
    let trimmed = engine.stream_records(&second, 10);
    assert!(matches!(
        trimmed,
        Err(Error::Stream(StreamProblem::Trimmed))
    ));
    assert_eq!(engine.stream_records(&third, 10).unwrap().records.len(), 2);
    assert_eq!(engine.stream_records(&oldest, 10).unwrap().records.len(), 2);
    // All of it, in the end.
    clock.advance(2 * HOUR);
    engine.job_step(Job::Retention).await.unwrap();
    let gone = ShardIterator {
        issued_micros: clock.now_micros(),
        ..oldest
    };
    let trimmed = engine.stream_records(&gone, 10);
    assert!(matches!(
        trimmed,
        Err(Error::Stream(StreamProblem::Trimmed))
    ));
}

#[tokio::test]
async fn a_stream_is_switched_on_and_off_and_stays_readable_for_a_day() {
    let (log, trees) = (InstantLog::default(), MemoryStore::default());
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = without_jobs(log.clone(), trees.clone(), &clock);
    let plain = table("t", ("h", KeyType::S), Some(("r", KeyType::N)));
    engine.create_table(plain).await.unwrap();
    let off = engine.update_table("t", switch(None)).await;
    assert!(matches!(
        off,
        Err(Error::Stream(StreamProblem::NotEnabled { .. }))
    ));
    engine.put_item(put("t", key("before", 1))).await.unwrap();
    let view = Some(StreamView::NewImage);
    let described = engine.update_table("t", switch(view)).await.unwrap();
    let definition = described.definition.derived.stream.clone().unwrap();
    assert_eq!(definition.name("t"), newest(&engine));
    let again = engine
        .update_table("t", switch(Some(StreamView::KeysOnly)))
        .await;
    assert!(matches!(
        again,
        Err(Error::Stream(StreamProblem::Enabled { .. }))
    ));
    engine.put_item(put("t", key("in", 1))).await.unwrap();
    let described = engine.update_table("t", switch(None)).await.unwrap();
    assert_eq!(described.definition.derived.stream, None);
    let latest = described.definition.derived.latest_stream_micros;
    assert_eq!(latest, Some(definition.created_micros));
    engine.put_item(put("t", key("between", 1))).await.unwrap();
    engine.update_table("t", switch(view)).await.unwrap();
    engine.put_item(put("t", key("in", 2))).await.unwrap();

    let names = engine.list_streams(None, None, 10).unwrap();
    assert_eq!(names.len(), 2);
    assert!(
        names[0].created_millis < names[1].created_millis,
        "no label twice"
    );
    assert_eq!(
        engine.list_streams(None, Some(&names[0]), 10).unwrap(),
        names[1..]
    );
    assert_eq!(engine.list_streams(None, None, 1).unwrap(), names[..1]);
    assert_eq!(engine.list_streams(Some("u"), None, 10).unwrap(), []);
    let keys = |engine: &Engine, name: &StreamName| -> Vec<Item> {
        let records = read_all(engine, name, 10);
        records.into_iter().map(|record| record.keys).collect()
    };
    assert_eq!(keys(&engine, &names[0]), [key("in", 1)]);
    assert_eq!(keys(&engine, &names[1]), [key("in", 2)]);
    assert!(!engine.describe_stream(&names[0]).unwrap().enabled);

    engine.delete_table("t").await.unwrap();
    assert!(!engine.describe_stream(&names[1]).unwrap().enabled);
    assert_eq!(keys(&engine, &names[1]), [key("in", 2)]);
    engine
        .create_table(streamed(StreamView::KeysOnly))
        .await
        .unwrap();
    engine.put_item(put("t", key("in", 3))).await.unwrap();
    drop(engine);

    let engine = without_jobs(log.reopened(), trees, &clock);
    let mut names = engine.list_streams(Some("t"), None, 10).unwrap();
    assert_eq!(names.len(), 3);
    assert_eq!(keys(&engine, &names[0]), [key("in", 1)]);
    assert_eq!(keys(&engine, &names[1]), [key("in", 2)]);
    assert_eq!(keys(&engine, &names[2]), [key("in", 3)]);
    engine.update_table("t", switch(None)).await.unwrap();
    engine.update_table("t", switch(view)).await.unwrap();
    names.push(newest(&engine));
    assert!(names[2] < names[3], "a start remembers the newest label");

    clock.advance(24 * HOUR);
    engine.job_step(Job::Retention).await.unwrap();
    assert_eq!(engine.list_streams(None, None, 10).unwrap().len(), 4);
    clock.advance(HOUR);
    engine.job_step(Job::Retention).await.unwrap();
    assert_eq!(engine.list_streams(None, None, 10).unwrap(), names[3..]);
    let gone = engine.describe_stream(&names[0]);
    assert!(matches!(gone, Err(Error::Stream(StreamProblem::NotFound))));
}

#[tokio::test]
async fn a_transaction_switches_streams_with_its_writes() {
    let (_, engine) = at_start();
    let begin = || engine.begin(TransactionOptions::default());
    let keys = |name: &StreamName| -> Vec<Item> {
        let records = read_all(&engine, name, 10);
        records.into_iter().map(|record| record.keys).collect()
    };
    let plain = table("t", ("h", KeyType::S), Some(("r", KeyType::N)));
    engine.create_table(plain).await.unwrap();
    let transaction = begin();
    transaction.put_item(&put("t", key("a", 1))).unwrap();
    let on = switch(Some(StreamView::KeysOnly));
    transaction.update_table("t", &on).unwrap();
    transaction.update_table("t", &switch(None)).unwrap();
    transaction.update_table("t", &on).unwrap();
    assert_eq!(engine.list_streams(None, None, 10).unwrap(), []);
    transaction.commit().await.unwrap();
    let first = newest(&engine);
    assert_eq!(engine.list_streams(None, None, 10).unwrap().len(), 1);
    assert_eq!(
        keys(&first),
        [key("a", 1)],
        "all of the record that switched it on"
    );
    engine.put_item(put("t", key("a", 2))).await.unwrap();

    // The table's successor has a stream of its own.
    let transaction = begin();
    transaction.delete_table("t").unwrap();
    transaction
        .create_table(&streamed(StreamView::NewImage))
        .unwrap();
    transaction.put_item(&put("t", key("b", 1))).unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(keys(&first), [key("a", 1), key("a", 2)]);
    assert!(!engine.describe_stream(&first).unwrap().enabled);
    let second = newest(&engine);
    assert_eq!(keys(&second), [key("b", 1)]);

    // Of what was given up, or never there, nothing is left.
    let transaction = begin();
    transaction.update_table("t", &switch(None)).unwrap();
    drop(transaction);
    let transaction = begin();
    let mut never = streamed(StreamView::NewImage);
    never.name = "never".to_owned();
    transaction.create_table(&never).unwrap();
    transaction.delete_table("never").unwrap();
    transaction.put_item(&put("t", key("b", 2))).unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(keys(&second), [key("b", 1), key("b", 2)]);
    assert_eq!(engine.list_streams(None, None, 10).unwrap().len(), 2);

    // Who wrote while the stream was switched on elsewhere is told.
    let transaction = begin();
    transaction.put_item(&put("t", key("b", 3))).unwrap();
    transaction.update_table("t", &switch(None)).unwrap();
    engine.update_table("t", switch(None)).await.unwrap();
    let conflict = transaction.commit().await;
    assert!(matches!(conflict, Err(Error::SerializationConflict)));
    assert_eq!(keys(&second), [key("b", 1), key("b", 2)]);
}

#[tokio::test]
async fn expired_items_are_deleted_by_the_service() {
    let (clock, engine) = at_start();
    let mut definition = streamed(StreamView::OldImage);
    definition.derived.ttl = Some(TimeToLive {
        attribute: "expires".to_owned(),
        id: 0,
        status: IndexStatus::Active,
    });
    engine.create_table(definition).await.unwrap();
    let expiry = n((START_MICROS / 1_000_000) as i64 + 10);
    let expiring = with(key("a", 1), "expires", expiry);
    engine.put_item(put("t", expiring.clone())).await.unwrap();
    engine.put_item(put("t", key("a", 2))).await.unwrap();
    engine.delete_item(delete("t", key("a", 2))).await.unwrap();
    clock.advance(Duration::from_secs(60));
    while engine.job_step(Job::Expiry).await.unwrap() {}
    let records = read_all(&engine, &newest(&engine), 10);
    let removed: Vec<_> = records
        .iter()
        .filter(|record| record.event == StreamEvent::Remove)
        .map(|record| (record.by_service, item_of(&record.old)))
        .collect();
    assert_eq!(
        removed,
        [(false, Some(key("a", 2))), (true, Some(expiring))]
    );
}

#[tokio::test]
async fn nothing_is_seen_before_it_is_durable_and_no_gap_is_filled_later() {
    let log = InstantLog::default();
    let clock = Arc::new(ManualClock::new(START_MICROS));
    let engine = without_jobs(log.clone(), MemoryStore::default(), &clock);
    engine
        .create_table(streamed(StreamView::KeysOnly))
        .await
        .unwrap();
    let name = newest(&engine);
    let shard = shards(&engine, &name).remove(0).id;
    let tail = iterator(&engine, &name, &shard, StreamStart::Latest);
    log.hold_at(log.payloads().len() as u64);
    let pending = tokio::spawn({
        let engine = engine.clone();
        async move { engine.put_item(put("t", key("a", 1))).await }
    });
    while log.payloads().len() < 2 {
        tokio::task::yield_now().await;
    }
    let page = engine.stream_records(&tail, 10).unwrap();
    assert!(page.records.is_empty());
    log.release();
    pending.await.unwrap().unwrap();
    let page = engine.stream_records(&page.next.unwrap(), 10).unwrap();
    assert_eq!(page.records.len(), 1);
}

#[tokio::test]
async fn replaced_images_of_one_write_are_bounded() {
    let (_, engine) = at_start();
    engine
        .create_table(streamed(StreamView::OldImage))
        .await
        .unwrap();
    let large = s(&"x".repeat(400_000));
    for r in 0..150 {
        engine
            .put_item(put("t", with(key("a", r), "x", large.clone())))
            .await
            .unwrap();
    }
    let transaction = engine.begin(TransactionOptions::default());
    for r in 0..150 {
        transaction.delete_item(&delete("t", key("a", r))).unwrap();
    }
    let refused = transaction.commit().await;
    assert!(
        matches!(
            refused,
            Err(Error::Limit {
                kind: LimitKind::StreamImages,
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(get(&engine, "t", key("a", 0)).is_some());
}
