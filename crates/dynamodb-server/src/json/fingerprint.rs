//! Fingerprints of requests: whether a request that is sent again is the same one.
//!
//! Two JSON texts of one request have one fingerprint: the order of members, white space and members that are null do not count.

use super::tree::{Json, Members};
use sha2::{Digest, Sha256};
use shale_engine::FINGERPRINT_BYTES;

/// SHA-256 over the members in the order of their names.
pub(super) fn fingerprint_of(members: &Members<'_>) -> [u8; FINGERPRINT_BYTES] {
    let mut hasher = Sha256::new();
    hash_members(&mut hasher, members);
    hasher.finalize().into()
}

fn hash_members(hasher: &mut Sha256, members: &Members<'_>) {
    let mut present: Vec<_> = members
        .iter()
        .filter(|(_, value)| *value != Json::Null)
        .collect();
    present.sort_by(|(one, _), (other, _)| one.cmp(other));
    hash_start(hasher, b'{', present.len());
    for (name, value) in present {
        hash_text(hasher, name);
        hash_value(hasher, value);
    }
}

fn hash_value(hasher: &mut Sha256, value: &Json<'_>) {
    match value {
        Json::Null => hasher.update(b"n"),
        Json::Bool(value) => hasher.update([b'b', u8::from(*value)]),
        Json::Integer(value) => {
            hasher.update(b"i");
            hasher.update(value.to_be_bytes());
        }
        Json::Decimal(value) => {
            hasher.update(b"d");
            hasher.update(value.to_bits().to_be_bytes());
        }
        Json::String(text) => hash_text(hasher, text),
        Json::Array(elements) => {
            hash_start(hasher, b'[', elements.len());
            for element in elements {
                hash_value(hasher, element);
            }
        }
        Json::Object(members) => hash_members(hasher, members),
    }
}

fn hash_text(hasher: &mut Sha256, text: &str) {
    hash_start(hasher, b'"', text.len());
    hasher.update(text.as_bytes());
}

/// The length in front keeps neighbours apart.
fn hash_start(hasher: &mut Sha256, kind: u8, length: usize) {
    hasher.update([kind]);
    hasher.update((length as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use crate::json::{Json, Structure};

    fn fingerprint(text: &str) -> [u8; 32] {
        let json = Json::parse(text.as_bytes()).unwrap();
        Structure::open(json, "Request").unwrap().fingerprint()
    }

    #[test]
    fn the_same_request_in_other_words() {
        let one = fingerprint(r#"{"a": [1, "x"], "b": {"c": true, "d": null}}"#);
        for same in [
            r#"{"b":{"c":true},"a":[1,"\u0078"]}"#,
            r#"{"a": [1, "x"], "z": null, "b": {"c": true}}"#,
        ] {
            assert_eq!(fingerprint(same), one, "{same}");
        }
        for other in [
            r#"{"a": ["x", 1], "b": {"c": true}}"#,
            r#"{"a": [1, "x"], "b": {"c": false}}"#,
            r#"{"a": [1, "x", null], "b": {"c": true}}"#,
            r#"{"a": [1, "x"], "b": {"c": true}, "e": ""}"#,
            r#"{"a": [1, ["x"]], "b": {"c": true}}"#,
            r#"{"a": [1.5, "x"], "b": {"c": true}}"#,
        ] {
            assert_ne!(fingerprint(other), one, "{other}");
        }
        assert_ne!(fingerprint(r#"{"ab": "c"}"#), fingerprint(r#"{"a": "bc"}"#));
    }

    #[test]
    fn what_was_taken_does_not_count() {
        let json = Json::parse(br#"{"Token": "t", "a": 1}"#).unwrap();
        let mut structure = Structure::open(json, "Request").unwrap();
        structure.take("Token");
        assert_eq!(structure.fingerprint(), fingerprint(r#"{"a": 1}"#));
    }
}
