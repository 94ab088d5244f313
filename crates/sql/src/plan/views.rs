//! What a view in a statement stands for: its query, in the place of its name.
//!
//! Not here: CREATE VIEW (`view_ddl`), dropping views (`session::views`).
//!
//! A view that only filters rows of one table and names some of its columns is taken away altogether where it is all that a SELECT reads:
//! the statement reads the table then, so that a point select through the view is a key lookup. Every other one becomes a subquery.
//! Tables inside of a view are named with their schema, so that no WITH of the statement catches them.

use super::{query_of, select_of, table_factor};
use crate::names::{Catalog, Relation, find_relation};
use crate::syntax::{Stmt, parse_unplaced, walk, walk_mut};
use crate::{Dialect, SqlError};
use shale_engine::TableDescription;
use sqlparser::ast::{
    BinaryOperator, Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, TableAlias, TableFactor, TableWithJoins,
    Visitor, VisitorMut, WildcardAdditionalOptions,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Deepest views over views.
const VIEWS_NESTED_MAX: usize = 32;

/// A view that a statement used, and its version.
pub(crate) type UsedViews = Vec<(String, u64)>;

/// Puts queries in the place of the views of a query.
///
/// # Errors
/// 54001 for views that are nested too deeply, 42P01.
pub(crate) fn expand(
    catalog: &dyn Catalog,
    query: &mut Query,
    text: &str,
) -> Result<UsedViews, SqlError> {
    if !catalog.has_views() {
        return Ok(Vec::new());
    }
    let mut expansion = Expansion::new(catalog, text, 0);
    expansion.query(query)?;
    Ok(expansion.used)
}

/// As [`expand`], of a statement that is a query; none if it has no views.
pub(crate) fn expanded(
    catalog: &dyn Catalog,
    statement: &Statement,
    text: &str,
) -> Result<Option<(Statement, UsedViews)>, SqlError> {
    let Statement::Query(query) = statement else {
        return Ok(None);
    };
    if !catalog.has_views() {
        return Ok(None);
    }
    let mut query = query.clone();
    let used = expand(catalog, &mut query, text)?;
    Ok((!used.is_empty()).then_some((Statement::Query(query), used)))
}

/// Names of the tables and views that the query of a view names.
pub(crate) fn dependencies(catalog: &dyn Catalog, view: &TableDescription) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Ok(query) = query_of_view(view) else {
        return names;
    };
    for name in relations_of(&query) {
        match find_relation(catalog, &name, "", Dialect::Postgres) {
            Ok(Relation::Table(found) | Relation::Index(found, _) | Relation::View(found)) => {
                names.insert(found.definition.name.clone());
            }
            Ok(Relation::System) | Err(_) => {}
        }
    }
    names
}

/// Whether a view's query says that name anywhere: a column or an alias of it.
pub(crate) fn mentions(view: &TableDescription, name: &str) -> bool {
    struct Names<'a>(&'a str);
    impl Visitor for Names<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let is = |ident: &Ident| ident.value.eq_ignore_ascii_case(self.0);
            let found = match expr {
                Expr::Identifier(ident) => is(ident),
                Expr::CompoundIdentifier(idents) => idents.iter().any(is),
                _ => false,
            };
            match found {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
    let columns = &view.definition.columns;
    columns.iter().any(|column| column.name == name)
        || query_of_view(view).is_ok_and(|query| walk(&query, &mut Names(name)).is_break())
}

/// The query of a view, with no places in the statement's text.
fn query_of_view(view: &TableDescription) -> Result<Query, SqlError> {
    let text = view.definition.sql.view.as_deref().unwrap_or_default();
    match parse_unplaced(text)? {
        Some(Stmt::Sql(statement)) => match *statement {
            Statement::Query(query) => Ok(*query),
            _ => Err(unreadable(view)),
        },
        _ => Err(unreadable(view)),
    }
}

fn unreadable(view: &TableDescription) -> SqlError {
    SqlError::Other {
        sqlstate: "XX000",
        message: format!("the query of view \"{}\" is no query", view.definition.name),
        hint: None,
    }
}

/// Names in FROM that are no names of WITH and no functions.
fn relations_of(query: &Query) -> Vec<ObjectName> {
    #[derive(Default)]
    struct Relations {
        common: Vec<String>,
        found: Vec<ObjectName>,
    }
    impl Visitor for Relations {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            note_common(query, &mut self.common);
            ControlFlow::Continue(())
        }
        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            if let TableFactor::Table {
                name, args: None, ..
            } = factor
            {
                self.found.push(name.clone());
            }
            ControlFlow::Continue(())
        }
    }
    let mut relations = Relations::default();
    let _ = walk(query, &mut relations);
    let Relations { common, mut found } = relations;
    found.retain(|name| !is_common(&common, name));
    found
}

fn note_common(query: &Query, common: &mut Vec<String>) {
    let tables = query.with.iter().flat_map(|with| &with.cte_tables);
    common.extend(tables.map(|table| table.alias.name.value.to_lowercase()));
}

fn is_common(common: &[String], name: &ObjectName) -> bool {
    match name.0.as_slice() {
        [part] => part
            .as_ident()
            .is_some_and(|ident| common.contains(&ident.value.to_lowercase())),
        _ => false,
    }
}

struct Expansion<'a> {
    catalog: &'a dyn Catalog,
    text: &'a str,
    depth: usize,
    common: Vec<String>,
    used: UsedViews,
}

impl<'a> Expansion<'a> {
    fn new(catalog: &'a dyn Catalog, text: &'a str, depth: usize) -> Expansion<'a> {
        Expansion {
            catalog,
            text,
            depth,
            common: Vec::new(),
            used: Vec::new(),
        }
    }

    fn query(&mut self, query: &mut Query) -> Result<(), SqlError> {
        struct Common<'c>(&'c mut Vec<String>);
        impl Visitor for Common<'_> {
            type Break = ();
            fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
                note_common(query, self.0);
                ControlFlow::Continue(())
            }
        }
        let _ = walk(&*query, &mut Common(&mut self.common));
        self.merge_whole(query)?;
        match walk_mut(query, self) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    /// The view that a name in FROM means.
    fn view(&self, name: &ObjectName) -> Option<Arc<TableDescription>> {
        if is_common(&self.common, name) {
            return None;
        }
        match find_relation(self.catalog, name, self.text, Dialect::Postgres) {
            Ok(Relation::View(view)) => Some(view),
            _ => None,
        }
    }

    fn note(&mut self, view: &TableDescription) {
        self.used.push((view.definition.name.clone(), view.version));
    }

    /// Takes a plain view away that is all that the query reads.
    fn merge_whole(&mut self, query: &mut Query) -> Result<(), SqlError> {
        let Some((_, name, alias)) = super::select::single_table(query) else {
            return Ok(());
        };
        let Some(view) = self.view(name) else {
            return Ok(());
        };
        let called = match alias {
            Some(alias) => alias.name.clone(),
            None => Ident::with_quote('"', &view.definition.name),
        };
        let Some(plain) = self.plain(&view, self.depth)? else {
            return Ok(());
        };
        if !only_names(query, &called, &plain.columns) {
            return Ok(());
        }
        let SetExpr::Select(select) = query.body.as_mut() else {
            return Ok(());
        };
        let columns = &plain.columns;
        select.projection = std::mem::take(&mut select.projection)
            .into_iter()
            .flat_map(|item| match item {
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => items(columns),
                item => vec![item],
            })
            .collect();
        select.selection = both(plain.selection, select.selection.take());
        let table = table_factor(plain.table, Some(alias_of(called)));
        select.from = vec![TableWithJoins {
            relation: table,
            joins: vec![],
        }];
        self.used.extend(plain.used);
        Ok(())
    }

    /// A view that is nothing but rows of a table that satisfy a condition, and some of its columns under their own names.
    fn plain(&self, view: &TableDescription, depth: usize) -> Result<Option<Plain>, SqlError> {
        if depth >= VIEWS_NESTED_MAX {
            return Err(too_deep());
        }
        let query = query_of_view(view)?;
        let nothing_else =
            query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
        let Some((select, name, alias)) = super::select::single_table(&query) else {
            return Ok(None);
        };
        if !nothing_else || has_query(&query) {
            return Ok(None);
        }
        let (table, mut below) = match find_relation(self.catalog, name, "", Dialect::Postgres) {
            Ok(Relation::Table(table)) => {
                let base = Plain {
                    table: public(&table.definition.name),
                    columns: crate::table_columns(&table)
                        .into_iter()
                        .map(|column| column.name)
                        .collect(),
                    selection: None,
                    used: Vec::new(),
                };
                (table.definition.name.clone(), base)
            }
            Ok(Relation::View(below)) => match self.plain(&below, depth + 1)? {
                Some(plain) => (below.definition.name.clone(), plain),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let called = alias.map_or(table, |alias| alias.name.value.clone());
        let columns = &view.definition.columns;
        let own = match select.projection.as_slice() {
            [SelectItem::Wildcard(options)] => *options == WildcardAdditionalOptions::default(),
            items => {
                items.len() == columns.len()
                    && items.iter().zip(columns).all(|(item, column)| match item {
                        SelectItem::UnnamedExpr(expr) => is_column(expr, &called, &column.name),
                        SelectItem::ExprWithAlias { expr, alias } => {
                            alias.value == column.name && is_column(expr, &called, &column.name)
                        }
                        _ => false,
                    })
            }
        };
        let columns: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        if !own || !columns.iter().all(|name| below.columns.contains(name)) {
            return Ok(None);
        }
        let mut selection = select.selection.clone();
        if let Some(selection) = &mut selection
            && !unqualify(selection, &called, &below.columns)
        {
            return Ok(None);
        }
        below.selection = both(below.selection, selection);
        below.columns = columns;
        below
            .used
            .push((view.definition.name.clone(), view.version));
        Ok(Some(below))
    }

    /// The subquery that a view stands for.
    fn subquery(&mut self, view: &TableDescription) -> Result<Query, SqlError> {
        if self.depth >= VIEWS_NESTED_MAX {
            return Err(too_deep());
        }
        let mut query = query_of_view(view)?;
        let mut inner = Expansion::new(self.catalog, "", self.depth + 1);
        inner.query(&mut query)?;
        let common = std::mem::take(&mut inner.common);
        self.used.append(&mut inner.used);
        let mut schemas = Schemas {
            catalog: self.catalog,
            common,
        };
        let _ = walk_mut(&mut query, &mut schemas);
        let columns: Vec<String> = view
            .definition
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        if name_outputs(&mut query, &columns) {
            return Ok(query);
        }
        // What `*` means may have grown since the view was made.
        let from = TableWithJoins {
            relation: TableFactor::Derived {
                lateral: false,
                subquery: Box::new(query),
                alias: Some(alias_of(Ident::with_quote('"', "*VIEW*"))),
                sample: None,
            },
            joins: vec![],
        };
        Ok(query_of(select_of(items(&columns), vec![from], None)))
    }
}

impl VisitorMut for Expansion<'_> {
    type Break = SqlError;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let Some(view) = self.view(name) else {
            return ControlFlow::Continue(());
        };
        self.note(&view);
        let subquery = match self.subquery(&view) {
            Ok(subquery) => Box::new(subquery),
            Err(error) => return ControlFlow::Break(error),
        };
        let called = alias
            .take()
            .unwrap_or_else(|| alias_of(Ident::with_quote('"', &view.definition.name)));
        *factor = TableFactor::Derived {
            lateral: false,
            subquery,
            alias: Some(called),
            sample: None,
        };
        ControlFlow::Continue(())
    }
}

/// See [`Expansion::plain`].
struct Plain {
    table: ObjectName,
    columns: Vec<String>,
    selection: Option<Expr>,
    used: UsedViews,
}

/// Gives the tables of a view's query their schema.
struct Schemas<'a> {
    catalog: &'a dyn Catalog,
    common: Vec<String>,
}

impl VisitorMut for Schemas<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
            && let [part] = name.0.as_slice()
            && let Some(written) = part.as_ident().cloned()
            && !is_common(&self.common, name)
        {
            match find_relation(self.catalog, name, "", Dialect::Postgres) {
                Ok(Relation::Table(table)) => {
                    *name = public(&table.definition.name);
                    alias.get_or_insert_with(|| alias_of(written));
                }
                Ok(Relation::System) => {
                    let schema = Ident::new("pg_catalog");
                    name.0.insert(0, ObjectNamePart::Identifier(schema));
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}

fn too_deep() -> SqlError {
    SqlError::Other {
        sqlstate: "54001",
        message: format!("views are nested deeper than {VIEWS_NESTED_MAX} levels"),
        hint: None,
    }
}

/// `public."name"`
fn public(name: &str) -> ObjectName {
    ObjectName::from(vec![Ident::new("public"), Ident::with_quote('"', name)])
}

fn alias_of(name: Ident) -> TableAlias {
    TableAlias {
        explicit: true,
        name,
        columns: vec![],
        at: None,
    }
}

fn items(columns: &[String]) -> Vec<SelectItem> {
    columns
        .iter()
        .map(|name| SelectItem::UnnamedExpr(Expr::Identifier(Ident::with_quote('"', name))))
        .collect()
}

fn both(first: Option<Expr>, second: Option<Expr>) -> Option<Expr> {
    let nested = |expr: Expr| Expr::Nested(Box::new(expr));
    match (first, second) {
        (Some(first), Some(second)) => Some(Expr::BinaryOp {
            left: Box::new(nested(first)),
            op: BinaryOperator::And,
            right: Box::new(nested(second)),
        }),
        (first, second) => first.or(second),
    }
}

/// Gives the outputs of a query these names, if it says how many there are.
fn name_outputs(query: &mut Query, names: &[String]) -> bool {
    let mut body = query.body.as_mut();
    let select: &mut Select = loop {
        match body {
            SetExpr::Select(select) => break select,
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return false,
        }
    };
    let stars = select.projection.iter().any(|item| {
        matches!(
            item,
            SelectItem::Wildcard(_)
                | SelectItem::QualifiedWildcard(..)
                | SelectItem::ExprWithAliases { .. }
        )
    });
    if stars || select.projection.len() != names.len() {
        return false;
    }
    for (item, name) in select.projection.iter_mut().zip(names) {
        if let SelectItem::UnnamedExpr(expr) = item {
            *item = SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::with_quote('"', name),
            };
        }
    }
    true
}

/// Whether an expression is a column of that name, perhaps with the name of its table.
fn is_column(expr: &Expr, table: &str, name: &str) -> bool {
    match expr {
        Expr::Identifier(ident) => is(ident, name),
        Expr::CompoundIdentifier(idents) => {
            matches!(idents.as_slice(), [of, ident] if is(of, table) && is(ident, name))
        }
        _ => false,
    }
}

fn is(ident: &Ident, name: &str) -> bool {
    match ident.quote_style {
        Some(_) => ident.value == name,
        None => ident.value.eq_ignore_ascii_case(name),
    }
}

fn has_query(query: &Query) -> bool {
    struct Queries(usize);
    impl Visitor for Queries {
        type Break = ();
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.0 += 1;
            match self.0 {
                1 => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        }
    }
    walk(query, &mut Queries(0)).is_break()
}

/// Whether all names of a query without subqueries are these columns, perhaps with that name in front; then it means the same with the
/// table in the place of the view.
fn only_names(query: &Query, called: &Ident, columns: &[String]) -> bool {
    struct Names<'a> {
        called: &'a Ident,
        columns: &'a [String],
    }
    impl Names<'_> {
        fn has(&self, ident: &Ident) -> bool {
            self.columns.iter().any(|name| is(ident, name))
        }
    }
    impl Visitor for Names<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let known = match expr {
                Expr::Identifier(ident) => self.has(ident),
                Expr::CompoundIdentifier(idents) => match idents.as_slice() {
                    [of, ident, ..] if is(of, &self.called.value) => self.has(ident),
                    [ident, ..] => self.has(ident),
                    [] => false,
                },
                // A path, whose first part may be any name.
                Expr::CompoundFieldAccess { .. } => false,
                _ => true,
            };
            match known {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        }
    }
    if has_query(query) {
        return false;
    }
    let SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    let plain = select.projection.iter().all(|item| match item {
        SelectItem::Wildcard(options) => *options == WildcardAdditionalOptions::default(),
        SelectItem::QualifiedWildcard(
            SelectItemQualifiedWildcardKind::ObjectName(name),
            options,
        ) => {
            *options == WildcardAdditionalOptions::default()
                && matches!(name.0.as_slice(), [part] if part
                    .as_ident()
                    .is_some_and(|ident| is(ident, &called.value)))
        }
        SelectItem::UnnamedExpr(_) => true,
        // Its name may be what ORDER BY means.
        SelectItem::ExprWithAlias { .. } => query.order_by.is_none(),
        _ => false,
    });
    plain && walk(query, &mut Names { called, columns }).is_continue()
}

/// Takes the table's name from the columns of a view's condition; whether all its names are columns.
fn unqualify(selection: &mut Expr, table: &str, columns: &[String]) -> bool {
    struct Unqualify<'a> {
        table: &'a str,
        columns: &'a [String],
    }
    impl VisitorMut for Unqualify<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::CompoundIdentifier(idents) = expr
                && let [of, ident] = idents.as_slice()
                && is(of, self.table)
            {
                *expr = Expr::Identifier(ident.clone());
            }
            let known = match expr {
                Expr::Identifier(ident) => self.columns.iter().any(|name| is(ident, name)),
                Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } => false,
                _ => true,
            };
            match known {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        }
    }
    walk_mut(selection, &mut Unqualify { table, columns }).is_continue()
}
