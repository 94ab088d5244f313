//! SELECT from one table, without the analytic executor.

use super::output::{Output, Outputs};
use super::{pinned, query_of};
use crate::access::Needs;
use crate::bind::{Binder, Predicate, Scalar};
use crate::datum::parse_text;
use crate::names::{Catalog, Relation, find_relation};
use crate::{Dialect, SqlError, SqlType};
use shale_engine::TableDescription;
use shale_item::KeyAttribute;
use sqlparser::ast::{
    Expr, GroupByExpr, LimitClause, ObjectName, OrderByExpr, OrderByKind, Query, Select,
    SelectItem, SetExpr, TableAlias, TableFactor, Value,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A planned SELECT.
pub(crate) struct SelectPlan {
    pub table: Arc<TableDescription>,
    pub predicate: Option<Predicate>,
    pub outputs: Outputs,
    /// PartiQL's select list; `None` for `*`.
    pub projection: Option<Vec<Output>>,
    pub order: Order,
    pub limit: Option<Scalar>,
    pub offset: Option<Scalar>,
    /// The query for the analytic executor, should ORDER BY have more rows than are sorted in memory.
    pub fallback: Option<Box<Query>>,
    /// Key attributes and their constants, where the predicate is exactly that: the lean path of a point SELECT.
    pub point: Option<Vec<PointKey>>,
    /// What it needs of the items, for the choice of an index.
    pub needs: Needs,
}

/// A key attribute of a point SELECT.
pub(crate) struct PointKey {
    pub name: String,
    pub value: Scalar,
    pub compared_as: SqlType,
}

/// How rows are ordered.
pub(crate) enum Order {
    Any,
    /// By the sort key under one partition key: as they are read.
    SortKey {
        forward: bool,
    },
    /// In memory.
    Memory(Vec<SortItem>),
}

/// A term of ORDER BY.
pub(crate) struct SortItem {
    pub output: Output,
    pub descending: bool,
    pub nulls_first: bool,
}

impl SortItem {
    /// The attribute that is ordered by, if it is one of the item's own.
    pub(crate) fn attribute(&self) -> Option<&str> {
        match &self.output {
            Output::Attribute(path, _) if path.steps.is_empty() => Some(&path.root),
            _ => None,
        }
    }
}

/// The attributes that outputs and order read; `None` for whole items.
fn needed(outputs: &Outputs, order: &Order) -> Option<BTreeSet<String>> {
    let sorted = match order {
        Order::Memory(items) => items.as_slice(),
        Order::Any | Order::SortKey { .. } => &[],
    };
    let sorted = sorted.iter().map(|item| &item.output);
    let mut names = BTreeSet::new();
    for output in outputs.outputs.iter().chain(sorted) {
        match output {
            Output::Attribute(path, _) => {
                names.insert(path.root.clone());
            }
            Output::Item => return None,
            Output::Constant(_) => {}
        }
    }
    Some(names)
}

/// The table that a query reads, if it reads just one and nothing else.
pub(crate) fn single_table(query: &Query) -> Option<(&Select, &ObjectName, Option<&TableAlias>)> {
    if query.with.is_some()
        || !query.locks.is_empty()
        || query.for_clause.is_some()
        || query.settings.is_some()
        || query.format_clause.is_some()
        || !query.pipe_operators.is_empty()
    {
        return None;
    }
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    let no_groups = matches!(&select.group_by, GroupByExpr::Expressions(exprs, modifiers)
        if exprs.is_empty() && modifiers.is_empty());
    if !no_groups
        || select.distinct.is_some()
        || select.top.is_some()
        || select.into.is_some()
        || select.having.is_some()
        || select.qualify.is_some()
        || select.prewhere.is_some()
        || select.exclude.is_some()
        || select.value_table_mode.is_some()
        || !select.named_window.is_empty()
        || !select.lateral_views.is_empty()
        || !select.connect_by.is_empty()
        || select.projection.is_empty()
    {
        return None;
    }
    let [from] = select.from.as_slice() else {
        return None;
    };
    match &from.relation {
        TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } if from.joins.is_empty()
            && with_hints.is_empty()
            && partitions.is_empty()
            && index_hints.is_empty() =>
        {
            let plain_alias = alias
                .as_ref()
                .is_none_or(|alias| alias.columns.is_empty() && alias.at.is_none());
            plain_alias.then_some((select, name, alias.as_ref()))
        }
        _ => None,
    }
}

/// Plans a query without the analytic executor; `None` if it needs it. With the plan come the types of its parameters.
///
/// # Errors
/// Errors of the statement: unknown tables and columns, bad constants.
pub(crate) fn plan(
    catalog: &dyn Catalog,
    query: &Query,
    text: &str,
    dialect: Dialect,
    declared: &[SqlType],
) -> Result<Option<(SelectPlan, Vec<SqlType>)>, SqlError> {
    refuse(query)?;
    let Some((select, name, alias)) = single_table(query) else {
        return Ok(None);
    };
    let (table, index) = match find_relation(catalog, name, text, dialect)? {
        Relation::Table(table) => (table, None),
        Relation::Index(table, index) => (table, Some(index)),
        // A view's query stands in its place by now.
        Relation::System | Relation::View(_) => return Ok(None),
    };
    let mut binder = Binder::new(text, dialect, &table, declared);
    binder.alias = alias.map(|alias| alias.name.value.clone());
    let predicate = match &select.selection {
        None => None,
        Some(selection) => match binder.predicate(selection)? {
            Some(predicate) => Some(predicate),
            None => return Ok(None),
        },
    };
    let Some(outputs) = outputs(&mut binder, &table, &select.projection)? else {
        return Ok(None);
    };
    let read = (&*table, index.as_deref());
    let Some(order) = order(&mut binder, query, read, predicate.as_ref(), &outputs)? else {
        return Ok(None);
    };
    let Some((limit, offset)) = limits(&mut binder, query)? else {
        return Ok(None);
    };
    let parameter_types = binder.parameter_types;
    let all = matches!(select.projection.as_slice(), [SelectItem::Wildcard(_)]);
    let projection = (dialect == Dialect::PartiQl && !all).then(|| outputs.outputs.clone());
    let point = match index {
        None => point(&table, predicate.as_ref()),
        Some(_) => None,
    };
    // `*` of an index is in PartiQL what its entries hold, as for the service.
    let named = dialect == Dialect::Postgres || !all;
    let needs = Needs {
        attributes: match named {
            true => needed(&outputs, &order),
            false => Some(BTreeSet::new()),
        },
        limited: limit.is_some(),
        index,
    };
    let fallback = match order {
        Order::Memory(_) => Some(Box::new(query.clone())),
        _ => None,
    };
    let plan = SelectPlan {
        fallback,
        table,
        predicate,
        outputs,
        projection,
        order,
        limit,
        offset,
        point,
        needs,
    };
    Ok(Some((plan, parameter_types)))
}

/// What no executor may run. (Locks of PostgreSQL's dialect were taken out by the parser.)
fn refuse(query: &Query) -> Result<(), SqlError> {
    if !query.locks.is_empty() {
        return Err(SqlError::NotSupported {
            feature: "SELECT … FOR UPDATE in ExecuteStatement".into(),
            hint: None,
        });
    }
    match query.body.as_ref() {
        SetExpr::Select(select) if select.into.is_some() => Err(super::relations::into_misplaced()),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            Err(SqlError::NotSupported {
                feature: "a statement that writes inside of a query".into(),
                hint: None,
            })
        }
        _ => Ok(()),
    }
}

fn outputs(
    binder: &mut Binder<'_>,
    table: &TableDescription,
    items: &[SelectItem],
) -> Result<Option<Outputs>, SqlError> {
    if binder.dialect == Dialect::PartiQl
        && let [SelectItem::Wildcard(_)] = items
    {
        return Ok(Some(Outputs::all(table)));
    }
    binder.outputs(items)
}

fn order(
    binder: &mut Binder<'_>,
    query: &Query,
    (table, index): (&TableDescription, Option<&str>),
    predicate: Option<&Predicate>,
    outputs: &Outputs,
) -> Result<Option<Order>, SqlError> {
    let Some(order_by) = &query.order_by else {
        return Ok(Some(Order::Any));
    };
    let OrderByKind::Expressions(exprs) = &order_by.kind else {
        return Ok(None);
    };
    let schema = &table.definition.key_schema;
    let pins = |attribute: &KeyAttribute| {
        predicate.is_some_and(|predicate| pinned(predicate, &attribute.name).is_some())
    };
    let one_partition = index.is_none() && pins(&schema.partition);
    let indexes = table.definition.derived.indexes.iter();
    let mut readable = indexes.filter(|of| index.is_none_or(|index| of.name == index));
    let one_of_index = readable.any(|index| index.partition.iter().all(pins));
    // Sorting a whole table is the analytic executor's: it spills.
    if !one_partition && !one_of_index && binder.dialect == Dialect::Postgres {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(exprs.len());
    for expr in exprs {
        match sort_item(binder, expr, outputs)? {
            Some(item) => items.push(item),
            None => return Ok(None),
        }
    }
    if !one_partition {
        return Ok(Some(Order::Memory(items)));
    }
    let is_key = |item: &SortItem, name: &str| item.attribute() == Some(name);
    let first = items
        .iter()
        .find(|item| !is_key(item, &schema.partition.name));
    Ok(Some(match (first, &schema.sort) {
        (None, _) => Order::Any,
        // The sort key is unique under its partition key: what is ordered behind it has no say.
        (Some(first), Some(sort)) if is_key(first, &sort.name) => Order::SortKey {
            forward: !first.descending,
        },
        _ => Order::Memory(items),
    }))
}

fn sort_item(
    binder: &mut Binder<'_>,
    term: &OrderByExpr,
    outputs: &Outputs,
) -> Result<Option<SortItem>, SqlError> {
    if term.with_fill.is_some() {
        return Ok(None);
    }
    let descending = term.options.asc == Some(false);
    let nulls_first = term.options.nulls_first.unwrap_or(descending);
    let output = match &term.expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => {
                let position = digits.parse::<usize>().ok();
                let output = position
                    .and_then(|position| position.checked_sub(1))
                    .and_then(|position| outputs.outputs.get(position));
                match output {
                    Some(output) => output.clone(),
                    None => {
                        return Err(SqlError::Other {
                            sqlstate: "42P10",
                            message: format!("ORDER BY position {digits} is not in select list"),
                            hint: None,
                        });
                    }
                }
            }
            _ => return Ok(None),
        },
        Expr::Identifier(ident) if named_output(outputs, &ident.value).is_some() => {
            match named_output(outputs, &ident.value) {
                Some(output) => output.clone(),
                None => return Ok(None),
            }
        }
        expr => match binder.attribute(expr)? {
            Some(attribute) if !attribute.whole_item => {
                Output::Attribute(attribute.path, attribute.sql_type)
            }
            _ => return Ok(None),
        },
    };
    let sortable = match &output {
        // PartiQL orders by the sort key only, whose type is the schema's.
        Output::Attribute(_, sql_type) => !sql_type.is_json() || binder.dialect == Dialect::PartiQl,
        Output::Constant(_) => true,
        Output::Item => false,
    };
    Ok(sortable.then_some(SortItem {
        output,
        descending,
        nulls_first,
    }))
}

/// A result column by its name, if only one has it: ORDER BY looks there first.
fn named_output<'o>(outputs: &'o Outputs, name: &str) -> Option<&'o Output> {
    let mut found = outputs
        .columns
        .iter()
        .zip(&outputs.outputs)
        .filter(|(column, _)| column.name.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (Some((_, output)), None) => Some(output),
        _ => None,
    }
}

type Limits = (Option<Scalar>, Option<Scalar>);

fn limits(binder: &mut Binder<'_>, query: &Query) -> Result<Option<Limits>, SqlError> {
    let (mut limit, mut offset) = (None, None);
    match &query.limit_clause {
        None => {}
        Some(LimitClause::LimitOffset {
            limit: limit_expr,
            offset: offset_expr,
            limit_by,
        }) if limit_by.is_empty() => {
            limit = limit_expr.as_ref();
            offset = offset_expr.as_ref().map(|offset| &offset.value);
        }
        Some(_) => return Ok(None),
    }
    if let Some(fetch) = &query.fetch {
        if fetch.with_ties || fetch.percent || limit.is_some() {
            return Ok(None);
        }
        limit = fetch.quantity.as_ref();
    }
    let mut bind = |expr: Option<&Expr>| match expr {
        None => Ok(Some(None)),
        Some(expr) => Ok::<_, SqlError>(
            binder
                .scalar(expr, &SqlType::Int8)?
                .map(|scalar| match scalar {
                    Scalar::Untyped(text) => parse_text(&SqlType::Int8, &text)
                        .map(|value| Scalar::Typed(value, SqlType::Int8)),
                    other => Ok(other),
                })
                .transpose()?
                .filter(|scalar| {
                    matches!(
                        scalar,
                        Scalar::Typed(..) | Scalar::Parameter(_) | Scalar::Null
                    )
                })
                .map(Some),
        ),
    };
    let (Some(limit), Some(offset)) = (bind(limit)?, bind(offset)?) else {
        return Ok(None);
    };
    Ok(Some((limit, offset)))
}

fn point(table: &TableDescription, predicate: Option<&Predicate>) -> Option<Vec<PointKey>> {
    use crate::bind::Term;
    use shale_expression::Comparison;
    let parts = match predicate? {
        Predicate::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let schema = &table.definition.key_schema;
    let attributes = std::iter::once(&schema.partition).chain(&schema.sort);
    let mut keys = Vec::with_capacity(2);
    for attribute in attributes {
        let found = parts.iter().find_map(|part| match part {
            Predicate::Compare(Term::Attribute(found), Comparison::Eq, Term::Scalar(value))
                if found.key && found.path.root == attribute.name =>
            {
                Some(PointKey {
                    name: attribute.name.clone(),
                    value: value.clone(),
                    compared_as: found.compared_as.clone(),
                })
            }
            _ => None,
        });
        keys.push(found?);
    }
    (keys.len() == parts.len()).then_some(keys)
}

/// `SELECT EXISTS(query)`.
pub(crate) fn exists_query(query: Box<Query>) -> Query {
    let mut select = match query.body.as_ref() {
        SetExpr::Select(select) => (**select).clone(),
        _ => return *query,
    };
    select.projection = vec![SelectItem::UnnamedExpr(Expr::Exists {
        subquery: query,
        negated: false,
    })];
    select.from = vec![];
    select.selection = None;
    select.group_by = GroupByExpr::Expressions(vec![], vec![]);
    select.having = None;
    select.distinct = None;
    query_of(select)
}
