//! What the front doors ask of the engine, and what they get.
//!
//! Not here: behaviour; limits that only a wire protocol knows (100 items per request, names of 3 to 255 characters).

use crate::derived::{Derived, Index, InsightsMode, StreamView, TimePrecision};
use crate::sketches::TableSketches;
use shale_expression::{Condition, SortCondition, Update};
use shale_item::{AttributeType, AttributeValue, EncodedItem, Item, KeySchema, TableId};
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A CHECK constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckConstraint {
    /// Name, unique in the table.
    pub name: String,
    /// Its expression as SQL text (opaque here).
    pub expression: String,
}

/// What only SQL knows of a relation. The engine keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlDefinition {
    /// A view: its query as SQL text. A view has a name and columns, and neither items nor anything that is derived from them; only
    /// [`Engine::describe_relation`](crate::Engine::describe_relation) and its like know it.
    pub view: Option<String>,
    /// CHECK constraints, in the order of their creation.
    pub checks: Vec<CheckConstraint>,
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
    /// Table class, limits, policies and whatever else operations store; opaque to the engine, but for one rule: a setting whose name
    /// ends with `/` and the name of an index goes with that index.
    pub settings: BTreeMap<String, String>,
    /// Key and value tags.
    pub tags: BTreeMap<String, String>,
    /// View and constraints.
    pub sql: SqlDefinition,
    /// Indexes, stream, time to live, history.
    pub derived: Derived,
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
    pub definition: Arc<CreateTable>,
    /// Attributes observed, by name.
    pub observed: Arc<BTreeMap<String, ObservedAttribute>>,
    /// Number of items now.
    pub item_count: u64,
    /// Sum of item sizes now, bytes.
    pub size_bytes: u64,
    /// How frequent its attributes are and how many values they have, always as of now.
    pub sketches: Arc<TableSketches>,
    /// Changes whenever definition or `observed` do; caches of plans compare it.
    pub version: u64,
}

/// What changes of a table; what is `None` or not named stays.
#[derive(Clone, Debug, Default)]
pub struct TableChanges {
    /// Capacity.
    pub billing_mode: Option<BillingMode>,
    /// Whether DeleteTable is refused.
    pub deletion_protection: Option<bool>,
    /// Settings to store; `None` removes one.
    pub settings: BTreeMap<String, Option<String>>,
    /// Settings as they must be, `None` for absent ones; otherwise nothing is changed
    /// ([`Error::SettingsChanged`](crate::Error::SettingsChanged)).
    pub expected_settings: BTreeMap<String, Option<String>>,
    /// Tags to store; `None` removes one.
    pub tags: BTreeMap<String, Option<String>>,
    /// The query of a view.
    pub view: Option<String>,
    /// What changes of SQL's columns, in order.
    pub columns: Vec<ColumnChange>,
    /// What changes of the CHECK constraints, in order.
    pub checks: Vec<CheckChange>,
    /// Indexes to create, change and drop, in that order.
    pub indexes: Vec<IndexChange>,
    /// The attribute with the expiry, or `None` to switch expiry off. [`Error::TimeToLive`](crate::Error) if that changes nothing.
    pub ttl: Option<Option<String>>,
    /// What the stream's records hold, to switch it on, or `None` to switch it off. A [`StreamProblem`](crate::StreamProblem) if it is
    /// on or off already.
    pub stream: Option<Option<StreamView>>,
    /// For how many seconds the past can be read, or `None` to switch history off.
    pub history: Option<Option<u64>>,
    /// The Kinesis data stream that changes are sent to.
    pub destination: Option<DestinationChange>,
    /// Contributor Insights of the table or of one of its global indexes.
    pub insights: Option<InsightsChange>,
}

/// What changes of SQL's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnChange {
    /// The column of that name is this now; a new one is the last one.
    Put(ColumnDefinition),
    /// There is no column of that name.
    Drop(String),
}

/// What changes of the CHECK constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckChange {
    /// The constraint of that name is this now; a new one is the last one.
    Put(CheckConstraint),
    /// There is no constraint of that name.
    Drop(String),
}

/// What changes of a table's Kinesis destination. A [`DestinationProblem`](crate::DestinationProblem) if there is none to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationChange {
    /// Changes from now on are kept for that one.
    Enable {
        /// Its ARN.
        stream_arn: String,
        /// How times are written.
        precision: TimePrecision,
    },
    /// No more are; what was not sent is not sent any more.
    Disable {
        /// Its ARN.
        stream_arn: String,
    },
    /// How times are written from now on.
    Precision {
        /// Its ARN.
        stream_arn: String,
        /// How.
        precision: TimePrecision,
    },
    /// It was seen: the stream of changes of that number may be sent.
    Seen {
        /// Number of the stream of changes.
        stream: u32,
    },
    /// It has refused the stream of changes of that number.
    Refused {
        /// Number of the stream of changes.
        stream: u32,
        /// What it has said.
        reason: String,
    },
}

/// Switches Contributor Insights on or off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsightsChange {
    /// The global index; none: the table.
    pub index: Option<String>,
    /// What is counted from now on, or nothing. Switching off what was never on changes nothing.
    pub mode: Option<InsightsMode>,
}

/// What changes of a table's indexes.
#[derive(Clone, Debug)]
pub enum IndexChange {
    /// A new global index. It is filled in the background; id and status are not looked at.
    Create(Index),
    /// Its capacity: read and write units per second.
    Provision(String, Option<(u64, u64)>),
    /// It goes.
    Drop(String),
    /// It is called by the second name from now on.
    Rename(String, String),
}

/// How far an index is filled that was created later than its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillProgress {
    /// The table.
    pub table: String,
    /// The index; none for the hidden index of expiries.
    pub index: Option<String>,
    /// Items looked at.
    pub items_done: u64,
    /// Items of the table now: an estimate of how many there are to look at.
    pub items_total: u64,
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
    /// Write capacity units of the table.
    pub capacity: f64,
    /// Write capacity units by index, for those that were written.
    pub index_capacity: Vec<(String, f64)>,
    /// Bytes of the item's collection afterwards: everything under its partition key, in the table and its local indexes. None for a table
    /// without local indexes, and for what a transaction does not write (or only stages).
    pub collection_bytes: Option<u64>,
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
    /// The index to read; none reads the table.
    pub index: Option<String>,
    /// Values of the HASH attributes; of a table, and of most indexes, one.
    pub partition: Vec<AttributeValue>,
    /// Values of the first RANGE attributes of an index with several; they must be equal.
    pub sort_prefix: Vec<AttributeValue>,
    /// Condition on the (next) RANGE attribute.
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
    /// Completes the entries of an index to the whole items of the table, also for the filter.
    pub whole_items: bool,
}

/// Scan.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Table name.
    pub table: String,
    /// As in [`Query`].
    pub index: Option<String>,
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
    /// As in [`Query`].
    pub whole_items: bool,
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
    /// Read capacity units of what was read: the table, or the index.
    pub capacity: f64,
    /// Read capacity units of the table for completing the entries of an index.
    pub whole_items_capacity: f64,
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
    /// Write capacity units by table, without its indexes.
    pub capacity: BTreeMap<String, f64>,
    /// Write capacity units by table and index.
    pub index_capacity: BTreeMap<String, BTreeMap<String, f64>>,
    /// As in [`WriteOutput`], by position in the request.
    pub collection_bytes: Vec<Option<u64>>,
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
#[allow(clippy::large_enum_variant)] // One per inserted item, for one statement; a box would cost every upsert an allocation.
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
