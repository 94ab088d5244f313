//! The writes that are sequenced and not yet applied, by key: what the next writer of a key must see.
//!
//! Not here: streams and history, whose keys are written once and never read before they are written.

use crate::{Role, TreeBatch};
use bytes::Bytes;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use shale_commitlog::Lsn;
use std::hash::BuildHasher;

/// Locks that spread the keys.
const STRIPES: usize = 64;
/// Roles from the first on that are looked up here: catalog, items, indexes.
const ROLES: usize = 3;

pub(super) struct Pending {
    stripes: Box<[Stripe]>,
}

type Stripe = Mutex<[FxHashMap<Bytes, (Lsn, Option<Bytes>)>; ROLES]>;

impl Pending {
    pub(super) fn new() -> Pending {
        Pending {
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
        }
    }

    fn stripe(&self, key: &[u8]) -> Option<&Stripe> {
        // The maps use the low and the highest bits of the same hash.
        let hash = rustc_hash::FxBuildHasher.hash_one(key) >> 32;
        self.stripes.get(hash as usize % STRIPES)
    }

    pub(super) fn get(&self, role: Role, key: &[u8]) -> Option<(Lsn, Option<Bytes>)> {
        self.stripe(key)?
            .lock()
            .get(role as usize)?
            .get(key)
            .cloned()
    }

    pub(super) fn insert(&self, lsn: Lsn, batch: &TreeBatch) {
        for (role, key, value) in &batch.writes {
            if let Some(stripe) = self.stripe(key)
                && let Some(map) = stripe.lock().get_mut(*role as usize)
            {
                map.insert(key.clone(), (lsn, value.clone()));
            }
        }
    }

    /// Removes the record's writes, but for those that a later record has replaced.
    pub(super) fn remove(&self, lsn: Lsn, batch: &TreeBatch) {
        for (role, key, _) in &batch.writes {
            if let Some(stripe) = self.stripe(key)
                && let Some(map) = stripe.lock().get_mut(*role as usize)
                && map.get(key).is_some_and(|(newest, _)| *newest == lsn)
            {
                map.remove(key);
            }
        }
    }
}
