//! Refused signatures.

use super::{Exception, ExceptionType};
use crate::messages;
use shale_auth::sigv4::{Parameter, Part, SignatureError};

impl From<SignatureError> for Exception {
    fn from(error: SignatureError) -> Exception {
        use ExceptionType as Type;
        let (exception_type, message) = match error {
            SignatureError::Missing => (
                Type::MissingAuthenticationToken,
                messages::MISSING_TOKEN.to_owned(),
            ),
            SignatureError::Algorithm { algorithm } => (
                Type::IncompleteSignature,
                messages::unsupported_algorithm(&algorithm),
            ),
            SignatureError::Incomplete { missing, header } => {
                let requirements: Vec<&str> = missing.into_iter().map(requirement).collect();
                (
                    Type::IncompleteSignature,
                    messages::authorization(&requirements, &header),
                )
            }
            SignatureError::IncompleteQuery { missing } => {
                let names: Vec<&str> = missing.into_iter().map(Parameter::name).collect();
                (Type::IncompleteSignature, messages::query_requires(&names))
            }
            SignatureError::SignedTwice => {
                (Type::InvalidSignature, messages::SIGNED_TWICE.to_owned())
            }
            SignatureError::Expires { expires, limit } => (
                Type::IncompleteSignature,
                messages::url_expires(&expires, limit),
            ),
            SignatureError::UrlExpired { end, now } => {
                (Type::InvalidSignature, messages::url_expired(&end, &now))
            }
            SignatureError::NotAPair { piece, .. } => {
                (Type::IncompleteSignature, messages::not_a_pair(&piece))
            }
            SignatureError::CredentialShape { credential } => (
                Type::IncompleteSignature,
                messages::credential_shape(&credential),
            ),
            SignatureError::Date { date } => {
                (Type::IncompleteSignature, messages::date_format(&date))
            }
            SignatureError::ScopeDate { scope, date } => {
                (Type::InvalidSignature, messages::scope_date(&scope, &date))
            }
            SignatureError::ScopeRegion { expected, actual } => (
                Type::InvalidSignature,
                messages::scope_region(&expected, &actual),
            ),
            SignatureError::ScopeService { expected, .. } => {
                (Type::InvalidSignature, messages::scope_service(&expected))
            }
            SignatureError::ScopeTerminator { actual } => {
                (Type::InvalidSignature, messages::scope_terminator(&actual))
            }
            SignatureError::NotSigned { name } => {
                (Type::InvalidSignature, messages::header_not_signed(name))
            }
            SignatureError::UnsignedPayload => (
                Type::InvalidSignature,
                messages::UNSIGNED_PAYLOAD.to_owned(),
            ),
            SignatureError::Expired { signed, now, bound } => (
                Type::InvalidSignature,
                messages::signature_expired(&signed, &bound, &now),
            ),
            SignatureError::NotYetCurrent { signed, now, bound } => (
                Type::InvalidSignature,
                messages::signature_not_yet_current(&signed, &bound, &now),
            ),
            SignatureError::SessionExpired { .. } => {
                (Type::ExpiredToken, messages::EXPIRED_TOKEN.to_owned())
            }
            SignatureError::UnknownAccessKey { .. } | SignatureError::SessionToken { .. } => (
                Type::UnrecognizedClient,
                messages::UNRECOGNIZED_CLIENT.to_owned(),
            ),
            SignatureError::Mismatch {
                canonical_request,
                string_to_sign,
            } => (
                Type::InvalidSignature,
                messages::signature_mismatch(&canonical_request, &string_to_sign),
            ),
        };
        Exception::new(exception_type, message)
    }
}

fn requirement(part: Part) -> &'static str {
    match part {
        Part::Credential => messages::REQUIRES_CREDENTIAL,
        Part::Signature => messages::REQUIRES_SIGNATURE,
        Part::SignedHeaders => messages::REQUIRES_SIGNED_HEADERS,
        Part::Date => messages::REQUIRES_DATE,
    }
}
