//! Nanoseconds of parsing, evaluating and applying expressions: `cargo bench -p shale-expression`.
//!
//! Prints the fastest of several rounds, which is what the code costs when nothing disturbs it.

use shale_expression::{Placeholders, parse_condition, parse_projection, parse_update};
use shale_item::{AttributeValue, EncodedItem, Item};
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

fn main() {
    // `cargo test --all-targets` runs this program too; only `cargo bench` passes the flag.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let string = |text: &str| AttributeValue::S(text.to_string());
    let number = |value: i64| AttributeValue::N(value.into());
    let mut item = Item::new();
    for index in 0..8 {
        item.insert(format!("text_{index}"), string("some text of usual length"));
        item.insert(format!("number_{index}"), number(1372 + index));
    }
    let place = BTreeMap::from([("lat".into(), number(40)), ("lon".into(), number(-74))]);
    item.insert("place".into(), AttributeValue::M(place));
    let encoded = EncodedItem::encode(&item);
    let values = BTreeMap::from([
        (":n".to_string(), number(1375)),
        (":s".to_string(), string("some")),
    ]);
    let placeholders = || Placeholders::new(None, Some(&values));

    let conditions = [
        "number_3 = :n",
        "place.lat < :n",
        "begins_with(text_2, :s) AND number_3 >= :n",
        "attribute_not_exists(absent)",
        "contains(text_5, :s) OR NOT number_1 IN (:n, :s)",
    ];
    for text in conditions {
        measure(&format!("parse    {text}"), || {
            parse_condition(black_box(text), &mut placeholders()).unwrap()
        });
        let condition = parse_condition(text, &mut placeholders()).unwrap();
        measure(&format!("evaluate {text}"), || {
            condition.evaluate(black_box(encoded.view()))
        });
    }
    for text in [
        "SET number_3 = number_3 + :n",
        "SET place.lat = :n REMOVE text_1",
    ] {
        measure(&format!("parse    {text}"), || {
            parse_update(black_box(text), &mut placeholders()).unwrap()
        });
        let update = parse_update(text, &mut placeholders()).unwrap();
        let mut target = item.clone();
        measure(&format!("apply    {text}"), || {
            update.apply(black_box(&mut target), usize::MAX)
        });
    }
    for text in ["number_1, text_1", "place.lat"] {
        let projection = parse_projection(text, &mut placeholders()).unwrap();
        measure(&format!("project  {text}"), || {
            projection.project(black_box(encoded.view()))
        });
    }
}
