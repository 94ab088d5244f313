//! Attribute values, exact numbers, items, primary keys and their byte formats.
//!
//! Not here: I/O, clocks, JSON shapes, tables' settings, expressions.

mod codec;
mod key;
mod number;
mod value;

pub use codec::{CodecError, EncodedItem, ItemView, ListView, MapView, SetView, ValueView};
pub use key::{
    KeyAttribute, KeyError, KeySchema, KeyType, KeyValue, PrimaryKey, TableId, decode_key,
    encode_key, encode_partition_prefix, encode_sort_value, hash64, table_prefix,
};
pub use number::{Number, NumberError};
pub use value::{AttributeType, AttributeValue, Item};
