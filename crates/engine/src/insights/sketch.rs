//! The largest contributors of a sequence that is never kept: the Space-Saving sketch, and what several of them come to.
//!
//! Source: Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (2005), with weights.
//!
//! Invariants:
//! * A sketch holds at most [`COUNTERS_MAX`] keys.
//! * A key's true weight is between `weight - error` and `weight`; one that is not there weighs at most `floor`.
//! * In a merged [`Ranking`] the true weight is within `weight ± error`.

use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Keys of one sketch. The floor, and so every error, is at most the sequence's weight divided by it.
pub(super) const COUNTERS_MAX: usize = 256;

/// A sketch of weighted keys.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    places: FxHashMap<Arc<[u8]>, usize>,
    keys: Vec<Arc<[u8]>>,
    /// Beside the keys, so that looking for the smallest reads nothing else.
    weights: Vec<f64>,
    errors: Vec<f64>,
}

impl Sketch {
    /// Adds to the weight of a key. Allocates only for a key that is not there.
    pub(super) fn add(&mut self, key: &[u8], weight: f64) {
        if let Some(place) = self.places.get(key) {
            self.weights[*place] += weight;
            return;
        }
        let key: Arc<[u8]> = key.into();
        if self.keys.len() < COUNTERS_MAX {
            self.places.insert(Arc::clone(&key), self.keys.len());
            self.keys.push(key);
            self.weights.push(weight);
            self.errors.push(0.0);
            return;
        }
        // The newcomer takes the place of the smallest, and may have all of its weight.
        let (place, floor) = self.smallest();
        self.places.remove(&self.keys[place]);
        self.places.insert(Arc::clone(&key), place);
        self.keys[place] = key;
        self.weights[place] = floor + weight;
        self.errors[place] = floor;
    }

    fn smallest(&self) -> (usize, f64) {
        let mut smallest = (0, f64::INFINITY);
        for (place, weight) in self.weights.iter().enumerate() {
            if *weight < smallest.1 {
                smallest = (place, *weight);
            }
        }
        smallest
    }

    /// What a key that is not there weighs at most.
    fn floor(&self) -> f64 {
        match self.keys.len() < COUNTERS_MAX {
            true => 0.0,
            false => self.smallest().1,
        }
    }
}

/// A key's weight, and by how much that may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Weight {
    pub(super) weight: f64,
    pub(super) error: f64,
}

/// The largest keys of several sketches of parts of a sequence.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranking {
    weights: FxHashMap<Arc<[u8]>, Weight>,
    /// What a key that is not there weighs at most.
    floor: f64,
}

impl Ranking {
    /// Adds a part of the sequence, and keeps the `kept` largest.
    pub(super) fn add(&mut self, part: &Sketch, kept: usize) {
        let floor = part.floor();
        for (key, weight) in &mut self.weights {
            if !part.places.contains_key(key) {
                weight.error += floor;
            }
        }
        for (place, key) in part.keys.iter().enumerate() {
            let weight = self.weights.entry(Arc::clone(key)).or_insert(Weight {
                weight: 0.0,
                error: self.floor,
            });
            weight.weight += part.weights[place];
            weight.error += part.errors[place];
        }
        self.floor += floor;
        if self.weights.len() <= kept {
            return;
        }
        let mut ordered = self.ordered();
        for (key, weight) in ordered.drain(kept..) {
            self.floor = self.floor.max(weight.weight + weight.error);
            self.weights.remove(&key);
        }
        self.weights.shrink_to(kept);
    }

    /// The keys, the largest first; equal ones by key.
    pub(super) fn ordered(&self) -> Vec<(Arc<[u8]>, Weight)> {
        let weights = self.weights.iter();
        let mut ordered: Vec<_> = weights.map(|(key, of)| (Arc::clone(key), *of)).collect();
        ordered.sort_by(|(one, a), (other, b)| {
            let by_weight = b.weight.total_cmp(&a.weight);
            by_weight.then_with(|| one.cmp(other))
        });
        ordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn sketch_of(sequence: &[(u16, u8)]) -> Sketch {
        let mut sketch = Sketch::default();
        for (key, weight) in sequence {
            sketch.add(&key.to_be_bytes(), f64::from(*weight));
        }
        sketch
    }

    #[test]
    fn few_keys_are_counted_exactly() {
        let mut sketch = sketch_of(&[(1, 2), (2, 1), (1, 4), (3, 1)]);
        sketch.add(b"half", 0.5);
        let mut ranking = Ranking::default();
        ranking.add(&sketch, 3);
        let ordered: Vec<_> = ranking.ordered().into_iter().collect();
        let weights: Vec<(f64, f64)> = ordered.iter().map(|(_, w)| (w.weight, w.error)).collect();
        assert_eq!(weights, [(6.0, 0.0), (1.0, 0.0), (1.0, 0.0)]);
        assert_eq!(*ordered[0].0, 1u16.to_be_bytes());
        assert_eq!(ranking.floor, 0.5, "what was left out");
    }

    #[test]
    fn a_hot_key_among_very_many_is_found() {
        let mut sketch = Sketch::default();
        for n in 0u32..100_000 {
            sketch.add(&n.to_be_bytes(), 1.0);
            if n % 50 == 0 {
                sketch.add(b"hot", 1.0);
            }
        }
        assert_eq!(sketch.keys.len(), COUNTERS_MAX);
        let mut ranking = Ranking::default();
        ranking.add(&sketch, 1);
        let [(key, weight)] = &ranking.ordered()[..] else {
            panic!("one is kept");
        };
        assert_eq!(&**key, b"hot");
        assert!(weight.weight >= 2000.0 && weight.weight - weight.error <= 2000.0);
    }

    proptest! {
        #[test]
        fn weights_are_right_within_their_errors(
            parts in prop::collection::vec(
                prop::collection::vec((0u16..2000, 1u8..20), 0..3000), 1..4),
            kept in 1usize..400,
        ) {
            let mut truth: BTreeMap<u16, f64> = BTreeMap::new();
            let mut ranking = Ranking::default();
            for part in &parts {
                for (key, weight) in part {
                    *truth.entry(*key).or_default() += f64::from(*weight);
                }
                let sketch = sketch_of(part);
                prop_assert!(sketch.keys.len() <= COUNTERS_MAX);
                ranking.add(&sketch, kept);
                prop_assert!(ranking.weights.len() <= kept);
            }
            for (key, weight) in truth {
                match ranking.weights.get(&key.to_be_bytes()[..]) {
                    Some(of) => prop_assert!((of.weight - weight).abs() <= of.error, "{key}: {of:?}, {weight}"),
                    None => prop_assert!(weight <= ranking.floor, "{key}: {weight}"),
                }
            }
        }
    }
}
