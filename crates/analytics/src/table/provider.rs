//! A user table as DataFusion plans it.

use super::filter::{Precision, condition};
use super::scan::{ItemsExec, Parts};
use crate::relation::{ColumnSource, RelationColumn, schema_of};
use crate::rewrite::ScopedTable;
use crate::statement::StatementContext;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use shale_expression::Condition;
use shale_sql::access::{self, AccessPath, Needs};
use shale_sql::{ColumnOrigin, column_origin};
use std::sync::Arc;

/// Tables below this many items are read by one task: more would cost more than they save.
const PARALLEL_SCAN_ITEMS_MIN: u64 = 5_000;

/// A user table in a statement.
#[derive(Debug)]
pub(crate) struct UserTable {
    table: Arc<ScopedTable>,
    schema: SchemaRef,
}

impl UserTable {
    /// The table with the columns that the statement reaches.
    pub(crate) fn new(table: Arc<ScopedTable>) -> UserTable {
        let schema = schema_of(&table.columns);
        UserTable { table, schema }
    }

    /// Its columns.
    pub(crate) fn columns(&self) -> &[RelationColumn] {
        &self.table.columns
    }

    /// What the column of that name is in the catalog.
    pub(crate) fn origin(&self, name: &str) -> Option<ColumnOrigin> {
        let relation = &self.table.relation;
        let index = relation.visible().position(|column| column.name == name)?;
        column_origin(relation.description.id, index)
    }
}

#[async_trait]
impl TableProvider for UserTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| match condition(filter, &self.table.relation) {
                Some((_, Precision::Exact)) => TableProviderFilterPushDown::Exact,
                Some((_, Precision::Superset)) => TableProviderFilterPushDown::Inexact,
                None => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let context = StatementContext::of(state.config_options())?;
        let relation = &self.table.relation;
        let conditions: Vec<Condition> = filters
            .iter()
            .filter_map(|filter| condition(filter, relation))
            .map(|(condition, _)| condition)
            .collect();
        let condition = (!conditions.is_empty()).then(|| Condition::And(conditions));
        let columns: Vec<RelationColumn> = match projection {
            Some(indexes) => indexes
                .iter()
                .map(|index| self.table.columns[*index].clone())
                .collect(),
            None => self.table.columns.clone(),
        };
        let needs = Needs {
            attributes: columns
                .iter()
                .map(|column| match column.source {
                    ColumnSource::Attribute => Some(column.name.clone()),
                    ColumnSource::Item => None,
                })
                .collect(),
            limited: limit.is_some(),
            index: relation.index.clone(),
        };
        let access = match context.view.is_past() {
            // Indexes have no history.
            true => access::choose(&relation.description.definition.key_schema, condition),
            false => access::choose_for(&relation.description, condition, &needs),
        };
        let parallel = matches!(access.path, AccessPath::Scan)
            && limit.is_none()
            && relation.description.item_count >= PARALLEL_SCAN_ITEMS_MIN;
        let segments = if parallel {
            state.config().target_partitions()
        } else {
            1
        };
        Ok(Arc::new(ItemsExec::new(Parts {
            view: context.view.clone(),
            description: Arc::clone(&relation.description),
            access,
            columns: columns.into(),
            segments: u32::try_from(segments.max(1)).unwrap_or(1),
            limit,
        })))
    }
}
