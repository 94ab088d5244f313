//! The places of names that a planner without the text could not find.

use super::{ident_position, walk};
use crate::{Position, SqlError};
use sqlparser::ast::{Expr, Ident, ObjectName, Statement, Visitor};
use std::ops::ControlFlow;

/// The error with the place where its name first stands.
pub(crate) fn located(error: SqlError, statement: &Statement, text: &str) -> SqlError {
    match error {
        SqlError::UndefinedColumn {
            name,
            position: None,
            hint,
        } => SqlError::UndefinedColumn {
            position: find(statement, text, Kind::Column, &name),
            name,
            hint,
        },
        SqlError::UndefinedFunction {
            name,
            position: None,
        } => {
            let bare = name.split('(').next().unwrap_or(&name);
            SqlError::UndefinedFunction {
                position: find(statement, text, Kind::Function, bare),
                name,
            }
        }
        other => other,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Column,
    Function,
}

fn find(statement: &Statement, text: &str, kind: Kind, name: &str) -> Position {
    struct Finder<'a> {
        kind: Kind,
        name: &'a str,
    }
    impl Visitor for Finder<'_> {
        type Break = Ident;
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Ident> {
            let (kind, first, last) = match expr {
                Expr::Identifier(ident) => (Kind::Column, Some(ident), Some(ident)),
                Expr::CompoundIdentifier(idents) => (Kind::Column, idents.first(), idents.last()),
                Expr::Function(function) => {
                    let (first, last) = ends(&function.name);
                    (Kind::Function, first, last)
                }
                _ => return ControlFlow::Continue(()),
            };
            match (first, last) {
                (Some(first), Some(last))
                    if kind == self.kind && last.value.eq_ignore_ascii_case(self.name) =>
                {
                    ControlFlow::Break(first.clone())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    fn ends(name: &ObjectName) -> (Option<&Ident>, Option<&Ident>) {
        (
            name.0.first().and_then(|part| part.as_ident()),
            name.0.last().and_then(|part| part.as_ident()),
        )
    }
    let last = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    match walk(statement, &mut Finder { kind, name: last }) {
        ControlFlow::Break(ident) => ident_position(text, &ident),
        ControlFlow::Continue(()) => None,
    }
}
