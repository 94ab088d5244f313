//! Texts that are no expressions, and what is done with those that are.

use shale_expression::{
    ExpressionError, Placeholders, parse_condition, parse_key_condition, parse_projection,
    parse_update,
};
use shale_fuzz::Inputs;
use shale_item::{AttributeValue, EncodedItem, Item, ItemView};
use std::collections::BTreeMap;

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.into())
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn names() -> BTreeMap<String, String> {
    [("#n", "n"), ("#d", "a.b c")]
        .map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned()))
        .into()
}

fn values() -> BTreeMap<String, AttributeValue> {
    [
        (":n", n(1)),
        (":m", n(2)),
        (":s", s("x")),
        (":type", s("SS")),
        (":l", AttributeValue::L(vec![n(1), s("x")])),
        (":ss", AttributeValue::Ss(["x".to_owned()].into())),
    ]
    .map(|(placeholder, value)| (placeholder.to_owned(), value))
    .into()
}

fn item() -> Item {
    let b = AttributeValue::L(vec![AttributeValue::M([("n".to_owned(), n(1))].into())]);
    [
        ("a", AttributeValue::M([("b".to_owned(), b)].into())),
        ("b", n(-5)),
        (
            "c",
            AttributeValue::M([("d".to_owned(), AttributeValue::L(vec![n(1)]))].into()),
        ),
        ("e", AttributeValue::Null),
        (
            "l",
            AttributeValue::L(vec![n(1), s("x"), AttributeValue::L(vec![])]),
        ),
        ("n", n(7)),
        ("s", s("text")),
        (
            "ss",
            AttributeValue::Ss(["x".to_owned(), "y".to_owned()].into()),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What an error quotes is part of the text.
fn check_error(error: &ExpressionError, text: &str, input: &shale_fuzz::Input) {
    if let ExpressionError::Syntax { token, near } = error {
        assert!(token == "<EOF>" || text.contains(token.as_str()), "{input}");
        assert!(text.contains(near.as_str()), "{input}");
    }
}

#[test]
fn any_text_is_an_expression_or_a_clear_error() {
    let (names, values, item) = (names(), values(), item());
    let encoded = EncodedItem::encode(&item);
    for input in Inputs::of("expressions") {
        let text = input.text();
        let placeholders = || Placeholders::new(Some(&names), Some(&values));
        match parse_condition(&text, &mut placeholders()) {
            Ok(condition) => {
                let holds = condition.evaluate(encoded.view());
                let opposite = shale_expression::Condition::Not(Box::new(condition.clone()));
                assert_eq!(opposite.evaluate(encoded.view()), !holds, "{input}");
                condition.evaluate(ItemView::EMPTY);
            }
            Err(error) => check_error(&error, &text, &input),
        }
        match parse_projection(&text, &mut placeholders()) {
            Ok(projection) => {
                // A part of the item: projected once more it stays what it is, but for the elements of lists, which move up.
                let part = projection.project(encoded.view());
                assert!(part.keys().all(|name| item.contains_key(name)), "{input}");
            }
            Err(error) => check_error(&error, &text, &input),
        }
        match parse_update(&text, &mut placeholders()) {
            Ok(update) => {
                // It is applied, or refused and the item stays as it was.
                let mut changed = item.clone();
                match update.apply(&mut changed, 400 * 1024) {
                    Ok(()) => drop((update.updated_old(&item), update.updated_new(&changed))),
                    Err(_) => assert_eq!(changed, item, "{input}"),
                }
            }
            Err(error) => check_error(&error, &text, &input),
        }
        if let Err(error) = parse_key_condition(&text, &mut placeholders()) {
            check_error(&error, &text, &input);
        }
    }
}
