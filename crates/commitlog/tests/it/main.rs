//! Integration tests of the commit log, in one binary.

mod backends;
mod conformance;
mod crashes;
mod file_log;
mod fixture;
mod simulated;
