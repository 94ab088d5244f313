//! `INTERSECT ALL` and `EXCEPT ALL`: rows count as often as they are there.
//!
//! DataFusion keeps or drops all equal rows alike. So equal rows get numbers, the first 1, the second 2, and what is intersected are rows
//! with their numbers. Which columns there are is only known once the query is planned: [`number_duplicates`] puts the numbers where
//! [`rewrite`] has left a mark.

use super::arrays::{empty_select, query_of};
use super::compat::number;
use super::exact;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Cast, Expr as PlanExpr, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFunctionDefinition,
};
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Query, SelectItem, SetExpr, SetOperator, SetQuantifier, TableAlias,
    TableFactor, TableWithJoins, WildcardAdditionalOptions,
};

/// The name of the column of numbers; no name of a user has this character.
const OCCURRENCE: &str = "occurrence\u{1}";

/// Marks the sides of such operations in a query's body, its parts included.
pub(super) fn rewrite(query: &mut Query) {
    rewrite_body(&mut query.body);
}

fn rewrite_body(body: &mut SetExpr) {
    let SetExpr::SetOperation {
        op,
        set_quantifier,
        left,
        right,
    } = body
    else {
        return;
    };
    rewrite_body(left);
    rewrite_body(right);
    let of_all = *set_quantifier == SetQuantifier::All
        && matches!(op, SetOperator::Intersect | SetOperator::Except);
    if !of_all {
        return;
    }
    *set_quantifier = SetQuantifier::None;
    for side in [left, right] {
        let rows = std::mem::replace(side.as_mut(), SetExpr::Select(Box::new(empty_select())));
        **side = numbered(rows);
    }
    let operation = std::mem::replace(body, SetExpr::Select(Box::new(empty_select())));
    let mut outer = empty_select();
    outer.projection = vec![SelectItem::Wildcard(WildcardAdditionalOptions {
        opt_exclude: Some(ExcludeSelectItem::Single(exact(OCCURRENCE).into())),
        ..WildcardAdditionalOptions::default()
    })];
    outer.from = vec![derived(operation)];
    *body = SetExpr::Select(Box::new(outer));
}

/// `SELECT *, 0 AS occurrence FROM (…)`
fn numbered(rows: SetExpr) -> SetExpr {
    let mut select = empty_select();
    select.projection = vec![
        SelectItem::Wildcard(WildcardAdditionalOptions::default()),
        SelectItem::ExprWithAlias {
            expr: number("0"),
            alias: exact(OCCURRENCE),
        },
    ];
    select.from = vec![derived(rows)];
    SetExpr::Select(Box::new(select))
}

fn derived(rows: SetExpr) -> TableWithJoins {
    TableWithJoins {
        relation: TableFactor::Derived {
            lateral: false,
            subquery: Box::new(query_of(rows)),
            alias: Some(TableAlias {
                explicit: true,
                name: exact("shale_rows"),
                columns: Vec::new(),
                at: None,
            }),
            sample: None,
        },
        joins: Vec::new(),
    }
}

/// Puts the numbers in the place of the marks.
pub(crate) fn number_duplicates(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Projection(projection) = &node else {
            return Ok(Transformed::no(node));
        };
        let is_mark = |expr: &PlanExpr| {
            matches!(expr, PlanExpr::Alias(alias)
                if alias.name == OCCURRENCE && matches!(*alias.expr, PlanExpr::Literal(..)))
        };
        let Some((mark, columns)) = projection.expr.split_last() else {
            return Ok(Transformed::no(node));
        };
        if !is_mark(mark) {
            return Ok(Transformed::no(node));
        }
        let mark_type = projection.schema.field(columns.len()).data_type().clone();
        let rows = LogicalPlanBuilder::from(projection.input.as_ref().clone())
            .project(columns.to_vec())?
            .build()?;
        let columns: Vec<PlanExpr> = rows
            .schema()
            .columns()
            .into_iter()
            .map(PlanExpr::Column)
            .collect();
        let place = PlanExpr::from(WindowFunction {
            fun: WindowFunctionDefinition::WindowUDF(row_number_udwf()),
            params: WindowFunctionParams {
                args: Vec::new(),
                partition_by: columns.clone(),
                order_by: Vec::new(),
                window_frame: WindowFrame::new(None),
                filter: None,
                null_treatment: None,
                distinct: false,
            },
        });
        let windowed = LogicalPlanBuilder::from(rows)
            .window(vec![place])?
            .build()?;
        let count = windowed.schema().fields().len();
        let (qualifier, field) = windowed.schema().qualified_field(count - 1);
        let occurrence = PlanExpr::Column(Column::new(qualifier.cloned(), field.name()));
        let occurrence = PlanExpr::Cast(Cast::new(Box::new(occurrence), mark_type));
        let mut wanted = columns;
        wanted.push(occurrence.alias(OCCURRENCE));
        let numbered = LogicalPlanBuilder::from(windowed)
            .project(wanted)?
            .build()?;
        Ok(Transformed::yes(numbered))
    })?;
    match rewritten.transformed {
        true => Ok(rewritten
            .data
            .transform_up_with_subqueries(|node| node.recompute_schema().map(Transformed::yes))?
            .data),
        false => Ok(rewritten.data),
    }
}
