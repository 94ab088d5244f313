//! What Contributor Insights cost readers: `cargo run --release -p shale-engine --example bench_insights DIRECTORY SECONDS`.
//!
//! Reads of single items from one and from four threads, with insights off and on: of one hot key, and of keys of which most are new to
//! the sketch each time, its most expensive case.

#![allow(clippy::disallowed_methods)] // A benchmark measures with the machine's clock.

use shale_engine::*;
use shale_item::{AttributeValue, Item, KeyAttribute, KeySchema, KeyType};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const KEYS: usize = 10_000;
/// A step that comes to every key.
const STRIDE: usize = 7_919;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("which directory?")?);
    let seconds: f64 = arguments.next().ok_or("how many seconds?")?.parse()?;
    let turn = Duration::from_secs_f64(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(directory, turn))
}

async fn measure(directory: PathBuf, turn: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open_directory(EngineOptions::new(directory))?;
    engine.create_table(table()).await?;
    let items = (0..KEYS).map(|n| (key(n), OnConflict::Skip)).collect();
    engine
        .insert_all("t", items)
        .await
        .map_err(|(_, error)| error)?;
    println!("| insights | keys | reads/s, 1 thread | 4 threads |");
    println!("|---|--:|--:|--:|");
    for mode in [None, Some(InsightsMode::AccessedAndThrottledKeys)] {
        let changes = TableChanges {
            insights: Some(InsightsChange { index: None, mode }),
            ..TableChanges::default()
        };
        engine.update_table("t", changes).await?;
        for keys in [1, KEYS] {
            let [one, four] = [1, 4].map(|threads| reads(&engine, threads, keys, turn));
            let on = if mode.is_some() { "on" } else { "off" };
            println!("| {on} | {keys} | {one:.0} | {four:.0} |");
        }
    }
    engine.close().await?;
    Ok(())
}

/// Reads a second, of all threads.
fn reads(engine: &Engine, threads: usize, keys: usize, turn: Duration) -> f64 {
    let requests = (0..keys).map(|n| GetItem {
        table: "t".to_owned(),
        key: key(n),
        consistent: true,
    });
    let requests: Vec<GetItem> = requests.collect();
    let begun = Instant::now();
    let done: u64 = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|thread| {
                let requests = &requests;
                scope.spawn(move || {
                    let (mut done, mut n) = (0, thread);
                    while begun.elapsed() < turn {
                        n = (n + STRIDE) % requests.len();
                        let output = engine.get_item(&requests[n]).expect("a read");
                        assert!(output.item.is_some());
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        let counts = readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader"));
        counts.sum()
    });
    done as f64 / begun.elapsed().as_secs_f64()
}

fn key(n: usize) -> Item {
    let scattered = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Item::from([
        (
            "h".to_owned(),
            AttributeValue::S(format!("{scattered:016x}")),
        ),
        ("r".to_owned(), AttributeValue::N((n as i64).into())),
    ])
}

fn table() -> CreateTable {
    let attribute = |name: &str, key_type| KeyAttribute {
        name: name.to_owned(),
        key_type,
    };
    CreateTable {
        name: "t".to_owned(),
        key_schema: KeySchema {
            partition: attribute("h", KeyType::S),
            sort: Some(attribute("r", KeyType::N)),
        },
        billing_mode: BillingMode::PayPerRequest,
        columns: vec![],
        hidden_key: false,
        deletion_protection: false,
        settings: BTreeMap::new(),
        tags: BTreeMap::new(),
        sql: Default::default(),
        derived: Derived::default(),
    }
}
