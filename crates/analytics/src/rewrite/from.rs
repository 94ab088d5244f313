//! Functions in FROM: names without schema, PostgreSQL's column names, UNNEST.

use super::call;
use super::compat::strip_schema;
use datafusion::sql::sqlparser::ast::{
    FunctionArg, FunctionArgExpr, Ident, TableAlias, TableAliasColumnDef, TableFactor,
    TableWithJoins,
};

pub(super) fn rewrite_from(from: &mut TableWithJoins) {
    rewrite_factor(&mut from.relation);
    for join in &mut from.joins {
        rewrite_factor(&mut join.relation);
    }
}

/// Functions in FROM: without schema, and with PostgreSQL's column name, which is the alias or else the function's name.
fn rewrite_factor(factor: &mut TableFactor) {
    match factor {
        TableFactor::Table {
            name,
            args: Some(_),
            alias,
            ..
        }
        | TableFactor::Function { name, alias, .. } => {
            strip_schema(name);
            let function = name.0.last().and_then(|part| part.as_ident()).cloned();
            if let Some(function) = function
                && matches!(
                    super::folded(&function).as_str(),
                    "generate_series" | "range"
                )
            {
                name_only_column(alias, &function);
            }
        }
        TableFactor::UNNEST {
            alias, array_exprs, ..
        } if array_exprs.len() == 1 => {
            name_only_column(alias, &Ident::new("unnest"));
        }
        TableFactor::NestedJoin {
            table_with_joins, ..
        } => rewrite_from(table_with_joins),
        _ => {}
    }
    elements_in_from(factor);
}

fn name_only_column(alias: &mut Option<TableAlias>, default: &Ident) {
    let alias = alias.get_or_insert_with(|| named(&default.value));
    if alias.columns.is_empty() {
        alias.columns.push(TableAliasColumnDef {
            name: alias.name.clone(),
            data_type: None,
        });
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

/// `FROM unnest(x)` and `FROM jsonb_array_elements(x)`, the latter with a column called `value`, are an UNNEST for DataFusion.
fn elements_in_from(factor: &mut TableFactor) {
    let (name, args, alias) = match factor {
        TableFactor::Table {
            name,
            args: Some(args),
            alias,
            ..
        } => (name, &args.args, alias),
        TableFactor::Function {
            name, args, alias, ..
        } => (name, &*args, alias),
        _ => return,
    };
    let Some(function) = name
        .0
        .last()
        .and_then(|part| part.as_ident())
        .map(super::folded)
    else {
        return;
    };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = args.as_slice() else {
        return;
    };
    let mut alias = alias.clone();
    let elements = match function.as_str() {
        "jsonb_array_elements" | "json_array_elements" => {
            let alias = alias.get_or_insert_with(|| named(&function));
            if alias.columns.is_empty() {
                let value = TableAliasColumnDef {
                    name: Ident::new("value"),
                    data_type: None,
                };
                alias.columns.push(value);
            }
            call("shale_json_elements", [argument.clone()])
        }
        "jsonb_object_keys" | "json_object_keys" => {
            name_only_column(&mut alias, &Ident::new(&function));
            call("shale_json_keys", [argument.clone()])
        }
        "unnest" => {
            name_only_column(&mut alias, &Ident::new(&function));
            argument.clone()
        }
        _ => return,
    };
    *factor = TableFactor::UNNEST {
        alias,
        array_exprs: vec![elements],
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    };
}
