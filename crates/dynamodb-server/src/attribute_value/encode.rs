//! Attribute values to JSON, straight into the answer's buffer: from stored bytes, or from decoded items.

use crate::json::{write_list, write_string};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shale_item::{AttributeValue, Item, ItemView, Number, ValueView};
use std::io::Write;

/// Writes a stored item as a map of attribute values.
pub(crate) fn write_encoded_item(out: &mut Vec<u8>, item: ItemView<'_>) {
    write_view_members(out, item.iter());
}

/// Writes a decoded item as a map of attribute values.
pub(crate) fn write_item(out: &mut Vec<u8>, item: &Item) {
    write_members(out, item.iter(), write_value);
}

fn write_view_members<'a>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (&'a str, ValueView<'a>)>,
) {
    write_members(out, members, write_view);
}

fn write_members<N: AsRef<str>, V>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (N, V)>,
    mut write: impl FnMut(&mut Vec<u8>, V),
) {
    out.push(b'{');
    for (index, (name, value)) in members.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, name.as_ref());
        out.push(b':');
        write(out, value);
    }
    out.push(b'}');
}

fn write_view(out: &mut Vec<u8>, value: ValueView<'_>) {
    begin(out, value.attribute_type().descriptor());
    match value {
        ValueView::S(text) => write_string(out, text),
        ValueView::N(number) => write_number(out, number),
        ValueView::B(bytes) => write_binary(out, bytes),
        ValueView::Bool(value) => write_bool(out, value),
        ValueView::Null => write_bool(out, true),
        ValueView::M(map) => write_view_members(out, map.iter()),
        ValueView::L(list) => write_list(out, list.iter(), write_view),
        ValueView::Ss(set) | ValueView::Ns(set) | ValueView::Bs(set) => {
            write_list(out, set.iter(), write_set_element);
        }
    }
    out.push(b'}');
}

/// An element of a set stands without its descriptor.
fn write_set_element(out: &mut Vec<u8>, element: ValueView<'_>) {
    match element {
        ValueView::S(text) => write_string(out, text),
        ValueView::N(number) => write_number(out, number),
        ValueView::B(bytes) => write_binary(out, bytes),
        ValueView::Bool(_)
        | ValueView::Null
        | ValueView::M(_)
        | ValueView::L(_)
        | ValueView::Ss(_)
        | ValueView::Ns(_)
        | ValueView::Bs(_) => out.extend_from_slice(b"null"),
    }
}

pub(crate) fn write_value(out: &mut Vec<u8>, value: &AttributeValue) {
    begin(out, value.attribute_type().descriptor());
    match value {
        AttributeValue::S(text) => write_string(out, text),
        AttributeValue::N(number) => write_number(out, *number),
        AttributeValue::B(bytes) => write_binary(out, bytes),
        AttributeValue::Bool(value) => write_bool(out, *value),
        AttributeValue::Null => write_bool(out, true),
        AttributeValue::M(map) => write_members(out, map.iter(), write_value),
        AttributeValue::L(list) => write_list(out, list, write_value),
        AttributeValue::Ss(set) => write_list(out, set, |out, text| write_string(out, text)),
        AttributeValue::Ns(set) => write_list(out, set, |out, number| write_number(out, *number)),
        AttributeValue::Bs(set) => write_list(out, set, |out, bytes| write_binary(out, bytes)),
    }
    out.push(b'}');
}

fn begin(out: &mut Vec<u8>, descriptor: &str) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(descriptor.as_bytes());
    out.extend_from_slice(b"\":");
}

fn write_number(out: &mut Vec<u8>, number: Number) {
    write!(out, "\"{number}\"").expect("writing to memory");
}

fn write_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn write_binary(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD
        .encode_slice(bytes, &mut out[start..])
        .expect("the buffer was sized for it");
    debug_assert_eq!(start + written, out.len());
    out.push(b'"');
}
