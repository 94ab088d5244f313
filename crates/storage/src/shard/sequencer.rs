//! Gives records their LSNs and hands them to the log; undoes that when the log refuses them.
//!
//! Not here: what happens once they are durable (`applier`).
//!
//! A refusal (a full disk) rolls back every outstanding record from the refused one on: their waiters fail, their pending
//! images disappear, the generation passes, so that nothing computed from those images is sequenced. Their LSNs are filled
//! with empty records (*void*) as soon as there is space; only then are writes taken again.
//! A fenced or failing log stops writes for good.

use super::Core;
use super::window::{Window, keys_of};
use crate::{StorageError, TreeBatch};
use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use shale_commitlog::{AppendFailure, Batch, Lsn, RefusedReason};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often sequenced writes have been rolled back (a full disk does that).
/// What was read from [`crate::Shard::latest`] holds within one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(pub(super) u64);

impl Generation {
    /// How often.
    pub fn count(self) -> u64 {
        self.0
    }
}

/// What a pending write costs beside its bytes: map entry, queue entry, reference counts.
const WRITE_OVERHEAD_BYTES: u64 = 128;
/// The longest key that a tree takes.
const KEY_BYTES_MAX: usize = u16::MAX as usize;

/// A record on its way: sequenced, not yet applied.
#[derive(Debug)]
pub(super) struct Sequenced {
    pub(super) lsn: Lsn,
    /// Empty: fills the LSN of a rolled-back write.
    pub(super) record: Bytes,
    pub(super) batch: TreeBatch,
    pub(super) bytes: u64,
}

/// Records on their way, in LSN order without gaps.
pub(super) type Outstanding = VecDeque<Sequenced>;

/// What the sequencer's lock guards.
#[derive(Debug)]
pub(super) struct Sequencer {
    next: Lsn,
    timestamp_micros: u64,
    mode: Mode,
    /// Off without transactions.
    pub(super) window: Option<Window>,
}

#[derive(Debug)]
enum Mode {
    Open,
    /// Records from `from` to `upto` were rolled back; `filling`: their LSNs are on their way as voids.
    Refusing {
        from: Lsn,
        upto: Lsn,
        filling: bool,
    },
    /// For good. What new writes are told.
    Stopped(StorageError),
}

/// Failures that the log told, until someone who can take the sequencer deals with them.
#[derive(Debug, Default)]
pub(super) struct Reports {
    any: AtomicBool,
    queue: Mutex<VecDeque<(Lsn, AppendFailure)>>,
}

impl Sequencer {
    pub(super) fn new(last: Lsn, timestamp_micros: u64) -> Sequencer {
        Sequencer {
            next: last.next(),
            timestamp_micros,
            mode: Mode::Open,
            window: None,
        }
    }

    pub(super) fn timestamp_micros(&self) -> u64 {
        self.timestamp_micros
    }

    /// The last LSN that was given; none if records are being rolled back, or writes have stopped.
    pub(super) fn tail(&self) -> Option<Lsn> {
        matches!(self.mode, Mode::Open).then(|| Lsn(self.next.0 - 1))
    }
}

impl Core {
    pub(super) fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    pub(super) fn sequence(
        &self,
        generation: Option<Generation>,
        record: Bytes,
    ) -> Result<Lsn, StorageError> {
        if record.is_empty() {
            return Err(StorageError::Invalid("an empty record"));
        }
        let mut sequencer = self.sequencer.lock();
        let result = self.sequence_locked(&mut sequencer, generation, record);
        drop(sequencer);
        self.settle();
        result
    }

    pub(super) fn sequence_locked(
        &self,
        sequencer: &mut Sequencer,
        generation: Option<Generation>,
        record: Bytes,
    ) -> Result<Lsn, StorageError> {
        if !matches!(sequencer.mode, Mode::Open) {
            self.check_mode(sequencer)?;
        }
        if generation.is_some_and(|then| then != self.generation()) {
            return Err(StorageError::RolledBack);
        }
        let lsn = sequencer.next;
        let timestamp_micros = self.clock.now_micros().max(sequencer.timestamp_micros);
        let mut batch = TreeBatch::default();
        self.apply
            .apply(lsn, timestamp_micros, &record, &mut batch)
            .map_err(StorageError::Corrupt)?;
        let bytes = check_writes(&batch)? + record.len() as u64;

        let keys = sequencer.window.is_some().then(|| keys_of(&batch));
        // Before the append, because the log may report from within.
        self.pending.insert(lsn, &batch);
        self.pending_bytes.fetch_add(bytes, Ordering::AcqRel);
        self.sequenced.store(lsn.0, Ordering::Release);
        self.outstanding.lock().push_back(Sequenced {
            lsn,
            record: record.clone(),
            batch,
            bytes,
        });
        let appended = self.log.append(Batch {
            epoch: self.epoch,
            first: lsn,
            timestamp_micros,
            payloads: vec![record],
        });
        if let Err(failure) = appended {
            self.sequenced.store(lsn.0 - 1, Ordering::Release);
            self.roll_back(lsn);
            let error = failure_error(&failure);
            if !matches!(failure, AppendFailure::Refused { .. }) {
                // What is outstanding hears of it from the log.
                self.stop(sequencer, lsn, &failure);
            }
            return Err(error);
        }
        if let Some(keys) = keys {
            self.remember(&mut sequencer.window, lsn, keys);
        }
        sequencer.next = lsn.next();
        sequencer.timestamp_micros = timestamp_micros;
        Ok(lsn)
    }

    /// Makes every record from now on younger than that time. Answers the last one that may not be.
    pub(super) fn pass(&self, micros: u64) -> Lsn {
        let mut sequencer = self.sequencer.lock();
        sequencer.timestamp_micros = sequencer.timestamp_micros.max(micros.saturating_add(1));
        let last = Lsn(sequencer.next.0 - 1);
        drop(sequencer);
        self.settle();
        last
    }

    /// Whether writes are taken (again).
    fn check_mode(&self, sequencer: &mut Sequencer) -> Result<(), StorageError> {
        match &sequencer.mode {
            Mode::Open => {}
            Mode::Stopped(error) => return Err(error.clone()),
            Mode::Refusing { upto, .. } if self.published.load(Ordering::Acquire) < upto.0 => {
                return Err(StorageError::DiskFull);
            }
            Mode::Refusing { .. } => {
                sequencer.mode = Mode::Open;
                self.refusing.store(false, Ordering::Release);
            }
        }
        Ok(())
    }

    /// Why `admit` must say no, if it still must.
    pub(super) fn why_refused(&self) -> Result<(), StorageError> {
        let result = self.check_mode(&mut self.sequencer.lock());
        self.settle();
        result
    }

    /// Takes no writes any more, unless that was so already. Returns the last LSN given.
    pub(super) fn refuse_writes(&self, error: StorageError) -> Lsn {
        let mut sequencer = self.sequencer.lock();
        if !matches!(sequencer.mode, Mode::Stopped(_)) {
            sequencer.mode = Mode::Stopped(error);
            self.refusing.store(true, Ordering::Release);
        }
        let last = sequencer.next.0 - 1;
        drop(sequencer);
        self.settle();
        self.wake_stalled();
        Lsn(last)
    }

    /// The log's bad news. Called by the log, perhaps from within `append`.
    pub(super) fn on_failed(&self, from: Lsn, failure: AppendFailure) {
        self.reports.queue.lock().push_back((from, failure));
        self.reports.any.store(true, Ordering::Release);
        self.settle();
    }

    /// Deals with failures, unless someone holds the sequencer: that one does it when letting go.
    pub(super) fn settle(&self) {
        while self.reports.any.load(Ordering::Acquire) {
            let Some(mut sequencer) = self.sequencer.try_lock() else {
                return;
            };
            self.reports.any.store(false, Ordering::Release);
            loop {
                let report = self.reports.queue.lock().pop_front();
                let Some((from, failure)) = report else { break };
                self.fail(&mut sequencer, from, &failure);
            }
        }
    }

    fn fail(&self, sequencer: &mut MutexGuard<'_, Sequencer>, from: Lsn, failure: &AppendFailure) {
        match failure {
            AppendFailure::Refused { .. } => {
                if let Mode::Refusing { upto, .. } = sequencer.mode {
                    // Still no space, not even for voids: nobody waits for those.
                    self.roll_back(from);
                    sequencer.mode = Mode::Refusing {
                        from,
                        upto,
                        filling: false,
                    };
                    return;
                }
                let upto = Lsn(sequencer.next.0 - 1);
                tracing::warn!(
                    from = from.0,
                    upto = upto.0,
                    "the log has no space: writes are rolled back and refused"
                );
                self.failures.add(from, upto, StorageError::DiskFull);
                // Before the images go: who read one and sequences later must find the generation passed.
                self.generation.fetch_add(1, Ordering::AcqRel);
                self.roll_back(from);
                if let Mode::Open = sequencer.mode {
                    sequencer.mode = Mode::Refusing {
                        from,
                        upto,
                        filling: false,
                    };
                }
                self.refusing.store(true, Ordering::Release);
            }
            AppendFailure::Fenced { .. } | AppendFailure::Unknown { .. } => {
                self.stop(sequencer, from, failure);
                // The images stay: a record that may yet be found must not be evaluated against as if it were not there.
                self.outstanding
                    .lock()
                    .retain(|sequenced| sequenced.lsn < from);
            }
        }
        self.waiters.wake_all();
        self.wake_stalled();
        self.maintenance.wake();
    }

    /// Stops writes for good after the log did.
    fn stop(&self, sequencer: &mut Sequencer, from: Lsn, failure: &AppendFailure) {
        tracing::error!(
            from = from.0,
            ?failure,
            "the log has stopped: no more writes"
        );
        self.failures
            .add(from, Lsn(u64::MAX), failure_error(failure));
        sequencer.mode = Mode::Stopped(match failure {
            AppendFailure::Fenced { .. } => StorageError::Fenced,
            AppendFailure::Unknown { message } => {
                StorageError::Poisoned(format!("the log failed: {message}"))
            }
            AppendFailure::Refused { .. } => StorageError::DiskFull,
        });
        self.refusing.store(true, Ordering::Release);
    }

    /// Takes back the records from `from` on and what they made visible to writers.
    /// Under the gate: an image that the applier is just writing into a tree is in neither place to be found again.
    fn roll_back(&self, from: Lsn) {
        self.with_gate(|| {
            let mut outstanding = self.outstanding.lock();
            let keep = outstanding.partition_point(|sequenced| sequenced.lsn < from);
            for sequenced in outstanding.drain(keep..) {
                self.pending.remove(sequenced.lsn, &sequenced.batch);
                self.pending_bytes
                    .fetch_sub(sequenced.bytes, Ordering::AcqRel);
            }
            // An image that a rolled-back record had replaced is the newest again.
            for sequenced in &*outstanding {
                self.pending.insert(sequenced.lsn, &sequenced.batch);
            }
        });
    }

    /// Tries to fill the LSNs of rolled-back writes, after which writes are taken again. Says whether there was a need.
    pub(super) fn fill_voids(&self) -> bool {
        let mut sequencer = self.sequencer.lock();
        let Mode::Refusing {
            from,
            upto,
            filling: false,
        } = sequencer.mode
        else {
            return false;
        };
        sequencer.mode = Mode::Refusing {
            from,
            upto,
            filling: true,
        };
        let count = (upto.0 + 1 - from.0) as usize;
        let voids = (from.0..=upto.0).map(|lsn| Sequenced {
            lsn: Lsn(lsn),
            record: Bytes::new(),
            batch: TreeBatch::default(),
            bytes: 0,
        });
        self.outstanding.lock().extend(voids);
        let appended = self.log.append(Batch {
            epoch: self.epoch,
            first: from,
            timestamp_micros: sequencer.timestamp_micros,
            payloads: vec![Bytes::new(); count],
        });
        if let Err(failure) = appended {
            self.fail(&mut sequencer, from, &failure);
        }
        drop(sequencer);
        self.settle();
        true
    }
}

/// What the waiters of a failed append are told.
fn failure_error(failure: &AppendFailure) -> StorageError {
    match failure {
        AppendFailure::Refused {
            reason: RefusedReason::DiskFull,
        } => StorageError::DiskFull,
        AppendFailure::Refused {
            reason: RefusedReason::TooLarge,
        } => StorageError::Invalid("a record that is too long for the log"),
        AppendFailure::Fenced { .. } => StorageError::Fenced,
        AppendFailure::Unknown { message } => StorageError::OutcomeUnknown(message.clone()),
    }
}

/// Whether the trees can take the writes, and how many bytes they are.
pub(super) fn check_writes(batch: &TreeBatch) -> Result<u64, StorageError> {
    let mut bytes = 0;
    for (_, key, value) in &batch.writes {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(StorageError::Invalid(
                "a key of no or more than 65535 bytes",
            ));
        }
        let value_bytes = value.as_ref().map_or(0, Bytes::len);
        if value_bytes > u32::MAX as usize {
            return Err(StorageError::Invalid("a value of 4 GiB or more"));
        }
        bytes += (key.len() + value_bytes) as u64 + WRITE_OVERHEAD_BYTES;
    }
    Ok(bytes)
}
