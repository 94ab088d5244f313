//! Writing JSON into a byte buffer, without a tree.

use std::io::Write;

/// Writes the members of one object, with the commas between them.
pub(crate) struct ObjectWriter<'b> {
    out: &'b mut Vec<u8>,
    empty: bool,
}

impl<'b> ObjectWriter<'b> {
    /// Opens an object; [`ObjectWriter::end`] closes it.
    pub(crate) fn begin(out: &'b mut Vec<u8>) -> ObjectWriter<'b> {
        out.push(b'{');
        ObjectWriter { out, empty: true }
    }

    /// Writes a member's name and gives the buffer for its value.
    pub(crate) fn member(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_string(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub(crate) fn string(&mut self, name: &str, value: &str) {
        write_string(self.member(name), value);
    }

    pub(crate) fn integer(&mut self, name: &str, value: impl itoa::Integer) {
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(value);
        self.member(name).extend_from_slice(text.as_bytes());
    }

    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.member(name).extend_from_slice(text);
    }

    /// A double, always with a fraction: capacity units print as `1.0`.
    pub(crate) fn double(&mut self, name: &str, value: f64) {
        let out = self.member(name);
        write!(out, "{value:?}").expect("writing to memory");
    }

    /// A point in time: seconds since the Unix epoch with three decimals.
    pub(crate) fn timestamp(&mut self, name: &str, micros: u64) {
        let out = self.member(name);
        let millis = micros / 1_000;
        write!(out, "{}.{:03}", millis / 1_000, millis % 1_000).expect("writing to memory");
    }

    /// A member that is an object.
    pub(crate) fn object(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        let mut object = ObjectWriter::begin(self.member(name));
        write(&mut object);
        object.end();
    }

    /// A whole object as a text of its own.
    pub(crate) fn text(write: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let mut object = ObjectWriter::begin(&mut out);
        write(&mut object);
        object.end();
        out
    }

    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// Writes a list; `write` writes one element.
pub(crate) fn write_list<T>(
    out: &mut Vec<u8>,
    elements: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, element);
    }
    out.push(b']');
}

/// Writes a string with its quotes; only what JSON requires is escaped.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut clean_from = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[clean_from..index]);
        clean_from = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => write!(out, "\\u{byte:04x}").expect("writing to memory"),
        }
    }
    out.extend_from_slice(&bytes[clean_from..]);
    out.push(b'"');
}
