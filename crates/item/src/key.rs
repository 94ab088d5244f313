//! Primary keys and their order-preserving bytes.
//!
//! Not here: key schemas' validation against attribute definitions (`engine`), index keys' composition (`engine`, from these parts).
//!
//! ```text
//! tree key      table id (u32 BE) | hash64(partition key bytes) (u64 BE) | partition key | sort key, if the schema has one
//!
//! string,       each byte, 00 as 00 FF | 00 00
//! binary
//!
//! number        class | leading exponent + 130 | digit pair + 1 … | 00     class 80: zero, nothing follows
//!                                                                          class 81: positive
//!                                                                          class 7F: negative, all that follows complemented
//! ```
//!
//! * A number's digits stand in pairs from the first significant one (an odd count is filled with 0), each pair 1 to 100; the leading
//!   exponent is the first digit's, of which DynamoDB's range has exactly 256. At most 22 bytes.
//! * Every value ends itself: no encoding is a prefix of another, so that concatenations compare value by value.
//! * Unsigned byte order is DynamoDB's order: strings by their UTF-8 bytes, binaries by unsigned bytes, numbers by value.
//! * `hash64` is XXH3-64 with seed 0 over the encoded partition key; it is frozen, files depend on it.

mod encoding;
mod schema;

#[cfg(test)]
mod tests;

pub use encoding::{
    decode_key, decode_key_values, encode_hash_prefix, encode_key, encode_partition_prefix,
    encode_sort_value, hash64, key_values, key_values_length, partition_prefix_of, prefix_end,
    table_prefix,
};
pub use schema::{KeyAttribute, KeyError, KeySchema, KeyType};

use crate::{AttributeType, AttributeValue, Number, ValueView};
use bytes::Bytes;

/// Bytes of a partition key value at most (DynamoDB's limit).
pub const PARTITION_KEY_BYTES_MAX: usize = 2048;
/// Bytes of a sort key value at most (DynamoDB's limit).
pub const SORT_KEY_BYTES_MAX: usize = 1024;

/// Number of a table or index; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u32);

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

impl KeyValue {
    /// Its type.
    pub fn key_type(&self) -> KeyType {
        match self {
            KeyValue::S(_) => KeyType::S,
            KeyValue::N(_) => KeyType::N,
            KeyValue::B(_) => KeyType::B,
        }
    }

    /// The same value as an item's view shows it.
    pub fn as_view(&self) -> ValueView<'_> {
        match self {
            KeyValue::S(text) => ValueView::S(text),
            KeyValue::N(number) => ValueView::N(*number),
            KeyValue::B(bytes) => ValueView::B(bytes),
        }
    }
}

/// The values of an item's key attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrimaryKey {
    /// Value of HASH.
    pub partition: KeyValue,
    /// Value of RANGE.
    pub sort: Option<KeyValue>,
}

impl From<KeyValue> for AttributeValue {
    fn from(value: KeyValue) -> AttributeValue {
        match value {
            KeyValue::S(text) => AttributeValue::S(text),
            KeyValue::N(number) => AttributeValue::N(number),
            KeyValue::B(bytes) => AttributeValue::B(bytes),
        }
    }
}

impl From<KeyType> for AttributeType {
    fn from(key_type: KeyType) -> AttributeType {
        match key_type {
            KeyType::S => AttributeType::S,
            KeyType::N => AttributeType::N,
            KeyType::B => AttributeType::B,
        }
    }
}
