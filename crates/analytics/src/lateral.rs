//! `FROM t, unnest(t.a)`: an UNNEST that refers to relations before it, which DataFusion plans as a join with a dependent side and cannot run.
//!
//! A side that has no relation of its own, only projections and unnests over one empty row, is put on top of the other side instead: its
//! outer references become plain columns, and every projection passes the other side's columns on.
//!
//! Not here: dependent sides that read relations (DataFusion turns those it can into joins).

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{
    Expr, Filter, Join, JoinType, LogicalPlan, Projection, SubqueryAlias, Unnest,
};
use std::sync::Arc;

/// Puts dependent unnests on top of what they depend on.
pub(crate) fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Join(join) = &node else {
            return Ok(Transformed::no(node));
        };
        match stack(join)? {
            Some(stacked) => Ok(Transformed::yes(stacked)),
            None => Ok(Transformed::no(node)),
        }
    })?;
    Ok(rewritten.data)
}

fn stack(join: &Join) -> Result<Option<LogicalPlan>> {
    if join.join_type != JoinType::Inner || !join.on.is_empty() || !is_dependent(&join.right) {
        return Ok(None);
    }
    let Some(stacked) = graft(&join.right, &join.left)? else {
        return Ok(None);
    };
    Ok(Some(match &join.filter {
        Some(condition) => {
            LogicalPlan::Filter(Filter::try_new(condition.clone(), Arc::new(stacked))?)
        }
        None => stacked,
    }))
}

fn is_dependent(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Subquery(_) => true,
        LogicalPlan::SubqueryAlias(alias) => is_dependent(&alias.input),
        LogicalPlan::Projection(projection) => is_dependent(&projection.input),
        _ => false,
    }
}

/// The dependent plan over `base` instead of its empty row, with the columns of `base` in front of its own.
fn graft(plan: &LogicalPlan, base: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    Ok(Some(match plan {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => base.clone(),
        LogicalPlan::Subquery(subquery) => return graft(&subquery.subquery, base),
        LogicalPlan::Projection(projection) => {
            let Some(input) = graft(&projection.input, base)? else {
                return Ok(None);
            };
            let mut expressions = columns_of(base);
            for expression in &projection.expr {
                expressions.push(bind(expression.clone(), base)?);
            }
            LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input))?)
        }
        LogicalPlan::Unnest(unnest) => {
            let Some(input) = graft(&unnest.input, base)? else {
                return Ok(None);
            };
            let columns = unnest.exec_columns.clone();
            LogicalPlan::Unnest(Unnest::try_new(
                Arc::new(input),
                columns,
                unnest.options.clone(),
            )?)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let Some(input) = graft(&alias.input, base)? else {
                return Ok(None);
            };
            requalify(alias, base, input)?
        }
        LogicalPlan::Filter(filter) => {
            let Some(input) = graft(&filter.input, base)? else {
                return Ok(None);
            };
            let predicate = bind(filter.predicate.clone(), base)?;
            LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?)
        }
        _ => return Ok(None),
    }))
}

fn columns_of(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema()
        .columns()
        .into_iter()
        .map(Expr::Column)
        .collect()
}

/// The columns behind those of `base` under the alias.
fn requalify(alias: &SubqueryAlias, base: &LogicalPlan, input: LogicalPlan) -> Result<LogicalPlan> {
    let own = input
        .schema()
        .columns()
        .split_off(base.schema().fields().len());
    let renamed = own.into_iter().map(|column: Column| {
        let name = column.name.clone();
        Expr::Column(column).alias_qualified(Some(alias.alias.clone()), name)
    });
    let expressions: Vec<Expr> = columns_of(base).into_iter().chain(renamed).collect();
    Ok(LogicalPlan::Projection(Projection::try_new(
        expressions,
        Arc::new(input),
    )?))
}

/// References to columns of `base` as plain columns; others belong to a query further out.
fn bind(expression: Expr, base: &LogicalPlan) -> Result<Expr> {
    let bound = expression.transform_up(|expression| match expression {
        Expr::OuterReferenceColumn(_, column) if base.schema().has_column(&column) => {
            Ok(Transformed::yes(Expr::Column(column)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(bound.data)
}
