//! The shard as the server runs it: file log and trees in one directory.

use crate::support::{TestApply, put};
use shale_commitlog::{FileLog, FileLogOptions};
use shale_env::{SystemClock, SystemFiles, SystemRand};
use shale_storage::*;
use std::path::Path;
use std::sync::Arc;

fn open(directory: &Path, options: ShardOptions) -> Arc<Shard> {
    let store = LsmStore::open(directory, LsmOptions::default()).unwrap();
    let log_options = FileLogOptions {
        segment_bytes: 1 << 20,
        ..FileLogOptions::new(directory.join("log"))
    };
    let log = FileLog::open(log_options, Arc::new(SystemFiles), Arc::new(SystemRand)).unwrap();
    let apply = Arc::new(TestApply::default());
    Shard::open(
        options,
        Arc::new(log),
        Box::new(store),
        apply,
        Arc::new(SystemClock::new()),
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_are_there_after_every_way_to_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut written = 0_u32;
    for round in 0..6 {
        let options = ShardOptions {
            memory_budget: 200_000,
            log_bytes_max: 500_000,
            ..ShardOptions::default()
        };
        let shard = open(directory.path(), options);
        assert_eq!(shard.published(), Lsn(u64::from(written)));
        for n in 0..written {
            assert!(
                shard.get(Role::Items, &n.to_be_bytes()).unwrap().is_some(),
                "{n} of {written}"
            );
        }
        let mut last = Lsn(0);
        for _ in 0..500 {
            shard.admit().await.unwrap();
            last = shard
                .sequence(put(written.to_be_bytes(), vec![7; 1000]))
                .unwrap();
            written += 1;
        }
        shard.wait_published(last).await.unwrap();
        if round % 2 == 0 {
            shard.close().await.unwrap();
            assert!(shard.stats().log_bytes < 5_000_000, "{:?}", shard.stats());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_may_be_dropped_at_any_moment() {
    for _ in 0..30 {
        let directory = tempfile::tempdir().unwrap();
        let shard = open(directory.path(), ShardOptions::default());
        for n in 0..50_u32 {
            shard.sequence(put(n.to_be_bytes(), "v")).unwrap();
        }
        drop(shard);
        let shard = open(directory.path(), ShardOptions::default());
        let published = shard.published().0;
        let found = shard
            .snapshot()
            .range(Role::Items, vec![0].into()..vec![1].into())
            .count() as u64;
        assert_eq!(found, published);
    }
}
