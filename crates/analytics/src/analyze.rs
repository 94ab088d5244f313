//! Gives casts and integer arithmetic PostgreSQL's results, once all types are known.
//!
//! * Numbers are rounded when cast to integers; DataFusion cuts.
//! * Times, doubles, bytes and arrays become text in PostgreSQL's form.
//! * Integer `+ - *` and division of doubles by zero are errors where they overflow; DataFusion wraps, or gives infinity.
//!
//! Runs behind DataFusion's type coercion, so that implicit casts are seen as well.

use crate::error::carry;
use crate::functions::typed_function;
use crate::rows::array_to_datums;
use crate::types::sql_type;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewBuilder};
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Cast, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use shale_sql::SqlError;
use shale_sql::datum::to_text;
use std::sync::Arc;

/// The rule.
#[derive(Debug)]
pub(crate) struct PostgresResults;

impl AnalyzerRule for PostgresResults {
    fn name(&self) -> &str {
        "postgres_results"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let rewritten = plan.transform_up_with_subqueries(|node| {
            let mut schema = merge_schema(&node.inputs());
            if let LogicalPlan::TableScan(scan) = &node {
                schema.merge(&DFSchema::try_from_qualified_schema(
                    scan.table_name.clone(),
                    &scan.source.schema(),
                )?);
            }
            let names = NamePreserver::new(&node);
            node.map_expressions(|expression| {
                let name = names.save(&expression);
                let rewritten =
                    expression.transform_up(|expression| rewrite(expression, &schema))?;
                Ok(rewritten.update_data(|expression| name.restore(expression)))
            })
        })?;
        Ok(rewritten.data)
    }
}

fn rewrite(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let operation = match &expression {
        Expr::Cast(Cast { expr, field }) => {
            let from = expr.get_type(schema)?;
            // DataFusion takes the cast for one that keeps the order.
            if from == DataType::Int32 && *field.data_type() == DataType::Boolean {
                let zero = Expr::Literal(ScalarValue::Int32(Some(0)), None);
                return Ok(Transformed::yes(expr.as_ref().clone().not_eq(zero)));
            }
            cast_operation(&from, field.data_type()).map(|operation| match (operation, &from) {
                (Operation::Print(target, _), DataType::Decimal128(_, scale)) => {
                    Operation::Print(target, shown_scale(expr, *scale))
                }
                (operation, _) => operation,
            })
        }
        Expr::ScalarFunction(call) if call.func.name() == "round" => {
            let [argument] = call.args.as_slice() else {
                return Ok(Transformed::no(expression));
            };
            if argument.get_type(schema)? != DataType::Float64 {
                return Ok(Transformed::no(expression));
            }
            // Half to even, where DataFusion rounds half away from zero.
            let round = typed_function("shale_round")?;
            let rounded = ScalarFunction::new_udf(round, vec![argument.clone()]);
            return Ok(Transformed::yes(Expr::ScalarFunction(rounded)));
        }
        Expr::ScalarFunction(call) if let Some(name) = of_doubles(call) => {
            for argument in &call.args {
                if argument.get_type(schema)? != DataType::Float64 {
                    return Ok(Transformed::no(expression));
                }
            }
            let checked = ScalarFunction::new_udf(typed_function(name)?, call.args.clone());
            return Ok(Transformed::yes(Expr::ScalarFunction(checked)));
        }
        Expr::ScalarFunction(call) if call.func.name() == "character_length" => {
            match printed_bytes(call) {
                Some(bytes) => {
                    let length = Operation::ByteLength.call(vec![bytes.clone()]);
                    return Ok(Transformed::yes(length));
                }
                None => None,
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (left, right) = (left.get_type(schema)?, right.get_type(schema)?);
            arithmetic(*op, &left, &right)
        }
        _ => None,
    };
    let Some(operation) = operation else {
        return Ok(Transformed::no(expression));
    };
    let arguments = match expression {
        Expr::Cast(Cast { expr, .. }) => vec![*expr],
        Expr::BinaryExpr(BinaryExpr { left, right, .. }) => vec![*left, *right],
        other => return Ok(Transformed::no(other)),
    };
    Ok(Transformed::yes(operation.call(arguments)))
}

/// Functions of doubles that have errors in PostgreSQL where DataFusion gives infinity or no number.
fn of_doubles(call: &ScalarFunction) -> Option<&'static str> {
    match (call.func.name(), call.args.len()) {
        ("exp", 1) => Some("shale_exp"),
        ("ln", 1) => Some("shale_ln"),
        ("log" | "log10", 1) => Some("shale_log"),
        ("power", 2) => Some("shale_power"),
        _ => None,
    }
}

/// The bytes whose text form a function was about to measure.
fn printed_bytes(call: &ScalarFunction) -> Option<&Expr> {
    let [Expr::ScalarFunction(printed)] = call.args.as_slice() else {
        return None;
    };
    let operation = printed.func.inner().downcast_ref::<OperationFunction>()?;
    match (&operation.operation, printed.args.as_slice()) {
        (Operation::PrintBytes(_), [bytes]) => Some(bytes),
        _ => None,
    }
}

fn cast_operation(from: &DataType, to: &DataType) -> Option<Operation> {
    match to {
        DataType::Int16 | DataType::Int32 | DataType::Int64 if from.is_floating() => {
            Some(Operation::RoundTo(to.clone()))
        }
        DataType::Int16 | DataType::Int32 | DataType::Int64
            if matches!(from, DataType::Decimal128(..)) =>
        {
            Some(Operation::RoundTo(to.clone()))
        }
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 if prints_differently(from) => {
            Some(match from {
                DataType::Binary | DataType::BinaryView => Operation::PrintBytes(to.clone()),
                _ => Operation::Print(to.clone(), None),
            })
        }
        _ => None,
    }
}

fn prints_differently(from: &DataType) -> bool {
    matches!(
        from,
        DataType::Float32
            | DataType::Float64
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
            | DataType::Binary
            | DataType::BinaryView
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Interval(_)
            | DataType::Duration(_)
            | DataType::List(_)
    )
}

fn arithmetic(op: Operator, left: &DataType, right: &DataType) -> Option<Operation> {
    if left != right {
        return None;
    }
    match op {
        Operator::Plus if left.is_integer() => Some(Operation::Add),
        Operator::Minus if left.is_integer() => Some(Operation::Subtract),
        Operator::Multiply if left.is_integer() => Some(Operation::Multiply),
        Operator::Divide if left.is_floating() => Some(Operation::Divide),
        _ => None,
    }
}

/// What is done otherwise than DataFusion does it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Operation {
    RoundTo(DataType),
    /// The digits behind the point that a numeric shows; without them, those that it has.
    Print(DataType, Option<u8>),
    PrintBytes(DataType),
    ByteLength,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operation {
    fn call(self, arguments: Vec<Expr>) -> Expr {
        let function = Arc::new(ScalarUDF::new_from_impl(OperationFunction {
            operation: self,
            signature: Signature::any(arguments.len(), Volatility::Immutable),
        }));
        Expr::ScalarFunction(ScalarFunction::new_udf(function, arguments))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OperationFunction {
    operation: Operation,
    signature: Signature,
}

impl ScalarUDFImpl for OperationFunction {
    fn name(&self) -> &str {
        match self.operation {
            Operation::RoundTo(_) => "round_to_integer",
            Operation::Print(..) | Operation::PrintBytes(_) => "to_text",
            Operation::ByteLength => "byte_length",
            Operation::Add => "add",
            Operation::Subtract => "subtract",
            Operation::Multiply => "multiply",
            Operation::Divide => "divide",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match &self.operation {
            Operation::RoundTo(target)
            | Operation::Print(target, _)
            | Operation::PrintBytes(target) => target.clone(),
            Operation::ByteLength => DataType::Int32,
            _ => arguments.first().cloned().unwrap_or(DataType::Null),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args
            .args
            .into_iter()
            .map(|value| value.to_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let result = match (&self.operation, arrays.as_slice()) {
            (Operation::RoundTo(target), [array]) => round_to(array, target)?,
            (Operation::Print(target, scale), [array]) => print(array, target, *scale)?,
            (Operation::PrintBytes(target), [array]) => print(array, target, None)?,
            (Operation::ByteLength, [array]) => length(&cast(array, &DataType::Binary)?)?,
            (Operation::Add, [left, right]) => numeric::add(left, right)?,
            (Operation::Subtract, [left, right]) => numeric::sub(left, right)?,
            (Operation::Multiply, [left, right]) => numeric::mul(left, right)?,
            (Operation::Divide, [left, right]) => divide(left, right)?,
            _ => return datafusion::common::internal_err!("wrong number of arguments"),
        };
        if constant {
            let scalar = datafusion::common::ScalarValue::try_from_array(&result, 0)?;
            return Ok(ColumnarValue::Scalar(scalar));
        }
        Ok(ColumnarValue::Array(result))
    }
}

fn out_of_range(target: &DataType) -> datafusion::common::DataFusionError {
    carry(SqlError::OutOfRange {
        type_name: sql_type(target).base_name().to_owned(),
    })
}

/// Doubles round half to even, numerics half away from zero.
fn round_to(array: &ArrayRef, target: &DataType) -> Result<ArrayRef> {
    let integers: Int64Array = match array.data_type() {
        DataType::Decimal128(_, scale) => {
            let unit = 10_i128.pow(u32::from(scale.unsigned_abs()));
            let values = array.as_primitive::<Decimal128Type>();
            values
                .iter()
                .map(|value| {
                    value
                        .map(|value| round_decimal(value, unit, *scale, target))
                        .transpose()
                })
                .collect::<Result<_>>()?
        }
        _ => {
            let doubles = cast(array, &DataType::Float64)?;
            let values = doubles.as_primitive::<Float64Type>();
            values
                .iter()
                .map(|value| value.map(|value| round_double(value, target)).transpose())
                .collect::<Result<_>>()?
        }
    };
    let narrowed = cast(&integers, target)?;
    // Casting gives NULL for what does not fit.
    if narrowed.null_count() != integers.null_count() {
        return Err(out_of_range(target));
    }
    Ok(narrowed)
}

fn round_decimal(value: i128, unit: i128, scale: i8, target: &DataType) -> Result<i64> {
    let rounded = if scale <= 0 {
        value.checked_mul(unit)
    } else {
        let (whole, rest) = (value / unit, value % unit);
        let up = rest.unsigned_abs() * 2 >= unit.unsigned_abs();
        Some(if up { whole + value.signum() } else { whole })
    };
    rounded
        .and_then(|value| i64::try_from(value).ok())
        .ok_or_else(|| out_of_range(target))
}

fn round_double(value: f64, target: &DataType) -> Result<i64> {
    const BELOW: f64 = -9_223_372_036_854_775_808.0;
    const ABOVE: f64 = 9_223_372_036_854_775_808.0;
    let rounded = value.round_ties_even();
    if (BELOW..ABOVE).contains(&rounded) {
        Ok(rounded as i64)
    } else {
        Err(out_of_range(target))
    }
}

/// Largest scale that a numeric shows in full: those of quotients and of columns without one are larger.
const SHOWN_SCALE_MAX: i8 = 15;

/// Digits behind the point that a numeric of that expression shows, as far as its Arrow type and the function that made it tell.
fn shown_scale(expression: &Expr, scale: i8) -> Option<u8> {
    let scale = match expression {
        Expr::ScalarFunction(call) => match (call.func.name(), call.args.as_slice()) {
            ("ceil" | "floor", _) | ("round" | "trunc", [_]) => 0,
            ("round" | "trunc", [_, Expr::Literal(digits, _)]) => match digits {
                ScalarValue::Int64(Some(digits)) => i8::try_from(*digits).ok()?.max(0),
                ScalarValue::Int32(Some(digits)) => i8::try_from(*digits).ok()?.max(0),
                _ => return None,
            },
            _ => scale,
        },
        _ => scale,
    };
    let scale = (0..=SHOWN_SCALE_MAX).contains(&scale).then_some(scale)?;
    u8::try_from(scale).ok()
}

fn print(array: &ArrayRef, target: &DataType, scale: Option<u8>) -> Result<ArrayRef> {
    let from = match scale {
        Some(scale) => shale_sql::SqlType::Numeric(Some((0, scale))),
        None => sql_type(array.data_type()),
    };
    let mut builder = StringViewBuilder::with_capacity(array.len());
    for datum in array_to_datums(array, &from).map_err(carry)? {
        match datum {
            shale_sql::Datum::Null => builder.append_null(),
            datum => builder.append_value(to_text(&datum, &from)),
        }
    }
    Ok(cast(&builder.finish(), target)?)
}

fn divide(left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let doubles = cast(right, &DataType::Float64)?;
    let zero = doubles
        .as_primitive::<Float64Type>()
        .iter()
        .zip(0..left.len());
    for (divisor, row) in zero {
        if divisor == Some(0.0) && left.is_valid(row) {
            return Err(arrow::error::ArrowError::DivideByZero.into());
        }
    }
    Ok(numeric::div(left, right)?)
}
