//! The shard on real trees: memory bounds, reclaimed space, crash images, a full disk.

use crate::support::{TestApply, TestLog, Write, delete, manual, put, record, writes};
use bytes::Bytes;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shale_env::SystemClock;
use shale_storage::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn small_files() -> LsmOptions {
    LsmOptions {
        cache_bytes: 4 << 20,
        file_bytes: 256 << 10,
        ..LsmOptions::default()
    }
}

fn try_open(
    directory: &Path,
    options: ShardOptions,
    log: &TestLog,
) -> Result<Arc<Shard>, StorageError> {
    let store = LsmStore::open(directory, small_files())?;
    let apply = Arc::new(TestApply::default());
    Shard::open(
        options,
        Arc::new(log.clone()),
        Box::new(store),
        apply,
        Arc::new(SystemClock::new()),
    )
}

fn open(directory: &Path, options: ShardOptions, log: &TestLog) -> Arc<Shard> {
    try_open(directory, options, log).unwrap()
}

fn all(role: Role, shard: &Shard) -> BTreeMap<Bytes, Bytes> {
    let end = Bytes::from_static(&[0xff; 8]);
    shard
        .snapshot()
        .range(role, Bytes::from_static(&[0])..end)
        .map(Result::unwrap)
        .collect()
}

/// Bytes of all files below a directory.
fn disk_bytes(directory: &Path) -> u64 {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                disk_bytes(&entry.path())
            } else {
                entry.metadata().unwrap().len()
            }
        })
        .sum()
}

fn noise(rng: &mut ChaCha8Rng, bytes: usize) -> Bytes {
    let mut value = vec![0; bytes];
    rng.fill_bytes(&mut value);
    value.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_many_times_larger_than_the_memory_budget_is_written_read_and_reopened() {
    const BUDGET: u64 = 1 << 20;
    const ROWS: u64 = 20_000;
    let directory = tempfile::tempdir().unwrap();
    let options = ShardOptions {
        memory_budget: BUDGET,
        pending_bytes_max: BUDGET / 4,
        log_bytes_max: 8 * BUDGET,
        ..ShardOptions::default()
    };
    let log = TestLog::default();
    let shard = open(directory.path(), options.clone(), &log);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let mut highest = 0;
    for n in 0..ROWS {
        shard.admit().await.unwrap();
        shard.sequence(put(key(n), noise(&mut rng, 1000))).unwrap();
        highest = highest.max(shard.stats().memtable_bytes);
    }
    shard.wait_published(Lsn(ROWS)).await.unwrap();
    assert!(highest < BUDGET * 3 / 2, "{highest} bytes in memtables");
    assert!(shard.stats().tree_bytes > 10 * BUDGET);
    assert!(
        shard.stats().log_bytes < ROWS * 1000 / 4,
        "the log is trimmed behind the flushes"
    );
    for n in (0..ROWS).step_by(97) {
        assert_eq!(
            shard
                .get(Role::Items, &key(n))
                .unwrap()
                .map(|value| value.len()),
            Some(1000)
        );
    }
    drop(shard);
    let shard = open(directory.path(), options, &log.crash());
    assert_eq!(all(Role::Items, &shard).len() as u64, ROWS);
    shard.close().await.unwrap();
}

#[test]
fn a_log_larger_than_the_memory_budget_is_replayed_within_it() {
    let directory = tempfile::tempdir().unwrap();
    let log = TestLog::default();
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    {
        let shard = open(directory.path(), manual(), &log);
        for n in 0..4000_u32 {
            shard
                .sequence(put(n.to_be_bytes(), noise(&mut rng, 1000)))
                .unwrap();
        }
    }
    let options = ShardOptions {
        memory_budget: 500_000,
        ..manual()
    };
    let shard = open(directory.path(), options, &log.crash());
    assert!(shard.stats().memtable_bytes < 500_000);
    assert!(shard.stats().tree_bytes > 3_000_000);
    assert_eq!(all(Role::Items, &shard).len(), 4000);
}

#[test]
fn a_snapshot_that_pins_too_much_memory_is_cancelled_and_the_memory_freed() {
    let directory = tempfile::tempdir().unwrap();
    let options = ShardOptions {
        memory_budget: 400_000,
        ..manual()
    };
    let shard = open(directory.path(), options, &TestLog::default());
    shard.sequence(put("k", "old")).unwrap();
    shard.step(Step::Apply).unwrap();
    let old = shard.snapshot();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut young = None;
    for n in 0..400_u32 {
        shard.sequence(put("k", noise(&mut rng, 1000))).unwrap();
        shard.step(Step::Apply).unwrap();
        shard.step(Step::Budget).unwrap();
        if n == 150 {
            assert_eq!(
                old.get(Role::Items, b"k"),
                Ok(Some("old".into())),
                "within its share"
            );
        }
        young = Some(shard.snapshot());
    }
    assert_eq!(
        old.get(Role::Items, b"k"),
        Err(StorageError::SnapshotTooOld)
    );
    assert!(young.unwrap().get(Role::Items, b"k").is_ok());
    assert!(shard.stats().memtable_bytes < 400_000);
}

#[test]
fn a_snapshot_that_keeps_too_many_files_is_cancelled_and_the_files_are_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let options = ShardOptions {
        superseded_bytes_max: 6_000_000,
        ..manual()
    };
    let shard = open(directory.path(), options, &TestLog::default());
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut rewrite = || {
        for n in 0..1000_u32 {
            let row = put(n.to_be_bytes(), noise(&mut rng, 1000));
            shard.sequence(row).unwrap();
        }
        shard.step(Step::Apply).unwrap();
        shard.step(Step::Flush(Role::Items)).unwrap();
        while shard.step(Step::Compact(Role::Items)).unwrap() {}
        shard.step(Step::Budget).unwrap();
    };
    rewrite();
    let files = disk_bytes(directory.path());
    // Nothing happens to the trees when a snapshot ends, and its files go all the same.
    let brief = shard.snapshot();
    (0..4).for_each(|_| rewrite());
    assert!(shard.stats().superseded_bytes > 0);
    assert_eq!(shard.stats().snapshots_cancelled, 0, "within its share");
    drop(brief);
    shard.step(Step::Budget).unwrap();
    assert_eq!(shard.stats().superseded_bytes, 0);
    let old = shard.snapshot();
    let key = 7_u32.to_be_bytes();
    let seen = old.get(Role::Items, &key).unwrap();
    let mut young = shard.snapshot();
    for _ in 0..40 {
        if shard.stats().snapshots_cancelled > 0 {
            break;
        }
        assert_eq!(old.get(Role::Items, &key).unwrap(), seen);
        rewrite();
        young = shard.snapshot();
    }
    let too_old = Err(StorageError::SnapshotTooOld);
    assert_eq!(old.get(Role::Items, &key), too_old);
    assert!(young.get(Role::Items, &key).unwrap().is_some());
    drop((old, young));
    shard.step(Step::Budget).unwrap();
    let stats = shard.stats();
    assert_eq!((stats.superseded_bytes, stats.pinned_bytes), (0, 0));
    let left = disk_bytes(directory.path());
    assert!(left < files * 8, "{left} bytes after {files}");
}

/// Two dropped tables and one that stays, interleaved in time, compacted.
fn three_tables(shard: &Shard) {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    for n in 0..3000_u32 {
        for table in ["a", "b", "c"] {
            shard
                .sequence(put(
                    [table.as_bytes(), &n.to_be_bytes()].concat(),
                    noise(&mut rng, 300),
                ))
                .unwrap();
        }
        if n % 500 == 499 {
            shard.step(Step::Apply).unwrap();
            shard.step(Step::Flush(Role::Items)).unwrap();
            while shard.step(Step::Compact(Role::Items)).unwrap() {}
        }
    }
}

fn range(start: &'static str, end: &'static str) -> std::ops::Range<Bytes> {
    start.into()..end.into()
}

#[test]
fn the_space_of_a_dropped_table_is_reclaimed_when_nobody_reads_it_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let log = TestLog::default();
    let shard = open(directory.path(), manual(), &log);
    three_tables(&shard);
    let before = disk_bytes(directory.path());
    let reader = shard.snapshot();
    shard.sequence(put("catalog: b dropped", "")).unwrap();
    shard.step(Step::Apply).unwrap();

    shard.reclaim(Role::Items, range("b", "c"));
    shard.reclaim(Role::Items, range("b", "c"));
    assert_eq!(shard.stats().reclaims, 1, "asking twice changes nothing");
    shard.step(Step::Reclaim).unwrap();
    assert_eq!(shard.reclaimed(Role::Items, &range("b", "c")), Ok(false));
    assert_eq!(
        reader.range(Role::Items, range("b", "c")).count(),
        3000,
        "an older snapshot still reads it"
    );
    drop(reader);

    shard.step(Step::Reclaim).unwrap();
    assert_eq!(shard.reclaimed(Role::Items, &range("b", "c")), Ok(true));
    let after = disk_bytes(directory.path());
    assert!(
        after * 10 < before * 7,
        "{before} bytes before, {after} after"
    );
    assert_eq!(
        shard.snapshot().range(Role::Items, range("a", "b")).count(),
        3000
    );
    assert_eq!(
        shard
            .snapshot()
            .range(Role::Items, range("c", "catalog"))
            .count(),
        3000
    );

    // A crash right after does not bring it back, and asking again is answered at once.
    drop(shard);
    let shard = open(directory.path(), manual(), &log.crash());
    assert_eq!(shard.reclaimed(Role::Items, &range("b", "c")), Ok(true));
    shard.reclaim(Role::Items, range("b", "c"));
    shard.step(Step::Reclaim).unwrap();
    assert_eq!(shard.stats().reclaims, 0);
    assert_eq!(shard.reclaimed(Role::Items, &range("b", "c")), Ok(true));
}

#[test]
fn a_small_dropped_table_waits_for_compaction_or_for_company() {
    let directory = tempfile::tempdir().unwrap();
    let options = ShardOptions {
        dropped_ratio_max: 0.5,
        ..manual()
    };
    let shard = open(directory.path(), options, &TestLog::default());
    three_tables(&shard);
    for n in 0..20_u32 {
        shard
            .sequence(put([b"small".as_slice(), &n.to_be_bytes()].concat(), "v"))
            .unwrap();
    }
    // Neighbours on both sides, so that it has no file of its own.
    shard.sequence(put("r", "v")).unwrap();
    shard.sequence(put("t", "v")).unwrap();
    shard.step(Step::Apply).unwrap();
    shard.reclaim(Role::Items, range("small", "smalm"));
    shard.step(Step::Reclaim).unwrap();
    assert_eq!(
        shard.reclaimed(Role::Items, &range("small", "smalm")),
        Ok(false)
    );
    // Three quarters of the rest go too: now the rewrite pays.
    shard.reclaim(Role::Items, range("a", "b"));
    shard.reclaim(Role::Items, range("b", "c"));
    shard.reclaim(Role::Items, range("c\0\0\0", "c\0\0\x05"));
    for _ in 0..3 {
        shard.step(Step::Reclaim).unwrap();
    }
    assert_eq!(shard.reclaimed(Role::Items, &range("a", "b")), Ok(true));
    assert_eq!(
        shard.snapshot().range(Role::Items, range("c", "d")).count(),
        3000 - 0x500
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_background_reclaims_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let shard = open(
        directory.path(),
        ShardOptions::default(),
        &TestLog::default(),
    );
    for n in 0..1000_u32 {
        shard
            .sequence(put([b"t".as_slice(), &n.to_be_bytes()].concat(), "v"))
            .unwrap();
    }
    shard.wait_published(Lsn(1000)).await.unwrap();
    shard.reclaim(Role::Items, range("t", "u"));
    while !shard.reclaimed(Role::Items, &range("t", "u")).unwrap() {
        tokio::task::yield_now().await;
    }
    assert_eq!(all(Role::Items, &shard).len(), 0);
}

/// What the first `upto` records make of a tree.
fn model(history: &[Vec<Write>], role: Role, upto: Lsn) -> BTreeMap<Bytes, Bytes> {
    let mut tree = BTreeMap::new();
    for (_, key, value) in history[..upto.0 as usize]
        .iter()
        .flatten()
        .filter(|write| write.0 == role)
    {
        match value {
            Some(value) => drop(tree.insert(key.clone(), value.clone())),
            None => drop(tree.remove(key)),
        }
    }
    tree
}

fn random_writes(rng: &mut ChaCha8Rng) -> Vec<Write> {
    let roles = [Role::Items, Role::Indexes, Role::Streams];
    let mut writes = BTreeMap::new();
    for _ in 0..rng.random_range(1..4) {
        let role = roles[rng.random_range(0..roles.len())];
        let key = Bytes::from(format!("k{:03}", rng.random_range(0..500)));
        let value = rng.random_bool(0.8).then(|| {
            let bytes = rng.random_range(0..200);
            noise(rng, bytes)
        });
        writes.insert((role, key), value);
    }
    writes
        .into_iter()
        .map(|((role, key), value)| (role, key, value))
        .collect()
}

/// The files that say what the other files mean. While they stay as they are, so do the files they name.
fn roots(directory: &Path) -> Vec<Option<Vec<u8>>> {
    let trees = Role::ALL.map(|role| directory.join(role.name()).join("current"));
    trees
        .iter()
        .chain([&directory.join("FLOORS")])
        .map(|file| std::fs::read(file).ok())
        .collect()
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Copies the directory and the log of a running shard, as a crash could have left them; `None` if a root moved meanwhile.
fn crash_image(directory: &Path, log: &TestLog, to: &Path) -> Option<TestLog> {
    let before = roots(directory);
    let copied = copy(directory, to);
    let log = log.crash();
    (copied.is_ok() && roots(directory) == before).then_some(log)
}

#[test]
fn copies_taken_at_random_moments_open_to_exactly_the_durable_prefix() {
    let seed = std::env::var("SHALE_SIM_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("SHALE_SIM_SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let directory = tempfile::tempdir().unwrap();
    let options = ShardOptions {
        memory_budget: 64 << 10,
        pending_bytes_max: 64 << 10,
        log_bytes_max: 64 << 10,
        ..ShardOptions::default()
    };
    let log = TestLog::default();
    let shard = open(directory.path(), options, &log);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let history = parking_lot::Mutex::new(Vec::new());
    let done = AtomicBool::new(false);
    let images = std::thread::scope(|scope| {
        let copies = scope.spawn(|| {
            let mut images = Vec::new();
            while !done.load(Ordering::Acquire) {
                let image = tempfile::tempdir().unwrap();
                if let Some(log) = crash_image(directory.path(), &log, image.path()) {
                    images.push((image, log));
                }
            }
            images
        });
        for n in 0..6000 {
            runtime.block_on(shard.admit()).unwrap();
            let writes = random_writes(&mut rng);
            history.lock().push(writes.clone());
            shard.sequence(record(&writes)).unwrap();
            if n % 64 == 0 {
                // On two cores the background needs a turn.
                std::thread::yield_now();
            }
        }
        runtime.block_on(shard.wait_published(Lsn(6000))).unwrap();
        done.store(true, Ordering::Release);
        copies.join().unwrap()
    });
    assert!(
        shard.stats().flushes > 10,
        "{} flushes",
        shard.stats().flushes
    );
    drop(shard);
    let history = history.into_inner();
    println!("{} images", images.len());
    assert!(images.len() > 3);
    let step = images.len().div_ceil(40);
    for (image, log) in images.iter().step_by(step) {
        use shale_commitlog::Log;
        let shard = open(image.path(), manual(), log);
        assert_eq!(shard.published(), log.tail());
        for role in [Role::Items, Role::Indexes, Role::Streams] {
            assert_eq!(
                all(role, &shard),
                model(&history, role, log.tail()),
                "{role:?} at {:?}",
                log.tail()
            );
        }
    }
}

#[test]
fn crashes_between_any_two_steps_on_real_trees_lose_nothing() {
    let seed = std::env::var("SHALE_SIM_SEED").map_or(2, |seed| seed.parse().unwrap());
    println!("SHALE_SIM_SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let directory = tempfile::tempdir().unwrap();
    let mut log = TestLog::default();
    let mut shard = open(directory.path(), manual(), &log);
    let mut history: Vec<Vec<Write>> = Vec::new();
    for _ in 0..1500 {
        let role =
            [Role::Items, Role::Indexes, Role::Streams, Role::Catalog][rng.random_range(0..4)];
        match rng.random_range(0..100) {
            0..70 => {
                let batch = random_writes(&mut rng);
                assert_eq!(writes(&record(&batch)).unwrap(), batch);
                shard.sequence(record(&batch)).unwrap();
                history.push(batch);
            }
            70..82 => drop(shard.step(Step::Apply).unwrap()),
            82..90 => drop(shard.step(Step::Flush(role)).unwrap()),
            90..94 => drop(shard.step(Step::Compact(role)).unwrap()),
            94..97 => drop(shard.step(Step::Trim).unwrap()),
            _ => {
                drop(shard);
                log = log.crash();
                shard = open(directory.path(), manual(), &log);
                let upto = Lsn(history.len() as u64);
                assert_eq!(shard.published(), upto);
                for role in Role::ALL {
                    assert_eq!(all(role, &shard), model(&history, role, upto));
                }
            }
        }
    }
}

/// Writes what the fixture of a format holds: every role, several files, deletions.
fn fill_fixture(shard: &Shard) {
    for n in 0..40_u32 {
        let value = Bytes::from(format!("value {n}"));
        let key = |prefix: &str| Bytes::from(format!("{prefix}{n:03}"));
        let write = |role: Role| (role, key(role.name()), Some(value.clone()));
        shard.sequence(record(&Role::ALL.map(write))).unwrap();
        if n % 4 == 3 {
            shard.sequence(delete(key("items"))).unwrap();
        }
        if n == 20 {
            shard.step(Step::Apply).unwrap();
            shard.step(Step::Flush(Role::Items)).unwrap();
        }
    }
    shard.step(Step::Apply).unwrap();
    for role in Role::ALL {
        shard.step(Step::Flush(role)).unwrap();
    }
    shard.step(Step::Trim).unwrap();
}

/// What a released version wrote, later versions must open. A new format gets a fixture beside this one.
/// `SHALE_WRITE_FIXTURE=1` writes it.
#[test]
fn a_directory_of_format_1_opens() {
    const RECORDS: u64 = 50;
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/shard_v1");
    if std::env::var_os("SHALE_WRITE_FIXTURE").is_some() {
        fill_fixture(&open(&fixture, manual(), &TestLog::default()));
    }
    let directory = tempfile::tempdir().unwrap();
    copy(&fixture, directory.path()).unwrap();
    let shard = open(directory.path(), manual(), &TestLog::trimmed_to(RECORDS));
    assert_eq!(shard.published(), Lsn(RECORDS));
    for role in Role::ALL {
        let found = all(role, &shard);
        assert_eq!(found.len(), if role == Role::Items { 30 } else { 40 });
        for (key, value) in found {
            let number: u32 = std::str::from_utf8(&key[role.name().len()..])
                .unwrap()
                .parse()
                .unwrap();
            assert_eq!(value, format!("value {number}"));
        }
    }
    assert_eq!(shard.get(Role::Items, b"items003").unwrap(), None);
    assert_eq!(shard.sequence(put("k", "v")), Ok(Lsn(RECORDS + 1)));
}

/// Mounts a small file system, if this machine allows it.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<SmallDisk> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(directory.path())
            .stderr(std::process::Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(SmallDisk { directory })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg(self.directory.path())
            .status();
    }
}

#[test]
fn a_full_file_system_pauses_and_goes_on_without_a_restart() {
    let Some(disk) = SmallDisk::mount(6) else {
        println!("not checked: mounting a small file system is not allowed here");
        return;
    };
    let directory = disk.directory.path().join("data");
    let options = ShardOptions {
        memory_budget: 1 << 20,
        ..manual()
    };
    let log = TestLog::default();
    let shard = open(&directory, options, &log);
    let ballast = disk.directory.path().join("ballast");
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut rows = 0_u32;
    let mut fill = |rows: &mut u32| {
        for _ in 0..500 {
            shard
                .sequence(put(rows.to_be_bytes(), noise(&mut rng, 1000)))
                .unwrap();
            *rows += 1;
        }
        shard.step(Step::Apply).unwrap();
    };
    fill(&mut rows);
    shard.step(Step::Flush(Role::Items)).unwrap();
    // A failing write leaves the file system full to the last byte.
    let _ = std::fs::write(&ballast, vec![1; 8 << 20]);
    fill(&mut rows);
    for _ in 0..5 {
        assert_eq!(
            shard.step(Step::Flush(Role::Items)),
            Err(StorageError::DiskFull)
        );
    }
    assert_eq!(
        shard
            .snapshot()
            .range(
                Role::Items,
                Bytes::from_static(&[0])..Bytes::from_static(&[1])
            )
            .count(),
        1000
    );
    std::fs::remove_file(&ballast).unwrap();
    fill(&mut rows);
    assert_eq!(shard.step(Step::Flush(Role::Items)), Ok(true));
    while shard.step(Step::Compact(Role::Items)).unwrap() {}
    shard.step(Step::Trim).unwrap();
    let files = disk_bytes(&directory);
    assert!(
        files < 2_500_000,
        "{files} bytes: the failed attempts' files are gone"
    );
    drop(shard);
    let shard = open(&directory, manual(), &log.crash());
    assert_eq!(all(Role::Items, &shard).len() as u32, rows);
}

#[test]
fn deleted_keys_stay_deleted_through_compaction_and_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let log = TestLog::default();
    let shard = open(directory.path(), manual(), &log);
    for n in 0..100_u32 {
        shard.sequence(put(n.to_be_bytes(), "v")).unwrap();
    }
    shard.step(Step::Apply).unwrap();
    shard.step(Step::Flush(Role::Items)).unwrap();
    for n in 0..100_u32 {
        shard.sequence(delete(n.to_be_bytes())).unwrap();
    }
    shard.step(Step::Apply).unwrap();
    for _ in 0..6 {
        shard.step(Step::Flush(Role::Items)).unwrap();
        while shard.step(Step::Compact(Role::Items)).unwrap() {}
        shard.sequence(put("other", "v")).unwrap();
        shard.step(Step::Apply).unwrap();
    }
    shard.step(Step::Trim).unwrap();
    drop(shard);
    let shard = open(directory.path(), manual(), &log.crash());
    assert_eq!(all(Role::Items, &shard).len(), 1);
}

#[test]
fn a_second_shard_on_the_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let log = TestLog::default();
    let shard = open(directory.path(), ShardOptions::default(), &log);
    assert!(matches!(
        try_open(directory.path(), manual(), &log),
        Err(StorageError::Locked(_))
    ));
    drop(shard);
    open(directory.path(), manual(), &log);
}
