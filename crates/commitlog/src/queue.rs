//! What `append` fills and the writer drains: the rules of appending, the same for every backend.
//!
//! Invariant: the batches in the queue follow each other without a gap and end before `next`.

use crate::{AppendFailure, BATCH_BYTES_MAX, Batch, Epoch, Lsn, RefusedReason};
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Queue {
    batches: VecDeque<Batch>,
    /// LSN that the next batch must begin with.
    next: Lsn,
    /// Records from `next` on were refused; batches that were numbered before their writer heard of it may still come.
    refused: bool,
    epoch: Epoch,
    stopped: Option<AppendFailure>,
}

impl Queue {
    pub(crate) fn new(next: Lsn, epoch: Epoch) -> Queue {
        Queue {
            batches: VecDeque::new(),
            next,
            refused: false,
            epoch,
            stopped: None,
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.batches.len()
    }

    /// Takes a batch, or says why not; see [`crate::Log::append`].
    pub(crate) fn push(&mut self, batch: Batch, tail: Lsn) -> Result<(), AppendFailure> {
        assert!(!batch.payloads.is_empty(), "an empty batch has no LSN");
        if let Some(failure) = &self.stopped {
            return Err(failure.clone());
        }
        if batch.epoch < self.epoch {
            return Err(AppendFailure::Fenced { tail });
        }
        if self.refused && batch.first > self.next {
            return Err(refusal(RefusedReason::DiskFull));
        }
        assert!(
            batch.first == self.next,
            "a batch begins at {:?}, the log expects {:?}",
            batch.first,
            self.next
        );
        let bytes: usize = batch.payloads.iter().map(|payload| payload.len()).sum();
        if bytes > BATCH_BYTES_MAX {
            return Err(refusal(RefusedReason::TooLarge));
        }
        self.refused = false;
        self.epoch = batch.epoch;
        self.next = Lsn(batch.first.0 + batch.payloads.len() as u64);
        self.batches.push_back(batch);
        Ok(())
    }

    /// Moves everything, or at most so many batches, behind what the writer already has.
    pub(crate) fn drain_into(&mut self, waiting: &mut VecDeque<Batch>, batches_max: usize) {
        if waiting.is_empty() && batches_max >= self.batches.len() {
            std::mem::swap(waiting, &mut self.batches);
        } else {
            let count = batches_max.min(self.batches.len());
            waiting.extend(self.batches.drain(..count));
        }
    }

    /// Drops everything; the LSNs from `from` on are free again.
    pub(crate) fn refuse(&mut self, from: Lsn) {
        self.batches.clear();
        self.next = from;
        self.refused = true;
    }

    /// Drops everything and takes nothing more.
    pub(crate) fn stop(&mut self, failure: AppendFailure) {
        self.batches.clear();
        self.stopped.get_or_insert(failure);
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stopped.is_some()
    }
}

pub(crate) fn refusal(reason: RefusedReason) -> AppendFailure {
    AppendFailure::Refused { reason }
}
