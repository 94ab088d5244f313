//! Key ranges of queries and scans, and reading one page of a range.
//!
//! Not here: which table, which snapshot (`read`).
//!
//! Invariants:
//! * A page that was stopped (by the limit or by 1 MB) names the last item it read, even if nothing follows; any other page is the last.
//! * Limit and size count what was read, before the filter.

use crate::api::{CreateTable, Page, Query};
use crate::capacity::read_units;
use crate::derived::{Index, IndexStatus};
use crate::error::Error;
use crate::index;
use crate::insights::Watch;
use crate::limits::{PAGE_BYTES_MAX, SEGMENTS_MAX};
use crate::merge::Reader;
use bytes::Bytes;
use shale_expression::{Condition, SortCondition};
use shale_item::{
    AttributeValue, EncodedItem, Item, KeyAttribute, KeyError, KeySchema, KeyType, KeyValue,
    PARTITION_KEY_BYTES_MAX, TableId, decode_key, encode_hash_prefix, encode_key,
    encode_sort_value, prefix_end, table_prefix,
};
use shale_storage::{Role, StorageError};
use std::ops::Range;

/// A range of tree keys to read a page of.
#[derive(Debug)]
pub(crate) struct Pages<'a> {
    pub(crate) range: Range<Vec<u8>>,
    pub(crate) forward: bool,
    pub(crate) limit: Option<u32>,
    pub(crate) filter: Option<&'a Condition>,
    pub(crate) consistent: bool,
    /// Completes the entries of an index to whole items.
    pub(crate) whole_items: bool,
}

impl Pages<'_> {
    /// Reads the first page of the range.
    pub(crate) fn read(
        self,
        reader: &Reader,
        source: &Source<'_>,
        mut watch: Option<&mut Watch>,
    ) -> Result<Page, Error> {
        let limit = self.limit.unwrap_or(u32::MAX);
        let mut page = Page::default();
        let mut bytes = 0;
        if limit > 0 && self.range.start < self.range.end {
            let range = Bytes::from(self.range.start)..Bytes::from(self.range.end);
            let mut last = None;
            for entry in reader.range(source.role(), range.clone(), self.forward) {
                let (tree_key, mut item) = entry?;
                bytes += item.size();
                page.scanned_count += 1;
                if let Some(watch) = &mut watch {
                    watch.saw(source, &tree_key, &item);
                }
                let full = page.scanned_count == limit || bytes >= PAGE_BYTES_MAX;
                if full {
                    page.last_evaluated_key = Some(source.key_attributes(&tree_key, &item)?);
                }
                if self.whole_items && source.index.is_some() {
                    let Some(whole) = source.whole_item(reader, &item)? else {
                        // Only an asynchronous index has entries of items that are gone; the page may still end here.
                        if full {
                            last = Some(tree_key);
                            break;
                        }
                        continue;
                    };
                    let units = read_units(whole.size(), self.consistent);
                    if let Some(watch) = &mut watch {
                        watch.completed(source, &item, units);
                    }
                    item = whole;
                    page.whole_items_capacity += units;
                }
                if self
                    .filter
                    .is_none_or(|filter| filter.evaluate(item.view()))
                {
                    page.items.push(item);
                }
                if full {
                    last = Some(tree_key);
                    break;
                }
            }
            reader.note_range(source.role(), covered(range, last, self.forward))?;
        }
        page.capacity = read_units(bytes, self.consistent);
        Ok(page)
    }
}

/// What of a range was read up to the last key; everything without one.
fn covered(range: Range<Bytes>, last: Option<Bytes>, forward: bool) -> Range<Bytes> {
    match (last, forward) {
        (None, _) => range,
        (Some(last), true) => range.start..Bytes::from(just_behind(last.to_vec())),
        (Some(last), false) => last..range.end,
    }
}

/// What a query or scan reads: the items of a table, or the entries of one of its indexes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    table: TableId,
    key_schema: &'a KeySchema,
    index: Option<&'a Index>,
}

impl<'a> Source<'a> {
    /// The table, or the index of that name.
    ///
    /// # Errors
    /// [`Error::IndexNotFound`], [`Error::IndexNotReady`].
    pub(crate) fn new(
        table: TableId,
        definition: &'a CreateTable,
        index: Option<&str>,
    ) -> Result<Source<'a>, Error> {
        let index = index.map(|name| {
            let found = definition.derived.index(name);
            let index = found.ok_or_else(|| Error::IndexNotFound {
                table: definition.name.clone(),
                index: name.to_owned(),
            })?;
            match index.status {
                IndexStatus::Active => Ok(index),
                IndexStatus::Creating => Err(Error::IndexNotReady {
                    index: name.to_owned(),
                }),
            }
        });
        Ok(Source {
            table,
            key_schema: &definition.key_schema,
            index: index.transpose()?,
        })
    }

    fn role(&self) -> Role {
        match self.index {
            Some(_) => Role::Indexes,
            None => Role::Items,
        }
    }

    /// The index that is read; none: the table.
    pub(crate) fn index(&self) -> Option<&'a Index> {
        self.index
    }

    /// The tree key of the item that an entry stands for.
    pub(crate) fn item_key(&self, entry: &EncodedItem) -> Result<Vec<u8>, KeyError> {
        index::item_key(self.table, self.key_schema, entry.view())
    }

    fn id(&self) -> TableId {
        self.index.map_or(self.table, |index| index.id)
    }

    fn partition(&self) -> &'a [KeyAttribute] {
        match self.index {
            Some(index) => &index.partition,
            None => std::slice::from_ref(&self.key_schema.partition),
        }
    }

    fn sort(&self) -> &'a [KeyAttribute] {
        match self.index {
            Some(index) => &index.sort,
            None => self.key_schema.sort.as_slice(),
        }
    }

    /// The item that an entry stands for, in the same snapshot.
    fn whole_item(
        &self,
        reader: &Reader,
        entry: &EncodedItem,
    ) -> Result<Option<EncodedItem>, Error> {
        reader.get(&self.item_key(entry)?)
    }

    /// The attributes from which a page goes on.
    fn key_attributes(&self, tree_key: &[u8], item: &EncodedItem) -> Result<Item, Error> {
        if let Some(index) = self.index {
            return Ok(index::key_attributes(self.key_schema, index, item.view()));
        }
        let decoded = decode_key(tree_key, self.key_schema);
        let (_, key) = decoded.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        Ok(self.key_schema.to_attributes(&key))
    }

    /// The tree key that such attributes name.
    fn tree_key_of(&self, start_key: &Item) -> Result<Vec<u8>, Error> {
        match self.index {
            Some(index) => index::exact_entry_key(self.key_schema, index, start_key),
            None => match self.key_schema.exact_key_of(start_key) {
                Ok(key) => Ok(encode_key(self.table, &key)),
                Err(_) => Err(Error::InvalidStartKey),
            },
        }
    }
}

/// The tree keys that a query reads.
///
/// # Errors
/// [`Error::Key`] for a partition key's value, [`Error::InvalidSortCondition`].
pub(crate) fn query_range(source: &Source<'_>, query: &Query) -> Result<Range<Vec<u8>>, Error> {
    let mut prefix = partition_prefix(source, &query.partition)?;
    let mut attributes = source.sort().iter();
    for value in &query.sort_prefix {
        let attribute = attributes.next().ok_or(Error::InvalidSortCondition)?;
        encode_sort_value(&sort_value(attribute, value)?, true, &mut prefix);
    }
    match (&query.sort, attributes.next()) {
        (None, _) => {
            let end = end_of(&prefix);
            Ok(prefix..end)
        }
        (Some(condition), Some(attribute)) => {
            // Behind the sort key of an entry stands the table's key.
            let last = source.index.is_none();
            sort_range(prefix, attribute, condition, last)
        }
        (Some(_), None) => Err(Error::InvalidSortCondition),
    }
}

fn partition_prefix(source: &Source<'_>, values: &[AttributeValue]) -> Result<Vec<u8>, Error> {
    let attributes = source.partition();
    if attributes.len() != values.len() {
        return Err(Error::Key(KeyError::NotExact));
    }
    let values = attributes
        .iter()
        .zip(values)
        .map(|(attribute, value)| attribute.value_of(value, PARTITION_KEY_BYTES_MAX));
    let values: Vec<KeyValue> = values.collect::<Result<_, _>>()?;
    Ok(index::encode_prefix(source.id(), &values))
}

fn sort_range(
    prefix: Vec<u8>,
    attribute: &KeyAttribute,
    condition: &SortCondition,
    last: bool,
) -> Result<Range<Vec<u8>>, Error> {
    let encoded = |value: &AttributeValue, complete: bool| {
        let mut key = prefix.clone();
        encode_sort_value(&sort_value(attribute, value)?, complete, &mut key);
        Ok::<_, Error>(key)
    };
    let at = |value| encoded(value, true);
    // Above all keys with that value. Nothing follows the last one, and values end themselves, so that a byte more is enough there.
    let behind = |value| {
        at(value).map(|key| match last {
            true => just_behind(key),
            false => end_of(&key),
        })
    };
    let end = || end_of(&prefix);
    Ok(match condition {
        SortCondition::Eq(value) => at(value)?..behind(value)?,
        SortCondition::Lt(value) => prefix.clone()..at(value)?,
        SortCondition::Le(value) => prefix.clone()..behind(value)?,
        SortCondition::Gt(value) => behind(value)?..end(),
        SortCondition::Ge(value) => at(value)?..end(),
        SortCondition::Between(low, high) => at(low)?..behind(high)?,
        SortCondition::BeginsWith(value) => {
            if attribute.key_type == KeyType::N {
                return Err(Error::InvalidSortCondition);
            }
            let start = encoded(value, false)?;
            let end = end_of(&start);
            start..end
        }
    })
}

/// A bound on the sort key: of its type, of any length. No key is empty or longer than the limit, but bounds compare all the same.
fn sort_value(attribute: &KeyAttribute, value: &AttributeValue) -> Result<KeyValue, Error> {
    match (attribute.key_type, value) {
        (KeyType::S, AttributeValue::S(text)) => Ok(KeyValue::S(text.clone())),
        (KeyType::N, AttributeValue::N(number)) => Ok(KeyValue::N(*number)),
        (KeyType::B, AttributeValue::B(bytes)) => Ok(KeyValue::B(bytes.clone())),
        _ => Err(Error::InvalidSortCondition),
    }
}

/// The tree keys of a source, or of one of its segments: an equal part of the hash space.
///
/// # Errors
/// [`Error::InvalidSegment`].
pub(crate) fn scan_range(
    source: &Source<'_>,
    segment: Option<(u32, u32)>,
) -> Result<Range<Vec<u8>>, Error> {
    let (segment, total) = segment.unwrap_or((0, 1));
    if segment >= total || total > SEGMENTS_MAX {
        return Err(Error::InvalidSegment { segment, total });
    }
    let table = source.id();
    let start = encode_hash_prefix(table, segment_start(segment, total)).to_vec();
    let end = match segment + 1 {
        next if next < total => encode_hash_prefix(table, segment_start(next, total)).to_vec(),
        _ => end_of(&table_prefix(table)),
    };
    Ok(start..end)
}

/// The first hash of a segment: `segment * 2^64 / total`, rounded down.
fn segment_start(segment: u32, total: u32) -> u64 {
    ((u128::from(segment) << 64) / u128::from(total)) as u64
}

/// What remains of a range behind a start key, in the direction of reading.
///
/// # Errors
/// [`Error::InvalidStartKey`] if it is no key of the source, or none in the range.
pub(crate) fn behind(
    source: &Source<'_>,
    range: Range<Vec<u8>>,
    start_key: &Item,
    forward: bool,
) -> Result<Range<Vec<u8>>, Error> {
    let tree_key = source.tree_key_of(start_key)?;
    if !range.contains(&tree_key) {
        return Err(Error::InvalidStartKey);
    }
    Ok(match forward {
        true => just_behind(tree_key)..range.end,
        false => range.start..tree_key,
    })
}

/// The smallest key above this one.
fn just_behind(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

/// The smallest key above all that begin with the prefix. Table ids never come to all bits set, so there is one.
fn end_of(prefix: &[u8]) -> Vec<u8> {
    prefix_end(prefix).unwrap_or_else(|| vec![u8::MAX; 5])
}
