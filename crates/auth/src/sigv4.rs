//! Verification of AWS Signature Version 4, in its header form (`Authorization: AWS4-HMAC-SHA256 …`) and in the query string of a
//! presigned URL (`presigned`); signing in its header form (`sign`).
//!
//! Not here: HTTP types (headers come through [`Headers`]), sentences for clients, the clock (`now` is an argument).
//!
//! Invariants:
//! * The payload hash is always computed from the body, never taken from a header.
//! * `host` (or HTTP/2's `:authority`) and `x-amz-target` are part of what is signed, so that a signature cannot be used for another operation.
//! * Signatures are compared in constant time.
//!
//! Flow: parse the header → check the scope → check the date → look the key up → rebuild the canonical request → compare → check the
//! session token.
//! Rules: AWS General Reference, "Create a signed AWS API request".

mod canonical;
mod presigned;
mod sign;
mod time;

pub use presigned::Parameter;

#[cfg(test)]
mod tests;

use crate::{Access, AccessKey, CredentialStore};
use hmac::{Hmac, KeyInit, Mac};
use presigned::Presigned;
use sha2::{Digest, Sha256};
pub use sign::{Signature, amz_date, sign};
use std::collections::HashMap;
use std::sync::RwLock;

/// How far the signer's clock may be off, seconds.
pub const SKEW_SECONDS_MAX: u64 = 15 * 60;
/// Signing keys kept; the cache starts again when it is full.
const SIGNING_KEYS_MAX: usize = 1024;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// The headers of a request.
pub trait Headers {
    /// Calls `visit` with each value of the header, in order; `name` is lower case.
    fn for_each_value(&self, name: &str, visit: &mut dyn FnMut(&[u8]));

    /// The first value of the header, if it is visible text.
    fn first(&self, name: &str) -> Option<String> {
        let mut found = None;
        self.for_each_value(name, &mut |value| {
            if found.is_none() {
                found = std::str::from_utf8(value)
                    .ok()
                    .map(|text| text.trim().to_owned());
            }
        });
        found
    }
}

/// What was signed.
pub struct Request<'a> {
    /// `POST`
    pub method: &'a str,
    /// Path as sent.
    pub path: &'a str,
    /// Query string as sent, without the question mark.
    pub query: &'a str,
    /// Headers; HTTP/2's `:authority` is one of them, and stands for a `host` that is not there.
    pub headers: &'a dyn Headers,
    /// The whole body.
    pub body: &'a [u8],
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Access key.
    pub access_key_id: String,
    /// The user it belongs to.
    pub user: String,
    /// What it may do.
    pub access: Access,
}

/// A part that an Authorization header must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `Credential=`
    Credential,
    /// `Signature=`
    Signature,
    /// `SignedHeaders=`
    SignedHeaders,
    /// The header X-Amz-Date or Date.
    Date,
}

/// Why a request is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no Authorization header of any AWS kind.
    #[error("the request is not signed")]
    Missing,
    /// An AWS algorithm that is not built.
    #[error("algorithm {algorithm} is not supported")]
    Algorithm {
        /// As sent.
        algorithm: String,
    },
    /// Parts are missing.
    #[error("the Authorization header lacks {missing:?}")]
    Incomplete {
        /// Which.
        missing: Vec<Part>,
        /// The header as sent.
        header: String,
    },
    /// Parameters of a presigned URL are missing.
    #[error("the query string lacks {missing:?}")]
    IncompleteQuery {
        /// Which.
        missing: Vec<Parameter>,
    },
    /// Signed by header and by query string.
    #[error("the request is signed in the query string and in the Authorization header")]
    SignedTwice,
    /// An X-Amz-Expires that is no number of seconds, or too many.
    #[error("X-Amz-Expires is {expires}, the limit is {limit}")]
    Expires {
        /// As sent.
        expires: String,
        /// Seconds at most.
        limit: u64,
    },
    /// The time for which a URL was presigned is over.
    #[error("the URL was good until {end}, it is {now}")]
    UrlExpired {
        /// ISO 8601 basic.
        end: String,
        /// ISO 8601 basic.
        now: String,
    },
    /// A piece without `=`.
    #[error("{piece} is not a key=value pair")]
    NotAPair {
        /// The piece.
        piece: String,
        /// The header as sent.
        header: String,
    },
    /// Not `keyid/date/region/service/term`.
    #[error("credential {credential} has not exactly five parts")]
    CredentialShape {
        /// As sent.
        credential: String,
    },
    /// A date that is not ISO 8601 basic.
    #[error("date {date} cannot be read")]
    Date {
        /// As sent.
        date: String,
    },
    /// The scope's date is another day than the request's.
    #[error("scope date {scope} is not the day of {date}")]
    ScopeDate {
        /// In the credential.
        scope: String,
        /// Of the request.
        date: String,
    },
    /// Scoped to another region.
    #[error("scoped to region {actual}, not {expected}")]
    ScopeRegion {
        /// Ours.
        expected: String,
        /// In the credential.
        actual: String,
    },
    /// Scoped to another service.
    #[error("scoped to service {actual}, not {expected}")]
    ScopeService {
        /// Ours.
        expected: String,
        /// In the credential.
        actual: String,
    },
    /// Not `aws4_request`.
    #[error("scoped with terminator {actual}")]
    ScopeTerminator {
        /// In the credential.
        actual: String,
    },
    /// A header that must be signed is not.
    #[error("header {name} is not signed")]
    NotSigned {
        /// Its name.
        name: &'static str,
    },
    /// The body is declared unsigned.
    #[error("the body is not signed")]
    UnsignedPayload,
    /// Signed too long ago.
    #[error("signature of {signed} is too old at {now}")]
    Expired {
        /// ISO 8601 basic.
        signed: String,
        /// ISO 8601 basic.
        now: String,
        /// Oldest that is taken now, ISO 8601 basic.
        bound: String,
    },
    /// Signed in the future.
    #[error("signature of {signed} is in the future at {now}")]
    NotYetCurrent {
        /// ISO 8601 basic.
        signed: String,
        /// ISO 8601 basic.
        now: String,
        /// Latest that is taken now, ISO 8601 basic.
        bound: String,
    },
    /// No such access key.
    #[error("access key {id} is not known")]
    UnknownAccessKey {
        /// As sent.
        id: String,
    },
    /// A session token that is not the temporary access key's, or none.
    #[error("the session token is not that of access key {id}")]
    SessionToken {
        /// The access key.
        id: String,
    },
    /// The temporary credentials have ended.
    #[error("the session token of access key {id} is expired")]
    SessionExpired {
        /// The access key.
        id: String,
    },
    /// The signature is another one.
    #[error("the signature does not match")]
    Mismatch {
        /// What should have been signed.
        canonical_request: String,
        /// What its hash stands in.
        string_to_sign: String,
    },
}

/// Verifies signatures for one region and service, and keeps derived signing keys.
pub struct Verifier {
    region: String,
    service: String,
    /// By access key id; an entry is good for one secret and one day.
    signing_keys: RwLock<HashMap<String, SigningKey>>,
}

#[derive(Clone)]
struct SigningKey {
    secret: String,
    date: String,
    mac: Hmac<Sha256>,
}

impl Verifier {
    /// A verifier for that scope.
    pub fn new(region: &str, service: &str) -> Verifier {
        Verifier {
            region: region.to_owned(),
            service: service.to_owned(),
            signing_keys: RwLock::new(HashMap::new()),
        }
    }

    /// Who signed the request. `now` is in seconds since the Unix epoch.
    ///
    /// # Errors
    /// The first rule that the request breaks.
    pub fn verify(
        &self,
        request: &Request<'_>,
        now: u64,
        credentials: &dyn CredentialStore,
    ) -> Result<Signer, SignatureError> {
        let header = request.headers.first("authorization");
        let header = match (header, presigned::is_presigned(request.query)) {
            (Some(_), true) => return Err(SignatureError::SignedTwice),
            (Some(header), false) => header,
            (None, true) => return self.verify_presigned(request, now, credentials),
            (None, false) => return Err(SignatureError::Missing),
        };
        let date = request
            .headers
            .first("x-amz-date")
            .or_else(|| request.headers.first("date"));
        let authorization = Authorization::parse(&header, date.is_some())?;
        let scope = Scope::parse(authorization.credential)?;
        let date = date.unwrap_or_default();
        let signed = time::parse(&date).ok_or(SignatureError::Date { date })?;
        self.check_scope(&scope, signed)?;
        check_skew(signed, now)?;
        let token = request.headers.first("x-amz-security-token");
        let key = self.verify_signature(request, &authorization, &scope, signed, credentials)?;
        signer(key, token.as_deref(), now)
    }

    fn verify_presigned(
        &self,
        request: &Request<'_>,
        now: u64,
        credentials: &dyn CredentialStore,
    ) -> Result<Signer, SignatureError> {
        let presigned = Presigned::parse(request.query)?;
        let scope = Scope::parse(&presigned.credential)?;
        let signed = time::parse(&presigned.date).ok_or_else(|| SignatureError::Date {
            date: presigned.date.clone(),
        })?;
        self.check_scope(&scope, signed)?;
        presigned.check_expiry(signed, now)?;
        let authorization = Authorization {
            credential: &presigned.credential,
            signed_headers: &presigned.signed_headers,
            signature: &presigned.signature,
        };
        let key = self.verify_signature(request, &authorization, &scope, signed, credentials)?;
        signer(key, presigned.token.as_deref(), now)
    }

    /// What both forms have in common: the headers that must be signed, the key, the signature.
    fn verify_signature(
        &self,
        request: &Request<'_>,
        authorization: &Authorization<'_>,
        scope: &Scope<'_>,
        signed: u64,
        credentials: &dyn CredentialStore,
    ) -> Result<AccessKey, SignatureError> {
        let names: Vec<&str> = authorization.signed_headers.split(';').collect();
        check_signed_headers(request, &names)?;

        let key = credentials.access_key(scope.access_key_id).ok_or_else(|| {
            SignatureError::UnknownAccessKey {
                id: scope.access_key_id.to_owned(),
            }
        })?;
        let canonical_request = canonical::request(request, &names);
        let string_to_sign = format!(
            "{ALGORITHM}\n{}\n{}/{}/{}/{TERMINATOR}\n{}",
            time::format(signed),
            scope.date,
            scope.region,
            scope.service,
            hex(&Sha256::digest(canonical_request.as_bytes())),
        );
        let mut mac = self.signing_key(&key.id, &key.secret, scope.date);
        mac.update(string_to_sign.as_bytes());
        let matches = from_hex(authorization.signature)
            .is_some_and(|signature| mac.verify_slice(&signature).is_ok());
        if !matches {
            return Err(SignatureError::Mismatch {
                canonical_request,
                string_to_sign,
            });
        }
        Ok(key)
    }

    fn check_scope(&self, scope: &Scope<'_>, signed: u64) -> Result<(), SignatureError> {
        if scope.terminator != TERMINATOR {
            return Err(SignatureError::ScopeTerminator {
                actual: scope.terminator.to_owned(),
            });
        }
        if scope.service != self.service {
            return Err(SignatureError::ScopeService {
                expected: self.service.clone(),
                actual: scope.service.to_owned(),
            });
        }
        if scope.region != self.region {
            return Err(SignatureError::ScopeRegion {
                expected: self.region.clone(),
                actual: scope.region.to_owned(),
            });
        }
        let date = time::format(signed);
        if !date.starts_with(scope.date) || scope.date.len() != 8 {
            return Err(SignatureError::ScopeDate {
                scope: scope.date.to_owned(),
                date,
            });
        }
        Ok(())
    }

    /// The MAC over the day's signing key, from the cache if the secret is still the same.
    fn signing_key(&self, id: &str, secret: &str, date: &str) -> Hmac<Sha256> {
        if let Ok(keys) = self.signing_keys.read()
            && let Some(key) = keys.get(id)
            && key.date == date
            && key.secret == secret
        {
            return key.mac.clone();
        }
        let mac = keyed(&derive_key(secret, date, &self.region, &self.service));
        if let Ok(mut keys) = self.signing_keys.write() {
            if keys.len() >= SIGNING_KEYS_MAX {
                keys.clear();
            }
            let entry = SigningKey {
                secret: secret.to_owned(),
                date: date.to_owned(),
                mac: mac.clone(),
            };
            keys.insert(id.to_owned(), entry);
        }
        mac
    }
}

/// Who signed with that key. A temporary key needs its session token (compared in constant time), and ends.
fn signer(key: AccessKey, token: Option<&str>, now: u64) -> Result<Signer, SignatureError> {
    let is_its_own = match (&key.session, token) {
        // Tools for local servers send a token that they made up beside a permanent key.
        (None, _) => true,
        (Some(session), Some(token)) => {
            let digest = |text: &str| keyed(key.secret.as_bytes()).chain_update(text);
            let sent = digest(token).finalize().into_bytes();
            digest(&session.token).verify(&sent).is_ok()
        }
        (Some(_), None) => false,
    };
    if !is_its_own {
        return Err(SignatureError::SessionToken { id: key.id });
    }
    if key.session.is_some_and(|session| session.expires <= now) {
        return Err(SignatureError::SessionExpired { id: key.id });
    }
    Ok(Signer {
        access_key_id: key.id,
        user: key.user,
        access: key.access,
    })
}

struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str, dated: bool) -> Result<Authorization<'a>, SignatureError> {
        let (algorithm, pieces) = header.split_once(' ').unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            if algorithm.starts_with("AWS") {
                return Err(SignatureError::Algorithm {
                    algorithm: algorithm.to_owned(),
                });
            }
            return Err(SignatureError::Missing);
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for piece in pieces.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (name, value) = piece
                .split_once('=')
                .ok_or_else(|| SignatureError::NotAPair {
                    piece: piece.to_owned(),
                    header: header.to_owned(),
                })?;
            match name {
                "Credential" => credential = Some(value),
                "SignedHeaders" => signed_headers = Some(value),
                "Signature" => signature = Some(value),
                // Unknown parameters are ignored, as AWS does.
                _ => {}
            }
        }
        let mut missing = Vec::new();
        for (part, absent) in [
            (Part::Credential, credential.is_none()),
            (Part::Signature, signature.is_none()),
            (Part::SignedHeaders, signed_headers.is_none()),
            (Part::Date, !dated),
        ] {
            if absent {
                missing.push(part);
            }
        }
        match (credential, signed_headers, signature, dated) {
            (Some(credential), Some(signed_headers), Some(signature), true) => Ok(Authorization {
                credential,
                signed_headers,
                signature,
            }),
            _ => Err(SignatureError::Incomplete {
                missing,
                header: header.to_owned(),
            }),
        }
    }
}

struct Scope<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    terminator: &'a str,
}

impl<'a> Scope<'a> {
    fn parse(credential: &'a str) -> Result<Scope<'a>, SignatureError> {
        let parts: Vec<&str> = credential.split('/').collect();
        match parts[..] {
            [access_key_id, date, region, service, terminator] => Ok(Scope {
                access_key_id,
                date,
                region,
                service,
                terminator,
            }),
            _ => Err(SignatureError::CredentialShape {
                credential: credential.to_owned(),
            }),
        }
    }
}

fn check_skew(signed: u64, now: u64) -> Result<(), SignatureError> {
    let oldest = now.saturating_sub(SKEW_SECONDS_MAX);
    if signed < oldest {
        return Err(SignatureError::Expired {
            signed: time::format(signed),
            now: time::format(now),
            bound: time::format(oldest),
        });
    }
    check_not_in_future(signed, now)
}

fn check_not_in_future(signed: u64, now: u64) -> Result<(), SignatureError> {
    let latest = now.saturating_add(SKEW_SECONDS_MAX);
    if signed > latest {
        return Err(SignatureError::NotYetCurrent {
            signed: time::format(signed),
            now: time::format(now),
            bound: time::format(latest),
        });
    }
    Ok(())
}

fn check_signed_headers(request: &Request<'_>, names: &[&str]) -> Result<(), SignatureError> {
    let is_authority_signed =
        names.contains(&":authority") && request.headers.first(":authority").is_some();
    if !names.contains(&"host") && !is_authority_signed {
        return Err(SignatureError::NotSigned { name: "host" });
    }
    if request.headers.first("x-amz-target").is_some() && !names.contains(&"x-amz-target") {
        return Err(SignatureError::NotSigned {
            name: "x-amz-target",
        });
    }
    if request
        .headers
        .first("x-amz-content-sha256")
        .is_some_and(|hash| hash.contains("UNSIGNED-PAYLOAD"))
    {
        return Err(SignatureError::UnsignedPayload);
    }
    Ok(())
}

/// The signing key of a day: HMAC over date, region, service and terminator in turn.
fn derive_key(secret: &str, date: &str, region: &str, service: &str) -> [u8; 32] {
    let mut key = hmac(format!("AWS4{secret}").as_bytes(), date.as_bytes());
    for part in [region, service, TERMINATOR] {
        key = hmac(&key, part.as_bytes());
    }
    key
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(data);
    mac.finalize().into_bytes().into()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? * 16 + digit(*low)?) as u8))
        .collect()
}
