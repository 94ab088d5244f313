//! Background jobs of the engine: what must be done some time, by nobody who waits for it; and samples of tables (`sample`).
//!
//! Not here: what a job does (`backfill`, `expiry`, `stream`, `history`), the shard's own background work.
//!
//! Every job goes in small steps that leave everything as it should be, so that a crash between two of them costs nothing.

use crate::backfill;
use crate::deferred;
use crate::engine::Engine;
use crate::error::Error;
use crate::expiry;
use crate::history;
use crate::sample;
use crate::stream;
use parking_lot::Mutex;
use shale_storage::StorageError;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Notify;

/// How often the jobs look for work that nobody told them of.
const TICK: Duration = Duration::from_secs(1);

/// A kind of background work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Filling indexes that were created later than their table.
    Backfill,
    /// Deleting expired items.
    Expiry,
    /// Applying the deferred entries of asynchronous indexes.
    Indexes,
    /// The time of streams, and the space of their old records.
    Retention,
    /// Giving back what is older than the retention of histories.
    History,
}

impl Job {
    /// All of them.
    pub const ALL: [Job; 5] = [
        Job::Indexes,
        Job::Backfill,
        Job::Expiry,
        Job::Retention,
        Job::History,
    ];
}

impl Engine {
    /// Does one piece of background work and waits until it is durable. Says whether there was anything to do.
    /// The engine's own thread does the same; a simulation that opened it without threads drives every step.
    ///
    /// # Errors
    /// The shard's; the step can be tried again.
    pub async fn job_step(&self, job: Job) -> Result<bool, Error> {
        match job {
            Job::Backfill => backfill::step(self).await,
            Job::Expiry => expiry::step(self).await,
            Job::Indexes => deferred::step(self).await,
            Job::Retention => stream::step(self).await,
            Job::History => history::forget_step(self).await,
        }
    }
}

/// The thread of the jobs. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Worker {
    stop: Arc<Notify>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts the thread.
    pub(crate) fn start(engine: Engine) -> Result<Worker, Error> {
        let failed = |error: std::io::Error| Error::Internal(format!("background jobs: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(failed)?;
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = stopped.notified() => {}
                    () = run(&engine) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("shale-jobs".to_owned());
        Ok(Worker {
            stop,
            thread: Mutex::new(Some(thread.spawn(run).map_err(failed)?)),
        })
    }

    /// Ends the thread after what it is just doing.
    pub(crate) fn stop(&self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // A panic of a job has been reported by its thread.
            let _ = thread.join();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn run(engine: &Engine) {
    loop {
        let mut worked = false;
        for job in Job::ALL {
            match engine.job_step(job).await {
                Ok(did) => worked |= did,
                Err(Error::Storage(StorageError::Closed)) => return,
                Err(error) => tracing::warn!(?job, %error, "a background job is tried again"),
            }
        }
        match sample::step(engine) {
            Ok(did) => worked |= did,
            Err(Error::Storage(StorageError::Closed)) => return,
            Err(error) => tracing::warn!(%error, "a table is sampled later"),
        }
        if !worked {
            // Woken or not, it is time to look again.
            let _ = tokio::time::timeout(TICK, engine.inner.jobs.notified()).await;
        }
    }
}
