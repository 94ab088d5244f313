//! The front door over real sockets: raw bytes where the protocol matters, tokio-postgres where a driver does.

mod auth;
mod cancel;
mod copy;
mod executor;
mod extended;
mod harness;
mod hostile;
mod instant_log;
mod raw;
mod shutdown;
mod simple;
mod startup;
mod transactions;
mod types;
