//! CREATE INDEX and DROP INDEX: at once, or with the block's transaction.

use super::{NoticeSeverity, Session};
use crate::plan::index::{CreateIndexPlan, find_index};
use crate::{Catalog, Dialect, Outcome, SqlError};
use shale_engine::{Error, IndexChange, IndexProblem, TableChanges, Transaction};
use sqlparser::ast::ObjectName;

impl Session {
    /// Outside of a block it answers when the index is complete. In a block, an index of an older table is filled behind COMMIT.
    pub(super) async fn create_index(
        &mut self,
        plan: &CreateIndexPlan,
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        let changes = TableChanges {
            indexes: vec![IndexChange::Create(plan.index.clone())],
            ..TableChanges::default()
        };
        match self.change_table(&plan.table, changes, transaction).await {
            Ok(()) if transaction.is_some() => {}
            Ok(()) => {
                let engine = &self.shared.engine;
                engine.index_complete(&plan.table, &plan.index.name).await?;
            }
            Err(SqlError::Engine(Error::IndexRefused {
                index,
                problem: IndexProblem::Exists,
            })) if plan.if_not_exists => {
                let message = format!("relation \"{index}\" already exists, skipping");
                self.notice(NoticeSeverity::Notice, "42P07", message);
            }
            Err(error) => return Err(error),
        }
        Ok(done("CREATE INDEX"))
    }

    pub(super) async fn drop_indexes(
        &mut self,
        names: &[ObjectName],
        if_exists: bool,
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        let view = transaction.map(Transaction::view);
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let catalog: &dyn Catalog = match &view {
                Some(view) => view,
                None => &self.shared.engine,
            };
            match find_index(catalog, name, Dialect::Postgres) {
                Ok((table, index)) => found.push((table.definition.name.clone(), index)),
                Err(SqlError::Other {
                    sqlstate: "42704",
                    message,
                    ..
                }) if if_exists => {
                    let message = format!("{message}, skipping");
                    self.notice(NoticeSeverity::Notice, "00000", message);
                }
                Err(error) => return Err(error),
            }
        }
        for (table, index) in found {
            let changes = TableChanges {
                indexes: vec![IndexChange::Drop(index)],
                ..TableChanges::default()
            };
            self.change_table(&table, changes, transaction).await?;
        }
        Ok(done("DROP INDEX"))
    }

    async fn change_table(
        &self,
        table: &str,
        changes: TableChanges,
        transaction: Option<&Transaction>,
    ) -> Result<(), SqlError> {
        match transaction {
            Some(transaction) => transaction.update_table(table, &changes)?,
            None => self.shared.engine.update_table(table, changes).await?,
        };
        Ok(())
    }
}

fn done(tag: &str) -> Outcome {
    Outcome::Done { tag: tag.into() }
}
