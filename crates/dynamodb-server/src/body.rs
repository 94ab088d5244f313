//! Reading a request body: bounded in size, in time, and in memory over all requests.

use crate::exception::{Exception, ExceptionType};
use crate::messages;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The service's limit of a request, and room for what JSON adds to 16 MB of items in a batch.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024 + 1024 * 1024;
/// A body that is too large is read on and forgotten up to here, so that the client reads the answer instead of a reset connection.
const DISCARDED_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Bodies up to this size have a budget of their own, so that they need not wait for large ones.
const SMALL_BYTES: usize = 64 * 1024;
/// Bytes of small bodies held at once, over all connections.
const SMALL_BUDGET_BYTES: usize = 128 * 1024 * 1024;
/// Bytes of large bodies held at once, over all connections.
const BUDGET_BYTES: usize = 256 * 1024 * 1024;
/// Bytes that compressed bodies may become, over all connections.
const INFLATED_BUDGET_BYTES: usize = 128 * 1024 * 1024;
/// The unit in which the budgets are counted; a request takes one at least, which bounds the requests in flight.
const BUDGET_UNIT_BYTES: usize = 1024;
/// How long the whole body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Memory for request bodies.
///
/// The share of a large body is waited for before it is read. A small body's grows with what has arrived of it, so that a slow client
/// holds only what it has sent; if there is no more, the request is refused at once, because half-read bodies that wait for each other
/// would wait for ever.
pub(crate) struct BodyBudget {
    small: Semaphore,
    large: Semaphore,
    /// Who waits here holds a share of the others, and nobody who holds a share of this one waits for any.
    inflated: Semaphore,
    /// How long a whole body may take.
    timeout: Duration,
}

/// What a compressed body became, and its share of the budget while it lives.
pub(crate) struct Inflated<'b> {
    pub(crate) bytes: Vec<u8>,
    _share: SemaphorePermit<'b>,
}

impl<'b> Inflated<'b> {
    /// Keeps of the share what the bytes need.
    pub(crate) fn new(bytes: Vec<u8>, mut share: SemaphorePermit<'b>) -> Inflated<'b> {
        let surplus = share.num_permits().saturating_sub(units(bytes.capacity()));
        drop(share.split(surplus));
        Inflated {
            bytes,
            _share: share,
        }
    }
}

/// A body, and its share of the budget while it lives.
pub(crate) struct RequestBody<'b> {
    pub(crate) bytes: Bytes,
    _small: Option<SemaphorePermit<'b>>,
    _large: Option<SemaphorePermit<'b>>,
}

impl BodyBudget {
    pub(crate) fn new() -> BodyBudget {
        BodyBudget::of(SMALL_BUDGET_BYTES, BUDGET_BYTES)
    }

    fn of(small_bytes: usize, large_bytes: usize) -> BodyBudget {
        BodyBudget {
            small: Semaphore::new(small_bytes / BUDGET_UNIT_BYTES),
            large: Semaphore::new(large_bytes / BUDGET_UNIT_BYTES),
            inflated: Semaphore::new(INFLATED_BUDGET_BYTES / BUDGET_UNIT_BYTES),
            timeout: BODY_TIMEOUT,
        }
    }

    /// Memory for what a compressed body becomes, `bytes` at most.
    pub(crate) async fn inflated(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Exception> {
        let share = self.inflated.acquire_many(units(bytes) as u32).await;
        share.map_err(|_| no_memory())
    }

    /// Reads the whole body.
    pub(crate) async fn read<B>(&self, body: B) -> Result<RequestBody<'_>, Exception>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        tokio::time::timeout(self.timeout, self.collect(body))
            .await
            .unwrap_or_else(|_| {
                Err(Exception::new(
                    ExceptionType::RequestTimeout,
                    messages::BODY_TIMEOUT,
                ))
            })
    }

    async fn collect<B>(&self, mut body: B) -> Result<RequestBody<'_>, Exception>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let size = body.size_hint();
        if size.lower() > BODY_BYTES_MAX as u64 {
            discard(body, 0).await;
            return Err(too_large());
        }
        let expected = size.exact().and_then(|size| usize::try_from(size).ok());
        let (mut small, mut large) = match expected {
            Some(size) if size > SMALL_BYTES => (None, Some(self.large(size).await?)),
            _ => (Some(self.small(1)?), None),
        };
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| broken_off())?.into_data() else {
                continue;
            };
            let length = match rest.is_empty() {
                true => first.len() + data.len(),
                false => rest.len() + data.len(),
            };
            if let (Some(share), None) = (&mut small, &large) {
                let held = share.num_permits();
                let needed = units(length.min(SMALL_BYTES));
                if needed > held {
                    share.merge(self.small((needed - held) * BUDGET_UNIT_BYTES)?);
                }
            }
            if length > BODY_BYTES_MAX {
                discard(body, length).await;
                return Err(too_large());
            }
            if large.is_none() && length > SMALL_BYTES {
                // Of unknown length: the share is taken once and whole, so that two half-read bodies cannot wait for each other.
                large = Some(self.large(BODY_BYTES_MAX).await?);
            }
            if first.is_empty() {
                first = data;
                continue;
            }
            if rest.is_empty() {
                rest.reserve(expected.unwrap_or(first.len() + data.len()));
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
        let bytes = if rest.is_empty() {
            first
        } else {
            rest.freeze()
        };
        Ok(RequestBody {
            bytes,
            _small: small,
            _large: large,
        })
    }

    async fn large(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Exception> {
        let share = self.large.acquire_many(units(bytes) as u32).await;
        share.map_err(|_| no_memory())
    }

    fn small(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Exception> {
        let share = self.small.try_acquire_many(units(bytes) as u32);
        share.map_err(|_| no_memory())
    }
}

fn units(bytes: usize) -> usize {
    bytes.div_ceil(BUDGET_UNIT_BYTES)
}

fn no_memory() -> Exception {
    Exception::new(ExceptionType::ServiceUnavailable, messages::BODY_MEMORY)
}

async fn discard<B>(mut body: B, already: usize)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut discarded = already;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, Bytes::len);
        if discarded > DISCARDED_BYTES_MAX {
            return;
        }
    }
}

pub(crate) fn too_large() -> Exception {
    Exception::new(
        ExceptionType::RequestEntityTooLarge,
        messages::body_too_large(BODY_BYTES_MAX),
    )
}

fn broken_off() -> Exception {
    Exception::serialization(messages::BODY_BROKEN_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{StreamExt, stream};
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use std::convert::Infallible;

    fn full(bytes: usize) -> Full<Bytes> {
        Full::new(Bytes::from(vec![b' '; bytes]))
    }

    async fn refused(budget: &BodyBudget, body: Full<Bytes>) -> bool {
        match budget.read(body).await {
            Ok(_) => false,
            Err(exception) => {
                assert_eq!(exception.exception_type, ExceptionType::ServiceUnavailable);
                true
            }
        }
    }

    #[tokio::test]
    async fn small_bodies_count_for_as_long_as_their_requests_run() {
        let budget = BodyBudget::of(8 * 1024, BODY_BYTES_MAX);
        let first = budget.read(full(7 * 1024)).await.unwrap();
        assert!(refused(&budget, full(1025)).await);
        let second = budget.read(full(1024)).await.unwrap();
        assert!(refused(&budget, full(0)).await, "each request counts");
        // Large ones have their own.
        assert!(!refused(&budget, full(SMALL_BYTES + 1)).await);
        drop((first, second));
        assert!(!refused(&budget, full(8 * 1024)).await);
    }

    #[tokio::test]
    async fn a_body_on_its_way_holds_what_has_arrived() {
        let budget = BodyBudget::of(8 * 1024, BODY_BYTES_MAX);
        let chunk = || Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b' '; 2048])));
        let frames = stream::iter([chunk(), chunk()]).chain(stream::pending());
        let mut slow = Box::pin(budget.read(StreamBody::new(frames)));
        assert!(futures::poll!(slow.as_mut()).is_pending());
        assert!(!refused(&budget, full(4 * 1024)).await);
        assert!(refused(&budget, full(4 * 1024 + 1)).await);
        drop(slow);
        assert!(!refused(&budget, full(8 * 1024)).await);
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_is_put_together_and_counts_as_large_when_it_is() {
        let budget = BodyBudget::of(SMALL_BYTES, BODY_BYTES_MAX);
        let chunks = (0..100u8).map(|n| {
            let bytes = Bytes::from(vec![n; 1000]);
            Ok::<_, Infallible>(Frame::data(bytes))
        });
        let body = budget.read(StreamBody::new(stream::iter(chunks))).await;
        let body = body.unwrap();
        let expected: Vec<u8> = (0..100u8).flat_map(|n| vec![n; 1000]).collect();
        assert_eq!(body.bytes, expected);
        assert_eq!(budget.large.available_permits(), 0);
        drop(body);
        assert_eq!(budget.large.available_permits(), units(BODY_BYTES_MAX));
    }

    #[tokio::test]
    async fn a_body_that_drips_is_given_up_and_its_memory_given_back() {
        let budget = BodyBudget {
            timeout: Duration::from_millis(50),
            ..BodyBudget::of(8 * 1024, BODY_BYTES_MAX)
        };
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(b" "))),
                (),
            ))
        });
        let body = StreamBody::new(Box::pin(drops));
        let Err(exception) = budget.read(body).await else {
            panic!("the body never ends");
        };
        assert_eq!(exception.exception_type, ExceptionType::RequestTimeout);
        assert_eq!(budget.small.available_permits(), 8);
    }
}
