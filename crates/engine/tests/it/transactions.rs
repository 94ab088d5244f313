//! TransactWriteItems and TransactGetItems.

use crate::support::*;
use shale_engine::{
    ClientRequest, ConditionCheck, Derived, Engine, EngineOptions, Error, GetItem, Index,
    IndexKind, IndexProjection, IndexStatus, LimitKind, TransactAction, TransactWriteOutput,
    TransactionOptions,
};
use shale_env::{ManualClock, SeededRand};
use shale_item::{AttributeValue, Item, KeyAttribute, KeyType, TableId};
use shale_storage::{MemoryStore, Role};
use std::sync::Arc;
use std::time::Duration;

const MINUTE_MICROS: u64 = 60 * 1_000_000;

/// Tables `a` and `b` with the key `id` N.
async fn two_tables() -> Engine {
    let engine = engine();
    create(&engine).await;
    engine
}

async fn create(engine: &Engine) {
    for name in ["a", "b"] {
        let request = table(name, ("id", KeyType::N), None);
        engine.create_table(request).await.unwrap();
    }
}

fn key(id: i64) -> Item {
    item([("id", n(id))])
}

fn row(id: i64, value: i64) -> Item {
    item([("id", n(id)), ("n", n(value))])
}

fn put_row(table: &str, id: i64, value: i64) -> TransactAction {
    TransactAction::Put(put(table, row(id, value)))
}

fn add(table: &str, id: i64, amount: i64) -> TransactAction {
    let values = item([(":amount", n(amount))]);
    TransactAction::Update(update(table, key(id), "ADD n :amount", values))
}

fn check(table: &str, id: i64, text: &str) -> TransactAction {
    TransactAction::Check(ConditionCheck {
        table: table.to_owned(),
        key: key(id),
        condition: condition(text, Item::new()),
        return_item_on_failure: true,
    })
}

fn request(token: &str, fingerprint: u8) -> ClientRequest {
    ClientRequest {
        token: token.to_owned(),
        fingerprint: [fingerprint; 32],
    }
}

fn value_of(engine: &Engine, table: &str, id: i64) -> Option<i64> {
    match &get(engine, table, key(id))?["n"] {
        AttributeValue::N(number) => number.to_i64(),
        other => panic!("{other:?}"),
    }
}

/// The reasons of a cancellation by name, `-` for none.
fn reasons(outcome: Result<TransactWriteOutput, Error>) -> String {
    let Err(Error::TransactionCanceled { reasons }) = outcome else {
        panic!("{outcome:?}");
    };
    let names = reasons.iter().map(|reason| match reason {
        None => "-".to_owned(),
        Some(Error::Limit { kind, .. }) => format!("{kind:?}"),
        Some(error) => {
            let text = format!("{error:?}");
            let name = text.split([' ', '(']).next().unwrap_or_default();
            name.to_owned()
        }
    });
    names.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn all_actions_are_done_in_one_record() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    create(&engine).await;
    engine.put_item(put("a", row(1, 10))).await.unwrap();
    engine.put_item(put("b", row(1, 20))).await.unwrap();
    let records = log.payloads().len();
    let actions = [
        add("a", 1, -3),
        TransactAction::Delete(delete("b", key(1))),
        put_row("b", 2, 7),
        TransactAction::Insert {
            table: "a".to_owned(),
            item: row(2, 8),
        },
        check("a", 3, "attribute_not_exists(id)"),
    ];
    let output = engine.transact_write(&actions, None).await.unwrap();
    assert!(!output.repeated);
    let existed: Vec<bool> = output.actions.iter().map(|action| action.existed).collect();
    assert_eq!(existed, [true, true, false, false, false]);
    let units: Vec<f64> = output
        .actions
        .iter()
        .map(|action| action.capacity)
        .collect();
    assert_eq!(units, [2.0; 5], "twice the units of single writes");
    assert_eq!(log.payloads().len(), records + 1);
    let found = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)];
    let found = found.map(|(table, id)| value_of(&engine, table, id));
    assert_eq!(found, [Some(7), Some(8), None, None, Some(7)]);
    let counts = ["a", "b"].map(|name| engine.describe_table(name).unwrap().item_count);
    assert_eq!(counts, [2, 1]);
}

#[tokio::test]
async fn checks_alone_leave_no_record() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    create(&engine).await;
    let records = log.payloads().len();
    let actions = [
        check("a", 1, "attribute_not_exists(id)"),
        TransactAction::Delete(delete("b", key(1))),
    ];
    engine.transact_write(&actions, None).await.unwrap();
    assert_eq!(log.payloads().len(), records);
    let empty = engine.transact_write(&[], None).await.unwrap();
    assert!(empty.actions.is_empty());
}

#[tokio::test]
async fn every_action_has_its_reason_and_nothing_is_done() {
    let engine = two_tables().await;
    engine.put_item(put("a", row(1, 10))).await.unwrap();
    let mut conditional = delete("a", key(1));
    conditional.condition = Some(condition("n = :v", item([(":v", n(11))])));
    let text = item([("id", n(2)), ("n", s("text"))]);
    engine.put_item(put("a", text)).await.unwrap();
    let actions = [
        put_row("b", 1, 1),
        TransactAction::Delete(conditional),
        check("b", 7, "attribute_exists(id)"),
        TransactAction::Insert {
            table: "a".to_owned(),
            item: row(2, 8),
        },
        add("b", 2, 1),
    ];
    let outcome = engine.transact_write(&actions, None).await;
    let Err(Error::TransactionCanceled { reasons: shown }) = &outcome else {
        panic!("{outcome:?}");
    };
    assert!(matches!(
        &shown[1],
        Some(Error::ConditionFailed { item: None, .. })
    ));
    assert_eq!(
        reasons(outcome),
        "- ConditionFailed ConditionFailed ItemExists -"
    );
    assert_eq!(value_of(&engine, "b", 1), None);
    // An operand of the wrong type; an item that grows too large.
    let large = item([(":v", s(&"x".repeat(400 * 1024)))]);
    let actions = [
        add("a", 2, 1),
        TransactAction::Update(update("b", key(1), "SET v = :v", large)),
        put_row("b", 2, 1),
    ];
    let outcome = engine.transact_write(&actions, None).await;
    assert_eq!(reasons(outcome), "Evaluation ItemSize -");
    assert_eq!(value_of(&engine, "b", 2), None);
    // What the table says of the request, before any item is looked at.
    let huge = item([("id", n(4)), ("v", s(&"x".repeat(400 * 1024)))]);
    let actions = [
        TransactAction::Put(put("a", item([("n", n(1))]))),
        TransactAction::Delete(delete("a", row(1, 1))),
        TransactAction::Update(update("a", key(5), "SET id = :v", item([(":v", n(1))]))),
        TransactAction::Put(put("b", huge)),
        check("a", 1, "attribute_not_exists(id)"),
    ];
    let outcome = engine.transact_write(&actions, None).await;
    assert_eq!(reasons(outcome), "Key Key UpdatesKey ItemSize -");
}

#[tokio::test]
async fn a_failed_condition_carries_the_item_if_asked() {
    let engine = two_tables().await;
    engine.put_item(put("a", row(1, 10))).await.unwrap();
    let actions = [
        put_row("b", 1, 1),
        check("a", 1, "attribute_not_exists(id)"),
    ];
    let outcome = engine.transact_write(&actions, None).await;
    let Err(Error::TransactionCanceled { reasons }) = outcome else {
        panic!("{outcome:?}");
    };
    let Some(Error::ConditionFailed { item, .. }) = &reasons[1] else {
        panic!("{reasons:?}");
    };
    assert_eq!(*item, Some(row(1, 10)));
}

#[tokio::test]
async fn keys_of_indexes_are_checked_as_in_single_writes() {
    let engine = engine();
    let attribute = |name: &str| KeyAttribute {
        name: name.to_owned(),
        key_type: KeyType::S,
    };
    let mut definition = table("a", ("id", KeyType::N), None);
    definition.derived = Derived {
        indexes: vec![Index {
            name: "by_genre".to_owned(),
            id: TableId(1_000_000),
            kind: IndexKind::Global,
            partition: vec![attribute("genre")],
            sort: vec![],
            projection: IndexProjection::All,
            provisioned: None,
            status: IndexStatus::Active,
        }],
        ..Derived::default()
    };
    engine.create_table(definition).await.unwrap();
    let wrong = item([("id", n(2)), ("genre", n(1))]);
    let actions = [put_row("a", 1, 1), TransactAction::Put(put("a", wrong))];
    let outcome = engine.transact_write(&actions, None).await;
    assert_eq!(reasons(outcome), "- IndexKey");
    assert_eq!(get(&engine, "a", key(1)), None);
}

#[tokio::test]
async fn what_is_wrong_with_the_whole() {
    let engine = two_tables().await;
    let twice = [put_row("a", 1, 1), check("a", 1, "attribute_exists(id)")];
    let outcome = engine.transact_write(&twice, None).await;
    assert!(matches!(outcome, Err(Error::SameKeyTwice)), "{outcome:?}");
    let same_key_elsewhere = [put_row("a", 1, 1), put_row("b", 1, 1)];
    let outcome = engine.transact_write(&same_key_elsewhere, None).await;
    assert!(outcome.is_ok(), "{outcome:?}");

    let outcome = engine.transact_write(&[put_row("c", 1, 1)], None).await;
    assert!(matches!(outcome, Err(Error::TableNotFound { .. })));

    let many = |count| (0..count).map(|id| put_row("a", id, 1)).collect::<Vec<_>>();
    engine.transact_write(&many(100), None).await.unwrap();
    let outcome = engine.transact_write(&many(101), None).await;
    assert!(
        matches!(
            outcome,
            Err(Error::Limit {
                kind: LimitKind::TransactionActions,
                actual: 101,
                limit: 100
            })
        ),
        "{outcome:?}"
    );
    let keys: Vec<_> = (0..101).map(|id| ("a".to_owned(), key(id))).collect();
    assert!(engine.transact_get(&keys[..100]).is_ok());
    let outcome = engine.transact_get(&keys);
    assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
}

/// 4 MB of items together, whether they are written, deleted or only looked at.
#[tokio::test]
async fn four_megabytes_are_the_limit() {
    let engine = two_tables().await;
    let large = |id| item([("id", n(id)), ("v", s(&"x".repeat(399 * 1024)))]);
    let size = |outcome: Result<TransactWriteOutput, Error>| match outcome {
        Err(Error::Limit {
            kind: LimitKind::TransactionSize,
            limit: 4_194_304,
            ..
        }) => "too large",
        Ok(_) => "done",
        other => panic!("{other:?}"),
    };
    let puts: Vec<_> = (0..11)
        .map(|id| TransactAction::Put(put("a", large(id))))
        .collect();
    assert_eq!(size(engine.transact_write(&puts, None).await), "too large");
    assert_eq!(get(&engine, "a", key(0)), None);
    assert_eq!(size(engine.transact_write(&puts[..10], None).await), "done");
    let last = [puts[10].clone()];
    engine.transact_write(&last, None).await.unwrap();
    for action in [
        |id| TransactAction::Delete(delete("a", key(id))),
        |id| check("a", id, "attribute_exists(id)"),
        |id| add("a", id, 1),
    ] {
        let actions: Vec<_> = (0..11).map(action).collect();
        assert_eq!(
            size(engine.transact_write(&actions, None).await),
            "too large"
        );
    }
    let keys: Vec<_> = (0..11).map(|id| ("a".to_owned(), key(id))).collect();
    let outcome = engine.transact_get(&keys);
    assert!(
        matches!(
            outcome,
            Err(Error::Limit {
                kind: LimitKind::TransactionSize,
                ..
            })
        ),
        "{outcome:?}"
    );
    let output = engine.transact_get(&keys[..10]).unwrap();
    assert_eq!(output.capacity, [200.0; 10], "twice those of single reads");
}

#[tokio::test]
async fn items_are_read_at_one_moment_in_the_order_of_the_request() {
    let engine = two_tables().await;
    let actions = [put_row("a", 1, 1), put_row("b", 2, 2)];
    engine.transact_write(&actions, None).await.unwrap();
    let keys = [("b", 2), ("a", 2), ("a", 1)].map(|(table, id)| (table.to_owned(), key(id)));
    let output = engine.transact_get(&keys).unwrap();
    let items: Vec<_> = output
        .items
        .iter()
        .map(|item| item.as_ref().map(|item| item.to_item()))
        .collect();
    assert_eq!(items, [Some(row(2, 2)), None, Some(row(1, 1))]);
    assert_eq!(output.capacity, [2.0; 3]);
    let wrong = [("a".to_owned(), key(1)), ("a".to_owned(), row(1, 1))];
    match engine.transact_get(&wrong) {
        Err(Error::TransactionCanceled { reasons }) => {
            assert!(matches!(reasons[..], [None, Some(Error::Key(_))]));
        }
        other => panic!("{other:?}"),
    }
    let twice = [("a".to_owned(), key(1)), ("a".to_owned(), key(1))];
    assert!(matches!(
        engine.transact_get(&twice),
        Err(Error::SameKeyTwice)
    ));
}

/// An engine over that log at that time.
fn open_at(log: InstantLog, clock: &Arc<ManualClock>) -> Engine {
    Engine::open(
        EngineOptions {
            latch_wait: Duration::from_millis(1),
            ..EngineOptions::new("unused")
        },
        Arc::new(log),
        Box::new(MemoryStore::default()),
        Arc::clone(clock) as _,
        Arc::new(SeededRand::new(7)),
    )
    .unwrap()
}

#[tokio::test]
async fn a_token_makes_a_repetition_harmless_for_ten_minutes_also_across_a_restart() {
    let clock = Arc::new(ManualClock::new(1_700_000_000_000_000));
    let log = InstantLog::default();
    let engine = open_at(log.clone(), &clock);
    create(&engine).await;
    let actions = [add("a", 1, 5), check("b", 1, "attribute_not_exists(id)")];
    let token = request("one", 1);
    let first = engine.transact_write(&actions, Some(&token)).await.unwrap();
    assert!(!first.repeated);
    // The check would fail now; the transaction was done all the same.
    engine.put_item(put("b", row(1, 1))).await.unwrap();

    clock.advance(Duration::from_micros(9 * MINUTE_MICROS));
    let engine = open_at(log.reopened(), &clock);
    let again = engine.transact_write(&actions, Some(&token)).await.unwrap();
    assert!(again.repeated);
    let units: Vec<f64> = again.actions.iter().map(|action| action.capacity).collect();
    assert_eq!(units, [2.0, 2.0], "read units");
    assert_eq!(value_of(&engine, "a", 1), Some(5));
    let other = [add("a", 1, 6)];
    let mismatch = engine
        .transact_write(&other, Some(&request("one", 2)))
        .await;
    assert!(matches!(mismatch, Err(Error::IdempotentParameterMismatch)));
    let other_token = engine
        .transact_write(&other, Some(&request("two", 2)))
        .await;
    assert!(!other_token.unwrap().repeated);
    assert_eq!(value_of(&engine, "a", 1), Some(11));

    clock.advance(Duration::from_micros(MINUTE_MICROS));
    let expired = engine
        .transact_write(&other, Some(&request("one", 2)))
        .await;
    assert!(!expired.unwrap().repeated);
    assert_eq!(value_of(&engine, "a", 1), Some(17));
    // It is remembered for another ten minutes, as what it is now.
    clock.advance(Duration::from_micros(10 * MINUTE_MICROS - 1));
    let again = engine
        .transact_write(&other, Some(&request("one", 2)))
        .await;
    assert!(again.unwrap().repeated);
}

/// Also over the boundary of the steps in which tokens are kept.
#[tokio::test]
async fn a_clock_that_is_set_back_a_little_forgets_no_token() {
    let boundary = 1_000_000 * 10 * MINUTE_MICROS;
    let clock = Arc::new(ManualClock::new(boundary));
    let engine = open_at(InstantLog::default(), &clock);
    create(&engine).await;
    let actions = [add("a", 1, 5)];
    let token = request("one", 1);
    engine.transact_write(&actions, Some(&token)).await.unwrap();
    clock.set_micros(boundary - 1);
    let again = engine.transact_write(&actions, Some(&token)).await;
    assert!(again.unwrap().repeated);
}

#[tokio::test]
async fn a_canceled_transaction_leaves_its_token_unused() {
    let engine = two_tables().await;
    let token = request("one", 1);
    let actions = [put_row("a", 1, 1), check("b", 1, "attribute_exists(id)")];
    let outcome = engine.transact_write(&actions, Some(&token)).await;
    assert_eq!(reasons(outcome), "- ConditionFailed");
    engine.put_item(put("b", row(1, 1))).await.unwrap();
    let outcome = engine.transact_write(&actions, Some(&token)).await;
    assert!(!outcome.unwrap().repeated);
    // A transaction of checks alone is remembered too.
    let actions = [check("b", 1, "attribute_exists(id)")];
    let token = request("two", 1);
    engine.transact_write(&actions, Some(&token)).await.unwrap();
    engine.delete_item(delete("b", key(1))).await.unwrap();
    let outcome = engine.transact_write(&actions, Some(&token)).await;
    assert!(outcome.unwrap().repeated);
}

/// A repetition whose first request is not durable yet waits for it.
#[tokio::test]
async fn a_repetition_is_answered_after_the_first_is_durable() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    create(&engine).await;
    log.hold_at(log.payloads().len() as u64);
    let actions = [add("a", 1, 5)];
    let (token, other) = (request("one", 1), request("one", 2));
    let mut first = Box::pin(engine.transact_write(&actions, Some(&token)));
    let mut second = Box::pin(engine.transact_write(&actions, Some(&token)));
    let mut third = Box::pin(engine.transact_write(&actions, Some(&other)));
    assert!(futures::poll!(first.as_mut()).is_pending());
    assert!(futures::poll!(second.as_mut()).is_pending());
    assert!(futures::poll!(third.as_mut()).is_pending());
    log.release();
    assert!(!first.await.unwrap().repeated);
    assert!(second.await.unwrap().repeated);
    assert!(matches!(
        third.await,
        Err(Error::IdempotentParameterMismatch)
    ));
    assert_eq!(value_of(&engine, "a", 1), Some(5));
}

/// A transaction that is refused by an image that is not durable yet answers when that is.
#[tokio::test]
async fn a_cancellation_waits_for_what_it_read() {
    let log = InstantLog::default();
    let engine = open(log.clone(), MemoryStore::default());
    create(&engine).await;
    log.hold_at(log.payloads().len() as u64);
    let mut writer = Box::pin(engine.put_item(put("b", row(1, 1))));
    assert!(futures::poll!(writer.as_mut()).is_pending());
    let actions = [
        put_row("a", 1, 1),
        check("b", 1, "attribute_not_exists(id)"),
    ];
    let mut transaction = Box::pin(engine.transact_write(&actions, None));
    assert!(futures::poll!(transaction.as_mut()).is_pending());
    log.release();
    writer.await.unwrap();
    assert_eq!(reasons(transaction.await), "- ConditionFailed");
}

/// Rows of tokens that a closed engine left in the catalog's tree.
fn tokens_kept(trees: &MemoryStore) -> usize {
    let rows = trees.durable_entries(Role::Catalog);
    rows.keys().filter(|key| key.starts_with(b"r")).count()
}

#[tokio::test]
async fn expired_tokens_go_away_as_new_ones_come() {
    let clock = Arc::new(ManualClock::new(1_700_000_000_000_000));
    let trees = MemoryStore::default();
    let engine = Engine::open(
        EngineOptions::new("unused"),
        Arc::new(InstantLog::default()),
        Box::new(trees.clone()),
        Arc::clone(&clock) as _,
        Arc::new(SeededRand::new(7)),
    )
    .unwrap();
    create(&engine).await;
    let transact = async |token: String| {
        let token = request(&token, 1);
        let actions = [add("a", 1, 1)];
        engine.transact_write(&actions, Some(&token)).await.unwrap();
    };
    for number in 0..30 {
        transact(format!("old {number}")).await;
    }
    // Ten to twenty minutes later they are in the step that is still looked at, or have expired and may go.
    clock.advance(Duration::from_micros(20 * MINUTE_MICROS));
    for number in 0..10 {
        transact(format!("new {number}")).await;
    }
    assert_eq!(value_of(&engine, "a", 1), Some(40));
    engine.close().await.unwrap();
    assert_eq!(tokens_kept(&trees), 10);
}

fn durable() -> (Engine, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let options = EngineOptions::new(directory.path());
    (Engine::open_directory(options).unwrap(), directory)
}

/// Transfers between accounts of two tables, which overlap in any order; between any two moments the sum is what it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sum_of_all_accounts_stays() {
    const ACCOUNTS: i64 = 5;
    const START: i64 = 100;
    let (engine, _directory) = durable();
    create(&engine).await;
    let accounts: Vec<(&str, i64)> = ["a", "b"]
        .into_iter()
        .flat_map(|table| (0..ACCOUNTS).map(move |id| (table, id)))
        .collect();
    let opened: Vec<_> = accounts
        .iter()
        .map(|(table, id)| put_row(table, *id, START))
        .collect();
    engine.transact_write(&opened, None).await.unwrap();
    let keys: Vec<_> = accounts
        .iter()
        .map(|(table, id)| ((*table).to_owned(), key(*id)))
        .collect();
    let sum = |engine: &Engine| {
        let output = engine.transact_get(&keys).unwrap();
        let values = output.items.iter().map(|item| {
            let item = item.as_ref().unwrap().to_item();
            match &item["n"] {
                AttributeValue::N(number) => number.to_i64().unwrap(),
                other => panic!("{other:?}"),
            }
        });
        values.inspect(|value| assert!(*value >= 0)).sum::<i64>()
    };
    let total = START * 2 * ACCOUNTS;
    let mut tasks = Vec::new();
    for task in 0..24usize {
        let (engine, accounts) = (engine.clone(), accounts.clone());
        tasks.push(tokio::spawn(async move {
            let (mut done, mut refused) = (0, 0);
            for turn in 0..60usize {
                let from = accounts[(task * 7 + turn * 3) % accounts.len()];
                let to = accounts[(task * 3 + turn * 7 + 1) % accounts.len()];
                if from == to {
                    continue;
                }
                let amount = 40;
                let values = item([(":amount", n(amount))]);
                let mut out = update(from.0, key(from.1), "SET n = n - :amount", values.clone());
                out.condition = Some(condition("n >= :amount", values));
                let actions = [TransactAction::Update(out), add(to.0, to.1, amount)];
                match engine.transact_write(&actions, None).await {
                    Ok(_) => done += 1,
                    outcome => {
                        assert_eq!(reasons(outcome), "ConditionFailed -");
                        refused += 1;
                    }
                }
            }
            (done, refused)
        }));
    }
    let mut looks = 0;
    while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        assert_eq!(sum(&engine), total);
        looks += 1;
        tokio::task::yield_now().await;
    }
    let (mut done, mut refused) = (0, 0);
    for task in tasks {
        let (its_done, its_refused) = task.await.unwrap();
        done += its_done;
        refused += its_refused;
    }
    assert_eq!(sum(&engine), total);
    assert!(
        done > 100 && refused > 0 && looks > 10,
        "{done} {refused} {looks}"
    );
    engine.close().await.unwrap();
}

/// Of transactions that each need all of the same unclaimed items, one wins; and single writes and transactions lose nothing of each
/// other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transactions_and_single_writes_are_in_one_order() {
    let (engine, _directory) = durable();
    create(&engine).await;
    let tasks: Vec<_> = (0..16i64)
        .map(|task| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut ids: Vec<i64> = (0..8).collect();
                ids.rotate_left(task as usize % 8);
                let claim = |id: i64| {
                    let mut request = put("b", row(id, task));
                    request.condition = Some(condition("attribute_not_exists(id)", Item::new()));
                    TransactAction::Put(request)
                };
                let claims: Vec<_> = ids.iter().map(|id| claim(*id)).collect();
                let won = engine.transact_write(&claims, None).await.is_ok();
                for turn in 0..20 {
                    let both = [add("a", 1, 1), add("a", 2, 1)];
                    engine.transact_write(&both, None).await.unwrap();
                    let values = item([(":one", n(1))]);
                    let single = update("a", key(1 + turn % 2), "ADD n :one", values);
                    engine.update_item(single).await.unwrap();
                }
                won.then_some(task)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        winners.extend(task.await.unwrap());
    }
    assert_eq!(winners.len(), 1);
    assert!((0..8).all(|id| value_of(&engine, "b", id) == Some(winners[0])));
    let counted = [1, 2].map(|id| value_of(&engine, "a", id));
    assert_eq!(counted, [Some(16 * 30); 2]);
    engine.close().await.unwrap();
}

/// One of the two doctors stays on call: an interactive transaction leaves if it reads that the other is there, TransactWriteItems if a
/// check says so. Nothing but the order of all of them keeps both from leaving at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn checks_hold_against_interactive_transactions() {
    let (engine, _directory) = durable();
    create(&engine).await;
    for round in 0..150 {
        let both = [put_row("a", round, 1), put_row("b", round, 1)];
        engine.transact_write(&both, None).await.unwrap();
        let reader = engine.clone();
        let interactive = tokio::spawn(async move {
            let transaction = reader.begin(TransactionOptions::default());
            let request = GetItem {
                table: "b".to_owned(),
                key: key(round),
                consistent: true,
            };
            let other = transaction.view().get_item(&request).unwrap().item;
            if other.is_some() {
                tokio::task::yield_now().await;
                transaction.delete_item(&delete("a", key(round))).unwrap();
            }
            transaction.commit().await
        });
        let checker = engine.clone();
        let checked = tokio::spawn(async move {
            let actions = [
                check("a", round, "attribute_exists(id)"),
                TransactAction::Delete(delete("b", key(round))),
            ];
            checker.transact_write(&actions, None).await
        });
        let left = match interactive.await.unwrap() {
            Ok(()) => value_of(&engine, "a", round).is_none(),
            Err(Error::SerializationConflict) => false,
            Err(error) => panic!("{error}"),
        };
        let left_too = match checked.await.unwrap() {
            Ok(_) => true,
            outcome => {
                assert_eq!(reasons(outcome), "ConditionFailed -");
                false
            }
        };
        assert!(!(left && left_too), "nobody is on call");
        assert!(left || left_too, "somebody could leave");
    }
    engine.close().await.unwrap();
}

/// Requests with one token, all at once: it is done once, and all are told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_with_one_token_at_once_are_done_once() {
    let (engine, _directory) = durable();
    create(&engine).await;
    for round in 0..20 {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let engine = engine.clone();
                tokio::spawn(async move {
                    let token = request(&format!("round {round}"), 1);
                    let actions = [add("a", 1, 1), add("b", 1, -1)];
                    let output = engine.transact_write(&actions, Some(&token)).await;
                    output.unwrap().repeated
                })
            })
            .collect();
        let mut first = 0;
        for task in tasks {
            first += u32::from(!task.await.unwrap());
        }
        assert_eq!(first, 1);
    }
    assert_eq!(value_of(&engine, "a", 1), Some(20));
    assert_eq!(value_of(&engine, "b", 1), Some(-20));
    engine.close().await.unwrap();
}

/// A transaction meets the drop of one of its tables: all of it is done before, or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_table_takes_no_transactions() {
    let (engine, _directory) = durable();
    let request = table("a", ("id", KeyType::N), None);
    engine.create_table(request).await.unwrap();
    for _ in 0..5 {
        let request = table("b", ("id", KeyType::N), None);
        engine.create_table(request).await.unwrap();
        let before = value_of(&engine, "a", 1).unwrap_or_default();
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let engine = engine.clone();
                tokio::spawn(async move {
                    for done in 0.. {
                        let actions = [add("a", 1, 1), add("b", 1, 1)];
                        match engine.transact_write(&actions, None).await {
                            Ok(_) => {}
                            Err(Error::TableNotFound { name }) => {
                                assert_eq!(name, "b");
                                return done;
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                    unreachable!()
                })
            })
            .collect();
        while value_of(&engine, "b", 1).unwrap_or_default() < 20 {
            tokio::task::yield_now().await;
        }
        engine.delete_table("b").await.unwrap();
        let mut done = 0;
        for task in tasks {
            done += task.await.unwrap();
        }
        assert_eq!(value_of(&engine, "a", 1), Some(before + done));
    }
    engine.close().await.unwrap();
}
