//! Counting the contributors of one table or index, minute by minute.
//!
//! Not here: what counts as an access and how much (`insights`), the sketch (`sketch`).
//!
//! Threads count in slices of their own, so that they do not wait for each other. A slice that sees a new minute hands over the one before.
//!
//! Memory, at most: [`SLICES`] × two kinds × two sketches of 256 keys, and [`WINDOWS_MAX`] × two kinds × two rankings of
//! [`CONTRIBUTORS_MAX`] keys; with keys of 50 bytes less than 2 MB, with the longest keys of a table (3 KB) 24 MB.

use super::sketch::{Ranking, Sketch, Weight};
use crate::derived::InsightsMode;
use parking_lot::Mutex;
use shale_item::{KeyType, key_values_length};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Microseconds of a window: the period of CloudWatch's rules.
pub const WINDOW_MICROS: u64 = 60 * 1_000_000;
/// Windows that are kept, the current one included: an hour.
pub(super) const WINDOWS_MAX: u64 = 60;
/// Contributors of a window that are kept, of each rule.
pub(super) const CONTRIBUTORS_MAX: usize = 25;
/// Parts that threads are spread over.
const SLICES: usize = 4;

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Capacity was consumed.
    Accessed,
    /// A request was turned away for want of capacity. Nothing does that yet.
    Throttled,
}

impl Kind {
    pub(super) const ALL: [Kind; 2] = [Kind::Accessed, Kind::Throttled];

    /// Whether it is counted in that mode.
    pub(super) fn is_counted(self, mode: InsightsMode) -> bool {
        self == Kind::Throttled || mode == InsightsMode::AccessedAndThrottledKeys
    }
}

/// Keys of which length a contributor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Partition,
    PartitionAndSort,
}

impl Part {
    pub(super) const ALL: [Part; 2] = [Part::Partition, Part::PartitionAndSort];
}

/// Something for each kind and part.
type ByRule<T> = [[T; 2]; 2];

/// The sketches of one slice in one minute.
#[derive(Debug, Default)]
struct Slice {
    /// Minutes since the Unix epoch.
    minute: u64,
    sketches: ByRule<Sketch>,
}

/// The rankings of one minute.
type Window = ByRule<Ranking>;

/// See the module.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(super) mode: InsightsMode,
    pub(super) enabled_micros: u64,
    pub(super) partition: Vec<KeyType>,
    pub(super) sort: Vec<KeyType>,
    slices: [Mutex<Slice>; SLICES],
    /// By minute. Taken inside of a slice, never the other way round.
    finished: Mutex<BTreeMap<u64, Window>>,
}

impl Recorder {
    /// Counts nothing yet, of keys with values of those types.
    pub(super) fn new(
        mode: InsightsMode,
        enabled_micros: u64,
        partition: Vec<KeyType>,
        sort: Vec<KeyType>,
    ) -> Recorder {
        Recorder {
            mode,
            enabled_micros,
            partition,
            sort,
            slices: Default::default(),
            finished: Mutex::default(),
        }
    }

    /// Counts contributions: the encoded values of a key, HASH alone or all with perhaps more behind them, and their weight.
    /// Bytes that are no such values are not counted.
    pub(crate) fn record<'k>(
        &self,
        kind: Kind,
        now_micros: u64,
        contributions: impl IntoIterator<Item = (&'k [u8], f64)>,
    ) {
        if !kind.is_counted(self.mode) {
            return;
        }
        let minute = now_micros / WINDOW_MICROS;
        let mut slice = self.slices[slice_of_thread()].lock();
        // A clock that was set back counts on in the newest minute.
        if slice.minute < minute {
            self.finish(&mut slice, minute);
        }
        for (values, weight) in contributions {
            let Some(partition) = key_values_length(values, self.partition.iter().copied()) else {
                continue;
            };
            let [of_partition, of_all] = &mut slice.sketches[kind as usize];
            of_partition.add(&values[..partition], weight);
            if !self.sort.is_empty()
                && let Some(sort) =
                    key_values_length(&values[partition..], self.sort.iter().copied())
            {
                of_all.add(&values[..partition + sort], weight);
            }
        }
    }

    /// Hands over what a slice has counted, and lets it begin a minute.
    fn finish(&self, slice: &mut Slice, minute: u64) {
        let (was, sketches) = (slice.minute, std::mem::take(&mut slice.sketches));
        slice.minute = minute;
        let mut finished = self.finished.lock();
        merge(finished.entry(was).or_default(), &sketches);
        *finished = finished.split_off(&oldest(minute));
    }

    /// The contributors of the last windows, the oldest window first and in it the largest contributors: the window's beginning in
    /// microseconds since the Unix epoch, and the encoded values of the key.
    pub(super) fn read(
        &self,
        kind: Kind,
        part: Part,
        now_micros: u64,
    ) -> Vec<(u64, Arc<[u8]>, Weight)> {
        let minute = now_micros / WINDOW_MICROS;
        let mut windows: BTreeMap<u64, Ranking> = BTreeMap::new();
        for slice in &self.slices {
            let mut slice = slice.lock();
            if slice.minute < minute {
                self.finish(&mut slice, minute);
            }
            let current = windows.entry(slice.minute).or_default();
            let sketch = &slice.sketches[kind as usize][part as usize];
            current.add(sketch, CONTRIBUTORS_MAX);
        }
        for (minute, window) in self.finished.lock().range(oldest(minute)..) {
            let ranking = &window[kind as usize][part as usize];
            windows.insert(*minute, ranking.clone());
        }
        let rows = windows.into_iter().flat_map(|(minute, ranking)| {
            let ordered = ranking.ordered().into_iter();
            ordered.map(move |(key, weight)| (minute * WINDOW_MICROS, key, weight))
        });
        rows.collect()
    }
}

fn merge(window: &mut Window, sketches: &ByRule<Sketch>) {
    for (rankings, sketches) in window.iter_mut().zip(sketches) {
        for (ranking, sketch) in rankings.iter_mut().zip(sketches) {
            ranking.add(sketch, CONTRIBUTORS_MAX);
        }
    }
}

/// The oldest minute that is kept in that one.
fn oldest(minute: u64) -> u64 {
    (minute + 1).saturating_sub(WINDOWS_MAX)
}

/// The slice that this thread counts in.
fn slice_of_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SLICE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    SLICE.with(|slice| {
        if slice.get() == usize::MAX {
            slice.set(THREADS.fetch_add(1, Ordering::Relaxed) % SLICES);
        }
        slice.get()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shale_item::{KeyValue, encode_sort_value};

    const MINUTE: u64 = WINDOW_MICROS;

    fn key(values: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for value in values {
            encode_sort_value(&KeyValue::S((*value).to_owned()), true, &mut out);
        }
        out
    }

    fn recorder(mode: InsightsMode) -> Recorder {
        Recorder::new(mode, 0, vec![KeyType::S], vec![KeyType::S])
    }

    fn read(recorder: &Recorder, kind: Kind, part: Part, now: u64) -> Vec<(u64, Vec<u8>, f64)> {
        let rows = recorder.read(kind, part, now).into_iter();
        rows.map(|(at, key, of)| (at, key.to_vec(), of.weight))
            .collect()
    }

    #[test]
    fn keys_are_counted_by_partition_and_as_a_whole_minute_by_minute() {
        let recorder = recorder(InsightsMode::AccessedAndThrottledKeys);
        let (a1, a2, b) = (key(&["a", "1"]), key(&["a", "2"]), key(&["b"]));
        let all = [(&a1[..], 1.0), (&a2[..], 2.5), (&b[..], 0.5)];
        recorder.record(Kind::Accessed, 5 * MINUTE + 7, all);
        recorder.record(Kind::Accessed, 6 * MINUTE, [(&a1[..], 4.0)]);
        let now = 6 * MINUTE + 1;
        assert_eq!(
            read(&recorder, Kind::Accessed, Part::Partition, now),
            [
                (5 * MINUTE, key(&["a"]), 3.5),
                (5 * MINUTE, b.clone(), 0.5),
                (6 * MINUTE, key(&["a"]), 4.0)
            ]
        );
        assert_eq!(
            read(&recorder, Kind::Accessed, Part::PartitionAndSort, now),
            [
                (5 * MINUTE, a2, 2.5),
                (5 * MINUTE, a1.clone(), 1.0),
                (6 * MINUTE, a1, 4.0)
            ]
        );
        for part in Part::ALL {
            assert_eq!(read(&recorder, Kind::Throttled, part, now), []);
        }
    }

    #[test]
    fn an_hour_is_kept_and_a_clock_that_is_set_back_loses_nothing() {
        let recorder = recorder(InsightsMode::AccessedAndThrottledKeys);
        let key = key(&["a"]);
        for minute in [10, 9, 11] {
            recorder.record(Kind::Accessed, minute * MINUTE, [(&key[..], 1.0)]);
        }
        let at = |now| -> Vec<(u64, f64)> {
            let rows = read(&recorder, Kind::Accessed, Part::Partition, now).into_iter();
            rows.map(|(at, _, weight)| (at / MINUTE, weight)).collect()
        };
        assert_eq!(at(11 * MINUTE), [(10, 2.0), (11, 1.0)]);
        assert_eq!(at((9 + WINDOWS_MAX) * MINUTE), [(10, 2.0), (11, 1.0)]);
        assert_eq!(at((10 + WINDOWS_MAX) * MINUTE), [(11, 1.0)]);
        assert_eq!(at((11 + WINDOWS_MAX) * MINUTE), []);
    }

    #[test]
    fn the_mode_says_what_is_counted() {
        let recorder = recorder(InsightsMode::ThrottledKeys);
        let key = key(&["a", "1"]);
        for kind in Kind::ALL {
            recorder.record(kind, MINUTE, [(&key[..], 1.0)]);
            let counted = read(&recorder, kind, Part::PartitionAndSort, MINUTE);
            assert_eq!(counted.len(), usize::from(kind == Kind::Throttled));
        }
    }

    #[test]
    fn threads_count_together() {
        let recorder = recorder(InsightsMode::AccessedAndThrottledKeys);
        let key = key(&["a", "1"]);
        std::thread::scope(|scope| {
            for _ in 0..2 * SLICES {
                scope.spawn(|| {
                    for n in 0..1000 {
                        recorder.record(Kind::Accessed, n * MINUTE / 100, [(&key[..], 1.0)]);
                    }
                });
            }
        });
        let rows = read(&recorder, Kind::Accessed, Part::Partition, 9 * MINUTE);
        let sum: f64 = rows.iter().map(|(_, _, weight)| weight).sum();
        assert_eq!(sum, 2.0 * SLICES as f64 * 1000.0);
    }

    #[test]
    fn bytes_that_are_no_key_are_not_counted() {
        let recorder = recorder(InsightsMode::AccessedAndThrottledKeys);
        let contributions = [(&b"no end"[..], 1.0), (&b""[..], 1.0)];
        recorder.record(Kind::Accessed, 0, contributions);
        assert_eq!(read(&recorder, Kind::Accessed, Part::Partition, 0), []);
    }
}
