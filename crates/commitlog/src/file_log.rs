//! A commit log in segment files of a directory, for one process.
//!
//! Not here: the lock that keeps a second process out of the directory; whoever owns the data directory holds it.
//!
//! `append` puts a batch into a queue under a short lock; the writer (`writer`) turns everything waiting into one group with one
//! write and one `fdatasync`. Reading and trimming work on whole segments beside it.

use crate::format::HEADER_PAGE_BYTES;
use crate::queue::Queue;
use crate::reader::Reader;
use crate::recovery::{oldest, recover};
use crate::segment::{SPARE_NAME, Segment, Spare, remove_if_there};
use crate::writer::{Shared, Writer};
use crate::{AppendFailure, AppendSink, Batch, Claim, Epoch, Log, LogError, Lsn, Records, ShardId};
use parking_lot::{Condvar, Mutex};
use shale_env::{Files, Rand};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

/// Length of a segment file unless the options say otherwise: long enough that beginning one (four syncs) does not show, short enough
/// that a new database does not begin with seconds of writing zeros.
pub const SEGMENT_BYTES_DEFAULT: u64 = 32 * 1024 * 1024;
/// Shorter segments than this are rounded up.
const SEGMENT_BYTES_MIN: u64 = 2 * HEADER_PAGE_BYTES;

/// Who runs the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// A thread of the log.
    Thread,
    /// Whoever calls [`FileLog::step`], so that a simulation decides what happens when.
    Stepped,
}

/// How to open a [`FileLog`].
#[derive(Clone, Debug)]
pub struct FileLogOptions {
    /// Where the segment files are; created if missing.
    pub directory: PathBuf,
    /// Whose log it is; files of another shard are refused.
    pub shard: ShardId,
    /// The leadership under which it is opened.
    pub claim: Claim,
    /// Length of a segment file; trimming works in this unit.
    pub segment_bytes: u64,
    /// Who runs the writer.
    pub drive: Drive,
}

impl FileLogOptions {
    /// The log of shard 0 in a directory, claimed for its next leadership.
    pub fn new(directory: impl Into<PathBuf>) -> FileLogOptions {
        FileLogOptions {
            directory: directory.into(),
            shard: ShardId(0),
            claim: Claim::Next,
            segment_bytes: SEGMENT_BYTES_DEFAULT,
            drive: Drive::Thread,
        }
    }
}

/// A commit log in files. Dropping it writes what is queued and closes it.
#[derive(Debug)]
pub struct FileLog {
    shared: Arc<Shared>,
    runner: Mutex<Runner>,
    /// Held while trimming; whether the last removal may not be durable yet.
    unsynced_trim: Mutex<bool>,
}

#[derive(Debug)]
enum Runner {
    Thread(JoinHandle<()>),
    Stepped(Box<Writer>),
    Closed,
}

impl FileLog {
    /// Opens the log in a directory: checks all of it, cuts a torn tail, refuses damage.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn open(
        options: FileLogOptions,
        files: Arc<dyn Files>,
        rand: Arc<dyn Rand>,
    ) -> Result<FileLog, LogError> {
        let segment_bytes = options
            .segment_bytes
            .max(SEGMENT_BYTES_MIN)
            .next_multiple_of(HEADER_PAGE_BYTES);
        let mut recovered = recover(&*files, &options.directory, options.shard, segment_bytes)?;
        let position = recovered.position;
        let epoch = match options.claim {
            Claim::Next => Epoch(position.epoch.0 + 1),
            Claim::Epoch(epoch) => epoch.max(position.epoch),
        };
        let spare = recovered.spare.take();
        let shared = Arc::new(Shared {
            files,
            rand,
            directory: options.directory,
            shard: options.shard,
            segment_bytes,
            queue: Mutex::new(Queue::new(position.next, epoch)),
            wake: Condvar::new(),
            closing: AtomicBool::new(false),
            sink: OnceLock::new(),
            tail: AtomicU64::new(position.last().0),
            timestamp_micros: AtomicU64::new(position.timestamp_micros),
            segments: Mutex::new(recovered.segments.clone()),
            spare_bytes: AtomicU64::new(spare.as_ref().map_or(0, |spare| spare.file_bytes)),
            spare: Mutex::new(spare),
        });
        let prepares = options.drive == Drive::Thread;
        let mut writer = Writer::new(Arc::clone(&shared), &recovered, prepares);
        let runner = match options.drive {
            Drive::Stepped => Runner::Stepped(Box::new(writer)),
            Drive::Thread => Runner::Thread(
                std::thread::Builder::new()
                    .name("log-writer".into())
                    .spawn(move || writer.run())
                    .map_err(LogError::io("starting the log's writer"))?,
            ),
        };
        Ok(FileLog {
            shared,
            runner: Mutex::new(runner),
            unsynced_trim: Mutex::new(false),
        })
    }

    /// Writes the next group, if the log is [`Drive::Stepped`] and anything waits; returns whether it did. The sink is called from here.
    pub fn step(&self) -> bool {
        match &mut *self.runner.lock() {
            Runner::Stepped(writer) => writer.step(),
            Runner::Thread(_) | Runner::Closed => false,
        }
    }

    /// Writes everything queued, tells the sink, and stops. Dropping the log does the same.
    /// Called by the sink, it returns at once, and the writer does this when the sink returns.
    pub fn close(&self) {
        let mut runner = self.runner.lock();
        self.shared.closing.store(true, Ordering::Release);
        match std::mem::replace(&mut *runner, Runner::Closed) {
            // A sink that drops the log closes it from the writer itself, which ends when it returns there.
            Runner::Thread(thread) if thread.thread().id() == std::thread::current().id() => {}
            Runner::Thread(thread) => {
                // Under the queue's lock the writer is either before its look at `closing` or asleep.
                drop(self.shared.queue.lock());
                self.shared.wake.notify_one();
                if thread.join().is_err() {
                    tracing::error!("the log's writer panicked");
                }
            }
            Runner::Stepped(mut writer) => writer.close(),
            Runner::Closed => {}
        }
    }

    /// The first segment, if it is not the last and holds nothing above `upto`, taken off the list.
    fn pop_trimmed(&self, upto: Lsn) -> Option<Arc<Segment>> {
        let mut segments = self.shared.segments.lock();
        let successor = segments.get(1)?;
        if successor.first().0 > upto.0.saturating_add(1) {
            return None;
        }
        segments.pop_front()
    }

    /// Removes the file of a segment that is off the list, or keeps it as the spare file.
    fn discard(&self, segment: &Arc<Segment>) -> io::Result<()> {
        let shared = &self.shared;
        // Off the list nobody finds the segment any more; a reader that has it keeps it from being written over.
        let unused = Arc::strong_count(segment) == 1;
        if unused
            && segment.file_bytes == shared.segment_bytes
            && let Some(mut place) = shared.spare.try_lock()
            && place.is_none()
        {
            let spare_path = shared.directory.join(SPARE_NAME);
            match shared.files.rename(&segment.path, &spare_path) {
                // An earlier attempt renamed it and failed behind that.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                renamed => renamed?,
            }
            // IMPORTANT: durable before the file can be taken into use. A crash after that must not find a new header under the
            // old name.
            shared.files.sync_dir(&shared.directory)?;
            let spare = Spare {
                file: Arc::clone(&segment.file),
                file_bytes: segment.file_bytes,
            };
            shared.keep_spare(&mut place, Some(spare));
            return Ok(());
        }
        remove_if_there(&*shared.files, &segment.path)
    }
}

impl Drop for FileLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl Log for FileLog {
    fn set_sink(&self, sink: Arc<dyn AppendSink>) {
        assert!(
            self.shared.sink.set(sink).is_ok(),
            "the log has a sink already"
        );
    }

    fn append(&self, batch: Batch) -> Result<(), AppendFailure> {
        let mut queue = self.shared.queue.lock();
        queue.push(batch, self.tail())?;
        drop(queue);
        self.shared.wake.notify_one();
        Ok(())
    }

    fn tail(&self) -> Lsn {
        Lsn(self.shared.tail.load(Ordering::Acquire))
    }

    fn oldest(&self) -> Lsn {
        oldest(&self.shared.segments.lock())
    }

    fn epoch(&self) -> Epoch {
        self.shared.queue.lock().epoch()
    }

    fn last_timestamp_micros(&self) -> u64 {
        self.shared.timestamp_micros.load(Ordering::Acquire)
    }

    fn read(&self, from: Lsn) -> Result<Records<'_>, LogError> {
        let upto = self.tail();
        let from = from.max(Lsn(1));
        let mut segments = self.shared.segments.lock().clone();
        let oldest = oldest(&segments);
        if from < oldest {
            return Err(LogError::Trimmed { oldest });
        }
        let holding = segments.partition_point(|segment| segment.first() <= from);
        let mut segments = segments.split_off(holding.saturating_sub(1));
        match segments.pop_front() {
            Some(first) if from <= upto => Ok(Box::new(Reader::new(first, segments, from, upto))),
            _ => Ok(Box::new(std::iter::empty())),
        }
    }

    fn trim(&self, upto: Lsn) -> Result<(), LogError> {
        let mut unsynced = self.unsynced_trim.lock();
        let failed =
            |what: &str| LogError::io(format!("{what} {}", self.shared.directory.display()));
        loop {
            // IMPORTANT: oldest first, each durable before the next. A crash between two removals that the disk kept in another
            // order would leave a gap, and the next opening would refuse it.
            if *unsynced {
                let synced = self.shared.files.sync_dir(&self.shared.directory);
                synced.map_err(failed("syncing"))?;
                *unsynced = false;
            }
            let Some(segment) = self.pop_trimmed(upto) else {
                return Ok(());
            };
            *unsynced = true;
            if let Err(error) = self.discard(&segment) {
                // Still there: the next attempt begins with it again.
                self.shared.segments.lock().push_front(segment);
                return Err(failed("trimming")(error));
            }
        }
    }

    fn disk_bytes(&self) -> u64 {
        let segments = self.shared.segments.lock();
        let used: u64 = segments.iter().map(|segment| segment.file_bytes).sum();
        used + self.shared.spare_bytes.load(Ordering::Relaxed)
    }
}
