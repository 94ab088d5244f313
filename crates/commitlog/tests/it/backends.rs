//! The backends that run the conformance suite.

use shale_commitlog::conformance::Backend;
use shale_commitlog::{
    Claim, Drive, Fault, FaultRates, FileLog, FileLogOptions, Log, LogError, SimulatedDisk,
    SimulatedLog,
};
use shale_env::{Files, SeededRand, SimulatedFiles, SyncFault, SystemFiles, SystemRand};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Small, so that every test has several segments.
pub const SEGMENT_BYTES: u64 = 16 * 1024;

pub fn options(directory: &Path, claim: Claim, drive: Drive) -> FileLogOptions {
    FileLogOptions {
        claim,
        drive,
        segment_bytes: SEGMENT_BYTES,
        ..FileLogOptions::new(directory)
    }
}

fn position_of(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Finds bytes in the files of a directory.
pub fn find(files: &dyn Files, directory: &Path, needle: &[u8]) -> (PathBuf, u64) {
    for name in files.list(directory).unwrap() {
        let path = directory.join(name);
        let file = files.open(&path).unwrap();
        let mut content = vec![0; file.size().unwrap() as usize];
        file.read_at(&mut content, 0).unwrap();
        if let Some(at) = position_of(&content, needle) {
            return (path, at as u64);
        }
    }
    panic!("no file holds {:?}", String::from_utf8_lossy(needle));
}

/// Files on the disk of this machine, with the log's own thread. A crash is a copy of the directory as another process would find it.
pub struct OnDisk {
    root: tempfile::TempDir,
    generation: u32,
    log: Option<Arc<FileLog>>,
}

impl OnDisk {
    pub fn new() -> OnDisk {
        OnDisk {
            root: tempfile::tempdir().unwrap(),
            generation: 0,
            log: None,
        }
    }

    fn directory(&self) -> PathBuf {
        self.root.path().join(self.generation.to_string())
    }
}

impl Backend for OnDisk {
    fn open(&mut self, claim: Claim) -> Result<Arc<dyn Log>, LogError> {
        let options = options(&self.directory(), claim, Drive::Thread);
        let log = FileLog::open(options, Arc::new(SystemFiles), Arc::new(SystemRand))?;
        let log = Arc::new(log);
        self.log = Some(Arc::clone(&log));
        Ok(log)
    }

    fn close(&mut self) {
        self.log = None;
    }

    fn crash(&mut self, _seed: u64) {
        let old = self.directory();
        self.generation += 1;
        std::fs::create_dir(self.directory()).unwrap();
        for name in SystemFiles.list(&old).unwrap() {
            // A spare file may be in the making; it belongs to nobody.
            if name != "spare" && name != "spare.new" {
                std::fs::copy(old.join(&name), self.directory().join(&name)).unwrap();
            }
        }
        self.log = None;
    }

    fn inject(&mut self, _fault: Fault) -> bool {
        false
    }

    fn free_space(&mut self) {}

    fn damage(&mut self, payload: &[u8]) {
        let (path, at) = find(&SystemFiles, &self.directory(), payload);
        let file = SystemFiles.open(&path).unwrap();
        file.write_at(b"#", at + 20).unwrap();
    }
}

/// Simulated files, the log with its thread or stepped.
pub struct InMemory {
    pub files: SimulatedFiles,
    drive: Drive,
    log: Option<Arc<FileLog>>,
}

pub fn directory() -> &'static Path {
    Path::new("/log")
}

impl InMemory {
    pub fn new(drive: Drive) -> InMemory {
        InMemory {
            files: SimulatedFiles::new(),
            drive,
            log: None,
        }
    }
}

pub fn open_in_memory(
    files: &SimulatedFiles,
    claim: Claim,
    drive: Drive,
) -> Result<FileLog, LogError> {
    FileLog::open(
        options(directory(), claim, drive),
        Arc::new(files.clone()),
        Arc::new(SeededRand::new(files.write_count())),
    )
}

impl Backend for InMemory {
    fn open(&mut self, claim: Claim) -> Result<Arc<dyn Log>, LogError> {
        let log = Arc::new(open_in_memory(&self.files, claim, self.drive)?);
        self.log = Some(Arc::clone(&log));
        Ok(log)
    }

    fn settle(&mut self) {
        if let Some(log) = &self.log {
            while log.step() {}
        }
    }

    fn close(&mut self) {
        self.log = None;
    }

    fn crash(&mut self, seed: u64) {
        self.files = self.files.crash(seed);
        self.log = None;
    }

    fn inject(&mut self, fault: Fault) -> bool {
        match fault {
            Fault::FailedSync => self.files.fault_sync(0, SyncFault::Fail),
            Fault::LyingSync => self.files.fault_sync(0, SyncFault::Lie),
            Fault::DiskFull => self.files.limit_space(Some(self.files.used_bytes())),
            Fault::LostAcknowledgement => return false,
        }
        true
    }

    fn free_space(&mut self) {
        self.files.limit_space(None);
    }

    fn damage(&mut self, payload: &[u8]) {
        let (path, at) = find(&self.files, directory(), payload);
        self.files.flip_bit(&path, at + 20, 1);
    }
}

/// The simulated log.
#[derive(Default)]
pub struct Simulated {
    disk: SimulatedDisk,
    log: Option<Arc<SimulatedLog>>,
    openings: u64,
}

impl Backend for Simulated {
    fn open(&mut self, claim: Claim) -> Result<Arc<dyn Log>, LogError> {
        self.openings += 1;
        let disk = self.disk.clone();
        let log = SimulatedLog::open(disk, claim, self.openings, FaultRates::default())?;
        let log = Arc::new(log);
        self.log = Some(Arc::clone(&log));
        Ok(log)
    }

    fn settle(&mut self) {
        if let Some(log) = &self.log {
            log.settle();
        }
    }

    fn close(&mut self) {
        if let Some(log) = self.log.take() {
            self.disk = log.close();
        }
    }

    fn crash(&mut self, _seed: u64) {
        if let Some(log) = self.log.take() {
            self.disk = log.crash();
        }
    }

    fn inject(&mut self, fault: Fault) -> bool {
        if let Some(log) = &self.log {
            match fault {
                Fault::DiskFull => log.set_full(true),
                _ => log.schedule(fault),
            }
        }
        true
    }

    fn free_space(&mut self) {
        if let Some(log) = &self.log {
            log.set_full(false);
        }
    }

    fn damage(&mut self, payload: &[u8]) {
        let record = self
            .disk
            .records()
            .find(|record| record.payload == payload)
            .unwrap();
        let lsn = record.lsn;
        self.disk.damage(lsn);
    }
}
