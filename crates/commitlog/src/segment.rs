//! Segment files: names, creation, the sparse index.
//!
//! Not here: their content (`format`), and deciding when one begins (`writer`) or goes (`file_log`).
//!
//! Life of a segment file: created or taken over from a trimmed segment as `spare` (full length, content irrelevant) → header
//! written and synced → renamed to the LSN of its first record → directory synced → groups appended → trimmed: removed, or `spare`
//! again. So a file with a segment's name always has a durable header; one without belongs to nobody's data.

use crate::format::{HEADER_PAGE_BYTES, HeaderFault, Position, SegmentHeader, VERSION};
use crate::{LogError, Lsn, ShardId};
use parking_lot::Mutex;
use shale_env::{File, Files};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Name of the file that will be the next segment.
pub(crate) const SPARE_NAME: &str = "spare";
/// Name of a spare file until it is complete: whatever is called [`SPARE_NAME`] has its full length of written zeros or old groups.
pub(crate) const SPARE_UNFINISHED_NAME: &str = "spare.new";
const SUFFIX: &str = ".log";
/// Zeros are written in pieces of this size when a file is prepared.
const ZERO_BYTES: usize = 1024 * 1024;
/// The index has at most one entry for this many bytes of log.
const INDEX_STEP_BYTES: u64 = 64 * 1024;

/// Where a group begins and the state of the log there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexEntry {
    pub offset: u64,
    pub start: Position,
}

/// A segment file in use.
#[derive(Debug)]
pub(crate) struct Segment {
    pub header: SegmentHeader,
    pub path: PathBuf,
    pub file: Arc<dyn File>,
    /// Length of the file.
    pub file_bytes: u64,
    /// Everything below this offset is known to be synced.
    synced: AtomicU64,
    /// Rising; the segment's beginning is not in it.
    index: Mutex<Vec<IndexEntry>>,
}

impl Segment {
    pub(crate) fn new(
        header: SegmentHeader,
        path: PathBuf,
        file: Arc<dyn File>,
        file_bytes: u64,
    ) -> Segment {
        Segment {
            header,
            path,
            file,
            file_bytes,
            synced: AtomicU64::new(HEADER_PAGE_BYTES),
            index: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn first(&self) -> Lsn {
        self.header.start.next
    }

    pub(crate) fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    /// A group that begins at `offset` is durable, and ends before `synced`.
    pub(crate) fn on_group(&self, offset: u64, start: Position, synced: u64) {
        self.synced.store(synced, Ordering::Release);
        let mut index = self.index.lock();
        let last = index.last().map_or(HEADER_PAGE_BYTES, |entry| entry.offset);
        if offset >= last + INDEX_STEP_BYTES {
            index.push(IndexEntry { offset, start });
        }
    }

    /// The last indexed group that begins at or before the record.
    pub(crate) fn seek(&self, lsn: Lsn) -> IndexEntry {
        let index = self.index.lock();
        let after = index.partition_point(|entry| entry.start.next <= lsn);
        let before = after.checked_sub(1).and_then(|at| index.get(at)).copied();
        before.unwrap_or(IndexEntry {
            offset: HEADER_PAGE_BYTES,
            start: self.header.start,
        })
    }

    /// Reads and checks the header of a segment file.
    pub(crate) fn open(
        files: &dyn Files,
        directory: &Path,
        name: &str,
        shard: ShardId,
    ) -> Result<Segment, LogError> {
        let path = directory.join(name);
        let display = path.display().to_string();
        let io = |source| LogError::Io {
            context: format!("opening {display}"),
            source,
        };
        let file = files.open(&path).map_err(io)?;
        let file_bytes = file.size().map_err(io)?;
        let mut page = vec![0; HEADER_PAGE_BYTES as usize];
        let read = file.read_at(&mut page, 0).map_err(io)?;
        page.truncate(read);
        let damaged = |reason| LogError::Corrupt {
            file: display.clone(),
            offset: 0,
            synced: HEADER_PAGE_BYTES,
            reason,
        };
        let header = SegmentHeader::decode(&page).map_err(|fault| match fault {
            HeaderFault::Damaged(reason) => damaged(reason),
            HeaderFault::Version(found) => LogError::UnsupportedVersion {
                file: display.clone(),
                found,
                supported: VERSION,
            },
        })?;
        if header.shard != shard {
            return Err(LogError::WrongShard {
                file: display.clone(),
                found: header.shard,
                expected: shard,
            });
        }
        if parse_name(name) != Some(header.start.next) {
            return Err(damaged("the file's name and its header differ"));
        }
        Ok(Segment::new(header, path, file, file_bytes))
    }
}

/// Name of the segment that begins with this record. Sorts as the LSN does.
pub(crate) fn name_of(first: Lsn) -> String {
    format!("{:020}{SUFFIX}", first.0)
}

/// The LSN in a segment's name; `None` for other files.
pub(crate) fn parse_name(name: &str) -> Option<Lsn> {
    let digits = name.strip_suffix(SUFFIX)?;
    let number: u64 = digits.parse().ok()?;
    (name_of(Lsn(number)) == name).then_some(Lsn(number))
}

/// A file of full length that waits to become a segment.
#[derive(Debug)]
pub(crate) struct Spare {
    pub file: Arc<dyn File>,
    pub file_bytes: u64,
}

/// Creates a spare file: space reserved, zeros written, both durable, so that a sync of the log later has nothing but data to write.
pub(crate) fn create_spare(
    files: &dyn Files,
    directory: &Path,
    file_bytes: u64,
) -> io::Result<Spare> {
    let temporary = directory.join(SPARE_UNFINISHED_NAME);
    let path = directory.join(SPARE_NAME);
    // Both first, so that the space of an old one is there for the new one.
    remove_if_there(files, &temporary)?;
    remove_if_there(files, &path)?;
    let file = files.create(&temporary)?;
    let made = fill(&*file, file_bytes).and_then(|()| files.rename(&temporary, &path));
    if let Err(error) = made {
        // What was reserved so far is given back; if that fails too, the next attempt removes it.
        let _ = files.remove(&temporary);
        return Err(error);
    }
    Ok(Spare { file, file_bytes })
}

/// Removes a file; no error if it is not there.
pub(crate) fn remove_if_there(files: &dyn Files, path: &Path) -> io::Result<()> {
    match files.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn fill(file: &dyn File, file_bytes: u64) -> io::Result<()> {
    file.preallocate(file_bytes)?;
    let zeros = vec![0; ZERO_BYTES];
    let mut offset = 0;
    while offset < file_bytes {
        let length = (file_bytes - offset).min(ZERO_BYTES as u64);
        let (piece, _) = zeros.split_at(length as usize);
        file.write_at(piece, offset)?;
        offset += length;
    }
    file.sync_data()
}

/// Whether an error says that there is no space, and that nothing else is wrong.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_their_numbers_and_nothing_else_is_one() {
        assert!(name_of(Lsn(9)) < name_of(Lsn(10)));
        assert!(name_of(Lsn(10)) < name_of(Lsn(u64::MAX)));
        for lsn in [Lsn(1), Lsn(77), Lsn(u64::MAX)] {
            assert_eq!(parse_name(&name_of(lsn)), Some(lsn));
        }
        for name in [
            "spare",
            "1.log",
            "+0000000000000000001.log",
            "x",
            ".log",
            "",
        ] {
            assert_eq!(parse_name(name), None, "{name}");
        }
    }
}
