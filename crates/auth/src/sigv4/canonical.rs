//! The canonical form of a request: what both sides hash.

use super::presigned::SIGNATURE;
use super::{Request, hex};
use sha2::{Digest, Sha256};

/// The canonical request over the named headers, in the order in which the client names them.
pub(super) fn request(request: &Request<'_>, signed_headers: &[&str]) -> String {
    let mut text = String::with_capacity(512);
    text.push_str(request.method);
    text.push('\n');
    path(request.path, &mut text);
    text.push('\n');
    query(request.query, &mut text);
    text.push('\n');
    for name in signed_headers {
        text.push_str(name);
        text.push(':');
        header_values(request, name, &mut text);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&signed_headers.join(";"));
    text.push('\n');
    text.push_str(&hex(&Sha256::digest(request.body)));
    text
}

/// The path, encoded once more than it was sent (every service but S3).
fn path(path: &str, text: &mut String) {
    if path.is_empty() {
        text.push('/');
        return;
    }
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            text.push('/');
        }
        encode(segment.as_bytes(), text);
    }
}

/// Parameters encoded, then sorted by name and value; the signature of a presigned URL is none of them.
fn query(query: &str, text: &mut String) {
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (reencode(name), reencode(value))
        })
        .filter(|(name, _)| name != SIGNATURE)
        .collect();
    parameters.sort();
    for (index, (name, value)) in parameters.iter().enumerate() {
        if index > 0 {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
}

/// All values of a header, trimmed, runs of spaces made one, joined by commas.
fn header_values(request: &Request<'_>, name: &str, text: &mut String) {
    let mut first = true;
    request.headers.for_each_value(name, &mut |value| {
        if !first {
            text.push(',');
        }
        first = false;
        let value = String::from_utf8_lossy(value);
        for (index, word) in value.split_ascii_whitespace().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
    });
}

fn reencode(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    encode(&percent_decode(part), &mut text);
    text
}

pub(super) fn percent_decode(part: &str) -> Vec<u8> {
    let bytes = part.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        match escape {
            Some(escaped) if byte == b'%' => {
                decoded.push(escaped);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// RFC 3986: everything but the unreserved characters becomes %XX.
fn encode(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte as char);
        } else {
            text.push('%');
            text.push(DIGITS[usize::from(byte >> 4)] as char);
            text.push(DIGITS[usize::from(byte & 15)] as char);
        }
    }
}
