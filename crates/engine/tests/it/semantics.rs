//! What writes of one item do, as DynamoDB documents it.

use crate::support::*;
use shale_engine::{Engine, Error, ErrorKind, GetItem, LimitKind, ReturnValues, WriteOutput};
use shale_item::{AttributeValue, Item, KeyType};

async fn music() -> Engine {
    let engine = engine();
    let request = table("music", ("artist", KeyType::S), Some(("song", KeyType::S)));
    engine.create_table(request).await.unwrap();
    engine
}

fn key() -> Item {
    item([("artist", s("a")), ("song", s("b"))])
}

fn with(more: Item) -> Item {
    key().into_iter().chain(more).collect()
}

#[tokio::test]
async fn put_get_replace_delete() {
    let engine = music().await;
    assert_eq!(get(&engine, "music", key()), None);
    let first = with(item([("year", n(1999))]));
    let output = engine.put_item(put("music", first.clone())).await.unwrap();
    assert_eq!((output.existed, output.capacity), (false, 1.0));
    assert_eq!(get(&engine, "music", key()), Some(first.clone()));

    let second = with(item([("label", s("x"))]));
    let mut request = put("music", second.clone());
    request.return_values = ReturnValues::AllOld;
    let output = engine.put_item(request).await.unwrap();
    assert_eq!((output.existed, output.attributes), (true, Some(first)));
    assert_eq!(get(&engine, "music", key()), Some(second.clone()));

    let mut request = delete("music", key());
    request.return_values = ReturnValues::AllOld;
    let output = engine.delete_item(request.clone()).await.unwrap();
    assert_eq!((output.existed, output.attributes), (true, Some(second)));
    assert_eq!(get(&engine, "music", key()), None);
    let output = engine.delete_item(request).await.unwrap();
    assert_eq!((output.existed, output.attributes), (false, None));
    assert_eq!(output.capacity, 1.0);
}
