//! Temporary directories and server processes that go when the benchmark ends, also when it fails.

use super::Settings;
use crate::tools::{Outcome, release_server};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a server may take to end in order before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// A directory that is removed with everything in it.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(parent: &Path) -> Result<Scratch, String> {
        let path = parent.join(format!("shale-bench-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Scratch(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("xtask: {} stays: {error}", self.0.display());
        }
    }
}

/// A server process. Dropping it asks it to end, and kills it if it does not.
pub struct Server {
    child: Child,
    signal: &'static str,
}

impl Server {
    /// Starts it; `signal` is what ends it in order.
    pub fn start(command: &mut Command, signal: &'static str) -> Result<Server, String> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        Ok(Server { child, signal })
    }

    /// Fails if it has ended.
    pub fn check(&mut self) -> Outcome {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("the server has ended: {status}")),
            Err(error) => Err(format!("the server: {error}")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever fails here, the kill below ends the process.
        let _ = Command::new("kill")
            .args([self.signal, &self.child.id().to_string()])
            .status();
        for _ in 0..PATIENCE.as_millis() / POLL.as_millis() {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            pause();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Between two looks at a process.
#[allow(
    clippy::disallowed_methods,
    reason = "another process tells nothing; a simulation does not come here"
)]
pub fn pause() {
    std::thread::sleep(POLL);
}

/// A `shale serve` on free ports, without authentication, with an empty database.
pub struct ShaleServer {
    pub pg: String,
    pub dynamodb: String,
    _server: Server,
}

impl ShaleServer {
    pub fn start(settings: &Settings, scratch: &Scratch) -> Result<ShaleServer, String> {
        let binary = match &settings.server {
            Some(binary) => binary.clone(),
            None => release_server()?,
        };
        let any_port = "127.0.0.1:0";
        let mut command = Command::new(binary);
        command
            .args(["serve", "--insecure", "--pg-listen", any_port])
            .args(["--dynamodb-listen", any_port, "--data-dir"])
            .arg(scratch.path().join("shale"))
            .env("SHALE_LOG", "warn")
            .stdout(Stdio::piped());
        let mut server = Server::start(&mut command, "-TERM")?;
        let stdout = server.child.stdout.take();
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(|error| format!("the server's first line: {error}"))?;
        }
        let address = |scheme: &str| {
            let (_, rest) = line.split_once(scheme)?;
            let end = rest.find(['/', ' ', '\n']).unwrap_or(rest.len());
            let address = rest.get(..end)?;
            let host = address
                .rsplit_once('@')
                .map_or(address, |(_user, host)| host);
            Some(host.to_owned())
        };
        match (address("postgresql://"), address("http://")) {
            (Some(pg), Some(dynamodb)) => Ok(ShaleServer {
                pg,
                dynamodb,
                _server: server,
            }),
            _ => Err(format!("the server did not say where it listens: {line:?}")),
        }
    }
}
