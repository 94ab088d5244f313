//! Subscripts of `int2vector` and `oidvector`, which begin with 0. Here both are arrays, which begin with 1.
//!
//! At this place there are no types: what counts is that the name is one of a column of the catalog of such a type.

use super::call;
use super::compat::{arguments, number, one_more, positions_of, upper_bound};
use crate::catalog::is_vector_name;
use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Function, Subscript};

/// `generate_subscripts(a, 1)`: the places of an array's elements, as a set.
pub(super) fn subscripts(function: &Function) -> Option<Expr> {
    let arguments = arguments(function)?;
    let places = match arguments.first().is_some_and(is_vector) {
        true => call("range", [number("0"), upper_bound(arguments)]),
        false => positions_of(arguments),
    };
    Some(call("unnest", [places]))
}

/// Makes `vector[n]` an access to an array.
pub(super) fn shift_subscript(root: &Expr, chain: &mut [AccessExpr]) {
    let (index, of_vector) = match chain {
        [AccessExpr::Subscript(Subscript::Index { index })] => (index, is_vector(root)),
        // `i.indkey[0]` is parsed as an access to a part of `i`.
        [
            ..,
            AccessExpr::Dot(column),
            AccessExpr::Subscript(Subscript::Index { index }),
        ] => (index, is_vector(column)),
        _ => return,
    };
    if of_vector {
        *index = Expr::Nested(Box::new(one_more(index.clone())));
    }
}

fn is_vector(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(ident) => is_vector_name(&ident.value),
        Expr::CompoundIdentifier(idents) => {
            let last = idents.last();
            last.is_some_and(|ident| is_vector_name(&ident.value))
        }
        _ => false,
    }
}
