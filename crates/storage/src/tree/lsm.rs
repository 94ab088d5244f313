//! Trees on disk: `lsm-tree`.

use crate::{StorageError, TreeStore};
use std::path::Path;

/// Settings of the trees on disk.
#[derive(Clone, Debug)]
pub struct LsmOptions {
    /// Bytes of the block cache that all trees share.
    pub cache_bytes: u64,
    /// Open files that all trees share.
    pub open_files_max: usize,
}

impl Default for LsmOptions {
    fn default() -> Self {
        LsmOptions {
            cache_bytes: 256 << 20,
            open_files_max: 512,
        }
    }
}

/// The trees of a shard in a directory, which it locks.
#[derive(Debug)]
pub struct LsmStore {}

impl LsmStore {
    /// Locks the directory (created if missing) and checks its format.
    ///
    /// # Errors
    /// `Locked` if another process has it, `Corrupt` if it is not ours, `Io` if it cannot be read.
    pub fn open(_directory: &Path, _options: LsmOptions) -> Result<LsmStore, StorageError> {
        todo!()
    }
}

impl TreeStore for LsmStore {}
