//! First walk over the names of a statement: its tables, their aliases, and every name that is mentioned.
//!
//! Scopes are not followed: an alias that two SELECTs of a statement use differently stands for both tables, which only matters to names
//! that differ in case alone.

use super::columns::Columns;
use super::{exact, folded, function_name};
use crate::catalog::spec::{self, SystemRelation};
use crate::relation::{Relation, RelationColumn};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query, Select,
    TableAlias, TableFactor, TableWithJoins, Visitor, VisitorMut,
};
use shale_engine::TableDescription;
use shale_sql::{Catalog, Dialect, ITEM_COLUMN, SqlError, find_index, find_table, walk, walk_mut};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The function that `IS MISSING` is parsed as.
pub(super) const IS_MISSING: &str = "__is_missing";

/// Databases that a qualified name may name: one and its alias.
const DATABASES: &[&str] = &["shale", "postgres"];

/// A user table in a statement, with the columns that the statement can reach.
#[derive(Debug)]
pub(crate) struct ScopedTable {
    /// The table.
    pub relation: Relation,
    /// Visible columns, and those hidden ones that the statement names.
    pub columns: Vec<RelationColumn>,
}

/// The user tables of a statement, by exact name.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// By exact name.
    pub tables: BTreeMap<String, Arc<ScopedTable>>,
}

/// The names of all WITH queries of a statement, folded.
pub(super) fn cte_names(query: &Query) -> HashSet<String> {
    struct Finder(HashSet<String>);
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            if let Some(with) = &query.with {
                self.0
                    .extend(with.cte_tables.iter().map(|cte| folded(&cte.alias.name)));
            }
            ControlFlow::Continue(())
        }
    }
    let mut finder = Finder(HashSet::new());
    let _ = walk(query, &mut finder);
    finder.0
}

/// Resolves the names of a query in place.
///
/// # Errors
/// 42P01, 3F000 for tables and schemas that are not there.
pub(super) fn resolve(
    query: &mut Query,
    catalog: &dyn Catalog,
    ctes: HashSet<String>,
) -> Result<Scope, SqlError> {
    let mut tables = Tables {
        catalog,
        ctes,
        relations: BTreeMap::new(),
        qualifiers: HashMap::new(),
        mentioned: HashSet::new(),
    };
    if let ControlFlow::Break(error) = walk_mut(query, &mut tables) {
        return Err(error);
    }
    let Tables {
        relations,
        qualifiers,
        mentioned,
        ..
    } = tables;
    let scoped: BTreeMap<String, Arc<ScopedTable>> = relations
        .into_iter()
        .map(|(name, relation)| {
            let reached =
                |column: &&RelationColumn| column.visible || is_mentioned(&mentioned, &column.name);
            let columns = relation.columns.iter().filter(reached).cloned().collect();
            (name, Arc::new(ScopedTable { relation, columns }))
        })
        .collect();
    let mut columns = Columns {
        tables: &scoped,
        qualifiers: &qualifiers,
    };
    let _ = walk_mut(query, &mut columns);
    Ok(Scope { tables: scoped })
}

/// A name as it is mentioned: with `folds` it may match in another case.
#[derive(PartialEq, Eq, Hash)]
struct Mention {
    name: String,
    folds: bool,
}

fn is_mentioned(mentioned: &HashSet<Mention>, name: &str) -> bool {
    mentioned.contains(&Mention {
        name: name.to_owned(),
        folds: false,
    }) || mentioned.contains(&Mention {
        name: name.to_lowercase(),
        folds: true,
    })
}

/// What a qualifier stands for.
#[derive(Clone, Debug)]
pub(super) enum Qualified {
    /// The user table of that exact name.
    Table(String),
    /// A system relation.
    System(&'static SystemRelation),
    /// A query or function in FROM.
    Other,
}

/// Names by which columns are qualified, in lower case, as introduced, with what they stand for.
pub(super) type Qualifiers = HashMap<String, Vec<(Ident, Qualified)>>;

/// First walk: tables, qualifiers and every name mentioned.
struct Tables<'a> {
    catalog: &'a dyn Catalog,
    ctes: HashSet<String>,
    relations: BTreeMap<String, Relation>,
    qualifiers: Qualifiers,
    mentioned: HashSet<Mention>,
}

impl VisitorMut for Tables<'_> {
    type Break = SqlError;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let written = name.0.last().and_then(|part| part.as_ident()).cloned();
                let table = match self.table(name) {
                    Ok(table) => table,
                    Err(error) => return ControlFlow::Break(error),
                };
                if let (Qualified::Table(unique), None, Some(written)) = (&table, &alias, written)
                    && unique.contains('\u{1f}')
                {
                    *alias = Some(TableAlias {
                        explicit: true,
                        name: written,
                        columns: vec![],
                        at: None,
                    });
                }
                let qualifier = match alias {
                    Some(alias) => Some(alias.name.clone()),
                    None => name.0.last().and_then(|part| part.as_ident()).cloned(),
                };
                if let Some(qualifier) = qualifier {
                    self.qualify(qualifier, table);
                }
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. }
            | TableFactor::Table { alias, .. } => {
                if let Some(alias) = alias {
                    self.qualify(alias.name.clone(), Qualified::Other);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
        for from in &select.from {
            self.mention_using(from);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        match expr {
            Expr::Identifier(ident) => self.mention(ident),
            Expr::CompoundIdentifier(idents) => idents.iter().for_each(|ident| self.mention(ident)),
            Expr::Function(function) if function_name(function) == IS_MISSING => {
                self.mention(&exact(ITEM_COLUMN));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Tables<'_> {
    fn mention(&mut self, ident: &Ident) {
        self.mentioned.insert(Mention {
            name: ident.value.clone(),
            folds: false,
        });
        if ident.quote_style.is_none() {
            self.mentioned.insert(Mention {
                name: ident.value.to_lowercase(),
                folds: true,
            });
        }
    }

    fn mention_using(&mut self, from: &TableWithJoins) {
        for join in &from.joins {
            if let Some(JoinConstraint::Using(names)) = constraint(&join.join_operator) {
                for ident in names.iter().filter_map(|name| name.0.last()?.as_ident()) {
                    self.mention(ident);
                }
            }
        }
    }

    fn qualify(&mut self, qualifier: Ident, table: Qualified) {
        self.qualifiers
            .entry(folded(&qualifier).to_lowercase())
            .or_default()
            .push((qualifier, table));
    }

    /// Resolves a relation in FROM.
    fn table(&mut self, name: &mut ObjectName) -> Result<Qualified, SqlError> {
        let idents: Vec<Ident> = name
            .0
            .iter()
            .filter_map(|part| part.as_ident().cloned())
            .collect();
        let undefined = || SqlError::UndefinedTable {
            name: idents
                .iter()
                .map(|ident| ident.value.as_str())
                .collect::<Vec<_>>()
                .join("."),
            position: None,
        };
        let (schema, table) = match idents.as_slice() {
            [table] => (None, table),
            [schema, table] => (Some(folded(schema)), table),
            [database, schema, table] if DATABASES.contains(&folded(database).as_str()) => {
                (Some(folded(schema)), table)
            }
            _ => return Err(undefined()),
        };
        match schema.as_deref() {
            None if self.ctes.contains(&folded(table)) => return Ok(Qualified::Other),
            Some(schema @ ("pg_catalog" | "information_schema")) => {
                let relation = spec::find(schema, &folded(table)).ok_or_else(undefined)?;
                return Ok(system_table(name, relation));
            }
            None => {
                // pg_catalog is searched before public.
                if let Some(relation) = spec::find("pg_catalog", &folded(table)) {
                    return Ok(system_table(name, relation));
                }
            }
            Some("public") => {}
            Some(schema) => {
                // "table"."index"
                if let [of, index] = idents.as_slice()
                    && let Some(description) = find_table(self.catalog, of, Dialect::Postgres)
                {
                    let index = find_index(&description, index, Dialect::Postgres);
                    let index = index.ok_or_else(undefined)?;
                    return Ok(self.index(name, description, index));
                }
                return Err(SqlError::Other {
                    sqlstate: "3F000",
                    message: format!("schema \"{schema}\" does not exist"),
                    hint: None,
                });
            }
        }
        let description =
            find_table(self.catalog, table, Dialect::Postgres).ok_or_else(undefined)?;
        let exact_name = description.definition.name.clone();
        name.0 = vec![
            ObjectNamePart::Identifier(Ident::new("public")),
            ObjectNamePart::Identifier(exact(&exact_name)),
        ];
        self.relations
            .entry(exact_name.clone())
            .or_insert_with(|| Relation::new(description));
        Ok(Qualified::Table(exact_name))
    }
}

impl Tables<'_> {
    /// Resolves a relation that is the entries of an index, under a name that no table has.
    fn index(
        &mut self,
        name: &mut ObjectName,
        description: Arc<TableDescription>,
        index: String,
    ) -> Qualified {
        let unique = format!("{}\u{1f}{index}", description.definition.name);
        name.0 = vec![
            ObjectNamePart::Identifier(Ident::new("public")),
            ObjectNamePart::Identifier(exact(&unique)),
        ];
        self.relations
            .entry(unique.clone())
            .or_insert_with(|| Relation::of_index(description, index));
        Qualified::Table(unique)
    }
}

fn system_table(name: &mut ObjectName, relation: &'static SystemRelation) -> Qualified {
    name.0 = vec![
        ObjectNamePart::Identifier(Ident::new(relation.schema)),
        ObjectNamePart::Identifier(exact(relation.name)),
    ];
    Qualified::System(relation)
}

pub(super) fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => Some(constraint),
        _ => None,
    }
}
