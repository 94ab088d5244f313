//! Result rows on their way to the client.
//!
//! Not here: when a statement runs (`connection`), the bytes of a value (`encode`).
//!
//! Rows are encoded one by one behind what waits to be sent; above a bound they wait until the client reads. A cursor that stops at a
//! row limit keeps the rest of its batch and the stream behind it.

use crate::encode::Format;
use crate::interrupt::{Failure, Interrupts};
use crate::report::Report;
use crate::sqlstate;
use crate::wire::{OUTPUT_BYTES_MAX, Wire};
use futures::StreamExt;
use shale_sql::{Column, Row, RowStream};
use smallvec::SmallVec;
use std::sync::Arc;

/// The formats that a Bind asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Formats {
    /// One for all columns.
    All(Format),
    /// One per column.
    Each(SmallVec<[Format; 8]>),
}

impl Formats {
    /// Reads format codes: none is text for all, one is for all, else one for each of `count` columns.
    ///
    /// # Errors
    /// 22023 for an unknown code; `None` if there are neither none, one nor `count`.
    pub(crate) fn of_codes(codes: &[i16], count: usize) -> Result<Option<Formats>, Report> {
        let format = |code: i16| {
            Format::of_code(code)
                .ok_or_else(|| Report::error("22023", format!("unsupported format code: {code}")))
        };
        Ok(match codes {
            [] => Some(Formats::All(Format::Text)),
            [code] => Some(Formats::All(format(*code)?)),
            codes if codes.len() == count => Some(Formats::Each(
                codes
                    .iter()
                    .map(|code| format(*code))
                    .collect::<Result<_, _>>()?,
            )),
            _ => None,
        })
    }

    /// The format of a column.
    pub(crate) fn of(&self, index: usize) -> Format {
        match self {
            Formats::All(format) => *format,
            Formats::Each(formats) => formats.get(index).copied().unwrap_or(Format::Text),
        }
    }
}

/// A result that is being sent.
pub(crate) struct Cursor {
    columns: Arc<[Column]>,
    formats: Formats,
    rows: RowStream,
    batch: std::vec::IntoIter<Row>,
}

/// How far a cursor got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// To the end, with this many rows now.
    All(u64),
    /// To the row limit.
    Limit,
}

impl Cursor {
    pub(crate) fn new(columns: Arc<[Column]>, formats: Formats, rows: RowStream) -> Cursor {
        Cursor {
            columns,
            formats,
            rows,
            batch: vec![].into_iter(),
        }
    }

    /// Sends rows, at most `rows_max`. Whether there are more behind the limit is not looked at, as in PostgreSQL.
    /// After the end or an error the cursor is not to be used again.
    pub(crate) async fn send(
        &mut self,
        wire: &mut Wire,
        interrupts: &Interrupts,
        rows_max: Option<u64>,
    ) -> Result<Sent, Failure> {
        let mut sent = 0;
        loop {
            for row in self.batch.by_ref() {
                wire.output
                    .data_row(&row, &self.columns, |index| self.formats.of(index))
                    .map_err(|error| {
                        tracing::error!(%error, columns = ?self.columns, "internal error");
                        Report::error("XX000", error.to_string())
                    })?;
                if wire.output.unsent().len() >= OUTPUT_BYTES_MAX {
                    interrupts.flush(wire).await?;
                }
                sent += 1;
                if Some(sent) == rows_max {
                    return Ok(Sent::Limit);
                }
            }
            interrupts.check()?;
            match interrupts.run(wire, self.rows.next()).await? {
                Some(Ok(batch)) => self.batch = batch.into_iter(),
                Some(Err(error)) => return Err(sqlstate::report(&error).into()),
                None => return Ok(Sent::All(sent)),
            }
        }
    }
}

/// Whether the command tag of these rows ends in their number.
pub(crate) fn counts_rows(tag: &str) -> bool {
    !matches!(tag, "SHOW" | "EXPLAIN")
}
