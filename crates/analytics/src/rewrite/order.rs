//! Order-sensitive aggregates over an ordered subquery: `string_agg(x, ',') FROM (SELECT x … ORDER BY y) s`.
//!
//! PostgreSQL aggregates the rows as the subquery gives them; DataFusion drops the order of a subquery. So the subquery numbers its rows, and
//! the aggregates are ordered by the number.
//!
//! Not here: aggregates with an ORDER BY of their own, and subqueries with DISTINCT or set operations.

use super::{exact, folded, function_name};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArgumentClause, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, OrderByExpr, OrderByKind, OrderByOptions, Query, Select, SelectItem, SetExpr,
    TableAliasColumnDef, TableFactor, Value, VisitorMut, WindowSpec, WindowType,
};
use shale_sql::walk_mut;
use std::ops::ControlFlow;

/// The hidden column that numbers a subquery's rows.
const ROW_NUMBER: &str = "shale_row_number";

/// Makes the aggregates of a SELECT over one ordered subquery keep its order.
pub(super) fn keep_order(select: &mut Select) {
    let mut finder = Aggregates {
        nesting: 0,
        order: false,
        found: false,
    };
    let _ = walk_mut(&mut select.projection, &mut finder);
    let wildcard = select.projection.iter().any(|item| {
        matches!(
            item,
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
        )
    });
    let [from] = select.from.as_mut_slice() else {
        return;
    };
    let TableFactor::Derived {
        subquery, alias, ..
    } = &mut from.relation
    else {
        return;
    };
    if !finder.found || wildcard || !from.joins.is_empty() || !number_rows(subquery) {
        return;
    }
    if let Some(alias) = alias
        && !alias.columns.is_empty()
    {
        alias.columns.push(TableAliasColumnDef {
            name: exact(ROW_NUMBER),
            data_type: None,
        });
    }
    finder.order = true;
    let _ = walk_mut(&mut select.projection, &mut finder);
}

/// Finds the order-sensitive aggregates of a SELECT, or orders them.
struct Aggregates {
    /// Subqueries around the expression.
    nesting: usize,
    order: bool,
    found: bool,
}

impl VisitorMut for Aggregates {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.nesting += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.nesting -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.nesting == 0
            && let Expr::Function(function) = expr
            && let Some(list) = unordered(function)
        {
            self.found = true;
            if self.order {
                let number = Expr::Identifier(exact(ROW_NUMBER));
                let by_number = OrderByExpr {
                    expr: number,
                    options: OrderByOptions::default(),
                    with_fill: None,
                };
                let clause = FunctionArgumentClause::OrderBy(vec![by_number]);
                list.clauses.push(clause);
            }
        }
        ControlFlow::Continue(())
    }
}

/// The arguments of an aggregate that gives its rows in order, if it has no order yet.
fn unordered(function: &mut Function) -> Option<&mut FunctionArgumentList> {
    let ordered = matches!(function_name(function).as_str(), "array_agg" | "string_agg");
    if !ordered || function.over.is_some() || !function.within_group.is_empty() {
        return None;
    }
    match &mut function.args {
        FunctionArguments::List(list)
            if list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            Some(list)
        }
        _ => None,
    }
}

/// Adds the hidden column to an ordered query; false for a query that is none, or that it would change.
fn number_rows(query: &mut Query) -> bool {
    let SetExpr::Select(select) = query.body.as_mut() else {
        return false;
    };
    let Some(order) = &query.order_by else {
        return false;
    };
    let OrderByKind::Expressions(terms) = &order.kind else {
        return false;
    };
    if select.distinct.is_some() {
        return false;
    }
    let mut order_by = Vec::with_capacity(terms.len());
    for term in terms {
        let Some(expr) = ordered_expression(&term.expr, &select.projection) else {
            return false;
        };
        order_by.push(OrderByExpr {
            expr,
            ..term.clone()
        });
    }
    let number = Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("row_number")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: Vec::new(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: Some(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by: Vec::new(),
            order_by,
            window_frame: None,
        })),
        within_group: Vec::new(),
    });
    select.projection.push(SelectItem::ExprWithAlias {
        expr: number,
        alias: exact(ROW_NUMBER),
    });
    true
}

/// What a term of ORDER BY stands for: the position or the name of a result column, or an expression of its own.
fn ordered_expression(term: &Expr, projection: &[SelectItem]) -> Option<Expr> {
    match term {
        Expr::Value(value) => match &value.value {
            Value::Number(position, _) => {
                let position = position.parse::<usize>().ok()?.checked_sub(1)?;
                match projection.get(position)? {
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                        Some(expr.clone())
                    }
                    _ => None,
                }
            }
            _ => None,
        },
        Expr::Identifier(name) => {
            let named = projection.iter().find_map(|item| match item {
                SelectItem::ExprWithAlias { expr, alias } if folded(alias) == folded(name) => {
                    Some(expr.clone())
                }
                _ => None,
            });
            Some(named.unwrap_or_else(|| term.clone()))
        }
        other => Some(other.clone()),
    }
}
