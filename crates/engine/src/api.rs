//! What the front doors ask of the engine, and what they get.

use shale_expression::{Condition, Path, SortCondition, Update};
use shale_item::{AttributeType, AttributeValue, EncodedItem, Item, KeySchema, TableId};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Who pays how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillingMode {
    /// Capacity is bought ahead.
    Provisioned {
        /// Read capacity units per second.
        read: u64,
        /// Write capacity units per second.
        write: u64,
    },
    /// On demand.
    PayPerRequest,
}

/// A column that SQL declared; attributes without one are kept all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDefinition {
    /// Attribute name.
    pub name: String,
    /// SQL type as `sql` spells it (opaque here).
    pub sql_type: String,
    /// NOT NULL.
    pub not_null: bool,
    /// DEFAULT expression as SQL text (opaque here).
    pub default: Option<String>,
}

/// A table as created.
#[derive(Clone, Debug)]
pub struct CreateTable {
    /// Name, 3 to 255 of `a-z A-Z 0-9 _ - .` (through SQL also 1 and 2 characters).
    pub name: String,
    /// Primary key.
    pub key_schema: KeySchema,
    /// Capacity.
    pub billing_mode: BillingMode,
    /// SQL's columns in order; empty for a table made through the JSON API.
    pub columns: Vec<ColumnDefinition>,
    /// The HASH key is generated and not part of `*` (SQL table without PRIMARY KEY).
    pub hidden_key: bool,
    /// Refuses DeleteTable.
    pub deletion_protection: bool,
    /// STANDARD or STANDARD_INFREQUENT_ACCESS and whatever later operations store; opaque to the engine.
    pub settings: BTreeMap<String, String>,
    /// Key and value tags.
    pub tags: BTreeMap<String, String>,
}

/// What has been seen of an attribute in a table, ever; only grows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ObservedAttribute {
    /// Bit `1 << (type as u8)` for each [`AttributeType`] seen.
    pub types: u16,
    /// Most digits before the decimal point of an N.
    pub integer_digits: u8,
    /// Most digits after the decimal point of an N.
    pub fraction_digits: u8,
    /// Whether an N was outside the range of i64 (or had a fraction).
    pub beyond_i64: bool,
}

impl ObservedAttribute {
    /// Whether that type was seen.
    pub fn has(&self, attribute_type: AttributeType) -> bool {
        self.types & (1 << attribute_type as u16) != 0
    }
}

/// State of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableStatus {
    /// Usable.
    Active,
    /// Being dropped.
    Deleting,
}

/// A table as it is now.
#[derive(Clone, Debug)]
pub struct TableDescription {
    /// Number.
    pub id: TableId,
    /// UUID that ARNs and the API show.
    pub uuid: String,
    /// Microseconds since the Unix epoch.
    pub created_micros: u64,
    /// State.
    pub status: TableStatus,
    /// As created (or altered since).
    pub definition: CreateTable,
    /// Attributes observed, by name.
    pub observed: Arc<BTreeMap<String, ObservedAttribute>>,
    /// Number of items now.
    pub item_count: u64,
    /// Sum of item sizes now, bytes.
    pub size_bytes: u64,
    /// Changes whenever definition or `observed` do; caches of plans compare it.
    pub version: u64,
}

/// ReturnValues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReturnValues {
    /// Nothing.
    #[default]
    None,
    /// The item before.
    AllOld,
    /// The updated paths before.
    UpdatedOld,
    /// The item after.
    AllNew,
    /// The updated paths after.
    UpdatedNew,
}

/// PutItem.
#[derive(Clone, Debug)]
pub struct PutItem {
    /// Table name.
    pub table: String,
    /// The item.
    pub item: Item,
    /// Must hold on the item that is there (empty if none).
    pub condition: Option<Condition>,
    /// None or AllOld.
    pub return_values: ReturnValues,
    /// Whether `ConditionFailed` carries the item.
    pub return_item_on_failure: bool,
}

/// UpdateItem.
#[derive(Clone, Debug)]
pub struct UpdateItem {
    /// Table name.
    pub table: String,
    /// Exactly the key attributes.
    pub key: Item,
    /// What changes; none creates the bare item.
    pub update: Option<Update>,
    /// As in [`PutItem`].
    pub condition: Option<Condition>,
    /// What comes back.
    pub return_values: ReturnValues,
    /// As in [`PutItem`].
    pub return_item_on_failure: bool,
}

/// DeleteItem.
#[derive(Clone, Debug)]
pub struct DeleteItem {
    /// Table name.
    pub table: String,
    /// Exactly the key attributes.
    pub key: Item,
    /// As in [`PutItem`].
    pub condition: Option<Condition>,
    /// None or AllOld.
    pub return_values: ReturnValues,
    /// As in [`PutItem`].
    pub return_item_on_failure: bool,
}

/// What a write answers.
#[derive(Clone, Debug, Default)]
pub struct WriteOutput {
    /// What ReturnValues asked for.
    pub attributes: Option<Item>,
    /// Whether an item was there before.
    pub existed: bool,
    /// Write capacity units.
    pub capacity: f64,
}

/// GetItem.
#[derive(Clone, Debug)]
pub struct GetItem {
    /// Table name.
    pub table: String,
    /// Exactly the key attributes.
    pub key: Item,
    /// ConsistentRead.
    pub consistent: bool,
}

/// What GetItem answers. Projections are the front door's: `Projection::project(item.view())`.
#[derive(Clone, Debug)]
pub struct GetOutput {
    /// The item.
    pub item: Option<EncodedItem>,
    /// Read capacity units.
    pub capacity: f64,
}

/// Query.
#[derive(Clone, Debug)]
pub struct Query {
    /// Table name.
    pub table: String,
    /// Value of HASH.
    pub partition: AttributeValue,
    /// Condition on RANGE.
    pub sort: Option<SortCondition>,
    /// Applied after reading, before returning.
    pub filter: Option<Condition>,
    /// Ascending by the sort key.
    pub forward: bool,
    /// Items to evaluate at most.
    pub limit: Option<u32>,
    /// Key behind which to go on.
    pub exclusive_start_key: Option<Item>,
    /// ConsistentRead.
    pub consistent: bool,
}

/// Scan.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Table name.
    pub table: String,
    /// As in [`Query`].
    pub filter: Option<Condition>,
    /// As in [`Query`].
    pub limit: Option<u32>,
    /// As in [`Query`].
    pub exclusive_start_key: Option<Item>,
    /// (Segment, TotalSegments).
    pub segment: Option<(u32, u32)>,
    /// ConsistentRead.
    pub consistent: bool,
}

/// One page of a query or scan: at most 1 MB of items read.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Items that passed the filter.
    pub items: Vec<EncodedItem>,
    /// Items read.
    pub scanned_count: u32,
    /// Where the next page begins, unless this was the last.
    pub last_evaluated_key: Option<Item>,
    /// Read capacity units.
    pub capacity: f64,
}

/// One write of BatchWriteItem.
#[derive(Clone, Debug)]
pub enum BatchWrite {
    /// Put that item.
    Put(Item),
    /// Delete the item with that key.
    Delete(Item),
}

/// What BatchWriteItem answers.
#[derive(Clone, Debug, Default)]
pub struct BatchWriteOutput {
    /// What was not done and should be sent again, by position in the request.
    pub unprocessed: Vec<usize>,
    /// Write capacity units by table.
    pub capacity: BTreeMap<String, f64>,
}

/// What BatchGetItem answers.
#[derive(Clone, Debug, Default)]
pub struct BatchGetOutput {
    /// Item (or none) by position in the request; positions in `unprocessed` are none.
    pub items: Vec<Option<EncodedItem>>,
    /// What was not read (16 MB limit), by position in the request.
    pub unprocessed: Vec<usize>,
    /// Read capacity units by table.
    pub capacity: BTreeMap<String, f64>,
}

/// What an insert does when the key exists.
#[derive(Clone, Debug)]
pub enum OnConflict {
    /// `Error::ItemExists`.
    Fail,
    /// Leaves the existing item.
    Skip,
    /// Updates the existing item if the condition holds on it.
    Update {
        /// What changes.
        update: Update,
        /// Must hold on the existing item; otherwise it is left.
        condition: Option<Condition>,
    },
}

/// What became of one inserted item.
#[derive(Clone, Debug)]
pub enum InsertOutcome {
    /// It is there now.
    Inserted(Item),
    /// The existing item was left.
    Skipped,
    /// The existing item, updated.
    Updated(Item),
}

/// Which number a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Item above 400 KB.
    ItemSize,
    /// Nested deeper than 32.
    Nesting,
}

/// What callers do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Table or resource is not there.
    NotFound,
    /// Exists already, in use, condition failed.
    Conflict,
    /// The request is wrong.
    Invalid,
    /// Slow down.
    Throttled,
    /// Try again later.
    Unavailable,
    /// Ours.
    Internal,
}

/// Why the engine refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No such table.
    #[error("table {name} not found")]
    TableNotFound {
        /// Name asked for.
        name: String,
    },
    /// The name is taken.
    #[error("table {name} exists")]
    TableExists {
        /// Name asked for.
        name: String,
    },
    /// The table is being created or deleted.
    #[error("table {name} is in use")]
    TableInUse {
        /// Name asked for.
        name: String,
    },
    /// DeletionProtectionEnabled.
    #[error("table {name} is protected from deletion")]
    DeletionProtected {
        /// Name asked for.
        name: String,
    },
    /// The condition does not hold.
    #[error("the conditional request failed")]
    ConditionFailed {
        /// The item, if asked for.
        item: Option<Item>,
        /// Write capacity units consumed all the same.
        capacity: f64,
    },
    /// The key of an insert exists.
    #[error("the item exists")]
    ItemExists {
        /// Its key attributes.
        key: Item,
    },
    /// Two items of one insert have the same key and would both be written.
    #[error("two items of the statement have the same key")]
    SameKeyTwice,
    /// Key attributes are missing, of the wrong type, empty or too large.
    #[error(transparent)]
    Key(#[from] shale_item::KeyError),
    /// An update writes a key attribute.
    #[error("attribute {name} is part of the key")]
    UpdatesKey {
        /// The attribute.
        name: String,
    },
    /// The update does not fit the item.
    #[error(transparent)]
    Evaluation(#[from] shale_expression::EvaluationError),
    /// Too large or too deep.
    #[error("{kind:?} {actual} is above {limit}")]
    Limit {
        /// Which.
        kind: LimitKind,
        /// Found.
        actual: usize,
        /// Allowed.
        limit: usize,
    },
    /// The start key does not belong to the query.
    #[error("the start key is outside the query")]
    InvalidStartKey,
    /// A sort condition on a table without sort key, or of the wrong type.
    #[error("the sort condition does not fit the table")]
    InvalidSortCondition,
    /// Other writers held a key of this write for longer than [`EngineOptions::latch_wait`].
    #[error("a key of the write was held by other writes for too long")]
    KeyContention,
    /// The name of a new table is empty or longer than 255 bytes.
    #[error("table name {name:?} is empty or too long")]
    InvalidTableName {
        /// Name asked for.
        name: String,
    },
    /// A segment number at or above the number of segments, or a number of segments outside 1 to 1,000,000.
    #[error("segment {segment} of {total} does not exist")]
    InvalidSegment {
        /// Segment.
        segment: u32,
        /// TotalSegments.
        total: u32,
    },
    /// The log could not be opened.
    #[error("commit log: {0}")]
    Log(Arc<shale_commitlog::LogError>),
    /// The shard.
    #[error(transparent)]
    Storage(#[from] shale_storage::StorageError),
    /// A rule of ours was broken; the message is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// What callers do about it.
    pub fn kind(&self) -> ErrorKind {
        todo!()
    }
}

/// How an engine is opened.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Data directory; created if it is not there. One process at a time.
    pub directory: PathBuf,
    /// Bytes of memory for everything written and not yet flushed, over all trees.
    pub write_buffer_bytes: u64,
    /// Bytes of memory for blocks read from the trees' files.
    pub cache_bytes: u64,
    /// How long a write waits for a key that other writers hold, before [`Error::KeyContention`].
    pub latch_wait: Duration,
}

impl EngineOptions {
    /// The defaults, in that directory.
    pub fn new(directory: impl Into<PathBuf>) -> EngineOptions {
        EngineOptions {
            directory: directory.into(),
            write_buffer_bytes: 256 << 20,
            cache_bytes: 256 << 20,
            latch_wait: Duration::from_secs(5),
        }
    }
}

/// The engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {}

/// A consistent, short-lived view for statements that read more than one page.
#[derive(Clone, Debug)]
pub struct ReadView {}

impl Engine {
    /// Opens the engine of a directory: commit log in files, trees on lsm-tree. Blocks while it recovers; wants a tokio runtime around it.
    ///
    /// # Errors
    /// The directory is in use, damaged or cannot be read or written.
    pub fn open_directory(_options: EngineOptions) -> Result<Engine, Error> {
        todo!()
    }
    /// Flushes everything and stops taking writes. Other clones of this handle answer `Closed` from then on.
    ///
    /// # Errors
    /// What could not be flushed; acknowledged writes are in the log all the same.
    pub async fn close(&self) -> Result<(), Error> {
        todo!()
    }
    /// Creates a table.
    pub async fn create_table(
        &self,
        _request: CreateTable,
    ) -> Result<Arc<TableDescription>, Error> {
        todo!()
    }
    /// Drops a table.
    pub async fn delete_table(&self, _name: &str) -> Result<Arc<TableDescription>, Error> {
        todo!()
    }
    /// Describes a table; names are exact.
    pub fn describe_table(&self, _name: &str) -> Result<Arc<TableDescription>, Error> {
        todo!()
    }
    /// Table names in order, behind `after`, at most `limit`; hidden system tables are left out.
    pub fn list_tables(&self, _after: Option<&str>, _limit: usize) -> Vec<String> {
        todo!()
    }
    /// Changes whenever any table is created, dropped, altered or shows a new attribute.
    pub fn catalog_version(&self) -> u64 {
        todo!()
    }
    /// PutItem.
    pub async fn put_item(&self, _request: PutItem) -> Result<WriteOutput, Error> {
        todo!()
    }
    /// UpdateItem.
    pub async fn update_item(&self, _request: UpdateItem) -> Result<WriteOutput, Error> {
        todo!()
    }
    /// DeleteItem.
    pub async fn delete_item(&self, _request: DeleteItem) -> Result<WriteOutput, Error> {
        todo!()
    }
    /// GetItem.
    pub fn get_item(&self, _request: &GetItem) -> Result<GetOutput, Error> {
        todo!()
    }
    /// Query, one page.
    pub fn query(&self, _request: &Query) -> Result<Page, Error> {
        todo!()
    }
    /// Scan, one page.
    pub fn scan(&self, _request: &Scan) -> Result<Page, Error> {
        todo!()
    }
    /// BatchGetItem: (table, key) each, in any order of tables.
    pub fn batch_get(
        &self,
        _keys: &[(String, Item)],
        _consistent: bool,
    ) -> Result<BatchGetOutput, Error> {
        todo!()
    }
    /// BatchWriteItem: writes of many tables, independent of each other.
    pub async fn batch_write(
        &self,
        _writes: Vec<(String, BatchWrite)>,
    ) -> Result<BatchWriteOutput, Error> {
        todo!()
    }
    /// Inserts all items or none, in one record: a multi-row INSERT. An item whose key exists (also earlier in the same call) meets its [`OnConflict`].
    /// The error of the first item that fails is returned with its position.
    pub async fn insert_all(
        &self,
        _table: &str,
        _items: Vec<(Item, OnConflict)>,
    ) -> Result<Vec<InsertOutcome>, (usize, Error)> {
        todo!()
    }
    /// A handle on the system tables: another name space over the same shard, which users' requests cannot name.
    pub fn system_tables(&self) -> Engine {
        todo!()
    }
    /// Opens a view of everything at the published LSN.
    pub fn read_view(&self) -> Result<ReadView, Error> {
        todo!()
    }
}

impl ReadView {
    /// As [`Engine::get_item`], in the view.
    pub fn get_item(&self, _request: &GetItem) -> Result<GetOutput, Error> {
        todo!()
    }
    /// As [`Engine::query`], in the view.
    pub fn query(&self, _request: &Query) -> Result<Page, Error> {
        todo!()
    }
    /// As [`Engine::scan`], in the view.
    pub fn scan(&self, _request: &Scan) -> Result<Page, Error> {
        todo!()
    }
}

/// The paths that an update wrote, cut out of an item (UPDATED_OLD, UPDATED_NEW).
pub fn updated_part(_item: &Item, _paths: &[Path]) -> Item {
    todo!()
}
