//! ExecuteTransaction: PartiQL statements, all or none.

use super::capacity::{Direction, ReturnConsumedCapacity};
use super::statement::{Statement, consumed};
use super::transaction::client_request;
use crate::attribute_value::write_item;
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure, write_list};
use crate::permission::Caller;
use crate::service::Service;
use shale_sql::{PartiQlRequest, PartiQlTransaction, SqlError};

/// The documented limit of statements in a call.
const STATEMENTS_MAX: usize = 100;

pub(crate) async fn execute_transaction(
    service: &Service,
    caller: &Caller,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let token = constraints.client_request_token(&mut request)?;
    let client_request = client_request(token, || request.fingerprint());
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    let list = request.list("TransactStatements")?;
    let length = list.as_ref().map(Vec::len);
    constraints.list_length(length, "TransactStatements", 1, STATEMENTS_MAX);
    let mut taken = Vec::with_capacity(list.as_ref().map_or(0, Vec::len));
    for (position, json) in list.unwrap_or_default().into_iter().enumerate() {
        let mut structure = Structure::open(json, "ParameterizedStatement")?;
        let prefix = format!("TransactStatements.{}.member.", position + 1);
        taken.push(Statement::take(&mut structure, &mut constraints, &prefix)?);
    }
    constraints.check()?;

    let requests: Result<Vec<PartiQlRequest>, _> = taken
        .into_iter()
        .map(|statement| statement.decode(caller))
        .collect();
    let output = service
        .sql
        .transact_partiql(&requests?, client_request.as_ref())
        .await
        .map_err(|error| match error {
            SqlError::Engine(error) => service.transaction_exception(error, &[]),
            other => caller.refused(service, other),
        })?;
    Ok(answer(service, capacity, &output))
}

fn answer(
    service: &Service,
    capacity: ReturnConsumedCapacity,
    output: &PartiQlTransaction,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut answer = ObjectWriter::begin(&mut out);
    let is_write = output.statements.iter().any(|statement| statement.is_write);
    let direction = match is_write && !output.repeated {
        true => Direction::Write,
        false => Direction::Read,
    };
    let statements = output.statements.iter();
    let consumed = statements.map(|statement| {
        let consumed = consumed(service, statement);
        (statement.table.as_str(), consumed)
    });
    capacity.write_transaction(&mut answer, direction, consumed);
    write_list(
        answer.member("Responses"),
        &output.statements,
        |out, statement| {
            let mut element = ObjectWriter::begin(out);
            if let Some(item) = statement.items.first() {
                write_item(element.member("Item"), item);
            }
            element.end();
        },
    );
    answer.end();
    out
}
