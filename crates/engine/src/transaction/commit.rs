//! The end of a transaction: one record, validated.
//!
//! Not here: what follows from items (`change`), the validation itself (`storage`).

use super::overlay::Overlay;
use super::{State, Transaction, TransactionOptions};
use crate::blocking::blocking_if;
use crate::catalog::Table;
use crate::change::Change;
use crate::engine::{Decided, Engine, Inner};
use crate::error::Error;
use crate::gate::{self, Open};
use crate::insert::is_many;
use crate::record::table_of;
use crate::section::Section;
use crate::write::current;
use shale_item::TableId;
use shale_storage::{ActiveTransaction, Generation, Lsn, ReadSet, Role, StorageError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a transaction is run anew because it conflicts, before the conflict is the answer.
const ATTEMPTS_MAX: usize = 32;
/// Attempts from which on those that are tried again go one after the other: they no longer conflict with each other.
const ATTEMPTS_TOGETHER: usize = 2;

/// What a transaction leaves to be written.
struct Staged {
    active: ActiveTransaction,
    reads: ReadSet,
    overlay: Overlay,
    tables: BTreeMap<TableId, Arc<Table>>,
}

impl Transaction {
    /// Writes what was staged, if nothing that the transaction has read was written by others meanwhile; answers once it is durable.
    /// Whatever the answer, the transaction has ended. One that wrote nothing does not conflict.
    ///
    /// # Errors
    /// [`Error::SerializationConflict`]; [`Error::TransactionEnded`]; [`Error::KeyContention`], or the shard's. Nothing was written then,
    /// unless the error says that the outcome is unknown.
    pub async fn commit(&self) -> Result<(), Error> {
        let staged = {
            let mut state = self.inner.state.lock();
            let State {
                active,
                reads,
                overlay,
                written,
                ..
            } = &mut *state;
            match active.take() {
                Some(active) => Staged {
                    active,
                    reads: std::mem::take(reads),
                    overlay: std::mem::take(overlay),
                    tables: std::mem::take(written),
                },
                None if self.inner.read_only => return Ok(()),
                None => return Err(Error::TransactionEnded),
            }
        };
        if staged.overlay.is_empty() {
            return Ok(());
        }
        self.inner.engine.write_staged(staged).await
    }
}

impl Engine {
    /// Runs a transaction and commits it, again if it conflicts: for statements that read and write many items on their own. The function
    /// may run several times; what it answers is given out once the transaction is durable.
    ///
    /// # Errors
    /// The function's, after which nothing was written; otherwise as [`Transaction::commit`].
    pub async fn atomically<T, E, F>(&self, mut run: impl FnMut(Transaction) -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let mut attempt = 0;
        loop {
            // Those that are behind go one after the other, or the same ones would lose again and again.
            let _lane = match attempt < ATTEMPTS_TOGETHER {
                true => None,
                false => Some(self.inner.retry_lane.lock().await),
            };
            let transaction = self.begin(TransactionOptions::default());
            let answer = run(transaction.clone()).await?;
            match transaction.commit().await {
                Ok(()) => return Ok(answer),
                Err(Error::SerializationConflict) if attempt < ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn write_staged(&self, staged: Staged) -> Result<(), Error> {
        let large = is_many(staged.overlay.items().count());
        let section = || blocking_if(large, || self.commit_section(&staged));
        let decided = self.run_section(section).await;
        let after = match decided {
            Ok(Decided { after, answer: () }) => after,
            // A table that was there for the transaction is there no more.
            Err(Error::TableNotFound { .. }) => return Err(Error::SerializationConflict),
            Err(error) => return Err(error),
        };
        // Nobody needs to remember for it what is written from now on.
        drop(staged);
        match after {
            Some(lsn) => self.published(lsn).await,
            None => Ok(()),
        }
    }

    /// The synchronous part, under the latches of all keys and inside the gates of all tables.
    fn commit_section<'t>(&self, staged: &'t Staged) -> Result<Section<'t, ()>, Error> {
        let shard = &self.inner.shard;
        let keys = staged.overlay.items().map(|(key, _)| &key[..]);
        let latch = self.inner.latches.hold_all(keys)?;
        // IMPORTANT: before the first read, so that a rollback after it is noticed.
        let generation = shard.generation();
        let mut tables = BTreeMap::new();
        for (id, table) in &staged.tables {
            match gate::enter(table, generation) {
                Ok(open) => tables.insert(*id, open),
                Err(drop) => return Ok(Section::Dropping(table, drop)),
            };
        }
        let changes = self.changes_of(staged, &tables)?;
        let after = match changes.is_empty() {
            true => None,
            false => Some(self.sequence_staged(generation, staged, &changes)?),
        };
        drop(changes);
        drop((tables, latch));
        self.after_write();
        Ok(Section::Decided(Decided { after, answer: () }))
    }

    /// The staged items as changes of what is there now: unchanged since it was read, or the validation fails.
    fn changes_of<'t>(
        &self,
        staged: &'t Staged,
        tables: &'t BTreeMap<TableId, Open<'t>>,
    ) -> Result<Vec<Change<'t>>, Error> {
        let mut changes = Vec::new();
        for (tree_key, new) in staged.overlay.items() {
            let table = table_of(tree_key).and_then(|id| tables.get(&id));
            let table = table.ok_or_else(|| {
                Error::Internal("a staged item of a table that was not written".to_owned())
            })?;
            let old = current(self.inner.shard.latest(Role::Items, tree_key)?)?;
            if old.is_some() || new.is_some() {
                changes.push(Change {
                    table,
                    tree_key,
                    old,
                    new: new.cloned(),
                });
            }
        }
        Ok(changes)
    }

    fn sequence_staged(
        &self,
        generation: Generation,
        staged: &Staged,
        changes: &[Change<'_>],
    ) -> Result<Lsn, Error> {
        let Inner {
            shard,
            validate_transactions,
            ..
        } = &*self.inner;
        let sequenced =
            self.sequence_changes_by(
                generation,
                changes,
                &[],
                |record| match validate_transactions {
                    true => {
                        shard.sequence_validated(generation, &staged.active, &staged.reads, record)
                    }
                    false => shard.sequence_in(generation, record),
                },
            );
        match sequenced {
            Ok(changed) => Ok(changed.lsn),
            Err(Error::Storage(StorageError::Conflict)) => Err(Error::SerializationConflict),
            Err(other) => Err(other),
        }
    }
}
