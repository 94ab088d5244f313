//! A change as a record of a Kinesis data stream.
//!
//! Source of the form: the Developer Guide's "Using Kinesis Data Streams to capture changes to DynamoDB", "Working with DynamoDB Kinesis
//! stream records"; of the limits: Kinesis' PutRecords.

use crate::attribute_value::{write_encoded_item, write_item};
use crate::json::ObjectWriter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use shale_engine::{SequenceNumber, StreamEvent, StreamRecord, TimePrecision};
use shale_item::EncodedItem;

/// Bytes of the data of a record and its partition key, at most.
const RECORD_BYTES_MAX: usize = 1 << 20;
/// Bytes of a partition key's hash that are used.
const KEY_BYTES: usize = 16;

/// A change that is to be sent.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) number: SequenceNumber,
    /// The same for all changes of an item: Kinesis keeps records with one partition key in order.
    pub(super) partition_key: String,
    /// In base64.
    pub(super) data: String,
}

impl Sending {
    /// Bytes that count for limits of a request, a little more than Kinesis counts.
    pub(super) fn bytes(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }
}

/// The record of a change; none if it is too large for Kinesis.
pub(super) fn encode(
    change: &StreamRecord,
    table: &str,
    region: &str,
    precision: TimePrecision,
) -> Option<Sending> {
    let data = data(change, table, region, precision);
    let partition_key = partition_key(change);
    (data.len() + partition_key.len() <= RECORD_BYTES_MAX).then(|| Sending {
        number: change.number,
        partition_key,
        data: STANDARD.encode(data),
    })
}

fn partition_key(change: &StreamRecord) -> String {
    let hash = Sha256::digest(EncodedItem::encode(&change.keys).as_bytes());
    let hash = hash.iter().take(KEY_BYTES);
    hash.map(|byte| format!("{byte:02X}")).collect()
}

fn data(change: &StreamRecord, table: &str, region: &str, precision: TimePrecision) -> Vec<u8> {
    ObjectWriter::text(|record| {
        record.string("awsRegion", region);
        record.string("eventID", &uuid(change.id));
        record.string(
            "eventName",
            match change.event {
                StreamEvent::Insert => "INSERT",
                StreamEvent::Modify => "MODIFY",
                StreamEvent::Remove => "REMOVE",
            },
        );
        match change.by_service {
            true => record.object("userIdentity", |identity| {
                identity.string("type", "Service");
                identity.string("principalId", "dynamodb.amazonaws.com");
            }),
            false => record.member("userIdentity").extend_from_slice(b"null"),
        }
        record.string("recordFormat", "application/json");
        record.string("tableName", table);
        record.object("dynamodb", |body| {
            let (time, unit) = match precision {
                TimePrecision::Millisecond => (change.timestamp_micros / 1000, "MILLISECOND"),
                TimePrecision::Microsecond => (change.timestamp_micros, "MICROSECOND"),
            };
            body.integer("ApproximateCreationDateTime", time);
            body.string("ApproximateCreationDateTimePrecision", unit);
            write_item(body.member("Keys"), &change.keys);
            if let Some(image) = &change.new {
                write_encoded_item(body.member("NewImage"), image.view());
            }
            if let Some(image) = &change.old {
                write_encoded_item(body.member("OldImage"), image.view());
            }
            body.integer("SizeBytes", change.size());
        });
        record.string("eventSource", "aws:dynamodb");
    })
}

fn uuid(id: u128) -> String {
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        id >> 96,
        id >> 80 & 0xffff,
        id >> 64 & 0xffff,
        id >> 48 & 0xffff,
        id & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use shale_item::{AttributeValue, Item};

    fn change(text: &str) -> StreamRecord {
        let s = |text: &str| AttributeValue::S(text.to_owned());
        let keys = Item::from([("id".to_owned(), s("a"))]);
        let mut new = keys.clone();
        new.insert("text".to_owned(), s(text));
        StreamRecord {
            id: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
            number: "1000047222200000000000000000042000007"
                .parse()
                .expect("a number"),
            event: StreamEvent::Modify,
            by_service: false,
            timestamp_micros: 1_700_000_000_123_456,
            new: Some(EncodedItem::encode(&new)),
            old: Some(EncodedItem::encode(&keys)),
            keys,
        }
    }

    fn text_of(change: &StreamRecord, precision: TimePrecision) -> String {
        String::from_utf8(data(change, "music", "us-east-1", precision)).expect("text")
    }

    #[test]
    fn records_have_the_documented_form() {
        expect![[r#"{"awsRegion":"us-east-1","eventID":"01020304-0506-0708-090a-0b0c0d0e0f10","eventName":"MODIFY","userIdentity":null,"recordFormat":"application/json","tableName":"music","dynamodb":{"ApproximateCreationDateTime":1700000000123,"ApproximateCreationDateTimePrecision":"MILLISECOND","Keys":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"},"text":{"S":"x"}},"OldImage":{"id":{"S":"a"}},"SizeBytes":14},"eventSource":"aws:dynamodb"}"#]]
            .assert_eq(&text_of(&change("x"), TimePrecision::Millisecond));
        let expired = StreamRecord {
            event: StreamEvent::Remove,
            by_service: true,
            new: None,
            ..change("x")
        };
        expect![[r#"{"awsRegion":"us-east-1","eventID":"01020304-0506-0708-090a-0b0c0d0e0f10","eventName":"REMOVE","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},"recordFormat":"application/json","tableName":"music","dynamodb":{"ApproximateCreationDateTime":1700000000123456,"ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":{"id":{"S":"a"}},"OldImage":{"id":{"S":"a"}},"SizeBytes":6},"eventSource":"aws:dynamodb"}"#]]
            .assert_eq(&text_of(&expired, TimePrecision::Microsecond));
    }

    #[test]
    fn an_item_has_one_partition_key_and_what_is_too_large_has_no_record() {
        let sent = |text: &str| {
            let change = change(text);
            encode(&change, "music", "us-east-1", TimePrecision::Millisecond)
        };
        let (one, other) = (sent("x").expect("small"), sent("y").expect("small"));
        assert_eq!(one.partition_key, other.partition_key);
        assert_eq!(one.partition_key.len(), 2 * KEY_BYTES);
        // Control characters take six bytes in JSON.
        assert!(sent(&"\u{1}".repeat(200_000)).is_none());
        assert!(sent(&"x".repeat(200_000)).is_some());
    }
}
