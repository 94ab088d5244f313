//! `cargo xtask slt`: the SQL manual against a debug build.

use crate::tools::{Outcome, cargo_command, run, target_directory};

/// Runs the given files (all if none); `--complete` writes the answers that come back into them.
pub fn run_manual(arguments: &[String]) -> Outcome {
    run(&mut cargo_command(&[
        "build",
        "--quiet",
        "--package",
        "shale-server",
        "--package",
        "shale-sql-tests",
    ]))?;
    let debug = target_directory()?.join("debug");
    run(std::process::Command::new(debug.join("shale-sql-tests"))
        .args(arguments)
        .env("SHALE_BINARY", debug.join("shale"))
        .current_dir(crate::tools::root().join("sql-tests")))
}
