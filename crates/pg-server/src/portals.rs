//! A connection's portals: bound statements by name.
//!
//! Not here: Bind and Execute (`extended`). Prepared statements by name are the session's, because SQL reaches them too.

use crate::report::Report;
use crate::rows::{Cursor, Formats};
use rustc_hash::FxHashMap;
use shale_sql::{Datum, Prepared};
use std::sync::Arc;

/// Most portals that a connection holds by name.
const PORTALS_MAX: usize = 1_000;
/// Bytes of the Bind messages that made them.
const BOUND_BYTES_MAX: usize = 256 << 20;

/// A statement with its parameters.
pub(crate) struct Portal {
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) formats: Formats,
    pub(crate) state: PortalState,
    /// Size of its Bind.
    pub(crate) bytes: usize,
}

/// What a portal has done.
pub(crate) enum PortalState {
    /// Nothing yet.
    Bound(Vec<Datum>),
    /// Some of its rows were sent.
    Open(Cursor, &'static str),
    /// All rows were sent; the tag is told again.
    Exhausted(&'static str),
    /// A statement without rows has run, which it does once.
    Done,
}

/// All portals.
#[derive(Default)]
pub(crate) struct Portals {
    unnamed: Option<Portal>,
    named: FxHashMap<String, Portal>,
    bytes: usize,
}

impl Portals {
    /// Adds a portal. The unnamed one is replaced.
    ///
    /// # Errors
    /// 42P03 if the name is taken, 54000 if there are too many.
    pub(crate) fn insert(&mut self, name: &str, portal: Portal) -> Result<(), Report> {
        if name.is_empty() {
            self.unnamed = Some(portal);
            return Ok(());
        }
        if self.named.contains_key(name) {
            let message = format!("cursor \"{name}\" already exists");
            return Err(Report::error("42P03", message));
        }
        if self.named.len() >= PORTALS_MAX || self.bytes + portal.bytes > BOUND_BYTES_MAX {
            let message = format!(
                "the connection holds {PORTALS_MAX} portals or {BOUND_BYTES_MAX} bytes of their parameters"
            );
            return Err(Report::error("54000", message));
        }
        self.bytes += portal.bytes;
        self.named.insert(name.to_owned(), portal);
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Portal, Report> {
        if name.is_empty() {
            self.unnamed.as_ref()
        } else {
            self.named.get(name)
        }
        .ok_or_else(|| missing(name))
    }

    /// Takes a portal out to run it.
    pub(crate) fn take(&mut self, name: &str) -> Result<Portal, Report> {
        self.remove(name).ok_or_else(|| missing(name))
    }

    /// Puts a portal back that was taken out.
    pub(crate) fn put_back(&mut self, name: &str, portal: Portal) {
        if name.is_empty() {
            self.unnamed = Some(portal);
        } else {
            self.bytes += portal.bytes;
            self.named.insert(name.to_owned(), portal);
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Portal> {
        if name.is_empty() {
            return self.unnamed.take();
        }
        let portal = self.named.remove(name)?;
        self.bytes -= portal.bytes;
        Some(portal)
    }

    /// The transaction ended.
    pub(crate) fn clear(&mut self) {
        self.unnamed = None;
        if !self.named.is_empty() {
            self.named.clear();
            self.bytes = 0;
        }
    }
}

fn missing(name: &str) -> Report {
    Report::error("34000", format!("portal \"{name}\" does not exist"))
}
