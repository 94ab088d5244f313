//! Runs statements about the transaction: BEGIN and its end, SET TRANSACTION, LOCK.
//!
//! Not here: the states of a block (`transaction`).

use super::Session;
use super::run_command::done;
use super::transaction::Ended;
use crate::names::table_for_write;
use crate::syntax::TransactionModes;
use crate::{Dialect, Outcome, SqlError};
use sqlparser::ast::ObjectName;

const NO_TRANSACTION: &str = "there is no transaction in progress";

impl Session {
    pub(super) fn begin(
        &mut self,
        tag: &str,
        modes: TransactionModes,
    ) -> Result<Outcome, SqlError> {
        self.settings.on_begin();
        let read_only = self.settings.default_read_only();
        if !self.transaction.begin(read_only) {
            self.warning("25001", "there is already a transaction in progress");
        }
        self.set_transaction(modes, false)?;
        done(tag)
    }

    pub(super) async fn commit(&mut self, chain: bool) -> Result<Outcome, SqlError> {
        if chain {
            self.transaction.check_in_block("COMMIT AND CHAIN")?;
        }
        let modes = self.current_modes();
        let was_open = self.transaction.is_open();
        let ended = self.commit_block().await;
        if was_open {
            let committed = matches!(ended, Ok(Ended::Committed | Ended::NoBlock));
            self.settings.on_end(committed);
        }
        let tag = match ended? {
            Ended::RolledBack => "ROLLBACK",
            Ended::Committed => "COMMIT",
            Ended::NoBlock => {
                self.warning("25P01", NO_TRANSACTION);
                "COMMIT"
            }
        };
        if chain {
            self.begin(tag, modes)?;
        }
        done(tag)
    }

    /// Ends the transaction with what it has done, and with its cursors.
    pub(super) async fn commit_block(&mut self) -> Result<Ended, SqlError> {
        let held = self.cursors.hold().await;
        let ended = match held.and_then(|()| self.check_room()) {
            Ok(()) => self.transaction.commit().await,
            Err(error) => {
                self.transaction.roll_back();
                Err(error)
            }
        };
        match ended {
            Ok(Ended::Committed | Ended::NoBlock) => {
                self.cursors.commit();
                self.carry_out();
            }
            _ => {
                self.cursors.roll_back(0);
                self.pending.clear();
            }
        }
        self.end_locks();
        ended
    }

    pub(super) fn roll_back(&mut self, chain: bool) -> Result<Outcome, SqlError> {
        if chain {
            self.transaction.check_in_block("ROLLBACK AND CHAIN")?;
        }
        let modes = self.current_modes();
        let was_open = self.transaction.is_open();
        let ended = self.transaction.roll_back();
        if was_open {
            self.cursors.roll_back(0);
            self.settings.on_end(false);
            self.pending.clear();
            self.end_locks();
        }
        if ended == Ended::NoBlock {
            self.warning("25P01", NO_TRANSACTION);
        }
        if chain {
            self.begin("ROLLBACK", modes)?;
        }
        done("ROLLBACK")
    }

    /// What CHAIN hands on.
    fn current_modes(&self) -> TransactionModes {
        let deferrable = self.settings.get("transaction_deferrable");
        TransactionModes {
            read_only: self.transaction.read_only(),
            deferrable: deferrable.map(|value| value == "on"),
        }
    }

    pub(super) fn set_transaction(
        &mut self,
        modes: TransactionModes,
        session: bool,
    ) -> Result<(), SqlError> {
        let word = |on: bool| if on { "on" } else { "off" };
        if session {
            if let Some(read_only) = modes.read_only {
                self.settings
                    .set("default_transaction_read_only", word(read_only))?;
            }
            if let Some(deferrable) = modes.deferrable {
                self.settings
                    .set("default_transaction_deferrable", word(deferrable))?;
            }
            return Ok(());
        }
        if !self.transaction.is_open() {
            self.warning(
                "25P01",
                "SET TRANSACTION can only be used in transaction blocks",
            );
            return Ok(());
        }
        if let Some(read_only) = modes.read_only {
            self.transaction.set_read_only(read_only)?;
        }
        if modes.deferrable.is_some() {
            self.transaction.check_deferrable()?;
        }
        self.show_transaction(modes.deferrable);
        Ok(())
    }

    /// Has SHOW tell what the transaction may do.
    pub(super) fn show_transaction(&mut self, deferrable: Option<bool>) {
        if let Some(read_only) = self.transaction.read_only() {
            self.settings.show_transaction(read_only, deferrable);
        }
    }

    /// SET of the settings that are facts of the transaction; `None` for all others.
    pub(super) fn set_of_transaction(
        &mut self,
        name: &str,
        value: Option<&str>,
    ) -> Result<Option<Outcome>, SqlError> {
        let of_transaction = [
            "transaction_read_only",
            "transaction_deferrable",
            "transaction_isolation",
        ];
        if !of_transaction.contains(&name) {
            return Ok(None);
        }
        let Some(value) = value else {
            return Err(SqlError::Other {
                sqlstate: "55P02",
                message: format!("parameter \"{name}\" cannot be reset"),
                hint: None,
            });
        };
        let mut checked = self.settings.clone();
        checked.set(name, value)?;
        let on = checked.get(name).is_some_and(|value| value == "on");
        let modes = TransactionModes {
            read_only: (name == "transaction_read_only").then_some(on),
            deferrable: (name == "transaction_deferrable").then_some(on),
        };
        // Outside of a block it holds for this statement.
        if self.transaction.is_open() {
            self.set_transaction(modes, false)?;
        }
        done("SET").map(Some)
    }

    /// LOCK TABLE. What the transaction reads is validated when it commits, so that there is nothing to lock.
    pub(super) fn lock(&mut self, tables: &[ObjectName]) -> Result<Outcome, SqlError> {
        self.transaction.check_in_block("LOCK TABLE")?;
        for table in tables {
            match self.transaction.redefining(&self.shared.engine) {
                Some(own) => table_for_write(&own.view(), table, "", Dialect::Postgres)?,
                None => table_for_write(&self.shared.engine, table, "", Dialect::Postgres)?,
            };
        }
        done("LOCK TABLE")
    }
}
