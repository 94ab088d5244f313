//! `shale serve`: opens the database, both doors and the admin socket, and closes them in order.
//!
//! 1. settings, log, directory; 2. engine (recovers); 3. credentials, and on the first start the first user, key and script;
//! 4. listeners; 5. one line on stdout; 6. until SIGTERM or SIGINT; 7. drain, flush, exit 0.

use crate::cli::Serve;
use crate::config::{Config, FirstStart};
use crate::credentials::{Credentials, NewAccessKey};
use crate::error::Error;
use crate::{admin, init_sql};
use shale_analytics::{AnalyticOptions, DataFusionExecutor};
use shale_auth::CredentialStore;
use shale_dynamodb_server::{CorsOrigins, DynamoDbOptions};
use shale_engine::{Engine, EngineOptions};
use shale_pg_server::PgOptions;
use shale_sql::SqlService;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long connections may take to finish after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);
/// Set when the first start is complete: user, access key and script are there.
const INITIALISED: &str = "initialised";

/// Runs the server until it is told to stop.
///
/// # Errors
/// Anything that keeps it from starting, or from closing in order.
pub async fn run(flags: Serve) -> Result<(), Error> {
    let config = Config::new(flags)?;
    init_logging(&config.log)?;
    create_directory(&config.data_dir)?;
    // Both addresses first: a taken port should not cost a recovery.
    let pg_listener = bind("--pg-listen", config.pg_listen).await?;
    let dynamodb_listener = bind("--dynamodb-listen", config.dynamodb_listen).await?;
    let engine = open_engine(&config).await?;
    let outcome = serve(&config, &engine, pg_listener, dynamodb_listener).await;
    let database = |source| Error::Database {
        path: config.data_dir.clone(),
        source: Box::new(source),
    };
    engine.close().await.map_err(database)?;
    outcome
}

/// Whether the directory holds a database.
pub fn is_database(directory: &Path) -> bool {
    directory.join(INITIALISED).exists()
}

async fn serve(
    config: &Config,
    engine: &Engine,
    pg_listener: TcpListener,
    dynamodb_listener: TcpListener,
) -> Result<(), Error> {
    let credentials = Arc::new(Credentials::open(engine, &config.data_dir).await?);
    let analytic = DataFusionExecutor::new(AnalyticOptions {
        memory_bytes: usize::try_from(config.analytic_memory_bytes).unwrap_or(usize::MAX),
        spill_directory: Some(config.data_dir.join("spill")),
        ..AnalyticOptions::default()
    });
    let sql = SqlService::new(engine.clone(), Arc::new(analytic));
    first_start(config, &credentials, &sql).await?;
    sql.set_users(credentials.users());

    let stop = CancellationToken::new();
    let doors = Doors {
        pg: addressed("--pg-listen", config.pg_listen, &pg_listener)?,
        dynamodb: addressed(
            "--dynamodb-listen",
            config.dynamodb_listen,
            &dynamodb_listener,
        )?,
    };
    let store = || (!config.insecure).then(|| Arc::clone(&credentials) as Arc<dyn CredentialStore>);
    let admin_listener = admin::listen(&config.data_dir)?;
    let admin_users = sql.clone();
    let admin = tokio::spawn(admin::serve(
        admin_listener,
        Arc::clone(&credentials),
        Arc::new(move |users| admin_users.set_users(users)),
    ));
    let pg = tokio::spawn(shale_pg_server::serve(
        pg_listener,
        PgOptions {
            max_connections: config.max_pg_connections,
            ..PgOptions::new(sql.clone(), store())
        },
        stop.clone(),
    ));
    let dynamodb = tokio::spawn(shale_dynamodb_server::serve(
        dynamodb_listener,
        DynamoDbOptions {
            region: config.region.clone(),
            kinesis: config.kinesis.clone(),
            max_connections: config.max_dynamodb_connections,
            cors: CorsOrigins::new(config.cors_origins.iter().cloned()),
            ..DynamoDbOptions::new(engine.clone(), sql, store())
        },
        stop.clone(),
    ));
    // Before the announcement: who has read it may send SIGTERM at once.
    let mut signals = StopSignals::new()?;
    doors.announce(config, &user_to_name(config, &credentials.users()))?;
    signals.received().await;
    tracing::info!("draining");
    stop.cancel();
    for (door, task) in [("PostgreSQL", pg), ("DynamoDB", dynamodb)] {
        match tokio::time::timeout(DRAIN, task).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, door, "the listener failed"),
            Ok(Err(error)) => tracing::error!(%error, door, "the listener's task failed"),
            Err(_) => tracing::warn!(door, "connections did not finish in time; closing them"),
        }
    }
    admin.abort();
    let _ = std::fs::remove_file(config.data_dir.join("admin.sock"));
    tracing::info!("stopped");
    Ok(())
}

/// Whom the printed URL connects, percent-encoded: without a name, clients take that of the operating system's user.
fn user_to_name(config: &Config, users: &[String]) -> String {
    let first = &config.first.user;
    let name = match users.first() {
        Some(user) if !users.contains(first) => user,
        _ => first,
    };
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

struct Doors {
    pg: SocketAddr,
    dynamodb: SocketAddr,
}

impl Doors {
    /// The one line on stdout.
    fn announce(&self, config: &Config, user: &str) -> Result<(), Error> {
        let mut stdout = std::io::stdout().lock();
        writeln!(
            stdout,
            "shale {} ready: postgresql://{user}@{}/shale http://{} (data in {}{})",
            env!("CARGO_PKG_VERSION"),
            self.pg,
            self.dynamodb,
            config.data_dir.display(),
            if config.insecure {
                ", no authentication"
            } else {
                ""
            }
        )
        .and_then(|()| stdout.flush())
        .map_err(Error::io("stdout"))
    }
}

fn init_logging(filter: &str) -> Result<(), Error> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).map_err(|_| Error::Setting {
        name: "log",
        reason: "is not a filter such as `info,shale_storage=debug`",
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
    Ok(())
}

/// Nobody else may read the directory: it holds the key file and everybody's data.
fn create_directory(directory: &Path) -> Result<(), Error> {
    let created = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    // `create` says of a file in its place that it exists already.
    let created = created.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => ErrorKind::NotADirectory.into(),
        _ => error,
    });
    created.map_err(Error::io(format!(
        "cannot create the data directory {}",
        directory.display()
    )))
}

async fn bind(flag: &'static str, address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen {
            flag,
            address,
            source,
        })
}

fn addressed(
    flag: &'static str,
    address: SocketAddr,
    listener: &TcpListener,
) -> Result<SocketAddr, Error> {
    listener.local_addr().map_err(|source| Error::Listen {
        flag,
        address,
        source,
    })
}

async fn open_engine(config: &Config) -> Result<Engine, Error> {
    if !config.validate_transactions {
        tracing::warn!("transactions are not validated: this server is for tests only");
    }
    let options = EngineOptions {
        write_buffer_bytes: config.write_memory_bytes,
        cache_bytes: config.cache_bytes,
        expiry_interval: config.expiry_interval,
        asynchronous_indexes: config.asynchronous_indexes,
        item_collection_bytes: config.item_collection_bytes,
        validate_transactions: config.validate_transactions,
        ..EngineOptions::new(&config.data_dir)
    };
    Engine::open_directory(options).map_err(|source| Error::Database {
        path: config.data_dir.clone(),
        source: Box::new(source),
    })
}

/// Makes what a new database begins with. Cut off half-way it is carried out again at the next start.
async fn first_start(
    config: &Config,
    credentials: &Credentials,
    sql: &SqlService,
) -> Result<(), Error> {
    if is_database(&config.data_dir) {
        return Ok(());
    }
    let FirstStart {
        user,
        password,
        access_key,
        init_sql,
    } = &config.first;
    let given = password.clone();
    let password = given
        .clone()
        .unwrap_or_else(|| crate::seal::random_text(24));
    if credentials.users().contains(user) {
        credentials.set_password(user, &password).await?;
        for key in credentials.access_keys() {
            credentials.drop_access_key(&key.id).await?;
        }
    } else {
        credentials.add_user(user, &password).await?;
    }
    let (id, secret) = access_key.clone();
    let wanted = NewAccessKey {
        id,
        secret,
        ..NewAccessKey::default()
    };
    let key = credentials.create_access_key(user, wanted).await?;
    if let Some(script) = init_sql {
        sql.set_users(credentials.users());
        init_sql::run(script, sql, user).await?;
    }
    let marker = config.data_dir.join(INITIALISED);
    std::fs::File::create(&marker)
        .and_then(|file| file.sync_all())
        .map_err(Error::io(format!("cannot write {}", marker.display())))?;
    if !config.insecure && given.is_none() {
        eprintln!("Generated for user {user}, shown this once: password {password}");
    }
    if !config.insecure && access_key.0.is_none() {
        eprintln!(
            "Generated for user {user}, shown this once: access key {} with secret {}",
            key.id, key.secret
        );
    }
    Ok(())
}

/// SIGTERM and SIGINT; until this is made, they end the process as a crash does.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> Result<StopSignals, Error> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate()).map_err(Error::io("SIGTERM"))?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::io("SIGINT"))?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
