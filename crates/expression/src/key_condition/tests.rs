use super::*;
use expect_test::{Expect, expect};
use shale_item::{KeyAttribute, KeyType};
use std::collections::BTreeMap;

fn parse(text: &str) -> Result<KeyCondition, ExpressionError> {
    let n = |value: i64| AttributeValue::N(value.into());
    let values: BTreeMap<String, AttributeValue> = [
        (":s", AttributeValue::S("x".into())),
        (":n", n(1)),
        (":m", n(2)),
        (":bool", AttributeValue::Bool(true)),
    ]
    .map(|(placeholder, value)| (placeholder.to_string(), value))
    .into();
    let names = BTreeMap::from([("#name".to_string(), "name".to_string())]);
    parse_key_condition(text, &mut Placeholders::new(Some(&names), Some(&values)))
}

fn show(value: &AttributeValue) -> String {
    match value {
        AttributeValue::N(number) => number.to_string(),
        AttributeValue::S(text) => format!("'{text}'"),
        other => format!("{other:?}"),
    }
}

fn show_sort(condition: &SortCondition) -> String {
    match condition {
        SortCondition::Eq(value) => format!("= {}", show(value)),
        SortCondition::Lt(value) => format!("< {}", show(value)),
        SortCondition::Le(value) => format!("<= {}", show(value)),
        SortCondition::Gt(value) => format!("> {}", show(value)),
        SortCondition::Ge(value) => format!(">= {}", show(value)),
        SortCondition::Between(low, high) => format!("between {} {}", show(low), show(high)),
        SortCondition::BeginsWith(prefix) => format!("begins {}", show(prefix)),
    }
}

/// Parses the left sides of the lines and compares what became of them with the right sides.
fn check(expected: Expect) {
    let lines = expected.data().lines().map(str::trim);
    let inputs = lines.filter_map(|line| line.split_once(" => "));
    let shown: Vec<_> = inputs
        .map(|(text, _)| match parse(text) {
            Ok(parsed) => {
                let terms = parsed.terms.iter();
                let terms: Vec<String> = terms
                    .map(|(name, condition)| format!("{name} {}", show_sort(condition)))
                    .collect();
                format!("{text} => {}\n", terms.join(" and "))
            }
            Err(error) => format!("{text} => ! {error:?}\n"),
        })
        .collect();
    assert!(!shown.is_empty());
    expected.assert_eq(&shown.concat());
}

#[test]
fn documented_forms() {
    check(expect![[r##"
            p = :s => p = 'x'
            #name = :n => name = 1
            (p = :s) => p = 'x'
            p = :s AND s = :n => p = 'x' and s = 1
            p = :s and s < :n => p = 'x' and s < 1
            p = :s AND s <= :n => p = 'x' and s <= 1
            p = :s AND s > :n => p = 'x' and s > 1
            p = :s AND s >= :n => p = 'x' and s >= 1
            p = :s AND s BETWEEN :n AND :m => p = 'x' and s between 1 2
            p = :s AND begins_with(s, :s) => p = 'x' and s begins 'x'
            (p = :s) AND (s > :n) => p = 'x' and s > 1
            s > :n AND p = :s => s > 1 and p = 'x'
            begins_with(s, :s) AND p = :n => s begins 'x' and p = 1
            s between :n and :m and p = :s => s between 1 2 and p = 'x'
            p = :s AND s = :n AND t = :n => p = 'x' and s = 1 and t = 1
        "##]]);
}

#[test]
fn other_conditions_are_refused() {
    check(expect![[r##"
            p => ! Syntax { token: "<EOF>", near: "p" }
            p = :s AND => ! Syntax { token: "<EOF>", near: "AND" }
            p <> :s => ! KeyCondition(Operator { operator: "<>" })
            p > :n => ! KeyCondition(NoEquality)
            p > :n AND s > :n => ! KeyCondition(NoEquality)
            p = :s OR s = :n => ! KeyCondition(Operator { operator: "OR" })
            NOT p = :s => ! KeyCondition(Operator { operator: "NOT" })
            p IN (:s) => ! KeyCondition(Operator { operator: "IN" })
            p = :s AND contains(s, :s) => ! KeyCondition(Operator { operator: "contains" })
            attribute_exists(p) => ! KeyCondition(Operator { operator: "attribute_exists" })
            p = :s AND attribute_type(s, :s) => ! InvalidTypeName { name: "x" }
            p = :s AND size(s) = :n => ! KeyCondition(NestedOperation)
            a = :n AND b = :n AND c = :n AND d = :n AND e = :n AND f = :n AND g = :n AND h = :n AND i = :n => ! KeyCondition(TooManyConditions)
            p = :s AND p = :n => ! KeyCondition(OneConditionPerKey)
            p = s => ! KeyCondition(MultipleAttributes)
            :s = p => ! KeyCondition(NoAttribute)
            p.a = :s => ! KeyCondition(NestedAttribute)
            p[0] = :s => ! KeyCondition(NestedAttribute)
            p = :s AND s BETWEEN a AND :n => ! KeyCondition(MultipleAttributes)
            p = :s AND s BETWEEN :m AND :n => ! BetweenOrder { low: N(Number { negative: false, coefficient: 2, exponent: 0 }), high: N(Number { negative: false, coefficient: 1, exponent: 0 }) }
            p = :s AND begins_with(s, :n) => ! OperandType { operator: "begins_with", actual: N }
            p = :s AND s < :bool => ! OperandType { operator: "<", actual: Bool }
            name = :s => ! ReservedWord { word: "name" }
            p = :undefined => ! UndefinedValue { name: ":undefined" }
            p = size(s) => ! KeyCondition(NestedOperation)
        "##]]);
}

#[test]
fn a_schema_says_which_term_is_which() {
    let attribute = |name: &str| KeyAttribute {
        name: name.into(),
        key_type: KeyType::N,
    };
    let keys = |names: &str| names.split_whitespace().map(attribute).collect::<Vec<_>>();
    let resolve_in = |text: &str, partition: &str, sort: &str| {
        let resolved = parse(text).unwrap().for_key(&keys(partition), &keys(sort));
        let list =
            |values: &[AttributeValue]| values.iter().map(show).collect::<Vec<_>>().join(",");
        match resolved {
            Ok(resolved) => format!(
                "{} {}{}",
                list(&resolved.partition),
                list(&resolved.sort_prefix),
                resolved.sort.as_ref().map_or(String::new(), show_sort)
            ),
            Err(error) => format!("{error:?}"),
        }
    };
    let (both, only) = (("p", "s"), ("p", ""));
    let resolve = |text: &str, (partition, sort): (&str, &str)| resolve_in(text, partition, sort);
    let missing = |name: &str| format!("MissingKey {{ name: {name:?} }}");
    assert_eq!(resolve("p = :n", both), "1 ");
    assert_eq!(resolve("p = :n and s = :m", both), "1 = 2");
    assert_eq!(resolve("s = :m and p = :n", both), "1 = 2");
    assert_eq!(resolve("s < :m and p = :n", both), "1 < 2");
    assert_eq!(resolve("p < :m and s = :n", both), "PartitionNotEqual");
    assert_eq!(resolve("s = :n", both), missing("p"));
    assert_eq!(resolve("p = :n and x = :n", both), missing("s"));
    assert_eq!(resolve("x = :n and p = :n", both), missing("s"));
    assert_eq!(resolve("x = :n and s = :n", both), missing("p"));
    assert_eq!(resolve("p = :n and s = :n", only), missing("s"));
    assert_eq!(
        resolve("p = :n and s = :n and t = :n", both),
        "TooManyConditions"
    );

    let many = |text: &str| resolve_in(text, "p q", "s t");
    assert_eq!(many("p = :n and q = :m"), "1,2 ");
    assert_eq!(many("t > :n and s = :m and q = :m and p = :n"), "1,2 2> 1");
    assert_eq!(many("p = :n and q = :m and s < :n"), "1,2 < 1");
    assert_eq!(many("p = :n and s = :n"), missing("q"));
    assert_eq!(many("p = :n and q = :n and t = :n"), missing("s"));
    assert_eq!(
        many("p = :n and q = :n and s > :n and t = :n"),
        "SortPrefixNotEqual"
    );
}
