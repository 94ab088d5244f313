//! Secrets of the front door: cancel keys and nonces. Nothing that a simulation replays depends on them.

use base64::Engine as _;

/// Random bytes fit for secrets.
///
/// # Panics
/// If the system has no randomness to give: going on with predictable secrets would be worse.
#[expect(
    clippy::disallowed_methods,
    reason = "an edge: these secrets must not be replayable from a seed"
)]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        panic!("the operating system gives no random bytes: {error}");
    }
    bytes
}

/// A printable nonce without commas.
pub(crate) fn nonce() -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes::<18>())
}
