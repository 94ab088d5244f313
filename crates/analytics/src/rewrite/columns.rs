//! Second walk over the names of a statement: columns, and paths into documents.
//!
//! An unquoted name without an exact match matches in any case if exactly one column does, else it is folded.

use super::names::{IS_MISSING, Qualified, Qualifiers, ScopedTable};
use super::{call, exact, folded, function_name, text};
use crate::functions::path_function_name;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    JoinConstraint, JoinOperator, ObjectNamePart, Select, Subscript, TableWithJoins, UnaryOperator,
    Value, VisitorMut,
};
use shale_sql::{ITEM_COLUMN, SqlType};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The walk.
pub(super) struct Columns<'a> {
    pub tables: &'a BTreeMap<String, Arc<ScopedTable>>,
    pub qualifiers: &'a Qualifiers,
}

impl VisitorMut for Columns<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.resolve_column(ident, None),
            Expr::CompoundIdentifier(idents) => {
                if let Some(path) = self.compound(idents.clone(), &[]) {
                    *expr = path;
                }
            }
            Expr::Function(function) if function_name(function) == IS_MISSING => {
                if let Some(test) = self.is_missing(function) {
                    *expr = test;
                }
            }
            // `column = ANY($1)`: the parameter is an array of the column's type.
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } if matches!(right.as_ref(), Expr::Value(value) if matches!(value.value, Value::Placeholder(_))) =>
            {
                let element = match left.as_ref() {
                    Expr::Identifier(ident) => self.column(ident, None),
                    Expr::CompoundIdentifier(idents) => {
                        let tables = self.qualified(&idents[0]).map(|(_, tables)| tables);
                        idents
                            .last()
                            .and_then(|ident| self.column(ident, tables.as_deref()))
                    }
                    _ => None,
                };
                let element = element.map_or(SqlType::Text, |(_, sql_type)| sql_type);
                let array = SqlType::Array(Box::new(element));
                **right = super::call_cast(right.as_ref().clone(), &array);
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                if let Some(path) = self.field_access(root, access_chain) {
                    *expr = path;
                } else if let Some(field) = composite_field(root, access_chain) {
                    *expr = field;
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.hide_columns(select);
        for from in &mut select.from {
            self.resolve_using(from);
        }
        ControlFlow::Continue(())
    }
}

impl Columns<'_> {
    fn resolve_using(&self, from: &mut TableWithJoins) {
        for join in &mut from.joins {
            let (JoinOperator::Join(JoinConstraint::Using(names))
            | JoinOperator::Inner(JoinConstraint::Using(names))
            | JoinOperator::Left(JoinConstraint::Using(names))
            | JoinOperator::LeftOuter(JoinConstraint::Using(names))
            | JoinOperator::Right(JoinConstraint::Using(names))
            | JoinOperator::RightOuter(JoinConstraint::Using(names))
            | JoinOperator::FullOuter(JoinConstraint::Using(names))) = &mut join.join_operator
            else {
                continue;
            };
            for part in names.iter_mut().filter_map(|name| name.0.last_mut()) {
                if let ObjectNamePart::Identifier(ident) = part {
                    self.resolve_column(ident, None);
                }
            }
        }
    }

    /// The tables that a qualifier stands for, with the qualifier as it was introduced.
    fn qualified(&self, qualifier: &Ident) -> Option<(&Ident, Vec<&Arc<ScopedTable>>)> {
        let candidates = self.qualifiers.get(&qualifier.value.to_lowercase())?;
        let fits = |introduced: &Ident| match (qualifier.quote_style, introduced.quote_style) {
            (Some(_), _) => folded(introduced) == qualifier.value,
            (None, _) => true,
        };
        let mut fitting = candidates
            .iter()
            .filter(|(introduced, _)| fits(introduced))
            .peekable();
        let (first, _) = fitting.peek()?;
        let tables = fitting.filter_map(|(_, qualified)| match qualified {
            Qualified::Table(table) => self.tables.get(table),
            Qualified::System(_) | Qualified::Other => None,
        });
        Some((first, tables.collect()))
    }

    /// Gives a column's identifier its exact spelling.
    fn resolve_column(&self, ident: &mut Ident, within: Option<&[&Arc<ScopedTable>]>) {
        if ident.quote_style.is_some() {
            return;
        }
        let all: Vec<&Arc<ScopedTable>> = match within {
            Some(tables) => tables.to_vec(),
            None => self.tables.values().collect(),
        };
        let columns = || all.iter().flat_map(|table| table.columns.iter());
        let lower = ident.value.to_lowercase();
        if ident.value != lower && columns().any(|column| column.name == ident.value) {
            ident.quote_style = Some('"');
            return;
        }
        if columns().any(|column| column.name == lower) {
            return;
        }
        let mut found: Vec<&str> = columns()
            .filter(|column| column.name.eq_ignore_ascii_case(&lower))
            .map(|column| column.name.as_str())
            .collect();
        found.sort_unstable();
        found.dedup();
        if let [only] = found.as_slice() {
            *ident = exact(*only);
        }
    }

    /// The exact name of a column that an identifier names, and its type, looked for in some tables or in all.
    fn column(
        &self,
        ident: &Ident,
        within: Option<&[&Arc<ScopedTable>]>,
    ) -> Option<(Ident, SqlType)> {
        let mut resolved = ident.clone();
        self.resolve_column(&mut resolved, within);
        let name = folded(&resolved);
        let all: Vec<&Arc<ScopedTable>> = match within {
            Some(tables) => tables.to_vec(),
            None => self.tables.values().collect(),
        };
        let column = all
            .iter()
            .flat_map(|table| table.columns.iter())
            .find(|column| column.name == name)?;
        Some((resolved, column.sql_type.clone()))
    }

    /// `qualifier.column`, `qualifier.column.path…`, `column.path…`, each with more steps behind it.
    fn compound(&self, idents: Vec<Ident>, steps: &[String]) -> Option<Expr> {
        let mut idents = idents;
        // public.table.column: the schema adds nothing.
        if idents.len() > 2
            && matches!(
                folded(&idents[0]).as_str(),
                "public" | "pg_catalog" | "information_schema"
            )
            && self.qualified(&idents[0]).is_none()
        {
            idents.remove(0);
        }
        if let [qualifier, column] = idents.as_slice()
            && folded(column) == "tableoid"
            && let Some(candidates) = self.qualifiers.get(&qualifier.value.to_lowercase())
            && let [(_, Qualified::System(relation))] = candidates.as_slice()
        {
            let oid = Value::Number(relation.oid.to_string(), false);
            return Some(Expr::Value(oid.with_empty_span()));
        }
        if let Some((qualifier, tables)) = self.qualified(&idents[0]) {
            let qualifier = match tables.as_slice() {
                // A table that goes by its own name has that in exact spelling.
                [table]
                    if folded(qualifier).eq_ignore_ascii_case(table.relation.name())
                        && self.is_plain_table(qualifier) =>
                {
                    exact(table.relation.name())
                }
                _ => qualifier.clone(),
            };
            let mut column = idents.get(1)?.clone();
            let known = self.column(&column, Some(&tables));
            self.resolve_column(&mut column, Some(&tables));
            let base = Expr::CompoundIdentifier(vec![qualifier, column]);
            let path: Vec<String> = idents[2..]
                .iter()
                .map(|ident| ident.value.clone())
                .chain(steps.iter().cloned())
                .collect();
            return match (path.is_empty(), known) {
                (true, _) => Some(base),
                (false, Some((_, sql_type))) if sql_type.is_json() => Some(path_call(base, path)),
                (false, _) => None,
            };
        }
        let (column, sql_type) = self.column(&idents[0], None)?;
        let path: Vec<String> = idents[1..]
            .iter()
            .map(|ident| ident.value.clone())
            .chain(steps.iter().cloned())
            .collect();
        sql_type
            .is_json()
            .then(|| path_call(Expr::Identifier(column), path))
    }

    /// `a IS MISSING`: whether the item has no such attribute, not even one of the NULL type.
    fn is_missing(&self, function: &Function) -> Option<Expr> {
        let FunctionArguments::List(list) = &function.args else {
            return None;
        };
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(tested))] = list.args.as_slice() else {
            return None;
        };
        let (item, attribute) = match tested {
            Expr::Identifier(ident) => (
                Expr::Identifier(exact(ITEM_COLUMN)),
                self.column(ident, None)?.0,
            ),
            Expr::CompoundIdentifier(idents) => {
                let [qualifier, ident] = idents.as_slice() else {
                    return None;
                };
                let (_, tables) = self.qualified(qualifier)?;
                let item = vec![qualifier.clone(), exact(ITEM_COLUMN)];
                (
                    Expr::CompoundIdentifier(item),
                    self.column(ident, Some(&tables))?.0,
                )
            }
            _ => return None,
        };
        let has = call("shale_json_has", [item, text(folded(&attribute))]);
        Some(Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(has),
        })
    }

    /// Whether a qualifier is the name of a table in FROM, not an alias.
    fn is_plain_table(&self, qualifier: &Ident) -> bool {
        self.qualifiers
            .get(&qualifier.value.to_lowercase())
            .is_some_and(|candidates| {
                candidates
                    .iter()
                    .all(|(introduced, qualified)| match qualified {
                        Qualified::Table(table) => introduced.value.eq_ignore_ascii_case(table),
                        Qualified::System(_) | Qualified::Other => false,
                    })
            })
    }

    /// `a.b[0].c` over a json column; arrays keep their subscripts.
    fn field_access(&self, root: &Expr, chain: &[AccessExpr]) -> Option<Expr> {
        let mut idents = match root {
            Expr::Nested(inner) => return self.field_access(inner, chain),
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(idents) => idents.clone(),
            _ => return None,
        };
        let mut steps = Vec::new();
        for access in chain {
            match access {
                AccessExpr::Dot(Expr::Identifier(ident)) if steps.is_empty() => {
                    idents.push(ident.clone())
                }
                AccessExpr::Dot(Expr::Identifier(ident)) => steps.push(ident.value.clone()),
                AccessExpr::Subscript(Subscript::Index {
                    index: Expr::Value(value),
                }) => match &value.value {
                    Value::Number(number, _) => steps.push(number.clone()),
                    Value::SingleQuotedString(name) => steps.push(name.clone()),
                    _ => return None,
                },
                _ => return None,
            }
        }
        match self.compound(idents, &steps)? {
            // A plain column: what follows it are an array's subscripts.
            Expr::CompoundIdentifier(_) => None,
            path => Some(path),
        }
    }
}

/// `(composite).field`, where the composite is no column of a table.
fn composite_field(root: &Expr, chain: &[AccessExpr]) -> Option<Expr> {
    if let Expr::Identifier(_) | Expr::CompoundIdentifier(_) = root {
        return None;
    }
    let mut field = root.clone();
    for access in chain {
        let AccessExpr::Dot(Expr::Identifier(name)) = access else {
            return None;
        };
        field = call("get_field", [field, text(folded(name))]);
    }
    Some(field)
}

fn path_call(column: Expr, path: Vec<String>) -> Expr {
    call(
        path_function_name(),
        std::iter::once(column).chain(path.into_iter().map(text)),
    )
}
