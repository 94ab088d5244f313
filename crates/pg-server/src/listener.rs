//! Accepts connections, bounds their number, and brings them to an end.
//!
//! Not here: what happens on a connection (`startup`, `connection`).
//!
//! Each connection is one task. Sockets that have not passed startup are bounded apart from sessions, so that cancel requests get in when
//! all sessions are taken.

use crate::PgOptions;
use crate::cancel::CancelRegistry;
use crate::connection::{CLOSING_TIME_MAX, finish};
use crate::report::Report;
use crate::startup::{self, Started, too_many};
use crate::wire::Wire;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Sockets beyond `max_connections`: in startup, cancelling, or being told that there are too many.
const STARTING_MAX: usize = 128;
/// Wait after an error of accept, which is most often a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// An idle connection is probed after this time …
const KEEPALIVE_TIME: Duration = Duration::from_secs(60);
/// … this often …
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// … and lost after so many probes: a client that vanished holds its place for two minutes.
const KEEPALIVE_RETRIES: u32 = 6;

/// What all connections share.
pub(crate) struct Server {
    pub(crate) options: PgOptions,
    pub(crate) cancels: Arc<CancelRegistry>,
    /// One permit per session.
    pub(crate) places: Arc<Semaphore>,
    /// Connections end when their answer is complete.
    pub(crate) shutdown: CancellationToken,
    /// They end now.
    pub(crate) force: CancellationToken,
}

/// Serves PostgreSQL clients until `shutdown` is cancelled.
///
/// Then no connection is accepted any more, idle ones are closed with 57P01, running statements have
/// [`PgOptions::shutdown_grace`] to finish.
///
/// # Errors
/// None now; what goes wrong on one connection ends that connection.
pub async fn serve(
    listener: TcpListener,
    options: PgOptions,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let grace = options.shutdown_grace;
    let sockets_max = options.max_connections.saturating_add(STARTING_MAX);
    let server = Arc::new(Server {
        places: Arc::new(Semaphore::new(
            options.max_connections.min(Semaphore::MAX_PERMITS),
        )),
        cancels: Arc::new(CancelRegistry::default()),
        shutdown: shutdown.clone(),
        force: CancellationToken::new(),
        options,
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(ended) = connections.join_next() => report_panic(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() >= sockets_max => {
                    refuse(stream);
                }
                Ok((stream, address)) => {
                    tracing::debug!(%address, "connection");
                    let server = server.clone();
                    connections.spawn(async move { connect(&server, stream).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);

    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report_panic(ended);
        }
    };
    if tokio::time::timeout(grace, all_ended).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "statements still run after the grace period and are stopped"
        );
        server.force.cancel();
        let rest = async { while connections.join_next().await.is_some() {} };
        // A statement that computes without ever waiting cannot be stopped from here; it dies with its runtime.
        let _ = tokio::time::timeout(2 * CLOSING_TIME_MAX, rest).await;
        connections.abort_all();
    }
    Ok(())
}

fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection ended in a panic");
    }
}

/// Too many sockets even to listen to: says so if that needs no waiting.
fn refuse(stream: TcpStream) {
    let mut output = crate::output::Output::new();
    output.error(&too_many());
    let _ = stream.try_write(output.unsent());
}

/// One connection from its first byte to its last.
async fn connect(server: &Server, stream: TcpStream) {
    if let Err(error) = tune(&stream) {
        tracing::debug!(%error, "connection lost");
        return;
    }
    let mut wire = Wire::new(stream, server.options.message_bytes_max);
    let started = tokio::select! {
        biased;
        started = tokio::time::timeout(
            server.options.startup_timeout,
            startup::start(server, &mut wire),
        ) => started.unwrap_or_else(|_| Err(timed_out().into())),
        () = server.shutdown.cancelled() => Err(stopping().into()),
    };
    match started {
        Ok(Started::Session(opened)) => {
            let (connection, _permit) = opened.connection(wire, server);
            connection.run().await;
        }
        Ok(Started::Nothing) => finish(wire, Ok(())).await,
        Err(failure) => finish(wire, Err(failure)).await,
    }
}

fn timed_out() -> Report {
    Report::fatal("57014", "canceling authentication due to timeout")
}

fn stopping() -> Report {
    Report::fatal("57P03", "the database system is shutting down")
}

/// Small answers leave at once; a peer that vanished without a word is noticed.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(KEEPALIVE_TIME)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_RETRIES);
    socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
