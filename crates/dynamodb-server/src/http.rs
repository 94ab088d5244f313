//! HTTP: routes, and what an answer looks like.
//!
//! Not here: connections (`server`), operations (`service`), who may read answers in a browser (`cors`).

use crate::compression::{deflate, inflate};
use crate::exception::{Exception, ExceptionType, internal};
use crate::messages;
use crate::operation::Operation;
use crate::request_id::new_request_id;
use crate::service::Service;
use bytes::Bytes;
use futures::FutureExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use std::panic::AssertUnwindSafe;

const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");
const TARGET: &str = "x-amz-target";

/// Answers one request, whatever it is.
pub(crate) async fn respond(
    service: &Service,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let cors = &service.cors;
    let mut response = match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/") => {
            let answer = guarded(post(service, &parts, body)).await;
            json(answer, &parts.headers)
        }
        (&Method::GET | &Method::HEAD, "/health") => text(StatusCode::OK, service.health()),
        (&Method::GET | &Method::HEAD, "/") => text(StatusCode::OK, service.welcome()),
        (&Method::OPTIONS, _) => {
            let mut response = text(StatusCode::NO_CONTENT, String::new());
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, POST"));
            cors.answer_preflight(&parts.headers, response.headers_mut());
            return response;
        }
        _ => text(StatusCode::NOT_FOUND, messages::NOT_FOUND.to_owned()),
    };
    cors.share(&parts.headers, response.headers_mut());
    response
}

/// A panic is a bug of ours; it must cost one answer, not the connection.
async fn guarded(
    answer: impl Future<Output = Result<Vec<u8>, Exception>>,
) -> Result<Vec<u8>, Exception> {
    AssertUnwindSafe(answer)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(internal("the handler panicked")))
}

async fn post(service: &Service, parts: &Parts, body: Incoming) -> Result<Vec<u8>, Exception> {
    let body = service.bodies.read(body).await?;
    let operation = operation_of(parts)?;
    let caller = service.authenticate(parts, &body.bytes)?;
    let inflated = inflate(&parts.headers, &body.bytes, &service.bodies).await?;
    let bytes = match &inflated {
        Some(inflated) => &inflated.bytes,
        None => &body.bytes[..],
    };
    service.run(&caller, operation, bytes, host_of(parts)).await
}

fn operation_of(parts: &Parts) -> Result<Operation, Exception> {
    let target = parts
        .headers
        .get(TARGET)
        .ok_or_else(|| Exception::new(ExceptionType::UnknownOperation, messages::NO_TARGET))?;
    let target = String::from_utf8_lossy(target.as_bytes());
    Operation::parse(&target).ok_or_else(|| {
        let message = messages::unknown_operation(&target);
        Exception::new(ExceptionType::UnknownOperation, message)
    })
}

/// The host as the client named it.
fn host_of(parts: &Parts) -> &str {
    parts
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
        .unwrap_or_default()
}

fn json(answer: Result<Vec<u8>, Exception>, request: &HeaderMap) -> Response<Full<Bytes>> {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(exception) => (exception.exception_type.status(), exception.to_json()),
    };
    let compressed = deflate(request, &body);
    let is_compressed = compressed.is_some();
    let body = compressed.unwrap_or(body);
    let checksum = crc32fast::hash(&body);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(4);
    headers.insert(CONTENT_TYPE, JSON);
    if is_compressed {
        headers.insert(CONTENT_ENCODING, GZIP);
    }
    headers.insert(CRC32, HeaderValue::from(checksum));
    headers.insert(
        REQUEST_ID,
        HeaderValue::from_bytes(&new_request_id()).expect("letters and digits"),
    );
    response
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_internal_server_error() {
        let answer = guarded(async { panic!("on purpose") }).await;
        let exception = answer.expect_err("an exception");
        assert_eq!(exception.exception_type, ExceptionType::InternalServerError);
        assert!(!exception.message.contains("on purpose"));
    }
}
