//! The bytes of a segment file, format version 1. All integers are little-endian.
//!
//! Not here: which files there are (`segment`), walking through one (`walk`), what is written when (`writer`).
//!
//! ```text
//! segment file  = header page | group | group | … | free space
//!
//! header page (4096 bytes, written and synced before the file gets its name, never written again)
//!      0   8  magic "SHALELOG"
//!      8   4  format version, 1
//!     12   4  shard
//!     16   8  salt: random, chosen when the file was taken into use; seeds the checks of its groups
//!     24   8  LSN of the first record
//!     32   8  chain value before the first frame
//!     40   8  epoch of the log when the segment was begun
//!     48   8  id of the last batch before the segment
//!     56   8  timestamp of the last record before the segment
//!     64   8  LSN of the first record of the segment before this one. 0: there was none
//!     72   8  offset at which that segment ends; all of it had been synced
//!     80   8  check: xxh3-64 of bytes 0..80
//!     88      zeros
//!
//! group (begins at a multiple of 64; one write, one fdatasync; filled up with zeros to a multiple of 64)
//!      0   8  magic "SHALEGRP"
//!      8   8  check: xxh3-64 of bytes 16..64, seeded with the segment's salt
//!     16   8  offset of this group in the file
//!     24   8  synced: every byte of the file below this offset had been synced before this group was written
//!     32   4  length of the frames together
//!     36   4  number of frames; 0 is a seal, written when the log is closed: it proves that the group before it was synced
//!     40   8  LSN of the first record
//!     48   8  LSN of the last record
//!     56   8  chain value before the first frame
//!     64      frames, without gaps
//!
//! frame (at most FRAME_BYTES_MAX)
//!      0   4  CRC32C of bytes 4..length
//!      4   4  length of the frame
//!      8   8  chain value: xxh3-64 of bytes 16..length, seeded with the chain value of the frame before it
//!     16   4  shard
//!     20   1  fragment: 0 whole, 1 first, 2 middle, 3 last
//!     21   3  zeros
//!     24   8  epoch
//!     32   8  batch id
//!     40   8  LSN of the first record
//!     48   8  timestamp, microseconds since the Unix epoch
//!     56   4  number of records; 1 in fragments
//!     60      whole:  for each record its length (4 bytes) and its bytes
//!             first:  length of the whole record (4 bytes), then its first part
//!             middle, last: the next part
//! ```
//!
//! The salt makes two things safe: a segment file that is used again may keep its old content, because no old group passes the
//! check; and no client can write a payload that looks like a group.

use crate::{Batch, Epoch, Lsn, ShardId};
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Format version that is written; the only one that is read so far.
pub(crate) const VERSION: u32 = 1;
/// Size of the page before the first group.
pub(crate) const HEADER_PAGE_BYTES: u64 = 4096;
/// Groups begin at multiples of this.
pub(crate) const GROUP_ALIGN: u64 = 64;
/// Size of a group's header.
pub(crate) const GROUP_HEADER_BYTES: usize = 64;
/// Size of a frame's header.
pub(crate) const FRAME_HEADER_BYTES: usize = 60;
/// Longest frame; a longer record is split. Bounds what a reader holds besides the record itself.
pub(crate) const FRAME_BYTES_MAX: usize = 256 * 1024;
/// Longest content of a frame.
pub(crate) const FRAME_BODY_BYTES_MAX: usize = FRAME_BYTES_MAX - FRAME_HEADER_BYTES;
/// Size of the length in front of a record.
pub(crate) const RECORD_LENGTH_BYTES: usize = 4;

const _: () = assert!(GROUP_HEADER_BYTES as u64 == GROUP_ALIGN);
const _: () = assert!(HEADER_PAGE_BYTES.is_multiple_of(GROUP_ALIGN));
const _: () = assert!(FRAME_BODY_BYTES_MAX > RECORD_LENGTH_BYTES);

const SEGMENT_MAGIC: u64 = u64::from_le_bytes(*b"SHALELOG");
const GROUP_MAGIC: u64 = u64::from_le_bytes(*b"SHALEGRP");
const SEGMENT_HEADER_BYTES: usize = 88;

/// Rounds up to where the next group may begin.
pub(crate) fn align_up(offset: u64) -> u64 {
    offset.next_multiple_of(GROUP_ALIGN)
}

/// The state that runs along the log from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Chain value of the last frame.
    pub chain: u64,
    /// LSN of the next record.
    pub next: Lsn,
    /// Highest epoch so far.
    pub epoch: Epoch,
    /// Id of the last batch.
    pub batch: u64,
    /// Timestamp of the last record.
    pub timestamp_micros: u64,
}

impl Position {
    /// Before the first record.
    pub(crate) const START: Position = Position {
        chain: 0,
        next: Lsn(1),
        epoch: Epoch(0),
        batch: 0,
        timestamp_micros: 0,
    };

    /// LSN of the last record.
    pub(crate) fn last(&self) -> Lsn {
        Lsn(self.next.0 - 1)
    }
}

/// Reads integers from the front of a slice.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u32(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    fn u64(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }
}

/// Overwrites bytes that the caller has put there before.
fn patch(buffer: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = buffer.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

fn tail_of(buffer: &[u8], at: usize) -> &[u8] {
    buffer.get(at..).unwrap_or_default()
}

/// Header of a segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub shard: ShardId,
    pub salt: u64,
    /// State before the first frame.
    pub start: Position,
    /// First record of the segment before; zero: there was none.
    pub previous_first: Lsn,
    /// Where the segment before ends.
    pub previous_end: u64,
}

/// Why a segment header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Damaged(&'static str),
    Version(u32),
}

impl SegmentHeader {
    /// The whole header page.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut page = Vec::with_capacity(HEADER_PAGE_BYTES as usize);
        page.extend_from_slice(&SEGMENT_MAGIC.to_le_bytes());
        page.extend_from_slice(&VERSION.to_le_bytes());
        page.extend_from_slice(&self.shard.0.to_le_bytes());
        for field in [
            self.salt,
            self.start.next.0,
            self.start.chain,
            self.start.epoch.0,
            self.start.batch,
            self.start.timestamp_micros,
            self.previous_first.0,
            self.previous_end,
        ] {
            page.extend_from_slice(&field.to_le_bytes());
        }
        let check = xxh3_64_with_seed(&page, 0);
        page.extend_from_slice(&check.to_le_bytes());
        debug_assert_eq!(page.len(), SEGMENT_HEADER_BYTES);
        page.resize(HEADER_PAGE_BYTES as usize, 0);
        page
    }

    pub(crate) fn decode(page: &[u8]) -> Result<SegmentHeader, HeaderFault> {
        SegmentHeader::fields(page).unwrap_or(Err(HeaderFault::Damaged("header too short")))
    }

    fn fields(page: &[u8]) -> Option<Result<SegmentHeader, HeaderFault>> {
        let mut fields = Fields(page);
        if fields.u64()? != SEGMENT_MAGIC {
            return Some(Err(HeaderFault::Damaged("not a segment file")));
        }
        let version = fields.u32()?;
        if version != VERSION {
            return Some(Err(HeaderFault::Version(version)));
        }
        let shard = ShardId(fields.u32()?);
        let salt = fields.u64()?;
        let next = Lsn(fields.u64()?);
        let start = Position {
            next,
            chain: fields.u64()?,
            epoch: Epoch(fields.u64()?),
            batch: fields.u64()?,
            timestamp_micros: fields.u64()?,
        };
        let previous_first = Lsn(fields.u64()?);
        let previous_end = fields.u64()?;
        let check = fields.u64()?;
        let checked = page.get(..SEGMENT_HEADER_BYTES - 8)?;
        if check != xxh3_64_with_seed(checked, 0) {
            return Some(Err(HeaderFault::Damaged("header check differs")));
        }
        if next == Lsn::ZERO {
            return Some(Err(HeaderFault::Damaged("header names no first LSN")));
        }
        Some(Ok(SegmentHeader {
            shard,
            salt,
            start,
            previous_first,
            previous_end,
        }))
    }
}

/// Header of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupHeader {
    pub offset: u64,
    pub synced: u64,
    pub body_bytes: u32,
    pub frames: u32,
    pub first: Lsn,
    pub last: Lsn,
    pub chain: u64,
}

impl GroupHeader {
    pub(crate) fn encode(&self, salt: u64) -> [u8; GROUP_HEADER_BYTES] {
        let mut bytes = [0; GROUP_HEADER_BYTES];
        patch(&mut bytes, 0, &GROUP_MAGIC.to_le_bytes());
        patch(&mut bytes, 16, &self.offset.to_le_bytes());
        patch(&mut bytes, 24, &self.synced.to_le_bytes());
        patch(&mut bytes, 32, &self.body_bytes.to_le_bytes());
        patch(&mut bytes, 36, &self.frames.to_le_bytes());
        patch(&mut bytes, 40, &self.first.0.to_le_bytes());
        patch(&mut bytes, 48, &self.last.0.to_le_bytes());
        patch(&mut bytes, 56, &self.chain.to_le_bytes());
        let check = xxh3_64_with_seed(tail_of(&bytes, 16), salt);
        patch(&mut bytes, 8, &check.to_le_bytes());
        bytes
    }

    /// The header, if these bytes are one of the segment with this salt at this offset.
    pub(crate) fn decode(bytes: &[u8], salt: u64, offset: u64) -> Option<GroupHeader> {
        let bytes = bytes.get(..GROUP_HEADER_BYTES)?;
        let mut fields = Fields(bytes);
        if fields.u64()? != GROUP_MAGIC {
            return None;
        }
        if fields.u64()? != xxh3_64_with_seed(tail_of(bytes, 16), salt) {
            return None;
        }
        let header = GroupHeader {
            offset: fields.u64()?,
            synced: fields.u64()?,
            body_bytes: fields.u32()?,
            frames: fields.u32()?,
            first: Lsn(fields.u64()?),
            last: Lsn(fields.u64()?),
            chain: fields.u64()?,
        };
        (header.offset == offset && header.synced <= offset).then_some(header)
    }

    /// Offset after the last frame.
    pub(crate) fn end(&self) -> u64 {
        self.offset + GROUP_HEADER_BYTES as u64 + u64::from(self.body_bytes)
    }
}

/// Which part of a record a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fragment {
    /// Whole records.
    Whole,
    First,
    Middle,
    Last,
}

/// Header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub length: usize,
    pub chain: u64,
    pub shard: ShardId,
    pub fragment: Fragment,
    pub epoch: Epoch,
    pub batch: u64,
    pub first: Lsn,
    pub timestamp_micros: u64,
    pub records: u32,
}

/// Length of the frame that begins with these bytes, if it can be one.
pub(crate) fn frame_length(bytes: &[u8]) -> Option<usize> {
    let mut fields = Fields(bytes);
    fields.u32()?;
    let length = fields.u32()? as usize;
    (FRAME_HEADER_BYTES..=FRAME_BYTES_MAX)
        .contains(&length)
        .then_some(length)
}

impl FrameHeader {
    /// Checks a whole frame against the chain value before it.
    pub(crate) fn decode(frame: &[u8], chain: u64) -> Result<FrameHeader, &'static str> {
        let header = FrameHeader::fields(frame).ok_or("frame too short")?;
        let header = header?;
        if header.chain != xxh3_64_with_seed(tail_of(frame, 16), chain) {
            return Err("chain value differs: a frame before it is missing or another one");
        }
        Ok(header)
    }

    fn fields(frame: &[u8]) -> Option<Result<FrameHeader, &'static str>> {
        let mut fields = Fields(frame);
        if fields.u32()? != crc32c::crc32c(tail_of(frame, 4)) {
            return Some(Err("checksum differs"));
        }
        let length = fields.u32()? as usize;
        let chain = fields.u64()?;
        let shard = ShardId(fields.u32()?);
        let fragment = match fields.u32()? {
            0 => Fragment::Whole,
            1 => Fragment::First,
            2 => Fragment::Middle,
            3 => Fragment::Last,
            _ => return Some(Err("unknown kind of fragment")),
        };
        let header = FrameHeader {
            length,
            chain,
            shard,
            fragment,
            epoch: Epoch(fields.u64()?),
            batch: fields.u64()?,
            first: Lsn(fields.u64()?),
            timestamp_micros: fields.u64()?,
            records: fields.u32()?,
        };
        Some(if header.length == frame.len() {
            Ok(header)
        } else {
            Err("length differs")
        })
    }
}

/// The records in the body of a [`Fragment::Whole`] frame; `None` where the lengths do not add up.
pub(crate) fn whole_records(mut body: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        if body.is_empty() {
            return None;
        }
        let record = split_record(body);
        body = record.map(|(_, rest)| rest).unwrap_or_default();
        Some(record.map(|(record, _)| record))
    })
}

fn split_record(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// The length of the whole record and its first part, from the body of a [`Fragment::First`] frame.
pub(crate) fn first_part(body: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = body.split_first_chunk()?;
    Some((u32::from_le_bytes(*length) as usize, rest))
}

/// Bytes that the frames of a batch take.
pub(crate) fn encoded_bytes(batch: &Batch) -> u64 {
    let mut total = 0;
    for frame in frames_of(&batch.payloads) {
        total += FRAME_HEADER_BYTES as u64 + frame.body_bytes() as u64;
    }
    total
}

/// What goes into one frame.
enum Part<'a> {
    Whole(&'a [Bytes]),
    First(&'a Bytes),
    Middle(&'a [u8]),
    Last(&'a [u8]),
}

impl Part<'_> {
    fn body_bytes(&self) -> usize {
        match self {
            Part::Whole(payloads) => payloads.iter().map(record_bytes).sum(),
            Part::First(_) => FRAME_BODY_BYTES_MAX,
            Part::Middle(part) | Part::Last(part) => part.len(),
        }
    }
}

/// Bytes that a record takes inside a whole frame.
fn record_bytes(payload: &Bytes) -> usize {
    RECORD_LENGTH_BYTES + payload.len()
}

/// Divides payloads into frames: as many whole records as fit, or the parts of one that does not.
fn frames_of(mut payloads: &[Bytes]) -> impl Iterator<Item = Part<'_>> {
    let mut remainder: &[u8] = &[];
    std::iter::from_fn(move || {
        if !remainder.is_empty() {
            let (part, rest) = remainder.split_at(remainder.len().min(FRAME_BODY_BYTES_MAX));
            remainder = rest;
            return Some(if rest.is_empty() {
                Part::Last(part)
            } else {
                Part::Middle(part)
            });
        }
        let (first, others) = payloads.split_first()?;
        if record_bytes(first) > FRAME_BODY_BYTES_MAX {
            payloads = others;
            remainder = tail_of(first, FRAME_BODY_BYTES_MAX - RECORD_LENGTH_BYTES);
            return Some(Part::First(first));
        }
        let mut room = FRAME_BODY_BYTES_MAX;
        let fitting = payloads
            .iter()
            .take_while(|payload| {
                let fits = record_bytes(payload) <= room;
                room -= record_bytes(payload).min(room);
                fits
            })
            .count();
        let (whole, rest) = payloads.split_at(fitting);
        payloads = rest;
        Some(Part::Whole(whole))
    })
}

/// Writes the frames of a batch after what is in the buffer and moves the position behind them. Returns the number of frames.
pub(crate) fn encode_batch(
    buffer: &mut Vec<u8>,
    batch: &Batch,
    shard: ShardId,
    position: &mut Position,
) -> u32 {
    position.epoch = batch.epoch;
    position.batch += 1;
    position.timestamp_micros = batch.timestamp_micros;
    let mut frames = 0;
    for part in frames_of(&batch.payloads) {
        encode_frame(buffer, &part, shard, position);
        frames += 1;
    }
    frames
}

fn encode_frame(buffer: &mut Vec<u8>, part: &Part<'_>, shard: ShardId, position: &mut Position) {
    let start = buffer.len();
    let length = FRAME_HEADER_BYTES + part.body_bytes();
    let (fragment, records, finished) = match part {
        Part::Whole(payloads) => (0u32, payloads.len() as u32, payloads.len() as u64),
        Part::First(_) => (1, 1, 0),
        Part::Middle(_) => (2, 1, 0),
        Part::Last(_) => (3, 1, 1),
    };
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&(length as u32).to_le_bytes());
    buffer.extend_from_slice(&[0; 8]);
    buffer.extend_from_slice(&shard.0.to_le_bytes());
    buffer.extend_from_slice(&fragment.to_le_bytes());
    buffer.extend_from_slice(&position.epoch.0.to_le_bytes());
    buffer.extend_from_slice(&position.batch.to_le_bytes());
    buffer.extend_from_slice(&position.next.0.to_le_bytes());
    buffer.extend_from_slice(&position.timestamp_micros.to_le_bytes());
    buffer.extend_from_slice(&records.to_le_bytes());
    match part {
        Part::Whole(payloads) => {
            for payload in *payloads {
                buffer.extend_from_slice(&(payload.len() as u32).to_le_bytes());
                buffer.extend_from_slice(payload);
            }
        }
        Part::First(payload) => {
            buffer.extend_from_slice(&(payload.len() as u32).to_le_bytes());
            let (head, _) = payload.split_at(FRAME_BODY_BYTES_MAX - RECORD_LENGTH_BYTES);
            buffer.extend_from_slice(head);
        }
        Part::Middle(bytes) | Part::Last(bytes) => buffer.extend_from_slice(bytes),
    }
    debug_assert_eq!(buffer.len(), start + length);
    let chain = xxh3_64_with_seed(tail_of(buffer, start + 16), position.chain);
    patch(buffer, start + 8, &chain.to_le_bytes());
    let crc = crc32c::crc32c(tail_of(buffer, start + 4));
    patch(buffer, start, &crc.to_le_bytes());
    position.chain = chain;
    position.next = Lsn(position.next.0 + finished);
}

#[cfg(test)]
mod tests;
