//! Point SELECT by primary key, and transfers in transactions: pgbench, extended protocol, prepared statements, against PostgreSQL with the same rows.
//!
//! PostgreSQL runs with the settings of a fresh `initdb`, after VACUUM ANALYZE; both servers are reached over TCP on loopback.

use super::Settings;
use super::processes::{Scratch, Server, ShaleServer, pause};
use crate::tools::{Outcome, run};
use std::fmt::Write;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROWS: u32 = 100_000;
const CLIENTS: [u32; 3] = [1, 8, 32];
const TURNS: usize = 5;
/// Accounts among which money is transferred: the fewer, the more transactions meet.
const ACCOUNTS: [u32; 3] = [1, 10, 1000];
const TRANSFER_CLIENTS: u32 = 8;
const TRIES_MAX: u32 = 1000;
/// Looks at a starting server before giving up; each takes 50 ms.
const STARTING_LOOKS: u32 = 600;
/// Debian's.
const POSTGRES_DIRECTORIES: &str = "/usr/lib/postgresql";

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
    scratch: Scratch,
    postgres_port: String,
    _postgres: Server,
    shale: ShaleServer,
}

impl Servers {
    fn start(settings: &Settings) -> Result<Servers, String> {
        let programs = find_postgres()?;
        let scratch = Scratch::new(&settings.directory)?;
        let postgres_port = free_port()?;
        let mut postgres = start_postgres(&programs, &scratch, &postgres_port)?;
        let shale = ShaleServer::start(settings, &scratch)?;
        let theirs = postgres_target(&postgres_port);
        wait_until_ready(&programs, &theirs, &mut postgres)?;
        Ok(Servers {
            programs,
            scratch,
            postgres_port,
            _postgres: postgres,
            shale,
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
        Ok([postgres_target(&self.postgres_port), ours])
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

/// Where PostgreSQL's programs are: the newest version of Debian's packages, installed if there is none and we may.
fn find_postgres() -> Result<PathBuf, String> {
    if let Some(programs) = newest_postgres() {
        return Ok(programs);
    }
    if user_id()? != 0 {
        return Err("this compares with PostgreSQL: install Debian's package postgresql".into());
    }
    // The run level keeps the package from starting a server of its own.
    let environment = [("RUNLEVEL", "1"), ("DEBIAN_FRONTEND", "noninteractive")];
    run(Command::new("apt-get").arg("update").envs(environment))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--no-install-recommends", "postgresql"])
        .envs(environment))?;
    newest_postgres().ok_or_else(|| format!("no PostgreSQL below {POSTGRES_DIRECTORIES}"))
}

fn newest_postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir(POSTGRES_DIRECTORIES).ok()?;
    versions
        .filter_map(|version| {
            let path = version.ok()?.path();
            let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let programs = path.join("bin");
            let complete = ["initdb", "postgres", "pgbench", "psql"]
                .iter()
                .all(|program| programs.join(program).exists());
            complete.then_some((number, programs))
        })
        .max()
        .map(|(_, programs)| programs)
}

/// Makes a cluster and starts it, as another user if we are root, because PostgreSQL refuses root.
fn start_postgres(programs: &Path, scratch: &Scratch, port: &str) -> Result<Server, String> {
    let data = scratch.path().join("postgres");
    let io = |error: std::io::Error| format!("{}: {error}", data.display());
    std::fs::create_dir(&data).map_err(io)?;
    let account = unprivileged_account()?;
    if let Some((user, group)) = account {
        std::fs::set_permissions(scratch.path(), Permissions::from_mode(0o755)).map_err(io)?;
        std::os::unix::fs::chown(&data, Some(user), Some(group)).map_err(io)?;
    }
    let program = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.arg("-D").arg(&data).current_dir(scratch.path());
        if let Some((user, group)) = account {
            command.uid(user).gid(group);
        }
        command
    };
    let errors = scratch.path().join("postgres.log");
    let log = std::fs::File::create(&errors).map_err(io)?;
    run(program("initdb")
        .args([
            "--username=bench",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ])
        .stdout(Stdio::null()))?;
    let mut command = program("postgres");
    command
        .args(["-p", port, "-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "unix_socket_directories="])
        .stderr(log);
    Server::start(&mut command, "-INT")
}

fn wait_until_ready(programs: &Path, target: &Target, server: &mut Server) -> Outcome {
    for _ in 0..STARTING_LOOKS {
        server.check()?;
        let ready = client(programs, "pg_isready", target)
            .stdout(Stdio::null())
            .status();
        if ready.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        pause();
    }
    Err("PostgreSQL does not become ready".into())
}

/// User and group that run PostgreSQL; `None`: we do, because we are not root.
fn unprivileged_account() -> Result<Option<(u32, u32)>, String> {
    if user_id()? != 0 {
        return Ok(None);
    }
    let accounts =
        std::fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| {
            let fields = accounts.lines().map(|line| line.split(':').collect());
            let mut found = fields.filter(|fields: &Vec<&str>| fields.first() == Some(name));
            let account = found.next()?;
            Some((account.get(2)?.parse().ok()?, account.get(3)?.parse().ok()?))
        })
        .map(Some)
        .ok_or_else(|| "no account postgres or nobody to run PostgreSQL as".to_owned())
}

fn user_id() -> Result<u32, String> {
    let process = std::fs::metadata("/proc/self");
    let process = process.map_err(|error| format!("/proc/self: {error}"))?;
    Ok(process.uid())
}

/// A port that nobody listens on at the moment.
fn free_port() -> Result<String, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port().to_string())
        .map_err(|error| format!("no free port: {error}"))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
