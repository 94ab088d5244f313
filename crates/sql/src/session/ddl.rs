//! CREATE TABLE and DROP TABLE.

use super::{NoticeSeverity, Session};
use crate::plan::ddl::CreateTablePlan;
use crate::{Dialect, Outcome, SqlError};
use shale_engine::Error;
use sqlparser::ast::ObjectName;

impl Session {
    pub(super) async fn create_table(
        &mut self,
        plan: &CreateTablePlan,
    ) -> Result<Outcome, SqlError> {
        let created = self.shared.engine.create_table(plan.request.clone()).await;
        match created {
            Ok(_) => self.transaction.on_definition(),
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
    ) -> Result<Outcome, SqlError> {
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            let found =
                crate::names::table_for_write(&self.shared.engine, name, "", Dialect::Postgres);
            match found {
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
            match self.shared.engine.delete_table(&table).await {
                Ok(_) => self.transaction.on_definition(),
                Err(Error::TableNotFound { .. }) if if_exists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Outcome::Done {
            tag: "DROP TABLE".into(),
        })
    }
}
