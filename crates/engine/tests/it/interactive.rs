//! Interactive transactions: what they see, what they refuse, what they leave.

use crate::support::*;
use shale_engine::{
    Engine, Error, GetItem, OnConflict, Page, Query, ReadView, Transaction, TransactionOptions,
};
use shale_item::{AttributeValue, Item, KeyType};

/// An engine with the table `t`: HASH `p` (S), RANGE `s` (N).
async fn with_table() -> Engine {
    let engine = engine();
    let request = table("t", ("p", KeyType::S), Some(("s", KeyType::N)));
    engine.create_table(request).await.unwrap();
    engine
}

fn begin(engine: &Engine) -> Transaction {
    engine.begin(TransactionOptions::default())
}

fn key(p: &str, sort: i64) -> Item {
    item([("p", s(p)), ("s", n(sort))])
}

fn row(p: &str, sort: i64, value: i64) -> Item {
    item([("p", s(p)), ("s", n(sort)), ("v", n(value))])
}

fn read(view: &ReadView, key: Item) -> Option<Item> {
    let request = GetItem {
        table: "t".to_owned(),
        key,
        consistent: true,
    };
    let item = view.get_item(&request).unwrap().item;
    item.map(|item| item.to_item())
}

fn value(item: Option<Item>) -> Option<i64> {
    match &item?["v"] {
        AttributeValue::N(number) => number.to_i64(),
        other => panic!("{other:?}"),
    }
}

fn partition(p: &str, forward: bool, limit: Option<u32>) -> Query {
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

fn sorts(page: &Page) -> Vec<i64> {
    let sort = |item: &Item| match &item["s"] {
        AttributeValue::N(number) => number.to_i64().unwrap(),
        other => panic!("{other:?}"),
    };
    page.items
        .iter()
        .map(|item| sort(&item.to_item()))
        .collect()
}

#[tokio::test]
async fn staged_writes_are_seen_inside_and_only_after_the_commit_outside() {
    let engine = with_table().await;
    engine.put_item(put("t", row("a", 1, 1))).await.unwrap();
    engine.put_item(put("t", row("a", 2, 2))).await.unwrap();
    let transaction = begin(&engine);
    transaction.put_item(&put("t", row("a", 3, 3))).unwrap();
    let mut increment = update("t", key("a", 1), "SET v = v + :x", item([(":x", n(10))]));
    increment.return_values = shale_engine::ReturnValues::AllNew;
    let output = transaction.update_item(&increment).unwrap();
    assert_eq!(value(output.attributes), Some(11));
    assert!(
        transaction
            .delete_item(&delete("t", key("a", 2)))
            .unwrap()
            .existed
    );
    let inserted = transaction.insert_all("t", vec![(row("a", 0, 0), OnConflict::Fail)]);
    inserted.unwrap();

    let view = transaction.view();
    assert_eq!(
        sorts(&view.query(&partition("a", true, None)).unwrap()),
        [0, 1, 3]
    );
    assert_eq!(
        sorts(&view.query(&partition("a", false, None)).unwrap()),
        [3, 1, 0]
    );
    assert_eq!(value(read(&view, key("a", 1))), Some(11));
    assert_eq!(read(&view, key("a", 2)), None);
    let outside = engine.query(&partition("a", true, None)).unwrap();
    assert_eq!(sorts(&outside), [1, 2]);

    transaction.commit().await.unwrap();
    let outside = engine.query(&partition("a", true, None)).unwrap();
    assert_eq!(sorts(&outside), [0, 1, 3]);
    assert_eq!(value(get(&engine, "t", key("a", 1))), Some(11));
    assert_eq!(engine.describe_table("t").unwrap().item_count, 3);
    assert!(matches!(
        transaction.commit().await,
        Err(Error::TransactionEnded)
    ));
}
