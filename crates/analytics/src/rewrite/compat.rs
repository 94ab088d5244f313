//! PostgreSQL's forms that DataFusion does not know, one by one.

use super::{call, exact, function_name, text};
use crate::functions::{REG_IN, REG_OUT};
use datafusion::sql::sqlparser::ast::{
    Array, ArrayElemTypeDef, BinaryOperator, CastKind, CharacterLength, DataType, Expr, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident, ObjectName,
    ObjectNamePart, OrderByExpr, OrderByKind, Query, Select, SelectItem, TableAlias,
    TableAliasColumnDef, TableFactor, TableWithJoins, Value, VisitMut, VisitorMut,
};
use shale_sql::SqlError;
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
    match query.visit(&mut Rewriter) {
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

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                print_registered(expr);
            }
        }
        for from in &mut select.from {
            rewrite_from(from);
        }
        ControlFlow::Continue(())
    }
}

fn rewrite_expr(expr: &mut Expr) -> Result<Option<Expr>, SqlError> {
    Ok(match expr {
        Expr::Function(function) => {
            rename_function(function);
            if function_name(function) == "generate_subscripts" {
                return Ok(subscripts(function));
            }
            if function_name(function) == "_pg_expandarray" {
                function.name = ObjectName::from(vec![Ident::new("shale_expand_array")]);
                return Ok(Some(call("unnest", [expr.clone()])));
            }
            let set = match function_name(function).as_str() {
                "jsonb_array_elements" | "json_array_elements" => "shale_json_elements",
                "jsonb_object_keys" | "json_object_keys" => "shale_json_keys",
                _ => return Ok(None),
            };
            function.name = ObjectName::from(vec![Ident::new(set)]);
            Some(call("unnest", [expr.clone()]))
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
        } => cast(inner, data_type),
        Expr::TypedString(typed) => match &typed.data_type {
            DataType::JSON | DataType::JSONB | DataType::Uuid => {
                let mut value = Box::new(Expr::Value(typed.value.clone()));
                cast(&mut value, &mut typed.data_type)
            }
            _ => None,
        },
        _ => None,
    })
}

fn take(expr: &mut Box<Expr>) -> Expr {
    std::mem::replace(expr.as_mut(), Expr::Value(Value::Null.with_empty_span()))
}

/// `generate_subscripts(a, 1)` as the elements of a range.
fn subscripts(function: &Function) -> Option<Expr> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let arguments: Vec<Expr> = list
        .args
        .iter()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument.clone()),
            _ => None,
        })
        .collect();
    let number =
        |number: &str| Expr::Value(Value::Number(number.to_owned(), false).with_empty_span());
    let behind_last = Expr::BinaryOp {
        left: Box::new(plain_cast(
            call("array_upper", arguments),
            DataType::BigInt(None),
        )),
        op: BinaryOperator::Plus,
        right: Box::new(number("1")),
    };
    Some(call("unnest", [call("range", [number("1"), behind_last])]))
}

/// `pg_catalog.f` is `f`; some functions have another name here.
fn rename_function(function: &mut Function) {
    strip_schema(&mut function.name);
    let renamed = match function_name(function).as_str() {
        "gen_random_uuid" | "uuid_generate_v4" => "uuid",
        "every" => "bool_and",
        "clock_timestamp" | "statement_timestamp" | "transaction_timestamp" => "now",
        _ => return,
    };
    function.name = ObjectName::from(vec![Ident::new(renamed)]);
}

fn strip_schema(name: &mut ObjectName) {
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

/// Casts that are not a change of representation: to oid types, json, uuid, limited strings, arrays written as text.
fn cast(inner: &mut Box<Expr>, data_type: &mut DataType) -> Option<Expr> {
    if let Some(kind) = registered_type(data_type) {
        let (_, function) = REG_IN.iter().find(|(name, _)| *name == kind)?;
        return Some(call(function, [take(inner)]));
    }
    match data_type {
        DataType::JSONB => Some(call("shale_jsonb_in", [take(inner)])),
        DataType::JSON => Some(call("shale_json_in", [take(inner)])),
        DataType::Uuid => Some(call("shale_uuid_in", [take(inner)])),
        DataType::Varchar(Some(length))
        | DataType::CharacterVarying(Some(length))
        | DataType::CharVarying(Some(length))
        | DataType::Char(Some(length))
        | DataType::Character(Some(length)) => {
            let CharacterLength::IntegerLength { length, .. } = length else {
                return None;
            };
            let length = Expr::Value(Value::Number(length.to_string(), false).with_empty_span());
            Some(call(
                "left",
                [plain_cast(take(inner), DataType::Text), length],
            ))
        }
        DataType::Bytea => {
            let literal = string_literal(inner)?;
            let digits = literal.strip_prefix("\\x")?.to_owned();
            Some(call("decode", [text(digits), text("hex")]))
        }
        DataType::Array(element) => {
            let array = array_literal(inner)?;
            strip_element_schema(element);
            Some(plain_cast(array, data_type.clone()))
        }
        _ if is_text(data_type) && is_registered(inner) => {
            let mut printed = take(inner);
            print_registered(&mut printed);
            Some(printed)
        }
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            strip_schema(name);
            // Qualified names of types come as custom types.
            let name = name.0.first().and_then(|part| part.as_ident())?;
            let builtin = match name.value.to_lowercase().as_str() {
                "jsonb" => DataType::JSONB,
                "json" => DataType::JSON,
                "uuid" => DataType::Uuid,
                _ => return None,
            };
            let mut builtin = builtin;
            cast(inner, &mut builtin)
        }
        _ => None,
    }
}

fn plain_cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

fn strip_element_schema(element: &mut ArrayElemTypeDef) {
    if let ArrayElemTypeDef::SquareBracket(element, _) | ArrayElemTypeDef::AngleBracket(element) =
        element
        && let DataType::Custom(name, _) = element.as_mut()
    {
        strip_schema(name);
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) => true,
        DataType::Custom(name, _) => {
            name.0
                .last()
                .and_then(|part| part.as_ident())
                .is_some_and(|ident| {
                    matches!(
                        ident.value.to_lowercase().as_str(),
                        "text" | "varchar" | "name"
                    )
                })
        }
        _ => false,
    }
}

/// `regclass` and its relatives.
fn registered_type(data_type: &DataType) -> Option<&'static str> {
    let name = match data_type {
        DataType::Regclass => "regclass".to_owned(),
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            name.0.last()?.as_ident()?.value.to_lowercase()
        }
        _ => return None,
    };
    REG_IN
        .iter()
        .find(|(kind, _)| *kind == name)
        .map(|(kind, _)| *kind)
}

fn is_registered(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            let name = function_name(function);
            REG_IN.iter().any(|(_, reader)| *reader == name)
        }
        Expr::Nested(inner) => is_registered(inner),
        _ => false,
    }
}

/// Where a value of an oid type is shown, its name is.
fn print_registered(expr: &mut Expr) {
    if let Expr::Nested(inner) = expr {
        return print_registered(inner);
    }
    let Expr::Function(function) = &*expr else {
        return;
    };
    let name = function_name(function);
    let Some(position) = REG_IN.iter().position(|(_, reader)| *reader == name) else {
        return;
    };
    let inner = std::mem::replace(expr, Expr::Value(Value::Null.with_empty_span()));
    *expr = call(REG_OUT[position].1, [inner]);
}

fn string_literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => Some(text),
            _ => None,
        },
        Expr::Nested(inner) => string_literal(inner),
        _ => None,
    }
}

/// `'{a,b}'` as `ARRAY['a', 'b']`.
fn array_literal(expr: &Expr) -> Option<Expr> {
    let inside = string_literal(expr)?
        .trim()
        .strip_prefix('{')?
        .strip_suffix('}')?;
    let elem = split_elements(inside)
        .into_iter()
        .map(|element| match element {
            Some(element) => text(element),
            None => Expr::Value(Value::Null.with_empty_span()),
        })
        .collect::<Vec<_>>();
    let empty = elem.is_empty();
    let array = Expr::Array(Array { elem, named: true });
    let texts = DataType::Array(ArrayElemTypeDef::SquareBracket(
        Box::new(DataType::Text),
        None,
    ));
    Some(if empty {
        plain_cast(array, texts)
    } else {
        array
    })
}

/// The elements of an array's text form; `None` for NULL.
fn split_elements(inside: &str) -> Vec<Option<String>> {
    let mut elements = Vec::new();
    if inside.trim().is_empty() {
        return elements;
    }
    let mut element = String::new();
    let (mut quoted, mut was_quoted) = (false, false);
    let mut characters = inside.chars();
    let mut finish = |element: &mut String, was_quoted: &mut bool| {
        let value = if *was_quoted {
            element.clone()
        } else {
            element.trim().to_owned()
        };
        let null = !*was_quoted && value.eq_ignore_ascii_case("null");
        elements.push((!null).then_some(value));
        element.clear();
        *was_quoted = false;
    };
    while let Some(character) = characters.next() {
        match character {
            '\\' => element.extend(characters.next()),
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            ',' if !quoted => finish(&mut element, &mut was_quoted),
            other => element.push(other),
        }
    }
    finish(&mut element, &mut was_quoted);
    elements
}

/// `ARRAY(SELECT x … ORDER BY 1)` as an aggregate over the query, with `{}` for no rows.
fn array_of_query(query: Box<Query>) -> Expr {
    let mut query = query;
    let ordered_by_value = match &query.order_by {
        Some(order) => match &order.kind {
            OrderByKind::Expressions(expressions) => match expressions.as_slice() {
                [only] if is_first_position(&only.expr) => Some(only.clone()),
                _ => None,
            },
            OrderByKind::All(_) => None,
        },
        None => None,
    };
    if ordered_by_value.is_some() && query.limit_clause.is_none() && query.fetch.is_none() {
        query.order_by = None;
    }
    let value = || Expr::Identifier(exact("value"));
    let mut aggregate = call("array_agg", [value()]);
    if let (Expr::Function(function), Some(order)) = (&mut aggregate, ordered_by_value)
        && let FunctionArguments::List(list) = &mut function.args
    {
        list.clauses
            .push(FunctionArgumentClause::OrderBy(vec![OrderByExpr {
                expr: value(),
                ..order
            }]));
    }
    let derived = TableFactor::Derived {
        lateral: false,
        subquery: query,
        alias: Some(TableAlias {
            explicit: true,
            name: exact("shale_array"),
            columns: vec![TableAliasColumnDef {
                name: exact("value"),
                data_type: None,
            }],
            at: None,
        }),
        sample: None,
    };
    let mut outer = empty_select();
    outer.projection = vec![SelectItem::UnnamedExpr(aggregate)];
    outer.from = vec![TableWithJoins {
        relation: derived,
        joins: Vec::new(),
    }];
    let outer = Query {
        with: None,
        body: Box::new(datafusion::sql::sqlparser::ast::SetExpr::Select(Box::new(
            outer,
        ))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    };
    call("shale_array_or_empty", [Expr::Subquery(Box::new(outer))])
}

fn is_first_position(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Number(number, _) if number == "1"))
}

fn empty_select() -> Select {
    use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
    use datafusion::sql::sqlparser::ast::{GroupByExpr, SelectFlavor};
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: Vec::new(),
        exclude: None,
        into: None,
        from: Vec::new(),
        lateral_views: Vec::new(),
        prewhere: None,
        selection: None,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}

fn rewrite_from(from: &mut TableWithJoins) {
    rewrite_factor(&mut from.relation);
    for join in &mut from.joins {
        rewrite_factor(&mut join.relation);
    }
}

/// Functions in FROM: without schema, and with PostgreSQL's column name, which is the alias or else the function's name.
fn rewrite_factor(factor: &mut TableFactor) {
    match factor {
        TableFactor::Table {
            name,
            args: Some(_),
            alias,
            ..
        }
        | TableFactor::Function { name, alias, .. } => {
            strip_schema(name);
            let function = name.0.last().and_then(|part| part.as_ident()).cloned();
            if let Some(function) = function
                && matches!(
                    super::folded(&function).as_str(),
                    "generate_series" | "range"
                )
            {
                name_only_column(alias, &function);
            }
        }
        TableFactor::UNNEST {
            alias, array_exprs, ..
        } if array_exprs.len() == 1 => {
            name_only_column(alias, &Ident::new("unnest"));
        }
        TableFactor::NestedJoin {
            table_with_joins, ..
        } => rewrite_from(table_with_joins),
        _ => {}
    }
    elements_in_from(factor);
}

fn name_only_column(alias: &mut Option<TableAlias>, default: &Ident) {
    let alias = alias.get_or_insert_with(|| named(&default.value));
    if alias.columns.is_empty() {
        alias.columns.push(TableAliasColumnDef {
            name: alias.name.clone(),
            data_type: None,
        });
    }
}

fn named(name: &str) -> TableAlias {
    TableAlias {
        explicit: true,
        name: Ident::new(name),
        columns: Vec::new(),
        at: None,
    }
}

/// `FROM unnest(x)` and `FROM jsonb_array_elements(x)`, the latter with a column called `value`, are an UNNEST for DataFusion.
fn elements_in_from(factor: &mut TableFactor) {
    let (name, args, alias) = match factor {
        TableFactor::Table {
            name,
            args: Some(args),
            alias,
            ..
        } => (name, &args.args, alias),
        TableFactor::Function {
            name, args, alias, ..
        } => (name, &*args, alias),
        _ => return,
    };
    let Some(function) = name
        .0
        .last()
        .and_then(|part| part.as_ident())
        .map(super::folded)
    else {
        return;
    };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = args.as_slice() else {
        return;
    };
    let mut alias = alias.clone();
    let elements = match function.as_str() {
        "jsonb_array_elements" | "json_array_elements" => {
            let alias = alias.get_or_insert_with(|| named(&function));
            if alias.columns.is_empty() {
                let value = TableAliasColumnDef {
                    name: Ident::new("value"),
                    data_type: None,
                };
                alias.columns.push(value);
            }
            call("shale_json_elements", [argument.clone()])
        }
        "jsonb_object_keys" | "json_object_keys" => {
            name_only_column(&mut alias, &Ident::new(&function));
            call("shale_json_keys", [argument.clone()])
        }
        "unnest" => {
            name_only_column(&mut alias, &Ident::new(&function));
            argument.clone()
        }
        _ => return,
    };
    *factor = TableFactor::UNNEST {
        alias,
        array_exprs: vec![elements],
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    };
}
