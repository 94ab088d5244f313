//! Key ranges of queries and scans, and reading one page of a range.
//!
//! Not here: which table, which snapshot (`read`).
//!
//! Invariants:
//! * A page that was stopped (by the limit or by 1 MB) names the last item it read, even if nothing follows; any other page is the last.
//! * Limit and size count what was read, before the filter.

use crate::api::{Page, Query};
use crate::apply::item_of;
use crate::capacity::read_units;
use crate::error::Error;
use crate::limits::{PAGE_BYTES_MAX, SEGMENTS_MAX};
use bytes::Bytes;
use shale_expression::{Condition, SortCondition};
use shale_item::{
    AttributeValue, Item, KeyAttribute, KeySchema, KeyType, KeyValue, PARTITION_KEY_BYTES_MAX,
    TableId, decode_key, encode_hash_prefix, encode_key, encode_partition_prefix,
    encode_sort_value, prefix_end, table_prefix,
};
use shale_storage::{Role, Snapshot, StorageError};
use std::ops::Range;

/// A range of tree keys to read a page of.
#[derive(Debug)]
pub(crate) struct Pages<'a> {
    pub(crate) range: Range<Vec<u8>>,
    pub(crate) forward: bool,
    pub(crate) limit: Option<u32>,
    pub(crate) filter: Option<&'a Condition>,
    pub(crate) consistent: bool,
}

impl Pages<'_> {
    /// Reads the first page of the range.
    pub(crate) fn read(self, snapshot: &Snapshot, key_schema: &KeySchema) -> Result<Page, Error> {
        let limit = self.limit.unwrap_or(u32::MAX);
        let mut page = Page::default();
        let mut bytes = 0;
        if limit > 0 && self.range.start < self.range.end {
            let range = Bytes::from(self.range.start)..Bytes::from(self.range.end);
            let mut entries = snapshot.range(Role::Items, range);
            let mut next = || match self.forward {
                true => entries.next(),
                false => entries.next_back(),
            };
            while let Some(entry) = next() {
                let (tree_key, value) = entry?;
                let item = item_of(value)?;
                bytes += item.size();
                page.scanned_count += 1;
                if self
                    .filter
                    .is_none_or(|filter| filter.evaluate(item.view()))
                {
                    page.items.push(item);
                }
                if page.scanned_count == limit || bytes >= PAGE_BYTES_MAX {
                    page.last_evaluated_key = Some(key_attributes(&tree_key, key_schema)?);
                    break;
                }
            }
        }
        page.capacity = read_units(bytes, self.consistent);
        Ok(page)
    }
}

fn key_attributes(tree_key: &[u8], key_schema: &KeySchema) -> Result<Item, Error> {
    let decoded = decode_key(tree_key, key_schema);
    let (_, key) = decoded.map_err(|error| StorageError::Corrupt(error.to_string()))?;
    Ok(key_schema.to_attributes(&key))
}

/// The tree keys that a query reads.
///
/// # Errors
/// [`Error::Key`] for the partition key's value, [`Error::InvalidSortCondition`].
pub(crate) fn query_range(
    table: TableId,
    key_schema: &KeySchema,
    query: &Query,
) -> Result<Range<Vec<u8>>, Error> {
    let partition = key_schema
        .partition
        .value_of(&query.partition, PARTITION_KEY_BYTES_MAX)?;
    let prefix = encode_partition_prefix(table, &partition);
    match (&query.sort, &key_schema.sort) {
        (None, _) => {
            let end = end_of(&prefix);
            Ok(prefix..end)
        }
        (Some(condition), Some(attribute)) => sort_range(prefix, attribute, condition),
        (Some(_), None) => Err(Error::InvalidSortCondition),
    }
}

fn sort_range(
    prefix: Vec<u8>,
    attribute: &KeyAttribute,
    condition: &SortCondition,
) -> Result<Range<Vec<u8>>, Error> {
    let encoded = |value: &AttributeValue, complete: bool| {
        let mut key = prefix.clone();
        encode_sort_value(&sort_value(attribute, value)?, complete, &mut key);
        Ok::<_, Error>(key)
    };
    let at = |value| encoded(value, true);
    let end = || end_of(&prefix);
    Ok(match condition {
        SortCondition::Eq(value) => at(value)?..just_behind(at(value)?),
        SortCondition::Lt(value) => prefix.clone()..at(value)?,
        SortCondition::Le(value) => prefix.clone()..just_behind(at(value)?),
        SortCondition::Gt(value) => just_behind(at(value)?)..end(),
        SortCondition::Ge(value) => at(value)?..end(),
        SortCondition::Between(low, high) => at(low)?..just_behind(at(high)?),
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

/// The tree keys of a table, or of one of its segments: an equal part of the hash space.
///
/// # Errors
/// [`Error::InvalidSegment`].
pub(crate) fn scan_range(
    table: TableId,
    segment: Option<(u32, u32)>,
) -> Result<Range<Vec<u8>>, Error> {
    let (segment, total) = segment.unwrap_or((0, 1));
    if segment >= total || total > SEGMENTS_MAX {
        return Err(Error::InvalidSegment { segment, total });
    }
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
/// [`Error::InvalidStartKey`] if it is no key of the table, or none in the range.
pub(crate) fn behind(
    table: TableId,
    key_schema: &KeySchema,
    range: Range<Vec<u8>>,
    start_key: &Item,
    forward: bool,
) -> Result<Range<Vec<u8>>, Error> {
    let key = key_schema.exact_key_of(start_key);
    let tree_key = encode_key(table, &key.map_err(|_| Error::InvalidStartKey)?);
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
