use super::*;
use crate::encode::put_value;
use bytes::BytesMut;
use proptest::prelude::*;
use shale_item::Number;
use shale_sql::datum::{parse_date, parse_text, parse_timestamp};

fn encode(datum: &Datum, sql_type: &SqlType, format: Format) -> Option<Vec<u8>> {
    let mut output = BytesMut::new();
    put_value(&mut output, datum, sql_type, format).unwrap();
    let length = i32::from_be_bytes(output[..4].try_into().unwrap());
    if length == -1 {
        assert_eq!(output.len(), 4);
        return None;
    }
    assert_eq!(output.len(), 4 + length as usize);
    Some(output[4..].to_vec())
}

fn hex(datum: &Datum, sql_type: &SqlType) -> String {
    let bytes = encode(datum, sql_type, Format::Binary).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn binary_forms_are_those_of_postgresql() {
    let text = |text: &str| Datum::Text(text.into());
    // The `typsend` functions of PostgreSQL 15.
    for (datum, sql_type, expected) in [
        (Datum::Bool(true), SqlType::Bool, "01"),
        (Datum::Int(-2), SqlType::Int2, "fffe"),
        (Datum::Int(70_000), SqlType::Int4, "00011170"),
        (Datum::Int(1), SqlType::Int8, "0000000000000001"),
        (Datum::Int(4_294_967_295), SqlType::Oid, "ffffffff"),
        (Datum::Float(1.5), SqlType::Float4, "3fc00000"),
        (Datum::Float(-1.0), SqlType::Float8, "bff0000000000000"),
        (text("é"), SqlType::Text, "c3a9"),
        (text("r"), SqlType::SingleChar, "72"),
        (
            text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            SqlType::Uuid,
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        ),
        (
            Datum::Date(parse_date("2001-01-01").unwrap()),
            SqlType::Date,
            "0000016e",
        ),
        (
            Datum::Time(3_600_000_000),
            SqlType::Time,
            "00000000d693a400",
        ),
        (
            Datum::Timestamp(parse_timestamp("2000-01-01 00:00:01", false).unwrap()),
            SqlType::Timestamp,
            "00000000000f4240",
        ),
        (
            Datum::Interval {
                months: 14,
                days: 3,
                micros: 1,
            },
            SqlType::Interval,
            "0000000000000001000000030000000e",
        ),
        (Datum::Json("{}".into()), SqlType::Json, "7b7d"),
        (Datum::Json("{}".into()), SqlType::Jsonb, "017b7d"),
        (
            Datum::Array(vec![Datum::Int(1), Datum::Null]),
            SqlType::Array(Box::new(SqlType::Int4)),
            "0000000100000001000000170000000200000001\
             0000000400000001ffffffff",
        ),
        (
            Datum::Array(vec![]),
            SqlType::Array(Box::new(SqlType::Text)),
            "000000000000000000000019",
        ),
    ] {
        assert_eq!(hex(&datum, &sql_type), expected, "{sql_type:?}");
    }
    assert_eq!(encode(&Datum::Null, &SqlType::Int4, Format::Binary), None);
    assert_eq!(encode(&Datum::Null, &SqlType::Int4, Format::Text), None);
}

#[test]
fn a_value_of_another_type_leaves_nothing_behind() {
    for (datum, sql_type) in [
        (Datum::Int(70_000), SqlType::Int2),
        (Datum::Int(-1), SqlType::Oid),
        (Datum::Text("x".into()), SqlType::Int4),
        (Datum::Text("no uuid".into()), SqlType::Uuid),
        (
            Datum::Array(vec![Datum::Int(1), Datum::Bool(true)]),
            SqlType::Array(Box::new(SqlType::Int4)),
        ),
    ] {
        let mut output = BytesMut::from(&b"before"[..]);
        assert!(put_value(&mut output, &datum, &sql_type, Format::Binary).is_err());
        assert_eq!(&output[..], b"before");
    }
}

#[test]
fn malformed_binary_is_refused() {
    let array = SqlType::Array(Box::new(SqlType::Int4));
    for (bytes, sql_type) in [
        (&b""[..], SqlType::Bool),
        (b"\0\0", SqlType::Bool),
        (b"\0", SqlType::Int2),
        (b"\0\0\0", SqlType::Int4),
        (b"\0\0\0\0", SqlType::Int8),
        (b"\0\0\0\0\0", SqlType::Float8),
        (b"\0\x01\0\0", SqlType::Numeric(None)),
        (b"0123456789abcde", SqlType::Uuid),
        (b"{}", SqlType::Jsonb),
        (b"", SqlType::Jsonb),
        (b"", array.clone()),
        // One dimension, but no length.
        (b"\0\0\0\x01\0\0\0\0\0\0\0\x17", array.clone()),
        // Two thousand million elements in no bytes.
        (
            b"\0\0\0\x01\0\0\0\0\0\0\0\x17\x7f\xff\xff\xff\0\0\0\x01",
            array.clone(),
        ),
        // An element that is longer than the message.
        (
            b"\0\0\0\x01\0\0\0\0\0\0\0\x17\0\0\0\x01\0\0\0\x01\0\0\0\x05\0\0\0\x01",
            array.clone(),
        ),
        // An element of length -2.
        (
            b"\0\0\0\x01\0\0\0\0\0\0\0\x17\0\0\0\x01\0\0\0\x01\xff\xff\xff\xfe",
            array.clone(),
        ),
        // Elements of another type.
        (
            b"\0\0\0\x01\0\0\0\0\0\0\0\x19\0\0\0\x01\0\0\0\x01\0\0\0\x01a",
            array.clone(),
        ),
        // Bytes behind the end.
        (b"\0\0\0\0\0\0\0\0\0\0\0\x17x", array.clone()),
        // Seven dimensions are more than PostgreSQL has.
        (b"\0\0\0\x07\0\0\0\0\0\0\0\x17", array),
    ] {
        let result = value(bytes, &sql_type, Format::Binary);
        assert!(
            matches!(result, Err(ParameterError::MalformedBinary)),
            "{sql_type:?} {bytes:?}: {result:?}"
        );
    }
}

#[test]
fn texts_are_utf8_without_zero_bytes() {
    for format in [Format::Text, Format::Binary] {
        let result = value(b"a\xff\xfeb", &SqlType::Text, format);
        assert!(matches!(result, Err(ParameterError::NotText(bytes)) if bytes == [0xff]));
        let result = value(b"a\0b", &SqlType::Text, format);
        assert!(matches!(result, Err(ParameterError::NotText(bytes)) if bytes == [0]));
    }
    let result = value(b"\x01\"\xc3", &SqlType::Jsonb, Format::Binary);
    assert!(matches!(result, Err(ParameterError::NotText(bytes)) if bytes == [0xc3]));
}

#[test]
fn times_that_cannot_be_stored_are_refused() {
    assert_eq!(*DAYS.start(), parse_date("0001-01-01").unwrap());
    assert_eq!(*DAYS.end(), parse_date("9999-12-31").unwrap());
    let last = parse_timestamp("9999-12-31 23:59:59.999999", false).unwrap();
    assert_eq!(*TIMESTAMPS.end(), last);
    let sqlstate = |bytes: &[u8], sql_type: SqlType| match value(bytes, &sql_type, Format::Binary) {
        Err(ParameterError::Value(error)) => match *error {
            SqlError::Other { sqlstate, .. } => sqlstate,
            SqlError::NotSupported { .. } => "0A000",
            _ => "?",
        },
        _ => "?",
    };
    assert_eq!(sqlstate(&i32::MAX.to_be_bytes(), SqlType::Date), "0A000");
    assert_eq!(
        sqlstate(&(DAYS.end() + 1).to_be_bytes(), SqlType::Date),
        "22008"
    );
    assert_eq!(
        sqlstate(&i64::MIN.to_be_bytes(), SqlType::TimestampTz),
        "0A000"
    );
    assert_eq!(
        sqlstate(&(last + 1).to_be_bytes(), SqlType::Timestamp),
        "22008"
    );
    assert_eq!(sqlstate(&(-1_i64).to_be_bytes(), SqlType::Time), "22008");
}

/// A type with a value of it.
fn values() -> impl Strategy<Value = (SqlType, Datum)> {
    let number = ("[1-9][0-9]{0,37}", -130_i32..=87)
        .prop_filter_map("range", |(digits, exponent)| {
            format!("{digits}E{exponent}").parse::<Number>().ok()
        });
    let text = "[^\0]{0,20}";
    let scalar = prop_oneof![
        any::<bool>().prop_map(|v| (SqlType::Bool, Datum::Bool(v))),
        any::<i16>().prop_map(|v| (SqlType::Int2, Datum::Int(v.into()))),
        any::<i32>().prop_map(|v| (SqlType::Int4, Datum::Int(v.into()))),
        any::<i64>().prop_map(|v| (SqlType::Int8, Datum::Int(v))),
        any::<u32>().prop_map(|v| (SqlType::Oid, Datum::Int(v.into()))),
        (-1e30_f32..1e30).prop_map(|v| (SqlType::Float4, Datum::Float(v.into()))),
        (-1e300..1e300).prop_map(|v| (SqlType::Float8, Datum::Float(v))),
        number.prop_map(|v| (SqlType::Numeric(None), Datum::Numeric(v))),
        text.prop_map(|v| (SqlType::Text, Datum::Text(v))),
        text.prop_map(|v| (SqlType::Varchar(None), Datum::Text(v))),
        any::<[u8; 16]>().prop_map(|v| (SqlType::Uuid, Datum::Text(uuid_text(&v)))),
        proptest::collection::vec(any::<u8>(), 0..20)
            .prop_map(|v| (SqlType::Bytea, Datum::Bytes(v.into()))),
        DAYS.prop_map(|v| (SqlType::Date, Datum::Date(v))),
        (0..=MICROS_PER_DAY).prop_map(|v| (SqlType::Time, Datum::Time(v))),
        TIMESTAMPS.prop_map(|v| (SqlType::Timestamp, Datum::Timestamp(v))),
        TIMESTAMPS.prop_map(|v| (SqlType::TimestampTz, Datum::Timestamp(v))),
        any::<i64>().prop_map(|v| (SqlType::Jsonb, Datum::Json(format!("{{\"a\": {v}}}")))),
    ];
    let scalar = scalar.boxed();
    let array = scalar.clone().prop_flat_map(|(sql_type, value)| {
        proptest::collection::vec(prop_oneof![Just(Datum::Null), Just(value)], 0..5).prop_map(
            move |values| {
                (
                    SqlType::Array(Box::new(sql_type.clone())),
                    Datum::Array(values),
                )
            },
        )
    });
    prop_oneof![4 => scalar, 1 => array]
}

proptest! {
    #[test]
    fn binary_round_trips((sql_type, datum) in values()) {
        let bytes = encode(&datum, &sql_type, Format::Binary).unwrap();
        prop_assert_eq!(value(&bytes, &sql_type, Format::Binary).unwrap(), datum);
    }

    #[test]
    fn text_round_trips((sql_type, datum) in values()) {
        let bytes = encode(&datum, &sql_type, Format::Text).unwrap();
        prop_assert_eq!(value(&bytes, &sql_type, Format::Text).unwrap(), datum.clone());
        // What is written here directly is what `shale_sql` would have written.
        let text = shale_sql::datum::to_text(&datum, &sql_type);
        prop_assert_eq!(parse_text(&sql_type, &text).unwrap(), datum);
        prop_assert_eq!(text.as_bytes(), &bytes[..]);
    }

    #[test]
    fn any_bytes_are_safe(
        (sql_type, _) in values(),
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let _ = value(&bytes, &sql_type, Format::Binary);
        let _ = value(&bytes, &sql_type, Format::Text);
    }

    #[test]
    fn damaged_arrays_are_safe(
        values in proptest::collection::vec(any::<i32>(), 0..5),
        position in 0..100_usize,
        byte in any::<u8>(),
    ) {
        let sql_type = SqlType::Array(Box::new(SqlType::Int4));
        let datum = Datum::Array(values.iter().map(|v| Datum::Int((*v).into())).collect());
        let mut bytes = encode(&datum, &sql_type, Format::Binary).unwrap();
        let position = position % bytes.len();
        bytes[position] = byte;
        let _ = value(&bytes, &sql_type, Format::Binary);
    }
}
