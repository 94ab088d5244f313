//! Writes an item's bytes: one pass into one buffer of the right length.

use super::{FORMAT_VERSION, HEADER_BYTES, NESTING_DECODED_MAX, WORD, tag};
use crate::{AttributeValue, Item, Number, item_size};

pub(super) fn encode_item(item: &Item) -> Vec<u8> {
    let length = HEADER_BYTES + map_length(item);
    let mut out = Vec::with_capacity(length);
    out.push(FORMAT_VERSION);
    out.extend_from_slice(&word(item_size(item)));
    write_map(item, NESTING_DECODED_MAX, &mut out);
    debug_assert_eq!(out.len(), length);
    out
}

/// An offset, count or size: items stay far below 4 GB, DynamoDB's limit is 400 KB.
fn word(value: usize) -> [u8; WORD] {
    u32::try_from(value)
        .expect("an item has less than 4 GB")
        .to_le_bytes()
}

/// The offset table of one body while its entries are written.
struct Table {
    body: usize,
    next: usize,
}

impl Table {
    fn begin(count: usize, out: &mut Vec<u8>) -> Table {
        let body = out.len();
        out.extend_from_slice(&word(count));
        let next = out.len();
        out.resize(next + count * WORD, 0);
        Table { body, next }
    }
    /// An entry begins here.
    fn entry(&mut self, out: &mut [u8]) {
        let offset = word(out.len() - self.body);
        out[self.next..self.next + WORD].copy_from_slice(&offset);
        self.next += WORD;
    }
}

fn write_map(members: &Item, levels: usize, out: &mut Vec<u8>) {
    let mut table = Table::begin(members.len(), out);
    for (name, value) in members {
        table.entry(out);
        write_varint(name.len(), out);
        out.extend_from_slice(name.as_bytes());
        write_value(value, levels, out);
    }
}

fn write_value(value: &AttributeValue, levels: usize, out: &mut Vec<u8>) {
    match value {
        AttributeValue::S(text) => write_bytes(tag::STRING, text.as_bytes(), out),
        AttributeValue::N(number) => write_number(*number, out),
        AttributeValue::B(bytes) => write_bytes(tag::BINARY, bytes, out),
        AttributeValue::Bool(false) => out.push(tag::FALSE),
        AttributeValue::Bool(true) => out.push(tag::TRUE),
        AttributeValue::Null => out.push(tag::NULL),
        AttributeValue::M(members) => {
            assert!(levels > 0, "the item is nested too deeply to be encoded");
            out.push(tag::MAP);
            write_map(members, levels - 1, out);
        }
        AttributeValue::L(elements) => {
            assert!(levels > 0, "the item is nested too deeply to be encoded");
            write_elements(tag::LIST, elements.iter(), out, |element, out| {
                write_value(element, levels - 1, out);
            });
        }
        AttributeValue::Ss(elements) => {
            write_elements(tag::STRING_SET, elements.iter(), out, |element, out| {
                write_bytes(tag::STRING, element.as_bytes(), out);
            });
        }
        AttributeValue::Ns(elements) => {
            write_elements(tag::NUMBER_SET, elements.iter(), out, |element, out| {
                write_number(*element, out);
            });
        }
        AttributeValue::Bs(elements) => {
            write_elements(tag::BINARY_SET, elements.iter(), out, |element, out| {
                write_bytes(tag::BINARY, element, out);
            });
        }
    }
}

fn write_elements<T>(
    tag: u8,
    elements: impl ExactSizeIterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    out.push(tag);
    let mut table = Table::begin(elements.len(), out);
    for element in elements {
        table.entry(out);
        write(element, out);
    }
}

fn write_bytes(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn write_number(number: Number, out: &mut Vec<u8>) {
    let (negative, coefficient, exponent) = number.parts();
    if exponent == 0 {
        out.push(tag::NUMBER + u8::from(negative));
    } else {
        out.push(tag::NUMBER_SCALED + u8::from(negative));
        out.extend_from_slice(&exponent.to_le_bytes());
    }
    out.extend_from_slice(&coefficient.to_le_bytes()[..coefficient_length(coefficient)]);
}

fn coefficient_length(coefficient: u128) -> usize {
    16 - coefficient.leading_zeros() as usize / 8
}

fn write_varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn varint_length(value: usize) -> usize {
    (usize::BITS - value.leading_zeros()).div_ceil(7).max(1) as usize
}

fn map_length(members: &Item) -> usize {
    let entries: usize = members
        .iter()
        .map(|(name, value)| WORD + varint_length(name.len()) + name.len() + value_length(value))
        .sum();
    WORD + entries
}

/// Bytes of tag and payload.
fn value_length(value: &AttributeValue) -> usize {
    let payload = match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => return number_length(*number),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bool(_) | AttributeValue::Null => 0,
        AttributeValue::M(members) => map_length(members),
        AttributeValue::L(elements) => elements_length(elements.iter().map(value_length)),
        AttributeValue::Ss(elements) => elements_length(elements.iter().map(|e| 1 + e.len())),
        AttributeValue::Ns(elements) => elements_length(elements.iter().map(|e| number_length(*e))),
        AttributeValue::Bs(elements) => elements_length(elements.iter().map(|e| 1 + e.len())),
    };
    1 + payload
}

fn elements_length(lengths: impl Iterator<Item = usize>) -> usize {
    WORD + lengths.map(|length| WORD + length).sum::<usize>()
}

fn number_length(number: Number) -> usize {
    let (_, coefficient, exponent) = number.parts();
    let exponent_length = if exponent == 0 { 0 } else { 2 };
    1 + exponent_length + coefficient_length(coefficient)
}
