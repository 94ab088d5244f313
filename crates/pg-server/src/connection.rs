//! One client's connection after startup: takes its messages one by one and answers them.
//!
//! Not here: startup and passwords (`startup`), the extended protocol (`extended`), the simple one (`simple`), COPY (`copy_in`).
//!
//! Flow of a message: frame (`wire`) → message (`message`) → handler → session → output. What waits to be sent is sent when the next
//! message is not here yet, so that a pipeline of statements costs one write; and earlier, when a statement has to wait while the client
//! waits for an answer (`Wire::watch`), or when there is too much of it (`rows`).
//!
//! Invariants:
//! * After an error of the extended protocol every message is thrown away until Sync.
//! * Exactly one ReadyForQuery answers each Sync, each Query and each FunctionCall.
//! * No task, no thread and no lock is between the socket and the session.

use crate::cancel::{CancelHandle, Registration};
use crate::interrupt::{Failure, Interrupts};
use crate::message::{Message, Target};
use crate::portals::Portals;
use crate::report::{Report, SHUTTING_DOWN, Severity};
use crate::sqlstate;
use crate::wire::{Frame, Wire};
use bytes::Bytes;
use shale_sql::{BackendControl, Prepared, Session, SqlError, TransactionStatus};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a client may take to read why its connection ends.
pub(crate) const CLOSING_TIME_MAX: Duration = Duration::from_secs(2);

/// A connection.
pub(crate) struct Connection {
    pub(crate) wire: Wire,
    pub(crate) session: Session,
    pub(crate) interrupts: Interrupts,
    pub(crate) portals: Portals,
    pub(crate) unnamed_statement: Option<Arc<Prepared>>,
    /// The server stops: the connection ends when its answer is complete.
    shutdown: CancellationToken,
    /// The grace period is over: it ends now.
    force: CancellationToken,
    /// An error of the extended protocol waits for its Sync.
    skipping: bool,
    /// Nothing of an answer is open: the last message was answered with ReadyForQuery.
    at_rest: bool,
    /// Ends the right to cancel with the connection.
    _registration: Registration,
}

/// How other sessions stop this one.
struct Control {
    handle: Arc<CancelHandle>,
    /// The connection's own.
    force: CancellationToken,
}

impl BackendControl for Control {
    fn cancel(&self) {
        self.handle.request();
    }

    fn terminate(&self) {
        self.force.cancel();
    }
}

/// What a message leads to.
enum Next {
    /// The next message.
    Go,
    /// The client says goodbye.
    Close,
}

impl Connection {
    pub(crate) fn new(
        wire: Wire,
        session: Session,
        registration: Registration,
        shutdown: CancellationToken,
        force: CancellationToken,
    ) -> Connection {
        let mut session = session;
        let control = Control {
            handle: registration.handle.clone(),
            force: force.clone(),
        };
        session.attach(registration.id, wire.peer(), Box::new(control));
        Connection {
            wire,
            session,
            interrupts: Interrupts::new(registration.handle.clone(), force.clone()),
            portals: Portals::default(),
            unnamed_statement: None,
            shutdown,
            force,
            skipping: false,
            at_rest: true,
            _registration: registration,
        }
    }

    /// Serves the client to the end.
    pub(crate) async fn run(mut self) {
        let ended = self.serve().await;
        finish(self.wire, ended).await;
    }

    async fn serve(&mut self) -> Result<(), Failure> {
        self.ready();
        loop {
            let Some(frame) = self.next_frame().await? else {
                return Ok(());
            };
            match self.on_frame(frame).await? {
                Next::Go => {}
                Next::Close => return Ok(()),
            }
        }
    }

    /// The next message; `None` when the client sends no more.
    async fn next_frame(&mut self) -> Result<Option<Frame>, Failure> {
        let idle_max = match self.at_rest {
            true => self.session.idle_timeout(),
            false => None,
        };
        let mut idle = pin!(async move {
            match idle_max {
                Some(idle_max) => tokio::time::sleep(idle_max).await,
                None => std::future::pending().await,
            }
        });
        loop {
            if self.at_rest && self.shutdown.is_cancelled() {
                return Err(Report::shutting_down().into());
            }
            if let Some(frame) = self.wire.take_frame() {
                return Ok(Some(frame));
            }
            self.interrupts.flush_idle(&mut self.wire).await?;
            let listens = self.at_rest
                && self.session.listens()
                && self.session.transaction_status() == TransactionStatus::Idle;
            let more = tokio::select! {
                biased;
                more = self.wire.read() => more?,
                () = self.session.notified(), if listens => {
                    self.tell_notifications();
                    continue;
                }
                () = self.shutdown.cancelled(), if self.at_rest => {
                    return Err(Report::shutting_down().into());
                }
                () = self.force.cancelled() => return Err(Report::shutting_down().into()),
                () = &mut idle => return Err(Report::idle_in_transaction().into()),
            };
            if !more {
                return Ok(None);
            }
        }
    }

    async fn on_frame(&mut self, frame: Frame) -> Result<Next, Failure> {
        self.at_rest = false;
        let (kind, result) = match frame {
            Frame::Message(kind, body) => (kind, self.on_message(kind, &body).await),
            Frame::TooLarge(kind, bytes) => (kind, self.on_too_large(kind, bytes)),
            Frame::Garbage(message) => return Err(garbage(message).into()),
            Frame::UnknownType(kind) => return Err(unknown_type(kind).into()),
        };
        match result {
            Ok(next) => Ok(next),
            Err(Failure::Report(report)) if report.severity == Severity::Error => {
                self.on_error(kind, &report);
                Ok(Next::Go)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn on_message(&mut self, kind: u8, body: &Bytes) -> Result<Next, Failure> {
        if self.skipping && !matches!(kind, b'S' | b'X') {
            return Ok(Next::Go);
        }
        match Message::decode(kind, body).map_err(sqlstate::message)? {
            Message::Query(text) => {
                self.on_query(text).await?;
                self.ready();
            }
            Message::Parse { name, text, types } => self.on_parse(name, text, &types).await?,
            Message::Bind(bind) => self.on_bind(&bind, body.len())?,
            Message::Describe(Target::Statement(name)) => self.on_describe_statement(name)?,
            Message::Describe(Target::Portal(name)) => self.on_describe_portal(name)?,
            Message::Execute { portal, rows_max } => self.on_execute(portal, rows_max).await?,
            Message::Close(target) => self.on_close(target),
            Message::Flush => self.interrupts.flush_idle(&mut self.wire).await?,
            Message::Sync => {
                self.skipping = false;
                match self.end_implicit().await {
                    Err(Failure::Report(report)) if report.severity == Severity::Error => {
                        self.wire.output.error(&report);
                    }
                    ended => ended?,
                }
                self.ready();
            }
            Message::Terminate => return Ok(Next::Close),
            Message::FunctionCall => {
                return Err(Report::error("0A000", "function calls are not supported")
                    .with_hint("Use SELECT.")
                    .into());
            }
            // Of a COPY that has failed: the client was still sending.
            Message::CopyData | Message::CopyDone | Message::CopyFail(_) => {}
        }
        Ok(Next::Go)
    }

    fn on_too_large(&mut self, kind: u8, bytes: usize) -> Result<Next, Failure> {
        if self.skipping || kind == b'd' {
            return Ok(Next::Go);
        }
        Err(too_large(bytes, self.wire.message_bytes_max()).into())
    }

    /// A message failed: says so, and goes on behind the next Sync, or at once for messages that need none.
    fn on_error(&mut self, kind: u8, report: &Report) {
        self.session.on_error();
        self.wire.output.error(report);
        if matches!(kind, b'Q' | b'F') {
            self.ready();
        } else {
            self.skipping = true;
        }
    }

    /// Tells that the next statement may come.
    fn ready(&mut self) {
        let status = self.session.transaction_status();
        if status == TransactionStatus::Idle {
            self.portals.clear();
        }
        for (name, value) in self.session.take_reported_changes() {
            self.wire.output.parameter_status(&name, &value);
        }
        if status == TransactionStatus::Idle && self.session.listens() {
            self.tell_notifications();
        }
        self.session.on_rest();
        self.wire.output.ready_for_query(status);
        self.at_rest = true;
    }

    /// Tells what was notified since the last time.
    fn tell_notifications(&mut self) {
        for notification in self.session.take_notifications() {
            self.wire.output.notification(&notification);
        }
    }

    /// Commits what the protocol made one transaction of, if anything. It is not interrupted: whether it was done could not be told.
    pub(crate) async fn end_implicit(&mut self) -> Result<(), Failure> {
        let committed = tokio::select! {
            biased;
            committed = self.session.end_implicit() => committed,
            () = self.force.cancelled() => return Err(Report::shutting_down().into()),
        };
        committed.map_err(|error| sqlstate::report(&error).into())
    }

    /// Puts what the session has to say besides in front of the next answer.
    pub(crate) fn tell_notices(&mut self) {
        for notice in self.session.take_notices() {
            self.wire.output.notice(&notice);
        }
    }

    /// Runs a part of a statement on the session.
    pub(crate) async fn prepare(
        &mut self,
        text: &str,
        types: &[shale_sql::SqlType],
    ) -> Result<Result<Arc<Prepared>, SqlError>, Failure> {
        self.interrupts.arm();
        let work = self.session.prepare(text, types);
        self.interrupts.run(&mut self.wire, work).await
    }
}

/// Ends a connection: says why, if there is anyone to be told.
pub(crate) async fn finish(mut wire: Wire, ended: Result<(), Failure>) {
    let report = match ended {
        Ok(()) => None,
        Err(Failure::Gone(error)) => {
            if error.kind() != io::ErrorKind::UnexpectedEof {
                tracing::debug!(%error, "connection lost");
            }
            return;
        }
        Err(Failure::Report(report)) => Some(report),
    };
    let closing = async {
        let Some(report) = report else {
            return wire.close().await;
        };
        tracing::debug!(sqlstate = report.sqlstate, message = %report.message, "connection ends");
        wire.output.error(&report);
        if report.sqlstate == SHUTTING_DOWN {
            // The client waits or is idle; a server that stops does not wait for it to notice.
            wire.close().await
        } else {
            wire.close_on_sender().await
        }
    };
    // A client that does not read is not waited for; one that is gone cannot be told.
    let _ = tokio::time::timeout(CLOSING_TIME_MAX, closing).await;
}

pub(crate) fn garbage(message: &'static str) -> Report {
    Report::fatal("08P01", message)
}

pub(crate) fn unknown_type(kind: u8) -> Report {
    Report::fatal("08P01", format!("invalid frontend message type {kind}"))
}

pub(crate) fn too_large(bytes: usize, limit: usize) -> Report {
    let message = format!("message of {bytes} bytes is too large");
    Report::error("54000", message).with_detail(format!("The limit is {limit} bytes."))
}
