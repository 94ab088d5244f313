//! How many gets, puts, updates and transactions a second one process makes, with a durable log, at 1, 8 and 64 tasks.
//!
//! `cargo run --release -p shale-engine --example bench_engine [DIRECTORY]`; the directory must be on the disk to be measured.
//! A put and an update are acknowledged after fdatasync.

use shale_engine::{
    BillingMode, CreateTable, Engine, EngineOptions, GetItem, PutItem, ReturnValues, Transaction,
    TransactionOptions, UpdateItem,
};
use shale_env::{Clock, SystemClock};
use shale_expression::{Placeholders, Update, parse_update};
use shale_item::{AttributeValue, Item, KeyAttribute, KeySchema, KeyType};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// Items that are read and written.
const ITEMS: u64 = 100_000;
/// Bytes of an item's payload.
const PAYLOAD_BYTES: usize = 200;
/// How long each line measures.
const SPAN: Duration = Duration::from_secs(3);
const TASKS: [u64; 3] = [1, 8, 64];

#[derive(Clone, Copy, Debug)]
enum Work {
    Get,
    Put,
    Update,
    /// Updates of one item.
    HotUpdate,
    /// Puts while a transaction is open, so that keys are remembered for it.
    PutBeside,
    /// Transactions that move something from one item to another, among all of them.
    Transfer,
    /// The same among ten.
    HotTransfer,
}

fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = base.join(format!("bench_engine-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(run(directory.clone()));
    std::fs::remove_dir_all(&directory)?;
    result
}

async fn run(directory: PathBuf) -> Result<(), Box<dyn Error>> {
    let engine = Engine::open_directory(EngineOptions::new(directory))?;
    engine.create_table(table()).await?;
    load(&engine).await?;
    println!("{ITEMS} items of {PAYLOAD_BYTES} bytes and a little");
    println!("| work | tasks | per second | µs each, mean |");
    println!("|---|--:|--:|--:|");
    for work in [
        Work::Get,
        Work::Put,
        Work::PutBeside,
        Work::Update,
        Work::HotUpdate,
        Work::Transfer,
        Work::HotTransfer,
    ] {
        let _open =
            matches!(work, Work::PutBeside).then(|| engine.begin(TransactionOptions::default()));
        for tasks in TASKS {
            let per_second = measure(&engine, work, tasks).await?;
            let micros = tasks as f64 * 1e6 / per_second;
            println!("| {work:?} | {tasks} | {per_second:.0} | {micros:.1} |");
        }
    }
    engine.close().await?;
    Ok(())
}

fn table() -> CreateTable {
    CreateTable {
        name: "bench".to_owned(),
        key_schema: KeySchema {
            partition: KeyAttribute {
                name: "id".to_owned(),
                key_type: KeyType::N,
            },
            sort: None,
        },
        billing_mode: BillingMode::PayPerRequest,
        columns: Vec::new(),
        hidden_key: false,
        deletion_protection: false,
        settings: BTreeMap::new(),
        tags: BTreeMap::new(),
        derived: Default::default(),
    }
}

fn key(id: u64) -> Item {
    Item::from([("id".to_owned(), AttributeValue::N((id as i64).into()))])
}

fn item(id: u64) -> Item {
    let mut item = key(id);
    item.insert("hits".to_owned(), AttributeValue::N(0.into()));
    let payload = AttributeValue::S("x".repeat(PAYLOAD_BYTES));
    item.insert("payload".to_owned(), payload);
    item
}

async fn load(engine: &Engine) -> Result<(), Box<dyn Error>> {
    for first in (0..ITEMS).step_by(500) {
        let rows = (first..first + 500).map(|id| (item(id), shale_engine::OnConflict::Skip));
        let inserted = engine.insert_all("bench", rows.collect()).await;
        inserted.map_err(|(_, error)| error)?;
    }
    Ok(())
}

async fn measure(engine: &Engine, work: Work, tasks: u64) -> Result<f64, Box<dyn Error>> {
    let clock = SystemClock::new();
    let started = clock.monotonic();
    let workers: Vec<_> = (0..tasks)
        .map(|task| tokio::spawn(worker(engine.clone(), work, task)))
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await??;
    }
    let seconds = (clock.monotonic() - started).as_secs_f64();
    Ok(done as f64 / seconds)
}

/// Works until the span is over; says how often.
async fn worker(engine: Engine, work: Work, task: u64) -> Result<u64, shale_engine::Error> {
    let clock = SystemClock::new();
    let end = clock.monotonic() + SPAN;
    let increment = increment();
    let mut state = task.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut done = 0;
    while clock.monotonic() < end {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let id = state % ITEMS;
        match work {
            Work::Get => drop(engine.get_item(&GetItem {
                table: "bench".to_owned(),
                key: key(id),
                consistent: true,
            })?),
            Work::Put | Work::PutBeside => drop(engine.put_item(put(id)).await?),
            Work::Update => drop(engine.update_item(update(id, &increment)).await?),
            Work::HotUpdate => drop(engine.update_item(update(0, &increment)).await?),
            Work::Transfer => transfer(&engine, id, (id / 7) % ITEMS, &increment).await?,
            Work::HotTransfer => transfer(&engine, id % 10, (id / 7) % 10, &increment).await?,
        }
        done += 1;
        // Gets never wait; without this they would not share the threads.
        if done % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    Ok(done)
}

async fn transfer(
    engine: &Engine,
    from: u64,
    to: u64,
    increment: &Update,
) -> Result<(), shale_engine::Error> {
    let run = |transaction: Transaction| async move {
        transaction.update_item(&update(from, increment))?;
        transaction.update_item(&update(to, increment))?;
        Ok(())
    };
    engine.atomically(run).await
}

fn put(id: u64) -> PutItem {
    PutItem {
        table: "bench".to_owned(),
        item: item(id),
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    }
}

fn increment() -> Update {
    let values = Item::from([(":one".to_owned(), AttributeValue::N(1.into()))]);
    let mut placeholders = Placeholders::new(None, Some(&values));
    parse_update("SET hits = hits + :one", &mut placeholders).expect("a valid expression")
}

fn update(id: u64, increment: &Update) -> UpdateItem {
    UpdateItem {
        table: "bench".to_owned(),
        key: key(id),
        update: Some(increment.clone()),
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    }
}
