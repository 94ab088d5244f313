//! Strongly consistent reads and single writes are linearizable, item by item: real threads, histories of what was asked and told, and a
//! checker (Wing and Gong's search, in `porcupine-rs`) that looks for an order that explains them.
//!
//! In some runs the power goes in the middle, more than once: what was under way then has happened or not, and what was answered has.
//! That the checker finds what is wrong is tested with histories, and with engines that are wrong on purpose.
//!
//! `SHALE_LINEARIZABILITY_SEED` repeats the random choices of one run; the threads go as they go.

mod register;

use crate::support::*;
use parking_lot::Mutex;
use register::{Ask, Event, Told, problem};
use shale_commitlog::{
    AppendFailure, AppendSink, Batch, Epoch, FileLog, FileLogOptions, Log, LogError, Lsn, Records,
};
use shale_engine::{Engine, EngineOptions, Error, GetItem, ReadView, ReturnValues, StorageError};
use shale_env::{Files, ManualClock, Rand, SeededRand, SimulatedFiles, SystemFiles};
use shale_item::{AttributeValue, Item, KeyType};
use shale_storage::MemoryStore;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

const KEYS: u64 = 3;
const CLIENTS: u64 = 8;
/// Operations of a client in one life of the engine.
const EACH: u64 = 40;
/// Lives of an engine that is killed.
const LIVES: u64 = 4;

/// When an operation has returned of which nobody knows whether it will happen.
const OPEN: u64 = i64::MAX as u64;

/// What is wrong with the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// Reads are as old as a snapshot may be.
    StaleReads,
    /// An addition is a read, and then a write.
    LostUpdates,
    /// Writes are acknowledged before they are on the disk.
    HastyLog,
}

/// What clients share: the engine of a life, and the history of all of them.
struct World {
    wrong: Wrong,
    /// Numbers the moments of invocations and returns.
    moments: AtomicU64,
    history: Mutex<Vec<Event>>,
    /// Values that are written are all different.
    values: AtomicU64,
}

impl World {
    fn new(wrong: Wrong) -> Arc<World> {
        Arc::new(World {
            wrong,
            moments: AtomicU64::new(0),
            history: Mutex::default(),
            values: AtomicU64::new(0),
        })
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// One client in one life.
    async fn client(self: Arc<World>, engine: Engine, seed: u64) {
        let rand = SeededRand::new(seed);
        let mut view = engine.read_view().unwrap();
        for turn in 0..EACH {
            if turn % 5 == 0 {
                view = engine.read_view().unwrap();
            }
            let key = rand.below(KEYS);
            let ask = self.choose(&engine, &rand, key);
            let invoked = self.moment();
            let told = match (ask, self.wrong) {
                (Ask::Get, Wrong::StaleReads) => Ok(Told::Value(read(&view, key))),
                (Ask::Add(amount), Wrong::LostUpdates) => add_in_two(&engine, key, amount).await,
                _ => perform(&engine, key, ask).await,
            };
            let told = match told {
                Ok(told) => Some(told),
                Err(Error::Storage(StorageError::OutcomeUnknown(_))) => None,
                // Certainly not done.
                Err(Error::Storage(StorageError::Poisoned(_))) => return,
                Err(error) => panic!("{error}"),
            };
            let now = self.moment();
            let returned = told.map_or(OPEN, |_| now);
            self.history.lock().push(Event {
                key,
                ask,
                told,
                invoked,
                returned,
            });
            if told.is_none() {
                return;
            }
        }
    }

    fn choose(&self, engine: &Engine, rand: &SeededRand, key: u64) -> Ask {
        let value = 1000 * self.values.fetch_add(1, Ordering::Relaxed) as i64;
        match rand.below(10) {
            0..3 => Ask::Get,
            3 | 4 => Ask::Put(value),
            5 | 6 => {
                let seen = value_of(get(engine, "t", key_of(key)));
                Ask::PutIf { seen, new: value }
            }
            7 | 8 => Ask::Add(1 + rand.below(9) as i64),
            _ => Ask::Delete,
        }
    }

    /// No operation that was under way happens from now on.
    fn settle(&self) {
        let now = self.moment();
        let mut history = self.history.lock();
        let open = history.iter_mut().filter(|event| event.returned == OPEN);
        open.for_each(|event| event.returned = now);
    }

    fn problem(&self) -> Option<String> {
        (0..KEYS).find_map(|key| problem(&self.history.lock(), key))
    }
}

fn key_of(key: u64) -> Item {
    item([("id", n(key as i64))])
}

fn value_of(item: Option<Item>) -> Option<i64> {
    match &item?["n"] {
        AttributeValue::N(number) => number.to_i64(),
        other => panic!("{other:?}"),
    }
}

fn read(view: &ReadView, key: u64) -> Option<i64> {
    let request = GetItem {
        table: "t".to_owned(),
        key: key_of(key),
        consistent: false,
    };
    let found = view.get_item(&request).unwrap().item;
    value_of(found.map(|item| item.to_item()))
}

fn row(key: u64, value: i64) -> Item {
    let mut row = key_of(key);
    row.insert("n".to_owned(), n(value));
    // So that memtables fill up.
    row.insert("text".to_owned(), s(&"x".repeat(500)));
    row
}

async fn perform(engine: &Engine, key: u64, ask: Ask) -> Result<Told, Error> {
    match ask {
        Ask::Get => Ok(Told::Value(value_of(get(engine, "t", key_of(key))))),
        Ask::Put(value) => {
            let mut request = put("t", row(key, value));
            request.return_values = ReturnValues::AllOld;
            let output = engine.put_item(request).await?;
            Ok(Told::Value(value_of(output.attributes)))
        }
        Ask::PutIf { seen, new } => {
            let mut request = put("t", row(key, new));
            request.condition = Some(match seen {
                None => condition("attribute_not_exists(id)", Item::new()),
                Some(seen) => condition("n = :seen", item([(":seen", n(seen))])),
            });
            request.return_item_on_failure = true;
            match engine.put_item(request).await {
                Ok(_) => Ok(Told::Done),
                Err(Error::ConditionFailed { item, .. }) => Ok(Told::Refused(value_of(item))),
                Err(error) => Err(error),
            }
        }
        Ask::Add(amount) => {
            let values = item([(":amount", n(amount))]);
            let mut request = update("t", key_of(key), "ADD n :amount", values);
            request.return_values = ReturnValues::AllNew;
            let output = engine.update_item(request).await?;
            Ok(Told::Value(value_of(output.attributes)))
        }
        Ask::Delete => {
            let mut request = delete("t", key_of(key));
            request.return_values = ReturnValues::AllOld;
            let output = engine.delete_item(request).await?;
            Ok(Told::Value(value_of(output.attributes)))
        }
    }
}

/// An addition as it must not be.
async fn add_in_two(engine: &Engine, key: u64, amount: i64) -> Result<Told, Error> {
    let seen = value_of(get(engine, "t", key_of(key)));
    tokio::task::yield_now().await;
    let sum = seen.unwrap_or(0) + amount;
    engine.put_item(put("t", row(key, sum))).await?;
    Ok(Told::Value(Some(sum)))
}

/// A log in files that says that everything is durable at once.
struct HastyLog {
    inner: FileLog,
    sink: OnceLock<Arc<dyn AppendSink>>,
}

/// Hears what the files say, too late.
struct Nobody;

impl AppendSink for Nobody {
    fn on_durable(&self, _: Lsn) {}
    fn on_failed(&self, _: Lsn, _: AppendFailure) {}
}

impl Log for HastyLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        assert!(self.sink.set(sink).is_ok());
        self.inner.set_sink(Arc::new(Nobody));
    }
    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let last = Lsn(batch.first.0 + batch.payloads.len() as u64 - 1);
        self.inner.append(batch)?;
        self.sink.get().unwrap().on_durable(last);
        Ok(())
    }
    fn tail(&self) -> Lsn {
        self.inner.tail()
    }
    fn oldest(&self) -> Lsn {
        self.inner.oldest()
    }
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }
    fn last_timestamp_micros(&self) -> u64 {
        self.inner.last_timestamp_micros()
    }
    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        self.inner.read(from)
    }
    fn trim(&self, upto: Lsn) -> Result<(), LogError> {
        self.inner.trim(upto)
    }
    fn disk_bytes(&self) -> u64 {
        self.inner.disk_bytes()
    }
}

fn open(files: Arc<dyn Files>, directory: &Path, trees: &MemoryStore, wrong: Wrong) -> Engine {
    let options = FileLogOptions {
        segment_bytes: 1,
        ..FileLogOptions::new(directory)
    };
    let log = FileLog::open(options, files, Arc::new(SeededRand::new(1))).unwrap();
    let log: Arc<dyn Log> = match wrong {
        Wrong::HastyLog => Arc::new(HastyLog {
            inner: log,
            sink: OnceLock::new(),
        }),
        _ => Arc::new(log),
    };
    let options = EngineOptions {
        // Trees that are ahead of a hasty log would be noticed by the next start.
        write_buffer_bytes: match wrong {
            Wrong::HastyLog => 1 << 28,
            _ => 1 << 14,
        },
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let (clock, rand) = (Arc::new(ManualClock::new(1)), Arc::new(SeededRand::new(1)));
    Engine::open(options, log, Box::new(trees.clone()), clock, rand).unwrap()
}

async fn create(engine: &Engine) {
    let request = table("t", ("id", KeyType::N), None);
    engine.create_table(request).await.unwrap();
}

fn spawn(
    world: &Arc<World>,
    engine: &Engine,
    rand: &SeededRand,
) -> Vec<tokio::task::JoinHandle<()>> {
    let clients = (0..CLIENTS).map(|_| {
        let client = Arc::clone(world).client(engine.clone(), rand.next_u64());
        tokio::spawn(client)
    });
    clients.collect()
}

/// One engine that lives to the end, over a real disk.
async fn live(seed: u64, wrong: Wrong) -> Arc<World> {
    let (world, rand) = (World::new(wrong), SeededRand::new(seed));
    let directory = tempfile::tempdir().unwrap();
    let engine = open(
        Arc::new(SystemFiles),
        directory.path(),
        &MemoryStore::default(),
        wrong,
    );
    create(&engine).await;
    for client in spawn(&world, &engine, &rand) {
        client.await.unwrap();
    }
    world
}

/// Several lives, each cut off by a power failure at some operation.
async fn live_and_die(seed: u64, wrong: Wrong) -> Arc<World> {
    let (world, rand) = (World::new(wrong), SeededRand::new(seed));
    let (mut files, trees) = (SimulatedFiles::new(), MemoryStore::default());
    for life in 0..LIVES {
        let engine = open(Arc::new(files.clone()), "log".as_ref(), &trees, wrong);
        if life == 0 {
            create(&engine).await;
        }
        let clients = spawn(&world, &engine, &rand);
        let last = world.moments.load(Ordering::SeqCst) + 20 + rand.below(2 * CLIENTS * EACH);
        while world.moments.load(Ordering::SeqCst) < last
            && !clients.iter().all(|client| client.is_finished())
        {
            tokio::task::yield_now().await;
        }
        files = files.crash(rand.next_u64());
        for client in clients {
            client.await.unwrap();
        }
        drop(engine);
        world.settle();
    }
    // What the last life has left.
    let engine = open(Arc::new(files), "log".as_ref(), &trees, wrong);
    for client in spawn(&world, &engine, &rand) {
        client.await.unwrap();
    }
    world
}

/// Seeds of this run: as the environment says, or fresh ones, which are printed.
fn seeds(count: usize) -> Vec<u64> {
    let asked = std::env::var("SHALE_LINEARIZABILITY_SEED").ok();
    let fresh = || shale_env::SystemRand.next_u64() >> 32;
    let seeds = match asked.and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => std::iter::repeat_with(fresh).take(count).collect(),
    };
    println!("SHALE_LINEARIZABILITY_SEED one of {seeds:?}");
    seeds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn single_operations_are_linearizable() {
    for seed in seeds(10) {
        let world = live(seed, Wrong::Nothing).await;
        let problem = world.problem();
        assert!(problem.is_none(), "seed {seed}: {}", problem.unwrap());
        assert_eq!(world.history.lock().len() as u64, CLIENTS * EACH);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn single_operations_are_linearizable_over_power_failures() {
    let mut unknown = 0;
    for seed in seeds(12) {
        let world = live_and_die(seed, Wrong::Nothing).await;
        let problem = world.problem();
        assert!(problem.is_none(), "seed {seed}: {}", problem.unwrap());
        let history = world.history.lock();
        unknown += history.iter().filter(|event| event.told.is_none()).count();
    }
    assert!(unknown > 0, "nothing was under way when the power went");
}

/// Engines that are wrong are found out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_linearizable_is_noticed() {
    for wrong in [Wrong::StaleReads, Wrong::LostUpdates, Wrong::HastyLog] {
        let mut found = false;
        for seed in 0..20 {
            let world = match wrong {
                Wrong::HastyLog => live_and_die(seed, wrong).await,
                _ => live(seed, wrong).await,
            };
            found = world.problem().is_some();
            if found {
                break;
            }
        }
        assert!(found, "{wrong:?} is not noticed");
    }
}
