//! Values between Arrow and [`Datum`]: result rows and parameters.
//!
//! PostgreSQL counts days and microseconds from 2000-01-01, Arrow from 1970-01-01.

use crate::error::to_sql_error;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type,
    Int64Type, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use datafusion::common::{Result, ScalarValue, exec_err};
use shale_item::Number;
use shale_sql::datum::MICROS_PER_DAY;
use shale_sql::{Datum, Row, SqlError, SqlType};
use std::sync::Arc;

/// Days from 1970-01-01 to 2000-01-01.
pub(crate) const UNIX_EPOCH_DAYS: i32 = 10_957;

/// Microseconds from 1970-01-01 to 2000-01-01.
pub(crate) const UNIX_EPOCH_MICROS: i64 = UNIX_EPOCH_DAYS as i64 * 86_400_000_000;

/// The rows of a batch, as columns of those types.
pub(crate) fn batch_to_rows(batch: &RecordBatch, types: &[SqlType]) -> Result<Vec<Row>, SqlError> {
    let mut rows: Vec<Row> = (0..batch.num_rows())
        .map(|_| Vec::with_capacity(types.len()))
        .collect();
    for (array, sql_type) in batch.columns().iter().zip(types) {
        let datums = array_to_datums(array, sql_type)?;
        for (row, datum) in rows.iter_mut().zip(datums) {
            row.push(datum);
        }
    }
    Ok(rows)
}

/// The Arrow type that values are read from: the widest of each kind.
fn reading_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Int8
        | DataType::Int16
        | DataType::UInt8
        | DataType::Int32
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal256(_, scale) => DataType::Decimal128(38, *scale),
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::Date64 => DataType::Date32,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Interval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Duration(_) => DataType::Duration(TimeUnit::Microsecond),
        DataType::Dictionary(_, value) => reading_type(value),
        other => other.clone(),
    }
}

/// The values of an Arrow column.
pub(crate) fn array_to_datums(
    array: &ArrayRef,
    sql_type: &SqlType,
) -> Result<Vec<Datum>, SqlError> {
    let wanted = reading_type(array.data_type());
    let array = if *array.data_type() == wanted {
        Arc::clone(array)
    } else {
        let values = cast(array, &wanted).map_err(|error| arrow_error(error, sql_type))?;
        // Casting gives NULL for what does not fit, such as a number of more than 38 digits.
        if values.null_count() != array.null_count() {
            return Err(out_of_range(sql_type));
        }
        values
    };
    macro_rules! primitive {
        ($array_type:ty, $value:ident => $datum:expr) => {{
            array
                .as_primitive::<$array_type>()
                .iter()
                .map(|value| match value {
                    Some($value) => $datum,
                    None => Ok(Datum::Null),
                })
                .collect()
        }};
    }
    match array.data_type() {
        DataType::Null => Ok(vec![Datum::Null; array.len()]),
        DataType::Boolean => Ok(array
            .as_boolean()
            .iter()
            .map(|value| value.map_or(Datum::Null, Datum::Bool))
            .collect()),
        DataType::Int64 => primitive!(Int64Type, value => Ok(match sql_type {
            SqlType::Numeric(_) => Datum::Numeric(Number::from(value)),
            _ => Datum::Int(value),
        })),
        DataType::Float32 => primitive!(Float32Type, value => Ok(Datum::Float(value.into()))),
        DataType::Float64 => primitive!(Float64Type, value => match sql_type {
            SqlType::Numeric(_) => Number::from_f64(value).map(Datum::Numeric).map_err(|_| out_of_range(sql_type)),
            _ => Ok(Datum::Float(value)),
        }),
        DataType::Decimal128(_, scale) => {
            let scale = *scale;
            primitive!(Decimal128Type, value => {
                Number::from_decimal128(value, scale).map(Datum::Numeric).map_err(|_| out_of_range(sql_type))
            })
        }
        DataType::Utf8 => Ok(array
            .as_string::<i32>()
            .iter()
            .map(|value| match value {
                None => Datum::Null,
                Some(text) if sql_type.is_json() => Datum::Json(text.to_owned()),
                Some(text) if let SqlType::Char(Some(length)) = sql_type => {
                    Datum::Text(format!("{text:width$}", width = *length as usize))
                }
                Some(text) => Datum::Text(text.to_owned()),
            })
            .collect()),
        DataType::Binary => Ok(array
            .as_binary::<i32>()
            .iter()
            .map(|value| value.map_or(Datum::Null, |bytes| Datum::Bytes(bytes.to_vec().into())))
            .collect()),
        DataType::Date32 => {
            primitive!(Date32Type, value => Ok(Datum::Date(value.saturating_sub(UNIX_EPOCH_DAYS))))
        }
        DataType::Time64(_) => primitive!(Time64MicrosecondType, value => Ok(Datum::Time(value))),
        DataType::Timestamp(..) => primitive!(TimestampMicrosecondType, value => {
            value.checked_sub(UNIX_EPOCH_MICROS).map(Datum::Timestamp).ok_or_else(|| out_of_range(sql_type))
        }),
        DataType::Interval(_) => primitive!(IntervalMonthDayNanoType, value => Ok(Datum::Interval {
            months: value.months,
            days: value.days,
            micros: value.nanoseconds / 1_000,
        })),
        // The difference of two timestamps: whole days, and the rest.
        DataType::Duration(_) => primitive!(DurationMicrosecondType, value => Ok(Datum::Interval {
            months: 0,
            days: i32::try_from(value / MICROS_PER_DAY).map_err(|_| out_of_range(sql_type))?,
            micros: value % MICROS_PER_DAY,
        })),
        DataType::List(_) => {
            let element = sql_type.element().unwrap_or(sql_type);
            array
                .as_list::<i32>()
                .iter()
                .map(|values| match values {
                    None => Ok(Datum::Null),
                    Some(values) => array_to_datums(&values, element).map(Datum::Array),
                })
                .collect()
        }
        _ => texts(&array),
    }
}

/// Structs and whatever else has no PostgreSQL type: as Arrow prints them.
fn texts(array: &ArrayRef) -> Result<Vec<Datum>, SqlError> {
    let options = arrow::util::display::FormatOptions::default();
    let formatter = arrow::util::display::ArrayFormatter::try_new(array, &options)
        .map_err(|error| to_sql_error(error.into()))?;
    Ok((0..array.len())
        .map(|index| match array.is_null(index) {
            true => Datum::Null,
            false => Datum::Text(formatter.value(index).to_string()),
        })
        .collect())
}

fn out_of_range(sql_type: &SqlType) -> SqlError {
    SqlError::OutOfRange {
        type_name: sql_type.base_name().to_owned(),
    }
}

fn arrow_error(error: ArrowError, sql_type: &SqlType) -> SqlError {
    match error {
        ArrowError::CastError(_) => out_of_range(sql_type),
        other => to_sql_error(other.into()),
    }
}

/// A constant as a value of that SQL type; `None` for one that has no such form.
pub(crate) fn scalar_to_datum(scalar: &ScalarValue, sql_type: &SqlType) -> Option<Datum> {
    let array = scalar.to_array().ok()?;
    array_to_datums(&array, sql_type).ok()?.pop()
}

/// A parameter's value as a scalar of that Arrow type.
pub(crate) fn datum_to_scalar(datum: &Datum, data_type: &DataType) -> Result<ScalarValue> {
    if let Datum::Null = datum {
        return ScalarValue::try_from(data_type);
    }
    let scalar = match datum {
        Datum::Null => ScalarValue::Null,
        Datum::Bool(value) => ScalarValue::Boolean(Some(*value)),
        Datum::Int(value) => ScalarValue::Int64(Some(*value)),
        Datum::Float(value) => ScalarValue::Float64(Some(*value)),
        Datum::Numeric(value) => return numeric_to_scalar(*value, data_type),
        Datum::Text(value) | Datum::Json(value) => ScalarValue::Utf8(Some(value.clone())),
        Datum::Bytes(value) => ScalarValue::Binary(Some(value.to_vec())),
        Datum::Date(days) => ScalarValue::Date32(Some(days.saturating_add(UNIX_EPOCH_DAYS))),
        Datum::Time(micros) => ScalarValue::Time64Microsecond(Some(*micros)),
        Datum::Timestamp(micros) => {
            let zone = match data_type {
                DataType::Timestamp(_, zone) => zone.clone(),
                _ => None,
            };
            ScalarValue::TimestampMicrosecond(micros.checked_add(UNIX_EPOCH_MICROS), zone)
        }
        Datum::Interval {
            months,
            days,
            micros,
        } => ScalarValue::IntervalMonthDayNano(Some(arrow::datatypes::IntervalMonthDayNano::new(
            *months,
            *days,
            micros.saturating_mul(1_000),
        ))),
        Datum::Array(elements) => return list_to_scalar(elements, data_type),
    };
    if scalar.data_type() == *data_type {
        return Ok(scalar);
    }
    scalar.cast_to(data_type)
}

fn numeric_to_scalar(value: Number, data_type: &DataType) -> Result<ScalarValue> {
    match data_type {
        DataType::Float64 => Ok(ScalarValue::Float64(Some(value.to_f64()))),
        DataType::Decimal128(precision, scale) if *scale >= 0 => {
            match value.to_decimal128(*scale as u8) {
                Some(unscaled) => Ok(ScalarValue::Decimal128(Some(unscaled), *precision, *scale)),
                // More fraction digits than the place has: its own scale, so that comparisons stay exact.
                None => own_scale(value),
            }
        }
        _ => own_scale(value)?.cast_to(data_type),
    }
}

fn own_scale(value: Number) -> Result<ScalarValue> {
    let (_, fraction) = value.digits();
    match value.to_decimal128(fraction) {
        Some(unscaled) if fraction <= 38 => {
            Ok(ScalarValue::Decimal128(Some(unscaled), 38, fraction as i8))
        }
        _ => exec_err!("numeric {value} has more digits than a decimal of 38 can hold"),
    }
}

fn list_to_scalar(elements: &[Datum], data_type: &DataType) -> Result<ScalarValue> {
    let DataType::List(field) = data_type else {
        return exec_err!("an array is not a value of type {data_type}");
    };
    let elements = elements
        .iter()
        .map(|element| datum_to_scalar(element, field.data_type()))
        .collect::<Result<Vec<_>>>()?;
    Ok(ScalarValue::List(ScalarValue::new_list(
        &elements,
        field.data_type(),
        true,
    )))
}
