//! The outside world as traits, with a real and a deterministic implementation of each.
//!
//! Not here: helpers that merely have no home.

use std::time::Duration;

/// Wall clock and monotonic clock.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since the Unix epoch.
    fn now_micros(&self) -> u64;
    /// Time since an arbitrary fixed point; never goes back.
    fn monotonic(&self) -> Duration;
}

/// A source of random bytes.
pub trait Rand: Send + Sync + 'static {
    /// Fills the buffer; the real implementation is fit for secrets.
    fn fill(&self, buffer: &mut [u8]);
    /// One random number.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}
