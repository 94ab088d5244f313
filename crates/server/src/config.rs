//! Settings of `shale serve` from flags, variables, file and defaults, in that order of precedence.

use crate::cli::Serve;
use crate::error::Error;
use serde::Deserialize;
use shale_dynamodb_server::KinesisOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the database is unless said otherwise.
pub const DEFAULT_DATA_DIR: &str = "shale-data";
/// Name of the first user unless said otherwise.
pub const DEFAULT_USER: &str = "shale";
/// A configuration file is at most this many bytes.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
const MIB: u64 = 1 << 20;

/// All settings, decided.
#[derive(Clone, Debug)]
pub struct Config {
    /// Directory that holds the database.
    pub data_dir: PathBuf,
    /// Address of the PostgreSQL protocol.
    pub pg_listen: SocketAddr,
    /// Address of the DynamoDB protocol.
    pub dynamodb_listen: SocketAddr,
    /// No authentication.
    pub insecure: bool,
    /// What the first start creates.
    pub first: FirstStart,
    /// Bytes of writes not yet flushed.
    pub write_memory_bytes: u64,
    /// Bytes of cached blocks.
    pub cache_bytes: u64,
    /// Bytes for analytic statements.
    pub analytic_memory_bytes: u64,
    /// How often expired items are looked for.
    pub expiry_interval: Duration,
    /// Whether global indexes are written behind their items.
    pub asynchronous_indexes: bool,
    /// Bytes of an item collection of a table with local indexes, at most.
    pub item_collection_bytes: u64,
    /// Whether transactions are validated, as they must be.
    pub validate_transactions: bool,
    /// PostgreSQL connections at most.
    pub max_pg_connections: usize,
    /// DynamoDB connections at most.
    pub max_dynamodb_connections: usize,
    /// Origins whose web pages may talk to the DynamoDB protocol.
    pub cors_origins: Vec<String>,
    /// Region that ARNs name.
    pub region: String,
    /// Where changes of tables with a Kinesis destination are sent.
    pub kinesis: Option<KinesisOptions>,
    /// Filter of the log.
    pub log: String,
}

/// What the first start on a directory creates.
#[derive(Clone, Debug)]
pub struct FirstStart {
    /// User name.
    pub user: String,
    /// Its password; generated if absent.
    pub password: Option<String>,
    /// Its access key (id, secret); what is absent is generated.
    pub access_key: (Option<String>, Option<String>),
    /// Script to run.
    pub init_sql: Option<PathBuf>,
}

/// The file's form: the flags' names with `_`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_dir: Option<PathBuf>,
    pg_listen: Option<SocketAddr>,
    dynamodb_listen: Option<SocketAddr>,
    insecure: Option<bool>,
    user: Option<String>,
    password: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    init_sql: Option<PathBuf>,
    write_memory_mib: Option<u64>,
    cache_mib: Option<u64>,
    analytic_memory_mib: Option<u64>,
    expiry_seconds: Option<u64>,
    asynchronous_indexes: Option<bool>,
    item_collection_bytes: Option<u64>,
    max_pg_connections: Option<usize>,
    max_dynamodb_connections: Option<usize>,
    #[serde(default)]
    cors_origin: Vec<String>,
    region: Option<String>,
    kinesis_endpoint: Option<String>,
    kinesis_region: Option<String>,
    kinesis_access_key_id: Option<String>,
    kinesis_secret_access_key: Option<String>,
    log: Option<String>,
}

impl Config {
    /// Decides every setting and checks those that depend on each other.
    ///
    /// # Errors
    /// An unreadable file, and authentication switched off on an address that others can reach.
    pub fn new(flags: Serve) -> Result<Config, Error> {
        let file = match &flags.config {
            Some(path) => read_file(path)?,
            None => File::default(),
        };
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mebibytes = |flag: Option<u64>, file: Option<u64>, default: u64| {
            flag.or(file).unwrap_or(default).saturating_mul(MIB)
        };
        let region = flags
            .region
            .or(file.region)
            .unwrap_or_else(|| "us-east-1".to_owned());
        let kinesis = kinesis(
            flags.kinesis_endpoint.or(file.kinesis_endpoint),
            flags
                .kinesis_region
                .or(file.kinesis_region)
                .unwrap_or_else(|| region.clone()),
            flags.kinesis_access_key_id.or(file.kinesis_access_key_id),
            flags
                .kinesis_secret_access_key
                .or(file.kinesis_secret_access_key),
        )?;
        let config = Config {
            data_dir: flags
                .data_dir
                .or(file.data_dir)
                .unwrap_or_else(|| DEFAULT_DATA_DIR.into()),
            pg_listen: flags
                .pg_listen
                .or(file.pg_listen)
                .unwrap_or_else(|| loopback(5432)),
            dynamodb_listen: flags
                .dynamodb_listen
                .or(file.dynamodb_listen)
                .unwrap_or_else(|| loopback(8000)),
            insecure: flags.insecure.or(file.insecure).unwrap_or(false),
            first: FirstStart {
                user: flags
                    .user
                    .or(file.user)
                    .unwrap_or_else(|| DEFAULT_USER.to_owned()),
                password: flags
                    .password
                    .or(file.password)
                    .filter(|password| !password.is_empty()),
                access_key: (
                    flags
                        .access_key_id
                        .or(file.access_key_id)
                        .filter(|id| !id.is_empty()),
                    flags
                        .secret_access_key
                        .or(file.secret_access_key)
                        .filter(|secret| !secret.is_empty()),
                ),
                init_sql: flags.init_sql.or(file.init_sql),
            },
            write_memory_bytes: mebibytes(flags.write_memory_mib, file.write_memory_mib, 256),
            cache_bytes: mebibytes(flags.cache_mib, file.cache_mib, 512),
            analytic_memory_bytes: mebibytes(
                flags.analytic_memory_mib,
                file.analytic_memory_mib,
                1024,
            ),
            expiry_interval: Duration::from_secs(
                flags.expiry_seconds.or(file.expiry_seconds).unwrap_or(60),
            ),
            asynchronous_indexes: flags
                .asynchronous_indexes
                .or(file.asynchronous_indexes)
                .unwrap_or(false),
            item_collection_bytes: flags
                .item_collection_bytes
                .or(file.item_collection_bytes)
                .unwrap_or(10 << 30),
            validate_transactions: !flags.skip_transaction_validation,
            max_pg_connections: flags
                .max_pg_connections
                .or(file.max_pg_connections)
                .unwrap_or(1000),
            max_dynamodb_connections: flags
                .max_dynamodb_connections
                .or(file.max_dynamodb_connections)
                .unwrap_or(5000),
            cors_origins: match flags.cors_origin.is_empty() {
                true => file.cors_origin,
                false => flags.cors_origin,
            },
            region,
            kinesis,
            log: flags.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
        };
        config.check()
    }

    fn check(self) -> Result<Config, Error> {
        for (flag, address) in [
            ("--pg-listen", self.pg_listen),
            ("--dynamodb-listen", self.dynamodb_listen),
        ] {
            if self.insecure && !address.ip().is_loopback() {
                return Err(Error::InsecureBeyondLoopback { flag, address });
            }
        }
        if self.first.access_key.0.is_some() != self.first.access_key.1.is_some() {
            return Err(Error::HalfAnAccessKey);
        }
        if !self.cors_origins.iter().all(|origin| is_origin(origin)) {
            return Err(Error::Setting {
                name: "cors_origin",
                reason: "must be `*` or a scheme, a host and at most a port, such as https://console.example.com",
            });
        }
        if self.write_memory_bytes == 0 {
            return Err(Error::Setting {
                name: "write_memory_mib",
                reason: "must be at least 1",
            });
        }
        Ok(self)
    }
}

/// The endpoint of Kinesis with the key that signs for it.
fn kinesis(
    endpoint: Option<String>,
    region: String,
    access_key_id: Option<String>,
    secret: Option<String>,
) -> Result<Option<KinesisOptions>, Error> {
    let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.is_empty()) else {
        return Ok(None);
    };
    let (Some(access_key_id), Some(secret)) = (access_key_id, secret) else {
        return Err(Error::Setting {
            name: "kinesis_endpoint",
            reason: "needs kinesis_access_key_id and kinesis_secret_access_key, which sign the requests",
        });
    };
    let options = KinesisOptions::new(&endpoint, region, access_key_id, secret);
    options.map(Some).map_err(|reason| Error::Setting {
        name: "kinesis_endpoint",
        reason,
    })
}

/// Whether a browser could send that as Origin: `scheme://host[:port]` without a path, or `*` for all of them.
fn is_origin(origin: &str) -> bool {
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == "*"
        || host.is_some_and(|host| {
            !host.is_empty() && !host.contains(|c: char| c == '/' || c == '*' || c.is_whitespace())
        })
}

fn read_file(path: &Path) -> Result<File, Error> {
    let unreadable = |source| Error::ConfigUnreadable {
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > CONFIG_BYTES_MAX {
        return Err(unreadable(std::io::Error::other("larger than 1 MiB")));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    toml::from_str(&text).map_err(|source| Error::ConfigInvalid {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shale.toml");
        std::fs::write(&path, "cache_mib = 7\nregion = \"eu-west-1\"\n").unwrap();
        let flags = Serve {
            config: Some(path),
            region: Some("ap-south-1".to_owned()),
            ..Serve::default()
        };
        let config = Config::new(flags).unwrap();
        assert_eq!(config.cache_bytes, 7 << 20);
        assert_eq!(config.region, "ap-south-1");
        assert_eq!(config.max_pg_connections, 1000);
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shale.toml");
        std::fs::write(&path, "cache_mb = 7\n").unwrap();
        let error = Config::new(Serve {
            config: Some(path),
            ..Serve::default()
        })
        .unwrap_err();
        assert!(error.to_string().contains("cache_mb"), "{error}");
    }

    #[test]
    fn insecure_is_refused_beyond_loopback() {
        let flags = Serve {
            insecure: Some(true),
            pg_listen: Some("0.0.0.0:5432".parse().unwrap()),
            ..Serve::default()
        };
        let error = Config::new(flags).unwrap_err();
        assert!(
            matches!(
                error,
                Error::InsecureBeyondLoopback {
                    flag: "--pg-listen",
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn origins_come_from_flags_or_file_and_are_origins() {
        let with = |origins: &[&str]| {
            Config::new(Serve {
                cors_origin: origins.iter().map(|origin| (*origin).to_owned()).collect(),
                ..Serve::default()
            })
        };
        for origins in [
            &[][..],
            &["*"],
            &["https://a.example", "http://localhost:3000"],
        ] {
            assert_eq!(with(origins).unwrap().cors_origins, origins);
        }
        for origin in [
            "",
            "a.example",
            "https://a.example/",
            "https://*.example",
            "https://",
        ] {
            let error = with(&[origin]).unwrap_err();
            assert!(
                error.to_string().contains("cors_origin"),
                "{origin}: {error}"
            );
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shale.toml");
        std::fs::write(&path, "cors_origin = [\"https://b.example\"]\n").unwrap();
        let flags = Serve {
            config: Some(path),
            ..Serve::default()
        };
        let config = Config::new(flags).unwrap();
        assert_eq!(config.cors_origins, ["https://b.example"]);
    }

    #[test]
    fn half_an_access_key_is_refused() {
        let flags = Serve {
            access_key_id: Some("AKIAEXAMPLE".to_owned()),
            ..Serve::default()
        };
        assert!(matches!(
            Config::new(flags).unwrap_err(),
            Error::HalfAnAccessKey
        ));
    }
}
