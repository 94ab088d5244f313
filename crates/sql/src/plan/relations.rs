//! The tables that a statement names, looked for before the analytic executor plans it, so that errors have a position.
//!
//! Not here: what names mean (`names`).

use crate::names::{Catalog, Relation, find_relation};
use crate::syntax::{CursorStatement, Insert, InsertSource, Stmt, walk};
use crate::{Dialect, SqlError};
use shale_engine::TableDescription;
use sqlparser::ast::{Expr, Ident, ObjectName, Query, SetExpr, TableFactor, Visitor};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Checks that all tables of a query exist, so that the error has a position; names of WITH are no tables. Returns the tables and whether
/// system relations are among them.
pub(crate) fn check_relations(
    catalog: &dyn Catalog,
    statement: &sqlparser::ast::Statement,
    text: &str,
) -> Result<(Vec<Arc<TableDescription>>, bool), SqlError> {
    #[derive(Default)]
    struct Names {
        common: Vec<String>,
        relations: Vec<ObjectName>,
        functions: Vec<ObjectName>,
        sequence: Option<String>,
        writes: bool,
        into: bool,
    }
    impl Visitor for Names {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            const OF_SEQUENCES: [&str; 4] = ["nextval", "currval", "setval", "lastval"];
            if let Expr::Function(function) = expr {
                let name = function.name.to_string().to_lowercase();
                let bare = name.strip_prefix("pg_catalog.").unwrap_or(&name);
                if OF_SEQUENCES.contains(&bare) {
                    self.sequence = Some(bare.to_owned());
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        }
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            self.writes |= matches!(
                query.body.as_ref(),
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
            );
            self.into |=
                matches!(query.body.as_ref(), SetExpr::Select(select) if select.into.is_some());
            if let Some(with) = &query.with {
                let names = with
                    .cte_tables
                    .iter()
                    .map(|cte| cte.alias.name.value.clone());
                self.common.extend(names);
            }
            ControlFlow::Continue(())
        }
        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            if let TableFactor::Table {
                name,
                args: Some(_),
                ..
            } = factor
            {
                self.functions.push(name.clone());
            }
            ControlFlow::Continue(())
        }
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            self.relations.push(relation.clone());
            ControlFlow::Continue(())
        }
    }
    let mut names = Names::default();
    let _ = walk(statement, &mut names);
    if let Some(function) = names.sequence {
        return Err(SqlError::NotSupported {
            feature: format!("the function {function}, as there are no sequences,"),
            hint: Some(crate::session::command::SEQUENCE_HINT.into()),
        });
    }
    if names.into {
        return Err(into_misplaced());
    }
    if names.writes {
        return Err(SqlError::NotSupported {
            feature: "a statement that writes inside of a query".into(),
            hint: Some("Run it by itself, in one transaction with the other.".into()),
        });
    }
    let mut tables: Vec<Arc<TableDescription>> = Vec::new();
    let mut system = false;
    for relation in &names.relations {
        let common = relation.0.len() == 1
            && relation.0[0].as_ident().is_some_and(|ident| {
                names
                    .common
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(&ident.value))
            });
        if common || names.functions.contains(relation) {
            continue;
        }
        match find_relation(catalog, relation, text, Dialect::Postgres)? {
            Relation::System => system = true,
            // Its query stands in its place, unless it is named where only tables are.
            Relation::View(view) => {
                return Err(SqlError::Other {
                    sqlstate: "42809",
                    message: format!("\"{}\" is not a table", view.definition.name),
                    hint: None,
                });
            }
            Relation::Table(table) | Relation::Index(table, _) => {
                if !tables.iter().any(|known| known.id == table.id) {
                    tables.push(table);
                }
            }
        }
    }
    Ok((tables, system))
}

/// A query that makes a table is a statement by itself.
pub(crate) fn into_misplaced() -> SqlError {
    SqlError::Other {
        sqlstate: "42601",
        message: "SELECT ... INTO is not allowed here".into(),
        hint: None,
    }
}

/// `FOR UPDATE OF t` names tables of the statement.
///
/// # Errors
/// 42P01 for another name.
pub(crate) fn check_locked_tables(
    names: &[Ident],
    statement: &Stmt,
    text: &str,
) -> Result<(), SqlError> {
    #[derive(Default)]
    struct Tables(Vec<String>);
    impl Visitor for Tables {
        type Break = ();
        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            let (name, alias) = match factor {
                TableFactor::Table { name, alias, .. } => {
                    (name.0.last().and_then(|part| part.as_ident()), alias)
                }
                TableFactor::Derived { alias, .. } => (None, alias),
                _ => return ControlFlow::Continue(()),
            };
            let called = alias.as_ref().map(|alias| &alias.name).or(name);
            self.0.extend(called.map(|ident| ident.value.clone()));
            ControlFlow::Continue(())
        }
    }
    let mut tables = Tables::default();
    let _ = match statement {
        Stmt::Sql(statement) => walk(statement.as_ref(), &mut tables),
        Stmt::Cursor(CursorStatement::Declare { query, .. })
        | Stmt::Insert(Insert {
            source: InsertSource::Query(query),
            ..
        }) => walk(query.as_ref(), &mut tables),
        Stmt::Update(update) => {
            let _ = walk(&update.with, &mut tables);
            walk(&update.selection, &mut tables)
        }
        Stmt::Delete(delete) => {
            let _ = walk(&delete.with, &mut tables);
            walk(&delete.selection, &mut tables)
        }
        Stmt::Explain { statement, .. } => return check_locked_tables(names, statement, text),
        // Checked when the statement inside is planned.
        _ => return Ok(()),
    };
    for name in names {
        let known = tables
            .0
            .iter()
            .any(|table| table.eq_ignore_ascii_case(&name.value));
        if !known {
            return Err(SqlError::UndefinedTable {
                name: name.value.clone(),
                position: crate::syntax::ident_position(text, name),
            });
        }
    }
    Ok(())
}
