//! The checks of the simulation can fail: whatever is wrong with something derived, is noticed.

use super::ledger::{Known, Ledger};
use super::record::{id_of, operations, without};
use super::shown::Shown;
use super::*;
use shale_commitlog::{Log, Record};
use shale_engine::{Engine, EngineOptions, StreamEvent};
use shale_env::ManualClock;
use shale_storage::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The end of a run without crashes but for the last one, with asynchronous indexes, at which there is something of everything.
fn simulated() -> Simulation {
    let mut runs = (1..20).map(|seed| {
        let mut simulation = Simulation::begin(SeededRand::new(seed), seed, true);
        for _ in 0..STEPS {
            simulation.step();
        }
        simulation.drain();
        simulation.crash();
        simulation
    });
    let rich = runs.find(|run| {
        let at = run.ledger.at;
        let full = |table: &Known| {
            let expiries = table.expiries(at).map_or(0, |(_, entries)| entries.len());
            expiries > 0 && table.items(at / 2).count() > 0
        };
        run.ledger.tables.values().any(full) && run.ledger.streams.len() > 2
    });
    rich.unwrap()
}

/// What the engine shows there, and the ledger.
fn shown(simulation: &mut Simulation) -> Shown {
    let engine = &simulation.machine.engine;
    let shown = Shown::of(engine, simulation.machine.clock.now_micros());
    let mut shown = shown.with_entries(engine, &simulation.machine.trees);
    assert!(shown.look_back(engine, "t", shown.lsn / 2));
    simulation.ledger.advance(shown.lsn);
    assert_eq!(shown.problems(&simulation.ledger), Vec::<String>::new());
    shown
}

#[test]
fn every_wrong_picture_is_noticed() {
    let mut simulation = simulated();
    let right = shown(&mut simulation);
    let noticed = |what: &str, damage: &dyn Fn(&mut Shown)| {
        let mut wrong = right.clone();
        damage(&mut wrong);
        let problems = wrong.problems(&simulation.ledger);
        assert!(!problems.is_empty(), "{what} is not noticed");
    };
    for (at, index) in &right.indexes {
        let entries = index.entries.len();
        if entries == 0 {
            continue;
        }
        let what = format!("{at:?}");
        let change = |wrong: &mut Shown, change: &dyn Fn(&mut Vec<Item>)| {
            change(&mut wrong.indexes.get_mut(at).unwrap().entries);
        };
        noticed(&what, &|wrong| {
            change(wrong, &|entries| drop(entries.pop()))
        });
        noticed(&what, &|wrong| {
            change(wrong, &|entries| entries.push(entries[0].clone()));
        });
        noticed(&what, &|wrong| {
            change(wrong, &|entries| {
                drop(entries[0].insert("h".to_owned(), s("q")))
            });
        });
        noticed(&what, &|wrong| {
            wrong.indexes.get_mut(at).unwrap().size.0 += 1
        });
        noticed(&what, &|wrong| drop(wrong.indexes.remove(at)));
    }
    // Others may be trimmed.
    let streams = right.streams.iter().filter(|(name, _)| name.table == "t");
    for (name, changes) in streams {
        let last = changes.len() - 1;
        let change = |wrong: &mut Shown, change: &dyn Fn(&mut Vec<_>)| {
            change(wrong.streams.get_mut(name).unwrap());
        };
        let what = format!("{name:?}");
        noticed(&what, &|wrong| {
            change(wrong, &|changes| drop(changes.pop()))
        });
        noticed(&what, &|wrong| {
            change(wrong, &|changes| drop(changes.remove(last / 2)))
        });
        noticed(&what, &|wrong| {
            change(wrong, &|changes| {
                changes.insert(last, changes[last].clone())
            });
        });
        noticed(&what, &|wrong| {
            change(wrong, &|changes| changes.swap(0, last))
        });
        noticed(&what, &|wrong| {
            change(wrong, &|changes| {
                changes[last].by_service = !changes[last].by_service
            });
        });
        noticed(&what, &|wrong| {
            change(wrong, &|changes| {
                changes[last].event = match changes[last].event {
                    StreamEvent::Insert => StreamEvent::Modify,
                    _ => StreamEvent::Insert,
                };
            });
        });
        noticed(&what, &|wrong| drop(wrong.streams.remove(name)));
    }
    noticed("an entry too many", &|wrong| {
        let (id, expected) = expiries(&simulation.ledger);
        let entries = wrong.entries.as_mut().unwrap();
        assert!(expected.iter().all(|key| entries.contains(key)));
        entries.push([&id.to_be_bytes()[..], &[0; 20]].concat());
    });
    noticed("an expiry that is lost", &|wrong| {
        let (_, expected) = expiries(&simulation.ledger);
        let entries = wrong.entries.as_mut().unwrap();
        entries.retain(|key| *key != expected[0]);
    });
    noticed("an item that is lost", &|wrong| {
        let mut tables = wrong.tables.values_mut();
        drop(tables.find_map(Vec::pop).unwrap());
    });
    noticed("another size of an item collection", &|wrong| {
        let mut collections = wrong.collections.values_mut();
        *collections.find_map(|sizes| sizes.get_mut("z")).unwrap() += 1;
    });
    noticed("another past", &|wrong| {
        let mut past = wrong.past.values_mut();
        drop(past.find_map(Vec::pop).unwrap());
    });
}

/// The expiries of any table.
fn expiries(ledger: &Ledger) -> (u32, Vec<Vec<u8>>) {
    let mut tables = ledger.tables.values();
    let found = tables.find_map(|table| {
        let expiries = table.expiries(ledger.at);
        expiries.filter(|(_, entries)| !entries.is_empty())
    });
    found.unwrap()
}

/// An engine that forgets one thing of one write, or writes it twice: a log without one of the operations that are derived from the
/// write of an item, opened right behind that record.
#[test]
fn every_forgotten_operation_is_noticed() {
    let mut simulation = simulated();
    shown(&mut simulation);
    let records = simulation.ledger.records();
    let (mut noticed, mut tried) = (BTreeMap::<String, u64>::new(), 0);
    for at in 0..records.len() {
        let record = &records[at].payload;
        if record.is_empty() {
            continue;
        }
        for (place, operation) in operations(record) {
            let name = format!("{operation:?}");
            let kind = name.split([' ', '(']).next().unwrap().to_owned();
            let count = noticed.get(&kind).copied().unwrap_or_default();
            tried += u64::from(operation.is_derived());
            if !operation.is_derived() || count > 10 && tried % 10 != 0 {
                continue;
            }
            let (right, _) = opened(&records[..=at], None);
            let (wrong, problems) = opened(&records[..=at], Some(without(record, place)));
            // An entry that was there as it is now, or one of an index that nobody can read yet.
            let visible = wrong != right;
            assert_eq!(
                visible,
                !problems.is_empty(),
                "{} without {operation:?}",
                at + 1
            );
            *noticed.entry(kind).or_default() += u64::from(visible);
        }
    }
    println!("{noticed:?}");
    let kinds = [
        "Collection",
        "Deferred",
        "IndexDelete",
        "IndexPut",
        "Replaced",
        "Stream",
    ];
    assert!(noticed.keys().eq(&kinds), "{noticed:?}");
    assert!(noticed.values().all(|count| *count > 0), "{noticed:?}");
}

/// What an engine shows that finds those records, with another last one perhaps, and how it differs from what they say.
fn opened(records: &[Record], last: Option<Vec<u8>>) -> (Shown, Vec<String>) {
    let newest = records.last().unwrap();
    let mut found = records.to_vec();
    if let Some(last) = last {
        found.last_mut().unwrap().payload = last.into();
    }
    let log = InstantLog::of(found);
    let clock = Arc::new(ManualClock::new(newest.timestamp_micros));
    let trees = MemoryStore::default();
    let options = EngineOptions {
        asynchronous_indexes: true,
        background: false,
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let engine = Engine::open(
        options,
        Arc::new(log.clone()),
        Box::new(trees.clone()),
        Arc::clone(&clock) as _,
        Arc::new(SeededRand::new(1)),
    )
    .unwrap();
    let turn = || {
        engine.shard_step(Step::Apply).unwrap();
    };
    while driven(turn, engine.job_step(Job::Indexes)).unwrap() {}
    turn();
    let mut shown = Shown::of(&engine, clock.now_micros()).with_entries(&engine, &trees);
    let before = newest.lsn.0 - 1;
    // What was added since says nothing about items.
    let added = log.read(newest.lsn.next()).unwrap().map(Result::unwrap);
    let mut ledger = Ledger::of(records.iter().cloned().chain(added).collect());
    ledger.advance(shown.lsn);
    if ledger
        .tables
        .values()
        .any(|table| table.name() == "t" && table.created <= before)
    {
        assert!(shown.look_back(&engine, "t", before));
    }
    let problems = shown.problems(&ledger);
    // There may be nothing to apply, so that nothing is added; and nobody can read an index that is being filled.
    (shown.lsn, shown.watermark) = (newest.lsn.0, newest.lsn.0);
    let readable = |key: &Vec<u8>| ledger.tables.values().any(|table| table.shows(id_of(key)));
    shown
        .entries
        .iter_mut()
        .for_each(|entries| entries.retain(readable));
    (shown, problems)
}
