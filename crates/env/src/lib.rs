//! The outside world as traits, with a real and a deterministic implementation of each.
//!
//! | trait | real | deterministic |
//! |---|---|---|
//! | [`Clock`] | [`SystemClock`] | [`ManualClock`] |
//! | [`Rand`] | [`SystemRand`] | [`SeededRand`] |
//! | [`Files`], [`File`] | [`SystemFiles`] | [`SimulatedFiles`] |
//!
//! Everything else in the workspace reads time, randomness and (where a simulation must inject faults) files only through these;
//! `clippy.toml` bans the direct calls.
//!
//! Not here: helpers that merely have no home.

mod clock;
mod files;
mod random;
mod simulated_files;

pub use clock::{Clock, ManualClock, SystemClock};
pub use files::{File, Files, SystemFiles};
pub use random::{Rand, SeededRand, SystemRand};
pub use simulated_files::{SimulatedFiles, SyncFault};
