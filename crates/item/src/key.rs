//! Primary keys and their order-preserving bytes.
//!
//! ```text
//! table id (u32 BE) | hash64(partition key bytes) BE | partition key | sort key
//! ```

use crate::{AttributeValue, Item, Number};
use bytes::Bytes;

/// Number of a table or index; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u32);

/// The types a key attribute can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

/// Name and type of a key attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Attribute name.
    pub name: String,
    /// Its type.
    pub key_type: KeyType,
}

/// A table's primary key: HASH, and RANGE if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySchema {
    /// HASH.
    pub partition: KeyAttribute,
    /// RANGE.
    pub sort: Option<KeyAttribute>,
}

/// Value of a key attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyValue {
    /// String; not empty.
    S(String),
    /// Number.
    N(Number),
    /// Binary; not empty.
    B(Bytes),
}

/// The values of an item's key attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrimaryKey {
    /// Value of HASH.
    pub partition: KeyValue,
    /// Value of RANGE.
    pub sort: Option<KeyValue>,
}

/// Why attributes are not a key of a schema, or bytes not a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A key attribute is absent.
    #[error("key attribute {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A key attribute has another type.
    #[error("key attribute {name} has the wrong type")]
    WrongType {
        /// Its name.
        name: String,
        /// What the schema says.
        expected: KeyType,
        /// What it is.
        actual: crate::AttributeType,
    },
    /// An empty string or binary.
    #[error("key attribute {name} is empty")]
    Empty {
        /// Its name.
        name: String,
    },
    /// Above 2,048 bytes (HASH) or 1,024 bytes (RANGE).
    #[error("key attribute {name} has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// Its name.
        name: String,
        /// Bytes.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More attributes than the schema has (only where a bare key is asked for).
    #[error("the key has attributes that are not in the schema")]
    NotExact,
    /// Bytes that no encoder made.
    #[error("not an encoded key")]
    Corrupt,
}

impl KeySchema {
    /// The key of an item; other attributes are allowed.
    pub fn key_of(&self, _item: &Item) -> Result<PrimaryKey, KeyError> {
        todo!()
    }
    /// The key from a map that must hold the key attributes and nothing else.
    pub fn exact_key_of(&self, _key: &Item) -> Result<PrimaryKey, KeyError> {
        todo!()
    }
    /// The key as attributes.
    pub fn to_attributes(&self, _key: &PrimaryKey) -> Item {
        todo!()
    }
    /// Whether that attribute is part of the key.
    pub fn is_key(&self, _name: &str) -> bool {
        todo!()
    }
}

impl KeyAttribute {
    /// Checks type, emptiness and (for `limit` bytes) length, and converts.
    pub fn value_of(&self, _value: &AttributeValue, _limit: usize) -> Result<KeyValue, KeyError> {
        todo!()
    }
}

impl From<KeyValue> for AttributeValue {
    fn from(_value: KeyValue) -> AttributeValue {
        todo!()
    }
}

/// Hash of an encoded partition key; frozen: XXH3-64, seed 0.
pub fn hash64(_partition_bytes: &[u8]) -> u64 {
    todo!()
}

/// The tree key of an item.
pub fn encode_key(_table: TableId, _key: &PrimaryKey) -> Vec<u8> {
    todo!()
}

/// What all tree keys of one partition key begin with.
pub fn encode_partition_prefix(_table: TableId, _partition: &KeyValue) -> Vec<u8> {
    todo!()
}

/// What all tree keys of a table begin with.
pub fn table_prefix(_table: TableId) -> [u8; 4] {
    todo!()
}

/// Appends a sort key value as it stands behind the partition prefix. With `complete` false the terminator is left out, so that the
/// bytes are a prefix of every string or binary that begins with `value` (BEGINS_WITH).
pub fn encode_sort_value(_value: &KeyValue, _complete: bool, _out: &mut Vec<u8>) {
    todo!()
}

/// The table and key of a tree key.
pub fn decode_key(_bytes: &[u8], _schema: &KeySchema) -> Result<(TableId, PrimaryKey), KeyError> {
    todo!()
}
