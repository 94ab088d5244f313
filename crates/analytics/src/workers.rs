//! Threads of their own for analytic statements: a long computation does not hold up the threads that serve lookups and connections.
//!
//! Planning and running happen there; rows come back through a channel of [`BATCHES_AHEAD`] batches. Dropping what waits for a task, or the
//! stream of its rows, aborts the task.

use crate::error::{panicked, to_sql_error};
use crate::rows::batch_to_rows;
use datafusion::execution::SendableRecordBatchStream;
use futures::stream::{Stream, StreamExt};
use shale_sql::{Row, RowStream, SqlError, SqlType};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::{JoinError, JoinHandle};

/// Batches of rows that a statement computes ahead of its client.
const BATCHES_AHEAD: usize = 2;
/// Plans and expressions are trees that are walked and dropped by recursion; this is enough for the deepest that `sql` lets through,
/// without optimisation. Memory is taken only as far as it is used.
const THREAD_STACK_BYTES: usize = 64 << 20;

/// The threads.
pub(crate) struct Workers {
    /// Taken when the workers are dropped.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Workers {
    /// That many threads.
    pub(crate) fn start(threads: usize) -> io::Result<Workers> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("analytic")
            .thread_stack_size(THREAD_STACK_BYTES)
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Workers {
            runtime: Some(runtime),
            handle,
        })
    }

    /// Where to run tasks. Outlives the threads: then tasks are cancelled.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed inside of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs a future on the workers; dropped, it is aborted.
pub(crate) async fn run<T: Send + 'static>(
    handle: &Handle,
    future: impl Future<Output = Result<T, SqlError>> + Send + 'static,
) -> Result<T, SqlError> {
    let mut task = Aborting(handle.spawn(future));
    match (&mut task.0).await {
        Ok(result) => result,
        Err(error) => Err(failed(error)),
    }
}

/// The rows of a stream of batches, computed on the workers.
pub(crate) fn stream(
    handle: &Handle,
    batches: SendableRecordBatchStream,
    types: Arc<[SqlType]>,
) -> RowStream {
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let task = handle.spawn(async move {
        let mut batches = batches;
        while let Some(batch) = batches.next().await {
            let rows = batch
                .map_err(to_sql_error)
                .and_then(|batch| batch_to_rows(&batch, &types));
            let last = rows.is_err();
            if sender.send(rows).await.is_err() || last {
                break;
            }
        }
    });
    Rows {
        receiver,
        task: Some(Aborting(task)),
    }
    .boxed()
}

struct Aborting<T>(JoinHandle<T>);

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn failed(error: JoinError) -> SqlError {
    match error.try_into_panic() {
        Ok(panic) => panicked(panic.as_ref()),
        Err(_) => SqlError::Canceled,
    }
}

/// Rows from a task. When it ends before its rows did, that is an error, not the end.
struct Rows {
    receiver: Receiver<Result<Vec<Row>, SqlError>>,
    /// None once its end was seen.
    task: Option<Aborting<()>>,
}

impl Stream for Rows {
    type Item = Result<Vec<Row>, SqlError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(rows) = ready!(self.receiver.poll_recv(context)) {
            return Poll::Ready(Some(rows));
        }
        let Some(task) = &mut self.task else {
            return Poll::Ready(None);
        };
        let ended = ready!(Pin::new(&mut task.0).poll(context));
        self.task = None;
        Poll::Ready(ended.err().map(|error| Err(failed(error))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_of_its_statement() {
        let workers = Workers::start(1).unwrap();
        let run = run(workers.handle(), async {
            if true { panic!("broken") } else { Ok(1) }
        });
        let error = run.await.unwrap_err();
        assert!(
            matches!(&error, SqlError::Other { sqlstate: "XX000", message, .. } if message.contains("broken")),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn without_threads_statements_are_cancelled() {
        let workers = Workers::start(1).unwrap();
        let handle = workers.handle().clone();
        drop(workers);
        let error = run(&handle, async { Ok(1) }).await.unwrap_err();
        assert!(matches!(error, SqlError::Canceled), "{error:?}");
    }
}
