//! One client's session: settings, prepared statements by name, the transaction block.
//!
//! A transaction block carries DDL, COPY, reads and at most one INSERT, UPDATE or DELETE. Writes are durable as they run, so that counts
//! and RETURNING are true; ROLLBACK cannot take them back, and says so; savepoints enclose
//! what changes nothing. Not here: planning (`service`), running (`run`).

pub(crate) mod command;
mod prepared;
mod run_command;
mod settings;
mod transaction;

pub(crate) use command::Command;

use crate::bind::Parameters;
use crate::run::read::Selected;
use crate::run::write::Written;
use crate::run::{compute, explain, read, write};
use crate::service::{Plan, Prepared, Shared};
use crate::{
    AnalyticContext, Datum, Dialect, Outcome, Row, RowStream, SqlError, SqlType, TransactionStatus,
};
use futures::StreamExt;
use prepared::PreparedStatements;
use settings::Settings;
use shale_engine::Error;
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
        let prepared = self
            .shared
            .prepare(text, Dialect::Postgres, parameter_types, &|| self.context())
            .await;
        if let Err(error) = &prepared {
            self.transaction.fail(Some(error));
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
        let timeout = self.settings.statement_timeout();
        let outcome = match timeout {
            None => self.execute_now(prepared, &parameters).await,
            Some(limit) => {
                match tokio::time::timeout(limit, self.execute_now(prepared, &parameters)).await {
                    Ok(outcome) => outcome.map(|outcome| with_timeout(outcome, limit)),
                    Err(_) => Err(timed_out()),
                }
            }
        };
        if let Err(error) = &outcome {
            self.transaction.fail(Some(error));
        }
        outcome
    }

    /// Status for ReadyForQuery.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.transaction.status()
    }

    /// The front door saw an error outside of `execute` (a row stream failed): the transaction fails with it.
    pub fn on_error(&mut self) {
        self.transaction.fail(None);
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
        self.settings.take_reported_changes()
    }

    /// What analytic plans may ask of this session.
    fn context(&self) -> AnalyticContext {
        AnalyticContext {
            engine: self.shared.engine.clone(),
            user: self.user.clone(),
            database: self.database.clone(),
            settings: self.settings.shared(),
            users: self.shared.users.read().clone(),
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
        if !self.shared.is_current(prepared) {
            let fresh = self.shared.refresh(prepared, &|| self.context()).await?;
            return self.run(&fresh, parameters).await;
        }
        self.run(prepared, parameters).await
    }

    async fn run(
        &mut self,
        prepared: &Arc<Prepared>,
        parameters: &[Datum],
    ) -> Result<Outcome, SqlError> {
        let now_micros = self.transaction.now_micros(self.shared.clock.as_ref());
        if prepared.plan.is_write() || prepared.plan.is_definition() {
            self.transaction
                .check_write(prepared.plan.is_write(), self.settings.is_read_only())?;
        }
        let columns = prepared.columns.clone().unwrap_or_default();
        match &prepared.plan {
            Plan::Empty => Ok(Outcome::Empty),
            Plan::Select(plan) => {
                let with = self
                    .shared
                    .arguments(Parameters::Datums(parameters), &[], now_micros);
                match read::run(&self.shared.engine, plan, &with)? {
                    Selected::Rows(rows) => Ok(Outcome::Rows {
                        columns,
                        rows,
                        tag: "SELECT",
                    }),
                    Selected::TooManyToSort => {
                        let rows = self
                            .shared
                            .run_fallback(plan, &self.context(), prepared, parameters)
                            .await?;
                        Ok(Outcome::Rows {
                            columns,
                            rows,
                            tag: "SELECT",
                        })
                    }
                }
            }
            Plan::Constant(plan) => {
                let with = self
                    .shared
                    .arguments(Parameters::Datums(parameters), &[], now_micros);
                Ok(Outcome::Rows {
                    columns,
                    rows: read::one_batch(vec![plan.row(&with)?]),
                    tag: "SELECT",
                })
            }
            Plan::Analytic(plan) => {
                let rows = plan.execute(&self.context(), parameters).await?;
                Ok(Outcome::Rows {
                    columns,
                    rows,
                    tag: "SELECT",
                })
            }
            Plan::Insert(plan, constants) => {
                let computed = compute(constants, &|| self.context(), parameters).await?;
                let written = {
                    let with = self.shared.arguments(
                        Parameters::Datums(parameters),
                        &computed,
                        now_micros,
                    );
                    write::insert(&self.shared.engine, plan, &with).await?
                };
                Ok(self.written(written, plan.returning.is_some(), columns, "INSERT 0"))
            }
            Plan::Update(plan, constants) => {
                let computed = compute(constants, &|| self.context(), parameters).await?;
                let written = {
                    let with = self.shared.arguments(
                        Parameters::Datums(parameters),
                        &computed,
                        now_micros,
                    );
                    write::update(&self.shared.engine, plan, &with).await?
                };
                Ok(self.written(written, plan.returning.is_some(), columns, "UPDATE"))
            }
            Plan::Delete(plan, constants) => {
                let computed = compute(constants, &|| self.context(), parameters).await?;
                let written = {
                    let with = self.shared.arguments(
                        Parameters::Datums(parameters),
                        &computed,
                        now_micros,
                    );
                    write::delete(&self.shared.engine, plan, &with).await?
                };
                Ok(self.written(written, plan.returning.is_some(), columns, "DELETE"))
            }
            Plan::CreateTable(plan) => self.create_table(plan).await,
            Plan::DropTables { names, if_exists } => self.drop_tables(names, *if_exists).await,
            Plan::Copy(plan) => {
                self.transaction
                    .check_write(false, self.settings.is_read_only())?;
                self.transaction.on_durable_change();
                let copy = crate::copy::CopyIn::start(&self.shared, plan, now_micros)?;
                Ok(Outcome::CopyIn(copy))
            }
            Plan::Explain(inner) => {
                let constants = match inner.as_ref() {
                    Plan::Insert(_, constants)
                    | Plan::Update(_, constants)
                    | Plan::Delete(_, constants) => constants,
                    _ => &None,
                };
                let computed = compute(constants, &|| self.context(), parameters).await?;
                let with =
                    self.shared
                        .arguments(Parameters::Datums(parameters), &computed, now_micros);
                let lines = explain::explain(inner, &with)?;
                let rows: Vec<Row> = lines
                    .into_iter()
                    .map(|line| vec![Datum::Text(line)])
                    .collect();
                Ok(Outcome::Rows {
                    columns,
                    rows: read::one_batch(rows),
                    tag: "EXPLAIN",
                })
            }
            // Planned for PartiQL only, which has no sessions.
            Plan::Exists(_) => Err(SqlError::NotSupported {
                feature: "EXISTS by itself".into(),
                hint: None,
            }),
            Plan::Command(_) => Err(SqlError::NotSupported {
                feature: "a session command here".into(),
                hint: None,
            }),
        }
    }

    fn written(
        &mut self,
        written: Written,
        returning: bool,
        columns: Arc<[crate::Column]>,
        tag: &'static str,
    ) -> Outcome {
        if written.count > 0 {
            self.transaction.on_durable_change();
        }
        self.transaction.on_write();
        if returning {
            Outcome::Rows {
                columns,
                rows: read::one_batch(written.rows),
                tag,
            }
        } else {
            Outcome::Done {
                tag: format!("{tag} {}", written.count),
            }
        }
    }

    async fn create_table(
        &mut self,
        plan: &crate::plan::ddl::CreateTablePlan,
    ) -> Result<Outcome, SqlError> {
        let created = self.shared.engine.create_table(plan.request.clone()).await;
        match created {
            Ok(_) => self.transaction.on_durable_change(),
            Err(Error::TableExists { .. }) if plan.if_not_exists => {}
            Err(Error::TableExists { name }) => return Err(SqlError::DuplicateTable { name }),
            Err(error) => return Err(error.into()),
        }
        Ok(Outcome::Done {
            tag: "CREATE TABLE".into(),
        })
    }

    async fn drop_tables(
        &mut self,
        names: &[sqlparser::ast::ObjectName],
        if_exists: bool,
    ) -> Result<Outcome, SqlError> {
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            let found =
                crate::names::table_for_write(&self.shared.engine, name, "", Dialect::Postgres);
            match found {
                Ok(table) => tables.push(table.definition.name.clone()),
                Err(SqlError::UndefinedTable { .. }) if if_exists => {}
                Err(SqlError::UndefinedTable { name, .. }) => {
                    return Err(SqlError::Other {
                        sqlstate: "42P01",
                        message: format!("table \"{name}\" does not exist"),
                        hint: None,
                    });
                }
                Err(error) => return Err(error),
            }
        }
        for table in tables {
            match self.shared.engine.delete_table(&table).await {
                Ok(_) => self.transaction.on_durable_change(),
                Err(Error::TableNotFound { .. }) if if_exists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Outcome::Done {
            tag: "DROP TABLE".into(),
        })
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
        Outcome::Rows { columns, rows, tag } => {
            let deadline = Box::pin(tokio::time::sleep(limit));
            let rows: RowStream =
                futures::stream::unfold(Some((rows, deadline)), |state| async move {
                    let (mut rows, mut deadline) = state?;
                    tokio::select! {
                        biased;
                        () = &mut deadline => Some((Err(timed_out()), None)),
                        batch = rows.next() => batch.map(|batch| (batch, Some((rows, deadline)))),
                    }
                })
                .boxed();
            Outcome::Rows { columns, rows, tag }
        }
        other => other,
    }
}
