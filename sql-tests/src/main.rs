//! Runs the SQL manual: every `.slt` file on a server of its own, once through the simple protocol and once through the extended one.
//!
//! `shale-sql-tests [FILE…] [--complete]`; without files, all below the current folder. `SHALE_BINARY` names the server.
//! `--complete` writes the answers that come back into the files; a person reads them before they are committed.
//! `--on-postgres=postgresql://user@host:port` runs them on a PostgreSQL 15 instead, each file in an own database `shale`: what is not
//! marked `onlyif shale` must be true there too. That is how the answers of the manual are checked.

mod client;
mod render;
mod server;

use client::{Client, Protocol, column_type_validator};
use server::Server;
use sqllogictest::{Runner, default_normalizer, default_validator};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let (flags, files): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let (mut write_answers, mut postgres) = (false, None);
    for flag in &flags {
        match flag.strip_prefix("--on-postgres=") {
            Some(url) => postgres = Some(url.to_owned()),
            None if flag == "--complete" => write_answers = true,
            None => {
                eprintln!("unknown flag {flag}");
                return ExitCode::from(2);
            }
        }
    }
    let mut files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    if files.is_empty() {
        find(Path::new("."), &mut files);
        files.sort();
    }
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        let outcome = if write_answers {
            complete(file, postgres.as_deref()).await
        } else {
            run(file, postgres.as_deref()).await
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
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
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

async fn run(file: &Path, postgres: Option<&str>) -> Result<(), String> {
    for protocol in [Protocol::Simple, Protocol::Extended] {
        let server = Server::start(postgres).await?;
        let mut runner = runner(&server, protocol);
        let outcome = runner.run_file_async(file).await;
        runner.shutdown_async().await;
        outcome.map_err(|error| format!("({}) {error}", protocol.label()))?;
    }
    Ok(())
}

async fn complete(file: &Path, postgres: Option<&str>) -> Result<(), String> {
    let server = Server::start(postgres).await?;
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
