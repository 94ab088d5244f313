//! Calls the functions of a session: waiting, notifying, locking, stopping others, settings.
//!
//! Not here: which they are (`plan::calls`).

use super::notify::Said;
use super::{NoticeSeverity, Session};
use crate::advisory::{Deadlock, Key, Mode, Scope};
use crate::bind::Parameters;
use crate::datum::coerce;
use crate::plan::calls::{CallsPlan, Item, SessionFunction};
use crate::run::read::one_batch;
use crate::{Datum, Outcome, Row, SqlError};
use std::time::Duration;

/// Longest sleep, in seconds: a bound of the arithmetic, 30 years.
const SLEEP_SECONDS_MAX: f64 = 1e9;

impl Session {
    pub(super) async fn call_all(
        &mut self,
        plan: &CallsPlan,
        parameters: &[Datum],
        computed: &[Datum],
        now_micros: u64,
    ) -> Result<Outcome, SqlError> {
        let mut row: Row = Vec::with_capacity(plan.items.len());
        let mut channels = None;
        for item in &plan.items {
            let values = {
                let with =
                    self.shared
                        .arguments(Parameters::Datums(parameters), computed, now_micros);
                match item {
                    Item::Scalar(scalar) => vec![scalar.datum(&with)?.into_owned()],
                    Item::Call(_, arguments) => arguments
                        .iter()
                        .map(|(scalar, sql_type)| {
                            coerce(scalar.datum(&with)?.into_owned(), sql_type)
                        })
                        .collect::<Result<_, _>>()?,
                }
            };
            let value = match item {
                Item::Scalar(_) => values.into_iter().next().unwrap_or(Datum::Null),
                Item::Call(SessionFunction::ListeningChannels, _) => {
                    channels = Some((row.len(), self.shared.backends.channels_of(self.pid())));
                    Datum::Null
                }
                Item::Call(function, _) => self.call(*function, &values).await?,
            };
            row.push(value);
        }
        if !self.transaction.is_open() {
            self.end_locks();
        }
        let rows = match channels {
            None => vec![row],
            Some((place, channels)) => channels
                .into_iter()
                .map(|channel| {
                    let mut row = row.clone();
                    if let Some(value) = row.get_mut(place) {
                        *value = Datum::Text(channel);
                    }
                    row
                })
                .collect(),
        };
        Ok(Outcome::Rows {
            columns: plan.columns.clone(),
            rows: one_batch(rows),
            tag: "SELECT",
        })
    }

    async fn call(
        &mut self,
        function: SessionFunction,
        values: &[Datum],
    ) -> Result<Datum, SqlError> {
        use SessionFunction as F;
        // What PostgreSQL calls void.
        let nothing = || Datum::Text(String::new());
        let text = |at: usize| match values.get(at) {
            Some(Datum::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let is_null = values.contains(&Datum::Null);
        Ok(match function {
            F::SetConfig => return self.set_config(values),
            F::Notify => {
                // As in PostgreSQL, no payload is an empty one.
                let (channel, payload) = (text(0), text(1));
                self.note(Said::Notify { channel, payload })?;
                nothing()
            }
            _ if is_null => Datum::Null,
            F::Sleep | F::SleepFor => {
                let seconds = match values.first() {
                    Some(Datum::Float(seconds)) => *seconds,
                    Some(Datum::Interval {
                        months,
                        days,
                        micros,
                    }) => {
                        let days = f64::from(*months) * 30.0 + f64::from(*days);
                        days * 86_400.0 + *micros as f64 / 1e6
                    }
                    _ => 0.0,
                };
                if seconds > 0.0 {
                    let seconds = seconds.min(SLEEP_SECONDS_MAX);
                    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                }
                nothing()
            }
            F::Cancel | F::Terminate => {
                let pid = match values.first() {
                    Some(Datum::Int(pid)) => *pid,
                    _ => 0,
                };
                let backends = &self.shared.backends;
                let found = match function {
                    F::Cancel => backends.cancel(pid),
                    _ => backends.terminate(pid),
                };
                if !found {
                    let message = format!("PID {pid} is not a PostgreSQL backend process");
                    self.notice(NoticeSeverity::Warning, "01000", message);
                }
                Datum::Bool(found)
            }
            F::Lock(mode, scope) => {
                let (pid, key) = (self.pid_for_locks()?, key_of(values));
                let locks = &self.shared.backends.locks;
                let locked = locks.lock(pid, key, mode, scope).await;
                locked.map_err(|Deadlock| SqlError::Other {
                    sqlstate: "40P01",
                    message: "deadlock detected".into(),
                    hint: None,
                })?;
                nothing()
            }
            F::TryLock(mode, scope) => {
                let (pid, key) = (self.pid_for_locks()?, key_of(values));
                let locks = &self.shared.backends.locks;
                Datum::Bool(locks.try_lock(pid, key, mode, scope))
            }
            F::Unlock(mode) => {
                let (pid, key) = (self.pid_for_locks()?, key_of(values));
                let unlocked = self.shared.backends.locks.unlock(pid, key, mode);
                if !unlocked {
                    let name = match mode {
                        Mode::Exclusive => "ExclusiveLock",
                        Mode::Shared => "ShareLock",
                    };
                    let message = format!("you don't own a lock of type {name}");
                    self.notice(NoticeSeverity::Warning, "01000", message);
                }
                Datum::Bool(unlocked)
            }
            F::UnlockAll => {
                let pid = self.pid_for_locks()?;
                self.shared.backends.locks.release(pid, Scope::Session);
                nothing()
            }
            F::BackendPid => Datum::Int(self.pid().into()),
            F::ListeningChannels => Datum::Null,
        })
    }

    /// Locks belong to sessions that others know.
    fn pid_for_locks(&self) -> Result<i32, SqlError> {
        match self.pid() {
            0 => Err(SqlError::NotSupported {
                feature: "an advisory lock of a session without a number".into(),
                hint: None,
            }),
            pid => Ok(pid),
        }
    }

    fn set_config(&mut self, values: &[Datum]) -> Result<Datum, SqlError> {
        let [name, value, local] = values else {
            return Ok(Datum::Null);
        };
        let Datum::Text(name) = name else {
            return Err(SqlError::Other {
                sqlstate: "22004",
                message: "SET requires parameter name".into(),
                hint: None,
            });
        };
        let name = name.to_lowercase();
        let value = match value {
            Datum::Text(value) => Some(value.as_str()),
            _ => None,
        };
        if self.set_of_transaction(&name, value)?.is_none() {
            match value {
                None => self.settings.reset(&name)?,
                Some(value) if *local != Datum::Bool(true) => self.settings.set(&name, value)?,
                Some(value) if self.transaction.is_open() => {
                    self.settings.set_local(&name, value)?
                }
                // It ends with its own statement.
                Some(value) => self.settings.clone().set(&name, value)?,
            }
        }
        match self.settings.get(&name) {
            Some(value) => Ok(Datum::Text(value)),
            None => Err(SqlError::UndefinedParameter { name }),
        }
    }
}

fn key_of(values: &[Datum]) -> Key {
    match values {
        [Datum::Int(one)] => Key::One(*one),
        // Both are int4.
        [Datum::Int(first), Datum::Int(second)] => Key::Two(*first as i32, *second as i32),
        _ => Key::One(0),
    }
}
