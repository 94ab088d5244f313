//! Durable appends per second of the file log against a bare write + fdatasync loop on the same disk:
//! `cargo run --release -p shale-commitlog --example bench_log [DIRECTORY] [SECONDS]`.
//!
//! A writer appends one record of 1 KB and waits until it is durable, then the next. The writers of a line are tasks of one thread, as
//! the connections of a server are, or a thread each, which adds a wake-up by the system for every record.
//! The peer of N writers is one thread that writes N records with one call and syncs, in circles in a file that was filled with
//! zeros before: nobody is woken, nothing is checked, no other thread takes part. The log's own files are used in circles too.
//! All run in turns, because a shared disk changes its speed from second to second, and each figure is the median of the turns.
//! Both ratios are the log's share of what the bare loop achieves. While others use the disk the rates hang on a few long syncs; the
//! medians of the latencies do not.

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark measures with the machine's clock"
)]

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use shale_commitlog::{AppendFailure, AppendSink, Batch, FileLog, FileLogOptions, Log, Lsn};
use shale_env::{File, Files, SystemFiles, SystemRand};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const RECORD_BYTES: usize = 1024;
const WRITERS: [usize; 4] = [1, 8, 64, 256];
/// Records under way when one thread hands over as fast as it can.
const PIPELINED: usize = 4096;
/// Turns that each measurement is divided into.
const TURNS: usize = 7;
const BARE_FILE_BYTES: u64 = 32 * 1024 * 1024;
/// How often the durable part of the log is trimmed, so that its files are used again.
const TRIM_INTERVAL: Duration = Duration::from_millis(20);
/// More than there are records under way.
const SLOTS: usize = 8192;

/// Who appends.
#[derive(Clone, Copy)]
enum Load {
    /// So many writers as tasks of one thread: it is at most so many records ahead of the log.
    Tasks(usize),
    /// So many threads.
    Threads(usize),
}

/// Wakes writers whose record is durable: each waits in the slot of its own LSN, so that nobody wakes in vain.
struct Waiters {
    durable: AtomicU64,
    groups: AtomicU64,
    slots: Vec<(Mutex<Option<Instant>>, Condvar)>,
    told: Mutex<Told>,
}

struct Told {
    upto: u64,
    latencies: Vec<Duration>,
}

impl Waiters {
    fn new(tail: Lsn) -> Waiters {
        Waiters {
            durable: AtomicU64::new(tail.0),
            groups: AtomicU64::new(0),
            slots: (0..SLOTS).map(|_| Default::default()).collect(),
            told: Mutex::new(Told {
                upto: tail.0,
                latencies: Vec::new(),
            }),
        }
    }

    fn slot(&self, lsn: u64) -> &(Mutex<Option<Instant>>, Condvar) {
        &self.slots[lsn as usize % self.slots.len()]
    }

    fn begin(&self, lsn: Lsn) {
        *self.slot(lsn.0).0.lock() = Some(Instant::now());
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
        let now = Instant::now();
        let mut told = self.told.lock();
        for lsn in told.upto + 1..=upto.0 {
            let (lock, changed) = self.slot(lsn);
            let begun = lock.lock().take();
            changed.notify_one();
            told.latencies.extend(begun.map(|begun| now - begun));
        }
        told.upto = upto.0;
    }

    fn on_failed(&self, from: Lsn, failure: AppendFailure) {
        panic!("{from:?}: {failure:?}");
    }
}

/// What a turn achieved.
struct Measured {
    per_second: f64,
    groups_per_second: f64,
    latency_p50: Duration,
}

/// The bare loop's file.
struct Bare {
    file: Arc<dyn File>,
    offset: u64,
}

impl Bare {
    fn new(directory: &Path) -> Bare {
        let file = SystemFiles.create(&directory.join("bare")).expect("create");
        file.preallocate(BARE_FILE_BYTES).expect("preallocate");
        let zeros = vec![0; BARE_FILE_BYTES as usize];
        file.write_at(&zeros, 0).expect("zeros");
        file.sync_data().expect("sync");
        Bare { file, offset: 0 }
    }

    /// Groups of so many records, one after the other.
    fn turn(&mut self, records: usize, time: Duration) -> Measured {
        let group = vec![7; RECORD_BYTES * records];
        let mut latencies = Vec::new();
        let start = Instant::now();
        while start.elapsed() < time {
            if self.offset + group.len() as u64 > BARE_FILE_BYTES {
                self.offset = 0;
            }
            let begin = Instant::now();
            self.file.write_at(&group, self.offset).expect("write");
            self.file.sync_data().expect("sync");
            latencies.push(begin.elapsed());
            self.offset += group.len() as u64;
        }
        let groups_per_second = latencies.len() as f64 / start.elapsed().as_secs_f64();
        Measured {
            per_second: groups_per_second * records as f64,
            groups_per_second,
            latency_p50: median(latencies),
        }
    }
}

/// The log under test.
struct Tested {
    log: FileLog,
    waiters: Arc<Waiters>,
    next: Mutex<Lsn>,
    payload: Bytes,
}

impl Tested {
    fn new(directory: &Path) -> Tested {
        let options = FileLogOptions::new(directory.join("log"));
        let log =
            FileLog::open(options, Arc::new(SystemFiles), Arc::new(SystemRand)).expect("open");
        let waiters = Arc::new(Waiters::new(log.tail()));
        log.set_sink(Arc::<Waiters>::clone(&waiters));
        Tested {
            next: Mutex::new(log.tail().next()),
            log,
            waiters,
            payload: Bytes::from(vec![7; RECORD_BYTES]),
        }
    }

    /// Appends a record and waits for the one that is so many before it.
    fn append(&self, ahead: u64) {
        let mut next = self.next.lock();
        let first = *next;
        self.waiters.begin(first);
        let batch = Batch {
            epoch: self.log.epoch(),
            first,
            timestamp_micros: 0,
            payloads: vec![self.payload.clone()],
        };
        self.log.append(batch).expect("append");
        *next = first.next();
        drop(next);
        self.waiters.wait(first.0.saturating_sub(ahead));
    }

    fn turn(&self, load: Load, time: Duration) -> Measured {
        let (threads, ahead) = match load {
            Load::Tasks(tasks) => (1, tasks as u64 - 1),
            Load::Threads(threads) => (threads, 0),
        };
        let (stop, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        // A new log makes its first file at its first append: not what is measured.
        self.append(0);
        self.waiters.groups.store(0, Ordering::Relaxed);
        self.waiters.told.lock().latencies.clear();
        let start = Instant::now();
        let elapsed = std::thread::scope(|scope| {
            let write = || {
                while !stop.load(Ordering::Relaxed) {
                    self.append(ahead);
                }
            };
            let trim = || {
                while !ended.load(Ordering::Relaxed) {
                    std::thread::sleep(TRIM_INTERVAL);
                    self.log.trim(self.log.tail()).expect("trim");
                }
            };
            scope.spawn(trim);
            let writers: Vec<_> = (0..threads).map(|_| scope.spawn(write)).collect();
            std::thread::sleep(time);
            stop.store(true, Ordering::Relaxed);
            for writer in writers {
                writer.join().expect("a writer");
            }
            let elapsed = start.elapsed();
            ended.store(true, Ordering::Relaxed);
            elapsed.as_secs_f64()
        });
        self.append(0);
        let latencies = std::mem::take(&mut self.waiters.told.lock().latencies);
        Measured {
            per_second: latencies.len() as f64 / elapsed,
            groups_per_second: self.waiters.groups.load(Ordering::Relaxed) as f64 / elapsed,
            latency_p50: median(latencies),
        }
    }
}

fn median<T: PartialOrd + Default + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).expect("not NaN"));
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Medians of the turns.
fn combine(turns: &[Measured]) -> Measured {
    Measured {
        per_second: median(turns.iter().map(|turn| turn.per_second).collect()),
        groups_per_second: median(turns.iter().map(|turn| turn.groups_per_second).collect()),
        latency_p50: median(turns.iter().map(|turn| turn.latency_p50).collect()),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let root: PathBuf = arguments.next().unwrap_or_else(|| ".".into()).into();
    let seconds: f64 = arguments
        .next()
        .map_or(4.0, |text| text.parse().expect("SECONDS is a number"));
    let turn = Duration::from_secs_f64(seconds / TURNS as f64);
    let directory = root.join(format!("bench_log-{}", std::process::id()));
    SystemFiles.create_dir_all(&directory).expect("directory");

    println!(
        "| writers | durable appends/s | groups/s | p50 | bare appends/s | bare p50 | ratio of rates | ratio of p50s |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut bare = Bare::new(&directory);
    let log = Tested::new(&directory);
    let tasks = WRITERS.into_iter().chain([PIPELINED]).map(Load::Tasks);
    for load in tasks.chain(WRITERS.map(Load::Threads)) {
        let (name, records) = match load {
            Load::Tasks(tasks) => (format!("{tasks} tasks"), tasks),
            Load::Threads(threads) => (format!("{threads} threads"), threads),
        };
        let (mut logs, mut bares) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            bares.push(bare.turn(records, turn));
            logs.push(log.turn(load, turn));
        }
        let ratios = logs
            .iter()
            .zip(&bares)
            .map(|(log, bare)| log.per_second / bare.per_second);
        let ratio = median(ratios.collect());
        let (log, bare) = (combine(&logs), combine(&bares));
        println!(
            "| {name} | {:.0} | {:.0} | {} µs | {:.0} | {} µs | {ratio:.2} | {:.2} |",
            log.per_second,
            log.groups_per_second,
            log.latency_p50.as_micros(),
            bare.per_second,
            bare.latency_p50.as_micros(),
            bare.latency_p50.as_secs_f64() / log.latency_p50.as_secs_f64(),
        );
    }
    drop(log);
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
