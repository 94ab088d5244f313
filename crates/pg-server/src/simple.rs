//! The simple protocol: one message with any number of statements.
//!
//! Several statements in one message are one transaction, unless they say otherwise, as in PostgreSQL; a single one is a statement that
//! runs by itself.

use crate::connection::Connection;
use crate::encode::Format;
use crate::interrupt::Failure;
use crate::report::Report;
use crate::rows::{Cursor, Formats, Sent, counts_rows};
use crate::sqlstate;
use shale_sql::{Outcome, SqlError};

impl Connection {
    pub(crate) async fn on_query(&mut self, text: &str) -> Result<(), Failure> {
        // As PostgreSQL: a Query destroys the unnamed statement and the unnamed portal.
        self.unnamed_statement = None;
        self.portals.remove("");
        let statements = self
            .session
            .split(text)
            .map_err(|error| sqlstate::report(&error))?;
        let mut any = false;
        let count = statements.len();
        for (position, (start, statement)) in statements.into_iter().enumerate() {
            if count > 1 {
                self.session.begin_implicit();
            }
            let last = position + 1 == count;
            any |= self.run_simple(text, start, statement, last).await?;
        }
        self.end_implicit().await?;
        if !any {
            self.wire.output.empty_query();
        }
        Ok(())
    }

    /// Runs a statement that begins at byte `start` of the message; `false` if it is empty. Behind the last one the transaction of the
    /// message is committed, before the client is told that it is done.
    async fn run_simple(
        &mut self,
        text: &str,
        start: usize,
        statement: &str,
        last: bool,
    ) -> Result<bool, Failure> {
        let located = |error: SqlError| sqlstate::report(&error).located(text, start);
        let prepared = self.prepare(statement, &[]).await?.map_err(located)?;
        if !prepared.parameter_types.is_empty() {
            return Err(Report::error("42P02", "there is no parameter $1").into());
        }
        let before = self.session.transaction_status();
        let work = self.session.execute(&prepared, vec![]);
        let outcome = self.interrupts.run(&mut self.wire, work).await?;
        self.tell_notices();
        match outcome.map_err(located)? {
            Outcome::Empty => return Ok(false),
            Outcome::Done { tag } => {
                if last {
                    self.end_implicit().await?;
                }
                self.wire.output.command_complete(&tag);
            }
            Outcome::Rows { columns, rows, tag } => {
                let formats = Formats::All(Format::Text);
                self.wire.output.row_description(&columns, |_| Format::Text);
                let mut cursor = Cursor::new(columns, formats, rows);
                let sent = cursor.send(&mut self.wire, &self.interrupts, None).await?;
                if last {
                    self.end_implicit().await?;
                }
                self.complete_rows(tag, sent);
            }
            Outcome::CopyIn(copy) => self.on_copy_in(copy, last).await?,
            Outcome::CopyOut(copy) => self.on_copy_out(copy, last).await?,
        }
        self.end_portals(before);
        Ok(true)
    }

    /// Tells how the rows of a statement ended.
    pub(crate) fn complete_rows(&mut self, tag: &'static str, sent: Sent) {
        match sent {
            Sent::All(rows) if counts_rows(tag) => {
                self.wire.output.command_complete_with_rows(tag, rows);
            }
            Sent::All(_) => self.wire.output.command_complete(tag),
            Sent::Limit => self.wire.output.portal_suspended(),
        }
    }
}
