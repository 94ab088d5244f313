//! The directory of a shard's trees: lock, format version, floors.
//!
//! ```text
//! LOCK      held exclusively by the process that has the directory open
//! FORMAT    "shale shard 1\n"
//! FLOORS    "SHFL", version 1, per role: LSN (8 bytes, little-endian); CRC32C of all before it
//! catalog/  items/  indexes/  streams/  history/     one tree each
//! ```

use super::LsmTree;
use crate::tree::{Floors, OrderedTree, TreeStore};
use crate::{Role, StorageError};
use lsm_tree::config::{
    BloomConstructionPolicy, CompressionPolicy, FilterPolicy, FilterPolicyEntry, HashRatioPolicy,
    PinningPolicy,
};
use lsm_tree::{Cache, CompressionType, DescriptorTable};
use shale_commitlog::Lsn;
use shale_env::{Files, SystemFiles};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FORMAT: &str = "shale shard 1\n";
const FLOORS_MAGIC: [u8; 5] = *b"SHFL\x01";
/// False positives cost a block read each; ten bits per key keep them at one in a hundred.
const FILTER_BITS_PER_KEY: f32 = 10.0;

/// Settings of the trees on disk.
#[derive(Clone, Debug)]
pub struct LsmOptions {
    /// Bytes of the block cache that all trees share.
    pub cache_bytes: u64,
    /// Open files that all trees share.
    pub open_files_max: usize,
    /// Size at which a compaction starts the next file.
    pub file_bytes: u64,
    /// Whether blocks of all but the youngest two levels are compressed (LZ4).
    pub compress: bool,
}

impl Default for LsmOptions {
    fn default() -> Self {
        LsmOptions {
            cache_bytes: 256 << 20,
            open_files_max: 512,
            file_bytes: 64 << 20,
            compress: true,
        }
    }
}

/// The trees of a shard in a directory, which stays locked as long as the store lives.
pub struct LsmStore {
    directory: PathBuf,
    options: LsmOptions,
    cache: Arc<Cache>,
    files: Arc<DescriptorTable>,
    /// Held, not read: closing it releases the lock.
    _lock: File,
}

impl std::fmt::Debug for LsmStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LsmStore")
            .field("directory", &self.directory)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl LsmStore {
    /// Locks the directory (created if missing) and checks its format. Open it before the log of the same shard.
    ///
    /// # Errors
    /// `Locked` if another process has it, `Corrupt` if it is not ours, `Io` if it cannot be read or written.
    pub fn open(directory: &Path, options: LsmOptions) -> Result<LsmStore, StorageError> {
        let context = |what: &str| format!("{what} {}", directory.display());
        // Durably: the log below it is synced, and must not be lost with the name of the directory.
        SystemFiles
            .create_dir_all(directory)
            .map_err(|e| StorageError::io(context("create data directory"), &e))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join("LOCK"))
            .map_err(|e| StorageError::io(context("lock data directory"), &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StorageError::Locked(directory.display().to_string()));
            }
            Err(TryLockError::Error(e)) => {
                return Err(StorageError::io(context("lock data directory"), &e));
            }
        }
        check_format(directory)?;
        Ok(LsmStore {
            directory: directory.to_owned(),
            cache: Arc::new(Cache::with_capacity_bytes(options.cache_bytes)),
            files: Arc::new(DescriptorTable::new(options.open_files_max)),
            options,
            _lock: lock,
        })
    }

    fn configure(&self, config: lsm_tree::Config) -> lsm_tree::Config {
        let compression = if self.options.compress {
            CompressionPolicy::new([
                CompressionType::None,
                CompressionType::None,
                CompressionType::Lz4,
            ])
        } else {
            CompressionPolicy::disabled()
        };
        config
            .use_cache(self.cache.clone())
            .use_descriptor_table(Some(self.files.clone()))
            .data_block_compression_policy(compression)
            .data_block_hash_ratio_policy(HashRatioPolicy::all(0.75))
            .filter_block_pinning_policy(PinningPolicy::new([true, true, false]))
            .filter_policy(FilterPolicy::all(FilterPolicyEntry::Bloom(
                BloomConstructionPolicy::BitsPerKey(FILTER_BITS_PER_KEY),
            )))
    }

    fn floors_file(&self) -> PathBuf {
        self.directory.join("FLOORS")
    }
}

impl TreeStore for LsmStore {
    fn open_tree(&self, role: Role) -> Result<Box<dyn OrderedTree>, StorageError> {
        let path = self.directory.join(role.name());
        Ok(Box::new(LsmTree::open(
            |config| self.configure(config),
            path,
            self.options.file_bytes,
        )?))
    }

    fn load_floors(&self) -> Result<Floors, StorageError> {
        let file = self.floors_file();
        match std::fs::read(&file) {
            Ok(bytes) => decode_floors(&bytes).ok_or_else(|| {
                StorageError::Corrupt(format!("{}: not the floors of a shard", file.display()))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Floors::default()),
            Err(error) => Err(StorageError::io(format!("read {}", file.display()), &error)),
        }
    }

    fn store_floors(&self, floors: &Floors) -> Result<(), StorageError> {
        write_atomic(&self.directory, "FLOORS", &encode_floors(floors))
    }
}

/// Writes the format of a new directory, or checks that of an old one.
fn check_format(directory: &Path) -> Result<(), StorageError> {
    let file = directory.join("FORMAT");
    match std::fs::read(&file) {
        Ok(found) if found == FORMAT.as_bytes() => Ok(()),
        Ok(found) => Err(StorageError::Corrupt(format!(
            "{}: format {:?}, this program reads {FORMAT:?}",
            file.display(),
            String::from_utf8_lossy(found.get(..found.len().min(64)).unwrap_or_default())
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(role) = Role::ALL
                .iter()
                .find(|role| directory.join(role.name()).exists())
            {
                return Err(StorageError::Corrupt(format!(
                    "{} has trees ({}) but no FORMAT file",
                    directory.display(),
                    role.name()
                )));
            }
            write_atomic(directory, "FORMAT", FORMAT.as_bytes())
        }
        Err(error) => Err(StorageError::io(format!("read {}", file.display()), &error)),
    }
}

/// Replaces a file so that after a crash either the old or the new content is there.
fn write_atomic(directory: &Path, name: &str, content: &[u8]) -> Result<(), StorageError> {
    let target = directory.join(name);
    let temporary = directory.join(format!("{name}.new"));
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &target)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(|error| StorageError::io(format!("write {}", target.display()), &error))
}

fn encode_floors(floors: &Floors) -> Vec<u8> {
    let mut bytes = FLOORS_MAGIC.to_vec();
    for lsn in floors.0 {
        bytes.extend(lsn.0.to_le_bytes());
    }
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

fn decode_floors(bytes: &[u8]) -> Option<Floors> {
    let (content, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (words, rest) = content.strip_prefix(&FLOORS_MAGIC)?.as_chunks::<8>();
    let mut floors = Floors::default();
    if words.len() != floors.0.len() || !rest.is_empty() {
        return None;
    }
    for (floor, word) in floors.0.iter_mut().zip(words) {
        *floor = Lsn(u64::from_le_bytes(*word));
    }
    Some(floors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_are_read_back_and_damage_is_seen() {
        let floors = Floors([Lsn(1), Lsn(2), Lsn(u64::MAX), Lsn(0), Lsn(5)]);
        let bytes = encode_floors(&floors);
        assert_eq!(decode_floors(&bytes), Some(floors));
        for position in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[position] ^= 1;
            assert_eq!(decode_floors(&damaged), None, "byte {position}");
            assert_eq!(decode_floors(&bytes[..position]), None, "length {position}");
        }
    }

    #[test]
    fn a_second_open_is_refused_until_the_first_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let first = LsmStore::open(directory.path(), LsmOptions::default()).unwrap();
        let second = LsmStore::open(directory.path(), LsmOptions::default()).unwrap_err();
        assert_eq!(
            second,
            StorageError::Locked(directory.path().display().to_string())
        );
        drop(first);
        LsmStore::open(directory.path(), LsmOptions::default()).unwrap();
    }

    #[test]
    fn another_format_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        drop(LsmStore::open(directory.path(), LsmOptions::default()).unwrap());
        std::fs::write(directory.path().join("FORMAT"), "shale shard 2\n").unwrap();
        let error = LsmStore::open(directory.path(), LsmOptions::default()).unwrap_err();
        assert!(
            matches!(&error, StorageError::Corrupt(message) if message.contains("shale shard 2")),
            "{error}"
        );
        std::fs::remove_file(directory.path().join("FORMAT")).unwrap();
        std::fs::create_dir(directory.path().join("items")).unwrap();
        let error = LsmStore::open(directory.path(), LsmOptions::default()).unwrap_err();
        assert!(
            matches!(&error, StorageError::Corrupt(message) if message.contains("no FORMAT")),
            "{error}"
        );
    }

    #[test]
    fn a_directory_that_cannot_be_used_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = LsmStore::open(&file, LsmOptions::default()).unwrap_err();
        assert!(
            matches!(&error, StorageError::Io { context, .. } if context.contains("file")),
            "{error}"
        );
    }
}
