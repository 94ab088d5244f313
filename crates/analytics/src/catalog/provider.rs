//! System relations as DataFusion tables: rows are built when a run scans them.

use super::spec::SystemRelation;
use super::{builtin, information_schema, relations};
use crate::statement::StatementContext;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// A system relation as a table.
#[derive(Debug)]
pub(crate) struct SystemTable {
    /// Which.
    pub relation: &'static SystemRelation,
}

#[async_trait]
impl TableProvider for SystemTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.relation.arrow)
    }

    fn table_type(&self) -> TableType {
        if self.relation.kind == "v" {
            TableType::View
        } else {
            TableType::Base
        }
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let context = StatementContext::of(state.config_options())?;
        let batch = context.system_rows(self.relation.name, || rows(self.relation, context))?;
        let schema = batch.schema();
        Ok(MemorySourceConfig::try_new_exec(
            &[vec![batch]],
            schema,
            projection.cloned(),
        )?)
    }
}

fn rows(relation: &'static SystemRelation, context: &StatementContext) -> Result<RecordBatch> {
    let filled = match relation.schema {
        "pg_catalog" => relations::rows(relation, context)?,
        _ => information_schema::rows(relation, context)?,
    };
    match filled {
        Some(batch) => Ok(batch),
        None => builtin::rows(relation),
    }
}

/// Whether the relation never has a row here, because it describes what does not exist here (policies, inheritance, publications …).
pub(crate) fn is_always_empty(relation: &SystemRelation) -> bool {
    let filled = match relation.schema {
        "pg_catalog" => relations::FILLED.contains(&relation.name),
        _ => information_schema::FILLED.contains(&relation.name),
    };
    !filled && !builtin::has_rows(relation)
}
