//! Many writers and readers at once, over a log with its own thread: nothing is lost, and a record is seen whole or not at all.

use crate::support::{TestApply, put, record};
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use shale_commitlog::{AppendFailure, AppendSink, Batch, Epoch, Log, LogError, Lsn, Records};
use shale_env::SystemClock;
use shale_storage::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells of groups from a thread of its own, as a log on disk does.
#[derive(Default)]
struct GroupLog {
    state: Arc<(Mutex<State>, Condvar)>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

#[derive(Default)]
struct State {
    handed: u64,
    told: u64,
    closed: bool,
}

impl Log for GroupLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        let shared = self.state.clone();
        let run = move || {
            let mut state = shared.0.lock();
            while !state.closed {
                if state.told == state.handed {
                    shared.1.wait(&mut state);
                    continue;
                }
                state.told = state.handed;
                let upto = Lsn(state.told);
                parking_lot::MutexGuard::unlocked(&mut state, || sink.on_durable(upto));
            }
        };
        *self.writer.lock() = Some(std::thread::spawn(run));
    }
    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut state = self.state.0.lock();
        assert_eq!(batch.first.0, state.handed + 1);
        state.handed += batch.payloads.len() as u64;
        self.state.1.notify_one();
        Ok(())
    }
    fn tail(&self) -> Lsn {
        Lsn(self.state.0.lock().told)
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

impl Drop for GroupLog {
    fn drop(&mut self) {
        self.state.0.lock().closed = true;
        self.state.1.notify_one();
        if let Some(writer) = self.writer.get_mut().take() {
            let _ = writer.join();
        }
    }
}

fn open(store: Box<dyn TreeStore>) -> Arc<Shard> {
    let options = ShardOptions {
        memory_budget: 256 << 10,
        pending_bytes_max: 64 << 10,
        ..ShardOptions::default()
    };
    let apply = Arc::new(TestApply::default());
    Shard::open(
        options,
        Arc::new(GroupLog::default()),
        store,
        apply,
        Arc::new(SystemClock::new()),
    )
    .unwrap()
}

fn number(value: Option<Bytes>) -> u64 {
    value.map_or(0, |value| {
        std::str::from_utf8(&value).unwrap().trim().parse().unwrap()
    })
}

/// Increments a counter and its twin in one record, under its latch; both or none must be seen.
async fn increment(shard: &Shard, latch: &Mutex<()>, counter: usize) -> u64 {
    shard.admit().await.unwrap();
    let key = Bytes::from(format!("counter/{counter}"));
    let (lsn, value) = {
        let _latch = latch.lock();
        let generation = shard.generation();
        let value = number(shard.latest(Role::Items, &key).unwrap().value) + 1;
        // Padded, so that memtables fill and are flushed meanwhile.
        let text = Bytes::from(format!("{value:<300}"));
        let writes = [
            (Role::Items, key.clone(), Some(text.clone())),
            (Role::Indexes, key, Some(text)),
        ];
        (
            shard.sequence_in(generation, record(&writes)).unwrap(),
            value,
        )
    };
    shard.wait_published(lsn).await.unwrap();
    assert!(shard.published() >= lsn);
    value
}

async fn race(store: Box<dyn TreeStore>) {
    const WRITERS: usize = 32;
    const ROUNDS: usize = 150;
    const COUNTERS: usize = 3;
    let shard = open(store);
    let latches: Arc<[Mutex<()>; COUNTERS]> = Arc::default();
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (shard, done) = (shard.clone(), done.clone());
        std::thread::spawn(move || {
            let mut newest = [0; COUNTERS];
            while !done.load(Ordering::Acquire) {
                for (counter, newest) in newest.iter_mut().enumerate() {
                    let key = Bytes::from(format!("counter/{counter}"));
                    let snapshot = shard.snapshot();
                    let end = Bytes::from(format!("counter/{counter}\0"));
                    let both = || {
                        let item = snapshot.get(Role::Items, &key)?;
                        let entry = snapshot.range(Role::Indexes, key.clone()..end).next();
                        Ok((item, entry.transpose()?.map(|(_, value)| value)))
                    };
                    let (item, entry) = match both() {
                        Ok((item, entry)) => (number(item), entry),
                        // A reader that had to wait for so long that its snapshot held too much.
                        Err(StorageError::SnapshotTooOld) => continue,
                        Err(error) => panic!("{error}"),
                    };
                    assert_eq!(item, number(entry), "a record is seen whole");
                    let point = number(shard.get(Role::Items, &key).unwrap());
                    assert!(
                        item <= point && *newest <= item,
                        "reads go back: {newest}, {item}, {point}"
                    );
                    *newest = point;
                }
            }
        })
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (shard, latches) = (shard.clone(), latches.clone());
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let counter = (writer + round) % COUNTERS;
                    let value = increment(&shard, &latches[counter], counter).await;
                    let key = format!("counter/{counter}");
                    assert!(
                        number(shard.get(Role::Items, key.as_bytes()).unwrap()) >= value,
                        "own write not read"
                    );
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::Release);
    reader.join().unwrap();
    let sum: u64 = (0..COUNTERS)
        .map(|counter| {
            number(
                shard
                    .get(Role::Items, format!("counter/{counter}").as_bytes())
                    .unwrap(),
            )
        })
        .sum();
    assert_eq!(sum, (WRITERS * ROUNDS) as u64);
    assert!(shard.stats().flushes > 2, "{:?}", shard.stats());
    shard.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counters_of_many_writers_are_exact_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    race(Box::new(
        LsmStore::open(directory.path(), LsmOptions::default()).unwrap(),
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counters_of_many_writers_are_exact_in_memory() {
    race(Box::new(MemoryStore::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_comes_and_goes_is_never_read_half() {
    let directory = tempfile::tempdir().unwrap();
    let shard = open(Box::new(
        LsmStore::open(directory.path(), LsmOptions::default()).unwrap(),
    ));
    shard
        .wait_published(shard.sequence(put("here", "v")).unwrap())
        .await
        .unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (shard, done) = (shard.clone(), done.clone());
        std::thread::spawn(move || {
            while !done.load(Ordering::Acquire) {
                // Exactly one of the two exists, at every LSN: read in this order, finding neither would need a step back.
                let snapshot = shard.snapshot();
                let here = snapshot.get(Role::Items, b"here").unwrap().is_some();
                let there = snapshot.get(Role::Items, b"there").unwrap().is_some();
                assert!(here != there, "at {:?}", snapshot.lsn());
            }
        })
    };
    let write = |from: &'static str, to: &'static str| {
        record(&[
            (Role::Items, from.into(), None),
            (Role::Items, to.into(), Some("v".into())),
        ])
    };
    for round in 0..4000 {
        shard.admit().await.unwrap();
        let (from, to) = if round % 2 == 0 {
            ("here", "there")
        } else {
            ("there", "here")
        };
        let lsn = shard.sequence(write(from, to)).unwrap();
        if round % 7 == 0 {
            shard.wait_published(lsn).await.unwrap();
            assert_eq!(shard.get(Role::Items, from.as_bytes()).unwrap(), None);
            assert!(shard.get(Role::Items, to.as_bytes()).unwrap().is_some());
        }
    }
    done.store(true, Ordering::Release);
    reader.join().unwrap();
    shard.close().await.unwrap();
}
