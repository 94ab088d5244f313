//! Interactive transactions: reads at one snapshot, writes staged in memory, validated and written as one record at the end.
//!
//! Not here: what was written since the snapshot (`storage`'s window), TransactWriteItems, statements.
//!
//! Life of a transaction:
//! 1. `begin` opens a snapshot and has the shard remember recent writes.
//! 2. Reads go to the snapshot with the staged writes laid over it (`merge`), and are noted as keys and key ranges (the read set).
//!    Writes are decided as everywhere (`write`, `insert`) on what the transaction sees, and staged (`overlay`, `staging`).
//! 3. `commit` latches what was written, builds one record from the images that are newest then, and sequences it if nothing that was
//!    read has been written since (`commit`).
//!
//! Transactions that were refused may queue for their next attempt (`turn`).
//!
//! Tables that it creates, changes or drops are staged as well (`definitions`), and go into the same record.
//!
//! Invariants:
//! * What a transaction has read is unchanged when its record is sequenced, so all of it might have happened at that moment.
//! * Nothing of it is anywhere but in its own memory before; giving up the handle gives up the transaction.
//! * Reads stay noted when the writes behind them are undone: what they told is known outside.

mod atomically;
mod budget;
mod commit;
mod definitions;
mod overlay;
mod staging;
mod truncate;
mod turn;
mod versions;

use crate::catalog::Table;
use crate::definition::{NEXT_TABLE_ID, TABLE, table_key};
use crate::engine::{Engine, ReadView};
use crate::error::Error;
use crate::read::Opened;
pub(crate) use budget::Budget;
use budget::Share;
use bytes::Bytes;
use definitions::Definitions;
use overlay::Overlay;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use shale_item::{EncodedItem, TableId};
use shale_storage::{ActiveTransaction, Lsn, ReadSet, Role, Snapshot};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
pub use turn::Contended;
use turn::Place;
pub(crate) use turn::Turns;

/// How a transaction is begun.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransactionOptions {
    /// Writes are refused. Such a transaction notes nothing and never conflicts.
    pub read_only: bool,
}

/// A transaction; clones are the same one. Dropping the last clone, or [`Transaction::rollback`], gives it up.
#[derive(Clone)]
pub struct Transaction {
    inner: Arc<Inner>,
}

/// A point in a transaction to which its writes can be undone. It belongs to the transaction that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint(u64);

struct Inner {
    engine: Engine,
    snapshot: Snapshot,
    read_only: bool,
    /// What the names that were used stand for, in all views.
    tables: Arc<Mutex<FxHashMap<String, Opened>>>,
    state: Mutex<State>,
    place: Place,
}

/// What changes while a transaction lasts.
struct State {
    /// None once it has ended.
    active: Option<ActiveTransaction>,
    reads: ReadSet,
    overlay: Overlay,
    /// The memory of both.
    share: Share,
    /// Tables that were written.
    written: BTreeMap<TableId, Arc<Table>>,
    definitions: Definitions,
    /// Number of the last command that wrote. A view sees the writes of commands up to the one that was the last when it was made.
    command: u64,
    /// Commands of the savepoints to which one can still go back.
    savepoints: Vec<u64>,
    /// Counts the views that are alive.
    views: Arc<()>,
    /// A drop that is ahead of the publications hid a table: what the name means then is not known yet.
    met_drop: Option<Lsn>,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("snapshot", &self.inner.snapshot.lsn())
            .field("read_only", &self.inner.read_only)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Begins a transaction at the published LSN. It takes nothing that others would wait for.
    pub fn begin(&self, options: TransactionOptions) -> Transaction {
        let shard = &self.inner.shard;
        match options.read_only {
            true => self.transaction(None, shard.snapshot(), Place::default()),
            false => self.writing(shard.begin_transaction(), Place::default()),
        }
    }

    /// Begins a transaction that may write when it is its turn at rows over which it was refused before, or after having waited for a second.
    pub async fn begin_in_turn(&self, rows: &Contended) -> Transaction {
        let turn = self.inner.turns.take(rows).await;
        self.writing(self.inner.shard.begin_transaction(), Place::with(turn))
    }

    /// Begins a transaction at the newest LSN, if that can be: what it reads must not be told before what it depends on is published.
    fn begin_ahead(&self) -> Transaction {
        self.writing(self.inner.shard.begin_ahead(), Place::default())
    }

    fn writing(&self, active: ActiveTransaction, place: Place) -> Transaction {
        let snapshot = active.snapshot().clone();
        self.transaction(Some(active), snapshot, place)
    }

    fn transaction(
        &self,
        active: Option<ActiveTransaction>,
        snapshot: Snapshot,
        place: Place,
    ) -> Transaction {
        let read_only = active.is_none();
        Transaction {
            inner: Arc::new(Inner {
                engine: self.clone(),
                snapshot,
                read_only,
                tables: Arc::default(),
                state: Mutex::new(State {
                    active,
                    reads: ReadSet::default(),
                    overlay: Overlay::default(),
                    share: Share::new(&self.inner.transactions),
                    written: BTreeMap::new(),
                    definitions: Definitions::default(),
                    command: 0,
                    savepoints: Vec::new(),
                    views: Arc::new(()),
                    met_drop: None,
                }),
                place,
            }),
        }
    }
}

impl Transaction {
    /// Whether it refuses writes.
    pub fn is_read_only(&self) -> bool {
        self.inner.read_only
    }

    /// What the transaction sees now: its snapshot and the writes staged so far. Writes staged later are not in this view, so that a
    /// statement does not meet its own. Once the transaction has ended, reading answers [`Error::TransactionEnded`].
    pub fn view(&self) -> ReadView {
        let inner = &self.inner;
        let within = (!inner.read_only).then(|| {
            let state = inner.state.lock();
            Within {
                transaction: Arc::clone(inner),
                command: state.command,
                _alive: Arc::clone(&state.views),
            }
        });
        ReadView {
            engine: inner.engine.clone(),
            snapshot: inner.snapshot.clone(),
            tables: Arc::clone(&inner.tables),
            within,
            past: None,
            meter: None,
        }
    }

    /// Makes a point to which later writes can be undone.
    ///
    /// # Errors
    /// [`Error::TransactionEnded`].
    pub fn savepoint(&self) -> Result<Savepoint, Error> {
        let mut state = self.inner.live()?;
        // Two savepoints are two, also without a write between them.
        state.command += 1;
        let command = state.command;
        state.savepoints.push(command);
        Ok(Savepoint(command))
    }

    /// Undoes the writes since a savepoint, which stays. What was read stays read.
    ///
    /// # Errors
    /// [`Error::TransactionEnded`].
    pub fn rollback_to(&self, savepoint: &Savepoint) -> Result<(), Error> {
        let mut state = self.inner.live()?;
        state.overlay.undo_above(savepoint.0);
        self.inner.catalog_changed(&mut state);
        state.savepoints.retain(|command| *command <= savepoint.0);
        Ok(())
    }

    /// Forgets a savepoint and those made after it; their writes stay.
    ///
    /// # Errors
    /// [`Error::TransactionEnded`].
    pub fn release(&self, savepoint: &Savepoint) -> Result<(), Error> {
        let mut state = self.inner.live()?;
        state.savepoints.retain(|command| *command < savepoint.0);
        Ok(())
    }

    /// A drop that hid a table from it, and that was not published when it did.
    fn met_drop(&self) -> Option<Lsn> {
        self.inner.state.lock().met_drop
    }

    /// What must be published before anything that the transaction has read may be told.
    fn depends_on(&self) -> Option<Lsn> {
        let state = self.inner.state.lock();
        state.active.as_ref()?.depends_on()
    }

    /// After a commit that was refused for a conflict: the rows at which another attempt does better to wait for its turn
    /// ([`Engine::begin_in_turn`]).
    pub fn contended(&self) -> Option<Contended> {
        self.inner.place.contended()
    }

    /// Gives the transaction up. Nothing of it has happened.
    pub fn rollback(&self) {
        let ended = self.inner.state.lock().end();
        drop((ended, self.inner.place.leave()));
    }
}

impl Inner {
    /// The state of a transaction that has not ended.
    fn live(&self) -> Result<parking_lot::MutexGuard<'_, State>, Error> {
        let state = self.state.lock();
        match state.active.is_some() {
            true => Ok(state),
            false => Err(Error::TransactionEnded),
        }
    }
}

impl State {
    /// Takes what there is out of it: it has ended. Nothing if it had before.
    fn end(&mut self) -> Option<(ActiveTransaction, ReadSet, Overlay)> {
        let active = self.active.take()?;
        self.share.give_back(0);
        let (reads, overlay) = (&mut self.reads, &mut self.overlay);
        Some((active, std::mem::take(reads), std::mem::take(overlay)))
    }

    /// Accounts for the memory of what was read and written.
    fn take_memory(&mut self) -> Result<(), Error> {
        self.share.take(self.reads.bytes() + self.overlay.bytes())
    }
}

/// A view's place in a transaction: it sees the writes of commands up to its own.
#[derive(Clone)]
pub(crate) struct Within {
    transaction: Arc<Inner>,
    command: u64,
    _alive: Arc<()>,
}

impl Within {
    /// What a name means, if the transaction has changed that; `None` inside: nothing.
    pub(crate) fn name(&self, name: &str) -> Result<Option<Option<Opened>>, Error> {
        Ok(self.transaction.live()?.overlay.name(name, self.command))
    }

    /// Notes that the transaction relies on what a name means; `None`: that it means nothing.
    pub(crate) fn note_table(&self, opened: Option<&Opened>) -> Result<(), Error> {
        let mut state = self.transaction.live()?;
        match opened {
            Some(opened) => {
                let key = table_key(TABLE, opened.table.id);
                state.reads.add_key(Role::Catalog, &key);
            }
            // Whoever creates a table takes an id.
            None => state.reads.add_key(Role::Catalog, NEXT_TABLE_ID),
        }
        state.take_memory()
    }

    /// Notes that a drop on its way hides a table.
    pub(crate) fn note_drop(&self, drop: Lsn) -> Result<(), Error> {
        self.transaction.live()?.met_drop = Some(drop);
        Ok(())
    }

    /// What is staged under a key of the items tree; if nothing is, the key is noted as read from the snapshot.
    pub(crate) fn read(&self, tree_key: &[u8]) -> Result<Option<Option<EncodedItem>>, Error> {
        let mut state = self.transaction.live()?;
        let staged = state.overlay.item(tree_key, self.command);
        if staged.is_none() {
            state.reads.add_key(Role::Items, tree_key);
            state.take_memory()?;
        }
        Ok(staged)
    }

    /// The first staged write of a range, from its start or from its end; without an item if it is a deletion.
    pub(crate) fn staged(
        &self,
        role: Role,
        range: Range<Bytes>,
        forward: bool,
    ) -> Result<Option<(Bytes, Option<EncodedItem>)>, Error> {
        let state = self.transaction.live()?;
        Ok(state.overlay.first(role, range, forward, self.command))
    }

    /// Notes a key range as read.
    pub(crate) fn note_range(&self, role: Role, range: Range<Bytes>) -> Result<(), Error> {
        let mut state = self.transaction.live()?;
        state.reads.add_range(role, range);
        state.take_memory()
    }
}
