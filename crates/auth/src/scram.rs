//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's half, without channel binding.
//!
//! Not here: sockets, where verifiers are kept, and randomness: salts, nonces and the mock secret are arguments.
//!
//! Invariants:
//! * No password is kept: a [`ScramVerifier`] can check one, not reveal one.
//! * Key material is compared in constant time and never printed by `Debug`.
//! * A user that does not exist is answered from [`ScramVerifier::mock`] with the same steps and the same salt each time,
//!   so that the exchange does not tell which users exist.
//!
//! Flow: client-first → [`ScramExchange::start`] → server-first → client-final → [`ScramExchange::finish`] → server-final.

use crate::ScramVerifier;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// PBKDF2 rounds of new verifiers: the least that RFC 7677 allows, and PostgreSQL's default.
pub const DEFAULT_ITERATIONS: u32 = 4096;
/// Bytes of salt in new verifiers, as in PostgreSQL.
pub const SALT_BYTES: usize = 16;
/// The mechanism's name, and the prefix of a printed verifier.
pub const MECHANISM: &str = "SCRAM-SHA-256";
/// Rounds that a stored verifier may ask for; more would let a damaged one stall every client.
const ITERATIONS_MAX: u32 = 10_000_000;

/// Why an exchange failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// A message does not follow the grammar.
    #[error("malformed SCRAM message: {0}")]
    Malformed(&'static str),
    /// The client asks for something that this server does not do.
    #[error("unsupported in SCRAM: {0}")]
    Unsupported(&'static str),
    /// The final message does not belong to this exchange (nonce or channel binding data differ).
    #[error("SCRAM check failed: {0}")]
    Mismatch(&'static str),
    /// Wrong password, or no such user.
    #[error("the proof does not verify")]
    WrongProof,
}

/// Why a text is not a verifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SCRAM-SHA-256 verifier")]
pub struct InvalidVerifier;

impl ScramVerifier {
    /// The verifier of a password. `salt` is random, of [`SALT_BYTES`] bytes; `iterations` at least [`DEFAULT_ITERATIONS`].
    ///
    /// The password is normalised with SASLprep; one that SASLprep refuses is taken as its bytes, as PostgreSQL and libpq do.
    pub fn new(password: &str, salt: Vec<u8>, iterations: u32) -> ScramVerifier {
        let normalised = stringprep::saslprep(password).unwrap_or(Cow::Borrowed(password));
        let mut salted_password = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(
            normalised.as_bytes(),
            &salt,
            iterations,
            &mut salted_password,
        );
        let client_key = hmac(&salted_password, &[b"Client Key"]);
        ScramVerifier {
            iterations,
            salt,
            stored_key: Sha256::digest(client_key).into(),
            server_key: hmac(&salted_password, &[b"Server Key"]),
        }
    }

    /// What is shown to a client that names a user who does not exist: the salt is always the same for a name,
    /// and no password passes. `secret` belongs to the server and is never shown.
    pub fn mock(user: &str, secret: &[u8; 32]) -> ScramVerifier {
        let mut salt = hmac(secret, &[b"salt", user.as_bytes()]).to_vec();
        salt.truncate(SALT_BYTES);
        ScramVerifier {
            iterations: DEFAULT_ITERATIONS,
            salt,
            // A proof would have to be found whose SHA-256 is this output of a keyed function.
            stored_key: hmac(secret, &[b"stored key", user.as_bytes()]),
            server_key: hmac(secret, &[b"server key", user.as_bytes()]),
        }
    }

    /// Whether this is the password's verifier.
    pub fn verifies(&self, password: &str) -> bool {
        let other = ScramVerifier::new(password, self.salt.clone(), self.iterations);
        equal_in_constant_time(&self.stored_key, &other.stored_key)
    }
}

/// PostgreSQL's form: `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`, salt and keys in base64.
impl fmt::Display for ScramVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{MECHANISM}${}:{}${}:{}",
            self.iterations,
            STANDARD.encode(&self.salt),
            STANDARD.encode(self.stored_key),
            STANDARD.encode(self.server_key),
        )
    }
}

impl FromStr for ScramVerifier {
    type Err = InvalidVerifier;

    fn from_str(text: &str) -> Result<ScramVerifier, InvalidVerifier> {
        let parts = || {
            let rest = text.strip_prefix(MECHANISM)?.strip_prefix('$')?;
            let (cost, keys) = rest.split_once('$')?;
            let (iterations, salt) = cost.split_once(':')?;
            let (stored_key, server_key) = keys.split_once(':')?;
            let iterations = iterations.parse().ok()?;
            let salt = STANDARD.decode(salt).ok()?;
            if !(1..=ITERATIONS_MAX).contains(&iterations) || salt.is_empty() {
                return None;
            }
            Some(ScramVerifier {
                iterations,
                salt,
                stored_key: STANDARD.decode(stored_key).ok()?.try_into().ok()?,
                server_key: STANDARD.decode(server_key).ok()?.try_into().ok()?,
            })
        };
        parts().ok_or(InvalidVerifier)
    }
}

impl fmt::Debug for ScramVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramVerifier")
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// An exchange that waits for the client's final message.
#[derive(Debug)]
pub struct ScramExchange {
    verifier: ScramVerifier,
    client_first_bare: String,
    server_first: String,
    /// Base64 of the gs2 header, which the client repeats.
    channel_binding: &'static str,
    nonce: String,
}

impl ScramExchange {
    /// Takes the client's first message and gives the exchange with the server's first message.
    /// `server_nonce` is random, printable and without commas; it is appended to the client's.
    /// The user name of the message is ignored: the connection has named the user before, as in PostgreSQL.
    ///
    /// # Errors
    /// [`ScramError::Malformed`] and [`ScramError::Unsupported`] (channel binding, authorization identity, extensions).
    pub fn start(
        client_first: &[u8],
        verifier: ScramVerifier,
        server_nonce: &str,
    ) -> Result<(ScramExchange, String), ScramError> {
        let message = text(client_first)?;
        let (flag, rest) = message
            .split_once(',')
            .ok_or(ScramError::Malformed("no channel binding flag"))?;
        let channel_binding = match flag {
            "n" => "biws",
            // The client could have bound the channel and believes that the server cannot, which is right.
            "y" => "eSws",
            _ if flag.starts_with("p=") => {
                return Err(ScramError::Unsupported("channel binding"));
            }
            _ => return Err(ScramError::Malformed("unknown channel binding flag")),
        };
        let (authorization, bare) = rest
            .split_once(',')
            .ok_or(ScramError::Malformed("no authorization identity field"))?;
        if !authorization.is_empty() {
            return Err(ScramError::Unsupported("authorization identity"));
        }
        let mut fields = bare.split(',');
        match fields.next() {
            Some(user) if user.starts_with("n=") => {}
            Some(extension) if extension.starts_with("m=") => {
                return Err(ScramError::Unsupported("mandatory extension"));
            }
            _ => return Err(ScramError::Malformed("no user name")),
        }
        let client_nonce = fields
            .next()
            .and_then(|field| field.strip_prefix("r="))
            .filter(|nonce| !nonce.is_empty() && nonce.bytes().all(|b| (0x21..=0x7e).contains(&b)))
            .ok_or(ScramError::Malformed("no printable nonce"))?;

        let nonce = format!("{client_nonce}{server_nonce}");
        let server_first = format!(
            "r={nonce},s={},i={}",
            STANDARD.encode(&verifier.salt),
            verifier.iterations
        );
        let exchange = ScramExchange {
            verifier,
            client_first_bare: bare.to_owned(),
            server_first: server_first.clone(),
            channel_binding,
            nonce,
        };
        Ok((exchange, server_first))
    }

    /// Checks the client's final message and gives the server's final message, which proves that the server knows the verifier.
    ///
    /// # Errors
    /// [`ScramError::WrongProof`] for a wrong password, the others for a message that does not belong here.
    pub fn finish(self, client_final: &[u8]) -> Result<String, ScramError> {
        let message = text(client_final)?;
        let (without_proof, proof) = message
            .rsplit_once(",p=")
            .ok_or(ScramError::Malformed("no proof"))?;
        let mut fields = without_proof.split(',');
        let channel_binding = fields
            .next()
            .and_then(|field| field.strip_prefix("c="))
            .ok_or(ScramError::Malformed("no channel binding"))?;
        let nonce = fields
            .next()
            .and_then(|field| field.strip_prefix("r="))
            .ok_or(ScramError::Malformed("no nonce"))?;
        if channel_binding != self.channel_binding {
            return Err(ScramError::Mismatch("channel binding"));
        }
        if nonce != self.nonce {
            return Err(ScramError::Mismatch("nonce"));
        }
        let proof: [u8; 32] = STANDARD
            .decode(proof)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(ScramError::Malformed("proof of the wrong length"))?;

        let signed: [&[u8]; 5] = [
            self.client_first_bare.as_bytes(),
            b",",
            self.server_first.as_bytes(),
            b",",
            without_proof.as_bytes(),
        ];
        let mut client_key = hmac(&self.verifier.stored_key, &signed);
        for (byte, proof) in client_key.iter_mut().zip(proof) {
            *byte ^= proof;
        }
        let stored_key: [u8; 32] = Sha256::digest(client_key).into();
        if !equal_in_constant_time(&stored_key, &self.verifier.stored_key) {
            return Err(ScramError::WrongProof);
        }
        let signature = hmac(&self.verifier.server_key, &signed);
        Ok(format!("v={}", STANDARD.encode(signature)))
    }
}

fn text(message: &[u8]) -> Result<&str, ScramError> {
    std::str::from_utf8(message).map_err(|_| ScramError::Malformed("not UTF-8"))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Compares without branching on the bytes.
fn equal_in_constant_time(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let difference = left
        .iter()
        .zip(right)
        .fold(0, |difference, (l, r)| difference | (l ^ r));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests;
