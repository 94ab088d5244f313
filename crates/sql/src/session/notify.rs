//! LISTEN, UNLISTEN and NOTIFY: with their transaction, as in PostgreSQL.
//!
//! What a block says takes effect when it is committed, and never if it is not; outside of a block at once. Not here: who listens, and what
//! waits for whom (`backends`).

use super::Session;
use super::run_command::done;
use crate::advisory::Scope;
use crate::backends::{Backend, BackendControl, BackendState, Backends, Notification};
use crate::{Outcome, SqlError, TransactionStatus};
use std::net::SocketAddr;
use std::sync::Arc;

/// Longest payload, in bytes, as in PostgreSQL.
const PAYLOAD_BYTES_MAX: usize = 7_999;
/// Longest name of a channel, in bytes, as in PostgreSQL.
const CHANNEL_BYTES_MAX: usize = 63;
/// Most notifications that wait for the commit of a block.
const PENDING_MAX: usize = 65_536;

/// What is said about channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Listen(String),
    Unlisten(String),
    UnlistenAll,
    Notify { channel: String, payload: String },
}

/// What waits for the end of the transaction, with the number of savepoints that there were.
#[derive(Debug, Default)]
pub(super) struct Pending(Vec<(usize, Said)>);

impl Pending {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Back to the savepoint that is the innermost now.
    pub(super) fn roll_back(&mut self, savepoints: usize) {
        self.0.retain(|(depth, _)| *depth < savepoints);
    }

    /// Savepoints were forgotten.
    pub(super) fn release(&mut self, savepoints: usize) {
        self.0
            .iter_mut()
            .for_each(|(depth, _)| *depth = (*depth).min(savepoints));
    }
}

/// A session's place among the others; dropping it gives everything back.
pub(super) struct Place {
    backends: Arc<Backends>,
    pub(super) backend: Arc<Backend>,
    pub(super) listens: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.backends.leave(&self.backend);
    }
}

impl Session {
    /// Makes the session known to the others by a number: what it does is shown, and it can be cancelled, ended and notified.
    pub fn attach(
        &mut self,
        pid: i32,
        address: Option<SocketAddr>,
        control: Box<dyn BackendControl>,
    ) {
        let backends = Arc::clone(&self.shared.backends);
        let now_micros = self.shared.clock.now_micros();
        let backend = backends.enter(pid, &self.user, address, control, now_micros);
        backend.set_application_name(&self.settings.get("application_name").unwrap_or_default());
        self.place = Some(Place {
            backends,
            backend,
            listens: false,
        });
    }

    /// The number that it is known by; 0 for a session that is not.
    pub(super) fn pid(&self) -> i32 {
        self.place.as_ref().map_or(0, |place| place.backend.pid)
    }

    /// Nothing of an answer is open: the session waits for the next statement.
    pub fn on_rest(&self) {
        if let Some(place) = &self.place {
            let state = match self.transaction.status() {
                TransactionStatus::Idle => BackendState::Idle,
                TransactionStatus::InTransaction => BackendState::IdleInTransaction,
                TransactionStatus::Failed => BackendState::IdleInFailedTransaction,
            };
            let now_micros = self.shared.clock.now_micros();
            place.backend.on_rest(state, now_micros);
        }
    }

    /// Whether it may be notified.
    pub fn listens(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.listens)
    }

    /// Waits for a notification.
    pub async fn notified(&self) {
        match &self.place {
            Some(place) => place.backend.arrived().await,
            None => std::future::pending().await,
        }
    }

    /// What the client is to be told, between transactions.
    pub fn take_notifications(&mut self) -> Vec<Notification> {
        match &self.place {
            Some(place) if place.listens => place.backend.take(),
            _ => Vec::new(),
        }
    }

    pub(super) fn say(&mut self, said: Said) -> Result<Outcome, SqlError> {
        let tag = match &said {
            Said::Listen(_) => "LISTEN",
            Said::Unlisten(_) | Said::UnlistenAll => "UNLISTEN",
            Said::Notify { .. } => "NOTIFY",
        };
        self.note(said)?;
        done(tag)
    }

    /// Notes it for the end of the transaction; outside of one, that is now.
    pub(super) fn note(&mut self, said: Said) -> Result<(), SqlError> {
        check(&said)?;
        if self.pending.0.len() >= PENDING_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!("a transaction has at most {PENDING_MAX} notifications"),
            });
        }
        self.pending.0.push((self.transaction.savepoints(), said));
        if !self.transaction.is_open() {
            self.check_room().inspect_err(|_| self.pending.clear())?;
            self.carry_out();
        }
        Ok(())
    }

    fn notifications(&self) -> Vec<Notification> {
        let pid = self.pid();
        let said = self.pending.0.iter();
        said.filter_map(|(_, said)| match said {
            Said::Notify { channel, payload } => Some(Notification {
                pid,
                channel: Arc::from(channel.as_str()),
                payload: Arc::from(payload.as_str()),
            }),
            _ => None,
        })
        .collect()
    }

    /// Before a commit: whether what it will tell can be told.
    ///
    /// # Errors
    /// 54000
    pub(super) fn check_room(&self) -> Result<(), SqlError> {
        if self.pending.0.is_empty() {
            return Ok(());
        }
        let room = self.shared.backends.check_room(&self.notifications());
        room.map_err(|_| SqlError::Other {
            sqlstate: "54000",
            message: "too many notifications in the NOTIFY queue".into(),
            hint: Some("A session that listens does not read what it is told.".into()),
        })
    }

    /// Behind a commit.
    pub(super) fn carry_out(&mut self) {
        if self.pending.0.is_empty() {
            return;
        }
        let notifications = self.notifications();
        let backends = Arc::clone(&self.shared.backends);
        for (_, said) in std::mem::take(&mut self.pending.0) {
            let Some(place) = &mut self.place else {
                continue;
            };
            let pid = place.backend.pid;
            match said {
                Said::Listen(channel) => {
                    backends.listen(&place.backend, &channel);
                    place.listens = true;
                }
                Said::Unlisten(channel) => backends.unlisten(pid, &channel),
                Said::UnlistenAll => backends.unlisten_all(pid),
                Said::Notify { .. } => {}
            }
        }
        backends.notify(notifications);
    }

    /// The transaction has ended.
    pub(super) fn end_locks(&self) {
        if let Some(place) = &self.place {
            let pid = place.backend.pid;
            self.shared.backends.locks.release(pid, Scope::Transaction);
        }
    }
}

fn check(said: &Said) -> Result<(), SqlError> {
    let invalid = |message: &str| SqlError::Other {
        sqlstate: "22023",
        message: message.to_owned(),
        hint: None,
    };
    let (channel, payload) = match said {
        Said::Listen(channel) | Said::Unlisten(channel) => (channel, ""),
        Said::Notify { channel, payload } => (channel, payload.as_str()),
        Said::UnlistenAll => return Ok(()),
    };
    if channel.is_empty() {
        return Err(invalid("channel name cannot be empty"));
    }
    if channel.len() > CHANNEL_BYTES_MAX {
        return Err(invalid("channel name too long"));
    }
    match payload.len() > PAYLOAD_BYTES_MAX {
        true => Err(invalid("payload string too long")),
        false => Ok(()),
    }
}
