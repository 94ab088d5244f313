//! What only the file log has: segments, the spare file, seals, and the exact answers to damaged directories.

use crate::backends::{SEGMENT_BYTES, directory, find, open_in_memory};
use bytes::Bytes;
use parking_lot::Mutex;
use shale_commitlog::conformance::Outcomes;
use shale_commitlog::{
    AppendFailure, AppendSink, Batch, Claim, Drive, FileLog, FileLogOptions, Log, LogError, Lsn,
    Record, ShardId,
};
use shale_env::{Files, SeededRand, SimulatedFiles, SyncFault};
use std::sync::Arc;

fn open(files: &SimulatedFiles) -> (FileLog, Arc<Outcomes>) {
    let log = open_in_memory(files, Claim::Next, Drive::Stepped).unwrap();
    let outcomes = Arc::new(Outcomes::default());
    log.set_sink(Arc::<Outcomes>::clone(&outcomes));
    (log, outcomes)
}

fn payload(lsn: u64) -> Bytes {
    format!("({lsn})").repeat(50).into()
}

fn append(log: &FileLog, lsn: u64) {
    let batch = Batch {
        epoch: log.epoch(),
        first: Lsn(lsn),
        timestamp_micros: lsn,
        payloads: vec![payload(lsn)],
    };
    log.append(batch).unwrap();
}

/// Each record a group of its own.
fn write(log: &FileLog, lsns: std::ops::RangeInclusive<u64>) {
    for lsn in lsns {
        append(log, lsn);
        assert!(log.step());
        assert_eq!(log.tail(), Lsn(lsn));
    }
}

fn read(log: &FileLog, from: u64) -> Vec<Record> {
    log.read(Lsn(from)).unwrap().map(Result::unwrap).collect()
}

fn names(files: &SimulatedFiles) -> Vec<String> {
    files.list(directory()).unwrap()
}

fn open_error(files: &SimulatedFiles) -> LogError {
    open_in_memory(files, Claim::Next, Drive::Stepped).unwrap_err()
}

/// Files with a closed log of `last` records in several segments.
fn written(last: u64) -> SimulatedFiles {
    let files = SimulatedFiles::new();
    let (log, _) = open(&files);
    write(&log, 1..=last);
    drop(log);
    files
}

#[test]
fn everything_waiting_is_one_write_and_one_sync() {
    let files = SimulatedFiles::new();
    let (log, outcomes) = open(&files);
    write(&log, 1..=1);
    let (writes, syncs) = (files.write_count(), files.sync_count());
    for lsn in 2..=30 {
        append(&log, lsn);
    }
    assert!(log.step());
    assert!(!log.step());
    assert_eq!(outcomes.durable(), Lsn(30));
    assert_eq!(
        (files.write_count(), files.sync_count()),
        (writes + 1, syncs + 1)
    );
}

#[test]
fn a_group_that_does_not_fit_goes_on_in_the_next_segment() {
    let files = SimulatedFiles::new();
    let (log, outcomes) = open(&files);
    for lsn in 1..=200 {
        append(&log, lsn);
    }
    assert!(log.step() && outcomes.durable() < Lsn(200));
    while log.step() {}
    assert_eq!(outcomes.durable(), Lsn(200));
    assert!(names(&files).len() > 2);
    assert_eq!(read(&log, 1).len(), 200);
}

#[test]
fn a_batch_longer_than_a_segment_gets_a_segment_of_its_own_length() {
    let files = SimulatedFiles::new();
    let (log, outcomes) = open(&files);
    write(&log, 1..=3);
    let large = Batch {
        epoch: log.epoch(),
        first: Lsn(4),
        timestamp_micros: 4,
        payloads: vec![Bytes::from(vec![5; 5 * SEGMENT_BYTES as usize]); 3],
    };
    log.append(large).unwrap();
    append(&log, 7);
    while log.step() {}
    assert_eq!(outcomes.durable(), Lsn(7));
    drop(log);
    let (log, _) = open(&files);
    assert_eq!(read(&log, 4)[0].payload.len() as u64, 5 * SEGMENT_BYTES);
    assert_eq!(read(&log, 7)[0].payload, payload(7));
}

#[test]
fn a_flipped_bit_anywhere_before_the_last_group_is_refused_with_its_place() {
    let files = written(120);
    let segments = names(&files);
    assert!(segments.len() >= 3, "{segments:?}");
    for lsn in [1, 2, 60, 119, 120] {
        let (path, at) = find(&files, directory(), &payload(lsn));
        files.flip_bit(&path, at + 3, 4);
        // The log was closed, so even the last group is known to have been synced.
        match open_error(&files) {
            LogError::Corrupt {
                file,
                offset,
                synced,
                reason,
            } => {
                assert_eq!(file, path.display().to_string());
                assert!(offset <= at && at < offset + 200, "{offset} {at}");
                assert!(synced > offset);
                assert_eq!(reason, "checksum differs");
            }
            error => panic!("{error}"),
        }
        files.flip_bit(&path, at + 3, 4);
    }
    assert_eq!(read(&open(&files).0, 1).len(), 120);
}

#[test]
fn a_damaged_group_header_before_the_tail_is_refused() {
    let files = written(10);
    let (path, at) = find(&files, directory(), &payload(5));
    let group = (at - 124) / 64 * 64;
    files.flip_bit(&path, group + 9, 0);
    match open_error(&files) {
        LogError::Corrupt { offset, synced, .. } => {
            assert_eq!(offset, group);
            assert!(synced > group);
        }
        error => panic!("{error}"),
    }
}

#[test]
fn damage_that_appears_later_is_met_by_the_reader() {
    let files = SimulatedFiles::new();
    let (log, _) = open(&files);
    write(&log, 1..=200);
    let (path, at) = find(&files, directory(), &payload(70));
    files.flip_bit(&path, at, 0);
    let records: Vec<_> = log.read(Lsn(60)).unwrap().collect();
    assert_eq!(
        records.len(),
        11,
        "ten records, then the error, then nothing"
    );
    assert!(matches!(records[10], Err(LogError::Corrupt { .. })));
    assert_eq!(read(&log, 180).len(), 21, "other segments can be read");
}

#[test]
fn a_damaged_segment_header_is_refused() {
    let files = written(120);
    for name in names(&files) {
        let path = directory().join(&name);
        files.flip_bit(&path, 33, 5);
        assert!(matches!(
            open_error(&files),
            LogError::Corrupt { offset: 0, .. }
        ));
        files.flip_bit(&path, 33, 5);
        files.flip_bit(&path, 8, 1);
        match open_error(&files) {
            LogError::UnsupportedVersion {
                found, supported, ..
            } => assert_eq!((found, supported), (3, 1)),
            error => panic!("{error}"),
        }
        files.flip_bit(&path, 8, 1);
    }
}

#[test]
fn a_missing_segment_in_the_middle_is_refused() {
    let files = written(120);
    let segments = names(&files);
    files.remove(&directory().join(&segments[1])).unwrap();
    match open_error(&files) {
        LogError::MissingSegment { file, missing } => {
            assert!(file.ends_with(&segments[2]));
            assert!(segments[1].contains(&missing.0.to_string()));
        }
        error => panic!("{error}"),
    }
}

#[test]
fn a_swapped_segment_is_refused() {
    let files = written(120);
    let segments = names(&files);
    let (first, second) = (&segments[0], &segments[1]);
    files
        .rename(&directory().join(second), &directory().join(first))
        .unwrap();
    match open_error(&files) {
        LogError::Corrupt { reason, .. } => {
            assert_eq!(reason, "the file's name and its header differ");
        }
        error => panic!("{error}"),
    }
}

#[test]
fn another_shards_directory_is_refused() {
    let files = written(1);
    let options = FileLogOptions {
        shard: ShardId(9),
        ..FileLogOptions::new(directory())
    };
    let opened = FileLog::open(
        options,
        Arc::new(files.clone()),
        Arc::new(SeededRand::new(1)),
    );
    match opened.unwrap_err() {
        LogError::WrongShard {
            found, expected, ..
        } => assert_eq!((found, expected), (ShardId(0), ShardId(9))),
        error => panic!("{error}"),
    }
}

#[test]
fn other_files_are_left_alone() {
    let files = written(3);
    for name in ["notes.txt", "1.log", "lost+found"] {
        files.create(&directory().join(name)).unwrap();
    }
    let (log, _) = open(&files);
    assert_eq!(read(&log, 1).len(), 3);
    assert!(names(&files).contains(&"1.log".to_owned()));
}

#[test]
fn a_segment_whose_file_an_earlier_attempt_took_away_is_trimmed() {
    let files = SimulatedFiles::new();
    let (log, _) = open(&files);
    write(&log, 1..=200);
    let segments = names(&files);
    let oldest = segments.iter().find(|name| name.ends_with(".log"));
    files.remove(&directory().join(oldest.unwrap())).unwrap();
    log.trim(Lsn(150)).unwrap();
    assert!(log.oldest() > Lsn(1));
    assert_eq!(read(&log, 151).len(), 50);
}

#[test]
fn an_unfinished_spare_is_removed_whatever_its_length() {
    let files = written(3);
    let spare = files.create(&directory().join("spare.new")).unwrap();
    spare.preallocate(SEGMENT_BYTES).unwrap();
    let (log, _) = open(&files);
    assert!(!names(&files).contains(&"spare.new".to_owned()));
    write(&log, 4..=150);
    assert_eq!(read(&log, 1).len(), 150);
    assert!(!names(&files).contains(&"spare.new".to_owned()));
}

#[test]
fn a_spare_of_the_wrong_length_is_replaced() {
    let files = written(3);
    let spare = files.create(&directory().join("spare")).unwrap();
    spare.write_at(b"half made", 0).unwrap();
    let (log, _) = open(&files);
    assert!(!names(&files).contains(&"spare".to_owned()));
    write(&log, 4..=150);
    assert_eq!(read(&log, 1).len(), 150);
}

#[test]
fn a_trimmed_segment_is_used_again_and_its_old_content_never_shows() {
    let files = SimulatedFiles::new();
    let (log, _) = open(&files);
    let mut last = 0;
    let mut spare_used = 0;
    for round in 0..30 {
        write(&log, last + 1..=last + 60);
        last += 60;
        log.trim(Lsn(last)).unwrap();
        let spare = names(&files).contains(&"spare".to_owned());
        spare_used += usize::from(spare);
        assert_eq!(log.disk_bytes(), files.used_bytes());
        assert!(log.disk_bytes() <= 2 * SEGMENT_BYTES, "round {round}");
    }
    assert!(spare_used > 20);
    let oldest = log.oldest();
    // Opened after a power cut, in the middle of old content.
    let files = files.crash(1);
    let (log, _) = open(&files);
    assert_eq!((log.oldest(), log.tail()), (oldest, Lsn(last)));
    assert_eq!(read(&log, oldest.0).last().unwrap().lsn, Lsn(last));
}

#[test]
fn a_full_disk_recovers_through_trimming_alone() {
    let files = SimulatedFiles::new();
    let (log, outcomes) = open(&files);
    files.limit_space(Some(3 * SEGMENT_BYTES));
    let mut lsn = 1;
    while outcomes.failures().is_empty() {
        append(&log, lsn);
        log.step();
        lsn += 1;
    }
    let (from, _) = outcomes.failures()[0].clone();
    log.trim(log.tail()).unwrap();
    write(&log, from.0..=from.0 + 40);
}

#[test]
fn a_sync_that_failed_before_the_restart_is_not_trusted_after_it() {
    // The write is in the page cache, the disk never got it, and the process restarts without the machine.
    for seed in 0..30 {
        let files = SimulatedFiles::new();
        let (log, outcomes) = open(&files);
        write(&log, 1..=5);
        files.fault_sync(0, SyncFault::Fail);
        append(&log, 6);
        assert!(log.step());
        assert!(matches!(
            outcomes.failures()[0],
            (Lsn(6), AppendFailure::Unknown { .. })
        ));
        let files = files.kill();
        drop(log);
        let (log, _) = open(&files);
        // Found, so from now on it must stay.
        assert_eq!(log.tail(), Lsn(6));
        let files = files.crash(seed);
        drop(log);
        assert_eq!(open(&files).0.tail(), Lsn(6), "seed {seed}");
    }
}

#[test]
fn a_failed_write_stops_the_log_and_leaves_no_trace_of_later_groups() {
    let files = SimulatedFiles::new();
    let (log, outcomes) = open(&files);
    write(&log, 1..=5);
    files.fault_write(0);
    append(&log, 6);
    assert!(log.step());
    append_fails(&log, 7);
    assert_eq!(outcomes.failures().len(), 1);
    drop(log);
    let (log, _) = open(&files);
    assert_eq!(log.tail(), Lsn(5), "half a group is no group");
    write(&log, 6..=8);
}

fn append_fails(log: &FileLog, lsn: u64) {
    let batch = Batch {
        epoch: log.epoch(),
        first: Lsn(lsn),
        timestamp_micros: lsn,
        payloads: vec![payload(lsn)],
    };
    assert!(matches!(
        log.append(batch),
        Err(AppendFailure::Unknown { .. })
    ));
}

#[test]
fn a_closed_log_takes_nothing() {
    let files = SimulatedFiles::new();
    let (log, outcomes) = open(&files);
    append(&log, 1);
    log.close();
    assert_eq!(outcomes.durable(), Lsn(1), "what was queued is written");
    append_fails(&log, 2);
    log.close();
}

/// Does something when told of durability.
struct OnDurable<F>(F);

impl<F: Fn() + Send + Sync> AppendSink for OnDurable<F> {
    fn on_durable(&self, _: Lsn) {
        (self.0)();
    }
    fn on_failed(&self, from: Lsn, failure: AppendFailure) {
        panic!("{from:?}: {failure:?}");
    }
}

#[test]
fn a_sink_may_drop_the_log() {
    let files = SimulatedFiles::new();
    let log = Arc::new(open_in_memory(&files, Claim::Next, Drive::Thread).unwrap());
    let last = Arc::new(Mutex::new(None));
    let held = Arc::clone(&last);
    let sink = Arc::new(OnDurable(move || drop(held.lock().take())));
    let alive = Arc::downgrade(&sink);
    log.set_sink(sink);
    let mut waiting = last.lock();
    append(&log, 1);
    append(&log, 2);
    *waiting = Some(log);
    drop(waiting);
    // The writer ends, and with it everything it holds.
    while alive.upgrade().is_some() {
        std::thread::yield_now();
    }
    assert_eq!(open(&files).0.tail(), Lsn(2));
}

#[test]
fn a_panicking_sink_does_not_leave_a_log_that_takes_records_and_writes_none() {
    let files = SimulatedFiles::new();
    let log = open_in_memory(&files, Claim::Next, Drive::Thread).unwrap();
    log.set_sink(Arc::new(OnDurable(|| panic!("the sink's own mistake"))));
    append(&log, 1);
    let batch = |lsn| Batch {
        epoch: log.epoch(),
        first: Lsn(lsn),
        timestamp_micros: lsn,
        payloads: vec![payload(lsn)],
    };
    let refused = (2..).find_map(|lsn| log.append(batch(lsn)).err());
    assert!(matches!(refused, Some(AppendFailure::Unknown { .. })));
}

#[test]
#[should_panic(expected = "the log expects Lsn(2)")]
fn a_gap_is_the_callers_mistake() {
    let files = SimulatedFiles::new();
    let (log, _) = open(&files);
    append(&log, 1);
    append(&log, 3);
}

#[test]
fn a_payload_that_looks_like_a_group_does_not_stop_a_torn_tail_from_being_cut() {
    let files = SimulatedFiles::new();
    let (log, _) = open(&files);
    write(&log, 1..=5);
    // A client copies groups out of a log, even of this very place, into its item.
    let (path, _) = find(&files, directory(), &payload(5));
    let segment = files.open(&path).unwrap();
    let mut stolen = vec![0; 8192];
    segment.read_at(&mut stolen, 4096).unwrap();
    let batch = Batch {
        epoch: log.epoch(),
        first: Lsn(6),
        timestamp_micros: 6,
        payloads: vec![stolen.into()],
    };
    log.append(batch).unwrap();
    assert!(log.step());
    drop(segment);
    let files = files.kill();
    drop(log);
    let (path, at) = find(&files, directory(), &payload(5));
    // Tear the last group: its frame begins a header after the one before it ended.
    let last_group = (at + payload(5).len() as u64).next_multiple_of(64);
    files.flip_bit(&path, last_group + 64 + 30, 0);
    assert_eq!(open(&files).0.tail(), Lsn(5));
}
