//! `cargo xtask slt` and `cargo xtask cross-check`: a debug build against the SQL manual, and against PostgreSQL.

use crate::bench::processes::Scratch;
use crate::postgres::Postgres;
use crate::tools::{Outcome, cargo_command, root, run, target_directory};
use std::process::Command;

/// The version whose behaviour we follow.
const POSTGRES: u32 = 15;
/// Who the tests are on both servers.
const USER: &str = "shale";

/// Runs the given files (all if none); `--complete` writes the answers that come back into them.
pub fn run_manual(arguments: &[String]) -> Outcome {
    compare(&[], arguments)
}

/// Generates statements and compares the answers.
pub fn cross_check(arguments: &[String]) -> Outcome {
    compare(&["--cross-check"], arguments)
}

fn compare(mode: &[&str], arguments: &[String]) -> Outcome {
    // The whole workspace, as the tests build it: a part of it would build its dependencies with other features again.
    run(&mut cargo_command(&[
        "build",
        "--quiet",
        "--workspace",
        "--bins",
    ]))?;
    let debug = target_directory()?.join("debug");
    let scratch = Scratch::new(&std::env::temp_dir())?;
    let postgres = Postgres::start(scratch.path(), USER, Some(POSTGRES))?;
    run(Command::new(debug.join("shale-sql-tests"))
        .args(mode)
        .arg(format!(
            "--postgres=postgresql://{USER}@127.0.0.1:{}",
            postgres.port
        ))
        .args(arguments)
        .env("SHALE_BINARY", debug.join("shale"))
        .current_dir(root().join("sql-tests")))
}
