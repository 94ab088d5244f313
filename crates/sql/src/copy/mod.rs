//! COPY: data in text, CSV or binary format into a table (here), or out of a query (`out`).
//!
//! Outside of a transaction, rows are inserted in batches as they arrive, several batches on their way at once; each batch is atomic, the
//! whole COPY is not. Memory is bounded by one record, one open batch and the batches under way. Inside of one they are staged in it.

mod format;
mod out;
mod parser;
mod plan;

#[cfg(test)]
mod tests;

pub use out::{CopyOut, CopyWriter};
pub(crate) use plan::{CopyPlan, plan_from, plan_to};

use crate::bind::{Parameters, Scalar};
use crate::datum::{datum_to_attribute, parse_text};
use crate::plan::check::{self, Check};
use crate::run::write::insert_error;
use crate::service::Shared;
use crate::{Datum, SqlError, SqlType};
use bytes::Bytes;
use parser::{Record, RecordParser};
use shale_engine::{Engine, Error, OnConflict, TableDescription, Transaction};
use shale_item::Item;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Rows per batch.
const BATCH_ROWS_MAX: usize = 500;
/// Bytes of data per batch: one log record must stay well below its limit.
const BATCH_BYTES_MAX: usize = 512 << 10;
/// Batches under way.
const BATCHES_MAX: usize = 8;

/// A running COPY … FROM STDIN.
pub struct CopyIn {
    /// Types of the data's columns.
    pub types: Vec<SqlType>,
    binary: bool,
    load: Box<Load>,
}

/// The state of a load.
struct Load {
    engine: Engine,
    table: Arc<TableDescription>,
    columns: Vec<CopyColumn>,
    /// Columns that the data does not have, with the constants that fill them.
    defaults: Vec<(Arc<str>, SqlType, Scalar)>,
    required: Vec<String>,
    checks: Vec<Check>,
    parser: RecordParser,
    shared: Arc<Shared>,
    now_micros: u64,
    /// Rows of the open batch, and the lines on which they began.
    batch: Vec<(Item, OnConflict)>,
    batch_lines: Vec<u64>,
    batch_bytes: usize,
    running: JoinSet<Result<u64, SqlError>>,
    /// Where the batches are staged; none: they are inserted.
    transaction: Option<Transaction>,
    /// Rows of binary data so far.
    rows_taken: u64,
    loaded: u64,
}

/// A column of the data.
#[derive(Clone)]
pub(crate) struct CopyColumn {
    pub name: String,
    pub sql_type: SqlType,
}

impl CopyIn {
    pub(crate) fn start(
        shared: &Arc<Shared>,
        plan: &CopyPlan,
        now_micros: u64,
        transaction: Option<Transaction>,
    ) -> CopyIn {
        let load = Load {
            engine: shared.engine.clone(),
            table: plan.table.clone(),
            columns: plan.columns.clone(),
            defaults: plan.defaults.clone(),
            required: plan.required.clone(),
            checks: plan.checks.clone(),
            parser: RecordParser::new(plan.format.clone()),
            shared: shared.clone(),
            now_micros,
            batch: Vec::new(),
            batch_lines: Vec::new(),
            batch_bytes: 0,
            running: JoinSet::new(),
            transaction,
            rows_taken: 0,
            loaded: 0,
        };
        CopyIn {
            types: plan
                .columns
                .iter()
                .map(|column| column.sql_type.clone())
                .collect(),
            binary: plan.format.is_binary(),
            load: Box::new(load),
        }
    }

    /// Whether the data is PostgreSQL's binary format: then rows come by [`CopyIn::write_row`], read by whoever knows that format.
    pub fn is_binary(&self) -> bool {
        self.binary
    }

    /// Takes a row of as many values as there are columns, each of its column's type or NULL. `bytes`: its size in the data.
    ///
    /// # Errors
    /// As [`CopyIn::write`].
    pub async fn write_row(&mut self, values: Vec<Datum>, bytes: usize) -> Result<(), SqlError> {
        self.load.take_row(values, bytes).await
    }

    /// Takes a piece of the data; pieces end anywhere. Back-pressure is in the waiting.
    ///
    /// # Errors
    /// Malformed data, values that do not fit, duplicate keys. What was loaded before stays, unless a transaction is to be rolled back.
    pub async fn write(&mut self, data: Bytes) -> Result<(), SqlError> {
        self.load.parser.push(&data);
        while let Some(record) = self.load.next_record(false)? {
            self.load.take(record).await?;
        }
        Ok(())
    }

    /// All data was sent: loads what is left and gives the command tag, `COPY n`.
    ///
    /// # Errors
    /// As [`CopyIn::write`].
    pub async fn finish(mut self) -> Result<String, SqlError> {
        while let Some(record) = self.load.next_record(true)? {
            self.load.take(record).await?;
        }
        self.load.send_batch().await?;
        while self.load.wait_one().await? {}
        Ok(format!("COPY {}", self.load.loaded))
    }
}

impl Load {
    fn next_record(&mut self, at_end: bool) -> Result<Option<Record>, SqlError> {
        let line = self.parser.line();
        self.parser
            .next(at_end)
            .map_err(|error| self.located(error, line, None))
    }

    fn located(&self, error: SqlError, line: u64, column: Option<(&str, &str)>) -> SqlError {
        const SHOWN_MAX: usize = 100;
        let table = &self.table.definition.name;
        let place = match column {
            None => format!("COPY {table}, line {line}"),
            Some((name, value)) => {
                let shown: String = value.chars().take(SHOWN_MAX).collect();
                let dots = if shown.len() < value.len() { "..." } else { "" };
                format!("COPY {table}, line {line}, column {name}: \"{shown}{dots}\"")
            }
        };
        SqlError::InCopy {
            error: Box::new(error),
            place,
        }
    }

    async fn take(&mut self, record: Record) -> Result<(), SqlError> {
        let item = self.item(&record)?;
        self.add(item, record.line, record.bytes).await
    }

    async fn take_row(&mut self, values: Vec<Datum>, bytes: usize) -> Result<(), SqlError> {
        self.rows_taken += 1;
        let line = self.rows_taken;
        let mut item = Item::new();
        for (column, value) in self.columns.iter().zip(&values) {
            match datum_to_attribute(value, &column.sql_type) {
                Ok(Some(value)) => {
                    item.insert(column.name.clone(), value);
                }
                Ok(None) => {}
                Err(error) => return Err(self.located(error, line, None)),
            }
        }
        self.complete(&mut item, line)?;
        self.add(item, line, bytes).await
    }

    async fn add(&mut self, item: Item, line: u64, bytes: usize) -> Result<(), SqlError> {
        self.batch_lines.push(line);
        self.batch_bytes += bytes;
        self.batch.push((item, OnConflict::Fail));
        if self.batch.len() >= BATCH_ROWS_MAX || self.batch_bytes >= BATCH_BYTES_MAX {
            self.send_batch().await?;
        }
        Ok(())
    }

    fn item(&self, record: &Record) -> Result<Item, SqlError> {
        let malformed = |message: String| {
            let error = SqlError::Other {
                sqlstate: "22P04",
                message,
                hint: None,
            };
            self.located(error, record.line, None)
        };
        if record.fields.len() > self.columns.len() {
            return Err(malformed("extra data after last expected column".into()));
        }
        if let Some(missing) = self.columns.get(record.fields.len()) {
            return Err(malformed(format!(
                "missing data for column \"{}\"",
                missing.name
            )));
        }
        let mut item = Item::new();
        for (column, field) in self.columns.iter().zip(&record.fields) {
            let Some(text) = field else { continue };
            let value = parse_text(&column.sql_type, text)
                .and_then(|value| datum_to_attribute(&value, &column.sql_type));
            match value {
                Ok(Some(value)) => {
                    item.insert(column.name.clone(), value);
                }
                Ok(None) => {}
                Err(error) => {
                    return Err(self.located(error, record.line, Some((&column.name, text))));
                }
            }
        }
        self.complete(&mut item, record.line)?;
        Ok(item)
    }

    /// Adds the defaults of columns that the data does not have, and sees that nothing is missing.
    fn complete(&self, item: &mut Item, line: u64) -> Result<(), SqlError> {
        let with = self
            .shared
            .arguments(Parameters::Datums(&[]), &[], self.now_micros);
        for (name, sql_type, scalar) in &self.defaults {
            if let Some(value) = scalar.attribute(&with, sql_type)? {
                item.insert(name.to_string(), value);
            }
        }
        for name in &self.required {
            if !item.contains_key(name) {
                let error = SqlError::NotNullViolation {
                    table: self.table.definition.name.clone(),
                    column: name.clone(),
                };
                return Err(self.located(error, line, None));
            }
        }
        let checks = check::lowered(&self.checks, &with)?;
        check::check_item(&self.table, &checks, item)
            .map_err(|error| self.located(error, line, None))
    }

    async fn send_batch(&mut self) -> Result<(), SqlError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let items = std::mem::take(&mut self.batch);
        let lines = std::mem::take(&mut self.batch_lines);
        self.batch_bytes = 0;
        let count = items.len() as u64;
        if let Some(transaction) = &self.transaction {
            let staged = transaction.insert_all(&self.table.definition.name, items);
            staged.map_err(|failed| insert_failed(&self.table, &lines, failed))?;
            self.loaded += count;
            // A batch was work: let others run, and a cancellation be seen.
            tokio::task::yield_now().await;
            return Ok(());
        }
        while self.running.len() >= BATCHES_MAX {
            self.wait_one().await?;
        }
        let engine = self.engine.clone();
        let table = self.table.clone();
        self.running.spawn(async move {
            match engine.insert_all(&table.definition.name, items).await {
                Ok(_) => Ok(count),
                Err(failed) => Err(insert_failed(&table, &lines, failed)),
            }
        });
        Ok(())
    }

    /// Waits for one batch; `false` if none is under way.
    async fn wait_one(&mut self) -> Result<bool, SqlError> {
        match self.running.join_next().await {
            None => Ok(false),
            Some(Ok(Ok(count))) => {
                self.loaded += count;
                Ok(true)
            }
            Some(Ok(Err(error))) => Err(error),
            Some(Err(failed)) => Err(SqlError::Other {
                sqlstate: "XX000",
                message: format!("a batch of COPY was lost: {failed}"),
                hint: None,
            }),
        }
    }
}

/// The error of a batch, with the line of the row that failed.
fn insert_failed(
    table: &TableDescription,
    lines: &[u64],
    (position, error): (usize, Error),
) -> SqlError {
    let line = lines.get(position).copied().unwrap_or_default();
    SqlError::InCopy {
        error: Box::new(insert_error(table, error)),
        place: format!("COPY {}, line {line}", table.definition.name),
    }
}
