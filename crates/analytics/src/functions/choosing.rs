//! `coalesce`, `greatest` and `least` where constants written as text stand beside values of other types: the constants take the type of
//! the others, as PostgreSQL's unknown literals do.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::functions::core::{coalesce, greatest, least};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use std::sync::Arc;

pub(super) fn all() -> [Arc<ScalarUDF>; 3] {
    [coalesce(), greatest(), least()].map(|inner| {
        Arc::new(ScalarUDF::new_from_impl(Choosing {
            inner,
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Choosing {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for Choosing {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.inner().return_type(arguments)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.inner.invoke_with_args(args)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.simplify(args, info)
    }

    fn short_circuits(&self) -> bool {
        self.inner.short_circuits()
    }

    fn conditional_arguments<'a>(
        &self,
        args: &'a [Expr],
    ) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner.conditional_arguments(args)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let others: Vec<DataType> = arguments
            .iter()
            .filter(|data_type| !super::is_text(data_type) && !data_type.is_null())
            .cloned()
            .collect();
        if others.is_empty() || others.len() == arguments.len() {
            return self.inner.coerce_types(arguments);
        }
        let common = self.inner.coerce_types(&others)?;
        Ok(common.into_iter().cycle().take(arguments.len()).collect())
    }
}
