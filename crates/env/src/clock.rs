//! Time: the wall clock and a monotonic clock behind one trait.
//!
//! Not here: timers and waiting. Who waits, waits for an event.

#![expect(
    clippy::disallowed_methods,
    reason = "this module is where the system's clocks are read"
)]

use parking_lot::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall clock and monotonic clock.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since the Unix epoch. May go back when the system's clock is set.
    fn now_micros(&self) -> u64;
    /// Time since an arbitrary fixed point; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    pub fn new() -> SystemClock {
        SystemClock {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> SystemClock {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn now_micros(&self) -> u64 {
        // A clock set before 1970 reads as 1970: a wrong clock is the administrator's to repair, not a reason to stop.
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that moves only when told to.
///
/// ```
/// use shale_env::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(1_000_000);
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now_micros(), 3_000_000);
/// clock.set_micros(500); // the administrator sets the wall clock back
/// assert_eq!((clock.now_micros(), clock.monotonic()), (500, Duration::from_secs(2)));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<ManualState>,
}

#[derive(Debug)]
struct ManualState {
    wall_micros: u64,
    monotonic: Duration,
}

impl ManualClock {
    /// A clock that shows the given wall time (microseconds since the Unix epoch) and monotonic zero.
    pub fn new(wall_micros: u64) -> ManualClock {
        ManualClock {
            state: Mutex::new(ManualState {
                wall_micros,
                monotonic: Duration::ZERO,
            }),
        }
    }

    /// Lets time pass on both clocks.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock();
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        state.wall_micros = state.wall_micros.saturating_add(micros);
        state.monotonic = state.monotonic.saturating_add(by);
    }

    /// Sets the wall clock, forwards or back; the monotonic clock does not notice.
    pub fn set_micros(&self, wall_micros: u64) {
        self.state.lock().wall_micros = wall_micros;
    }
}

impl Clock for ManualClock {
    fn now_micros(&self) -> u64 {
        self.state.lock().wall_micros
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().monotonic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_shows_this_century_and_does_not_go_back() {
        let clock = SystemClock::new();
        // 2020-01-01 … 2100-01-01
        assert!((1_577_836_800_000_000..4_102_444_800_000_000).contains(&clock.now_micros()));
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
    }

    #[test]
    fn a_manual_clock_saturates() {
        let clock = ManualClock::new(u64::MAX - 1);
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now_micros(), u64::MAX);
        assert_eq!(clock.monotonic(), Duration::MAX);
    }
}
