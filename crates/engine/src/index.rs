//! Entries of secondary indexes: from an item to the key and the value of its entry.
//!
//! Not here: when an index is made and filled (`backfill`), reading it (`read`).
//!
//! ```text
//! entry of an index    = index id u32 | hash64(HASH values) u64 | HASH values | RANGE values | the table's key
//! entry of an expiry   = TTL id u32 | expiry u64, seconds since the Unix epoch | tree key of the item without its table id
//! ```
//!
//! The table's key is its HASH and RANGE values; in a local index only its RANGE value, because the HASH value is in front already.
//! Values are encoded as in the items tree, so that entries of one index key lie together in the order of RANGE.
//! The value of an entry is the LSN that wrote it and an item: the projected attributes, always with the keys of index and table.
//!
//! An item without one of the index's key attributes has no entry (sparse).

use crate::api::CreateTable;
use crate::derived::{Derived, Index, IndexKind, IndexProjection, IndexStatus, TimeToLive};
use crate::error::Error;
use shale_item::{
    EncodedItem, Item, ItemView, KeyAttribute, KeyError, KeySchema, KeyValue,
    PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX, TableId, ValueView, encode_hash_prefix,
    encode_sort_value, hash64,
};
use std::collections::BTreeSet;

/// Bytes of index id and hash.
const PREFIX_BYTES: usize = 12;

/// An entry of an index.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Vec<u8>,
    pub(crate) item: EncodedItem,
}

/// The values of an item's index key attributes, HASH and RANGE.
type IndexKey = (Vec<KeyValue>, Vec<KeyValue>);

/// What entries are derived for: an index, or the expiries of a table's items.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Index(&'a Index),
    Expiry(&'a TimeToLive),
}

/// Everything that has entries.
pub(crate) fn targets(derived: &Derived) -> impl Iterator<Item = Target<'_>> {
    let indexes = derived.indexes.iter().map(Target::Index);
    indexes.chain(derived.ttl.as_ref().map(Target::Expiry))
}

impl Target<'_> {
    /// The number that its entries begin with.
    pub(crate) fn id(self) -> TableId {
        match self {
            Target::Index(index) => index.id,
            Target::Expiry(ttl) => TableId(ttl.id),
        }
    }

    /// Whether it is a global index.
    pub(crate) fn is_global(self) -> bool {
        matches!(self, Target::Index(index) if index.kind == IndexKind::Global)
    }

    /// Whether entries of older items may be missing.
    pub(crate) fn is_filling(self) -> bool {
        let status = match self {
            Target::Index(index) => index.status,
            Target::Expiry(ttl) => ttl.status,
        };
        status == IndexStatus::Creating
    }

    /// The entry of an item; none if it lacks a key attribute or has one that is no key (an item older than the index).
    pub(crate) fn entry(
        self,
        definition: &CreateTable,
        tree_key: &[u8],
        item: &EncodedItem,
    ) -> Option<Entry> {
        match self {
            Target::Index(index) => entry(definition, index, item),
            Target::Expiry(ttl) => expiry_entry(definition, ttl, tree_key, item),
        }
    }
}

/// Bytes of a table's or index's number in front of a tree key.
const ID_BYTES: usize = 4;

fn expiry_entry(
    definition: &CreateTable,
    ttl: &TimeToLive,
    tree_key: &[u8],
    item: &EncodedItem,
) -> Option<Entry> {
    let Some(ValueView::N(expiry)) = item.view().get(&ttl.attribute) else {
        return None;
    };
    // Anything that is no second of the epoch never expires.
    let expiry = u64::try_from(expiry.to_i64()?).ok()?;
    let mut key = expiry_prefix(ttl, expiry);
    key.extend_from_slice(&tree_key[ID_BYTES..]);
    let schema = &definition.key_schema;
    let names = std::iter::once(&schema.partition).chain(&schema.sort);
    let names = names.map(|attribute| attribute.name.as_str());
    Some(Entry {
        key,
        item: EncodedItem::encode(&subset(item.view(), names)),
    })
}

/// What the entries of items begin with that expire in that second.
pub(crate) fn expiry_prefix(ttl: &TimeToLive, expiry: u64) -> Vec<u8> {
    let mut key = ttl.id.to_be_bytes().to_vec();
    key.extend_from_slice(&expiry.to_be_bytes());
    key
}

/// The expiry in an entry of expiries, and the tree key of its item.
pub(crate) fn parse_expiry(table: TableId, entry_key: &[u8]) -> Option<(u64, Vec<u8>)> {
    let (expiry, rest) = entry_key.get(ID_BYTES..)?.split_first_chunk()?;
    let mut tree_key = table.0.to_be_bytes().to_vec();
    tree_key.extend_from_slice(rest);
    Some((u64::from_be_bytes(*expiry), tree_key))
}

/// Checks the attributes of an item that are keys of an index: absent or a valid key.
///
/// # Errors
/// [`Error::IndexKey`].
pub(crate) fn check(definition: &CreateTable, item: ItemView<'_>) -> Result<(), Error> {
    for index in &definition.derived.indexes {
        if let Err(error) = key_of(index, item) {
            return Err(Error::IndexKey {
                index: index.name.clone(),
                error,
            });
        }
    }
    Ok(())
}

/// The entry of an item in an index.
pub(crate) fn entry(definition: &CreateTable, index: &Index, item: &EncodedItem) -> Option<Entry> {
    let (partition, sort) = key_of(index, item.view()).ok()??;
    let key_schema = &definition.key_schema;
    let base = key_schema.key_of_view(item.view()).ok()?;
    let mut key = encode_prefix(index.id, &partition);
    sort.iter()
        .for_each(|value| encode_sort_value(value, true, &mut key));
    encode_base(index, &base.partition, base.sort.as_ref(), &mut key);
    let item = projected(key_schema, index, item);
    Some(Entry { key, item })
}

/// The key of the entry that attributes name: those of the index's key and of the table's, nothing else.
///
/// # Errors
/// They are not such a key.
pub(crate) fn exact_entry_key(
    key_schema: &KeySchema,
    index: &Index,
    attributes: &Item,
) -> Result<Vec<u8>, Error> {
    let wrong = |_| Error::InvalidStartKey;
    let names: BTreeSet<&str> = all_key_names(key_schema, index).collect();
    if attributes.len() != names.len() || !names.iter().all(|name| attributes.contains_key(*name)) {
        return Err(Error::InvalidStartKey);
    }
    let encoded = EncodedItem::encode(attributes);
    let key = key_of(index, encoded.view()).map_err(wrong)?;
    let (partition, sort) = key.ok_or(Error::InvalidStartKey)?;
    let base = key_schema.key_of(attributes).map_err(wrong)?;
    let mut key = encode_prefix(index.id, &partition);
    sort.iter()
        .for_each(|value| encode_sort_value(value, true, &mut key));
    encode_base(index, &base.partition, base.sort.as_ref(), &mut key);
    Ok(key)
}

/// The attributes that tell where an entry is: the keys of index and table.
pub(crate) fn key_attributes(key_schema: &KeySchema, index: &Index, entry: ItemView<'_>) -> Item {
    subset(entry, all_key_names(key_schema, index))
}

/// The tree key of the item that an entry stands for.
pub(crate) fn item_key(
    table: TableId,
    key_schema: &KeySchema,
    entry: ItemView<'_>,
) -> Result<Vec<u8>, KeyError> {
    Ok(shale_item::encode_key(
        table,
        &key_schema.key_of_view(entry)?,
    ))
}

/// What the entries of one index key begin with.
pub(crate) fn encode_prefix(index: TableId, partition: &[KeyValue]) -> Vec<u8> {
    let mut out = encode_hash_prefix(index, 0).to_vec();
    partition
        .iter()
        .for_each(|value| encode_sort_value(value, true, &mut out));
    let hash = hash64(&out[PREFIX_BYTES..]);
    out[PREFIX_BYTES - 8..PREFIX_BYTES].copy_from_slice(&hash.to_be_bytes());
    out
}

fn encode_base(index: &Index, partition: &KeyValue, sort: Option<&KeyValue>, key: &mut Vec<u8>) {
    if index.kind == IndexKind::Global {
        encode_sort_value(partition, true, key);
    }
    if let Some(sort) = sort {
        encode_sort_value(sort, true, key);
    }
}

/// None if an attribute is absent.
fn key_of(index: &Index, item: ItemView<'_>) -> Result<Option<IndexKey>, KeyError> {
    let values = |attributes: &[KeyAttribute], limit| {
        let values = attributes.iter().map(|attribute| {
            let value = item.get(&attribute.name);
            value
                .map(|value| attribute.value_of_view(value, limit))
                .transpose()
        });
        // All are checked, also behind an absent one.
        let values: Vec<Option<KeyValue>> = values.collect::<Result<_, _>>()?;
        Ok(values.into_iter().collect::<Option<Vec<KeyValue>>>())
    };
    let partition = values(&index.partition, PARTITION_KEY_BYTES_MAX)?;
    let sort = values(&index.sort, SORT_KEY_BYTES_MAX)?;
    Ok(partition.zip(sort))
}

fn projected(key_schema: &KeySchema, index: &Index, item: &EncodedItem) -> EncodedItem {
    let keys = all_key_names(key_schema, index);
    let attributes = match &index.projection {
        IndexProjection::All => return item.clone(),
        IndexProjection::KeysOnly => subset(item.view(), keys),
        IndexProjection::Include(names) => {
            subset(item.view(), keys.chain(names.iter().map(String::as_str)))
        }
    };
    EncodedItem::encode(&attributes)
}

fn all_key_names<'a>(key_schema: &'a KeySchema, index: &'a Index) -> impl Iterator<Item = &'a str> {
    let base = std::iter::once(&key_schema.partition).chain(&key_schema.sort);
    index
        .key_names()
        .chain(base.map(|attribute| attribute.name.as_str()))
}

fn subset<'a>(item: ItemView<'_>, names: impl Iterator<Item = &'a str>) -> Item {
    names
        .filter_map(|name| Some((name.to_owned(), item.get(name)?.to_value())))
        .collect()
}
