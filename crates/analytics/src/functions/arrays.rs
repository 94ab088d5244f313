//! Functions over arrays of any element type.

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int32Builder, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::common::{Result, internal_datafusion_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// `shale_array_or_empty(a)`: an empty array for NULL. What `ARRAY(SELECT …)` gives for no rows.
pub(super) fn array_or_empty() -> ScalarUDF {
    ScalarUDF::new_from_impl(ArrayOrEmpty {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayOrEmpty {
    signature: Signature,
}

impl ScalarUDFImpl for ArrayOrEmpty {
    fn name(&self) -> &str {
        "shale_array_or_empty"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [list @ DataType::List(_)] => Ok(list.clone()),
            other => plan_err!("an array was expected, not {other:?}"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let Some(argument) = args.args.into_iter().next() else {
            return plan_err!("an array was expected");
        };
        let array = argument.to_array(rows)?;
        let list = array.as_list::<i32>();
        if list.null_count() == 0 {
            return Ok(ColumnarValue::Array(array));
        }
        // The values behind a NULL are skipped, so its length has to become zero.
        let lengths = (0..list.len()).map(|row| match list.is_valid(row) {
            true => list.value_length(row) as usize,
            false => 0,
        });
        let offsets = OffsetBuffer::from_lengths(lengths);
        let kept: Vec<ArrayRef> = (0..list.len())
            .filter(|row| list.is_valid(*row))
            .map(|row| list.value(row))
            .collect();
        let kept: Vec<&dyn Array> = kept.iter().map(AsRef::as_ref).collect();
        let values = match kept.is_empty() {
            true => arrow::array::new_empty_array(&list.value_type()),
            false => arrow::compute::concat(&kept)?,
        };
        let DataType::List(field) = list.data_type() else {
            return plan_err!("an array was expected");
        };
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(
            Arc::clone(field),
            offsets,
            values,
            None,
        )?)))
    }
}

/// `shale_expand_array(a)`: the elements `x` with their places `n`, from 1; information_schema's `_pg_expandarray`.
pub(super) fn expand_array() -> ScalarUDF {
    ScalarUDF::new_from_impl(ExpandArray {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExpandArray {
    signature: Signature,
}

fn expanded(element: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("x", element.clone(), true),
        Field::new("n", DataType::Int32, true),
    ])
}

impl ScalarUDFImpl for ExpandArray {
    fn name(&self) -> &str {
        "shale_expand_array"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::List(element)] => {
                let pair = DataType::Struct(expanded(element.data_type()));
                Ok(DataType::List(Arc::new(Field::new_list_field(pair, true))))
            }
            other => plan_err!("an array was expected, not {other:?}"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(argument) = args.args.into_iter().next() else {
            return plan_err!("an array was expected");
        };
        let array = argument.to_array(args.number_rows)?;
        let list = array.as_list::<i32>();
        let mut elements = Vec::with_capacity(list.len());
        let mut places = Int32Builder::new();
        for row in 0..list.len() {
            let values = if list.is_valid(row) {
                list.value(row)
            } else {
                list.values().slice(0, 0)
            };
            for place in 1..=values.len() {
                places.append_value(i32::try_from(place).unwrap_or(i32::MAX));
            }
            elements.push(values);
        }
        let offsets = OffsetBuffer::from_lengths(elements.iter().map(|values| values.len()));
        let elements: Vec<&dyn Array> = elements.iter().map(AsRef::as_ref).collect();
        let elements = match elements.is_empty() {
            true => arrow::array::new_empty_array(&list.value_type()),
            false => arrow::compute::concat(&elements)?,
        };
        let pairs = StructArray::try_new(
            expanded(&list.value_type()),
            vec![elements, Arc::new(places.finish())],
            None,
        )?;
        let field = Arc::new(Field::new_list_field(pairs.data_type().clone(), true));
        let result = ListArray::try_new(field, offsets, Arc::new(pairs), list.nulls().cloned())?;
        Ok(ColumnarValue::Array(Arc::new(result)))
    }
}

/// `array_upper(a, dimension)` and `array_lower(a, dimension)`.
pub(super) fn bounds() -> [Arc<ScalarUDF>; 2] {
    [Bound::Upper, Bound::Lower].map(|bound| {
        Arc::new(ScalarUDF::new_from_impl(ArrayBound {
            bound,
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bound {
    Upper,
    Lower,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayBound {
    bound: Bound,
    signature: Signature,
}

impl ScalarUDFImpl for ArrayBound {
    fn name(&self) -> &str {
        match self.bound {
            Bound::Upper => "array_upper",
            Bound::Lower => "array_lower",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [list @ DataType::List(_), dimension]
                if dimension.is_integer() || dimension.is_null() =>
            {
                Ok(vec![list.clone(), DataType::Int64])
            }
            other => Err(super::no_match(self.name(), other)),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [arrays, dimensions] = ColumnarValue::values_to_arrays(&args.args)?
            .try_into()
            .map_err(|_| internal_datafusion_err!("{} takes two arguments", self.name()))?;
        let dimensions = dimensions.as_primitive::<Int64Type>();
        let bounds = arrays.as_list::<i32>().iter().zip(dimensions).map(|row| {
            let length = length_in(row.0?, row.1?)?;
            match self.bound {
                Bound::Upper => i32::try_from(length).ok(),
                // Arrays begin at 1.
                Bound::Lower => Some(1),
            }
        });
        Ok(ColumnarValue::Array(Arc::new(Int32Array::from_iter(
            bounds,
        ))))
    }
}

/// The length of an array in a dimension, counted from 1; none where it has no such dimension. An array without elements has none at all.
fn length_in(array: ArrayRef, dimension: i64) -> Option<usize> {
    let mut lengths = vec![array.len()];
    let mut inner = array;
    // All parts of an array have the same lengths.
    while let DataType::List(_) = inner.data_type()
        && !inner.is_empty()
    {
        inner = inner.as_list::<i32>().value(0);
        lengths.push(inner.len());
    }
    if lengths.contains(&0) {
        return None;
    }
    let place = usize::try_from(dimension).ok()?.checked_sub(1)?;
    lengths.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Int32Type;

    #[test]
    fn lengths_are_those_of_dimensions() {
        let numbers = |lists: &[&[i32]]| {
            let lists = lists
                .iter()
                .map(|list| Some(list.iter().copied().map(Some).collect::<Vec<_>>()));
            ListArray::from_iter_primitive::<Int32Type, _, _>(lists)
        };
        let flat = || numbers(&[&[7, 8, 9]]).value(0);
        assert_eq!(
            [-1, 0, 1, 2].map(|dimension| length_in(flat(), dimension)),
            [None, None, Some(3), None]
        );
        let square: ArrayRef = Arc::new(numbers(&[&[1, 2, 3], &[4, 5, 6]]));
        assert_eq!(
            [1, 2, 3].map(|dimension| length_in(Arc::clone(&square), dimension)),
            [Some(2), Some(3), None]
        );
        let hollow: ArrayRef = Arc::new(numbers(&[&[], &[]]));
        assert_eq!(length_in(hollow, 1), None);
        assert_eq!(length_in(numbers(&[&[]]).value(0), 1), None);
    }
}
