//! Bound statements: what runs, with parameters still open.
//!
//! Not here: running (`run`), session commands (`session`), the analytic executor's plans.
//!
//! A SELECT is planned here only if it reads one table and needs nothing but `shale-expression`; [`select`] says `None` for all others and
//! they go to the analytic executor.

pub(crate) mod conflict;
pub(crate) mod constant;
pub(crate) mod ddl;
pub(crate) mod explain;
pub(crate) mod insert;
pub(crate) mod output;
pub(crate) mod select;
pub(crate) mod set;
pub(crate) mod update;

pub(crate) use constant::ConstantPlan;
pub(crate) use insert::InsertPlan;
pub(crate) use output::{Output, Outputs};
pub(crate) use select::{Order, SelectPlan};
pub(crate) use update::{DeletePlan, UpdatePlan};

use crate::bind::{Predicate, Scalar, Term};
use crate::{Dialect, SqlError, SqlType};
use shale_expression::Comparison;
use shale_item::KeySchema;
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, Query, Select, SelectFlavor, SelectItem, SetExpr, Spanned, Statement,
    Visit, Visitor, helpers::attached_token::AttachedToken,
};
use std::ops::ControlFlow;

#[cfg(test)]
mod tests;

/// Most expressions of one INSERT or UPDATE that the analytic executor computes before it; PostgreSQL's bound on columns of a result.
const COMPUTED_MAX: usize = 1_600;

/// Constant expressions of an INSERT or UPDATE that are not evaluated here: they are computed together, as one row, before the statement.
#[derive(Default)]
pub(crate) struct ConstantQuery {
    exprs: Vec<Expr>,
}

impl ConstantQuery {
    /// Takes an expression without columns.
    ///
    /// # Errors
    /// 0A000 if it reads columns (42703 where there are none: in INSERT), 54000 for too many.
    pub(crate) fn push(
        &mut self,
        expr: &Expr,
        place: &str,
        text: &str,
    ) -> Result<Scalar, SqlError> {
        if let Some(column) = column_of(expr) {
            if place == "INSERT"
                && let Some(ident) = column
            {
                return Err(SqlError::UndefinedColumn {
                    position: crate::syntax::ident_position(text, &ident),
                    name: ident.value,
                    hint: None,
                });
            }
            return Err(SqlError::NotSupported {
                feature: format!("the expression \"{expr}\" in {place}"),
                hint: Some(
                    "Supported are constants, other columns, + and -, coalesce(column, constant), list_append, set_add and set_delete."
                        .into(),
                ),
            });
        }
        if self.exprs.len() >= COMPUTED_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!("the statement has more than {COMPUTED_MAX} computed values"),
            });
        }
        self.exprs.push(expr.clone());
        Ok(Scalar::Computed(self.exprs.len() - 1, SqlType::Unknown))
    }

    /// The query that computes them; `None` if there is nothing to compute.
    pub(crate) fn into_statement(self) -> Option<Statement> {
        if self.exprs.is_empty() {
            return None;
        }
        let select = Select {
            select_token: AttachedToken::empty(),
            optimizer_hints: vec![],
            distinct: None,
            select_modifiers: None,
            top: None,
            top_before_distinct: false,
            projection: self
                .exprs
                .into_iter()
                .enumerate()
                .map(|(position, expr)| SelectItem::ExprWithAlias {
                    expr,
                    alias: sqlparser::ast::Ident::new(format!("c{position}")),
                })
                .collect(),
            exclude: None,
            into: None,
            from: vec![],
            lateral_views: vec![],
            prewhere: None,
            selection: None,
            connect_by: vec![],
            group_by: GroupByExpr::Expressions(vec![], vec![]),
            cluster_by: vec![],
            distribute_by: vec![],
            sort_by: vec![],
            having: None,
            named_window: vec![],
            qualify: None,
            window_before_qualify: false,
            value_table_mode: None,
            flavor: SelectFlavor::Standard,
        };
        Some(Statement::Query(Box::new(query_of(select))))
    }
}

/// A query that is just that SELECT.
pub(crate) fn query_of(select: Select) -> Query {
    Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: vec![],
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: vec![],
    }
}

/// Whether an expression reads columns of its own statement, and the name of the first one if it is a plain name. Subqueries are queries of
/// their own: what they name is looked for when they are planned.
fn column_of(expr: &Expr) -> Option<Option<Ident>> {
    struct Columns {
        subqueries: usize,
    }
    impl Visitor for Columns {
        type Break = Option<Ident>;
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Option<Ident>> {
            self.subqueries += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Option<Ident>> {
            self.subqueries -= 1;
            ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Option<Ident>> {
            match expr {
                _ if self.subqueries > 0 => ControlFlow::Continue(()),
                Expr::Identifier(ident) => ControlFlow::Break(Some(ident.clone())),
                Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } => {
                    ControlFlow::Break(None)
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    match expr.visit(&mut Columns { subqueries: 0 }) {
        ControlFlow::Break(column) => Some(column),
        ControlFlow::Continue(()) => None,
    }
}

/// The constant that a predicate pins an attribute to in one of its conjuncts.
pub(crate) fn pinned<'p>(predicate: &'p Predicate, name: &str) -> Option<&'p Scalar> {
    match predicate {
        Predicate::And(parts) => parts.iter().find_map(|part| pinned(part, name)),
        Predicate::Compare(Term::Attribute(attribute), Comparison::Eq, Term::Scalar(scalar))
            if attribute.path.steps.is_empty() && attribute.path.root == name =>
        {
            Some(scalar)
        }
        _ => None,
    }
}

/// Whether a predicate pins every key attribute to a constant, so that at most one item satisfies it.
pub(crate) fn pins_key(predicate: &Predicate, schema: &KeySchema) -> bool {
    pinned(predicate, &schema.partition.name).is_some()
        && schema
            .sort
            .as_ref()
            .is_none_or(|sort| pinned(predicate, &sort.name).is_some())
}

/// What UPDATE and DELETE say whose WHERE does not name one item.
pub(crate) fn whole_key_required(command: &str, schema: &KeySchema, dialect: Dialect) -> SqlError {
    if dialect == Dialect::PartiQl {
        return SqlError::Other {
            sqlstate: "42601",
            message: "Where clause does not contain a mandatory equality on all key attributes"
                .into(),
            hint: None,
        };
    }
    let mut columns = format!("{} = …", schema.partition.name);
    if let Some(sort) = &schema.sort {
        columns.push_str(&format!(" AND {} = …", sort.name));
    }
    SqlError::NotSupported {
        feature: format!("{command} of more than one row"),
        hint: Some(format!(
            "WHERE must name one item by its whole primary key: WHERE {columns}"
        )),
    }
}

/// The byte position of a node in the text.
pub(crate) fn position(text: &str, node: &impl Spanned) -> crate::Position {
    crate::syntax::byte_offset(text, node.span().start)
}
