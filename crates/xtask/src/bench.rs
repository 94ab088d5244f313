//! `cargo xtask bench [NAME] [--server FILE] [--directory DIR] [--seconds N] [--scale N]`: measures against a peer in the same run, prints Markdown.
//!
//! Every comparison alternates short turns of us and the peer and shows medians, because a shared machine changes its speed from
//! second to second: the ratio is the figure. All listeners are on loopback; all files are in one directory that is removed.

pub(crate) mod processes;
mod sql;

use crate::tools::{Outcome, cargo_command, run, target_directory};
use processes::{Scratch, ShaleServer};
use std::path::PathBuf;

const NAMES: [&str; 7] = ["log", "shard", "engine", "sql", "transfers", "tpch", "http"];
/// The size of TPC-H's data unless the command says otherwise: 1 is about 1 GB.
const SCALE_DEFAULT: f64 = 1.0;
/// How long one line of a table is measured, peer and all, unless the command says otherwise.
const SECONDS_DEFAULT: f64 = 10.0;

/// What the command line says.
pub(crate) struct Settings {
    /// A release build of the server that is there already.
    server: Option<PathBuf>,
    /// Where the temporary directory is made: its disk is what is measured.
    directory: PathBuf,
    seconds: f64,
    /// Of TPC-H.
    scale: f64,
}

/// Runs one comparison, or all.
pub fn run_benches(arguments: &[String]) -> Outcome {
    let (names, settings) = parse(arguments)?;
    for name in names {
        println!("\n## {name}\n");
        match name {
            "log" => log(&settings)?,
            "shard" => shard(&settings)?,
            "engine" => engine(&settings)?,
            "sql" => sql::compare(&settings)?,
            "transfers" => sql::transfers(&settings)?,
            "tpch" => sql::tpch(&settings)?,
            _ => http(&settings)?,
        }
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<(Vec<&'static str>, Settings), String> {
    let mut names = Vec::new();
    let mut settings = Settings {
        server: None,
        directory: std::env::temp_dir(),
        seconds: SECONDS_DEFAULT,
        scale: SCALE_DEFAULT,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--server" => settings.server = Some(absolute(value()?)?),
            "--directory" => settings.directory = absolute(value()?)?,
            "--seconds" => {
                let seconds = value()?.parse();
                settings.seconds = seconds.map_err(|_| "--seconds needs a number".to_owned())?;
            }
            "--scale" => {
                let scale = value()?.parse();
                settings.scale = scale.map_err(|_| "--scale needs a number".to_owned())?;
            }
            name => match NAMES.into_iter().find(|known| *known == name) {
                Some(known) => names.push(known),
                None => return Err(format!("benchmarks: {}; not {name}", NAMES.join(", "))),
            },
        }
    }
    if names.is_empty() {
        names.extend(NAMES);
    }
    Ok((names, settings))
}

fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{path}: {error}"))
}

fn log(settings: &Settings) -> Outcome {
    let scratch = Scratch::new(&settings.directory)?;
    let program = build_example("shale-commitlog", "bench_log")?;
    run(std::process::Command::new(program)
        .arg(scratch.path())
        .arg(settings.seconds.to_string()))
}

fn shard(settings: &Settings) -> Outcome {
    let scratch = Scratch::new(&settings.directory)?;
    let program = build_example("shale-storage", "bench_shard")?;
    // It makes the directory of its durable puts where it is started.
    run(std::process::Command::new(program).current_dir(scratch.path()))
}

fn engine(settings: &Settings) -> Outcome {
    let scratch = Scratch::new(&settings.directory)?;
    let program = build_example("shale-engine", "bench_engine")?;
    run(std::process::Command::new(program)
        .arg(scratch.path())
        .arg(settings.seconds.to_string()))
}

fn http(settings: &Settings) -> Outcome {
    let scratch = Scratch::new(&settings.directory)?;
    let program = build_example("shale-dynamodb-server", "bench_http")?;
    let server = ShaleServer::start(settings, &scratch)?;
    run(std::process::Command::new(program)
        .arg(&server.dynamodb)
        .arg(scratch.path())
        .arg(settings.seconds.to_string()))
}

/// Builds a crate's benchmark for release; where it is.
fn build_example(package: &str, example: &str) -> Result<PathBuf, String> {
    let arguments = ["build", "--release", "--package", package, "--example"];
    run(cargo_command(&arguments).arg(example))?;
    Ok(target_directory()?.join("release/examples").join(example))
}
