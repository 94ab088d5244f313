//! TableDescription, as CreateTable, DescribeTable, UpdateTable and DeleteTable answer it.

use crate::exception::key_descriptor;
use crate::json::{ObjectWriter, write_list};
use crate::service::Service;
use shale_engine::{BillingMode, TableDescription, TableStatus};
use shale_item::KeyAttribute;

/// The setting that holds TableClass.
pub(super) const TABLE_CLASS: &str = "table_class";

/// Writes the description's members.
pub(super) fn write_table_description(
    out: &mut ObjectWriter<'_>,
    service: &Service,
    table: &TableDescription,
) {
    let definition = &table.definition;
    let keys: Vec<&KeyAttribute> = std::iter::once(&definition.key_schema.partition)
        .chain(&definition.key_schema.sort)
        .collect();
    write_list(out.member("AttributeDefinitions"), &keys, |out, key| {
        let mut element = ObjectWriter::begin(out);
        element.string("AttributeName", &key.name);
        element.string("AttributeType", key_descriptor(key.key_type));
        element.end();
    });
    out.string("TableName", &definition.name);
    write_list(
        out.member("KeySchema"),
        keys.iter().zip(["HASH", "RANGE"]),
        |out, (key, role)| {
            let mut element = ObjectWriter::begin(out);
            element.string("AttributeName", &key.name);
            element.string("KeyType", role);
            element.end();
        },
    );
    out.string(
        "TableStatus",
        match table.status {
            TableStatus::Active => "ACTIVE",
            TableStatus::Deleting => "DELETING",
        },
    );
    out.timestamp("CreationDateTime", table.created_micros);
    let (read, write) = match definition.billing_mode {
        BillingMode::Provisioned { read, write } => (read, write),
        BillingMode::PayPerRequest => (0, 0),
    };
    out.object("ProvisionedThroughput", |throughput| {
        throughput.integer("NumberOfDecreasesToday", 0);
        throughput.integer("ReadCapacityUnits", read);
        throughput.integer("WriteCapacityUnits", write);
    });
    if definition.billing_mode == BillingMode::PayPerRequest {
        out.object("BillingModeSummary", |summary| {
            summary.string("BillingMode", "PAY_PER_REQUEST");
            summary.timestamp("LastUpdateToPayPerRequestDateTime", table.created_micros);
        });
    }
    out.integer("TableSizeBytes", table.size_bytes);
    out.integer("ItemCount", table.item_count);
    out.string("TableArn", &service.table_arn(&definition.name));
    out.string("TableId", &table.uuid);
    if let Some(class) = definition.settings.get(TABLE_CLASS) {
        out.object("TableClassSummary", |summary| {
            summary.string("TableClass", class);
        });
    }
    out.bool("DeletionProtectionEnabled", definition.deletion_protection);
}
