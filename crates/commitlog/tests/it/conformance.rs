//! Every backend passes the one suite.

use crate::backends::{InMemory, OnDisk, Simulated};
use shale_commitlog::Drive;
use shale_commitlog::conformance::check_all;

#[test]
fn file_log_on_disk() {
    check_all(|| Box::new(OnDisk::new()));
}

#[test]
fn file_log_on_simulated_files_with_its_thread() {
    check_all(|| Box::new(InMemory::new(Drive::Thread)));
}

#[test]
fn file_log_on_simulated_files_stepped() {
    check_all(|| Box::new(InMemory::new(Drive::Stepped)));
}

#[test]
fn simulated_log() {
    check_all(|| Box::new(Simulated::default()));
}
