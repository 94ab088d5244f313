//! The command line: every flag is also a `SHALE_…` variable and a key of the configuration file.
//!
//! Not here: defaults and precedence (`config`), what the commands do.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A database with DynamoDB's data model and PostgreSQL's front door.
#[derive(Debug, Parser)]
#[command(name = "shale", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server
    Serve(Box<Serve>),
    /// Manage the users that may connect through PostgreSQL's protocol
    #[command(subcommand)]
    User(UserCommand),
    /// Manage the access keys that sign DynamoDB requests
    #[command(subcommand, name = "access-key")]
    AccessKey(AccessKeyCommand),
}

/// `shale serve`.
#[derive(Clone, Debug, Default, Args)]
pub struct Serve {
    /// TOML file with any of these settings (flags and variables win over it)
    #[arg(long, env = "SHALE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory that holds the database [default: ./shale-data]
    #[arg(long, env = "SHALE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address of the PostgreSQL protocol [default: 127.0.0.1:5432]
    #[arg(long, env = "SHALE_PG_LISTEN", value_name = "ADDRESS")]
    pub pg_listen: Option<SocketAddr>,
    /// Address of the DynamoDB protocol [default: 127.0.0.1:8000]
    #[arg(long, env = "SHALE_DYNAMODB_LISTEN", value_name = "ADDRESS")]
    pub dynamodb_listen: Option<SocketAddr>,
    /// No authentication on either door; only on loopback addresses
    #[arg(
        long,
        env = "SHALE_INSECURE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub insecure: Option<bool>,
    /// First start: name of the first user [default: shale]
    #[arg(long, env = "SHALE_USER", value_name = "NAME")]
    pub user: Option<String>,
    /// First start: password of the first user [default: generated and printed]
    #[arg(
        long,
        env = "SHALE_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub password: Option<String>,
    /// First start: the first user's access key [default: generated and printed]
    #[arg(long, env = "SHALE_ACCESS_KEY_ID", value_name = "ID")]
    pub access_key_id: Option<String>,
    /// First start: secret of that access key [default: generated and printed]
    #[arg(
        long,
        env = "SHALE_SECRET_ACCESS_KEY",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub secret_access_key: Option<String>,
    /// First start: a SQL script to run on the new database, as `psql -f` would
    #[arg(long, env = "SHALE_INIT_SQL", value_name = "FILE")]
    pub init_sql: Option<PathBuf>,
    /// Memory for writes not yet flushed, MiB [default: 256]
    #[arg(long, env = "SHALE_WRITE_MEMORY_MIB", value_name = "MIB")]
    pub write_memory_mib: Option<u64>,
    /// Memory for cached blocks, MiB [default: 512]
    #[arg(long, env = "SHALE_CACHE_MIB", value_name = "MIB")]
    pub cache_mib: Option<u64>,
    /// Memory for joins, sorts and aggregates over all statements, MiB; beyond it they spill to disk [default: 1024]
    #[arg(long, env = "SHALE_ANALYTIC_MEMORY_MIB", value_name = "MIB")]
    pub analytic_memory_mib: Option<u64>,
    /// How often expired items (time to live) are looked for, seconds [default: 60]
    #[arg(long, env = "SHALE_EXPIRY_SECONDS", value_name = "SECONDS")]
    pub expiry_seconds: Option<u64>,
    /// Write global indexes behind their items instead of with them, as between machines
    #[arg(long, env = "SHALE_ASYNCHRONOUS_INDEXES", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub asynchronous_indexes: Option<bool>,
    /// Size of everything under one partition key of a table with local indexes, with its entries in them, at most, bytes;
    /// writes that would make it larger are refused [default: 10737418240, which is 10 GiB as in DynamoDB]
    #[arg(long, env = "SHALE_ITEM_COLLECTION_BYTES", value_name = "BYTES")]
    pub item_collection_bytes: Option<u64>,
    /// Do not validate transactions: only for tests that must see what breaks without
    #[arg(long, hide = true)]
    pub skip_transaction_validation: bool,
    /// PostgreSQL connections at most [default: 1000]
    #[arg(long, env = "SHALE_MAX_PG_CONNECTIONS", value_name = "N")]
    pub max_pg_connections: Option<usize>,
    /// DynamoDB connections at most [default: 5000]
    #[arg(long, env = "SHALE_MAX_DYNAMODB_CONNECTIONS", value_name = "N")]
    pub max_dynamodb_connections: Option<usize>,
    /// Web page whose JavaScript may talk to the DynamoDB door, such as `https://console.example.com` (repeatable), or `*` for every
    /// page; with --insecure such a page may do anything [default: none]
    #[arg(
        long,
        env = "SHALE_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub cors_origin: Vec<String>,
    /// Region that ARNs name [default: us-east-1]
    #[arg(long, env = "SHALE_REGION", value_name = "REGION")]
    pub region: Option<String>,
    /// Kinesis endpoint that changes of tables with a Kinesis streaming destination are sent to, `http://HOST:PORT`, without TLS
    /// [default: none]
    #[arg(long, env = "SHALE_KINESIS_ENDPOINT", value_name = "URL")]
    pub kinesis_endpoint: Option<String>,
    /// Region that requests to Kinesis are signed for [default: the region that ARNs name]
    #[arg(long, env = "SHALE_KINESIS_REGION", value_name = "REGION")]
    pub kinesis_region: Option<String>,
    /// Access key that signs requests to Kinesis
    #[arg(long, env = "SHALE_KINESIS_ACCESS_KEY_ID", value_name = "ID")]
    pub kinesis_access_key_id: Option<String>,
    /// Secret of that access key
    #[arg(
        long,
        env = "SHALE_KINESIS_SECRET_ACCESS_KEY",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub kinesis_secret_access_key: Option<String>,
    /// What to log on stderr: error, warn, info, debug, or a filter such as `info,shale_storage=debug` [default: info]
    #[arg(long, env = "SHALE_LOG", value_name = "FILTER")]
    pub log: Option<String>,
}

/// Where the database is, for the commands that administer it.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// Directory that holds the database
    #[arg(long, env = "SHALE_DATA_DIR", value_name = "DIR", default_value = crate::config::DEFAULT_DATA_DIR)]
    pub data_dir: PathBuf,
}

/// How a new password reaches the command.
#[derive(Clone, Debug, Args)]
pub struct NewPassword {
    /// The password (visible to other users of the machine in the process list; prefer the variable or the prompt)
    #[arg(
        long,
        env = "SHALE_PASSWORD",
        hide_env_values = true,
        conflicts_with = "generate"
    )]
    pub password: Option<String>,
    /// Generate a password and print it
    #[arg(long)]
    pub generate: bool,
}

/// `shale user …`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; the password comes from --password, SHALE_PASSWORD, --generate, or is asked for (read from stdin without a terminal)
    Add {
        /// User name
        name: String,
        #[command(flatten)]
        password: NewPassword,
        #[command(flatten)]
        target: Target,
    },
    /// Change a user's password
    Passwd {
        /// User name
        name: String,
        #[command(flatten)]
        password: NewPassword,
        #[command(flatten)]
        target: Target,
    },
    /// List users
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Drop a user and its access keys
    Drop {
        /// User name
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

/// `shale access-key …`.
#[derive(Debug, Subcommand)]
pub enum AccessKeyCommand {
    /// Create an access key and print it with its secret
    Create {
        /// The user it belongs to
        #[arg(long, default_value = crate::config::DEFAULT_USER)]
        user: String,
        /// Requests signed with it may read and not write
        #[arg(long)]
        read_only: bool,
        /// Temporary credentials: good so many seconds, and only with the session token that is printed
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=crate::credentials::DURATION_SECONDS_MAX))]
        duration_seconds: Option<u64>,
        #[command(flatten)]
        target: Target,
    },
    /// List access keys (without secrets)
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Drop an access key
    Drop {
        /// Its id
        id: String,
        #[command(flatten)]
        target: Target,
    },
}
