//! `cargo xtask ci`: what must pass before a change lands, cheapest first.

use crate::tools::{
    Outcome, cargo_command, is_installed, python_environment, root, run, target_directory,
};
use crate::{postgres, slt, tidy};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// How long the simulations look for a failure, all together.
const SIMULATION_SECONDS: &str = "60";

type Step = fn() -> Outcome;

/// Runs everything; stops at the first failure.
#[allow(clippy::disallowed_methods)] // Durations shown to a person.
pub fn run_every_step() -> Outcome {
    let steps: [(&str, Step); 8] = [
        ("format", || {
            run(&mut cargo_command(&["fmt", "--all", "--check"]))?;
            run(&mut of_the_rust_client(&["fmt", "--check"])?)
        }),
        ("tidy", tidy::check),
        ("lints", || {
            run(&mut cargo_command(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "--deny",
                "warnings",
            ]))?;
            run(of_the_rust_client(&["clippy", "--all-targets", "--quiet"])?
                .args(["--locked", "--", "--deny", "warnings"]))
        }),
        ("build", || {
            run(&mut cargo_command(&[
                "build",
                "--workspace",
                "--all-targets",
                "--quiet",
            ]))
        }),
        ("tests", || {
            run(cargo_command(&["test", "--workspace", "--quiet"])
                .env("SHALE_SIM_SECONDS", SIMULATION_SECONDS))
        }),
        ("SQL manual", || slt::run_manual(&[])),
        ("generated SQL", || slt::cross_check(&[])),
        ("clients", || clients(&[])),
    ];
    let mut summary = Vec::new();
    for (name, step) in steps {
        let begun = Instant::now();
        eprintln!("── {name}");
        let outcome = step();
        summary.push(format!(
            "{name}: {} in {} s",
            if outcome.is_ok() { "ok" } else { "FAILED" },
            begun.elapsed().as_secs()
        ));
        if outcome.is_err() {
            eprintln!("{}", summary.join("\n"));
            return outcome;
        }
    }
    eprintln!("{}", summary.join("\n"));
    Ok(())
}

/// A cargo command in `tests/clients/rust`, a workspace of its own that the client tests build with the AWS SDK.
fn of_the_rust_client(arguments: &[&str]) -> Result<Command, String> {
    let mut command = cargo_command(arguments);
    command
        .current_dir(root().join("tests/clients/rust"))
        .env("CARGO_TARGET_DIR", target_directory()?.join("client-rust"));
    Ok(command)
}

/// Runs the client tests against the debug build: Python drives them all, those in other languages too.
pub fn clients(arguments: &[String]) -> Outcome {
    ensure_clients()?;
    // pgbench is one of them.
    postgres::find(None)?;
    let tests = root().join("tests/clients");
    let python = python_environment(&tests.join("requirements.txt"))?;
    run(&mut cargo_command(&[
        "build",
        "--quiet",
        "--package",
        "shale-server",
    ]))?;
    run(Command::new(python)
        .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
        .args(arguments)
        .current_dir(tests)
        .env("SHALE_BINARY", target_directory()?.join("debug/shale"))
        .env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// Files of Debian packages that the client tests drive, and the packages.
const CLIENTS: [(&str, &str); 5] = [
    ("/usr/bin/psql", "postgresql-client"),
    ("/usr/bin/javac", "default-jdk-headless"),
    ("/usr/share/java/postgresql.jar", "libpostgresql-jdbc-java"),
    ("/usr/share/doc/odbc-postgresql", "odbc-postgresql"),
    ("/usr/share/doc/unixodbc", "unixodbc"),
];

/// The tests drive real clients: installs Debian's packages where they are missing and we may.
fn ensure_clients() -> Outcome {
    let missing: Vec<&str> = CLIENTS
        .into_iter()
        .filter(|(file, _)| !Path::new(file).exists())
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let advice = format!(
        "the client tests need Debian's packages: apt-get install {}",
        missing.join(" ")
    );
    if !is_installed("apt-get") {
        return Err(advice);
    }
    run(Command::new("apt-get").args(["update", "-qq"])).map_err(|_| advice.clone())?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(missing))
    .map_err(|_| advice)
}
