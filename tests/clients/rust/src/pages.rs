//! Paginators and waiters.

use crate::server::{PATIENCE, key, number, table, text};
use aws_sdk_dynamodb::client::Waiters;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn paginators_go_to_the_end() {
    let client = table("rust-pages").await;
    for id in 0..60 {
        let mut item = key("ann", id);
        item.insert(
            "kind".to_owned(),
            text(if id % 2 == 0 { "even" } else { "odd" }),
        );
        client
            .put_item()
            .table_name("rust-pages")
            .set_item(Some(item))
            .send()
            .await
            .expect("put");
    }
    let query = client
        .query()
        .table_name("rust-pages")
        .key_condition_expression("#o = :o AND id >= :from")
        .filter_expression("kind = :kind")
        .expression_attribute_names("#o", "owner")
        .expression_attribute_values(":o", text("ann"))
        .expression_attribute_values(":from", number(10))
        .expression_attribute_values(":kind", text("even"))
        .scan_index_forward(false);
    let mut pages = query.into_paginator().page_size(7).send();
    let (mut ids, mut scanned) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.expect("a page");
        scanned += page.scanned_count();
        ids.extend(page.items().iter().map(|item| item["id"].clone()));
    }
    let expected: Vec<_> = (10..60)
        .rev()
        .filter(|id| id % 2 == 0)
        .map(number)
        .collect();
    assert_eq!((ids, scanned), (expected, 50));

    let scan = client
        .scan()
        .table_name("rust-pages")
        .index_name("by_kind")
        .into_paginator();
    let found = scan
        .page_size(9)
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    assert_eq!(found.expect("all pages").len(), 60);

    let names = client
        .list_tables()
        .into_paginator()
        .page_size(1)
        .items()
        .send();
    let names = names
        .collect::<Result<Vec<_>, _>>()
        .await
        .expect("all pages");
    assert!(names.is_sorted() && names.contains(&"rust-pages".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn waiters_tell_tables_that_are_gone() {
    let client = table("rust-waiters").await;
    let patience = Duration::from_millis(1);
    let still = client
        .wait_until_table_not_exists()
        .table_name("rust-waiters")
        .wait(patience)
        .await;
    assert!(still.is_err(), "it is there");
    let gone = client
        .delete_table()
        .table_name("rust-waiters")
        .send()
        .await
        .expect("deleted");
    let description = gone.table_description().expect("a description");
    assert_eq!(
        description.table_status().map(|status| status.as_str()),
        Some("DELETING")
    );
    client
        .wait_until_table_not_exists()
        .table_name("rust-waiters")
        .wait(PATIENCE)
        .await
        .expect("gone");
}
