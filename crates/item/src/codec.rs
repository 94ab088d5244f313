//! The stored form of an item: readable attribute by attribute without decoding the rest.
//!
//! Not here: keys (`key`), which are never read back from an item's bytes but stored with it; compression, checksums (`storage`).
//!
//! # Layout, format version 1 (all integers little-endian)
//!
//! ```text
//! item      ┌────────────┬──────────────────────┬───────────────┐
//!           │ version u8 │ DynamoDB size u32    │ map body      │
//!           └────────────┴──────────────────────┴───────────────┘
//!            0            1                      5
//! map body  ┌────────────┬──────────────────────┬─────────┬─────────┬───
//!           │ count u32  │ offset u32 × count   │ entry 0 │ entry 1 │ …
//!           └────────────┴──────────────────────┴─────────┴─────────┴───
//!            0            4                      4 + 4 × count
//! entry     ┌─────────────────────┬───────┬────────┬─────────┐
//!           │ name length, varint │ name  │ tag u8 │ payload │
//!           └─────────────────────┴───────┴────────┴─────────┘
//! list and set body: as a map body, each entry only `tag u8 | payload`
//! ```
//!
//! * An offset counts from the first byte of its body to the entry. Entry i ends where entry i + 1 begins, the last one with the body;
//!   a payload needs no length of its own.
//! * Map entries are sorted by the bytes of their names (binary search), set elements by value. Both are unique.
//! * The payload of a string or binary is its bytes; of a map, list or set its body; of booleans and NULL nothing.
//! * The payload of a number is its coefficient without trailing zeros in as few little-endian bytes as hold it (none for zero);
//!   tags say the sign and whether an `i16` exponent of ten stands in front.
//!
//! | tag | value | tag | value |
//! |---|---|---|---|
//! | 1 | S | 8 | SS |
//! | 2 | B | 9 | NS |
//! | 3 | BOOL false | 10 | BS |
//! | 4 | BOOL true | 16 | N, coefficient |
//! | 5 | NULL | 17 | N, negative, coefficient |
//! | 6 | M | 18 | N, exponent, coefficient |
//! | 7 | L | 19 | N, negative, exponent, coefficient |
//!
//! # Invariants
//! * Equal values have equal bytes: the encoding is canonical, so that whole documents compare by their bytes.
//! * Reading never panics, whatever the bytes: what cannot be read is absent.

mod encode;
mod view;

#[cfg(test)]
mod tests;

pub use view::{ItemView, ListView, MapView, SetView, ValueView};

use crate::Item;
use bytes::{Buf, Bytes};

/// First byte of every encoded item.
const FORMAT_VERSION: u8 = 1;
/// Version and size.
const HEADER_BYTES: usize = 5;
/// A body's count, and each of its offsets.
const WORD: usize = 4;
/// Bytes of the LSN in front of a stored item.
const LSN_BYTES: usize = 8;
/// Documents inside each other that can be encoded and are decoded: far above what DynamoDB allows, which is checked before a write,
/// and low enough for the stack when the bytes are corrupt.
const NESTING_DECODED_MAX: usize = 128;

const _: () = assert!(NESTING_DECODED_MAX > 2 * crate::NESTING_LEVELS_MAX);

/// What the byte in front of a payload says.
mod tag {
    pub const STRING: u8 = 1;
    pub const BINARY: u8 = 2;
    pub const FALSE: u8 = 3;
    pub const TRUE: u8 = 4;
    pub const NULL: u8 = 5;
    pub const MAP: u8 = 6;
    pub const LIST: u8 = 7;
    pub const STRING_SET: u8 = 8;
    pub const NUMBER_SET: u8 = 9;
    pub const BINARY_SET: u8 = 10;
    pub const NUMBER: u8 = 16;
    pub const NUMBER_NEGATIVE: u8 = 17;
    pub const NUMBER_SCALED: u8 = 18;
    pub const NUMBER_SCALED_NEGATIVE: u8 = 19;
}

/// The bytes are not an encoded item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded item: {reason}")]
pub struct CodecError {
    /// What is wrong with them.
    pub reason: &'static str,
}

/// An item in its stored form; cheap to clone.
///
/// ```
/// use shale_item::{AttributeValue, EncodedItem, Item, ValueView};
/// let item = Item::from([("id".to_string(), AttributeValue::S("a".to_string()))]);
/// let encoded = EncodedItem::encode(&item);
/// assert_eq!(encoded.view().get("id"), Some(ValueView::S("a")));
/// assert_eq!(encoded.size(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedItem(Bytes);

impl EncodedItem {
    /// Encodes an item.
    ///
    /// # Panics
    /// If a value is nested deeper than 128 levels: callers refuse what is beyond [`NESTING_LEVELS_MAX`](crate::NESTING_LEVELS_MAX).
    pub fn encode(item: &Item) -> EncodedItem {
        EncodedItem(Bytes::from(encode::encode_item(item)))
    }

    /// Takes stored bytes; checks the header (format version, lengths), not every attribute.
    pub fn from_bytes(bytes: Bytes) -> Result<EncodedItem, CodecError> {
        view::check_header(&bytes)?;
        Ok(EncodedItem(bytes))
    }

    /// Takes a value of the items tree: the LSN that wrote it (8 bytes, big-endian), then the item. Copies nothing.
    pub fn from_stored(mut stored: Bytes) -> Result<(u64, EncodedItem), CodecError> {
        let Some(lsn) = stored.first_chunk::<LSN_BYTES>() else {
            return Err(CodecError {
                reason: "shorter than an LSN",
            });
        };
        let lsn = u64::from_be_bytes(*lsn);
        stored.advance(LSN_BYTES);
        Ok((lsn, EncodedItem::from_bytes(stored)?))
    }

    /// The value of the items tree for this item written at `lsn`.
    pub fn stored(&self, lsn: u64) -> Bytes {
        let mut stored = Vec::with_capacity(LSN_BYTES + self.0.len());
        stored.extend_from_slice(&lsn.to_be_bytes());
        stored.extend_from_slice(&self.0);
        Bytes::from(stored)
    }

    /// The stored bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// A view that reads single attributes.
    pub fn view(&self) -> ItemView<'_> {
        ItemView::of_checked(&self.0)
    }

    /// DynamoDB's item size in bytes, read from the header.
    pub fn size(&self) -> usize {
        self.view().size()
    }

    /// The whole item, decoded.
    pub fn to_item(&self) -> Item {
        self.view().to_item()
    }
}
