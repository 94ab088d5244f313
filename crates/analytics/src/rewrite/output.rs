//! Names of result columns, as PostgreSQL's `FigureColname` gives them.
//!
//! DataFusion wants the columns of a SELECT to have different names; PostgreSQL does not. The second column of a name gets a suffix behind
//! a character that no name has, which [`visible_name`] takes off again.

use super::{exact, folded, function_name};
use datafusion::sql::sqlparser::ast::{
    AccessExpr, CastKind, Expr, Ident, ObjectName, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TrimWhereField, Value, VisitorMut,
};
use shale_sql::walk_mut;
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Stands between a name and what makes it unique.
const MARK: char = '\u{1}';

/// The name as clients see it.
pub(crate) fn visible_name(name: &str) -> &str {
    name.split(MARK).next().unwrap_or(name)
}

/// Names the columns of every SELECT of a query.
pub(super) fn name_columns(query: &mut Query) {
    let _ = walk_mut(query, &mut Namer);
}

struct Namer;

impl VisitorMut for Namer {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        order_by_positions(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        name_select(select);
        ControlFlow::Continue(())
    }
}

/// `SELECT DISTINCT f(a) … ORDER BY f(a)` orders by the first column: once that has a name, DataFusion no longer sees that both are one.
fn order_by_positions(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return;
    };
    let Some(OrderByKind::Expressions(order)) =
        query.order_by.as_mut().map(|order| &mut order.kind)
    else {
        return;
    };
    let wildcard = |item: &SelectItem| {
        matches!(
            item,
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
        )
    };
    if select.distinct.is_none() || select.projection.iter().any(wildcard) {
        return;
    }
    for term in order {
        let position = select.projection.iter().position(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                *expr == term.expr && !is_column(expr)
            }
            _ => false,
        });
        if let Some(position) = position {
            let number = Value::Number((position + 1).to_string(), false);
            term.expr = Expr::Value(number.with_empty_span());
        }
    }
}

fn name_select(select: &mut Select) {
    let mut taken: HashSet<String> = HashSet::new();
    let wildcards = Wildcards::of(select);
    for (position, item) in select.projection.iter_mut().enumerate() {
        let (name, plain) = match &*item {
            SelectItem::UnnamedExpr(expr) => (column_name(expr), is_column(expr)),
            SelectItem::ExprWithAlias { alias, .. } => (folded(alias), false),
            _ => continue,
        };
        let unique = taken.insert(name.clone()) && !(plain && wildcards.contain(item));
        let alias = if unique {
            name
        } else {
            format!("{name}{MARK}{position}")
        };
        match std::mem::replace(
            item,
            SelectItem::UnnamedExpr(Expr::Identifier(Ident::new(""))),
        ) {
            SelectItem::UnnamedExpr(expr) if plain && unique => {
                *item = SelectItem::UnnamedExpr(expr)
            }
            SelectItem::UnnamedExpr(expr) => {
                *item = SelectItem::ExprWithAlias {
                    expr,
                    alias: exact(alias),
                };
            }
            SelectItem::ExprWithAlias { expr, alias: given } => {
                let alias = if unique { given } else { exact(alias) };
                *item = SelectItem::ExprWithAlias { expr, alias };
            }
            other => *item = other,
        }
    }
}

/// What the wildcards of a SELECT stand for.
struct Wildcards {
    /// `*`
    all: bool,
    /// Qualifiers of `q.*`, folded.
    qualifiers: Vec<String>,
    /// Whether FROM has one relation, to which then every column belongs.
    one_relation: bool,
}

impl Wildcards {
    fn of(select: &Select) -> Wildcards {
        let last = |name: &ObjectName| name.0.last().and_then(|part| part.as_ident()).map(folded);
        let qualifiers = select.projection.iter().filter_map(|item| match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                last(name)
            }
            _ => None,
        });
        Wildcards {
            all: select
                .projection
                .iter()
                .any(|item| matches!(item, SelectItem::Wildcard(_))),
            qualifiers: qualifiers.collect(),
            one_relation: matches!(select.from.as_slice(), [from] if from.joins.is_empty()),
        }
    }

    /// Whether a column of the SELECT list is in them as well.
    fn contain(&self, item: &SelectItem) -> bool {
        if self.all {
            return true;
        }
        match item {
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(idents)) => match idents.as_slice() {
                [.., qualifier, _] => self.qualifiers.contains(&folded(qualifier)),
                _ => false,
            },
            _ => self.one_relation && !self.qualifiers.is_empty(),
        }
    }
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}

fn column_name(expr: &Expr) -> String {
    name_of(expr).unwrap_or_else(|| "?column?".to_owned())
}

/// The name that an expression gives its column, if it gives one.
fn name_of(expr: &Expr) -> Option<String> {
    Some(match expr {
        Expr::Identifier(ident) => folded(ident),
        Expr::CompoundIdentifier(idents) => folded(idents.last()?),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let field = access_chain.iter().rev().find_map(|access| match access {
                AccessExpr::Dot(field) => name_of(field),
                AccessExpr::Subscript(_) => None,
            });
            return field.or_else(|| name_of(root));
        }
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => return name_of(inner),
        Expr::Function(function) => function_name(function),
        Expr::Cast {
            kind,
            expr,
            data_type,
            ..
        } => {
            return match name_of(expr) {
                Some(name) if names_strongly(expr) => Some(name),
                _ if *kind == CastKind::DoubleColon || *kind == CastKind::Cast => {
                    Some(type_name(&data_type.to_string()))
                }
                Some(name) => Some(name),
                None if *kind == CastKind::TryCast => None,
                None => Some(type_name(&data_type.to_string())),
            };
        }
        Expr::TypedString(typed) => type_name(&typed.data_type.to_string()),
        Expr::Interval(_) => "interval".to_owned(),
        Expr::Case { else_result, .. } => match else_result.as_deref().and_then(name_of) {
            Some(name) => name,
            None => "case".to_owned(),
        },
        Expr::Array(_) => "array".to_owned(),
        Expr::Exists { .. } => "exists".to_owned(),
        Expr::Subquery(query) => return subquery_name(&query.body),
        Expr::Extract { .. } => "extract".to_owned(),
        Expr::Position { .. } => "position".to_owned(),
        Expr::Substring {
            shorthand: true, ..
        } => "substr".to_owned(),
        Expr::Substring { .. } => "substring".to_owned(),
        Expr::Overlay { .. } => "overlay".to_owned(),
        Expr::Ceil { .. } => "ceil".to_owned(),
        Expr::Floor { .. } => "floor".to_owned(),
        Expr::Trim { trim_where, .. } => match trim_where {
            Some(TrimWhereField::Leading) => "ltrim".to_owned(),
            Some(TrimWhereField::Trailing) => "rtrim".to_owned(),
            _ => "btrim".to_owned(),
        },
        Expr::AtTimeZone { .. } => "timezone".to_owned(),
        Expr::Tuple(_) => "row".to_owned(),
        _ => return None,
    })
}

/// Whether a cast around the expression leaves its name: those of types and of CASE give way.
fn names_strongly(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { expr, .. } | Expr::Nested(expr) | Expr::Collate { expr, .. } => {
            names_strongly(expr)
        }
        Expr::TypedString(_) | Expr::Interval(_) => false,
        Expr::Case { else_result, .. } => else_result.as_deref().is_some_and(names_strongly),
        other => name_of(other).is_some(),
    }
}

fn subquery_name(body: &SetExpr) -> Option<String> {
    match body {
        SetExpr::Select(select) => match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(expr)] => name_of(expr),
            [SelectItem::ExprWithAlias { alias, .. }] => Some(folded(alias)),
            _ => None,
        },
        SetExpr::Query(query) => subquery_name(&query.body),
        _ => None,
    }
}

/// pg_type's name of a type as written.
fn type_name(written: &str) -> String {
    let written = written.to_lowercase();
    let bare = written.rsplit('.').next().unwrap_or(&written);
    let bare = bare.split(['(', '[']).next().unwrap_or(bare).trim();
    match bare {
        "int" | "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "boolean" => "bool",
        "real" => "float4",
        "double precision" | "double" | "float" => "float8",
        "decimal" => "numeric",
        "character varying" => "varchar",
        "character" | "char" => "bpchar",
        "timestamp with time zone" => "timestamptz",
        other => other.trim_matches('"'),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::ast::Statement;
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap();
        let Some(Statement::Query(mut query)) = statements.pop() else {
            panic!("not a query");
        };
        name_columns(&mut query);
        assert_eq!(query.to_string().replace(MARK, "~"), expected);
    }

    #[test]
    fn columns_are_named_as_postgres_names_them() {
        check(
            "SELECT a, t.b, 1, count(*) FROM t",
            "SELECT a, t.b, 1 AS \"?column?\", count(*) AS \"count\" FROM t",
        );
        check(
            "SELECT 'x'::text, a::int, 1.5::float8::text, a::int::text",
            "SELECT 'x'::TEXT AS \"text\", a::INT AS \"a\", 1.5::FLOAT8::TEXT AS \"text~2\", a::INT::TEXT AS \"a~3\"",
        );
        check(
            "SELECT 'x'::text, a::int, (SELECT max(b) FROM u)",
            "SELECT 'x'::TEXT AS \"text\", a::INT AS \"a\", (SELECT max(b) AS \"max\" FROM u) AS \"max\"",
        );
        check(
            "SELECT 1, 2",
            "SELECT 1 AS \"?column?\", 2 AS \"?column?~1\"",
        );
        check(
            "SELECT t.oid, t.* FROM t",
            "SELECT t.oid AS \"oid~0\", t.* FROM t",
        );
        check(
            "SELECT a.x, b.x FROM a, b",
            "SELECT a.x, b.x AS \"x~1\" FROM a, b",
        );
    }

    #[test]
    fn the_mark_is_not_visible() {
        assert_eq!(visible_name("x\u{1}1"), "x");
        assert_eq!(visible_name("x"), "x");
    }
}
