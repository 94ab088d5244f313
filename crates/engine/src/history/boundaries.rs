//! Which LSNs the rows of an hour can have: the way from an LSN to the hours that matter, and from a time to the LSNs that are gone.
//!
//! Every row is noted when its record is sequenced or replayed. The first row of an hour gives a boundary, which is kept in a row of the
//! catalog; one that a crash loses, within a second or so of its hour's first row, costs precision and never correctness.
//!
//! Invariant: a boundary of an hour is an LSN that no row of an earlier hour is above.

use parking_lot::Mutex;
use shale_storage::Lsn;
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Boundaries(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By hour.
    known: BTreeMap<u32, Lsn>,
    /// Hours of boundaries that are in no row yet.
    unsaved: BTreeSet<u32>,
    /// Hour and LSN that no row is above; none before the first row of a replay.
    newest: Option<(u32, Lsn)>,
}

/// What has changed of the boundaries that are to be kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unsaved {
    pub(super) new: Vec<(u32, Lsn)>,
    pub(super) gone: Vec<u32>,
}

impl Boundaries {
    /// Notes a row.
    pub(crate) fn note(&self, hour: u32, lsn: Lsn) {
        let mut state = self.0.lock();
        let before = match state.newest {
            Some((newest, _)) if newest >= hour => None,
            Some((_, before)) => Some(before),
            None => Some(Lsn(lsn.0.saturating_sub(1))),
        };
        if let Some(before) = before {
            state.known.insert(hour, before);
            state.unsaved.insert(hour);
        }
        let newest = state.newest.get_or_insert((hour, lsn));
        *newest = (newest.0.max(hour), newest.1.max(lsn));
    }

    /// Takes over what was kept.
    pub(crate) fn load(&self, rows: Vec<(u32, Lsn)>) {
        let mut state = self.0.lock();
        for (hour, lsn) in rows {
            state.known.insert(hour, lsn);
            state.unsaved.remove(&hour);
        }
    }

    /// Everything up to that hour and LSN is replayed; what comes is above.
    pub(crate) fn start(&self, hour: u32, published: Lsn) {
        self.0.lock().newest.get_or_insert((hour, published));
    }

    /// The first hour that may have rows above an LSN.
    pub(super) fn first_hour_above(&self, lsn: Lsn) -> u32 {
        let state = self.0.lock();
        let mut known = state.known.iter().rev();
        known
            .find(|(_, boundary)| **boundary <= lsn)
            .map_or(0, |(hour, _)| *hour)
    }

    /// An LSN that no row of an hour before that one is above.
    pub(super) fn below(&self, hour: u32) -> Lsn {
        let state = self.0.lock();
        let boundary = state.known.range(hour..).next().map(|(_, lsn)| *lsn);
        let newest = state.newest.map(|(_, lsn)| lsn);
        boundary.or(newest).unwrap_or(Lsn::ZERO)
    }

    /// The last hour that may have rows.
    pub(super) fn last_hour(&self) -> u32 {
        self.0.lock().newest.map_or(0, |(hour, _)| hour)
    }

    /// What is to be written and to be deleted, if hours up to `oldest` are needed no longer.
    pub(super) fn unsaved(&self, oldest: u32) -> Unsaved {
        let state = self.0.lock();
        let new = state.unsaved.range(oldest.saturating_add(1)..);
        let new = new.filter_map(|hour| Some((*hour, *state.known.get(hour)?)));
        Unsaved {
            new: new.collect(),
            gone: state
                .known
                .range(..=oldest)
                .map(|(hour, _)| *hour)
                .collect(),
        }
    }

    /// That is written and deleted.
    pub(super) fn saved(&self, saved: &Unsaved) {
        let mut state = self.0.lock();
        for (hour, _) in &saved.new {
            state.unsaved.remove(hour);
        }
        for hour in &saved.gone {
            state.known.remove(hour);
            state.unsaved.remove(hour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_lsns_are_told_apart() {
        let boundaries = Boundaries::default();
        boundaries.start(10, Lsn(40));
        assert_eq!(boundaries.below(10), Lsn(40));
        boundaries.note(10, Lsn(41));
        boundaries.note(10, Lsn(50));
        boundaries.note(14, Lsn(60));
        boundaries.note(15, Lsn(70));
        // Rows up to 50 lie in hours before the 14th, that of 60 before the 15th.
        for (hour, lsn) in [(11, 50), (14, 50), (15, 60), (16, 70)] {
            assert_eq!(boundaries.below(hour), Lsn(lsn), "{hour}");
        }
        for (lsn, hour) in [(49, 0), (50, 14), (59, 14), (60, 15), (1000, 15)] {
            assert_eq!(boundaries.first_hour_above(Lsn(lsn)), hour, "{lsn}");
        }
        assert_eq!(boundaries.last_hour(), 15);
        let unsaved = boundaries.unsaved(0);
        assert_eq!(unsaved.new, [(14, Lsn(50)), (15, Lsn(60))]);
        boundaries.saved(&unsaved);
        let unsaved = boundaries.unsaved(14);
        assert_eq!((&unsaved.new[..], &unsaved.gone[..]), (&[][..], &[14][..]));
        boundaries.saved(&unsaved);
        assert_eq!(boundaries.unsaved(14), Unsaved::default());
        assert_eq!(boundaries.first_hour_above(Lsn(59)), 0, "forgotten");
    }

    #[test]
    fn what_was_kept_is_better_than_a_guess() {
        let boundaries = Boundaries::default();
        boundaries.note(10, Lsn(41));
        assert_eq!(boundaries.below(10), Lsn(40), "nothing is known of before");
        boundaries.load(vec![(10, Lsn(20))]);
        boundaries.start(10, Lsn(45));
        assert_eq!(boundaries.below(10), Lsn(20));
        assert_eq!(boundaries.unsaved(0), Unsaved::default());
        assert_eq!(boundaries.below(11), Lsn(41));
    }
}
