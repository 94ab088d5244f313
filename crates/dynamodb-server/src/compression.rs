//! gzip: requests that clients compress, answers that they want compressed.
//!
//! Not here: signatures and checksums, which are of the bytes that are sent (`authentication`, `http`).
//!
//! Invariants:
//! * A body is inflated to at most [`BODY_BYTES_MAX`], whatever it promises, and memory for what it may become is reserved before.
//! * An answer below [`COMPRESSED_BYTES_MIN`] is never looked at twice.

use crate::body::{BODY_BYTES_MAX, BodyBudget, Inflated, too_large};
use crate::exception::Exception;
use crate::messages;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use hyper::HeaderMap;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use shale_engine::blocking;
use std::io::{Read, Write};

/// Answers from this size on are compressed for who accepts it: below it, a packet or two carry them anyhow.
pub(crate) const COMPRESSED_BYTES_MIN: usize = 8 * 1024;
/// A byte of deflate becomes at most 1032.
const RATIO_MAX: usize = 1032;
/// The memory for the output grows from this size.
const INFLATED_BYTES_START: usize = 64 * 1024;

/// The body as the operation reads it, if it came compressed; `None` if it is that already.
pub(crate) async fn inflate<'b>(
    headers: &HeaderMap,
    body: &[u8],
    budget: &'b BodyBudget,
) -> Result<Option<Inflated<'b>>, Exception> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else {
        return Ok(None);
    };
    let encoding = String::from_utf8_lossy(encoding.as_bytes());
    match encoding.trim() {
        "" => return Ok(None),
        word if word.eq_ignore_ascii_case("identity") => return Ok(None),
        word if word.eq_ignore_ascii_case("gzip") => {}
        other => {
            return Err(Exception::serialization(messages::content_encoding(other)));
        }
    }
    let bytes_max = body.len().saturating_mul(RATIO_MAX).min(BODY_BYTES_MAX);
    let share = budget.inflated(bytes_max).await?;
    let bytes = blocking(|| inflate_bounded(body))?;
    Ok(Some(Inflated::new(bytes, share)))
}

fn inflate_bounded(body: &[u8]) -> Result<Vec<u8>, Exception> {
    let mut bytes = Vec::with_capacity(INFLATED_BYTES_START.min(body.len() * 4));
    // One byte more than allowed tells that there is more.
    MultiGzDecoder::new(body)
        .take(BODY_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| Exception::serialization(messages::INVALID_GZIP))?;
    if bytes.len() > BODY_BYTES_MAX {
        return Err(too_large());
    }
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// The answer compressed, if it is worth it and the client accepts it.
pub(crate) fn deflate(headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    if body.len() < COMPRESSED_BYTES_MIN || !accepts_gzip(headers) {
        return None;
    }
    blocking(|| {
        let out = Vec::with_capacity(body.len() / 2);
        let mut encoder = GzEncoder::new(out, Compression::fast());
        encoder.write_all(body).ok()?;
        encoder.finish().ok()
    })
    .filter(|compressed| compressed.len() < body.len())
}

/// Whether one of the Accept-Encoding headers names gzip (or `*`) with a weight above 0.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut codings = headers
        .get_all(ACCEPT_ENCODING)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let weight_of = |coding: &str| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let wanted = matches!(name.trim(), "*" | "gzip" | "x-gzip");
        let weight = parameters.trim().strip_prefix("q=").unwrap_or("1");
        wanted
            && weight
                .trim()
                .parse::<f32>()
                .is_ok_and(|weight| weight > 0.0)
    };
    codings.any(weight_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exception::ExceptionType;
    use hyper::header::HeaderValue;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn accepting(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn gzip_is_accepted_by_name_and_weight() {
        for (values, accepted) in [
            (&[][..], false),
            (&["identity"], false),
            (&["gzip"], true),
            (&["deflate, gzip;q=0.5"], true),
            (&["gzip; q=0"], false),
            (&["gzip;q=0.000"], false),
            (&["br", "gzip"], true),
            (&["*"], true),
            (&["gzipped"], false),
            (&["gzip;q=many"], false),
        ] {
            assert_eq!(accepts_gzip(&accepting(values)), accepted, "{values:?}");
        }
    }

    #[test]
    fn answers_are_compressed_from_a_size_on_where_it_pays() {
        let headers = accepting(&["gzip"]);
        let body = vec![b'a'; COMPRESSED_BYTES_MIN];
        assert_eq!(deflate(&headers, &body[1..]), None);
        assert_eq!(deflate(&HeaderMap::new(), &body), None);
        let compressed = deflate(&headers, &body).unwrap();
        assert_eq!(inflate_bounded(&compressed).unwrap(), body);
        // What does not get smaller is sent as it is.
        let mut state = 1u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .take(COMPRESSED_BYTES_MIN)
        .collect();
        assert_eq!(deflate(&headers, &noise), None);
    }

    #[test]
    fn bombs_stop_at_the_bound_of_bodies() {
        let bomb = gzip(&vec![b' '; BODY_BYTES_MAX + 1]);
        assert!(bomb.len() < 20_000);
        let error = inflate_bounded(&bomb).unwrap_err();
        assert_eq!(error.exception_type, ExceptionType::RequestEntityTooLarge);
        let largest = gzip(&vec![b' '; BODY_BYTES_MAX]);
        assert_eq!(inflate_bounded(&largest).unwrap().len(), BODY_BYTES_MAX);
        // A bomb of many members is one too.
        let many = gzip(&vec![b' '; BODY_BYTES_MAX / 2]).repeat(3);
        let error = inflate_bounded(&many).unwrap_err();
        assert_eq!(error.exception_type, ExceptionType::RequestEntityTooLarge);
    }

    #[test]
    fn what_is_no_gzip_is_told() {
        let good = gzip(b"{}");
        let mut wrong_checksum = good.clone();
        let at = wrong_checksum.len() - 5;
        wrong_checksum[at] ^= 1;
        for bytes in [&b"{}"[..], b"", &good[..good.len() - 1], &wrong_checksum] {
            let error = inflate_bounded(bytes).unwrap_err();
            assert_eq!(error.exception_type, ExceptionType::Serialization);
        }
    }
}
