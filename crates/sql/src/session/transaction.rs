//! The transaction that a session is in: PostgreSQL's states around one transaction of the engine.
//!
//! A block is opened by BEGIN, or without a word by what the protocol makes one transaction of (several statements in one message, a
//! pipeline up to its Sync). The engine's transaction begins with the first statement that reads or writes, so that its snapshot is that
//! statement's. Not here: what statements do with it (`run`), settings.
//!
//! Invariant: outside of a block nothing is here, and statements run on the engine itself.

use super::settings::SettingsMark;
use crate::{SqlError, TransactionStatus};
use shale_engine::{
    Contended, Engine, Savepoint as EngineSavepoint, Transaction as EngineTransaction,
    TransactionOptions,
};
use shale_env::Clock;

#[derive(Default)]
pub(crate) struct Transaction {
    block: Option<Block>,
    /// Rows at which the next block waits for its turn, because the one before was refused over them.
    contended: Option<Contended>,
}

#[derive(Default)]
struct Block {
    /// Opened without BEGIN: it ends by itself, and clients are not told of it.
    implicit: bool,
    failed: bool,
    read_only: bool,
    /// From the first statement that reads or writes on.
    begun: Option<Begun>,
    /// From the outermost to the innermost; of two with the same name the inner one is meant.
    savepoints: Vec<Savepoint>,
    /// now() of the block: that of its first statement.
    now_micros: Option<u64>,
}

/// The engine's part of a block.
struct Begun {
    transaction: EngineTransaction,
    /// Where it began: what savepoints older than it return to. None if it only reads.
    start: Option<EngineSavepoint>,
}

impl Drop for Begun {
    fn drop(&mut self) {
        // Portals may still hold views of it. After a commit this does nothing.
        self.transaction.rollback();
    }
}

/// What a block was at its SAVEPOINT.
struct Savepoint {
    name: String,
    read_only: bool,
    /// None: in front of everything that reads or writes.
    place: Option<EngineSavepoint>,
    settings: SettingsMark,
}

/// Most savepoints that a block has at a time: one that never releases them must not take all memory.
const SAVEPOINTS_MAX: usize = 10_000;

/// How a block ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Committed,
    RolledBack,
    /// There was no block that BEGIN had opened.
    NoBlock,
}

fn state_error(sqlstate: &'static str, message: impl Into<String>) -> SqlError {
    SqlError::TransactionState {
        sqlstate,
        message: message.into(),
    }
}

impl Transaction {
    pub(crate) fn status(&self) -> TransactionStatus {
        match &self.block {
            Some(block) if block.implicit => TransactionStatus::Idle,
            None => TransactionStatus::Idle,
            Some(block) if block.failed => TransactionStatus::Failed,
            Some(_) => TransactionStatus::InTransaction,
        }
    }

    /// Whether BEGIN has opened a block.
    pub(crate) fn in_block(&self) -> bool {
        self.block.as_ref().is_some_and(|block| !block.implicit)
    }

    /// Whether statements belong to a transaction with others.
    pub(crate) fn is_open(&self) -> bool {
        self.block.is_some()
    }

    /// BEGIN. `false` in a block that BEGIN has opened before; one that was opened without it goes on as one that was.
    pub(crate) fn begin(&mut self, read_only: bool) -> bool {
        match &mut self.block {
            Some(block) => {
                let first = block.implicit;
                block.implicit = false;
                first
            }
            None => {
                self.block = Some(Block {
                    read_only,
                    ..Block::default()
                });
                true
            }
        }
    }

    /// Opens a block without BEGIN, unless there is one. Whether it did.
    pub(crate) fn begin_implicit(&mut self, read_only: bool) -> bool {
        if self.block.is_some() {
            return false;
        }
        self.block = Some(Block {
            implicit: true,
            read_only,
            ..Block::default()
        });
        true
    }

    /// Whether the block only reads; `None` outside of one.
    pub(crate) fn read_only(&self) -> Option<bool> {
        self.block.as_ref().map(|block| block.read_only)
    }

    /// SET TRANSACTION READ ONLY or READ WRITE.
    ///
    /// # Errors
    /// 25001 for READ WRITE in a block that only reads and has done so.
    pub(crate) fn set_read_only(&mut self, read_only: bool) -> Result<(), SqlError> {
        let Some(block) = &mut self.block else {
            return Ok(());
        };
        if block.read_only && !read_only && block.now_micros.is_some() {
            return Err(state_error(
                "25001",
                "transaction read-write mode must be set before any query",
            ));
        }
        block.read_only = read_only;
        Ok(())
    }

    /// SET TRANSACTION [NOT] DEFERRABLE means nothing here, as reading never waits; but its place is checked.
    ///
    /// # Errors
    /// 25001 behind a query.
    pub(crate) fn check_deferrable(&self) -> Result<(), SqlError> {
        match &self.block {
            Some(block) if block.now_micros.is_some() => Err(state_error(
                "25001",
                "SET TRANSACTION [NOT] DEFERRABLE must be called before any query",
            )),
            _ => Ok(()),
        }
    }

    /// A statement failed. One that was opened without BEGIN ends, and says so.
    pub(crate) fn fail(&mut self) -> bool {
        let Some(block) = &mut self.block else {
            return false;
        };
        if block.implicit {
            self.block = None;
            return true;
        }
        block.failed = true;
        // Nothing can return to it: it holds its snapshot for nobody.
        if block.savepoints.is_empty() {
            block.begun = None;
        }
        false
    }

    /// 25P02 in a failed block.
    pub(crate) fn check_open(&self) -> Result<(), SqlError> {
        match &self.block {
            Some(block) if block.failed => Err(state_error(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn now_micros(&mut self, clock: &dyn Clock) -> u64 {
        match &mut self.block {
            None => clock.now_micros(),
            Some(block) => *block.now_micros.get_or_insert_with(|| clock.now_micros()),
        }
    }

    /// The block's transaction of the engine, which begins now unless it has; `None` outside of a block.
    ///
    /// # Errors
    /// The engine's.
    pub(crate) async fn begun(
        &mut self,
        engine: &Engine,
    ) -> Result<Option<EngineTransaction>, SqlError> {
        let Some(block) = &mut self.block else {
            return Ok(None);
        };
        if let Some(begun) = &block.begun {
            return Ok(Some(begun.transaction.clone()));
        }
        // A savepoint may return to a time when the block was allowed to write.
        let read_only = block.read_only && block.savepoints.iter().all(|place| place.read_only);
        let contended = self.contended.take().filter(|_| !read_only);
        let transaction = match contended {
            Some(rows) => engine.begin_in_turn(&rows).await,
            None => engine.begin(TransactionOptions { read_only }),
        };
        let start = match read_only {
            true => None,
            false => Some(transaction.savepoint()?),
        };
        block.begun = Some(Begun {
            transaction: transaction.clone(),
            start,
        });
        Ok(Some(transaction))
    }

    /// The block's transaction of the engine, if it has begun.
    pub(crate) fn current(&self) -> Option<&EngineTransaction> {
        let begun = self.block.as_ref()?.begun.as_ref()?;
        Some(&begun.transaction)
    }

    /// The block's transaction of the engine, where names mean something else to it than to others: it has created or dropped tables, or
    /// written attributes that were never seen.
    pub(crate) fn redefining(&self, engine: &Engine) -> Option<EngineTransaction> {
        let transaction = self.current()?;
        (transaction.catalog_version() != engine.catalog_version()).then(|| transaction.clone())
    }

    /// COMMIT. A failed block rolls back, as in PostgreSQL. The block ends in any case.
    ///
    /// # Errors
    /// The engine's: above all a conflict with another transaction, and then nothing was written.
    pub(crate) async fn commit(&mut self) -> Result<Ended, SqlError> {
        let Some(block) = self.block.take() else {
            return Ok(Ended::NoBlock);
        };
        if block.failed {
            return Ok(Ended::RolledBack);
        }
        if let Some(begun) = block.begun {
            let outcome = begun.transaction.commit().await;
            self.contended = begun.transaction.contended();
            outcome?;
        }
        Ok(match block.implicit {
            true => Ended::NoBlock,
            false => Ended::Committed,
        })
    }

    /// ROLLBACK.
    pub(crate) fn roll_back(&mut self) -> Ended {
        match self.block.take() {
            Some(block) if !block.implicit => Ended::RolledBack,
            _ => Ended::NoBlock,
        }
    }

    /// How many savepoints there are.
    pub(crate) fn savepoints(&self) -> usize {
        self.block
            .as_ref()
            .map_or(0, |block| block.savepoints.len())
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
        let place = match &block.begun {
            Some(begun) if begun.start.is_some() => Some(begun.transaction.savepoint()?),
            _ => None,
        };
        block.savepoints.push(Savepoint {
            name,
            read_only: block.read_only,
            place,
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
        if let (Some(begun), Some(place)) = (&block.begun, &block.savepoints[position].place) {
            begun.transaction.release(place)?;
        }
        block.savepoints.truncate(position);
        Ok(())
    }

    /// ROLLBACK TO: the block is what it was at the savepoint, which stays. Gives the settings of that moment.
    ///
    /// # Errors
    /// 25P01 outside of a block, 3B001 for an unknown name.
    pub(crate) fn roll_back_to(&mut self, name: &str) -> Result<SettingsMark, SqlError> {
        let block = self.block_for("ROLLBACK TO SAVEPOINT")?;
        let position = block.position(name)?;
        let savepoint = &block.savepoints[position];
        if let Some(begun) = &block.begun
            && let Some(place) = savepoint.place.as_ref().or(begun.start.as_ref())
        {
            begun.transaction.rollback_to(place)?;
        }
        let settings = savepoint.settings.clone();
        block.read_only = savepoint.read_only;
        block.savepoints.truncate(position + 1);
        block.failed = false;
        Ok(settings)
    }

    /// # Errors
    /// 25P01 outside of a block that BEGIN has opened.
    pub(crate) fn check_in_block(&self, command: &str) -> Result<(), SqlError> {
        if self.in_block() {
            return Ok(());
        }
        Err(state_error(
            "25P01",
            format!("{command} can only be used in transaction blocks"),
        ))
    }

    fn block_for(&mut self, command: &str) -> Result<&mut Block, SqlError> {
        self.check_in_block(command)?;
        self.block
            .as_mut()
            .ok_or_else(|| state_error("25P01", "there is no transaction in progress"))
    }
}

impl Block {
    /// The innermost savepoint of that name.
    fn position(&self, name: &str) -> Result<usize, SqlError> {
        self.savepoints
            .iter()
            .rposition(|savepoint| savepoint.name == name)
            .ok_or_else(|| state_error("3B001", format!("savepoint \"{name}\" does not exist")))
    }
}
