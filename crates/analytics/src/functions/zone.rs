//! `AT TIME ZONE 'UTC'`: a timestamp becomes the moment that it names in UTC, a moment the timestamp that clocks show there.
//!
//! All timestamps count in UTC, so that only the type changes.

use crate::types::arrow_type;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use shale_sql::SqlType;

pub(super) fn at_utc() -> ScalarUDF {
    ScalarUDF::new_from_impl(AtUtc {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AtUtc {
    signature: Signature,
}

impl ScalarUDFImpl for AtUtc {
    fn name(&self) -> &str {
        "shale_at_utc"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Timestamp(_, Some(_))] => Ok(arrow_type(&SqlType::Timestamp)),
            [DataType::Timestamp(_, None)] => Ok(arrow_type(&SqlType::TimestampTz)),
            _ => plan_err!("AT TIME ZONE takes a timestamp"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let target = args.return_field.data_type();
        match args.args.as_slice() {
            [ColumnarValue::Scalar(value)] => {
                let array = cast(&value.to_array()?, target)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                    &array, 0,
                )?))
            }
            [ColumnarValue::Array(values)] => Ok(ColumnarValue::Array(cast(values, target)?)),
            _ => plan_err!("AT TIME ZONE takes a timestamp"),
        }
    }
}
