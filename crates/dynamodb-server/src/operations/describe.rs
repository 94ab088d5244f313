//! DescribeTable, DescribeLimits, DescribeEndpoints.

use super::table_description::{Answering, answer};
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::service::Service;

pub(crate) fn describe_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    constraints.check()?;
    let description = service
        .engine
        .describe_table(&table)
        .map_err(|error| service.exception(error, Subject::Table, &table))?;
    Ok(answer(service, &description, Answering::State, "Table"))
}

/// There is no quota but what the parameter can hold.
pub(crate) fn describe_limits() -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut answer = ObjectWriter::begin(&mut out);
    for name in [
        "AccountMaxReadCapacityUnits",
        "AccountMaxWriteCapacityUnits",
        "TableMaxReadCapacityUnits",
        "TableMaxWriteCapacityUnits",
    ] {
        answer.integer(name, i64::MAX);
    }
    answer.end();
    out
}

/// The endpoint is where the client is already.
pub(crate) fn describe_endpoints(host: &str) -> Vec<u8> {
    /// A day, as the service answers.
    const CACHE_MINUTES: u32 = 24 * 60;
    let mut out = Vec::with_capacity(128);
    let mut answer = ObjectWriter::begin(&mut out);
    write_list(answer.member("Endpoints"), [host], |out, host| {
        let mut endpoint = ObjectWriter::begin(out);
        endpoint.string("Address", host);
        endpoint.integer("CachePeriodInMinutes", CACHE_MINUTES);
        endpoint.end();
    });
    answer.end();
    out
}
