//! The stored form of an item: readable attribute by attribute without decoding the rest.

use crate::{AttributeType, AttributeValue, Item, Number};
use bytes::Bytes;

/// The bytes are not an encoded item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded item: {reason}")]
pub struct CodecError {
    /// What is wrong with them.
    pub reason: &'static str,
}

/// An item in its stored form; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedItem(Bytes);

impl EncodedItem {
    /// Encodes an item.
    pub fn encode(_item: &Item) -> EncodedItem {
        todo!()
    }
    /// Takes stored bytes; checks the header (format version, lengths), not every attribute.
    pub fn from_bytes(_bytes: Bytes) -> Result<EncodedItem, CodecError> {
        todo!()
    }
    /// The stored bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
    /// A view that reads single attributes.
    pub fn view(&self) -> ItemView<'_> {
        todo!()
    }
    /// DynamoDB's item size in bytes, read from the header.
    pub fn size(&self) -> usize {
        todo!()
    }
    /// The whole item, decoded.
    pub fn to_item(&self) -> Item {
        todo!()
    }
}

/// Reads an encoded item in place. Never panics on corrupt bytes: an unreadable attribute is absent.
#[derive(Clone, Copy, Debug)]
pub struct ItemView<'a> {
    bytes: &'a [u8],
}

impl<'a> ItemView<'a> {
    /// The item without attributes: what a condition sees where no item is.
    pub const EMPTY: ItemView<'static> = ItemView { bytes: &[] };

    /// The attribute of that name.
    pub fn get(&self, _name: &str) -> Option<ValueView<'a>> {
        todo!()
    }
    /// All attributes in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, ValueView<'a>)> + use<'a> {
        std::iter::empty()
    }
    /// Number of attributes.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// Whether it has no attribute.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// DynamoDB's item size in bytes.
    pub fn size(&self) -> usize {
        todo!()
    }
    /// The whole item, decoded.
    pub fn to_item(&self) -> Item {
        todo!()
    }
}

/// One value, read in place.
#[derive(Clone, Copy, Debug)]
pub enum ValueView<'a> {
    /// String.
    S(&'a str),
    /// Number.
    N(Number),
    /// Binary.
    B(&'a [u8]),
    /// Boolean.
    Bool(bool),
    /// NULL.
    Null,
    /// Map.
    M(MapView<'a>),
    /// List.
    L(ListView<'a>),
    /// String set.
    Ss(SetView<'a>),
    /// Number set.
    Ns(SetView<'a>),
    /// Binary set.
    Bs(SetView<'a>),
}

impl ValueView<'_> {
    /// The value's type.
    pub fn attribute_type(&self) -> AttributeType {
        todo!()
    }
    /// The value, decoded.
    pub fn to_value(&self) -> AttributeValue {
        todo!()
    }
}

/// A map, read in place.
#[derive(Clone, Copy, Debug)]
pub struct MapView<'a> {
    bytes: &'a [u8],
}

impl<'a> MapView<'a> {
    /// The member of that name.
    pub fn get(&self, _name: &str) -> Option<ValueView<'a>> {
        todo!()
    }
    /// All members in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, ValueView<'a>)> + use<'a> {
        std::iter::empty()
    }
    /// Number of members.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
    /// Whether it has no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A list, read in place.
#[derive(Clone, Copy, Debug)]
pub struct ListView<'a> {
    bytes: &'a [u8],
}

impl<'a> ListView<'a> {
    /// The element at that position, from 0.
    pub fn get(&self, _index: usize) -> Option<ValueView<'a>> {
        todo!()
    }
    /// All elements.
    pub fn iter(&self) -> impl Iterator<Item = ValueView<'a>> + use<'a> {
        std::iter::empty()
    }
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A set, read in place: its elements are all S, all N or all B.
#[derive(Clone, Copy, Debug)]
pub struct SetView<'a> {
    bytes: &'a [u8],
}

impl<'a> SetView<'a> {
    /// All elements in order.
    pub fn iter(&self) -> impl Iterator<Item = ValueView<'a>> + use<'a> {
        std::iter::empty()
    }
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
    /// Whether it has no element (never, in a valid item).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
