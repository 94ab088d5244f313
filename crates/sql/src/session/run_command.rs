//! Runs statements about the session.

use super::command::{Command, plan_show, text_column, unsupported};
use super::notify::Said;
use super::{NoticeSeverity, Session};
use crate::advisory::Scope;
use crate::bind::{Binder, Parameters, Scalar};
use crate::plan::ddl::no_table;
use crate::run::read::one_batch;
use crate::service::Plan;
use crate::{Datum, Dialect, Outcome, Row, SqlError, SqlType};
use sqlparser::ast::{Expr, Ident};

pub(super) fn done(tag: &str) -> Result<Outcome, SqlError> {
    Ok(Outcome::Done { tag: tag.into() })
}

impl Session {
    /// Runs a command.
    pub(super) async fn command(
        &mut self,
        command: Command,
        parameters: &[Datum],
    ) -> Result<Outcome, SqlError> {
        self.settings.on_first_statement();
        let ends_or_returns = matches!(
            command,
            Command::Commit { .. } | Command::Rollback { .. } | Command::RollbackTo(_)
        );
        if !ends_or_returns {
            self.transaction.check_open()?;
        }
        match command {
            Command::Begin { tag, modes } => self.begin(tag, modes),
            Command::Commit { chain } => self.commit(chain).await,
            Command::Rollback { chain } => self.roll_back(chain),
            Command::Savepoint(name) => {
                let settings = self.settings.mark();
                self.transaction.savepoint(name, settings)?;
                done("SAVEPOINT")
            }
            Command::Release(name) => {
                self.transaction.release(&name)?;
                self.cursors.release(self.transaction.savepoints());
                self.pending.release(self.transaction.savepoints());
                done("RELEASE")
            }
            Command::RollbackTo(name) => {
                let settings = self.transaction.roll_back_to(&name)?;
                self.settings.return_to(settings);
                self.cursors.roll_back(self.transaction.savepoints());
                self.pending.roll_back(self.transaction.savepoints());
                done("ROLLBACK")
            }
            Command::SetTransaction { modes, session } => {
                self.set_transaction(modes, session)?;
                done("SET")
            }
            Command::Lock(tables) => self.lock(&tables),
            Command::Set { name, value, local } => {
                if let Some(done) = self.set_of_transaction(&name, value.as_deref())? {
                    return Ok(done);
                }
                match value {
                    None => self.settings.reset(&name)?,
                    // Outside of a block, SET LOCAL ends with its own statement.
                    Some(value) if local && !self.transaction.is_open() => {
                        self.settings.clone().set(&name, &value)?;
                        self.warning("25P01", "SET LOCAL can only be used in transaction blocks");
                    }
                    Some(value) if local => self.settings.set_local(&name, &value)?,
                    Some(value) => self.settings.set(&name, &value)?,
                }
                done("SET")
            }
            Command::Reset(name) => {
                if let Some(done) = self.set_of_transaction(&name, None)? {
                    return Ok(done);
                }
                self.settings.reset(&name)?;
                done("RESET")
            }
            Command::ResetAll => {
                self.settings.reset_all();
                self.show_transaction(None);
                done("RESET")
            }
            Command::Show(name) => self.show(&name),
            Command::ShowAll => {
                let rows = self
                    .settings
                    .all()
                    .map(|(name, value)| {
                        vec![
                            Datum::Text(name.to_owned()),
                            Datum::Text(value.to_owned()),
                            Datum::Text(String::new()),
                        ]
                    })
                    .collect();
                Ok(Outcome::Rows {
                    columns: [
                        text_column("name"),
                        text_column("setting"),
                        text_column("description"),
                    ]
                    .into(),
                    rows: one_batch(rows),
                    tag: "SHOW",
                })
            }
            Command::Prepare {
                name,
                parameter_types,
                text,
            } => self.prepare_by_name(name, &parameter_types, &text).await,
            Command::Execute { name, arguments } => {
                self.execute_by_name(&name, &arguments, parameters).await
            }
            Command::Deallocate(name) => {
                self.prepared.get(&name)?;
                self.prepared.remove(&name);
                done("DEALLOCATE")
            }
            Command::DeallocateAll => {
                self.prepared.clear();
                done("DEALLOCATE ALL")
            }
            Command::DiscardAll => {
                if self.transaction.is_open() {
                    return Err(SqlError::TransactionState {
                        sqlstate: "25001",
                        message: "DISCARD ALL cannot run inside a transaction block".into(),
                    });
                }
                self.prepared.clear();
                self.cursors.clear();
                self.settings.reset_all();
                self.note(Said::UnlistenAll)?;
                if let Some(place) = &self.place {
                    let pid = place.backend.pid;
                    self.shared.backends.locks.release(pid, Scope::Session);
                }
                done("DISCARD ALL")
            }
            Command::DiscardNothing(tag) => done(tag),
            Command::Say(said) => self.say(said),
            Command::Skip { tag, notices } => {
                for (sqlstate, message) in notices {
                    self.notice(NoticeSeverity::Notice, sqlstate, message);
                }
                done(&tag)
            }
            Command::Fetch { cursor, direction } => self.fetch(&cursor, direction).await,
            Command::Move { cursor, direction } => self.move_cursor(&cursor, direction).await,
            Command::Close(name) => self.close_cursor(name.as_deref()),
            Command::KeepRole(role) => {
                let keeps = role
                    .as_ref()
                    .is_none_or(|role| *role == self.user || role.eq_ignore_ascii_case("none"));
                if keeps {
                    done("SET")
                } else {
                    Err(unsupported("SET ROLE to another role", ""))
                }
            }
        }
    }

    fn show(&self, name: &str) -> Result<Outcome, SqlError> {
        let value = self
            .settings
            .get(name)
            .ok_or_else(|| SqlError::UndefinedParameter { name: name.into() })?;
        let (_, columns) = plan_show(&[Ident::new(name)]);
        let row: Row = vec![Datum::Text(value)];
        Ok(Outcome::Rows {
            columns: columns.unwrap_or_default(),
            rows: one_batch(vec![row]),
            tag: "SHOW",
        })
    }

    async fn prepare_by_name(
        &mut self,
        name: String,
        parameter_types: &[SqlType],
        text: &str,
    ) -> Result<Outcome, SqlError> {
        self.prepared.check(&name, text)?;
        let prepared = self.prepare(text, parameter_types).await?;
        self.prepared.insert(name, prepared);
        done("PREPARE")
    }

    async fn execute_by_name(
        &mut self,
        name: &str,
        arguments: &[Expr],
        parameters: &[Datum],
    ) -> Result<Outcome, SqlError> {
        let prepared = self.prepared.get(name)?.clone();
        if matches!(prepared.plan, Plan::Command(_)) {
            return Err(unsupported("EXECUTE of a session command", ""));
        }
        if arguments.len() != prepared.parameter_types.len() {
            return Err(SqlError::Syntax {
                message: format!(
                    "wrong number of parameters for prepared statement \"{name}\": expected {} parameters but got {}",
                    prepared.parameter_types.len(),
                    arguments.len()
                ),
                position: None,
            });
        }
        let values = self.constants(arguments, &prepared.parameter_types, parameters)?;
        Box::pin(self.execute_now(&prepared, &values)).await
    }

    /// Arguments of EXECUTE: constants.
    fn constants(
        &self,
        arguments: &[Expr],
        types: &[SqlType],
        parameters: &[Datum],
    ) -> Result<Vec<Datum>, SqlError> {
        let nothing = no_table();
        let mut binder = Binder::new("", Dialect::Postgres, &nothing, &[]);
        let now_micros = self.shared.clock.now_micros();
        let with = self
            .shared
            .arguments(Parameters::Datums(parameters), &[], now_micros);
        let mut values = Vec::with_capacity(arguments.len());
        for (argument, sql_type) in arguments.iter().zip(types) {
            let scalar: Scalar = binder.scalar(argument, sql_type)?.ok_or_else(|| {
                unsupported(
                    format!("the expression \"{argument}\" as an argument of EXECUTE"),
                    "Arguments are constants.",
                )
            })?;
            let value = scalar.datum(&with)?.into_owned();
            values.push(crate::datum::coerce(value, sql_type)?);
        }
        Ok(values)
    }
}
