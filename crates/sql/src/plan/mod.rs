//! Bound statements: what runs, with parameters still open.
//!
//! Not here: running (`run`), session commands (`session`), the analytic executor's plans.
//!
//! A SELECT is planned here only if it reads one table and needs nothing but `shale-expression`; [`select`] says `None` for all others and
//! they go to the analytic executor.

pub(crate) mod alter;
pub(crate) mod calls;
pub(crate) mod check;
pub(crate) mod comment;
pub(crate) mod conflict;
pub(crate) mod constant;
pub(crate) mod ddl;
pub(crate) mod explain;
pub(crate) mod index;
pub(crate) mod insert;
pub(crate) mod output;
pub(crate) mod past;
pub(crate) mod relations;
pub(crate) mod select;
pub(crate) mod set;
pub(crate) mod table_as;
pub(crate) mod truncate;
pub(crate) mod update;
pub(crate) mod view_ddl;
pub(crate) mod views;

pub(crate) use constant::ConstantPlan;
pub(crate) use insert::InsertPlan;
pub(crate) use output::{Output, Outputs};
pub(crate) use select::{Order, SelectPlan};
pub(crate) use update::{DeletePlan, UpdatePlan};

use crate::bind::{Predicate, Scalar, Term};
use crate::syntax::walk;
use crate::{SqlError, SqlType};
use shale_expression::Comparison;
use shale_item::KeySchema;
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, ObjectName, Query, Select, SelectFlavor, SelectItem, SetExpr,
    Spanned, Statement, TableAlias, TableFactor, TableWithJoins, Visitor, With,
    helpers::attached_token::AttachedToken,
};
use std::ops::ControlFlow;

#[cfg(test)]
mod tests;

/// Most expressions of one INSERT or UPDATE that the analytic executor computes for it; PostgreSQL's bound on columns of a result.
const COMPUTED_MAX: usize = 1_600;

/// Expressions of an INSERT or UPDATE that are not evaluated here. Those without columns are computed together, as one row, before the
/// statement; where the statement takes it, those with columns are computed for each row that it writes, together with finding the rows.
#[derive(Default)]
pub(crate) struct ConstantQuery {
    exprs: Vec<Expr>,
    /// Whether expressions may be computed for each row.
    rows_allowed: bool,
    /// Whether names may mean columns of other tables, so that no expression with columns is lowered.
    pub joined: bool,
    /// Whether an expression has to be computed for each row.
    pub per_row: bool,
    /// Whether what is computed once depends on tables.
    pub reads_tables: bool,
}

impl ConstantQuery {
    /// For a statement whose expressions may be computed for each row.
    pub(crate) fn of_rows(joined: bool) -> ConstantQuery {
        ConstantQuery {
            rows_allowed: true,
            joined,
            ..ConstantQuery::default()
        }
    }

    /// Whether expressions may be computed for each row.
    pub(crate) fn takes_rows(&self) -> bool {
        self.rows_allowed
    }

    /// Takes an expression.
    ///
    /// # Errors
    /// 0A000 if it reads columns that it may not (42703 where there are none: in INSERT), 54000 for too many.
    pub(crate) fn push(
        &mut self,
        expr: &Expr,
        place: &str,
        text: &str,
    ) -> Result<Scalar, SqlError> {
        let has_subquery = has_subquery(expr);
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
            if !self.rows_allowed {
                return Err(SqlError::NotSupported {
                    feature: format!("the expression \"{expr}\" in {place}"),
                    hint: Some(
                        "Supported are constants, other columns, + and -, coalesce(column, constant), list_append, set_add and set_delete."
                            .into(),
                    ),
                });
            }
            self.per_row = true;
        } else if has_subquery && self.rows_allowed {
            // It may name columns of the row.
            self.per_row = true;
        }
        self.reads_tables |= has_subquery;
        if self.exprs.len() >= COMPUTED_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!("the statement has more than {COMPUTED_MAX} computed values"),
            });
        }
        self.exprs.push(expr.clone());
        Ok(Scalar::Computed(self.exprs.len() - 1, SqlType::Unknown))
    }

    /// The query that computes them once; `None` if there is nothing to compute.
    pub(crate) fn into_statement(self) -> Option<Box<Statement>> {
        if self.exprs.is_empty() {
            return None;
        }
        let select = select_of(self.projection(vec![]), vec![], None);
        Some(Box::new(Statement::Query(Box::new(query_of(select)))))
    }

    /// The query that finds the rows that a statement writes, by their keys, and computes its expressions for each of them.
    pub(crate) fn into_row_statement(self, rows: RowQuery<'_>) -> Box<Statement> {
        let qualifier = match rows.alias {
            Some(alias) => Some(alias.clone()),
            None => rows
                .table
                .0
                .last()
                .and_then(|part| part.as_ident().cloned()),
        };
        let keys = std::iter::once(&rows.schema.partition).chain(&rows.schema.sort);
        let keys = keys.enumerate().map(|(position, attribute)| {
            let name = Ident::with_quote('"', &attribute.name);
            let expr = match &qualifier {
                Some(qualifier) => Expr::CompoundIdentifier(vec![qualifier.clone(), name]),
                None => Expr::Identifier(name),
            };
            SelectItem::ExprWithAlias {
                expr,
                alias: Ident::new(format!("k{position}")),
            }
        });
        let projection = self.projection(keys.collect());
        let alias = rows.alias.map(|alias| TableAlias {
            explicit: true,
            name: alias.clone(),
            columns: vec![],
            at: None,
        });
        let table = table_factor(rows.table.clone(), alias);
        let mut from = vec![TableWithJoins {
            relation: table,
            joins: vec![],
        }];
        from.extend(rows.others.iter().cloned());
        let select = select_of(projection, from, rows.selection.cloned());
        Box::new(Statement::Query(Box::new(Query {
            with: rows.with.cloned(),
            ..query_of(select)
        })))
    }

    fn projection(self, mut items: Vec<SelectItem>) -> Vec<SelectItem> {
        let computed = self.exprs.into_iter().enumerate();
        items.extend(computed.map(|(position, expr)| SelectItem::ExprWithAlias {
            expr,
            alias: Ident::new(format!("c{position}")),
        }));
        items
    }
}

/// How the rows that a statement writes are found.
pub(crate) struct RowQuery<'a> {
    pub table: &'a ObjectName,
    pub alias: Option<&'a Ident>,
    pub schema: &'a KeySchema,
    /// Tables of FROM or USING.
    pub others: &'a [TableWithJoins],
    pub selection: Option<&'a Expr>,
    pub with: Option<&'a With>,
}

fn table_factor(name: ObjectName, alias: Option<TableAlias>) -> TableFactor {
    TableFactor::Table {
        name,
        alias,
        args: None,
        with_hints: vec![],
        version: None,
        with_ordinality: false,
        partitions: vec![],
        json_path: None,
        sample: None,
        index_hints: vec![],
    }
}

/// `SELECT projection FROM table`.
pub(crate) fn select_from(table: ObjectName, projection: Vec<SelectItem>) -> Query {
    let from = TableWithJoins {
        relation: table_factor(table, None),
        joins: vec![],
    };
    query_of(select_of(projection, vec![from], None))
}

fn select_of(
    projection: Vec<SelectItem>,
    from: Vec<TableWithJoins>,
    selection: Option<Expr>,
) -> Select {
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: vec![],
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from,
        lateral_views: vec![],
        prewhere: None,
        selection,
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
    }
}

/// Whether there is a query in an expression.
fn has_subquery(expr: &Expr) -> bool {
    struct Subqueries;
    impl Visitor for Subqueries {
        type Break = ();
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    walk(expr, &mut Subqueries).is_break()
}

/// A query that is just that SELECT.
pub(crate) fn query_of(select: Select) -> Query {
    query_of_body(SetExpr::Select(Box::new(select)))
}

/// A query that is just that.
pub(crate) fn query_of_body(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
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
    match walk(expr, &mut Columns { subqueries: 0 }) {
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

/// What PartiQL's UPDATE and DELETE say whose WHERE does not name one item.
pub(crate) fn whole_key_required() -> SqlError {
    SqlError::Other {
        sqlstate: "42601",
        message: "Where clause does not contain a mandatory equality on all key attributes".into(),
        hint: None,
    }
}

/// The byte position of a node in the text.
pub(crate) fn position(text: &str, node: &impl Spanned) -> crate::Position {
    crate::syntax::byte_offset(text, node.span().start)
}
