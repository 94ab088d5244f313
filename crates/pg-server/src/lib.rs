//! The PostgreSQL wire protocol: sessions, passwords, both query protocols, COPY, types on the wire, SQLSTATEs.
//!
//! Not here: parsing, planning and running SQL (`shale_sql`), tables, where passwords are kept (`shale_auth::CredentialStore`).
//!
//! Flow of a connection: [`serve`] accepts → `startup` → `connection`, which takes messages from `wire`, runs them on a
//! `shale_sql::Session` and appends answers to `output`.
//!
//! Invariants:
//! * Bytes of a client never panic, and a connection's memory is bounded by named constants.
//! * Errors become sentences here and nowhere below (`sqlstate`).
//! * pgwire is named in this crate only; ADR 0009 says which part of it is used and why.

mod cancel;
mod connection;
mod copy_binary;
mod copy_in;
mod copy_out;
mod decode;
mod encode;
mod extended;
mod interrupt;
mod listener;
mod message;
mod numeric;
mod output;
mod portals;
mod random;
mod report;
mod rows;
mod simple;
mod sqlstate;
mod startup;
mod startup_options;
mod types;
mod wire;

pub use listener::serve;

use shale_auth::CredentialStore;
use shale_sql::SqlService;
use std::sync::Arc;
use std::time::Duration;

/// How the front door serves.
#[derive(Clone)]
pub struct PgOptions {
    /// What runs the statements.
    pub sql: SqlService,
    /// Who may come in. `None`: everyone, under any name and without a password.
    pub credentials: Option<Arc<dyn CredentialStore>>,
    /// Sessions at a time; more are refused with 53300.
    pub max_connections: usize,
    /// Bytes of one message of a client's (a statement with its parameters, a piece of COPY data); more are refused with 54000.
    pub message_bytes_max: usize,
    /// Time for startup and password.
    pub startup_timeout: Duration,
    /// Time for running statements to finish when the server stops.
    pub shutdown_grace: Duration,
    /// What answers for users who do not exist are made of. The same over restarts, it keeps a client from finding out by comparing.
    pub mock_secret: [u8; 32],
}

impl PgOptions {
    /// The defaults: 100 sessions, messages of 64 MiB, a minute for startup, five seconds to stop, a new random mock secret.
    pub fn new(sql: SqlService, credentials: Option<Arc<dyn CredentialStore>>) -> PgOptions {
        PgOptions {
            sql,
            credentials,
            max_connections: 100,
            message_bytes_max: 64 << 20,
            startup_timeout: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(5),
            mock_secret: random::bytes(),
        }
    }
}
