//! TableDescription, as CreateTable, DescribeTable, UpdateTable and DeleteTable answer it.

use super::index_definitions::{write_attribute_definitions, write_indexes, write_key_schema};
use super::replicas::write_replicas;
use super::settings;
use super::stream_specification::write_stream;
use crate::json::ObjectWriter;
use crate::service::Service;
use shale_engine::{BillingMode, Index, IndexStatus, TableDescription, TableStatus};

/// TableStatus.
pub(super) fn status(table: &TableDescription) -> &'static str {
    let creating = |index: &Index| index.status == IndexStatus::Creating;
    match table.status {
        TableStatus::Active if table.definition.derived.indexes.iter().any(creating) => "UPDATING",
        TableStatus::Active => "ACTIVE",
        TableStatus::Deleting => "DELETING",
    }
}

/// What a description answers. CreateTable and UpdateTable are asynchronous by their contract: their answers tell that the request is
/// accepted, whatever DescribeTable says a moment later.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answering {
    CreateTable,
    UpdateTable,
    /// The state as it is.
    State,
}

/// The answer of an operation that describes a table, under `member`.
pub(super) fn answer(
    service: &Service,
    table: &TableDescription,
    answering: Answering,
    member: &str,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let mut answer = ObjectWriter::begin(&mut out);
    answer.object(member, |out| write(out, service, table, answering));
    answer.end();
    out
}

fn write(
    out: &mut ObjectWriter<'_>,
    service: &Service,
    table: &TableDescription,
    answering: Answering,
) {
    let definition = &table.definition;
    write_attribute_definitions(out, definition);
    out.string("TableName", &definition.name);
    let schema = &definition.key_schema;
    write_key_schema(out, std::iter::once(&schema.partition), schema.sort.iter());
    let status = match answering {
        Answering::CreateTable => "CREATING",
        Answering::UpdateTable => "UPDATING",
        Answering::State => status(table),
    };
    out.string("TableStatus", status);
    out.timestamp("CreationDateTime", table.created_micros);
    let units = match definition.billing_mode {
        BillingMode::Provisioned { read, write } => (read, write),
        BillingMode::PayPerRequest => (0, 0),
    };
    let now_micros = service.now_micros();
    settings::write_capacity(out, &definition.settings, None, units, now_micros);
    settings::write_billing_mode(out, table);
    settings::write_throughput(out, &definition.settings, None);
    out.integer("TableSizeBytes", table.size_bytes);
    out.integer("ItemCount", table.item_count);
    out.string("TableArn", &service.table_arn(&definition.name));
    out.string("TableId", &table.uuid);
    write_indexes(out, service, table, answering == Answering::CreateTable);
    write_stream(out, service, definition);
    write_replicas(out, service, &definition.name, &definition.settings);
    settings::write_encryption_and_class(out, &definition.settings);
    out.bool("DeletionProtectionEnabled", definition.deletion_protection);
}
