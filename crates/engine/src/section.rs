//! Synchronous sections: what a write does between taking its latches and releasing them.
//!
//! Not here: what a section decides (`write`, `insert`, `batch`).

use crate::catalog::Table;
use crate::engine::{Decided, Engine, not_found};
use crate::error::Error;
use crate::table_ddl::settle_gate;
use shale_storage::{Lsn, StorageError};

/// How often a write is evaluated anew because what it had read was rolled back. Rollbacks are rare (a full disk); one that comes
/// between reading and sequencing this often is not going to pass.
const ROLLBACK_RETRIES_MAX: usize = 8;

/// What a synchronous section came to.
#[derive(Debug)]
pub(crate) enum Section<T> {
    /// An answer, perhaps after a record.
    Decided(Decided<T>),
    /// The table's drop is sequenced; nothing was done.
    Dropping(Lsn),
}

impl Engine {
    /// Waits for admission and runs the section; again if what it had read was rolled back.
    pub(crate) async fn run_section<T>(
        &self,
        table: &Table,
        section: impl Fn() -> Result<Section<T>, Error>,
    ) -> Result<Decided<T>, Error> {
        let mut retries = 0;
        loop {
            self.inner.shard.admit().await?;
            let drop = match section() {
                Ok(Section::Decided(decided)) => return Ok(decided),
                Ok(Section::Dropping(drop)) => drop,
                Err(Error::Storage(StorageError::RolledBack)) if retries < ROLLBACK_RETRIES_MAX => {
                    retries += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            settle_gate(self, table, drop).await?;
            return Err(not_found(&table.definition.name));
        }
    }
}
