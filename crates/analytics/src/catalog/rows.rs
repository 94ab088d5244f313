//! Rows of system relations, written column by column name.

use super::spec::SystemRelation;
use arrow::array::{
    ArrayRef, BooleanBuilder, Float32Builder, Float64Builder, Int16Builder, Int32Builder,
    Int64Builder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
    UInt32Builder, new_null_array,
};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, internal_err};
use std::sync::Arc;

/// A value of a system relation.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// NULL.
    Null,
    /// bool
    Bool(bool),
    /// Integers and oids.
    Int(i64),
    /// float4
    Float(f32),
    /// float8
    Double(f64),
    /// timestamptz: microseconds since the Unix epoch.
    Micros(i64),
    /// Texts.
    Text(String),
    /// Texts that are constants.
    Static(&'static str),
    /// Arrays of integers and oids.
    Ints(Vec<i64>),
    /// Arrays of texts.
    Texts(Vec<String>),
}

impl From<bool> for Cell {
    fn from(value: bool) -> Cell {
        Cell::Bool(value)
    }
}
impl From<i64> for Cell {
    fn from(value: i64) -> Cell {
        Cell::Int(value)
    }
}
impl From<i32> for Cell {
    fn from(value: i32) -> Cell {
        Cell::Int(value.into())
    }
}
impl From<usize> for Cell {
    fn from(value: usize) -> Cell {
        Cell::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}
impl From<String> for Cell {
    fn from(value: String) -> Cell {
        Cell::Text(value)
    }
}
impl From<&String> for Cell {
    fn from(value: &String) -> Cell {
        Cell::Text(value.clone())
    }
}
impl From<&'static str> for Cell {
    fn from(value: &'static str) -> Cell {
        Cell::Static(value)
    }
}
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Null, Into::into)
    }
}

/// Rows of one relation in the making. Columns that are not named are NULL, or if NOT NULL the zero of their type.
pub(crate) struct Rows<const N: usize> {
    relation: &'static SystemRelation,
    positions: [usize; N],
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Rows<N> {
    /// Rows with those columns.
    ///
    /// # Panics
    /// If the relation has no such column: the names are constants of this crate, and every relation is built in a test.
    pub(crate) fn new(relation: &'static SystemRelation, columns: [&str; N]) -> Rows<N> {
        let positions = columns.map(|name| {
            relation
                .columns
                .iter()
                .position(|column| column.name == name)
                .unwrap_or_else(|| panic!("{} has no column {name}", relation.name))
        });
        Rows {
            relation,
            positions,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [Cell; N]) {
        self.rows.push(row);
    }

    /// The rows as Arrow columns.
    pub(crate) fn finish(self) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.relation.columns.len());
        for (index, field) in self.relation.arrow.fields().iter().enumerate() {
            let column = match self
                .positions
                .iter()
                .position(|position| *position == index)
            {
                Some(position) => cells_to_array(
                    field.data_type(),
                    self.rows.iter().map(|row| &row[position]),
                )?,
                None if self.relation.columns[index].not_null => {
                    let zero = zero_of(field.data_type());
                    cells_to_array(field.data_type(), self.rows.iter().map(|_| &zero))?
                }
                None => new_null_array(field.data_type(), self.rows.len()),
            };
            columns.push(column);
        }
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.relation.arrow),
            columns,
            &arrow::array::RecordBatchOptions::new().with_row_count(Some(self.rows.len())),
        )?)
    }
}

fn zero_of(data_type: &DataType) -> Cell {
    match data_type {
        DataType::Boolean => Cell::Bool(false),
        DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt32 => Cell::Int(0),
        DataType::Float32 => Cell::Float(0.0),
        DataType::Utf8 => Cell::Static(""),
        DataType::List(element) if element.data_type() == &DataType::Utf8 => {
            Cell::Texts(Vec::new())
        }
        DataType::List(_) => Cell::Ints(Vec::new()),
        _ => Cell::Null,
    }
}

/// One column of that type.
pub(super) fn cells_to_array<'a>(
    data_type: &DataType,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<ArrayRef> {
    macro_rules! integers {
        ($builder:ty) => {{
            let mut builder = <$builder>::new();
            for cell in cells {
                match cell {
                    Cell::Int(value) => builder.append_option((*value).try_into().ok()),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }};
    }
    Ok(match data_type {
        DataType::Boolean => {
            let mut builder = BooleanBuilder::new();
            for cell in cells {
                builder.append_option(if let Cell::Bool(value) = cell {
                    Some(*value)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Int16 => integers!(Int16Builder),
        DataType::Int32 => integers!(Int32Builder),
        DataType::Int64 => integers!(Int64Builder),
        DataType::UInt32 => integers!(UInt32Builder),
        DataType::Float32 => {
            let mut builder = Float32Builder::new();
            for cell in cells {
                builder.append_option(if let Cell::Float(value) = cell {
                    Some(*value)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Float64 => {
            let mut builder = Float64Builder::new();
            for cell in cells {
                builder.append_option(if let Cell::Double(value) = cell {
                    Some(*value)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let mut builder = TimestampMicrosecondBuilder::new().with_data_type(data_type.clone());
            for cell in cells {
                builder.append_option(if let Cell::Micros(value) = cell {
                    Some(*value)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Utf8 => {
            let mut builder = StringBuilder::new();
            for cell in cells {
                match cell {
                    Cell::Text(value) => builder.append_value(value),
                    Cell::Static(value) => builder.append_value(value),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        DataType::List(element) => lists(element.data_type(), cells)?,
        other => return internal_err!("no catalog cells of type {other}"),
    })
}

fn lists<'a>(element: &DataType, cells: impl Iterator<Item = &'a Cell>) -> Result<ArrayRef> {
    macro_rules! integers {
        ($builder:ty) => {{
            let mut builder = ListBuilder::new(<$builder>::new());
            for cell in cells {
                match cell {
                    Cell::Ints(values) => {
                        for value in values {
                            builder.values().append_option((*value).try_into().ok());
                        }
                        builder.append(true);
                    }
                    _ => builder.append(false),
                }
            }
            Arc::new(builder.finish())
        }};
    }
    Ok(match element {
        DataType::Int16 => integers!(Int16Builder),
        DataType::UInt32 => integers!(UInt32Builder),
        DataType::Utf8 => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for cell in cells {
                match cell {
                    Cell::Texts(values) => {
                        for value in values {
                            builder.values().append_value(value);
                        }
                        builder.append(true);
                    }
                    _ => builder.append(false),
                }
            }
            Arc::new(builder.finish())
        }
        other => return internal_err!("no catalog lists of type {other}"),
    })
}
