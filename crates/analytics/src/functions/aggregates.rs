//! `sum` and `avg` with PostgreSQL's result types: `sum(bigint)` and `avg` of integers are numeric, so that neither overflows nor rounds
//! to a double.
//!
//! Both are DataFusion's own; only what they coerce integers to differs.

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate::average::Avg;
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::type_coercion::functions::{UDFCoercionExt, fields_with_udf};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature,
    Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A bigint as a decimal: 19 digits.
const BIGINT: DataType = DataType::Decimal128(19, 0);

/// An integer as a decimal with the fraction that averages are computed to; the average has 4 digits more.
const INTEGER_FOR_AVERAGE: DataType = DataType::Decimal128(22, 12);

/// The same for a bigint.
const BIGINT_FOR_AVERAGE: DataType = DataType::Decimal128(31, 12);

pub(super) fn all() -> [Arc<AggregateUDF>; 2] {
    [
        Arc::new(AggregateUDF::new_from_impl(Widened::new(
            Sum::new(),
            coerce_sum,
        ))),
        Arc::new(AggregateUDF::new_from_impl(Widened::new(
            Avg::new(),
            coerce_avg,
        ))),
    ]
}

fn coerce_sum(argument: &DataType) -> Option<DataType> {
    match argument {
        DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Some(BIGINT),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => {
            Some(DataType::Int64)
        }
        _ => None,
    }
}

fn coerce_avg(argument: &DataType) -> Option<DataType> {
    match argument {
        DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Some(BIGINT_FOR_AVERAGE),
        integer => integer.is_integer().then_some(INTEGER_FOR_AVERAGE),
    }
}

/// What an aggregate coerces an argument to; `None` leaves it to DataFusion.
type Coercion = fn(&DataType) -> Option<DataType>;

/// An aggregate whose integer arguments are widened first.
#[derive(Debug)]
struct Widened<A> {
    inner: A,
    signature: Signature,
    coerce: Coercion,
}

// There is one of each kind, so that the inner aggregate says which.
impl<A: PartialEq> PartialEq for Widened<A> {
    fn eq(&self, other: &Widened<A>) -> bool {
        self.inner == other.inner
    }
}

impl<A: Eq> Eq for Widened<A> {}

impl<A: Hash> Hash for Widened<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

/// The inner aggregate, for DataFusion's coercion.
struct Inner<'a, A>(&'a A);

impl<A: AggregateUDFImpl> UDFCoercionExt for Inner<'_, A> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.0.coerce_types(arguments)
    }
}

impl<A> Widened<A> {
    fn new(inner: A, coerce: Coercion) -> Widened<A> {
        Widened {
            inner,
            signature: Signature::user_defined(Volatility::Immutable),
            coerce,
        }
    }
}

impl<A: AggregateUDFImpl + PartialEq + Eq + Hash> AggregateUDFImpl for Widened<A> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [argument] => match (self.coerce)(argument) {
                Some(widened) => Ok(vec![widened]),
                None => self.as_datafusion_coerces(argument),
            },
            _ => datafusion::common::plan_err!("{} takes one argument", self.name()),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.inner.accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(args)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.inner.create_sliding_accumulator(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.inner.reverse_expr()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.inner.default_value(data_type)
    }
}

impl<A: AggregateUDFImpl> Widened<A> {
    fn as_datafusion_coerces(&self, argument: &DataType) -> Result<Vec<DataType>> {
        let field: FieldRef = Arc::new(Field::new("argument", argument.clone(), true));
        let fields = fields_with_udf(&[field], &Inner(&self.inner))?;
        Ok(fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect())
    }
}
