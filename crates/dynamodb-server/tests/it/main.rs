//! The door over TCP, with a real engine behind it.

mod authentication;
mod batches;
mod compression;
mod conditions;
mod constraints;
mod contributor_insights;
mod cors;
mod fuzz;
mod http;
mod indexes;
mod item_collections;
mod items;
mod legacy;
mod partiql;
mod reads;
mod resource_policies;
mod server;
mod settings;
mod streams;
mod tables;
mod to_come;
mod transactions;

#[allow(dead_code)]
#[path = "../../../engine/tests/it/support.rs"]
mod support;
