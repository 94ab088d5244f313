//! Request ids as the service makes them: 52 upper-case letters and digits.

use rand::RngCore;

/// Characters of an id.
const LENGTH: usize = 52;
/// Exactly 32 symbols, so that five random bits make one.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new id. It names an answer in logs and is no secret, so the edge's own generator is good enough.
#[allow(clippy::disallowed_methods)]
pub(crate) fn new_request_id() -> [u8; LENGTH] {
    let mut random = [0; LENGTH];
    rand::rng().fill_bytes(&mut random);
    random.map(|byte| ALPHABET[usize::from(byte & 31)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_letters_and_digits_and_differ() {
        let (one, two) = (new_request_id(), new_request_id());
        assert!(one.iter().all(|byte| ALPHABET.contains(byte)));
        assert_ne!(one, two);
    }
}
