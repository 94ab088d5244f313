//! What the operations on many items at one moment have in common: capacity by table, request tokens.

use super::capacity::ReturnConsumedCapacity;
use crate::json::{ObjectWriter, write_list};
use shale_engine::ClientRequest;
use std::borrow::Cow;

/// Which capacity a transaction consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consumed {
    Read,
    Write,
}

impl Consumed {
    fn member(self) -> &'static str {
        match self {
            Consumed::Read => "ReadCapacityUnits",
            Consumed::Write => "WriteCapacityUnits",
        }
    }
}

/// Writes the member of a transaction, if it was asked for: an element for each table, in the order of the request.
pub(super) fn write_capacity<'a>(
    capacity: ReturnConsumedCapacity,
    answer: &mut ObjectWriter<'_>,
    consumed: Consumed,
    actions: impl Iterator<Item = (&'a str, f64)>,
) {
    if capacity == ReturnConsumedCapacity::None {
        return;
    }
    let mut tables: Vec<(&str, f64)> = Vec::new();
    for (table, units) in actions {
        match tables.iter_mut().find(|(name, _)| *name == table) {
            Some((_, sum)) => *sum += units,
            None => tables.push((table, units)),
        }
    }
    let units = |object: &mut ObjectWriter<'_>, units| {
        object.double("CapacityUnits", units);
        object.double(consumed.member(), units);
    };
    write_list(
        answer.member("ConsumedCapacity"),
        tables,
        |out, (table, sum)| {
            let mut element = ObjectWriter::begin(out);
            element.string("TableName", table);
            units(&mut element, sum);
            if capacity == ReturnConsumedCapacity::Indexes {
                element.object("Table", |table| units(table, sum));
            }
            element.end();
        },
    );
}

/// The request that a token stands for. The fingerprint is that of all other parameters.
pub(super) fn client_request(
    token: Option<Cow<'_, str>>,
    fingerprint: impl FnOnce() -> [u8; shale_engine::FINGERPRINT_BYTES],
) -> Option<ClientRequest> {
    token.map(|token| ClientRequest {
        token: token.into_owned(),
        fingerprint: fingerprint(),
    })
}
