//! Global tables, of which a single region has none, and their auto scaling.

use super::backups::described;
use super::replicas::write_scaled_replicas;
use super::table_description::status;
use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType, Subject};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use shale_engine::TableDescription;
use std::sync::Arc;

pub(crate) fn list_global_tables() -> Vec<u8> {
    ObjectWriter::text(|answer| {
        write_list(answer.member("GlobalTables"), [(); 0], |_, ()| {});
    })
}

/// A global table is made of a table that is there.
pub(crate) fn create_global_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let name = request.string("GlobalTableName")?.unwrap_or_default();
    described(service, &name)?;
    let message = messages::not_available("CreateGlobalTable");
    Err(Exception::validation(message))
}

/// DescribeGlobalTable, DescribeGlobalTableSettings, UpdateGlobalTable, UpdateGlobalTableSettings.
pub(crate) fn unknown_global_table(mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let name = request.string("GlobalTableName")?.unwrap_or_default();
    Err(Exception::new(
        ExceptionType::GlobalTableNotFound,
        messages::global_table_not_found(&name),
    ))
}

/// Of the table's replicas there is no auto scaling.
pub(crate) fn describe_table_replica_auto_scaling(
    service: &Service,
    request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let table = existing_table(service, request)?;
    Ok(ObjectWriter::text(|answer| {
        answer.object("TableAutoScalingDescription", |description| {
            description.string("TableName", &table.definition.name);
            description.string("TableStatus", status(&table));
            write_scaled_replicas(description, &table.definition.settings);
        });
    }))
}

pub(crate) fn update_table_replica_auto_scaling(
    service: &Service,
    request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let table = existing_table(service, request)?;
    let message = messages::no_replicas(&table.definition.name);
    Err(Exception::validation(message))
}

fn existing_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Arc<TableDescription>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    constraints.check()?;
    let description = service.engine.describe_table(&table);
    description.map_err(|error| service.exception(error, Subject::Table, &table))
}
