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

fn with<const N: usize>(more: [(&str, AttributeValue); N]) -> Item {
    key().into_iter().chain(item(more)).collect()
}

#[tokio::test]
async fn put_get_replace_delete() {
    let engine = music().await;
    assert_eq!(get(&engine, "music", key()), None);
    let first = with([("year", n(1999))]);
    let output = engine.put_item(put("music", first.clone())).await.unwrap();
    assert_eq!((output.existed, output.capacity), (false, 1.0));
    assert_eq!(get(&engine, "music", key()), Some(first.clone()));

    let second = with([("label", s("x"))]);
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

#[tokio::test]
async fn a_failed_condition_writes_nothing_and_shows_the_item_if_asked() {
    let engine = music().await;
    let old = with([("year", n(1999)), ("text", s(&"x".repeat(2000)))]);
    engine.put_item(put("music", old.clone())).await.unwrap();

    let absent = || Some(condition("attribute_not_exists(artist)", Item::new()));
    let mut request = put("music", with([("text", s(&"x".repeat(5000)))]));
    request.condition = absent();
    request.return_item_on_failure = true;
    match engine.put_item(request).await {
        Err(error @ Error::ConditionFailed { .. }) => {
            assert_eq!(error.kind(), ErrorKind::Conflict);
            let Error::ConditionFailed { item, capacity } = error else {
                unreachable!()
            };
            assert_eq!((item, capacity), (Some(old.clone()), 5.0));
        }
        other => panic!("{other:?}"),
    }
    let mut request = delete("music", key());
    request.condition = absent();
    match engine.delete_item(request).await {
        Err(Error::ConditionFailed { item, capacity }) => {
            assert_eq!((item, capacity), (None, 2.0));
        }
        other => panic!("{other:?}"),
    }
    let mut request = update(
        "music",
        key(),
        "SET a = :a",
        item([(":a", s(&"x".repeat(3000)))]),
    );
    request.condition = absent();
    match engine.update_item(request).await {
        Err(Error::ConditionFailed { capacity, .. }) => assert_eq!(capacity, 5.0),
        other => panic!("{other:?}"),
    }
    assert_eq!(get(&engine, "music", key()), Some(old));
}

#[tokio::test]
async fn conditions_see_no_attributes_where_no_item_is() {
    let engine = music().await;
    for (text, holds) in [
        ("attribute_not_exists(artist)", true),
        ("attribute_exists(artist)", false),
        ("artist = :a", false),
        ("artist <> :a", true),
        ("NOT artist = :a", true),
    ] {
        let mut request = delete("music", key());
        request.condition = Some(condition(text, item([(":a", s("a"))])));
        assert_eq!(engine.delete_item(request).await.is_ok(), holds, "{text}");
    }
}

#[tokio::test]
async fn update_creates_changes_and_returns_what_is_asked() {
    let engine = music().await;
    let set = |values| {
        update(
            "music",
            key(),
            "SET plays = if_not_exists(plays, :zero) + :one, tags = :t",
            values,
        )
    };
    let values = || item([(":zero", n(0)), (":one", n(1)), (":t", s("x"))]);
    let mut request = set(values());
    request.return_values = ReturnValues::AllOld;
    let output = engine.update_item(request).await.unwrap();
    assert_eq!((output.existed, output.attributes), (false, None));
    let created = with([("plays", n(1)), ("tags", s("x"))]);
    assert_eq!(get(&engine, "music", key()), Some(created.clone()));

    let part = |plays| item([("plays", n(plays)), ("tags", s("x"))]);
    for (return_values, attributes) in [
        (ReturnValues::None, None),
        (
            ReturnValues::AllOld,
            Some(with([("plays", n(2)), ("tags", s("x"))])),
        ),
        (ReturnValues::UpdatedOld, Some(part(3))),
        (ReturnValues::UpdatedNew, Some(part(5))),
        (
            ReturnValues::AllNew,
            Some(with([("plays", n(6)), ("tags", s("x"))])),
        ),
    ] {
        let mut request = set(values());
        request.return_values = return_values;
        let output = engine.update_item(request).await.unwrap();
        assert_eq!((output.existed, output.attributes), (true, attributes));
    }
    assert_eq!(get(&engine, "music", key()).unwrap()["plays"], n(6));
}

#[tokio::test]
async fn update_without_actions_creates_the_bare_item_and_removing_creates_nothing() {
    let engine = music().await;
    for text in ["REMOVE a, b", "DELETE tags :t"] {
        let values = match text.contains(":t") {
            true => item([(":t", AttributeValue::Ss(["x".to_owned()].into()))]),
            false => Item::new(),
        };
        let output = engine
            .update_item(update("music", key(), text, values))
            .await
            .unwrap();
        assert_eq!((output.existed, output.capacity), (false, 1.0));
        assert_eq!(get(&engine, "music", key()), None, "{text}");
    }
    let mut request = update("music", key(), "REMOVE a", Item::new());
    request.update = None;
    engine.update_item(request).await.unwrap();
    assert_eq!(get(&engine, "music", key()), Some(key()));
    // It is there now, so removing rewrites it.
    let output = engine
        .update_item(update("music", key(), "REMOVE a", Item::new()))
        .await
        .unwrap();
    assert!(output.existed);
}

#[tokio::test]
async fn update_leaves_the_key_alone_and_reports_what_does_not_fit() {
    let engine = music().await;
    for text in ["SET song = :v", "REMOVE artist", "SET artist.x = :v"] {
        let values = match text.contains(":v") {
            true => item([(":v", s("x"))]),
            false => Item::new(),
        };
        match engine
            .update_item(update("music", key(), text, values))
            .await
        {
            Err(error @ Error::UpdatesKey { .. }) => assert_eq!(error.kind(), ErrorKind::Invalid),
            other => panic!("{text}: {other:?}"),
        }
    }
    let request = update("music", key(), "SET a = b + :v", item([(":v", n(1))]));
    assert!(matches!(
        engine.update_item(request).await,
        Err(Error::Evaluation(_))
    ));
    assert_eq!(get(&engine, "music", key()), None);
}

#[tokio::test]
async fn keys_are_checked() {
    let engine = music().await;
    let bad = [
        item([("artist", s("a"))]),
        item([("artist", s("a")), ("song", n(1))]),
        item([("artist", s("")), ("song", s("b"))]),
        item([("artist", s(&"x".repeat(2049))), ("song", s("b"))]),
        item([("artist", s("a")), ("song", s(&"x".repeat(1025)))]),
    ];
    for bad in bad {
        let put_error = engine
            .put_item(put("music", bad.clone()))
            .await
            .unwrap_err();
        assert!(matches!(put_error, Error::Key(_)), "{put_error:?}");
        let request = GetItem {
            table: "music".to_owned(),
            key: bad.clone(),
            consistent: true,
        };
        assert!(matches!(engine.get_item(&request), Err(Error::Key(_))));
        assert!(matches!(
            engine.delete_item(delete("music", bad)).await,
            Err(Error::Key(_))
        ));
    }
    let more = with([("x", n(1))]);
    assert!(matches!(
        engine.delete_item(delete("music", more)).await,
        Err(Error::Key(_))
    ));
    let missing = engine.put_item(put("nothing", key())).await.unwrap_err();
    assert!(matches!(missing, Error::TableNotFound { .. }));
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn items_above_the_limits_are_refused() {
    let engine = music().await;
    let large = with([("text", s(&"x".repeat(400 * 1024)))]);
    let error = engine.put_item(put("music", large)).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Limit {
            kind: LimitKind::ItemSize,
            ..
        }
    ));
    engine
        .put_item(put("music", with([("a", s(&"x".repeat(300 * 1024)))])))
        .await
        .unwrap();
    let request = update("music", key(), "SET b = a", Item::new());
    let error = engine.update_item(request).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Limit {
            kind: LimitKind::ItemSize,
            ..
        }
    ));

    // However often a large value is named, the item that it would make is never built.
    let sets: Vec<String> = (0..300).map(|i| format!("a{i} = :v")).collect();
    let values = item([(":v", s(&"x".repeat(300 * 1024)))]);
    let request = update("music", key(), &format!("SET {}", sets.join(", ")), values);
    let error = engine.update_item(request).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Limit {
                kind: LimitKind::ItemSize,
                actual: 614_400,
                limit: 409_600,
            }
        ),
        "{error:?}"
    );

    let deep = (0..33).fold(AttributeValue::Null, |inner, _| {
        AttributeValue::L(vec![inner])
    });
    let error = engine
        .put_item(put("music", with([("deep", deep)])))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Limit {
            kind: LimitKind::Nesting,
            ..
        }
    ));
}

#[tokio::test]
async fn capacity_is_counted_as_documented() {
    let engine = music().await;
    let sized = |bytes: usize| with([("t", s(&"x".repeat(bytes - 13)))]);
    let written = |output: WriteOutput| output.capacity;
    let mut last = 0;
    for (bytes, units) in [(1024, 1.0), (1025, 2.0), (5000, 5.0), (100, 5.0), (20, 1.0)] {
        let output = engine.put_item(put("music", sized(bytes))).await.unwrap();
        assert_eq!(written(output), units, "{last} -> {bytes}");
        last = bytes;
    }
    for (bytes, strong) in [(20, 1.0), (4096, 1.0), (4097, 2.0), (9000, 3.0)] {
        engine.put_item(put("music", sized(bytes))).await.unwrap();
        for (consistent, units) in [(true, strong), (false, strong / 2.0)] {
            let request = GetItem {
                table: "music".to_owned(),
                key: key(),
                consistent,
            };
            assert_eq!(
                engine.get_item(&request).unwrap().capacity,
                units,
                "{bytes}"
            );
        }
    }
    let output = engine.delete_item(delete("music", key())).await.unwrap();
    assert_eq!(written(output), 9.0);
    for (consistent, units) in [(true, 1.0), (false, 0.5)] {
        let request = GetItem {
            table: "music".to_owned(),
            key: key(),
            consistent,
        };
        assert_eq!(engine.get_item(&request).unwrap().capacity, units);
    }
}
