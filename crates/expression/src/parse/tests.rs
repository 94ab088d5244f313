use super::*;
use crate::{Comparison, Condition, Operand, SUBSTITUTIONS_BYTES_MAX, SetValue, Update};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use shale_item::AttributeType;
use std::collections::BTreeMap;
use std::sync::Arc;

fn names() -> BTreeMap<String, String> {
    [
        ("#n", "name"),
        ("#d", "a.b c"),
        ("#a", "a"),
        ("#_0", "zero"),
    ]
    .map(|(placeholder, name)| (placeholder.to_string(), name.to_string()))
    .into()
}

fn values() -> BTreeMap<String, AttributeValue> {
    let n = |text: &str| AttributeValue::N(text.parse().unwrap());
    let s = |text: &str| AttributeValue::S(text.to_string());
    [
        (":s", s("x")),
        (":t", s("z")),
        (":n", n("1")),
        (":m", n("2")),
        (":b", AttributeValue::B("b".into())),
        (":bool", AttributeValue::Bool(true)),
        (":null", AttributeValue::Null),
        (":l", AttributeValue::L(vec![])),
        (":map", AttributeValue::M(BTreeMap::new())),
        (":ss", AttributeValue::Ss(["x".to_string()].into())),
        (":type", s("SS")),
    ]
    .map(|(placeholder, value)| (placeholder.to_string(), value))
    .into()
}

fn condition(text: &str) -> Result<Condition, ExpressionError> {
    parse_condition(
        text,
        &mut Placeholders::new(Some(&names()), Some(&values())),
    )
}
fn update(text: &str) -> Result<Update, ExpressionError> {
    parse_update(
        text,
        &mut Placeholders::new(Some(&names()), Some(&values())),
    )
}
fn projection(text: &str) -> Result<Projection, ExpressionError> {
    parse_projection(
        text,
        &mut Placeholders::new(Some(&names()), Some(&values())),
    )
}

/// A condition with everything in parentheses.
fn show(condition: &Condition) -> String {
    let all = |conditions: &[Condition], with: &str| {
        let parts: Vec<_> = conditions.iter().map(show).collect();
        format!("({})", parts.join(with))
    };
    match condition {
        Condition::Constant(value) => value.to_string(),
        Condition::Compare(left, comparison, right) => {
            format!(
                "{} {} {}",
                operand(left),
                comparison.symbol(),
                operand(right)
            )
        }
        Condition::Between(value, low, high) => {
            format!(
                "{} between {} {}",
                operand(value),
                operand(low),
                operand(high)
            )
        }
        Condition::In(value, list) => {
            let list: Vec<_> = list.iter().map(operand).collect();
            format!("{} in {}", operand(value), list.join(","))
        }
        Condition::AttributeExists(path) => format!("exists {path}"),
        Condition::AttributeNotExists(path) => format!("not_exists {path}"),
        Condition::AttributeType(path, expected) => {
            format!("type {path} {}", expected.descriptor())
        }
        Condition::BeginsWith(value, prefix) => {
            format!("begins {} {}", operand(value), operand(prefix))
        }
        Condition::Contains(value, part) => {
            format!("contains {} {}", operand(value), operand(part))
        }
        Condition::And(conditions) => all(conditions, " and "),
        Condition::Or(conditions) => all(conditions, " or "),
        Condition::Not(condition) => format!("not({})", show(condition)),
    }
}

fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Path(path) => path.to_string(),
        Operand::Value(value) => match &**value {
            AttributeValue::S(text) => format!("'{text}'"),
            AttributeValue::N(number) => number.to_string(),
            other => other.attribute_type().descriptor().to_string(),
        },
        Operand::Size(inner) => format!("size({})", self::operand(inner)),
    }
}

fn show_value(value: &SetValue) -> String {
    match value {
        SetValue::Path(path) => path.to_string(),
        SetValue::Value(value) => operand(&Operand::Value(value.clone())),
        SetValue::IfNotExists(path, otherwise) => {
            format!("if_not_exists({path}, {})", show_value(otherwise))
        }
        SetValue::ListAppend(first, second) => {
            format!("append({}, {})", show_value(first), show_value(second))
        }
        SetValue::Plus(left, right) => format!("({} + {})", show_value(left), show_value(right)),
        SetValue::Minus(left, right) => format!("({} - {})", show_value(left), show_value(right)),
    }
}

fn show_update(update: &Update) -> String {
    let show = |action: &crate::Action| match action {
        crate::Action::Set(path, value) => format!("set {path} {}", show_value(value)),
        crate::Action::Remove(path) => format!("remove {path}"),
        crate::Action::Add(path, value) => {
            format!("add {path} {}", operand(&Operand::Value(value.clone())))
        }
        crate::Action::Delete(path, value) => {
            format!("delete {path} {}", operand(&Operand::Value(value.clone())))
        }
    };
    update
        .actions
        .iter()
        .map(show)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Parses the left sides of the lines and compares what became of them with the right sides.
fn check(parse: impl Fn(&str) -> Result<String, ExpressionError>, expected: Expect) {
    let lines = expected.data().lines().map(str::trim);
    let inputs = lines.filter_map(|line| line.split_once(" => "));
    let shown: Vec<_> = inputs
        .map(|(text, _)| match parse(text) {
            Ok(parsed) => format!("{text} => {parsed}\n"),
            Err(error) => format!("{text} => ! {error:?}\n"),
        })
        .collect();
    assert!(!shown.is_empty());
    expected.assert_eq(&shown.concat());
}

fn check_condition(expected: Expect) {
    check(|text| condition(text).map(|parsed| show(&parsed)), expected);
}
fn check_update(expected: Expect) {
    check(
        |text| update(text).map(|parsed| show_update(&parsed)),
        expected,
    );
}

#[test]
fn empty_texts() {
    for text in ["", " ", "\n\t "] {
        assert_eq!(condition(text), Err(ExpressionError::Empty));
        assert_eq!(update(text), Err(ExpressionError::Empty));
        assert_eq!(projection(text), Err(ExpressionError::Empty));
    }
    let all_white = ExpressionError::Syntax {
        token: "<EOF>".into(),
        near: "+".into(),
    };
    assert_eq!(update("SET a = :n + "), Err(all_white));
}

#[test]
fn conditions_of_every_kind() {
    check_condition(expect![[r##"
            a = :n => [a] = 1
            a<>:n => [a] <> 1
            a<:n => [a] < 1
            a <= :n => [a] <= 1
            a > :n => [a] > 1
            a >= :n => [a] >= 1
            :n = a => 1 = [a]
            a = b => [a] = [b]
            (a) = (:n) => [a] = 1
            a between :n and :m => [a] between 1 2
            a IN (:n) => [a] in 1
            a in (:n, b, :s) => [a] in 1,[b],'x'
            attribute_exists(a.b[0].#d[12][3]) => exists [a, b, [0], a.b c, [12], [3]]
            attribute_not_exists ( #n ) => not_exists [name]
            attribute_type(a, :type) => type [a] SS
            begins_with(a, :s) => begins [a] 'x'
            begins_with(a, b) => begins [a] [b]
            contains(a, :n) => contains [a] 1
            contains(:ss, a) => contains SS [a]
            size(a) > :n => size([a]) > 1
            (size(a)) > :n => size([a]) > 1
            size(:s) = size(b) => size('x') = size([b])
            size(a) BETWEEN :n AND :m => size([a]) between 1 2
            :n = size(a) => 1 = size([a])
            #_0 = :n => [zero] = 1
            a1_b = :n => [a1_b] = 1
        "##]]);
}

#[test]
fn precedence_and_parentheses() {
    check_condition(expect![[r##"
            a = :n or b = :n and c = :n => ([a] = 1 or ([b] = 1 and [c] = 1))
            a = :n and b = :n or c = :n and d = :n => (([a] = 1 and [b] = 1) or ([c] = 1 and [d] = 1))
            (a = :n or b = :n) and c = :n => (([a] = 1 or [b] = 1) and [c] = 1)
            not a = :n and b = :n => (not([a] = 1) and [b] = 1)
            NOT (a = :n and b = :n) => not(([a] = 1 and [b] = 1))
            not not a = :n => not(not([a] = 1))
            not a between :n and :m and not b in (:n) => (not([a] between 1 2) and not([b] in 1))
            a between :n and :m and b = :n => ([a] between 1 2 and [b] = 1)
            (a = :n) => [a] = 1
            (a = :n) and (b = :n) => ([a] = 1 and [b] = 1)
            ((a = :n) and (b = :n)) => ([a] = 1 and [b] = 1)
            a = :n AND b = :n AND c = :n => ([a] = 1 and [b] = 1 and [c] = 1)
        "##]]);
}

#[test]
fn conditions_that_are_refused() {
    check_condition(expect![[r##"
        a => ! Syntax { token: "<EOF>", near: "a" }
        a = => ! Syntax { token: "<EOF>", near: "=" }
        = :n => ! Syntax { token: "=", near: "= :n" }
        a = :n b => ! Syntax { token: "b", near: ":n b" }
        a = :n AND => ! Syntax { token: "<EOF>", near: "AND" }
        a == :n => ! Syntax { token: "=", near: "== :n" }
        a != :n => ! Syntax { token: "!", near: "a !=" }
        (a = :n => ! Syntax { token: "<EOF>", near: ":n" }
        a = :n) => ! Syntax { token: ")", near: ":n)" }
        () => ! Syntax { token: ")", near: "()" }
        a = 5 => ! Syntax { token: "5", near: "= 5" }
        a = 'x' => ! Syntax { token: "'", near: "= 'x" }
        a[:n] = :n => ! Syntax { token: ":n", near: "[:n]" }
        a[-1] = :n => ! Syntax { token: "-", near: "[-1" }
        a[99999999999] = :n => ! ListIndex { index: "99999999999" }
        a. = :n => ! Syntax { token: "=", near: ". = :n" }
        a..b = :n => ! Syntax { token: ".", near: "..b" }
        _a = :n => ! Syntax { token: "_", near: "_a" }
        a = :n or => ! Syntax { token: "<EOF>", near: "or" }
        not => ! Syntax { token: "<EOF>", near: "not" }
        a between :n => ! Syntax { token: "<EOF>", near: ":n" }
        a between :n or :m => ! Syntax { token: "or", near: ":n or :m" }
        a in :n => ! Syntax { token: ":n", near: "in :n" }
        a in () => ! Syntax { token: ")", near: "()" }
        a in (:n,) => ! Syntax { token: ")", near: ",)" }
        name = :n => ! ReservedWord { word: "name" }
        a.Order = :n => ! ReservedWord { word: "Order" }
        a = status => ! ReservedWord { word: "status" }
        #missing = :n => ! UndefinedName { name: "#missing" }
        a = :missing => ! UndefinedValue { name: ":missing" }
        # = :n => ! Syntax { token: "#", near: "# =" }
        a = : => ! Syntax { token: ":", near: "= :" }
        ((a = :n)) => ! RedundantParentheses
        ((a)) = :n => ! RedundantParentheses
        foo(a) => ! InvalidFunction { name: "foo" }
        SIZE(a) > :n => ! InvalidFunction { name: "SIZE" }
        Attribute_Exists(a) => ! InvalidFunction { name: "Attribute_Exists" }
        if_not_exists(a, :n) => ! FunctionNotAllowed { name: "if_not_exists" }
        list_append(a, :l) = :n => ! FunctionNotAllowed { name: "list_append" }
        size(a) => ! FunctionMisused { name: "size" }
        a = attribute_exists(b) => ! FunctionMisused { name: "attribute_exists" }
        attribute_exists(a) = :n => ! FunctionMisused { name: "attribute_exists" }
        contains(a, :n) between :n and :m => ! FunctionMisused { name: "contains" }
        not size(a) => ! FunctionMisused { name: "size" }
        (a = :n) = :n => ! Syntax { token: "=", near: ") = :n" }
        a = :n = :n => ! Syntax { token: "=", near: ":n = :n" }
        attribute_exists(a, b) => ! OperandCount { operator: "attribute_exists", count: 2 }
        attribute_exists() => ! Syntax { token: ")", near: "()" }
        attribute_exists(:n) => ! RequiresPath { operator: "attribute_exists" }
        attribute_not_exists(size(a)) => ! RequiresPath { operator: "attribute_not_exists" }
        size(a, b) = :n => ! OperandCount { operator: "size", count: 2 }
        begins_with(a) => ! OperandCount { operator: "begins_with", count: 1 }
        contains(a, b, :n) => ! OperandCount { operator: "contains", count: 3 }
        attribute_type(a, :s) => ! InvalidTypeName { name: "x" }
        attribute_type(a, :n) => ! OperandType { operator: "attribute_type", actual: N }
        attribute_type(a, b) => ! RequiresConstant { operator: "attribute_type" }
        attribute_type(:n, :type) => ! RequiresPath { operator: "attribute_type" }
        begins_with(a, :n) => ! OperandType { operator: "begins_with", actual: N }
        begins_with(:n, a) => ! OperandType { operator: "begins_with", actual: N }
        begins_with(a, :ss) => ! OperandType { operator: "begins_with", actual: Ss }
        contains(:n, a) => ! OperandType { operator: "contains", actual: N }
        contains(:map, a) => ! OperandType { operator: "contains", actual: M }
        size(:n) = :n => ! OperandType { operator: "size", actual: N }
        size(size(a)) = :n => ! OperandType { operator: "size", actual: N }
        a < :bool => ! OperandType { operator: "<", actual: Bool }
        a > :null => ! OperandType { operator: ">", actual: Null }
        :l >= a => ! OperandType { operator: ">=", actual: L }
        a <= :ss => ! OperandType { operator: "<=", actual: Ss }
        a between :n and :map => ! OperandType { operator: "BETWEEN", actual: M }
        a between :m and :n => ! BetweenOrder { low: N(Number { negative: false, coefficient: 2, exponent: 0 }), high: N(Number { negative: false, coefficient: 1, exponent: 0 }) }
        a between :t and :s => ! BetweenOrder { low: S("z"), high: S("x") }
        a between :n and :s => ! BetweenTypes { low: N(Number { negative: false, coefficient: 1, exponent: 0 }), high: S("x") }
        a = a => ! NotDistinct { operator: "=", operand: Path { root: "a", steps: [] } }
        #a < a => ! NotDistinct { operator: "<", operand: Path { root: "a", steps: [] } }
        contains(a, a) => ! NotDistinct { operator: "contains", operand: Path { root: "a", steps: [] } }
        begins_with(a.b, a.b) => ! NotDistinct { operator: "begins_with", operand: Path { root: "a", steps: [Field("b")] } }
        a in (b, a) => ! NotDistinct { operator: "IN", operand: Path { root: "a", steps: [] } }
        a between a and :n => ! NotDistinct { operator: "BETWEEN", operand: Path { root: "a", steps: [] } }
        a = :n; drop => ! Syntax { token: ";", near: ":n; drop" }
        a = :n é => ! Syntax { token: "é", near: ":n é" }
    "##]]);
}

#[test]
fn updates_of_every_kind() {
    check_update(expect![[r#"
        SET a = :n => set [a] 1
        set a = b => set [a] [b]
        SET a.b[3].#d = :map => set [a, b, [3], a.b c] M
        SET a = b + :n => set [a] ([b] + 1)
        SET a = :n - b => set [a] (1 - [b])
        SET a = b + :n - c => ! Syntax { token: "-", near: ":n - c" }
        SET a = (b + :n) - c => set [a] (([b] + 1) - [c])
        SET a = if_not_exists(a, :n) => set [a] if_not_exists([a], 1)
        SET a = if_not_exists(b, :n) + :m => set [a] (if_not_exists([b], 1) + 2)
        SET a = list_append(a, :l) => set [a] append([a], L)
        SET a = list_append(if_not_exists(a, :l), :l) => set [a] append(if_not_exists([a], L), L)
        SET a = if_not_exists(b, if_not_exists(c, :n)) => set [a] if_not_exists([b], if_not_exists([c], 1))
        SET a = (b + :n) => set [a] ([b] + 1)
        SET a = (b) => set [a] [b]
        SET a = (b + :n) + (c - :n) => set [a] (([b] + 1) + ([c] - 1))
        SET a = :n, b = :s REMOVE c, d[0] ADD e :n, f :ss DELETE g :ss => set [a] 1; set [b] 'x'; remove [c]; remove [d, [0]]; add [e] 1; add [f] SS; delete [g] SS
        remove a => remove [a]
        ADD a :n => add [a] 1
        delete a :ss REMOVE b SET c = :null => delete [a] SS; remove [b]; set [c] NULL
        SET a[0] = :n, a[1] = :n, b.c = :n, b.d = :n => set [a, [0]] 1; set [a, [1]] 1; set [b, c] 1; set [b, d] 1
    "#]]);
}

#[test]
fn updates_that_are_refused() {
    check_update(expect![[r##"
        a = :n => ! Syntax { token: "a", near: "a =" }
        SET => ! Syntax { token: "<EOF>", near: "SET" }
        SET a => ! Syntax { token: "<EOF>", near: "a" }
        SET a = => ! Syntax { token: "<EOF>", near: "=" }
        SET a = :n, => ! Syntax { token: "<EOF>", near: "," }
        SET :n = a => ! Syntax { token: ":n", near: "SET :n =" }
        SET a = :n SET b = :n => ! DuplicateSection { section: "SET" }
        SET a = :n remove b REMOVE c => ! DuplicateSection { section: "REMOVE" }
        SET a + :n => ! Syntax { token: "+", near: "a + :n" }
        SET a = :n + => ! Syntax { token: "<EOF>", near: "+" }
        SET a = b * :n => ! Syntax { token: "*", near: "b * :n" }
        REMOVE a = :n => ! Syntax { token: "=", near: "a = :n" }
        REMOVE a b => ! Syntax { token: "b", near: "a b" }
        ADD a => ! Syntax { token: "<EOF>", near: "a" }
        ADD a b => ! Syntax { token: "b", near: "a b" }
        ADD a = :n => ! Syntax { token: "=", near: "a = :n" }
        DELETE a => ! Syntax { token: "<EOF>", near: "a" }
        SET name = :n => ! ReservedWord { word: "name" }
        REMOVE a.order => ! ReservedWord { word: "order" }
        SET a = ((b)) => ! RedundantParentheses
        SET a = foo(b) => ! InvalidFunction { name: "foo" }
        SET a = size(b) => ! FunctionNotAllowed { name: "size" }
        SET a = attribute_exists(b) => ! FunctionNotAllowed { name: "attribute_exists" }
        SET a = LIST_APPEND(b, :l) => ! InvalidFunction { name: "LIST_APPEND" }
        SET a = if_not_exists(:n, b) => ! RequiresPath { operator: "if_not_exists" }
        SET a = if_not_exists(b) => ! OperandCount { operator: "if_not_exists", count: 1 }
        SET a = list_append(a) => ! OperandCount { operator: "list_append", count: 1 }
        SET a = list_append(a, b, c) => ! OperandCount { operator: "list_append", count: 3 }
        SET a = b + :s => ! OperandType { operator: "+", actual: S }
        SET a = :s - b => ! OperandType { operator: "-", actual: S }
        SET a = b + list_append(c, d) => ! OperandType { operator: "+", actual: L }
        SET a = list_append(a, :n) => ! OperandType { operator: "list_append", actual: N }
        SET a = list_append(b + c, :l) => ! OperandType { operator: "list_append", actual: N }
        ADD a :s => ! OperandType { operator: "ADD", actual: S }
        ADD a :l => ! OperandType { operator: "ADD", actual: L }
        ADD a :bool => ! OperandType { operator: "ADD", actual: Bool }
        DELETE a :n => ! OperandType { operator: "DELETE", actual: N }
        DELETE a :map => ! OperandType { operator: "DELETE", actual: M }
        SET a = :n, a = :m => ! Overlap { first: Path { root: "a", steps: [] }, second: Path { root: "a", steps: [] } }
        SET a = :n REMOVE a => ! Overlap { first: Path { root: "a", steps: [] }, second: Path { root: "a", steps: [] } }
        SET a.b = :n, #a = :n => ! Overlap { first: Path { root: "a", steps: [Field("b")] }, second: Path { root: "a", steps: [] } }
        SET a[0] = :n REMOVE a[0].b => ! Overlap { first: Path { root: "a", steps: [Index(0)] }, second: Path { root: "a", steps: [Index(0), Field("b")] } }
        SET a.b = :n, a[0] = :n => ! Conflict { first: Path { root: "a", steps: [Field("b")] }, second: Path { root: "a", steps: [Index(0)] } }
        SET a[0].b = :n, x = :n, a[0][1] = :n => ! Conflict { first: Path { root: "a", steps: [Index(0), Field("b")] }, second: Path { root: "a", steps: [Index(0), Index(1)] } }
        SET a = :undefined => ! UndefinedValue { name: ":undefined" }
        SET #u = :n => ! UndefinedName { name: "#u" }
    "##]]);
}

#[test]
fn projections() {
    check(
        |text| projection(text).map(|p| p.paths.iter().map(|path| path.to_string()).collect()),
        expect![[r##"
            a => [a]
            a, #n.b[0], c => [a][name, b, [0]][c]
            a[0], a[1], a[2].b, a[2].c => [a, [0]][a, [1]][a, [2], b][a, [2], c]
            a, => ! Syntax { token: "<EOF>", near: "," }
            a b => ! Syntax { token: "b", near: "a b" }
            :n => ! Syntax { token: ":n", near: ":n" }
            size(a) => ! ReservedWord { word: "size" }
            name => ! ReservedWord { word: "name" }
            a, a => ! Overlap { first: Path { root: "a", steps: [] }, second: Path { root: "a", steps: [] } }
            a.b, a => ! Overlap { first: Path { root: "a", steps: [Field("b")] }, second: Path { root: "a", steps: [] } }
            a[0], a.b => ! Conflict { first: Path { root: "a", steps: [Index(0)] }, second: Path { root: "a", steps: [Field("b")] } }
            #n, name => ! ReservedWord { word: "name" }
        "##]],
    );
}

#[test]
fn limits() {
    let long = format!("{} = :n", "a".repeat(EXPRESSION_BYTES_MAX));
    assert_eq!(
        condition(&long),
        Err(ExpressionError::TooLong {
            length: long.len(),
            limit: 4096
        })
    );
    let fits = format!("{} = :n", "a".repeat(EXPRESSION_BYTES_MAX - 5));
    assert!(condition(&fits).is_ok());

    // n comparisons and n - 1 ANDs.
    let terms = |count: usize| vec!["a=:n"; count].join(" and ");
    assert!(condition(&terms(150)).is_ok());
    assert_eq!(
        condition(&terms(151)),
        Err(ExpressionError::TooManyOperators {
            count: 301,
            limit: 300
        })
    );
    let sums = |count: usize| {
        let sums: Vec<String> = (0..count).map(|n| format!("a{n}=:n+:n")).collect();
        format!("SET {}", sums.join(","))
    };
    assert!(update(&sums(300)).is_ok());
    assert_eq!(
        update(&sums(301)),
        Err(ExpressionError::TooManyOperators {
            count: 301,
            limit: 300
        })
    );

    let list = |count: usize| format!("a in ({})", vec![":n"; count].join(","));
    assert!(condition(&list(100)).is_ok());
    assert_eq!(
        condition(&list(101)),
        Err(ExpressionError::TooManyInOperands {
            count: 101,
            limit: 100
        })
    );

    let placeholder = format!("#{}", "a".repeat(PLACEHOLDER_BYTES_MAX));
    assert_eq!(
        condition(&format!("{placeholder} = :n")),
        Err(ExpressionError::PlaceholderTooLong {
            length: 256,
            limit: 255
        })
    );
}

#[test]
fn hostile_nesting_is_an_error() {
    let too_deep = ExpressionError::TooDeep { limit: NESTING_MAX };
    let hostile = ["(", "not ", "size(", "contains(a,(", "begins_with("];
    for opening in hostile {
        let text = opening.repeat(EXPRESSION_BYTES_MAX / opening.len());
        let error = condition(&text).unwrap_err();
        let expected = [
            &too_deep,
            &ExpressionError::TooManyOperators {
                count: 301,
                limit: 300,
            },
        ];
        assert!(expected.contains(&&error), "{opening} {error:?}");
    }
    for opening in ["(", "if_not_exists(a,", "list_append("] {
        let text = format!(
            "SET a = {}",
            opening.repeat((EXPRESSION_BYTES_MAX - 10) / opening.len())
        );
        assert_eq!(update(&text), Err(too_deep.clone()), "{opening}");
    }
    let fits = format!("{}a = :n", "not ".repeat(NESTING_MAX));
    assert!(condition(&fits).is_ok());
}

#[test]
fn use_of_placeholders_is_tracked_over_expressions() {
    let (names, values) = (names(), values());
    let mut placeholders = Placeholders::new(Some(&names), Some(&values));
    parse_condition("#n = :n and #a = :m", &mut placeholders).unwrap();
    parse_update("SET #d = :l REMOVE b", &mut placeholders).unwrap();
    assert_eq!(placeholders.unused_names().collect::<Vec<_>>(), ["#_0"]);
    assert_eq!(
        placeholders.unused_values().collect::<Vec<_>>(),
        [":b", ":bool", ":map", ":null", ":s", ":ss", ":t", ":type"]
    );
    let mut none = Placeholders::new(None, None);
    assert_eq!(
        parse_projection("#n", &mut none),
        Err(ExpressionError::UndefinedName { name: "#n".into() })
    );
    assert_eq!(none.unused_names().count(), 0);
}

#[test]
fn a_constant_is_in_memory_once_however_often_it_is_used() {
    let values = values();
    let mut placeholders = Placeholders::new(None, Some(&values));
    let condition = parse_condition("a = :s or b in (:s, :s)", &mut placeholders).unwrap();
    let update = parse_update("SET a = :s, b = :s", &mut placeholders).unwrap();
    let mut found = Vec::new();
    let Condition::Or(terms) = &condition else {
        panic!("{condition:?}")
    };
    for term in terms {
        match term {
            Condition::Compare(_, _, Operand::Value(value)) => found.push(value),
            Condition::In(_, list) => found.extend(list.iter().map(|operand| match operand {
                Operand::Value(value) => value,
                other => panic!("{other:?}"),
            })),
            other => panic!("{other:?}"),
        }
    }
    for action in &update.actions {
        match action {
            crate::Action::Set(_, SetValue::Value(value)) => found.push(value),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|value| Arc::ptr_eq(value, found[0])));
}

#[test]
fn names_are_counted_as_often_as_they_are_used() {
    let names = BTreeMap::from([("#n".to_string(), "n".repeat(SUBSTITUTIONS_BYTES_MAX / 4))]);
    let parse =
        |text: &str| parse_condition(text, &mut Placeholders::new(Some(&names), None)).map(|_| ());
    assert_eq!(parse("#n.#n.#n < #n"), Ok(()));
    assert_eq!(
        parse("#n.#n.#n.#n < #n"),
        Err(ExpressionError::SubstitutionsTooLong {
            length: SUBSTITUTIONS_BYTES_MAX / 4 * 5,
            limit: SUBSTITUTIONS_BYTES_MAX,
        })
    );
}

#[test]
fn values_and_names_are_resolved() {
    assert_eq!(
        condition("#d.#n[7] <> :type"),
        Ok(Condition::Compare(
            Operand::Path(Path {
                root: "a.b c".into(),
                steps: vec![Step::Field("name".into()), Step::Index(7)],
            }),
            Comparison::Ne,
            Operand::constant(AttributeValue::S("SS".into())),
        ))
    );
    assert_eq!(
        condition("attribute_type(a, :type)"),
        Ok(Condition::AttributeType(
            Path::attribute("a"),
            AttributeType::Ss
        ))
    );
}

proptest! {
    #[test]
    fn random_text_never_panics(text in ".{0,60}") {
        let _ = (condition(&text), update(&text), projection(&text));
    }

    #[test]
    fn random_tokens_never_panic(
        tokens in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b", "#n", ":n", ":l", ":ss", "(", ")", "[", "]", "0", ".", ",", "=", "<>", "<", "+", "-", "and", "or", "not",
                "between", "in", "SET", "REMOVE", "ADD", "DELETE", "size", "contains", "attribute_exists", "if_not_exists",
                "list_append", "begins_with", "é",
            ]),
            0..24,
        ),
        prefix in prop::sample::select(vec!["", "SET a = ", "a = :n and ", "REMOVE "]),
    ) {
        let text = format!("{prefix}{}", tokens.join(" "));
        let _ = (condition(&text), update(&text), projection(&text));
    }
}
