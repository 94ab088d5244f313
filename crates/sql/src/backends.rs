//! The sessions of a server, as they know of each other: what each does, who listens to what, who can be stopped.
//!
//! Not here: locks by number (`advisory`), when a transaction's notifications are sent (`session::notify`), the sockets behind sessions
//! (the front door, behind [`BackendControl`]).
//!
//! Invariants:
//! * A session is here from [`crate::Session::attach`] until it is dropped.
//! * What waits for one session to be told is bounded; where there is no room, whoever notifies is refused, before it commits.

use crate::advisory::AdvisoryLocks;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// Bytes of notifications that wait for one session.
const WAITING_BYTES_MAX: usize = 8 << 20;
/// What a notification costs beside its texts.
const NOTIFICATION_BYTES: usize = 64;
/// Bytes of a statement that pg_stat_activity shows, as in PostgreSQL (track_activity_query_size).
const QUERY_BYTES_MAX: usize = 1_024;

/// How the front door stops a session.
pub trait BackendControl: Send + Sync {
    /// Cancels the statement that runs, if one does.
    fn cancel(&self);
    /// Ends the session.
    fn terminate(&self);
}

/// A message of NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notification {
    /// The session that sent it.
    pub pid: i32,
    /// Channel.
    pub channel: Arc<str>,
    /// Payload.
    pub payload: Arc<str>,
}

/// State of a session, as pg_stat_activity calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BackendState {
    /// Runs a statement.
    Active,
    /// Waits for one.
    #[default]
    Idle,
    /// Waits for one, inside of a block.
    IdleInTransaction,
    /// Waits for the end of a block that has failed.
    IdleInFailedTransaction,
}

/// What a session does.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// Number.
    pub pid: i32,
    /// User.
    pub user: String,
    /// Where it comes from.
    pub address: Option<SocketAddr>,
    /// application_name
    pub application_name: String,
    /// State.
    pub state: BackendState,
    /// The beginning of the statement that runs or ran last.
    pub query: String,
    /// When the session began; this and the others in microseconds since the Unix epoch.
    pub started_micros: u64,
    /// When the transaction began.
    pub transaction_micros: Option<u64>,
    /// When the statement began.
    pub query_micros: Option<u64>,
    /// When the state changed.
    pub state_micros: Option<u64>,
}

/// A session among others.
pub(crate) struct Backend {
    pub(crate) pid: i32,
    control: Box<dyn BackendControl>,
    activity: Mutex<Activity>,
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    notifications: VecDeque<Notification>,
    bytes: usize,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

impl Backend {
    /// A statement begins.
    pub(crate) fn on_statement(&self, text: &str, now_micros: u64) {
        let mut end = text.len().min(QUERY_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut activity = self.activity.lock();
        // Its memory is kept from statement to statement.
        activity.query.clear();
        activity.query.push_str(&text[..end]);
        activity.state = BackendState::Active;
        activity.query_micros = Some(now_micros);
        activity.state_micros = Some(now_micros);
        activity.transaction_micros.get_or_insert(now_micros);
    }

    /// The session waits for the next statement.
    pub(crate) fn on_rest(&self, state: BackendState, now_micros: u64) {
        let mut activity = self.activity.lock();
        if activity.state != state {
            activity.state_micros = Some(now_micros);
        }
        activity.state = state;
        if state == BackendState::Idle {
            activity.transaction_micros = None;
        }
    }

    pub(crate) fn set_application_name(&self, name: &str) {
        self.activity.lock().application_name = name.to_owned();
    }

    /// What was sent to it so far.
    pub(crate) fn take(&self) -> Vec<Notification> {
        let mut waiting = self.waiting.lock();
        waiting.bytes = 0;
        waiting.notifications.drain(..).collect()
    }

    /// Waits until something is there to be taken.
    pub(crate) async fn arrived(&self) {
        loop {
            let arrived = self.arrived.notified();
            if !self.waiting.lock().notifications.is_empty() {
                return;
            }
            arrived.await;
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.waiting.lock().bytes + bytes <= WAITING_BYTES_MAX
    }

    fn give(&self, notification: Notification) {
        let mut waiting = self.waiting.lock();
        waiting.bytes += bytes_of(&notification);
        waiting.notifications.push_back(notification);
        drop(waiting);
        self.arrived.notify_one();
    }
}

fn bytes_of(notification: &Notification) -> usize {
    notification.channel.len() + notification.payload.len() + NOTIFICATION_BYTES
}

/// A listener has no room for what it would be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

/// Sessions by number.
type Listeners = BTreeMap<i32, Arc<Backend>>;

/// The sessions of a server.
#[derive(Debug, Default)]
pub struct Backends {
    by_pid: Mutex<BTreeMap<i32, Arc<Backend>>>,
    /// Listeners by channel.
    channels: Mutex<BTreeMap<Arc<str>, Listeners>>,
    pub(crate) locks: AdvisoryLocks,
}

impl Backends {
    /// Notes a session.
    pub(crate) fn enter(
        &self,
        pid: i32,
        user: &str,
        address: Option<SocketAddr>,
        control: Box<dyn BackendControl>,
        now_micros: u64,
    ) -> Arc<Backend> {
        let backend = Arc::new(Backend {
            pid,
            control,
            activity: Mutex::new(Activity {
                pid,
                user: user.to_owned(),
                address,
                started_micros: now_micros,
                state_micros: Some(now_micros),
                ..Activity::default()
            }),
            waiting: Mutex::default(),
            arrived: Notify::new(),
        });
        self.by_pid.lock().insert(pid, Arc::clone(&backend));
        backend
    }

    /// The session has ended.
    pub(crate) fn leave(&self, backend: &Backend) {
        self.by_pid.lock().remove(&backend.pid);
        self.unlisten_all(backend.pid);
        self.locks.release_all(backend.pid);
    }

    /// What all sessions do, by number.
    pub fn activity(&self) -> Vec<Activity> {
        let backends: Vec<Arc<Backend>> = self.by_pid.lock().values().cloned().collect();
        let activities = backends.iter();
        activities
            .map(|backend| backend.activity.lock().clone())
            .collect()
    }

    /// pg_cancel_backend. Whether there is such a session.
    pub fn cancel(&self, pid: i64) -> bool {
        self.control(pid, |control| control.cancel())
    }

    /// pg_terminate_backend. Whether there is such a session.
    pub fn terminate(&self, pid: i64) -> bool {
        self.control(pid, |control| control.terminate())
    }

    fn control(&self, pid: i64, act: impl FnOnce(&dyn BackendControl)) -> bool {
        let Ok(pid) = i32::try_from(pid) else {
            return false;
        };
        let backend = self.by_pid.lock().get(&pid).cloned();
        if let Some(backend) = &backend {
            act(&*backend.control);
        }
        backend.is_some()
    }

    pub(crate) fn listen(&self, backend: &Arc<Backend>, channel: &str) {
        let mut channels = self.channels.lock();
        let listeners = channels.entry(Arc::from(channel)).or_default();
        listeners.insert(backend.pid, Arc::clone(backend));
    }

    pub(crate) fn unlisten(&self, pid: i32, channel: &str) {
        let mut channels = self.channels.lock();
        if let Some(listeners) = channels.get_mut(channel) {
            listeners.remove(&pid);
            if listeners.is_empty() {
                channels.remove(channel);
            }
        }
    }

    pub(crate) fn unlisten_all(&self, pid: i32) {
        self.channels.lock().retain(|_, listeners| {
            listeners.remove(&pid);
            !listeners.is_empty()
        });
    }

    /// The channels that a session listens to, in order.
    pub(crate) fn channels_of(&self, pid: i32) -> Vec<String> {
        let channels = self.channels.lock();
        let of = channels.iter();
        of.filter(|(_, listeners)| listeners.contains_key(&pid))
            .map(|(channel, _)| channel.to_string())
            .collect()
    }

    /// Whether all who listen have room for these.
    pub(crate) fn check_room(&self, notifications: &[Notification]) -> Result<(), QueueFull> {
        let mut needed: BTreeMap<i32, (Arc<Backend>, usize)> = BTreeMap::new();
        let channels = self.channels.lock();
        for notification in notifications {
            for (pid, backend) in channels.get(&notification.channel).into_iter().flatten() {
                let (_, bytes) = needed
                    .entry(*pid)
                    .or_insert_with(|| (Arc::clone(backend), 0));
                *bytes += bytes_of(notification);
            }
        }
        drop(channels);
        match needed
            .values()
            .all(|(backend, bytes)| backend.has_room(*bytes))
        {
            true => Ok(()),
            false => Err(QueueFull),
        }
    }

    /// Tells all who listen, each once for notifications that are the same.
    pub(crate) fn notify(&self, notifications: Vec<Notification>) {
        let mut seen = BTreeSet::new();
        let channels = self.channels.lock();
        for notification in notifications {
            if !seen.insert(notification.clone()) {
                continue;
            }
            for backend in channels
                .get(&notification.channel)
                .into_iter()
                .flat_map(BTreeMap::values)
            {
                backend.give(notification.clone());
            }
        }
    }
}
