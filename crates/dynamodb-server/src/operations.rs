//! The operations: each reads its parameters, asks the engine, and writes the answer.
//!
//! Not here: semantics (`engine`), messages, exception types.
//!
//! All follow one order, which decides what a request with several faults is told: shapes of parameters, constraints of the API
//! model (collected), rules between parameters, expressions, and then what depends on the table.

mod batch_execute_statement;
mod batch_get_item;
mod batch_write_item;
mod capacity;
mod collection_metrics;
mod create_table;
mod delete_item;
mod delete_table;
mod describe;
mod execute_statement;
mod execute_transaction;
mod get_item;
mod get_records;
mod index_definitions;
mod list_tables;
mod put_item;
mod query;
mod read;
mod scan;
mod statement;
mod stream_specification;
mod streams;
mod table_description;
mod tags;
mod time_to_live;
mod transact_get_items;
mod transact_write_items;
mod transaction;
mod update_item;
mod update_table;
mod write;

pub(crate) use batch_execute_statement::batch_execute_statement;
pub(crate) use batch_get_item::batch_get_item;
pub(crate) use batch_write_item::batch_write_item;
pub(crate) use create_table::create_table;
pub(crate) use delete_item::delete_item;
pub(crate) use delete_table::delete_table;
pub(crate) use describe::{describe_endpoints, describe_limits, describe_table};
pub(crate) use execute_statement::execute_statement;
pub(crate) use execute_transaction::execute_transaction;
pub(crate) use get_item::get_item;
pub(crate) use get_records::get_records;
pub(crate) use list_tables::list_tables;
pub(crate) use put_item::put_item;
pub(crate) use query::query;
pub(crate) use scan::scan;
pub(crate) use streams::{describe_stream, get_shard_iterator, list_streams};
pub(crate) use tags::{list_tags_of_resource, tag_resource, untag_resource};
pub(crate) use time_to_live::{describe_time_to_live, update_time_to_live};
pub(crate) use transact_get_items::transact_get_items;
pub(crate) use transact_write_items::transact_write_items;
pub(crate) use update_item::update_item;
pub(crate) use update_table::update_table;
