//! Destinations: the changes of a table, kept until they are sent to a Kinesis data stream.
//!
//! Not here: sending (`dynamodb-server`), the form of what is sent.
//!
//! A destination has a stream of its own with all images, which readers of streams do not see. It is kept, trimmed and given back as every
//! stream; whether somebody sends it or not makes no difference to writers or to the log.
//!
//! How far it was sent is a row of the catalog, which the sender stores now and then: after a crash it sends again what it had sent since,
//! in the same order.
//!
//! Invariant: there is such a row only as long as the definition has the stream: all are written under `Ddl`.

use super::shard::Stream;
use super::{SequenceNumber, StreamName, StreamRecord, read, switch};
use crate::api::{CreateTable, DestinationChange};
use crate::definition::{SENT, table_key};
use crate::derived::{DestinationState, KinesisDestination, StreamDefinition, StreamView};
use crate::engine::Engine;
use crate::error::Error;
use crate::index_ddl::Ids;
use crate::read::again;
use crate::record::RecordBuilder;
use crate::table_ddl;
use bytes::{Buf, BufMut};
use shale_item::TableId;
use shale_storage::{Role, StorageError};

/// Bytes of a stored position.
const POSITION_BYTES: usize = 16;

/// Why a request about a destination is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationProblem {
    /// The table has one that is on already.
    Enabled {
        /// Its ARN.
        stream_arn: String,
    },
    /// The table has none of that ARN that is on.
    NotEnabled {
        /// The ARN that was asked for.
        stream_arn: String,
    },
    /// What was sent is of a stream that was switched off since.
    Gone,
}

/// A table with a destination that is on.
#[derive(Clone, Debug)]
pub struct SendingTable {
    /// The table's name.
    pub table: String,
    /// Where its changes go.
    pub destination: KinesisDestination,
    /// The stream of its changes.
    pub stream: StreamDefinition,
}

/// Changes of a table, in order.
#[derive(Clone, Debug)]
pub struct ChangesToSend {
    /// The changes.
    pub changes: Vec<StreamRecord>,
    /// The number from which to go on.
    pub next: SequenceNumber,
    /// What was asked for begins before what is kept: there may have been changes that will never be sent.
    pub trimmed: bool,
}

impl SendingTable {
    fn name(&self) -> StreamName {
        self.stream.name(&self.table)
    }
}

/// Changes a table's destination.
///
/// # Errors
/// [`DestinationProblem`].
pub(crate) fn change(
    engine: &Engine,
    definition: &mut CreateTable,
    change: &DestinationChange,
    ids: &mut Ids,
    record: &mut RecordBuilder,
) -> Result<(), Error> {
    let current = &mut definition.derived.destination;
    let refused = |problem| Err(Error::Destination(problem));
    if let DestinationChange::Enable {
        stream_arn,
        precision,
    } = change
    {
        if let Some(current) = current.as_ref().filter(|of| of.stream().is_some()) {
            let stream_arn = current.stream_arn.clone();
            return refused(DestinationProblem::Enabled { stream_arn });
        }
        let stream = switch::new(engine, StreamView::NewAndOldImages, ids)?;
        *current = Some(KinesisDestination {
            stream_arn: stream_arn.clone(),
            precision: *precision,
            state: DestinationState::Enabling { stream },
        });
        return Ok(());
    }
    let on = current.as_mut().and_then(|destination| {
        let stream = destination.stream().cloned()?;
        Some((destination, stream))
    });
    match (change, on) {
        (
            DestinationChange::Precision {
                stream_arn,
                precision,
            },
            Some((destination, _)),
        ) if destination.stream_arn == *stream_arn => destination.precision = *precision,
        (DestinationChange::Disable { stream_arn }, Some((destination, stream)))
            if destination.stream_arn == *stream_arn =>
        {
            destination.state = DestinationState::Disabled;
            record.catalog(&table_key(SENT, TableId(stream.id)), None);
        }
        (
            DestinationChange::Precision { stream_arn, .. }
            | DestinationChange::Disable { stream_arn },
            _,
        ) => {
            let stream_arn = stream_arn.clone();
            return refused(DestinationProblem::NotEnabled { stream_arn });
        }
        (DestinationChange::Seen { stream: id }, Some((destination, stream)))
            if stream.id == *id =>
        {
            destination.state = DestinationState::Active { stream };
        }
        (DestinationChange::Refused { stream: id, reason }, Some((destination, stream)))
            if stream.id == *id =>
        {
            let reason = reason.clone();
            destination.state = DestinationState::EnableFailed { reason };
            record.catalog(&table_key(SENT, TableId(stream.id)), None);
        }
        (DestinationChange::Seen { .. } | DestinationChange::Refused { .. }, _)
        | (DestinationChange::Enable { .. }, _) => return refused(DestinationProblem::Gone),
    }
    Ok(())
}

impl Engine {
    /// The tables whose changes are to be sent.
    pub fn sending_tables(&self) -> Vec<SendingTable> {
        let tables = self.inner.applier.catalog.tables();
        let definitions = tables.iter().filter(|table| table.space == self.space);
        let sending = definitions.filter_map(|table| {
            let definition = table.current();
            let destination = definition.derived.destination.clone()?;
            Some(SendingTable {
                table: definition.name.clone(),
                stream: destination.stream()?.clone(),
                destination,
            })
        });
        sending.collect()
    }

    /// The number of the first change that was not sent, as far as was stored; none if none was.
    ///
    /// # Errors
    /// The shard's.
    pub fn position_to_send(&self, table: &SendingTable) -> Result<Option<SequenceNumber>, Error> {
        let key = table_key(SENT, TableId(table.stream.id));
        let row = self.inner.shard.get(Role::Catalog, &key)?;
        let position = row.map(|row| decode(&row).ok_or_else(corrupt));
        Ok(position.transpose()?)
    }

    /// Changes to send, at most `limit` and 1 MB, from that number on or else from the oldest. What is older than streams keep is passed
    /// over.
    ///
    /// # Errors
    /// [`StreamProblem::NotFound`](super::StreamProblem::NotFound) if it was switched off and the last of it was trimmed, or the shard's.
    pub fn changes_to_send(
        &self,
        table: &SendingTable,
        from: Option<SequenceNumber>,
        limit: usize,
    ) -> Result<ChangesToSend, Error> {
        again(|| {
            let snapshot = self.inner.shard.snapshot();
            let stream = Stream::load_any(&snapshot, &table.name())?;
            let (changes, next) = read::all_records(&snapshot, &stream, from, limit)?;
            let from = from.unwrap_or(SequenceNumber::first_of(stream.opened()));
            let behind = changes.last().map_or(from, |last| last.number.next());
            Ok(ChangesToSend {
                changes,
                // What comes is of the hour of streams or a later one.
                next: next.unwrap_or(SequenceNumber {
                    hour: behind.hour.max(stream.now),
                    ..behind
                }),
                trimmed: from.hour < stream.horizon(),
            })
        })
    }

    /// Stores that everything before that number was sent, without waiting until it is durable.
    ///
    /// # Errors
    /// [`DestinationProblem::Gone`], or the shard's.
    pub async fn store_position_to_send(
        &self,
        table: &SendingTable,
        position: SequenceNumber,
    ) -> Result<(), Error> {
        let shard = &self.inner.shard;
        shard.admit().await?;
        let catalog = &self.inner.applier.catalog;
        let _ddl = catalog.ddl.lock();
        let id = catalog.find(self.space, &table.table).map(|table| table.id);
        let newest = id.map(|id| table_ddl::newest(shard, id)).transpose()?;
        let definition = newest.flatten().map(|(stored, _)| stored.definition);
        let destination = definition.and_then(|definition| definition.derived.destination);
        let stream = destination.as_ref().and_then(KinesisDestination::stream);
        if stream.is_none_or(|stream| stream.id != table.stream.id) {
            return Err(Error::Destination(DestinationProblem::Gone));
        }
        let mut record = RecordBuilder::with_capacity(32);
        let key = table_key(SENT, TableId(table.stream.id));
        record.catalog(&key, Some(&encode(position)));
        shard.sequence(record.finish())?;
        Ok(())
    }
}

fn encode(position: SequenceNumber) -> [u8; POSITION_BYTES] {
    let mut bytes = [0; POSITION_BYTES];
    let mut out = &mut bytes[..];
    out.put_u32(position.hour);
    out.put_u64(position.lsn);
    out.put_u32(position.n);
    bytes
}

fn decode(row: &[u8]) -> Option<SequenceNumber> {
    let mut rest: &[u8] = row
        .try_into()
        .map(|row: &[u8; POSITION_BYTES]| &row[..])
        .ok()?;
    Some(SequenceNumber {
        hour: rest.get_u32(),
        lsn: rest.get_u64(),
        n: rest.get_u32(),
    })
}

fn corrupt() -> StorageError {
    StorageError::Corrupt("how far a destination is".to_owned())
}
