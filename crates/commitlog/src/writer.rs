//! The writer: drains what waits, writes it as one group, syncs once, tells the sink.
//!
//! Not here: the queue's rules (`queue`), the bytes (`format`).
//!
//! Flow of a group:
//! 1. Everything waiting is taken, as far as it fits into [`GROUP_BYTES_MAX`] and the segment; the rest is the next group.
//! 2. If the first batch does not fit into the segment, a new one is begun. No space for that: everything waiting is refused,
//!    nothing of it has been written.
//! 3. One write, one sync. If either fails the log stops for good; nothing is retried.
//! 4. The tail moves, then the sink is told.

use crate::format::{
    GROUP_HEADER_BYTES, GroupHeader, HEADER_PAGE_BYTES, Position, SegmentHeader, align_up,
    encode_batch, encoded_bytes,
};
use crate::queue::{Queue, refusal};
use crate::recovery::Recovered;
use crate::segment::{SPARE_NAME, Segment, Spare, create_spare, is_full, name_of};
use crate::{AppendFailure, AppendSink, Batch, Lsn, RefusedReason, ShardId};
use parking_lot::{Condvar, Mutex};
use shale_env::{Files, Rand};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

/// A group takes no further batch beyond this; one larger batch is a group of its own.
pub(crate) const GROUP_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What the log's users, its writer and the thread that prepares files share.
pub(crate) struct Shared {
    pub files: Arc<dyn Files>,
    pub rand: Arc<dyn Rand>,
    pub directory: PathBuf,
    pub shard: ShardId,
    pub segment_bytes: u64,
    pub queue: Mutex<Queue>,
    pub wake: Condvar,
    pub closing: AtomicBool,
    pub sink: OnceLock<Arc<dyn AppendSink>>,
    /// LSN of the last durable record.
    pub tail: AtomicU64,
    /// Its timestamp.
    pub timestamp_micros: AtomicU64,
    pub segments: Mutex<VecDeque<Arc<Segment>>>,
    /// Whoever touches the file named `spare` holds this.
    pub spare: Mutex<Option<Spare>>,
    /// Length of the spare file; readable while it is being written.
    pub spare_bytes: AtomicU64,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("directory", &self.directory)
            .field("shard", &self.shard)
            .field("tail", &self.tail)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Puts a spare file in its place, for the lock's holder.
    pub(crate) fn keep_spare(&self, place: &mut Option<Spare>, spare: Option<Spare>) {
        let bytes = spare.as_ref().map_or(0, |spare| spare.file_bytes);
        self.spare_bytes.store(bytes, Ordering::Relaxed);
        *place = spare;
    }

    /// Makes a spare file if there is none.
    fn prepare(&self) {
        let mut place = self.spare.lock();
        if place.is_none() {
            match create_spare(&*self.files, &self.directory, self.segment_bytes) {
                Ok(spare) => self.keep_spare(&mut place, Some(spare)),
                // The writer will meet the same error when it needs the file, and report it there.
                Err(error) => tracing::debug!(%error, "could not prepare the next segment file"),
            }
        }
    }
}

/// Why a group was not written.
enum Stop {
    /// No space, nothing written.
    Full,
    /// Anything else: what is on the disk is unknown.
    Failed(String),
}

/// Sorts an error by whether the log can go on. Only for steps before the group itself is written.
fn before_write(context: &'static str) -> impl Fn(io::Error) -> Stop {
    move |error| {
        if is_full(&error) {
            Stop::Full
        } else {
            Stop::Failed(format!("{context}: {error}"))
        }
    }
}

/// The one who writes.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    /// Taken from the queue, not yet written.
    waiting: VecDeque<Batch>,
    active: Option<Arc<Segment>>,
    /// Where the next group goes in the active segment.
    offset: u64,
    /// State of the log there.
    position: Position,
    buffer: Vec<u8>,
    /// The last group is known to be synced, by a group behind it or by the recovery.
    sealed: bool,
    /// Whether the next file is made ready by a thread, before it is needed.
    prepares: bool,
    /// Making the next file ready; begun at most once per segment.
    preparing: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, recovered: &Recovered, prepares: bool) -> Writer {
        Writer {
            shared,
            waiting: VecDeque::new(),
            active: recovered.segments.back().cloned(),
            offset: recovered.end,
            position: recovered.position,
            buffer: Vec::new(),
            sealed: true,
            prepares,
            preparing: None,
        }
    }

    /// Writes groups until the log is closed; then what is left, and the seal.
    pub(crate) fn run(&mut self) {
        loop {
            let mut queue = self.shared.queue.lock();
            while self.waiting.is_empty() && queue.is_empty() {
                if self.shared.closing.load(Ordering::Acquire) {
                    drop(queue);
                    return self.close();
                }
                self.shared.wake.wait(&mut queue);
            }
            queue.drain_into(&mut self.waiting, usize::MAX);
            drop(queue);
            self.write_group();
        }
    }

    /// Writes one group of what waits now; false if nothing waits.
    pub(crate) fn step(&mut self) -> bool {
        let mut queue = self.shared.queue.lock();
        queue.drain_into(&mut self.waiting, usize::MAX);
        drop(queue);
        if self.waiting.is_empty() {
            return false;
        }
        self.write_group();
        true
    }

    fn write_group(&mut self) {
        let from = self.position.next;
        match self.try_group() {
            Ok(()) => {
                let shared = &self.shared;
                let (upto, timestamp) = (self.position.last(), self.position.timestamp_micros);
                shared.timestamp_micros.store(timestamp, Ordering::Release);
                shared.tail.store(upto.0, Ordering::Release);
                if let Some(sink) = shared.sink.get() {
                    sink.on_durable(upto);
                }
                self.prepare_ahead();
            }
            Err(Stop::Full) => {
                self.fail(from, refusal(RefusedReason::DiskFull));
            }
            Err(Stop::Failed(message)) => {
                tracing::error!(%message, "the commit log stops");
                self.fail(from, AppendFailure::Unknown { message });
            }
        }
    }

    /// Drops everything from `from` on and tells the sink.
    fn fail(&mut self, from: Lsn, failure: AppendFailure) {
        self.waiting.clear();
        let mut queue = self.shared.queue.lock();
        match failure {
            AppendFailure::Refused { .. } => queue.refuse(from),
            AppendFailure::Fenced { .. } | AppendFailure::Unknown { .. } => {
                queue.stop(failure.clone());
            }
        }
        drop(queue);
        if let Some(sink) = self.shared.sink.get() {
            sink.on_failed(from, failure);
        }
    }

    fn try_group(&mut self) -> Result<(), Stop> {
        let Some(first) = self.waiting.front() else {
            return Ok(());
        };
        let needed = GROUP_HEADER_BYTES as u64 + encoded_bytes(first);
        let active = self.active_with(needed)?;
        let bytes_max = needed.max(GROUP_BYTES_MAX.min(active.file_bytes - self.offset));

        let start = self.position;
        self.buffer.clear();
        self.buffer.resize(GROUP_HEADER_BYTES, 0);
        let mut frames = 0;
        while let Some(batch) = self.waiting.front() {
            if self.buffer.len() as u64 + encoded_bytes(batch) > bytes_max {
                break;
            }
            assert!(batch.first == self.position.next, "the queue has a gap");
            let shard = self.shared.shard;
            frames += encode_batch(&mut self.buffer, batch, shard, &mut self.position);
            self.waiting.pop_front();
        }
        self.write_and_sync(&active, start, frames)
    }

    /// Completes the group in the buffer and makes it durable.
    fn write_and_sync(
        &mut self,
        active: &Segment,
        start: Position,
        frames: u32,
    ) -> Result<(), Stop> {
        let body_bytes = self.buffer.len() - GROUP_HEADER_BYTES;
        let header = GroupHeader {
            offset: self.offset,
            synced: self.offset,
            body_bytes: body_bytes as u32,
            frames,
            first: start.next,
            last: self.position.last(),
            chain: start.chain,
        };
        if let Some(place) = self.buffer.first_chunk_mut() {
            *place = header.encode(active.header.salt);
        }
        let length = align_up(self.buffer.len() as u64);
        self.buffer.resize(length as usize, 0);
        // From here on every error leaves the outcome open, even ENOSPC: a part may have been written.
        let unknown =
            |what: &'static str| move |error: io::Error| Stop::Failed(format!("{what}: {error}"));
        let written = active.file.write_at(&self.buffer, self.offset);
        written.map_err(unknown("writing a group"))?;
        let synced = active.file.sync_data();
        synced.map_err(unknown("syncing a group"))?;
        active.on_group(self.offset, start, self.offset + length);
        self.offset += length;
        self.sealed = frames == 0;
        if self.buffer.capacity() as u64 > 2 * GROUP_BYTES_MAX {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    /// The segment to write to, a new one if the active one has no room for so many bytes.
    fn active_with(&mut self, needed: u64) -> Result<Arc<Segment>, Stop> {
        let needed = align_up(needed);
        match &self.active {
            Some(active) if self.offset + needed <= active.file_bytes => Ok(Arc::clone(active)),
            _ => self.roll(needed),
        }
    }

    /// Begins a segment with room for at least so many bytes of groups.
    fn roll(&mut self, needed: u64) -> Result<Arc<Segment>, Stop> {
        let shared = Arc::clone(&self.shared);
        let file_bytes = shared.segment_bytes.max(HEADER_PAGE_BYTES + needed);
        // Held until the file has its new name: whoever makes the next spare file replaces what is there under that name.
        let mut place = shared.spare.lock();
        let spare = match place.take() {
            Some(spare) if spare.file_bytes >= file_bytes => spare,
            _ => {
                shared.keep_spare(&mut place, None);
                create_spare(&*shared.files, &shared.directory, file_bytes)
                    .map_err(before_write("creating a segment file"))?
            }
        };
        shared.keep_spare(&mut place, None);

        let header = SegmentHeader {
            shard: shared.shard,
            salt: shared.rand.next_u64(),
            start: self.position,
            previous_first: self
                .active
                .as_ref()
                .map_or(Lsn::ZERO, |active| active.first()),
            previous_end: self.active.as_ref().map_or(0, |_| self.offset),
        };
        let path = shared.directory.join(name_of(self.position.next));
        let begun = spare
            .file
            .write_at(&header.encode(), 0)
            .and_then(|()| spare.file.sync_data())
            .and_then(|()| {
                shared
                    .files
                    .rename(&shared.directory.join(SPARE_NAME), &path)
            });
        if let Err(error) = begun {
            shared.keep_spare(&mut place, Some(spare));
            return Err(before_write("beginning a segment")(error));
        }
        let named = shared.files.sync_dir(&shared.directory);
        named.map_err(|error| Stop::Failed(format!("syncing the log's directory: {error}")))?;
        drop(place);

        let segment = Arc::new(Segment::new(header, path, spare.file, spare.file_bytes));
        shared.segments.lock().push_back(Arc::clone(&segment));
        self.active = Some(Arc::clone(&segment));
        self.offset = HEADER_PAGE_BYTES;
        self.sealed = true;
        self.join_preparing();
        Ok(segment)
    }

    /// Lets a thread make the next file when half of this one is used.
    fn prepare_ahead(&mut self) {
        let half = self.active.as_ref().map_or(0, |active| active.file_bytes) / 2;
        if !self.prepares || self.preparing.is_some() || self.offset < half {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new()
            .name("log-prepare".into())
            .spawn(move || shared.prepare());
        // Without a thread the file is made when it is needed.
        self.preparing = spawned.ok();
    }

    fn join_preparing(&mut self) {
        if let Some(thread) = self.preparing.take() {
            // It only panics with a broken invariant, and has reported that itself.
            let _ = thread.join();
        }
    }

    /// Writes what is left, takes nothing more, and seals the log.
    pub(crate) fn close(&mut self) {
        let failed = loop {
            while self.step() {}
            // Under one lock: nothing may slip in between the last group and the end.
            let mut queue = self.shared.queue.lock();
            if queue.is_empty() {
                let failed = queue.stopped();
                queue.stop(AppendFailure::Unknown {
                    message: "the log is closed".into(),
                });
                break failed;
            }
        };
        self.join_preparing();
        if !failed {
            self.seal();
        }
    }

    /// Writes an empty group, which proves to the next opening that the last group was synced.
    fn seal(&mut self) {
        let Some(active) = self.active.clone() else {
            return;
        };
        let room = active.file_bytes - self.offset;
        if self.sealed || room < GROUP_HEADER_BYTES as u64 {
            return;
        }
        self.buffer.clear();
        self.buffer.resize(GROUP_HEADER_BYTES, 0);
        if let Err(Stop::Failed(message)) = self.write_and_sync(&active, self.position, 0) {
            // Everything acknowledged is durable without the seal.
            tracing::warn!(%message, "could not seal the commit log");
        }
    }
}

impl Drop for Writer {
    /// If the writer dies of a broken invariant, nobody must believe that appends are still being written.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.queue.lock().stop(AppendFailure::Unknown {
                message: "the log's writer has panicked".into(),
            });
        }
    }
}
