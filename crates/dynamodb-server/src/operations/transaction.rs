//! What the writing transactions have in common: request tokens.

use shale_engine::{ClientRequest, FINGERPRINT_BYTES};
use std::borrow::Cow;

/// The request that a token stands for. The fingerprint is that of all other parameters.
pub(super) fn client_request(
    token: Option<Cow<'_, str>>,
    fingerprint: impl FnOnce() -> [u8; FINGERPRINT_BYTES],
) -> Option<ClientRequest> {
    token.map(|token| ClientRequest {
        token: token.into_owned(),
        fingerprint: fingerprint(),
    })
}
