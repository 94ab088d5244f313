//! TRUNCATE, and how definitions that need a transaction get one.

use super::Session;
use crate::names::table_for_write;
use crate::{Dialect, Outcome, SqlError};
use shale_engine::{Error, Transaction};
use sqlparser::ast::ObjectName;

impl Session {
    /// All tables together, or none.
    pub(super) async fn truncate(
        &self,
        names: &[ObjectName],
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        self.in_transaction_of(transaction, |transaction| {
            for name in names {
                let view = transaction.view();
                let table = table_for_write(&view, name, "", Dialect::Postgres)?;
                transaction.truncate_table(&table.definition.name)?;
            }
            Ok(())
        })
        .await?;
        Ok(Outcome::Done {
            tag: "TRUNCATE TABLE".into(),
        })
    }

    /// Changes definitions in the block's transaction, or in one of their own, as often as it takes.
    pub(super) async fn in_transaction_of<T>(
        &self,
        transaction: Option<&Transaction>,
        change: impl Fn(&Transaction) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        if let Some(transaction) = transaction {
            return change(transaction);
        }
        let change = &change;
        let attempt = |transaction: Transaction| async move { change(&transaction) };
        match self.shared.engine.atomically(attempt).await {
            // Clients take 40001 for a matter of transactions that they began. This is a statement that came too late too often.
            Err(SqlError::Engine(Error::SerializationConflict)) => {
                Err(SqlError::Engine(Error::KeyContention))
            }
            answer => answer,
        }
    }
}
