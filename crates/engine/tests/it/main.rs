//! The engine over a whole shard.

mod bookkeeping;
mod changes;
mod concurrency;
mod consumers;
mod indexes;
mod insights;
mod interactive;
mod item_collections;
mod linearizability;
mod machine;
mod many;
mod pages;
mod semantics;
mod serializability;
mod simulated_transactions;
mod simulation;
mod stream_follower;
mod streams;
mod support;
mod tables;
mod time_travel;
mod time_travel_model;
mod transaction_support;
mod transactional_ddl;
mod transactions;
mod turns;
