//! Runs the SQL manual: every `.slt` file on a server of its own, once through the simple protocol and once through the extended one.
//!
//! `shale-sql-tests [FILE…] [--complete]`; without files, all below the current folder. `SHALE_BINARY` names the server.
//! `--complete` writes the answers that come back into the files; a person reads them before they are committed.
//!
//! With `--postgres=postgresql://user@host:port`, a PostgreSQL 15, every file runs there as well, through both protocols, each time in a new
//! database: what is not marked `onlyif shale` must be true there too. Files in the folder `pg_compat` mark nothing; their answers are
//! completed from PostgreSQL.
//!
//! `--cross-check [--seed=N] [--count=N] [--topic=NAME] [--show=N]` asks both servers generated questions instead (`cross_check`).

mod client;
mod cross_check;
mod render;
mod server;

use client::{Client, Letter, Protocol, column_type_validator};
use server::Server;
use sqllogictest::{Condition, Record, Runner, default_normalizer, default_validator};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The folder whose files say nothing that is true of one of the servers only.
const COMPATIBLE: &str = "pg_compat";

#[derive(Default)]
struct Arguments {
    files: Vec<PathBuf>,
    write_answers: bool,
    postgres: Option<String>,
    cross_check: Option<cross_check::Options>,
}

impl Arguments {
    fn parse(words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        for word in words {
            let Some(flag) = word.strip_prefix("--") else {
                arguments.files.push(PathBuf::from(word));
                continue;
            };
            match (flag.split_once('='), &mut arguments.cross_check) {
                (Some(("postgres", url)), _) => arguments.postgres = Some(url.to_owned()),
                (None, _) if flag == "complete" => arguments.write_answers = true,
                (None, _) if flag == "cross-check" => {
                    arguments.cross_check = Some(cross_check::Options::default());
                }
                (Some((name, value)), Some(options)) => options.set(name, value)?,
                _ => return Err(format!("unknown flag {word}")),
            }
        }
        Ok(arguments)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let passed = match (&arguments.cross_check, &arguments.postgres) {
        (Some(options), Some(postgres)) => cross_check::run(options, postgres).await,
        (Some(_), None) => Err("--cross-check needs --postgres=URL".to_owned()),
        (None, _) => Ok(manual(arguments).await),
    };
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all files pass.
async fn manual(arguments: Arguments) -> bool {
    let mut files = arguments.files;
    if files.is_empty() {
        find(Path::new("."), &mut files);
        files.sort();
    }
    let postgres = arguments.postgres.as_deref();
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        let outcome = match arguments.write_answers {
            true => complete(file, postgres).await,
            false => run(file, postgres).await,
        };
        match outcome {
            Ok(()) => passed += 1,
            Err(message) => {
                failed += 1;
                println!("{}: {message}", file.display());
            }
        }
    }
    println!("slt: {passed} passed, {failed} failed");
    failed == 0 && passed > 0
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            files.push(path);
        }
    }
}

/// Whether a file is one of those that are true of both servers.
fn is_compatible(file: &Path) -> bool {
    file.components()
        .any(|component| component.as_os_str() == COMPATIBLE)
}

/// A compatible file has no record for one of the servers only.
fn check_labels(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let labelled = text.lines().find(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("onlyif" | "skipif"))
            && matches!(words.next(), Some("shale" | "postgres"))
    });
    match labelled {
        Some(line) => Err(format!("{line:?} has no place in {COMPATIBLE}")),
        None => Ok(()),
    }
}

async fn run(file: &Path, postgres: Option<&str>) -> Result<(), String> {
    let mut targets = vec![None];
    targets.extend(postgres.map(Some));
    if is_compatible(file) {
        check_labels(file)?;
        if postgres.is_none() {
            return Err("needs --postgres=URL: it is about both".to_owned());
        }
    }
    for target in targets {
        for protocol in [Protocol::Simple, Protocol::Extended] {
            let server = Server::start(target).await?;
            let mut runner = runner(&server, protocol);
            let outcome = match records(file, server.label()) {
                Ok(records) => runner
                    .run_multi_async(records)
                    .await
                    .map_err(|error| error.to_string()),
                Err(message) => Err(message),
            };
            runner.shutdown_async().await;
            outcome
                .map_err(|error| format!("({}, {}) {error}", server.label(), protocol.label()))?;
        }
    }
    Ok(())
}

/// The records of a file that are about a server: the others are not even looked at, as they may use what records before them found.
fn records(file: &Path, server: &str) -> Result<Vec<Record<Letter>>, String> {
    let other = match server {
        "shale" => "postgres",
        _ => "shale",
    };
    let mut records = sqllogictest::parse_file(file).map_err(|error| error.to_string())?;
    records.retain(|record| {
        let conditions = match record {
            Record::Statement { conditions, .. }
            | Record::Query { conditions, .. }
            | Record::System { conditions, .. } => conditions.as_slice(),
            _ => &[],
        };
        !conditions
            .iter()
            .any(|condition| matches!(condition, Condition::OnlyIf { label } if label == other))
    });
    Ok(records)
}

async fn complete(file: &Path, postgres: Option<&str>) -> Result<(), String> {
    let server = Server::start(postgres.filter(|_| is_compatible(file))).await?;
    let mut runner = runner(&server, Protocol::Extended);
    let outcome = runner
        .update_test_file(
            file,
            "\t",
            default_validator,
            default_normalizer,
            column_type_validator,
        )
        .await;
    runner.shutdown_async().await;
    outcome.map_err(|error| error.to_string())
}

fn runner(
    server: &Server,
    protocol: Protocol,
) -> Runner<Client, impl sqllogictest::MakeConnection<Conn = Client>> {
    let url = server.url().to_owned();
    let mut runner = Runner::new(move || Client::connect(url.clone(), protocol));
    runner.add_label(protocol.label());
    runner.add_label(server.label());
    runner.with_column_validator(column_type_validator);
    runner
}
