//! Attribute values, exact numbers, items, primary keys and their byte formats.
//!
//! Not here: I/O, clocks, JSON shapes, tables' settings, expressions.

mod codec;
mod key;
mod number;
mod value;

pub use codec::{CodecError, EncodedItem, ItemView, ListView, MapView, SetView, ValueView};
pub use key::{
    KeyAttribute, KeyError, KeySchema, KeyType, KeyValue, PARTITION_KEY_BYTES_MAX, PrimaryKey,
    SORT_KEY_BYTES_MAX, TableId, decode_key, decode_key_values, encode_hash_prefix, encode_key,
    encode_partition_prefix, encode_sort_value, hash64, key_values, key_values_length,
    partition_prefix_of, prefix_end, table_prefix,
};
pub use number::{NUMBER_DIGITS_MAX, Number, NumberError};
pub use value::{AttributeType, AttributeValue, Item, NESTING_LEVELS_MAX, item_size};
