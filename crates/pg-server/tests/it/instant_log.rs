//! A log in memory that is durable at once.

use shale_commitlog::{
    AppendFailure, AppendSink, Batch, Epoch, Log, LogError, Lsn, Record, Records,
};
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub struct InstantLog {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    sink: Option<Arc<dyn AppendSink>>,
}

impl Log for InstantLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        self.state.lock().unwrap().sink = Some(sink);
    }

    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut state = self.state.lock().unwrap();
        for payload in batch.payloads {
            let lsn = Lsn(state.records.len() as u64 + 1);
            state.records.push(Record {
                lsn,
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
        Lsn(self.state.lock().unwrap().records.len() as u64)
    }

    fn oldest(&self) -> Lsn {
        Lsn(1)
    }

    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn last_timestamp_micros(&self) -> u64 {
        let state = self.state.lock().unwrap();
        state.records.last().map_or(0, |r| r.timestamp_micros)
    }

    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        let records = self.state.lock().unwrap().records.clone();
        let records = records.into_iter().filter(move |r| r.lsn >= from);
        Ok(Box::new(records.map(Ok)))
    }

    fn trim(&self, _upto: Lsn) -> Result<(), LogError> {
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        0
    }
}
