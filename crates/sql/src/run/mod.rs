//! Runs plans on the engine.

pub(crate) mod bind_update;
pub(crate) mod explain;
pub(crate) mod partiql;
mod partiql_many;
mod partiql_query;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod rows;
pub(crate) mod write;

use crate::bind::{Arguments, Parameters};
use crate::service::Shared;
use crate::{AnalyticContext, AnalyticPlan, Datum, SqlError};
use futures::TryStreamExt;
use std::sync::Arc;

/// The row of a statement's constant query; empty if it has none.
pub(crate) async fn compute(
    constants: &Option<Arc<dyn AnalyticPlan>>,
    context: &(dyn Fn() -> AnalyticContext + Sync),
    parameters: &[Datum],
) -> Result<Vec<Datum>, SqlError> {
    let Some(plan) = constants else {
        return Ok(vec![]);
    };
    let mut rows = plan.execute(&context(), parameters).await?;
    while let Some(batch) = rows.try_next().await? {
        if let Some(row) = batch.into_iter().next() {
            return Ok(row);
        }
    }
    Err(SqlError::Other {
        sqlstate: "XX000",
        message: "the constants of the statement gave no row".into(),
        hint: None,
    })
}

impl Shared {
    /// What a statement runs with.
    pub(crate) fn arguments<'a>(
        &'a self,
        parameters: Parameters<'a>,
        computed: &'a [Datum],
        now_micros: u64,
    ) -> Arguments<'a> {
        Arguments {
            parameters,
            computed,
            now_micros,
            current_lsn: self.engine.current_lsn(),
            rand: self.rand.as_ref(),
            excluded: None,
            made: Arc::default(),
        }
    }
}
