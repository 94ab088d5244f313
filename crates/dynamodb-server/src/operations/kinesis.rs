//! Kinesis streaming destinations, of which no table has any yet.

use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;

pub(crate) fn describe_kinesis_streaming_destination(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let table = existing_table(service, &mut request)?;
    Ok(ObjectWriter::text(|answer| {
        answer.string("TableName", &table);
        let destinations = answer.member("KinesisDataStreamDestinations");
        write_list(destinations, [(); 0], |_, ()| {});
    }))
}

pub(crate) fn enable_kinesis_streaming_destination(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    existing_table(service, &mut request)?;
    let message = messages::not_available("EnableKinesisStreamingDestination");
    Err(Exception::validation(message))
}

/// DisableKinesisStreamingDestination and UpdateKinesisStreamingDestination.
pub(crate) fn unknown_destination(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let table = existing_table(service, &mut request)?;
    let arn = request.string("StreamArn")?.unwrap_or_default();
    let message = messages::no_streaming_destination(&arn, &table);
    Err(Exception::validation(message))
}

fn existing_table(service: &Service, request: &mut Structure<'_>) -> Result<String, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, request)?.into_owned();
    constraints.check()?;
    let description = service.engine.describe_table(&table);
    description.map_err(|error| service.exception(error, Subject::Table, &table))?;
    Ok(table)
}
