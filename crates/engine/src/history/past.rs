//! Reads in the past: the current items, with the first rows of history above the position laid over them.
//!
//! Invariants:
//! * Bounds of ranges are whole keys of items, prefixes of such, or a whole key and a zero byte ("just behind it"). No key of an item is a
//!   prefix of another one. So at most one item's rows lie on the other side of a bound than the item itself: those of a key that the bound
//!   is just behind.
//! * A row is looked at in the snapshot of the view, so what it shows does not change while hours are given back.

use super::{AsOf, Beginning, PREFIX_BYTES, SUFFIX_BYTES};
use super::{beginning_key, prefix};
use crate::apply::item_of;
use crate::catalog::Table;
use crate::engine::{Engine, ReadView};
use crate::error::{Error, HistoryProblem};
use crate::hour::{hour_of, start_of};
use crate::read::{Opened, open_in};
use bytes::{BufMut, Bytes, BytesMut};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use shale_item::{EncodedItem, TableId, table_prefix};
use shale_storage::{Entry, Lsn, Role, Scan, Snapshot, StorageError};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Rows of one key that are passed over one by one; behind them it is searched.
const PASSED_MAX: usize = 16;
/// Behind every suffix of a key.
const BEHIND: [u8; SUFFIX_BYTES + 1] = [u8::MAX; SUFFIX_BYTES + 1];

/// The position of a view in the past.
#[derive(Debug)]
pub(crate) struct Past {
    as_of: AsOf,
    /// When the view was opened.
    now_micros: u64,
    /// Hours that may have rows above the position and in the view.
    hours: Range<u32>,
    /// Tables that were opened.
    tables: Mutex<FxHashMap<TableId, TablePast>>,
}

/// Where a table's history is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TablePast {
    as_of: AsOf,
    table: TableId,
    history: u32,
    first_hour: u32,
    end_hour: u32,
}

impl Engine {
    /// Opens a view of everything as it was at a position in the past, for tables with history. Definitions are those of now; indexes
    /// cannot be read. Two views of one position show the same items.
    ///
    /// # Errors
    /// [`HistoryProblem::Future`], or the shard's. Reading answers [`HistoryProblem::Off`], [`HistoryProblem::Floor`] and
    /// [`HistoryProblem::Index`].
    pub async fn read_view_as_of(&self, as_of: AsOf) -> Result<ReadView, Error> {
        let inner = &self.inner;
        let now_micros = inner.clock.now_micros();
        let future = |newest: Lsn| {
            Error::History(HistoryProblem::Future {
                lsn: newest.0,
                micros: now_micros,
            })
        };
        if let AsOf::Micros(micros) = as_of {
            if micros > now_micros {
                return Err(future(inner.shard.published()));
            }
            // What may be as old and is on its way must be seen; if it fails, it has not been.
            let last = inner.shard.pass(micros);
            let _ = self.published(last).await;
        }
        let mut view = self.read_view()?;
        if let AsOf::Lsn(lsn) = as_of
            && lsn > view.snapshot.lsn().0
        {
            return Err(future(view.snapshot.lsn()));
        }
        // Behind the snapshot: every row that it shows has been noted.
        let boundaries = &inner.applier.boundaries;
        let first = match as_of {
            AsOf::Lsn(lsn) => boundaries.first_hour_above(Lsn(lsn)),
            AsOf::Micros(micros) => hour_of(micros),
        };
        view.past = Some(Arc::new(Past {
            as_of,
            now_micros,
            hours: first..boundaries.last_hour().saturating_add(1),
            tables: Mutex::default(),
        }));
        Ok(view)
    }

    /// The newest LSN that can be read.
    pub fn current_lsn(&self) -> u64 {
        self.inner.shard.published().0
    }
}

impl Past {
    /// What a name means, if its history reaches back to the position.
    pub(crate) fn open(&self, view: &ReadView, name: &str) -> Result<Opened, Error> {
        let opened = open_in(view, name)?;
        let Some(history) = opened.definition.derived.history else {
            return Err(Error::History(HistoryProblem::Off {
                table: name.to_owned(),
            }));
        };
        let row = view
            .snapshot
            .get(Role::Catalog, &beginning_key(history.id))?;
        let corrupt = |reason: String| Error::Storage(StorageError::Corrupt(reason));
        let row = row.ok_or_else(|| corrupt("a history without beginning".to_owned()))?;
        let beginning = Beginning::decode(&row).map_err(corrupt)?;
        let boundaries = &view.engine.inner.applier.boundaries;
        let floor = beginning.floor(history.seconds, self.now_micros, boundaries);
        let reached = match self.as_of {
            AsOf::Lsn(lsn) => lsn >= floor.lsn.0,
            AsOf::Micros(micros) => micros >= floor.micros,
        };
        if !reached {
            return Err(Error::History(HistoryProblem::Floor {
                table: name.to_owned(),
                lsn: floor.lsn.0,
                micros: floor.micros,
            }));
        }
        let table = TablePast {
            as_of: self.as_of,
            table: opened.table.id,
            history: history.id,
            first_hour: self.hours.start.max(hour_of(beginning.micros)),
            end_hour: self.hours.end,
        };
        self.tables.lock().insert(table.table, table);
        Ok(opened)
    }

    /// Where the history of a table that was opened is read.
    pub(crate) fn of(&self, table: &Table) -> Result<TablePast, Error> {
        let past = self.tables.lock().get(&table.id).copied();
        past.ok_or_else(|| Error::Internal("a table is read in the past unopened".to_owned()))
    }
}

/// A row of history.
#[derive(Clone, Debug)]
struct Row {
    key: Bytes,
    lsn: Lsn,
    micros: u64,
    image: Bytes,
}

impl Row {
    fn parse((key, image): Entry) -> Result<Row, StorageError> {
        let parts = || {
            let (_, rest) = key.split_first_chunk::<4>()?;
            let (hour, rest) = rest.split_first_chunk()?;
            let (rest, micros) = rest.split_last_chunk()?;
            let (_, lsn) = rest.split_last_chunk()?;
            let start = start_of(u32::from_be_bytes(*hour));
            let micros = start + u64::from(u32::from_be_bytes(*micros));
            Some((Lsn(u64::from_be_bytes(*lsn)), micros))
        };
        let (lsn, micros) =
            parts().ok_or_else(|| StorageError::Corrupt("a row of history".to_owned()))?;
        Ok(Row {
            key,
            lsn,
            micros,
            image,
        })
    }

    /// The key of the item without its table id.
    fn item(&self) -> &[u8] {
        &self.key[PREFIX_BYTES..self.key.len() - SUFFIX_BYTES]
    }

    /// The start of the item's rows of this hour.
    fn start(&self) -> Bytes {
        self.key.slice(..self.key.len() - SUFFIX_BYTES)
    }

    /// Behind them.
    fn end(&self) -> Bytes {
        [&self.start()[..], &BEHIND].concat().into()
    }

    fn image(self) -> Result<Option<EncodedItem>, Error> {
        if self.image.is_empty() {
            return Ok(None);
        }
        let item = EncodedItem::from_bytes(self.image);
        let item = item.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        Ok(Some(item))
    }
}

impl TablePast {
    /// Whether a row is above the position: what it replaced was there.
    fn is_above(&self, row: &Row) -> bool {
        match self.as_of {
            AsOf::Lsn(lsn) => row.lsn.0 > lsn,
            AsOf::Micros(micros) => row.micros > micros,
        }
    }

    /// One item.
    pub(crate) fn get(
        &self,
        snapshot: &Snapshot,
        tree_key: &[u8],
    ) -> Result<Option<EncodedItem>, Error> {
        for hour in self.first_hour..self.end_hour {
            let start = self.bound(hour, &tree_key[4..]);
            if let Some(row) = self.first_above(snapshot, &start)? {
                return row.image();
            }
        }
        let value = snapshot.get(Role::Items, tree_key)?;
        Ok(value.map(item_of).transpose()?)
    }

    /// The items of a range of tree keys, in key order or against it.
    pub(crate) fn range<'a>(
        &self,
        snapshot: &'a Snapshot,
        range: Range<Bytes>,
        forward: bool,
    ) -> PastItems<'a> {
        let hours = self.first_hour..self.end_hour;
        let layers = hours.map(|hour| Layer {
            past: *self,
            snapshot,
            bounds: range.clone(),
            range: self.rows_of(hour, &range),
            forward,
            rows: None,
            rest: None,
            done: Bytes::new(),
            next: None,
        });
        PastItems {
            table: self.table,
            layers: layers.collect(),
            entries: snapshot.range(Role::Items, range),
            next: None,
            forward,
        }
    }

    fn bound(&self, hour: u32, rest: &[u8]) -> Bytes {
        let mut bound = BytesMut::with_capacity(PREFIX_BYTES + rest.len());
        bound.put_u64(prefix(self.history, hour));
        bound.put_slice(rest);
        bound.freeze()
    }

    /// The rows of an hour that can be of items of a range, and perhaps some more.
    fn rows_of(&self, hour: u32, range: &Range<Bytes>) -> Range<Bytes> {
        let table = table_prefix(self.table);
        let start = range.start.strip_prefix(&table).unwrap_or_default();
        let end = match range.end.strip_prefix(&table) {
            None => Bytes::copy_from_slice(&(prefix(self.history, hour) + 1).to_be_bytes()),
            Some(end) => match end.split_last() {
                // Perhaps just behind an item, whose rows are behind that.
                Some((0, item)) => [&self.bound(hour, item)[..], &BEHIND].concat().into(),
                _ => self.bound(hour, end),
            },
        };
        self.bound(hour, start)..end
    }

    /// The first row of an item in an hour that is above the position; `start` is where the item's rows begin.
    fn first_above(&self, snapshot: &Snapshot, start: &Bytes) -> Result<Option<Row>, Error> {
        let from = |lsn: u64| {
            let bound = [&start[..], &lsn.to_be_bytes()].concat();
            let end = [&start[..], &BEHIND].concat();
            let rows = snapshot.range(Role::History, bound.into()..end.into());
            rows.map(|entry| entry.and_then(Row::parse))
        };
        let micros = match self.as_of {
            AsOf::Lsn(lsn) => return Ok(from(lsn.saturating_add(1)).next().transpose()?),
            AsOf::Micros(micros) => micros,
        };
        let mut below = 0;
        for row in from(0).take(PASSED_MAX) {
            let row = row?;
            if row.micros > micros {
                return Ok(Some(row));
            }
            below = row.lsn.0;
        }
        // Timestamps rise with LSNs, so it can be halved: rows up to `below` are not above the position, `found` and all behind it are.
        let Some(last) = from(below + 1).next_back().transpose()? else {
            return Ok(None);
        };
        let mut found = last;
        if found.micros <= micros {
            return Ok(None);
        }
        let mut upper = found.lsn.0;
        while upper - below > 1 {
            let middle = below + (upper - below) / 2;
            match from(middle).next().transpose()? {
                Some(row) if row.micros <= micros => below = row.lsn.0,
                Some(row) => (upper, found) = (middle, row),
                None => upper = middle,
            }
        }
        Ok(Some(found))
    }
}

/// The rows of one hour that decide what was there: at most one per item.
struct Layer<'a> {
    past: TablePast,
    snapshot: &'a Snapshot,
    /// Of tree keys of items.
    bounds: Range<Bytes>,
    /// Of rows, as far as they are not read.
    range: Range<Bytes>,
    forward: bool,
    /// Opened when it is first needed, and again where rows are jumped over.
    rows: Option<Scan>,
    /// A row that was read and not looked at; only backward.
    rest: Option<Row>,
    /// Where the rows begin of the item that was looked at last.
    done: Bytes,
    /// The row that decides next.
    next: Option<Row>,
}

impl Layer<'_> {
    /// Finds the next row that decides, unless it is there. Says whether there is one.
    fn look(&mut self) -> Result<bool, Error> {
        let mut passed = 0;
        while self.next.is_none() {
            let Some(row) = self.step()? else {
                return Ok(false);
            };
            if row.key.starts_with(&self.done) && !self.done.is_empty() {
                passed += 1;
                if passed > PASSED_MAX {
                    self.jump(&row);
                    passed = 0;
                }
                continue;
            }
            (self.done, passed) = (row.start(), 0);
            if self.within(&row) {
                self.next = match self.forward {
                    true => self.decide_forward(row)?,
                    false => self.decide_backward(row)?,
                };
            }
        }
        Ok(true)
    }

    /// The row that decides for the item whose oldest row that is.
    fn decide_forward(&mut self, oldest: Row) -> Result<Option<Row>, Error> {
        let mut row = oldest;
        for _ in 0..PASSED_MAX {
            if self.past.is_above(&row) {
                return Ok(Some(row));
            }
            match self.step()? {
                Some(next) if next.key.starts_with(&self.done) => row = next,
                next => {
                    self.rest = next;
                    return Ok(None);
                }
            }
        }
        self.jump(&row);
        self.past.first_above(self.snapshot, &self.done)
    }

    /// The row that decides for the item whose newest row that is.
    fn decide_backward(&mut self, newest: Row) -> Result<Option<Row>, Error> {
        if !self.past.is_above(&newest) {
            return Ok(None);
        }
        let mut row = newest;
        for _ in 0..PASSED_MAX {
            match self.step()? {
                Some(older) if older.key.starts_with(&self.done) => {
                    if !self.past.is_above(&older) {
                        return Ok(Some(row));
                    }
                    row = older;
                }
                next => {
                    self.rest = next;
                    return Ok(Some(row));
                }
            }
        }
        self.jump(&row);
        self.past.first_above(self.snapshot, &self.done)
    }

    /// The next row, whatever it is.
    fn step(&mut self) -> Result<Option<Row>, Error> {
        if let Some(row) = self.rest.take() {
            return Ok(Some(row));
        }
        let rows = self
            .rows
            .get_or_insert_with(|| self.snapshot.range(Role::History, self.range.clone()));
        let entry = match self.forward {
            true => rows.next(),
            false => rows.next_back(),
        };
        Ok(entry.transpose()?.map(Row::parse).transpose()?)
    }

    /// Goes on behind all rows of an item.
    fn jump(&mut self, row: &Row) {
        match self.forward {
            true => self.range.start = row.end(),
            false => self.range.end = row.start(),
        }
        (self.rows, self.rest) = (None, None);
    }

    /// Whether the row's item is in the range.
    fn within(&self, row: &Row) -> bool {
        let table = table_prefix(self.past.table);
        let above_start = match self.bounds.start.strip_prefix(&table) {
            Some(start) => row.item() >= start,
            None => true,
        };
        let below_end = match self.bounds.end.strip_prefix(&table) {
            Some(end) => row.item() < end,
            None => true,
        };
        above_start && below_end
    }
}

/// See [`TablePast::range`].
pub(crate) struct PastItems<'a> {
    table: TableId,
    /// By hour; those that are at their end are gone.
    layers: VecDeque<Layer<'a>>,
    entries: Scan,
    /// The current item that was looked at and not given out.
    next: Option<Entry>,
    forward: bool,
}

impl PastItems<'_> {
    fn advance(&mut self) -> Result<Option<(Bytes, EncodedItem)>, Error> {
        loop {
            let mut failed = None;
            self.layers.retain_mut(|layer| match layer.look() {
                Ok(more) => more,
                Err(error) => {
                    failed = Some(error);
                    false
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            if self.next.is_none() {
                let entry = match self.forward {
                    true => self.entries.next(),
                    false => self.entries.next_back(),
                };
                self.next = entry.transpose()?;
            }
            let Some(item) = self.nearest() else {
                return Ok(None);
            };
            let current = self.next.take_if(|(key, _)| key[4..] == item[..]);
            let mut decides = None;
            for layer in &mut self.layers {
                let row = layer.next.take_if(|row| row.item() == &item[..]);
                // The first hour decides.
                decides = decides.or(row);
            }
            let (key, found) = match (decides, current) {
                (None, None) => return Err(Error::Internal("an item of no layer".to_owned())),
                (None, Some((key, value))) => (key, Some(item_of(value)?)),
                (Some(row), Some((key, _))) => (key, row.image()?),
                (Some(row), None) => {
                    let key = [&table_prefix(self.table)[..], &item].concat();
                    (key.into(), row.image()?)
                }
            };
            if let Some(found) = found {
                return Ok(Some((key, found)));
            }
        }
    }

    /// The next item's key, without its table id.
    fn nearest(&self) -> Option<Bytes> {
        let of_row = |row: &Row| row.key.slice_ref(row.item());
        let rows = self.layers.iter().filter_map(|layer| layer.next.as_ref());
        let keys = rows.map(of_row);
        let current = self.next.as_ref().map(|(key, _)| key.slice(4..));
        let order = |a: &Bytes, b: &Bytes| -> Ordering {
            match self.forward {
                true => a.cmp(b),
                false => b.cmp(a),
            }
        };
        keys.chain(current).min_by(order)
    }
}

impl Iterator for PastItems<'_> {
    type Item = Result<(Bytes, EncodedItem), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
