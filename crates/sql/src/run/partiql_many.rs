//! BatchExecuteStatement and ExecuteTransaction: several PartiQL statements in one request.
//!
//! Not here: what one statement means (`partiql`); atomicity and request tokens (the engine).
//!
//! Every statement names one item by its whole primary key, and all of them read or all of them write; EXISTS counts as a write, for
//! it is a condition of the writes beside it.

use super::partiql::{
    ResultAttributes, check_keys, direction, exists, one_item, projected, projection, run_action,
    unsuitable, write_action, write_output,
};
use crate::access::{AccessPath, choose};
use crate::bind::{Arguments, Predicate, Semantics, both, lower};
use crate::plan::{SelectPlan, pins_key};
use crate::service::{Plan, Prepared, Shared, SqlService};
use crate::{PartiQlFailure, PartiQlOutput, PartiQlRequest, PartiQlTransaction, SqlError};
use futures::future::join_all;
use shale_engine::{ClientRequest, ConditionCheck, Error, GetItem, TransactAction, blocking};
use shale_expression::Condition;
use shale_item::{EncodedItem, Item};
use std::sync::Arc;

const BATCH: &str = "BatchExecuteStatement";
const TRANSACTION: &str = "ExecuteTransaction";

impl SqlService {
    /// Runs each statement for itself; they do not see each other's failures. [`PartiQlRequest::limit`] and `start_key` are not looked
    /// at: a statement reads one item.
    ///
    /// # Errors
    /// Some statements read and others write. Everything else is the failure of one statement.
    pub async fn batch_partiql(
        &self,
        requests: &[PartiQlRequest],
    ) -> Result<Vec<Result<PartiQlOutput, PartiQlFailure>>, SqlError> {
        let prepared = requests
            .iter()
            .map(|request| self.shared.prepare_partiql(request));
        let prepared = join_all(prepared).await;
        check_kinds(prepared.iter().flatten(), BATCH)?;
        // All writes are sequenced before the first is waited for, so that they share groups.
        let statements = requests.iter().zip(prepared);
        let running = statements.map(|(request, prepared)| self.run_in_batch(request, prepared));
        Ok(join_all(running).await)
    }

    async fn run_in_batch(
        &self,
        request: &PartiQlRequest,
        prepared: Result<Arc<Prepared>, SqlError>,
    ) -> Result<PartiQlOutput, PartiQlFailure> {
        let shared = &*self.shared;
        let failure = |table, error| PartiQlFailure { table, error };
        let prepared = prepared.map_err(|error| failure(None, error))?;
        let plan = &prepared.plan;
        let with = shared.partiql_arguments(request);
        let outcome = match plan {
            Plan::Select(plan) => PointRead::new(plan, &with, BATCH)
                .and_then(|read| read.run(shared, request.consistent)),
            _ => match write_action(plan, request, &with) {
                Ok(Some(action)) => run_action(shared, action).await,
                Ok(None) => Err(unsuitable(plan, BATCH)),
                Err(error) => Err(error),
            },
        };
        outcome.map_err(|error| failure(table_of(plan), error))
    }

    /// Runs all statements in one transaction, at most 100: all of them or none, or reads at one moment. A request token makes a
    /// transaction that is sent again harmless; reads are harmless anyhow. Of the requests, `limit`, `start_key` and `consistent` are
    /// not looked at.
    ///
    /// # Errors
    /// What is wrong with a statement. What the engine refuses comes as [`SqlError::Engine`] ([`Error::TransactionCanceled`] …).
    pub async fn transact_partiql(
        &self,
        requests: &[PartiQlRequest],
        client_request: Option<&ClientRequest>,
    ) -> Result<PartiQlTransaction, SqlError> {
        let shared = &*self.shared;
        let mut prepared = Vec::with_capacity(requests.len());
        for request in requests {
            prepared.push(shared.prepare_partiql(request).await?);
        }
        match check_kinds(prepared.iter(), TRANSACTION)? {
            Kind::Read => transact_reads(shared, requests, &prepared),
            Kind::Write => transact_writes(shared, requests, &prepared, client_request).await,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

fn kind_of(plan: &Plan) -> Option<Kind> {
    match plan {
        Plan::Select(_) => Some(Kind::Read),
        Plan::Insert(..) | Plan::Update(..) | Plan::Delete(..) | Plan::Exists(_) => {
            Some(Kind::Write)
        }
        _ => None,
    }
}

/// What all statements are.
fn check_kinds<'p>(
    statements: impl Iterator<Item = &'p Arc<Prepared>>,
    operation: &str,
) -> Result<Kind, SqlError> {
    let mut kinds = statements.filter_map(|prepared| kind_of(&prepared.plan));
    let first = kinds.next().unwrap_or(Kind::Write);
    match kinds.all(|kind| kind == first) {
        true => Ok(first),
        false => Err(SqlError::Other {
            sqlstate: "0A000",
            message: format!(
                "{operation} must consist of either read statements or write statements, not of both"
            ),
            hint: None,
        }),
    }
}

fn table_of(plan: &Plan) -> Option<String> {
    let table = match plan {
        Plan::Select(plan) | Plan::Exists(plan) => &plan.table,
        Plan::Insert(plan, _) => &plan.table,
        Plan::Update(plan, _) => &plan.table,
        Plan::Delete(plan, _) => &plan.table,
        _ => return None,
    };
    Some(table.definition.name.clone())
}

/// Entries of an index have no key that names one of them.
fn check_no_index(plan: &SelectPlan, operation: &str) -> Result<(), SqlError> {
    match &plan.needs.index {
        None => Ok(()),
        Some(_) => Err(SqlError::Other {
            sqlstate: "0A000",
            message: format!(
                "Select statements within {operation} must specify the primary key of a table, not an index"
            ),
            hint: None,
        }),
    }
}

/// A SELECT of at most one item.
struct PointRead {
    table: String,
    /// `None` if no item can satisfy the predicate.
    key: Option<Item>,
    /// The rest of the predicate.
    residual: Option<Condition>,
    projection: Option<ResultAttributes>,
}

impl PointRead {
    fn new(
        plan: &SelectPlan,
        with: &Arguments<'_>,
        operation: &str,
    ) -> Result<PointRead, SqlError> {
        check_no_index(plan, operation)?;
        let definition = &plan.table.definition;
        let schema = &definition.key_schema;
        let predicate = plan.predicate.as_ref();
        let Some(predicate) = predicate.filter(|predicate| pins_key(predicate, schema)) else {
            return Err(SqlError::Other {
                sqlstate: "42601",
                message: format!(
                    "Select statements within {operation} must specify the primary key in the where clause."
                ),
                hint: None,
            });
        };
        direction(plan)?;
        check_keys(&plan.table, predicate, with)?;
        let access = choose(schema, Some(lower(predicate, with, Semantics::Dynamo)?));
        let key = match access.path {
            AccessPath::KeyLookup { mut keys } => keys.pop(),
            _ => None,
        };
        Ok(PointRead {
            table: definition.name.clone(),
            key,
            residual: access.residual,
            projection: projection(plan)?,
        })
    }

    /// Reads it by itself.
    fn run(self, shared: &Shared, consistent: bool) -> Result<PartiQlOutput, SqlError> {
        let Some(key) = &self.key else {
            return Ok(self.answer(None, 0.0));
        };
        let output = shared.engine.get_item(&GetItem {
            table: self.table.clone(),
            key: key.clone(),
            consistent,
        })?;
        Ok(self.answer(output.item.as_ref(), output.capacity))
    }

    fn answer(self, item: Option<&EncodedItem>, capacity: f64) -> PartiQlOutput {
        let item = item.filter(|item| {
            let residual = self.residual.as_ref();
            residual.is_none_or(|residual| residual.evaluate(item.view()))
        });
        let item = item.map(|item| projected(item, self.projection.as_ref()));
        PartiQlOutput {
            items: item.into_iter().collect(),
            last_evaluated_key: None,
            table: self.table,
            is_write: false,
            capacity,
            index_capacity: vec![],
        }
    }
}

/// Parts of statements, or the cancellation by those that cannot be done. What is wrong with a whole statement is an error at once.
fn all<T>(parts: impl Iterator<Item = Result<T, SqlError>>) -> Result<Vec<T>, SqlError> {
    let mut done = Vec::new();
    let mut reasons = Vec::new();
    for part in parts {
        match part {
            Ok(part) => {
                done.push(part);
                reasons.push(None);
            }
            Err(SqlError::Engine(error)) => reasons.push(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match reasons.iter().any(Option::is_some) {
        true => Err(SqlError::Engine(Error::TransactionCanceled { reasons })),
        false => Ok(done),
    }
}

fn transact_reads(
    shared: &Shared,
    requests: &[PartiQlRequest],
    prepared: &[Arc<Prepared>],
) -> Result<PartiQlTransaction, SqlError> {
    let statements = requests.iter().zip(prepared);
    let reads = all(statements.map(|(request, prepared)| match &prepared.plan {
        Plan::Select(plan) => PointRead::new(plan, &shared.partiql_arguments(request), TRANSACTION),
        plan => Err(unsuitable(plan, TRANSACTION)),
    }))?;
    let keys = reads.iter().filter_map(|read| {
        let key = read.key.clone()?;
        Some((read.table.clone(), key))
    });
    let keys: Vec<_> = keys.collect();
    let output = blocking(|| shared.engine.transact_get(&keys))?;
    let mut found = output.items.into_iter().zip(output.capacity);
    let answers = reads.into_iter().map(|read| {
        let (item, capacity) = match read.key {
            Some(_) => found.next().unwrap_or_default(),
            None => (None, 0.0),
        };
        read.answer(item.as_ref(), capacity)
    });
    Ok(PartiQlTransaction {
        statements: answers.collect(),
        repeated: false,
    })
}

async fn transact_writes(
    shared: &Shared,
    requests: &[PartiQlRequest],
    prepared: &[Arc<Prepared>],
    client_request: Option<&ClientRequest>,
) -> Result<PartiQlTransaction, SqlError> {
    let statements = requests.iter().zip(prepared);
    let actions = all(statements.map(|(request, prepared)| {
        let with = shared.partiql_arguments(request);
        match &prepared.plan {
            Plan::Exists(plan) => check(plan, request, &with).map(TransactAction::Check),
            plan => {
                write_action(plan, request, &with)?.ok_or_else(|| unsuitable(plan, TRANSACTION))
            }
        }
    }))?;
    let output = shared
        .engine
        .transact_write(&actions, client_request)
        .await?;
    let written = actions.iter().zip(output.actions);
    let statements = written.map(|(action, output)| write_output(action.table(), output));
    Ok(PartiQlTransaction {
        statements: statements.collect(),
        repeated: output.repeated,
    })
}

/// EXISTS: the item is there, and the rest of the predicate holds on it.
fn check(
    plan: &SelectPlan,
    request: &PartiQlRequest,
    with: &Arguments<'_>,
) -> Result<ConditionCheck, SqlError> {
    check_no_index(plan, TRANSACTION)?;
    direction(plan)?;
    let everything = Predicate::Constant(Some(true));
    let predicate = plan.predicate.as_ref().unwrap_or(&everything);
    check_keys(&plan.table, predicate, with)?;
    let found = one_item(&plan.table, predicate, with)?;
    let mut condition = exists(&plan.table);
    if let Some(residual) = found.residual {
        condition = both(condition, residual);
    }
    Ok(ConditionCheck {
        table: plan.table.definition.name.clone(),
        key: found.key,
        condition,
        return_item_on_failure: request.return_item_on_failure,
    })
}
