//! Comparisons of rows, written out as comparisons of single values: `(a, b) < (1, 2)`, `(a, b) IN ((1, 2), (3, 4))`.
//!
//! What is written out can be a key lookup or a range of a key like any other condition. Not here: rows of subqueries.

use crate::SqlError;
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
};

/// The same condition without rows; `None` if it compares none.
///
/// # Errors
/// 42601 for rows of different lengths, 54000 for a list of more than [`ROWS_MAX`].
pub fn expand_row_comparison(expr: &Expr) -> Result<Option<Expr>, SqlError> {
    match expr {
        Expr::BinaryOp { left, op, right } => match (row(left), row(right)) {
            (Some(left), Some(right)) => compared(&left, op, &right),
            _ => Ok(None),
        },
        Expr::InList {
            expr,
            list,
            negated,
        } => {
            let Some(left) = row(expr) else {
                return Ok(None);
            };
            let Some(rows) = list.iter().map(row).collect::<Option<Vec<_>>>() else {
                return Ok(None);
            };
            if rows.len() > ROWS_MAX {
                return Err(SqlError::ProgramLimit {
                    message: format!("a list of more than {ROWS_MAX} rows"),
                });
            }
            let mut equal = Vec::with_capacity(rows.len());
            for right in &rows {
                same_length(&left, right)?;
                equal.push(all_equal(&left, right));
            }
            let any = balanced(equal, &BinaryOperator::Or);
            Ok(any.map(|any| if *negated { not(any) } else { any }))
        }
        _ => Ok(None),
    }
}

/// Most rows of a list: each becomes a comparison of its own for every column.
const ROWS_MAX: usize = 10_000;

/// The values of `(a, b)` or `ROW(a, b)`.
fn row(expr: &Expr) -> Option<Vec<&Expr>> {
    match expr {
        Expr::Tuple(values) => Some(values.iter().collect()),
        Expr::Nested(inner) => match inner.as_ref() {
            Expr::Tuple(_) => row(inner),
            _ => None,
        },
        Expr::Function(function) => row_constructor(function),
        _ => None,
    }
}

fn row_constructor(function: &Function) -> Option<Vec<&Expr>> {
    let [name] = function.name.0.as_slice() else {
        return None;
    };
    let name = name.as_ident()?;
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    if name.quote_style.is_some() || !name.value.eq_ignore_ascii_case("row") {
        return None;
    }
    let values = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    });
    values.collect()
}

fn same_length(left: &[&Expr], right: &[&Expr]) -> Result<(), SqlError> {
    if left.len() == right.len() && !left.is_empty() {
        return Ok(());
    }
    Err(SqlError::Syntax {
        message: "unequal number of entries in row expressions".to_owned(),
        position: None,
    })
}

fn compared(
    left: &[&Expr],
    op: &BinaryOperator,
    right: &[&Expr],
) -> Result<Option<Expr>, SqlError> {
    let strict = match op {
        BinaryOperator::Eq | BinaryOperator::NotEq => None,
        BinaryOperator::Lt | BinaryOperator::LtEq => Some(BinaryOperator::Lt),
        BinaryOperator::Gt | BinaryOperator::GtEq => Some(BinaryOperator::Gt),
        _ => return Ok(None),
    };
    same_length(left, right)?;
    Ok(Some(match strict {
        None if *op == BinaryOperator::Eq => all_equal(left, right),
        None => not(all_equal(left, right)),
        Some(strict) => in_order(left, op, &strict, right),
    }))
}

fn all_equal(left: &[&Expr], right: &[&Expr]) -> Expr {
    let pairs = left.iter().zip(right);
    let equal = pairs.map(|(left, right)| binary(left, BinaryOperator::Eq, right));
    let all = balanced(equal.collect(), &BinaryOperator::And);
    all.unwrap_or(Expr::value(sqlparser::ast::Value::Boolean(true)))
}

/// `a <= x AND (a < x OR (b, …) op (y, …))`: the first condition follows from the second, and is one that a range of a key has.
fn in_order(left: &[&Expr], op: &BinaryOperator, strict: &BinaryOperator, right: &[&Expr]) -> Expr {
    let mut pairs = left.iter().zip(right).rev();
    let Some((last_left, last_right)) = pairs.next() else {
        return Expr::value(sqlparser::ast::Value::Boolean(true));
    };
    let or_equal = match strict {
        BinaryOperator::Lt => BinaryOperator::LtEq,
        _ => BinaryOperator::GtEq,
    };
    let mut ordered = binary(last_left, op.clone(), last_right);
    for (left, right) in pairs {
        let decided = binary(left, strict.clone(), right);
        ordered = joined(
            binary(left, or_equal.clone(), right),
            BinaryOperator::And,
            joined(decided, BinaryOperator::Or, ordered),
        );
    }
    ordered
}

fn binary(left: &Expr, op: BinaryOperator, right: &Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left.clone()),
        op,
        right: Box::new(right.clone()),
    }
}

fn joined(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }))
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr: Box::new(Expr::Nested(Box::new(expr))),
    }
}

/// All of them under one operator, not deeper than the logarithm of their number.
fn balanced(mut parts: Vec<Expr>, op: &BinaryOperator) -> Option<Expr> {
    while parts.len() > 1 {
        let mut halves = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            halves.push(match rest.next() {
                Some(right) => joined(left, op.clone(), right),
                None => left,
            });
        }
        parts = halves;
    }
    parts.pop()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse_expression;

    fn expanded(text: &str) -> String {
        match expand_row_comparison(&parse_expression(text).unwrap()) {
            Ok(Some(expr)) => expr.to_string(),
            Ok(None) => "no row".to_owned(),
            Err(error) => format!("! {error}"),
        }
    }

    #[test]
    fn rows_are_written_out() {
        for (text, expected) in [
            ("(a, b) = (1, 2)", "(a = 1 AND b = 2)"),
            ("ROW(a, b) <> ROW(1, 2)", "NOT ((a = 1 AND b = 2))"),
            ("(a, b) < (1, 2)", "(a <= 1 AND (a < 1 OR b < 2))"),
            (
                "(a, b, c) >= (1, 2, 3)",
                "(a >= 1 AND (a > 1 OR (b >= 2 AND (b > 2 OR c >= 3))))",
            ),
            (
                "(a, b) IN ((1, 2), (3, 4))",
                "((a = 1 AND b = 2) OR (a = 3 AND b = 4))",
            ),
            ("(a, b) NOT IN ((1, 2))", "NOT ((a = 1 AND b = 2))"),
            ("a = 1", "no row"),
            ("(a) = (1)", "no row"),
            ("a IN (1, 2)", "no row"),
            (
                "(a, b) = (1, 2, 3)",
                "! syntax error: unequal number of entries in row expressions",
            ),
        ] {
            assert_eq!(expanded(text), expected, "{text}");
        }
    }
}
