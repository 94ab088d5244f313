//! `cargo xtask bench`: measures against a peer in the same run and prints ratios.

use crate::tools::{Outcome, cargo_command, run};

/// Name of a comparison, the package and the program that makes it.
const BENCHES: &[(&str, &str, &str)] = &[("shard", "shale-storage", "bench_shard")];

/// Runs one comparison, or all.
pub fn run_benches(name: Option<&str>) -> Outcome {
    let chosen: Vec<_> = BENCHES
        .iter()
        .filter(|(bench, ..)| name.is_none_or(|name| name == *bench))
        .collect();
    if chosen.is_empty() {
        return Err("benchmarks: shard".to_owned());
    }
    for (_, package, program) in chosen {
        run(&mut cargo_command(&[
            "run",
            "--release",
            "--package",
            package,
            "--example",
            program,
        ]))?;
    }
    Ok(())
}
