//! A table's gate: what keeps writes and changes of the definition apart.
//!
//! Invariants:
//! * A write holds the gate for reading from before it reads until its record is sequenced; a change of the definition holds it alone
//!   while it is sequenced. So every record obeys the definition that was sequenced last before it, published or not.
//! * A definition that is sequenced and not published belongs to one generation of the shard; after a rollback the published one counts.
//! * Gates of several tables are taken in the order of their ids.

use crate::api::CreateTable;
use crate::catalog::Table;
use parking_lot::{RwLock, RwLockReadGuard};
use shale_storage::{Generation, Lsn};
use std::sync::Arc;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Gate(RwLock<State>);

/// What is sequenced and perhaps not published yet.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The table's drop.
    pub(crate) drop: Option<Lsn>,
    /// The newest definition.
    pub(crate) changed: Option<(Generation, Arc<CreateTable>)>,
}

impl Gate {
    /// The position of the drop, if one is on its way.
    pub(crate) fn drop_position(&self) -> Option<Lsn> {
        self.0.read().drop
    }

    /// Keeps every write out for as long as a change is sequenced.
    pub(crate) fn alone(&self) -> parking_lot::RwLockWriteGuard<'_, State> {
        self.0.write()
    }

    /// Opens the gate again after that drop was rolled back.
    pub(crate) fn reopen(&self, drop: Lsn) {
        let mut state = self.0.write();
        if state.drop == Some(drop) {
            state.drop = None;
        }
    }
}

/// A table that a write may change: no drop and no change of its definition is sequenced while this is held.
#[derive(Debug)]
pub(crate) struct Open<'a> {
    pub(crate) table: &'a Table,
    /// What the write must obey.
    pub(crate) definition: Arc<CreateTable>,
    _gate: RwLockReadGuard<'a, State>,
}

/// Enters the gate of a table.
///
/// # Errors
/// The position of the drop that closed it.
pub(crate) fn enter(table: &Table, generation: Generation) -> Result<Open<'_>, Lsn> {
    let gate = table.gate.0.read();
    if let Some(drop) = gate.drop {
        return Err(drop);
    }
    let definition = match &gate.changed {
        Some((changed_in, definition)) if *changed_in == generation => Arc::clone(definition),
        _ => table.current(),
    };
    Ok(Open {
        table,
        definition,
        _gate: gate,
    })
}
