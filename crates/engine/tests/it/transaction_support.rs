//! What tests of interactive transactions say often: a table, its rows, a transaction on it.

use crate::support::*;
use shale_engine::{
    Engine, Error, GetItem, Page, Query, ReadView, Transaction, TransactionOptions,
};
use shale_item::{AttributeValue, Item, KeyType};

/// An engine with the table `t`: HASH `p` (S), RANGE `s` (N).
pub async fn with_table() -> Engine {
    let engine = engine();
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    engine
}

pub fn begin(engine: &Engine) -> Transaction {
    engine.begin(TransactionOptions::default())
}

pub fn key(p: &str, sort: i64) -> Item {
    item([("p", s(p)), ("s", n(sort))])
}

pub fn row(p: &str, sort: i64, value: i64) -> Item {
    item([("p", s(p)), ("s", n(sort)), ("v", n(value))])
}

pub fn read(view: &ReadView, key: Item) -> Option<Item> {
    let request = GetItem {
        table: "t".to_owned(),
        key,
        consistent: true,
    };
    let item = view.get_item(&request).unwrap().item;
    item.map(|item| item.to_item())
}

pub fn value(item: Option<Item>) -> Option<i64> {
    match &item?["v"] {
        AttributeValue::N(number) => number.to_i64(),
        other => panic!("{other:?}"),
    }
}

pub fn partition(p: &str, forward: bool, limit: Option<u32>) -> Query {
    Query {
        table: "t".to_owned(),
        index: None,
        whole_items: false,
        partition: vec![s(p)],
        sort_prefix: vec![],
        sort: None,
        filter: None,
        forward,
        limit,
        exclusive_start_key: None,
        consistent: true,
    }
}

pub fn sorts(page: &Page) -> Vec<i64> {
    let sort = |item: &Item| match &item["s"] {
        AttributeValue::N(number) => number.to_i64().unwrap(),
        other => panic!("{other:?}"),
    };
    page.items
        .iter()
        .map(|item| sort(&item.to_item()))
        .collect()
}

pub fn assert_conflict(result: Result<(), Error>) {
    assert!(
        matches!(result, Err(Error::SerializationConflict)),
        "{result:?}"
    );
}

/// Reads and writes the item back, one larger.
pub fn increment(transaction: &Transaction, key: Item) {
    let now = value(read(&transaction.view(), key.clone())).unwrap_or(0);
    let mut row = key;
    row.insert("v".to_owned(), n(now + 1));
    transaction.put_item(&put("t", row)).unwrap();
}
