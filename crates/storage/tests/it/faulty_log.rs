//! A log whose every move and every fault is decided by the test: when a group becomes durable, whether that is told, what a
//! crash leaves of it. It never forgets, so that a test can say what the trees must be.

use bytes::Bytes;
use parking_lot::Mutex;
use shale_commitlog::{
    AppendFailure, AppendSink, Batch, Epoch, Log, LogError, Lsn, Record, Records, RefusedReason,
};
use std::sync::Arc;

/// Clones are the same log.
#[derive(Clone, Default)]
pub struct FaultyLog {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Everything durable since the first record, trimmed or not.
    archive: Vec<Record>,
    trimmed: u64,
    /// Handed over, not durable.
    queue: Vec<Record>,
    refused: bool,
    stopped: Option<AppendFailure>,
    sink: Option<Arc<dyn AppendSink>>,
}

impl State {
    fn next(&self) -> u64 {
        (self.archive.len() + self.queue.len()) as u64 + 1
    }
    fn durable(&self) -> Lsn {
        Lsn(self.archive.len() as u64)
    }
}

impl FaultyLog {
    /// How many records wait.
    pub fn waiting(&self) -> usize {
        self.state.lock().queue.len()
    }

    /// The first `count` waiting records become durable, and the shard hears of it.
    pub fn sync(&self, count: usize) {
        let mut state = self.state.lock();
        let synced: Vec<_> = state.queue.drain(..count).collect();
        state.archive.extend(synced);
        self.tell(state, |sink, durable| sink.on_durable(durable));
    }

    /// There is no space for what waits.
    pub fn refuse(&self) {
        let mut state = self.state.lock();
        if state.queue.is_empty() || state.stopped.is_some() {
            return;
        }
        state.queue.clear();
        state.refused = true;
        let failure = AppendFailure::Refused {
            reason: RefusedReason::DiskFull,
        };
        self.tell(state, |sink, durable| {
            sink.on_failed(durable.next(), failure)
        });
    }

    /// The first `survive` waiting records become durable, but the log says that it does not know, and stops.
    pub fn lose_acknowledgement(&self, survive: usize) {
        self.stop(
            survive,
            AppendFailure::Unknown {
                message: "simulated".into(),
            },
        );
    }

    /// Another leadership takes over.
    pub fn fence(&self) {
        let tail = self.state.lock().durable();
        self.stop(0, AppendFailure::Fenced { tail });
    }

    fn stop(&self, survive: usize, failure: AppendFailure) {
        let mut state = self.state.lock();
        if state.stopped.is_some() {
            return;
        }
        let from = state.durable().next();
        let survivors: Vec<_> = state.queue.drain(..survive).collect();
        state.queue.clear();
        state.archive.extend(survivors);
        state.stopped = Some(failure.clone());
        self.tell(state, |sink, _| sink.on_failed(from, failure));
    }

    fn tell(
        &self,
        state: parking_lot::MutexGuard<'_, State>,
        tell: impl FnOnce(&dyn AppendSink, Lsn),
    ) {
        let (sink, durable) = (state.sink.clone(), state.durable());
        drop(state);
        if let Some(sink) = sink {
            tell(&*sink, durable);
        }
    }

    /// The log after a crash that left the first `survive` waiting records whole.
    pub fn crash(&self, survive: usize) -> FaultyLog {
        let state = self.state.lock();
        let mut archive = state.archive.clone();
        archive.extend(state.queue.iter().take(survive).cloned());
        let state = State {
            archive,
            trimmed: state.trimmed,
            ..State::default()
        };
        FaultyLog {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Payloads of all durable records from the first on.
    pub fn history(&self) -> Vec<Bytes> {
        self.state
            .lock()
            .archive
            .iter()
            .map(|record| record.payload.clone())
            .collect()
    }
}

impl Log for FaultyLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        self.state.lock().sink = Some(sink);
    }

    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut state = self.state.lock();
        if let Some(failure) = &state.stopped {
            return Err(failure.clone());
        }
        if state.refused && batch.first.0 > state.next() {
            return Err(AppendFailure::Refused {
                reason: RefusedReason::DiskFull,
            });
        }
        state.refused = false;
        assert_eq!(batch.first.0, state.next(), "appends follow each other");
        let last = state
            .queue
            .last()
            .or(state.archive.last())
            .map_or(0, |record| record.timestamp_micros);
        assert!(batch.timestamp_micros >= last, "time goes back");
        for (lsn, payload) in (batch.first.0..).zip(batch.payloads) {
            let (epoch, timestamp_micros) = (batch.epoch, batch.timestamp_micros);
            state.queue.push(Record {
                lsn: Lsn(lsn),
                epoch,
                timestamp_micros,
                payload,
            });
        }
        Ok(())
    }

    fn tail(&self) -> Lsn {
        self.state.lock().durable()
    }

    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn last_timestamp_micros(&self) -> u64 {
        self.state
            .lock()
            .archive
            .last()
            .map_or(0, |record| record.timestamp_micros)
    }

    fn oldest(&self) -> Lsn {
        Lsn(self.state.lock().trimmed + 1)
    }

    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        let state = self.state.lock();
        if from.0 <= state.trimmed {
            return Err(LogError::Trimmed {
                oldest: Lsn(state.trimmed + 1),
            });
        }
        let records: Vec<_> = state
            .archive
            .iter()
            .filter(|r| r.lsn >= from)
            .cloned()
            .map(Ok)
            .collect();
        Ok(Box::new(records.into_iter()))
    }

    fn trim(&self, upto: Lsn) -> Result<(), LogError> {
        let mut state = self.state.lock();
        assert!(upto <= state.durable(), "trimmed above what is durable");
        state.trimmed = state.trimmed.max(upto.0);
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        let state = self.state.lock();
        state
            .archive
            .iter()
            .skip(state.trimmed as usize)
            .map(|record| record.payload.len() as u64)
            .sum()
    }
}
