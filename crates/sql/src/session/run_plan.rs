//! Runs planned statements: reads and writes on the engine, or on the transaction of the block.
//!
//! Not here: statements about the session (`run_command`), what a plan does with the engine (`run`).

use super::Session;
use super::explain::Place;
use crate::bind::{Arguments, Parameters};
use crate::copy::{CopyIn, CopyOut};
use crate::explain::PlanProbe;
use crate::plan::past::PastPlan;
use crate::run::read::{ReadFrom, Selected};
use crate::run::request::Request;
use crate::run::write::Written;
use crate::run::{compute, read};
use crate::service::{Plan, Prepared};
use crate::{AnalyticContext, Column, Datum, Outcome, RowStream, SqlError, SqlType};
use shale_engine::{AsOf, ReadView, Transaction};
use std::sync::Arc;

pub(super) fn rows_of(columns: Arc<[Column]>, rows: RowStream, tag: &'static str) -> Outcome {
    Outcome::Rows { columns, rows, tag }
}

/// What a query is run with.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub parameters: &'a [Datum],
    pub parameter_types: &'a [SqlType],
    pub now_micros: u64,
    /// Told of the plan that the analytic executor runs.
    pub probe: Option<&'a Arc<PlanProbe>>,
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
        let transaction = match prepared.in_snapshot() {
            true => self.transaction.begun(&self.shared.engine).await?,
            false => None,
        };
        let columns = prepared.columns.clone().unwrap_or_default();
        if prepared.may_use_indexes() && self.settings.index_consistency() {
            self.shared.engine.indexes_consistent().await?;
        }
        let past = match &prepared.past {
            None => None,
            // Boxed: few statements have one.
            Some(past) => Some(Box::pin(self.past(past, parameters, now_micros)).await?),
        };
        let view = || match &past {
            Some((_, view)) => Some(view.clone()),
            None => transaction.as_ref().map(Transaction::view),
        };
        let given = Given {
            parameters,
            parameter_types: &prepared.parameter_types,
            now_micros,
            probe: None,
        };
        match &prepared.plan {
            Plan::Empty => Ok(Outcome::Empty),
            query @ (Plan::Select(_) | Plan::Constant(_) | Plan::Analytic(_)) => {
                let rows = self.query(query, given, view()).await?;
                Ok(rows_of(columns, rows, "SELECT"))
            }
            Plan::CopyTo {
                source,
                columns,
                writer,
            } => Ok(Outcome::CopyOut(CopyOut {
                columns: columns.clone(),
                rows: self.query(source, given, view()).await?,
                writer: writer.clone(),
            })),
            Plan::DeclareCursor {
                name,
                options,
                source,
                columns,
            } => {
                self.check_declaration(name, *options)?;
                let rows = self.query(source, given, view()).await?;
                self.declare(name, *options, columns.clone(), rows).await
            }
            Plan::Insert(..) | Plan::InsertSelect { .. } | Plan::Update(..) | Plan::Delete(..) => {
                let request = Request {
                    shared: &self.shared,
                    plan: &prepared.plan,
                    parameters,
                    parameter_types: &prepared.parameter_types,
                    now_micros,
                    past: past.as_ref().map(|(_, view)| view),
                    meter: None,
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
            Plan::CreateTableAs { plan, source } => {
                if self.is_there(plan, transaction.as_ref())? {
                    return Ok(Outcome::Done {
                        tag: "CREATE TABLE AS".into(),
                    });
                }
                let rows = match plan.with_data {
                    true => Some(self.query(source, given, view()).await?),
                    false => None,
                };
                Box::pin(self.create_table_as(plan, rows, transaction.as_ref(), now_micros)).await
            }
            Plan::CreateView(plan) => self.create_view(plan, transaction.as_ref()).await,
            Plan::DropRelations(drop) => self.drop_relations(drop, transaction.as_ref()).await,
            Plan::Comment(plan) => self.comment(plan, transaction.as_ref()).await,
            Plan::Calls(plan, constants) => {
                let computed = compute(constants, &|| self.context(), parameters).await?;
                self.call_all(plan, parameters, &computed, now_micros).await
            }
            Plan::Truncate(names) => self.truncate(names, transaction.as_ref()).await,
            Plan::CreateIndex(plan) => self.create_index(plan, transaction.as_ref()).await,
            Plan::DropIndexes { names, if_exists } => {
                self.drop_indexes(names, *if_exists, transaction.as_ref())
                    .await
            }
            Plan::Alter { plan, tag } => {
                self.alter_table(plan, tag, transaction.as_ref(), now_micros)
                    .await
            }
            Plan::Copy(plan) => {
                let copy = CopyIn::start(&self.shared, plan, now_micros, transaction);
                Ok(Outcome::CopyIn(copy))
            }
            Plan::Explain(explained) => {
                let place = Place {
                    transaction: transaction.as_ref(),
                    past: past.as_ref(),
                };
                // Boxed: few statements are one.
                Box::pin(self.explain(explained, given, place, columns)).await
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

    /// The rows of a query.
    pub(super) async fn query(
        &self,
        plan: &Plan,
        given: Given<'_>,
        view: Option<ReadView>,
    ) -> Result<RowStream, SqlError> {
        let Given {
            parameters,
            parameter_types,
            now_micros,
            probe,
        } = given;
        let context = |view| AnalyticContext {
            view,
            probe: probe.cloned(),
            ..self.context()
        };
        match plan {
            Plan::Select(plan) => {
                let selected = {
                    let with = self.arguments(parameters, now_micros, view.as_ref());
                    let from = match &view {
                        None => ReadFrom::Published(&self.shared.engine),
                        Some(view) => ReadFrom::View(view),
                    };
                    read::run(from, plan, &with)?
                };
                match selected {
                    Selected::Rows(rows) => Ok(rows),
                    Selected::TooManyToSort => {
                        let context = context(view);
                        self.shared
                            .run_fallback(plan, &context, parameter_types, parameters)
                            .await
                    }
                }
            }
            Plan::Constant(plan) => {
                let with = self.arguments(parameters, now_micros, view.as_ref());
                Ok(read::one_batch(vec![plan.row(&with)?]))
            }
            Plan::Analytic(plan) => plan.execute(&context(view), parameters).await,
            _ => Err(SqlError::NotSupported {
                feature: "this statement as a query".into(),
                hint: None,
            }),
        }
    }

    /// Where in the past the statement reads, and the view of that.
    async fn past(
        &self,
        plan: &PastPlan,
        parameters: &[Datum],
        now_micros: u64,
    ) -> Result<(AsOf, ReadView), SqlError> {
        let context = self.context_of(self.transaction.current());
        let computed = compute(&plan.query, &|| context.clone(), parameters).await?;
        let as_of = {
            let with = self.arguments(parameters, now_micros, context.view.as_ref());
            plan.as_of(&with.with_computed(&computed))?
        };
        let view = self.shared.engine.read_view_as_of(as_of).await?;
        Ok((as_of, view))
    }

    /// What a query runs with that reads in that view.
    fn arguments<'a>(
        &'a self,
        parameters: &'a [Datum],
        now_micros: u64,
        view: Option<&ReadView>,
    ) -> Arguments<'a> {
        let parameters = Parameters::Datums(parameters);
        let with = self.shared.arguments(parameters, &[], now_micros);
        match view {
            Some(view) => with.reading(view),
            None => with,
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
