//! The door over TCP, with a real engine behind it.

mod authentication;
mod batches;
mod conditions;
mod http;
mod indexes;
mod item_collections;
mod items;
mod legacy;
mod partiql;
mod reads;
mod server;
mod streams;
mod tables;
mod transactions;

#[allow(dead_code)]
#[path = "../../../engine/tests/it/support.rs"]
mod support;
