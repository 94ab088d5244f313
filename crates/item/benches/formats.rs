//! Nanoseconds of the hot paths of items and keys: `cargo bench -p shale-item`.
//!
//! Prints the fastest of several rounds, which is what the code costs when nothing disturbs it.

use bytes::Bytes;
use shale_item::{
    AttributeValue, EncodedItem, Item, KeyValue, Number, PrimaryKey, TableId, ValueView, encode_key,
};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 15;
const CALLS: u32 = 20_000;

#[allow(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark does"
)]
fn measure<T>(what: &str, mut call: impl FnMut() -> T) {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(call());
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(CALLS));
    }
    println!("{what:<52} {best:>8.1} ns");
}

/// 20 attributes as a flight has them, about 400 bytes.
fn item() -> Item {
    let string = |text: &str| AttributeValue::S(text.to_string());
    let number = |text: &str| AttributeValue::N(text.parse().unwrap());
    let mut item = Item::new();
    for index in 0..8 {
        item.insert(format!("text_{index}"), string("some text of usual length"));
        item.insert(format!("number_{index}"), number("1372"));
    }
    item.insert("distance".into(), number("1400.25"));
    item.insert("id".into(), string("UA1545#2013-01-01"));
    item.insert(
        "tags".into(),
        AttributeValue::Ss(["a".into(), "b".into()].into()),
    );
    let place = BTreeMap::from([
        ("lat".into(), number("40.69")),
        ("lon".into(), number("-74.17")),
    ]);
    item.insert("place".into(), AttributeValue::M(place));
    item
}

fn main() {
    // `cargo test --all-targets` runs this program too; only `cargo bench` passes the flag.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let item = item();
    let encoded = EncodedItem::encode(&item);
    let bytes: Bytes = encoded.as_bytes().clone();
    println!(
        "item: {} attributes, {} bytes stored, DynamoDB size {}",
        item.len(),
        bytes.len(),
        encoded.size()
    );
    measure("encode item", || EncodedItem::encode(black_box(&item)));
    measure("decode item", || black_box(&encoded).to_item());
    measure("open item (header check)", || {
        EncodedItem::from_bytes(black_box(&bytes).clone()).unwrap()
    });
    measure("get string attribute of 20", || {
        matches!(
            encoded.view().get(black_box("text_3")),
            Some(ValueView::S(_))
        )
    });
    measure("get number attribute of 20", || {
        matches!(
            encoded.view().get(black_box("number_3")),
            Some(ValueView::N(_))
        )
    });
    measure("get absent attribute", || {
        encoded.view().get(black_box("nothing")).is_none()
    });
    measure("iterate 20 attributes", || encoded.view().iter().count());

    let parse = |text: &str| black_box(text).parse::<Number>().unwrap();
    let long = "12345678901234567890.123456789012345678";
    measure("parse number: 1372", || parse("1372"));
    measure("parse number: 1400.25", || parse("1400.25"));
    measure("parse number: 38 digits", || parse(long));
    let (small, decimal, large) = (parse("1372"), parse("1400.25"), parse(long));
    let other = Number::from(1373);
    let mut text = String::with_capacity(200);
    for (what, number) in [("1372", small), ("1400.25", decimal), ("38 digits", large)] {
        measure(&format!("print number: {what}"), || {
            text.clear();
            black_box(number).write_to(&mut text);
        });
    }
    measure("compare numbers, same exponent", || {
        black_box(small) < black_box(other)
    });
    measure("compare numbers, other exponent", || {
        black_box(decimal) < black_box(large)
    });
    measure("add numbers", || {
        black_box(decimal).checked_add(black_box(small))
    });

    let key = |sort: KeyValue| PrimaryKey {
        partition: KeyValue::S("UA1545".into()),
        sort: Some(sort),
    };
    let keys = [
        ("S + S", key(KeyValue::S("2013-01-01T05:17:00".into()))),
        ("S + N, integer", key(KeyValue::N(small))),
        ("S + N, 38 digits", key(KeyValue::N(large))),
    ];
    for (what, key) in keys {
        measure(&format!("encode key: {what}"), || {
            encode_key(TableId(7), black_box(&key))
        });
    }
}
