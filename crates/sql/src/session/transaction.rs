//! The transaction block.
//!
//! Until a block's writes become one record at COMMIT, each statement is durable as it runs. So a block takes one INSERT, UPDATE or DELETE:
//! then the block is as atomic as the statement. ROLLBACK behind a durable change ends the block with an error that says what stays.

use crate::{SqlError, TransactionStatus};
use shale_env::Clock;

#[derive(Default)]
pub(crate) struct Transaction {
    block: Option<Block>,
}

#[derive(Default)]
struct Block {
    failed: bool,
    read_only: bool,
    /// An INSERT, UPDATE or DELETE ran.
    wrote: bool,
    /// Something ran that stays whatever happens.
    durable: bool,
    /// now() of the block: that of its first statement.
    now_micros: Option<u64>,
}

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

    pub(crate) fn fail(&mut self) {
        if let Some(block) = &mut self.block {
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
            Some(block) if counted && block.wrote => Err(SqlError::NotSupported {
                feature: "a second INSERT, UPDATE or DELETE in a transaction block".into(),
                hint: Some(
                    "Statements are durable one by one. Put all rows into one INSERT, or run the statements outside of a block (autocommit)."
                        .into(),
                ),
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
            block.durable = true;
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
            Some(block) if block.durable => Err(SqlError::Other {
                sqlstate: "0A000",
                message: "cannot roll back: the changes of this transaction block are durable and stay"
                    .into(),
                hint: Some(
                    "The block has ended. Statements are durable as they run; ROLLBACK undoes a block only if it changed nothing."
                        .into(),
                ),
            }),
            Some(_) => Ok(Ended::RolledBack),
        }
    }
}
