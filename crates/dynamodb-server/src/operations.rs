//! The operations: each reads its parameters, asks the engine, and writes the answer.
//!
//! Not here: semantics (`engine`), messages, exception types.
//!
//! Those of which the features are not there yet answer truthfully: empty lists, exceptions of their API for what cannot exist.
//!
//! All follow one order, which decides what a request with several faults is told: shapes of parameters, constraints of the API
//! model (collected), rules between parameters, expressions, and then what depends on the table.

mod backups;
mod batch_execute_statement;
mod batch_get_item;
mod batch_write_item;
mod capacity;
mod collection_metrics;
mod contributor_insights;
mod create_table;
mod delete_item;
mod delete_table;
mod describe;
mod execute_statement;
mod execute_transaction;
mod get_item;
mod get_records;
mod global_tables;
mod index_definitions;
mod kinesis;
mod list_tables;
mod put_item;
mod query;
mod read;
mod replicas;
mod resource_policies;
mod scan;
mod search_vectors;
mod settings;
mod statement;
mod stream_specification;
mod streams;
mod table_description;
mod tags;
mod time_to_live;
mod transact_get_items;
mod transact_write_items;
mod transaction;
mod transfers;
mod update_item;
mod update_table;
mod write;

pub(crate) use backups::{
    create_backup, describe_continuous_backups, list_backups, restore_table_from_backup,
    restore_table_to_point_in_time, unknown_backup, update_continuous_backups,
};
pub(crate) use batch_execute_statement::batch_execute_statement;
pub(crate) use batch_get_item::batch_get_item;
pub(crate) use batch_write_item::batch_write_item;
pub(crate) use contributor_insights::{
    describe_contributor_insights, list_contributor_insights, update_contributor_insights,
};
pub(crate) use create_table::create_table;
pub(crate) use delete_item::delete_item;
pub(crate) use delete_table::delete_table;
pub(crate) use describe::{describe_endpoints, describe_limits, describe_table};
pub(crate) use execute_statement::execute_statement;
pub(crate) use execute_transaction::execute_transaction;
pub(crate) use get_item::get_item;
pub(crate) use get_records::get_records;
pub(crate) use global_tables::{
    create_global_table, describe_table_replica_auto_scaling, list_global_tables,
    unknown_global_table, update_table_replica_auto_scaling,
};
pub(crate) use kinesis::{
    describe_kinesis_streaming_destination, disable_kinesis_streaming_destination,
    enable_kinesis_streaming_destination, update_kinesis_streaming_destination,
};
pub(crate) use list_tables::list_tables;
pub(crate) use put_item::put_item;
pub(crate) use query::query;
pub(crate) use resource_policies::{
    delete_resource_policy, get_resource_policy, put_resource_policy,
};
pub(crate) use scan::scan;
pub(crate) use search_vectors::search_vectors;
pub(crate) use streams::{describe_stream, get_shard_iterator, list_streams};
pub(crate) use tags::{list_tags_of_resource, tag_resource, untag_resource};
pub(crate) use time_to_live::{describe_time_to_live, update_time_to_live};
pub(crate) use transact_get_items::transact_get_items;
pub(crate) use transact_write_items::transact_write_items;
pub(crate) use transfers::{
    describe_export, describe_import, export_table_to_point_in_time, import_table, list_nothing,
    start_bulk_put_items, unknown_bulk_operation,
};
pub(crate) use update_item::update_item;
pub(crate) use update_table::update_table;
