use super::*;
use crate::{Datum, SqlError, SqlType};
use proptest::prelude::*;
use shale_item::{AttributeValue, EncodedItem, Item, Number};

fn text(sql_type: &SqlType, input: &str) -> String {
    match parse_text(sql_type, input) {
        Ok(datum) => to_text(&datum, sql_type),
        Err(SqlError::Other { sqlstate, .. }) => format!("! {sqlstate}"),
        Err(SqlError::InvalidText { .. }) => "! 22P02".into(),
        Err(SqlError::OutOfRange { .. }) => "! 22003".into(),
        Err(SqlError::TooLong { .. }) => "! 22001".into(),
        Err(SqlError::NotSupported { .. }) => "! 0A000".into(),
        Err(other) => format!("! {other}"),
    }
}

#[test]
fn texts_are_read_and_printed_as_postgresql_does() {
    let cases: &[(SqlType, &str, &str)] = &[
        (SqlType::Bool, " TRUE ", "t"),
        (SqlType::Bool, "of", "f"),
        (SqlType::Bool, "o", "! 22P02"),
        (SqlType::Int2, "32767", "32767"),
        (SqlType::Int2, "32768", "! 22003"),
        (SqlType::Int4, " -5 ", "-5"),
        (SqlType::Int4, "5.5", "! 22P02"),
        (SqlType::Int4, "", "! 22P02"),
        (SqlType::Int8, "9223372036854775808", "! 22003"),
        (SqlType::Float8, "1e15", "1e+15"),
        (SqlType::Float8, "123456789012345", "123456789012345"),
        (SqlType::Float8, "0.0001", "0.0001"),
        (SqlType::Float8, "0.00001", "1e-05"),
        (SqlType::Float8, "1e400", "! 22003"),
        (SqlType::Float8, "NaN", "NaN"),
        (SqlType::Float4, "1e6", "1e+06"),
        (SqlType::Float4, "0.1", "0.1"),
        (SqlType::Numeric(None), "0.10", "0.1"),
        (SqlType::Numeric(None), "1e3", "1000"),
        (SqlType::Numeric(None), "1e-7", "0.0000001"),
        (SqlType::Numeric(Some((5, 2))), "1", "1.00"),
        (SqlType::Numeric(Some((5, 2))), "1.005", "1.01"),
        (SqlType::Numeric(Some((5, 2))), "-1.005", "-1.01"),
        (SqlType::Numeric(Some((5, 2))), "0.004", "0.00"),
        (SqlType::Numeric(Some((5, 2))), "999.995", "! 22003"),
        (SqlType::Numeric(Some((2, 2))), "0.99", "0.99"),
        (SqlType::Varchar(Some(3)), "abc  ", "abc"),
        (SqlType::Varchar(Some(3)), "abcd", "! 22001"),
        (SqlType::Varchar(Some(3)), "äöü", "äöü"),
        (SqlType::Char(Some(3)), "a", "a  "),
        (SqlType::Bytea, "\\x00fF", "\\x00ff"),
        (SqlType::Bytea, "a\\\\\\001", "\\x615c01"),
        (SqlType::Bytea, "\\x0", "! 22023"),
        (
            SqlType::Uuid,
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ),
        (SqlType::Uuid, "zz", "! 22P02"),
        (SqlType::Date, "2024-02-29", "2024-02-29"),
        (SqlType::Date, "2023-02-29", "! 22008"),
        (SqlType::Date, "20240131", "2024-01-31"),
        (SqlType::Date, "yesterday-ish", "! 22007"),
        (SqlType::Date, "2019-01-01 +00", "2019-01-01"),
        (SqlType::Date, "2019-01-01+05:30", "2019-01-01"),
        (SqlType::Date, "2019-01-01 Z", "2019-01-01"),
        (SqlType::Date, "2019-01-01 +", "! 22007"),
        (
            SqlType::TimestampTz,
            "2019-01-01 +02",
            "2018-12-31 22:00:00+00",
        ),
        (SqlType::Date, "infinity", "! 0A000"),
        (SqlType::Time, "04:05:06.789", "04:05:06.789"),
        (SqlType::Time, "25:00", "! 22008"),
        (
            SqlType::Timestamp,
            "2024-01-01 10:00:00+05",
            "2024-01-01 10:00:00",
        ),
        (SqlType::Timestamp, "2024-01-01", "2024-01-01 00:00:00"),
        (
            SqlType::TimestampTz,
            "2024-01-01T10:00:00.5+05:30",
            "2024-01-01 04:30:00.5+00",
        ),
        (
            SqlType::TimestampTz,
            "2024-01-01 10:00:00Z",
            "2024-01-01 10:00:00+00",
        ),
        (
            SqlType::Interval,
            "1 year 2 months 3 days 04:05:06",
            "1 year 2 mons 3 days 04:05:06",
        ),
        (SqlType::Interval, "-90 minutes", "-01:30:00"),
        (
            SqlType::Jsonb,
            "{\"bb\":1, \"a\":[true,null,\"x\\u00e9\"]}",
            "{\"a\": [true, null, \"xé\"], \"bb\": 1}",
        ),
        (SqlType::Jsonb, "{a:1}", "! 22P02"),
        (
            SqlType::Jsonb,
            "12345678901234567890.25",
            "12345678901234567890.25",
        ),
        (
            SqlType::Array(Box::new(SqlType::Int4)),
            "{1, 2,NULL}",
            "{1,2,NULL}",
        ),
        (
            SqlType::Array(Box::new(SqlType::Text)),
            "{a,\"b \\\"c\",\"\"}",
            "{a,\"b \\\"c\",\"\"}",
        ),
        (SqlType::Array(Box::new(SqlType::Int4)), "{1,x}", "! 22P02"),
        (SqlType::Array(Box::new(SqlType::Int4)), "1", "! 22P02"),
    ];
    for (sql_type, input, expected) in cases {
        assert_eq!(
            text(sql_type, input),
            *expected,
            "{} {input}",
            sql_type.name()
        );
    }
}

#[test]
fn deep_json_is_refused_without_exhausting_the_stack() {
    let deep = "[".repeat(100_000);
    assert!(matches!(
        json_to_attribute(&deep),
        Err(SqlError::ProgramLimit { .. })
    ));
}

fn through_attribute(datum: &Datum, sql_type: &SqlType) -> Datum {
    let Ok(Some(value)) = datum_to_attribute(datum, sql_type) else {
        return Datum::Null;
    };
    read(&value, sql_type)
}

fn read(value: &AttributeValue, sql_type: &SqlType) -> Datum {
    let mut item = Item::new();
    item.insert("v".into(), value.clone());
    let encoded = EncodedItem::encode(&item);
    let view = encoded.view();
    view.get("v")
        .map_or(Datum::Null, |value| value_to_datum(value, sql_type))
}

#[test]
fn attributes_of_other_types_are_cast_if_nothing_is_lost() {
    let number = |text: &str| AttributeValue::N(text.parse().expect("a number"));
    let string = |text: &str| AttributeValue::S(text.into());
    let cases = [
        (number("5"), SqlType::Text, Datum::Text("5".into())),
        (string("5"), SqlType::Int4, Datum::Int(5)),
        (string("five"), SqlType::Int4, Datum::Null),
        (number("5.5"), SqlType::Int4, Datum::Null),
        (number("99999999999"), SqlType::Int4, Datum::Null),
        (number("1.234"), SqlType::Numeric(Some((5, 2))), Datum::Null),
        (
            string("2024-01-01T00:00:00Z"),
            SqlType::Timestamp,
            Datum::Timestamp(8_766 * MICROS_PER_DAY),
        ),
        (
            AttributeValue::Bool(true),
            SqlType::Text,
            Datum::Text("true".into()),
        ),
        (AttributeValue::Null, SqlType::Text, Datum::Null),
        (
            AttributeValue::B(vec![1].into()),
            SqlType::Text,
            Datum::Null,
        ),
    ];
    for (value, sql_type, expected) in cases {
        assert_eq!(
            read(&value, &sql_type),
            expected,
            "{value:?} as {}",
            sql_type.name()
        );
    }
}

#[test]
fn what_cannot_be_stored_is_refused() {
    assert!(datum_to_attribute(&Datum::Float(f64::NAN), &SqlType::Float8).is_err());
    assert!(datum_to_attribute(&Datum::Float(1e200), &SqlType::Float8).is_err());
    let interval = Datum::Interval {
        months: 1,
        days: 0,
        micros: 0,
    };
    assert!(matches!(
        datum_to_attribute(&interval, &SqlType::Interval),
        Err(SqlError::NotSupported { .. })
    ));
}

#[test]
fn fixed_length_strings_are_stored_without_padding() {
    let value = datum_to_attribute(&Datum::Text("ab".into()), &SqlType::Char(Some(4)));
    assert_eq!(value.ok().flatten(), Some(AttributeValue::S("ab".into())));
    let padded = through_attribute(&Datum::Text("ab".into()), &SqlType::Char(Some(4)));
    assert_eq!(padded, Datum::Text("ab  ".into()));
}

#[test]
fn names_of_types_read_back() {
    let types = [
        SqlType::Bool,
        SqlType::Int2,
        SqlType::Int4,
        SqlType::Int8,
        SqlType::Float4,
        SqlType::Float8,
        SqlType::Numeric(None),
        SqlType::Numeric(Some((10, 2))),
        SqlType::Text,
        SqlType::Varchar(None),
        SqlType::Varchar(Some(7)),
        SqlType::Char(Some(1)),
        SqlType::Name,
        SqlType::SingleChar,
        SqlType::Oid,
        SqlType::Bytea,
        SqlType::Uuid,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::TimestampTz,
        SqlType::Interval,
        SqlType::Json,
        SqlType::Jsonb,
        SqlType::Array(Box::new(SqlType::Varchar(Some(3)))),
    ];
    for sql_type in types {
        assert_eq!(SqlType::parse(&sql_type.name()), Some(sql_type));
    }
}

/// A type with a value of it.
fn typed() -> impl Strategy<Value = (SqlType, Datum)> {
    let number = (any::<i64>(), -20_i32..20).prop_map(|(digits, exponent)| {
        let value: Number = format!("{digits}E{exponent}").parse().expect("in range");
        (SqlType::Numeric(None), Datum::Numeric(value))
    });
    prop_oneof![
        any::<bool>().prop_map(|value| (SqlType::Bool, Datum::Bool(value))),
        any::<i16>().prop_map(|value| (SqlType::Int2, Datum::Int(value.into()))),
        any::<i32>().prop_map(|value| (SqlType::Int4, Datum::Int(value.into()))),
        any::<i64>().prop_map(|value| (SqlType::Int8, Datum::Int(value))),
        (-1e100..1e100_f64).prop_map(|value| (SqlType::Float8, Datum::Float(value))),
        (-1e30..1e30_f32).prop_map(|value| (SqlType::Float4, Datum::Float(value.into()))),
        number,
        "[^\\x00]{0,20}".prop_map(|value| (SqlType::Text, Datum::Text(value))),
        proptest::collection::vec(any::<u8>(), 0..20)
            .prop_map(|value| (SqlType::Bytea, Datum::Bytes(value.into()))),
        any::<u128>().prop_map(|value| {
            let text = uuid::Uuid::from_u128(value).hyphenated().to_string();
            (SqlType::Uuid, Datum::Text(text))
        }),
        (-730_000..2_900_000_i32).prop_map(|days| (SqlType::Date, Datum::Date(days))),
        (0..MICROS_PER_DAY).prop_map(|micros| (SqlType::Time, Datum::Time(micros))),
        (-60_000_000_000_000_000..250_000_000_000_000_000_i64)
            .prop_map(|micros| (SqlType::Timestamp, Datum::Timestamp(micros))),
        (-60_000_000_000_000_000..250_000_000_000_000_000_i64)
            .prop_map(|micros| (SqlType::TimestampTz, Datum::Timestamp(micros))),
        proptest::collection::vec(
            prop_oneof![Just(Datum::Null), "[^\\x00]{0,5}".prop_map(Datum::Text)],
            0..5
        )
        .prop_map(|values| (
            SqlType::Array(Box::new(SqlType::Text)),
            Datum::Array(values)
        )),
    ]
}

proptest! {
    #[test]
    fn texts_round_trip((sql_type, datum) in typed()) {
        let printed = to_text(&datum, &sql_type);
        let read = parse_text(&sql_type, &printed).expect(&printed);
        prop_assert_eq!(read, datum);
    }

    #[test]
    fn attributes_round_trip((sql_type, datum) in typed()) {
        prop_assert_eq!(through_attribute(&datum, &sql_type), datum);
    }

    #[test]
    fn stored_timestamps_order_as_they_are(left in -60_000_000_000_000_000..250_000_000_000_000_000_i64, right in -60_000_000_000_000_000..250_000_000_000_000_000_i64) {
        prop_assert_eq!(timestamp_to_iso(left).cmp(&timestamp_to_iso(right)), left.cmp(&right));
    }

    #[test]
    fn no_text_panics(input in "\\PC{0,40}") {
        for sql_type in [SqlType::Bool, SqlType::Int4, SqlType::Float8, SqlType::Numeric(Some((5, 2))), SqlType::Bytea, SqlType::Date, SqlType::Time, SqlType::TimestampTz, SqlType::Interval, SqlType::Jsonb, SqlType::Array(Box::new(SqlType::Text))] {
            let _ = parse_text(&sql_type, &input);
        }
    }
}
