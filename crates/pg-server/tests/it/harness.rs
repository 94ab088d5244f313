//! A server on a port of its own over a database in memory.

use crate::executor::{ScriptedExecutor, Watch};
use crate::instant_log::InstantLog;
use crate::raw::RawClient;
use shale_auth::{AccessKey, CredentialStore, ScramVerifier};
use shale_engine::{Engine, EngineOptions};
use shale_pg_server::PgOptions;
use shale_sql::SqlService;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Nothing here takes that long; a test that waits for what never comes fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits, but not for ever.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("this should have happened long ago")
}

/// A server.
pub struct TestServer {
    pub address: SocketAddr,
    pub watch: Arc<Watch>,
    pub shutdown: CancellationToken,
    pub task: JoinHandle<std::io::Result<()>>,
}

/// One user: `alice`, password `secret`.
pub struct OneUser;

impl CredentialStore for OneUser {
    fn scram_verifier(&self, user: &str) -> Option<ScramVerifier> {
        (user == "alice").then(|| ScramVerifier::new("secret", vec![1; 16], 4096))
    }

    fn access_key(&self, _id: &str) -> Option<AccessKey> {
        None
    }
}

impl TestServer {
    pub async fn start() -> TestServer {
        TestServer::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut PgOptions)) -> TestServer {
        let engine = Engine::open(
            EngineOptions::new("unused"),
            Arc::new(InstantLog::default()),
            Box::new(shale_storage::MemoryStore::default()),
            Arc::new(shale_env::ManualClock::new(1_700_000_000_000_000)),
            Arc::new(shale_env::SeededRand::new(7)),
        )
        .unwrap();
        let executor = Arc::new(ScriptedExecutor::default());
        let watch = executor.watch.clone();
        let sql = SqlService::new(engine, executor);
        let mut options = PgOptions::new(sql, None);
        change(&mut options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(shale_pg_server::serve(listener, options, shutdown.clone()));
        TestServer {
            address,
            watch,
            shutdown,
            task,
        }
    }

    /// A raw connection behind startup.
    pub async fn raw(&self) -> RawClient {
        let mut client = RawClient::connect(self.address).await;
        client
            .startup(&[("user", "alice"), ("database", "shale")])
            .await;
        client.until_ready().await;
        client
    }

    /// A driver's connection.
    pub async fn driver(&self) -> tokio_postgres::Client {
        let config = format!(
            "host=127.0.0.1 port={} user=alice dbname=shale",
            self.address.port()
        );
        let (client, connection) = tokio_postgres::connect(&config, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }
}
