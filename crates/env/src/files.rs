//! The few file operations that a write-ahead log needs, as a trait, so that a simulation can lose, tear and refuse writes.
//!
//! Not here: general file access. Who only reads a configuration or hands a path to a library uses `std::fs`.
//!
//! What the trait promises, and a simulation takes back at a crash:
//! * [`File::write_at`] is visible to every reader at once, but durable only after a successful [`File::sync_data`];
//! * creating, renaming and removing are durable only after [`Files::sync_dir`] of the directory;
//! * after a failed sync nothing is known about the writes before it, and syncing again proves nothing: the system may have
//!   marked the lost pages clean.

use std::fmt::Debug;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// A directory tree. Paths are absolute or relative to the process, as in `std::fs`.
pub trait Files: Send + Sync + Debug + 'static {
    /// Creates the directory and its parents, durably; no error if it is there.
    fn create_dir_all(&self, directory: &Path) -> io::Result<()>;
    /// Names of the files in a directory, sorted. Subdirectories are left out.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;
    /// Opens an existing file for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Creates an empty file for reading and writing; an existing one is an error.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Renames a file within its directory; open handles follow. An existing target is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; open handles go on reading it.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, directory: &Path) -> io::Result<()>;
}

/// An open file. All methods may be called from several threads.
pub trait File: Send + Sync + Debug {
    /// Length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Reads as much as there is, at most the buffer; fewer bytes than the buffer mean the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all bytes. After an error any part of them may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes sure that the first `length` bytes have space on the disk; extends the file with zeros, never shortens it.
    fn preallocate(&self, length: u64) -> io::Result<()>;
    /// Makes the file's content and length durable (`fdatasync`).
    fn sync_data(&self) -> io::Result<()>;
}

/// The machine's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn create_dir_all(&self, directory: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = directory
            .ancestors()
            .take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists())
            .collect();
        std::fs::create_dir_all(directory)?;
        for created in missing {
            // A relative path of one component lives in the current directory.
            let parent = match created.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            self.sync_dir(parent)?;
        }
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                // A name that is not UTF-8 is nobody's here.
                if let Ok(name) = entry.file_name().into_string() {
                    names.push(name);
                }
            }
        }
        names.sort();
        Ok(names)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let file = std::fs::File::options().read(true).write(true).open(path)?;
        Ok(Arc::new(SystemFile(file)))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        Ok(Arc::new(SystemFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        std::fs::File::open(directory)?.sync_all()
    }
}

#[derive(Debug)]
struct SystemFile(std::fs::File);

impl File for SystemFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.0.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn preallocate(&self, length: u64) -> io::Result<()> {
        match reserve(&self.0, length) {
            // A file system without reservation (tmpfs on old kernels, network mounts): the length alone, and ENOSPC comes later.
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {
                if self.size()? < length {
                    self.0.set_len(length)?;
                }
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Reserves disk space; fails with ENOSPC at once instead of half way through writing.
#[cfg(target_os = "linux")]
fn reserve(file: &std::fs::File, length: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let length =
        libc::off_t::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    loop {
        // SAFETY: the descriptor is open for as long as `file` is borrowed; no memory is passed.
        #[allow(unsafe_code)]
        let outcome = unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) };
        if outcome == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Other systems have no call that both reserves and extends.
#[cfg(not(target_os = "linux"))]
fn reserve(_file: &std::fs::File, _length: u64) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What every implementation must do as long as nothing fails.
    pub(crate) fn check_files(files: &dyn Files, root: &Path) {
        let directory = root.join("a/b");
        files.create_dir_all(&directory).unwrap();
        files.create_dir_all(&directory).unwrap();
        assert_eq!(files.list(&directory).unwrap(), Vec::<String>::new());

        let path = directory.join("two");
        let file = files.create(&path).unwrap();
        assert_eq!(
            files.create(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        file.preallocate(100).unwrap();
        file.preallocate(10).unwrap();
        assert_eq!(file.size().unwrap(), 100);
        file.write_at(b"hello", 98).unwrap();
        assert_eq!(file.size().unwrap(), 103);
        let mut buffer = [9; 8];
        assert_eq!(file.read_at(&mut buffer, 97).unwrap(), 6);
        assert_eq!(&buffer[..6], b"\0hello");
        assert_eq!(file.read_at(&mut buffer, 500).unwrap(), 0);
        file.sync_data().unwrap();

        files.create(&directory.join("one")).unwrap();
        assert_eq!(files.list(&directory).unwrap(), ["one", "two"]);
        files.rename(&path, &directory.join("three")).unwrap();
        files.remove(&directory.join("one")).unwrap();
        files.sync_dir(&directory).unwrap();
        assert_eq!(files.list(&directory).unwrap(), ["three"]);
        assert_eq!(
            files.open(&path).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        let again = files.open(&directory.join("three")).unwrap();
        file.write_at(b"J", 98).unwrap();
        again.read_at(&mut buffer[..5], 98).unwrap();
        assert_eq!(&buffer[..5], b"Jello");

        files.remove(&directory.join("three")).unwrap();
        assert_eq!(file.read_at(&mut buffer[..5], 98).unwrap(), 5);
        assert!(files.remove(&directory.join("three")).is_err());
        assert!(files.list(&root.join("nowhere")).is_err());
        assert!(files.create(&root.join("nowhere/file")).is_err());
    }

    #[test]
    fn system_files_do_what_the_trait_says() {
        let directory = tempfile::tempdir().unwrap();
        check_files(&SystemFiles, directory.path());
    }
}
