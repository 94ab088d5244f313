//! A crash behind every single step of a run: between log, items, indexes, streams, histories and the watermark there is no moment that
//! was not tried.

use super::*;
use shale_commitlog::Log;

/// Steps of a run; each is the last one before the crash once.
const STEPS: u64 = 150;
/// Runs with indexes that are written with their items, and as many with asynchronous ones.
const SEEDS: u64 = 1;

/// The run up to a step. The same seed goes the same way.
fn run_up_to(seed: u64, asynchronous_indexes: bool, steps: u64) -> Simulation {
    let mut simulation = Simulation::begin(SeededRand::new(seed), seed, asynchronous_indexes);
    simulation.calm = true;
    for _ in 0..steps {
        simulation.step();
    }
    simulation
}

#[test]
fn a_crash_behind_any_step_leaves_everything_as_the_log_says() {
    let mut total = Counts::default();
    let whole = crate::machine::for_seeds(SEEDS, |seed| {
        for mode in [true, false] {
            println!("SHALE_SIM_SEED={seed}, asynchronous indexes: {mode}");
            for steps in 0..STEPS {
                let mut simulation = run_up_to(seed, mode, steps);
                simulation.crash();
                simulation.finish();
                total.add(simulation.counts);
            }
        }
    });
    println!("{total:?}");
    let met = [
        total.crashes_behind,
        total.crashes_filling,
        total.deleted_by_service,
    ];
    assert!(!whole || met.iter().all(|count| *count > 20), "{total:?}");
}

/// Trims the log as far as anybody allows it.
fn trim(simulation: &Simulation) {
    for role in Role::ALL {
        simulation.machine.shard(Step::Flush(role));
    }
    simulation.machine.shard(Step::Trim);
}

/// What a start without asynchronous indexes applies of them must be in the log until that is durable.
#[test]
fn a_crash_while_a_start_catches_up_repeats_it() {
    let mut simulation = Simulation::begin(SeededRand::new(1), 1, true);
    let text = s(&"x".repeat(9_000));
    for r in 0..100 {
        let row = item([
            ("h", s("a")),
            ("r", n(r)),
            ("a", n(r)),
            ("text", text.clone()),
        ]);
        let machine = &simulation.machine;
        driven(|| machine.turn(), machine.engine.put_item(put("t", row))).unwrap();
    }
    assert_eq!(simulation.machine.engine.index_lag().records, 100);
    simulation.ledger.collect(&*simulation.machine.log);
    let oldest = simulation.machine.log.oldest();
    simulation.machine.crash(1, false);
    let stats = simulation.machine.engine.shard_stats();
    assert!(stats.sequenced.0 > stats.published.0 + 1, "in steps");
    trim(&simulation);
    assert_eq!(
        simulation.machine.log.oldest(),
        oldest,
        "the watermark holds the log"
    );
    simulation.machine.crash(2, false);
    while !simulation.finish_start() {}
    simulation.check();
    assert!(simulation.ledger.indexes_show() > 100);
    // Once it is durable, nothing holds it any more.
    trim(&simulation);
    assert!(simulation.machine.log.oldest() > oldest);
}
