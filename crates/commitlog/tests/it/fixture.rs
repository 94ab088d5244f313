//! The on-disk format stays readable: logs written by earlier versions are opened here, for ever.
//!
//! `tests/fixtures/v1` was written by [`history`]. A change of the format adds a directory and leaves the old ones.

use bytes::Bytes;
use shale_commitlog::{Batch, Claim, Drive, Epoch, FileLog, FileLogOptions, Log, Lsn};
use shale_env::{Files, SeededRand, SystemFiles};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1")
}

fn open(directory: &Path) -> FileLog {
    let options = FileLogOptions {
        segment_bytes: 8192,
        drive: Drive::Stepped,
        claim: Claim::Epoch(Epoch(3)),
        ..FileLogOptions::new(directory)
    };
    FileLog::open(options, Arc::new(SystemFiles), Arc::new(SeededRand::new(1))).unwrap()
}

fn payload(lsn: u64) -> Bytes {
    format!("fixture {lsn} ").repeat(lsn as usize).into()
}

fn batch(first: u64, payloads: Vec<Bytes>) -> Batch {
    Batch {
        epoch: Epoch(3),
        first: Lsn(first),
        timestamp_micros: 1_700_000_000_000_000 + first,
        payloads,
    }
}

/// Batches of one and several records, a fragmented record, several segments, a trim, a seal.
fn history(directory: &Path) {
    let log = open(directory);
    for lsn in 1..=20 {
        log.append(batch(lsn, vec![payload(lsn)])).unwrap();
        assert!(log.step());
    }
    log.append(batch(21, (21..=24).map(payload).collect()))
        .unwrap();
    log.append(batch(25, vec![Bytes::from(vec![25; 300_000])]))
        .unwrap();
    while log.step() {}
    log.append(batch(26, vec![payload(26)])).unwrap();
    assert!(log.step());
    log.trim(Lsn(20)).unwrap();
}

fn contents(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let names = SystemFiles.list(directory).unwrap();
    let read = |name: String| {
        let content = std::fs::read(directory.join(&name)).unwrap();
        (name, content)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn version_1_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in contents(&fixture()) {
        std::fs::write(directory.path().join(name), content).unwrap();
    }
    let log = open(directory.path());
    assert_eq!((log.tail(), log.epoch()), (Lsn(26), Epoch(3)));
    let oldest = log.oldest();
    assert!(oldest > Lsn(1) && oldest <= Lsn(21));
    for (record, lsn) in log.read(oldest).unwrap().zip(oldest.0..) {
        let record = record.unwrap();
        assert_eq!((record.lsn, record.epoch), (Lsn(lsn), Epoch(3)));
        let first = if (21..=24).contains(&lsn) { 21 } else { lsn };
        assert_eq!(record.timestamp_micros, 1_700_000_000_000_000 + first);
        if lsn == 25 {
            assert_eq!(record.payload, vec![25; 300_000]);
        } else {
            assert_eq!(record.payload, payload(lsn));
        }
    }
    log.append(batch(27, vec![payload(27)])).unwrap();
    assert!(log.step());
    drop(log);
    assert_eq!(open(directory.path()).tail(), Lsn(27));
}

/// Fails when the bytes that are written change, so that this cannot happen unnoticed.
/// With `SHALE_WRITE_FIXTURE=1` it writes the fixture instead; only for a format that was never released.
#[test]
fn version_1_is_what_is_written() {
    let directory = tempfile::tempdir().unwrap();
    history(directory.path());
    let written = contents(directory.path());
    if std::env::var_os("SHALE_WRITE_FIXTURE").is_some() {
        std::fs::create_dir_all(fixture()).unwrap();
        for (name, content) in &written {
            std::fs::write(fixture().join(name), content).unwrap();
        }
    }
    let expected = contents(&fixture());
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&written), names(&expected));
    for ((name, written), (_, expected)) in written.iter().zip(&expected) {
        assert!(written == expected, "{name} differs");
    }
}
