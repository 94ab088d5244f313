//! UpdateTable: billing mode, throughput, table class, deletion protection.

use super::create_table::{
    BillingModeName, billing_mode, provisioned_throughput, refuse_not_built, table_class,
};
use super::table_description::{TABLE_CLASS, write_table_description};
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::{ObjectWriter, Structure};
use crate::messages;
use crate::service::Service;
use shale_engine::{BillingMode, TableChanges};

/// Parameters whose features are not built.
const NOT_BUILT: [&str; 9] = [
    "GlobalSecondaryIndexUpdates",
    "VectorIndexUpdates",
    "ReplicaUpdates",
    "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
];

pub(crate) async fn update_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    let mode = billing_mode(&mut request, &mut constraints)?;
    let throughput = provisioned_throughput(&mut request, &mut constraints)?;
    let class = table_class(&mut request, &mut constraints)?;
    let deletion_protection = request.bool("DeletionProtectionEnabled")?;
    constraints.check()?;
    refuse_not_built(&mut request, &NOT_BUILT)?;
    if mode.is_none() && throughput.is_none() && class.is_none() && deletion_protection.is_none() {
        return Err(Exception::validation(messages::UPDATE_TABLE_EMPTY));
    }

    let failed = |error| service.exception(error, Subject::Table, &table);
    let current = service.engine.describe_table(&table).map_err(failed)?;
    let mut changes = TableChanges {
        billing_mode: billing(current.definition.billing_mode, mode, throughput)?,
        deletion_protection,
        ..TableChanges::default()
    };
    if let Some(class) = class {
        let setting = (TABLE_CLASS.to_owned(), Some(class.to_owned()));
        changes.settings.extend([setting]);
    }
    let description = service
        .engine
        .update_table(&table, changes)
        .await
        .map_err(failed)?;
    let mut out = Vec::with_capacity(1024);
    let mut answer = ObjectWriter::begin(&mut out);
    answer.object("TableDescription", |table| {
        write_table_description(table, service, &description);
    });
    answer.end();
    Ok(out)
}

/// The new billing mode, if the parameters change it. A mode that is not named stays.
fn billing(
    current: BillingMode,
    mode: Option<BillingModeName>,
    throughput: Option<(u64, u64)>,
) -> Result<Option<BillingMode>, Exception> {
    let refused = |message: &str| Err(Exception::validation(message));
    let (read, write) = match (mode, throughput, current) {
        (None, None, _) => return Ok(None),
        (Some(BillingModeName::PayPerRequest), None, _) => {
            return Ok(Some(BillingMode::PayPerRequest));
        }
        (Some(BillingModeName::PayPerRequest), Some(_), _)
        | (None, Some(_), BillingMode::PayPerRequest) => {
            return refused(messages::THROUGHPUT_NOT_ALLOWED);
        }
        (Some(BillingModeName::Provisioned), None, BillingMode::PayPerRequest) => {
            return refused(messages::THROUGHPUT_MISSING);
        }
        (Some(BillingModeName::Provisioned), None, BillingMode::Provisioned { .. }) => {
            return Ok(None);
        }
        (Some(BillingModeName::Provisioned), Some(units), _)
        | (None, Some(units), BillingMode::Provisioned { .. }) => units,
    };
    let wanted = BillingMode::Provisioned { read, write };
    if wanted == current {
        return Err(Exception::validation(messages::same_throughput(
            read, write,
        )));
    }
    Ok(Some(wanted))
}
