//! SQL and PartiQL over a real engine in a directory of its own.

mod copy;
mod cursors;
mod definitions;
mod fuzz;
mod indexes;
mod partiql;
mod past;
mod session;
mod statements;
mod support;
mod transactions;
mod writes;
