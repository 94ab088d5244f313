//! Durable appends per second of the file log against a bare write + fdatasync loop on the same disk:
//! `cargo run --release -p shale-commitlog --example bench_log [DIRECTORY] [SECONDS]`.
//!
//! Each writer appends one record of 1 KB and waits until it is durable, then the next. The bare loop writes 1 KB and syncs, into a
//! preallocated file, as fast as one thread can. `pipelined` is one thread that keeps many records under way, so that no thread is
//! woken per record: what the log itself can do. All run in turns, because a shared disk changes its speed from second to second;
//! ratios of one line compare what ran within the same seconds.

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark measures with the machine's clock"
)]

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use shale_commitlog::{AppendFailure, AppendSink, Batch, FileLog, FileLogOptions, Log, Lsn};
use shale_env::{Files, SystemFiles, SystemRand};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const RECORD_BYTES: usize = 1024;
const WRITERS: [usize; 4] = [1, 8, 64, 256];
/// Records under way when one thread does not wait for each.
const PIPELINED: u64 = 4096;
/// Turns that each measurement is divided into.
const TURNS: u32 = 5;
const BARE_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// How records are appended.
#[derive(Clone, Copy)]
enum Load {
    /// So many threads, each waits for its record.
    Writers(usize),
    /// One thread that is at most [`PIPELINED`] records ahead.
    Pipelined,
}

/// Wakes writers whose record is durable: each waits in the slot of its own LSN, so that nobody wakes in vain.
struct Waiters {
    durable: AtomicU64,
    groups: AtomicU64,
    slots: Vec<(Mutex<()>, Condvar)>,
    told: Mutex<u64>,
}

impl Waiters {
    fn new() -> Waiters {
        Waiters {
            durable: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            slots: (0..8192).map(|_| Default::default()).collect(),
            told: Mutex::new(0),
        }
    }

    fn slot(&self, lsn: u64) -> &(Mutex<()>, Condvar) {
        &self.slots[lsn as usize % self.slots.len()]
    }

    fn wait(&self, lsn: u64) {
        let (lock, changed) = self.slot(lsn);
        let mut guard = lock.lock();
        while self.durable.load(Ordering::Acquire) < lsn {
            changed.wait(&mut guard);
        }
    }
}

impl AppendSink for Waiters {
    fn on_durable(&self, upto: Lsn) {
        self.durable.store(upto.0, Ordering::Release);
        self.groups.fetch_add(1, Ordering::Relaxed);
        let mut told = self.told.lock();
        for lsn in *told + 1..=upto.0 {
            let (lock, changed) = self.slot(lsn);
            drop(lock.lock());
            changed.notify_all();
        }
        *told = upto.0;
    }

    fn on_failed(&self, from: Lsn, failure: AppendFailure) {
        panic!("{from:?}: {failure:?}");
    }
}

/// What a run achieved.
struct Measured {
    per_second: f64,
    groups_per_second: f64,
    latency_p50: Duration,
}

fn bare(directory: &Path, time: Duration) -> Measured {
    let path = directory.join("bare");
    let _ = SystemFiles.remove(&path);
    let file = SystemFiles.create(&path).expect("create");
    file.preallocate(BARE_FILE_BYTES).expect("preallocate");
    let zeros = vec![0; BARE_FILE_BYTES as usize];
    file.write_at(&zeros, 0).expect("zeros");
    file.sync_data().expect("sync");
    let record = vec![7; RECORD_BYTES];
    let mut offset = 0;
    let mut latencies = Vec::new();
    let start = Instant::now();
    while start.elapsed() < time {
        let begin = Instant::now();
        file.write_at(&record, offset).expect("write");
        file.sync_data().expect("sync");
        latencies.push(begin.elapsed());
        offset = (offset + RECORD_BYTES as u64) % BARE_FILE_BYTES;
    }
    let per_second = latencies.len() as f64 / start.elapsed().as_secs_f64();
    SystemFiles.remove(&path).expect("remove");
    Measured {
        per_second,
        groups_per_second: per_second,
        latency_p50: median(&mut latencies),
    }
}

fn log(directory: &Path, load: Load, time: Duration) -> Measured {
    let (writers, ahead) = match load {
        Load::Writers(writers) => (writers, 0),
        Load::Pipelined => (1, PIPELINED),
    };
    let log = FileLog::open(
        FileLogOptions::new(directory.join("log")),
        Arc::new(SystemFiles),
        Arc::new(SystemRand),
    )
    .expect("open");
    let waiters = Arc::new(Waiters::new());
    *waiters.told.lock() = log.tail().0;
    waiters.durable.store(log.tail().0, Ordering::Release);
    log.set_sink(Arc::<Waiters>::clone(&waiters));
    let next = Mutex::new(log.tail().next());
    let epoch = log.epoch();
    let payload = Bytes::from(vec![7; RECORD_BYTES]);
    let stop = AtomicBool::new(false);
    // A new log makes its first file at its first append: not what is measured.
    let append = || {
        let mut next = next.lock();
        let first = *next;
        let batch = Batch {
            epoch,
            first,
            timestamp_micros: 0,
            payloads: vec![payload.clone()],
        };
        log.append(batch).expect("append");
        *next = first.next();
        drop(next);
        waiters.wait(first.0.saturating_sub(ahead));
    };
    append();
    waiters.groups.store(0, Ordering::Relaxed);
    let start = Instant::now();
    let mut latencies: Vec<Duration> = std::thread::scope(|scope| {
        let write = || {
            let mut latencies = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let begin = Instant::now();
                append();
                latencies.push(begin.elapsed());
            }
            latencies
        };
        let threads: Vec<_> = (0..writers).map(|_| scope.spawn(write)).collect();
        std::thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a writer"))
            .collect()
    });
    let elapsed = start.elapsed().as_secs_f64();
    log.trim(log.tail()).expect("trim");
    Measured {
        per_second: latencies.len() as f64 / elapsed,
        groups_per_second: waiters.groups.load(Ordering::Relaxed) as f64 / elapsed,
        latency_p50: median(&mut latencies),
    }
}

fn median(latencies: &mut [Duration]) -> Duration {
    latencies.sort_unstable();
    latencies
        .get(latencies.len() / 2)
        .copied()
        .unwrap_or_default()
}

/// The mean of the turns; of the latencies, the median.
fn combine(turns: Vec<Measured>) -> Measured {
    let count = turns.len() as f64;
    let mut latencies: Vec<Duration> = turns.iter().map(|turn| turn.latency_p50).collect();
    Measured {
        per_second: turns.iter().map(|turn| turn.per_second).sum::<f64>() / count,
        groups_per_second: turns.iter().map(|turn| turn.groups_per_second).sum::<f64>() / count,
        latency_p50: median(&mut latencies),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let root: PathBuf = arguments.next().unwrap_or_else(|| ".".into()).into();
    let seconds: f64 = arguments
        .next()
        .map_or(3.0, |text| text.parse().expect("SECONDS is a number"));
    let turn = Duration::from_secs_f64(seconds / f64::from(TURNS));
    let directory = root.join(format!("bench_log-{}", std::process::id()));
    SystemFiles.create_dir_all(&directory).expect("directory");

    println!("| writers | durable appends/s | × bare | groups/s | p50 | bare loop/s | bare p50 |");
    println!("|---|---|---|---|---|---|---|");
    let loads = WRITERS.into_iter().map(Load::Writers);
    for load in loads.chain([Load::Pipelined]) {
        let (mut logs, mut bares) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            bares.push(bare(&directory, turn));
            logs.push(log(&directory, load, turn));
        }
        let (log, bare) = (combine(logs), combine(bares));
        let name = match load {
            Load::Writers(writers) => writers.to_string(),
            Load::Pipelined => "pipelined".into(),
        };
        println!(
            "| {name} | {:.0} | {:.2} | {:.0} | {} µs | {:.0} | {} µs |",
            log.per_second,
            log.per_second / bare.per_second,
            log.groups_per_second,
            log.latency_p50.as_micros(),
            bare.per_second,
            bare.latency_p50.as_micros(),
        );
    }
    reopen(&directory);
    std::fs::remove_dir_all(&directory).expect("clean up");
}

/// How fast a log is opened, which checks all of it, and read.
fn reopen(directory: &Path) {
    let options = FileLogOptions::new(directory.join("long log"));
    let open = || {
        let rand = Arc::new(SystemRand);
        FileLog::open(options.clone(), Arc::new(SystemFiles), rand).expect("open")
    };
    let writer = open();
    let batch = |first| Batch {
        epoch: writer.epoch(),
        first,
        timestamp_micros: 0,
        payloads: vec![Bytes::from(vec![7; RECORD_BYTES]); 64],
    };
    let mut next = Lsn(1);
    while next < Lsn(1 << 18) {
        writer.append(batch(next)).expect("append");
        next = Lsn(next.0 + 64);
    }
    drop(writer);
    let start = Instant::now();
    let log = open();
    let opened = start.elapsed();
    let start = Instant::now();
    let records = log.read(Lsn(1)).expect("read").filter(Result::is_ok);
    assert_eq!(records.count() as u64, log.tail().0);
    let read = start.elapsed();
    let megabytes = log.disk_bytes() / 1_000_000;
    println!("\n{megabytes} MB of log: opened in {opened:.0?}, read in {read:.0?}");
}
