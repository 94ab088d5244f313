//! `FROM t, unnest(t.a)`: an UNNEST that refers to relations before it, which DataFusion plans as a join with a dependent side and cannot run.
//!
//! A side that has no relation of its own, only projections and unnests over one empty row, is put on top of the other side instead: its
//! outer references become plain columns, and every projection passes the other side's columns on.
//!
//! Dependent sides that read relations are DataFusion's to turn into joins. Those that it cannot (with LIMIT, for one) are collected: a
//! subquery in the SELECT list gives their rows as an array of structs, which is unnested.

use crate::lineage::column_types;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result, ScalarValue, UnnestOptions};
use datafusion::functions::core::expr_fn::{get_field, named_struct};
use datafusion::functions_aggregate::expr_fn::array_agg;
use datafusion::logical_expr::{
    Expr, Filter, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Projection, Subquery,
    SubqueryAlias, Unnest, lit,
};
use shale_sql::SqlType;
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

/// Qualifies columns of a dependent side until they get the name of its alias.
const OWN: &str = "shale_lateral";

/// Turns dependent sides into arrays of their rows, collected for each row of the other side.
pub(crate) fn collect(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Join(join) = &node else {
            return Ok(Transformed::no(node));
        };
        match collected(join)? {
            Some(collected) => Ok(Transformed::yes(collected)),
            None => Ok(Transformed::no(node)),
        }
    })
}

/// Whether a plan still refers to rows outside of it, so that it cannot run.
pub(crate) fn is_dependent_somewhere(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::OuterReferenceColumn(..) = part {
                    found = true;
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

fn collected(join: &Join) -> Result<Option<LogicalPlan>> {
    let always = join.filter.as_ref().is_none_or(|condition| {
        matches!(
            condition,
            Expr::Literal(ScalarValue::Boolean(Some(true)), _)
        )
    });
    let preserve_nulls = match join.join_type {
        JoinType::Inner => false,
        JoinType::Left if always => true,
        _ => return Ok(None),
    };
    let Some(subquery) = dependent(&join.right).filter(|_| join.on.is_empty()) else {
        return Ok(None);
    };
    let fields = subquery.subquery.schema().fields().len();
    if fields != join.right.schema().fields().len() || fields == 0 {
        return Ok(None);
    }
    // Arrow's structs do not know SQL types: the names of their members do.
    let types = column_types(&subquery.subquery, subquery.subquery.schema());
    let member = |place: usize| {
        let sql_type = types.get(place).map(SqlType::name);
        format!("{place}:{}", sql_type.unwrap_or_default())
    };
    let members = subquery.subquery.schema().columns().into_iter().enumerate();
    let row = members.flat_map(|(place, column)| [lit(member(place)), Expr::Column(column)]);
    let rows = array_agg(named_struct(row.collect())).alias(OWN);
    let collecting = LogicalPlanBuilder::from(subquery.subquery.as_ref().clone())
        .aggregate(Vec::<Expr>::new(), vec![rows])?
        .build()?;
    let rows = Expr::ScalarSubquery(Subquery {
        subquery: Arc::new(collecting),
        outer_ref_columns: subquery.outer_ref_columns.clone(),
        spans: subquery.spans.clone(),
    });
    let base = join.left.as_ref();
    let mut expressions = columns_of(base);
    expressions.push(rows.alias(OWN));
    let unnested = LogicalPlanBuilder::from(base.clone())
        .project(expressions)?
        .unnest_column_with_options(
            Column::new_unqualified(OWN),
            UnnestOptions::new().with_preserve_nulls(preserve_nulls),
        )?
        .build()?;
    let mut expressions = columns_of(base);
    for (place, (qualifier, field)) in join.right.schema().iter().enumerate() {
        let row = Expr::Column(Column::new_unqualified(OWN));
        let value = get_field(row, member(place));
        expressions.push(value.alias_qualified(qualifier.cloned(), field.name()));
    }
    let stacked = LogicalPlanBuilder::from(unnested)
        .project(expressions)?
        .build()?;
    Ok(Some(match (&join.filter, join.join_type) {
        (Some(condition), JoinType::Inner) => {
            LogicalPlan::Filter(Filter::try_new(condition.clone(), Arc::new(stacked))?)
        }
        _ => stacked,
    }))
}

/// The subquery of a dependent side, below names only.
fn dependent(plan: &LogicalPlan) -> Option<&Subquery> {
    match plan {
        LogicalPlan::Subquery(subquery) => Some(subquery),
        LogicalPlan::SubqueryAlias(alias) => dependent(&alias.input),
        // Names of columns behind an alias.
        LogicalPlan::Projection(projection) => {
            let renamed = |expression: &Expr| match expression {
                Expr::Alias(alias) => matches!(*alias.expr, Expr::Column(_)),
                other => matches!(other, Expr::Column(_)),
            };
            let all = projection.expr.iter().all(renamed);
            dependent(&projection.input).filter(|_| all)
        }
        _ => None,
    }
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
            let over_one_row = matches!(*projection.input, LogicalPlan::EmptyRelation(_));
            for expression in &projection.expr {
                let bound = bind(expression.clone(), base)?;
                // A column of the base may have the same name; names are given by the alias above, by position.
                expressions.push(match (over_one_row, bound) {
                    (true, Expr::Alias(alias))
                        if base.schema().has_column_with_unqualified_name(&alias.name) =>
                    {
                        alias.expr.alias_qualified(Some(OWN), alias.name)
                    }
                    (_, bound) => bound,
                });
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
