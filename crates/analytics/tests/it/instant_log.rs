//! A log in memory that is durable at once: what a query answers does not depend on where the log is.

use parking_lot::Mutex;
use shale_commitlog::{
    AppendFailure, AppendSink, Batch, Epoch, Log, LogError, Lsn, Record, Records,
};
use std::sync::Arc;
/// A log in memory that is durable at once. Clones are the same log.
#[derive(Clone, Default)]
pub struct InstantLog {
    state: Arc<Mutex<InstantState>>,
}

#[derive(Default)]
struct InstantState {
    records: Vec<Record>,
    sink: Option<Arc<dyn AppendSink>>,
}

impl Log for InstantLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        self.state.lock().sink = Some(sink);
    }

    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut state = self.state.lock();
        let next = state.records.len() as u64 + 1;
        assert_eq!(batch.first.0, next, "appends follow each other");
        for (lsn, payload) in (next..).zip(batch.payloads) {
            state.records.push(Record {
                lsn: Lsn(lsn),
                epoch: batch.epoch,
                timestamp_micros: batch.timestamp_micros,
                payload,
            });
        }
        let (sink, tail) = (state.sink.clone(), Lsn(state.records.len() as u64));
        drop(state);
        if let Some(sink) = sink {
            sink.on_durable(tail);
        }
        Ok(())
    }

    fn tail(&self) -> Lsn {
        Lsn(self.state.lock().records.len() as u64)
    }

    fn oldest(&self) -> Lsn {
        Lsn(1)
    }

    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn last_timestamp_micros(&self) -> u64 {
        let state = self.state.lock();
        state.records.last().map_or(0, |r| r.timestamp_micros)
    }

    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        let records = self.state.lock().records.clone();
        Ok(Box::new(
            records.into_iter().filter(move |r| r.lsn >= from).map(Ok),
        ))
    }

    fn trim(&self, _upto: Lsn) -> Result<(), LogError> {
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        0
    }
}
