use super::*;
use crate::{AttributeValue, NESTING_LEVELS_MAX, Number, item_size};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Written once by format version 1, never rewritten: later versions must read it.
const FIXTURE_V1: &[u8] = include_bytes!("../../tests/fixtures/item_v1.bin");

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(text.parse().unwrap())
}
fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// An item with every type and every number form.
fn every_type() -> Item {
    let map = BTreeMap::from([
        ("".into(), string("empty name")),
        ("list".into(), AttributeValue::L(vec![])),
        ("inner".into(), AttributeValue::M(BTreeMap::new())),
    ]);
    let list = vec![
        number("0"),
        number("-1"),
        number("1200"),
        number("-0.0000001"),
        number("12345678901234567890123456789012345678"),
        AttributeValue::M(BTreeMap::from([(
            "deep".into(),
            AttributeValue::L(vec![string("x")]),
        )])),
    ];
    Item::from([
        (
            "binary".into(),
            AttributeValue::B(Bytes::from_static(&[0, 1, 254, 255])),
        ),
        ("false".into(), AttributeValue::Bool(false)),
        ("list".into(), AttributeValue::L(list)),
        ("map".into(), AttributeValue::M(map)),
        ("null".into(), AttributeValue::Null),
        ("number".into(), number("42")),
        (
            "set b".into(),
            AttributeValue::Bs([Bytes::from_static(b"a"), Bytes::from_static(&[255])].into()),
        ),
        (
            "set n".into(),
            AttributeValue::Ns(
                ["-1", "2", "2.5", "1E125"]
                    .map(|t| t.parse().unwrap())
                    .into(),
            ),
        ),
        (
            "set s".into(),
            AttributeValue::Ss(["a".into(), "ä".into()].into()),
        ),
        ("string".into(), string("grün")),
        ("true".into(), AttributeValue::Bool(true)),
        ("x".repeat(300), string("long name")),
    ])
}

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (any::<i64>(), -60i8..60).prop_map(|(c, s)| Number::from_decimal128(c.into(), s).unwrap()),
        (-10i128.pow(38) + 1..10i128.pow(38), 0i8..100)
            .prop_map(|(c, s)| Number::from_decimal128(c, s).unwrap()),
    ]
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..12).prop_map(Bytes::from)
}

fn any_value() -> impl Strategy<Value = AttributeValue> {
    let scalar = prop_oneof![
        any::<String>().prop_map(AttributeValue::S),
        any_number().prop_map(AttributeValue::N),
        any_bytes().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        prop::collection::btree_set(any::<String>(), 1..4).prop_map(AttributeValue::Ss),
        prop::collection::btree_set(any_number(), 1..4).prop_map(AttributeValue::Ns),
        prop::collection::btree_set(any_bytes(), 1..4).prop_map(AttributeValue::Bs),
    ];
    scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(AttributeValue::L),
            prop::collection::btree_map("[a-e]{0,3}", inner, 0..5).prop_map(AttributeValue::M),
        ]
    })
}

fn any_item() -> impl Strategy<Value = Item> {
    prop::collection::btree_map("[a-zA-Z0-9_]{0,6}|.{0,4}", any_value(), 0..8)
}

/// Reads everything there is in a view.
fn read_all(view: ItemView<'_>) -> usize {
    fn read(value: ValueView<'_>, levels: usize) -> usize {
        if levels == 0 {
            return 0;
        }
        1 + match value {
            ValueView::M(map) => map.iter().map(|(_, v)| read(v, levels - 1)).sum(),
            ValueView::L(list) => {
                (0..list.len().min(20)).filter_map(|i| list.get(i)).count()
                    + list.iter().map(|v| read(v, levels - 1)).sum::<usize>()
            }
            ValueView::Ss(set) | ValueView::Ns(set) | ValueView::Bs(set) => {
                set.iter().filter(|e| set.contains(e)).count()
            }
            _ => 0,
        }
    }
    let names = ["binary", "list", "map", "number", "string", "a"];
    let found = names.iter().filter_map(|name| view.get(name));
    found.map(|v| read(v, 20)).sum::<usize>()
        + view.iter().map(|(_, v)| read(v, 20)).sum::<usize>()
        + view.to_item().len()
        + view.size()
}

#[test]
fn the_fixture_of_version_1_reads_back_and_is_still_written() {
    let item = EncodedItem::from_bytes(Bytes::from_static(FIXTURE_V1)).unwrap();
    assert_eq!(item.to_item(), every_type());
    assert_eq!(item.size(), item_size(&every_type()));
    assert_eq!(
        EncodedItem::encode(&every_type()).as_bytes().as_ref(),
        FIXTURE_V1
    );
}

#[test]
#[ignore = "writes the fixture of a new format version"]
fn write_fixture() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/item_v1.bin");
    assert!(
        !std::path::Path::new(path).exists(),
        "fixtures are never rewritten"
    );
    std::fs::write(path, EncodedItem::encode(&every_type()).as_bytes()).unwrap();
}

#[test]
fn layout_is_as_drawn() {
    let item = Item::from([("ab".into(), number("-1.5")), ("c".into(), string("xy"))]);
    let bytes = EncodedItem::encode(&item).as_bytes().to_vec();
    let expected = [
        &[1u8][..],
        &9u32.to_le_bytes(),
        &2u32.to_le_bytes(),
        &12u32.to_le_bytes(),
        &19u32.to_le_bytes(),
        &[2, b'a', b'b', 19, 0xff, 0xff, 15],
        &[1, b'c', 1, b'x', b'y'],
    ]
    .concat();
    assert_eq!(bytes, expected);
}

#[test]
fn reads_attributes_in_place() {
    let encoded = EncodedItem::encode(&every_type());
    let view = encoded.view();
    assert_eq!(view.len(), 12);
    assert_eq!(view.get("string"), Some(ValueView::S("grün")));
    assert_eq!(view.get("null"), Some(ValueView::Null));
    assert_eq!(view.get("absent"), None);
    assert_eq!(view.get(&"x".repeat(300)), Some(ValueView::S("long name")));
    let Some(ValueView::M(map)) = view.get("map") else {
        panic!("no map")
    };
    assert_eq!(map.get(""), Some(ValueView::S("empty name")));
    let Some(ValueView::L(list)) = view.get("list") else {
        panic!("no list")
    };
    assert_eq!(list.get(1), Some(ValueView::N(Number::from(-1))));
    assert_eq!(list.get(6), None);
    let Some(ValueView::Ns(set)) = view.get("set n") else {
        panic!("no set")
    };
    assert!(set.contains(&ValueView::N("2.50".parse().unwrap())));
    assert!(!set.contains(&ValueView::N(Number::from(3))));
    assert!(!set.contains(&ValueView::S("2.5")));
    assert!(ItemView::EMPTY.is_empty());
    assert_eq!(ItemView::EMPTY.get("a"), None);
    assert_eq!(ItemView::EMPTY.to_item(), Item::new());
    assert_eq!(ItemView::EMPTY.size(), 0);
}

#[test]
fn refuses_what_is_no_item() {
    let reason = |bytes: &[u8]| {
        EncodedItem::from_bytes(Bytes::copy_from_slice(bytes))
            .unwrap_err()
            .reason
    };
    assert_eq!(reason(&[]), "empty");
    assert_eq!(
        reason(&[2, 0, 0, 0, 0, 0, 0, 0, 0]),
        "unknown format version"
    );
    assert_eq!(reason(&[1, 0]), "shorter than its header");
    assert_eq!(
        reason(&[1, 0, 0, 0, 0, 9]),
        "shorter than its attribute count"
    );
    assert_eq!(
        reason(&[1, 0, 0, 0, 0, 255, 255, 255, 255]),
        "offset table beyond the end"
    );
    assert_eq!(
        reason(&[1, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 9]),
        "offsets out of bounds"
    );
    assert_eq!(
        reason(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        "bytes behind an empty item"
    );
    let whole = EncodedItem::encode(&every_type());
    for length in 0..whole.as_bytes().len() {
        let cut = whole.as_bytes().slice(..length);
        if let Ok(item) = EncodedItem::from_bytes(cut) {
            read_all(item.view());
        }
    }
}

#[test]
fn stored_form_carries_the_lsn() {
    let item = EncodedItem::encode(&every_type());
    let stored = item.stored(0x0102_0304_0506_0708);
    assert_eq!(stored[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(
        EncodedItem::from_stored(stored),
        Ok((0x0102_0304_0506_0708, item))
    );
    assert!(EncodedItem::from_stored(Bytes::from_static(&[0; 7])).is_err());
    assert!(EncodedItem::from_stored(Bytes::from_static(&[0; 8])).is_err());
}

#[test]
fn documents_at_dynamodbs_depth_are_kept_and_deeper_bytes_end() {
    let nested = |levels: usize| {
        let value = (0..levels).fold(string("leaf"), |inner, _| AttributeValue::L(vec![inner]));
        Item::from([("a".into(), value)])
    };
    let item = nested(NESTING_LEVELS_MAX);
    assert_eq!(EncodedItem::encode(&item).to_item(), item);
    // Lists inside each other, far deeper than any item that was ever written.
    let mut body = [tag::LIST, 1, 0, 0, 0, 8, 0, 0, 0].repeat(40_000);
    body.push(tag::NULL);
    let mut bytes = vec![1, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, b'a'];
    bytes.extend_from_slice(&body);
    let decoded = EncodedItem::from_bytes(Bytes::from(bytes))
        .unwrap()
        .to_item();
    assert!(decoded["a"].is_nested_within(NESTING_DECODED_MAX));
    assert!(!decoded["a"].is_nested_within(NESTING_DECODED_MAX - 1));
}

#[test]
#[should_panic(expected = "nested too deeply")]
fn encoding_refuses_what_decoding_would_lose() {
    let value =
        (0..=NESTING_DECODED_MAX).fold(string("leaf"), |inner, _| AttributeValue::L(vec![inner]));
    EncodedItem::encode(&Item::from([("a".into(), value)]));
}

proptest! {
    #[test]
    fn items_round_trip(item in any_item()) {
        let encoded = EncodedItem::encode(&item);
        prop_assert_eq!(encoded.to_item(), item.clone());
        prop_assert_eq!(encoded.size(), item_size(&item));
        prop_assert_eq!(&EncodedItem::encode(&encoded.to_item()), &encoded);
        let reopened = EncodedItem::from_bytes(encoded.as_bytes().clone()).unwrap();
        for (name, value) in &item {
            let view = reopened.view().get(name).unwrap();
            prop_assert!(view.equals(value));
            prop_assert_eq!(view.to_value(), value.clone());
            prop_assert_eq!(view.attribute_type(), value.attribute_type());
        }
        let names: Vec<_> = reopened.view().iter().map(|(name, _)| name.to_string()).collect();
        prop_assert_eq!(names, item.keys().cloned().collect::<Vec<_>>());
    }

    #[test]
    fn views_equal_where_values_equal(a in any_value(), b in any_value()) {
        let encoded = EncodedItem::encode(&Item::from([("a".into(), a.clone()), ("b".into(), b.clone())]));
        let (va, vb) = (encoded.view().get("a").unwrap(), encoded.view().get("b").unwrap());
        prop_assert_eq!(va.equals(&b), a == b);
        prop_assert_eq!(va == vb, a == b);
    }

    #[test]
    fn corrupt_bytes_never_panic(
        item in any_item(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = EncodedItem::encode(&item).as_bytes().to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(item) = EncodedItem::from_bytes(Bytes::from(bytes)) {
            read_all(item.view());
        }
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first = FORMAT_VERSION;
        }
        if let Ok(item) = EncodedItem::from_bytes(Bytes::from(bytes.clone())) {
            read_all(item.view());
        }
        read_all(ItemView::of_checked(&bytes));
    }
}
