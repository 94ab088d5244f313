//! The extended protocol: Parse, Bind, Describe, Execute, Close.
//!
//! Not here: skipping to Sync after an error, and Sync itself (`connection`); storage of portals (`portals`).

use crate::connection::Connection;
use crate::decode;
use crate::encode::Format;
use crate::interrupt::Failure;
use crate::message::{Bind, Target};
use crate::portals::{Portal, PortalState};
use crate::report::Report;
use crate::rows::{Cursor, Formats, Sent};
use crate::sqlstate;
use crate::types::type_of_oid;
use shale_sql::{Datum, Outcome, Prepared, SqlType, TransactionStatus};
use smallvec::SmallVec;
use std::sync::Arc;

impl Connection {
    pub(crate) async fn on_parse(
        &mut self,
        name: &str,
        text: &str,
        oids: &[u32],
    ) -> Result<(), Failure> {
        if name.is_empty() {
            self.unnamed_statement = None;
        }
        let types: SmallVec<[SqlType; 8]> = oids
            .iter()
            .map(|oid| type_of_oid(*oid).ok_or_else(|| unknown_type(*oid)))
            .collect::<Result<_, Report>>()?;
        let prepared = self
            .prepare(text, &types)
            .await?
            .map_err(|error| sqlstate::report(&error).located(text, 0))?;
        if name.is_empty() {
            self.unnamed_statement = Some(prepared);
        } else {
            self.session
                .keep_prepared(name, prepared)
                .map_err(|error| sqlstate::report(&error))?;
        }
        self.wire.output.parse_complete();
        Ok(())
    }

    fn statement(&self, name: &str) -> Result<&Arc<Prepared>, Report> {
        if name.is_empty() {
            return self.unnamed_statement.as_ref().ok_or_else(|| {
                Report::error("26000", "unnamed prepared statement does not exist")
            });
        }
        self.session
            .kept_prepared(name)
            .map_err(|error| sqlstate::report(&error))
    }

    pub(crate) fn on_bind(&mut self, bind: &Bind<'_>, bytes: usize) -> Result<(), Failure> {
        let prepared = self.statement(bind.statement)?.clone();
        let parameters = parameters(bind, &prepared.parameter_types)?;
        let columns = prepared.columns.as_ref().map_or(0, |columns| columns.len());
        let formats = Formats::of_codes(&bind.result_formats, columns)?.ok_or_else(|| {
            Report::protocol_violation(format!(
                "bind message has {} result formats but query has {columns} columns",
                bind.result_formats.len()
            ))
        })?;
        let portal = Portal {
            prepared,
            formats,
            state: PortalState::Bound(parameters),
            bytes,
        };
        self.portals.insert(bind.portal, portal)?;
        self.wire.output.bind_complete();
        Ok(())
    }

    pub(crate) fn on_describe_statement(&mut self, name: &str) -> Result<(), Failure> {
        let prepared = self.statement(name)?.clone();
        self.wire
            .output
            .parameter_description(&prepared.parameter_types);
        match &prepared.columns {
            // Formats are not known before Bind.
            Some(columns) => self.wire.output.row_description(columns, |_| Format::Text),
            None => self.wire.output.no_data(),
        }
        Ok(())
    }

    pub(crate) fn on_describe_portal(&mut self, name: &str) -> Result<(), Failure> {
        let portal = match self.portals.get(name) {
            Ok(portal) => portal,
            // Cursors and portals share their names in PostgreSQL: drivers describe what they have declared.
            Err(missing) => {
                let columns = self.session.cursor_columns(name).ok_or(missing)?;
                self.wire.output.row_description(&columns, |_| Format::Text);
                return Ok(());
            }
        };
        match &portal.prepared.columns {
            Some(columns) => self
                .wire
                .output
                .row_description(columns, |index| portal.formats.of(index)),
            None => self.wire.output.no_data(),
        }
        Ok(())
    }

    pub(crate) fn on_close(&mut self, target: Target<'_>) {
        match target {
            Target::Statement("") => self.unnamed_statement = None,
            Target::Statement(name) => self.session.forget_prepared(name),
            Target::Portal(name) => {
                self.portals.remove(name);
            }
        }
        self.wire.output.close_complete();
    }

    pub(crate) async fn on_execute(&mut self, name: &str, rows_max: i32) -> Result<(), Failure> {
        let before = self.session.transaction_status();
        let rows_max = u64::try_from(rows_max).ok().filter(|rows| *rows > 0);
        // Up to Sync it is one transaction; a statement alone in front of it needs none but its own.
        if !self.session.in_transaction() && !self.stands_alone().await? {
            self.session.begin_implicit();
        }
        // A portal that fails stays out: it cannot be run again.
        let mut portal = self.portals.take(name)?;
        self.run_portal(name, &mut portal, rows_max).await?;
        if !self.end_portals(before) {
            self.portals.put_back(name, portal);
        }
        Ok(())
    }

    /// Whether Sync is the next that matters behind this Execute. A client that waits for an answer has sent Sync or Flush, so that
    /// waiting for its next message is no harm.
    async fn stands_alone(&mut self) -> Result<bool, Failure> {
        loop {
            if let Some(alone) = self.wire.sync_follows() {
                return Ok(alone);
            }
            self.interrupts.arm();
            if !self.interrupts.read(&mut self.wire).await? {
                return Ok(false);
            }
        }
    }

    async fn run_portal(
        &mut self,
        name: &str,
        portal: &mut Portal,
        rows_max: Option<u64>,
    ) -> Result<(), Failure> {
        self.interrupts.arm();
        let (mut cursor, tag) = match std::mem::replace(&mut portal.state, PortalState::Done) {
            PortalState::Bound(parameters) => {
                let work = self.session.execute(&portal.prepared, parameters);
                let outcome = self.interrupts.run(&mut self.wire, work).await?;
                self.tell_notices();
                let outcome = outcome
                    .map_err(|error| sqlstate::report(&error).located(portal.prepared.text(), 0))?;
                match outcome {
                    Outcome::Rows { columns, rows, tag } => {
                        (Cursor::new(columns, portal.formats.clone(), rows), tag)
                    }
                    Outcome::Done { tag } => {
                        self.wire.output.command_complete(&tag);
                        return Ok(());
                    }
                    Outcome::Empty => {
                        portal.state = PortalState::Bound(vec![]);
                        self.wire.output.empty_query();
                        return Ok(());
                    }
                    Outcome::CopyIn(copy) => return self.on_copy_in(copy, false).await,
                    Outcome::CopyOut(copy) => return self.on_copy_out(copy, false).await,
                }
            }
            PortalState::Open(cursor, tag) => (cursor, tag),
            PortalState::Exhausted(tag) => {
                portal.state = PortalState::Exhausted(tag);
                self.complete_rows(tag, Sent::All(0));
                return Ok(());
            }
            PortalState::Done => {
                let message = format!("portal \"{name}\" cannot be run");
                return Err(Report::error("55000", message).into());
            }
        };
        let sent = cursor
            .send(&mut self.wire, &self.interrupts, rows_max)
            .await?;
        portal.state = match sent {
            Sent::Limit => PortalState::Open(cursor, tag),
            Sent::All(_) => PortalState::Exhausted(tag),
        };
        self.complete_rows(tag, sent);
        Ok(())
    }

    /// Portals do not outlive their transaction block. Whether one has ended.
    pub(crate) fn end_portals(&mut self, before: TransactionStatus) -> bool {
        let ended = before != TransactionStatus::Idle
            && self.session.transaction_status() == TransactionStatus::Idle;
        if ended {
            self.portals.clear();
        }
        ended
    }
}

fn unknown_type(oid: u32) -> Report {
    Report::error(
        "0A000",
        format!("a parameter of the type with OID {oid} is not supported"),
    )
    .with_hint("Leave the type unspecified (0) and send the value as text.")
}

fn parameters(bind: &Bind<'_>, types: &[SqlType]) -> Result<Vec<Datum>, Report> {
    let count = bind.parameters.len();
    let formats = Formats::of_codes(&bind.parameter_formats, count)?.ok_or_else(|| {
        Report::protocol_violation(format!(
            "bind message has {} parameter formats but {count} parameters",
            bind.parameter_formats.len()
        ))
    })?;
    if count != types.len() {
        return Err(Report::protocol_violation(format!(
            "bind message supplies {count} parameters, but prepared statement \"{}\" requires {}",
            bind.statement,
            types.len()
        )));
    }
    let mut parameters = Vec::with_capacity(count);
    for (index, (bytes, sql_type)) in bind.parameters.iter().zip(types).enumerate() {
        parameters.push(match bytes {
            None => Datum::Null,
            Some(bytes) => decode::value(bytes, sql_type, formats.of(index))
                .map_err(|error| sqlstate::parameter(error, index + 1))?,
        });
    }
    Ok(parameters)
}
