//! The memory that all statements share.
//!
//! Operators that can spill (sorts, aggregations) share [`SPILLING_SHARE`] of the pool evenly; the rest is for those that cannot: hash
//! tables of joins, arrays being built, and the merging of what was spilled, which has to find room when the sorts hold all they may.
//! DataFusion's own fair pool gives spilling operators everything, so that their merge may find none.

use datafusion::common::{Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use parking_lot::Mutex;
use std::fmt;

/// Numerator and denominator of what spilling operators may use together.
const SPILLING_SHARE: (usize, usize) = (1, 2);

/// A pool of a fixed size.
#[derive(Debug)]
pub(crate) struct StatementMemory {
    bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    spilling_consumers: usize,
    spilling_bytes: usize,
    other_bytes: usize,
}

impl StatementMemory {
    /// A pool of that many bytes.
    pub(crate) fn new(bytes_max: usize) -> StatementMemory {
        StatementMemory {
            bytes_max,
            state: Mutex::new(State::default()),
        }
    }
}

impl fmt::Display for StatementMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes for all statements", self.bytes_max)
    }
}

impl MemoryPool for StatementMemory {
    fn name(&self) -> &str {
        "statements"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            self.state.lock().spilling_consumers += 1;
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            let mut state = self.state.lock();
            state.spilling_consumers = state.spilling_consumers.saturating_sub(1);
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        let mut state = self.state.lock();
        match reservation.consumer().can_spill() {
            true => state.spilling_bytes += additional,
            false => state.other_bytes += additional,
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let mut state = self.state.lock();
        match reservation.consumer().can_spill() {
            true => state.spilling_bytes = state.spilling_bytes.saturating_sub(shrink),
            false => state.other_bytes = state.other_bytes.saturating_sub(shrink),
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut state = self.state.lock();
        let free = self
            .bytes_max
            .saturating_sub(state.spilling_bytes + state.other_bytes);
        let available = if reservation.consumer().can_spill() {
            let shared = self.bytes_max / SPILLING_SHARE.1 * SPILLING_SHARE.0;
            let share = shared / state.spilling_consumers.max(1);
            share.saturating_sub(reservation.size()).min(free)
        } else {
            free
        };
        if additional > available {
            return Err(resources_datafusion_err!(
                "{} needs {additional} bytes more, {available} of {} are available to it",
                reservation.consumer().name(),
                self.bytes_max
            ));
        }
        match reservation.consumer().can_spill() {
            true => state.spilling_bytes += additional,
            false => state.other_bytes += additional,
        }
        Ok(())
    }

    fn reserved(&self) -> usize {
        let state = self.state.lock();
        state.spilling_bytes + state.other_bytes
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_spills_leaves_room_for_what_does_not() {
        let pool: Arc<dyn MemoryPool> = Arc::new(StatementMemory::new(400));
        let first = MemoryConsumer::new("sort")
            .with_can_spill(true)
            .register(&pool);
        let second = MemoryConsumer::new("sort")
            .with_can_spill(true)
            .register(&pool);
        assert!(first.try_grow(100).is_ok());
        assert!(first.try_grow(1).is_err());
        assert!(second.try_grow(100).is_ok());
        let merge = MemoryConsumer::new("merge").register(&pool);
        assert!(merge.try_grow(200).is_ok());
        assert!(merge.try_grow(1).is_err());
        first.shrink(50);
        assert!(merge.try_grow(50).is_ok());
        assert_eq!(pool.reserved(), 400);
        drop((first, second, merge));
        assert_eq!(pool.reserved(), 0);
    }
}
