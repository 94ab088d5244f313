use super::*;
use crate::{NumberRange, Placeholders, Projection, Rule, parse_projection, parse_update};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use shale_item::{AttributeType, EncodedItem, NumberError};
use std::collections::BTreeMap;

fn n(text: &str) -> AttributeValue {
    AttributeValue::N(text.parse().unwrap())
}
fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}
fn list<const N: usize>(values: [AttributeValue; N]) -> AttributeValue {
    AttributeValue::L(values.into())
}
fn strings<const N: usize>(values: [&str; N]) -> AttributeValue {
    AttributeValue::Ss(values.map(str::to_string).into())
}

fn item() -> Item {
    let map = BTreeMap::from([
        ("x".to_string(), n("1")),
        ("l".to_string(), list([n("8"), n("9")])),
    ]);
    [
        ("n", n("5")),
        ("s", s("text")),
        ("l", list([n("0"), n("1"), n("2"), n("3")])),
        ("ss", strings(["a", "b"])),
        ("m", AttributeValue::M(map)),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .into()
}

fn values() -> BTreeMap<String, AttributeValue> {
    [
        (":one", n("1")),
        (":s", s("new")),
        (":l", list([n("7")])),
        (":ab", strings(["a", "b"])),
        (":bc", strings(["b", "c"])),
        (":ns", AttributeValue::Ns([Number::from(1)].into())),
        (":map", AttributeValue::M(BTreeMap::new())),
        (":big", n("1E100")),
        (":null", AttributeValue::Null),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .into()
}

fn parse(text: &str) -> Update {
    parse_update(text, &mut Placeholders::new(None, Some(&values())))
        .unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn show(value: &AttributeValue) -> String {
    let join = |parts: Vec<String>| parts.join(" ");
    match value {
        AttributeValue::S(text) => format!("'{text}'"),
        AttributeValue::N(number) => number.to_string(),
        AttributeValue::L(elements) => format!("[{}]", join(elements.iter().map(show).collect())),
        AttributeValue::M(members) => format!("{{{}}}", show_item(members)),
        AttributeValue::Ss(elements) => format!("<<{}>>", join(elements.iter().cloned().collect())),
        AttributeValue::Ns(elements) => {
            format!(
                "<<{}>>",
                join(elements.iter().map(Number::to_string).collect())
            )
        }
        other => format!("{other:?}"),
    }
}
fn show_item(item: &Item) -> String {
    let parts = item
        .iter()
        .map(|(name, value)| format!("{name}:{}", show(value)));
    parts.collect::<Vec<_>>().join(" ")
}

/// Applies the updates on the left to the same item and compares what changed with the right.
fn check(absent_operand: AbsentOperand, expected: Expect) {
    let lines = expected.data().lines().map(str::trim);
    let inputs = lines.filter_map(|line| line.split_once(" => "));
    let shown: Vec<_> = inputs
        .map(|(text, _)| {
            let update = Update {
                absent_operand,
                ..parse(text)
            };
            format!("{text} => {}\n", show_effect(&update))
        })
        .collect();
    assert!(!shown.is_empty());
    expected.assert_eq(&shown.concat());
}

/// The attributes that the update changes, and the names of those it removes.
fn show_effect(update: &Update) -> String {
    let (old, mut new) = (item(), item());
    if let Err(error) = update.apply(&mut new, usize::MAX) {
        assert_eq!(new, old, "a failing update changed the item");
        return format!("! {error:?}");
    }
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let gone: String = gone.map(|name| format!(" without {name}")).collect();
    new.retain(|name, value| old.get(name) != Some(value));
    match format!("{}{gone}", show_item(&new)).trim() {
        "" => "unchanged".to_string(),
        effect => effect.to_string(),
    }
}

#[test]
fn set() {
    check(
        AbsentOperand::Fails,
        expect![[r##"
            SET a = :one => a:1
            SET s = :s => s:'new'
            SET a = n => a:5
            SET a = n + :one => a:6
            SET a = :one - n => a:-4
            SET n = n + n => n:10
            SET a = (n + :one) - m.x => a:5
            SET a = m.l[1] => a:9
            SET m.x = :s => m:{l:[8 9] x:'new'}
            SET m.fresh = :s => m:{fresh:'new' l:[8 9] x:1}
            SET m.l[0] = :s => m:{l:['new' 9] x:1}
            SET m.l[5] = :s => m:{l:[8 9 'new'] x:1}
            SET n = s, s = n => n:'text' s:5
            SET a = n, b = if_not_exists(a, :s) => a:5 b:'new'
            SET a = if_not_exists(a, :one) => a:1
            SET n = if_not_exists(n, :s) => unchanged
            SET n = if_not_exists(x, :one) + :one => n:2
            SET l = list_append(l, :l) => l:[0 1 2 3 7]
            SET l = list_append(:l, l) => l:[7 0 1 2 3]
            SET a = list_append(if_not_exists(a, :l), :l) => a:[7 7]
            SET l[1] = :s => l:[0 'new' 2 3]
            SET l[4] = :s => l:[0 1 2 3 'new']
            SET l[9] = :s, l[7] = :one, l[0] = :s => l:['new' 1 2 3 1 'new']
        "##]],
    );
}

#[test]
fn remove_add_delete() {
    check(
        AbsentOperand::Fails,
        expect![[r##"
            REMOVE n => without n
            REMOVE absent => unchanged
            REMOVE m.x => m:{l:[8 9]}
            REMOVE m.absent => unchanged
            REMOVE l[0] => l:[1 2 3]
            REMOVE l[0], l[2] => l:[1 3]
            REMOVE l[9] => unchanged
            REMOVE l[1] SET l[2] = :s => l:[0 'new' 3]
            REMOVE l[0] SET l[10] = :s => l:[1 2 3 'new']
            REMOVE m.l[0], m.x => m:{l:[9]}
            REMOVE n SET a = n => a:5 without n
            ADD n :one => n:6
            ADD a :one => a:1
            ADD ss :bc => ss:<<a b c>>
            ADD a :ab => a:<<a b>>
            ADD m.x :one => m:{l:[8 9] x:2}
            ADD m.fresh :ab => m:{fresh:<<a b>> l:[8 9] x:1}
            DELETE ss :bc => ss:<<a>>
            DELETE ss :ab => without ss
            DELETE absent :ab => unchanged
            ADD ss :bc REMOVE n => ss:<<a b c>> without n
        "##]],
    );
}

#[test]
fn failures_leave_the_item_unchanged() {
    check(
        AbsentOperand::Fails,
        expect![[r##"
            SET a = absent => ! AbsentOperand(Path { root: "absent", steps: [] })
            SET a = m.absent => ! AbsentOperand(Path { root: "m", steps: [Field("absent")] })
            SET a = l[9] => ! AbsentOperand(Path { root: "l", steps: [Index(9)] })
            SET n = :one, a = absent + :one => ! AbsentOperand(Path { root: "absent", steps: [] })
            SET a = list_append(absent, :l) => ! AbsentOperand(Path { root: "absent", steps: [] })
            SET a = s + :one => ! OperandType { operator: "+", actual: S }
            SET a = n + ss => ! OperandType { operator: "+", actual: Ss }
            SET a = list_append(l, n) => ! OperandType { operator: "list_append", actual: N }
            SET a = list_append(n, l) => ! OperandType { operator: "list_append", actual: N }
            SET n = :big + n => ! Number(TooManyDigits)
            SET absent.x = :one => ! InvalidPath(Path { root: "absent", steps: [Field("x")] })
            SET n.x = :one => ! InvalidPath(Path { root: "n", steps: [Field("x")] })
            SET l.x = :one => ! InvalidPath(Path { root: "l", steps: [Field("x")] })
            SET m[0] = :one => ! InvalidPath(Path { root: "m", steps: [Index(0)] })
            SET m.absent.x = :one => ! InvalidPath(Path { root: "m", steps: [Field("absent"), Field("x")] })
            SET l[9].x = :one => ! InvalidPath(Path { root: "l", steps: [Index(9), Field("x")] })
            SET l[9] = :map, l[4].x = :one => ! InvalidPath(Path { root: "l", steps: [Index(4), Field("x")] })
            REMOVE absent.x => ! InvalidPath(Path { root: "absent", steps: [Field("x")] })
            REMOVE n[0] => ! InvalidPath(Path { root: "n", steps: [Index(0)] })
            ADD s :one => ! OperandType { operator: "ADD", actual: S }
            ADD ss :one => ! OperandType { operator: "ADD", actual: Ss }
            ADD n :ab => ! OperandType { operator: "ADD", actual: N }
            ADD ss :ns => ! OperandType { operator: "ADD", actual: Ss }
            ADD n :big => ! Number(TooManyDigits)
            ADD absent.x :one => ! InvalidPath(Path { root: "absent", steps: [Field("x")] })
            DELETE ss :ns => ! OperandType { operator: "DELETE", actual: Ns }
            DELETE n :ab => ! OperandType { operator: "DELETE", actual: N }
            DELETE absent.x :ab => ! InvalidPath(Path { root: "absent", steps: [Field("x")] })
            REMOVE s SET a = m.x + s => ! OperandType { operator: "+", actual: S }
        "##]],
    );
}

#[test]
fn absent_operands_can_remove() {
    check(
        AbsentOperand::Removes,
        expect![[r##"
            SET n = absent => without n
            SET n = n + absent => without n
            SET n = absent - n => without n
            SET l = list_append(l, absent) => without l
            SET a = absent => unchanged
            SET n = if_not_exists(absent, s) => n:'text'
            SET n = if_not_exists(absent, x) => without n
            SET m.x = absent => m:{l:[8 9]}
            SET n = s + :one => ! OperandType { operator: "+", actual: S }
        "##]],
    );
}

#[test]
fn errors_carry_what_is_wrong() {
    let apply = |text: &str| parse(text).apply(&mut item(), usize::MAX).unwrap_err();
    assert_eq!(
        apply("SET a = absent"),
        EvaluationError::AbsentOperand(Path::attribute("absent"))
    );
    assert_eq!(
        apply("ADD s :one"),
        EvaluationError::OperandType {
            operator: "ADD",
            actual: AttributeType::S
        }
    );
    assert_eq!(
        apply("SET n = :big + n"),
        EvaluationError::Number(NumberError::TooManyDigits)
    );
    let path = Path {
        root: "absent".into(),
        steps: vec![Step::Field("x".into())],
    };
    assert_eq!(
        apply("SET absent.x = :one"),
        EvaluationError::InvalidPath(path)
    );
}

#[test]
fn new_values_have_room_for_so_many_bytes_together() {
    let big = AttributeValue::L(vec![AttributeValue::S("x".repeat(1000))]);
    let size = big.size();
    let values = BTreeMap::from([(":v".to_string(), big)]);
    let apply = |text: &str, bytes_max: usize| {
        let update = parse_update(text, &mut Placeholders::new(None, Some(&values))).unwrap();
        let mut item = Item::new();
        let result = update.apply(&mut item, bytes_max);
        assert_eq!(item.is_empty(), result.is_err(), "{text}");
        result.map(|()| item.values().map(AttributeValue::size).sum::<usize>())
    };
    let appended = 2 * size - AttributeValue::L(Vec::new()).size();
    for (text, needed) in [
        ("SET a = :v", size),
        ("SET a = :v, b = :v, c = if_not_exists(d, :v)", 3 * size),
        ("SET a = list_append(:v, :v)", appended),
    ] {
        assert_eq!(apply(text, needed), Ok(needed));
        let error = apply(text, needed - 1).unwrap_err();
        assert!(
            matches!(error, EvaluationError::TooLarge { bytes, limit } if bytes == needed && limit == needed - 1),
            "{error:?}"
        );
    }
}

#[test]
fn touched_parts() {
    let update = parse("SET m.x = :s, l[1] = :one, l[3] = :s, a = :one REMOVE n, s, m.l[0]");
    let (old, mut new) = (item(), item());
    update.apply(&mut new, usize::MAX).unwrap();
    assert_eq!(
        show_item(&update.updated_old(&old)),
        "l:[1 3] m:{l:[8] x:1} n:5 s:'text'"
    );
    assert_eq!(
        show_item(&update.updated_new(&new)),
        "a:1 l:[1 'new'] m:{x:'new'}"
    );
    assert_eq!(update.targets().count(), 7);
}

#[test]
fn projections_keep_the_named_parts() {
    let item = item();
    let encoded = EncodedItem::encode(&item);
    let cases = [
        ("n, s", "n:5 s:'text'"),
        ("absent, n", "n:5"),
        ("m.x", "m:{x:1}"),
        ("m.l[1], m.x", "m:{l:[9] x:1}"),
        ("l[3], l[1]", "l:[1 3]"),
        ("l[9]", ""),
        ("m.absent, m.l[7], n.x, s[0]", ""),
        ("m", "m:{l:[8 9] x:1}"),
        ("l.x, m[0]", ""),
    ];
    for (text, expected) in cases {
        let projection = parse_projection(text, &mut Placeholders::new(None, None)).unwrap();
        assert_eq!(
            show_item(&projection.project(encoded.view())),
            expected,
            "{text}"
        );
        assert_eq!(
            show_item(&crate::part_of(&item, &projection.paths)),
            expected,
            "{text}"
        );
    }
    // Trees of other makers may overlap: the whole wins.
    let overlapping = ["m", "n"].map(Path::attribute).into_iter().chain([Path {
        root: "m".into(),
        steps: vec![Step::Field("x".into())],
    }]);
    let projection = Projection {
        paths: overlapping.collect(),
    };
    assert_eq!(
        show_item(&projection.project(encoded.view())),
        "m:{l:[8 9] x:1} n:5"
    );
}

fn any_path() -> impl Strategy<Value = Path> {
    let step = prop_oneof![
        prop::sample::select(vec!["x", "l"]).prop_map(|name| Step::Field(name.into())),
        (0usize..4).prop_map(Step::Index),
    ];
    (
        prop::sample::select(vec!["n", "s", "l", "m", "z"]),
        prop::collection::vec(step, 0..3),
    )
        .prop_map(|(root, steps)| Path {
            root: root.into(),
            steps,
        })
}

proptest! {
    #[test]
    fn removing_a_part_takes_it_and_nothing_else(path in any_path()) {
        let update = Update { actions: vec![Action::Remove(path.clone())], ..Update::default() };
        let (old, mut new) = (item(), item());
        match update.apply(&mut new, usize::MAX) {
            Err(error) => {
                prop_assert_eq!(error, EvaluationError::InvalidPath(path));
                prop_assert_eq!(new, old);
            }
            Ok(()) => {
                let there = lookup(&old, &path).is_some();
                let indexed = matches!(path.steps.last(), Some(Step::Index(_)));
                prop_assert!(indexed || lookup(&new, &path).is_none());
                prop_assert_eq!(new == old, !there);
                prop_assert_eq!(update.updated_old(&old).is_empty(), !there);
            }
        }
    }

    #[test]
    fn what_is_set_is_there(path in any_path(), value in any::<i64>()) {
        let value = AttributeValue::N(value.into());
        let update = Update { actions: vec![Action::Set(path.clone(), SetValue::constant(value.clone()))], ..Update::default() };
        let mut new = item();
        if update.apply(&mut new, usize::MAX).is_ok() {
            let parent = Path { root: path.root.clone(), steps: path.steps[..path.steps.len().saturating_sub(1)].to_vec() };
            match (lookup(&new, &path), lookup(&new, &parent)) {
                (Some(found), _) => prop_assert_eq!(found, &value),
                (None, Some(AttributeValue::L(elements))) => prop_assert_eq!(elements.last(), Some(&value)),
                _ => prop_assert!(false, "nothing was set"),
            }
        }
    }

    #[test]
    fn overlaps_are_found(paths in prop::collection::vec(any_path(), 0..5)) {
        let overlap = paths.iter().enumerate().any(|(i, a)| paths.iter().skip(i + 1).any(|b| {
            let common = a.steps.iter().zip(&b.steps).take_while(|(x, y)| x == y).count();
            a.root == b.root
                && match (a.steps.get(common), b.steps.get(common)) {
                    (Some(x), Some(y)) => std::mem::discriminant(x) != std::mem::discriminant(y),
                    _ => true,
                }
        }));
        prop_assert_eq!(crate::check_paths(&paths).is_err(), overlap);
    }
}

#[test]
fn results_obey_the_rules_of_their_paths() {
    let rule = |range, required| Rule {
        path: Path::attribute("n"),
        required,
        range,
    };
    let range = NumberRange {
        low: Number::from(-100),
        high: Number::from(100),
        scale: Some(1),
    };
    let apply = |text: &str, rule: Rule| {
        let update = Update {
            absent_operand: AbsentOperand::Removes,
            rules: vec![rule],
            ..parse(text)
        };
        let mut item = Item::from([("n".to_owned(), n("99.5"))]);
        update
            .apply(&mut item, usize::MAX)
            .map(|()| item.remove("n"))
    };
    let number = |text: &str| Ok(Some(n(text)));
    let path = Path::attribute("n");
    assert_eq!(apply("SET n = n - n", rule(Some(range), true)), number("0"));
    let half = NumberRange {
        scale: Some(0),
        ..range
    };
    assert_eq!(apply("SET n = n", rule(Some(half), true)), number("100"));
    assert_eq!(
        apply("SET n = n + n", rule(Some(range), false)),
        Err(EvaluationError::OutOfRange(path.clone()))
    );
    for text in ["REMOVE n", "SET n = absent", "SET n = :null"] {
        assert_eq!(
            apply(text, rule(None, true)),
            Err(EvaluationError::ValueRequired(path.clone())),
            "{text}"
        );
    }
    assert_eq!(apply("REMOVE n", rule(Some(range), false)), Ok(None));
}

#[test]
fn a_check_that_is_violated_leaves_the_item_as_it_was() {
    let check = |text: &str| crate::Check {
        name: "positive".to_owned(),
        violated_if: {
            let values = BTreeMap::from([(":zero".to_owned(), n("0"))]);
            crate::parse_condition(text, &mut Placeholders::new(None, Some(&values))).unwrap()
        },
    };
    let update = Update {
        checks: vec![check("n < :zero")],
        ..parse("SET n = n - :one")
    };
    let mut item = Item::from([("n".to_owned(), n("1"))]);
    update.apply(&mut item, usize::MAX).unwrap();
    assert_eq!(item["n"], n("0"));
    assert_eq!(
        update.apply(&mut item, usize::MAX),
        Err(EvaluationError::CheckViolated("positive".to_owned()))
    );
    assert_eq!(item["n"], n("0"));
}
