//! One client's session: settings, prepared statements by name, the transaction block.
//!
//! A statement outside of a block runs on the engine itself, and is atomic and durable by itself; inside of one it runs on the block's
//! transaction of the engine. Not here: planning (`service`), running (`run`).

mod alter;
mod calls;
pub(crate) mod command;
mod cursor;
mod ddl;
mod explain;
mod index_ddl;
mod notice;
pub(crate) mod notify;
mod prepared;
mod run_command;
mod run_plan;
mod run_transaction;
mod settings;
mod table_as;
mod transaction;
mod truncate;
mod views;

pub(crate) use command::Command;
pub(crate) use views::{DropRelations, Kind};

pub use notice::{Notice, NoticeSeverity};

use crate::copy::CopyOut;
use crate::service::{Plan, Prepared, Shared};
use crate::{
    AnalyticContext, Datum, Dialect, Outcome, RowStream, SqlError, SqlType, TransactionStatus,
};
use cursor::Cursors;
use futures::StreamExt;
use notify::{Pending, Place};
use prepared::PreparedStatements;
use settings::Settings;
use shale_engine::Transaction as EngineTransaction;
use std::sync::Arc;
use std::time::Duration;
use transaction::Transaction;

#[cfg(test)]
mod tests;

/// One client's session. Not shared: statements run one at a time.
pub struct Session {
    pub(crate) shared: Arc<Shared>,
    user: String,
    database: String,
    pub(crate) settings: Settings,
    pub(crate) transaction: Transaction,
    prepared: PreparedStatements,
    cursors: Cursors,
    notices: Vec<Notice>,
    /// Among the other sessions.
    place: Option<Place>,
    /// What is said about channels, until the transaction ends.
    pending: Pending,
}

impl Session {
    pub(crate) fn open(shared: Arc<Shared>, user: &str, database: &str) -> Session {
        Session {
            settings: Settings::new(user),
            shared,
            user: user.to_owned(),
            database: database.to_owned(),
            transaction: Transaction::default(),
            prepared: PreparedStatements::default(),
            cursors: Cursors::default(),
            notices: Vec::new(),
            place: None,
            pending: Pending::default(),
        }
    }

    /// Splits a simple-protocol message into its statements. (Text of each statement, with its byte offset.)
    ///
    /// # Errors
    /// 54000 for a text above [`crate::STATEMENT_BYTES_MAX`].
    pub fn split<'t>(&self, text: &'t str) -> Result<Vec<(usize, &'t str)>, SqlError> {
        if text.len() > crate::STATEMENT_BYTES_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!(
                    "the message is longer than {} bytes",
                    crate::STATEMENT_BYTES_MAX
                ),
            });
        }
        Ok(crate::split_statements(text))
    }

    /// Parses and plans one statement.
    ///
    /// # Errors
    /// Errors of the statement; inside a transaction block they fail the block.
    pub async fn prepare(
        &mut self,
        text: &str,
        parameter_types: &[SqlType],
    ) -> Result<Arc<Prepared>, SqlError> {
        let within = self.transaction.redefining(&self.shared.engine);
        let context = || self.context_of(within.as_ref());
        let prepared = self
            .shared
            .prepare(
                text,
                Dialect::Postgres,
                parameter_types,
                &context,
                within.as_ref(),
            )
            .await;
        match prepared {
            Err(error) => {
                // A failed block hears of nothing but its own state; what is no statement at all is told first, as in PostgreSQL.
                let failed = self.transaction.check_open().err();
                self.fail();
                Err(match error {
                    error @ SqlError::Syntax { .. } => error,
                    error => failed.unwrap_or(error),
                })
            }
            Ok(prepared) => Ok(self.described(prepared)),
        }
    }

    /// The columns of a command's rows may be those of something that the session has.
    fn described(&self, mut prepared: Arc<Prepared>) -> Arc<Prepared> {
        let columns = match &prepared.plan {
            Plan::Command(Command::Fetch { cursor, .. }) => self.cursors.columns(cursor),
            Plan::Command(Command::Execute { name, .. }) => {
                let executed = self.prepared.get(name).ok();
                executed.and_then(|executed| executed.columns.clone())
            }
            _ => return prepared,
        };
        // Plans of commands are not shared.
        if let Some(prepared) = Arc::get_mut(&mut prepared) {
            prepared.columns = columns;
        }
        prepared
    }

    /// Runs a prepared statement.
    ///
    /// # Errors
    /// Errors of the statement; inside a transaction block they fail the block.
    pub async fn execute(
        &mut self,
        prepared: &Arc<Prepared>,
        parameters: Vec<Datum>,
    ) -> Result<Outcome, SqlError> {
        if let Some(place) = &self.place {
            let now_micros = self.shared.clock.now_micros();
            place.backend.on_statement(prepared.text(), now_micros);
        }
        let timeout = match &prepared.plan {
            // Whether it was done could not be told.
            Plan::Command(Command::Commit { .. }) => None,
            _ => self.settings.statement_timeout(),
        };
        let outcome = match timeout {
            None => self.execute_now(prepared, &parameters).await,
            Some(limit) => {
                match tokio::time::timeout(limit, self.execute_now(prepared, &parameters)).await {
                    Ok(outcome) => outcome.map(|outcome| with_timeout(outcome, limit)),
                    Err(_) => Err(timed_out()),
                }
            }
        };
        if outcome.is_err() {
            self.fail();
        }
        outcome
    }

    /// Status for ReadyForQuery.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.transaction.status()
    }

    /// The front door saw an error outside of `execute` (a row stream failed): the transaction fails with it.
    pub fn on_error(&mut self) {
        self.fail();
    }

    fn fail(&mut self) {
        if self.transaction.fail() {
            self.cursors.roll_back(0);
            self.settings.on_end(false);
            self.pending.clear();
            self.end_locks();
        }
    }

    /// Whether statements belong to a transaction with others: a block, or what [`Session::begin_implicit`] has opened.
    pub fn in_transaction(&self) -> bool {
        self.transaction.is_open()
    }

    /// What follows belongs to one transaction, until [`Session::end_implicit`]: several statements in one message, or a pipeline. BEGIN
    /// makes it a block; an error rolls it back. Does nothing where there is a block already.
    pub fn begin_implicit(&mut self) {
        if self
            .transaction
            .begin_implicit(self.settings.default_read_only())
        {
            self.settings.on_begin();
        }
    }

    /// Commits what [`Session::begin_implicit`] has opened, unless it has ended, or become a block, since.
    ///
    /// # Errors
    /// As COMMIT; then nothing of it is there.
    pub async fn end_implicit(&mut self) -> Result<(), SqlError> {
        if self.transaction.is_open() && !self.transaction.in_block() {
            let ended = self.commit_block().await;
            self.settings.on_end(ended.is_ok());
            ended?;
        }
        Ok(())
    }

    /// How long the session may be idle inside of a block; `None` where it is in none, or may be so for ever.
    pub fn idle_timeout(&self) -> Option<Duration> {
        if self.transaction.in_block() {
            self.settings.idle_in_transaction_timeout()
        } else {
            None
        }
    }

    /// A setting's current value (`client_encoding` …).
    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings.get(name)
    }

    /// Applies a startup parameter. A `TimeZone` other than UTC, which some drivers always send, stays UTC, and the client is told so.
    ///
    /// # Errors
    /// 42704 for an unknown name, 22023 for a value that it cannot have.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SqlError> {
        if name.eq_ignore_ascii_case("timezone") && self.settings.set(name, value).is_err() {
            return Ok(());
        }
        self.settings.set(name, value)
    }

    /// Settings changed since the last call that clients are told of (ParameterStatus).
    pub fn take_reported_changes(&mut self) -> Vec<(String, String)> {
        let changes = self.settings.take_reported_changes();
        if let Some(place) = &self.place {
            let named = changes.iter().find(|(name, _)| name == "application_name");
            if let Some((_, name)) = named {
                place.backend.set_application_name(name);
            }
        }
        changes
    }

    /// The same with what a transaction sees.
    fn context_of(&self, transaction: Option<&EngineTransaction>) -> AnalyticContext {
        AnalyticContext {
            view: transaction.map(EngineTransaction::view),
            ..self.context()
        }
    }

    /// What analytic plans may ask of this session.
    fn context(&self) -> AnalyticContext {
        AnalyticContext {
            engine: self.shared.engine.clone(),
            user: self.user.clone(),
            database: self.database.clone(),
            settings: self.settings.shared(),
            users: self.shared.users.read().clone(),
            backends: Arc::clone(&self.shared.backends),
            backend_pid: self.pid(),
            view: None,
            probe: None,
        }
    }

    async fn execute_now(
        &mut self,
        prepared: &Arc<Prepared>,
        parameters: &[Datum],
    ) -> Result<Outcome, SqlError> {
        if parameters.len() < prepared.parameter_types.len() {
            return Err(SqlError::Other {
                sqlstate: "08P01",
                message: format!(
                    "the statement has {} parameters, {} were bound",
                    prepared.parameter_types.len(),
                    parameters.len()
                ),
                hint: None,
            });
        }
        if let Plan::Command(command) = &prepared.plan {
            return Box::pin(self.command(command.clone(), parameters)).await;
        }
        self.transaction.check_open()?;
        let within = self.transaction.redefining(&self.shared.engine);
        if !self.shared.is_current(prepared, within.as_ref()) {
            let context = || self.context_of(within.as_ref());
            let fresh = self
                .shared
                .refresh(prepared, &context, within.as_ref())
                .await?;
            return self.run(&fresh, parameters).await;
        }
        self.run(prepared, parameters).await
    }
}

fn timed_out() -> SqlError {
    SqlError::Other {
        sqlstate: "57014",
        message: "canceling statement due to statement timeout".into(),
        hint: None,
    }
}

/// The rows fail when the time is over, too.
fn with_timeout(outcome: Outcome, limit: Duration) -> Outcome {
    match outcome {
        Outcome::Rows { columns, rows, tag } => Outcome::Rows {
            columns,
            rows: until(rows, limit),
            tag,
        },
        Outcome::CopyOut(copy) => Outcome::CopyOut(CopyOut {
            rows: until(copy.rows, limit),
            ..copy
        }),
        other => other,
    }
}

fn until(rows: RowStream, limit: Duration) -> RowStream {
    let deadline = Box::pin(tokio::time::sleep(limit));
    futures::stream::unfold(Some((rows, deadline)), |state| async move {
        let (mut rows, mut deadline) = state?;
        tokio::select! {
            biased;
            () = &mut deadline => Some((Err(timed_out()), None)),
            batch = rows.next() => batch.map(|batch| (batch, Some((rows, deadline)))),
        }
    })
    .boxed()
}
