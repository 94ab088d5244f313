//! Random histories: what a stream says, replayed from its beginning, is the table.

use super::*;

/// One step of a history.
#[derive(Clone, Debug)]
enum Action {
    Put(u8, u8),
    Remove(u8),
    Delete(u8),
    Many(u8, u8),
    Pass(u8),
    Look,
    Reopen,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (0u8..4, 0u8..3).prop_map(|(r, x)| Action::Put(r, x)),
        2 => (0u8..4).prop_map(Action::Remove),
        3 => (0u8..4).prop_map(Action::Delete),
        2 => (0u8..4, 0u8..3).prop_map(|(r, x)| Action::Many(r, x)),
        2 => (0u8..180).prop_map(Action::Pass),
        2 => Just(Action::Look),
        1 => Just(Action::Reopen),
    ]
}

/// A table, its changes so far, and who reads them.
struct History {
    log: InstantLog,
    trees: MemoryStore,
    clock: Arc<ManualClock>,
    engine: Engine,
    items: BTreeMap<u8, Item>,
    expected: Vec<Said>,
    /// What a consumer has got that goes on where it was, over restarts.
    consumed: Vec<Said>,
    checkpoint: Option<(String, SequenceNumber)>,
    unread_minutes: u64,
}

impl History {
    async fn step(&mut self, action: Action) {
        match action {
            Action::Put(r, x) => {
                let new = with(key("a", r.into()), "x", n(x.into()));
                self.engine.put_item(put("t", new.clone())).await.unwrap();
                self.is_now(r, Some(new));
            }
            Action::Remove(r) => {
                let at = key("a", r.into());
                let request = update("t", at.clone(), "REMOVE x", Item::new());
                self.engine.update_item(request).await.unwrap();
                if self.items.contains_key(&r) {
                    self.is_now(r, Some(at));
                }
            }
            Action::Delete(r) => {
                let request = delete("t", key("a", r.into()));
                self.engine.delete_item(request).await.unwrap();
                self.is_now(r, None);
            }
            Action::Many(r, x) => {
                let ids = [r, (r + 1) % 4];
                let new = |id: u8| with(key("a", id.into()), "x", n(x.into()));
                let actions = ids.map(|id| TransactAction::Put(put("t", new(id))));
                self.engine.transact_write(&actions, None).await.unwrap();
                for id in ids {
                    self.is_now(id, Some(new(id)));
                }
            }
            Action::Pass(minutes) => {
                self.unread_minutes += u64::from(minutes);
                if self.unread_minutes > 20 * 60 {
                    // Before anything that was not read is trimmed.
                    self.consume();
                    self.unread_minutes = u64::from(minutes);
                }
                self.clock
                    .advance(Duration::from_secs(60 * u64::from(minutes)));
                self.engine.job_step(Job::Retention).await.unwrap();
            }
            Action::Look => self.consume(),
            Action::Reopen => {
                // The old one ends first.
                let (nothing, nowhere) = (InstantLog::default(), MemoryStore::default());
                self.engine = without_jobs(nothing, nowhere, &self.clock);
                self.log = self.log.reopened();
                self.engine = without_jobs(self.log.clone(), self.trees.clone(), &self.clock);
            }
        }
    }

    fn is_now(&mut self, r: u8, new: Option<Item>) {
        let old = match &new {
            Some(new) => self.items.insert(r, new.clone()),
            None => self.items.remove(&r),
        };
        let event = match (&old, &new) {
            (old, new) if old == new => return,
            (None, _) => StreamEvent::Insert,
            (_, None) => StreamEvent::Remove,
            _ => StreamEvent::Modify,
        };
        self.expected.push((event, key("a", r.into()), old, new));
    }

    /// As the consumer libraries do it: from the shard of the checkpoint on, each from its beginning, a checkpoint for each record.
    fn consume(&mut self) {
        let name = newest(&self.engine);
        let shards = shards(&self.engine, &name);
        let known = self.checkpoint.as_ref().map(|(shard, _)| shard.clone());
        let resume = shards
            .iter()
            .position(|shard| Some(&shard.id) == known.as_ref());
        for (place, shard) in shards.iter().enumerate().skip(resume.unwrap_or(0)) {
            let start = match &self.checkpoint {
                Some((_, number)) if Some(place) == resume => StreamStart::After(*number),
                _ => StreamStart::TrimHorizon,
            };
            let start = match self.engine.shard_iterator(&name, &shard.id, start) {
                // Everything up to the checkpoint was read, so that nothing between it and the horizon was missed.
                Err(Error::Stream(StreamProblem::Trimmed)) => {
                    iterator(&self.engine, &name, &shard.id, StreamStart::TrimHorizon)
                }
                start => start.unwrap(),
            };
            let (records, _) = read_from(&self.engine, start, 2);
            for record in records {
                self.consumed.push(said(&record));
                self.checkpoint = Some((shard.id.clone(), record.number));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_stream_is_the_history_of_its_table(history in proptest::collection::vec(action(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (log, trees) = (InstantLog::default(), MemoryStore::default());
            let clock = Arc::new(ManualClock::new(START_MICROS));
            let engine = without_jobs(log.clone(), trees.clone(), &clock);
            engine.create_table(streamed(StreamView::NewAndOldImages)).await.unwrap();
            let (items, expected, consumed) = Default::default();
            let mut run = History { log, trees, clock, engine, items, expected, consumed, checkpoint: None, unread_minutes: 0 };
            let hours: u64 = history.iter().map(|action| match action {
                Action::Pass(minutes) => u64::from(*minutes),
                _ => 0,
            }).sum::<u64>() / 60;
            for action in history {
                run.step(action).await;
            }
            run.consume();
            assert!(run.consumed == run.expected, "the consumer has {} of {}", run.consumed.len(), run.expected.len());
            // Replayed from the beginning it makes the table, unless some of it is older than a day.
            if hours < 24 {
                let records = read_all(&run.engine, &newest(&run.engine), 5);
                let found: Vec<Said> = records.iter().map(said).collect();
                assert_eq!(found, run.expected);
                let mut replayed = BTreeMap::new();
                for (_, keys, _, new) in found {
                    let keys = format!("{keys:?}");
                    match new {
                        Some(new) => replayed.insert(keys, new),
                        None => replayed.remove(&keys),
                    };
                }
                let items: BTreeMap<String, Item> = run
                    .items
                    .iter()
                    .map(|(r, item)| (format!("{:?}", key("a", (*r).into())), item.clone()))
                    .collect();
                assert_eq!(replayed, items);
            }
        });
    }
}
