//! What one item may do: a register with a number in it, or nothing.

use porcupine_rs::{CheckResult, Model, Operation, check_operations_timeout};
use std::collections::BTreeSet;
use std::time::Duration;

/// Longer than any search takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Get,
    Put(i64),
    /// If that is there.
    PutIf {
        seen: Option<i64>,
        new: i64,
    },
    /// Nothing counts as 0.
    Add(i64),
    Delete,
}

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// What was there; behind an addition, what is there.
    Value(Option<i64>),
    Done,
    /// Because that was there.
    Refused(Option<i64>),
}

/// An operation from its invocation to its return.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub key: u64,
    pub ask: Ask,
    /// None if that is unknown: it has happened until `returned`, or never will.
    pub told: Option<Told>,
    pub invoked: u64,
    pub returned: u64,
}

/// The checker's model. Its state is everything that may be in the register, as nobody knows whether unknown operations have happened.
#[derive(Clone, Debug)]
struct Register;

impl Model for Register {
    type State = BTreeSet<Option<i64>>;
    type Op = (Ask, Option<Told>);
    type Metadata = ();

    fn init() -> Self::State {
        BTreeSet::from([None])
    }

    fn step(state: &Self::State, (ask, told): &Self::Op) -> (bool, Self::State) {
        let next: Self::State = match told {
            Some(told) => {
                let explained = state.iter().map(|before| outcome(*before, *ask));
                let explained = explained.filter(|(_, would)| would == told);
                explained.map(|(after, _)| after).collect()
            }
            None => {
                let done = state.iter().map(|before| outcome(*before, *ask).0);
                state.iter().copied().chain(done).collect()
            }
        };
        (!next.is_empty(), next)
    }
}

/// What is there afterwards, and what the client is told.
fn outcome(before: Option<i64>, ask: Ask) -> (Option<i64>, Told) {
    match ask {
        Ask::Get => (before, Told::Value(before)),
        Ask::Put(value) => (Some(value), Told::Value(before)),
        Ask::PutIf { seen, new } if seen == before => (Some(new), Told::Done),
        Ask::PutIf { .. } => (before, Told::Refused(before)),
        Ask::Add(amount) => {
            let sum = Some(before.unwrap_or(0) + amount);
            (sum, Told::Value(sum))
        }
        Ask::Delete => (None, Told::Value(before)),
    }
}

/// Why no order explains the history of that key; none if there is one.
pub fn problem(history: &[Event], key: u64) -> Option<String> {
    let events = history.iter().filter(|event| event.key == key);
    let operations = events.map(|event| Operation::<Register> {
        client_id: None,
        call_time: event.invoked as i64,
        return_time: event.returned as i64,
        op: (event.ask, event.told),
        metadata: None,
    });
    let operations: Vec<_> = operations.collect();
    let verdict = check_operations_timeout(&operations, PATIENCE);
    let listed = || {
        let mut operations: Vec<_> = operations.iter().collect();
        operations.sort_by_key(|operation| operation.call_time);
        let lines = operations.iter().map(|operation| {
            let (from, to) = (operation.call_time, operation.return_time);
            format!("{from:6} - {to:6} {:?}", operation.op)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    match verdict {
        CheckResult::Ok => None,
        CheckResult::Illegal => Some(format!("key {key} is not linearizable:\n{}", listed())),
        CheckResult::Unknown => Some(format!("key {key} is undecided:\n{}", listed())),
    }
}

/// From, to, what was asked and told.
type Line = (u64, u64, Ask, Option<Told>);

fn is_explained(lines: &[Line]) -> bool {
    let events = lines.iter().map(|(invoked, returned, ask, told)| Event {
        key: 7,
        ask: *ask,
        told: *told,
        invoked: *invoked,
        returned: *returned,
    });
    let mut history: Vec<Event> = events.collect();
    // Another key's history does not matter.
    history.push(Event {
        key: 8,
        ask: Ask::Get,
        told: Some(Told::Value(Some(99))),
        invoked: 0,
        returned: 100,
    });
    problem(&history, 7).is_none()
}

const WAS_NOTHING: Option<Told> = Some(Told::Value(None));

fn saw(value: i64) -> Option<Told> {
    Some(Told::Value(Some(value)))
}

#[test]
fn what_can_be_is_explained() {
    for lines in [
        vec![],
        vec![(0, 1, Ask::Put(1), WAS_NOTHING), (2, 3, Ask::Get, saw(1))],
        // Side by side, in either order.
        vec![
            (0, 9, Ask::Put(1), WAS_NOTHING),
            (1, 2, Ask::Get, WAS_NOTHING),
        ],
        vec![(0, 9, Ask::Put(1), WAS_NOTHING), (1, 2, Ask::Get, saw(1))],
        vec![(0, 5, Ask::Add(1), saw(3)), (0, 5, Ask::Add(2), saw(2))],
        // Unknown: it has happened, or not, or not yet.
        vec![(0, 9, Ask::Put(1), None), (10, 11, Ask::Get, saw(1))],
        vec![(0, 9, Ask::Put(1), None), (10, 11, Ask::Get, WAS_NOTHING)],
        vec![
            (0, 9, Ask::Put(1), None),
            (2, 3, Ask::Get, WAS_NOTHING),
            (10, 11, Ask::Get, saw(1)),
        ],
        vec![
            (0, 1, Ask::Put(1), WAS_NOTHING),
            (2, 9, Ask::Delete, None),
            (2, 9, Ask::PutIf { seen: None, new: 2 }, None),
            (10, 11, Ask::Get, saw(2)),
        ],
    ] {
        assert!(is_explained(&lines), "{lines:?}");
    }
}

#[test]
fn what_cannot_be_is_not() {
    let (one, two) = (Some(1), Some(2));
    for lines in [
        // From nowhere.
        vec![(0, 1, Ask::Get, saw(1))],
        // A stale read.
        vec![
            (0, 1, Ask::Put(1), WAS_NOTHING),
            (2, 3, Ask::Get, WAS_NOTHING),
        ],
        // Back in time: one has seen it, a later one has not.
        vec![
            (0, 9, Ask::Put(1), WAS_NOTHING),
            (1, 2, Ask::Get, saw(1)),
            (3, 4, Ask::Get, WAS_NOTHING),
        ],
        // A lost update.
        vec![(0, 5, Ask::Add(1), saw(1)), (0, 5, Ask::Add(1), saw(1))],
        // Both have replaced the same.
        vec![
            (0, 1, Ask::Put(1), WAS_NOTHING),
            (2, 9, Ask::PutIf { seen: one, new: 2 }, Some(Told::Done)),
            (2, 9, Ask::PutIf { seen: one, new: 3 }, Some(Told::Done)),
        ],
        // Refused by what was never there.
        vec![(
            0,
            1,
            Ask::PutIf { seen: one, new: 2 },
            Some(Told::Refused(two)),
        )],
        // Acknowledged and lost.
        vec![
            (0, 1, Ask::Put(1), WAS_NOTHING),
            (2, 3, Ask::Put(2), saw(1)),
            (10, 11, Ask::Get, saw(1)),
        ],
        // What was unknown happens after all, too late.
        vec![
            (0, 9, Ask::Put(1), None),
            (10, 11, Ask::Get, WAS_NOTHING),
            (12, 13, Ask::Get, saw(1)),
        ],
        // It was there and is not.
        vec![
            (0, 9, Ask::Put(1), None),
            (2, 3, Ask::Get, saw(1)),
            (10, 11, Ask::Get, WAS_NOTHING),
        ],
    ] {
        assert!(!is_explained(&lines), "{lines:?}");
    }
}
