//! The engine: one handle that the front doors share.
//!
//! Not here: opening (`open`), the operations themselves; this module says what they have in common.

use crate::api::*;
use crate::apply::Applier;
use crate::catalog::Table;
use crate::definition::Space;
use crate::error::Error;
use crate::expiry::Schedule;
use crate::history::{Forgetting, Past};
use crate::jobs::Worker;
use crate::latch::Latches;
use crate::meter::ReadMeter;
use crate::read::{At, Opened};
use crate::transact_token::Tokens;
use crate::transaction::{Budget, Turns, Within};
use crate::{batch, read, stream, table_ddl};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use shale_env::{Clock, Rand};
use shale_storage::{Lsn, Shard, Snapshot};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Notify;

/// The engine; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
    pub(crate) space: Space,
    /// The thread of the background jobs; the handle that the thread itself works with has none.
    pub(crate) worker: Option<Arc<Worker>>,
}

/// What all handles share.
pub(crate) struct Inner {
    pub(crate) shard: Arc<Shard>,
    pub(crate) applier: Arc<Applier>,
    pub(crate) latches: Latches,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rand: Arc<dyn Rand>,
    pub(crate) transactions: Arc<Budget>,
    pub(crate) validate_transactions: bool,
    /// Bytes of an item collection of a table with local indexes, at most.
    pub(crate) item_collection_bytes: u64,
    /// Held alone by a transaction that is tried again, see `atomically`.
    pub(crate) retry_lane: tokio::sync::RwLock<()>,
    /// Where transactions of clients queue for rows that they were refused for.
    pub(crate) turns: Turns,
    /// Wakes the background jobs.
    pub(crate) jobs: Notify,
    pub(crate) expiry: Schedule,
    pub(crate) retention: stream::Schedule,
    pub(crate) forgetting: Forgetting,
}

/// A consistent, short-lived view for statements that read more than one page.
#[derive(Clone)]
pub struct ReadView {
    pub(crate) engine: Engine,
    pub(crate) snapshot: Snapshot,
    /// What the names that were used stand for, in all clones: a name means the same table and definition for the view's whole life.
    pub(crate) tables: Arc<Mutex<FxHashMap<String, Opened>>>,
    /// The transaction that the view belongs to, if it may write.
    pub(crate) within: Option<Within>,
    /// Where in the past it reads, if it does.
    pub(crate) past: Option<Arc<Past>>,
    /// Counts what is read, if somebody asks for it.
    pub(crate) meter: Option<Arc<ReadMeter>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("space", &self.space)
            .field("catalog_version", &self.catalog_version())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReadView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadView")
            .field("lsn", &self.snapshot.lsn())
            .finish_non_exhaustive()
    }
}

/// What a synchronous section leaves: an answer, and the record that must be published before it may leave.
#[derive(Debug)]
pub(crate) struct Decided<T> {
    pub(crate) after: Option<Lsn>,
    pub(crate) answer: T,
}

impl Engine {
    /// The published table of that name in this handle's name space.
    pub(crate) fn table(&self, name: &str) -> Result<Arc<Table>, Error> {
        let table = self.relation(name)?;
        match table.is_view() {
            false => Ok(table),
            true => Err(not_found(name)),
        }
    }

    /// The published table or view of that name in this handle's name space.
    pub(crate) fn relation(&self, name: &str) -> Result<Arc<Table>, Error> {
        let found = self.inner.applier.catalog.find(self.space, name);
        found.ok_or_else(|| not_found(name))
    }

    /// Waits until the record is published.
    pub(crate) async fn published(&self, lsn: Lsn) -> Result<(), Error> {
        Ok(self.inner.shard.wait_published(lsn).await?)
    }

    /// Waits for what the answer depends on, then gives it.
    pub(crate) async fn settle<T>(&self, decided: Decided<Result<T, Error>>) -> Result<T, Error> {
        if let Some(lsn) = decided.after {
            self.published(lsn).await?;
        }
        decided.answer
    }

    /// What a writer does after sequencing, besides waiting.
    pub(crate) fn after_write(&self) {
        let Inner { applier, shard, .. } = &*self.inner;
        if applier
            .statistics
            .checkpoint_if_due(&applier.catalog, shard)
        {
            table_ddl::forget_reclaimed(&self.inner);
        }
    }
}

/// No such table.
pub(crate) fn not_found(name: &str) -> Error {
    Error::TableNotFound {
        name: name.to_owned(),
    }
}

impl Engine {
    /// Creates a table.
    ///
    /// # Errors
    /// [`Error::TableExists`], [`Error::InvalidTableName`], or the shard's.
    pub async fn create_table(&self, request: CreateTable) -> Result<Arc<TableDescription>, Error> {
        table_ddl::create(self, request).await
    }

    /// Drops a table. From the moment this answers no write to it is acknowledged; its space is reclaimed later.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::DeletionProtected`], or the shard's.
    pub async fn delete_table(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        table_ddl::delete(self, name).await
    }

    /// Changes settings of a table. Concurrent changes are made one after the other; none is lost.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::SettingsChanged`], what an index, the stream or the like refuses, or the shard's.
    pub async fn update_table(
        &self,
        name: &str,
        changes: TableChanges,
    ) -> Result<Arc<TableDescription>, Error> {
        table_ddl::update(self, name, &changes).await
    }

    /// Describes a table; names are exact.
    ///
    /// # Errors
    /// [`Error::TableNotFound`].
    pub fn describe_table(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        Ok(self.table(name)?.describe())
    }

    /// Describes a table or a view of SQL; names are exact.
    ///
    /// # Errors
    /// [`Error::TableNotFound`].
    pub fn describe_relation(&self, name: &str) -> Result<Arc<TableDescription>, Error> {
        Ok(self.relation(name)?.describe())
    }

    /// Names of the views of SQL in order, behind `after`, at most `limit`.
    pub fn list_views(&self, after: Option<&str>, limit: usize) -> Vec<String> {
        let catalog = &self.inner.applier.catalog;
        catalog.list_views(self.space, after, limit)
    }

    /// Items and bytes of an index now; none if the table has no such index.
    ///
    /// # Errors
    /// [`Error::TableNotFound`].
    pub fn index_size(&self, table: &str, index: &str) -> Result<Option<(u64, u64)>, Error> {
        let definition = self.table(table)?.current();
        let index = definition.derived.index(index);
        let counts = index.and_then(|index| self.inner.applier.catalog.counts(index.id));
        Ok(counts.map(|counts| counts.now()))
    }

    /// Table names in order, behind `after`, at most `limit`; hidden system tables are left out.
    pub fn list_tables(&self, after: Option<&str>, limit: usize) -> Vec<String> {
        self.inner.applier.catalog.list(self.space, after, limit)
    }

    /// Changes whenever any table is created, dropped, altered or shows a new attribute.
    pub fn catalog_version(&self) -> u64 {
        self.inner.applier.catalog.version()
    }

    /// GetItem.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::Key`], or the shard's.
    pub fn get_item(&self, request: &GetItem) -> Result<GetOutput, Error> {
        read::get_item(At::Published(self), request)
    }

    /// Query, one page.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::Key`], [`Error::InvalidSortCondition`], [`Error::InvalidStartKey`], or the shard's.
    pub fn query(&self, request: &Query) -> Result<Page, Error> {
        read::again(|| read::query(At::Published(self), request))
    }

    /// Scan, one page.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::Key`], [`Error::InvalidSegment`], [`Error::InvalidStartKey`], or the shard's.
    pub fn scan(&self, request: &Scan) -> Result<Page, Error> {
        read::again(|| read::scan(At::Published(self), request))
    }

    /// BatchGetItem: (table, key) each, in any order of tables.
    ///
    /// # Errors
    /// As [`Engine::get_item`], for any of the keys.
    pub fn batch_get(
        &self,
        keys: &[(String, shale_item::Item)],
        consistent: bool,
    ) -> Result<BatchGetOutput, Error> {
        batch::get(self, keys, consistent)
    }

    /// A handle on the system tables: another name space over the same shard, which users' requests cannot name.
    pub fn system_tables(&self) -> Engine {
        Engine {
            inner: Arc::clone(&self.inner),
            space: Space::System,
            worker: self.worker.clone(),
        }
    }

    /// Opens a view of everything at the published LSN.
    ///
    /// # Errors
    /// The shard's.
    pub fn read_view(&self) -> Result<ReadView, Error> {
        Ok(ReadView {
            engine: self.clone(),
            snapshot: self.inner.shard.snapshot(),
            tables: Arc::default(),
            within: None,
            past: None,
            meter: None,
        })
    }
}

impl ReadView {
    // A table that was created after the view was opened is not there for it; one that was dropped since is, if the view has read it
    // before.

    /// The newest LSN that could be read when the view was opened: what it shows, unless it shows the past.
    pub fn lsn(&self) -> u64 {
        self.snapshot.lsn().0
    }

    /// The same view, whose reads the meter counts.
    pub fn metered(self, meter: Arc<ReadMeter>) -> ReadView {
        ReadView {
            meter: Some(meter),
            ..self
        }
    }

    /// Whether it shows the past, where indexes cannot be read.
    pub fn is_past(&self) -> bool {
        self.past.is_some()
    }

    /// As [`Engine::get_item`], in the view.
    ///
    /// # Errors
    /// Also [`shale_storage::StorageError::SnapshotTooOld`].
    pub fn get_item(&self, request: &GetItem) -> Result<GetOutput, Error> {
        let output = read::get_item(At::View(self), request)?;
        if let Some(meter) = &self.meter {
            meter.add_item(output.item.is_some(), output.capacity);
        }
        Ok(output)
    }

    /// As [`Engine::query`], in the view.
    ///
    /// # Errors
    /// Also [`shale_storage::StorageError::SnapshotTooOld`].
    pub fn query(&self, request: &Query) -> Result<Page, Error> {
        let page = read::query(At::View(self), request)?;
        if let Some(meter) = &self.meter {
            meter.add_page(&page);
        }
        Ok(page)
    }

    /// As [`Engine::scan`], in the view.
    ///
    /// # Errors
    /// Also [`shale_storage::StorageError::SnapshotTooOld`].
    pub fn scan(&self, request: &Scan) -> Result<Page, Error> {
        let page = read::scan(At::View(self), request)?;
        if let Some(meter) = &self.meter {
            meter.add_page(&page);
        }
        Ok(page)
    }
}
