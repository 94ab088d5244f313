//! One statement that writes items: alone, as one write of the engine where that is all, or as a transaction of its own; or as a part of
//! the session's transaction.
//!
//! Invariant: alone, a statement is atomic, and a conflict with others is tried again here and never shown.

use super::read::{ReadFrom, Selected};
use super::rows::{Bounds, Found, of_access, of_query, unreadable_key};
use super::write::{self, OneItem, Target, Writer, Written};
use super::{compute, read};
use crate::bind::{Arguments, Parameters, Semantics};
use crate::datum::datum_to_attribute;
use crate::plan::check;
use crate::plan::insert::InsertSelect;
use crate::plan::{DeletePlan, InsertPlan, UpdatePlan};
use crate::service::{Plan, Shared};
use crate::{AnalyticContext, AnalyticPlan, Datum, RowStream, SqlError, SqlType};
use futures::TryStreamExt;
use shale_engine::{Error, ReadMeter, ReadView, Transaction};
use shale_item::{Item, item_size};
use std::sync::Arc;

/// A statement with its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub shared: &'a Shared,
    pub plan: &'a Plan,
    pub parameters: &'a [Datum],
    pub parameter_types: &'a [SqlType],
    pub now_micros: u64,
    /// Where the query of an INSERT reads, if that is the past.
    pub past: Option<&'a ReadView>,
    /// Counts what finding the rows reads, for EXPLAIN ANALYZE.
    pub meter: Option<&'a Arc<ReadMeter>>,
}

impl Request<'_> {
    fn arguments<'a>(&'a self, computed: &'a [Datum]) -> Arguments<'a> {
        self.shared.arguments(
            Parameters::Datums(self.parameters),
            computed,
            self.now_micros,
        )
    }

    /// What the transaction sees; anew, for the first attempt or another one.
    fn view_of(&self, transaction: &Transaction) -> ReadView {
        match self.meter {
            None => transaction.view(),
            Some(meter) => {
                meter.reset();
                transaction.view().metered(Arc::clone(meter))
            }
        }
    }

    /// Runs it outside of any transaction of the session's.
    pub(crate) async fn run_alone(
        &self,
        context: &(dyn Fn() -> AnalyticContext + Sync),
    ) -> Result<Written, SqlError> {
        if !self.plan.needs_transaction() {
            let computed = compute(self.plan.constants(), context, self.parameters).await?;
            if let Some(written) = self.run_as_one_write(&computed).await? {
                return Ok(written);
            }
        }
        Box::pin(self.run_atomically(context)).await
    }

    /// Runs it as one write of the engine; `None` if it is more.
    async fn run_as_one_write(&self, computed: &[Datum]) -> Result<Option<Written>, SqlError> {
        let with = self.arguments(computed);
        let writer = Writer::Engine(&self.shared.engine);
        Ok(match self.plan {
            Plan::Insert(plan, _) => {
                let items = write::insert_items(plan, &with)?;
                Some(write::insert(writer, plan, items, &with).await?)
            }
            Plan::Update(plan, _) => {
                match write::target(&plan.table, &plan.predicate, &with, Semantics::ThreeValued)? {
                    Target::Nothing => Some(Written::default()),
                    Target::One(target) => Some(write::update(writer, plan, target, &with).await?),
                    Target::Many(_) => None,
                }
            }
            Plan::Delete(plan, _) => {
                match write::target(&plan.table, &plan.predicate, &with, Semantics::ThreeValued)? {
                    Target::Nothing => Some(Written::default()),
                    Target::One(target) => Some(write::delete(writer, plan, target).await?),
                    Target::Many(_) => None,
                }
            }
            _ => None,
        })
    }

    /// Runs it as a transaction of its own, as often as it takes.
    async fn run_atomically(
        &self,
        context: &(dyn Fn() -> AnalyticContext + Sync),
    ) -> Result<Written, SqlError> {
        let attempt = |transaction: Transaction| async move {
            let context = AnalyticContext {
                view: Some(transaction.view()),
                ..context()
            };
            self.run_in(&transaction, &context).await
        };
        match self.shared.engine.atomically(attempt).await {
            // Clients take 40001 for a matter of transactions that they began. This is a statement that came too late too often.
            Err(SqlError::Engine(Error::SerializationConflict)) => {
                Err(SqlError::Engine(Error::KeyContention))
            }
            answer => answer,
        }
    }

    /// Runs it as a part of a transaction, which the context reads.
    pub(crate) async fn run_in(
        &self,
        transaction: &Transaction,
        context: &AnalyticContext,
    ) -> Result<Written, SqlError> {
        let view = self.view_of(transaction);
        let metered = self.meter.map(|_| AnalyticContext {
            view: Some(view.clone()),
            ..context.clone()
        });
        let context = metered.as_ref().unwrap_or(context);
        let get_context = || context.clone();
        let computed = compute(self.plan.constants(), &get_context, self.parameters).await?;
        let with = self.arguments(&computed).reading(&view);
        let writer = Writer::Transaction(transaction);
        match self.plan {
            Plan::Insert(plan, _) => {
                let items = write::insert_items(plan, &with)?;
                write::insert(writer, plan, items, &with).await
            }
            Plan::InsertSelect {
                plan,
                select,
                source,
                ..
            } => {
                let rows = match self.past {
                    None => self.rows_of(source, &view, context).await?,
                    Some(past) => {
                        let context = AnalyticContext {
                            view: Some(past.clone()),
                            ..context.clone()
                        };
                        self.rows_of(source, past, &context).await?
                    }
                };
                let items = selected_items(plan, select, rows, &with).await?;
                write::insert(writer, plan, items, &with).await
            }
            Plan::Update(plan, query) => {
                let rows = query.as_deref().filter(|_| plan.per_row);
                self.update(plan, rows, transaction, context, &with).await
            }
            Plan::Delete(plan, query) => {
                let rows = query.as_deref();
                self.delete(plan, rows, transaction, context, &with).await
            }
            _ => Err(SqlError::NotSupported {
                feature: "this statement as a write".into(),
                hint: None,
            }),
        }
    }

    async fn update(
        &self,
        plan: &UpdatePlan,
        query: Option<&dyn AnalyticPlan>,
        transaction: &Transaction,
        context: &AnalyticContext,
        with: &Arguments<'_>,
    ) -> Result<Written, SqlError> {
        let writer = Writer::Transaction(transaction);
        let view = self.view_of(transaction);
        let found = match query {
            Some(query) => of_query(query, context, self.parameters, &plan.table).await?,
            None => {
                match write::target(&plan.table, &plan.predicate, with, Semantics::ThreeValued)? {
                    Target::Nothing => return Ok(Written::default()),
                    Target::One(target) if !plan.moves => {
                        return write::update(writer, plan, target, with).await;
                    }
                    Target::One(target) => {
                        of_access(&view, &plan.table, target.into_access()).await?
                    }
                    Target::Many(access) => of_access(&view, &plan.table, access).await?,
                }
            }
        };
        if plan.moves {
            return write::move_rows(transaction, plan, &found, with);
        }
        let mut written = Written::default();
        for row in found {
            let Found { key, computed } = row;
            let target = OneItem {
                key,
                residual: None,
            };
            let with = match query {
                Some(_) => &with.with_computed(&computed),
                None => with,
            };
            let one = write::update(writer, plan, target, with).await?;
            if one.count == 0 {
                return Err(unreadable_key());
            }
            written.add(one)?;
        }
        Ok(written)
    }

    async fn delete(
        &self,
        plan: &DeletePlan,
        query: Option<&dyn AnalyticPlan>,
        transaction: &Transaction,
        context: &AnalyticContext,
        with: &Arguments<'_>,
    ) -> Result<Written, SqlError> {
        let writer = Writer::Transaction(transaction);
        let found = match query {
            Some(query) => of_query(query, context, self.parameters, &plan.table).await?,
            None => {
                match write::target(&plan.table, &plan.predicate, with, Semantics::ThreeValued)? {
                    Target::Nothing => return Ok(Written::default()),
                    Target::One(target) => return write::delete(writer, plan, target).await,
                    Target::Many(access) => {
                        of_access(&self.view_of(transaction), &plan.table, access).await?
                    }
                }
            }
        };
        let mut written = Written::default();
        for row in found {
            let target = OneItem {
                key: row.key,
                residual: None,
            };
            let one = write::delete(writer, plan, target).await?;
            if one.count == 0 {
                return Err(unreadable_key());
            }
            written.add(one)?;
        }
        Ok(written)
    }

    /// The rows of the query of an INSERT … SELECT, which reads in that view.
    async fn rows_of(
        &self,
        source: &Plan,
        view: &ReadView,
        context: &AnalyticContext,
    ) -> Result<RowStream, SqlError> {
        match source {
            Plan::Select(plan) => {
                let selected = {
                    let with = self.arguments(&[]).reading(view);
                    read::run(ReadFrom::View(view), plan, &with)?
                };
                match selected {
                    Selected::Rows(rows) => Ok(rows),
                    Selected::TooManyToSort => {
                        self.shared
                            .run_fallback(plan, context, self.parameter_types, self.parameters)
                            .await
                    }
                }
            }
            Plan::Constant(plan) => {
                let with = self.arguments(&[]).reading(view);
                Ok(read::one_batch(vec![plan.row(&with)?]))
            }
            Plan::Analytic(plan) => plan.execute(context, self.parameters).await,
            _ => Err(SqlError::NotSupported {
                feature: "INSERT of what this statement answers".into(),
                hint: None,
            }),
        }
    }
}

/// The items of an INSERT … SELECT, complete with defaults and checked for NULL.
async fn selected_items(
    plan: &InsertPlan,
    select: &InsertSelect,
    mut rows: RowStream,
    with: &Arguments<'_>,
) -> Result<Vec<Item>, SqlError> {
    let checks = check::lowered(&plan.checks, with)?;
    let mut bounds = Bounds::default();
    let mut items = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        for row in batch {
            let mut item = Item::new();
            for ((name, sql_type), value) in select.columns.iter().zip(&row) {
                if let Some(value) = datum_to_attribute(value, sql_type)? {
                    item.insert(name.to_string(), value);
                }
            }
            for (name, sql_type, scalar) in &select.defaults {
                if let Some(value) = scalar.attribute(with, sql_type)? {
                    item.insert(name.to_string(), value);
                }
            }
            plan.check_required(&item)?;
            check::check_item(&plan.table, &checks, &item)?;
            bounds.add(item_size(&item))?;
            items.push(item);
        }
    }
    Ok(items)
}
