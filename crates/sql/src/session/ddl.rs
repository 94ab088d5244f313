//! CREATE TABLE: at once, or with the transaction of the block.

use super::{NoticeSeverity, Session};
use crate::plan::ddl::CreateTablePlan;
use crate::{Outcome, SqlError};
use shale_engine::{Error, Transaction};

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
}
