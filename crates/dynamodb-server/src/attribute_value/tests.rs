use super::*;
use crate::exception::ExceptionType;
use crate::json::Json;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use shale_item::{AttributeValue, EncodedItem, Item};

fn check(json: &str, expected: Expect) {
    let shown = match Json::parse(json.as_bytes()).and_then(decode_value) {
        Ok(value) => {
            let item = Item::from([("v".to_owned(), value)]);
            let mut out = Vec::new();
            write_item(&mut out, &item);
            String::from_utf8(out).expect("UTF-8")
        }
        Err(exception) => {
            let kind = match exception.exception_type {
                ExceptionType::Validation => "validation",
                ExceptionType::Serialization => "serialization",
                other => panic!("{other:?}"),
            };
            format!("{kind}: {}", exception.message)
        }
    };
    expected.assert_eq(&shown);
}

#[test]
fn every_type_is_read_and_written() {
    check(r#"{"S":""}"#, expect![[r#"{"v":{"S":""}}"#]]);
    check(r#"{"N":"+01.50"}"#, expect![[r#"{"v":{"N":"1.5"}}"#]]);
    check(r#"{"N":"1e3"}"#, expect![[r#"{"v":{"N":"1000"}}"#]]);
    check(
        r#"{"B":"AAEC/w=="}"#,
        expect![[r#"{"v":{"B":"AAEC/w=="}}"#]],
    );
    check(r#"{"BOOL":false}"#, expect![[r#"{"v":{"BOOL":false}}"#]]);
    check(r#"{"NULL":true}"#, expect![[r#"{"v":{"NULL":true}}"#]]);
    check(
        r#"{"M":{"b":{"N":"1"},"a":{"L":[]}}}"#,
        expect![[r#"{"v":{"M":{"a":{"L":[]},"b":{"N":"1"}}}}"#]],
    );
    check(
        r#"{"L":[{"S":"x"},{"M":{}}]}"#,
        expect![[r#"{"v":{"L":[{"S":"x"},{"M":{}}]}}"#]],
    );
    check(
        r#"{"SS":["b","a",""]}"#,
        expect![[r#"{"v":{"SS":["","a","b"]}}"#]],
    );
    check(
        r#"{"NS":["10","9"]}"#,
        expect![[r#"{"v":{"NS":["9","10"]}}"#]],
    );
    check(
        r#"{"BS":["AQ==","AA=="]}"#,
        expect![[r#"{"v":{"BS":["AA==","AQ=="]}}"#]],
    );
    check(r#"{"S":"x","N":null}"#, expect![[r#"{"v":{"S":"x"}}"#]]);
}

#[test]
fn values_that_are_not_values_are_refused() {
    check(
        "{}",
        expect![[
            r#"validation: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"#
        ]],
    );
    check(
        r#"{"X":"a"}"#,
        expect![[
            r#"validation: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"#
        ]],
    );
    check(
        r#"{"S":"a","N":"1"}"#,
        expect![[
            r#"validation: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"#
        ]],
    );
    check(
        r#""a""#,
        expect![[r#"serialization: Unexpected value type in payload"#]],
    );
    check(
        "[]",
        expect![[
            r#"serialization: Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"#
        ]],
    );
    check(
        r#"{"S":1}"#,
        expect![[r#"serialization: NUMBER_VALUE cannot be converted to String"#]],
    );
    check(
        r#"{"N":1}"#,
        expect![[r#"serialization: NUMBER_VALUE cannot be converted to String"#]],
    );
    check(
        r#"{"N":""}"#,
        expect![[r#"validation: The parameter cannot be converted to a numeric value"#]],
    );
    check(
        r#"{"N":"abc"}"#,
        expect![[r#"validation: The parameter cannot be converted to a numeric value: abc"#]],
    );
    check(
        r#"{"N":"1e126"}"#,
        expect![[
            r#"validation: Number overflow. Attempting to store a number with magnitude larger than supported range"#
        ]],
    );
    check(
        r#"{"N":"1e-131"}"#,
        expect![[
            r#"validation: Number underflow. Attempting to store a number with magnitude smaller than supported range"#
        ]],
    );
    check(
        r#"{"N":"123456789012345678901234567890123456789"}"#,
        expect![[r#"validation: Attempting to store more than 38 significant digits in a Number"#]],
    );
    check(
        r#"{"B":"AAE"}"#,
        expect![[
            r#"serialization: Base64 encoded length is expected a multiple of 4 bytes but found: 3"#
        ]],
    );
    check(
        r#"{"B":"A*E="}"#,
        expect![[r#"serialization: Invalid Base64 data in a binary value"#]],
    );
    check(
        r#"{"BOOL":"true"}"#,
        expect![[r#"serialization: STRING_VALUE cannot be converted to Boolean"#]],
    );
    check(
        r#"{"NULL":false}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: Null attribute value types must have the value of true"#
        ]],
    );
    check(
        r#"{"SS":[]}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: An string set  may not be empty"#
        ]],
    );
    check(
        r#"{"NS":[]}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: An number set  may not be empty"#
        ]],
    );
    check(
        r#"{"BS":[]}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: Binary sets should not be empty"#
        ]],
    );
    check(
        r#"{"SS":["a","b","a"]}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: Input collection [a, b, a] contains duplicates."#
        ]],
    );
    check(
        r#"{"NS":["1","1.0"]}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: Input collection contains duplicates"#
        ]],
    );
    check(
        r#"{"BS":["AA==","AA=="]}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: Input collection contains duplicates"#
        ]],
    );
    check(
        r#"{"SS":["a",null]}"#,
        expect![[r#"serialization: NULL_VALUE cannot be converted to String"#]],
    );
    check(
        r#"{"M":{"a":{"S":"1"},"a":{"S":"2"}}}"#,
        expect![[r#"serialization: Duplicate member name: a"#]],
    );
    check(
        r#"{"M":{"":{"S":"1"}}}"#,
        expect![[
            r#"validation: One or more parameter values were invalid: An attribute name must not be empty"#
        ]],
    );
    check(
        r#"{"M":[]}"#,
        expect![[
            r#"serialization: Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"#
        ]],
    );
    check(
        r#"{"L":{}}"#,
        expect![[r#"serialization: Start of structure or map found where not expected."#]],
    );
}

#[test]
fn thirty_two_levels_with_the_innermost_value_are_the_most() {
    let nested = |levels: usize| {
        format!(
            "{}{{\"S\":\"x\"}}{}",
            "{\"L\":[".repeat(levels),
            "]}".repeat(levels)
        )
    };
    let decode = |levels| Json::parse(nested(levels).as_bytes()).and_then(decode_value);
    assert!(decode(31).is_ok());
    let exception = decode(32).expect_err("too deep");
    assert_eq!(exception.message, crate::messages::NESTED_TOO_DEEP);
    assert_eq!(
        decode(1_000).expect_err("too deep").exception_type,
        ExceptionType::Serialization
    );
}

fn value() -> impl Strategy<Value = AttributeValue> {
    let scalar = prop_oneof![
        any::<String>().prop_map(AttributeValue::S),
        any::<i64>().prop_map(|n| AttributeValue::N(n.into())),
        any::<Vec<u8>>().prop_map(|bytes| AttributeValue::B(bytes.into())),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        prop::collection::btree_set(any::<String>(), 1..4).prop_map(AttributeValue::Ss),
        prop::collection::btree_set(any::<i32>(), 1..4).prop_map(|set| {
            AttributeValue::Ns(set.into_iter().map(|n| i64::from(n).into()).collect())
        }),
        prop::collection::btree_set(any::<Vec<u8>>(), 1..4)
            .prop_map(|set| AttributeValue::Bs(set.into_iter().map(Into::into).collect())),
    ];
    scalar.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            prop::collection::btree_map("[a-z\\PC]{1,8}", inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

proptest! {
    #[test]
    fn items_survive_the_way_out_and_in(item in prop::collection::btree_map("[a-z\\PC]{1,8}", value(), 0..5)) {
        let mut decoded = Vec::new();
        write_item(&mut decoded, &item);
        let mut stored = Vec::new();
        write_encoded_item(&mut stored, EncodedItem::encode(&item).view());
        prop_assert_eq!(&decoded, &stored);
        let read = Json::parse(&stored).and_then(decode_item_json);
        prop_assert_eq!(read, Ok(item));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(body in any::<Vec<u8>>()) {
        let _ = Json::parse(&body).and_then(decode_item_json);
    }

    #[test]
    fn no_json_makes_the_decoder_panic(text in "[\\[\\]{}\":,SNBML0-9a\\\\ .eE+-]{0,40}") {
        let _ = Json::parse(text.as_bytes()).and_then(decode_item_json);
    }
}

/// What is read of any bytes is written so that it is read again as the same; what is not read is the request's fault.
#[test]
fn any_bytes_are_a_value_or_a_clear_error() {
    let mut read = 0;
    for input in shale_fuzz::Inputs::of("values") {
        let value = match Json::parse(&input.bytes).and_then(decode_value) {
            Ok(value) => value,
            Err(exception) => {
                let expected = [ExceptionType::Serialization, ExceptionType::Validation];
                assert!(
                    expected.contains(&exception.exception_type),
                    "{input}: {exception:?}"
                );
                continue;
            }
        };
        read += 1;
        let item = Item::from([("v".to_owned(), value)]);
        let (mut from_item, mut from_bytes) = (Vec::new(), Vec::new());
        write_item(&mut from_item, &item);
        let again = Json::parse(&from_item).and_then(decode_item_json);
        assert_eq!(again.as_ref(), Ok(&item), "{input}");
        // Stored and answered from the stored bytes, it is the same too.
        let encoded = EncodedItem::encode(&item);
        assert_eq!(encoded.to_item(), item, "{input}");
        write_encoded_item(&mut from_bytes, encoded.view());
        assert_eq!(from_item, from_bytes, "{input}");
    }
    assert!(read > 10, "the corpus holds values");
}
