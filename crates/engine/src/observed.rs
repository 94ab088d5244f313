//! Observed attributes: what has ever been seen of the attributes of a table, so that tables without declarations have columns.
//!
//! Not here: SQL types (`sql` derives them), declared columns.
//!
//! Words: a *fact* is an entry of the catalogue or the growth of one. A fact is *known* from the moment that a record with it is
//! sequenced, and *published* with that record.
//!
//! Invariants:
//! * Every attribute of a published item is covered by published facts, unless the catalogue was full or its name too long.
//! * Facts only grow. Rows hold whole entries; they are computed from the newest row (pending ones included) under `growth`, so that
//!   of two writers with different news the later row covers both.
//! * What is known belongs to one generation of the shard: after a rollback, only published facts count.

use crate::api::ObservedAttribute;
use crate::definition::{decode_observed, encode_observed, observed_key};
use crate::error::Error;
use crate::record::RecordBuilder;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use shale_item::{AttributeType, ItemView, TableId, ValueView};
use shale_storage::{Generation, Role, Shard, StorageError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names kept per table; attributes beyond them stay visible through `_item` only.
pub(crate) const NAMES_MAX: usize = 1000;
/// Bytes of a name that is kept: no column could be called by a longer one.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// Observed attributes by name.
pub(crate) type Facts = BTreeMap<String, ObservedAttribute>;

/// The catalogue of one table.
#[derive(Debug)]
pub(crate) struct Observed {
    published: ArcSwap<Facts>,
    known: ArcSwap<Known>,
    /// Held from reading the newest rows until the record with the grown ones is sequenced.
    pub(crate) growth: Mutex<()>,
}

#[derive(Debug)]
struct Known {
    generation: Option<Generation>,
    facts: Arc<Facts>,
}

impl Observed {
    /// A catalogue with those published facts.
    pub(crate) fn new(facts: Facts) -> Observed {
        let facts = Arc::new(facts);
        Observed {
            published: ArcSwap::new(Arc::clone(&facts)),
            known: ArcSwap::new(Arc::new(Known {
                generation: None,
                facts,
            })),
            growth: Mutex::new(()),
        }
    }

    /// The published facts.
    pub(crate) fn published(&self) -> Arc<Facts> {
        self.published.load_full()
    }

    /// Names that have a row, as far as is known in that generation.
    pub(crate) fn names(&self, generation: Generation) -> Vec<String> {
        let (known, published) = (self.known.load(), self.published.load());
        let mut names: Vec<String> = published.keys().cloned().collect();
        if known.generation == Some(generation) {
            let unpublished = known.facts.keys();
            names.extend(unpublished.filter(|n| !published.contains_key(*n)).cloned());
        }
        names
    }

    /// Adds what `item` shows beyond the known facts to `news`. The common case finds nothing and allocates nothing.
    pub(crate) fn news(&self, generation: Generation, item: ItemView<'_>, news: &mut Facts) {
        let known = self.known.load();
        if known.generation == Some(generation) {
            news_of(&known.facts, item, news);
        } else {
            news_of(&self.published.load(), item, news);
        }
    }

    /// Adds rows to the record that cover the news and everything that the newest rows cover. Under `growth`, until `learn`.
    pub(crate) fn grow(
        &self,
        table: TableId,
        shard: &Shard,
        generation: Generation,
        news: Facts,
        record: &mut RecordBuilder,
    ) -> Result<Facts, Error> {
        let mut names = self.names(generation).len();
        let mut grown = Facts::new();
        for (name, fact) in news {
            let key = observed_key(table, &name);
            let newest = shard.latest(Role::Catalog, &key)?.value;
            // A table of a transaction may have facts whose rows are in the same record.
            let staged = self.published.load().get(&name).cloned();
            let mut entry = match (&newest, staged) {
                (Some(row), _) => decode_observed(row).map_err(StorageError::Corrupt)?,
                (None, Some(fact)) => fact,
                (None, None) if names >= NAMES_MAX => continue,
                (None, None) => {
                    names += 1;
                    ObservedAttribute::default()
                }
            };
            if merge(&mut entry, &fact) {
                record.catalog(&key, Some(&encode_observed(&entry)));
            }
            // Also if another writer's pending row covers it: then it is known now.
            grown.insert(name, entry);
        }
        Ok(grown)
    }

    /// Notes facts of a record that was sequenced in that generation. Under `growth`.
    pub(crate) fn learn(&self, generation: Generation, grown: &Facts) {
        let known = self.known.load();
        let mut facts = if known.generation == Some(generation) {
            Facts::clone(&known.facts)
        } else {
            Facts::clone(&self.published.load())
        };
        for (name, fact) in grown {
            merge(facts.entry(name.clone()).or_default(), fact);
        }
        self.known.store(Arc::new(Known {
            generation: Some(generation),
            facts: Arc::new(facts),
        }));
    }

    /// Publishes facts. In log order, by one thread at a time.
    pub(crate) fn publish(&self, rows: Facts) {
        let mut facts = Facts::clone(&self.published.load());
        for (name, fact) in rows {
            merge(facts.entry(name).or_default(), &fact);
        }
        self.published.store(Arc::new(facts));
    }
}

/// Makes `entry` cover `fact` too; says whether it grew.
pub(crate) fn merge(entry: &mut ObservedAttribute, fact: &ObservedAttribute) -> bool {
    let before = entry.clone();
    entry.types |= fact.types;
    entry.integer_digits = entry.integer_digits.max(fact.integer_digits);
    entry.fraction_digits = entry.fraction_digits.max(fact.fraction_digits);
    entry.beyond_i64 |= fact.beyond_i64;
    *entry != before
}

fn news_of(facts: &Facts, item: ItemView<'_>, news: &mut Facts) {
    for (name, value) in item.iter() {
        let fact = fact_of(&value);
        let covered = match facts.get(name) {
            Some(entry) => covers(entry, &fact),
            // IMPORTANT: a full catalogue must not send every write down the slow path.
            None => facts.len() >= NAMES_MAX || name.len() > NAME_BYTES_MAX,
        };
        if !covered {
            merge(news.entry(name.to_owned()).or_default(), &fact);
        }
    }
}

fn covers(entry: &ObservedAttribute, fact: &ObservedAttribute) -> bool {
    entry.types & fact.types == fact.types
        && entry.integer_digits >= fact.integer_digits
        && entry.fraction_digits >= fact.fraction_digits
        && (entry.beyond_i64 || !fact.beyond_i64)
}

/// What one value shows.
fn fact_of(value: &ValueView<'_>) -> ObservedAttribute {
    let attribute_type = value.attribute_type();
    let mut fact = ObservedAttribute {
        types: 1 << attribute_type as u16,
        ..ObservedAttribute::default()
    };
    if let (AttributeType::N, ValueView::N(number)) = (attribute_type, value) {
        (fact.integer_digits, fact.fraction_digits) = number.digits();
        fact.beyond_i64 = number.to_i64().is_none();
    }
    fact
}
