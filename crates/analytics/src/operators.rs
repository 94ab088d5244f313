//! Operators whose operands DataFusion takes otherwise than PostgreSQL.
//!
//! * A date and an interval give a timestamp.
//! * A text constant beside a time, bytea or boolean is read as PostgreSQL reads it.
//! * Intervals are multiplied and divided by numbers.
//! * `@>`, `<@` and `-` of jsonb are functions.
//! * Quotients of numerics have at least 16 digits behind the point, where DataFusion has 4.

use crate::error::carry;
use crate::functions::{row_function, typed_function};
use crate::rows::datum_to_scalar;
use crate::types::{arrow_type, sql_type};
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, Operator};
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
            // Days, as an integer.
            (DataType::Date32, DataType::Date32) if expr.op == BinaryOperator::Minus => {
                let days = Expr::BinaryExpr(BinaryExpr::new(
                    Box::new(expr.left),
                    Operator::Minus,
                    Box::new(expr.right),
                ));
                let days = Cast::new(Box::new(days), DataType::Int32);
                return Ok(PlannerResult::Planned(Expr::Cast(days)));
            }
            (left, DataType::List(_)) if is_text(left) && expr.op == BinaryOperator::Minus => {
                let arguments = vec![expr.left, expr.right];
                return Ok(PlannerResult::Planned(called(
                    "shale_json_delete_names",
                    arguments,
                )?));
            }
            // Whole days, and the rest; DataFusion only has a number of microseconds.
            (left, right)
                if expr.op == BinaryOperator::Minus && is_moment(left) && is_moment(right) =>
            {
                let difference = typed_function("shale_timestamp_difference")?;
                let call = ScalarFunction::new_udf(difference, vec![expr.left, expr.right]);
                return Ok(PlannerResult::Planned(Expr::ScalarFunction(call)));
            }
            (DataType::Interval(_), other) if is_number(other) => {
                let function = match expr.op {
                    BinaryOperator::Multiply => "shale_interval_multiply",
                    BinaryOperator::Divide => "shale_interval_divide",
                    _ => return Ok(PlannerResult::Original(expr)),
                };
                return scaled_interval(function, expr.left, expr.right);
            }
            (other, DataType::Interval(_))
                if is_number(other) && expr.op == BinaryOperator::Multiply =>
            {
                return scaled_interval("shale_interval_multiply", expr.right, expr.left);
            }
            (left, right) if is_text(left) && (is_text(right) || right.is_integer()) => {
                if let Some(function) = json_function(&expr) {
                    let arguments = match expr.op {
                        BinaryOperator::ArrowAt => vec![expr.right, expr.left],
                        _ => vec![expr.left, expr.right],
                    };
                    return Ok(PlannerResult::Planned(called(function, arguments)?));
                }
            }
            (left, right) if expr.op == BinaryOperator::Divide && has_decimal(left, right) => {
                expr.left = with_fraction(expr.left, left);
            }
            // Beside `||` a constant is a text.
            (left, right)
                if expr.op == BinaryOperator::StringConcat
                    && *left != DataType::Binary
                    && *right != DataType::Binary => {}
            (left, _) if reads_constants(left) => expr.right = read_constant(expr.right, left)?,
            (_, right) if reads_constants(right) => expr.left = read_constant(expr.left, right)?,
            _ => {}
        }
        Ok(PlannerResult::Original(expr))
    }
}

fn is_moment(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(..) | DataType::Date32)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8
    )
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

fn called(function: &str, arguments: Vec<Expr>) -> Result<Expr> {
    let function = ScalarFunction::new_udf(row_function(function)?, arguments);
    Ok(Expr::ScalarFunction(function))
}

fn scaled_interval(
    function: &str,
    interval: Expr,
    number: Expr,
) -> Result<PlannerResult<RawBinaryExpr>> {
    let text = called(function, vec![interval, number])?;
    let interval = Cast::new(Box::new(text), arrow_type(&SqlType::Interval));
    Ok(PlannerResult::Planned(Expr::Cast(interval)))
}

/// The function of an operator that only jsonb has. Texts have neither `-` nor `@>`.
fn json_function(expr: &RawBinaryExpr) -> Option<&'static str> {
    let constant = |expr: &Expr| matches!(expr, Expr::Literal(..));
    match expr.op {
        BinaryOperator::AtArrow | BinaryOperator::ArrowAt => Some("shale_json_contains"),
        BinaryOperator::Minus if !constant(&expr.left) => Some("shale_json_delete"),
        _ => None,
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
