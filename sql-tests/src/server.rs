//! A server for one file: its own directory, its own ports, gone when dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running server.
pub struct Server {
    process: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Server {
    /// Starts the binary that `SHALE_BINARY` names and waits until it is ready.
    pub fn start() -> Result<Server, String> {
        let binary = std::env::var("SHALE_BINARY")
            .map_err(|_| "SHALE_BINARY must name the server's binary")?;
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut process = Command::new(&binary)
            .args([
                "serve",
                "--insecure",
                "--pg-listen",
                "127.0.0.1:0",
                "--dynamodb-listen",
                "127.0.0.1:0",
            ])
            .args(["--log", "warn", "--data-dir"])
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{binary}: {error}"))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(|error| error.to_string())?;
        }
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("postgresql://"));
        let url = url
            .ok_or("the server did not become ready")?
            .replace("postgresql://", "postgresql://shale@");
        Ok(Server {
            process,
            url,
            _directory: directory,
        })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
