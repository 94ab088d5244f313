//! `pg_get_keywords()`: PostgreSQL's key words, as a table function.

use crate::catalog::{SystemTable, spec};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::ExprSchemable;
use std::sync::Arc;

/// The function's name.
pub(super) const NAME: &str = "pg_get_keywords";

/// The function.
#[derive(Debug)]
pub(super) struct Keywords;

impl TableFunctionImpl for Keywords {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        if !args.exprs().is_empty() {
            let types = args
                .exprs()
                .iter()
                .map(|argument| argument.get_type(&DFSchema::empty()))
                .collect::<Result<Vec<_>>>()?;
            return Err(super::no_match(NAME, &types));
        }
        let relation = spec::keywords();
        Ok(Arc::new(SystemTable { relation }))
    }
}
