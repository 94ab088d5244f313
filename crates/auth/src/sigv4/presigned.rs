//! The query-string form of a signature (a presigned URL): `?X-Amz-Algorithm=…&X-Amz-Credential=…`.
//!
//! Not here: what is checked about a signature in either form (`sigv4`).
//! Rules: IAM User Guide, "Create a signed AWS API request" and "Authentication methods (query parameters)".

use super::canonical::percent_decode;
use super::{ALGORITHM, SignatureError, time};

/// "The maximum value is 604800 (seven days)".
const EXPIRES_SECONDS_MAX: u64 = 604_800;
/// The parameter that is not signed, because it is the signature.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

/// A parameter that a presigned URL must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `X-Amz-Algorithm`
    Algorithm,
    /// `X-Amz-Credential`
    Credential,
    /// `X-Amz-Signature`
    Signature,
    /// `X-Amz-SignedHeaders`
    SignedHeaders,
    /// `X-Amz-Date`
    Date,
}

impl Parameter {
    const ALL: [Parameter; 5] = [
        Parameter::Algorithm,
        Parameter::Credential,
        Parameter::Signature,
        Parameter::SignedHeaders,
        Parameter::Date,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::Algorithm => "X-Amz-Algorithm",
            Parameter::Credential => "X-Amz-Credential",
            Parameter::Signature => SIGNATURE,
            Parameter::SignedHeaders => "X-Amz-SignedHeaders",
            Parameter::Date => "X-Amz-Date",
        }
    }
}

/// What a presigned URL says about its signature.
#[derive(Debug)]
pub(super) struct Presigned {
    pub(super) credential: String,
    pub(super) signed_headers: String,
    pub(super) signature: String,
    pub(super) date: String,
    expires: Option<String>,
    /// `X-Amz-Security-Token`
    pub(super) token: Option<String>,
}

/// Whether the query has anything to do with signatures.
pub(super) fn is_presigned(query: &str) -> bool {
    !query.is_empty()
        && Parameter::ALL
            .iter()
            .any(|parameter| value(query, parameter.name()).is_some())
}

impl Presigned {
    pub(super) fn parse(query: &str) -> Result<Presigned, SignatureError> {
        let [algorithm, credential, signature, signed_headers, date] =
            Parameter::ALL.map(|parameter| value(query, parameter.name()));
        if let Some(algorithm) = algorithm.as_ref().filter(|found| *found != ALGORITHM) {
            return Err(SignatureError::Algorithm {
                algorithm: algorithm.clone(),
            });
        }
        match (algorithm, credential, signature, signed_headers, date) {
            (Some(_), Some(credential), Some(signature), Some(signed_headers), Some(date)) => {
                Ok(Presigned {
                    credential,
                    signed_headers,
                    signature,
                    date,
                    expires: value(query, "X-Amz-Expires"),
                    token: value(query, "X-Amz-Security-Token"),
                })
            }
            _ => Err(SignatureError::IncompleteQuery {
                missing: Parameter::ALL
                    .into_iter()
                    .filter(|parameter| value(query, parameter.name()).is_none())
                    .collect(),
            }),
        }
    }

    /// Refuses a URL whose time is over. `signed` and `now` are seconds since the Unix epoch. Without X-Amz-Expires the skew decides, as it
    /// does for headers.
    pub(super) fn check_expiry(&self, signed: u64, now: u64) -> Result<(), SignatureError> {
        let Some(text) = &self.expires else {
            return super::check_skew(signed, now);
        };
        let seconds = text
            .parse()
            .ok()
            .filter(|seconds| (1..=EXPIRES_SECONDS_MAX).contains(seconds))
            .ok_or_else(|| SignatureError::Expires {
                expires: text.clone(),
                limit: EXPIRES_SECONDS_MAX,
            })?;
        let end = signed.saturating_add(seconds);
        if end < now {
            return Err(SignatureError::UrlExpired {
                end: time::format(end),
                now: time::format(now),
            });
        }
        super::check_not_in_future(signed, now)
    }
}

/// The first value of a parameter, decoded.
fn value(query: &str, name: &str) -> Option<String> {
    let mut parameters = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = parameters.find(|(found, _)| *found == name)?;
    String::from_utf8(percent_decode(value)).ok()
}
