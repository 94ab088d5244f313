//! Rows of values `(a, b)`: looked for in subqueries, tested for NULL, as spans of time.
//!
//! Not here: rows compared with rows (`shale_sql::expand_row_comparison`).

use super::arrays::{empty_select, query_of};
use super::{call, exact, function_name};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query,
    SelectItem, SetExpr, TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins,
};
use shale_sql::{SqlError, expand_row_comparison};

/// An expression over rows as one over their values.
///
/// # Errors
/// 42601 for a row and a subquery of different lengths.
pub(super) fn rewrite(expr: &mut Expr) -> Result<Option<Expr>, SqlError> {
    Ok(match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Overlaps,
            right,
        } => {
            let (Some(left), Some(right)) = (values(left), values(right)) else {
                return Ok(None);
            };
            Some(call("shale_overlaps", left.into_iter().chain(right)))
        }
        Expr::InSubquery {
            expr: tested,
            subquery,
            negated,
        } => {
            let Some(tested) = values(tested) else {
                return Ok(None);
            };
            Some(in_subquery(tested, subquery, *negated)?)
        }
        Expr::IsNull(inner) => values(inner).and_then(|values| {
            let each = values.into_iter();
            each.map(|value| Expr::IsNull(Box::new(value)))
                .reduce(|all, one| binary(all, BinaryOperator::And, one))
        }),
        Expr::IsNotNull(inner) => values(inner).and_then(|values| {
            let each = values.into_iter();
            each.map(|value| Expr::IsNotNull(Box::new(value)))
                .reduce(|all, one| binary(all, BinaryOperator::And, one))
        }),
        _ => None,
    })
}

/// The values of a row, which is written with or without the word ROW.
pub(super) fn values(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Tuple(values) => Some(values.clone()),
        Expr::Function(function) if function_name(function) == "row" => row_arguments(function),
        _ => None,
    }
}

fn row_arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let values = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value.clone()),
        _ => None,
    });
    values.collect()
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }))
}

/// `(a, b) IN (SELECT x, y …)` as EXISTS over the query's rows. NOT IN fails for a row that may be the same.
fn in_subquery(tested: Vec<Expr>, query: &mut Query, negated: bool) -> Result<Expr, SqlError> {
    let names: Vec<String> = (1..=tested.len())
        .map(|place| format!("shale_value_{place}"))
        .collect();
    let found = names
        .iter()
        .map(|name| Expr::CompoundIdentifier(vec![exact(ROWS), exact(name.as_str())]));
    let rows = Expr::BinaryOp {
        left: Box::new(Expr::Tuple(tested)),
        op: BinaryOperator::Eq,
        right: Box::new(Expr::Tuple(found.collect())),
    };
    let same = expand_row_comparison(&rows)?.unwrap_or(rows);
    let condition = match negated {
        true => Expr::IsNotFalse(Box::new(same)),
        false => same,
    };
    let alias = TableAlias {
        explicit: true,
        name: exact(ROWS),
        columns: names
            .into_iter()
            .map(|name| TableAliasColumnDef {
                name: exact(name),
                data_type: None,
            })
            .collect(),
        at: None,
    };
    let rows = std::mem::replace(query, query_of(empty_body()));
    let mut outer = empty_select();
    let one = super::compat::number("1");
    outer.projection = vec![SelectItem::UnnamedExpr(one)];
    outer.from = vec![TableWithJoins {
        relation: TableFactor::Derived {
            lateral: false,
            subquery: Box::new(rows),
            alias: Some(alias),
            sample: None,
        },
        joins: Vec::new(),
    }];
    outer.selection = Some(condition);
    Ok(Expr::Exists {
        subquery: Box::new(query_of(SetExpr::Select(Box::new(outer)))),
        negated,
    })
}

/// Name of the rows of a subquery that a row is looked for in.
const ROWS: &str = "shale_rows";

fn empty_body() -> SetExpr {
    SetExpr::Select(Box::new(empty_select()))
}
