//! The tasks that send: one for each table with a destination, and one that starts them.
//!
//! A task reads a page of changes, sends it in rounds of PutRecords, and goes on behind it. A round has at most one change of each item, the
//! oldest that was not accepted yet, so that neither a partial failure nor the endpoint's own parallelism can change their order.
//! If the endpoint does not answer, the page is forgotten and read again after a while: what was accepted of it is sent twice then.
//!
//! How far a task is, it stores at most once a second.

use super::client::CallError;
use super::record::{Sending, encode};
use super::{Client, Kinesis, stream_name_of};
use crate::json::{ObjectWriter, write_list};
use crate::server::Clock;
use serde_json::Value;
use shale_engine::{
    ChangesToSend, DestinationChange, DestinationProblem, DestinationState, Engine, Error,
    SendingTable, SequenceNumber, StreamProblem, TableChanges, blocking,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Pages in memory at once, of all tables: each 1 MB of changes, some 4 MB in the form in which they are sent.
pub(super) const SENDING_MAX: usize = 8;
/// "Each PutRecords request can support up to 500 records."
const RECORDS_MAX: usize = 500;
/// Of a request; Kinesis takes 5 MiB.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// How often to look for changes and for destinations.
const LOOK: Duration = Duration::from_millis(100);
/// Pause after the first failure; each one after it takes twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Rounds without any record accepted after which a page is given up for a while.
const REFUSED_ROUNDS_MAX: u32 = 4;
/// How often to store how far a destination is.
const STORE_MICROS: u64 = 1_000_000;

/// What all tasks share.
struct Shared {
    engine: Engine,
    kinesis: Arc<Kinesis>,
    clock: Clock,
    /// `awsRegion` of records.
    region: String,
    pages: Semaphore,
}

/// Sends for all tables until it is told to stop.
pub(crate) async fn run(
    engine: Engine,
    kinesis: Arc<Kinesis>,
    clock: Clock,
    region: String,
    stop: CancellationToken,
) {
    let shared = Arc::new(Shared {
        engine,
        kinesis,
        clock,
        region,
        pages: Semaphore::new(SENDING_MAX),
    });
    let mut tasks = JoinSet::new();
    let mut running: HashMap<tokio::task::Id, u32> = HashMap::new();
    let mut seen = None;
    loop {
        while let Some(ended) = tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            running.remove(&id);
            seen = None;
        }
        let version = shared.engine.catalog_version();
        if seen != Some(version) {
            for table in shared.engine.sending_tables() {
                if !running.values().any(|stream| *stream == table.stream.id) {
                    let stream = table.stream.id;
                    let handle = tasks.spawn(send(Arc::clone(&shared), table));
                    running.insert(handle.id(), stream);
                }
            }
            seen = Some(version);
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    // A call that is under way may have been accepted; after the next start it is sent again.
    tasks.shutdown().await;
}

/// Sends the changes of one table until its destination is gone.
async fn send(shared: Arc<Shared>, table: SendingTable) {
    let stream = table.stream.id;
    let mut task = Task {
        client: Client::new(Arc::clone(&shared.kinesis), Arc::clone(&shared.clock)),
        shared,
        table,
        position: None,
        stored: None,
        stored_micros: 0,
        pause: PAUSE_FIRST,
    };
    while let Some(step) = task.step().await {
        match step {
            Ok(Step::Sent) => task.pause = PAUSE_FIRST,
            Ok(Step::Idle) => {
                task.pause = PAUSE_FIRST;
                tokio::time::sleep(LOOK).await;
            }
            Err(trouble) => {
                tracing::warn!(
                    table = task.table.table,
                    trouble,
                    "a Kinesis destination is tried again"
                );
                task.shared.kinesis.set_trouble(stream, Some(trouble));
                tokio::time::sleep(task.pause).await;
                task.pause = (task.pause * 2).min(PAUSE_MAX);
            }
        }
    }
    task.shared.kinesis.set_trouble(stream, None);
}

/// What a step came to.
enum Step {
    Sent,
    /// There is nothing to send.
    Idle,
}

struct Task {
    shared: Arc<Shared>,
    table: SendingTable,
    client: Client,
    /// The first change that was not sent; none if that is the oldest.
    position: Option<SequenceNumber>,
    stored: Option<SequenceNumber>,
    stored_micros: u64,
    pause: Duration,
}

impl Task {
    /// One page, or nothing. None: the destination is gone.
    async fn step(&mut self) -> Option<Result<Step, String>> {
        let stream = self.table.stream.id;
        let described = self.shared.engine.describe_table(&self.table.table).ok()?;
        let destination = described.definition.derived.destination.clone()?;
        if destination.stream()?.id != stream {
            return None;
        }
        self.table.destination = destination;
        Some(match self.table.destination.state {
            DestinationState::Enabling { .. } => self.look().await,
            _ => match self.page().await {
                Err(StepError::Gone) => return None,
                Err(StepError::Trouble(trouble)) => Err(trouble),
                Ok(step) => {
                    self.shared.kinesis.set_trouble(stream, None);
                    Ok(step)
                }
            },
        })
    }

    fn name(&self) -> &str {
        let arn = &self.table.destination.stream_arn;
        stream_name_of(arn).unwrap_or(arn)
    }

    /// Looks whether the destination is there.
    async fn look(&mut self) -> Result<Step, String> {
        let stream = self.table.stream.id;
        let request = ObjectWriter::text(|request| request.string("StreamName", self.name()));
        let change = match self.client.call("DescribeStreamSummary", request).await {
            Ok(_) => DestinationChange::Seen { stream },
            Err(CallError::Refused {
                exception,
                message,
                passing: false,
            }) => DestinationChange::Refused {
                stream,
                reason: format!("{exception}: {message}"),
            },
            Err(error) => return Err(error.to_string()),
        };
        let changes = TableChanges {
            destination: Some(change),
            ..TableChanges::default()
        };
        let changed = self.shared.engine.update_table(&self.table.table, changes);
        match changed.await {
            // The next step sees what it is now.
            Ok(_) | Err(Error::Destination(_) | Error::TableNotFound { .. }) => {
                self.shared.kinesis.set_trouble(stream, None);
                Ok(Step::Sent)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Sends the next page.
    async fn page(&mut self) -> Result<Step, StepError> {
        let shared = Arc::clone(&self.shared);
        if self.position.is_none() {
            self.position = shared.engine.position_to_send(&self.table)?;
            self.stored = self.position;
        }
        let place = shared.pages.acquire().await;
        let read = || {
            shared
                .engine
                .changes_to_send(&self.table, self.position, RECORDS_MAX)
        };
        let ChangesToSend {
            changes,
            next,
            trimmed,
        } = blocking(read)?;
        if trimmed {
            let table = &self.table.table;
            tracing::error!(
                table,
                "changes of more than a day ago, if any, are not sent to Kinesis"
            );
        }
        if changes.is_empty() {
            drop(place);
            self.position = Some(next);
            if self.position != self.stored {
                self.store().await?;
            }
            return Ok(Step::Idle);
        }
        let mut pending: Vec<Sending> = Vec::with_capacity(changes.len());
        for change in changes {
            let precision = self.table.destination.precision;
            match encode(&change, &self.table.table, &shared.region, precision) {
                Some(sending) => pending.push(sending),
                None => tracing::error!(
                    table = self.table.table,
                    number = %change.number,
                    "a change is too large for a Kinesis record and is not sent"
                ),
            }
        }
        let sent = self.rounds(&mut pending).await;
        self.position = Some(pending.first().map_or(next, |first| first.number));
        let now_micros = (shared.clock)();
        if now_micros >= self.stored_micros.saturating_add(STORE_MICROS) {
            self.store().await?;
        }
        sent.map(|()| Step::Sent)
    }

    /// Sends what is pending, and takes out what was accepted.
    async fn rounds(&mut self, pending: &mut Vec<Sending>) -> Result<(), StepError> {
        let mut refused_rounds = 0;
        let mut pause = PAUSE_FIRST;
        while !pending.is_empty() {
            let round = round_of(pending);
            let request = request_of(self.name(), &round, pending);
            let answer = self.client.call("PutRecords", request).await;
            let answer = answer.map_err(|error| StepError::Trouble(error.to_string()))?;
            let Accepted { places, error } = accepted(&answer, &round);
            refused_rounds = match places.is_empty() {
                true => refused_rounds + 1,
                false => 0,
            };
            let mut place = 0;
            pending.retain(|_| {
                place += 1;
                !places.contains(&(place - 1))
            });
            if let Some(error) = error {
                if refused_rounds == REFUSED_ROUNDS_MAX {
                    return Err(StepError::Trouble(error));
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            } else {
                pause = PAUSE_FIRST;
            }
        }
        Ok(())
    }

    async fn store(&mut self) -> Result<(), StepError> {
        if let Some(position) = self.position {
            let store = self
                .shared
                .engine
                .store_position_to_send(&self.table, position);
            store.await?;
            self.stored = self.position;
            self.stored_micros = (self.shared.clock)();
        }
        Ok(())
    }
}

/// Why a page was not sent, or not all of it.
#[derive(Debug)]
enum StepError {
    /// The destination was switched off, or its table dropped.
    Gone,
    /// It is worth another try.
    Trouble(String),
}

impl From<Error> for StepError {
    fn from(error: Error) -> StepError {
        match error {
            Error::Destination(DestinationProblem::Gone)
            | Error::Stream(StreamProblem::NotFound) => StepError::Gone,
            error => StepError::Trouble(error.to_string()),
        }
    }
}

/// The places of what goes into the next request: the first of each item, as far as a request has room. The first of all always goes.
fn round_of(pending: &[Sending]) -> Vec<usize> {
    let (mut items, mut bytes) = (BTreeSet::new(), 0);
    let mut round = Vec::new();
    for (place, sending) in pending.iter().enumerate() {
        if !items.insert(sending.partition_key.as_str()) {
            continue;
        }
        bytes += sending.bytes();
        if !round.is_empty() && (round.len() == RECORDS_MAX || bytes > REQUEST_BYTES_MAX) {
            break;
        }
        round.push(place);
    }
    round
}

fn request_of(name: &str, round: &[usize], pending: &[Sending]) -> Vec<u8> {
    ObjectWriter::text(|request| {
        request.string("StreamName", name);
        let records = round.iter().map(|place| &pending[*place]);
        write_list(request.member("Records"), records, |out, sending| {
            let mut record = ObjectWriter::begin(out);
            record.string("Data", &sending.data);
            record.string("PartitionKey", &sending.partition_key);
            record.end();
        });
    })
}

/// What an answer says of a round.
struct Accepted {
    /// Of what was accepted.
    places: BTreeSet<usize>,
    /// What the first refusal says.
    error: Option<String>,
}

/// A record was accepted if its entry in the answer says nothing else; one without an entry was not.
fn accepted(answer: &Value, round: &[usize]) -> Accepted {
    let entries = answer["Records"].as_array().map_or(&[][..], Vec::as_slice);
    let mut outcome = Accepted {
        places: BTreeSet::new(),
        error: None,
    };
    for (position, place) in round.iter().enumerate() {
        match entries.get(position) {
            Some(entry) if entry["ErrorCode"].is_null() && entry["SequenceNumber"].is_string() => {
                outcome.places.insert(*place);
            }
            entry => {
                let entry = entry.unwrap_or(&Value::Null);
                let text = |name: &str| entry[name].as_str().unwrap_or("no answer").to_owned();
                let error = format!("{}: {}", text("ErrorCode"), text("ErrorMessage"));
                outcome.error.get_or_insert(error);
            }
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pending(keys: &str) -> Vec<Sending> {
        let sendings = keys.chars().map(|key| Sending {
            number: "1000047222200000000000000000042000007"
                .parse()
                .expect("a number"),
            partition_key: key.to_string(),
            data: String::new(),
        });
        sendings.collect()
    }

    #[test]
    fn a_round_has_the_oldest_change_of_each_item() {
        assert_eq!(round_of(&pending("abacb")), [0, 1, 3]);
        assert_eq!(round_of(&pending("aaa")), [0]);
        assert!(round_of(&[]).is_empty());
        let mut large = pending("abc");
        for sending in &mut large {
            sending.data = "x".repeat(REQUEST_BYTES_MAX - 10);
        }
        assert_eq!(round_of(&large), [0], "one always goes");
    }

    #[test]
    fn only_what_the_answer_says_was_accepted() {
        let taken = json!({"SequenceNumber": "1", "ShardId": "s"});
        let refused = json!({"ErrorCode": "InternalFailure", "ErrorMessage": "no"});
        let answer = json!({"FailedRecordCount": 1, "Records": [taken, refused]});
        let Accepted { places, error } = accepted(&answer, &[0, 3, 4]);
        assert_eq!(places, BTreeSet::from([0]));
        assert_eq!(error.as_deref(), Some("InternalFailure: no"));
        let all = json!({"Records": [taken, taken]});
        let Accepted { places, error } = accepted(&all, &[1, 2]);
        assert_eq!((places.len(), error), (2, None));
        let nothing = accepted(&json!({}), &[0]);
        assert!(nothing.places.is_empty() && nothing.error.is_some());
    }
}
