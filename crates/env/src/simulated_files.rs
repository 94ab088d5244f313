//! A file system in memory that fails as disks fail, on demand and from a seed.
//!
//! The model:
//! * a write is in the *cache* at once and *pending* until a sync makes it durable;
//! * [`SimulatedFiles::crash`] takes the cache away: of the pending writes any set of 512-byte sectors survives, and of the
//!   directory changes that were not synced any prefix does, chosen by the seed;
//! * a sync can fail as Linux lets it fail (the cache still shows the data, nothing says any more that it is not on the disk), or
//!   lie (success is reported, the writes stay pending);
//! * space can be limited; growing beyond it is ENOSPC.
//!
//! Invariant: what was synced honestly survives every crash unchanged, unless a test damages it with [`SimulatedFiles::flip_bit`].

use crate::{File, Files, Rand, SeededRand};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What disks write atomically.
const SECTOR_BYTES: u64 = 512;

/// How a sync goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncFault {
    /// It reports an error; what was pending may or may not have reached the disk, and no later sync will write it.
    Fail,
    /// It reports success without having written anything.
    Lie,
}

/// Files in memory, as one process sees them; clones share them.
#[derive(Clone, Default)]
pub struct SimulatedFiles {
    state: Arc<Mutex<State>>,
    /// Which process this is: after a crash this value and its open files are dead, so that what is left of the old process
    /// cannot touch what the next one finds.
    generation: u64,
}

impl fmt::Debug for SimulatedFiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SimulatedFiles")
    }
}

#[derive(Default)]
struct State {
    /// The living process.
    generation: u64,
    inodes: Vec<Inode>,
    directories: BTreeSet<PathBuf>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<NameChange>,
    /// `None` = no limit.
    space_bytes: Option<u64>,
    sync_faults: VecDeque<Option<SyncFault>>,
    write_faults: VecDeque<bool>,
    syncs: u64,
    writes: u64,
}

#[derive(Default)]
struct Inode {
    cache: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

enum Pending {
    Write { offset: u64, bytes: Vec<u8> },
    Extend { length: u64 },
}

enum NameChange {
    Create { path: PathBuf, inode: usize },
    Rename { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
}

impl NameChange {
    fn directory(&self) -> Option<&Path> {
        match self {
            NameChange::Create { path, .. } | NameChange::Remove { path } => path.parent(),
            NameChange::Rename { from, .. } => from.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            NameChange::Create { path, inode } => {
                names.insert(path.clone(), *inode);
            }
            NameChange::Rename { from, to } => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            NameChange::Remove { path } => {
                names.remove(path);
            }
        }
    }
}

impl SimulatedFiles {
    /// An empty file system without faults.
    pub fn new() -> SimulatedFiles {
        SimulatedFiles::default()
    }

    /// The power goes: everything that was not synced is lost, torn or kept as the seed decides.
    /// Returns the files as the next process finds them; this value and its open files fail from now on.
    #[must_use = "the crashed files are dead"]
    pub fn crash(&self, seed: u64) -> SimulatedFiles {
        let rand = SeededRand::new(seed);
        let mut state = self.state.lock();
        let survivors = rand.below(state.pending_names.len() as u64 + 1);
        let changes = std::mem::take(&mut state.pending_names);
        for change in changes.iter().take(survivors as usize) {
            change.apply(&mut state.durable_names);
        }
        state.names = state.durable_names.clone();
        for inode in &mut state.inodes {
            inode.crash(&rand);
        }
        self.next_process(&mut state)
    }

    /// The process ends but the machine goes on: the cache stays.
    /// Returns the files as the next process finds them; this value and its open files fail from now on.
    #[must_use = "the killed files are dead"]
    pub fn kill(&self) -> SimulatedFiles {
        self.next_process(&mut self.state.lock())
    }

    fn next_process(&self, state: &mut State) -> SimulatedFiles {
        state.generation += 1;
        state.sync_faults.clear();
        state.write_faults.clear();
        SimulatedFiles {
            state: Arc::clone(&self.state),
            generation: state.generation,
        }
    }

    /// Lets the sync after `skip` further ones go wrong. Faults are served in the order of these calls.
    pub fn fault_sync(&self, skip: usize, fault: SyncFault) {
        let mut state = self.state.lock();
        state.sync_faults.extend(std::iter::repeat_n(None, skip));
        state.sync_faults.push_back(Some(fault));
    }

    /// Lets the write after `skip` further ones fail half way with EIO.
    pub fn fault_write(&self, skip: usize) {
        let mut state = self.state.lock();
        state.write_faults.extend(std::iter::repeat_n(false, skip));
        state.write_faults.push_back(true);
    }

    /// Limits the space that all files together may take; `None` lifts the limit.
    pub fn limit_space(&self, bytes: Option<u64>) {
        self.state.lock().space_bytes = bytes;
    }

    /// Bytes that all files together take.
    pub fn used_bytes(&self) -> u64 {
        self.state.lock().used_bytes()
    }

    /// Calls of `sync_data` so far, the failed ones too.
    pub fn sync_count(&self) -> u64 {
        self.state.lock().syncs
    }

    /// Calls of `write_at` so far, the failed ones too.
    pub fn write_count(&self) -> u64 {
        self.state.lock().writes
    }

    /// Damages one bit of a file, durably.
    ///
    /// # Panics
    /// If the file or the byte does not exist: the test means another one.
    pub fn flip_bit(&self, path: &Path, offset: u64, bit: u8) {
        let mut state = self.state.lock();
        let inode = state.names[path];
        let inode = &mut state.inodes[inode];
        inode.cache[offset as usize] ^= 1 << bit;
        if let Some(byte) = inode.durable.get_mut(offset as usize) {
            *byte ^= 1 << bit;
        }
    }

    fn handle(&self, inode: usize) -> Arc<dyn File> {
        Arc::new(SimulatedFile {
            state: Arc::clone(&self.state),
            generation: self.generation,
            inode,
        })
    }

    /// The state, unless this process has ended.
    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        alive(&self.state, self.generation)
    }
}

fn alive(state: &Mutex<State>, generation: u64) -> io::Result<MutexGuard<'_, State>> {
    let state = state.lock();
    if state.generation == generation {
        Ok(state)
    } else {
        Err(io::Error::other("the simulated process has ended"))
    }
}

impl State {
    fn used_bytes(&self) -> u64 {
        // A removed file that is still open takes space too, but no test measures that.
        let linked: BTreeSet<usize> = self.names.values().copied().collect();
        linked
            .into_iter()
            .map(|inode| self.inodes[inode].cache.len() as u64)
            .sum()
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending_names.push(change);
    }

    fn inode_of(&self, path: &Path) -> io::Result<usize> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// Room for a file to grow to `length`.
    fn check_space(&self, inode: usize, length: u64) -> io::Result<()> {
        let growth = length.saturating_sub(self.inodes[inode].cache.len() as u64);
        match self.space_bytes {
            Some(limit) if growth > 0 && self.used_bytes() + growth > limit => {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            _ => Ok(()),
        }
    }
}

impl Inode {
    fn write(&mut self, offset: u64, bytes: &[u8]) {
        put(&mut self.cache, offset, bytes);
        self.pending.push(Pending::Write {
            offset,
            bytes: bytes.to_vec(),
        });
    }

    fn persist_all(&mut self) {
        for pending in self.pending.drain(..) {
            match pending {
                Pending::Write { offset, bytes } => put(&mut self.durable, offset, &bytes),
                Pending::Extend { length } => extend(&mut self.durable, length),
            }
        }
    }

    /// Some sectors of what is pending reach the disk, the rest never will.
    fn persist_some(&mut self, rand: &SeededRand) {
        // Whole survival and whole loss are the common outcomes of a real power cut: each gets its share.
        let percent = match rand.below(4) {
            0 => 0,
            1 => 100,
            _ => rand.below(101),
        };
        for pending in self.pending.drain(..) {
            match pending {
                Pending::Write { offset, bytes } => {
                    for (start, sector) in sectors(offset, &bytes) {
                        if rand.chance(percent) {
                            put(&mut self.durable, start, sector);
                        }
                    }
                }
                Pending::Extend { length } => {
                    if rand.chance(percent) {
                        extend(&mut self.durable, length);
                    }
                }
            }
        }
    }

    fn crash(&mut self, rand: &SeededRand) {
        self.persist_some(rand);
        self.cache = self.durable.clone();
    }
}

fn extend(content: &mut Vec<u8>, length: u64) {
    if (content.len() as u64) < length {
        content.resize(length as usize, 0);
    }
}

fn put(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let end = offset + bytes.len() as u64;
    extend(content, end);
    content[offset as usize..end as usize].copy_from_slice(bytes);
}

/// The parts of a write by the sectors they fall into, with the offset of each part.
fn sectors(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(done..).filter(|rest| !rest.is_empty())?;
        let start = offset + done as u64;
        let length = (SECTOR_BYTES - start % SECTOR_BYTES).min(rest.len() as u64) as usize;
        done += length;
        Some((start, &rest[..length]))
    })
}

impl Files for SimulatedFiles {
    fn create_dir_all(&self, directory: &Path) -> io::Result<()> {
        let mut state = self.alive()?;
        state
            .directories
            .extend(directory.ancestors().map(Path::to_path_buf));
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let state = self.alive()?;
        if !state.directories.contains(directory) {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        Ok(state
            .names
            .keys()
            .filter(|path| path.parent() == Some(directory))
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect())
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let state = self.alive()?;
        let inode = state.inode_of(path)?;
        Ok(self.handle(inode))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut state = self.alive()?;
        if state.names.contains_key(path) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let known = path
            .parent()
            .is_some_and(|parent| state.directories.contains(parent));
        if !known {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.change_name(NameChange::Create {
            path: path.to_path_buf(),
            inode,
        });
        Ok(self.handle(inode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.alive()?;
        if from.parent() != to.parent() {
            return Err(io::Error::from(io::ErrorKind::CrossesDevices));
        }
        state.inode_of(from)?;
        state.change_name(NameChange::Rename {
            from: from.to_path_buf(),
            to: to.to_path_buf(),
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.alive()?;
        state.inode_of(path)?;
        state.change_name(NameChange::Remove {
            path: path.to_path_buf(),
        });
        Ok(())
    }

    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        let mut state = self.alive()?;
        let changes = std::mem::take(&mut state.pending_names);
        for change in changes {
            if change.directory() == Some(directory) {
                change.apply(&mut state.durable_names);
            } else {
                state.pending_names.push(change);
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedFile {
    state: Arc<Mutex<State>>,
    generation: u64,
    inode: usize,
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl SimulatedFile {
    /// Runs an operation on the state, unless the process that opened the file has ended.
    fn alive<T>(&self, operation: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        operation(&mut *alive(&self.state, self.generation)?)
    }
}

impl File for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        self.alive(|state| Ok(state.inodes[self.inode].cache.len() as u64))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.alive(|state| {
            let cache = &state.inodes[self.inode].cache;
            let rest = cache.get(offset as usize..).unwrap_or_default();
            let length = rest.len().min(buffer.len());
            buffer[..length].copy_from_slice(&rest[..length]);
            Ok(length)
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.alive(|state| {
            state.writes += 1;
            if state.write_faults.pop_front().unwrap_or(false) {
                let (done, _) = bytes.split_at(bytes.len() / 2);
                state.inodes[self.inode].write(offset, done);
                return Err(io::Error::from_raw_os_error(libc::EIO));
            }
            state.check_space(self.inode, offset + bytes.len() as u64)?;
            state.inodes[self.inode].write(offset, bytes);
            Ok(())
        })
    }

    fn preallocate(&self, length: u64) -> io::Result<()> {
        self.alive(|state| {
            state.check_space(self.inode, length)?;
            let inode = &mut state.inodes[self.inode];
            extend(&mut inode.cache, length);
            inode.pending.push(Pending::Extend { length });
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.alive(|state| {
            state.syncs += 1;
            let seed = state.syncs;
            let fault = state.sync_faults.pop_front().flatten();
            let inode = &mut state.inodes[self.inode];
            match fault {
                None => {
                    inode.persist_all();
                    Ok(())
                }
                Some(SyncFault::Lie) => Ok(()),
                Some(SyncFault::Fail) => {
                    inode.persist_some(&SeededRand::new(seed));
                    Err(io::Error::from_raw_os_error(libc::EIO))
                }
            }
        })
    }
}

#[cfg(test)]
mod tests;
