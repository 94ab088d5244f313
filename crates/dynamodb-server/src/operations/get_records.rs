//! GetRecords of DynamoDB Streams.

use super::stream_specification::view_name;
use crate::attribute_value::{write_encoded_item, write_item};
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use shale_engine::{StreamEvent, StreamPage, StreamRecord, StreamView};

/// "The upper limit is 1000", also the default.
const LIMIT_MAX: i32 = 1000;
/// Characters of an iterator (API model).
const ITERATOR_CHARACTERS_MAX: usize = 2048;
/// Of the record's format.
const EVENT_VERSION: &str = "1.1";

pub(crate) fn get_records(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let text = request.string("ShardIterator")?;
    let path = "ShardIterator";
    match &text {
        None => constraints.missing(path),
        Some(text) => {
            let length = text.chars().count();
            constraints.length(length, path, 1, ITERATOR_CHARACTERS_MAX);
        }
    }
    let limit = request.integer("Limit")?.unwrap_or(LIMIT_MAX);
    constraints.range(limit, "Limit", 1, LIMIT_MAX);
    constraints.check()?;
    let iterator = service.iterator_of(&text.unwrap_or_default());
    let iterator = iterator.ok_or_else(|| Exception::validation(messages::INVALID_ITERATOR))?;
    let page = service
        .engine
        .stream_records(&iterator, limit.unsigned_abs() as usize);
    let page = page.map_err(|error| {
        let arn = service.stream_arn(&iterator.stream);
        service.stream_exception(error, &arn)
    })?;
    Ok(answer(service, &page))
}

fn answer(service: &Service, page: &StreamPage) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + page.records.len() * 512);
    let mut answer = ObjectWriter::begin(&mut out);
    write_list(answer.member("Records"), &page.records, |out, record| {
        write_record(out, record, page.view, &service.region);
    });
    if let Some(next) = &page.next {
        answer.string("NextShardIterator", &service.iterator_text(next));
    }
    answer.end();
    out
}

fn write_record(out: &mut Vec<u8>, record: &StreamRecord, view: StreamView, region: &str) {
    let mut object = ObjectWriter::begin(out);
    object.string("eventID", &format!("{:032x}", record.id));
    object.string(
        "eventName",
        match record.event {
            StreamEvent::Insert => "INSERT",
            StreamEvent::Modify => "MODIFY",
            StreamEvent::Remove => "REMOVE",
        },
    );
    object.string("eventVersion", EVENT_VERSION);
    object.string("eventSource", "aws:dynamodb");
    object.string("awsRegion", region);
    object.object("dynamodb", |change| {
        // "rounded down to the closest second"
        let seconds = record.timestamp_micros / 1_000_000;
        change.integer("ApproximateCreationDateTime", seconds);
        write_item(change.member("Keys"), &record.keys);
        if let Some(image) = &record.new {
            write_encoded_item(change.member("NewImage"), image.view());
        }
        if let Some(image) = &record.old {
            write_encoded_item(change.member("OldImage"), image.view());
        }
        change.string("SequenceNumber", &record.number.to_string());
        change.integer("SizeBytes", record.size());
        change.string("StreamViewType", view_name(view));
    });
    if record.by_service {
        object.object("userIdentity", |identity| {
            identity.string("PrincipalId", "dynamodb.amazonaws.com");
            identity.string("Type", "Service");
        });
    }
    object.end();
}
