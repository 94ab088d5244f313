//! DynamoDB's semantics over a shard, typed: catalog, items, conditions, queries, capacity.
//!
//! Not here: text of any language, JSON, HTTP, SQLSTATE, error sentences of a protocol, Arrow.
//!
//! Life of a write:
//! 1. `write`, `insert`, `transact` or `batch` checks the request, finds the table (`catalog`) and encodes key and item.
//! 2. In one synchronous section (`section`) under the key's latch (`latch`) and inside the table's gate (`gate`): read the newest
//!    image, evaluate, check the limits (`limits`), count capacity (`capacity`); then `change` builds one record (`record`) of the images
//!    and of what follows from them — entries of indexes (`index`), changes for streams (`stream`), sizes of item collections (`collection`), new facts about attributes (`observed`) — and sequences it.
//! 3. The shard makes the record durable and applies it through `apply`, which says what a record means for the trees.
//! 4. `apply` hears of the publication and moves statistics (`statistics`), `observed` and `catalog` along; the caller answers.
//!
//! Invariants:
//! * An answer leaves only after every record that it depends on is published, those it merely read included.
//! * Latches and table gates are never held across an await.
//! * A record's meaning for the trees depends on the record alone.
//! * Statistics at LSN x are the recount of the items at LSN x.

mod api;
mod apply;
mod backfill;
mod batch;
mod blocking;
mod capacity;
mod catalog;
mod change;
mod collection;
mod deferred;
mod definition;
mod derived;
mod engine;
mod error;
mod expiry;
mod gate;
mod history;
mod hour;
mod index;
mod index_ddl;
mod insert;
mod insights;
mod jobs;
mod latch;
mod limits;
mod merge;
mod meter;
mod observed;
mod open;
mod page;
mod read;
mod record;
mod sample;
mod section;
mod sketches;
mod statistics;
mod stream;
mod table_ddl;
mod transact;
mod transact_get;
mod transact_token;
mod transaction;
mod write;

pub use api::*;
pub use blocking::blocking;
pub use deferred::IndexLag;
pub use derived::*;
// Parts of `Error`, for those who must name them and may not reach the crates below.
pub use engine::{Engine, ReadView};
pub use error::{Error, ErrorKind, HistoryProblem, IndexProblem, LimitKind};
pub use history::AsOf;
pub use insights::{Contribution, InsightsRule, WINDOW_MICROS, rules};
pub use jobs::Job;
pub use limits::{ITEM_BYTES_MAX, RECORD_BYTES_MAX, RECORD_ROWS_MAX};
pub use meter::{ReadMeter, ReadUsage};
pub use open::EngineOptions;
pub use shale_expression::EvaluationError;
pub use shale_storage::StorageError;
pub use sketches::TableSketches;
pub use stream::{
    ChangesToSend, DestinationProblem, NotASequenceNumber, SendingTable, SequenceNumber,
    ShardIterator, StreamDescription, StreamEvent, StreamName, StreamPage, StreamProblem,
    StreamRecord, StreamShard, StreamStart,
};
pub use transact::{ConditionCheck, TransactAction, TransactWriteOutput};
pub use transact_get::TransactGetOutput;
pub use transact_token::{ClientRequest, FINGERPRINT_BYTES};
pub use transaction::{Contended, Savepoint, Transaction, TransactionOptions};
