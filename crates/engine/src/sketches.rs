//! What planners estimate with: how frequent the attributes of a table are, and how many values they have.
//!
//! A consumer of the log like the counts (`statistics`): every published item is looked at once. What is kept is small and bounded, and
//! never written: after a start it is learnt again from what is written, and from a sample of the items if somebody asks before.
//!
//! * The number of distinct values is a HyperLogLog sketch: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal
//!   cardinality estimation algorithm" (2007), with linear counting for few values. The standard error is 1.04 / sqrt(256), 6.5 %.
//! * Sketches cannot forget: values that no item has any more are still counted, up to the number of items.
//!
//! Not here: exact counts of items and bytes (`statistics`), which attributes there are (`observed`).

use parking_lot::Mutex;
use rustc_hash::FxHasher;
use shale_item::{ItemView, ValueView};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

/// Attributes of which something is known, per table: the first that are seen.
const ATTRIBUTES_MAX: usize = 32;
/// Bits of a hash that choose a register.
const REGISTER_BITS: u32 = 8;
const REGISTERS: usize = 1 << REGISTER_BITS;
/// Bytes of a long value that tell it from others.
const VALUE_BYTES_MAX: usize = 64;
/// Items that are enough to estimate from, whatever the size of the table: its sample.
pub(crate) const SAMPLE_ITEMS: u64 = 10_000;
/// Share of the values of a sample that must differ for all values to be taken for different.
const UNIQUE_SHARE: f64 = 0.9;

/// The sketches of one table.
#[derive(Debug, Default)]
pub struct TableSketches {
    state: Mutex<State>,
    /// Somebody has asked, and too little was known.
    wanted: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// Items that were looked at: each written one, or those of a sample.
    items: u64,
    /// By name.
    attributes: Vec<Attribute>,
}

#[derive(Debug)]
struct Attribute {
    name: Box<str>,
    /// Items looked at that had it, with a value that is not NULL.
    present: u64,
    registers: [u8; REGISTERS],
}

impl TableSketches {
    /// Looks at an item that was written.
    pub(crate) fn observe(&self, item: ItemView<'_>) {
        let mut state = self.state.lock();
        state.items += 1;
        let mut position = 0;
        // Both are in the order of names.
        for (name, value) in item.iter() {
            while let Some(known) = state.attributes.get(position)
                && *known.name < *name
            {
                position += 1;
            }
            let is_known = state
                .attributes
                .get(position)
                .is_some_and(|known| *known.name == *name);
            if !is_known {
                if state.attributes.len() == ATTRIBUTES_MAX {
                    continue;
                }
                let attribute = Attribute {
                    name: name.into(),
                    present: 0,
                    registers: [0; REGISTERS],
                };
                state.attributes.insert(position, attribute);
            }
            if let Some(attribute) = state.attributes.get_mut(position) {
                attribute.observe(&value);
            }
        }
    }

    /// Whether a sample should be taken of a table with that many items.
    pub(crate) fn take_wish(&self, items: u64) -> bool {
        self.wanted.load(Ordering::Relaxed)
            && self.wanted.swap(false, Ordering::Relaxed)
            && !self.state.lock().is_enough(items)
    }

    /// About how many of the items have the attribute, between 0 and 1; `None` if that is not known.
    pub fn present(&self, name: &str, items: u64) -> Option<f64> {
        let state = self.state.lock();
        if !state.is_enough(items) {
            self.wanted.store(true, Ordering::Relaxed);
            return None;
        }
        let present = match state.find(name) {
            Some(attribute) => attribute.present,
            None if state.attributes.len() < ATTRIBUTES_MAX => 0,
            None => return None,
        };
        Some(present as f64 / state.items as f64)
    }

    /// About how many values the attribute has in a table of that many items; `None` if that is not known. Documents count as one value.
    pub fn distinct(&self, name: &str, items: u64) -> Option<f64> {
        let state = self.state.lock();
        if !state.is_enough(items) {
            self.wanted.store(true, Ordering::Relaxed);
            return None;
        }
        let attribute = match state.find(name) {
            Some(attribute) => attribute,
            None if state.attributes.len() < ATTRIBUTES_MAX => return Some(0.0),
            None => return None,
        };
        let having = items as f64 * attribute.present as f64 / state.items as f64;
        let seen = attribute.distinct().min(attribute.present as f64);
        let differing = seen / (attribute.present as f64).max(1.0);
        // Of a sample all of whose values differ, the others do too; otherwise it has probably shown most values.
        let all = match state.items < items && differing > UNIQUE_SHARE {
            true => having * differing,
            false => seen,
        };
        Some(all.min(having))
    }
}

impl State {
    fn is_enough(&self, items: u64) -> bool {
        self.items > 0 && (self.items >= SAMPLE_ITEMS || self.items >= items)
    }

    fn find(&self, name: &str) -> Option<&Attribute> {
        let found = self
            .attributes
            .binary_search_by(|attribute| (*attribute.name).cmp(name));
        self.attributes.get(found.ok()?)
    }
}

impl Attribute {
    fn observe(&mut self, value: &ValueView<'_>) {
        if matches!(value, ValueView::Null) {
            return;
        }
        self.present += 1;
        let hash = hash_of(value);
        let register = (hash >> (u64::BITS - REGISTER_BITS)) as usize;
        // The position of the first one among the other bits, from 1.
        let rank = ((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))).leading_zeros() + 1;
        if let Some(highest) = self.registers.get_mut(register) {
            *highest = (*highest).max(rank as u8);
        }
    }

    /// About how many values were observed.
    fn distinct(&self) -> f64 {
        let registers = REGISTERS as f64;
        let alpha = 0.7213 / (1.0 + 1.079 / registers);
        let sum: f64 = self
            .registers
            .iter()
            .map(|rank| 2_f64.powi(-i32::from(*rank)))
            .sum();
        let estimate = alpha * registers * registers / sum;
        let empty = self.registers.iter().filter(|rank| **rank == 0).count();
        if estimate <= 2.5 * registers && empty > 0 {
            return registers * (registers / empty as f64).ln();
        }
        estimate
    }
}

/// Equal values have equal hashes, and all bits of a hash are good.
fn hash_of(value: &ValueView<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    let mut bytes = |bytes: &[u8]| {
        bytes.len().hash(&mut hasher);
        bytes[..bytes.len().min(VALUE_BYTES_MAX)].hash(&mut hasher);
    };
    match value {
        ValueView::S(text) => bytes(text.as_bytes()),
        ValueView::B(binary) => bytes(binary),
        ValueView::N(number) => number.hash(&mut hasher),
        ValueView::Bool(value) => value.hash(&mut hasher),
        _ => {}
    }
    // SplitMix64's finalizer: the hash above is quick, not good.
    let mut hash = hasher.finish();
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shale_item::{AttributeValue, EncodedItem, Item, Number};

    fn item(attributes: &[(&str, AttributeValue)]) -> EncodedItem {
        let mut item = Item::new();
        for (name, value) in attributes {
            item.insert((*name).to_owned(), value.clone());
        }
        EncodedItem::encode(&item)
    }

    fn text(text: String) -> AttributeValue {
        AttributeValue::S(text)
    }

    fn about(actual: Option<f64>, expected: f64) {
        let actual = actual.unwrap();
        assert!(
            (actual - expected).abs() <= expected * 0.2 + 0.01,
            "{actual}, not about {expected}"
        );
    }

    #[test]
    fn frequencies_and_distinct_values_are_estimated() {
        let sketches = TableSketches::default();
        assert_eq!(sketches.distinct("id", 100), None);
        for i in 0..20_000_i64 {
            let mut attributes = vec![
                ("id", AttributeValue::N(Number::from(i))),
                ("color", text(format!("c{}", i % 7))),
                ("name", text(format!("{:100}{}", "n", i % 1_000))),
            ];
            if i % 4 == 0 {
                attributes.push(("flag", AttributeValue::Bool(i % 8 == 0)));
                attributes.push(("none", AttributeValue::Null));
            }
            sketches.observe(item(&attributes).view());
        }
        about(sketches.distinct("id", 20_000), 20_000.0);
        about(sketches.distinct("color", 20_000), 7.0);
        about(sketches.distinct("flag", 20_000), 2.0);
        about(sketches.present("flag", 20_000), 0.25);
        about(sketches.present("id", 20_000), 1.0);
        assert_eq!(sketches.present("none", 20_000), Some(0.0));
        assert_eq!(sketches.present("never", 20_000), Some(0.0));
        assert_eq!(sketches.distinct("never", 20_000), Some(0.0));
        // Long values differ by their beginnings and lengths: as many as there are lengths here.
        about(sketches.distinct("name", 20_000), 3.0);
        // What was seen stands for more: unique values stay unique, few values few.
        about(sketches.distinct("id", 1_000_000), 1_000_000.0);
        about(sketches.distinct("color", 1_000_000), 7.0);
        // After deletes there cannot be more values than items.
        about(sketches.distinct("id", 50), 50.0);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let sketches = TableSketches::default();
        let names: Vec<String> = (0..100).map(|n| format!("a{n:03}")).collect();
        let attributes: Vec<(&str, AttributeValue)> = names
            .iter()
            .map(|name| (name.as_str(), AttributeValue::Bool(true)))
            .collect();
        sketches.observe(item(&attributes).view());
        assert_eq!(sketches.state.lock().attributes.len(), ATTRIBUTES_MAX);
        assert_eq!(sketches.present("a000", 1), Some(1.0));
        assert_eq!(sketches.present("a099", 1), None);
    }

    #[test]
    fn a_sample_is_wished_for_once_too_little_is_known() {
        let sketches = TableSketches::default();
        assert!(!sketches.take_wish(5));
        assert_eq!(sketches.present("a", 5), None);
        assert!(sketches.take_wish(5));
        assert!(!sketches.take_wish(5));
        for _ in 0..5 {
            sketches.observe(item(&[("a", AttributeValue::Bool(true))]).view());
        }
        assert_eq!(sketches.present("a", 5), Some(1.0));
        assert!(!sketches.take_wish(5));
    }
}
