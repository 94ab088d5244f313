//! `c.tableoid` of a relation of the catalog: which relation the row is in, which its alias tells.

use super::compat::number;
use crate::catalog::spec;
use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Select, TableFactor, TableWithJoins, VisitorMut,
};
use shale_sql::walk_mut;
use std::ops::ControlFlow;

/// Puts the oids of system relations in the places of the `tableoid` of their aliases.
pub(super) fn name_relations(select: &mut Select) {
    let relations: Vec<(String, i64)> = select
        .from
        .iter()
        .flat_map(factors)
        .filter_map(system_relation)
        .collect();
    if relations.is_empty() {
        return;
    }
    // IMPORTANT: subqueries come first, as selects of their own; what is left in them belongs to this one.
    let mut replacer = Replacer(&relations);
    let _ = walk_mut(&mut select.projection, &mut replacer);
    let _ = walk_mut(&mut select.selection, &mut replacer);
}

fn factors(from: &TableWithJoins) -> impl Iterator<Item = &TableFactor> {
    let joined = from.joins.iter().map(|join| &join.relation);
    std::iter::once(&from.relation).chain(joined)
}

/// The alias of a relation of the catalog, and its oid.
fn system_relation(factor: &TableFactor) -> Option<(String, i64)> {
    let TableFactor::Table { name, alias, .. } = factor else {
        return None;
    };
    let ObjectName(parts) = name;
    let table = parts.last()?.as_ident()?;
    let relation = spec::all()
        .iter()
        .find(|relation| relation.name.eq_ignore_ascii_case(&table.value))?;
    let alias = alias.as_ref().map_or(table, |alias| &alias.name);
    Some((alias.value.clone(), relation.oid))
}

struct Replacer<'a>(&'a [(String, i64)]);

impl VisitorMut for Replacer<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(idents) = expr
            && let [alias, column] = idents.as_slice()
            && column.value.eq_ignore_ascii_case("tableoid")
            && let Some((_, oid)) = self
                .0
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(&alias.value))
        {
            *expr = number(&oid.to_string());
        }
        ControlFlow::Continue(())
    }
}
