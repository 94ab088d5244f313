//! Transactions that were refused over a row queue for it, and are not refused again.

use crate::support::*;
use crate::transaction_support::*;
use shale_engine::{Contended, Engine, Error, Transaction};

fn add(transaction: &Transaction, sort: i64) {
    let request = update("t", key("a", sort), "ADD v :x", item([(":x", n(1))]));
    transaction.update_item(&request).unwrap();
}

async fn assert_refused(transaction: &Transaction) {
    let outcome = transaction.commit().await;
    assert!(matches!(outcome, Err(Error::SerializationConflict)));
}

/// The rows of a transaction that lost against another one.
async fn refused(engine: &Engine) -> Contended {
    let [winner, loser] = [begin(engine), begin(engine)];
    add(&winner, 1);
    add(&loser, 1);
    winner.commit().await.unwrap();
    assert_eq!(winner.contended(), None);
    assert_refused(&loser).await;
    loser.contended().unwrap()
}

#[tokio::test(start_paused = true)]
async fn in_turn_nobody_is_refused() {
    let engine = with_table().await;
    let rows = refused(&engine).await;
    let first = engine.begin_in_turn(&rows).await;
    add(&first, 1);
    let mut second = Box::pin(engine.begin_in_turn(&rows));
    assert!(futures::poll!(&mut second).is_pending());
    first.commit().await.unwrap();
    let second = second.await;
    add(&second, 1);
    second.commit().await.unwrap();
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(3));
}

#[tokio::test(start_paused = true)]
async fn only_rows_that_others_wrote_are_queued_for() {
    let engine = with_table().await;
    let rows = refused(&engine).await;
    let held = engine.begin_in_turn(&rows).await;
    let loser = begin(&engine);
    add(&loser, 1);
    add(&loser, 2);
    engine.put_item(put("t", row("a", 2, 7))).await.unwrap();
    assert_refused(&loser).await;
    let others = loser.contended().unwrap();
    assert_ne!(others, rows);
    let again = engine.begin_in_turn(&others).await;
    add(&again, 1);
    again.commit().await.unwrap();
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_turn_ends_with_its_transaction_however_that_ends() {
    let engine = with_table().await;
    let rows = refused(&engine).await;
    let given_up = engine.begin_in_turn(&rows).await;
    let mut next = Box::pin(engine.begin_in_turn(&rows));
    assert!(futures::poll!(&mut next).is_pending());
    given_up.rollback();
    let dropped = next.await;
    let mut next = Box::pin(engine.begin_in_turn(&rows));
    assert!(futures::poll!(&mut next).is_pending());
    drop(dropped);
    let refused = next.await;
    add(&refused, 1);
    engine.put_item(put("t", row("a", 1, 7))).await.unwrap();
    let mut next = Box::pin(engine.begin_in_turn(&rows));
    assert!(futures::poll!(&mut next).is_pending());
    assert_refused(&refused).await;
    add(&next.await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_does_not_end_is_waited_for_in_vain_and_hinders_nobody() {
    let engine = with_table().await;
    let rows = refused(&engine).await;
    let thinking = engine.begin_in_turn(&rows).await;
    add(&thinking, 1);
    let other = engine.begin_in_turn(&rows).await;
    add(&other, 1);
    other.commit().await.unwrap();
    assert_refused(&thinking).await;
}
