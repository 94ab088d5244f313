//! Operators and functions of PostgreSQL that are calls of ours: bits, roots, documents, times in zones, casts written as calls,
//! ordered-set aggregates, aggregates over distinct values.
//!
//! Not here: what DataFusion has under another name or type (`compat`), rows of values (`rows`).

use super::arrays::{array_literal, string_literal};
use super::casts::{constant, plain_cast};
use super::compat::{arguments, number, take};
use super::{call, function_name, text};
use crate::functions::{MODE, PERCENTILE};
use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, DuplicateTreatment, ExactNumberInfo, Expr, Function,
    FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause, FunctionArguments,
    GroupByExpr, Ident, ObjectName, Query, Select, SelectItem, SetExpr, Subscript, TimezoneInfo,
    UnaryOperator, Value,
};
use shale_sql::SqlError;

/// The parameters of `make_interval`, in their order.
const INTERVAL_PARTS: [&str; 7] = ["years", "months", "weeks", "days", "hours", "mins", "secs"];

/// An operator as a call.
pub(super) fn operator(expr: &mut Expr) -> Option<Expr> {
    match expr {
        Expr::UnaryOp { op, expr } => {
            let function = match op {
                UnaryOperator::BitwiseNot => "shale_bit_not",
                UnaryOperator::PGAbs => "abs",
                UnaryOperator::PGSquareRoot => "sqrt",
                UnaryOperator::PGCubeRoot => "cbrt",
                // DataFusion writes the sign in front of the first part of a constant.
                UnaryOperator::Minus if matches!(expr.as_ref(), Expr::Interval(_)) => {
                    let interval = take(expr);
                    **expr = Expr::Nested(Box::new(interval));
                    return None;
                }
                _ => return None,
            };
            Some(call(function, [take(expr)]))
        }
        Expr::BinaryOp { left, op, right } => {
            let function = match op {
                // `a # a` is 0 in DataFusion even if a is NULL.
                BinaryOperator::PGBitwiseXor => "shale_bit_xor",
                BinaryOperator::PGOverlap => "array_has_any",
                BinaryOperator::PGStartsWith => "starts_with",
                BinaryOperator::QuestionPipe => "jsonb_exists_any",
                BinaryOperator::QuestionAnd => "jsonb_exists_all",
                BinaryOperator::HashMinus => "shale_json_delete_path",
                _ => return None,
            };
            let sides = [left, right].map(|side| match function {
                "starts_with" => take(side),
                _ => array_literal(side)
                    .filter(|_| function != "shale_bit_xor")
                    .unwrap_or_else(|| take(side)),
            });
            Some(call(function, sides))
        }
        Expr::SimilarTo {
            negated,
            expr,
            pattern,
            escape_char,
        } => {
            let escape = escape_char.take().map(Expr::Value);
            let pattern = std::iter::once(take(pattern)).chain(escape);
            Some(Expr::Nested(Box::new(Expr::BinaryOp {
                left: Box::new(take(expr)),
                op: match negated {
                    true => BinaryOperator::PGRegexNotMatch,
                    false => BinaryOperator::PGRegexMatch,
                },
                right: Box::new(call("shale_similar_pattern", pattern)),
            })))
        }
        Expr::Subquery(query) => plain_subquery(query),
        // The same, and DataFusion knows that they are never NULL.
        Expr::IsUnknown(inner) => Some(Expr::IsNull(Box::new(take(inner)))),
        Expr::IsNotUnknown(inner) => Some(Expr::IsNotNull(Box::new(take(inner)))),
        Expr::AtTimeZone {
            timestamp,
            time_zone,
        } => Some(call("shale_at_zone", [take(timestamp), take(time_zone)])),
        Expr::Substring {
            expr,
            substring_from: Some(from),
            substring_for: None,
            ..
        } if string_literal(from).is_some() => {
            Some(call("shale_substring_match", [take(expr), take(from)]))
        }
        _ => None,
    }
}

/// A function as another call or as a cast.
pub(super) fn function(function: &mut Function) -> Option<Expr> {
    let name = function_name(function);
    if function.over.is_none()
        && let Some(ordered) = ordered_set(&name, function)
    {
        return Some(ordered);
    }
    if let Some(renamed) = other_name(&name) {
        function.name = ObjectName::from(vec![Ident::new(renamed)]);
    }
    if name == "make_interval" {
        return Some(call(&name, interval_parts(function)?));
    }
    shield_order(function);
    if let Some(sorted) = sorted_distinct(&name, function) {
        return Some(sorted);
    }
    match name.as_str() {
        "jsonb_object_agg" | "json_object_agg" => return object_of_rows(function),
        "regexp_split_to_table" => {
            function.name = ObjectName::from(vec![Ident::new("regexp_split_to_array")]);
            return Some(call("unnest", [Expr::Function(function.clone())]));
        }
        "string_to_table" => {
            function.name = ObjectName::from(vec![Ident::new("string_to_array")]);
            return Some(call("unnest", [Expr::Function(function.clone())]));
        }
        _ => {}
    }
    let mut given = arguments(function)?;
    if let Some(array) = path_argument(&name).and_then(|place| given.get_mut(place))
        && let Some(parsed) = array_literal(array)
    {
        *array = parsed;
        return Some(call(&name, given));
    }
    match (name.as_str(), given.as_slice()) {
        // Their constants are bytes.
        ("encode" | "convert_from", [value, form]) if string_literal(value).is_some() => {
            let bytes = constant(value, &DataType::Bytea).ok().flatten()?;
            let form = match string_literal(form) {
                Some(form) if form.eq_ignore_ascii_case("base64") => text("base64pad"),
                _ => form.clone(),
            };
            Some(call(&name, [bytes, form]))
        }
        // DataFusion's `base64` has no padding.
        ("encode" | "decode", [value, form])
            if string_literal(form).is_some_and(|form| form.eq_ignore_ascii_case("base64")) =>
        {
            Some(call(&name, [value.clone(), text("base64pad")]))
        }
        ("row_to_json", [row]) => Some(call("shale_row_to_json", super::rows::values(row)?)),
        ("regexp_replace", [value, pattern, with, flags @ ..]) => {
            let with = string_literal(with).filter(|with| with.contains("\\&"))?;
            let mut given = vec![
                value.clone(),
                pattern.clone(),
                text(with.replace("\\&", "\\0")),
            ];
            given.extend(flags.iter().cloned());
            Some(call(&name, given))
        }
        ("timezone", [zone, moment]) => Some(call("shale_at_zone", [moment.clone(), zone.clone()])),
        ("date_trunc", [unit, moment, zone]) => {
            let local = call("shale_at_zone", [moment.clone(), zone.clone()]);
            let cut = call("date_trunc", [unit.clone(), local]);
            Some(call("shale_at_zone", [cut, zone.clone()]))
        }
        (name, [only]) => cast_by_name(name).map(|data_type| plain_cast(only.clone(), data_type)),
        _ => None,
    }
}

/// A constant in GROUP BY that is no position.
///
/// # Errors
/// 42601.
pub(super) fn check_groups(select: &Select) -> Result<(), SqlError> {
    let GroupByExpr::Expressions(groups, _) = &select.group_by else {
        return Ok(());
    };
    let constant = |expr: &Expr| match expr {
        Expr::Value(value) => {
            !matches!(&value.value, Value::Number(digits, _) if digits.parse::<i64>().is_ok())
                && !matches!(value.value, Value::Placeholder(_))
        }
        _ => false,
    };
    match groups.iter().any(constant) {
        true => Err(SqlError::Other {
            sqlstate: "42601",
            message: "non-integer constant in GROUP BY".to_owned(),
            hint: None,
        }),
        false => Ok(()),
    }
}

/// Where a function takes an array that may be written as a text.
fn path_argument(name: &str) -> Option<usize> {
    match name {
        "jsonb_set" | "jsonb_insert" | "shale_json_delete_path" => Some(1),
        "jsonb_object" | "json_object" => Some(0),
        _ => None,
    }
}

fn other_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "ceiling" => "ceil",
        "array_to_json" => "to_json",
        "jsonb_exists" => "shale_json_has",
        "jsonb_delete_path" => "shale_json_delete_path",
        "jsonb_contains" => "shale_json_contains",
        "pow" | "dpow" => "power",
        _ => return None,
    })
}

/// Types whose names are functions that cast to them.
fn cast_by_name(name: &str) -> Option<DataType> {
    Some(match name {
        "bool" => DataType::Boolean,
        "int2" => DataType::SmallInt(None),
        "int4" => DataType::Integer(None),
        "int8" => DataType::BigInt(None),
        "float4" => DataType::Real,
        "float8" => DataType::DoublePrecision,
        "numeric" => DataType::Numeric(ExactNumberInfo::None),
        "text" => DataType::Text,
        "date" => DataType::Date,
        "timestamp" => DataType::Timestamp(None, TimezoneInfo::None),
        "timestamptz" => DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
        _ => return None,
    })
}

/// `make_interval(days => 1)`: all parts, those that are not named 0.
fn interval_parts(function: &Function) -> Option<Vec<Expr>> {
    let mut parts: Vec<Expr> = INTERVAL_PARTS.iter().map(|_| number("0")).collect();
    let given = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        FunctionArguments::None => &[],
        FunctionArguments::Subquery(_) => return None,
    };
    for (place, argument) in given.iter().enumerate() {
        let (place, value) = match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => (place, value),
            FunctionArg::Named {
                name,
                arg: FunctionArgExpr::Expr(value),
                operator: FunctionArgOperator::RightArrow | FunctionArgOperator::Assignment,
            } => {
                let known = |part: &&str| name.value.eq_ignore_ascii_case(part);
                (INTERVAL_PARTS.iter().position(known)?, value)
            }
            FunctionArg::ExprNamed {
                name: Expr::Identifier(name),
                arg: FunctionArgExpr::Expr(value),
                ..
            } => {
                let known = |part: &&str| name.value.eq_ignore_ascii_case(part);
                (INTERVAL_PARTS.iter().position(known)?, value)
            }
            _ => return None,
        };
        *parts.get_mut(place)? = value.clone();
    }
    Some(parts)
}

/// `percentile_disc(f) WITHIN GROUP (ORDER BY x)` and `mode()` as a pick out of the ordered values.
fn ordered_set(name: &str, function: &mut Function) -> Option<Expr> {
    let [order] = function.within_group.as_slice() else {
        return None;
    };
    let picked = match name {
        "percentile_disc" => PERCENTILE,
        "mode" => MODE,
        _ => return None,
    };
    let value = order.expr.clone();
    let mut order = order.clone();
    // A bare number would be a position.
    order.expr = Expr::Nested(Box::new(order.expr));
    let mut collected = call("array_agg", [value.clone()]);
    let Expr::Function(collect) = &mut collected else {
        return None;
    };
    if let FunctionArguments::List(list) = &mut collect.args {
        let order = vec![order];
        list.clauses.push(FunctionArgumentClause::OrderBy(order));
    }
    let present = Expr::IsNotNull(Box::new(value));
    collect.filter = Some(Box::new(match function.filter.take() {
        Some(filter) => Expr::BinaryOp {
            left: Box::new(Expr::Nested(filter)),
            op: BinaryOperator::And,
            right: Box::new(present),
        },
        None => present,
    }));
    let mut given = arguments(function)?;
    given.insert(0, collected);
    Some(call(picked, given))
}

/// A constant that an aggregate orders by is no position.
fn shield_order(function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else {
        return;
    };
    for clause in &mut list.clauses {
        if let FunctionArgumentClause::OrderBy(terms) = clause {
            for term in terms
                .iter_mut()
                .filter(|term| matches!(term.expr, Expr::Value(_)))
            {
                let constant = std::mem::replace(&mut term.expr, number("0"));
                term.expr = Expr::Nested(Box::new(constant));
            }
        }
    }
}

/// Distinct values come in order, as PostgreSQL sorts them to find them.
fn sorted_distinct(name: &str, function: &Function) -> Option<Expr> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let ordered =
        |clause: &FunctionArgumentClause| matches!(clause, FunctionArgumentClause::OrderBy(_));
    if list.duplicate_treatment != Some(DuplicateTreatment::Distinct)
        || function.over.is_some()
        || list.clauses.iter().any(ordered)
    {
        return None;
    }
    let mut given = arguments(function)?.into_iter();
    let value = given.next()?;
    let mut collect = function.clone();
    collect.name = ObjectName::from(vec![Ident::new("array_agg")]);
    if let FunctionArguments::List(list) = &mut collect.args {
        list.args.truncate(1);
    }
    let separator = match name {
        "array_agg" => None,
        "string_agg" => {
            let present = Expr::IsNotNull(Box::new(value));
            collect.filter = Some(Box::new(match collect.filter.take() {
                Some(filter) => Expr::BinaryOp {
                    left: Box::new(Expr::Nested(filter)),
                    op: BinaryOperator::And,
                    right: Box::new(present),
                },
                None => present,
            }));
            Some(given.next()?)
        }
        _ => return None,
    };
    let sorted = call(
        "array_sort",
        [Expr::Function(collect), text("ASC"), text("NULLS LAST")],
    );
    Some(match separator {
        Some(separator) => call("array_to_string", [sorted, separator]),
        None => sorted,
    })
}

/// `jsonb_object_agg(k, v)` as an object of the names and the values, collected apart in the same order.
fn object_of_rows(function: &Function) -> Option<Expr> {
    let [name, value]: [Expr; 2] = arguments(function)?.try_into().ok()?;
    let collected = |argument: Expr| {
        let mut collect = function.clone();
        collect.name = ObjectName::from(vec![Ident::new("array_agg")]);
        if let FunctionArguments::List(list) = &mut collect.args {
            list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))];
        }
        Expr::Function(collect)
    };
    let names = collected(plain_cast(name, DataType::Text));
    let values = call("to_jsonb", [collected(value)]);
    Some(call("shale_json_object_of", [names, values]))
}

/// A cast to a time of fewer digits behind the second, which rounds.
pub(super) fn rounded_time(expr: &mut Expr) -> Option<Expr> {
    let Expr::Cast { data_type, .. } = expr else {
        return None;
    };
    let digits = match data_type {
        DataType::Timestamp(digits @ Some(_), _) | DataType::Time(digits @ Some(_), _) => {
            digits.take()?
        }
        _ => return None,
    };
    let plain = std::mem::replace(expr, number("0"));
    Some(call(
        "shale_round_time",
        [plain, number(&digits.to_string())],
    ))
}

/// Integers that a recursion begins with are of type integer from the start: its other rows are given their type.
pub(super) fn type_recursion(query: &mut Query) {
    let Some(with) = query.with.as_mut().filter(|with| with.recursive) else {
        return;
    };
    for table in &mut with.cte_tables {
        let SetExpr::SetOperation { left, .. } = table.query.body.as_mut() else {
            continue;
        };
        let SetExpr::Select(select) = left.as_mut() else {
            continue;
        };
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item
                && is_integer(expr)
            {
                let constant = std::mem::replace(expr, number("0"));
                *expr = plain_cast(constant, DataType::Integer(None));
            }
        }
    }
}

/// Whether an expression is a constant of type integer.
pub(super) fn is_integer(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, false) => digits.parse::<i32>().is_ok(),
            _ => false,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        }
        | Expr::Nested(expr) => is_integer(expr),
        _ => false,
    }
}

/// Years in a unit that DataFusion's date_part has not.
pub(super) fn span_of_years(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "decade" => "10",
        "century" => "100",
        "millennium" => "1000",
        _ => return None,
    })
}

/// The number of a decade, which begins with a year 0, or of a century or millennium, which begin with a year 1.
pub(super) fn count_spans(year: Expr, years: &str) -> Expr {
    let last = match years {
        "10" => "0",
        "100" => "99",
        _ => "999",
    };
    let binary = |left: Expr, op: BinaryOperator, right: Expr| {
        Expr::Nested(Box::new(Expr::BinaryOp {
            left: Box::new(left),
            op,
            right: Box::new(right),
        }))
    };
    let shifted = binary(year, BinaryOperator::Plus, number(last));
    binary(shifted, BinaryOperator::Divide, number(years))
}

/// `a[:2]` and `a[2:]` with the bound that is left out.
pub(super) fn close_slices(chain: &mut [AccessExpr]) {
    for access in chain {
        if let AccessExpr::Subscript(Subscript::Slice {
            lower_bound,
            upper_bound,
            ..
        }) = access
        {
            lower_bound.get_or_insert_with(|| number("1"));
            upper_bound.get_or_insert_with(|| number(&i32::MAX.to_string()));
        }
    }
}

/// `(SELECT a)` without FROM is `a`, unless `a` is computed: aggregates belong to the subquery.
fn plain_subquery(query: &mut Query) -> Option<Expr> {
    let SetExpr::Select(select) = query.body.as_mut() else {
        return None;
    };
    let bare = query.with.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && select.from.is_empty()
        && select.selection.is_none()
        && select.having.is_none();
    let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] =
        select.projection.as_slice()
    else {
        return None;
    };
    let column = matches!(
        expr,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_)
    );
    (bare && column).then(|| Expr::Nested(Box::new(expr.clone())))
}
