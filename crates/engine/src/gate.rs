//! A table's gate: what keeps writes and changes of the definition apart.
//!
//! Invariants:
//! * A write holds the gate for reading from before it reads until its record is sequenced; a change of the definition holds it alone
//!   while it is sequenced. So every record obeys the definition that was sequenced last before it, published or not.
//! * A definition that is sequenced and not published belongs to one generation of the shard; after a rollback the published one counts.
//! * Gates of several tables are taken in the order of their ids.

use crate::api::CreateTable;
use crate::catalog::Table;
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
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
    pub(crate) fn alone(&self) -> RwLockWriteGuard<'_, State> {
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
    gate: Held<'a>,
}

/// How a gate is held.
#[derive(Debug)]
enum Held<'a> {
    Shared(#[allow(dead_code)] RwLockReadGuard<'a, State>),
    Alone(RwLockWriteGuard<'a, State>),
}

impl Open<'_> {
    /// Its drop is sequenced. Only for whoever holds the gate alone.
    pub(crate) fn close(&mut self, drop: Lsn) {
        if let Held::Alone(state) = &mut self.gate {
            state.drop = Some(drop);
        }
    }

    /// What the write obeyed is the table's definition from now on. Only for whoever holds the gate alone.
    pub(crate) fn redefine(&mut self, generation: Generation) {
        if let Held::Alone(state) = &mut self.gate {
            state.changed = Some((generation, Arc::clone(&self.definition)));
        }
    }
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
        gate: Held::Shared(gate),
    })
}

/// Enters the gate of a table alone, for a write that obeys a definition of its own: one that it brings along.
///
/// # Errors
/// The position of the drop that closed it.
pub(crate) fn enter_alone(table: &Table, definition: Arc<CreateTable>) -> Result<Open<'_>, Lsn> {
    let gate = table.gate.0.write();
    match gate.drop {
        Some(drop) => Err(drop),
        None => Ok(Open {
            table,
            definition,
            gate: Held::Alone(gate),
        }),
    }
}
