use super::*;
use expect_test::expect;

fn full() -> StoredTable {
    StoredTable {
        space: Space::User,
        uuid: "0b6dd3a1-0000-4000-8000-000000000001".to_owned(),
        created_micros: 1_700_000_000_000_000,
        successor: false,
        definition: CreateTable {
            name: "Music".to_owned(),
            key_schema: KeySchema {
                partition: KeyAttribute {
                    name: "artist".to_owned(),
                    key_type: KeyType::S,
                },
                sort: Some(KeyAttribute {
                    name: "year".to_owned(),
                    key_type: KeyType::N,
                }),
            },
            billing_mode: BillingMode::Provisioned { read: 5, write: 7 },
            columns: vec![ColumnDefinition {
                name: "artist".to_owned(),
                sql_type: "text".to_owned(),
                not_null: true,
                default: Some("'x'".to_owned()),
            }],
            hidden_key: false,
            deletion_protection: true,
            settings: [("table_class".to_owned(), "STANDARD".to_owned())].into(),
            tags: [("team".to_owned(), "a".to_owned())].into(),
            sql: Default::default(),
            derived: Default::default(),
        },
    }
}

/// Format 1 as it was first written; every later version must read it.
const FIXTURE_V1: &str = r#"{"format":1,"space":"user","name":"Music","uuid":"0b6dd3a1-0000-4000-8000-000000000001","created_micros":1700000000000000,"partition":{"name":"artist","type":"S"},"sort":{"name":"year","type":"N"},"provisioned":[5,7],"columns":[{"name":"artist","type":"text","not_null":true,"default":"'x'"}],"hidden_key":false,"deletion_protection":true,"settings":{"table_class":"STANDARD"},"tags":{"team":"a"}}"#;

#[test]
fn format_1_stays_readable_and_is_what_is_written() {
    let stored = full();
    assert_eq!(String::from_utf8(stored.encode()).unwrap(), FIXTURE_V1);
    let read = StoredTable::decode(FIXTURE_V1.as_bytes()).unwrap();
    assert_eq!(format!("{read:?}"), format!("{stored:?}"));
}

#[test]
fn a_table_of_the_json_api_needs_few_members() {
    let mut stored = full();
    stored.space = Space::System;
    stored.definition.key_schema.sort = None;
    stored.definition.key_schema.partition.key_type = KeyType::B;
    stored.definition.billing_mode = BillingMode::PayPerRequest;
    stored.definition.columns.clear();
    stored.definition.settings.clear();
    stored.definition.tags.clear();
    let text = String::from_utf8(stored.encode()).unwrap();
    expect![[r#"{"format":1,"space":"system","name":"Music","uuid":"0b6dd3a1-0000-4000-8000-000000000001","created_micros":1700000000000000,"partition":{"name":"artist","type":"B"},"hidden_key":false,"deletion_protection":true}"#]].assert_eq(&text);
    let read = StoredTable::decode(text.as_bytes()).unwrap();
    assert_eq!(format!("{read:?}"), format!("{stored:?}"));
}

#[test]
fn unknown_formats_are_refused_by_name() {
    let refused = |value: &str| StoredTable::decode(value.as_bytes()).unwrap_err();
    assert_eq!(
        refused(r#"{"format":2,"unheard":true}"#),
        "table definition of unknown format 2"
    );
    assert!(refused("garbage").starts_with("table definition: "));
    let bad_type = FIXTURE_V1.replace(r#""type":"N""#, r#""type":"X""#);
    assert_eq!(refused(&bad_type), "table definition: key type 'X'");
    assert!(decode_observed(&[2, 0, 0, 0, 0, 0]).is_err());
    assert!(decode_observed(&[]).is_err());
    assert!(decode_statistics(&[0; 15]).is_err());
    assert!(decode_u64(&[0; 7]).is_err());
}

#[test]
fn small_rows_read_back() {
    let observed = ObservedAttribute {
        types: 0x0203,
        integer_digits: 19,
        fraction_digits: 4,
        beyond_i64: true,
    };
    assert_eq!(encode_observed(&observed), [1, 2, 3, 19, 4, 1]);
    assert_eq!(decode_observed(&encode_observed(&observed)), Ok(observed));
    assert_eq!(decode_statistics(&encode_statistics(3, 99)), Ok((3, 99)));
    let backfill = BackfillRow {
        table: TableId(5),
        items_done: 700,
        behind: vec![1, 2, 3],
    };
    assert_eq!(BackfillRow::decode(&backfill.encode()), Ok(backfill));
    assert!(BackfillRow::decode(&[2; 20]).is_err());
}

#[test]
fn keys_come_apart_as_they_were_put_together() {
    let table = TableId(0x01020304);
    let observed = observed_key(table, "größe");
    for (key, parsed) in [
        (NEXT_TABLE_ID, CatalogKey::NextTableId),
        (STATISTICS_LSN, CatalogKey::StatisticsLsn),
        (INDEXES_LSN, CatalogKey::IndexesLsn),
        (&table_key(TABLE, table), CatalogKey::Table(table)),
        (&table_key(DROPPED, table), CatalogKey::Dropped(table)),
        (&table_key(STATISTICS, table), CatalogKey::Statistics(table)),
        (&table_key(BACKFILL, table), CatalogKey::Backfill(table)),
        (&table_key(SENT, table), CatalogKey::Sent),
        (STREAM_TIME, CatalogKey::Stream),
        (b"vtable\0\0\0\0\0\0\0\0\x01", CatalogKey::Stream),
        (&observed, CatalogKey::Observed(table, "größe")),
    ] {
        assert_eq!(parse_key(key), Ok(parsed));
    }
    for key in [
        &b""[..],
        b"t",
        b"t\0\0\0",
        b"t\0\0\0\0\0",
        b"z\0\0\0\0",
        b"v\0\0\0\0",
        b"o\0\0\0\0\xff",
    ] {
        assert!(parse_key(key).is_err(), "{key:?}");
    }
}
