//! Exports, imports and bulk operations, which are not there yet: lists are empty, nothing has an ARN, and none can be begun.

use super::backups::{described, no_point_in_time_recovery};
use super::tags::table_of;
use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType, Subject};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;

/// ListExports, ListImports, ListBulkOperations: `member` is the name of the list. No token was ever given out.
pub(crate) fn list_nothing(mut request: Structure<'_>, member: &str) -> Result<Vec<u8>, Exception> {
    if let Some(token) = request.string("NextToken")? {
        return Err(Exception::validation(messages::invalid_token(&token)));
    }
    Ok(ObjectWriter::text(|answer| {
        write_list(answer.member(member), [(); 0], |_, ()| {});
    }))
}

pub(crate) fn export_table_to_point_in_time(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let arn = request.string("TableArn")?.unwrap_or_default();
    let table = table_of(service, &arn)?;
    described(service, &table)?;
    Err(no_point_in_time_recovery(&table))
}

pub(crate) fn describe_export(mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let arn = request.string("ExportArn")?.unwrap_or_default();
    Err(Exception::new(
        ExceptionType::ExportNotFound,
        messages::export_not_found(&arn),
    ))
}

pub(crate) fn import_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let name = "TableCreationParameters";
    let table = request.structure(name, name)?;
    let table = table.map(|mut table| table.string("TableName"));
    let table = table.transpose()?.flatten().unwrap_or_default();
    if service.engine.describe_table(&table).is_ok() {
        return Err(Exception::new(
            ExceptionType::ResourceInUse,
            messages::table_exists(&table),
        ));
    }
    Err(Exception::validation(messages::not_available(
        "ImportTable",
    )))
}

pub(crate) fn describe_import(mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let arn = request.string("ImportArn")?.unwrap_or_default();
    Err(Exception::new(
        ExceptionType::ImportNotFound,
        messages::import_not_found(&arn),
    ))
}

pub(crate) fn start_bulk_put_items(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    constraints.check()?;
    let described = service.engine.describe_table(&table);
    described.map_err(|error| service.exception(error, Subject::Table, &table))?;
    let message = messages::not_available("StartBulkPutItems");
    Err(Exception::validation(message))
}

/// DescribeBulkOperation and CancelBulkOperation.
pub(crate) fn unknown_bulk_operation(mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let arn = request.string("BulkOperationArn")?.unwrap_or_default();
    Err(Exception::new(
        ExceptionType::ResourceNotFound,
        messages::bulk_operation_not_found(&arn),
    ))
}
