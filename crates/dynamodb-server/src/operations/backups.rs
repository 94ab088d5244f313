//! Backups and point-in-time recovery, which are not there yet: what can be asked is answered truthfully, the rest refused.
//!
//! ListBackups, CreateBackup, DescribeBackup, DeleteBackup, RestoreTableFromBackup, DescribeContinuousBackups, UpdateContinuousBackups,
//! RestoreTableToPointInTime.

use super::tags::table_of;
use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use std::borrow::Cow;

pub(crate) fn list_backups() -> Vec<u8> {
    ObjectWriter::text(|answer| {
        write_list(answer.member("BackupSummaries"), [(); 0], |_, ()| {});
    })
}

pub(crate) fn create_backup(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    existing_table(service, &mut request)?;
    Err(Exception::new(
        ExceptionType::ContinuousBackupsUnavailable,
        messages::not_available("CreateBackup"),
    ))
}

/// DescribeBackup and DeleteBackup: there is no backup.
pub(crate) fn unknown_backup(mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let arn = request.string("BackupArn")?.unwrap_or_default();
    Err(Exception::new(
        ExceptionType::BackupNotFound,
        messages::backup_not_found(&arn),
    ))
}

pub(crate) fn restore_table_from_backup(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    check_target(service, &mut request)?;
    unknown_backup(request)
}

pub(crate) fn describe_continuous_backups(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    existing_table(service, &mut request)?;
    Ok(continuous_backups())
}

/// Switching it off is done already.
pub(crate) fn update_continuous_backups(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    existing_table(service, &mut request)?;
    let name = "PointInTimeRecoverySpecification";
    let specification = request.structure(name, name)?;
    let enabled = specification.map(|mut it| it.bool("PointInTimeRecoveryEnabled"));
    match enabled.transpose()?.flatten().unwrap_or_default() {
        false => Ok(continuous_backups()),
        true => Err(Exception::new(
            ExceptionType::ContinuousBackupsUnavailable,
            messages::not_available("Point-in-time recovery"),
        )),
    }
}

fn continuous_backups() -> Vec<u8> {
    ObjectWriter::text(|answer| {
        answer.object("ContinuousBackupsDescription", |description| {
            description.string("ContinuousBackupsStatus", "DISABLED");
            description.object("PointInTimeRecoveryDescription", |recovery| {
                recovery.string("PointInTimeRecoveryStatus", "DISABLED");
            });
        });
    })
}

pub(crate) fn restore_table_to_point_in_time(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let arn = request.string("SourceTableArn")?;
    let source = match (arn, request.string("SourceTableName")?) {
        (Some(arn), _) => table_of(service, &arn)?,
        (None, Some(name)) => name.into_owned(),
        (None, None) => return Err(Exception::validation(messages::RESTORE_SOURCE_MISSING)),
    };
    described(service, &source)?;
    check_target(service, &mut request)?;
    Err(no_point_in_time_recovery(&source))
}

pub(super) fn no_point_in_time_recovery(table: &str) -> Exception {
    Exception::new(
        ExceptionType::PointInTimeRecoveryUnavailable,
        messages::no_point_in_time_recovery(table),
    )
}

/// The table that a restore would make must not be there.
fn check_target(service: &Service, request: &mut Structure<'_>) -> Result<(), Exception> {
    let target = request.string("TargetTableName")?.unwrap_or_default();
    match service.engine.describe_table(&target) {
        Err(_) => Ok(()),
        Ok(_) => Err(Exception::new(
            ExceptionType::TableAlreadyExists,
            messages::table_exists(&target),
        )),
    }
}

/// The table that TableName names; these operations have an exception of their own for a missing one.
fn existing_table<'a>(
    service: &Service,
    request: &mut Structure<'a>,
) -> Result<Cow<'a, str>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, request)?;
    constraints.check()?;
    described(service, &table)?;
    Ok(table)
}

/// Refuses a table that is not there.
pub(super) fn described(service: &Service, table: &str) -> Result<(), Exception> {
    let missing = || {
        let message = messages::table_of_backup_not_found(table);
        Exception::new(ExceptionType::TableNotFound, message)
    };
    service.existing_table(table, missing)?;
    Ok(())
}
