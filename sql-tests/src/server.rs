//! A server for one file: its own directory, its own ports, gone when dropped; or a fresh database of a PostgreSQL that is there.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running server.
pub struct Server {
    process: Option<(Child, tempfile::TempDir)>,
    url: String,
}

impl Server {
    /// A server without tables.
    pub async fn start(postgres: Option<&str>) -> Result<Server, String> {
        match postgres {
            Some(url) => Server::fresh_database(url).await,
            None => Server::spawn(),
        }
    }

    async fn fresh_database(url: &str) -> Result<Server, String> {
        let admin = format!("{url}/postgres");
        let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls)
            .await
            .map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        for sql in [
            "DROP DATABASE IF EXISTS shale WITH (FORCE)",
            "CREATE DATABASE shale TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' LC_COLLATE 'C'",
            "ALTER DATABASE shale SET timezone = 'UTC'",
        ] {
            client
                .batch_execute(sql)
                .await
                .map_err(|error| format!("{sql}: {error}"))?;
        }
        Ok(Server {
            process: None,
            url: format!("{url}/shale"),
        })
    }

    /// Starts the binary that `SHALE_BINARY` names and waits until it is ready.
    fn spawn() -> Result<Server, String> {
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
        let url = url.ok_or("the server did not become ready")?.to_owned();
        Ok(Server {
            process: Some((process, directory)),
            url,
        })
    }

    /// Name for `onlyif` and `skipif`.
    pub fn label(&self) -> &'static str {
        match self.process {
            Some(_) => "shale",
            None => "postgres",
        }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((process, _)) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
