//! Values, updates, batches, transactions and statements.

use crate::server::{key, number, table, text};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, PutRequest,
    ReturnConsumedCapacity, ReturnValue, TransactWriteItem, Update, WriteRequest,
};
use std::collections::HashMap;

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_back_as_it_went() {
    let client = table("rust-types").await;
    let mut item = key("ann", -7);
    for (name, value) in [
        ("text", text("žluť 🐎 \0")),
        ("empty", text("")),
        ("number", number("-12345678901234567890.123456789012345678")),
        ("bytes", AttributeValue::B(Blob::new([0, 128, 255]))),
        ("yes", AttributeValue::Bool(true)),
        ("nothing", AttributeValue::Null(true)),
        (
            "texts",
            AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()]),
        ),
        (
            "numbers",
            AttributeValue::Ns(vec!["-1".to_owned(), "2.5".to_owned()]),
        ),
        (
            "blobs",
            AttributeValue::Bs(vec![Blob::new([1]), Blob::new([1, 2])]),
        ),
        (
            "list",
            AttributeValue::L(vec![number(1), AttributeValue::L(vec![])]),
        ),
        (
            "map",
            AttributeValue::M(HashMap::from([("a.b".to_owned(), number("0.1"))])),
        ),
    ] {
        item.insert(name.to_owned(), value);
    }
    client
        .put_item()
        .table_name("rust-types")
        .set_item(Some(item.clone()))
        .send()
        .await
        .expect("put");
    let found = client
        .get_item()
        .table_name("rust-types")
        .set_key(Some(key("ann", -7)))
        .consistent_read(true);
    assert_eq!(found.send().await.expect("got").item, Some(item));
    let absent = client
        .get_item()
        .table_name("rust-types")
        .set_key(Some(key("bob", 1)))
        .send();
    assert_eq!(absent.await.expect("got").item, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_tell_what_they_changed_and_cost() {
    let client = table("rust-updates").await;
    let update = || {
        client
            .update_item()
            .table_name("rust-updates")
            .set_key(Some(key("ann", 1)))
            .update_expression("SET #l = list_append(if_not_exists(#l, :none), :more) ADD n :one")
            .expression_attribute_names("#l", "list")
            .expression_attribute_values(":none", AttributeValue::L(vec![]))
            .expression_attribute_values(":more", AttributeValue::L(vec![text("x")]))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
    };
    update().send().await.expect("the first");
    let second = update().send().await.expect("the second");
    let attributes = second.attributes().expect("attributes");
    assert_eq!(attributes["n"], number(2));
    assert_eq!(
        attributes["list"],
        AttributeValue::L(vec![text("x"), text("x")])
    );
    let capacity = second.consumed_capacity().expect("capacity");
    assert_eq!(capacity.capacity_units(), Some(1.0));
    assert_eq!(
        capacity.table().and_then(|table| table.capacity_units()),
        Some(1.0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_whole() {
    let client = table("rust-batches").await;
    let writes = (0..25)
        .map(|id| {
            PutRequest::builder()
                .set_item(Some(key("ann", id)))
                .build()
                .expect("complete")
        })
        .map(|put| WriteRequest::builder().put_request(put).build())
        .collect();
    let written = client
        .batch_write_item()
        .request_items("rust-batches", writes)
        .send()
        .await
        .expect("written");
    assert_eq!(written.unprocessed_items().map(HashMap::len), Some(0));
    let keys = KeysAndAttributes::builder()
        .set_keys(Some((20..30).map(|id| key("ann", id)).collect()))
        .consistent_read(true)
        .build()
        .expect("complete");
    let found = client
        .batch_get_item()
        .request_items("rust-batches", keys)
        .send()
        .await
        .expect("found");
    assert_eq!(
        found.responses().expect("responses")["rust-batches"].len(),
        5
    );
    assert_eq!(found.unprocessed_keys().map(HashMap::len), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_all_or_nothing_and_done_once() {
    let client = table("rust-transactions").await;
    let name = "rust-transactions";
    let put = |id| {
        Put::builder()
            .table_name(name)
            .set_item(Some(key("ann", id)))
            .build()
            .expect("complete")
    };
    let setup = [1, 2].map(|id| TransactWriteItem::builder().put(put(id)).build());
    client
        .transact_write_items()
        .set_transact_items(Some(setup.to_vec()))
        .send()
        .await
        .expect("done");

    let add = Update::builder()
        .table_name(name)
        .set_key(Some(key("ann", 1)))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", number(1))
        .build()
        .expect("complete");
    let gone = Delete::builder()
        .table_name(name)
        .set_key(Some(key("ann", 2)))
        .build()
        .expect("complete");
    let check = ConditionCheck::builder()
        .table_name(name)
        .set_key(Some(key("ann", 3)))
        .condition_expression("attribute_not_exists(id)")
        .build()
        .expect("complete");
    let transaction = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().update(add).build())
        .transact_items(TransactWriteItem::builder().delete(gone).build())
        .transact_items(TransactWriteItem::builder().condition_check(check).build())
        .client_request_token("rust-token");
    transaction.clone().send().await.expect("done");
    transaction.send().await.expect("it was done already");
    let items = client
        .scan()
        .table_name(name)
        .send()
        .await
        .expect("scanned");
    let mut expected = key("ann", 1);
    expected.insert("n".to_owned(), number(1));
    assert_eq!(items.items(), [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_have_parameters_and_pages() {
    let client = table("rust-statements").await;
    for id in 0..5 {
        client
            .execute_statement()
            .statement("INSERT INTO \"rust-statements\" VALUE {'owner': ?, 'id': ?}")
            .parameters(text("ann"))
            .parameters(number(id))
            .send()
            .await
            .expect("inserted");
    }
    let question = client
        .execute_statement()
        .statement("SELECT id FROM \"rust-statements\" WHERE owner = ? AND id > ?")
        .parameters(text("ann"))
        .parameters(number(0))
        .limit(3);
    let first = question.clone().send().await.expect("a page");
    assert_eq!(first.items().len(), 3);
    let second = question
        .next_token(first.next_token().expect("more"))
        .send()
        .await
        .expect("a page");
    assert_eq!(
        second.items(),
        [HashMap::from([("id".to_owned(), number(4))])]
    );
}
