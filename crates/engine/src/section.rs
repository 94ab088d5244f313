//! Synchronous sections: what a write does between taking its latches and releasing them.
//!
//! Not here: what a section decides (`write`, `insert`, `batch`, `transact`).

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
pub(crate) enum Section<'t, T> {
    /// An answer, perhaps after a record.
    Decided(Decided<T>),
    /// The drop of that table is sequenced; nothing was done.
    Dropping(&'t Table, Lsn),
}

/// How often a request goes on with the successor of its table. Each time somebody has to truncate it anew.
const SUCCESSIONS_MAX: usize = 8;

/// How often a request went on with the successor of its table.
#[derive(Debug, Default)]
pub(crate) struct Successions(usize);

impl Successions {
    /// Whether a request that failed met the end of its table, and the name means another one now, so that it can be tried again.
    pub(crate) fn has_another(&mut self, engine: &Engine, error: &Error) -> bool {
        let Error::TableNotFound { name } = error else {
            return false;
        };
        self.0 += 1;
        self.0 <= SUCCESSIONS_MAX && engine.table(name).is_ok()
    }
}

impl Engine {
    /// Waits for admission and runs the section; again if what it had read was rolled back.
    pub(crate) async fn run_section<'t, T>(
        &self,
        section: impl Fn() -> Result<Section<'t, T>, Error>,
    ) -> Result<Decided<T>, Error> {
        let mut retries = 0;
        loop {
            self.admit().await?;
            let (table, drop) = match section() {
                Ok(Section::Decided(decided)) => return Ok(decided),
                Ok(Section::Dropping(table, drop)) => (table, drop),
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
