//! Calls of the Kinesis API: JSON over HTTP/1.1 on one connection that is kept, signed.
//!
//! Not here: when to call again.

use super::Kinesis;
use crate::server::Clock;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use shale_auth::sigv4::{Headers, Request, Signature, amz_date, sign};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a call may take, with connecting.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer, at most: PutRecords answers less than 200 bytes for each of its records.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const CONTENT: &str = "application/x-amz-json-1.1";
const API: &str = "Kinesis_20131202";
const SIGNED: [&str; 4] = ["content-type", "host", "x-amz-date", "x-amz-target"];

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// Nobody has answered, or nothing that can be understood: whether it was done is not known.
    Unanswered(String),
    /// It was refused.
    Refused {
        /// The exception.
        exception: String,
        /// What it says.
        message: String,
        /// Whether the same call can succeed later without anybody changing anything.
        passing: bool,
    },
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CallError::Unanswered(cause) => write!(f, "no answer: {cause}"),
            CallError::Refused {
                exception, message, ..
            } => write!(f, "{exception}: {message}"),
        }
    }
}

/// A client of the endpoint.
pub(super) struct Client {
    kinesis: Arc<Kinesis>,
    clock: Clock,
    connection: Option<http1::SendRequest<Full<Bytes>>>,
}

impl Client {
    pub(super) fn new(kinesis: Arc<Kinesis>, clock: Clock) -> Client {
        Client {
            kinesis,
            clock,
            connection: None,
        }
    }

    /// Calls an operation.
    pub(super) async fn call(
        &mut self,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<Value, CallError> {
        let mut connection = self.connection.take();
        let answered = tokio::time::timeout(CALL_TIMEOUT, async {
            let mut sender = match connection.take().filter(|kept| !kept.is_closed()) {
                Some(kept) => kept,
                None => self.connect().await?,
            };
            let answer = self.exchange(&mut sender, operation, body).await?;
            Ok((sender, answer))
        });
        let (sender, (status, body)) = match answered.await {
            Ok(answered) => answered?,
            Err(_) => return Err(CallError::Unanswered("timed out".to_owned())),
        };
        self.connection = Some(sender);
        interpret(status, &body)
    }

    async fn connect(&self) -> Result<http1::SendRequest<Full<Bytes>>, CallError> {
        let stream = TcpStream::connect(self.kinesis.options.address()).await;
        let stream = stream.map_err(unanswered)?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(unanswered)?;
        // It ends when the sender is dropped.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn signed(
        &self,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<hyper::Request<Full<Bytes>>, CallError> {
        let options = &self.kinesis.options;
        let now = (self.clock)() / 1_000_000;
        let headers = [
            ("content-type", CONTENT.to_owned()),
            ("host", options.authority.clone()),
            ("x-amz-date", amz_date(now)),
            ("x-amz-target", format!("{API}.{operation}")),
        ];
        let signature = Signature {
            access_key_id: &options.access_key_id,
            secret: &options.secret_access_key,
            region: &options.region,
            service: "kinesis",
        };
        let signed = Request {
            method: "POST",
            path: "/",
            query: "",
            headers: &Pairs(&headers),
            body: &body,
        };
        let authorization = sign(&signature, &signed, &SIGNED, now);
        let [content, host, date, target] = headers.map(|(_, value)| value);
        hyper::Request::post("/")
            .header(CONTENT_TYPE, content)
            .header(HOST, host)
            .header("x-amz-date", date)
            .header("x-amz-target", target)
            .header(AUTHORIZATION, authorization)
            .body(Full::new(Bytes::from(body)))
            .map_err(unanswered)
    }

    async fn exchange(
        &self,
        sender: &mut http1::SendRequest<Full<Bytes>>,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Bytes), CallError> {
        let request = self.signed(operation, body)?;
        sender.ready().await.map_err(unanswered)?;
        let response = sender.send_request(request).await.map_err(unanswered)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let body = body.collect().await.map_err(unanswered)?;
        Ok((status, body.to_bytes()))
    }
}

fn unanswered(cause: impl std::fmt::Display) -> CallError {
    CallError::Unanswered(cause.to_string())
}

fn interpret(status: u16, body: &[u8]) -> Result<Value, CallError> {
    let json = serde_json::from_slice::<Value>(body);
    if status == 200 {
        return json.map_err(unanswered);
    }
    let json = json.unwrap_or_default();
    let member = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| json[*name].as_str());
        text.unwrap_or_default().to_owned()
    };
    let exception = member(["__type", "code"]);
    // `prefix#Name`
    let name = exception.rsplit('#').next().unwrap_or_default();
    let exception = match name {
        "" => format!("HTTP status {status}"),
        name => name.to_owned(),
    };
    let passing = status >= 500
        || status == 429
        || ["Throughput", "Throttling", "LimitExceeded"]
            .iter()
            .any(|word| exception.contains(word));
    Err(CallError::Refused {
        message: member(["message", "Message"]),
        exception,
        passing,
    })
}

struct Pairs<'a>(&'a [(&'a str, String)]);

impl Headers for Pairs<'_> {
    fn for_each_value(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.0.iter().filter(|(of, _)| *of == name) {
            visit(value.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let refused = |status, body: &str| match interpret(status, body.as_bytes()) {
            Err(CallError::Refused {
                exception,
                message,
                passing,
            }) => (exception, message, passing),
            other => panic!("{other:?}"),
        };
        let not_found =
            r#"{"__type": "com.amazonaws.kinesis#ResourceNotFoundException", "message": "no"}"#;
        let expected = (
            "ResourceNotFoundException".to_owned(),
            "no".to_owned(),
            false,
        );
        assert_eq!(refused(400, not_found), expected);
        let (exception, _, passing) = refused(
            400,
            r#"{"__type": "ProvisionedThroughputExceededException"}"#,
        );
        assert!(passing && exception.starts_with("Provisioned"));
        let expected = ("HTTP status 503".to_owned(), String::new(), true);
        assert_eq!(refused(503, "<html>"), expected);
        assert_eq!(interpret(200, b"{}"), Ok(serde_json::json!({})));
        assert!(matches!(
            interpret(200, b"<"),
            Err(CallError::Unanswered(_))
        ));
    }
}
