//! Runs planned statements: reads and writes on the engine, or on the transaction of the block.
//!
//! Not here: statements about the session (`run_command`), what a plan does with the engine (`run`).

use super::Session;
use crate::bind::Parameters;
use crate::copy::CopyIn;
use crate::run::read::{ReadFrom, Selected};
use crate::run::request::Request;
use crate::run::write::Written;
use crate::run::{compute, explain, read};
use crate::service::{Plan, Prepared};
use crate::{AnalyticContext, Column, Datum, Outcome, Row, RowStream, SqlError};
use shale_engine::Transaction;
use std::sync::Arc;

fn rows_of(columns: Arc<[Column]>, rows: RowStream, tag: &'static str) -> Outcome {
    Outcome::Rows { columns, rows, tag }
}

impl Session {
    pub(super) async fn run(
        &mut self,
        prepared: &Arc<Prepared>,
        parameters: &[Datum],
    ) -> Result<Outcome, SqlError> {
        let now_micros = self.transaction.now_micros(self.shared.clock.as_ref());
        if let Some(command) = prepared.changes() {
            self.check_write(command)?;
        }
        let transaction = match prepared.plan.reads_or_writes() {
            true => self.transaction.begun(&self.shared.engine)?,
            false => None,
        };
        let columns = prepared.columns.clone().unwrap_or_default();
        if prepared.plan.reads() && self.settings.index_consistency() {
            self.shared.engine.indexes_consistent().await?;
        }
        match &prepared.plan {
            Plan::Empty => Ok(Outcome::Empty),
            Plan::Select(plan) => {
                let selected = {
                    let with =
                        self.shared
                            .arguments(Parameters::Datums(parameters), &[], now_micros);
                    let view = transaction.as_ref().map(Transaction::view);
                    let from = match &view {
                        None => ReadFrom::Published(&self.shared.engine),
                        Some(view) => ReadFrom::View(view),
                    };
                    read::run(from, plan, &with)?
                };
                let rows = match selected {
                    Selected::Rows(rows) => rows,
                    Selected::TooManyToSort => {
                        let context = self.context_of(transaction.as_ref());
                        self.shared
                            .run_fallback(plan, &context, &prepared.parameter_types, parameters)
                            .await?
                    }
                };
                Ok(rows_of(columns, rows, "SELECT"))
            }
            Plan::Constant(plan) => {
                let with = self
                    .shared
                    .arguments(Parameters::Datums(parameters), &[], now_micros);
                let rows = read::one_batch(vec![plan.row(&with)?]);
                Ok(rows_of(columns, rows, "SELECT"))
            }
            Plan::Analytic(plan) => {
                let rows = plan
                    .execute(&self.context_of(transaction.as_ref()), parameters)
                    .await?;
                Ok(rows_of(columns, rows, "SELECT"))
            }
            Plan::Insert(..) | Plan::InsertSelect { .. } | Plan::Update(..) | Plan::Delete(..) => {
                let request = Request {
                    shared: &self.shared,
                    plan: &prepared.plan,
                    parameters,
                    parameter_types: &prepared.parameter_types,
                    now_micros,
                };
                let written = match &transaction {
                    Some(transaction) => {
                        let context = self.context_of(Some(transaction));
                        request.run_in(transaction, &context).await?
                    }
                    None => request.run_alone(&|| self.context()).await?,
                };
                Ok(answer(written, &prepared.plan, columns))
            }
            Plan::CreateTable(plan) => self.create_table(plan, transaction.as_ref()).await,
            Plan::DropTables { names, if_exists } => {
                self.drop_tables(names, *if_exists, transaction.as_ref())
                    .await
            }
            Plan::CreateIndex(plan) => self.create_index(plan, transaction.as_ref()).await,
            Plan::DropIndexes { names, if_exists } => {
                self.drop_indexes(names, *if_exists, transaction.as_ref())
                    .await
            }
            Plan::AlterTable { table, changes } => {
                self.alter_table(table, changes, transaction.as_ref()).await
            }
            Plan::Copy(plan) => {
                let copy = CopyIn::start(&self.shared, plan, now_micros, transaction);
                Ok(Outcome::CopyIn(copy))
            }
            Plan::Explain(inner) => {
                let context = self.context_of(transaction.as_ref());
                self.explain(inner, columns, parameters, now_micros, &context)
                    .await
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

    /// 25006 where the transaction only reads; `command` is what the statement is called.
    pub(super) fn check_write(&self, command: &str) -> Result<(), SqlError> {
        let read_only = match self.transaction.read_only() {
            Some(read_only) => read_only,
            None => self.settings.default_read_only(),
        };
        if !read_only {
            return Ok(());
        }
        Err(SqlError::TransactionState {
            sqlstate: "25006",
            message: format!("cannot execute {command} in a read-only transaction"),
        })
    }

    async fn explain(
        &self,
        plan: &Plan,
        columns: Arc<[Column]>,
        parameters: &[Datum],
        now_micros: u64,
        context: &AnalyticContext,
    ) -> Result<Outcome, SqlError> {
        let computed = compute(plan.constants(), &|| context.clone(), parameters).await?;
        let with = self
            .shared
            .arguments(Parameters::Datums(parameters), &computed, now_micros);
        let lines = explain::explain(plan, &with, context)?;
        let rows: Vec<Row> = lines
            .into_iter()
            .map(|line| vec![Datum::Text(line)])
            .collect();
        Ok(rows_of(columns, read::one_batch(rows), "EXPLAIN"))
    }
}

/// What a statement answers that wrote items.
fn answer(written: Written, plan: &Plan, columns: Arc<[Column]>) -> Outcome {
    let (tag, returning) = match plan {
        Plan::Update(plan, _) => ("UPDATE", plan.returning.is_some()),
        Plan::Delete(plan, _) => ("DELETE", plan.returning.is_some()),
        Plan::Insert(plan, _) | Plan::InsertSelect { plan, .. } => {
            ("INSERT 0", plan.returning.is_some())
        }
        _ => ("", false),
    };
    if returning {
        rows_of(columns, read::one_batch(written.rows), tag)
    } else {
        Outcome::Done {
            tag: format!("{tag} {}", written.count),
        }
    }
}
