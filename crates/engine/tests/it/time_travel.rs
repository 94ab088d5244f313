//! Reads in the past: positions, floors, what switches history on and off, and how it is given back.

use crate::support::*;
use shale_engine::{
    AsOf, Derived, Engine, EngineOptions, Error, GetItem, HistoryDefinition, HistoryProblem, Index,
    IndexKind, IndexProjection, IndexStatus, Job, Query, ReadView, Scan, TableChanges,
    TransactionOptions,
};
use shale_env::{ManualClock, SeededRand};
use shale_item::{Item, KeyAttribute, KeyType, TableId};
use shale_storage::{MemoryStore, Role, Step};
use std::sync::Arc;
use std::time::Duration;

/// A moment in the middle of an hour.
pub const START: u64 = 1_700_000_000_000_000;
pub const HOUR: Duration = Duration::from_secs(3600);

/// An engine without threads whose clock the test moves.
pub struct Stand {
    pub clock: Arc<ManualClock>,
    pub log: InstantLog,
    pub trees: MemoryStore,
    pub engine: Engine,
}

pub fn open_at(clock: &Arc<ManualClock>, log: &InstantLog, trees: &MemoryStore) -> Engine {
    let options = EngineOptions {
        background: false,
        jobs: false,
        ..EngineOptions::new("unused")
    };
    let rand = Arc::new(SeededRand::new(1));
    let (log, trees) = (Arc::new(log.clone()), Box::new(trees.clone()));
    Engine::open(options, log, trees, clock.clone(), rand).unwrap()
}

impl Stand {
    pub fn new() -> Stand {
        let (log, trees) = (InstantLog::default(), MemoryStore::default());
        let clock = Arc::new(ManualClock::new(START));
        let engine = open_at(&clock, &log, &trees);
        Stand {
            clock,
            log,
            trees,
            engine,
        }
    }

    /// The machine crashes and starts again.
    pub fn reopen(&mut self) {
        let log = self.log.reopened();
        let nowhere = (InstantLog::default(), MemoryStore::default());
        self.engine = open_at(&self.clock, &nowhere.0, &nowhere.1);
        self.log = log;
        self.engine = open_at(&self.clock, &self.log, &self.trees);
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let apply = || {
            self.engine.shard_step(Step::Apply).unwrap();
        };
        driven(apply, future)
    }

    /// Runs it a moment later than everything before.
    pub fn later<T>(&self, future: impl Future<Output = T>) -> T {
        self.clock.advance(Duration::from_micros(10));
        self.run(future)
    }

    pub fn forget(&self) {
        while self.run(self.engine.job_step(Job::History)).unwrap() {}
        for _ in 0..3 {
            self.engine.shard_step(Step::Reclaim).unwrap();
            self.engine
                .shard_step(Step::Compact(Role::History))
                .unwrap();
        }
    }

    fn as_of(&self, as_of: AsOf) -> Result<ReadView, Error> {
        self.run(self.engine.read_view_as_of(as_of))
    }

    /// The numbers of `t` at a position.
    fn numbers(&self, as_of: AsOf) -> Result<Vec<i64>, Error> {
        numbers(&self.as_of(as_of)?)
    }

    fn lsn(&self) -> AsOf {
        AsOf::Lsn(self.engine.current_lsn())
    }

    fn now(&self) -> AsOf {
        AsOf::Micros(shale_env::Clock::now_micros(&*self.clock))
    }

    fn put(&self, id: i64) {
        let row = item([("id", n(id)), ("text", s("x"))]);
        self.later(self.engine.put_item(put("t", row))).unwrap();
    }

    fn delete(&self, id: i64) {
        let key = item([("id", n(id))]);
        self.later(self.engine.delete_item(delete("t", key)))
            .unwrap();
    }

    fn change(&self, history: Option<u64>) -> Result<(), Error> {
        let changes = TableChanges {
            history: Some(history),
            ..TableChanges::default()
        };
        let changed = self.later(self.engine.update_table("t", changes));
        changed.map(|_| ())
    }
}

pub fn scan_of(table: &str) -> Scan {
    Scan {
        table: table.to_owned(),
        index: None,
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    }
}

fn numbers(view: &ReadView) -> Result<Vec<i64>, Error> {
    let items = view.scan(&scan_of("t"))?.items;
    let mut numbers: Vec<i64> = items.iter().map(|item| id_of(&item.to_item())).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn id_of(item: &Item) -> i64 {
    match &item["id"] {
        shale_item::AttributeValue::N(number) => number.to_i64().unwrap(),
        other => panic!("{other:?}"),
    }
}

pub fn with_history(
    mut request: shale_engine::CreateTable,
    seconds: u64,
) -> shale_engine::CreateTable {
    request.derived.history = Some(HistoryDefinition { id: 0, seconds });
    request
}

fn plain() -> shale_engine::CreateTable {
    table("t", ("id", KeyType::N), None)
}

/// The table `t`, with history of an hour.
fn with_table() -> Stand {
    let stand = Stand::new();
    let request = with_history(plain(), 3600);
    stand.later(stand.engine.create_table(request)).unwrap();
    stand
}

/// Floor of the history of `t` as the error tells it.
fn floor(result: Result<Vec<i64>, Error>) -> (u64, u64) {
    match result {
        Err(Error::History(HistoryProblem::Floor { table, lsn, micros })) => {
            assert_eq!(table, "t");
            (lsn, micros)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_position_shows_what_was_there() {
    let mut stand = with_table();
    let mut positions = vec![(stand.lsn(), stand.now(), vec![])];
    let mut note = |stand: &Stand, numbers: &[i64]| {
        positions.push((stand.lsn(), stand.now(), numbers.to_vec()));
    };
    stand.put(1);
    note(&stand, &[1]);
    stand.put(2);
    note(&stand, &[1, 2]);
    stand.delete(1);
    note(&stand, &[2]);
    stand.clock.advance(HOUR / 2);
    stand.put(1);
    note(&stand, &[1, 2]);
    stand.put(2);
    note(&stand, &[1, 2]);
    stand.delete(2);
    note(&stand, &[1]);
    for _ in 0..2 {
        for (lsn, time, expected) in &positions {
            assert_eq!(stand.numbers(*lsn).unwrap(), *expected, "{lsn:?}");
            assert_eq!(stand.numbers(*time).unwrap(), *expected, "{time:?}");
        }
        stand.reopen();
    }
}

#[test]
fn an_image_comes_back_whole() {
    let stand = with_table();
    let rows = [
        item([("id", n(1)), ("a", s("first")), ("b", n(7))]),
        item([("id", n(1)), ("c", s(&"long".repeat(1000)))]),
    ];
    let mut positions = Vec::new();
    for row in &rows {
        stand
            .later(stand.engine.put_item(put("t", row.clone())))
            .unwrap();
        positions.push(stand.lsn());
    }
    stand.delete(1);
    for (position, row) in positions.into_iter().zip(&rows) {
        let view = stand.as_of(position).unwrap();
        let key = item([("id", n(1))]);
        let request = GetItem {
            table: "t".to_owned(),
            key,
            consistent: true,
        };
        let output = view.get_item(&request).unwrap();
        assert_eq!(output.item.map(|item| item.to_item()).as_ref(), Some(row));
        assert!(output.capacity > 0.0);
    }
}

#[test]
fn a_view_in_the_past_stays_where_it_is() {
    let stand = with_table();
    stand.put(1);
    let position = stand.lsn();
    stand.put(2);
    let view = stand.as_of(position).unwrap();
    stand.delete(1);
    assert_eq!(numbers(&view).unwrap(), [1]);
    stand.clock.advance(HOUR * 5);
    stand.forget();
    assert_eq!(
        numbers(&view).unwrap(),
        [1],
        "what an open view needs is not given back"
    );
    drop(view);
    stand.forget();
    floor(stand.numbers(position));
}

#[test]
fn records_on_their_way_belong_to_their_time() {
    let stand = with_table();
    stand.put(1);
    stand.clock.advance(Duration::from_secs(1));
    stand.log.hold_at(stand.engine.current_lsn());
    let row = item([("id", n(2))]);
    let mut writing = Box::pin(stand.engine.put_item(put("t", row)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(writing.as_mut().poll(&mut context).is_pending());
    // It is as old as this position, so the position cannot be read without it.
    let now = stand.now();
    let mut reading = Box::pin(stand.engine.read_view_as_of(now));
    assert!(reading.as_mut().poll(&mut context).is_pending());
    stand.log.release();
    let view = stand.run(reading).unwrap();
    assert_eq!(numbers(&view).unwrap(), [1, 2]);
    stand.run(writing).unwrap();
    // Whatever comes later at the same time of the clock is younger.
    stand
        .run(stand.engine.put_item(put("t", item([("id", n(3))]))))
        .unwrap();
    assert_eq!(stand.numbers(now).unwrap(), [1, 2]);
}

#[test]
fn the_future_and_the_time_before_history_are_refused() {
    let stand = Stand::new();
    stand.later(stand.engine.create_table(plain())).unwrap();
    stand.put(1);
    let early = (stand.lsn(), stand.now());
    assert!(matches!(
        stand.numbers(early.0),
        Err(Error::History(HistoryProblem::Off { table })) if table == "t"
    ));
    stand.change(Some(3600)).unwrap();
    let begun = (stand.engine.current_lsn(), stand.now());
    stand.put(2);

    let begun_micros = match begun.1 {
        AsOf::Micros(micros) => micros,
        AsOf::Lsn(_) => unreachable!(),
    };
    assert_eq!(floor(stand.numbers(early.0)), (begun.0, begun_micros));
    assert_eq!(floor(stand.numbers(early.1)), (begun.0, begun_micros));
    assert_eq!(stand.numbers(AsOf::Lsn(begun.0)).unwrap(), [1]);
    assert_eq!(stand.numbers(begun.1).unwrap(), [1]);

    let newest = stand.engine.current_lsn();
    assert_eq!(stand.numbers(AsOf::Lsn(newest)).unwrap(), [1, 2]);
    let future = stand.numbers(AsOf::Lsn(newest + 1));
    assert!(
        matches!(future, Err(Error::History(HistoryProblem::Future { lsn, .. })) if lsn == newest)
    );
    stand.clock.advance(Duration::from_secs(9));
    assert_eq!(stand.numbers(stand.now()).unwrap(), [1, 2]);
    let AsOf::Micros(now) = stand.now() else {
        unreachable!()
    };
    let future = stand.numbers(AsOf::Micros(now + 1));
    assert!(
        matches!(future, Err(Error::History(HistoryProblem::Future { micros, .. })) if micros == now)
    );

    let gone = stand.as_of(stand.lsn()).unwrap();
    let scan = gone.scan(&scan_of("other"));
    assert!(matches!(scan, Err(Error::TableNotFound { .. })));
}

#[test]
fn indexes_have_no_history() {
    let stand = Stand::new();
    let partition = KeyAttribute {
        name: "text".to_owned(),
        key_type: KeyType::S,
    };
    let index = Index {
        name: "by_text".to_owned(),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: vec![partition],
        sort: Vec::new(),
        projection: IndexProjection::All,
        provisioned: None,
        status: IndexStatus::Active,
    };
    let mut request = with_history(plain(), 60);
    request.derived = Derived {
        indexes: vec![index],
        ..request.derived
    };
    stand.later(stand.engine.create_table(request)).unwrap();
    stand.put(1);
    let view = stand.as_of(stand.lsn()).unwrap();
    let query = Query {
        table: "t".to_owned(),
        index: Some("by_text".to_owned()),
        whole_items: false,
        partition: vec![s("x")],
        sort_prefix: Vec::new(),
        sort: None,
        filter: None,
        forward: true,
        limit: None,
        exclusive_start_key: None,
        consistent: false,
    };
    let refused = |error: Error| matches!(error, Error::History(HistoryProblem::Index { index, .. }) if index == "by_text");
    assert!(refused(view.query(&query).unwrap_err()));
    let scan = Scan {
        index: Some("by_text".to_owned()),
        ..scan_of("t")
    };
    assert!(refused(view.scan(&scan).unwrap_err()));
    assert_eq!(stand.engine.query(&query).unwrap().items.len(), 1);
    assert_eq!(numbers(&view).unwrap(), [1]);
}

#[test]
fn a_history_is_kept_for_its_time_and_given_back() {
    let mut stand = with_table();
    stand.put(1);
    stand.delete(1);
    let early = (stand.lsn(), stand.now());
    stand.put(1);
    assert!(stand.engine.shard_step(Step::Flush(Role::History)).unwrap());
    let rows = |stand: &Stand| stand.trees.durable_entries(Role::History).len();
    assert_eq!(rows(&stand), 3);
    // The hour is not over: it is read as long as it is within the retention, and by LSN until its hour is.
    stand.clock.advance(HOUR - Duration::from_secs(1));
    stand.forget();
    assert_eq!(stand.numbers(early.0).unwrap(), Vec::<i64>::new());
    assert_eq!(stand.numbers(early.1).unwrap(), Vec::<i64>::new());
    stand.put(2);
    let late = (stand.lsn(), stand.now());
    stand.clock.advance(Duration::from_secs(2));
    let (_, micros) = floor(stand.numbers(early.1));
    assert_eq!(AsOf::Micros(micros + 3_600_000_000), stand.now());
    stand.clock.advance(HOUR - Duration::from_secs(10));
    for _ in 0..2 {
        let (lsn, _) = floor(stand.numbers(early.0));
        assert!(AsOf::Lsn(lsn) != late.0);
        floor(stand.numbers(early.1));
        assert_eq!(stand.numbers(late.0).unwrap(), [1, 2]);
        assert_eq!(stand.numbers(late.1).unwrap(), [1, 2]);
        stand.forget();
    }
    assert_eq!(stand.engine.shard_stats().reclaims, 0);
    assert_eq!(rows(&stand), 1, "that of the second hour");
    stand.reopen();
    floor(stand.numbers(early.0));
    assert_eq!(stand.numbers(late.0).unwrap(), [1, 2]);
    assert_eq!(stand.numbers(late.1).unwrap(), [1, 2]);
}

#[test]
fn a_position_of_a_quiet_time_is_kept_as_long() {
    let mut stand = with_table();
    stand.put(1);
    stand.clock.advance(HOUR * 3);
    stand.forget();
    assert_eq!(stand.trees.durable_entries(Role::History).len(), 0);
    let quiet = stand.lsn();
    // Nothing happens for hours; the position is the newest all the time.
    for _ in 0..20 {
        stand.clock.advance(HOUR / 4);
        stand.forget();
    }
    assert_eq!(stand.lsn(), quiet, "an idle engine writes nothing");
    stand.put(2);
    stand.clock.advance(HOUR / 4);
    stand.forget();
    assert_eq!(stand.numbers(quiet).unwrap(), [1]);
    stand.reopen();
    stand.clock.advance(HOUR / 4);
    stand.forget();
    assert_eq!(stand.numbers(quiet).unwrap(), [1]);
    stand.clock.advance(HOUR * 2);
    floor(stand.numbers(quiet));
    stand.forget();
    floor(stand.numbers(quiet));
}

#[test]
fn what_a_crash_interrupts_is_given_back_after_the_start() {
    let mut stand = with_table();
    for id in 0..5 {
        stand.put(id);
    }
    stand.engine.shard_step(Step::Flush(Role::History)).unwrap();
    stand.clock.advance(HOUR * 3);
    // The beginning is moved on; nothing is given back.
    assert!(stand.run(stand.engine.job_step(Job::History)).unwrap());
    assert_eq!(stand.trees.durable_entries(Role::History).len(), 5);
    stand.reopen();
    assert_eq!(stand.engine.shard_stats().reclaims, 1);
    stand.forget();
    assert_eq!(stand.trees.durable_entries(Role::History).len(), 0);
    assert_eq!(stand.engine.shard_stats().reclaims, 0);
    stand.reopen();
    assert_eq!(stand.engine.shard_stats().reclaims, 0);
}

#[test]
fn switching_it_off_and_on_begins_anew() {
    let mut stand = with_table();
    stand.put(1);
    let before = stand.lsn();
    assert_eq!(stand.numbers(before).unwrap(), [1]);
    let retention = |stand: &Stand| {
        let described = stand.engine.describe_table("t").unwrap();
        let history = described.definition.derived.history;
        history.map(|history| history.seconds)
    };
    assert_eq!(retention(&stand), Some(3600));
    stand.change(None).unwrap();
    stand.change(None).unwrap();
    assert_eq!(retention(&stand), None);
    assert!(matches!(
        stand.numbers(before),
        Err(Error::History(HistoryProblem::Off { .. }))
    ));
    stand.delete(1);
    // In the same hour.
    stand.change(Some(7200)).unwrap();
    let begun = stand.engine.current_lsn();
    stand.put(2);
    stand.forget();
    for _ in 0..2 {
        assert_eq!(floor(stand.numbers(before)).0, begun);
        assert_eq!(stand.numbers(AsOf::Lsn(begun)).unwrap(), Vec::<i64>::new());
        assert_eq!(stand.numbers(stand.lsn()).unwrap(), [2]);
        assert_eq!(retention(&stand), Some(7200));
        stand.engine.shard_step(Step::Flush(Role::History)).unwrap();
        stand.reopen();
        stand.forget();
    }
    assert_eq!(stand.trees.durable_entries(Role::History).len(), 1);
    assert_eq!(stand.engine.shard_stats().reclaims, 0);
}

#[test]
fn a_longer_retention_does_not_bring_back_what_is_gone() {
    let stand = with_table();
    stand.put(1);
    let first = stand.now();
    stand.clock.advance(HOUR * 3);
    stand.put(2);
    let second = stand.now();
    stand.forget();
    stand.change(Some(24 * 3600)).unwrap();
    stand.clock.advance(HOUR * 20);
    stand.put(3);
    stand.forget();
    floor(stand.numbers(first));
    assert_eq!(stand.numbers(second).unwrap(), [1, 2]);
    stand.change(Some(3600)).unwrap();
    floor(stand.numbers(second));
}

#[test]
fn retentions_have_bounds() {
    let stand = Stand::new();
    for seconds in [0, 7 * 24 * 3600 + 1, u64::MAX] {
        let created = stand.later(stand.engine.create_table(with_history(plain(), seconds)));
        let refused = matches!(
            created,
            Err(Error::History(HistoryProblem::Retention { .. }))
        );
        assert!(refused, "{seconds}");
    }
    let longest = with_history(plain(), 7 * 24 * 3600);
    stand.later(stand.engine.create_table(longest)).unwrap();
    let refused = stand.change(Some(0));
    assert!(matches!(
        refused,
        Err(Error::History(HistoryProblem::Retention { .. }))
    ));
}

#[test]
fn a_dropped_table_takes_its_history_along() {
    let mut stand = with_table();
    stand.put(1);
    stand.engine.shard_step(Step::Flush(Role::History)).unwrap();
    assert_eq!(stand.trees.durable_entries(Role::History).len(), 1);
    let position = stand.lsn();
    stand.later(stand.engine.delete_table("t")).unwrap();
    let gone = stand.numbers(position);
    assert!(matches!(gone, Err(Error::TableNotFound { .. })));
    stand.forget();
    assert_eq!(stand.trees.durable_entries(Role::History).len(), 0);
    stand
        .later(stand.engine.create_table(with_history(plain(), 60)))
        .unwrap();
    let begun = stand.engine.current_lsn();
    assert_eq!(floor(stand.numbers(position)).0, begun);
    stand.reopen();
    assert_eq!(floor(stand.numbers(position)).0, begun);
}

#[test]
fn transactions_leave_history_and_can_switch_it_on() {
    let stand = Stand::new();
    let begin = || stand.engine.begin(TransactionOptions::default());
    let row = |id: i64| put("t", item([("id", n(id))]));
    // A table with its first rows and its history in one record.
    let transaction = begin();
    transaction
        .create_table(&with_history(plain(), 60))
        .unwrap();
    transaction.put_item(&row(1)).unwrap();
    transaction.put_item(&row(2)).unwrap();
    stand.later(transaction.commit()).unwrap();
    let created = stand.lsn();
    assert_eq!(stand.numbers(created).unwrap(), [1, 2]);

    let transaction = begin();
    transaction.put_item(&row(3)).unwrap();
    transaction
        .delete_item(&delete("t", item([("id", n(1))])))
        .unwrap();
    // A view in the past knows nothing of what is staged.
    assert_eq!(stand.numbers(stand.lsn()).unwrap(), [1, 2]);
    stand.later(transaction.commit()).unwrap();
    assert_eq!(stand.numbers(created).unwrap(), [1, 2]);
    assert_eq!(stand.numbers(stand.lsn()).unwrap(), [2, 3]);

    // Off and on in one transaction is another history.
    let switch = |history| TableChanges {
        history: Some(history),
        ..TableChanges::default()
    };
    let transaction = begin();
    transaction.update_table("t", &switch(None)).unwrap();
    transaction.update_table("t", &switch(Some(60))).unwrap();
    stand.later(transaction.commit()).unwrap();
    let begun = stand.engine.current_lsn();
    assert_eq!(floor(stand.numbers(created)).0, begun);
    assert_eq!(stand.numbers(AsOf::Lsn(begun)).unwrap(), [2, 3]);

    // Created without, switched on before anybody has seen it.
    stand.later(stand.engine.delete_table("t")).unwrap();
    let transaction = begin();
    transaction.create_table(&plain()).unwrap();
    transaction.update_table("t", &switch(Some(60))).unwrap();
    stand.later(transaction.commit()).unwrap();
    stand.put(5);
    assert_eq!(stand.numbers(stand.lsn()).unwrap(), [5]);
    let transaction = begin();
    transaction
        .create_table(&with_history(table("u", ("id", KeyType::N), None), 60))
        .unwrap();
    transaction.delete_table("u").unwrap();
    stand.later(transaction.commit()).unwrap();
    assert_eq!(stand.engine.list_tables(None, 10), ["t"]);
}
