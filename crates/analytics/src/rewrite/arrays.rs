//! Arrays: written as text, and made of a query's rows.

use super::casts::plain_cast;
use super::{call, exact, text};
use datafusion::sql::sqlparser::ast::{
    Array, ArrayElemTypeDef, DataType, Expr, FunctionArgumentClause, FunctionArguments,
    OrderByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, TableAlias, TableAliasColumnDef,
    TableFactor, TableWithJoins, Value,
};

pub(super) fn string_literal(expr: &Expr) -> Option<&str> {
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
pub(super) fn array_literal(expr: &Expr) -> Option<Expr> {
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
pub(super) fn array_of_query(query: Box<Query>) -> Expr {
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
    let outer = query_of(SetExpr::Select(Box::new(outer)));
    call("shale_array_or_empty", [Expr::Subquery(Box::new(outer))])
}

/// A query of nothing but its body.
pub(super) fn query_of(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

fn is_first_position(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Number(number, _) if number == "1"))
}

pub(super) fn empty_select() -> Select {
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
