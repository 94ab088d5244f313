//! Cross-origin resource sharing: which web pages may talk to the server.
//!
//! By default none: a web page must not reach a database that may run without authentication on the reader's own machine. Browsers ask
//! before they send what an SDK sends (`X-Amz-Target` makes it so), and without an answer they send nothing.
//! Rules: the Fetch standard, "CORS protocol", and "Private Network Access".

use hyper::HeaderMap;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, HeaderValue, ORIGIN, VARY,
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const ANY: HeaderValue = HeaderValue::from_static("*");
/// Headers of answers that pages may read. Not the checksum: it is of the compressed bytes, which a page never sees.
const EXPOSED: HeaderValue = HeaderValue::from_static("x-amzn-requestid");
/// How long a browser may remember the answer, seconds: two days, of which browsers take what they allow.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("172800");
const ORIGIN_DECIDES: HeaderValue = HeaderValue::from_static("origin");
const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// The origins whose pages may talk to the server.
#[derive(Clone, Debug, Default)]
pub struct CorsOrigins {
    origins: Vec<String>,
    any: bool,
}

impl CorsOrigins {
    /// Those origins (`https://console.example.com`), or every one if `*` is among them; by default none.
    pub fn new(origins: impl IntoIterator<Item = String>) -> CorsOrigins {
        let origins: Vec<String> = origins.into_iter().collect();
        CorsOrigins {
            any: origins.iter().any(|origin| origin == "*"),
            origins,
        }
    }

    /// What an answer to that request must say about its origin; `None` if it may not be read by a page there.
    fn allowed(&self, request: &HeaderMap) -> Option<HeaderValue> {
        if !self.any && self.origins.is_empty() {
            return None;
        }
        let origin = request.get(ORIGIN)?;
        if self.any {
            return Some(ANY);
        }
        let known = |known: &String| known.as_bytes() == origin.as_bytes();
        self.origins.iter().any(known).then(|| origin.clone())
    }

    /// Adds to the answer of a request what lets a page of an allowed origin read it.
    pub(crate) fn share(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if let Some(origin) = self.allowed(request) {
            self.allow(origin, answer);
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// Adds to the answer of OPTIONS what a browser asks before it sends a page's request.
    pub(crate) fn answer_preflight(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if !request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return;
        }
        let Some(origin) = self.allowed(request) else {
            return;
        };
        self.allow(origin, answer);
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
        // SDKs send more headers with every year; it is the origin that is trusted.
        if let Some(headers) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
        if request.contains_key(REQUEST_PRIVATE_NETWORK) {
            answer.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        }
    }

    fn allow(&self, origin: HeaderValue, answer: &mut HeaderMap) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if !self.any {
            answer.insert(VARY, ORIGIN_DECIDES);
        }
    }
}
