use super::*;
use crate::exception::ExceptionType;
use expect_test::{Expect, expect};

fn check(body: &[u8], read: impl Fn(&mut Structure<'_>) -> String, expected: Expect) {
    let shown = Json::parse(body)
        .and_then(|json| Structure::open(json, "Request"))
        .map_or_else(
            |exception| exception.message,
            |mut request| read(&mut request),
        );
    expected.assert_eq(&shown);
}

fn shown<T: std::fmt::Debug>(result: Result<T, crate::exception::Exception>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(exception) => {
            assert_eq!(exception.exception_type, ExceptionType::Serialization);
            exception.message
        }
    }
}

#[test]
fn bodies_that_are_not_json_are_refused() {
    let nothing = |_: &mut Structure<'_>| "read".to_owned();
    check(
        b"",
        nothing,
        expect![[
            r#"The request body is not valid JSON: EOF while parsing a value at line 1 column 0"#
        ]],
    );
    check(
        b"{",
        nothing,
        expect![[
            r#"The request body is not valid JSON: EOF while parsing an object at line 1 column 1"#
        ]],
    );
    check(
        b"{} x",
        nothing,
        expect![[r#"The request body is not valid JSON: trailing characters at line 1 column 4"#]],
    );
    check(
        b"{\"a\":\"\xff\"}",
        nothing,
        expect![[r#"Invalid UTF-8 in the request body at byte 6"#]],
    );
    check(
        b"[1]",
        nothing,
        expect![[r#"Unrecognized collection type class com.amazonaws.dynamodb.v20120810.Request"#]],
    );
    check(
        b"\"x\"",
        nothing,
        expect![[r#"Unexpected value type in payload"#]],
    );
    check(
        b"{\"a\":1,\"a\":2}",
        nothing,
        expect![[r#"Duplicate member name: a"#]],
    );
    check(b"{}", nothing, expect![[r#"read"#]]);
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    check(
        deep.as_bytes(),
        nothing,
        expect![[
            r#"The request body is not valid JSON: recursion limit exceeded at line 1 column 128"#
        ]],
    );
}

#[test]
fn members_of_the_wrong_type_are_named_by_their_token() {
    let string = |request: &mut Structure<'_>| shown(request.string("a"));
    let integer = |request: &mut Structure<'_>| shown(request.integer("a"));
    let bool = |request: &mut Structure<'_>| shown(request.bool("a"));
    let list = |request: &mut Structure<'_>| shown(request.list("a"));
    let map = |request: &mut Structure<'_>| shown(request.map("a", "java.lang.String"));
    let structure = |request: &mut Structure<'_>| shown(request.structure("a", "Condition"));
    check(br#"{"a":"x"}"#, string, expect![[r#"Some("x")"#]]);
    check(br#"{"a":null}"#, string, expect![[r#"None"#]]);
    check(br#"{"b":1}"#, string, expect![[r#"None"#]]);
    check(
        br#"{"a":1}"#,
        string,
        expect![[r#"NUMBER_VALUE cannot be converted to String"#]],
    );
    check(
        br#"{"a":1.5}"#,
        string,
        expect![[r#"DECIMAL_VALUE cannot be converted to String"#]],
    );
    check(
        br#"{"a":true}"#,
        string,
        expect![[r#"TRUE_VALUE cannot be converted to String"#]],
    );
    check(
        br#"{"a":[]}"#,
        string,
        expect![[r#"Unrecognized collection type class java.lang.String"#]],
    );
    check(
        br#"{"a":{}}"#,
        string,
        expect![[r#"Start of structure or map found where not expected."#]],
    );
    check(
        br#"{"a":"1"}"#,
        integer,
        expect![[r#"STRING_VALUE cannot be converted to Integer"#]],
    );
    check(
        br#"{"a":99999999999}"#,
        integer,
        expect![[r#"Some(2147483647)"#]],
    );
    check(
        br#"{"a":"true"}"#,
        bool,
        expect![[r#"STRING_VALUE cannot be converted to Boolean"#]],
    );
    check(br#"{"a":"x"}"#, list, expect![[r#"Unexpected field type"#]]);
    check(
        br#"{"a":{}}"#,
        list,
        expect![[r#"Start of structure or map found where not expected."#]],
    );
    check(br#"{"a":"x"}"#, map, expect![[r#"Unexpected field type"#]]);
    check(
        br#"{"a":[]}"#,
        map,
        expect![[
            r#"Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>"#
        ]],
    );
    check(
        br#"{"a":{"b":1,"b":1}}"#,
        map,
        expect![[r#"Duplicate member name: b"#]],
    );
    check(
        br#"{"a":"x"}"#,
        structure,
        expect![[r#"Unexpected value type in payload"#]],
    );
    check(
        br#"{"a":[]}"#,
        structure,
        expect![[
            r#"Unrecognized collection type class com.amazonaws.dynamodb.v20120810.Condition"#
        ]],
    );
}

#[test]
fn repeated_names_are_found_in_large_objects_too() {
    let members: Vec<String> = (0..100).map(|n| format!("\"a{n}\":1")).collect();
    let distinct = format!("{{{}}}", members.join(","));
    let repeated = format!("{{{},\"a7\":1}}", members.join(","));
    let read = |_: &mut Structure<'_>| "read".to_owned();
    check(distinct.as_bytes(), read, expect![[r#"read"#]]);
    check(
        repeated.as_bytes(),
        read,
        expect![[r#"Duplicate member name: a7"#]],
    );
}

#[test]
fn written_json_reads_back() {
    let mut out = Vec::new();
    let mut object = ObjectWriter::begin(&mut out);
    object.string("text", "a\"\\\n\r\t\u{1}ü\u{10348}");
    object.integer("integer", i64::MIN);
    object.bool("bool", true);
    object.double("one", 1.0);
    object.double("half", 0.5);
    object.timestamp("time", 1_440_938_160_012_345);
    object.object("object", |inner| inner.string("a", "b"));
    write_list(object.member("list"), [1, 2], |out, n| {
        write_string(out, &n.to_string());
    });
    object.end();
    let text = String::from_utf8(out).expect("UTF-8");
    expect![[r#"{"text":"a\"\\\n\r\t\u0001ü𐍈","integer":-9223372036854775808,"bool":true,"one":1.0,"half":0.5,"time":1440938160.012,"object":{"a":"b"},"list":["1","2"]}"#]].assert_eq(&text);
    let read: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
    assert_eq!(read["text"], "a\"\\\n\r\t\u{1}ü\u{10348}");
}
