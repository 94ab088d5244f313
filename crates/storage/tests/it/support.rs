//! A record format for tests, what it means, and a log in memory.

use bytes::{BufMut, Bytes, BytesMut};
use parking_lot::Mutex;
use shale_commitlog::{
    AppendFailure, AppendSink, Batch, Epoch, Log, LogError, Lsn, Record, Records,
};
use shale_storage::{Apply, Role, ShardOptions, TreeBatch};
use std::sync::Arc;

/// One write of a test record.
pub type Write = (Role, Bytes, Option<Bytes>);

/// A record with the given writes.
pub fn record(writes: &[Write]) -> Bytes {
    let mut bytes = BytesMut::new();
    for (role, key, value) in writes {
        bytes.put_u8(*role as u8);
        bytes.put_u32(key.len() as u32);
        bytes.put_slice(key);
        match value {
            Some(value) => {
                bytes.put_u8(1);
                bytes.put_u32(value.len() as u32);
                bytes.put_slice(value);
            }
            None => bytes.put_u8(0),
        }
    }
    bytes.freeze()
}

/// A record that puts one item.
pub fn put(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Bytes {
    let (key, value) = (key.as_ref(), value.as_ref());
    record(&[(
        Role::Items,
        Bytes::copy_from_slice(key),
        Some(Bytes::copy_from_slice(value)),
    )])
}

/// A record that deletes one item.
pub fn delete(key: impl AsRef<[u8]>) -> Bytes {
    record(&[(Role::Items, Bytes::copy_from_slice(key.as_ref()), None)])
}

/// The writes of a test record.
pub fn writes(record: &Bytes) -> Result<Vec<Write>, String> {
    let mut rest = record.clone();
    let mut take = |count: usize| {
        (rest.len() >= count)
            .then(|| rest.split_to(count))
            .ok_or("cut record")
    };
    let mut writes = Vec::new();
    while let Ok(role) = take(1) {
        let role = *Role::ALL.get(usize::from(role[0])).ok_or("unknown role")?;
        let length = take(4)?;
        let key = take(u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize)?;
        let value = match take(1)?[0] {
            0 => None,
            _ => {
                let length = take(4)?;
                let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
                Some(take(length as usize)?)
            }
        };
        writes.push((role, key, value));
    }
    Ok(writes)
}

/// Test records mean what they say; what was published is noted.
#[derive(Debug, Default)]
pub struct TestApply {
    pub published: Mutex<Vec<Lsn>>,
}

impl Apply for TestApply {
    fn apply(&self, _: Lsn, _: u64, record: &Bytes, batch: &mut TreeBatch) -> Result<(), String> {
        batch.writes.extend(writes(record)?);
        Ok(())
    }

    fn on_published(&self, lsn: Lsn, _: &Bytes) {
        self.published.lock().push(lsn);
    }
}

/// A log in memory that is durable at once, or when told. Clones are the same log.
#[derive(Clone, Default)]
pub struct TestLog {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    trimmed: u64,
    durable: u64,
    timestamp_micros: u64,
    held: bool,
    fails: Option<AppendFailure>,
    /// The last failure. What was numbered before the shard has heard of it shares its fate, as the contract of [`Log`] has it.
    refused: Option<AppendFailure>,
    sink: Option<Arc<dyn AppendSink>>,
}

impl TestLog {
    /// Holds back what is appended from now on, or releases it.
    pub fn hold(&self, held: bool) {
        let mut state = self.state.lock();
        state.held = held;
        if !held {
            state.durable = state.trimmed + state.records.len() as u64;
            let (sink, durable) = (state.sink.clone(), Lsn(state.durable));
            drop(state);
            if let Some(sink) = sink {
                sink.on_durable(durable);
            }
        }
    }

    /// Fails everything held, and what comes after as long as `keeps` is set.
    pub fn fail(&self, failure: AppendFailure, keeps: bool) {
        let mut state = self.state.lock();
        let from = state.durable + 1;
        let durable = (state.durable - state.trimmed) as usize;
        state.records.truncate(durable);
        state.fails = keeps.then(|| failure.clone());
        state.refused = Some(failure.clone());
        let sink = state.sink.clone();
        drop(state);
        if let Some(sink) = sink {
            sink.on_failed(Lsn(from), failure);
        }
    }

    /// A log whose first records are trimmed away.
    pub fn trimmed_to(upto: u64) -> TestLog {
        let state = State {
            trimmed: upto,
            durable: upto,
            ..State::default()
        };
        TestLog {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Takes appends again.
    pub fn heal(&self) {
        self.state.lock().fails = None;
    }

    /// What a crash leaves: the durable records.
    pub fn crash(&self) -> TestLog {
        let state = self.state.lock();
        let durable = (state.durable - state.trimmed) as usize;
        let survivor = State {
            records: state.records[..durable].to_vec(),
            trimmed: state.trimmed,
            durable: state.durable,
            timestamp_micros: state.timestamp_micros,
            ..State::default()
        };
        TestLog {
            state: Arc::new(Mutex::new(survivor)),
        }
    }
}

impl Log for TestLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        self.state.lock().sink = Some(sink);
    }

    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut state = self.state.lock();
        if let Some(failure) = &state.fails {
            return Err(failure.clone());
        }
        let next = state.trimmed + state.records.len() as u64 + 1;
        if let Some(failure) = state.refused.as_ref().filter(|_| batch.first.0 > next) {
            return Err(failure.clone());
        }
        state.refused = None;
        assert_eq!(batch.first.0, next, "appends follow each other");
        assert!(
            state.timestamp_micros <= batch.timestamp_micros,
            "time goes back"
        );
        state.timestamp_micros = batch.timestamp_micros;
        for (lsn, payload) in (next..).zip(batch.payloads) {
            state.records.push(Record {
                lsn: Lsn(lsn),
                epoch: batch.epoch,
                timestamp_micros: batch.timestamp_micros,
                payload,
            });
        }
        if !state.held {
            state.durable = state.trimmed + state.records.len() as u64;
            let (sink, durable) = (state.sink.clone(), Lsn(state.durable));
            drop(state);
            if let Some(sink) = sink {
                sink.on_durable(durable);
            }
        }
        Ok(())
    }

    fn tail(&self) -> Lsn {
        Lsn(self.state.lock().durable)
    }

    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn last_timestamp_micros(&self) -> u64 {
        self.state.lock().timestamp_micros
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
        let durable = (state.durable - state.trimmed) as usize;
        let records: Vec<_> = state.records[..durable]
            .iter()
            .filter(|r| r.lsn >= from)
            .cloned()
            .map(Ok)
            .collect();
        Ok(Box::new(records.into_iter()))
    }

    fn trim(&self, upto: Lsn) -> Result<(), LogError> {
        let mut state = self.state.lock();
        let count = upto.0.saturating_sub(state.trimmed);
        assert!(upto.0 <= state.durable, "trimmed above what is durable");
        state.records.drain(..count as usize);
        state.trimmed += count;
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        self.state
            .lock()
            .records
            .iter()
            .map(|record| record.payload.len() as u64)
            .sum()
    }
}

/// Options with which a test drives every step.
pub fn manual() -> ShardOptions {
    ShardOptions {
        background: false,
        ..ShardOptions::default()
    }
}
