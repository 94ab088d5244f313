//! Speed of a shard against bare `lsm-tree` on the same data: `cargo run --release -p shale-storage --example bench_shard [ROWS]`.
//!
//! Prints operations per second and ratios. The log costs nothing in most of it (durable at once, or by a thread of its
//! own), so that what remains is the shard: sequencing, pending images, applying, publishing, waking. Durable puts go to a file log.

#![allow(clippy::disallowed_methods)] // A benchmark measures with the machine's clock.

use bytes::{BufMut, Bytes, BytesMut};
use lsm_tree::{AbstractTree, Config, SequenceNumberCounter};
use parking_lot::{Condvar, Mutex};
use shale_commitlog::*;
use shale_env::{SystemClock, SystemFiles, SystemRand};
use shale_storage::{Apply, LsmOptions, LsmStore, Role, Shard, ShardOptions, TreeBatch, TreeStore};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const VALUE_BYTES: usize = 200;

fn key(n: u64) -> Bytes {
    // Hashed, as item keys are.
    let mut key = BytesMut::with_capacity(20);
    key.put_u32(7);
    key.put_u64(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    key.put_u64(n);
    key.freeze()
}

fn value(n: u64) -> Bytes {
    let mut value = BytesMut::zeroed(VALUE_BYTES);
    for (i, byte) in value.iter_mut().enumerate() {
        *byte = (n as usize * 31 + i * 7) as u8;
    }
    value.freeze()
}

/// A record is a key of 20 bytes and its value.
struct Puts;

impl Apply for Puts {
    fn apply(&self, _: Lsn, _: u64, record: &Bytes, batch: &mut TreeBatch) -> Result<(), String> {
        batch
            .writes
            .push((Role::Items, record.slice(..20), Some(record.slice(20..))));
        Ok(())
    }
    fn on_published(&self, _: Lsn, _: &Bytes) {}
}

/// A log that nobody reads back: durable at once, told by the appending thread or by one of its own.
#[derive(Default)]
struct NoLog {
    sink: Mutex<Option<Arc<dyn AppendSink>>>,
    tail: AtomicU64,
    threaded: bool,
    queued: Arc<(Mutex<u64>, Condvar)>,
}

impl NoLog {
    fn threaded() -> NoLog {
        NoLog {
            threaded: true,
            ..NoLog::default()
        }
    }
    fn start(&self, sink: Arc<dyn AppendSink>) {
        let queued = self.queued.clone();
        std::thread::spawn(move || {
            let mut told = 0;
            loop {
                let mut upto = queued.0.lock();
                while *upto == told {
                    queued.1.wait(&mut upto);
                }
                told = *upto;
                drop(upto);
                sink.on_durable(Lsn(told));
            }
        });
    }
}

impl Log for NoLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        if self.threaded {
            self.start(sink.clone());
        }
        *self.sink.lock() = Some(sink);
    }
    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let upto = batch.first.0 + batch.payloads.len() as u64 - 1;
        self.tail.store(upto, Ordering::Release);
        if self.threaded {
            *self.queued.0.lock() = upto;
            self.queued.1.notify_one();
        } else if let Some(sink) = &*self.sink.lock() {
            sink.on_durable(Lsn(upto));
        }
        Ok(())
    }
    fn tail(&self) -> Lsn {
        Lsn(self.tail.load(Ordering::Acquire))
    }
    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn last_timestamp_micros(&self) -> u64 {
        0
    }

    fn oldest(&self) -> Lsn {
        Lsn(1)
    }
    fn read(&self, _: Lsn) -> Result<Records<'_>, LogError> {
        Ok(Box::new(std::iter::empty()))
    }
    fn trim(&self, _: Lsn) -> Result<(), LogError> {
        Ok(())
    }
    fn disk_bytes(&self) -> u64 {
        0
    }
}

/// A document of the size and repetitiveness of an item.
fn document(n: u64) -> Bytes {
    let city = ["Amsterdam", "Berlin", "Cairo", "Delhi"][n as usize % 4];
    format!(
        "{{\"id\":{n},\"name\":\"customer {}\",\"city\":\"{city}\",\"balance\":{}.{:02},\"active\":true,\"token\":\"{:016x}\"}}",
        n * 7 % 1000,
        n * 31 % 10_000,
        n % 100,
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    )
    .into()
}

/// What compression costs and saves: gets from a tree in its last level, with a cache that holds everything and one that does not.
fn compression(rows: u64) {
    for (name, cache_bytes) in [("large cache", 1 << 30), ("small cache", 8 << 20)] {
        for compress in [false, true] {
            let directory = tempfile::tempdir().expect("a directory");
            let options = LsmOptions {
                cache_bytes,
                compress,
                ..LsmOptions::default()
            };
            let store = LsmStore::open(directory.path(), options).expect("open store");
            let tree = store.open_tree(Role::Items).expect("open tree");
            for n in 0..rows {
                tree.insert(Lsn(n + 1), key(n), Some(document(n)));
            }
            tree.seal(Lsn(rows));
            tree.flush(Lsn(rows)).expect("flush");
            let start = Instant::now();
            tree.rewrite(Lsn(rows), Lsn(rows)).expect("rewrite");
            let rewrite = start.elapsed();
            let mut best = 0.0_f64;
            for _ in 0..2 {
                best = best.max(rate(rows, || {
                    for n in 0..rows {
                        assert!(
                            black_box(tree.get_newest(&key(n.wrapping_mul(7919) % rows)))
                                .expect("read")
                                .is_some()
                        );
                    }
                }));
            }
            println!(
                "{name}, compress {compress:<5}: {best:>9.0} gets/s, {:>9} bytes, rewritten in {rewrite:.2?}",
                tree.disk_bytes()
            );
        }
    }
}

/// Operations per second.
fn rate(count: u64, run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    count as f64 / start.elapsed().as_secs_f64()
}

fn show(name: &str, shard: f64, bare: f64) {
    println!(
        "{name:<34} shard {shard:>12.0}/s   bare {bare:>12.0}/s   ratio {:.2}",
        shard / bare
    );
}

fn open_shard(directory: &std::path::Path, log: impl Log, compress: bool) -> Arc<Shard> {
    let options = LsmOptions {
        cache_bytes: 1 << 30,
        compress,
        ..LsmOptions::default()
    };
    let store = LsmStore::open(directory, options).expect("open store");
    let options = ShardOptions {
        memory_budget: 4 << 30,
        ..ShardOptions::default()
    };
    Shard::open(
        options,
        Arc::new(log),
        Box::new(store),
        Arc::new(Puts),
        Arc::new(SystemClock::new()),
    )
    .expect("open")
}

/// Durable puts per second of so many writers, each waiting for its own.
fn put_and_wait(
    runtime: &tokio::runtime::Runtime,
    shard: &Arc<Shard>,
    records: &[Bytes],
    writers: usize,
    count: usize,
) -> f64 {
    let records = records.get(..count).unwrap_or(records);
    rate(records.len() as u64, || {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..writers)
                .map(|writer| {
                    let shard = shard.clone();
                    let mine: Vec<Bytes> = records
                        .iter()
                        .skip(writer)
                        .step_by(writers)
                        .cloned()
                        .collect();
                    tokio::spawn(async move {
                        for record in mine {
                            shard.admit().await.expect("admitted");
                            let lsn = shard.sequence(record).expect("sequence");
                            shard.wait_published(lsn).await.expect("published");
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("writer");
            }
        });
    })
}

fn main() {
    let rows: u64 = std::env::args()
        .nth(1)
        .map_or(500_000, |rows| rows.parse().expect("a number of rows"));
    let directory = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("runtime");
    let records: Vec<Bytes> = (0..rows)
        .map(|n| [key(n), value(n)].concat().into())
        .collect();

    let seqno = SequenceNumberCounter::default();
    let bare = Config::new(
        directory.path().join("bare"),
        seqno.clone(),
        SequenceNumberCounter::default(),
    )
    .use_cache(Arc::new(lsm_tree::Cache::with_capacity_bytes(1 << 30)))
    .open()
    .expect("open bare tree");
    let bare_put = rate(rows, || {
        for record in &records {
            bare.insert(record.slice(..20), record.slice(20..), seqno.next());
        }
    });

    let shard = open_shard(&directory.path().join("shard"), NoLog::default(), true);
    let put = rate(rows, || {
        for record in &records {
            shard.sequence(record.clone()).expect("sequence");
        }
    });
    show("put, applied in line", put, bare_put);

    let threaded = open_shard(&directory.path().join("threaded"), NoLog::threaded(), true);
    let put = rate(rows, || {
        for record in &records {
            threaded.sequence(record.clone()).expect("sequence");
        }
        runtime
            .block_on(threaded.wait_published(Lsn(rows)))
            .expect("published");
    });
    show("put, log on its own thread", put, bare_put);
    for writers in [1, 64] {
        let put = put_and_wait(&runtime, &threaded, &records, writers, rows as usize / 10);
        println!("put and wait, no sync, {writers:>3} writers: {put:>9.0}/s");
    }
    drop(threaded);
    for writers in [1, 8, 64, 256] {
        let directory = tempfile::tempdir_in(".").expect("a directory on the disk");
        let log = FileLogOptions::new(directory.path().join("log"));
        let log =
            FileLog::open(log, Arc::new(SystemFiles), Arc::new(SystemRand)).expect("open log");
        let shard = open_shard(&directory.path().join("shard"), log, true);
        let put = put_and_wait(
            &runtime,
            &shard,
            &records,
            writers,
            (writers * 1500).min(100_000),
        );
        println!("durable put, file log, {writers:>3} writers: {put:>9.0}/s");
    }
    let keys: Vec<Bytes> = (0..rows)
        .map(|n| key(n.wrapping_mul(7919) % rows))
        .collect();
    let gets = |name: &str, bare: &lsm_tree::AnyTree, shard: &Shard| {
        // Alternating rounds, best of three: the machine is shared.
        let (mut best_bare, mut best_shard) = (0.0_f64, 0.0_f64);
        for _ in 0..3 {
            best_bare = best_bare.max(rate(rows, || {
                for key in &keys {
                    assert!(
                        black_box(bare.get(key, u64::MAX >> 1))
                            .expect("read")
                            .is_some()
                    );
                }
            }));
            best_shard = best_shard.max(rate(rows, || {
                for key in &keys {
                    assert!(
                        black_box(shard.get(Role::Items, key))
                            .expect("read")
                            .is_some()
                    );
                }
            }));
        }
        show(name, best_shard, best_bare);
    };
    gets("get from memtable", &bare, &shard);
    bare.flush_active_memtable(0).expect("flush");
    shard
        .step(shale_storage::Step::Flush(Role::Items))
        .expect("flush");
    gets("get from files, 1 GiB cache", &bare, &shard);
    bare.major_compact(64 << 20, u64::MAX >> 1)
        .expect("compact");
    gets("get from files, bare compacted", &bare, &shard);

    let scan = rate(rows, || {
        let end = Bytes::from_static(&[0xff; 4]);
        assert_eq!(
            shard
                .snapshot()
                .range(Role::Items, Bytes::from_static(&[0])..end)
                .count() as u64,
            rows
        );
    });
    let bare_scan = rate(rows, || {
        assert_eq!(bare.iter(u64::MAX >> 1, None).count() as u64, rows)
    });
    show("scan", scan, bare_scan);
    compression(rows);
    println!(
        "bytes on disk: shard {}, bare {}",
        shard.stats().tree_bytes,
        bare.disk_space()
    );
}
