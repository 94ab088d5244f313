//! Definitions of what is derived from a table's items: indexes, stream, time to live, history; and of what is counted about them.
//!
//! Not here: deriving it (`index`, `change`), storing the definitions (`definition`).

use serde::{Deserialize, Serialize};
use shale_item::{KeyAttribute, TableId};
use std::collections::BTreeMap;

/// Everything that is derived from the items of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Secondary indexes, in the order of their creation.
    pub indexes: Vec<Index>,
    /// The stream of changes.
    pub stream: Option<StreamDefinition>,
    /// When the newest stream was switched on, microseconds since the Unix epoch, whether it is on or off; given by the engine.
    pub latest_stream_micros: Option<u64>,
    /// Where else the changes are sent, or were sent last.
    pub destination: Option<KinesisDestination>,
    /// Deletion of expired items.
    pub ttl: Option<TimeToLive>,
    /// Replaced images, for reads in the past.
    pub history: Option<HistoryDefinition>,
    /// Number of the sizes of item collections, from the sequence of tables and indexes: a table with local indexes has them; given by
    /// the engine.
    pub item_collections: Option<u32>,
    /// Contributor Insights by the number of the table or of an index; what was never switched on has no entry.
    pub insights: BTreeMap<u32, InsightsDefinition>,
}

impl Derived {
    /// Everything that the changes of items are kept for: the stream, and what is sent to the destination.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &StreamDefinition> {
        let sent = self
            .destination
            .iter()
            .filter_map(KinesisDestination::stream);
        self.stream.iter().chain(sent)
    }

    /// The index of that name.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Name, unique in the table.
    pub name: String,
    /// Number; tables and indexes share one sequence. The engine gives it, a request's is not looked at.
    pub id: TableId,
    /// Local or global.
    pub kind: IndexKind,
    /// HASH: one to four attributes; of a local index, the table's.
    pub partition: Vec<KeyAttribute>,
    /// RANGE: up to four attributes; of a local index, exactly one.
    pub sort: Vec<KeyAttribute>,
    /// What its entries hold.
    pub projection: IndexProjection,
    /// Read and write units per second; `None` where the table pays per request, and for local indexes.
    pub provisioned: Option<(u64, u64)>,
    /// Whether it can be read.
    pub status: IndexStatus,
}

impl Index {
    /// Names of its own key attributes, HASH first.
    pub fn key_names(&self) -> impl Iterator<Item = &str> {
        let attributes = self.partition.iter().chain(&self.sort);
        attributes.map(|attribute| attribute.name.as_str())
    }
}

/// Where the entries of an index are relative to their items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexKind {
    /// Under the item's own partition key.
    Local,
    /// Under a key of its own.
    Global,
}

/// What the entries of an index hold besides the keys of index and table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexProjection {
    /// Nothing.
    KeysOnly,
    /// Those attributes.
    Include(Vec<String>),
    /// The whole item.
    All,
}

/// State of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexStatus {
    /// Kept by every write; older items are being added.
    Creating,
    /// Complete.
    Active,
}

/// The stream of a table's changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamDefinition {
    /// Number, from the sequence of tables and indexes; given by the engine.
    pub id: u32,
    /// When it was switched on, microseconds since the Unix epoch, in whole milliseconds: its label; given by the engine.
    pub created_micros: u64,
    /// What its records hold.
    pub view: StreamView,
}

/// A Kinesis data stream that a table's changes are sent to. They are kept as a stream of their own until they are sent, but no longer than
/// those of any stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KinesisDestination {
    /// Its ARN.
    pub stream_arn: String,
    /// How times are written.
    pub precision: TimePrecision,
    /// Whether changes are sent.
    pub state: DestinationState,
}

impl KinesisDestination {
    /// The stream of the changes that are to be sent; none where no more are.
    pub fn stream(&self) -> Option<&StreamDefinition> {
        match &self.state {
            DestinationState::Enabling { stream } | DestinationState::Active { stream } => {
                Some(stream)
            }
            DestinationState::Disabled | DestinationState::EnableFailed { .. } => None,
        }
    }
}

/// DestinationStatus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationState {
    /// Changes are kept; whether the destination is there was not seen yet.
    Enabling {
        /// Of the changes.
        stream: StreamDefinition,
    },
    /// Changes are sent.
    Active {
        /// Of the changes.
        stream: StreamDefinition,
    },
    /// It was switched off.
    Disabled,
    /// The destination has refused.
    EnableFailed {
        /// What it has said.
        reason: String,
    },
}

/// ApproximateCreationDateTimePrecision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimePrecision {
    /// Milliseconds.
    #[default]
    Millisecond,
    /// Microseconds.
    Microsecond,
}

/// StreamViewType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamView {
    /// Only the key.
    KeysOnly,
    /// The item after.
    NewImage,
    /// The item before.
    OldImage,
    /// Both.
    NewAndOldImages,
}

/// Time to live: items whose attribute is a time in the past are deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeToLive {
    /// Attribute with the expiry, seconds since the Unix epoch (N).
    pub attribute: String,
    /// Number of the index of expiries, from the sequence of tables and indexes; given by the engine.
    pub id: u32,
    /// Whether the index of expiries is complete.
    pub status: IndexStatus,
}

/// The history of a table: replaced images are kept, so that it can be read as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryDefinition {
    /// Number, from the sequence of tables and indexes; given by the engine, anew whenever history is switched on.
    pub id: u32,
    /// For how many seconds the past can be read at least; 1 to 604,800 (7 days).
    pub seconds: u64,
}

/// Contributor Insights of a table or an index: its most accessed and most throttled keys are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsightsDefinition {
    /// Since when they are on, microseconds since the Unix epoch; none: they are off again.
    pub enabled_micros: Option<u64>,
    /// When that was changed last, microseconds since the Unix epoch.
    pub updated_micros: u64,
    /// What is counted.
    pub mode: InsightsMode,
}

/// ContributorInsightsMode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InsightsMode {
    /// Accesses, and requests that were throttled.
    #[default]
    AccessedAndThrottledKeys,
    /// Requests that were throttled.
    ThrottledKeys,
}
