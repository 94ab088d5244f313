//! A server on a port of its own, and a small HTTP/1.1 client that keeps one connection.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use shale_auth::{Access, AccessKey, CredentialStore, ScramVerifier, SessionToken};
use shale_dynamodb_server::{DynamoDbOptions, serve};
use shale_engine::Engine;
use shale_sql::{AnalyticContext, AnalyticExecutor, AnalyticPlan, SqlError, SqlService, SqlType};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// 2026-11-23T12:00:00Z, what the server's clock shows.
pub const NOW: u64 = 1_795_435_200;
pub const ACCESS_KEY: &str = "AKIDEXAMPLE";
/// Requests that it signs may only read.
pub const READING_KEY: &str = "AKIDREADER";
/// Good for another second, with [`SESSION_TOKEN`].
pub const TEMPORARY_KEY: &str = "ASIDTEMPORARY";
/// As the other one, just over.
pub const ENDED_KEY: &str = "ASIDENDED";
pub const SESSION_TOKEN: &str = "a/session+token=";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Refuses what needs DataFusion: these tests are about key lookups and range scans.
struct NoAnalytics;

impl AnalyticExecutor for NoAnalytics {
    fn plan<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        _query: &'a sqlparser::ast::Statement,
        _parameter_types: &'a [SqlType],
    ) -> BoxFuture<'a, Result<Arc<dyn AnalyticPlan>, SqlError>> {
        Box::pin(async {
            Err(SqlError::NotSupported {
                feature: "analytics".to_owned(),
                hint: None,
            })
        })
    }
}

/// Keys of anna, all with the same secret.
struct Keys;

impl CredentialStore for Keys {
    fn scram_verifier(&self, _user: &str) -> Option<ScramVerifier> {
        None
    }
    fn access_key(&self, id: &str) -> Option<AccessKey> {
        let session = |expires| {
            Some(SessionToken {
                token: SESSION_TOKEN.to_owned(),
                expires,
            })
        };
        let (access, session) = match id {
            ACCESS_KEY => (Access::Full, None),
            READING_KEY => (Access::ReadOnly, None),
            TEMPORARY_KEY => (Access::Full, session(NOW + 1)),
            ENDED_KEY => (Access::Full, session(NOW)),
            _ => return None,
        };
        Some(AccessKey {
            id: id.to_owned(),
            secret: SECRET.to_owned(),
            user: "anna".to_owned(),
            access,
            session,
        })
    }
}

/// A running server; its data goes with it.
pub struct Server {
    pub address: SocketAddr,
    _engine: Engine,
    shutdown: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
    _directory: TempDir,
}

impl Server {
    /// Without authentication.
    pub async fn start() -> Server {
        Server::start_with(None, 1_000).await
    }

    /// Knows [`ACCESS_KEY`], the other keys above, and nobody else.
    pub async fn start_authenticated() -> Server {
        Server::start_with(Some(Arc::new(Keys)), 1_000).await
    }

    pub async fn start_with(
        credentials: Option<Arc<dyn CredentialStore>>,
        max_connections: usize,
    ) -> Server {
        Server::over(crate::support::engine(), credentials, max_connections).await
    }

    /// Over that engine.
    pub async fn over(
        engine: Engine,
        credentials: Option<Arc<dyn CredentialStore>>,
        max_connections: usize,
    ) -> Server {
        let options = |options| DynamoDbOptions {
            max_connections,
            ..options
        };
        Server::opened(engine, credentials, options).await
    }

    /// Over that engine, with options of its own.
    pub async fn opened(
        engine: Engine,
        credentials: Option<Arc<dyn CredentialStore>>,
        options: impl FnOnce(DynamoDbOptions) -> DynamoDbOptions,
    ) -> Server {
        let directory = tempfile::tempdir().expect("a directory");
        let sql = SqlService::new(engine.clone(), Arc::new(NoAnalytics));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let options = options(DynamoDbOptions {
            clock: Arc::new(|| NOW * 1_000_000),
            ..DynamoDbOptions::new(engine.clone(), sql, credentials)
        });
        let task = tokio::spawn(serve(listener, options, shutdown.clone()));
        Server {
            address,
            _engine: engine,
            shutdown,
            task,
            _directory: directory,
        }
    }

    /// A server with table `music` (artist S, song S) and nothing in it, and a client.
    pub async fn with_music() -> (Server, Client) {
        let server = Server::start().await;
        let mut client = server.client().await;
        client
            .ok(
                "CreateTable",
                json!({
                    "TableName": "music",
                    "AttributeDefinitions": [
                        {"AttributeName": "artist", "AttributeType": "S"},
                        {"AttributeName": "song", "AttributeType": "S"}],
                    "KeySchema": [
                        {"AttributeName": "artist", "KeyType": "HASH"},
                        {"AttributeName": "song", "KeyType": "RANGE"}],
                    "BillingMode": "PAY_PER_REQUEST"}),
            )
            .await;
        (server, client)
    }

    pub async fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        // Head and body are written apart; the body must not wait for the head's acknowledgement.
        stream.set_nodelay(true).expect("a socket option");
        Client {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Begins to drain; the returned task ends when the server has.
    pub fn stop(self) -> JoinHandle<std::io::Result<()>> {
        self.shutdown.cancel();
        self.task
    }
}

/// One connection.
pub struct Client {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; checks what every JSON answer must have.
    pub fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/x-amz-json-1.0");
        assert_eq!(
            self.headers["x-amz-crc32"],
            crc32fast::hash(&self.body).to_string()
        );
        let id = &self.headers["x-amzn-requestid"];
        assert_eq!(id.len(), 52);
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// `status type: message` of an exception.
    pub fn exception(&self) -> String {
        let body = self.json();
        let name = body["__type"].as_str().expect("an exception");
        let short = name.rsplit('#').next().unwrap_or(name);
        // The API model writes the member in two ways.
        let message = body["message"].as_str().or(body["Message"].as_str());
        let message = message.expect("a message");
        format!("{} {short}: {message}", self.status)
    }
}

impl Client {
    /// Calls an operation.
    pub async fn call(&mut self, operation: &str, body: impl AsRef<[u8]>) -> Answer {
        let target = format!("X-Amz-Target: DynamoDB_20120810.{operation}\r\n");
        self.post(&target, body.as_ref()).await
    }

    /// Calls an operation of DynamoDB Streams.
    pub async fn stream_call(&mut self, operation: &str, body: Value) -> Answer {
        let target = format!("X-Amz-Target: DynamoDBStreams_20120810.{operation}\r\n");
        self.post(&target, body.to_string().as_bytes()).await
    }

    /// Calls an operation of DynamoDB Streams that must succeed.
    pub async fn stream_ok(&mut self, operation: &str, body: Value) -> Value {
        let answer = self.stream_call(operation, body).await;
        let json = answer.json();
        assert_eq!(answer.status, 200, "{operation}: {json}");
        json
    }

    /// Calls an operation of DynamoDB Streams that must fail.
    pub async fn stream_err(&mut self, operation: &str, body: Value) -> String {
        self.stream_call(operation, body).await.exception()
    }

    /// Calls an operation that must succeed.
    pub async fn ok(&mut self, operation: &str, body: Value) -> Value {
        let answer = self.call(operation, body.to_string()).await;
        let json = answer.json();
        assert_eq!(answer.status, 200, "{operation}: {json}");
        json
    }

    /// Calls an operation that must fail.
    pub async fn err(&mut self, operation: &str, body: Value) -> String {
        self.call(operation, body.to_string()).await.exception()
    }

    /// POSTs a body; `headers` end with a line break each.
    pub async fn post(&mut self, headers: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        self.send(head.as_bytes()).await;
        self.send(body).await;
        self.answer().await
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Reads one answer.
    pub async fn answer(&mut self) -> Answer {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8(self.buffer[..end].to_vec()).expect("ASCII");
                let mut lines = head.split("\r\n");
                let status = lines.next().expect("a status line");
                let status = status
                    .split(' ')
                    .nth(1)
                    .expect("a code")
                    .parse()
                    .expect("a number");
                let headers: BTreeMap<String, String> = lines
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                    .collect();
                let length: usize = headers
                    .get("content-length")
                    .map_or(0, |length| length.parse().expect("a length"));
                self.buffer.drain(..end + 4);
                while self.buffer.len() < length {
                    assert!(self.read().await > 0, "the connection ended in a body");
                }
                let body = self.buffer.drain(..length).collect();
                return Answer {
                    status,
                    headers,
                    body,
                };
            }
            assert!(self.read().await > 0, "the connection ended");
        }
    }

    /// Reads some bytes; 0 at the end.
    pub async fn read(&mut self) -> usize {
        self.stream.read_buf(&mut self.buffer).await.expect("read")
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// `{"artist": …, "song": …}`
pub fn music_key(artist: &str, song: &str) -> Value {
    json!({"artist": {"S": artist}, "song": {"S": song}})
}
