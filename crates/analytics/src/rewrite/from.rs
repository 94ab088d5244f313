//! Functions in FROM: names without schema, PostgreSQL's column names, UNNEST.

use super::arrays::{empty_select, query_of};
use super::casts::plain_cast;
use super::compat::{number, positions_of, strip_schema};
use super::forms::is_integer;
use super::{call, folded};
use datafusion::sql::sqlparser::ast::{
    DataType, Expr, FunctionArg, FunctionArgExpr, Ident, Select, SelectItem, SetExpr, TableAlias,
    TableAliasColumnDef, TableFactor, TableWithJoins, Visitor,
};
use shale_sql::walk;
use std::collections::HashSet;
use std::ops::ControlFlow;

pub(super) fn rewrite_from(from: &mut TableWithJoins, used: &HashSet<String>) {
    rewrite_factor(&mut from.relation, used);
    for join in &mut from.joins {
        rewrite_factor(&mut join.relation, used);
    }
}

/// The names that expressions use without a qualifier.
pub(super) fn bare_names(select: &Select) -> HashSet<String> {
    struct Collector(HashSet<String>);
    impl Visitor for Collector {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = expr {
                self.0.insert(folded(ident));
            }
            ControlFlow::Continue(())
        }
    }
    let mut collector = Collector(HashSet::new());
    let _ = walk(select, &mut collector);
    collector.0
}

/// Functions in FROM: without schema, as UNNEST where they give the elements of a value, and with PostgreSQL's column names.
fn rewrite_factor(factor: &mut TableFactor, used: &HashSet<String>) {
    if let TableFactor::NestedJoin {
        table_with_joins, ..
    } = factor
    {
        return rewrite_from(table_with_joins, used);
    }
    if let TableFactor::Table {
        name,
        args: Some(_),
        ..
    }
    | TableFactor::Function { name, .. } = factor
    {
        strip_schema(name);
    }
    if let Some(unnest) = as_unnest(factor, used) {
        *factor = unnest;
    }
    match factor {
        TableFactor::UNNEST {
            alias,
            array_exprs,
            with_ordinality,
            ..
        } => {
            if std::mem::take(with_ordinality) {
                add_ordinality(alias, array_exprs);
            } else if array_exprs.len() == 1 {
                name_only_column(alias, "unnest");
            }
        }
        TableFactor::Table {
            name,
            args: Some(_),
            alias,
            ..
        }
        | TableFactor::Function { name, alias, .. } => {
            let function = name.0.last().and_then(|part| part.as_ident()).map(folded);
            if let Some(function @ ("generate_series" | "range")) = function.as_deref() {
                name_only_column(alias, function);
            }
        }
        _ => {}
    }
}

/// A function without columns of its own has one, named as its alias or else as itself.
fn name_only_column(alias: &mut Option<TableAlias>, default: &str) {
    let alias = alias.get_or_insert_with(|| named(default));
    if alias.columns.is_empty() {
        alias.columns.push(column(alias.name.clone()));
    }
}

/// The elements of an array are the column `value`; the alias is their name, too, if it is used as one.
fn name_elements(alias: &mut Option<TableAlias>, function: &str, used: &HashSet<String>) {
    let alias = alias.get_or_insert_with(|| named(function));
    if alias.columns.is_empty() {
        let name = match used.contains(&folded(&alias.name)) {
            true => alias.name.clone(),
            false => Ident::new("value"),
        };
        alias.columns.push(column(name));
    }
}

fn named(name: &str) -> TableAlias {
    TableAlias {
        explicit: true,
        name: Ident::new(name),
        columns: Vec::new(),
        at: None,
    }
}

fn column(name: Ident) -> TableAliasColumnDef {
    TableAliasColumnDef {
        name,
        data_type: None,
    }
}

/// `unnest(a) WITH ORDINALITY` as `unnest(a, range(1, length + 1))`.
fn add_ordinality(alias: &mut Option<TableAlias>, arrays: &mut Vec<Expr>) {
    let Some(first) = arrays.first().cloned() else {
        return;
    };
    let alias = alias.get_or_insert_with(|| named("unnest"));
    if alias.columns.is_empty() {
        alias
            .columns
            .extend(arrays.iter().map(|_| column(alias.name.clone())));
    }
    if alias.columns.len() == arrays.len() {
        alias.columns.push(column(Ident::new("ordinality")));
    }
    arrays.push(positions_of(vec![first, number("1")]));
}

/// `FROM unnest(x)`, `FROM jsonb_array_elements(x)` and `FROM generate_series(1, x)` as UNNEST.
fn as_unnest(factor: &TableFactor, used: &HashSet<String>) -> Option<TableFactor> {
    let (name, args, alias, with_ordinality) = match factor {
        TableFactor::Table {
            name,
            args: Some(args),
            alias,
            with_ordinality,
            ..
        } => (name, &args.args, alias, *with_ordinality),
        TableFactor::Function {
            name,
            args,
            alias,
            with_ordinality,
            ..
        } => (name, args, alias, *with_ordinality),
        _ => return None,
    };
    let function = folded(name.0.last()?.as_ident()?);
    let arguments: Vec<Expr> = args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument.clone()),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let mut alias = alias.clone();
    let array_exprs = match function.as_str() {
        "jsonb_array_elements" | "json_array_elements" => {
            name_elements(&mut alias, &function, used);
            vec![call("shale_json_elements", arguments)]
        }
        "jsonb_array_elements_text" | "json_array_elements_text" => {
            name_elements(&mut alias, &function, used);
            vec![call("shale_json_element_texts", arguments)]
        }
        "string_to_table" => {
            name_only_column(&mut alias, &function);
            vec![call("string_to_array", arguments)]
        }
        "regexp_split_to_table" => {
            name_only_column(&mut alias, &function);
            vec![call("regexp_split_to_array", arguments)]
        }
        "jsonb_each" | "json_each" | "jsonb_each_text" | "json_each_text" => {
            let alias = alias.get_or_insert_with(|| named(&function));
            if alias.columns.is_empty() {
                let names = ["key", "value"].map(|name| column(Ident::new(name)));
                alias.columns.extend(names);
            }
            let values = match function.ends_with("_text") {
                true => "shale_json_value_texts",
                false => "shale_json_values",
            };
            vec![
                call("shale_json_keys", arguments.clone()),
                call(values, arguments),
            ]
        }
        "jsonb_object_keys" | "json_object_keys" => {
            name_only_column(&mut alias, &function);
            vec![call("shale_json_keys", arguments)]
        }
        // DataFusion's gives bigint.
        "generate_series" if arguments.iter().all(is_integer) => {
            return Some(series_of_integers(factor, alias));
        }
        // DataFusion's table function takes constants only.
        "generate_series" if !arguments.iter().all(is_constant) => {
            name_only_column(&mut alias, &function);
            vec![call("generate_series", arguments)]
        }
        "unnest" => arguments,
        _ => return None,
    };
    Some(TableFactor::UNNEST {
        alias,
        array_exprs,
        with_offset: false,
        with_offset_alias: None,
        with_ordinality,
    })
}

/// `generate_series` of integers, its numbers cast to integers.
fn series_of_integers(factor: &TableFactor, alias: Option<TableAlias>) -> TableFactor {
    let mut alias = alias;
    name_only_column(&mut alias, "generate_series");
    let mut series = factor.clone();
    if let TableFactor::Table { alias, .. } | TableFactor::Function { alias, .. } = &mut series {
        let mut inner = named("shale_series");
        inner.columns.push(column(Ident::new("value")));
        *alias = Some(inner);
    }
    let value = Expr::Identifier(Ident::new("value"));
    let mut select = empty_select();
    select.projection = vec![SelectItem::UnnamedExpr(plain_cast(
        value,
        DataType::Integer(None),
    ))];
    select.from = vec![TableWithJoins {
        relation: series,
        joins: Vec::new(),
    }];
    TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query_of(SetExpr::Select(Box::new(select)))),
        alias,
        sample: None,
    }
}

fn is_constant(expr: &Expr) -> bool {
    struct Finder(bool);
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Subquery(_) = expr {
                self.0 = false;
            }
            ControlFlow::Continue(())
        }
    }
    let mut finder = Finder(true);
    let _ = walk(expr, &mut finder);
    finder.0
}
