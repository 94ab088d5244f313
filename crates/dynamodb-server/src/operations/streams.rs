//! DynamoDB Streams: ListStreams, DescribeStream, GetShardIterator.
//!
//! Not here: GetRecords (`get_records`).

use super::index_definitions::write_key_schema;
use super::stream_specification::view_name;
use crate::constraints::{Constraints, table_of_arn};
use crate::exception::{Exception, ExceptionType, Subject};
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use crate::stream_name::{label, parts_of_arn};
use shale_engine::{
    Error, SequenceNumber, StreamDescription, StreamName, StreamProblem, StreamShard, StreamStart,
};
use std::borrow::Cow;

/// Streams or shards in one answer, at most and by default (documented).
const LIMIT_MAX: i32 = 100;
/// Characters of a table's name, at most (documented).
const NAME_CHARACTERS_MAX: usize = 255;
/// Characters of parameters (API model).
const ARN_CHARACTERS: (usize, usize) = (37, 1024);
const SHARD_ID_CHARACTERS: (usize, usize) = (28, 65);
const SEQUENCE_NUMBER_CHARACTERS: (usize, usize) = (21, 40);

/// Takes a text of that many characters.
fn take_text<'a>(
    structure: &mut Structure<'a>,
    constraints: &mut Constraints,
    member: &str,
    path: &str,
    (min, max): (usize, usize),
) -> Result<Option<Cow<'a, str>>, Exception> {
    let text = structure.string(member)?;
    if let Some(text) = &text {
        constraints.length(text.chars().count(), path, min, max);
    }
    Ok(text)
}

/// Takes StreamArn, which must be there.
fn take_arn<'a>(
    request: &mut Structure<'a>,
    constraints: &mut Constraints,
) -> Result<Cow<'a, str>, Exception> {
    let member = "StreamArn";
    let arn = take_text(request, constraints, member, member, ARN_CHARACTERS)?;
    Ok(constraints.required(arn, "StreamArn").unwrap_or_default())
}

/// Takes Limit.
fn take_limit(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<usize, Exception> {
    let limit = request.integer("Limit")?.unwrap_or(LIMIT_MAX);
    constraints.range(limit, "Limit", 1, LIMIT_MAX);
    Ok(limit.unsigned_abs() as usize)
}

/// The stream that an ARN names.
fn stream_of(service: &Service, arn: &str) -> Result<StreamName, Exception> {
    if parts_of_arn(arn).is_none() {
        return Err(Exception::validation(messages::invalid_stream_arn(arn)));
    }
    service.stream_of_arn(arn).ok_or_else(|| not_found(arn))
}

fn not_found(arn: &str) -> Exception {
    Exception::new(
        ExceptionType::ResourceNotFound,
        messages::stream_not_found(arn),
    )
}

impl Service {
    /// The exception for an engine's error about a stream.
    pub(super) fn stream_exception(&self, error: Error, arn: &str) -> Exception {
        match error {
            Error::Stream(StreamProblem::NotFound) => not_found(arn),
            error => self.exception(error, Subject::Table, ""),
        }
    }
}

pub(crate) fn list_streams(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let mut table = request.string("TableName")?;
    if let Some(name) = table.take() {
        if table_of_arn(&name).is_none() {
            let characters = name.chars().count();
            constraints.length(characters, "TableName", 1, NAME_CHARACTERS_MAX);
            constraints.name_pattern(&name, "TableName");
        }
        table = Some(service.table_name(name)?);
    }
    let member = "ExclusiveStartStreamArn";
    let path = "ExclusiveStartStreamArn";
    let start = take_text(&mut request, &mut constraints, member, path, ARN_CHARACTERS)?;
    let limit = take_limit(&mut request, &mut constraints)?;
    constraints.check()?;
    let start = start.map(|arn| stream_of(service, &arn)).transpose()?;
    // One more than asked for tells whether there is another page.
    let streams = service
        .engine
        .list_streams(table.as_deref(), start.as_ref(), limit + 1);
    let mut streams = streams.map_err(|error| service.stream_exception(error, ""))?;
    let more = streams.len() > limit;
    streams.truncate(limit);

    let mut out = Vec::with_capacity(64 + streams.len() * 192);
    let mut answer = ObjectWriter::begin(&mut out);
    write_list(answer.member("Streams"), &streams, |out, stream| {
        let mut element = ObjectWriter::begin(out);
        element.string("StreamArn", &service.stream_arn(stream));
        element.string("TableName", &stream.table);
        element.string("StreamLabel", &label(stream.created_millis));
        element.end();
    });
    if let Some(last) = streams.last().filter(|_| more) {
        answer.string("LastEvaluatedStreamArn", &service.stream_arn(last));
    }
    answer.end();
    Ok(out)
}

pub(crate) fn describe_stream(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let arn = take_arn(&mut request, &mut constraints)?;
    let limit = take_limit(&mut request, &mut constraints)?;
    let member = "ExclusiveStartShardId";
    let path = "ExclusiveStartShardId";
    let start = take_text(
        &mut request,
        &mut constraints,
        member,
        path,
        SHARD_ID_CHARACTERS,
    )?;
    let filter = take_filter(&mut request, &mut constraints)?;
    constraints.check()?;
    let parent = match filter {
        None => None,
        Some((Some(_), Some(shard))) => Some(shard),
        Some(_) => return Err(Exception::validation(messages::SHARD_FILTER_INCOMPLETE)),
    };
    let stream = stream_of(service, &arn)?;
    let described = service.engine.describe_stream(&stream);
    let mut described = described.map_err(|error| service.stream_exception(error, &arn))?;
    if let Some(parent) = &parent {
        keep_children(&mut described.shards, parent)?;
    }
    if let Some(start) = start {
        // Ids are in the order of time.
        described.shards.retain(|shard| *shard.id > *start);
    }
    let more = described.shards.len() > limit;
    described.shards.truncate(limit);
    Ok(describe(&described, &arn, more))
}

/// Type and ShardId of a ShardFilter.
type Filter<'a> = (Option<()>, Option<Cow<'a, str>>);

/// Takes ShardFilter: the shard whose children are asked for.
fn take_filter<'a>(
    request: &mut Structure<'a>,
    constraints: &mut Constraints,
) -> Result<Option<Filter<'a>>, Exception> {
    let Some(mut filter) = request.structure("ShardFilter", "ShardFilter")? else {
        return Ok(None);
    };
    let word = filter.string("Type")?;
    let types = [("CHILD_SHARDS", ())];
    let by_type = constraints.enumeration(word.as_deref(), "ShardFilter.Type", &types);
    let path = "ShardFilter.ShardId";
    let shard = take_text(
        &mut filter,
        constraints,
        "ShardId",
        path,
        SHARD_ID_CHARACTERS,
    )?;
    Ok(Some((by_type, shard)))
}

fn keep_children(shards: &mut Vec<StreamShard>, parent: &str) -> Result<(), Exception> {
    let is_child = |shard: &StreamShard| shard.parent.as_deref() == Some(parent);
    if !shards
        .iter()
        .any(|shard| shard.id == parent || is_child(shard))
    {
        let error = Error::Stream(StreamProblem::ShardNotFound);
        return Err(crate::exception::from_engine(error, Subject::Table));
    }
    shards.retain(is_child);
    Ok(())
}

fn describe(stream: &StreamDescription, arn: &str, more: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + stream.shards.len() * 256);
    let mut answer = ObjectWriter::begin(&mut out);
    answer.object("StreamDescription", |out| {
        out.string("StreamArn", arn);
        out.string("StreamLabel", &label(stream.name.created_millis));
        out.string(
            "StreamStatus",
            if stream.enabled {
                "ENABLED"
            } else {
                "DISABLED"
            },
        );
        out.string("StreamViewType", view_name(stream.view));
        out.timestamp("CreationRequestDateTime", stream.name.created_millis * 1000);
        out.string("TableName", &stream.name.table);
        let schema = &stream.key_schema;
        write_key_schema(out, std::iter::once(&schema.partition), schema.sort.iter());
        write_list(out.member("Shards"), &stream.shards, |out, shard| {
            let mut element = ObjectWriter::begin(out);
            element.string("ShardId", &shard.id);
            element.object("SequenceNumberRange", |range| {
                range.string("StartingSequenceNumber", &shard.first.to_string());
                if let Some(last) = shard.last {
                    range.string("EndingSequenceNumber", &last.to_string());
                }
            });
            if let Some(parent) = &shard.parent {
                element.string("ParentShardId", parent);
            }
            element.end();
        });
        if let Some(last) = stream.shards.last().filter(|_| more) {
            out.string("LastEvaluatedShardId", &last.id);
        }
    });
    answer.end();
    out
}

/// ShardIteratorType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IteratorType {
    TrimHorizon,
    Latest,
    At,
    After,
    Timestamp,
}

pub(crate) fn get_shard_iterator(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let arn = take_arn(&mut request, &mut constraints)?;
    let ids = SHARD_ID_CHARACTERS;
    let shard = take_text(&mut request, &mut constraints, "ShardId", "ShardId", ids)?;
    let shard = constraints.required(shard, "ShardId").unwrap_or_default();
    let start = take_start(&mut request, &mut constraints)?;
    constraints.check()?;
    let start = start()?;
    let stream = stream_of(service, &arn)?;
    let iterator = service.engine.shard_iterator(&stream, &shard, start);
    let iterator = iterator.map_err(|error| service.stream_exception(error, &arn))?;
    let mut out = Vec::with_capacity(256);
    let mut answer = ObjectWriter::begin(&mut out);
    answer.string("ShardIterator", &service.iterator_text(&iterator));
    answer.end();
    Ok(out)
}

/// Takes ShardIteratorType, SequenceNumber and Timestamp. What is answered checks them against each other.
fn take_start<'a>(
    request: &mut Structure<'a>,
    constraints: &mut Constraints,
) -> Result<impl FnOnce() -> Result<StreamStart, Exception> + use<'a>, Exception> {
    let word = request.string("ShardIteratorType")?;
    let types = [
        ("TRIM_HORIZON", IteratorType::TrimHorizon),
        ("LATEST", IteratorType::Latest),
        ("AT_SEQUENCE_NUMBER", IteratorType::At),
        ("AFTER_SEQUENCE_NUMBER", IteratorType::After),
        ("AT_TIMESTAMP", IteratorType::Timestamp),
    ];
    let path = "ShardIteratorType";
    let start = constraints.enumeration(word.as_deref(), path, &types);
    constraints.required(word.as_deref(), path);
    let path = "SequenceNumber";
    let numbers = SEQUENCE_NUMBER_CHARACTERS;
    let number = take_text(request, constraints, "SequenceNumber", path, numbers)?;
    let time = request.take("Timestamp").map(micros_of).transpose()?;
    let refused = |message: String| Err(Exception::validation(message));
    Ok(move || {
        // Without a type the request is refused before.
        let start = start.unwrap_or(IteratorType::TrimHorizon);
        let word = word.unwrap_or_default();
        let by_number = matches!(start, IteratorType::At | IteratorType::After);
        for (member, wanted, given) in [
            ("SequenceNumber", by_number, number.is_some()),
            (
                "Timestamp",
                start == IteratorType::Timestamp,
                time.is_some(),
            ),
        ] {
            match (wanted, given) {
                (true, false) => return refused(messages::iterator_needs(&word, member)),
                (false, true) => return refused(messages::iterator_takes_no(&word, member)),
                (true, true) | (false, false) => {}
            }
        }
        let number = || match number.unwrap_or_default().parse::<SequenceNumber>() {
            Ok(number) => Ok(number),
            Err(_) => Err(Exception::validation(
                messages::SEQUENCE_NUMBER_OF_OTHER_SHARD,
            )),
        };
        Ok(match start {
            IteratorType::TrimHorizon => StreamStart::TrimHorizon,
            IteratorType::Latest => StreamStart::Latest,
            IteratorType::At => StreamStart::At(number()?),
            IteratorType::After => StreamStart::After(number()?),
            IteratorType::Timestamp => StreamStart::Time(time.unwrap_or_default()),
        })
    })
}

/// A point in time: seconds since the Unix epoch, read to the millisecond. What is before the epoch is the epoch.
fn micros_of(json: Json<'_>) -> Result<u64, Exception> {
    match json {
        Json::Decimal(seconds) => Ok((seconds * 1000.0).round() as u64 * 1000),
        json => Ok(u64::try_from(json.as_long()?)
            .unwrap_or_default()
            .saturating_mul(1_000_000)),
    }
}
