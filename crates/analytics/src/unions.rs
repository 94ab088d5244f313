//! Set operations: a constant written as text takes the type that the other queries have in its place, as PostgreSQL's unknown literals do.
//!
//! DataFusion makes text of the others instead.

use crate::error::carry;
use crate::rows::datum_to_scalar;
use crate::types::sql_type;
use arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Union};
use shale_sql::datum::parse_text;
use std::sync::Arc;

/// Reads the constants of all unions of a plan.
///
/// # Errors
/// 22P02 and its like for texts that are no values of the type.
pub(crate) fn read_constants(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Union(union) = &node else {
            return Ok(Transformed::no(node));
        };
        let mut inputs = union.inputs.clone();
        let mut changed = false;
        for index in 0..union.schema.fields().len() {
            let Some(wanted) = wanted_type(&inputs, index) else {
                continue;
            };
            for input in &mut inputs {
                if let Some(read) = read_constant(input, index, &wanted)? {
                    *input = Arc::new(read);
                    changed = true;
                }
            }
        }
        Ok(match changed {
            true => Transformed::yes(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?)),
            false => Transformed::no(node),
        })
    })?;
    match rewritten.transformed {
        // What stands above a union has its types.
        true => Ok(rewritten
            .data
            .transform_up_with_subqueries(|node| node.recompute_schema().map(Transformed::yes))?
            .data),
        false => Ok(rewritten.data),
    }
}

/// The type of the first input that is not a constant text, unless it is a text, too.
fn wanted_type(inputs: &[Arc<LogicalPlan>], index: usize) -> Option<DataType> {
    let constant = |input: &&Arc<LogicalPlan>| text_constant(input, index).is_some();
    inputs.iter().find(constant)?;
    let other = inputs.iter().find(|input| !constant(input))?;
    let data_type = other.schema().field(index).data_type();
    let text = matches!(
        data_type,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Null
    );
    (!text).then(|| data_type.clone())
}

fn text_constant(input: &LogicalPlan, index: usize) -> Option<&str> {
    let LogicalPlan::Projection(projection) = input else {
        return None;
    };
    let mut expression = projection.expr.get(index)?;
    while let Expr::Alias(alias) = expression {
        expression = &alias.expr;
    }
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
            Some(text)
        }
        _ => None,
    }
}

fn read_constant(
    input: &Arc<LogicalPlan>,
    index: usize,
    wanted: &DataType,
) -> Result<Option<LogicalPlan>> {
    let Some(text) = text_constant(input, index) else {
        return Ok(None);
    };
    let LogicalPlan::Projection(projection) = input.as_ref() else {
        return Ok(None);
    };
    let datum = parse_text(&sql_type(wanted), text).map_err(carry)?;
    let value = Expr::Literal(datum_to_scalar(&datum, wanted)?, None);
    let (qualifier, field) = projection.schema.qualified_field(index);
    let mut expressions = projection.expr.clone();
    expressions[index] = Expr::Alias(Alias::new(value, qualifier.cloned(), field.name()));
    let read = Projection::try_new(expressions, Arc::clone(&projection.input))?;
    Ok(Some(LogicalPlan::Projection(read)))
}
