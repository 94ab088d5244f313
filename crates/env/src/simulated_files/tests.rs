use super::*;

fn directory() -> &'static Path {
    Path::new("/data")
}

/// A file system with one durable file of `length` zeros.
fn one_file(length: u64) -> (SimulatedFiles, Arc<dyn File>) {
    let files = SimulatedFiles::new();
    files.create_dir_all(directory()).unwrap();
    let file = files.create(&directory().join("f")).unwrap();
    file.preallocate(length).unwrap();
    file.sync_data().unwrap();
    files.sync_dir(directory()).unwrap();
    (files, file)
}

fn content(files: &SimulatedFiles) -> Vec<u8> {
    let file = files.open(&directory().join("f")).unwrap();
    let mut content = vec![0; file.size().unwrap() as usize];
    file.read_at(&mut content, 0).unwrap();
    content
}

#[test]
fn without_faults_they_are_files() {
    crate::files::tests::check_files(&SimulatedFiles::new(), Path::new("/root"));
}

#[test]
fn synced_data_survives_every_crash() {
    for seed in 0..50 {
        let (files, file) = one_file(4096);
        file.write_at(&[1; 2000], 100).unwrap();
        file.sync_data().unwrap();
        file.write_at(&[2; 1000], 2100).unwrap();
        let files = files.crash(seed);
        assert_eq!(content(&files)[100..2100], [1; 2000]);
        assert!(file.size().is_err(), "handles die with the process");
    }
}

#[test]
fn unsynced_data_is_kept_lost_and_torn_by_sectors() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..200 {
        let (files, file) = one_file(4096);
        file.write_at(&[1; 1536], 0).unwrap();
        let files = files.crash(seed);
        let content = content(&files);
        let sectors: Vec<u8> = content
            .chunks(512)
            .take(3)
            .map(|sector| sector[0])
            .collect();
        assert!(
            content
                .chunks(512)
                .all(|sector| sector.iter().all(|byte| *byte == sector[0]))
        );
        outcomes.insert(sectors);
    }
    assert_eq!(outcomes.len(), 8, "every combination occurs: {outcomes:?}");
}

#[test]
fn a_killed_process_loses_nothing_but_its_handles() {
    let (files, file) = one_file(10);
    file.write_at(b"cache", 0).unwrap();
    let old = files.clone();
    let files = files.kill();
    assert!(old.list(directory()).is_err() && old.create(&directory().join("g")).is_err());
    assert!(file.sync_data().is_err());
    assert_eq!(&content(&files)[..5], b"cache");
}

#[test]
fn a_failed_sync_leaves_data_in_the_cache_that_no_later_sync_writes() {
    let mut lost = 0;
    for seed in 0..20 {
        let (files, file) = one_file(512);
        for _ in 0..seed {
            file.sync_data().unwrap();
        }
        files.fault_sync(0, SyncFault::Fail);
        file.write_at(b"ghost", 0).unwrap();
        assert!(file.sync_data().is_err());
        file.sync_data().unwrap();
        assert_eq!(&content(&files)[..5], b"ghost");
        let files = files.crash(seed);
        lost += usize::from(&content(&files)[..5] == b"\0\0\0\0\0");
    }
    assert!(lost > 0 && lost < 20, "{lost} of 20 lost");
}

#[test]
fn a_lying_sync_is_repaired_by_an_honest_one_only() {
    let mut lost = 0;
    for seed in 0..20 {
        let (files, file) = one_file(512);
        files.fault_sync(1, SyncFault::Lie);
        file.sync_data().unwrap();
        file.write_at(b"lied", 0).unwrap();
        file.sync_data().unwrap();
        let files = files.crash(seed);
        lost += usize::from(&content(&files)[..4] == b"\0\0\0\0");
    }
    assert!(lost > 0, "never lost");
}

#[test]
fn a_failed_write_is_half_done() {
    let (files, file) = one_file(8);
    files.fault_write(0);
    assert!(file.write_at(b"abcd", 0).is_err());
    assert_eq!(&content(&files)[..4], b"ab\0\0");
    file.write_at(b"abcd", 0).unwrap();
}

#[test]
fn space_is_limited_until_it_is_not() {
    let (files, file) = one_file(100);
    files.limit_space(Some(150));
    let error = file.preallocate(151).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(file.write_at(&[0; 60], 100).is_err());
    file.write_at(&[0; 100], 0).unwrap();
    file.preallocate(150).unwrap();
    files.limit_space(None);
    file.preallocate(151).unwrap();
    assert_eq!(files.used_bytes(), 151);
}

#[test]
fn unsynced_names_come_and_go() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..50 {
        let (files, _) = one_file(1);
        files.create(&directory().join("g")).unwrap();
        files
            .rename(&directory().join("g"), &directory().join("h"))
            .unwrap();
        files.remove(&directory().join("f")).unwrap();
        let files = files.crash(seed);
        outcomes.insert(files.list(directory()).unwrap().join(" "));
    }
    // A prefix of the changes, in their order.
    assert_eq!(
        outcomes,
        BTreeSet::from(["f", "f g", "f h", "h"].map(String::from))
    );
}

#[test]
fn a_flipped_bit_stays_flipped() {
    let (files, _) = one_file(4);
    files.flip_bit(&directory().join("f"), 2, 3);
    let files = files.crash(1);
    assert_eq!(content(&files), [0, 0, 8, 0]);
}
