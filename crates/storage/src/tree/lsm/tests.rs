//! The facts about `lsm-tree` that the shard stands on. The tests named `fact_…` use it bare: when one fails after an
//! upgrade, a rule has lost its reason or no longer suffices.

use super::*;
use crate::Role;
use crate::tree::TreeStore;
use tempfile::TempDir;

fn bare(directory: &TempDir) -> Tree {
    let config = lsm_tree::Config::new(
        directory.path().join("bare"),
        Default::default(),
        Default::default(),
    );
    let AnyTree::Standard(tree) = config.open().unwrap() else {
        panic!("not a standard tree")
    };
    tree
}

fn open(directory: &TempDir, name: &str) -> LsmTree {
    LsmTree::open(|config| config, directory.path().join(name), 64 << 20).unwrap()
}

fn put(tree: &LsmTree, lsn: u64, key: &'static str, value: &'static str) {
    tree.insert(Lsn(lsn), key.into(), Some(value.into()));
}

fn flush(tree: &LsmTree, applied: u64, oldest: u64) {
    assert!(tree.seal(Lsn(applied)));
    tree.flush(Lsn(oldest)).unwrap();
}

fn read(tree: &LsmTree, key: &str, at: u64) -> Option<Bytes> {
    let point = tree.get(key.as_bytes(), Lsn(at)).unwrap();
    let key = Bytes::copy_from_slice(key.as_bytes());
    let end = Bytes::from([&key[..], b"\0"].concat());
    let scanned = tree
        .range(key..end, Lsn(at))
        .next()
        .map(|entry| entry.unwrap().1);
    assert_eq!(point, scanned, "point read and scan differ");
    point
}

#[test]
fn rule_a_each_tree_has_its_own_counter() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (open(&directory, "one"), open(&directory, "other"));
    put(&one, 9, "k", "v");
    flush(&one, 9, 9);
    assert!(one.seqno.get() > seqno_of(Lsn(9)));
    assert!(other.seqno.get() < seqno_of(Lsn(1)));
}

#[test]
fn rule_b_the_counter_is_raised_before_flush_and_compaction_and_after_recovery() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 1, "k", "old");
    put(&tree, 3, "k", "new");
    flush(&tree, 3, 1);
    assert!(tree.seqno.get() > seqno_of(Lsn(3)) && tree.seqno.get() < seqno_of(Lsn(4)));
    // The flushed file has only the new version; a reader at 2 gets the old one from the version before the flush.
    assert_eq!(read(&tree, "k", 2), Some("old".into()));
    assert_eq!(read(&tree, "k", 3), Some("new".into()));

    tree.compact(Lsn(1), Lsn(5)).unwrap();
    assert!(tree.seqno.get() > seqno_of(Lsn(5)) && tree.seqno.get() < seqno_of(Lsn(6)));
    assert_eq!(read(&tree, "k", 2), Some("old".into()));
    assert_eq!(read(&tree, "k", 5), Some("new".into()));

    drop(tree);
    let tree = open(&directory, "tree");
    assert!(tree.seqno.get() > seqno_of(Lsn(3)) && tree.seqno.get() < seqno_of(Lsn(4)));
    assert_eq!(read(&tree, "k", 3), Some("new".into()));
}

#[test]
fn fact_b_without_raising_an_old_reader_loses_its_version() {
    let directory = tempfile::tempdir().unwrap();
    let tree = bare(&directory);
    tree.insert("k", "old", seqno_of(Lsn(1)));
    tree.insert("k", "new", seqno_of(Lsn(3)));
    tree.flush_active_memtable(bound_of(Lsn(2))).unwrap();
    assert_eq!(tree.get("k", bound_of(Lsn(2))).unwrap(), None);
}

#[test]
fn rule_c_a_reader_sees_its_own_lsn_and_not_the_next_whatever_is_installed_between() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 7, "k", "seven");
    flush(&tree, 7, 7);
    while tree.compact(Lsn(7), Lsn(7)).unwrap() {}
    put(&tree, 8, "k", "eight");
    assert_eq!(read(&tree, "k", 7), Some("seven".into()));
    assert_eq!(read(&tree, "k", 8), Some("eight".into()));
    assert_eq!(
        tree.get_newest(b"k").unwrap(),
        Some((Lsn(8), "eight".into()))
    );
}

#[test]
#[should_panic(expected = "a tree is written in rising LSN")]
fn rule_d_a_falling_lsn_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 8, "k", "new");
    put(&tree, 7, "k", "old");
}

#[test]
#[should_panic(expected = "a tree is written in rising LSN")]
fn rule_d_holds_across_a_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 8, "k", "new");
    flush(&tree, 8, 8);
    drop(tree);
    put(&open(&directory, "tree"), 7, "k", "old");
}

#[test]
fn fact_d_an_older_number_written_later_is_answered_for_the_newest() {
    let directory = tempfile::tempdir().unwrap();
    let tree = bare(&directory);
    tree.insert("k", "new", 8);
    tree.flush_active_memtable(0).unwrap();
    tree.insert("k", "old", 7);
    assert_eq!(
        tree.get("k", SeqNo::MAX).unwrap().as_deref(),
        Some(&b"old"[..])
    );
}

#[test]
fn fact_d_a_write_below_an_installed_number_vanishes_for_its_reader_after_a_rotation() {
    let directory = tempfile::tempdir().unwrap();
    let config = lsm_tree::Config::new(
        directory.path(),
        SequenceNumberCounter::new(100),
        Default::default(),
    );
    let AnyTree::Standard(tree) = config.open().unwrap() else {
        panic!("not a standard tree")
    };
    tree.insert("a", "v", 99);
    tree.flush_active_memtable(0).unwrap();
    tree.insert("b", "v", 101);
    tree.rotate_memtable();
    tree.insert("c", "v", 50);
    assert!(tree.get("c", SeqNo::MAX).unwrap().is_some());
    assert!(tree.get("c", 60).unwrap().is_none());
}

#[test]
fn rule_e_the_trees_own_notion_of_visible_is_not_consulted() {
    let directory = tempfile::tempdir().unwrap();
    let visible = SequenceNumberCounter::default();
    let config = lsm_tree::Config::new(
        directory.path(),
        SequenceNumberCounter::default(),
        visible.clone(),
    );
    let AnyTree::Standard(tree) = config.open().unwrap() else {
        panic!("not a standard tree")
    };
    tree.insert("k", "v", seqno_of(Lsn(4)));
    assert_eq!(visible.get(), 0);
    assert!(tree.get("k", bound_of(Lsn(4))).unwrap().is_some());
    assert!(tree.get("k", bound_of(Lsn(3))).unwrap().is_none());
}

#[test]
fn numbers_between_two_records_run_out_without_touching_the_next_record() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 3, "k", "v");
    flush(&tree, 3, 3);
    tree.seqno.fetch_max(bound_of(Lsn(3)) - 5);
    let before = tree.seqno.get();
    assert!(!tree.compact(Lsn(3), Lsn(3)).unwrap());
    tree.drop_files(&("a".into().."z".into()), Lsn(3), Lsn(3))
        .unwrap();
    tree.rewrite(Lsn(3), Lsn(3)).unwrap();
    assert_eq!(tree.seqno.get(), before);
    put(&tree, 4, "k", "w");
    flush(&tree, 4, 4);
    tree.drop_files(&("a".into().."z".into()), Lsn(4), Lsn(4))
        .unwrap();
    assert_eq!(tree.disk_bytes(), 0);
}

#[test]
fn what_is_durable_is_read_from_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    assert_eq!(tree.durable(), Lsn(0));
    put(&tree, 600, "a", "v");
    assert!(tree.seal(Lsn(600)));
    put(&tree, 601, "b", "v");
    assert_eq!(tree.durable(), Lsn(0));
    tree.flush(Lsn(600)).unwrap();
    assert_eq!(tree.durable(), Lsn(600));
    put(&tree, 1000, "c", "v");
    drop(tree);
    let tree = open(&directory, "tree");
    assert_eq!(tree.durable(), Lsn(600));
    assert_eq!(read(&tree, "b", 2000), None);
}

#[test]
fn a_pinned_memtable_is_counted_until_its_reader_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 1, "k", "v");
    let active = tree.memory().active;
    assert_eq!(
        tree.memory(),
        TreeMemory {
            active,
            sealed: 0,
            pinned: 0
        }
    );
    assert!(tree.seal(Lsn(1)));
    assert_eq!(
        tree.memory(),
        TreeMemory {
            active: 0,
            sealed: active,
            pinned: 0
        }
    );
    tree.flush(Lsn(0)).unwrap();
    assert_eq!(
        tree.memory(),
        TreeMemory {
            active: 0,
            sealed: 0,
            pinned: active
        }
    );
    tree.release(Lsn(1)).unwrap();
    assert_eq!(tree.memory(), TreeMemory::default());
}

#[test]
fn superseded_files_are_counted_until_their_reader_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    for lsn in 1..=4 {
        put(&tree, lsn, "k", "v");
        flush(&tree, lsn, 1);
    }
    let bytes = tree.disk_bytes();
    assert_eq!(tree.superseded_bytes(), 0);
    assert!(tree.compact(Lsn(1), Lsn(4)).unwrap());
    assert_eq!(tree.superseded_bytes(), bytes);
    assert_eq!(read(&tree, "k", 1), Some("v".into()));
    tree.release(Lsn(4)).unwrap();
    assert_eq!(tree.superseded_bytes(), 0);
    assert!(tree.disk_bytes() > 0);
}

#[test]
#[should_panic(expected = "should always find a SuperVersion")]
fn fact_a_read_below_the_kept_history_panics() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 1, "k", "v");
    flush(&tree, 1, 1);
    tree.release(Lsn(1)).unwrap();
    let _ = tree.get(b"k", Lsn(0));
}

#[test]
fn values_come_back_without_a_copy() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    let value = Bytes::from(vec![7; 1000]);
    tree.insert(Lsn(1), "k".into(), Some(value.clone()));
    assert_eq!(
        tree.get(b"k", Lsn(1)).unwrap().unwrap().as_ptr(),
        value.as_ptr()
    );
    assert_eq!(
        tree.get_newest(b"k").unwrap().unwrap().1.as_ptr(),
        value.as_ptr()
    );
}

#[test]
fn files_left_behind_by_a_failed_operation_are_deleted_and_no_others() {
    let directory = tempfile::tempdir().unwrap();
    let tree = open(&directory, "tree");
    put(&tree, 1, "k", "v");
    flush(&tree, 1, 1);
    let tables = directory.path().join("tree/tables");
    let leftover = tree.tree.get_next_table_id();
    std::fs::write(tables.join(leftover.to_string()), "half a file").unwrap();
    tree.leftovers.lock().push(0..leftover + 1);
    put(&tree, 2, "k", "w");
    flush(&tree, 2, 2);
    assert!(!tables.join(leftover.to_string()).exists());
    assert_eq!(std::fs::read_dir(&tables).unwrap().count(), 2);
    assert_eq!(read(&tree, "k", 2), Some("w".into()));
}

#[test]
fn damage_in_a_file_is_reported_not_served() {
    let directory = tempfile::tempdir().unwrap();
    let store = LsmStore::open(directory.path(), LsmOptions::default()).unwrap();
    let tree = store.open_tree(Role::Items).unwrap();
    for n in 0..2000_u32 {
        let key = Bytes::copy_from_slice(&n.to_be_bytes());
        tree.insert(Lsn(u64::from(n) + 1), key, Some(vec![n as u8; 100].into()));
    }
    tree.seal(Lsn(2000));
    tree.flush(Lsn(2000)).unwrap();
    drop(tree);
    let tables = directory.path().join("items/tables");
    let file = std::fs::read_dir(tables)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[5000] ^= 0xff;
    std::fs::write(&file, bytes).unwrap();
    let tree = store.open_tree(Role::Items).unwrap();
    let errors = (0..2000_u32)
        .filter_map(|n| tree.get(&n.to_be_bytes(), Lsn(2000)).err())
        .collect::<Vec<_>>();
    assert!(!errors.is_empty());
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, StorageError::Corrupt(_))),
        "{errors:?}"
    );
}
