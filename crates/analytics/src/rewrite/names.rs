//! Names to exact names: tables, columns, what `*` leaves out, document paths.
//!
//! An exact match wins; an unquoted name without one matches in any case if exactly one does, else it is folded. Scopes are not followed:
//! an alias that two SELECTs of a statement use differently stands for both tables, which only matters to names that differ in case alone.

use super::{call, exact, folded, text};
use crate::catalog::spec::{self, SystemRelation};
use crate::functions::path_function_name;
use crate::relation::{Relation, RelationColumn};
use datafusion::sql::sqlparser::ast::{
    AccessExpr, ExceptSelectItem, Expr, Ident, JoinConstraint, JoinOperator, ObjectName,
    ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, Subscript,
    TableFactor, TableWithJoins, Value, Visit, VisitMut, Visitor, VisitorMut,
    WildcardAdditionalOptions,
};
use shale_engine::Engine;
use shale_sql::{Dialect, SqlError, SqlType, find_table};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

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
    let _ = query.visit(&mut finder);
    finder.0
}

/// Resolves the names of a query in place.
///
/// # Errors
/// 42P01, 3F000 for tables and schemas that are not there.
pub(super) fn resolve(
    query: &mut Query,
    engine: &Engine,
    ctes: HashSet<String>,
) -> Result<Scope, SqlError> {
    let mut tables = Tables {
        engine,
        ctes,
        relations: BTreeMap::new(),
        qualifiers: HashMap::new(),
        mentioned: HashSet::new(),
    };
    if let ControlFlow::Break(error) = query.visit(&mut tables) {
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
    let _ = query.visit(&mut columns);
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
enum Qualified {
    /// The user table of that exact name.
    Table(String),
    /// A system relation.
    System(&'static SystemRelation),
    /// A query or function in FROM.
    Other,
}

/// Names by which columns are qualified, in lower case, as introduced, with what they stand for.
type Qualifiers = HashMap<String, Vec<(Ident, Qualified)>>;

/// First walk: tables, qualifiers and every name mentioned.
struct Tables<'a> {
    engine: &'a Engine,
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
                let table = match self.table(name) {
                    Ok(table) => table,
                    Err(error) => return ControlFlow::Break(error),
                };
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
                // "table"."index": there are no indexes to read yet.
                if self.engine.describe_table(&idents[0].value).is_ok() {
                    return Err(undefined());
                }
                return Err(SqlError::Other {
                    sqlstate: "3F000",
                    message: format!("schema \"{schema}\" does not exist"),
                    hint: None,
                });
            }
        }
        let description =
            find_table(self.engine, table, Dialect::Postgres).ok_or_else(undefined)?;
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

fn system_table(name: &mut ObjectName, relation: &'static SystemRelation) -> Qualified {
    name.0 = vec![
        ObjectNamePart::Identifier(Ident::new(relation.schema)),
        ObjectNamePart::Identifier(exact(relation.name)),
    ];
    Qualified::System(relation)
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
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

/// Second walk: columns, `*`, paths.
struct Columns<'a> {
    tables: &'a BTreeMap<String, Arc<ScopedTable>>,
    qualifiers: &'a Qualifiers,
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

    /// Takes columns that were only reached by name out of `*`.
    fn hide_columns(&self, select: &mut Select) {
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

fn path_call(column: Expr, path: Vec<String>) -> Expr {
    call(
        path_function_name(),
        std::iter::once(column).chain(path.into_iter().map(text)),
    )
}
