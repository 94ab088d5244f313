//! What simulated clients do in interactive transactions: between their steps others go on.

use crate::stream_follower::streamed;
use crate::support::*;
use shale_engine::{Engine, Error, GetItem, OnConflict, Transaction, TransactionOptions};
use shale_item::{AttributeValue, Item};

/// Reads a counter in a transaction, lets others go on, and writes it back one larger.
pub async fn transact(engine: &Engine, counter: u64) -> Result<Option<i64>, Error> {
    let transaction = engine.begin(TransactionOptions::default());
    let value = increment_in(&transaction, counter).await?;
    futures::pending!();
    transaction.commit().await?;
    Ok(value)
}

pub async fn increment_in(transaction: &Transaction, counter: u64) -> Result<Option<i64>, Error> {
    let key = item([("id", n(counter as i64))]);
    let request = GetItem {
        table: "counters".to_owned(),
        key: key.clone(),
        consistent: true,
    };
    let found = transaction.view().get_item(&request)?.item;
    let seen = match found.and_then(|item| item.to_item().remove("n")) {
        Some(AttributeValue::N(number)) => number.to_i64().unwrap(),
        None => 0,
        Some(other) => panic!("{other:?}"),
    };
    futures::pending!();
    let mut row = key;
    row.insert("n".to_owned(), n(seen + 1));
    transaction.put_item(&put("counters", row))?;
    Ok(Some(seen + 1))
}

pub async fn create_filled(engine: &Engine, name: &str) -> Result<Option<i64>, Error> {
    let transaction = engine.begin(TransactionOptions::default());
    transaction.create_table(&streamed(name))?;
    futures::pending!();
    let row = item([("id", n(2)), ("first", s("x"))]);
    transaction.put_item(&put(name, row))?;
    transaction.commit().await?;
    Ok(None)
}

pub async fn drop_in_transaction(engine: &Engine, name: &str) -> Result<Option<i64>, Error> {
    let transaction = engine.begin(TransactionOptions::default());
    transaction.delete_table(name)?;
    futures::pending!();
    transaction.commit().await?;
    Ok(None)
}

pub async fn insert_row_by_row(engine: &Engine, rows: Vec<Item>) -> Result<Option<i64>, Error> {
    let transaction = engine.begin(TransactionOptions::default());
    for row in rows {
        let inserted = transaction.insert_all("rows", vec![(row, OnConflict::Fail)]);
        inserted.map_err(|(_, error)| error)?;
        futures::pending!();
    }
    transaction.commit().await?;
    Ok(None)
}

/// Writes a note whose text has that length, or deletes it.
pub async fn note(
    engine: &Engine,
    topic: u64,
    id: u64,
    length: Option<u64>,
    in_transaction: bool,
) -> Result<Option<i64>, Error> {
    let key = item([("h", n(topic as i64)), ("r", n(id as i64))]);
    let row = length.map(|length| {
        let mut row = key.clone();
        row.insert("text".to_owned(), s(&"x".repeat(length as usize)));
        // Some notes have no entry in the index.
        row.extend((length % 3 > 0).then(|| ("x".to_owned(), n(length as i64))));
        row
    });
    if in_transaction {
        let transaction = engine.begin(TransactionOptions::default());
        match row {
            Some(row) => transaction.put_item(&put("notes", row))?,
            None => transaction.delete_item(&delete("notes", key))?,
        };
        futures::pending!();
        transaction.commit().await?;
        return Ok(None);
    }
    match row {
        Some(row) => engine.put_item(put("notes", row)).await?,
        None => engine.delete_item(delete("notes", key)).await?,
    };
    Ok(None)
}
