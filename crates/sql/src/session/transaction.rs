//! The transaction block.
//!
//! Until a block's writes become one record at COMMIT, each statement is durable as it runs. So a block takes one INSERT, UPDATE or DELETE:
//! then the block is as atomic as the statement. ROLLBACK behind a durable change ends the block with an error that says what stays, and why
//! the block failed. Savepoints enclose what changes nothing: ROLLBACK TO behind a durable change is refused.

use super::settings::SettingsMark;
use crate::{SqlError, TransactionStatus};
use shale_env::Clock;

#[derive(Default)]
pub(crate) struct Transaction {
    block: Option<Block>,
}

#[derive(Default)]
struct Block {
    failed: bool,
    /// What failed it, if the session knows: the first error.
    cause: Option<Box<SqlError>>,
    read_only: bool,
    /// An INSERT, UPDATE or DELETE ran.
    wrote: bool,
    /// Statements that ran and whose changes stay whatever happens.
    durable_changes: usize,
    /// From the outermost to the innermost; of two with the same name the inner one is meant.
    savepoints: Vec<Savepoint>,
    /// now() of the block: that of its first statement.
    now_micros: Option<u64>,
}

/// What a block was at its SAVEPOINT.
struct Savepoint {
    name: String,
    read_only: bool,
    wrote: bool,
    durable_changes: usize,
    settings: SettingsMark,
}

/// Most savepoints that a block has at a time: one that never releases them must not take all memory.
const SAVEPOINTS_MAX: usize = 10_000;

/// How a block ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Committed,
    RolledBack,
    /// There was no block.
    NoBlock,
}

impl Transaction {
    pub(crate) fn status(&self) -> TransactionStatus {
        match &self.block {
            None => TransactionStatus::Idle,
            Some(block) if block.failed => TransactionStatus::Failed,
            Some(_) => TransactionStatus::InTransaction,
        }
    }

    pub(crate) fn in_block(&self) -> bool {
        self.block.is_some()
    }

    pub(crate) fn begin(&mut self, read_only: bool) {
        let block = self.block.get_or_insert_default();
        block.read_only |= read_only;
    }

    pub(crate) fn set_read_only(&mut self, read_only: bool) -> Result<(), SqlError> {
        match &mut self.block {
            Some(block) if !read_only && block.read_only && block.now_micros.is_some() => {
                Err(SqlError::TransactionState {
                    sqlstate: "25001",
                    message: "transaction read-write mode must be set before any query".into(),
                })
            }
            Some(block) => {
                block.read_only = read_only;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The block fails; its first error is kept.
    pub(crate) fn fail(&mut self, cause: Option<&SqlError>) {
        if let Some(block) = &mut self.block {
            if !block.failed {
                block.cause = cause.cloned().map(Box::new);
            }
            block.failed = true;
        }
    }

    /// 25P02 in a failed block.
    pub(crate) fn check_open(&self) -> Result<(), SqlError> {
        match &self.block {
            Some(block) if block.failed => Err(SqlError::TransactionState {
                sqlstate: "25P02",
                message:
                    "current transaction is aborted, commands ignored until end of transaction block"
                        .into(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a statement that changes something may run; `counted` is one of INSERT, UPDATE, DELETE.
    pub(crate) fn check_write(&self, counted: bool, read_only: bool) -> Result<(), SqlError> {
        if read_only || self.block.as_ref().is_some_and(|block| block.read_only) {
            return Err(SqlError::TransactionState {
                sqlstate: "25006",
                message: "cannot write in a read-only transaction".into(),
            });
        }
        match &self.block {
            Some(block) if counted && block.wrote => Err(SqlError::SecondWrite {
                first_is_durable: block.durable_changes > 0,
            }),
            _ => Ok(()),
        }
    }

    pub(crate) fn on_write(&mut self) {
        if let Some(block) = &mut self.block {
            block.wrote = true;
        }
    }

    pub(crate) fn on_durable_change(&mut self) {
        if let Some(block) = &mut self.block {
            block.durable_changes += 1;
        }
    }

    pub(crate) fn now_micros(&mut self, clock: &dyn Clock) -> u64 {
        match &mut self.block {
            None => clock.now_micros(),
            Some(block) => *block.now_micros.get_or_insert_with(|| clock.now_micros()),
        }
    }

    /// COMMIT. A failed block rolls back, as in PostgreSQL.
    pub(crate) fn commit(&mut self) -> Result<Ended, SqlError> {
        match &self.block {
            None => Ok(Ended::NoBlock),
            Some(block) if block.failed => self.roll_back(),
            Some(_) => {
                self.block = None;
                Ok(Ended::Committed)
            }
        }
    }

    /// ROLLBACK. The block ends in any case; an error says that changes stay.
    pub(crate) fn roll_back(&mut self) -> Result<Ended, SqlError> {
        match self.block.take() {
            None => Ok(Ended::NoBlock),
            Some(block) if block.durable_changes > 0 => Err(SqlError::CannotRollBack {
                savepoint: None,
                cause: block.cause,
            }),
            Some(_) => Ok(Ended::RolledBack),
        }
    }

    /// SAVEPOINT.
    ///
    /// # Errors
    /// 25P01 outside of a block, 54000 beyond [`SAVEPOINTS_MAX`].
    pub(crate) fn savepoint(
        &mut self,
        name: String,
        settings: SettingsMark,
    ) -> Result<(), SqlError> {
        let block = self.block_for("SAVEPOINT")?;
        if block.savepoints.len() >= SAVEPOINTS_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!("the transaction block has {SAVEPOINTS_MAX} savepoints"),
            });
        }
        block.savepoints.push(Savepoint {
            name,
            read_only: block.read_only,
            wrote: block.wrote,
            durable_changes: block.durable_changes,
            settings,
        });
        Ok(())
    }

    /// RELEASE: forgets the savepoint and those inside it.
    ///
    /// # Errors
    /// 25P01 outside of a block, 3B001 for an unknown name.
    pub(crate) fn release(&mut self, name: &str) -> Result<(), SqlError> {
        let block = self.block_for("RELEASE SAVEPOINT")?;
        let position = block.position(name)?;
        block.savepoints.truncate(position);
        Ok(())
    }

    /// ROLLBACK TO: the block is what it was at the savepoint, which stays. Gives the settings of that moment.
    ///
    /// # Errors
    /// 25P01 outside of a block, 3B001 for an unknown name, 0A000 if something has become durable since.
    pub(crate) fn roll_back_to(&mut self, name: &str) -> Result<SettingsMark, SqlError> {
        let block = self.block_for("ROLLBACK TO SAVEPOINT")?;
        let position = block.position(name)?;
        let savepoint = &block.savepoints[position];
        if block.durable_changes > savepoint.durable_changes {
            return Err(SqlError::CannotRollBack {
                savepoint: Some(name.to_owned()),
                cause: block.cause.clone(),
            });
        }
        let settings = savepoint.settings.clone();
        block.read_only = savepoint.read_only;
        block.wrote = savepoint.wrote;
        block.savepoints.truncate(position + 1);
        block.failed = false;
        block.cause = None;
        Ok(settings)
    }

    fn block_for(&mut self, command: &str) -> Result<&mut Block, SqlError> {
        self.block
            .as_mut()
            .ok_or_else(|| SqlError::TransactionState {
                sqlstate: "25P01",
                message: format!("{command} can only be used in transaction blocks"),
            })
    }
}

impl Block {
    /// The innermost savepoint of that name.
    fn position(&self, name: &str) -> Result<usize, SqlError> {
        self.savepoints
            .iter()
            .rposition(|savepoint| savepoint.name == name)
            .ok_or_else(|| SqlError::TransactionState {
                sqlstate: "3B001",
                message: format!("savepoint \"{name}\" does not exist"),
            })
    }
}
