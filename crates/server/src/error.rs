//! Why a command failed, as sentences for the person who typed it.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {path}: {source}", path = path.display())]
    ConfigUnreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The configuration file is wrong.
    #[error("{path}: {source}", path = path.display())]
    ConfigInvalid {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A setting's value makes no sense.
    #[error("{name} {reason}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// `--insecure` on an address that others can reach.
    #[error(
        "{flag} {address}: --insecure switches authentication off and is only allowed on loopback addresses such as 127.0.0.1"
    )]
    InsecureBeyondLoopback {
        /// Which flag.
        flag: &'static str,
        /// Its address.
        address: SocketAddr,
    },
    /// Only one half of the first access key was given.
    #[error(
        "give both --access-key-id and --secret-access-key (SHALE_ACCESS_KEY_ID, SHALE_SECRET_ACCESS_KEY) or neither"
    )]
    HalfAnAccessKey,
    /// An address is taken or not ours.
    #[error("cannot listen on {address}: {source} (choose another address with {flag})")]
    Listen {
        /// Which flag.
        flag: &'static str,
        /// Its address.
        address: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// The database cannot be opened or used.
    #[error("database {path}: {source}", path = path.display())]
    Database {
        /// Its directory.
        path: PathBuf,
        /// The cause.
        source: Box<shale_engine::Error>,
    },
    /// Reading or writing a file or socket of ours.
    #[error("{context}: {source}")]
    Io {
        /// What was being done.
        context: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The script of the first start failed.
    #[error("{path}, line {line}: {message}", path = path.display())]
    InitSql {
        /// The script.
        path: PathBuf,
        /// Line of the statement that failed.
        line: usize,
        /// What it said.
        message: String,
    },
    /// The key file does not fit the database.
    #[error("the key file {path} cannot open the stored access keys: {reason}", path = path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// There is no database in the directory.
    #[error("{path} holds no database (start one with `shale serve --data-dir {path}`)", path = path.display())]
    NoDatabase {
        /// The directory.
        path: PathBuf,
    },
    /// An administrative command was refused.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// An I/O error with what was being done.
    pub fn io(context: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let context = context.into();
        move |source| Error::Io { context, source }
    }
}
