use super::*;
use proptest::prelude::*;
use shale_item::{AttributeType, EncodedItem, Item};
use std::collections::BTreeMap;

mod naive;

fn n(text: &str) -> AttributeValue {
    AttributeValue::N(text.parse().unwrap())
}
fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}
fn b(bytes: &'static [u8]) -> AttributeValue {
    AttributeValue::B(bytes.to_vec().into())
}
fn list(values: Vec<AttributeValue>) -> AttributeValue {
    AttributeValue::L(values)
}
fn map<const N: usize>(members: [(&str, AttributeValue); N]) -> AttributeValue {
    AttributeValue::M(
        members
            .map(|(name, value)| (name.to_string(), value))
            .into(),
    )
}

fn item() -> Item {
    [
        ("bin", b(&[1, 2, 3])),
        ("bool", AttributeValue::Bool(true)),
        (
            "bs",
            AttributeValue::Bs([vec![1u8].into(), vec![2, 3].into()].into()),
        ),
        ("empty", s("")),
        ("five", n("5")),
        ("l", list(vec![n("1"), s("x"), map([("k", n("7"))])])),
        ("m", map([("a", n("1")), ("b", map([("c", s("deep"))]))])),
        (
            "ns",
            AttributeValue::Ns(["1", "2.5"].map(|t| t.parse().unwrap()).into()),
        ),
        ("null", AttributeValue::Null),
        ("s", s("héllo𝄞")),
        (
            "ss",
            AttributeValue::Ss(["a".to_string(), "b".to_string()].into()),
        ),
        ("ten", n("10")),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .into()
}

/// Which of the conditions hold, by values `:v0`, `:v1` … in the order given.
fn check(values: &[AttributeValue], cases: &[(&str, bool)]) {
    let encoded = EncodedItem::encode(&item());
    let values: BTreeMap<String, AttributeValue> = values
        .iter()
        .enumerate()
        .map(|(index, value)| (format!(":v{index}"), value.clone()))
        .collect();
    let names: BTreeMap<String, String> = item()
        .into_keys()
        .map(|name| (format!("#{name}"), name))
        .collect();
    for (text, expected) in cases {
        let mut placeholders = crate::Placeholders::new(Some(&names), Some(&values));
        let condition = crate::parse_condition(text, &mut placeholders)
            .unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(condition.evaluate(encoded.view()), *expected, "{text}");
        assert_eq!(
            naive::evaluate(&condition, &item()),
            *expected,
            "naively: {text}"
        );
    }
}

#[test]
fn comparisons() {
    check(
        &[
            n("5.0"),
            s("5"),
            n("7"),
            s("i"),
            b(&[1, 2]),
            AttributeValue::Bool(true),
            AttributeValue::Null,
        ],
        &[
            ("five = :v0", true),
            ("five = :v1", false),
            ("five <> :v0", false),
            ("five <> :v1", true),
            ("five < :v2", true),
            ("five <= :v0", true),
            ("five > :v2", false),
            ("five >= :v0", true),
            ("ten > :v2", true),
            ("ten < :v1", false),
            ("ten >= :v1", false),
            (":v2 > five", true),
            ("s < :v3", true),
            ("s > :v1", true),
            ("bin > :v4", true),
            ("bin <> :v4", true),
            ("#bool = :v5", true),
            ("#null = :v6", true),
            ("#null <> :v5", true),
            ("five < ten", true),
            ("l < five", false),
            ("five < l", false),
            ("l >= m", false),
        ],
    );
}

#[test]
fn absent_operands() {
    check(
        &[n("5")],
        &[
            ("x = :v0", false),
            ("x <> :v0", true),
            ("x < :v0", false),
            ("x >= :v0", false),
            ("x = y", false),
            ("x <> y", true),
            ("five <> x", true),
            ("not x = :v0", true),
            ("x between :v0 and :v0", false),
            ("five between x and :v0", false),
            ("x in (:v0)", false),
            ("x in (y)", false),
            ("begins_with(x, s)", false),
            ("contains(x, s)", false),
            ("contains(l, x)", false),
            ("size(x) = :v0", false),
            ("size(x) <> :v0", true),
            ("size(five) <> :v0", true),
            ("m.a.z = :v0", false),
            ("l[9] = :v0", false),
            ("five[0] = :v0", false),
        ],
    );
}

#[test]
fn ranges_and_lists() {
    check(
        &[
            n("1"),
            n("5"),
            n("9"),
            s("5"),
            list(vec![n("1"), s("x"), map([("k", n("7"))])]),
        ],
        &[
            ("five between :v0 and :v2", true),
            ("five between :v1 and :v1", true),
            ("ten between :v0 and :v2", false),
            (":v2 between five and ten", true),
            ("s between :v3 and s1", false),
            ("five in (:v0, :v1)", true),
            ("five in (:v0, :v3)", false),
            ("five in (ten, five1)", false),
            ("l in (:v0, :v4)", true),
        ],
    );
}

#[test]
fn documents_and_sets_compare_as_a_whole() {
    check(
        &[
            list(vec![n("1.00"), s("x"), map([("k", n("7"))])]),
            list(vec![n("1"), s("x")]),
            map([("b", map([("c", s("deep"))])), ("a", n("1"))]),
            map([("a", n("1"))]),
            AttributeValue::Ns(["2.50", "1"].map(|t| t.parse().unwrap()).into()),
            AttributeValue::Ss(["b".to_string(), "a".to_string()].into()),
            AttributeValue::Bs([vec![2u8, 3].into(), vec![1].into()].into()),
            list(vec![s("a"), s("b")]),
        ],
        &[
            ("l = :v0", true),
            ("l = :v1", false),
            ("l <> :v1", true),
            ("m = :v2", true),
            ("m = :v3", false),
            ("m.b = :v3", false),
            ("ns = :v4", true),
            ("ss = :v5", true),
            ("bs = :v6", true),
            ("ss = :v7", false),
            ("ss <> :v5", false),
            (":v0 = :v1", false),
        ],
    );
}

#[test]
fn functions() {
    check(
        &[
            s("hé"),
            s("llo"),
            n("2.5"),
            b(&[1]),
            b(&[2, 3]),
            s("a"),
            s("x"),
            map([("k", n("7"))]),
            s(""),
            s("S"),
            s("M"),
        ],
        &[
            ("attribute_exists(s)", true),
            ("attribute_exists(x)", false),
            ("attribute_exists(m.b.c)", true),
            ("attribute_exists(l[2].k)", true),
            ("attribute_not_exists(l[3])", true),
            ("attribute_exists(#null)", true),
            ("attribute_type(s, :v9)", true),
            ("attribute_type(m.b, :v10)", true),
            ("attribute_type(x, :v9)", false),
            ("attribute_type(five, :v9)", false),
            ("begins_with(s, :v0)", true),
            ("begins_with(s, :v1)", false),
            ("begins_with(bin, :v3)", true),
            ("begins_with(bin, :v0)", false),
            ("begins_with(s, empty1)", false),
            ("begins_with(five, :v0)", false),
            ("contains(s, :v1)", true),
            ("contains(s, :v8)", true),
            ("contains(s, :v6)", false),
            ("contains(bin, :v4)", true),
            ("contains(ss, :v5)", true),
            ("contains(ss, :v6)", false),
            ("contains(ns, :v2)", true),
            ("contains(ns, :v5)", false),
            ("contains(bs, :v3)", true),
            ("contains(bs, :v5)", false),
            ("contains(l, :v6)", true),
            ("contains(l, :v7)", true),
            ("contains(l, :v5)", false),
            ("contains(m, :v5)", false),
            ("contains(five, :v2)", false),
        ],
    );
}

#[test]
fn sizes() {
    let size = |n: &str| AttributeValue::N(n.parse().unwrap());
    check(
        &[size("0"), size("2"), size("3"), size("7")],
        &[
            ("size(s) = :v3", true),
            ("size(#empty) = :v0", true),
            ("size(bin) = :v2", true),
            ("size(ss) = :v1", true),
            ("size(ns) = :v1", true),
            ("size(bs) = :v1", true),
            ("size(l) = :v2", true),
            ("size(m) = :v1", true),
            ("size(five) = :v0", false),
            ("size(#bool) >= :v0", false),
            ("size(#null) >= :v0", false),
            ("size(l) between :v1 and :v3", true),
            ("size(l) in (size(bin))", true),
        ],
    );
}

#[test]
fn logic() {
    check(
        &[n("5")],
        &[
            ("five = :v0 and ten = :v0", false),
            ("five = :v0 or ten = :v0", true),
            ("not five = :v0", false),
            ("ten = :v0 or five = :v0 and not ten = :v0", true),
            ("not (five = :v0 and ten = :v0)", true),
        ],
    );
    assert!(Condition::Constant(true).evaluate(ItemView::EMPTY));
    assert!(Condition::And(vec![]).evaluate(ItemView::EMPTY));
    assert!(!Condition::Or(vec![]).evaluate(ItemView::EMPTY));
    assert!(Condition::AttributeNotExists(Path::attribute("a")).evaluate(ItemView::EMPTY));
}

fn any_scalar() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        "[ab𝄞]{0,3}".prop_map(AttributeValue::S),
        (-2i64..3).prop_map(|value| AttributeValue::N(value.into())),
        prop::collection::vec(0u8..2, 0..3).prop_map(|bytes| AttributeValue::B(bytes.into())),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        prop::collection::btree_set("[ab]{1,2}", 1..3).prop_map(AttributeValue::Ss),
        prop::collection::btree_set((-2i64..3).prop_map(Number::from), 1..3)
            .prop_map(AttributeValue::Ns),
        prop::collection::btree_set(prop::collection::vec(0u8..2, 1..3).prop_map(bytes_of), 1..3)
            .prop_map(AttributeValue::Bs),
    ]
}

fn bytes_of(bytes: Vec<u8>) -> bytes::Bytes {
    bytes.into()
}

fn any_value() -> impl Strategy<Value = AttributeValue> {
    any_scalar().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(AttributeValue::L),
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(AttributeValue::M),
        ]
    })
}

fn any_path() -> impl Strategy<Value = Path> {
    let step = prop_oneof![
        "[a-c]".prop_map(Step::Field),
        (0usize..3).prop_map(Step::Index),
    ];
    ("[a-d]", prop::collection::vec(step, 0..3)).prop_map(|(root, steps)| Path { root, steps })
}

fn any_operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        3 => any_path().prop_map(Operand::Path),
        2 => any_value().prop_map(Operand::constant),
        1 => any_path().prop_map(|path| Operand::Size(Box::new(Operand::Path(path)))),
        1 => any_value().prop_map(|value| Operand::Size(Box::new(Operand::constant(value)))),
    ]
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let comparison = prop::sample::select(vec![
        Comparison::Eq,
        Comparison::Ne,
        Comparison::Lt,
        Comparison::Le,
        Comparison::Gt,
        Comparison::Ge,
    ]);
    let attribute_type = prop::sample::select(AttributeType::ALL.to_vec());
    let leaf = prop_oneof![
        3 => (any_operand(), comparison, any_operand()).prop_map(|(l, c, r)| Condition::Compare(l, c, r)),
        1 => (any_operand(), any_operand(), any_operand()).prop_map(|(o, l, h)| Condition::Between(o, l, h)),
        1 => (any_operand(), prop::collection::vec(any_operand(), 1..3)).prop_map(|(o, l)| Condition::In(o, l)),
        1 => any_path().prop_map(Condition::AttributeExists),
        1 => any_path().prop_map(Condition::AttributeNotExists),
        1 => (any_path(), attribute_type).prop_map(|(p, t)| Condition::AttributeType(p, t)),
        1 => (any_operand(), any_operand()).prop_map(|(o, p)| Condition::BeginsWith(o, p)),
        2 => (any_operand(), any_operand()).prop_map(|(o, p)| Condition::Contains(o, p)),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Condition::And),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Condition::Or),
            inner.prop_map(|condition| Condition::Not(Box::new(condition))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_the_naive_evaluator(
        item in prop::collection::btree_map("[a-d]", any_value(), 0..4),
        condition in any_condition(),
    ) {
        let encoded = EncodedItem::encode(&item);
        prop_assert_eq!(condition.evaluate(encoded.view()), naive::evaluate(&condition, &item));
    }

    #[test]
    fn never_panics_on_corrupt_items(
        item in prop::collection::btree_map("[a-d]", any_value(), 1..4),
        condition in any_condition(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut bytes = EncodedItem::encode(&item).as_bytes().to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(item) = EncodedItem::from_bytes(bytes.into()) {
            condition.evaluate(item.view());
        }
    }
}
