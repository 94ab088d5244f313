//! Walks through the groups and frames of a segment file and checks everything: lengths, checksums, chain, LSNs, fragments.
//!
//! Not here: what a fault means (`recovery` and `reader` differ in that).
//!
//! Memory is bounded by [`READ_BYTES`]; no frame is longer.

use crate::format::{
    FRAME_BYTES_MAX, FRAME_HEADER_BYTES, Fragment, FrameHeader, GROUP_HEADER_BYTES, GroupHeader,
    Position, align_up, first_part, frame_length, whole_records,
};
use crate::segment::{IndexEntry, Segment};
use crate::{BATCH_BYTES_MAX, LogError, Lsn};
use shale_env::File;
use std::io;
use std::sync::Arc;

/// What is read from the disk at once.
pub(crate) const READ_BYTES: usize = 256 * 1024;

const _: () = assert!(READ_BYTES >= FRAME_BYTES_MAX);

/// A window on a file.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<dyn File>,
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    pub(crate) fn new(file: Arc<dyn File>) -> Window {
        Window {
            file,
            start: 0,
            bytes: Vec::new(),
        }
    }

    /// The bytes at an offset, `None` if the file ends before. `length` is at most [`READ_BYTES`].
    pub(crate) fn get(&mut self, offset: u64, length: usize) -> io::Result<Option<&[u8]>> {
        let inside =
            offset >= self.start && offset + length as u64 <= self.start + self.bytes.len() as u64;
        if !inside {
            if self.bytes.len() < READ_BYTES {
                // New memory is zero already. Growing the old one would write every byte, which takes most of the time of a debug build's
                // simulations.
                self.bytes = vec![0; READ_BYTES];
            }
            self.start = offset;
            let read = self.file.read_at(&mut self.bytes, offset);
            self.bytes.truncate(*read.as_ref().unwrap_or(&0));
            read?;
        }
        let at = (offset - self.start) as usize;
        Ok(self.bytes.get(at..at + length))
    }
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A frame and its body, sound so far; its group may still turn out to be damaged.
    Frame(FrameHeader, &'a [u8]),
    /// The group ended and is sound.
    GroupEnd(GroupHeader),
    /// No group begins at the walk's offset.
    End,
}

/// Why the walk cannot go on.
#[derive(Debug)]
pub(crate) enum WalkError {
    Io(io::Error),
    /// The group whose header is sound is damaged at `offset`.
    Damaged {
        offset: u64,
        reason: &'static str,
    },
}

impl WalkError {
    /// As the log reports it, for a segment whose synced part is damaged.
    pub(crate) fn at(self, segment: &Segment) -> LogError {
        let file = segment.path.display().to_string();
        match self {
            WalkError::Io(source) => LogError::Io {
                context: format!("reading {file}"),
                source,
            },
            WalkError::Damaged { offset, reason } => LogError::Corrupt {
                file,
                offset,
                synced: segment.synced(),
                reason,
            },
        }
    }
}

/// A walk through one segment.
#[derive(Debug)]
pub(crate) struct Walk {
    window: Window,
    segment: Arc<Segment>,
    /// Where the next group or frame begins.
    offset: u64,
    /// State of the log there.
    position: Position,
    group: Option<OpenGroup>,
}

#[derive(Debug)]
struct OpenGroup {
    header: GroupHeader,
    frames: u32,
    /// The record whose fragments are being collected: bytes that are still to come.
    missing: Option<usize>,
}

impl Walk {
    pub(crate) fn new(segment: Arc<Segment>, from: IndexEntry) -> Walk {
        Walk {
            window: Window::new(Arc::clone(&segment.file)),
            segment,
            offset: from.offset,
            position: from.start,
            group: None,
        }
    }

    pub(crate) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// Where the next group or frame begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// State of the log behind what was found last.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// The next frame, end of a group, or end of the log.
    pub(crate) fn step(&mut self) -> Result<Found<'_>, WalkError> {
        if self.group.is_none() {
            match self.begin_group()? {
                Some(group) => self.group = Some(group),
                None => return Ok(Found::End),
            }
        }
        match self.group.take() {
            Some(group) if self.offset == group.header.end() => {
                self.end_group(&group).map(Found::GroupEnd)
            }
            Some(group) => self.frame(group),
            None => Ok(Found::End),
        }
    }

    fn begin_group(&mut self) -> Result<Option<OpenGroup>, WalkError> {
        let salt = self.segment.header.salt;
        let bytes = self.window.get(self.offset, GROUP_HEADER_BYTES);
        let header = bytes
            .map_err(WalkError::Io)?
            .and_then(|bytes| GroupHeader::decode(bytes, salt, self.offset));
        let Some(header) = header else {
            return Ok(None);
        };
        if header.chain != self.position.chain || header.first != self.position.next {
            return self.damaged("the group does not follow the one before it");
        }
        if align_up(header.end()) > self.segment.file_bytes {
            return self.damaged("the group is longer than the file");
        }
        self.offset += GROUP_HEADER_BYTES as u64;
        Ok(Some(OpenGroup {
            header,
            frames: 0,
            missing: None,
        }))
    }

    fn end_group(&mut self, group: &OpenGroup) -> Result<GroupHeader, WalkError> {
        let complete = group.missing.is_none()
            && group.frames == group.header.frames
            && group.header.last == self.position.last();
        if !complete {
            return self.damaged("the group's header and its frames differ");
        }
        self.offset = align_up(self.offset);
        Ok(group.header)
    }

    fn frame(&mut self, mut group: OpenGroup) -> Result<Found<'_>, WalkError> {
        let room = group.header.end() - self.offset;
        let start = self.bytes(FRAME_HEADER_BYTES.min(room as usize))?;
        let Some(length) = frame_length(start).filter(|length| *length as u64 <= room) else {
            return self.damaged("impossible frame length");
        };
        let chain = self.position.chain;
        let header = match FrameHeader::decode(self.bytes(length)?, chain) {
            Ok(header) => header,
            Err(reason) => return self.damaged(reason),
        };
        if header.shard != self.segment.header.shard {
            return self.damaged("a frame of another shard");
        }
        if header.first != self.position.next || header.epoch < self.position.epoch {
            return self.damaged("LSN or epoch do not follow the frame before");
        }
        let body = self
            .bytes(length)?
            .get(FRAME_HEADER_BYTES..)
            .unwrap_or_default();
        let Some((missing, finished)) = check_body(&header, body, group.missing) else {
            return self.damaged("the frame's records do not add up");
        };
        group.missing = missing;
        group.frames += 1;
        self.group = Some(group);
        self.position = Position {
            chain: header.chain,
            next: Lsn(self.position.next.0 + finished),
            epoch: header.epoch,
            batch: header.batch,
            timestamp_micros: header.timestamp_micros,
        };
        let offset = self.offset;
        self.offset += length as u64;
        let frame = self.window.get(offset, length).map_err(WalkError::Io)?;
        let body = frame.and_then(|frame| frame.get(FRAME_HEADER_BYTES..));
        Ok(Found::Frame(header, body.unwrap_or_default()))
    }

    /// Bytes at the current offset.
    fn bytes(&mut self, length: usize) -> Result<&[u8], WalkError> {
        let offset = self.offset;
        match self.window.get(offset, length) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(WalkError::Damaged {
                offset,
                reason: "the file ends here",
            }),
            Err(error) => Err(WalkError::Io(error)),
        }
    }

    fn damaged<T>(&self, reason: &'static str) -> Result<T, WalkError> {
        Err(WalkError::Damaged {
            offset: self.offset,
            reason,
        })
    }
}

/// Checks a frame's records. Returns the bytes of an unfinished record that are still to come, and the number of records finished.
fn check_body(
    header: &FrameHeader,
    body: &[u8],
    missing: Option<usize>,
) -> Option<(Option<usize>, u64)> {
    match (header.fragment, missing) {
        (Fragment::Whole, None) => {
            let mut records = 0;
            for record in whole_records(body) {
                record?;
                records += 1;
            }
            (records > 0 && records == u64::from(header.records)).then_some((None, records))
        }
        (Fragment::First, None) => {
            let (total, part) = first_part(body)?;
            let missing = total.checked_sub(part.len())?;
            (missing > 0 && total <= BATCH_BYTES_MAX).then_some((Some(missing), 0))
        }
        (Fragment::Middle, Some(missing)) => {
            let missing = missing.checked_sub(body.len())?;
            (missing > 0 && !body.is_empty()).then_some((Some(missing), 0))
        }
        (Fragment::Last, Some(missing)) => (missing == body.len()).then_some((None, 1)),
        _ => None,
    }
}
