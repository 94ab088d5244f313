//! What `*` leaves out: columns of a table that the statement reaches by name only.

use super::columns::Columns;
use super::names::constraint;
use super::{exact, folded};
use datafusion::sql::sqlparser::ast::{
    ExceptSelectItem, JoinConstraint, ObjectName, ObjectNamePart, Select, SelectItem,
    SelectItemQualifiedWildcardKind, TableFactor, TableWithJoins, WildcardAdditionalOptions,
};

impl Columns<'_> {
    /// Takes columns that were only reached by name out of `*`.
    pub(super) fn hide_columns(&self, select: &mut Select) {
        let sources = self.sources(&select.from);
        if sources.iter().all(|source| source.hidden.is_empty()) {
            return;
        }
        let constraints: Vec<&JoinConstraint> = select
            .from
            .iter()
            .flat_map(|from| &from.joins)
            .filter_map(|join| constraint(&join.join_operator))
            .collect();
        let natural = constraints
            .iter()
            .any(|constraint| matches!(constraint, JoinConstraint::Natural));
        // Columns that a join merges are shown once, with the first relation.
        let merged: Vec<String> = constraints
            .iter()
            .filter_map(|constraint| match constraint {
                JoinConstraint::Using(names) => Some(names),
                _ => None,
            })
            .flatten()
            .filter_map(|name| name.0.last()?.as_ident())
            .map(folded)
            .collect();
        let mut projection = Vec::with_capacity(select.projection.len());
        for item in std::mem::take(&mut select.projection) {
            match item {
                SelectItem::Wildcard(options) if natural => {
                    let hidden: Vec<String> = sources
                        .iter()
                        .flat_map(|source| source.hidden.iter().cloned())
                        .collect();
                    projection.push(SelectItem::Wildcard(without(options, &hidden)));
                }
                SelectItem::Wildcard(options) => {
                    for (position, source) in sources.iter().enumerate() {
                        let mut left_out = source.hidden.clone();
                        if position > 0 {
                            left_out.extend(merged.iter().cloned());
                        }
                        projection.push(SelectItem::QualifiedWildcard(
                            SelectItemQualifiedWildcardKind::ObjectName(source.qualifier.clone()),
                            without(options.clone(), &left_out),
                        ));
                    }
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) => {
                    let source = sources.iter().find(|source| source.is(&name));
                    let hidden = source.map_or(&[][..], |source| &source.hidden);
                    let options = without(options, hidden);
                    projection.push(SelectItem::QualifiedWildcard(
                        SelectItemQualifiedWildcardKind::ObjectName(name),
                        options,
                    ));
                }
                other => projection.push(other),
            }
        }
        select.projection = projection;
    }

    fn sources(&self, from: &[TableWithJoins]) -> Vec<Source> {
        let mut sources = Vec::new();
        for tables in from {
            self.add_source(&tables.relation, &mut sources);
            for join in &tables.joins {
                self.add_source(&join.relation, &mut sources);
            }
        }
        sources
    }

    fn add_source(&self, factor: &TableFactor, sources: &mut Vec<Source>) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let table = match name.0.as_slice() {
                    [
                        ObjectNamePart::Identifier(schema),
                        ObjectNamePart::Identifier(table),
                    ] if schema.value == "public" => self.tables.get(&table.value),
                    _ => None,
                };
                let hidden = table.map_or_else(Vec::new, |table| {
                    let hidden = table.columns.iter().filter(|column| !column.visible);
                    hidden.map(|column| column.name.clone()).collect()
                });
                let qualifier = match alias {
                    Some(alias) => ObjectName::from(vec![alias.name.clone()]),
                    None => name.clone(),
                };
                sources.push(Source { qualifier, hidden });
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => {
                sources.extend(self.sources(std::slice::from_ref(table_with_joins)));
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. } => {
                if let Some(alias) = alias {
                    let qualifier = ObjectName::from(vec![alias.name.clone()]);
                    sources.push(Source {
                        qualifier,
                        hidden: Vec::new(),
                    });
                }
            }
            _ => {}
        }
    }
}

/// A relation in FROM.
struct Source {
    qualifier: ObjectName,
    /// Columns that `*` leaves out.
    hidden: Vec<String>,
}

impl Source {
    fn is(&self, name: &ObjectName) -> bool {
        let last = |name: &ObjectName| name.0.last().and_then(|part| part.as_ident()).map(folded);
        match (last(&self.qualifier), last(name)) {
            (Some(own), Some(other)) => own.eq_ignore_ascii_case(&other),
            _ => false,
        }
    }
}

fn without(options: WildcardAdditionalOptions, hidden: &[String]) -> WildcardAdditionalOptions {
    let mut options = options;
    let mut names = hidden.iter().map(exact);
    if options.opt_except.is_none()
        && let Some(first_element) = names.next()
    {
        options.opt_except = Some(ExceptSelectItem {
            first_element,
            additional_elements: names.collect(),
        });
    }
    options
}
