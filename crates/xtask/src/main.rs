//! The one developer command: `cargo xtask COMMAND`.

mod bench;
mod ci;
mod postgres;
mod slt;
mod tidy;
mod tools;
mod up;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  up [FLAGS]             start a release build with the example data loaded and say how to connect;
                         FLAGS go to `shale serve`
  ci                     everything that must pass before a change lands
  tidy                   check the walls between crates and the state of the documents
  slt [FILE…] [--complete]
                         run the SQL manual (sql-tests) against a debug build and against PostgreSQL 15;
                         --complete fills in answers
  cross-check [--seed=N] [--count=N] [--topic=NAME] [--show=N]
                         ask a debug build and PostgreSQL 15 generated questions and compare the answers
  clients [PYTEST ARGS]  run the client tests (driven by Python) against a debug build
  bench [log|shard|sql|http…] [--server FILE] [--directory DIR] [--seconds N]
                         measure against peers in the same run (PostgreSQL, bare loops); all if none is named;
                         --server: a release build that is there already; --directory: on the disk to be measured
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_str() {
        "up" => up::run_server(&rest),
        "ci" => ci::run_every_step(),
        "tidy" => tidy::check(),
        "slt" => slt::run_manual(&rest),
        "cross-check" => slt::cross_check(&rest),
        "clients" => ci::clients(&rest),
        "bench" => bench::run_benches(&rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
