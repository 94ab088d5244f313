//! `cargo xtask bench`: measures against a peer in the same run and prints ratios.

use crate::tools::Outcome;

/// Runs one comparison, or all.
pub fn run_benches(_name: Option<&str>) -> Outcome {
    Err("not here yet".to_owned())
}
