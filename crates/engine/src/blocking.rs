//! Work that would hold up a runtime's worker: waiting for other writers, reading megabytes.
//!
//! Not here: which work that is.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs work that may take long without holding up the other tasks of its thread. Outside of a runtime, and on one of a single thread,
/// there are none to hand over, and it just runs.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        Ok(_) | Err(_) => work(),
    }
}

/// As [`blocking`] if the work is large; handing over costs more than small work takes.
pub(crate) fn blocking_if<T>(large: bool, work: impl FnOnce() -> T) -> T {
    match large {
        true => blocking(work),
        false => work(),
    }
}
