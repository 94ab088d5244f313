//! The accept loop: bounded connections, protocol detection, draining.
//!
//! Not here: what a request is (`http`), what it does (`service`).
//!
//! Invariants:
//! * A client that sends nothing, or slowly, is cut off after [`DynamoDbOptions::head_timeout`].
//! * After shutdown no connection is accepted, running requests are answered, and the rest is cut off after [`DRAIN_TIMEOUT`].

use crate::cors::CorsOrigins;
use crate::http::respond;
use crate::kinesis::{self, KinesisOptions};
use crate::service::Service;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use shale_auth::CredentialStore;
use shale_engine::Engine;
use shale_sql::SqlService;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// [`DynamoDbOptions::head_timeout`] by default. SDKs keep idle connections for up to 60 seconds: a server that closed them just then
/// would break off requests that are on their way.
const HEAD_TIMEOUT: Duration = Duration::from_secs(90);
/// How long running requests may take after shutdown began.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after a failed accept: most often the process has no file descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// Bytes of a request head, at most.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Requests that one HTTP/2 connection may have open.
const HTTP2_STREAMS_MAX: u32 = 256;
/// How often an idle HTTP/2 connection is asked whether it is alive.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(30);
/// What an HTTP/2 connection begins with (`PRI * HTTP/2.0 …`); no HTTP/1.1 method begins so.
const HTTP2_PREFACE_START: &[u8] = b"PRI";

/// Microseconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How the door is opened.
#[derive(Clone)]
pub struct DynamoDbOptions {
    /// Where the items are.
    pub engine: Engine,
    /// What runs PartiQL.
    pub sql: SqlService,
    /// Access keys. `None`: signatures are not checked, anybody may do anything.
    pub credentials: Option<Arc<dyn CredentialStore>>,
    /// Region of ARNs, and the one that signatures must be scoped to.
    pub region: String,
    /// What time it is, for the age of signatures.
    pub clock: Clock,
    /// Web pages that may talk to the server; by default none.
    pub cors: CorsOrigins,
    /// How long a request head may take; also how long a connection may idle between requests.
    pub head_timeout: Duration,
    /// Where changes of tables with a Kinesis destination are sent; by default nowhere.
    pub kinesis: Option<KinesisOptions>,
    /// Connections served at once; more wait in the listener's backlog.
    pub max_connections: usize,
}

impl DynamoDbOptions {
    /// The defaults: region `us-east-1`, the system's clock, 10,000 connections, 90 seconds for a request head.
    pub fn new(
        engine: Engine,
        sql: SqlService,
        credentials: Option<Arc<dyn CredentialStore>>,
    ) -> DynamoDbOptions {
        DynamoDbOptions {
            engine,
            sql,
            credentials,
            region: "us-east-1".to_owned(),
            clock: Arc::new(system_clock),
            cors: CorsOrigins::default(),
            head_timeout: HEAD_TIMEOUT,
            kinesis: None,
            max_connections: 10_000,
        }
    }
}

impl fmt::Debug for DynamoDbOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbOptions")
            .field("authenticated", &self.credentials.is_some())
            .field("region", &self.region)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

/// The age of a signature is judged by the wall clock; this is an edge, where it may be read.
#[allow(clippy::disallowed_methods)]
fn system_clock() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |age| age.as_micros() as u64)
}

/// Serves the protocol until `shutdown`, then drains.
///
/// # Errors
/// None that end the server: a failed accept is logged and tried again.
pub async fn serve(
    listener: TcpListener,
    options: DynamoDbOptions,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let places = Arc::new(Semaphore::new(
        options.max_connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let head_timeout = options.head_timeout;
    let service = Arc::new(Service::new(options));
    let sending = service.kinesis.as_ref().map(|kinesis| {
        tokio::spawn(kinesis::run(
            service.engine.clone(),
            Arc::clone(kinesis),
            Arc::clone(&service.clock),
            service.region.clone(),
            shutdown.clone(),
        ))
    });
    let mut connections = JoinSet::new();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place.expect("the semaphore is never closed"),
            () = shutdown.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let service = Arc::clone(&service);
                let shutdown = shutdown.clone();
                connections.spawn(async move {
                    serve_connection(stream, service, head_timeout, shutdown).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    if let Some(sending) = sending {
        // Its end is near: it has been told to stop.
        let _ = sending.await;
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_TIMEOUT, drained).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "connections did not finish in time; closing them"
        );
        connections.shutdown().await;
    }
    Ok(())
}

async fn serve_connection(
    stream: TcpStream,
    service: Arc<Service>,
    head_timeout: Duration,
    shutdown: CancellationToken,
) {
    // Answers are written whole; waiting to fill a segment would only delay them.
    let _ = stream.set_nodelay(true);
    let http2 = tokio::select! {
        detected = tokio::time::timeout(head_timeout, begins_http2(&stream)) => match detected {
            Ok(Ok(http2)) => http2,
            Ok(Err(_)) | Err(_) => return,
        },
        () = shutdown.cancelled() => return,
    };
    let io = TokioIo::new(stream);
    let handler = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, std::convert::Infallible>(respond(&service, request).await) }
    });
    // A connection that breaks off is the client's business: there is nobody left to tell.
    if http2 {
        let mut connection = pin!(
            http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(HTTP2_STREAMS_MAX)
                .max_header_list_size(HEAD_BYTES_MAX as u32)
                .keep_alive_interval(HTTP2_PING_INTERVAL)
                .serve_connection(io, handler)
        );
        tokio::select! {
            _ = connection.as_mut() => return,
            () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    } else {
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(head_timeout)
                .max_header_size(HEAD_BYTES_MAX)
                .serve_connection(io, handler)
        );
        tokio::select! {
            _ = connection.as_mut() => return,
            () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

/// Looks at the first bytes without taking them. Two bytes tell, since no method of HTTP/1.1 begins with `PR` but WebDAV's PROPFIND.
async fn begins_http2(stream: &TcpStream) -> std::io::Result<bool> {
    const PEEK_RETRY: Duration = Duration::from_millis(5);
    let mut start = [0; HTTP2_PREFACE_START.len()];
    loop {
        let length = stream.peek(&mut start).await?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if start[..length] != HTTP2_PREFACE_START[..length] {
            return Ok(false);
        }
        if length == HTTP2_PREFACE_START.len() {
            return Ok(true);
        }
        // `peek` returns at once while the rest is missing.
        tokio::time::sleep(PEEK_RETRY).await;
    }
}
