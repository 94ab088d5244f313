//! Items to Arrow columns: only the attributes asked for are read.
//!
//! Not here: which items (`scan`), which columns a table has (`relation`).
//!
//! Invariant: a value reads as `shale_sql::datum::value_to_datum` reads it, but for the padding of char(n); the direct paths here are its fast
//! cases.

use crate::relation::{ColumnSource, RelationColumn};
use crate::rows::{UNIX_EPOCH_DAYS, UNIX_EPOCH_MICROS};
use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, RecordBatch, RecordBatchOptions,
    StringViewBuilder, Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result, ScalarValue};
use shale_item::{EncodedItem, ItemView, Number, ValueView};
use shale_sql::datum::{item_to_json, parse_date, value_to_datum};
use shale_sql::{Datum, SqlType};
use std::sync::Arc;

/// The columns of some items.
pub(crate) fn items_to_batch(
    items: &[EncodedItem],
    columns: &[RelationColumn],
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let arrays = columns
        .iter()
        .map(|column| column_array(items, column))
        .collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        arrays,
        &RecordBatchOptions::new().with_row_count(Some(items.len())),
    )?)
}

fn column_array(items: &[EncodedItem], column: &RelationColumn) -> Result<ArrayRef> {
    if column.source == ColumnSource::Item {
        let mut builder = StringViewBuilder::with_capacity(items.len());
        for item in items {
            builder.append_value(item_to_json(item.view()));
        }
        return Ok(Arc::new(builder.finish()));
    }
    // Items of a table are mostly alike.
    let mut position = 0;
    let values = items
        .iter()
        .map(move |item| attribute(item.view(), &column.name, &mut position));
    match &column.data_type {
        DataType::Utf8View => Ok(texts(values, &column.sql_type, items.len())),
        DataType::List(_) => lists(values, column),
        _ => Ok(scalars(values, column, items.len())),
    }
}

fn attribute<'a>(item: ItemView<'a>, name: &str, position: &mut usize) -> Option<ValueView<'a>> {
    match item.get_near(name, position) {
        Some(ValueView::Null) | None => None,
        value => value,
    }
}

fn texts<'a>(
    values: impl Iterator<Item = Option<ValueView<'a>>>,
    sql_type: &SqlType,
    capacity: usize,
) -> ArrayRef {
    // Bytes are never fewer than characters: a text of so many fits its column.
    let bytes_max = match sql_type {
        SqlType::Text | SqlType::Name | SqlType::SingleChar => usize::MAX,
        SqlType::Varchar(length) | SqlType::Char(length) => {
            length.map_or(usize::MAX, |length| length as usize)
        }
        _ => 0,
    };
    let padded = matches!(sql_type, SqlType::Char(_));
    let mut builder = StringViewBuilder::with_capacity(capacity);
    for value in values {
        match value {
            None => builder.append_null(),
            Some(ValueView::S(text)) if text.len() <= bytes_max && !padded => {
                builder.append_value(text);
            }
            Some(ValueView::S(text)) if text.len() <= bytes_max => {
                builder.append_value(text.trim_end_matches(' '));
            }
            Some(value) => match value_to_datum(value, sql_type) {
                // Blanks at the end of char(n) mean nothing to operators and functions; results are padded where they leave.
                Datum::Text(text) if padded => {
                    builder.append_value(text.trim_end_matches(' '));
                }
                Datum::Text(text) | Datum::Json(text) => builder.append_value(text),
                _ => builder.append_null(),
            },
        }
    }
    Arc::new(builder.finish())
}

fn scalars<'a>(
    values: impl Iterator<Item = Option<ValueView<'a>>>,
    column: &RelationColumn,
    capacity: usize,
) -> ArrayRef {
    let sql_type = &column.sql_type;
    let datum = |value: Option<ValueView<'_>>| {
        value.map_or(Datum::Null, |value| value_to_datum(value, sql_type))
    };
    macro_rules! build {
        ($builder:expr, $pattern:pat => $value:expr) => {{
            let mut builder = $builder;
            for value in values {
                match datum(value) {
                    $pattern => builder.append_option($value),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }};
    }
    macro_rules! integers {
        ($builder:ty) => {{
            let mut builder = <$builder>::with_capacity(capacity);
            for value in values {
                builder.append_option(match value {
                    None => None,
                    Some(ValueView::N(number)) => {
                        number.to_i64().and_then(|value| value.try_into().ok())
                    }
                    other => match datum(other) {
                        Datum::Int(value) => value.try_into().ok(),
                        _ => None,
                    },
                });
            }
            Arc::new(builder.finish())
        }};
    }
    match &column.data_type {
        DataType::Boolean => {
            build!(BooleanBuilder::with_capacity(capacity), Datum::Bool(value) => Some(value))
        }
        DataType::Int16 => integers!(Int16Builder),
        DataType::Int32 => integers!(Int32Builder),
        DataType::Int64 => integers!(Int64Builder),
        DataType::Float32 => {
            build!(Float32Builder::with_capacity(capacity), Datum::Float(value) => Some(value as f32))
        }
        DataType::Float64 => {
            let mut builder = Float64Builder::with_capacity(capacity);
            for value in values {
                builder.append_option(match datum(value) {
                    Datum::Float(value) => Some(value),
                    Datum::Numeric(value) => Some(value.to_f64()),
                    _ => None,
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Decimal128(_, scale) => {
            let mut builder =
                Decimal128Builder::with_capacity(capacity).with_data_type(column.data_type.clone());
            for value in values {
                builder.append_option(match value {
                    None => None,
                    Some(ValueView::N(number)) => exact_decimal(number, *scale, sql_type),
                    other => match datum(other) {
                        Datum::Numeric(number) => number.to_decimal128(*scale as u8),
                        _ => None,
                    },
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Binary => {
            let mut builder = BinaryBuilder::new();
            for value in values {
                match value {
                    Some(ValueView::B(bytes)) => builder.append_value(bytes),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        DataType::Date32 => {
            let mut builder = Date32Builder::with_capacity(capacity);
            for value in values {
                builder.append_option(match value {
                    None => None,
                    Some(ValueView::S(text)) => {
                        parse_date(text).ok().map(|days| days + UNIX_EPOCH_DAYS)
                    }
                    other => match datum(other) {
                        Datum::Date(days) => Some(days + UNIX_EPOCH_DAYS),
                        _ => None,
                    },
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Time64(_) => {
            build!(Time64MicrosecondBuilder::with_capacity(capacity), Datum::Time(micros) => Some(micros))
        }
        DataType::Timestamp(..) => build!(
            TimestampMicrosecondBuilder::with_capacity(capacity).with_data_type(column.data_type.clone()),
            Datum::Timestamp(micros) => micros.checked_add(UNIX_EPOCH_MICROS)
        ),
        other => arrow::array::new_null_array(other, capacity),
    }
}

/// A number of a numeric column, if the column has room for all its digits.
fn exact_decimal(number: Number, scale: i8, sql_type: &SqlType) -> Option<i128> {
    let unscaled = number.to_decimal128(scale as u8)?;
    match sql_type {
        SqlType::Numeric(Some((precision @ 1.., column_scale))) if *column_scale == scale as u8 => {
            let bound = 10_u128.checked_pow(u32::from(*precision));
            let fits = bound.is_none_or(|bound| unscaled.unsigned_abs() < bound);
            fits.then_some(unscaled)
        }
        SqlType::Numeric(None) => Some(unscaled),
        _ => match value_to_datum(ValueView::N(number), sql_type) {
            Datum::Numeric(number) => number.to_decimal128(scale as u8),
            _ => None,
        },
    }
}

fn lists<'a>(
    values: impl Iterator<Item = Option<ValueView<'a>>>,
    column: &RelationColumn,
) -> Result<ArrayRef> {
    let scalars = values
        .map(|value| {
            let datum = value.map_or(Datum::Null, |value| value_to_datum(value, &column.sql_type));
            crate::rows::datum_to_scalar(&datum, &column.data_type)
        })
        .collect::<Result<Vec<ScalarValue>>>()?;
    if scalars.is_empty() {
        return Ok(arrow::array::new_empty_array(&column.data_type));
    }
    ScalarValue::iter_to_array(scalars)
}
