//! The executor over a real engine, through sessions as the front door has them.

mod catalog;
mod drivers;
mod expressions;
mod harness;
mod indexes;
mod instant_log;
mod limits;
mod past;
mod psql;
mod queries;
