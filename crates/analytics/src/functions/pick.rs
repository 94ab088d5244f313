//! What ordered-set aggregates pick out of the ordered array that the rewrite has collected for them: `percentile_disc`, `mode`.

use super::typed::data_exception;
use crate::error::carry;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// The name of the function that picks the value at a fraction.
pub(crate) const PERCENTILE: &str = "shale_percentile";
/// The name of the function that picks the most frequent value.
pub(crate) const MODE: &str = "shale_mode";

pub(super) fn all() -> [Arc<ScalarUDF>; 2] {
    [PERCENTILE, MODE].map(|name| {
        Arc::new(ScalarUDF::new_from_impl(Pick {
            name,
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Pick {
    name: &'static str,
    signature: Signature,
}

impl ScalarUDFImpl for Pick {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [list @ DataType::List(_)] => Ok(vec![list.clone()]),
            [list @ DataType::List(_), _] => Ok(vec![list.clone(), DataType::Float64]),
            other => Err(super::no_match(self.name, other)),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first() {
            Some(DataType::List(element)) => Ok(element.data_type().clone()),
            other => plan_err!("an array was expected, not {other:?}"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let target = args.return_field.data_type();
        let mut arguments = args.args.into_iter().map(|value| value.to_array(rows));
        let Some(lists) = arguments.next().transpose()? else {
            return plan_err!("an array was expected");
        };
        let fractions = arguments.next().transpose()?;
        let fractions = fractions
            .as_ref()
            .map(|array| array.as_primitive::<Float64Type>());
        let mut picked = Vec::with_capacity(rows);
        for (row, list) in lists.as_list::<i32>().iter().enumerate() {
            let place = match (&list, fractions) {
                (Some(list), Some(fractions)) if fractions.is_valid(row) => {
                    at_fraction(fractions.value(row), list.len())?
                }
                (Some(list), None) => most_frequent(list)?,
                _ => None,
            };
            picked.push(match (list, place) {
                (Some(list), Some(place)) => ScalarValue::try_from_array(&list, place)?,
                _ => ScalarValue::try_from(target)?,
            });
        }
        if picked.is_empty() {
            return Ok(ColumnarValue::Array(arrow::array::new_empty_array(target)));
        }
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(picked)?))
    }
}

/// The first value whose place is at least that part of all.
fn at_fraction(fraction: f64, count: usize) -> Result<Option<usize>> {
    if !(0.0..=1.0).contains(&fraction) {
        let message = format!("percentile value {fraction} is not between 0 and 1");
        return Err(carry(data_exception("22003", message)));
    }
    let place = (fraction * count as f64).ceil() as usize;
    Ok((count > 0).then(|| place.saturating_sub(1)))
}

/// Where the longest run of equal values begins; of several the first.
fn most_frequent(list: &ArrayRef) -> Result<Option<usize>> {
    let (mut best, mut begin) = (None::<(usize, usize)>, 0);
    for end in 1..=list.len() {
        let goes_on = end < list.len()
            && ScalarValue::try_from_array(list, begin)? == ScalarValue::try_from_array(list, end)?;
        if goes_on {
            continue;
        }
        if best.is_none_or(|(_, length)| end - begin > length) {
            best = Some((begin, end - begin));
        }
        begin = end;
    }
    Ok(best.map(|(begin, _)| begin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int32Array;

    #[test]
    fn the_first_of_the_most_frequent_is_picked() {
        let list = |values: Vec<i32>| Arc::new(Int32Array::from(values)) as ArrayRef;
        for (values, place) in [
            (vec![], None),
            (vec![1], Some(0)),
            (vec![1, 2, 2, 3, 3], Some(1)),
            (vec![1, 1, 2], Some(0)),
        ] {
            assert_eq!(most_frequent(&list(values)).unwrap(), place);
        }
        assert_eq!(at_fraction(0.5, 4).unwrap(), Some(1));
        assert_eq!(at_fraction(0.0, 4).unwrap(), Some(0));
        assert_eq!(at_fraction(1.0, 0).unwrap(), None);
        assert!(at_fraction(2.0, 1).is_err());
    }
}
