//! BatchExecuteStatement: PartiQL statements, each for itself.

use super::capacity::{Consumed, ReturnConsumedCapacity};
use super::statement::{self, Statement};
use crate::attribute_value::write_item;
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure, write_list};
use crate::permission::Caller;
use crate::service::Service;
use shale_sql::{EngineError, PartiQlFailure, PartiQlOutput, SqlError};

/// The documented limit of statements in a call.
const STATEMENTS_MAX: usize = 25;

pub(crate) async fn batch_execute_statement(
    service: &Service,
    caller: &Caller,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    let list = request.list("Statements")?;
    let length = list.as_ref().map(Vec::len);
    constraints.list_length(length, "Statements", 1, STATEMENTS_MAX);
    let mut taken = Vec::with_capacity(list.as_ref().map_or(0, Vec::len));
    for (position, json) in list.unwrap_or_default().into_iter().enumerate() {
        let mut structure = Structure::open(json, "BatchStatementRequest")?;
        let prefix = format!("Statements.{}.member.", position + 1);
        let statement = Statement::take(&mut structure, &mut constraints, &prefix)?;
        let consistent = structure.bool("ConsistentRead")?.unwrap_or_default();
        taken.push((statement, consistent));
    }
    constraints.check()?;

    let mut requests = Vec::with_capacity(taken.len());
    for (statement, consistent) in taken {
        let mut request = statement.decode(caller)?;
        request.consistent = consistent;
        requests.push(request);
    }
    let outcomes = service.sql.batch_partiql(&requests).await;
    let outcomes = outcomes.map_err(|error| caller.refused(service, error))?;
    Ok(answer(service, caller, capacity, outcomes))
}

fn answer(
    service: &Service,
    caller: &Caller,
    capacity: ReturnConsumedCapacity,
    outcomes: Vec<Result<PartiQlOutput, PartiQlFailure>>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut answer = ObjectWriter::begin(&mut out);
    let consumed = outcomes
        .iter()
        .filter_map(|outcome| consumed(service, outcome));
    capacity.write_each(&mut answer, consumed);
    write_list(answer.member("Responses"), outcomes, |out, outcome| {
        let mut element = ObjectWriter::begin(out);
        match outcome {
            Ok(output) => {
                if let Some(item) = output.items.first() {
                    write_item(element.member("Item"), item);
                }
                element.string("TableName", &output.table);
            }
            Err(PartiQlFailure { table, error }) => {
                let exception = caller.refused(service, error);
                element.object("Error", |error| exception.write_statement_error(error));
                if let Some(table) = table {
                    element.string("TableName", &table);
                }
            }
        }
        element.end();
    });
    answer.end();
    out
}

/// What a statement consumed, if that is known: writes pay for conditions that fail.
fn consumed<'o>(
    service: &Service,
    outcome: &'o Result<PartiQlOutput, PartiQlFailure>,
) -> Option<(&'o str, Consumed)> {
    match outcome {
        Ok(output) => Some((&output.table, statement::consumed(service, output))),
        Err(PartiQlFailure {
            table,
            error: SqlError::Engine(EngineError::ConditionFailed { capacity, .. }),
        }) => Some((table.as_ref()?, Consumed::of_table(*capacity))),
        Err(_) => None,
    }
}
