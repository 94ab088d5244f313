//! Destinations: the changes that are kept for them, how far they were sent, and what is left when they are switched off.

use crate::support::*;
use shale_engine::*;
use shale_env::{ManualClock, SeededRand};
use shale_item::KeyType;
use shale_storage::MemoryStore;
use std::sync::Arc;
use std::time::Duration;

const NOW_MICROS: u64 = 1_700_000_000_000_000;
const ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/events";

fn start(log: &InstantLog, clock: &Arc<ManualClock>) -> Engine {
    let options = EngineOptions {
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let trees = Box::new(MemoryStore::default());
    let clock = Arc::clone(clock);
    let rand = Arc::new(SeededRand::new(7));
    Engine::open(options, Arc::new(log.clone()), trees, clock, rand).unwrap()
}

async fn change(engine: &Engine, change: DestinationChange) -> Result<(), Error> {
    let changes = TableChanges {
        destination: Some(change),
        ..TableChanges::default()
    };
    engine.update_table("t", changes).await.map(|_| ())
}

fn enable() -> DestinationChange {
    DestinationChange::Enable {
        stream_arn: ARN.to_owned(),
        precision: TimePrecision::Millisecond,
    }
}

fn disable() -> DestinationChange {
    DestinationChange::Disable {
        stream_arn: ARN.to_owned(),
    }
}

/// A table `t` with a destination and perhaps a stream.
async fn started(log: &InstantLog, stream: Option<StreamView>) -> (Engine, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(NOW_MICROS));
    let engine = start(log, &clock);
    let definition = table("t", ("id", KeyType::S), None);
    engine.create_table(definition).await.unwrap();
    if let Some(view) = stream {
        let changes = TableChanges {
            stream: Some(Some(view)),
            ..TableChanges::default()
        };
        engine.update_table("t", changes).await.unwrap();
    }
    change(&engine, enable()).await.unwrap();
    (engine, clock)
}

fn sending(engine: &Engine) -> SendingTable {
    let [table] = &engine.sending_tables()[..] else {
        panic!("one table sends");
    };
    table.clone()
}

async fn write(engine: &Engine, id: &str, version: i64) {
    let item = item([("id", s(id)), ("v", n(version))]);
    engine.put_item(put("t", item)).await.unwrap();
}

/// `event old→new` of all changes from there on, in pages of two.
fn changes(engine: &Engine, mut from: Option<SequenceNumber>) -> Vec<String> {
    let table = sending(engine);
    let version = |image: &Option<shale_item::EncodedItem>| match image {
        Some(item) => format!("{:?}", item.to_item()["v"]),
        None => "-".to_owned(),
    };
    let mut all = Vec::new();
    loop {
        let page = engine.changes_to_send(&table, from, 2).unwrap();
        assert!(page.changes.len() <= 2);
        all.extend(page.changes.iter().map(|change| {
            let (old, new) = (version(&change.old), version(&change.new));
            format!("{:?} {old}→{new}", change.event)
        }));
        if page.changes.is_empty() {
            return all;
        }
        from = Some(page.next);
    }
}

#[tokio::test]
async fn changes_are_kept_with_both_images_beside_a_stream_that_has_its_own() {
    let log = InstantLog::default();
    let (engine, _clock) = started(&log, Some(StreamView::KeysOnly)).await;
    write(&engine, "a", 1).await;
    write(&engine, "a", 1).await;
    write(&engine, "a", 2).await;
    let key = item([("id", s("a"))]);
    engine.delete_item(delete("t", key)).await.unwrap();
    let one = format!("{:?}", n(1));
    let two = format!("{:?}", n(2));
    let expected = [
        format!("Insert -→{one}"),
        format!("Modify {one}→{two}"),
        format!("Remove {two}→-"),
    ];
    assert_eq!(changes(&engine, None), expected);
    // Readers of streams see theirs only.
    let streams = engine.list_streams(None, None, 10).unwrap();
    let [stream] = &streams[..] else {
        panic!("{streams:?}");
    };
    let view = engine.read_view().unwrap();
    let (records, _) = view.stream_records(stream, None, 10).unwrap();
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|record| record.new.is_none()));
    let hidden = sending(&engine).stream.name("t");
    for refused in [
        engine.describe_stream(&hidden).map(|_| ()),
        view.stream_records(&hidden, None, 1).map(|_| ()),
    ] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::Stream(StreamProblem::NotFound)));
    }
    // A transaction of several items has a place for each.
    let rows = ["b", "c", "d"].map(|id| (item([("id", s(id)), ("v", n(1))]), OnConflict::Fail));
    engine.insert_all("t", rows.to_vec()).await.unwrap();
    assert_eq!(changes(&engine, None).len(), 6);
}

#[tokio::test]
async fn the_position_lasts_and_goes_with_the_destination() {
    let log = InstantLog::default();
    let (engine, clock) = started(&log, None).await;
    for version in 1..=3 {
        write(&engine, "a", version).await;
    }
    let table = sending(&engine);
    assert_eq!(engine.position_to_send(&table).unwrap(), None);
    let page = engine.changes_to_send(&table, None, 2).unwrap();
    assert_eq!((page.changes.len(), page.trimmed), (2, false));
    let next = page.next;
    let store = engine.store_position_to_send(&table, next);
    store.await.unwrap();
    drop(engine);

    let engine = start(&log.reopened(), &clock);
    let table = sending(&engine);
    let position = engine.position_to_send(&table).unwrap();
    assert_eq!(position, Some(next));
    assert_eq!(changes(&engine, position).len(), 1);
    let refused = change(&engine, enable()).await.unwrap_err();
    let enabled = DestinationProblem::Enabled {
        stream_arn: ARN.to_owned(),
    };
    assert!(matches!(refused, Error::Destination(problem) if problem == enabled));

    change(&engine, disable()).await.unwrap();
    assert!(engine.sending_tables().is_empty());
    assert_eq!(engine.position_to_send(&table).unwrap(), None);
    let gone = engine.store_position_to_send(&table, next).await;
    let gone = gone.unwrap_err();
    assert!(matches!(gone, Error::Destination(DestinationProblem::Gone)));
    let refused = change(&engine, disable()).await.unwrap_err();
    assert!(matches!(
        refused,
        Error::Destination(DestinationProblem::NotEnabled { .. })
    ));
    // Nothing is kept while it is off, and another one begins with itself.
    write(&engine, "a", 4).await;
    change(&engine, enable()).await.unwrap();
    assert_ne!(sending(&engine).stream.id, table.stream.id);
    write(&engine, "a", 5).await;
    assert_eq!(changes(&engine, None).len(), 1);
    let again = sending(&engine);
    let page = engine.changes_to_send(&again, None, 1).unwrap();
    let next = page.changes[0].number.next();
    engine.store_position_to_send(&again, next).await.unwrap();
    engine.delete_table("t").await.unwrap();
    assert_eq!(engine.position_to_send(&again).unwrap(), None);
    let gone = engine.store_position_to_send(&again, next).await;
    assert!(gone.is_err());
}

#[tokio::test]
async fn states_follow_what_the_sender_has_seen() {
    let log = InstantLog::default();
    let (engine, clock) = started(&log, None).await;
    let state = |engine: &Engine| {
        let table = engine.describe_table("t").unwrap();
        table.definition.derived.destination.clone().unwrap().state
    };
    let stream = sending(&engine).stream;
    assert!(matches!(state(&engine), DestinationState::Enabling { .. }));
    let other = DestinationChange::Seen {
        stream: stream.id + 1,
    };
    assert!(change(&engine, other).await.is_err());
    let seen = DestinationChange::Seen { stream: stream.id };
    change(&engine, seen).await.unwrap();
    let active = DestinationState::Active {
        stream: stream.clone(),
    };
    assert_eq!(state(&engine), active);
    let precision = DestinationChange::Precision {
        stream_arn: ARN.to_owned(),
        precision: TimePrecision::Microsecond,
    };
    change(&engine, precision).await.unwrap();
    drop(engine);
    let engine = start(&log.reopened(), &clock);
    assert_eq!(state(&engine), active);
    let precision = sending(&engine).destination.precision;
    assert_eq!(precision, TimePrecision::Microsecond);
    let refused = DestinationChange::Refused {
        stream: stream.id,
        reason: "no such stream".to_owned(),
    };
    change(&engine, refused).await.unwrap();
    assert!(
        matches!(state(&engine), DestinationState::EnableFailed { reason } if reason == "no such stream")
    );
    change(&engine, enable()).await.unwrap();
    assert!(matches!(state(&engine), DestinationState::Enabling { .. }));
}

#[tokio::test]
async fn what_nobody_sends_is_given_back_after_a_day() {
    let log = InstantLog::default();
    let (engine, clock) = started(&log, None).await;
    write(&engine, "a", 1).await;
    clock.advance(Duration::from_secs(26 * 3600));
    while engine.job_step(Job::Retention).await.unwrap() {}
    assert_eq!(changes(&engine, None), Vec::<String>::new());
    write(&engine, "a", 2).await;
    assert_eq!(changes(&engine, None).len(), 1);
    let table = sending(&engine);
    let page = engine.changes_to_send(&table, None, 9).unwrap();
    assert!(page.trimmed, "the first change was lost");
    let page = engine.changes_to_send(&table, Some(page.next), 9).unwrap();
    assert!(page.changes.is_empty() && !page.trimmed);
    // Whoever looks now and then loses nothing.
    clock.advance(Duration::from_secs(20 * 3600));
    while engine.job_step(Job::Retention).await.unwrap() {}
    let page = engine.changes_to_send(&table, Some(page.next), 9).unwrap();
    assert!(page.changes.is_empty() && !page.trimmed);
    clock.advance(Duration::from_secs(20 * 3600));
    while engine.job_step(Job::Retention).await.unwrap() {}
    write(&engine, "a", 3).await;
    let page = engine.changes_to_send(&table, Some(page.next), 9).unwrap();
    assert_eq!((page.changes.len(), page.trimmed), (1, false));
}
