//! PostgreSQL's forms that DataFusion does not know, one by one.

use super::arrays::{array_literal, array_of_query};
use super::casts::{
    INTERVAL, cast, constant, current_moment, plain_cast, plain_number, print_registered,
};
use super::from::{bare_names, rewrite_from};
use super::order::keep_order;
use super::{call, function_name, text};
use super::{forms, rows, sets};
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, Function,
    FunctionArg, FunctionArgExpr, FunctionArguments, Ident, LimitClause, ObjectName,
    ObjectNamePart, Query, Select, SelectItem, TableFactor, TableWithJoins, TimezoneInfo, Value,
    VisitorMut,
};
use shale_sql::{SqlError, expand_row_comparison, walk_mut};
use std::ops::ControlFlow;

/// Collations whose order is that of bytes, which is ours.
const BYTE_ORDER_COLLATIONS: &[&str] = &["default", "C", "POSIX", "ucs_basic", "C.UTF-8"];

/// Schemas whose functions and types are found without them.
const SYSTEM_SCHEMAS: &[&str] = &["pg_catalog", "information_schema"];

/// Rewrites a query in place.
///
/// # Errors
/// 0A000 for collations and operators that there are none of here.
pub(super) fn rewrite(query: &mut Query) -> Result<(), SqlError> {
    match walk_mut(query, &mut Rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = SqlError;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        // Before its parts are visited, so that the query inside is rewritten as part of the result.
        if let Expr::Function(function) = expr
            && function_name(function) == "array"
            && matches!(function.args, FunctionArguments::Subquery(_))
        {
            let FunctionArguments::Subquery(query) =
                std::mem::replace(&mut function.args, FunctionArguments::None)
            else {
                return ControlFlow::Continue(());
            };
            *expr = array_of_query(query);
        }
        if let Some(rounded) = forms::rounded_time(expr) {
            *expr = rounded;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        match rewrite_expr(expr) {
            Ok(Some(rewritten)) => *expr = rewritten,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        sets::rewrite(query);
        forms::type_recursion(query);
        match limit_of_fetch(query) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        let refused = match factor {
            TableFactor::Table {
                sample: Some(_), ..
            }
            | TableFactor::Derived {
                sample: Some(_), ..
            } => "TABLESAMPLE",
            TableFactor::Table {
                version: Some(_), ..
            } => "a table at a point in time",
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(SqlError::NotSupported {
            feature: refused.to_owned(),
            hint: None,
        })
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                print_registered(expr);
            }
        }
        super::tableoid::name_relations(select);
        let used = bare_names(select);
        for from in &mut select.from {
            rewrite_from(from, &used);
        }
        if let Err(error) = forms::check_groups(select) {
            return ControlFlow::Break(error);
        }
        keep_order(select);
        match select.from.iter().any(has_ordinality) {
            true => ControlFlow::Break(SqlError::NotSupported {
                feature: "WITH ORDINALITY of this function".to_owned(),
                hint: Some("It works with unnest.".to_owned()),
            }),
            false => ControlFlow::Continue(()),
        }
    }
}

fn rewrite_expr(expr: &mut Expr) -> Result<Option<Expr>, SqlError> {
    if let Some(expanded) = expand_row_comparison(expr)? {
        return Ok(Some(expanded));
    }
    if let Some(rewritten) = rows::rewrite(expr)? {
        return Ok(Some(rewritten));
    }
    if let Some(rewritten) = forms::operator(expr) {
        return Ok(Some(rewritten));
    }
    Ok(match expr {
        Expr::CompoundFieldAccess { root, access_chain } => {
            super::vectors::shift_subscript(root, access_chain);
            forms::close_slices(access_chain);
            None
        }
        Expr::Function(function) => {
            rename_function(function);
            if let Some(rewritten) = forms::function(function) {
                return Ok(Some(rewritten));
            }
            let precision = arguments(function).unwrap_or_default();
            if let [] | [_] = precision.as_slice()
                && let Some(moment) = current_moment(&function_name(function), precision.first())?
            {
                return Ok(Some(moment));
            }
            if let Some(moment) = moment_of(&function_name(function), precision) {
                return Ok(Some(moment));
            }
            if function_name(function) == "mod" {
                return Ok(modulo(function));
            }
            if let Some(typed) = typed_as_postgres(function) {
                return Ok(Some(typed));
            }
            if function_name(function) == "generate_subscripts" {
                return Ok(super::vectors::subscripts(function));
            }
            if function_name(function) == "_pg_expandarray" {
                function.name = ObjectName::from(vec![Ident::new("shale_expand_array")]);
                return Ok(Some(call("unnest", [expr.clone()])));
            }
            if let Some(collected) = collected_json(function) {
                return Ok(Some(collected));
            }
            if function_name(function) == "generate_series" && is_of_integers(function) {
                let integers = DataType::Array(ArrayElemTypeDef::SquareBracket(
                    Box::new(DataType::Integer(None)),
                    None,
                ));
                let series = plain_cast(expr.clone(), integers);
                return Ok(Some(call("unnest", [series])));
            }
            let set = match function_name(function).as_str() {
                "jsonb_array_elements" | "json_array_elements" => "shale_json_elements",
                "jsonb_object_keys" | "json_object_keys" => "shale_json_keys",
                "jsonb_array_elements_text" | "json_array_elements_text" => {
                    "shale_json_element_texts"
                }
                "generate_series" => "generate_series",
                _ => return Ok(None),
            };
            function.name = ObjectName::from(vec![Ident::new(set)]);
            Some(call("unnest", [expr.clone()]))
        }
        Expr::Extract {
            field, expr: inner, ..
        } => {
            let part = date_part(text(field.to_string().to_lowercase()), take(inner));
            let (digits, scale) = match field.to_string().to_lowercase().as_str() {
                "second" | "seconds" | "epoch" => (18, 6),
                "millisecond" | "milliseconds" => (18, 3),
                _ => (10, 0),
            };
            let exact = ExactNumberInfo::PrecisionAndScale(digits, scale);
            Some(plain_cast(part, DataType::Numeric(exact)))
        }
        Expr::Identifier(ident) if ident.quote_style.is_none() => {
            current_moment(&ident.value.to_lowercase(), None)?
        }
        Expr::Collate {
            expr: inner,
            collation,
        } => {
            let name = collation.0.last().and_then(|part| part.as_ident());
            let name = name.map_or("", |ident| ident.value.as_str());
            if !BYTE_ORDER_COLLATIONS.contains(&name) {
                return Err(SqlError::NotSupported {
                    feature: format!("collation {collation}"),
                    hint: Some(
                        "Strings are ordered by their bytes, as in collation \"C\".".to_owned(),
                    ),
                });
            }
            Some(take(inner))
        }
        Expr::BinaryOp { left, op, right } => {
            if let BinaryOperator::PGCustomBinaryOperator(parts) = op {
                *op = operator(parts)?;
            }
            json_operator(op).map(|name| {
                let right = array_literal(right).unwrap_or_else(|| take(right));
                call(name, [take(left), right])
            })
        }
        Expr::Like {
            pattern,
            escape_char,
            ..
        }
        | Expr::ILike {
            pattern,
            escape_char,
            ..
        } => {
            if let Some(escape) = escape_char.take() {
                **pattern = call("shale_like_pattern", [take(pattern), Expr::Value(escape)]);
            }
            None
        }
        Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } => {
            if let Some(array) = array_literal(right) {
                **right = array;
            }
            None
        }
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            expr: inner,
            data_type,
            ..
        } => match constant(inner, data_type)? {
            Some(literal) => Some(literal),
            None => cast(inner, data_type),
        },
        Expr::Value(value) => match &value.value {
            Value::Number(number, false)
                if number.contains(['e', 'E'])
                    || (!number.contains('.') && number.parse::<i64>().is_err()) =>
            {
                Some(plain_number(number)?)
            }
            Value::UnicodeStringLiteral(written) | Value::NationalStringLiteral(written) => {
                Some(text(written.clone()))
            }
            _ => None,
        },
        Expr::TypedString(typed) => {
            let mut value = Box::new(Expr::Value(typed.value.clone()));
            match constant(&value, &typed.data_type)? {
                Some(literal) => Some(literal),
                None => match &typed.data_type {
                    DataType::JSON | DataType::JSONB | DataType::Uuid => {
                        cast(&mut value, &mut typed.data_type)
                    }
                    _ => None,
                },
            }
        }
        Expr::Interval(interval) if interval.leading_field.is_none() => {
            constant(&interval.value, &INTERVAL)?
        }
        _ => None,
    })
}

/// Whether a series is one of integers, as far as constants tell.
fn is_of_integers(function: &Function) -> bool {
    arguments(function).is_some_and(|bounds| bounds.iter().all(forms::is_integer))
}

pub(super) fn take(expr: &mut Box<Expr>) -> Expr {
    std::mem::replace(expr.as_mut(), Expr::Value(Value::Null.with_empty_span()))
}

/// `FETCH FIRST n ROWS ONLY` as `LIMIT n`.
fn limit_of_fetch(query: &mut Query) -> Result<(), SqlError> {
    let Some(fetch) = query.fetch.take() else {
        return Ok(());
    };
    if fetch.with_ties || fetch.percent {
        return Err(SqlError::NotSupported {
            feature: "FETCH WITH TIES and FETCH PERCENT".to_owned(),
            hint: None,
        });
    }
    let one = Expr::Value(Value::Number("1".to_owned(), false).with_empty_span());
    let wanted = Some(fetch.quantity.unwrap_or(one));
    match &mut query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => *limit = wanted,
        other => {
            *other = Some(LimitClause::LimitOffset {
                limit: wanted,
                offset: None,
                limit_by: Vec::new(),
            });
        }
    }
    Ok(())
}

fn has_ordinality(from: &TableWithJoins) -> bool {
    let relations = from
        .joins
        .iter()
        .map(|join| &join.relation)
        .chain([&from.relation]);
    relations.into_iter().any(|factor| match factor {
        TableFactor::Table {
            with_ordinality, ..
        }
        | TableFactor::Function {
            with_ordinality, ..
        }
        | TableFactor::UNNEST {
            with_ordinality, ..
        } => *with_ordinality,
        _ => false,
    })
}

/// The arguments of a plain call.
pub(super) fn arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument.clone()),
            _ => None,
        })
        .collect()
}

/// Functions that DataFusion has with another type, or another result for an empty array.
fn typed_as_postgres(function: &Function) -> Option<Expr> {
    let name = function_name(function);
    let integer = |expr: Expr| plain_cast(expr, DataType::Integer(None));
    let renamed = |name: &str| {
        let mut function = function.clone();
        function.name = ObjectName::from(vec![Ident::new(name)]);
        Expr::Function(function)
    };
    Some(match name.as_str() {
        "date_part" => {
            let [field, source]: [Expr; 2] = arguments(function)?.try_into().ok()?;
            plain_cast(date_part(field, source), DataType::DoublePrecision)
        }
        // An empty array has no dimensions.
        "array_length" => integer(call("nullif", [renamed("list_length"), number("0")])),
        "cardinality" => integer(renamed("list_length")),
        "array_position" => integer(renamed("list_position")),
        "array_ndims" => integer(renamed("list_ndims")),
        "regexp_count" | "regexp_instr" | "ntile" => integer(Expr::Function(function.clone())),
        _ => return None,
    })
}

/// `date_part`, whose seconds have a fraction in PostgreSQL. The name has a double quote's spelling of its own, so that it is rewritten once.
fn date_part(field: Expr, source: Expr) -> Expr {
    let written = super::arrays::string_literal(&field).map(str::to_lowercase);
    if let Some(years) = written.as_deref().and_then(forms::span_of_years) {
        let year = call("datepart", [text("year"), source]);
        return forms::count_spans(year, years);
    }
    let fraction = match written {
        Some(field) if matches!(field.as_str(), "second" | "seconds") => {
            Some(("microsecond", "0.000001"))
        }
        Some(field) if matches!(field.as_str(), "millisecond" | "milliseconds") => {
            Some(("microsecond", "0.001"))
        }
        _ => None,
    };
    let Some((unit, factor)) = fraction else {
        return call("datepart", [field, source]);
    };
    let micros = call("datepart", [text(unit), source]);
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(plain_cast(
            micros,
            DataType::Numeric(ExactNumberInfo::PrecisionAndScale(18, 0)),
        )),
        op: BinaryOperator::Multiply,
        right: Box::new(number(factor)),
    }))
}

/// `jsonb_agg(x …)` as `to_jsonb(array_agg(x …))`.
fn collected_json(function: &Function) -> Option<Expr> {
    let build = match function_name(function).as_str() {
        "json_agg" => "shale_json_list",
        "jsonb_agg" => "to_jsonb",
        _ => return None,
    };
    let mut collect = function.clone();
    collect.name = ObjectName::from(vec![Ident::new("array_agg")]);
    Some(call(build, [Expr::Function(collect)]))
}

/// `age`, `to_date` and `to_timestamp`: functions that give texts, cast to their types.
fn moment_of(name: &str, arguments: Vec<Expr>) -> Option<Expr> {
    let timestamptz = DataType::Timestamp(None, TimezoneInfo::WithTimeZone);
    let (function, arguments, data_type) = match (name, arguments.len()) {
        ("age", 2) => ("shale_age", arguments, INTERVAL),
        ("age", 1) => {
            let today = plain_cast(call("now", []), DataType::Date);
            let today = std::iter::once(today).chain(arguments).collect();
            ("shale_age", today, INTERVAL)
        }
        ("to_date", 2) => ("shale_to_date", arguments, DataType::Date),
        ("to_timestamp", 2) => ("shale_to_timestamp", arguments, timestamptz),
        ("to_timestamp", 1) => ("shale_epoch_to_timestamp", arguments, timestamptz),
        _ => return None,
    };
    Some(plain_cast(call(function, arguments), data_type))
}

/// `mod(a, b)` as `a % b`.
fn modulo(function: &Function) -> Option<Expr> {
    let [left, right]: [Expr; 2] = arguments(function)?.try_into().ok()?;
    let modulo = Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(left))),
        op: BinaryOperator::Modulo,
        right: Box::new(Expr::Nested(Box::new(right))),
    };
    Some(Expr::Nested(Box::new(modulo)))
}

/// The numbers from 1 to an array's upper bound in a dimension, as an array.
pub(super) fn positions_of(array_and_dimension: Vec<Expr>) -> Expr {
    let behind_last = one_more(upper_bound(array_and_dimension));
    call("range", [number("1"), behind_last])
}

/// An array's upper bound in a dimension.
pub(super) fn upper_bound(array_and_dimension: Vec<Expr>) -> Expr {
    let upper = call("array_upper", array_and_dimension);
    plain_cast(upper, DataType::BigInt(None))
}

pub(super) fn one_more(number_before: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(number_before),
        op: BinaryOperator::Plus,
        right: Box::new(number("1")),
    }
}

pub(super) fn number(digits: &str) -> Expr {
    Expr::Value(Value::Number(digits.to_owned(), false).with_empty_span())
}

/// `pg_catalog.f` is `f`; some functions have another name here.
fn rename_function(function: &mut Function) {
    strip_schema(&mut function.name);
    let renamed = match function_name(function).as_str() {
        "gen_random_uuid" | "uuid_generate_v4" => "uuid",
        "every" => "bool_and",
        "variance" => "var_samp",
        "clock_timestamp" | "statement_timestamp" | "transaction_timestamp" => "now",
        _ => return,
    };
    function.name = ObjectName::from(vec![Ident::new(renamed)]);
}

pub(super) fn strip_schema(name: &mut ObjectName) {
    if let [ObjectNamePart::Identifier(schema), last] = name.0.as_slice()
        && SYSTEM_SCHEMAS.contains(&schema.value.to_lowercase().as_str())
    {
        name.0 = vec![last.clone()];
    }
}

/// The operator of `OPERATOR(pg_catalog.…)`.
fn operator(parts: &[String]) -> Result<BinaryOperator, SqlError> {
    let symbol = match parts {
        [symbol] => symbol,
        [schema, symbol] if schema == "pg_catalog" => symbol,
        _ => "",
    };
    Ok(match symbol {
        "~" => BinaryOperator::PGRegexMatch,
        "~*" => BinaryOperator::PGRegexIMatch,
        "!~" => BinaryOperator::PGRegexNotMatch,
        "!~*" => BinaryOperator::PGRegexNotIMatch,
        "~~" => BinaryOperator::PGLikeMatch,
        "~~*" => BinaryOperator::PGILikeMatch,
        "!~~" => BinaryOperator::PGNotLikeMatch,
        "!~~*" => BinaryOperator::PGNotILikeMatch,
        "=" => BinaryOperator::Eq,
        "<>" | "!=" => BinaryOperator::NotEq,
        "<" => BinaryOperator::Lt,
        "<=" => BinaryOperator::LtEq,
        ">" => BinaryOperator::Gt,
        ">=" => BinaryOperator::GtEq,
        "+" => BinaryOperator::Plus,
        "-" => BinaryOperator::Minus,
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "||" => BinaryOperator::StringConcat,
        "@>" => BinaryOperator::AtArrow,
        _ => {
            return Err(SqlError::NotSupported {
                feature: format!("OPERATOR({})", parts.join(".")),
                hint: None,
            });
        }
    })
}

fn json_operator(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Arrow => "shale_json_get",
        BinaryOperator::LongArrow => "shale_json_get_text",
        BinaryOperator::HashArrow => "shale_json_path",
        BinaryOperator::HashLongArrow => "shale_json_path_text",
        BinaryOperator::Question => "shale_json_has",
        _ => return None,
    })
}
