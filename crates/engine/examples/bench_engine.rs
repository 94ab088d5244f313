//! What is derived from a write costs: `cargo run --release -p shale-engine --example bench_engine DIRECTORY SECONDS`.
//!
//! Durable writes (one fdatasync per group) from 64 tasks on a real directory: with 0, 1 and 5 global indexes, on one hot key; the rate at
//! which an index is filled; how far asynchronous indexes are behind a sustained load; and how fast a stream is read while it is written.

#![allow(clippy::disallowed_methods)] // A benchmark measures with the machine's clock.

use shale_engine::*;
use shale_expression::{Placeholders, parse_update};
use shale_item::{AttributeValue, Item, KeyAttribute, KeySchema, KeyType, TableId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const TASKS: u64 = 64;
const PAYLOAD_BYTES: usize = 400;
const BACKFILL_ITEMS: u64 = 100_000;
const LAG_WRITES_PER_SECOND: u64 = 5_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("which directory?")?);
    let seconds: f64 = arguments.next().ok_or("how many seconds?")?.parse()?;
    let turn = Duration::from_secs_f64(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        index_cost(&directory, turn).await?;
        hot_key(&directory, turn).await?;
        backfill(&directory).await?;
        lag(&directory, turn).await?;
        stream(&directory, turn).await
    })
}

async fn index_cost(directory: &Path, turn: Duration) -> Result<(), Box<dyn std::error::Error>> {
    println!("| global indexes | durable puts/s, 64 tasks | ratio to none |");
    println!("|--:|--:|--:|");
    let mut none = 0.0;
    for indexes in [0, 1, 5] {
        let engine = open(&directory.join(format!("cost{indexes}")), false)?;
        engine.create_table(table(indexes)).await?;
        let rate = puts(&engine, turn).await;
        if indexes == 0 {
            none = rate;
        }
        println!("| {indexes} | {rate:.0} | {:.2} |", rate / none);
        engine.close().await?;
    }
    Ok(())
}

/// Puts of new items from all tasks; how many a second.
async fn puts(engine: &Engine, turn: Duration) -> f64 {
    let written = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (engine, written) = (engine.clone(), Arc::clone(&written));
            tokio::spawn(async move {
                let mut number = task;
                while begun.elapsed() < turn {
                    engine.put_item(put(number)).await.expect("a put");
                    written.fetch_add(1, Ordering::Relaxed);
                    number += TASKS;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task");
    }
    written.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
}

async fn hot_key(directory: &Path, turn: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let engine = open(&directory.join("hot"), false)?;
    engine.create_table(table(0)).await?;
    let values = Item::from([(":one".to_owned(), AttributeValue::N(1.into()))]);
    let update = parse_update("ADD n :one", &mut Placeholders::new(None, Some(&values)))?;
    let count = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (engine, count, update) = (engine.clone(), Arc::clone(&count), update.clone());
            tokio::spawn(async move {
                while begun.elapsed() < turn {
                    let request = UpdateItem {
                        table: "t".to_owned(),
                        key: Item::from([("id".to_owned(), AttributeValue::S("hot".to_owned()))]),
                        update: Some(update.clone()),
                        condition: None,
                        return_values: ReturnValues::None,
                        return_item_on_failure: false,
                    };
                    engine.update_item(request).await.expect("an update");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await?;
    }
    let rate = count.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    println!("\nOne hot key, 64 tasks: {rate:.0} durable updates/s");
    engine.close().await?;
    Ok(())
}

async fn backfill(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let engine = open(&directory.join("backfill"), false)?;
    engine.create_table(table(0)).await?;
    let mut number = 0;
    while number < BACKFILL_ITEMS {
        let items = (number..number + 1000).map(|number| (item(number), OnConflict::Skip));
        let inserted = engine.insert_all("t", items.collect()).await;
        inserted.map_err(|(_, error)| error)?;
        number += 1000;
    }
    let begun = Instant::now();
    let changes = TableChanges {
        indexes: vec![IndexChange::Create(index(0))],
        ..TableChanges::default()
    };
    engine.update_table("t", changes).await?;
    engine.index_complete("t", "i0").await?;
    let rate = BACKFILL_ITEMS as f64 / begun.elapsed().as_secs_f64();
    println!("\nAn index on {BACKFILL_ITEMS} items is filled at {rate:.0} items/s");
    engine.close().await?;
    Ok(())
}

/// At a fixed rate of writes: how long after its acknowledgement a write is in the index.
async fn lag(directory: &Path, turn: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let engine = open(&directory.join("lag"), true)?;
    engine.create_table(table(1)).await?;
    let mut delays = Vec::new();
    let begun = Instant::now();
    let mut number = 0_u64;
    while begun.elapsed() < turn {
        let due = begun + Duration::from_micros(number * 1_000_000 / LAG_WRITES_PER_SECOND);
        tokio::time::sleep_until(due.into()).await;
        let batch = (0..50).map(|n| engine.put_item(put(number + n)));
        futures::future::try_join_all(batch).await?;
        let acknowledged = Instant::now();
        engine.indexes_consistent().await?;
        delays.push(acknowledged.elapsed());
        number += 50;
    }
    delays.sort_unstable();
    let at = |share: f64| delays[(delays.len() as f64 * share) as usize].as_secs_f64() * 1000.0;
    let rate = number as f64 / begun.elapsed().as_secs_f64();
    println!(
        "\nAn asynchronous index is behind {rate:.0} writes/s by {:.1} ms (p50), {:.1} ms (p99)",
        at(0.5),
        at(0.99)
    );
    engine.close().await?;
    Ok(())
}

/// Writes to a table with a stream of both images, and one reader of it from its beginning, first alone and then beside the writers.
async fn stream(directory: &Path, turn: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let engine = open(&directory.join("stream"), false)?;
    let mut table = table(0);
    table.derived.stream = Some(StreamDefinition {
        view: StreamView::NewAndOldImages,
        id: 0,
        created_micros: 0,
    });
    engine.create_table(table).await?;
    let alone = puts(&engine, turn).await;
    let (records, seconds) = read_stream(&engine)?;
    println!(
        "\nA stream: {alone:.0} durable puts/s; {:.0} records/s are read",
        records as f64 / seconds
    );
    let writer = engine.clone();
    let writing = tokio::spawn(async move { puts(&writer, turn).await });
    let begun = Instant::now();
    let (mut records, mut seconds) = (0, 0.0);
    while begun.elapsed() < turn {
        let reader = engine.clone();
        let read = tokio::task::spawn_blocking(move || {
            read_stream(&reader).map_err(|error| error.to_string())
        });
        let (more, took) = read.await??;
        records += more;
        seconds += took;
    }
    println!(
        "Both at once: {:.0} durable puts/s; {:.0} records/s are read",
        writing.await?,
        records as f64 / seconds
    );
    engine.close().await?;
    Ok(())
}

/// Reads all of the stream in pages as GetRecords gives them; how many records in how many seconds.
fn read_stream(engine: &Engine) -> Result<(usize, f64), Error> {
    const PAGE_RECORDS: usize = 1000;
    let view = engine.read_view()?;
    let stream = view.newest_stream("t")?;
    let begun = Instant::now();
    let (mut count, mut from) = (0, None);
    loop {
        let (records, next) = view.stream_records(&stream, from, PAGE_RECORDS)?;
        count += records.len();
        match next {
            Some(next) => from = Some(next),
            None => return Ok((count, begun.elapsed().as_secs_f64())),
        }
    }
}

fn open(directory: &Path, asynchronous_indexes: bool) -> Result<Engine, Error> {
    Engine::open_directory(EngineOptions {
        asynchronous_indexes,
        ..EngineOptions::new(directory)
    })
}

fn table(indexes: usize) -> CreateTable {
    CreateTable {
        name: "t".to_owned(),
        key_schema: KeySchema {
            partition: attribute("id", KeyType::S),
            sort: None,
        },
        billing_mode: BillingMode::PayPerRequest,
        columns: vec![],
        hidden_key: false,
        deletion_protection: false,
        settings: BTreeMap::new(),
        tags: BTreeMap::new(),
        sql: Default::default(),
        derived: Derived {
            indexes: (0..indexes).map(index).collect(),
            ..Derived::default()
        },
    }
}

fn attribute(name: &str, key_type: KeyType) -> KeyAttribute {
    KeyAttribute {
        name: name.to_owned(),
        key_type,
    }
}

fn index(number: usize) -> Index {
    Index {
        name: format!("i{number}"),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: vec![attribute(&format!("a{number}"), KeyType::N)],
        sort: vec![],
        projection: IndexProjection::KeysOnly,
        provisioned: None,
        status: IndexStatus::Active,
    }
}

fn item(number: u64) -> Item {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut item = Item::from([
        (
            "id".to_owned(),
            AttributeValue::S(format!("{scattered:016x}")),
        ),
        (
            "payload".to_owned(),
            AttributeValue::S("x".repeat(PAYLOAD_BYTES)),
        ),
    ]);
    for index in 0..5 {
        let value = (scattered >> (index * 8) & 0xfff) as i64;
        item.insert(format!("a{index}"), AttributeValue::N(value.into()));
    }
    item
}

fn put(number: u64) -> PutItem {
    PutItem {
        table: "t".to_owned(),
        item: item(number),
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    }
}
