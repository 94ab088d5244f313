//! Reads encoded items in place.
//!
//! Every access is checked against the bytes; what does not fit is absent, so that corrupt bytes never panic.

use super::{CodecError, FORMAT_VERSION, HEADER_BYTES, NESTING_DECODED_MAX, WORD, tag};
use crate::{AttributeType, AttributeValue, Item, Number};
use bytes::Bytes;
use std::cmp::Ordering;

/// Checks version, length and the outermost offset table's place.
pub(super) fn check_header(bytes: &[u8]) -> Result<(), CodecError> {
    let error = |reason| Err(CodecError { reason });
    match bytes.first() {
        None => return error("empty"),
        Some(&FORMAT_VERSION) => {}
        Some(_) => return error("unknown format version"),
    }
    let Some(body) = bytes.get(HEADER_BYTES..) else {
        return error("shorter than its header");
    };
    let Some(count) = read_word(body, 0) else {
        return error("shorter than its attribute count");
    };
    let table_end = count.saturating_mul(WORD).saturating_add(WORD);
    if table_end > body.len() {
        return error("offset table beyond the end");
    }
    if count > 0 {
        let first = read_word(body, WORD);
        let last = read_word(body, count * WORD);
        if first != Some(table_end) || last.is_none_or(|last| last >= body.len()) {
            return error("offsets out of bounds");
        }
    } else if body.len() != WORD {
        return error("bytes behind an empty item");
    }
    Ok(())
}

fn read_word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..)?.first_chunk::<WORD>()?;
    Some(u32::from_le_bytes(*word) as usize)
}

/// A length of at most 32 bits in front of a name, and what follows it.
fn read_varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    // Names shorter than 128 bytes have one byte.
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let mut value = usize::from(first & 0x7f);
    for (index, &byte) in rest.iter().enumerate().take(4) {
        value |= usize::from(byte & 0x7f) << (7 * (index + 1));
        if byte < 0x80 {
            return Some((value, &rest[index + 1..]));
        }
    }
    None
}

/// A count, an offset table and entries: what items, maps, lists and sets have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Body<'a> {
    bytes: &'a [u8],
}

impl<'a> Body<'a> {
    /// Entries; never more than there are offsets.
    fn len(self) -> usize {
        let count = read_word(self.bytes, 0).unwrap_or(0);
        if count <= self.bytes.len() / WORD {
            count
        } else {
            0
        }
    }

    /// The bytes of an entry, `index` being below `count` (the body's length).
    #[inline]
    fn entry(self, index: usize, count: usize) -> Option<&'a [u8]> {
        let start = read_word(self.bytes, WORD + index * WORD)?;
        let end = if index + 1 < count {
            read_word(self.bytes, WORD + (index + 1) * WORD)?
        } else {
            self.bytes.len()
        };
        self.bytes.get(start..end)
    }

    fn named(self, index: usize, count: usize) -> Option<(&'a [u8], &'a [u8])> {
        let (length, rest) = read_varint(self.entry(index, count)?)?;
        rest.split_at_checked(length)
    }

    /// Tag and payload of the member of that name.
    fn find(self, name: &[u8]) -> Option<&'a [u8]> {
        self.find_near(name, &mut { usize::MAX })
    }

    /// Tag and payload of the member of that name, which is looked for at a position first; its position is left there.
    fn find_near(self, name: &[u8], position: &mut usize) -> Option<&'a [u8]> {
        let count = self.len();
        let (mut low, mut high) = (0, count);
        let mut middle = *position;
        if middle >= count {
            middle = count / 2;
        }
        while low < high {
            let (candidate, value) = self.named(middle, count)?;
            match candidate.cmp(name) {
                Ordering::Equal => {
                    *position = middle;
                    return Some(value);
                }
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
            middle = low + (high - low) / 2;
        }
        None
    }

    /// All entries. Offsets that go backwards end it, so that overlapping entries cannot multiply the work on corrupt bytes.
    fn entries(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let count = self.len();
        let mut start = read_word(self.bytes, WORD).unwrap_or(usize::MAX);
        (0..count).map_while(move |index| {
            let end = if index + 1 < count {
                read_word(self.bytes, WORD + (index + 1) * WORD)?
            } else {
                self.bytes.len()
            };
            let entry = self.bytes.get(start..end)?;
            start = end;
            Some(entry)
        })
    }

    fn members(self) -> impl Iterator<Item = (&'a str, ValueView<'a>)> + use<'a> {
        self.entries().filter_map(|entry| {
            let (length, rest) = read_varint(entry)?;
            let (name, value) = rest.split_at_checked(length)?;
            Some((std::str::from_utf8(name).ok()?, ValueView::read(value)?))
        })
    }

    fn element(self, index: usize) -> Option<ValueView<'a>> {
        let count = self.len();
        if index >= count {
            return None;
        }
        ValueView::read(self.entry(index, count)?)
    }

    fn elements(self) -> impl Iterator<Item = ValueView<'a>> + use<'a> {
        self.entries().filter_map(ValueView::read)
    }
}

/// Reads an encoded item in place. Never panics on corrupt bytes: an unreadable attribute is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemView<'a> {
    bytes: &'a [u8],
}

impl<'a> ItemView<'a> {
    /// The item without attributes: what a condition sees where no item is.
    pub const EMPTY: ItemView<'static> = ItemView { bytes: &[] };

    /// A view of bytes whose header was checked.
    pub(super) fn of_checked(bytes: &'a [u8]) -> ItemView<'a> {
        ItemView { bytes }
    }

    /// A view of encoded bytes that somebody else owns; checks the header as [`EncodedItem::from_bytes`](super::EncodedItem::from_bytes).
    pub fn from_slice(bytes: &'a [u8]) -> Result<ItemView<'a>, CodecError> {
        check_header(bytes)?;
        Ok(ItemView { bytes })
    }

    fn body(&self) -> Body<'a> {
        Body {
            bytes: self.bytes.get(HEADER_BYTES..).unwrap_or_default(),
        }
    }

    /// The attributes as a map.
    pub fn as_map(&self) -> MapView<'a> {
        MapView { body: self.body() }
    }

    /// The attribute of that name.
    pub fn get(&self, name: &str) -> Option<ValueView<'a>> {
        ValueView::read(self.body().find(name.as_bytes())?)
    }

    /// The attribute of that name, for who reads it from many items that are alike: it is looked for where it was found last, and
    /// `position` says where that is.
    pub fn get_near(&self, name: &str, position: &mut usize) -> Option<ValueView<'a>> {
        ValueView::read(self.body().find_near(name.as_bytes(), position)?)
    }

    /// All attributes in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, ValueView<'a>)> + use<'a> {
        self.body().members()
    }
    /// Number of attributes.
    pub fn len(&self) -> usize {
        self.body().len()
    }
    /// Whether it has no attribute.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// DynamoDB's item size in bytes.
    pub fn size(&self) -> usize {
        read_word(self.bytes, 1).unwrap_or(0)
    }
    /// The whole item, decoded.
    pub fn to_item(&self) -> Item {
        decode_members(self.body(), NESTING_DECODED_MAX)
    }
}

/// One value, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl<'a> ValueView<'a> {
    /// Reads tag and payload.
    #[inline]
    fn read(bytes: &'a [u8]) -> Option<ValueView<'a>> {
        let (&tag, payload) = bytes.split_first()?;
        let body = Body { bytes: payload };
        Some(match tag {
            tag::STRING => ValueView::S(std::str::from_utf8(payload).ok()?),
            tag::NUMBER => ValueView::N(read_number(false, 0, payload)?),
            tag::NUMBER_NEGATIVE => ValueView::N(read_number(true, 0, payload)?),
            tag::NUMBER_SCALED => ValueView::N(read_scaled(false, payload)?),
            tag::NUMBER_SCALED_NEGATIVE => ValueView::N(read_scaled(true, payload)?),
            tag::BINARY => ValueView::B(payload),
            tag::FALSE => ValueView::Bool(false),
            tag::TRUE => ValueView::Bool(true),
            tag::NULL => ValueView::Null,
            tag::MAP => ValueView::M(MapView { body }),
            tag::LIST => ValueView::L(ListView { body }),
            tag::STRING_SET => ValueView::Ss(SetView { body }),
            tag::NUMBER_SET => ValueView::Ns(SetView { body }),
            tag::BINARY_SET => ValueView::Bs(SetView { body }),
            _ => return None,
        })
    }

    /// The value's type.
    pub fn attribute_type(&self) -> AttributeType {
        match self {
            ValueView::S(_) => AttributeType::S,
            ValueView::N(_) => AttributeType::N,
            ValueView::B(_) => AttributeType::B,
            ValueView::Bool(_) => AttributeType::Bool,
            ValueView::Null => AttributeType::Null,
            ValueView::M(_) => AttributeType::M,
            ValueView::L(_) => AttributeType::L,
            ValueView::Ss(_) => AttributeType::Ss,
            ValueView::Ns(_) => AttributeType::Ns,
            ValueView::Bs(_) => AttributeType::Bs,
        }
    }

    /// The value, decoded.
    pub fn to_value(&self) -> AttributeValue {
        decode_value(*self, NESTING_DECODED_MAX)
    }

    /// Whether a decoded value equals this one, without decoding it.
    pub fn equals(&self, value: &AttributeValue) -> bool {
        match (self, value) {
            (ValueView::S(view), AttributeValue::S(value)) => *view == value.as_str(),
            (ValueView::N(view), AttributeValue::N(value)) => view == value,
            (ValueView::B(view), AttributeValue::B(value)) => *view == value.as_ref(),
            (ValueView::Bool(view), AttributeValue::Bool(value)) => view == value,
            (ValueView::Null, AttributeValue::Null) => true,
            (ValueView::M(view), AttributeValue::M(value)) => {
                view.len() == value.len()
                    && view
                        .iter()
                        .eq_by_pairs(value.iter(), |(vn, v), (name, value)| {
                            vn == name.as_str() && v.equals(value)
                        })
            }
            (ValueView::L(view), AttributeValue::L(value)) => {
                view.len() == value.len()
                    && view
                        .iter()
                        .eq_by_pairs(value.iter(), |v, value| v.equals(value))
            }
            (ValueView::Ss(view), AttributeValue::Ss(value)) => {
                view.len() == value.len()
                    && view
                        .iter()
                        .eq_by_pairs(value.iter(), |v, value| v == ValueView::S(value))
            }
            (ValueView::Ns(view), AttributeValue::Ns(value)) => {
                view.len() == value.len()
                    && view
                        .iter()
                        .eq_by_pairs(value.iter(), |v, value| v == ValueView::N(*value))
            }
            (ValueView::Bs(view), AttributeValue::Bs(value)) => {
                view.len() == value.len()
                    && view
                        .iter()
                        .eq_by_pairs(value.iter(), |v, value| v == ValueView::B(value))
            }
            _ => false,
        }
    }

    /// The order of two scalars of the same type: numbers by value, strings and binaries by unsigned bytes. `None` for all others.
    pub fn compare(&self, other: &ValueView<'_>) -> Option<Ordering> {
        match (self, other) {
            (ValueView::N(left), ValueView::N(right)) => Some(left.cmp(right)),
            (ValueView::S(left), ValueView::S(right)) => Some(left.cmp(right)),
            (ValueView::B(left), ValueView::B(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// Element-wise equality of iterators of different item types (`Iterator::eq_by` is not stable).
trait EqByPairs: Iterator + Sized {
    fn eq_by_pairs<J: Iterator>(
        mut self,
        mut other: J,
        equal: impl Fn(Self::Item, J::Item) -> bool,
    ) -> bool {
        loop {
            match (self.next(), other.next()) {
                (Some(left), Some(right)) => {
                    if !equal(left, right) {
                        return false;
                    }
                }
                (None, None) => return true,
                _ => return false,
            }
        }
    }
}

impl<I: Iterator> EqByPairs for I {}

fn read_scaled(negative: bool, payload: &[u8]) -> Option<Number> {
    let (exponent, coefficient) = payload.split_first_chunk::<2>()?;
    read_number(negative, i16::from_le_bytes(*exponent), coefficient)
}

#[inline]
fn read_number(negative: bool, exponent: i16, bytes: &[u8]) -> Option<Number> {
    let mut coefficient = [0u8; 16];
    coefficient.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Number::from_parts(negative, u128::from_le_bytes(coefficient), exponent)
}

/// A map, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapView<'a> {
    body: Body<'a>,
}

impl<'a> MapView<'a> {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<ValueView<'a>> {
        ValueView::read(self.body.find(name.as_bytes())?)
    }
    /// All members in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, ValueView<'a>)> + use<'a> {
        self.body.members()
    }
    /// Number of members.
    pub fn len(&self) -> usize {
        self.body.len()
    }
    /// Whether it has no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A list, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListView<'a> {
    body: Body<'a>,
}

impl<'a> ListView<'a> {
    /// The element at that position, from 0.
    pub fn get(&self, index: usize) -> Option<ValueView<'a>> {
        self.body.element(index)
    }
    /// All elements.
    pub fn iter(&self) -> impl Iterator<Item = ValueView<'a>> + use<'a> {
        self.body.elements()
    }
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.body.len()
    }
    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A set, read in place: its elements are all S, all N or all B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetView<'a> {
    body: Body<'a>,
}

impl<'a> SetView<'a> {
    /// All elements in order.
    pub fn iter(&self) -> impl Iterator<Item = ValueView<'a>> + use<'a> {
        self.body.elements()
    }
    /// Whether a scalar of the set's element type is in the set (binary search).
    pub fn contains(&self, element: &ValueView<'_>) -> bool {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let candidate = self.body.element(middle);
            match candidate.and_then(|candidate| candidate.compare(element)) {
                Some(Ordering::Equal) => return true,
                Some(Ordering::Less) => low = middle + 1,
                Some(Ordering::Greater) => high = middle,
                None => return false,
            }
        }
        false
    }
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.body.len()
    }
    /// Whether it has no element (never, in a valid item).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn decode_members(body: Body<'_>, levels: usize) -> Item {
    body.members()
        .map(|(name, value)| (name.to_string(), decode_value(value, levels)))
        .collect()
}

/// Documents below the last level (only corrupt bytes have them) decode as NULL.
fn decode_value(view: ValueView<'_>, levels: usize) -> AttributeValue {
    match view {
        ValueView::S(text) => AttributeValue::S(text.to_string()),
        ValueView::N(number) => AttributeValue::N(number),
        ValueView::B(bytes) => AttributeValue::B(Bytes::copy_from_slice(bytes)),
        ValueView::Bool(value) => AttributeValue::Bool(value),
        ValueView::Null => AttributeValue::Null,
        ValueView::M(_) | ValueView::L(_) if levels == 0 => AttributeValue::Null,
        ValueView::M(map) => AttributeValue::M(decode_members(map.body, levels - 1)),
        ValueView::L(list) => {
            let elements = list.iter().map(|e| decode_value(e, levels - 1));
            AttributeValue::L(elements.collect())
        }
        ValueView::Ss(set) => AttributeValue::Ss(
            set.iter()
                .filter_map(|e| match e {
                    ValueView::S(text) => Some(text.to_string()),
                    _ => None,
                })
                .collect(),
        ),
        ValueView::Ns(set) => AttributeValue::Ns(
            set.iter()
                .filter_map(|e| match e {
                    ValueView::N(number) => Some(number),
                    _ => None,
                })
                .collect(),
        ),
        ValueView::Bs(set) => AttributeValue::Bs(
            set.iter()
                .filter_map(|e| match e {
                    ValueView::B(bytes) => Some(Bytes::copy_from_slice(bytes)),
                    _ => None,
                })
                .collect(),
        ),
    }
}
