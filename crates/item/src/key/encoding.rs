//! Key values to memcomparable bytes and back; the layout is drawn in the parent module.

use super::{KeyError, KeySchema, KeyType, KeyValue, PrimaryKey, TableId};
use crate::Number;
use crate::number::{LEADING_EXPONENT_MIN, POW10, digit_count};
use bytes::Bytes;

/// Table id and hash.
const PREFIX_BYTES: usize = 12;
/// Table id.
const TABLE_BYTES: usize = 4;
/// What follows a 00 that is part of a string or binary.
const ESCAPED: u8 = 0xff;
const CLASS_NEGATIVE: u8 = 0x7f;
const CLASS_ZERO: u8 = 0x80;
const CLASS_POSITIVE: u8 = 0x81;
/// Bytes of the longest number: class, exponent, 19 digit pairs, terminator.
const NUMBER_BYTES_MAX: usize = 22;
/// Digit pairs that always fit a `u64`.
const U64_PAIRS: usize = 9;

/// Hash of an encoded partition key; frozen: XXH3-64, seed 0.
pub fn hash64(partition_bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(partition_bytes)
}

/// The tree key of an item.
pub fn encode_key(table: TableId, key: &PrimaryKey) -> Vec<u8> {
    let sort_length = key.sort.as_ref().map_or(0, length_estimate);
    let mut out = partition_prefix(table, &key.partition, sort_length);
    if let Some(sort) = &key.sort {
        encode_sort_value(sort, true, &mut out);
    }
    out
}

/// What all tree keys of one partition key begin with.
pub fn encode_partition_prefix(table: TableId, partition: &KeyValue) -> Vec<u8> {
    partition_prefix(table, partition, 0)
}

/// The part of a tree key that all keys of its partition key begin with, see [`encode_partition_prefix`]. `None` if the bytes are not a
/// tree key with a partition key of that type.
pub fn partition_prefix_of(tree_key: &[u8], partition: KeyType) -> Option<&[u8]> {
    let values = tree_key.get(PREFIX_BYTES..)?;
    tree_key.get(..PREFIX_BYTES + value_length(values, partition)?)
}

/// The encoded values of a tree key: everything behind the number of its table or index and the hash.
pub fn key_values(tree_key: &[u8]) -> Option<&[u8]> {
    tree_key.get(PREFIX_BYTES..)
}

/// Bytes that the first encoded values take, one of each type in turn. `None` if the bytes do not begin with such values.
pub fn key_values_length(
    bytes: &[u8],
    key_types: impl IntoIterator<Item = KeyType>,
) -> Option<usize> {
    let mut types = key_types.into_iter();
    types.try_fold(0, |length, key_type| {
        Some(length + value_length(bytes.get(length..)?, key_type)?)
    })
}

/// The values that were encoded one behind the other, one of each type. `None` if the bytes are something else.
pub fn decode_key_values(
    bytes: &[u8],
    key_types: impl IntoIterator<Item = KeyType>,
) -> Option<Vec<KeyValue>> {
    let mut rest = bytes;
    let mut values = Vec::new();
    for key_type in key_types {
        let (value, behind) = decode_value(rest, key_type)?;
        values.push(value);
        rest = behind;
    }
    rest.is_empty().then_some(values)
}

/// Bytes of the encoded value at the beginning.
fn value_length(bytes: &[u8], key_type: KeyType) -> Option<usize> {
    match key_type {
        KeyType::S | KeyType::B => bytes_length(bytes),
        KeyType::N => decode_number(bytes).map(|(_, rest)| bytes.len() - rest.len()),
    }
}

/// Bytes of the encoded string or binary at the beginning.
fn bytes_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let zero = at + bytes.get(at..)?.iter().position(|byte| *byte == 0)?;
        at = zero + 2;
        match bytes.get(zero + 1)? {
            0 => return Some(at),
            &ESCAPED => {}
            _ => return None,
        }
    }
}

/// What all tree keys of a table begin with.
pub fn table_prefix(table: TableId) -> [u8; 4] {
    table.0.to_be_bytes()
}

/// Where the keys of a table with at least that hash begin: bounds of parallel scan segments and of partitions.
pub fn encode_hash_prefix(table: TableId, hash: u64) -> [u8; 12] {
    let mut out = [0; PREFIX_BYTES];
    out[..TABLE_BYTES].copy_from_slice(&table_prefix(table));
    out[TABLE_BYTES..].copy_from_slice(&hash.to_be_bytes());
    out
}

/// Appends a sort key value as it stands behind the partition prefix. With `complete` false the terminator is left out, so that the
/// bytes are a prefix of every string or binary that begins with `value` (BEGINS_WITH; numbers have no such prefix and stay complete).
pub fn encode_sort_value(value: &KeyValue, complete: bool, out: &mut Vec<u8>) {
    match value {
        KeyValue::S(text) => encode_bytes(text.as_bytes(), complete, out),
        KeyValue::B(bytes) => encode_bytes(bytes, complete, out),
        KeyValue::N(number) => encode_number(*number, out),
    }
}

/// The exclusive end of the range of all keys that begin with `prefix`: the smallest bytes above them. `None` if no bytes are above.
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// The table and key of a tree key.
///
/// # Errors
/// `Corrupt` if the bytes are not a key of that schema.
pub fn decode_key(bytes: &[u8], schema: &KeySchema) -> Result<(TableId, PrimaryKey), KeyError> {
    decode(bytes, schema).ok_or(KeyError::Corrupt)
}

fn decode(bytes: &[u8], schema: &KeySchema) -> Option<(TableId, PrimaryKey)> {
    let (table, rest) = bytes.split_first_chunk::<TABLE_BYTES>()?;
    let (hash, rest) = rest.split_first_chunk::<8>()?;
    let (partition, after) = decode_value(rest, schema.partition.key_type)?;
    let partition_bytes = &rest[..rest.len() - after.len()];
    if hash64(partition_bytes) != u64::from_be_bytes(*hash) {
        return None;
    }
    let (sort, after) = match &schema.sort {
        Some(attribute) => {
            let (sort, after) = decode_value(after, attribute.key_type)?;
            (Some(sort), after)
        }
        None => (None, after),
    };
    let table = TableId(u32::from_be_bytes(*table));
    after
        .is_empty()
        .then_some((table, PrimaryKey { partition, sort }))
}

fn partition_prefix(table: TableId, partition: &KeyValue, spare: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(PREFIX_BYTES + length_estimate(partition) + spare);
    out.extend_from_slice(&encode_hash_prefix(table, 0));
    encode_sort_value(partition, true, &mut out);
    let hash = hash64(&out[PREFIX_BYTES..]);
    out[TABLE_BYTES..PREFIX_BYTES].copy_from_slice(&hash.to_be_bytes());
    out
}

/// Exact unless a string or binary holds zeros.
fn length_estimate(value: &KeyValue) -> usize {
    match value {
        KeyValue::S(text) => text.len() + 2,
        KeyValue::B(bytes) => bytes.len() + 2,
        KeyValue::N(_) => NUMBER_BYTES_MAX,
    }
}

fn encode_bytes(bytes: &[u8], complete: bool, out: &mut Vec<u8>) {
    for (index, part) in bytes.split(|byte| *byte == 0).enumerate() {
        if index > 0 {
            out.extend_from_slice(&[0, ESCAPED]);
        }
        out.extend_from_slice(part);
    }
    if complete {
        out.extend_from_slice(&[0, 0]);
    }
}

fn decode_value(bytes: &[u8], key_type: KeyType) -> Option<(KeyValue, &[u8])> {
    match key_type {
        KeyType::S => {
            let (text, rest) = decode_bytes(bytes)?;
            Some((KeyValue::S(String::from_utf8(text).ok()?), rest))
        }
        KeyType::B => {
            let (value, rest) = decode_bytes(bytes)?;
            Some((KeyValue::B(Bytes::from(value)), rest))
        }
        KeyType::N => {
            let (number, rest) = decode_number(bytes)?;
            Some((KeyValue::N(number), rest))
        }
    }
}

fn decode_bytes(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    loop {
        let zero = bytes.iter().position(|byte| *byte == 0)?;
        value.extend_from_slice(&bytes[..zero]);
        let (&marker, rest) = bytes[zero + 1..].split_first()?;
        bytes = rest;
        match marker {
            0 => return Some((value, bytes)),
            ESCAPED => value.push(0),
            _ => return None,
        }
    }
}

fn encode_number(number: Number, out: &mut Vec<u8>) {
    if number.is_zero() {
        out.push(CLASS_ZERO);
        return;
    }
    let (negative, coefficient, _) = number.parts();
    // Within 0..=255 by the range of N.
    let exponent = (i64::from(number.leading_exponent()) - LEADING_EXPONENT_MIN) as u8;
    let (pairs, count) = digit_pairs(coefficient);
    let (class, mask) = if negative {
        (CLASS_NEGATIVE, 0xff)
    } else {
        (CLASS_POSITIVE, 0)
    };
    out.extend_from_slice(&[class, exponent ^ mask]);
    out.extend(pairs[..count].iter().map(|pair| (pair + 1) ^ mask));
    out.push(mask);
}

/// The digits in pairs from the first one, an odd count filled with a 0.
fn digit_pairs(coefficient: u128) -> ([u8; 19], usize) {
    let digits = digit_count(coefficient);
    let count = digits.div_ceil(2) as usize;
    // 37 digits at most are odd, so the filled coefficient has at most 38.
    let mut rest = if digits % 2 == 1 {
        coefficient * 10
    } else {
        coefficient
    };
    let mut pairs = [0; 19];
    let mut end = count;
    while end > 0 {
        // Division of u128 is slow: split off what fits a u64, then go on in it.
        let start = end.saturating_sub(U64_PAIRS);
        let mut chunk = if start == 0 {
            rest as u64
        } else {
            let power = POW10[2 * U64_PAIRS];
            let chunk = (rest % power) as u64;
            rest /= power;
            chunk
        };
        for pair in pairs[start..end].iter_mut().rev() {
            *pair = (chunk % 100) as u8;
            chunk /= 100;
        }
        end = start;
    }
    (pairs, count)
}

fn decode_number(bytes: &[u8]) -> Option<(Number, &[u8])> {
    let (&class, rest) = bytes.split_first()?;
    let mask = match class {
        CLASS_ZERO => return Some((Number::ZERO, rest)),
        CLASS_POSITIVE => 0,
        CLASS_NEGATIVE => 0xff,
        _ => return None,
    };
    let (&exponent, rest) = rest.split_first()?;
    let count = rest.iter().position(|byte| *byte == mask)?;
    let (pairs, rest) = (&rest[..count], &rest[count + 1..]);
    if count == 0 || count > 19 {
        return None;
    }
    let mut coefficient: u128 = 0;
    for pair in pairs {
        let pair = (pair ^ mask) - 1;
        if pair > 99 {
            return None;
        }
        coefficient = coefficient * 100 + u128::from(pair);
    }
    // An odd count of digits was filled with one zero; more zeros at the end, or in front, no encoder writes.
    let first_pair = (pairs[0] ^ mask) - 1;
    let mut digits = 2 * count as i64;
    if coefficient.is_multiple_of(10) {
        coefficient /= 10;
        digits -= 1;
    }
    if first_pair < 10 {
        return None;
    }
    let leading = i64::from(exponent ^ mask) + LEADING_EXPONENT_MIN;
    let exponent = i16::try_from(leading - (digits - 1)).ok()?;
    let number = Number::from_parts(mask != 0, coefficient, exponent)?;
    Some((number, rest))
}
