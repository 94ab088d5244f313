//! What ends a statement from outside: a cancel request, a client that is gone, a server that stops.
//!
//! Not here: what ends a connection between statements (`connection`).

use crate::cancel::CancelHandle;
use crate::report::Report;
use crate::wire::Wire;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio_util::sync::CancellationToken;

/// Why a message was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client is told; a fatal report ends the connection.
    Report(Report),
    /// Nobody is there to be told.
    Gone(io::Error),
}

impl From<Report> for Failure {
    fn from(report: Report) -> Failure {
        Failure::Report(report)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Gone(error)
    }
}

/// What may interrupt a connection's statements.
#[derive(Debug)]
pub(crate) struct Interrupts {
    handle: Arc<CancelHandle>,
    /// Cancel requests before the statement that runs.
    known: u64,
    /// The grace period of a stopping server is over.
    force: CancellationToken,
}

impl Interrupts {
    pub(crate) fn new(handle: Arc<CancelHandle>, force: CancellationToken) -> Interrupts {
        Interrupts {
            handle,
            known: 0,
            force,
        }
    }

    /// A statement begins: earlier requests do not count.
    pub(crate) fn arm(&mut self) {
        self.known = self.handle.requests();
    }

    /// Whether the statement was interrupted; costs next to nothing.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.handle.requests() != self.known {
            return Err(Report::canceled().into());
        }
        if self.force.is_cancelled() {
            return Err(Report::shutting_down().into());
        }
        Ok(())
    }

    async fn interrupted(&self) -> Failure {
        tokio::select! {
            () = self.handle.requested_since(self.known) => Report::canceled().into(),
            () = self.force.cancelled() => Report::shutting_down().into(),
        }
    }

    /// Runs a part of a statement. Dropping `work` is what stops it.
    pub(crate) async fn run<F: Future>(
        &self,
        wire: &mut Wire,
        work: F,
    ) -> Result<F::Output, Failure> {
        let mut work = pin!(work);
        // Most statements are done at once: then nothing is registered anywhere.
        let first = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        if let Poll::Ready(output) = first {
            return Ok(output);
        }
        tokio::select! {
            biased;
            output = work => Ok(output),
            failure = self.interrupted() => Err(failure),
            error = wire.watch() => Err(Failure::Gone(error)),
        }
    }

    /// Sends what waits, as part of a statement.
    pub(crate) async fn flush(&self, wire: &mut Wire) -> Result<(), Failure> {
        tokio::select! {
            biased;
            sent = wire.flush() => Ok(sent?),
            failure = self.interrupted() => Err(failure),
        }
    }

    /// Waits for more of the client, as part of a statement (COPY). `false`: it sends nothing any more.
    pub(crate) async fn read(&self, wire: &mut Wire) -> Result<bool, Failure> {
        self.flush(wire).await?;
        tokio::select! {
            biased;
            read = wire.read() => Ok(read?),
            failure = self.interrupted() => Err(failure),
        }
    }

    /// Sends what waits, between statements: only a stopping server ends the wait.
    pub(crate) async fn flush_idle(&self, wire: &mut Wire) -> Result<(), Failure> {
        tokio::select! {
            biased;
            sent = wire.flush() => Ok(sent?),
            () = self.force.cancelled() => Err(Report::shutting_down().into()),
        }
    }
}
