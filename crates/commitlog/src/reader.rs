//! Reads durable records in order, from segment to segment.
//!
//! Memory: one window, the records of one frame, and the record that is being put together from fragments.

use crate::format::{Fragment, FrameHeader, first_part, whole_records};
use crate::segment::Segment;
use crate::walk::{Found, Walk};
use crate::{LogError, Lsn, Record};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::sync::Arc;

/// An iterator over the records `next ..= upto`, which must be durable.
#[derive(Debug)]
pub(crate) struct Reader {
    walk: Walk,
    /// Those after the one being walked.
    segments: VecDeque<Arc<Segment>>,
    /// LSN of the next record to hand out.
    next: Lsn,
    upto: Lsn,
    ready: VecDeque<Record>,
    partial: BytesMut,
}

impl Reader {
    /// `first` holds the record `from`, `segments` follow it.
    pub(crate) fn new(
        first: Arc<Segment>,
        segments: VecDeque<Arc<Segment>>,
        from: Lsn,
        upto: Lsn,
    ) -> Reader {
        let entry = first.seek(from);
        Reader {
            walk: Walk::new(first, entry),
            segments,
            next: from,
            upto,
            ready: VecDeque::new(),
            partial: BytesMut::new(),
        }
    }

    /// Reads frames until there is a record to hand out.
    fn fill(&mut self) -> Result<(), LogError> {
        while self.ready.is_empty() {
            match self.walk.step() {
                Ok(Found::Frame(header, body)) => {
                    collect(&header, body, self.next, &mut self.partial, &mut self.ready);
                }
                Ok(Found::GroupEnd(_)) => {}
                Ok(Found::End) => self.next_segment()?,
                Err(error) => return Err(error.at(self.walk.segment())),
            }
        }
        Ok(())
    }

    fn next_segment(&mut self) -> Result<(), LogError> {
        let ended = self.walk.position();
        let following = self.segments.pop_front().filter(|segment| {
            segment.header.start.next == ended.next && segment.header.start.chain == ended.chain
        });
        let Some(segment) = following else {
            return Err(LogError::Corrupt {
                file: self.walk.segment().path.display().to_string(),
                offset: self.walk.offset(),
                synced: self.walk.segment().synced(),
                reason: "a group that was synced is not there",
            });
        };
        let entry = segment.seek(Lsn::ZERO);
        self.walk = Walk::new(segment, entry);
        Ok(())
    }
}

/// Adds a frame's finished records from `from` on.
fn collect(
    header: &FrameHeader,
    body: &[u8],
    from: Lsn,
    partial: &mut BytesMut,
    ready: &mut VecDeque<Record>,
) {
    let mut lsn = header.first;
    let mut push = |payload: Bytes| {
        if lsn >= from {
            ready.push_back(Record {
                lsn,
                epoch: header.epoch,
                timestamp_micros: header.timestamp_micros,
                payload,
            });
        }
        lsn = lsn.next();
    };
    match header.fragment {
        // Copied one by one, so that a record that is kept does not keep its neighbours.
        Fragment::Whole => whole_records(body)
            .flatten()
            .for_each(|record| push(Bytes::copy_from_slice(record))),
        Fragment::First => {
            partial.clear();
            if let Some((total, part)) = first_part(body) {
                partial.reserve(total);
                partial.extend_from_slice(part);
            }
        }
        Fragment::Middle => partial.extend_from_slice(body),
        Fragment::Last => {
            partial.extend_from_slice(body);
            push(std::mem::take(partial).freeze());
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Record, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.upto {
            return None;
        }
        if let Err(error) = self.fill() {
            // An error ends the reading: what follows a gap must not look like its continuation.
            self.upto = Lsn::ZERO;
            self.next = Lsn(1);
            return Some(Err(error));
        }
        let record = self.ready.pop_front()?;
        self.next = record.lsn.next();
        Some(Ok(record))
    }
}
