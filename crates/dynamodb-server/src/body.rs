//! Reading a request body: bounded in size, in time, and in memory over all requests.

use crate::exception::{Exception, ExceptionType};
use crate::messages;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The service's limit of a request, and room for what JSON adds to 16 MB of items in a batch.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024 + 1024 * 1024;
/// A body that is too large is read on and forgotten up to here, so that the client reads the answer instead of a reset connection.
const DISCARDED_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Bodies up to this size do not count in the budget.
const SMALL_BYTES: usize = 64 * 1024;
/// Bytes of large bodies held at once, over all connections.
const BUDGET_BYTES: usize = 256 * 1024 * 1024;
/// The unit in which the budget is counted.
const BUDGET_UNIT_BYTES: usize = 1024;
/// How long the whole body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Memory for large request bodies.
pub(crate) struct BodyBudget(Semaphore);

/// A body, and its share of the budget while it lives.
pub(crate) struct RequestBody<'b> {
    pub(crate) bytes: Bytes,
    _share: Option<SemaphorePermit<'b>>,
}

impl BodyBudget {
    pub(crate) fn new() -> BodyBudget {
        BodyBudget(Semaphore::new(BUDGET_BYTES / BUDGET_UNIT_BYTES))
    }

    /// Reads the whole body.
    pub(crate) async fn read(&self, body: Incoming) -> Result<RequestBody<'_>, Exception> {
        tokio::time::timeout(BODY_TIMEOUT, self.collect(body))
            .await
            .unwrap_or_else(|_| {
                Err(Exception::new(
                    ExceptionType::RequestTimeout,
                    messages::BODY_TIMEOUT,
                ))
            })
    }

    async fn collect(&self, mut body: Incoming) -> Result<RequestBody<'_>, Exception> {
        let size = body.size_hint();
        if size.lower() > BODY_BYTES_MAX as u64 {
            discard(body, 0).await;
            return Err(too_large());
        }
        let expected = size.exact().and_then(|size| usize::try_from(size).ok());
        let mut share = match expected {
            Some(size) if size > SMALL_BYTES => Some(self.share(size).await?),
            _ => None,
        };
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| broken_off())?.into_data() else {
                continue;
            };
            if first.is_empty() {
                first = data;
                continue;
            }
            if rest.is_empty() {
                rest.reserve(expected.unwrap_or(first.len() + data.len()));
                rest.extend_from_slice(&first);
            }
            if rest.len() + data.len() > BODY_BYTES_MAX {
                discard(body, rest.len() + data.len()).await;
                return Err(too_large());
            }
            rest.extend_from_slice(&data);
            if share.is_none() && rest.len() > SMALL_BYTES {
                // Of unknown length: the share is taken once and whole, so that two half-read bodies cannot wait for each other.
                share = Some(self.share(BODY_BYTES_MAX).await?);
            }
        }
        let bytes = if rest.is_empty() {
            first
        } else {
            rest.freeze()
        };
        Ok(RequestBody {
            bytes,
            _share: share,
        })
    }

    async fn share(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Exception> {
        let units = bytes.div_ceil(BUDGET_UNIT_BYTES) as u32;
        self.0
            .acquire_many(units)
            .await
            .map_err(|_| Exception::new(ExceptionType::ServiceUnavailable, messages::BODY_MEMORY))
    }
}

async fn discard(mut body: Incoming, already: usize) {
    let mut discarded = already;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, Bytes::len);
        if discarded > DISCARDED_BYTES_MAX {
            return;
        }
    }
}

fn too_large() -> Exception {
    Exception::new(
        ExceptionType::RequestEntityTooLarge,
        messages::body_too_large(BODY_BYTES_MAX),
    )
}

fn broken_off() -> Exception {
    Exception::serialization(messages::BODY_BROKEN_OFF)
}
