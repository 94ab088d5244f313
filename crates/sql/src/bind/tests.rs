//! Lowering against a naive evaluator of SQL's three values.

use super::*;
use crate::names::Catalog;
use crate::test_tables::{arguments, tables};
use crate::{Datum, Dialect, SqlType};
use proptest::prelude::*;
use shale_env::SeededRand;
use shale_expression::{Comparison, Path};
use shale_item::{AttributeType, AttributeValue, EncodedItem, Item, Number};
use std::cmp::Ordering;

fn attribute(name: &str, sql_type: SqlType, key: bool) -> Attribute {
    Attribute {
        path: Path {
            root: name.into(),
            steps: vec![],
        },
        compared_as: sql_type.clone(),
        sql_type,
        key,
        homogeneous: true,
        whole_item: false,
    }
}

fn number() -> Attribute {
    attribute("n", SqlType::Int4, false)
}

fn text() -> Attribute {
    attribute("s", SqlType::Text, false)
}

fn document() -> Attribute {
    let mut document = attribute("d", SqlType::Jsonb, false);
    document.compared_as = SqlType::Unknown;
    document
}

fn key() -> Attribute {
    attribute("k", SqlType::Int4, true)
}

/// The value as SQL sees it: `None` is NULL.
fn value_of(item: &Item, attribute: &Attribute) -> Option<AttributeValue> {
    let value = item.get(&attribute.path.root)?;
    let found = value.attribute_type();
    let fits = match attribute.compared_as.attribute_type() {
        Some(expected) => found == expected,
        None => found != AttributeType::Null,
    };
    fits.then(|| value.clone())
}

fn constant(scalar: &Scalar) -> Option<AttributeValue> {
    match scalar {
        Scalar::Null => None,
        Scalar::Untyped(text) => Some(AttributeValue::S(text.clone())),
        Scalar::Typed(Datum::Int(value), _) => Some(AttributeValue::N(Number::from(*value))),
        Scalar::Typed(Datum::Bool(value), _) => Some(AttributeValue::Bool(*value)),
        other => panic!("no constant of this test: {other:?}"),
    }
}

fn term(item: &Item, term: &Term) -> Option<AttributeValue> {
    match term {
        Term::Attribute(attribute) => value_of(item, attribute),
        Term::Scalar(scalar) => constant(scalar),
        Term::Size(_) => panic!("no size in this test"),
    }
}

fn compare(left: &AttributeValue, op: Comparison, right: &AttributeValue) -> bool {
    let ordering = match (left, right) {
        (AttributeValue::N(left), AttributeValue::N(right)) => Some(left.cmp(right)),
        (AttributeValue::S(left), AttributeValue::S(right)) => Some(left.cmp(right)),
        (left, right) if left == right => Some(Ordering::Equal),
        _ => None,
    };
    match op {
        Comparison::Eq => ordering == Some(Ordering::Equal),
        Comparison::Ne => ordering != Some(Ordering::Equal),
        Comparison::Lt => ordering == Some(Ordering::Less),
        Comparison::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Gt => ordering == Some(Ordering::Greater),
        Comparison::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// SQL's value of a predicate on an item.
fn naive(item: &Item, predicate: &Predicate) -> Option<bool> {
    match predicate {
        Predicate::Constant(value) => *value,
        Predicate::Compare(left, op, right) => {
            let (left, right) = (term(item, left)?, term(item, right)?);
            let same_type = left.attribute_type() == right.attribute_type();
            let ordering = !matches!(op, Comparison::Eq | Comparison::Ne);
            // Inside documents values have any type; those of two types are not equal, and in no order.
            (same_type || !ordering).then(|| compare(&left, *op, &right))
        }
        Predicate::In(attribute, list) => {
            let value = value_of(item, attribute);
            let mut unknown = value.is_none() && !list.is_empty();
            for element in list {
                match (&value, constant(element)) {
                    (Some(value), Some(element)) if *value == element => return Some(true),
                    (_, None) => unknown = true,
                    _ => {}
                }
            }
            if unknown { None } else { Some(false) }
        }
        Predicate::BeginsWith(attribute, prefix) => {
            match (value_of(item, attribute)?, constant(prefix)?) {
                (AttributeValue::S(value), AttributeValue::S(prefix)) => {
                    Some(value.starts_with(&prefix))
                }
                _ => Some(false),
            }
        }
        Predicate::IsNull(attribute) => Some(value_of(item, attribute).is_none()),
        Predicate::IsMissing(attribute) => Some(!item.contains_key(&attribute.path.root)),
        Predicate::Same(attribute, scalar) => Some(value_of(item, attribute) == constant(scalar)),
        Predicate::Is(inner, truth) => Some(naive(item, inner) == Some(*truth)),
        Predicate::And(parts) => {
            let values: Vec<Option<bool>> = parts.iter().map(|part| naive(item, part)).collect();
            if values.contains(&Some(false)) {
                Some(false)
            } else if values.contains(&None) {
                None
            } else {
                Some(true)
            }
        }
        Predicate::Or(parts) => {
            let values: Vec<Option<bool>> = parts.iter().map(|part| naive(item, part)).collect();
            if values.contains(&Some(true)) {
                Some(true)
            } else if values.contains(&None) {
                None
            } else {
                Some(false)
            }
        }
        Predicate::Not(inner) => naive(item, inner).map(|value| !value),
        other => panic!("no predicate of this test: {other:?}"),
    }
}

fn int(value: i64) -> Scalar {
    Scalar::Typed(Datum::Int(value), SqlType::Int4)
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop_oneof![
        Just(Comparison::Eq),
        Just(Comparison::Ne),
        Just(Comparison::Lt),
        Just(Comparison::Le),
        Just(Comparison::Gt),
        Just(Comparison::Ge),
    ]
}

fn a_number() -> impl Strategy<Value = Scalar> {
    prop_oneof![4 => (-1..3_i64).prop_map(int), 1 => Just(Scalar::Null)]
}

fn a_text() -> impl Strategy<Value = Scalar> {
    prop_oneof![4 => "[ab]{0,2}".prop_map(Scalar::Untyped), 1 => Just(Scalar::Null)]
}

fn leaf() -> impl Strategy<Value = Predicate> {
    let numbers = prop_oneof![Just(number()), Just(key())];
    prop_oneof![
        prop_oneof![Just(None), any::<bool>().prop_map(Some)].prop_map(Predicate::Constant),
        (numbers.clone(), comparison(), a_number()).prop_map(|(attribute, op, scalar)| {
            Predicate::Compare(Term::Attribute(attribute), op, Term::Scalar(scalar))
        }),
        (comparison(), a_text()).prop_map(|(op, scalar)| {
            Predicate::Compare(Term::Attribute(text()), op, Term::Scalar(scalar))
        }),
        (comparison(), prop_oneof![a_text(), a_number()]).prop_map(|(op, scalar)| {
            Predicate::Compare(Term::Attribute(document()), op, Term::Scalar(scalar))
        }),
        comparison().prop_map(|op| {
            Predicate::Compare(Term::Attribute(number()), op, Term::Attribute(key()))
        }),
        (numbers, proptest::collection::vec(a_number(), 0..4))
            .prop_map(|(attribute, list)| Predicate::In(attribute, list)),
        a_text().prop_map(|prefix| Predicate::BeginsWith(text(), prefix)),
        prop_oneof![Just(number()), Just(text()), Just(document()), Just(key())]
            .prop_map(Predicate::IsNull),
        prop_oneof![Just(number()), Just(document())].prop_map(Predicate::IsMissing),
        a_number().prop_map(|scalar| Predicate::Same(number(), scalar)),
    ]
}

fn predicate() -> impl Strategy<Value = Predicate> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Predicate::And),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Predicate::Or),
            inner
                .clone()
                .prop_map(|inner| Predicate::Not(Box::new(inner))),
            (inner, any::<bool>()).prop_map(|(inner, truth)| Predicate::Is(Box::new(inner), truth)),
        ]
    })
}

/// Items whose attributes are absent, NULL, of their column's type, or of another.
fn item() -> impl Strategy<Value = Item> {
    let value = prop_oneof![
        2 => Just(None),
        1 => Just(Some(AttributeValue::Null)),
        4 => (-1..3_i64).prop_map(|value| Some(AttributeValue::N(Number::from(value)))),
        4 => "[ab]{0,2}".prop_map(|value| Some(AttributeValue::S(value))),
        1 => any::<bool>().prop_map(|value| Some(AttributeValue::Bool(value))),
    ];
    (value.clone(), value.clone(), value, -1..3_i64).prop_map(|(n, s, d, k)| {
        let mut item = Item::new();
        for (name, value) in [("n", n), ("s", s), ("d", d)] {
            if let Some(value) = value {
                item.insert(name.into(), value);
            }
        }
        item.insert("k".into(), AttributeValue::N(Number::from(k)));
        item
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn conditions_hold_where_predicates_are_true(predicate in predicate(), item in item()) {
        let rand = SeededRand::new(1);
        let with = arguments(&[], &rand);
        let condition = lower(&predicate, &with, Semantics::ThreeValued).expect("constants fit");
        let encoded = EncodedItem::encode(&item);
        prop_assert_eq!(
            condition.evaluate(encoded.view()),
            naive(&item, &predicate) == Some(true),
            "{:?}", condition
        );
    }

    #[test]
    fn access_paths_lose_nothing(predicate in predicate(), item in item()) {
        let rand = SeededRand::new(1);
        let with = arguments(&[], &rand);
        let condition = lower(&predicate, &with, Semantics::ThreeValued).expect("constants fit");
        let schema = shale_item::KeySchema {
            partition: shale_item::KeyAttribute { name: "k".into(), key_type: shale_item::KeyType::N },
            sort: None,
        };
        let encoded = EncodedItem::encode(&item);
        let holds = condition.evaluate(encoded.view());
        let access = crate::access::choose(&schema, Some(condition));
        let reached = match &access.path {
            crate::access::AccessPath::Nothing => false,
            crate::access::AccessPath::KeyLookup { keys } => keys.iter().any(|key| key.get("k") == item.get("k")),
            crate::access::AccessPath::RangeScan { .. } => panic!("there is no sort key"),
            crate::access::AccessPath::IndexScan(_) => panic!("there is no index"),
            crate::access::AccessPath::Scan => true,
        };
        let kept = reached && access.residual.as_ref().is_none_or(|residual| residual.evaluate(encoded.view()));
        prop_assert_eq!(kept, holds);
    }
}

#[test]
fn sort_conditions_lose_nothing() {
    let tables = tables();
    let table = tables.table("music").expect("music");
    let rand = SeededRand::new(1);
    let texts = [
        "artist = 'a' AND song > 'b' AND song < 'd'",
        "artist = 'a' AND song >= 'b' AND song <= 'd'",
        "artist = 'a' AND song BETWEEN 'b' AND 'd' AND song <> 'c'",
        "artist = 'a' AND song >= 'b' AND song < 'd' AND song LIKE 'c%'",
        "artist IN ('a', 'b') AND song LIKE 'b%'",
        "artist = 'a' AND song IN ('b', 'd') AND song > 'c'",
        "artist = 'a' AND NOT (song < 'c')",
    ];
    for text in texts {
        let expr = crate::syntax::parse_expression(text).expect(text);
        let mut binder = Binder::new(text, Dialect::Postgres, &table, &[]);
        let predicate = binder.predicate(&expr).expect(text).expect(text);
        let with = arguments(&[], &rand);
        let condition = lower(&predicate, &with, Semantics::ThreeValued).expect(text);
        let access = crate::access::choose(&table.definition.key_schema, Some(condition.clone()));
        for artist in ["a", "b", "c"] {
            for song in ["a", "b", "bb", "c", "cc", "d", "e"] {
                let mut item = Item::new();
                item.insert("artist".into(), AttributeValue::S(artist.into()));
                item.insert("song".into(), AttributeValue::S(song.into()));
                let encoded = EncodedItem::encode(&item);
                let holds = condition.evaluate(encoded.view());
                let kept = reaches(&access.path, &item)
                    && access
                        .residual
                        .as_ref()
                        .is_none_or(|residual| residual.evaluate(encoded.view()));
                assert_eq!(kept, holds, "{text}: {artist} {song}");
            }
        }
    }
}

fn reaches(path: &crate::access::AccessPath, item: &Item) -> bool {
    use crate::access::AccessPath;
    use shale_expression::SortCondition;
    match path {
        AccessPath::Nothing => false,
        AccessPath::Scan => true,
        AccessPath::IndexScan(_) => panic!("there is no index"),
        AccessPath::KeyLookup { keys } => keys.contains(item),
        AccessPath::RangeScan { partitions, sort } => {
            let song = &item["song"];
            let compared = |op, value: &AttributeValue| compare(song, op, value);
            partitions.contains(&item["artist"])
                && match sort {
                    None => true,
                    Some(SortCondition::Eq(value)) => compared(Comparison::Eq, value),
                    Some(SortCondition::Lt(value)) => compared(Comparison::Lt, value),
                    Some(SortCondition::Le(value)) => compared(Comparison::Le, value),
                    Some(SortCondition::Gt(value)) => compared(Comparison::Gt, value),
                    Some(SortCondition::Ge(value)) => compared(Comparison::Ge, value),
                    Some(SortCondition::Between(low, high)) => {
                        compared(Comparison::Ge, low) && compared(Comparison::Le, high)
                    }
                    Some(SortCondition::BeginsWith(prefix)) => match (song, prefix) {
                        (AttributeValue::S(song), AttributeValue::S(prefix)) => {
                            song.starts_with(prefix.as_str())
                        }
                        _ => false,
                    },
                }
        }
    }
}
