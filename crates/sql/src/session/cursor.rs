//! Cursors: queries whose rows a session fetches piece by piece (DECLARE, FETCH, MOVE, CLOSE).
//!
//! Not here: portals of the protocol, which are the front door's; planning of the query (`planner`).
//!
//! A cursor reads the snapshot of its transaction and ends with it. One WITH HOLD outlives it: what is left of its rows is put into
//! memory when the transaction commits. A cursor with SCROLL keeps the rows that were fetched, to go back to them.
//!
//! Invariant: what cursors keep is bounded, per session in their number and per cursor in bytes.

use super::Session;
use crate::run::rows::datum_size;
use crate::syntax::{CursorOptions, Direction};
use crate::{Column, Datum, Outcome, Row, RowStream, SqlError};
use futures::{StreamExt, TryStreamExt};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Most cursors that a session has at a time.
const CURSORS_MAX: usize = 1_000;
/// Bytes of rows that a cursor keeps: those to go back to, or those that outlive the transaction.
const KEPT_BYTES_MAX: usize = 64 << 20;
/// Rows that are handed on at a time.
const BATCH_ROWS: usize = 500;

/// The cursors of a session, by name.
#[derive(Default)]
pub(crate) struct Cursors {
    by_name: HashMap<String, Entry>,
}

struct Entry {
    columns: Arc<[Column]>,
    options: CursorOptions,
    /// Savepoints that there were when it was declared; `None` once it has outlived its transaction.
    savepoints: Option<usize>,
    cursor: Arc<Mutex<Cursor>>,
}

/// A query under way.
struct Cursor {
    rows: Option<RowStream>,
    /// Read, and not yet fetched.
    pending: VecDeque<Row>,
    /// Fetched, if it scrolls.
    passed: Vec<Row>,
    kept_bytes: usize,
    scroll: bool,
    /// The row where the cursor stands, from 1; 0 before the first one, one more than there are behind the last one.
    position: u64,
    /// The row where it stands, if it stands on one.
    current: Option<Row>,
    /// How many rows there are, once that is known.
    count: Option<u64>,
}

fn no_cursor(name: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "34000",
        message: format!("cursor \"{name}\" does not exist"),
        hint: None,
    }
}

impl Cursors {
    /// Columns of a cursor, if it exists.
    pub(super) fn columns(&self, name: &str) -> Option<Arc<[Column]>> {
        Some(self.by_name.get(name)?.columns.clone())
    }

    /// The rows of a direction from where a cursor stands, with their columns.
    async fn rows(
        &self,
        name: &str,
        direction: Direction,
    ) -> Result<(Arc<[Column]>, RowStream), SqlError> {
        let entry = self.by_name.get(name).ok_or_else(|| no_cursor(name))?;
        let walk = entry.cursor.lock().await.walk(direction).await?;
        Ok((
            entry.columns.clone(),
            rows_of(Arc::clone(&entry.cursor), walk),
        ))
    }

    /// A transaction ends without effect, or to a savepoint that leaves so many of them: cursors that it declared since are gone.
    pub(super) fn roll_back(&mut self, savepoints: usize) {
        self.by_name
            .retain(|_, entry| entry.savepoints.is_none_or(|there| there < savepoints));
    }

    /// A savepoint is released, so that there are so many: cursors that were declared since belong to what is around it.
    pub(super) fn release(&mut self, savepoints: usize) {
        for there in self
            .by_name
            .values_mut()
            .filter_map(|entry| entry.savepoints.as_mut())
        {
            *there = (*there).min(savepoints);
        }
    }

    /// Reads what is left of cursors that are to outlive the transaction, before it commits.
    ///
    /// # Errors
    /// The query's, and 54000 if too much is left.
    pub(super) async fn hold(&mut self) -> Result<(), SqlError> {
        for entry in self.by_name.values() {
            if entry.options.hold && entry.savepoints.is_some() {
                entry.cursor.lock().await.read_all().await?;
            }
        }
        Ok(())
    }

    /// The transaction has committed.
    pub(super) fn commit(&mut self) {
        self.by_name
            .retain(|_, entry| entry.options.hold || entry.savepoints.is_none());
        for entry in self.by_name.values_mut() {
            entry.savepoints = None;
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_name.clear();
    }
}

impl Session {
    /// Columns of a cursor that DECLARE has made; `None` if there is none of that name.
    pub fn cursor_columns(&self, name: &str) -> Option<Arc<[Column]>> {
        self.cursors.columns(name)
    }

    /// DECLARE.
    pub(super) async fn declare(
        &mut self,
        name: &str,
        options: CursorOptions,
        columns: Arc<[Column]>,
        rows: RowStream,
    ) -> Result<Outcome, SqlError> {
        self.check_declaration(name, options)?;
        let mut cursor = Cursor {
            rows: Some(rows),
            pending: VecDeque::new(),
            passed: Vec::new(),
            kept_bytes: 0,
            scroll: options.scroll,
            position: 0,
            current: None,
            count: None,
        };
        let savepoints = match self.transaction.is_open() {
            true => Some(self.transaction.savepoints()),
            false => {
                cursor.read_all().await?;
                None
            }
        };
        let entry = Entry {
            columns,
            options,
            savepoints,
            cursor: Arc::new(Mutex::new(cursor)),
        };
        self.cursors.by_name.insert(name.to_owned(), entry);
        super::run_command::done("DECLARE CURSOR")
    }

    /// # Errors
    /// 25P01 outside of a block without HOLD, 42P03 for a name that is taken, 54000 beyond [`CURSORS_MAX`].
    pub(super) fn check_declaration(
        &self,
        name: &str,
        options: CursorOptions,
    ) -> Result<(), SqlError> {
        if !options.hold && !self.transaction.is_open() {
            return Err(SqlError::TransactionState {
                sqlstate: "25P01",
                message: "DECLARE CURSOR can only be used in transaction blocks".into(),
            });
        }
        if self.cursors.by_name.contains_key(name) {
            return Err(SqlError::Other {
                sqlstate: "42P03",
                message: format!("cursor \"{name}\" already exists"),
                hint: None,
            });
        }
        if self.cursors.by_name.len() >= CURSORS_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!("the session has {CURSORS_MAX} cursors"),
            });
        }
        Ok(())
    }

    /// FETCH. Rows are read as they are sent.
    pub(super) async fn fetch(
        &mut self,
        name: &str,
        direction: Direction,
    ) -> Result<Outcome, SqlError> {
        let (columns, rows) = self.cursors.rows(name, direction).await?;
        Ok(Outcome::Rows {
            columns,
            rows,
            tag: "FETCH",
        })
    }

    /// MOVE.
    pub(super) async fn move_cursor(
        &mut self,
        name: &str,
        direction: Direction,
    ) -> Result<Outcome, SqlError> {
        let (_, rows) = self.cursors.rows(name, direction).await?;
        let count = rows.try_fold(0, |count, batch| async move { Ok(count + batch.len()) });
        Ok(Outcome::Done {
            tag: format!("MOVE {}", count.await?),
        })
    }

    /// CLOSE.
    pub(super) fn close_cursor(&mut self, name: Option<&str>) -> Result<Outcome, SqlError> {
        match name {
            None => {
                self.cursors.clear();
                super::run_command::done("CLOSE CURSOR ALL")
            }
            Some(name) => {
                let removed = self.cursors.by_name.remove(name);
                removed.ok_or_else(|| no_cursor(name))?;
                super::run_command::done("CLOSE CURSOR")
            }
        }
    }
}

/// The rows that a FETCH gives, from where the cursor stands.
#[derive(Clone, Copy)]
enum Walk {
    /// At most so many.
    On(u64),
    Back(u64),
    /// The row where it stands, if there is one.
    Here,
}

fn rows_of(cursor: Arc<Mutex<Cursor>>, walk: Walk) -> RowStream {
    futures::stream::try_unfold(Some(walk), move |walk| {
        let cursor = Arc::clone(&cursor);
        async move {
            let Some(walk) = walk else { return Ok(None) };
            let mut cursor = cursor.lock().await;
            let mut batch = Vec::new();
            let left = match walk {
                Walk::Here => {
                    batch.extend(cursor.current.clone());
                    0
                }
                Walk::On(rows) => {
                    while (batch.len() as u64) < rows && batch.len() < BATCH_ROWS {
                        let Some(row) = cursor.on().await? else { break };
                        batch.push(row);
                    }
                    rows - batch.len() as u64
                }
                Walk::Back(rows) => {
                    while (batch.len() as u64) < rows && batch.len() < BATCH_ROWS {
                        let Some(row) = cursor.back()? else { break };
                        batch.push(row);
                    }
                    rows - batch.len() as u64
                }
            };
            let next = match (left, batch.len()) {
                (0, _) => None,
                (_, rows) if rows < BATCH_ROWS => None,
                (left, _) => Some(match walk {
                    Walk::Back(_) => Walk::Back(left),
                    _ => Walk::On(left),
                }),
            };
            Ok(Some((batch, next)))
        }
    })
    .try_filter(|batch| futures::future::ready(!batch.is_empty()))
    .boxed()
}

impl Cursor {
    /// Goes to where the rows of a direction begin.
    ///
    /// # Errors
    /// 55000 for going back without SCROLL, or the query's.
    async fn walk(&mut self, direction: Direction) -> Result<Walk, SqlError> {
        Ok(match direction {
            Direction::Forward(0) | Direction::Backward(0) => Walk::Here,
            Direction::Forward(rows) => Walk::On(rows),
            Direction::ForwardAll => Walk::On(u64::MAX),
            Direction::Backward(rows) => {
                self.check_scroll()?;
                Walk::Back(rows)
            }
            Direction::BackwardAll => {
                self.check_scroll()?;
                Walk::Back(u64::MAX)
            }
            Direction::Absolute(row) if row < 0 => {
                self.check_scroll()?;
                while self.on().await?.is_some() {}
                let count = self.count.unwrap_or_default();
                let row = (count + 1).saturating_sub(row.unsigned_abs());
                self.go(row).await?
            }
            Direction::Absolute(row) => self.go(row.unsigned_abs()).await?,
            Direction::Relative(rows) => {
                let row = self.position.saturating_add_signed(rows);
                self.go(row).await?
            }
        })
    }

    /// Goes to a row, or to before the first one or behind the last one.
    async fn go(&mut self, row: u64) -> Result<Walk, SqlError> {
        if row < self.position {
            self.check_scroll()?;
        }
        while self.position > row {
            self.back()?;
        }
        while self.position < row && self.on().await?.is_some() {}
        Ok(Walk::Here)
    }

    fn check_scroll(&self) -> Result<(), SqlError> {
        if self.scroll {
            return Ok(());
        }
        Err(SqlError::Other {
            sqlstate: "55000",
            message: "cursor can only scan forward".into(),
            hint: Some("Declare it with SCROLL option to enable backward scan.".into()),
        })
    }

    /// The next row; `None` behind the last one.
    async fn on(&mut self) -> Result<Option<Row>, SqlError> {
        if self.count.is_some_and(|count| self.position > count) {
            return Ok(None);
        }
        let known = usize::try_from(self.position).ok().filter(|_| self.scroll);
        let row = match known.and_then(|position| self.passed.get(position)) {
            Some(row) => Some(row.clone()),
            None => self.read().await?,
        };
        match &row {
            Some(_) => self.position += 1,
            None => {
                self.count = Some(self.position);
                self.position += 1;
            }
        }
        self.current.clone_from(&row);
        Ok(row)
    }

    /// The row before; `None` before the first one.
    fn back(&mut self) -> Result<Option<Row>, SqlError> {
        self.position = self.position.saturating_sub(1);
        let place = usize::try_from(self.position)
            .ok()
            .and_then(|p| p.checked_sub(1));
        self.current = place.and_then(|place| self.passed.get(place)).cloned();
        Ok(self.current.clone())
    }

    /// Reads the next row of the query.
    async fn read(&mut self) -> Result<Option<Row>, SqlError> {
        loop {
            if let Some(row) = self.pending.pop_front() {
                if self.scroll {
                    self.passed.push(row.clone());
                }
                return Ok(Some(row));
            }
            let Some(rows) = &mut self.rows else {
                return Ok(None);
            };
            match rows.next().await {
                Some(batch) => {
                    let batch = batch?;
                    if self.scroll {
                        batch.iter().try_for_each(|row| self.keep(row))?;
                    }
                    self.pending.extend(batch);
                }
                None => self.rows = None,
            }
        }
    }

    /// Reads all rows, so that the query ends.
    async fn read_all(&mut self) -> Result<(), SqlError> {
        if let Some(mut rows) = self.rows.take() {
            while let Some(batch) = rows.try_next().await? {
                for row in batch {
                    self.keep(&row)?;
                    self.pending.push_back(row);
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, row: &Row) -> Result<(), SqlError> {
        self.kept_bytes += size(row);
        if self.kept_bytes <= KEPT_BYTES_MAX {
            return Ok(());
        }
        Err(SqlError::ProgramLimit {
            message: format!("a cursor keeps more than {KEPT_BYTES_MAX} bytes of rows"),
        })
    }
}

fn size(row: &[Datum]) -> usize {
    row.iter().map(datum_size).sum()
}
