//! Point SELECT by primary key, and transfers in transactions: pgbench, extended protocol, prepared statements, against PostgreSQL with the
//! same rows. TPC-H's queries: against PostgreSQL and DuckDB.
//!
//! PostgreSQL runs with the settings of a fresh `initdb`, after VACUUM ANALYZE; both servers are reached over TCP on loopback.

use super::Settings;
use super::processes::{Scratch, ShaleServer};
use crate::postgres::Postgres;
use crate::tools::{Outcome, python_environment, root, run};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROWS: u32 = 100_000;
const CLIENTS: [u32; 3] = [1, 8, 32];
const TURNS: usize = 5;
/// Accounts among which money is transferred: the fewer, the more transactions meet.
const ACCOUNTS: [u32; 3] = [1, 10, 1000];
const TRANSFER_CLIENTS: u32 = 8;
const TRIES_MAX: u32 = 1000;

const TABLE: &str = "CREATE TABLE bench (id int PRIMARY KEY, name text, balance numeric, active boolean, payload text);\n";
const SCRIPT: &str = "\\set id random(1, 100000)\nSELECT id, name, balance, active, payload FROM bench WHERE id = :id;\n";

/// A server under test.
struct Target<'a> {
    host: &'a str,
    port: &'a str,
    user: &'a str,
    database: &'a str,
}

/// Both servers, running, and how their programs are called.
struct Servers {
    programs: PathBuf,
    // Ends before its directory goes: fields are dropped in this order.
    postgres: Postgres,
    shale: ShaleServer,
    scratch: Scratch,
}

impl Servers {
    fn start(settings: &Settings) -> Result<Servers, String> {
        let scratch = Scratch::new(&settings.directory)?;
        let postgres = Postgres::start(scratch.path(), "bench", None)?;
        let shale = ShaleServer::start(settings, &scratch)?;
        Ok(Servers {
            programs: postgres.programs.clone(),
            shale,
            postgres,
            scratch,
        })
    }

    /// PostgreSQL and ShaleDB.
    fn targets(&self) -> Result<[Target<'_>; 2], String> {
        let address = self.shale.pg.rsplit_once(':');
        let (host, port) = address.ok_or("an address has a port")?;
        let ours = Target {
            host,
            port,
            user: "shale",
            database: "shale",
        };
        Ok([postgres_target(&self.postgres.port), ours])
    }

    /// Writes a file for the programs to read.
    fn file(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.scratch.path().join(name);
        write(&path, text)?;
        Ok(path)
    }
}

fn postgres_target(port: &str) -> Target<'_> {
    Target {
        host: "127.0.0.1",
        port,
        user: "bench",
        database: "postgres",
    }
}

/// Transfers between accounts in serializable transactions of four statements, by contention: pgbench tries a transaction again that was
/// refused, on both sides.
pub fn transfers(settings: &Settings) -> Outcome {
    let servers = Servers::start(settings)?;
    let [theirs, ours] = servers.targets()?;
    let mut table = "CREATE TABLE accounts (id int PRIMARY KEY, balance bigint);\n".to_owned();
    for id in 1..=ACCOUNTS[2] {
        writeln!(table, "INSERT INTO accounts VALUES ({id}, 1000000);")
            .map_err(|error| error.to_string())?;
    }
    let table = servers.file("accounts.sql", &table)?;
    for target in [&theirs, &ours] {
        psql(&servers.programs, target, &["-f", &table.to_string_lossy()])?;
    }
    psql(
        &servers.programs,
        &theirs,
        &[
            "-c",
            "ALTER SYSTEM SET default_transaction_isolation = 'serializable'",
        ],
    )?;
    psql(
        &servers.programs,
        &theirs,
        &["-c", "SELECT pg_reload_conf()"],
    )?;
    println!("| accounts | ShaleDB transfers/s | PostgreSQL SERIALIZABLE | ratio |");
    println!("|--:|--:|--:|--:|");
    let seconds = (settings.seconds / (2 * TURNS) as f64).round().max(1.0);
    for accounts in ACCOUNTS {
        let script = format!(
            "\\set source random(1, {accounts})\n\\set target random(1, {accounts})\n\\set amount random(1, 100)\nBEGIN;\n\
             SELECT balance FROM accounts WHERE id = :source;\n\
             UPDATE accounts SET balance = balance - :amount WHERE id = :source;\n\
             UPDATE accounts SET balance = balance + :amount WHERE id = :target;\nCOMMIT;\n"
        );
        let script = servers.file("transfer.sql", &script)?;
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            let [theirs, ours] = [&theirs, &ours].map(|target| {
                let turn = Turn {
                    clients: TRANSFER_CLIENTS,
                    seconds,
                    tries: TRIES_MAX,
                };
                pgbench(&servers.programs, target, &script, turn)
            });
            turns.push((ours?, theirs?));
        }
        let figure = |of: &dyn Fn(&(Measured, Measured)) -> f64| median(turns.iter().map(of));
        println!(
            "| {accounts} | {:.0} | {:.0} | {:.2} |",
            figure(&|(ours, _)| ours.tps),
            figure(&|(_, theirs)| theirs.tps),
            figure(&|(ours, theirs)| ours.tps / theirs.tps),
        );
    }
    Ok(())
}

/// TPC-H's queries on live tables, also against DuckDB.
pub fn tpch(settings: &Settings) -> Outcome {
    let servers = Servers::start(settings)?;
    let url = |target: &Target<'_>| {
        let Target {
            host,
            port,
            user,
            database,
        } = target;
        format!("postgresql://{user}@{host}:{port}/{database}")
    };
    let [theirs, ours] = servers.targets()?;
    let clients = root().join("tests/clients");
    let python = python_environment(&clients.join("requirements.txt"))?;
    run(Command::new(python)
        .args(["-m", "support.tpch", &url(&ours), &url(&theirs)])
        .arg(settings.scale.to_string())
        .arg(servers.scratch.path().join("tpch"))
        .current_dir(clients))
}

/// Runs the comparison.
pub fn compare(settings: &Settings) -> Outcome {
    let servers = Servers::start(settings)?;
    let programs = &servers.programs;
    let [theirs, ours] = servers.targets()?;
    let rows = servers.file("rows.sql", &rows_script()?)?;
    let script = servers.file("script.sql", SCRIPT)?;
    for target in [&theirs, &ours] {
        psql(programs, target, &["-f", &rows.to_string_lossy()])?;
    }
    psql(programs, &theirs, &["-c", "VACUUM ANALYZE bench"])?;

    println!("| clients | ShaleDB tps | latency, mean | PostgreSQL tps | latency, mean | ratio |");
    println!("|---|--:|--:|--:|--:|--:|");
    // Whole seconds are what pgbench takes; half of a line's time is the peer's.
    let seconds = (settings.seconds / (2 * TURNS) as f64).round().max(1.0);
    for clients in CLIENTS {
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            let turn = Turn {
                clients,
                seconds,
                tries: 1,
            };
            let theirs = pgbench(programs, &theirs, &script, turn)?;
            turns.push((pgbench(programs, &ours, &script, turn)?, theirs));
        }
        let figure = |of: &dyn Fn(&(Measured, Measured)) -> f64| median(turns.iter().map(of));
        println!(
            "| {clients} | {:.0} | {:.0} µs | {:.0} | {:.0} µs | {:.2} |",
            figure(&|(ours, _)| ours.tps),
            figure(&|(ours, _)| ours.latency_micros),
            figure(&|(_, theirs)| theirs.tps),
            figure(&|(_, theirs)| theirs.latency_micros),
            figure(&|(ours, theirs)| ours.tps / theirs.tps),
        );
    }
    Ok(())
}

/// What one run of pgbench says.
struct Measured {
    tps: f64,
    latency_micros: f64,
}

/// One run of pgbench.
#[derive(Clone, Copy)]
struct Turn {
    clients: u32,
    seconds: f64,
    /// How often a transaction is tried at most that is refused with 40001.
    tries: u32,
}

fn pgbench(
    programs: &Path,
    target: &Target,
    script: &Path,
    turn: Turn,
) -> Result<Measured, String> {
    let Turn {
        clients,
        seconds,
        tries,
    } = turn;
    let output = client(programs, "pgbench", target)
        // No vacuum: it knows only tables of its own.
        .args(["-n", "-M", "prepared", "-T", &seconds.to_string()])
        .args([
            "-c",
            &clients.to_string(),
            "-j",
            &clients.min(2).to_string(),
        ])
        .args(["--max-tries", &tries.to_string()])
        .arg("-f")
        .arg(script)
        .arg(target.database)
        .output()
        .map_err(|error| format!("pgbench: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let number = |before: &str, after: &str| {
        let (_, rest) = text.split_once(before)?;
        rest.split_once(after)?.0.trim().parse::<f64>().ok()
    };
    let tps = number("\ntps = ", " ");
    let latency = number("latency average = ", " ms");
    let failed = number("number of failed transactions: ", " ");
    match (output.status.success(), tps, latency, failed) {
        (true, Some(tps), Some(latency), Some(0.0)) => Ok(Measured {
            tps,
            latency_micros: latency * 1000.0,
        }),
        _ => Err(format!("pgbench: {}\n{text}{errors}", output.status)),
    }
}

fn psql(programs: &Path, target: &Target, arguments: &[&str]) -> Outcome {
    run(client(programs, "psql", target)
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target.database])
        .args(arguments))
}

fn client(programs: &Path, program: &str, target: &Target) -> Command {
    let mut command = Command::new(programs.join(program));
    command.args(["-h", target.host, "-p", target.port, "-U", target.user]);
    command
}

fn rows_script() -> Result<String, String> {
    let mut text = TABLE.to_owned();
    text.push_str(
        "COPY bench (id, name, balance, active, payload) FROM STDIN WITH (FORMAT csv);\n",
    );
    for id in 1..=ROWS {
        writeln!(
            text,
            "{id},customer {},{}.{:02},{},{:x<100}",
            id * 7 % 1000,
            id % 10_000,
            id % 100,
            id % 3 == 0,
            id.wrapping_mul(2_654_435_761)
        )
        .map_err(|error| error.to_string())?;
    }
    text.push_str("\\.\n");
    Ok(text)
}

fn write(path: &Path, text: &str) -> Outcome {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
