//! Cancel requests: who may stop which statement.
//!
//! Not here: how a statement stops (`interrupt`).
//!
//! A request counts only while a statement runs, and only for it: each statement remembers how many requests there were when it began.

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// Bytes of a key for protocol 3.2; 3.0 has room for four.
const KEY_BYTES: usize = 32;
const KEY_BYTES_3_0: usize = 4;

/// One connection's end of it.
#[derive(Debug, Default)]
pub(crate) struct CancelHandle {
    requests: AtomicU64,
    notify: Notify,
}

impl CancelHandle {
    /// Requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Acquire)
    }

    /// Waits until there are others than `known`.
    pub(crate) async fn requested_since(&self, known: u64) {
        loop {
            // Before the look at the number: from here on no request is missed.
            let notified = self.notify.notified();
            if self.requests() != known {
                return;
            }
            notified.await;
        }
    }

    /// Asks the statement that runs to stop.
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::AcqRel);
        self.notify.notify_waiters();
    }
}

#[derive(Debug)]
struct Entry {
    key: Vec<u8>,
    handle: Arc<CancelHandle>,
}

/// All connections that can be cancelled, by the process id that they were told.
#[derive(Debug, Default)]
pub(crate) struct CancelRegistry {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_id: FxHashMap<i32, Entry>,
    last_id: i32,
}

/// A connection's place in the registry; dropping it removes it.
#[derive(Debug)]
pub(crate) struct Registration {
    registry: Arc<CancelRegistry>,
    pub(crate) id: i32,
    pub(crate) key: Vec<u8>,
    pub(crate) handle: Arc<CancelHandle>,
}

impl CancelRegistry {
    /// Gives a connection an id and a secret key.
    pub(crate) fn register(self: &Arc<Self>, long_key: bool) -> Registration {
        let mut key = crate::random::bytes::<KEY_BYTES>().to_vec();
        if !long_key {
            key.truncate(KEY_BYTES_3_0);
        }
        let handle = Arc::new(CancelHandle::default());
        let mut entries = self.entries.lock();
        // Ids are positive and come round; one that is still in use is passed over.
        let id = loop {
            entries.last_id = entries.last_id.checked_add(1).unwrap_or(1);
            if !entries.by_id.contains_key(&entries.last_id) {
                break entries.last_id;
            }
        };
        let entry = Entry {
            key: key.clone(),
            handle: handle.clone(),
        };
        entries.by_id.insert(id, entry);
        drop(entries);
        Registration {
            registry: self.clone(),
            id,
            key,
            handle,
        }
    }

    /// Cancels what the connection runs, if the key is right. Nobody is told whether it was.
    pub(crate) fn cancel(&self, id: i32, key: &[u8]) {
        let handle = match self.entries.lock().by_id.get(&id) {
            Some(entry) if equal_in_constant_time(&entry.key, key) => entry.handle.clone(),
            _ => return,
        };
        handle.request();
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.entries.lock().by_id.remove(&self.id);
    }
}

fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    let difference = left
        .iter()
        .zip(right)
        .fold(0, |difference, (l, r)| difference | (l ^ r));
    left.len() == right.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn only_the_right_key_cancels() {
        let registry = Arc::new(CancelRegistry::default());
        let registration = registry.register(true);
        assert_eq!(registration.key.len(), 32);
        let other = registry.register(false);
        assert_eq!(other.key.len(), 4);
        assert_ne!(registration.id, other.id);

        let known = registration.handle.requests();
        registry.cancel(registration.id, &other.key);
        registry.cancel(registration.id, &registration.key[..31]);
        registry.cancel(registration.id, &[]);
        registry.cancel(0, &registration.key);
        let waiting = registration.handle.requested_since(known);
        let mut waiting = std::pin::pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none());
        registry.cancel(registration.id, &registration.key);
        assert!(waiting.now_or_never().is_some());
        // The next statement is not touched.
        let known = registration.handle.requests();
        let next = registration.handle.requested_since(known);
        assert!(next.now_or_never().is_none());
    }

    #[test]
    fn a_connection_that_ends_is_forgotten_and_ids_come_round() {
        let registry = Arc::new(CancelRegistry::default());
        let first = registry.register(false);
        assert_eq!(first.id, 1);
        registry.entries.lock().last_id = i32::MAX;
        assert_eq!(registry.register(false).id, 2);
        drop(first);
        assert!(registry.entries.lock().by_id.is_empty());
    }
}
