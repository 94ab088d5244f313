//! A join with a system relation that never has rows has no rows.
//!
//! Clients ask for policies, partitions, publications and statistics objects with queries that use all of PostgreSQL. What they ask for
//! does not exist here, so that these queries are answered without being planned in full.

use super::{exact, function_name};
use crate::catalog::{is_always_empty, spec};
use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, GroupByExpr, Ident, JoinOperator, Query, Select, SelectItem, SetExpr,
    TableFactor, TableWithJoins, Value, Visitor, VisitorMut,
};
use shale_sql::{walk, walk_mut};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Replaces every SELECT of a query that cannot have rows.
pub(super) fn prune(query: &mut Query, ctes: &HashSet<String>) {
    let _ = walk_mut(query, &mut Pruner { ctes });
}

struct Pruner<'a> {
    ctes: &'a HashSet<String>,
}

impl VisitorMut for Pruner<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let SetExpr::Select(select) = query.body.as_mut() {
            if self.prune_select(select) {
                // It may order by what is no longer there.
                query.order_by = None;
            }
        } else {
            self.prune_set(&mut query.body);
        }
        ControlFlow::Continue(())
    }
}

impl Pruner<'_> {
    fn prune_set(&self, set: &mut SetExpr) {
        match set {
            SetExpr::Select(select) => {
                self.prune_select(select);
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.prune_set(left);
                self.prune_set(right);
            }
            _ => {}
        }
    }

    fn prune_select(&self, select: &mut Select) -> bool {
        if !select.from.iter().any(|from| self.has_no_rows(from)) || aggregates(select) {
            return false;
        }
        let mut projection = Vec::with_capacity(select.projection.len());
        for item in &select.projection {
            let alias = match item {
                SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
                SelectItem::UnnamedExpr(Expr::Identifier(ident)) => exact(super::folded(ident)),
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(idents)) => match idents.last() {
                    Some(ident) => exact(super::folded(ident)),
                    None => return false,
                },
                _ => return false,
            };
            projection.push(SelectItem::ExprWithAlias {
                expr: typed_null(item),
                alias,
            });
        }
        select.projection = projection;
        select.from = Vec::new();
        select.selection = Some(Expr::Value(Value::Boolean(false).with_empty_span()));
        select.distinct = None;
        select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
        select.having = None;
        true
    }

    /// Whether one of the relations that every row needs is always empty.
    fn has_no_rows(&self, from: &TableWithJoins) -> bool {
        let mut required = vec![&from.relation];
        for join in &from.joins {
            match &join.join_operator {
                JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => {
                    required.push(&join.relation);
                }
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => {}
                _ => return false,
            }
        }
        required.into_iter().any(|factor| self.is_empty(factor))
    }

    fn is_empty(&self, factor: &TableFactor) -> bool {
        let TableFactor::Table {
            name, args: None, ..
        } = factor
        else {
            return false;
        };
        let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        let relation = match idents.as_slice() {
            [table] if !self.ctes.contains(&super::folded(table)) => {
                spec::find("pg_catalog", &super::folded(table))
            }
            [schema, table] => spec::find(&super::folded(schema), &super::folded(table)),
            _ => None,
        };
        relation.is_some_and(is_always_empty)
    }
}

/// NULL of the type that the column probably has: texts, or numbers for what clients compute.
fn typed_null(item: &SelectItem) -> Expr {
    let data_type = match item {
        SelectItem::ExprWithAlias {
            expr: Expr::Cast { data_type, .. },
            ..
        } if !matches!(data_type, DataType::Regclass | DataType::Custom(..)) => data_type.clone(),
        SelectItem::ExprWithAlias {
            expr: Expr::Value(value),
            ..
        } if matches!(value.value, Value::Boolean(_)) => DataType::Boolean,
        _ => DataType::Text,
    };
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::Value(Value::Null.with_empty_span())),
        data_type,
        array: false,
        format: None,
    }
}

/// Whether the SELECT has one row even without input.
fn aggregates(select: &Select) -> bool {
    /// Finds aggregates of this SELECT; those inside its subqueries are theirs.
    struct Finder {
        depth: usize,
        found: bool,
    }
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
            self.depth += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Function(function) = expr
                && self.depth == 0
                && function.over.is_none()
                && is_aggregate(&function_name(function))
            {
                self.found = true;
            }
            ControlFlow::Continue(())
        }
    }
    let grouped = match &select.group_by {
        GroupByExpr::Expressions(expressions, _) => !expressions.is_empty(),
        GroupByExpr::All(_) => true,
    };
    let mut finder = Finder {
        depth: 0,
        found: false,
    };
    let _ = walk(&select.projection, &mut finder);
    finder.found && !grouped
}

fn is_aggregate(name: &str) -> bool {
    matches!(
        name,
        "count"
            | "sum"
            | "avg"
            | "min"
            | "max"
            | "array_agg"
            | "string_agg"
            | "bool_and"
            | "bool_or"
            | "every"
            | "json_agg"
            | "jsonb_agg"
            | "json_object_agg"
            | "jsonb_object_agg"
    )
}
