//! CREATE TABLE and DROP TABLE: at once, or with the transaction of the block.

use super::{NoticeSeverity, Session};
use crate::names::table_for_write;
use crate::plan::ddl::CreateTablePlan;
use crate::{Catalog, Dialect, Outcome, SqlError};
use shale_engine::{Error, Transaction};
use sqlparser::ast::ObjectName;

impl Session {
    pub(super) async fn create_table(
        &mut self,
        plan: &CreateTablePlan,
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        let created = match transaction {
            Some(transaction) => transaction.create_table(&plan.request),
            None => self.shared.engine.create_table(plan.request.clone()).await,
        };
        match created {
            Ok(_) => {}
            Err(Error::TableExists { name }) if plan.if_not_exists => {
                let message = format!("relation \"{name}\" already exists, skipping");
                self.notice(NoticeSeverity::Notice, "42P07", message);
            }
            Err(Error::TableExists { name }) => return Err(SqlError::DuplicateTable { name }),
            Err(error) => return Err(error.into()),
        }
        Ok(Outcome::Done {
            tag: "CREATE TABLE".into(),
        })
    }

    pub(super) async fn drop_tables(
        &mut self,
        names: &[ObjectName],
        if_exists: bool,
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        let view = transaction.map(Transaction::view);
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            let catalog: &dyn Catalog = match &view {
                Some(view) => view,
                None => &self.shared.engine,
            };
            match table_for_write(catalog, name, "", Dialect::Postgres) {
                Ok(table) => tables.push(table.definition.name.clone()),
                Err(SqlError::UndefinedTable { name, .. }) if if_exists => {
                    let message = format!("table \"{name}\" does not exist, skipping");
                    self.notice(NoticeSeverity::Notice, "00000", message);
                }
                Err(SqlError::UndefinedTable { name, .. }) => {
                    return Err(SqlError::Other {
                        sqlstate: "42P01",
                        message: format!("table \"{name}\" does not exist"),
                        hint: None,
                    });
                }
                Err(error) => return Err(error),
            }
        }
        for table in tables {
            let dropped = match transaction {
                Some(transaction) => transaction.delete_table(&table),
                None => self.shared.engine.delete_table(&table).await,
            };
            match dropped {
                Ok(_) => {}
                Err(Error::TableNotFound { .. }) if if_exists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Outcome::Done {
            tag: "DROP TABLE".into(),
        })
    }
}
