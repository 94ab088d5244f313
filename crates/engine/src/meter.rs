//! What a statement reads, counted at its view: requests, items, capacity.
//!
//! Not here: Contributor Insights (`insights`), which count by key for everybody. A view without a meter pays one comparison per request.

use crate::api::Page;
use std::sync::atomic::{AtomicU64, Ordering};

/// Half a unit is the smallest capacity that a read takes.
const PARTS_OF_A_UNIT: f64 = 2.0;

/// Counters of what is read through the views that have it.
#[derive(Debug, Default)]
pub struct ReadMeter {
    requests: AtomicU64,
    items_read: AtomicU64,
    items_returned: AtomicU64,
    half_units: AtomicU64,
}

/// What a [`ReadMeter`] has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReadUsage {
    /// Requests to the engine: keys looked up and pages.
    pub requests: u64,
    /// Items (or index entries) read, before any filter.
    pub items_read: u64,
    /// Items that were there and passed the filter.
    pub items_returned: u64,
    /// Read capacity units, of the table and its indexes.
    pub capacity: f64,
}

impl ReadMeter {
    /// What was counted so far.
    pub fn usage(&self) -> ReadUsage {
        ReadUsage {
            requests: self.requests.load(Ordering::Relaxed),
            items_read: self.items_read.load(Ordering::Relaxed),
            items_returned: self.items_returned.load(Ordering::Relaxed),
            capacity: self.half_units.load(Ordering::Relaxed) as f64 / PARTS_OF_A_UNIT,
        }
    }

    /// Forgets what was counted: the statement starts over.
    pub fn reset(&self) {
        for counter in [
            &self.requests,
            &self.items_read,
            &self.items_returned,
            &self.half_units,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn add_item(&self, found: bool, capacity: f64) {
        self.add(u64::from(found), u64::from(found), capacity);
    }

    pub(crate) fn add_page(&self, page: &Page) {
        let capacity = page.capacity + page.whole_items_capacity;
        self.add(
            u64::from(page.scanned_count),
            page.items.len() as u64,
            capacity,
        );
    }

    fn add(&self, read: u64, returned: u64, capacity: f64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.items_read.fetch_add(read, Ordering::Relaxed);
        self.items_returned.fetch_add(returned, Ordering::Relaxed);
        let half_units = (capacity * PARTS_OF_A_UNIT).round() as u64;
        self.half_units.fetch_add(half_units, Ordering::Relaxed);
    }
}
