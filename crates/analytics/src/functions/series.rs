//! `generate_series` and `range` as arrays, with a bound: the whole array is in memory, whatever the numbers in the call are.
//!
//! In FROM with constants they are table functions of DataFusion's, which need no bound.

use crate::error::carry;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNanoType};
use datafusion::common::Result;
use datafusion::functions_nested::range::{gen_series_udf, range_udf};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use shale_sql::SqlError;
use std::sync::Arc;

/// Elements that the arrays of one batch of rows may have together.
const ELEMENTS_MAX: i128 = 16_000_000;

const NANOS_PER_DAY: i128 = 86_400_000_000_000;

pub(super) fn all() -> [Arc<ScalarUDF>; 2] {
    [gen_series_udf(), range_udf()].map(|inner| {
        let signature = inner.signature().clone();
        Arc::new(ScalarUDF::new_from_impl(Series { inner, signature }))
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Series {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for Series {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args
            .args
            .iter()
            .map(|value| value.to_array(rows))
            .collect::<Result<Vec<_>>>()?;
        if elements(&arrays)? > ELEMENTS_MAX {
            return Err(carry(SqlError::ProgramLimit {
                message: format!(
                    "{} would build arrays of more than {ELEMENTS_MAX} elements",
                    self.name()
                ),
            }));
        }
        self.inner.invoke_with_args(args)
    }
}

/// How many elements a call builds; of dates and times about so many.
fn elements(arguments: &[ArrayRef]) -> Result<i128> {
    let Some(first) = arguments.first() else {
        return Ok(0);
    };
    let unit = match first.data_type() {
        DataType::Int64 => 1,
        DataType::Date32 => NANOS_PER_DAY,
        DataType::Timestamp(..) => 1,
        _ => return Ok(0),
    };
    let numbers = arguments
        .iter()
        .map(|argument| match argument.data_type() {
            DataType::Interval(_) => Ok(Arc::clone(argument)),
            DataType::Date32 => cast(&cast(argument, &DataType::Int32)?, &DataType::Int64),
            _ => cast(argument, &DataType::Int64),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut total = 0;
    for row in 0..first.len() {
        let at = |position: usize| {
            numbers
                .get(position)
                .map_or(0, |numbers| number(numbers, row))
        };
        let (start, stop) = match numbers.len() {
            1 => (0, at(0)),
            _ => (at(0), at(1)),
        };
        let step = if numbers.len() > 2 { at(2) } else { unit };
        total += ((stop - start) * unit / if step == 0 { unit } else { step } + 1).max(0);
    }
    Ok(total)
}

fn number(numbers: &ArrayRef, row: usize) -> i128 {
    if numbers.is_null(row) {
        return 0;
    }
    match numbers.data_type() {
        DataType::Interval(_) => {
            let Ok(intervals) = cast(
                numbers,
                &DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano),
            ) else {
                return 0;
            };
            let interval = intervals
                .as_primitive::<IntervalMonthDayNanoType>()
                .value(row);
            let days = i128::from(interval.months) * 30 + i128::from(interval.days);
            days * NANOS_PER_DAY + i128::from(interval.nanoseconds)
        }
        _ => numbers.as_primitive::<Int64Type>().value(row).into(),
    }
}
