use super::*;
use crate::{EncodedItem, Item};
use proptest::prelude::*;
use std::cmp::Ordering;

fn number(text: &str) -> KeyValue {
    KeyValue::N(text.parse().unwrap())
}
fn string(text: &str) -> KeyValue {
    KeyValue::S(text.into())
}
fn sort_bytes(value: &KeyValue) -> Vec<u8> {
    let mut out = Vec::new();
    encode_sort_value(value, true, &mut out);
    out
}

fn schema(partition: KeyType, sort: Option<KeyType>) -> KeySchema {
    KeySchema {
        partition: KeyAttribute {
            name: "pk".into(),
            key_type: partition,
        },
        sort: sort.map(|key_type| KeyAttribute {
            name: "sk".into(),
            key_type,
        }),
    }
}

fn schema_of(key: &PrimaryKey) -> KeySchema {
    schema(
        key.partition.key_type(),
        key.sort.as_ref().map(KeyValue::key_type),
    )
}

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (-999i64..1000).prop_map(Number::from),
        (-999i128..1000, -125i8..=127)
            .prop_map(|(c, s)| Number::from_decimal128(c, s).unwrap_or(Number::ZERO)),
        (-10i128.pow(38) + 1..10i128.pow(38), -88i8..=127)
            .prop_map(|(c, s)| Number::from_decimal128(c, s).unwrap_or(Number::ZERO)),
    ]
}

fn any_value() -> impl Strategy<Value = KeyValue> {
    prop_oneof![
        any_number().prop_map(KeyValue::N),
        "[a\u{0}\u{1}ÿ]{1,6}|.{1,10}".prop_map(KeyValue::S),
        prop::collection::vec(
            prop_oneof![Just(0u8), Just(1), Just(254), Just(255), any::<u8>()],
            1..8
        )
        .prop_map(|bytes| KeyValue::B(bytes.into())),
    ]
}

fn any_key() -> impl Strategy<Value = PrimaryKey> {
    (any_value(), prop::option::of(any_value()))
        .prop_map(|(partition, sort)| PrimaryKey { partition, sort })
}

/// Two values of one type.
fn any_pair() -> impl Strategy<Value = (KeyValue, KeyValue)> {
    (any_value(), any_value()).prop_filter("one type", |(a, b)| a.key_type() == b.key_type())
}

#[test]
fn hash_is_frozen() {
    // XXH3-64, seed 0. Files depend on these.
    assert_eq!(hash64(b""), 0x2D06_8005_38D3_94C2);
    let fixture = [
        string("a"),
        number("-1.5"),
        KeyValue::B(Bytes::from_static(&[0, 255])),
    ]
    .map(|value| format!("{:016x}", hash64(&sort_bytes(&value))));
    assert_eq!(
        fixture.join(" "),
        include_str!("../../tests/fixtures/hash64_v1.txt").trim()
    );
}

#[test]
fn layout_is_as_drawn() {
    let key = PrimaryKey {
        partition: string("a\0b"),
        sort: Some(number("-123.5")),
    };
    let bytes = encode_key(TableId(0x0102_0304), &key);
    assert_eq!(bytes[..4], [1, 2, 3, 4]);
    let partition = [b'a', 0, 0xff, b'b', 0, 0];
    assert_eq!(bytes[4..12], hash64(&partition).to_be_bytes());
    assert_eq!(bytes[12..18], partition);
    // 1.235E2: exponent 2 + 130, pairs 12 and 35, all complemented.
    assert_eq!(bytes[18..], [0x7f, !132, !13, !36, 0xff]);
    assert_eq!(sort_bytes(&number("0")), [0x80]);
    assert_eq!(sort_bytes(&number("120")), [0x81, 132, 13, 0]);
    assert_eq!(sort_bytes(&number("123")), [0x81, 132, 13, 31, 0]);
    assert_eq!(
        sort_bytes(&number("99999999999999999999999999999999999999")).len(),
        22
    );
}

#[test]
fn numbers_sort_by_value() {
    let ascending = [
        "-9.9999999999999999999999999999999999999E125",
        "-1E125",
        "-1000",
        "-100",
        "-99",
        "-10",
        "-9.5",
        "-9",
        "-1.01",
        "-1",
        "-0.1",
        "-1E-130",
        "0",
        "1E-130",
        "1.1E-130",
        "0.001",
        "0.01",
        "0.1",
        "0.11",
        "1",
        "1.01",
        "1.1",
        "2",
        "9",
        "10",
        "11",
        "99",
        "99.99",
        "100",
        "101",
        "1000",
        "1E38",
        "1E125",
        "9.9999999999999999999999999999999999999E125",
    ];
    for (i, left) in ascending.iter().enumerate() {
        for (j, right) in ascending.iter().enumerate() {
            let order = sort_bytes(&number(left)).cmp(&sort_bytes(&number(right)));
            assert_eq!(order, i.cmp(&j), "{left} {right}");
        }
    }
}

#[test]
fn prefix_ends_are_exclusive_bounds() {
    assert_eq!(prefix_end(&[1, 2]), Some(vec![1, 3]));
    assert_eq!(prefix_end(&[1, 255, 255]), Some(vec![2]));
    assert_eq!(prefix_end(&[255, 255]), None);
    assert_eq!(prefix_end(&[]), None);
    assert_eq!(
        encode_hash_prefix(TableId(7), 1),
        [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1]
    );
}

#[test]
fn keys_are_taken_out_of_items() {
    let schema = schema(KeyType::S, Some(KeyType::N));
    let key = PrimaryKey {
        partition: string("p"),
        sort: Some(number("5")),
    };
    let mut item = schema.to_attributes(&key);
    assert_eq!(schema.exact_key_of(&item), Ok(key.clone()));
    assert!(schema.is_key("pk") && schema.is_key("sk") && !schema.is_key("x"));
    item.insert("x".into(), AttributeValue::Null);
    assert_eq!(schema.key_of(&item), Ok(key.clone()));
    assert_eq!(
        schema.key_of_view(EncodedItem::encode(&item).view()),
        Ok(key)
    );
    assert_eq!(schema.exact_key_of(&item), Err(KeyError::NotExact));
}

#[test]
fn key_errors_are_specific() {
    let schema = schema(KeyType::S, Some(KeyType::B));
    let item = |partition: AttributeValue, sort: AttributeValue| {
        Item::from([("pk".to_string(), partition), ("sk".to_string(), sort)])
    };
    let s = |length| AttributeValue::S("x".repeat(length));
    let b = |length| AttributeValue::B(vec![0; length].into());
    assert!(schema.key_of(&item(s(2048), b(1024))).is_ok());
    let name = |name: &str| name.to_string();
    let cases = [
        (Item::new(), KeyError::Missing { name: name("pk") }),
        (
            Item::from([("pk".into(), s(1))]),
            KeyError::Missing { name: name("sk") },
        ),
        (item(s(0), b(1)), KeyError::Empty { name: name("pk") }),
        (item(s(1), b(0)), KeyError::Empty { name: name("sk") }),
        (
            item(s(2049), b(1)),
            KeyError::TooLarge {
                name: name("pk"),
                size: 2049,
                limit: 2048,
            },
        ),
        (
            item(s(1), b(1025)),
            KeyError::TooLarge {
                name: name("sk"),
                size: 1025,
                limit: 1024,
            },
        ),
        (
            item(AttributeValue::Null, b(1)),
            KeyError::WrongType {
                name: name("pk"),
                expected: KeyType::S,
                actual: AttributeType::Null,
            },
        ),
        (
            item(s(1), s(1)),
            KeyError::WrongType {
                name: name("sk"),
                expected: KeyType::B,
                actual: AttributeType::S,
            },
        ),
        (
            item(b(1), b(1)),
            KeyError::WrongType {
                name: name("pk"),
                expected: KeyType::S,
                actual: AttributeType::B,
            },
        ),
    ];
    for (item, error) in cases {
        assert_eq!(schema.key_of(&item), Err(error.clone()));
        assert_eq!(
            schema.key_of_view(EncodedItem::encode(&item).view()),
            Err(error)
        );
    }
}

proptest! {
    #[test]
    fn keys_round_trip(key in any_key(), table in any::<u32>()) {
        let bytes = encode_key(TableId(table), &key);
        prop_assert_eq!(decode_key(&bytes, &schema_of(&key)), Ok((TableId(table), key.clone())));
        prop_assert!(bytes.starts_with(&table_prefix(TableId(table))));
        let prefix = encode_partition_prefix(TableId(table), &key.partition);
        prop_assert!(bytes.starts_with(&prefix));
        prop_assert!(prefix_end(&prefix).is_none_or(|end| bytes < end));
        prop_assert_eq!(partition_prefix_of(&bytes, key.partition.key_type()), Some(&prefix[..]));
    }

    #[test]
    fn byte_order_is_dynamodbs_order((a, b) in any_pair()) {
        let order = sort_bytes(&a).cmp(&sort_bytes(&b));
        let expected = match (&a, &b) {
            (KeyValue::S(a), KeyValue::S(b)) => a.as_bytes().cmp(b.as_bytes()),
            (KeyValue::N(a), KeyValue::N(b)) => a.cmp(b),
            (KeyValue::B(a), KeyValue::B(b)) => a.as_ref().cmp(b.as_ref()),
            _ => unreachable!("one type"),
        };
        prop_assert_eq!(order, expected);
    }

    #[test]
    fn no_value_is_a_prefix_of_another((a, b) in any_pair()) {
        prop_assume!(a != b);
        prop_assert!(!sort_bytes(&a).starts_with(&sort_bytes(&b)));
    }

    #[test]
    fn incomplete_values_are_prefixes_of_what_begins_with_them(
        a in prop::collection::vec(0u8..3, 0..6),
        b in prop::collection::vec(0u8..3, 0..4),
    ) {
        let mut prefix = Vec::new();
        encode_sort_value(&KeyValue::B(b.clone().into()), false, &mut prefix);
        let whole = sort_bytes(&KeyValue::B(a.clone().into()));
        prop_assert_eq!(whole.starts_with(&prefix), a.starts_with(&b));
    }

    #[test]
    fn keys_sort_within_a_partition(partition in any_value(), (a, b) in any_pair()) {
        let key = |sort: &KeyValue| encode_key(TableId(1), &PrimaryKey { partition: partition.clone(), sort: Some(sort.clone()) });
        prop_assert_eq!(key(&a).cmp(&key(&b)), sort_bytes(&a).cmp(&sort_bytes(&b)));
    }

    #[test]
    fn corrupt_keys_never_panic(
        key in any_key(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encode_key(TableId(1), &key);
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        // What still decodes is a key that encodes to the same bytes: there is one encoding of each key.
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            let prefix = partition_prefix_of(bytes, key.partition.key_type());
            prop_assert!(prefix.is_none_or(|prefix| bytes.starts_with(prefix)));
            if let Ok((table, decoded)) = decode_key(bytes, &schema_of(&key)) {
                prop_assert_eq!(encode_key(table, &decoded).cmp(&bytes.to_vec()), Ordering::Equal);
            }
        }
    }

    #[test]
    fn any_number_bytes_decode_to_their_own_encoding(bytes in prop::collection::vec(any::<u8>(), 1..24), class in 0x7fu8..=0x81) {
        let mut value = bytes;
        value[0] = class;
        let mut key = encode_hash_prefix(TableId(1), hash64(&value)).to_vec();
        key.extend_from_slice(&value);
        if let Ok((_, decoded)) = decode_key(&key, &schema(KeyType::N, None)) {
            prop_assert_eq!(sort_bytes(&decoded.partition), value);
        }
    }
}
