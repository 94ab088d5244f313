//! A session's prepared statements by name: those of PREPARE and those of the protocol's Parse share the names, so that DEALLOCATE and
//! EXECUTE reach both, as in PostgreSQL.

use super::Session;
use crate::{Prepared, SqlError};
use std::collections::HashMap;
use std::sync::Arc;

/// Most statements that a session prepares by name.
const STATEMENTS_MAX: usize = 10_000;
/// Bytes of their texts, which their plans grow with.
const TEXT_BYTES_MAX: usize = 64 << 20;

#[derive(Default)]
pub(crate) struct PreparedStatements {
    by_name: HashMap<String, Arc<Prepared>>,
    text_bytes: usize,
}

impl PreparedStatements {
    /// Whether the name is free and one more statement of that length may be kept.
    pub(super) fn check(&self, name: &str, text: &str) -> Result<(), SqlError> {
        if self.by_name.contains_key(name) {
            return Err(SqlError::Other {
                sqlstate: "42P05",
                message: format!("prepared statement \"{name}\" already exists"),
                hint: None,
            });
        }
        let limit = if self.by_name.len() >= STATEMENTS_MAX {
            format!("the session has {STATEMENTS_MAX} prepared statements")
        } else if self.text_bytes + text.len() > TEXT_BYTES_MAX {
            format!("the prepared statements of the session are longer than {TEXT_BYTES_MAX} bytes")
        } else {
            return Ok(());
        };
        Err(SqlError::ProgramLimit { message: limit })
    }

    pub(super) fn get(&self, name: &str) -> Result<&Arc<Prepared>, SqlError> {
        self.by_name.get(name).ok_or_else(|| SqlError::Other {
            sqlstate: "26000",
            message: format!("prepared statement \"{name}\" does not exist"),
            hint: None,
        })
    }

    pub(super) fn insert(&mut self, name: String, prepared: Arc<Prepared>) {
        self.text_bytes += prepared.text().len();
        self.by_name.insert(name, prepared);
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let removed = self.by_name.remove(name);
        self.text_bytes -= removed.as_ref().map_or(0, |prepared| prepared.text().len());
        removed.is_some()
    }

    pub(super) fn clear(&mut self) {
        self.by_name.clear();
        self.text_bytes = 0;
    }
}

impl Session {
    /// Keeps a statement under a name, as the protocol's Parse does.
    ///
    /// # Errors
    /// 42P05 if the name is taken, 54000 if the session keeps too many.
    pub fn keep_prepared(&mut self, name: &str, prepared: Arc<Prepared>) -> Result<(), SqlError> {
        self.prepared.check(name, prepared.text())?;
        self.prepared.insert(name.to_owned(), prepared);
        Ok(())
    }

    /// The statement that was kept under a name, by the protocol or by PREPARE.
    ///
    /// # Errors
    /// 26000 if there is none.
    pub fn kept_prepared(&self, name: &str) -> Result<&Arc<Prepared>, SqlError> {
        self.prepared.get(name)
    }

    /// Forgets a name, if it is there.
    pub fn forget_prepared(&mut self, name: &str) {
        self.prepared.remove(name);
    }
}
