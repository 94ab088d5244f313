//! Signing a request, for the server as a client of others.

use super::{ALGORITHM, Request, TERMINATOR, canonical, derive_key, hex, hmac, time};
use sha2::{Digest, Sha256};

/// Whose signature, and what for.
pub struct Signature<'a> {
    /// Access key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// Region of the scope.
    pub region: &'a str,
    /// Service of the scope.
    pub service: &'a str,
}

/// The `Authorization` header of a request over the named headers, lower case and in order, of which `x-amz-date` must be one: its value
/// is [`amz_date`] of `now`, in seconds since the Unix epoch.
pub fn sign(
    signature: &Signature<'_>,
    request: &Request<'_>,
    signed_headers: &[&str],
    now: u64,
) -> String {
    let date = time::format(now);
    let day = &date[..8];
    let Signature {
        access_key_id,
        secret,
        region,
        service,
    } = signature;
    let scope = format!("{day}/{region}/{service}/{TERMINATOR}");
    let canonical = canonical::request(request, signed_headers);
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let string_to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{hash}");
    let key = derive_key(secret, day, region, service);
    let mac = hex(&hmac(&key, string_to_sign.as_bytes()));
    let names = signed_headers.join(";");
    format!(
        "{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={mac}"
    )
}

/// The value of `x-amz-date`: `YYYYMMDDTHHMMSSZ`.
pub fn amz_date(now: u64) -> String {
    time::format(now)
}
