//! Opens what a directory holds: checks every group of every segment, cuts a torn tail, refuses damage.
//!
//! Not here: the checks of a single frame (`walk`).
//!
//! Steps:
//! 1. The names are made durable: a predecessor may have been killed between renaming a segment and syncing the directory.
//! 2. Every segment but the last must end exactly where its successor's header says: the successor exists only because everything
//!    before it had been synced.
//! 3. In the last segment the first place without a sound group is the end of the log, unless any later group is sound: a group is
//!    written only after the one before it was synced, so a later one proves that synced data is damaged, and the log refuses.
//! 4. At the end, what is left of a torn group's header is overwritten, so that every later opening sees the same end.
//! 5. The last sound group is written again and synced. Nothing proves that it was synced before, and after a failed sync it may be
//!    in the page cache and not on the disk; it must not be read by anybody now and be gone after a power cut.

use crate::format::{
    GROUP_ALIGN, GROUP_HEADER_BYTES, GroupHeader, HEADER_PAGE_BYTES, Position, align_up,
};
use crate::segment::{
    IndexEntry, SPARE_NAME, SPARE_UNFINISHED_NAME, Segment, Spare, parse_name, remove_if_there,
};
use crate::walk::{Found, READ_BYTES, Walk, WalkError, Window};
use crate::{LogError, Lsn, ShardId};
use shale_env::Files;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// What was found.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub segments: VecDeque<Arc<Segment>>,
    /// Where the next group goes in the last segment.
    pub end: u64,
    /// State of the log at the end.
    pub position: Position,
    pub spare: Option<Spare>,
}

/// Opens a directory, creating it if it is not there.
pub(crate) fn recover(
    files: &dyn Files,
    directory: &Path,
    shard: ShardId,
    segment_bytes: u64,
) -> Result<Recovered, LogError> {
    let context = |what: &str| format!("{what} {}", directory.display());
    files
        .create_dir_all(directory)
        .map_err(LogError::io(context("creating")))?;
    files
        .sync_dir(directory)
        .map_err(LogError::io(context("syncing")))?;
    let names = files
        .list(directory)
        .map_err(LogError::io(context("listing")))?;

    let mut segments = VecDeque::new();
    for name in names.iter().filter(|name| parse_name(name).is_some()) {
        segments.push_back(Arc::new(Segment::open(files, directory, name, shard)?));
    }
    check_succession(&segments)?;

    let mut recovered = Recovered {
        segments,
        end: HEADER_PAGE_BYTES,
        position: Position::START,
        spare: None,
    };
    let mut following = recovered.segments.iter().skip(1);
    for segment in &recovered.segments {
        match following.next() {
            Some(successor) => check_finished(segment, successor)?,
            None => (recovered.end, recovered.position) = recover_last(segment)?,
        }
    }
    // A predecessor was killed while it made one.
    let unfinished = directory.join(SPARE_UNFINISHED_NAME);
    remove_if_there(files, &unfinished).map_err(LogError::io(context("cleaning up")))?;
    if names.iter().any(|name| name == SPARE_NAME) {
        recovered.spare = take_spare(files, directory, segment_bytes)?;
    }
    Ok(recovered)
}

/// Each segment names the one before it.
fn check_succession(segments: &VecDeque<Arc<Segment>>) -> Result<(), LogError> {
    for (segment, successor) in segments.iter().zip(segments.iter().skip(1)) {
        if successor.header.previous_first != segment.first() {
            return Err(LogError::MissingSegment {
                file: successor.path.display().to_string(),
                missing: successor.header.previous_first,
            });
        }
    }
    Ok(())
}

/// How far the sound groups of a segment reach.
#[derive(Debug)]
struct Extent {
    /// Behind the last sound group.
    end: u64,
    position: Position,
    /// The last sound group.
    last: Option<GroupHeader>,
    /// Why the group at `end` is not sound, if it has a sound header.
    fault: Option<(u64, &'static str)>,
}

/// Walks through all sound groups and indexes them.
fn measure(segment: &Arc<Segment>) -> Result<Extent, LogError> {
    let start = IndexEntry {
        offset: HEADER_PAGE_BYTES,
        start: segment.header.start,
    };
    let mut walk = Walk::new(Arc::clone(segment), start);
    let mut extent = Extent {
        end: start.offset,
        position: start.start,
        last: None,
        fault: None,
    };
    loop {
        match walk.step() {
            Ok(Found::Frame(..)) => {}
            Ok(Found::GroupEnd(group)) => {
                segment.on_group(group.offset, extent.position, walk.offset());
                extent.end = walk.offset();
                extent.position = walk.position();
                extent.last = Some(group);
            }
            Ok(Found::End) => return Ok(extent),
            Err(WalkError::Damaged { offset, reason }) => {
                extent.fault = Some((offset, reason));
                return Ok(extent);
            }
            Err(error) => return Err(error.at(segment)),
        }
    }
}

fn corrupt(segment: &Segment, extent: &Extent, synced: u64) -> LogError {
    let (offset, reason) = extent
        .fault
        .unwrap_or((extent.end, "no sound group header"));
    LogError::Corrupt {
        file: segment.path.display().to_string(),
        offset,
        synced,
        reason,
    }
}

/// A segment that has a successor was synced as a whole.
fn check_finished(segment: &Arc<Segment>, successor: &Segment) -> Result<(), LogError> {
    let extent = measure(segment)?;
    let expected = &successor.header;
    if extent.end != expected.previous_end || extent.position != expected.start {
        return Err(corrupt(segment, &extent, expected.previous_end));
    }
    Ok(())
}

/// Finds the end of the log.
fn recover_last(segment: &Arc<Segment>) -> Result<(u64, Position), LogError> {
    let extent = measure(segment)?;
    let context = format!("reading {}", segment.path.display());
    let later = later_group(segment, extent.end + GROUP_ALIGN).map_err(LogError::io(context))?;
    if let Some(later) = later {
        return Err(corrupt(segment, &extent, later.synced));
    }
    if let Some((offset, reason)) = extent.fault {
        tracing::warn!(
            file = %segment.path.display(),
            group = extent.end,
            offset,
            reason,
            "cut an unfinished group at the end of the log"
        );
    }
    let context = format!("repairing {}", segment.path.display());
    settle_end(segment, &extent).map_err(LogError::io(context))?;
    Ok((extent.end, extent.position))
}

/// The first sound group header at or after an offset.
fn later_group(segment: &Segment, from: u64) -> std::io::Result<Option<GroupHeader>> {
    let mut window = Window::new(Arc::clone(&segment.file));
    let mut offset = from;
    while offset + GROUP_ALIGN <= segment.file_bytes {
        let length = READ_BYTES.min((segment.file_bytes - offset) as usize);
        let Some(bytes) = window.get(offset, length)? else {
            break;
        };
        let headers = bytes.chunks_exact(GROUP_HEADER_BYTES);
        for (at, header) in (offset..).step_by(GROUP_HEADER_BYTES).zip(headers) {
            let header = GroupHeader::decode(header, segment.header.salt, at);
            if header.is_some() {
                return Ok(header);
            }
        }
        offset += length as u64;
    }
    Ok(None)
}

/// Removes the remains of a torn group and makes the last sound one durable.
fn settle_end(segment: &Segment, extent: &Extent) -> std::io::Result<()> {
    let file = &segment.file;
    let mut remains = [0; GROUP_HEADER_BYTES];
    file.read_at(&mut remains, extent.end)?;
    let torn = remains != [0; GROUP_HEADER_BYTES];
    if torn {
        file.write_at(&[0; GROUP_HEADER_BYTES], extent.end)?;
    }
    if let Some(last) = extent.last {
        let end = align_up(last.end());
        let mut buffer = vec![0; READ_BYTES];
        let mut offset = last.offset;
        while offset < end {
            let length = READ_BYTES.min((end - offset) as usize);
            let (piece, _) = buffer.split_at_mut(length);
            if file.read_at(piece, offset)? != length {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
            }
            file.write_at(piece, offset)?;
            offset += length as u64;
        }
    }
    if torn || extent.last.is_some() {
        file.sync_data()?;
    }
    Ok(())
}

/// A spare file of the right length is kept, another one removed.
fn take_spare(
    files: &dyn Files,
    directory: &Path,
    segment_bytes: u64,
) -> Result<Option<Spare>, LogError> {
    let path = directory.join(SPARE_NAME);
    let context = || format!("opening {}", path.display());
    let file = files.open(&path).map_err(LogError::io(context()))?;
    let file_bytes = file.size().map_err(LogError::io(context()))?;
    if file_bytes == segment_bytes {
        return Ok(Some(Spare { file, file_bytes }));
    }
    files.remove(&path).map_err(LogError::io(context()))?;
    Ok(None)
}

/// First record that a log with these segments holds, or will hold.
pub(crate) fn oldest(segments: &VecDeque<Arc<Segment>>) -> Lsn {
    segments.front().map_or(Lsn(1), |segment| segment.first())
}
