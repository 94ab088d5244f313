//! Operators whose operands DataFusion takes otherwise than PostgreSQL.
//!
//! * A date and an interval give a timestamp.
//! * A text constant beside a time, bytea or boolean is read as PostgreSQL reads it.
//! * Quotients of numerics have at least 16 digits behind the point, where DataFusion has 4.

use crate::error::carry;
use crate::rows::datum_to_scalar;
use crate::types::{arrow_type, sql_type};
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use shale_sql::SqlType;
use shale_sql::datum::parse_text;

/// The planner of these operators.
#[derive(Debug)]
pub(crate) struct PostgresOperators;

impl ExprPlanner for PostgresOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let mut expr = expr;
        // What has no type yet (a parameter) is left to DataFusion.
        let (Ok(left), Ok(right)) = (expr.left.get_type(schema), expr.right.get_type(schema))
        else {
            return Ok(PlannerResult::Original(expr));
        };
        match (&left, &right) {
            (DataType::Date32, DataType::Interval(_))
                if matches!(expr.op, BinaryOperator::Plus | BinaryOperator::Minus) =>
            {
                expr.left = to_timestamp(expr.left);
            }
            (DataType::Interval(_), DataType::Date32) if expr.op == BinaryOperator::Plus => {
                expr.right = to_timestamp(expr.right);
            }
            (left, right) if expr.op == BinaryOperator::Divide && has_decimal(left, right) => {
                expr.left = with_fraction(expr.left, left);
            }
            (left, _) if reads_constants(left) => expr.right = read_constant(expr.right, left)?,
            (_, right) if reads_constants(right) => expr.left = read_constant(expr.left, right)?,
            _ => {}
        }
        Ok(PlannerResult::Original(expr))
    }
}

fn to_timestamp(date: Expr) -> Expr {
    Expr::Cast(Cast::new(Box::new(date), arrow_type(&SqlType::Timestamp)))
}

/// Digits behind the point of a dividend; quotients have 4 more.
const DIVIDEND_SCALE: i8 = 12;

fn has_decimal(left: &DataType, right: &DataType) -> bool {
    let exact = |data_type: &DataType| data_type.is_integer() || is_decimal(data_type);
    exact(left) && exact(right) && (is_decimal(left) || is_decimal(right))
}

fn is_decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(..))
}

fn with_fraction(dividend: Expr, data_type: &DataType) -> Expr {
    match data_type {
        DataType::Decimal128(_, scale) if *scale >= DIVIDEND_SCALE => dividend,
        _ => Expr::Cast(Cast::new(
            Box::new(dividend),
            DataType::Decimal128(38, DIVIDEND_SCALE),
        )),
    }
}

/// Types whose constants DataFusion reads in fewer forms than PostgreSQL, or otherwise.
fn reads_constants(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary
            | DataType::Boolean
            | DataType::Date32
            | DataType::Time64(_)
            | DataType::Timestamp(..)
    )
}

fn read_constant(expr: Expr, data_type: &DataType) -> Result<Expr> {
    let Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) = &expr
    else {
        return Ok(expr);
    };
    let datum = parse_text(&sql_type(data_type), text).map_err(carry)?;
    Ok(Expr::Literal(datum_to_scalar(&datum, data_type)?, None))
}
