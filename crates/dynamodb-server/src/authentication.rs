//! Who sends the request: the HTTP side of `auth::sigv4`.

use crate::exception::Exception;
use hyper::HeaderMap;
use hyper::http::request::Parts;
use shale_auth::CredentialStore;
use shale_auth::sigv4::{Headers, Request, Signer, Verifier};
use std::sync::Arc;

/// The service that signatures are scoped to.
const SERVICE: &str = "dynamodb";

/// Verifies signatures with the keys of a store.
pub(crate) struct Authentication {
    verifier: Verifier,
    credentials: Arc<dyn CredentialStore>,
}

impl Authentication {
    pub(crate) fn new(region: &str, credentials: Arc<dyn CredentialStore>) -> Authentication {
        Authentication {
            verifier: Verifier::new(region, SERVICE),
            credentials,
        }
    }

    /// Who signed a request; refuses one that no known access key signed. `now_micros` is since the Unix epoch.
    pub(crate) fn check(
        &self,
        parts: &Parts,
        body: &[u8],
        now_micros: u64,
    ) -> Result<Signer, Exception> {
        let headers = HttpHeaders {
            headers: &parts.headers,
            authority: parts.uri.authority().map(|authority| authority.as_str()),
        };
        let request = Request {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &headers,
            body,
        };
        let signer =
            self.verifier
                .verify(&request, now_micros / 1_000_000, self.credentials.as_ref())?;
        tracing::trace!(user = signer.user, key = signer.access_key_id, "request");
        Ok(signer)
    }
}

/// Headers of a request; HTTP/2 has its host in the pseudo-header `:authority`, which clients sign by either name.
struct HttpHeaders<'a> {
    headers: &'a HeaderMap,
    authority: Option<&'a str>,
}

impl Headers for HttpHeaders<'_> {
    fn for_each_value(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let is_authority =
            name == ":authority" || name == "host" && !self.headers.contains_key(name);
        if is_authority && let Some(authority) = self.authority {
            visit(authority.as_bytes());
            return;
        }
        for value in self.headers.get_all(name) {
            visit(value.as_bytes());
        }
    }
}
