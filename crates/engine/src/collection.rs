//! Sizes of item collections: for a table with local indexes, the bytes of everything under one partition key.
//!
//! Not here: sizes of whole tables and indexes (`statistics`).
//!
//! ```text
//! key     number of the table's collections u32 | hash64(partition key) u64 | partition key, as in the items tree
//! value   bytes u64: the sizes of the items and of their entries in the local indexes; no row: nothing is there
//! ```
//!
//! The rows lie in the indexes tree. A record that writes an item carries the new size of its collection, so that sizes are as durable
//! and as exact as items; that takes one writer of a collection at a time, see [`latch_key`].
//!
//! Invariants:
//! * A row at LSN x is the sum over the items and entries at LSN x.
//! * Tables without local indexes have no such rows, and their writes neither read nor latch anything for them.
//!
//! Source: the Developer Guide's "Item collections in local secondary indexes": "The maximum size of any item collection for a table which
//! has one or more local secondary indexes is 10 GB"; of one that "exceeds the 10 GB limit […] you won't be able to add more items to the
//! item collection or increase the sizes of items that are in the item collection. Read and write operations that shrink the size of the
//! item collection are still allowed."

use crate::catalog::Table;
use crate::change::{Change, NotSequenced};
use crate::definition::decode_u64;
use crate::engine::Engine;
use crate::error::Error;
use crate::record::RecordBuilder;
use bytes::Bytes;
use shale_item::{
    AttributeValue, KeyType, PARTITION_KEY_BYTES_MAX, TableId, encode_partition_prefix,
    partition_prefix_of,
};
use shale_storage::{Latest, Lsn, Role, Shard, StorageError};
use std::collections::BTreeMap;

/// Bytes of a table's number in front of a tree key.
const ID_BYTES: usize = 4;

/// What a writer of an item latches: the item's own key, or for a table whose collections have sizes, its collection.
pub(crate) fn latch_key<'k>(table: &Table, tree_key: &'k [u8]) -> &'k [u8] {
    let definition = &table.definition;
    match definition.derived.item_collections {
        None => tree_key,
        Some(_) => prefix_of(tree_key, definition.key_schema.partition.key_type),
    }
}

fn prefix_of(tree_key: &[u8], partition: KeyType) -> &[u8] {
    // Every tree key has such a prefix; the whole key would be a key of its own.
    partition_prefix_of(tree_key, partition).unwrap_or(tree_key)
}

/// The key of the row for the collection of an item.
fn row_key(collections: TableId, tree_key: &[u8], partition: KeyType) -> Vec<u8> {
    let prefix = prefix_of(tree_key, partition);
    [&collections.0.to_be_bytes(), &prefix[ID_BYTES..]].concat()
}

/// A size, and the record that must be published before an answer that depends on it.
type Size = (u64, Option<Lsn>);

fn newest(shard: &Shard, row_key: &[u8]) -> Result<Size, Error> {
    let Latest { value, pending } = shard.latest(Role::Indexes, row_key)?;
    Ok((size_of(value)?, pending))
}

/// The size in the value of a row.
fn size_of(value: Option<Bytes>) -> Result<u64, StorageError> {
    let bytes = value.map(|value| decode_u64(&value)).transpose();
    Ok(bytes.map_err(StorageError::Corrupt)?.unwrap_or(0))
}

impl Engine {
    /// Bytes of an item collection: everything under that partition key, in the table and its local indexes. None for a table without
    /// local indexes.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::Key`], or the shard's.
    pub fn item_collection_bytes(
        &self,
        table: &str,
        partition: &AttributeValue,
    ) -> Result<Option<u64>, Error> {
        let table = self.table(table)?;
        let definition = &table.definition;
        let Some(collections) = definition.derived.item_collections else {
            return Ok(None);
        };
        let attribute = &definition.key_schema.partition;
        let partition = attribute.value_of(partition, PARTITION_KEY_BYTES_MAX)?;
        let row_key = encode_partition_prefix(TableId(collections), &partition);
        let value = self.inner.shard.get(Role::Indexes, &row_key)?;
        Ok(Some(size_of(value)?))
    }

    /// The newest size of an item's collection, for a table that has sizes. Under the latch of the item.
    pub(crate) fn collection_size(
        &self,
        table: &Table,
        tree_key: &[u8],
    ) -> Result<Option<Size>, Error> {
        let definition = &table.definition;
        let Some(collections) = definition.derived.item_collections else {
            return Ok(None);
        };
        let partition = definition.key_schema.partition.key_type;
        let row_key = row_key(TableId(collections), tree_key, partition);
        newest(&self.inner.shard, &row_key).map(Some)
    }
}

/// What the changes of one record add to collections.
#[derive(Debug, Default)]
pub(crate) struct Growths {
    by_row: BTreeMap<Vec<u8>, Growth>,
}

#[derive(Debug, Default)]
struct Growth {
    /// Bytes.
    total: i64,
    /// The changes of this collection, with what each of them adds.
    changes: Vec<(usize, i64)>,
}

/// A collection would grow above the limit.
#[derive(Debug)]
pub(crate) struct TooLarge {
    pub(crate) error: Error,
    /// The changes that let it grow.
    pub(crate) changes: Vec<usize>,
    /// The record that must be published before this may be told.
    pub(crate) pending: Option<Lsn>,
}

impl Growths {
    /// Notes what the change at that position adds, if its table's collections have sizes.
    pub(crate) fn add(&mut self, position: usize, change: &Change<'_>, bytes: i64) {
        let definition = &change.table.definition;
        if let Some(collections) = definition.derived.item_collections {
            let partition = definition.key_schema.partition.key_type;
            let row_key = row_key(TableId(collections), change.tree_key, partition);
            let growth = self.by_row.entry(row_key).or_default();
            growth.total += bytes;
            growth.changes.push((position, bytes));
        }
    }

    /// Writes the new sizes to the record, and answers them by position.
    ///
    /// # Errors
    /// The first collection that would grow above the limit.
    pub(crate) fn write_to(
        self,
        shard: &Shard,
        limit: u64,
        record: &mut RecordBuilder,
    ) -> Result<Vec<(usize, u64)>, NotSequenced> {
        let mut sizes = Vec::with_capacity(self.by_row.len());
        for (row_key, growth) in self.by_row {
            let (before, pending) = newest(shard, &row_key)?;
            let now = before.saturating_add_signed(growth.total);
            if growth.total > 0 && now > limit {
                let growing = growth.changes.into_iter().filter(|(_, bytes)| *bytes > 0);
                return Err(NotSequenced::TooLarge(TooLarge {
                    error: Error::ItemCollectionTooLarge { bytes: now, limit },
                    changes: growing.map(|(position, _)| position).collect(),
                    pending,
                }));
            }
            if growth.total != 0 {
                record.collection(&row_key, now);
            }
            sizes.extend(
                growth
                    .changes
                    .into_iter()
                    .map(|(position, _)| (position, now)),
            );
        }
        Ok(sizes)
    }
}
