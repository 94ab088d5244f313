//! A PostgreSQL of Debian's packages in a directory of its own: installed if there is none and we may, gone when dropped.
//!
//! It listens on a free port of loopback, trusts everybody, sorts by bytes, and runs as another user if we are root, because it refuses
//! root.

use crate::bench::processes::{Server, pause};
use crate::tools::{Outcome, run};
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian's packages put the programs of all versions.
const DIRECTORIES: &str = "/usr/lib/postgresql";
/// Looks at a starting server before it is given up, 50 ms apart.
const STARTING_LOOKS: u32 = 600;

/// The programs of one version, and a server made of them.
pub struct Postgres {
    /// Where `psql`, `pgbench` and their like are.
    pub programs: PathBuf,
    /// Where it listens on 127.0.0.1.
    pub port: String,
    _server: Server,
}

impl Postgres {
    /// Makes a cluster below `scratch` and starts it; `version` is the one that it must be, else the newest is taken.
    pub fn start(scratch: &Path, user: &str, version: Option<u32>) -> Result<Postgres, String> {
        let programs = find(version)?;
        let port = free_port()?;
        let mut server = start(&programs, scratch, user, &port)?;
        wait_until_ready(&programs, user, &port, &mut server)?;
        Ok(Postgres {
            programs,
            port,
            _server: server,
        })
    }
}

/// Where the programs are; installs the package if there are none and we may.
pub(crate) fn find(version: Option<u32>) -> Result<PathBuf, String> {
    if let Some(programs) = newest(version) {
        return Ok(programs);
    }
    let package = match version {
        Some(version) => format!("postgresql-{version}"),
        None => "postgresql".to_owned(),
    };
    if user_id()? != 0 {
        return Err(format!(
            "this compares with PostgreSQL: install Debian's package {package}"
        ));
    }
    // The run level keeps the package from starting a server of its own.
    let environment = [("RUNLEVEL", "1"), ("DEBIAN_FRONTEND", "noninteractive")];
    run(Command::new("apt-get")
        .args(["update", "-qq"])
        .envs(environment))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "-qq", "--no-install-recommends"])
        .arg(&package)
        .envs(environment))?;
    newest(version).ok_or_else(|| format!("{package} has no programs below {DIRECTORIES}"))
}

fn newest(wanted: Option<u32>) -> Option<PathBuf> {
    let versions = std::fs::read_dir(DIRECTORIES).ok()?;
    versions
        .filter_map(|version| {
            let path = version.ok()?.path();
            let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let programs = path.join("bin");
            let complete = ["initdb", "postgres", "pgbench", "psql"]
                .iter()
                .all(|program| programs.join(program).exists());
            let fits = wanted.is_none_or(|wanted| wanted == number);
            (complete && fits).then_some((number, programs))
        })
        .max()
        .map(|(_, programs)| programs)
}

fn start(programs: &Path, scratch: &Path, user: &str, port: &str) -> Result<Server, String> {
    let data = scratch.join("postgres");
    let io = |error: std::io::Error| format!("{}: {error}", data.display());
    std::fs::create_dir(&data).map_err(io)?;
    let account = unprivileged_account()?;
    if let Some((user, group)) = account {
        std::fs::set_permissions(scratch, Permissions::from_mode(0o755)).map_err(io)?;
        std::os::unix::fs::chown(&data, Some(user), Some(group)).map_err(io)?;
    }
    let program = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.arg("-D").arg(&data).current_dir(scratch);
        if let Some((user, group)) = account {
            command.uid(user).gid(group);
        }
        command
    };
    let errors = scratch.join("postgres.log");
    let log = std::fs::File::create(&errors).map_err(io)?;
    run(program("initdb")
        .arg(format!("--username={user}"))
        .args(["--auth=trust", "--encoding=UTF8", "--locale=C"])
        .stdout(Stdio::null()))?;
    let mut command = program("postgres");
    command
        .args(["-p", port, "-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "unix_socket_directories="])
        .stderr(log);
    Server::start(&mut command, "-INT")
}

fn wait_until_ready(programs: &Path, user: &str, port: &str, server: &mut Server) -> Outcome {
    for _ in 0..STARTING_LOOKS {
        server.check()?;
        let ready = Command::new(programs.join("pg_isready"))
            .args(["-h", "127.0.0.1", "-p", port, "-U", user, "-d", "postgres"])
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
