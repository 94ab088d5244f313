use super::*;
use proptest::prelude::*;
use shale_item::{AttributeValue, Item};

fn item() -> EncodedItem {
    EncodedItem::encode(&Item::from([
        ("id".to_owned(), AttributeValue::S("k".to_owned())),
        ("n".to_owned(), AttributeValue::N(7.into())),
    ]))
}

fn change(old: &[u8]) -> StreamChange<'_> {
    StreamChange {
        stream: 8,
        by_service: true,
        keep_new: false,
        old,
    }
}

fn sample() -> Bytes {
    let mut builder = RecordBuilder::with_capacity(0);
    builder.item(b"\0\0\0\x05key", 0, Some(&item()));
    builder.item(b"\0\0\0\x05other", 17, Some(&item()));
    builder.item(b"\0\0\0\x06gone", 123, None);
    builder.index(b"\0\0\0\x07entry", 9, Some(&item()));
    builder.index(b"\0\0\0\x07entry", 9, None);
    builder.catalog(b"t\0\0\0\x05", Some(b"{}"));
    builder.catalog(b"t\0\0\0\x06", None);
    builder.stream(&change(item().as_bytes()));
    builder.stamped(b"v", b"stream");
    builder.replaced(8, b"\0\0\0\x05key", Some(&item()));
    builder.replaced(8, b"\0\0\0\x05other", None);
    builder.collection(b"\0\0\0\x09key", 1 << 40);
    builder.collection(b"\0\0\0\x09other", 0);
    builder.finish()
}

#[test]
fn reads_back_what_was_built() {
    let record = sample();
    let encoded = item();
    let read: Result<Vec<_>, _> = operations(&record).collect();
    let put = |key, old_size| Put {
        key,
        old_size,
        new_size: encoded.size() as u32,
        item: encoded.as_bytes(),
    };
    assert_eq!(
        read.unwrap(),
        [
            Operation::Put(put(b"\0\0\0\x05key", 0)),
            Operation::Put(put(b"\0\0\0\x05other", 17)),
            Operation::Delete(Delete {
                key: b"\0\0\0\x06gone",
                old_size: 123,
            }),
            Operation::IndexPut(put(b"\0\0\0\x07entry", 9)),
            Operation::IndexDelete(Delete {
                key: b"\0\0\0\x07entry",
                old_size: 9,
            }),
            Operation::Catalog {
                key: b"t\0\0\0\x05",
                value: Some(b"{}"),
            },
            Operation::Catalog {
                key: b"t\0\0\0\x06",
                value: None,
            },
            Operation::Stream(change(encoded.as_bytes())),
            Operation::Stamped {
                key: b"v",
                value: b"stream",
            },
            Operation::Replaced {
                key: b"\0\0\0\x08key",
                image: Some(encoded.as_bytes()),
            },
            Operation::Replaced {
                key: b"\0\0\0\x08other",
                image: None,
            },
            Operation::Collection {
                key: b"\0\0\0\x09key",
                size: 1 << 40,
            },
            Operation::Collection {
                key: b"\0\0\0\x09other",
                size: 0,
            },
        ]
    );
    assert_eq!(table_of(b"\0\0\0\x05key"), Some(TableId(5)));
    assert_eq!(table_of(b"\0\0"), None);
}

/// Version 1 as it was first written; every later version must read it. The item's own format has its fixture in `item`.
const FIXTURE_V1: &str = "010000\
    02000700000005676f6e0000007b\
    0300057400000005000000027b7d\
    0300057400000006ffffffff";

#[test]
fn version_1_stays_readable() {
    let hex: Vec<u8> = FIXTURE_V1.bytes().filter(u8::is_ascii_hexdigit).collect();
    let record: Vec<u8> = hex
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let read: Result<Vec<_>, _> = operations(&record).collect();
    assert_eq!(
        read.unwrap(),
        [
            Operation::Delete(Delete {
                key: b"\0\0\0\x05gon",
                old_size: 123,
            }),
            Operation::Catalog {
                key: b"t\0\0\0\x05",
                value: Some(b"{}"),
            },
            Operation::Catalog {
                key: b"t\0\0\0\x06",
                value: None,
            },
        ]
    );
    let mut builder = RecordBuilder::with_capacity(0);
    builder.item(b"\0\0\0\x05gon", 123, None);
    builder.catalog(b"t\0\0\0\x05", Some(b"{}"));
    builder.catalog(b"t\0\0\0\x06", None);
    assert_eq!(builder.finish(), record, "and is what is written");
}

#[test]
fn a_cut_or_unknown_record_is_an_error_and_then_ends() {
    let record = sample();
    let boundaries: Vec<usize> = {
        let mut rest = operations(&record);
        let mut ends = vec![3];
        while rest.next().is_some() {
            ends.push(record.len() - rest.rest.0.len());
        }
        ends
    };
    for length in 0..record.len() {
        let cut: Vec<_> = operations(&record[..length]).collect();
        assert_eq!(
            cut.iter().all(Result::is_ok),
            boundaries.contains(&length),
            "{length}"
        );
        assert!(cut.iter().rev().skip(1).all(Result::is_ok));
    }
    for (record, reason) in [
        (&b"\x02\0\0"[..], "record of unknown version 2"),
        (b"\x01\0\x09", "record of unknown origin 9"),
        (b"\x01\0\0\x63", "unknown operation 99 in a record"),
        (b"", "empty record"),
    ] {
        let mut read = operations(record);
        assert_eq!(read.next(), Some(Err(reason.to_owned())));
        assert_eq!(read.next(), None);
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), tag in 1u8..12) {
        let mut record = vec![1, 0, 0, tag];
        record.extend(bytes);
        let read: Vec<_> = operations(&record).collect();
        prop_assert!(read.len() <= record.len());
    }
}
